//! Strings of commands come out of the line as they went in, and what cannot be sent is refused.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use wifi_at::at::{EncodeError, Encoder, Fields, MAX_COMMAND};
use wifi_at::command::ble::ScanFilter;
use wifi_at::command::tcpip::{
    AlpnProtocols, AnyHost, Host, Ipv6Host, SecretHex, SslHost, SslIpv6Host, TcpHost, TcpIpv6Host, UdpHost,
    UdpIpv6Host, UpTo,
};
use wifi_at::command::wifi::{EapCredentials, Mdns, MdnsService, Passphrase};
use wifi_at::command::{Bare, Bytes, Counted, Hex, Secret};

use crate::commands::{COMMANDS, Entry};

/// The length of a string for which only the line's own length is a limit.
pub(crate) const ANY: usize = usize::MAX;

/// Something that makes a string one that must not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It holds this byte.
    Holds(char),
    /// It is one byte too long.
    TooLong,
    /// It is one byte too short.
    TooShort,
}

/// Where the strings of a command come from.
pub(crate) struct Source<'a> {
    /// Any text. `None` for strings that need no escapes and are as short as may be.
    pool: Option<&'a str>,
    /// Where the next string begins.
    at: usize,
    /// No string is longer, unless it has to be.
    longest: usize,
    /// Decides what is there at all, bit by bit: optional strings, elements of lists.
    plan: u32,
    /// The string with this number has a fault.
    fault: Option<(usize, Fault)>,
    /// Whether there was such a string, and it could have the fault.
    faulty: bool,
    /// What should come out of the line.
    strings: Vec<Vec<u8>>,
    /// Bytes that escapes add.
    escapes: usize,
}

impl<'a> Source<'a> {
    fn new(pool: Option<&'a str>, longest: usize, plan: u32, fault: Option<(usize, Fault)>) -> Self {
        Self { pool, at: 0, longest, plan, fault, faulty: false, strings: Vec::new(), escapes: 0 }
    }

    fn choose(&mut self) -> bool {
        self.plan = self.plan.rotate_right(1);
        self.plan & 1 == 1
    }

    /// A string without the fault.
    fn sound(&mut self, low: usize, high: usize) -> &'a str {
        let Some(pool) = self.pool else { return leak("~".repeat(low.max(1))) };
        let high = high.min(self.longest.max(low));
        // The pool ends with enough ASCII for any length to be found.
        for start in (self.at % (pool.len() / 2)..pool.len()).filter(|&start| pool.is_char_boundary(start)) {
            let wanted = low + start % (high - low + 1);
            if let Some(length) = (low..=wanted).rev().find(|length| pool.get(start..start + length).is_some()) {
                self.at = start + length + 1;
                return &pool[start..start + length];
            }
        }
        unreachable!("the pool has ASCII")
    }

    fn string(&mut self, low: usize, high: usize, can_hold: bool) -> &'a str {
        let number = self.strings.len();
        let fault = self.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        let text = match fault {
            Some(Fault::Holds(byte)) if can_hold => {
                self.faulty = true;
                let mut text = self.sound(low, high).to_owned();
                let place = (0..text.len()).filter(|at| text.is_char_boundary(*at)).nth(text.len() / 2).unwrap_or(0);
                text.insert(place, byte);
                leak(text)
            }
            Some(Fault::TooLong) if high != ANY => {
                self.faulty = true;
                leak("x".repeat(high + 1))
            }
            Some(Fault::TooShort) if low != 0 => {
                self.faulty = true;
                leak("x".repeat(low - 1))
            }
            _ => self.sound(low, high),
        };
        self.strings.push(text.as_bytes().to_vec());
        text
    }

    /// A string that stands in quotes.
    fn quoted(&mut self, low: usize, high: usize) -> &'a str {
        let text = self.string(low, high, true);
        self.escapes += text.bytes().filter(|byte| matches!(byte, b'"' | b'\\' | b',')).count();
        text
    }

    /// Bytes that stand there as digits.
    fn digits(&mut self, low: usize, high: usize, digit: fn(u8) -> String) -> &'a [u8] {
        let bytes = self.string(low, high, false).as_bytes();
        *self.strings.last_mut().unwrap() = bytes.iter().flat_map(|byte| digit(*byte).into_bytes()).collect();
        bytes
    }

    fn list<T: Make<'a>>(&mut self, low: usize, high: usize) -> Vec<T> {
        let length = if self.choose() { 1 } else { 3 };
        (0..length).map(|_| T::make(self, low, high)).collect()
    }
}

