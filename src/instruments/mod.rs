//! What the harness itself computes, as a part that can be replaced: formulas, estimates,
//! solutions, couplings, readers, tests.
//!
//! A claim about the theory asks a [`Machinery`] for its figures, as a claim about a system asks a
//! [`Subject`]. The [`Reference`] is the crate's own; every fault of [`crate::faults`] that
//! concerns a formula is another one. Users rarely need one: to check a policy, implement `Subject`
//! and leave the machinery at the reference.
//!
//! | part | methods |
//! |---|---|
//! | times, estimates and solutions | [`Machinery::event_times`], [`Machinery::oracle`], [`Machinery::transient`], [`Machinery::steady_state`], [`Machinery::trajectory`] |
//! | couplings | [`Machinery::coupled`], [`Machinery::shared_mass`] |
//! | readers | [`Machinery::read_graph`] |
//! | tests and intervals | [`Machinery::mean_test`], [`Machinery::interval`], [`Machinery::law_test`], [`Machinery::conduct`] |
//! | formulas | [`Machinery::rho`], [`Machinery::phi`], [`Machinery::assignment`] and the others |

use num_traits::Zero;

use crate::estimate::from_the_past::{self, NotMet, Past};
use crate::estimate::{self, EstimateError, Options, SteadyState, Transient};
use crate::graph::format::{self, Format, FormatError};
use crate::graph::generate::{self, GenerateError, Norm, Sites};
use crate::graph::{BipartiteGraph, Isolated, metrics};
use crate::model::{self, Event, Model, loads};
use crate::num::ratio::{self, Ratio};
use crate::simulate::coupled::{self, CoupledSimulation, Coupling, CouplingError, Interval};
use crate::simulate::event_list::{Oracle, OracleError};
use crate::simulate::marks::Mark;
use crate::simulate::occupancy::Occupancy;
use crate::simulate::{Observer, Queues, SimulateError, Simulation};
use crate::stats::betting_interval::BettingInterval;
use crate::stats::counts::CountInterval;
use crate::stats::distribution::{DiscreteLaw, DistributionTest};
use crate::stats::empirical_bernstein::EmpiricalBernstein;
use crate::stats::mean_test::{MeanTest, Side};
use crate::stats::procedure::{IntervalKind, IntervalProcedure, LawProcedure, MeanProcedure};
use crate::subject::{Reference, Subject};
use crate::theory::mean_field::{self, OdeError, Start, Trajectory};
use crate::theory::{constants, stability};

/// Fractions of queues that follow a path.
pub trait RunningOccupancy {
    /// A queue of this length gets one more task.
    fn raise(&mut self, length_before: u32);
    /// A queue of this length loses a task.
    fn lower(&mut self, length_before: u32);
    /// q_i.
    fn fraction(&self, i: usize) -> f64;
}

impl RunningOccupancy for Occupancy {
    fn raise(&mut self, length_before: u32) {
        Self::raise(self, length_before);
    }

    fn lower(&mut self, length_before: u32) {
        Self::lower(self, length_before);
    }

    fn fraction(&self, i: usize) -> f64 {
        Self::fraction(self, i)
    }
}

/// What the harness computes. All defaults are the crate's own.
pub trait Machinery: Sync {
    /// The times before `until` of the events of one replication from empty.
    ///
    /// # Errors
    /// [`SimulateError`] where the simulation refuses.
    fn event_times(
        &self,
        model: &Model,
        seed: u64,
        replication: u64,
        until: f64,
    ) -> Result<Vec<f64>, SimulateError> {
        struct Times(Vec<f64>);
        impl Observer for Times {
            fn before(&mut self, time: Option<f64>, _: Mark<'_>, _: &Queues) {
                self.0.extend(time);
            }
        }
        let mut times = Times(Vec::new());
        Simulation::new(model, seed, replication, Vec::new())?.observe_until(until, &mut times)?;
        Ok(times.0)
    }

    /// The states of one replication from `start` seen by looks at ascending times.
    ///
    /// # Errors
    /// [`SimulateError`] where the simulation refuses.
    fn states_at(
        &self,
        model: &Model,
        seed: u64,
        replication: u64,
        start: Vec<u32>,
        looks: &[f64],
    ) -> Result<Vec<Vec<u32>>, SimulateError> {
        let mut simulation = Simulation::new(model, seed, replication, start)?;
        looks
            .iter()
            .map(|&time| {
                simulation.advance_to(time)?;
                Ok(simulation.queues().lengths().to_vec())
            })
            .collect()
    }

    /// How many tasks a system has finished.
    fn departures(&self, queues: &Queues) -> u64 {
        queues.departures()
    }

    /// q_1, q_2, ... as they are kept along a path, event by event, in place of recounts.
    fn running_occupancy(&self, lengths: &[u32]) -> Box<dyn RunningOccupancy> {
        Box::new(Occupancy::of(lengths))
    }

    /// The plain simulator.
    ///
    /// # Errors
    /// [`OracleError`] for a start of another system.
    fn oracle(
        &self,
        model: &Model,
        seed: u64,
        replication: u64,
        start: Vec<u32>,
    ) -> Result<Oracle, OracleError> {
        Oracle::new(model, seed, replication, start)
    }

