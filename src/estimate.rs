//! Estimates of a system by simulation, with intervals that hold together.
//!
//! All intervals of one estimate cover together with probability at least the stated confidence, whenever it
//! stops: they are empirical-Bernstein confidence sequences over independent replications, each with an
//! equal share of the error. No normal approximation and no burn-in that is guessed: see [`crate::stationary`].
//!
//! | estimate | here |
//! |---|---|
//! | the steady state, bracketed from empty and from above | [`steady_state`] |
//! | the state at given times | [`transient`] |
//!
//! # Source
//! [`crate::stats::confidence`]; Little's law for the delay: E delay = E queue length / lambda.

use std::time::{Duration, Instant};

use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, StudentsT};
use thiserror::Error;

use crate::graph::metrics;
use crate::meanfield::{OdeError, Start, StartError, Trajectory, solve};
use crate::model::Model;
use crate::randomness::stream_rng;
use crate::ratio;
use crate::simulate::{SimulateError, Simulation};
use crate::stationary::{NoCoalescence, Plan, Sample, plan};
use crate::stats::confidence::EmpiricalBernstein;
use crate::subject::Reference;

/// Replications that are run between two looks; a constant, so that results do not depend on the number of threads.
const BATCH: u64 = 64;

/// The fewest levels for which intervals are given.
const LEAST_LEVELS: u32 = 10;

/// The most levels for which intervals are given.
const MOST_LEVELS: u32 = 40;

/// Why there is no estimate.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum EstimateError {
    /// The systems from empty and from above did not meet.
    #[error(
        "no steady state was reached: copies from empty and from above had not met after {events} events; the load may be at or above the critical load (see inspect), or allow more with --events"
    )]
    NoSteadyState {
        /// Events that passed.
        events: u64,
    },
    /// A single path to the last time would need more events than there may be.
    #[error("time {} needs about {needed:.1e} events, above {events}: take an earlier time, or allow more with --events", ratio::shortest(*time))]
    TooLate {
        /// The last time.
        time: f64,
        /// The expected number of events up to it.
        needed: f64,
        /// The most there may be.
        events: u64,
    },
    /// The start is no state that can be simulated.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A time cannot be simulated.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
}

/// How much to spend and how sure to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The seed.
    pub seed: u64,
    /// The probability with which all intervals hold together.
    pub confidence: f64,
    /// The relative half-width of the mean queue length at which to stop.
    pub precision: f64,
    /// At most this many events, all replications together.
    pub events: u64,
    /// At least this many replications, and at most if nothing stops earlier.
    pub replications: Option<u64>,
    /// Which intervals.
    pub intervals: Intervals,
    /// Stop after this time; the result then depends on the machine's speed.
    pub time_limit: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            confidence: 0.95,
            precision: 0.01,
            events: 1_000_000_000,
            replications: None,
            intervals: Intervals::Guaranteed,
            time_limit: None,
        }
    }
}

/// Which intervals to give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Intervals {
    /// Empirical-Bernstein confidence sequences: right at every number of replications, and so wide where these are few.
    #[default]
    Guaranteed,
    /// Student's t over the replications, with the error shared equally: the usual approximation, good where each replication
    /// averages over many servers, without a guarantee.
    Student,
}

/// A mean with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimated {
    /// The sample mean.
    pub mean: f64,
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
    /// The standard error of the mean, for comparison with other tools; no interval rests on it.
    pub standard_error: f64,
}

/// An estimate of the steady state.
#[derive(Clone, Debug, PartialEq)]
pub struct SteadyState {
    /// E q_i(infinity), i = 1, 2, ...
    pub q: Vec<Estimated>,
    /// The expected queue length of a server, the task in service included.
    pub mean_queue_length: Estimated,
    /// The expected time in system of a task, in mean service times.
    pub mean_delay: Estimated,
    /// The bound on the effect of the upper start; `None` where it is not certified.
    pub start_error: Option<f64>,
    /// How the replications were laid out.
    pub plan: Plan,
    /// Replications run.
    pub replications: u64,
    /// The share of them whose two systems had met before their window.
    pub met: f64,
    /// Events simulated.
    pub events: u64,
    /// Wall time.
    pub seconds: f64,
    /// Whether the precision was reached.
    pub precise: bool,
}

/// Running mean and variance (Welford).
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn observe(&mut self, x: f64) {
        self.count += 1.0;
        let before = x - self.mean;
        self.mean += before / self.count;
        self.squares += before * (x - self.mean);
    }

    /// NaN for fewer than two observations.
    fn standard_error(&self) -> f64 {
        (self.squares.max(0.0) / (self.count - 1.0) / self.count).sqrt()
    }
}

/// A mean known from below and from above.
struct Bracket {
    lower: EmpiricalBernstein,
    upper: EmpiricalBernstein,
    low: Moments,
    high: Moments,
    cap: f64,
    alpha: f64,
    intervals: Intervals,
}

