//! What a fuzzer drives. Each function takes any bytes and panics when something that must hold does not.
//!
//! `cargo fuzz run --fuzz-dir tests/fuzz --features libfuzzer session` (also `answers`, `decode`) runs one until it fails;
//! `tests/smoke.rs` gives each some random bytes in the plain test run.

mod noise;
mod parsers;
mod session;

pub use parsers::{answers, decode};
pub use session::session;
