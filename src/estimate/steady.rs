//! The steady state, batch by batch.

use std::time::Instant;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::bracketing::{NoCoalescence, UpperStart, plan};
use super::delay::arrivals;
use super::found::{SteadyState, Student, mean_delay, without_replications};
use super::layout::{Known, Layout, layout};
use super::replication::Replication;
use super::sides::{Ends, Prior, Sides, Sums};
use super::{EstimateError, Estimated, Intervals, MOST_LEVELS, Options};
use crate::model::Model;
use crate::num::float_bits;
use crate::subject::Reference;
use crate::theory::concentration::beyond;
use crate::theory::delay::Delay;

/// What a [`SteadyRun`] has found after some batches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SteadyKept {
    layout: Layout,
    q: Vec<Sums>,
    queue: Sums,
    replications: u64,
    met: u64,
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

/// After how many events a pilot gives up, where no start is certified.
fn pilot_limit(options: &Options) -> u64 {
    (options.events / 16).max(1)
}

/// The share of the error probability that the mean queue length has; the levels share the rest.
const OF_THE_MEAN: f64 = 0.5;

/// An estimate of the steady state under way.
pub struct SteadyRun<'a> {
    model: &'a Model,
    options: &'a Options,
    /// What is proved of the steady state, where the start is certified.
    known: Option<Known>,
    /// `None` where the events do not allow a replication.
    layout: Option<Layout>,
    /// From q_1 on, or from q_2 on where E q_1 is known.
    q: Vec<Sides>,
    /// The mean queue length; without its first task where E q_1 is known.
    queue: Option<Sides>,
    replications: u64,
    met: u64,
    precise: bool,
    /// Wall time of the batches, of earlier parts of the run too.
    seconds: f64,
}

/// The layout by the pilots of [`plan`], whose copies must meet.
fn guessed(model: &Model, options: &Options) -> Result<Layout, EstimateError> {
    let plan = plan(&Reference, model, options.seed, pilot_limit(options))
        .map_err(|NoCoalescence { events }| EstimateError::NoSteadyState { events })?;
    let before = plan.warm_up.div_ceil(plan.every);
    Ok(Layout {
        start: UpperStart { error: None, ..plan.start },
        every: plan.every,
        lower_before: before,
        upper_before: before,
        segments: before + plan.looks(),
        expected: options.replications.unwrap_or(1000),
        centres: vec![0.0; plan.top as usize],
        variance: 0.1,
        piloted: 0,
    })
}

impl<'a> SteadyRun<'a> {
    /// Runs the pilots, and no replication yet.
    ///
    /// # Errors
    /// [`EstimateError::NoSteadyState`].
    pub fn new(model: &'a Model, options: &'a Options) -> Result<Self, EstimateError> {
        let started = Instant::now();
        let known = Known::of(model);
        let layout = match &known {
            Some(known) => layout(model, known, options, alpha_of_the_mean(options) / 2.0),
            None => Some(guessed(model, options)?),
        };
        let run = Self::with_layout(model, options, known, layout);
        Ok(Self { seconds: started.elapsed().as_secs_f64(), ..run })
    }

    fn with_layout(
        model: &'a Model,
        options: &'a Options,
        known: Option<Known>,
        layout: Option<Layout>,
    ) -> Self {
        let (q, queue) = match &layout {
            Some(layout) => sides(model, options, known.as_ref(), layout),
            None => (Vec::new(), None),
        };
        let (replications, met, precise, seconds) = (0, 0, false, 0.0);
        Self { model, options, known, layout, q, queue, replications, met, precise, seconds }
    }

    /// Goes on from what an earlier run of the same model and options, but for the time limit, has
    /// kept; `None` if it cannot be theirs.
    pub fn resume(model: &'a Model, options: &'a Options, kept: &SteadyKept) -> Option<Self> {
        // Far beyond what runs, and far from overflow.
        const MOST: u64 = 1 << 60;
        let (known, layout) = (Known::of(model), &kept.layout);
        let fits = layout.may_be_of(model, options)
            && layout.start.error.is_some() == known.is_some()
            && (1..=options.replications.unwrap_or(MOST)).contains(&kept.replications)
            && (0.0..f64::INFINITY).contains(&kept.seconds)
            && kept.replications.checked_mul(layout.events()).is_some_and(|all| all < MOST)
            && kept.met <= kept.replications;
        if !fits {
            return None;
        }
        let fresh = Self::with_layout(model, options, known, Some(layout.clone()));
        Some(Self {
            q: Sides::all_with(fresh.q, &kept.q, kept.replications)?,
            queue: Some(fresh.queue?.with(&kept.queue, kept.replications)?),
            replications: kept.replications,
            met: kept.met,
            precise: kept.precise,
            seconds: kept.seconds,
            ..fresh
        })
    }

