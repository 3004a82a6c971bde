//! Section 4: the identities and inequalities of the proofs.

pub(super) mod assignment_law;
pub(super) mod contraction;
pub(super) mod divided_differences;
pub(super) mod drift_identities;
pub(super) mod load_inequalities;
pub(super) mod monotone_marks;
pub(super) mod scalar_inequalities;
