#![no_main]
//! See `fluidcheck::fuzzing::checkpoint`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fluidcheck::fuzzing::checkpoint(bytes));
