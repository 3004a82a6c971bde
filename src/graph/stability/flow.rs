//! The critical load by max-flow: sample sets are sources of work, servers are sinks.

use std::collections::{BTreeMap, VecDeque};

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Pow, Signed, Zero};

use super::{Critical, StabilityError, check};
use crate::graph::BipartiteGraph;
use crate::ratio::{self, Ratio};

/// The largest number of distinct sample sets in the network.
pub const MAX_SAMPLE_SETS: usize = 1 << 14;

/// The critical load, exact: the work of every set U that can be sampled must be split among the servers of U.
///
/// Newton's iteration on lambda = |S| / f(S) (Dinkelbach): from S = V, each step takes a minimal cut of the
/// network at the present lambda, which is the set that breaks the criterion most, until none does. All capacities are
/// integers, so the end is exact. The bottleneck is the last set that lowered lambda: no particular one among
/// several maximising sets.
///
/// # Errors
/// More than [`MAX_SAMPLE_SETS`] sample sets, d out of range, no edge.
pub fn critical_load_by_flow(graph: &BipartiteGraph, d: u32) -> Result<Critical, StabilityError> {
    check(graph, d)?;
    let n = graph.n_servers();
    let (sets, scale) = sample_sets(graph, d)?;
    // weights sum_U p_U are f M / N, times the scale.
    let f_of = |inside: &[bool]| {
        let within = |set: &[u32]| set.iter().all(|&v| inside[v as usize]);
        sets.iter().filter(|(set, _)| within(set)).map(|(_, p)| p).sum::<BigInt>()
    };
    let factor = Ratio::new(&scale * graph.n_task_types(), n.into());
    let lambda_of = |inside: &[bool]| {
        let size = inside.iter().filter(|&&x| x).count() as u64;
        ratio::whole(size) * &factor / Ratio::from_integer(f_of(inside))
    };
    let mut set = vec![true; n as usize];
    let mut lambda = lambda_of(&set);
    loop {
        // lambda f(S) - |S| times the denominator of lambda / factor.
        let rate = &lambda / &factor;
        let mut network = Network::new(sets.len() + n as usize + 2);
        let (source, sink) = (0, 1);
        let unbounded: BigInt = sets.iter().map(|(_, p)| p).sum::<BigInt>() * rate.numer() + BigInt::one();
        let mut supply = BigInt::zero();
        for (i, (servers, p)) in sets.iter().enumerate() {
            let capacity = p * rate.numer();
            supply += &capacity;
            network.edge(source, 2 + i, capacity);
            servers.iter().for_each(|&v| network.edge(2 + i, 2 + sets.len() + v as usize, unbounded.clone()));
        }
        (0..n as usize).for_each(|v| network.edge(2 + sets.len() + v, sink, rate.denom().clone()));
        let flow = network.max_flow(source, sink);
        if flow == supply {
            return Ok(Critical { lambda, bottleneck: (0..n).filter(|&v| set[v as usize]).collect() });
        }
        // The source side of the cut has lambda f(S) > |S|, so lambda falls strictly.
        let reached = network.reached(source);
        set = (0..n as usize).map(|v| reached[2 + sets.len() + v]).collect();
        lambda = lambda_of(&set);
    }
}

/// Sets of servers, ascending, with their weights.
type SampleSets = Vec<(Vec<u32>, BigInt)>;

/// Every set that d samples of some task type can make, with sum_w P(exactly this set), times a common scale.
fn sample_sets(graph: &BipartiteGraph, d: u32) -> Result<(SampleSets, BigInt), StabilityError> {
    let too_many = || StabilityError::TooManySampleSets { d };
    let mut degrees: Vec<u32> = (0..graph.n_task_types()).map(|w| graph.task_degree(w) as u32).filter(|&k| k > 0).collect();
    degrees.sort_unstable();
    degrees.dedup();
    // Before any number grows: sets of up to min(d, d_w) of d_w servers.
    let count = |k: u32| {
        let mut sum = 0u128;
        let mut binomial = 1u128;
        for u in 1..=u128::from(k.min(d)) {
            binomial = binomial * (u128::from(k) + 1 - u) / u;
            sum += binomial;
            if sum > MAX_SAMPLE_SETS as u128 {
                return None;
            }
        }
        Some(sum)
    };
    if degrees.iter().any(|&k| count(k).is_none()) {
        return Err(too_many());
    }
    let common = degrees.iter().fold(BigInt::one(), |common, &k| common.lcm(&k.into()));
    let scale: BigInt = Pow::pow(common.clone(), d);
    let largest = degrees.last().copied().unwrap_or(0).min(d);
    let onto: Vec<BigInt> = surjections(d, largest);
    let mut sets: BTreeMap<Vec<u32>, BigInt> = BTreeMap::new();
    for w in 0..graph.n_task_types() {
        let servers: Vec<u32> = graph.servers_of(w).iter().collect();
        if servers.is_empty() {
            continue;
        }
        let unit: BigInt = Pow::pow(&common / servers.len(), d);
        for (size, onto) in onto.iter().enumerate().take(servers.len().min(d as usize) + 1).skip(1) {
            let weight = onto * &unit;
            for_each_subset(&servers, size, &mut |set| {
                *sets.entry(set.to_vec()).or_default() += &weight;
            });
            if sets.len() > MAX_SAMPLE_SETS {
                return Err(too_many());
            }
        }
    }
    Ok((sets.into_iter().collect(), scale))
}

