//! Figure 4: q_i against i at the largest N, between an exponential and a double exponential tail.
//!
//! Both samples of a task can be the same server, on a k-regular graph with probability 1 / k. So
//! tasks come to every server at rate lambda / k at least, whatever the other queues, its queue is
//! never shorter than that of an M/M/1 system of this load on the same marks, and E q_i >= (lambda
//! / k)^i in steady state: for a fixed k the tail is exponential, [`Row::least`], not double
//! exponential as section 5 reads its figure.
//!
//! # Source
//! Figure 4. Its caption says N = 10^4, the text of section 5 N = 10^5.

use serde::Serialize;

use super::study::{Options, Study, row_of, row_type, systems};
use super::{CONFIDENCE, D, DegreeRule, Family, FigureError, LAMBDA, SteadyState, System};
use crate::theory::mean_field;

/// The most levels that are shown.
pub const MOST_LEVELS: usize = 30;

row_type! {
    /// One q_i.
    own {
        /// Whether a steady state exists.
        pub steady_state: SteadyState,
        /// `steady state` or `transient`.
        pub regime: &'static str,
        /// The time of a transient from empty.
        pub time: Option<f64>,
        /// i of q_i.
        pub i: usize,
        /// E q_i.
        pub estimate: f64,
    }
    compared {
        /// q*_i, the double exponential tail.
        pub fixed_point: f64,
        /// lambda^i, the exponential tail.
        pub exponential: f64,
        /// (lambda / k)^i, below every steady state of a k-regular graph; none for other states.
        pub least: Option<f64>,
    }
}

/// Which systems the figure shows.
pub fn shown(options: &Options) -> Vec<System> {
    systems(&Family::ALL, &[options.largest()])
}

/// The rows of figure 4.
///
/// # Errors
/// [`FigureError`].
pub fn rows(study: &Study, done: &(dyn Fn(&System) + Sync)) -> Result<Vec<Row>, FigureError> {
    let options = study.options();
    let mut rows = Vec::new();
    for measured in study.measure(&shown(options), done)? {
        let (system, standing) = (measured.system, &measured.standing);
        let graph = (standing.edges, standing.isolated);
        for state in &measured.states {
            for (i, estimate) in (1..).zip(state.q.iter().take(MOST_LEVELS)) {
                let is_regular = system.family == Family::Regular;
                rows.push(row_of!(options, system, graph, estimate, {
                    steady_state: standing.steady_state,
                    regime: state.regime.name(),
                    time: state.regime.time(),
                    i,
                    fixed_point: mean_field::fixed_point(LAMBDA, D, i as u32),
                    exponential: LAMBDA.powi(i as i32),
                    least: is_regular.then(|| least(system.degree(), i)),
                }));
            }
        }
    }
    Ok(rows)
}

/// (lambda / k^(d - 1))^i.
pub fn least(k: f64, i: usize) -> f64 {
    (LAMBDA / k.powi(D as i32 - 1)).powi(i as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::spec::Spec;
    use crate::model::Model;
    use crate::theory::exact;

    #[test]
    fn the_exact_tail_of_a_regular_graph_is_above_the_exponential_one() {
        let graph = Spec::parse("complete:n=2,m=2").unwrap().build(1, Default::default()).unwrap();
        let model = Model::new(graph, LAMBDA, D).unwrap();
        let law = exact::stationary(&model, &exact::Options::default()).unwrap();
        for (i, q) in (1..20).zip(&law.q) {
            let limit = mean_field::fixed_point(LAMBDA, D, i as u32);
            assert!(q.upper >= least(2.0, i), "q_{i} = {}", q.value);
            assert!(i < 3 || q.lower > limit, "q_{i} = {}", q.value);
        }
    }
}
