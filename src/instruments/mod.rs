//! What the harness itself computes, as a value whose parts can be replaced: formulas, estimates,
//! solutions, couplings, readers, tests.
//!
//! Stage 11 of 18: it gathers what the stages below compute, so that faults can replace it.
//!
//! A claim about the theory takes its figures from [`Instruments`], as a claim about a system asks
//! a [`Subject`]. [`REFERENCE`] is the crate's own; a fault of [`crate::faults`] that concerns a
//! formula replaces a few of its functions: `Instruments { rho: wrong, ..REFERENCE }`. Users rarely
//! need that: to check a policy, implement `Subject` and leave the instruments at the reference.

use num_traits::Zero;

use crate::estimate::bracketing::{self, NoCoalescence, Plan};
use crate::estimate::from_the_past::{self, NotMet, Past};
use crate::estimate::{self, EstimateError, Options, SteadyState, Transient};
use crate::graph::format::{self, Format, FormatError};
use crate::graph::generate::{self, GenerateError, Norm, Sites};
use crate::graph::{BipartiteGraph, Isolated, metrics};
use crate::model::policy::{Choice, Policy};
use crate::model::sample_law::SampleLaw;
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
use crate::theory::exact;
use crate::theory::mean_field::{self, OdeError, Refined, Start, Trajectory};
use crate::theory::stability::{self, Addition, StabilityError};
use crate::theory::{concentration, constants, delay};

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

type Coupled =
    fn(&Model, Coupling, u64, u64, Vec<u32>, Vec<u32>) -> Result<CoupledSimulation, CouplingError>;

