//! See `fuzz::demands::scope`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::demands::scope(data));
