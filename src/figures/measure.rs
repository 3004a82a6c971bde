//! Estimates of one system: its steady state where it has one, else its state at given times.
//!
//! **The steady state, from below and from above.** Two paths share their marks, one from empty,
//! one from "every server has L tasks", and are averaged over the same window. By Proposition 3.9
//! the first is at or below the steady state in the mean. The second is at or above it but for what
//! the steady state has above L, and for that no rho(G) < 1 is needed:
//!
//! A task joins a queue with i - 1 tasks or more only if all its d samples are such queues. So
//! sum_(j >= i) Q_j grows at rate lambda f({v: X_v >= i - 1}) <= (lambda / lambda_c) Q_(i-1), with
//! f and the critical load lambda_c of [`crate::theory::stability`], and falls at rate Q_i. In
//! steady state therefore E q_i <= (lambda / lambda_c) E q_(i-1), and E q_i <= (lambda /
//! lambda_c)^i: Corollary 4.3 with lambda / lambda_c, which is at most rho(G), in place of rho(G).
//! (The expectations are finite: a split of all work with load lambda / lambda_c < 1 on every
//! server bounds the drift of sum_v z^(X_v), since the sampled queue that is shortest adds least to
//! it.)
//!
//! What is left out is so at most sum_(i > L) (lambda / lambda_c)^i, in every mean below; L makes
//! it at most [`LEFT_OUT`], and upper ends are raised by it. The time before the window is a
//! function of L; too short a time makes an interval wide, not wrong.
//!
//! **A transient** is read at fixed times of paths from empty.
//!
//! Intervals: Student's t over replications. Each replication averages over many servers or a long
//! window, so that the approximation is good; no guarantee goes with it, and each interval stands
//! by itself.
//!
//! # Source
//! Proposition 3.9; Corollary 4.3 and its proof; Remark 1.

use rayon::prelude::*;
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{CONFIDENCE, FigureError, Standing, SteadyState, System};
use crate::estimate::bracketing::{self, Plan, UpperStart, geometric_tail, least_level};
use crate::model::Model;
use crate::simulate::{SimulateError, Simulation, TimeAverage};
use crate::theory::mean_field::{fixed_point_vec, steady_state_distance};

/// Tasks per server, in the mean, that the start from above may leave out.
pub const LEFT_OUT: f64 = 1e-7;

/// The times at which systems without a steady state are looked at.
pub const TIMES: [f64; 2] = [50.0, 500.0];

/// States in a window at which the distance from q* is taken.
const LOOKS: u64 = 32;

/// The length of the window in mean service times; longer for small systems.
const WINDOW: f64 = 50.0;

/// The fewest events of a window.
const LEAST_WINDOW: u64 = 1 << 20;

/// The longest time before the window; reached only where lambda is just below the critical load.
const LONGEST: f64 = 20_000.0;

/// A mean and its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The sample mean; the middle of the two where it is known from below and above.
    pub mean: f64,
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

/// Whether a state is the steady state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Regime {
    /// The steady state.
    Steady,
    /// The state at this time from empty, in mean service times, of a system without a steady
    /// state, or not known to have one.
    Transient(f64),
}

impl Regime {
    /// The name in rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady state",
            Self::Transient(_) => "transient",
        }
    }

    /// The time of a transient.
    pub fn time(self) -> Option<f64> {
        match self {
            Self::Steady => None,
            Self::Transient(time) => Some(time),
        }
    }
}

/// The state of a system in one regime.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Which.
    pub regime: Regime,
    /// E q_1, E q_2, ...
    pub q: Vec<Estimate>,
    /// The mean queue length.
    pub length: Estimate,
    /// E sum_i (q_i - q*_i)^2, the left of (3.1).
    pub distance: Estimate,
}

/// One realised system with its estimates.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Which.
    pub system: System,
    /// Its graph.
    pub standing: Standing,
    /// One steady state, or a transient for each of [`TIMES`].
    pub states: Vec<State>,
    /// Replications.
    pub replications: u64,
}

impl Measured {
    /// Makes the graph of a system and estimates its states.
    ///
    /// # Errors
    /// [`FigureError`].
    pub fn new(system: System, seed: u64, replications: u64) -> Result<Self, FigureError> {
        let model = Model::new(system.graph(seed)?, super::LAMBDA, super::D)?;
        let standing = Standing::of(&model)?;
        let seed = system.simulation_seed(seed);
        let states = if standing.steady_state == SteadyState::Exists {
            let load = rounded_up(model.lambda() / standing.critical_lower);
            vec![steady(&model, load, seed, replications)?]
        } else {
            transients(&model, seed, replications)?
        };
        Ok(Self { system, standing, states, replications })
    }
}

