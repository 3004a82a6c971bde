//! Coupled paths stay ordered: Proposition 3.9 by both couplings, and (4.14).
//!
//! | statement | claim |
//! |---|---|
//! | Proposition 3.9 by (4.13), shared probability mass | `prop-3.9-mass` |
//! | the same by shared samples, for several starts at once, with a cap, and in lambda by thinning | `prop-3.9-samples` |
//! | (4.14): Q_i^w keeps the order | `eq-4.14` |
//!
//! The order is compared here, server by server; the checks inside [`crate::simulate::coupled`] are
//! under check as well.
//!
//! # Source
//! Section 4.2.

use num_bigint::BigInt;
use num_traits::One;
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use super::{PATHS, Trial, looks_at_all};
use crate::claims::cases::Outcome;
use crate::claims::states::{counts, levels, ordered_pair};
use crate::claims::{Claim, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting};
use crate::faults;
use crate::model::Load;
use crate::num::ratio::{self, Ratio};
use crate::simulate::Queues;
use crate::simulate::coupled::{Coupled, CoupledSimulation, Coupling, apply_to_all};
use crate::simulate::marks::{DrawnAhead, Mark};
use crate::simulate::occupancy::{LocalOccupancy, Occupancy};
use crate::subject::Drive;

/// Proposition 3.9 by the paper's coupling.
pub(crate) const PROP_3_9_MASS: Claim = Claim {
    id: "prop-3.9-mass",
    source: "Proposition 3.9, (4.13)",
    paper: &["Proposition 3.9", "(4.13)"],
    statement: "X1_v(t) <= X2_v(t) for all v and t under the coupling by shared probability mass",
    kind: Kind::Pathwise,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::FairSamples,
    hypotheses: &[Hypothesis::EdgesAtMost(2_000_000)],
    rejects: &[faults::PRODUCT_INSTEAD_OF_MINIMUM],
    run: prop_3_9_mass,
};

/// Proposition 3.9 by shared samples.
pub(crate) const PROP_3_9_SAMPLES: Claim = Claim {
    id: "prop-3.9-samples",
    source: "Proposition 3.9, shared samples",
    paper: &["Proposition 3.9"],
    statement: "systems that share all marks stay ordered: any number of starts, a buffer cap, a \
        smaller load by thinning",
    kind: Kind::Pathwise,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Monotone,
    hypotheses: &[Hypothesis::FunctionOfMarks],
    rejects: &[
        faults::INDEPENDENT_TIE_COINS,
        faults::FIRST_AND_LAST_MINIMISER,
        faults::DEPARTURES_NOT_COUPLED,
        faults::INDEPENDENT_SYSTEMS,
    ],
    run: prop_3_9_samples,
};

/// (4.14).
pub(crate) const EQ_4_14: Claim = Claim {
    id: "eq-4.14",
    source: "(4.14)",
    paper: &["(4.14)"],
    statement: "X1 <= X2 gives Q_i^w(1) <= Q_i^w(2) for all w and i along coupled paths",
    kind: Kind::Pathwise,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Monotone,
    hypotheses: &[
        Hypothesis::FunctionOfMarks,
        Hypothesis::EdgesAtMost(2_000_000),
        Hypothesis::ServersAtMost(100_000),
    ],
    rejects: &[faults::OCCUPANCY_OFF_BY_ONE, faults::INDEPENDENT_SYSTEMS],
    run: eq_4_14,
};

/// The first server whose queue is longer in the lower system.
fn disorder(lower: &[u32], upper: &[u32]) -> Option<usize> {
    lower.iter().zip(upper).position(|(l, u)| l > u)
}

fn broken(server: usize, lower: &[u32], upper: &[u32]) -> String {
    let (lower, upper) = (lower[server], upper[server]);
    format!("server {server} has {lower} tasks in the lower system and {upper} in the upper")
}

/// Events of each path, so that large graphs get a few per server and dense ones not too much work.
pub(super) fn events_of_path(setting: &Setting<'_>, total: u64, cost_of_arrival: u64) -> u64 {
    let cost = 1 + cost_of_arrival / 8;
    (total * u64::from(setting.plan.effort.max(1)) / cost / PATHS).clamp(40, 100_000)
}

fn mean_task_degree(setting: &Setting<'_>) -> u64 {
    setting.model.graph().n_edges() / u64::from(setting.model.graph().n_task_types())
}

