//! The law of the policy: (4.12) and the coupling (4.13) by shared probability mass.
//!
//! | statement | claim |
//! |---|---|
//! | (4.12), and the map of the samples has this law | `eq-4.12` |
//! | (4.13): marginals, partition, order | `eq-4.13` |
//!
//! Both are compared with the enumeration of all d_w^d sample sequences. Task types with more than
//! 200 000 of them are left out; where all have more, the claims do not apply. For other policies
//! `eq-4.12` says the same of their law and of all lists of samples with their probabilities, and
//! `eq-4.13` of the policies whose g is convex (`lemma-4.4-distinct`).
//!
//! # Source
//! Section 4.2, proof of Proposition 3.9.

use num_traits::{One, Zero};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::claims::cases::Outcome;
use crate::claims::states::{
    SEQUENCES, for_each_sequence, law_by_enumeration, n_listed_pairs, n_sequences, ordered_pair,
    state,
};
use crate::claims::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting, show};
use crate::faults;
use crate::graph::BipartiteGraph;
use crate::model::Event;
use crate::num::ratio::{self, Ratio};
use crate::random::Coins;
use crate::simulate::Queues;
use crate::simulate::marks::Mark;
use crate::subject::{Reference, Subject};

/// (4.12): the law of the server that gets a task, over all d_w^d sample sequences.
pub(crate) const EQ_4_12: Claim = Claim {
    id: "eq-4.12",
    source: "(4.12)",
    paper: &["(4.12)"],
    statement: "p_v = ((q_i^w)^d - (q_(i+1)^w)^d) / (Q_i^w - Q_(i+1)^w), i = X_v, is the law of \
        JSQ(d), ties split evenly",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Markov,
    hypotheses: &[],
    rejects: &[
        faults::SAMPLING_WITHOUT_REPLACEMENT,
        faults::TIES_TO_LOWEST,
        faults::ONE_SAMPLE_LESS,
        faults::JOIN_LONGEST,
        faults::SERVICE_NOT_COUNTED,
        faults::STALE_LENGTHS,
        faults::CLASH_TAKES_NEXT,
    ],
    run: eq_4_12,
};

/// (4.13): the coupling by shared probability mass.
pub(crate) const EQ_4_13: Claim = Claim {
    id: "eq-4.13",
    source: "(4.13)",
    paper: &["(4.13)", "Proposition 3.9"],
    statement: "the intervals of the coupling partition [0, 1), have the marginals p^(1) and \
        p^(2), and every U keeps X^(1) <= X^(2)",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::FairSamples,
    hypotheses: &[],
    rejects: &[faults::PRODUCT_INSTEAD_OF_MINIMUM],
    run: eq_4_13,
};

/// The task types whose sample sequences can be enumerated, or the reason why there is none.
fn enumerable(graph: &BipartiteGraph, d: u32) -> Result<Vec<u32>, String> {
    let degree = |w: u32| graph.servers_of(w).iter().len();
    let types: Vec<u32> =
        (0..graph.n_task_types()).filter(|&w| n_sequences(degree(w), d).is_some()).collect();
    if types.is_empty() {
        let least = (0..graph.n_task_types()).map(degree).filter(|&n| n > 0).min().unwrap_or(0);
        return Err(format!(
            "needs a task type with 1 to {SEQUENCES} sample sequences, the fewest here are \
             {least}^{d}"
        ));
    }
    Ok(types)
}

/// How many cases keep the work to a few million samples, at most `wanted`.
fn affordable(graph: &BipartiteGraph, types: &[u32], d: u32, wanted: u64, effort: u32) -> u64 {
    let cost = |&w: &u32| {
        n_sequences(graph.servers_of(w).iter().len(), d).unwrap_or(0) * u64::from(d) + 200
    };
    let mean = types.iter().map(cost).sum::<u64>() / types.len() as u64;
    let budget = 4_000_000 * u64::from(effort.max(1));
    (budget / mean).clamp(12, wanted.max(12) * u64::from(effort.max(1)))
}

/// `local` at the servers of the type, short random queues elsewhere.
fn embedded(
    graph: &BipartiteGraph,
    task_type: u32,
    local: &[u32],
    rng: &mut ChaCha8Rng,
) -> Vec<u32> {
    let mut lengths: Vec<u32> = (0..graph.n_servers()).map(|_| rng.random_range(0..4)).collect();
    for (v, &length) in graph.servers_of(task_type).iter().zip(local) {
        lengths[v as usize] = length;
    }
    lengths
}

fn fraction(weight: u64, total: u64) -> Ratio {
    Ratio::new(weight.into(), total.into())
}

/// For other policies, types of at most this many servers: 7! orders of all of them.
const MOST_CANDIDATES: usize = 7;