/// A load below 1 in hundredths, so that closer bounds on the critical load give no other
/// estimates; finer next to 1.
fn rounded_up(load: f64) -> f64 {
    let hundredths = (100.0 * load).ceil() / 100.0;
    if hundredths < 1.0 { hundredths } else { load }
}

/// One path of a replication.
struct Seen {
    q: Vec<f64>,
    /// q at the looks.
    looks: Vec<Vec<f64>>,
}

/// How the steady state of a model of N servers is sampled, whose sets get at most `load` times
/// what they serve.
fn plan(model: &Model, load: f64) -> Plan {
    let rate = (1.0 + model.lambda()) * f64::from(model.graph().n_servers());
    let level = level(load);
    // L tasks leave at rate 1 - load where it is busiest; then the last differences vanish.
    let time = ((1.1 * f64::from(level) + 10.0) / (1.0 - load)).min(LONGEST);
    let every = ((WINDOW * rate) as u64).max(LEAST_WINDOW) / LOOKS;
    let start = UpperStart { level, error: Some(LEFT_OUT) };
    Plan { start, warm_up: (time * rate).ceil() as u64, window: LOOKS * every, every, top: 0 }
}

/// The steady state of a model whose sets get at most `load` times what they serve, `load` < 1.
fn steady(model: &Model, load: f64, seed: u64, replications: u64) -> Result<State, FigureError> {
    let plan = plan(model, load);
    let run = |replication: u64, start: Vec<u32>| -> Result<Seen, SimulateError> {
        let path = Simulation::new(model, seed, replication, start)?;
        let mut looks = Vec::new();
        let mut copy = (path, None);
        let advance = |(path, average): &mut (Simulation, _), events| match average {
            Some(average) => path.average_events(events, average),
            None => path.step_events(events),
        };
        plan.run(&mut copy, advance, |look, (path, average)| match look {
            0 => *average = Some(TimeAverage::starting_at(path.queues())),
            _ => looks.push(fractions(path)),
        });
        Ok(Seen { q: copy.1.map_or(Vec::new(), |average| average.means()), looks })
    };
    let full = vec![plan.start.level; model.graph().n_servers() as usize];
    let draw = |replication| Ok((run(replication, Vec::new())?, run(replication, full.clone())?));
    let seen: Vec<(Seen, Seen)> =
        (0..replications).into_par_iter().map(draw).collect::<Result<_, SimulateError>>()?;
    let levels = seen.iter().map(|(_, above)| above.q.len()).max().unwrap_or(0);
    let bracket = |of: &dyn Fn(&Seen) -> f64| {
        interval(seen.iter().map(|(below, above)| (of(below), of(above))), LEFT_OUT)
    };
    let distances = seen.iter().map(|(below, above)| distances(model, below, above));
    Ok(State {
        regime: Regime::Steady,
        q: (0..levels).map(|i| bracket(&|seen| at(&seen.q, i))).collect(),
        length: bracket(&|seen| seen.q.iter().sum()),
        // The square of a difference in [0, 1] moves at most twice as far as the difference.
        distance: interval(distances, 2.0 * LEFT_OUT),
    })
}

/// L with sum_(i > L) load^i <= [`LEFT_OUT`]: two more than the least, with which the figures were
/// made.
fn level(load: f64) -> u32 {
    least_level(|level| geometric_tail(load, level), LEFT_OUT) + 2
}

/// sum_i (q_i - q*_i)^2 from below and above, averaged over the looks.
fn distances(model: &Model, below: &Seen, above: &Seen) -> (f64, f64) {
    let (mut least, mut most) = (0.0, 0.0);
    for (low, high) in below.looks.iter().zip(&above.looks) {
        if low == high {
            let both = steady_state_distance(low, model.lambda(), model.d()).squared_l2;
            (least, most) = (least + both, most + both);
            continue;
        }
        let target = fixed_point_vec(model.lambda(), model.d(), high.len().max(64));
        let (near, far) = bracketing::distance((low, high), &target, |x| x.powi(2));
        (least, most) = (least + near, most + far);
    }
    (least / LOOKS as f64, most / LOOKS as f64)
}

/// The states at [`TIMES`] from empty.
fn transients(model: &Model, seed: u64, replications: u64) -> Result<Vec<State>, FigureError> {
    let seen = paths(model, seed, replications, &TIMES)?;
    let state = |(k, &time): (usize, &f64)| {
        let mean = |of: &dyn Fn(&[f64]) -> f64| {
            interval(seen.iter().map(|times| of(&times[k])).map(|x| (x, x)), 0.0)
        };
        let levels = seen.iter().map(|times| times[k].len()).max().unwrap_or(0);
        State {
            regime: Regime::Transient(time),
            q: (0..levels).map(|i| mean(&|q| at(q, i))).collect(),
            length: mean(&|q| q.iter().sum()),
            distance: mean(&|q| steady_state_distance(q, model.lambda(), model.d()).squared_l2),
        }
    };
    Ok(TIMES.iter().enumerate().map(state).collect())
}

