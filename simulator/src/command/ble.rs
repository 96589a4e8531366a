//! Bluetooth LE: roles, addresses, scanning, advertising, connections (ESP-AT 3.4.2 to 3.4.17).

use super::{Entry, Reply, command};
use crate::bluetooth::CONNECTIONS;
use crate::bluetooth::air::{Times, quoted};
use crate::bluetooth::scan::Filter;
use crate::bluetooth::stored::{AdvertParameters, ExtendedData, ScanParameters};
use crate::request::{Call, Code, Failure, parse_mac};
use crate::script::Point;
use crate::simulator::Simulator;
use core::time::Duration;

type Answer = Result<Reply, Failure>;

/// Without a time of its own a connect is given up after so long.
const CONNECT_LIMIT: i64 = 10;
/// Most bytes of an advertising payload.
const PAYLOAD: usize = 31;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+BLEINIT")
        .query(|module, call| {
            let role = module.bluetooth.role;
            module.tell(call, role)
        })
        .set(init),
    command("+BLEADDR")
        .query(|module, call| {
            module.needs_low_energy()?;
            let address = quoted(module.bluetooth.public);
            module.tell(call, address)
        })
        .set(address),
    command("+BLENAME")
        .query(|module, call| {
            module.needs_pairing()?;
            let name = String::from_utf8_lossy(&module.settings.bluetooth.name).into_owned();
            module.tell(call, name)
        })
        .set(name),
    command("+BLESCANPARAM").query(scan_parameters_query).set(scan_parameters),
    command("+BLESCAN").set(scan),
    command("+BLESCANRSPDATA").set(scan_response),
    command("+BLEADVPARAM").query(advert_parameters_query).set(advert_parameters),
    command("+BLEADVDATA").set(advert_data),
    command("+BLEADVDATAEX").query(extended_query).set(extended),
    command("+BLEADVSTART").execute(|module, _| {
        module.needs_role(2)?;
        module.start_advertising()?;
        Ok(Reply::Ok)
    }),
    command("+BLEADVSTOP").execute(|module, _| {
        module.needs_role(2)?;
        module.advertise(None);
        Ok(Reply::Ok)
    }),
    command("+BLECONN").query(connections).set(connect),
    command("+BLECONNPARAM").query(times_query).set(times),
    command("+BLEDISCONN").set(disconnect),
    command("+BLEDATALEN").set(|module, call| {
        call.count(2, 2)?;
        module.le_connection(call)?;
        call.int(1, 27, 251)?;
        Ok(Reply::Ok)
    }),
    command("+BLECFGMTU").query(mtu_query).set(mtu),
];

fn init(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    let role = call.int(0, 0, 2)?;
    let bluetooth = &module.bluetooth;
    // HID and BluFi have Bluetooth LE for themselves, passthrough the air.
    let occupied = bluetooth.hid || bluetooth.blufi.is_some() || module.sockets.passthrough;
    if role == bluetooth.role {
        return Ok(Reply::Ok);
    }
    if role == 0 {
        module.shut_low_energy();
        module.bluetooth.role = 0;
        return Ok(Reply::Ok);
    }
    // Only a restart lets another role be chosen.
    if occupied || bluetooth.first_role.is_some_and(|first| first != role) {
        return Err(Code::Failed.into());
    }
    module.bluetooth.role = role;
    module.bluetooth.first_role = Some(role);
    module.raise_low_energy();
    Ok(Reply::Ok)
}

fn address(module: &mut Simulator, call: &Call) -> Answer {
    module.needs_low_energy()?;
    call.count(1, 2)?;
    let random = match (call.flag(0)?, call.opt_text(1, 17)?) {
        (false, None) => None,
        (false, Some(_)) => return Err(Code::Count.into()),
        (true, Some(text)) => {
            let address = parse_mac(text).ok_or(Code::Invalid)?;
            let plain = |byte: u8| [address[0] & 0x3f, address[1]] == [byte & 0x3f, byte] && address[2..] == [byte; 4];
            if address[0] & 0xc0 != 0xc0 || plain(0) || plain(0xff) {
                return Err(Code::Invalid.into());
            }
            Some(address)
        }
        (true, None) => {
            // A private one has both top bits clear; made from the public one, so that runs do not differ.
            let [a, b, c, d, e, f] = module.bluetooth.public;
            Some([(f ^ 0x2a) & 0x3f, e ^ 0x57, d, c, b, a])
        }
    };
    module.settings.bluetooth.random = random;
    module.flash.bluetooth.random = random;
    Ok(Reply::Ok)
}

