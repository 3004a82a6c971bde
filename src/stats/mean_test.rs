//! Is the mean of a bounded variable above or below a bound? Betting e-processes.
//!
//! # Source
//! Waudby-Smith and Ramdas (2024), section 4: with bets b >= 0, prod (1 + b (X_i - m)) is a
//! nonnegative supermartingale whenever the conditional means are at most m and b <= 1/m. A mixture
//! over a fixed grid of bets ("grid Kelly", section 4.4 there) is one too, and needs no tuning.

use super::betting_interval::{excluded_up_to, log_capital};
use super::histogram::Histogram;
use super::log_mean_exp;
use super::procedure::MeanProcedure;
pub use super::procedure::Side;
use super::scale::Scale;
use super::spending;

/// Bets as fractions of the largest allowed one: a geometric grid, since the best bet for a small
/// gap is small.
const BETS: [f64; 16] = [
    0.9, 0.64, 0.45, 0.32, 0.22, 0.16, 0.11, 0.08, 0.056, 0.04, 0.028, 0.02, 0.014, 0.01, 0.005,
    0.002,
];

/// Capital within this of 1 is kept as a number; what leaves it is carried over to logarithms.
const LARGEST: f64 = 1e100;

/// A bet that the mean is *above* `m`: an e-process under the null "every conditional mean is at
/// most m".
#[derive(Clone, Debug)]
struct Above {
    m: f64,
    /// The capital of each bet is capital exp(carried): logarithms that cost no logarithm at each
    /// observation.
    capital: [f64; BETS.len()],
    carried: [f64; BETS.len()],
    refuted: bool,
    threshold: f64,
    /// For the other candidates of the confidence sequence.
    values: Histogram,
    sum: f64,
}

impl Above {
    fn new(m: f64, alpha: f64) -> Self {
        Self {
            m,
            capital: [1.0; BETS.len()],
            carried: [0.0; BETS.len()],
            refuted: false,
            threshold: -alpha.ln(),
            values: Histogram::default(),
            sum: 0.0,
        }
    }

    fn observe(&mut self, x: f64) {
        self.values.add(x, 1.0);
        self.sum += x;
        if self.m <= 0.0 {
            // Under the null every observation is 0: one positive value refutes it outright. No
            // mean is below 0.
            self.refuted |= x > self.m;
            return;
        }
        if self.m >= 1.0 {
            return;
        }
        let gain = x / self.m - 1.0;
        let (mut least, mut most) = (f64::INFINITY, 0.0f64);
        for (capital, bet) in self.capital.iter_mut().zip(BETS) {
            *capital *= 1.0 + bet * gain;
            (least, most) = (least.min(*capital), most.max(*capital));
        }
        if most > LARGEST || least < 1.0 / LARGEST {
            for (carried, capital) in self.carried.iter_mut().zip(&mut self.capital) {
                *carried += capital.ln();
                *capital = 1.0;
            }
        }
    }

    fn log_capitals(&self) -> impl Iterator<Item = f64> + Clone + '_ {
        self.carried.iter().zip(&self.capital).map(|(carried, capital)| carried + capital.ln())
    }

    fn rejects(&self) -> bool {
        if self.refuted {
            return true;
        }
        if self.carried == [0.0; BETS.len()] {
            return self.capital.iter().sum::<f64>() / BETS.len() as f64 >= self.threshold.exp();
        }
        log_mean_exp(self.log_capitals()) >= self.threshold
    }

    /// The largest candidate mean that is too small for the observations.
    fn end(&self, count: u64) -> f64 {
        let values: Vec<_> = self.values.iter().collect();
        excluded_up_to((self.sum / count.max(1) as f64).min(1.0), self.threshold, |m| {
            log_capital(values.iter().copied(), m, BETS.into_iter())
        })
    }

    /// How many observations in all would decide, if the best bet goes on winning as it has; `None`
    /// while none wins.
    fn needed(&self, count: u64) -> Option<f64> {
        let best = self.log_capitals().fold(f64::NEG_INFINITY, f64::max);
        // One of the bets must win for all.
        (best > 0.0).then(|| count as f64 * (self.threshold + (BETS.len() as f64).ln()) / best)
    }
}

