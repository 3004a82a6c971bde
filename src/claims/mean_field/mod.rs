//! Checks of the three claims about (3.5), against whatever implementation is put in.
//!
//! | claim | here |
//! |---|---|
//! | `ode-fixed-point` | [`fixed_point()`] |
//! | `ode-order` | [`order()`], [`order_between`] |
//! | `eq-4.44` | [`rate()`] |
//!
//! The subject is a right-hand side, a fixed point or a gap, given as a function; the references
//! are exact rational arithmetic and proofs, with every bound derived where it stands. Solutions
//! are those of (3.5) itself, enclosed by [`Enclosure`](crate::theory::mean_field::Enclosure); a
//! right-hand side under check must be that of (3.5), up to rounding, wherever they were looked at.

mod decay_rate;
mod equilibrium;
mod monotonicity;

use std::fmt;

pub use decay_rate::rate;
pub use equilibrium::fixed_point;
pub use monotonicity::{order, order_between};

use crate::theory::mean_field::{Boundary, right_hand_side};

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

    /// Counts a comparison whose margin, if there is one, says nothing: it is seen where it is
    /// negative or NaN alone.
    fn count(&mut self, margin: f64, describe: impl FnOnce() -> String) {
        if margin >= 0.0 {
            self.cases += 1;
        } else {
            self.see(margin, describe);
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

/// Counts a comparison of a right-hand side with that of (3.5), truncated from below, at a state.
/// It is seen only where the two differ by more than rounding explains.
///
/// Either is off by at most (d + 4) u times the sum of the absolute values of its terms, u = 2^-53:
/// d - 1 products for a power, a difference, a product with lambda, two differences more.
fn agrees(flow: &RightHandSide<'_>, lambda: f64, d: u32, q: &[f64], measured: &mut Measured) {
    let (mut given, mut right) = (vec![0.0; q.len()], vec![0.0; q.len()]);
    flow(lambda, d, q, &mut given);
    right_hand_side(lambda, d, q, Boundary::Zero, &mut right);
    let at = |i: usize| if i == 0 { 1.0 } else { q.get(i - 1).copied().unwrap_or(0.0) };
    for i in 1..=q.len() {
        let sizes = lambda * (at(i - 1).powi(d as i32) + at(i).powi(d as i32)) + at(i) + at(i + 1);
        let bound = f64::from(d + 4) * f64::EPSILON * sizes + 1e-300;
        let (given, right) = (given[i - 1], right[i - 1]);
        measured.count(bound - (given - right).abs(), || {
            format!("lambda {lambda}, d {d}, {q:?}, i {i}: slope {given}, by (3.5) {right}")
        });
    }
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

    #[test]
    fn a_slope_that_rounding_does_not_explain_is_seen() {
        let q = [0.75, 0.5, 0.1];
        for (off, cases, seen) in [(0.0, 3, false), (1e-17, 3, false), (1e-12, 3, true)] {
            let flow = |lambda: f64, d: u32, q: &[f64], dq: &mut [f64]| {
                right_hand_side(lambda, d, q, Boundary::Zero, dq);
                dq[1] += off;
            };
            let mut measured = Measured::nothing("");
            agrees(&flow, 0.8, 3, &q, &mut measured);
            assert_eq!((measured.cases, measured.slack < 0.0), (cases, seen), "{off}: {measured}");
        }
        let nothing = |_: f64, _: u32, _: &[f64], dq: &mut [f64]| dq.fill(f64::NAN);
        let mut measured = Measured::nothing("");
        agrees(&nothing, 0.8, 3, &q, &mut measured);
        assert_eq!(measured.slack, f64::NEG_INFINITY);
    }
}