fn prop_3_9_mass(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let events = events_of_path(
        setting,
        12_000,
        mean_task_degree(setting) * (1 + u64::from(setting.model.d()) / 8),
    );
    setting.cases(claim, PATHS, "coupled paths, every event", |case, rng| {
        let start = ordered_pair(start_of(case, rng), rng, setting.model.graph().n_servers());
        let trial = Trial { setting: *setting, seed: setting.seed(PRODUCTION), case, events };
        if case.is_multiple_of(2) {
            shared_mass_path(trial, rng, start)
        } else {
            production_path(trial, Coupling::SharedMass, start)
        }
    })
}

/// The first paths start from listed pairs; the others skip those that are listed for few servers
/// only.
fn start_of(case: u64, rng: &mut ChaCha8Rng) -> u64 {
    if case < 8 { case * 2 + 1 } else { 1000 + rng.random_range(0..1000) }
}

/// The coupling of the proof, event by event: the subject's partition of [0, 1), U exact with 64
/// bits.
fn shared_mass_path(
    trial: Trial<'_>,
    rng: &mut ChaCha8Rng,
    (mut lower, mut upper): (Vec<u32>, Vec<u32>),
) -> Outcome {
    let Trial { setting, events, .. } = trial;
    let graph = setting.model.graph();
    let (n, m) = (graph.n_servers(), graph.n_task_types());
    let arrival = setting.model.lambda() / (1.0 + setting.model.lambda());
    let two64: BigInt = BigInt::one() << 64;
    for event in 0..events {
        let touched = if rng.random_bool(arrival) {
            let w = rng.random_range(0..m);
            let u = Ratio::new_raw(BigInt::from(rng.next_u64()), two64.clone());
            let intervals = (setting.instruments.shared_mass)(setting.model, w, &lower, &upper);
            let Some(interval) =
                intervals.iter().find(|interval| interval.from <= u && u < interval.to)
            else {
                if graph.servers_of(w).is_empty() {
                    continue;
                }
                let found = format!("no server for U = {}", ratio::to_f64(&u));
                return trial.violated(event, found, &[&lower, &upper]);
            };
            lower[interval.server1 as usize] += 1;
            upper[interval.server2 as usize] += 1;
            // Only the server of the lower system can break the order.
            interval.server1 as usize
        } else {
            let v = rng.random_range(0..n) as usize;
            lower[v] = lower[v].saturating_sub(1);
            upper[v] = upper[v].saturating_sub(1);
            v
        };
        let server = if looks_at_all(n, event) {
            disorder(&lower, &upper)
        } else {
            (lower[touched] > upper[touched]).then_some(touched)
        };
        if let Some(server) = server {
            return trial.violated(event, broken(server, &lower, &upper), &[&lower, &upper]);
        }
    }
    Outcome::holds(0.0)
}

/// What the streams of [`production_path`] are for.
const PRODUCTION: &str = "production couplings";

/// A coupled path of the crate's own simulation.
fn production_path(
    trial: Trial<'_>,
    coupling: Coupling,
    (lower, upper): (Vec<u32>, Vec<u32>),
) -> Outcome {
    let Trial { setting, seed, case, events } = trial;
    let starts = (lower.clone(), upper.clone());
    let pair = CoupledSimulation::new(setting.model, coupling, seed, case, starts.0, starts.1);
    let mut pair = match pair {
        Ok(pair) => pair,
        Err(error) => return trial.violated(0, error, &[&lower, &upper]),
    };
    for event in 0..events {
        let result = pair.step();
        let (lower, upper) = (pair.pair().lower().lengths(), pair.pair().upper().lengths());
        if let Err(error) = result {
            return trial.violated(event, error, &[lower, upper]);
        }
        if trial.looks_at_all(event) {
            if let Some(server) = disorder(lower, upper) {
                return trial.violated(event, broken(server, lower, upper), &[lower, upper]);
            }
            let differing = lower.iter().zip(upper).filter(|(l, u)| l != u).count();
            if pair.pair().differing() as usize != differing
                || pair.pair().coalesced() != (differing == 0)
            {
                let found = format!(
                    "{} servers are said to differ, {differing} do",
                    pair.pair().differing()
                );
                return trial.violated(event, found, &[lower, upper]);
            }
        }
    }
    Outcome::holds(0.0)
}

