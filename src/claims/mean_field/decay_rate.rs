//! `eq-4.44`: the l1 distance to q* falls exponentially, at the rate that the linearisation and the
//! tail of the start give.

use super::{Copies, Measured, RightHandSide, permit, stepper};
use crate::model::start::Start;
use crate::theory::mean_field::{OdeError, Options, Stop, first_levels, steady_state_distance};

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

/// Checks the rate at which solutions of a right-hand side approach q*, against a gap (of lambda
/// and d).
///
/// With light-tailed starts the rate tends to the gap; from q_i(0) = r^i to the lesser of the gap
/// and 1 - r, since the far tail is only transported: r^i exp(-(1 - r) t) solves q_i' = q_(i+1) -
/// q_i. The mean rate is fitted over two successive windows. Its deviation from the limit falls at
/// least by half from one window to the next: for d >= 2 exponentially, because of the next
/// eigenvalue and the quadratic terms; for d = 1 like 3/(2t), over windows that grow fourfold. So
/// the later deviation is at most the change between the windows, and that change plus the effect
/// of the integration error (at most 2 e / D per end, with D the distance) is what is permitted:
/// nothing is tuned. The slack is what is permitted less the deviation.
///
/// # Errors
/// [`OdeError`] where the right-hand side cannot be integrated.
pub fn rate(flow: &RightHandSide<'_>, gap: &dyn Fn(f64, u32) -> f64) -> Result<Measured, OdeError> {
    let mut measured = Measured::nothing("per unit of time");
    for (lambda, d, start, times) in cases() {
        let (distances, error) = distances(flow, lambda, d, &start, &times)?;
        let fitted = |k: usize| (distances[k] / distances[k + 1]).ln() / (times[k + 1] - times[k]);
        let (early, late) = (fitted(0), fitted(1));
        let limit = match start {
            Start::Geometric(ratio) => gap(lambda, d).min(1.0 - ratio),
            _ => gap(lambda, d),
        };
        let (permitted, integration) =
            permitted_deviation([early, late], error, &distances, &times);
        measured.see(permitted - (late - limit).abs(), || {
            format!(
                "lambda {lambda}, d {d}, {start}, t {} to {}: rate {late}, expected {limit}, \
                 permitted deviation {permitted:e} \
                 (of which integration {integration:e})",
                times[1], times[2]
            )
        });
    }
    Ok(measured)
}

/// The change between the two rates plus the effect of the integration error on the later one; and
/// that effect alone.
fn permitted_deviation(
    [early, late]: [f64; 2],
    error: f64,
    distances: &[f64; 3],
    times: &[f64; 3],
) -> (f64, f64) {
    let integration =
        2.0 * error * (1.0 / distances[1] + 1.0 / distances[2]) / (times[2] - times[1]);
    ((late - early).abs() + integration, integration)
}

/// The l1 distances from q* at the three times, and the sum of the estimated local errors.
fn distances(
    flow: &RightHandSide<'_>,
    lambda: f64,
    d: u32,
    start: &Start,
    times: &[f64; 3],
) -> Result<([f64; 3], f64), OdeError> {
    let levels = first_levels(lambda, d, start, times[2], &Options::default())?;
    let mut stepper =
        stepper(Copies { flow, lambda, d, levels, copies: 1 }, start.fractions(levels), times[2]);
    let mut distances = [f64::NAN; 3];
    let mut q = vec![0.0; levels];
    while stepper.time() < times[2] {
        permit(&stepper)?;
        if stepper.step()? == Stop::Rejected {
            continue;
        }
        let Some(segment) = stepper.segment(levels) else { continue };
        for (t, distance) in times.iter().zip(&mut distances) {
            if (segment.start()..=segment.end()).contains(t) || (stepper.time() == *t) {
                segment.evaluate(*t, &mut q);
                *distance = steady_state_distance(&q, lambda, d).l1;
            }
        }
    }
    Ok((distances, stepper.local_errors()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::mean_field::{Boundary, right_hand_side, solve};

    #[test]
    fn a_deviation_may_be_the_change_of_the_rate_and_what_errors_make_of_the_distances() {
        // 2 (1/2) (1/(1/2) + 1/(1/4)) / 4 and a change of 1/4.
        for rates in [[0.5, 0.75], [0.75, 0.5]] {
            assert_eq!(
                permitted_deviation(rates, 0.5, &[1.0, 0.5, 0.25], &[3.0, 10.0, 14.0]),
                (1.75, 1.5)
            );
        }
    }

    #[test]
    fn distances_are_those_of_the_solution_at_the_three_times() {
        let flow = |lambda: f64, d: u32, q: &[f64], dq: &mut [f64]| {
            right_hand_side(lambda, d, q, Boundary::Zero, dq)
        };
        let times = [1.0, 2.5, 4.0];
        let (found, error) = distances(&flow, 0.8, 2, &Start::Level(2), &times).unwrap();
        let path = solve(0.8, 2, &Start::Level(2), &times, &Options::default()).unwrap();
        for (found, l1) in found.into_iter().zip(&path.l1_to_fixed_point) {
            assert!((found - l1).abs() < 1e-8, "{found} against {l1}");
        }
        assert!(error > 0.0 && error < 1e-8, "{error:e}");
    }
}
