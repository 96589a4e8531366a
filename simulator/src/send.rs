//! Data from the host: counted sends, long sends, passthrough.

use crate::engine::{Job, Mode, Running};
use crate::link::Kind;
use crate::net::{ConnectState, Received, SocketId};
use crate::profile::Profile;
use crate::script::Point;
use crate::simulator::Simulator;
use core::time::Duration;
use std::net::SocketAddr;

/// Bytes that the module takes from the host before it has to get rid of some.
const BACKLOG: usize = 8192;
/// Silence that ends a packet in passthrough.
const SILENCE: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendKind {
    /// `AT+CIPSEND`: a count.
    Counted,
    /// `AT+CIPSENDEX`: a count or `\0`, with escapes.
    Escaped,
    /// `AT+CIPSENDL`: sent while it comes in.
    Long,
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
        }
    }

    pub(crate) fn blocked(&self) -> bool {
        self.kind == SendKind::Long && self.data.len() >= BACKLOG
    }
}

/// Finds a `+++` that stands alone between two silences.
#[derive(Debug)]
struct Escape {
    silence: Duration,
    held: usize,
    quiet: bool,
    last: Option<Duration>,
}

impl Escape {
    const fn new(silence: Duration) -> Self {
        Self { silence, held: 0, quiet: false, last: None }
    }

    /// Adds the byte to `data`, or holds it back while it may be part of `+++`.
    fn feed(&mut self, now: Duration, byte: u8, data: &mut Vec<u8>) {
        let silent = self.last.is_none_or(|last| now > last + self.silence);
        if self.held == 0 {
            self.quiet = silent;
        }
        self.last = Some(now);
        if self.quiet && byte == b'+' && self.held < 3 {
            self.held += 1;
        } else {
            self.release(data);
            data.push(byte);
            self.quiet = false;
        }
    }

    fn release(&mut self, data: &mut Vec<u8>) {
        data.extend(core::iter::repeat_n(b'+', self.held));
        self.held = 0;
    }

    fn timer(&self) -> Option<Duration> {
        let silence = if self.held == 0 { SILENCE } else { self.silence };
        self.last.map(|last| last + silence)
    }
}

/// Everything is data, both ways.
#[derive(Debug)]
pub(crate) struct Passthrough {
    escape: Escape,
    data: Vec<u8>,
    /// So much of `data` makes whole packets.
    ready: usize,
    /// The link is lost; the next attempt is made then.
    retry_at: Option<Duration>,
    connecting: Option<SocketId>,
}

impl Passthrough {
    pub(crate) const fn new(profile: &Profile) -> Self {
        let escape = Escape::new(profile.limits.escape_silence);
        Self { escape, data: Vec::new(), ready: 0, retry_at: None, connecting: None }
    }

