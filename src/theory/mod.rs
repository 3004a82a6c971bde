//! Stage 6: what follows from a model without chance.
//!
//! | question | here |
//! |---|---|
//! | what does the limit (3.5) do, what is q*? | [`mean_field`] |
//! | what is the law of a small system? | [`exact`] |
//! | how long is a task in the system? | [`delay`] |
//! | up to which load is there a steady state? | [`stability`] |
//! | what do the proofs' constants say? | [`constants`] |
//! | how far is what a system shows from its mean? | [`concentration`] |
//!
//! It stands above the model, which it reads, and below the simulator, of which it knows nothing:
//! the two must agree without sharing code.

pub mod concentration;
pub mod constants;
pub mod delay;
pub mod exact;
pub mod mean_field;
mod poisson;
pub mod stability;
