//! Basic commands about the chip: radio power, clock, registers, wake-up, the other firmware.

use super::{Entry, Reply, command};
use crate::engine::Job;
use crate::request::{Call, Code, Failure};
use crate::simulator::Simulator;
use core::time::Duration;
use std::collections::BTreeMap;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+TRANSINTVL")
        .query(|module, call| {
            let interval = module.system.send_interval;
            module.tell(call, interval)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            module.system.send_interval = call.int(0, 0, 1000)?;
            Ok(Reply::Ok)
        }),
    command("+RFPOWER").query(power_query).set(power),
    command("+SYSROLLBACK").execute(|module, _| {
        if !core::mem::take(&mut module.other_firmware) {
            return Err(Code::Failed.into());
        }
        Ok(module.after_ok(Job::Restart))
    }),
    command("+SYSTIMESTAMP")
        .query(|module, call| {
            let now = module.unix_time();
            module.tell(call, now)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            let unix = call.int(0, 0, i64::from(u32::MAX))?;
            module.set_unix_time(unix.unsigned_abs());
            Ok(Reply::Ok)
        }),
    command("+SLEEPWKCFG").set(|module, call| {
        call.count(2, 3)?;
        // Sources 0 and 1 are reserved.
        call.int(0, 2, 2)?;
        let pin = usize::try_from(call.int(1, 0, HIGHEST_PIN)?).map_err(|_| Code::Invalid)?;
        let level = call.opt_int(2, 0, 1)?;
        module.set_wake_source(Some((pin, level == Some(1))));
        Ok(Reply::Ok)
    }),
    command("+SYSREG").set(register),
];

pub(crate) static FACTORY_TEST: &[Entry] = &[command("+FACTPLCP").set(|_, call| {
    call.count(2, 2)?;
    call.flag(0)?;
    call.flag(1)?;
    Ok(Reply::Ok)
})];

/// The greatest GPIO number of an ESP32.
pub(super) const HIGHEST_PIN: i64 = 39;

/// What a restart resets.
#[derive(Debug)]
pub(crate) struct System {
    /// `AT+TRANSINTVL` in milliseconds.
    pub(crate) send_interval: i64,
    /// Wi-Fi in quarters of a dBm, Bluetooth LE as coded.
    wifi_power: i64,
    ble_power: i64,
    registers: BTreeMap<u32, u32>,
}

impl Default for System {
    fn default() -> Self {
        Self { send_interval: 20, wifi_power: 78, ble_power: 1, registers: BTreeMap::new() }
    }
}

impl Simulator {
    /// How long passthrough waits for more data (`AT+TRANSINTVL`).
    pub(crate) fn send_interval(&self) -> Duration {
        Duration::from_millis(self.system.send_interval.unsigned_abs())
    }
}

/// The level that is used for a wanted power.
const fn level(power: i64) -> i64 {
    match power {
        ..44 => 34,
        44..52 => 44,
        52..56 => 52,
        56..60 => 56,
        60..66 => 60,
        66..72 => 66,
        72..78 => 72,
        _ => 78,
    }
}

fn needs_wifi(module: &Simulator) -> Result<(), Code> {
    if module.station.off || module.settings.wifi_mode == 0 { Err(Code::Failed) } else { Ok(()) }
}

fn power_query(module: &mut Simulator, call: &Call) -> Answer {
    needs_wifi(module)?;
    let System { wifi_power, ble_power, .. } = module.system;
    module.tell(call, format_args!("{wifi_power},{ble_power},{ble_power},{ble_power}"))
}

fn power(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 4)?;
    let (least, most) = module.profile.limits.wifi_power;
    let wifi = call.int(0, least, most)?;
    let mut ble = None;
    for index in 1..call.args.len() {
        let value = call.opt_int(index, 0, 7)?;
        // Scanning and connecting follow advertising.
        ble = ble.or(value);
    }
    needs_wifi(module)?;
    if let Some(ble) = ble {
        if module.profile.find("+BLEINIT", &module.variant).is_some() {
            module.needs_low_energy()?;
        }
        module.system.ble_power = ble;
    }
    module.system.wifi_power = level(wifi);
    Ok(Reply::Ok)
}

fn register(module: &mut Simulator, call: &Call) -> Answer {
    call.count(2, 3)?;
    let write = call.flag(0)?;
    call.count(2 + usize::from(write), 2 + usize::from(write))?;
    let word = |index| {
        let value = call.number(index, 0, i64::from(u32::MAX))?;
        u32::try_from(value).map_err(|_| Code::Invalid)
    };
    let address = word(1)?;
    if write {
        module.system.registers.insert(address, word(2)?);
        return Ok(Reply::Ok);
    }
    let value = module.system.registers.get(&address).copied().unwrap_or(0);
    module.tell(call, format_args!("0x{value:x}"))
}