fn name(module: &mut Simulator, call: &Call) -> Answer {
    module.needs_pairing()?;
    call.count(1, 1)?;
    let name = call.bytes(0, 0, 32)?.to_vec();
    module.keep(call, |settings| settings.bluetooth.name.clone_from(&name));
    let radio = module.bluetooth.radio;
    module.bluetooth.lock().radios[radio].server.rename(&name);
    Ok(Reply::Ok)
}

fn scan_parameters_query(module: &mut Simulator, call: &Call) -> Answer {
    module.needs_role(1)?;
    let ScanParameters { active, own_address, filter, interval, window } = module.settings.bluetooth.scan;
    module.tell(call, format!("{},{own_address},{filter},{interval},{window}", u8::from(active)))
}

fn scan_parameters(module: &mut Simulator, call: &Call) -> Answer {
    module.needs_role(1)?;
    call.count(5, 5)?;
    let scan = ScanParameters {
        active: call.flag(0)?,
        own_address: call.int(1, 0, 3)?,
        filter: call.int(2, 0, 3)?,
        interval: call.int(3, 4, 0x4000)?,
        window: call.int(4, 4, 0x4000)?,
    };
    if scan.window > scan.interval {
        return Err(Code::Invalid.into());
    }
    module.keep(call, |settings| settings.bluetooth.scan = scan);
    Ok(Reply::Ok)
}

fn scan(module: &mut Simulator, call: &Call) -> Answer {
    module.needs_role(1)?;
    call.count(1, 4)?;
    if !call.flag(0)? {
        call.count(1, 1)?;
        module.bluetooth.scan = None;
        return Ok(Reply::Ok);
    }
    let seconds = call.opt_int(1, 0, i64::from(u32::MAX))?.filter(|seconds| *seconds > 0);
    let filter = match call.opt_int(2, 1, 2)? {
        None if call.args.len() > 2 => return Err(Code::Count.into()),
        None => Filter::All,
        Some(1) => Filter::Address(parse_mac(call.text(3, 17, 17)?).ok_or(Code::Invalid)?),
        Some(_) => Filter::Name(call.bytes(3, 1, 32)?.to_vec()),
    };
    if module.bluetooth.scan.is_some() {
        return Err(Code::Failed.into());
    }
    module.start_scan(filter, seconds.map(|seconds| Duration::from_secs(seconds.unsigned_abs())));
    Ok(Reply::Ok)
}

/// Bytes from hex digits in quotes.
fn payload(call: &Call, index: usize, most: usize) -> Result<Vec<u8>, Code> {
    let digits = call.text(index, 0, 2 * most)?;
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(Code::Invalid);
    }
    let bytes = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16));
    bytes.collect::<Result<_, _>>().map_err(|_| Code::Invalid)
}

fn scan_response(module: &mut Simulator, call: &Call) -> Answer {
    module.needs_role(2)?;
    call.count(1, 1)?;
    let response = payload(call, 0, PAYLOAD)?;
    module.keep(call, |settings| settings.bluetooth.response.clone_from(&response));
    refresh(module)
}

/// What changes while the module advertises shows at once.
fn refresh(module: &mut Simulator) -> Answer {
    if module.advertises() {
        module.start_advertising()?;
    }
    Ok(Reply::Ok)
}

fn advert_parameters_query(module: &mut Simulator, call: &Call) -> Answer {
    module.needs_role(2)?;
    let at = module.settings.bluetooth.advert;
    let AdvertParameters { least, most, kind, own_address, channels, filter, peer_type, peer } = at;
    let peer = quoted(peer);
    module.tell(call, format!("{least},{most},{kind},{own_address},{channels},{filter},{peer_type},{peer}"))
}

