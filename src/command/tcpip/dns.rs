//! Names and name servers: `AT+CIPDOMAIN`, `AT+CIPDNS`.

use core::net::{IpAddr, Ipv4Addr};

use heapless::Vec;

use super::UpTo;
use crate::at::{EncodeError, Encoder, FieldError, Fields, after_name};
use crate::command::declare::{codes, commands, records};
use crate::command::{Answer, Parameter, Value};

codes! {
    /// Which kind of address a name is to be resolved to.
    AddressKind {
        /// IPv4 where there is one. This is the module's default.
        PreferIpv4 = 1,
        /// IPv4 only.
        Ipv4 = 2,
        /// IPv6 only.
        Ipv6 = 3,
    }
}

records! {
    /// The address of a name.
    "+CIPDOMAIN" ResolvedName {
        /// The first address that was found.
        pub address: IpAddr,
    }
}

/// Up to `MAX` name servers, all different. Without any, the firmware uses its own choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameServers<'a, T, const MAX: usize>(pub &'a [T]);

impl<T: Parameter + PartialEq, const MAX: usize> Parameter for NameServers<'_, T, MAX> {
    fn encode(&self, line: &mut Encoder<'_>) {
        // Firmware refuses a server that is there twice.
        if self.0.iter().enumerate().any(|(at, server)| self.0[..at].contains(server)) {
            line.fail(EncodeError::OutOfRange);
        }
        UpTo::<T, MAX>(self.0).encode(line);
    }

    fn sample(_: i64) -> Self {
        Self(&[])
    }
}

commands! {
    /// Resolves a host name (`ESP-AT 3.3.5`).
    set ResolveName<'a> {
        /// The name.
        pub name: &'a str [1..=255],
        /// The kind of address. Firmware before 2.3 does not know this parameter.
        pub kind: Option<AddressKind>,
    } -> ResolvedName, within 20 s;
    on EspAt "AT+CIPDOMAIN" "3.3.5";

    /// Resolves a host name to an IPv4 address (`ESP32 v1 5.2.2`, `IDF 4.2`).
    set ResolveIpv4Name<'a> {
        /// The name.
        pub name: &'a str [1..=255],
    } -> ResolvedName, within 20 s;
    on Esp32V1 "AT+CIPDOMAIN" "5.2.2";
    on Esp8266Idf "AT+CIPDOMAIN" "4.2";

    /// Resolves a host name of at most 63 bytes to an IPv4 address (`NONOS 5.2.2`, `WizFi360 3.2.4.3`).
    ///
    /// A name without an address is refused with the reason [`DnsFail`](crate::Reason::DnsFail).
    set ResolveShortName<'a> {
        /// The name, 1 to 63 bytes.
        pub name: &'a str [1..=63],
    } -> ResolvedName, within 20 s;
    on Esp8266Nonos "AT+CIPDOMAIN" "5.2.2";
    on WizFi360 "AT+CIPDOMAIN" "3.2.4.3";

    /// Asks for the name servers (`ESP-AT 3.3.37`, `IDF 4.27`, `NONOS 5.2.30` and, under the name that tells of the
    /// flash, `5.2.31`).
    query QueryNameServers -> NameServerConfig, within 5 s;
    on EspAt "AT+CIPDNS" "3.3.37";
    on Esp8266Idf "AT+CIPDNS" "4.27";
    on Esp8266Nonos "AT+CIPDNS_CUR" "5.2.30";
    on Esp8266Nonos saved "AT+CIPDNS_DEF" "5.2.31";

    /// Takes the name servers from DHCP (`ESP-AT 3.3.37`, `IDF 4.27`, `NONOS 5.2.30` and `5.2.31`).
    ///
    /// Kept in flash by ESP-AT as `AT+SYSSTORE` says, and always by IDF.
    set UseAutomaticNameServers with 0 -> (), within 5 s;
    on EspAt "AT+CIPDNS" "3.3.37";
    on Esp8266Idf "AT+CIPDNS" "4.27";
    on Esp8266Nonos "AT+CIPDNS_CUR" "5.2.30";
    on Esp8266Nonos saved "AT+CIPDNS_DEF" "5.2.31";

    /// Sets the name servers (`ESP-AT 3.3.37`). The router can change them later.
    ///
    /// Without any, these are 208.67.222.222 and 8.8.8.8. Kept in flash as `AT+SYSSTORE` says.
    set SetNameServers<'a> with 1 {
        /// Up to three.
        pub servers: NameServers<'a, IpAddr, 3>,
    } -> (), within 5 s;
    on EspAt "AT+CIPDNS" "3.3.37";

    /// Sets the name servers (`IDF 4.27`). The router can change them later. Kept in flash.
    set SetIpv4NameServers<'a> with 1 {
        /// Up to three.
        pub servers: NameServers<'a, Ipv4Addr, 3>,
    } -> (), within 5 s;
    on Esp8266Idf "AT+CIPDNS" "4.27";

    /// Sets the name servers (`NONOS 5.2.30` and `5.2.31`). Without any, it is 208.67.222.222.
    set SetTwoNameServers<'a> with 1 {
        /// Up to two.
        pub servers: NameServers<'a, Ipv4Addr, 2>,
    } -> (), within 5 s;
    on Esp8266Nonos "AT+CIPDNS_CUR" "5.2.30";
    on Esp8266Nonos saved "AT+CIPDNS_DEF" "5.2.31";
}

/// The name servers.
///
/// Firmware tells them in two ways: one line with whether they were set by hand and all servers, or a line for each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameServerConfig {
    /// Whether they were set by hand. `None` where the firmware does not say.
    pub manual: Option<bool>,
    /// The servers. What is more than three is left out.
    pub servers: Vec<IpAddr, 3>,
}

impl Answer for NameServerConfig {
    type Partial = (Self, bool);

    fn line((config, malformed): &mut Self::Partial, line: &[u8]) {
        let Some(value) = after_name(line, b"+CIPDNS") else { return };
        for (at, field) in Fields::new(value).enumerate() {
            if field.is_empty() {
                continue;
            }
            if let Ok(address) = field.address() {
                let _ = config.servers.push(address);
            } else if let (0, Ok(manual)) = (at, bool::parse(field)) {
                config.manual = Some(manual);
            } else {
                *malformed = true;
            }
        }
    }

    fn finish((config, malformed): Self::Partial) -> Result<Self, FieldError> {
        if malformed { Err(FieldError::Malformed) } else { Ok(config) }
    }
}
