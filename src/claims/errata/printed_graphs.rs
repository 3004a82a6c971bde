//! Errata about graphs: (2.2), Remark 1, (3.3), (4.52), section 5.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};
use rand_chacha::ChaCha8Rng;

use super::{corrected, misread, printed};
use crate::claims::cases::Outcome;
use crate::claims::small_graphs::{self, Loads, task_types};
use crate::claims::{Claim, Evidence, Setting, show};
use crate::faults;
use crate::graph::BipartiteGraph;
use crate::graph::generate::{Norm, Reach, Sites};
use crate::instruments::Instruments;
use crate::model::sample_law::SampleLaw;
use crate::model::{Load, Model};
use crate::num::ratio::{self, Ratio, ratio};

/// All listed graphs, then random ones.
fn over_graphs(
    claim: &Claim,
    setting: &Setting<'_>,
    check: impl Fn(&Instruments, &BipartiteGraph) -> Outcome,
) -> Evidence {
    over_graphs_after(None, claim, setting, check)
}

/// The same after a first one, the simplest that shows an error in print.
fn over_graphs_after(
    first: Option<(&'static str, BipartiteGraph)>,
    claim: &Claim,
    setting: &Setting<'_>,
    check: impl Fn(&Instruments, &BipartiteGraph) -> Outcome,
) -> Evidence {
    let check = |graph: &BipartiteGraph| check(setting.instruments, graph);
    let listed: Vec<_> = first.into_iter().chain(small_graphs::listed()).collect();
    let count = listed.len() as u64 + 50 * u64::from(setting.plan.effort);
    setting.cases(claim, count, "graphs", |case, rng: &mut ChaCha8Rng| {
        match listed.get(case as usize) {
            Some((name, graph)) => match check(graph) {
                Outcome::Violated { slack, found, .. } => {
                    Outcome::violated(format!("{name}: {found}")).by(slack)
                }
                other => other,
            },
            None => small_graphs::random(rng).map_or(Outcome::Skipped, |graph| check(&graph)),
        }
    })
}

fn model(graph: &BipartiteGraph, lambda: Ratio, d: u32) -> Option<Model> {
    Model::with_load(graph.clone(), Load::new(lambda).ok()?, d).ok()
}

/// What a set of servers gets while its queues are all longer than all others: the least that any
/// state sends there.
fn rate_into(instruments: &Instruments, model: &Model, in_set: &dyn Fn(u32) -> bool) -> Ratio {
    let graph = model.graph();
    let lengths: Vec<u32> = (0..graph.n_servers()).map(|v| if in_set(v) { 9 } else { 0 }).collect();
    let mut sum = Ratio::zero();
    for w in 0..graph.n_task_types() {
        if graph.servers_of(w).iter().any(in_set) {
            let shares = (instruments.assignment)(model, w, &lengths);
            sum += shares
                .into_iter()
                .filter(|(v, _)| in_set(*v))
                .map(|(_, share)| share)
                .sum::<Ratio>();
        }
    }
    sum * model.load().exact() * Ratio::new(graph.n_servers().into(), graph.n_task_types().into())
}

/// Two samples with and without replacement differ on it, and all binomials of (2.2) are positive.
fn two_of_three() -> Option<(&'static str, BipartiteGraph)> {
    let graph = small_graphs::of_task_types(3, &[vec![0, 1], vec![0, 1], vec![0, 1, 2]]);
    Some(("types {0,1}, {0,1}, {0,1,2}", graph.ok()?))
}

/// (2.2) as printed, over sets of d distinct servers; by max-flow and min-cut a condition on sets
/// of servers. Where a task type has less than d it divides by a binomial that is 0.
pub(crate) const WITHOUT_REPLACEMENT_PRINTED: Claim = printed(
    "err-2.2-printed",
    "(2.2)",
    &["(2.2)"],
    "the critical load by (2.2), for distinct samples, is the least at which a set gets all that \
        it serves",
    |claim, setting| over_graphs_after(two_of_three(), claim, setting, printed_criterion),
);

fn printed_criterion(instruments: &Instruments, graph: &BipartiteGraph) -> Outcome {
    const D: u32 = 2;
    let n = graph.n_servers();
    let binomial_is_zero = |w| (graph.servers_of(w).len() as u64) < u64::from(D);
    if n > 6 || (0..graph.n_task_types()).any(binomial_is_zero) {
        return Outcome::Skipped;
    }
    let lambda = ratio(1, 2);
    let (Some(model), Some(printed)) = (
        model(graph, lambda.clone(), D),
        small_graphs::critical_load(graph, SampleLaw::Distinct(D)),
    ) else {
        return Outcome::Skipped;
    };
    // What a set gets is proportional to the load.
    let full_at = |set: u32| {
        let rate = rate_into(instruments, &model, &|v| set >> v & 1 == 1);
        (!rate.is_zero()).then(|| &lambda * ratio::whole(set.count_ones().into()) / rate)
    };
    let least = (1..1u32 << n).filter_map(|set| Some((full_at(set)?, set))).min();
    let Some((critical, set)) = least else { return Outcome::Skipped };
    if critical == printed {
        return Outcome::holds(0.0);
    }
    let servers = small_graphs::members(graph, set);
    Outcome::violated(format!(
        "task types {:?}, d = {D}: critical load {printed} by (2.2), yet at {critical} S = \
         {servers:?} gets all that it serves",
        task_types(graph)
    ))
    .by(-ratio::to_f64(&(&printed - &critical).abs()))
}

/// (2.2) with replacement.
pub(crate) const WITHOUT_REPLACEMENT_CORRECTED: Claim = corrected(
    "err-2.2-corrected",
    "(2.2), Remark 1",
    &["(2.2)", "Remark 1"],
    "while its queues are the longest, S gets (lambda N / M) sum_w (|S ∩ N_w| / d_w)^d",
    &[faults::SAMPLING_WITHOUT_REPLACEMENT, faults::RHO_NECESSARY],
    |claim, setting| over_graphs_after(two_of_three(), claim, setting, corrected_criterion),
);

fn corrected_criterion(instruments: &Instruments, graph: &BipartiteGraph) -> Outcome {
    if graph.n_servers() > 7 {
        return Outcome::Skipped;
    }
    for d in 1..=3 {
        let Some(system) = model(graph, ratio(9, 10), d) else { return Outcome::Skipped };
        for (set, weight) in small_graphs::weights(graph, d) {
            let (found, right) = (
                rate_into(instruments, &system, &|v| set >> v & 1 == 1),
                weight * system.load().exact(),
            );
            if found != right {
                return Outcome::violated(format!(
                    "d = {d}, task types {:?}, S = {set:#b}: gets {found}, not {right}",
                    task_types(graph)
                ));
            }
        }
    }
    let types = task_types(graph);
    let known: &[(u32, Ratio)] = if types == [vec![0], vec![0, 1]] {
        &[(1, ratio(2, 3)), (2, ratio(4, 5)), (3, ratio(8, 9))]
    } else if types == [vec![0, 1], vec![0, 1], vec![0, 1, 2]] {
        &[(2, ratio(9, 11))]
    } else {
        &[]
    };
    for (d, critical) in known {
        for (load, ergodic) in [(critical * ratio(999, 1000), true), (critical.clone(), false)] {
            let said = model(graph, load, *d).and_then(|model| (instruments.is_ergodic)(&model));
            if said.is_some_and(|said| said != ergodic) {
                return Outcome::violated(format!(
                    "d = {d}, critical load {critical}: called ergodic {said:?}, is {ergodic}"
                ));
            }
        }
    }
    Outcome::holds(0.0)
}

/// Remark 1 with gamma, as it refers to.
pub(crate) const REMARK_1_PRINTED: Claim = misread(
    "err-rem-1-printed",
    "Remark 1",
    &["Remark 1"],
    "gamma bounds how far the loads are from lambda: rho(G) <= lambda (1 + gamma(G))",
    |claim, setting| {
        over_graphs(claim, setting, |of, graph| load_within(of, graph, (of.gamma)(graph)))
    },
);

/// Remark 1 with phi.
pub(crate) const REMARK_1_CORRECTED: Claim = corrected(
    "err-rem-1-corrected",
    "Remark 1, (2.3)",
    &["Remark 1", "(2.3)"],
    "phi bounds how far the loads are from lambda: rho(G) <= lambda (1 + phi(G))",
    &[faults::PHI_WITH_SERVER_DEGREES, faults::PHI_WITH_SIDES_SWAPPED],
    |claim, setting| {
        over_graphs(claim, setting, |of, graph| load_within(of, graph, (of.phi)(graph)))
    },
);

fn load_within(instruments: &Instruments, graph: &BipartiteGraph, distance: Ratio) -> Outcome {
    let Some(model) = model(graph, ratio(1, 2), 2) else { return Outcome::Skipped };
    let largest = Loads::of(graph).max();
    let slack = ratio::to_f64(&(ratio::whole(1) + &distance - &largest));
    if (instruments.rho)(&model) != &largest * ratio(1, 2) || slack < 0.0 {
        let types = task_types(graph);
        let [largest, distance] = [&largest, &distance].map(show);
        let found = format!("task types {types:?}: rho / lambda = {largest}, 1 + {distance}");
        return Outcome::violated(found).by(slack);
    }
    Outcome::holds(slack)
}

/// (3.3), middle, with d_w where d_v belongs.
pub(crate) const EQ_3_3_PRINTED: Claim = misread(
    "err-3.3-printed",
    "(3.3), middle",
    &["(3.3)"],
    "phi(G) = max_v |(N / M) sum over N_v of M / (N d_w) - 1| on regular graphs",
    |claim, setting| over_graphs(claim, setting, |of, graph| middle_of_3_3(of, graph, false)),
);

/// (3.3), middle, with d_v.
pub(crate) const EQ_3_3_CORRECTED: Claim = corrected(
    "err-3.3-corrected",
    "(3.3), middle",
    &["(3.3)"],
    "phi(G) = max_v |(N / M) sum over N_v of M / (N d_v) - 1| = 0 on regular graphs where every \
        server has an edge",
    &[faults::PHI_WITH_SERVER_DEGREES, faults::PHI_WITH_SIDES_SWAPPED],
    |claim, setting| over_graphs(claim, setting, |of, graph| middle_of_3_3(of, graph, true)),
);

fn middle_of_3_3(
    instruments: &Instruments,
    graph: &BipartiteGraph,
    with_server_degree: bool,
) -> Outcome {
    if !small_graphs::is_regular(graph) || !small_graphs::every_server_has_an_edge(graph) {
        return Outcome::Skipped;
    }
    let middle = (0..graph.n_servers())
        .map(|v| {
            let types: Vec<u32> = graph.task_types_of(v).iter().collect();
            let share = |w: u32| {
                if with_server_degree { types.len() } else { graph.servers_of(w).iter().count() }
            };
            let sum: Ratio = types.iter().map(|&w| Ratio::new(1.into(), share(w).into())).sum();
            (sum - ratio::whole(1)).abs()
        })
        .max()
        .unwrap_or_else(Ratio::zero);
    let phi = (instruments.phi)(graph);
    if middle == phi {
        return Outcome::holds(0.0);
    }
    Outcome::violated(format!(
        "task types {:?}: the middle of (3.3) is {middle}, phi(G) = {phi}",
        task_types(graph)
    ))
}

/// (4.52) with the sum over all task types.
pub(crate) const EQ_4_52_PRINTED: Claim = misread(
    "err-4.52-printed",
    "(4.52)",
    &["(4.52)"],
    "phi(G) = max_v |(N / M) sum over W_N of 1 / d_w - 1|",
    |claim, setting| {
        over_graphs(claim, setting, |instruments, graph| {
            let all = small_graphs::gamma(graph) * ratio::whole(graph.n_servers().into());
            same_phi(instruments, graph, (all - ratio::whole(1)).abs())
        })
    },
);

/// (4.52) with the sum over the task types of the server.
pub(crate) const EQ_4_52_CORRECTED: Claim = corrected(
    "err-4.52-corrected",
    "(4.52)",
    &["(4.52)"],
    "phi(G) = max_v |(N / M) sum over N_v of 1 / d_w - 1|",
    &[faults::PHI_WITH_SERVER_DEGREES, faults::PHI_WITH_SIDES_SWAPPED],
    |claim, setting| {
        over_graphs(claim, setting, |instruments, graph| {
            same_phi(instruments, graph, Loads::of(graph).phi())
        })
    },
);

fn same_phi(instruments: &Instruments, graph: &BipartiteGraph, form: Ratio) -> Outcome {
    let phi = (instruments.phi)(graph);
    if phi == form {
        return Outcome::holds(0.0);
    }
    let (task_types, form, phi) = (task_types(graph), show(&form), show(&phi));
    Outcome::violated(format!("task types {task_types:?}: {form} by (4.52), phi(G) = {phi}"))
}

/// Section 5 on the half-edge matching.
pub(crate) const MULTI_EDGES_PRINTED: Claim = printed(
    "err-5-multi-edges-printed",
    "section 5",
    &["Section 5"],
    "a matching of half-edges with k = 3 has a multi-edge with probability below 1/2, for N = \
        10, 20, 30",
    |claim, setting| {
        setting.cases(claim, 3, "sizes, counted exactly", |case, _| {
            let n = 10 * (1 + case as u32);
            let multi = Ratio::one() - simple_probability(n);
            let slack = ratio::to_f64(&(ratio(1, 2) - &multi));
            if multi < ratio(1, 2) {
                return Outcome::holds(slack);
            }
            Outcome::violated(format!(
                "N = {n}: a multi-edge has probability {:.6}, exactly counted",
                ratio::to_f64(&multi)
            ))
            .by(slack)
        })
    },
);

/// The chance that a uniform matching of 3 n with 3 n half-edges has no multi-edge, exactly.
///
/// Each n x n matrix of zeros and ones with all sums 3 comes from (3!)^(2n) of the (3n)! matchings.
/// The matrices are counted row by row over the numbers of columns that still need 3, 2 and 1.
fn simple_probability(n: u32) -> Ratio {
    let choose =
        |n: u64, k: u64| -> u64 { (0..k).fold(1, |c, i| c * n.saturating_sub(i) / (i + 1)) };
    let mut counts = BTreeMap::from([((u64::from(n), 0u64, 0u64), BigInt::one())]);
    for _ in 0..n {
        let mut next = BTreeMap::new();
        for ((three, two, one), count) in counts {
            for i in 0..=3u64.min(three) {
                for j in 0..=(3 - i).min(two) {
                    let k = 3 - i - j;
                    if k <= one {
                        let ways = choose(three, i) * choose(two, j) * choose(one, k);
                        *next
                            .entry((three - i, two + i - j, one + j - k))
                            .or_insert_with(BigInt::zero) += &count * ways;
                    }
                }
            }
        }
        counts = next;
    }
    let simple = counts.remove(&(0, 0, 0)).unwrap_or_default();
    let orders: BigInt = (1..=3 * n).map(BigInt::from).product();
    Ratio::new(simple * BigInt::from(6).pow(2 * n), orders)
}

/// What is negligible: the share of edges that are parallel, 2 / (3 N - 1) pairs an edge. Matchings
/// are simple with a probability within 2 / N of exp(-2), relatively; the graphs of this crate
/// always, and keep their degrees.
pub(crate) const MULTI_EDGES_CORRECTED: Claim = corrected(
    "err-5-multi-edges-corrected",
    "section 5",
    &["Section 5"],
    "matchings are simple with probability near exp(-2); random regular graphs are simple, all \
        degrees k",
    &[faults::MULTI_EDGES_ERASED],
    |claim, setting| {
        setting.cases(claim, 30, "sizes", |case, _| match case {
            0 => small_matchings(),
            _ => {
                regular_degrees(setting.instruments, 3 + 2 * case as u32, setting.plan.seed ^ case)
            }
        })
    },
);

/// Parallel edges over all 6! matchings of N = 2; simple graphs for small and growing N.
fn small_matchings() -> Outcome {
    let (mut pairs, mut matchings) = (0u64, 0u64);
    let mut order: Vec<usize> = (0..6).collect();
    permutations(&mut order, 0, &mut |order| {
        matchings += 1;
        // Half-edge i belongs to server i / 3 and is matched with a half-edge of type order[i] / 3.
        pairs += (0..6)
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .filter(|&(i, j)| i / 3 == j / 3 && order[i] / 3 == order[j] / 3)
            .count() as u64;
    });
    let share = Ratio::new(pairs.into(), (matchings * 6).into());
    // The numbers of n x n matrices of zeros and ones with all sums 3, sequence A001501 of the
    // OEIS.
    for (n, matrices) in [(3u32, 1u64), (4, 24), (5, 2040), (6, 297_200)] {
        let orders: Ratio = (1..=u64::from(3 * n)).map(ratio::whole).product();
        let (known, counted) = (
            ratio::whole(matrices) * ratio::power(&ratio(6, 1), 2 * n) / orders,
            simple_probability(n),
        );
        if known != counted {
            return Outcome::violated(format!(
                "N = {n}: simple with probability {counted}, known {known}"
            ));
        }
    }
    for n in [10, 20, 30] {
        let off = ratio::to_f64(&simple_probability(n)) / (-2f64).exp() - 1.0;
        if off.abs() > 2.0 / f64::from(n) {
            return Outcome::violated(format!(
                "N = {n}: the probability of a simple graph is off exp(-2) by {off} of it"
            ));
        }
    }
    if share != ratio(2, 5) {
        return Outcome::violated(format!(
            "N = 2: {share} pairs of parallel edges an edge, not 2/5"
        ));
    }
    Outcome::holds(0.0)
}

fn permutations(order: &mut [usize], from: usize, visit: &mut impl FnMut(&[usize])) {
    if from == order.len() {
        return visit(order);
    }
    for i in from..order.len() {
        order.swap(from, i);
        permutations(order, from + 1, visit);
        order.swap(from, i);
    }
}

fn regular_degrees(instruments: &Instruments, n: u32, seed: u64) -> Outcome {
    match (instruments.random_regular)(n, n, 3, seed) {
        Ok(graph) => {
            let wrong = (0..n).find(|&v| {
                graph.task_types_of(v).iter().count() != 3
                    || graph.servers_of(v).iter().count() != 3
            });
            wrong.map_or(Outcome::holds(0.0), |v| {
                Outcome::violated(format!(
                    "N = {n}, seed {seed}: server or task type {v} has degree other than 3"
                ))
            })
        }
        Err(error) => Outcome::violated(format!("N = {n}, k = 3: {error}")),
    }
}

/// Section 5's steady state of sparse geometric graphs.
pub(crate) const STEADY_STATE_PRINTED: Claim = printed(
    "err-5-steady-state-printed",
    "section 5, figures 2 and 4",
    &["Section 5", "Figure 2", "Figure 4"],
    "geometric graphs of mean degree 3 have a steady state at lambda = 0.8, d = 2",
    |claim, setting| {
        over_geometric(claim, setting, |found| {
            let slack = -ratio::to_f64(&found.excess);
            if found.excess.is_positive() {
                return Outcome::violated(found.text).by(slack);
            }
            Outcome::holds(slack)
        })
    },
);

/// The certificate that there is none: S gets more than it serves in every state in which its
/// queues are the longest.
pub(crate) const STEADY_STATE_CORRECTED: Claim = corrected(
    "err-5-steady-state-corrected",
    "section 5, Remark 1",
    &["Section 5", "Remark 1"],
    "geometric graphs of mean degree 3 have none at lambda = 0.8, d = 2: some set gets more than \
        it serves",
    &[faults::SAMPLING_WITHOUT_REPLACEMENT],
    |claim, setting| {
        over_geometric(claim, setting, |Overloaded { excess, rate, criterion, text }| {
            let slack = ratio::to_f64(&excess);
            if !excess.is_positive() || rate != criterion {
                let [rate, criterion] = [&rate, &criterion].map(show);
                let found =
                    format!("{text}; by (4.12) it gets {rate}, by the criterion {criterion}");
                return Outcome::violated(found).by(slack);
            }
            Outcome::holds(slack)
        })
    },
);

/// Three graphs, each judged by its most overloaded set.
fn over_geometric(
    claim: &Claim,
    setting: &Setting<'_>,
    judge: impl Fn(Overloaded) -> Outcome,
) -> Evidence {
    setting.cases(claim, 3, "graphs of 400 servers", |case, _| {
        overloaded(setting.instruments, case).map_or(Outcome::Skipped, &judge)
    })
}

struct Overloaded {
    excess: Ratio,
    rate: Ratio,
    criterion: Ratio,
    text: String,
}

/// The most overloaded among the sets N_w with one server more or less, of the graph with this
/// seed.
fn overloaded(instruments: &Instruments, seed: u64) -> Option<Overloaded> {
    let norm = Norm::new(2.0).ok()?;
    let sites = Sites::uniform(400, 400, 2, seed).ok()?;
    let graph =
        (instruments.geometric)(&sites, Reach::MeanDegree(3.0).radius(400, 2, norm).ok()?, norm)
            .ok()?;
    let model = model(&graph, ratio(4, 5), 2)?;
    // In floating point to choose, exactly to judge: any set proves what it proves.
    let gain = |set: &[u32]| {
        let mut near: Vec<u32> = set.iter().flat_map(|&v| graph.task_types_of(v).iter()).collect();
        near.sort_unstable();
        near.dedup();
        let weight: f64 = near
            .iter()
            .map(|&w| {
                let servers: Vec<u32> = graph.servers_of(w).iter().collect();
                (servers.iter().filter(|v| set.contains(v)).count() as f64 / servers.len() as f64)
                    .powi(2)
            })
            .sum();
        0.8 * weight - set.len() as f64
    };
    let best = (0..graph.n_servers())
        .map(|v| vec![v])
        .chain(
            (0..graph.n_task_types())
                .map(|w| graph.servers_of(w).iter().collect())
                .filter(|set: &Vec<u32>| !set.is_empty()),
        )
        .max_by(|a, b| gain(a).total_cmp(&gain(b)))?;
    let criterion = small_graphs::weight(&graph, 2, |v| best.contains(&v)) * model.load().exact();
    let rate = rate_into(instruments, &model, &|v| best.contains(&v));
    let excess = &criterion - ratio::whole(best.len() as u64);
    let text = format!(
        "400 servers and types, mean degree 3, seed {seed}: S = {best:?} gets {} and serves {}",
        show(&criterion),
        best.len()
    );
    Some(Overloaded { excess, rate, criterion, text })
}
