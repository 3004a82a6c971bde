//! Laws of (3.5) that hold for all starts, and the accuracy that the solver states about itself.

use fluidcheck::claims::mean_field;
use fluidcheck::theory::mean_field::{
    Boundary, OdeError, Options, Start, StartError, fixed_point_vec, right_hand_side, solve,
};
use ode_solvers::{DVector, Dop853, Dopri5, OutputType, System};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

const LOWER: fn(f64, u32, &[f64], &mut [f64]) =
    |lambda, d, q, dq| right_hand_side(lambda, d, q, Boundary::Zero, dq);

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().max(b.len());
    let at = |q: &[f64], i: usize| q.get(i).copied().unwrap_or(0.0);
    (0..n).map(|i| (at(a, i) - at(b, i)).abs()).fold(0.0, f64::max)
}

#[derive(Clone, Copy)]
struct Lower {
    lambda: f64,
    d: u32,
}

impl System<f64, DVector<f64>> for Lower {
    fn system(&self, _t: f64, q: &DVector<f64>, dq: &mut DVector<f64>) {
        LOWER(self.lambda, self.d, q.as_slice(), dq.as_mut_slice());
    }
}

#[test]
fn another_solver_ends_at_the_same_state() {
    for (lambda, d, start) in
        [(0.8, 2, Start::Empty), (0.9, 3, Start::Level(3)), (0.7, 1, Start::Geometric(0.5))]
    {
        let end = 12.0;
        let ours = solve(lambda, d, &start, &[end], &Options::default()).unwrap();
        let first = DVector::from_vec(start.fractions(ours.levels));
        let system = Lower { lambda, d };
        // Sparse: every step, the last of which ends at the end.
        let mut fifth = Dopri5::new(system, 0.0, end, end, first.clone(), 1e-12, 1e-18);
        fifth.set_output(OutputType::Sparse);
        fifth.integrate().unwrap();
        let mut eighth = Dop853::new(system, 0.0, end, end, first, 1e-13, 1e-18);
        eighth.set_output(OutputType::Sparse);
        eighth.integrate().unwrap();
        for theirs in [fifth.y_out().last().unwrap(), eighth.y_out().last().unwrap()] {
            let difference = largest_difference(&ours.q[0], theirs.as_slice());
            assert!(difference < 1e-9, "lambda {lambda}, d {d}, {start}: {difference:e}");
        }
    }
}

#[test]
fn the_error_falls_with_the_tolerance_and_stays_below_what_is_stated() {
    let times: Vec<f64> = (1..60).map(|k| f64::from(k) / 3.0).collect();
    let solved = |relative_tolerance| {
        let options = Options { relative_tolerance, ..Options::default() };
        solve(0.8, 2, &Start::Level(3), &times, &options).unwrap()
    };
    let exact = solved(1e-13);
    let mut before = f64::INFINITY;
    for tolerance in [1e-3, 1e-5, 1e-7, 1e-9, 1e-11] {
        let path = solved(tolerance);
        let error =
            path.q.iter().zip(&exact.q).map(|(a, b)| largest_difference(a, b)).fold(0.0, f64::max);
        assert!(error < tolerance, "{tolerance:e}: error {error:e}");
        assert!(
            error < path.integration_error,
            "{tolerance:e}: {error:e} against {:e}",
            path.integration_error
        );
        assert!(error < before, "{tolerance:e}: {error:e} after {before:e}");
        before = error;
    }
}

