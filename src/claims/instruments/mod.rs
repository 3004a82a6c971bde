//! What the paper takes for granted and its figures rest on: clocks, a second simulator, estimates,
//! solutions, files, tests.
//!
//! A wrong part here leaves every statement of the paper true and every figure of the crate wrong.
//!
//! | part | claims |
//! |---|---|
//! | [`clocks`] | `event-times`, `oracle-law` |
//! | [`coupled_laws`] | `coupling-law` |
//! | [`mark_enumeration`] | `enumerated-marks` |
//! | [`mark_draws`] | `marks-law` |
//! | [`estimates`] | `transient-law`, `steady-law` |
//! | [`solutions`] | `ode-solution` |
//! | [`graph_parts`] | `graph-sides`, `named-graphs`, `formats`, `random-graphs` |
//! | [`procedures`] | `sequential-tests`, `intervals-cover`, `distribution-test` |
//!
//! # Source
//! Section 2 for the laws, (3.5) for the solution.

pub(super) mod clocks;
pub(super) mod coupled_laws;
pub(super) mod estimates;
pub(super) mod graph_parts;
mod known;
pub(super) mod mark_draws;
pub(super) mod mark_enumeration;
pub(super) mod procedures;
pub(super) mod solutions;
