//! See `fuzz::rules::rule_book`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::rules::rule_book(data));
