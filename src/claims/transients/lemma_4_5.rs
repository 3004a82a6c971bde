//! Lemma 4.5: what is left of Q_i^w when its exact compensator is taken away.
//!
//! `lemma-4.5` looks at every event of uniformised paths. Given the state before it, Q_i^w rises
//! with probability A / ((1 + lambda) N) and falls with probability S / ((1 + lambda) N), where A -
//! S is the integrand of (4.30) and A + S that of (4.31), both evaluated as they are printed, by
//! local occupancies. Times between events do not depend on the state, so that this is E M = 0 and
//! E M^2 = E \[M\] from event to event. Tilts of the change and of its square are bet on as in
//! [`crate::stats::tilts`].
//!
//! Where rates differ, arrivals of type w count r_w times in the compensator.
//!
//! # Source
//! (4.30), (4.31) with the sign + (the print of (B.6) is an erratum).

use std::collections::BTreeSet;

use crate::claims::{
    Claim, Effect, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting, Verdict,
};
use crate::faults;
use crate::graph::BipartiteGraph;
use crate::model::{Event, Model};
use crate::random::stream_rng;
use crate::simulate::occupancy::LocalOccupancy;
use crate::stats::decision::Decision;
use crate::stats::spending;
use crate::stats::tilts::{self, TiltedBets};
use crate::subject::{Path, random_lengths};

/// The compensator, event by event, i = 1, 2, for the task types with the most servers.
pub(crate) const LEMMA_4_5: Claim = Claim {
    id: "lemma-4.5",
    source: "Lemma 4.5, (4.30), (4.31)",
    paper: &["Lemma 4.5", "(4.30)", "(4.31)"],
    statement: "given the state, Q_i^w changes by the integrand of (4.30) in the mean and jumps \
        at the rate of (4.31)",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "the drift of Q_i^w or the rate of its jumps off by the factor exp(0.3)",
        observations: 130_000,
        unit: "events",
    }),
    policies: Policies::Paper,
    hypotheses: &[Hypothesis::MeanTaskDegreeAtMost(200)],
    rejects: &[
        faults::TIES_TO_LOWEST,
        faults::ONE_SAMPLE_MORE,
        faults::SAMPLING_WITHOUT_REPLACEMENT,
    ],
    run: lemma_4_5,
};

/// (lambda N / M) sum_(w' in N_v) of r_w' times the share that a server of this length gets of
/// N_w'.
pub(super) fn arrival_rate(model: &Model, local: &LocalOccupancy, server: u32, length: u32) -> f64 {
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

/// The tilts of the change and of its square.
const TILTS: [f64; 10] = tilts::signed([0.05, 0.1, 0.3, 1.0, 2.0]);

/// The position of the smallest effect that *holds* excludes.
const EXCLUDED: usize = 2;

/// Levels that are looked at.
const LEVELS: [usize; 2] = [1, 2];

/// Task types that are looked at.
const TYPES: usize = 3;

/// What is bet on in one (w, i).
const FIGURES: [&str; 2] = ["the change", "the jumps"];

/// The task types with the most servers, of equal ones those with the lowest index, and the one
/// with the fewest servers, whose share of an uneven picker is largest.
fn watched_types(graph: &BipartiteGraph) -> Vec<u32> {
    let mut types: Vec<u32> =
        (0..graph.n_task_types()).filter(|&w| graph.task_degree(w) > 0).collect();
    types.sort_by_key(|&w| std::cmp::Reverse(graph.task_degree(w)));
    let smallest = types.last().copied();
    types.truncate(TYPES - 1);
    let n = graph.n_servers() as usize;
    types.extend(smallest.filter(|w| !types.contains(w) && graph.task_degree(*w) * 200 > n));
    types
}

/// The servers that share a task type with a task type of a server of N_w: the law of a change of
/// Q_i^w changes with their queues only.
fn near(graph: &BipartiteGraph, w: u32) -> Vec<bool> {
    let mut near = vec![false; graph.n_servers() as usize];
    let types: BTreeSet<u32> =
        graph.servers_of(w).iter().flat_map(|v| graph.task_types_of(v).iter()).collect();
    for server in types.iter().flat_map(|&w| graph.servers_of(w).iter()) {
        near[server as usize] = true;
    }
    near
}

/// The bets on the changes of every watched Q_i^w.
struct Watch<'a> {
    model: &'a Model,
    types: Vec<u32>,
    /// [`near`] of each of the types.
    near: Vec<Vec<bool>>,
    /// The probabilities with which each (w, i) rises and falls at the next event.
    laws: Vec<(f64, f64)>,
    /// On the change of each (w, i), and on whether there is one.
    bets: Vec<[TiltedBets<{ TILTS.len() }>; FIGURES.len()]>,
    events: u64,
}

