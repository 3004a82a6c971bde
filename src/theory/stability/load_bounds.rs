//! Certified bounds on the critical load of any graph.
//!
//! Each type's work may be split over its servers by any y with y(S) >= the work that only S can
//! do, for every S inside N_w: these are the splits that a policy can reach that only chooses among
//! its d samples. Any such split of all types gives the lower bound 1 / max_v load_v at lambda = 1;
//! any set S gives the upper bound |S| / f(S).
//!
//! The split is improved type by type: given the load a_v from the other types, the best split in
//! the sense of least squares is the greedy vertex (the j-th most loaded of n gets
//! (j / n)^d - ((j - 1) / n)^d) followed by isotonic regression of a + y, pooling neighbours that
//! fell out of order. Each type keeps its order from pass to pass, so that sorting costs little.
//! The candidates for S are the prefixes of the servers by falling load. Components do not disturb
//! each other: no type's work leaves its own.
//!
//! # Source
//! Fujishige, *Submodular Functions and Optimization*, section 9 (separable convex functions over a
//! base polytope); Lim and Wright, ICML 2016, for the isotonic form where the function depends on
//! the size only.

use std::collections::HashMap;

use super::certificate::{margin, verify_lower_f64};
use super::{StabilityError, check};
use crate::graph::BipartiteGraph;
use crate::model::sample_law::SampleLaw;

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Stop once upper / lower - 1 is at most this.
    pub gap: f64,
    /// Stop after so many passes over all edges.
    pub steps: u32,
}

impl Default for Effort {
    /// A relative gap of 1e-4, at most 10 000 passes.
    fn default() -> Self {
        Self { gap: 1e-4, steps: 10_000 }
    }
}

impl Effort {
    /// The default, but a gap of 1e-3 for more than a million edges, where each pass costs a good
    /// part of a second.
    pub fn for_graph(graph: &BipartiteGraph) -> Self {
        if graph.n_edges() > 1_000_000 { Self { gap: 1e-3, steps: 2_000 } } else { Self::default() }
    }
}

/// Two bounds on the critical load, both proved.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// The system is ergodic below this lambda.
    pub lower: f64,
    /// The system has no steady state at or above this lambda.
    pub upper: f64,
    /// The set of servers that gives the upper bound, ascending, and in one piece: no two parts of
    /// it share a task type of which they are given work.
    pub bottleneck: Vec<u32>,
    /// How many passes were taken.
    pub steps: u32,
}

/// Bounds on the critical load, rounded outwards; the implicit complete graph has exactly 1.
///
/// # Errors
/// d out of range, no edge.
pub fn critical_load_bounds(
    graph: &BipartiteGraph,
    law: impl Into<SampleLaw>,
    effort: Effort,
) -> Result<Bounds, StabilityError> {
    let law = law.into();
    check(graph, law)?;
    if graph.is_implicit_complete() {
        // |S| / f(S) is least for all servers.
        let size = if law.is_single() { 1 } else { graph.n_servers() };
        return Ok(Bounds { lower: 1.0, upper: 1.0, bottleneck: (0..size).collect(), steps: 0 });
    }
    let mut solver = Solver::new(graph, law);
    solver.run(effort);
    Ok(solver.into_certified().0)
}

/// Bounds on the critical load with what proves the lower one: for each type in turn and each of
/// its servers, ascending, the load that it gets at lambda = 1.
///
/// # Errors
/// d out of range, no edge.
pub fn certified_bounds(
    graph: &BipartiteGraph,
    law: impl Into<SampleLaw>,
    effort: Effort,
) -> Result<(Bounds, Vec<f64>), StabilityError> {
    let law = law.into();
    check(graph, law)?;
    let mut solver = Solver::new(graph, law);
    solver.run(effort);
    Ok(solver.into_certified())
}

/// A split that is being improved.
pub(super) struct Solver<'a> {
    graph: &'a BipartiteGraph,
    law: SampleLaw,
    offsets: Vec<usize>,
    /// The servers of each type in the order of its last sort, with what they get.
    servers: Vec<u32>,
    shares: Vec<f64>,
    /// For each degree k and j = 0, ..., k: g(j), the share of the work that only j servers can do.
    powers: HashMap<usize, Vec<f64>>,
    /// The work of each type at lambda = 1.
    work: Vec<f64>,
    pub load: Vec<f64>,
    pub lower: f64,
    pub upper: f64,
    pub bottleneck: Vec<u32>,
    pub steps: u32,
}

impl<'a> Solver<'a> {
    /// All types split evenly.
    pub(super) fn new(graph: &'a BipartiteGraph, law: SampleLaw) -> Self {
        let m = graph.n_task_types();
        let scale = f64::from(graph.n_servers()) / f64::from(m);
        let mut offsets = vec![0];
        let mut powers = HashMap::new();
        let edges = graph.n_edges() as usize;
        let (mut servers, mut shares, mut work) =
            (Vec::with_capacity(edges), Vec::with_capacity(edges), Vec::new());
        for w in 0..m {
            let degree = graph.task_degree(w);
            powers
                .entry(degree)
                .or_insert_with(|| (0..=degree).map(|j| law.all_within_f64(j, degree)).collect());
            work.push(scale * graph.relative_rate_f64(w));
            servers.extend(graph.servers_of(w).iter());
            shares.resize(servers.len(), work[w as usize] / degree as f64);
            offsets.push(servers.len());
        }
        Self {
            graph,
            law,
            offsets,
            servers,
            shares,
            powers,
            work,
            load: vec![0.0; graph.n_servers() as usize],
            lower: 0.0,
            upper: f64::INFINITY,
            bottleneck: Vec::new(),
            steps: 0,
        }
    }

