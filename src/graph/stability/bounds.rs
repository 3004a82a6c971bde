//! Certified bounds on the critical load of any graph.
//!
//! Each type's unit of work may be split over its servers by any y with y(S) >= (|S| / d_w)^d for every S inside N_w
//! and y(N_w) = 1: these are the splits that a policy can reach that only chooses among its d samples. Any such split of all
//! types gives the lower bound 1 / max_v load_v at lambda = 1; any set S gives the upper bound |S| / g(S).
//!
//! The split is improved type by type: given the load a_v from the other types, the best split in the sense of least squares is the
//! greedy vertex (the j-th most loaded of n gets (j / n)^d - ((j - 1) / n)^d) followed by isotonic regression of
//! a + y, pooling neighbours that fell out of order. The candidates for S are the prefixes of the servers by falling load.
//!
//! # Source
//! Fujishige, *Submodular Functions and Optimization*, section 9 (separable convex functions over a base polytope); Lim
//! and Wright, ICML 2016, for the isotonic form where the function depends on the size only.

use super::{StabilityError, check};
use crate::graph::BipartiteGraph;

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

/// Two bounds on the critical load, both proved.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// The system is ergodic below this lambda.
    pub lower: f64,
    /// The system has no steady state at or above this lambda.
    pub upper: f64,
    /// The set of servers that gives the upper bound, ascending.
    pub bottleneck: Vec<u32>,
    /// How many passes were taken.
    pub steps: u32,
}

/// Bounds on the critical load, rounded outwards; the implicit complete graph has exactly 1.
///
/// # Errors
/// d out of range, no edge.
pub fn critical_load_bounds(graph: &BipartiteGraph, d: u32, effort: Effort) -> Result<Bounds, StabilityError> {
    check(graph, d)?;
    let (n, m) = (graph.n_servers() as usize, graph.n_task_types());
    if graph.is_implicit_complete() {
        return Ok(Bounds { lower: 1.0, upper: 1.0, bottleneck: (0..graph.n_servers()).collect(), steps: 0 });
    }
    let edges = graph.n_edges();
    let scale = n as f64 / f64::from(m);
    // Sums of at most `edges` terms without cancellation, each term a power and a few products.
    let margin = (edges as f64 + 4.0 * f64::from(d) + 64.0) * f64::EPSILON;
    let offsets: Vec<usize> = (0..m)
        .scan(0, |offset, w| {
            let from = *offset;
            *offset += graph.task_degree(w);
            Some(from)
        })
        .collect();
    let mut split: Vec<f64> = Vec::with_capacity(edges as usize);
    for w in 0..m {
        let degree = graph.task_degree(w);
        split.extend(std::iter::repeat_n(scale / degree.max(1) as f64, degree));
    }
    let mut best = Bounds { lower: 0.0, upper: f64::INFINITY, bottleneck: Vec::new(), steps: 0 };
    let mut block = Block::default();
    for step in 0..=effort.steps {
        let load = loads(graph, &split);
        best.steps = step;
        // Both certificates cost sorts: at every pass only in the beginning.
        if step < 8 || step.is_multiple_of(8) || step == effort.steps {
            let largest = load.iter().copied().fold(0.0, f64::max);
            best.lower = best.lower.max((1.0 - margin) / (largest * shortfall(graph, &split, scale, d)));
            let (upper, bottleneck) = best_prefix(graph, d, scale, &load);
            if upper * (1.0 + margin) < best.upper {
                best.upper = upper * (1.0 + margin);
                best.bottleneck = bottleneck;
            }
        }
        if best.upper <= best.lower * (1.0 + effort.gap) {
            break;
        }
        let mut load = load;
        for w in 0..m {
            let from = offsets[w as usize];
            let servers = graph.servers_of(w);
            let part = &mut split[from..from + servers.len()];
            block.rebalance(servers.iter(), part, &mut load, scale, d);
        }
    }
    best.bottleneck.sort_unstable();
    Ok(best)
}

/// The load of each server at lambda = 1, summed afresh so that no error builds up over the passes.
fn loads(graph: &BipartiteGraph, split: &[f64]) -> Vec<f64> {
    let mut load = vec![0.0; graph.n_servers() as usize];
    let mut part = split.iter();
    for w in 0..graph.n_task_types() {
        for (v, share) in graph.servers_of(w).iter().zip(&mut part) {
            load[v as usize] += share;
        }
    }
    load
}

