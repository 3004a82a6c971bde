//! Errata about what single events do: (4.41), (4.10), (B.6), (C.5).

use num_traits::Zero;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{corrected, misread, printed};
use crate::claims::cases::Outcome;
use crate::claims::small_graphs;
use crate::claims::{Claim, Evidence, Setting, show};
use crate::faults;
use crate::graph::BipartiteGraph;
use crate::instruments::Instruments;
use crate::model::{Event, Load, Model};
use crate::num::ratio::{self, Ratio, ratio};
use crate::random::Coins;
use crate::simulate::Queues;
use crate::simulate::marks::Mark;
use crate::subject::random_lengths;

/// (4.41), last step, as printed.
pub(crate) const EQ_4_41_PRINTED: Claim = printed(
    "err-4.41-printed",
    "(4.41), last step",
    &["(4.41)"],
    "sum_i q_i(t)^2 <= N_a(t) / N + sum_i q_i(0)^2",
    |claim, setting| setting.cases(claim, 200, "paths", |case, rng| squares(setting, case, rng, 1)),
);

/// (4.41), last step, with the factor 2, or without the squares.
pub(crate) const EQ_4_41_CORRECTED: Claim = corrected(
    "err-4.41-corrected",
    "(4.41), last step",
    &["(4.41)"],
    "sum_i q_i(t)^2 <= 2 N_a(t) / N + sum_i q_i(0)^2, and <= N_a(t) / N + sum_i q_i(0)",
    &[faults::OCCUPANCY_OFF_BY_ONE],
    |claim, setting| setting.cases(claim, 400, "paths", |case, rng| squares(setting, case, rng, 2)),
);

/// One path; case 0 is one server busy, one arrival to the idle one.
fn squares(setting: &Setting<'_>, case: u64, rng: &mut ChaCha8Rng, factor: u64) -> Outcome {
    let (subject, instruments) = (setting.subject, setting.instruments);
    let mut coins = Coins::new(setting.plan.seed, case);
    let n = if case == 0 { 2 } else { rng.random_range(1..=5u32) };
    let start = if case == 0 { vec![1, 0] } else { random_lengths(rng, n, 3) };
    let Some(model) =
        BipartiteGraph::complete(n, 1).ok().and_then(|graph| Model::new(graph, 0.8, 1).ok())
    else {
        return Outcome::Skipped;
    };
    let mut queues = Queues::from_lengths(start.clone());
    let (mut arrivals, mut least) = (0u64, f64::INFINITY);
    let Some((initial, sum)) = levels(instruments, &start) else {
        return miscounted(instruments, &start);
    };
    for event in 0..if case == 0 { 1 } else { 12 } {
        let server = if case == 0 { 1 } else { rng.random_range(0..n) };
        coins.next_event();
        let mark = if case == 0 || rng.random_bool(0.6) {
            Mark::Arrival { task_type: 0, samples: &[server] }
        } else {
            Mark::Service { server }
        };
        arrivals += u64::from(matches!(
            subject.apply(&model, &mut queues, mark, &mut coins),
            Event::Arrival { .. }
        ));
        let Some((now, _)) = levels(instruments, queues.lengths()) else {
            return miscounted(instruments, queues.lengths());
        };
        // All times N^2.
        let n = u64::from(n);
        let bound = (factor * arrivals * n + initial).min(if factor == 2 {
            (arrivals + sum) * n
        } else {
            u64::MAX
        });
        let slack = (bound as f64 - now as f64) / (n * n) as f64;
        least = least.min(slack);
        if now > bound {
            let (bound, now) = (format!("{bound}/{}", n * n), format!("{now}/{}", n * n));
            let found =
                format!("N = {n}, {arrivals} arrivals: sum of q_i^2 is {now}, the bound {bound}");
            return Outcome::violated(found)
                .by(slack)
                .at(&[&start, queues.lengths()])
                .at_event(event);
        }
    }
    Outcome::holds(least)
}

