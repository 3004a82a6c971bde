//! Samples that bracket the steady state, without guessing a burn-in.
//!
//! Two copies of the system share their marks, one from empty, one from "every server has L tasks".
//! The chain is monotone in its start (Proposition 3.9), so for every nondecreasing f, at every
//! fixed number of events,
//!
//! E f(from empty) <= E f(X(infinity)) <= E f(from L) + P(some queue of X(infinity) is longer than
//! L).
//!
//! What is said of the last term depends on what is asked, and is no part of the sampler
//! ([`Plan::run`]); every L is the least one with a bound at most so large ([`least_level`]):
//!
//! | bound | for |
//! |---|---|
//! | N E q_(L+1) by `Tail::reached` | every f: [`upper_start`] |
//! | sum_(i > L) load^i, [`geometric_tail`], in tasks per server | f of slope 1 in the l1 distance of q |
//!
//! The second bound needs E q_i <= load^i: claims on convergence have it with load = rho(G),
//! figures with load = lambda / lambda_c.
//!
//! The first: P is at most N E q_(L+1)(infinity). Where rho(G) < 1 the drift of sum_v z^(X_v), 1 <
//! z < 1 / rho, gives N^-1 E sum_v z^(X_v) <= (1 - lambda) / (1 - z rho), and Markov's inequality E
//! q_B(infinity) <= z^-B (1 - lambda) / (1 - z rho); the best z is B / ((B + 1) rho). Otherwise,
//! and where lambda is below the critical load, E q_(i+1) <= kappa E q_i with kappa = lambda /
//! lambda_c (the tasks that only {v: X_v >= i} can serve), so that E q_B <= lambda kappa^(B-1). L
//! is chosen so that N E q_(L+1) is below [`START_ERROR`]. Where no load is known to be critical,
//! no such bound is: the upper start is then a guess, and every result says "upper end not
//! certified".
//!
//! A policy that does not keep the order of the copies gives no bracket: each sample then lies
//! between what its two copies show, whichever is larger, and is not certified.
//!
//! How many events pass before the samples is chosen from pilot runs with randomness of their own;
//! that choice can make an interval wide, never wrong.
//!
//! # Source
//! Proposition 3.9; the drift of sum_v z^(X_v) in the manner of Proposition 4.1.

use std::sync::{Condvar, Mutex, MutexGuard, OnceLock};

use serde::{Deserialize, Serialize};

use crate::model::sample_law::SampleLaw;
use crate::model::{Model, loads};
use crate::num::{float_bits, ratio};
use crate::simulate::Queues;
use crate::subject::{Pair, Subject};
use crate::theory::stability::critical_load_of;

/// The largest probability that the upper start is exceeded in steady state.
pub const START_ERROR: f64 = 1e-9;

/// Pilot runs that choose the length of a replication.
const PILOTS: u64 = 24;

/// Events for pilots, from the fifth on.
const MOST_PILOTED: u64 = 20_000_000;

/// The shortest window in events: in small systems long averages cost nothing, and few replications
/// then decide.
const LEAST_WINDOW: u64 = 16_384;

/// The shortest window of samples that claims look at. A test of a bounded mean takes a number of
/// replications that the margin sets, however little they vary: long averages are then idle.
const LEAST_WINDOW_OF_CLAIMS: u64 = 4096;

/// Looks of a window at the rates of joining, each of which takes a while.
const LOOKS_AT_JOINING: u64 = 16;

/// Samples kept for other claims; later ones are drawn anew, which gives the same.
const KEPT: usize = 4096;

/// A start above the steady state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct UpperStart {
    /// L: every server starts with that many tasks.
    pub level: u32,
    /// A bound on the probability that the steady state exceeds it somewhere; `None` where none is
    /// known.
    #[serde(with = "float_bits::optional")]
    pub error: Option<f64>,
}

