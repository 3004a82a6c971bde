//! (3.5) solved: the trajectories that users get, against an integration that shares nothing with them.
//!
//! The classical method of Runge and Kutta with a fixed step, on the right-hand side written out here, at two
//! step sizes: their difference bounds the error of the finer one many times over (order 4).
//!
//! # Source
//! (3.5).

use super::cases::{Outcome, run};
use super::{Claim, Evidence, Expected, Kind, Scope, Setting};
use crate::faults::Fault;
use crate::meanfield::Start;

/// The claims about solutions of (3.5).
pub const CLAIMS: &[Claim] = &[ODE_SOLUTION];

/// (3.5): what the solver returns solves it.
pub const ODE_SOLUTION: Claim = Claim {
    id: "ode-solution",
    source: "(3.5)",
    statement: "the trajectories returned solve (3.5) within 1e-8, and start where they should",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    hypotheses: &[],
    rejects: &[Fault::TrajectoryOneChoiceMore],
    check: ode_solution,
};

/// The accuracy promised at the default tolerance.
const PROMISED: f64 = 1e-8;

/// Levels of the independent integration; no start below reaches that far within [`TIMES`].
const LEVELS: usize = 160;

/// Multiples of both step sizes, out of order on purpose.
const TIMES: [f64; 6] = [0.0, 4.0, 0.25, 1.0, 16.0, 8.5];

fn ode_solution(setting: &Setting<'_>) -> Evidence {
    let mut cases = Vec::new();
    for (lambda, d) in [(0.8, 2), (0.5, 1), (0.95, 3), (0.3, 2), (0.9, 5)] {
        for start in [Start::Empty, Start::Level(3), Start::Geometric(0.8)] {
            cases.push((lambda, d, start));
        }
    }
    run(&setting.plan, "ode-solution", cases.len() as u64, "trajectories, each at 6 times", |case, _| {
        let Some((lambda, d, start)) = cases.get(case as usize) else { return Outcome::Skipped };
        let found = setting.subject.trajectory(*lambda, *d, start, &TIMES);
        if found.len() != TIMES.len() {
            return Outcome::violated(f64::NAN, format!("no trajectory for lambda = {lambda}, d = {d}, start {start}"));
        }
        let mut slack = f64::INFINITY;
        for (t, q) in TIMES.iter().zip(&found) {
            let (coarse, fine) = (integrated(*lambda, *d, start, *t, 64.0), integrated(*lambda, *d, start, *t, 128.0));
            for i in 0..LEVELS {
                let allowed = PROMISED + (coarse[i] - fine[i]).abs();
                let margin = allowed - (q.get(i).copied().unwrap_or(0.0) - fine[i]).abs();
                if margin.is_nan() || margin < 0.0 {
                    let given = q.get(i).copied().unwrap_or(0.0);
                    let found = format!(
                        "lambda = {lambda}, d = {d}, start {start}: q_{}({t}) = {given:.12}, integrated independently {:.12}",
                        i + 1,
                        fine[i]
                    );
                    return Outcome::violated(margin, found);
                }
                slack = slack.min(margin);
            }
        }
        Outcome::holds(slack)
    })
}

/// q_1, ..., q_LEVELS at time `t`, by steps of 1 / `per_unit`.
fn integrated(lambda: f64, d: u32, start: &Start, t: f64, per_unit: f64) -> Vec<f64> {
    let slope = |q: &[f64]| -> Vec<f64> {
        (0..q.len())
            .map(|i| {
                let (before, after) = (if i == 0 { 1.0 } else { q[i - 1] }, q.get(i + 1).copied().unwrap_or(0.0));
                lambda * (f64::powi(before, d as i32) - q[i].powi(d as i32)) - (q[i] - after)
            })
            .collect()
    };
    let moved = |q: &[f64], k: &[f64], h: f64| -> Vec<f64> { q.iter().zip(k).map(|(q, k)| q + h * k).collect() };
    let h = 1.0 / per_unit;
    let mut q = match start {
        Start::Level(n) => (1..=LEVELS).map(|i| f64::from(u8::from(i <= *n as usize))).collect(),
        Start::Geometric(r) => (1..=LEVELS).map(|i| r.powi(i as i32)).collect(),
        _ => vec![0.0; LEVELS],
    };
    for _ in 0..(t * per_unit).round() as u64 {
        let k1 = slope(&q);
        let k2 = slope(&moved(&q, &k1, h / 2.0));
        let k3 = slope(&moved(&q, &k2, h / 2.0));
        let k4 = slope(&moved(&q, &k3, h));
        for i in 0..q.len() {
            q[i] += h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
        }
    }
    q
}
