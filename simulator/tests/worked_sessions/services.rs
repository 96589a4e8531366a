//! Sessions of MQTT, HTTP and WebSocket, against servers in memory.

use crate::Replay;
use crate::common::{Bench, ms};
use crate::service_world::{World, block, bytes_of, latin, prepare, values};
use core::time::Duration;
use serde_json::Value;
use std::collections::BTreeMap;
use wifi_at_simulator::Dialect;

/// Events of sessions that nobody has to do anything for.
const SAID: [&str; 2] = ["the message reaches the subscriber", "427 bytes of JSON"];

/// The lines without empty ones, in the order in which they came; counted data are part of their line.
fn expected(lines: &[Value]) -> Vec<Vec<u8>> {
    lines.iter().map(bytes_of).collect()
}

/// Whether a step shows a whole file that the catalogue does not hold.
fn shows_file(rx: &[Value]) -> bool {
    rx.iter().any(|line| line["head"] == "" && line["raw"].is_null())
}

/// A picture of several blocks, with line ends at places of all kinds.
fn file() -> Vec<u8> {
    let body = (0..5000_u16).map(|at| {
        if at % 61 == 0 {
            b'\r'
        } else if at % 61 == 1 {
            b'\n'
        } else {
            at.to_le_bytes()[0]
        }
    });
    [b"\x89PNG\r\n\x1a\n".to_vec(), body.collect()].concat()
}

/// Whether `got` is these lines, with empty lines and prompts' missing line ends allowed for.
fn same(got: &[u8], wanted: &[Vec<u8>]) -> bool {
    let mut rest = got;
    for line in wanted {
        while let Some(tail) = rest.strip_prefix(b"\r\n") {
            rest = tail;
        }
        let line: &[u8] = if line == b">\r\n" { b">" } else { line };
        let Some(tail) = rest.strip_prefix(line) else { return false };
        rest = tail;
    }
    rest.iter().all(|byte| matches!(byte, b'\r' | b'\n'))
}

/// A session whose listing has holes, filled in.
fn filled(session: &Value) -> Value {
    let text = session.to_string();
    // The two values need quotes, which the listing has not.
    let text = text.replace("<ssid>,<password>", "\\\"espressif\\\",\\\"1234567890\\\"");
    serde_json::from_str(&text.replace("<endpoint>", "endpoint.iot.example")).unwrap()
}

/// Plays a session on as many new modules as it has.
pub(crate) fn replay(session: &Value) -> Replay {
    let session = filled(session);
    let steps = session["steps"].as_array().unwrap();
    let world = World::new();
    let joins = steps.iter().all(|step| !step["tx"].as_str().is_some_and(|line| line.contains("+CWJAP")));
    let count = usize::try_from(session["modules"].as_u64().unwrap_or(1)).unwrap();
    let modules = ["A", "B"].iter().take(count);
    let modules = modules.map(|name| (*name, world.module(Dialect::EspAt, joins))).collect();
    let mut table = Table { world, modules, scheme: 1, now: Duration::ZERO };
    for (at, step) in steps.iter().enumerate() {
        if let Err(failure) = table.play(step, steps.get(at + 1)) {
            return Replay { steps: at, failure: Some(failure) };
        }
    }
    Replay { steps: steps.len(), failure: None }
}

/// The modules of a session and what is around them.
struct Table {
    world: World,
    modules: BTreeMap<&'static str, Bench>,
    /// Of `AT+MQTTUSERCFG`.
    scheme: u8,
    now: Duration,
}

impl Table {
    fn play(&mut self, step: &Value, next: Option<&Value>) -> Result<(), String> {
        let none = Vec::new();
        let rx = step["rx"].as_array().unwrap_or(&none);
        let urc = step["urc"].as_array().unwrap_or(&none);
        let line = step["tx"].as_str().unwrap_or_default();
        let bench = self.modules.get_mut(step["module"].as_str().unwrap()).unwrap();
        // What has come while the other module was at work.
        let lag = self.now.saturating_sub(bench.now);
        let mut got = bench.run_bytes(lag);
        if !line.is_empty() {
            if line.starts_with("AT+MQTTUSERCFG") {
                self.scheme = values(line)[1].parse().unwrap();
            }
            // The answer to an upload comes with the step of its data.
            let next = next.filter(|next| next["tx_raw"].is_string());
            let answer = next.and_then(|next| next["rx"].as_array()).unwrap_or(rx);
            prepare(&mut self.world, line, answer, self.scheme);
            if shows_file(rx) {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", file().len());
                *self.world.answer.borrow_mut() = [head.into_bytes(), file()].concat();
            }
            bench.send(format!("{line}\r\n").as_bytes());
        } else if let Some(raw) = step["tx_raw"].as_str() {
            bench.send(&latin(raw));
        } else if step["actor"] == "peer" {
            let (head, payload) = block(&urc[0]).unwrap();
            self.world.broker.publish(head.split('"').nth(1).unwrap(), &payload, 0);
        } else if !step["event"].as_str().is_some_and(|event| SAID.iter().any(|part| event.contains(part))) {
            return Err(format!("nobody knows how: {}", step["event"]));
        }
        got.extend(bench.run_bytes(ms(20)));
        self.now = bench.now;
        let mut text = String::from_utf8_lossy(&got).into_owned();
        if step["restart"] == true {
            // `ready` is not in the listing, and the echo is on again.
            text = text.strip_suffix("\r\nready\r\n").ok_or("no restart")?.to_owned();
            bench.ask_for("ATE0", ms(10));
        }
        let wanted = [&rx[..], &urc[..]].concat();
        let right = if line == "AT+CIPSNTPTIME?" {
            text.starts_with("+CIPSNTPTIME:Fri May 29 ") && text.ends_with("OK\r\n")
        } else if rx.iter().any(|line| line["exact"] == false) {
            // Parts of the answer only.
            text.ends_with("\r\nOK\r\n")
        } else if shows_file(rx) {
            // Its bytes and nothing else.
            got == file()
        } else {
            // The listings leave this message out, and the one with holes those of Wi-Fi.
            text = text.replace("+TIME_UPDATED\r\n", "");
            if step["template"] == true {
                text = text.replace("WIFI CONNECTED\r\nWIFI GOT IP\r\n", "");
            }
            let alternatives = step["alt_rx"].as_array().into_iter().flatten();
            let alternatives: Vec<&Vec<Value>> = alternatives.map(|rx| rx.as_array().unwrap()).collect();
            same(text.as_bytes(), &expected(&wanted))
                || alternatives.iter().any(|rx| same(text.as_bytes(), &expected(rx)))
        };
        if right { Ok(()) } else { Err(format!("{line}: {text:?}, wanted {wanted:?}")) }
    }
}
