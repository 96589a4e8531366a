//! Values that can stand in a command.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::at::{EncodeError, Encoder};

/// A value that can stand in a command.
pub trait Parameter: Copy {
    /// Writes it, with what belongs before it.
    fn encode(&self, line: &mut Encoder<'_>);

    /// Whether it lies in a range: a number by its value, a string by its length in bytes. What is left out does.
    fn is_within(&self, low: i64, high: i64) -> bool {
        let _ = (low, high);
        true
    }

    /// A value for which `is_within` holds from `low` on, to show how a command looks.
    #[doc(hidden)]
    fn sample(low: i64) -> Self;

    /// A few values, where a command takes several.
    #[doc(hidden)]
    fn sample_list<'s>() -> &'s [Self]
    where
        Self: 's,
    {
        &[]
    }
}

/// Writes a field of a command, or marks the command as refused.
pub(crate) fn put<P: Parameter>(value: &P, line: &mut Encoder<'_>, low: i64, high: i64) {
    if !value.is_within(low, high) {
        line.fail(EncodeError::OutOfRange);
    }
    value.encode(line);
}

macro_rules! numbers {
    ($($type:ty: $method:ident)*) => {$(
        impl Parameter for $type {
            fn encode(&self, line: &mut Encoder<'_>) {
                line.$method((*self).into());
            }

            fn is_within(&self, low: i64, high: i64) -> bool {
                (low..=high).contains(&i64::from(*self))
            }

            fn sample(low: i64) -> Self {
                low.max(0) as Self
            }
        }
    )*};
}

numbers!(u8: unsigned u16: unsigned u32: unsigned i8: number i16: number i32: number);

/// Whether is written as `1` or `0`.
impl Parameter for bool {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.flag(*self);
    }

    fn sample(_: i64) -> Self {
        true
    }
}

const SAMPLE_TEXT: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A string in double quotes, escaped.
impl Parameter for &str {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.string(self);
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        (low..=high).contains(&(self.len() as i64))
    }

    fn sample(low: i64) -> Self {
        SAMPLE_TEXT.get(..low.clamp(1, 64) as usize).unwrap_or("")
    }

    fn sample_list<'s>() -> &'s [Self]
    where
        Self: 's,
    {
        &["0"]
    }
}

/// Bytes in double quotes, escaped: a string that need not be UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Parameter for Bytes<'_> {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.bytes(self.0);
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        (low..=high).contains(&(self.0.len() as i64))
    }

    fn sample(low: i64) -> Self {
        Self(<&str as Parameter>::sample(low).as_bytes())
    }
}

/// A parameter that may be left out; its comma stays where another one follows.
impl<P: Parameter> Parameter for Option<P> {
    fn encode(&self, line: &mut Encoder<'_>) {
        match self {
            Some(value) => value.encode(line),
            None => {
                line.skip();
            }
        }
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        self.as_ref().is_none_or(|value| value.is_within(low, high))
    }

    fn sample(_: i64) -> Self {
        None
    }
}

macro_rules! addresses {
    ($($type:ty: $sample:expr;)*) => {$(
        /// In double quotes.
        impl Parameter for $type {
            fn encode(&self, line: &mut Encoder<'_>) {
                line.address(IpAddr::from(*self));
            }

            fn sample(_: i64) -> Self {
                $sample
            }
        }
    )*};
}

addresses! {
    IpAddr: Self::V4(Ipv4Addr::new(192, 168, 0, 2));
    Ipv4Addr: Self::new(192, 168, 0, 2);
    Ipv6Addr: Self::LOCALHOST;
}

/// Text without quotes, where a manual has it so. It must hold no comma, and is refused with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bare<'a>(pub &'a str);

impl Parameter for Bare<'_> {
    fn encode(&self, line: &mut Encoder<'_>) {
        if self.0.contains(',') {
            line.fail(EncodeError::ForbiddenByte);
        }
        line.bare(self.0);
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        self.0.is_within(low, high)
    }

    fn sample(low: i64) -> Self {
        Self(<&str as Parameter>::sample(low))
    }
}

/// A MAC address, six bytes in the order in which they are written. On the wire in double quotes, in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Mac(pub [u8; 6]);

impl core::fmt::Display for Mac {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl Parameter for Mac {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.mac(self.0);
    }

    fn sample(_: i64) -> Self {
        Self([0xca, 0xd7, 0x19, 0xd8, 0xa6, 0x44])
    }
}

/// Bytes as hexadecimal digits in double quotes, in upper case. A range counts bytes, not digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hex<'a>(pub &'a [u8]);

impl Parameter for Hex<'_> {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.hex(self.0);
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        Bytes(self.0).is_within(low, high)
    }

    fn sample(low: i64) -> Self {
        Self(Bytes::sample(low).0)
    }
}

/// A number written in hexadecimal with `0x` before it, without quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HexNumber(pub u32);

impl Parameter for HexNumber {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.hex_number(self.0);
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        self.0.is_within(low, high)
    }

    fn sample(low: i64) -> Self {
        Self(u32::sample(low))
    }
}

/// A field that says how many bytes of data follow the prompt.
pub(crate) trait DataLength {
    fn bytes(self) -> usize;
}

macro_rules! data_lengths {
    ($($type:ty)*) => {$(
        impl DataLength for $type {
            fn bytes(self) -> usize {
                self as usize
            }
        }
    )*};
}

data_lengths!(u8 u16 u32);

impl DataLength for HexNumber {
    fn bytes(self) -> usize {
        self.0 as usize
    }
}

/// A string that must not be seen: its `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret<'a>(pub &'a str);

impl core::fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("***")
    }
}

impl Parameter for Secret<'_> {
    fn encode(&self, line: &mut Encoder<'_>) {
        self.0.encode(line);
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        self.0.is_within(low, high)
    }

    fn sample(low: i64) -> Self {
        Self(<&str as Parameter>::sample(low))
    }
}

/// Any number of parameters of a kind, one after the other. A range is that of each.
impl<P: Parameter> Parameter for &[P] {
    fn encode(&self, line: &mut Encoder<'_>) {
        for parameter in *self {
            parameter.encode(line);
        }
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        self.iter().all(|parameter| parameter.is_within(low, high))
    }

    fn sample(_: i64) -> Self {
        &[]
    }
}

/// A number of parameters, and then these parameters. A range is that of their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted<'a, P>(pub &'a [P]);

impl<P: Parameter> Parameter for Counted<'_, P> {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.number(self.0.len() as i64);
        self.0.encode(line);
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        (low..=high).contains(&(self.0.len() as i64))
    }

    fn sample(_: i64) -> Self {
        Self(P::sample_list())
    }
}

/// Which connection a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Link {
    /// The only one, with `AT+CIPMUX=0`. Nothing is written for it, not even a comma.
    #[default]
    Only,
    /// One of several, with `AT+CIPMUX=1`: 0 to 4, and 5 for all where a command allows that.
    Id(u8),
}

impl Parameter for Link {
    fn encode(&self, line: &mut Encoder<'_>) {
        if let Self::Id(link) = self {
            line.unsigned((*link).into());
        }
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        match self {
            Self::Only => true,
            Self::Id(link) => link.is_within(low, high),
        }
    }

    fn sample(low: i64) -> Self {
        Self::Id(u8::sample(low))
    }
}
