//! The registry: every checkable statement of the paper as a value.
//!
//! | word | meaning |
//! |---|---|
//! | claim | one statement in the form in which it is checked, with its hypothesis, its expected verdict and the faults that it must reject |
//! | case | one input of a check; replayable by its index |
//! | evidence | what a check saw: verdict, slack, vacuity, cases, witness |
//! | slack | distance from the bound at its closest |
//! | fault | a wrong model ([`crate::faults::Fault`]) |
//!
//! | statements | file in `src/claims/` |
//! |---|---|
//! | (2.1) to (2.3), Remark 1 | `section_2.rs` |
//! | Remark 1 against simulated queues | `growth.rs` |
//! | Definitions 3.3 and 3.5, (3.3), (3.5), (4.44) | `section_3.rs` |
//! | Lemmas 4.2, 4.4, 4.5 as identities, Proposition 4.1's drift, (4.4) to (4.49) | `section_4/` |
//! | appendix A, Lemma C.1 | `appendices.rs` |
//! | Proposition 3.9, (4.14), conservation, looks, streams | `pathwise/` |
//! | (4.12) event by event, (4.10), Corollary 4.3, Proposition 4.1's steady state | `statistical.rs` |
//! | small systems solved exactly; perfect samples | `laws.rs`, `perfect.rs` |
//! | Theorems 3.8 and 3.10, Corollary 3.11, Lemmas 4.5 and C.2 along paths, their constants | `paths/` |
//! | section 1.2, Theorem 3.1, Corollaries 3.2, 3.4, 3.6, Remark 2, figures 2 to 4 | `limits/` |
//! | clocks, the plain simulator, estimates, solutions, graphs, files, the tests themselves | `instruments/` |
//! | errors of the print | `errata.rs`, `errata/` |
//! | the smallest effect that each statistical claim must detect | `effects.rs` |
//!
//! `cargo test`, `fluidcheck verify` and the tests of power all run [`all`], and a test compares it
//! with the catalogue of the paper's statements, so that none is forgotten.
//!
//! Printed forms that are wrong stay in the registry with the expected verdict *violated*, beside
//! the corrected forms: a printed form that suddenly holds means that the check lost its power.

mod appendices;
pub mod cases;
mod claim;
mod convergence;
mod effects;
mod errata;
pub mod event_test;
mod hypothesis;
mod instruments;
mod invariants;
mod laws;
pub mod mean_field;
mod parts;
mod perfect_sampling;
mod section_2;
mod section_3;
mod section_4;
mod setting;
mod small_graphs;
mod stability_growth;
mod states;
mod statistical;
mod transients;
mod verdict;

pub use cases::CasePlan;
pub use claim::{Claim, Expected, Kind, Scope};
pub use effects::{Effect, effect_of};
pub use hypothesis::{Hypothesis, show};
pub use setting::Setting;
pub use verdict::{Evidence, Verdict, Witness};

/// Every claim, in the order of the paper, errata last.
pub fn all() -> impl Iterator<Item = &'static Claim> {
    [
        section_2::CLAIMS,
        section_3::CLAIMS,
        section_4::CLAIMS,
        appendices::CLAIMS,
        invariants::CLAIMS,
        statistical::CLAIMS,
        laws::CLAIMS,
        perfect_sampling::CLAIMS,
        transients::CLAIMS,
        convergence::CLAIMS,
        instruments::CLAIMS,
        errata::CLAIMS,
    ]
    .into_iter()
    .flatten()
}

/// The claim with this id.
pub fn find(id: &str) -> Option<&'static Claim> {
    all().find(|claim| claim.id == id)
}
