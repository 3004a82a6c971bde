//! Figure 3: q_1(t), ..., q_4(t) from empty against the fluid limit (3.5), degree ln N, two values
//! of N.
//!
//! Nothing here is about a steady state; where a graph has none, the paths say so in their rows.
//!
//! # Source
//! Figure 3. The paper leaves open which N and which times; here N is the largest and a tenth of
//! it.

use serde::Serialize;

use super::measure::{at, interval, paths};
use super::study::{LEAST_N, Options, row_of, row_type};
use super::{CONFIDENCE, D, DegreeRule, Family, FigureError, LAMBDA, System};
use crate::model::Model;
use crate::theory::mean_field::{self, Start};

/// How many q_i are shown.
pub const LEVELS: usize = 4;

row_type! {
    /// One point of a path.
    own {
        /// Always `transient`.
        pub regime: &'static str,
        /// The time, from empty.
        pub time: f64,
        /// i of q_i.
        pub i: usize,
        /// E q_i(t).
        pub estimate: f64,
    }
    compared {
        /// The solution of (3.5) from empty.
        pub fluid_limit: f64,
        /// q*_i.
        pub fixed_point: f64,
    }
}

/// The times.
pub fn times() -> Vec<f64> {
    (0..=40).map(|k| f64::from(k) / 2.0).collect()
}

/// Which systems the figure shows.
pub fn shown(options: &Options) -> Vec<System> {
    let largest = options.largest();
    let is_small = |&n: &u32| u64::from(n) * 9 < u64::from(largest);
    let mut sizes = vec![options.sizes().into_iter().rfind(is_small).unwrap_or(LEAST_N), largest];
    sizes.dedup();
    let of = |family| sizes.iter().map(move |&n| System { family, rule: DegreeRule::Log, n });
    Family::ALL.into_iter().flat_map(of).collect()
}

/// The rows of figure 3.
///
/// # Errors
/// [`FigureError`].
pub fn rows(options: &Options, done: &(dyn Fn(&System) + Sync)) -> Result<Vec<Row>, FigureError> {
    let times = times();
    let limit =
        mean_field::solve(LAMBDA, D, &Start::Empty, &times, &mean_field::Options::default())?;
    let mut rows = Vec::new();
    for system in shown(options) {
        let model = Model::new(system.graph(options.seed)?, LAMBDA, D)?;
        let graph = (model.graph().n_edges(), model.graph().isolated_task_types().len() as u32);
        let seed = system.simulation_seed(options.seed);
        let seen = paths(&model, seed, options.replications, &times)?;
        for (k, &time) in times.iter().enumerate() {
            for i in 1..=LEVELS {
                let values = seen.iter().map(|path| at(&path[k], i - 1));
                let estimate = interval(values.map(|q| (q, q)), 0.0);
                rows.push(row_of!(options, system, graph, estimate, {
                    regime: "transient",
                    time,
                    i,
                    fluid_limit: at(&limit.q[k], i - 1),
                    fixed_point: mean_field::fixed_point(LAMBDA, D, i as u32),
                }));
            }
        }
        done(&system);
    }
    Ok(rows)
}
