//! Bluetooth LE commands (`ESP-AT 3.4`).
//!
//! All but [`SetRole`], the BluFi commands and [`SetHid`] need the stack to be started in a role first. Three
//! connections can exist at a time, numbered 0 to 2. Services, characteristics and descriptors are numbered from 1.
//!
//! Part of the standard firmware for chips that have Bluetooth LE; it can be compiled out.

pub mod advertising;
pub mod base;
pub mod blufi;
pub mod connection;
pub mod gatt_client;
pub mod gatt_server;
pub mod hid;
pub mod scan;
pub mod security;
pub mod spp;

use core::fmt;

use heapless::{String, Vec};

use super::declare::codes;
use super::{CommandError, Failure, Parameter, Record, Value};
use crate::at::{EncodeError, Encoder, Field, FieldError};

pub use advertising::{
    AdvertisingChannels, AdvertisingFields, AdvertisingParameters, AdvertisingPeer, AdvertisingPolicy, AdvertisingType,
    QueryAdvertisingFields, QueryAdvertisingParameters, SetAdvertisingData, SetAdvertisingFields,
    SetAdvertisingParameters, SetScanResponse, StartAdvertising, StopAdvertising,
};
pub use base::{
    CurrentRole, DeviceName, OwnAddress, PublicAddress, QueryDeviceName, QueryPublicAddress, QueryRole, Role,
    SetDeviceName, SetOwnAddress, SetRole,
};
pub use blufi::{
    BlufiName, BlufiState, LeastSecurity, QueryBlufi, QueryBlufiName, SendBlufi, SetBlufiName, StartBlufi, StopBlufi,
};
pub(super) use connection::connection_line;
pub use connection::{
    Connect, ConnectOptions, Connection, ConnectionMtu, ConnectionParameters, Disconnect, QueryConnectionParameters,
    QueryConnections, QueryMtu, SetMtu, SetPacketLength, UpdateConnection,
};
pub use gatt_client::{
    AttributeValue, DiscoverCharacteristics, DiscoverIncludedServices, DiscoverServices, IncludedService,
    PeerAttribute, PeerService, ReadAttribute, WriteAttribute,
};
pub use gatt_server::{
    CreateServices, LocalAttribute, LocalService, Properties, QueryCharacteristics, QueryServices, SendIndication,
    SendNotification, SetAttribute, StartService, StartServices, StopService, StopServices,
};
pub use hid::{HidState, Modifiers, MouseButtons, PressedKeys, QueryHid, SendConsumerKey, SendKeys, SendMouse, SetHid};
pub use scan::{
    QueryScanParameters, ScanFilter, ScanParameters, ScanPolicy, ScanReport, ScanTiming, ScanType, SetScanParameters,
    StartScan, StopScan,
};
pub use security::{
    AnswerPairing, Authentication, BondedDevice, ConfirmComparison, Encrypt, EnterPasskey, IoCapability, Keys,
    MaybePasskey, Passkey, QueryBonds, QuerySecurity, QueryStaticPasskey, RemoveBond, RemoveBonds, SecurityAction,
    SecurityParameters, SetSecurity, SetStaticPasskey, StaticPasskey,
};
pub use spp::{CharacteristicIndex, QueryStream, ResetStream, SetStream, StartStream, StreamConfiguration};

codes! {
    /// The kind of a Bluetooth LE address.
    AddressType {
        /// Given to the device for good.
        Public = 0,
        /// Made up by the device.
        Random = 1,
        /// A resolvable private address that changes, or the public one where there is no key for it.
        ResolvableOrPublic = 2,
        /// A resolvable private address that changes, or the random one where there is no key for it.
        ResolvableOrRandom = 3,
    }
}

