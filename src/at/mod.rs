//! The AT grammar: how a command line is written and how a line of an answer is taken apart.
//!
//! Nothing here knows a command. Writing is strict (what is not certainly right is refused before a byte is
//! sent), reading is lenient (blanks, quotes, case, `:` or `=`, extra fields), because real modules differ from
//! their manuals.

mod address;
mod encoder;
mod fields;
mod line;

pub use address::{parse_address, parse_ipv4};
pub use encoder::{EncodeError, Encoder, MAX_COMMAND};
pub use fields::{Field, FieldError, Fields};
pub use line::{after_name, parse_unsigned, starts_with_ignore_case};
