//! The table of all commands in the documentation is made of the declarations, and is up to date.
//!
//! `WIFI_AT_WRITE=1 cargo test --test command_table` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write;

use wifi_at::command::{Kind, forms};

const DIALECTS: [&str; 5] = ["EspAt", "Esp32V1", "Esp8266Idf", "Esp8266Nonos", "WizFi360"];

/// What stands in one row: the type, and the name and section on each dialect that has it.
type Row = [Option<(&'static str, &'static str)>; 5];

fn table() -> String {
    let mut text = String::from("Generated from the declarations by `tests/command_table.rs`.\n");
    for chapter in forms() {
        let Some(first) = chapter.first() else { continue };
        let module = first.type_name.trim_start_matches("wifi_at::command::Saved<");
        let (module, _) = module.rsplit_once("::").unwrap_or((module, ""));
        let _ = write!(text, "\n## `{module}`\n\n| type | form |");
        for dialect in DIALECTS {
            let _ = write!(text, " `{dialect}` |");
        }
        text.push_str("\n| --- | --- | --- | --- | --- | --- | --- |\n");
        let mut order = Vec::new();
        let mut rows = BTreeMap::<&str, (Kind, Row)>::new();
        for form in *chapter {
            let (_, row) = rows.entry(form.type_name).or_insert_with(|| {
                order.push(form.type_name);
                (form.kind, Row::default())
            });
            let place = DIALECTS.iter().position(|dialect| *dialect == form.dialect).expect("a known dialect");
            row[place] = Some((form.name, form.section));
        }
        for name in order {
            let (kind, row) = &rows[name];
            let short = name.rsplit("::").next().unwrap_or(name).trim_end_matches('>');
            let short =
                if name.starts_with("wifi_at::command::Saved<") { format!("Saved<{short}>") } else { short.into() };
            let kind = match kind {
                Kind::Test => "test",
                Kind::Query => "query",
                Kind::Set => "set",
                Kind::Execute => "execute",
            };
            let _ = write!(text, "| `{short}` | {kind} |");
            for cell in row {
                match cell {
                    Some((name, section)) => _ = write!(text, " `{name}` {section} |"),
                    None => text.push_str(" |"),
                }
            }
            text.push('\n');
        }
    }
    text
}

#[test]
fn the_table_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/command/TABLE.md");
    if std::env::var_os("WIFI_AT_WRITE").is_some() {
        std::fs::write(path, table()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == table(), "run WIFI_AT_WRITE=1 cargo test --test command_table");
}

#[test]
fn every_sample_is_a_valid_command() {
    let mut refused = Vec::new();
    for form in forms().iter().copied().flatten() {
        let mut buffer = [0; 256];
        let mut line = wifi_at::at::Encoder::new(&mut buffer);
        (form.sample)(&mut line, form.name);
        match line.finish() {
            Ok(length) => assert!(buffer[..length].starts_with(form.name.as_bytes())),
            Err(error) => refused.push(format!("{} {}: {error}", form.dialect, form.type_name)),
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
}
