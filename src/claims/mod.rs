//! The registry: every checkable statement of the paper as a value.
//!
//! Stage 13 of 18: the bodies of all checks are here, and nothing below knows a verdict.
//!
//! A claim is one value in one file and one row of the list in this one: its id, the statements of
//! the paper that it covers, its hypotheses, its effect, its faults and its check all stand in the
//! value. A folder is a section of the paper or a kind of check. `cargo test`, `fluidcheck verify`
//! and the tests of power all run [`all`]; the tables of claims are generated from it and from the
//! [`catalogue`] of the paper's statements, which fails on a statement that no claim covers without
//! a reason.
//!
//! Printed forms that are wrong stay in the registry with the expected verdict *violated*, beside
//! the corrected forms: a printed form that suddenly holds means that the check lost its power.

mod appendices;
mod best_edges;
mod cases;
pub mod catalogue;
mod checking;
mod claim;
mod convergence;
mod delay_law;
#[cfg(test)]
mod effects;
mod errata;
#[doc(hidden)]
pub mod event_test;
mod flow_balance;
mod hypothesis;
mod instruments;
mod invariants;
mod laws;
#[doc(hidden)]
pub mod mean_field;
mod parts;
mod perfect_sampling;
mod policies;
mod polynomials;
mod section_2;
mod section_3;
mod section_4;
mod setting;
mod small_graphs;
mod stability_growth;
mod states;
mod statistical;
mod steady_bounds;
mod transients;
mod verdict;

#[doc(inline)]
pub use crate::faults::Fault;
#[doc(hidden)]
pub use catalogue::Group;
pub use checking::{CheckOptions, UnknownClaim, find};
pub use claim::{Claim, Effect, Erratum, Expected, Kind, Scope};
pub use hypothesis::Hypothesis;
#[doc(hidden)]
pub use hypothesis::show;
pub use policies::Policies;
#[doc(hidden)]
pub use setting::{CasePlan, Setting};
pub use verdict::{Evidence, Excluded, Verdict, Witness};

