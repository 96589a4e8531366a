//! Settings and states of the TCP/IP side.

use super::{Entry, Reply, command};
use crate::link::{LINKS, Link};
use crate::request::{Call, Code, Failure, Reason};
use crate::script::Point;
use crate::settings::TcpOptions;
use crate::simulator::Simulator;
use crate::station::mac_text;
use std::net::{IpAddr, Ipv4Addr};

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+CIPV6")
        .query(|module, call| {
            let on = u8::from(module.settings.ipv6);
            module.tell(call, on)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            let on = call.flag(0)?;
            module.keep(call, |settings| settings.ipv6 = on);
            Ok(Reply::Ok)
        }),
    command("+CIPSTATE").query(state).only(|variant| variant.has_cipstate),
    command("+CIPSTATUS").execute(status).only(|variant| variant.has_cipstatus),
    command("+CIFSR").execute(addresses),
    command("+CIPMUX")
        .query(|module, call| {
            let mux = u8::from(module.sockets.mux);
            module.tell(call, mux)
        })
        .set(mux),
    command("+CIPMODE")
        .query(|module, call| {
            let mode = u8::from(module.sockets.passthrough);
            module.tell(call, mode)
        })
        .set(mode),
    command("+CIPDINFO")
        .query(|module, call| {
            let shown = module.sockets.peer_info;
            module.tell(call, shown)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            module.sockets.peer_info = call.flag(0)?;
            Ok(Reply::Ok)
        }),
    command("+CIPDNS").query(dns_query).set(dns),
    command("+CIPTCPOPT").query(tcp_query).set(tcp),
    command("+CIPRECONNINTV")
        .query(|module, call| {
            let interval = module.settings.passthrough_reconnect;
            module.tell(call, interval)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            let interval = call.int(0, 1, 36000)?;
            module.keep(call, |settings| settings.passthrough_reconnect = interval);
            Ok(Reply::Ok)
        }),
];

fn link_lines(module: &Simulator, name: &str) -> String {
    let line = |(id, link): (usize, &Link)| {
        format!(
            "+{name}:{id},\"{}\",\"{}\",{},{},{}\r\n",
            link.kind_name(),
            link.remote.ip(),
            link.remote.port(),
            link.local_port,
            u8::from(link.server)
        )
    };
    module.sockets.open().map(line).collect()
}

fn state(module: &mut Simulator, _: &Call) -> Answer {
    let lines = link_lines(module, "CIPSTATE");
    if !lines.is_empty() {
        module.emit(&Point::Information, lines.as_bytes());
    }
    Ok(Reply::Ok)
}

fn status(module: &mut Simulator, _: &Call) -> Answer {
    let status = if module.station_off() || !module.settings.station() {
        0
    } else {
        match (module.station.state(), module.sockets.any_open()) {
            (_, true) => 3,
            (2, false) if module.sockets.had_link => 4,
            (2, false) => 2,
            (0, false) => 1,
            _ => 5,
        }
    };
    let least = module.profile.limits.least_status;
    // Older firmwares have no state for a station that is off or idle.
    let status = if status < least { 5 } else { status };
    let lines = link_lines(module, "CIPSTATUS");
    let text = format!("STATUS:{status}\r\n{lines}");
    module.emit(&Point::Information, text.as_bytes());
    Ok(Reply::Ok)
}

fn addresses(module: &mut Simulator, _: &Call) -> Answer {
    let settings = &module.settings;
    let line = |key: &str, address: Option<String>| {
        address.map(|address| format!("+CIFSR:{key},\"{address}\"\r\n")).unwrap_or_default()
    };
    let mut text = String::new();
    if settings.softap_on() {
        text += &format!("+CIFSR:APIP,\"{}\"\r\n", settings.softap_ip.ip);
        text += &line("APIP6LL", module.link_local(settings.softap_mac));
        text += &format!("+CIFSR:APMAC,\"{}\"\r\n", mac_text(settings.softap_mac));
    }
    if settings.station() {
        let ip = module.station_ipv4().map_or(Ipv4Addr::UNSPECIFIED, |config| config.ip);
        text += &format!("+CIFSR:STAIP,\"{ip}\"\r\n");
        text += &line("STAIP6LL", module.station_link_local());
        text += &line("STAIP6GL", module.station_global());
        text += &format!("+CIFSR:STAMAC,\"{}\"\r\n", mac_text(settings.station_mac));
    }
    if let Some(config) = module.world.ethernet_address() {
        text += &format!("+CIFSR:ETHIP,\"{}\"\r\n", config.ip);
        text += &line("ETHIP6LL", module.link_local(settings.ethernet_mac));
        text += &format!("+CIFSR:ETHMAC,\"{}\"\r\n", mac_text(settings.ethernet_mac));
    }
    if !text.is_empty() {
        module.emit(&Point::Information, text.as_bytes());
    }
    Ok(Reply::Ok)
}

