//! `ode-order`: (3.5) keeps the order of its starts and the region of states; from empty it
//! increases to q*.

use super::{Copies, Measured, RightHandSide, dyadic_states, permit, stepper};
use crate::model::start::Start;
use crate::theory::mean_field::{
    OdeError, Options, Stop, check_parameters, first_levels, fixed_point_vec,
};

const UNIT: &str = "fraction of servers";

/// Checks a right-hand side, first without any integration, then along trajectories.
///
/// The first part is exact. The order of starts is kept if and only if q <= r with q_i = r_i
/// implies dq_i/dt <= dr_i/dt (Kamke); states stay nonincreasing in \[0, 1\] if and only if on each
/// face of that region the slope points inwards (Nagumo); from empty the solution increases if
/// moreover its slope there is nonnegative. All of this is compared on every (pair of) dyadic
/// state(s) of three levels, where floating point does not round. The margin is 0 in the best case,
/// as slopes may agree.
///
/// The second part runs [`order_between`] over pairs of starts of all kinds, unless the first found
/// a violation.
///
/// # Errors
/// [`OdeError`] where the right-hand side cannot be integrated.
pub fn order(flow: &RightHandSide<'_>) -> Result<Measured, OdeError> {
    let mut measured = Measured::nothing(UNIT);
    for (lambda, d) in
        [0.25, 0.5, 0.75].into_iter().flat_map(|lambda| [1, 2, 3].map(|d| (lambda, d)))
    {
        faces(flow, lambda, d, &mut measured);
    }
    if measured.slack < 0.0 {
        // A flow that leaves the region may be no flow at all.
        return Ok(measured);
    }
    let pairs = [
        (Start::Empty, Start::Level(3)),
        (Start::Empty, Start::Geometric(0.7)),
        (Start::Geometric(0.5), Start::Geometric(0.8)),
        (Start::Occupancy(vec![0.5, 0.5, 0.25]), Start::Occupancy(vec![0.75, 0.5, 0.5, 0.125])),
        (Start::Level(1), Start::Level(2)),
    ];
    for (lambda, d) in [(0.5, 1), (0.8, 2), (0.95, 2), (0.9, 3), (0.7, 10)] {
        for (low, high) in &pairs {
            measured.absorb(order_between(flow, lambda, d, low, high, 30.0)?);
        }
    }
    Ok(measured)
}

fn faces(flow: &RightHandSide<'_>, lambda: f64, d: u32, measured: &mut Measured) {
    let slopes_at = |q: &Vec<f64>| {
        let mut dq = vec![0.0; q.len()];
        flow(lambda, d, q, &mut dq);
        dq
    };
    let states = dyadic_states(3, 4);
    let slopes: Vec<Vec<f64>> = states.iter().map(slopes_at).collect();
    for (q, dq) in states.iter().zip(&slopes) {
        for (r, dr) in states.iter().zip(&slopes) {
            if q.iter().zip(r).any(|(q, r)| q > r) {
                continue;
            }
            for i in (0..q.len()).filter(|&i| q[i] == r[i]) {
                measured.see(dr[i] - dq[i], || {
                    format!(
                        "lambda {lambda}, d {d}, i {}: slope {} at {q:?}, {} at the larger {r:?}",
                        i + 1,
                        dq[i],
                        dr[i]
                    )
                });
            }
        }
        let face = |what: &str, i: usize| {
            format!("lambda {lambda}, d {d}, i {i}, {q:?}: slopes {dq:?} leave {what}")
        };
        let last = q.len() - 1;
        if q[0] == 1.0 {
            measured.see(-dq[0], || face("q_1 <= 1", 1));
        }
        if q[last] == 0.0 {
            measured.see(dq[last], || face("q_i >= 0", last + 1));
        }
        for i in (1..=last).filter(|&i| q[i] == q[i - 1]) {
            measured.see(dq[i - 1] - dq[i], || face("q_i <= q_(i-1)", i + 1));
        }
        if q[0] == 0.0 {
            let least = dq.iter().copied().fold(f64::INFINITY, f64::min);
            measured.see(least, || face("the states above empty", 1));
        }
    }
}

