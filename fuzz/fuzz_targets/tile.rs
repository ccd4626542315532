//! See `fuzz::proofs::tile`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::proofs::tile(data));
