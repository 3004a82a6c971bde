//! Where is the mean of a bounded variable? A confidence sequence by betting.
//!
//! For every candidate m two capitals run, one that bets on a mean above m and one on a mean below;
//! m is excluded once either reaches 2 / alpha. The bets are a fixed share b of the largest allowed
//! one, averaged over a geometric grid of b, so that the capital against m,
//!
//!   K(m) = mean over b of prod_i (1 + b (X_i / m - 1)),
//!
//! depends on the observations only through how often each value came: a histogram makes every
//! candidate available at any time, without a grid of candidates, at a cost per observation that
//! does not grow. Each factor falls in m, so that the candidates excluded from below are exactly an
//! interval from 0, whose end is found by bisection and rounded outwards.
//!
//! Compared with [`super::empirical_bernstein`], the capital is not bounded by a quadratic: the
//! interval is narrower, most of all where the variance is small.
//!
//! # Source
//! Waudby-Smith and Ramdas (2024), Theorem 3: the hedged capital process; its bets may be any
//! predictable ones, here constants mixed as in their "grid Kelly". Validity: each capital is a
//! nonnegative martingale at m, and a supermartingale where the mean is below; Ville.

use super::histogram::Histogram;
use super::log_mean_exp;
use super::procedure::IntervalProcedure;
use super::scale::Scale;
use super::spending;

/// Bets: 24 shares of the largest allowed one, from 0.95 down to about 7e-6; the best one falls as
/// 1 / sqrt(n).
const BETS: usize = 24;

/// Up to here the interval is that of the moment; then its past counts too.
const FIRST_LOOK: u64 = 64;

/// The interval is brought up to date when the number of observations has grown by this factor.
const LOOKS: f64 = 1.25;

fn bets() -> impl Iterator<Item = f64> + Clone {
    (0..BETS).map(|k| 0.95 * 0.6f64.powi(k as i32))
}

/// ln of the capital against "the mean is at most m", for 0 < m < 1.
pub(super) fn log_capital(
    values: impl Iterator<Item = (f64, f64)> + Clone,
    m: f64,
    bets: impl Iterator<Item = f64> + Clone,
) -> f64 {
    log_mean_exp(bets.map(|bet| {
        values.clone().map(|(x, weight)| weight * (1.0 + bet * (x / m - 1.0)).ln()).sum::<f64>()
    }))
}

/// The largest m that is excluded from below: `capital` falls in m.
pub(super) fn excluded_up_to(most: f64, threshold: f64, capital: impl Fn(f64) -> f64) -> f64 {
    let (mut excluded, mut open) = (0.0, most);
    // To a relative accuracy of 1e-12; what is left is rounded outwards.
    for _ in 0..200 {
        let middle = f64::midpoint(excluded, open);
        if open - excluded <= open * 1e-12 || open < 1e-18 {
            break;
        }
        *(if capital(middle) >= threshold { &mut excluded } else { &mut open }) = middle;
    }
    excluded
}

/// A running interval for the mean of observations in [low, high], each with the same mean given
/// the ones before it.
///
/// ```
/// use fluidcheck::stats::{betting_interval::BettingInterval, procedure::IntervalProcedure};
/// let mut interval = BettingInterval::new(0.0, 1.0, 0.05);
/// interval.observe_many(0.25, 1_000_000_000);
/// let (lower, upper) = interval.ends();
/// assert!(lower <= 0.25 && 0.25 <= upper && upper - lower < 1e-4);
/// ```
#[derive(Clone, Debug)]
pub struct BettingInterval {
    scale: Scale,
    threshold: f64,
    histogram: Histogram,
    count: u64,
    sum: f64,
    next_look: u64,
    lower: f64,
    upper: f64,
}

impl BettingInterval {
    /// An interval wrong at any time with probability at most `alpha`, half for each end.
    ///
    /// # Panics
    /// Unless 0 < alpha < 1 and low < high, both finite.
    pub fn new(low: f64, high: f64, alpha: f64) -> Self {
        assert!(alpha > 0.0 && alpha < 1.0, "alpha = {alpha} is no probability");
        spending::record(alpha);
        Self {
            scale: Scale::new(low, high),
            threshold: (2.0 / alpha).ln(),
            histogram: Histogram::default(),
            count: 0,
            sum: 0.0,
            next_look: FIRST_LOOK,
            lower: 0.0,
            upper: 1.0,
        }
    }

