//! `AT+PING`.

use core::net::Ipv6Addr;

use super::Host;
use crate::at::{FieldError, after_name, parse_unsigned};
use crate::command::declare::commands;
use crate::command::{Answer, CommandError, Failure};

commands! {
    /// Pings a host over IPv4, or by a name (`ESP-AT 3.3.36`, `IDF 4.26`, `NONOS 5.2.21`, `WizFi360 3.2.4.4`).
    set Ping<'a> {
        /// The host; a name has 1 to 64 bytes.
        pub host: Host<'a> [1..=64],
    } fails PingError -> PingTime, within 15 s;
    on EspAt "AT+PING" "3.3.36";
    on Esp8266Idf "AT+PING" "4.26";
    on Esp8266Nonos "AT+PING" "5.2.21";
    on WizFi360 "AT+PING" "3.2.4.4";

    /// Pings a host over IPv6 (`ESP-AT 3.3.36`). Needs `AT+CIPV6=1` and an IPv6 address.
    set PingIpv6 {
        /// The host.
        pub address: Ipv6Addr,
    } fails PingError -> PingTime, within 15 s;
    on EspAt "AT+PING" "3.3.36";
}

/// How long the answer of a host took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PingTime {
    /// There and back, in milliseconds.
    pub milliseconds: u32,
}

/// Why there is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PingError {
    /// The host did not answer, or its name could not be resolved.
    NoAnswer,
    /// The command itself failed.
    Command(CommandError),
}

impl core::fmt::Display for PingError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoAnswer => f.write_str("the host did not answer"),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for PingError {}

impl From<CommandError> for PingError {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

/// What has been read of the answer to a ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PartialPing {
    /// Nothing.
    #[default]
    Nothing,
    /// The time in milliseconds.
    Time(u32),
    /// That there was none.
    TimedOut,
}

impl Answer for PingTime {
    type Partial = PartialPing;

    fn line(partial: &mut PartialPing, line: &[u8]) {
        // Older firmware leaves the name out: `+23`, `+timeout`.
        let value = after_name(line, b"+PING").or_else(|| line.strip_prefix(b"+"));
        let Some(value) = value.map(<[u8]>::trim_ascii) else { return };
        if let Some(milliseconds) = parse_unsigned(value) {
            *partial = PartialPing::Time(milliseconds);
        } else if value.eq_ignore_ascii_case(b"timeout") {
            *partial = PartialPing::TimedOut;
        }
    }

    fn finish(partial: PartialPing) -> Result<Self, FieldError> {
        match partial {
            PartialPing::Time(milliseconds) => Ok(Self { milliseconds }),
            _ => Err(FieldError::Missing),
        }
    }
}

impl Failure<PartialPing> for PingError {
    fn from_answer(partial: &PartialPing, error: CommandError) -> Self {
        match (partial, error) {
            (PartialPing::TimedOut, CommandError::Refused(_)) => Self::NoAnswer,
            (_, error) => Self::Command(error),
        }
    }
}
