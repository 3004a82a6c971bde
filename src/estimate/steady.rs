//! The steady state, batch by batch.

use std::time::Instant;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::bracket_sums::{Bracket, Sums};
use super::bracketing::{NoCoalescence, Plan, Sample, Tail, geometric_tail, plan};
use super::delay::arrivals;
use super::{BATCH, EstimateError, Estimated, LEAST_LEVELS, MOST_LEVELS, Options};
use crate::model::Model;
use crate::num::float_bits;
use crate::subject::Reference;
use crate::theory::delay::Delay;

/// An estimate of the steady state.
#[derive(Clone, Debug, PartialEq)]
pub struct SteadyState {
    /// E q_i(infinity), i = 1, 2, ...
    pub q: Vec<Estimated>,
    /// The expected queue length of a server, the task in service included.
    pub mean_queue_length: Estimated,
    /// The expected time in system of a task, in mean service times; at least 1. NaN where no task
    /// is accepted.
    pub mean_delay: Estimated,
    /// Mean and quantiles of the time in system, FIFO; they hold together with the intervals of
    /// `q`. `None` where no task is accepted.
    pub delay: Option<Delay>,
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

/// What a [`SteadyRun`] has found after some batches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SteadyKept {
    plan: Plan,
    q: Vec<Sums>,
    queue: Sums,
    replications: u64,
    met: u64,
    events: u64,
    precise: bool,
    #[serde(with = "float_bits")]
    seconds: f64,
}

impl SteadyKept {
    /// Replications run.
    pub fn replications(&self) -> u64 {
        self.replications
    }
}

/// After how many events a pilot gives up.
fn pilot_limit(options: &Options) -> u64 {
    (options.events / 16).max(1)
}

/// An estimate of the steady state under way.
pub struct SteadyRun<'a> {
    model: &'a Model,
    options: &'a Options,
    plan: Plan,
    q: Vec<Bracket>,
    queue: Bracket,
    /// What the mean queue length leaves out: queues above the level up to which it is averaged,
    /// and the error of the upper start.
    left_out: f64,
    /// E q_(i+1) <= kappa E q_i; 1 where nothing better is known.
    kappa: f64,
    replications: u64,
    met: u64,
    events: u64,
    precise: bool,
    /// Wall time of the batches, of earlier parts of the run too.
    seconds: f64,
}

impl<'a> SteadyRun<'a> {
    /// Runs the pilots, and no replication yet.
    ///
    /// # Errors
    /// [`EstimateError::NoSteadyState`].
    pub fn new(model: &'a Model, options: &'a Options) -> Result<Self, EstimateError> {
        let started = Instant::now();
        let plan = plan(&Reference, model, options.seed, pilot_limit(options))
            .map_err(|NoCoalescence { events }| EstimateError::NoSteadyState { events })?;
        let run = Self::with_plan(model, options, plan);
        Ok(Self { seconds: started.elapsed().as_secs_f64(), ..run })
    }

    fn with_plan(model: &'a Model, options: &'a Options, plan: Plan) -> Self {
        let levels = (plan.top + 2).clamp(LEAST_LEVELS, MOST_LEVELS);
        let alpha = (1.0 - options.confidence) / f64::from(levels + 1);
        // The queue length is averaged up to `cap`; what lies above is bounded by Corollary 4.3.
        let load = Tail::of(model).map(|tail| tail.load);
        let error = plan.start.error.unwrap_or(0.0);
        let highest = plan.start.level.max(1);
        let tail = |cap| load.map_or(0.0, |load| geometric_tail(load, cap));
        let enough = |&cap: &u32| {
            load.is_some_and(|load| geometric_tail(load, cap) < options.precision * load / 20.0)
        };
        let cap = (1..=highest).find(enough).unwrap_or(highest);
        let left_out = error * f64::from(cap) + tail(cap);
        Self {
            model,
            options,
            plan,
            q: (0..levels).map(|_| Bracket::new(1.0, alpha, options.intervals)).collect(),
            queue: Bracket::new(f64::from(cap), alpha, options.intervals),
            left_out,
            kappa: load.unwrap_or(1.0),
            replications: 0,
            met: 0,
            events: 0,
            precise: false,
            seconds: 0.0,
        }
    }