/// sum of Q_i^2 and of Q_i, if the subject's occupancy equals a count of the queues.
fn levels(instruments: &Instruments, lengths: &[u32]) -> Option<(u64, u64)> {
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let own: Vec<u64> =
        (1..=longest).map(|i| lengths.iter().filter(|&&x| x >= i).count() as u64).collect();
    ((instruments.occupancy)(lengths) == own)
        .then(|| (own.iter().map(|q| q * q).sum(), own.iter().sum()))
}

fn miscounted(instruments: &Instruments, lengths: &[u32]) -> Outcome {
    Outcome::violated(format!("Q_1, Q_2, ... given as {:?}", (instruments.occupancy)(lengths)))
        .at(&[lengths])
}

/// Listed small graphs, then random ones, each with a random state; the empty state first.
pub(super) fn over_states(
    claim: &Claim,
    setting: &Setting<'_>,
    count: u64,
    check: impl Fn(&Model, &[u32], &mut ChaCha8Rng) -> Outcome,
) -> Evidence {
    let listed = listed_graphs();
    setting.cases(
        claim,
        count * u64::from(setting.plan.effort),
        "graphs and states",
        |case, rng| {
            let Some((model, lengths)) = graph_and_state(&listed, case, rng) else {
                return Outcome::Skipped;
            };
            check(&model, &lengths, rng)
        },
    )
}

/// The same, but the first case is a path of three servers with one task, whatever the seed: the
/// simplest system that shows an error in print.
fn over_path_and_states(
    claim: &Claim,
    setting: &Setting<'_>,
    check: impl Fn(&Model, &[u32]) -> Outcome,
) -> Evidence {
    let listed = listed_graphs();
    setting.cases(claim, 100 * u64::from(setting.plan.effort), "graphs and states", |case, rng| {
        let system = match case {
            0 => small_graphs::of_task_types(3, &[vec![0, 1], vec![1, 2]])
                .ok()
                .and_then(|path| Some((model_of(path, ratio(1, 2), 2)?, vec![1, 0, 0]))),
            _ => graph_and_state(&listed, case, rng),
        };
        system.map_or(Outcome::Skipped, |(model, lengths)| check(&model, &lengths))
    })
}

fn listed_graphs() -> Vec<BipartiteGraph> {
    let graphs = small_graphs::listed().into_iter().map(|(_, graph)| graph);
    graphs.filter(|graph| graph.n_servers() <= 6).collect()
}

fn model_of(graph: BipartiteGraph, lambda: Ratio, d: u32) -> Option<Model> {
    Model::with_load(graph, Load::new(lambda).ok()?, d).ok()
}

fn graph_and_state(
    listed: &[BipartiteGraph],
    case: u64,
    rng: &mut ChaCha8Rng,
) -> Option<(Model, Vec<u32>)> {
    let known = listed.get(case as usize % (2 * listed.len())).cloned();
    let graph = known.or_else(|| small_graphs::random(rng).ok())?;
    let top =
        if (case as usize) < 2 * listed.len() { case as u32 % 2 } else { rng.random_range(1..=4) };
    let lengths = random_lengths(rng, graph.n_servers(), top);
    let d = rng.random_range(1..=3);
    Some((model_of(graph, ratio(rng.random_range(1..20), 20), d)?, lengths))
}

/// Servers of N_w with at least i tasks, and the fraction that they are.
pub(super) fn local(graph: &BipartiteGraph, w: u32, lengths: &[u32], i: u32) -> (u64, Ratio) {
    let count = graph.servers_of(w).iter().filter(|&v| lengths[v as usize] >= i).count() as u64;
    (count, Ratio::new(count.into(), graph.servers_of(w).iter().count().max(1).into()))
}

