//! What hangs at the module's pins besides its UART: voltages at analogue inputs, I2C devices with registers, an SPI device
//! with memory; and what commands have made of the pins.

use crate::simulator::Simulator;
use core::time::Duration;
use std::collections::BTreeMap;

/// A device at an I2C port of the module, with registers as most sensors have them: the first byte that is written selects
/// one, the others are written to it and those behind it, and a read begins at the one that is selected. Behind the last
/// register comes the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct I2cDevice {
    /// The port: 0 or 1.
    pub port: u8,
    /// Its address: 7 bits, or 10 bits without the prefix (0x2FF, where commands say 0x7AFF).
    pub address: u16,
    /// The registers at the start, at most 256; without any it acknowledges, takes everything and gives 0xFF.
    pub registers: Vec<u8>,
}

impl I2cDevice {
    /// A device at port 0.
    #[must_use]
    pub fn new(address: u16, registers: impl Into<Vec<u8>>) -> Self {
        Self { port: 0, address, registers: registers.into() }
    }
}

/// An output of the PWM (`AT+DRVPWMINIT`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PwmOutput {
    /// GPIO number.
    pub gpio: u8,
    /// In Hz.
    pub frequency: u32,
    /// Bits of the duty: 2 to the power of this is always on.
    pub resolution: u8,
    /// The duty at this time; a fade changes it steadily.
    pub duty: u32,
}

/// What the module drives, as its commands have set it up, and the devices that stay when it restarts.
#[derive(Debug, Default)]
pub(crate) struct Peripherals {
    /// Millivolts by channel.
    pub(crate) voltages: BTreeMap<u8, u16>,
    i2c_devices: Vec<(I2cDevice, usize)>,
    spi_memory: Option<Vec<u8>>,

    pub(crate) pwm: Vec<Pwm>,
    /// Which I2C ports are set up.
    pub(crate) i2c_ports: [bool; 2],
    pub(crate) spi_pins: Option<SpiPins>,
    pub(crate) spi: Option<SpiPort>,
}

/// A PWM channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pwm {
    pub(crate) gpio: u8,
    pub(crate) frequency: u32,
    pub(crate) resolution: u8,
    start: (Duration, u32),
    end: (Duration, u32),
}

impl Pwm {
    pub(crate) const fn new(gpio: u8, frequency: u32, resolution: u8) -> Self {
        let none = (Duration::ZERO, 0);
        Self { gpio, frequency, resolution, start: none, end: none }
    }

    /// The duty gets this value in so much time.
    pub(crate) fn fade(&mut self, now: Duration, duty: u32, time: Duration) {
        self.start = (now, self.duty(now));
        self.end = (now + time, duty);
    }

    fn duty(&self, now: Duration) -> u32 {
        let ((since, from), (until, to)) = (self.start, self.end);
        let (passed, all) = (now.saturating_sub(since).as_micros(), until.saturating_sub(since).as_micros());
        if passed >= all {
            return to;
        }
        let part = u128::from(from.abs_diff(to)) * passed / all;
        let part = u32::try_from(part).unwrap_or(u32::MAX);
        if to > from { from + part } else { from - part }
    }
}

/// `AT+DRVSPICONFGPIO`
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpiPins {
    /// Whether the module hears the device.
    pub(crate) input: bool,
}

/// `AT+DRVSPIINIT`
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpiPort {
    pub(crate) dma: bool,
    pub(crate) sends_lsb_first: bool,
    pub(crate) takes_lsb_first: bool,
}

/// The address phase of a transfer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SpiAddress {
    pub(crate) value: u32,
    pub(crate) bits: u32,
}

impl Peripherals {
    pub(crate) fn new(world: &crate::world::World) -> Self {
        Self {
            i2c_devices: world.i2c_devices.iter().map(|device| (device.clone(), 0)).collect(),
            spi_memory: world.spi_memory.clone(),
            ..Self::default()
        }
    }

    /// The module starts anew: nothing is set up.
    pub(crate) fn restart(&mut self) {
        self.pwm.clear();
        self.i2c_ports = [false; 2];
        self.spi_pins = None;
        self.spi = None;
    }

    fn i2c_device(&mut self, port: u8, address: u16) -> Option<&mut (I2cDevice, usize)> {
        self.i2c_devices.iter_mut().find(|(device, _)| (device.port, device.address) == (port, address))
    }

