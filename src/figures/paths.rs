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
use super::study::{LEAST_N, Options};
use super::{CONFIDENCE, D, DegreeRule, Family, FigureError, LAMBDA, System};
use crate::model::Model;
use crate::theory::mean_field::{self, Start};

/// How many q_i are shown.
pub const LEVELS: usize = 4;

/// One point of a path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The seed of the graph.
    pub seed: u64,
    /// N = M.
    pub n: u32,
    /// The sequence of graphs.
    pub family: Family,
    /// The rule of the degree.
    pub degree_rule: DegreeRule,
    /// The spec of the graph.
    pub graph: String,
    /// Its mean degree.
    pub mean_degree: f64,
    /// Task types without a server; their tasks are lost.
    pub isolated_task_types: u32,
    /// Always `transient`.
    pub regime: &'static str,
    /// The time, from empty.
    pub time: f64,
    /// i of q_i.
    pub i: usize,
    /// E q_i(t).
    pub estimate: f64,
    /// Its lower end.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
    /// The level of the interval.
    pub level: f64,
    /// How many replications it rests on.
    pub replications: u64,
    /// The solution of (3.5) from empty.
    pub fluid_limit: f64,
    /// q*_i.
    pub fixed_point: f64,
}

/// The times.
pub fn times() -> Vec<f64> {
    (0..=40).map(|k| f64::from(k) / 2.0).collect()
}

/// Which systems the figure shows.
pub fn shown(options: &Options) -> Vec<System> {
    let largest = options.largest();
    let tenth = options
        .sizes()
        .into_iter()
        .rfind(|&n| u64::from(n) * 9 < u64::from(largest))
        .unwrap_or(LEAST_N);
    let mut sizes = vec![tenth, largest];
    sizes.dedup();
    Family::ALL
        .into_iter()
        .flat_map(|family| sizes.iter().map(move |&n| System { family, rule: DegreeRule::Log, n }))
        .collect()
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
        let graph = model.graph();
        let seen =
            paths(&model, system.simulation_seed(options.seed), options.replications, &times)?;
        for (k, &time) in times.iter().enumerate() {
            for i in 1..=LEVELS {
                let estimate = interval(
                    seen.iter().map(|path| (at(&path[k], i - 1), at(&path[k], i - 1))),
                    0.0,
                );
                rows.push(Row {
                    seed: options.seed,
                    n: system.n,
                    family: system.family,
                    degree_rule: system.rule,
                    graph: system.spec(),
                    mean_degree: graph.n_edges() as f64 / f64::from(system.n),
                    isolated_task_types: graph.isolated_task_types().len() as u32,
                    regime: "transient",
                    time,
                    i,
                    estimate: estimate.mean,
                    lower: estimate.lower,
                    upper: estimate.upper,
                    level: CONFIDENCE,
                    replications: options.replications,
                    fluid_limit: at(&limit.q[k], i - 1),
                    fixed_point: mean_field::fixed_point(LAMBDA, D, i as u32),
                });
            }
        }
        done(&system);
    }
    Ok(rows)
}
