//! The module as an SPI master (`ESP-AT 3.13.10` to `3.13.13`).

use super::{BusData, hex_of_width};
use crate::at::{EncodeError, Encoder};
use crate::command::Parameter;
use crate::command::declare::{codes, commands, masks};

codes! {
    /// Memory channel of the SPI driver.
    SpiDma {
        /// None: no more than 64 bytes at a time.
        Off = 0,
        /// Channel 1.
        Channel1 = 1,
        /// Channel 2.
        Channel2 = 2,
    }
}

masks! {
    /// What is transferred with the lowest bit first. Otherwise it is the highest.
    LowestBitFirst: u8 {
        /// What is sent.
        SENT = 0,
        /// What is received.
        RECEIVED = 1,
    }
}

/// A pin that need not be wired; `-1` stands for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct OptionalPin(pub Option<u8>);

impl Parameter for OptionalPin {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.number(self.0.map_or(-1, i64::from));
    }

    fn sample(_: i64) -> Self {
        Self(None)
    }
}

/// A number that is sent before the data, and how many bytes of it: up to 2 for a command, up to 4 for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SpiPhase {
    /// The number.
    pub value: u32,
    /// How many bytes of it are sent.
    pub length: u8,
}

impl SpiPhase {
    fn put(self, max_length: u8, line: &mut Encoder<'_>) {
        let bits = 8 * u32::from(self.length);
        if self.length > max_length || self.value.checked_shr(bits).unwrap_or(0) != 0 {
            line.fail(EncodeError::OutOfRange);
        }
        hex_of_width(self.value, self.length, line);
        line.number(self.length.into());
    }
}

/// What is sent before the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SpiPhases {
    /// A command.
    Command(SpiPhase),
    /// An address. On the wire with an empty command before it.
    Address(SpiPhase),
    /// Both.
    CommandAndAddress(SpiPhase, SpiPhase),
}

impl Parameter for SpiPhases {
    fn encode(&self, line: &mut Encoder<'_>) {
        let (command, address) = match *self {
            Self::Command(command) => (command, None),
            Self::Address(address) => (SpiPhase::default(), Some(address)),
            Self::CommandAndAddress(command, address) => (command, Some(address)),
        };
        command.put(2, line);
        if let Some(address) = address {
            address.put(4, line);
        }
    }

    fn sample(_: i64) -> Self {
        Self::Command(SpiPhase { value: 3, length: 1 })
    }
}

commands! {
    /// Chooses the pins, before [`StartSpi`] (`ESP-AT 3.13.10`).
    set SetSpiPins {
        /// GPIO of the data to the device.
        pub mosi: u8,
        /// GPIO of the data from the device.
        pub miso: OptionalPin,
        /// GPIO of the clock.
        pub clock: u8,
        /// GPIO of the chip select.
        pub chip_select: OptionalPin,
    } -> (), within 5 s;
    on EspAt "AT+DRVSPICONFGPIO" "3.13.10";

    /// Starts the SPI driver (`ESP-AT 3.13.11`).
    set StartSpi {
        /// Hz, up to 40000000; made from 80 MHz by division.
        pub frequency: u32 [1..=40_000_000],
        /// SPI mode, 0 to 3.
        pub mode: u8 [0..=3],
        /// Bits of a command, 0 to 16; 0 where there is none.
        pub command_bits: u8 [0..=16],
        /// Bits of an address, 0 to 64; 0 where there is none.
        pub address_bits: u8 [0..=64],
        /// Memory channel.
        pub dma: SpiDma,
        /// The order of bits. The highest one first if left out.
        pub lowest_bit_first: Option<LowestBitFirst> [0..=3],
    } -> (), within 5 s;
    on EspAt "AT+DRVSPIINIT" "3.13.11";

    /// Gives the SPI driver back (`ESP-AT 3.13.11`).
    set ReleaseSpi with 0 -> (), within 5 s;
    on EspAt "AT+DRVSPIINIT" "3.13.11";

    /// Reads from the device (`ESP-AT 3.13.12`).
    set ReadSpi {
        /// Bytes to read. The module would read up to 4092, the driver has no room for more than 120. Without a memory
        /// channel no more than 64.
        pub length: u16 [1..=120],
        /// What is sent before.
        pub phases: Option<SpiPhases>,
    } -> BusData, within 5 s;
    on EspAt "AT+DRVSPIRD" "3.13.12";

    /// Writes data to the device (`ESP-AT 3.13.13`).
    set WriteSpi {
        /// Bytes of data, 1 to 4092; without a memory channel no more than 64.
        pub length: u16 [1..=4092],
        /// What is sent before.
        pub phases: Option<SpiPhases>,
    } data length ends OkAfterData -> (), within 10 s;
    on EspAt "AT+DRVSPIWR" "3.13.13";

    /// Sends a command and an address to the device, and no data (`ESP-AT 3.13.13`).
    set WriteSpiPhases with 0 {
        /// What is sent.
        pub phases: SpiPhases,
    } -> (), within 5 s;
    on EspAt "AT+DRVSPIWR" "3.13.13";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;

    #[test]
    fn phases() {
        let phase = |value, length| SpiPhase { value, length };
        for (phases, expected) in [
            (SpiPhases::Address(phase(0x1000, 3)), Ok(&b"AT+X=0,0x00,0,0x001000,3\r\n"[..])),
            (SpiPhases::Command(phase(0x9f, 1)), Ok(b"AT+X=0,0x9F,1\r\n")),
            (SpiPhases::Address(phase(u32::MAX, 4)), Ok(b"AT+X=0,0x00,0,0xFFFFFFFF,4\r\n")),
            (SpiPhases::Command(phase(0x100, 1)), Err(EncodeError::OutOfRange)),
            (SpiPhases::Command(phase(0x100, 3)), Err(EncodeError::OutOfRange)),
        ] {
            let mut buffer = [0; 64];
            let mut line = Encoder::new(&mut buffer);
            WriteSpiPhases { phases }.encode("AT+X", &mut line);
            let length = line.finish();
            assert_eq!(length.map(|length| &buffer[..length]), expected);
        }
    }
}
