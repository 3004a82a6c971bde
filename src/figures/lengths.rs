//! Figure 2: mean queue lengths against N, for two sequences of graphs and four degrees.
//!
//! # Source
//! Figure 2.

use std::sync::Arc;

use serde::Serialize;

use super::measure::Measured;
use super::study::{Options, Study, row_of, row_type, systems};
use super::{CONFIDENCE, D, DegreeRule, Family, FigureError, LAMBDA, SteadyState, System};

row_type! {
    /// One mean queue length.
    own {
        /// Whether a steady state exists.
        pub steady_state: SteadyState,
        /// `steady state` or `transient`.
        pub regime: &'static str,
        /// The time of a transient from empty.
        pub time: Option<f64>,
        /// The mean queue length.
        pub estimate: f64,
    }
    compared {
        /// sum_i q*_i.
        pub fixed_point: f64,
    }
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
    let graph = (standing.edges, standing.isolated);
    let row = |state: &super::State| {
        row_of!(options, system, graph, state.length, {
            steady_state: standing.steady_state,
            regime: state.regime.name(),
            time: state.regime.time(),
            fixed_point: fixed_point(),
        })
    };
    measured.states.iter().map(row).collect()
}
