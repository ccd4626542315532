//! See `fuzz::targets::superblock`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::superblock(data));
