//! The services of a peer.

use heapless::Vec;

use super::gatt_server::{AttributeKind, attribute_kind, properties};
use super::{OrEmpty, Properties, Uuid};
use crate::at::{FieldError, Fields, parse_unsigned, starts_with_ignore_case};
use crate::command::answer::value_of;
use crate::command::declare::{commands, records};
use crate::command::{List, Record, Value};

records! {
    /// A service of a peer.
    "+BLEGATTCPRIMSRV" PeerService {
        /// The number of the connection.
        pub connection: u8,
        /// The service's number. ESP-AT servers have two of their own before the first in their table.
        pub service: u8,
        /// Which one it is.
        pub uuid: Uuid,
        /// Whether it is a primary service.
        pub primary: bool,
    }

    /// A service that a service of a peer includes.
    "+BLEGATTCINCLSRV" IncludedService {
        /// The number of the connection.
        pub connection: u8,
        /// The number of the service that includes the other one.
        pub service: u8,
        /// Which one it is.
        pub uuid: Uuid,
        /// Whether it is a primary service.
        pub primary: bool,
        /// Which one is included.
        pub included_uuid: Uuid,
        /// Whether that is a primary service.
        pub included_primary: bool,
    }
}

/// A characteristic of a peer's service, or a descriptor of the characteristic before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PeerAttribute {
    /// A characteristic.
    Characteristic {
        /// The number of the connection.
        connection: u8,
        /// The service's number.
        service: u8,
        /// The characteristic's number in the service.
        characteristic: u8,
        /// Which one it is.
        uuid: Uuid,
        /// What can be done with it.
        properties: Properties,
    },
    /// A descriptor.
    Descriptor {
        /// The number of the connection.
        connection: u8,
        /// The service's number.
        service: u8,
        /// The characteristic's number in the service.
        characteristic: u8,
        /// The descriptor's number in the characteristic.
        descriptor: u8,
        /// Which one it is.
        uuid: Option<Uuid>,
    },
}

impl Record for PeerAttribute {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let mut fields = Fields::new(value_of(line, "+BLEGATTCCHAR")?);
        Some(attribute_kind(&mut fields).and_then(|kind| {
            let fields = &mut fields;
            Ok(match kind {
                AttributeKind::Characteristic => Self::Characteristic {
                    connection: Value::take(fields)?,
                    service: Value::take(fields)?,
                    characteristic: Value::take(fields)?,
                    uuid: Value::take(fields)?,
                    properties: properties(fields.field()?)?,
                },
                AttributeKind::Descriptor => Self::Descriptor {
                    connection: Value::take(fields)?,
                    service: Value::take(fields)?,
                    characteristic: Value::take(fields)?,
                    descriptor: Value::take(fields)?,
                    uuid: Value::take(fields)?,
                },
            })
        }))
    }
}

/// The value of a peer's characteristic or descriptor.
///
/// The module prints the bytes as they are, and the driver reads them as the rest of a line. So a value that holds CR
/// or LF, or ends in a blank, a tab or NUL, does not arrive whole; it is then refused as malformed, never cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeValue {
    /// The number of the connection.
    pub connection: u8,
    /// The bytes. More do not fit into a line of the driver.
    pub value: Vec<u8, 240>,
}

impl Record for AttributeValue {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        // Blanks, quotes and commas may be part of the value: it is counted, and only that.
        const NAME: &[u8] = b"+BLEGATTCRD:";
        if !starts_with_ignore_case(line, NAME) {
            return None;
        }
        let mut parts = line[NAME.len()..].splitn(3, |&byte| byte == b',');
        let mut part = || parts.next().ok_or(FieldError::Missing);
        let mut read = || {
            let connection = parse_unsigned(part()?.trim_ascii()).ok_or(FieldError::Malformed)?;
            let length = parse_unsigned(part()?.trim_ascii()).ok_or(FieldError::Malformed)?;
            let value = part()?.get(..length as usize).ok_or(FieldError::Malformed)?;
            Ok(Self {
                connection: connection.try_into().map_err(|_| FieldError::Malformed)?,
                value: Vec::from_slice(value).map_err(|_| FieldError::TooLong)?,
            })
        };
        Some(read())
    }
}

