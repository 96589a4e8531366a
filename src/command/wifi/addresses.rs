//! IP and MAC addresses of station and SoftAP, DHCP, and the WizFi360's DNS servers.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::text::number;
use crate::at::{EncodeError, Encoder, Field, FieldError, Fields, after_name};
use crate::command::declare::{codes, commands, masks, records};
use crate::command::{Answer, Mac, Parameter, Record, Value};

codes! {
    /// Whose DHCP is meant, as the NONOS and WizFi360 firmware number it.
    DhcpInterface {
        /// The SoftAP's server.
        SoftAp = 0,
        /// The station's client.
        Station = 1,
        /// Both.
        Both = 2,
    }
}

masks! {
    /// Whose DHCP is meant.
    DhcpInterfaces: u8 {
        /// The station's client.
        STATION = 0,
        /// The SoftAP's server.
        SOFT_AP = 1,
    }
}

records! {
    /// The station's MAC address.
    "+CIPSTAMAC" StationMac {
        /// The address.
        pub mac: Mac,
    }

    /// The SoftAP's MAC address.
    "+CIPAPMAC" SoftApMac {
        /// The address.
        pub mac: Mac,
    }
}

/// Where DHCP is on. ESP-AT, ESP32 v1 and IDF firmware.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DhcpState {
    /// The station asks for an address.
    pub station: bool,
    /// The SoftAP gives addresses.
    pub soft_ap: bool,
    /// Ethernet asks for an address. ESP-AT only.
    pub ethernet: bool,
}

/// Where DHCP is on. NONOS and WizFi360 firmware, which count the bits the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InterfaceDhcpState {
    /// The SoftAP gives addresses.
    pub soft_ap: bool,
    /// The station asks for an address.
    pub station: bool,
}

/// The bits of a DHCP state. Not all manuals say that a name stands before them.
fn dhcp_bits(line: &[u8]) -> Option<Result<i32, FieldError>> {
    match after_name(line, b"+CWDHCP") {
        Some(value) => {
            Some(Fields::new(value).field().and_then(|bits| number(bits.bytes).ok_or(FieldError::Malformed)))
        }
        None => number(line).map(Ok),
    }
}

impl Record for DhcpState {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let state = |bits: i32| Self { station: bits & 1 != 0, soft_ap: bits & 2 != 0, ethernet: bits & 4 != 0 };
        dhcp_bits(line).map(|bits| bits.map(state))
    }
}

impl Record for InterfaceDhcpState {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let state = |bits: i32| Self { soft_ap: bits & 1 != 0, station: bits & 2 != 0 };
        dhcp_bits(line).map(|bits| bits.map(state))
    }
}

/// A MAC address to be the module's own: the lowest bit of its first byte is 0, and not all bits are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct OwnMac(pub Mac);

impl Parameter for OwnMac {
    fn encode(&self, line: &mut Encoder<'_>) {
        let Mac(bytes) = self.0;
        if bytes[0] & 1 != 0 || bytes == [0; 6] {
            line.fail(EncodeError::OutOfRange);
        }
        self.0.encode(line);
    }

    fn sample(low: i64) -> Self {
        Self(Mac::sample(low))
    }
}

/// Router and mask, which are given together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ipv4Network {
    /// Router.
    pub gateway: Ipv4Addr,
    /// Network mask.
    pub netmask: Ipv4Addr,
}

impl Parameter for Ipv4Network {
    fn encode(&self, line: &mut Encoder<'_>) {
        self.gateway.encode(line);
        self.netmask.encode(line);
    }

    fn sample(low: i64) -> Self {
        Self { gateway: Ipv4Addr::sample(low), netmask: Ipv4Addr::new(255, 255, 255, 0) }
    }
}

/// Which DNS servers are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum UserDns {
    /// The module's own, 208.67.222.222, or those of the router.
    Default,
    /// These.
    Servers {
        /// The first.
        first: Ipv4Addr,
        /// The second, which must be another.
        second: Ipv4Addr,
    },
}

