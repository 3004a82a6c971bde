//! States at given times, and the solution of (3.5) from the same start.
//!
//! The solution is integrated here, by the classical Runge-Kutta method, from the right-hand side
//! that the instruments give: what is under check is the differential equation. The same with steps
//! of twice the length tells the error, which is added to what a claim permits.

use crate::claims::Setting;
use crate::model::Model;
use crate::random::event_clock::{Clock, Timeline};
use crate::subject::Path;

/// q_1, q_2, ... of one replication at ascending times.
pub(super) fn states(
    setting: &Setting<'_>,
    model: &Model,
    seed: u64,
    replication: u64,
    start: &[u32],
    times: &[f64],
) -> Vec<Vec<f64>> {
    let mut path = Path::new(setting.subject, model, seed, replication, start.to_vec());
    let mut timeline = Timeline::new(Clock::new(model.event_rate(), seed, replication));
    let n = start.len() as f64;
    times
        .iter()
        .map(|&time| {
            let advanced = timeline.advance_to(time, |events| {
                path.advance(events);
            });
            advanced.expect("the times of a claim are ascending constants");
            path.queues().occupancy().counts().iter().map(|&count| count as f64 / n).collect()
        })
        .collect()
}

/// The solution of (3.5) at given times.
pub(super) struct Solution {
    /// q_1, q_2, ... at each time.
    pub(super) q: Vec<Vec<f64>>,
    /// The largest l1 difference to the solution with steps of twice the length, at any of the
    /// times.
    pub(super) error: f64,
}

/// Levels above those of the start; by the times looked at, no tasks of any size reach them.
const MORE_LEVELS: usize = 40;

/// Steps per unit of time; the rates of (3.5) are below 2 d + 2.
const STEPS: u32 = 64;

/// The solution of (3.5) from `start` at ascending whole times.
pub(super) fn solution(
    setting: &Setting<'_>,
    model: &Model,
    start: &[f64],
    times: &[u32],
) -> Solution {
    let fine = integrate(setting, model, start, times, STEPS);
    let coarse = integrate(setting, model, start, times, STEPS / 2);
    let error = fine.iter().zip(&coarse).map(|(fine, coarse)| l1(fine, coarse)).fold(0.0, f64::max);
    Solution { q: fine, error }
}

fn integrate(
    setting: &Setting<'_>,
    model: &Model,
    start: &[f64],
    times: &[u32],
    steps: u32,
) -> Vec<Vec<f64>> {
    let levels = start.len() + MORE_LEVELS;
    let step = f64::from(steps).recip();
    let mut q = start.to_vec();
    q.resize(levels, 0.0);
    let slope = |q: &[f64]| {
        let mut dq = vec![0.0; q.len()];
        (setting.instruments.right_hand_side)(model.lambda(), model.d(), q, &mut dq);
        dq
    };
    let moved = |q: &[f64], dq: &[f64], by: f64| -> Vec<f64> {
        q.iter().zip(dq).map(|(q, dq)| q + by * dq).collect()
    };
    let mut now = 0;
    times
        .iter()
        .map(|&time| {
            while now < time * steps {
                let k1 = slope(&q);
                let k2 = slope(&moved(&q, &k1, step / 2.0));
                let k3 = slope(&moved(&q, &k2, step / 2.0));
                let k4 = slope(&moved(&q, &k3, step));
                for (i, q) in q.iter_mut().enumerate() {
                    *q += step / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
                }
                now += 1;
            }
            q.clone()
        })
        .collect()
}

/// sum_i |a_i - b_i|.
pub(super) fn l1(a: &[f64], b: &[f64]) -> f64 {
    let at = |q: &[f64], i: usize| q.get(i).copied().unwrap_or(0.0);
    (0..a.len().max(b.len())).map(|i| (at(a, i) - at(b, i)).abs()).sum()
}
