//! Small graphs on which theorems about graphs are tried, and their figures from raw definitions.
//!
//! Nothing here calls [`crate::graph::metrics`] or [`crate::theory::stability`]: these are what the
//! claims check.
//!
//! | idea | here |
//! |---|---|
//! | graphs that showed something, by name | [`listed`] |
//! | arbitrary small graphs without isolated task types | [`random`] |
//! | (N / M) sum over N_v of r_w / d_w for every server | [`Loads`] |
//! | (N / M) sum_w r_w (\|S ∩ N_w\| / d_w)^d of Remark 1, for every S | [`weights`] |
//! | Definition 3.5, edge by edge | [`is_regular`] |

use num_bigint::BigInt;
use num_traits::{Signed, Zero};
use rand::{Rng, RngExt};

use super::states::EdgeWeights;
use crate::graph::{BipartiteGraph, GraphError, Isolated};
use crate::model::sample_law::SampleLaw;
use crate::num::ratio::{self, Ratio};

/// The graph whose task types have the given servers; a type without one is kept and its tasks are
/// lost.
pub fn of_task_types(
    n_servers: u32,
    task_types: &[Vec<u32>],
) -> Result<BipartiteGraph, GraphError> {
    let edges: Vec<_> = (0..)
        .zip(task_types)
        .flat_map(|(w, servers)| servers.iter().map(move |&v| (v, w)))
        .collect();
    BipartiteGraph::from_edges(n_servers, task_types.len() as u32, &edges, Isolated::Drop)
}

