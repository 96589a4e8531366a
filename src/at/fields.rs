//! Takes the fields of an information response apart.

use core::net::{IpAddr, Ipv4Addr};

use heapless::String;
use heapless::vec::VecView;

use super::address::{parse_address, parse_ipv4};
use super::line::parse_unsigned;

/// Why a field could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FieldError {
    /// The line has fewer fields.
    Missing,
    /// The field is not of the kind that was asked for.
    Malformed,
    /// A string is longer than the place for it.
    TooLong,
}

/// One field: its bytes without quotes and without the blanks around it, escapes still in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The bytes between the quotes, or all of a bare field.
    pub bytes: &'a [u8],
    /// Whether it stood in double quotes.
    pub quoted: bool,
}

impl Field<'_> {
    /// Whether nothing stands there: `1,,2` has an empty second field.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The field as an unsigned number, in quotes or not.
    ///
    /// # Errors
    /// [`FieldError::Malformed`] if it is not a decimal number below 2^32.
    pub fn unsigned(&self) -> Result<u32, FieldError> {
        parse_unsigned(self.bytes).ok_or(FieldError::Malformed)
    }

    /// The field as a number with an optional sign.
    ///
    /// # Errors
    /// [`FieldError::Malformed`] if it is not a decimal number of that range.
    pub fn signed(&self) -> Result<i32, FieldError> {
        let (negative, digits) = match self.bytes {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let value = parse_unsigned(digits).and_then(|value| i32::try_from(value).ok()).ok_or(FieldError::Malformed)?;
        Ok(if negative { -value } else { value })
    }

    /// The field as an IP address, in quotes or not.
    ///
    /// # Errors
    /// [`FieldError::Malformed`] if it is none.
    pub fn address(&self) -> Result<IpAddr, FieldError> {
        parse_address(self.bytes).ok_or(FieldError::Malformed)
    }

    /// The field as an IPv4 address, in quotes or not.
    ///
    /// # Errors
    /// [`FieldError::Malformed`] if it is none.
    pub fn ipv4(&self) -> Result<Ipv4Addr, FieldError> {
        parse_ipv4(self.bytes).ok_or(FieldError::Malformed)
    }

    /// The same for all capacities.
    #[inline(never)]
    fn unescape(&self, out: &mut VecView<u8>) -> Result<(), FieldError> {
        let mut rest = self.bytes.iter().copied();
        while let Some(byte) = rest.next() {
            let byte = match byte {
                b'\\' if self.quoted => rest.next().unwrap_or(b'\\'),
                _ => byte,
            };
            out.push(byte).map_err(|_| FieldError::TooLong)?;
        }
        Ok(())
    }

    /// The field as text, with `\"`, `\\` and `\,` put back to what they stand for.
    ///
    /// # Errors
    /// [`FieldError::TooLong`] beyond `N` bytes, [`FieldError::Malformed`] if it is not UTF-8.
    pub fn text<const N: usize>(&self) -> Result<String<N>, FieldError> {
        let mut bytes = heapless::Vec::<u8, N>::new();
        self.unescape(&mut bytes)?;
        String::from_utf8(bytes).map_err(|_| FieldError::Malformed)
    }
}

/// Iterates over the fields of a line's value, from the left.
///
/// Commas inside quotes and after a backslash do not separate. Extra fields, which newer firmware adds, are there
/// for whoever asks, and do no harm to whoever does not.
///
/// ```
/// use wifi_at::at::Fields;
/// let mut fields = Fields::new(br#""net, work",-41, ,"last""#);
/// assert_eq!(fields.field().unwrap().text::<32>().unwrap(), "net, work");
/// assert_eq!(fields.field().unwrap().signed().unwrap(), -41);
/// assert!(fields.field().unwrap().is_empty());
/// assert_eq!(fields.field().unwrap().bytes, b"last");
/// assert!(fields.field().is_err());
/// ```
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    /// Over `value`, which is what follows the name and the colon of a line.
    #[must_use]
    pub fn new(value: &'a [u8]) -> Self {
        let value = value.trim_ascii();
        Self { rest: (!value.is_empty()).then_some(value) }
    }

    /// The next field.
    ///
    /// # Errors
    /// [`FieldError::Missing`] at the end.
    pub fn field(&mut self) -> Result<Field<'a>, FieldError> {
        self.next().ok_or(FieldError::Missing)
    }

    fn split(rest: &'a [u8]) -> (Field<'a>, Option<&'a [u8]>) {
        let rest = rest.trim_ascii_start();
        if let [b'"', inner @ ..] = rest
            && let Some(end) = closing_quote(inner)
        {
            let after = &inner[end + 1..];
            let comma = after.iter().position(|&byte| byte == b',');
            let field = Field { bytes: &inner[..end], quoted: true };
            return (field, comma.map(|at| &after[at + 1..]));
        }
        let comma = rest.iter().position(|&byte| byte == b',');
        let bytes = rest[..comma.unwrap_or(rest.len())].trim_ascii_end();
        (Field { bytes, quoted: false }, comma.map(|at| &rest[at + 1..]))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let (field, rest) = Self::split(self.rest?);
        self.rest = rest;
        Some(field)
    }
}

/// Where the string ends: at the first `"` that is not escaped and is followed by a comma or the end.
///
/// A quote that is followed by anything else belongs to the text: firmware prints SSIDs without escapes.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'\\' if matches!(text.get(at + 1), Some(b'"' | b'\\' | b',')) => at += 1,
            b'"' if matches!(text[at + 1..].trim_ascii_start(), [] | [b',', ..]) => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(line: &str) -> std::vec::Vec<(std::string::String, bool)> {
        Fields::new(line.as_bytes())
            .map(|field| (std::string::String::from_utf8_lossy(field.bytes).into_owned(), field.quoted))
            .collect()
    }

    #[test]
    fn blanks_and_empty_fields() {
        assert_eq!(
            all(" 1 , ,\"a b\" ,"),
            [
                ("1".into(), false),
                (String::<0>::new().as_str().into(), false),
                ("a b".into(), true),
                ("".into(), false)
            ]
        );
        assert_eq!(all(""), []);
    }

    #[test]
    fn quotes_inside_a_string() {
        assert_eq!(all(r#""a"b",1"#), [("a\"b".into(), true), ("1".into(), false)]);
        assert_eq!(all(r#""a\"",b",1"#), [("a\\\"".into(), true), ("b\"".into(), false), ("1".into(), false)]);
        assert_eq!(all(r#""open,1"#), [("\"open".into(), false), ("1".into(), false)]);
    }

    #[test]
    fn escapes_are_undone_in_quotes_only() {
        let field = Fields::new(br#""a\"b\\c\,d""#).field().unwrap();
        assert_eq!(field.text::<16>().unwrap(), "a\"b\\c,d");
        assert_eq!(field.text::<3>(), Err(FieldError::TooLong));
        assert_eq!(Fields::new(br"a\b").field().unwrap().text::<16>().unwrap(), "a\\b");
    }

    #[test]
    fn numbers_and_addresses() {
        let mut fields = Fields::new(br#"-1,"192.168.1.2",fe80::1,300.1.1.1"#);
        assert_eq!(fields.field().unwrap().signed(), Ok(-1));
        assert_eq!(fields.field().unwrap().ipv4(), Ok(Ipv4Addr::new(192, 168, 1, 2)));
        assert!(fields.field().unwrap().address().unwrap().is_ipv6());
        assert_eq!(fields.field().unwrap().address(), Err(FieldError::Malformed));
        assert_eq!(fields.field(), Err(FieldError::Missing));
    }
}
