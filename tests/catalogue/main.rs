//! Walks the catalogue of five manuals: every form has a type, every example is encoded byte for byte, every answer is
//! read.

mod basic;
mod ble;
mod bluetooth;
mod driver;
mod ethernet;
mod filesystem;
mod http;
mod mqtt;
mod signaling;
mod tcpip;
mod user;
mod web_server;
mod websocket;
mod wifi;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use wifi_at::at::Encoder;
use wifi_at::command::{Command, CommandError, Kind, On, forms};
use wifi_at::dialect::Dialect;

/// What the chapters show.
#[derive(Default)]
pub(crate) struct Cases {
    /// Dialect and line.
    wires: BTreeSet<(String, String)>,
    /// Dialect, name and form of the commands whose answers are read.
    answers: BTreeSet<(String, String, &'static str)>,
    /// Examples of the catalogue that are no command lines, with the reason.
    impossible: BTreeMap<(String, String), &'static str>,
}

impl Cases {
    /// An example of the manual, by its type.
    pub(crate) fn wire<D: Dialect, C: Command + On<D>>(&mut self, command: C) {
        let mut buffer = [0; 256];
        let mut line = Encoder::new(&mut buffer);
        command.encode(C::NAME, &mut line);
        let length = line.finish().unwrap_or_else(|error| panic!("{}: {error}", C::NAME));
        let line = String::from_utf8_lossy(&buffer[..length - 2]).into_owned();
        self.wires.insert((D::NAME.into(), line));
    }

    /// The lines of an answer as the manual has them, and what they are read as.
    pub(crate) fn answer<D: Dialect, C: Command + On<D>>(&mut self, lines: &[&str]) -> Result<C::Response, C::Error> {
        self.answers.insert((D::NAME.into(), C::NAME.into(), kind_name(C::KIND)));
        finish::<C>(lines, Ok(()))
    }

    /// The lines before `ERROR`, and the typed error that they make.
    pub(crate) fn failure<D: Dialect, C: Command + On<D>>(&mut self, lines: &[&str]) -> Option<C::Error> {
        finish::<C>(lines, Err(CommandError::Refused(Default::default()))).err()
    }

    /// An example of the catalogue that is no command line (raw data after a prompt, for example).
    pub(crate) fn impossible(&mut self, dialect: &str, example: &str, reason: &'static str) {
        self.impossible.insert((dialect.into(), example.into()), reason);
    }
}

fn finish<C: Command>(lines: &[&str], result: Result<(), CommandError>) -> Result<C::Response, C::Error> {
    let mut answer = C::Answer::default();
    for line in lines {
        C::line(&mut answer, line.as_bytes());
    }
    C::finish(answer, result)
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Test => "test",
        Kind::Query => "query",
        Kind::Set => "set",
        Kind::Execute => "execute",
    }
}

fn catalogue() -> Vec<(String, Value)> {
    let mut commands = Vec::new();
    for file in ["esp-at.core", "esp-at.services", "esp32-v1", "esp8266-idf", "esp8266-nonos", "wizfi360"] {
        let path = format!("{}/tests/data/commands/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let dialect = document["dialect"].as_str().unwrap().to_string();
        for command in document["commands"].as_array().unwrap() {
            commands.push((dialect.clone(), command.clone()));
        }
    }
    commands
}

/// Which module of `command` has a group of the catalogue.
fn chapter(group: &str) -> &str {
    match group {
        "bt" => "bluetooth",
        "fs" => "filesystem",
        "signal" => "signaling",
        "webserver" => "web_server",
        other => other,
    }
}

/// Manuals print blanks after some commas outside of quotes; they mean nothing.
fn without_blanks(line: &str) -> String {
    let mut quoted = false;
    let mut escaped = false;
    line.chars()
        .filter(|&letter| {
            if letter == '"' && !escaped {
                quoted = !quoted;
            }
            escaped = letter == '\\' && !escaped;
            quoted || letter != ' '
        })
        .collect()
}

#[test]
fn coverage() {
    let mut cases = Cases::default();
    basic::cases(&mut cases);
    ble::cases(&mut cases);
    bluetooth::cases(&mut cases);
    driver::cases(&mut cases);
    ethernet::cases(&mut cases);
    filesystem::cases(&mut cases);
    http::cases(&mut cases);
    mqtt::cases(&mut cases);
    signaling::cases(&mut cases);
    tcpip::cases(&mut cases);
    user::cases(&mut cases);
    web_server::cases(&mut cases);
    websocket::cases(&mut cases);
    wifi::cases(&mut cases);

    // One chapter at a time while it is being written: WIFI_AT_CHAPTER=wifi cargo test --test catalogue
    let only = std::env::var("WIFI_AT_CHAPTER").ok();
    let rows: Vec<_> = forms().iter().copied().flatten().collect();
    let dialect_type = |name: &str| match name {
        "esp-at" => "EspAt",
        "esp32-v1" => "Esp32V1",
        "esp8266-idf" => "Esp8266Idf",
        "esp8266-nonos" => "Esp8266Nonos",
        "wizfi360" => "WizFi360",
        _ => "",
    };
    let (mut form_count, mut form_total) = (0, 0);
    let (mut example_count, mut example_total) = (0, 0);
    let mut impossible_count = 0;
    let (mut answer_count, mut answer_total) = (0, 0);
    let mut missing = Vec::new();
    for (dialect, command) in catalogue() {
        let name = command["name"].as_str().unwrap();
        let group = chapter(command["group"].as_str().unwrap());
        if only.as_deref().is_some_and(|only| only != group) {
            continue;
        }
        for form in command["forms"].as_array().unwrap() {
            let kind = form["kind"].as_str().unwrap();
            form_total += 1;
            let known = rows
                .iter()
                .any(|row| row.dialect == dialect_type(&dialect) && row.name == name && kind_name(row.kind) == kind);
            if known {
                form_count += 1;
            } else {
                missing.push(format!("form    {group}: {dialect} {name} {kind}: {}", form["syntax"]));
            }
            if !form["response"].as_array().is_none_or(Vec::is_empty) {
                answer_total += 1;
                let read = ["test", "query", "set", "execute"]
                    .into_iter()
                    .any(|known| known == kind && cases.answers.contains(&(dialect.clone(), name.to_string(), known)));
                if read {
                    answer_count += 1;
                } else {
                    missing.push(format!("answer  {group}: {dialect} {name} {kind}: {}", form["response"]));
                }
            }
        }
        for example in command["examples"].as_array().unwrap() {
            let line = example["tx"].as_str().unwrap();
            example_total += 1;
            let impossible = cases.impossible.contains_key(&(dialect.clone(), line.to_string()));
            if cases.wires.contains(&(dialect.clone(), without_blanks(line))) {
                example_count += 1;
            } else if impossible {
                impossible_count += 1;
            } else {
                missing.push(format!("example {group}: {dialect} {name}: {line}"));
            }
        }
    }
    for line in &missing {
        println!("missing {line}");
    }
    for ((dialect, example), reason) in &cases.impossible {
        println!("no command line: {dialect} {example:?}: {reason}");
    }
    println!(
        "forms {form_count}/{form_total}, examples {example_count}/{example_total} ({impossible_count} are none), responses {answer_count}/{answer_total}"
    );
    assert!(missing.is_empty(), "{} are missing", missing.len());
}
