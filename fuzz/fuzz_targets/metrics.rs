#![no_main]
//! See `fluidcheck::fuzzing::metrics`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fluidcheck::fuzzing::metrics(bytes));
