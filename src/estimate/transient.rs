//! The state at given times, batch by batch.

use std::time::Instant;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::bracket_sums::{Bracket, Sums};
use super::{BATCH, EstimateError, Estimated, LEAST_LEVELS, MOST_LEVELS, Options};
use crate::model::Model;
use crate::num::float_bits;
use crate::random::start_rng;
use crate::simulate::{SimulateError, Simulation};
use crate::theory::mean_field::Start;

/// Replications of a transient, where nothing else is asked for.
const REPLICATIONS: u64 = 1000;

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

/// What a [`TransientRun`] has found after some batches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransientKept {
    q: Vec<Vec<Sums>>,
    #[serde(with = "float_bits::list")]
    queue: Vec<f64>,
    replications: u64,
    events: u64,
    #[serde(with = "float_bits")]
    seconds: f64,
}

impl TransientKept {
    /// Replications run.
    pub fn replications(&self) -> u64 {
        self.replications
    }
}

/// An estimate at given times under way.
pub struct TransientRun<'a> {
    model: &'a Model,
    start: &'a Start,
    times: &'a [f64],
    options: &'a Options,
    /// The times in ascending order.
    order: Vec<usize>,
    q: Vec<Vec<Bracket>>,
    /// Sums of mean queue lengths.
    queue: Vec<f64>,
    replications: u64,
    events: u64,
    /// Wall time of the batches, of earlier parts of the run too.
    seconds: f64,
}

impl<'a> TransientRun<'a> {
    /// Runs the pilot, and no replication yet. Times may have any order; queue lengths at the start
    /// are independent and alike.
    ///
    /// # Errors
    /// [`EstimateError`].
    pub fn new(
        model: &'a Model,
        start: &'a Start,
        times: &'a [f64],
        options: &'a Options,
    ) -> Result<Self, EstimateError> {
        start.validate()?;
        let last = times.iter().copied().fold(0.0, f64::max);
        let needed = last * model.event_rate();
        if needed > options.events as f64 {
            return Err(EstimateError::TooLate { time: last, needed, events: options.events });
        }
        let begun = Instant::now();
        let run = Self::with_levels(model, start, times, options, 0);
        // A pilot chooses how many levels get intervals; its randomness is apart.
        let (pilot, _) = run.replication(u64::from(u32::MAX))?;
        let top = pilot.iter().map(Vec::len).max().unwrap_or(0) as u32;
        let levels = (top + 2).clamp(LEAST_LEVELS, MOST_LEVELS);
        let run = Self::with_levels(model, start, times, options, levels);
        Ok(Self { seconds: begun.elapsed().as_secs_f64(), ..run })
    }

    fn with_levels(
        model: &'a Model,
        start: &'a Start,
        times: &'a [f64],
        options: &'a Options,
        levels: u32,
    ) -> Self {
        let mut order: Vec<usize> = (0..times.len()).collect();
        order.sort_by(|&a, &b| times[a].total_cmp(&times[b]));
        let alpha = (1.0 - options.confidence) / (f64::from(levels) * times.len().max(1) as f64);
        let of_time =
            |_| (0..levels).map(|_| Bracket::new(1.0, alpha, options.intervals)).collect();
        Self {
            model,
            start,
            times,
            options,
            order,
            q: times.iter().map(of_time).collect(),
            queue: vec![0.0; times.len()],
            replications: 0,
            events: 0,
            seconds: 0.0,
        }
    }

    /// Goes on from what an earlier run of the same model, start, times and options, but for the
    /// time limit, has kept; `None` if it cannot be theirs.
    pub fn resume(
        model: &'a Model,
        start: &'a Start,
        times: &'a [f64],
        options: &'a Options,
        kept: &TransientKept,
    ) -> Option<Self> {
        const MOST: u64 = 1 << 60;
        let most = options.replications.unwrap_or(REPLICATIONS);
        let levels = kept.q.first().map_or(LEAST_LEVELS as usize, Vec::len) as u32;
        let fits = start.validate().is_ok()
            && kept.q.len() == times.len()
            && kept.queue.len() == times.len()
            && (LEAST_LEVELS..=MOST_LEVELS).contains(&levels)
            && (1..=most).contains(&kept.replications)
            && kept.events < MOST
            && (0.0..f64::INFINITY).contains(&kept.seconds)
            && kept.queue.iter().all(|sum| sum.is_finite());
        if !fits {
            return None;
        }
        let fresh = Self::with_levels(model, start, times, options, levels);
        let with_sums = |(brackets, sums): (Vec<Bracket>, &Vec<Sums>)| {
            Bracket::all_with(brackets, sums, kept.replications)
        };
        Some(Self {
            q: fresh.q.into_iter().zip(&kept.q).map(with_sums).collect::<Option<_>>()?,
            queue: kept.queue.clone(),
            replications: kept.replications,
            events: kept.events,
            seconds: kept.seconds,
            ..fresh
        })
    }