    pub(crate) const fn blocked(&self) -> bool {
        self.data.len() >= BACKLOG
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

impl Simulator {
    pub(crate) fn take_data(&mut self) {
        let rate = self.line_rate();
        let now = self.now;
        let Mode::Data(data) = &mut self.mode else {
            return;
        };
        match data.kind {
            SendKind::Counted => {
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
            SendKind::Long => {
                let mut taken = Vec::new();
                let left = data.need - data.received - data.escape.held as u64;
                let room = usize::try_from(left).unwrap_or(BACKLOG).min(BACKLOG);
                self.inbound.take(now, room, rate, &mut taken);
                for byte in taken {
                    data.escape.feed(now, byte, &mut data.data);
                }
                data.received = data.sent + data.data.len() as u64;
                if data.received + data.escape.held as u64 >= data.need {
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
        if data.escape.held == 3 {
            self.mode = Mode::Command;
            self.emit(&Point::SendResult, b"\r\nSEND CANCELLED\r\n");
        } else {
            data.escape.release(&mut data.data);
            data.received = data.sent + data.data.len() as u64;
            self.pump_mode();
        }
    }

    fn data_complete(&mut self) {
        let Mode::Data(data) = core::mem::replace(&mut self.mode, Mode::Command) else {
            return;
        };
        self.mode_at = None;
        let text = format!("\r\nRecv {} bytes\r\n", data.data.len());
        self.emit(&Point::Received, text.as_bytes());
        let delay = self.script.take_delay(&Point::SendResult);
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
        self.running = None;
        self.emit(&Point::SendResult, format!("\r\n{result}\r\n").as_bytes());
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
        let Mode::Data(data) = &mut self.mode else {
            return false;
        };
        let count = match link {
            _ if data.data.is_empty() => 0,
            Some((Kind::Tcp, _)) if !data.broken => match self.network.send(now, socket, &data.data) {
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
            self.finish_send(if broken { "SEND FAIL" } else { "SEND OK" });
        }
        count > 0
    }

    pub(crate) fn take_passthrough(&mut self) {
        let rate = self.line_rate();
        let now = self.now;
        let packet = self.profile.limits.packet;
        let Mode::Passthrough(mode) = &mut self.mode else {
            return;
        };
        let mut taken = Vec::new();
        let room = BACKLOG.saturating_sub(mode.data.len()).max(1);
        self.inbound.take(now, room, rate, &mut taken);
        for byte in taken {
            mode.escape.feed(now, byte, &mut mode.data);
        }
        if mode.data.len() >= packet {
            mode.ready = mode.data.len();
        }
        self.mode_at = mode.escape.timer();
        self.pump_mode();
    }

    pub(crate) fn on_passthrough_timer(&mut self) {
        let now = self.now;
        let Mode::Passthrough(mode) = &mut self.mode else {
            return;
        };
        if mode.escape.timer().is_some_and(|at| at <= now) {
            if mode.escape.held == 3 {
                let connecting = mode.connecting;
                self.mode = Mode::Command;
                if let Some(socket) = connecting {
                    self.network.close(now, socket);
                }
                if self.settings.message_bits & 1 != 0 {
                    self.emit(&Point::LinkState, b"+QUITT\r\n");
                }
                return;
            }
            mode.escape.release(&mut mode.data);
            mode.ready = mode.data.len();
        }
        self.pump_mode();
        if let Mode::Passthrough(mode) = &self.mode {
            let silence = mode.escape.timer().filter(|&at| at > now);
            let times = [silence, mode.retry_at.filter(|&at| at > now)];
            self.mode_at = times.into_iter().flatten().min();
        }
    }

    fn pump_passthrough(&mut self) -> bool {
        let now = self.now;
        let open = self.sockets.open().next();
        let link = open.map(|(id, link)| (id, link.socket, link.kind, link.remote, link.server));
        let Some((id, socket, kind, remote, server)) = link else {
            return false;
        };
        if !self.has_network() {
            return false;
        }
        let usable = self.sockets.get(id).is_some_and(crate::link::Link::usable);
        if !usable {
            return !server && self.reconnect_passthrough(id, remote);
        }
        let Mode::Passthrough(mode) = &mut self.mode else {
            return false;
        };
        let mut moved = false;
        if mode.ready > 0 {
            let packet = &mode.data[..mode.ready];
            let sent = match kind {
                Kind::Tcp => self.network.send(now, socket, packet),
                Kind::Udp => {
                    let packet = &packet[..packet.len().min(1460)];
                    let sent = self.network.send_to(now, socket, remote, packet);
                    sent.map(|()| packet.len())
                }
            };
            match sent {
                Ok(count) => {
                    mode.data.drain(..count);
                    mode.ready -= count;
                    moved |= count > 0;
                }
                Err(_) => {
                    self.lose_passthrough(id);
                    return true;
                }
            }
        }
        if self.outbound.len() >= crate::engine::OUTPUT_LIMIT {
            return moved;
        }
        let mut chunk = [0; 2920];
        let received = match kind {
            Kind::Tcp => self.network.receive(now, socket, &mut chunk),
            Kind::Udp => match self.network.receive_from(now, socket, &mut chunk) {
                Some((count, _)) => Received::Data(count),
                None => Received::Nothing,
            },
        };
        match received {
            Received::Nothing => moved,
            Received::Data(count) => {
                self.touch(id);
                self.emit(&Point::Data, &chunk[..count]);
                true
            }
            Received::Closed => {
                self.lose_passthrough(id);
                true
            }
        }
    }

    /// A client's link is tried again and again, a server's waits for the next client.
    fn lose_passthrough(&mut self, id: usize) {
        let server = self.sockets.get(id).is_some_and(|link| link.server);
        if server {
            self.close_now(id);
            return;
        }
        let now = self.now;
        let line = format!("{}CLOSED", self.prefix(id));
        if let Some(link) = self.sockets.get(id) {
            self.network.close(now, link.socket);
        }
        self.say_state(&Point::LinkState, &line);
        self.lose_link_silently(id);
        let tenths = u64::try_from(self.settings.passthrough_reconnect).unwrap_or(1);
        let at = now + Duration::from_millis(100 * tenths);
        if let Mode::Passthrough(mode) = &mut self.mode {
            mode.retry_at = Some(at);
            self.mode_at = Some(self.mode_at.map_or(at, |before| before.min(at)));
        }
    }

    fn reconnect_passthrough(&mut self, id: usize, remote: SocketAddr) -> bool {
        let now = self.now;
        let Mode::Passthrough(mode) = &mut self.mode else {
            return false;
        };
        if let Some(socket) = mode.connecting {
            match self.network.connect_state(now, socket) {
                ConnectState::Pending => return false,
                ConnectState::Open => {
                    mode.connecting = None;
                    self.open_link(id, Kind::Tcp, socket, remote, false);
                    self.announce_open(id);
                    return true;
                }
                ConnectState::Failed(_) => mode.connecting = None,
            }
        } else if mode.retry_at.is_some_and(|at| at <= now) {
            mode.retry_at = None;
            if let Ok(socket) = self.network.connect(now, remote) {
                mode.connecting = Some(socket);
                return true;
            }
        } else if mode.retry_at.is_some() {
            return false;
        }
        let tenths = u64::try_from(self.settings.passthrough_reconnect).unwrap_or(1);
        let at = now + Duration::from_millis(100 * tenths);
        mode.retry_at = Some(at);
        self.mode_at = Some(self.mode_at.map_or(at, |before| before.min(at)));
        false
    }
}
