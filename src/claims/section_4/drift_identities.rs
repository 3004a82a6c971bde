//! The generator of the chain, applied to the functions of the state that the proofs use.
//!
//! | statement | claim |
//! |---|---|
//! | Lemma 4.2: d/dt E sum_(j >= i) Q_j | `lemma-4.2` |
//! | Proposition 4.1, (4.5) and (4.9): the drift of V | `prop-4.1-drift` |
//! | Lemma 4.5: the integrands of (4.30) and (4.31) | `lemma-4.5-drift` |
//! | (4.41), what holds in the mean in place of its last step | `eq-4.41-mean` |
//!
//! Other policies that join a shortest of their samples have g in place of x^d: a task joins a
//! queue of length i or more iff all its samples lie within those queues, whoever wins a tie; and
//! with fair ties a level's share is split evenly. Proposition 4.1's bound needs that each sample
//! is uniform.
//!
//! Where rates differ, each task type counts with its relative rate r_w. Proposition 4.1's bound
//! stays: the shortest of d samples is on average no longer than one of them, so that the drift of
//! V by arrivals is at most that of random routing, sum_v load_v (x_v + 1) with load_v <= rho.
//!
//! The left sides come from the subject's transitions and rates; the right sides from queue lengths
//! counted one by one. Deviation from the print: (B.6) has Q_i - Q_i where Q_i - Q_(i+1) is meant.
//!
//! The last step of (4.41) is false along a path (`err-4.41-printed`). In the mean it holds with
//! another constant, for every policy: let a_i be the rate per server of tasks that join a queue of
//! length i - 1. The generator applied to sum_i q_i^2 is
//!
//! sum_i 2 q_i (a_i - (q_i - q_(i+1))) + (1 / N) sum_i (a_i + q_i - q_(i+1)).
//!
//! As q_i <= q_1 and sum_i a_i <= lambda, the arrivals give at most 2 lambda q_1 + lambda / N; and
//! 2 sum_i q_i (q_i - q_(i+1)) = q_1^2 + sum_i (q_i - q_(i+1))^2 >= q_1^2. As 2 lambda q - q^2 <=
//! lambda^2, E sum_i q_i(t)^2 <= sum_i q_i(0)^2 + (lambda^2 + (1 + lambda) / N) t follows.
//!
//! # Source
//! Sections 4.1 and 4.3, Appendix B. (4.41) in the mean: none in the paper.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_traits::{Pow, Zero};
use rand::RngExt;
use rustc_hash::FxHashMap;

use crate::claims::cases::Outcome;
use crate::claims::states::{GroupedSum, affordable, counts, levels, state};
use crate::claims::{Claim, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting, show};
use crate::faults;
use crate::model::sample_law::SampleLaw;
use crate::model::{Event, Model};
use crate::num::ratio::{self, Ratio};

/// Exact sums over all edges of larger graphs take minutes.
const EDGES: Hypothesis = Hypothesis::EdgesAtMost(60_000);

/// Lemma 4.2.
pub(crate) const LEMMA_4_2: Claim = Claim {
    id: "lemma-4.2",
    source: "Lemma 4.2",
    paper: &["Lemma 4.2", "(4.1)", "(4.3)"],
    statement: "the generator applied to sum_(j >= i) Q_j is (lambda N / M) sum_w r_w \
        (q_(i-1)^w)^d - Q_i",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::JoinsAShortest,
    hypotheses: &[EDGES],
    rejects: &[
        faults::IDLE_SERVERS_SERVE,
        faults::RATES_ONE_SAMPLE_LESS,
        faults::ARRIVAL_RATE_INVERTED,
        faults::OCCUPANCY_OFF_BY_ONE,
    ],
    run: lemma_4_2,
};

