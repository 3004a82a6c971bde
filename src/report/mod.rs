//! What a suite found, for people and for programs.

pub mod json;
pub mod power;
pub mod table;
