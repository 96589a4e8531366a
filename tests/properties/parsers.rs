//! No parser panics, whatever it is given, and none does more work than there are bytes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use wifi_at::Version;
use wifi_at::at::{Fields, after_name, parse_address, parse_ipv4, parse_unsigned};
use wifi_at::command::{Form, Kind, forms};
use wifi_at::urc::{OwnedUrc, Urc, counted};

/// A form of a command of the catalogue.
pub(crate) struct Documented {
    pub(crate) dialect: String,
    pub(crate) name: String,
    pub(crate) kind: Option<Kind>,
    /// Lines that the module sends.
    pub(crate) lines: Vec<String>,
}

fn strings(value: &serde_json::Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|line| line.as_str()).map(str::to_owned).collect()
}

/// The lines of the catalogue: templates of forms, and what modules send in the examples.
pub(crate) fn documented() -> &'static [Documented] {
    static ALL: std::sync::LazyLock<Vec<Documented>> = std::sync::LazyLock::new(catalogue);
    &ALL
}

fn catalogue() -> Vec<Documented> {
    let mut all = Vec::new();
    for file in ["esp-at.core", "esp-at.services", "esp32-v1", "esp8266-idf", "esp8266-nonos", "wizfi360"] {
        let path = format!("{}/tests/data/commands/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let document: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let dialect = document["dialect"].as_str().unwrap();
        for command in document["commands"].as_array().unwrap() {
            let name = command["name"].as_str().unwrap();
            let mut add = |kind, lines: Vec<String>| {
                if !lines.is_empty() {
                    all.push(Documented { dialect: dialect.into(), name: name.into(), kind, lines });
                }
            };
            for form in command["forms"].as_array().unwrap() {
                let kind = match form["kind"].as_str().unwrap() {
                    "test" => Kind::Test,
                    "query" => Kind::Query,
                    "set" => Kind::Set,
                    _ => Kind::Execute,
                };
                add(Some(kind), strings(&form["response"]));
            }
            for example in command["examples"].as_array().unwrap() {
                add(None, strings(&example["rx"]));
            }
        }
    }
    all
}

pub(crate) fn rows() -> impl Iterator<Item = &'static Form> {
    forms().iter().copied().flatten()
}

/// What a command makes of lines.
pub(crate) fn read<L: AsRef<[u8]>>(form: &Form, lines: &[L]) -> String {
    let lines: Vec<_> = lines.iter().map(AsRef::as_ref).collect();
    let mut shown = String::new();
    (form.read)(&lines, &mut shown).unwrap();
    shown
}

fn all_line_parsers(line: &[u8]) {
    let _ = Urc::parse(line);
    let _ = OwnedUrc::<224>::new(line).map(|owned| owned.urc().is_some());
    let _ = counted::may_become(line);
    for end in 0..=line.len() {
        if let Some(head) = counted::head(&line[..end]) {
            let _ = head.payload.is_unsolicited();
        }
    }
    let _ = Version::parse(line);
    let _ = parse_address(line);
    let _ = parse_ipv4(line);
    let _ = parse_unsigned(line);
    for name in [&b""[..], b"+CWJAP", b"+"] {
        if let Some(value) = after_name(line, name) {
            assert!(value.len() < line.len());
        }
    }
    // One step for each comma, and one more.
    let commas = line.iter().filter(|&&byte| byte == b',').count();
    let fields: Vec<_> = Fields::new(line).take(commas + 2).collect();
    assert!(fields.len() <= commas + 1);
    for field in fields {
        let _ = (field.unsigned(), field.signed(), field.address(), field.ipv4());
        let _ = (field.text::<8>(), field.text::<256>());
    }
}

/// Bytes as they may come over a line with noise, and pieces that parsers look for.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        prop::sample::select(
            &[
                "\"",
                "\\",
                ",",
                ":",
                "=",
                "(",
                ")",
                "-",
                "\"\"",
                ",,",
                ":\"",
                "\",",
                "0",
                "4294967295",
                "-2147483648",
                "+IPD,",
                "99999999999",
                "0x",
                "ff:ff:ff:ff:ff:ff",
                "1.2.3.4",
                "fe80::1",
                " ",
                "\r",
                "::",
                "STA",
                "[",
                "]",
                "<",
                ">",
            ][..]
        )
        .prop_map(|piece| piece.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| {
        let mut line = pieces.concat();
        line.truncate(256);
        line
    })
}

