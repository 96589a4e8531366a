//! The sessions of the catalogues.

use serde_json::{Value, json};
use wifi_at::decode::Family;

use crate::helpers::{Random, check_splits, data, echo, linked, prompt, urc, values};
use crate::rows::parse_sent;

const CATALOGUES: [(&str, Family); 3] = [
    (include_str!("../data/commands/esp-at.sessions.json"), Family::EspAt),
    (include_str!("../data/commands/esp32-v1.json"), Family::Esp32V1),
    (include_str!("../data/commands/esp8266-idf.json"), Family::Esp8266Idf),
];

/// What a module prints in a session, and what is to come of it.
#[derive(Default)]
struct Replay {
    sent: String,
    log: Vec<u8>,
    rows: Vec<Value>,
    command: String,
    lines: Vec<String>,
}

/// The bytes of a text in Latin-1.
fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(letter).unwrap()).collect()
}

impl Replay {
    fn step(&mut self, step: &Value, echo_on: bool) {
        let raw = step["tx_raw"].as_str().or_else(|| step["payload_only"].as_bool().and(step["tx"].as_str()));
        if let Some(raw) = raw {
            self.sent += &format!("<{} bytes>\n", raw.chars().count());
        } else if let Some(command) = step["tx"].as_str() {
            self.sent += &format!("{command}\n");
            self.command = command.to_string();
            if echo_on {
                self.log.extend_from_slice(format!("{command}\r\r\n").as_bytes());
                self.rows.push(echo(command));
            }
        }
        let unsolicited: Vec<usize> =
            step["unsolicited_in_rx"].as_array().into_iter().flatten().map(|n| n.as_u64().unwrap() as usize).collect();
        let lines = step["rx"].as_array().unwrap().clone();
        for (index, line) in lines.iter().enumerate() {
            self.line(line, unsolicited.contains(&index) || step["tx"].is_null() && raw.is_none());
        }
        for line in step["urc"].as_array().into_iter().flatten() {
            self.line(line, true);
        }
    }

    fn line(&mut self, line: &Value, unsolicited: bool) {
        if let Some(head) = line["head"].as_str() {
            let (payload, then) = (bytes(line["raw"].as_str().unwrap()), line["then"].as_str().unwrap_or("\r\n"));
            self.log.extend_from_slice(&[&bytes(head), &payload, then.as_bytes()].concat());
            let via = head.split([':', ',']).next().unwrap();
            let fields: Vec<&str> = head[via.len() + 1..].trim_end_matches([',', ':']).split(',').collect();
            let linked = !via.contains("HTTP") && fields.len() > 1;
            let mut row =
                data(via, linked.then(|| fields[0].parse().unwrap()), line["len"].as_u64().unwrap() as u32, None);
            if via == "+MQTTSUBRECV" {
                row["topic"] = fields[1].trim_matches('"').into();
            }
            self.rows.push(row);
            return;
        }
        let line = line.as_str().unwrap();
        if line == ">" {
            self.log.extend_from_slice(b"\r\n>");
            self.rows.push(prompt());
            return;
        }
        self.log.extend_from_slice(format!("{line}\r\n").as_bytes());
        let finals =
            ["OK", "ERROR", "FAIL", "SEND OK", "SEND FAIL", "SEND CANCELLED", "SET OK", "+MQTTPUB:OK", "busy p..."];
        let name = line.split([':', ',']).next().unwrap();
        if line.is_empty() {
            return;
        }
        if finals.contains(&line) {
            if line != "busy p..." && !self.lines.is_empty() {
                self.rows.push(
                    json!({"type": "response", "command": self.command, "lines": std::mem::take(&mut self.lines)}),
                );
            }
            let command = (!self.command.is_empty()).then_some(self.command.as_str());
            self.rows.push(json!({"type": "final", "result": line, "command": command}));
        } else if name == "ERR CODE" {
            self.rows.push(urc(name));
        } else if unsolicited
            || matches!(line, "CONNECT" | "CLOSED" | "0,CLOSED" | "4,CLOSED" | "4,CONNECT")
            || line.starts_with("+IPD")
        {
            self.rows.push(match line.split_once(',') {
                Some((link, word)) if link.parse::<u32>().is_ok() => linked(word, link.parse().unwrap()),
                Some(("+IPD", avail)) if avail.contains(',') => {
                    let (link, avail) = avail.split_once(',').unwrap();
                    json!({"type": "urc", "name": "+IPD", "link": link.parse::<u32>().unwrap(), "avail": avail.parse::<u32>().unwrap()})
                }
                Some(("+IPD", avail)) => json!({"type": "urc", "name": "+IPD", "avail": avail.parse::<u32>().unwrap()}),
                _ => urc(name),
            });
        } else {
            self.lines.push(line.to_string());
        }
    }
}

/// Some messages have a link in their first field, which is tested elsewhere.
fn without_link(mut rows: Vec<Value>) -> Vec<Value> {
    for row in &mut rows {
        if row["type"] == "urc" && row["name"].as_str().unwrap().starts_with('+') && row["name"] != "+IPD" {
            row.as_object_mut().unwrap().remove("link");
        }
    }
    rows
}

#[test]
fn sessions_of_the_manuals() {
    let (mut replayed, mut rows) = (0, 0);
    for (text, family) in CATALOGUES {
        let catalogue: Value = serde_json::from_str(text).unwrap();
        for session in catalogue["sessions"].as_array().unwrap() {
            let title = &session["title"];
            for module in ["A", "B"] {
                let steps: Vec<&Value> = session["steps"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|step| step["module"].as_str().unwrap_or("A") == module)
                    .collect();
                // Transparent data has no mark, and a manual may leave out what ends a command.
                let all = || {
                    steps
                        .iter()
                        .flat_map(|step| [&step["rx"], &step["urc"]])
                        .flat_map(|lines| lines.as_array().into_iter().flatten())
                };
                let transparent = all().any(|line| line["head"] == "" || line.is_object() && !line["raw"].is_string());
                let answered = |step: &&Value| {
                    step["tx"].is_null()
                        || step["rx"].as_array().is_some_and(|rx| {
                            rx.last()
                                .is_some_and(|line| matches!(line.as_str(), Some("OK" | "ERROR" | ">" | "SEND OK")))
                        })
                };
                let template = all().any(|line| line.as_str().is_some_and(|line| line.contains("n:xxx")));
                if steps.is_empty() || transparent || template || !steps.iter().all(answered) {
                    continue;
                }
                for (echo_on, list) in [(false, true), (true, true), (true, false)] {
                    let mut replay = Replay::default();
                    steps.iter().for_each(|step| replay.step(step, echo_on));
                    // ATE0 among the steps would have to be followed.
                    if echo_on && replay.sent.contains("ATE0") {
                        continue;
                    }
                    let sent = if list { replay.sent.as_str() } else { "" };
                    let found = without_link(values(family, sent, &replay.log));
                    let expected = without_link(replay.rows);
                    for (found, expected) in found.iter().zip(&expected) {
                        assert_eq!(
                            found,
                            expected,
                            "{title} echo {echo_on} list {list}\n{}",
                            replay.log.escape_ascii()
                        );
                    }
                    assert_eq!(found.len(), expected.len(), "{title} {found:?}");
                    check_splits(family, &parse_sent(sent.as_bytes()), &replay.log, &mut Random(3));
                    replayed += 1;
                    rows += found.len();
                }
            }
        }
    }
    println!("{replayed} replays, {rows} rows");
    assert!(replayed > 140, "{replayed}");
}
