//! The figures of a graph: loads, phi, gamma, components, degrees, Definition 3.5.
//!
//! | statement | here |
//! |---|---|
//! | (2.1), the busiest server under random routing, over lambda | [`max_server_load`], [`busiest_servers`] |
//! | (2.3), irregularity and mean inverse task degree | [`phi`], [`gamma`] |
//! | Definition 3.5, N d_v = M d_w along every edge | [`is_regular`] |
//! | connected components (after Definition 3.5) | [`components`] |
//!
//! The exact forms cost hardly more than the `f64` ones: a server is looked at with fractions only
//! where its `f64` load lies within the proven rounding error of the extreme one, and servers
//! with the same multiset of task degrees are looked at once.
//!
//! Isolated task types that were kept with [`Isolated::Drop`](super::Isolated::Drop) add nothing to
//! any sum, while M stays the number of all task types: their tasks are lost.
//!
//! **Rates that differ** ([`rates`](super::rates)). With relative rates r_w of mean 1 the load of
//! server v under random routing is lambda times (N / M) sum_{w in N_v} r_w / d_w, and rho and phi
//! are the print's with that in place of (N / M) sum 1 / d_w. In gamma, 1 / d_w is what one arrival
//! adds to the local fraction Q_i^w / d_w, averaged over arrivals, so that gamma = (1 / M) sum_w
//! r_w / d_w. What follows from (2.1) and (2.3) alone stays true, without isolated task types:
//! - the mean over v of (N / M) sum_{w in N_v} r_w / d_w is (1 / M) sum_w r_w = 1, hence lambda <=
//!   rho(G) <= lambda (1 + phi(G)), the upper bound since no load is above lambda (1 + phi);
//! - gamma is an average of 1 / d_w with weights r_w / M of sum 1, hence 1 / N <= gamma <= 1 /
//!   min_w d_w;
//! - all three depend on names not at all, and a disjoint union of equal graphs doubles N, M and
//!   the sum of the rates.
//!
//! Definition 3.5 is about the graph alone. With rates that differ it does not imply phi = 0, and
//! no claim says so.
//!
//! # Source
//! Section 2, (2.1) and (2.3); Definition 3.5. No deviation from the print where all rates are
//! equal.

use std::collections::HashMap;

use num_traits::{One, Signed, Zero};

use super::BipartiteGraph;
use crate::num::ratio::{self, Ratio};

/// The largest load_v / lambda in floating point; relative error below (max_v d_v + 4) 2^-52.
pub(crate) fn max_server_load_f64(graph: &BipartiteGraph) -> f64 {
    extremes_f64(&server_loads_f64(graph)).1
}

/// (2.3): phi(G) = max_v |(N / M) sum_{w in N_v} r_w / d_w - 1|, exact; all r_w are 1 in print.
pub fn phi(graph: &BipartiteGraph) -> Ratio {
    let one = Ratio::one();
    (max_server_load(graph) - &one).abs().max((min_server_load(graph) - &one).abs())
}

/// (2.3): gamma(G) = (1 / M) sum_w r_w / d_w, exact, with all r_w = 1 in print; isolated task types
/// add nothing to the sum.
pub fn gamma(graph: &BipartiteGraph) -> Ratio {
    if graph.is_implicit_complete() {
        return ratio::whole(graph.n_servers().into()).recip();
    }
    sum_of_shares(&by_degree(graph, 0..graph.n_task_types())) / whole(graph.total_weight())
}

/// phi(G) in floating point; absolute error below (max_v d_v + 5) 2^-52 times the largest load.
pub fn phi_f64(graph: &BipartiteGraph) -> f64 {
    let (min, max) = extremes_f64(&server_loads_f64(graph));
    (max - 1.0).abs().max((min - 1.0).abs())
}

