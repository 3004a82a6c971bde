//! What a claim is checked on.

use crate::estimate::bracketing::Samples;
use crate::instruments::Instruments;
use crate::model::Model;
use crate::random::fingerprint;
use crate::subject::Subject;

/// Which cases to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CasePlan {
    /// The seed of all cases.
    pub seed: u64,
    /// Scales the number of random cases; 1 is the everyday effort.
    pub effort: u32,
    /// Replay this case alone.
    pub only: Option<u64>,
    /// Whether a pass may exclude less: the same is looked at closely elsewhere.
    pub brief: bool,
}

/// What a claim is checked on.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The system under check.
    pub subject: &'a dyn Subject,
    /// The formulas, estimates and tests under check.
    pub instruments: &'a Instruments,
    /// Graph, load and policy.
    pub model: &'a Model,
    /// The cases of exact and pathwise claims; its seed is that of statistical ones too.
    pub plan: CasePlan,
    /// The error probability of this check, both directions together; unused by exact and pathwise
    /// claims.
    pub alpha: f64,
    /// Steady-state samples, shared by the claims that look at the same system.
    pub samples: &'a Samples<'a>,
}

impl Setting<'_> {
    /// The seed of a claim's id, or of one purpose of a claim: streams of their own for each.
    pub fn seed(&self, purpose: &str) -> u64 {
        self.plan.seed ^ fingerprint(purpose)
    }
}
