//! Why there is no exact law.

use thiserror::Error;

use crate::theory::mean_field::{OdeError, StartError};
use crate::theory::stability::StabilityError;

/// Why a small system was not solved.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ExactError {
    /// lambda is at or above the critical load.
    #[error(
        "lambda = {lambda} is at or above the critical load {critical} for {policy}: there is no \
         steady state (bottleneck: {bottleneck}); use a lower --lambda, or give --times"
    )]
    NoSteadyState {
        /// lambda.
        lambda: String,
        /// The critical load.
        critical: String,
        /// The policy.
        policy: String,
        /// The names of the servers that cannot keep up.
        bottleneck: String,
    },
    /// Whether there is a steady state could not be decided.
    #[error("nothing tells whether there is a steady state at lambda = {lambda}: {source}")]
    Undecided {
        /// lambda.
        lambda: String,
        /// Why.
        source: StabilityError,
    },
    /// Nothing tells whether there is a steady state.
    #[error(
        "`{policy}` has no critical load that is proved, so that nothing tells whether there is a \
         steady state: possible are --times for the law at given times, and `fluidcheck simulate`"
    )]
    NoCriticalLoad {
        /// The policy.
        policy: String,
    },
    /// The law of a pick is no function of the state, or the order of states is not kept.
    #[error(
        "`{policy}` has no exact law here: {why}; possible are jsq(D), jsq(all) with ties fair, \
         lowest or highest, random, with or without weights (`fluidcheck simulate` runs every \
         policy)"
    )]
    Policy {
        /// The policy.
        policy: String,
        /// What it lacks.
        why: &'static str,
    },
    /// The states are too many.
    #[error(
        "{servers} connected servers with up to {cap} tasks each have {needed} states, above \
         {most}: use a smaller graph, a lower --lambda, a smaller --cap (with a larger error) or \
         more --states; `fluidcheck simulate` has no such limit"
    )]
    TooManyStates {
        /// Servers of the component.
        servers: u32,
        /// The cap that is needed, or was asked for.
        cap: u32,
        /// The number of states with that cap.
        needed: String,
        /// The most that is permitted.
        most: u64,
    },
    /// A cap of 0 leaves no room for a task.
    #[error("a cap of {0} tasks per server is too small: give at least 1")]
    Cap(u32),
    /// lambda or d is impossible.
    #[error(transparent)]
    Parameters(#[from] OdeError),
    /// The rates of a complete graph are no exact numbers.
    #[error(
        "{n} servers with d = {d} samples: the occupancy of a complete graph is solved for N >= 1, \
         d >= 2 and N^d below 9 10^15"
    )]
    Complete {
        /// Servers.
        n: u32,
        /// Samples.
        d: u32,
    },
    /// The start is no state.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A time is negative or not finite.
    #[error("time {0}: times must be finite and not negative")]
    Time(f64),
    /// A time needs more steps than are permitted.
    #[error(
        "time {given:e} needs {steps:.1e} steps of the uniformised chain, above {most:e}: use an \
         earlier time, or the steady state"
    )]
    TooManySteps {
        /// The time.
        given: f64,
        /// Steps it needs.
        steps: f64,
        /// The most that is permitted.
        most: f64,
    },
}
