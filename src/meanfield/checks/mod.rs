//! Checks of the three claims about (3.5), against whatever implementation is put in.
//!
//! | claim | here |
//! |---|---|
//! | `ode-fixed-point` | [`fixed_point`] |
//! | `ode-order` | [`order`], [`order_between`] |
//! | `eq-4.44` | [`rate`] |
//!
//! The subject is a right-hand side, a fixed point or a gap, given as a function; the references are exact rational
//! arithmetic and proofs, with every bound derived where it stands.

mod fixed_point;
mod order;
mod rate;

use std::fmt;

pub use fixed_point::fixed_point;
pub use order::{order, order_between};
pub use rate::rate;

use super::error::OdeError;
use super::stepper::{Problem, Stepper, System};

/// A right-hand side under test: lambda, d, q_1..q_L, and where dq_1/dt..dq_L/dt go. What it takes for q_(L+1) is its own affair.
pub type RightHandSide<'a> = dyn Fn(f64, u32, &[f64], &mut [f64]) + 'a;

/// What a check found.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The least margin over all cases; negative where the claim is violated.
    pub slack: f64,
    /// What the slack is measured in.
    pub unit: &'static str,
    /// The number of comparisons.
    pub cases: u64,
    /// The comparison with the least margin.
    pub worst: String,
}

impl Measured {
    /// Starts with nothing seen.
    fn nothing(unit: &'static str) -> Self {
        Self { slack: f64::INFINITY, unit, cases: 0, worst: "nothing compared".to_owned() }
    }

    /// Counts a comparison; NaN is the worst margin there is.
    fn see(&mut self, margin: f64, describe: impl FnOnce() -> String) {
        let margin = if margin.is_nan() { f64::NEG_INFINITY } else { margin };
        self.cases += 1;
        if margin < self.slack {
            self.slack = margin;
            self.worst = describe();
        }
    }

    /// Takes over what another check of the same unit found.
    fn absorb(&mut self, other: Self) {
        self.cases += other.cases;
        if other.slack < self.slack {
            self.slack = other.slack;
            self.worst = other.worst;
        }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slack {:e} {} over {} cases, least at {}", self.slack, self.unit, self.cases, self.worst)
    }
}

/// Some copies of the right-hand side under test side by side, with common steps. Nothing is confined: that would hide faults.
struct Copies<'a> {
    flow: &'a RightHandSide<'a>,
    lambda: f64,
    d: u32,
    levels: usize,
    copies: usize,
}

impl System for Copies<'_> {
    fn dimension(&self) -> usize {
        self.levels * self.copies
    }

    fn slope(&self, y: &[f64], slope: &mut [f64]) {
        for (y, slope) in y.chunks_exact(self.levels).zip(slope.chunks_exact_mut(self.levels)) {
            (self.flow)(self.lambda, self.d, y, slope);
        }
    }

    fn fastest_rate(&self, y: &[f64]) -> f64 {
        // As for the right model; a wrong one has the error control alone.
        let busiest = y.chunks_exact(self.levels).map(|q| q[0]).fold(0.0, f64::max).min(1.0);
        let c = self.lambda * f64::from(self.d) * busiest.powf(f64::from(self.d - 1));
        (1.0 + c.sqrt()).powi(2)
    }
}

/// More than any check needs with the right model.
const MOST_STEPS: u64 = 20_000;

fn stepper(system: Copies<'_>, start: Vec<f64>, end: f64) -> Stepper<Copies<'_>> {
    Stepper::new(Problem { system, start, end, relative_tolerance: 1e-10, absolute_tolerance: 1e-18 })
}

fn permit<S: System>(stepper: &Stepper<S>) -> Result<(), OdeError> {
    let work = stepper.work();
    if work.steps + work.rejected < MOST_STEPS {
        return Ok(());
    }
    Err(OdeError::TooManySteps { steps: MOST_STEPS, reached: stepper.time(), end: stepper.problem().end })
}

/// All nonincreasing states of `levels` values in 0, 1/denominator, ..., 1, dyadic where the denominator is a power of 2.
fn dyadic_states(levels: usize, denominator: u32) -> Vec<Vec<f64>> {
    let mut states = vec![vec![]];
    for _ in 0..levels {
        states = states
            .into_iter()
            .flat_map(|state: Vec<f64>| {
                let most = state.last().map_or(denominator, |&q| (q * f64::from(denominator)) as u32);
                (0..=most).map(move |k| [state.as_slice(), &[f64::from(k) / f64::from(denominator)]].concat())
            })
            .collect();
    }
    states
}
