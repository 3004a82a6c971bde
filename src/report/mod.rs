//! What a suite found, for people and for programs.

pub mod calibrate;
pub mod figures;
pub mod json;
pub mod power;
pub mod table;