/// What the harness computes.
#[derive(Clone, Copy)]
#[allow(clippy::type_complexity, reason = "a field is the signature of what it stands for")]
pub struct Instruments {
    /// The times before `until` of the events of one replication from empty, given the model, the
    /// seed, the replication and `until`.
    pub event_times: fn(&Model, u64, u64, f64) -> Result<Vec<f64>, SimulateError>,
    /// The states of one replication (model, seed, replication, start) at ascending times.
    pub states_at: fn(&Model, u64, u64, Vec<u32>, &[f64]) -> Result<Vec<Vec<u32>>, SimulateError>,
    /// How many tasks a system has finished.
    pub departures: fn(&Queues) -> u64,
    /// q_1, q_2, ... as they are kept along a path, event by event, in place of recounts.
    pub running_occupancy: fn(&[u32]) -> Box<dyn RunningOccupancy>,
    /// The plain simulator, given the model, the seed, the replication and the start.
    pub oracle: fn(&Model, u64, u64, Vec<u32>) -> Result<Oracle, OracleError>,
    /// Estimates at given times.
    pub transient: fn(&Model, &Start, &[f64], &Options) -> Result<Transient, EstimateError>,
    /// The exact law of a small system in its steady state.
    pub stationary: fn(&Model, &exact::Options) -> Result<exact::Law, exact::ExactError>,
    /// P(time in system > t) by the rate of accepted tasks, E q_1, E q_2, ..., kappa and t.
    pub delay_tail: fn(f64, &[exact::Value], f64, f64) -> exact::Value,
    /// The exact law of the complete graph in its steady state, given N, lambda, d and the accuracy
    /// of the mean queue length.
    pub complete_graph: fn(u32, f64, u32, f64) -> Result<exact::CompleteLaw, exact::ExactError>,
    /// The joint law of all queues with a cap at a time, from empty.
    pub joint_law: fn(&Model, u32, f64) -> Result<exact::JointLaw, exact::ExactError>,
    /// An estimate of the steady state.
    pub steady_state: fn(&Model, &Options) -> Result<SteadyState, EstimateError>,
    /// How long replications are and where they start, chosen by pilots that stop after so many
    /// events, given the seed of the replications.
    pub plan: fn(&dyn Subject, &Model, u64, u64) -> Result<Plan, NoCoalescence>,
    /// The solution of (3.5) for lambda and d at given times, to the default accuracy.
    pub trajectory: fn(f64, u32, &Start, &[f64]) -> Result<Trajectory, OdeError>,
    /// The graph that a file holds; isolated task types are kept.
    pub read_graph: fn(&[u8], Format) -> Result<BipartiteGraph, FormatError>,
    /// The test on which verdicts about means rest, for observations in [0, 1], given the bound and
    /// alpha.
    pub mean_test: fn(f64, f64) -> Box<dyn MeanProcedure>,
    /// A running interval for the mean of observations in [0, 1], given alpha.
    pub interval: fn(IntervalKind, f64) -> Box<dyn IntervalProcedure>,
    /// The test of a law that may have jumps, given the margin and alpha.
    pub law_test: fn(DiscreteLaw, f64, f64) -> Box<dyn LawProcedure>,
    /// What is reported of a test: the argument runs it on data of its own for each number; the
    /// reference runs it once.
    pub conduct: fn(&dyn Fn(u64) -> Option<Side>) -> Option<Side>,
    /// A path of two coupled systems (model, coupling, seed, replication, starts), the first of
    /// which starts below the second.
    pub coupled: Coupled,
    /// A perfect sample of the capped chain.
    pub perfect_sample: fn(&Past<'_>) -> Result<Vec<u32>, NotMet>,
    /// (4.13): the partition of [0, 1) by the servers that get a task of this type in the lower and
    /// in the upper system.
    pub shared_mass: fn(&Model, u32, &[u32], &[u32]) -> Vec<Interval>,
    /// (2.1).
    pub rho: fn(&Model) -> Ratio,
    /// (2.3).
    pub phi: fn(&BipartiteGraph) -> Ratio,
    /// (2.3).
    pub gamma: fn(&BipartiteGraph) -> Ratio,
    /// Definition 3.5.
    pub is_regular: fn(&BipartiteGraph) -> bool,
    /// Definition 3.3: the geometric graph on given places with this radius; isolated task types
    /// are kept.
    pub geometric: fn(&Sites, f64, Norm) -> Result<BipartiteGraph, GenerateError>,
    /// The circulant graph of n and k: server v and task type w = v - k + 1, ..., v modulo n.
    pub circulant: fn(u32, u32) -> Result<BipartiteGraph, GenerateError>,
    /// The random regular graphs of section 5, given n, m, k and the seed.
    pub random_regular: fn(u32, u32, u32, u64) -> Result<BipartiteGraph, GenerateError>,
    /// Whether a small system has a steady state (Remark 1, with replacement); `None` if it is too
    /// large to enumerate.
    pub is_ergodic: fn(&Model) -> Option<bool>,
    /// Up to so many edges to add, each the best after those before it.
    pub improve: fn(&BipartiteGraph, SampleLaw, usize) -> Result<Vec<Addition>, StabilityError>,
    /// Who gets a task by a policy, given the samples of a mark, the lengths seen, the weights and
    /// the place that is first in turn.
    pub pick: fn(&Policy, &[u32], &[u32], Option<&[u64]>, u64) -> Choice,
    /// g(s) among n candidates: the probability that all samples lie within s of them.
    pub all_within: fn(SampleLaw, u64, u64) -> Ratio,
    /// (4.12), given the task type and the lengths.
    pub assignment: fn(&Model, u32, &[u32]) -> Vec<(u32, Ratio)>,
    /// All transitions of the chain with their rates.
    pub transitions: fn(&Model, &[u32]) -> Vec<(Event, Ratio)>,
    /// Q_1, Q_2, ... up to the longest queue.
    pub occupancy: fn(&[u32]) -> Vec<u64>,
    /// (x^d - y^d) / (x - y).
    pub divided_difference: fn(&Ratio, &Ratio, u32) -> Ratio,
    /// The premise of Lemma 4.4 on its two pairs, x1 <= x2 and y1 <= y2.
    pub pairs_are_ordered: fn((&Ratio, &Ratio), (&Ratio, &Ratio)) -> bool,
    /// The constant K of Lemma C.1 in its sharp form, d (d - 1) / 2.
    pub lipschitz_constant: fn(u32) -> Ratio,
    /// y_i of the dual solution below (4.23), whose z is theta^i0, given theta, i0 and i.
    pub dual_solution: fn(&Ratio, u32, u32) -> Ratio,
    /// The constants of the elementary inequalities of (4.46), ln(1/x) sqrt(x) <= 2 /
    /// sqrt(ln(1/x)), and (4.48), x <= 1 / sqrt(ln(1/x)).
    pub logarithm_constants: (f64, f64),
    /// The bound (4.49) on both tails of a binomial variable, given its mean and epsilon.
    pub chernoff_bound: fn(f64, f64) -> f64,
    /// q*_i of Theorem 3.1, given lambda, d and i.
    pub fixed_point: fn(f64, u32, u32) -> f64,
    /// The constants of the rate 1/N on complete graphs, given lambda and d.
    pub rate_constants: fn(f64, u32) -> Result<Refined, OdeError>,
    /// The right-hand side of (3.5) for lambda, d and q_1..q_L, with q_(L+1) = 0.
    pub right_hand_side: fn(f64, u32, &[f64], &mut [f64]),
    /// The bound of Corollary 4.3 on E q_i(infinity), given rho and i.
    pub moment_bound: fn(&Ratio, u32) -> Ratio,
    /// theta of the proof of Theorem 3.8, given rho0 and d.
    pub mixing_theta: fn(&Ratio, u32) -> Ratio,
    /// (4.29), the bound of Theorem 3.8 on sum_i E Delta_i(t), given rho0, d and t.
    pub mixing_bound: fn(&Ratio, u32, f64) -> f64,
    /// (C.4), the bound of Lemma C.2, given rho0, d, gamma and t.
    pub martingale_bound: fn(f64, u32, f64, f64) -> f64,
    /// (4.40) in the mean, the bound on the local distances, given the figures that enter it and t.
    pub local_path_bound: fn(&constants::PathBound, f64) -> f64,
    /// A bound on ln E exp(s (f - E f)) for f = sum_v X_v, given s and the number of marks.
    pub exponent_of_marks: fn(f64, f64) -> f64,
    /// The same at a fixed time, given s and the expected number of marks.
    pub exponent_at_time: fn(f64, f64) -> f64,
    /// The time of (4.46), given ln(1/eta) and c3.
    pub comparison_time: fn(f64, f64) -> f64,
}

/// The crate's own instruments.
pub const REFERENCE: Instruments = Instruments {
    event_times: |model, seed, replication, until| {
        let mut times = Times(Vec::new());
        Simulation::new(model, seed, replication, Vec::new())?.observe_until(until, &mut times)?;
        Ok(times.0)
    },
    states_at: |model, seed, replication, start, looks| {
        let mut simulation = Simulation::new(model, seed, replication, start)?;
        let state = |&time: &f64| {
            simulation.advance_to(time)?;
            Ok(simulation.queues().lengths().to_vec())
        };
        looks.iter().map(state).collect()
    },
    departures: Queues::departures,
    running_occupancy: |lengths| Box::new(Occupancy::of(lengths)),
    oracle: Oracle::new,
    transient: |model, start, times, options| {
        estimate::transient(model, start, times, options, &|_, _| {})
    },
    stationary: exact::stationary,
    joint_law: exact::joint,
    complete_graph: |n, lambda, d, accuracy| {
        exact::complete_graph(n, lambda, d, accuracy, exact::MOST_STATES)
    },
    steady_state: |model, options| estimate::steady_state(model, options, &|_, _| {}),
    plan: bracketing::plan,
    trajectory: |lambda, d, start, times| {
        mean_field::solve(lambda, d, start, times, &mean_field::Options::default())
    },
    read_graph: |text, format| format::read(text, format, "text", Isolated::Drop),
    mean_test: |bound, alpha| Box::new(MeanTest::new(bound, alpha)),
    interval: |kind, alpha| match kind {
        IntervalKind::EmpiricalBernstein => Box::new(EmpiricalBernstein::new(1.0, alpha)),
        IntervalKind::Betting => Box::new(BettingInterval::new(0.0, 1.0, alpha)),
        IntervalKind::Counts => Box::new(CountInterval::new(alpha)),
    },
    law_test: |law, margin, alpha| Box::new(DistributionTest::new(law, margin, alpha)),
    conduct: |attempt| attempt(0),
    coupled: CoupledSimulation::new,
    perfect_sample: from_the_past::sample,
    shared_mass: coupled::shared_mass_intervals,
    rho: loads::rho,
    phi: metrics::phi,
    gamma: metrics::gamma,
    is_regular: metrics::is_regular,
    geometric: |sites, radius, norm| sites.within(radius, norm, Isolated::Drop),
    circulant: generate::circulant,
    random_regular: generate::random_regular,
    is_ergodic: |model| {
        let law = model.policy().sample_law()?;
        let critical = stability::critical_load_by_subsets(model.graph(), law).ok()?;
        Some(*model.load().exact() < critical.lambda)
    },
    improve: |graph, law, count| stability::improve(graph, law, count),
    pick: Policy::pick,
    all_within: SampleLaw::all_within,
    assignment: Model::assignment,
    transitions: Model::transitions,
    occupancy: |lengths| Occupancy::of(lengths).counts().to_vec(),
    divided_difference: model::divided_difference,
    pairs_are_ordered: |first, second| first.0 <= second.0 && first.1 <= second.1,
    lipschitz_constant: |d| ratio::whole(u64::from(d) * u64::from(d - 1) / 2),
    dual_solution: |theta, i0, i| {
        if i < i0 { Ratio::zero() } else { ratio::power(theta, i0) - ratio::power(theta, i) }
    },
    logarithm_constants: (2.0, 1.0),
    chernoff_bound: |mean, epsilon| 2.0 * (-epsilon * epsilon * mean / 3.0).exp(),
    fixed_point: mean_field::fixed_point,
    rate_constants: mean_field::refined,
    right_hand_side: |lambda, d, q, dq| {
        mean_field::right_hand_side(lambda, d, q, mean_field::Boundary::Zero, dq);
    },
    delay_tail: delay::tail,
    moment_bound: ratio::power,
    mixing_theta: constants::mixing_theta,
    mixing_bound: |rho0, d, t| constants::Mixing::new(rho0, d).bound(t),
    martingale_bound: constants::martingale_bound,
    local_path_bound: constants::local_path_bound,
    exponent_of_marks: concentration::exponent_of_marks,
    exponent_at_time: concentration::exponent_at_time,
    comparison_time: constants::comparison_time,
};

struct Times(Vec<f64>);

impl Observer for Times {
    fn before(&mut self, time: Option<f64>, _: Mark<'_>, _: &Queues) {
        self.0.extend(time);
    }
}

/// A system, and the instruments that go with it.
#[derive(Clone, Copy)]
pub struct UnderCheck<'a> {
    /// The system.
    pub subject: &'a dyn Subject,
    /// The formulas, estimates and tests.
    pub instruments: &'a Instruments,
}

impl UnderCheck<'static> {
    /// The reference in both.
    pub fn reference() -> Self {
        Self::system(&Reference)
    }
}

impl<'a> UnderCheck<'a> {
    /// Somebody's system, judged by the crate's own instruments.
    pub fn system(subject: &'a dyn Subject) -> Self {
        Self { subject, instruments: &REFERENCE }
    }
}

impl From<&Reference> for UnderCheck<'static> {
    fn from(_: &Reference) -> Self {
        Self::reference()
    }
}