/// The task types whose marks can be enumerated for any policy, or the reason why there is none.
fn small_types(graph: &BipartiteGraph) -> Result<Vec<u32>, String> {
    let degree = |w: u32| graph.task_degree(w);
    let few = |w: &u32| (1..=MOST_CANDIDATES).contains(&degree(*w));
    let types: Vec<u32> = (0..graph.n_task_types()).filter(few).collect();
    if types.is_empty() {
        let least = (0..graph.n_task_types()).map(degree).filter(|&n| n > 0).min().unwrap_or(0);
        return Err(format!(
            "needs a task type with 1 to {MOST_CANDIDATES} servers, the fewest here are {least}"
        ));
    }
    Ok(types)
}

/// The law of another policy than the paper's: every list of samples, by its probability.
fn law_by_marks(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let (model, graph) = (setting.model, setting.model.graph());
    let types = match small_types(graph) {
        Ok(types) => types,
        Err(why) => return Evidence::not_applicable(why),
    };
    let n_types = types.len() as u64;
    let lists = |&w: &u32| {
        let (n, weights) = (graph.task_degree(w) as u32, model.weights_of(w));
        model.policy().all_samples(n, weights.as_deref()).map_or(0, |all| all.len() as u64)
    };
    let most = types.iter().take(8).map(lists).max().unwrap_or(1).max(1);
    let wanted = n_types.saturating_mul(150).min(600);
    let count = (100_000 / most).clamp(12, wanted.max(12)) * u64::from(setting.plan.effort.max(1));
    let what = "task types and states, every list of samples enumerated";
    setting.cases(claim, count, what, |case, rng| {
        let w = types[(case % n_types) as usize];
        let servers: Vec<u32> = graph.servers_of(w).iter().collect();
        let local = state(case / n_types, rng, servers.len() as u32);
        let lengths = embedded(graph, w, &local, rng);
        let mut coins = Coins::new(setting.plan.seed, case);
        match marks_disagree(setting, w, &servers, &lengths, &mut coins) {
            Some(found) => Outcome::violated(found).at(&[&lengths]),
            None => Outcome::holds(0.0),
        }
    })
}

/// Lets every list of samples act on the queues, and compares the servers joined with the stated
/// law.
fn marks_disagree(
    setting: &Setting<'_>,
    w: u32,
    servers: &[u32],
    lengths: &[u32],
    coins: &mut Coins,
) -> Option<String> {
    let model = setting.model;
    let weights = model.weights_of(w);
    let Ok(lists) = model.policy().all_samples(servers.len() as u32, weights.as_deref()) else {
        return Some(format!("task type {w}: the lists of its samples are too many"));
    };
    // A subject that draws for itself has no map: then it is the policy's own.
    let own: &dyn Subject = &Reference;
    let subject = if setting.subject.is_function_of_marks() { setting.subject } else { own };
    let mut queues = Queues::of(model, lengths.to_vec());
    let mut joined = vec![Ratio::zero(); servers.len()];
    for (places, probability) in lists {
        let samples: Vec<u32> = places.iter().map(|&place| servers[place as usize]).collect();
        coins.next_event();
        let mark = Mark::Arrival { task_type: w, samples: &samples };
        match subject.apply(model, &mut queues, mark, coins) {
            Event::Arrival { task_type, server } if task_type == w => {
                let Ok(at) = servers.binary_search(&server) else {
                    return Some(format!(
                        "task type {w} joins server {server}, not one of its own"
                    ));
                };
                joined[at] += probability;
                queues.serve(server);
            }
            event => return Some(format!("task type {w}, samples {samples:?}: {event:?}")),
        }
        if queues.lengths() != lengths {
            return Some(format!(
                "task type {w}, samples {samples:?}: after a service the queues are {:?}",
                queues.lengths()
            ));
        }
    }
    let stated = (setting.instruments.assignment)(model, w, lengths);
    let rounded = model.assignment_f64(w, lengths);
    if stated.len() != servers.len() || rounded.len() != servers.len() {
        return Some(format!("task type {w}: {} probabilities", stated.len()));
    }
    (0..servers.len()).find_map(|at| {
        let ((v, p), (u, float)) = (&stated[at], rounded[at]);
        let right = &joined[at];
        let near = (float - ratio::to_f64(right)).abs() <= 2.0 * f64::EPSILON;
        let fits = *v == servers[at] && u == servers[at] && p == right && near;
        (!fits).then(|| {
            let [p, right] = [p, right].map(show);
            format!(
                "task type {w}, server {}: stated {p} (in floating point {float}), by all samples \
                 {right}",
                servers[at]
            )
        })
    })
}

