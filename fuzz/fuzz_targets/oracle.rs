#![no_main]
//! See `fluidcheck::fuzzing::oracle`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fluidcheck::fuzzing::oracle(bytes));
