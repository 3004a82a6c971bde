//! `eq-4.44`: the l1 distance to q* falls exponentially, at the rate that the linearisation and the
//! tail of the start give.
//!
//! # From empty: both sides, proved
//! Let e_i = q*_i - q_i >= 0, g_i = lambda (q*_i^d - q_i^d), c_i = lambda d (q*_i)^(d-1), and V =
//! sum_i w_i e_i with increasing weights, w_0 = 0, and increments delta_i = w_i - w_(i-1). Summed
//! by parts, V' = sum_i (delta_(i+1) g_i - delta_i e_i). Since x^d is convex, 0 <= c_i e_i - g_i <=
//! kappa_i e_i^2, kappa_i = lambda d (d - 1) / 2 (q*_i)^(d-2). So if the weights solve
//!
//! delta_i = c_i delta_(i+1) + gap w_i for all i, then - gap V - K V^2 <= V' <= - gap V,
//!
//! K = max_i kappa_i delta_(i+1) / w_i^2: *with explicit constants*, sum_i |q_i(t) - q*_i| <= V(0)
//! / w_1 exp(- gap t), and no larger rate will do, as V(t) >= exp(- gap t) / (1 / V(0) + K / gap).
//! With p_i = delta_i / w_i the equation is p_i = gap + c_i p_(i+1) / (1 - p_(i+1)), solved
//! downwards from a level where c_i is next to 0, and p_1 = 1 is what makes a number the gap. The
//! left side holds with "at least" where p_1 <= 1, so that the upper bound is proved, and with "at
//! most" where p_1 >= 1: the gap less and plus a share of 10^-9 must be on these two sides, all
//! rounding included. For d = 1, all c_i are lambda, p = 1 - sqrt(lambda) solves it for the gap,
//! and there is the upper bound alone: distances fall faster, by t^(-3/2).
//!
//! # Heavy tails: a lower bound, proved
//! From q_i(0) = r^i, q_i(t) >= r^i exp(-(1 - r) t), as arrivals at level i are not negative and
//! the right side solves q_i' = q_(i+1) - q_i. So the distance is at least sum_i (r^i exp(-(1 - r)
//! t) - q*_i)^+, whose rate is 1 - r.
//!
//! # Other starts
//! The mean rate is fitted over two successive windows, at distances that are proved. Its deviation
//! from the limit falls at least by half from one window to the next: for d >= 2 exponentially,
//! because of the next eigenvalue and the quadratic terms; for d = 1 like 3/(2t), over windows that
//! grow fourfold. So the later deviation is at most the change between the windows, which is what
//! is permitted, with the error of the distances.

use super::{Measured, RightHandSide, agrees};
use crate::model::start::Start;
use crate::theory::mean_field::{
    Enclosure, OdeError, Options, first_levels, fixed_point_vec, steady_state_distance,
};

/// lambda, d, the start, and the ends of two successive windows of time.
fn cases() -> Vec<(f64, u32, Start, [f64; 3])> {
    vec![
        (0.8, 2, Start::Empty, [30.0, 45.0, 60.0]),
        (0.5, 2, Start::Empty, [10.0, 16.0, 22.0]),
        (0.9, 3, Start::Empty, [40.0, 60.0, 80.0]),
        (0.8, 2, Start::Level(3), [30.0, 45.0, 60.0]),
        (0.7, 1, Start::Empty, [25.0, 100.0, 400.0]),
        // The tail falls more slowly than the gap; the first window begins after the surplus has
        // been served.
        (0.8, 2, Start::Geometric(0.95), [150.0, 200.0, 250.0]),
        (0.5, 2, Start::Geometric(0.9), [40.0, 60.0, 80.0]),
    ]
}

