#![no_main]
//! See `fluidcheck::fuzzing::results`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fluidcheck::fuzzing::results(bytes));
