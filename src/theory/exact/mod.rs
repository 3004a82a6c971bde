//! Exact laws of small systems: the generator with a cap, solved, with the error of the cap bounded
//! from both sides.
//!
//! | what | here |
//! |---|---|
//! | E q_i(infinity) and the mean queue length, on average and of each server | [`stationary`] |
//! | E q_i(t) at given times | [`transient()`] |
//! | the joint law of all queues with a cap, from empty | [`joint`](joint()), [`joint_after`] |
//! | complete graphs of some hundred servers | [`complete_graph`](complete_graph()) |
//! | what the cap leaves out | `bounds`, for the transient law `transient` |
//! | what the solver leaves open | `stationary`: the residual, and the span that it is multiplied with |
//!
//! Components of the graph are solved one by one, since their queues are independent; states that a
//! symmetry of the graph exchanges are counted once. The cap is chosen so that the error is as
//! small as doubles allow, or the states permit.
//!
//! ```
//! use fluidcheck::{graph::spec::Spec, model::Model, theory::exact};
//! let model = Model::new(Spec::parse("path:n=3")?.build(1, Default::default())?, 0.6, 2)?;
//! let law = exact::stationary(&model, &Default::default())?;
//! assert!((law.q[1].value - 0.31728931081).abs() < 1e-10 && law.truncation_error < 1e-10);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Source
//! Section 2 for the chain, Proposition 3.9 for its order, Remark 1 for the drift of the tail.

mod acceleration;
mod at_times;
mod complete_graph;
mod component;
mod error;
mod joint;
mod jump_rates;
mod occupancy_residual;
mod occupancy_window;
mod space;
mod stationary;
mod tail_bounds;

use std::collections::hash_map::{Entry, HashMap};

pub use complete_graph::complete_graph;
pub use error::ExactError;
pub use joint::{JointLaw, joint, joint_after};
pub use occupancy_residual::CompleteLaw;

use self::component::{Component, Nearness};
use self::jump_rates::Generator;
use self::space::Space;
use self::stationary::{Chain, expectations, rough, spread};
use self::tail_bounds::Bracket;
use super::mean_field::Start;
use super::poisson;
use crate::model::Model;

/// States of one component that are solved in at most a minute or so.
pub const MOST_STATES: u64 = 1_100_000;

/// The error at which a law is good enough.
pub const TOLERANCE: f64 = 1e-9;

/// The error that caps are chosen for; below it, rounding takes over.
const GOAL: f64 = 1e-12;

/// The first cap that is tried.
const FIRST_CAP: u32 = 6;

/// Levels that are always listed.
const LEAST_LEVELS: usize = 20;

/// How large a system may be, and how accurate its law must be.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Follow queues up to this length, whatever error that leaves; chosen by the error if `None`.
    pub cap: Option<u32>,
    /// The most states of a component.
    pub most_states: u64,
    /// The largest error that is accepted where the cap is chosen.
    pub tolerance: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { cap: None, most_states: MOST_STATES, tolerance: TOLERANCE }
    }
}

/// An expectation between two bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Value {
    /// Of the computed law.
    pub value: f64,
    /// At or below the expectation.
    pub lower: f64,
    /// At or above the expectation.
    pub upper: f64,
}

impl Value {
    /// A value within `error` of an expectation, which may be higher by `above` besides.
    fn around(value: f64, error: f64, above: f64) -> Self {
        Self { value, lower: (value - error).max(0.0), upper: value + error + above }
    }

    fn add(&mut self, weight: f64, other: Self) {
        self.value += weight * other.value;
        self.lower += weight * other.lower;
        self.upper += weight * other.upper;
    }

    /// The larger distance of a bound from the value.
    pub fn error(&self) -> f64 {
        (self.upper - self.value).max(self.value - self.lower)
    }
}

/// One server in the steady state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Server {
    /// Its expected queue length.
    pub mean_queue_length: Value,
    /// The probability that it is busy, which is the rate of the tasks that join it.
    pub busy: Value,
}

