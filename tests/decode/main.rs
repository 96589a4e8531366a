//! The decoder for captured logs, through what `examples/decode.rs` prints.

mod boots;
mod helpers;
mod hostile;
mod lines;
mod receiving;
mod sending;
mod services;
mod sessions;

#[path = "../../examples/decode/rows.rs"]
#[expect(dead_code, reason = "offsets and texts are for the example")]
mod rows;
