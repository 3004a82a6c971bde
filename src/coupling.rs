//! Couplings.
