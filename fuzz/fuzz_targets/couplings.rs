#![no_main]
//! See `fluidcheck::fuzzing::couplings`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fluidcheck::fuzzing::couplings(bytes));
