//! Checks of the three claims about (3.5), against whatever implementation is put in.
//!
//! | claim | here |
//! |---|---|
//! | `ode-fixed-point` | [`fixed_point()`] |
//! | `ode-order` | [`order()`], [`order_between`] |
//! | `eq-4.44` | [`rate()`] |
//!
//! The subject is a right-hand side, a fixed point or a gap, given as a function; the references
//! are exact rational arithmetic and proofs, with every bound derived where it stands.

mod decay_rate;
mod equilibrium;
mod monotonicity;

use std::fmt;

pub use decay_rate::rate;
pub use equilibrium::fixed_point;
pub use monotonicity::{order, order_between};

use crate::theory::mean_field::{OdeError, Problem, Stepper, System};

/// A right-hand side under test: lambda, d, q_1..q_L, and where dq_1/dt..dq_L/dt go. What it takes
/// for q_(L+1) is its own affair.
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
        write!(
            f,
            "slack {:e} {} over {} cases, least at {}",
            self.slack, self.unit, self.cases, self.worst
        )
    }
}

/// Some copies of the right-hand side under test side by side, with common steps. Nothing is
/// confined: that would hide faults.
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
    Stepper::new(Problem {
        system,
        start,
        end,
        relative_tolerance: 1e-10,
        absolute_tolerance: 1e-18,
    })
}

fn permit<S: System>(stepper: &Stepper<S>) -> Result<(), OdeError> {
    let work = stepper.work();
    if work.steps + work.rejected < MOST_STEPS {
        return Ok(());
    }
    Err(OdeError::TooManySteps {
        steps: MOST_STEPS,
        reached: stepper.time(),
        end: stepper.problem().end,
    })
}

/// All nonincreasing states of `levels` values in 0, 1/denominator, ..., 1, dyadic where the
/// denominator is a power of 2.
fn dyadic_states(levels: usize, denominator: u32) -> Vec<Vec<f64>> {
    let mut states = vec![vec![]];
    for _ in 0..levels {
        states = states
            .into_iter()
            .flat_map(|state: Vec<f64>| {
                let most =
                    state.last().map_or(denominator, |&q| (q * f64::from(denominator)) as u32);
                (0..=most).map(move |k| {
                    [state.as_slice(), &[f64::from(k) / f64::from(denominator)]].concat()
                })
            })
            .collect();
    }
    states
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::mean_field::Stop;

    #[test]
    fn the_least_margin_is_kept_with_the_first_comparison_that_has_it() {
        let mut measured = Measured::nothing("units");
        assert_eq!((measured.slack, measured.cases), (f64::INFINITY, 0));
        for (margin, name) in [(2.0, "a"), (1.0, "b"), (1.0, "c"), (3.0, "d")] {
            measured.see(margin, || name.to_owned());
        }
        assert_eq!(
            measured,
            Measured { slack: 1.0, unit: "units", cases: 4, worst: "b".to_owned() }
        );
        assert_eq!(measured.to_string(), "slack 1e0 units over 4 cases, least at b");
        measured.see(f64::NAN, || "no number".to_owned());
        assert_eq!(
            (measured.slack, measured.cases, measured.worst.as_str()),
            (f64::NEG_INFINITY, 5, "no number")
        );
    }

    #[test]
    fn two_checks_together_have_the_cases_of_both_and_the_lesser_slack() {
        let seen = |margins: &[f64], name: &str| {
            let mut measured = Measured::nothing("units");
            margins.iter().for_each(|&margin| measured.see(margin, || name.to_owned()));
            measured
        };
        for (first, second, slack, worst) in [
            ([2.0, 3.0], [4.0, 5.0], 2.0, "first"),
            ([4.0, 5.0], [2.0, 3.0], 2.0, "second"),
            ([2.0, 2.0], [2.0, 2.0], 2.0, "first"),
        ] {
            let mut both = seen(&first, "first");
            both.absorb(seen(&second, "second"));
            both.absorb(seen(&second, "third"));
            assert_eq!((both.cases, both.slack, both.worst.as_str()), (6, slack, worst));
        }
    }

    #[test]
    fn the_dyadic_states_are_all_that_do_not_increase() {
        let states = dyadic_states(2, 2);
        let expected = [[0.0, 0.0], [0.5, 0.0], [0.5, 0.5], [1.0, 0.0], [1.0, 0.5], [1.0, 1.0]];
        assert_eq!(states, expected);
        // Multisets of 3 out of 9 values.
        assert_eq!(dyadic_states(3, 8).len(), 165);
    }

    fn copies<'a>(flow: &'a RightHandSide<'a>, d: u32, copies: usize) -> Copies<'a> {
        Copies { flow, lambda: 0.5, d, levels: 2, copies }
    }

    #[test]
    fn copies_side_by_side_do_not_see_each_other() {
        let flow = |lambda: f64, d: u32, q: &[f64], dq: &mut [f64]| {
            dq[0] = lambda * f64::from(d) * q[1];
            dq[1] = q[0];
        };
        let mut slope = [0.0; 4];
        copies(&flow, 3, 2).slope(&[1.0, 2.0, 3.0, 4.0], &mut slope);
        assert_eq!(slope, [3.0, 1.0, 6.0, 3.0]);
    }

    #[test]
    fn the_fastest_rate_is_that_of_the_busiest_copy_inside_the_states() {
        let flow = |_: f64, _: u32, _: &[f64], _: &mut [f64]| {};
        // (1 + sqrt(lambda d q_1^(d - 1)))^2 with lambda = 1/2.
        for (d, q, rate) in
            [(1, [0.1, 0.0, 0.2, 0.0], (1.0 + 0.5f64.sqrt()).powi(2)), (8, [0.0; 4], 1.0)]
        {
            assert_eq!(copies(&flow, d, 2).fastest_rate(&q), rate, "{d}");
        }
        let rates = [[0.25, 0.0, 0.5, 0.5], [0.5, 0.5, 0.25, 0.0]]
            .map(|q| copies(&flow, 2, 2).fastest_rate(&q));
        assert_eq!(rates, [(1.0 + 0.5f64.sqrt()).powi(2); 2]);
        assert_eq!(copies(&flow, 2, 1).fastest_rate(&[7.0, 0.0]), 4.0);
    }

    #[test]
    fn a_check_gives_up_after_its_steps_accepted_and_rejected() {
        // Slopes that jump, so that some attempts are rejected.
        let flow = |_: f64, _: u32, q: &[f64], dq: &mut [f64]| {
            dq[0] = if q[0].rem_euclid(1e3) < 500.0 { 1.0 } else { 2.0 };
            dq[1] = 0.0;
        };
        let mut stepper = stepper(copies(&flow, 1, 1), vec![0.0; 2], 1e6);
        let mut refused = None;
        for _ in 0..=MOST_STEPS {
            refused = permit(&stepper).err();
            if refused.is_some() {
                break;
            }
            assert_ne!(stepper.step(), Ok(Stop::Reached));
        }
        let work = stepper.work();
        assert!(work.rejected > 1, "{work:?}");
        assert_eq!(work.steps + work.rejected, MOST_STEPS);
        assert_eq!(
            refused,
            Some(OdeError::TooManySteps { steps: MOST_STEPS, reached: stepper.time(), end: 1e6 })
        );
    }
}