/// min over z of z^-B (1 - lambda) / (1 - z rho): a bound on E q_B(infinity). At most 1; 1 where it
/// says nothing.
///
/// # Panics
/// Unless 0 < rho < 1.
pub fn tail_bound(rho: f64, busy: f64, level: u32) -> f64 {
    assert!(rho > 0.0 && rho < 1.0, "the tail bound needs rho in (0, 1), not {rho}");
    let b = f64::from(level);
    let z = b / ((b + 1.0) * rho);
    if z <= 1.0 {
        return 1.0;
    }
    // Upwards by more than the rounding of the few operations.
    ((1.0 - busy).ln() - b * z.ln() - (1.0 - z * rho).ln() + 1e-9).exp().min(1.0)
}

/// sum_(i > level) load^i.
pub fn geometric_tail(load: f64, level: u32) -> f64 {
    load.powf(f64::from(level) + 1.0) / (1.0 - load)
}

/// The highest start.
const HIGHEST: u32 = 1 << 20;

/// The least level from 1 on at which `bound`, which falls, is at most `error`; some 10^6 if it is
/// larger: loads next to 1 would need starts that no run can leave.
pub fn least_level(bound: impl Fn(u32) -> f64, error: f64) -> u32 {
    let (mut low, mut high) = (0, 1);
    while bound(high) > error && high < HIGHEST {
        (low, high) = (high, high * 2);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if bound(middle) > error {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// How the steady state falls from level to level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    n: f64,
    busy: f64,
    /// E q_i <= load^i, rounded upwards.
    pub(super) load: f64,
    by_rho: bool,
}

impl Tail {
    /// `None` where no bound is known: at or above the critical load, or for a policy without one.
    pub(super) fn of(model: &Model) -> Option<Self> {
        let policy = model.policy();
        if !policy.is_monotone() || !policy.joins_a_shortest() {
            return None;
        }
        let n = f64::from(model.graph().n_servers());
        let busy = model.lambda() * (1.0 - ratio::to_f64(&model.graph().lost_share()));
        // Rounded upwards: the bounds increase in the load.
        let rho = ratio::to_f64(&loads::rho(model)) * (1.0 + 1e-12);
        // (4.4) needs that a server gets at most its share of the samples.
        if rho < 1.0 && policy.weights().is_none() {
            return Some(Self { n, busy, load: rho, by_rho: true });
        }
        kappa(model).map(|load| Self { n, busy, load, by_rho: false })
    }

    /// A bound on N E q_level(infinity), so on the probability that some queue has that many tasks;
    /// level >= 1.
    pub(super) fn reached(&self, level: u32) -> f64 {
        if self.by_rho {
            return self.n * tail_bound(self.load, self.busy, level);
        }
        self.n * self.busy * self.load.powf(f64::from(level) - 1.0)
    }
}

/// lambda / lambda_c, rounded upwards, for policies that join a shortest of their samples; `None`
/// where it is not certified to be below 1.
fn kappa(model: &Model) -> Option<f64> {
    let critical = critical_load_of(model).ok()?;
    let least = critical.exact.as_ref().map_or(critical.lower, ratio::to_f64);
    let kappa = model.lambda() / least * (1.0 + 1e-12);
    (kappa < 1.0).then_some(kappa)
}

/// Looks of the pilot that guesses a start, each after at most twice as many events as servers.
const LOOKS: u64 = 1_000;

/// The start that is above the steady state but for [`START_ERROR`], or `guess` where none is
/// certified.
pub fn upper_start(model: &Model, guess: u32) -> UpperStart {
    if model.graph().n_edges() == 0 {
        // No task is ever served anywhere: empty is the steady state, and one task everywhere is
        // above it.
        return UpperStart { level: 1, error: Some(0.0) };
    }
    let Some(tail) = Tail::of(model) else {
        return UpperStart { level: guess, error: None };
    };
    // Where the level is capped, its error is not hidden.
    let error = |level: u32| tail.reached(level.saturating_add(1));
    let level = least_level(error, START_ERROR);
    UpperStart { level, error: Some(error(level).min(1.0)) }
}

/// A plan with one look, for functions of slope 1 in the l1 distance of q, and the excess of the
/// steady state over its upper start, at most `error` tasks per server. `None` where no load is
/// known by which the levels fall.
///
/// Copies need not meet: what bounds a function of this kind is how few tasks they are apart. The
/// time lets queues of L tasks end and the last differences vanish; too short a one makes brackets
/// wide, never wrong.
pub fn averaging_plan(model: &Model, error: f64) -> Option<(Plan, f64)> {
    let load = Tail::of(model)?.load;
    // Where servers differ kappa is far below rho, and time goes with 1 / (1 - load).
    let load = kappa(model).map_or(load, |kappa| load.min(kappa));
    let level = least_level(|level| geometric_tail(load, level), error);
    let excess = geometric_tail(load, level);
    let time = (1.3 * f64::from(level) + 6.0) / (1.0 - load);
    let events = (time * model.event_rate()).ceil() as u64;
    let start = UpperStart { level, error: Some(excess) };
    Some((Plan { start, warm_up: events.max(1) - 1, window: 1, every: 1, top: 0 }, excess))
}

/// How long replications are, and where they start.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The upper start.
    pub start: UpperStart,
    /// Events before the window.
    pub warm_up: u64,
    /// Events of the window.
    pub window: u64,
    /// Events between two looks inside the window.
    pub every: u64,
    /// The highest level seen by a pilot from empty.
    pub top: u32,
}

/// Why there is no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCoalescence {
    /// Events that passed without the two systems meeting.
    pub events: u64,
}

