//! See `fuzz::proofs::seen`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::proofs::seen(data));
