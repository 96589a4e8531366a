//! Pairing, encryption, bonds.

use crate::at::{Encoder, Field, FieldError};
use crate::command::declare::{codes, commands, masks, records};
use crate::command::{List, Mac, Parameter, Value};

codes! {
    /// What is asked of a pairing.
    Authentication {
        /// Nothing.
        None = 0,
        /// A bond: the keys are kept.
        Bond = 1,
        /// Protection against a third party in between.
        Protection = 4,
        /// LE Secure Connections only.
        SecureConnections = 8,
        /// LE Secure Connections, and a bond.
        SecureConnectionsBond = 9,
        /// LE Secure Connections, and protection against a third party in between.
        SecureConnectionsProtection = 12,
        /// All three.
        SecureConnectionsProtectionBond = 13,
    }

    /// What a user can see and do on the device that is to be paired.
    IoCapability {
        /// There is a display.
        DisplayOnly = 0,
        /// There is a display, and yes and no.
        DisplayYesNo = 1,
        /// There is a keyboard.
        KeyboardOnly = 2,
        /// There is nothing.
        NoInputNoOutput = 3,
        /// There is a keyboard and a display.
        KeyboardDisplay = 4,
    }

    /// What a peer is asked for.
    SecurityAction {
        /// Nothing.
        None = 0,
        /// Encryption.
        Encrypt = 1,
        /// Encryption without protection against a third party in between.
        EncryptUnprotected = 2,
        /// Encryption with protection against a third party in between.
        EncryptProtected = 3,
    }
}

masks! {
    /// Keys that are handed out in a pairing.
    Keys: u8 {
        /// That of encryption.
        ENCRYPTION = 0,
        /// That by which private addresses are resolved.
        IDENTITY = 1,
        /// That of signatures.
        SIGNATURE = 2,
        /// That of links of Classic Bluetooth, where there are both.
        LINK = 3,
    }
}

/// The number of at most six digits by which devices are paired. Its `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Passkey(pub u32);

impl core::fmt::Debug for Passkey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("***")
    }
}

impl Parameter for Passkey {
    fn encode(&self, line: &mut Encoder<'_>) {
        self.0.encode(line);
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        self.0.is_within(low, high)
    }

    fn sample(_: i64) -> Self {
        Self(123_456)
    }
}

/// A passkey, or `-1` where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaybePasskey(pub Option<Passkey>);

impl Value for MaybePasskey {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        match field.bytes {
            b"-1" => Ok(Self(None)),
            _ => field.unsigned().map(|key| Self(Some(Passkey(key)))),
        }
    }
}

records! {
    /// How connections are secured.
    "+BLESECPARAM" SecurityParameters {
        /// What is asked of a pairing.
        pub authentication: Authentication,
        /// What a user can see and do on the device.
        pub io_capability: IoCapability,
        /// Bytes of the keys.
        pub key_size: u8,
        /// Keys that the side which starts a pairing hands out.
        pub initiator_keys: Keys,
        /// Keys that the other side hands out.
        pub responder_keys: Keys,
        /// Whether a connection ends that cannot be secured as it should.
        pub strict: Option<bool>,
    }

    /// A device that there is a bond with.
    "+BLEENCDEV" BondedDevice {
        /// The number of the bond, 0 to 14. It is not that of a connection.
        pub bond: u8,
        /// The device's address.
        pub address: Mac,
    }

    /// The passkey for all connections.
    "+BLESETKEY" StaticPasskey {
        /// The passkey.
        pub key: MaybePasskey,
    }
}

