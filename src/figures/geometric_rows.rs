//! Section 5's geometric graphs: which of them have a steady state at lambda = 0.8, and what is
//! seen where there is none.
//!
//! # Source
//! Section 5, figures 2 and 4; Remark 1; Theorem 3.1.

use std::sync::Arc;

use serde::Serialize;

use super::measure::{Measured, TIMES};
use super::study::{Options, Study, systems};
use super::{
    CONFIDENCE, D, DegreeRule, Estimate, Family, FigureError, LAMBDA, SteadyState, System,
};

/// One realised graph.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The seed of the graph.
    pub seed: u64,
    /// N = M.
    pub n: u32,
    /// The rule of the mean degree.
    pub degree_rule: DegreeRule,
    /// The spec of the graph.
    pub graph: String,
    /// Edges.
    pub edges: u64,
    /// Task types without a server.
    pub isolated_task_types: u32,
    /// Their share of all task types, which is the share of tasks that are lost.
    pub isolated_share: f64,
    /// (2.1) at `lambda`.
    pub rho: f64,
    /// (2.3).
    pub phi: f64,
    /// (2.3).
    pub gamma: f64,
    /// The load.
    pub lambda: f64,
    /// Samples.
    pub d: u32,
    /// Below this load there is a steady state.
    pub critical_lower: f64,
    /// At or above this load there is none.
    pub critical_upper: f64,
    /// Whether a steady state exists at `lambda`.
    pub steady_state: SteadyState,
    /// Whether the hypotheses of Theorem 3.1 are met.
    pub theorem_3_1_applies: bool,
    /// Those that are not, with their figures.
    pub theorem_3_1_fails: String,
    /// |S| of the set behind the upper bound.
    pub bottleneck_servers: usize,
    /// lambda f(S): the rate of the tasks that only S can serve.
    pub bottleneck_rate: f64,
    /// The file with the servers of S, where there is no steady state.
    pub bottleneck_file: Option<String>,
    /// The time of a transient from empty; none for a steady state.
    pub time: Option<f64>,
    /// The mean queue length at that time, or in steady state.
    pub estimate: f64,
    /// Its lower end.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
    /// E sum_i (q_i - q*_i)^2, the left of (3.1).
    pub distance: f64,
    /// Its lower end.
    pub distance_lower: f64,
    /// Its upper end.
    pub distance_upper: f64,
    /// The level of both intervals.
    pub level: f64,
    /// How many replications they rest on.
    pub replications: u64,
    /// sum_i q*_i.
    pub fixed_point: f64,
    /// The set S, ascending; in the file.
    #[serde(skip)]
    pub bottleneck: Vec<u32>,
}

/// Which systems the table has.
pub fn shown(options: &Options) -> Vec<System> {
    systems(&[Family::Geometric], &options.decades())
}

/// The rows of the table, one for each state of each graph.
///
/// # Errors
/// [`FigureError`].
pub fn rows(study: &Study, done: &(dyn Fn(&System) + Sync)) -> Result<Vec<Row>, FigureError> {
    let measured = study.measure(&shown(study.options()), done)?;
    Ok(measured.iter().flat_map(|measured| of(study.options(), measured)).collect())
}

fn of(options: &Options, measured: &Arc<Measured>) -> Vec<Row> {
    let (system, standing) = (measured.system, &measured.standing);
    let file = format!("section-5-bottleneck-{}-n{}.txt", system.rule.names().1, system.n);
    let row = |state: &super::State| {
        let Estimate { mean: estimate, lower, upper } = state.length;
        Row {
            seed: options.seed,
            n: system.n,
            degree_rule: system.rule,
            graph: system.spec(),
            edges: standing.edges,
            isolated_task_types: standing.isolated,
            isolated_share: standing.lost,
            rho: standing.rho,
            phi: standing.phi,
            gamma: standing.gamma,
            lambda: LAMBDA,
            d: D,
            critical_lower: standing.critical_lower,
            critical_upper: standing.critical_upper,
            steady_state: standing.steady_state,
            theorem_3_1_applies: standing.failing.is_empty(),
            theorem_3_1_fails: standing.failing.join("; "),
            bottleneck_servers: standing.bottleneck.len(),
            bottleneck_rate: standing.bottleneck_rate,
            bottleneck_file: (standing.steady_state == SteadyState::None).then(|| file.clone()),
            time: state.regime.time(),
            estimate,
            lower,
            upper,
            distance: state.distance.mean,
            distance_lower: state.distance.lower,
            distance_upper: state.distance.upper,
            level: CONFIDENCE,
            replications: measured.replications,
            fixed_point: super::lengths::fixed_point(),
            bottleneck: standing.bottleneck.clone(),
        }
    };
    measured.states.iter().map(row).collect()
}

/// Whether a row is the last of its graph: the steady state, or the latest transient.
pub fn is_last(row: &Row) -> bool {
    row.time.is_none_or(|time| time == TIMES[TIMES.len() - 1])
}
