//! appendices.

use super::Claim;

/// The claims of this part.
pub const CLAIMS: &[Claim] = &[];