/// Proposition 4.1, its drift.
pub(crate) const PROP_4_1_DRIFT: Claim = Claim {
    id: "prop-4.1-drift",
    source: "Proposition 4.1, (4.5), (4.9)",
    paper: &["Proposition 4.1", "(4.5)", "(4.9)"],
    statement: "the drift of V = sum_i sum_(j >= i) Q_j is at most -(1 - rho) sum_i Q_i + rho N, \
        hence at most -(1 - rho) N outside S",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::EqualSamples,
    hypotheses: &[EDGES, Hypothesis::RhoBelowOne],
    rejects: &[faults::RHO_REPLACED_BY_LAMBDA],
    run: prop_4_1_drift,
};

/// Lemma 4.5, its integrands, with Q_i^w - Q_(i+1)^w in the rate of the jumps.
pub(crate) const LEMMA_4_5_DRIFT: Claim = Claim {
    id: "lemma-4.5-drift",
    source: "Lemma 4.5, (4.30), (4.31), (B.6) corrected",
    paper: &["Lemma 4.5", "(4.30)", "(4.31)", "(B.3)", "(B.6)"],
    statement: "the generator applied to Q_i^w is the integrand of (4.30), and its jumps come at \
        the rate of (4.31)",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::FairSamples,
    hypotheses: &[EDGES],
    rejects: &[
        faults::IDLE_SERVERS_SERVE,
        faults::RATES_ONE_SAMPLE_LESS,
        faults::ARRIVAL_RATE_INVERTED,
    ],
    run: lemma_4_5_drift,
};

/// (4.41) in the mean.
pub(crate) const EQ_4_41_MEAN: Claim = Claim {
    id: "eq-4.41-mean",
    source: "(4.41), its last step in the mean",
    paper: &["(4.41)"],
    statement: "the generator applied to sum_i q_i^2 is at most 2 lambda q_1 - q_1^2 + (lambda + \
        q_1) / N",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Markov,
    hypotheses: &[EDGES],
    rejects: &[faults::ARRIVAL_RATE_INVERTED],
    run: eq_4_41_mean,
};

/// lambda N / M from its parts, M as the sum of all rates: the arrival rate of a type of weight 1.
pub(super) fn unit_rate(model: &Model) -> Ratio {
    let graph = model.graph();
    let total: u128 = (0..graph.n_task_types()).map(|w| graph.weight(w)).sum();
    model.load().exact() * Ratio::new(graph.n_servers().into(), total.into())
}

fn integer_power(base: u64, d: u32) -> BigInt {
    Pow::pow(BigInt::from(base), d)
}

fn signed(value: i128) -> Ratio {
    Ratio::from_integer(BigInt::from(value))
}

/// sum_(j >= i) Q_j from Q_1, Q_2, ...
fn tail_sum(occupancy: &[u64], i: usize) -> i128 {
    occupancy.iter().skip(i - 1).map(|&q| i128::from(q)).sum()
}

/// For every queue length: the rate of arrivals to, and of services at, servers of this length.
fn rates_by_length(
    setting: &Setting<'_>,
    lengths: &[u32],
) -> BTreeMap<u32, (GroupedSum, GroupedSum)> {
    let graph = setting.model.graph();
    let mut rates: BTreeMap<u32, (GroupedSum, GroupedSum)> = BTreeMap::new();
    for (event, rate) in (setting.instruments.transitions)(setting.model, lengths) {
        match event {
            Event::Arrival { task_type, server } => {
                rates
                    .entry(lengths[server as usize])
                    .or_default()
                    .0
                    .add(graph.servers_of(task_type).len(), &rate);
            }
            Event::Service { server } => {
                rates.entry(lengths[server as usize]).or_default().1.add(0, &rate)
            }
            Event::Lost { .. } => {}
        }
    }
    rates
}

