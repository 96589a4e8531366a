//! WPA2-Enterprise: `AT+CWJEAP`.

use super::wifi::start_join;
use super::{Entry, Reply, command};
use crate::request::{Call, Failure};
use crate::script::Point;
use crate::settings::{Enterprise, JoinConfig};
use crate::simulator::Simulator;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[command("+CWJEAP").query(query).set(join)];

/// The codes of this command alone, shown by `AT+SYSLOG=1` as the others are.
#[derive(Clone, Copy)]
enum Fault {
    SsidLength = 0x8014,
    Timeout = 0x8016,
    IdentityLength = 0x8018,
    UsernameLength = 0x801a,
    PasswordLength = 0x801c,
    Security = 0x801e,
    SecurityOfMethod = 0x801f,
    Count = 0x8020,
    NoStation = 0x8022,
    Method = 0x8024,
}

fn query(module: &mut Simulator, call: &Call) -> Answer {
    let joined = module.station.access_point().is_some();
    let target = module.station.target().filter(|_| joined);
    let Some((ssid, enterprise)) = target.and_then(|target| Some((target.ssid.clone(), target.enterprise.clone()?)))
    else {
        return Ok(Reply::Ok);
    };
    let Enterprise { method, identity, username, password, security } = enterprise;
    let mut line = format!("{}:", call.name).into_bytes();
    let quoted = |text: &[u8]| [b"\"", text, b"\""].concat();
    let fields =
        [quoted(&ssid), method.to_string().into_bytes(), quoted(&identity), quoted(&username), quoted(&password)];
    line.extend(fields.join(&b","[..]));
    line.extend(format!(",{security}\r\n").bytes());
    module.emit(&Point::Information, &line);
    Ok(Reply::Ok)
}

fn parse(module: &Simulator, call: &Call) -> Result<JoinConfig, Fault> {
    let most = module.profile.limits.enterprise_values;
    call.count(6, most).map_err(|_| Fault::Count)?;
    let text = |index: usize, fault: Fault| call.opt_bytes(index, 1, 32).map_err(|_| fault);
    let ssid = text(0, Fault::SsidLength)?.ok_or(Fault::SsidLength)?.to_vec();
    let method = call.int(1, 0, 2).map_err(|_| Fault::Method)?;
    let identity = text(2, Fault::IdentityLength)?.ok_or(Fault::IdentityLength)?.to_vec();
    let username = text(3, Fault::UsernameLength)?;
    let password = text(4, Fault::PasswordLength)?;
    let security = call.int(5, 0, 3).map_err(|_| Fault::Security)?;
    let timeout = call.opt_int(6, 3, 600).map_err(|_| Fault::Count)?.unwrap_or(15);
    if method == 0 && security & 1 == 0 {
        return Err(Fault::SecurityOfMethod);
    }
    if method != 0 && username.is_none() {
        return Err(Fault::UsernameLength);
    }
    if method != 0 && password.is_none() {
        return Err(Fault::PasswordLength);
    }
    if !module.settings.station() || module.station_off() {
        return Err(Fault::NoStation);
    }
    let mut config = JoinConfig::new(ssid, Vec::new());
    config.timeout = timeout.unsigned_abs();
    let (username, password) = (username.unwrap_or_default().to_vec(), password.unwrap_or_default().to_vec());
    config.enterprise = Some(Enterprise { method, identity, username, password, security });
    Ok(config)
}

fn join(module: &mut Simulator, call: &Call) -> Answer {
    match parse(module, call) {
        Ok(config) => start_join(module, call, config),
        Err(fault) => {
            fail(module, "", fault);
            Ok(Reply::Pending)
        }
    }
}

/// The time is up.
pub(crate) fn time_out(module: &mut Simulator) {
    fail(module, "+CWJEAP:Timeout\r\n", Fault::Timeout);
}

fn fail(module: &mut Simulator, line: &str, fault: Fault) {
    module.running = None;
    let code = if module.syslog { format!("ERR CODE:0x{:08x}\r\n", fault as u32) } else { String::new() };
    module.emit(&Point::Final, format!("{line}{code}\r\nERROR\r\n").as_bytes());
    module.busy_told = false;
}
