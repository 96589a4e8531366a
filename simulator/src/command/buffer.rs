//! The TCP send buffer of older firmwares: segments that are written without waiting for their delivery.

use super::connect::link_id;
use super::{Entry, Reply, command};
use crate::engine::PromptFor;
use crate::link::{Kind, LINKS, Link};
use crate::request::{Call, Code, Failure, Reason};
use crate::script::Point;
use crate::send::{DataMode, SendKind};
use crate::simulator::Simulator;
use std::collections::VecDeque;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+CIPSENDBUF").set(send),
    command("+CIPBUFRESET").set(reset).execute(reset),
    command("+CIPBUFSTATUS").set(status).execute(status),
    command("+CIPCHECKSEQ").set(check),
    command("+CIPCLOSEMODE").set(close_mode),
];

/// Entries of the module's TCP queue.
const QUEUE: usize = 8;
/// So many segments are remembered for `AT+CIPCHECKSEQ`.
const REMEMBERED: usize = 32;

/// The segments of one link.
#[derive(Debug, Default)]
pub(crate) struct Segments {
    /// How many there were.
    count: u32,
    /// The last one handed to the network.
    sent: u32,
    delivered: u32,
    waiting: VecDeque<(u32, Vec<u8>)>,
    results: VecDeque<(u32, bool)>,
}

impl Segments {
    fn queued(&self) -> usize {
        self.waiting.iter().map(|(_, data)| data.len()).sum()
    }

    fn note(&mut self, segment: u32, delivered: bool) {
        self.sent = segment;
        if delivered {
            self.delivered = segment;
        }
        self.results.push_back((segment, delivered));
        if self.results.len() > REMEMBERED {
            self.results.pop_front();
        }
    }
}

/// The open TCP link that a command names, and where its other parameters begin.
fn link<'a>(module: &'a mut Simulator, call: &Call) -> Result<(usize, usize, &'a mut Link), Failure> {
    let first = usize::from(module.sockets.mux);
    let id = if module.sockets.mux { usize::try_from(link_id(call, LINKS as i64 - 1)?).unwrap_or(0) } else { 0 };
    let link = module.sockets.get_mut(id).filter(|link| link.usable());
    let link = link.ok_or(Failure::because(Reason::LinkNotValid))?;
    if link.kind != Kind::Tcp || link.secure {
        return Err(Code::Failed.into());
    }
    Ok((id, first, link))
}

fn send(module: &mut Simulator, call: &Call) -> Answer {
    let limit = module.profile.limits.send;
    let capacity = module.profile.limits.send_buffer;
    let passthrough = module.sockets.passthrough;
    let (id, first, link) = link(module, call)?;
    call.count(first + 1, first + 1)?;
    let length = call.int(first, 1, i64::MAX)?;
    if length > limit {
        return Err(Code::Invalid.because(Reason::TooLong));
    }
    let room = capacity - link.segments.queued();
    if passthrough || link.segments.waiting.len() >= QUEUE || length.unsigned_abs() > room as u64 {
        return Err(Code::Failed.into());
    }
    let data = DataMode::new(SendKind::Buffered, id, link.socket, length.unsigned_abs());
    let line = format!("{},{}", link.segments.count.wrapping_add(1), link.segments.delivered);
    module.info(&line);
    Ok(module.prompt(PromptFor::Data(Box::new(data))))
}

fn reset(module: &mut Simulator, call: &Call) -> Answer {
    let (_, first, link) = link(module, call)?;
    call.count(first, first)?;
    if !link.segments.waiting.is_empty() {
        return Err(Code::Failed.into());
    }
    link.segments = Segments::default();
    Ok(Reply::Ok)
}

fn status(module: &mut Simulator, call: &Call) -> Answer {
    let capacity = module.profile.limits.send_buffer;
    let (_, first, link) = link(module, call)?;
    call.count(first, first)?;
    let segments = &link.segments;
    let next = segments.count.wrapping_add(1);
    let (room, queue) = (capacity - segments.queued(), QUEUE - segments.waiting.len());
    let line = format!("{next},{},{},{room},{queue}", segments.sent, segments.delivered);
    module.info(&line);
    Ok(Reply::Ok)
}

fn check(module: &mut Simulator, call: &Call) -> Answer {
    let (id, first, link) = link(module, call)?;
    call.count(first + 1, first + 1)?;
    let segment = call.int(first, 1, i64::from(u32::MAX))?;
    if segment > i64::from(link.segments.count) {
        return Err(Code::Invalid.into());
    }
    let known = link.segments.results.iter().find(|(known, _)| i64::from(*known) == segment);
    let state = if known.is_some_and(|(_, delivered)| *delivered) { "TRUE" } else { "FALSE" };
    let line = format!("{}{segment},{state}", module.prefix(id));
    module.info(&line);
    Ok(Reply::Ok)
}

/// What the peer sees of an abort is not simulated; the host sees no difference.
fn close_mode(module: &mut Simulator, call: &Call) -> Answer {
    let (_, first, _) = link(module, call)?;
    call.count(first + 1, first + 1)?;
    call.flag(first)?;
    Ok(Reply::Ok)
}

impl Simulator {
    /// All data of a segment is in.
    pub(crate) fn store_segment(&mut self, id: usize, data: Vec<u8>) {
        match self.sockets.get_mut(id).filter(|link| link.usable()) {
            Some(link) => {
                link.segments.count = link.segments.count.wrapping_add(1);
                let segment = link.segments.count;
                link.segments.waiting.push_back((segment, data));
            }
            None => self.emit(&Point::SendResult, b"SEND FAIL\r\n"),
        }
        self.pump();
    }

    /// Hands segments to the network; `true` if something moved.
    pub(crate) fn pump_segments(&mut self, id: usize) -> bool {
        let now = self.now;
        if !self.has_network() {
            return false;
        }
        let mut moved = false;
        while let Some(link) = self.sockets.links.get_mut(id).and_then(Option::as_mut) {
            let Some((segment, data)) = link.segments.waiting.front_mut() else {
                break;
            };
            let segment = *segment;
            match self.network.send(now, link.socket, data) {
                Ok(0) => break,
                Ok(count) => {
                    data.drain(..count);
                    moved = true;
                    if data.is_empty() {
                        link.segments.waiting.pop_front();
                        link.segments.note(segment, true);
                        let line = format!("{}{segment},SEND OK\r\n", self.prefix(id));
                        self.emit(&Point::SendResult, line.as_bytes());
                        self.touch(id);
                    }
                }
                Err(_) => {
                    for (segment, _) in core::mem::take(&mut link.segments.waiting) {
                        link.segments.note(segment, false);
                    }
                    self.emit(&Point::SendResult, b"SEND FAIL\r\n");
                    moved = true;
                }
            }
        }
        moved
    }
}
