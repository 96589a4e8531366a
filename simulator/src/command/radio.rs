//! What the radio may do, and what the module tells the network about itself: protocols, country, mDNS, `WeChat`.

use super::wifi::need_station;
use super::{Entry, Reply, command};
use crate::request::{Call, Code, Failure, Reason};
use crate::script::Point;
use crate::settings::Country;
use crate::simulator::Simulator;
use crate::world::MdnsService;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+CWAPPROTO")
        .query(|module, call| {
            let protocols = module.settings.softap_protocols;
            module.tell(call, protocols)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            let protocols = call.int(0, 1, 15)?;
            module.keep(call, |settings| settings.softap_protocols = protocols);
            Ok(Reply::Ok)
        }),
    command("+CWCOUNTRY").query(country_query).set(country),
    command("+MDNS").set(mdns),
];

/// Of the ESP8266 with the NONOS SDK only.
pub(crate) static DISCOVERY: &[Entry] = &[
    command("+CWSTARTDISCOVER").set(|module, call| {
        call.count(3, 3)?;
        call.bytes(0, 1, 64)?;
        call.bytes(1, 1, 64)?;
        let seconds = call.int(2, 0, 24 * 3600)?;
        need_station(module)?;
        if !module.station.online() {
            return Err(Code::Failed.into());
        }
        module.world.discovery = Some(seconds);
        Ok(Reply::Ok)
    }),
    command("+CWSTOPDISCOVER").execute(|module, _| {
        module.world.discovery = None;
        Ok(Reply::Ok)
    }),
];

fn country_query(module: &mut Simulator, call: &Call) -> Answer {
    let kept = module.settings_of(call).country.clone();
    let joined = module.station.access_point().and_then(|index| module.access_points.get(index));
    let adopted = joined.and_then(|point| point.country).filter(|_| !kept.fixed && call.stored() != Some(true));
    // The third character is not shown.
    let code = adopted.map_or_else(|| kept.code.iter().take(2).copied().collect(), |code| code.to_vec());
    let mut line = format!("{}:{},\"", call.name, u8::from(kept.fixed)).into_bytes();
    line.extend(code);
    line.extend(format!("\",{},{}\r\n", kept.first_channel, kept.channels).bytes());
    module.emit(&Point::Information, &line);
    Ok(Reply::Ok)
}

fn country(module: &mut Simulator, call: &Call) -> Answer {
    call.count(4, 4)?;
    let fixed = call.flag(0)?;
    let code = call.bytes(1, 2, 3)?.to_vec();
    let first_channel = call.int(2, 1, 14)?;
    let channels = call.int(3, 1, 15 - first_channel)?;
    if !code.iter().take(2).all(u8::is_ascii_uppercase) {
        return Err(Code::Invalid.into());
    }
    let country = Country { fixed, code, first_channel, channels };
    // Only the name with _DEF is about the flash.
    if call.stored() == Some(true) {
        module.flash.country = country.clone();
    }
    module.settings.country = country;
    Ok(Reply::Ok)
}

fn mdns(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 4)?;
    if !call.flag(0)? {
        module.world.mdns = None;
        return Ok(Reply::Ok);
    }
    call.count(4, 4)?;
    let hostname = call.text(1, 1, 63)?.to_owned();
    let service = call.text(2, 1, 63)?.to_owned();
    let port = u16::try_from(call.int(3, 1, 65535)?).map_err(|_| Code::Invalid)?;
    if hostname.contains('.') || service.contains('.') {
        return Err(Code::Invalid.into());
    }
    if !module.settings.station() {
        return Err(Failure::because(Reason::NoStationForMdns));
    }
    need_station(module)?;
    module.world.mdns = Some(MdnsService { hostname, service, port });
    Ok(Reply::Ok)
}