impl Bracket {
    fn new(range: f64, alpha: f64, intervals: Intervals) -> Self {
        let sequence = || EmpiricalBernstein::new(range, alpha);
        let none = Moments::default();
        Self { lower: sequence(), upper: sequence(), low: none, high: none, cap: range, alpha, intervals }
    }

    fn observe(&mut self, (lower, upper): (f64, f64)) {
        self.lower.observe(lower.min(self.cap));
        self.upper.observe(upper.min(self.cap));
        self.low.observe(lower);
        self.high.observe(upper);
    }

    /// The interval, its upper end raised by what the samples leave out.
    fn estimated(&self, left_out: f64, scale: f64) -> Estimated {
        let standard_error = f64::midpoint(self.low.standard_error(), self.high.standard_error());
        let (lower, upper) = match self.intervals {
            Intervals::Guaranteed => (self.lower.lower(), self.upper.upper()),
            Intervals::Student => {
                let freedom = (self.low.count - 1.0).max(1.0);
                let quantile = StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |t| t.inverse_cdf(1.0 - self.alpha / 2.0));
                let half =
                    |moments: &Moments| if moments.count > 1.0 { quantile * moments.standard_error() } else { f64::INFINITY };
                (self.low.mean - half(&self.low), self.high.mean + half(&self.high))
            }
        };
        Estimated {
            mean: f64::midpoint(self.low.mean, self.high.mean) * scale,
            lower: lower.max(0.0) * scale,
            upper: (upper + left_out) * scale,
            standard_error: standard_error * scale,
        }
    }
}

impl Model {
    /// Estimates the steady state by simulation: [`steady_state`] without progress.
    ///
    /// # Errors
    /// [`EstimateError::NoSteadyState`].
    pub fn steady_state(&self, options: &Options) -> Result<SteadyState, EstimateError> {
        steady_state(self, options, &|_, _| ())
    }

    /// Solves (3.5) from empty: [`crate::meanfield::solve`] with default options.
    ///
    /// # Errors
    /// [`OdeError`], where a time is negative or not finite.
    pub fn mean_field(&self, times: &[f64]) -> Result<Trajectory, OdeError> {
        solve(self.lambda(), self.d(), &Start::Empty, times, &crate::meanfield::Options::default())
    }
}

/// Estimates the steady state. `progress` hears of events spent and the budget.
///
/// # Errors
/// [`EstimateError::NoSteadyState`].
pub fn steady_state(model: &Model, options: &Options, progress: &dyn Fn(u64, u64)) -> Result<SteadyState, EstimateError> {
    let started = Instant::now();
    let plan = plan(&Reference, model, options.seed, (options.events / 16).max(1))
        .map_err(|NoCoalescence { events }| EstimateError::NoSteadyState { events })?;
    let levels = (plan.top + 2).clamp(LEAST_LEVELS, MOST_LEVELS);
    let alpha = (1.0 - options.confidence) / f64::from(levels + 1);
    // The queue length is averaged up to `cap`; what lies above is bounded by Corollary 4.3.
    let rho = ratio::to_f64(&metrics::rho(model)) * (1.0 + 1e-12);
    let error = plan.start.error.unwrap_or(0.0);
    let cap = f64::from(plan.start.level.max(1));
    let tail = |c: f64| if rho < 1.0 { rho.powf(c + 1.0) / (1.0 - rho) } else { 0.0 };
    let lost = model.graph().isolated_task_types().len() as f64 / f64::from(model.graph().n_task_types());
    let cap = if rho < 1.0 {
        (1..=plan.start.level).map(f64::from).find(|&c| tail(c) < options.precision * rho / 20.0).unwrap_or(cap)
    } else {
        cap
    };
    let mut q: Vec<Bracket> = (0..levels).map(|_| Bracket::new(1.0, alpha, options.intervals)).collect();
    let mut queue = Bracket::new(cap, alpha, options.intervals);
    let (mut events, mut replications, mut met) = (0u64, 0u64, 0u64);
    let mut precise = false;
    // Long replications are looked at more often, so that the budget is kept to.
    let batch_size = (options.events / (16 * plan.events())).clamp(4, BATCH);
    loop {
        let batch = match options.replications {
            Some(most) => batch_size.min(most - replications),
            None => batch_size,
        };
        let samples: Vec<Sample> = (replications..replications + batch)
            .into_par_iter()
            .map(|replication| Sample::draw(&Reference, model, &plan, options.seed, replication))
            .collect();
        for sample in &samples {
            for (i, bracket) in (1..).zip(&mut q) {
                bracket.observe(sample.q(i));
            }
            queue.observe(sample.mean_queue_length());
            events += sample.events;
            met += u64::from(sample.met);
        }
        replications += batch;
        progress(events, options.events);
        let now = queue.estimated(error * cap + tail(cap), 1.0);
        precise = precise || (now.upper - now.lower) / 2.0 <= options.precision * now.mean;
        let enough = options.replications.is_none_or(|least| replications >= least);
        let out_of_budget = events + events / replications * batch_size > options.events
            || options.time_limit.is_some_and(|limit| started.elapsed() >= limit);
        if (precise && options.replications.is_none()) || (enough && options.replications.is_some()) || out_of_budget {
            break;
        }
    }
    let arrivals = model.lambda() * (1.0 - lost);
    Ok(SteadyState {
        q: q.iter().map(|bracket| bracket.estimated(error, 1.0)).map(|e| Estimated { upper: e.upper.min(1.0), ..e }).collect(),
        mean_queue_length: queue.estimated(error * cap + tail(cap), 1.0),
        mean_delay: queue.estimated(error * cap + tail(cap), 1.0 / arrivals),
        start_error: plan.start.error,
        plan,
        replications,
        met: met as f64 / replications as f64,
        events,
        seconds: started.elapsed().as_secs_f64(),
        precise,
    })
}

