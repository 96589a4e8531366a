//! Bluetooth LE: encryption and bonds (ESP-AT 3.4.33 to 3.4.40).

use super::{Entry, Reply, command};
use crate::bluetooth::SecurityParameters;
use crate::bluetooth::air::quoted;
use crate::bluetooth::stored::Bonds;
use crate::request::{Call, Code, Failure};
use crate::script::Point;
use crate::simulator::Simulator;

type Answer = Result<Reply, Failure>;

/// The greatest passkey.
const PASSKEY: i64 = 999_999;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+BLESECPARAM").query(parameters_query).set(parameters),
    command("+BLEENC").set(encrypt),
    command("+BLEENCRSP").set(|module, call| {
        let (link, radio) = link(module, call)?;
        let (now, accept) = (module.now, call.flag(1)?);
        answered(module.bluetooth.lock().answer_pairing(now, link, radio, accept))
    }),
    command("+BLEKEYREPLY").set(|module, call| {
        let (link, radio) = link(module, call)?;
        let (now, key) = (module.now, passkey(call, 1)?);
        answered(module.bluetooth.lock().type_passkey(now, link, radio, key))
    }),
    command("+BLECONFREPLY").set(|module, call| {
        let (link, radio) = link(module, call)?;
        let (now, same) = (module.now, call.flag(1)?);
        answered(module.bluetooth.lock().confirm_number(now, link, radio, same))
    }),
    command("+BLEENCDEV").query(|module, call| {
        module.needs_pairing()?;
        let lines = bond_lines(&call.name, &module.settings.bluetooth.bonds);
        module.emit(&Point::Information, lines.as_bytes());
        Ok(Reply::Ok)
    }),
    command("+BLEENCCLEAR")
        .set(|module, call| {
            module.needs_pairing()?;
            call.count(1, 1)?;
            let slot = usize::try_from(call.int(0, 0, 14)?).map_err(|_| Code::Invalid)?;
            if !module.settings.bluetooth.bonds.remove(slot) {
                return Err(Code::Failed.into());
            }
            keep_bonds(module)
        })
        .execute(|module, _| {
            module.needs_pairing()?;
            module.settings.bluetooth.bonds = Bonds::default();
            keep_bonds(module)
        }),
    command("+BLESETKEY")
        .query(|module, call| {
            module.needs_pairing()?;
            let key = module.bluetooth.static_key.map_or_else(|| "-1".to_owned(), |key| format!("{key:06}"));
            module.tell(call, key)
        })
        .set(|module, call| {
            module.needs_pairing()?;
            call.count(1, 1)?;
            module.bluetooth.static_key = Some(passkey(call, 0)?);
            module.publish_features();
            Ok(Reply::Ok)
        }),
];

/// A line for each bond.
pub(crate) fn bond_lines(name: &str, bonds: &Bonds) -> String {
    bonds.addresses().map(|(index, address)| format!("{name}:{index},{}\r\n", quoted(address))).collect()
}

fn keep_bonds(module: &mut Simulator) -> Answer {
    module.flash.bluetooth.bonds = module.settings.bluetooth.bonds.clone();
    module.publish_features();
    Ok(Reply::Ok)
}

fn passkey(call: &Call, index: usize) -> Result<u32, Code> {
    u32::try_from(call.int(index, 0, PASSKEY)?).map_err(|_| Code::Invalid)
}

/// The link that the first of two values names, and the module.
fn link(module: &Simulator, call: &Call) -> Result<(u64, usize), Failure> {
    call.count(2, 2)?;
    module.needs_pairing()?;
    let index = usize::try_from(call.int(0, 0, 2)?).map_err(|_| Code::Invalid)?;
    let connection = module.bluetooth.connection(index).ok_or(Code::Failed)?;
    Ok((connection.link, module.bluetooth.radio))
}

fn answered(asked: bool) -> Answer {
    if asked { Ok(Reply::Ok) } else { Err(Code::Failed.into()) }
}

fn parameters_query(module: &mut Simulator, call: &Call) -> Answer {
    module.needs_pairing()?;
    let SecurityParameters { auth_req, io, key_size, init_keys, response_keys, option } = module.bluetooth.security;
    module.tell(call, format!("{auth_req},{io},{key_size},{init_keys},{response_keys},{option}"))
}

fn parameters(module: &mut Simulator, call: &Call) -> Answer {
    module.needs_pairing()?;
    call.count(5, 6)?;
    let security = SecurityParameters {
        auth_req: call.int(0, 0, 13)?,
        io: call.int(1, 0, 4)?,
        key_size: call.int(2, 7, 16)?,
        init_keys: call.int(3, 0, 15)?,
        response_keys: call.int(4, 0, 15)?,
        option: call.opt_int(5, 0, 1)?.unwrap_or(0),
    };
    if !matches!(security.auth_req, 0 | 1 | 4 | 8 | 9 | 12 | 13) {
        return Err(Code::Invalid.into());
    }
    module.bluetooth.security = security;
    module.publish_features();
    Ok(Reply::Ok)
}

fn encrypt(module: &mut Simulator, call: &Call) -> Answer {
    let (link, radio) = link(module, call)?;
    let (now, action) = (module.now, call.int(1, 0, 3)?);
    if action == 0 {
        return Ok(Reply::Ok);
    }
    answered(module.bluetooth.lock().ask_for_pairing(now, link, radio, action))
}
