//! Connections.

use super::{AddressType, ConnectionError, Interval};
use crate::at::{Encoder, FieldError, Fields};
use crate::command::answer::value_of;
use crate::command::declare::{commands, records};
use crate::command::{List, Mac, Parameter, Record, Value};

/// A connection, or that it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Connection {
    /// Its number, 0 to 2.
    pub connection: u8,
    /// The peer's address.
    pub peer: Mac,
}

impl Record for Connection {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let (connection, peer) = match connection_line(line, "+BLECONN")? {
            Ok(values) => values,
            Err(error) => return Some(Err(error)),
        };
        Some(Ok(Self { connection, peer }))
    }
}

/// Reads the number of a connection and the address of its peer. `Err` where there is `-1` or the like in place of the
/// address: the connection was not made. `None` for another line, and where there is no connection to tell about.
pub(in crate::command) fn connection_line(line: &[u8], name: &str) -> Option<Result<(u8, Mac), FieldError>> {
    let mut fields = Fields::new(value_of(line, name)?);
    let (number, peer) = (fields.next()?, fields.next()?);
    if number.is_empty() && peer.is_empty() {
        return None;
    }
    Some(u8::parse(number).and_then(|number| Ok((number, Mac::parse(peer)?))))
}

/// How a connection is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ConnectOptions {
    /// The kind of the peer's address: [`AddressType::Public`] or [`AddressType::Random`].
    pub address_type: AddressType,
    /// How long to try, in seconds: 3 to 30.
    pub timeout_s: u8,
}

impl Parameter for ConnectOptions {
    fn encode(&self, line: &mut Encoder<'_>) {
        crate::command::parameter::put(&self.address_type, line, 0, 1);
        crate::command::parameter::put(&self.timeout_s, line, 3, 30);
    }

    fn sample(_: i64) -> Self {
        Self { address_type: AddressType::Public, timeout_s: 10 }
    }
}

records! {
    /// What has been agreed on for a connection. After a new connection the first two may be 0.
    "+BLECONNPARAM" ConnectionParameters {
        /// The number of the connection.
        pub connection: u8,
        /// Shortest time between two meetings that is allowed, in units of 1.25 ms.
        pub interval_min: u16,
        /// Longest time between two meetings that is allowed, in units of 1.25 ms.
        pub interval_max: u16,
        /// Time between two meetings, in units of 1.25 ms.
        pub interval: u16,
        /// How many meetings the peripheral may leave out.
        pub latency: u16,
        /// After how much silence the connection is lost, in units of 10 ms.
        pub supervision_timeout: u16,
    }

    /// How long the packets of a connection may be.
    "+BLECFGMTU" ConnectionMtu {
        /// The number of the connection.
        pub connection: u8,
        /// Longest packet of the attribute protocol, in bytes.
        pub mtu: u16,
    }
}

commands! {
    /// Asks for the connections (`ESP-AT 3.4.13`).
    query QueryConnections -> List<Connection, 3>, within 5 s;
    on EspAt "AT+BLECONN" "3.4.13";

    /// Connects to a peer (`ESP-AT 3.4.13`). It helps to have seen it in a scan before.
    ///
    /// The response is `None` where the module has not named the peer again.
    set Connect {
        /// The number that the connection shall have.
        pub connection: u8 [0..=2],
        /// The peer's address.
        pub peer: Mac,
        /// The kind of its address, and how long to try.
        pub options: Option<ConnectOptions>,
    } fails ConnectionError -> Option<Connection>, within 40 s;
    on EspAt "AT+BLECONN" "3.4.13";

    /// Asks what has been agreed on for the connections (`ESP-AT 3.4.14`).
    query QueryConnectionParameters -> List<ConnectionParameters, 3>, within 5 s;
    on EspAt "AT+BLECONNPARAM" "3.4.14";

    /// Asks the peer for other parameters of a connection (`ESP-AT 3.4.14`).
    ///
    /// `OK` means that the peer has been asked. What has come of it follows in a `+BLECONNPARAM` line, which is part
    /// of the response only if it is quick.
    set UpdateConnection {
        /// The number of the connection.
        pub connection: u8 [0..=2],
        /// Time between two meetings, in units of 1.25 ms: 6 to 3200, which is 7.5 ms to 4 s.
        pub interval: Interval [6..=3200],
        /// How many meetings the peripheral may leave out: 0 to 499.
        pub latency: u16 [0..=499],
        /// After how much silence the connection is lost, in units of 10 ms: 10 to 3200, which is 100 ms to 32 s.
        pub supervision_timeout: u16 [10..=3200],
    } fails ConnectionError -> Option<ConnectionParameters>, within 10 s;
    on EspAt "AT+BLECONNPARAM" "3.4.14";

    /// Ends a connection (`ESP-AT 3.4.15`). It has ended when `+BLEDISCONN` comes, after `OK`.
    set Disconnect {
        /// The number of the connection.
        pub connection: u8 [0..=2],
    } -> (), within 10 s;
    on EspAt "AT+BLEDISCONN" "3.4.15";

    /// Sets how long the packets of a connection are on the air (`ESP-AT 3.4.16`).
    set SetPacketLength {
        /// The number of the connection.
        pub connection: u8 [0..=2],
        /// 27 to 251 bytes.
        pub length: u16 [27..=251],
    } -> (), within 10 s;
    on EspAt "AT+BLEDATALEN" "3.4.16";

    /// Asks how long the packets of the attribute protocol may be (`ESP-AT 3.4.17`).
    query QueryMtu -> List<ConnectionMtu, 3>, within 5 s;
    on EspAt "AT+BLECFGMTU" "3.4.17";

    /// Asks the peer for longer packets of the attribute protocol (`ESP-AT 3.4.17`). For clients.
    ///
    /// `OK` means that the peer has been asked; [`QueryMtu`] tells what was agreed on.
    set SetMtu {
        /// The number of the connection.
        pub connection: u8 [0..=2],
        /// 23 to 517 bytes.
        pub mtu: u16 [23..=517],
    } -> (), within 10 s;
    on EspAt "AT+BLECFGMTU" "3.4.17";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::EncodeError;
    use crate::command::Command;

    #[test]
    fn parameters_are_bounded_and_ordered() {
        let good = UpdateConnection {
            connection: 0,
            interval: Interval { min: 6, max: 3200 },
            latency: 499,
            supervision_timeout: 3200,
        };
        let error = Some(EncodeError::OutOfRange);
        for (command, expected) in [
            (good, None),
            (UpdateConnection { connection: 3, ..good }, error),
            (UpdateConnection { interval: Interval { min: 5, max: 6 }, ..good }, error),
            (UpdateConnection { interval: Interval { min: 8, max: 7 }, ..good }, error),
            (UpdateConnection { latency: 500, ..good }, error),
            (UpdateConnection { supervision_timeout: 9, ..good }, error),
        ] {
            let mut buffer = [0; 256];
            let mut line = Encoder::new(&mut buffer);
            command.encode("AT+BLECONNPARAM", &mut line);
            assert_eq!(line.finish().err(), expected, "{command:?}");
        }
    }
}