/// gamma(G) in floating point; relative error below (M + 3) 2^-52.
pub fn gamma_f64(graph: &BipartiteGraph) -> f64 {
    if graph.is_implicit_complete() {
        return 1.0 / f64::from(graph.n_servers());
    }
    let types = (0..graph.n_task_types()).filter(|&w| graph.task_degree(w) > 0);
    types.map(|w| graph.weight(w) as f64 / graph.task_degree(w) as f64).sum::<f64>()
        / graph.total_weight() as f64
}

/// load_v / lambda = (N / M) sum_{w in N_v} r_w / d_w of every server under random routing, in
/// floating point.
///
/// The relative error of each is below (d_v + 3) 2^-52: no term is negative.
pub(crate) fn server_loads_f64(graph: &BipartiteGraph) -> Vec<f64> {
    if graph.is_implicit_complete() {
        return vec![1.0; graph.n_servers() as usize];
    }
    let share: Vec<f64> = (0..graph.n_task_types())
        .map(|w| graph.weight(w) as f64 / graph.task_degree(w) as f64)
        .collect();
    let scale = f64::from(graph.n_servers()) / graph.total_weight() as f64;
    (0..graph.n_servers())
        .map(|v| scale * graph.task_types_of(v).iter().map(|w| share[w as usize]).sum::<f64>())
        .collect()
}

/// load_v / lambda of one server, exact.
///
/// # Panics
/// If `server >= n_servers()`.
pub fn server_load(graph: &BipartiteGraph, server: u32) -> Ratio {
    if graph.is_implicit_complete() {
        assert!(server < graph.n_servers(), "server {server} of {}", graph.n_servers());
        return Ratio::one();
    }
    scale(graph) * sum_of_shares(&by_degree(graph, graph.task_types_of(server).iter()))
}

/// The largest load_v / lambda, exact: rho(G) = lambda times it.
pub fn max_server_load(graph: &BipartiteGraph) -> Ratio {
    extreme(graph, Extreme::Max).0
}

/// The smallest load_v / lambda, exact; 0 where a server has no task type.
pub fn min_server_load(graph: &BipartiteGraph) -> Ratio {
    extreme(graph, Extreme::Min).0
}

