//! Every example of the manuals is sent to its firmware and gets the documented lines and final result; every other
//! form of every command is sent, too, and gets an answer as the manual has it. The catalogues of the manuals' commands
//! stand in `tests/data/commands` of the workspace.
#![allow(missing_docs)]

mod bluetooth;
#[path = "../common/broker.rs"]
mod broker;
mod catalogue;
#[path = "../common/catalogues.rs"]
mod catalogues;
#[path = "../common/mod.rs"]
mod common;
mod core_chapters;
mod driver;
mod exceptions;
#[path = "../common/layers.rs"]
mod layers;
mod pattern;
mod samples;
#[path = "../common/service_world.rs"]
mod service_world;
mod services;
#[path = "../common/tls.rs"]
mod tls;

use catalogue::{Catalogue, list};
use common::{Bench, ms};
use core::time::Duration;
use core_chapters::split;
use exceptions::{EXCEPTIONS, IN_SESSIONS, NOT_THERE, OTHER_FORMS};
use samples::SAMPLES;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use wifi_at_simulator::{Dialect, Event, SmartConfig};

/// The catalogues with their firmwares.
const CATALOGUES: [(Dialect, &str); 6] = [
    (Dialect::EspAt, "esp-at.core"),
    (Dialect::EspAt, "esp-at.services"),
    (Dialect::WizFi360, "wizfi360"),
    (Dialect::Esp8266Nonos, "esp8266-nonos"),
    (Dialect::Esp8266Idf, "esp8266-idf"),
    (Dialect::Esp32V1, "esp32-v1"),
];

/// A module that a line can be sent to.
fn bench(dialect: Dialect, line: &str, rx: &[Value]) -> Bench {
    let has = |names: &[&str]| names.iter().any(|name| line.starts_with(name));
    let lines: Vec<String> = rx.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if has(&["AT+BLE", "AT+BLUFI", "AT+BT"]) {
        bluetooth::bench(line, &lines)
    } else if has(&["AT+MQTT", "AT+HTTP", "AT+WS"]) {
        services::bench(dialect, line, rx)
    } else if has(&["AT+DRV"]) {
        driver::bench(line)
    } else {
        core_chapters::bench(dialect, line, &lines)
    }
}

/// What a module sends for a line, and for the data that it asks for then.
fn ask(bench: &mut Bench, line: &str, rx: &[Value], next: Option<&str>) -> String {
    if line == "+++" {
        bench.send(b"+++");
        let got = bench.run(Duration::from_secs(2));
        return got + &bench.ask("AT");
    }
    let mut got = bench.ask_for(line, Duration::from_secs(12));
    if line == "AT+CIPRECVMODE=1" {
        let socket = bench.module.links()[0].socket;
        bench.network.push(socket, &[b'x'; 100]);
        got += &bench.run(ms(10));
    }
    if line == "AT+CWSTARTSMART" && rx.len() > 1 {
        bench.module.happen(bench.now, Event::SmartConfig(SmartConfig::new("home", "secret password")));
        got += &bench.run(ms(100));
    }
    if line == "AT+USEROTA=36" {
        bench.network.serve("10.0.0.1:8070".parse().unwrap(), || {
            |_: &[u8]| b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n\xe9image".to_vec()
        });
    }
    if bench.module.in_data_mode() {
        if let Some(payload) = next {
            got += &bench.payload(payload.as_bytes());
        } else if let Some(payload) = payload(line) {
            got += &bench.payload(&payload);
        }
    }
    got
}

/// What the module wants to have behind its prompt; nothing if it does not count it.
fn payload(line: &str) -> Option<Vec<u8>> {
    let (name, _, values) = split(line);
    let number = |index: usize| {
        let text = &values.get(index)?.1;
        text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |hex| usize::from_str_radix(hex, 16).ok())
    };
    let filled = |count: usize| vec![b'x'; count];
    Some(match name {
        "AT+USEROTA" => b"http://example.org:8070/firmware.bin".to_vec(),
        "AT+HTTPURLCFG" => b"http://example.org/".to_vec(),
        "AT+HTTPCHEAD" | "AT+WSHEAD" => [b"Name: ".to_vec(), filled(number(0)? - 6)].concat(),
        "AT+CIPSEND" | "AT+CIPSENDEX" | "AT+CIPSENDL" | "AT+CIPSENDBUF" => {
            filled(values.iter().take(2).rfind(|value| !value.0)?.1.parse().ok()?)
        }
        "AT+USERRAM"
        | "AT+MQTTLONGCLIENTID"
        | "AT+MQTTLONGUSERNAME"
        | "AT+MQTTLONGPASSWORD"
        | "AT+WSSEND"
        | "AT+HTTPCPOST"
        | "AT+HTTPCPUT" => filled(number(1)?),
        "AT+MQTTPUBRAW" | "AT+DRVI2CWRDATA" => filled(number(2)?),
        "AT+DRVSPIWR" => filled(number(0)?),
        "AT+SYSFLASH" | "AT+SYSMFG" | "AT+FS" => filled(number(values.len() - 1)?),
        "AT+SYSMSGFILTERCFG" => filled(number(1)? + number(2)?),
        _ if name.starts_with("AT+BLEGATT") => filled(number(values.len() - 1)?),
        "AT+BLUFISEND" => filled(number(0)?),
        "AT+BTSPPSEND" => filled(number(1)?),
        _ => return None,
    })
}

