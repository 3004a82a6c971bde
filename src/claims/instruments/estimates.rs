//! Estimates as users get them, against laws that are known exactly.
//!
//! | claim | known law |
//! |---|---|
//! | `transient-law` | E q_i(t) of a small graph, by [`exact::transient`] with the cap [`CAP`] |
//! | `steady-law` | random routing (d = 1) on a complete graph: independent M/M/1 queues, so that E q_i = lambda^i and the delay is 1 / (1 - lambda) |
//!
//! Both read production intervals that are said to hold together with a stated probability:
//! *violated* where the exact value lies outside one, *holds* where all lie inside and no interval
//! is wider than the claim says.
//!
//! # Source
//! Section 2; M/M/1 is classical.

use crate::claims::{
    Claim, Effect, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting, Verdict,
};
use crate::estimate::bracketing::{Plan, Sample, UpperStart, tail_bound, upper_start};
use crate::estimate::from_the_past::cap_for;
use crate::estimate::{Estimated, Options};
use crate::faults;
use crate::graph::{BipartiteGraph, Isolated};
use crate::model::Model;
use crate::stats::spending;
use crate::subject::Reference;
use crate::theory::exact;
use crate::theory::mean_field::Start;

/// The law at fixed times.
pub(crate) const TRANSIENT_LAW: Claim = Claim {
    id: "transient-law",
    source: "section 2",
    paper: &["Section 2"],
    statement: "estimated E q_i(t) at t = 1/4, 1 and i <= 3 are those of the generator, within \
        0.06",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "E q_i(t) off by 0.06",
        observations: 60_000,
        unit: "replications",
    }),
    policies: Policies::Both(&Policies::Monotone, &Policies::Markov),
    hypotheses: &[Hypothesis::ServersAtMost(3)],
    rejects: &[faults::ONE_SAMPLE_MORE],
    run: |claim, setting| Evidence::or_violated(|seen| transient_law(claim, setting, seen)),
};

/// The steady state: lambda^i and 1 / (1 - lambda); the tail bounds are above the tails.
pub(crate) const STEADY_LAW: Claim = Claim {
    id: "steady-law",
    source: "section 2; M/M/1",
    paper: &["Section 2"],
    statement: "with d = 1 on complete graphs, estimated E q_i(infinity) and mean delay are \
        those of M/M/1, within 10 %",
    kind: Kind::Statistical,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "E q_i(infinity) or the mean delay off by 10 %",
        observations: 12_000,
        unit: "replications",
    }),
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::ONE_SAMPLE_MORE],
    run: |claim, setting| Evidence::or_violated(|seen| steady_law(claim, setting, seen)),
};

/// Longer queues are not followed; the probability of them is added to what is permitted.
const CAP: u32 = 12;

const TIMES: [f64; 2] = [0.25, 1.0];

/// The widest interval with which `transient-law` holds.
const WIDTH: f64 = 0.06;

fn transient_law(
    claim: &Claim,
    setting: &Setting<'_>,
    replications: &mut u64,
) -> Result<Evidence, String> {
    let model = setting.model;
    // Bounded, and different at each level.
    let occupancy = [0.625, 0.25];
    let start = Start::occupancy(occupancy.to_vec())
        .map_err(|_| format!("{occupancy:?} is refused as a start"))?;
    let limits = exact::Options { cap: Some(CAP), ..exact::Options::default() };
    let exact =
        exact::transient(model, &start, &TIMES, &limits).map_err(|error| error.to_string())?;
    let options = Options {
        seed: setting.seed(claim.id),
        confidence: 1.0 - setting.alpha / 2.0,
        // Fewer servers, larger variance.
        replications: Some(
            120_000 / u64::from(model.graph().n_servers()) * u64::from(setting.plan.effort),
        ),
        ..Options::default()
    };
    // In another order than that of time.
    let times = [TIMES[1], TIMES[0]];
    // Its figures share one error probability.
    spending::record(1.0 - options.confidence);
    let estimate = || (setting.instruments.transient)(model, &start, &times, &options);
    let estimate = spending::apart(estimate).map_err(|error| error.to_string())?;
    *replications = estimate.replications;
    let mut known = Vec::new();
    for (at, law) in [&exact[1], &exact[0]].into_iter().enumerate() {
        for i in 1..=3 {
            known.push((
                format!("E q_{i}({})", estimate.times[at]),
                estimate.q[at].get(i - 1).copied(),
                law.q[i - 1].value,
                law.q[i - 1].error(),
            ));
        }
    }
    for (of_time, mean) in estimate.q.iter().zip(&estimate.mean_queue_length) {
        // Levels beyond those that are estimated are rare.
        let summed: f64 = of_time.iter().map(|q| q.mean).sum();
        if !(summed <= mean + 1e-9 && summed >= mean - 0.01) {
            return Err(format!("a mean queue length of {mean}, its q_i add up to {summed}"));
        }
    }
    compare(&known, |_| WIDTH, *replications, setting.alpha / 2.0)
}

