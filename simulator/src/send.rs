//! Data from the host: counted and long sends.

use crate::engine::{Job, Mode, Running};
use crate::escape::{Escape, SILENCE};
use crate::fault::{Fault, ResetMoment};
use crate::link::Kind;
use crate::net::SocketId;
use crate::script::Point;
use crate::simulator::Simulator;
use core::time::Duration;
use std::net::SocketAddr;

/// Bytes that the module takes from the host before it has to get rid of some.
pub(crate) const BACKLOG: usize = 8192;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendKind {
    /// `AT+CIPSEND`: a count.
    Counted,
    /// `AT+CIPSENDEX`: a count or `\0`, with escapes.
    Escaped,
    /// `AT+CIPSENDL`: sent while it comes in.
    Long,
    /// `AT+CIPSENDBUF`: a count, delivered later.
    Buffered,
    /// `AT+USEROTA`: a count, an address for the module itself.
    Address,
}

/// A send behind its prompt.
#[derive(Debug)]
pub(crate) struct DataMode {
    pub(crate) kind: SendKind,
    pub(crate) link: usize,
    pub(crate) socket: SocketId,
    /// Where a datagram goes if not to the link's peer.
    pub(crate) target: Option<SocketAddr>,
    pub(crate) need: u64,
    data: Vec<u8>,
    /// [`SendKind::Escaped`]: the last byte was a backslash.
    backslash: bool,
    escape: Escape,
    received: u64,
    sent: u64,
    reported: u64,
    broken: bool,
    /// [`SendKind::Long`]: so many bytes of `data` need not wait for more.
    due: usize,
}

impl DataMode {
    pub(crate) fn new(kind: SendKind, link: usize, socket: SocketId, need: u64) -> Self {
        Self {
            kind,
            link,
            socket,
            target: None,
            need,
            data: Vec::new(),
            backslash: false,
            escape: Escape::new(SILENCE),
            received: 0,
            sent: 0,
            reported: 0,
            broken: false,
            due: 0,
        }
    }

    /// Data goes to the network in blocks of this size, or when no more of it is to come soon.
    fn collect(&mut self, now: Duration, block: usize) {
        let silent = self.escape.timer().is_some_and(|at| at <= now);
        if silent || self.received >= self.need {
            self.due = self.data.len();
        } else if self.data.len() - self.due >= block {
            self.due += (self.data.len() - self.due) / block * block;
        }
    }

    /// Datagrams wait so long for more data.
    pub(crate) const fn wait_for_more(&mut self, interval: Duration) {
        self.escape = Escape::new(SILENCE).collecting(interval);
    }

    pub(crate) fn blocked(&self) -> bool {
        self.kind == SendKind::Long && self.data.len() >= BACKLOG
    }
}

/// All data is in, the network takes it.
#[derive(Debug)]
pub(crate) struct SendJob {
    link: usize,
    socket: SocketId,
    target: Option<SocketAddr>,
    data: Vec<u8>,
    offset: usize,
    failed: bool,
    /// The link was gone before all data was in.
    gone: bool,
    not_before: Duration,
    deadline: Option<Duration>,
}

impl SendJob {
    /// The result need not wait any longer.
    pub(crate) const fn finish_from(&mut self, now: Duration) {
        self.not_before = now;
    }
}

impl Simulator {
    pub(crate) fn take_data(&mut self) {
        let rate = self.host_rate();
        let now = self.now;
        if self.fault(Fault::Reset(ResetMoment::TakingData)) {
            // A part of the data is in, the rest meets a module that boots.
            self.inbound.pop();
            return self.crash_now();
        }
        let Mode::Data(data) = &mut self.mode else {
            return;
        };
        match data.kind {
            SendKind::Counted | SendKind::Address => {
                let left = data.need - data.data.len() as u64;
                let left = usize::try_from(left).unwrap_or(usize::MAX);
                self.inbound.take(now, left, rate, &mut data.data);
                if data.data.len() as u64 >= data.need {
                    self.data_complete();
                }
            }
            SendKind::Escaped => {
                let Some(byte) = self.inbound.pop() else {
                    return;
                };
                let end = if core::mem::take(&mut data.backslash) {
                    if byte != b'0' {
                        data.data.push(byte);
                    }
                    byte == b'0'
                } else {
                    if byte == b'\\' {
                        data.backslash = true;
                    } else {
                        data.data.push(byte);
                    }
                    false
                };
                if end || data.data.len() as u64 >= data.need {
                    self.data_complete();
                }
            }
            SendKind::Buffered => {
                let mut taken = Vec::new();
                let left = data.need - data.data.len() as u64 - data.escape.held() as u64;
                self.inbound.take(now, usize::try_from(left).unwrap_or(BACKLOG), rate, &mut taken);
                for byte in taken {
                    data.escape.feed(now, byte, &mut data.data);
                }
                self.mode_at = data.escape.timer();
                if data.data.len() as u64 + data.escape.held() as u64 >= data.need {
                    data.escape.release(&mut data.data);
                    self.segment_complete();
                }
            }
            SendKind::Long => {
                let mut taken = Vec::new();
                let left = data.need - data.received - data.escape.held() as u64;
                let room = usize::try_from(left).unwrap_or(BACKLOG).min(BACKLOG);
                self.inbound.take(now, room, rate, &mut taken);
                for byte in taken {
                    data.escape.feed(now, byte, &mut data.data);
                }
                data.received = data.sent + data.data.len() as u64;
                if data.received + data.escape.held() as u64 >= data.need {
                    data.escape.release(&mut data.data);
                    data.received = data.need;
                }
                self.mode_at = data.escape.timer();
                self.pump_mode();
            }
        }
    }