/// For every level i, sum_w r_w (q_i^w)^d in units of the least rate, or what stands for the power:
/// the probability that all samples lie within the servers of length i or more. `None` where that
/// has too many terms.
pub(super) fn arriving(model: &Model, x: &[u32], levels: usize) -> Option<Vec<Ratio>> {
    let (graph, policy) = (model.graph(), model.policy());
    let types = || (0..graph.n_task_types()).filter(|&w| !graph.servers_of(w).is_empty());
    let Some(d) = policy.paper_d() else {
        let mut sums = vec![Ratio::zero(); levels];
        for w in types() {
            let local: Vec<u32> = graph.servers_of(w).iter().map(|v| x[v as usize]).collect();
            let weights = model.weights_of(w);
            for (i, sum) in (0..).zip(&mut sums) {
                let set: Vec<usize> = (0..local.len()).filter(|&at| local[at] >= i).collect();
                let within = policy.all_within(&set, local.len(), weights.as_deref()).ok()?;
                *sum += within * Ratio::from_integer(graph.weight(w).into());
            }
        }
        return Some(sums);
    };
    // The types of one degree together.
    let mut powers: BTreeMap<usize, Vec<BigInt>> = BTreeMap::new();
    for w in types() {
        let servers = graph.servers_of(w);
        let of_degree = powers.entry(servers.len()).or_insert_with(|| vec![BigInt::zero(); levels]);
        for (sum, q) in of_degree.iter_mut().zip(counts(servers.iter(), x, levels)) {
            *sum += integer_power(q, d) * graph.weight(w);
        }
    }
    let at = |i: usize| {
        let terms = powers
            .iter()
            .map(|(&degree, sums)| Ratio::new(sums[i].clone(), integer_power(degree as u64, d)));
        terms.sum()
    };
    Some((0..levels).map(at).collect())
}

fn lemma_4_2(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let (model, graph, instruments) = (setting.model, setting.model.graph(), setting.instruments);
    let (n, d, rate) = (graph.n_servers(), model.d(), unit_rate(model));
    let count = affordable(graph, d, setting.plan.effort);
    setting.cases(claim, count, "states, every i", |case, rng| {
        let mut x = state(case, rng, n);
        let levels = levels(&[&x]);
        // What the transitions do to the function, by the occupancy under check. States reached
        // from servers of one length have one occupancy, so one of them stands for all.
        let before = (instruments.occupancy)(&x);
        let mut changes = Vec::new();
        for (length, (arrivals, services)) in rates_by_length(setting, &x) {
            let Some(at) = x.iter().position(|&other| other == length) else { continue };
            x[at] = length + 1;
            changes.push((arrivals.total(), (instruments.occupancy)(&x)));
            x[at] = length.saturating_sub(1);
            changes.push((services.total(), (instruments.occupancy)(&x)));
            x[at] = length;
        }
        let Some(arriving) = arriving(model, &x, levels) else { return Outcome::Skipped };
        let q = counts(0..n, &x, levels);
        for i in 1..levels {
            let left: Ratio = changes
                .iter()
                .map(|(rate, after)| rate * signed(tail_sum(after, i) - tail_sum(&before, i)))
                .sum();
            let right = &rate * &arriving[i - 1] - ratio::whole(q[i]);
            if left != right {
                let [left, right] = [&left, &right].map(show);
                let found = format!("i = {i}: generator {left}, counted {right}");
                return Outcome::violated(found).at(&[&x]);
            }
            // The generator of the model, on all transitions one by one.
            if case < 24 && u64::from(n) * (graph.n_edges() + 1) <= 600 {
                let tail = |x: &[u32]| {
                    ratio::whole(
                        x.iter().map(|&l| u64::from((l + 1).saturating_sub(i as u32))).sum(),
                    )
                };
                let generator = model.generator(&x, tail);
                if generator != right {
                    let [generator, right] = [&generator, &right].map(show);
                    let found = format!("i = {i}: Model::generator {generator}, counted {right}");
                    return Outcome::violated(found).at(&[&x]);
                }
            }
        }
        Outcome::holds(0.0)
    })
}

