//! Is the mean of a bounded variable above or below a bound? Betting e-processes.
//!
//! # Source
//! Waudby-Smith and Ramdas (2024), section 4: with bets b >= 0, prod (1 + b (X_i - m)) is a nonnegative
//! supermartingale whenever the conditional means are at most m and b <= 1/m. A mixture over a fixed grid of bets
//! ("grid Kelly", section 4.4 there) is one too, and needs no tuning.

use super::log_mean_exp;

/// Bets as fractions of the largest allowed one: a geometric grid, since the best bet for a small gap is small.
const BETS: [f64; 16] = [0.9, 0.64, 0.45, 0.32, 0.22, 0.16, 0.11, 0.08, 0.056, 0.04, 0.028, 0.02, 0.014, 0.01, 0.005, 0.002];

/// A bet that the mean is *above* `m`: an e-process under the null "every conditional mean is at most m".
#[derive(Clone, Debug)]
struct Above {
    m: f64,
    log_wealth: [f64; BETS.len()],
}

impl Above {
    fn new(m: f64) -> Self {
        Self { m, log_wealth: [0.0; BETS.len()] }
    }

    fn observe(&mut self, x: f64) {
        if self.m <= 0.0 {
            // Under the null every observation is 0: one positive value refutes it outright.
            if x > 0.0 {
                self.log_wealth = [f64::INFINITY; BETS.len()];
            }
            return;
        }
        if self.m >= 1.0 {
            return;
        }
        for (wealth, bet) in self.log_wealth.iter_mut().zip(BETS) {
            *wealth += (bet * (x / self.m - 1.0)).ln_1p();
        }
    }

    fn log_e(&self) -> f64 {
        if self.log_wealth[0] == f64::INFINITY { f64::INFINITY } else { log_mean_exp(self.log_wealth.iter().copied()) }
    }
}

/// What a [`MeanTest`] has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// "The mean is at least the bound" was rejected.
    Below,
    /// "The mean is at most the bound" was rejected.
    Above,
}

/// Two one-sided bets around one bound, for observations in [0, 1].
///
/// Each side errs with probability at most `alpha / 2`, at all times together.
///
/// ```
/// use fluidcheck::stats::betting::{MeanTest, Side};
/// let mut test = MeanTest::new(0.5, 1e-6);
/// for _ in 0..60 { test.observe(0.1); }
/// assert_eq!(test.decision(), Some(Side::Below));
/// ```
#[derive(Clone, Debug)]
pub struct MeanTest {
    above: Above,
    below: Above,
    threshold: f64,
    count: u64,
    decision: Option<Side>,
}

impl MeanTest {
    /// A test around `bound`, wrong with probability at most `alpha` in all.
    ///
    /// # Panics
    /// Unless 0 < alpha < 1 and `bound` is a number.
    pub fn new(bound: f64, alpha: f64) -> Self {
        assert!(alpha > 0.0 && alpha < 1.0, "alpha = {alpha} is no probability");
        assert!(!bound.is_nan(), "the bound is NaN");
        Self { above: Above::new(bound), below: Above::new(1.0 - bound), threshold: (2.0 / alpha).ln(), count: 0, decision: None }
    }

    /// Takes the next observation. Two estimates may be given for one: a lower one on which only [`Side::Above`] can
    /// rest, and an upper one on which only [`Side::Below`] can.
    ///
    /// # Panics
    /// Unless 0 <= lower, upper <= 1.
    pub fn observe_between(&mut self, lower: f64, upper: f64) {
        assert!((0.0..=1.0).contains(&lower) && (0.0..=1.0).contains(&upper), "observations {lower}, {upper} outside [0, 1]");
        self.count += 1;
        self.above.observe(lower);
        self.below.observe(1.0 - upper);
        // Ville: the first crossing counts, later losses do not take it back.
        if self.decision.is_none() {
            if self.above.log_e() >= self.threshold {
                self.decision = Some(Side::Above);
            } else if self.below.log_e() >= self.threshold {
                self.decision = Some(Side::Below);
            }
        }
    }

    /// Takes the next observation.
    ///
    /// # Panics
    /// Unless 0 <= x <= 1.
    pub fn observe(&mut self, x: f64) {
        self.observe_between(x, x);
    }

    /// What has been decided so far.
    pub fn decision(&self) -> Option<Side> {
        self.decision
    }

    /// How many observations there were.
    pub fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::stream_rng;
    use rand::RngExt;

    #[test]
    fn constant_data_are_decided_at_the_floor_of_ln_1_over_alpha() {
        let mut test = MeanTest::new(0.5, 1e-6);
        let mut n = 0;
        while test.decision().is_none() {
            test.observe(1.0);
            n += 1;
        }
        assert_eq!(test.decision(), Some(Side::Above));
        assert!(n <= 30, "took {n}");
    }

    #[test]
    fn bounds_at_the_ends_are_exact() {
        let mut zero = MeanTest::new(0.0, 1e-6);
        zero.observe(0.0);
        assert_eq!(zero.decision(), None);
        zero.observe(1e-9);
        assert_eq!(zero.decision(), Some(Side::Above));
        let mut one = MeanTest::new(1.0, 1e-6);
        one.observe(0.5);
        assert_eq!(one.decision(), Some(Side::Below));
    }

    #[test]
    fn at_the_boundary_of_the_null_false_alarms_stay_within_alpha() {
        // 20000 streams of fair coins, alpha = 0.05 over both sides, stopped at the worst time.
        let streams = 20_000;
        let alarms = (0..streams)
            .filter(|&stream| {
                let mut rng = stream_rng(7, stream);
                let mut test = MeanTest::new(0.5, 0.05);
                (0..500).any(|_| {
                    test.observe(f64::from(u8::from(rng.random_bool(0.5))));
                    test.decision().is_some()
                })
            })
            .count();
        // Exact binomial bound: P(Bin(20000, 0.05) > 1160) is below 1e-6.
        assert!(alarms <= 1160, "{alarms} false alarms");
        assert!(alarms > 100, "{alarms}: a test that never errs has no power either");
    }
}
