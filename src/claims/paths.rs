//! Statements about paths and transients, along the subject's own paths.
//!
//! | statement | claims |
//! |---|---|
//! | Theorem 3.8, its explicit constants | [`mixing`]: `thm-3.8`, `mixing-in-N` |
//! | Theorem 3.10, (3.6), and Corollary 3.11 | [`limit`]: `thm-3.10`, `cor-3.11` |
//! | Lemma 4.5 and Lemma C.2, (C.4) | [`martingale`]: `lemma-4.5`, `lemma-c.2` |
//! | the constants of these theorems, from the equations of their proofs | [`constants`]: `bounds-constants` |
//!
//! Bets need bounded variables: each claim says how its figure is bounded, and why what is cut off has no weight.

mod constants;
mod limit;
mod martingale;
mod mixing;

use super::{Claim, Setting};

/// The claims about paths.
pub const CLAIMS: &[Claim] = &[
    mixing::THM_3_8,
    mixing::MIXING_IN_N,
    limit::THM_3_10,
    limit::COR_3_11,
    martingale::LEMMA_4_5,
    martingale::LEMMA_C_2,
    constants::BOUNDS_CONSTANTS,
];

/// A seed of the claim's own.
fn seed(setting: &Setting<'_>, claim: &str) -> u64 {
    setting.plan.seed ^ crate::randomness::fingerprint(claim)
}
