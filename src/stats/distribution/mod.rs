//! Is a whole law as stated, and are two laws alike? A bound on distribution functions that holds
//! at all times.
//!
//! The empirical distribution function is looked at after n_1 < n_2 < ... observations (numbers
//! fixed beforehand, growing by a quarter). At the k-th look the inequality of Dvoretzky, Kiefer
//! and Wolfowitz with Massart's constant,
//!
//!   P(sup |F_n - F| > e) <= 2 exp(-2 n e^2),
//!
//! gets the share alpha / (k (k + 1)): these add up to alpha, so that all bands hold together, and
//! each stays a true statement on F for all time after. It holds for every law, discrete ones
//! included, at x and just below x alike.
//!
//! The distance sup |F_n - F| of a step function F_n from F is reached at a jump x of F_n: F_n(x) -
//! F(x) from the *right* edge of F, or F(x-) - F_n(x-) from the *left* one. For a continuous F
//! these are one number; where F jumps, the right edge in place of the left one makes a true law
//! look false.
//!
//! Claims are of the form sup |F - stated| <= margin: *holds* once the bands leave nothing else,
//! *violated* once they leave nothing of it. Both follow from the same bands, which get alpha / 2.
//!
//! # Source
//! Massart (1990), *The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality*, Annals of
//! Probability 18, 1269-1283, Corollary 1. Howard and Ramdas (2022), *Sequential estimation of
//! quantiles*, Bernoulli 28, 1704-1728, give a rate with ln ln n in place of the ln of the number
//! of looks, with larger constants: below some 10^9 observations the union over looks is not wider
//! by much, and its proof is these lines.

use super::procedure::LawProcedure;
use super::spending;
use crate::stats::decision::Decision;

/// Observations before the first look.
const FIRST: u64 = 8;

/// A distribution function.
pub trait Law {
    /// F(x) = P(X <= x).
    fn at_most(&self, x: f64) -> f64;
    /// F(x-) = P(X < x).
    fn below(&self, x: f64) -> f64;
}

/// Finitely many values.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscreteLaw {
    /// Values, ascending, with F there.
    steps: Vec<(f64, f64)>,
}

impl DiscreteLaw {
    /// A law from values and their probabilities.
    ///
    /// # Panics
    /// Unless the values ascend and the probabilities are nonnegative and add up to 1 up to
    /// rounding.
    pub fn new(probabilities: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut sum = 0.0;
        let mut steps: Vec<(f64, f64)> = Vec::new();
        for (value, probability) in probabilities {
            assert!(probability >= 0.0, "{value} has probability {probability}");
            assert!(
                steps.last().is_none_or(|last| last.0 < value),
                "the values must ascend, {value} does not"
            );
            sum += probability;
            steps.push((value, sum));
        }
        assert!((sum - 1.0).abs() < 1e-9, "probabilities add up to {sum}");
        Self { steps }
    }

    fn of_first(&self, n: usize) -> f64 {
        match n {
            0 => 0.0,
            n if n == self.steps.len() => 1.0,
            n => self.steps[n - 1].1,
        }
    }
}

impl Law for DiscreteLaw {
    fn at_most(&self, x: f64) -> f64 {
        self.of_first(self.steps.partition_point(|step| step.0 <= x))
    }

    fn below(&self, x: f64) -> f64 {
        self.of_first(self.steps.partition_point(|step| step.0 < x))
    }
}

/// A law without jumps, by its distribution function.
pub struct ContinuousLaw<F>(pub F);

impl<F: Fn(f64) -> f64> Law for ContinuousLaw<F> {
    fn at_most(&self, x: f64) -> f64 {
        (self.0)(x)
    }

    fn below(&self, x: f64) -> f64 {
        (self.0)(x)
    }
}

/// Observations, counted up to the last look. Memory grows with the number of different values.
#[derive(Clone, Debug, Default)]
struct Sample {
    /// Values, ascending, with the number of observations up to each.
    values: Vec<(f64, u64)>,
    pending: Vec<f64>,
    counted: u64,
    looks: u32,
    next_look: u64,
    log_1_over_alpha: f64,
}

