//! A mean of the steady state from below and from above, by two kinds of bound on either side.
//!
//! | kind | from | needs |
//! |---|---|---|
//! | by range | [`LowerBound`] on what exceeds a floor, and on what a ceiling exceeds | the floor 0 and a largest value, or a deviation that is sub-Gaussian: what lies beyond a nearer floor then costs [`mean_without_floor`] |
//! | by marks | the mean of all replications and [`ever`] | a policy that keeps the order, independent marks |
//!
//! Either side has half of the error probability, shared out to the two kinds by [`shares`], and
//! takes the better of its two bounds: by range where replications are many, by marks where they
//! are few and large.

use serde::{Deserialize, Serialize};

use super::bracket_sums::Moments;
use super::layout::{reach, shares};
use crate::num::float_bits;
use crate::stats::lower_bound::{Expected, LowerBound};
use crate::stats::spending;
use crate::theory::concentration::{ever, mean_without_floor};

/// What is known beforehand of what is observed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prior {
    /// The largest value that counts: what is larger is cut down to it.
    pub natural: f64,
    /// What the cut may lower the mean by.
    pub cut: f64,
    /// The mean and the variance, as they are expected.
    pub centre: f64,
    pub variance: f64,
    /// The replications that are expected.
    pub expected: u64,
    /// The sub-Gaussian standard deviations from below and from above, where marks decide alone.
    pub sigmas: Option<(f64, f64)>,
    /// The error probability of the interval.
    pub alpha: f64,
}

/// The interval of one mean.
#[derive(Clone, Debug)]
pub(super) struct Sides {
    prior: Prior,
    floor: f64,
    ceiling: f64,
    below: LowerBound,
    above: LowerBound,
    low: Moments,
    high: Moments,
}

/// Ends of an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ends {
    pub mean: f64,
    pub lower: f64,
    pub upper: f64,
    pub standard_error: f64,
}

/// The numbers of either side.
const SIDE: usize = 10;

impl Sides {
    pub fn new(prior: Prior) -> Self {
        let Prior { natural, centre, variance, expected, sigmas, alpha, .. } = prior;
        let (mut floor, mut ceiling) = (0.0, natural);
        if let Some((below, above)) = sigmas {
            let reach = reach(expected);
            floor = (centre - reach * below).max(0.0);
            ceiling = (centre + reach * above).min(natural);
        }
        let (by_range, by_marks) = match sigmas {
            Some(_) => shares(expected),
            None => (1.0, 0.0),
        };
        spending::record(alpha * by_marks);
        let bound = |mean: f64| {
            let mean = mean.max(1e-9 * natural);
            LowerBound::new(
                alpha / 2.0 * by_range,
                Expected { mean, variance, count: expected as f64 },
            )
        };
        Self {
            prior,
            floor,
            ceiling,
            below: bound(centre - floor),
            above: bound(ceiling - centre),
            low: Moments::default(),
            high: Moments::default(),
        }
    }

    pub fn observe(&mut self, (lower, upper): (f64, f64)) {
        self.below.observe((lower - self.floor).max(0.0));
        self.above.observe((self.ceiling - upper).max(0.0));
        self.low.observe(lower);
        self.high.observe(upper);
    }

    fn mean(&self) -> f64 {
        f64::midpoint(self.low.mean, self.high.mean)
    }

    fn standard_error(&self) -> f64 {
        f64::midpoint(self.low.standard_error(), self.high.standard_error())
    }

    /// The interval that holds at all times together.
    pub fn guaranteed(&self) -> Ends {
        let Prior { natural, cut, expected, sigmas, alpha, .. } = self.prior;
        let count = self.low.count;
        let mut lower = self.floor + self.below.lower();
        let mut upper = self.ceiling - self.above.lower();
        if let Some((below, above)) = sigmas {
            let of_marks = alpha / 2.0 * shares(expected).1;
            if self.floor > 0.0 {
                lower = mean_without_floor(lower, self.floor, below);
            }
            if self.ceiling < natural {
                upper = -mean_without_floor(-upper, -self.ceiling, above);
            } else {
                upper += cut;
            }
            let away = |sigma: f64| ever(sigma * sigma, count, expected as f64, of_marks) / count;
            lower = lower.max(self.low.mean - away(below));
            upper = upper.min(self.high.mean + away(above));
        } else {
            upper += cut;
        }
        Ends {
            mean: self.mean(),
            lower: lower.max(0.0),
            upper,
            standard_error: self.standard_error(),
        }
    }

    /// Student's interval.
    pub fn student(&self) -> Ends {
        let half = |moments: &Moments| moments.half_of_student(self.prior.alpha);
        Ends {
            mean: self.mean(),
            lower: (self.low.mean - half(&self.low)).max(0.0),
            upper: self.high.mean + half(&self.high),
            standard_error: self.standard_error(),
        }
    }

    /// The running sums.
    pub fn kept(&self) -> Sums {
        let side =
            |bound: &LowerBound, moments: &Moments| [&bound.state()[..], &moments.state()].concat();
        Sums([side(&self.below, &self.low), side(&self.above, &self.high)].concat())
    }

    /// The same, gone on from these sums; `None` if they are not those of `count` observations.
    pub fn with(self, sums: &Sums, count: u64) -> Option<Self> {
        if sums.0.len() != 2 * SIDE || !sums.0.iter().all(|x| x.is_finite()) {
            return None;
        }
        let side = |numbers: &[f64]| -> Option<([f64; 7], [f64; 3])> {
            Some((numbers.get(..7)?.try_into().ok()?, numbers.get(7..)?.try_into().ok()?))
        };
        let (low, high) = (side(&sums.0[..SIDE])?, side(&sums.0[SIDE..])?);
        if [low.0[0], low.1[0], high.0[0], high.1[0]] != [count as f64; 4] {
            return None;
        }
        Some(Self {
            below: self.below.with_state(low.0),
            above: self.above.with_state(high.0),
            low: Moments::with_state(low.1),
            high: Moments::with_state(high.1),
            ..self
        })
    }

    /// [`Sides::with`] for a list; `None` too if there are not as many sums.
    pub fn all_with(list: Vec<Self>, sums: &[Sums], count: u64) -> Option<Vec<Self>> {
        let with = |(sides, sums): (Self, &Sums)| sides.with(sums, count);
        if list.len() == sums.len() { list.into_iter().zip(sums).map(with).collect() } else { None }
    }
}

/// What the sides have added up: ten numbers for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Sums(#[serde(with = "float_bits::list")] Vec<f64>);

#[cfg(test)]
impl Sides {
    /// With which probability its interval may be wrong.
    pub fn error_probability(&self) -> f64 {
        self.prior.alpha
    }
}
