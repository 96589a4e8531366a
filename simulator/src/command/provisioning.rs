//! Credentials from outside: `SmartConfig`, WPS, the web server.

use super::wifi::need_station;
use super::{Entry, Reply, command};
use crate::request::{Call, Code, Failure};
use crate::simulator::Simulator;
use crate::world::SmartConfigRun;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+CWSTARTSMART").set(smart_config).execute(any_smart_config),
    command("+CWSTOPSMART").execute(|module, _| {
        module.world.provisioning.smart = None;
        Ok(Reply::Ok)
    }),
    command("+WPS").set(wps),
];

pub(crate) static WEB: &[Entry] = &[command("+WEBSERVER").set(web_server)];

/// The least encryption; older firmwares have no such parameter.
fn floor(module: &Simulator, call: &Call) -> Result<i64, Code> {
    call.count(1, module.profile.limits.provisioning_values.min(2))?;
    Ok(call.opt_int(1, 0, 7)?.unwrap_or(0))
}

fn smart_config(module: &mut Simulator, call: &Call) -> Answer {
    let most = module.profile.limits.provisioning_values;
    call.count(1, most)?;
    let kind = call.int(0, 1, if most > 1 { 4 } else { 3 })?;
    let floor = call.opt_int(1, 0, 7)?.unwrap_or(0);
    let key = call.opt_bytes(2, 16, 16)?.map(<[u8]>::to_vec);
    if key.is_some() && kind != 4 {
        return Err(Code::Invalid.into());
    }
    start_smart_config(module, SmartConfigRun::new(kind, floor, key))
}

fn any_smart_config(module: &mut Simulator, _: &Call) -> Answer {
    start_smart_config(module, SmartConfigRun::new(3, 0, None))
}

fn start_smart_config(module: &mut Simulator, run: SmartConfigRun) -> Answer {
    need_station(module)?;
    // Only as a station, not beside an access point.
    if module.settings.softap_on() || module.world.provisioning.smart.is_some() {
        return Err(Code::Failed.into());
    }
    module.world.provisioning.wps = None;
    module.leave_wifi();
    module.world.provisioning.smart = Some(run);
    module.finish_ok();
    module.try_smart_config();
    Ok(Reply::Pending)
}

fn wps(module: &mut Simulator, call: &Call) -> Answer {
    let floor = floor(module, call)?;
    let on = call.flag(0)?;
    need_station(module)?;
    if !on {
        module.world.provisioning.wps = None;
        return Ok(Reply::Ok);
    }
    if module.world.provisioning.smart.is_some() {
        return Err(Code::Failed.into());
    }
    module.start_wps(floor);
    module.finish_ok();
    module.try_wps();
    Ok(Reply::Pending)
}

fn web_server(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 3)?;
    if !call.flag(0)? {
        module.world.provisioning.web = None;
        return Ok(Reply::Ok);
    }
    call.count(3, 3)?;
    let port = u16::try_from(call.int(1, 1, 65535)?).map_err(|_| Code::Invalid)?;
    call.int(2, 21, 60)?;
    let taken = module.sockets.server.as_ref().is_some_and(|server| server.port == port);
    if taken || !module.sockets.mux || module.world.provisioning.web.is_some() {
        return Err(Code::Failed.into());
    }
    module.world.provisioning.web = Some(port);
    Ok(Reply::Ok)
}
