//! Stage 1, the lowest: numbers and their text.
//!
//! Exact fractions, floats kept to the bit in files, numbers in texts, and the maxima that inputs
//! are held to. It stands below everything because every other stage computes with it, and it
//! imports none.

pub mod figures_in_text;
pub mod float_bits;
pub mod input_limits;
pub mod ratio;