    pub(crate) fn on_data_timer(&mut self) {
        let Mode::Data(data) = &mut self.mode else {
            return;
        };
        if data.escape.is_whole() && data.kind == SendKind::Buffered {
            self.mode = Mode::Command;
            self.tell_quit();
        } else if data.escape.is_whole() {
            // The last report always says how much was sent.
            let last = (data.sent > data.reported).then(|| format!("+CIPSENDL:{},{}", data.sent, data.received));
            self.mode = Mode::Command;
            self.mode_at = None;
            if let Some(last) = last {
                self.info(&last);
            }
            self.busy_told = false;
            self.emit(&Point::SendResult, b"\r\nSEND CANCELLED\r\n");
        } else {
            data.escape.release(&mut data.data);
            data.received = data.sent + data.data.len() as u64;
            self.pump_mode();
        }
    }

    /// Gives up connections of passthrough that are still being opened.
    pub(crate) fn close_passthrough(&mut self) {
        let now = self.now;
        if let Mode::Passthrough(mode) = &mut self.mode {
            let opening = mode.opening.take().and_then(|opening| opening.socket());
            for socket in [mode.connecting.take(), opening].into_iter().flatten() {
                self.network.close(now, socket);
            }
        }
    }

    pub(crate) fn tell_quit(&mut self) {
        if self.settings.message_bits & 1 != 0 {
            self.emit(&Point::LinkState, b"+QUITT\r\n");
        }
    }

    fn segment_complete(&mut self) {
        if let Mode::Data(data) = core::mem::replace(&mut self.mode, Mode::Command) {
            self.mode_at = None;
            self.store_segment(data.link, data.data);
        }
    }

    fn data_complete(&mut self) {
        let Mode::Data(data) = core::mem::replace(&mut self.mode, Mode::Command) else {
            return;
        };
        self.mode_at = None;
        self.faults.glued = false;
        let text = format!("\r\nRecv {} bytes\r\n", data.data.len());
        self.emit(&Point::Received, text.as_bytes());
        if data.kind == SendKind::Address {
            return self.begin_user_update(&data.data);
        }
        let delay = self.script.take_delay(&Point::SendResult) + self.wait_for_data(Fault::DataBeforeSendOk);
        let timeout = self.sockets.get(data.link).map(|link| {
            let millis = u64::try_from(link.options.send_timeout).unwrap_or(0);
            Duration::from_millis(millis)
        });
        let job = SendJob {
            link: data.link,
            socket: data.socket,
            target: data.target,
            data: data.data,
            offset: 0,
            failed: false,
            gone: self.same_link(data.link, data.socket).is_none(),
            not_before: self.now + self.latency.send + delay,
            deadline: timeout.filter(|time| !time.is_zero()).map(|time| self.now + time),
        };
        self.running = Some(Running { at: Some(job.not_before), job: Job::Send(Box::new(job)) });
        self.pump();
    }

    /// The socket of a link if it is still the same one and usable.
    fn same_link(&self, id: usize, socket: SocketId) -> Option<(Kind, SocketAddr)> {
        let link = self.sockets.get(id)?;
        let usable = link.socket == socket && link.usable() && self.has_network();
        usable.then_some((link.kind, link.remote))
    }

    fn advance_send(&mut self, send: &mut SendJob) -> bool {
        let now = self.now;
        if send.failed || send.offset >= send.data.len() {
            return false;
        }
        let Some((kind, remote)) = self.same_link(send.link, send.socket) else {
            send.failed = true;
            return true;
        };
        let rest = &send.data[send.offset..];
        let result = match kind {
            Kind::Tcp => self.network.send(now, send.socket, rest),
            Kind::Udp => {
                let target = send.target.unwrap_or(remote);
                let sent = self.network.send_to(now, send.socket, target, rest);
                sent.map(|()| rest.len())
            }
        };
        match result {
            Ok(0) => false,
            Ok(count) => {
                send.offset += count;
                self.touch(send.link);
                true
            }
            Err(_) => {
                send.failed = true;
                true
            }
        }
    }

