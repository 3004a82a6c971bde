//! Section 2: rho, phi, gamma and the criterion of ergodicity.
//!
//! | statement | claim |
//! |---|---|
//! | (2.1) | [`EQ_2_1`] |
//! | (2.3), and rho <= lambda (1 + phi) | [`EQ_2_3`] |
//! | Remark 1 with replacement, on graphs of its own and on the graph at hand | [`REM_1`], [`REM_1_GRAPH`] |
//!
//! All figures are recomputed from the neighbour lists by [`super::small_graphs`].
//!
//! # Source
//! Section 2. Deviation from the print: (2.2) samples without replacement; see the errata.

use rand_chacha::ChaCha8Rng;

use super::cases::Outcome;
use super::small_graphs::{self, Loads};
use super::{Claim, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting, show};
use crate::faults;
use crate::graph::{BipartiteGraph, Isolated, metrics};
use crate::instruments::Instruments;
use crate::model::sample_law::SampleLaw;
use crate::model::{Load, Model, loads};
use crate::num::ratio::{self, Ratio, ratio};
use crate::random::below;
use crate::theory::stability::{self, Effort};

/// Edges up to which every server's load is summed exactly.
const MOST_EDGES: u64 = 1 << 18;

/// Servers up to which all sets of servers are looked at.
const MOST_SERVERS: u32 = 12;

/// (2.1): the busiest server carries at least the average load.
pub(crate) const EQ_2_1: Claim = Claim {
    id: "eq-2.1",
    source: "(2.1)",
    paper: &["(2.1)"],
    statement: "rho(G) is the largest random-routing load, at least lambda, with equality iff \
        all server loads are equal",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[Hypothesis::NoIsolatedTaskTypes, Hypothesis::EdgesAtMost(MOST_EDGES)],
    rejects: &[faults::RHO_WITH_SERVER_DEGREES, faults::RHO_REPLACED_BY_LAMBDA],
    run: eq_2_1,
};

fn eq_2_1(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    setting.cases(claim, 1, "graph, rho recomputed edge by edge", |_, _| {
        let loads = Loads::of(setting.model.graph());
        let lambda = setting.model.load().exact();
        let rho = (setting.instruments.rho)(setting.model);
        let largest = lambda * loads.max();
        let slack = ratio::to_f64(&(&rho - lambda));
        if loads.mean() != ratio::whole(1) {
            // The average over V is lambda since every task type hands out all of its rate.
            let mean = show(&loads.mean());
            Outcome::violated(format!("the mean load is {mean} lambda, not lambda")).by(slack)
        } else if rho != largest {
            let [rho, largest] = [&rho, &largest].map(show);
            let found = format!("rho(G) = {rho}, but the busiest server has load {largest}");
            Outcome::violated(found).by(slack)
        } else if rho < *lambda || (rho == *lambda) != loads.are_equal() {
            let equal = loads.are_equal();
            let [rho, lambda] = [&rho, lambda].map(show);
            let found = format!("rho(G) = {rho} with lambda = {lambda}, loads equal: {equal}");
            Outcome::violated(found).by(slack)
        } else if let Some(found) = other_forms(setting.model, &loads) {
            Outcome::violated(found).by(slack)
        } else {
            Outcome::holds(slack)
        }
    })
}

