//! What a test of a claim says once it has decided.

use serde::Serialize;

/// What a test of a claim has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// What is claimed was rejected.
    Violated,
    /// Its opposite (every alternative of the stated size) was rejected.
    Holds,
}
