//! See `fuzz::platform::document`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::platform::document(data));
