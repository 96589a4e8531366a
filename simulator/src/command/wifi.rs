//! The station: mode, joining, scanning, addresses.

use super::{Entry, Reply, command};
use crate::engine::Job;
use crate::request::{Call, Code, Failure, parse_mac};
use crate::script::Point;
use crate::settings::{Ipv4Config, JoinConfig};
use crate::simulator::Simulator;
use crate::station::mac_text;
use core::time::Duration;
use std::net::Ipv4Addr;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+CWINIT").query(init_query).set(init),
    command("+CWMODE").query(mode_query).set(mode),
    command("+CWSTATE").query(state),
    command("+CWJAP").query(join_query).set(join).execute(join_again),
    command("+CWRECONNCFG")
        .query(|module, call| {
            let interval = module.settings.reconnect_interval;
            let count = module.settings.reconnect_count;
            module.tell(call, format_args!("{interval},{count}"))
        })
        .set(|module, call| {
            call.count(2, 2)?;
            let interval = call.int(0, 0, 7200)?;
            let count = call.int(1, 0, 1000)?;
            module.keep(call, |settings| {
                settings.reconnect_interval = interval;
                settings.reconnect_count = count;
            });
            Ok(Reply::Ok)
        }),
    command("+CWLAPOPT").set(scan_options),
    command("+CWLAP").set(scan).execute(scan_all),
    command("+CWQAP").execute(leave),
    command("+CWDHCP").query(dhcp_query).set(dhcp),
    command("+CWAUTOCONN")
        .query(|module, call| {
            let enabled = u8::from(module.settings.auto_connect);
            module.tell(call, enabled)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            let enabled = call.flag(0)?;
            module.settings.auto_connect = enabled;
            module.flash.auto_connect = enabled;
            Ok(Reply::Ok)
        }),
    command("+CWSTAPROTO")
        .query(|module, call| {
            let protocols = module.settings.station_protocols;
            module.tell(call, protocols)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            let protocols = call.int(0, 1, 15)?;
            module.keep(call, |settings| settings.station_protocols = protocols);
            Ok(Reply::Ok)
        }),
    command("+CIPSTAMAC").query(mac_query).set(mac),
    command("+CIPSTA").query(address_query).set(address),
    command("+CWHOSTNAME").query(hostname_query).set(hostname),
];

fn init_query(module: &mut Simulator, call: &Call) -> Answer {
    let on = u8::from(!module.station_off());
    module.tell(call, on)
}

fn init(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    let on = call.flag(0)?;
    if !on {
        module.leave_wifi();
    }
    module.set_station_off(!on);
    module.softap_switched();
    Ok(Reply::Ok)
}

pub(super) fn mode_query(module: &mut Simulator, call: &Call) -> Answer {
    let mode = module.settings_of(call).wifi_mode;
    module.tell(call, mode)
}

pub(super) fn mode(module: &mut Simulator, call: &Call) -> Answer {
    let limits = &module.profile.limits;
    call.count(1, 1 + usize::from(limits.mode_connects))?;
    let mode = call.int(0, limits.least_wifi_mode, 3)?;
    let connect = call.opt_int(1, 0, 1)?.unwrap_or(1) == 1;
    if module.station_off() {
        return Err(Code::Failed.into());
    }
    let had_station = module.settings.station();
    module.keep(call, |settings| settings.wifi_mode = mode);
    module.softap_switched();
    if had_station && !module.settings.station() {
        module.leave_wifi();
    }
    if !had_station && connect {
        module.auto_connect();
    }
    Ok(Reply::Ok)
}

fn state(module: &mut Simulator, _: &Call) -> Answer {
    let ssid = module.station.target().map(|target| target.ssid.clone());
    let mut line = format!("+CWSTATE:{},\"", module.station.state()).into_bytes();
    line.extend(ssid.unwrap_or_default());
    line.extend(b"\"\r\n");
    module.emit(&Point::Information, &line);
    Ok(Reply::Ok)
}

pub(super) fn need_station(module: &Simulator) -> Result<(), Failure> {
    if module.settings.station() && !module.station_off() { Ok(()) } else { Err(Code::Failed.into()) }
}

fn join_query(module: &mut Simulator, call: &Call) -> Answer {
    need_station(module)?;
    let point = module.station.access_point();
    let point = point.and_then(|index| module.access_points.get(index));
    let (Some(point), Some(target)) = (point, module.station.target()) else {
        module.info("No AP");
        return Ok(Reply::Ok);
    };
    let mut line = format!("{}:\"", call.name).into_bytes();
    line.extend(&point.ssid);
    line.extend(format!("\",\"{}\",{},{}", mac_text(point.bssid), point.channel, point.rssi).bytes());
    let more = [
        i64::from(target.refuse_open),
        module.settings.reconnect_interval,
        target.listen_interval,
        target.scan_mode,
        target.pmf,
    ];
    // Four fields were there from the start.
    for value in more.iter().take(module.profile.limits.join_fields.saturating_sub(4)) {
        line.extend(format!(",{value}").bytes());
    }
    line.extend(b"\r\n");
    module.emit(&Point::Information, &line);
    Ok(Reply::Ok)
}