    /// Estimates at given times.
    ///
    /// # Errors
    /// [`EstimateError`].
    fn transient(
        &self,
        model: &Model,
        start: &Start,
        times: &[f64],
        options: &Options,
    ) -> Result<Transient, EstimateError> {
        estimate::transient(model, start, times, options, &|_, _| {})
    }

    /// An estimate of the steady state.
    ///
    /// # Errors
    /// [`EstimateError`].
    fn steady_state(&self, model: &Model, options: &Options) -> Result<SteadyState, EstimateError> {
        estimate::steady_state(model, options, &|_, _| {})
    }

    /// The solution of (3.5) at given times, to the default accuracy.
    ///
    /// # Errors
    /// [`OdeError`].
    fn trajectory(
        &self,
        lambda: f64,
        d: u32,
        start: &Start,
        times: &[f64],
    ) -> Result<Trajectory, OdeError> {
        mean_field::solve(lambda, d, start, times, &mean_field::Options::default())
    }

    /// The graph that a file holds; isolated task types are kept.
    ///
    /// # Errors
    /// [`FormatError`].
    fn read_graph(&self, text: &[u8], format: Format) -> Result<BipartiteGraph, FormatError> {
        format::read(text, format, "text", Isolated::Drop)
    }

    /// The test on which verdicts about means rest, for observations in [0, 1].
    fn mean_test(&self, bound: f64, alpha: f64) -> Box<dyn MeanProcedure> {
        Box::new(MeanTest::new(bound, alpha))
    }

    /// A running interval for the mean of observations in [0, 1].
    fn interval(&self, kind: IntervalKind, alpha: f64) -> Box<dyn IntervalProcedure> {
        match kind {
            IntervalKind::EmpiricalBernstein => Box::new(EmpiricalBernstein::new(1.0, alpha)),
            IntervalKind::Betting => Box::new(BettingInterval::new(0.0, 1.0, alpha)),
            IntervalKind::Counts => Box::new(CountInterval::new(alpha)),
        }
    }

    /// The test of a law that may have jumps.
    fn law_test(&self, law: DiscreteLaw, margin: f64, alpha: f64) -> Box<dyn LawProcedure> {
        Box::new(DistributionTest::new(law, margin, alpha))
    }

    /// What is reported of a test: `attempt` runs it on data of its own for each number; the
    /// reference runs it once.
    fn conduct(&self, attempt: &dyn Fn(u64) -> Option<Side>) -> Option<Side> {
        attempt(0)
    }

    /// A path of two coupled systems, the first of which starts below the second.
    ///
    /// # Errors
    /// [`CouplingError`] for starts that are not ordered.
    fn coupled(
        &self,
        model: &Model,
        coupling: Coupling,
        seed: u64,
        replication: u64,
        lower: Vec<u32>,
        upper: Vec<u32>,
    ) -> Result<CoupledSimulation, CouplingError> {
        CoupledSimulation::new(model, coupling, seed, replication, lower, upper)
    }

    /// A perfect sample of the capped chain.
    ///
    /// # Errors
    /// [`NotMet`].
    fn perfect_sample(&self, past: &Past<'_>) -> Result<Vec<u32>, NotMet> {
        from_the_past::sample(past)
    }

    /// (4.13): the partition of [0, 1) by the servers that get the task in either system.
    fn shared_mass(
        &self,
        model: &Model,
        task_type: u32,
        lower: &[u32],
        upper: &[u32],
    ) -> Vec<Interval> {
        coupled::shared_mass_intervals(model, task_type, lower, upper)
    }

    /// (2.1).
    fn rho(&self, model: &Model) -> Ratio {
        loads::rho(model)
    }

    /// (2.3).
    fn phi(&self, graph: &BipartiteGraph) -> Ratio {
        metrics::phi(graph)
    }

    /// (2.3).
    fn gamma(&self, graph: &BipartiteGraph) -> Ratio {
        metrics::gamma(graph)
    }

    /// Definition 3.5.
    fn is_regular(&self, graph: &BipartiteGraph) -> bool {
        metrics::is_regular(graph)
    }

    /// Definition 3.3: the geometric graph on given places; isolated task types are kept.
    ///
    /// # Errors
    /// [`GenerateError`] where there is no such graph.
    fn geometric(
        &self,
        sites: &Sites,
        radius: f64,
        norm: Norm,
    ) -> Result<BipartiteGraph, GenerateError> {
        sites.within(radius, norm, Isolated::Drop)
    }

    /// The circulant graph: server v and task type w = v - k + 1, ..., v modulo n.
    ///
    /// # Errors
    /// [`GenerateError`] where there is no such graph.
    fn circulant(&self, n: u32, k: u32) -> Result<BipartiteGraph, GenerateError> {
        generate::circulant(n, k)
    }

    /// The random regular graphs of section 5.
    ///
    /// # Errors
    /// [`GenerateError`] where there is no such graph.
    fn random_regular(
        &self,
        n: u32,
        m: u32,
        k: u32,
        seed: u64,
    ) -> Result<BipartiteGraph, GenerateError> {
        generate::random_regular(n, m, k, seed)
    }

