//! Mean field.