/// Two one-sided bets around one bound, for observations in [0, 1], or in an interval given with
/// [`MeanTest::on`].
///
/// Each side errs with probability at most `alpha / 2`, at all times together.
///
/// ```
/// use fluidcheck::stats::mean_test::{MeanTest, Side};
/// let mut test = MeanTest::new(0.5, 1e-6);
/// for _ in 0..60 { test.observe(0.1); }
/// assert_eq!(test.decision(), Some(Side::Below));
/// // Not only 1/2: lower means are rejected too, and stay so.
/// assert!(0.1 < test.upper() && test.upper() < 0.4);
/// ```
#[derive(Clone, Debug)]
pub struct MeanTest {
    scale: Scale,
    above: Above,
    below: Above,
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
        Self::on(Scale::UNIT, bound, alpha / 2.0, alpha / 2.0)
    }

    /// A test for observations in another interval, that decides wrongly for [`Side::Above`] with
    /// probability at most `above`, for [`Side::Below`] at most `below`.
    ///
    /// # Panics
    /// Unless 0 < above, below < 1 and `bound` is a number.
    pub fn on(scale: Scale, bound: f64, above: f64, below: f64) -> Self {
        assert!(
            above > 0.0 && above < 1.0 && below > 0.0 && below < 1.0,
            "{above}, {below} are no probabilities of errors"
        );
        assert!(!bound.is_nan(), "the bound is NaN");
        let bound = scale.unit(bound);
        spending::record(above + below);
        Self {
            scale,
            above: Above::new(bound, above),
            below: Above::new(1.0 - bound, below),
            count: 0,
            decision: None,
        }
    }

    /// Takes the next observation. Two estimates may be given for one: a lower one on which only
    /// [`Side::Above`] can rest, and an upper one on which only [`Side::Below`] can.
    ///
    /// # Panics
    /// Unless both lie in [0, 1], or the interval of [`MeanTest::on`].
    pub fn observe_between(&mut self, lower: f64, upper: f64) {
        let (lower, upper) = (self.scale.observation(lower), self.scale.observation(upper));
        self.count += 1;
        self.above.observe(lower);
        self.below.observe(1.0 - upper);
        // Ville: the first crossing counts, later losses do not take it back.
        if self.decision.is_none() {
            if self.above.rejects() {
                self.decision = Some(Side::Above);
            } else if self.below.rejects() {
                self.decision = Some(Side::Below);
            }
        }
    }

    /// Takes the next observation.
    ///
    /// # Panics
    /// Unless 0 <= x <= 1, or x is in the interval of [`MeanTest::on`].
    pub fn observe(&mut self, x: f64) {
        self.observe_between(x, x);
    }

    /// The wealth of the bets on a mean above the bound, and below: under a mean at the bound each
    /// is a nonnegative martingale from 1.
    pub fn wealth(&self) -> [f64; 2] {
        [&self.above, &self.below].map(|side| {
            if side.refuted { f64::INFINITY } else { log_mean_exp(side.log_capitals()).exp() }
        })
    }

    /// What has been decided so far.
    pub fn decision(&self) -> Option<Side> {
        self.decision
    }

    /// Every mean below this is rejected, with the error probability of [`Side::Above`] for all of
    /// them together: the lower end of the confidence sequence that the same bets give
    /// (Waudby-Smith and Ramdas (2024), Theorem 1).
    ///
    /// After [`Side::Above`] it is at least the bound, at the time of the decision or later.
    pub fn lower(&self) -> f64 {
        let end = self.scale.back(self.above.end(self.count));
        let bound = self.scale.back(self.above.m);
        if self.decision == Some(Side::Above) { end.max(bound) } else { end }
    }

    /// Every mean above this is rejected, with the error probability of [`Side::Below`]; see
    /// [`MeanTest::lower`].
    pub fn upper(&self) -> f64 {
        let end = self.scale.back(1.0 - self.below.end(self.count));
        let bound = self.scale.back(self.above.m);
        if self.decision == Some(Side::Below) { end.min(bound) } else { end }
    }

    /// An estimate of how many observations in all decide, on whichever side is ahead: what it
    /// takes if the best bet goes on winning at the rate that it had so far.
    ///
    /// `None` while no bet has won anything: the mean may be at the bound, or closer to it than the
    /// observations so far can tell. No verdict rests on it.
    pub fn needed(&self) -> Option<u64> {
        if self.decision.is_some() {
            return Some(self.count);
        }
        [&self.above, &self.below]
            .into_iter()
            .filter_map(|side| side.needed(self.count))
            .min_by(f64::total_cmp)
            .map(|needed| (needed.ceil() as u64).max(self.count + 1))
    }

    /// How many observations there were.
    pub fn count(&self) -> u64 {
        self.count
    }
}

impl MeanProcedure for MeanTest {
    fn observe(&mut self, x: f64) {
        Self::observe(self, x);
    }

