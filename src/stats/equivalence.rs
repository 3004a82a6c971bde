//! Is a mean within a margin of a target?
//!
//! The claim is |mean - target| <= margin. It *holds* once both "mean >= target + margin" and "mean
//! <= target - margin" are rejected; it is *violated* once "mean <= target + margin" is rejected,
//! or "mean >= target - margin". A mean exactly at the edge of the margin stays open for ever,
//! except with the error probability.
//!
//! | verdict | wrong with probability at most | since |
//! |---|---|---|
//! | holds | alpha / 2 | outside of the margin one of the two rejected statements is true, whichever |
//! | violated | alpha / 2 | inside both rejected statements are true: alpha / 4 each |
//!
//! # Source
//! Two one-sided tests: Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15,
//! 657-680; each is a [`MeanTest`].

use super::mean_test::{MeanTest, Side};
use super::scale::Scale;
use super::spending;
use crate::stats::decision::Decision;

/// The sequential test of |mean - target| <= margin.
///
/// ```
/// use fluidcheck::stats::{equivalence::Equivalence, decision::Decision, scale::Scale};
/// let mut test = Equivalence::new(Scale::UNIT, 0.5, 0.1, 1e-6);
/// for _ in 0..200 { test.observe(0.45); }
/// assert_eq!(test.decision(), Some(Decision::Holds));
/// ```
#[derive(Clone, Debug)]
pub struct Equivalence {
    at_upper: MeanTest,
    at_lower: MeanTest,
}

impl Equivalence {
    /// A test that is wrong with probability at most `alpha`, half for each verdict, for
    /// observations on `scale`.
    ///
    /// # Panics
    /// Unless 0 < alpha < 1 and the margin is positive.
    pub fn new(scale: Scale, target: f64, margin: f64, alpha: f64) -> Self {
        assert!(alpha > 0.0 && alpha < 1.0, "alpha = {alpha} is no probability");
        assert!(
            margin > 0.0,
            "margin = {margin}: a mean is never exactly a target, state how far it may be off"
        );
        spending::record(alpha);
        // A mean is at one of the edges at most: what the two tests spend does not add up.
        spending::apart(|| Self {
            at_upper: MeanTest::on(scale, target + margin, alpha / 4.0, alpha / 2.0),
            at_lower: MeanTest::on(scale, target - margin, alpha / 2.0, alpha / 4.0),
        })
    }

    /// Takes the next observation, as [`MeanTest::observe_between`] does.
    ///
    /// # Panics
    /// Where it lies outside of the scale.
    pub fn observe_between(&mut self, lower: f64, upper: f64) {
        // A first verdict stands.
        if self.decision().is_none() {
            self.at_upper.observe_between(lower, upper);
            self.at_lower.observe_between(lower, upper);
        }
    }

    /// Takes the next observation.
    ///
    /// # Panics
    /// Where it lies outside of the scale.
    pub fn observe(&mut self, x: f64) {
        self.observe_between(x, x);
    }

    /// What has been decided so far.
    pub fn decision(&self) -> Option<Decision> {
        match (self.at_lower.decision(), self.at_upper.decision()) {
            (Some(Side::Below), _) | (_, Some(Side::Above)) => Some(Decision::Violated),
            (Some(Side::Above), Some(Side::Below)) => Some(Decision::Holds),
            _ => None,
        }
    }

    /// Every mean below this is rejected, and with [`Equivalence::upper`] every mean above that.
    pub fn lower(&self) -> f64 {
        self.at_lower.lower()
    }

    /// Every mean above this is rejected.
    pub fn upper(&self) -> f64 {
        self.at_upper.upper()
    }

    /// An estimate of how many observations in all decide; `None` while there is nothing to
    /// estimate it from.
    pub fn needed(&self) -> Option<u64> {
        Some(self.at_lower.needed()?.max(self.at_upper.needed()?))
    }

    /// How many observations there were, up to the verdict.
    pub fn count(&self) -> u64 {
        self.at_lower.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(x: f64, target: f64, margin: f64) -> (Option<Decision>, Equivalence) {
        let mut test = Equivalence::new(Scale::new(-1.0, 1.0), target, margin, 1e-6);
        (0..5000).for_each(|_| test.observe(x));
        (test.decision(), test)
    }

    #[test]
    fn inside_it_holds_outside_it_is_violated_at_the_edge_it_stays_open() {
        for (x, decision) in [
            (0.0, Some(Decision::Holds)),
            (0.09, Some(Decision::Holds)),
            (-0.09, Some(Decision::Holds)),
            (0.1, None),
            (-0.1, None),
            (0.12, Some(Decision::Violated)),
            (-0.12, Some(Decision::Violated)),
        ] {
            assert_eq!(constant(x, 0.0, 0.1).0, decision, "{x}");
        }
    }

    #[test]
    fn the_ends_lie_within_the_margin_once_it_holds_and_enclose_the_mean() {
        let (_, test) = constant(0.02, 0.0, 0.1);
        let (lower, upper) = (test.lower(), test.upper());
        assert!((-0.1..0.02).contains(&lower) && 0.02 < upper && upper <= 0.1);
        assert!(test.count() < 5000 && test.needed() == Some(test.count()));
    }

    #[test]
    fn the_lower_end_lies_below_a_negative_mean() {
        let (_, test) = constant(-0.05, 0.0, 0.1);
        let (lower, upper) = (test.lower(), test.upper());
        assert!((-0.1..-0.05).contains(&lower) && -0.05 < upper, "{lower}");
    }

    #[test]
    fn a_margin_beyond_the_scale_leaves_nothing_to_violate_it() {
        assert_eq!(constant(-1.0, 0.0, 1.5).0, Some(Decision::Holds));
    }
}
