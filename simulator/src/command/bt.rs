//! Classic Bluetooth (ESP-AT 3.5).

use super::ble_security::bond_lines;
use super::{Entry, Reply, command};
use crate::bluetooth::air::quoted;
use crate::bluetooth::classic::{BtClass, ClassicSignal, Profile};
use crate::bluetooth::stored::Bonds;
use crate::bluetooth::tunnel::Route;
use crate::bluetooth::{ClassicSecurity, Question};
use crate::engine::PromptFor;
use crate::request::{Call, Code, Failure, Value, parse_mac};
use crate::script::Point;
use crate::simulator::Simulator;
use core::time::Duration;

type Answer = Result<Reply, Failure>;

/// Most bytes of a counted send.
const SEND: i64 = 8192;

pub(crate) static COMMANDS: &[Entry] = &[
    classic("+BTINIT")
        .query(|module, call| {
            let on = u8::from(module.bluetooth.classic.on);
            module.tell(call, on)
        })
        .set(init),
    classic("+BTNAME")
        .query(|module, call| {
            needs_classic(module)?;
            let name = String::from_utf8_lossy(&module.settings.bluetooth.classic_name).into_owned();
            module.tell(call, name)
        })
        .set(|module, call| {
            needs_classic(module)?;
            call.count(1, 1)?;
            let name = call.bytes(0, 0, 32)?.to_vec();
            module.keep(call, |settings| settings.bluetooth.classic_name.clone_from(&name));
            module.publish_classic();
            Ok(Reply::Ok)
        }),
    classic("+BTSCANMODE").set(|module, call| {
        needs_classic(module)?;
        call.count(1, 1)?;
        let mode = call.int(0, 0, 3)?;
        module.keep(call, |settings| settings.bluetooth.classic_mode = mode);
        module.publish_classic();
        Ok(Reply::Ok)
    }),
    classic("+BTSTARTDISC").set(inquiry),
    classic("+BTSPPINIT")
        .query(|module, call| {
            needs_classic(module)?;
            let on = u8::from(module.bluetooth.classic.serial_role != 0);
            module.tell(call, on)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            let role = new_role(module, call, Profile::Spp)?;
            module.bluetooth.classic.serial_role = role;
            module.bluetooth.classic.serial_started = false;
            module.publish_classic();
            Ok(Reply::Ok)
        }),
    classic("+BTSPPCONN").query(serial_query).set(serial_connect),
    classic("+BTSPPDISCONN").set(serial_disconnect),
    classic("+BTSPPSEND").set(send).execute(|module, _| {
        needs_connection(module, Profile::Spp)?;
        Ok(module.prompt(PromptFor::Tunnel(Route::Serial)))
    }),
    classic("+BTSPPSTART").execute(|module, _| {
        if module.bluetooth.classic.serial_role != 2 {
            return Err(Code::Failed.into());
        }
        module.bluetooth.classic.serial_started = true;
        module.publish_classic();
        Ok(Reply::Ok)
    }),
    classic("+BTA2DPINIT")
        .query(|module, call| {
            needs_classic(module)?;
            let role = module.bluetooth.classic.audio_role;
            module.tell(call, role)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            let role = new_role(module, call, Profile::A2dp)?;
            module.bluetooth.classic.audio_role = role;
            module.publish_classic();
            Ok(Reply::Ok)
        }),
    classic("+BTA2DPCONN").query(audio_query).set(audio_connect),
    classic("+BTA2DPDISCONN").set(audio_disconnect),
    classic("+BTA2DPSRC").query(source_query).set(source),
    classic("+BTA2DPCTRL").set(control),
    classic("+BTSECPARAM").query(security_query).set(security),
    classic("+BTKEYREPLY").set(|module, call| {
        let question = question(module, call)?;
        let key = u32::try_from(call.int(1, 0, 999_999)?).map_err(|_| Code::Invalid)?;
        let Question::Passkey(right) = question else {
            return Err(Code::Failed.into());
        };
        answer(module, right == Some(key))
    }),
    classic("+BTPINREPLY").set(|module, call| {
        let question = question(module, call)?;
        let pin = call.bytes(1, 1, 16)?;
        let Question::Pin(right) = question else {
            return Err(Code::Failed.into());
        };
        answer(module, right.as_deref() == Some(pin))
    }),
    classic("+BTSECCFM").set(|module, call| {
        let question = question(module, call)?;
        let accept = call.flag(1)?;
        if question != Question::Confirm {
            return Err(Code::Failed.into());
        }
        answer(module, accept)
    }),
    classic("+BTENCDEV").query(|module, call| {
        needs_classic(module)?;
        let lines = bond_lines(&call.name, &module.settings.bluetooth.classic_bonds);
        module.emit(&Point::Information, lines.as_bytes());
        Ok(Reply::Ok)
    }),
    classic("+BTENCCLEAR")
        .set(|module, call| {
            needs_classic(module)?;
            call.count(1, 1)?;
            let slot = usize::try_from(call.int(0, 0, 14)?).map_err(|_| Code::Invalid)?;
            if !module.settings.bluetooth.classic_bonds.remove(slot) {
                return Err(Code::Failed.into());
            }
            keep_bonds(module)
        })
        .execute(|module, _| {
            needs_classic(module)?;
            module.settings.bluetooth.classic_bonds = Bonds::default();
            keep_bonds(module)
        }),
    classic("+BTCOD").set(|module, call| {
        needs_classic(module)?;
        call.count(3, 3)?;
        let small = |index, most| u8::try_from(call.int(index, 0, most)?).map_err(|_| Code::Invalid);
        let service = u16::try_from(call.int(2, 0, 0x7ff)?).map_err(|_| Code::Invalid)?;
        let class = BtClass { major: small(0, 31)?, minor: small(1, 63)?, service };
        let radio = module.bluetooth.radio;
        module.bluetooth.lock().radios[radio].classic.class = Some(class);
        Ok(Reply::Ok)
    }),
    classic("+BTPOWER")
        .query(|module, call| {
            needs_classic(module)?;
            // What ESP-IDF starts with.
            let (least, most) = module.bluetooth.classic.power.unwrap_or((4, 5));
            module.tell(call, format!("{least},{most}"))
        })
        .set(|module, call| {
            needs_classic(module)?;
            call.count(2, 2)?;
            let (least, most) = (call.int(0, 0, 7)?, call.int(1, 0, 7)?);
            if least > most {
                return Err(Code::Invalid.into());
            }
            module.bluetooth.classic.power = Some((least, most));
            Ok(Reply::Ok)
        }),
];

