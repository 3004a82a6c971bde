//! The wrong models, each a subject, with what it gets wrong.
//!
//! A fault is one small wrong part in the right pipeline. Every claim lists those that it must reject
//! ([`crate::claims::Claim::rejects`]), and a test proves every pair; the reference model passes under
//! the same budget.
//!
//! # Source
//! The errors of the printed text, and those seen in public simulators and balancers.

use num_traits::{One, Zero};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::coupling::{CoupledSimulation, Coupling, CouplingError, Interval};
use crate::estimate::{EstimateError, Options, SteadyState, Transient};
use crate::graph::format::{Format, FormatError};
use crate::graph::generate::{GenerateError, Norm, Sites};
use crate::graph::{BipartiteGraph, Isolated};
use crate::marks::{Mark, MarkBlock, MarkStream, RandomMarks, first_shortest};
use crate::meanfield::{OdeError, Start, Trajectory};
use crate::model::{Event, Model};
use crate::oracle::{Oracle, OracleError};
use crate::ratio::{self, Ratio};
use crate::simulate::{Queues, SimulateError};
use crate::stats::betting::MeanTest;
use crate::subject::{Reference, Subject};

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal,)+) => {
        /// A wrong model.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &[Fault] = &[$(Fault::$name,)+];

            /// The name that reports use.
            pub fn id(&self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }
        }
    };
}

