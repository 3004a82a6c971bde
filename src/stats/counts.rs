//! Tests and intervals from the number and the sum of observations alone: O(1) for any batch.
//!
//! The alternatives "each observation is 1 with probability theta" are averaged over theta: for
//! Bernoulli data with k ones in n the likelihood ratio against m is (theta / m)^k ((1 - theta) /
//! (1 - m))^(n - k), and its mean over uniform theta is
//!
//!   W(m) = B(k + 1, n - k + 1) / (m^k (1 - m)^(n - k)) = 1 / ((n + 1) P(Bin(n, m) = k)),
//!
//! in closed form (the beta-binomial mixture). Averaged over theta in (m, 1] only it is an
//! e-process under every mean of *at most* m: W(m) P(Beta(k + 1, n - k + 1) > m) / (1 - m).
//!
//! For observations in [0, 1] that are no coins, k is their sum: by the weighted inequality of the
//! means (theta / m)^x ((1 - theta) / (1 - m))^(1 - x) <= x theta / m + (1 - x) (1 - theta) / (1 -
//! m) = 1 + b (x - m) with b = (theta - m) / (m (1 - m)), the bet of Waudby-Smith and Ramdas
//! (2024), so W is at most a mixture of their capitals and stays valid. It is strongest for coins;
//! for small variances take [`super::betting_interval`].
//!
//! | question | here |
//! |---|---|
//! | is the mean above or below a bound? | [`CountTest`] |
//! | where is the mean? | [`CountInterval`] |
//!
//! # Source
//! Robbins (1970), *Statistical methods related to the law of the iterated logarithm*, Annals of
//! Mathematical Statistics 41, 1397-1409: mixtures, and P((n + 1) P(Bin(n, m) = k) <= alpha for
//! some n) <= alpha. Howard, Ramdas, McAuliffe and Sekhon (2021), Annals of Statistics 49,
//! 1055-1080, Proposition 7: its one-sided form by a truncated beta.

use statrs::function::beta::beta_reg;

use super::binomial::ln_binomial;
use super::mean_test::Side;
use super::procedure::{IntervalProcedure, MeanProcedure};
use super::spending;

/// Up to here an interval is that of the moment; then its past counts too, at looks that are rarer
/// and rarer.
const FIRST_LOOK: u64 = 32;

/// Up to here the continued fraction of the incomplete beta function has enough terms.
const EXACT_BETA: f64 = 1000.0;

/// The number and the sum of observations in [0, 1].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Tally {
    count: u64,
    sum: f64,
}

impl Tally {
    fn add(&mut self, sum: f64, count: u64) {
        assert!(
            (0.0..=count as f64).contains(&sum),
            "{count} observations in [0, 1] do not add up to {sum}"
        );
        self.count += count;
        // Sums of rounded numbers may end a last digit above their count.
        self.sum = (self.sum + sum).min(self.count as f64);
    }

    fn mirrored(self) -> Self {
        Self { sum: self.count as f64 - self.sum, ..self }
    }

    /// ln W(m).
    fn log_mixture(self, m: f64) -> f64 {
        let n = self.count as f64;
        -(n.ln_1p() + ln_binomial(n, self.sum, m))
    }

    /// ln of the mixture over (m, 1], or of something smaller: evidence that the mean is above m.
    fn log_above(self, m: f64) -> f64 {
        if m < 0.0 {
            // No observation in [0, 1] has such a mean.
            return if self.count > 0 { f64::INFINITY } else { 0.0 };
        }
        if m == 0.0 {
            // Under the null every observation is 0: a positive one refutes it outright.
            return if self.sum > 0.0 { f64::INFINITY } else { 0.0 };
        }
        if m >= 1.0 || self.count == 0 {
            return 0.0;
        }
        self.log_mixture(m) + self.beta_above(m).ln() - (-m).ln_1p()
    }

    /// Whether the evidence that the mean is above m reaches a threshold.
    fn is_above(self, m: f64, threshold: f64) -> bool {
        // The factor of the truncation is at most 1 / (1 - m), and costs more than the rest: not
        // taken where it cannot decide.
        let within = m > 0.0 && m < 1.0 && self.count > 0;
        // Below m no ratio with theta above m exceeds 1.
        if within && self.sum <= m * self.count as f64 {
            return false;
        }
        (!within || self.log_mixture(m) - (-m).ln_1p() >= threshold)
            && self.log_above(m) >= threshold
    }

