//! SSIDs and other text that modules print as it is, without escapes.

use core::fmt::{self, Write};

use heapless::{String, Vec};

use crate::at::{Field, FieldError, Fields};
use crate::command::{Mac, Value};

/// The name of a network: up to 32 bytes, most often UTF-8 but not always. Empty for a network that hides its name.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Ssid(Vec<u8, 32>);

impl Ssid {
    /// Of bytes. `None` if there are more than 32.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        Vec::from_slice(bytes).ok().map(Self)
    }

    /// The bytes, without quotes and escapes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text. `None` if it is not UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        core::str::from_utf8(&self.0).ok()
    }

    /// Whether the network hides its name.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.0.is_empty()
    }
}

/// As text; `U+FFFD` stands for what is not UTF-8.
impl fmt::Display for Ssid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_char(char::REPLACEMENT_CHARACTER)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Ssid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Ssid {
    fn format(&self, f: defmt::Formatter<'_>) {
        match self.as_str() {
            Some(text) => defmt::write!(f, "{=str:?}", text),
            None => defmt::write!(f, "{=[u8]:x}", self.as_bytes()),
        }
    }
}

impl PartialEq<str> for Ssid {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Ssid {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

/// The bytes as they are: modules print names raw, so a backslash is one.
impl Value for Ssid {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        Self::new(field.bytes).ok_or(FieldError::TooLong)
    }
}

/// A password that a module has told. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SecretString<const N: usize>(pub String<N>);

impl<const N: usize> SecretString<N> {
    /// The password itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const N: usize> fmt::Debug for SecretString<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<const N: usize> Value for SecretString<N> {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        let bytes = Vec::from_slice(field.bytes).map_err(|_| FieldError::TooLong)?;
        String::from_utf8(bytes).map(Self).map_err(|_| FieldError::Malformed)
    }
}

/// A decimal number with an optional sign that makes up the whole of `text`.
pub(super) fn number(text: &[u8]) -> Option<i32> {
    let field = Field { bytes: text.trim_ascii(), quoted: false };
    // `+1` and the like are text.
    matches!(field.bytes, [b'-' | b'0'..=b'9', ..]).then_some(())?;
    field.signed().ok()
}

/// Cuts the bare numbers at the end of `value` off, from the right: they are the only part of a line with an SSID that
/// cannot hold what belongs to the SSID, which stands in quotes.
#[inline(never)]
pub(super) fn split_numbers(value: &[u8]) -> (&[u8], Fields<'_>) {
    let value = value.trim_ascii();
    let mut end = value.len();
    let mut start = end;
    while start > 0 {
        let comma = value[..end].iter().rposition(|&byte| byte == b',');
        if number(&value[comma.map_or(0, |comma| comma + 1)..end]).is_none() {
            break;
        }
        start = comma.map_or(0, |comma| comma + 1);
        end = comma.unwrap_or(0);
    }
    (&value[..end], Fields::new(&value[start..]))
}

/// Cuts the MAC address at the end of `value` off, in quotes or not.
#[inline(never)]
pub(super) fn split_mac(value: &[u8]) -> Option<(&[u8], Mac)> {
    let comma = value.iter().rposition(|&byte| byte == b',');
    let bytes = unquoted(&value[comma.map_or(0, |comma| comma + 1)..]);
    if bytes.len() != 17 {
        return None;
    }
    let mac = Mac::parse(Field { bytes, quoted: false }).ok()?;
    Some((&value[..comma.unwrap_or(0)], mac))
}

/// Without the quotes around it, if there are both.
pub(super) fn unquoted(text: &[u8]) -> &[u8] {
    match text.trim_ascii() {
        [b'"', inner @ .., b'"'] => inner,
        bare => bare,
    }
}

/// Without the parentheses around it, if there are any. `None` if the closing one was lost.
pub(super) fn without_parentheses(value: &[u8]) -> Option<&[u8]> {
    match value.trim_ascii() {
        [b'(', inner @ .., b')'] => Some(inner),
        [b'(', ..] => None,
        bare => Some(bare),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn numbers_are_cut_off_from_the_right() {
        let (head, mut numbers) = split_numbers(br#"3,"a",1",-40, 6"#);
        assert_eq!(head, br#"3,"a",1""#);
        assert_eq!(numbers.field().unwrap().signed(), Ok(-40));
        assert_eq!(numbers.field().unwrap().signed(), Ok(6));
        assert!(numbers.field().is_err());
        for (value, rest) in [("", ""), ("1,-2", ""), ("x", "x"), ("1,", "1,"), ("1,-", "1,-"), ("\"1\"", "\"1\"")] {
            assert_eq!(split_numbers(value.as_bytes()).0, rest.as_bytes(), "{value}");
        }
    }

    #[test]
    fn ssids_need_not_be_text() {
        let ssid = Ssid::new(b"a\xff\"").unwrap();
        assert_eq!(ssid.as_str(), None);
        assert_eq!(format!("{ssid} {ssid:?}"), "a\u{fffd}\" \"a\\xff\\\"\"");
        assert_eq!(Ssid::new(&[b'x'; 33]), None);
        assert!(Ssid::default().is_hidden());
    }

    #[test]
    fn passwords_are_not_shown() {
        let secret = SecretString::<8>(String::try_from("password").unwrap());
        assert_eq!(format!("{secret:?}"), "***");
    }
}
