//! Faults of the system that runs: its graph, its marks, its picker, its services, its coupled
//! copies.

use std::hash::{DefaultHasher, Hash, Hasher};

use num_traits::One;
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use super::Fault;
use crate::graph::{BipartiteGraph, Isolated};
use crate::model::{Event, Model};
use crate::num::ratio::Ratio;
use crate::random::Coins;
use crate::simulate::Queues;
use crate::simulate::marks::{Mark, MarkBlock, MarkStream, RandomMarks, first_shortest};
use crate::subject::{Reference, Subject};

/// Streams that change marks on their way.
struct Altered<F> {
    model: Model,
    source: RandomMarks,
    plain: MarkBlock,
    rng: ChaCha8Rng,
    alter: F,
}

impl<F: FnMut(&Model, Mark<'_>, &mut ChaCha8Rng, &mut MarkBlock) + Send> MarkStream for Altered<F> {
    fn fill(&mut self, block: &mut MarkBlock, count: usize) {
        self.plain.clear();
        self.source.fill(&mut self.plain, count);
        for mark in self.plain.iter() {
            (self.alter)(&self.model, mark, &mut self.rng, block);
        }
    }
}

impl Fault {
    /// Whether the system that runs is another one: its graph, marks, picker, services or coupled
    /// copies. No other fault moves what a path shows.
    pub fn changes_the_system(&self) -> bool {
        matches!(
            self,
            Self::SamplingWithoutReplacement
                | Self::OneSampleLess
                | Self::OneSampleMore
                | Self::TiesToLowest
                | Self::JoinLongest
                | Self::ServiceNotCounted
                | Self::StaleLengths
                | Self::ClashTakesNext
                | Self::TwoShortestCoin
                | Self::ComparedWithItself
                | Self::NeverReturns
                | Self::SampledFromBelow
                | Self::SampledFromEverywhere
                | Self::SlowService
                | Self::IdleServersServe
                | Self::ArrivalRateInverted
                | Self::ArrivalsByDegree
                | Self::RatesIgnored
                | Self::AliasSidesSwapped
                | Self::MissingEdge
                | Self::LastServerNeverServed
                | Self::GhostDepartures
                | Self::DroppedArrivals
                | Self::StrandedQueue
                | Self::ReusedStream
                | Self::SeededAlike
                | Self::SeedsByWorker
                | Self::IndependentTieCoins
                | Self::FirstAndLastMinimiser
                | Self::DeparturesNotCoupled
                | Self::IndependentSystems
        )
    }

    /// The model with one sample more for that fault, for parts that sample by themselves.
    pub(super) fn with_its_choices(&self, model: &Model) -> Model {
        let more = (*self == Self::OneSampleMore).then(|| {
            Model::with_load(model.graph().clone(), model.load().clone(), model.d() + 1).ok()
        });
        more.flatten().unwrap_or_else(|| model.clone())
    }

    fn altered(
        model: &Model,
        seed: u64,
        replication: u64,
        alter: impl FnMut(&Model, Mark<'_>, &mut ChaCha8Rng, &mut MarkBlock) + Send + 'static,
    ) -> Box<dyn MarkStream> {
        Box::new(Altered {
            model: model.clone(),
            source: RandomMarks::new(model, crate::random::stream_rng(seed, replication)),
            plain: MarkBlock::new(model.d()),
            rng: crate::random::coin_rng(seed, replication),
            alter,
        })
    }
}

/// The most edges of a graph from which [`Fault::MissingEdge`] takes one.
const MOST_EDGES_TO_LOSE_ONE: u64 = 100_000;

/// How far [`Fault::IdleServersServe`] looks for a busy server: in a system of 10^5 with hardly a
/// task it would look for ever.
const FAR: u32 = 100;

/// The shortest two of `servers`, of equal ones the first.
fn two_shortest(servers: impl Iterator<Item = u32>, lengths: &[u32]) -> [Option<u32>; 2] {
    let length = |v: u32| lengths[v as usize];
    let (mut first, mut second): (Option<u32>, Option<u32>) = (None, None);
    for v in servers {
        if first.is_none_or(|first| length(v) < length(first)) {
            (first, second) = (Some(v), first);
        } else if second.is_none_or(|second| length(v) < length(second)) {
            second = Some(v);
        }
        // Idle ones cannot be beaten.
        if second.is_some_and(|second| length(second) == 0) {
            break;
        }
    }
    [first, second]
}

/// `n` distinct positions of `0..of`, uniformly.
fn distinct(rng: &mut Coins, of: usize, n: usize) -> Vec<usize> {
    let mut positions: Vec<usize> = Vec::with_capacity(n);
    while positions.len() < n.min(of) {
        let position = rng.random_range(0..of);
        if !positions.contains(&position) {
            positions.push(position);
        }
    }
    positions
}

/// One of `samples` among those that `better` cannot improve, the first.
fn best(samples: &[u32], better: impl Fn(u32, u32) -> bool) -> u32 {
    let mut best = samples[0];
    for &sample in &samples[1..] {
        if better(sample, best) {
            best = sample;
        }
    }
    best
}

impl Subject for Fault {
    fn name(&self) -> String {
        self.id().to_owned()
    }

