//! The critical load of a small graph by maximum flow, exact.
//!
//! Every set U of servers that the samples of a type can form is a source of the probability that it
//! comes up; it may send to each of its members, and a server takes 1. All flow arrives iff no set S is overloaded (Hall's
//! condition), and a minimum cut shows an overloaded S. Newton's iteration on the load, from a set to the load at which that
//! set is full, ends at the critical load after finitely many cuts.
//!
//! # Source
//! (2.2) of Remark 1 for samples with replacement; Dinkelbach, Management Science 13 (1967) 492-498, for the iteration.

use std::collections::{BTreeMap, VecDeque};

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Zero};

use super::{Critical, StabilityError, forced_load};
use crate::graph::BipartiteGraph;
use crate::ratio::{self, Ratio};

/// The most sets of samples for which a network is built.
pub const MAX_SAMPLE_SETS: usize = 4096;

/// The exact critical load by maximum flow.
///
/// # Errors
/// [`StabilityError::TooManySampleSets`], [`StabilityError::NoEdges`].
pub fn critical_load_by_flow(graph: &BipartiteGraph, d: u32) -> Result<Critical, StabilityError> {
    let sets = sample_sets(graph, d)?;
    if sets.is_empty() {
        return Err(StabilityError::NoEdges);
    }
    let n = graph.n_servers() as usize;
    let mut inside = vec![true; n];
    loop {
        let count = inside.iter().filter(|&&member| member).count() as u64;
        let lambda = ratio::whole(count) / forced_load(graph, d, &inside);
        // A set that is overloaded at this load, if any, is full at a smaller one.
        match overloaded(&sets, n, &lambda) {
            Some(worse) => inside = worse,
            None => {
                let bottleneck = (0..graph.n_servers()).filter(|&v| inside[v as usize]).collect();
                return Ok(Critical { lambda, bottleneck });
            }
        }
    }
}

/// The sets that d samples of some type can form, each with (N / M) times the sum of its probabilities over types.
fn sample_sets(graph: &BipartiteGraph, d: u32) -> Result<BTreeMap<Vec<u32>, Ratio>, StabilityError> {
    let scale = Ratio::new(graph.n_servers().into(), graph.n_task_types().into());
    let mut sets: BTreeMap<Vec<u32>, Ratio> = BTreeMap::new();
    for w in 0..graph.n_task_types() {
        let servers: Vec<u32> = graph.servers_of(w).iter().collect();
        let all = ratio::power(&ratio::whole(servers.len() as u64), d);
        let mut stack: Vec<(usize, Vec<u32>)> = vec![(0, Vec::new())];
        while let Some((from, set)) = stack.pop() {
            if !set.is_empty() {
                let weight = surjections(d, set.len() as u32);
                *sets.entry(set.clone()).or_insert_with(Ratio::zero) += &scale * Ratio::from_integer(weight) / &all;
                if sets.len() > MAX_SAMPLE_SETS {
                    return Err(StabilityError::TooManySampleSets { d });
                }
            }
            if set.len() < d as usize {
                for (at, &server) in servers.iter().enumerate().skip(from) {
                    let mut larger = set.clone();
                    larger.push(server);
                    stack.push((at + 1, larger));
                }
                if stack.len() > 4 * MAX_SAMPLE_SETS {
                    return Err(StabilityError::TooManySampleSets { d });
                }
            }
        }
    }
    Ok(sets)
}

/// The number of sequences of d samples in which exactly the given k servers occur, by inclusion and exclusion.
fn surjections(d: u32, k: u32) -> BigInt {
    let mut sum = BigInt::zero();
    let mut choose = BigInt::one();
    for missing in 0..=k {
        let term = &choose * BigInt::from(k - missing).pow(d);
        if missing % 2 == 0 {
            sum += term;
        } else {
            sum -= term;
        }
        choose = choose * (k - missing) / (missing + 1);
    }
    sum
}

/// A set of servers on which the load `lambda` puts more than its size, or `None` if there is none.
fn overloaded(sets: &BTreeMap<Vec<u32>, Ratio>, n: usize, lambda: &Ratio) -> Option<Vec<bool>> {
    // Whole capacities: everything times the common denominator.
    let weights: Vec<Ratio> = sets.values().map(|weight| weight * lambda).collect();
    let unit = weights.iter().fold(BigInt::one(), |unit, weight| unit.lcm(weight.denom()));
    let (source, sink) = (0, 1);
    let mut network = Network::new(2 + n + sets.len());
    let server = |v: u32| 2 + v as usize;
    let mut offered = BigInt::zero();
    for (at, (set, weight)) in sets.keys().zip(&weights).enumerate() {
        let capacity = weight.numer() * (&unit / weight.denom());
        offered += &capacity;
        let node = 2 + n + at;
        for &v in set {
            network.arc(node, server(v), capacity.clone());
        }
        network.arc(source, node, capacity);
    }
    for v in 0..n as u32 {
        network.arc(server(v), sink, unit.clone());
    }
    if network.maximum_flow(source, sink) == offered {
        return None;
    }
    // On the source's side of the cut, each set of samples has all its servers there too: these are overloaded.
    let reached = network.reachable(source);
    Some((0..n as u32).map(|v| reached[server(v)]).collect())
}

struct Arc {
    to: usize,
    left: BigInt,
}

/// A flow network; arc 2 k + 1 is the reverse of arc 2 k.
struct Network {
    arcs: Vec<Arc>,
    leaving: Vec<Vec<usize>>,
}

impl Network {
    fn new(nodes: usize) -> Self {
        Self { arcs: Vec::new(), leaving: vec![Vec::new(); nodes] }
    }

    fn arc(&mut self, from: usize, to: usize, capacity: BigInt) {
        self.leaving[from].push(self.arcs.len());
        self.arcs.push(Arc { to, left: capacity });
        self.leaving[to].push(self.arcs.len());
        self.arcs.push(Arc { to: from, left: BigInt::zero() });
    }

    /// Shortest augmenting paths (Edmonds and Karp): exact capacities need no scaling, and the networks are small.
    fn maximum_flow(&mut self, source: usize, sink: usize) -> BigInt {
        let mut flow = BigInt::zero();
        while let Some(path) = self.shortest_path(source, sink) {
            let amount = path.iter().map(|&arc| &self.arcs[arc].left).min().cloned().unwrap_or_else(BigInt::zero);
            for arc in path {
                self.arcs[arc].left -= &amount;
                self.arcs[arc ^ 1].left += &amount;
            }
            flow += amount;
        }
        flow
    }

    fn shortest_path(&self, source: usize, sink: usize) -> Option<Vec<usize>> {
        let by = self.search(source);
        let mut path = Vec::new();
        let mut node = sink;
        while node != source {
            let arc = by[node]?;
            path.push(arc);
            node = self.arcs[arc ^ 1].to;
        }
        Some(path)
    }

    /// For each node the arc by which a breadth-first search reached it.
    fn search(&self, source: usize) -> Vec<Option<usize>> {
        let mut by = vec![None; self.leaving.len()];
        let mut queue = VecDeque::from([source]);
        while let Some(node) = queue.pop_front() {
            for &arc in &self.leaving[node] {
                let Arc { to, left } = &self.arcs[arc];
                if !left.is_zero() && by[*to].is_none() && *to != source {
                    by[*to] = Some(arc);
                    queue.push_back(*to);
                }
            }
        }
        by
    }

    fn reachable(&self, source: usize) -> Vec<bool> {
        self.search(source).iter().enumerate().map(|(node, by)| node == source || by.is_some()).collect()
    }
}
