//! Passthrough over Wi-Fi.

use crate::command::stored::Opening;
use crate::engine::Mode;
use crate::escape::Escape;
use crate::link::Kind;
use crate::net::{ConnectState, Received, SocketId};
use crate::profile::Profile;
use crate::script::Point;
use crate::send::BACKLOG;
use crate::simulator::Simulator;
use core::time::Duration;
use std::net::SocketAddr;

/// Everything is data, both ways.
#[derive(Debug)]
pub(crate) struct Passthrough {
    escape: Escape,
    data: Vec<u8>,
    /// So much of `data` makes whole packets.
    ready: usize,
    /// The link is lost; the next attempt is made then.
    retry_at: Option<Duration>,
    pub(crate) connecting: Option<SocketId>,
    /// The link that is stored for power-on, while it is not open.
    pub(crate) opening: Option<Opening>,
}

impl Passthrough {
    pub(crate) const fn new(profile: &Profile, interval: Duration) -> Self {
        let escape = Escape::new(profile.limits.escape_silence).collecting(interval);
        Self { escape, data: Vec::new(), ready: 0, retry_at: None, connecting: None, opening: None }
    }

    pub(crate) const fn blocked(&self) -> bool {
        self.data.len() >= BACKLOG
    }
}

impl Simulator {
    pub(crate) fn take_passthrough(&mut self) {
        let rate = self.host_rate();
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
            if mode.escape.is_whole() {
                self.close_passthrough();
                self.mode = Mode::Command;
                self.tell_quit();
                return;
            }
            mode.escape.release(&mut mode.data);
            mode.ready = mode.data.len();
        }
        self.pump_mode();
        if let Mode::Passthrough(mode) = &self.mode {
            let silence = mode.escape.timer().filter(|&at| at > now);
            let opening = mode.opening.as_ref().map(|opening| opening.not_before);
            let times = [silence, mode.retry_at.filter(|&at| at > now), opening.filter(|&at| at > now)];
            self.mode_at = times.into_iter().flatten().min();
        }
    }

    pub(crate) fn pump_passthrough(&mut self) -> bool {
        let now = self.now;
        let open = self.sockets.open().next();
        let link = open.map(|(id, link)| (id, link.socket, link.kind, link.remote, link.server));
        let Some((id, socket, kind, remote, server)) = link else {
            return self.pump_stored_link();
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
        if self.waiting_output() >= crate::engine::OUTPUT_LIMIT {
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
        let secure = self.sockets.get(id).is_some_and(|link| link.secure);
        let Mode::Passthrough(mode) = &mut self.mode else {
            return false;
        };
        if let Some(socket) = mode.connecting {
            match self.network.connect_state(now, socket) {
                ConnectState::Pending => return false,
                ConnectState::Open => {
                    mode.connecting = None;
                    self.open_link(id, Kind::Tcp, socket, remote, false);
                    if let Some(link) = self.sockets.get_mut(id) {
                        link.secure = secure;
                    }
                    self.announce_open(id);
                    return true;
                }
                ConnectState::Failed(_) => mode.connecting = None,
            }
        } else if mode.retry_at.is_some_and(|at| at <= now) {
            mode.retry_at = None;
            let socket = self.open_stream(id, remote, secure);
            if let (Ok(socket), Mode::Passthrough(mode)) = (socket, &mut self.mode) {
                mode.connecting = Some(socket);
                return true;
            }
        } else if mode.retry_at.is_some() {
            return false;
        }
        let tenths = u64::try_from(self.settings.passthrough_reconnect).unwrap_or(1);
        let at = now + Duration::from_millis(100 * tenths);
        if let Mode::Passthrough(mode) = &mut self.mode {
            mode.retry_at = Some(at);
        }
        self.mode_at = Some(self.mode_at.map_or(at, |before| before.min(at)));
        false
    }
}
