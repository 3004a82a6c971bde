//! stability.