    /// P(Beta(k + 1, n - k + 1) > m), or something smaller where n is large.
    fn beta_above(self, m: f64) -> f64 {
        let (a, b) = (self.sum + 1.0, self.count as f64 - self.sum + 1.0);
        if a + b <= EXACT_BETA {
            return 1.0 - beta_reg(a, b, m);
        }
        // P(Beta(a, b) <= m) falls in a and rises in b; for whole a and b it is P(Bin(a + b - 1, m)
        // >= a), and Chernoff bounds it.
        let (a, b) = (a.floor(), b.ceil());
        let n = a + b - 1.0;
        let p = a / n;
        if p <= m {
            return 0.0;
        }
        let divergence = p * (p / m).ln() + (1.0 - p) * (((1.0 - p) / (1.0 - m)).ln());
        -(-n * divergence.max(0.0)).exp_m1()
    }
}

/// Whether the mean of observations in [0, 1] is above or below a bound, from counts.
///
/// ```
/// use fluidcheck::stats::{mean_test::Side, counts::CountTest, procedure::MeanProcedure};
/// let mut test = CountTest::new(0.5, 1e-6);
/// test.observe_many(500_200_000.0, 1_000_000_000);
/// assert_eq!(test.decision(), Some(Side::Above));
/// ```
#[derive(Clone, Debug)]
pub struct CountTest {
    bound: f64,
    threshold: f64,
    tally: Tally,
    decision: Option<Side>,
}

impl CountTest {
    /// A test around `bound`, each side wrong with probability at most `alpha / 2`.
    ///
    /// # Panics
    /// Unless 0 < alpha < 1 and `bound` is a number.
    pub fn new(bound: f64, alpha: f64) -> Self {
        assert!(alpha > 0.0 && alpha < 1.0, "alpha = {alpha} is no probability");
        spending::record(alpha);
        assert!(!bound.is_nan(), "the bound is NaN");
        Self { bound, threshold: (2.0 / alpha).ln(), tally: Tally::default(), decision: None }
    }

    /// Takes `count` observations that add up to `sum`.
    ///
    /// # Panics
    /// Unless 0 <= sum <= count.
    pub fn observe_many(&mut self, sum: f64, count: u64) {
        self.tally.add(sum, count);
        let is_above = |tally: Tally, bound: f64| tally.is_above(bound, self.threshold);
        if self.decision.is_none() && is_above(self.tally, self.bound) {
            self.decision = Some(Side::Above);
        } else if self.decision.is_none() && is_above(self.tally.mirrored(), 1.0 - self.bound) {
            self.decision = Some(Side::Below);
        }
    }

    /// How many observations there were.
    pub fn count(&self) -> u64 {
        self.tally.count
    }
}

impl MeanProcedure for CountTest {
    fn observe(&mut self, x: f64) {
        self.observe_many(x, 1);
    }

    fn decision(&self) -> Option<Side> {
        self.decision
    }
}

/// A running interval for the mean of observations in [0, 1], from counts: Robbins's.
#[derive(Clone, Debug)]
pub struct CountInterval {
    log_alpha: f64,
    tally: Tally,
    next_look: u64,
    lower: f64,
    upper: f64,
}

impl CountInterval {
    /// An interval wrong at any time with probability at most `alpha`.
    ///
    /// # Panics
    /// Unless 0 < alpha < 1.
    pub fn new(alpha: f64) -> Self {
        assert!(alpha > 0.0 && alpha < 1.0, "alpha = {alpha} is no probability");
        spending::record(alpha);
        let (tally, next_look) = (Tally::default(), FIRST_LOOK);
        Self { log_alpha: alpha.ln(), tally, next_look, lower: 0.0, upper: 1.0 }
    }

    /// Takes `count` observations that add up to `sum`.
    ///
    /// # Panics
    /// Unless 0 <= sum <= count.
    pub fn observe_many(&mut self, sum: f64, count: u64) {
        self.tally.add(sum, count);
        if self.tally.count >= self.next_look {
            (self.lower, self.upper) = self.now();
            self.next_look = self.tally.count + self.tally.count / 4;
        }
    }

