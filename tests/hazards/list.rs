//! That no row of the list of hazards is left out.

use std::collections::BTreeMap;

/// Why a row has no test that is named after it.
enum Line {
    /// The driver cannot meet it.
    NotApplicable(&'static str),
    /// What it happens to does not exist yet in the driver.
    Later(&'static str),
    /// Tests elsewhere show it: paths with the names of their functions.
    Elsewhere(&'static [(&'static str, &'static str)]),
}

use Line::{Elsewhere, Later, NotApplicable};

/// Rows without a test of their own name.
const LIST: &[(&str, Line)] = &[
    ("B17", Elsewhere(&[("tests/hazards/a.rs", "a4_nothing_but_whole_commands_and_counted_data")])),
    ("B18", Elsewhere(&[("tests/session/scenarios.rs", "five_links_both_ways_at_once_with_slow_readers")])),
    (
        "C1",
        NotApplicable("bytes that are not counted inside counted ones cannot be told apart; passive receive avoids it"),
    ),
    (
        "E12",
        NotApplicable("the module decides between FIN and RST; that reading to the end comes first is the user's part"),
    ),
    ("F1", Elsewhere(&[("tests/tls/verified.rs", "the_servers_certificate")])),
    ("F3", Elsewhere(&[("tests/tls/scenarios.rs", "plenty_both_ways")])),
    (
        "G7",
        Elsewhere(&[(
            "tests/baud_rate/scenarios.rs",
            "a_module_that_restarts_is_found_at_its_first_rate_and_raised_again",
        )]),
    ),
    ("G8", Elsewhere(&[("tests/bring_up/scenarios.rs", "a_rate_at_which_the_module_is_not_heard_is_taken_back")])),
    ("G11", NotApplicable("which pins the firmware uses is a matter of wiring, not of this side's software")),
    ("G15", NotApplicable("the driver speaks over a UART only, not over SPI or SDIO")),
    ("H3", Later("an MQTT service; its commands are there one by one, each with a time limit of its own")),
    ("H10", Later("a BLE service; its commands are there one by one, BLECONN? among them")),
    ("H13", NotApplicable("the filter does not outlive the restart with which the driver begins")),
];

/// The files with the tests.
const FILES: &[(&str, &str)] = &[
    ("a.rs", include_str!("a.rs")),
    ("b.rs", include_str!("b.rs")),
    ("c.rs", include_str!("c.rs")),
    ("d.rs", include_str!("d.rs")),
    ("e.rs", include_str!("e.rs")),
    ("f.rs", include_str!("f.rs")),
    ("g.rs", include_str!("g.rs")),
    ("scripted.rs", include_str!("scripted.rs")),
];

/// The names of the tests in a file.
fn tests(source: &str) -> impl Iterator<Item = &str> {
    let after = source.split("#[test]\n").skip(1);
    after.filter_map(|text| text.trim_start().strip_prefix("fn ")?.split_once('(').map(|(name, _)| name))
}

#[test]
fn every_row_has_a_test_or_a_reason() {
    let rows: Vec<serde_json::Value> = serde_json::from_str(include_str!("../data/hazards.json")).unwrap();
    let mut named = BTreeMap::new();
    for (file, source) in FILES {
        for name in tests(source) {
            let row = name.split('_').next().unwrap().to_uppercase();
            assert!(file.starts_with(&row.to_lowercase()[..1]) || *file == "scripted.rs", "{name} stands in {file}");
            named.insert(row, name);
        }
    }
    let (mut shown, mut listed, mut missing) = (0, 0, Vec::new());
    for row in &rows {
        let id = row["id"].as_str().unwrap();
        let line = LIST.iter().find(|(listed, _)| *listed == id).map(|(_, line)| line);
        match (named.remove(id), line) {
            (Some(_), None) => shown += 1,
            (None, Some(line)) => {
                listed += 1;
                check(id, line);
            }
            (None, None) => missing.push(format!("{id} ({})", row["title"])),
            (Some(test), Some(_)) => panic!("{id} is listed although there is {test}"),
        }
    }
    println!("hazards {}/{} ({listed} listed with a reason)", shown + listed, rows.len());
    for (id, line) in LIST {
        match line {
            Later(what) => println!("later: {id}: {what}"),
            NotApplicable(_) | Elsewhere(_) => {}
        }
    }
    assert!(named.is_empty(), "tests of no row: {named:?}");
    assert!(missing.is_empty(), "neither test nor reason: {missing:?}");
    assert_eq!(rows.len(), 146);
    assert!(LIST.iter().all(|(id, _)| rows.iter().any(|row| row["id"] == *id)));
}

/// A reason must say something, and a test elsewhere must exist.
fn check(id: &str, line: &Line) {
    match line {
        NotApplicable(reason) | Later(reason) => assert!(reason.len() > 20, "{id}: {reason}"),
        Elsewhere(places) => {
            assert!(!places.is_empty(), "{id}");
            for (file, name) in *places {
                let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
                let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{id}: {path}: {error}"));
                assert!(tests(&source).any(|test| test == *name), "{id}: no test {name} in {file}");
            }
        }
    }
}