/// All servers that attain [`max_server_load`] exactly, ascending.
pub fn busiest_servers(graph: &BipartiteGraph) -> Vec<u32> {
    if graph.is_implicit_complete() {
        return (0..graph.n_servers()).collect();
    }
    extreme(graph, Extreme::Max).1
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Extreme {
    Min,
    Max,
}

/// The extreme load_v / lambda and, but for the implicit complete graph, the servers that attain
/// it.
fn extreme(graph: &BipartiteGraph, which: Extreme) -> (Ratio, Vec<u32>) {
    if graph.is_implicit_complete() {
        return (Ratio::one(), Vec::new());
    }
    let loads = server_loads_f64(graph);
    // |float - exact| <= (d_v + 3) 2^-52 exact, weights beyond 2^53 included; 8 instead of 3 covers the rounding of the comparison itself.
    let margin = |v: usize| (graph.server_degree(v as u32) as f64 + 8.0) * f64::EPSILON;
    // `sure` bounds the extreme load: the largest from below, the smallest from above.
    let all = 0..loads.len();
    let candidates: Vec<usize> = match which {
        Extreme::Max => {
            let sure = all.clone().map(|v| loads[v] * (1.0 - margin(v))).fold(0.0, f64::max);
            all.filter(|&v| loads[v] * (1.0 + margin(v)) >= sure).collect()
        }
        Extreme::Min => {
            let most = all.clone().map(|v| loads[v] * (1.0 + margin(v)));
            let sure = most.fold(f64::INFINITY, f64::min);
            all.filter(|&v| loads[v] * (1.0 - margin(v)) <= sure).collect()
        }
    };
    let mut groups: HashMap<Vec<(u32, u128)>, Vec<u32>> = HashMap::new();
    for v in candidates {
        let degrees = by_degree(graph, graph.task_types_of(v as u32).iter());
        groups.entry(degrees).or_default().push(v as u32);
    }
    let mut best: Option<(Ratio, Vec<u32>)> = None;
    for (degrees, servers) in groups {
        let load = sum_of_shares(&degrees);
        match &mut best {
            Some((value, all)) if *value == load => all.extend(servers),
            Some((value, _)) if (load > *value) != (which == Extreme::Max) => {}
            _ => best = Some((load, servers)),
        }
    }
    let (value, mut servers) = best.expect(
        "a graph has a server, and the extreme one is its own candidate: a margin only widens",
    );
    servers.sort_unstable();
    (scale(graph) * value, servers)
}

/// N / M, or N over the sum of all weights.
fn scale(graph: &BipartiteGraph) -> Ratio {
    ratio::whole(graph.n_servers().into()) / whole(graph.total_weight())
}

fn whole(n: u128) -> Ratio {
    Ratio::from_integer(n.into())
}

/// The distinct d_w > 0 of these task types, ascending, each with the sum of their weights (how
/// many there are, where all rates are equal).
fn by_degree(graph: &BipartiteGraph, task_types: impl Iterator<Item = u32>) -> Vec<(u32, u128)> {
    let mut all: Vec<(u32, u128)> =
        task_types.map(|w| (graph.task_degree(w) as u32, graph.weight(w))).collect();
    all.sort_unstable();
    let sums = all
        .chunk_by(|a, b| a.0 == b.0)
        .map(|run| (run[0].0, run.iter().map(|&(_, weight)| weight).sum()));
    sums.filter(|&(degree, _)| degree > 0).collect()
}

/// sum of weight / degree, halved recursively so that the denominators stay short for as long as
/// possible.
fn sum_of_shares(degrees: &[(u32, u128)]) -> Ratio {
    match degrees {
        [] => Ratio::zero(),
        [(degree, weight)] => Ratio::new((*weight).into(), (*degree).into()),
        _ => {
            let (left, right) = degrees.split_at(degrees.len() / 2);
            sum_of_shares(left) + sum_of_shares(right)
        }
    }
}

fn extremes_f64(loads: &[f64]) -> (f64, f64) {
    loads.iter().fold((f64::INFINITY, 0.0), |(min, max), &load| (load.min(min), load.max(max)))
}

/// Definition 3.5: N d_v = M d_w for every edge (v, w).
///
/// Where all rates are equal and every task type has a server, as (2.1) and (2.3) suppose, this
/// implies phi(G) = 0: then sum over E of 1 / d_w = M, and by this definition it is (M / N) times the
/// number of servers with an edge, so that all have one. With types whose tasks are lost, a server
/// without an edge is no obstacle here, and phi(G) is then positive.
pub fn is_regular(graph: &BipartiteGraph) -> bool {
    if graph.is_implicit_complete() {
        return true;
    }
    // Both products are below 2^64.
    let (n, m) = (u64::from(graph.n_servers()), u64::from(graph.n_task_types()));
    (0..graph.n_servers()).all(|v| {
        let types = graph.task_types_of(v);
        let weight = n * types.len() as u64;
        types.iter().all(|w| weight == m * graph.task_degree(w) as u64)
    })
}

/// The connected components of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Components {
    /// How many there are; a vertex without an edge is one of its own.
    pub count: u32,
    /// For each server, the number of its component: 0, 1, ... by smallest server, then by smallest
    /// task type.
    pub of_server: Vec<u32>,
    /// For each task type, the number of its component.
    pub of_task_type: Vec<u32>,
}

impl Components {
    /// How many servers and task types each component has.
    pub fn sizes(&self) -> Vec<(u32, u32)> {
        let mut sizes = vec![(0, 0); self.count as usize];
        self.of_server.iter().for_each(|&c| sizes[c as usize].0 += 1);
        self.of_task_type.iter().for_each(|&c| sizes[c as usize].1 += 1);
        sizes
    }
}

