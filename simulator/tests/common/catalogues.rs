//! The catalogues of the manuals' commands, which stand in the workspace for everybody's tests.

use serde_json::Value;

pub(crate) fn read(file: &str) -> Value {
    let path = format!("{}/../tests/data/commands/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}