commands! {
    /// Asks how connections are secured (`ESP-AT 3.4.33`).
    query QuerySecurity -> SecurityParameters, within 5 s;
    on EspAt "AT+BLESECPARAM" "3.4.33";

    /// Sets how connections are secured (`ESP-AT 3.4.33`).
    set SetSecurity {
        /// What is asked of a pairing.
        pub authentication: Authentication,
        /// What a user can see and do on the device.
        pub io_capability: IoCapability,
        /// Bytes of the keys: 7 to 16.
        pub key_size: u8 [7..=16],
        /// Keys that the side which starts a pairing hands out.
        pub initiator_keys: Keys [0..=15],
        /// Keys that the other side hands out.
        pub responder_keys: Keys [0..=15],
        /// Whether a connection ends that cannot be secured as it should, in place of being less secure.
        pub strict: Option<bool>,
    } -> (), within 5 s;
    on EspAt "AT+BLESECPARAM" "3.4.33";

    /// Asks a peer for encryption, and starts pairing where needed (`ESP-AT 3.4.34`). After [`SetSecurity`].
    ///
    /// All that comes of it, from the keys to show or to enter to the result (`+BLEAUTHCMPL`), are lines that come
    /// later.
    set Encrypt {
        /// The number of the connection.
        pub connection: u8 [0..=2],
        /// What it is asked for.
        pub action: SecurityAction,
    } -> (), within 10 s;
    on EspAt "AT+BLEENC" "3.4.34";

    /// Answers a peer that asks for pairing, `+BLESECREQ` (`ESP-AT 3.4.35`). The result comes later, as `+BLEAUTHCMPL`.
    set AnswerPairing {
        /// The number of the connection.
        pub connection: u8 [0..=2],
        /// Whether the module is willing.
        pub accept: bool,
    } -> (), within 10 s;
    on EspAt "AT+BLEENCRSP" "3.4.35";

    /// Tells the passkey that the peer shows, on `+BLESECKEYREQ` (`ESP-AT 3.4.36`).
    set EnterPasskey {
        /// The number of the connection.
        pub connection: u8 [0..=2],
        /// The passkey, at most six digits.
        pub key: Passkey [0..=999_999],
    } -> (), within 10 s;
    on EspAt "AT+BLEKEYREPLY" "3.4.36";

    /// Says whether both sides show the same number (`ESP-AT 3.4.37`).
    set ConfirmComparison {
        /// The number of the connection.
        pub connection: u8 [0..=2],
        /// Whether they do.
        pub equal: bool,
    } -> (), within 10 s;
    on EspAt "AT+BLECONFREPLY" "3.4.37";

    /// Asks for the devices that there is a bond with (`ESP-AT 3.4.38`). Once there are 15, new ones take the place of
    /// old ones.
    query QueryBonds -> List<BondedDevice, 15>, within 5 s;
    on EspAt "AT+BLEENCDEV" "3.4.38";

    /// Forgets one bond (`ESP-AT 3.4.39`).
    set RemoveBond {
        /// The number of the bond, 0 to 14, from [`QueryBonds`].
        pub bond: u8 [0..=14],
    } -> (), within 5 s;
    on EspAt "AT+BLEENCCLEAR" "3.4.39";

    /// Forgets all bonds (`ESP-AT 3.4.39`).
    execute RemoveBonds -> (), within 5 s;
    on EspAt "AT+BLEENCCLEAR" "3.4.39";

    /// Asks for the passkey of all connections (`ESP-AT 3.4.40`).
    query QueryStaticPasskey -> StaticPasskey, within 5 s;
    on EspAt "AT+BLESETKEY" "3.4.40";

    /// Sets one passkey for all connections (`ESP-AT 3.4.40`).
    set SetStaticPasskey {
        /// The passkey, at most six digits.
        pub key: Passkey [0..=999_999],
    } -> (), within 5 s;
    on EspAt "AT+BLESETKEY" "3.4.40";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::EncodeError;
    use crate::command::Command;

    #[test]
    fn a_passkey_has_six_digits_and_is_not_shown() {
        let mut buffer = [0; 256];
        let mut line = Encoder::new(&mut buffer);
        let command = SetStaticPasskey { key: Passkey(1_000_000) };
        command.encode("AT+BLESETKEY", &mut line);
        assert_eq!(line.finish(), Err(EncodeError::OutOfRange));
        assert!(!std::format!("{command:?}").contains('1'));
    }
}
