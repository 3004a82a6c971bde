//! Does every event of one path have its exact conditional law, given the state before it?
//!
//! The strongest test of a simulator or a picker: no steady state, no cap and no independent
//! replications are needed, since given the past each event has a known law.
//!
//! An event is drawn in stages: arrival or service; the task type; the server that gets the task,
//! by (4.12), or by the law of another policy of the model, given what that remembers (`picks`);
//! the server whose clock rings. On each stage some *features* of the outcome are
//! watched, and tilts of them bet on as in [`crate::stats::tilts`], which tells what the verdicts
//! rest on.
//!
//! | feature | sees |
//! |---|---|
//! | arrival share | service and arrival rates |
//! | task type: rank, degree, and each type by itself | uneven or swapped arrival rates, or others than given |
//! | pick: shortest of N_w, rank in N_w, rank among ties | the number of samples, replacement, herding |
//! | pick: each edge by itself | a missing edge, one server preferred by one task type |
//! | service: busy, rank, last, and each server by itself | stranded queues, idle servers that serve |
//!
//! Lengths and ties are those that the policy sees. A figure that can have but one value is no bet:
//! a pick that the policy never makes refutes it at once.
//!
//! [`PickTest`] judges the picks alone, and much closer: against every other declared policy
//! (`rivals`), in each small state (`by_state`), and by what it learns (`learned`). What a pass
//! excludes is its business; the features of picks above stay for those that test whole paths.
//!
//! # Source
//! (4.12); Ville's inequality.

mod by_state;
mod learned;
mod least;
mod pick_test;
mod picks;
mod rivals;
pub(super) mod starts;
mod wealth;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::graph::BipartiteGraph;
use crate::model::{Event, Model, divided_difference_f64};
use crate::stats::decision::Decision;
use crate::stats::log_mean_exp;
use crate::stats::spending;
use crate::stats::tilts::{self, TiltedBets};
pub use least::{Divergence, divergence};
pub use pick_test::PickTest;
use picks::{Pick, Picks};

/// The tilts of every feature.
const TILTS: [f64; 14] = tilts::signed([0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0]);

/// The features, in the order of the wealth table.
const FEATURES: [(&str, usize); 9] = [
    // Name, and the position among the sizes of TILTS of the smallest effect that "holds" excludes.
    ("arrival share", 1),
    ("task type by rank", 3),
    ("task type by degree", 3),
    ("pick of a shortest", 3),
    ("pick by rank", 3),
    ("pick among ties", 3),
    ("service of the busy", 3),
    ("service by rank", 3),
    ("service of the last", 5),
];

/// The feature of the last server.
const LAST: usize = 8;

/// Task types and servers are also watched one by one, up to this many.
const ONE_BY_ONE: u32 = 4096;

/// Edges are also watched one by one, up to this many.
const EDGES_ONE_BY_ONE: u64 = 1 << 20;

/// The tilts of each edge: one that is never used, one used too often.
const EDGE_TILTS: [f64; 2] = [-2.0, 1.0];

/// The sum over the edges is taken once in so many events; a test may be looked at whenever one
/// likes.
const EDGES_EVERY: u64 = 1024;

/// Probabilities of events that are kept with what tilts make of them.
const KEPT: usize = 4096;

/// The mixture over all features is taken once in so many events.
const LOOK_EVERY: u64 = 16;

/// Each of n outcomes of known probability by itself: the Krichevsky-Trofimov predictor against
/// their law.
#[derive(Clone, Debug)]
struct OneByOne {
    counts: Vec<u64>,
    seen: u64,
    log_wealth: f64,
}

impl OneByOne {
    fn new(n: u32) -> Self {
        Self {
            counts: if n <= ONE_BY_ONE { vec![0; n as usize] } else { Vec::new() },
            seen: 0,
            log_wealth: 0.0,
        }
    }