/// The connected components, in time linear in N + M + |E|; the implicit complete graph in N + M.
pub fn components(graph: &BipartiteGraph) -> Components {
    let (n, m) = (graph.n_servers() as usize, graph.n_task_types() as usize);
    if graph.is_implicit_complete() {
        return Components { count: 1, of_server: vec![0; n], of_task_type: vec![0; m] };
    }
    const NONE: u32 = u32::MAX;
    let (mut of_server, mut of_task_type) = (vec![NONE; n], vec![NONE; m]);
    let mut count = 0;
    let mut open = Vec::new();
    for start in 0..graph.n_servers() {
        if of_server[start as usize] != NONE {
            continue;
        }
        of_server[start as usize] = count;
        open.push(start);
        while let Some(v) = open.pop() {
            for w in graph.task_types_of(v).iter() {
                if of_task_type[w as usize] != NONE {
                    continue;
                }
                of_task_type[w as usize] = count;
                for other in graph.servers_of(w).iter() {
                    if of_server[other as usize] == NONE {
                        of_server[other as usize] = count;
                        open.push(other);
                    }
                }
            }
        }
        count += 1;
    }
    for &w in graph.isolated_task_types() {
        of_task_type[w as usize] = count;
        count += 1;
    }
    Components { count, of_server, of_task_type }
}

/// The degrees of one side, summed up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Degrees {
    /// The smallest; 0 where a vertex has no edge.
    pub min: u32,
    /// |E| divided by the number of vertices.
    pub mean: f64,
    /// The largest.
    pub max: u32,
}

/// The degrees d_v of the servers.
pub fn server_degrees(graph: &BipartiteGraph) -> Degrees {
    degrees(graph, graph.n_servers(), graph.n_task_types(), |v| graph.server_degree(v))
}

/// The degrees d_w of the task types, isolated ones included.
pub fn task_degrees(graph: &BipartiteGraph) -> Degrees {
    degrees(graph, graph.n_task_types(), graph.n_servers(), |w| graph.task_degree(w))
}

