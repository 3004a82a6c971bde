//! f(S) of Remark 1 in whole numbers, for the sets S inside some servers.

use std::collections::{BTreeMap, HashMap};

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Pow, Zero};

use crate::graph::BipartiteGraph;
use crate::model::sample_law::SampleLaw;
use crate::num::ratio::{self, Ratio};

/// The longest common denominator that is computed with; degrees that differ widely have none of
/// reasonable length.
const MAX_BITS: u64 = 1 << 13;

/// The work that a set of servers cannot pass on: f(S) = `scale` times the sum of unit times
/// the ways to sample inside S ∩ positions over the types.
pub(super) struct Work {
    /// The servers that are looked at, ascending; positions count from 0 in this list.
    pub servers: Vec<u32>,
    /// Positions of a task type's servers, the key of its ways ([`SampleLaw::ways_by_key`]) and its
    /// unit; equal neighbourhoods counted together, those without work left out.
    pub types: Vec<(Vec<u32>, u64, BigInt)>,
    scale: Ratio,
    law: SampleLaw,
}

impl Work {
    /// All that `servers` (ascending) can be given; `None` where the degrees have no common
    /// multiple of reasonable length.
    pub(super) fn of(graph: &BipartiteGraph, law: SampleLaw, servers: Vec<u32>) -> Option<Self> {
        let position: HashMap<u32, u32> = servers.iter().copied().zip(0..).collect();
        let mut touched: Vec<u32> =
            servers.iter().flat_map(|&v| graph.task_types_of(v).iter()).collect();
        touched.sort_unstable();
        touched.dedup();
        touched.retain(|&w| graph.weight(w) > 0);
        let (common, units) = units(touched.iter().map(|&w| graph.task_degree(w)), law)?;
        let mut types: BTreeMap<(Vec<u32>, u64), BigInt> = BTreeMap::new();
        for &w in &touched {
            let inside: Vec<u32> =
                graph.servers_of(w).iter().filter_map(|v| position.get(&v).copied()).collect();
            let key = law.ways_key(graph.task_degree(w) as u64);
            if law.ways_by_key(inside.len() as u64, key).is_zero() {
                continue;
            }
            *types.entry((inside, key)).or_default() +=
                &units[&graph.task_degree(w)] * graph.weight(w);
        }
        Some(Self {
            servers,
            types: types.into_iter().map(|((inside, key), unit)| (inside, key, unit)).collect(),
            scale: scale(graph, &common, law),
            law,
        })
    }

    /// The ways to sample within j servers of a type with this key.
    pub(super) fn ways(&self, j: usize, key: u64) -> BigInt {
        self.law.ways_by_key(j as u64, key)
    }

    /// The law of the samples.
    pub(super) fn law(&self) -> SampleLaw {
        self.law
    }

    /// f(S) / scale.
    pub(super) fn sum(&self, inside: &[bool]) -> BigInt {
        let count = |positions: &[u32]| positions.iter().filter(|&&v| inside[v as usize]).count();
        self.types
            .iter()
            .map(|(positions, key, unit)| unit * self.ways(count(positions), *key))
            .sum()
    }

    /// |S| / f(S) from |S| and f(S) / scale > 0.
    pub(super) fn lambda(&self, size: usize, sum: &BigInt) -> Ratio {
        ratio::whole(size as u64) / (&self.scale * sum)
    }

    /// The names of positions.
    pub(super) fn named(&self, positions: impl Iterator<Item = usize>) -> Vec<u32> {
        positions.map(|at| self.servers[at]).collect()
    }
}

/// f(S) of one set, exact; `None` as for [`Work::of`].
pub(super) fn forced(graph: &BipartiteGraph, law: SampleLaw, set: &[u32]) -> Option<Ratio> {
    let mut inside = vec![0u32; graph.n_task_types() as usize];
    set.iter().for_each(|&v| graph.task_types_of(v).iter().for_each(|w| inside[w as usize] += 1));
    let touched = || (0..).zip(&inside).filter(|&(_, &count)| count > 0);
    let (common, units) = units(touched().map(|(w, _)| graph.task_degree(w)), law)?;
    // Types alike in both counts add up first: there are few such pairs.
    let mut alike: HashMap<(u32, usize), BigInt> = HashMap::new();
    for (w, &count) in touched() {
        *alike.entry((count, graph.task_degree(w))).or_default() += graph.weight(w);
    }
    let sum: BigInt = alike
        .iter()
        .map(|((count, degree), total)| {
            law.ways(u64::from(*count), *degree as u64) * &units[degree] * total
        })
        .sum();
    Some(scale(graph, &common, law) * sum)
}

/// f(S) of one set, exact, whatever the degrees.
pub(super) fn forced_by_terms(graph: &BipartiteGraph, law: SampleLaw, set: &[u32]) -> Ratio {
    forced(graph, law, set).unwrap_or_else(|| {
        let mut touched: Vec<u32> =
            set.iter().flat_map(|&v| graph.task_types_of(v).iter()).collect();
        touched.sort_unstable();
        let term = |same: &[u32]| {
            let degree = graph.task_degree(same[0]) as u64;
            law.all_within(same.len() as u64, degree) * graph.relative_rate(same[0])
        };
        touched.chunk_by(|a, b| a == b).map(term).sum::<Ratio>()
            * Ratio::new(graph.n_servers().into(), graph.n_task_types().into())
    })
}

/// The load of the busiest of the servers at lambda = 1 where each task type splits evenly, exact;
/// `None` as for [`Work::of`].
pub(super) fn busiest(
    graph: &BipartiteGraph,
    servers: impl Iterator<Item = u32>,
) -> Option<(Ratio, u32)> {
    // Servers with the same types' degrees and rates are alike, and often all are.
    let mut known: HashMap<Vec<(usize, u128)>, Ratio> = HashMap::new();
    let mut most: Option<(Ratio, u32)> = None;
    for v in servers {
        let mut around: Vec<_> = graph
            .task_types_of(v)
            .iter()
            .map(|w| (graph.task_degree(w), graph.weight(w)))
            .collect();
        around.sort_unstable();
        let load = match known.get(&around) {
            Some(load) => load,
            None => {
                let load = forced(graph, SampleLaw::Replacement(1), &[v])?;
                known.entry(around).or_insert(load)
            }
        };
        if most.as_ref().is_none_or(|(most, _)| load > most) {
            most = Some((load.clone(), v));
        }
    }
    most
}

/// The common multiple L of the denominators of g, and (L / denominator)^exponent for each degree.
fn units(
    degrees: impl Iterator<Item = usize>,
    law: SampleLaw,
) -> Option<(BigInt, HashMap<usize, BigInt>)> {
    let mut units: HashMap<usize, BigInt> =
        degrees.map(|degree| (degree, BigInt::zero())).collect();
    let mut common = BigInt::one();
    for &degree in units.keys() {
        common = common.lcm(&law.denominator(degree as u64));
        if common.bits() > MAX_BITS {
            return None;
        }
    }
    units.iter_mut().for_each(|(&degree, unit)| {
        *unit = Pow::pow(&common / law.denominator(degree as u64), law.exponent());
    });
    Some((common, units))
}

/// f(S) over the sum of weight times unit times ways: N / (total weight L^exponent).
fn scale(graph: &BipartiteGraph, common: &BigInt, law: SampleLaw) -> Ratio {
    let power: BigInt = Pow::pow(common.clone(), law.exponent());
    Ratio::new(graph.n_servers().into(), power * graph.total_weight())
}