impl Parameter for UserDns {
    fn encode(&self, line: &mut Encoder<'_>) {
        match self {
            Self::Default => {
                line.flag(false);
            }
            Self::Servers { first, second } => {
                if first == second {
                    line.fail(EncodeError::OutOfRange);
                }
                line.flag(true);
                first.encode(line);
                second.encode(line);
            }
        }
    }

    fn sample(low: i64) -> Self {
        Self::Servers { first: Ipv4Addr::sample(low), second: Ipv4Addr::new(8, 8, 8, 8) }
    }
}

commands! {
    /// Asks where DHCP is on (`ESP-AT 3.2.13`, `ESP32 v1 4.2.8`, `IDF 3.9`).
    query QueryDhcp -> DhcpState, within 5 s;
    on EspAt "AT+CWDHCP" "3.2.13";
    on Esp32V1 "AT+CWDHCP" "4.2.8";
    on Esp8266Idf "AT+CWDHCP" "3.9";

    /// Switches DHCP on or off (`ESP-AT 3.2.13`, `ESP32 v1 4.2.8`, `IDF 3.9`).
    ///
    /// DHCP and a fixed address exclude each other; what was set last holds.
    set SetDhcp {
        /// On or off.
        pub enabled: bool,
        /// Where. What is not named stays as it is.
        pub interfaces: DhcpInterfaces [0..=3],
    } -> (), within 5 s;
    on EspAt "AT+CWDHCP" "3.2.13";
    on Esp32V1 "AT+CWDHCP" "4.2.8";
    on Esp8266Idf "AT+CWDHCP" "3.9";

    /// Asks where DHCP is on (`NONOS 4.2.11`, `WizFi360 3.2.2.3`).
    query QueryDhcpByInterface -> InterfaceDhcpState, within 5 s;
    on Esp8266Nonos "AT+CWDHCP_CUR" "4.2.11";
    on Esp8266Nonos saved "AT+CWDHCP_DEF" "4.2.12";
    on WizFi360 "AT+CWDHCP_CUR" "3.2.2.3";
    on WizFi360 saved "AT+CWDHCP_DEF" "3.2.2.4";

    /// Switches DHCP on or off (`NONOS 4.2.11`, `WizFi360 3.2.2.3`).
    ///
    /// DHCP and a fixed address exclude each other; what was set last holds.
    set SetDhcpByInterface {
        /// Where. What is not named stays as it is.
        pub interface: DhcpInterface,
        /// On or off.
        pub enabled: bool,
    } -> (), within 5 s;
    on Esp8266Nonos "AT+CWDHCP_CUR" "4.2.11";
    on Esp8266Nonos saved "AT+CWDHCP_DEF" "4.2.12";
    on WizFi360 "AT+CWDHCP_CUR" "3.2.2.3";
    on WizFi360 saved "AT+CWDHCP_DEF" "3.2.2.4";

    /// Asks for the station's addresses
    /// (`ESP-AT 3.2.20`, `ESP32 v1 4.2.13`, `IDF 3.14`, `NONOS 4.2.20`, `WizFi360 3.2.2.7`).
    ///
    /// All are `0.0.0.0` while it has none. Some firmware refuses then.
    query QueryStationAddress -> Ipv4Config, within 5 s;
    on EspAt "AT+CIPSTA" "3.2.20";
    on Esp32V1 "AT+CIPSTA" "4.2.13";
    on Esp8266Idf "AT+CIPSTA" "3.14";
    on Esp8266Nonos "AT+CIPSTA_CUR" "4.2.20";
    on Esp8266Nonos saved "AT+CIPSTA_DEF" "4.2.21";
    on WizFi360 "AT+CIPSTA_CUR" "3.2.2.7";
    on WizFi360 saved "AT+CIPSTA_DEF" "3.2.2.8";

    /// Asks for the station's IPv6 addresses (`ESP-AT 3.2.20`), which it has after `AT+CIPV6=1` only.
    query QueryStationIpv6 -> Ipv6Config, within 5 s;
    on EspAt "AT+CIPSTA" "3.2.20";

    /// Gives the station a fixed address, and so switches its DHCP off
    /// (`ESP-AT 3.2.20`, `ESP32 v1 4.2.13`, `IDF 3.14`, `NONOS 4.2.20`, `WizFi360 3.2.2.7`).
    set SetStationAddress {
        /// The address.
        pub address: Ipv4Addr,
        /// Router and mask. The module guesses them if they are left out.
        pub network: Option<Ipv4Network>,
    } -> (), within 5 s;
    on EspAt "AT+CIPSTA" "3.2.20";
    on Esp32V1 "AT+CIPSTA" "4.2.13";
    on Esp8266Idf "AT+CIPSTA" "3.14";
    on Esp8266Nonos "AT+CIPSTA_CUR" "4.2.20";
    on Esp8266Nonos saved "AT+CIPSTA_DEF" "4.2.21";
    on WizFi360 "AT+CIPSTA_CUR" "3.2.2.7";
    on WizFi360 saved "AT+CIPSTA_DEF" "3.2.2.8";

    /// Asks for the SoftAP's addresses
    /// (`ESP-AT 3.2.21`, `ESP32 v1 4.2.14`, `IDF 3.15`, `NONOS 4.2.22`, `WizFi360 3.2.2.19`).
    query QuerySoftApAddress -> Ipv4Config, within 5 s;
    on EspAt "AT+CIPAP" "3.2.21";
    on Esp32V1 "AT+CIPAP" "4.2.14";
    on Esp8266Idf "AT+CIPAP" "3.15";
    on Esp8266Nonos "AT+CIPAP_CUR" "4.2.22";
    on Esp8266Nonos saved "AT+CIPAP_DEF" "4.2.23";
    on WizFi360 "AT+CIPAP_CUR" "3.2.2.19";
    on WizFi360 saved "AT+CIPAP_DEF" "3.2.2.20";

    /// Asks for the SoftAP's link-local IPv6 address (`ESP-AT 3.2.21`).
    query QuerySoftApIpv6 -> Ipv6Config, within 5 s;
    on EspAt "AT+CIPAP" "3.2.21";

    /// Gives the SoftAP a fixed address
    /// (`ESP-AT 3.2.21`, `ESP32 v1 4.2.14`, `IDF 3.15`, `NONOS 4.2.22`, `WizFi360 3.2.2.19`).
    ///
    /// All but ESP-AT and the IDF firmware take addresses of class C only. DHCP and a fixed address exclude each other;
    /// what was set last holds.
    set SetSoftApAddress {
        /// The address.
        pub address: Ipv4Addr,
        /// Router and mask. The module guesses them if they are left out.
        pub network: Option<Ipv4Network>,
    } -> (), within 5 s;
    on EspAt "AT+CIPAP" "3.2.21";
    on Esp32V1 "AT+CIPAP" "4.2.14";
    on Esp8266Idf "AT+CIPAP" "3.15";
    on Esp8266Nonos "AT+CIPAP_CUR" "4.2.22";
    on Esp8266Nonos saved "AT+CIPAP_DEF" "4.2.23";
    on WizFi360 "AT+CIPAP_CUR" "3.2.2.19";
    on WizFi360 saved "AT+CIPAP_DEF" "3.2.2.20";

    /// Asks for the station's MAC address
    /// (`ESP-AT 3.2.18`, `ESP32 v1 4.2.11`, `IDF 3.12`, `NONOS 4.2.16`, `WizFi360 3.2.2.9`).
    query QueryStationMac -> StationMac, within 5 s;
    on EspAt "AT+CIPSTAMAC" "3.2.18";
    on Esp32V1 "AT+CIPSTAMAC" "4.2.11";
    on Esp8266Idf "AT+CIPSTAMAC" "3.12";
    on Esp8266Nonos "AT+CIPSTAMAC_CUR" "4.2.16";
    on Esp8266Nonos saved "AT+CIPSTAMAC_DEF" "4.2.17";
    on WizFi360 "AT+CIPSTAMAC_CUR" "3.2.2.9";
    on WizFi360 saved "AT+CIPSTAMAC_DEF" "3.2.2.10";

    /// Sets the station's MAC address
    /// (`ESP-AT 3.2.18`, `ESP32 v1 4.2.11`, `IDF 3.12`, `NONOS 4.2.16`, `WizFi360 3.2.2.9`).
    set SetStationMac {
        /// The address. No other interface of the module may have the same.
        pub mac: OwnMac,
    } -> (), within 5 s;
    on EspAt "AT+CIPSTAMAC" "3.2.18";
    on Esp32V1 "AT+CIPSTAMAC" "4.2.11";
    on Esp8266Idf "AT+CIPSTAMAC" "3.12";
    on Esp8266Nonos "AT+CIPSTAMAC_CUR" "4.2.16";
    on Esp8266Nonos saved "AT+CIPSTAMAC_DEF" "4.2.17";
    on WizFi360 "AT+CIPSTAMAC_CUR" "3.2.2.9";
    on WizFi360 saved "AT+CIPSTAMAC_DEF" "3.2.2.10";

    /// Asks for the SoftAP's MAC address
    /// (`ESP-AT 3.2.19`, `ESP32 v1 4.2.12`, `IDF 3.13`, `NONOS 4.2.18`, `WizFi360 3.2.2.11`).
    query QuerySoftApMac -> SoftApMac, within 5 s;
    on EspAt "AT+CIPAPMAC" "3.2.19";
    on Esp32V1 "AT+CIPAPMAC" "4.2.12";
    on Esp8266Idf "AT+CIPAPMAC" "3.13";
    on Esp8266Nonos "AT+CIPAPMAC_CUR" "4.2.18";
    on Esp8266Nonos saved "AT+CIPAPMAC_DEF" "4.2.19";
    on WizFi360 "AT+CIPAPMAC_CUR" "3.2.2.11";
    on WizFi360 saved "AT+CIPAPMAC_DEF" "3.2.2.12";

    /// Sets the SoftAP's MAC address
    /// (`ESP-AT 3.2.19`, `ESP32 v1 4.2.12`, `IDF 3.13`, `NONOS 4.2.18`, `WizFi360 3.2.2.11`).
    set SetSoftApMac {
        /// The address. No other interface of the module may have the same.
        pub mac: OwnMac,
    } -> (), within 5 s;
    on EspAt "AT+CIPAPMAC" "3.2.19";
    on Esp32V1 "AT+CIPAPMAC" "4.2.12";
    on Esp8266Idf "AT+CIPAPMAC" "3.13";
    on Esp8266Nonos "AT+CIPAPMAC_CUR" "4.2.18";
    on Esp8266Nonos saved "AT+CIPAPMAC_DEF" "4.2.19";
    on WizFi360 "AT+CIPAPMAC_CUR" "3.2.2.11";
    on WizFi360 saved "AT+CIPAPMAC_DEF" "3.2.2.12";

    /// Asks for the DNS servers (`WizFi360 3.2.2.5`).
    query QueryDnsServers -> DnsServers, within 5 s;
    on WizFi360 "AT+CIPDNS_CUR" "3.2.2.5";
    on WizFi360 saved "AT+CIPDNS_DEF" "3.2.2.6";

    /// Sets the DNS servers (`WizFi360 3.2.2.5`). The router may change them later.
    set SetDnsServers {
        /// The servers.
        pub servers: UserDns,
    } -> (), within 5 s;
    on WizFi360 "AT+CIPDNS_CUR" "3.2.2.5";
    on WizFi360 saved "AT+CIPDNS_DEF" "3.2.2.6";
}