    /// `relative` is the outcome's probability times n.
    fn observe(&mut self, outcome: u32, relative: f64) {
        let n = self.counts.len() as f64;
        if let Some(count) = self.counts.get_mut(outcome as usize) {
            let predicted = (*count as f64 + 0.5) / (self.seen as f64 + 0.5 * n);
            self.log_wealth += (predicted * n / relative).ln();
            *count += 1;
            self.seen += 1;
        }
    }
}

/// A number for each task type, with its law under the model.
#[derive(Clone, Debug)]
struct OfType {
    centre: f64,
    scale: f64,
    log_means: ByTilt,
    varies: bool,
}

impl OfType {
    /// (f - centre) / scale. Where rates differ, the scale is such that the standard deviation is
    /// that of a uniform number on [-1, 1], within a factor of 8: a hot type would else leave
    /// little to see.
    fn new(graph: &BipartiteGraph, f: &dyn Fn(u32) -> f64, centre: f64, scale: f64) -> Self {
        let total = graph.total_weight() as f64;
        let all = || (0..graph.n_task_types()).filter(|&w| graph.weight(w) > 0);
        let average = |of: &dyn Fn(f64) -> f64, scale: f64| {
            all().map(|w| graph.weight(w) as f64 / total * of((f(w) - centre) / scale)).sum::<f64>()
        };
        let mut scale = scale;
        if graph.rates().is_some() {
            let mean = average(&|x| x, scale);
            let deviation = average(&|x| (x - mean) * (x - mean), scale).sqrt() * 3f64.sqrt();
            scale *= if deviation > 0.0 { deviation.clamp(0.125, 1.0) } else { 1.0 };
        }
        let first = all().next().map(f);
        let varies = all().any(|w| Some(f(w)) != first);
        Self {
            centre,
            scale,
            log_means: TILTS.map(|theta| average(&|x| (theta * x).exp(), scale).ln()),
            varies,
        }
    }

    fn of(&self, value: f64) -> f64 {
        (value - self.centre) / self.scale
    }
}

/// A number for each tilt.
type ByTilt = [f64; TILTS.len()];

/// The sequential test of a path's events against the exact law.
#[derive(Clone, Debug)]
pub struct EventTest {
    model: Model,
    lengths: Vec<u32>,
    busy: u32,
    bets: [TiltedBets<{ TILTS.len() }>; FEATURES.len()],
    types: OneByOne,
    servers: OneByOne,
    /// Where the edges of a task type begin; empty where there are too many edges.
    edge_offsets: Vec<usize>,
    edge_log_wealth: Vec<[f64; 2]>,
    /// ln of the mean wealth over all edges, when last looked at.
    edges: f64,
    /// n times the probability of each type; empty where all rates are equal.
    relative_rates: Vec<f64>,
    type_rank: OfType,
    type_degree: OfType,
    service_rank: ByTilt,
    /// The picks of a policy other than the paper's, whose law needs the lengths alone.
    picks: Option<Picks>,
    /// The mean of exp(theta c_j) over n centred ranks c_j in [-1, 1], by n, and its logarithm.
    ranks: FxHashMap<usize, [ByTilt; 2]>,
    /// exp(theta c_j), by n and j.
    tilted: FxHashMap<usize, Arc<[ByTilt]>>,
    /// ln E exp(theta f) for indicators f, by the bits of their probability.
    of_events: FxHashMap<u64, ByTilt>,
    /// The same for [`EDGE_TILTS`].
    of_edges: FxHashMap<u64, [f64; 2]>,
    events: u64,
    alpha: f64,
    violated: bool,
    rests: bool,
    impossible: Option<String>,
}

/// Position `j` of `n` as a number in [-1, 1].
fn centred(j: usize, n: usize) -> f64 {
    if n < 2 { 0.0 } else { 2.0 * j as f64 / (n - 1) as f64 - 1.0 }
}

