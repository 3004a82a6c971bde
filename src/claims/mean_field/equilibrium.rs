//! `ode-fixed-point`: q* is the fixed point of (3.5), and the only summable one.

use super::{Measured, RightHandSide, dyadic_states};
use crate::num::ratio::{self, Ratio};

/// Unit roundoff of `f64`.
const ROUNDOFF: f64 = f64::EPSILON / 2.0;

/// Checks a fixed point (of lambda, d, i) and a right-hand side against each other and against
/// exact arithmetic.
///
/// Three parts, each as the share of its rounding bound that is still free (1: exact; negative:
/// violated):
/// - **Values.** q*_i against the exact rational power of the binary lambda, whose exponent is
///   summed in integers. Bound: two units in the last place, 2^-51 relative.
/// - **Residual.** (3.5) at q*. With values off by at most 4u relative (u = 2^-53), lambda
///   q_(i-1)^d differs from q_i by at most (4d + 4) u q_i, and likewise one level up; d - 1
///   roundings per power, two for the difference and its product with lambda, one for q_i - q_(i+1)
///   and one for the sum add (d + 3) u (q_i + q_(i+1)). Together (5d + 7) u (q_i + q_(i+1)) to
///   first order; one u more covers the rest.
/// - **Uniqueness.** For every state with finitely many levels, sum_(j>=i) dq_j/dt = lambda
///   q_(i-1)^d - q_i. At a summable fixed point the left is 0, so q_i = lambda q_(i-1)^d, which
///   determines every q_i from q_0 = 1. Checked on dyadic states, where floating point is exact, so
///   that any difference is a violation.
///
/// ```
/// use fluidcheck::theory::mean_field::{fixed_point, right_hand_side, Boundary};
/// let flow = |lambda, d, q: &[f64], dq: &mut [f64]| right_hand_side(lambda, d, q, Boundary::Zero, dq);
/// assert!(fluidcheck::claims::mean_field::fixed_point(&fixed_point, &flow).slack >= 0.0);
/// // The exponent as Corollary 3.4 prints it.
/// let printed = |lambda: f64, d: u32, i: u32| {
///     if d == 1 { lambda.powf(i.into()) } else { lambda.powf((f64::from(d) * f64::from(i) - 1.0) / f64::from(d - 1)) }
/// };
/// assert!(fluidcheck::claims::mean_field::fixed_point(&printed, &flow).slack < 0.0);
/// ```
pub fn fixed_point(
    fixed_point: &dyn Fn(f64, u32, u32) -> f64,
    flow: &RightHandSide<'_>,
) -> Measured {
    let mut measured = Measured::nothing("of the rounding bound");
    for lambda in [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99] {
        for d in [1, 2, 3, 5, 10] {
            values(fixed_point, lambda, d, &mut measured);
            residual(fixed_point, flow, lambda, d, &mut measured);
        }
    }
    uniqueness(flow, &mut measured);
    measured
}

fn values(
    fixed_point: &dyn Fn(f64, u32, u32) -> f64,
    lambda: f64,
    d: u32,
    measured: &mut Measured,
) {
    let Some(exact_load) = Ratio::from_float(lambda) else { return };
    let mut exponent = 0;
    for i in 0..=8 {
        let exact = ratio::power(&exact_load, exponent);
        let given = fixed_point(lambda, d, i);
        let relative = Ratio::from_float(given)
            .map_or(f64::NAN, |given| ratio::to_f64(&((given - &exact) / &exact)));
        measured.see(1.0 - relative.abs() / (4.0 * ROUNDOFF), || {
            format!(
                "value: lambda {lambda}, d {d}, i {i}: {given:e}, off by {relative:e} of \
                lambda^{exponent}"
            )
        });
        exponent = d * exponent + 1;
        // Larger powers cost time, and the residual reaches them.
        if exponent > 300 {
            break;
        }
    }
}

fn residual(
    fixed_point: &dyn Fn(f64, u32, u32) -> f64,
    flow: &RightHandSide<'_>,
    lambda: f64,
    d: u32,
    measured: &mut Measured,
) {
    let q: Vec<f64> = (1..=12).map(|i| fixed_point(lambda, d, i)).collect();
    let mut dq = vec![0.0; q.len()];
    flow(lambda, d, &q, &mut dq);
    // The last level is the boundary's.
    for (i, (pair, slope)) in (1..).zip(q.windows(2).zip(dq)) {
        // The second term covers underflow: 2 d + 8 operations, each off by less than the least
        // subnormal number.
        let bound =
            f64::from(5 * d + 8) * ROUNDOFF * (pair[0] + pair[1]) + f64::from(2 * d + 8) * 5e-324;
        measured.see(1.0 - slope.abs() / bound, || {
            format!(
                "residual: lambda {lambda}, d {d}, i {i}: dq/dt = {slope:e}, rounding explains \
                {bound:e}"
            )
        });
    }
}

