//! Lemma 4.5 and Lemma C.2: what is left of Q_i^w when its exact compensator is taken away.
//!
//! `lemma-4.5` looks at every event of uniformised paths. Given the state before it, Q_i^w rises
//! with probability A / ((1 + lambda) N) and falls with probability S / ((1 + lambda) N), where A -
//! S is the integrand of (4.30) and A + S that of (4.31), both evaluated as they are printed, by
//! local occupancies. Times between events do not depend on the state, so that this is E M = 0 and
//! E M^2 = E \[M\] from event to event. A bet on a tilted law of the change is a martingale under
//! the null; as in [`crate::claims::event_test`], *holds* means that every tilt of the stated size
//! is excluded.
//!
//! Where rates differ, arrivals of type w count r_w times, in the compensator and in the average
//! over types of Lemma C.2. Its proof stays: the jumps of all Q_i^w, i >= 1, come at a rate of at
//! most d_w (rho d + 1), since a server is sampled by at most a share d / d_w of a type's tasks,
//! and the average of d_w (rho d + 1) / d_w^2 with weights r_w / M is (rho d + 1) gamma.
//!
//! `lemma-c.2` follows M_i^w in time. Between events it is linear, so that its supremum is at their
//! ends.
//!
//! # Source
//! (4.30), (4.31) with the sign + (the print of (B.6) is an erratum), (C.4).

use std::collections::BTreeSet;

use super::seed;
use crate::claims::parts::{Findings, Part};
use crate::claims::{Claim, Evidence, Expected, Hypothesis, Kind, Scope, Setting, Verdict};
use crate::faults;
use crate::model::{Event, Model, loads};
use crate::num::ratio;
use crate::random::event_clock::{Clock, Timeline};
use crate::random::stream_rng;
use crate::simulate::occupancy::LocalOccupancy;
use crate::stats::log_mean_exp;
use crate::subject::{Path, random_lengths};

/// The compensator, event by event.
pub(super) const LEMMA_4_5: Claim = Claim {
    id: "lemma-4.5",
    source: "Lemma 4.5, (4.30), (4.31)",
    statement: "given the state, Q_i^w changes by the integrand of (4.30) in the mean and jumps at the rate of (4.31), i = 1, 2, for the task types with the most servers",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    hypotheses: &[Hypothesis::MeanTaskDegreeAtMost(200)],
    rejects: &[
        faults::TIES_TO_LOWEST,
        faults::ONE_SAMPLE_MORE,
        faults::SAMPLING_WITHOUT_REPLACEMENT,
    ],
    check: lemma_4_5,
};

/// The martingales in time.
pub(super) const LEMMA_C_2: Claim = Claim {
    id: "lemma-c.2",
    source: "Lemma C.2, (C.4)",
    statement: "E min(4 b, sum_i M^-1 sum_w r_w sup_(s <= t) M_i^w(s)^2 / d_w^2) <= b = 4 t (rho d + 1) gamma(G) at t = 10, from empty",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    hypotheses: &[Hypothesis::NoIsolatedTaskTypes, Hypothesis::EdgesAtMost(400)],
    rejects: &[faults::MARTINGALE_BOUND_TIMELESS],
    check: lemma_c_2,
};

/// (lambda N / M) sum_(w' in N_v) of r_w' times the share that a server of this length gets of
/// N_w'.
fn arrival_rate(model: &Model, local: &LocalOccupancy, server: u32, length: u32) -> f64 {
    let graph = model.graph();
    let scale = model.lambda() * f64::from(graph.n_servers()) / graph.total_weight() as f64;
    let (i, d) = (length as usize, model.d());
    let shares: f64 = graph
        .task_types_of(server)
        .iter()
        .map(|w| {
            let degree = graph.task_degree(w) as f64;
            let (at_least, longer) = (local.at_least(w, i) as f64, local.at_least(w, i + 1) as f64);
            let power = |count: f64| (count / degree).powf(f64::from(d));
            graph.weight(w) as f64 * (power(at_least) - power(longer)) / (at_least - longer)
        })
        .sum();
    scale * shares
}

/// The tilts of the change and of its square, both signs.
const TILTS: [f64; 5] = [0.05, 0.1, 0.3, 1.0, 2.0];