impl EventTest {
    /// A test of paths of `model` from the queue lengths `start`; wrong with probability at most
    /// `alpha`, half for each verdict.
    ///
    /// # Panics
    /// Unless `start` has one length per server and 0 < alpha < 1.
    pub fn new(model: &Model, start: &[u32], alpha: f64) -> Self {
        let graph = model.graph();
        assert_eq!(start.len(), graph.n_servers() as usize, "one queue length per server");
        assert!(alpha > 0.0 && alpha < 1.0, "alpha = {alpha} is no probability");
        spending::record(alpha);
        let (n, m) = (graph.n_servers() as usize, graph.n_task_types());
        let degree = |w| graph.task_degree(w) as f64;
        let mean_degree = (0..m).map(degree).sum::<f64>() / f64::from(m);
        let largest_degree_deviation =
            (0..m).map(|w| (degree(w) - mean_degree).abs()).fold(0.0, f64::max);
        let scale = if largest_degree_deviation > 0.0 { largest_degree_deviation } else { 1.0 };
        let rank = |w: u32| centred(w as usize, m as usize);
        let relative = |w| graph.relative_rate_f64(w);
        let mut test = Self {
            model: model.clone(),
            lengths: start.to_vec(),
            busy: start.iter().filter(|&&x| x > 0).count() as u32,
            bets: FEATURES.map(|_| TiltedBets::new(&TILTS)),
            types: OneByOne::new(m),
            servers: OneByOne::new(graph.n_servers()),
            edge_offsets: Vec::new(),
            edge_log_wealth: Vec::new(),
            edges: 0.0,
            relative_rates: if graph.rates().is_some() {
                (0..m).map(relative).collect()
            } else {
                Vec::new()
            },
            type_rank: OfType::new(graph, &rank, 0.0, 1.0),
            type_degree: OfType::new(graph, &degree, mean_degree, scale),
            service_rank: [0.0; TILTS.len()],
            picks: model.policy().paper_d().is_none().then(|| Picks::of(model, start)),
            ranks: FxHashMap::default(),
            tilted: FxHashMap::default(),
            of_events: FxHashMap::default(),
            of_edges: FxHashMap::default(),
            events: 0,
            alpha,
            violated: false,
            rests: false,
            impossible: None,
        };
        if graph.n_edges() <= EDGES_ONE_BY_ONE {
            let mut offset = 0;
            for w in 0..m {
                test.edge_offsets.push(offset);
                offset += graph.task_degree(w);
            }
            test.edge_log_wealth = vec![[0.0; 2]; offset];
        }
        test.service_rank = test.rank_means(n)[1];
        test
    }

    /// Makes no more bets, since it has been decided that the law holds. Events are still followed,
    /// and those that cannot be still refute it.
    pub fn rest(&mut self) {
        self.rests = true;
    }

    /// Goes on with another path from these queue lengths, fixed before its first event. States
    /// that one path rarely visits are seen that way. Nothing is remembered of the path before.
    ///
    /// # Panics
    /// Unless there is one length per server.
    pub fn restart(&mut self, start: &[u32]) {
        assert_eq!(start.len(), self.lengths.len(), "one queue length per server");
        self.lengths.copy_from_slice(start);
        self.busy = start.iter().filter(|&&x| x > 0).count() as u32;
        if let Some(picks) = &mut self.picks {
            picks.restart(start);
        }
    }

    fn rank_means(&mut self, n: usize) -> [ByTilt; 2] {
        *self.ranks.entry(n).or_insert_with(|| {
            let of_rank = |theta: f64, j| (theta * centred(j, n)).exp();
            let mean = |theta| (0..n).map(|j| of_rank(theta, j)).sum::<f64>() / n as f64;
            let means = TILTS.map(mean);
            [means, means.map(f64::ln)]
        })
    }

