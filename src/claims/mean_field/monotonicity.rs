//! `ode-order`: (3.5) keeps the order of its starts and the region of states; from empty it
//! increases to q*.

use super::{Measured, RightHandSide, agrees, dyadic_states};
use crate::model::start::Start;
use crate::theory::mean_field::{
    Enclosure, OdeError, Options, check_parameters, first_levels, fixed_point_vec,
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
/// [`OdeError`] where (3.5) cannot be enclosed.
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

/// Encloses the solutions from both starts up to `end` and compares them at `LOOKS` times.
///
/// Order kept, in \[0, 1\], nonincreasing in i; from empty also nondecreasing in t and never above
/// q*. Every margin allows the proved errors of what it compares. The right-hand side under check
/// must be that of (3.5) at all states seen.
///
/// The starts must be ordered; if they are not, that is what is reported.
///
/// # Errors
/// [`OdeError`] for a start that is no state, and where (3.5) cannot be enclosed.
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
    let mut lower = Enclosure::new(lambda, d, low, levels)?;
    let mut upper = Enclosure::new(lambda, d, high, levels)?;
    let mut before = (lower.q().to_vec(), lower.error());
    let mut measured = Measured::nothing(UNIT);
    for look in 0..=LOOKS {
        let t = end * f64::from(look) / f64::from(LOOKS);
        lower.advance_to(t)?;
        upper.advance_to(t)?;
        let (q, r) = (lower.q(), upper.q());
        let place = |what: &str, i: usize| {
            format!("lambda {lambda}, d {d}, {low} against {high}, i {i}, t {t}: {what}")
        };
        for i in 0..levels {
            let both = lower.error() + upper.error();
            measured.see(r[i] - q[i] + both, || place("order", i + 1));
            for (q, error) in [(q, lower.error()), (r, upper.error())] {
                let previous = if i == 0 { 1.0 } else { q[i - 1] };
                measured.see(previous - q[i] + error, || place("nonincreasing in i", i + 1));
            }
            if from_empty {
                let errors = lower.error() + before.1;
                measured.see(q[i] - before.0[i] + errors, || place("increasing from empty", i + 1));
                // Four units in the last place for the rounding of q* itself.
                let most = target[i] * (1.0 + 4.0 * f64::EPSILON) + lower.error();
                measured.see(most - q[i], || place("below q* from empty", i + 1));
            }
        }
        for q in [q, r] {
            agrees(flow, lambda, d, q, &mut measured);
        }
        // What follows a violation explains nothing.
        if measured.slack < 0.0 {
            break;
        }
        before = (q.to_vec(), lower.error());
    }
    Ok(measured)
}

/// How often solutions are compared.
const LOOKS: u32 = 24;

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
    fn a_right_hand_side_that_is_another_one_on_the_way_is_seen() {
        // Right on all dyadic states, and at both starts.
        let flow = |lambda: f64, d: u32, q: &[f64], dq: &mut [f64]| {
            LOWER(lambda, d, q, dq);
            if (q[0] * 8.0).fract() != 0.0 {
                dq[0] *= 1.001;
            }
        };
        let measured = order_between(&flow, 0.5, 2, &Start::Empty, &Start::Level(1), 3.0).unwrap();
        assert!(measured.slack < 0.0, "{measured}");
        assert!(measured.worst.contains("by (3.5)"), "{measured}");
    }

    #[test]
    fn solutions_of_ordered_starts_keep_all_margins_within_their_errors() {
        let (low, high) = (Start::Occupancy(vec![0.5]), Start::Occupancy(vec![0.5, 0.25]));
        for (d, end) in [(1, 3.0), (4, 10.0)] {
            let measured = order_between(&LOWER, 0.75, d, &low, &high, end).unwrap();
            assert!(measured.slack >= 0.0 && measured.cases > 500, "{measured}");
        }
    }
}
