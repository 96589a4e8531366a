//! The module as an I2C master (`ESP-AT 3.13.6` to `3.13.9`). It gives up on a device after a second.

use super::{BusData, hex_of_width};
use crate::at::{EncodeError, Encoder};
use crate::command::Parameter;
use crate::command::declare::commands;

/// Address of a device. Written as a hexadecimal number; one of 10 bits with the bits 11110 before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum I2cAddress {
    /// 7 bits, 0 to 0x7F.
    Bits7(u8),
    /// 10 bits, 0 to 0x3FF.
    Bits10(u16),
}

impl Parameter for I2cAddress {
    fn encode(&self, line: &mut Encoder<'_>) {
        let address = match *self {
            Self::Bits7(address @ 0..=0x7f) => address.into(),
            Self::Bits10(address @ 0..=0x3ff) => 0b11110 << 10 | u32::from(address),
            _ => return line.fail(EncodeError::OutOfRange),
        };
        line.hex_number(address);
    }

    fn sample(_: i64) -> Self {
        Self::Bits7(0x34)
    }
}

/// One to four bytes in the command itself: their number, and they as one hexadecimal number, the first one in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FewBytes<'a>(pub &'a [u8]);

impl Parameter for FewBytes<'_> {
    fn encode(&self, line: &mut Encoder<'_>) {
        let count = self.0.len();
        if !(1..=4).contains(&count) {
            return line.fail(EncodeError::OutOfRange);
        }
        let value = self.0.iter().fold(0, |value, &byte| value << 8 | u32::from(byte));
        line.number(count as i64);
        hex_of_width(value, count as u8, line);
    }

    fn sample(_: i64) -> Self {
        Self(&[0x27, 0xff])
    }
}

commands! {
    /// Starts an I2C port (`ESP-AT 3.13.6`).
    set StartI2c {
        /// Number of the port, 0 or 1.
        pub port: u8 [0..=1],
        /// GPIO of the clock.
        pub clock_gpio: u8,
        /// GPIO of the data.
        pub data_gpio: u8,
        /// Hz, up to 1000000.
        pub frequency: u32 [1..=1_000_000],
    } -> (), within 5 s;
    on EspAt "AT+DRVI2CINIT" "3.13.6";

    /// Gives an I2C port back (`ESP-AT 3.13.6`).
    set ReleaseI2c {
        /// Number of the port, 0 or 1.
        pub port: u8 [0..=1],
    } -> (), within 5 s;
    on EspAt "AT+DRVI2CINIT" "3.13.6";

    /// Reads from a device (`ESP-AT 3.13.7`).
    set ReadI2c {
        /// Number of the port, 0 or 1.
        pub port: u8 [0..=1],
        /// The device.
        pub address: I2cAddress,
        /// Bytes to read. The module would read up to 2048, the driver has no room for more than 120.
        pub length: u16 [1..=120],
    } -> BusData, within 5 s;
    on EspAt "AT+DRVI2CRD" "3.13.7";

    /// Writes data to a device (`ESP-AT 3.13.8`).
    set WriteI2c {
        /// Number of the port, 0 or 1.
        pub port: u8 [0..=1],
        /// The device.
        pub address: I2cAddress,
        /// Bytes of data, 1 to 2048.
        pub length: u16 [1..=2048],
    } data length ends OkAfterData -> (), within 10 s;
    on EspAt "AT+DRVI2CWRDATA" "3.13.8";

    /// Writes up to four bytes to a device (`ESP-AT 3.13.9`), such as the number of a register and its value.
    set WriteI2cBytes<'a> {
        /// Number of the port, 0 or 1.
        pub port: u8 [0..=1],
        /// The device.
        pub address: I2cAddress,
        /// The bytes, 1 to 4.
        pub bytes: FewBytes<'a>,
    } -> (), within 5 s;
    on EspAt "AT+DRVI2CWRBYTES" "3.13.9";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;

    #[test]
    fn bytes_keep_their_zeros() {
        for (bytes, expected) in [
            (&[0u8, 0x0a][..], Ok(&b"AT+X=1,0x7800,2,0x000A\r\n"[..])),
            (&[1, 2, 3, 4], Ok(b"AT+X=1,0x7800,4,0x01020304\r\n")),
            (&[], Err(EncodeError::OutOfRange)),
            (&[0; 5], Err(EncodeError::OutOfRange)),
        ] {
            let mut buffer = [0; 64];
            let mut line = Encoder::new(&mut buffer);
            WriteI2cBytes { port: 1, address: I2cAddress::Bits10(0), bytes: FewBytes(bytes) }.encode("AT+X", &mut line);
            let length = line.finish();
            assert_eq!(length.map(|length| &buffer[..length]), expected);
        }
    }

    #[test]
    fn addresses_have_7_or_10_bits() {
        for address in [I2cAddress::Bits7(0x80), I2cAddress::Bits10(0x400)] {
            let mut buffer = [0; 64];
            let mut line = Encoder::new(&mut buffer);
            ReadI2c { port: 0, address, length: 1 }.encode("AT+X", &mut line);
            assert_eq!(line.finish(), Err(EncodeError::OutOfRange));
        }
    }
}
