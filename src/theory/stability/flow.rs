//! The critical load by max-flow: sample sets are sources of work, servers are sinks.

use std::collections::{BTreeMap, VecDeque};

use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};

use super::work::Work;
use super::{Critical, StabilityError, check};
use crate::graph::BipartiteGraph;
use crate::model::sample_law::SampleLaw;

/// The largest number of distinct sample sets in the network.
pub const MAX_SAMPLE_SETS: usize = 1 << 14;

/// The critical load, exact: the work of every set U that can be sampled must be split among the
/// servers of U.
///
/// Newton's iteration on lambda = |S| / f(S) (Dinkelbach): from S = V, each step takes a minimal
/// cut of the network at the present lambda, which is the set that breaks the criterion most, until
/// none does. All capacities are integers, so the end is exact. The bottleneck is a maximising set
/// of which no part is one.
///
/// # Errors
/// More than [`MAX_SAMPLE_SETS`] sample sets, d out of range, no edge.
pub fn critical_load_by_flow(
    graph: &BipartiteGraph,
    law: impl Into<SampleLaw>,
) -> Result<Critical, StabilityError> {
    let law = law.into();
    let d = law.choices();
    check(graph, law)?;
    let all: Vec<u32> = (0..graph.n_servers()).collect();
    // Before any number grows: a type of d_w servers alone has at least so many sample sets.
    let few = |k: usize| samples_of(k, law).is_some_and(|count| count <= MAX_SAMPLE_SETS as u128);
    if !(0..graph.n_task_types()).all(|w| few(graph.task_degree(w))) {
        return Err(StabilityError::TooManySampleSets { d });
    }
    let work = Work::of(graph, law, all.clone()).ok_or(StabilityError::TooManySampleSets { d })?;
    over_flows(&work, &vec![true; all.len()], MAX_SAMPLE_SETS)
}

/// The least |S| / f(S) over the sets of the servers of `work`, searched for downwards from `set`,
/// whose f(S) is above 0.
///
/// # Errors
/// More than `most` sample sets.
pub(super) fn over_flows(
    work: &Work,
    set: &[bool],
    most: usize,
) -> Result<Critical, StabilityError> {
    let n = work.servers.len();
    let sets = sample_sets(work, most)?;
    let size = |inside: &[bool]| inside.iter().filter(|&&x| x).count();
    let mut set = set.to_vec();
    let mut sum = work.sum(&set);
    loop {
        // S breaks the criterion if |S| / sum(S) < this size over this sum.
        let (capacity, rate) = (&sum, size(&set));
        let mut network = Network::new(sets.len() + n + 2);
        let (source, sink) = (0, 1);
        let unbounded: BigInt = sets.iter().map(|(_, p)| p).sum::<BigInt>() * rate + BigInt::one();
        let mut supply = BigInt::zero();
        for (i, (servers, p)) in sets.iter().enumerate() {
            let work = p * rate;
            supply += &work;
            network.edge(source, 2 + i, work);
            servers
                .iter()
                .for_each(|&v| network.edge(2 + i, 2 + sets.len() + v as usize, unbounded.clone()));
        }
        (0..n).for_each(|v| network.edge(2 + sets.len() + v, sink, capacity.clone()));
        if network.max_flow(source, sink) == supply {
            let least = least_full_set(&network, &sets, n)
                .unwrap_or_else(|| (0..n).filter(|&v| set[v]).collect());
            return Ok(Critical {
                lambda: work.lambda(rate, &sum),
                bottleneck: work.named(least.into_iter()),
            });
        }
        // The source side of the cut breaks the criterion, so lambda falls strictly.
        let reached = network.reached(source);
        set = (0..n).map(|v| reached[2 + sets.len() + v]).collect();
        sum = work.sum(&set);
    }
}

