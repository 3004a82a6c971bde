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

use super::StabilityError;
use crate::graph::BipartiteGraph;

/// Edge visits that one call may spend.
const MOST_WORK: u64 = 4_000_000_000;

/// Bounds on the critical load.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// Below this load there is a steady state.
    pub lower: f64,
    /// Above this load there is none.
    pub upper: f64,
    /// The servers that prove the upper bound, ascending.
    pub bottleneck: Vec<u32>,
    /// Passes over all edges.
    pub passes: u64,
}

/// Bounds whose relative gap is at most `gap`, or the best that the work of a few seconds gives.
///
/// Both ends carry a margin for the rounding of their sums.
///
/// # Errors
/// [`StabilityError::NoEdges`].
pub fn critical_load_bounds(graph: &BipartiteGraph, d: u32, gap: f64) -> Result<Bounds, StabilityError> {
    let edges = graph.n_edges();
    if edges == 0 {
        return Err(StabilityError::NoEdges);
    }
    let (n, m) = (graph.n_servers() as usize, graph.n_task_types());
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
    let mut best = Bounds { lower: 0.0, upper: f64::INFINITY, bottleneck: Vec::new(), passes: 0 };
    let passes = (MOST_WORK / (edges * 16)).clamp(4, 20_000);
    let mut block = Block::default();
    for pass in 0..=passes {
        let load = loads(graph, &split);
        best.passes = pass;
        // Both certificates cost sorts: at every pass only in the beginning.
        if pass < 8 || pass % 8 == 0 || pass == passes {
            let largest = load.iter().copied().fold(0.0, f64::max);
            best.lower = best.lower.max((1.0 - margin) / (largest * shortfall(graph, &split, scale, d)));
            let (upper, bottleneck) = best_prefix(graph, d, scale, &load);
            if upper * (1.0 + margin) < best.upper {
                best.upper = upper * (1.0 + margin);
                best.bottleneck = bottleneck;
            }
        }
        if best.upper - best.lower <= gap * best.upper {
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
