//! Partitions of the flash and the manufacturing data in it (`ESP-AT 3.1.18`, `3.1.19`).
//!
//! What is read comes as a line of the answer, so that a piece of data must fit into a line that the driver keeps (256
//! bytes). Where the length that the module gives does not agree with what came, the answer is
//! [`FieldError::Malformed`].

use heapless::{String, Vec};

use super::any_base;
use crate::at::{Encoder, Field, FieldError, Fields, after_name, parse_unsigned};
use crate::command::declare::{codes, commands, records};
use crate::command::{HexNumber, List, Parameter, Record, Value};

/// A user partition of the flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlashPartition {
    /// Its name, such as `mfg_nvs`.
    pub name: String<16>,
    /// Its type, as in ESP-IDF.
    pub kind: u8,
    /// Its subtype, as in ESP-IDF.
    pub subtype: u8,
    /// Where it begins in the flash.
    pub address: u32,
    /// Its size in bytes.
    pub size: u32,
}

impl Record for FlashPartition {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let fields = &mut Fields::new(after_name(line, b"+SYSFLASH")?);
        let mut partition = || {
            let name = Value::take(fields)?;
            let mut number = || any_base(fields.field()?);
            let mut byte = || u8::try_from(number()?).map_err(|_| FieldError::Malformed);
            Ok(Self { name, kind: byte()?, subtype: byte()?, address: number()?, size: number()? })
        };
        Some(partition())
    }
}

/// The data behind its length, `5,hello`, as they are.
pub(crate) fn counted<const N: usize>(value: &[u8]) -> Result<Vec<u8, N>, FieldError> {
    let comma = value.iter().position(|&byte| byte == b',').ok_or(FieldError::Missing)?;
    let length = parse_unsigned(value[..comma].trim_ascii()).ok_or(FieldError::Malformed)? as usize;
    let data = value[comma + 1..].get(..length).ok_or(FieldError::Malformed)?;
    Vec::from_slice(data).map_err(|_| FieldError::TooLong)
}

/// As [`after_name`] without a change to the end of the data.
pub(crate) fn after_colon<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    after_name(line, name)?;
    let colon = line.iter().position(|byte| matches!(byte, b':' | b'='))?;
    Some(&line[colon + 1..])
}

/// Data of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlashData {
    /// The bytes.
    pub data: Vec<u8, 240>,
}

impl Record for FlashData {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        Some(counted(after_colon(line, b"+SYSFLASH")?).map(|data| Self { data }))
    }
}

codes! {
    /// Kind of a value of the manufacturing data.
    ManufacturingType {
        /// 8 bits without sign.
        U8 = 1,
        /// 8 bits with sign.
        I8 = 2,
        /// 16 bits without sign.
        U16 = 3,
        /// 16 bits with sign.
        I16 = 4,
        /// 32 bits without sign.
        U32 = 5,
        /// 32 bits with sign.
        I32 = 6,
        /// Text.
        String = 7,
        /// Bytes.
        Binary = 8,
    }

    /// Kind of a value that is written as data.
    ManufacturingDataType {
        /// Text.
        String = 7,
        /// Bytes.
        Binary = 8,
    }
}

/// A number of the manufacturing data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ManufacturingNumber {
    /// 8 bits without sign.
    U8(u8),
    /// 8 bits with sign.
    I8(i8),
    /// 16 bits without sign.
    U16(u16),
    /// 16 bits with sign.
    I16(i16),
    /// 32 bits without sign.
    U32(u32),
    /// 32 bits with sign.
    I32(i32),
}

/// The code of the kind and the number.
impl Parameter for ManufacturingNumber {
    fn encode(&self, line: &mut Encoder<'_>) {
        let (kind, value) = match *self {
            Self::U8(value) => (ManufacturingType::U8, i64::from(value)),
            Self::I8(value) => (ManufacturingType::I8, value.into()),
            Self::U16(value) => (ManufacturingType::U16, value.into()),
            Self::I16(value) => (ManufacturingType::I16, value.into()),
            Self::U32(value) => (ManufacturingType::U32, value.into()),
            Self::I32(value) => (ManufacturingType::I32, value.into()),
        };
        kind.encode(line);
        line.number(value);
    }

    fn sample(_: i64) -> Self {
        Self::U8(1)
    }
}

