//! (3.5) against figures that were made independently of this project.

use fluidcheck::theory::mean_field::{
    Options, Spectrum, Start, Trajectory, fixed_point, solve, spectral_gap,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    lambda: f64,
    d: u32,
    start: String,
    spectrum_top: f64,
    q_star: Vec<f64>,
    at: Vec<At>,
}

#[derive(Deserialize)]
struct At {
    t: f64,
    q: Vec<f64>,
    l1: f64,
}

fn reference() -> Vec<Case> {
    let text = include_str!("../testdata/ode_reference.json");
    serde_json::from_str::<Reference>(text).unwrap().cases
}

fn solved(case: &Case) -> Trajectory {
    let times: Vec<f64> = case.at.iter().map(|at| at.t).collect();
    solve(case.lambda, case.d, &Start::parse(&case.start).unwrap(), &times, &Options::default())
        .unwrap()
}

#[test]
fn every_reference_trajectory_is_met_to_1e_9() {
    let cases = reference();
    assert_eq!(cases.len(), 9);
    for case in &cases {
        let path = solved(case);
        let (mut worst, mut worst_l1): (f64, f64) = (0.0, 0.0);
        for (at, (q, l1)) in case.at.iter().zip(path.q.iter().zip(&path.l1_to_fixed_point)) {
            worst = at.q.iter().zip(q).map(|(a, b)| (a - b).abs()).fold(worst, f64::max);
            worst_l1 = worst_l1.max((at.l1 - l1).abs());
        }
        let name = format!("lambda {}, d {}, {}", case.lambda, case.d, case.start);
        assert!(worst < 1e-9, "{name}: {worst:e}");
        assert!(worst_l1 < 1e-8, "{name}: l1 {worst_l1:e}");
    }
}

#[test]
fn the_reference_fixed_points_and_gaps_are_met() {
    for case in reference() {
        for (i, &q) in (1..).zip(&case.q_star) {
            assert!((fixed_point(case.lambda, case.d, i) - q).abs() <= 1e-13 * q);
        }
        let gap = spectral_gap(case.lambda, case.d).unwrap();
        if case.d == 1 {
            assert_eq!((gap.spectrum, gap.levels), (Spectrum::Continuous, 0));
        }
        assert!((gap.gap + case.spectrum_top).abs() < 1e-14, "{gap:?}");
    }
}
