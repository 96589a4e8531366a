//! Every example of the manuals is sent to its firmware and gets the documented lines and final result; every other
//! form of every command is sent, too, and gets an answer of the documented form. The catalogues of the manuals'
//! commands stand in `tests/data/commands` of the workspace.
#![allow(missing_docs)]

mod bluetooth;
#[path = "../common/broker.rs"]
mod broker;
#[path = "../common/mod.rs"]
mod common;
mod core_chapters;
mod driver;
#[path = "../common/layers.rs"]
mod layers;
mod pattern;
mod samples;
#[path = "../common/service_world.rs"]
mod service_world;
mod services;
#[path = "../common/tls.rs"]
mod tls;

use common::{Bench, ms};
use core::time::Duration;
use core_chapters::split;
use pattern::{all_fit, fits};
use samples::SAMPLES;
use serde_json::Value;
use service_world::bytes_of;
use std::collections::{BTreeMap, BTreeSet};
use wifi_at_simulator::Dialect;

/// The catalogues with their firmwares.
const CATALOGUES: [(Dialect, &str); 6] = [
    (Dialect::EspAt, "esp-at.core"),
    (Dialect::EspAt, "esp-at.services"),
    (Dialect::WizFi360, "wizfi360"),
    (Dialect::Esp8266Nonos, "esp8266-nonos"),
    (Dialect::Esp8266Idf, "esp8266-idf"),
    (Dialect::Esp32V1, "esp32-v1"),
];

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn texts(value: &Value) -> Vec<String> {
    list(value).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

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
fn ask(bench: &mut Bench, line: &str, next: Option<&str>) -> String {
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
        "AT+USERRAM" | "AT+MQTTLONGCLIENTID" | "AT+MQTTLONGUSERNAME" | "AT+MQTTLONGPASSWORD" | "AT+WSSEND"
        | "AT+HTTPCPOST" | "AT+HTTPCPUT" => filled(number(1)?),
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

/// A catalogue with everything that its module may say unasked.
struct Catalogue {
    dialect: Dialect,
    commands: Vec<Value>,
    notices: Vec<String>,
}

/// What modules say unasked although the manual's list does not have it.
const NOTICES: &[&str] = &[
    "WIFI CONNECTED",
    "WIFI GOT IP",
    "WIFI DISCONNECT",
    "ready",
    "CONNECT",
    "CLOSED",
    "no change",
    "+TIME_UPDATED",
    "+IPD,<link ID>,<len>",
    "Recv <len> bytes",
];

impl Catalogue {
    fn read(dialect: Dialect, file: &str) -> Self {
        let path = format!("{}/../tests/data/commands/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let catalogue: Value = serde_json::from_str(&text).unwrap();
        let mut notices: Vec<String> = NOTICES.iter().map(|&line| line.to_owned()).collect();
        let urcs = list(&catalogue["urcs"]).iter().map(|urc| urc["pattern"].as_str().unwrap().to_owned());
        // Passthrough, which would be anything.
        notices.extend(urcs.filter(|pattern| pattern != "<raw data>"));
        Self { dialect, commands: list(&catalogue["commands"]).to_vec(), notices }
    }

    /// The forms of such a line.
    fn forms(&self, line: &str) -> Vec<&Value> {
        let (name, kind, _) = split(line);
        // `ATE` stands for two commands.
        let name = if name.starts_with("ATE") { "ATE" } else { name };
        let commands = self.commands.iter().filter(|command| command["name"] == name);
        commands.flat_map(|command| list(&command["forms"])).filter(|form| form["kind"] == kind).collect()
    }

    /// What an answer has that is not documented, and what is documented and missing.
    fn differences(&self, line: &str, got: &str, rx: &[Value]) -> Vec<String> {
        let mut found = Vec::new();
        let mut rest = got;
        let mut between = String::new();
        for wanted in rx.iter().filter(|wanted| *wanted != "") {
            let text = if wanted == ">" { ">".to_owned() } else { String::from_utf8_lossy(&bytes_of(wanted)).into_owned() };
            let begins = |at: usize| at == 0 || rest[..at].ends_with("\r\n") || rest[..at].ends_with('>');
            match rest.match_indices(&text).map(|(at, _)| at).find(|&at| begins(at)) {
                Some(at) => {
                    between += &rest[..at];
                    between += "\r\n";
                    rest = &rest[at + text.len()..];
                }
                None => found.push(format!("no {wanted}")),
            }
        }
        between += rest;
        let forms = self.forms(line);
        let of_forms = |field: &str| forms.iter().flat_map(|form| texts(&form[field])).collect::<Vec<String>>();
        let responses = of_forms("response");
        let finals = [of_forms("final_ok"), texts(&Value::from(["OK"].to_vec()))].concat();
        let allowed = |text: &str| {
            let mut patterns = responses.iter().chain(&finals).chain(&self.notices);
            text.is_empty() || text == ">" || patterns.any(|pattern| fits(pattern.trim_end_matches(" ..."), text))
        };
        for text in between.split("\r\n").map(|text| text.trim_end().trim_start_matches('>')).filter(|text| !allowed(text)) {
            found.push(format!("also {text:?}"));
        }
        let ends = |end: &String| got.ends_with(&format!("\r\n{end}")) || got.contains(&format!("\r\n{end}\r\n"));
        if !finals.iter().chain(&[">".to_owned(), "> ".to_owned()]).any(ends) && !rx.iter().any(|line| line == "ERROR") {
            found.push("no good end".to_owned());
        }
        found
    }
}

#[test]
fn every_example() {
    let mut counts = BTreeMap::<(&str, String), (usize, usize)>::new();
    let mut failures = Vec::new();
    for (dialect, file) in CATALOGUES {
        let catalogue = Catalogue::read(dialect, file);
        for command in &catalogue.commands {
            let group = command["group"].as_str().unwrap().to_owned();
            let examples = list(&command["examples"]);
            let text = |example: &Value| example["tx"].as_str().unwrap().to_owned();
            let raw = |example: &Value| !text(example).starts_with("AT") && text(example) != "+++";
            for (at, example) in examples.iter().enumerate() {
                let count = counts.entry((dialect.name(), group.clone())).or_default();
                count.1 += 1;
                let mut line = text(example);
                let mut next = examples.get(at + 1).filter(|next| raw(next)).map(text);
                let rx = list(&example["rx"]);
                if raw(example) {
                    next = Some(line);
                    line = text(&examples[at - 1]);
                }
                let mut bench = bench(dialect, &line, rx);
                let got = ask(&mut bench, &line, next.as_deref());
                let found = catalogue.differences(&line, &got, rx);
                if found.is_empty() {
                    count.0 += 1;
                } else {
                    failures.push(format!("{} {line}: {}; got {got:?}", dialect.name(), found.join(", ")));
                }
            }
        }
    }
    for ((dialect, group), (done, all)) in &counts {
        println!("{dialect} {group}: {done} of {all} examples");
    }
    println!("{}", failures.join("\n"));
}

/// The name of a command and a kind of its forms.
type Form = (String, String);

impl Catalogue {
    /// The forms that examples show.
    fn shown(&self) -> BTreeSet<Form> {
        let examples = self.commands.iter().flat_map(|command| list(&command["examples"]));
        let split = examples.map(|example| split(example["tx"].as_str().unwrap()));
        split.map(|(name, kind, _)| (name.to_owned(), kind.to_owned())).collect()
    }

    /// Whether an answer has what one of the forms says, all of it in that order.
    fn fits_a_form(&self, line: &str, got: &str) -> Result<(), String> {
        let forms = self.forms(line);
        let finals: Vec<String> = forms.iter().flat_map(|form| texts(&form["final_ok"])).collect();
        let is_other = |text: &str| {
            text.is_empty() || text == ">" || finals.iter().chain(&self.notices).any(|pattern| fits(pattern, text)) || text == "OK"
        };
        let lines: Vec<&str> = got.split("\r\n").map(|text| text.trim_end().trim_start_matches('>')).filter(|text| !is_other(text)).collect();
        let good = |form: &&Value| {
            let patterns = texts(&form["response"]);
            all_fit(&patterns, &lines) || patterns.iter().all(|pattern| self.notices.iter().any(|notice| notice == pattern)) && lines.is_empty()
        };
        let ended = got.contains("\r\nOK\r\n") || got.ends_with('>') || got.ends_with("> ");
        if ended && forms.iter().any(good) {
            return Ok(());
        }
        let wanted: Vec<Vec<String>> = forms.iter().map(|form| texts(&form["response"])).collect();
        Err(format!("{} {line}: {wanted:?} wanted, got {got:?}", self.dialect.name()))
    }
}

#[test]
fn every_form() {
    let (mut done, mut all) = (0, 0);
    let mut failures = Vec::new();
    for (dialect, file) in CATALOGUES {
        let catalogue = Catalogue::read(dialect, file);
        let shown = catalogue.shown();
        let mut seen = BTreeSet::new();
        for command in &catalogue.commands {
            let name = command["name"].as_str().unwrap();
            for form in list(&command["forms"]) {
                let kind = form["kind"].as_str().unwrap();
                if shown.contains(&(name.to_owned(), kind.to_owned())) || !seen.insert((name, kind)) {
                    continue;
                }
                let lines: Vec<String> = match kind {
                    "query" => vec![format!("{name}?")],
                    "test" => vec![format!("{name}=?")],
                    _ => SAMPLES.iter().filter(|sample| sample.0 == name && (split(sample.1).1 == kind)).map(|sample| sample.1.to_owned()).collect(),
                };
                if lines.is_empty() { failures.push(format!("no sample for {kind} {name}")); }
                for line in lines {
                    all += 1;
                    let mut bench = bench(dialect, &line, &[]);
                    let got = ask(&mut bench, &line, None);
                    match catalogue.fits_a_form(&line, &got) {
                        Ok(()) => done += 1,
                        Err(failure) => failures.push(failure),
                    }
                }
            }
        }
    }
    println!("other forms: {done} of {all}");
    println!("{}", failures.join("\n"));
}
