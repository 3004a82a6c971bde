//! fluidcheck.

pub mod battery;
pub mod bounds;
pub mod claims;
pub mod clock;
pub mod coupling;
pub mod estimate;
pub mod faults;
pub mod fuzzing;
pub mod graph;
pub mod marks;
pub mod meanfield;
pub mod model;
pub mod occupancy;
pub mod oracle;
pub mod randomness;
pub mod ratio;
pub mod report;
pub mod simulate;
pub mod stationary;
pub mod stats;
pub mod subject;
pub mod suite;
