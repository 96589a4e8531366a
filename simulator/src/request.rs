//! A command line taken apart: name, form, parameters, and the codes for what is wrong with it.

/// Subcategory of the 32-bit error code that `AT+SYSLOG=1` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    NoTerminator = 0x02,
    NoAt = 0x03,
    Length = 0x04,
    Type = 0x05,
    Count = 0x06,
    Invalid = 0x07,
    Parse = 0x08,
    Unsupported = 0x09,
    Failed = 0x0a,
    Busy = 0x0b,
    Operation = 0x0c,
}

impl Code {
    /// With the words for a value out of range.
    pub(crate) const fn because(self, reason: Reason) -> Failure {
        Failure { code: self, reason: Some(reason), number: None }
    }

    pub(crate) const fn value(self) -> u32 {
        0x0100_0000 | ((self as u32) << 16)
    }
}

/// What a firmware may say in words before `ERROR`; the profile has the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    AlreadyConnected,
    /// A send on a link that is not open.
    LinkNotValid,
    /// A close of a link that is not open.
    Unlinked,
    /// `AT+CIPMUX` while a link is open.
    LinkBuilt,
    NameNotFound,
    NoAddress,
    BadLinkId,
    BadLinkType,
    BadAddress,
    /// Works with several links only.
    SingleLink,
    /// Works with a single link only.
    SeveralLinks,
    PassthroughOn,
    ServerOn,
    SeveralLinksOrServer,
    TooLong,
    /// mDNS without station.
    NoStationForMdns,
}

/// Why a command ends with `ERROR`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) reason: Option<Reason>,
    /// The number of a chapter with codes of its own, in place of that of `code`.
    number: Option<u32>,
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self { code, reason: None, number: None }
    }
}

impl Failure {
    /// A failure with a code of the MQTT or HTTP chapter.
    #[cfg(feature = "services")]
    pub(crate) const fn numbered(number: u32) -> Self {
        Self { code: Code::Failed, reason: None, number: Some(number) }
    }

    /// What `ERR CODE:` shows.
    pub(crate) fn number(&self) -> u32 {
        self.number.unwrap_or_else(|| self.code.value())
    }

    pub(crate) const fn because(reason: Reason) -> Self {
        Self { code: Code::Failed, reason: Some(reason), number: None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Test,
    Query,
    Set,
    Execute,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Left out between commas.
    Missing,
    /// Without quotes, as it stands.
    Bare(Vec<u8>),
    /// In quotes, escapes resolved.
    Text(Vec<u8>),
}

/// A command as typed, parameters separated and unescaped.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// With the `+` where there is one: `+CWJAP`, `E0`, empty for `AT`.
    pub(crate) name: String,
    pub(crate) form: Form,
    pub(crate) args: Vec<Value>,
}

/// The name part of a line that starts with `AT`, and what follows the name.
pub(crate) fn split_name(line: &[u8]) -> (&[u8], Form, &[u8]) {
    let body = line.get(2..).unwrap_or_default();
    let end = body.iter().position(|byte| matches!(byte, b'=' | b'?')).unwrap_or(body.len());
    let (name, rest) = body.split_at(end);
    match rest {
        [] => (name, Form::Execute, rest),
        [b'?', rest @ ..] => (name, Form::Query, rest),
        [b'=', b'?'] => (name, Form::Test, &[]),
        [b'=', rest @ ..] => (name, Form::Set, rest),
        _ => (name, Form::Execute, rest),
    }
}

impl Call {
    /// Parses a line without its CR LF.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, Code> {
        if !line.starts_with(b"AT") {
            return Err(Code::NoAt);
        }
        let (name, form, rest) = split_name(line);
        let name = String::from_utf8(name.to_vec()).map_err(|_| Code::Unsupported)?;
        let args = match form {
            Form::Set => parse_args(rest)?,
            _ if !rest.is_empty() => return Err(Code::Parse),
            _ => Vec::new(),
        };
        Ok(Self { name, form, args })
    }

    /// Whether the name says that the value is stored in flash (`_DEF`), or that it is not (`_CUR`).
    pub(crate) fn stored(&self) -> Option<bool> {
        match self.name.rsplit_once('_') {
            Some((_, "DEF")) => Some(true),
            Some((_, "CUR")) => Some(false),
            _ => None,
        }
    }

    pub(crate) fn count(&self, least: usize, most: usize) -> Result<(), Code> {
        if (least..=most).contains(&self.args.len()) { Ok(()) } else { Err(Code::Count) }
    }

    fn value(&self, index: usize) -> &Value {
        self.args.get(index).unwrap_or(&Value::Missing)
    }

    /// An integer that has to be there.
    pub(crate) fn int(&self, index: usize, least: i64, most: i64) -> Result<i64, Code> {
        self.opt_int(index, least, most)?.ok_or(Code::Count)
    }