/// Integrates both starts side by side to `end` and compares them after every step.
///
/// Order kept, in \[0, 1\], nonincreasing in i; from empty also nondecreasing in t and never above
/// q*. Every margin allows twice the sum of the estimated local errors, which the flow of (3.5)
/// does not amplify.
///
/// The starts must be ordered; if they are not, that is what is reported.
///
/// # Errors
/// [`OdeError`] for a start that is no state, and where the right-hand side cannot be integrated.
pub fn order_between(
    flow: &RightHandSide<'_>,
    lambda: f64,
    d: u32,
    low: &Start,
    high: &Start,
    end: f64,
) -> Result<Measured, OdeError> {
    check_parameters(lambda, d)?;
    low.validate()?;
    high.validate()?;
    if !(end.is_finite() && end >= 0.0) {
        return Err(OdeError::Time { position: 0, given: end });
    }
    let options = Options::default();
    let levels = first_levels(lambda, d, high, end, &options)?
        .max(first_levels(lambda, d, low, end, &options)?);
    let target = fixed_point_vec(lambda, d, levels);
    let from_empty = low.fraction(1) == 0.0;
    let mut stepper = stepper(
        Copies { flow, lambda, d, levels, copies: 2 },
        [low.fractions(levels), high.fractions(levels)].concat(),
        end,
    );
    let mut before = low.fractions(levels);
    let mut measured = Measured::nothing(UNIT);
    loop {
        let allowed = 2.0 * stepper.local_errors();
        let t = stepper.time();
        let (q, r) = stepper.state().split_at(levels);
        let place = |what: &str, i: usize| {
            format!("lambda {lambda}, d {d}, {low} against {high}, i {i}, t {t}: {what}")
        };
        for i in 0..levels {
            measured.see(r[i] - q[i] + allowed, || place("order", i + 1));
            for q in [q, r] {
                let previous = if i == 0 { 1.0 } else { q[i - 1] };
                measured.see(previous - q[i] + allowed, || place("nonincreasing in i", i + 1));
                measured.see(q[i] + allowed, || place("nonnegative", i + 1));
            }
            if from_empty {
                measured.see(q[i] - before[i] + allowed, || place("increasing from empty", i + 1));
                // Four units in the last place for the rounding of q* itself.
                measured.see(target[i] * (1.0 + 4.0 * f64::EPSILON) - q[i] + allowed, || {
                    place("below q* from empty", i + 1)
                });
            }
        }
        // What follows a violation explains nothing.
        if t >= end || measured.slack < 0.0 {
            return Ok(measured);
        }
        before.copy_from_slice(&stepper.state()[..levels]);
        while stepper.step()? == Stop::Rejected {
            permit(&stepper)?;
        }
        permit(&stepper)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::mean_field::{Boundary, right_hand_side};

    const LOWER: fn(f64, u32, &[f64], &mut [f64]) =
        |lambda, d, q, dq| right_hand_side(lambda, d, q, Boundary::Zero, dq);

    #[test]
    fn each_face_that_a_flow_leaves_is_named_with_its_slope() {
        type Slopes = fn(&[f64]) -> [f64; 3];
        let table: [(&str, Slopes, f64); 8] = [
            ("i 1: slope", |q| [-q[1] / 2.0, -q[1] / 2.0, -q[2] / 2.0], -0.5),
            ("i 3: slope", |q| [0.0, 0.0, q[2] * (q[1] - 1.0) * (q[0] - 1.0)], -0.140625),
            ("leave q_1 <= 1", |_| [0.5, 0.5, 0.5], -0.5),
            (
                "i 3, [0.0, 0.0, 0.0]: slopes [-0.5, -0.5, -0.5] leave q_i >= 0",
                |_| [-0.5, -0.5, -0.5],
                -0.5,
            ),
            (
                "i 2, [0.0, 0.0, 0.0]: slopes [0.0, 0.5, 0.5] leave q_i <= q_(i-1)",
                |_| [0.0, 0.5, 0.5],
                -0.5,
            ),
            (
                "i 3, [0.0, 0.0, 0.0]: slopes [0.0, 0.0, 0.5] leave q_i <= q_(i-1)",
                |_| [0.0, 0.0, 0.5],
                -0.5,
            ),
            ("leave the states above empty", |_| [-1.0, -0.5, 0.0], -1.0),
            ("", |_| [0.0, 0.0, 0.0], 0.0),
        ];
        for (name, slopes, slack) in table {
            let flow = |_: f64, _: u32, q: &[f64], dq: &mut [f64]| dq.copy_from_slice(&slopes(q));
            let mut measured = Measured::nothing(UNIT);
            faces(&flow, 0.5, 2, &mut measured);
            assert_eq!(measured.slack, slack, "{name}: {measured}");
            assert!(measured.worst.contains(name), "{name}: {measured}");
        }
    }

    #[test]
    fn a_flow_that_leaves_the_region_is_not_integrated() {
        let flow = |_: f64, _: u32, _: &[f64], dq: &mut [f64]| dq.fill(0.5);
        let mut one = Measured::nothing(UNIT);
        faces(&flow, 0.5, 2, &mut one);
        let measured = order(&flow).unwrap();
        assert_eq!((measured.slack, measured.cases), (-0.5, 9 * one.cases));
    }

    #[test]
    fn starts_out_of_order_and_times_without_a_meaning_are_refused() {
        let measured =
            order_between(&LOWER, 0.5, 2, &Start::Level(2), &Start::Level(1), 1.0).unwrap();
        assert_eq!(measured.slack, -1.0);
        assert!(measured.worst.contains("level:2 against level:1, i 2, t 0: order"), "{measured}");
        for end in [-1.0, f64::INFINITY, f64::NAN] {
            let refused = order_between(&LOWER, 0.5, 2, &Start::Empty, &Start::Level(1), end);
            assert!(
                matches!(refused, Err(OdeError::Time { position: 0, .. })),
                "{end}: {refused:?}"
            );
        }
        assert!(order_between(&LOWER, 1.5, 2, &Start::Empty, &Start::Level(1), 1.0).is_err());
        assert!(
            order_between(&LOWER, 0.5, 2, &Start::Geometric(2.0), &Start::Level(1), 1.0).is_err()
        );
        assert!(order_between(&LOWER, 0.5, 2, &Start::Empty, &Start::Geometric(2.0), 1.0).is_err());
        // At time 0 there is nothing to integrate.
        assert_eq!(
            order_between(&LOWER, 0.5, 2, &Start::Empty, &Start::Level(1), 0.0).unwrap().slack,
            0.0
        );
    }

    #[test]
    fn each_violated_order_is_short_by_its_distance_less_twice_the_local_errors() {
        type Flow = fn(f64, u32, &[f64], &mut [f64]);
        type Short = fn(&[f64], &[f64], &[f64]) -> f64;
        let occupancy = |q: &[f64]| Start::Occupancy(q.to_vec());
        let (half, more) = (occupancy(&[0.5]), occupancy(&[0.5, 0.25]));
        let table: [(&str, Start, Start, Flow, Short); 7] = [
            (
                "i 1, t #: order",
                half.clone(),
                more.clone(),
                |_, _, q, dq| (dq[0], dq[1]) = (-q[1] * q[0], 0.0),
                |q, r, _| r[0] - q[0],
            ),
            (
                "i 1, t #: nonincreasing in i",
                half.clone(),
                Start::Level(1),
                |_, _, q, dq| dq[0] = q[0].powi(3) - 0.1,
                |_, r, _| 1.0 - r[0],
            ),
            (
                "i 2, t #: nonincreasing in i",
                more.clone(),
                occupancy(&[0.5, 0.5]),
                |_, _, q, dq| dq[1] = q[1] * q[1],
                |_, r, _| r[0] - r[1],
            ),
            (
                "i 2, t #: nonnegative",
                half.clone(),
                half.clone(),
                |_, _, q, dq| dq[1] = q[1] * q[0] - q[0].powi(2),
                |q, _, _| q[1],
            ),
            (
                "i 1, t #: increasing from empty",
                Start::Empty,
                Start::Level(1),
                // Both components turn around after a while.
                |_, _, q, dq| {
                    (dq[0], dq[1]) = (if q[0] < 0.9 { 0.3 - 4.0 * q[1] } else { 0.0 }, q[0] / 2.0)
                },
                |q, _, before| q[0] - before[0],
            ),
            (
                "i 1, t #: below q* from empty",
                Start::Empty,
                Start::Level(1),
                |_, _, q, dq| dq[0] = (1.0 - q[0]).powi(2),
                |q, _, _| 0.5 * (1.0 + 4.0 * f64::EPSILON) - q[0],
            ),
            (
                "i 2, t #: below q* from empty",
                Start::Empty,
                Start::Level(2),
                |_, _, q, dq| (dq[0], dq[1]) = ((0.3 - q[0]).max(0.0), (q[0] - q[1]).powi(2)),
                |q, _, _| 0.125 * (1.0 + 4.0 * f64::EPSILON) - q[1],
            ),
        ];
        for (name, low, high, slopes, short) in table {
            let flow = |lambda: f64, d: u32, q: &[f64], dq: &mut [f64]| {
                dq.fill(0.0);
                slopes(lambda, d, q, dq);
            };
            let measured = order_between(&flow, 0.5, 2, &low, &high, 30.0).unwrap();
            // The same steps again, up to the first with a violation.
            let levels = Options::default()
                .least_levels
                .max(first_levels(0.5, 2, &high, 30.0, &Options::default()).unwrap());
            let both = [low.fractions(levels), high.fractions(levels)].concat();
            let mut stepper =
                stepper(Copies { flow: &flow, lambda: 0.5, d: 2, levels, copies: 2 }, both, 30.0);
            let expected = loop {
                let before = stepper.state()[..levels].to_vec();
                while stepper.step().unwrap() == Stop::Rejected {}
                let (q, r) = stepper.state().split_at(levels);
                let slack = short(q, r, &before) + 2.0 * stepper.local_errors();
                if slack < 0.0 {
                    break slack;
                }
            };
            assert!(stepper.local_errors() > 0.0, "{name}");
            assert_eq!(measured.slack, expected, "{name}: {measured}");
            assert!(
                measured.worst.ends_with(&name.replace('#', &stepper.time().to_string())),
                "{name}: {measured}"
            );
        }
    }
}