/// The position in TILTS of the smallest effect that *holds* excludes.
const EXCLUDED: usize = 2;

/// Levels that are looked at.
const LEVELS: [usize; 2] = [1, 2];

/// Task types that are looked at.
const TYPES: usize = 3;

/// The wealth of bets on one (w, i): on the change, then on whether there is one.
#[derive(Clone, Default)]
struct Wealth([[f64; 2 * TILTS.len()]; 2]);

fn tilt(index: usize) -> f64 {
    if index.is_multiple_of(2) { TILTS[index / 2] } else { -TILTS[index / 2] }
}

impl Wealth {
    /// Takes a change of -1, 0 or 1, of probabilities `rises` and `falls`.
    fn observe(&mut self, change: i32, rises: f64, falls: f64) {
        for (index, (of_change, of_jump)) in self.0[0].clone().iter().zip(self.0[1]).enumerate() {
            let theta = tilt(index);
            let change_normaliser = (rises * theta.exp_m1() + falls * (-theta).exp_m1()).ln_1p();
            let jump_normaliser = ((rises + falls) * theta.exp_m1()).ln_1p();
            self.0[0][index] = of_change + theta * f64::from(change) - change_normaliser;
            self.0[1][index] = of_jump + theta * f64::from(change.abs()) - jump_normaliser;
        }
    }

    /// ln of the wealth of the alternatives that *holds* excludes.
    fn alternatives(&self) -> impl Iterator<Item = f64> + '_ {
        self.0.iter().flat_map(|tilts| [tilts[2 * EXCLUDED], tilts[2 * EXCLUDED + 1]])
    }
}