#[test]
fn every_example() {
    let mut counts = BTreeMap::<(&str, String), (usize, usize)>::new();
    let mut used = BTreeSet::new();
    let mut failures = Vec::new();
    for (dialect, file) in CATALOGUES {
        let catalogue = Catalogue::read(dialect, file);
        for command in &catalogue.commands {
            let group = command["group"].as_str().unwrap().to_owned();
            let examples = list(&command["examples"]);
            let text = |example: &Value| example["tx"].as_str().unwrap().to_owned();
            let raw = |example: &Value| !text(example).starts_with("AT") && text(example) != "+++";
            for (at, example) in examples.iter().enumerate() {
                let mut line = text(example);
                let mut next = examples.get(at + 1).filter(|next| raw(next)).map(text);
                let rx = list(&example["rx"]);
                if raw(example) {
                    // What the prompt of the example before has asked for.
                    next = Some(line);
                    line = text(&examples[at - 1]);
                }
                let got = ask(&mut bench(dialect, &line, rx), &line, rx, next.as_deref());
                let count = counts.entry((dialect.name(), group.clone())).or_default();
                count.1 += 1;
                let mut found = catalogue.differences(&line, &got, rx);
                if found.is_empty() {
                    count.0 += 1;
                    continue;
                }
                let exception =
                    |entry: &&(&str, &str, &str, &str)| (entry.0, entry.1) == (dialect.name(), &line) && entry.2 == got;
                if let Some(entry) = EXCEPTIONS.iter().find(exception) {
                    used.insert((entry.0, entry.1, entry.2));
                    found.clear();
                }
                if IN_SESSIONS.contains(&line.as_str()) {
                    found.retain(|difference| !difference.starts_with("no \"+B"));
                }
                if !found.is_empty() {
                    failures.push(format!("{} {line}: {}; got {got:?}", dialect.name(), found.join(", ")));
                }
            }
        }
    }
    for ((dialect, group), (done, all)) in &counts {
        println!("{dialect} {group}: {done} of {all} examples");
    }
    let (done, all) = counts.values().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    println!("all: {done} of {all} examples as printed, the others with a reason");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let unused = EXCEPTIONS.iter().filter(|entry| !used.contains(&(entry.0, entry.1, entry.2)));
    assert_eq!(unused.collect::<Vec<_>>(), Vec::<&(&str, &str, &str, &str)>::new());
}

/// What to send for a form of a command.
fn lines_of(name: &str, kind: &str) -> Vec<String> {
    match kind {
        "query" => vec![format!("{name}?")],
        "test" => vec![format!("{name}=?")],
        _ => {
            let own = SAMPLES.iter().filter(|sample| sample.0 == name && split(sample.1).1 == kind);
            own.map(|sample| sample.1.to_owned()).collect()
        }
    }
}

#[test]
fn every_other_form() {
    let (mut commands, mut done, mut all) = (BTreeMap::new(), 0, 0);
    let mut failures = Vec::new();
    for (dialect, file) in CATALOGUES {
        let catalogue = Catalogue::read(dialect, file);
        let shown = catalogue.shown();
        let has: Vec<String> = dialect.commands().into_iter().map(|command| command.name).collect();
        let mut seen = BTreeSet::new();
        for command in &catalogue.commands {
            let name = command["name"].as_str().unwrap();
            let count = commands.entry(dialect.name()).or_insert((0, 0));
            count.1 += 1;
            if NOT_THERE.iter().any(|entry| (entry.0, entry.1) == (dialect.name(), name)) {
                continue;
            }
            // `ATE` stands for two commands, `+++` is none.
            let own = if name == "ATE" { "ATE0" } else { name };
            assert!(name == "+++" || has.iter().any(|known| known == own), "{} does not know {name}", dialect.name());
            count.0 += 1;
            for form in list(&command["forms"]) {
                let kind = form["kind"].as_str().unwrap();
                if shown.iter().any(|shown| *shown == (name.to_owned(), kind)) || !seen.insert((name, kind)) {
                    continue;
                }
                let lines = lines_of(name, kind);
                assert!(!lines.is_empty(), "no sample of the {kind} form of {name}");
                for line in lines {
                    all += 1;
                    let got = ask(&mut bench(dialect, &line, &[]), &line, &[], None);
                    let excused = OTHER_FORMS.iter().any(|entry| (entry.0, entry.1) == (dialect.name(), &line));
                    match catalogue.fits_a_form(&line, &got) {
                        Ok(()) => {
                            assert!(!excused, "{line} of {} is as the manual has it", dialect.name());
                            done += 1;
                        }
                        Err(_) if excused => {}
                        Err(failure) => failures.push(failure),
                    }
                }
            }
        }
    }
    for (dialect, (known, all)) in commands {
        println!("{dialect}: {known} of {all} commands");
    }
    println!("forms without example: {done} of {all} lines answered as the manual has it, the others with a reason");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