/// Addresses of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ipv4Config {
    /// Own address.
    pub address: Ipv4Addr,
    /// Router. `0.0.0.0` if the module does not tell it.
    pub gateway: Ipv4Addr,
    /// Network mask. `0.0.0.0` if the module does not tell it.
    pub netmask: Ipv4Addr,
}

/// The three addresses, as far as they have been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartialIpv4Config {
    address: Option<Ipv4Addr>,
    gateway: Option<Ipv4Addr>,
    netmask: Option<Ipv4Addr>,
    malformed: bool,
}

/// The value of a line about addresses.
fn addresses_of(line: &[u8]) -> Option<&[u8]> {
    after_name(line, b"+CIPSTA").or_else(|| after_name(line, b"+CIPAP"))
}

/// Key and value of `ip:"192.168.0.2"`. Some firmware has a comma after the key.
fn labelled(value: &[u8]) -> Option<(&[u8], Field<'_>)> {
    let end = value.iter().position(|byte| matches!(byte, b':' | b','))?;
    let (key, rest) = (value[..end].trim_ascii(), &value[end + 1..]);
    let is_word = key.first().is_some_and(u8::is_ascii_alphabetic);
    (is_word && key.iter().all(u8::is_ascii_alphanumeric)).then_some(())?;
    Some((key, Fields::new(rest).next()?))
}