/// Graphs by name, each with a reason to be here.
pub fn listed() -> Vec<(&'static str, BipartiteGraph)> {
    let table: &[(&str, u32, &[&[u32]])] = &[
        // The critical loads of servers {0, 1} and types {0}, {0, 1} are 2/3, 4/5, 8/9 for d = 1,
        // 2, 3.
        ("types {0}, {0,1}", 2, &[&[0], &[0, 1]]),
        ("path of 3 servers", 3, &[&[0, 1], &[1, 2]]),
        ("complete 3 x 2", 3, &[&[0, 1, 2], &[0, 1, 2]]),
        ("complete 2 x 3", 2, &[&[0, 1], &[0, 1], &[0, 1]]),
        ("one server, one type", 1, &[&[0]]),
        ("star of 5 servers", 5, &[&[0, 1], &[0, 2], &[0, 3], &[0, 4]]),
        ("cycle of 5 servers", 5, &[&[0, 1], &[1, 2], &[2, 3], &[3, 4], &[4, 0]]),
        // Regular by Definition 3.5, although its degrees differ between components.
        ("types {0,1}, {0,1}, {2}, {3}", 4, &[&[0, 1], &[0, 1], &[2], &[3]]),
        // phi = 0, and not regular.
        ("types {0}, {1}, {0,1}, {0,1}", 2, &[&[0], &[1], &[0, 1], &[0, 1]]),
        // Equal degrees on each side and N d_v = M d_w.
        ("cube", 4, &[&[0, 1, 2], &[1, 2, 3], &[2, 3, 0], &[3, 0, 1]]),
        // Not regular, though the first task type of each server fits it.
        ("the first types fit", 4, &[&[0, 1], &[0, 1, 2], &[2, 3], &[2, 3]]),
        ("a server without types", 3, &[&[0, 1]]),
        // Small gamma, and loads far from each other.
        (
            "half of 20 servers idle",
            20,
            &[&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
        ),
    ];
    table
        .iter()
        .filter_map(|(name, n, types)| {
            let types: Vec<Vec<u32>> = types.iter().map(|servers| servers.to_vec()).collect();
            Some((*name, of_task_types(*n, &types).ok()?))
        })
        .collect()
}

/// 1 to 6 servers and 1 to 5 task types, each with any nonempty set of servers.
pub fn random(rng: &mut impl Rng) -> Result<BipartiteGraph, GraphError> {
    let n = rng.random_range(1..=6u32);
    let types: Vec<Vec<u32>> = (0..rng.random_range(1..=5u32))
        .map(|_| {
            let set = rng.random_range(1..1u32 << n);
            (0..n).filter(|v| set >> v & 1 == 1).collect()
        })
        .collect();
    of_task_types(n, &types)
}

/// The random-routing load of every server in units of lambda, over one common denominator.
pub struct Loads {
    sums: Vec<BigInt>,
    one: BigInt,
}

impl Loads {
    /// (N / M) sum over N_v of r_w / d_w, edge by edge; r_w = 1 where all rates are equal.
    pub fn of(graph: &BipartiteGraph) -> Self {
        // One denominator for all: a sum of fractions would reduce after each term.
        let EdgeWeights { denominator, weight, total } = EdgeWeights::with_rates(graph);
        let mut sums = vec![BigInt::zero(); graph.n_servers() as usize];
        for (w, weight) in (0..).zip(weight) {
            let share = weight * graph.n_servers();
            graph.servers_of(w).iter().for_each(|v| sums[v as usize] += &share);
        }
        Self { sums, one: denominator * total }
    }

    /// The load of one server.
    pub fn of_server(&self, v: u32) -> Ratio {
        Ratio::new(self.sums[v as usize].clone(), self.one.clone())
    }

    /// The largest load.
    pub fn max(&self) -> Ratio {
        self.sums
            .iter()
            .max()
            .map_or_else(Ratio::zero, |most| Ratio::new(most.clone(), self.one.clone()))
    }

    /// Whether all servers have the same.
    pub fn are_equal(&self) -> bool {
        self.sums.windows(2).all(|pair| pair[0] == pair[1])
    }

    /// The average over all servers; 1 unless tasks are lost.
    pub fn mean(&self) -> Ratio {
        Ratio::new(self.sums.iter().sum(), &self.one * self.sums.len())
    }

    /// (2.3): the largest distance from 1.
    pub fn phi(&self) -> Ratio {
        let most = self.sums.iter().map(|sum| (sum - &self.one).abs()).max();
        most.map_or_else(Ratio::zero, |most| Ratio::new(most, self.one.clone()))
    }
}

/// (2.3): the mean of r_w / d_w, type by type.
pub fn gamma(graph: &BipartiteGraph) -> Ratio {
    let mut counts = std::collections::BTreeMap::new();
    for w in 0..graph.n_task_types() {
        *counts.entry(graph.servers_of(w).iter().count()).or_insert(0u128) += graph.weight(w);
    }
    counts.remove(&0);
    let sum: Ratio =
        counts.into_iter().map(|(degree, count)| Ratio::new(count.into(), degree.into())).sum();
    sum / Ratio::from_integer(graph.total_weight().into())
}

/// The probability that all samples lie within `inside` of `all` servers, from its definition.
fn all_within(law: SampleLaw, inside: u64, all: u64) -> Ratio {
    match law {
        SampleLaw::Replacement(d) => ratio::power(&Ratio::new(inside.into(), all.into()), d),
        // Sample by sample, each among the servers that are left.
        SampleLaw::Distinct(d) => (0..u64::from(d).min(all))
            .map(|k| Ratio::new(inside.saturating_sub(k).into(), (all - k).into()))
            .product(),
        SampleLaw::All => ratio::whole(u64::from(inside == all)),
    }
}

/// (N / M) sum_w r_w (|S ∩ N_w| / d_w)^d for one set of servers, or its like for other samples.
pub fn weight(
    graph: &BipartiteGraph,
    law: impl Into<SampleLaw>,
    in_set: impl Fn(u32) -> bool,
) -> Ratio {
    let law = law.into();
    let mut sum = Ratio::zero();
    for w in 0..graph.n_task_types() {
        let (mut inside, mut all) = (0u64, 0u64);
        for v in graph.servers_of(w).iter() {
            inside += u64::from(in_set(v));
            all += 1;
        }
        if inside > 0 {
            sum += all_within(law, inside, all) * Ratio::from_integer(graph.weight(w).into());
        }
    }
    sum * Ratio::new(graph.n_servers().into(), graph.total_weight().into())
}

/// [`weight`] of every nonempty set, as bits of its servers; for at most 20 servers.
pub fn weights(
    graph: &BipartiteGraph,
    law: impl Into<SampleLaw>,
) -> impl Iterator<Item = (u32, Ratio)> + '_ {
    let law = law.into();
    let n = graph.n_servers().min(20);
    (1..1u32 << n).map(move |set| (set, weight(graph, law, |v| set >> v & 1 == 1)))
}

