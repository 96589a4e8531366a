//! The SoftAP: its network, its stations and the addresses that it gives them.

use core::net::Ipv4Addr;

use super::text::{split_numbers, unquoted};
use super::{SecretString, Ssid};
use crate::at::{EncodeError, Encoder, Field, FieldError, Fields, after_name};
use crate::command::declare::{codes, commands, records};
use crate::command::parameter::put;
use crate::command::{List, Mac, Parameter, Record, Secret, Value};

codes! {
    /// How the SoftAP secures its network. There is no WEP.
    SoftApSecurity {
        /// Not at all.
        Open = 0,
        /// WPA with a passphrase.
        WpaPsk = 2,
        /// WPA2 with a passphrase.
        Wpa2Psk = 3,
        /// WPA or WPA2 with a passphrase. Not on the WizFi360.
        WpaWpa2Psk = 4,
    }
}

/// The passphrase of a SoftAP: 8 to 64 bytes (63 with ESP-AT), or none for an open network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passphrase<'a>(pub Secret<'a>);

impl Parameter for Passphrase<'_> {
    fn encode(&self, line: &mut Encoder<'_>) {
        if !matches!(self.0.0.len(), 0 | 8..=64) {
            line.fail(EncodeError::OutOfRange);
        }
        self.0.encode(line);
    }

    fn sample(_: i64) -> Self {
        Self(Secret::sample(8))
    }
}

/// Which addresses the SoftAP gives to its stations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DhcpPool {
    /// Those of the module's choice.
    Default,
    /// Those from the first to the last, which must be in the SoftAP's network.
    Range {
        /// Minutes for which a station has its address, 1 to 2880.
        lease_minutes: u16,
        /// The first address.
        first: Ipv4Addr,
        /// The last address. The WizFi360 takes up to 101 of them.
        last: Ipv4Addr,
    },
}

impl Parameter for DhcpPool {
    fn encode(&self, line: &mut Encoder<'_>) {
        match self {
            Self::Default => {
                line.flag(false);
            }
            Self::Range { lease_minutes, first, last } => {
                line.flag(true);
                put(lease_minutes, line, 1, 2880);
                if first > last {
                    line.fail(EncodeError::OutOfRange);
                }
                first.encode(line);
                last.encode(line);
            }
        }
    }

    fn sample(low: i64) -> Self {
        Self::Range { lease_minutes: 120, first: Ipv4Addr::sample(low), last: Ipv4Addr::new(192, 168, 0, 101) }
    }
}

records! {
    /// The addresses that the SoftAP gives to its stations.
    "+CWDHCPS" DhcpPoolAnswer {
        /// Minutes for which a station has its address.
        pub lease_minutes: u16,
        /// The first address.
        pub first: Ipv4Addr,
        /// The last address.
        pub last: Ipv4Addr,
    }
}

/// The SoftAP's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoftApConfig {
    /// Its name.
    pub ssid: Ssid,
    /// Its passphrase, empty if it is open.
    pub passphrase: SecretString<64>,
    /// Its channel.
    pub channel: u8,
    /// How it is secured.
    pub security: SoftApSecurity,
    /// How many stations it takes.
    pub max_stations: Option<u8>,
    /// Whether its name is hidden.
    pub hidden: Option<bool>,
}

/// Read from both ends, as SSID and passphrase may hold quotes and commas.
impl Record for SoftApConfig {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let value = after_name(line, b"+CWSAP")?;
        let read = || {
            let (ssid, passphrase, mut numbers) = if value.starts_with(b"\"") {
                let (head, numbers) = split_numbers(value);
                let (ssid, passphrase) = split_names(unquoted(head)).ok_or(FieldError::Malformed)?;
                (ssid, passphrase, numbers)
            } else {
                let mut fields = Fields::new(value);
                (fields.field()?.bytes, fields.field()?.bytes, fields)
            };
            let numbers = &mut numbers;
            Ok(Self {
                ssid: Ssid::new(ssid).ok_or(FieldError::TooLong)?,
                passphrase: Value::parse(Field { bytes: passphrase, quoted: true })?,
                channel: Value::take(numbers)?,
                security: Value::take(numbers)?,
                max_stations: Value::take(numbers)?,
                hidden: Value::take(numbers)?,
            })
        };
        Some(read())
    }
}