    /// ln E exp(theta f) for the indicator f of an edge of probability `p`.
    fn log_means_of_edge(&mut self, p: f64) -> [f64; 2] {
        if self.of_edges.len() >= KEPT {
            self.of_edges.clear();
        }
        let of_edge = || EDGE_TILTS.map(|theta| tilts::log_mean_of_event(theta, p));
        *self.of_edges.entry(p.to_bits()).or_insert_with(of_edge)
    }

    /// The factor of each of n centred ranks, by tilt.
    fn tilted_ranks(&mut self, n: usize) -> Arc<[ByTilt]> {
        let tilted = self.tilted.entry(n).or_insert_with(|| {
            (0..n).map(|j| TILTS.map(|theta| (theta * centred(j, n)).exp())).collect()
        });
        tilted.clone()
    }

    /// An indicator with null probability `p`.
    fn bet_on(&mut self, feature: usize, hit: bool, p: f64) {
        if p > 0.0 && p < 1.0 {
            if self.of_events.len() >= KEPT {
                self.of_events.clear();
            }
            let means = self
                .of_events
                .entry(p.to_bits())
                .or_insert_with(|| TILTS.map(|theta| tilts::log_mean_of_event(theta, p)));
            self.bets[feature].bet(f64::from(u8::from(hit)), means);
        } else if !self.bets[feature].bet_on(hit, p) {
            self.impossible = Some(format!("{} where its probability is {p}", FEATURES[feature].0));
        }
    }

    /// Takes the next event of the path. The test keeps its own copy of the queues.
    pub fn observe(&mut self, event: Event) {
        self.events += 1;
        let lambda = self.model.lambda();
        let graph = self.model.graph().clone();
        let arrival = !matches!(event, Event::Service { .. });
        if !self.rests {
            self.bet_on(0, arrival, lambda / (1.0 + lambda));
        }
        match event {
            Event::Arrival { task_type, .. } | Event::Lost { task_type }
                if task_type >= graph.n_task_types() =>
            {
                self.impossible = Some(format!(
                    "an arrival of task type {task_type} of {}",
                    graph.n_task_types()
                ));
            }
            Event::Arrival { server, .. } | Event::Service { server }
                if server >= graph.n_servers() =>
            {
                self.impossible =
                    Some(format!("an event at server {server} of {}", graph.n_servers()));
            }
            Event::Arrival { task_type, server } => {
                self.observe_type(task_type);
                self.observe_pick(task_type, server);
                let length = &mut self.lengths[server as usize];
                self.busy += u32::from(*length == 0);
                *length += 1;
            }
            Event::Lost { task_type } => {
                self.observe_type(task_type);
                if graph.task_degree(task_type) > 0 {
                    self.impossible = Some(format!(
                        "a task of type {task_type} was lost although it has servers"
                    ));
                }
            }
            Event::Service { server } => {
                let n = graph.n_servers();
                let length = self.lengths[server as usize];
                if !self.rests {
                    self.bet_on(6, length > 0, f64::from(self.busy) / f64::from(n));
                    if n > 1 {
                        let rank = centred(server as usize, n as usize);
                        self.bets[7].bet(rank, &self.service_rank);
                    }
                    self.bet_on(8, server + 1 == n, 1.0 / f64::from(n));
                    self.servers.observe(server, 1.0);
                }
                if length > 0 {
                    if let Some(picks) = &mut self.picks {
                        picks.served(server);
                    }
                    self.lengths[server as usize] -= 1;
                    self.busy -= u32::from(length == 1);
                }
            }
        }
        if self.rests {
            self.violated |= self.impossible.is_some();
            return;
        }
        if self.events.is_multiple_of(EDGES_EVERY) && !self.edge_log_wealth.is_empty() {
            self.edges = log_mean_exp(self.edge_log_wealth.iter().flatten().copied());
        }
        // The mixture costs more than the bets; missing a look only costs power. Half of alpha is
        // for this verdict.
        if self.impossible.is_some() || self.events.is_multiple_of(LOOK_EVERY) {
            self.violated |= self.is_refuted();
        }
    }

