//! Two systems on common marks: tests of the mean of their difference.
//!
//! What both systems share cancels in the difference of one replication, so that its variance is
//! often far below that of two independent ones, and bets use it: see [`super::mean_test`].
//!
//! # Source
//! Observations in [-r, r] are (r + x) / 2 r in [0, 1], as in Waudby-Smith and Ramdas (2024),
//! section 1; common random numbers are classical.

use super::betting_interval::BettingInterval;
use super::equivalence::Equivalence;
use super::mean_test::MeanTest;
use super::scale::Scale;

/// A test of the mean of differences in [-range, range] around `bound`, each side wrong with
/// probability at most `alpha / 2`.
///
/// # Panics
/// Unless 0 < alpha < 1 and the range is positive and finite.
pub fn difference(range: f64, bound: f64, alpha: f64) -> MeanTest {
    assert!(alpha > 0.0 && alpha < 1.0, "alpha = {alpha} is no probability");
    MeanTest::on(Scale::new(-range, range), bound, alpha / 2.0, alpha / 2.0)
}

/// A test of |mean of the differences| <= margin, for differences in [-range, range]: see
/// [`Equivalence`] for its verdicts.
///
/// ```
/// use fluidcheck::stats::{decision::Decision, paired};
/// let mut test = paired::alike(1.0, 0.05, 1e-6);
/// for _ in 0..600 { test.observe(0.0); }
/// assert_eq!(test.decision(), Some(Decision::Holds));
/// ```
///
/// # Panics
/// Unless 0 < alpha < 1 and range and margin are positive, the range finite.
pub fn alike(range: f64, margin: f64, alpha: f64) -> Equivalence {
    Equivalence::new(Scale::new(-range, range), 0.0, margin, alpha)
}

/// A running interval for the mean of differences in [-range, range], wrong at any time with
/// probability at most `alpha`.
///
/// # Panics
/// Unless 0 < alpha < 1 and the range is positive and finite.
pub fn interval(range: f64, alpha: f64) -> BettingInterval {
    BettingInterval::new(-range, range, alpha)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream_rng;
    use crate::stats::decision::Decision;
    use crate::stats::mean_test::Side;
    use crate::stats::procedure::IntervalProcedure;
    use rand::RngExt;

    #[test]
    fn what_two_systems_share_cancels() {
        // x and x - 0.01 with x of large variance: apart, 1e5 observations of each do not tell
        // them; paired, a few thousand do.
        let mut rng = stream_rng(2, 0);
        let (mut paired, mut single) = (difference(1.0, 0.0, 1e-6), MeanTest::new(0.505, 1e-6));
        let mut sequence = interval(1.0, 1e-6);
        for _ in 0..4000 {
            let x: f64 = rng.random();
            paired.observe(0.01);
            sequence.observe(0.01);
            single.observe(x);
        }
        assert_eq!((paired.decision(), single.decision()), (Some(Side::Above), None));
        let (lower, upper) = sequence.ends();
        assert!(
            lower > 0.0 && (lower..=upper).contains(&0.01) && upper < 0.02,
            "[{lower}, {upper}]"
        );
    }

    #[test]
    fn the_margin_and_the_range_are_those_of_the_differences() {
        for (difference, decision) in [(0.04, Decision::Holds), (-0.06, Decision::Violated)] {
            let mut test = alike(1.0, 0.05, 1e-6);
            (0..20_000).for_each(|_| test.observe(difference));
            assert_eq!(test.decision(), Some(decision), "{difference}");
        }
        assert_eq!(interval(2.0, 0.1).ends(), (-2.0, 2.0));
    }

    #[test]
    fn both_sides_share_alpha() {
        // Differences of ±1 around 0 are coins around 1/2.
        for (coin, side) in [(0.0, Side::Below), (1.0, Side::Above)] {
            let (mut paired, mut coins) =
                (difference(1.0, 0.0, 1e-2), MeanTest::on(Scale::UNIT, 0.5, 5e-3, 5e-3));
            for n in 0..40 {
                assert_eq!(paired.decision(), coins.decision(), "after {n}");
                paired.observe(2.0 * coin - 1.0);
                coins.observe(coin);
            }
            assert_eq!(paired.decision(), Some(side));
        }
    }
}