/// A command that a firmware without Classic Bluetooth does not have.
const fn classic(name: &'static str) -> Entry {
    command(name).only(|variant| variant.classic_bluetooth)
}

fn needs_classic(module: &Simulator) -> Result<(), Code> {
    if module.bluetooth.classic.on { Ok(()) } else { Err(Code::Failed) }
}

fn init(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    let on = call.flag(0)?;
    if on && module.sockets.passthrough {
        return Err(Code::Failed.into());
    }
    if !on {
        for profile in [Profile::Spp, Profile::A2dp] {
            end(module, profile);
        }
        module.bluetooth.classic = Default::default();
    }
    module.bluetooth.classic.on = on;
    module.publish_classic();
    Ok(Reply::Ok)
}

/// Ends a connection, with its line; `false` if there is none.
fn end(module: &mut Simulator, profile: Profile) -> bool {
    let ended = module.end_classic(profile);
    if let Some(address) = ended {
        module.say_classic_gone(profile, address);
    }
    ended.is_some()
}

/// Another role needs that the connection is ended first.
fn new_role(module: &mut Simulator, call: &Call, profile: Profile) -> Result<i64, Code> {
    needs_classic(module)?;
    let role = call.int(0, 0, 2)?;
    if module.end_of(profile).is_some() && role != 0 {
        return Err(Code::Failed);
    }
    if role == 0 {
        end(module, profile);
    }
    Ok(role)
}

/// There is one connection of each kind; its number is 0.
fn needs_connection(module: &mut Simulator, profile: Profile) -> Result<crate::bluetooth::Address, Code> {
    needs_classic(module)?;
    (*module.end_of(profile)).ok_or(Code::Failed)
}

fn inquiry(module: &mut Simulator, call: &Call) -> Answer {
    needs_classic(module)?;
    call.count(3, 3)?;
    call.int(0, 0, 1)?;
    let seconds = call.int(1, 1, 48)?;
    let most = usize::try_from(call.int(2, 0, 255)?).map_err(|_| Code::Invalid)?;
    let time = Duration::from_secs(seconds.unsigned_abs());
    Ok(module.start_inquiry(time, (most > 0).then_some(most)))
}

fn serial_query(module: &mut Simulator, call: &Call) -> Answer {
    needs_classic(module)?;
    let text = module.bluetooth.classic.serial.map_or_else(|| "-1".to_owned(), |with| format!("0,{}", quoted(with)));
    module.tell(call, text)
}

fn serial_connect(module: &mut Simulator, call: &Call) -> Answer {
    call.count(3, 3)?;
    call.int(0, 0, 0)?;
    if !matches!(security_mode(call, 1)?, 0 | 1 | 0x36 | 0x3000 | 0x4000) {
        return Err(Code::Invalid.into());
    }
    let address = parse_mac(call.text(2, 17, 17)?).ok_or(Code::Invalid)?;
    let classic = &module.bluetooth.classic;
    if classic.serial_role != 1 || classic.serial.is_some() {
        return Err(Code::Failed.into());
    }
    Ok(module.page(Profile::Spp, address))
}

/// A number, also with `0x` in front.
fn security_mode(call: &Call, index: usize) -> Result<i64, Code> {
    if let Some(Value::Bare(text)) = call.args.get(index)
        && let Some(digits) = text.strip_prefix(b"0x")
    {
        let digits = std::str::from_utf8(digits).map_err(|_| Code::Type)?;
        return i64::from_str_radix(digits, 16).map_err(|_| Code::Type);
    }
    call.int(index, 0, 0xffff)
}

