//! The parts of a system that know nothing of each other.
//!
//! The queues of different components are independent, and q_i is an average over servers: each
//! component is solved alone. Task types with the same servers are one stream of the sum of their
//! rates; those of rate 0 are left out.

use std::collections::HashMap;

use super::error::ExactError;
use crate::graph::{BipartiteGraph, Isolated, metrics};
use crate::model::{Model, ModelError};
use crate::num::ratio::{self, Ratio};
use crate::theory::stability::{CriticalLoad, StabilityError, critical_load_of};

/// More connected servers than this have more states than memory, at any cap.
pub(super) const MOST_SERVERS: u32 = 24;

/// Arrivals that can go to the same servers.
#[derive(Clone, Debug, PartialEq)]
struct Stream {
    /// One of the task types, for the model to name its servers.
    task_type: u32,
    /// Positions of the servers inside the component, ascending.
    servers: Vec<usize>,
    /// The sum of the weights of the task types: how many they are, where all rates are equal.
    weight: u128,
}

/// What components with the same law have in common: servers, streams, and a name of their own
/// where the policy has weights.
pub(super) type Shape = (usize, Vec<(Vec<usize>, u128)>, Option<u32>);

/// A connected component: servers that share tasks.
#[derive(Clone, Debug)]
pub(super) struct Component<'a> {
    model: &'a Model,
    servers: Vec<u32>,
    streams: Vec<Stream>,
    /// Queue lengths of all servers of the graph, to ask the model.
    lengths: Vec<u32>,
    /// The shares of each stream by the order of its servers' lengths, which is all that they
    /// usually depend on.
    shares: Vec<HashMap<Vec<u32>, Vec<f64>>>,
}

/// How near a component is to its critical load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nearness {
    /// By how much a level of the comparison may differ from server to server: the largest weight
    /// over the smallest where `jsq(all)` compares (length + 1) / weight, else 1.
    pub(super) spread: f64,
    /// lambda divided by the critical load, rounded upwards: every set S of servers is offered
    /// tasks that only S can serve at a rate of at most that times |S|.
    pub(super) above: f64,
    /// The same from below, for the bottleneck.
    below: f64,
    /// Servers of the bottleneck.
    bottleneck: usize,
}