fn eq_4_12(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    if setting.model.policy().paper_d().is_none() {
        return law_by_marks(claim, setting);
    }
    let (model, graph, d) = (setting.model, setting.model.graph(), setting.model.d());
    let types = match enumerable(graph, d) {
        Ok(types) => types,
        Err(why) => return Evidence::not_applicable(why),
    };
    let n_types = types.len() as u64;
    let count =
        affordable(graph, &types, d, n_types.saturating_mul(150).min(1500), setting.plan.effort);
    let what = "task types and states, every sample sequence enumerated";
    setting.cases(claim, count, what, |case, rng| {
        let w = types[(case % n_types) as usize];
        let servers: Vec<u32> = graph.servers_of(w).iter().collect();
        let local = state(case / n_types, rng, servers.len() as u32);
        let lengths = embedded(graph, w, &local, rng);
        let (weights, total) = law_by_enumeration(&local, d);
        let stated = (setting.instruments.assignment)(model, w, &lengths);
        let mut sum = Ratio::zero();
        for (at, &v) in servers.iter().enumerate() {
            let p =
                stated.iter().find(|&&(u, _)| u == v).map_or_else(Ratio::zero, |(_, p)| p.clone());
            if p != fraction(weights[at], total) {
                let [p, right] = [&p, &fraction(weights[at], total)].map(show);
                let found =
                    format!("task type {w}, server {v}: stated {p}, by enumeration {right}");
                return Outcome::violated(found).at(&[&lengths]);
            }
            sum += p;
        }
        if sum != Ratio::one() || stated.len() != servers.len() {
            let (n_stated, sum, n_servers) = (stated.len(), show(&sum), servers.len());
            let found = format!(
                "task type {w}: {n_stated} probabilities with sum {sum} over {n_servers} servers"
            );
            return Outcome::violated(found).at(&[&lengths]);
        }
        if let Some(found) = rounded_otherwise(setting, w, &lengths, (&weights, total)) {
            return Outcome::violated(found).at(&[&lengths]);
        }
        let mut coins = Coins::new(setting.plan.seed, case);
        let law = (&weights[..], total);
        if setting.subject.is_function_of_marks()
            && let Some(found) =
                map_has_another_law(setting, w, &servers, &lengths, law, &mut coins)
        {
            return Outcome::violated(found).at(&[&lengths]);
        }
        Outcome::holds(0.0)
    })
}

/// The probabilities in floating point, within their proved relative error of (d + 3) 2^-51.
fn rounded_otherwise(
    setting: &Setting<'_>,
    task_type: u32,
    lengths: &[u32],
    (weights, total): (&[u64], u64),
) -> Option<String> {
    let model = setting.model;
    let bound = f64::from(model.d() + 3) * 2.0 * f64::EPSILON;
    let given = model.assignment_f64(task_type, lengths);
    let servers = model.graph().servers_of(task_type);
    if !servers.iter().eq(given.iter().map(|&(v, _)| v)) {
        return Some(format!("task type {task_type}: probabilities of other servers than its own"));
    }
    given.iter().zip(weights).find_map(|(&(v, p), &weight)| {
        let exact = weight as f64 / total as f64;
        // The comparison itself rounds a few times.
        let close = (p - exact).abs() <= (bound + 4.0 * f64::EPSILON) * exact;
        (!close).then(|| {
            format!(
                "task type {task_type}, server {v}: {p} in floating point, by enumeration {exact}"
            )
        })
    })
}

/// Lets every sample sequence act on the queues and compares the frequencies of the servers joined.
fn map_has_another_law(
    setting: &Setting<'_>,
    task_type: u32,
    servers: &[u32],
    lengths: &[u32],
    (weights, total): (&[u64], u64),
    coins: &mut Coins,
) -> Option<String> {
    let (model, d) = (setting.model, setting.model.d());
    let mut queues = Queues::from_lengths(lengths.to_vec());
    let mut joined = vec![0u64; servers.len()];
    let mut picked = vec![0u64; servers.len()];
    let mut samples = vec![0; d as usize];
    let (mut n_all, mut wrong) = (0u64, None);
    for_each_sequence(servers.len(), d, |sequence| {
        for (sample, &at) in samples.iter_mut().zip(sequence) {
            *sample = servers[at];
        }
        n_all += 1;
        coins.next_event();
        let pick = setting.subject.pick(model, task_type, &samples, lengths, coins);
        if let Ok(at) = servers.binary_search(&pick) {
            picked[at] += 1;
        }
        let event = setting.subject.apply(
            model,
            &mut queues,
            Mark::Arrival { task_type, samples: &samples },
            coins,
        );
        let Event::Arrival { task_type: of, server } = event else {
            wrong.get_or_insert_with(|| {
                format!("task type {task_type}, samples {samples:?}: {event:?}, not an arrival")
            });
            return;
        };
        if of != task_type || queues.lengths()[server as usize] != lengths[server as usize] + 1 {
            wrong.get_or_insert_with(|| {
                format!(
                    "task type {task_type}, samples {samples:?}: {event:?}, but server \
                    {server} did not grow by it"
                )
            });
        }
        if let Ok(at) = servers.binary_search(&server) {
            joined[at] += 1;
        }
        queues.serve(server);
    });
    if wrong.is_some() {
        return wrong;
    }
    if queues.lengths() != lengths {
        return Some(format!(
            "task type {task_type}: after as many services as arrivals the queues are {:?}",
            queues.lengths()
        ));
    }
    for (at, &v) in servers.iter().enumerate() {
        for (what, count) in [("joined", joined[at]), ("picked", picked[at])] {
            if fraction(count, n_all) != fraction(weights[at], total) {
                let expected = show(&fraction(weights[at], total));
                return Some(format!(
                    "task type {task_type}: server {v} is {what} by {count} of {n_all} sample \
                     sequences, a share of {expected} is right"
                ));
            }
        }
    }
    None
}

