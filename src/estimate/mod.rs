//! Estimates of a system by simulation, with intervals that hold together.
//!
//! Stage 9 of 18: it draws paths of subjects, and knows no claim.
//!
//! All intervals of one estimate cover together with probability at least the stated confidence,
//! whenever it stops: their error probability is shared out beforehand, and each is valid at every
//! number of independent replications. No normal approximation and no burn-in that is guessed.
//!
//! | interval | by |
//! |---|---|
//! | of the steady state | `layout` for its copies, `sides` for the two kinds of bound |
//! | of the steady state under a policy for which no start is certified | the same copies by [`bracketing`], which must meet |
//! | at given times, and of a delay alone | empirical-Bernstein confidence sequences |
//!
//! | estimate | here |
//! |---|---|
//! | the steady state, bracketed from empty and from above | [`steady_state`], batch by batch [`SteadyRun`] |
//! | the mean delay alone, for comparisons | `delay` |
//! | the state at given times | [`transient`], batch by batch [`TransientRun`] |
//!
//! Replications run in batches; after each, everything known is a few sums that can be kept
//! ([`SteadyKept`], [`TransientKept`]), and a run that goes on from them gives the same estimate,
//! to the bit, as one that never stopped.
//!
//! # Source
//! [`crate::stats::empirical_bernstein`]; Little's law for the delay: E delay = E queue length /
//! lambda.

mod bracket_sums;
#[doc(hidden)]
pub mod bracketing;
#[doc(hidden)]
pub mod delay;
mod found;
#[doc(hidden)]
pub mod from_the_past;
mod layout;
mod replication;
mod sides;
mod steady;
mod transient;

use std::time::Duration;

use thiserror::Error;

#[doc(hidden)]
pub use found::beforehand;
pub use found::{SteadyState, Student};
pub use steady::steady_state;
#[doc(hidden)]
pub use steady::{SteadyKept, SteadyRun};
pub use transient::{Transient, transient};
#[doc(hidden)]
pub use transient::{TransientKept, TransientRun};

use crate::model::Model;
use crate::num::ratio::shortest;
use crate::simulate::SimulateError;
use crate::theory::exact;
use crate::theory::mean_field::{OdeError, Start, StartError, Trajectory, solve};

/// Replications that are run between two looks; a constant, so that results do not depend on the
/// number of threads.
const BATCH: u64 = 64;

/// The fewest levels for which intervals are given.
const LEAST_LEVELS: u32 = 10;

/// The most levels for which intervals are given.
const MOST_LEVELS: u32 = 40;

/// Why there is no estimate.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum EstimateError {
    /// The systems from empty and from above did not meet.
    #[error(
        "no steady state was reached: copies from empty and from above had not met after {events} \
        events; the load may be at or above the critical load (see inspect), or raise --events"
    )]
    NoSteadyState {
        /// Events that passed.
        events: u64,
    },
    /// A single path to the last time would need more events than there may be.
    #[error("time {} needs about {needed:.1e} events, above {events}: use an earlier time, or \
        raise --events", shortest(*time))]
    TooLate {
        /// The last time.
        time: f64,
        /// The expected number of events up to it.
        needed: f64,
        /// The most there may be.
        events: u64,
    },
    /// The start is no state that can be simulated.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A time cannot be simulated.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
}

/// How much to spend and how sure to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The seed.
    pub seed: u64,
    /// The probability with which all intervals hold together.
    pub confidence: f64,
    /// The relative half-width of the mean queue length at which to stop.
    pub precision: f64,
    /// At most this many events, all replications and pilots together.
    pub events: u64,
    /// That many replications, of the length that suits the precision, unless events or time end
    /// first.
    pub replications: Option<u64>,
    /// Which intervals.
    pub intervals: Intervals,
    /// Stop after this time, that of earlier parts of the run included; the result then depends on
    /// the machine's speed.
    pub time_limit: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            confidence: 0.95,
            precision: 0.01,
            events: 1_000_000_000,
            replications: None,
            intervals: Intervals::Guaranteed,
            time_limit: None,
        }
    }
}

impl Options {
    /// Whether the next `batch` of replications would exceed the events, as it is to be expected
    /// after so many replications, or the time is over.
    fn is_spent(&self, events: u64, replications: u64, batch: u64, seconds: f64) -> bool {
        let next = (events / replications).saturating_mul(batch);
        events.saturating_add(next) > self.events
            || self.time_limit.is_some_and(|limit| seconds >= limit.as_secs_f64())
    }
}

/// Which intervals to give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Intervals {
    /// Confidence sequences: right at every number of replications.
    #[default]
    Guaranteed,
    /// Student's t over the replications, with the error shared equally: the usual approximation,
    /// good where each replication averages over many servers, without a guarantee.
    Student,
}

/// A mean with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimated {
    /// The sample mean.
    pub mean: f64,
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
    /// The standard error of the mean, for comparison with other tools; no interval rests on it.
    pub standard_error: f64,
}

impl Estimated {
    /// The mean between the ends of its interval.
    fn between(&self) -> exact::Value {
        exact::Value { value: self.mean, lower: self.lower, upper: self.upper }
    }
}

impl Model {
    /// Estimates the steady state by simulation: [`steady_state`] without progress.
    ///
    /// # Errors
    /// [`EstimateError::NoSteadyState`].
    pub fn steady_state(&self, options: &Options) -> Result<SteadyState, EstimateError> {
        steady_state(self, options, &|_, _| ())
    }

    /// Solves (3.5) from empty: [`crate::theory::mean_field::solve`] with default options.
    ///
    /// # Errors
    /// [`OdeError`], where a time is negative or not finite, or the policy has no such limit.
    pub fn mean_field(&self, times: &[f64]) -> Result<Trajectory, OdeError> {
        let accuracy = crate::theory::mean_field::Options::default();
        let d = self.limit_d().ok_or_else(|| OdeError::NoLimit(self.policy().to_string()))?;
        solve(self.lambda(), d, &Start::Empty, times, &accuracy)
    }
}
