#![no_main]
//! See `fluidcheck::fuzzing::csv`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fluidcheck::fuzzing::csv(bytes));