/// Exact values against intervals; `width` of an exact value is the widest interval that counts.
fn compare(
    known: &[(String, Option<Estimated>, f64, f64)],
    width: impl Fn(f64) -> f64,
    replications: u64,
    alpha: f64,
) -> Result<Evidence, String> {
    let (mut widest, mut furthest, mut wide) = (0.0f64, 0.0f64, None);
    for (name, interval, exact, error) in known {
        let Some(Estimated { lower, upper, mean, .. }) = interval else {
            return Err(format!("no estimate of {name}"));
        };
        if !(*lower <= *mean && *mean <= *upper) {
            return Err(format!("{name}: the mean {mean} is outside of [{lower}, {upper}]"));
        }
        // NaN is outside.
        if !(*lower <= exact + error && exact - error <= *upper) {
            return Err(format!(
                "{name} = {exact:.6}, estimated as {mean:.6} in [{lower:.6}, {upper:.6}] (error \
                 probability {alpha:.1e})"
            ));
        }
        widest = widest.max(upper - lower);
        furthest = furthest.max((mean - exact).abs());
        if upper - lower > width(*exact) {
            wide.get_or_insert_with(|| {
                format!("{name} is only known to lie in [{lower:.6}, {upper:.6}]")
            });
        }
    }
    let holds = format!(
        "{} exact values inside their intervals, at most {widest:.4} wide and {furthest:.5} off \
         (error probability {alpha:.1e})",
        known.len()
    );
    let verdict = if wide.is_some() { Verdict::Inconclusive } else { Verdict::Holds };
    Ok(Evidence::of_test(verdict, replications, wide.unwrap_or(holds)))
}

fn steady_law(
    claim: &Claim,
    setting: &Setting<'_>,
    replications: &mut u64,
) -> Result<Evidence, String> {
    let lambda = 0.5;
    let mut all = Vec::new();
    let share = setting.alpha / 4.0;
    for (n, m) in [(1, 1), (2, 3)] {
        let graph = BipartiteGraph::complete(n, m).ok();
        let model = graph
            .and_then(|graph| Model::new(graph, lambda, 1).ok())
            .ok_or("a complete graph is refused")?;
        if let Some(found) = tails(&model).or_else(|| apart(&model)) {
            return Err(found);
        }
        let options = Options {
            seed: setting.seed(claim.id).wrapping_add(n.into()),
            confidence: 1.0 - share,
            replications: Some(6_000 * u64::from(setting.plan.effort)),
            ..Options::default()
        };
        spending::record(1.0 - options.confidence);
        let estimate = || (setting.instruments.steady_state)(&model, &options);
        let estimate = spending::apart(estimate).map_err(|error| error.to_string())?;
        *replications += estimate.replications;
        let (length, delay) = (estimate.mean_queue_length.mean, estimate.mean_delay.mean);
        let off = (delay * lambda - length).abs();
        if off.is_nan() || off > 1e-9 {
            return Err(format!(
                "a mean queue length of {length} at load {lambda}, a mean delay of {delay}"
            ));
        }
        for i in 1..=4 {
            let name = format!("E q_{i}(infinity) on {n} servers");
            all.push((name, estimate.q.get(i - 1).copied(), lambda.powi(i as i32), 0.0));
        }
        let name = format!("the mean queue length on {n} servers");
        all.push((name, Some(estimate.mean_queue_length), lambda / (1.0 - lambda), 0.0));
        let name = format!("the mean delay on {n} servers");
        all.push((name, Some(estimate.mean_delay), 1.0 / (1.0 - lambda), 0.0));
    }
    if let Some(found) = delay_of_the_served(setting, setting.seed(claim.id)) {
        return Err(found);
    }
    compare(&all, |exact| 0.2 * exact.max(0.25), *replications, 2.0 * share)
}

