//! Opening and closing connections: `AT+CIPSTART`, `AT+CIPSTARTEX`, `AT+CIPCLOSE`, `AT+CIPCLOSEMODE`.
//!
//! Which protocol a connection has follows from the type of the `remote` field, as the word for it (`"TCP"`,
//! `"UDPv6"`, ...) belongs to the kind of address.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Host, Ipv6Host};
use crate::at::{Encoder, FieldError, Fields, after_name, parse_unsigned};
use crate::command::declare::{codes, commands};
use crate::command::{Answer, Link, Parameter};

/// The address of a TCP peer. The word for the protocol follows from the kind of address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpRemote {
    /// The peer's address. Only ESP-AT knows IPv6; other firmware refuses it.
    pub address: IpAddr,
}

impl Parameter for TcpRemote {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.string(if self.address.is_ipv6() { "TCPv6" } else { "TCP" }).address(self.address);
    }

    fn sample(low: i64) -> Self {
        Self { address: IpAddr::sample(low) }
    }
}

macro_rules! remotes {
    ($($(#[$meta:meta])* $name:ident($host:ident) $word:literal;)*) => {$(
        $(#[$meta])*
        ///
        /// A range is that of the length of a name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name<'a>(pub $host<'a>);

        impl Parameter for $name<'_> {
            fn encode(&self, line: &mut Encoder<'_>) {
                line.string($word);
                self.0.encode(line);
            }

            fn is_within(&self, low: i64, high: i64) -> bool {
                self.0.is_within(low, high)
            }

            fn sample(low: i64) -> Self {
                Self($host::sample(low))
            }
        }
    )*};
}

remotes! {
    /// A TCP peer, reached over IPv4.
    TcpHost(Host) "TCP";
    /// A TCP peer, reached over IPv6.
    TcpIpv6Host(Ipv6Host) "TCPv6";
    /// A UDP peer, reached over IPv4.
    UdpHost(Host) "UDP";
    /// A UDP peer, reached over IPv6.
    UdpIpv6Host(Ipv6Host) "UDPv6";
    /// A TLS server, reached over IPv4.
    SslHost(Host) "SSL";
    /// A TLS server, reached over IPv6.
    SslIpv6Host(Ipv6Host) "SSLv6";
}

codes! {
    /// Whom a UDP link sends to once somebody else has sent to it.
    UdpPeerMode {
        /// Always to the peer that the link was opened with. UDP passthrough needs this one.
        Fixed = 0,
        /// To the first sender that is not the peer, and to that one from then on.
        ChangesOnce = 1,
        /// To whoever has sent last.
        Follows = 2,
    }
}

/// The module's own end of a UDP link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UdpLocal {
    /// A port of the module's choice.
    #[default]
    Any,
    /// A port, 1 to 65535.
    Port(u16),
    /// A port, 1 to 65535, and what becomes of the peer. Firmware takes the second only after the first.
    PortAndMode(u16, UdpPeerMode),
}

impl Parameter for UdpLocal {
    fn encode(&self, line: &mut Encoder<'_>) {
        match *self {
            Self::Any => {
                line.skip().skip();
            }
            Self::Port(port) => {
                line.ranged(port.into(), 1, 65535).skip();
            }
            Self::PortAndMode(port, mode) => mode.encode(line.ranged(port.into(), 1, 65535)),
        }
    }

    fn sample(_: i64) -> Self {
        Self::PortAndMode(1002, UdpPeerMode::Fixed)
    }
}

