//! The module's own access point.

use super::wifi::{address_lines, own_mac, parse_address};
use super::{Entry, Reply, command};
use crate::request::{Call, Code, Failure};
use crate::script::Point;
use crate::settings::{Ipv4Config, SoftAp};
use crate::simulator::Simulator;
use crate::station::mac_text;
use crate::world::{Pool, same_network};
use std::net::Ipv4Addr;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+CWSAP").query(config_query).set(config),
    command("+CWLIF").execute(|module, _| {
        need_softap(module)?;
        let name = module.profile.wording.station_list;
        let stations = module.leases().into_iter();
        let lines: String = stations.map(|(ip, mac)| format!("{name}{ip},{}\r\n", mac_text(mac))).collect();
        if !lines.is_empty() {
            module.emit(&Point::Information, lines.as_bytes());
        }
        Ok(Reply::Ok)
    }),
    command("+CWDHCPS").query(pool_query).set(pool),
    command("+CWQIF")
        .execute(|module, _| {
            need_softap(module)?;
            module.throw_out(None);
            Ok(Reply::Ok)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            let mac = own_mac(call, 0)?;
            need_softap(module)?;
            if module.throw_out(Some(mac)) { Ok(Reply::Ok) } else { Err(Code::Failed.into()) }
        }),
    command("+CIPAPMAC")
        .query(|module, call| {
            let mac = mac_text(module.settings_of(call).softap_mac);
            module.tell(call, format_args!("\"{mac}\""))
        })
        .set(|module, call| {
            call.count(1, 1)?;
            let mac = own_mac(call, 0)?;
            if mac == module.settings.station_mac {
                return Err(Code::Invalid.into());
            }
            module.keep(call, |settings| settings.softap_mac = mac);
            Ok(Reply::Ok)
        }),
    command("+CIPAP")
        .query(|module, call| {
            need_softap(module)?;
            let mut lines = address_lines(&call.name, module.settings_of(call).softap_ip);
            if let Some(address) = module.link_local(module.settings.softap_mac) {
                lines += &format!("\r\n{}:ip6ll:\"{address}\"", call.name);
            }
            module.info(&lines);
            Ok(Reply::Ok)
        })
        .set(|module, call| {
            let config = parse_address(call)?;
            need_softap(module)?;
            module.keep(call, |settings| settings.softap_ip = config);
            Ok(Reply::Ok)
        }),
];

fn need_softap(module: &Simulator) -> Result<(), Failure> {
    if module.settings.softap_on() { Ok(()) } else { Err(Code::Failed.into()) }
}

fn config_query(module: &mut Simulator, call: &Call) -> Answer {
    need_softap(module)?;
    let config = module.settings_of(call).softap.clone();
    let mut line = format!("{}:\"", call.name).into_bytes();
    line.extend(&config.ssid);
    line.extend(b"\",\"");
    line.extend(&config.password);
    let rest =
        format!("\",{},{},{},{}\r\n", config.channel, config.encryption, config.max_stations, u8::from(config.hidden));
    line.extend(rest.into_bytes());
    module.emit(&Point::Information, &line);
    Ok(Reply::Ok)
}

fn config(module: &mut Simulator, call: &Call) -> Answer {
    call.count(4, 6)?;
    let ssid = call.bytes(0, 1, 32)?.to_vec();
    let password = call.bytes(1, 0, 63)?.to_vec();
    let limits = &module.profile.limits;
    let channel = call.int(2, 1, limits.softap_channels)?;
    let encryption = call.int(3, 0, 4)?;
    let max_stations = call.opt_int(4, 1, limits.softap_stations)?.unwrap_or(4);
    let hidden = call.opt_int(5, 0, 1)?.unwrap_or(0) == 1;
    if !limits.softap_encryptions.contains(&encryption) {
        return Err(Code::Invalid.into());
    }
    if encryption != 0 && password.len() < 8 {
        return Err(Code::Length.into());
    }
    need_softap(module)?;
    let softap = SoftAp { ssid, password, channel, encryption, max_stations, hidden };
    let changed = module.settings.softap != softap;
    module.keep(call, |settings| settings.softap = softap.clone());
    if changed {
        module.softap_changed();
    }
    Ok(Reply::Ok)
}

fn pool_query(module: &mut Simulator, call: &Call) -> Answer {
    let settings = module.settings_of(call);
    let Pool { minutes, first, last } = module.dhcp_pool(settings.dhcp_pool, settings.softap_ip);
    let wording = &module.profile.wording;
    let (mark, end) = (wording.pool_mark, module.line_end(call));
    let quote = if wording.quoted_pool { "\"" } else { "" };
    let line = format!("{}{mark}{minutes},{quote}{first}{quote},{quote}{last}{quote}{end}", call.name);
    module.emit(&Point::Information, line.as_bytes());
    Ok(Reply::Ok)
}

fn pool(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 4)?;
    let on = call.flag(0)?;
    let address = |index: usize| -> Result<Ipv4Addr, Failure> {
        Ok(call.text(index, 7, 15)?.parse().map_err(|_| Code::Invalid)?)
    };
    let pool = if on {
        call.count(4, 4)?;
        Some(Pool { minutes: call.int(1, 1, 2880)?, first: address(2)?, last: address(3)? })
    } else {
        None
    };
    need_softap(module)?;
    if !module.settings.softap_dhcp {
        return Err(Code::Failed.into());
    }
    let Ipv4Config { ip, netmask, .. } = module.settings.softap_ip;
    let bad = |pool: Pool| {
        let (first, last) = (pool.first.to_bits(), pool.last.to_bits());
        first > last
            || last - first >= Pool::MOST
            || !same_network(pool.first, ip, netmask)
            || !same_network(pool.last, ip, netmask)
    };
    if pool.is_some_and(bad) {
        return Err(Code::Invalid.into());
    }
    module.keep(call, |settings| settings.dhcp_pool = pool);
    Ok(Reply::Ok)
}
