//! fluidcheck.

pub mod coupling;
pub mod graph;
pub mod marks;
pub mod meanfield;
pub mod model;
pub mod oracle;
pub mod ratio;
pub mod simulate;
