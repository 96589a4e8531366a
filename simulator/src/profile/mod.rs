//! The firmware families: which commands they have, and with what defaults they start.

mod esp_at;

use crate::command::Entry;
use crate::config::Variant;

/// A family of AT firmware.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// Espressif ESP-AT 2.x to 4.x (ESP32, ESP32-C3, ...).
    #[default]
    EspAt,
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
    pub const ALL: &'static [Self] = &[Self::EspAt];

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
        }
    }
}

/// What makes a firmware family.
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    /// Chapters of the command table.
    pub(crate) chapters: &'static [&'static [Entry]],
    pub(crate) variant: fn() -> Variant,
    /// Longest command line with its line end.
    pub(crate) line_limit: usize,
    /// Most bytes of a counted send.
    pub(crate) send_limit: i64,
    /// Most bytes of one `+IPD` and of one passthrough packet.
    pub(crate) chunk: usize,
    pub(crate) baud: u32,
}

impl Profile {
    pub(crate) fn variant(&self) -> Variant {
        (self.variant)()
    }

    pub(crate) fn entries<'a>(&'static self, variant: &'a Variant) -> impl Iterator<Item = &'static Entry> + 'a {
        let entries = self.chapters.iter().flat_map(|chapter| chapter.iter());
        entries.filter(|entry| (entry.present)(variant))
    }

    pub(crate) fn find(&'static self, name: &str, variant: &Variant) -> Option<&'static Entry> {
        self.entries(variant).find(|entry| entry.name == name)
    }
}
