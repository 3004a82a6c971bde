//! A bound from below on the mean of variables that are not negative, whatever their size.
//!
//! With y_t the running mean before X_t, xi_t = (X_t - y_t) / y_t >= -1, bets b_t in (0, 1) fixed
//! before X_t, and psi(b) = -ln(1 - b) - b,
//!
//! exp(b xi - psi(b) xi^2) <= 1 + b xi for xi >= -1,
//!
//! so that prod_t exp(b_t (X_t - mu) / y_t - psi(b_t) xi_t^2) is a nonnegative supermartingale, and
//! mu >= (sum b_t X_t / y_t - ln(1 / alpha) - sum psi(b_t) xi_t^2) / sum (b_t / y_t) at all times
//! together, but for a probability alpha. Compared with [`super::empirical_bernstein`], nothing is
//! asked of large values, and what few observations say is measured by the mean, not by a range.
//!
//! The bets are those that are best for a number of observations that is expected beforehand; any
//! other number is right, too.
//!
//! # Source
//! Fan, Grama and Liu, *Exponential inequalities for martingales with applications*, EJP 20 (2015),
//! Proposition 4.1, for the inequality; Howard, Ramdas, McAuliffe and Sekhon, *Time-uniform,
//! nonparametric, nonasymptotic confidence sequences*, Annals of Statistics 49 (2021), Theorem 4.

use super::spending;

/// The largest bet.
const MOST: f64 = 0.95;

/// What the observations are expected to be; it decides about the width alone.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// Their mean, positive.
    pub mean: f64,
    /// Their variance.
    pub variance: f64,
    /// Their number.
    pub count: f64,
}

/// A running bound from below for the mean of independent observations that are not negative.
#[derive(Clone, Debug)]
pub struct LowerBound {
    log: f64,
    expected: Expected,
    count: u64,
    sum: f64,
    squares: f64,
    sum_bets: f64,
    sum_weighted: f64,
    sum_psi: f64,
    best: f64,
}

impl LowerBound {
    /// A bound that is wrong at any time with probability at most `alpha`.
    ///
    /// # Panics
    /// Unless 0 < alpha < 1 and the expected mean is positive and finite.
    pub fn new(alpha: f64, expected: Expected) -> Self {
        assert!(alpha > 0.0 && alpha < 1.0, "alpha = {alpha} is no probability");
        spending::record(alpha);
        let Expected { mean, .. } = expected;
        assert!(mean > 0.0 && mean.is_finite(), "no mean of {mean} is expected");
        Self {
            log: -alpha.ln(),
            expected,
            count: 0,
            sum: 0.0,
            squares: 0.0,
            sum_bets: 0.0,
            sum_weighted: 0.0,
            sum_psi: 0.0,
            best: 0.0,
        }
    }

    /// Takes the next observation.
    ///
    /// # Panics
    /// Unless 0 <= x < infinity.
    pub fn observe(&mut self, x: f64) {
        assert!((0.0..f64::INFINITY).contains(&x), "observation {x} is negative or none");
        let t = self.count as f64 + 1.0;
        let mean = (self.expected.mean + self.sum) / t;
        let variance = (self.expected.variance + self.squares) / t / (mean * mean);
        // Where psi'(b) = b / (1 - b) is what sqrt(2 ln(1 / alpha) / (n v)) would be for a square.
        let odds = (2.0 * self.log / (variance * self.expected.count.max(t))).sqrt();
        let bet = (odds / (1.0 + odds)).min(MOST);
        let away = (x - mean) / mean;
        self.sum_bets += bet / mean;
        self.sum_weighted += bet / mean * x;
        self.sum_psi += (-(-bet).ln_1p() - bet) * away * away;
        self.count += 1;
        self.sum += x;
        let now = (self.expected.mean + self.sum) / (t + 1.0);
        self.squares += (x - now) * (x - mean);
        let bound = (self.sum_weighted - self.log - self.sum_psi) / self.sum_bets;
        // All bounds hold together.
        self.best = self.best.max(bound);
    }

    /// The bound; 0 before any observation.
    pub fn lower(&self) -> f64 {
        self.best
    }

    /// The running sums, from which [`LowerBound::with_state`] goes on as if nothing had happened.
    pub fn state(&self) -> [f64; 7] {
        let count = self.count as f64;
        let Self { sum, squares, sum_bets, sum_weighted, sum_psi, best, .. } = *self;
        [count, sum, squares, sum_bets, sum_weighted, sum_psi, best]
    }

    /// The bound made alike whose [`LowerBound::state`] was `state`.
    #[must_use]
    pub fn with_state(self, state: [f64; 7]) -> Self {
        let [count, sum, squares, sum_bets, sum_weighted, sum_psi, best] = state;
        Self { count: count as u64, sum, squares, sum_bets, sum_weighted, sum_psi, best, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream_rng;
    use rand::RngExt;

    fn expecting(mean: f64, variance: f64, count: f64) -> Expected {
        Expected { mean, variance, count }
    }

    #[test]
    fn it_errs_no_more_often_than_stated_and_wins_what_the_variance_allows() {
        // Zero or 1 / p, with probability p: skewed, mean 1. A regression test of fixed seeds.
        for (p, alpha) in [(0.5, 0.25), (0.05, 0.25), (0.9, 0.1)] {
            let (mut wrong, runs) = (0, 400);
            let mut last = 0.0;
            for run in 0..runs {
                let mut rng = stream_rng(11, run);
                let expected = expecting(0.7, 1.0 / p - 1.0, 300.0);
                let mut bound = LowerBound::new(alpha, expected);
                for _ in 0..600 {
                    bound.observe(if rng.random::<f64>() < p { 1.0 / p } else { 0.0 });
                }
                wrong += u32::from(bound.lower() > 1.0);
                last += bound.lower() / runs as f64;
            }
            // Three standard errors above.
            let most = alpha + 3.0 * (alpha * (1.0 - alpha) / runs as f64).sqrt();
            assert!(f64::from(wrong) / runs as f64 <= most, "{p}: {wrong} of {runs}");
            let normal = (2.0 * (1.0 / alpha).ln() * (1.0 / p - 1.0) / 600.0f64).sqrt();
            assert!(last > 1.0 - 2.0 * normal - 0.05, "{p}: {last}");
        }
    }

    #[test]
    fn it_goes_on_from_its_state_to_the_bit() {
        let fresh = || LowerBound::new(0.01, expecting(1.0, 0.1, 100.0));
        let (mut whole, mut first) = (fresh(), fresh());
        let value = |k: i32| 1.0 + f64::from(k % 7) / 7.0;
        (0..500).for_each(|k| first.observe(value(k)));
        let mut second = fresh().with_state(first.state());
        (500..540).for_each(|k| second.observe(value(k)));
        (0..540).for_each(|k| whole.observe(value(k)));
        assert_eq!(second.state(), whole.state());
        assert!(1.0 < whole.lower() && whole.lower() < 1.5);
    }
}