/// A value of the manufacturing data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManufacturingValue {
    /// A number.
    Number(ManufacturingNumber),
    /// Text, which need not be UTF-8.
    String(Vec<u8, 200>),
    /// Bytes.
    Binary(Vec<u8, 200>),
}

/// A key of the manufacturing data with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManufacturingEntry {
    /// The namespace.
    pub namespace: String<15>,
    /// The key.
    pub key: String<15>,
    /// The value, or the piece of it that was asked for.
    pub value: ManufacturingValue,
}

impl Record for ManufacturingEntry {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        Some(parse_entry(after_colon(line, b"+SYSMFG")?))
    }
}

fn parse_entry(value: &[u8]) -> Result<ManufacturingEntry, FieldError> {
    let fields = &mut Fields::new(value);
    let namespace = Value::take(fields)?;
    let key = Value::take(fields)?;
    let kind = ManufacturingType::take(fields)?;
    fields.field()?;
    let value = match kind {
        ManufacturingType::U8 => ManufacturingNumber::U8(Value::take(fields)?).into(),
        ManufacturingType::I8 => ManufacturingNumber::I8(Value::take(fields)?).into(),
        ManufacturingType::U16 => ManufacturingNumber::U16(Value::take(fields)?).into(),
        ManufacturingType::I16 => ManufacturingNumber::I16(Value::take(fields)?).into(),
        ManufacturingType::U32 => ManufacturingNumber::U32(Value::take(fields)?).into(),
        ManufacturingType::I32 => ManufacturingNumber::I32(Value::take(fields)?).into(),
        // Names of namespaces and keys hold no commas, the data may.
        ManufacturingType::String => ManufacturingValue::String(counted(after_commas(value, 3)?)?),
        ManufacturingType::Binary => ManufacturingValue::Binary(counted(after_commas(value, 3)?)?),
    };
    Ok(ManufacturingEntry { namespace, key, value })
}

fn after_commas(value: &[u8], count: usize) -> Result<&[u8], FieldError> {
    value.splitn(count + 1, |&byte| byte == b',').nth(count).ok_or(FieldError::Missing)
}

impl From<ManufacturingNumber> for ManufacturingValue {
    fn from(number: ManufacturingNumber) -> Self {
        Self::Number(number)
    }
}

/// A namespace of the manufacturing data: a line with nothing but its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManufacturingNamespace {
    /// Its name.
    pub name: String<15>,
}

impl Record for ManufacturingNamespace {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let field = |mut fields: Fields<'_>| fields.field().and_then(|field: Field<'_>| field.text());
        Some(field(Fields::new(after_name(line, b"+SYSMFG")?)).map(|name| Self { name }))
    }
}

records! {
    /// A key of the manufacturing data.
    "+SYSMFG" ManufacturingKey {
        /// The namespace.
        pub namespace: String<15>,
        /// The key.
        pub key: String<15>,
        /// The kind of its value.
        pub kind: ManufacturingType,
    }
}

