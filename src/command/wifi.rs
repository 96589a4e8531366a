//! Wi-Fi commands (`ESP-AT 3.2`).

use core::net::Ipv4Addr;

use embassy_time::Duration;

use super::{Command, CommandError, On};
use crate::at::{EncodeError, Encoder, FieldError, Fields, after_name, parse_unsigned};
use crate::dialect::EspAt;

/// What the radio does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WifiMode {
    /// Off.
    Off = 0,
    /// A station of an access point.
    Station = 1,
    /// An access point.
    SoftAp = 2,
    /// Both.
    StationAndSoftAp = 3,
}

/// Sets what the radio does (`ESP-AT 3.2.2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetWifiMode {
    /// The mode from now on.
    pub mode: WifiMode,
}

impl Command for SetWifiMode {
    type Response = ();
    type Error = CommandError;
    type Answer = ();

    const TIMEOUT: Duration = Duration::from_secs(5);

    fn encode(&self, name: &str, line: &mut Encoder<'_>) {
        line.name(name).number(self.mode as i64);
    }

    fn finish((): (), result: Result<(), CommandError>) -> Result<(), CommandError> {
        result
    }
}

impl On<EspAt> for SetWifiMode {
    const NAME: &'static str = "AT+CWMODE";
    const SECTION: &'static str = "3.2.2";
}

/// Longest SSID, in bytes.
pub const MAX_SSID: usize = 32;
/// Shortest and longest passphrase, in bytes. 64 is a key in hexadecimal.
pub const PASSPHRASE: core::ops::RangeInclusive<usize> = 8..=64;

/// Joins an access point (`ESP-AT 3.2.5`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct JoinAccessPoint<'a> {
    /// 1 to 32 bytes.
    pub ssid: &'a str,
    /// 8 to 64 bytes, or 5 or 13 for WEP; `None` for an open network.
    pub passphrase: Option<&'a str>,
    /// The one access point of that name to use.
    pub bssid: Option<[u8; 6]>,
}

impl core::fmt::Debug for JoinAccessPoint<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // Never the passphrase.
        f.debug_struct("JoinAccessPoint").field("ssid", &self.ssid).field("bssid", &self.bssid).finish_non_exhaustive()
    }
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
        if self.ssid.is_empty() || self.ssid.len() > MAX_SSID {
            return Err(JoinError::InvalidSsid);
        }
        match self.passphrase.map(str::len) {
            None | Some(5 | 13) => Ok(()),
            Some(length) if PASSPHRASE.contains(&length) => Ok(()),
            Some(_) => Err(JoinError::InvalidPassphrase),
        }
    }
}

impl Command for JoinAccessPoint<'_> {
    type Response = ();
    type Error = JoinError;
    type Answer = Option<u32>;

    // The module's own limit is 15 s by default, and it tries more than once.
    const TIMEOUT: Duration = Duration::from_secs(40);

    fn encode(&self, name: &str, line: &mut Encoder<'_>) {
        if self.check().is_err() {
            line.fail(EncodeError::OutOfRange);
        }
        line.name(name).string(self.ssid).string(self.passphrase.unwrap_or(""));
        if let Some(bssid) = self.bssid {
            line.mac(bssid);
        }
    }

    fn line(answer: &mut Option<u32>, line: &[u8]) {
        if let Some(code) = after_name(line, b"+CWJAP") {
            *answer = parse_unsigned(code).or(*answer);
        }
    }

    fn finish(answer: Option<u32>, result: Result<(), CommandError>) -> Result<(), JoinError> {
        match (result, answer) {
            (Ok(()), _) => Ok(()),
            (Err(CommandError::Refused(_)), Some(1)) => Err(JoinError::Timeout),
            (Err(CommandError::Refused(_)), Some(2)) => Err(JoinError::WrongPassword),
            (Err(CommandError::Refused(_)), Some(3)) => Err(JoinError::NoSuchAccessPoint),
            (Err(CommandError::Refused(_)), Some(code)) => Err(JoinError::Failed(code)),
            (Err(error), _) => Err(error.into()),
        }
    }
}

impl On<EspAt> for JoinAccessPoint<'_> {
    const NAME: &'static str = "AT+CWJAP";
    const SECTION: &'static str = "3.2.5";
}

/// Leaves the access point (`ESP-AT 3.2.9`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaveAccessPoint;

impl Command for LeaveAccessPoint {
    type Response = ();
    type Error = CommandError;
    type Answer = ();

    const TIMEOUT: Duration = Duration::from_secs(5);

    fn encode(&self, name: &str, line: &mut Encoder<'_>) {
        line.name(name);
    }

    fn finish((): (), result: Result<(), CommandError>) -> Result<(), CommandError> {
        result
    }
}

impl On<EspAt> for LeaveAccessPoint {
    const NAME: &'static str = "AT+CWQAP";
    const SECTION: &'static str = "3.2.9";
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

/// Asks for the station's addresses (`ESP-AT 3.2.27`). All are `0.0.0.0` while it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryStationAddress;

/// The three addresses, as far as they have been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StationAddressAnswer {
    address: Option<Ipv4Addr>,
    gateway: Option<Ipv4Addr>,
    netmask: Option<Ipv4Addr>,
}

impl Command for QueryStationAddress {
    type Response = Ipv4Config;
    type Error = CommandError;
    type Answer = StationAddressAnswer;

    const TIMEOUT: Duration = Duration::from_secs(5);

    fn encode(&self, name: &str, line: &mut Encoder<'_>) {
        line.name(name).query();
    }

    fn line(answer: &mut StationAddressAnswer, line: &[u8]) {
        let Some(value) = after_name(line, b"+CIPSTA") else { return };
        // ip:"192.168.0.2", by some firmware with a comma after the key.
        let Some(colon) = value.iter().position(|byte| matches!(byte, b':' | b',')) else { return };
        let place = match value[..colon].trim_ascii() {
            b"ip" => &mut answer.address,
            b"gateway" => &mut answer.gateway,
            b"netmask" => &mut answer.netmask,
            _ => return,
        };
        *place = Fields::new(&value[colon + 1..]).field().and_then(|field| field.ipv4()).ok();
    }

    fn finish(answer: StationAddressAnswer, result: Result<(), CommandError>) -> Result<Ipv4Config, CommandError> {
        result?;
        let StationAddressAnswer { address, gateway, netmask } = answer;
        match (address, gateway, netmask) {
            (Some(address), Some(gateway), Some(netmask)) => Ok(Ipv4Config { address, gateway, netmask }),
            _ => Err(FieldError::Missing.into()),
        }
    }
}

impl On<EspAt> for QueryStationAddress {
    const NAME: &'static str = "AT+CIPSTA";
    const SECTION: &'static str = "3.2.27";
}
