//! Voltages, levels and devices at the pins, from a TOML file.

use super::file::Reader;
use super::{Event, WorldError};
use crate::peripherals::I2cDevice;
use core::ops::Range;
use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VoltageFile {
    channel: u8,
    millivolts: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct I2cFile {
    #[serde(default)]
    port: u8,
    address: u16,
    /// Hex digits.
    registers: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpiFile {
    /// Hex digits.
    pub(super) memory: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PinFile {
    number: u8,
    /// Without: it is open.
    high: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct I2cRegisterFile {
    #[serde(default)]
    port: u8,
    address: u16,
    register: u8,
    value: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpiMemoryFile {
    start: usize,
    /// Hex digits.
    bytes: String,
}

impl From<PinFile> for Event {
    fn from(file: PinFile) -> Self {
        Self::Pin { number: file.number, level: file.high }
    }
}

impl From<I2cRegisterFile> for Event {
    fn from(file: I2cRegisterFile) -> Self {
        let I2cRegisterFile { port, address, register, value } = file;
        Self::I2cRegister { port, address, register, value }
    }
}

impl Reader<'_> {
    pub(super) fn voltage(&self, place: &Range<usize>, file: &VoltageFile) -> Result<(u8, u16), WorldError> {
        if file.channel > 7 {
            return Err(self.error(place.clone(), "channels are 0 to 7"));
        }
        Ok((file.channel, file.millivolts))
    }

    pub(super) fn voltage_event(&self, place: &Range<usize>, file: &VoltageFile) -> Result<Event, WorldError> {
        let (channel, millivolts) = self.voltage(place, file)?;
        Ok(Event::Voltage { channel, millivolts })
    }

    pub(super) fn spi_event(&self, place: &Range<usize>, file: &SpiMemoryFile) -> Result<Event, WorldError> {
        Ok(Event::SpiMemory { start: file.start, bytes: self.hex(place, &file.bytes)? })
    }

    pub(super) fn i2c_device(&self, file: Spanned<I2cFile>) -> Result<I2cDevice, WorldError> {
        let place = file.span();
        let I2cFile { port, address, registers } = file.into_inner();
        let registers = self.hex(&place, &registers)?;
        let wrong = [
            (port > 1, "ports are 0 and 1"),
            (address > 0x3ff, "an address has 7 or 10 bits"),
            (registers.len() > 256, "there are 256 registers at most"),
        ];
        match wrong.iter().find(|(wrong, _)| *wrong) {
            Some((_, message)) => Err(self.error(place, *message)),
            None => Ok(I2cDevice { port, address, registers }),
        }
    }
}
