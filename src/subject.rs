//! What is being checked: the trait, and the reference model.
//!
//! A claim never calls the model directly: it asks a [`Subject`]. The reference, every fault of
//! [`crate::faults`] and a user's own dispatcher are subjects, so that three things are one: the
//! harness proves its power (each fault must be rejected), a researcher checks a policy, and the
//! author of a load balancer checks real code.
//!
//! | part of a subject | methods |
//! |---|---|
//! | the system it runs | [`Subject::system`], [`Subject::marks`], [`Subject::apply`], [`Subject::pick`] |
//! | its times, estimates and solutions | [`Subject::event_times`], [`Subject::oracle`], [`Subject::transient`], [`Subject::steady_state`], [`Subject::trajectory`] |
//! | its couplings | [`Subject::couple`], [`Subject::shared_mass`] |
//! | the formulas it would print | [`Subject::rho`], [`Subject::phi`], [`Subject::assignment`] and the others |
//!
//! To check a policy, implement [`Subject::name`] and [`Subject::pick`]; everything else defaults to the reference.

use num_traits::Zero;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::bounds;
use crate::coupling::{self, CoupledSimulation, Coupling, CouplingError, Interval};
use crate::estimate::{self, EstimateError, Options, SteadyState, Transient};
use crate::graph::format::{self, Format, FormatError};
use crate::graph::generate::{self, GenerateError, Norm, Sites};
use crate::graph::{BipartiteGraph, Isolated, metrics, stability};
use crate::marks::{self, Mark, MarkStream, RandomMarks};
use crate::meanfield::{self, OdeError, Start, Trajectory};
use crate::model::{self, Event, Model};
use crate::oracle::{Oracle, OracleError};
use crate::ratio::{self, Ratio};
use crate::simulate::{Observer, Queues, SimulateError, Simulation};
use crate::stats::betting::MeanTest;

/// A system, or the formulas of a theory about it, under check. All defaults are the reference.
pub trait Subject: Sync {
    /// A short name for reports.
    fn name(&self) -> String;

    // The system.

    /// The system that really runs when `model` is asked for; a fault may have lost an edge.
    fn system(&self, model: &Model) -> Model {
        model.clone()
    }

    /// The stream of marks that drives replication `replication` under `seed`.
    fn marks(&self, model: &Model, seed: u64, replication: u64) -> Box<dyn MarkStream> {
        Box::new(RandomMarks::new(model, crate::randomness::stream_rng(seed, replication)))
    }

    /// Which server of N_w gets the task: `samples` are d servers drawn uniformly from N_w with replacement.
    ///
    /// A picker that draws for itself ignores `samples` and uses `rng`; it then is no function of
    /// marks, and says so by [`Subject::is_function_of_marks`].
    fn pick(&self, model: &Model, task_type: u32, samples: &[u32], lengths: &[u32], rng: &mut ChaCha8Rng) -> u32 {
        let _ = (model, task_type, rng);
        marks::first_shortest(samples, lengths)
    }

    /// Whether [`Subject::pick`] depends on the samples and lengths only. The coupling claims need it.
    fn is_function_of_marks(&self) -> bool {
        true
    }

    /// Lets `mark` act on the queues and tells what happened.
    fn apply(&self, model: &Model, queues: &mut Queues, mark: Mark<'_>, rng: &mut ChaCha8Rng) -> Event {
        match mark {
            Mark::Arrival { task_type, samples } if !samples.is_empty() => {
                let server = self.pick(model, task_type, samples, queues.lengths(), rng);
                queues.join(server);
                Event::Arrival { task_type, server }
            }
            mark => queues.apply(mark),
        }
    }

    // What is built on the system.

