//! How long until q*? (3.5) from empty to an l1 distance of 1e-8, with this crate and with
//! `ode_solvers` on the same truncation.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use fluidcheck::theory::mean_field::{
    Boundary, Options, Start, right_hand_side, solve, spectral_gap, steady_state_distance,
};
use ode_solvers::{DVector, Dop853, Dopri5, OutputType, System};

#[derive(Clone, Copy)]
struct Lower {
    lambda: f64,
    d: u32,
}

impl System<f64, DVector<f64>> for Lower {
    fn system(&self, _t: f64, q: &DVector<f64>, dq: &mut DVector<f64>) {
        right_hand_side(self.lambda, self.d, q.as_slice(), Boundary::Zero, dq.as_mut_slice());
    }
}

const RELATIVE: f64 = 1e-9;
const ABSOLUTE: f64 = 1e-18;

fn ours(lambda: f64, d: u32, end: f64) -> Vec<f64> {
    let options = Options {
        relative_tolerance: RELATIVE,
        absolute_tolerance: ABSOLUTE,
        dense: false,
        ..Options::default()
    };
    solve(lambda, d, &Start::Empty, &[end], &options).expect("solvable").q.remove(0)
}

fn dop853(lambda: f64, d: u32, levels: usize, end: f64) -> Result<Vec<f64>, String> {
    let start = DVector::zeros(levels);
    let mut solver = Dop853::new(Lower { lambda, d }, 0.0, end, end, start, RELATIVE, ABSOLUTE);
    solver.set_output(OutputType::Sparse);
    solver.integrate().map_err(|error| error.to_string())?;
    Ok(solver.y_out().last().expect("an end").as_slice().to_vec())
}

fn dopri5(lambda: f64, d: u32, levels: usize, end: f64) -> Result<Vec<f64>, String> {
    let start = DVector::zeros(levels);
    let mut solver = Dopri5::new(Lower { lambda, d }, 0.0, end, end, start, RELATIVE, ABSOLUTE);
    solver.set_output(OutputType::Sparse);
    solver.integrate().map_err(|error| error.to_string())?;
    Ok(solver.y_out().last().expect("an end").as_slice().to_vec())
}

type Solver = fn(f64, u32, usize, f64) -> Result<Vec<f64>, String>;

fn to_the_fixed_point(c: &mut Criterion) {
    for lambda in [0.8, 0.95] {
        let d = 2;
        // From empty the distance falls like e^(-gap t), from below 3: 21 / gap is enough, as the
        // assertions see.
        let end = 21.0 / spectral_gap(lambda, d).expect("valid").gap;
        let arrived = |name: &str, q: &[f64]| {
            let distance = steady_state_distance(q, lambda, d).l1;
            assert!(distance < 1e-8, "{name}, lambda {lambda}: l1 {distance:e} at {end}");
        };
        let q = ours(lambda, d, end);
        arrived("fluidcheck", &q);
        let levels = q.len();
        let mut group = c.benchmark_group(format!("to_fixed_point/lambda_{lambda}"));
        // Both truncations and the bracket.
        group.bench_function("fluidcheck", |b| b.iter(|| ours(black_box(lambda), d, end)));
        // The lower truncation alone, without a bound.
        let others: [(&str, Solver); 2] =
            [("ode_solvers_dop853", dop853), ("ode_solvers_dopri5", dopri5)];
        for (name, solver) in others {
            match solver(lambda, d, levels, end) {
                Ok(q) => {
                    arrived(name, &q);
                    group.bench_function(name, |b| {
                        b.iter(|| solver(black_box(lambda), d, levels, end))
                    });
                }
                // Long runs near q* are limited by stability, which some solvers take for stiffness
                // and give up.
                Err(error) => {
                    eprintln!("{name}, lambda {lambda}: left out, does not arrive ({error})")
                }
            }
        }
        group.finish();
    }
}

criterion_group!(benches, to_the_fixed_point);
criterion_main!(benches);