    /// Takes an observation `times` times, at the cost of one; the interval is not looked at in
    /// between.
    ///
    /// # Panics
    /// Unless low <= x <= high.
    pub fn observe_many(&mut self, x: f64, times: u64) {
        let x = self.scale.observation(x);
        if times == 0 {
            return;
        }
        self.histogram.add(x, times as f64);
        self.count += times;
        self.sum += x * times as f64;
        if self.count >= self.next_look {
            (self.lower, self.upper) = self.now();
            self.next_look = (self.count as f64 * LOOKS) as u64 + 1;
        }
    }

    /// The ends of the present moment, within those of the past: all intervals cover together, so
    /// their intersection does.
    fn now(&self) -> (f64, f64) {
        if self.count == 0 {
            return (0.0, 1.0);
        }
        let (n, values) = (self.count as f64, &self.histogram);
        let lower = excluded_up_to((self.sum / n).min(1.0), self.threshold, |m| {
            log_capital(values.iter(), m, bets())
        });
        let upper = 1.0
            - excluded_up_to((1.0 - self.sum / n).max(0.0), self.threshold, |m| {
                log_capital(values.mirrored(), m, bets())
            });
        (self.lower.max(lower), self.upper.min(upper))
    }

    /// How many observations there were.
    pub fn count(&self) -> u64 {
        self.count
    }
}

impl IntervalProcedure for BettingInterval {
    fn observe(&mut self, x: f64) {
        self.observe_many(x, 1);
    }

    fn ends(&self) -> (f64, f64) {
        let (lower, upper) = self.now();
        (self.scale.back(lower), self.scale.back(upper))
    }