/// Two strings that follow each other, of which the first has up to 32 bytes and the second none or more than 7.
fn split_names(names: &[u8]) -> Option<(&[u8], &[u8])> {
    let places = names.windows(2).enumerate().filter(|(_, window)| window == b"\",");
    places
        // A blank behind the comma means nothing.
        .filter_map(|(at, _)| Some((&names[..at], names[at + 2..].trim_ascii_start().strip_prefix(b"\"")?)))
        .find(|(ssid, passphrase)| ssid.len() <= 32 && matches!(passphrase.len(), 0 | 8..))
}

/// A station of the SoftAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct JoinedStation {
    /// The address that the SoftAP gave to it.
    pub address: Ipv4Addr,
    /// Its MAC address.
    pub mac: Mac,
}

/// With `+CWLIF:` before it or nothing, in quotes or not.
impl Record for JoinedStation {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let named = after_name(line, b"+CWLIF");
        let fields = &mut Fields::new(named.unwrap_or(line));
        let mut read = || Ok(Self { address: Value::take(fields)?, mac: Value::take(fields)? });
        match read() {
            // Lines of another kind may stand between.
            Err(_) if named.is_none() => None,
            station => Some(station),
        }
    }
}

commands! {
    /// Asks for the SoftAP's network
    /// (`ESP-AT 3.2.10`, `ESP32 v1 4.2.6`, `IDF 3.6`, `NONOS 4.2.8`, `WizFi360 3.2.2.23`).
    query QuerySoftAp -> SoftApConfig, within 5 s;
    on EspAt "AT+CWSAP" "3.2.10";
    on Esp32V1 "AT+CWSAP" "4.2.6";
    on Esp8266Idf "AT+CWSAP" "3.6";
    on Esp8266Nonos "AT+CWSAP_CUR" "4.2.8";
    on Esp8266Nonos saved "AT+CWSAP_DEF" "4.2.9";
    on WizFi360 "AT+CWSAP_CUR" "3.2.2.23";
    on WizFi360 saved "AT+CWSAP_DEF" "3.2.2.24";

    /// Sets the SoftAP's network
    /// (`ESP-AT 3.2.10`, `ESP32 v1 4.2.6`, `IDF 3.6`, `NONOS 4.2.8`, `WizFi360 3.2.2.23`).
    ///
    /// The module must be a SoftAP.
    set SetSoftAp<'a> {
        /// Its name, 1 to 32 bytes.
        pub ssid: &'a str [1..=32],
        /// Its passphrase.
        pub passphrase: Passphrase<'a>,
        /// Its channel, 1 to 14; up to 13 on the WizFi360.
        pub channel: u8 [1..=14],
        /// How it is secured.
        pub security: SoftApSecurity,
        /// How many stations it takes: up to 10, with the NONOS firmware up to 8, on the WizFi360 up to 4. ESP-AT's limit
        /// is that of the chip, up to 15.
        pub max_stations: Option<u8> [1..=15],
        /// Whether its name is hidden. It is not if this is left out.
        pub hidden: Option<bool>,
    } -> (), within 10 s;
    on EspAt "AT+CWSAP" "3.2.10";
    on Esp32V1 "AT+CWSAP" "4.2.6";
    on Esp8266Idf "AT+CWSAP" "3.6";
    on Esp8266Nonos "AT+CWSAP_CUR" "4.2.8";
    on Esp8266Nonos saved "AT+CWSAP_DEF" "4.2.9";
    on WizFi360 "AT+CWSAP_CUR" "3.2.2.23";
    on WizFi360 saved "AT+CWSAP_DEF" "3.2.2.24";

    /// [`SetSoftAp`] under the old name, which examples of the manual use but nothing describes (`NONOS 2`). The
    /// network is kept in flash.
    set SetSoftApDeprecated<'a> {
        /// Its name, 1 to 32 bytes.
        pub ssid: &'a str [1..=32],
        /// Its passphrase.
        pub passphrase: Passphrase<'a>,
        /// Its channel, 1 to 14.
        pub channel: u8 [1..=14],
        /// How it is secured.
        pub security: SoftApSecurity,
    } -> (), within 10 s;
    on Esp8266Nonos "AT+CWSAP" "2";

    /// Lists the SoftAP's stations
    /// (`ESP-AT 3.2.11`, `ESP32 v1 4.2.7`, `IDF 3.7`, `NONOS 4.2.10`, `WizFi360 3.2.2.25`).
    ///
    /// Only those that have their address from the SoftAP.
    execute ListJoinedStations -> List<JoinedStation, 10>, within 5 s;
    on EspAt "AT+CWLIF" "3.2.11";
    on Esp32V1 "AT+CWLIF" "4.2.7";
    on Esp8266Idf "AT+CWLIF" "3.7";
    on Esp8266Nonos "AT+CWLIF" "4.2.10";
    on WizFi360 "AT+CWLIF" "3.2.2.25";

    /// Throws all stations off the SoftAP (`ESP-AT 3.2.12`, `IDF 3.8`).
    execute DisconnectAllStations -> (), within 5 s;
    on EspAt "AT+CWQIF" "3.2.12";
    on Esp8266Idf "AT+CWQIF" "3.8";

    /// Throws one station off the SoftAP (`ESP-AT 3.2.12`, `IDF 3.8`).
    set DisconnectStation {
        /// Its MAC address.
        pub mac: Mac,
    } -> (), within 5 s;
    on EspAt "AT+CWQIF" "3.2.12";
    on Esp8266Idf "AT+CWQIF" "3.8";

    /// Asks which addresses the SoftAP gives to its stations
    /// (`ESP-AT 3.2.14`, `ESP32 v1 4.2.9`, `IDF 3.10`, `NONOS 4.2.13`, `WizFi360 3.2.2.21`).
    query QueryDhcpPool -> DhcpPoolAnswer, within 5 s;
    on EspAt "AT+CWDHCPS" "3.2.14";
    on Esp32V1 "AT+CWDHCPS" "4.2.9";
    on Esp8266Idf "AT+CWDHCPS" "3.10";
    on Esp8266Nonos "AT+CWDHCPS_CUR" "4.2.13";
    on Esp8266Nonos saved "AT+CWDHCPS_DEF" "4.2.14";
    on WizFi360 "AT+CWDHCPS_CUR" "3.2.2.21";
    on WizFi360 saved "AT+CWDHCPS_DEF" "3.2.2.22";

    /// Sets which addresses the SoftAP gives to its stations
    /// (`ESP-AT 3.2.14`, `ESP32 v1 4.2.9`, `IDF 3.10`, `NONOS 4.2.13`, `WizFi360 3.2.2.21`).
    ///
    /// The module must be a SoftAP with DHCP.
    set SetDhcpPool {
        /// The addresses.
        pub pool: DhcpPool,
    } -> (), within 5 s;
    on EspAt "AT+CWDHCPS" "3.2.14";
    on Esp32V1 "AT+CWDHCPS" "4.2.9";
    on Esp8266Idf "AT+CWDHCPS" "3.10";
    on Esp8266Nonos "AT+CWDHCPS_CUR" "4.2.13";
    on Esp8266Nonos saved "AT+CWDHCPS_DEF" "4.2.14";
    on WizFi360 "AT+CWDHCPS_CUR" "3.2.2.21";
    on WizFi360 saved "AT+CWDHCPS_DEF" "3.2.2.22";
}
