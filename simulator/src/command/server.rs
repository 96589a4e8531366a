//! The TCP server.

use super::{Entry, Reply, command};
use crate::link::{LINKS, Server};
use crate::request::{Call, Code, Failure};
use crate::simulator::Simulator;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+CIPSERVER").query(query).set(set),
    command("+CIPSERVERMAXCONN")
        .query(|module, call| {
            let most = module.sockets.max_clients;
            module.tell(call, most)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            let most = call.int(0, 1, LINKS as i64)?;
            if module.sockets.server.is_some() {
                return Err(Code::Failed.into());
            }
            module.sockets.max_clients = usize::try_from(most).unwrap_or(LINKS);
            Ok(Reply::Ok)
        }),
    command("+CIPSTO")
        .query(|module, call| {
            let time = module.sockets.client_timeout;
            module.tell(call, time)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            let time = call.int(0, 0, 7200)?;
            if module.sockets.server.is_none() {
                return Err(Code::Failed.into());
            }
            module.sockets.client_timeout = time;
            Ok(Reply::Ok)
        }),
];

fn query(module: &mut Simulator, call: &Call) -> Answer {
    let text = match &module.sockets.server {
        None => "0".to_owned(),
        Some(server) => {
            let kind = if server.tls.is_some() { "SSL" } else { "TCP" };
            let version = if server.v6 { "v6" } else { "" };
            let checks = server.tls.map_or(String::new(), |checks| format!(",{}", u8::from(checks)));
            format!("1,{},\"{kind}{version}\"{checks}", server.port)
        }
    };
    module.tell(call, text)
}

fn set(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, module.profile.limits.server_values)?;
    if call.flag(0)? { start(module, call) } else { stop(module, call) }
}

fn start(module: &mut Simulator, call: &Call) -> Answer {
    let port = call.opt_int(1, 1, 65535)?.unwrap_or(333);
    let port = u16::try_from(port).map_err(|_| Code::Invalid)?;
    let (secure, v6) = match call.opt_text(2, 6)?.unwrap_or("TCP") {
        "TCP" => (false, false),
        "TCPv6" => (false, true),
        "SSL" => (true, false),
        "SSLv6" => (true, true),
        _ => return Err(Code::Invalid.into()),
    };
    let checks = call.opt_int(3, 0, 1)?.unwrap_or(0) == 1;
    if !module.sockets.mux || v6 && !module.settings.ipv6 {
        return Err(Code::Failed.into());
    }
    if module.sockets.server.is_some() {
        module.info("no change");
        return Ok(Reply::Ok);
    }
    let now = module.now;
    let socket = module.network.listen(now, port).map_err(|_| Code::Failed)?;
    if secure && module.network.secure_listener(socket, &module.certificates, checks).is_err() {
        module.network.close(now, socket);
        return Err(Code::Failed.into());
    }
    let tls = secure.then_some(checks);
    module.sockets.server = Some(Server { socket, port, v6, tls });
    Ok(Reply::Ok)
}

fn stop(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 2)?;
    let close = call.opt_int(1, 0, 1)?.unwrap_or(0) == 1;
    let now = module.now;
    let Some(server) = module.sockets.server.take() else {
        module.info("no change");
        return Ok(Reply::Ok);
    };
    module.network.close(now, server.socket);
    if close {
        for id in 0..LINKS {
            if module.sockets.get(id).is_some_and(|link| link.server) {
                module.close_now(id);
            }
        }
    }
    Ok(Reply::Ok)
}
