//! The module's own IPv6 addresses.

use crate::script::Point;
use crate::simulator::Simulator;
use std::net::Ipv6Addr;

/// The link-local network.
const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0);

/// An address in a network, made of a MAC address (EUI-64).
fn address(network: Ipv6Addr, mac: [u8; 6]) -> Ipv6Addr {
    let mut octets = network.octets();
    octets[8..].copy_from_slice(&[mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]]);
    octets.into()
}

/// As lwIP prints it: shortened, in capitals.
fn text(address: Ipv6Addr) -> String {
    address.to_string().to_uppercase()
}

impl Simulator {
    /// The link-local address of an interface, if there is IPv6.
    pub(crate) fn link_local(&self, mac: [u8; 6]) -> Option<String> {
        self.settings.ipv6.then(|| text(address(LINK_LOCAL, mac)))
    }

    /// The same of the station, which has one while it has a network.
    pub(crate) fn station_link_local(&self) -> Option<String> {
        self.link_local(self.settings.station_mac).filter(|_| self.station.online())
    }

    /// The station's address in the network of its router, if that announces one.
    pub(crate) fn station_global(&self) -> Option<String> {
        let network = self.access_points.get(self.station.access_point()?)?.ipv6?;
        self.station_link_local().map(|_| text(address(network, self.settings.station_mac)))
    }

    /// Says which addresses the station has got.
    pub(crate) fn tell_ipv6(&mut self) {
        if self.station_link_local().is_some() {
            self.emit(&Point::WifiState, b"WIFI GOT IPv6 LL\r\n");
        }
        if self.station_global().is_some() {
            self.emit(&Point::WifiState, b"WIFI GOT IPv6 GL\r\n");
        }
    }
}
