//! The WebSocket commands (ESP-AT 3.9).

use super::http::{Address, header_parts};
use super::http::{add_header, list_headers};
use super::{Entry, Reply, command};
use crate::request::{Call, Code, Failure};
use crate::services::web_socket::{Config, LINKS, Target};
use crate::simulator::Simulator;
use core::time::Duration;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+WSCFG").set(config),
    command("+WSHEAD")
        .query(|module, call| list_headers(module, call, stored_headers))
        .set(|module, call| add_header(module, call, stored_headers)),
    command("+WSOPEN").query(connections).set(open),
    command("+WSSEND").set(send),
    command("+WSCLOSE").set(close),
];

fn link_id(call: &Call) -> Result<usize, Failure> {
    let id = call.int(0, 0, LINKS as i64 - 1)?;
    Ok(usize::try_from(id).unwrap_or(0))
}

fn millis(call: &Call, index: usize, most: i64, usual: u64) -> Result<Duration, Code> {
    let given = call.opt_int(index, 0, most)?;
    Ok(Duration::from_millis(given.map_or(usual, i64::unsigned_abs)))
}

fn config(module: &mut Simulator, call: &Call) -> Answer {
    call.count(3, 4)?;
    let id = link_id(call)?;
    let ping = call.int(1, 1, 7200)?.unsigned_abs();
    let timeout = call.int(2, 1, 7200)?.unsigned_abs();
    let buffer = call.opt_int(3, 1, 8192)?.unwrap_or(1024);
    let buffer = usize::try_from(buffer).unwrap_or(1024);
    // An open link keeps what it was opened with.
    if let Some(slot) = module.services.web_sockets.configs.get_mut(id) {
        *slot = Config { ping, timeout, buffer };
    }
    Ok(Reply::Ok)
}

fn stored_headers(module: &mut Simulator) -> &mut Vec<String> {
    &mut module.services.web_sockets.headers
}

fn connections(module: &mut Simulator, _: &Call) -> Answer {
    let links = module.services.web_sockets.links.iter().enumerate();
    let links = links.filter_map(|(id, link)| Some((id, link.as_ref()?)));
    let lines: Vec<String> =
        links.map(|(id, link)| format!("+WSOPEN:{id},{},\"{}\"", link.state(), link.uri())).collect();
    if !lines.is_empty() {
        module.info(&lines.join("\r\n"));
    }
    Ok(Reply::Ok)
}

fn open(module: &mut Simulator, call: &Call) -> Answer {
    call.count(2, 5)?;
    let id = link_id(call)?;
    let uri = call.text(1, 1, 8192)?.to_owned();
    let subprotocol = call.opt_text(2, 256)?.map(str::to_owned);
    let timeout = millis(call, 3, 180_000, 15_000)?;
    let authorization = call.opt_text(4, 256)?.map(str::to_owned);
    let address = Address::parse(&uri).filter(|address| matches!(address.scheme.as_str(), "ws" | "wss"));
    let address = address.ok_or(Code::Invalid)?;
    if module.services.web_sockets.links.get(id).is_some_and(Option::is_some) || !module.has_network() {
        return Err(Code::Failed.into());
    }
    let headers = module.services.web_sockets.headers.iter();
    let mut headers: Vec<(String, String)> = headers.filter_map(|line| header_parts(line)).collect();
    if let Some(authorization) = authorization {
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
        headers.push(("Authorization".into(), authorization));
    }
    let secure = address.scheme == "wss";
    let target = Target { uri, host: address.host, port: address.port, secure, subprotocol, headers, timeout };
    Ok(module.open_web_socket(id, target))
}

fn send(module: &mut Simulator, call: &Call) -> Answer {
    call.count(2, 4)?;
    let id = link_id(call)?;
    let opcode = call.opt_int(2, 0, 15)?.unwrap_or(1);
    let timeout = millis(call, 3, 60_000, 10_000)?;
    let link = module.services.web_sockets.links.get(id).and_then(Option::as_ref);
    let link = link.filter(|link| link.state() == 2).ok_or(Code::Failed)?;
    // The head of a frame shares the buffer.
    let most = i64::try_from(link.buffer().saturating_sub(10)).unwrap_or(0);
    let length = usize::try_from(call.int(1, 1, most)?).unwrap_or(1);
    let opcode = u8::try_from(opcode).unwrap_or(1);
    Ok(module.prompt_for(length, move |module, data| module.send_web_socket(id, opcode, data, timeout)))
}

fn close(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    let id = link_id(call)?;
    if module.services.web_sockets.links.get(id).is_none_or(Option::is_none) {
        return Err(Code::Failed.into());
    }
    Ok(module.close_web_socket(id))
}
