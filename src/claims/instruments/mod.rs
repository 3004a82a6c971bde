//! What the paper takes for granted and its figures rest on: clocks, a second simulator, estimates,
//! solutions, files, tests.
//!
//! A wrong part here leaves every statement of the paper true and every figure of the crate wrong.
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