/// A few bytes for each case; the commands only borrow.
fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// A value made of strings of `low` to `high` bytes.
pub(crate) trait Make<'a>: Sized {
    fn make(source: &mut Source<'a>, low: usize, high: usize) -> Self;
}

macro_rules! make {
    ($([$($generic:ident $(, const $max:ident)?)?] $type:ty, $source:ident, $low:ident, $high:ident => $value:expr;)*) => {$(
        impl<'a $(, $generic: Make<'a> + 'a $(, const $max: usize)?)?> Make<'a> for $type {
            fn make($source: &mut Source<'a>, $low: usize, $high: usize) -> Self {
                $value
            }
        }
    )*};
}

make! {
    [] &'a str, source, low, high => source.quoted(low, high);
    [] Secret<'a>, source, low, high => Self(source.quoted(low, high));
    [] Bytes<'a>, source, low, high => Self(source.quoted(low, high).as_bytes());
    [] Passphrase<'a>, source, low, high => Self(Secret(source.quoted(low, high)));
    [] Hex<'a>, source, low, high => Self(source.digits(low, high, |byte| format!("{byte:02X}")));
    [] SecretHex<'a>, source, low, high => Self(source.digits(low, high, |byte| format!("{byte:02x}")));
    [] Bare<'a>, source, low, high => {
        // What is not in quotes has no escapes: such text can only come back if it has no need of them.
        let text = source.string(low, high, true);
        let plain = text.chars().filter(|letter| !matches!(letter, ',' | '"' | '\\') && !letter.is_ascii_whitespace());
        let plain: String = if text.contains(['\r', '\n', '\0']) { text.into() } else { plain.chain(['x']).collect() };
        *source.strings.last_mut().unwrap() = plain.clone().into_bytes();
        Self(leak(plain))
    };
    [T] Option<T>, source, low, high => if source.choose() { Some(T::make(source, low, high)) } else { None };
    [T] &'a [T], source, low, high => Box::leak(source.list(low, high).into_boxed_slice());
    [T] Counted<'a, T>, source, low, high => Self(Box::leak(source.list(low, high).into_boxed_slice()));
    [T, const MAX] UpTo<'a, T, MAX>, source, low, high => {
        Self(Box::leak(source.list(low, high).into_boxed_slice()))
    };
    [] AlpnProtocols<'a>, source, low, high => Self(Make::make(source, low, high));
    [] Host<'a>, source, low, high => Self::Name(source.quoted(low, high));
    [] Ipv6Host<'a>, source, low, high => Self::Name(source.quoted(low, high));
    [] AnyHost<'a>, source, low, high => Self::Name(source.quoted(low, high));
    [] TcpHost<'a>, source, low, high => Self(Make::make(source, low, high));
    [] TcpIpv6Host<'a>, source, low, high => Self(Make::make(source, low, high));
    [] UdpHost<'a>, source, low, high => Self(Make::make(source, low, high));
    [] UdpIpv6Host<'a>, source, low, high => Self(Make::make(source, low, high));
    [] SslHost<'a>, source, low, high => Self(Make::make(source, low, high));
    [] SslIpv6Host<'a>, source, low, high => Self(Make::make(source, low, high));
    [] ScanFilter<'a>, source, low, high => Self::Name(source.quoted(low, high));
    [] Mdns<'a>, source, low, high => Self::On(MdnsService {
        host_name: source.quoted(low, high),
        service: source.quoted(low, high),
        port: 80,
    });
    [] EapCredentials<'a>, source, low, high => {
        let identity = source.quoted(low, high);
        match (source.choose(), source.choose()) {
            (true, _) => Self::Tls { identity },
            (false, true) => {
                Self::Peap { identity, username: source.quoted(low, high), password: Make::make(source, low, high) }
            }
            (false, false) => {
                Self::Ttls { identity, username: source.quoted(low, high), password: Make::make(source, low, high) }
            }
        }
    };
}

fn encode(entry: &Entry, source: &mut Source<'_>) -> Result<Vec<u8>, EncodeError> {
    let mut buffer = [0; 400];
    let mut line = Encoder::new(&mut buffer);
    (entry.encode)(source, &mut line);
    let length = line.finish()?;
    Ok(buffer[..length].to_vec())
}