/// After how many events a pilot gives up: far more than a stable system of this size needs.
pub fn pilot_limit(model: &Model) -> u64 {
    let usual = (20_000 * u64::from(model.graph().n_servers())).max(4_000_000);
    // Queues of L tasks at load rho empty in a time of L / (1 - rho).
    let rho = ratio::to_f64(&loads::rho(model));
    let load = if rho < 1.0 { Some(rho) } else { Tail::of(model).map(|tail| tail.load) };
    let time = |load: f64| f64::from(upper_start(model, 0).level) / (1.0 - load);
    let emptying = load.map_or(0.0, |load| time(load) * model.event_rate());
    usual.max((6.0 * emptying) as u64).min(100_000_000)
}

/// Chooses a plan by pilots that stop after `limit` events each.
///
/// # Errors
/// [`NoCoalescence`] where a pilot's systems did not meet within `limit` events.
pub fn plan(
    subject: &dyn Subject,
    model: &Model,
    seed: u64,
    limit: u64,
) -> Result<Plan, NoCoalescence> {
    plan_from(subject, model, seed, limit, upper_start(model, 0))
}

/// [`plan`] with another upper start; one that is not certified is guessed anew.
///
/// # Errors
/// As [`plan`].
pub(super) fn plan_from(
    subject: &dyn Subject,
    model: &Model,
    seed: u64,
    limit: u64,
    mut start: UpperStart,
) -> Result<Plan, NoCoalescence> {
    let n = model.graph().n_servers();
    let (mut slowest, mut top, mut spent) = (0, 0, 0);
    // The pilots' randomness is apart from that of the replications.
    let seed = seed ^ crate::random::fingerprint("pilot");
    let pair = |replication, level| {
        let start = |level| vec![level; n as usize];
        Pair::new(subject, model, seed, replication, start(0), start(level))
    };
    if start.error.is_none() {
        let mut path = pair(u64::from(u32::MAX), 0);
        let mut longest_seen = 0;
        for _ in 0..LOOKS {
            path.advance((limit / LOOKS).clamp(1, 2 * u64::from(n)));
            longest_seen = longest_seen.max(longest(path.lower()));
        }
        start.level = 2 * longest_seen + 10;
    }
    let every = u64::from(n.div_ceil(4));
    for pilot in 0..PILOTS {
        // Where a pilot is dear, few must do: the plan decides about width only.
        if pilot >= 4 && spent >= MOST_PILOTED {
            break;
        }
        let mut pair = pair(pilot, start.level);
        let mut events = 0;
        while !pair.met() {
            if events >= limit {
                return Err(NoCoalescence { events });
            }
            pair.advance(every);
            events += every;
            top = top.max(longest(pair.lower()));
        }
        slowest = slowest.max(events);
        spent += events;
    }
    // A little beyond the slowest pilot: nearly all replications have met before their window
    // opens.
    Ok(Plan {
        start,
        warm_up: slowest + slowest / 4,
        window: (slowest / 4).max(64 * every).max(LEAST_WINDOW),
        every,
        top,
    })
}

