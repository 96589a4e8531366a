//! The Serial Port Profile.

use crate::at::{FieldError, Fields};
use crate::command::answer::value_of;
use crate::command::ble::{ConnectionError, connection_line};
use crate::command::declare::{codes, commands, records};
use crate::command::{Mac, Record};

codes! {
    /// What the module is to its peer.
    SppRole {
        /// The profile is not in use.
        Off = 0,
        /// Connects.
        Master = 1,
        /// Is connected to.
        Slave = 2,
    }

    /// What is asked of a connection.
    SppSecurity {
        /// Nothing.
        None = 0,
        /// Authorization. Only for connections that the module makes.
        Authorization = 1,
        /// Encryption.
        Encryption = 0x36,
        /// Protection against a third party in between.
        Protection = 0x3000,
        /// A PIN of 16 digits.
        Pin16 = 0x4000,
    }
}

records! {
    /// What the module is to its peer.
    "+BTSPPINIT" CurrentSppRole {
        /// The role. The manual has only [`SppRole::Off`] and [`SppRole::Master`] here, the latter for both others.
        pub role: SppRole,
    }
}

/// A connection, or that it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SppConnection {
    /// Its number, 0.
    pub connection: u8,
    /// The peer's address.
    pub peer: Mac,
}

impl Record for SppConnection {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        Some(connection_line(line, "+BTSPPCONN")?.map(|(connection, peer)| Self { connection, peer }))
    }
}

/// A connection that was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SppDisconnection {
    /// Its number, 0.
    pub connection: u8,
    /// The peer's address.
    pub peer: Mac,
}

impl Record for SppDisconnection {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        const NAME: &str = "+BTSPPDISCONN";
        // Other than with connections, a lone -1 is the report of a failure.
        let first = Fields::new(value_of(line, NAME)?).next()?;
        if first.bytes.starts_with(b"-") {
            return Some(Err(FieldError::Malformed));
        }
        Some(connection_line(line, NAME)?.map(|(connection, peer)| Self { connection, peer }))
    }
}

commands! {
    /// Asks what the module is to its peer (`ESP-AT 3.5.6`).
    query QuerySppRole -> CurrentSppRole, within 5 s;
    on EspAt "AT+BTSPPINIT" "3.5.6";

    /// Sets what the module is to its peer (`ESP-AT 3.5.6`).
    set SetSppRole {
        /// The role.
        pub role: SppRole,
    } -> (), within 10 s;
    on EspAt "AT+BTSPPINIT" "3.5.6";

    /// Asks for the connection (`ESP-AT 3.5.7`). `None` if there is none.
    query QuerySppConnection -> Option<SppConnection>, within 5 s;
    on EspAt "AT+BTSPPCONN" "3.5.7";

    /// Connects to a peer (`ESP-AT 3.5.7`).
    ///
    /// The response is `None` where `OK` comes first: then a line `+BTSPPCONN` tells later what has become of it.
    set ConnectSpp {
        /// The number that the connection shall have: 0.
        pub connection: u8 [0..=0],
        /// What is asked of it.
        pub security: SppSecurity,
        /// The peer's address.
        pub peer: Mac,
    } fails ConnectionError -> Option<SppConnection>, within 30 s;
    on EspAt "AT+BTSPPCONN" "3.5.7";

    /// Closes the connection (`ESP-AT 3.5.8`).
    ///
    /// The response is `None` where `OK` comes first: then a line `+BTSPPDISCONN` tells later what has become of it.
    set DisconnectSpp {
        /// The number of the connection: 0.
        pub connection: u8 [0..=0],
    } fails ConnectionError -> Option<SppDisconnection>, within 10 s;
    on EspAt "AT+BTSPPDISCONN" "3.5.8";

    /// Sends data (`ESP-AT 3.5.9`). What comes from the peer is told as `+BTDATA`.
    set SendSpp {
        /// The number of the connection: 0.
        pub connection: u8 [0..=0],
        /// Bytes of data.
        pub length: u16 [1..=65535],
    } data length -> (), within 15 s;
    on EspAt "AT+BTSPPSEND" "3.5.9";

    /// Starts passthrough (`ESP-AT 3.5.9`).
    ///
    /// From the prompt on all bytes are data, until `+++` comes alone. Then no command is taken for a second.
    execute StartSppPassthrough ends Prompt -> (), within 5 s;
    on EspAt "AT+BTSPPSEND" "3.5.9";

    /// Starts the profile in the role that was set (`ESP-AT 3.5.10`).
    execute StartSpp -> (), within 10 s;
    on EspAt "AT+BTSPPSTART" "3.5.10";
}