/// Takes a line apart by the rule of the manual (`ESP-AT 3.15`), without the crate: in quotes a backslash stands before
/// a character that is meant as it is.
fn take_apart(mut rest: &[u8]) -> Vec<Vec<u8>> {
    let mut fields = Vec::new();
    loop {
        let mut field = Vec::new();
        let quoted = rest.first() == Some(&b'"');
        let mut at = usize::from(quoted);
        while let Some(&byte) = rest.get(at) {
            at += 1;
            match byte {
                b'\\' if quoted => {
                    field.push(rest[at]);
                    at += 1;
                }
                b'"' if quoted => break,
                b',' if !quoted => {
                    at -= 1;
                    break;
                }
                _ => field.push(byte),
            }
        }
        fields.push(field);
        rest = &rest[at..];
        match rest {
            [] => return fields,
            [b',', more @ ..] => rest = more,
            _ => panic!("something stands behind a closing quote"),
        }
    }
}

/// The same with the crate's decoder.
fn decode(value: &[u8]) -> Vec<Vec<u8>> {
    // Where it is not text, there are no escapes either.
    Fields::new(value).map(|field| field.text::<512>().unwrap().as_bytes().to_vec()).collect()
}

fn value_of<'l>(entry: &Entry, line: &'l [u8]) -> Option<&'l [u8]> {
    let value = line.strip_prefix(entry.name.as_bytes())?.strip_suffix(b"\r\n")?;
    // Where all is left out, it is the same as the execute form.
    if value.is_empty() { Some(value) } else { value.strip_prefix(b"=") }
}

/// Checks that `fields` are those of the plain line, but for the strings, which are those of the source.
fn compare(
    entry: &Entry,
    plain: (&[Vec<u8>], &Source<'_>),
    real: (&[Vec<u8>], &Source<'_>),
) -> Result<(), TestCaseError> {
    prop_assert_eq!(plain.0.len(), real.0.len(), "{}", entry.path);
    let mut strings = plain.1.strings.iter().zip(&real.1.strings).peekable();
    for (plain, real) in plain.0.iter().zip(real.0) {
        match strings.next_if(|(string, _)| *string == plain) {
            Some((_, string)) => prop_assert_eq!(string, real, "{}", entry.path),
            None => prop_assert_eq!(plain, real, "{}", entry.path),
        }
    }
    prop_assert!(strings.next().is_none(), "{} lacks a string", entry.path);
    Ok(())
}

/// Any text without what cannot be sent, with much of what has to be escaped.
fn pools() -> impl Strategy<Value = String> {
    let letter = prop_oneof![
        3 => any::<char>(),
        2 => prop::sample::select(&['"', '\\', ',', ' ', '\t', '\u{1b}', '\u{7f}', ';', ':', '=', '+'][..]),
        2 => prop::char::range(' ', '~'),
        1 => prop::char::range('\u{1}', '\u{1f}'),
    ];
    prop::collection::vec(letter, 200..600).prop_map(|letters| {
        let sendable = letters.into_iter().filter(|letter| !matches!(letter, '\r' | '\n' | '\0'));
        sendable.collect::<String>() + &"a\",\\b".repeat(600)
    })
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 96, failure_persistence: None, ..Default::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn strings_come_back(pool in pools(), longest in prop::sample::select(&[6, 24, 300][..]), plan: u32) {
        for entry in COMMANDS {
            let mut plain = Source::new(None, 0, plan, None);
            let plain_line = encode(entry, &mut plain).unwrap_or_else(|error| panic!("{}: {error}", entry.path));
            let mut real = Source::new(Some(&pool), longest, plan, None);
            let result = encode(entry, &mut real);
            // The whole length is known beforehand.
            let total = |source: &Source<'_>| source.strings.iter().map(Vec::len).sum::<usize>();
            let length = plain_line.len() - total(&plain) + total(&real) + real.escapes;
            let line = match result {
                Ok(line) => line,
                Err(error) => {
                    prop_assert_eq!(error, EncodeError::TooLong, "{}", entry.path);
                    prop_assert!(length > MAX_COMMAND, "{}: {} bytes", entry.path, length);
                    continue;
                }
            };
            prop_assert_eq!(line.len(), length, "{}", entry.path);
            prop_assert!(line.len() <= MAX_COMMAND);
            let inner = &line[..line.len() - 2];
            prop_assert!(!inner.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)), "{}", entry.path);
            let (Some(plain_value), Some(value)) = (value_of(entry, &plain_line), value_of(entry, &line)) else {
                panic!("{} begins or ends otherwise", entry.path);
            };
            compare(entry, (&take_apart(plain_value), &plain), (&take_apart(value), &real))?;
            compare(entry, (&decode(plain_value), &plain), (&decode(value), &real))?;
        }
    }

    #[test]
    fn what_cannot_be_sent_is_refused(pool in pools(), plan: u32, place: usize, fault in prop::sample::select(&[
        Fault::Holds('\r'), Fault::Holds('\n'), Fault::Holds('\0'), Fault::TooLong, Fault::TooShort,
    ][..])) {
        for entry in COMMANDS {
            let mut plain = Source::new(None, 0, plan, None);
            encode(entry, &mut plain).unwrap();
            if plain.strings.is_empty() {
                continue;
            }
            // Short, so that the line is not too long as it is.
            let mut source = Source::new(Some(&pool), 4, plan, Some((place % plain.strings.len(), fault)));
            let result = encode(entry, &mut source);
            prop_assert_eq!(result.is_err(), source.faulty, "{} {:?}: {:?}", entry.path, fault, result);
            if source.faulty {
                let error = result.unwrap_err();
                match fault {
                    Fault::Holds(_) => prop_assert!(error != EncodeError::TooLong, "{}", entry.path),
                    _ => prop_assert!(error != EncodeError::ForbiddenByte, "{}", entry.path),
                }
            }
        }
    }
}

