//! Statistical claims, decided by sequential tests.

use super::Claim;

/// The statistical claims.
pub const CLAIMS: &[Claim] = &[];