/// Three lines with a key each, three lines without, or all in one line: documents and firmware differ.
impl Answer for Ipv4Config {
    type Partial = PartialIpv4Config;

    fn line(partial: &mut PartialIpv4Config, line: &[u8]) {
        let Some(value) = addresses_of(line) else { return };
        if let Some((key, field)) = labelled(value) {
            let place = match key {
                b"ip" => &mut partial.address,
                b"gateway" => &mut partial.gateway,
                b"netmask" => &mut partial.netmask,
                _ => return,
            };
            *place = field.ipv4().ok();
            partial.malformed |= place.is_none();
            return;
        }
        for field in Fields::new(value) {
            let Ok(address) = field.ipv4() else {
                partial.malformed = true;
                return;
            };
            let PartialIpv4Config { address: own, gateway, netmask, .. } = partial;
            if let Some(place) = [own, gateway, netmask].into_iter().find(|place| place.is_none()) {
                *place = Some(address);
            }
        }
    }

    fn finish(partial: PartialIpv4Config) -> Result<Self, FieldError> {
        let PartialIpv4Config { address, gateway, netmask, malformed } = partial;
        if malformed {
            return Err(FieldError::Malformed);
        }
        Ok(Self {
            address: address.ok_or(FieldError::Missing)?,
            gateway: gateway.unwrap_or(Ipv4Addr::UNSPECIFIED),
            netmask: netmask.unwrap_or(Ipv4Addr::UNSPECIFIED),
        })
    }
}

