//! Where is the mean of a bounded variable? A confidence sequence in O(1) per observation;
//! [`super::betting_interval`] is narrower.
//!
//! # Source
//! Waudby-Smith and Ramdas (2024), Theorem 2: the predictable plug-in empirical-Bernstein
//! confidence sequence. With bets b_t in (0, 1) fixed before X_t, mu_t the running mean before X_t,
//! v_t = 4 (X_t - mu_t)^2 and psi(b) = (-ln(1 - b) - b) / 4, the interval (sum b_t X_t ± (ln(2 /
//! alpha) + sum v_t psi(b_t))) / sum b_t covers the mean at all times together with probability at
//! least 1 - alpha.

use super::procedure::IntervalProcedure;
use super::spending;

/// A running interval for the mean of independent observations in [0, range].
#[derive(Clone, Debug)]
pub struct EmpiricalBernstein {
    range: f64,
    log_2_over_alpha: f64,
    count: u64,
    sum: f64,
    squares: f64,
    sum_bets: f64,
    sum_weighted: f64,
    sum_psi: f64,
    lower: f64,
    upper: f64,
}

impl EmpiricalBernstein {
    /// An interval for observations in [0, range], wrong at any time with probability at most
    /// `alpha`.
    ///
    /// # Panics
    /// Unless 0 < alpha < 1 and range is positive and finite.
    pub fn new(range: f64, alpha: f64) -> Self {
        assert!(alpha > 0.0 && alpha < 1.0, "alpha = {alpha} is no probability");
        spending::record(alpha);
        assert!(range > 0.0 && range.is_finite(), "range = {range} is no range");
        Self {
            range,
            log_2_over_alpha: (2.0 / alpha).ln(),
            count: 0,
            sum: 0.0,
            squares: 0.0,
            sum_bets: 0.0,
            sum_weighted: 0.0,
            sum_psi: 0.0,
            lower: 0.0,
            upper: 1.0,
        }
    }

    /// Takes the next observation.
    ///
    /// # Panics
    /// Unless 0 <= x <= range.
    pub fn observe(&mut self, x: f64) {
        assert!((0.0..=self.range).contains(&x), "observation {x} outside [0, {}]", self.range);
        let x = x / self.range;
        let t = self.count as f64 + 1.0;
        // (15) there: regularised mean and variance before this observation, and the bet made of
        // them.
        let mean = (0.5 + self.sum) / t;
        let variance = (0.25 + self.squares) / t;
        let bet = (2.0 * self.log_2_over_alpha / (variance * t * (1.0 + t).ln())).sqrt().min(0.75);
        let deviation = 4.0 * (x - mean) * (x - mean);
        self.sum_bets += bet;
        self.sum_weighted += bet * x;
        self.sum_psi += deviation * (-(-bet).ln_1p() - bet) / 4.0;
        self.count += 1;
        self.sum += x;
        let now = (0.5 + self.sum) / (t + 1.0);
        self.squares += (x - now) * (x - now);
        let centre = self.sum_weighted / self.sum_bets;
        let half = (self.log_2_over_alpha + self.sum_psi) / self.sum_bets;
        // All intervals cover together, so their intersection does.
        self.lower = self.lower.max(centre - half);
        self.upper = self.upper.min(centre + half);
    }

    /// The running sums, from which [`EmpiricalBernstein::with_state`] goes on as if nothing had
    /// happened.
    pub fn state(&self) -> [f64; 8] {
        let count = self.count as f64;
        [
            count,
            self.sum,
            self.squares,
            self.sum_bets,
            self.sum_weighted,
            self.sum_psi,
            self.lower,
            self.upper,
        ]
    }

    /// The interval with this range and alpha whose [`EmpiricalBernstein::state`] was `state`.
    #[must_use]
    pub fn with_state(self, state: [f64; 8]) -> Self {
        let [count, sum, squares, sum_bets, sum_weighted, sum_psi, lower, upper] = state;
        Self {
            count: count as u64,
            sum,
            squares,
            sum_bets,
            sum_weighted,
            sum_psi,
            lower,
            upper,
            ..self
        }
    }

    /// The sample mean; the middle of the range before the first observation.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { self.range / 2.0 } else { self.range * self.sum / self.count as f64 }
    }

    /// The lower end.
    pub fn lower(&self) -> f64 {
        self.range * self.lower
    }

    /// The upper end.
    pub fn upper(&self) -> f64 {
        self.range * self.upper
    }

    /// How many observations there were.
    pub fn count(&self) -> u64 {
        self.count
    }
}

impl IntervalProcedure for EmpiricalBernstein {
    fn observe(&mut self, x: f64) {
        Self::observe(self, x);
    }

    fn ends(&self) -> (f64, f64) {
        (self.lower(), self.upper())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shrinks_towards_constant_data() {
        let mut interval = EmpiricalBernstein::new(1.0, 0.05);
        for _ in 0..10_000 {
            interval.observe(0.3);
        }
        assert!(interval.lower() <= 0.3 && 0.3 <= interval.upper());
        assert!(interval.upper() - interval.lower() < 0.01);
    }

    #[test]
    fn it_goes_on_from_its_state_to_the_bit() {
        let (mut whole, mut first) =
            (EmpiricalBernstein::new(2.0, 0.01), EmpiricalBernstein::new(2.0, 0.01));
        let value = |k: i32| 1.0 + f64::from(k % 7) / 7.0;
        (0..500).for_each(|k| first.observe(value(k)));
        let mut second = EmpiricalBernstein::new(2.0, 0.01).with_state(first.state());
        assert!(first.lower() > 0.0 && first.upper() < 2.0);
        assert_eq!(second.state(), first.state());
        (500..540).for_each(|k| second.observe(value(k)));
        (0..540).for_each(|k| whole.observe(value(k)));
        assert_eq!(second.state(), whole.state());
        assert_eq!((second.lower(), second.upper()), (whole.lower(), whole.upper()));
    }

    #[test]
    fn the_ends_are_those_of_theorem_2() {
        // (15) and Theorem 2 of the source, by a sum written out in 30 digits; bets below and at
        // their cap of 3/4.
        type Row = (&'static str, f64, f64, u32, fn(u32) -> f64, [f64; 3]);
        let table: [Row; 2] = [
            (
                "five values in [0, 2]",
                2.0,
                0.5,
                40,
                |n| f64::from(n * 7 % 5) / 2.0,
                [1.0, 0.690_749_938_486_718_8, 1.289_392_734_868_599_2],
            ),
            (
                "two values in [0, 1]",
                1.0,
                0.05,
                200,
                |n| if n % 3 == 0 { 1.0 } else { 0.25 },
                [0.501_25, 0.397_742_070_615_474_8, 0.607_978_515_223_005_8],
            ),
        ];
        for (name, range, alpha, count, value, figures) in table {
            let mut interval = EmpiricalBernstein::new(range, alpha);
            assert_eq!(
                (interval.mean(), interval.ends(), interval.count()),
                (range / 2.0, (0.0, range), 0),
                "{name}"
            );
            (0..count).for_each(|n| IntervalProcedure::observe(&mut interval, value(n)));
            let (lower, upper) = interval.ends();
            for (have, want) in [interval.mean(), lower, upper].into_iter().zip(figures) {
                assert!((have - want).abs() < 1e-12, "{name}: {have}, not {want}");
            }
            assert_eq!(interval.count(), u64::from(count), "{name}");
        }
    }
}
