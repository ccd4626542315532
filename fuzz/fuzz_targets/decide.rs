//! See `fuzz::targets::decide`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::decide(data));
