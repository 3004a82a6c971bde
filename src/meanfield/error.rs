//! Why a request about (3.5) was refused or could not be answered.

use thiserror::Error;

use crate::model::MAX_CHOICES;
use crate::ratio::shortest;

/// Why (3.5) was not solved.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum OdeError {
    /// The start is no state.
    #[error(transparent)]
    Start(#[from] StartError),
    /// lambda is outside (0, 1) or not a number.
    #[error(
        "lambda = {given} is outside (0, 1): the load per server must be positive and below the service rate 1, such as 0.8"
    )]
    Load {
        /// What was given.
        given: f64,
    },
    /// d is 0 or too large.
    #[error("d = {given} is outside 1 to {MAX_CHOICES}: every arrival samples at least one server")]
    Choices {
        /// What was given.
        given: u32,
    },
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
        "time {given} is outside 0 to {end}, where the trajectory is known: solve up to the later time"
    )]
    OutsideTrajectory {
        /// What was asked for.
        given: f64,
        /// The last time known.
        end: f64,
    },
    /// A tolerance is no number inside its range.
    #[error("the {name} is {}: it must lie between {} and {}", shortest(*given), shortest(*least), shortest(*most))]
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
        "{levels} levels leave a truncation error up to {bound:e}, more than {wanted:e}: allow more levels or a larger error"
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
        "{steps} steps reach only time {reached} of {end}: allow more steps, or ask for an earlier time"
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
        "dense output of {steps} steps of {levels} levels, up to time {reached} of {end}, is too large: use dense = false"
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
        "time {given}: this trajectory was solved without dense output: solve with dense = true, or with this time in the list"
    )]
    NotDense {
        /// What was asked for.
        given: f64,
    },
    /// The step size fell below the resolution of time: the right-hand side is not finite or not smooth.
    #[error(
        "the step size fell to {step:e} at time {reached}: the right-hand side is not finite or not smooth there"
    )]
    StepTooSmall {
        /// The time reached.
        reached: f64,
        /// The step size.
        step: f64,
    },
}

/// Why an initial state was refused.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The text names no kind of start.
    #[error(
        "`{text}` is no start: write empty, level:3 (every server with 3 tasks) or geometric:0.9 (q_i(0) = 0.9^i)"
    )]
    Syntax {
        /// What was given.
        text: String,
    },
    /// The ratio of a geometric start is outside (0, 1).
    #[error("geometric:{} is outside (0, 1): the fractions q_i(0) = r^i must fall to 0", shortest(*given))]
    Ratio {
        /// What was given.
        given: f64,
    },
    /// The ratio of a geometric start is so near to 1 that queues are too long on average.
    #[error("geometric:{given} has {:.1e} tasks per server on average: at most {most}", given / (1.0 - given))]
    Slow {
        /// What was given.
        given: f64,
        /// The most permitted.
        most: u32,
    },
    /// A level is too large to be resolved.
    #[error("level:{given} is too high: at most {most} tasks per server")]
    Level {
        /// What was given.
        given: u32,
        /// The highest level permitted.
        most: u32,
    },
    /// A fraction of servers is outside [0, 1] or not a number.
    #[error(
        "q_{i} = {given} is outside [0, 1]: it is the fraction of servers with at least {i} tasks"
    )]
    Fraction {
        /// Its level, from 1.
        i: usize,
        /// What was given.
        given: f64,
    },
    /// The fractions increase somewhere.
    #[error("q_{i} = {given} is above q_{} = {before}: fewer servers have at least {i} tasks than at least {}", i - 1, i - 1)]
    Increasing {
        /// The level of the larger fraction, from 2.
        i: usize,
        /// The fraction one level below.
        before: f64,
        /// What was given.
        given: f64,
    },
}
