//! Section 4: the identities and inequalities of the proofs.
//!
//! | part | claims |
//! |---|---|
//! | [`divided_differences`] | `lemma-4.4`, `eq-4.19` |
//! | [`drift_identities`] | `lemma-4.2`, `prop-4.1-drift`, `lemma-4.5-drift` |
//! | [`load_inequalities`] | `eq-4.4`, `eq-4.20`, `eq-4.39`, `eq-4.42` |
//! | [`assignment_law`] | `eq-4.12`, `eq-4.13` |
//! | [`scalar_inequalities`] | `eq-4.23`, `eq-4.46`, `eq-4.48`, `eq-4.49` |

mod assignment_law;
mod divided_differences;
mod drift_identities;
mod load_inequalities;
mod scalar_inequalities;

use super::Claim;

/// The claims of section 4, in its order.
pub const CLAIMS: &[Claim] = &[
    drift_identities::LEMMA_4_2,
    load_inequalities::EQ_4_4,
    drift_identities::PROP_4_1_DRIFT,
    divided_differences::LEMMA_4_4,
    assignment_law::EQ_4_12,
    assignment_law::EQ_4_13,
    divided_differences::EQ_4_19,
    load_inequalities::EQ_4_20,
    scalar_inequalities::EQ_4_23,
    drift_identities::LEMMA_4_5_DRIFT,
    load_inequalities::EQ_4_39,
    load_inequalities::EQ_4_42,
    scalar_inequalities::EQ_4_46,
    scalar_inequalities::EQ_4_48,
    scalar_inequalities::EQ_4_49,
];
