//! The plain simulator.