fn eq_4_41_mean(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let graph = setting.model.graph();
    let n = graph.n_servers();
    let servers = ratio::whole(n.into());
    let lambda = setting.model.load().exact();
    let count = affordable(graph, setting.model.d(), setting.plan.effort);
    setting.cases(claim, count, "states", |case, rng| {
        let x = state(case, rng, n);
        let q = counts(0..n, &x, levels(&[&x]));
        // In units of N^-2: a server more at level i changes Q_i^2 by 2 Q_i + 1.
        let drift: Ratio = rates_by_length(setting, &x)
            .into_iter()
            .map(|(length, (arrivals, services))| {
                let at = length as usize;
                let up = arrivals.total() * ratio::whole(2 * q[at + 1] + 1);
                // A service at an empty queue changes nothing.
                let down = if at == 0 { 0 } else { 2 * q[at] - 1 };
                up - services.total() * ratio::whole(down)
            })
            .sum();
        let busy = ratio::whole(q[1]);
        let twice = Ratio::from_integer(2.into());
        let bound = twice * lambda * &servers * &busy - &busy * &busy + lambda * &servers + &busy;
        let squared = &servers * &servers;
        let slack = ratio::to_f64(&((&bound - &drift) / squared));
        if drift > bound {
            let [drift, bound] = [&drift, &bound].map(show);
            let found = format!("N^2 times the drift is {drift}, the bound {bound}");
            return Outcome::violated(found).by(slack).at(&[&x]);
        }
        Outcome::holds(slack)
    })
}

fn prop_4_1_drift(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let graph = setting.model.graph();
    let n = graph.n_servers();
    let rho = (setting.instruments.rho)(setting.model);
    let servers = ratio::whole(n.into());
    let lambda = setting.model.load().exact();
    let count = affordable(graph, setting.model.d(), setting.plan.effort);
    setting.cases(claim, count, "states", |case, rng| {
        let x = state(case, rng, n);
        // V = sum_v x_v (x_v + 1) / 2: an arrival at a queue of x adds x + 1, a service takes x.
        let drift: Ratio = rates_by_length(setting, &x)
            .into_iter()
            .map(|(length, (arrivals, services))| {
                arrivals.total() * ratio::whole(u64::from(length) + 1)
                    - services.total() * ratio::whole(length.into())
            })
            .sum();
        let total = ratio::whole(x.iter().map(|&l| u64::from(l)).sum());
        let kept = Ratio::from_integer(1.into()) - &rho;
        let bound = &rho * &servers - &kept * &total;
        let slack = ratio::to_f64(&((&bound - &drift) / &servers));
        if drift > bound {
            let [drift, bound, rho] = [&drift, &bound, &rho].map(show);
            let found = format!(
                "drift {drift} above -(1 - rho) sum Q_i + rho N = {bound} with rho = {rho}"
            );
            return Outcome::violated(found).by(slack).at(&[&x]);
        }
        // Outside S, as defined with rho0 = rho: sum Q_i > N / (1 - rho).
        if &total * &kept > servers && drift > -(&kept * &servers) {
            let [drift, bound] = [&drift, &-(&kept * &servers)].map(show);
            let found = format!("drift {drift} above -(1 - rho) N = {bound} outside S");
            return Outcome::violated(found).by(slack).at(&[&x]);
        }
        // Trivial: every task joins the longest queue.
        let longest = ratio::whole(x.iter().max().map_or(0, |&l| u64::from(l)) + 1);
        let vacuous = bound >= lambda * &servers * longest - total;
        Outcome::Holds { slack, vacuous }
    })
}

