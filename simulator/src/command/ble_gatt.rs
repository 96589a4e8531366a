//! Bluetooth LE: the module's own services and those of others (ESP-AT 3.4.18 to 3.4.30).

use super::{Entry, Reply, command};
use crate::bluetooth::gatt::{GattService, Place, STANDARD};
use crate::bluetooth::own_place;
use crate::request::{Call, Code, Failure};
use crate::script::Point;
use crate::simulator::Simulator;

type Answer = Result<Reply, Failure>;

pub(crate) static SERVER: &[Entry] = &[
    command("+BLEGATTSSRVCRE").execute(create),
    command("+BLEGATTSSRVSTART")
        .set(|module, call| start(module, call, true))
        .execute(|module, call| start(module, call, true)),
    command("+BLEGATTSSRVSTOP")
        .set(|module, call| start(module, call, false))
        .execute(|module, call| start(module, call, false)),
    command("+BLEGATTSSRV").query(services),
    command("+BLEGATTSCHAR").query(characteristics),
    command("+BLEGATTSNTFY").set(|module, call| push(module, call, false)),
    command("+BLEGATTSIND").set(|module, call| push(module, call, true)),
    command("+BLEGATTSSETATTR").set(set_attribute),
];

pub(crate) static CLIENT: &[Entry] = &[
    command("+BLEGATTCPRIMSRV").set(discover),
    command("+BLEGATTCINCLSRV").set(included),
    command("+BLEGATTCCHAR").set(explore),
    command("+BLEGATTCRD").set(read),
    command("+BLEGATTCWR").set(write),
];

/// A number that counts from 1.
fn number(call: &Call, index: usize) -> Result<usize, Code> {
    usize::try_from(call.int(index, 1, 255)?).map_err(|_| Code::Invalid)
}

fn optional_number(call: &Call, index: usize) -> Result<Option<usize>, Code> {
    call.opt_int(index, 1, 255)?.map(|number| usize::try_from(number).map_err(|_| Code::Invalid)).transpose()
}

fn length(call: &Call, index: usize) -> Result<usize, Code> {
    usize::try_from(call.int(index, 1, 512)?).map_err(|_| Code::Invalid)
}

fn create(module: &mut Simulator, _: &Call) -> Answer {
    module.needs_low_energy()?;
    if module.bluetooth.created || module.bluetooth.open().next().is_some() {
        return Err(Code::Failed.into());
    }
    let name = module.settings.bluetooth.name.clone();
    module.bluetooth.create_services(&name);
    Ok(Reply::Ok)
}

fn needs_services(module: &Simulator) -> Result<(), Code> {
    if module.bluetooth.created { Ok(()) } else { Err(Code::Failed) }
}

fn start(module: &mut Simulator, call: &Call, started: bool) -> Answer {
    needs_services(module)?;
    let one = if call.args.is_empty() { None } else { Some(number(call, 0)?) };
    call.count(0, 1)?;
    let radio = module.bluetooth.radio;
    let mut medium = module.bluetooth.lock();
    let services = &mut medium.radios[radio].server.services[STANDARD..];
    match one {
        None => services.iter_mut().for_each(|service| service.started = started),
        Some(number) => services.get_mut(number - 1).ok_or(Code::Invalid)?.started = started,
    }
    drop(medium);
    Ok(Reply::Ok)
}

/// The module's own services with their numbers.
fn own_services(module: &Simulator) -> Vec<(usize, GattService)> {
    let medium = module.bluetooth.air.look();
    let services = &medium.radios[module.bluetooth.radio].server.services[STANDARD..];
    services.iter().enumerate().map(|(index, service)| (index + 1, service.clone())).collect()
}

fn services(module: &mut Simulator, call: &Call) -> Answer {
    needs_services(module)?;
    let line = |(index, service): (usize, GattService)| {
        let (started, primary) = (u8::from(service.started), u8::from(service.primary));
        format!("{}:{index},{started},{},{primary}\r\n", call.name, service.uuid)
    };
    let lines: String = own_services(module).into_iter().map(line).collect();
    module.emit(&Point::Information, lines.as_bytes());
    Ok(Reply::Ok)
}

/// The lines of a service's characteristics, each with those of its descriptors.
fn characteristic_lines(name: &str, head: &str, service: &GattService) -> String {
    let mut lines = String::new();
    for (index, characteristic) in service.characteristics.iter().enumerate() {
        let (at, uuid, properties) = (index + 1, characteristic.uuid, characteristic.properties);
        lines += &format!("{name}:\"char\",{head},{at},{uuid},0x{properties:02X}\r\n");
        for (index, descriptor) in characteristic.descriptors.iter().enumerate() {
            lines += &format!("{name}:\"desc\",{head},{at},{},{}\r\n", index + 1, descriptor.uuid);
        }
    }
    lines
}

fn characteristics(module: &mut Simulator, call: &Call) -> Answer {
    needs_services(module)?;
    let own = own_services(module).into_iter();
    let lines: String =
        own.map(|(index, service)| characteristic_lines(&call.name, &index.to_string(), &service)).collect();
    module.emit(&Point::Information, lines.as_bytes());
    Ok(Reply::Ok)
}

fn push(module: &mut Simulator, call: &Call, indication: bool) -> Answer {
    call.count(4, 4)?;
    needs_services(module)?;
    let link = module.le_connection(call)?.1.link;
    let place = own_place(number(call, 1)?, number(call, 2)?, None).ok_or(Code::Invalid)?;
    let length = length(call, 3)?;
    let radio = module.bluetooth.radio;
    let listens = module.bluetooth.air.look().listens(link, radio, place, indication);
    if length > module.mtu(link) - 3 || !listens {
        return Err(Code::Failed.into());
    }
    Ok(module.prompt_alone(length, move |module, data| {
        let now = module.now;
        let sent = module.bluetooth.lock().push(now, link, radio, place, &data, indication);
        module.bluetooth_sent(sent);
    }))
}

