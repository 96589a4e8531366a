//! What modules say without being asked.
//!
//! [`Urc::parse`] reads whole lines, of every firmware family. Messages that carry a counted number of raw bytes are
//! no lines: [`counted`] reads their heads. [`OwnedUrc`] and [`EspDigester`] bring the lines to `atat`'s clients.
//!
//! Reading is lenient: case, `:` or `=`, blanks, and quotes do not matter, and fields that newer firmware adds are
//! ignored.

mod bluetooth;
pub mod counted;
mod digester;
mod link;
mod owned;
mod services;
mod system;
mod wifi;

use crate::at::{FieldError, Fields, after_name};

pub use bluetooth::{BleAddressKind, BleUrc, BluetoothUrc};
pub use digester::EspDigester;
pub use link::{LinkDetails, LinkProtocol, LinkUrc};
pub use owned::OwnedUrc;
pub use services::{MqttBroker, MqttUrc, WebSocketUrc};
pub use system::{BootUrc, Busy, SystemUrc, UpdateStep, WebServerStep};
pub use wifi::{EthernetUrc, Hidden, SoftApUrc, StationUrc};

/// A message that is a whole line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Urc<'a> {
    /// About the module itself.
    System(SystemUrc),
    /// A line of the log that is printed while the module starts.
    Boot(BootUrc<'a>),
    /// About the station, and how it is given its access point.
    Station(StationUrc<'a>),
    /// About stations of the module's own access point.
    SoftAp(SoftApUrc),
    /// About Ethernet.
    Ethernet(EthernetUrc),
    /// About connections.
    Link(LinkUrc),
    /// About MQTT.
    Mqtt(MqttUrc<'a>),
    /// About WebSocket connections.
    WebSocket(WebSocketUrc),
    /// About Bluetooth LE.
    Ble(BleUrc<'a>),
    /// About classic Bluetooth.
    Bluetooth(BluetoothUrc),
}

impl<'a> Urc<'a> {
    /// Reads a line, with or without its line end. `None` if it is no message that is known, or if it is malformed.
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let line = line.trim_ascii();
        match line.first()? {
            b'+' => LinkUrc::named(line)
                .map(Self::Link)
                .or_else(|| SystemUrc::named(line).map(Self::System))
                .or_else(|| SoftApUrc::named(line).map(Self::SoftAp))
                .or_else(|| EthernetUrc::named(line).map(Self::Ethernet))
                .or_else(|| MqttUrc::named(line).map(Self::Mqtt))
                .or_else(|| WebSocketUrc::named(line).map(Self::WebSocket))
                .or_else(|| BleUrc::named(line).map(Self::Ble))
                .or_else(|| BluetoothUrc::named(line).map(Self::Bluetooth)),
            b'0'..=b'9' => LinkUrc::numbered(line).map(Self::Link),
            _ => StationUrc::words(line)
                .map(Self::Station)
                .or_else(|| SystemUrc::words(line).map(Self::System))
                .or_else(|| LinkUrc::words(line).map(Self::Link))
                .or_else(|| MqttUrc::words(line).map(Self::Mqtt))
                .or_else(|| BootUrc::words(line).map(Self::Boot)),
        }
    }

    /// Whether commands have lines with the same text in their answers, so that only the context tells which it is.
    #[must_use]
    pub const fn may_be_answer(&self) -> bool {
        matches!(
            self,
            Self::Boot(_)
                | Self::Mqtt(MqttUrc::AlreadySubscribed | MqttUrc::NotSubscribed)
                | Self::System(SystemUrc::Received { .. })
        )
    }
}

/// Reads the fields of a line with this name.
fn read<'a, T>(line: &'a [u8], name: &str, take: impl FnOnce(&mut Fields<'a>) -> Result<T, FieldError>) -> Option<T> {
    take(&mut Fields::new(after_name(line, name.as_bytes())?)).ok()
}

/// What stands after `start` in a line of words, if it starts so.
fn after<'a>(line: &'a [u8], start: &str) -> Option<&'a [u8]> {
    crate::at::starts_with_ignore_case(line, start.as_bytes()).then(|| line[start.len()..].trim_ascii())
}

/// Whether a line is this text, without regard to case.
fn is(line: &[u8], text: &str) -> bool {
    line.eq_ignore_ascii_case(text.as_bytes())
}