impl<'a> Watch<'a> {
    fn new(model: &'a Model) -> Self {
        let types = watched_types(model.graph());
        let places = types.len() * LEVELS.len();
        Self {
            model,
            near: types.iter().map(|&w| near(model.graph(), w)).collect(),
            types,
            laws: vec![(0.0, 0.0); places],
            bets: vec![FIGURES.map(|_| TiltedBets::new(&TILTS)); places],
            events: 0,
        }
    }

    /// The most events that this effort pays for.
    fn most_events(&self, effort: u32) -> u64 {
        let graph = self.model.graph();
        let count = |near: &Vec<bool>| near.iter().filter(|&&near| near).count() as u64;
        let nearest = self.near.iter().map(count).max().unwrap_or(0);
        let servers = self.types.iter().flat_map(|&w| graph.servers_of(w).iter());
        let around = servers.map(|v| graph.server_degree(v)).sum::<usize>() as u64;
        let cost = around * 2 * nearest / u64::from(graph.n_servers()) + 60;
        let effort = u64::from(effort);
        (400_000_000 / cost * effort).clamp(20_000, 4_000_000 * effort)
    }

    /// The laws of the changes at the next event; `touched` is the only queue that may have changed
    /// since the last call.
    fn foresee(&mut self, lengths: &[u32], local: &LocalOccupancy, touched: Option<u32>) {
        let (model, rate) = (self.model, self.model.event_rate());
        let places = self.laws.chunks_exact_mut(LEVELS.len());
        for ((laws, near), &w) in places.zip(&self.near).zip(&self.types) {
            if touched.is_some_and(|server| !near[server as usize]) {
                continue;
            }
            for (law, i) in laws.iter_mut().zip(LEVELS) {
                let servers = model.graph().servers_of(w);
                let rises: f64 = servers
                    .iter()
                    .filter(|&v| lengths[v as usize] as usize + 1 == i)
                    .map(|v| arrival_rate(model, local, v, lengths[v as usize]))
                    .sum();
                let falls = (local.at_least(w, i) - local.at_least(w, i + 1)) as f64;
                *law = (rises / rate, falls / rate);
            }
        }
    }

    /// Takes the next event, at which the queue of `server` went from `before` to `after` tasks.
    fn observe(&mut self, server: u32, before: u32, after: u32) {
        self.events += 1;
        let graph = self.model.graph();
        let watched = self.types.iter().flat_map(|&w| LEVELS.map(|i| (w, i as u32)));
        for (((w, i), &(rises, falls)), [changes, jumps]) in
            watched.zip(&self.laws).zip(&mut self.bets)
        {
            let inside = before != after && graph.servers_of(w).contains(server);
            let moved = i32::from(inside) * (i32::from(after >= i) - i32::from(before >= i));
            let mean_of_change =
                TILTS.map(|t| (rises * t.exp_m1() + falls * (-t).exp_m1()).ln_1p());
            changes.bet(f64::from(moved), &mean_of_change);
            let mean_of_jump = TILTS.map(|t| tilts::log_mean_of_event(t, rises + falls));
            jumps.bet(f64::from(moved.abs()), &mean_of_jump);
        }
    }

