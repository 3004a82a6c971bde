//! What a suite found and what a claim is, for people and for programs.
//!
//! Stage 16 of 18: it writes down results, and computes none.

pub mod calibration_text;
pub mod explanation;
pub mod json;
pub mod page;
pub mod policies;
pub mod power_text;
pub mod sections;