fn eq_4_13(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let (model, graph, d) = (setting.model, setting.model.graph(), setting.model.d());
    let paper = model.policy().paper_d().is_some();
    let types = match if paper { enumerable(graph, d) } else { small_types(graph) } {
        Ok(types) => types,
        Err(why) => return Evidence::not_applicable(why),
    };
    let n_types = types.len() as u64;
    let largest = types
        .iter()
        .map(|&w| graph.servers_of(w).iter().len())
        .filter(|&n| n <= 3)
        .max()
        .unwrap_or(1) as u32;
    let wanted = n_types.saturating_mul(n_listed_pairs(largest) + 50).min(2000);
    let count = affordable(graph, &types, d, wanted, setting.plan.effort);
    let what = "task types and ordered pairs of states, every interval of U";
    setting.cases(claim, count, what, |case, rng| {
        let w = types[(case % n_types) as usize];
        let servers: Vec<u32> = graph.servers_of(w).iter().collect();
        let (local1, local2) = ordered_pair(case / n_types, rng, servers.len() as u32);
        let elsewhere = embedded(graph, w, &local1, rng);
        let mut upper = elsewhere.clone();
        for (&v, &length) in servers.iter().zip(&local2) {
            upper[v as usize] = length;
        }
        let lower = elsewhere;
        let violated = |found: String| {
            Outcome::violated(format!("task type {w}: {found}")).at(&[&lower, &upper])
        };
        let mut mass = vec![(Ratio::zero(), Ratio::zero()); servers.len()];
        let mut end = Ratio::zero();
        let (mut x1, mut x2) = (lower.clone(), upper.clone());
        for interval in (setting.instruments.shared_mass)(model, w, &lower, &upper) {
            if interval.from != end || interval.to < interval.from {
                let [from, to, end] = [&interval.from, &interval.to, &end].map(show);
                return violated(format!("an interval [{from}, {to}) after {end}"));
            }
            let length = &interval.to - &interval.from;
            let (Ok(at1), Ok(at2)) = (
                servers.binary_search(&interval.server1),
                servers.binary_search(&interval.server2),
            ) else {
                let (server1, server2) = (interval.server1, interval.server2);
                let found = format!("servers {server1} and {server2} are not both compatible");
                return violated(found);
            };
            if !length.is_zero() {
                x1[interval.server1 as usize] += 1;
                x2[interval.server2 as usize] += 1;
                if x1.iter().zip(&x2).any(|(a, b)| a > b) {
                    return violated(format!(
                        "U in [{}, {}) sends the task to server {} in system 1 and {} in \
                             system 2, which breaks the order",
                        show(&interval.from),
                        show(&interval.to),
                        interval.server1,
                        interval.server2,
                    ));
                }
                x1[interval.server1 as usize] -= 1;
                x2[interval.server2 as usize] -= 1;
            }
            mass[at1].0 += &length;
            mass[at2].1 += &length;
            end = interval.to;
        }
        if end != Ratio::one() {
            return violated(format!("the intervals end at {}, not at 1", show(&end)));
        }
        for (system, local) in [(1, &local1), (2, &local2)] {
            let law: Vec<Ratio> = if paper {
                let (weights, total) = law_by_enumeration(local, d);
                weights.into_iter().map(|weight| fraction(weight, total)).collect()
            } else {
                // The law that `eq-4.12` compares with all samples.
                model
                    .assignment(w, if system == 1 { &lower } else { &upper })
                    .into_iter()
                    .map(|(_, p)| p)
                    .collect()
            };
            for (at, (&v, right)) in servers.iter().zip(&law).enumerate() {
                let given = if system == 1 { &mass[at].0 } else { &mass[at].1 };
                if given != right {
                    let [given, right] = [given, right].map(show);
                    let found = format!("server {v} has mass {given}, by enumeration {right}");
                    return violated(format!("system {system}: {found}"));
                }
            }
        }
        Outcome::holds(0.0)
    })
}
