#![no_main]
//! See `fluidcheck::fuzzing::generated`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fluidcheck::fuzzing::generated(bytes));
