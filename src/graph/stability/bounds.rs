//! The critical load of large graphs, certified from both sides.
//!
//! Any way to split the work of each sample set over its servers gives loads at lambda = 1 with
//! critical load >= 1 / max load; any set S of servers gives critical load <= |S| / f(S). Frank and Wolfe's method on the
//! sum of the squared loads brings both together: its oracle gives the work of each sample set to the least loaded server of it,
//! so that of n servers of N_w the j-th most loaded gets the share (j/n)^d - ((j-1)/n)^d. The same
//! pass over the servers in descending order of load sums up f of each prefix of that order, since f(prefix) is
//! the sum of the shares in it. One step takes linear time but for one sort of the servers.

use super::{StabilityError, check};
use crate::graph::{BipartiteGraph, metrics};
use crate::model::divided_difference_f64;

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Stop once upper / lower - 1 is at most this.
    pub gap: f64,
    /// Stop after so many steps.
    pub steps: u32,
}

impl Default for Effort {
    /// A relative gap of 1e-3, at most 10 000 steps.
    fn default() -> Self {
        Self { gap: 1e-3, steps: 10_000 }
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
    /// How many steps were taken.
    pub steps: u32,
}

/// Bounds on the critical load, rounded outwards; the implicit complete graph has exactly 1.
///
/// # Errors
/// d out of range, no edge.
pub fn critical_load_bounds(graph: &BipartiteGraph, d: u32, effort: Effort) -> Result<Bounds, StabilityError> {
    check(graph, d)?;
    let n = graph.n_servers() as usize;
    if graph.is_implicit_complete() {
        return Ok(Bounds { lower: 1.0, upper: 1.0, bottleneck: (0..graph.n_servers()).collect(), steps: 0 });
    }
    let max_degree = f64::from(metrics::server_degrees(graph).max);
    // Random routing is a split: each sample sequence goes to its first server.
    let mut loads = metrics::server_loads_f64(graph);
    let (mut lower, mut upper) = (0.0f64, f64::INFINITY);
    let mut best_prefix = Vec::new();
    let mut oracle = Oracle::new(graph, d);
    let mut steps = 0;
    loop {
        // Every operation on the way to a load is a sum, product or quotient of numbers that are not negative: 3 d for a share,
        // d_v for the sum over types, 4 for each step's average and 8 for the rest, each within a factor 1 + 2^-53; doubled.
        let margin = 1.0 + (3.0 * f64::from(d) + max_degree + 4.0 * f64::from(steps) + 8.0) * f64::EPSILON;
        let largest = loads.iter().copied().fold(0.0, f64::max);
        lower = lower.max(1.0 / (largest * margin));
        let order = oracle.pass(&loads);
        // As above, with the sum over the prefix.
        let margin = 1.0 + (3.0 * f64::from(d) + max_degree + n as f64 + 8.0) * f64::EPSILON;
        if order.upper * margin < upper {
            upper = order.upper * margin;
            best_prefix = oracle.order[..order.prefix].to_vec();
        }
        if upper <= lower * (1.0 + effort.gap) || steps >= effort.steps {
            break;
        }
        // The exact minimum of |x + s (y - x)|^2 over s in [0, 1].
        let (mut along, mut length) = (0.0, 0.0);
        for (x, y) in loads.iter().zip(&oracle.shares) {
            along += x * (x - y);
            length += (x - y) * (x - y);
        }
        let step = (along / length).clamp(0.0, 1.0);
        if !(step > 0.0 && length > 0.0) {
            break;
        }
        for (x, y) in loads.iter_mut().zip(&oracle.shares) {
            *x = *x * (1.0 - step) + *y * step;
        }
        steps += 1;
    }
    best_prefix.sort_unstable();
    Ok(Bounds { lower, upper, bottleneck: best_prefix, steps })
}

/// What the sets of one pass have to say.
struct Prefix {
    /// The least |S| / f(S) over the prefixes.
    upper: f64,
    /// Its |S|.
    prefix: usize,
}

/// The split that is best against given loads.
struct Oracle<'a> {
    graph: &'a BipartiteGraph,
    d: u32,
    scale: f64,
    /// The servers by descending load.
    order: Vec<u32>,
    /// The load of each server under the split.
    shares: Vec<f64>,
    /// For each task type, how many of its servers came so far, before and after the present group of equal loads.
    before: Vec<u32>,
    after: Vec<u32>,
}

impl<'a> Oracle<'a> {
    fn new(graph: &'a BipartiteGraph, d: u32) -> Self {
        let (n, m) = (graph.n_servers(), graph.n_task_types());
        let scale = f64::from(n) / f64::from(m);
        let none = vec![0; m as usize];
        Self { graph, d, scale, order: (0..n).collect(), shares: vec![0.0; n as usize], before: none.clone(), after: none }
    }

    fn pass(&mut self, loads: &[f64]) -> Prefix {
        self.order.sort_by(|&a, &b| loads[b as usize].total_cmp(&loads[a as usize]));
        self.before.fill(0);
        self.after.fill(0);
        let mut best = Prefix { upper: f64::INFINITY, prefix: 0 };
        let (mut work, mut done) = (0.0, 0);
        // Servers of equal load share alike: a symmetric graph keeps its symmetric, optimal split.
        for group in self.order.chunk_by(|&a, &b| loads[a as usize] == loads[b as usize]) {
            let types = || group.iter().flat_map(|&v| self.graph.task_types_of(v).iter());
            types().for_each(|w| self.after[w as usize] += 1);
            for &v in group {
                let mut share = 0.0;
                for w in self.graph.task_types_of(v).iter() {
                    // ((j + t)/n)^d - (j/n)^d over t equal servers is a divided difference: no cancellation.
                    let degree = self.graph.task_degree(w) as f64;
                    let (x, y) = (f64::from(self.after[w as usize]) / degree, f64::from(self.before[w as usize]) / degree);
                    share += divided_difference_f64(x, y, self.d) / degree;
                }
                self.shares[v as usize] = self.scale * share;
                work += self.scale * share;
            }
            types().for_each(|w| self.before[w as usize] = self.after[w as usize]);
            done += group.len();
            let upper = done as f64 / work;
            if upper < best.upper {
                best = Prefix { upper, prefix: done };
            }
        }
        best
    }
}