/// Remark 1: the load from which on the system has no steady state, over all sets of servers;
/// `None` if nothing is ever routed.
pub fn critical_load(graph: &BipartiteGraph, law: impl Into<SampleLaw>) -> Option<Ratio> {
    weights(graph, law)
        .filter(|(_, weight)| !weight.is_zero())
        .map(|(set, weight)| ratio::whole(set.count_ones().into()) / weight)
        .min()
}

/// Definition 3.5, edge by edge.
pub fn is_regular(graph: &BipartiteGraph) -> bool {
    let (n, m) = (u128::from(graph.n_servers()), u128::from(graph.n_task_types()));
    let degree = |count: usize| count as u128;
    let types: Vec<u128> =
        (0..graph.n_task_types()).map(|w| degree(graph.servers_of(w).iter().count())).collect();
    let servers: Vec<u128> =
        (0..graph.n_servers()).map(|v| degree(graph.task_types_of(v).iter().count())).collect();
    graph.iter_edges().all(|(v, w)| n * servers[v as usize] == m * types[w as usize])
}

/// Whether every server has a task type.
pub fn every_server_has_an_edge(graph: &BipartiteGraph) -> bool {
    (0..graph.n_servers()).all(|v| graph.task_types_of(v).iter().next().is_some())
}

/// The servers of each task type.
pub fn task_types(graph: &BipartiteGraph) -> Vec<Vec<u32>> {
    (0..graph.n_task_types()).map(|w| graph.servers_of(w).iter().collect()).collect()
}

/// The servers of a set that is given as bits.
pub fn members(graph: &BipartiteGraph, set: u32) -> Vec<u32> {
    (0..graph.n_servers()).filter(|v| set >> v & 1 == 1).collect()
}

/// The task types' servers, in words; cut short for large graphs.
pub fn adjacency(graph: &BipartiteGraph) -> String {
    let types: Vec<Vec<u32>> = (0..graph.n_task_types())
        .take(12)
        .map(|w| graph.servers_of(w).iter().take(12).collect())
        .collect();
    format!("{} servers, {} task types {types:?}", graph.n_servers(), graph.n_task_types())
}

/// Whether `labels` are the connected components: equal along edges, and as many as a search of its
/// own finds.
pub fn are_components(
    graph: &BipartiteGraph,
    servers: &[u32],
    task_types: &[u32],
    count: u32,
) -> bool {
    let along = graph.iter_edges().all(|(v, w)| servers[v as usize] == task_types[w as usize]);
    // Joins along edges, each root the least server; a task type without servers is a component of
    // its own.
    let mut root: Vec<u32> = (0..graph.n_servers()).collect();
    fn find(root: &mut [u32], mut v: u32) -> u32 {
        while root[v as usize] != v {
            root[v as usize] = root[root[v as usize] as usize];
            v = root[v as usize];
        }
        v
    }
    let mut alone = 0;
    for w in 0..graph.n_task_types() {
        let mut around = graph.servers_of(w).iter();
        let Some(first) = around.next() else {
            alone += 1;
            continue;
        };
        for other in around {
            let (a, b) = (find(&mut root, first), find(&mut root, other));
            root[a.max(b) as usize] = a.min(b);
        }
    }
    let roots = (0..graph.n_servers()).filter(|&v| find(&mut root, v) == v).count() as u32;
    let all: std::collections::BTreeSet<u32> = servers.iter().chain(task_types).copied().collect();
    along && count == roots + alone && all.len() as u32 == count
}