/// Checks the rate at which solutions of (3.5) approach q*, against a gap (of lambda and d), and
/// that a right-hand side is that of (3.5) wherever these solutions were looked at.
///
/// The slack is what is permitted less the deviation, as a rate.
///
/// # Errors
/// [`OdeError`] where (3.5) cannot be enclosed.
pub fn rate(flow: &RightHandSide<'_>, gap: &dyn Fn(f64, u32) -> f64) -> Result<Measured, OdeError> {
    let mut measured = Measured::nothing("per unit of time");
    for (lambda, d, start, times) in cases() {
        let system = (lambda, d);
        let gap = gap(lambda, d);
        let looks = looks(flow, system, &start, &times, &mut measured)?;
        match start {
            Start::Empty => {
                from_empty(system, gap, &looks, &mut measured);
                if d > 1 {
                    continue;
                }
            }
            Start::Geometric(ratio) => transported(system, ratio, &looks, &mut measured),
            _ => {}
        }
        let limit = match start {
            Start::Geometric(ratio) => gap.min(1.0 - ratio),
            _ => gap,
        };
        windows(system, &start, limit, &looks, &mut measured);
    }
    Ok(measured)
}

/// A solution at a time.
struct Look {
    time: f64,
    q: Vec<f64>,
    /// A proved bound on the l1 distance of `q` from the solution.
    error: f64,
    /// The l1 distance of `q` from q*.
    distance: f64,
}

/// The solution at the three times.
fn looks(
    flow: &RightHandSide<'_>,
    (lambda, d): (f64, u32),
    start: &Start,
    times: &[f64; 3],
    measured: &mut Measured,
) -> Result<Vec<Look>, OdeError> {
    let levels = first_levels(lambda, d, start, times[2], &Options::default())?;
    let mut solution = Enclosure::new(lambda, d, start, levels)?;
    agrees(flow, lambda, d, solution.q(), measured);
    let mut looks = Vec::new();
    for &time in times {
        solution.advance_to(time)?;
        agrees(flow, lambda, d, solution.q(), measured);
        let distance = steady_state_distance(solution.q(), lambda, d).l1;
        // Sums of some hundred terms, and of powers to a few units in the last place.
        let rounding = 1e-13 * (distance + 1.0);
        let error = solution.error() + rounding;
        looks.push(Look { time, q: solution.q().to_vec(), error, distance });
    }
    Ok(looks)
}

/// How near to the gap its two sides are.
const SIDE: f64 = 1e-9;

/// p_1, ..., p_(levels + 1) of the header, from above or from below: off by rounding to one side
/// only.
fn increments((lambda, d): (f64, u32), gap: f64, levels: usize, above: bool) -> Vec<f64> {
    let side = if above { 1.0 } else { -1.0 };
    // Each step rounds a few times, q* by a few units and its power by as many for each factor.
    let unit = 1.0 + side * f64::from(4 * d + 16) * f64::EPSILON;
    let target = fixed_point_vec(lambda, d, levels + 1);
    let c = |i: usize| lambda * f64::from(d) * target[i - 1].powi(d as i32 - 1);
    let mut p = vec![f64::NAN; levels + 2];
    p[levels + 1] = match (d, above) {
        (1, _) => 1.0 - lambda.sqrt(),
        // Constant from here on, see `is_above`.
        (_, true) => (gap + 2.0 * c(levels + 1) * gap / (1.0 - gap)) * unit,
        (_, false) => gap,
    };
    for i in (1..=levels).rev() {
        let above = p[i + 1];
        // Beyond 1 there are no weights: the number is no rate.
        p[i] = if above < 1.0 { (gap + c(i) * above / (1.0 - above)) * unit } else { above };
    }
    p
}

/// Whether a number is certified to be no more than the gap: p_1 <= 1, and p_(L+1) solves the
/// equation with "at least" at all levels from there on, since c_i falls.
fn is_below_gap(system: (f64, u32), number: f64, levels: usize) -> (bool, Vec<f64>) {
    let (lambda, d) = system;
    let p = increments(system, number, levels, true);
    let target = fixed_point_vec(lambda, d, levels + 1)[levels];
    let c = lambda * f64::from(d) * target.powi(d as i32 - 1) * (1.0 + 1e-12);
    let tail = p[levels + 1];
    (p[1] <= 1.0 && tail < 1.0 && tail - c * tail / (1.0 - tail) >= number, p)
}