commands! {
    /// Asks a peer for its services (`ESP-AT 3.4.26`).
    set DiscoverServices {
        /// The number of the connection.
        pub connection: u8 [0..=2],
    } -> List<PeerService, 16>, within 30 s;
    on EspAt "AT+BLEGATTCPRIMSRV" "3.4.26";

    /// Asks which services a peer's service includes (`ESP-AT 3.4.27`). After [`DiscoverServices`].
    set DiscoverIncludedServices {
        /// The number of the connection.
        pub connection: u8 [0..=2],
        /// The service's number.
        pub service: u8 [1..=255],
    } -> List<IncludedService, 8>, within 30 s;
    on EspAt "AT+BLEGATTCINCLSRV" "3.4.27";

    /// Asks for the characteristics of a peer's service, with their descriptors (`ESP-AT 3.4.28`). After
    /// [`DiscoverServices`].
    set DiscoverCharacteristics {
        /// The number of the connection.
        pub connection: u8 [0..=2],
        /// The service's number.
        pub service: u8 [1..=255],
    } -> List<PeerAttribute, 24>, within 30 s;
    on EspAt "AT+BLEGATTCCHAR" "3.4.28";

    /// Reads a peer's characteristic or descriptor (`ESP-AT 3.4.29`). After [`DiscoverCharacteristics`].
    set ReadAttribute {
        /// The number of the connection.
        pub connection: u8 [0..=2],
        /// The service's number.
        pub service: u8 [1..=255],
        /// The characteristic's number.
        pub characteristic: u8 [1..=255],
        /// The descriptor's number; `None` or [`OrEmpty::Empty`] for the characteristic itself.
        pub descriptor: Option<OrEmpty<u8>> [1..=255],
    } -> AttributeValue, within 30 s;
    on EspAt "AT+BLEGATTCRD" "3.4.29";

    /// Writes a peer's characteristic or descriptor (`ESP-AT 3.4.30`). After [`DiscoverCharacteristics`].
    ///
    /// Notifications and indications are switched on through the descriptor `0x2902`: its value is 1 for the former, 2
    /// for the latter, 3 for both.
    set WriteAttribute {
        /// The number of the connection.
        pub connection: u8 [0..=2],
        /// The service's number.
        pub service: u8 [1..=255],
        /// The characteristic's number.
        pub characteristic: u8 [1..=255],
        /// The descriptor's number; `None` for the characteristic itself.
        pub descriptor: Option<u8> [1..=255],
        /// Bytes of data. The peer has the limit.
        pub length: u16 [1..=65535],
    } data length -> (), within 35 s;
    on EspAt "AT+BLEGATTCWR" "3.4.30";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_counted() {
        let value = |line: &[u8]| AttributeValue::parse_line(line).map(|value| value.map(|value| value.value));
        let bytes = |bytes: &[u8]| Some(Ok(Vec::from_slice(bytes).unwrap()));
        assert_eq!(value(b"+BLEGATTCRD:0,4,0123"), bytes(b"0123"));
        assert_eq!(value(b"+BLEGATTCRD:0,5, \",, "), bytes(b" \",, "));
        assert_eq!(value(b"+BLEGATTCRD:0,2,\xff\0"), bytes(b"\xff\0"));
        assert_eq!(value(b"+BLEGATTCRD:0,0,"), bytes(b""));
        assert_eq!(value(b"+BLEGATTCRD:0,4,012"), Some(Err(FieldError::Malformed)));
        assert_eq!(value(b"+BLEGATTCRD:0"), Some(Err(FieldError::Missing)));
        assert_eq!(value(b"+BLEGATTC"), None);
    }
}
