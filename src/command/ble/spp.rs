//! A stream of bytes over two characteristics, in place of a serial cable.

use crate::at::Encoder;
use crate::command::Parameter;
use crate::command::declare::{commands, records};

/// A characteristic: the number of its service, and its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CharacteristicIndex {
    /// The service's number, from 1.
    pub service: u8,
    /// The characteristic's number, from 1.
    pub characteristic: u8,
}

impl Parameter for CharacteristicIndex {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.number(self.service.into()).number(self.characteristic.into());
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        self.service.is_within(low, high) && self.characteristic.is_within(low, high)
    }

    fn sample(low: i64) -> Self {
        Self { service: u8::sample(low), characteristic: u8::sample(low) }
    }
}

records! {
    /// Where the stream of bytes goes.
    "+BLESPPCFG" StreamConfiguration {
        /// The service of the characteristic that data is sent through.
        pub transmit_service: u8,
        /// The characteristic that data is sent through.
        pub transmit_characteristic: u8,
        /// The service of the characteristic that data comes from.
        pub receive_service: u8,
        /// The characteristic that data comes from.
        pub receive_characteristic: u8,
        /// Whether a lost connection is made anew.
        pub reconnect: Option<bool>,
    }
}

commands! {
    /// Asks where the stream of bytes goes (`ESP-AT 3.4.31`).
    query QueryStream -> StreamConfiguration, within 5 s;
    on EspAt "AT+BLESPPCFG" "3.4.31";

    /// Sets where the stream of bytes goes (`ESP-AT 3.4.31`).
    ///
    /// A client sends through a characteristic that it can write, and receives from one that notifies or indicates; a
    /// server the other way round.
    set SetStream with 1 {
        /// Where data is sent to.
        pub transmit: CharacteristicIndex [1..=255],
        /// Where data comes from.
        pub receive: CharacteristicIndex [1..=255],
        /// Whether a lost connection is made anew, of which the host does not learn. Left out: it is.
        pub reconnect: Option<bool>,
    } -> (), within 5 s;
    on EspAt "AT+BLESPPCFG" "3.4.31";

    /// Forgets where the stream of bytes goes (`ESP-AT 3.4.31`).
    set ResetStream with 0 -> (), within 5 s;
    on EspAt "AT+BLESPPCFG" "3.4.31";

    /// Starts the stream of bytes (`ESP-AT 3.4.32`). Needs a connection, [`SetStream`], and a peer that has asked for
    /// notifications.
    ///
    /// From the prompt on all bytes are data, until `+++` comes alone. Then no command is taken for a second.
    execute StartStream ends Prompt -> (), within 5 s;
    on EspAt "AT+BLESPP" "3.4.32";
}