/// For u = 0 to `largest`: the number of sequences of length d that use each of u symbols.
fn surjections(d: u32, largest: u32) -> Vec<BigInt> {
    // s(k, u) = u (s(k - 1, u) + s(k - 1, u - 1)).
    let mut row = vec![BigInt::zero(); largest as usize + 1];
    row[0] = BigInt::one();
    for _ in 0..d {
        for u in (1..row.len()).rev() {
            row[u] = (&row[u] + &row[u - 1]) * u;
        }
        row[0] = BigInt::zero();
    }
    row
}

fn for_each_subset(items: &[u32], size: usize, action: &mut impl FnMut(&[u32])) {
    let mut at: Vec<usize> = (0..size).collect();
    let mut set: Vec<u32> = items[..size].to_vec();
    loop {
        action(&set);
        let Some(i) = (0..size).rev().find(|&i| at[i] < items.len() - size + i) else { return };
        at[i] += 1;
        (i + 1..size).for_each(|j| at[j] = at[j - 1] + 1);
        (i..size).for_each(|j| set[j] = items[at[j]]);
    }
}

/// A network of integer capacities, and Dinic's algorithm.
struct Network {
    /// Edge 2 i and its reverse 2 i + 1.
    to: Vec<usize>,
    left: Vec<BigInt>,
    around: Vec<Vec<usize>>,
}

impl Network {
    fn new(nodes: usize) -> Self {
        Self { to: Vec::new(), left: Vec::new(), around: vec![Vec::new(); nodes] }
    }

    fn edge(&mut self, from: usize, to: usize, capacity: BigInt) {
        self.around[from].push(self.to.len());
        self.to.push(to);
        self.left.push(capacity);
        self.around[to].push(self.to.len());
        self.to.push(from);
        self.left.push(BigInt::zero());
    }

    fn levels(&self, source: usize) -> Vec<usize> {
        let mut level = vec![usize::MAX; self.around.len()];
        level[source] = 0;
        let mut open = VecDeque::from([source]);
        while let Some(node) = open.pop_front() {
            for &edge in &self.around[node] {
                let to = self.to[edge];
                if level[to] == usize::MAX && self.left[edge].is_positive() {
                    level[to] = level[node] + 1;
                    open.push_back(to);
                }
            }
        }
        level
    }

    fn reached(&self, source: usize) -> Vec<bool> {
        self.levels(source).into_iter().map(|level| level != usize::MAX).collect()
    }

    fn max_flow(&mut self, source: usize, sink: usize) -> BigInt {
        let mut total = BigInt::zero();
        loop {
            let level = self.levels(source);
            if level[sink] == usize::MAX {
                return total;
            }
            let mut next = vec![0; self.around.len()];
            // A path of edges from the source, extended, retreated from, or filled; no recursion, so no stack to overflow.
            let mut path: Vec<usize> = Vec::new();
            loop {
                let node = path.last().map_or(source, |&edge| self.to[edge]);
                if node == sink {
                    let least = path.iter().map(|&edge| &self.left[edge]).min().cloned().unwrap_or_default();
                    for &edge in &path {
                        self.left[edge] -= &least;
                        self.left[edge ^ 1] += &least;
                    }
                    total += least;
                    let cut = path.iter().position(|&edge| self.left[edge].is_zero()).unwrap_or(0);
                    path.truncate(cut);
                    continue;
                }
                let Some(&edge) = self.around[node].get(next[node]) else {
                    let Some(back) = path.pop() else { break };
                    next[self.to[back ^ 1]] += 1;
                    continue;
                };
                let to = self.to[edge];
                if self.left[edge].is_positive() && level[to] == level[node] + 1 {
                    path.push(edge);
                } else {
                    next[node] += 1;
                }
            }
        }
    }
}
