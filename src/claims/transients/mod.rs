//! Statements about paths and transients, along the subject's own paths.
//!
//! | statement | claims |
//! |---|---|
//! | Theorem 3.8, its explicit constants | [`theorem_3_8`]: `thm-3.8`, `mixing-in-N` |
//! | Theorem 3.10, (3.6), and Corollary 3.11 | [`theorem_3_10`]: `thm-3.10`, `cor-3.11` |
//! | Lemma 4.5 and Lemma C.2, (C.4) | [`lemmas_4_5_and_c_2`]: `lemma-4.5`, `lemma-c.2` |
//! | the constants of these theorems, from the equations of their proofs | [`proof_constants`]: `bounds-constants` |
//!
//! Bets need bounded variables: each claim says how its figure is bounded, and why what is cut off
//! has no weight.

pub(super) mod lemmas_4_5_and_c_2;
pub(super) mod proof_constants;
pub(super) mod theorem_3_10;
pub(super) mod theorem_3_8;
