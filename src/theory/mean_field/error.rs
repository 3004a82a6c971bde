//! Why a request about (3.5) was refused or could not be answered.

use thiserror::Error;

use crate::model::MAX_CHOICES;
use crate::model::start::StartError;
use crate::num::ratio::shortest;

/// Why (3.5) was not solved.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum OdeError {
    /// The start is no state.
    #[error(transparent)]
    Start(#[from] StartError),
    /// lambda is outside (0, 1) or not a number.
    #[error(
        "lambda = {0} is outside (0, 1): the load per server must be positive and below the \
         service rate 1, such as 0.8"
    )]
    Load(f64),
    /// d is 0 or too large.
    #[error("d = {0} is outside 1 to {MAX_CHOICES}: every arrival samples at least one server")]
    Choices(u32),
    /// The policy has no limit of the form (3.5).
    #[error(
        "`{0}` has no limit (3.5): possible are jsq(D) and random without weights, and jsq(all) \
         where all task types have as many servers"
    )]
    NoLimit(String),
    /// A time is negative or not finite.
    #[error("time {position} is {given}: times must be finite and not negative")]
    Time {
        /// Position in the list, from 0.
        position: usize,
        /// What was given.
        given: f64,
    },
    /// A trajectory was asked for a time beyond its end.
    #[error(
        "time {given} is outside 0 to {end}, where the trajectory is known: solve up to the later \
         time"
    )]
    OutsideTrajectory {
        /// What was asked for.
        given: f64,
        /// The last time known.
        end: f64,
    },
    /// A tolerance is no number inside its range.
    #[error("the {name} is {}: it must lie between {} and \
        {}", shortest(*given), shortest(*least), shortest(*most))]
    Tolerance {
        /// Which tolerance.
        name: &'static str,
        /// What was given.
        given: f64,
        /// The least value that double precision can honour.
        least: f64,
        /// The largest value with a meaning.
        most: f64,
    },
    /// The truncation did not become accurate enough within the permitted number of levels.
    #[error(
        "{levels} levels leave a truncation error up to {bound:e}, more than {wanted:e}: allow \
         more levels or a larger error"
    )]
    TooManyLevels {
        /// The number of levels permitted.
        levels: usize,
        /// The error bound reached, or expected, with them.
        bound: f64,
        /// The error bound wanted.
        wanted: f64,
    },
    /// The integration did not reach its end within the permitted number of steps.
    #[error(
        "{steps} steps reach only time {reached} of {end}: allow more steps, or ask for an earlier \
         time"
    )]
    TooManySteps {
        /// The number of steps permitted.
        steps: u64,
        /// The time reached.
        reached: f64,
        /// The time wanted.
        end: f64,
    },
    /// Dense output would not fit in memory.
    #[error(
        "dense output of {steps} steps of {levels} levels, up to time {reached} of {end}, is too \
         large: use dense = false"
    )]
    TooMuchOutput {
        /// The steps so far.
        steps: usize,
        /// The levels of each.
        levels: usize,
        /// The time reached.
        reached: f64,
        /// The time wanted.
        end: f64,
    },
    /// A trajectory without dense output was asked for its values between the times.
    #[error(
        "time {0}: this trajectory was solved without dense output: solve with dense = true, or \
         with this time in the list"
    )]
    NotDense(f64),
    /// The step size fell below the resolution of time: the right-hand side is not finite or not
    /// smooth.
    #[error(
        "the step size fell to {step:e} at time {reached}: the right-hand side is not finite or \
         not smooth there"
    )]
    StepTooSmall {
        /// The time reached.
        reached: f64,
        /// The step size.
        step: f64,
    },
}
