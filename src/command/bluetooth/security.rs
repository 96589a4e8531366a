//! Pairing and bonds.

use heapless::String;

use crate::at::{Field, FieldError};
use crate::command::ble::Passkey;
use crate::command::declare::{codes, commands, records};
use crate::command::{List, Mac, Secret, Value};

codes! {
    /// What a user can see and do on the module.
    BluetoothIoCapability {
        /// There is a display.
        DisplayOnly = 0,
        /// There is a display, and yes and no.
        DisplayYesNo = 1,
        /// There is a keyboard.
        KeyboardOnly = 2,
        /// There is nothing.
        NoInputNoOutput = 3,
    }

    /// Which PIN is used for pairing as it was before Bluetooth 2.1.
    PinType {
        /// One that is entered for each pairing. The one that was set means nothing.
        Variable = 0,
        /// Always the same.
        Fixed = 1,
    }
}

/// A PIN of the module. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(pub String<16>);

impl core::fmt::Debug for Pin {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("***")
    }
}

impl Value for Pin {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        field.text().map(Self)
    }
}

records! {
    /// How pairing is done.
    "+BTSECPARAM" BluetoothSecurity {
        /// What a user can see and do on the module.
        pub io_capability: BluetoothIoCapability,
        /// Which PIN is used.
        pub pin_type: PinType,
        /// The PIN.
        pub pin: Option<Pin>,
    }

    /// A device that there is a bond with.
    "+BTENCDEV" BondedDevice {
        /// The number of the bond.
        pub bond: u8,
        /// The device's address.
        pub address: Mac,
    }
}

commands! {
    /// Asks how pairing is done (`ESP-AT 3.5.16`).
    query QuerySecurity -> BluetoothSecurity, within 5 s;
    on EspAt "AT+BTSECPARAM" "3.5.16";

    /// Sets how pairing is done (`ESP-AT 3.5.16`).
    set SetSecurity<'a> {
        /// What a user can see and do on the module.
        pub io_capability: BluetoothIoCapability,
        /// Which PIN is used.
        pub pin_type: PinType,
        /// The PIN, at most 16 bytes.
        pub pin: Secret<'a> [0..=16],
    } -> (), within 5 s;
    on EspAt "AT+BTSECPARAM" "3.5.16";

    /// Tells the passkey that the peer shows (`ESP-AT 3.5.17`).
    set EnterPasskey {
        /// The number of the connection: 0.
        pub connection: u8 [0..=0],
        /// The passkey, at most six digits.
        pub key: Passkey [0..=999_999],
    } -> (), within 10 s;
    on EspAt "AT+BTKEYREPLY" "3.5.17";

    /// Tells the PIN that the peer asks for (`ESP-AT 3.5.18`).
    set EnterPin<'a> {
        /// The number of the connection: 0.
        pub connection: u8 [0..=0],
        /// The PIN, at most 16 bytes.
        pub pin: Secret<'a> [1..=16],
    } -> (), within 10 s;
    on EspAt "AT+BTPINREPLY" "3.5.18";

    /// Says whether both sides show the same number (`ESP-AT 3.5.19`).
    set ConfirmComparison {
        /// The number of the connection: 0.
        pub connection: u8 [0..=0],
        /// Whether they do.
        pub equal: bool,
    } -> (), within 10 s;
    on EspAt "AT+BTSECCFM" "3.5.19";

    /// Asks for the devices that there is a bond with (`ESP-AT 3.5.20`).
    query QueryBonds -> List<BondedDevice, 16>, within 5 s;
    on EspAt "AT+BTENCDEV" "3.5.20";

    /// Forgets one bond (`ESP-AT 3.5.21`).
    set RemoveBond {
        /// The number of the bond, from [`QueryBonds`].
        pub bond: u8,
    } -> (), within 5 s;
    on EspAt "AT+BTENCCLEAR" "3.5.21";

    /// Forgets all bonds (`ESP-AT 3.5.21`).
    execute RemoveBonds -> (), within 5 s;
    on EspAt "AT+BTENCCLEAR" "3.5.21";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::{EncodeError, Encoder};
    use crate::command::Command;

    #[test]
    fn pins_are_bounded_and_not_shown() {
        for (pin, expected) in [
            ("0123456789abcdef", None),
            ("0123456789abcdefX", Some(EncodeError::OutOfRange)),
            ("", Some(EncodeError::OutOfRange)),
            ("1\n", Some(EncodeError::ForbiddenByte)),
        ] {
            let command = EnterPin { connection: 0, pin: Secret(pin) };
            let mut buffer = [0; 256];
            let mut line = Encoder::new(&mut buffer);
            command.encode("AT+BTPINREPLY", &mut line);
            assert_eq!(line.finish().err(), expected, "{pin}");
            assert!(pin.is_empty() || !std::format!("{command:?}").contains(pin));
        }
    }
}