fn longest(queues: &Queues) -> u32 {
    queues.occupancy().counts().len() as u32
}

/// What one replication saw, averaged over its window.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// q_1, q_2, ... from empty: at or below the steady state in expectation.
    pub lower: Vec<f64>,
    /// The same from L: at or above, but for the start's error.
    pub upper: Vec<f64>,
    /// q_1, q_2, ... at the end of the window, from empty and from L, not averaged.
    pub last: (Vec<f64>, Vec<f64>),
    /// For i = 1, 2, ... the rate of the tasks that join a queue of length i or more, from empty
    /// and from L, averaged over some looks of the window; empty but for [`Samples`].
    pub joined: (Vec<f64>, Vec<f64>),
    /// Whether the systems had met before the window.
    pub met: bool,
    /// Whether the copy from empty was below the other at every look: else the two bracket nothing.
    pub ordered: bool,
    /// Events of the replication.
    pub events: u64,
}

impl Plan {
    /// How often the window is looked into.
    pub fn looks(&self) -> u64 {
        (self.window / self.every).max(1)
    }

    /// The sampler: lets copies on common marks, together or one after the other, `advance` to the
    /// window, look 0, and through it.
    pub fn run<C>(
        &self,
        copies: &mut C,
        mut advance: impl FnMut(&mut C, u64),
        mut look: impl FnMut(u64, &mut C),
    ) {
        advance(copies, self.warm_up);
        look(0, copies);
        for at in 1..=self.looks() {
            advance(copies, self.every);
            look(at, copies);
        }
    }

    /// Events of one replication.
    pub fn events(&self) -> u64 {
        self.warm_up + self.window
    }

    /// Whether [`plan`] could have made it of this model with this limit: what a file says of it
    /// costs no more time and memory than a plan may.
    pub fn may_be_of(&self, model: &Model, limit: u64) -> bool {
        let n = u64::from(model.graph().n_servers());
        let every = n.div_ceil(4);
        let slowest = limit.saturating_add(every);
        // A queue has at most one task for each event.
        let guess = 2 * (LOOKS * 2 * n) + 10;
        let level = u64::from(self.start.level);
        let start_fits = match (upper_start(model, 0).error, self.start.error) {
            (Some(_), Some(error)) => level <= u64::from(HIGHEST) && (0.0..=1.0).contains(&error),
            (None, None) => level <= guess,
            _ => false,
        };
        start_fits
            && self.every == every
            && self.warm_up <= slowest.saturating_add(slowest / 4)
            && (1..=(slowest / 4).max(64 * every).max(LEAST_WINDOW)).contains(&self.window)
    }
}

/// sum_i power(|q_i - target_i|) from below and above, where each q_i is only known to lie between
/// that of `lower` and that of `upper`.
pub fn distance(
    (lower, upper): (&[f64], &[f64]),
    target: &[f64],
    power: impl Fn(f64) -> f64,
) -> (f64, f64) {
    let levels = lower.len().max(upper.len()).max(target.len());
    let at = |q: &[f64], i: usize| q.get(i).copied().unwrap_or(0.0);
    let (mut least, mut most) = (0.0, 0.0);
    for i in 0..levels {
        let (low, high, target) = (at(lower, i), at(upper, i), at(target, i));
        least += power((low - target).max(target - high).max(0.0));
        most += power((target - low).abs().max((high - target).abs()));
    }
    (least, most)
}

