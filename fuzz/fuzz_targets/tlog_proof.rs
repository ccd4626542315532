//! See `fuzz::targets::tlog_proof`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::tlog_proof(data));