    /// Whether [`EventTest::log_e`] has reached ln(2 / alpha). A mean is at most its largest term,
    /// which is found without an exponential.
    fn is_refuted(&self) -> bool {
        let needed = (2.0 / self.alpha).ln();
        let one_by_one = [self.types.log_wealth, self.servers.log_wealth, self.edges];
        let by_tilt = self.bets.iter().flat_map(|bets| bets.log_wealth);
        // Less by more than the rounding of a logarithm: nothing that reaches it is left out.
        let can = |log: f64| log >= needed - 1e-9;
        (self.impossible.is_some() || by_tilt.chain(one_by_one).any(can)) && self.log_e() >= needed
    }

    fn observe_type(&mut self, task_type: u32) {
        let m = self.model.graph().n_task_types();
        let relative = self.relative_rates.get(task_type as usize).copied().unwrap_or(1.0);
        if relative == 0.0 {
            self.impossible = Some(format!("an arrival of task type {task_type}, whose rate is 0"));
            return;
        }
        if self.rests {
            return;
        }
        let rank = centred(task_type as usize, m as usize);
        let degree = self.model.graph().task_degree(task_type) as f64;
        let figures = [(rank, &self.type_rank), (degree, &self.type_degree)];
        for ((value, of_type), bets) in figures.into_iter().zip(&mut self.bets[1..3]) {
            if of_type.varies {
                bets.bet(of_type.of(value), &of_type.log_means);
            }
        }
        self.types.observe(task_type, relative);
    }

    fn observe_pick(&mut self, task_type: u32, server: u32) {
        let graph = self.model.graph().clone();
        let servers = graph.servers_of(task_type);
        let degree = servers.len();
        let Some(position) = servers.position(server) else {
            self.impossible = Some(format!(
                "server {server} got a task of type {task_type}, which it is not compatible with"
            ));
            return;
        };
        if self.rests {
            return;
        }
        if let Some(mut picks) = self.picks.take() {
            let seen = picks.seen(task_type, &self.lengths);
            match picks.next(task_type, &seen) {
                pick if !pick.allows(position) => {
                    self.impossible = Some(format!(
                        "server {server} got a task of type {task_type}, where {} gives it to \
                         others",
                        self.model.policy()
                    ));
                }
                Pick::Law(shares) => self.bet_on_pick(task_type, position, &seen, &shares),
                Pick::OneOf(_) => {}
            }
            picks.joined(task_type, position, &self.lengths);
            self.picks = Some(picks);
            return;
        }
        let d = self.model.d();
        // Levels of N_w: (length, how many), ascending.
        let mut lengths: Vec<u32> = servers.iter().map(|v| self.lengths[v as usize]).collect();
        let chosen = lengths[position];
        let before_tied = lengths[..position].iter().filter(|&&x| x == chosen).count();
        let by_position = lengths.clone();
        lengths.sort_unstable();
        let mut levels: Vec<(u32, usize, f64)> = Vec::new();
        let mut shorter = 0;
        while shorter < degree {
            let count = lengths[shorter..].partition_point(|&x| x == lengths[shorter]);
            let (x, y) = (
                (degree - shorter) as f64 / degree as f64,
                (degree - shorter - count) as f64 / degree as f64,
            );
            levels.push((lengths[shorter], count, divided_difference_f64(x, y, d) / degree as f64));
            shorter += count;
        }
        let shortest = levels[0];
        self.bet_on(
            3,
            chosen == shortest.0,
            if levels.len() == 1 { 1.0 } else { shortest.1 as f64 * shortest.2 },
        );
        // Rank in N_w: its mean needs the probability of each server.
        let level = |length: u32| levels.partition_point(|level| level.0 < length);
        let of_edges: Vec<[f64; 2]> =
            levels.iter().map(|&(_, _, p)| self.log_means_of_edge(p)).collect();
        let tilted = self.tilted_ranks(degree);
        let mut rank = [0.0; TILTS.len()];
        let edges = self
            .edge_offsets
            .get(task_type as usize)
            .map(|&from| &mut self.edge_log_wealth[from..from + degree]);
        let mut edges = edges.filter(|_| degree > 1);
        for (j, &length) in by_position.iter().enumerate() {
            let at = level(length);
            for (sum, factor) in rank.iter_mut().zip(tilted[j]) {
                *sum += levels[at].2 * factor;
            }
            if let Some(edges) = &mut edges {
                for ((log, theta), log_mean) in
                    edges[j].iter_mut().zip(EDGE_TILTS).zip(of_edges[at])
                {
                    let won = if j == position { theta } else { 0.0 };
                    *log += won - log_mean;
                }
            }
        }
        if degree > 1 {
            self.bets[4].bet(centred(position, degree), &rank.map(f64::ln));
        }
        if levels.iter().any(|level| level.1 > 1) {
            let mut ties = [0.0; TILTS.len()];
            for &(_, count, p) in &levels {
                let [means, _] = self.rank_means(count);
                for (sum, mean) in ties.iter_mut().zip(means) {
                    *sum += p * count as f64 * mean;
                }
            }
            let tied = levels[levels.partition_point(|level| level.0 < chosen)].1;
            self.bets[5].bet(centred(before_tied, tied), &ties.map(f64::ln));
        }
    }

