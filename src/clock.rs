//! The times of the events: a Poisson process of rate (1 + lambda) N that does not depend on who looks, or when.
//!
//! Time is cut into steps in which [`MEAN_EVENTS`] events are expected. The number of events of a step and, given
//! the number, their times (independent uniform times of the step, sorted) are pure functions of seed, replication and
//! the step's index. So a state at a time is the same path's state whatever was looked at before; times are drawn only for
//! steps that somebody looks into.
//!
//! | statement | here |
//! |---|---|
//! | the number of events of a step is Poisson | [`Clock::events_in`] |
//! | given their number, events are uniform in the step | [`Clock::times_in`] |
//!
//! Since the mean of a step is a constant, the law of its number is one table, computed by additions, multiplications
//! and divisions only (the same on every machine) and sampled by inversion with 64 bits. The distance in total variation to the
//! exact law is below 10^-12 a step (weights have relative errors below 10^-13, thresholds are rounded to 2^-64). That is
//! why rand_distr's `Poisson` is not used: its rejection from a normal law evaluates ln k! to about nine digits.
//! Times are rounded to `f64`, 53 bits.
//!
//! # Source
//! Order statistics of the Poisson process, classical.

use std::sync::OnceLock;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::randomness::clock_rng;

/// The expected number of events in a step.
pub const MEAN_EVENTS: u32 = 256;

/// The largest number of events in a step; a larger one has a probability below 10^-50.
const MOST_EVENTS: usize = 640;

/// Words of the generator that belong to a step: more than 2 + 2 [`MOST_EVENTS`].
const WORDS_OF_STEP: u32 = 11;

/// The event times of one replication.
///
/// ```
/// use fluidcheck::clock::Clock;
/// let clock = Clock::new(18.0, 1, 0);
/// let times = clock.times_in(3);
/// assert_eq!(times.len(), clock.events_in(3) as usize);
/// assert!(times.iter().all(|&t| clock.start_of(3) <= t && t < clock.start_of(4)));
/// ```
#[derive(Clone, Debug)]
pub struct Clock {
    rng: ChaCha8Rng,
    width: f64,
}

impl Clock {
    /// The clock of a replication of a process whose events come at `rate`.
    ///
    /// # Panics
    /// If `rate` is not positive and finite.
    pub fn new(rate: f64, seed: u64, replication: u64) -> Self {
        assert!(rate > 0.0 && rate.is_finite(), "a rate is positive and finite, not {rate}");
        Self { rng: clock_rng(seed, replication), width: f64::from(MEAN_EVENTS) / rate }
    }

    /// When step `step` starts.
    #[inline]
    pub fn start_of(&self, step: u64) -> f64 {
        step as f64 * self.width
    }

    /// The number of events in step `step`.
    pub fn events_in(&self, step: u64) -> u32 {
        number_of_events(&mut self.rng_of(step))
    }

    /// The times of the events of step `step` in ascending order, all in `start_of(step)..start_of(step + 1)`.
    pub fn times_in(&self, step: u64) -> Vec<f64> {
        let mut rng = self.rng_of(step);
        let number = number_of_events(&mut rng);
        let mut places: Vec<u64> = (0..number).map(|_| rng.next_u64()).collect();
        places.sort_unstable();
        let (start, last) = (self.start_of(step), self.start_of(step + 1).next_down());
        // Rounding may carry a late event to the next step's start, where it would be counted in neither.
        places.iter().map(|&u| (start + self.width * (u as f64 * 2f64.powi(-64))).min(last)).collect()
    }

    fn rng_of(&self, step: u64) -> ChaCha8Rng {
        let mut rng = self.rng.clone();
        rng.set_word_pos(u128::from(step) << WORDS_OF_STEP);
        rng
    }
}

fn number_of_events(rng: &mut impl Rng) -> u32 {
    let table = table();
    let u = rng.next_u64();
    table.partition_point(|&threshold| threshold <= u) as u32
}

/// `table()[k]` is P(number <= k) 2^64, rounded; the last entry would be 2^64 and is left out.
fn table() -> &'static [u64] {
    static TABLE: OnceLock<Vec<u64>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let (mode, mean) = (MEAN_EVENTS as usize, f64::from(MEAN_EVENTS));
        let mut weights = vec![0.0; MOST_EVENTS + 1];
        weights[mode] = 1.0;
        for k in (0..mode).rev() {
            weights[k] = weights[k + 1] * (k + 1) as f64 / mean;
        }
        for k in mode + 1..=MOST_EVENTS {
            weights[k] = weights[k - 1] * mean / k as f64;
        }
        let all: f64 = weights.iter().sum();
        let cumulated = weights.iter().scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        cumulated.take(MOST_EVENTS).map(|sum| (sum / all * 2f64.powi(64)) as u64).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_poisson_law() {
        use statrs::distribution::{DiscreteCDF, Poisson};
        let law = Poisson::new(f64::from(MEAN_EVENTS)).unwrap();
        assert_eq!(table().len(), MOST_EVENTS);
        assert!(table().is_sorted());
        for (k, &threshold) in table().iter().enumerate() {
            // statrs evaluates the incomplete gamma function to about 12 digits.
            assert!((threshold as f64 / 2f64.powi(64) - law.cdf(k as u64)).abs() < 1e-10, "{k}");
        }
    }

    #[test]
    fn a_step_never_needs_the_words_of_the_next() {
        assert!(2 + 2 * MOST_EVENTS <= 1 << WORDS_OF_STEP);
    }
}