fn lemma_4_5(setting: &Setting<'_>) -> Evidence {
    let model = setting.model;
    let graph = model.graph();
    let n = graph.n_servers();
    let mut types: Vec<u32> =
        (0..graph.n_task_types()).filter(|&w| graph.task_degree(w) > 0).collect();
    // The most touched ones; of equal degree those with the lowest index.
    types.sort_by_key(|&w| std::cmp::Reverse(graph.task_degree(w)));
    // And the one with the fewest servers, whose share of an uneven picker is largest.
    let smallest = types.last().copied();
    types.truncate(TYPES - 1);
    types.extend(
        smallest.filter(|w| !types.contains(w) && graph.task_degree(*w) * 200 > n as usize),
    );
    // A law changes only with a queue that shares a task type with a task type of a server of N_w.
    let near: Vec<Vec<bool>> = types
        .iter()
        .map(|&w| {
            let mut near = vec![false; n as usize];
            let types_near: BTreeSet<u32> = graph
                .servers_of(w)
                .iter()
                .flat_map(|v| graph.task_types_of(v).iter().collect::<Vec<_>>())
                .collect();
            types_near
                .iter()
                .flat_map(|&w| graph.servers_of(w).iter())
                .for_each(|v| near[v as usize] = true);
            near
        })
        .collect();
    let nearest =
        near.iter().map(|near| near.iter().filter(|&&near| near).count()).max().unwrap_or(0);
    let around: usize = types
        .iter()
        .flat_map(|&w| graph.servers_of(w).iter())
        .map(|v| graph.server_degree(v))
        .sum();
    let most = 400_000_000 / (around as u64 * 2 * nearest as u64 / u64::from(n) + 60)
        * u64::from(setting.plan.effort);
    let most = most.clamp(20_000, 4_000_000 * u64::from(setting.plan.effort));
    let seed = seed(setting, "lemma-4.5");
    let mut starts = stream_rng(seed, 0);
    let mut wealths = vec![Wealth::default(); types.len() * LEVELS.len()];
    let features = wealths.len() * 2;
    let reject = (2.0 / setting.alpha).ln();
    let exclude = (2.0 * 2.0 * features as f64 / setting.alpha).ln();
    let segment = 2 * u64::from(n).max(128);
    let mut events = 0;
    let mut strongest = String::new();
    let mut replication = 0;
    let verdict = 'paths: loop {
        replication += 1;
        let start = random_lengths(&mut starts, n, 3);
        let mut local = LocalOccupancy::of(graph, &start);
        let mut path = Path::new(setting.subject, model, seed, replication, start.clone());
        let mut lengths = start;
        let mut laws = vec![(0.0, 0.0); wealths.len()];
        let mut last_touched = None;
        for _ in 0..segment {
            // The law of each change, before the event.
            for (at, &w) in types.iter().enumerate() {
                if last_touched.is_some_and(|server: u32| !near[at][server as usize]) {
                    continue;
                }
                for (level, i) in LEVELS.into_iter().enumerate() {
                    let rises: f64 = graph
                        .servers_of(w)
                        .iter()
                        .filter(|&v| lengths[v as usize] as usize + 1 == i)
                        .map(|v| arrival_rate(model, &local, v, lengths[v as usize]))
                        .sum();
                    let falls = (local.at_least(w, i) - local.at_least(w, i + 1)) as f64;
                    laws[at * LEVELS.len() + level] =
                        (rises / model.event_rate(), falls / model.event_rate());
                }
            }
            let event = path.step();
            events += 1;
            let touched = match event {
                Event::Arrival { server, .. } | Event::Service { server } if server < n => {
                    Some(server)
                }
                _ => None,
            };
            // What really happened to the queue; a server elsewhere that changed is found by
            // `transition-law`.
            let change = touched.map_or((0, 0, 0), |v| {
                (v, lengths[v as usize], path.queues().lengths()[v as usize])
            });
            let (server, before, after) = change;
            last_touched = Some(server);
            let mut law = laws.iter();
            let mut at = 0;
            for &w in &types {
                let inside = before != after && graph.servers_of(w).contains(server);
                for i in LEVELS {
                    let level = i as u32;
                    let moved = i32::from(inside)
                        * (i32::from(after >= level) - i32::from(before >= level));
                    if let Some(&(rises, falls)) = law.next() {
                        wealths[at].observe(moved, rises, falls);
                    }
                    at += 1;
                }
            }
            if before != after {
                if after > before {
                    local.raise(server, before);
                } else {
                    local.lower(server, before);
                }
                lengths[server as usize] = after;
            }
            if events % 64 == 0 {
                if log_mean_exp(
                    wealths.iter().flat_map(|wealth| wealth.0.iter().flatten().copied()),
                ) >= reject
                {
                    strongest = name_strongest(&types, &wealths);
                    break 'paths Verdict::Violated;
                }
                if wealths
                    .iter()
                    .flat_map(Wealth::alternatives)
                    .all(|log_wealth| log_wealth <= -exclude)
                {
                    break 'paths Verdict::Holds;
                }
            }
            if events >= most {
                break 'paths Verdict::Inconclusive;
            }
        }
    };
    let summary = match verdict {
        Verdict::Violated => {
            format!(
                "rejected after {events} events (error probability {:.1e}); strongest: {strongest}",
                setting.alpha / 2.0
            )
        }
        Verdict::Holds => format!(
            "{events} events exclude tilts of {} of the change and of the jumps of Q_i^w, i = 1, 2, for {} task types (error probability {:.1e})",
            TILTS[EXCLUDED],
            types.len(),
            setting.alpha / 2.0
        ),
        _ => {
            let slowest =
                wealths.iter().flat_map(Wealth::alternatives).fold(f64::NEG_INFINITY, f64::max);
            let needed = if slowest < 0.0 {
                format!("about {:.1e}", events as f64 * exclude / -slowest)
            } else {
                "an unknown number".to_owned()
            };
            format!("{events} events excluded nothing, {needed} would do; more with --effort")
        }
    };
    crate::claims::instruments::evidence(verdict, events, summary)
}

fn name_strongest(types: &[u32], wealths: &[Wealth]) -> String {
    let mut best = (f64::NEG_INFINITY, String::new());
    for (at, wealth) in wealths.iter().enumerate() {
        for (what, tilts) in ["the change", "the jumps"].into_iter().zip(wealth.0) {
            for (index, log_wealth) in tilts.into_iter().enumerate() {
                if log_wealth > best.0 {
                    let side = if index.is_multiple_of(2) { "too high" } else { "too low" };
                    let (w, i) = (types[at / LEVELS.len()], LEVELS[at % LEVELS.len()]);
                    best = (log_wealth, format!("{what} of Q_{i} of task type {w}: {side}"));
                }
            }
        }
    }
    best.1
}