    fn excludes(&self, mean: f64) -> bool {
        // One candidate costs less than two ends.
        let m = self.scale.unit(mean);
        if m < self.lower || m > self.upper {
            return true;
        }
        if self.count == 0 {
            return false;
        }
        // A capital that bets on a mean above m wins nothing while the sample mean is below
        // (Jensen's inequality): one side is enough.
        let surplus = self.sum - m * self.count as f64;
        if surplus > 0.0 {
            m <= 0.0 || log_capital(self.histogram.iter(), m, bets()) >= self.threshold
        } else {
            surplus < 0.0
                && (m >= 1.0
                    || log_capital(self.histogram.mirrored(), 1.0 - m, bets()) >= self.threshold)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream_rng;
    use crate::stats::empirical_bernstein::EmpiricalBernstein;
    use proptest::prelude::*;
    use rand::RngExt;

    fn width(ends: (f64, f64)) -> f64 {
        ends.1 - ends.0
    }

    #[test]
    fn it_is_narrower_than_empirical_bernstein_most_of_all_for_small_variances() {
        // Uniform on mean ± radius; 2000 observations.
        for (mean, radius, ratio) in [(0.3, 0.01, 0.5), (0.02, 0.02, 0.8), (0.5, 0.5, 1.0)] {
            let mut rng = stream_rng(5, 0);
            let (mut betting, mut bernstein) =
                (BettingInterval::new(0.0, 1.0, 1e-6), EmpiricalBernstein::new(1.0, 1e-6));
            for _ in 0..2000 {
                let x = mean + radius * (2.0 * rng.random::<f64>() - 1.0);
                betting.observe(x);
                bernstein.observe(x);
            }
            let (now, then) = (width(betting.ends()), bernstein.upper() - bernstein.lower());
            assert!(now <= ratio * then, "mean {mean} ± {radius}: {now} against {then}");
            assert!(!betting.excludes(mean));
        }
    }

    #[test]
    fn constant_data_at_the_ends_and_inside() {
        for x in [0.0, 0.3, 1.0] {
            let mut interval = BettingInterval::new(0.0, 1.0, 1e-6);
            assert_eq!(interval.ends(), (0.0, 1.0));
            interval.observe_many(x, 1000);
            let (lower, upper) = interval.ends();
            assert!(lower <= x && x <= upper && upper - lower < 0.05, "{x}: [{lower}, {upper}]");
            // At one end there is nothing beyond to exclude: 1000 ln(1 - 0.95 m / (1 - m)) and so
            // on.
            assert_eq!((lower == 0.0, upper == 1.0), (x == 0.0, x == 1.0));
        }
        let mut interval = BettingInterval::new(0.0, 1.0, 0.5);
        interval.observe(0.0);
        assert!(!interval.excludes(0.0) && interval.excludes(1.0));
    }

    #[test]
    fn what_a_look_has_excluded_stays_excluded() {
        let mut interval = BettingInterval::new(0.0, 1.0, 0.5);
        interval.observe_many(1.0, 63);
        assert_eq!((interval.lower, interval.count()), (0.0, 63), "the first look is at 64");
        interval.observe(1.0);
        let lower = interval.lower;
        assert!(lower > 0.5 && interval.next_look == 81, "{lower}");
        // These zeros, not looked at, would take it back.
        interval.next_look = u64::MAX;
        interval.observe_many(0.0, 64);
        assert!(
            interval.excludes(0.5) && interval.excludes(lower - 1e-9) && interval.ends().0 == lower
        );

        let mut mirrored = BettingInterval::new(0.0, 1.0, 0.5);
        mirrored.observe_many(0.0, 64);
        mirrored.next_look = u64::MAX;
        mirrored.observe_many(1.0, 64);
        assert!(mirrored.excludes(0.5) && (mirrored.ends().1 - (1.0 - lower)).abs() < 1e-9);
    }

    #[test]
    fn the_mean_of_constant_data_at_an_end_is_never_excluded() {
        for end in [0.0, 1.0] {
            let mut interval = BettingInterval::new(0.0, 1.0, 0.5);
            assert!(!interval.excludes(end), "{end}, before any observation");
            interval.observe(end);
            assert!(!interval.excludes(end) && interval.excludes(1.0 - end), "{end}");
            interval.observe_many(end, 100);
            assert!(!interval.excludes(end) && interval.excludes(1.0 - end), "{end}, after a look");
        }
    }

    #[test]
    fn a_billion_observations_shrink_it_as_one_over_the_root() {
        // Standard error 1.6e-5; alpha = 1e-6 costs about 8 of them, a mixture somewhat more.
        let mut interval = BettingInterval::new(-1.0, 1.0, 1e-6);
        // In two batches that are no stream of such a mean: no look in between.
        interval.next_look = u64::MAX;
        interval.observe_many(1.0, 500_000_000);
        interval.observe_many(-1.0, 500_000_000);
        let (lower, upper) = interval.ends();
        assert!(lower < 0.0 && 0.0 < upper && upper - lower < 20.0 * 3.2e-5, "[{lower}, {upper}]");
    }

    proptest! {
        #[test]
        fn what_is_excluded_is_what_lies_outside_of_the_ends(values in prop::collection::vec(0.0..=1.0f64, 1..60), m in 0.0..=1.0f64) {
            let mut interval = BettingInterval::new(0.0, 1.0, 0.3);
            for &x in &values {
                interval.observe(x);
            }
            let (lower, upper) = interval.ends();
            prop_assert!(lower <= upper);
            // Away from the ends, whose last digits are rounded outwards.
            prop_assume!((m - lower).abs() > 1e-9 && (m - upper).abs() > 1e-9);
            prop_assert_eq!(interval.excludes(m), m < lower || m > upper);
        }

        #[test]
        fn the_order_of_the_observations_makes_no_difference_to_the_present_interval(values in prop::collection::vec(0.0..=1.0f64, 1..40)) {
            let present = |values: &mut dyn Iterator<Item = &f64>| {
                let mut interval = BettingInterval::new(0.0, 1.0, 0.3);
                interval.next_look = u64::MAX;
                values.for_each(|&x| interval.observe(x));
                interval.ends()
            };
            let (there, back) = (present(&mut values.iter()), present(&mut values.iter().rev()));
            prop_assert!((there.0 - back.0).abs() < 1e-9 && (there.1 - back.1).abs() < 1e-9);
        }
    }
}