commands! {
    /// Asks for the user partitions of the flash (`ESP-AT 3.1.18`).
    query QueryFlashPartitions -> List<FlashPartition, 8>, within 5 s;
    on EspAt "AT+SYSFLASH" "3.1.18";

    /// Erases a whole partition (`ESP-AT 3.1.18`).
    set EraseFlashPartition<'a> with 0 {
        /// The partition's name.
        pub partition: &'a str [1..=16],
    } -> (), within 60 s;
    on EspAt "AT+SYSFLASH" "3.1.18";

    /// Erases a part of a partition (`ESP-AT 3.1.18`). The manual advises to erase partitions as a whole.
    set EraseFlash<'a> with 0 {
        /// The partition's name.
        pub partition: &'a str [1..=16],
        /// Where to begin, in bytes from the start of the partition.
        pub offset: u32,
        /// Bytes to erase.
        pub length: u32 [1..=0xffff_ffff],
    } -> (), within 60 s;
    on EspAt "AT+SYSFLASH" "3.1.18";

    /// Writes a partition (`ESP-AT 3.1.18`). It has to be erased before.
    set WriteFlash<'a> with 1 {
        /// The partition's name.
        pub partition: &'a str [1..=16],
        /// Where to begin, in bytes from the start of the partition.
        pub offset: u32,
        /// Bytes of data.
        pub length: HexNumber [1..=0xffff_ffff],
    } data length -> (), within 60 s;
    on EspAt "AT+SYSFLASH" "3.1.18";

    /// Reads a partition (`ESP-AT 3.1.18`), up to 240 bytes at a time. See [`flash`](self) for what can be read.
    set ReadFlash<'a> with 2 {
        /// The partition's name.
        pub partition: &'a str [1..=16],
        /// Where to begin, in bytes from the start of the partition.
        pub offset: u32,
        /// Bytes to read. The module would give more than 240, the driver has no room for them.
        pub length: u32 [1..=240],
    } -> FlashData, within 10 s;
    on EspAt "AT+SYSFLASH" "3.1.18";

    /// Asks for the namespaces of the manufacturing data (`ESP-AT 3.1.19`).
    query QueryManufacturingNamespaces -> List<ManufacturingNamespace, 16>, within 5 s;
    on EspAt "AT+SYSMFG" "3.1.19";

    /// Erases a namespace with all its keys (`ESP-AT 3.1.19`).
    set EraseManufacturingNamespace<'a> with 0 {
        /// The namespace.
        pub namespace: &'a str [1..=15],
    } -> (), within 15 s;
    on EspAt "AT+SYSMFG" "3.1.19";

    /// Erases a key (`ESP-AT 3.1.19`).
    set EraseManufacturingKey<'a> with 0 {
        /// The namespace.
        pub namespace: &'a str [1..=15],
        /// The key.
        pub key: &'a str [1..=15],
    } -> (), within 15 s;
    on EspAt "AT+SYSMFG" "3.1.19";

    /// Lists the namespaces (`ESP-AT 3.1.19`). As [`QueryManufacturingNamespaces`].
    set ListManufacturingNamespaces with 1 -> List<ManufacturingNamespace, 16>, within 5 s;
    on EspAt "AT+SYSMFG" "3.1.19";

    /// Lists the keys of a namespace (`ESP-AT 3.1.19`).
    set ListManufacturingKeys<'a> with 1 {
        /// The namespace.
        pub namespace: &'a str [1..=15],
    } -> List<ManufacturingKey, 16>, within 5 s;
    on EspAt "AT+SYSMFG" "3.1.19";

    /// Reads a value (`ESP-AT 3.1.19`), up to 200 bytes. See [`flash`](self) for what can be read.
    set ReadManufacturingValue<'a> with 1 {
        /// The namespace.
        pub namespace: &'a str [1..=15],
        /// The key.
        pub key: &'a str [1..=15],
    } -> ManufacturingEntry, within 5 s;
    on EspAt "AT+SYSMFG" "3.1.19";

    /// Reads a piece of a value (`ESP-AT 3.1.19`). See [`flash`](self) for what can be read.
    set ReadManufacturingData<'a> with 1 {
        /// The namespace.
        pub namespace: &'a str [1..=15],
        /// The key.
        pub key: &'a str [1..=15],
        /// Where to begin in the value, in bytes.
        pub offset: u32,
        /// Bytes to read. The module would give more than 200, the driver has no room for them.
        pub length: u32 [1..=200],
    } -> ManufacturingEntry, within 5 s;
    on EspAt "AT+SYSMFG" "3.1.19";

    /// Writes a number (`ESP-AT 3.1.19`). Nothing has to be erased before.
    set WriteManufacturingNumber<'a> with 2 {
        /// The namespace.
        pub namespace: &'a str [1..=15],
        /// The key.
        pub key: &'a str [1..=15],
        /// Kind and value.
        pub value: ManufacturingNumber,
    } -> (), within 10 s;
    on EspAt "AT+SYSMFG" "3.1.19";

    /// Writes text or bytes (`ESP-AT 3.1.19`), such as a certificate. Nothing has to be erased before.
    set WriteManufacturingData<'a> with 2 {
        /// The namespace.
        pub namespace: &'a str [1..=15],
        /// The key.
        pub key: &'a str [1..=15],
        /// Text or bytes.
        pub kind: ManufacturingDataType,
        /// Bytes of data.
        pub length: u32 [1..=0xffff_ffff],
    } data length -> (), within 15 s;
    on EspAt "AT+SYSMFG" "3.1.19";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_must_be_as_long_as_it_says() {
        assert_eq!(counted::<8>(b"5,a,b\"c").unwrap(), b"a,b\"c");
        assert_eq!(counted::<8>(b"6,abc"), Err(FieldError::Malformed));
        assert_eq!(counted::<2>(b"3,abc"), Err(FieldError::TooLong));
        assert_eq!(counted::<2>(b"3"), Err(FieldError::Missing));
    }
}