/// sum over v in N_w with X_v = i - 1 and w' in N_v of
/// ((q_{i-1}^w')^d - (q_i^w')^d) / (Q_{i-1}^w' - Q_i^w').
pub(super) fn arrivals(model: &Model, w: u32, lengths: &[u32], i: u32) -> Ratio {
    let graph = model.graph();
    let mut sum = Ratio::zero();
    for v in graph.servers_of(w).iter().filter(|&v| lengths[v as usize] + 1 == i) {
        for other in graph.task_types_of(v).iter() {
            let ((below, x), (at, y)) =
                (local(graph, other, lengths, i - 1), local(graph, other, lengths, i));
            // v itself has length i - 1, so that the counts differ.
            sum += (ratio::power(&x, model.d()) - ratio::power(&y, model.d()))
                / ratio::whole(below - at);
        }
    }
    sum
}

/// The rate at which Q_i^w jumps, by enumeration of the subject's transitions.
fn jump_rate(instruments: &Instruments, model: &Model, w: u32, lengths: &[u32], i: u32) -> Ratio {
    let here = |v: u32, length: u32| {
        lengths[v as usize] == length && model.graph().servers_of(w).iter().any(|u| u == v)
    };
    (instruments.transitions)(model, lengths)
        .into_iter()
        .filter(|(event, _)| match *event {
            Event::Arrival { server, .. } => here(server, i - 1),
            Event::Service { server } => here(server, i),
            Event::Lost { .. } => false,
        })
        .map(|(_, rate)| rate)
        .sum()
}

/// The jump rate against a form: (task type, level) -> rate.
fn jumps(
    instruments: &Instruments,
    model: &Model,
    lengths: &[u32],
    form: impl Fn(&Ratio, u64, u64) -> Ratio,
) -> Outcome {
    let longest = lengths.iter().copied().max().unwrap_or(0);
    for w in 0..model.graph().n_task_types() {
        for i in 1..=longest + 1 {
            let (at, above) =
                (local(model.graph(), w, lengths, i).0, local(model.graph(), w, lengths, i + 1).0);
            let (found, claimed) = (
                jump_rate(instruments, model, w, lengths, i),
                form(&arrivals(model, w, lengths, i), at, above),
            );
            if found != claimed {
                let types = small_graphs::task_types(model.graph());
                let lambda = show(model.load().exact());
                return Outcome::violated(format!(
                    "lambda = {lambda}, d = {}, task types {types:?}: Q_{i}^{w} jumps at rate \
                         {found}, claimed {claimed}",
                    model.d()
                ))
                .at(&[lengths]);
            }
        }
    }
    Outcome::holds(0.0)
}

/// lambda N / M, from its parts.
pub(super) fn rate(model: &Model) -> Ratio {
    model.load().exact()
        * Ratio::new(model.graph().n_servers().into(), model.graph().n_task_types().into())
}

/// The jump rate against the right form.
fn jumps_right(setting: &Setting<'_>, model: &Model, lengths: &[u32]) -> Outcome {
    jumps(setting.instruments, model, lengths, |arrivals, at, above| {
        rate(model) * arrivals + ratio::whole(at - above)
    })
}

/// (B.6) with Q_i - Q_i.
pub(crate) const B_6_PRINTED: Claim = misread(
    "err-b.6-printed",
    "(B.6)",
    &["(B.6)"],
    "Q_i^w jumps at the rate of its arrivals plus Q_i^w - Q_i^w, which is 0",
    |claim, setting| {
        over_path_and_states(claim, setting, |model, lengths| {
            jumps(setting.instruments, model, lengths, |arrivals, _, _| rate(model) * arrivals)
        })
    },
);

/// (B.6) with Q_i - Q_(i+1).
pub(crate) const B_6_CORRECTED: Claim = corrected(
    "err-b.6-corrected",
    "(B.6), (4.31)",
    &["(B.6)", "(4.31)"],
    "Q_i^w jumps at the rate of its arrivals plus Q_i^w - Q_(i+1)^w",
    &[faults::IDLE_SERVERS_SERVE, faults::RATES_ONE_SAMPLE_LESS, faults::ARRIVAL_RATE_INVERTED],
    |claim, setting| {
        over_states(claim, setting, 200, |model, lengths, _| jumps_right(setting, model, lengths))
    },
);

