//! The worked sessions of the manuals, replayed byte for byte: each step gives the result that the manual states.
//!
//! The commands are sent as text, as the driver's users may send their own; typed ones have tests of their own.

mod common;

pub(crate) use wifi_at::EspAt as Subject;
pub(crate) const MODULE: wifi_at_simulator::Dialect = wifi_at_simulator::Dialect::EspAt;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

use common::*;
use serde_json::Value;
use wifi_at::at::Encoder;
use wifi_at::command::{Command, CommandError, End, Kind, On};
use wifi_at::{EspAt, Missed};
use wifi_at_support::device::Device;
use wifi_at_support::virtual_time::{Line, drop_after};

/// A command as text.
struct Text {
    line: String,
    data: usize,
}

macro_rules! text_command {
    ($($name:ident $end:ident;)*) => {$(
        struct $name(Text);

        impl Command for $name {
            type Response = Vec<String>;
            type Error = CommandError;
            type Answer = Vec<String>;

            const TIMEOUT: embassy_time::Duration = embassy_time::Duration::from_secs(60);
            const KIND: Kind = Kind::Execute;
            const END: End = End::$end;

            fn encode(&self, _: &str, line: &mut Encoder<'_>) {
                line.name(&self.0.line);
            }

            fn line(answer: &mut Vec<String>, line: &[u8]) {
                answer.push(latin1(line));
            }

            fn finish(answer: Vec<String>, result: Result<(), CommandError>) -> Result<Vec<String>, CommandError> {
                result.map(|()| answer)
            }

            fn data_length(&self) -> Option<usize> {
                Some(self.0.data)
            }
        }

        impl On<EspAt> for $name {
            const NAME: &'static str = "";
            const SECTION: &'static str = "";
        }
    )*};
}

text_command! {
    EndsOk Ok;
    EndsOkAfterData OkAfterData;
    EndsSendOk SendOk;
    EndsSetOk SetOk;
    EndsPublished Published;
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|letter| letter as u8).collect()
}

/// A module that answers the driver's own commands with OK, and the session's as the session says.
#[derive(Default)]
struct Module {
    received: Vec<u8>,
    sending: VecDeque<u8>,
    /// What the session expects next, and answers.
    next: VecDeque<(Vec<u8>, Vec<u8>)>,
}

impl Device for Module {
    fn receive(&mut self, _: Duration, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
        loop {
            if let Some((expected, _)) = self.next.front()
                && self.received.starts_with(expected)
            {
                let Some((expected, answer)) = self.next.pop_front() else { return };
                self.received.drain(..expected.len());
                self.sending.extend(answer);
                continue;
            }
            if let Some((expected, _)) = self.next.front()
                && expected.starts_with(&self.received)
            {
                return;
            }
            if self.received.starts_with(b"+++") {
                self.received.drain(..3);
                continue;
            }
            let Some(end) = self.received.iter().position(|&byte| byte == b'\n') else { return };
            let line: Vec<u8> = self.received.drain(..=end).collect();
            let answer: &[u8] = match &line[..] {
                b"AT+RST\r\n" => b"\r\nOK\r\n\r\nready\r\n",
                b"AT+CIPMUX?\r\n" => b"+CIPMUX:1\r\n\r\nOK\r\n",
                _ => b"\r\nOK\r\n",
            };
            self.sending.extend(answer);
        }
    }

    fn poll(&mut self, _: Duration) {}

    fn transmit(&mut self, _: Duration, out: &mut [u8]) -> usize {
        let count = out.len().min(self.sending.len());
        for (place, byte) in out.iter_mut().zip(self.sending.drain(..count)) {
            *place = byte;
        }
        count
    }

    fn next_wake(&self) -> Option<Duration> {
        (!self.sending.is_empty()).then_some(Duration::ZERO)
    }
}

