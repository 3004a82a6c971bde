//! Where a trajectory of (3.5) starts.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::num::ratio::shortest;

pub use crate::num::input_limits::MAX_LEVEL;

/// An initial state q(0), nonincreasing in i with values in \[0, 1\].
///
/// [`Start::parse`] and [`Start::occupancy`] refuse what is no state; a value built by hand is
/// checked by [`Start::validate`], which the solver calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Start {
    /// q_i(0) = 0: no tasks.
    #[default]
    Empty,
    /// Every server with this many tasks; `Level(0)` is empty.
    Level(u32),
    /// q_i(0) = r^i, 0 < r < 1.
    Geometric(f64),
    /// q_1(0), q_2(0), ...; zero beyond the list.
    Occupancy(Vec<f64>),
}

impl Start {
    /// Reads `empty`, `level:3` or `geometric:0.9`.
    ///
    /// # Errors
    /// [`StartError`].
    ///
    /// ```
    /// use fluidcheck::theory::mean_field::Start;
    /// assert_eq!(Start::parse("level:3"), Ok(Start::Level(3)));
    /// assert!(Start::parse("geometric:1").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, StartError> {
        let syntax = || StartError::Syntax { text: text.chars().take(60).collect() };
        let start = match text.trim().split_once(':') {
            None if text.trim() == "empty" => Self::Empty,
            Some(("level", level)) => Self::Level(level.trim().parse().map_err(|_| syntax())?),
            Some(("geometric", ratio)) => {
                Self::Geometric(ratio.trim().parse().map_err(|_| syntax())?)
            }
            _ => return Err(syntax()),
        };
        start.validate()?;
        Ok(start)
    }

    /// The state q_1, q_2, ..., zero beyond the list.
    ///
    /// # Errors
    /// [`StartError::Fraction`], [`StartError::Increasing`].
    pub fn occupancy(q: Vec<f64>) -> Result<Self, StartError> {
        let start = Self::Occupancy(q);
        start.validate()?;
        Ok(start)
    }

    /// Whether this is a state.
    ///
    /// # Errors
    /// [`StartError`] with the first value that is not.
    pub fn validate(&self) -> Result<(), StartError> {
        match self {
            Self::Empty => {}
            &Self::Level(given) => {
                if given > MAX_LEVEL {
                    return Err(StartError::Level { given, most: MAX_LEVEL });
                }
            }
            &Self::Geometric(given) => {
                if !(given > 0.0 && given < 1.0) {
                    return Err(StartError::Ratio { given });
                }
                // r / (1 - r) tasks on average; a sample takes as many steps.
                if given / (1.0 - given) > f64::from(MAX_LEVEL) {
                    return Err(StartError::Slow { given, most: MAX_LEVEL });
                }
            }
            Self::Occupancy(q) => {
                let mut before = 1.0;
                for (i, &given) in (1..).zip(q) {
                    if !(0.0..=1.0).contains(&given) {
                        return Err(StartError::Fraction { i, given });
                    }
                    if given > before {
                        return Err(StartError::Increasing { i, before, given });
                    }
                    before = given;
                }
            }
        }
        Ok(())
    }

    /// q_i(0), for i >= 1.
    pub fn fraction(&self, i: usize) -> f64 {
        match self {
            Self::Empty => 0.0,
            &Self::Level(level) => f64::from(u8::from(i <= level as usize)),
            Self::Geometric(ratio) => ratio.powf(i as f64),
            Self::Occupancy(q) => {
                i.checked_sub(1).map_or(1.0, |i| q.get(i).copied().unwrap_or(0.0))
            }
        }
    }

    /// q_1(0), ..., q_levels(0).
    pub fn fractions(&self, levels: usize) -> Vec<f64> {
        (1..=levels).map(|i| self.fraction(i)).collect()
    }

    /// sum_{i > levels} q_i(0): the tasks above level `levels`, per server.
    pub fn tail(&self, levels: usize) -> f64 {
        match self {
            Self::Empty => 0.0,
            &Self::Level(level) => (level as usize).saturating_sub(levels) as f64,
            Self::Geometric(ratio) => ratio.powf(levels as f64 + 1.0) / (1.0 - ratio),
            Self::Occupancy(q) => q.iter().skip(levels).sum(),
        }
    }
}