    /// The same for the work that is left for `graph`, a part of another graph: `work` of each
    /// type, whose part that only j of its k servers can do is g(j) of it, raised by `slack`
    /// of the way to j / k.
    pub(super) fn of_part(
        graph: &'a BipartiteGraph,
        law: SampleLaw,
        work: Vec<f64>,
        slack: f64,
    ) -> Self {
        let mut solver = Self::new(graph, law);
        for (&degree, powers) in &mut solver.powers {
            let even = (0..=degree).map(|j| j as f64 / degree as f64);
            powers.iter_mut().zip(even).for_each(|(power, even)| *power += slack * (even - *power));
        }
        for (w, &work) in work.iter().enumerate() {
            let part = solver.offsets[w]..solver.offsets[w + 1];
            let share = work / part.len() as f64;
            solver.shares[part].fill(share);
        }
        solver.work = work;
        solver
    }

    /// Passes until the gap is closed, or so many in all were taken.
    pub(super) fn run(&mut self, effort: Effort) {
        let mut scratch = Scratch::default();
        for pass in 0u32.. {
            self.sum_up();
            let last = self.steps >= effort.steps;
            // Looking at all sets of the order costs a sort: at every pass only in the beginning.
            if pass < 8 || pass.is_multiple_of(8) || last {
                self.look();
            }
            if last || self.upper <= self.lower * (1.0 + effort.gap) {
                return;
            }
            for w in 0..self.work.len() {
                self.rebalance(w, &mut scratch);
            }
            self.steps += 1;
        }
    }

    /// The loads, summed afresh so that no error builds up over the passes.
    fn sum_up(&mut self) {
        self.load.fill(0.0);
        for (&v, share) in self.servers.iter().zip(&self.shares) {
            self.load[v as usize] += share;
        }
    }

    /// The bounds that the present split gives; the lower one is proved again at the end, by a
    /// check that knows nothing of this one.
    fn look(&mut self) {
        let margin = margin(self.graph, self.law);
        self.lower = (1.0 - margin) / self.load.iter().copied().fold(0.0, f64::max);
        let (upper, set) = self.best_prefix();
        if upper * (1.0 + margin) < self.upper {
            self.upper = upper * (1.0 + margin);
            self.bottleneck = set;
        }
    }

