//! Sending: counted, escaped, long, passthrough.

use super::connect::{LookupUse, link_id};
use super::{Entry, Reply, command};
use crate::engine::PromptFor;
use crate::link::{Kind, LINKS};
use crate::request::{Call, Code, Failure, Reason};
use crate::send::{DataMode, SendKind};
use crate::simulator::Simulator;
use std::net::{IpAddr, SocketAddr};

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+CIPSEND").set(|module, call| send(module, call, SendKind::Counted)).execute(passthrough),
    command("+CIPSENDL").set(|module, call| send(module, call, SendKind::Long)),
    command("+CIPSENDEX").set(|module, call| send(module, call, SendKind::Escaped)),
    command("+CIPSENDLCFG")
        .query(|module, call| {
            let report = module.sockets.report_size;
            let transmit = module.sockets.transmit_size;
            module.tell(call, format_args!("{report},{transmit}"))
        })
        .set(|module, call| {
            call.count(1, 2)?;
            let report = call.int(0, 100, 1 << 20)?;
            let transmit = call.opt_int(1, 100, 2920)?;
            module.sockets.report_size = report;
            if let Some(transmit) = transmit {
                module.sockets.transmit_size = transmit;
            }
            Ok(Reply::Ok)
        }),
];

fn send(module: &mut Simulator, call: &Call, kind: SendKind) -> Answer {
    let first = usize::from(module.sockets.mux);
    let id = if module.sockets.mux { usize::try_from(link_id(call, LINKS as i64 - 1)?).unwrap_or(0) } else { 0 };
    let limit = match kind {
        SendKind::Long => i64::from(i32::MAX),
        _ => module.profile.limits.send,
    };
    let need = call.int(first, 1, i64::MAX)?;
    if need > limit {
        return Err(Code::Invalid.because(Reason::TooLong));
    }
    let host = call.opt_text(first + 1, 64)?.map(str::to_owned);
    let port = call.opt_int(first + 2, 0, 65535)?;
    call.count(first + 1, first + 3)?;
    if module.sockets.passthrough {
        return Err(Code::Failed.into());
    }
    let link = module.sockets.get(id).filter(|link| link.usable());
    let Some(link) = link else {
        return Err(Failure::because(Reason::LinkNotValid));
    };
    let mut data = DataMode::new(kind, id, link.socket, need.unsigned_abs());
    data.wait_for_more(module.send_interval());
    if let Some(host) = host {
        if link.kind != Kind::Udp {
            return Err(Code::Invalid.into());
        }
        let port = match port {
            None => link.remote.port(),
            Some(port) => u16::try_from(port).map_err(|_| Code::Invalid)?,
        };
        match host.parse::<IpAddr>() {
            Ok(address) => data.target = Some(SocketAddr::new(address, port)),
            Err(_) => {
                return Ok(module.look_up(&host, LookupUse::Send(Box::new(data), port)));
            }
        }
    } else if port.is_some() {
        return Err(Code::Count.into());
    }
    Ok(module.prompt(PromptFor::Data(Box::new(data))))
}

fn passthrough(module: &mut Simulator, _: &Call) -> Answer {
    let usable = module.sockets.open().any(|(_, link)| link.usable());
    if !module.sockets.passthrough || !usable {
        return Err(Code::Failed.into());
    }
    Ok(module.prompt(PromptFor::Passthrough))
}