/// The bound on the tail, and the start above the steady state, against the tails of independent
/// M/M/1 queues.
fn tails(model: &Model) -> Option<String> {
    let n = f64::from(model.graph().n_servers());
    for load in [0.1f64, 0.5, 0.8, 0.99] {
        if let Some(level) =
            (1..200).find(|&level| tail_bound(load, load, level) < load.powi(level as i32))
        {
            return Some(format!(
                "the tail bound at level {level}, load {load} is below the tail {}",
                load.powi(level as i32)
            ));
        }
    }
    let (window, error) = (10.0, 1e-9);
    let cap = cap_for(model, window, error, 1);
    let reached = n * model.lambda().powf(f64::from(cap.level)) * (1.0 + window);
    if !cap.error.is_some_and(|stated| reached <= stated && stated <= error) {
        return Some(format!(
            "a cap at {} with error {:?} is reached with a rate of {reached}",
            cap.level, cap.error
        ));
    }
    let start = upper_start(model, 0);
    let exceeded = n * model.lambda().powf(f64::from(start.level) + 1.0);
    match start.error {
        Some(error)
            if error >= exceeded && exceeded <= crate::estimate::bracketing::START_ERROR =>
        {
            None
        }
        other => Some(format!(
            "a start at {} with error {other:?} is exceeded with probability up to {exceeded}",
            start.level
        )),
    }
}

/// Four events after the starts, the lower copy is nearly empty and the upper one nearly as it was.
fn apart(model: &Model) -> Option<String> {
    const LEVEL: u32 = 1000;
    let plan = Plan {
        start: UpperStart { level: LEVEL, error: None },
        warm_up: 0,
        window: 4,
        every: 1,
        top: 0,
    };
    let sample = Sample::draw(&Reference, model, &plan, 1, 0);
    let (lower, upper) = sample.mean_queue_length();
    let fits = lower <= 4.0
        && (upper - f64::from(LEVEL)).abs() <= 4.0
        && !sample.met
        && sample.events == plan.events();
    (!fits).then(|| {
        format!(
            "four events from empty and from {LEVEL} tasks everywhere: averages of \
        {lower} and {upper}"
        )
    })
}

/// Little's law counts the tasks that are served: here half of them have no server.
fn delay_of_the_served(setting: &Setting<'_>, seed: u64) -> Option<String> {
    let graph = BipartiteGraph::from_edges(1, 2, &[(0, 0)], Isolated::Drop).ok()?;
    let model = Model::new(graph, 0.5, 1).ok()?;
    let options = Options { seed, replications: Some(4), ..Options::default() };
    // The means alone are looked at.
    let estimate = match spending::apart(|| (setting.instruments.steady_state)(&model, &options)) {
        Ok(estimate) => estimate,
        Err(error) => return Some(error.to_string()),
    };
    let (length, delay) = (estimate.mean_queue_length.mean, estimate.mean_delay.mean);
    let off = (delay * 0.25 - length).abs();
    (off.is_nan() || off > 1e-9).then(|| {
        format!(
            "a mean queue length of {length} where tasks are served at rate 1/4, a \
            mean delay of {delay}"
        )
    })
}