/// Every claim, in the order of the paper, errata last: a row for each, which is all that a new
/// claim needs besides its value.
const ALL: &[&Claim] = &[
    &section_2::EQ_2_1,
    &section_2::EQ_2_3,
    &section_2::REM_1,
    &section_2::REM_1_GRAPH,
    &stability_growth::REM_1_GROWTH,
    &best_edges::BEST_EDGES,
    &section_3::DEF_3_3,
    &section_3::EQ_3_3,
    &section_3::EQ_3_3_GRAPH,
    &section_3::ODE_FIXED_POINT,
    &section_3::ODE_ORDER,
    &section_3::EQ_4_44,
    &section_4::drift_identities::LEMMA_4_2,
    &section_4::load_inequalities::EQ_4_4,
    &section_4::drift_identities::PROP_4_1_DRIFT,
    &section_4::divided_differences::LEMMA_4_4,
    &section_4::divided_differences::LEMMA_4_4_DISTINCT,
    &section_4::assignment_law::EQ_4_12,
    &section_4::assignment_law::EQ_4_13,
    &section_4::contraction::EQ_4_16,
    &section_4::divided_differences::EQ_4_19,
    &section_4::load_inequalities::EQ_4_20,
    &section_4::contraction::EQ_4_22,
    &section_4::scalar_inequalities::EQ_4_23,
    &section_4::drift_identities::LEMMA_4_5_DRIFT,
    &section_4::load_inequalities::EQ_4_39,
    &section_4::drift_identities::EQ_4_41_MEAN,
    &section_4::load_inequalities::EQ_4_42,
    &section_4::scalar_inequalities::EQ_4_46,
    &section_4::scalar_inequalities::EQ_4_48,
    &section_4::scalar_inequalities::EQ_4_49,
    &appendices::EQ_A_1,
    &appendices::EQ_A_2,
    &appendices::LEMMA_C_1,
    &appendices::LEMMA_C_1_SHARP,
    &polynomials::LEMMA_4_4_POLYNOMIAL,
    &polynomials::LEMMA_C_1_POLYNOMIAL,
    &section_4::monotone_marks::MONOTONE_MARKS,
    &invariants::proposition_3_9::PROP_3_9_MASS,
    &invariants::proposition_3_9::PROP_3_9_SAMPLES,
    &invariants::proposition_3_9::EQ_4_14,
    &invariants::non_expansion::NON_EXPANSION,
    &invariants::concentration::CONCENTRATION,
    &invariants::conservation::CONSERVATION,
    &invariants::looks::LOOKS,
    &invariants::independent_streams::INDEPENDENT_STREAMS,
    &statistical::TRANSITION_LAW,
    &flow_balance::FLOW_BALANCE,
    &flow_balance::EQ_4_10,
    &statistical::COR_4_3,
    &steady_bounds::COR_4_3_STEP,
    &steady_bounds::COR_4_3_CRITICAL,
    &steady_bounds::Q_STAR_FROM_BELOW,
    &steady_bounds::TAIL_FROM_BELOW,
    &statistical::ERGODIC,
    &laws::EXACT_LAW,
    &delay_law::DELAY_LAW,
    &perfect_sampling::PERFECT_SAMPLING,
    &transients::theorem_3_8::THM_3_8,
    &transients::mixing_in_n::MIXING_IN_N,
    &transients::theorem_3_10::THM_3_10,
    &errata::printed_integrand::THM_3_10_ARRIVALS,
    &transients::theorem_3_10::EQ_4_40,
    &transients::corollary_3_11::COR_3_11,
    &transients::lemma_4_5::LEMMA_4_5,
    &transients::lemma_c_2::LEMMA_C_2,
    &transients::lemma_c_2::LEMMA_C_2_LONG,
    &transients::proof_constants::BOUNDS_CONSTANTS,
    &convergence::counterexample::COUNTEREXAMPLE_1_2,
    &convergence::theorem_3_1::THM_3_1,
    &convergence::rate_complete::RATE_COMPLETE,
    &convergence::complete_from_below::COMPLETE_GRAPH_FROM_BELOW,
    &convergence::lower_bounds::ASSOCIATION,
    &convergence::lower_bounds::GAMMA_NECESSARY,
    &convergence::corollary_3_2::COR_3_2,
    &convergence::corollary_3_2::REM_2,
    &convergence::corollary_3_4::COR_3_4,
    &convergence::corollary_3_6::COR_3_6,
    &convergence::figures_2_to_4::FIG_2,
    &convergence::figures_2_to_4::FIG_3,
    &convergence::figures_2_to_4::FIG_4,
    &instruments::clocks::EVENT_TIMES,
    &instruments::clocks::ORACLE_LAW,
    &instruments::coupled_laws::COUPLING_LAW,
    &instruments::mark_enumeration::ENUMERATED_MARKS,
    &instruments::mark_draws::MARKS_LAW,
    &instruments::estimates::TRANSIENT_LAW,
    &instruments::estimates::STEADY_LAW,
    &instruments::solutions::ODE_SOLUTION,
    &instruments::graph_parts::GRAPH_SIDES,
    &instruments::graph_parts::NAMED_GRAPHS,
    &instruments::graph_parts::FORMATS,
    &instruments::graph_parts::RANDOM_GRAPHS,
    &instruments::procedures::SEQUENTIAL_TESTS,
    &instruments::procedures::INTERVALS_COVER,
    &instruments::procedures::DISTRIBUTION_TEST,
    &errata::printed_graphs::WITHOUT_REPLACEMENT_PRINTED,
    &errata::printed_graphs::WITHOUT_REPLACEMENT_CORRECTED,
    &errata::printed_graphs::REMARK_1_PRINTED,
    &errata::printed_graphs::REMARK_1_CORRECTED,
    &errata::printed_graphs::EQ_3_3_PRINTED,
    &errata::printed_graphs::EQ_3_3_CORRECTED,
    &errata::printed_graphs::EQ_4_52_PRINTED,
    &errata::printed_graphs::EQ_4_52_CORRECTED,
    &errata::printed_graphs::MULTI_EDGES_PRINTED,
    &errata::printed_graphs::MULTI_EDGES_CORRECTED,
    &errata::printed_equations::TAIL_PRINTED,
    &errata::printed_graphs::STEADY_STATE_PRINTED,
    &errata::printed_graphs::STEADY_STATE_CORRECTED,
    &errata::printed_equations::COR_3_4_PRINTED,
    &errata::printed_equations::COR_3_4_CORRECTED,
    &errata::printed_equations::EQ_4_44_PRINTED,
    &errata::printed_equations::EQ_4_44_CORRECTED,
    &errata::printed_integrand::EQ_4_33_PRINTED,
    &errata::printed_integrand::EQ_4_33_CORRECTED,
    &errata::printed_steps::EQ_4_41_PRINTED,
    &errata::printed_steps::EQ_4_41_CORRECTED,
    &errata::printed_constants::EQ_4_47_PRINTED,
    &errata::printed_constants::EQ_4_47_CORRECTED,
    &errata::printed_constants::EQ_4_48_PRINTED,
    &errata::printed_constants::EQ_4_48_CORRECTED,
    &errata::printed_steps::EQ_4_10_CORRECTED,
    &errata::printed_steps::B_6_PRINTED,
    &errata::printed_steps::B_6_CORRECTED,
    &errata::printed_steps::C_5_PRINTED,
    &errata::printed_steps::C_5_CORRECTED,
];

/// Every claim, in the order of the paper, errata last.
pub fn all() -> impl Iterator<Item = &'static Claim> {
    ALL.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statistical_claim_and_no_other_states_the_smallest_effect_that_it_must_detect() {
        for claim in all() {
            assert_eq!(claim.effect.is_some(), claim.kind == Kind::Statistical, "{}", claim.id);
        }
    }

    #[test]
    fn every_statement_fits_on_a_line_and_a_half() {
        for claim in all() {
            assert!(claim.statement.chars().count() <= 120, "{}: {}", claim.id, claim.statement);
            assert!(!claim.statement.contains("  "), "{}: {}", claim.id, claim.statement);
        }
    }
}
