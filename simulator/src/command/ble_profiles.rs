//! Bluetooth LE: passthrough, input devices, `BluFi` (ESP-AT 3.4.31, 3.4.32, 3.4.41 to 3.4.47).

use super::{Entry, Reply, command};
use crate::bluetooth::SppChannels;
use crate::bluetooth::air::{Blufi, Signal};
use crate::engine::PromptFor;
use crate::request::{Call, Code, Failure};
use crate::simulator::Simulator;

type Answer = Result<Reply, Failure>;

/// The service of `BluFi`.
const BLUFI_SERVICE: u16 = 0xffff;
/// That of input devices.
const HID_SERVICE: u16 = 0x1812;

pub(crate) static SPP: &[Entry] = &[
    command("+BLESPPCFG").query(spp_query).set(spp),
    command("+BLESPP").execute(|module, _| {
        module.needs_low_energy()?;
        let route = module.low_energy_route()?;
        Ok(module.prompt(PromptFor::Tunnel(route)))
    }),
];

pub(crate) static INPUT: &[Entry] = &[
    command("+BLEHIDINIT")
        .query(|module, call| {
            let on = u8::from(module.bluetooth.hid);
            module.tell(call, on)
        })
        .set(hid),
    command("+BLEHIDKB").set(|module, call| {
        call.count(7, 7)?;
        let keys = (0..7).map(|index| byte(call, index, 0, 255)).collect::<Result<Vec<u8>, _>>()?;
        // Behind the modifiers stands a byte without meaning.
        report(module, [&[1, keys[0], 0], &keys[1..]].concat())
    }),
    command("+BLEHIDMUS").set(|module, call| {
        call.count(4, 4)?;
        let buttons = byte(call, 0, 0, 255)?;
        let moves = (1..4).map(|index| byte(call, index, -127, 127)).collect::<Result<Vec<u8>, _>>()?;
        report(module, [&[2, buttons], &moves[..]].concat())
    }),
    command("+BLEHIDCONSUMER").set(|module, call| {
        call.count(1, 1)?;
        let usage = u16::try_from(call.int(0, 0, 0xffff)?).map_err(|_| Code::Invalid)?;
        report(module, [&[3], &usage.to_le_bytes()[..]].concat())
    }),
];

pub(crate) static BLUFI: &[Entry] = &[
    command("+BLUFI")
        .query(|module, call| {
            let on = u8::from(module.bluetooth.blufi.is_some());
            module.tell(call, on)
        })
        .set(blufi),
    command("+BLUFINAME")
        .query(|module, call| {
            let name = String::from_utf8_lossy(&module.bluetooth.blufi_name).into_owned();
            module.tell(call, name)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            module.bluetooth.blufi_name = call.bytes(0, 1, 26)?.to_vec();
            Ok(Reply::Ok)
        }),
    command("+BLUFISEND").set(blufi_send),
];

fn byte(call: &Call, index: usize, least: i64, most: i64) -> Result<u8, Code> {
    // Negative ones as their two's complement.
    Ok(call.int(index, least, most)?.to_le_bytes()[0])
}

fn spp_query(module: &mut Simulator, call: &Call) -> Answer {
    let text = match module.bluetooth.spp {
        Some(SppChannels { transmit, receive, reconnect }) => {
            format!("{},{},{},{},{}", transmit.0, transmit.1, receive.0, receive.1, u8::from(reconnect))
        }
        None => "0,0,0,0,1".to_owned(),
    };
    module.tell(call, text)
}

fn spp(module: &mut Simulator, call: &Call) -> Answer {
    module.needs_low_energy()?;
    call.count(1, 6)?;
    if !call.flag(0)? {
        call.count(1, 1)?;
        module.bluetooth.spp = None;
        return Ok(Reply::Ok);
    }
    call.count(5, 6)?;
    let number = |index| usize::try_from(call.int(index, 1, 255)?).map_err(|_| Code::Invalid);
    let channels = SppChannels {
        transmit: (number(1)?, number(2)?),
        receive: (number(3)?, number(4)?),
        reconnect: call.opt_int(5, 0, 1)? != Some(0),
    };
    module.bluetooth.spp = Some(channels);
    Ok(Reply::Ok)
}

fn hid(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    let on = call.flag(0)?;
    let bluetooth = &module.bluetooth;
    // One excludes the other.
    if on && (bluetooth.role != 0 || bluetooth.blufi.is_some() || module.sockets.passthrough) {
        return Err(Code::Failed.into());
    }
    if on && !bluetooth.hid {
        module.raise_low_energy();
        let name = module.settings.bluetooth.name.clone();
        module.advertise_service(&name, HID_SERVICE);
    } else if !on && bluetooth.hid {
        module.shut_low_energy();
    }
    module.bluetooth.hid = on;
    Ok(Reply::Ok)
}

/// To everybody who is connected.
fn report(module: &mut Simulator, report: Vec<u8>) -> Answer {
    let links: Vec<u64> = module.bluetooth.open().map(|(_, connection)| connection.link).collect();
    if !module.bluetooth.hid || links.is_empty() {
        return Err(Code::Failed.into());
    }
    let (now, radio) = (module.now, module.bluetooth.radio);
    let mut medium = module.bluetooth.lock();
    for link in links {
        if let Some(other) = medium.link(link).map(|link| link.other(radio)) {
            medium.deliver(now, other, Signal::Report(link, report.clone()));
        }
    }
    drop(medium);
    Ok(Reply::Ok)
}

fn blufi(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 2)?;
    let on = call.flag(0)?;
    let floor = call.opt_int(1, 0, 7)?.unwrap_or(0);
    let bluetooth = &module.bluetooth;
    if bluetooth.role != 0 || bluetooth.hid || on && module.sockets.passthrough {
        return Err(Code::Failed.into());
    }
    if on {
        module.raise_low_energy();
        let name = module.bluetooth.blufi_name.clone();
        module.advertise_service(&name, BLUFI_SERVICE);
        module.bluetooth.blufi = Some(floor);
    } else if module.bluetooth.blufi.take().is_some() {
        let (now, radio) = (module.now, module.bluetooth.radio);
        module.bluetooth.lock().drop_links_of(now, radio);
    }
    Ok(Reply::Ok)
}

fn blufi_send(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    let length = usize::try_from(call.int(0, 1, 600)?).map_err(|_| Code::Invalid)?;
    let radio = module.bluetooth.radio;
    let phone = move |module: &Simulator| {
        let medium = module.bluetooth.air.look();
        medium.links.iter().find(|link| link.peripheral == radio).map(|link| link.central)
    };
    if module.bluetooth.blufi.is_none() || phone(module).is_none() {
        return Err(Code::Failed.into());
    }
    Ok(module.prompt_alone(length, move |module, data| {
        let now = module.now;
        let to = phone(module);
        if let Some(to) = to {
            module.bluetooth.lock().deliver(now, to, Signal::Blufi(Blufi::Data(data)));
        }
        module.bluetooth_sent(to.is_some());
    }))
}
