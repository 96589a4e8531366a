//! What holds for any input: strings survive the way into a command and back, no parser panics, and what real modules
//! print otherwise than their manuals is read the same.

mod commands;
mod lenient;
mod parsers;
mod strings;
