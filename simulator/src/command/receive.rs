//! Receiving on request.

use super::{Entry, Reply, command};
use crate::config::ReceiveCommand;
use crate::fault::Fault;
use crate::link::{Kind, LINKS, Link};
use crate::request::{Call, Code, Failure};
use crate::script::Point;
use crate::simulator::Simulator;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+CIPRECVTYPE").query(mode_query).set(set_type).only(|variant| {
        let which = variant.receive_command;
        matches!(which, ReceiveCommand::Type | ReceiveCommand::Both)
    }),
    command("+CIPRECVMODE").query(mode_query).set(set_mode).only(|variant| {
        let which = variant.receive_command;
        matches!(which, ReceiveCommand::Mode | ReceiveCommand::Both)
    }),
    command("+CIPRECVDATA").set(read).only(|variant| variant.receive_command != ReceiveCommand::Neither),
    command("+CIPRECVLEN").query(lengths).only(|variant| variant.receive_command != ReceiveCommand::Neither),
];

fn mode_query(module: &mut Simulator, call: &Call) -> Answer {
    // The older command knows one mode for all.
    if call.name == "+CIPRECVMODE" && module.variant.receive_command != ReceiveCommand::Both {
        let mode = u8::from(module.sockets.passive[0]);
        return module.tell(call, mode);
    }
    let line = |(id, link): (usize, &Link)| format!("{}:{id},{}\r\n", call.name, u8::from(link.passive));
    let lines: String = module.sockets.open().map(line).collect();
    if !lines.is_empty() {
        module.emit(&Point::Information, lines.as_bytes());
    }
    Ok(Reply::Ok)
}

fn set_type(module: &mut Simulator, call: &Call) -> Answer {
    if module.sockets.mux {
        call.count(2, 2)?;
        let id = call.int(0, 0, LINKS as i64)?;
        let passive = call.flag(1)?;
        set_passive(module, usize::try_from(id).unwrap_or(LINKS), passive)
    } else {
        call.count(1, 1)?;
        let passive = call.flag(0)?;
        set_passive(module, LINKS, passive)
    }
}

fn set_mode(module: &mut Simulator, call: &Call) -> Answer {
    // The older command knows one mode for all; as printed in the 2024 guide it takes a link, too.
    let per_link = module.variant.receive_command == ReceiveCommand::Both;
    call.count(1, 1 + usize::from(per_link))?;
    if call.args.len() == 2 {
        return set_type(module, call);
    }
    let passive = call.flag(0)?;
    set_passive(module, LINKS, passive)
}

/// For one link, or for all with [`LINKS`]; holds for links that are opened later, too.
fn set_passive(module: &mut Simulator, which: usize, passive: bool) -> Answer {
    if module.sockets.passthrough {
        return Err(Code::Failed.into());
    }
    for id in 0..LINKS {
        if which == id || which == LINKS {
            module.sockets.passive[id] = passive;
            let udp = module.profile.limits.passive_udp;
            if let Some(link) = module.sockets.get_mut(id)
                && (udp || link.kind == Kind::Tcp)
            {
                link.passive = passive;
            }
        }
    }
    Ok(Reply::Ok)
}

fn read(module: &mut Simulator, call: &Call) -> Answer {
    let first = usize::from(module.sockets.mux);
    call.count(first + 1, first + 1)?;
    let id = if module.sockets.mux { usize::try_from(call.int(0, 0, LINKS as i64 - 1)?).unwrap_or(0) } else { 0 };
    let most = usize::try_from(call.int(first, 1, module.profile.limits.read)?).unwrap_or(1);
    let passive = module.sockets.get(id).is_some_and(|link| link.passive);
    let filled = module.sockets.get(id).is_some_and(|link| !link.buffer.is_empty());
    if passive && filled && module.fault(Fault::ErrorForRead) {
        module.finish_error(Code::Failed);
        module.close_now(id);
        return Ok(Reply::Pending);
    }
    if !passive || !module.read_link(id, most) {
        return Err(Code::Failed.into());
    }
    module.notice_in_answer(id);
    Ok(Reply::Ok)
}

fn lengths(module: &mut Simulator, call: &Call) -> Answer {
    let absent = if module.variant.empty_receive_length { "" } else { module.profile.wording.absent_length };
    let all = module.sockets.mux || module.profile.limits.all_lengths;
    let count = if all { LINKS } else { 1 };
    let closed = (0..count).any(|id| module.sockets.get(id).is_none());
    let absent = match absent {
        "" => "",
        "0" if closed && module.fault(Fault::OtherEmptyLength) => "-1",
        "-1" if closed && module.fault(Fault::OtherEmptyLength) => "0",
        absent => absent,
    };
    let length = |id| match module.sockets.get(id) {
        Some(link) => link.announced().to_string(),
        None => absent.to_owned(),
    };
    let lengths: Vec<String> = (0..count).map(length).collect();
    module.tell(call, lengths.join(","))
}
