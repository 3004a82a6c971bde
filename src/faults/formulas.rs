//! Faults of what the harness computes: formulas, estimates, solutions, readers, tests.

use num_traits::{One, Zero};
use rand::RngExt;

use super::{Fault, statistics, streams};
use crate::estimate::from_the_past::{NotMet, Past};
use crate::estimate::{EstimateError, Options, SteadyState, Transient};
use crate::graph::format::{Format, FormatError};
use crate::graph::generate::{GenerateError, Norm, Sites};
use crate::graph::{BipartiteGraph, Isolated};
use crate::instruments::{Machinery, RunningOccupancy};
use crate::model::{Event, Model};
use crate::num::ratio::{self, Ratio};
use crate::simulate::coupled::{CoupledSimulation, Coupling, CouplingError, Interval};
use crate::simulate::event_list::{Oracle, OracleError};
use crate::simulate::{Queues, SimulateError, Simulation};
use crate::stats::distribution::DiscreteLaw;
use crate::stats::mean_test::Side;
use crate::stats::procedure::{IntervalKind, IntervalProcedure, LawProcedure, MeanProcedure};
use crate::subject::Reference;
use crate::theory::mean_field::{OdeError, Start, Trajectory};

impl Machinery for Fault {
    fn perfect_sample(&self, past: &Past<'_>) -> Result<Vec<u32>, NotMet> {
        match self {
            Self::CoupledForward => streams::forward(past),
            Self::ReadAtCoalescence => streams::at_coalescence(past),
            Self::FreshAtEachDoubling => streams::fresh(past),
            _ => Reference.perfect_sample(past),
        }
    }