impl Sample {
    /// The sample of one replication.
    pub fn draw(
        subject: &dyn Subject,
        model: &Model,
        plan: &Plan,
        seed: u64,
        replication: u64,
    ) -> Self {
        Self::draw_with(subject, model, plan, (seed, replication), None)
    }

    fn draw_with(
        subject: &dyn Subject,
        model: &Model,
        plan: &Plan,
        (seed, replication): (u64, u64),
        joining: Option<&Joining>,
    ) -> Self {
        let n = model.graph().n_servers() as usize;
        let mut pair =
            Pair::new(subject, model, seed, replication, vec![0; n], vec![plan.start.level; n]);
        let (mut met, mut ordered) = (false, true);
        // Of the lower copy, of the upper one, and of both where they have met.
        let (mut lower, mut upper, mut both) = (Vec::new(), Vec::new(), Vec::new());
        let every = (plan.looks() / LOOKS_AT_JOINING).max(1);
        let mut joined = (Vec::new(), Vec::new());
        let weight = 1.0 / (plan.looks() / every) as f64;
        plan.run(&mut pair, Pair::advance, |look, pair| {
            if let Some(joining) = joining.filter(|_| look > 0 && look % every == 0) {
                joining.add(pair.lower(), weight, &mut joined.0);
                joining.add(pair.upper(), weight, &mut joined.1);
            }
            if !pair.met() {
                let mut lengths = pair.lower().lengths().iter().zip(pair.upper().lengths());
                ordered &= lengths.all(|(lower, upper)| lower <= upper);
            }
            if look == 0 {
                met = pair.met();
                return;
            }
            let counts = pair.lower().occupancy().counts();
            if pair.met() {
                add(&mut both, counts);
            } else {
                add(&mut lower, counts);
                add(&mut upper, pair.upper().occupancy().counts());
            }
        });
        add(&mut lower, &both);
        add(&mut upper, &both);
        let looks = plan.looks();
        let average = |sums: Vec<u64>, looks: u64| -> Vec<f64> {
            sums.into_iter().map(|sum| sum as f64 / (looks as f64 * n as f64)).collect()
        };
        let last = |queues: &Queues| average(queues.occupancy().counts().to_vec(), 1);
        Self {
            last: (last(pair.lower()), last(pair.upper())),
            joined,
            lower: average(lower, looks),
            upper: average(upper, looks),
            met,
            ordered,
            events: plan.warm_up + looks * plan.every,
        }
    }

    /// q_i from below and above; 0 beyond the longest queue. `i >= 1`.
    pub fn q(&self, i: u32) -> (f64, f64) {
        let at = |q: &[f64]| q.get(i as usize - 1).copied().unwrap_or(0.0);
        ascending(at(&self.lower), at(&self.upper))
    }

    /// The mean queue length from below and above.
    pub fn mean_queue_length(&self) -> (f64, f64) {
        ascending(self.lower.iter().sum(), self.upper.iter().sum())
    }
}

/// How often tasks join queues of some length or more, given the state.
struct Joining {
    model: Model,
    law: SampleLaw,
    /// lambda r_w / M.
    weights: Vec<f64>,
}

impl Joining {
    /// `None` where samples are drawn by weights, for which no number of servers tells g.
    fn new(model: &Model) -> Option<Self> {
        let law = model.policy().sample_law()?;
        let graph = model.graph();
        let scale = model.lambda() / f64::from(graph.n_task_types());
        let weight = |w| scale * ratio::to_f64(&graph.relative_rate(w));
        Some(Self {
            model: model.clone(),
            law,
            weights: (0..graph.n_task_types()).map(weight).collect(),
        })
    }