    /// What was found so far; `None` before the first batch.
    pub fn kept(&self) -> Option<TransientKept> {
        (self.replications > 0).then(|| TransientKept {
            q: self.q.iter().map(|of_time| of_time.iter().map(Bracket::kept).collect()).collect(),
            queue: self.queue.clone(),
            replications: self.replications,
            events: self.events,
            seconds: self.seconds,
        })
    }

    /// q_1, q_2, ... at each time, and the events of one replication.
    fn replication(&self, replication: u64) -> Result<(Vec<Vec<f64>>, u64), SimulateError> {
        let (n, seed) = (self.model.graph().n_servers(), self.options.seed);
        let lengths = initial_lengths(self.start, n, seed, replication);
        let mut simulation = Simulation::new(self.model, seed, replication, lengths)?;
        let mut seen = vec![Vec::new(); self.times.len()];
        for &at in &self.order {
            simulation.advance_to(self.times[at])?;
            let occupancy = simulation.queues().occupancy();
            seen[at] = (1..=occupancy.counts().len()).map(|i| occupancy.fraction(i)).collect();
        }
        Ok((seen, simulation.events()))
    }

    /// Events of the replications so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Whether all replications have run or the budget is spent.
    pub fn is_done(&self) -> bool {
        let Self { options, events, replications, seconds, .. } = *self;
        replications >= options.replications.unwrap_or(REPLICATIONS)
            || replications > 0 && options.is_spent(events, replications, BATCH, seconds)
    }

    /// Runs the next batch of replications.
    ///
    /// # Errors
    /// [`EstimateError::Simulate`].
    pub fn advance(&mut self) -> Result<(), EstimateError> {
        let begun = Instant::now();
        let most = self.options.replications.unwrap_or(REPLICATIONS);
        let batch = BATCH.min(most.saturating_sub(self.replications));
        let seen: Result<Vec<_>, SimulateError> = (self.replications..self.replications + batch)
            .into_par_iter()
            .map(|at| self.replication(at))
            .collect();
        for (seen, spent) in seen? {
            for (at, fractions) in seen.iter().enumerate() {
                for (i, bracket) in self.q[at].iter_mut().enumerate() {
                    let value = fractions.get(i).copied().unwrap_or(0.0);
                    bracket.observe((value, value));
                }
                self.queue[at] += fractions.iter().sum::<f64>();
            }
            self.events += spent;
        }
        self.replications += batch;
        self.seconds += begun.elapsed().as_secs_f64();
        Ok(())
    }

    /// What follows from the replications so far; its intervals hold whenever the run stops.
    pub fn estimate(&self) -> Transient {
        let count = self.replications as f64;
        let of_time = |q: &Vec<Bracket>| q.iter().map(|q| q.estimated(0.0, 1.0)).collect();
        Transient {
            times: self.times.to_vec(),
            q: self.q.iter().map(of_time).collect(),
            mean_queue_length: self.queue.iter().map(|sum| sum / count).collect(),
            replications: self.replications,
            events: self.events,
            seconds: self.seconds,
        }
    }
}

/// Estimates the state at `times` (any order) from `start`; queue lengths at the start are
/// independent and alike.
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
    let mut run = TransientRun::new(model, start, times, options)?;
    while !run.is_done() {
        run.advance()?;
        progress(run.events(), options.events);
    }
    Ok(run.estimate())
}

/// Independent queue lengths with P(X_v >= i) = q_i(0), from a stream of their own.
fn initial_lengths(start: &Start, n: u32, seed: u64, replication: u64) -> Vec<u32> {
    use rand::RngExt;
    let mut rng = start_rng(seed, replication);
    (0..n).map(|_| length_at(start, rng.random())).collect()
}

/// The length with P(length >= i) = P(u < q_i) for u uniform in [0, 1).
fn length_at(start: &Start, u: f64) -> u32 {
    (1..).take_while(|&i| u < start.fraction(i)).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::BipartiteGraph;

    #[test]
    fn all_intervals_of_all_times_share_the_error_probability() {
        let model = Model::new(BipartiteGraph::complete(2, 2).unwrap(), 0.8, 2).unwrap();
        let options = Options { confidence: 0.9, ..Options::default() };
        let run = TransientRun::new(&model, &Start::Empty, &[1.0, 2.0, 0.5], &options).unwrap();
        let sum = run.q.iter().flatten().map(Bracket::error_probability).sum::<f64>();
        assert!((sum - 0.1).abs() < 1e-12, "{sum}");
    }

    #[test]
    fn starts_have_their_fractions_at_every_level() {
        let halves = Start::Geometric(0.5);
        for i in 1..30 {
            let edge = 0.5f64.powi(i);
            assert_eq!(length_at(&halves, edge), i as u32 - 1, "u = {edge}");
            assert_eq!(length_at(&halves, edge.next_down()), i as u32, "u just below {edge}");
        }
        assert!((1..9).all(|level| length_at(&Start::Level(level), 0.999) == level));
    }
}
