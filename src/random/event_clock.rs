//! The times of the events: a Poisson process of rate (1 + lambda) N that does not depend on who
//! looks, or when.
//!
//! Time is cut into steps in which [`MEAN_EVENTS`] events are expected. The number of events of a
//! step and, given the number, their times (independent uniform times of the step, sorted) are pure
//! functions of seed, replication and the step's index. So a state at a time is the same path's
//! state whatever was looked at before; times are drawn only for steps that somebody looks into.
//!
//! | statement | here |
//! |---|---|
//! | the number of events of a step is Poisson | [`Clock::events_in`] |
//! | given their number, events are uniform in the step | [`Clock::times_in`] |
//! | which events come before a time | [`Timeline`] |
//!
//! Since the mean of a step is a constant, the law of its number is one table, computed by
//! additions, multiplications and divisions only (the same on every machine) and sampled by
//! inversion with 64 bits. The distance in total variation to the exact law is below 10^-12 a step
//! (weights have relative errors below 10^-13, thresholds are rounded to 2^-64). That is why
//! rand_distr's `Poisson` is not used: its rejection from a normal law evaluates ln k! to about
//! nine digits. Times are rounded to `f64`, 53 bits.
//!
//! # Source
//! Order statistics of the Poisson process, classical.

use std::sync::OnceLock;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use thiserror::Error;

use super::clock_rng;

/// The expected number of events in a step.
pub const MEAN_EVENTS: u32 = 256;

/// The largest number of events in a step; a larger one has a probability below 10^-50.
const MOST_EVENTS: usize = 640;

/// Each step has two to this power words of the generator: more than it can need.
const WORDS_OF_STEP: u32 = 11;
const _: () = assert!(2 + 2 * MOST_EVENTS <= 1 << WORDS_OF_STEP);

/// The event times of one replication.
///
/// ```
/// use fluidcheck::random::event_clock::Clock;
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

    /// The times of the events of step `step` in ascending order, all in
    /// `start_of(step)..start_of(step + 1)`.
    pub fn times_in(&self, step: u64) -> Vec<f64> {
        let mut rng = self.rng_of(step);
        let number = number_of_events(&mut rng);
        let mut places: Vec<u64> = (0..number).map(|_| rng.next_u64()).collect();
        places.sort_unstable();
        let (start, last) = (self.start_of(step), self.start_of(step + 1).next_down());
        // Rounding may carry a late event to the next step's start, where it would be counted in
        // neither.
        places
            .iter()
            .map(|&u| (start + self.width * (u as f64 * 2f64.powi(-64))).min(last))
            .collect()
    }

    fn rng_of(&self, step: u64) -> ChaCha8Rng {
        let mut rng = self.rng.clone();
        rng.set_word_pos(u128::from(step) << WORDS_OF_STEP);
        rng
    }
}

/// Why a path cannot be advanced to a time.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum TimeError {
    /// The path has already passed the time.
    #[error(
        "time {asked} is in the past of a path that is at {now}: ask for times in ascending order"
    )]
    Backwards {
        /// The time asked for.
        asked: f64,
        /// Where the path is.
        now: f64,
    },
    /// The time is NaN, infinite or negative.
    #[error("time {0} is not a time: give a finite number from 0 on")]
    NotATime(f64),
}

/// A place on a clock: how many events a path has applied, and which come next.
///
/// The path itself is applied by the closures, which are told how many events come next, and with
/// [`Timeline::advance_timed`] their times.
///
/// ```
/// use fluidcheck::random::event_clock::{Clock, Timeline};
/// let mut timeline = Timeline::new(Clock::new(18.0, 1, 0));
/// let mut events = 0;
/// timeline.advance_to(100.0, |count| events += count)?;
/// assert_eq!(events, timeline.events());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Timeline {
    clock: Clock,
    step: u64,
    in_step: u32,
    // The length of the current step, and its times once somebody has looked into it.
    events_of_step: u32,
    times: Option<Vec<f64>>,
    looked: f64,
    events: u64,
}

impl Timeline {
    /// The start of a clock.
    pub fn new(clock: Clock) -> Self {
        Self {
            step: 0,
            in_step: 0,
            events_of_step: clock.events_in(0),
            times: None,
            looked: 0.0,
            events: 0,
            clock,
        }
    }