    /// Adds a multiple of the rates, for i = 1, 2, ..., of the tasks that join a queue of length i
    /// or more, for each server: (lambda / M) sum_w r_w g_w(Q_i^w), where g_w(s) is the probability
    /// that all samples of a task of type w lie within a given s of its servers. In steady state
    /// this rate is q_(i+1) in the mean, (4.10).
    fn add(&self, queues: &Queues, factor: f64, rates: &mut Vec<f64>) {
        let graph = self.model.graph();
        let mut add = |weight: f64, counts: &[u64], n: usize| {
            if rates.len() < counts.len() {
                rates.resize(counts.len(), 0.0);
            }
            for (rate, &count) in rates.iter_mut().zip(counts) {
                *rate += factor * weight * self.law.all_within_f64(count as usize, n);
            }
        };
        let n = graph.n_servers() as usize;
        if graph.n_edges() == n as u64 * u64::from(graph.n_task_types()) {
            return add(self.weights.iter().sum(), queues.occupancy().counts(), n);
        }
        let mut counts = Vec::new();
        for (w, &weight) in (0..).zip(&self.weights) {
            let servers = graph.servers_of(w);
            counts.clear();
            for v in servers.iter() {
                let length = queues.lengths()[v as usize] as usize;
                if counts.len() < length {
                    counts.resize(length, 0);
                }
                counts[..length].iter_mut().for_each(|count| *count += 1);
            }
            add(weight, &counts, servers.len());
        }
    }
}

/// Copies of a policy that does not keep their order may have changed places.
fn ascending(lower: f64, upper: f64) -> (f64, f64) {
    (lower.min(upper), lower.max(upper))
}

fn add(sums: &mut Vec<u64>, counts: &[u64]) {
    if sums.len() < counts.len() {
        sums.resize(counts.len(), 0);
    }
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += count;
    }
}

/// The samples so far; `None` for those that some thread is drawing.
#[derive(Default)]
struct Drawn {
    samples: Vec<Option<Sample>>,
    /// Whether a thread ended without the sample that it had begun.
    failed: bool,
}

/// Samples of one model under one seed, drawn when first asked for, shared by the claims that look
/// at the same steady state.
///
/// Sample r is a function of the seed and r, whoever draws it. Claims on different threads draw
/// different ones.
pub struct Samples<'a> {
    subject: &'a dyn Subject,
    model: &'a Model,
    seed: u64,
    limit: u64,
    plan: OnceLock<Result<Plan, NoCoalescence>>,
    joining: OnceLock<Option<Joining>>,
    drawn: Mutex<Drawn>,
    changed: Condvar,
}

/// Samples that may be begun ahead of the one that is waited for.
const AHEAD: usize = 4;

impl<'a> Samples<'a> {
    /// Nothing is drawn yet. A pilot gives up after `limit` events.
    pub fn new(subject: &'a dyn Subject, model: &'a Model, seed: u64, limit: u64) -> Self {
        let (plan, joining) = (OnceLock::new(), OnceLock::new());
        let (drawn, changed) = (Mutex::default(), Condvar::new());
        Self { subject, model, seed, limit, plan, joining, drawn, changed }
    }

    /// The same by a plan of the caller's, without pilots.
    pub fn planned(subject: &'a dyn Subject, model: &'a Model, seed: u64, plan: Plan) -> Self {
        let samples = Self::new(subject, model, seed, 0);
        Self { plan: OnceLock::from(Ok(plan)), ..samples }
    }

    /// The plan, chosen at the first call.
    ///
    /// # Errors
    /// [`NoCoalescence`] where there is none.
    pub fn plan(&self) -> Result<Plan, NoCoalescence> {
        *self.plan.get_or_init(|| {
            let plan = plan(self.subject, self.model, self.seed, self.limit)?;
            let least = LEAST_WINDOW_OF_CLAIMS.max(plan.warm_up / 5).max(64 * plan.every);
            Ok(Plan { window: plan.window.min(least), ..plan })
        })
    }

