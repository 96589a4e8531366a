//! Wi-Fi commands (`ESP-AT 3.2`).

use core::net::Ipv4Addr;

use super::declare::{codes, commands};
use super::{Answer, CommandError, Failure, Mac, Secret};
use crate::at::{FieldError, Fields, after_name, parse_unsigned};

codes! {
    /// What the radio does.
    WifiMode {
        /// Off.
        Off = 0,
        /// A station of an access point.
        Station = 1,
        /// An access point.
        SoftAp = 2,
        /// Both.
        StationAndSoftAp = 3,
    }
}

commands! {
    /// Sets what the radio does (`ESP-AT 3.2.2`).
    set SetWifiMode {
        /// The mode from now on.
        pub mode: WifiMode,
    } -> (), within 5 s;
    on EspAt "AT+CWMODE" "3.2.2";

    /// Joins an access point (`ESP-AT 3.2.5`).
    set JoinAccessPoint<'a> {
        /// 1 to 32 bytes.
        pub ssid: &'a str [1..=32],
        /// 8 to 64 bytes, or 5 or 13 for WEP; empty for an open network.
        pub passphrase: Secret<'a> [0..=64],
        /// The one access point of that name to use.
        pub bssid: Option<Mac>,
    } fails JoinError -> Joined, within 40 s;
    on EspAt "AT+CWJAP" "3.2.5";

    /// Leaves the access point (`ESP-AT 3.2.9`).
    execute LeaveAccessPoint -> (), within 5 s;
    on EspAt "AT+CWQAP" "3.2.9";

    /// Asks for the station's addresses (`ESP-AT 3.2.27`). All are `0.0.0.0` while it has none.
    query QueryStationAddress -> Ipv4Config, within 5 s;
    on EspAt "AT+CIPSTA" "3.2.27";
}

/// Why an access point was not joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum JoinError {
    /// The SSID is empty or longer than 32 bytes; nothing was sent.
    InvalidSsid,
    /// The passphrase is neither 8 to 64 bytes long, nor 5 or 13 (WEP); nothing was sent.
    InvalidPassphrase,
    /// The access point did not answer in time.
    Timeout,
    /// The access point refused the passphrase.
    WrongPassword,
    /// No access point of that name is in reach.
    NoSuchAccessPoint,
    /// The module gave another reason, by a number of its firmware.
    Failed(u32),
    /// Joined, but no address came.
    NoAddress,
    /// The command itself failed.
    Command(CommandError),
}

impl core::fmt::Display for JoinError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::InvalidSsid => f.write_str("the SSID must have 1 to 32 bytes"),
            Self::InvalidPassphrase => f.write_str("the passphrase must have 8 to 64 bytes"),
            Self::Timeout => f.write_str("the access point did not answer"),
            Self::WrongPassword => f.write_str("the access point refused the passphrase"),
            Self::NoSuchAccessPoint => f.write_str("no access point of that name is in reach"),
            Self::Failed(code) => write!(f, "the module could not join (code {code})"),
            Self::NoAddress => f.write_str("joined, but got no address"),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for JoinError {}

impl From<CommandError> for JoinError {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

impl JoinAccessPoint<'_> {
    /// What is wrong with the parameters, before anything is sent.
    ///
    /// # Errors
    /// [`JoinError::InvalidSsid`] and [`JoinError::InvalidPassphrase`].
    pub fn check(&self) -> Result<(), JoinError> {
        if !(1..=32).contains(&self.ssid.len()) {
            return Err(JoinError::InvalidSsid);
        }
        match self.passphrase.0.len() {
            0 | 5 | 8..=64 => Ok(()),
            _ => Err(JoinError::InvalidPassphrase),
        }
    }
}

/// The answer to a join: nothing, or the number of the reason why it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined;

impl Answer for Joined {
    type Partial = Option<u32>;

    fn line(partial: &mut Option<u32>, line: &[u8]) {
        if let Some(code) = after_name(line, b"+CWJAP") {
            *partial = parse_unsigned(code).or(*partial);
        }
    }

    fn finish(_: Option<u32>) -> Result<Self, FieldError> {
        Ok(Self)
    }
}

impl Failure<Option<u32>> for JoinError {
    fn from_answer(code: &Option<u32>, error: CommandError) -> Self {
        match (error, code) {
            (CommandError::Refused(_), Some(1)) => Self::Timeout,
            (CommandError::Refused(_), Some(2)) => Self::WrongPassword,
            (CommandError::Refused(_), Some(3)) => Self::NoSuchAccessPoint,
            (CommandError::Refused(_), Some(code)) => Self::Failed(*code),
            (error, _) => Self::Command(error),
        }
    }
}

/// Addresses of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ipv4Config {
    /// Own address.
    pub address: Ipv4Addr,
    /// Router.
    pub gateway: Ipv4Addr,
    /// Network mask.
    pub netmask: Ipv4Addr,
}

/// The three addresses, as far as they have been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartialIpv4Config {
    address: Option<Ipv4Addr>,
    gateway: Option<Ipv4Addr>,
    netmask: Option<Ipv4Addr>,
}

impl Answer for Ipv4Config {
    type Partial = PartialIpv4Config;

    fn line(partial: &mut PartialIpv4Config, line: &[u8]) {
        let value = after_name(line, b"+CIPSTA").or_else(|| after_name(line, b"+CIPAP"));
        let Some(value) = value else { return };
        // ip:"192.168.0.2", by some firmware with a comma after the key.
        let Some(end) = value.iter().position(|byte| matches!(byte, b':' | b',')) else { return };
        let place = match value[..end].trim_ascii() {
            b"ip" => &mut partial.address,
            b"gateway" => &mut partial.gateway,
            b"netmask" => &mut partial.netmask,
            _ => return,
        };
        *place = Fields::new(&value[end + 1..]).field().and_then(|field| field.ipv4()).ok();
    }

    fn finish(partial: PartialIpv4Config) -> Result<Self, FieldError> {
        match (partial.address, partial.gateway, partial.netmask) {
            (Some(address), Some(gateway), Some(netmask)) => Ok(Self { address, gateway, netmask }),
            _ => Err(FieldError::Missing),
        }
    }
}