    /// The times before `until` of the events of one replication from empty.
    ///
    /// # Errors
    /// [`SimulateError`] where the simulation refuses.
    fn event_times(&self, model: &Model, seed: u64, replication: u64, until: f64) -> Result<Vec<f64>, SimulateError> {
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

    /// The plain simulator.
    ///
    /// # Errors
    /// [`OracleError`] for a start of another system.
    fn oracle(&self, model: &Model, seed: u64, replication: u64, start: Vec<u32>) -> Result<Oracle, OracleError> {
        Oracle::new(model, seed, replication, start)
    }

    /// Estimates at given times.
    ///
    /// # Errors
    /// [`EstimateError`].
    fn transient(&self, model: &Model, start: &Start, times: &[f64], options: &Options) -> Result<Transient, EstimateError> {
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
    fn trajectory(&self, lambda: f64, d: u32, start: &Start, times: &[f64]) -> Result<Trajectory, OdeError> {
        meanfield::solve(lambda, d, start, times, &meanfield::Options::default())
    }

    /// The graph that a file holds; isolated task types are kept.
    ///
    /// # Errors
    /// [`FormatError`].
    fn read_graph(&self, text: &[u8], format: Format) -> Result<BipartiteGraph, FormatError> {
        format::read(text, format, "text", Isolated::Drop)
    }

    /// The test on which verdicts about means rest.
    fn mean_test(&self, bound: f64, alpha: f64) -> MeanTest {
        MeanTest::new(bound, alpha)
    }

    // Couplings.

    /// Lets one shared mark act on two systems, the first of which starts below the second.
    fn couple(&self, model: &Model, lower: &mut Queues, upper: &mut Queues, mark: Mark<'_>, rng: &mut ChaCha8Rng) {
        self.apply(model, lower, mark, rng);
        self.apply(model, upper, mark, rng);
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

    /// (4.13): the partition of [0, 1) by the servers that get the task in either system.
    fn shared_mass(&self, model: &Model, task_type: u32, lower: &[u32], upper: &[u32]) -> Vec<Interval> {
        coupling::shared_mass_intervals(model, task_type, lower, upper)
    }

    // Formulas.

    /// (2.1).
    fn rho(&self, model: &Model) -> Ratio {
        metrics::rho(model)
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
    fn geometric(&self, sites: &Sites, radius: f64, norm: Norm) -> Result<BipartiteGraph, GenerateError> {
        sites.within(radius, norm, Isolated::Drop)
    }

    /// The random regular graphs of section 5.
    ///
    /// # Errors
    /// [`GenerateError`] where there is no such graph.
    fn random_regular(&self, n: u32, m: u32, k: u32, seed: u64) -> Result<BipartiteGraph, GenerateError> {
        generate::random_regular(n, m, k, seed)
    }

    /// Whether a small system has a steady state (Remark 1, with replacement); `None` if it is too large to enumerate.
    fn is_ergodic(&self, model: &Model) -> Option<bool> {
        stability::critical_load_by_subsets(model.graph(), model.d()).ok().map(|critical| *model.load().exact() < critical.lambda)
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
        crate::occupancy::Occupancy::of(lengths).counts().to_vec()
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

    /// The constants of the elementary inequalities of (4.46), ln(1/x) sqrt(x) <= 2 / sqrt(ln(1/x)), and (4.48), x <= 1 / sqrt(ln(1/x)).
    fn logarithm_constants(&self) -> (f64, f64) {
        (2.0, 1.0)
    }

    /// The bound (4.49) on both tails of a binomial variable with this mean.
    fn chernoff_bound(&self, mean: f64, epsilon: f64) -> f64 {
        2.0 * (-epsilon * epsilon * mean / 3.0).exp()
    }

    /// q*_i of Theorem 3.1.
    fn fixed_point(&self, lambda: f64, d: u32, i: u32) -> f64 {
        meanfield::fixed_point(lambda, d, i)
    }

    /// The right-hand side of (3.5) for q_1..q_L, with q_(L+1) = 0.
    fn right_hand_side(&self, lambda: f64, d: u32, q: &[f64], dq: &mut [f64]) {
        meanfield::right_hand_side(lambda, d, q, meanfield::Boundary::Zero, dq);
    }

    /// The bound of Corollary 4.3 on E q_i(infinity).
    fn moment_bound(&self, rho: &Ratio, i: u32) -> Ratio {
        ratio::power(rho, i)
    }

    /// theta of the proof of Theorem 3.8.
    fn mixing_theta(&self, rho0: &Ratio, d: u32) -> Ratio {
        bounds::mixing_theta(rho0, d)
    }

    /// The time of (4.46), given ln(1/eta).
    fn comparison_time(&self, log_inverse_eta: f64, c3: f64) -> f64 {
        bounds::comparison_time(log_inverse_eta, c3)
    }
}

/// The model as the paper defines it, run by the crate's own simulator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reference;

impl Subject for Reference {
    fn name(&self) -> String {
        "reference".to_owned()
    }

    fn apply(&self, _: &Model, queues: &mut Queues, mark: Mark<'_>, _: &mut ChaCha8Rng) -> Event {
        queues.apply(mark)
    }
}

/// A picker given as a closure `(task_type, compatible servers, queue lengths, rng) -> server`.
///
/// ```no_run
/// use fluidcheck::subject::Picker;
/// use rand::RngExt;
/// // Random routing: one sample.
/// let picker = Picker::new("random", |_, servers, _, rng| servers.at(rng.random_range(0..servers.len())));
/// ```
pub struct Picker<F> {
    name: String,
    pick: F,
}

impl<F> Picker<F>
where
    F: Fn(u32, crate::graph::Neighbours<'_>, &[u32], &mut ChaCha8Rng) -> u32 + Sync,
{
    /// A subject that differs from the reference in its picker.
    pub fn new(name: impl Into<String>, pick: F) -> Self {
        Self { name: name.into(), pick }
    }
}

impl<F> Subject for Picker<F>
where
    F: Fn(u32, crate::graph::Neighbours<'_>, &[u32], &mut ChaCha8Rng) -> u32 + Sync,
{
    fn name(&self) -> String {
        self.name.clone()
    }

    fn pick(&self, model: &Model, task_type: u32, _: &[u32], lengths: &[u32], rng: &mut ChaCha8Rng) -> u32 {
        (self.pick)(task_type, model.graph().servers_of(task_type), lengths, rng)
    }

    fn is_function_of_marks(&self) -> bool {
        false
    }
}

/// One path of a subject: its marks folded over its queues.
pub struct Path<'a> {
    subject: &'a dyn Subject,
    system: Model,
    marks: Box<dyn MarkStream>,
    block: marks::MarkBlock,
    position: usize,
    rng: ChaCha8Rng,
    queues: Queues,
}

/// Marks drawn ahead of the fold.
const BLOCK: usize = 256;

impl<'a> Path<'a> {
    /// The path of replication `replication` under `seed` from the given queue lengths.
    pub fn new(subject: &'a dyn Subject, model: &Model, seed: u64, replication: u64, start: Vec<u32>) -> Self {
        let system = subject.system(model);
        let marks = subject.marks(&system, seed, replication);
        // A picker's own coins come from a stream of their own, far from those of the marks.
        let rng = crate::randomness::coin_rng(seed, replication);
        let block = marks::MarkBlock::new(system.d());
        Self { subject, system, marks, block, position: 0, rng, queues: Queues::from_lengths(start) }
    }

    /// The queues as they are now.
    pub fn queues(&self) -> &Queues {
        &self.queues
    }

    /// Lets the next event happen.
    pub fn step(&mut self) -> Event {
        if self.position == self.block.len() {
            self.block.clear();
            self.marks.fill(&mut self.block, BLOCK);
            self.position = 0;
        }
        let mark = self.block.get(self.position);
        self.position += 1;
        self.subject.apply(&self.system, &mut self.queues, mark, &mut self.rng)
    }
}

/// A uniform random start: lengths 0 to `top` at each server.
pub fn random_lengths(rng: &mut impl Rng, n: u32, top: u32) -> Vec<u32> {
    use rand::RngExt;
    (0..n).map(|_| rng.random_range(0..=top)).collect()
}