fn set_attribute(module: &mut Simulator, call: &Call) -> Answer {
    call.count(4, 4)?;
    needs_services(module)?;
    let descriptor = optional_number(call, 2)?;
    let place = own_place(number(call, 0)?, number(call, 1)?, descriptor).ok_or(Code::Invalid)?;
    let length = length(call, 3)?;
    let radio = module.bluetooth.radio;
    let room = module.bluetooth.air.look().radios[radio].server.room(place).ok_or(Code::Invalid)?;
    if length > room {
        return Err(Code::Length.into());
    }
    Ok(module.prompt_alone(length, move |module, data| {
        let set = module.bluetooth.lock().radios[radio].server.set(place, &data);
        module.bluetooth_sent(set);
    }))
}

/// The connection of a client command: its number and its link.
fn client(module: &Simulator, call: &Call) -> Result<(usize, u64), Failure> {
    let (index, connection) = module.le_connection(call)?;
    if connection.client { Ok((index, connection.link)) } else { Err(Code::Failed.into()) }
}

/// The services that the other side shows.
fn remote_services(module: &Simulator, link: u64) -> Vec<(usize, GattService)> {
    let medium = module.bluetooth.air.look();
    let Some(server) = medium.remote(link, module.bluetooth.radio) else {
        return Vec::new();
    };
    server.visible().enumerate().map(|(index, at)| (index + 1, server.services[at].clone())).collect()
}

fn discover(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    let (index, link) = client(module, call)?;
    let line = |(number, service): (usize, GattService)| {
        format!("{}:{index},{number},{},{}\r\n", call.name, service.uuid, u8::from(service.primary))
    };
    let lines: String = remote_services(module, link).into_iter().map(line).collect();
    if let Some(connection) = &mut module.bluetooth.connections[index] {
        connection.discovered = true;
    }
    module.emit(&Point::Information, lines.as_bytes());
    Ok(Reply::Ok)
}

/// A service of the other side, by the number that `AT+BLEGATTCPRIMSRV` has shown.
fn discovered(module: &Simulator, call: &Call) -> Result<(usize, usize, GattService), Failure> {
    let (index, link) = client(module, call)?;
    let wanted = number(call, 1)?;
    let known = module.bluetooth.connection(index).is_some_and(|connection| connection.discovered);
    let found = remote_services(module, link).into_iter().find(|(number, _)| *number == wanted && known);
    let (number, service) = found.ok_or(Code::Failed)?;
    Ok((index, number, service))
}

fn included(module: &mut Simulator, call: &Call) -> Answer {
    call.count(2, 2)?;
    let (index, number, service) = discovered(module, call)?;
    let own = format!("{}:{index},{number},{},{}", call.name, service.uuid, u8::from(service.primary));
    let line = |(uuid, primary): &(crate::bluetooth::Uuid, bool)| format!("{own},{uuid},{}\r\n", u8::from(*primary));
    let lines: String = service.included.iter().map(line).collect();
    module.emit(&Point::Information, lines.as_bytes());
    Ok(Reply::Ok)
}

fn explore(module: &mut Simulator, call: &Call) -> Answer {
    call.count(2, 2)?;
    let (index, number, service) = discovered(module, call)?;
    if let Some(connection) = &mut module.bluetooth.connections[index] {
        connection.explored.push(number);
    }
    let lines = characteristic_lines(&call.name, &format!("{index},{number}"), &service);
    module.emit(&Point::Information, lines.as_bytes());
    Ok(Reply::Ok)
}

/// A place of the other side whose service `AT+BLEGATTCCHAR` has shown: the connection, the link, the place.
fn remote_place(module: &Simulator, call: &Call) -> Result<(usize, u64, Place), Failure> {
    let (index, link) = client(module, call)?;
    let service = number(call, 1)?;
    let characteristic = number(call, 2)? - 1;
    let descriptor = optional_number(call, 3)?.map(|number| number - 1);
    let explored = module.bluetooth.connection(index).is_some_and(|at| at.explored.contains(&service));
    let medium = module.bluetooth.air.look();
    let server = medium.remote(link, module.bluetooth.radio).filter(|_| explored).ok_or(Code::Failed)?;
    let service = server.visible().nth(service - 1).ok_or(Code::Failed)?;
    let place = Place { service, characteristic, descriptor };
    server.room(place).ok_or(Code::Failed)?;
    Ok((index, link, place))
}

fn read(module: &mut Simulator, call: &Call) -> Answer {
    call.count(3, 4)?;
    let (index, link, place) = remote_place(module, call)?;
    let (now, radio) = (module.now, module.bluetooth.radio);
    let value = module.bluetooth.lock().read(now, link, radio, place).ok_or(Code::Failed)?;
    let head = format!("{}:{index},{},", call.name, value.len());
    let line = [head.as_bytes(), &value, b"\r\n"].concat();
    module.emit_from(&Point::Message, &line, head.len());
    Ok(Reply::Ok)
}

fn write(module: &mut Simulator, call: &Call) -> Answer {
    call.count(5, 5)?;
    let (_, link, place) = remote_place(module, call)?;
    let length = length(call, 4)?;
    let radio = module.bluetooth.radio;
    Ok(module.prompt_alone(length, move |module, data| {
        let now = module.now;
        let sent = module.bluetooth.lock().write(now, link, radio, place, &data);
        module.bluetooth_sent(sent);
    }))
}