    /// Lets the running send go on; `true` if something moved.
    pub(crate) fn pump_send(&mut self) -> bool {
        let Some(Running { job: Job::Send(_), .. }) = self.running else {
            return false;
        };
        let Some(Running { job: Job::Send(mut send), .. }) = self.running.take() else {
            return false;
        };
        let moved = self.advance_send(&mut send);
        let done = send.failed || send.offset >= send.data.len();
        if done && self.now >= send.not_before {
            let result = match &*send {
                SendJob { gone: true, .. } => self.profile.wording.gone_under_send,
                SendJob { failed: true, .. } => "SEND FAIL",
                _ => "SEND OK",
            };
            self.finish_send(result);
            return true;
        }
        let at = if done { Some(send.not_before) } else { send.deadline };
        self.running = Some(Running { job: Job::Send(send), at });
        moved
    }

    pub(crate) fn on_send_timer(&mut self, mut send: SendJob) {
        let late = send.deadline.is_some_and(|deadline| deadline <= self.now);
        if late && send.offset < send.data.len() {
            send.failed = true;
        }
        self.running = Some(Running { job: Job::Send(Box::new(send)), at: None });
        self.pump_send();
    }

    fn finish_send(&mut self, result: &str) {
        self.finish_with(&format!("\r\n{result}\r\n"));
    }

    /// Ends a command with lines of its own in place of `OK`.
    pub(crate) fn finish_with(&mut self, text: &str) {
        self.running = None;
        self.faults.waits = false;
        self.emit(&Point::SendResult, text.as_bytes());
        self.busy_told = false;
    }

    /// Sends what a long send or passthrough has; `true` if something moved.
    pub(crate) fn pump_mode(&mut self) -> bool {
        match self.mode {
            Mode::Data(_) => self.pump_long(),
            Mode::Passthrough(_) => self.pump_passthrough(),
            _ => false,
        }
    }

    fn pump_long(&mut self) -> bool {
        let now = self.now;
        let report = u64::try_from(self.sockets.report_size).unwrap_or(1024);
        let Mode::Data(data) = &mut self.mode else {
            return false;
        };
        if data.kind != SendKind::Long {
            return false;
        }
        let (id, socket) = (data.link, data.socket);
        let link = self.same_link(id, socket);
        let block = usize::try_from(self.sockets.transmit_size).unwrap_or(2920).max(1);
        let Mode::Data(data) = &mut self.mode else {
            return false;
        };
        data.collect(now, block);
        let count = match link {
            _ if data.data.is_empty() => 0,
            Some((Kind::Tcp, _)) if !data.broken && data.due == 0 => 0,
            Some((Kind::Tcp, _)) if !data.broken => match self.network.send(now, socket, &data.data[..data.due]) {
                Ok(count) => count,
                Err(_) => {
                    data.broken = true;
                    0
                }
            },
            Some((Kind::Udp, remote)) if !data.broken => {
                let whole = data.data.len() >= 1460 || data.received >= data.need;
                let due = data.escape.timer().is_some_and(|at| at <= now);
                let count = data.data.len().min(1460);
                let target = data.target.unwrap_or(remote);
                if whole || due {
                    let _ = self.network.send_to(now, socket, target, &data.data[..count]);
                    count
                } else {
                    0
                }
            }
            // What can no longer be sent is thrown away until the count is reached.
            _ => {
                data.broken = true;
                data.data.len()
            }
        };
        data.data.drain(..count);
        data.due = data.due.saturating_sub(count);
        data.sent += count as u64;
        let all = data.sent >= data.need;
        let (sent, received, broken) = (data.sent, data.received, data.broken);
        let told = sent - data.reported >= report || (all && sent > data.reported);
        if told {
            data.reported = sent;
        }
        if told && !broken {
            self.info(&format!("+CIPSENDL:{sent},{received}"));
        }
        if all {
            self.mode = Mode::Command;
            self.mode_at = None;
            let not_before = now + self.latency.send + self.script.take_delay(&Point::SendResult);
            let job = SendJob {
                link: id,
                socket,
                target: None,
                data: Vec::new(),
                offset: 0,
                failed: broken,
                gone: false,
                not_before,
                deadline: None,
            };
            self.running = Some(Running { at: Some(not_before), job: Job::Send(Box::new(job)) });
        }
        count > 0
    }
}
