//! The fuzzer's program for `wifi_at_fuzz::session`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wifi_at_fuzz::session(data));
