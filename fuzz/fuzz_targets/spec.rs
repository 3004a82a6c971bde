#![no_main]
//! Any text as a graph spec: refused in one line, or a spec that comes back.

use fluidcheck::graph::spec::fuzz_round_trip;

libfuzzer_sys::fuzz_target!(|text: &str| {
    fuzz_round_trip(text);
});
