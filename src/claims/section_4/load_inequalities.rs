//! The four load inequalities, by double counting over edges.
//!
//! | statement | claim |
//! |---|---|
//! | (4.4): (lambda N / M) sum_w q_i^w <= rho Q_i | `eq-4.4` |
//! | (4.20): the same for the difference of two ordered states | `eq-4.20` |
//! | (4.39): sum_i sum_w (q_(i-1)^w - q_i^w)^2 <= M | `eq-4.39` |
//! | (4.42): \|(N / M) sum_w q_i^w - Q_i\| <= phi Q_i | `eq-4.42` |
//!
//! Where task types have rates of their own, r_w with mean 1, they are factors of the sums over w,
//! and the inequalities stay: counted by edges, (N / M) sum_w r_w q_i^w is the sum over the servers
//! with i tasks or more of (N / M) sum_{w in N_v} r_w / d_w, which is at most rho / lambda and
//! within phi of 1. (4.39) is about the graph alone.
//!
//! Sums of 1 / d_w are integers over the least common multiple of the degrees.
//!
//! # Source
//! Sections 4.1 to 4.3.

use num_bigint::BigInt;
use num_traits::Zero;

use crate::claims::cases::Outcome;
use crate::claims::states::{EdgeWeights, affordable, counts, levels, ordered_pair, state};
use crate::claims::{Claim, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting, show};
use crate::faults;
use crate::graph::BipartiteGraph;
use crate::num::ratio::{self, Ratio};

/// Exact sums over all edges of larger graphs take minutes.
const EDGES: Hypothesis = Hypothesis::EdgesAtMost(200_000);

/// (4.4).
pub(crate) const EQ_4_4: Claim = Claim {
    id: "eq-4.4",
    source: "(4.4)",
    paper: &["(4.4)"],
    statement: "(lambda N / M) sum_w r_w q_i^w <= rho Q_i for every i and every state",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[EDGES],
    rejects: &[faults::RHO_REPLACED_BY_LAMBDA, faults::RHO_WITH_SERVER_DEGREES],
    run: eq_4_4,
};

/// (4.20).
pub(crate) const EQ_4_20: Claim = Claim {
    id: "eq-4.20",
    source: "(4.20)",
    paper: &["(4.20)"],
    statement: "(lambda N / M) sum_w r_w (q_i^(2),w - q_i^(1),w) <= rho (Q_i^(2) - Q_i^(1)) for \
        ordered states",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[EDGES],
    rejects: &[faults::RHO_REPLACED_BY_LAMBDA, faults::RHO_WITH_SERVER_DEGREES],
    run: eq_4_20,
};

/// (4.39).
pub(crate) const EQ_4_39: Claim = Claim {
    id: "eq-4.39",
    source: "(4.39)",
    paper: &["(4.39)"],
    statement: "sum_i sum_w (q_(i-1)^w - q_i^w)^2 <= sum_i sum_w (q_(i-1)^w - q_i^w) = M",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[EDGES, Hypothesis::NoIsolatedTaskTypes],
    rejects: &[faults::OCCUPANCY_OFF_BY_ONE],
    run: eq_4_39,
};

/// (4.42).
pub(crate) const EQ_4_42: Claim = Claim {
    id: "eq-4.42",
    source: "(4.42)",
    paper: &["(4.42)"],
    statement: "|(N / M) sum_w r_w q_i^w - Q_i| <= phi Q_i for every i and every state",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[EDGES],
    rejects: &[faults::PHI_WITH_SERVER_DEGREES, faults::PHI_WITH_SIDES_SWAPPED],
    run: eq_4_42,
};

/// sum_w q_i^w for every i below `levels`, over the common denominator.
fn local_sums(
    graph: &BipartiteGraph,
    weights: &EdgeWeights,
    lengths: &[u32],
    levels: usize,
) -> Vec<BigInt> {
    let mut sums = vec![BigInt::zero(); levels];
    for w in 0..graph.n_task_types() {
        let weight = &weights.weight[w as usize];
        for (sum, q) in sums.iter_mut().zip(counts(graph.servers_of(w).iter(), lengths, levels)) {
            if q > 0 {
                *sum += weight * q;
            }
        }
    }
    sums
}

/// Checks scale * sum_w (difference of q_i^w) <= rho * (difference of Q_i) for every i, lower state
/// first.
fn load_inequality(
    setting: &Setting<'_>,
    weights: &EdgeWeights,
    rho: &Ratio,
    lower: &[u32],
    upper: &[u32],
) -> Outcome {
    let graph = setting.model.graph();
    let n = graph.n_servers();
    let levels = levels(&[upper]);
    let lambda = setting.model.load().exact();
    let servers = ratio::whole(n.into());
    let scale = lambda * Ratio::new(n.into(), &weights.total * &weights.denominator);
    let (below, above) =
        (local_sums(graph, weights, lower, levels), local_sums(graph, weights, upper, levels));
    let (q1, q2) = (counts(0..n, lower, levels), counts(0..n, upper, levels));
    let (mut slack, mut vacuous) = (f64::INFINITY, true);
    for i in 1..levels {
        let left = &scale * Ratio::from_integer(&above[i] - &below[i]);
        let servers_changed = ratio::whole(q2[i] - q1[i]);
        let right = rho * &servers_changed;
        if q2[i] == q1[i] && left.is_zero() {
            continue;
        }
        slack = slack.min(ratio::to_f64(&((&right - &left) / &servers)));
        vacuous &= right >= lambda * &servers;
        if left > right {
            let [left, right, rho] = [&left, &right, rho].map(show);
            let found = format!(
                "i = {i}: {left} on the left, rho times {servers_changed} is {right} with rho = \
                 {rho}"
            );
            return Outcome::violated(found).by(slack).at(&[lower, upper]);
        }
    }
    // Of two equal states, 0 <= 0, there is nothing to compare.
    Outcome::least(slack, vacuous)
}

