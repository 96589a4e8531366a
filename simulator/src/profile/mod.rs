//! The firmware families: which commands they have, and with what defaults they start.

mod esp32_v1;
mod esp8266_idf;
mod esp_at;
mod nonos;
mod rules;
mod wizfi360;

use crate::command::{Entry, Row};
use crate::config::Variant;
use crate::settings::Settings;

pub(crate) use rules::{Limits, UartRules, Wording};

/// A family of AT firmware.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// Espressif ESP-AT 2.x to 4.x (ESP32, ESP32-C3, ...).
    #[default]
    EspAt,
    /// WIZnet WizFi360, 1.1.x.
    WizFi360,
    /// Espressif AT 1.7 for ESP8266, made with the NONOS SDK.
    Esp8266Nonos,
    /// Espressif ESP-AT 2.0 for ESP8266, made with `ESP8266_RTOS_SDK`.
    Esp8266Idf,
    /// Espressif AT 1.0 for ESP32.
    Esp32V1,
}

/// The forms that a command has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandForms {
    /// Name with `AT`: `AT+CWJAP`.
    pub name: String,
    /// `AT+X=?`
    pub test: bool,
    /// `AT+X?`
    pub query: bool,
    /// `AT+X=...`
    pub set: bool,
    /// `AT+X`
    pub execute: bool,
}

/// A dialect name that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownDialect;

impl core::fmt::Display for UnknownDialect {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("unknown dialect; known are:")?;
        for dialect in Dialect::ALL {
            write!(f, " {}", dialect.name())?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownDialect {}

impl core::str::FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        let known = Self::ALL.iter().find(|dialect| dialect.name() == name);
        known.copied().ok_or(UnknownDialect)
    }
}

impl Dialect {
    /// All dialects that can be simulated.
    pub const ALL: &'static [Self] =
        &[Self::EspAt, Self::WizFi360, Self::Esp8266Nonos, Self::Esp8266Idf, Self::Esp32V1];

    /// The name on the command line: `esp-at`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.profile().name
    }

    /// The commands of this dialect with its usual [`Variant`].
    #[must_use]
    pub fn commands(self) -> Vec<CommandForms> {
        let variant = self.profile().variant();
        let entries = self.profile().entries(&variant);
        entries.map(Entry::forms).collect()
    }

    pub(crate) const fn profile(self) -> &'static Profile {
        match self {
            Self::EspAt => &esp_at::PROFILE,
            Self::WizFi360 => &wizfi360::PROFILE,
            Self::Esp8266Nonos => &nonos::PROFILE,
            Self::Esp8266Idf => &esp8266_idf::PROFILE,
            Self::Esp32V1 => &esp32_v1::PROFILE,
        }
    }
}

/// What makes a firmware family.
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    /// Chapters of the command table that the firmware has as they are.
    pub(crate) chapters: &'static [&'static [Entry]],
    /// Single commands.
    pub(crate) rows: &'static [Row],
    pub(crate) variant: fn() -> Variant,
    /// Makes Espressif's factory settings this firmware's.
    pub(crate) factory: fn(&mut Settings),
    pub(crate) hostname: fn([u8; 6]) -> String,
    /// The station's MAC address if the builder names none.
    pub(crate) mac: [u8; 6],
    pub(crate) baud: u32,
    pub(crate) uart: UartRules,
    pub(crate) wording: Wording,
    pub(crate) limits: Limits,
}

impl Profile {
    pub(crate) fn variant(&self) -> Variant {
        (self.variant)()
    }

    pub(crate) fn entries<'a>(&'static self, variant: &'a Variant) -> impl Iterator<Item = Entry> + 'a {
        let whole = self.chapters.iter().flat_map(|chapter| chapter.iter().copied());
        let entries = whole.chain(self.rows.iter().filter_map(Row::entry));
        entries.filter(|entry| (entry.present)(variant))
    }

    pub(crate) fn find(&'static self, name: &str, variant: &Variant) -> Option<Entry> {
        let whole = self.chapters.iter().flat_map(|chapter| chapter.iter().copied());
        let rows = self.rows.iter().filter(|row| row.name == name).filter_map(Row::entry);
        whole.chain(rows).find(|entry| entry.name == name && (entry.present)(variant))
    }
}
