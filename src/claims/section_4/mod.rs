//! Section 4: the identities and inequalities of the proofs.
//!
//! | part | claims |
//! |---|---|
//! | [`divided_differences`] | `lemma-4.4`, `eq-4.19` |
//! | [`drift_identities`] | `lemma-4.2`, `prop-4.1-drift`, `lemma-4.5-drift` |
//! | [`load_inequalities`] | `eq-4.4`, `eq-4.20`, `eq-4.39`, `eq-4.42` |
//! | [`assignment_law`] | `eq-4.12`, `eq-4.13` |
//! | [`scalar_inequalities`] | `eq-4.23`, `eq-4.46`, `eq-4.48`, `eq-4.49` |

pub(super) mod assignment_law;
pub(super) mod divided_differences;
pub(super) mod drift_identities;
pub(super) mod load_inequalities;
pub(super) mod scalar_inequalities;