    fn reached(&self, m: f64) -> bool {
        self.tally.log_mixture(m) >= -self.log_alpha
    }

    /// The ends of the present moment within those of the past. P(Bin(n, m) = k) is log-concave in
    /// m: what is not excluded is an interval.
    fn now(&self) -> (f64, f64) {
        if self.tally.count == 0 {
            return (0.0, 1.0);
        }
        let mean = self.tally.sum / self.tally.count as f64;
        let end = |mut outer: f64, mut inner: f64| {
            if !self.reached(outer) {
                return outer;
            }
            for _ in 0..60 {
                let middle = f64::midpoint(outer, inner);
                *(if self.reached(middle) { &mut outer } else { &mut inner }) = middle;
            }
            outer
        };
        (end(0.0, mean).max(self.lower), end(1.0, mean).min(self.upper))
    }

    /// How many observations there were.
    pub fn count(&self) -> u64 {
        self.tally.count
    }
}

impl IntervalProcedure for CountInterval {
    fn observe(&mut self, x: f64) {
        self.observe_many(x, 1);
    }

    fn ends(&self) -> (f64, f64) {
        self.now()
    }

    fn excludes(&self, mean: f64) -> bool {
        !(self.lower..=self.upper).contains(&mean) || self.reached(mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    /// The mixture over (m, 1] by Simpson's rule.
    fn integral(k: f64, n: f64, m: f64) -> f64 {
        let steps = 20_000;
        let width = (1.0 - m) / f64::from(steps);
        let ratio = |theta: f64| (theta / m).powf(k) * ((1.0 - theta) / (1.0 - m)).powf(n - k);
        let sum: f64 = (0..=steps)
            .map(|i| {
                let weight = if i == 0 || i == steps { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
                weight * ratio((m + f64::from(i) * width).min(1.0))
            })
            .sum();
        sum * width / 3.0 / (1.0 - m)
    }

    #[test]
    fn the_closed_form_is_the_integral() {
        for (k, n, m) in
            [(3.0, 10u64, 0.2), (0.0, 5, 0.4), (5.0, 5, 0.4), (2.5, 9, 0.6), (60.0, 100, 0.5)]
        {
            let tally = Tally { count: n, sum: k };
            let exact = integral(k, n as f64, m);
            assert_relative_eq!(tally.log_above(m).exp(), exact, max_relative = 1e-7);
        }
    }

    #[test]
    fn bounds_at_the_ends_and_beyond_are_exact() {
        for (bound, x, decision) in [
            (0.0, 0.0, None),
            (0.0, 1e-9, Some(Side::Above)),
            (1.0, 1.0, None),
            (1.0, 0.5, Some(Side::Below)),
            (-0.1, 0.0, Some(Side::Above)),
            (1.1, 1.0, Some(Side::Below)),
        ] {
            let mut test = CountTest::new(bound, 1e-6);
            assert_eq!(test.decision(), None);
            test.observe(x);
            assert_eq!(test.decision(), decision, "{x} against {bound}");
        }
    }

    #[test]
    fn constant_data_are_decided_soon_and_a_billion_of_fair_coins_never() {
        let mut test = CountTest::new(0.5, 1e-6);
        while test.decision().is_none() {
            test.observe(1.0);
        }
        assert_eq!((test.decision(), test.count()), (Some(Side::Above), 25));
        let (mut test, mut interval) = (CountTest::new(0.5, 1e-6), CountInterval::new(1e-6));
        for _ in 0..1000 {
            test.observe_many(500_000.0, 1_000_000);
            interval.observe_many(500_000.0, 1_000_000);
        }
        assert_eq!((test.decision(), test.count()), (None, 1_000_000_000));
        // (n + 1) P(Bin(n, m) = n / 2) = alpha where 2 n (m - 1/2)^2 = ln(n / alpha) - ln(sqrt(pi n
        // / 2)).
        let (lower, upper) = interval.ends();
        let half = ((1e15f64.ln() - 0.5 * (std::f64::consts::FRAC_PI_2 * 1e9).ln()) / 2e9).sqrt();
        assert_relative_eq!(upper - 0.5, half, max_relative = 1e-5);
        assert_relative_eq!(0.5 - lower, half, max_relative = 1e-5);
        assert!(!interval.excludes(0.5) && interval.excludes(0.5 + 1.01 * half));
    }

    #[test]
    fn constant_data_give_intervals_that_keep_their_end() {
        let mut interval = CountInterval::new(0.05);
        interval.observe_many(0.0, 100);
        let (lower, upper) = interval.ends();
        // (n + 1) (1 - m)^n = alpha.
        assert_eq!(lower, 0.0);
        assert_relative_eq!(upper, 1.0 - (0.05f64 / 101.0).powf(0.01), max_relative = 1e-9);
        interval.observe(1.0);
        assert!(interval.excludes(0.0) && interval.ends().0 > 0.0);
    }

    #[test]
    fn for_large_numbers_the_tail_is_chernoffs() {
        // 1 - exp(-n D(a / n, m)) with the whole a = k + 1 and n = count + 1, in 40 digits; nothing
        // where a / n is below m.
        for (sum, count, m, tail) in [
            (1050.0, 2000, 0.5, 0.921_922_937_162_530_9),
            (30.0, 1200, 0.02, 0.612_814_071_977_678_4),
            (1150.5, 1200, 0.95, 0.607_965_687_056_842_6),
            (950.0, 2000, 0.5, 0.0),
        ] {
            let tally = Tally { count, sum };
            assert_relative_eq!(tally.beta_above(m), tail, max_relative = 1e-10);
            assert!(tail <= 1.0 - beta_reg(sum + 1.0, count as f64 - sum + 1.0, m) + 1e-9);
        }
    }

    #[test]
    fn a_bound_below_all_means_waits_for_an_observation() {
        assert_eq!((Tally::default().log_above(-0.1), Tally::default().log_above(0.0)), (0.0, 0.0));
        assert_eq!(Tally { count: 1, sum: 0.0 }.log_above(-0.1), f64::INFINITY);
    }

    #[test]
    fn what_a_look_has_excluded_stays_excluded() {
        let mut interval = CountInterval::new(0.05);
        interval.observe_many(31.0, 31);
        let now = (interval.lower, interval.upper, interval.count());
        assert_eq!(now, (0.0, 1.0, 31), "the first look is at 32");
        interval.observe(1.0);
        // (1 - p)^32 33 = 1 / alpha, mirrored.
        let lower = (0.05f64 / 33.0).powf(1.0 / 32.0);
        assert_relative_eq!(interval.lower, lower, max_relative = 1e-9);
        assert_eq!(interval.next_look, 40);
        interval.observe_many(0.0, 7);
        assert_eq!((interval.ends().0, interval.next_look), (interval.lower, 40));
        interval.observe(0.0);
        assert_eq!(interval.next_look, 50);
        assert!(interval.excludes(lower - 1e-6) && interval.ends().0 >= lower - 1e-9);
    }

    proptest! {
        #[test]
        fn what_large_numbers_use_is_never_above_the_exact_mixture(sum in 0.0..=1.0f64, n in 2u64..900, m in 0.01..0.99f64) {
            let tally = Tally { count: n, sum: sum * n as f64 };
            let (a, b) = ((tally.sum + 1.0).floor(), (n as f64 - tally.sum + 1.0).ceil());
            let p = a / (a + b - 1.0);
            let divergence = p * (p / m).ln() + if p < 1.0 { (1.0 - p) * ((1.0 - p) / (1.0 - m)).ln() } else { 0.0 };
            let bound = if p > m { 1.0 - (-(a + b - 1.0) * divergence).exp() } else { 0.0 };
            prop_assert!(bound <= tally.beta_above(m) + 1e-9);
        }

        #[test]
        fn batches_are_the_same_as_single_observations(coins in prop::collection::vec(any::<bool>(), 1..80)) {
            let (mut single, mut batch) = (CountInterval::new(0.2), CountInterval::new(0.2));
            coins.iter().for_each(|&coin| single.observe(f64::from(u8::from(coin))));
            batch.observe_many(coins.iter().filter(|&&coin| coin).count() as f64, coins.len() as u64);
            prop_assert_eq!(single.tally, batch.tally);
            // The single ones have looked more often.
            prop_assert!(single.ends().0 >= batch.ends().0 && single.ends().1 <= batch.ends().1);
        }
    }
}