    fn decision(&self) -> Option<Side> {
        self.decision
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream_rng;
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
        let table =
            [(0.0, 0.0, None), (0.0, 1e-9, Some(Side::Above)), (1.0, 0.5, Some(Side::Below))];
        for (bound, x, side) in table {
            let mut test = MeanTest::new(bound, 1e-6);
            test.observe(x);
            assert_eq!(test.decision(), side, "{x} against {bound}");
        }
    }

    #[test]
    fn bounds_beyond_the_ends_are_refuted_by_any_observation() {
        for (bound, x, side) in [(-0.5, 0.0, Side::Above), (1.5, 1.0, Side::Below)] {
            let mut test = MeanTest::new(bound, 1e-6);
            assert_eq!(test.decision(), None);
            test.observe(x);
            assert_eq!(test.decision(), Some(side));
        }
        let mut certain = MeanTest::new(0.0, 1e-6);
        (0..1000).for_each(|_| certain.observe(0.0));
        assert_eq!((certain.decision(), certain.lower()), (None, 0.0));
        assert!(certain.upper() < 0.05);
    }

    #[test]
    fn capital_beyond_the_range_of_numbers_is_carried_over() {
        let mut test = MeanTest::new(0.5, 1e-300);
        for n in 0..100_000u32 {
            // Constant at the bound, then at one end: 1.9^n leaves the numbers after a thousand.
            test.observe(if n < 90_000 { 0.5 } else { 1.0 });
        }
        assert_eq!(test.decision(), Some(Side::Above));
        let most = test.above.log_capitals().fold(0.0, f64::max);
        assert!((most - 10_000.0 * 1.9f64.ln()).abs() < 1e-6, "{most}");
        let least = test.below.log_capitals().fold(0.0, f64::min);
        assert!((least - 10_000.0 * 0.1f64.ln()).abs() < 1e-6, "{least}");
    }

    #[test]
    fn after_a_decision_the_ends_say_what_else_is_rejected() {
        let mut test = MeanTest::new(0.5, 1e-6);
        assert_eq!((test.lower(), test.upper(), test.needed()), (0.0, 1.0, None));
        for n in 0..4000u32 {
            test.observe(f64::from(n % 4) / 5.0);
            let decided = test.decision() == Some(Side::Below);
            assert_eq!(n % 100 == 0 && decided, n % 100 == 0 && test.upper() <= 0.5, "after {n}");
        }
        assert!(test.lower() < 0.3 && 0.3 < test.upper() && test.upper() - test.lower() < 0.1);
    }

    #[test]
    fn what_is_needed_is_foretold_within_a_factor() {
        for mean in [0.55, 0.6, 0.9] {
            let mut rng = stream_rng(17, 0);
            let mut test = MeanTest::new(0.5, 1e-9);
            let mut foretold = None;
            while test.decision().is_none() {
                test.observe(f64::from(u8::from(rng.random_bool(mean))));
                let needed = test.above.needed(test.count);
                if needed.is_some_and(|needed| needed < 4.0 * test.count as f64) {
                    foretold = foretold.or(test.needed());
                }
            }
            let (foretold, took) = (foretold.unwrap() as f64, test.needed().unwrap() as f64);
            assert!(
                foretold < 3.0 * took && took < 3.0 * foretold,
                "mean {mean}: {foretold} foretold, took {took}"
            );
        }
    }

    #[test]
    fn another_scale_is_another_name_for_the_same_test() {
        let (mut unit, mut wide) =
            (MeanTest::new(0.25, 1e-6), MeanTest::on(Scale::new(-2.0, 6.0), 0.0, 5e-7, 5e-7));
        let mut rng = stream_rng(3, 0);
        for _ in 0..300 {
            let x = f64::from(rng.random_range(0..5u32)) / 8.0;
            unit.observe(x);
            wide.observe(8.0 * x - 2.0);
            assert_eq!(unit.decision(), wide.decision());
        }
        assert!((8.0 * unit.upper() - 2.0 - wide.upper()).abs() < 1e-9);
    }

    #[test]
    fn the_two_sides_have_the_error_probabilities_given_to_each() {
        // Ones against 1/2 win 1.9 each at most: the side with the larger share decides earlier.
        let first = |above, below, x| {
            let mut test = MeanTest::on(Scale::UNIT, 0.5, above, below);
            (1..)
                .find(|_| {
                    test.observe(x);
                    test.decision().is_some()
                })
                .unwrap()
        };
        assert_eq!(first(1e-2, 1e-9, 1.0), first(1e-9, 1e-2, 0.0));
        assert!(first(1e-2, 1e-9, 1.0) < first(1e-2, 1e-9, 0.0));
    }
}