commands! {
    /// Opens a TCP connection to an address (`ESP-AT 3.3.6`, `ESP32 v1 5.2.3`, `IDF 4.3`, `NONOS 5.2.3`,
    /// `WizFi360 3.2.3.5`).
    ///
    /// Needs an address of the module's own. IPv6 works on ESP-AT only, after `AT+CIPV6=1`.
    ///
    /// The limit is above what the module itself takes to give up: its late success would otherwise be nobody's.
    set ConnectTcp {
        /// The link to use, 0 to 4.
        pub link: Link [0..=4],
        /// Where to.
        pub remote: TcpRemote,
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Seconds of silence before keep-alive probes, up to 7200; 0 for none.
        pub keep_alive: Option<u16> [0..=7200],
    } -> (), within 60 s;
    on EspAt "AT+CIPSTART" "3.3.6";
    on Esp32V1 "AT+CIPSTART" "5.2.3";
    on Esp8266Idf "AT+CIPSTART" "4.3";
    on Esp8266Nonos "AT+CIPSTART" "5.2.3";
    on WizFi360 "AT+CIPSTART" "3.2.3.5";

    /// Opens a TCP connection to an IPv4 address or to a name that the module resolves by itself (`ESP-AT 3.3.6`,
    /// `ESP32 v1 5.2.3`, `IDF 4.3`, `NONOS 5.2.3`, `WizFi360 3.2.3.5`).
    set ConnectTcpHost<'a> {
        /// The link to use, 0 to 4.
        pub link: Link [0..=4],
        /// Where to; a name has 1 to 64 bytes.
        pub remote: TcpHost<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Seconds of silence before keep-alive probes, up to 7200; 0 for none.
        pub keep_alive: Option<u16> [0..=7200],
    } -> (), within 60 s;
    on EspAt "AT+CIPSTART" "3.3.6";
    on Esp32V1 "AT+CIPSTART" "5.2.3";
    on Esp8266Idf "AT+CIPSTART" "4.3";
    on Esp8266Nonos "AT+CIPSTART" "5.2.3";
    on WizFi360 "AT+CIPSTART" "3.2.3.5";

    /// As [`ConnectTcpHost`], from a certain address of the module's own (`ESP-AT 3.3.6`, `IDF 4.3`).
    set ConnectTcpHostFrom<'a> {
        /// The link to use, 0 to 4.
        pub link: Link [0..=4],
        /// Where to; a name has 1 to 64 bytes.
        pub remote: TcpHost<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Seconds of silence before keep-alive probes, up to 7200; 0 for none.
        pub keep_alive: Option<u16> [0..=7200],
        /// The address of the interface to use.
        pub local_address: Ipv4Addr,
    } -> (), within 60 s;
    on EspAt "AT+CIPSTART" "3.3.6";
    on Esp8266Idf "AT+CIPSTART" "4.3";

    /// Opens a TCP connection over IPv6 (`ESP-AT 3.3.6`). Needs `AT+CIPV6=1` and an IPv6 address.
    set ConnectTcpIpv6<'a> {
        /// The link to use, 0 to 4.
        pub link: Link [0..=4],
        /// Where to; a name has 1 to 64 bytes.
        pub remote: TcpIpv6Host<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Seconds of silence before keep-alive probes, up to 7200; 0 for none.
        pub keep_alive: Option<u16> [0..=7200],
        /// The address of the interface to use.
        pub local_address: Option<Ipv6Addr>,
    } -> (), within 60 s;
    on EspAt "AT+CIPSTART" "3.3.6";

    /// Opens a UDP link (`ESP-AT 3.3.6`, `ESP32 v1 5.2.3`, `IDF 4.3`, `NONOS 5.2.3`, `WizFi360 3.2.3.5`).
    ///
    /// The peer may be a multicast or broadcast address.
    set ConnectUdp<'a> {
        /// The link to use, 0 to 4.
        pub link: Link [0..=4],
        /// Whom to send to; a name has 1 to 64 bytes.
        pub remote: UdpHost<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Own port.
        pub local: UdpLocal,
    } -> (), within 60 s;
    on EspAt "AT+CIPSTART" "3.3.6";
    on Esp32V1 "AT+CIPSTART" "5.2.3";
    on Esp8266Idf "AT+CIPSTART" "4.3";
    on Esp8266Nonos "AT+CIPSTART" "5.2.3";
    on WizFi360 "AT+CIPSTART" "3.2.3.5";

    /// As [`ConnectUdp`], from a certain address of the module's own (`ESP-AT 3.3.6`, `IDF 4.3`).
    set ConnectUdpFrom<'a> {
        /// The link to use, 0 to 4.
        pub link: Link [0..=4],
        /// Whom to send to; a name has 1 to 64 bytes.
        pub remote: UdpHost<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Own port.
        pub local: UdpLocal,
        /// The address of the interface to use.
        pub local_address: Ipv4Addr,
    } -> (), within 60 s;
    on EspAt "AT+CIPSTART" "3.3.6";
    on Esp8266Idf "AT+CIPSTART" "4.3";

    /// Opens a UDP link over IPv6 (`ESP-AT 3.3.6`). Needs `AT+CIPV6=1` and an IPv6 address.
    set ConnectUdpIpv6<'a> {
        /// The link to use, 0 to 4.
        pub link: Link [0..=4],
        /// Whom to send to; a name has 1 to 64 bytes.
        pub remote: UdpIpv6Host<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Own port.
        pub local: UdpLocal,
        /// The address of the interface to use.
        pub local_address: Option<Ipv6Addr>,
    } -> (), within 60 s;
    on EspAt "AT+CIPSTART" "3.3.6";

    /// Opens a TLS connection (`ESP-AT 3.3.6`, `ESP32 v1 5.2.3`, `IDF 4.3`, `NONOS 5.2.3`, `WizFi360 3.2.3.5`).
    ///
    /// Firmware other than ESP-AT has room for one, and none in passthrough. What is checked, and with which
    /// certificates, has to be set before. Too little memory may restart the module.
    set ConnectSsl<'a> {
        /// The link to use, 0 to 4.
        pub link: Link [0..=4],
        /// Where to; a name has 1 to 64 bytes.
        pub remote: SslHost<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Seconds of silence before keep-alive probes, up to 7200; 0 for none.
        pub keep_alive: Option<u16> [0..=7200],
    } -> (), within 90 s;
    on EspAt "AT+CIPSTART" "3.3.6";
    on Esp32V1 "AT+CIPSTART" "5.2.3";
    on Esp8266Idf "AT+CIPSTART" "4.3";
    on Esp8266Nonos "AT+CIPSTART" "5.2.3";
    on WizFi360 "AT+CIPSTART" "3.2.3.5";

    /// As [`ConnectSsl`], from a certain address of the module's own (`ESP-AT 3.3.6`, `IDF 4.3`).
    set ConnectSslFrom<'a> {
        /// The link to use, 0 to 4.
        pub link: Link [0..=4],
        /// Where to; a name has 1 to 64 bytes.
        pub remote: SslHost<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Seconds of silence before keep-alive probes, up to 7200; 0 for none.
        pub keep_alive: Option<u16> [0..=7200],
        /// The address of the interface to use.
        pub local_address: Ipv4Addr,
    } -> (), within 90 s;
    on EspAt "AT+CIPSTART" "3.3.6";
    on Esp8266Idf "AT+CIPSTART" "4.3";

    /// Opens a TLS connection over IPv6 (`ESP-AT 3.3.6`). Needs `AT+CIPV6=1` and an IPv6 address.
    set ConnectSslIpv6<'a> {
        /// The link to use, 0 to 4.
        pub link: Link [0..=4],
        /// Where to; a name has 1 to 64 bytes.
        pub remote: SslIpv6Host<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Seconds of silence before keep-alive probes, up to 7200; 0 for none.
        pub keep_alive: Option<u16> [0..=7200],
        /// The address of the interface to use.
        pub local_address: Option<Ipv6Addr>,
    } -> (), within 90 s;
    on EspAt "AT+CIPSTART" "3.3.6";

    /// Opens a TCP connection on a link of the module's choice (`ESP-AT 3.3.7`, `IDF 4.4`). Needs `AT+CIPMUX=1`.
    set ConnectTcpOnFreeLink<'a> {
        /// Where to; a name has 1 to 64 bytes.
        pub remote: TcpHost<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Seconds of silence before keep-alive probes, up to 7200; 0 for none.
        pub keep_alive: Option<u16> [0..=7200],
        /// The address of the interface to use.
        pub local_address: Option<Ipv4Addr>,
    } -> OpenedLink, within 60 s;
    on EspAt "AT+CIPSTARTEX" "3.3.7";
    on Esp8266Idf "AT+CIPSTARTEX" "4.4";

    /// Opens a TCP connection over IPv6 on a link of the module's choice (`ESP-AT 3.3.7`).
    set ConnectTcpIpv6OnFreeLink<'a> {
        /// Where to; a name has 1 to 64 bytes.
        pub remote: TcpIpv6Host<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Seconds of silence before keep-alive probes, up to 7200; 0 for none.
        pub keep_alive: Option<u16> [0..=7200],
        /// The address of the interface to use.
        pub local_address: Option<Ipv6Addr>,
    } -> OpenedLink, within 60 s;
    on EspAt "AT+CIPSTARTEX" "3.3.7";

    /// Opens a UDP link of the module's choice (`ESP-AT 3.3.7`, `IDF 4.4`). Needs `AT+CIPMUX=1`.
    set ConnectUdpOnFreeLink<'a> {
        /// Whom to send to; a name has 1 to 64 bytes.
        pub remote: UdpHost<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Own port.
        pub local: UdpLocal,
        /// The address of the interface to use.
        pub local_address: Option<Ipv4Addr>,
    } -> OpenedLink, within 60 s;
    on EspAt "AT+CIPSTARTEX" "3.3.7";
    on Esp8266Idf "AT+CIPSTARTEX" "4.4";

    /// Opens a UDP link over IPv6, of the module's choice (`ESP-AT 3.3.7`).
    set ConnectUdpIpv6OnFreeLink<'a> {
        /// Whom to send to; a name has 1 to 64 bytes.
        pub remote: UdpIpv6Host<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Own port.
        pub local: UdpLocal,
        /// The address of the interface to use.
        pub local_address: Option<Ipv6Addr>,
    } -> OpenedLink, within 60 s;
    on EspAt "AT+CIPSTARTEX" "3.3.7";

    /// Opens a TLS connection on a link of the module's choice (`ESP-AT 3.3.7`, `IDF 4.4`). Needs `AT+CIPMUX=1`.
    set ConnectSslOnFreeLink<'a> {
        /// Where to; a name has 1 to 64 bytes.
        pub remote: SslHost<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Seconds of silence before keep-alive probes, up to 7200; 0 for none.
        pub keep_alive: Option<u16> [0..=7200],
        /// The address of the interface to use.
        pub local_address: Option<Ipv4Addr>,
    } -> OpenedLink, within 90 s;
    on EspAt "AT+CIPSTARTEX" "3.3.7";
    on Esp8266Idf "AT+CIPSTARTEX" "4.4";

    /// Opens a TLS connection over IPv6 on a link of the module's choice (`ESP-AT 3.3.7`).
    set ConnectSslIpv6OnFreeLink<'a> {
        /// Where to; a name has 1 to 64 bytes.
        pub remote: SslIpv6Host<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Seconds of silence before keep-alive probes, up to 7200; 0 for none.
        pub keep_alive: Option<u16> [0..=7200],
        /// The address of the interface to use.
        pub local_address: Option<Ipv6Addr>,
    } -> OpenedLink, within 90 s;
    on EspAt "AT+CIPSTARTEX" "3.3.7";

    /// Closes the only connection, with `AT+CIPMUX=0` (`ESP-AT 3.3.13`, `ESP32 v1 5.2.6`, `IDF 4.7`,
    /// `NONOS 5.2.13`, `WizFi360 3.2.3.15`).
    ///
    /// Takes as long as the linger time that was set for it. Data that waits in passive receive mode is lost.
    execute CloseConnection -> (), within 15 s;
    on EspAt "AT+CIPCLOSE" "3.3.13";
    on Esp32V1 "AT+CIPCLOSE" "5.2.6";
    on Esp8266Idf "AT+CIPCLOSE" "4.7";
    on Esp8266Nonos "AT+CIPCLOSE" "5.2.13";
    on WizFi360 "AT+CIPCLOSE" "3.2.3.15";

    /// Closes one of several connections, or all (`ESP-AT 3.3.13`, `ESP32 v1 5.2.6`, `IDF 4.7`, `NONOS 5.2.13`,
    /// `WizFi360 3.2.3.15`).
    ///
    /// Takes as long as the linger time that was set for it. Data that waits in passive receive mode is lost.
    set CloseLink {
        /// 0 to 4; 5 for all, which NONOS and WizFi360 do not take while a server runs.
        pub link: u8 [0..=5],
    } -> (), within 15 s;
    on EspAt "AT+CIPCLOSE" "3.3.13";
    on Esp32V1 "AT+CIPCLOSE" "5.2.6";
    on Esp8266Idf "AT+CIPCLOSE" "4.7";
    on Esp8266Nonos "AT+CIPCLOSE" "5.2.13";
    on WizFi360 "AT+CIPCLOSE" "3.2.3.15";

    /// Sets whether an open TCP connection will be closed by a reset (`NONOS 5.2.12`). Holds for this connection
    /// only, and not for TLS.
    set SetCloseMode {
        /// The link, 0 to 4.
        pub link: Link [0..=4],
        /// `true` for a reset, `false` for the orderly end.
        pub abort: bool,
    } -> (), within 5 s;
    on Esp8266Nonos "AT+CIPCLOSEMODE" "5.2.12";
}

/// The link that the module chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct OpenedLink {
    /// Its number, where the module named it before `OK`: the line is an unsolicited one, and may come later.
    pub link: Option<u8>,
}

impl Answer for OpenedLink {
    type Partial = Option<u8>;

    fn line(partial: &mut Option<u8>, line: &[u8]) {
        let number = |field: &[u8]| parse_unsigned(field.trim_ascii()).and_then(|number| u8::try_from(number).ok());
        // AT+SYSMSG chooses between `<link>,CONNECT` and `+LINK_CONN:<status>,<link>,...`.
        let link = if let Some(value) = after_name(line, b"+LINK_CONN") {
            let mut fields = Fields::new(value);
            let success = fields.next().is_some_and(|status| status.bytes == b"0");
            fields.next().filter(|_| success).and_then(|link| number(link.bytes))
        } else {
            let comma = line.iter().position(|&byte| byte == b',');
            comma.filter(|&at| line[at + 1..].trim_ascii() == b"CONNECT").and_then(|at| number(&line[..at]))
        };
        *partial = partial.or(link);
    }

    fn finish(link: Option<u8>) -> Result<Self, FieldError> {
        Ok(Self { link })
    }
}