/// The rate at which tasks join servers of one length, from the weight of all pairs of such a
/// server and one of its task types, by that type's servers: all, those at least as long, the
/// longer ones.
fn integrand(rate: &Ratio, law: SampleLaw, terms: FxHashMap<[u64; 3], u128>) -> Ratio {
    let mut sum = GroupedSum::default();
    for ([degree, at_least, longer], weight) in terms {
        let within = |s: u64| law.ways(s, degree);
        let denominator =
            Pow::pow(law.denominator(degree), law.exponent()) * BigInt::from(at_least - longer);
        let share = (within(at_least) - within(longer)) * BigInt::from(weight);
        sum.add(degree as usize, &Ratio::new(share, denominator));
    }
    rate * sum.total()
}

fn lemma_4_5_drift(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let (model, graph) = (setting.model, setting.model.graph());
    let (n, m, rate) = (graph.n_servers(), graph.n_task_types(), unit_rate(model));
    let law = model.policy().sample_law().unwrap_or(SampleLaw::Replacement(model.d()));
    let count = affordable(graph, model.d(), setting.plan.effort);
    let few = graph.n_edges() <= 400;
    setting.cases(claim, count, "states, every i, of task types all or eight", |case, rng| {
        let x = state(case, rng, n);
        let levels = levels(&[&x]);
        let mut arrivals: BTreeMap<u32, GroupedSum> = BTreeMap::new();
        let mut services: BTreeMap<u32, Ratio> = BTreeMap::new();
        for (event, rate) in (setting.instruments.transitions)(model, &x) {
            match event {
                Event::Arrival { task_type, server } => arrivals
                    .entry(server)
                    .or_default()
                    .add(graph.servers_of(task_type).len(), &rate),
                Event::Service { server } => {
                    *services.entry(server).or_insert_with(Ratio::zero) += rate
                }
                Event::Lost { .. } => {}
            }
        }
        let types: Vec<u32> =
            if few { (0..m).collect() } else { (0..8).map(|_| rng.random_range(0..m)).collect() };
        let mut local: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        let mut terms = 0;
        for w in types {
            // Dense graphs get fewer types.
            if terms > 10_000 {
                break;
            }
            terms +=
                graph.servers_of(w).iter().map(|v| graph.task_types_of(v).len()).sum::<usize>();
            let q = counts(graph.servers_of(w).iter(), &x, levels);
            // By length of the server: the subject's rates, and the terms of the double sum of
            // (4.30) as q_i^w and q_(i+1)^w of the other task type, with the sum of the weights of
            // those that have them.
            let mut up = vec![(GroupedSum::default(), FxHashMap::default()); levels];
            let mut down = vec![Ratio::zero(); levels];
            for v in graph.servers_of(w).iter() {
                let length = x[v as usize] as usize;
                if let Some(rates) = arrivals.get(&v) {
                    up[length].0.merge(rates);
                }
                if let Some(rate) = services.get(&v) {
                    down[length] += rate;
                }
                for other in graph.task_types_of(v).iter() {
                    let q = local
                        .entry(other)
                        .or_insert_with(|| counts(graph.servers_of(other).iter(), &x, levels));
                    *up[length].1.entry([q[0], q[length], q[length + 1]]).or_insert(0) +=
                        graph.weight(other);
                }
            }
            let up: Vec<(Ratio, Ratio)> = up
                .into_iter()
                .map(|(joins, terms)| (joins.total(), integrand(&rate, law, terms)))
                .collect();
            for i in 1..levels - 1 {
                let (joins, integrand) = &up[i - 1];
                let leaves = ratio::whole(q[i] - q[i + 1]);
                let cases = [
                    ("drift", joins - &down[i], integrand - &leaves),
                    ("jump rate", joins + &down[i], integrand + &leaves),
                ];
                for (what, left, right) in cases {
                    if left != right {
                        let [left, right] = [&left, &right].map(show);
                        let found = format!(
                            "task type {w}, i = {i}: {what} of Q_i^w is {left}, the integrand \
                             {right}"
                        );
                        return Outcome::violated(found).at(&[&x]);
                    }
                }
            }
        }
        Outcome::holds(0.0)
    })
}