    /// Goes on from what an earlier run of the same model and options, but for the time limit, has
    /// kept; `None` if it cannot be theirs.
    pub fn resume(model: &'a Model, options: &'a Options, kept: &SteadyKept) -> Option<Self> {
        // Far beyond what runs, and far from overflow.
        const MOST: u64 = 1 << 60;
        let plan = kept.plan;
        let plan_fits = plan.may_be_of(model, pilot_limit(options)) && plan.top < u32::MAX - 2;
        let fits = plan_fits
            && (1..=options.replications.unwrap_or(MOST)).contains(&kept.replications)
            && (0.0..f64::INFINITY).contains(&kept.seconds)
            && kept.events < MOST
            && kept.replications <= kept.events
            && kept.met <= kept.replications;
        if !fits {
            return None;
        }
        let fresh = Self::with_plan(model, options, plan);
        Some(Self {
            q: Bracket::all_with(fresh.q, &kept.q, kept.replications)?,
            queue: fresh.queue.with(&kept.queue, kept.replications)?,
            replications: kept.replications,
            met: kept.met,
            events: kept.events,
            precise: kept.precise,
            seconds: kept.seconds,
            ..fresh
        })
    }

    /// What was found so far; `None` before the first batch.
    pub fn kept(&self) -> Option<SteadyKept> {
        (self.replications > 0).then(|| SteadyKept {
            plan: self.plan,
            q: self.q.iter().map(Bracket::kept).collect(),
            queue: self.queue.kept(),
            replications: self.replications,
            met: self.met,
            events: self.events,
            precise: self.precise,
            seconds: self.seconds,
        })
    }

    /// Long replications are looked at more often, so that the budget is kept to.
    fn batch_size(&self) -> u64 {
        (self.options.events / self.plan.events().saturating_mul(16)).clamp(4, BATCH)
    }

    /// Events of the replications so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Whether the precision is reached or the budget spent.
    pub fn is_done(&self) -> bool {
        let Self { options, events, replications, seconds, .. } = *self;
        let enough =
            options.replications.map_or(self.precise, |wanted| self.replications >= wanted);
        replications > 0
            && (enough || options.is_spent(events, replications, self.batch_size(), seconds))
    }

    /// Runs the next batch of replications.
    pub fn advance(&mut self) {
        let started = Instant::now();
        let left = self.options.replications.map(|most| most.saturating_sub(self.replications));
        let batch = self.batch_size().min(left.unwrap_or(u64::MAX));
        let draw = |at| Sample::draw(&Reference, self.model, &self.plan, self.options.seed, at);
        let samples: Vec<Sample> =
            (self.replications..self.replications + batch).into_par_iter().map(draw).collect();
        for sample in &samples {
            for (i, bracket) in (1..).zip(&mut self.q) {
                bracket.observe(sample.q(i));
            }
            self.queue.observe(sample.mean_queue_length());
            self.events += sample.events;
            self.met += u64::from(sample.met);
        }
        self.replications += batch;
        let now = self.queue.estimated(self.left_out, 1.0);
        self.precise =
            self.precise || (now.upper - now.lower) / 2.0 <= self.options.precision * now.mean;
        self.seconds += started.elapsed().as_secs_f64();
    }