    /// The same bets by the probability of each candidate, given the lengths that a policy sees.
    fn bet_on_pick(&mut self, task_type: u32, position: usize, seen: &[u32], shares: &[f64]) {
        let degree = seen.len();
        let shortest = seen.iter().copied().min().unwrap_or(0);
        let mass = |among: bool| -> f64 {
            let of =
                |(&length, &p): (&u32, &f64)| if (length == shortest) == among { p } else { 0.0 };
            seen.iter().zip(shares).map(of).sum()
        };
        let (hit, missed) = (mass(true), mass(false));
        self.bet_on(3, seen[position] == shortest, hit / (hit + missed));
        self.bet_on_rank(4, position, shares, |j| (j, degree));
        let mut levels: FxHashMap<u32, usize> = FxHashMap::default();
        let before: Vec<usize> = seen
            .iter()
            .map(|&length| {
                let count = levels.entry(length).or_default();
                *count += 1;
                *count - 1
            })
            .collect();
        self.bet_on_rank(5, position, shares, |j| (before[j], levels[&seen[j]]));
        let from = self.edge_offsets.get(task_type as usize).filter(|_| degree > 1);
        if let Some(&from) = from {
            for (j, &p) in shares.iter().enumerate() {
                let log_means = self.log_means_of_edge(p);
                let edge = self.edge_log_wealth[from + j].iter_mut();
                for ((log, theta), log_mean) in edge.zip(EDGE_TILTS).zip(log_means) {
                    let won = if j == position { theta } else { 0.0 };
                    *log += won - log_mean;
                }
            }
        }
    }

    /// A rank of the place that gets the task, with the number of ranks; no bet where all places
    /// that may have one centred rank.
    fn bet_on_rank(
        &mut self,
        feature: usize,
        position: usize,
        shares: &[f64],
        rank: impl Fn(usize) -> (usize, usize),
    ) {
        let value = |j| {
            let (rank, n) = rank(j);
            centred(rank, n)
        };
        let possible = || shares.iter().enumerate().filter(|&(_, &p)| p > 0.0);
        if possible().all(|(j, _)| value(j) == value(position)) {
            return;
        }
        let total: f64 = shares.iter().sum();
        let mut sums = [0.0; TILTS.len()];
        for (j, &p) in possible() {
            let (rank, n) = rank(j);
            for (sum, factor) in sums.iter_mut().zip(self.tilted_ranks(n)[rank]) {
                *sum += p * factor;
            }
        }
        self.bets[feature].bet(value(position), &sums.map(|sum| (sum / total).ln()));
    }