    fn system(&self, model: &Model) -> Model {
        let graph = model.graph();
        if *self == Self::SampledFromEverywhere {
            let complete = BipartiteGraph::complete(graph.n_servers(), graph.n_task_types()).ok();
            let everywhere = complete.and_then(|all| {
                Model::with_load(all.with_rates_of(graph), model.load().clone(), model.d()).ok()
            });
            return everywhere.unwrap_or_else(|| model.clone());
        }
        if *self == Self::RatesIgnored && graph.rates().is_some() {
            let equal =
                graph.clone().with_rates(&vec![Ratio::one(); graph.n_task_types() as usize]).ok();
            return equal
                .and_then(|graph| Model::with_load(graph, model.load().clone(), model.d()).ok())
                .unwrap_or_else(|| model.clone());
        }
        // To list the edges of a large graph for each path costs more than the path, and no path
        // shows one of so many.
        if *self != Self::MissingEdge || graph.n_edges() > MOST_EDGES_TO_LOSE_ONE {
            return model.clone();
        }
        let edges: Vec<_> = graph.iter_edges().collect();
        // The first edge whose loss leaves no task type without a server.
        let lost = edges.iter().position(|&(_, w)| graph.task_degree(w) > 1);
        let kept: Vec<_> =
            edges.iter().enumerate().filter(|&(i, _)| Some(i) != lost).map(|(_, &e)| e).collect();
        BipartiteGraph::from_edges(graph.n_servers(), graph.n_task_types(), &kept, Isolated::Drop)
            .ok()
            .and_then(|less| {
                Model::with_load(less.with_rates_of(graph), model.load().clone(), model.d()).ok()
            })
            .unwrap_or_else(|| model.clone())
    }

    fn marks(&self, model: &Model, seed: u64, replication: u64) -> Box<dyn MarkStream> {
        match self {
            Self::ReusedStream => Reference.marks(model, seed, 0),
            Self::SlowService => {
                Self::altered(model, seed, replication, |model, mark, rng, block| {
                    // One service mark in twenty becomes the mark of an arrival with its rate: the
                    // ratio of the rates is what a path shows.
                    let to_arrival = matches!(mark, Mark::Service { .. })
                        && rng.random_bool(slow_share(model.lambda()));
                    if to_arrival {
                        push_arrival(model, rng, block);
                    } else {
                        block.push(mark);
                    }
                })
            }
            Self::ArrivalRateInverted => {
                Self::altered(model, seed, replication, |model, mark, rng, block| {
                    let (n, m) = (
                        f64::from(model.graph().n_servers()),
                        f64::from(model.graph().n_task_types()),
                    );
                    // Total arrival rate lambda M^2 / N against services at rate N.
                    let arrivals = model.lambda() * m * m / n;
                    if rng.random_bool(arrivals / (arrivals + n)) {
                        push_arrival(model, rng, block);
                    } else if let Mark::Service { server } = mark {
                        block.push(Mark::Service { server });
                    } else {
                        block.push(Mark::Service {
                            server: rng.random_range(0..model.graph().n_servers()),
                        });
                    }
                })
            }
            Self::ArrivalsByDegree => {
                let graph = model.graph();
                let most = (0..graph.n_task_types())
                    .map(|w| graph.task_degree(w))
                    .max()
                    .unwrap_or(1)
                    .max(1);
                Self::altered(model, seed, replication, move |model, mark, rng, block| match mark {
                    Mark::Arrival { .. } => {
                        let graph = model.graph();
                        // A uniform edge: the type comes up in proportion to its degree.
                        let task_type = loop {
                            let w = rng.random_range(0..graph.n_task_types());
                            if rng.random_range(0..most) < graph.task_degree(w) {
                                break w;
                            }
                        };
                        push_samples(model, task_type, rng, block);
                    }
                    mark => block.push(mark),
                })
            }
            Self::SeededAlike => {
                Self::altered(model, seed, replication, |model, mark, rng, block| match mark {
                    Mark::Arrival { task_type, samples } if !samples.is_empty() => {
                        let servers = model.graph().servers_of(task_type);
                        // The place of the type among M and that of the first sample among N_w come
                        // from one number.
                        let u = (f64::from(task_type) + rng.random::<f64>())
                            / f64::from(model.graph().n_task_types());
                        let mut alike = samples.to_vec();
                        alike[0] = servers
                            .at(((u * servers.len() as f64) as usize).min(servers.len() - 1));
                        block.push(Mark::Arrival { task_type, samples: &alike });
                    }
                    mark => block.push(mark),
                })
            }
            Self::AliasSidesSwapped => {
                let right = RandomMarks::new(model, crate::random::stream_rng(seed, replication));
                match model.types() {
                    Some(types) => Box::new(right.with_types(types.swapped())),
                    None => Box::new(right),
                }
            }
            Self::SeedsByWorker => {
                let mut hasher = DefaultHasher::new();
                std::thread::current().id().hash(&mut hasher);
                Reference.marks(model, seed ^ hasher.finish(), replication)
            }
            _ => Reference.marks(model, seed, replication),
        }
    }