fn prop_3_9_samples(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let events = events_of_path(setting, 60_000, u64::from(setting.model.d()));
    let seed = setting.seed(claim.id);
    setting.cases(claim, PATHS, "coupled paths, every event", |case, rng| {
        let start = ordered_pair(start_of(case, rng), rng, setting.model.graph().n_servers());
        let trial = Trial { setting: *setting, seed, case, events };
        // What a policy remembers differs between systems of which one loses a task: then only the
        // starts may differ.
        match case % if setting.model.policy().is_markov() { 4 } else { 1 } {
            0 | 2 => three_starts(trial, rng, start),
            1 => with_cap(trial, start),
            _ => {
                // The largest multiple of a seventh below the load.
                let Ok(less) =
                    Load::new(setting.model.load().exact() * ratio::ratio(1 + case as i64 % 6, 7))
                else {
                    return Outcome::Skipped;
                };
                let trial = Trial { seed: setting.seed(PRODUCTION), ..trial };
                production_path(trial, Coupling::Thinned { lower: less }, start)
            }
        }
    })
}

/// The subject's coupling from below and above, and a third system between them.
fn three_starts(
    trial: Trial<'_>,
    rng: &mut ChaCha8Rng,
    (lower, upper): (Vec<u32>, Vec<u32>),
) -> Outcome {
    let Trial { setting, seed, case, events } = trial;
    let middle: Vec<u32> =
        lower.iter().zip(&upper).map(|(&l, &u)| rng.random_range(l..=u)).collect();
    let mut drive = Drive::new(setting.subject, setting.model, seed, case);
    let [mut low, mut mid, mut high] =
        [lower, middle, upper].map(|lengths| Queues::of(drive.system(), lengths));
    for event in 0..events {
        let out_of_order = drive.next(|subject, system, mark, coins| {
            subject.couple(system, &mut low, &mut high, mark, coins);
            subject.apply(system, &mut mid, mark, coins);
            touches_disorder(mark, &low, &high)
        });
        let Some(out_of_order) = out_of_order else { break };
        if !trial.looks_at_all(event) && !out_of_order {
            continue;
        }
        for (below, above) in [(&low, &mid), (&mid, &high), (&low, &high)] {
            if let Some(server) = disorder(below.lengths(), above.lengths()) {
                let found = broken(server, below.lengths(), above.lengths());
                return trial.violated(event, found, &[below.lengths(), above.lengths()]);
            }
        }
    }
    Outcome::holds(0.0)
}

/// Whether a server named by the mark is out of order.
fn touches_disorder(mark: Mark<'_>, lower: &Queues, upper: &Queues) -> bool {
    let out = |v: &u32| lower.lengths()[*v as usize] > upper.lengths()[*v as usize];
    match mark {
        Mark::Arrival { samples, .. } => samples.iter().any(out),
        Mark::Service { server } => out(&server),
    }
}

/// The same marks with a cap, in the pair of the crate and in its grand coupling, which must agree.
fn with_cap(trial: Trial<'_>, (lower, upper): (Vec<u32>, Vec<u32>)) -> Outcome {
    let Trial { setting, seed, case, events } = trial;
    let cap = upper.iter().copied().max().unwrap_or(0).max(1);
    let n = setting.model.graph().n_servers();
    let mut pair = match Coupled::of(setting.model, lower.clone(), upper.clone(), cap) {
        Ok(pair) => pair,
        Err(error) => {
            return trial.violated(0, error, &[&lower, &upper]);
        }
    };
    let mut all =
        [lower, upper, vec![cap; n as usize]].map(|lengths| Queues::of(setting.model, lengths));
    let stream = setting.subject.marks(setting.model, seed, case);
    let mut marks = DrawnAhead::new(stream, setting.model.d());
    for event in 0..events {
        let Some(mark) = marks.next_mark() else { break };
        let result = pair.apply(mark);
        apply_to_all(mark, cap, &mut all);
        let [low, high, full] = [all[0].lengths(), all[1].lengths(), all[2].lengths()];
        if let Err(error) = result {
            return trial.violated(event, error, &[low, high]);
        }
        if trial.looks_at_all(event) {
            for (below, above) in [(low, high), (high, full)] {
                if let Some(server) = disorder(below, above) {
                    return trial.violated(event, broken(server, below, above), &[below, above]);
                }
            }
            if full.iter().any(|&length| length > cap) {
                let found = format!("a queue above the cap of {cap}");
                return trial.violated(event, found, &[full]);
            }
            if pair.lower().lengths() != low || pair.upper().lengths() != high {
                return trial.violated(
                    event,
                    "the pair and the grand coupling differ",
                    &[pair.lower().lengths(), low],
                );
            }
        }
    }
    Outcome::holds(0.0)
}

