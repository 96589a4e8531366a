//! Each target gets some random bytes, the same in each run, and what a fuzzer has found before. `WIFI_AT_FUZZ` sets how many
//! rounds.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use wifi_at_fuzz::{answers, decode, session};

fn rounds() -> usize {
    std::env::var("WIFI_AT_FUZZ").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(60)
}

/// Splitmix.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn bytes(&mut self, limit: u64) -> Vec<u8> {
        (0..1 + self.next() % limit).map(|_| self.next() as u8).collect()
    }
}

/// One session, of the bytes that a failure has printed: `WIFI_AT_FUZZ_INPUT=00ff WIFI_AT_FUZZ_TRACE=1 cargo test -p
/// wifi-at-fuzz --test smoke replay -- --nocapture`.
#[test]
fn replay() {
    let Ok(hex) = std::env::var("WIFI_AT_FUZZ_INPUT") else { return };
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
    session(&(0..hex.len()).step_by(2).map(digit).collect::<Vec<_>>());
}

fn check(target: fn(&[u8]), data: &[u8]) {
    let hex = || data.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert!(catch_unwind(|| target(data)).is_ok(), "fails with the bytes {}", hex());
}

/// Inputs that once failed, in `regressions/TARGET`.
fn regressions(name: &str, target: fn(&[u8])) {
    let Ok(files) = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions").join(name)) else { return };
    for file in files {
        check(target, &fs::read(file.expect("a file").path()).expect("readable"));
    }
}

#[test]
fn sessions() {
    regressions("session", session);
    let mut random = Random(1);
    for round in 0..rounds() {
        // The first byte is the firmware and the size of a read: all of them in turn.
        let mut data = random.bytes(120);
        data[0] = round as u8;
        check(session, &data);
    }
}

#[test]
fn lines() {
    regressions("answers", answers);
    let mut random = Random(2);
    for _ in 0..rounds() {
        check(answers, &random.bytes(300));
    }
}

#[test]
fn logs() {
    regressions("decode", decode);
    let mut random = Random(3);
    for _ in 0..20 * rounds() {
        check(decode, &random.bytes(300));
    }
}
