//! State and addresses: `AT+CIPSTATUS`, `AT+CIPSTATE`, `AT+CIFSR`.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use heapless::Vec;

use crate::at::{Field, FieldError, Fields, after_name};
use crate::command::declare::{codes, commands};
use crate::command::{Answer, List, Mac, Record, Value};

codes! {
    /// What the station does.
    StationStatus {
        /// It is not set up.
        Inactive = 0,
        /// It is set up, and was not told to join.
        Idle = 1,
        /// It has joined an access point and has an address.
        Ready = 2,
        /// As [`Ready`](Self::Ready), and a connection was opened.
        Connected = 3,
        /// As [`Ready`](Self::Ready), and all connections are closed again.
        Disconnected = 4,
        /// It has not joined, or no longer.
        NotJoined = 5,
    }
}

/// What a link speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LinkProtocol {
    /// TCP over IPv4.
    Tcp,
    /// TCP over IPv6.
    TcpIpv6,
    /// UDP over IPv4.
    Udp,
    /// UDP over IPv6.
    UdpIpv6,
    /// TLS over IPv4.
    Ssl,
    /// TLS over IPv6.
    SslIpv6,
}

impl Value for LinkProtocol {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        let words = [
            ("TCP", Self::Tcp),
            ("TCPv6", Self::TcpIpv6),
            ("UDP", Self::Udp),
            ("UDPv6", Self::UdpIpv6),
            ("SSL", Self::Ssl),
            ("SSLv6", Self::SslIpv6),
        ];
        let known = words.into_iter().find(|(word, _)| field.bytes.eq_ignore_ascii_case(word.as_bytes()));
        known.map(|(_, protocol)| protocol).ok_or(FieldError::Malformed)
    }
}

commands! {
    /// Asks for the open connections (`ESP-AT 3.3.3`).
    query QueryLinks -> List<LinkState, 5>, within 5 s;
    on EspAt "AT+CIPSTATE" "3.3.3";

    /// Asks for the state of the station and for the open connections (`ESP-AT 3.3.4`, `ESP32 v1 5.2.1`, `IDF 4.1`,
    /// `NONOS 5.2.1`, `WizFi360 3.2.3.7`).
    ///
    /// ESP-AT has [`QueryLinks`] in its place, and may not have this one for long.
    execute QueryStatus -> Status, within 5 s;
    on EspAt "AT+CIPSTATUS" "3.3.4";
    on Esp32V1 "AT+CIPSTATUS" "5.2.1";
    on Esp8266Idf "AT+CIPSTATUS" "4.1";
    on Esp8266Nonos "AT+CIPSTATUS" "5.2.1";
    on WizFi360 "AT+CIPSTATUS" "3.2.3.7";

    /// Asks for the module's addresses (`ESP-AT 3.3.14`, `ESP32 v1 5.2.7`, `IDF 4.8`, `NONOS 5.2.14`,
    /// `WizFi360 3.2.3.16`).
    execute QueryLocalAddresses -> LocalAddresses, within 5 s;
    on EspAt "AT+CIFSR" "3.3.14";
    on Esp32V1 "AT+CIFSR" "5.2.7";
    on Esp8266Idf "AT+CIFSR" "4.8";
    on Esp8266Nonos "AT+CIFSR" "5.2.14";
    on WizFi360 "AT+CIFSR" "3.2.3.16";
}

/// An open connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkState {
    /// The link. `None` where the firmware prints none, as there is only one.
    pub link: Option<u8>,
    /// What it speaks.
    pub protocol: LinkProtocol,
    /// The peer's address.
    pub remote_address: IpAddr,
    /// The peer's port.
    pub remote_port: u16,
    /// Own port.
    pub local_port: u16,
    /// Whether the peer is a client of the module's server.
    pub is_server: bool,
}

impl Record for LinkState {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let value = after_name(line, b"+CIPSTATE").or_else(|| after_name(line, b"+CIPSTATUS"))?;
        let mut fields = Fields::new(value);
        let numbered = fields.clone().next().is_some_and(|first| first.unsigned().is_ok());
        let mut read = || {
            Ok(Self {
                link: if numbered { Some(u8::take(&mut fields)?) } else { None },
                protocol: LinkProtocol::take(&mut fields)?,
                remote_address: IpAddr::take(&mut fields)?,
                remote_port: u16::take(&mut fields)?,
                local_port: u16::take(&mut fields)?,
                is_server: bool::take(&mut fields)?,
            })
        };
        Some(read())
    }
}

/// The state of the station and the open connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// What the station does.
    pub station: StationStatus,
    /// The open connections.
    pub links: List<LinkState, 5>,
}

impl Answer for Status {
    type Partial = (Option<Result<StationStatus, FieldError>>, List<LinkState, 5>);

    fn line((station, links): &mut Self::Partial, line: &[u8]) {
        match after_name(line, b"STATUS") {
            Some(value) => *station = Some(Fields::new(value).field().and_then(StationStatus::parse)),
            None => List::line(links, line),
        }
    }

    fn finish((station, links): Self::Partial) -> Result<Self, FieldError> {
        Ok(Self { station: station.ok_or(FieldError::Missing)??, links })
    }
}

/// The addresses of an interface. All zeros stand for none, and so does a missing line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InterfaceAddresses {
    /// The IPv4 address.
    pub ipv4: Option<Ipv4Addr>,
    /// The IPv6 address that is good for the local network only.
    pub ipv6_link_local: Option<Ipv6Addr>,
    /// The IPv6 address that is good everywhere.
    pub ipv6_global: Option<Ipv6Addr>,
    /// The MAC address.
    pub mac: Option<Mac>,
}

/// The module's addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LocalAddresses {
    /// Those of the access point.
    pub soft_ap: InterfaceAddresses,
    /// Those of the station.
    pub station: InterfaceAddresses,
    /// Those of the Ethernet interface.
    pub ethernet: InterfaceAddresses,
    /// Addresses of which old firmware does not say what they belong to: that of the access point before that of the
    /// station, as far as there are both.
    pub unnamed: Vec<IpAddr, 2>,
}

impl Answer for LocalAddresses {
    type Partial = (Self, Option<FieldError>);

    fn line((addresses, error): &mut Self::Partial, line: &[u8]) {
        let named = after_name(line, b"+CIFSR");
        let mut fields = Fields::new(named.unwrap_or(line));
        let Some(first) = fields.next() else { return };
        if let Ok(address) = first.address() {
            let _ = addresses.unnamed.push(address);
            return;
        }
        if named.is_none() {
            return;
        }
        let key = first.bytes;
        let interface = match key.get(..key.len().min(3)) {
            Some(b"STA") => &mut addresses.station,
            Some(b"ETH") => &mut addresses.ethernet,
            _ if key.starts_with(b"AP") => &mut addresses.soft_ap,
            _ => return,
        };
        let result = match key {
            [.., b'I', b'P'] => Value::take(&mut fields).map(|address| interface.ipv4 = address),
            [.., b'6', b'L', b'L'] => Value::take(&mut fields).map(|address| interface.ipv6_link_local = address),
            [.., b'6', b'G', b'L'] => Value::take(&mut fields).map(|address| interface.ipv6_global = address),
            [.., b'M', b'A', b'C'] => Value::take(&mut fields).map(|address| interface.mac = address),
            _ => Ok(()),
        };
        interface.ipv4 = interface.ipv4.filter(|address| !address.is_unspecified());
        *error = error.or(result.err());
    }

    fn finish((addresses, error): Self::Partial) -> Result<Self, FieldError> {
        error.map_or(Ok(addresses), Err)
    }
}
