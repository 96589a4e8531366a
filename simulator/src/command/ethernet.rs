//! The Ethernet port: its addresses.

use super::wifi::{own_mac, parse_address};
use super::{Entry, Reply, command};
use crate::request::Code;
use crate::settings::Ipv4Config;
use crate::station::mac_text;
use std::net::Ipv4Addr;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+CIPETHMAC")
        .query(|module, call| {
            let mac = mac_text(module.settings.ethernet_mac);
            module.tell(call, format_args!("\"{mac}\""))
        })
        .set(|module, call| {
            call.count(1, 1)?;
            let mac = own_mac(call, 0)?;
            if mac == module.settings.station_mac || mac == module.settings.softap_mac {
                return Err(Code::Invalid.into());
            }
            module.keep(call, |settings| settings.ethernet_mac = mac);
            Ok(Reply::Ok)
        }),
    command("+CIPETH")
        .query(|module, call| {
            let none = Ipv4Addr::UNSPECIFIED;
            let config = module.world.ethernet_address().or(module.settings.ethernet_static);
            let Ipv4Config { ip, gateway, netmask } =
                config.unwrap_or(Ipv4Config { ip: none, gateway: none, netmask: none });
            let name = &call.name;
            // Without quotes, unlike those of the other interfaces.
            module.info(&format!("{name}:ip:{ip}\r\n{name}:gateway:{gateway}\r\n{name}:netmask:{netmask}"));
            Ok(Reply::Ok)
        })
        .set(|module, call| {
            let config = parse_address(call)?;
            module.keep(call, |settings| settings.ethernet_static = Some(config));
            module.fix_ethernet_address(config);
            Ok(Reply::Ok)
        }),
];