/// Identifies a service, a characteristic or a descriptor.
///
/// In commands its digits stand in double quotes without `0x`; in answers they come with `0x` and without quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Uuid {
    /// Of 16 bits, as in the list of assigned numbers.
    Uuid16(u16),
    /// Of 32 bits.
    Uuid32(u32),
    /// Of 128 bits, in the order in which it is written.
    Uuid128([u8; 16]),
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid16(uuid) => write!(f, "0x{uuid:04x}"),
            Self::Uuid32(uuid) => write!(f, "0x{uuid:08x}"),
            Self::Uuid128(bytes) => {
                for (at, byte) in bytes.iter().enumerate() {
                    let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
                    write!(f, "{dash}{byte:02x}")?;
                }
                Ok(())
            }
        }
    }
}

impl Parameter for Uuid {
    fn encode(&self, line: &mut Encoder<'_>) {
        match self {
            Self::Uuid16(uuid) => line.hex(&uuid.to_be_bytes()),
            Self::Uuid32(uuid) => line.hex(&uuid.to_be_bytes()),
            Self::Uuid128(uuid) => line.hex(uuid),
        };
    }

    fn sample(_: i64) -> Self {
        Self::Uuid16(0xa002)
    }
}

impl Value for Uuid {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        match without_prefix(field.bytes).len() {
            ..=4 => Ok(Self::Uuid16(hex_number(field)? as u16)),
            5..=8 => hex_number(field).map(Self::Uuid32),
            _ => {
                let bytes = hex_bytes::<16>(field.bytes)?;
                bytes.into_array().map(Self::Uuid128).map_err(|_| FieldError::Malformed)
            }
        }
    }
}

/// Bytes that came as hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HexBytes<const N: usize>(pub Vec<u8, N>);

impl<const N: usize> Value for HexBytes<N> {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        hex_bytes(field.bytes).map(Self)
    }
}

/// A parameter of which the manual shows a comma with nothing behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum OrEmpty<P> {
    /// The parameter.
    Is(P),
    /// Nothing, but with its comma.
    Empty,
}

impl<P: Parameter> Parameter for OrEmpty<P> {
    fn encode(&self, line: &mut Encoder<'_>) {
        match self {
            Self::Is(value) => value.encode(line),
            Self::Empty => {
                line.bare("");
            }
        }
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        match self {
            Self::Is(value) => value.is_within(low, high),
            Self::Empty => true,
        }
    }

    fn sample(low: i64) -> Self {
        Self::Is(P::sample(low))
    }
}

/// Why a connection was not made, changed or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConnectionError {
    /// The module says that it tried in vain (`-1` in place of the peer's address).
    Failed,
    /// The command itself failed.
    Command(CommandError),
}

impl fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed => f.write_str("the module could not reach the peer"),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ConnectionError {}

impl From<CommandError> for ConnectionError {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

/// A line of the right name that holds `-1` where a record has its values is the report of a failure.
impl<R: Record> Failure<Option<Result<R, FieldError>>> for ConnectionError {
    fn from_answer(line: &Option<Result<R, FieldError>>, error: CommandError) -> Self {
        match (error, line) {
            (CommandError::Refused(_), Some(Err(_))) => Self::Failed,
            (error, _) => Self::Command(error),
        }
    }

    fn despite_ok(line: &Option<Result<R, FieldError>>) -> Option<Self> {
        matches!(line, Some(Err(_))).then_some(Self::Failed)
    }
}

/// Two ends of a range, which the wire has in this order: lower and upper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Interval {
    /// Lower end.
    pub min: u16,
    /// Upper end, not below the lower one.
    pub max: u16,
}

impl Parameter for Interval {
    fn encode(&self, line: &mut Encoder<'_>) {
        if self.min > self.max {
            line.fail(EncodeError::OutOfRange);
        }
        line.number(self.min.into()).number(self.max.into());
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        self.min.is_within(low, high) && self.max.is_within(low, high)
    }

    fn sample(low: i64) -> Self {
        Self { min: u16::sample(low), max: u16::sample(low) }
    }
}

fn without_prefix(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X")).unwrap_or(text)
}