/// A law, as far as q_i and the mean queue length tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    /// E q_1, E q_2, ...
    pub q: Vec<Value>,
    /// The expected queue length of a server.
    pub mean_queue_length: Value,
    /// Every server, in the steady state; empty for a law at a given time.
    pub per_server: Vec<Server>,
    /// The largest error of q_i and of the mean queue length, whatever its cause: a worst case,
    /// rounding is usually far smaller.
    pub error: f64,
    /// The part of it that the cap makes.
    pub truncation_error: f64,
    /// The longest queue that was followed.
    pub cap: u32,
    /// States solved, all components together.
    pub states: u64,
}

/// The steady state.
///
/// # Errors
/// [`ExactError`]: no steady state, too many states, or a policy that is no function of the state
/// or has no critical load that is proved.
pub fn stationary(model: &Model, options: &Options) -> Result<Law, ExactError> {
    check(model, options)?;
    let mut components = Component::all(model, options.most_states)?;
    // Before any work: all parts must have a steady state.
    let loads = components.iter().map(Component::nearness).collect::<Result<Vec<_>, _>>()?;
    let mut known: HashMap<_, Found> = HashMap::new();
    let mut sum = Sum::new(model);
    // A server without a task type is always empty.
    sum.per_server = vec![Server::default(); model.graph().n_servers() as usize];
    for (component, nearness) in components.iter_mut().zip(loads) {
        let found = match known.entry(component.shape()) {
            Entry::Occupied(at) => at.into_mut(),
            Entry::Vacant(free) => {
                let found = solve(component, nearness, options)?;
                sum.states += found.states;
                free.insert(found)
            }
        };
        let cap = found.values.len() - 1;
        for (&v, server) in component.servers().iter().zip(&found.per_server) {
            sum.per_server[v as usize] = *server;
        }
        let q = |i: usize| {
            let (lower, upper) = found.bracket.q(i);
            Value { value: if i <= cap { found.values[i - 1] } else { 0.0 }, lower, upper }
        };
        let (lower, upper) = found.bracket.mean;
        let mean = Value { value: found.values[cap], lower, upper };
        let truncation = found.truncation.iter().copied().fold(0.0, f64::max);
        sum.add(component.n_servers(), cap, truncation, q, mean);
    }
    Ok(sum.law())
}

/// The laws at `times`, in their order; queue lengths at the start are independent and alike.
///
/// # Errors
/// [`ExactError`]: too many states, too many steps, an impossible time or start, or a policy that
/// is no function of the state or does not keep the order of states.
pub fn transient(
    model: &Model,
    start: &Start,
    times: &[f64],
    options: &Options,
) -> Result<Vec<Law>, ExactError> {
    check(model, options)?;
    start.validate()?;
    if let Some(&given) = times.iter().find(|t| !(t.is_finite() && **t >= 0.0)) {
        return Err(ExactError::Time(given));
    }
    let mut components = Component::all(model, options.most_states)?;
    let mut known: HashMap<_, Vec<at_times::AtTime>> = HashMap::new();
    let mut sums: Vec<Sum> = times.iter().map(|_| Sum::new(model)).collect();
    let mut covered = 0;
    for component in &mut components {
        covered += component.n_servers();
        let at_times = match known.entry(component.shape()) {
            Entry::Occupied(at) => at.into_mut(),
            Entry::Vacant(free) => {
                let (at_times, states) = follow(component, start, times, options)?;
                sums.iter_mut().for_each(|sum| sum.states += states);
                free.insert(at_times)
            }
        };
        for (sum, at) in sums.iter_mut().zip(&*at_times) {
            let cap = at.values.len() - 1;
            let around = |value: f64| Value::around(value, at.rounding, at.refused);
            // Beyond the cap nothing was followed.
            let q = |i: usize| around(if i <= cap { at.values[i - 1] } else { 0.0 });
            sum.add(component.n_servers(), cap, at.refused, q, around(at.values[cap]));
        }
    }
    // Servers without a task type only serve what they started with: one at a time, at rate 1.
    let idle = model.graph().n_servers() as usize - covered;
    if idle > 0 {
        for (sum, t) in sums.iter_mut().zip(times) {
            let q = idle_server(start, *t);
            let mean: f64 = q.iter().sum();
            let error = 1e-14 * (1.0 + mean) + start.tail(IDLE_LEVELS);
            let around = |value: f64| Value::around(value, error, 0.0);
            let q_i = |i: usize| around(q.get(i - 1).copied().unwrap_or(0.0));
            sum.add(idle, q.len(), start.tail(IDLE_LEVELS), q_i, around(mean));
        }
    }
    Ok(sums.into_iter().map(Sum::law).collect())
}

