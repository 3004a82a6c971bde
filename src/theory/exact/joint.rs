//! The joint law of all queue lengths of a small system that loses tasks at a cap.
//!
//! From empty, after a number of marks or at a fixed time, state by state: the marks are the
//! arrivals and the services of all servers, idle ones included, at rate (1 + lambda) N, and the
//! law at t is the mixture of the laws after k marks with Poisson weights. Nothing is said of the
//! system without a cap.
//!
//! # Source
//! Jensen's uniformisation.

use super::error::ExactError;
use super::{Options, check};
use crate::model::Model;
use crate::num::ratio;
use crate::theory::poisson::Poisson;

/// States with their probabilities.
pub type JointLaw = Vec<(Vec<u32>, f64)>;

/// The chain on all lengths up to the cap, a step for each mark.
struct Steps {
    states: Vec<Vec<u32>>,
    /// From each state: where a mark leads, with which probability.
    next: Vec<Vec<(usize, f64)>>,
}

impl Steps {
    fn new(model: &Model, cap: u32) -> Result<Self, ExactError> {
        check(model, &Options { cap: Some(cap), ..Options::default() })?;
        let n = model.graph().n_servers() as usize;
        let size = (f64::from(cap) + 1.0).powi(n as i32);
        let most = 1 << 20;
        if size > f64::from(most) {
            let (servers, needed) = (n as u32, format!("{size:.0}"));
            return Err(ExactError::TooManyStates { servers, cap, needed, most: most as u64 });
        }
        let base = cap as usize + 1;
        let digits = |number: usize| -> Vec<u32> {
            (0..n).map(|v| (number / base.pow(v as u32) % base) as u32).collect()
        };
        let states: Vec<Vec<u32>> = (0..size as usize).map(digits).collect();
        let rate = model.event_rate();
        let unit = ratio::to_f64(&model.unit_rate());
        let mut next = Vec::with_capacity(states.len());
        for (number, state) in states.iter().enumerate() {
            let mut moves = Vec::new();
            let mut stays = 1.0;
            let mut go = |to: usize, share: f64| {
                moves.push((to, share));
                stays -= share;
            };
            for w in 0..model.graph().n_task_types() {
                let of_type = unit * model.graph().weight(w) as f64 / rate;
                for (v, share) in model.assignment_f64(w, state) {
                    if state[v as usize] < cap {
                        go(number + base.pow(v), of_type * share);
                    }
                }
            }
            for v in (0..n).filter(|&v| state[v] > 0) {
                go(number - base.pow(v as u32), 1.0 / rate);
            }
            moves.push((number, stays.max(0.0)));
            next.push(moves);
        }
        Ok(Self { states, next })
    }

    fn empty(&self) -> Vec<f64> {
        let mut law = vec![0.0; self.states.len()];
        law[0] = 1.0;
        law
    }

    fn step(&self, law: &[f64]) -> Vec<f64> {
        let mut after = vec![0.0; law.len()];
        for (p, moves) in law.iter().zip(&self.next) {
            moves.iter().for_each(|&(to, share)| after[to] += p * share);
        }
        after
    }

    fn named(self, law: Vec<f64>) -> JointLaw {
        self.states.into_iter().zip(law).collect()
    }
}

/// The joint law from empty after so many marks, a task that finds its queue at `cap` being lost.
///
/// # Errors
/// [`ExactError::Policy`], [`ExactError::Cap`], [`ExactError::TooManyStates`] beyond 2^20 states.
pub fn joint_after(model: &Model, cap: u32, marks: u64) -> Result<JointLaw, ExactError> {
    let steps = Steps::new(model, cap)?;
    let law = (0..marks).fold(steps.empty(), |law, _| steps.step(&law));
    Ok(steps.named(law))
}

/// The joint law from empty at time `t`, a task that finds its queue at `cap` being lost.
///
/// Each probability is within 10^-12 for times up to some 10^3 services.
///
/// # Errors
/// As [`joint_after`], and [`ExactError::Time`].
pub fn joint(model: &Model, cap: u32, t: f64) -> Result<JointLaw, ExactError> {
    if !(t.is_finite() && (0.0..=1e4).contains(&t)) {
        return Err(ExactError::Time(t));
    }
    let steps = Steps::new(model, cap)?;
    let poisson = Poisson::new(model.event_rate() * t);
    let mut law = steps.empty();
    let mut sum = vec![0.0; law.len()];
    for k in 0..=poisson.last() {
        let weight = poisson.weight(k);
        sum.iter_mut().zip(&law).for_each(|(sum, p)| *sum += weight * p);
        if k < poisson.last() {
            law = steps.step(&law);
        }
    }
    Ok(steps.named(sum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::BipartiteGraph;

    fn covariance(law: &JointLaw) -> f64 {
        let mean = |f: fn(&[u32]) -> u32| -> f64 {
            law.iter().map(|(state, p)| p * f64::from(f(state))).sum()
        };
        mean(|x| x[0] * x[1]) - mean(|x| x[0]) * mean(|x| x[1])
    }

    #[test]
    fn queues_are_associated_at_a_time_and_not_after_a_number_of_marks() {
        let model = Model::new(BipartiteGraph::complete(2, 2).unwrap(), 0.8, 2).unwrap();
        // One mark: an arrival with probability 4/9, at either server with 2/9.
        let after_one = joint_after(&model, 4, 1).unwrap();
        assert!((covariance(&after_one) + 4.0 / 81.0).abs() < 1e-15);
        let at_time = joint(&model, 4, 0.3).unwrap();
        assert!(covariance(&at_time) > 0.0);
        assert!((at_time.iter().map(|(_, p)| p).sum::<f64>() - 1.0).abs() < 1e-13);
    }
}