/// The other forms in which the crate gives these figures, where they differ from sums edge by
/// edge.
///
/// Those in floating point within their stated bounds; all exact ones equal.
fn other_forms(model: &Model, loads: &Loads) -> Option<String> {
    let graph = model.graph();
    let n = graph.n_servers();
    let degrees = |of: &dyn Fn(u32) -> usize, count: u32| -> (u32, f64, u32) {
        let all: Vec<u32> = (0..count).map(|i| of(i) as u32).collect();
        let sum: u64 = all.iter().map(|&d| u64::from(d)).sum();
        (
            all.iter().copied().min().unwrap_or(0),
            sum as f64 / f64::from(count),
            all.iter().copied().max().unwrap_or(0),
        )
    };
    let servers = degrees(&|v| graph.task_types_of(v).iter().count(), n);
    let types = degrees(&|w| graph.servers_of(w).iter().count(), graph.n_task_types());
    for (what, given, own) in [
        ("servers", metrics::server_degrees(graph), servers),
        ("task types", metrics::task_degrees(graph), types),
    ] {
        if (given.min, given.mean, given.max) != own {
            return Some(format!("degrees of {what} given as {given:?}, counted {own:?}"));
        }
    }
    let busiest: Vec<u32> = (0..n).filter(|&v| loads.of_server(v) == loads.max()).collect();
    let given = metrics::busiest_servers(graph);
    if given != busiest {
        let (n_given, n_busiest) = (given.len(), busiest.len());
        return Some(format!("{n_given} servers are given as busiest, {n_busiest} are"));
    }
    let close = |given: f64, exact: &Ratio, bound: f64| {
        let Some(given) = Ratio::from_float(given) else { return false };
        let distance = if given > *exact { given - exact } else { exact - given };
        ratio::to_f64(&distance) <= bound
    };
    // (max_v d_v + 5) 2^-52 relative to the largest load, (M + 3) 2^-52 for gamma; lambda itself is
    // the nearest number.
    let of_load = (f64::from(servers.2) + 6.0) * f64::EPSILON * ratio::to_f64(&loads.max());
    let gamma = small_graphs::gamma(graph);
    let of_gamma = (f64::from(graph.n_task_types()) + 4.0) * f64::EPSILON * ratio::to_f64(&gamma);
    let floats = [
        ("rho", loads::rho_f64(model), loads.max() * model.load().exact(), of_load),
        ("phi", metrics::phi_f64(graph), loads.phi(), of_load),
        ("gamma", metrics::gamma_f64(graph), gamma, of_gamma),
    ];
    floats.into_iter().find_map(|(what, given, exact, bound)| {
        (!close(given, &exact, bound))
            .then(|| format!("{what} is {given} in floating point, {} exactly", show(&exact)))
    })
}

/// (2.3): irregularity and mean inverse degree, what they bound, and what leaves them as they are.
pub(crate) const EQ_2_3: Claim = Claim {
    id: "eq-2.3",
    source: "(2.3), proof of Corollary 3.6",
    paper: &["(2.3)"],
    statement: "phi and gamma as defined; rho <= lambda (1 + phi), gamma <= 1 / min d_w; \
        renaming and copies change none",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[Hypothesis::EdgesAtMost(MOST_EDGES)],
    rejects: &[
        faults::PHI_WITH_SERVER_DEGREES,
        faults::PHI_WITH_SIDES_SWAPPED,
        faults::GAMMA_OF_SERVERS,
    ],
    run: eq_2_3,
};

/// (rho, phi, gamma) as the subject computes them.
type Figures = (Ratio, Ratio, Ratio);

fn figures(instruments: &Instruments, model: &Model) -> Figures {
    ((instruments.rho)(model), (instruments.phi)(model.graph()), (instruments.gamma)(model.graph()))
}

fn eq_2_3(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let (model, graph) = (setting.model, setting.model.graph());
    let given = figures(setting.instruments, model);
    // Copies of a large graph tell no more than those of a small one.
    let copies = if graph.n_edges() <= MOST_EDGES / 8 { 3 } else { 1 };
    setting.cases(
        claim,
        1 + copies,
        "forms of the graph (as given, renamed, copied)",
        |case, rng| {
            if case == 0 {
                return definitions(model, &given);
            }
            let count = u32::try_from(case).unwrap_or(1);
            let Some(changed) = renamed_copies(graph, count, rng) else { return Outcome::Skipped };
            // The figures do not look at the policy, whose weights a copy would not have.
            let Ok(changed) = Model::with_load(changed, model.load().clone(), 1) else {
                return Outcome::Skipped;
            };
            let found = figures(setting.instruments, &changed);
            if found == given {
                return Outcome::holds(0.0);
            }
            Outcome::violated(format!(
                "(rho, phi, gamma) = {} for the graph, {} for {count} renamed copies of it",
                shown(&given),
                shown(&found)
            ))
        },
    )
}

fn shown((rho, phi, gamma): &Figures) -> String {
    format!("({}, {}, {})", show(rho), show(phi), show(gamma))
}