    /// The servers of a type with what they get.
    pub(super) fn shares_of(&self, task_type: u32) -> impl Iterator<Item = (u32, f64)> + '_ {
        let part = self.offsets[task_type as usize]..self.offsets[task_type as usize + 1];
        self.servers[part.clone()].iter().copied().zip(self.shares[part].iter().copied())
    }

    /// The bounds, with the shares by ascending server.
    pub(super) fn into_certified(mut self) -> (Bounds, Vec<f64>) {
        let mut pairs: Vec<(u32, f64)> = Vec::new();
        for w in 0..self.work.len() {
            let (from, to) = (self.offsets[w], self.offsets[w + 1]);
            pairs.clear();
            pairs.extend(
                self.servers[from..to].iter().copied().zip(self.shares[from..to].iter().copied()),
            );
            self.raise_to_what_only_they_can_do(w, &mut pairs);
            pairs.sort_unstable_by_key(|pair| pair.0);
            self.shares[from..to].iter_mut().zip(&pairs).for_each(|(share, pair)| *share = pair.1);
        }
        let lower = verify_lower_f64(self.graph, self.law, &self.shares)
            .expect("each share was raised to what the check needs, by the same arithmetic");
        (
            Bounds { lower, upper: self.upper, bottleneck: self.bottleneck, steps: self.steps },
            self.shares,
        )
    }

    /// Raises the least shares of a type to what they must be together.
    ///
    /// A share is a load minus another, so that its error is one of rounding next to the load,
    /// while what must be given falls with d to any fraction of it. The loads rise by such errors
    /// only.
    fn raise_to_what_only_they_can_do(&self, w: usize, pairs: &mut [(u32, f64)]) {
        pairs.sort_unstable_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        let powers = &self.powers[&pairs.len()];
        let (mut given, mut last) = (0.0, 0.0);
        for ((_, share), power) in pairs.iter_mut().zip(&powers[1..]) {
            // Never below the one before, so that the order stays, and with it which are the least.
            *share = share.max(last).max(self.work[w] * power - given);
            last = *share;
            given += last;
        }
    }

    /// Replaces the split of one type by the one that is best given the others.
    fn rebalance(&mut self, w: usize, scratch: &mut Scratch) {
        let (from, to) = (self.offsets[w], self.offsets[w + 1]);
        if to - from < 2 || self.law.is_single() {
            return;
        }
        let (servers, shares, load) =
            (&mut self.servers[from..to], &mut self.shares[from..to], &mut self.load);
        let powers = &self.powers[&(to - from)];
        let Scratch { order, pools } = scratch;
        order.clear();
        order.extend(
            servers
                .iter()
                .zip(&*shares)
                .map(|(&v, share)| ((load[v as usize] - share).max(0.0), v)),
        );
        // A stable sort: it is quick where hardly anything changed.
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        pools.clear();
        for (&(other, _), power) in order.iter().zip(powers.windows(2)) {
            let mut pool = (other + self.work[w] * (power[1] - power[0]), 1);
            // Loads must not rise along the order: pool while they do.
            while let Some(&(sum, count)) = pools.last() {
                if sum * pool.1 as f64 > pool.0 * count as f64 {
                    break;
                }
                pools.pop();
                pool = (pool.0 + sum, pool.1 + count);
            }
            pools.push(pool);
        }
        let mut members = order.iter().zip(servers).zip(shares);
        for &(sum, count) in &*pools {
            let level = sum / count as f64;
            for ((&(other, v), server), share) in members.by_ref().take(count) {
                *server = v;
                *share = (level - other).max(0.0);
                load[v as usize] = other + *share;
            }
        }
    }

    /// The least |S| / f(S) over the prefixes S of the servers by falling load, and over the pieces
    /// of the best.
    fn best_prefix(&self) -> (f64, Vec<u32>) {
        let n = self.load.len();
        let mut order: Vec<u32> = (0..n as u32).collect();
        order.sort_unstable_by(|&a, &b| {
            self.load[b as usize].total_cmp(&self.load[a as usize]).then(a.cmp(&b))
        });
        let mut rank = vec![0u32; n];
        (0..).zip(&order).for_each(|(at, &v)| rank[v as usize] = at);
        // What f gains with each server of the order.
        let mut gains = vec![0.0; n];
        let mut ranks: Vec<u32> = Vec::new();
        for (w, work) in self.work.iter().enumerate() {
            ranks.clear();
            ranks.extend(
                self.servers[self.offsets[w]..self.offsets[w + 1]]
                    .iter()
                    .map(|&v| rank[v as usize]),
            );
            ranks.sort();
            let powers = &self.powers[&ranks.len()];
            ranks
                .iter()
                .zip(powers.windows(2))
                .for_each(|(&at, power)| gains[at as usize] += work * (power[1] - power[0]));
        }
        let (mut forced, mut best, mut size) = (0.0, f64::INFINITY, 0);
        for (at, gain) in (1..).zip(&gains) {
            forced += gain;
            let ratio = f64::from(at) / forced;
            if ratio < best {
                (best, size) = (ratio, at as usize);
            }
        }
        order.truncate(size);
        // f is the sum over pieces, so that one of them is at least as good; figures are summed
        // afresh from whole terms.
        let mut best = (f64::INFINITY, Vec::new());
        for piece in pieces(self.graph, self.law, &order) {
            let ratio = self.ratio_of(&piece);
            if ratio < best.0 {
                best = (ratio, piece);
            }
        }
        best
    }

    fn ratio_of(&self, set: &[u32]) -> f64 {
        let mut touched: Vec<u32> =
            set.iter().flat_map(|&v| self.graph.task_types_of(v).iter()).collect();
        touched.sort_unstable();
        let of_type = |same: &[u32]| {
            self.work[same[0] as usize] * self.powers[&self.graph.task_degree(same[0])][same.len()]
        };
        set.len() as f64 / touched.chunk_by(|a, b| a == b).map(of_type).sum::<f64>()
    }
}

/// The parts of a set of servers that share no task type, each ascending; single servers for one
/// sample, where f has no other parts.
pub(super) fn pieces(graph: &BipartiteGraph, law: SampleLaw, set: &[u32]) -> Vec<Vec<u32>> {
    if law.is_single() {
        return set.iter().map(|&v| vec![v]).collect();
    }
    let mut waiting = vec![false; graph.n_servers() as usize];
    set.iter().for_each(|&v| waiting[v as usize] = true);
    let mut seen = vec![false; graph.n_task_types() as usize];
    let mut all = Vec::new();
    for &start in set {
        if !std::mem::replace(&mut waiting[start as usize], false) {
            continue;
        }
        let (mut piece, mut at) = (vec![start], 0);
        while let Some(&v) = piece.get(at) {
            at += 1;
            for w in graph.task_types_of(v).iter().filter(|&w| graph.relative_rate_f64(w) > 0.0) {
                if !std::mem::replace(&mut seen[w as usize], true) {
                    piece.extend(
                        graph
                            .servers_of(w)
                            .iter()
                            .filter(|&v| std::mem::replace(&mut waiting[v as usize], false)),
                    );
                }
            }
        }
        piece.sort_unstable();
        all.push(piece);
    }
    all
}

/// Scratch space for one type.
#[derive(Default)]
struct Scratch {
    order: Vec<(f64, u32)>,
    pools: Vec<(f64, usize)>,
}
