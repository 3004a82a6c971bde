#![no_main]
//! See `fluidcheck::fuzzing::spec`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fluidcheck::fuzzing::spec(bytes));