    /// ln of the mixture's wealth.
    pub fn log_e(&self) -> f64 {
        if self.impossible.is_some() {
            return f64::INFINITY;
        }
        let one_by_one = [self.types.log_wealth, self.servers.log_wealth, self.edges];
        let by_tilt = self.bets.iter().flat_map(|bets| bets.log_wealth);
        log_mean_exp(by_tilt.chain(one_by_one))
    }

    /// What has been decided so far.
    pub fn decision(&self) -> Option<Decision> {
        if self.violated {
            return Some(Decision::Violated);
        }
        if self.rests {
            return Some(Decision::Holds);
        }
        let threshold = self.threshold();
        (self.events > 0 && self.alternatives().all(|log_wealth| log_wealth <= -threshold))
            .then_some(Decision::Holds)
    }

    fn threshold(&self) -> f64 {
        tilts::threshold(FEATURES.len(), self.alpha)
    }

    /// The log wealth of the alternatives that *holds* must exclude.
    fn alternatives(&self) -> impl Iterator<Item = f64> + '_ {
        // Among many servers the last one's clock rings too rarely to be certain of soon; each
        // server is watched by itself too.
        let needed = |&(feature, bets): &(usize, &TiltedBets<_>)| {
            bets.bets > 0 && (feature != LAST || self.lengths.len() <= 256)
        };
        let all = self.bets.iter().enumerate();
        all.filter(needed).flat_map(|(feature, bets)| bets.alternatives(FEATURES[feature].1))
    }

    /// About how many events *holds* would take, as [`tilts::needed`] says.
    pub fn needed(&self) -> Option<u64> {
        tilts::needed(self.events, self.threshold(), self.alternatives())
            .map(|events| events as u64)
    }

    /// [`EventTest::needed`] in words.
    pub fn needed_in_words(&self) -> String {
        self.needed().map_or("an unknown number of them".to_owned(), |n| format!("about {n}"))
    }

    /// The most events of a path of `model` that this effort pays for: an arrival costs its degree,
    /// so that large graphs end too, and rare arrivals need more events.
    pub fn most_events(model: &Model, effort: u32) -> u64 {
        let (graph, effort) = (model.graph(), u64::from(effort));
        let cost = (graph.n_edges() / u64::from(graph.n_task_types())).max(1);
        let of_rare = (3e6 * (0.03 / model.lambda()).clamp(1.0, 4.0)) as u64 * effort;
        (effort * 400_000_000 / (cost + 60)).clamp(2_000, of_rare)
    }

    /// The queue lengths that the events seen add up to.
    pub fn lengths(&self) -> &[u32] {
        &self.lengths
    }

    /// How many of these queues have a task.
    pub fn busy(&self) -> u32 {
        self.busy
    }

    /// How many events there were.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The feature on which the most has been won, and whether its tilt is upwards.
    pub fn strongest(&self) -> String {
        if let Some(impossible) = &self.impossible {
            return format!("impossible under the model: {impossible}");
        }
        let mut best = ("task type by itself", self.types.log_wealth, "uneven");
        for other in [
            ("server by itself", self.servers.log_wealth, "uneven"),
            ("edge by itself", self.edges, "uneven"),
        ] {
            if other.1 > best.1 {
                best = other;
            }
        }
        for (&(name, _), bets) in FEATURES.iter().zip(&self.bets) {
            let (log, upwards) = bets.strongest();
            if log > best.1 {
                let side = if upwards { "too often or too high" } else { "too rare or too low" };
                best = (name, log, side);
            }
        }
        format!("{}: {}", best.0, best.2)
    }

    /// The smallest effects that a verdict *holds* excludes, in words.
    pub fn excludes() -> &'static str {
        "tilts of 0.05 in the log-odds of an arrival, 1 for the last of at most 256 servers, 0.25 \
         elsewhere"
    }
}

#[cfg(test)]
mod tests;