impl fmt::Display for Start {
    /// As [`Start::parse`] reads it; a list of fractions as `occupancy:0.5,0.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty"),
            Self::Level(level) => write!(f, "level:{level}"),
            Self::Geometric(ratio) => write!(f, "geometric:{}", shortest(*ratio)),
            Self::Occupancy(q) => {
                let list: Vec<String> = q.iter().map(f64::to_string).collect();
                write!(f, "occupancy:{}", list.join(","))
            }
        }
    }
}

impl FromStr for Start {
    type Err = StartError;

    fn from_str(text: &str) -> Result<Self, StartError> {
        Self::parse(text)
    }
}

/// Why an initial state was refused.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The text names no kind of start.
    #[error(
        "`{text}` is not a valid start: write empty, level:3 (3 tasks at each server) or \
        geometric:0.9 (q_i(0) = 0.9^i)"
    )]
    Syntax {
        /// What was given.
        text: String,
    },
    /// The ratio of a geometric start is outside (0, 1).
    #[error("geometric:{} is outside (0, 1): the fractions q_i(0) = r^i must fall \
        to 0", shortest(*given))]
    Ratio {
        /// What was given.
        given: f64,
    },
    /// The ratio of a geometric start is so near to 1 that queues are too long on average.
    #[error("geometric:{given} has {:.1e} tasks per server on average: at most \
        {most}", given / (1.0 - given))]
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
    #[error("q_{i} = {given} is above q_{} = {before}: fewer servers have at least {i} tasks than \
        at least {}", i - 1, i - 1)]
    Increasing {
        /// The level of the larger fraction, from 2.
        i: usize,
        /// The fraction one level below.
        before: f64,
        /// What was given.
        given: f64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_back() {
        for text in ["empty", "level:0", "level:3", "geometric:0.9"] {
            assert_eq!(Start::parse(text).unwrap().to_string(), text);
            assert_eq!(text.parse(), Start::parse(text));
        }
        assert_eq!(Start::parse(&format!("level:{MAX_LEVEL}")), Ok(Start::Level(MAX_LEVEL)));
        assert_eq!(Start::Occupancy(vec![0.5, 0.25]).to_string(), "occupancy:0.5,0.25");
    }

    #[test]
    fn what_is_no_state_is_refused() {
        for text in
            ["", "full", "level:", "level:-1", "level:1.5", "geometric", "geometric:x", "empty:1"]
        {
            assert!(matches!(Start::parse(text), Err(StartError::Syntax { .. })), "{text}");
        }
        for text in
            ["geometric:0", "geometric:1", "geometric:-0.5", "geometric:nan", "geometric:inf"]
        {
            assert!(matches!(Start::parse(text), Err(StartError::Ratio { .. })), "{text}");
        }
        // 99 999 and 199 999 tasks on average.
        assert_eq!(Start::parse("geometric:0.99999"), Ok(Start::Geometric(0.99999)));
        assert_eq!(
            Start::parse("geometric:0.999995"),
            Err(StartError::Slow { given: 0.999995, most: MAX_LEVEL })
        );
        assert_eq!(
            Start::parse("level:4000000000"),
            Err(StartError::Level { given: 4_000_000_000, most: MAX_LEVEL })
        );
        assert_eq!(
            Start::occupancy(vec![0.5, 0.6]),
            Err(StartError::Increasing { i: 2, before: 0.5, given: 0.6 })
        );
        assert_eq!(Start::occupancy(vec![1.5]), Err(StartError::Fraction { i: 1, given: 1.5 }));
        assert!(matches!(
            Start::occupancy(vec![0.5, f64::NAN]),
            Err(StartError::Fraction { i: 2, .. })
        ));
    }

    #[test]
    fn head_and_tail_make_the_mean_queue_length() {
        let starts = [
            (Start::Empty, 0.0),
            (Start::Level(3), 3.0),
            (Start::Geometric(0.5), 1.0),
            (Start::Occupancy(vec![0.75, 0.5, 0.25]), 1.5),
        ];
        for (start, mean) in starts {
            for levels in 0..6 {
                let head: f64 = start.fractions(levels).iter().sum();
                assert_eq!(head + start.tail(levels), mean, "{start}, {levels} levels");
            }
        }
    }
}
