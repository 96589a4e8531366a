//! A decoded log as rows: one JSON object each, and what a person wants to know beyond it.

use serde_json::{Map, Value, json};
use wifi_at::decode::{BusyRule, Decoder, Family, Item, Sent};

/// A row, and where in the log the line stands that completed it.
pub(crate) struct Row {
    pub(crate) offset: usize,
    pub(crate) value: Value,
    /// The bytes of it that the JSON leaves out.
    pub(crate) detail: Vec<u8>,
}

impl Row {
    /// Its JSON, what it is first.
    pub(crate) fn json(&self) -> String {
        const ORDER: [&str; 13] = [
            "type", "text", "name", "result", "command", "lines", "via", "link", "len", "avail", "remote", "topic",
            "raw",
        ];
        let fields =
            ORDER.iter().filter_map(|name| self.value.get(name).map(|value| format!("{}:{value}", json!(name))));
        let text = format!("{{{}}}", fields.collect::<Vec<_>>().join(","));
        // Some readers take U+0085 for a line end.
        text.chars().map(|letter| if letter.is_ascii() { letter.to_string() } else { escape(letter) }).collect()
    }
}

fn escape(letter: char) -> String {
    letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

/// U+00xx is byte xx.
pub(crate) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Reads what the host sent: a command a line, `<98 bytes>` for data.
pub(crate) fn parse_sent(text: &[u8]) -> Vec<Sent<'_>> {
    let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    // `+++` has no answer.
    lines
        .filter(|line| !line.is_empty() && *line != b"+++")
        .map(|line| raw_size(line).map_or(Sent::Command(line), Sent::Raw))
        .collect()
}

fn raw_size(line: &[u8]) -> Option<u32> {
    let inner = line.strip_prefix(b"<")?.strip_suffix(b">")?;
    let count = inner.strip_suffix(b"bytes").or_else(|| inner.strip_suffix(b"byte"))?;
    std::str::from_utf8(count).ok()?.trim().parse().ok()
}

/// Decodes a whole log. What a busy line refused is found out by what fits the rest of the log best.
pub(crate) fn decode(family: Family, sent: &[Sent<'_>], log: &[u8]) -> Vec<Row> {
    let mut best = decode_with(BusyRule::Next, false, family, sent, log);
    let rules = [BusyRule::Next, BusyRule::Running, BusyRule::Nothing];
    for (lost, rule) in [false, true].into_iter().flat_map(|lost| rules.map(|rule| (lost, rule))) {
        if best.1 > 0 && !sent.is_empty() {
            let other = decode_with(rule, lost, family, sent, log);
            if other.1 < best.1 {
                best = other;
            }
        }
    }
    best.0
}

/// `lost`: a restart takes a command with it.
fn decode_with(rule: BusyRule, lost: bool, family: Family, sent: &[Sent<'_>], log: &[u8]) -> (Vec<Row>, u32) {
    let decoder = Decoder::new(family).with_sent(sent).with_busy_rule(rule);
    let mut decoder = if lost { decoder.with_lost_on_restart() } else { decoder };
    let mut rows = Rows::default();
    for line in log.split_inclusive(|&byte| byte == b'\n') {
        decoder.feed(line, &mut |item| rows.add(&item));
        rows.offset += line.len();
    }
    decoder.finish(&mut |item| rows.add(&item));
    (rows.finish(), decoder.doubts())
}

/// A command, if it is known, and its lines.
type Answer = (Option<Vec<u8>>, Vec<Vec<u8>>);

/// Puts the lines of an answer together, and the bytes of noise.
#[derive(Default)]
pub(crate) struct Rows {
    rows: Vec<Row>,
    pub(crate) offset: usize,
    answers: Vec<Answer>,
    noise: Vec<Vec<u8>>,
    noise_continues: bool,
}

impl Rows {
    fn push(&mut self, value: Value, detail: &[u8]) {
        self.rows.push(Row { offset: self.offset, value, detail: detail.to_vec() });
    }

    pub(crate) fn add(&mut self, item: &Item<'_>) {
        match *item {
            Item::Echo(text) => self.push(json!({"type": "echo", "text": latin1(text)}), b""),
            Item::ResponseLine { command, line } => match self.answers.last_mut() {
                Some((of, lines)) if of.as_deref() == command => lines.push(line.to_vec()),
                _ => self.answers.push((command.map(<[u8]>::to_vec), vec![line.to_vec()])),
            },
            Item::Final { result, command } => {
                if !(result.len() > 5 && result[..5].eq_ignore_ascii_case(b"busy ")) {
                    self.flush_answers();
                }
                let command = command.map(latin1);
                self.push(json!({"type": "final", "result": latin1(result), "command": command}), b"");
            }
            Item::Urc(urc) => {
                let mut row = Map::new();
                row.insert("type".into(), "urc".into());
                row.insert("name".into(), latin1(urc.name).into());
                if let Some(link) = urc.link {
                    row.insert("link".into(), link.into());
                }
                if let Some(avail) = urc.avail {
                    row.insert("avail".into(), avail.into());
                }
                self.push(row.into(), urc.raw);
            }
            Item::Data(data) => {
                let mut row = json!({
                    "type": "data",
                    "via": latin1(data.via),
                    "link": data.link,
                    "len": data.len,
                    "remote": data.remote.map(|remote| remote.to_string()),
                });
                if let Some(topic) = data.topic {
                    row["topic"] = latin1(topic).into();
                }
                self.push(row, b"");
            }
            Item::Payload(bytes) => {
                if let Some(row) = self.rows.last_mut() {
                    row.detail.extend_from_slice(bytes);
                }
            }
            Item::Prompt => self.push(json!({"type": "prompt"}), b""),
            Item::Noise { bytes, continues } => {
                match self.noise.last_mut() {
                    Some(line) if self.noise_continues => line.extend_from_slice(bytes),
                    _ => self.noise.push(bytes.to_vec()),
                }
                self.noise_continues = continues;
            }
            Item::Boot { len } => {
                let text = std::mem::take(&mut self.noise).join(&b'\n');
                self.push(json!({"type": "boot", "len": len}), &text);
                self.noise_continues = false;
            }
            Item::Unknown { .. } => {
                for line in std::mem::take(&mut self.noise) {
                    self.push(json!({"type": "unknown", "len": line.len(), "raw": latin1(&line)}), b"");
                }
                self.noise_continues = false;
            }
        }
    }

    fn flush_answers(&mut self) {
        for (command, lines) in std::mem::take(&mut self.answers) {
            let lines: Vec<String> = lines.iter().map(|line| latin1(line)).collect();
            self.push(json!({"type": "response", "command": command.as_deref().map(latin1), "lines": lines}), b"");
        }
    }

    pub(crate) fn finish(mut self) -> Vec<Row> {
        self.flush_answers();
        self.rows
    }
}
