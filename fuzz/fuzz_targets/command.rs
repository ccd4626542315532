//! See `fuzz::platform::command`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::platform::command(data));