fn definitions(model: &Model, given: &Figures) -> Outcome {
    let graph = model.graph();
    let (rho, phi, gamma) = given;
    let (own_phi, own_gamma) = (Loads::of(graph).phi(), small_graphs::gamma(graph));
    let violated = |what: String| Outcome::violated(what);
    if *phi != own_phi {
        return violated(format!("phi(G) = {}, edge by edge {}", show(phi), show(&own_phi)));
    }
    if *gamma != own_gamma {
        return violated(format!("gamma(G) = {}, type by type {}", show(gamma), show(&own_gamma)));
    }
    let bound = model.load().exact() * (phi + ratio::whole(1));
    if *rho > bound {
        let [rho, bound] = [rho, &bound].map(show);
        return violated(format!("rho(G) = {rho} above lambda (1 + phi(G)) = {bound}"));
    }
    let least = (0..graph.n_task_types())
        .map(|w| graph.servers_of(w).iter().count())
        .filter(|&degree| degree > 0)
        .min();
    let Some(least) = least else { return Outcome::Skipped };
    let largest = Ratio::new(1.into(), least.into());
    if *gamma > largest {
        let [gamma, largest] = [gamma, &largest].map(show);
        return violated(format!("gamma(G) = {gamma} above 1 / min d_w = {largest}"));
    }
    Outcome::holds(ratio::to_f64(&(bound - rho)).min(ratio::to_f64(&(largest - gamma))))
}

/// `count` copies side by side, servers and task types renamed at random, so that copies are mixed.
fn renamed_copies(
    graph: &BipartiteGraph,
    count: u32,
    rng: &mut ChaCha8Rng,
) -> Option<BipartiteGraph> {
    let (n, m) = (graph.n_servers(), graph.n_task_types());
    let (servers, task_types) =
        (shuffled(n.saturating_mul(count), rng), shuffled(m.saturating_mul(count), rng));
    let edges: Vec<(u32, u32)> = (0..count)
        .flat_map(|copy| graph.iter_edges().map(move |(v, w)| (copy * n + v, copy * m + w)))
        .map(|(v, w)| (servers[v as usize], task_types[w as usize]))
        .collect();
    let copies = BipartiteGraph::from_edges(
        servers.len() as u32,
        task_types.len() as u32,
        &edges,
        Isolated::Drop,
    )
    .ok()?;
    if graph.rates().is_none() {
        return Some(copies);
    }
    let mut rates = vec![ratio::whole(0); task_types.len()];
    for (i, &w) in (0..).zip(&task_types) {
        rates[w as usize] = Ratio::from_integer(graph.weight(i % m).into());
    }
    copies.with_rates(&rates).ok()
}

fn shuffled(n: u32, rng: &mut ChaCha8Rng) -> Vec<u32> {
    let mut all: Vec<u32> = (0..n).collect();
    for i in (1..n).rev() {
        all.swap(i as usize, below(rng, i + 1) as usize);
    }
    all
}

/// Remark 1 on graphs small enough for all sets of servers; rho(G) < 1 is not necessary.
pub(crate) const REM_1: Claim = Claim {
    id: "rem-1",
    source: "Remark 1, with replacement; Proposition 4.1",
    paper: &["Remark 1", "Proposition 4.1"],
    statement: "ergodic iff (lambda N / M) sum_w (|S ∩ N_w| / d_w)^d < |S| for every nonempty S; \
        rho(G) < 1 implies it",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::RHO_NECESSARY],
    run: rem_1,
};

fn rem_1(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let listed: Vec<_> = small_graphs::listed()
        .into_iter()
        .filter(|(_, graph)| graph.n_servers() <= MOST_SERVERS)
        .collect();
    let settings = |graphs: usize| graphs as u64 * 3 * LOADS;
    let count = settings(listed.len()) + settings(40) * u64::from(setting.plan.effort);
    let what = "settings of graph, lambda and d, by all sets of servers";
    setting.cases(claim, count, what, |case, rng| {
        let known = listed.get((case / (3 * LOADS)) as usize).map(|(_, graph)| graph.clone());
        let Some(graph) = known.or_else(|| small_graphs::random(rng).ok()) else {
            return Outcome::Skipped;
        };
        let d = 1 + (case / LOADS % 3) as u32;
        let Some(critical) = small_graphs::critical_load(&graph, d) else {
            return Outcome::Skipped;
        };
        let Some(load) = load(case % LOADS, &critical) else { return Outcome::Skipped };
        if case % LOADS == 0
            && let Some(disagreement) = other_ways(&graph, d, &critical)
        {
            return Outcome::violated(disagreement);
        }
        let Ok(model) = Model::with_load(graph, load, d) else { return Outcome::Skipped };
        ergodicity(setting.instruments, &model)
    })
}