    /// ln of the wealth of the alternatives that *holds* excludes.
    fn alternatives(&self) -> impl Iterator<Item = f64> + '_ {
        self.bets.iter().flatten().flat_map(|bets| bets.alternatives(EXCLUDED))
    }

    fn threshold(&self, alpha: f64) -> f64 {
        tilts::threshold(self.bets.len() * FIGURES.len(), alpha)
    }

    /// What has been decided so far.
    fn decision(&self, alpha: f64) -> Option<Decision> {
        spending::record_asked(self, alpha);
        if tilts::rejects(self.bets.iter().flatten().flat_map(|bets| bets.log_wealth), alpha) {
            return Some(Decision::Violated);
        }
        let threshold = self.threshold(alpha);
        self.alternatives().all(|log| log <= -threshold).then_some(Decision::Holds)
    }

    /// Where the most has been won.
    fn strongest(&self) -> String {
        let mut best = (f64::NEG_INFINITY, String::new());
        for (at, bets) in self.bets.iter().enumerate() {
            for (what, bets) in FIGURES.into_iter().zip(bets) {
                let (log, upwards) = bets.strongest();
                if log > best.0 {
                    let side = if upwards { "too high" } else { "too low" };
                    let (w, i) = (self.types[at / LEVELS.len()], LEVELS[at % LEVELS.len()]);
                    best = (log, format!("{what} of Q_{i} of task type {w}: {side}"));
                }
            }
        }
        best.1
    }
}

fn lemma_4_5(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let n = setting.model.graph().n_servers();
    let mut watch = Watch::new(setting.model);
    let most = watch.most_events(setting.plan.effort);
    let seed = setting.seed(claim.id);
    let mut starts = stream_rng(seed, 0);
    let segment = 2 * u64::from(n).max(128);
    let mut decision = None;
    let mut replication = 0;
    while decision.is_none() && watch.events < most {
        replication += 1;
        let start = random_lengths(&mut starts, n, 3);
        let path = Path::new(setting.subject, setting.model, seed, replication, start.clone());
        let events = segment.min(most - watch.events);
        decision = follow(&mut watch, path, start, events, setting.alpha);
    }
    let (events, alpha) = (watch.events, setting.alpha / 2.0);
    let (verdict, summary) = match decision {
        Some(Decision::Violated) => (
            Verdict::Violated,
            format!(
                "rejected after {events} events (error probability {alpha:.1e}); strongest: {}",
                watch.strongest()
            ),
        ),
        Some(Decision::Holds) => (
            Verdict::Holds,
            format!(
                "{events} events exclude tilts of {} of the change and of the jumps of Q_i^w, \
                 i = 1, 2, for {} task types (error probability {alpha:.1e})",
                TILTS[2 * EXCLUDED],
                watch.types.len()
            ),
        ),
        None => {
            let threshold = watch.threshold(setting.alpha);
            let needed = tilts::needed(events, threshold, watch.alternatives()).map_or_else(
                || "an unknown number".to_owned(),
                |needed| format!("about {needed:.1e}"),
            );
            let found =
                format!("{events} events excluded nothing, {needed} would do; more with --effort");
            (Verdict::Inconclusive, found)
        }
    };
    Evidence::of_test(verdict, events, summary)
}

/// Watches a path from these queue lengths for so many events, or until there is a decision.
fn follow(
    watch: &mut Watch<'_>,
    mut path: Path<'_>,
    mut lengths: Vec<u32>,
    events: u64,
    alpha: f64,
) -> Option<Decision> {
    let mut local = LocalOccupancy::of(watch.model.graph(), &lengths);
    let mut touched = None;
    for _ in 0..events {
        watch.foresee(&lengths, &local, touched);
        let server = match path.step() {
            Event::Arrival { server, .. } | Event::Service { server } => Some(server),
            Event::Lost { .. } => None,
        };
        // What really happens to the queue; a server elsewhere that changes is found by
        // `transition-law`.
        let change = server
            .filter(|&v| (v as usize) < lengths.len())
            .map(|v| (v, lengths[v as usize], path.queues().lengths()[v as usize]));
        let (server, before, after) = change.unwrap_or((0, 0, 0));
        touched = Some(server);
        watch.observe(server, before, after);
        if before != after {
            if after > before {
                local.raise(server, before);
            } else {
                local.lower(server, before);
            }
            lengths[server as usize] = after;
        }
        if watch.events.is_multiple_of(64)
            && let Some(decision) = watch.decision(alpha)
        {
            return Some(decision);
        }
    }
    None
}