    /// Whether a small system has a steady state (Remark 1, with replacement); `None` if it is too
    /// large to enumerate.
    fn is_ergodic(&self, model: &Model) -> Option<bool> {
        stability::critical_load_by_subsets(model.graph(), model.d())
            .ok()
            .map(|critical| *model.load().exact() < critical.lambda)
    }

    /// (4.12).
    fn assignment(&self, model: &Model, task_type: u32, lengths: &[u32]) -> Vec<(u32, Ratio)> {
        model.assignment(task_type, lengths)
    }

    /// All transitions of the chain with their rates.
    fn transitions(&self, model: &Model, lengths: &[u32]) -> Vec<(Event, Ratio)> {
        model.transitions(lengths)
    }

    /// Q_1, Q_2, ... up to the longest queue.
    fn occupancy(&self, lengths: &[u32]) -> Vec<u64> {
        crate::simulate::occupancy::Occupancy::of(lengths).counts().to_vec()
    }

    /// (x^d - y^d) / (x - y).
    fn divided_difference(&self, x: &Ratio, y: &Ratio, d: u32) -> Ratio {
        model::divided_difference(x, y, d)
    }

    /// The premise of Lemma 4.4 on its two pairs, x1 <= x2 and y1 <= y2.
    fn pairs_are_ordered(&self, first: (&Ratio, &Ratio), second: (&Ratio, &Ratio)) -> bool {
        first.0 <= second.0 && first.1 <= second.1
    }

    /// The constant K of Lemma C.1 in its sharp form, d (d - 1) / 2.
    fn lipschitz_constant(&self, d: u32) -> Ratio {
        ratio::whole(u64::from(d) * u64::from(d - 1) / 2)
    }

    /// y_i of the dual solution below (4.23), whose z is theta^i0.
    fn dual_solution(&self, theta: &Ratio, i0: u32, i: u32) -> Ratio {
        if i < i0 { Ratio::zero() } else { ratio::power(theta, i0) - ratio::power(theta, i) }
    }

    /// The constants of the elementary inequalities of (4.46), ln(1/x) sqrt(x) <= 2 /
    /// sqrt(ln(1/x)), and (4.48), x <= 1 / sqrt(ln(1/x)).
    fn logarithm_constants(&self) -> (f64, f64) {
        (2.0, 1.0)
    }

    /// The bound (4.49) on both tails of a binomial variable with this mean.
    fn chernoff_bound(&self, mean: f64, epsilon: f64) -> f64 {
        2.0 * (-epsilon * epsilon * mean / 3.0).exp()
    }

    /// q*_i of Theorem 3.1.
    fn fixed_point(&self, lambda: f64, d: u32, i: u32) -> f64 {
        mean_field::fixed_point(lambda, d, i)
    }

    /// The right-hand side of (3.5) for q_1..q_L, with q_(L+1) = 0.
    fn right_hand_side(&self, lambda: f64, d: u32, q: &[f64], dq: &mut [f64]) {
        mean_field::right_hand_side(lambda, d, q, mean_field::Boundary::Zero, dq);
    }

    /// The bound of Corollary 4.3 on E q_i(infinity).
    fn moment_bound(&self, rho: &Ratio, i: u32) -> Ratio {
        ratio::power(rho, i)
    }

    /// theta of the proof of Theorem 3.8.
    fn mixing_theta(&self, rho0: &Ratio, d: u32) -> Ratio {
        constants::mixing_theta(rho0, d)
    }

    /// (4.29), the bound of Theorem 3.8 on sum_i E Delta_i(t).
    fn mixing_bound(&self, rho0: &Ratio, d: u32, t: f64) -> f64 {
        constants::Mixing::new(rho0, d).bound(t)
    }

    /// (C.4), the bound of Lemma C.2.
    fn martingale_bound(&self, rho0: f64, d: u32, gamma: f64, t: f64) -> f64 {
        constants::martingale_bound(rho0, d, gamma, t)
    }

    /// The time of (4.46), given ln(1/eta).
    fn comparison_time(&self, log_inverse_eta: f64, c3: f64) -> f64 {
        constants::comparison_time(log_inverse_eta, c3)
    }
}

impl Machinery for Reference {}

/// A system, and the machinery that goes with it.
#[derive(Clone, Copy)]
pub struct UnderCheck<'a> {
    /// The system.
    pub subject: &'a dyn Subject,
    /// The formulas, estimates and tests.
    pub machinery: &'a dyn Machinery,
}

impl UnderCheck<'static> {
    /// The reference in both.
    pub fn reference() -> Self {
        Self::both(&Reference)
    }
}

impl<'a> UnderCheck<'a> {
    /// Somebody's system, judged by the crate's own machinery.
    pub fn system(subject: &'a dyn Subject) -> Self {
        Self { subject, machinery: &Reference }
    }

    /// A fault, or whatever else is both.
    pub fn both<T: Subject + Machinery>(both: &'a T) -> Self {
        Self { subject: both, machinery: both }
    }
}