#[test]
fn far_more_levels_change_nothing_beyond_the_bound() {
    let times = [0.5, 3.0, 20.0, 60.0];
    for (lambda, d, start) in
        [(0.8, 2, Start::Geometric(0.9)), (0.9, 1, Start::Empty), (0.95, 2, Start::Level(12))]
    {
        for truncation_tolerance in [1e-2, 1e-5, 1e-8] {
            let coarse = solve(
                lambda,
                d,
                &start,
                &times,
                &Options { truncation_tolerance, least_levels: 1, ..Options::default() },
            )
            .unwrap();
            let fine = solve(
                lambda,
                d,
                &start,
                &times,
                &Options { least_levels: 3 * coarse.levels + 100, ..Options::default() },
            )
            .unwrap();
            assert!(coarse.truncation_error <= coarse.truncation_bound + coarse.integration_error);
            assert!(coarse.truncation_bound <= truncation_tolerance);
            for (q, r) in coarse.q.iter().zip(&fine.q) {
                let stated = coarse.integration_error + fine.integration_error;
                let l1: f64 = q.iter().zip(r).map(|(q, r)| (q - r).abs()).sum::<f64>()
                    + r[q.len()..].iter().sum::<f64>();
                assert!(
                    l1 <= coarse.truncation_bound + stated,
                    "{start}: {l1:e} against {:e}",
                    coarse.truncation_bound
                );
                // The figures are those of the lower bracket; the upper one is no further away than
                // its stated width.
                for (q, r) in q.iter().zip(r) {
                    assert!(
                        *q <= r + stated && *r <= q + coarse.truncation_error + stated,
                        "{start}: {q} {r}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_start_from_the_fixed_point_stays_there() {
    let start = Start::occupancy(fixed_point_vec(0.9, 2, 20)).unwrap();
    let path = solve(0.9, 2, &start, &[0.0, 1.0, 1e6], &Options::default()).unwrap();
    assert!(path.l1_to_fixed_point.iter().all(|&l1| l1 < 1e-14), "{:?}", path.l1_to_fixed_point);
}

#[test]
fn times_come_back_in_the_order_of_the_question_and_do_not_change_the_path() {
    let times = [7.0, 0.0, 2.5, 7.0, 1e-9];
    let path = solve(0.8, 2, &Start::Geometric(0.5), &times, &Options::default()).unwrap();
    assert_eq!(path.times, times);
    assert_eq!(path.q[0], path.q[3]);
    assert_eq!(path.q[1], Start::Geometric(0.5).fractions(path.levels));
    let alone = solve(
        0.8,
        2,
        &Start::Geometric(0.5),
        &[7.0],
        &Options { dense: false, ..Options::default() },
    )
    .unwrap();
    assert_eq!(alone.q[0], path.q[0]);
    assert_eq!(alone.work.steps, path.work.steps);
    for (t, q) in times.iter().zip(&path.q) {
        assert_eq!(&path.at(*t).unwrap(), q);
    }
    assert_eq!(alone.at(1.0), Err(OdeError::NotDense(1.0)));
    assert_eq!(path.at(7.5), Err(OdeError::OutsideTrajectory { given: 7.5, end: 7.0 }));
    assert!(path.at(f64::NAN).is_err());
    assert!(solve(0.8, 2, &Start::Empty, &[], &Options::default()).unwrap().q.is_empty());
}

#[test]
fn what_cannot_be_solved_is_refused_by_name() {
    let run = |lambda, d, start: &Start, times: &[f64], options: Options| {
        solve(lambda, d, start, times, &options).unwrap_err()
    };
    let usual = Options::default();
    for lambda in [0.0, 1.0, -0.5, f64::NAN, f64::INFINITY] {
        assert!(matches!(run(lambda, 2, &Start::Empty, &[1.0], usual), OdeError::Load(..)));
    }
    assert_eq!(run(0.5, 0, &Start::Empty, &[1.0], usual), OdeError::Choices(0));
    for t in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            run(0.5, 2, &Start::Empty, &[1.0, t], usual),
            OdeError::Time { position: 1, .. }
        ));
    }
    let start = Start::Geometric(1.0);
    assert_eq!(
        run(0.5, 2, &start, &[1.0], usual),
        OdeError::Start(StartError::Ratio { given: 1.0 })
    );
    assert!(matches!(
        run(0.5, 2, &Start::Geometric(0.9999), &[1.0], usual),
        OdeError::TooManyLevels { levels: 20_000, .. }
    ));
    let few = Options { most_steps: 3, ..usual };
    assert!(matches!(
        run(0.5, 2, &Start::Empty, &[100.0], few),
        OdeError::TooManySteps { steps: 3, .. }
    ));
    let tolerance = Options { relative_tolerance: 0.0, ..usual };
    assert!(matches!(run(0.5, 2, &Start::Empty, &[1.0], tolerance), OdeError::Tolerance { .. }));
}

#[test]
fn the_work_is_as_reviewed() {
    let mut lines = String::new();
    for (lambda, d, start, end) in [
        (0.8, 2, "empty", 100.0),
        (0.8, 2, "level:3", 100.0),
        (0.8, 2, "geometric:0.9", 100.0),
        (0.9, 3, "empty", 100.0),
        (0.7, 1, "empty", 100.0),
        (0.99, 2, "empty", 10_000.0),
    ] {
        let path =
            solve(lambda, d, &Start::parse(start).unwrap(), &[end], &Options::default()).unwrap();
        let work = path.work;
        lines.push_str(&format!(
            "lambda {lambda}, d {d}, {start}, to {end}: {} levels, {} truncations, {} steps, {} rejected, {} evaluations, settled {}\n",
            path.levels,
            path.truncations,
            work.steps,
            work.rejected,
            work.evaluations,
            path.settled_at.is_some()
        ));
    }
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("meanfield_work", lines);
    });
}

/// A state of up to six levels, and one above it.
fn ordered_starts() -> impl Strategy<Value = (Start, Start)> {
    prop::collection::vec((0.0..=1.0f64, 0.0..=1.0f64), 0..6).prop_map(|pairs| {
        let falling = |mut q: Vec<f64>| {
            q.sort_by(|a, b| b.total_cmp(a));
            q
        };
        let low = falling(pairs.iter().map(|(a, b)| a.min(*b)).collect());
        let high = falling(pairs.iter().map(|(a, b)| a.max(*b)).collect());
        (Start::Occupancy(low), Start::Occupancy(high))
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_order_of_two_starts_is_kept((low, high) in ordered_starts(), lambda in 0.05..0.97f64, d in 1..6u32) {
        let measured = mean_field::order_between(&LOWER, lambda, d, &low, &high, 15.0).unwrap();
        prop_assert!(measured.slack >= 0.0, "{measured}");
    }

    #[test]
    fn no_solution_moves_away_from_the_fixed_point((_, start) in ordered_starts(), lambda in 0.05..0.97f64, d in 1..6u32) {
        let times: Vec<f64> = (0..40).map(|k| f64::from(k) / 2.0).collect();
        let path = solve(lambda, d, &start, &times, &Options::default()).unwrap();
        let stated = path.integration_error + path.truncation_bound + 1e-14;
        for pair in path.l1_to_fixed_point.windows(2) {
            prop_assert!(pair[1] <= pair[0] + 2.0 * stated, "{} after {}", pair[1], pair[0]);
        }
        for q in &path.q {
            prop_assert!(q.iter().all(|q| (0.0..=1.0).contains(q)) && q.windows(2).all(|pair| pair[1] <= pair[0]));
        }
    }
}