/// The bytes of one line, or of a head with counted data.
fn wire(entry: &Value) -> Vec<u8> {
    if let Some(text) = entry.as_str() {
        return if text == ">" { b"\r\n>".to_vec() } else { [&bytes(text)[..], b"\r\n"].concat() };
    }
    let mut all = bytes(entry["head"].as_str().unwrap_or(""));
    all.extend(raw(entry, "raw"));
    all.extend(bytes(entry["then"].as_str().unwrap_or("\r\n")));
    all
}

/// Bytes that stand there as Latin-1 or as hexadecimal.
fn raw(entry: &Value, key: &str) -> Vec<u8> {
    if let Some(text) = entry[key].as_str() {
        return bytes(text);
    }
    let digits = entry[format!("{key}_hex")].as_str().unwrap_or("");
    (0..digits.len() / 2).filter_map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()).collect()
}

fn has(step: &Value, key: &str) -> bool {
    step[key].is_string() || step[format!("{key}_hex")].is_string()
}

#[derive(Default, Debug)]
struct Count {
    steps: usize,
    replayed: usize,
    /// Steps in passthrough mode, or that cannot be replayed for another reason.
    skipped: usize,
}

fn replay(name: &str, steps: &[Value], count: &mut Count) {
    let line = Line::new(Module::default());
    let problems = RefCell::new(Vec::new());
    with_driver(&line, async |(control, _)| {
        control.wait_until_ready().await.unwrap();
        let mut messages = control.messages().unwrap();
        let mut index = 0;
        let mut passthrough = false;
        while index < steps.len() {
            let step = &steps[index];
            index += 1;
            let empty = Vec::new();
            let answer =
                |step: &Value| -> Vec<u8> { step["rx"].as_array().unwrap_or(&empty).iter().flat_map(wire).collect() };
            let unsolicited: Vec<u8> = step["urc"].as_array().unwrap_or(&empty).iter().flat_map(wire).collect();
            if step["actor"].as_str().is_some_and(|actor| actor != "host") || !(has(step, "tx") || has(step, "tx_raw"))
            {
                line.with(|module, _| module.sending.extend(unsolicited));
                continue;
            }
            count.steps += 1;
            if has(step, "tx_raw") {
                passthrough &= raw(step, "tx_raw") != b"+++";
                count.skipped += 1;
                continue;
            }
            let command = step["tx"].as_str().unwrap_or_default().to_string();
            if passthrough || step["template"] == true || command.is_empty() {
                count.skipped += 1;
                continue;
            }
            let mut plan = vec![([&bytes(&command)[..], b"\r\n"].concat(), answer(step))];
            let mut data = Vec::new();
            let mut end = step["final"].as_str().map(str::to_string);
            let prompted = step["rx"].as_array().is_some_and(|rx| rx.iter().any(|entry| entry == ">"));
            let mut accepted = step["rx"].as_array().is_some_and(|rx| rx.iter().any(|entry| entry == "OK"));
            if prompted {
                match steps.get(index) {
                    Some(next) if has(next, "tx_raw") && next["final"].is_string() => {
                        data = raw(next, "tx_raw");
                        let announced = command.rsplit([',', '=']).find_map(|field| field.parse::<usize>().ok());
                        if announced.is_some_and(|announced| announced < data.len()) {
                            data.truncate(announced.unwrap_or(0));
                        }
                        plan.push((data.clone(), answer(next)));
                        end = next["final"].as_str().map(str::to_string);
                        index += 1;
                        count.steps += 1;
                    }
                    _ => {
                        // From here on everything is data.
                        passthrough = true;
                        count.skipped += 1;
                        continue;
                    }
                }
            }
            if command.starts_with("AT+CIPSEND") && data.is_empty() || command.starts_with("AT+BLESPP") && !prompted {
                passthrough = true;
                count.skipped += 1;
                continue;
            }
            let with_data = prompted;
            accepted &= !data.is_empty();
            let Some(end) = end else {
                count.skipped += 1;
                continue;
            };
            line.with(|module, _| module.next.extend(plan));
            let text = Text { line: command.clone(), data: data.len() };
            let result = match end.as_str() {
                "SEND OK" => control.transfer(&EndsSendOk(text), &data, |_| {}).await,
                "SET OK" => control.send_with_data(&EndsSetOk(text), &data).await,
                "+MQTTPUB:OK" => control.send_with_data(&EndsPublished(text), &data).await,
                "OK" if accepted => control.send_with_data(&EndsOkAfterData(text), &data).await,
                _ => control.transfer(&EndsOk(text), &data, |_| {}).await,
            };
            let ok = matches!(
                (&result, end.as_str()),
                (Ok(_), "OK" | "SEND OK" | "SET OK" | "+MQTTPUB:OK")
                    | (Err(CommandError::Refused(_)), "ERROR" | "FAIL" | "SEND FAIL")
            );
            if ok {
                count.replayed += 1 + usize::from(with_data);
            } else {
                problems.borrow_mut().push(format!("{name}: {command}: {end} gave {result:?}"));
            }
            // Every information line reached the sender, in order.
            if let Ok(lines) = &result {
                let rx = step["rx"].as_array().unwrap();
                let expected = rx.iter().filter_map(Value::as_str).filter(|line| line.starts_with('+'));
                let missing: Vec<_> = expected
                    .filter(|line| !lines.iter().any(|got| got == *line) && !line.starts_with("+LINK_CONN"))
                    .filter(|line| *line != end.as_str())
                    .collect();
                if !missing.is_empty() {
                    problems.borrow_mut().push(format!("{name}: {command}: {missing:?} not in {lines:?}"));
                }
            }
            if step["restart"] == true {
                line.with(|module, _| module.sending.extend(b"\r\nready\r\n"));
                embassy_time::Timer::after_secs(5).await;
                control.wait_until_ready().await.unwrap();
            }
            line.with(|module, _| module.sending.extend(unsolicited));
            embassy_time::Timer::after_millis(10).await;
            let mut buffer = [0; 256];
            while let Some(Ok(_) | Err(Missed(_))) = drop_after(1, messages.next(&mut buffer)).await {}
        }
    });
    let problems = problems.borrow();
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn all_sessions_of_three_manuals() {
    let mut total = Count::default();
    let mut sessions = 0;
    for file in ["esp-at.sessions", "esp32-v1", "esp8266-idf"] {
        let path = format!("{}/tests/data/commands/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for session in document["sessions"].as_array().unwrap() {
            let steps = session["steps"].as_array().unwrap();
            let modules: std::collections::BTreeSet<_> =
                steps.iter().map(|step| step["module"].as_str().unwrap_or("A")).collect();
            for module in modules {
                let own: Vec<_> = steps
                    .iter()
                    .filter(|step| step["module"].as_str().unwrap_or("A") == module)
                    .cloned()
                    .map(|mut step| {
                        // The small manuals give no final result in a field of its own.
                        if step.get("final").is_none() {
                            let last = step["rx"].as_array().and_then(|rx| rx.last().cloned());
                            let known = last.filter(|last| matches!(last.as_str(), Some("OK" | "ERROR" | "SEND OK")));
                            step["final"] = known.unwrap_or(Value::String("OK".into()));
                            if step["rx"].as_array().is_some_and(|rx| !rx.iter().any(|line| *line == step["final"])) {
                                let last = step["final"].clone();
                                step["rx"].as_array_mut().unwrap().push(last);
                            }
                        }
                        step
                    })
                    .collect();
                let name = format!("{file} {} {}", session["section"], session["title"]);
                replay(&name, &own, &mut total);
            }
            sessions += 1;
        }
    }
    println!("sessions {sessions}, steps {}, replayed {}, in data mode {}", total.steps, total.replayed, total.skipped);
    assert_eq!(total.replayed + total.skipped, total.steps);
    assert!(total.replayed > 10 * total.skipped, "{total:?}");
}