/// The time of (C.4).
const UNTIL: f64 = 10.0;

fn lemma_c_2(setting: &Setting<'_>) -> Evidence {
    let model = setting.model;
    let (rho, gamma) = (
        ratio::to_f64(&loads::rho(model)),
        ratio::to_f64(&(setting.instruments.gamma)(model.graph())),
    );
    let bound = (setting.instruments.martingale_bound)(rho, model.d(), gamma, UNTIL);
    let part = Part::at_most(
        format!("E sum at t = {UNTIL}"),
        (0.0, 4.0 * bound),
        bound,
        0.0,
        setting.alpha,
    );
    let cost = UNTIL * model.event_rate() * (model.graph().n_edges() as f64 * 4.0 + 50.0);
    let most = (20e9 / cost).clamp(400.0, 2_000.0) as u64 * u64::from(setting.plan.effort);
    let mut findings = Findings::new(setting.alpha);
    findings.settle(vec![part], most, |replication| {
        let figure = suprema(setting, replication);
        vec![(figure, figure)]
    });
    findings.evidence()
}

/// sum_i M^-1 sum_w r_w sup M_i^w(s)^2 / d_w^2 of one path from empty.
fn suprema(setting: &Setting<'_>, replication: u64) -> f64 {
    let model = setting.model;
    let graph = model.graph();
    let (n, m) = (graph.n_servers(), graph.n_task_types());
    let seed = seed(setting, "lemma-c.2");
    let mut path = Path::new(setting.subject, model, seed, replication, vec![0; n as usize]);
    let mut local = LocalOccupancy::of(graph, path.queues().lengths());
    let mut lengths = path.queues().lengths().to_vec();
    // M_i^w and the largest of its squares, level by level.
    let mut values: Vec<Vec<(f64, f64)>> = vec![Vec::new(); m as usize];
    let mut last = 0.0;
    let mut timeline = Timeline::new(Clock::new(model.event_rate(), seed, replication));
    let flow =
        |lengths: &[u32], local: &LocalOccupancy, values: &mut [Vec<(f64, f64)>], span: f64| {
            let rates: Vec<f64> =
                (0..n).map(|v| arrival_rate(model, local, v, lengths[v as usize])).collect();
            for (w, values) in (0..m).zip(values) {
                for v in graph.servers_of(w).iter() {
                    let length = lengths[v as usize] as usize;
                    if values.len() <= length {
                        values.resize(length + 1, (0.0, 0.0));
                    }
                    // A server of length x can raise level x + 1 and lower level x.
                    values[length].0 -= rates[v as usize] * span;
                    if length > 0 {
                        values[length - 1].0 += span;
                    }
                }
                values.iter_mut().for_each(|value| value.1 = value.1.max(value.0 * value.0));
            }
        };
    let advanced = timeline.advance_timed(UNTIL, |times| {
        for &time in times {
            flow(&lengths, &local, &mut values, time - last);
            last = time;
            let (Event::Arrival { server, .. } | Event::Service { server }) = path.step() else {
                continue;
            };
            let Some((before, after)) = lengths
                .get(server as usize)
                .copied()
                .zip(path.queues().lengths().get(server as usize).copied())
            else {
                continue;
            };
            if before == after {
                continue;
            }
            let (level, sign) =
                if after > before { (before as usize, 1.0) } else { (after as usize, -1.0) };
            if after > before {
                local.raise(server, before);
            } else {
                local.lower(server, before);
            }
            lengths[server as usize] = after;
            for w in graph.task_types_of(server).iter() {
                let values = &mut values[w as usize];
                if values.len() <= level {
                    values.resize(level + 1, (0.0, 0.0));
                }
                values[level].0 += sign;
                values[level].1 = values[level].1.max(values[level].0 * values[level].0);
            }
        }
    });
    debug_assert!(advanced.is_ok(), "the time of the claim is a time");
    flow(&lengths, &local, &mut values, UNTIL - last);
    let of_type = |(w, values): (u32, &Vec<(f64, f64)>)| {
        graph.weight(w) as f64 * values.iter().map(|value| value.1).sum::<f64>()
            / (graph.task_degree(w) as f64).powi(2)
    };
    (0..m).zip(&values).map(of_type).sum::<f64>() / graph.total_weight() as f64
}