fn eq_4_4(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let graph = setting.model.graph();
    let (weights, rho) = (EdgeWeights::with_rates(graph), (setting.instruments.rho)(setting.model));
    let empty = vec![0; graph.n_servers() as usize];
    let count = affordable(graph, 1, setting.plan.effort);
    setting.cases(claim, count, "states, every i", |case, rng| {
        load_inequality(
            setting,
            &weights,
            &rho,
            &empty,
            &one_busy_server_first(case, rng, graph.n_servers()),
        )
    })
}

/// Each server busy alone, then the usual states: at a single server the inequality is the
/// definition of rho.
fn one_busy_server_first(case: u64, rng: &mut rand_chacha::ChaCha8Rng, n: u32) -> Vec<u32> {
    let alone = n.min(24);
    if case < u64::from(alone) {
        // Spread over all servers where there are more than are tried.
        let busy = case * u64::from(n) / u64::from(alone);
        return (0..n).map(|v| u32::from(u64::from(v) == busy)).collect();
    }
    state(case - u64::from(alone), rng, n)
}

fn eq_4_20(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let graph = setting.model.graph();
    let (weights, rho) = (EdgeWeights::with_rates(graph), (setting.instruments.rho)(setting.model));
    let count = affordable(graph, 1, setting.plan.effort);
    setting.cases(claim, count, "ordered pairs of states, every i", |case, rng| {
        let (lower, upper) = ordered_pair(case, rng, graph.n_servers());
        load_inequality(setting, &weights, &rho, &lower, &upper)
    })
}

fn eq_4_39(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let graph = setting.model.graph();
    let m = ratio::whole(graph.n_task_types().into());
    let weights = EdgeWeights::of(graph);
    let count = affordable(graph, 1, setting.plan.effort);
    setting.cases(claim, count, "states", |case, rng| {
        let x = state(case, rng, graph.n_servers());
        let levels = levels(&[&x]);
        let (mut squares, mut plain) = (BigInt::zero(), BigInt::zero());
        for w in 0..graph.n_task_types() {
            let servers = graph.servers_of(w);
            let local: Vec<u32> = servers.iter().map(|v| x[v as usize]).collect();
            let mut q = vec![local.len() as u64];
            q.extend((setting.instruments.occupancy)(&local));
            q.resize(q.len().max(levels), 0);
            let recount = counts(servers.iter(), &x, levels);
            if q != recount {
                let found =
                    format!("task type {w}: Q_0^w, Q_1^w, ... = {q:?}, counted {recount:?}");
                return Outcome::violated(found).at(&[&x]);
            }
            let weight = &weights.weight[w as usize];
            for step in q.windows(2).map(|pair| weight * (pair[0] - pair[1])) {
                squares += &step * &step;
                plain += step;
            }
        }
        let squares = Ratio::new(squares, &weights.denominator * &weights.denominator);
        let plain = Ratio::new(plain, weights.denominator.clone());
        let slack = ratio::to_f64(&((&m - &squares) / &m));
        if plain != m || squares > plain {
            let [squares, plain] = [&squares, &plain].map(show);
            let found = format!("the squares add up to {squares}, the steps to {plain}, M = {m}");
            return Outcome::violated(found).by(slack).at(&[&x]);
        }
        Outcome::holds(slack)
    })
}

fn eq_4_42(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let graph = setting.model.graph();
    let (n, weights, phi) =
        (graph.n_servers(), EdgeWeights::with_rates(graph), (setting.instruments.phi)(graph));
    let servers = ratio::whole(n.into());
    let count = affordable(graph, 1, setting.plan.effort);
    setting.cases(claim, count, "states, every i", |case, rng| {
        let x = one_busy_server_first(case, rng, n);
        let levels = levels(&[&x]);
        let scale = Ratio::new(n.into(), &weights.total * &weights.denominator);
        let q = counts(0..n, &x, levels);
        let (mut slack, mut vacuous) = (f64::INFINITY, true);
        for (i, sum) in local_sums(graph, &weights, &x, levels)
            .into_iter()
            .enumerate()
            .skip(1)
            .filter(|&(i, _)| q[i] > 0)
        {
            let busy = ratio::whole(q[i]);
            let seen = &scale * Ratio::from_integer(sum);
            let left = if seen > busy { &seen - &busy } else { &busy - &seen };
            let right = &phi * &busy;
            slack = slack.min(ratio::to_f64(&((&right - &left) / &servers)));
            // Trivial: the local average lies between 0 and N.
            vacuous &= right >= busy.clone().max(&servers - &busy);
            if left > right {
                let [seen, left, right] = [&seen, &left, &right].map(show);
                let found = format!("i = {i}: |{seen} - {busy}| = {left} above phi Q_i = {right}");
                return Outcome::violated(found).by(slack).at(&[&x]);
            }
        }
        Outcome::least(slack, vacuous)
    })
}