/// An estimate at given times.
#[derive(Clone, Debug, PartialEq)]
pub struct Transient {
    /// The times.
    pub times: Vec<f64>,
    /// `q[k][i - 1]`: E q_i at `times[k]`.
    pub q: Vec<Vec<Estimated>>,
    /// The mean queue length at each time; no interval, since it has no bound.
    pub mean_queue_length: Vec<f64>,
    /// Replications run.
    pub replications: u64,
    /// Events simulated.
    pub events: u64,
    /// Wall time.
    pub seconds: f64,
}

/// Estimates the state at `times` (any order) from `start`; queue lengths at the start are independent and alike.
///
/// # Errors
/// [`EstimateError`].
pub fn transient(
    model: &Model,
    start: &Start,
    times: &[f64],
    options: &Options,
    progress: &dyn Fn(u64, u64),
) -> Result<Transient, EstimateError> {
    start.validate()?;
    let last = times.iter().copied().fold(0.0, f64::max);
    let needed = last * model.event_rate();
    if needed > options.events as f64 {
        return Err(EstimateError::TooLate { time: last, needed, events: options.events });
    }
    let started = Instant::now();
    let mut order: Vec<usize> = (0..times.len()).collect();
    order.sort_by(|&a, &b| times[a].total_cmp(&times[b]));
    let run = |replication: u64| -> Result<(Vec<Vec<f64>>, u64), SimulateError> {
        let lengths = initial_lengths(start, model.graph().n_servers(), options.seed, replication);
        let mut simulation = Simulation::new(model, options.seed, replication, lengths)?;
        let mut seen = vec![Vec::new(); times.len()];
        for &at in &order {
            simulation.advance_to(times[at])?;
            let occupancy = simulation.queues().occupancy();
            seen[at] = (1..=occupancy.counts().len()).map(|i| occupancy.fraction(i)).collect();
        }
        Ok((seen, simulation.events()))
    };
    // A pilot chooses how many levels get intervals; its randomness is apart.
    let (pilot, _) = run(u64::from(u32::MAX))?;
    let top = pilot.iter().map(Vec::len).max().unwrap_or(0) as u32;
    let levels = (top + 2).clamp(LEAST_LEVELS, MOST_LEVELS);
    let alpha = (1.0 - options.confidence) / (f64::from(levels) * times.len().max(1) as f64);
    let mut q: Vec<Vec<Bracket>> =
        times.iter().map(|_| (0..levels).map(|_| Bracket::new(1.0, alpha, options.intervals)).collect()).collect();
    let mut queue = vec![0.0; times.len()];
    let (mut events, mut replications) = (0u64, 0u64);
    let most = options.replications.unwrap_or(1000);
    while replications < most {
        let batch = BATCH.min(most - replications);
        let seen: Result<Vec<_>, SimulateError> = (replications..replications + batch).into_par_iter().map(run).collect();
        for (seen, spent) in seen? {
            for (at, fractions) in seen.iter().enumerate() {
                for (i, bracket) in q[at].iter_mut().enumerate() {
                    let value = fractions.get(i).copied().unwrap_or(0.0);
                    bracket.observe((value, value));
                }
                queue[at] += fractions.iter().sum::<f64>();
            }
            events += spent;
        }
        replications += batch;
        progress(events, options.events);
        if events + events / replications * BATCH > options.events
            || options.time_limit.is_some_and(|limit| started.elapsed() >= limit)
        {
            break;
        }
    }
    Ok(Transient {
        times: times.to_vec(),
        q: q.iter().map(|of_time| of_time.iter().map(|bracket| bracket.estimated(0.0, 1.0)).collect()).collect(),
        mean_queue_length: queue.iter().map(|sum| sum / replications as f64).collect(),
        replications,
        events,
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// Independent queue lengths with P(X_v >= i) = q_i(0), from a stream of their own.
fn initial_lengths(start: &Start, n: u32, seed: u64, replication: u64) -> Vec<u32> {
    use rand::RngExt;
    let mut rng = stream_rng(seed ^ crate::randomness::fingerprint("start"), replication);
    (0..n)
        .map(|_| {
            let u: f64 = rng.random();
            // P(length >= i) = P(u < q_i) for u uniform in [0, 1).
            (1..).take_while(|&i| u < start.fraction(i)).count() as u32
        })
        .collect()
}
