//! What answers are made of.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use heapless::{String, Vec};

use super::CommandError;
use super::parameter::Mac;
use crate::at::{Field, FieldError, Fields, after_name};

/// What a successful answer says, collected line by line as it arrives.
pub trait Answer: Sized {
    /// What has been read so far.
    type Partial: Default;

    /// Takes in one line. Lines that mean nothing are ignored.
    fn line(partial: &mut Self::Partial, line: &[u8]);

    /// Makes the whole of what was read.
    ///
    /// # Errors
    /// When something is missing or malformed.
    fn finish(partial: Self::Partial) -> Result<Self, FieldError>;
}

/// An error that knows how to read what the module said before it refused a command.
///
/// `P` is what was read of the answer.
pub trait Failure<P>: From<CommandError> {
    /// Of the lines before the final result, and of how the command ended.
    fn from_answer(partial: &P, error: CommandError) -> Self;

    /// Of the lines of a command that ended well by its final result, where one of them says that it failed.
    fn despite_ok(partial: &P) -> Option<Self> {
        let _ = partial;
        None
    }
}

impl<P> Failure<P> for CommandError {
    fn from_answer(_: &P, error: CommandError) -> Self {
        error
    }
}

/// Nothing but the final result code.
impl Answer for () {
    type Partial = ();

    fn line((): &mut (), _: &[u8]) {}

    fn finish((): ()) -> Result<(), FieldError> {
        Ok(())
    }
}

/// One line of an answer, with typed fields.
pub trait Record: Sized {
    /// Reads a line. `None` if it is not one of this kind.
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>>;
}

/// The first line of its kind.
impl<R: Record> Answer for R {
    type Partial = Option<Result<R, FieldError>>;

    fn line(partial: &mut Self::Partial, line: &[u8]) {
        if partial.is_none() {
            *partial = R::parse_line(line);
        }
    }

    fn finish(partial: Self::Partial) -> Result<R, FieldError> {
        partial.unwrap_or(Err(FieldError::Missing))
    }
}

/// The first line of its kind, or `None` where the module had nothing to say.
impl<R: Record> Answer for Option<R> {
    type Partial = Option<Result<R, FieldError>>;

    fn line(partial: &mut Self::Partial, line: &[u8]) {
        R::line(partial, line);
    }

    fn finish(partial: Self::Partial) -> Result<Self, FieldError> {
        partial.transpose()
    }
}

/// All lines of a kind, up to `N`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T, const N: usize> {
    /// The records in the order in which they came.
    pub records: Vec<T, N>,
    /// Records that came when the list was full, and are not in it.
    pub dropped: u32,
    /// Lines of the kind that could not be read.
    pub malformed: u32,
}

impl<T, const N: usize> Default for List<T, N> {
    fn default() -> Self {
        Self { records: Vec::new(), dropped: 0, malformed: 0 }
    }
}

impl<T: Record, const N: usize> Answer for List<T, N> {
    type Partial = Self;

    fn line(partial: &mut Self, line: &[u8]) {
        match T::parse_line(line) {
            None => {}
            Some(Err(_)) => partial.malformed += 1,
            Some(Ok(record)) => partial.dropped += u32::from(partial.records.push(record).is_err()),
        }
    }

    fn finish(partial: Self) -> Result<Self, FieldError> {
        Ok(partial)
    }
}

/// A value that a field of an answer can be read as.
pub trait Value: Sized {
    /// Reads one field.
    ///
    /// # Errors
    /// [`FieldError::Malformed`] or [`FieldError::TooLong`].
    fn parse(field: Field<'_>) -> Result<Self, FieldError>;

    /// Reads the next of `fields`.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and [`FieldError::Missing`] where the line has no more.
    fn take(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Self::parse(fields.field()?)
    }
}

macro_rules! numbers {
    ($($type:ty: $method:ident)*) => {$(
        impl Value for $type {
            #[inline(never)]
            fn parse(field: Field<'_>) -> Result<Self, FieldError> {
                Self::try_from(field.$method()?).map_err(|_| FieldError::Malformed)
            }
        }
    )*};
}

numbers!(u8: unsigned u16: unsigned u32: unsigned i8: signed i16: signed i32: signed);

/// `1` or `0`, or the words `true` and `false`.
impl Value for bool {
    #[inline(never)]
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        match field.bytes {
            b"1" | b"true" => Ok(true),
            b"0" | b"false" => Ok(false),
            _ => Err(FieldError::Malformed),
        }
    }
}

impl Value for IpAddr {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        field.address()
    }
}

impl Value for Ipv4Addr {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        field.ipv4()
    }
}

impl Value for Ipv6Addr {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        match field.address()? {
            IpAddr::V6(address) => Ok(address),
            IpAddr::V4(_) => Err(FieldError::Malformed),
        }
    }
}

impl<const N: usize> Value for String<N> {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        field.text()
    }
}

/// The bytes as they are, escapes included.
impl<const N: usize> Value for Vec<u8, N> {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        Self::from_slice(field.bytes).map_err(|_| FieldError::TooLong)
    }
}

/// With colons between the bytes, or without.
impl Value for Mac {
    #[inline(never)]
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        let mut mac = [0; 6];
        let mut digits = 0;
        for &byte in field.bytes {
            if matches!(byte, b':' | b'-') {
                continue;
            }
            let digit = char::from(byte).to_digit(16).ok_or(FieldError::Malformed)?;
            let place = mac.get_mut(digits / 2).ok_or(FieldError::Malformed)?;
            *place = *place << 4 | digit as u8;
            digits += 1;
        }
        if digits == 12 { Ok(Self(mac)) } else { Err(FieldError::Malformed) }
    }
}

/// A field that may be empty or missing: older firmware prints fewer.
impl<V: Value> Value for Option<V> {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        if field.is_empty() { Ok(None) } else { V::parse(field).map(Some) }
    }

    fn take(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.next().map_or(Ok(None), Self::parse)
    }
}

/// The value of a line with this name; without a name, the whole line.
pub(crate) fn value_of<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    if name.is_empty() { Some(line) } else { after_name(line, name.as_bytes()) }
}
