//! What the tests share: a log is decoded whole and in pieces, and rows are written short.

use serde_json::{Value, json};
use wifi_at::decode::{BusyRule, Decoder, Family, Item, Sent};

use crate::rows::{self, Rows, latin1, parse_sent};

/// Small, and the same in each run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }
}

pub(crate) fn values(family: Family, sent: &str, log: &[u8]) -> Vec<Value> {
    rows::decode(family, &parse_sent(sent.as_bytes()), log).into_iter().map(|row| row.value).collect()
}

/// The rows and the payloads of a log that is fed in pieces of the sizes that `size` gives.
fn in_pieces(family: Family, sent: &[Sent<'_>], log: &[u8], mut size: impl FnMut() -> usize) -> Vec<(Value, Vec<u8>)> {
    let mut decoder = Decoder::new(family).with_sent(sent);
    let mut rows = Rows::default();
    let mut rest = log;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(size().clamp(1, rest.len()));
        decoder.feed(piece, &mut |item| rows.add(&item));
        rest = after;
    }
    decoder.finish(&mut |item| rows.add(&item));
    rows.finish().into_iter().map(|row| (row.value, row.detail)).collect()
}

/// Any split gives the same, and each byte comes out once unless it is a line end.
pub(crate) fn check_splits(family: Family, sent: &[Sent<'_>], log: &[u8], random: &mut Random) {
    let whole = in_pieces(family, sent, log, || usize::MAX);
    assert_eq!(in_pieces(family, sent, log, || 1), whole, "{}", log.escape_ascii());
    assert_eq!(in_pieces(family, sent, log, || 1 + random.below(7)), whole, "{}", log.escape_ascii());
    assert_eq!(in_pieces(family, sent, log, || 1 + random.below(200)), whole, "{}", log.escape_ascii());

    let mut bytes = Vec::new();
    let mut decoder = Decoder::new(family).with_sent(sent).with_busy_rule(BusyRule::Nothing);
    let mut sink = |item: Item<'_>| match item {
        Item::Echo(text) => bytes.extend_from_slice(text),
        Item::ResponseLine { line, .. } => bytes.extend_from_slice(line),
        Item::Final { result, .. } => bytes.extend_from_slice(result),
        Item::Urc(urc) => bytes.extend_from_slice(urc.raw),
        Item::Data(data) => bytes.extend_from_slice(data.raw),
        Item::Payload(payload) => bytes.extend_from_slice(payload),
        Item::Prompt => bytes.push(b'>'),
        Item::Noise { bytes: noise, .. } => bytes.extend_from_slice(noise),
        Item::Boot { .. } | Item::Unknown { .. } => {}
    };
    decoder.feed(log, &mut sink);
    decoder.finish(&mut sink);
    let count = |bytes: &[u8]| {
        let mut counts = [0usize; 256];
        bytes.iter().filter(|byte| !b"\r\n \t\0".contains(byte)).for_each(|byte| counts[usize::from(*byte)] += 1);
        counts
    };
    assert_eq!(count(&bytes), count(log), "{}", log.escape_ascii());
}

#[track_caller]
pub(crate) fn expect(family: Family, sent: &str, log: &[u8], expected: Value) {
    let found = values(family, sent, log);
    let expected = expected.as_array().unwrap();
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found, expected, "row {index} of {}", log.escape_ascii());
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    check_splits(family, &parse_sent(sent.as_bytes()), log, &mut Random(1));
}

pub(crate) fn done(result: &str, command: &str) -> Value {
    json!({"type": "final", "result": result, "command": command})
}

pub(crate) fn urc(name: &str) -> Value {
    json!({"type": "urc", "name": name})
}

pub(crate) fn linked(name: &str, link: u32) -> Value {
    json!({"type": "urc", "name": name, "link": link})
}

pub(crate) fn data(via: &str, link: Option<u32>, len: u32, remote: Option<&str>) -> Value {
    json!({"type": "data", "via": via, "link": link, "len": len, "remote": remote})
}

pub(crate) fn answer(command: &str, lines: &[&str]) -> Value {
    json!({"type": "response", "command": command, "lines": lines})
}

pub(crate) fn echo(text: &str) -> Value {
    json!({"type": "echo", "text": text})
}

pub(crate) fn unknown(raw: &[u8]) -> Value {
    json!({"type": "unknown", "len": raw.len(), "raw": latin1(raw)})
}

pub(crate) fn prompt() -> Value {
    json!({"type": "prompt"})
}

pub(crate) const ALL: [Family; 5] = Family::ALL;
