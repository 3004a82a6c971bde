#![no_main]
//! See `fluidcheck::fuzzing::divided_difference`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fluidcheck::fuzzing::divided_difference(bytes));