    pub(crate) fn opt_int(&self, index: usize, least: i64, most: i64) -> Result<Option<i64>, Code> {
        let digits = match self.value(index) {
            Value::Missing => return Ok(None),
            Value::Text(_) => return Err(Code::Type),
            Value::Bare(digits) => digits,
        };
        let text = std::str::from_utf8(digits).map_err(|_| Code::Type)?;
        let plain = text.strip_prefix(['-', '+']).unwrap_or(text);
        if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Code::Type);
        }
        let number: i64 = text.parse().map_err(|_| Code::Parse)?;
        if (least..=most).contains(&number) { Ok(Some(number)) } else { Err(Code::Invalid) }
    }

    /// An integer that has to be there; `0x` in front makes it hexadecimal.
    pub(crate) fn number(&self, index: usize, least: i64, most: i64) -> Result<i64, Code> {
        let Value::Bare(digits) = self.value(index) else {
            return self.int(index, least, most);
        };
        let Some(digits) = digits.strip_prefix(b"0x").or_else(|| digits.strip_prefix(b"0X")) else {
            return self.int(index, least, most);
        };
        let text = std::str::from_utf8(digits).map_err(|_| Code::Type)?;
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Code::Type);
        }
        let number = i64::from_str_radix(text, 16).map_err(|_| Code::Parse)?;
        if (least..=most).contains(&number) { Ok(number) } else { Err(Code::Invalid) }
    }

    pub(crate) fn flag(&self, index: usize) -> Result<bool, Code> {
        Ok(self.int(index, 0, 1)? == 1)
    }

    /// A string that has to be there, at most `most` bytes.
    pub(crate) fn bytes(&self, index: usize, least: usize, most: usize) -> Result<&[u8], Code> {
        self.opt_bytes(index, least, most)?.ok_or(Code::Count)
    }

    pub(crate) fn opt_bytes(&self, index: usize, least: usize, most: usize) -> Result<Option<&[u8]>, Code> {
        match self.value(index) {
            Value::Missing => Ok(None),
            Value::Bare(_) => Err(Code::Type),
            Value::Text(text) if (least..=most).contains(&text.len()) => Ok(Some(text)),
            Value::Text(_) => Err(Code::Length),
        }
    }

    pub(crate) fn text(&self, index: usize, least: usize, most: usize) -> Result<&str, Code> {
        std::str::from_utf8(self.bytes(index, least, most)?).map_err(|_| Code::Invalid)
    }

    pub(crate) fn opt_text(&self, index: usize, most: usize) -> Result<Option<&str>, Code> {
        match self.opt_bytes(index, 0, most)? {
            None | Some([]) => Ok(None),
            Some(bytes) => std::str::from_utf8(bytes).map(Some).map_err(|_| Code::Invalid),
        }
    }
}

/// `02:00:00:00:00:01`
pub(crate) fn parse_mac(text: &str) -> Option<[u8; 6]> {
    let mut mac = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut mac {
        let part = parts.next().filter(|part| part.len() == 2)?;
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(mac)
}

fn parse_args(mut rest: &[u8]) -> Result<Vec<Value>, Code> {
    let mut args = Vec::new();
    loop {
        let (value, tail) = match rest {
            [b'"', tail @ ..] => parse_text(tail)?,
            _ => {
                let end = rest.iter().position(|&byte| byte == b',').unwrap_or(rest.len());
                let value = match &rest[..end] {
                    [] => Value::Missing,
                    bare => Value::Bare(bare.to_vec()),
                };
                (value, &rest[end..])
            }
        };
        args.push(value);
        match tail {
            [] => return Ok(args),
            [b',', tail @ ..] => rest = tail,
            _ => return Err(Code::Parse),
        }
    }
}

/// From behind the opening quote to behind the closing one.
fn parse_text(rest: &[u8]) -> Result<(Value, &[u8]), Code> {
    let mut text = Vec::new();
    let mut at = 0;
    loop {
        match rest.get(at) {
            None => return Err(Code::Parse),
            Some(b'"') => return Ok((Value::Text(text), &rest[at + 1..])),
            Some(b'\\') => {
                let byte = rest.get(at + 1).ok_or(Code::Parse)?;
                text.push(*byte);
                at += 2;
            }
            Some(&byte) => {
                text.push(byte);
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<Value> {
        Call::parse(line.as_bytes()).unwrap().args
    }

    #[test]
    fn escapes_and_gaps() {
        assert_eq!(
            texts(r#"AT+CWJAP="ab\\\,c","0123456789\"\\",,3"#),
            [
                Value::Text(br"ab\,c".to_vec()),
                Value::Text(br#"0123456789"\"#.to_vec()),
                Value::Missing,
                Value::Bare(b"3".to_vec()),
            ]
        );
    }

    #[test]
    fn a_quoted_question_mark_is_no_query() {
        let call = Call::parse(br#"AT+CIPDOMAIN="a?b=c""#).unwrap();
        assert_eq!(call.form, Form::Set);
        assert_eq!(call.name, "+CIPDOMAIN");
    }

    #[test]
    fn bad_lines() {
        assert_eq!(Call::parse(b"at").unwrap_err(), Code::NoAt);
        assert_eq!(Call::parse(b"AT+X=\"abc").unwrap_err(), Code::Parse);
        assert_eq!(Call::parse(b"AT+X=\"abc\"d").unwrap_err(), Code::Parse);
        assert_eq!(Call::parse(b"AT+X?1").unwrap_err(), Code::Parse);
    }
}