fn eq_4_14(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let events = events_of_path(setting, 24_000, 16 * mean_task_degree(setting)).min(2000);
    setting.cases(claim, PATHS, "coupled paths, every event", |case, rng| {
        let (lower, upper) =
            ordered_pair(start_of(case, rng), rng, setting.model.graph().n_servers());
        let trial = Trial { setting: *setting, seed: setting.seed(claim.id), case, events };
        local_order(trial, lower, upper)
    })
}

/// Follows a coupled path and recounts the local occupancies of the task types of the servers that
/// change.
fn local_order(trial: Trial<'_>, lower: Vec<u32>, upper: Vec<u32>) -> Outcome {
    let Trial { setting, seed, case, events } = trial;
    let mut drive = Drive::new(setting.subject, setting.model, seed, case);
    let graph = &drive.system().graph().clone();
    let n = graph.n_servers();
    let mut kept = [&lower, &upper].map(|lengths| LocalOccupancy::of(graph, lengths));
    let [mut low, mut high] = [lower, upper].map(|lengths| Queues::of(drive.system(), lengths));
    for event in 0..=events {
        let before = [low.lengths().to_vec(), high.lengths().to_vec()];
        if event < events {
            let next = drive.next(|subject, system, mark, coins| {
                subject.couple(system, &mut low, &mut high, mark, coins)
            });
            if next.is_none() {
                break;
            }
        }
        let after = [low.lengths(), high.lengths()];
        let mut types: Vec<u32> = Vec::new();
        for ((before, after), kept) in before.iter().zip(after).zip(&mut kept) {
            for v in (0..n).filter(|&v| before[v as usize] != after[v as usize]) {
                if after[v as usize] > before[v as usize] {
                    kept.raise(v, before[v as usize])
                } else {
                    kept.lower(v, before[v as usize])
                }
                types.extend(graph.task_types_of(v).iter().take(16));
            }
        }
        // All types at the end, unless there are very many.
        if event == events {
            types.extend((0..graph.n_task_types()).take(2000));
        }
        types.sort_unstable();
        types.dedup();
        let levels = levels(&after);
        let found = types.iter().find_map(|&w| {
            let [q1, q2] = after.map(|lengths| counts(graph.servers_of(w).iter(), lengths, levels));
            if let Some(i) = (0..levels).find(|&i| q1[i] > q2[i]) {
                let (lower, upper) = (q1[i], q2[i]);
                return Some(format!(
                    "task type {w}: Q_{i}^w is {lower} in the lower system and {upper} in the upper"
                ));
            }
            kept.iter().zip([q1, q2]).find_map(|(kept, q)| {
                (0..levels).find(|&i| kept.at_least(w, i) != q[i]).map(|i| {
                    format!(
                        "task type {w}: Q_{i}^w is kept as {}, a recount gives {}",
                        kept.at_least(w, i),
                        q[i]
                    )
                })
            })
        });
        let found = found.or_else(|| {
            // Whole occupancies: the subject's own, that of the queues, and a recount.
            if !looks_at_all(n, event) && event != events {
                return None;
            }
            [&low, &high].into_iter().find_map(|queues| {
                let mut recount = counts(0..n, queues.lengths(), levels);
                while recount.len() > 1 && recount.last() == Some(&0) {
                    recount.pop();
                }
                let given = (setting.instruments.occupancy)(queues.lengths());
                let wrong = given != recount[1..]
                    || queues.occupancy().counts() != &recount[1..]
                    || *queues.occupancy() != Occupancy::of(queues.lengths());
                wrong.then(|| {
                    format!(
                        "Q_1, Q_2, ... are {given:?} and {:?}, a recount gives {:?}",
                        queues.occupancy().counts(),
                        &recount[1..]
                    )
                })
            })
        });
        if let Some(found) = found {
            return trial.violated(event, found, &after);
        }
    }
    Outcome::holds(0.0)
}
