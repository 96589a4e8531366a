//! The driver chapter of ESP-AT (3.13): ADC, PWM, I2C and SPI.

use super::{Entry, Reply, command};
use crate::peripherals::{Pwm, SpiAddress, SpiPins, SpiPort};
use crate::request::{Call, Code, Failure};
use crate::simulator::Simulator;
use core::time::Duration;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+DRVADC").set(analogue),
    command("+DRVPWMINIT").set(pwm_init),
    command("+DRVPWMDUTY").set(|module, call| {
        let channels = module.peripherals.pwm.len();
        call.count(1, 4)?;
        let duties: Vec<Option<u32>> = (0..call.args.len())
            .map(|index| Ok(call.opt_int(index, 0, top(module, index)?)?.map(small)))
            .collect::<Result<_, Failure>>()?;
        let now = module.now;
        for (pwm, duty) in module.peripherals.pwm.iter_mut().take(channels).zip(duties) {
            if let Some(duty) = duty {
                pwm.fade(now, duty, Duration::ZERO);
            }
        }
        Ok(Reply::Ok)
    }),
    command("+DRVPWMFADE").set(pwm_fade),
    command("+DRVI2CINIT").set(|module, call| {
        let port = i2c_port(call)?;
        if call.args.len() > 1 {
            call.count(4, 4)?;
            call.int(1, 0, OUTPUTS)?;
            call.int(2, 0, OUTPUTS)?;
            call.int(3, 1, 1_000_000)?;
        }
        let on = call.args.len() > 1;
        if !on && !module.peripherals.i2c_ports[usize::from(port)] {
            return Err(Code::Failed.into());
        }
        module.peripherals.i2c_ports[usize::from(port)] = on;
        Ok(Reply::Ok)
    }),
    command("+DRVI2CRD").set(|module, call| {
        call.count(3, 3)?;
        let (port, address) = i2c_address(module, call)?;
        let length = size(call.int(2, 1, 2048)?);
        let data = module.peripherals.read_i2c(port, address, length).ok_or(Code::Failed)?;
        module.tell(call, hex(&data))
    }),
    command("+DRVI2CWRDATA").set(|module, call| {
        call.count(3, 3)?;
        let (port, address) = i2c_address(module, call)?;
        let length = size(call.int(2, 1, 2048)?);
        Ok(module.prompt_for(length, move |module, data| {
            if module.peripherals.write_i2c(port, address, &data) {
                module.finish_ok();
            } else {
                module.finish_error(Code::Failed);
            }
        }))
    }),
    command("+DRVI2CWRBYTES").set(|module, call| {
        call.count(4, 4)?;
        let (port, address) = i2c_address(module, call)?;
        let length = size(call.int(2, 1, 4)?);
        let data = small(call.number(3, 0, i64::from(u32::MAX))?).to_be_bytes();
        let (rest, data) = data.split_at(4 - length);
        if rest.iter().any(|byte| *byte != 0) {
            return Err(Code::Invalid.into());
        }
        if module.peripherals.write_i2c(port, address, data) { Ok(Reply::Ok) } else { Err(Code::Failed.into()) }
    }),
    command("+DRVSPICONFGPIO").set(|module, call| {
        call.count(4, 4)?;
        call.int(0, 0, OUTPUTS)?;
        let input = call.int(1, -1, PINS)? >= 0;
        call.int(2, 0, OUTPUTS)?;
        call.int(3, -1, OUTPUTS)?;
        module.peripherals.spi_pins = Some(SpiPins { input });
        Ok(Reply::Ok)
    }),
    command("+DRVSPIINIT").set(spi_init),
    command("+DRVSPIRD").set(|module, call| {
        let (port, length, address) = spi_transfer(module, call, 1)?;
        let data = module.peripherals.read_spi(port, address, length);
        module.tell(call, hex(&data))
    }),
    command("+DRVSPIWR").set(|module, call| {
        let (port, length, address) = spi_transfer(module, call, 0)?;
        if length == 0 {
            // Without data there is a command or an address.
            call.count(3, 5)?;
            return Ok(Reply::Ok);
        }
        Ok(module.prompt_for(length, move |module, data| {
            module.peripherals.write_spi(port, address, &data);
            module.finish_ok();
        }))
    }),
];

/// The greatest GPIO number of an ESP32, and that of those that can be outputs.
const PINS: i64 = super::system::HIGHEST_PIN;
const OUTPUTS: i64 = 33;

/// What the full scale of the ADC is, in mV, by attenuation.
const FULL_SCALE: [u32; 4] = [950, 1250, 1750, 2450];

/// Clock of the PWM in Hz.
const PWM_CLOCK: i64 = 80_000_000;

