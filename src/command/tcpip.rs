//! TCP/IP commands (`ESP-AT 3.3`).

use core::net::IpAddr;

use super::declare::{codes, commands, records};
use super::{Link, Parameter};
use crate::at::Encoder;

/// What a TCP connection runs over; the word follows from the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpRemote {
    /// The peer's address.
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

commands! {
    /// Opens a TCP connection to an address (`ESP-AT 3.3.6`).
    ///
    /// The limit is above what the module itself takes to give up: its late success would otherwise be nobody's.
    set ConnectTcp {
        /// The link to use, 0 to 4.
        pub link: Link [0..=4],
        /// Where to.
        pub remote: TcpRemote,
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// Seconds between keep-alive probes.
        pub keep_alive: Option<u16> [1..=7200],
    } -> (), within 60 s;
    on EspAt "AT+CIPSTART" "3.3.6";

    /// Resolves a host name (`ESP-AT 3.3.5`).
    set ResolveName<'a> {
        /// The name.
        pub name: &'a str [1..=255],
        /// The kind of address. Firmware before 2.3 does not know this parameter.
        pub kind: Option<AddressKind>,
    } -> ResolvedName, within 20 s;
    on EspAt "AT+CIPDOMAIN" "3.3.5";
}
