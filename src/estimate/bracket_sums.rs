//! Means known from below and from above, with their intervals.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{Estimated, Intervals};
use crate::num::float_bits;
use crate::stats::empirical_bernstein::EmpiricalBernstein;

/// Running mean and variance (Welford).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    pub count: f64,
    pub mean: f64,
    squares: f64,
}

impl Moments {
    pub fn observe(&mut self, x: f64) {
        self.count += 1.0;
        let before = x - self.mean;
        self.mean += before / self.count;
        self.squares += before * (x - self.mean);
    }

    pub fn state(&self) -> [f64; 3] {
        [self.count, self.mean, self.squares]
    }

    pub fn with_state([count, mean, squares]: [f64; 3]) -> Self {
        Self { count, mean, squares }
    }

    /// NaN for fewer than two observations.
    pub fn standard_error(&self) -> f64 {
        (self.squares.max(0.0) / (self.count - 1.0) / self.count).sqrt()
    }

    /// Half of Student's interval of this error probability; infinite for fewer than two
    /// observations.
    pub fn half_of_student(&self, alpha: f64) -> f64 {
        if self.count <= 1.0 {
            return f64::INFINITY;
        }
        let quantile = StudentsT::new(0.0, 1.0, self.count - 1.0)
            .map_or(f64::INFINITY, |t| t.inverse_cdf(1.0 - alpha / 2.0));
        quantile * self.standard_error()
    }
}

/// A mean known from below and from above.
pub(super) struct Bracket {
    lower: EmpiricalBernstein,
    upper: EmpiricalBernstein,
    low: Moments,
    high: Moments,
    cap: f64,
    alpha: f64,
    intervals: Intervals,
}

impl Bracket {
    pub fn new(range: f64, alpha: f64, intervals: Intervals) -> Self {
        let sequence = || EmpiricalBernstein::new(range, alpha);
        let none = Moments::default();
        let (lower, upper, low, high) = (sequence(), sequence(), none, none);
        Self { lower, upper, low, high, cap: range, alpha, intervals }
    }

    pub fn observe(&mut self, (lower, upper): (f64, f64)) {
        self.lower.observe(lower.min(self.cap));
        self.upper.observe(upper.min(self.cap));
        self.low.observe(lower);
        self.high.observe(upper);
    }

    /// The interval, its upper end raised by what the samples leave out.
    pub fn estimated(&self, left_out: f64, scale: f64) -> Estimated {
        let standard_error = f64::midpoint(self.low.standard_error(), self.high.standard_error());
        let (lower, upper) = match self.intervals {
            Intervals::Guaranteed => (self.lower.lower(), self.upper.upper()),
            Intervals::Student => {
                let half = |moments: &Moments| moments.half_of_student(self.alpha);
                (self.low.mean - half(&self.low), self.high.mean + half(&self.high))
            }
        };
        Estimated {
            mean: f64::midpoint(self.low.mean, self.high.mean) * scale,
            lower: lower.max(0.0) * scale,
            upper: (upper + left_out) * scale,
            standard_error: standard_error * scale,
        }
    }

    /// The running sums.
    pub fn kept(&self) -> Sums {
        let side = |sequence: &EmpiricalBernstein, moments: &Moments| {
            [&sequence.state()[..], &moments.state()].concat()
        };
        let (mut sums, high) = (side(&self.lower, &self.low), side(&self.upper, &self.high));
        if high != sums {
            sums.extend(high);
        }
        Sums(sums)
    }

    /// The same bracket, gone on from these sums; `None` if they are not those of a bracket after
    /// `count` observations.
    pub fn with(self, sums: &Sums, count: u64) -> Option<Self> {
        let side = |numbers: &[f64]| -> Option<([f64; 8], [f64; 3])> {
            Some((numbers.get(..8)?.try_into().ok()?, numbers.get(8..)?.try_into().ok()?))
        };
        let low = sums.0.get(..11)?;
        let high = if sums.0.len() == 11 { low } else { &sums.0[11..] };
        let (low, high) = (side(low)?, side(high)?);
        if sums.0.len() > 11 && low == high {
            return None;
        }
        let counts = [low.0[0], low.1[0], high.0[0], high.1[0]];
        if counts != [count as f64; 4] || !sums.0.iter().all(|x| x.is_finite()) {
            return None;
        }
        Some(Self {
            lower: self.lower.with_state(low.0),
            upper: self.upper.with_state(high.0),
            low: Moments::with_state(low.1),
            high: Moments::with_state(high.1),
            ..self
        })
    }

    /// [`Bracket::with`] for a list; `None` too if there are not as many sums.
    pub fn all_with(list: Vec<Self>, sums: &[Sums], count: u64) -> Option<Vec<Self>> {
        let with = |(bracket, sums): (Self, &Sums)| bracket.with(sums, count);
        if list.len() == sums.len() { list.into_iter().zip(sums).map(with).collect() } else { None }
    }
}

/// What a bracket has added up: eleven numbers for each side, once where both sides are the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Sums(#[serde(with = "float_bits::list")] Vec<f64>);

#[cfg(test)]
impl Bracket {
    /// With which probability its interval may be wrong.
    pub fn error_probability(&self) -> f64 {
        self.alpha
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guaranteed_interval_is_that_of_empirical_bernstein_for_its_error_probability() {
        let (range, alpha) = (2.0, 1e-3);
        let mut bracket = Bracket::new(range, alpha, Intervals::Guaranteed);
        let (mut lower, mut upper) =
            (EmpiricalBernstein::new(range, alpha), EmpiricalBernstein::new(range, alpha));
        for i in 0..500u32 {
            let (low, high) = (f64::from(i % 7) / 7.0, f64::from(i % 7) / 5.0);
            bracket.observe((low, high));
            lower.observe(low);
            upper.observe(high);
        }
        let found = bracket.estimated(0.25, 2.0);
        assert_eq!((found.lower, found.upper), (lower.lower() * 2.0, (upper.upper() + 0.25) * 2.0));
        assert!(found.lower > 0.0 && found.upper < 2.0 * range, "{found:?}");
    }

    #[test]
    fn an_interval_of_student_has_the_quantile_of_its_error_probability() {
        // Two values, one degree of freedom: t_(0.975) = tan(0.475 pi).
        let mut bracket = Bracket::new(1.0, 0.05, Intervals::Student);
        bracket.observe((0.0, 0.0));
        bracket.observe((1.0, 1.0));
        let found = bracket.estimated(0.0, 1.0);
        let half = 0.5 * (0.475 * std::f64::consts::PI).tan();
        assert!(
            (found.upper - 0.5 - half).abs() < 1e-6 && found.lower == 0.0,
            "{found:?} against {half}"
        );
        assert!((found.standard_error - 0.5).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn sums_come_back_as_they_were_kept_and_both_sides_are_kept_once_where_they_are_the_same() {
        let fresh = || Bracket::new(2.0, 1e-3, Intervals::Guaranteed);
        for apart in [0.0, 0.5] {
            let mut bracket = fresh();
            (0..9u32).for_each(|i| bracket.observe((f64::from(i), f64::from(i) + apart)));
            let kept = bracket.kept();
            assert_eq!(kept.0.len(), if apart > 0.0 { 22 } else { 11 });
            let again = fresh().with(&kept, 9).expect("sums of nine observations");
            assert_eq!(again.kept(), kept);
            assert!(fresh().with(&kept, 8).is_none());
            if apart == 0.0 {
                assert!(fresh().with(&Sums(kept.0.repeat(2)), 9).is_none());
            }
        }
    }
}
