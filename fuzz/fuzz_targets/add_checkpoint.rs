//! See `fuzz::targets::add_checkpoint`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::add_checkpoint(data));
