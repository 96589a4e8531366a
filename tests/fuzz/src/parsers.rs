//! The parsers of answers and of logs.

use wifi_at::at::{Fields, after_name, parse_address, parse_ipv4, parse_unsigned};
use wifi_at::command::forms;
use wifi_at::decode::{Decoder, Family, Item};
use wifi_at::urc::{Urc, counted};

/// The lines of `data` as the answer to one command after the other, and as a line that nobody asked for.
///
/// # Panics
/// When a parser does.
pub fn answers(data: &[u8]) {
    let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    for form in forms().iter().copied().flatten() {
        let _ = (form.read)(&lines, &mut String::new());
    }
    for line in lines {
        let _ = Urc::parse(line);
        let _ = counted::may_become(line);
        let _ = counted::head(line);
        let _ = (parse_address(line), parse_ipv4(line), parse_unsigned(line), after_name(line, b"+CWJAP"));
        for field in Fields::new(line) {
            let _ = (field.unsigned(), field.signed(), field.address(), field.ipv4(), field.text::<32>());
        }
    }
}

/// The first byte chooses the family; the rest is a log, decoded whole and in pieces.
///
/// # Panics
/// When the decoder does, or when it makes something else of the same bytes because they came otherwise.
pub fn decode(data: &[u8]) {
    let Some((&first, log)) = data.split_first() else { return };
    let family = Family::ALL[usize::from(first % 5)];
    let whole = decoded(family, log, usize::MAX);
    for piece in [1, 2 + usize::from(first / 5)] {
        assert_eq!(decoded(family, log, piece), whole, "in pieces of {piece}");
    }
}

/// What comes out: payloads and noise come in as many pieces as they like, so they are joined.
fn decoded(family: Family, log: &[u8], piece: usize) -> String {
    let mut out = String::new();
    let mut joined: (&str, Vec<u8>) = ("", Vec::new());
    let mut sink = |item: Item<'_>| {
        let (kind, bytes) = match item {
            Item::Payload(bytes) => ("payload", bytes),
            Item::Noise { bytes, .. } => ("noise", bytes),
            _ => ("", &b""[..]),
        };
        if kind != joined.0 {
            if !joined.0.is_empty() {
                out += &format!("{} {}\n", joined.0, joined.1.escape_ascii());
            }
            joined = (kind, Vec::new());
        }
        match kind {
            "" => out += &format!("{item:?}\n"),
            _ => joined.1.extend_from_slice(bytes),
        }
    };
    let mut decoder = Decoder::new(family);
    for piece in log.chunks(piece.min(log.len()).max(1)) {
        decoder.feed(piece, &mut sink);
    }
    decoder.finish(&mut sink);
    out + &format!("{} {}", joined.0, joined.1.escape_ascii())
}
