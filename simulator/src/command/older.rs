//! Where older firmwares give a command other parameters or other lines. The names are those of the handlers, not of
//! the commands.

use super::socket::DEFAULT_DNS;
use super::wifi::switch_dhcp;
use super::{Entry, Reply, command};
use crate::engine::Job;
use crate::request::{Call, Code, Failure};
use crate::script::Point;
use crate::simulator::Simulator;
use std::net::IpAddr;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("mode with range")
        .test(|module, call| {
            let least = module.profile.limits.least_wifi_mode;
            module.tell(call, format_args!("({least}-3)"))
        })
        .query(super::wifi::mode_query)
        .set(super::wifi::mode),
    command("dhcp by interface").query(dhcp_query).set(dhcp),
    command("dns in lines").query(dns_query).set(dns),
    command("dns in pairs").query(dns_query).set(|module, call| {
        // Both servers or none; none to switch back.
        if call.args.len() == 2 || call.args.len() > 1 && call.int(0, 0, 1)? == 0 {
            return Err(Code::Count.into());
        }
        dns(module, call)
    }),
    command("sntp by zone")
        .query(super::time::config_query)
        .set(|module, call| {
            // The manual's syntax starts with the zone, its examples with a switch, too.
            if call.opt_int(1, i64::MIN, i64::MAX).is_ok_and(|zone| zone.is_some()) {
                return super::time::config(module, call);
            }
            let zone = call.int(0, module.profile.limits.zones.0, module.profile.limits.zones.1)?;
            super::time::configure(module, call, true, zone, 1)
        })
        .execute(|module, _| {
            module.drop_sntp_query();
            module.sntp.reset();
            Ok(Reply::Ok)
        }),
    command("restore by kind")
        .set(|module, call| {
            call.count(1, 1)?;
            if call.flag(0)? {
                module.restore_flash();
            } else {
                module.flash.station_mac = module.station_mac;
            }
            Ok(module.after_ok(Job::Restart))
        })
        .execute(|module, _| {
            module.restore_flash();
            Ok(module.after_ok(Job::Restart))
        }),
];

fn dhcp_query(module: &mut Simulator, call: &Call) -> Answer {
    let settings = module.settings_of(call);
    let state = u8::from(settings.softap_dhcp) | u8::from(settings.station_dhcp) << 1;
    module.tell(call, state)
}

fn dhcp(module: &mut Simulator, call: &Call) -> Answer {
    call.count(2, 2)?;
    // SoftAP, station, both.
    let which = [2, 1, 3][usize::try_from(call.int(0, 0, 2)?).unwrap_or(0)];
    let on = call.flag(1)?;
    switch_dhcp(module, call, which, on)
}

fn dns_query(module: &mut Simulator, call: &Call) -> Answer {
    let servers = match &module.settings_of(call).dns {
        Some(servers) => servers.clone(),
        None if module.station.online() => vec![IpAddr::V4(module.lease.gateway)],
        None => vec![DEFAULT_DNS[0]],
    };
    let lines: String = servers.iter().map(|server| format!("{}:{server}\r\n", call.name)).collect();
    module.emit(&Point::Information, lines.as_bytes());
    Ok(Reply::Ok)
}

fn dns(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 3)?;
    let on = call.flag(0)?;
    let mut servers = Vec::new();
    for index in 1..call.args.len() {
        if let Some(text) = call.opt_text(index, 15)? {
            let server: IpAddr = text.parse().map_err(|_| Code::Invalid)?;
            if servers.contains(&server) || server.is_ipv6() {
                return Err(Code::Invalid.into());
            }
            servers.push(server);
        }
    }
    if servers.is_empty() {
        servers.push(DEFAULT_DNS[0]);
    }
    let servers = on.then_some(servers);
    module.keep(call, |settings| settings.dns.clone_from(&servers));
    Ok(Reply::Ok)
}