/// The smallest set of servers, all busy, whose work all comes from samples inside it; at the
/// critical load, a maximising set without a part that is one.
///
/// A server's work is its own if it can be sent nowhere else: with it belong the servers of every
/// sample set that sends it any.
fn least_full_set(network: &Network, sets: &[(Vec<u32>, BigInt)], n: usize) -> Option<Vec<usize>> {
    let node = |v: usize| 2 + sets.len() + v;
    let full = |v: usize| {
        network.around[node(v)]
            .iter()
            .all(|&edge| network.to[edge] != 1 || network.left[edge].is_zero())
    };
    let closure = |v: usize| {
        let mut inside = vec![false; n];
        let mut open = vec![v];
        inside[v] = true;
        while let Some(v) = open.pop() {
            if !full(v) {
                return None;
            }
            for &edge in &network.around[node(v)] {
                // The reverse of a sample set's edge has left what the set sends.
                if edge % 2 == 1 && network.left[edge].is_positive() {
                    for &u in &sets[network.to[edge] - 2].0 {
                        if !std::mem::replace(&mut inside[u as usize], true) {
                            open.push(u as usize);
                        }
                    }
                }
            }
        }
        Some((0..n).filter(|&v| inside[v]).collect::<Vec<_>>())
    };
    (0..n).filter_map(closure).min_by_key(Vec::len)
}

/// How many sets of k servers the samples can be; `None` where they are beyond counting.
fn samples_of(k: usize, law: SampleLaw) -> Option<u128> {
    if law == SampleLaw::All {
        return Some(1);
    }
    let (k, mut sum, mut binomial) = (k as u128, 0u128, 1u128);
    for u in 1..=k.min(law.choices().into()) {
        binomial = binomial.checked_mul(k + 1 - u)? / u;
        sum = sum.checked_add(binomial)?;
    }
    let distinct = matches!(law, SampleLaw::Distinct(_));
    Some(if distinct { binomial } else { sum })
}

/// Sets of servers, ascending, with their weights.
type SampleSets = Vec<(Vec<u32>, BigInt)>;

/// Every set that the samples of some task type can make, with its share of the sum of [`Work`].
fn sample_sets(work: &Work, most: usize) -> Result<SampleSets, StabilityError> {
    let law = work.law();
    let d = law.choices();
    let too_many = || StabilityError::TooManySampleSets { d };
    if work.types.iter().any(|(servers, ..)| {
        samples_of(servers.len(), law).is_none_or(|count| count > most as u128)
    }) {
        return Err(too_many());
    }
    let largest =
        work.types.iter().map(|(servers, ..)| servers.len()).max().unwrap_or(0).min(d as usize);
    let onto = match law {
        SampleLaw::Replacement(d) => surjections(d, largest as u32),
        _ => Vec::new(),
    };
    let mut sets: BTreeMap<Vec<u32>, BigInt> = BTreeMap::new();
    for (servers, key, unit) in &work.types {
        let sizes: Vec<(usize, BigInt)> = match law {
            SampleLaw::Replacement(_) => {
                onto.iter().cloned().enumerate().take(servers.len() + 1).skip(1).collect()
            }
            // Each set of d' servers once; the key is d', or all of them.
            SampleLaw::Distinct(_) | SampleLaw::All => vec![(*key as usize, BigInt::one())],
        };
        for (size, ways) in sizes {
            let weight = ways * unit;
            for_each_subset(servers, size, &mut |set| {
                *sets.entry(set.to_vec()).or_default() += &weight;
            });
            if sets.len() > most {
                return Err(too_many());
            }
        }
    }
    Ok(sets.into_iter().collect())
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
            // A path of edges from the source, extended, retreated from, or filled; no recursion,
            // so no stack to overflow.
            let mut path: Vec<usize> = Vec::new();
            loop {
                let node = path.last().map_or(source, |&edge| self.to[edge]);
                if node == sink {
                    let least = path
                        .iter()
                        .map(|&edge| &self.left[edge])
                        .min()
                        .cloned()
                        .unwrap_or_default();
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