impl Sample {
    fn new(alpha: f64) -> Self {
        Self { next_look: FIRST, log_1_over_alpha: -alpha.ln(), ..Self::default() }
    }

    /// Takes an observation; true if it was time for a look.
    fn observe(&mut self, x: f64) -> bool {
        assert!(!x.is_nan(), "an observation is NaN");
        self.pending.push(x);
        if self.observed() < self.next_look {
            return false;
        }
        self.pending.sort_unstable_by(f64::total_cmp);
        let mut merged: Vec<(f64, u64)> =
            Vec::with_capacity(self.values.len() + self.pending.len());
        let old = std::mem::take(&mut self.values);
        let (mut at, mut added) = (0, 0);
        let mut push = |value: f64, up_to: u64| match merged.last_mut() {
            Some(last) if last.0 == value => last.1 = up_to,
            _ => merged.push((value, up_to)),
        };
        for x in self.pending.drain(..) {
            while at < old.len() && old[at].0 <= x {
                push(old[at].0, old[at].1 + added);
                at += 1;
            }
            added += 1;
            push(x, if at == 0 { 0 } else { old[at - 1].1 } + added);
        }
        old[at..].iter().for_each(|&(value, up_to)| push(value, up_to + added));
        self.values = merged;
        self.counted = self.next_look;
        self.looks += 1;
        self.next_look += (self.next_look / 4).max(1);
        true
    }

    fn observed(&self) -> u64 {
        self.counted + self.pending.len() as u64
    }

    /// The half-width of the band of the last look.
    fn band(&self) -> f64 {
        if self.looks == 0 {
            return 1.0;
        }
        let k = f64::from(self.looks);
        ((2f64.ln() + self.log_1_over_alpha + (k * (k + 1.0)).ln()) / (2.0 * self.counted as f64))
            .sqrt()
            .min(1.0)
    }

    fn share_of_first(&self, n: usize) -> f64 {
        if n == 0 { 0.0 } else { self.values[n - 1].1 as f64 / self.counted as f64 }
    }

    /// sup |F_n - F|, from the edges of F at the jumps of F_n.
    fn distance(&self, law: &dyn Law) -> f64 {
        let n = self.counted as f64;
        let (mut before, mut furthest) = (0u64, 0.0f64);
        for &(x, after) in &self.values {
            furthest = furthest
                .max(after as f64 / n - law.at_most(x))
                .max(law.below(x) - before as f64 / n);
            before = after;
        }
        furthest
    }
}

impl Law for Sample {
    fn at_most(&self, x: f64) -> f64 {
        self.share_of_first(self.values.partition_point(|value| value.0 <= x))
    }

    fn below(&self, x: f64) -> f64 {
        self.share_of_first(self.values.partition_point(|value| value.0 < x))
    }
}

/// What is known of a distance between laws.
#[derive(Clone, Copy, Debug)]
pub struct Distance {
    margin: f64,
    /// Every distance below this is rejected.
    pub lower: f64,
    /// Every distance above this is rejected.
    pub upper: f64,
    /// Whether it is within the margin, once that is decided.
    pub decision: Option<Decision>,
}

impl Distance {
    fn new(margin: f64) -> Self {
        assert!((0.0..=1.0).contains(&margin), "margin = {margin} is no distance between laws");
        Self { margin, lower: 0.0, upper: 1.0, decision: None }
    }

    fn look(&mut self, distance: f64, band: f64) {
        self.lower = self.lower.max(distance - band);
        self.upper = self.upper.min(distance + band);
        if self.decision.is_none() && self.lower > self.margin {
            self.decision = Some(Decision::Violated);
        } else if self.decision.is_none() && self.upper <= self.margin {
            self.decision = Some(Decision::Holds);
        }
    }
}