/// Bytes of hexadecimal digits, with `0x` before them or not, and with dashes as in a UUID or without.
fn hex_bytes<const N: usize>(text: &[u8]) -> Result<Vec<u8, N>, FieldError> {
    let mut bytes = Vec::new();
    let mut high = None;
    for &digit in without_prefix(text).iter().filter(|&&byte| byte != b'-') {
        let digit = char::from(digit).to_digit(16).ok_or(FieldError::Malformed)? as u8;
        match high.take() {
            None => high = Some(digit),
            Some(high) => bytes.push(high << 4 | digit).map_err(|_| FieldError::TooLong)?,
        }
    }
    if high.is_some() { Err(FieldError::Malformed) } else { Ok(bytes) }
}

/// A number in at most eight hexadecimal digits, with `0x` before them or not.
pub(super) fn hex_number(field: Field<'_>) -> Result<u32, FieldError> {
    let digits = without_prefix(field.bytes);
    if !(1..=8).contains(&digits.len()) {
        return Err(FieldError::Malformed);
    }
    digits.iter().try_fold(0, |number, &digit| {
        let digit = char::from(digit).to_digit(16).ok_or(FieldError::Malformed)?;
        Ok(number << 4 | digit)
    })
}

/// Text that makes up the whole of a line's value. It may hold commas and quotes without escapes: only the quotes
/// around it are taken off.
pub(super) fn whole_text<const N: usize>(value: &[u8]) -> Result<String<N>, FieldError> {
    match value {
        [b'"', bytes @ .., b'"'] => Field { bytes, quoted: true }.text(),
        bytes => Field { bytes, quoted: false }.text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uuid(text: &str) -> Result<Uuid, FieldError> {
        Uuid::parse(Field { bytes: text.as_bytes(), quoted: false })
    }

    #[test]
    fn uuids_have_three_lengths() {
        assert_eq!(uuid("0xA002"), Ok(Uuid::Uuid16(0xa002)));
        assert_eq!(uuid("a002"), Ok(Uuid::Uuid16(0xa002)));
        assert_eq!(uuid("0x12345678"), Ok(Uuid::Uuid32(0x1234_5678)));
        let long = uuid("0x6E400001B5A3F393E0A9E50E24DCCA9E").unwrap();
        assert_eq!(std::format!("{long}"), "6e400001-b5a3-f393-e0a9-e50e24dcca9e");
        assert_eq!(uuid("6e400001-b5a3-f393-e0a9-e50e24dcca9e"), Ok(long));
        assert_eq!(uuid("6e400001-b5a3-f393-e0a9-e50e24dcca9e00"), Err(FieldError::TooLong));
        for text in ["", "0x", "0xg", "123456789", "6e400001-b5a3-f393-e0a9-e50e24dcca9"] {
            assert_eq!(uuid(text), Err(FieldError::Malformed), "{text}");
        }
    }

    #[test]
    fn uuids_are_quoted_digits() {
        let mut buffer = [0; 256];
        let mut line = Encoder::new(&mut buffer);
        Uuid::Uuid16(0x0a02).encode(&mut line);
        Uuid::Uuid32(1).encode(&mut line);
        Uuid::Uuid128([0xab; 16]).encode(&mut line);
        let length = line.finish().unwrap();
        let expected = b"=\"0A02\",\"00000001\",\"ABABABABABABABABABABABABABABABAB\"\r\n";
        assert_eq!(&buffer[..length], expected);
    }

    #[test]
    fn whole_lines_are_text() {
        let text = |value: &[u8]| whole_text::<16>(value).unwrap();
        assert_eq!(text(b"a,b"), "a,b");
        assert_eq!(text(b"\"a\",b\""), "a\",b");
        assert_eq!(text(b"\"a\\,b\""), "a,b");
        assert_eq!(text(b"\""), "\"");
        assert_eq!(text(b"\"\""), "");
    }
}