/// (C.5) with M / N.
pub(crate) const C_5_PRINTED: Claim = misread(
    "err-c.5-printed",
    "(C.5), twice",
    &["(C.5)"],
    "the jumps of Q_i^w by arrivals have the factor lambda M / N",
    |claim, setting| {
        over_path_and_states(claim, setting, |model, lengths| {
            let (n, m) = (model.graph().n_servers(), model.graph().n_task_types());
            let inverted = model.load().exact() * Ratio::new(m.into(), n.into());
            jumps(setting.instruments, model, lengths, |arrivals, at, above| {
                &inverted * arrivals + ratio::whole(at - above)
            })
        })
    },
);

/// (C.5) with N / M, and the inequality that it states next.
pub(crate) const C_5_CORRECTED: Claim = corrected(
    "err-c.5-corrected",
    "(C.5)",
    &["(C.5)"],
    "the jumps of Q_i^w by arrivals have the factor lambda N / M, and come at rate rho d \
        (Q_(i-1)^w - Q_i^w) at most",
    &[faults::ARRIVAL_RATE_INVERTED, faults::RHO_REPLACED_BY_LAMBDA],
    |claim, setting| {
        over_states(claim, setting, 200, |model, lengths, _| {
            let equality = jumps_right(setting, model, lengths);
            if !matches!(equality, Outcome::Holds { .. }) {
                return equality;
            }
            let rho = (setting.instruments.rho)(model);
            for w in 0..model.graph().n_task_types() {
                for i in 1..=lengths.iter().copied().max().unwrap_or(0) + 1 {
                    let found = rate(model) * arrivals(model, w, lengths, i);
                    let free = local(model.graph(), w, lengths, i - 1).0
                        - local(model.graph(), w, lengths, i).0;
                    let bound = &rho * ratio::whole(u64::from(model.d()) * free);
                    if found > bound {
                        let slack = ratio::to_f64(&(&bound - &found));
                        return Outcome::violated(format!(
                            "Q_{i}^{w}: arrivals at rate {found} above {bound}"
                        ))
                        .by(slack)
                        .at(&[lengths]);
                    }
                }
            }
            Outcome::holds(0.0)
        })
    },
);

/// What makes the argument of (4.10) right where rho(G) < 1: f = sum_v z^(X_v), z > 1, has drift at
/// most (z - 1) rho f - (1 - 1/z)(f
/// - idle servers).
pub(crate) const EQ_4_10_CORRECTED: Claim = corrected(
    "err-4.10-corrected",
    "(4.10)",
    &["(4.10)"],
    "by its drift, sum_v z^(X_v) has a finite stationary mean for 1 < z < 1/rho: enough for \
        (4.10) as argued",
    &[faults::RHO_REPLACED_BY_LAMBDA],
    |claim, setting| {
        over_states(claim, setting, 200, |model, lengths, rng| {
            let z = ratio(rng.random_range(11..=30), 10);
            let power = |x: u32| ratio::power(&z, x);
            let mut drift = Ratio::zero();
            for (event, rate) in (setting.instruments.transitions)(model, lengths) {
                match event {
                    Event::Arrival { server, .. } => {
                        let x = lengths[server as usize];
                        drift += rate * (power(x + 1) - power(x));
                    }
                    Event::Service { server } if lengths[server as usize] > 0 => {
                        let x = lengths[server as usize];
                        drift += rate * (power(x - 1) - power(x));
                    }
                    _ => {}
                }
            }
            let f: Ratio = lengths.iter().map(|&x| power(x)).sum();
            let idle = ratio::whole(lengths.iter().filter(|&&x| x == 0).count() as u64);
            let one = ratio::whole(1);
            let bound = (&z - &one) * (setting.instruments.rho)(model) * &f
                - (&one - z.recip()) * (&f - idle);
            let slack = ratio::to_f64(&(&bound - &drift));
            if drift > bound {
                let [drift, bound] = [&drift, &bound].map(show);
                let found = format!("z = {z}: drift {drift} above {bound}");
                return Outcome::violated(found).by(slack).at(&[lengths]);
            }
            Outcome::holds(slack)
        })
    },
);