fn join(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, module.profile.limits.join_values)?;
    let ssid = call.opt_bytes(0, 1, 32)?.map(<[u8]>::to_vec);
    let password = call.opt_bytes(1, 0, 64)?.unwrap_or_default().to_vec();
    let bssid = optional_mac(call, 2)?;
    let refuse_open = call.opt_int(3, 0, 1)?.unwrap_or(0) == 1;
    let reconnect = call.opt_int(4, 0, 7200)?.unwrap_or(1);
    let listen_interval = call.opt_int(5, 1, 100)?.unwrap_or(3);
    let scan_mode = call.opt_int(6, 0, 1)?.unwrap_or(0);
    let timeout = call.opt_int(7, 3, 600)?.unwrap_or(15).unsigned_abs();
    let pmf = call.opt_int(8, 0, 3)?.unwrap_or(1);
    need_station(module)?;
    let Some(ssid) = ssid else {
        return join_again(module, call);
    };
    module.keep(call, |settings| settings.reconnect_interval = reconnect);
    start_join(
        module,
        call,
        JoinConfig { bssid, refuse_open, listen_interval, scan_mode, timeout, pmf, ..JoinConfig::new(ssid, password) },
    )
}

fn join_again(module: &mut Simulator, call: &Call) -> Answer {
    need_station(module)?;
    let last = module.station.target().cloned();
    let config = last.or_else(|| module.settings.join.clone());
    start_join(module, call, config.ok_or(Code::Failed)?)
}

pub(super) fn start_join(module: &mut Simulator, call: &Call, config: JoinConfig) -> Answer {
    // SmartConfig has to be stopped before anything else.
    if module.world.provisioning.smart.is_some() {
        return Err(Code::Failed.into());
    }
    module.world.provisioning.wps = None;
    module.world.provisioning.joining = None;
    let deadline = module.now + Duration::from_secs(config.timeout);
    module.begin_join(config);
    // The outcome goes first if both are due at the same time.
    let outcome = module.station.at;
    let deadline = deadline + Duration::from_nanos(u64::from(outcome == Some(deadline)));
    Ok(module.run(Job::Join(call.clone()), Some(deadline)))
}

fn scan_options(module: &mut Simulator, call: &Call) -> Answer {
    let limits = &module.profile.limits;
    call.count(2, limits.scan_option_values)?;
    let sorted = call.int(0, 0, 1)? == 1;
    let fields = call.int(1, 0, limits.scan_fields)?;
    let least_rssi = call.opt_int(2, -100, 40)?.unwrap_or(-100);
    let encryptions = call.opt_int(3, 0, 0xffff)?.unwrap_or(0xffff);
    module.scan.sorted = sorted;
    module.scan.fields = fields;
    module.scan.least_rssi = least_rssi;
    module.scan.encryptions = encryptions;
    Ok(Reply::Ok)
}

fn scan(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, module.profile.limits.scan_values)?;
    let ssid = call.opt_bytes(0, 0, 32)?.map(<[u8]>::to_vec);
    let bssid = optional_mac(call, 1)?;
    let channel = call.opt_int(2, 0, 14)?;
    call.opt_int(3, 0, 1)?;
    call.opt_int(4, 0, 1500)?;
    call.opt_int(5, 0, 1500)?;
    need_station(module)?;
    module.scan.ssid = ssid.filter(|ssid| !ssid.is_empty());
    module.scan.bssid = bssid;
    module.scan.channel = channel;
    module.begin_scan()
}

fn scan_all(module: &mut Simulator, _: &Call) -> Answer {
    need_station(module)?;
    module.scan.ssid = None;
    module.scan.bssid = None;
    module.scan.channel = None;
    module.begin_scan()
}

fn leave(module: &mut Simulator, _: &Call) -> Answer {
    need_station(module)?;
    if module.profile.wording.leaves_after_ok {
        return Ok(module.after_ok(Job::Leave));
    }
    module.leave_wifi();
    Ok(Reply::Ok)
}

fn dhcp_query(module: &mut Simulator, call: &Call) -> Answer {
    let settings = module.settings_of(call);
    let station = u8::from(settings.station_dhcp);
    let softap = u8::from(settings.softap_dhcp);
    let ethernet = u8::from(module.world.ethernet.is_some() && settings.ethernet_static.is_none());
    module.tell(call, station | softap << 1 | ethernet << 2)
}

