//! Why a text or a combination of items is no policy, and what is possible instead.

use thiserror::Error;

use super::{MAX_CHOICES, Policy};

/// Why a text or a combination is no policy, or has no law of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// An item is unknown.
    #[error("policy, item {at}: `{item}` is unknown; did you mean `{nearest}`?")]
    Unknown {
        /// Its place, from 1.
        at: usize,
        /// What was given.
        item: String,
        /// The valid item that is most like it.
        nearest: String,
    },
    /// No base was named.
    #[error("policy `{text}` names no base: write one of {}", super::rules::bases())]
    NoBase {
        /// What was given.
        text: String,
    },
    /// An item of this kind was given before.
    #[error("policy, item {at}: `{item}` comes after another {kind}: keep one of them")]
    Twice {
        /// Its place, from 1.
        at: usize,
        /// What was given.
        item: String,
        /// What both are.
        kind: &'static str,
    },
    /// A number of samples or of picks is out of range.
    #[error("policy, item {at}: {what} = {given} is outside 1 to {most}")]
    Range {
        /// Its place, from 1.
        at: usize,
        /// What the number is.
        what: &'static str,
        /// What was given.
        given: String,
        /// The largest value.
        most: u32,
    },
    /// Two items do not go together.
    #[error("policy: {base} takes no {item}: {instead}")]
    Combination {
        /// The base.
        base: String,
        /// The item that does not fit.
        item: &'static str,
        /// What is possible.
        instead: &'static str,
    },
    /// Weights do not fit the candidates, or are all 0.
    #[error(
        "{given} weights for {candidates} candidates, {positive} of them positive: every \
         candidate needs one, and some must be positive"
    )]
    Weights {
        /// How many weights there are.
        given: usize,
        /// How many candidates there are.
        candidates: usize,
        /// How many weights are positive.
        positive: usize,
    },
    /// Weights have no common denominator of ordinary size, or are negative.
    #[error(
        "the weights of the servers need numbers beyond 2^64 over a common denominator: round them"
    )]
    LongWeights,
    /// What a late policy looks back to does not fit in memory.
    #[error(
        "late({k}) on {servers} servers would remember {k} times all queue lengths: take a smaller \
         k or a smaller graph"
    )]
    LongMemory {
        /// The number of picks.
        k: u32,
        /// N.
        servers: u32,
    },
    /// There is no candidate.
    #[error("there is no candidate to choose from")]
    NoCandidate,
    /// The exact law would take too long.
    #[error(
        "the exact law of {d} distinct weighted samples of {n} candidates needs too many \
         terms: take fewer samples or equal weights"
    )]
    TooManyTerms {
        /// The number of samples.
        d: u32,
        /// The number of candidates.
        n: usize,
    },
    /// The policy has not what was asked for.
    #[error("`{policy}` has no {what}: possible are jsq(D), jsq(all), random")]
    Undefined {
        /// The policy.
        policy: String,
        /// What was asked for.
        what: &'static str,
    },
}

impl PolicyError {
    /// `policy` has no `what`.
    pub(crate) fn undefined(policy: &Policy, what: &'static str) -> Self {
        Self::Undefined { policy: policy.to_string(), what }
    }
}

/// The error of a number of samples out of range.
pub(super) fn samples_out_of_range(at: usize, given: &str) -> PolicyError {
    let given = given.chars().take(30).collect();
    PolicyError::Range { at, what: "the number of samples D", given, most: MAX_CHOICES }
}
