//! Advertising.

use heapless::String;

use super::{AddressType, HexBytes, Interval, Uuid};
use crate::at::Encoder;
use crate::command::declare::{codes, commands, masks, records};
use crate::command::{Hex, Mac, Parameter};

codes! {
    /// What an advertisement is for.
    AdvertisingType {
        /// To be scanned and connected to by anybody.
        Connectable = 0,
        /// To be connected to by one peer, sent as often as possible.
        DirectedFast = 1,
        /// To be scanned, not to be connected to.
        Scannable = 2,
        /// Only to be heard.
        NotConnectable = 3,
        /// To be connected to by one peer.
        DirectedSlow = 4,
    }

    /// Whose requests are answered.
    AdvertisingPolicy {
        /// Anybody's.
        Anybody = 0,
        /// Scans of devices on the allow list, connections of anybody.
        ScansOfAllowList = 1,
        /// Scans of anybody, connections of devices on the allow list.
        ConnectionsOfAllowList = 2,
        /// Only those of devices on the allow list.
        AllowList = 3,
    }
}

masks! {
    /// The radio channels of advertisements. The manual has each alone, and all three.
    AdvertisingChannels: u8 {
        /// Channel 37.
        CHANNEL_37 = 0,
        /// Channel 38.
        CHANNEL_38 = 1,
        /// Channel 39.
        CHANNEL_39 = 2,
    }
}

/// For whom an advertisement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AdvertisingPeer {
    /// For the device with this address; [`AddressType::Public`] or [`AddressType::Random`].
    Device(AddressType, Mac),
    /// For all. Written as two empty parameters, as the manual's examples have them.
    Empty,
}

impl Parameter for AdvertisingPeer {
    fn encode(&self, line: &mut Encoder<'_>) {
        match self {
            Self::Device(kind, address) => {
                crate::command::parameter::put(kind, line, 0, 1);
                address.encode(line);
            }
            Self::Empty => {
                line.bare("").bare("");
            }
        }
    }

    fn sample(_: i64) -> Self {
        Self::Device(AddressType::Public, Mac::sample(0))
    }
}

records! {
    /// How advertisements are sent.
    "+BLEADVPARAM" AdvertisingParameters {
        /// Shortest time between two of them, in units of 0.625 ms.
        pub interval_min: u16,
        /// Longest time between two of them, in units of 0.625 ms.
        pub interval_max: u16,
        /// What they are for.
        pub kind: AdvertisingType,
        /// The module's own address in them.
        pub own_address: AddressType,
        /// The channels that they are sent on.
        pub channels: AdvertisingChannels,
        /// Whose requests are answered.
        pub policy: Option<AdvertisingPolicy>,
        /// The kind of the peer's address.
        pub peer_type: Option<AddressType>,
        /// The peer's address. All zero where none is set.
        pub peer: Option<Mac>,
    }

    /// Parts of an advertisement that the module puts together.
    "+BLEADVDATAEX" AdvertisingFields {
        /// The device's name.
        pub name: String<32>,
        /// The service that is offered.
        pub uuid: Option<Uuid>,
        /// The manufacturer's data.
        pub manufacturer_data: HexBytes<31>,
        /// Whether the transmit power is told.
        pub with_power: bool,
    }
}

commands! {
    /// Asks how advertisements are sent (`ESP-AT 3.4.8`).
    query QueryAdvertisingParameters -> AdvertisingParameters, within 5 s;
    on EspAt "AT+BLEADVPARAM" "3.4.8";

    /// Sets how advertisements are sent (`ESP-AT 3.4.8`).
    set SetAdvertisingParameters {
        /// Time between two of them, in units of 0.625 ms: 32 to 16384, which is 20 ms to 10.24 s.
        pub interval: Interval [0x20..=0x4000],
        /// What they are for.
        pub kind: AdvertisingType,
        /// The module's own address in them: [`AddressType::Public`] or [`AddressType::Random`].
        pub own_address: AddressType [0..=1],
        /// The channels that they are sent on.
        pub channels: AdvertisingChannels [1..=7],
        /// Whose requests are answered.
        pub policy: Option<AdvertisingPolicy>,
        /// For whom they are.
        pub peer: Option<AdvertisingPeer>,
    } -> (), within 5 s;
    on EspAt "AT+BLEADVPARAM" "3.4.8";

    /// Sets what is advertised, as bytes (`ESP-AT 3.4.9`). Takes the place of [`SetAdvertisingFields`].
    set SetAdvertisingData<'a> {
        /// At most 31 bytes: parts, each behind its length and its type. What does not fit may go into
        /// [`SetScanResponse`].
        pub data: Hex<'a> [0..=31],
    } -> (), within 5 s;
    on EspAt "AT+BLEADVDATA" "3.4.9";

    /// Sets what is answered to an active scan, as bytes (`ESP-AT 3.4.7`).
    set SetScanResponse<'a> {
        /// At most 31 bytes: parts, each behind its length and its type.
        pub data: Hex<'a> [0..=31],
    } -> (), within 5 s;
    on EspAt "AT+BLESCANRSPDATA" "3.4.7";

    /// Asks for the parts of the advertisement (`ESP-AT 3.4.10`).
    query QueryAdvertisingFields -> AdvertisingFields, within 5 s;
    on EspAt "AT+BLEADVDATAEX" "3.4.10";

    /// Sets what is advertised, by its parts, and starts advertising (`ESP-AT 3.4.10`).
    ///
    /// Takes the place of [`SetAdvertisingData`], and sets [`AdvertisingType::Connectable`]. All parts together must
    /// fit into 31 bytes, a few of which go to their lengths and types.
    set SetAdvertisingFields<'a> {
        /// The device's name.
        pub name: &'a str [0..=29],
        /// The service that is offered.
        pub uuid: Uuid,
        /// The manufacturer's data.
        pub manufacturer_data: Hex<'a> [0..=29],
        /// Whether the transmit power is told.
        pub with_power: bool,
    } -> (), within 5 s;
    on EspAt "AT+BLEADVDATAEX" "3.4.10";

    /// Starts advertising (`ESP-AT 3.4.11`). It ends by itself once a peer has connected.
    execute StartAdvertising -> (), within 5 s;
    on EspAt "AT+BLEADVSTART" "3.4.11";

    /// Ends advertising (`ESP-AT 3.4.12`).
    execute StopAdvertising -> (), within 5 s;
    on EspAt "AT+BLEADVSTOP" "3.4.12";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::EncodeError;
    use crate::command::Command;

    #[test]
    fn an_advertisement_holds_31_bytes() {
        let mut buffer = [0; 256];
        for (count, expected) in [(31, None), (32, Some(EncodeError::OutOfRange))] {
            let mut line = Encoder::new(&mut buffer);
            SetAdvertisingData { data: Hex(&[0; 40][..count]) }.encode("AT+BLEADVDATA", &mut line);
            assert_eq!(line.finish().err(), expected);
        }
    }
}