impl Nearness {
    /// With any smaller cap the mean queue length is off by more than `tolerance`, or that much of
    /// it where it is above 1: known before any state is made.
    ///
    /// The tasks in the bottleneck S, s servers, are above a birth-death process with rates kappa s
    /// and s: at least k of them with probability kappa^k or more. A chain with cap B has at most s
    /// B there, and its mean queue length, at most B, lacks kappa^(s B + 1) / (n (1 - kappa)).
    pub(super) fn least_cap(&self, servers: usize, tolerance: f64) -> u32 {
        let (n, s, kappa) = (servers as f64, self.bottleneck as f64, self.below);
        let hopeless = |cap: u32| {
            let cap = f64::from(cap);
            // Half of what is lacking stays for what rounding does to the bounds.
            (s * cap + 1.0) * kappa.ln() - (n * (1.0 - kappa)).ln()
                > (2.0 * tolerance * cap.max(1.0)).ln()
        };
        let (mut low, mut high) = (0, u32::MAX);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if hopeless(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}

impl<'a> Component<'a> {
    /// All components that have a task type; the other servers are always empty.
    ///
    /// # Errors
    /// [`ExactError::TooManyStates`] where one has more servers than can be solved at any cap.
    pub(super) fn all(model: &'a Model, most: u64) -> Result<Vec<Self>, ExactError> {
        let graph = model.graph();
        if graph.is_implicit_complete() {
            refuse_many(graph.n_servers(), most)?;
        }
        let components = metrics::components(graph);
        let mut servers: Vec<Vec<u32>> = vec![Vec::new(); components.count as usize];
        (0..graph.n_servers())
            .for_each(|v| servers[components.of_server[v as usize] as usize].push(v));
        for of_one in &servers {
            refuse_many(of_one.len() as u32, most)?;
        }
        let mut streams: Vec<Vec<Stream>> = vec![Vec::new(); servers.len()];
        let mut seen: HashMap<(u32, Vec<usize>), usize> = HashMap::new();
        for task_type in (0..graph.n_task_types()).filter(|&w| graph.weight(w) > 0) {
            let component = components.of_task_type[task_type as usize];
            let inside = &servers[component as usize];
            let local: Vec<usize> = graph
                .servers_of(task_type)
                .iter()
                .map(|v| inside.partition_point(|&other| other < v))
                .collect();
            if local.is_empty() {
                continue;
            }
            let streams = &mut streams[component as usize];
            match seen.entry((component, local)) {
                std::collections::hash_map::Entry::Occupied(at) => {
                    streams[*at.get()].weight += graph.weight(task_type)
                }
                std::collections::hash_map::Entry::Vacant(free) => {
                    streams.push(Stream {
                        task_type,
                        servers: free.key().1.clone(),
                        weight: graph.weight(task_type),
                    });
                    free.insert(streams.len() - 1);
                }
            }
        }
        Ok(servers
            .into_iter()
            .zip(streams)
            .filter(|(_, streams)| !streams.is_empty())
            .map(|(servers, streams)| Self {
                model,
                servers,
                shares: vec![HashMap::new(); streams.len()],
                streams,
                lengths: vec![0; graph.n_servers() as usize],
            })
            .collect())
    }

    /// The servers of the component, ascending.
    pub(super) fn servers(&self) -> &[u32] {
        &self.servers
    }

    /// Servers of the component.
    pub(super) fn n_servers(&self) -> usize {
        self.servers.len()
    }

    /// Task types, those with the same servers counted once.
    pub(super) fn n_streams(&self) -> usize {
        self.streams.len()
    }

    /// What two components with the same law have in common.
    pub(super) fn shape(&self) -> Shape {
        let mut streams: Vec<_> =
            self.streams.iter().map(|stream| (stream.servers.clone(), stream.weight)).collect();
        streams.sort();
        // With weights every component is taken to be different.
        let name = self.model.weights().map(|_| self.servers[0]);
        (self.servers.len(), streams, name)
    }

    /// The rate of all tasks that join the component.
    pub(super) fn arrival_rate(&self) -> f64 {
        ratio::to_f64(&self.exact_arrival_rate())
    }

    fn exact_arrival_rate(&self) -> Ratio {
        let weight: u128 = self.streams.iter().map(|stream| stream.weight).sum();
        self.model.unit_rate() * Ratio::from_integer(weight.into())
    }

    /// d.
    pub(super) fn d(&self) -> u32 {
        self.model.d()
    }

    /// The rate at which tasks join each server in a state of the component, (4.12).
    pub(super) fn arrival_rates(&mut self, state: &[u32], rates: &mut [f64]) {
        rates.fill(0.0);
        let rate = ratio::to_f64(&self.model.unit_rate());
        for (stream, shares) in self.streams.iter().zip(&mut self.shares) {
            let mut values: Vec<u32> = stream.servers.iter().map(|&v| state[v]).collect();
            let of_servers = values.clone();
            values.sort_unstable();
            values.dedup();
            let by_order = self.model.policy().looks_at_order_only();
            let rank = |&length: &u32| match by_order {
                true => values.partition_point(|&other| other < length) as u32,
                false => length,
            };
            let order: Vec<u32> = of_servers.iter().map(rank).collect();
            let share = shares.entry(order).or_insert_with_key(|order| {
                stream
                    .servers
                    .iter()
                    .zip(order)
                    .for_each(|(&v, &length)| self.lengths[self.servers[v] as usize] = length);
                self.model
                    .assignment_f64(stream.task_type, &self.lengths)
                    .into_iter()
                    .map(|(_, share)| share)
                    .collect()
            });
            for (&v, share) in stream.servers.iter().zip(share) {
                rates[v] += rate * stream.weight as f64 * *share;
            }
        }
    }

    /// How near the component is to its critical load.
    ///
    /// # Errors
    /// [`ExactError::NoSteadyState`] where it has reached it.
    pub(super) fn nearness(&self) -> Result<Nearness, ExactError> {
        let graph = self.graph();
        let undecided = |source: StabilityError| match source {
            StabilityError::Policy(_) => {
                ExactError::NoCriticalLoad { policy: self.model.policy().to_string() }
            }
            source => {
                ExactError::Undecided { lambda: self.model.load().exact().to_string(), source }
            }
        };
        let critical = self.critical(&graph).map_err(undecided)?;
        // The load of the component's own graph that gives its task types their rate.
        let own = self.exact_arrival_rate() / ratio::whole(graph.n_servers().into());
        let scale: Ratio = self.model.load().exact() / &own;
        let names = |positions: &[u32]| {
            let servers: Vec<u32> = positions.iter().map(|&v| self.servers[v as usize]).collect();
            self.model.graph().first_server_names(&servers)
        };
        let (stable, text) = match &critical.exact {
            Some(exact) => {
                let whole = exact * &scale;
                let (fraction, decimal) =
                    (whole.to_string(), format!("{:.6}", ratio::to_f64(&whole)));
                (
                    own < *exact,
                    if fraction.len() <= 15 { format!("{fraction} = {decimal}") } else { decimal },
                )
            }
            None => (
                ratio::to_f64(&own) < critical.lower,
                format!("at most {:.6}", critical.upper * ratio::to_f64(&scale)),
            ),
        };
        if !stable {
            return Err(ExactError::NoSteadyState {
                lambda: self.model.load().exact().to_string(),
                critical: text,
                policy: self.model.policy().to_string(),
                bottleneck: names(&critical.bottleneck),
            });
        }
        let own = ratio::to_f64(&own);
        let (least, most) = match critical.exact.as_ref().map(ratio::to_f64) {
            Some(exact) => (exact, exact),
            None => (critical.lower, critical.upper),
        };
        Ok(Nearness {
            spread: self.spread(),
            above: own / least * (1.0 + 1e-12),
            below: own / most * (1.0 - 1e-12),
            bottleneck: critical.bottleneck.len(),
        })
    }

    fn spread(&self) -> f64 {
        let Some(weights) = self.model.weights() else { return 1.0 };
        if self.model.policy().joins_a_shortest() {
            return 1.0;
        }
        let own = || self.servers.iter().map(|&v| weights[v as usize]).filter(|&weight| weight > 0);
        let (least, most) = (own().min().unwrap_or(1), own().max().unwrap_or(1));
        (most as f64 / least as f64 * (1.0 + 1e-15)).max(1.0)
    }

    fn critical(&self, graph: &BipartiteGraph) -> Result<CriticalLoad, StabilityError> {
        let weights = self.model.weights().map(|weights| {
            self.servers.iter().map(|&v| ratio::whole(weights[v as usize])).collect()
        });
        let load = self.model.load().clone();
        let policy = self.model.policy().clone();
        match Model::with_policy(graph.clone(), load, policy, weights) {
            Ok(model) => critical_load_of(&model),
            Err(ModelError::Policy(error)) => Err(error.into()),
            Err(_) => Err(StabilityError::NoEdges),
        }
    }

    /// The component alone, its streams as task types; the rates are those of the streams.
    fn graph(&self) -> BipartiteGraph {
        let streams = || (0..).zip(&self.streams);
        let edges: Vec<(u32, u32)> = streams()
            .flat_map(|(w, stream)| stream.servers.iter().map(move |&v| (v as u32, w)))
            .collect();
        let rates: Vec<Ratio> =
            self.streams.iter().map(|stream| Ratio::from_integer(stream.weight.into())).collect();
        BipartiteGraph::from_edges(
            self.servers.len() as u32,
            self.streams.len() as u32,
            &edges,
            Isolated::Refuse,
        )
        .expect("a component has servers, and each stream different ones of them")
        .with_rates(&rates)
        .expect(
            "weights of streams are sums of weights of a graph, whose sum fits, and some \
                are positive",
        )
    }

    /// The permutations of the servers that leave the component as it is, the identity first; only
    /// that for many servers.
    pub(super) fn symmetries(&self) -> Vec<Vec<usize>> {
        let n = self.servers.len();
        let identity: Vec<usize> = (0..n).collect();
        if n > 6 || !self.model.policy().is_exchangeable() {
            return vec![identity];
        }
        let shape = self.shape();
        let mut all = Vec::new();
        permutations(&mut identity.clone(), 0, &mut |permutation| {
            let mut moved: Vec<(Vec<usize>, u128)> = shape
                .1
                .iter()
                .map(|(servers, weight)| {
                    let mut servers: Vec<usize> = servers.iter().map(|&v| permutation[v]).collect();
                    servers.sort_unstable();
                    (servers, *weight)
                })
                .collect();
            moved.sort();
            if moved == shape.1 {
                all.push(permutation.to_vec());
            }
        });
        all.sort();
        all
    }
}

fn permutations(items: &mut Vec<usize>, from: usize, visit: &mut impl FnMut(&[usize])) {
    if from == items.len() {
        return visit(items);
    }
    for i in from..items.len() {
        items.swap(from, i);
        permutations(items, from + 1, visit);
        items.swap(from, i);
    }
}

fn refuse_many(servers: u32, most: u64) -> Result<(), ExactError> {
    if servers <= MOST_SERVERS {
        return Ok(());
    }
    Err(ExactError::TooManyStates { servers, cap: 1, needed: format!("2^{servers}"), most })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cap_is_called_too_small_that_loses_little() {
        // M/M/1 with load r that loses tasks at B has (B + 1) r^(B + 1) / (1 - r^(B + 1)) tasks
        // less in the mean.
        let tolerance = 1e-9;
        for load in [0.1f64, 0.6, 0.8, 0.99, 0.9999] {
            let least = Nearness { spread: 1.0, above: load, below: load, bottleneck: 1 }
                .least_cap(1, tolerance);
            let lacks = |cap: u32| {
                let missing = load.powi(cap as i32 + 1);
                f64::from(cap + 1) * missing / (1.0 - missing)
            };
            let before = f64::from(least - 1);
            assert!(
                least == 1 || lacks(least - 1) > tolerance * before.max(1.0),
                "load {load}, cap {least}"
            );
            // Nor is it far from what is needed: twice the cap is plenty.
            assert!(lacks(2 * least + 2) < tolerance, "load {load}, cap {least}");
        }
    }
}
