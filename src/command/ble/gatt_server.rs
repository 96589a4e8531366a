//! The module's own services.

use super::{Uuid, hex_number};
use crate::at::{Field, FieldError, Fields};
use crate::command::answer::value_of;
use crate::command::declare::{commands, masks, records};
use crate::command::{List, Record, Value};

masks! {
    /// What can be done with a characteristic. As in the Bluetooth Core Specification.
    Properties: u8 {
        /// Its value may be part of advertisements.
        BROADCAST = 0,
        /// It can be read.
        READ = 1,
        /// It can be written without an acknowledgement.
        WRITE_WITHOUT_RESPONSE = 2,
        /// It can be written.
        WRITE = 3,
        /// Its changes can be told without an acknowledgement.
        NOTIFY = 4,
        /// Its changes can be told, and are acknowledged.
        INDICATE = 5,
        /// It can be written with a signature.
        SIGNED_WRITE = 6,
        /// There is a descriptor with more of these.
        EXTENDED = 7,
    }
}

records! {
    /// A service of the module.
    "+BLEGATTSSRV" LocalService {
        /// The service's number.
        pub service: u8,
        /// Whether it has been started.
        pub started: bool,
        /// Which one it is.
        pub uuid: Uuid,
        /// Whether it is a primary service.
        pub primary: bool,
    }
}

/// A characteristic of one of the module's services, or a descriptor of the characteristic before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LocalAttribute {
    /// A characteristic.
    Characteristic {
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
        /// The service's number.
        service: u8,
        /// The characteristic's number in the service.
        characteristic: u8,
        /// The descriptor's number in the characteristic.
        descriptor: u8,
        /// Which one it is. The manual's syntax lacks it, its examples do not.
        uuid: Option<Uuid>,
    },
}

impl Record for LocalAttribute {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let mut fields = Fields::new(value_of(line, "+BLEGATTSCHAR")?);
        Some(attribute_kind(&mut fields).and_then(|kind| {
            let fields = &mut fields;
            Ok(match kind {
                AttributeKind::Characteristic => Self::Characteristic {
                    service: Value::take(fields)?,
                    characteristic: Value::take(fields)?,
                    uuid: Value::take(fields)?,
                    properties: properties(fields.field()?)?,
                },
                AttributeKind::Descriptor => Self::Descriptor {
                    service: Value::take(fields)?,
                    characteristic: Value::take(fields)?,
                    descriptor: Value::take(fields)?,
                    uuid: Value::take(fields)?,
                },
            })
        }))
    }
}

/// Which of the two shapes a line about an attribute has.
pub(super) enum AttributeKind {
    Characteristic,
    Descriptor,
}

pub(super) fn attribute_kind(fields: &mut Fields<'_>) -> Result<AttributeKind, FieldError> {
    match fields.field()?.bytes {
        b"char" => Ok(AttributeKind::Characteristic),
        b"desc" => Ok(AttributeKind::Descriptor),
        _ => Err(FieldError::Malformed),
    }
}

pub(super) fn properties(field: Field<'_>) -> Result<Properties, FieldError> {
    let bits = u8::try_from(hex_number(field)?).map_err(|_| FieldError::Malformed)?;
    Ok(Properties::from_bits(bits))
}

commands! {
    /// Makes the services that stand in the module's flash (`ESP-AT 3.4.18`).
    ///
    /// To be done right after the stack is started, and before there is a connection. A client may have services, too.
    execute CreateServices -> (), within 10 s;
    on EspAt "AT+BLEGATTSSRVCRE" "3.4.18";

    /// Starts all services of the module (`ESP-AT 3.4.19`).
    execute StartServices -> (), within 10 s;
    on EspAt "AT+BLEGATTSSRVSTART" "3.4.19";

    /// Starts one service of the module (`ESP-AT 3.4.19`).
    set StartService {
        /// The service's number.
        pub service: u8 [1..=255],
    } -> (), within 10 s;
    on EspAt "AT+BLEGATTSSRVSTART" "3.4.19";

    /// Stops all services of the module (`ESP-AT 3.4.20`).
    execute StopServices -> (), within 10 s;
    on EspAt "AT+BLEGATTSSRVSTOP" "3.4.20";

    /// Stops one service of the module (`ESP-AT 3.4.20`).
    set StopService {
        /// The service's number.
        pub service: u8 [1..=255],
    } -> (), within 10 s;
    on EspAt "AT+BLEGATTSSRVSTOP" "3.4.20";

    /// Asks for the module's services (`ESP-AT 3.4.21`).
    query QueryServices -> List<LocalService, 8>, within 5 s;
    on EspAt "AT+BLEGATTSSRV" "3.4.21";

    /// Asks for the characteristics of all the module's services, with their descriptors (`ESP-AT 3.4.22`).
    query QueryCharacteristics -> List<LocalAttribute, 24>, within 5 s;
    on EspAt "AT+BLEGATTSCHAR" "3.4.22";

    /// Tells a client of a change, without an acknowledgement (`ESP-AT 3.4.23`). The client must have asked to be told.
    set SendNotification {
        /// The number of the connection.
        pub connection: u8 [0..=2],
        /// The service's number.
        pub service: u8 [1..=255],
        /// The characteristic's number.
        pub characteristic: u8 [1..=255],
        /// Bytes of data: at most three less than the packets of the connection hold ([`QueryMtu`](super::QueryMtu)).
        pub length: u16 [1..=514],
    } data length -> (), within 10 s;
    on EspAt "AT+BLEGATTSNTFY" "3.4.23";

    /// Tells a client of a change, with an acknowledgement (`ESP-AT 3.4.24`). The client must have asked to be told.
    set SendIndication {
        /// The number of the connection.
        pub connection: u8 [0..=2],
        /// The service's number.
        pub service: u8 [1..=255],
        /// The characteristic's number.
        pub characteristic: u8 [1..=255],
        /// Bytes of data: at most three less than the packets of the connection hold ([`QueryMtu`](super::QueryMtu)).
        pub length: u16 [1..=514],
    } data length -> (), within 35 s;
    on EspAt "AT+BLEGATTSIND" "3.4.24";

    /// Sets the value of one of the module's characteristics or descriptors (`ESP-AT 3.4.25`).
    set SetAttribute {
        /// The service's number.
        pub service: u8 [1..=255],
        /// The characteristic's number.
        pub characteristic: u8 [1..=255],
        /// The descriptor's number; `None` for the characteristic itself.
        pub descriptor: Option<u8> [1..=255],
        /// Bytes of data. The table of services in flash has the limit.
        pub length: u16 [1..=65535],
    } data length -> (), within 10 s;
    on EspAt "AT+BLEGATTSSETATTR" "3.4.25";
}
