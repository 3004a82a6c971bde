//! What the figures of the paper show, as rows of numbers: every row a function of [`Options`],
//! whatever the number of threads.
//!
//! Stage 10 of 18: its rows are estimates and theory, and no verdict rests on them.
//!
//! | figure | rows |
//! |---|---|
//! | 1, global against local edges | [`topologies`] |
//! | 2, mean queue lengths against N | [`lengths`] |
//! | 3, paths from empty | [`paths`] |
//! | 4, tails | [`tails`] |
//! | section 5's geometric graphs: which have a steady state | [`geometric_rows`] |
//!
//! Section 5 sets M = N, d = 2, lambda = 0.8. What it calls the steady state of geometric graphs of
//! mean degree 3 and ln N does not exist on the graphs that are drawn here: a set of servers gets
//! more tasks than it can serve, and queues grow for ever. Such rows are marked
//! [`Regime::Transient`] and carry their time. Where the critical load is certified to be above
//! lambda the steady state is estimated, from below and from above ([`measure`]).
//!
//! The graphs are those of the specs in the rows, at the seed in the rows, with
//! [`Isolated::Drop`](crate::graph::Isolated::Drop): tasks of types without a server are lost.
//!
//! # Source
//! Figures 1 to 4 and section 5; Remark 1 for where a steady state exists. Deviations: degrees of
//! regular graphs are rounded to whole numbers, multi-edges are switched away, and figure 1 shows
//! bipartite graphs.

#[cfg(feature = "cli")]
pub mod draw;
pub mod geometric_rows;
pub mod lengths;
pub mod measure;
pub mod paths;
pub mod stability_row;
pub mod study;
pub mod systems;
pub mod tails;
pub mod topologies;

pub use measure::{Estimate, Measured, Regime, State};
pub use stability_row::{Standing, SteadyState};
pub use study::{Options, Study};
pub use systems::{DegreeRule, Family, System};

use thiserror::Error;

use crate::graph::generate::GenerateError;
use crate::graph::spec::{SpecBuildError, SpecError};
use crate::model::ModelError;
use crate::simulate::SimulateError;
use crate::theory::mean_field::OdeError;
use crate::theory::stability::StabilityError;

/// The load of section 5.
pub const LAMBDA: f64 = 0.8;

/// The number of samples of section 5.
pub const D: u32 = 2;

/// The level of every interval, each by itself: Student's t over the replications, the usual
/// approximation.
pub const CONFIDENCE: f64 = 0.95;

/// Why a figure cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FigureError {
    /// A graph spec that cannot be read.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A graph that cannot be made.
    #[error(transparent)]
    Graph(#[from] SpecBuildError),
    /// Places or edges that cannot be made.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// A graph without an edge.
    #[error(transparent)]
    Stability(#[from] StabilityError),
    /// A load or number of samples out of range.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A path that cannot be simulated.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    /// The fluid limit was not solved.
    #[error(transparent)]
    Ode(#[from] OdeError),
}