fn advert_parameters(module: &mut Simulator, call: &Call) -> Answer {
    module.needs_role(2)?;
    call.count(5, 8)?;
    let peer_type = call.opt_int(6, 0, 1)?;
    let peer = call.opt_text(7, 17)?.map(|text| parse_mac(text).ok_or(Code::Invalid)).transpose()?;
    if peer_type.is_some() != peer.is_some() {
        return Err(Code::Count.into());
    }
    let advert = AdvertParameters {
        least: call.int(0, 0x20, 0x4000)?,
        most: call.int(1, 0x20, 0x4000)?,
        kind: call.int(2, 0, 4)?,
        own_address: call.int(3, 0, 1)?,
        channels: call.int(4, 1, 7)?,
        filter: call.opt_int(5, 0, 3)?.unwrap_or(0),
        peer_type: peer_type.unwrap_or(0),
        peer: peer.unwrap_or_default(),
    };
    if advert.least > advert.most || !matches!(advert.channels, 1 | 2 | 4 | 7) {
        return Err(Code::Invalid.into());
    }
    module.keep(call, |settings| settings.bluetooth.advert = advert);
    Ok(Reply::Ok)
}

fn advert_data(module: &mut Simulator, call: &Call) -> Answer {
    module.needs_role(2)?;
    call.count(1, 1)?;
    let data = payload(call, 0, PAYLOAD)?;
    module.keep(call, |settings| {
        settings.bluetooth.data.clone_from(&data);
        settings.bluetooth.extended = ExtendedData::default();
    });
    refresh(module)
}

fn extended_query(module: &mut Simulator, call: &Call) -> Answer {
    module.needs_role(2)?;
    let ExtendedData { name, uuid, manufacturer, power } = module.settings.bluetooth.extended.clone();
    let text = |bytes: &[u8]| format!("\"{}\"", String::from_utf8_lossy(bytes));
    let fields = [text(&name), text(&uuid), text(&manufacturer), u8::from(power).to_string()];
    module.tell(call, fields.join(","))
}

fn extended(module: &mut Simulator, call: &Call) -> Answer {
    use crate::bluetooth::field;
    module.needs_role(2)?;
    call.count(4, 4)?;
    let name = call.bytes(0, 0, 32)?.to_vec();
    // In the payload the last byte goes first.
    let mut uuid = payload(call, 1, 16)?;
    uuid.reverse();
    let manufacturer = payload(call, 2, PAYLOAD)?;
    let power = call.flag(3)?;
    let kind = match uuid.len() {
        0 => None,
        2 => Some(3),
        4 => Some(5),
        16 => Some(7),
        _ => return Err(Code::Invalid.into()),
    };
    let mut data = crate::bluetooth::FLAGS.to_vec();
    if power {
        data.extend(field(10, &[4]));
    }
    if !name.is_empty() {
        data.extend(field(9, &name));
    }
    if let Some(kind) = kind {
        data.extend(field(kind, &uuid));
    }
    if !manufacturer.is_empty() {
        data.extend(field(0xff, &manufacturer));
    }
    if data.len() > PAYLOAD {
        return Err(Code::Length.into());
    }
    let digits = |index| call.bytes(index, 0, 2 * PAYLOAD).map(<[u8]>::to_vec);
    let extended = ExtendedData { name, uuid: digits(1)?, manufacturer: digits(2)?, power };
    module.keep(call, |settings| {
        settings.bluetooth.data.clone_from(&data);
        settings.bluetooth.extended = extended.clone();
        settings.bluetooth.advert.kind = 0;
    });
    module.start_advertising()?;
    Ok(Reply::Ok)
}

fn connections(module: &mut Simulator, call: &Call) -> Answer {
    let line = |(index, at): (usize, &crate::bluetooth::Connection)| {
        format!("{}:{index},{}\r\n", call.name, quoted(at.address))
    };
    let mut lines: String = module.bluetooth.open().map(line).collect();
    if lines.is_empty() && module.bluetooth.role != 0 {
        // The line stands there, its values do not.
        lines = format!("{}:\r\n", call.name);
    }
    module.emit(&Point::Information, lines.as_bytes());
    Ok(Reply::Ok)
}