    /// Shows samples `0, 1, ...` to `look` until it has seen enough (returns `false`), or `most` of
    /// them.
    ///
    /// # Errors
    /// [`NoCoalescence`] where there is no plan.
    ///
    /// # Panics
    /// If the subject panics, in this thread or in one that draws for it.
    pub fn each(
        &self,
        most: usize,
        mut look: impl FnMut(&Plan, &Sample) -> bool,
    ) -> Result<Plan, NoCoalescence> {
        let plan = self.plan()?;
        for at in 0..most {
            if !look(&plan, &self.sample(&plan, at)) {
                break;
            }
        }
        Ok(plan)
    }

    fn draw(&self, plan: &Plan, at: usize) -> Sample {
        let joining = self.joining.get_or_init(|| Joining::new(self.model));
        let at = (self.seed, at as u64);
        Sample::draw_with(self.subject, self.model, plan, at, joining.as_ref())
    }

    fn lock(&self) -> MutexGuard<'_, Drawn> {
        self.drawn.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn sample(&self, plan: &Plan, at: usize) -> Sample {
        if at >= KEPT {
            return self.draw(plan, at);
        }
        let mut drawn = self.lock();
        loop {
            if let Some(Some(sample)) = drawn.samples.get(at) {
                return sample.clone();
            }
            assert!(!drawn.failed, "another thread failed at a sample of the steady state");
            let next = drawn.samples.len();
            if next <= at + AHEAD && next < KEPT {
                drawn.samples.push(None);
                drop(drawn);
                let promise = Promise { samples: self, kept: false };
                let sample = self.draw(plan, next);
                promise.keep(next, sample);
                drawn = self.lock();
            } else {
                // Whoever draws it is at work now and waits for nobody.
                drawn = self.changed.wait(drawn).unwrap_or_else(|poisoned| poisoned.into_inner());
            }
        }
    }
}

/// A sample that a thread has begun; if it fails, those that wait must hear of it.
struct Promise<'a> {
    samples: &'a Samples<'a>,
    kept: bool,
}

impl Promise<'_> {
    fn keep(mut self, at: usize, sample: Sample) {
        self.samples.lock().samples[at] = Some(sample);
        self.kept = true;
    }
}

impl Drop for Promise<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.samples.lock().failed = true;
        }
        self.samples.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::BipartiteGraph;
    use crate::subject::Reference;

    #[test]
    fn the_start_is_exceeded_with_at_most_the_stated_probability() {
        // M/M/1: P(X > L) = lambda^(L + 1) exactly.
        let model = Model::new(BipartiteGraph::complete(1, 1).unwrap(), 0.5, 1).unwrap();
        let start = upper_start(&model, 0);
        let exact = 0.5f64.powi(start.level as i32 + 1);
        assert!(exact <= start.error.unwrap() && start.error.unwrap() <= START_ERROR);
    }

    #[test]
    fn the_tail_bound_is_above_the_exact_tail_of_a_single_server() {
        for level in 1..60 {
            for rho in [0.1, 0.5, 0.8, 0.99] {
                assert!(tail_bound(rho, rho, level) >= f64::powi(rho, level as i32));
            }
        }
    }

    #[test]
    fn samples_do_not_depend_on_who_asks_first() {
        let model = Model::new(BipartiteGraph::complete(3, 2).unwrap(), 0.6, 2).unwrap();
        let take = |most| {
            let samples = Samples::new(&Reference, &model, 5, 1 << 24);
            let mut seen = Vec::new();
            let mut look = |_: &Plan, sample: &Sample| {
                seen.push(sample.clone());
                true
            };
            samples.each(most, &mut look).unwrap();
            seen
        };
        assert_eq!(take(5)[..3], take(3)[..]);
    }
}