/// The fields with a lifetime of the commands in the sources: whatever a command borrows is a string, or made of some.
fn commands_in_sources() -> BTreeMap<String, BTreeSet<String>> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/command");
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
            if file.is_dir() {
                folders.push(file);
                continue;
            }
            let module = file.strip_prefix(&root).unwrap().with_extension("");
            let module: Vec<_> =
                module.iter().map(|part| part.to_str().unwrap()).filter(|part| *part != "mod").collect();
            let text = std::fs::read_to_string(&file).unwrap();
            let mut command = None;
            for line in text.lines().map(str::trim) {
                let words: Vec<_> = line.split([' ', '<']).collect();
                if let ["test" | "query" | "set" | "execute" | "bare", name, ..] = words[..]
                    && line.ends_with('{')
                {
                    command = Some([&module[..], &[name]].concat().join("::"));
                } else if line.starts_with('}') {
                    command = None;
                } else if let (Some(command), Some((field, kind))) =
                    (&command, line.strip_prefix("pub ").and_then(|line| line.split_once(": ")))
                    // These are made of numbers and addresses.
                    && kind.contains("'a") && !kind.starts_with("FewBytes") && !kind.starts_with("NameServers")
                {
                    found.entry(command.clone()).or_insert_with(BTreeSet::new).insert(field.to_owned());
                }
            }
        }
    }
    found
}

#[test]
fn the_list_of_commands_is_complete() {
    let listed: BTreeMap<_, BTreeSet<_>> = COMMANDS
        .iter()
        .map(|entry| (entry.path.replace(' ', ""), entry.fields.iter().map(|field| (*field).to_owned()).collect()))
        .collect();
    let found = commands_in_sources();
    println!("{} commands with {} fields of strings", found.len(), found.values().map(BTreeSet::len).sum::<usize>());
    let missing: Vec<_> = found.iter().filter(|(name, fields)| listed.get(*name) != Some(*fields)).collect();
    assert!(missing.is_empty(), "not in tests/properties/commands.rs, or with other fields: {missing:#?}");
    let gone: Vec<_> = listed.keys().filter(|name| !found.contains_key(*name)).collect();
    assert!(gone.is_empty(), "no such commands: {gone:#?}");
    assert!(found.len() > 100, "the sources are not read");
}

#[test]
fn the_independent_parser_knows_the_manual() {
    let example = br#""ab\\\,c","0123456789\"\\",,1"#;
    assert_eq!(take_apart(example), [&b"ab\\,c"[..], b"0123456789\"\\", b"", b"1"]);
}