    /// What was found so far; `None` before the first batch.
    pub fn kept(&self) -> Option<SteadyKept> {
        let (layout, queue) = (self.layout.as_ref()?, self.queue.as_ref()?);
        (self.replications > 0).then(|| SteadyKept {
            layout: layout.clone(),
            q: self.q.iter().map(Sides::kept).collect(),
            queue: queue.kept(),
            replications: self.replications,
            met: self.met,
            precise: self.precise,
            seconds: self.seconds,
        })
    }

    /// Replications between two looks: some fiftieth of those that are expected; never a function
    /// of the number of threads.
    fn batch_size(&self) -> u64 {
        self.layout.as_ref().map_or(0, |layout| (layout.expected / 50).clamp(2, 1024))
    }

    /// Events so far, those of the pilots included.
    pub fn events(&self) -> u64 {
        let of = |layout: &Layout| layout.piloted + self.replications * layout.events();
        self.layout.as_ref().map_or(0, of)
    }

    /// Whether the precision is reached or the budget spent.
    pub fn is_done(&self) -> bool {
        let Self { options, replications, seconds, .. } = *self;
        let Some(layout) = &self.layout else { return true };
        let enough = options.replications.map_or(self.precise, |wanted| replications >= wanted);
        let next = self.events().saturating_add(self.next_batch() * layout.events());
        let late = options.time_limit.is_some_and(|limit| seconds >= limit.as_secs_f64());
        replications > 0 && (enough || next > options.events || late)
    }

    /// Replications of the next batch: fewer if the events allow no more, at least one.
    fn next_batch(&self) -> u64 {
        let left = self.options.replications.map(|most| most.saturating_sub(self.replications));
        let Some(layout) = &self.layout else { return 0 };
        let affordable = self.options.events.saturating_sub(self.events()) / layout.events();
        self.batch_size().min(left.unwrap_or(u64::MAX)).min(affordable).max(1)
    }

    /// Runs the next batch of replications.
    pub fn advance(&mut self) {
        let started = Instant::now();
        let batch = self.next_batch();
        let (Some(layout), Some(queue)) = (&self.layout, &mut self.queue) else { return };
        let (model, seed) = (self.model, self.options.seed);
        let draw = |at| Replication::draw(model, layout, seed, at);
        let drawn: Vec<Replication> =
            (self.replications..self.replications + batch).into_par_iter().map(draw).collect();
        let first = 1 + u32::from(self.known.is_some());
        for replication in &drawn {
            for (i, sides) in (first..).zip(&mut self.q) {
                sides.observe(replication.q(i));
            }
            queue.observe(replication.sum_above(first as usize - 1));
            self.met += u64::from(replication.met);
        }
        self.replications += batch;
        let now = self.mean_queue_length(self.options.intervals);
        self.precise =
            self.precise || (now.upper - now.lower) / 2.0 <= self.options.precision * now.mean;
        self.seconds += started.elapsed().as_secs_f64();
    }

    /// How much lower than the steady state the upper start may be.
    fn excess(&self) -> f64 {
        self.layout.as_ref().and_then(|layout| layout.start.error).unwrap_or(0.0)
    }

    fn mean_queue_length(&self, intervals: Intervals) -> Estimated {
        let Some(queue) = &self.queue else { return nothing() };
        let ends = of_kind(queue, intervals);
        let first = self.known.map_or(0.0, |known| known.busy);
        let most = self.known.map_or(f64::INFINITY, |known| known.queue());
        let upper = (first + ends.upper + self.excess()).min(most);
        let lower = (first + ends.lower).min(upper);
        let mean = (first + ends.mean).clamp(lower, upper);
        Estimated { mean, lower, upper, standard_error: ends.standard_error }
    }

    /// The levels, each bounded by the one below it too.
    fn levels(&self, intervals: Intervals) -> Vec<Estimated> {
        let mut levels: Vec<Estimated> = Vec::new();
        if let Some(Known { busy, .. }) = self.known {
            levels.push(Estimated { mean: busy, lower: busy, upper: busy, standard_error: 0.0 });
        }
        for sides in &self.q {
            let ends = of_kind(sides, intervals);
            let most = levels.last().map_or(1.0, |below| below.upper);
            let most = most * self.known.map_or(1.0, |known| known.kappa);
            let upper = (ends.upper + self.excess()).min(most);
            let Ends { mean, lower, standard_error, .. } = ends;
            levels.push(Estimated { mean, lower: lower.min(upper), upper, standard_error });
        }
        for i in (1..levels.len()).rev() {
            let least = levels[i].lower.min(levels[i - 1].upper);
            levels[i - 1].lower = levels[i - 1].lower.max(least);
        }
        for level in &mut levels {
            level.mean = level.mean.clamp(level.lower, level.upper);
        }
        levels
    }

