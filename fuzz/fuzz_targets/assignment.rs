#![no_main]
//! See `fluidcheck::fuzzing::assignment`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fluidcheck::fuzzing::assignment(bytes));