/// Of a side of `count` vertices, where the other side has `others`.
fn degrees(graph: &BipartiteGraph, count: u32, others: u32, of: impl Fn(u32) -> usize) -> Degrees {
    if graph.is_implicit_complete() {
        return Degrees { min: others, mean: others.into(), max: others };
    }
    let mean = graph.n_edges() as f64 / f64::from(count);
    let all = (0..count).map(|vertex| of(vertex) as u32);
    let (min, max) = all.fold((u32::MAX, 0), |(min, max), d| (min.min(d), max.max(d)));
    Degrees { min, mean, max }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Isolated;
    use crate::num::ratio::ratio;

    #[test]
    fn the_complete_graph_costs_nothing_whatever_its_size() {
        let graph = BipartiteGraph::complete(u32::MAX, u32::MAX).unwrap();
        assert_eq!(phi(&graph), Ratio::zero());
        assert_eq!(gamma(&graph), ratio(1, i64::from(u32::MAX)));
        assert!(is_regular(&graph));
        assert_eq!(task_degrees(&graph).max, u32::MAX);
    }

    #[test]
    fn an_isolated_task_type_counts_in_m_and_adds_nothing() {
        let graph = BipartiteGraph::from_edges(2, 2, &[(0, 0), (1, 0)], Isolated::Drop).unwrap();
        assert_eq!(gamma(&graph), ratio(1, 4));
        assert_eq!(max_server_load(&graph), ratio(1, 2));
        assert_eq!(components(&graph).sizes(), [(2, 1), (0, 1)]);
        // Powers of two: floats are exact.
        assert_eq!((gamma_f64(&graph), phi_f64(&graph)), (0.25, 0.5));
    }

    #[test]
    fn definition_3_5_looks_at_edges_and_does_not_imply_phi_zero() {
        // A server and a task type both isolated, in the ratio N : M.
        let graph = BipartiteGraph::from_edges(2, 2, &[(0, 0)], Isolated::Drop).unwrap();
        assert!(is_regular(&graph));
        assert_eq!(phi(&graph), ratio(1, 1));
        // phi = 0 without Definition 3.5: types {0}, {1}, {0, 1}, {0, 1}.
        let edges = [(0, 0), (1, 1), (0, 2), (1, 2), (0, 3), (1, 3)];
        let graph = BipartiteGraph::from_edges(2, 4, &edges, Isolated::Refuse).unwrap();
        assert!(!is_regular(&graph));
        assert_eq!(phi(&graph), Ratio::zero());
    }

    #[test]
    fn the_extreme_one_of_two_loads_within_rounding_is_found_by_fractions() {
        // sum_j (-1)^j binom(k, j) / (100 + j) = k! / (100 ... (100 + k)): server 0 has the even
        // terms, server 1 the odd ones. With types of their own for each other server, these two
        // have the least loads in place of the largest.
        let table = [
            ("2.6e-14 apart", vec![1, 8, 28, 56, 70, 56, 28, 8, 1], 40_320, 1, 0, false),
            // About the rounding of 256 terms; the order of the types turns it.
            ("2e-15", vec![1, 9, 36, 84, 126, 126, 84, 36, 9, 1], 362_880, 2, 64, true),
        ];
        for (name, binomials, factorial, own, turn, floats_err) in table {
            let degrees: Vec<u32> = (100..)
                .zip(&binomials)
                .flat_map(|(degree, &times)| vec![degree; times as usize])
                .collect();
            let (m, raised_m) = (degrees.len(), degrees.len() + 600 * own);
            let sum = |parity: i64| -> Ratio {
                let terms = (100..).zip(&binomials).filter(|(degree, _)| degree % 2 == parity);
                terms.map(|(degree, &times)| ratio(times, degree)).sum()
            };
            let last = 100 + binomials.len() as i64;
            let product = |left: Ratio, degree| left / ratio(degree, 1);
            assert_eq!(sum(0) - sum(1), (100..last).fold(ratio(factorial, 1), product), "{name}");
            let mut wrong = [false; 2];
            // Again and again: the order of the groups is that of a hash map.
            for round in 0..20 {
                let (mut edges, mut filler) = (Vec::new(), 0);
                for w in 0..m {
                    let degree = degrees[(w + turn * round) % m];
                    edges.push((degree % 2, w as u32));
                    for _ in 1..degree {
                        edges.push((2 + filler, w as u32));
                        filler = (filler + 1) % 600;
                    }
                }
                let build = |m: usize, edges: &[(u32, u32)]| {
                    BipartiteGraph::from_edges(602, m as u32, edges, Isolated::Refuse).unwrap()
                };
                let graph = build(m, &edges);
                edges.extend((m..raised_m).map(|w| (2 + (w - m) as u32 % 600, w as u32)));
                let raised = build(raised_m, &edges);
                assert_eq!(
                    (max_server_load(&graph), busiest_servers(&graph)),
                    (sum(0) * ratio(602, m as i64), vec![0]),
                    "{name}, {round}"
                );
                let least = sum(1) * ratio(602, raised_m as i64);
                assert_eq!(min_server_load(&raised), least, "{name}, {round}");
                for (graph, wrong) in [&graph, &raised].into_iter().zip(&mut wrong) {
                    let loads = server_loads_f64(graph);
                    *wrong |= loads[0] < loads[1];
                }
            }
            assert_eq!(wrong, [floats_err; 2], "{name}: whether floats alone would have done");
        }
    }

    #[test]
    fn loads_that_no_float_can_tell_apart_are_told_apart() {
        // Server 0 has three types of degree 3, server 1 a private one: 3 (1/3) = 1 in floats in
        // any order of rounding that matters; both are busiest, and only they.
        let mut edges: Vec<_> =
            (0..3).flat_map(|w| [(0, w), (2 + 2 * w, w), (3 + 2 * w, w)]).collect();
        edges.push((1, 3));
        let graph = BipartiteGraph::from_edges(8, 4, &edges, Isolated::Refuse).unwrap();
        assert_eq!(busiest_servers(&graph), [0, 1]);
        assert_eq!(max_server_load(&graph), ratio(2, 1));
    }
}