fn hex(data: &[u8]) -> String {
    data.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A number whose range has been checked.
fn small(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn size(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn analogue(module: &mut Simulator, call: &Call) -> Answer {
    call.count(2, 2)?;
    let channel = u8::try_from(call.int(0, 0, 7)?).map_err(|_| Code::Invalid)?;
    let full = FULL_SCALE[size(call.int(1, 0, 3)?)];
    let millivolts = module.peripherals.voltages.get(&channel).copied().unwrap_or(0);
    module.tell(call, (u32::from(millivolts) * 4096 / full).min(4095))
}

fn pwm_init(module: &mut Simulator, call: &Call) -> Answer {
    call.count(3, 6)?;
    let frequency = call.int(0, 1, 8_000_000)?;
    let resolution = call.int(1, 0, 20)?;
    let gpios = (2..call.args.len()).map(|index| call.int(index, 0, OUTPUTS)).collect::<Result<Vec<_>, _>>()?;
    // So many steps do not fit into a period.
    if frequency << resolution > PWM_CLOCK {
        return Err(Code::Failed.into());
    }
    let resolution = u8::try_from(resolution).map_err(|_| Code::Invalid)?;
    let gpios = gpios.into_iter().filter_map(|gpio| u8::try_from(gpio).ok());
    module.peripherals.pwm = gpios.map(|gpio| Pwm::new(gpio, small(frequency), resolution)).collect();
    Ok(Reply::Ok)
}

/// The greatest duty of a channel that is set up.
fn top(module: &Simulator, channel: usize) -> Result<i64, Code> {
    let pwm = module.peripherals.pwm.get(channel).ok_or(Code::Failed)?;
    Ok(1 << pwm.resolution)
}

fn pwm_fade(module: &mut Simulator, call: &Call) -> Answer {
    // An example ends with a comma.
    call.count(2, 9)?;
    let mut fades = Vec::new();
    for channel in 0..call.args.len().div_ceil(2) {
        let (duty, time) = (2 * channel, 2 * channel + 1);
        match (call.opt_int(duty, 0, i64::MAX)?, call.opt_int(time, 0, i64::from(u32::MAX))?) {
            (Some(duty), Some(_)) if duty >= top(module, channel)? => return Err(Code::Invalid.into()),
            (Some(duty), Some(time)) => fades.push((channel, small(duty), Duration::from_millis(time.unsigned_abs()))),
            (None, None) => {}
            _ => return Err(Code::Count.into()),
        }
    }
    let now = module.now;
    for (channel, duty, time) in fades {
        module.peripherals.pwm.get_mut(channel).ok_or(Code::Failed)?.fade(now, duty, time);
    }
    Ok(Reply::Ok)
}

fn i2c_port(call: &Call) -> Result<u8, Code> {
    u8::try_from(call.int(0, 0, 1)?).map_err(|_| Code::Invalid)
}

/// Port and address, once the port is set up.
fn i2c_address(module: &Simulator, call: &Call) -> Result<(u8, u16), Code> {
    let port = i2c_port(call)?;
    let address = u16::try_from(call.number(1, 0, 0x7bff)?).map_err(|_| Code::Invalid)?;
    // 10 bits behind the prefix 11110.
    let address = match address {
        0..=0x7f => address,
        0x7800.. => address & 0x3ff,
        _ => return Err(Code::Invalid),
    };
    if module.peripherals.i2c_ports[usize::from(port)] { Ok((port, address)) } else { Err(Code::Failed) }
}

fn spi_init(module: &mut Simulator, call: &Call) -> Answer {
    let clock = call.int(0, 0, 40_000_000)?;
    if clock == 0 {
        call.count(1, 1)?;
        return if module.peripherals.spi.take().is_some() { Ok(Reply::Ok) } else { Err(Code::Failed.into()) };
    }
    call.count(5, 6)?;
    call.int(1, 0, 3)?;
    call.int(2, 0, 16)?;
    call.int(3, 0, 64)?;
    let dma = call.int(4, 0, 2)? > 0;
    let order = call.opt_int(5, 0, 3)?.unwrap_or(0);
    if module.peripherals.spi_pins.is_none() {
        return Err(Code::Failed.into());
    }
    let port = SpiPort { dma, sends_lsb_first: order & 1 != 0, takes_lsb_first: order & 2 != 0 };
    module.peripherals.spi = Some(port);
    Ok(Reply::Ok)
}

/// The port, how many bytes, and the address.
fn spi_transfer(module: &Simulator, call: &Call, least: i64) -> Result<(SpiPort, usize, SpiAddress), Code> {
    call.count(1, 5)?;
    let length = call.int(0, least, 4092)?;
    let phase = |at: usize, most: i64| -> Result<SpiAddress, Code> {
        let Some(bytes) = call.opt_int(at + 1, 0, most)? else { return Ok(SpiAddress::default()) };
        let value = call.number(at, 0, (1 << (8 * bytes)) - 1)?;
        Ok(SpiAddress { value: small(value), bits: small(8 * bytes) })
    };
    if matches!(call.args.len(), 2 | 4) {
        return Err(Code::Count);
    }
    phase(1, 2)?;
    let address = phase(3, 4)?;
    let port = module.peripherals.spi.ok_or(Code::Failed)?;
    if !port.dma && length > 64 {
        return Err(Code::Invalid);
    }
    Ok((port, size(length), address))
}
