//! What the module says about its firmware.

use core::fmt;

use heapless::String;
use heapless::string::StringView;

use crate::at::{FieldError, parse_unsigned, starts_with_ignore_case};
use crate::command::Answer;
use crate::dialect::{Family, Suitable};

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
    const NONE: Self = Self { major: 0, minor: 0, patch: 0, build: 0 };

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
    /// The chip that the firmware was built for, such as `ESP32C3`. Empty where the firmware does not tell it: from
    /// ESP-AT 2.1 on it does.
    pub chip: String<12>,
}

impl Firmware {
    /// Nothing was told.
    pub(crate) const NONE: Self = Self { at: Version::NONE, image: None, sdk: String::new(), chip: String::new() };

    /// Takes in one line of the answer. Lines that are not known are ignored.
    pub(crate) fn parse_line(&mut self, line: &[u8]) {
        if let Some(text) = after_label(line, b"AT version") {
            self.at = Version::parse(text).unwrap_or_default();
            self.chip.clear();
            let mut words = text.split(|byte| !byte.is_ascii_alphanumeric());
            let chip = words.find(|word| word.starts_with(b"ESP")).unwrap_or(&[]);
            // A name that does not fit is none that is known.
            if chip.len() <= self.chip.capacity() {
                copy_text(chip, &mut self.chip);
            }
        } else if let Some(text) = after_label(line, b"Bin version") {
            self.image = Version::parse(text);
        } else if let Some(text) = after_label(line, b"SDK version") {
            self.sdk.clear();
            copy_text(text, &mut self.sdk);
        }
    }
}

/// Copies printable characters of `text`, as many as fit.
fn copy_text(text: &[u8], out: &mut StringView) {
    for &byte in text {
        if !(b' '..=b'~').contains(&byte) || out.push(char::from(byte)).is_err() {
            break;
        }
    }
}

const ESP_AT: Suitable = Suitable { families: &[Family::EspAt], names: "EspAt" };
const ESP_AT_2: Suitable = Suitable { families: &[Family::EspAt, Family::Esp8266Idf], names: "EspAt or Esp8266Idf" };
const ESP32_V1: Suitable = Suitable { families: &[Family::Esp32V1], names: "Esp32V1" };
const NONOS: Suitable = Suitable { families: &[Family::Esp8266Nonos], names: "Esp8266Nonos" };
const WIZFI360: Suitable = Suitable { families: &[Family::WizFi360], names: "WizFi360" };
const NONOS_OR_WIZFI360: Suitable =
    Suitable { families: &[Family::Esp8266Nonos, Family::WizFi360], names: "Esp8266Nonos or WizFi360" };

/// In what every WizFi360 says of its SDK.
const WIZFI360_SDK: &[u8] = b"(a0ffff9f";

impl Firmware {
    /// The dialects that suit such versions; `None` if the firmware did not tell enough.
    ///
    /// AT version 2 and later is ESP-AT, which from version 3 on is not for ESP8266. Before that, an SDK version that
    /// begins with `v` is the one of ESP32. All WizFi360 say that their SDK is `a0ffff9f`, and that AT is 1.0 or 1.1.
    pub(crate) fn suitable(&self) -> Option<&'static Suitable> {
        // As bytes: the search in texts is larger than the rest of this file.
        let sdk = self.sdk.as_bytes();
        Some(match self.at.major {
            _ if self.at == Version::default() => return None,
            3.. => &ESP_AT,
            2 if self.chip.as_bytes().starts_with(b"ESP32") => &ESP_AT,
            2 => &ESP_AT_2,
            _ if sdk.is_empty() => return None,
            _ if sdk[0] == b'v' => &ESP32_V1,
            _ if sdk.windows(WIZFI360_SDK.len()).any(|part| part == WIZFI360_SDK) => &WIZFI360,
            1 if self.at.minor < 2 => &NONOS_OR_WIZFI360,
            _ => &NONOS,
        })
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
    fn dialects_that_suit_the_versions() {
        for (at, sdk, suitable) in [
            ("2.2.0.0-dev(ca41ec4 - ESP32 - Sep 16 2020 11:28:17)", "v4.0.1-193-ge7ac221b4", Some("EspAt")),
            ("2.2.1.0(3f4a1c2 - ESP8266 - Jul 23 2021 11:56:48)", "v3.4-22-g967752e2", Some("EspAt or Esp8266Idf")),
            ("2.0.0.0(b9ba28d - Nov 15 2019 07:02:07)", "v3.2-92-g8f2c1f9c", Some("EspAt or Esp8266Idf")),
            ("3.4.0.0(s-2ad2e8e - ESP32C3 - Jun  7 2024 03:45:55)", "v5.0.6-dirty", Some("EspAt")),
            ("1.0.0.0(f89bb63 - Jan 19 2017 09:25:16)", "v1.0-318-g5d9a6ad", Some("Esp32V1")),
            ("1.7.4.0(May 11 2020 19:13:04)", "3.0.4(9532ceb)", Some("Esp8266Nonos")),
            ("0.23.0.0(Apr 24 2015 21:11:01)", "1.0.1", Some("Esp8266Nonos")),
            ("1.1.0.0(May 11 2016 18:09:56)", "1.5.4(baaeaebb)", Some("Esp8266Nonos or WizFi360")),
            (" 1.0.1.0 (Jun 6 2019 17:49:31)", " 3.0.0 (a0ffff9f)", Some("WizFi360")),
            ("1.1.1.7(May  4 2021 15:13:14)", "3.2.0(a0ffff9f)", Some("WizFi360")),
            ("mine", "v5", None),
            ("1.0.0.0", "", None),
        ] {
            let mut firmware = Firmware::default();
            firmware.parse_line(std::format!("AT version:{at}").as_bytes());
            firmware.parse_line(std::format!("SDK version:{sdk}").as_bytes());
            assert_eq!(firmware.suitable().map(|suitable| suitable.names), suitable, "{at}");
        }
    }

    #[test]
    fn chips() {
        for (at, chip) in [
            ("2.2.0.0-dev(ca41ec4 - ESP32 - Sep 16 2020 11:28:17)", "ESP32"),
            ("3.4.0.0(s-2ad2e8e - ESP32C3 - Jun  7 2024 03:45:55)", "ESP32C3"),
            ("1.7.4.0(May 11 2020 19:13:04)", ""),
            ("9.9.9.9(x - ESP32WITHAVERYLONGNAME - x)", ""),
        ] {
            let mut firmware = Firmware::default();
            firmware.parse_line(std::format!("AT version:{at}").as_bytes());
            assert_eq!(firmware.chip, chip);
        }
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