/// The least factor, at least 1, by which the split must be raised so that every k servers of a type carry at least
/// (k / d_w)^d: the check that the lower bound rests on, which does not trust how the split was found.
fn shortfall(graph: &BipartiteGraph, split: &[f64], scale: f64, d: u32) -> f64 {
    let mut factor: f64 = 1.0;
    let mut rest = split;
    let mut shares = Vec::new();
    for w in 0..graph.n_task_types() {
        let (part, after) = rest.split_at(graph.task_degree(w));
        rest = after;
        shares.clear();
        shares.extend_from_slice(part);
        shares.sort_unstable_by(f64::total_cmp);
        let mut sum = 0.0;
        for (k, share) in (1..).zip(&shares) {
            sum += share;
            let needed = scale * (f64::from(k) / part.len() as f64).powi(d as i32);
            factor = factor.max(needed / sum);
        }
    }
    factor
}

/// Scratch space for one type.
#[derive(Default)]
struct Block {
    order: Vec<(f64, usize, u32)>,
    pools: Vec<(f64, usize)>,
}

impl Block {
    /// Replaces the split of one type by the one that is best given the others.
    fn rebalance(&mut self, servers: impl Iterator<Item = u32>, part: &mut [f64], load: &mut [f64], scale: f64, d: u32) {
        let n = part.len();
        if n < 2 {
            return;
        }
        self.order.clear();
        self.order.extend(servers.enumerate().map(|(at, v)| ((load[v as usize] - part[at]).max(0.0), at, v)));
        self.order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        self.pools.clear();
        let mut before = 0.0;
        for (j, &(other, _, _)) in self.order.iter().enumerate() {
            let now = ((j + 1) as f64 / n as f64).powi(d as i32);
            let mut pool = (other + scale * (now - before), 1);
            before = now;
            // Loads must not rise along the order: pool while they do.
            while let Some(&(sum, count)) = self.pools.last() {
                if sum / count as f64 > pool.0 / pool.1 as f64 {
                    break;
                }
                self.pools.pop();
                pool = (pool.0 + sum, pool.1 + count);
            }
            self.pools.push(pool);
        }
        let mut members = self.order.iter();
        for &(sum, count) in &self.pools {
            let level = sum / count as f64;
            for &(other, at, v) in members.by_ref().take(count) {
                part[at] = (level - other).max(0.0);
                load[v as usize] = other + part[at];
            }
        }
    }
}

/// The least |S| / g(S) over the prefixes S of the servers by falling load.
fn best_prefix(graph: &BipartiteGraph, d: u32, scale: f64, load: &[f64]) -> (f64, Vec<u32>) {
    let mut order: Vec<u32> = (0..graph.n_servers()).collect();
    order.sort_unstable_by(|&a, &b| load[b as usize].total_cmp(&load[a as usize]).then(a.cmp(&b)));
    let mut counts = vec![0u32; graph.n_task_types() as usize];
    let (mut forced, mut best, mut size) = (0.0, f64::INFINITY, 0);
    for (at, &v) in order.iter().enumerate() {
        for w in graph.task_types_of(v).iter() {
            let degree = graph.task_degree(w) as f64;
            let count = &mut counts[w as usize];
            let before = (f64::from(*count) / degree).powi(d as i32);
            *count += 1;
            forced += scale * ((f64::from(*count) / degree).powi(d as i32) - before);
        }
        let ratio = (at + 1) as f64 / forced;
        if ratio < best {
            (best, size) = (ratio, at + 1);
        }
    }
    // The differences above cancel; the chosen set's figure is summed afresh from whole terms.
    order.truncate(size);
    let mut counts = vec![0u32; graph.n_task_types() as usize];
    for &v in &order {
        for w in graph.task_types_of(v).iter() {
            counts[w as usize] += 1;
        }
    }
    let forced: f64 = (0..graph.n_task_types())
        .zip(&counts)
        .filter(|&(_, &count)| count > 0)
        .map(|(w, &count)| (f64::from(count) / graph.task_degree(w) as f64).powi(d as i32))
        .sum();
    (size as f64 / (scale * forced), order)
}
