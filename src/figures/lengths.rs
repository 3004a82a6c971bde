//! Figure 2: mean queue lengths against N, for two sequences of graphs and four degrees.
//!
//! # Source
//! Figure 2.

use std::sync::Arc;

use serde::Serialize;

use super::measure::Measured;
use super::study::{Options, Study, systems};
use super::{CONFIDENCE, D, DegreeRule, Family, FigureError, LAMBDA, SteadyState, System};

/// One mean queue length.
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
    /// Whether a steady state exists.
    pub steady_state: SteadyState,
    /// `steady state` or `transient`.
    pub regime: &'static str,
    /// The time of a transient from empty.
    pub time: Option<f64>,
    /// The mean queue length.
    pub estimate: f64,
    /// Its lower end.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
    /// The level of the interval.
    pub level: f64,
    /// How many replications it rests on.
    pub replications: u64,
    /// sum_i q*_i.
    pub fixed_point: f64,
}

/// Which systems the figure shows.
pub fn shown(options: &Options) -> Vec<System> {
    systems(&Family::ALL, &options.sizes())
}

/// The rows of figure 2.
///
/// # Errors
/// [`FigureError`].
pub fn rows(study: &Study, done: &(dyn Fn(&System) + Sync)) -> Result<Vec<Row>, FigureError> {
    let measured = study.measure(&shown(study.options()), done)?;
    Ok(measured.iter().flat_map(|measured| of(study.options(), measured)).collect())
}

/// sum_i q*_i.
pub fn fixed_point() -> f64 {
    crate::theory::mean_field::fixed_point_vec(LAMBDA, D, 64).iter().sum()
}

fn of(options: &Options, measured: &Arc<Measured>) -> Vec<Row> {
    let (system, standing) = (measured.system, &measured.standing);
    let row = |state: &super::State| Row {
        seed: options.seed,
        n: system.n,
        family: system.family,
        degree_rule: system.rule,
        graph: system.spec(),
        mean_degree: standing.edges as f64 / f64::from(system.n),
        isolated_task_types: standing.isolated,
        steady_state: standing.steady_state,
        regime: state.regime.name(),
        time: state.regime.time(),
        estimate: state.length.mean,
        lower: state.length.lower,
        upper: state.length.upper,
        level: CONFIDENCE,
        replications: measured.replications,
        fixed_point: fixed_point(),
    };
    measured.states.iter().map(row).collect()
}