/// One change of a line.
#[derive(Debug, Clone)]
enum Change {
    Cut(prop::sample::Index),
    Drop(prop::sample::Index),
    Put(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Value(Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<prop::sample::Index>().prop_map(Change::Cut),
        any::<prop::sample::Index>().prop_map(Change::Drop),
        (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Put(at, byte)),
        (any::<prop::sample::Index>(), line()).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        line().prop_map(Change::Value),
    ]
}

impl Change {
    fn apply(&self, line: &mut Vec<u8>) {
        let length = line.len();
        match self {
            Self::Cut(at) => line.truncate(at.index(length + 1)),
            Self::Drop(at) if length > 0 => drop(line.remove(at.index(length))),
            Self::Put(at, byte) if length > 0 => line[at.index(length)] = *byte,
            Self::Insert(at, bytes) => drop(line.splice(at.index(length + 1).., bytes.iter().copied())),
            // The name stays, so that the value is looked at.
            Self::Value(bytes) => {
                let colon = line.iter().position(|byte| *byte == b':').map_or(length, |at| at + 1);
                line.splice(colon.., bytes.iter().copied());
            }
            _ => {}
        }
        line.truncate(256);
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..Default::default() }
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn line_parsers_take_anything(line in line()) {
        all_line_parsers(&line);
    }
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn answers_take_anything(lines in prop::collection::vec(line(), 0..20)) {
        for form in rows() {
            read(form, &lines);
        }
    }

    #[test]
    fn answers_take_documented_lines_with_changes(changes in prop::collection::vec(change(), 1..4)) {
        let mut by_command: BTreeMap<(String, String), Vec<Vec<u8>>> = BTreeMap::new();
        for command in documented() {
            let lines = by_command.entry((command.dialect.clone(), command.name.clone())).or_default();
            lines.extend(command.lines.iter().map(|line| {
                let mut line = line.clone().into_bytes();
                changes.iter().for_each(|change| change.apply(&mut line));
                line
            }));
        }
        for line in by_command.values().flatten() {
            all_line_parsers(line);
        }
        for form in rows() {
            if let Some(lines) = by_command.get(&(dialect_name(form), form.name.into())) {
                read(form, lines);
                // A record is the first line of its kind: each one has its turn.
                for line in lines {
                    read(form, std::slice::from_ref(line));
                }
            }
        }
    }
}

/// The name of the dialect in the catalogue.
pub(crate) fn dialect_name(form: &Form) -> String {
    match form.dialect {
        "EspAt" => "esp-at",
        "Esp32V1" => "esp32-v1",
        "Esp8266Idf" => "esp8266-idf",
        "Esp8266Nonos" => "esp8266-nonos",
        "WizFi360" => "wizfi360",
        other => panic!("{other} is not in the catalogue"),
    }
    .into()
}

/// An answer without an end stays within its memory, and is still counted.
#[test]
fn endless_answers_are_bounded() {
    for command in documented() {
        let lines: Vec<_> = command.lines.iter().cycle().take(1000).collect();
        for form in rows().filter(|form| form.name == command.name && dialect_name(form) == command.dialect) {
            assert!(read(form, &lines).len() < 200_000, "{}", form.type_name);
        }
    }
}

#[test]
fn every_command_is_reached() {
    let names: std::collections::BTreeSet<_> = rows().map(|form| form.type_name).collect();
    let documented = documented();
    let lines: usize = documented.iter().map(|command| command.lines.len()).sum();
    println!("{} forms of {} types, {lines} documented lines", rows().count(), names.len());
    assert!(names.len() > 300 && lines > 500);
    for command in documented {
        let known = rows().any(|form| form.name == command.name && command.kind.is_none_or(|kind| form.kind == kind));
        assert!(known, "{}", command.name);
    }
}
