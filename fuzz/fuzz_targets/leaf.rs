//! See `fuzz::targets::leaf`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::leaf(data));
