#![no_main]
//! Any bytes as a file: refused in one line, or a graph that comes back.

use fluidcheck::graph::format::{Format, fuzz_round_trip};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzz_round_trip(bytes, Format::Csv);
});