    /// What follows from the replications so far; its intervals hold whenever the run stops.
    pub fn estimate(&self) -> SteadyState {
        if let (0, Some(known)) = (self.replications, &self.known) {
            return SteadyState { seconds: self.seconds, ..without_replications(known) };
        }
        let accepted = arrivals(self.model);
        let kappa = self.known.map_or(1.0, |known| known.kappa);
        let intervals = self.options.intervals;
        let (q, mean_queue_length) = (self.levels(intervals), self.mean_queue_length(intervals));
        let student = {
            let queue = self.mean_queue_length(Intervals::Student);
            let ends = |e: &Estimated| (e.lower, e.upper);
            let delay = |queue: f64| (queue / accepted).max(1.0);
            Student {
                q: self.levels(Intervals::Student).iter().map(ends).collect(),
                mean_queue_length: ends(&queue),
                mean_delay: (delay(queue.lower), delay(queue.upper)),
            }
        };
        let bounds: Vec<_> = q.iter().map(Estimated::between).collect();
        let delay = Delay::new(accepted, &bounds, mean_queue_length.between(), kappa);
        SteadyState {
            mean_delay: mean_delay(&mean_queue_length, accepted),
            q,
            mean_queue_length,
            delay,
            student,
            start_error: self.layout.as_ref().and_then(|layout| layout.start.error),
            start_level: self.layout.as_ref().map_or(0, |layout| layout.start.level),
            kappa,
            replications: self.replications,
            met: self.met as f64 / self.replications as f64,
            events: self.events(),
            seconds: self.seconds,
            precise: self.precise,
        }
    }
}

fn alpha_of_the_mean(options: &Options) -> f64 {
    (1.0 - options.confidence) * OF_THE_MEAN
}

fn nothing() -> Estimated {
    Estimated { mean: f64::NAN, lower: 0.0, upper: f64::INFINITY, standard_error: f64::NAN }
}

fn of_kind(sides: &Sides, intervals: Intervals) -> Ends {
    match intervals {
        Intervals::Guaranteed => sides.guaranteed(),
        Intervals::Student => sides.student(),
    }
}

/// The levels that get intervals, and the mean queue length.
fn sides(
    model: &Model,
    options: &Options,
    known: Option<&Known>,
    layout: &Layout,
) -> (Vec<Sides>, Option<Sides>) {
    let first = 1 + u32::from(known.is_some());
    let levels = (layout.centres.len() as u32 + 2).clamp(first + 1, MOST_LEVELS);
    let n = f64::from(model.graph().n_servers());
    let sigmas = known.map(|_| layout.sigmas(n));
    let of_mean = alpha_of_the_mean(options);
    let of_level = (1.0 - options.confidence - of_mean) / f64::from(levels + 1 - first);
    let centre = |i: u32| layout.centres.get(i as usize - 1).copied().unwrap_or(0.0);
    let (variance, expected) = (layout.variance, layout.expected);
    let level = |i: u32| {
        let centre = if known.is_some() { centre(i) } else { 0.5 };
        let variance = variance.min(centre * (1.0 - centre));
        let (natural, cut, alpha) = (1.0, 0.0, of_level);
        Sides::new(Prior { natural, cut, centre, variance, expected, sigmas, alpha })
    };
    // The tasks beyond this many of a queue, averaged, are left out and bounded.
    let highest = layout.start.level.max(2);
    let (natural, cut) = match known {
        None => (f64::from(layout.start.level.max(1)), 0.0),
        Some(known) => {
            let further = (4f64.ln() / -known.kappa.ln()).ceil().min(1e6) as u32;
            let cap = highest.saturating_add(further);
            (f64::from(cap - 1), beyond(known.busy, known.kappa, cap))
        }
    };
    let centre = match known {
        Some(_) => layout.centre_of_the_rest().clamp(1e-6, natural * 0.999_999),
        None => natural / 2.0,
    };
    let queue = Prior { natural, cut, centre, variance, expected, sigmas, alpha: of_mean };
    ((first..=levels).map(level).collect(), Some(Sides::new(queue)))
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
        let sum = run.q.iter().chain(&run.queue).map(Sides::error_probability).sum::<f64>();
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
            ("/layout/start/level", json!(1u32 << 29)),
            ("/layout/start/level", json!(0)),
            ("/layout/start/error", json!(bits(-1.0))),
            ("/layout/start/error", Value::Null),
            ("/layout/lower_before", json!(1u64 << 59)),
            ("/layout/upper_before", json!(1u64 << 59)),
            ("/layout/segments", json!(1u64 << 59)),
            ("/layout/segments", json!(0)),
            ("/layout/every", json!(0)),
            ("/layout/every", json!(1u64 << 40)),
            ("/layout/expected", json!(0)),
            ("/layout/centres/0", json!(bits(1.5))),
            ("/layout/variance", json!(bits(f64::NAN))),
            ("/layout/piloted", json!(u64::MAX)),
            ("/replications", json!(0)),
            ("/replications", json!(3)),
            ("/replications", json!(1001)),
            ("/met", json!(1001)),
            ("/seconds", json!(bits(f64::NAN))),
            ("/q/0/0", json!(bits(1e300))),
            ("/q/0/1", json!(bits(f64::INFINITY))),
            ("/queue/10", json!(bits(7.0))),
            ("/queue", json!([])),
            ("/q", json!([])),
        ] {
            assert_eq!(with(place, value.clone()), None, "{place} = {value}");
        }
    }
}