fn dhcp(module: &mut Simulator, call: &Call) -> Answer {
    call.count(2, 2)?;
    let on = call.flag(0)?;
    let which = call.int(1, 0, 3)?;
    switch_dhcp(module, call, which, on)
}

/// Bit 0 of `which` is the station, bit 1 the `SoftAP`.
pub(super) fn switch_dhcp(module: &mut Simulator, call: &Call, which: i64, on: bool) -> Answer {
    module.keep(call, |settings| {
        if which & 1 != 0 {
            settings.station_dhcp = on;
            if on {
                settings.station_static = None;
            }
        }
        if which & 2 != 0 {
            settings.softap_dhcp = on;
        }
    });
    Ok(Reply::Ok)
}

fn mac_query(module: &mut Simulator, call: &Call) -> Answer {
    let mac = mac_text(module.settings_of(call).station_mac);
    module.tell(call, format_args!("\"{mac}\""))
}

fn mac(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    let mac = own_mac(call, 0)?;
    if mac == module.settings.softap_mac {
        return Err(Code::Invalid.into());
    }
    module.keep(call, |settings| settings.station_mac = mac);
    Ok(Reply::Ok)
}

/// The lines of `+CIPSTA` and `+CIPAP`; `name` is the command's.
pub(super) fn address_lines(name: &str, config: Ipv4Config) -> String {
    let Ipv4Config { ip, gateway, netmask } = config;
    format!("{name}:ip:\"{ip}\"\r\n{name}:gateway:\"{gateway}\"\r\n{name}:netmask:\"{netmask}\"")
}

fn address_query(module: &mut Simulator, call: &Call) -> Answer {
    need_station(module)?;
    let none = Ipv4Config { ip: Ipv4Addr::UNSPECIFIED, gateway: Ipv4Addr::UNSPECIFIED, netmask: Ipv4Addr::UNSPECIFIED };
    let config = match module.settings_of(call).station_static {
        Some(fixed) if call.stored() == Some(true) => fixed,
        _ => module.station_ipv4().unwrap_or(none),
    };
    let mut lines = address_lines(&call.name, config);
    for (key, address) in [("ip6ll", module.station_link_local()), ("ip6gl", module.station_global())] {
        lines += &address.map(|address| format!("\r\n{}:{key}:\"{address}\"", call.name)).unwrap_or_default();
    }
    module.info(&lines);
    Ok(Reply::Ok)
}

pub(super) fn parse_address(call: &Call) -> Result<Ipv4Config, Failure> {
    call.count(1, 3)?;
    let parse = |index| -> Result<Option<Ipv4Addr>, Code> {
        let text = call.opt_text(index, 15)?;
        text.map(|text| text.parse().map_err(|_| Code::Invalid)).transpose()
    };
    let ip = parse(0)?.ok_or(Code::Count)?;
    // Both or none, says the syntax.
    if call.args.len() == 2 {
        return Err(Code::Count.into());
    }
    let [a, b, c, _] = ip.octets();
    let gateway = parse(1)?.unwrap_or(Ipv4Addr::new(a, b, c, 1));
    let netmask = parse(2)?.unwrap_or(Ipv4Addr::new(255, 255, 255, 0));
    Ok(Ipv4Config { ip, gateway, netmask })
}

fn address(module: &mut Simulator, call: &Call) -> Answer {
    let config = parse_address(call)?;
    need_station(module)?;
    module.keep(call, |settings| {
        settings.station_static = Some(config);
        settings.station_dhcp = false;
    });
    Ok(Reply::Ok)
}

fn hostname_query(module: &mut Simulator, call: &Call) -> Answer {
    if let Some(nothing) = module.profile.wording.no_hostname
        && need_station(module).is_err()
    {
        return module.tell(call, nothing);
    }
    need_station(module)?;
    let name = module.sockets.hostname.clone();
    module.tell(call, name)
}

fn hostname(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    let name = call.text(0, 1, 32)?.to_owned();
    need_station(module)?;
    module.sockets.hostname = name;
    Ok(Reply::Ok)
}

pub(super) fn optional_mac(call: &Call, index: usize) -> Result<Option<[u8; 6]>, Code> {
    let text = call.opt_text(index, 17)?;
    text.map(|text| parse_mac(text).ok_or(Code::Invalid)).transpose()
}

/// A MAC address that an interface may have.
pub(super) fn own_mac(call: &Call, index: usize) -> Result<[u8; 6], Code> {
    let mac = optional_mac(call, index)?.ok_or(Code::Count)?;
    if mac[0] & 1 != 0 || mac == [0; 6] {
        return Err(Code::Invalid);
    }
    Ok(mac)
}