/// Levels of the start that are followed at a server without a task type.
const IDLE_LEVELS: usize = 4096;

/// q_i of a server that only serves: P(X(0) >= i + k) for k services until t.
fn idle_server(start: &Start, t: f64) -> Vec<f64> {
    let poisson = poisson::Poisson::new(t.min(1e7));
    let levels = (1..=IDLE_LEVELS).take_while(|&i| start.fraction(i) > 0.0).count();
    (1..=levels)
        .map(|i| {
            let most = (levels - i) as u64;
            (poisson.first..=poisson.last().min(most))
                .map(|k| poisson.weight(k) * start.fraction(i + k as usize))
                .sum()
        })
        .collect()
}

fn check(model: &Model, options: &Options) -> Result<(), ExactError> {
    let policy = model.policy();
    let lacks = if !policy.is_markov() {
        Some("what it sees or whose turn it is is no function of the queue lengths")
    } else if !policy.is_monotone() {
        // What a cap leaves out is bounded by chains below and above.
        Some("it does not keep the order of two systems, by which errors are bounded")
    } else {
        None
    };
    match lacks {
        Some(why) => Err(ExactError::Policy { policy: policy.to_string(), why }),
        None if options.cap == Some(0) => Err(ExactError::Cap(0)),
        None => Ok(()),
    }
}

/// An average over servers.
#[derive(Default)]
struct Sum {
    servers: f64,
    q: Vec<Value>,
    mean: Value,
    per_server: Vec<Server>,
    /// Beyond the list bounds still have something to say.
    error: f64,
    truncation: f64,
    cap: usize,
    states: u64,
}

impl Sum {
    fn new(model: &Model) -> Self {
        let servers = f64::from(model.graph().n_servers());
        Self { servers, q: vec![Value::default(); LEAST_LEVELS], ..Self::default() }
    }

    fn add(
        &mut self,
        servers: usize,
        cap: usize,
        truncation: f64,
        q: impl Fn(usize) -> Value,
        mean: Value,
    ) {
        let weight = servers as f64 / self.servers;
        if cap > self.q.len() {
            // The bounds of the parts before this one do not end with their lists.
            let upper = self.q.last().map_or(0.0, |last| last.upper);
            self.q.resize(cap, Value { upper, ..Value::default() });
        }
        for (i, sum) in (1..).zip(&mut self.q) {
            sum.add(weight, q(i));
        }
        self.mean.add(weight, mean);
        self.error += weight * q(cap + 1).error();
        self.truncation += weight * truncation;
        self.cap = self.cap.max(cap);
    }

    fn law(self) -> Law {
        let errors = self.q.iter().chain([&self.mean]).map(Value::error);
        Law {
            error: errors.fold(self.error, f64::max),
            truncation_error: self.truncation,
            q: self.q,
            mean_queue_length: self.mean,
            per_server: self.per_server,
            cap: self.cap as u32,
            states: self.states,
        }
    }
}

fn too_many(component: &Component<'_>, cap: u32, states: f64, options: &Options) -> ExactError {
    ExactError::TooManyStates {
        servers: component.n_servers() as u32,
        cap,
        needed: if states < 1e15 { format!("{states:.0}") } else { format!("{states:.1e}") },
        most: options.most_states,
    }
}

/// The largest cap that the number of states permits.
fn largest_cap(servers: usize, symmetries: &[Vec<usize>], most: u64) -> u32 {
    let fits = |cap: u32| Space::size(servers, cap, symmetries) <= most as f64;
    let (mut low, mut high) = (0, 1u32);
    while fits(high) && high < 1 << 28 {
        (low, high) = (high, high * 2);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        *(if fits(middle) { &mut low } else { &mut high }) = middle;
    }
    low
}