fn uniqueness(flow: &RightHandSide<'_>, measured: &mut Measured) {
    for (lambda, d) in
        [0.25, 0.5, 0.75].into_iter().flat_map(|lambda| [1, 2, 3].map(|d| (lambda, d)))
    {
        let Some(load) = Ratio::from_float(lambda) else { continue };
        for state in dyadic_states(3, 8) {
            // Two empty levels: one for the arrivals from level 3, one so that no boundary matters.
            let q = [state.as_slice(), &[0.0, 0.0]].concat();
            let mut dq = vec![0.0; q.len()];
            flow(lambda, d, &q, &mut dq);
            let exact: Option<Vec<Ratio>> = q.iter().map(|&q| Ratio::from_float(q)).collect();
            let slopes: Option<Vec<Ratio>> =
                dq.iter().map(|&slope| Ratio::from_float(slope)).collect();
            let (Some(exact), Some(slopes)) = (exact, slopes) else {
                measured.see(f64::NAN, || {
                    format!("telescoping: lambda {lambda}, d {d}, q {q:?}: dq/dt = {dq:?}")
                });
                continue;
            };
            let mut sum = ratio::whole(0);
            for i in (1..=q.len()).rev() {
                sum += &slopes[i - 1];
                let below = if i == 1 { ratio::whole(1) } else { exact[i - 2].clone() };
                let difference =
                    ratio::to_f64(&(&sum - (&load * ratio::power(&below, d) - &exact[i - 1])));
                measured.see(1.0 - difference.abs() / ROUNDOFF, || {
                    format!(
                        "telescoping: lambda {lambda}, d {d}, q {q:?}, i {i}: off by \
                        {difference:e}, must be exact"
                    )
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::mean_field::{Boundary, right_hand_side};

    #[test]
    fn a_value_off_by_two_units_in_the_last_place_uses_up_its_bound() {
        // Powers of two: k units are a relative error of exactly k 2^-52.
        for (d, cases) in [(1, 9), (2, 9), (3, 6), (10, 4), (299, 3), (300, 2)] {
            for (units, slack) in [(0.0, 1.0), (1.0, 0.5), (-1.0, 0.5), (2.0, 0.0), (4.0, -1.0)] {
                let off = |lambda: f64, d: u32, i: u32| {
                    crate::theory::mean_field::fixed_point(lambda, d, i)
                        * (1.0 + if i == 1 { units } else { 0.0 } * f64::EPSILON)
                };
                let mut measured = Measured::nothing("");
                values(&off, 0.5, d, &mut measured);
                assert_eq!(
                    (measured.slack, measured.cases),
                    (slack, cases),
                    "d {d}, {units} units"
                );
            }
        }
    }

    #[test]
    fn a_slope_of_half_its_rounding_bound_leaves_half_of_it() {
        // (5 d + 8) 2^-53 (q_i + q_(i+1)), and (2 d + 8) 2^-1074 where that is 0.
        let rounding = f64::EPSILON / 2.0;
        for (d, i, slope) in [
            (2, 1, 9.0 * rounding * 0.625),
            (2, 1, -9.0 * rounding * 0.625),
            (3, 2, 11.5 * rounding * (0.0625 + 0.5f64.powi(13))),
            (2, 11, 6.0 * 5e-324),
            (4, 11, 8.0 * 5e-324),
        ] {
            let flow = |_: f64, _: u32, q: &[f64], dq: &mut [f64]| {
                (1..=q.len()).for_each(|j| dq[j - 1] = if j == i { slope } else { 0.0 })
            };
            let mut measured = Measured::nothing("");
            residual(&crate::theory::mean_field::fixed_point, &flow, 0.5, d, &mut measured);
            assert_eq!((measured.slack, measured.cases), (0.5, 11), "d {d}, i {i}");
            assert!(measured.worst.contains(&format!("d {d}, i {i}:")), "{measured}");
        }
    }

    #[test]
    fn sums_of_slopes_over_the_levels_must_be_exact() {
        // Nothing flows into the fifth level, so that what is added there is not rounded away.
        for (added, slack) in
            [(0.0, 1.0), (0.5, 0.5), (-0.5, 0.5), (3.0, -2.0), (f64::NAN, f64::NEG_INFINITY)]
        {
            let flow = |lambda: f64, d: u32, q: &[f64], dq: &mut [f64]| {
                right_hand_side(lambda, d, q, Boundary::Zero, dq);
                dq[4] += added * f64::EPSILON / 2.0;
            };
            let mut measured = Measured::nothing("");
            uniqueness(&flow, &mut measured);
            assert_eq!(measured.slack, slack, "{added}");
            // 9 pairs of load and d, 165 states; five levels each where there are any figures.
            assert_eq!(measured.cases, if added.is_nan() { 9 * 165 } else { 9 * 165 * 5 });
        }
    }
}
