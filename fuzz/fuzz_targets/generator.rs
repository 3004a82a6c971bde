#![no_main]
//! See `fluidcheck::fuzzing::generator`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fluidcheck::fuzzing::generator(bytes));