    fn pick(
        &self,
        model: &Model,
        task_type: u32,
        samples: &[u32],
        lengths: &[u32],
        rng: &mut Coins,
    ) -> u32 {
        let length = |v: u32| lengths[v as usize];
        let servers = model.graph().servers_of(task_type);
        match self {
            Self::SamplingWithoutReplacement => {
                let drawn: Vec<u32> = distinct(rng, servers.len(), samples.len())
                    .into_iter()
                    .map(|i| servers.at(i))
                    .collect();
                first_shortest(&drawn, lengths)
            }
            Self::OneSampleLess => {
                first_shortest(&samples[..samples.len().saturating_sub(1).max(1)], lengths)
            }
            Self::OneSampleMore => {
                let mut drawn = samples.to_vec();
                drawn.push(servers.at(rng.random_range(0..servers.len())));
                first_shortest(&drawn, lengths)
            }
            Self::ComparedWithItself => samples[0],
            Self::NeverReturns => {
                let mut drawn: Vec<u32> = Vec::with_capacity(samples.len());
                while drawn.len() < samples.len() {
                    let server = servers.at(rng.random_range(0..servers.len()));
                    if !drawn.contains(&server) {
                        drawn.push(server);
                    }
                }
                first_shortest(&drawn, lengths)
            }
            Self::SampledFromBelow if servers.len() == 1 => rng.random_range(0..=servers.at(0)),
            Self::TiesToLowest => best(samples, |a, b| (length(a), a) < (length(b), b)),
            Self::JoinLongest => best(samples, |a, b| length(a) > length(b)),
            Self::ServiceNotCounted => {
                best(samples, |a, b| length(a).saturating_sub(1) < length(b).saturating_sub(1))
            }
            Self::StaleLengths => {
                // The highest server sampled is judged as if it still were empty.
                let stale = samples.iter().copied().max();
                let seen = |v: u32| if Some(v) == stale { 0 } else { length(v) };
                best(samples, |a, b| seen(a) < seen(b))
            }
            Self::ClashTakesNext => {
                let mut drawn = samples.to_vec();
                if drawn.len() > 1 && drawn[0] == drawn[1] {
                    let at = servers.iter().position(|v| v == drawn[0]).unwrap_or(0);
                    drawn[1] = servers.at((at + 1) % servers.len());
                }
                first_shortest(&drawn, lengths)
            }
            Self::TwoShortestCoin => {
                // From anywhere on, so that the first idle ones are near also where there are 10^5
                // servers.
                let (n, from) = (servers.len(), rng.random_range(0..servers.len()));
                let shortest =
                    two_shortest((from..n).chain(0..from).map(|i| servers.at(i)), lengths);
                shortest[rng.random_range(0..n.min(2))].unwrap_or(samples[0])
            }
            Self::IndependentTieCoins => {
                let least = length(first_shortest(samples, lengths));
                let tied: Vec<u32> =
                    samples.iter().copied().filter(|&v| length(v) == least).collect();
                tied[rng.random_range(0..tied.len())]
            }
            _ => first_shortest(samples, lengths),
        }
    }

