//! The Advanced Audio Distribution Profile.

use heapless::String;

use crate::at::FieldError;
use crate::command::answer::value_of;
use crate::command::ble::{ConnectionError, connection_line, whole_text};
use crate::command::declare::{codes, commands, records};
use crate::command::{Mac, Record};

codes! {
    /// What the module is to its peer.
    A2dpRole {
        /// The profile is not in use.
        Off = 0,
        /// Plays to the peer.
        Source = 1,
        /// Is played to. The firmware needs code of one's own for the codec.
        Sink = 2,
    }

    /// What a sink wants of its peer.
    SinkControl {
        /// To stop.
        Stop = 0,
        /// To play.
        Start = 1,
        /// To go to the next piece.
        Forward = 2,
        /// To go to the piece before.
        Backward = 3,
        /// To start to play faster.
        StartFastForward = 4,
        /// To end to play faster.
        StopFastForward = 5,
    }

    /// What a source does.
    SourceControl {
        /// Stops.
        Stop = 0,
        /// Plays.
        Start = 1,
        /// Pauses.
        Suspend = 2,
    }
}

records! {
    /// What the module is to its peer.
    "+BTA2DPINIT" CurrentA2dpRole {
        /// The role.
        pub role: A2dpRole,
    }
}

/// A connection, or that it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct A2dpConnection {
    /// Its number, 0.
    pub connection: u8,
    /// The peer's address.
    pub peer: Mac,
}

impl Record for A2dpConnection {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        Some(connection_line(line, "+BTA2DPCONN")?.map(|(connection, peer)| Self { connection, peer }))
    }
}

/// A connection that was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct A2dpDisconnection {
    /// Its number, 0.
    pub connection: u8,
    /// The peer's address.
    pub peer: Mac,
}

impl Record for A2dpDisconnection {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        Some(connection_line(line, "+BTA2DPDISCONN")?.map(|(connection, peer)| Self { connection, peer }))
    }
}

/// What is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct A2dpSource {
    /// Where it comes from.
    pub url: String<128>,
    /// Its kind, `mp3`.
    pub kind: String<8>,
}

impl Record for A2dpSource {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let value = value_of(line, "+BTA2DPSRC")?;
        // Whether there are quotes is not known, and a URL may hold commas: the kind is what follows the last one.
        let comma = value.iter().rposition(|&byte| byte == b',');
        let read = |comma: usize| {
            let (url, kind) = (&value[..comma], &value[comma + 1..]);
            Ok(Self { url: whole_text(url.trim_ascii())?, kind: whole_text(kind.trim_ascii())? })
        };
        Some(comma.ok_or(FieldError::Missing).and_then(read))
    }
}

commands! {
    /// Asks what the module is to its peer (`ESP-AT 3.5.11`).
    query QueryA2dpRole -> CurrentA2dpRole, within 5 s;
    on EspAt "AT+BTA2DPINIT" "3.5.11";

    /// Sets what the module is to its peer (`ESP-AT 3.5.11`).
    set SetA2dpRole {
        /// The role.
        pub role: A2dpRole,
    } -> (), within 10 s;
    on EspAt "AT+BTA2DPINIT" "3.5.11";

    /// Asks for the connection (`ESP-AT 3.5.12`). `None` if there is none.
    query QueryA2dpConnection -> Option<A2dpConnection>, within 5 s;
    on EspAt "AT+BTA2DPCONN" "3.5.12";

    /// Connects to a peer (`ESP-AT 3.5.12`).
    ///
    /// The response is `None` where `OK` comes first: then a line `+BTA2DPCONN` tells later what has become of it.
    set ConnectA2dp {
        /// The number that the connection shall have: 0.
        pub connection: u8 [0..=0],
        /// The peer's address.
        pub peer: Mac,
    } fails ConnectionError -> Option<A2dpConnection>, within 30 s;
    on EspAt "AT+BTA2DPCONN" "3.5.12";

    /// Closes the connection (`ESP-AT 3.5.13`).
    ///
    /// The response is `None` where `OK` comes first: then a line `+BTA2DPDISCONN` follows.
    set DisconnectA2dp {
        /// The number of the connection: 0.
        pub connection: u8 [0..=0],
    } fails ConnectionError -> Option<A2dpDisconnection>, within 10 s;
    on EspAt "AT+BTA2DPDISCONN" "3.5.13";

    /// Asks what is played (`ESP-AT 3.5.14`).
    query QueryA2dpSource -> Option<A2dpSource>, within 5 s;
    on EspAt "AT+BTA2DPSRC" "3.5.14";

    /// Sets what is played (`ESP-AT 3.5.14`).
    set SetA2dpSource<'a> {
        /// The number of the connection: 0.
        pub connection: u8 [0..=0],
        /// An MP3 file: `http://`, `https://`, or `flash://` for one in the module's flash.
        pub url: &'a str [1..=240],
    } -> (), within 10 s;
    on EspAt "AT+BTA2DPSRC" "3.5.14";

    /// Tells the peer what the module wants, as a sink (`ESP-AT 3.5.15`).
    set ControlSink {
        /// The number of the connection: 0.
        pub connection: u8 [0..=0],
        /// What it wants.
        pub control: SinkControl,
    } -> (), within 10 s;
    on EspAt "AT+BTA2DPCTRL" "3.5.15";

    /// Sets what the module does, as a source (`ESP-AT 3.5.15`).
    set ControlSource {
        /// The number of the connection: 0.
        pub connection: u8 [0..=0],
        /// What it does.
        pub control: SourceControl,
    } -> (), within 10 s;
    on EspAt "AT+BTA2DPCTRL" "3.5.15";
}
