//! The macros with which commands are declared.
//!
//! A command's declaration holds all there is to say about it, once: its documentation, its fields with their ranges,
//! what it is answered with and how long that may take, and which dialects have it under which name. From it come the
//! struct, the encoder, [`On`](super::On), `atat::AtatCmd`, and the row in the table of all forms that the coverage
//! test reads.

/// Declares commands.
///
/// ```text
/// commands! {
///     /// Documentation, with units, ranges and the manual's section.
///     set SetSomething<'a> {
///         /// A number with its range.
///         pub count: u8 [1..=8],
///         /// A string; the range is that of its length in bytes.
///         pub name: &'a str [1..=32],
///         /// May be left out.
///         pub mode: Option<Mode>,
///     } -> () within 5 s;
///     on EspAt "AT+SOMETHING" "3.2.1";
///     on Esp8266Nonos "AT+SOMETHING_CUR" "4.2.1";
///     on Esp8266Nonos saved "AT+SOMETHING_DEF" "4.2.2";
///
///     /// A query without fields, answered with a record.
///     query QuerySomething -> Something within 5 s;
///     on EspAt "AT+SOMETHING" "3.2.1";
///
///     /// Data follows the prompt; its length is the field `length`.
///     set WriteSomething {
///         /// Bytes of data.
///         pub length: u32,
///     } data length ends SendOk -> () within 15 s;
///     on EspAt "AT+WRITE" "3.9.1";
/// }
/// ```
///
/// The kind is one of `test`, `query`, `set`, `execute`, or `bare` for an `execute` without a line end.
///
/// Numbers that always stand first, such as the code of one of several operations, are no fields: they follow the name
/// as in `set DeleteFile<'a> with 0, 0 { ... }`, or alone as in `set ClearHeaders with 0 -> ()`.
macro_rules! commands {
    ($(
        $(#[$meta:meta])+
        $kind:ident $name:ident $(<$life:lifetime>)? $(with $($code:literal),+)? $({$(
            $(#[$field_meta:meta])*
            pub $field:ident: $type:ty $([$range:expr])?
        ),* $(,)?})?
        $(data $length:ident)? $(ends $end:ident)? $(fails $error:ident)? -> $answer:ty, within $seconds:literal s;
        $(on $dialect:ident $($saved:ident)? $wire:literal $section:literal;)+
    )*) => {
        $(
            $crate::command::declare::define! {
                [$(#[$meta])+] $name [$(<$life>)?] $([$(
                    $(#[$field_meta])*
                    pub $field: $type,
                )*])?
            }

            #[allow(clippy::useless_conversion, reason = "most commands have the common error")]
            impl $(<$life>)? $crate::command::Command for $name $(<$life>)? {
                type Response = $answer;
                type Error = $crate::command::declare::error!($($error)?);
                type Answer = <$answer as $crate::command::Answer>::Partial;

                const TIMEOUT: ::embassy_time::Duration = ::embassy_time::Duration::from_secs($seconds);
                const KIND: $crate::command::Kind = $crate::command::declare::kind!($kind);
                const END: $crate::command::End = $crate::command::declare::end!($($end)?);
                const LINE_END: bool = $crate::command::declare::line_end!($kind);

                fn encode(&self, name: &str, line: &mut $crate::at::Encoder<'_>) {
                    line.name(name);
                    $crate::command::declare::suffix!($kind line);
                    $($($crate::command::Parameter::encode(&$code, line);)+)?
                    $($(
                        $crate::command::declare::field!(self.$field, line $(, $range)?);
                    )*)?
                }

                fn line(answer: &mut Self::Answer, line: &[u8]) {
                    <$answer as $crate::command::Answer>::line(answer, line);
                }

                fn finish(
                    answer: Self::Answer,
                    result: Result<(), $crate::command::CommandError>,
                ) -> Result<Self::Response, Self::Error> {
                    if let Err(error) = result {
                        return Err($crate::command::Failure::from_answer(&answer, error));
                    }
                    if let Some(error) = $crate::command::Failure::despite_ok(&answer) {
                        return Err(error);
                    }
                    match <$answer as $crate::command::Answer>::finish(answer) {
                        Ok(response) => Ok(response),
                        Err(error) => Err(From::from($crate::command::CommandError::from(error))),
                    }
                }

                $(
                    fn data_length(&self) -> Option<usize> {
                        Some($crate::command::parameter::DataLength::bytes(self.$length))
                    }
                )?
            }

            impl $(<$life>)? $name $(<$life>)? {
                #[doc(hidden)]
                pub fn sample(line: &mut $crate::at::Encoder<'_>, name: &str) {
                    let sample = Self {$($($field: $crate::command::declare::sample!($type $(, $range)?),)*)?};
                    $crate::command::Command::encode(&sample, name, line);
                }

                #[doc(hidden)]
                pub fn read(lines: &[&[u8]], shown: &mut dyn ::core::fmt::Write) -> ::core::fmt::Result {
                    let mut answer = <Self as $crate::command::Command>::Answer::default();
                    for line in lines {
                        <Self as $crate::command::Command>::line(&mut answer, line);
                    }
                    let result = <Self as $crate::command::Command>::finish(answer, Ok(()));
                    ::core::write!(shown, "{result:?}")
                }
            }

            impl $(<$life>)? ::atat::AtatCmd for $name $(<$life>)? {
                type Response = $crate::command::AtatResponse<$answer>;

                const MAX_TIMEOUT_MS: u32 = $seconds * 1000;

                fn write(&self, buffer: &mut [u8]) -> usize {
                    $crate::command::atat_bridge::write(self, $crate::command::declare::first!($($wire)+), buffer)
                }

                fn parse(
                    &self,
                    answer: Result<&[u8], ::atat::InternalError<'_>>,
                ) -> Result<Self::Response, ::atat::Error> {
                    $crate::command::atat_bridge::parse::<Self>(answer)
                }
            }

            $crate::command::declare::on_all! {
                [$(<$life>)?] $name $({ $dialect [$($saved)?] $wire $section })+
            }
        )*

        /// All forms of this chapter, for the table of commands and the coverage test.
        #[doc(hidden)]
        pub const FORMS: &[$crate::command::Form] = &[
            $($($crate::command::Form {
                dialect: stringify!($dialect),
                dialect_name: <$crate::dialect::$dialect as $crate::dialect::Dialect>::NAME,
                name: $wire,
                kind: $crate::command::declare::kind!($kind),
                type_name: $crate::command::declare::type_name!([$($saved)?] $name),
                section: $section,
                sample: $name::sample,
                read: $name::read,
            },)+)*
        ];
    };
}

/// Declares lines of answers.
///
/// ```text
/// records! {
///     /// Documentation.
///     "+CWSTATE" WifiStateAnswer {
///         /// Documentation.
///         pub state: WifiState,
///         /// Missing in older firmware.
///         pub ssid: Option<String<32>>,
///     }
/// }
/// ```
///
/// An empty name takes any line. Further fields are ignored.
macro_rules! records {
    ($(
        $(#[$meta:meta])*
        $line_name:literal $name:ident $(<const $capacity:ident: usize>)? {$(
            $(#[$field_meta:meta])*
            pub $field:ident: $type:ty
        ),* $(,)?}
    )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name $(<const $capacity: usize>)? {$(
            $(#[$field_meta])*
            pub $field: $type,
        )*}

        impl $(<const $capacity: usize>)? $crate::command::Record for $name $(<$capacity>)? {
            fn parse_line(line: &[u8]) -> Option<Result<Self, $crate::at::FieldError>> {
                let value = $crate::command::answer::value_of(line, $line_name)?;
                let fields = &mut $crate::at::Fields::new(value);
                let read = |fields: &mut $crate::at::Fields<'_>| {
                    Ok(Self {$($field: $crate::command::Value::take(fields)?,)*})
                };
                Some(read(fields))
            }
        }
    )*};
}

/// Declares enumerations with the numbers that stand for them on the wire, the same in commands and answers.
///
/// ```text
/// codes! {
///     /// Documentation.
///     WifiMode {
///         /// Documentation.
///         Off = 0,
///     }
/// }
/// ```
macro_rules! codes {
    ($(
        $(#[$meta:meta])*
        $name:ident {$(
            $(#[$variant_meta:meta])*
            $variant:ident = $code:literal
        ),+ $(,)?}
    )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[repr(i16)]
        pub enum $name {$(
            $(#[$variant_meta])*
            $variant = $code,
        )+}

        impl $name {
            /// What a number of the module stands for.
            #[must_use]
            pub const fn from_code(code: i32) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl $crate::command::Parameter for $name {
            fn encode(&self, line: &mut $crate::at::Encoder<'_>) {
                line.number(*self as i64);
            }

            fn is_within(&self, low: i64, high: i64) -> bool {
                (low..=high).contains(&(*self as i64))
            }

            fn sample(low: i64) -> Self {
                let codes = [$(Self::$variant),+];
                codes.into_iter().find(|code| *code as i64 >= low).unwrap_or(codes[0])
            }
        }

        impl $crate::command::Value for $name {
            fn parse(field: $crate::at::Field<'_>) -> Result<Self, $crate::at::FieldError> {
                Self::from_code(field.signed()?).ok_or($crate::at::FieldError::Malformed)
            }
        }
    )*};
}

/// Declares sets of flags that stand for the bits of one number on the wire.
///
/// ```text
/// masks! {
///     /// Documentation.
///     Protocols: u8 {
///         /// Documentation.
///         B = 0,
///     }
/// }
/// ```
/// The numbers are those of the bits. `Protocols::B | Protocols::G`, `contains`, `bits` and `from_bits` are there.
macro_rules! masks {
    ($(
        $(#[$meta:meta])*
        $name:ident: $type:ty {$(
            $(#[$bit_meta:meta])*
            $bit:ident = $number:literal
        ),+ $(,)?}
    )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub struct $name($type);

        impl $name {
            $(
                $(#[$bit_meta])*
                pub const $bit: Self = Self(1 << $number);
            )+
            /// No bit.
            pub const NONE: Self = Self(0);
            /// All bits that are known.
            pub const ALL: Self = Self($((1 << $number))|+);

            /// The number on the wire.
            #[must_use]
            pub const fn bits(self) -> $type {
                self.0
            }

            /// Of a number; bits that are not known are kept.
            #[must_use]
            pub const fn from_bits(bits: $type) -> Self {
                Self(bits)
            }

            /// Whether all bits of `other` are set.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }
        }

        impl core::ops::BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl $crate::command::Parameter for $name {
            fn encode(&self, line: &mut $crate::at::Encoder<'_>) {
                line.number(self.0.into());
            }

            fn is_within(&self, low: i64, high: i64) -> bool {
                (low..=high).contains(&self.0.into())
            }

            fn sample(low: i64) -> Self {
                Self(low.max(1) as $type)
            }
        }

        impl $crate::command::Value for $name {
            fn parse(field: $crate::at::Field<'_>) -> Result<Self, $crate::at::FieldError> {
                <$type as $crate::command::Value>::parse(field).map(Self)
            }
        }
    )*};
}

macro_rules! error {
    () => {
        $crate::command::CommandError
    };
    ($error:ident) => {
        $error
    };
}

macro_rules! kind {
    (test) => {
        $crate::command::Kind::Test
    };
    (query) => {
        $crate::command::Kind::Query
    };
    (set) => {
        $crate::command::Kind::Set
    };
    (execute) => {
        $crate::command::Kind::Execute
    };
    (bare) => {
        $crate::command::Kind::Execute
    };
}

macro_rules! line_end {
    (bare) => {
        false
    };
    ($other:ident) => {
        true
    };
}

macro_rules! end {
    () => {
        $crate::command::End::Ok
    };
    ($end:ident) => {
        $crate::command::End::$end
    };
}

macro_rules! suffix {
    (test $line:ident) => {
        $line.test();
    };
    (query $line:ident) => {
        $line.query();
    };
    ($other:ident $line:ident) => {};
}

macro_rules! field {
    ($value:expr, $line:ident) => {
        $crate::command::Parameter::encode(&$value, $line);
    };
    ($value:expr, $line:ident, $range:expr) => {
        $crate::command::parameter::put(&$value, $line, *($range).start(), *($range).end());
    };
}

macro_rules! sample {
    ($type:ty) => {
        <$type as $crate::command::Parameter>::sample(0)
    };
    ($type:ty, $range:expr) => {
        <$type as $crate::command::Parameter>::sample(*($range).start())
    };
}

macro_rules! first {
    ($first:literal $($rest:literal)*) => {
        $first
    };
}

macro_rules! type_name {
    ([] $name:ident) => {
        concat!(module_path!(), "::", stringify!($name))
    };
    ([saved] $name:ident) => {
        concat!("wifi_at::command::Saved<", module_path!(), "::", stringify!($name), ">")
    };
}

macro_rules! define {
    ([$($meta:tt)*] $name:ident [$($generics:tt)*]) => {
        $($meta)*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name $($generics)*;
    };
    ([$($meta:tt)*] $name:ident [$($generics:tt)*] [$($fields:tt)*]) => {
        $($meta)*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name $($generics)* { $($fields)* }
    };
}

// The generics of a command are one token tree here, so that they can stand in the repetition over dialects.
macro_rules! on_all {
    ($generics:tt $name:ident $($entry:tt)+) => {
        $($crate::command::declare::on! { $generics $name $entry })+
    };
}

macro_rules! on {
    ([$($generics:tt)*] $name:ident { $dialect:ident [] $wire:literal $section:literal }) => {
        impl $($generics)* $crate::command::On<$crate::dialect::$dialect> for $name $($generics)* {
            const NAME: &'static str = $wire;
            const SECTION: &'static str = $section;
        }
    };
    ([$($generics:tt)*] $name:ident { $dialect:ident [saved] $wire:literal $section:literal }) => {
        impl $($generics)* $crate::command::OnSaved<$crate::dialect::$dialect> for $name $($generics)* {
            const NAME: &'static str = $wire;
            const SECTION: &'static str = $section;
        }
    };
}

pub(crate) use {
    codes, commands, define, end, error, field, first, kind, line_end, masks, on, on_all, records, sample, suffix,
    type_name,
};