/// The gap from both sides, and V(t) between its bounds.
fn from_empty(system: (f64, u32), gap: f64, looks: &[Look], measured: &mut Measured) {
    let (lambda, d) = system;
    let levels = looks[0].q.len();
    let (low, high) = (gap * (1.0 - SIDE), gap * (1.0 + SIDE));
    let (is_below, p) = is_below_gap(system, low, levels);
    // d = 1 has no number that is certified from the other side.
    let beyond_gap = if d > 1 { increments(system, high, levels, false)[1] } else { 1.0 };
    for (holds, p, side) in [(is_below, p[1], "above"), (beyond_gap >= 1.0, beyond_gap, "below")] {
        let margin = if holds { SIDE * gap } else { -((p - 1.0).abs() + SIDE) * gap };
        measured.count(margin, || {
            format!("lambda {lambda}, d {d}, empty: {gap} is {side} the gap (p_1 = {p})")
        });
    }
    if measured.slack < 0.0 {
        return;
    }
    // From w_1 = 1 on.
    let mut weights = vec![1.0];
    for i in 1..levels {
        weights.push(weights[i - 1] / (1.0 - p[i + 1]));
    }
    let target = fixed_point_vec(lambda, d, levels + 60);
    let heaviest = weights[levels - 1];
    // Levels above those kept, of which 0 <= e_i <= q*_i.
    let beyond: f64 = (1..=60)
        .map(|k| heaviest * (1.0 - p[levels + 1]).powi(-k) * target[levels + k as usize - 1])
        .sum();
    let quadratic = (1..levels)
        .map(|i| {
            let kappa = lambda * f64::from(d) * f64::from(d - 1) / 2.0
                * target[i - 1].powi((d as i32 - 2).max(0));
            kappa * p[i + 1] / ((1.0 - p[i + 1]) * weights[i - 1])
        })
        .fold(0.0, f64::max);
    let potential = |look: &Look| {
        let terms = weights.iter().zip(&target).zip(&look.q);
        let sum: f64 = terms.map(|((w, target), q)| w * (target - q)).sum();
        // d = 1 keeps so many levels that those above have no weight either.
        let off = heaviest * look.error + 2.0 * beyond + 1e-13 * heaviest;
        (sum - off, sum + off)
    };
    for pair in looks.windows(2) {
        let span = pair[1].time - pair[0].time;
        let (before, after) = (potential(&pair[0]), potential(&pair[1]));
        // Unknown, and no bound, where an error is as large as the distance.
        let least = (before.0.max(0.0) / after.1).ln() / span;
        let most = (before.1 / after.0.max(0.0)).ln() / span;
        let place = |what: &str| {
            format!(
                "lambda {lambda}, d {d}, empty, t {} to {}: rate {least} to {most} of the weighted \
                 distance, {what}",
                pair[0].time, pair[1].time
            )
        };
        measured.see(most - low, || place(&format!("at least {gap}")));
        if d > 1 {
            let largest = high + quadratic * before.1;
            measured.see(largest - least, || place(&format!("at most {largest}")));
        }
    }
}

/// The lower bound from heavy tails.
fn transported((lambda, d): (f64, u32), ratio: f64, looks: &[Look], measured: &mut Measured) {
    for Look { time, q, error, distance } in looks {
        let target = fixed_point_vec(lambda, d, q.len());
        let left = (-(1.0 - ratio) * time).exp();
        let tail = (1..).zip(target).map(|(i, target)| (ratio.powi(i) * left - target).max(0.0));
        let least: f64 = tail.sum();
        // As a rate: what the mean rate since the start is below the one of this bound.
        measured.see(((distance + error) / least).ln() / time, || {
            format!(
                "lambda {lambda}, d {d}, geometric:{ratio}, t {time}: distance {distance}, \
                 at least {least} of the tail is left"
            )
        });
    }
}

/// The mean rates over two successive windows against their limit.
fn windows(
    (lambda, d): (f64, u32),
    start: &Start,
    limit: f64,
    looks: &[Look],
    measured: &mut Measured,
) {
    let fitted = |k: usize| {
        (looks[k].distance / looks[k + 1].distance).ln() / (looks[k + 1].time - looks[k].time)
    };
    let (early, late) = (fitted(0), fitted(1));
    let (permitted, errors) = permitted_deviation([early, late], looks);
    measured.see(permitted - (late - limit).abs(), || {
        format!(
            "lambda {lambda}, d {d}, {start}, t {} to {}: rate {late}, expected {limit}, permitted \
             deviation {permitted:e} (of which error of the distances {errors:e})",
            looks[1].time, looks[2].time
        )
    });
}

