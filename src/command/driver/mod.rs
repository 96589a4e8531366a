//! Peripherals of the module: analog input, PWM, I2C, SPI (`ESP-AT 3.13`). Not in firmware as it comes: they have to be
//! compiled in.

pub mod i2c;
pub mod spi;

use heapless::Vec;

use super::declare::{codes, commands, records};
use super::{Parameter, Record};
use crate::at::{EncodeError, Encoder, FieldError, after_name};

#[doc(no_inline)]
pub use {i2c::*, spi::*};

codes! {
    /// Attenuation of the analog input, and the voltages that it then measures.
    Attenuation {
        /// None: 100 to 950 mV.
        Db0 = 0,
        /// 2.5 dB: 100 to 1250 mV.
        Db2_5 = 1,
        /// 6 dB: 150 to 1750 mV.
        Db6 = 2,
        /// 11 dB: 150 to 2450 mV.
        Db11 = 3,
    }
}

records! {
    /// The analog input.
    "+DRVADC" AdcReading {
        /// 0 to 4095, where 4095 is the full range of the attenuation.
        pub raw: u16,
    }
}

/// Duties of the channels 0 to 3, each from 0 to 2 to the power of the resolution. A channel without one stays as it is;
/// one channel at least has to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Duties(pub [Option<u32>; 4]);

impl Parameter for Duties {
    fn encode(&self, line: &mut Encoder<'_>) {
        if self.0 == [None; 4] {
            line.fail(EncodeError::OutOfRange);
        }
        for duty in self.0 {
            match duty {
                Some(duty) => line.ranged(duty.into(), 0, MAX_DUTY),
                None => line.skip(),
            };
        }
    }

    fn sample(_: i64) -> Self {
        Self([Some(255), Some(512), None, None])
    }
}

/// What becomes of the channels 0 to 3; one at least has to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Fades(pub [Fade; 4]);

impl Parameter for Fades {
    fn encode(&self, line: &mut Encoder<'_>) {
        if !self.0.iter().any(|fade| matches!(fade, Fade::To { .. })) {
            line.fail(EncodeError::OutOfRange);
        }
        for fade in self.0 {
            fade.encode(line);
        }
    }

    fn sample(_: i64) -> Self {
        Self([Fade::To { duty: 1024, time: 1000 }, Fade::Keep, Fade::Keep, Fade::Keep])
    }
}

/// What a channel's duty is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fade {
    /// It stays.
    #[default]
    Keep,
    /// It stays; an empty parameter says so even at the end of the line, as in the manual's example.
    Empty,
    /// It changes bit by bit.
    To {
        /// The duty at the end, below 2 to the power of the resolution.
        duty: u32,
        /// The time until then in milliseconds.
        time: u32,
    },
}

impl Fade {
    fn encode(self, line: &mut Encoder<'_>) {
        match self {
            Self::Keep => line.skip().skip(),
            Self::Empty => line.bare("").skip(),
            Self::To { duty, time } => line.ranged(duty.into(), 0, MAX_DUTY - 1).number(time.into()),
        };
    }
}

/// Full duty at the highest resolution.
const MAX_DUTY: i64 = 1 << 20;

/// Bytes that were read from a bus. As hexadecimal digits on the line, of which the driver keeps 256 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusData {
    /// The bytes.
    pub data: Vec<u8, 120>,
}

/// The manual has `+DRVI2CREAD` in its examples of both buses.
impl Record for BusData {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let names: [&[u8]; 4] = [b"+DRVI2CRD", b"+DRVSPIRD", b"+DRVI2CREAD", b"+DRVSPIREAD"];
        let value = names.into_iter().find_map(|name| after_name(line, name))?;
        Some(parse_digits(value).map(|data| Self { data }))
    }
}