fn mux(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    let mux = call.flag(0)?;
    if mux == module.sockets.mux {
        return Ok(Reply::Ok);
    }
    if module.sockets.any_open() {
        return Err(Failure::because(Reason::LinkBuilt));
    }
    if mux && module.sockets.passthrough {
        return Err(Failure::because(Reason::PassthroughOn));
    }
    if !mux && module.sockets.server.is_some() {
        return Err(Failure::because(Reason::ServerOn));
    }
    module.sockets.mux = mux;
    Ok(Reply::Ok)
}

fn mode(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    let on = call.flag(0)?;
    if on {
        let several = module.sockets.mux && (module.sockets.server.is_none() || module.sockets.max_clients != 1);
        let moving = module.sockets.open().any(|(_, link)| link.udp_mode != 0);
        if several {
            return Err(Failure::because(Reason::SeveralLinksOrServer));
        }
        let secure = module.profile.limits.single_ssl && module.sockets.open().any(|(_, link)| link.secure);
        // Passthrough and Bluetooth exclude each other.
        if moving || secure || module.bluetooth.on() {
            return Err(Code::Failed.into());
        }
    }
    module.sockets.passthrough = on;
    Ok(Reply::Ok)
}

/// In use where neither DHCP nor the host names servers.
pub(super) const DEFAULT_DNS: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(208, 67, 222, 222)), IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8))];

fn dns_query(module: &mut Simulator, call: &Call) -> Answer {
    let by_dhcp = || {
        if module.station.online() { vec![IpAddr::V4(module.lease.gateway)] } else { DEFAULT_DNS.to_vec() }
    };
    let (manual, servers) = match &module.settings_of(call).dns {
        Some(servers) => (1, servers.clone()),
        None => (0, by_dhcp()),
    };
    let servers: String = servers.iter().map(|ip| format!(",\"{ip}\"")).collect();
    module.tell(call, format_args!("{manual}{servers}"))
}

fn dns(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 4)?;
    let manual = call.flag(0)?;
    let mut servers = Vec::new();
    for index in 1..call.args.len() {
        if let Some(text) = call.opt_text(index, 45)? {
            let server: IpAddr = text.parse().map_err(|_| Code::Invalid)?;
            if servers.contains(&server) {
                return Err(Code::Invalid.into());
            }
            servers.push(server);
        }
    }
    if servers.is_empty() {
        servers = DEFAULT_DNS.to_vec();
    }
    let servers = manual.then_some(servers);
    module.keep(call, |settings| settings.dns.clone_from(&servers));
    Ok(Reply::Ok)
}

fn tcp_query(module: &mut Simulator, _: &Call) -> Answer {
    let line = |(id, link): (usize, &Link)| {
        let options = link.options;
        format!(
            "+CIPTCPOPT:{id},{},{},{},{}\r\n",
            options.linger,
            u8::from(options.no_delay),
            options.send_timeout,
            options.keep_alive
        )
    };
    let lines: String = module.sockets.open().map(line).collect();
    if !lines.is_empty() {
        module.emit(&Point::Information, lines.as_bytes());
    }
    Ok(Reply::Ok)
}

fn tcp(module: &mut Simulator, call: &Call) -> Answer {
    let (id, first) = if module.sockets.mux { (call.int(0, 0, 5)?, 1) } else { (0, 0) };
    call.count(first + 1, first + 4)?;
    let linger = call.opt_int(first, -1, 65535)?;
    let no_delay = call.opt_int(first + 1, 0, 1)?;
    let send_timeout = call.opt_int(first + 2, 0, 600_000)?;
    let keep_alive = call.opt_int(first + 3, 0, 7200)?;
    let change = |options: &mut TcpOptions| {
        if let Some(linger) = linger {
            options.linger = linger;
        }
        if let Some(no_delay) = no_delay {
            options.no_delay = no_delay == 1;
        }
        if let Some(send_timeout) = send_timeout {
            options.send_timeout = send_timeout;
        }
        if let Some(keep_alive) = keep_alive {
            options.keep_alive = keep_alive;
        }
    };
    let id = usize::try_from(id).unwrap_or(LINKS);
    if id < LINKS && module.sockets.mux && module.sockets.get(id).is_none() {
        return Err(Failure::because(Reason::LinkNotValid));
    }
    for index in 0..LINKS {
        if (id == index || id == LINKS)
            && let Some(link) = module.sockets.get_mut(index)
        {
            change(&mut link.options);
        }
    }
    module.keep(call, |settings| change(&mut settings.tcp));
    Ok(Reply::Ok)
}