/// q_1, q_2, ... of each replication from empty, at ascending times.
pub(super) fn paths(
    model: &Model,
    seed: u64,
    replications: u64,
    times: &[f64],
) -> Result<Vec<Vec<Vec<f64>>>, FigureError> {
    let states = |replication| {
        let mut path = Simulation::new(model, seed, replication, Vec::new())?;
        let state = |&time: &f64| {
            path.advance_to(time)?;
            Ok(fractions(&path))
        };
        times.iter().map(state).collect()
    };
    (0..replications).into_par_iter().map(states).collect()
}

fn fractions(path: &Simulation) -> Vec<f64> {
    let occupancy = path.queues().occupancy();
    (1..=occupancy.counts().len()).map(|i| occupancy.fraction(i)).collect()
}

/// q_(i+1); 0 beyond the longest queue.
pub(super) fn at(q: &[f64], i: usize) -> f64 {
    q.get(i).copied().unwrap_or(0.0)
}

/// Student's t for a mean that each replication knows from below and above; the upper end is raised
/// by what is left out.
pub(super) fn interval(seen: impl Iterator<Item = (f64, f64)>, left_out: f64) -> Estimate {
    let (below, above): (Vec<f64>, Vec<f64>) = seen.unzip();
    let ((low, low_half), (high, high_half)) = (mean_and_half(&below), mean_and_half(&above));
    Estimate {
        mean: f64::midpoint(low, high),
        lower: (low - low_half).max(0.0),
        upper: high + high_half + left_out,
    }
}

/// The mean and the half-width of its interval; infinite for fewer than two observations.
fn mean_and_half(seen: &[f64]) -> (f64, f64) {
    let count = seen.len() as f64;
    let mean = seen.iter().sum::<f64>() / count;
    if seen.len() < 2 {
        return (mean, f64::INFINITY);
    }
    let squares: f64 = seen.iter().map(|x| (x - mean).powi(2)).sum();
    let quantile = StudentsT::new(0.0, 1.0, count - 1.0)
        .map_or(f64::INFINITY, |t| t.inverse_cdf(f64::midpoint(1.0, CONFIDENCE)));
    (mean, quantile * (squares / (count - 1.0) / count).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::spec::Spec;
    use crate::theory::exact;
    use crate::theory::stability::critical_load;

    fn model(spec: &str, lambda: f64) -> Model {
        Model::new(Spec::parse(spec).unwrap().build(1, Default::default()).unwrap(), lambda, 2)
            .unwrap()
    }

    #[test]
    fn the_exact_tail_is_below_the_powers_of_the_load_over_the_critical_load() {
        // The last three have rho(G) > lambda / lambda_c, the last two rho(G) >= 1 even.
        for (spec, lambda) in [
            ("complete:n=2,m=2", 0.6),
            ("path:n=3", 0.6),
            ("path:n=3", 0.7),
            ("edges:n=2,m=2,e=0-0;0-1;1-1", 0.7),
        ] {
            let model = model(spec, lambda);
            let load = lambda / critical_load(model.graph(), 2).unwrap().lower;
            let options = exact::Options { cap: Some(24), ..Default::default() };
            let law = exact::stationary(&model, &options).unwrap();
            for (i, q) in (1..).zip(&law.q) {
                let bound = load.powi(i) * (1.0 + 1e-12);
                assert!(q.lower <= bound, "{spec}: q_{i} = {} above {load}^{i}", q.value);
            }
        }
    }

    #[test]
    fn the_start_from_above_leaves_out_no_more_than_stated() {
        for load in [0.1f64, 0.5, 0.8, 0.99] {
            let level = level(load) as i32;
            assert!(load.powi(level + 1) / (1.0 - load) <= LEFT_OUT);
            assert!(load.powi(level - 2) / (1.0 - load) > LEFT_OUT);
        }
    }

    #[test]
    fn students_interval_is_the_textbook_one() {
        // 1, 2, 3: mean 2, standard error 1 / sqrt(3), t quantile with 2 degrees of freedom
        // 4.302653.
        let found = interval([(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)].into_iter(), 0.0);
        let upper = 2.0 + 4.302_652_7 / 3f64.sqrt();
        assert_eq!((found.mean, found.lower), (2.0, 0.0));
        assert!((found.upper - upper).abs() < 1e-6, "{found:?}");
        assert_eq!(interval(std::iter::once((1.0, 1.0)), 0.0).upper, f64::INFINITY);
    }
}
