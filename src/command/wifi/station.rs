//! The station: joining and leaving an access point, and what becomes of the connection.

use super::Ssid;
use super::text::{number, split_mac, split_numbers, unquoted};
use crate::at::{FieldError, after_name};
use crate::command::declare::{codes, commands, masks, records};
use crate::command::{Answer, Bytes, CommandError, Failure, Mac, Record, Secret, Value};

codes! {
    /// How far the station has come.
    StationPhase {
        /// It has not tried to join anything.
        Idle = 0,
        /// It has joined, and waits for an IPv4 address.
        Joined = 1,
        /// It has joined and has an IPv4 address.
        HasAddress = 2,
        /// It tries to join, or to join again.
        Joining = 3,
        /// It has left or lost the access point.
        Disconnected = 4,
    }

    /// Which of the access points with the right name is taken.
    WhichMatch {
        /// The first that is found. This is fast.
        First = 0,
        /// The strongest, after all channels were looked at.
        Strongest = 1,
    }
}

masks! {
    /// How management frames are protected (PMF).
    ManagementFrameProtection: u8 {
        /// Where the access point can. This is the module's default.
        CAPABLE = 0,
        /// Access points that cannot are not joined.
        REQUIRED = 1,
    }
}

records! {
    /// What the station does when it loses the access point.
    "+CWRECONNCFG" Reconnection {
        /// Seconds between two attempts; 0 if it does not try.
        pub interval_s: u16,
        /// How often it tries; 0 for without end.
        pub attempts: u16,
    }

    /// Whether the station joins by itself when the module starts.
    "+CWAUTOCONN" AutoConnect {
        /// It does.
        pub enabled: bool,
    }
}

/// What the station is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StationState {
    /// How far it has come.
    pub phase: StationPhase,
    /// The network that it wants to be in. Empty if there is none.
    pub ssid: Ssid,
}

impl Record for StationState {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let value = after_name(line, b"+CWSTATE")?;
        // All behind the first comma is the SSID, whatever stands in it.
        let comma = value.iter().position(|&byte| byte == b',').unwrap_or(value.len());
        let (phase, ssid) = value.split_at(comma);
        let phase = number(phase).and_then(StationPhase::from_code).ok_or(FieldError::Malformed);
        let ssid = unquoted(ssid.strip_prefix(b",").unwrap_or_default());
        Some(phase.and_then(|phase| Ok(Self { phase, ssid: Ssid::new(ssid).ok_or(FieldError::TooLong)? })))
    }
}

/// The access point that the station has joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedAccessPoint {
    /// Its network's name.
    pub ssid: Ssid,
    /// Its MAC address.
    pub bssid: Mac,
    /// Its channel.
    pub channel: u8,
    /// How strong it is here, in dBm.
    pub signal_dbm: i8,
    /// Whether networks without encryption and with WEP are refused. NONOS and later.
    pub refuse_open_and_wep: Option<bool>,
    /// Seconds between attempts to join again, 0 for none; 1 with the IDF firmware means that it does try.
    pub reconnect_interval_s: Option<u16>,
    /// Beacons from one look for data to the next.
    pub listen_interval: Option<u8>,
    /// Which of several access points was to be taken.
    pub which: Option<WhichMatch>,
    /// How management frames are protected.
    pub protection: Option<ManagementFrameProtection>,
}

/// Read from both ends, as the SSID may hold quotes and commas.
impl Record for JoinedAccessPoint {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let (head, mut numbers) = split_numbers(after_name(line, b"+CWJAP")?);
        if head.is_empty() {
            // A lone number tells why an attempt to join failed, which may happen at any time.
            return None;
        }
        let fields = &mut numbers;
        let mut read = || {
            let (ssid, bssid) = split_mac(head).ok_or(FieldError::Malformed)?;
            Ok(Self {
                ssid: Ssid::new(unquoted(ssid)).ok_or(FieldError::TooLong)?,
                bssid,
                channel: Value::take(fields)?,
                signal_dbm: Value::take(fields)?,
                refuse_open_and_wep: Value::take(fields)?,
                reconnect_interval_s: Value::take(fields)?,
                listen_interval: Value::take(fields)?,
                which: Value::take(fields)?,
                protection: Value::take(fields)?,
            })
        };
        Some(read())
    }
}