fn connect(module: &mut Simulator, call: &Call) -> Answer {
    module.needs_low_energy()?;
    call.count(2, 4)?;
    let index = usize::try_from(call.int(0, 0, 2)?).map_err(|_| Code::Invalid)?;
    let address = parse_mac(call.text(1, 17, 17)?).ok_or(Code::Invalid)?;
    let address_type = u8::try_from(call.opt_int(2, 0, 1)?.unwrap_or(0)).map_err(|_| Code::Invalid)?;
    let limit = call.opt_int(3, 3, 30)?.unwrap_or(CONNECT_LIMIT);
    if module.bluetooth.role == 2 {
        // A server becomes the client of who is connected already; nothing more is said (ESP-AT 4.3.3).
        let found = module.bluetooth.connections.get_mut(index).and_then(Option::as_mut);
        let connection = found.filter(|connection| connection.address == address).ok_or(Code::Failed)?;
        connection.client = true;
        return Ok(Reply::Ok);
    }
    if module.bluetooth.connection(index).is_some() {
        return Err(Code::Failed.into());
    }
    module.start_connect(index, address, address_type, Duration::from_secs(limit.unsigned_abs()))
}

/// A line for each connection.
fn for_each(module: &mut Simulator, call: &Call, text: impl Fn(&Simulator, usize) -> Option<String>) -> Answer {
    module.needs_low_energy()?;
    let line = |index| text(module, index).map(|text| format!("{}:{text}\r\n", call.name));
    let lines: String = (0..CONNECTIONS).filter_map(line).collect();
    module.emit(&Point::Information, lines.as_bytes());
    Ok(Reply::Ok)
}

fn times_query(module: &mut Simulator, call: &Call) -> Answer {
    for_each(module, call, Simulator::times_text)
}

fn times(module: &mut Simulator, call: &Call) -> Answer {
    call.count(5, 5)?;
    let link = module.le_connection(call)?.1.link;
    let (least, most) = (call.int(1, 6, 3200)?, call.int(2, 6, 3200)?);
    let (latency, timeout) = (call.int(3, 0, 499)?, call.int(4, 10, 3200)?);
    if least > most {
        return Err(Code::Invalid.into());
    }
    let now = module.now;
    let times = Times { least, most, current: most, latency, timeout };
    module.bluetooth.lock().set_times(now, link, times);
    Ok(Reply::Ok)
}

fn disconnect(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    let link = module.le_connection(call)?.1.link;
    let now = module.now;
    module.bluetooth.lock().disconnect(now, link);
    Ok(Reply::Ok)
}

fn mtu_query(module: &mut Simulator, call: &Call) -> Answer {
    for_each(module, call, |module, index| {
        let link = module.bluetooth.connection(index)?.link;
        Some(format!("{index},{}", module.mtu(link)))
    })
}

fn mtu(module: &mut Simulator, call: &Call) -> Answer {
    call.count(2, 2)?;
    let connection = module.le_connection(call)?.1;
    let (link, central) = (connection.link, connection.central);
    let size = usize::try_from(call.int(1, 23, 517)?).map_err(|_| Code::Invalid)?;
    if !central {
        return Err(Code::Failed.into());
    }
    let radio = module.bluetooth.radio;
    let mut medium = module.bluetooth.lock();
    let other = medium.link(link).map(|link| link.other(radio)).ok_or(Code::Failed)?;
    let most = medium.radios[other].largest_mtu;
    if let Some(link) = medium.link_mut(link) {
        link.mtu = size.min(most);
    }
    drop(medium);
    Ok(Reply::Ok)
}

impl Simulator {
    /// Bluetooth LE goes on: nothing is advertised, no service is there.
    pub(crate) fn raise_low_energy(&mut self) {
        let name = self.settings.bluetooth.name.clone();
        let radio = self.bluetooth.radio;
        self.bluetooth.lock().radios[radio].server = crate::bluetooth::gatt::Server::new(&name, Vec::new());
        self.publish_features();
    }

    /// It goes off: connections end, with their lines.
    pub(crate) fn shut_low_energy(&mut self) {
        let (now, radio) = (self.now, self.bluetooth.radio);
        let links: Vec<_> = self.bluetooth.open().map(|(index, at)| (index, at.link, at.address)).collect();
        for (index, link, address) in links {
            self.bluetooth.lock().disconnect(now, link);
            self.say_state(&Point::LinkState, &format!("+BLEDISCONN:{index},{}", quoted(address)));
        }
        self.bluetooth.stop_low_energy();
        let mut medium = self.bluetooth.lock();
        medium.radios[radio].advert = None;
        medium.radios[radio].server = crate::bluetooth::gatt::Server::default();
    }
}
