//! Ethernet (`ESP-AT 3.10`). Not in firmware as it comes: it has to be compiled in.

use core::net::Ipv4Addr;

use super::declare::{commands, records};
use super::{Answer, Mac, Parameter};
use crate::at::{EncodeError, Encoder, FieldError, Fields, after_name};

/// Router and network mask of a static address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Router {
    /// The router's address.
    pub gateway: Ipv4Addr,
    /// The network's mask.
    pub netmask: Ipv4Addr,
}

impl Parameter for Router {
    fn encode(&self, line: &mut Encoder<'_>) {
        self.gateway.encode(line);
        self.netmask.encode(line);
    }

    fn sample(_: i64) -> Self {
        Self { gateway: Ipv4Addr::new(192, 168, 0, 1), netmask: Ipv4Addr::new(255, 255, 255, 0) }
    }
}

/// A MAC address that an interface can have: one that is that of a group, or all zeros, is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InterfaceMac(pub Mac);

impl Parameter for InterfaceMac {
    fn encode(&self, line: &mut Encoder<'_>) {
        let bytes = self.0.0;
        if bytes[0] & 1 != 0 || bytes == [0; 6] {
            line.fail(EncodeError::OutOfRange);
        }
        self.0.encode(line);
    }

    fn sample(_: i64) -> Self {
        Self(Mac([0x1a, 0xfe, 0x35, 0x98, 0xd4, 0x7b]))
    }
}

records! {
    /// The MAC address of the Ethernet interface.
    "+CIPETHMAC" EthernetMac {
        /// The address.
        pub mac: Mac,
    }
}

/// Addresses of the Ethernet interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EthernetConfig {
    /// Own address.
    pub address: Ipv4Addr,
    /// Router.
    pub gateway: Ipv4Addr,
    /// Network mask.
    pub netmask: Ipv4Addr,
}

/// The three addresses, as far as they have been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartialEthernetConfig {
    address: Option<Ipv4Addr>,
    gateway: Option<Ipv4Addr>,
    netmask: Option<Ipv4Addr>,
}

impl Answer for EthernetConfig {
    type Partial = PartialEthernetConfig;

    fn line(partial: &mut PartialEthernetConfig, line: &[u8]) {
        let Some(value) = after_name(line, b"+CIPETH") else { return };
        // Firmware of some versions has a comma after the key of such lines.
        let Some(end) = value.iter().position(|byte| matches!(byte, b':' | b',')) else { return };
        let place = match value[..end].trim_ascii() {
            b"ip" => &mut partial.address,
            b"gateway" => &mut partial.gateway,
            b"netmask" => &mut partial.netmask,
            _ => return,
        };
        *place = Fields::new(&value[end + 1..]).field().and_then(|field| field.ipv4()).ok();
    }

    fn finish(partial: PartialEthernetConfig) -> Result<Self, FieldError> {
        match (partial.address, partial.gateway, partial.netmask) {
            (Some(address), Some(gateway), Some(netmask)) => Ok(Self { address, gateway, netmask }),
            _ => Err(FieldError::Missing),
        }
    }
}

commands! {
    /// Asks for the MAC address of the Ethernet interface (`ESP-AT 3.10.3`).
    query QueryEthernetMac -> EthernetMac, within 5 s;
    on EspAt "AT+CIPETHMAC" "3.10.3";

    /// Sets the MAC address of the Ethernet interface (`ESP-AT 3.10.3`). Kept in flash if
    /// [`SetStoreMode`](super::basic::SetStoreMode) says so.
    set SetEthernetMac {
        /// The address, which must be none that another interface of the module has.
        pub mac: InterfaceMac,
    } -> (), within 5 s;
    on EspAt "AT+CIPETHMAC" "3.10.3";

    /// Asks for the addresses of the Ethernet interface (`ESP-AT 3.10.4`).
    query QueryEthernetAddress -> EthernetConfig, within 5 s;
    on EspAt "AT+CIPETH" "3.10.4";

    /// Gives the Ethernet interface a static address (`ESP-AT 3.10.4`). This ends DHCP, and DHCP ends this. Kept in flash
    /// if [`SetStoreMode`](super::basic::SetStoreMode) says so.
    set SetEthernetAddress {
        /// Own address.
        pub address: Ipv4Addr,
        /// Router and network mask.
        pub router: Option<Router>,
    } -> (), within 5 s;
    on EspAt "AT+CIPETH" "3.10.4";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;

    #[test]
    fn an_interface_cannot_have_any_mac_address() {
        for (first, rest, expected) in [(0x15, 0, false), (0, 0, false), (0xff, 0xff, false), (0x1a, 0, true)] {
            let mut buffer = [0; 64];
            let mut line = Encoder::new(&mut buffer);
            let mac = InterfaceMac(Mac([first, rest, rest, rest, rest, rest]));
            SetEthernetMac { mac }.encode("AT+CIPETHMAC", &mut line);
            assert_eq!(line.finish().is_ok(), expected, "{first:#x}");
        }
    }
}