    fn is_function_of_marks(&self) -> bool {
        // Independent coins count as one here: a coupling must find out.
        !matches!(
            self,
            Self::SamplingWithoutReplacement
                | Self::OneSampleMore
                | Self::TwoShortestCoin
                | Self::NeverReturns
                | Self::SampledFromBelow
                | Self::SampledFromEverywhere
        )
    }

    fn apply(&self, model: &Model, queues: &mut Queues, mark: Mark<'_>, rng: &mut Coins) -> Event {
        match (self, mark) {
            (_, Mark::Arrival { task_type, samples }) if !samples.is_empty() => {
                let server = self.pick(model, task_type, samples, queues.lengths(), rng);
                if *self != Self::DroppedArrivals || queues.lengths()[server as usize] < 3 {
                    queues.join(server);
                }
                Event::Arrival { task_type, server }
            }
            (Self::LastServerNeverServed, Mark::Service { server })
                if server + 1 == model.graph().n_servers() =>
            {
                Event::Service { server: 0 }
            }
            (Self::StrandedQueue, Mark::Service { server })
                if queues.lengths()[server as usize] >= 3 =>
            {
                let server = (server + 1) % model.graph().n_servers();
                queues.serve(server);
                Event::Service { server }
            }
            (Self::GhostDepartures, Mark::Service { server })
                if queues.lengths()[server as usize] == 0 =>
            {
                queues.join(server);
                queues.serve(server);
                Event::Service { server }
            }
            (Self::IdleServersServe, Mark::Service { server }) => {
                let n = model.graph().n_servers();
                let busy = (0..n.min(FAR))
                    .map(|i| (server + i) % n)
                    .find(|&v| queues.lengths()[v as usize] > 0);
                let server = busy.unwrap_or(server);
                queues.serve(server);
                Event::Service { server }
            }
            (_, mark) => queues.apply(mark),
        }
    }

    fn couple(
        &self,
        model: &Model,
        lower: &mut Queues,
        upper: &mut Queues,
        mark: Mark<'_>,
        rng: &mut Coins,
    ) {
        match (self, mark) {
            (Self::FirstAndLastMinimiser, Mark::Arrival { samples, .. }) if !samples.is_empty() => {
                lower.join(first_shortest(samples, lower.lengths()));
                let reversed: Vec<u32> = samples.iter().rev().copied().collect();
                upper.join(first_shortest(&reversed, upper.lengths()));
            }
            (Self::DeparturesNotCoupled | Self::IndependentSystems, Mark::Service { server }) => {
                lower.serve(server);
                upper.serve(rng.random_range(0..model.graph().n_servers()));
            }
            (Self::IndependentSystems, Mark::Arrival { samples, .. }) if !samples.is_empty() => {
                lower.join(first_shortest(samples, lower.lengths()));
                let task_type = random_type(model, rng);
                let servers = model.graph().servers_of(task_type);
                if !servers.is_empty() {
                    let drawn: Vec<u32> = (0..samples.len())
                        .map(|_| servers.at(rng.random_range(0..servers.len())))
                        .collect();
                    upper.join(first_shortest(&drawn, upper.lengths()));
                }
            }
            (_, mark) => {
                self.apply(model, lower, mark, rng);
                self.apply(model, upper, mark, rng);
            }
        }
    }
}

/// The share of service marks to turn into arrivals, so that arrivals and services come at lambda :
/// 0.95.
fn slow_share(lambda: f64) -> f64 {
    1.0 - 0.95 * (1.0 + lambda) / (0.95 + lambda)
}

fn random_type(model: &Model, rng: &mut impl Rng) -> u32 {
    match model.types() {
        Some(types) => types.draw(rng),
        None => rng.random_range(0..model.graph().n_task_types()),
    }
}

fn push_arrival(model: &Model, rng: &mut ChaCha8Rng, block: &mut MarkBlock) {
    let task_type = random_type(model, rng);
    push_samples(model, task_type, rng, block);
}

fn push_samples(model: &Model, task_type: u32, rng: &mut ChaCha8Rng, block: &mut MarkBlock) {
    let mut samples = Vec::new();
    crate::simulate::marks::draw_samples(
        rng,
        model.graph().servers_of(task_type),
        model.d(),
        &mut samples,
    );
    block.push(Mark::Arrival { task_type, samples: &samples });
}