commands! {
    /// Asks what the station is doing (`ESP-AT 3.2.4`). Once it has joined, [`QueryAccessPoint`] says more.
    query QueryStationState -> StationState, within 5 s;
    on EspAt "AT+CWSTATE" "3.2.4";

    /// Asks which access point the station has joined
    /// (`ESP-AT 3.2.5`, `ESP32 v1 4.2.2`, `IDF 3.2`, `NONOS 4.2.3`, `WizFi360 3.2.2.15`). `None` if none.
    query QueryAccessPoint -> Option<JoinedAccessPoint>, within 5 s;
    on EspAt "AT+CWJAP" "3.2.5";
    on Esp32V1 "AT+CWJAP" "4.2.2";
    on Esp8266Idf "AT+CWJAP" "3.2";
    on Esp8266Nonos "AT+CWJAP_CUR" "4.2.3";
    on Esp8266Nonos saved "AT+CWJAP_DEF" "4.2.4";
    on WizFi360 "AT+CWJAP_CUR" "3.2.2.15";
    on WizFi360 saved "AT+CWJAP_DEF" "3.2.2.16";

    /// Joins an access point (`ESP-AT 3.2.5`, `ESP32 v1 4.2.2`, `IDF 3.2`, `NONOS 4.2.3`, `WizFi360 3.2.2.15`).
    ///
    /// The module must be a station. It leaves another access point for this.
    set JoinAccessPoint<'a> {
        /// 1 to 32 bytes.
        pub ssid: &'a str [1..=32],
        /// 8 to 64 bytes, or 5 or 13 for WEP; empty for an open network.
        pub passphrase: Secret<'a> [0..=64],
        /// The one access point of that name to use.
        pub bssid: Option<Mac>,
    } fails JoinError -> Joined, within 40 s;
    on EspAt "AT+CWJAP" "3.2.5";
    on Esp32V1 "AT+CWJAP" "4.2.2";
    on Esp8266Idf "AT+CWJAP" "3.2";
    on Esp8266Nonos "AT+CWJAP_CUR" "4.2.3";
    on Esp8266Nonos saved "AT+CWJAP_DEF" "4.2.4";
    on WizFi360 "AT+CWJAP_CUR" "3.2.2.15";
    on WizFi360 saved "AT+CWJAP_DEF" "3.2.2.16";

    /// Joins an access point, with all that ESP-AT lets one say about it (`ESP-AT 3.2.5`).
    ///
    /// What is left out has the module's default. Without SSID and passphrase, those of last time are used.
    set JoinAccessPointWithOptions<'a> {
        /// 1 to 32 bytes, not necessarily UTF-8.
        pub ssid: Option<Bytes<'a>> [1..=32],
        /// Up to 63 bytes; empty for an open network.
        pub passphrase: Option<Secret<'a>> [0..=63],
        /// The one access point of that name to use.
        pub bssid: Option<Mac>,
        /// Whether networks without encryption and with WEP are refused.
        pub refuse_open_and_wep: Option<bool>,
        /// Seconds between attempts to join again, 0 for none. 1 if left out.
        pub reconnect_interval_s: Option<u16> [0..=7200],
        /// Beacons from one look for data to the next, 1 to 100. 3 if left out.
        pub listen_interval: Option<u8> [1..=100],
        /// Which of several access points to take.
        pub which: Option<WhichMatch>,
        /// Seconds after which the module gives up, 3 to 600. 15 if left out.
        pub timeout_s: Option<u16> [3..=600],
        /// How management frames are protected. Where the access point can, if left out.
        pub protection: Option<ManagementFrameProtection> [0..=3],
    } fails JoinError -> Joined, within 620 s;
    on EspAt "AT+CWJAP" "3.2.5";

    /// Joins the access point of last time (`ESP-AT 3.2.5`).
    execute JoinLastAccessPoint fails JoinError -> Joined, within 40 s;
    on EspAt "AT+CWJAP" "3.2.5";

    /// Joins an access point and says what becomes of the connection later (`IDF 3.2`).
    set JoinAccessPointWithReconnection<'a> {
        /// 1 to 32 bytes.
        pub ssid: &'a str [1..=32],
        /// 8 to 64 bytes, or 5 or 13 for WEP; empty for an open network.
        pub passphrase: Secret<'a> [0..=64],
        /// The one access point of that name to use.
        pub bssid: Option<Mac>,
        /// Whether networks without encryption and with WEP are refused.
        pub refuse_open_and_wep: Option<bool>,
        /// Whether the station joins again by itself when beacons are missing.
        pub reconnect: Option<bool>,
        /// Beacons from one look for data to the next, 1 to 100.
        pub listen_interval: Option<u8> [1..=100],
    } fails JoinError -> Joined, within 40 s;
    on Esp8266Idf "AT+CWJAP" "3.2";

    /// Joins an access point, or not if it has no good encryption (`NONOS 4.2.3`).
    set JoinAccessPointRefusingOpen<'a> {
        /// 1 to 32 bytes.
        pub ssid: &'a str [1..=32],
        /// 8 to 64 bytes, or 5 or 13 for WEP; empty for an open network.
        pub passphrase: Secret<'a> [0..=64],
        /// The one access point of that name to use.
        pub bssid: Option<Mac>,
        /// Whether networks without encryption and with WEP are refused.
        pub refuse_open_and_wep: bool,
    } fails JoinError -> Joined, within 40 s;
    on Esp8266Nonos "AT+CWJAP_CUR" "4.2.3";
    on Esp8266Nonos saved "AT+CWJAP_DEF" "4.2.4";

    /// [`JoinAccessPoint`] under the old name, which examples of the manual use but nothing describes (`NONOS 5.2.2`).
    /// The access point is kept in flash.
    set JoinAccessPointDeprecated<'a> {
        /// 1 to 32 bytes.
        pub ssid: &'a str [1..=32],
        /// 8 to 64 bytes, or 5 or 13 for WEP; empty for an open network.
        pub passphrase: Secret<'a> [0..=64],
        /// The one access point of that name to use.
        pub bssid: Option<Mac>,
    } fails JoinError -> Joined, within 40 s;
    on Esp8266Nonos "AT+CWJAP" "5.2.2";

    /// Asks what the station does when it loses the access point (`ESP-AT 3.2.6`).
    query QueryReconnection -> Reconnection, within 5 s;
    on EspAt "AT+CWRECONNCFG" "3.2.6";

    /// Sets what the station does when it loses the access point (`ESP-AT 3.2.6`).
    set SetReconnection {
        /// Seconds between two attempts, up to 7200; 0 not to try, which is the default.
        pub interval_s: u16 [0..=7200],
        /// How often it tries, up to 1000; 0 for without end, which is the default.
        pub attempts: u16 [0..=1000],
    } -> (), within 5 s;
    on EspAt "AT+CWRECONNCFG" "3.2.6";

    /// Leaves the access point (`ESP-AT 3.2.9`, `ESP32 v1 4.2.5`, `IDF 3.5`, `NONOS 4.2.7`, `WizFi360 3.2.2.18`).
    execute LeaveAccessPoint -> (), within 5 s;
    on EspAt "AT+CWQAP" "3.2.9";
    on Esp32V1 "AT+CWQAP" "4.2.5";
    on Esp8266Idf "AT+CWQAP" "3.5";
    on Esp8266Nonos "AT+CWQAP" "4.2.7";
    on WizFi360 "AT+CWQAP" "3.2.2.18";

    /// Asks whether the station joins by itself when the module starts (`ESP-AT 3.2.15`).
    query QueryAutoConnect -> AutoConnect, within 5 s;
    on EspAt "AT+CWAUTOCONN" "3.2.15";

    /// Sets whether the station joins by itself when the module starts
    /// (`ESP-AT 3.2.15`, `ESP32 v1 4.2.10`, `IDF 3.11`, `NONOS 4.2.15`, `WizFi360 3.2.2.17`).
    ///
    /// Always kept in flash. From the factory it does.
    set SetAutoConnect {
        /// Whether it shall.
        pub enabled: bool,
    } -> (), within 5 s;
    on EspAt "AT+CWAUTOCONN" "3.2.15";
    on Esp32V1 "AT+CWAUTOCONN" "4.2.10";
    on Esp8266Idf "AT+CWAUTOCONN" "3.11";
    on Esp8266Nonos "AT+CWAUTOCONN" "4.2.15";
    on WizFi360 "AT+CWAUTOCONN" "3.2.2.17";
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
        // The WizFi360's manual can be read as if it printed a minus before the number.
        if let Some(code) = after_name(line, b"+CWJAP").and_then(number) {
            *partial = Some(code.unsigned_abs());
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
