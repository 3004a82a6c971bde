#![no_main]
//! See `fluidcheck::fuzzing::matrix_market`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fluidcheck::fuzzing::matrix_market(bytes));