    fn shared_mass(
        &self,
        model: &Model,
        task_type: u32,
        lower: &[u32],
        upper: &[u32],
    ) -> Vec<Interval> {
        if *self != Self::ProductInsteadOfMinimum {
            return Reference.shared_mass(model, task_type, lower, upper);
        }
        // Two independent choices: mass p1 p2 for every pair of servers.
        let (first, second) =
            (model.assignment(task_type, lower), model.assignment(task_type, upper));
        let mut from = Ratio::zero();
        let mut intervals = Vec::new();
        for (server1, p1) in &first {
            for (server2, p2) in &second {
                let to = &from + p1 * p2;
                intervals.push(Interval {
                    from: from.clone(),
                    to: to.clone(),
                    server1: *server1,
                    server2: *server2,
                });
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
                // sum over N_v of r_w / d_v: 1 for every server with a task type, where all rates
                // are equal.
                let mean = |v: u32| -> Ratio {
                    let sum: u128 = graph.task_types_of(v).iter().map(|w| graph.weight(w)).sum();
                    Ratio::new(sum.into(), graph.server_degree(v).max(1).into())
                };
                (0..graph.n_servers()).map(mean).max().unwrap_or_else(Ratio::zero)
                    * model.unit_rate()
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
            Self::PhiWithServerDegrees => largest_deviation(
                &|v| if graph.server_degree(v) > 0 { Ratio::one() } else { Ratio::zero() },
                &scale,
            ),
            Self::PhiWithSidesSwapped => largest_deviation(
                &|v| {
                    graph
                        .task_types_of(v)
                        .iter()
                        .map(|w| ratio::whole(graph.task_degree(w) as u64).recip())
                        .sum()
                },
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

    fn geometric(
        &self,
        sites: &Sites,
        radius: f64,
        norm: Norm,
    ) -> Result<BipartiteGraph, GenerateError> {
        if *self != Self::TorusWithoutWrap {
            return Reference.geometric(sites, radius, norm);
        }
        let p = norm.p();
        let apart = |v: u32, w: u32| {
            let along = sites.server(v).iter().zip(sites.task_type(w)).map(|(x, y)| (x - y).abs());
            if p.is_infinite() {
                along.fold(0.0, f64::max)
            } else {
                along.map(|t| t.powf(p)).sum::<f64>().powf(p.recip())
            }
        };
        let (n, m) = (sites.n_servers(), sites.n_task_types());
        let edges: Vec<_> = (0..n)
            .flat_map(|v| (0..m).map(move |w| (v, w)))
            .filter(|&(v, w)| apart(v, w) <= radius)
            .collect();
        Ok(BipartiteGraph::from_edges(n, m, &edges, Isolated::Drop)?)
    }

    fn states_at(
        &self,
        model: &Model,
        seed: u64,
        replication: u64,
        start: Vec<u32>,
        looks: &[f64],
    ) -> Result<Vec<Vec<u32>>, SimulateError> {
        let late = match self {
            Self::RecordedAfterEvent => true,
            Self::LookingDraws => false,
            _ => return Reference.states_at(model, seed, replication, start, looks),
        };
        let mut simulation = Simulation::new(model, seed, replication, start.clone())?;
        let mut states = Vec::with_capacity(looks.len());
        for (before, &time) in (0..).zip(looks) {
            if late {
                // The loop ends with the event that crosses the time.
                let next = simulation.next_time().max(time);
                simulation.advance_to(next.next_up())?;
            } else {
                // The path that goes on after a look is another one.
                simulation = Simulation::new(model, seed ^ before, replication, start.clone())?;
                simulation.advance_to(time)?;
            }
            states.push(simulation.queues().lengths().to_vec());
        }
        Ok(states)
    }

    fn departures(&self, queues: &Queues) -> u64 {
        queues.departures() + if *self == Self::UnfinishedCounted { queues.total() } else { 0 }
    }

    fn running_occupancy(&self, lengths: &[u32]) -> Box<dyn RunningOccupancy> {
        match self {
            Self::OccupancyDrifts => {
                let occupancy = Reference.running_occupancy(lengths);
                let top = lengths.iter().copied().max().unwrap_or(0) as usize;
                let fractions = (1..=top).map(|i| occupancy.fraction(i)).collect();
                Box::new(Fractions { fractions, of_one: 1.0 / lengths.len() as f64 })
            }
            _ => Reference.running_occupancy(lengths),
        }
    }

    fn circulant(&self, n: u32, k: u32) -> Result<BipartiteGraph, GenerateError> {
        let graph = Reference.circulant(n, k)?;
        if *self != Self::WrapsTooEarly || n < 2 {
            return Ok(graph);
        }
        let wrapped =
            |v: u32, w: u32| if v < w { ((w + (n + v - w)) % (n - 1), w) } else { (v, w) };
        let edges: std::collections::BTreeSet<_> =
            graph.iter_edges().map(|(v, w)| wrapped(v, w)).collect();
        Ok(BipartiteGraph::from_edges(
            n,
            n,
            &edges.into_iter().collect::<Vec<_>>(),
            Isolated::Drop,
        )?)
    }

    fn random_regular(
        &self,
        n: u32,
        m: u32,
        k: u32,
        seed: u64,
    ) -> Result<BipartiteGraph, GenerateError> {
        let graph = Reference.random_regular(n, m, k, seed)?;
        if !matches!(self, Self::MultiEdgesErased | Self::SlotLeftUnset) || n == 0 || m == 0 {
            return Ok(graph);
        }
        // A fresh matching of half-edges, the second copy of an edge forgotten, or its slot left at
        // 0.
        let mut rng = crate::random::stream_rng(seed, 0);
        let mut types: Vec<u32> =
            (0..u64::from(n) * u64::from(k)).map(|i| (i % u64::from(m)) as u32).collect();
        for i in (1..types.len()).rev() {
            types.swap(i, rng.random_range(0..=i));
        }
        let mut edges = std::collections::BTreeSet::new();
        for (v, w) in (0..n).flat_map(|v| vec![v; k as usize]).zip(types) {
            if !edges.insert((v, w)) && *self == Self::SlotLeftUnset {
                edges.insert((0, w));
            }
        }
        Ok(BipartiteGraph::from_edges(
            n,
            m,
            &edges.into_iter().collect::<Vec<_>>(),
            Isolated::Drop,
        )?)
    }

    fn event_times(
        &self,
        model: &Model,
        seed: u64,
        replication: u64,
        until: f64,
    ) -> Result<Vec<f64>, SimulateError> {
        let slowness = if *self == Self::SlowClock { 1.02 } else { 1.0 };
        let times = Reference.event_times(model, seed, replication, until / slowness)?;
        Ok(times.into_iter().map(|time| time * slowness).collect())
    }

    fn oracle(
        &self,
        model: &Model,
        seed: u64,
        replication: u64,
        start: Vec<u32>,
    ) -> Result<Oracle, OracleError> {
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

    fn transient(
        &self,
        model: &Model,
        start: &Start,
        times: &[f64],
        options: &Options,
    ) -> Result<Transient, EstimateError> {
        Reference.transient(&self.with_its_choices(model), start, times, options)
    }

    fn steady_state(&self, model: &Model, options: &Options) -> Result<SteadyState, EstimateError> {
        Reference.steady_state(&self.with_its_choices(model), options)
    }

    fn trajectory(
        &self,
        lambda: f64,
        d: u32,
        start: &Start,
        times: &[f64],
    ) -> Result<Trajectory, OdeError> {
        let mut solved = Reference.trajectory(
            lambda,
            d + u32::from(*self == Self::OneSampleMore),
            start,
            times,
        )?;
        if *self == Self::DroppedDepartures {
            // By Euler's method: what is wrong is far larger than its error.
            let mut order: Vec<usize> = (0..times.len()).collect();
            order.sort_by(|&a, &b| times[a].total_cmp(&times[b]));
            let (mut now, mut q) = (0.0, start.fractions(solved.levels));
            let mut dq = vec![0.0; q.len()];
            for at in order {
                let steps = ((times[at] - now) * 200.0).ceil().clamp(1.0, 1e5);
                let step = (times[at] - now) / steps;
                for _ in 0..steps as u32 {
                    self.right_hand_side(lambda, d, &q, &mut dq);
                    q.iter_mut().zip(&dq).for_each(|(q, dq)| *q = (*q + step * dq).clamp(0.0, 1.0));
                }
                now = times[at];
                solved.q[at].clone_from(&q);
            }
        }
        Ok(solved)
    }

    fn read_graph(&self, text: &[u8], format: Format) -> Result<BipartiteGraph, FormatError> {
        let text = String::from_utf8_lossy(text);
        match self {
            Self::SymmetricNotExpanded => Reference.read_graph(
                text.replace("skew-symmetric", "general")
                    .replace("symmetric", "general")
                    .as_bytes(),
                format,
            ),
            Self::IsolatedForgotten => {
                let graph = Reference.read_graph(text.as_bytes(), format)?;
                let left: Vec<u32> =
                    (0..graph.n_task_types()).filter(|&w| graph.task_degree(w) > 0).collect();
                let edges: Vec<_> = (0..)
                    .zip(&left)
                    .flat_map(|(new, &w)| {
                        graph.servers_of(w).iter().map(move |v| (v, new)).collect::<Vec<_>>()
                    })
                    .collect();
                Ok(BipartiteGraph::from_edges(
                    graph.n_servers(),
                    left.len() as u32,
                    &edges,
                    Isolated::Drop,
                )
                .unwrap_or(graph))
            }
            _ => Reference.read_graph(text.as_bytes(), format),
        }
    }

    fn mean_test(&self, bound: f64, alpha: f64) -> Box<dyn MeanProcedure> {
        statistics::mean_test(*self, bound, alpha)
    }

    fn interval(&self, kind: IntervalKind, alpha: f64) -> Box<dyn IntervalProcedure> {
        statistics::interval(*self, kind, alpha)
    }

    fn law_test(&self, law: DiscreteLaw, margin: f64, alpha: f64) -> Box<dyn LawProcedure> {
        statistics::law_test(*self, law, margin, alpha)
    }

    fn conduct(&self, attempt: &dyn Fn(u64) -> Option<Side>) -> Option<Side> {
        statistics::conduct(*self, attempt)
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
                let rank = |v: u32| {
                    servers
                        .iter()
                        .filter(|&&u| (lengths[u as usize], u) < (lengths[v as usize], v))
                        .count() as u64
                };
                let power = |k: u64| ratio::power(&(ratio::whole(k) / &n), d);
                let count = servers.len() as u64;
                servers
                    .iter()
                    .map(|&v| (v, power(count - rank(v)) - power(count - rank(v) - 1)))
                    .collect()
            }
            Self::SamplingWithoutReplacement => {
                let count = servers.len() as u64;
                let choose = |k: u64| -> Ratio {
                    (0..u64::from(d).min(count))
                        .map(|i| ratio::whole(k.saturating_sub(i)))
                        .product()
                };
                let all = choose(count);
                let at_least =
                    |x: u32| servers.iter().filter(|&&u| lengths[u as usize] >= x).count() as u64;
                servers
                    .iter()
                    .map(|&v| {
                        let (n, m) =
                            (at_least(lengths[v as usize]), at_least(lengths[v as usize] + 1));
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
                let less = Model::with_load(
                    model.graph().clone(),
                    model.load().clone(),
                    (model.d() - 1).max(1),
                );
                less.unwrap_or_else(|_| model.clone()).transitions(lengths)
            }
            Self::IdleServersServe => {
                let mut transitions = Reference.transitions(model, lengths);
                let n = model.graph().n_servers();
                for idle in (0..n).filter(|&v| lengths[v as usize] == 0) {
                    let helped = (0..n).map(|i| (idle + i) % n).find(|&v| lengths[v as usize] > 0);
                    transitions
                        .extend(helped.map(|server| (Event::Service { server }, Ratio::one())));
                }
                transitions
            }
            Self::ArrivalRateInverted => {
                let factor = Ratio::new(
                    model.graph().n_task_types().into(),
                    model.graph().n_servers().into(),
                );
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
            Self::FixedPointAsPrinted if d > 1 => {
                lambda.powf((f64::from(d) * f64::from(i) - 1.0) / (f64::from(d) - 1.0))
            }
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

    fn mixing_bound(&self, rho0: &Ratio, d: u32, t: f64) -> f64 {
        let bound = Reference.mixing_bound(rho0, d, t);
        if *self == Self::MixingThetaDropped {
            bound * ratio::to_f64(&Reference.mixing_theta(rho0, d))
        } else {
            bound
        }
    }

    fn martingale_bound(&self, rho0: f64, d: u32, gamma: f64, t: f64) -> f64 {
        Reference.martingale_bound(
            rho0,
            d,
            gamma,
            if *self == Self::MartingaleBoundTimeless { 1.0 } else { t },
        )
    }

    fn comparison_time(&self, log_inverse_eta: f64, c3: f64) -> f64 {
        match self {
            Self::ComparisonTimeAsPrinted => log_inverse_eta.sqrt(),
            _ => Reference.comparison_time(log_inverse_eta, c3),
        }
    }
}

/// q_1, q_2, ... kept by adding and taking away 1 / N.
struct Fractions {
    fractions: Vec<f64>,
    of_one: f64,
}

impl RunningOccupancy for Fractions {
    fn raise(&mut self, length_before: u32) {
        let at = length_before as usize;
        if at >= self.fractions.len() {
            self.fractions.resize(at + 1, 0.0);
        }
        self.fractions[at] += self.of_one;
    }

    fn lower(&mut self, length_before: u32) {
        self.fractions[length_before as usize - 1] -= self.of_one;
    }

    fn fraction(&self, i: usize) -> f64 {
        if i == 0 { 1.0 } else { self.fractions.get(i - 1).copied().unwrap_or(0.0) }
    }
}