fn serial_disconnect(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    call.int(0, 0, 0)?;
    if end(module, Profile::Spp) {
        return Ok(Reply::Ok);
    }
    module.info("+BTSPPDISCONN:-1");
    Err(Code::Failed.into())
}

fn send(module: &mut Simulator, call: &Call) -> Answer {
    call.count(2, 2)?;
    call.int(0, 0, 0)?;
    let length = usize::try_from(call.int(1, 1, SEND)?).map_err(|_| Code::Invalid)?;
    needs_connection(module, Profile::Spp)?;
    Ok(module.prompt_alone(length, |module, data| {
        let sent = module.send_serial(&data);
        module.bluetooth_sent(sent);
    }))
}

fn audio_query(module: &mut Simulator, call: &Call) -> Answer {
    needs_classic(module)?;
    // Without a connection the line has no values.
    let text = module.bluetooth.classic.audio.map(|with| format!("0,{}", quoted(with))).unwrap_or_default();
    module.tell(call, text)
}

fn audio_connect(module: &mut Simulator, call: &Call) -> Answer {
    // The syntax has two values, the example has two more in between.
    let last = match call.args.len() {
        2 => 1,
        4 => {
            call.int(1, 0, 0)?;
            call.int(2, 0, 0)?;
            3
        }
        _ => return Err(Code::Count.into()),
    };
    call.int(0, 0, 0)?;
    let address = parse_mac(call.text(last, 17, 17)?).ok_or(Code::Invalid)?;
    let classic = &module.bluetooth.classic;
    if classic.audio_role == 0 || classic.audio.is_some() {
        return Err(Code::Failed.into());
    }
    Ok(module.page(Profile::A2dp, address))
}

fn audio_disconnect(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    call.int(0, 0, 0)?;
    let address = module.end_classic(Profile::A2dp).ok_or(Code::Failed)?;
    module.finish_ok();
    module.say_classic_gone(Profile::A2dp, address);
    Ok(Reply::Pending)
}

fn source_query(module: &mut Simulator, call: &Call) -> Answer {
    needs_classic(module)?;
    let url = module.bluetooth.classic.source.clone().ok_or(Code::Failed)?;
    module.tell(call, format!("\"{url}\",\"mp3\""))
}

fn source(module: &mut Simulator, call: &Call) -> Answer {
    call.count(2, 2)?;
    call.int(0, 0, 0)?;
    let url = call.text(1, 1, 256)?.to_owned();
    let place = ["http://", "https://", "flash://"].iter().any(|scheme| url.starts_with(scheme));
    let audio = std::path::Path::new(&url).extension().is_some_and(|kind| kind.eq_ignore_ascii_case("mp3"));
    if !place || !audio {
        return Err(Code::Invalid.into());
    }
    let with = needs_connection(module, Profile::A2dp)?;
    if module.bluetooth.classic.audio_role != 1 {
        return Err(Code::Failed.into());
    }
    let now = module.now;
    module.bluetooth.lock().tell_classic(now, with, ClassicSignal::Plays(url.clone()));
    module.bluetooth.classic.source = Some(url);
    Ok(Reply::Ok)
}

fn control(module: &mut Simulator, call: &Call) -> Answer {
    call.count(2, 2)?;
    call.int(0, 0, 0)?;
    let most = if module.bluetooth.classic.audio_role == 1 { 2 } else { 5 };
    let code = call.int(1, 0, most)?;
    let with = needs_connection(module, Profile::A2dp)?;
    let now = module.now;
    module.bluetooth.lock().tell_classic(now, with, ClassicSignal::Control(code));
    Ok(Reply::Ok)
}

fn security_query(module: &mut Simulator, call: &Call) -> Answer {
    needs_classic(module)?;
    let ClassicSecurity { io, fixed_pin, pin } = module.bluetooth.classic.security.clone();
    module.tell(call, format!("{io},{},\"{}\"", u8::from(fixed_pin), String::from_utf8_lossy(&pin)))
}

fn security(module: &mut Simulator, call: &Call) -> Answer {
    needs_classic(module)?;
    call.count(3, 3)?;
    let security =
        ClassicSecurity { io: call.int(0, 0, 3)?, fixed_pin: call.flag(1)?, pin: call.bytes(2, 0, 16)?.to_vec() };
    module.bluetooth.classic.security = security;
    module.publish_classic();
    Ok(Reply::Ok)
}

/// What is asked of the host; an error if nothing is.
fn question(module: &Simulator, call: &Call) -> Result<Question, Code> {
    call.count(2, 2)?;
    call.int(0, 0, 0)?;
    let question = module.bluetooth.classic.question.as_ref();
    question.map(|(_, _, question)| question.clone()).ok_or(Code::Failed)
}

fn answer(module: &mut Simulator, right: bool) -> Answer {
    // What comes of it is told behind OK.
    module.finish_ok();
    module.answer_question(right);
    Ok(Reply::Pending)
}

fn keep_bonds(module: &mut Simulator) -> Answer {
    module.flash.bluetooth.classic_bonds = module.settings.bluetooth.classic_bonds.clone();
    Ok(Reply::Ok)
}
