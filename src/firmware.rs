//! What the module says about its firmware.

use core::fmt;

use heapless::String;

use crate::at::{FieldError, parse_unsigned, starts_with_ignore_case};
use crate::command::Answer;

/// A version number of up to four parts. Missing parts are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Version {
    /// First part.
    pub major: u16,
    /// Second part.
    pub minor: u16,
    /// Third part.
    pub patch: u16,
    /// Fourth part.
    pub build: u16,
}

impl Version {
    /// Reads the number at the start of `text`, after an optional `v`; what follows it is ignored.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii_start();
        let text = text.strip_prefix(b"v").unwrap_or(text);
        let end = text.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.').unwrap_or(text.len());
        let mut parts = [0; 4];
        let mut count = 0;
        for (place, part) in parts.iter_mut().zip(text[..end].split(|&byte| byte == b'.')) {
            if part.is_empty() && count > 0 {
                break;
            }
            *place = u16::try_from(parse_unsigned(part)?).ok()?;
            count += 1;
        }
        let [major, minor, patch, build] = parts;
        (count > 0).then_some(Self { major, minor, patch, build })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.{}", self.major, self.minor, self.patch, self.build)
    }
}

/// The answer to `AT+GMR` (`ESP-AT 3.1.4`), as far as the firmware gives it.
///
/// The driver asks for it when it brings the module up: see [`Control::firmware`](crate::Control::firmware).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Firmware {
    /// Version of the AT command set: the one that decides what the module can do.
    pub at: Version,
    /// Version of the whole image (`Bin version`).
    pub image: Option<Version>,
    /// Version of the vendor's SDK, as printed, cut at 32 bytes.
    pub sdk: String<32>,
}

impl Firmware {
    /// Takes in one line of the answer. Lines that are not known are ignored.
    pub(crate) fn parse_line(&mut self, line: &[u8]) {
        if let Some(text) = after_label(line, b"AT version") {
            self.at = Version::parse(text).unwrap_or_default();
        } else if let Some(text) = after_label(line, b"Bin version") {
            self.image = Version::parse(text);
        } else if let Some(text) = after_label(line, b"SDK version") {
            self.sdk.clear();
            for &byte in text {
                if !(b' '..=b'~').contains(&byte) || self.sdk.push(char::from(byte)).is_err() {
                    break;
                }
            }
        }
    }
}

impl Answer for Firmware {
    type Partial = Self;

    fn line(partial: &mut Self, line: &[u8]) {
        partial.parse_line(line);
    }

    fn finish(partial: Self) -> Result<Self, FieldError> {
        Ok(partial)
    }
}

fn after_label<'a>(line: &'a [u8], label: &[u8]) -> Option<&'a [u8]> {
    if !starts_with_ignore_case(line, label) {
        return None;
    }
    line[label.len()..].trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn esp_at() {
        let mut firmware = Firmware::default();
        for line in [
            "AT version:2.2.0.0-dev(ca41ec4 - ESP32 - Sep 16 2020 11:28:17)",
            "SDK version:v4.0.1-193-ge7ac221b4",
            "compile time(98b95fc):Oct 29 2020 11:23:25",
            "Bin version:2.1.0(MINI-1)",
        ] {
            firmware.parse_line(line.as_bytes());
        }
        assert_eq!(firmware.at, Version { major: 2, minor: 2, patch: 0, build: 0 });
        assert_eq!(firmware.image, Some(Version { major: 2, minor: 1, patch: 0, build: 0 }));
        assert_eq!(firmware.sdk, "v4.0.1-193-ge7ac221b4");
    }

    #[test]
    fn odd_versions() {
        assert_eq!(Version::parse(b"v1.7.5.0(Oct"), Some(Version { major: 1, minor: 7, patch: 5, build: 0 }));
        assert_eq!(Version::parse(b" 3."), Some(Version { major: 3, ..Version::default() }));
        for text in ["", "x", ".", "99999999999.1"] {
            assert_eq!(Version::parse(text.as_bytes()), None, "{text}");
        }
        let mut firmware = Firmware::default();
        firmware.parse_line(b"SDK version: 0123456789012345678901234567890123456789");
        assert_eq!(firmware.sdk.len(), 32);
    }
}