fn parse_digits(text: &[u8]) -> Result<Vec<u8, 120>, FieldError> {
    let text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
    let text = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X")).unwrap_or(text);
    let mut data = Vec::new();
    for pair in text.chunks(2) {
        let digit = |at: usize| pair.get(at).and_then(|&digit| char::from(digit).to_digit(16));
        let byte = digit(0).zip(digit(1)).map(|(high, low)| (high * 16 + low) as u8).ok_or(FieldError::Malformed)?;
        data.push(byte).map_err(|_| FieldError::TooLong)?;
    }
    if data.is_empty() { Err(FieldError::Missing) } else { Ok(data) }
}

/// Writes the last `count` bytes of a number in hexadecimal with all their digits, `0x001000` for three.
pub(crate) fn hex_of_width(value: u32, count: u8, line: &mut Encoder<'_>) {
    let mut text = *b"0x00000000";
    let count = usize::from(count).clamp(1, 4);
    for (place, digit) in text[2..2 + 2 * count].iter_mut().rev().enumerate() {
        *digit = b"0123456789ABCDEF"[(value >> (4 * place) & 15) as usize];
    }
    line.bare(core::str::from_utf8(&text[..2 + 2 * count]).unwrap_or_default());
}

commands! {
    /// Measures the voltage at a channel of the first analog converter (`ESP-AT 3.13.2`).
    set ReadAdc {
        /// 0 to 7, which are the GPIOs 36 to 39 and 32 to 35 of an ESP32.
        pub channel: u8 [0..=7],
        /// The attenuation.
        pub attenuation: Attenuation,
    } -> AdcReading, within 5 s;
    on EspAt "AT+DRVADC" "3.13.2";

    /// Starts PWM on up to four channels (`ESP-AT 3.13.3`). Their number is that of the GPIOs that are given.
    set StartPwm {
        /// Hz, 1 to 8000000.
        pub frequency: u32 [1..=8_000_000],
        /// Resolution of the duty in bits, 0 to 20. The higher the frequency, the less is possible.
        pub resolution: u8 [0..=20],
        /// GPIO of channel 0.
        pub gpio_0: u8,
        /// GPIO of channel 1.
        pub gpio_1: Option<u8>,
        /// GPIO of channel 2.
        pub gpio_2: Option<u8>,
        /// GPIO of channel 3.
        pub gpio_3: Option<u8>,
    } -> (), within 5 s;
    on EspAt "AT+DRVPWMINIT" "3.13.3";

    /// Sets the duty of PWM channels (`ESP-AT 3.13.4`).
    set SetPwmDuty {
        /// The duties.
        pub duties: Duties,
    } -> (), within 5 s;
    on EspAt "AT+DRVPWMDUTY" "3.13.4";

    /// Fades the duty of PWM channels (`ESP-AT 3.13.5`).
    set FadePwm {
        /// What becomes of the duties.
        pub fades: Fades,
    } -> (), within 5 s;
    on EspAt "AT+DRVPWMFADE" "3.13.5";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;

    #[test]
    fn one_channel_changes_at_least() {
        for (duties, expected) in [
            ([None; 4], Err(EncodeError::OutOfRange)),
            ([None, None, None, Some(1 << 20)], Ok("AT+X=,,,1048576\r\n".len())),
            ([Some((1 << 20) + 1), None, None, None], Err(EncodeError::OutOfRange)),
        ] {
            let mut buffer = [0; 64];
            let mut line = Encoder::new(&mut buffer);
            SetPwmDuty { duties: Duties(duties) }.encode("AT+X", &mut line);
            assert_eq!(line.finish(), expected);
        }
        let mut buffer = [0; 64];
        let mut line = Encoder::new(&mut buffer);
        FadePwm { fades: Fades([Fade::Empty; 4]) }.encode("AT+X", &mut line);
        assert_eq!(line.finish(), Err(EncodeError::OutOfRange));
    }

    #[test]
    fn digits() {
        assert_eq!(parse_digits(b"\"0xFf01\"").unwrap(), [0xff, 1]);
        assert_eq!(parse_digits(b""), Err(FieldError::Missing));
        assert_eq!(parse_digits(b"fff"), Err(FieldError::Malformed));
        assert_eq!(parse_digits(&[b'0'; 242]), Err(FieldError::TooLong));
    }
}
