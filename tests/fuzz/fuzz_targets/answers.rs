//! The fuzzer's program for `wifi_at_fuzz::answers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wifi_at_fuzz::answers(data));