faults! {
    /// The d samples are distinct servers.
    SamplingWithoutReplacement = "sampling-without-replacement",
    /// d - 1 samples (at least one).
    OneSampleLess = "one-sample-less",
    /// d + 1 samples.
    OneSampleMore = "one-sample-more",
    /// Ties go to the lowest index (herding).
    TiesToLowest = "ties-to-lowest",
    /// The longest of the samples gets the task.
    JoinLongest = "join-longest",
    /// Lengths are compared without the task in service.
    ServiceNotCounted = "service-not-counted",
    /// Lengths are compared as they were before the last change of the server with the highest index sampled.
    StaleLengths = "stale-lengths",
    /// On a clash of the two samples the next server is taken.
    ClashTakesNext = "clash-takes-next",
    /// All servers are scanned, and a coin decides between the two shortest.
    TwoShortestCoin = "two-shortest-coin",
    /// Services happen at rate 0.95.
    SlowService = "slow-service",
    /// The clock of an idle server serves the next busy one.
    IdleServersServe = "idle-servers-serve",
    /// Arrivals at rate lambda M / N.
    ArrivalRateInverted = "arrival-rate-inverted",
    /// Task types arrive in proportion to their degrees.
    ArrivalsByDegree = "arrivals-by-degree",
    /// One edge of the graph is missing.
    MissingEdge = "missing-edge",
    /// The last server is never served.
    LastServerNeverServed = "last-server-never-served",
    /// The clock of an idle server counts as an arrival and a departure.
    GhostDepartures = "ghost-departures",
    /// Tasks that would join a queue of three or more vanish, but are reported as arrivals.
    DroppedArrivals = "dropped-arrivals",
    /// One stream of marks for all replications.
    ReusedStream = "reused-stream",
    /// The occupancy counts queues longer than i where it should count those of at least i.
    OccupancyOffByOne = "occupancy-off-by-one",
    /// The transition rates use d - 1 samples.
    RatesOneSampleLess = "rates-one-sample-less",
    /// Distances of a geometric graph are measured on the cube: the torus does not wrap around.
    TorusWithoutWrap = "torus-without-wrap",
    /// A half-edge matching whose surplus copies of an edge are left out, so that degrees fall short.
    MultiEdgesErased = "multi-edges-erased",
    /// A test of regularity that looks at global degrees only.
    RegularityByGlobalDegrees = "regularity-by-global-degrees",
    /// rho with d_v in place of d_w.
    RhoWithServerDegrees = "rho-with-server-degrees",
    /// rho replaced by lambda.
    RhoReplacedByLambda = "rho-replaced-by-lambda",
    /// phi with d_v in place of d_w.
    PhiWithServerDegrees = "phi-with-server-degrees",
    /// phi with M and N swapped.
    PhiWithSidesSwapped = "phi-with-sides-swapped",
    /// gamma averages 1 / d_v over servers.
    GammaOfServers = "gamma-of-servers",
    /// rho(G) < 1 reported as necessary for ergodicity.
    RhoNecessary = "rho-necessary",
    /// Lemma 4.4 without the order of its two pairs.
    PairsNotOrdered = "pairs-not-ordered",
    /// Lemma C.1 with a constant below the sharp one.
    LipschitzTooSmall = "lipschitz-too-small",
    /// The divided difference with d + 1 terms.
    DividedDifferenceShifted = "divided-difference-shifted",
    /// The dual solution of (4.23) without its truncation at 0.
    DualNotTruncated = "dual-not-truncated",
    /// Constants of the inequalities of (4.46) and (4.48) below the maxima of their left sides.
    LogarithmConstantsTooSmall = "logarithm-constants-too-small",
    /// (4.49) without the factor 2 for its two tails.
    ChernoffOneSided = "chernoff-one-sided",
    /// The shared mass of (4.13) is the product, not the minimum.
    ProductInsteadOfMinimum = "product-instead-of-minimum",
    /// Two coupled systems break ties by coins of their own.
    IndependentTieCoins = "independent-tie-coins",
    /// The tie goes to the first sample in one system and to the last in the other.
    FirstAndLastMinimiser = "first-and-last-minimiser",
    /// Arrivals are coupled, departures are not.
    DeparturesNotCoupled = "departures-not-coupled",
    /// The two systems are driven by independent randomness.
    IndependentSystems = "independent-systems",
    /// q*_i with exponent (d i - 1) / (d - 1), as printed in Corollary 3.4.
    FixedPointAsPrinted = "fixed-point-as-printed",
    /// q*_i with the exponent of i + 1.
    FixedPointShifted = "fixed-point-shifted",
    /// q* for d + 1 samples.
    FixedPointOneChoiceMore = "fixed-point-one-choice-more",
    /// (3.5) without its departure term.
    DroppedDepartures = "dropped-departures",
    /// A clock that runs 2 % slow.
    SlowClock = "slow-clock",
    /// A symmetric matrix is read as if it were general: the mirrored edges are missing.
    SymmetricNotExpanded = "symmetric-not-expanded",
    /// A test that may be tried eight times: its threshold is that of eight times its error probability.
    RetriedTest = "retried-test",
    /// The moment bound rho^(i + 1).
    MomentBoundShifted = "moment-bound-shifted",
    /// theta = 1 / (2 rho0 d) in the proof of Theorem 3.8, not capped by rho0.
    MixingThetaNotCapped = "mixing-theta-not-capped",
    /// t = sqrt(ln(1/eta)) in (4.46), without 2 c3, as the first step of (4.47) reads.
    ComparisonTimeAsPrinted = "comparison-time-as-printed",
}

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
    /// The model with one sample more for that fault, for parts that sample by themselves.
    fn with_its_choices(&self, model: &Model) -> Model {
        let more = (*self == Self::OneSampleMore)
            .then(|| Model::with_load(model.graph().clone(), model.load().clone(), model.d() + 1).ok());
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
            source: RandomMarks::new(model, crate::randomness::stream_rng(seed, replication)),
            plain: MarkBlock::new(model.d()),
            rng: crate::randomness::coin_rng(seed, replication),
            alter,
        })
    }
}