/// IPv6 addresses of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ipv6Config {
    /// The address for the local network.
    pub link_local: Option<Ipv6Addr>,
    /// The address for everywhere. The SoftAP has none.
    pub global: Option<Ipv6Addr>,
}

impl Answer for Ipv6Config {
    type Partial = Self;

    fn line(partial: &mut Self, line: &[u8]) {
        let Some((key, field)) = addresses_of(line).and_then(labelled) else { return };
        let place = match key {
            b"ip6ll" => &mut partial.link_local,
            b"ip6gl" => &mut partial.global,
            _ => return,
        };
        *place = Ipv6Addr::parse(field).ok();
    }

    fn finish(partial: Self) -> Result<Self, FieldError> {
        Ok(partial)
    }
}

/// The DNS servers in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DnsServers {
    /// The first.
    pub first: Ipv4Addr,
    /// The second, if there is one.
    pub second: Option<Ipv4Addr>,
}

/// The servers that have been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartialDnsServers {
    first: Option<Ipv4Addr>,
    second: Option<Ipv4Addr>,
    malformed: bool,
}

/// One line for each, or both in one.
impl Answer for DnsServers {
    type Partial = PartialDnsServers;

    fn line(partial: &mut PartialDnsServers, line: &[u8]) {
        let Some(value) = after_name(line, b"+CIPDNS") else { return };
        for field in Fields::new(value) {
            match field.ipv4() {
                Err(_) => partial.malformed = true,
                Ok(address) if partial.first.is_none() => partial.first = Some(address),
                Ok(address) => partial.second = partial.second.or(Some(address)),
            }
        }
    }

    fn finish(partial: PartialDnsServers) -> Result<Self, FieldError> {
        if partial.malformed {
            return Err(FieldError::Malformed);
        }
        Ok(Self { first: partial.first.ok_or(FieldError::Missing)?, second: partial.second })
    }
}
