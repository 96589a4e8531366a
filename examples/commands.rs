//! Prints every form of every command on every dialect, one JSON object a line, from the types of the crate:
//! `cargo run --example commands`.

use serde_json::json;
use wifi_at::at::{Encoder, MAX_COMMAND};
use wifi_at::command::{Kind, forms};

fn main() {
    for form in forms().iter().copied().flatten() {
        let mut buffer = [0; MAX_COMMAND];
        let mut line = Encoder::new(&mut buffer);
        (form.sample)(&mut line, form.name);
        let wire = line.finish().map(|length| String::from_utf8_lossy(&buffer[..length]).trim_end().to_string());
        let kind = match form.kind {
            Kind::Test => "test",
            Kind::Query => "query",
            Kind::Set => "set",
            Kind::Execute => "execute",
        };
        let row = json!({
            "dialect": form.dialect_name,
            "name": form.name,
            "kind": kind,
            "type": form.type_name,
            "wire": wire.unwrap_or_else(|error| panic!("the sample of {} is refused: {error}", form.type_name)),
            "section": form.section,
        });
        println!("{row}");
    }
}
