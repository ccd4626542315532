//! See `fuzz::platform::act`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::platform::act(data));