    /// `None` if nobody acknowledges.
    pub(crate) fn read_i2c(&mut self, port: u8, address: u16, length: usize) -> Option<Vec<u8>> {
        let (device, selected) = self.i2c_device(port, address)?;
        let count = device.registers.len();
        let mut read = || {
            let byte = device.registers.get(*selected).copied().unwrap_or(0xff);
            *selected = (*selected + 1).checked_rem(count).unwrap_or(0);
            byte
        };
        Some((0..length).map(|_| read()).collect())
    }

    /// `false` if nobody acknowledges.
    pub(crate) fn write_i2c(&mut self, port: u8, address: u16, data: &[u8]) -> bool {
        let Some((device, selected)) = self.i2c_device(port, address) else { return false };
        let count = device.registers.len();
        if let [register, values @ ..] = data {
            *selected = usize::from(*register).checked_rem(count).unwrap_or(0);
            for value in values {
                if let Some(place) = device.registers.get_mut(*selected) {
                    *place = *value;
                }
                *selected = (*selected + 1).checked_rem(count).unwrap_or(0);
            }
        }
        true
    }

    /// Where the device's memory is read or written.
    fn spi_place(port: SpiPort, address: SpiAddress) -> usize {
        let SpiAddress { value, bits } = address;
        // The device takes the most significant bit first.
        let seen = if port.sends_lsb_first && bits > 0 { value.reverse_bits() >> (32 - bits) } else { value };
        usize::try_from(seen).unwrap_or(usize::MAX)
    }

    /// What the device sends; an input that nobody drives is high.
    pub(crate) fn read_spi(&self, port: SpiPort, address: SpiAddress, length: usize) -> Vec<u8> {
        let memory = self.spi_memory.as_deref().filter(|_| self.spi_pins.is_some_and(|pins| pins.input));
        let start = Self::spi_place(port, address);
        let byte = |at: usize| memory.and_then(|memory| memory.get(start.checked_add(at)?).copied()).unwrap_or(0xff);
        let order = |byte: u8| if port.takes_lsb_first { byte.reverse_bits() } else { byte };
        (0..length).map(|at| order(byte(at))).collect()
    }

    pub(crate) fn write_spi(&mut self, port: SpiPort, address: SpiAddress, data: &[u8]) {
        let start = Self::spi_place(port, address);
        let memory = self.spi_memory.as_deref_mut().and_then(|memory| memory.get_mut(start..)).unwrap_or_default();
        for (place, byte) in memory.iter_mut().zip(data) {
            *place = if port.sends_lsb_first { byte.reverse_bits() } else { *byte };
        }
    }
}

/// What a test sees and does at the pins.
impl Simulator {
    /// The registers of the I2C device with this address at this port.
    #[must_use]
    pub fn i2c_registers(&self, port: u8, address: u16) -> Option<&[u8]> {
        let mut devices = self.peripherals.i2c_devices.iter().map(|(device, _)| device);
        devices.find(|device| (device.port, device.address) == (port, address)).map(|device| &device.registers[..])
    }

    /// The memory of the SPI device, if there is one.
    #[must_use]
    pub fn spi_memory(&self) -> Option<&[u8]> {
        self.peripherals.spi_memory.as_deref()
    }

    /// What a PWM channel puts out at `now`; `None` if it is not set up.
    #[must_use]
    pub fn pwm(&mut self, now: Duration, channel: usize) -> Option<PwmOutput> {
        self.poll(now);
        let pwm = self.peripherals.pwm.get(channel)?;
        let Pwm { gpio, frequency, resolution, .. } = *pwm;
        Some(PwmOutput { gpio, frequency, resolution, duty: pwm.duty(self.now) })
    }

    pub(crate) fn set_voltage(&mut self, channel: u8, millivolts: u16) {
        self.peripherals.voltages.insert(channel, millivolts);
        if channel == 0 {
            let level = u32::from(millivolts) * 1024 / 1000;
            self.set_analogue_input(u16::try_from(level).unwrap_or(u16::MAX));
        }
    }

    pub(crate) fn set_i2c_register(&mut self, port: u8, address: u16, register: u8, value: u8) {
        let device = self.peripherals.i2c_device(port, address);
        if let Some(place) = device.and_then(|(device, _)| device.registers.get_mut(usize::from(register))) {
            *place = value;
        }
    }

    pub(crate) fn set_spi_memory(&mut self, start: usize, bytes: &[u8]) {
        let memory = self.peripherals.spi_memory.as_deref_mut().and_then(|memory| memory.get_mut(start..));
        for (place, byte) in memory.unwrap_or_default().iter_mut().zip(bytes) {
            *place = *byte;
        }
    }
}