/// The critical load by max-flow, and the certified bounds, against all sets.
fn other_ways(graph: &BipartiteGraph, d: u32, critical: &Ratio) -> Option<String> {
    let at = || format!("d = {d}, {}", small_graphs::adjacency(graph));
    if let Ok(flow) = stability::critical_load_by_flow(graph, d)
        && flow.lambda != *critical
    {
        return Some(format!("{}: critical load {critical}, by max-flow {}", at(), flow.lambda));
    }
    let bounds = stability::critical_load_bounds(graph, d, Effort::default()).ok()?;
    let value = ratio::to_f64(critical);
    (bounds.lower > value || bounds.upper < value).then(|| {
        format!("{}: critical load {critical}, bounds {} to {}", at(), bounds.lower, bounds.upper)
    })
}

/// How many loads [`load`] knows.
const LOADS: u64 = 5;

/// Everyday loads, then the critical one and its neighbours; `None` outside (0, 1).
fn load(index: u64, critical: &Ratio) -> Option<Load> {
    let exact = match index {
        0 => ratio(4, 5),
        1 => ratio(9, 10),
        2 => critical.clone(),
        3 => critical * ratio(999_999, 1_000_000),
        _ => critical * ratio(1_000_001, 1_000_000),
    };
    Load::new(exact).ok()
}

/// The law of the samples; the claims are about policies that have one.
fn law_of(model: &Model) -> SampleLaw {
    model.policy().sample_law().unwrap_or(SampleLaw::Replacement(model.d()))
}

/// The subject's answer against every set of servers.
fn ergodicity(instruments: &Instruments, model: &Model) -> Outcome {
    let (graph, lambda) = (model.graph(), model.load().exact());
    let mut worst: Option<(u32, Ratio)> = None;
    let law = law_of(model);
    for (set, weight) in small_graphs::weights(graph, law) {
        if set < 16 {
            let listed = small_graphs::members(graph, set);
            let own =
                (weight > ratio::whole(0)).then(|| ratio::whole(set.count_ones().into()) / &weight);
            if stability::ratio_of_set(graph, law, &listed) != own {
                return Outcome::violated(format!(
                    "the load that servers {listed:?} carry is not {own:?}"
                ));
            }
        }
        let excess = lambda * weight - ratio::whole(set.count_ones().into());
        if worst.as_ref().is_none_or(|(_, most)| excess > *most) {
            worst = Some((set, excess));
        }
    }
    let Some((set, excess)) = worst else { return Outcome::Skipped };
    let ergodic = excess < ratio::whole(0);
    let servers = small_graphs::members(graph, set);
    let figures = || {
        let types = small_graphs::task_types(graph);
        format!(
            "lambda = {}, {}, task types {types:?}: S = {servers:?} receives {} more than it \
             serves",
            show(lambda),
            model.policy(),
            show(&excess)
        )
    };
    if lambda * Loads::of(graph).max() < ratio::whole(1) && !ergodic {
        return Outcome::violated(format!("rho(G) < 1, yet {}", figures()));
    }
    let said = [
        stability::is_ergodic(model).ok(),
        stability::critical_load(graph, law).ok().and_then(|critical| critical.stable(lambda)),
    ];
    if graph.n_edges() > 0 && said.iter().flatten().any(|&said| said != ergodic) {
        let figures = figures();
        let found = format!("is_ergodic and the critical load say {said:?}; {figures}");
        return Outcome::violated(found);
    }
    match (instruments.is_ergodic)(model) {
        None => Outcome::Skipped,
        Some(said) if said == ergodic => Outcome::holds(ratio::to_f64(&excess).abs()),
        Some(said) => Outcome::violated(format!("called ergodic: {said}; {}", figures())),
    }
}