    /// The number of events so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Where the path is: the last time advanced to, or the time of the last event if that is
    /// later.
    pub fn time(&self) -> f64 {
        self.last_event().map_or(self.looked, |last| last.max(self.looked))
    }

    /// The next `count` events.
    pub fn advance_by(&mut self, count: u64, mut apply: impl FnMut(u64)) {
        let mut left = count;
        while left > 0 {
            if self.in_step == self.events_of_step {
                self.next_step();
            }
            let some = left.min(u64::from(self.events_of_step - self.in_step));
            self.pass(some as u32);
            apply(some);
            left -= some;
        }
    }

    /// All events strictly before `time`.
    ///
    /// # Errors
    /// [`TimeError::NotATime`]; [`TimeError::Backwards`] where an event at or after `time` has been
    /// applied.
    pub fn advance_to(&mut self, time: f64, mut apply: impl FnMut(u64)) -> Result<(), TimeError> {
        self.check(time)?;
        while self.clock.start_of(self.step + 1) <= time {
            let rest = self.events_of_step - self.in_step;
            self.pass(rest);
            apply(rest.into());
            self.next_step();
        }
        if time > self.clock.start_of(self.step) {
            let some = self.times().partition_point(|&t| t < time) as u32 - self.in_step;
            self.pass(some);
            apply(some.into());
        }
        self.looked = time;
        Ok(())
    }

    /// All events strictly before `time`, with their times in ascending order.
    ///
    /// # Errors
    /// As [`Timeline::advance_to`].
    pub fn advance_timed(
        &mut self,
        time: f64,
        mut apply: impl FnMut(&[f64]),
    ) -> Result<(), TimeError> {
        self.check(time)?;
        loop {
            let from = self.in_step as usize;
            let times = self.times.get_or_insert_with(|| self.clock.times_in(self.step));
            let end = times.partition_point(|&t| t < time);
            apply(&times[from..end]);
            self.pass((end - from) as u32);
            if self.clock.start_of(self.step + 1) > time {
                break;
            }
            self.next_step();
        }
        self.looked = time;
        Ok(())
    }

    /// The time of the next event.
    pub fn next_time(&mut self) -> f64 {
        let next = self.in_step as usize;
        if let Some(&time) = self.times().get(next) {
            return time;
        }
        // The step is not left: the path has not yet passed the rest of it.
        (self.step + 1..)
            .find_map(|step| self.clock.times_in(step).first().copied())
            .unwrap_or(f64::INFINITY)
    }

    fn check(&self, time: f64) -> Result<(), TimeError> {
        if !(time >= 0.0 && time.is_finite()) {
            return Err(TimeError::NotATime(time));
        }
        let now = self.time();
        // The state before an event at `now` is gone once that event is applied.
        if time < now || self.last_event().is_some_and(|last| last >= time) {
            return Err(TimeError::Backwards { asked: time, now });
        }
        Ok(())
    }

    /// The time of the last event applied in this step.
    fn last_event(&self) -> Option<f64> {
        let last = (self.in_step as usize).checked_sub(1)?;
        let drawn = || self.clock.times_in(self.step)[last];
        Some(self.times.as_ref().map_or_else(drawn, |times| times[last]))
    }

    fn times(&mut self) -> &[f64] {
        self.times.get_or_insert_with(|| self.clock.times_in(self.step))
    }

    fn pass(&mut self, count: u32) {
        self.in_step += count;
        self.events += u64::from(count);
    }

    fn next_step(&mut self) {
        self.step += 1;
        self.in_step = 0;
        self.events_of_step = self.clock.events_in(self.step);
        self.times = None;
    }
}

fn number_of_events(rng: &mut impl Rng) -> u32 {
    let u = rng.next_u64();
    table().partition_point(|&threshold| threshold <= u) as u32
}

/// 2^64, which `powi` need not give exactly.
const TWO_64: f64 = 18_446_744_073_709_551_616.0;

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
        cumulated.take(MOST_EVENTS).map(|sum| (sum / all * TWO_64) as u64).collect()
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
            assert!((threshold as f64 / TWO_64 - law.cdf(k as u64)).abs() < 1e-10, "{k}");
        }
    }
}
