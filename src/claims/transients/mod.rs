//! Statements about paths and transients, along the subject's own paths.
//!
//! Bets need bounded variables: each claim says how its figure is bounded, and why what is cut off
//! has no weight.

pub(super) mod corollary_3_11;
pub(super) mod lemma_4_5;
pub(super) mod lemma_c_2;
pub(super) mod mixing_in_n;
pub(super) mod proof_constants;
mod solution;
pub(super) mod theorem_3_10;
pub(super) mod theorem_3_8;
