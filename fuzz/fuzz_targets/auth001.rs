//! See `fuzz::demands::auth001`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::demands::auth001(data));