/// `n` distinct positions of `0..of`, uniformly.
fn distinct(rng: &mut ChaCha8Rng, of: usize, n: usize) -> Vec<usize> {
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
        if *self != Self::MissingEdge {
            return model.clone();
        }
        let graph = model.graph();
        let edges: Vec<_> = graph.iter_edges().collect();
        // The first edge whose loss leaves no task type without a server.
        let lost = edges.iter().position(|&(_, w)| graph.task_degree(w) > 1);
        let kept: Vec<_> = edges.iter().enumerate().filter(|&(i, _)| Some(i) != lost).map(|(_, &e)| e).collect();
        BipartiteGraph::from_edges(graph.n_servers(), graph.n_task_types(), &kept, Isolated::Drop)
            .ok()
            .and_then(|graph| Model::with_load(graph, model.load().clone(), model.d()).ok())
            .unwrap_or_else(|| model.clone())
    }

    fn marks(&self, model: &Model, seed: u64, replication: u64) -> Box<dyn MarkStream> {
        match self {
            Self::ReusedStream => Reference.marks(model, seed, 0),
            Self::SlowService => Self::altered(model, seed, replication, |model, mark, rng, block| {
                // One service mark in twenty becomes the mark of an arrival with its rate: the ratio of the rates is what a path shows.
                let to_arrival = matches!(mark, Mark::Service { .. }) && rng.random_bool(slow_share(model.lambda()));
                if to_arrival {
                    push_arrival(model, rng, block);
                } else {
                    block.push(mark);
                }
            }),
            Self::ArrivalRateInverted => Self::altered(model, seed, replication, |model, mark, rng, block| {
                let (n, m) = (f64::from(model.graph().n_servers()), f64::from(model.graph().n_task_types()));
                // Total arrival rate lambda M^2 / N against services at rate N.
                let arrivals = model.lambda() * m * m / n;
                if rng.random_bool(arrivals / (arrivals + n)) {
                    push_arrival(model, rng, block);
                } else if let Mark::Service { server } = mark {
                    block.push(Mark::Service { server });
                } else {
                    block.push(Mark::Service { server: rng.random_range(0..model.graph().n_servers()) });
                }
            }),
            Self::ArrivalsByDegree => Self::altered(model, seed, replication, |model, mark, rng, block| match mark {
                Mark::Arrival { .. } => {
                    let graph = model.graph();
                    // A uniform edge: the type comes up in proportion to its degree.
                    let most = (0..graph.n_task_types()).map(|w| graph.task_degree(w)).max().unwrap_or(1).max(1);
                    let task_type = loop {
                        let w = rng.random_range(0..graph.n_task_types());
                        if rng.random_range(0..most) < graph.task_degree(w) {
                            break w;
                        }
                    };
                    push_samples(model, task_type, rng, block);
                }
                mark => block.push(mark),
            }),
            _ => Reference.marks(model, seed, replication),
        }
    }

    fn pick(&self, model: &Model, task_type: u32, samples: &[u32], lengths: &[u32], rng: &mut ChaCha8Rng) -> u32 {
        let length = |v: u32| lengths[v as usize];
        let servers = model.graph().servers_of(task_type);
        match self {
            Self::SamplingWithoutReplacement => {
                let drawn: Vec<u32> = distinct(rng, servers.len(), samples.len()).into_iter().map(|i| servers.at(i)).collect();
                first_shortest(&drawn, lengths)
            }
            Self::OneSampleLess => first_shortest(&samples[..samples.len().saturating_sub(1).max(1)], lengths),
            Self::OneSampleMore => {
                let mut drawn = samples.to_vec();
                drawn.push(servers.at(rng.random_range(0..servers.len())));
                first_shortest(&drawn, lengths)
            }
            Self::TiesToLowest => best(samples, |a, b| (length(a), a) < (length(b), b)),
            Self::JoinLongest => best(samples, |a, b| length(a) > length(b)),
            Self::ServiceNotCounted => best(samples, |a, b| length(a).saturating_sub(1) < length(b).saturating_sub(1)),
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
                let mut all: Vec<u32> = servers.iter().collect();
                all.sort_by_key(|&v| length(v));
                all[rng.random_range(0..all.len().min(2))]
            }
            Self::IndependentTieCoins => {
                let least = length(first_shortest(samples, lengths));
                let tied: Vec<u32> = samples.iter().copied().filter(|&v| length(v) == least).collect();
                tied[rng.random_range(0..tied.len())]
            }
            _ => first_shortest(samples, lengths),
        }
    }

    fn is_function_of_marks(&self) -> bool {
        // Independent coins count as one here: a coupling must find out.
        !matches!(self, Self::SamplingWithoutReplacement | Self::OneSampleMore | Self::TwoShortestCoin)
    }

    fn apply(&self, model: &Model, queues: &mut Queues, mark: Mark<'_>, rng: &mut ChaCha8Rng) -> Event {
        match (self, mark) {
            (_, Mark::Arrival { task_type, samples }) if !samples.is_empty() => {
                let server = self.pick(model, task_type, samples, queues.lengths(), rng);
                if *self != Self::DroppedArrivals || queues.lengths()[server as usize] < 3 {
                    queues.join(server);
                }
                Event::Arrival { task_type, server }
            }
            (Self::LastServerNeverServed, Mark::Service { server }) if server + 1 == model.graph().n_servers() => {
                Event::Service { server: 0 }
            }
            (Self::GhostDepartures, Mark::Service { server }) if queues.lengths()[server as usize] == 0 => {
                queues.join(server);
                queues.serve(server);
                Event::Service { server }
            }
            (Self::IdleServersServe, Mark::Service { server }) => {
                let n = model.graph().n_servers();
                let busy = (0..n).map(|i| (server + i) % n).find(|&v| queues.lengths()[v as usize] > 0);
                let server = busy.unwrap_or(server);
                queues.serve(server);
                Event::Service { server }
            }
            (_, mark) => queues.apply(mark),
        }
    }

    fn couple(&self, model: &Model, lower: &mut Queues, upper: &mut Queues, mark: Mark<'_>, rng: &mut ChaCha8Rng) {
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
                let task_type = rng.random_range(0..model.graph().n_task_types());
                let servers = model.graph().servers_of(task_type);
                if !servers.is_empty() {
                    let drawn: Vec<u32> = (0..samples.len()).map(|_| servers.at(rng.random_range(0..servers.len()))).collect();
                    upper.join(first_shortest(&drawn, upper.lengths()));
                }
            }
            (_, mark) => {
                self.apply(model, lower, mark, rng);
                self.apply(model, upper, mark, rng);
            }
        }
    }

    fn shared_mass(&self, model: &Model, task_type: u32, lower: &[u32], upper: &[u32]) -> Vec<Interval> {
        if *self != Self::ProductInsteadOfMinimum {
            return Reference.shared_mass(model, task_type, lower, upper);
        }
        // Two independent choices: mass p1 p2 for every pair of servers.
        let (first, second) = (model.assignment(task_type, lower), model.assignment(task_type, upper));
        let mut from = Ratio::zero();
        let mut intervals = Vec::new();
        for (server1, p1) in &first {
            for (server2, p2) in &second {
                let to = &from + p1 * p2;
                intervals.push(Interval { from: from.clone(), to: to.clone(), server1: *server1, server2: *server2 });
                from = to;
            }
        }
        intervals
    }

    fn rho(&self, model: &Model) -> Ratio {
        let graph = model.graph();
        match self {
            Self::RhoReplacedByLambda => model.load().exact().clone(),
            Self::RhoWithServerDegrees => {
                let rate = model.arrival_rate();
                // sum over N_v of 1 / d_v is 1 for every server with a task type.
                if graph.n_edges() > 0 { rate } else { Ratio::zero() }
            }
            _ => Reference.rho(model),
        }
    }

    fn phi(&self, graph: &BipartiteGraph) -> Ratio {
        let scale = Ratio::new(graph.n_servers().into(), graph.n_task_types().into());
        let largest_deviation = |load: &dyn Fn(u32) -> Ratio, scale: &Ratio| {
            (0..graph.n_servers())
                .map(|v| {
                    let deviation = scale * load(v) - Ratio::one();
                    if deviation < Ratio::zero() { -deviation } else { deviation }
                })
                .max()
                .unwrap_or_else(Ratio::zero)
        };
        match self {
            Self::PhiWithServerDegrees => {
                largest_deviation(&|v| if graph.server_degree(v) > 0 { Ratio::one() } else { Ratio::zero() }, &scale)
            }
            Self::PhiWithSidesSwapped => largest_deviation(
                &|v| graph.task_types_of(v).iter().map(|w| ratio::whole(graph.task_degree(w) as u64).recip()).sum(),
                &scale.recip(),
            ),
            _ => Reference.phi(graph),
        }
    }

    fn gamma(&self, graph: &BipartiteGraph) -> Ratio {
        if *self != Self::GammaOfServers {
            return Reference.gamma(graph);
        }
        let sum: Ratio = (0..graph.n_servers())
            .filter(|&v| graph.server_degree(v) > 0)
            .map(|v| ratio::whole(graph.server_degree(v) as u64).recip())
            .sum();
        sum / ratio::whole(graph.n_servers().into())
    }

    fn is_regular(&self, graph: &BipartiteGraph) -> bool {
        if *self != Self::RegularityByGlobalDegrees {
            return Reference.is_regular(graph);
        }
        let same = |mut degrees: Box<dyn Iterator<Item = usize> + '_>| {
            let first = degrees.next();
            degrees.all(|degree| Some(degree) == first)
        };
        same(Box::new((0..graph.n_servers()).map(|v| graph.server_degree(v))))
            && same(Box::new((0..graph.n_task_types()).map(|w| graph.task_degree(w))))
    }

    fn geometric(&self, sites: &Sites, radius: f64, norm: Norm) -> Result<BipartiteGraph, GenerateError> {
        if *self != Self::TorusWithoutWrap {
            return Reference.geometric(sites, radius, norm);
        }
        let p = norm.p();
        let apart = |v: u32, w: u32| {
            let along = sites.server(v).iter().zip(sites.task_type(w)).map(|(x, y)| (x - y).abs());
            if p.is_infinite() { along.fold(0.0, f64::max) } else { along.map(|t| t.powf(p)).sum::<f64>().powf(p.recip()) }
        };
        let (n, m) = (sites.n_servers(), sites.n_task_types());
        let edges: Vec<_> = (0..n).flat_map(|v| (0..m).map(move |w| (v, w))).filter(|&(v, w)| apart(v, w) <= radius).collect();
        Ok(BipartiteGraph::from_edges(n, m, &edges, Isolated::Drop)?)
    }

    fn random_regular(&self, n: u32, m: u32, k: u32, seed: u64) -> Result<BipartiteGraph, GenerateError> {
        let graph = Reference.random_regular(n, m, k, seed)?;
        if *self != Self::MultiEdgesErased || n == 0 || m == 0 {
            return Ok(graph);
        }
        // A fresh matching of half-edges, the second copy of an edge forgotten.
        let mut rng = crate::randomness::stream_rng(seed, 0);
        let mut types: Vec<u32> = (0..u64::from(n) * u64::from(k)).map(|i| (i % u64::from(m)) as u32).collect();
        for i in (1..types.len()).rev() {
            types.swap(i, rng.random_range(0..=i));
        }
        let edges: std::collections::BTreeSet<(u32, u32)> = (0..n).flat_map(|v| vec![v; k as usize]).zip(types).collect();
        Ok(BipartiteGraph::from_edges(n, m, &edges.into_iter().collect::<Vec<_>>(), Isolated::Drop)?)
    }

    fn event_times(&self, model: &Model, seed: u64, replication: u64, until: f64) -> Result<Vec<f64>, SimulateError> {
        let slowness = if *self == Self::SlowClock { 1.02 } else { 1.0 };
        let times = Reference.event_times(model, seed, replication, until / slowness)?;
        Ok(times.into_iter().map(|time| time * slowness).collect())
    }

    fn oracle(&self, model: &Model, seed: u64, replication: u64, start: Vec<u32>) -> Result<Oracle, OracleError> {
        Reference.oracle(&self.with_its_choices(model), seed, replication, start)
    }

    fn coupled(
        &self,
        model: &Model,
        coupling: Coupling,
        seed: u64,
        replication: u64,
        lower: Vec<u32>,
        upper: Vec<u32>,
    ) -> Result<CoupledSimulation, CouplingError> {
        Reference.coupled(&self.with_its_choices(model), coupling, seed, replication, lower, upper)
    }

    fn transient(&self, model: &Model, start: &Start, times: &[f64], options: &Options) -> Result<Transient, EstimateError> {
        Reference.transient(&self.with_its_choices(model), start, times, options)
    }

    fn steady_state(&self, model: &Model, options: &Options) -> Result<SteadyState, EstimateError> {
        Reference.steady_state(&self.with_its_choices(model), options)
    }

    fn trajectory(&self, lambda: f64, d: u32, start: &Start, times: &[f64]) -> Result<Trajectory, OdeError> {
        Reference.trajectory(lambda, d + u32::from(*self == Self::OneSampleMore), start, times)
    }

    fn read_graph(&self, text: &[u8], format: Format) -> Result<BipartiteGraph, FormatError> {
        let text = String::from_utf8_lossy(text);
        match self {
            Self::SymmetricNotExpanded => {
                Reference.read_graph(text.replace("skew-symmetric", "general").replace("symmetric", "general").as_bytes(), format)
            }
            _ => Reference.read_graph(text.as_bytes(), format),
        }
    }

    fn mean_test(&self, bound: f64, alpha: f64) -> MeanTest {
        Reference.mean_test(bound, if *self == Self::RetriedTest { (8.0 * alpha).min(0.9) } else { alpha })
    }

    fn is_ergodic(&self, model: &Model) -> Option<bool> {
        match self {
            Self::RhoNecessary => Some(Reference.rho(model) < Ratio::one()),
            _ => Reference.is_ergodic(model),
        }
    }

    fn assignment(&self, model: &Model, task_type: u32, lengths: &[u32]) -> Vec<(u32, Ratio)> {
        let servers: Vec<u32> = model.graph().servers_of(task_type).iter().collect();
        let n = ratio::whole(servers.len() as u64);
        let d = model.d();
        match self {
            Self::TiesToLowest => {
                // The server of rank r by (length, index) gets ((n - r)^d - (n - r - 1)^d) / n^d.
                let rank =
                    |v: u32| servers.iter().filter(|&&u| (lengths[u as usize], u) < (lengths[v as usize], v)).count() as u64;
                let power = |k: u64| ratio::power(&(ratio::whole(k) / &n), d);
                let count = servers.len() as u64;
                servers.iter().map(|&v| (v, power(count - rank(v)) - power(count - rank(v) - 1))).collect()
            }
            Self::SamplingWithoutReplacement => {
                let count = servers.len() as u64;
                let choose =
                    |k: u64| -> Ratio { (0..u64::from(d).min(count)).map(|i| ratio::whole(k.saturating_sub(i))).product() };
                let all = choose(count);
                let at_least = |x: u32| servers.iter().filter(|&&u| lengths[u as usize] >= x).count() as u64;
                servers
                    .iter()
                    .map(|&v| {
                        let (n, m) = (at_least(lengths[v as usize]), at_least(lengths[v as usize] + 1));
                        (v, (choose(n) - choose(m)) / &all / ratio::whole(n - m))
                    })
                    .collect()
            }
            _ => Reference.assignment(model, task_type, lengths),
        }
    }

    fn transitions(&self, model: &Model, lengths: &[u32]) -> Vec<(Event, Ratio)> {
        match self {
            Self::RatesOneSampleLess => {
                let less = Model::with_load(model.graph().clone(), model.load().clone(), (model.d() - 1).max(1));
                less.unwrap_or_else(|_| model.clone()).transitions(lengths)
            }
            Self::IdleServersServe => {
                let mut transitions = Reference.transitions(model, lengths);
                let n = model.graph().n_servers();
                for idle in (0..n).filter(|&v| lengths[v as usize] == 0) {
                    let helped = (0..n).map(|i| (idle + i) % n).find(|&v| lengths[v as usize] > 0);
                    transitions.extend(helped.map(|server| (Event::Service { server }, Ratio::one())));
                }
                transitions
            }
            Self::ArrivalRateInverted => {
                let factor = Ratio::new(model.graph().n_task_types().into(), model.graph().n_servers().into());
                let mut transitions = Reference.transitions(model, lengths);
                for (event, rate) in &mut transitions {
                    if matches!(event, Event::Arrival { .. }) {
                        *rate *= &factor * &factor;
                    }
                }
                transitions
            }
            _ => Reference.transitions(model, lengths),
        }
    }

    fn occupancy(&self, lengths: &[u32]) -> Vec<u64> {
        let mut counts = Reference.occupancy(lengths);
        if *self == Self::OccupancyOffByOne && !counts.is_empty() {
            counts.remove(0);
        }
        counts
    }

    fn divided_difference(&self, x: &Ratio, y: &Ratio, d: u32) -> Ratio {
        match self {
            Self::DividedDifferenceShifted => Reference.divided_difference(x, y, d + 1),
            _ => Reference.divided_difference(x, y, d),
        }
    }

    fn pairs_are_ordered(&self, first: (&Ratio, &Ratio), second: (&Ratio, &Ratio)) -> bool {
        *self == Self::PairsNotOrdered || Reference.pairs_are_ordered(first, second)
    }

    fn lipschitz_constant(&self, d: u32) -> Ratio {
        match self {
            Self::LipschitzTooSmall => Reference.lipschitz_constant(d) * ratio::ratio(9, 10),
            _ => Reference.lipschitz_constant(d),
        }
    }

    fn dual_solution(&self, theta: &Ratio, i0: u32, i: u32) -> Ratio {
        match self {
            Self::DualNotTruncated => ratio::power(theta, i0) - ratio::power(theta, i),
            _ => Reference.dual_solution(theta, i0, i),
        }
    }

    fn logarithm_constants(&self) -> (f64, f64) {
        match self {
            // The maxima are 3^(3/2) exp(-3/2) = 1.159 and exp(-1/2) / sqrt(2) = 0.429.
            Self::LogarithmConstantsTooSmall => (1.0, 0.4),
            _ => Reference.logarithm_constants(),
        }
    }

    fn chernoff_bound(&self, mean: f64, epsilon: f64) -> f64 {
        match self {
            Self::ChernoffOneSided => Reference.chernoff_bound(mean, epsilon) / 2.0,
            _ => Reference.chernoff_bound(mean, epsilon),
        }
    }

    fn fixed_point(&self, lambda: f64, d: u32, i: u32) -> f64 {
        match self {
            Self::FixedPointAsPrinted if d > 1 => lambda.powf((f64::from(d) * f64::from(i) - 1.0) / (f64::from(d) - 1.0)),
            Self::FixedPointShifted => Reference.fixed_point(lambda, d, i + 1),
            Self::FixedPointOneChoiceMore => Reference.fixed_point(lambda, d + 1, i),
            _ => Reference.fixed_point(lambda, d, i),
        }
    }

    fn right_hand_side(&self, lambda: f64, d: u32, q: &[f64], dq: &mut [f64]) {
        Reference.right_hand_side(lambda, d, q, dq);
        if *self == Self::DroppedDepartures {
            for (i, change) in dq.iter_mut().enumerate() {
                *change += q[i] - q.get(i + 1).copied().unwrap_or(0.0);
            }
        }
    }

    fn moment_bound(&self, rho: &Ratio, i: u32) -> Ratio {
        match self {
            Self::MomentBoundShifted => Reference.moment_bound(rho, i + 1),
            _ => Reference.moment_bound(rho, i),
        }
    }

    fn mixing_theta(&self, rho0: &Ratio, d: u32) -> Ratio {
        match self {
            Self::MixingThetaNotCapped => (rho0 * ratio::whole(2 * u64::from(d))).recip(),
            _ => Reference.mixing_theta(rho0, d),
        }
    }

    fn comparison_time(&self, log_inverse_eta: f64, c3: f64) -> f64 {
        match self {
            Self::ComparisonTimeAsPrinted => log_inverse_eta.sqrt(),
            _ => Reference.comparison_time(log_inverse_eta, c3),
        }
    }
}

/// The share of service marks to turn into arrivals, so that arrivals and services come at lambda : 0.95.
fn slow_share(lambda: f64) -> f64 {
    1.0 - 0.95 * (1.0 + lambda) / (0.95 + lambda)
}

fn push_arrival(model: &Model, rng: &mut ChaCha8Rng, block: &mut MarkBlock) {
    let task_type = rng.random_range(0..model.graph().n_task_types());
    push_samples(model, task_type, rng, block);
}

fn push_samples(model: &Model, task_type: u32, rng: &mut ChaCha8Rng, block: &mut MarkBlock) {
    let mut samples = Vec::new();
    crate::marks::draw_samples(rng, model.graph().servers_of(task_type), model.d(), &mut samples);
    block.push(Mark::Arrival { task_type, samples: &samples });
}
