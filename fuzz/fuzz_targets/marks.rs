#![no_main]
//! See `fluidcheck::fuzzing::marks`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fluidcheck::fuzzing::marks(bytes));