/// The sequential test of sup |F - stated| <= margin for independent observations with law F.
///
/// ```
/// use fluidcheck::stats::{distribution::{DiscreteLaw, DistributionTest}, decision::Decision};
/// let mut test = DistributionTest::new(DiscreteLaw::new([(0.0, 0.5), (1.0, 0.5)]), 0.0, 1e-6);
/// for n in 0..400 { test.observe(f64::from(n % 4 / 3)); }
/// assert_eq!(test.distance().decision, Some(Decision::Violated));
/// ```
#[derive(Clone, Debug)]
pub struct DistributionTest<L> {
    law: L,
    sample: Sample,
    distance: Distance,
}

impl<L: Law> DistributionTest<L> {
    /// A test in which each verdict is wrong with probability at most `alpha / 2`.
    ///
    /// # Panics
    /// Unless 0 < alpha < 1 and 0 <= margin <= 1.
    pub fn new(law: L, margin: f64, alpha: f64) -> Self {
        assert!(alpha > 0.0 && alpha < 1.0, "alpha = {alpha} is no probability");
        spending::record(alpha);
        Self { law, sample: Sample::new(alpha / 2.0), distance: Distance::new(margin) }
    }

    /// Takes the next observation.
    ///
    /// # Panics
    /// If it is NaN.
    pub fn observe(&mut self, x: f64) {
        if self.sample.observe(x) {
            self.distance.look(self.sample.distance(&self.law), self.sample.band());
        }
    }

    /// What is known of the distance from the stated law.
    pub fn distance(&self) -> Distance {
        self.distance
    }

    /// An estimate of how many observations in all decide, if the distance is as seen at the last
    /// look; `None` before the first and where it is at the margin.
    pub fn needed(&self) -> Option<u64> {
        if self.distance.decision.is_some() {
            return Some(self.sample.observed());
        }
        if self.sample.looks == 0 {
            return None;
        }
        let gap = (self.sample.distance(&self.law) - self.distance.margin).abs();
        let factor = self.sample.band() / gap;
        factor.is_finite().then(|| {
            ((self.sample.counted as f64 * factor * factor) as u64).max(self.sample.next_look)
        })
    }

    /// How many observations there were.
    pub fn count(&self) -> u64 {
        self.sample.observed()
    }
}

impl<L: Law> LawProcedure for DistributionTest<L> {
    fn observe(&mut self, x: f64) {
        Self::observe(self, x);
    }

    fn decision(&self) -> Option<Decision> {
        self.distance.decision
    }
}

/// The sequential test of sup |F - G| <= margin for independent observations of both laws.
#[derive(Clone, Debug)]
pub struct TwoSample {
    samples: [Sample; 2],
    distance: Distance,
}

impl TwoSample {
    /// A test in which each verdict is wrong with probability at most `alpha / 2`, half of it for
    /// each sample's bands.
    ///
    /// # Panics
    /// Unless 0 < alpha < 1 and 0 <= margin <= 1.
    pub fn new(margin: f64, alpha: f64) -> Self {
        assert!(alpha > 0.0 && alpha < 1.0, "alpha = {alpha} is no probability");
        spending::record(alpha);
        Self {
            samples: [Sample::new(alpha / 4.0), Sample::new(alpha / 4.0)],
            distance: Distance::new(margin),
        }
    }

    /// Takes an observation of one of the laws; both may come in any order that does not look at
    /// the values.
    fn observe_of(&mut self, which: usize, x: f64) {
        let [first, second] = &mut self.samples;
        let looked = if which == 0 { first.observe(x) } else { second.observe(x) };
        if looked && first.looks > 0 && second.looks > 0 {
            // Two step functions are furthest apart at a jump of one of them, or just below.
            let distance = first.distance(second).max(second.distance(first));
            self.distance.look(distance, first.band() + second.band());
        }
    }

    /// Takes the next observation of F.
    ///
    /// # Panics
    /// If it is NaN.
    pub fn observe_first(&mut self, x: f64) {
        self.observe_of(0, x);
    }

    /// Takes the next observation of G.
    ///
    /// # Panics
    /// If it is NaN.
    pub fn observe_second(&mut self, x: f64) {
        self.observe_of(1, x);
    }

    /// What is known of the distance between the laws.
    pub fn distance(&self) -> Distance {
        self.distance
    }
}

#[cfg(test)]
mod tests;