/// The steady state of a component.
fn solve(
    component: &mut Component<'_>,
    nearness: Nearness,
    options: &Options,
) -> Result<Found, ExactError> {
    let servers = component.n_servers();
    let kappa = (nearness.above, nearness.spread);
    let symmetries = component.symmetries();
    let most = largest_cap(servers, &symmetries, options.most_states);
    let size = |cap: u32| Space::size(servers, cap, &symmetries);
    if let Some(cap) = options.cap {
        if cap > most {
            return Err(too_many(component, cap, size(cap), options));
        }
        return Ok(at_cap(component, kappa, cap, &symmetries).0);
    }
    if most == 0 {
        return Err(too_many(component, 1, size(1), options));
    }
    let least = nearness.least_cap(servers, options.tolerance.max(3.0 * GOAL));
    if least > most {
        return Err(too_many(component, least, size(least), options));
    }
    let mut cap = FIRST_CAP.min(most);
    // How q falls per level.
    let mut ratio;
    // First, how far the tail goes: half the cap against the cap shows it.
    loop {
        let generator = Generator::new(component, cap, &symmetries);
        let q = generator.fractions(&rough(&generator, geometric(component, &generator)));
        ratio = tail_ratio(&q);
        let last = q.last().copied().unwrap_or(0.0);
        // What the cap leaves out comes down from there.
        let error = last / (1.0 - ratio) / (1.0 - kappa.0) * f64::from(cap);
        let needed = |wanted: f64| f64::from(cap) + (error / wanted).ln().max(0.0) / -ratio.ln();
        // A factor in the estimate, before the work is refused.
        let least = needed(options.tolerance);
        if (cap > FIRST_CAP || cap == most) && least > 1.1 * f64::from(most) + 4.0 {
            let least = least.min(1e9) as u32;
            return Err(too_many(component, least, size(least), options));
        }
        if error <= GOAL || cap == most {
            break;
        }
        cap = (needed(GOAL).min(1e9) as u32 + 1).clamp(cap + 1, 3 * cap).min(most);
    }
    loop {
        let (found, truncation) = at_cap(component, kappa, cap, &symmetries);
        let scale = found.bracket.mean.0.max(1.0);
        if truncation <= 3.0 * GOAL * scale
            || (cap == most && truncation <= options.tolerance * scale)
        {
            return Ok(found);
        }
        let further = |error: f64| {
            ((truncation.min(1e6) / error).ln() / -ratio.ln()).ceil().clamp(1.0, 1e9) as u32
        };
        if cap == most {
            let needed = cap.saturating_add(further(options.tolerance * scale));
            return Err(too_many(component, needed, size(needed), options));
        }
        cap = cap.saturating_add(further(GOAL * scale)).min(most);
    }
}

/// The factor by which q falls from level to level in the upper half.
fn tail_ratio(q: &[f64]) -> f64 {
    let (cap, half) = (q.len(), q.len().div_ceil(2));
    match (q.get(half - 1), q.last()) {
        (Some(&middle), Some(&last)) if middle > 0.0 && cap > half => {
            (last / middle).max(1e-12).powf(1.0 / (cap - half) as f64).min(0.9999)
        }
        _ => 0.5,
    }
}

/// A law to start from, geometric in the number of tasks: positive everywhere, and near enough.
fn geometric(component: &Component<'_>, generator: &Generator) -> Vec<f64> {
    let load = (component.arrival_rate() / component.n_servers() as f64).min(0.999);
    let space = &generator.space;
    let of_state = |number: usize| {
        let total: u32 = space.state(number).iter().sum();
        space.weight(number) * load.powi(total as i32).max(f64::MIN_POSITIVE)
    };
    (0..generator.len()).map(of_state).collect()
}

/// A component, solved.
struct Found {
    bracket: Bracket,
    /// q_1, ..., q_B and the mean queue length.
    values: Vec<f64>,
    /// The part of the error that the cap makes, for each of them.
    truncation: Vec<f64>,
    per_server: Vec<Server>,
    states: u64,
}

