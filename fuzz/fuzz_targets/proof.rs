//! See `fuzz::proofs::proof`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::proofs::proof(data));