/// Remark 1 on the graph at hand; on larger graphs, the bounds on the critical load contradict no
/// set tried.
pub(crate) const REM_1_GRAPH: Claim = Claim {
    id: "rem-1-graph",
    source: "Remark 1, with replacement; Proposition 4.1",
    paper: &["Remark 1"],
    statement: "ergodic iff no set of servers receives at least what it serves (on large graphs: \
        no set tried)",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::EqualSamples,
    hypotheses: &[Hypothesis::EdgesAtMost(1 << 16)],
    rejects: &[faults::RHO_NECESSARY],
    run: rem_1_graph,
};

fn rem_1_graph(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let model = setting.model;
    if model.graph().n_servers() > MOST_SERVERS {
        let what = "graph, certified bounds against sets of servers";
        return setting.cases(claim, 1, what, |_, _| certificates(model));
    }
    setting.cases(claim, LOADS + 1, "loads, by all sets of servers", |case, _| {
        if case == 0 {
            return ergodicity(setting.instruments, model);
        }
        let Some(critical) = small_graphs::critical_load(model.graph(), law_of(model)) else {
            return Outcome::Skipped;
        };
        let Some(load) = load(case - 1, &critical) else { return Outcome::Skipped };
        match model.changed(model.graph().clone(), load) {
            Ok(model) => ergodicity(setting.instruments, &model),
            Err(_) => Outcome::Skipped,
        }
    })
}

/// The certified bounds on the critical load against sets of servers weighed from scratch, and
/// against rho.
fn certificates(model: &Model) -> Outcome {
    let (graph, law) = (model.graph(), law_of(model));
    let Ok(critical) = stability::critical_load(graph, law) else { return Outcome::Skipped };
    // The nearest number to an exact value may be on either side of it.
    let bound = |value: f64| critical.exact.clone().or_else(|| Ratio::from_float(value));
    let (Some(lower), Some(upper)) = (bound(critical.lower), bound(critical.upper)) else {
        let (lower, upper) = (critical.lower, critical.upper);
        return Outcome::violated(format!("the critical load lies in [{lower}, {upper}]"));
    };
    let load_of = |set: &[u32]| {
        let mut member = vec![false; graph.n_servers() as usize];
        set.iter().for_each(|&v| member[v as usize] = true);
        let weight = small_graphs::weight(graph, law, |v| member[v as usize]);
        (weight > ratio::whole(0)).then(|| ratio::whole(set.len() as u64) / weight)
    };
    // The set that is said to prove the upper bound, all servers, and the servers of some task
    // types.
    let all: Vec<u32> = (0..graph.n_servers()).collect();
    let step = (graph.n_task_types() / 8).max(1) as usize;
    let around = (0..graph.n_task_types())
        .step_by(step)
        .map(|w| graph.servers_of(w).iter().collect::<Vec<u32>>());
    let sets =
        [critical.bottleneck.clone(), all].into_iter().chain(around).filter(|set| !set.is_empty());
    for (index, set) in sets.enumerate() {
        let Some(load) = load_of(&set) else { continue };
        let first: Vec<u32> = set.iter().copied().take(10).collect();
        let what = || {
            let (n_set, load) = (set.len(), show(&load));
            format!("{n_set} servers {first:?}... are overloaded from lambda = {load} on")
        };
        if load < lower {
            return Outcome::violated(format!(
                "{}, certified stable below {}",
                what(),
                critical.lower
            ))
            .by(ratio::to_f64(&(&load - &lower)));
        }
        if index == 0 && load > upper {
            return Outcome::violated(format!("{}, said to prove {}", what(), critical.upper))
                .by(ratio::to_f64(&(&upper - &load)));
        }
    }
    // rho(G) < 1 implies ergodicity.
    let sufficient = Loads::of(graph).max().recip();
    if sufficient > upper {
        let (sufficient, upper) = (show(&sufficient), critical.upper);
        return Outcome::violated(format!(
            "rho(G) < 1 below lambda = {sufficient}, certified unstable from {upper} on"
        ));
    }
    Outcome::holds(critical.upper - critical.lower)
}