/// The change between the two rates plus what the errors of the distances make of both; and that
/// alone.
fn permitted_deviation([early, late]: [f64; 2], looks: &[Look]) -> (f64, f64) {
    // ln is off by at most 2 e / D where e is at most D / 2.
    let off = |look: &Look| {
        let relative = look.error / look.distance;
        if relative <= 0.5 { 2.0 * relative } else { f64::INFINITY }
    };
    let window =
        |k: usize| (off(&looks[k]) + off(&looks[k + 1])) / (looks[k + 1].time - looks[k].time);
    let errors = window(0) + window(1);
    ((late - early).abs() + errors, errors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::mean_field::{Boundary, right_hand_side, spectral_gap};

    fn look(time: f64, distance: f64, error: f64) -> Look {
        Look { time, q: Vec::new(), error, distance }
    }

    #[test]
    fn a_deviation_may_be_the_change_of_the_rate_and_what_errors_make_of_the_distances() {
        // 2 / 8 (1 + 2) / 7 and 2 / 8 (2 + 4) / 4, and a change of 1/4.
        let looks = [look(3.0, 1.0, 0.125), look(10.0, 0.5, 0.125), look(14.0, 0.25, 0.125)];
        let errors = 0.75 / 7.0 + 1.5 / 4.0;
        for rates in [[0.5, 0.75], [0.75, 0.5]] {
            assert_eq!(permitted_deviation(rates, &looks), (0.25 + errors, errors));
        }
        let looks = [look(3.0, 1.0, 0.625), look(10.0, 0.5, 0.125), look(14.0, 0.25, 0.125)];
        assert_eq!(permitted_deviation([0.5, 0.75], &looks).1, f64::INFINITY);
    }

    #[test]
    fn the_gap_is_the_only_number_that_both_sides_certify() {
        for (lambda, d) in [(0.8, 2), (0.5, 2), (0.9, 3), (0.3, 7)] {
            let gap = spectral_gap(lambda, d).unwrap().gap;
            for (factor, is_low, is_high) in [(1.0 - 1e-9, true, false), (1.0 + 1e-9, false, true)]
            {
                let (number, system) = (gap * factor, (lambda, d));
                let below = is_below_gap(system, number, 20).0;
                let above = increments(system, number, 20, false)[1] >= 1.0;
                assert_eq!((below, above), (is_low, is_high), "{lambda} {d}");
            }
        }
    }

    #[test]
    fn the_end_of_a_continuous_spectrum_is_certified_from_below() {
        let gap = spectral_gap(0.7, 1).unwrap().gap;
        for (factor, certified) in [(0.99, true), (1.0 - 1e-9, true), (1.0 + 1e-9, false)] {
            assert_eq!(is_below_gap((0.7, 1), gap * factor, 80).0, certified, "{factor}");
        }
    }

    #[test]
    fn weights_solve_their_equation() {
        let (lambda, d, levels) = (0.8, 2, 12);
        let gap = spectral_gap(lambda, d).unwrap().gap;
        let p = increments((lambda, d), gap, levels, false);
        let target = fixed_point_vec(lambda, d, levels);
        let mut weights = vec![0.0, 1.0];
        for i in 2..=levels {
            weights.push(weights[i - 1] / (1.0 - p[i]));
        }
        for i in 1..levels - 1 {
            let delta = |i: usize| weights[i] - weights[i - 1];
            let right = lambda * 2.0 * target[i - 1] * delta(i + 1) + gap * weights[i];
            assert!((delta(i) - right).abs() < 1e-9 * weights[i], "{i}: {} {right}", delta(i));
        }
    }

    #[test]
    fn a_heavy_tail_that_went_faster_than_it_is_transported_is_seen() {
        let flow = |lambda: f64, d: u32, q: &[f64], dq: &mut [f64]| {
            right_hand_side(lambda, d, q, Boundary::Zero, dq);
        };
        let mut measured = Measured::nothing("");
        let start = Start::Geometric(0.9);
        let mut seen = looks(&flow, (0.5, 2), &start, &[40.0, 60.0, 80.0], &mut measured).unwrap();
        transported((0.5, 2), 0.9, &seen, &mut measured);
        assert!(measured.slack > 0.0, "{measured}");
        seen[2].distance *= 0.3;
        transported((0.5, 2), 0.9, &seen, &mut measured);
        assert!(measured.slack < 0.0, "{measured}");
    }
}
