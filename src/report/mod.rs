//! What a suite found, for people and for programs.

pub mod calibration_text;
pub mod json;
pub mod power_text;
pub mod table;
