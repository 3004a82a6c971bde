#![no_main]
//! See `fluidcheck::fuzzing::rates`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fluidcheck::fuzzing::rates(bytes));
