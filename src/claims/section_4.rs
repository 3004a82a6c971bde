//! Section 4: the identities and inequalities of the proofs.
//!
//! | part | claims |
//! |---|---|
//! | [`divided`] | `lemma-4.4`, `eq-4.19` |
//! | [`generator`] | `lemma-4.2`, `prop-4.1-drift`, `lemma-4.5-drift` |
//! | [`loads`] | `eq-4.4`, `eq-4.20`, `eq-4.39`, `eq-4.42` |
//! | [`policy`] | `eq-4.12`, `eq-4.13` |
//! | [`scalar`] | `eq-4.23`, `eq-4.46`, `eq-4.48`, `eq-4.49` |

mod divided;
mod generator;
mod loads;
mod policy;
mod scalar;

use super::Claim;

/// The claims of section 4, in its order.
pub const CLAIMS: &[Claim] = &[
    generator::LEMMA_4_2,
    loads::EQ_4_4,
    generator::PROP_4_1_DRIFT,
    divided::LEMMA_4_4,
    policy::EQ_4_12,
    policy::EQ_4_13,
    divided::EQ_4_19,
    loads::EQ_4_20,
    scalar::EQ_4_23,
    generator::LEMMA_4_5_DRIFT,
    loads::EQ_4_39,
    loads::EQ_4_42,
    scalar::EQ_4_46,
    scalar::EQ_4_48,
    scalar::EQ_4_49,
];