    /// What follows from the replications so far; its intervals hold whenever the run stops.
    pub fn estimate(&self) -> SteadyState {
        let accepted = arrivals(self.model);
        let error = self.plan.start.error.unwrap_or(0.0);
        let q = self.q.iter().map(|bracket| bracket.estimated(error, 1.0));
        let q: Vec<_> = q.map(|e| Estimated { upper: e.upper.min(1.0), ..e }).collect();
        let mean_queue_length = self.queue.estimated(self.left_out, 1.0);
        let bounds: Vec<_> = q.iter().map(Estimated::between).collect();
        let delay = Delay::new(accepted, &bounds, mean_queue_length.between(), self.kappa);
        let scaled = self.queue.estimated(self.left_out, 1.0 / accepted);
        // No task leaves before it is served.
        let clipped = Estimated {
            mean: scaled.mean.max(1.0),
            lower: scaled.lower.max(1.0),
            upper: scaled.upper.max(1.0),
            ..scaled
        };
        let mean_delay = if delay.is_some() { clipped } else { scaled };
        SteadyState {
            q,
            mean_queue_length,
            mean_delay,
            delay: delay.map(|delay| Delay { mean: mean_delay.between(), ..delay }),
            start_error: self.plan.start.error,
            plan: self.plan,
            replications: self.replications,
            met: self.met as f64 / self.replications as f64,
            events: self.events,
            seconds: self.seconds,
            precise: self.precise,
        }
    }
}

/// Estimates the steady state. `progress` hears of events spent and the budget.
///
/// # Errors
/// [`EstimateError::NoSteadyState`].
pub fn steady_state(
    model: &Model,
    options: &Options,
    progress: &dyn Fn(u64, u64),
) -> Result<SteadyState, EstimateError> {
    let mut run = SteadyRun::new(model, options)?;
    while !run.is_done() {
        run.advance();
        progress(run.events(), options.events);
    }
    Ok(run.estimate())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::graph::BipartiteGraph;

    #[test]
    fn all_intervals_share_the_error_probability() {
        let model = Model::new(BipartiteGraph::complete(2, 2).unwrap(), 0.8, 2).unwrap();
        let options = Options { confidence: 0.9, ..Options::default() };
        let run = SteadyRun::new(&model, &options).unwrap();
        let sum = run.q.iter().chain([&run.queue]).map(Bracket::error_probability).sum::<f64>();
        assert!((sum - 0.1).abs() < 1e-12, "{sum}");
    }

    #[test]
    fn what_no_such_run_can_have_kept_is_refused() {
        let model = Model::new(BipartiteGraph::complete(2, 2).unwrap(), 0.8, 2).unwrap();
        let one = Options { replications: Some(1), ..Options::default() };
        let mut run = SteadyRun::new(&model, &one).unwrap();
        run.advance();
        let kept = serde_json::to_value(run.kept()).unwrap();
        let options = Options { replications: Some(1000), ..Options::default() };
        let with = |place: &str, value: Value| {
            let mut changed = kept.clone();
            *changed.pointer_mut(place).unwrap_or_else(|| panic!("no {place} in {kept}")) = value;
            let changed: SteadyKept = serde_json::from_value(changed).unwrap();
            SteadyRun::resume(&model, &options, &changed).map(|run| run.is_done())
        };
        assert_eq!(with("/replications", kept["replications"].clone()), Some(false), "as it was");
        let bits = f64::to_bits;
        for (place, value) in [
            // Queues of so many tasks, and replications of so many events, would be begun.
            ("/plan/start/level", json!(1u32 << 29)),
            ("/plan/start/error", json!(bits(-1.0))),
            ("/plan/start/error", Value::Null),
            ("/plan/warm_up", json!(1u64 << 59)),
            ("/plan/window", json!(1u64 << 59)),
            ("/plan/window", json!(0)),
            ("/plan/every", json!(0)),
            ("/plan/top", json!(u32::MAX)),
            ("/replications", json!(0)),
            ("/replications", json!(3)),
            ("/replications", json!(1001)),
            ("/events", json!(u64::MAX)),
            ("/met", json!(1001)),
            ("/seconds", json!(bits(f64::NAN))),
            ("/q/0/0", json!(bits(1e300))),
            ("/q/0/1", json!(bits(f64::INFINITY))),
            ("/queue/8", json!(bits(7.0))),
            ("/queue", json!([])),
            ("/q", json!([])),
        ] {
            assert_eq!(with(place, value.clone()), None, "{place} = {value}");
        }
        // Far beyond any budget, yet not refused: the sum of two such numbers has more than 64
        // bits.
        assert_eq!(with("/events", json!((1u64 << 60) - 1)), Some(true));
    }
}
