#![no_main]
//! See `fluidcheck::fuzzing::number`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fluidcheck::fuzzing::number(bytes));
