//! The pins and the analogue input of an ESP8266 with the NONOS SDK, and its radio power.

use super::{Entry, Reply, command};
use crate::request::{Call, Code, Failure};
use crate::simulator::Simulator;

type Answer = Result<Reply, Failure>;

/// The names are those of the handlers where other firmwares have a command of that name.
pub(crate) static COMMANDS: &[Entry] = &[
    command("power limit").set(|_, call| {
        call.count(1, 1)?;
        call.int(0, 0, 82)?;
        Ok(Reply::Ok)
    }),
    command("+RFVDD")
        .query(|module, call| {
            let supply = module.pins.supply;
            module.tell(call, supply)
        })
        .set(|_, call| {
            call.count(1, 1)?;
            call.int(0, 1900, 3300)?;
            Ok(Reply::Ok)
        })
        .execute(|_, _| Ok(Reply::Ok)),
    command("+SYSADC").query(|module, call| {
        let level = module.pins.analogue;
        module.tell(call, level)
    }),
    command("+WAKEUPGPIO").set(wake),
    command("+SYSIOSETCFG").set(|module, call| {
        call.count(3, 3)?;
        let function = call.int(1, 0, 4)?;
        let pull_up = call.flag(2)?;
        let pin = module.pins.pin(call)?;
        (pin.function, pin.pull_up) = (function, pull_up);
        if !pin.is_gpio() {
            pin.output = None;
        }
        Ok(Reply::Ok)
    }),
    command("+SYSIOGETCFG").set(|module, call| {
        call.count(1, 1)?;
        let Pin { number, function, pull_up, .. } = *module.pins.pin(call)?;
        module.tell(call, format_args!("{number},{function},{}", u8::from(pull_up)))
    }),
    command("+SYSGPIODIR").set(|module, call| {
        call.count(2, 2)?;
        let out = call.flag(1)?;
        let pin = module.pins.pin(call)?;
        if !pin.is_gpio() {
            return Ok(refuse(module, "NOT GPIO MODE!"));
        }
        pin.output = out.then(|| pin.output.unwrap_or(false));
        Ok(Reply::Ok)
    }),
    command("+SYSGPIOWRITE").set(|module, call| {
        call.count(2, 2)?;
        let level = call.flag(1)?;
        let pin = module.pins.pin(call)?;
        if pin.output.is_none() {
            return Ok(refuse(module, "NOT OUTPUT!"));
        }
        pin.output = Some(level);
        Ok(Reply::Ok)
    }),
    command("+SYSGPIOREAD").set(|module, call| {
        call.count(1, 1)?;
        let pin = *module.pins.pin(call)?;
        if !pin.is_gpio() {
            return Ok(refuse(module, "NOT GPIO MODE!"));
        }
        let out = u8::from(pin.output.is_some());
        module.tell(call, format_args!("{},{out},{}", pin.number, u8::from(pin.level())))
    }),
];

#[derive(Clone, Copy, Debug)]
struct Pin {
    number: usize,
    function: i64,
    pull_up: bool,
    /// Its level if it is an output.
    output: Option<bool>,
    /// What is connected to it, if something is.
    outside: Option<bool>,
}

impl Pin {
    const fn new(number: usize) -> Self {
        Self { number, function: 0, pull_up: false, output: None, outside: None }
    }

    /// Whether it works as GPIO: function 0 for those that start as such, else 3.
    const fn is_gpio(&self) -> bool {
        self.function == if matches!(self.number, 0 | 2 | 4 | 5) { 0 } else { 3 }
    }

    fn level(&self) -> bool {
        self.output.or(self.outside).unwrap_or(self.pull_up)
    }
}

/// A restart resets what commands have set, not what is connected.
#[derive(Debug)]
pub(crate) struct Pins {
    pins: [Pin; 40],
    /// Both in 1/1024 V.
    supply: i64,
    analogue: i64,
}

impl Default for Pins {
    fn default() -> Self {
        Self { pins: core::array::from_fn(Pin::new), supply: 3379, analogue: 0 }
    }
}

impl Pins {
    pub(crate) fn restart(&mut self) {
        for pin in &mut self.pins {
            *pin = Pin { outside: pin.outside, ..Pin::new(pin.number) };
        }
    }

    /// The level that something outside gives a pin.
    pub(crate) fn connected(&self, pin: usize) -> Option<bool> {
        self.pins.get(pin)?.outside
    }

    /// The pin that the first value names; those of the flash memory are not for use.
    fn pin(&mut self, call: &Call) -> Result<&mut Pin, Code> {
        let number = usize::try_from(call.int(0, 0, 15)?).map_err(|_| Code::Invalid)?;
        if (6..12).contains(&number) {
            return Err(Code::Invalid);
        }
        self.pins.get_mut(number).ok_or(Code::Invalid)
    }
}

fn refuse(module: &mut Simulator, line: &str) -> Reply {
    module.info(line);
    module.finish_error(Code::Operation);
    Reply::Pending
}

fn wake(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 5)?;
    if !call.flag(0)? {
        module.set_wake_source(None);
        return Ok(Reply::Ok);
    }
    if call.args.len() == 4 {
        return Err(Code::Count.into());
    }
    call.count(3, 5)?;
    let trigger = call.int(1, 0, 15)?;
    let level = call.flag(2)?;
    if call.args.len() == 5 {
        call.flag(4)?;
        if call.int(3, 0, 15)? == trigger {
            return Err(Code::Invalid.into());
        }
    }
    module.set_wake_source(Some((usize::try_from(trigger).map_err(|_| Code::Invalid)?, level)));
    Ok(Reply::Ok)
}

/// What a test connects to the pins.
impl Simulator {
    /// Puts a level on an input pin, `None` to leave it open: for `AT+SYSGPIOREAD` of an ESP8266, and to wake the module
    /// from light sleep. Numbers above 39 are not there.
    pub fn set_pin(&mut self, pin: usize, level: Option<bool>) {
        let slept = self.is_dozing();
        if let Some(pin) = self.pins.pins.get_mut(pin) {
            pin.outside = level;
        }
        self.pin_changed(slept);
    }

    /// The level of a pin that the module drives (`AT+SYSGPIOWRITE`).
    #[must_use]
    pub fn driven_pin(&self, pin: usize) -> Option<bool> {
        self.pins.pins.get(pin)?.output
    }

    /// The voltage at the analogue input, in 1/1024 V (`AT+SYSADC?`).
    pub fn set_analogue_input(&mut self, level: u16) {
        self.pins.analogue = i64::from(level);
    }
}
