//! See `fuzz::rules::rule_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::rules::rule_file(data));