/// The servers of a component one by one, from the law of the chain that loses tasks at the cap.
///
/// That chain is below the one without a cap at every server, so that a server lacks at most what
/// all lack together; and the functions X_v have solutions h that increase, so that the error of
/// one is at most the error of their sum.
fn servers(
    generator: &Generator,
    law: &[f64],
    symmetries: &[Vec<usize>],
    bracket: &Bracket,
) -> Vec<Server> {
    let count = generator.space.servers();
    let mut sums = vec![(0.0, 0.0); count];
    for (number, p) in law.iter().enumerate() {
        for ((mean, busy), &length) in sums.iter_mut().zip(generator.space.state(number)) {
            *mean += p * f64::from(length);
            *busy += if length > 0 { *p } else { 0.0 };
        }
    }
    // A state stands for all its images.
    let average = |v: usize, part: fn(&(f64, f64)) -> f64| {
        symmetries.iter().map(|by| part(&sums[by[v]])).sum::<f64>() / symmetries.len() as f64
    };
    let n = count as f64;
    let around = |value: f64, all: f64, (low, high): (f64, f64)| {
        let error = (all - low).max(0.0);
        let (below, above) = (n * error, n * ((high - all).max(0.0) + 2.0 * error));
        Value { value, lower: (value - below).max(0.0), upper: value + above }
    };
    let (mean, busy) = (
        sums.iter().map(|(mean, _)| mean).sum::<f64>() / n,
        sums.iter().map(|(_, busy)| busy).sum::<f64>() / n,
    );
    (0..count)
        .map(|v| Server {
            mean_queue_length: around(average(v, |at| at.0), mean, bracket.mean),
            busy: around(average(v, |at| at.1), busy, bracket.q(1)),
        })
        .collect()
}

/// The law with a cap, and the largest part of its error that the cap makes.
fn at_cap(
    component: &mut Component<'_>,
    kappa: (f64, f64),
    cap: u32,
    symmetries: &[Vec<usize>],
) -> (Found, f64) {
    let generator = Generator::new(component, cap, symmetries);
    let lower = expectations(&Chain::lower(&generator), geometric(component, &generator));
    // About the tasks that are on their way down from the full state.
    let moving = (10.0 * lower.refused * f64::from(cap)).clamp(1e-15, 0.1);
    let upper = expectations(&Chain::upper(&generator), spread(&lower.law, moving));
    let servers = component.n_servers();
    let (below, above) = ((&*lower.values, &*lower.errors), (&*upper.values, &*upper.errors));
    let bracket = tail_bounds::bracket(servers, kappa, below, above);
    // The same with no rounding in it: a refused task moves the chain by at most s.
    let none = vec![0.0; lower.values.len()];
    let moved: Vec<f64> = lower.spans.iter().map(|span| (upper.refused * span).min(1e9)).collect();
    let cut = tail_bounds::bracket(servers, kappa, (&lower.values, &none), (&lower.values, &moved));
    let truncation = cut.widths();
    let largest = truncation.iter().copied().fold(0.0, f64::max);
    let per_server = self::servers(&generator, &lower.law, symmetries, &bracket);
    let states = generator.len() as u64;
    (Found { bracket, values: lower.values, truncation, per_server, states }, largest)
}

/// The transient law of a component and the states.
fn follow(
    component: &mut Component<'_>,
    start: &Start,
    times: &[f64],
    options: &Options,
) -> Result<(Vec<at_times::AtTime>, u64), ExactError> {
    let servers = component.n_servers();
    let symmetries = component.symmetries();
    let most = largest_cap(servers, &symmetries, options.most_states);
    let size = |cap: u32| Space::size(servers, cap, &symmetries);
    // The start itself must fit, but for a negligible tail.
    let levels = (0..=IDLE_LEVELS).find(|&i| start.tail(i) < GOAL).unwrap_or(IDLE_LEVELS) as u32;
    let mut cap = options.cap.unwrap_or((levels + FIRST_CAP).min(most.max(1)).max(levels));
    if cap > most {
        return Err(too_many(component, cap, size(cap), options));
    }
    loop {
        let generator = Generator::new(component, cap, &symmetries);
        let found = at_times::at_times(&generator, start, times)?;
        let error = found.iter().map(|at| at.refused).fold(0.0, f64::max);
        if options.cap.is_some() || error <= GOAL || (cap == most && error <= options.tolerance) {
            return Ok((found, generator.len() as u64));
        }
        if cap == most {
            let more = (2.0 * f64::from(cap)) as u32;
            return Err(too_many(component, more, size(more), options));
        }
        cap = (cap + cap / 2 + 2).min(most);
    }
}
