//! The Bluetooth LE stack itself: role, own address, name.

use heapless::String;

use super::whole_text;
use crate::at::{EncodeError, Encoder, FieldError};
use crate::command::answer::value_of;
use crate::command::declare::{codes, commands, records};
use crate::command::{Mac, Parameter, Record};

codes! {
    /// What the module is to its peers.
    Role {
        /// The stack does not run.
        Off = 0,
        /// Scans, connects, and uses what servers offer.
        Client = 1,
        /// Advertises, and offers services.
        Server = 2,
    }
}

/// Under which address the module is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum OwnAddress {
    /// The public one.
    Public,
    /// A private one, which the module makes up.
    RandomPrivate,
    /// A static one. Its two top bits must be set, and the others neither all set nor all clear.
    RandomStatic(Mac),
}

impl Parameter for OwnAddress {
    fn encode(&self, line: &mut Encoder<'_>) {
        match self {
            Self::Public => line.number(0),
            Self::RandomPrivate => line.number(1),
            Self::RandomStatic(Mac(mac)) => {
                let alike = |first, rest| mac[0] == first && mac[1..].iter().all(|&byte| byte == rest);
                if mac[0] < 0xc0 || alike(0xc0, 0) || alike(0xff, 0xff) {
                    line.fail(EncodeError::OutOfRange);
                }
                line.number(1).mac(*mac)
            }
        };
    }

    fn sample(_: i64) -> Self {
        Self::RandomPrivate
    }
}

records! {
    /// The role that the stack runs in.
    "+BLEINIT" CurrentRole {
        /// The role.
        pub role: Role,
    }

    /// The public address.
    "+BLEADDR" PublicAddress {
        /// The address.
        pub address: Mac,
    }
}

/// The device's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceName {
    /// The name. From the factory `ESP-AT`.
    pub name: String<32>,
}

impl Record for DeviceName {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        Some(whole_text(value_of(line, "+BLENAME")?).map(|name| Self { name }))
    }
}

commands! {
    /// Asks for the role that the stack runs in (`ESP-AT 3.4.2`).
    query QueryRole -> CurrentRole, within 5 s;
    on EspAt "AT+BLEINIT" "3.4.2";

    /// Starts the stack in a role, or shuts it down (`ESP-AT 3.4.2`).
    ///
    /// Comes before all other Bluetooth LE commands. For another role the module has to be restarted. Before shutting
    /// down, advertising, scans and connections should be ended. While the stack runs there is no passthrough mode
    /// for sockets; without a SoftAP it has more of the radio.
    set SetRole {
        /// The role.
        pub role: Role,
    } -> (), within 10 s;
    on EspAt "AT+BLEINIT" "3.4.2";

    /// Asks for the public address (`ESP-AT 3.4.3`).
    query QueryPublicAddress -> PublicAddress, within 5 s;
    on EspAt "AT+BLEADDR" "3.4.3";

    /// Sets under which address the module is seen (`ESP-AT 3.4.3`). Kept in flash.
    set SetOwnAddress {
        /// The kind of address, and the address where it is the host's choice.
        pub address: OwnAddress,
    } -> (), within 5 s;
    on EspAt "AT+BLEADDR" "3.4.3";

    /// Asks for the device's name (`ESP-AT 3.4.4`).
    query QueryDeviceName -> DeviceName, within 5 s;
    on EspAt "AT+BLENAME" "3.4.4";

    /// Sets the device's name (`ESP-AT 3.4.4`). Kept in flash unless that is switched off (`AT+SYSSTORE`).
    ///
    /// Advertisements do not hold the name of themselves: it has to stand in their data, too.
    set SetDeviceName<'a> {
        /// At most 32 bytes.
        pub name: &'a str [0..=32],
    } -> (), within 5 s;
    on EspAt "AT+BLENAME" "3.4.4";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;

    fn refused(command: &impl Command) -> Option<EncodeError> {
        let mut buffer = [0; 256];
        let mut line = Encoder::new(&mut buffer);
        command.encode("AT+X", &mut line);
        line.finish().err()
    }

    #[test]
    fn static_addresses_have_their_top_bits_set() {
        for mac in [[0xbf, 1, 2, 3, 4, 5], [0xc0, 0, 0, 0, 0, 0], [0xff; 6]] {
            let command = SetOwnAddress { address: OwnAddress::RandomStatic(Mac(mac)) };
            assert_eq!(refused(&command), Some(EncodeError::OutOfRange), "{mac:x?}");
        }
        let command = SetOwnAddress { address: OwnAddress::RandomStatic(Mac([0xc0, 0, 0, 0, 0, 1])) };
        assert_eq!(refused(&command), None);
    }

    #[test]
    fn names_are_bounded() {
        assert_eq!(
            refused(&SetDeviceName { name: "0123456789abcdef0123456789abcdefX" }),
            Some(EncodeError::OutOfRange)
        );
        assert_eq!(refused(&SetDeviceName { name: "a\r\nAT+RESTORE" }), Some(EncodeError::ForbiddenByte));
        assert_eq!(refused(&SetDeviceName { name: "0123456789abcdef0123456789abcdef" }), None);
    }
}
