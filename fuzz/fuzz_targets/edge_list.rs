#![no_main]
//! See `fluidcheck::fuzzing::edge_list`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fluidcheck::fuzzing::edge_list(bytes));
