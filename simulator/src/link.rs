//! The links: data on its way to the host, and their end.

use crate::engine::{Mode, OUTPUT_LIMIT};
use crate::net::{Received, SocketId};
use crate::script::Point;
use crate::settings::TcpOptions;
use crate::simulator::Simulator;
use core::time::Duration;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Links that a module has.
pub(crate) const LINKS: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tcp,
    Udp,
}

/// An open link of the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkInfo {
    /// Link ID, 0 to 4.
    pub id: u8,
    /// As `AT+CIPSTATE?` names it: `TCP`, `TCPv6`, `UDP`, `UDPv6`.
    pub kind: &'static str,
    /// The peer; for UDP the one that data goes to.
    pub remote: SocketAddr,
    /// The module's own port.
    pub local_port: u16,
    /// Whether the peer connected to the module's server.
    pub server: bool,
    /// Whether data is received on request only.
    pub passive: bool,
    /// Bytes from the peer that the host has not got.
    pub buffered: usize,
    /// The peer has closed, but the module has not said so yet.
    pub ended: bool,
    /// The socket in the [`Network`](crate::Network).
    pub socket: SocketId,
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) kind: Kind,
    pub(crate) socket: SocketId,
    pub(crate) remote: SocketAddr,
    pub(crate) local_port: u16,
    pub(crate) server: bool,
    pub(crate) buffer: VecDeque<u8>,
    /// Sender of what is in the buffer.
    sender: SocketAddr,
    /// Bytes announced by the last notice and not read since.
    reported: usize,
    /// The peer is gone.
    ended: bool,
    /// `CLOSED` was printed although data is left.
    pub(crate) closed_told: bool,
    pub(crate) passive: bool,
    pub(crate) udp_mode: i64,
    udp_moved: bool,
    active_at: Duration,
    pub(crate) options: TcpOptions,
}

impl Link {
    pub(crate) const fn usable(&self) -> bool {
        !self.ended && !self.closed_told
    }

    pub(crate) const fn kind_name(&self) -> &'static str {
        match (self.kind, self.remote) {
            (Kind::Tcp, SocketAddr::V4(_)) => "TCP",
            (Kind::Tcp, SocketAddr::V6(_)) => "TCPv6",
            (Kind::Udp, SocketAddr::V4(_)) => "UDP",
            (Kind::Udp, SocketAddr::V6(_)) => "UDPv6",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) socket: SocketId,
    pub(crate) port: u16,
    pub(crate) v6: bool,
}

#[derive(Debug)]
pub(crate) struct Sockets {
    pub(crate) mux: bool,
    pub(crate) peer_info: bool,
    pub(crate) passthrough: bool,
    pub(crate) passive: [bool; LINKS],
    pub(crate) links: [Option<Link>; LINKS],
    pub(crate) server: Option<Server>,
    pub(crate) max_clients: usize,
    /// Seconds after which a silent client is dropped, 0 for never.
    pub(crate) client_timeout: i64,
    pub(crate) report_size: i64,
    pub(crate) transmit_size: i64,
    /// There was a link since the start.
    pub(crate) had_link: bool,
    pub(crate) hostname: String,
}

impl Default for Sockets {
    fn default() -> Self {
        Self {
            mux: false,
            peer_info: false,
            passthrough: false,
            passive: [false; LINKS],
            links: [const { None }; LINKS],
            server: None,
            max_clients: LINKS,
            client_timeout: 180,
            report_size: 1024,
            transmit_size: 2920,
            had_link: false,
            hostname: "espressif".into(),
        }
    }
}

impl Sockets {
    pub(crate) fn get(&self, id: usize) -> Option<&Link> {
        self.links.get(id)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: usize) -> Option<&mut Link> {
        self.links.get_mut(id)?.as_mut()
    }

    pub(crate) fn open(&self) -> impl Iterator<Item = (usize, &Link)> {
        let links = self.links.iter().enumerate();
        links.filter_map(|(id, link)| Some((id, link.as_ref()?))).filter(|(_, link)| !link.closed_told)
    }

    pub(crate) fn any_open(&self) -> bool {
        self.open().next().is_some()
    }

    pub(crate) fn infos(&self) -> Vec<LinkInfo> {
        self.open()
            .map(|(id, link)| LinkInfo {
                id: u8::try_from(id).unwrap_or(u8::MAX),
                kind: link.kind_name(),
                remote: link.remote,
                local_port: link.local_port,
                server: link.server,
                passive: link.passive,
                buffered: link.buffer.len(),
                ended: link.ended,
                socket: link.socket,
            })
            .collect()
    }

    /// When the next silent client is dropped.
    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        let seconds = u64::try_from(self.client_timeout).unwrap_or(0);
        if seconds == 0 {
            return None;
        }
        let clients = self.links.iter().flatten();
        let clients = clients.filter(|link| link.server && link.usable());
        clients.map(|link| link.active_at + Duration::from_secs(seconds)).min()
    }
}

impl Simulator {
    pub(crate) fn close_all_sockets(&mut self) {
        let now = self.now;
        for link in self.sockets.links.iter_mut().filter_map(Option::take) {
            self.network.close(now, link.socket);
        }
        if let Some(server) = self.sockets.server.take() {
            self.network.close(now, server.socket);
        }
        if let Some(crate::engine::Job::Connect { socket, .. }) = self.running_job() {
            let socket = *socket;
            self.network.close(now, socket);
        }
    }

    /// Moves data and states between network and links. `true` if something moved.
    pub(crate) fn pump(&mut self) -> bool {
        if matches!(self.mode, Mode::Boot | Mode::Off) {
            return false;
        }
        let mut moved = self.pump_job();
        moved |= self.pump_mode();
        moved |= self.accept_clients();
        if !matches!(self.mode, Mode::Passthrough(_)) {
            for id in 0..LINKS {
                moved |= self.fill(id);
                moved |= self.deliver(id);
            }
        }
        if self.pending_restart.is_some() {
            self.restart_if_due();
            return true;
        }
        moved
    }

    pub(crate) fn open_link(&mut self, id: usize, kind: Kind, socket: SocketId, remote: SocketAddr, server: bool) {
        let may_be_passive = kind == Kind::Tcp || self.profile.limits.passive_udp;
        let link = Link {
            kind,
            socket,
            remote,
            local_port: self.network.local_port(socket),
            server,
            buffer: VecDeque::new(),
            sender: remote,
            reported: 0,
            ended: false,
            closed_told: false,
            passive: may_be_passive && self.sockets.passive.get(id).copied().unwrap_or(false),
            udp_mode: 0,
            udp_moved: false,
            active_at: self.now,
            options: self.settings.tcp,
        };
        if let Some(slot) = self.sockets.links.get_mut(id) {
            *slot = Some(link);
            self.sockets.had_link = true;
        }
    }

    /// `0,` with several links, nothing with a single one.
    pub(crate) fn prefix(&self, id: usize) -> String {
        if self.sockets.mux { format!("{id},") } else { String::new() }
    }

    pub(crate) fn announce_open(&mut self, id: usize) {
        let Some(link) = self.sockets.get(id) else {
            return;
        };
        let line = if self.settings.message_bits & 2 != 0 {
            format!(
                "+LINK_CONN:0,{id},\"{}\",{},\"{}\",{},{}",
                link.kind_name(),
                u8::from(link.server),
                link.remote.ip(),
                link.remote.port(),
                link.local_port,
            )
        } else {
            format!("{}CONNECT", self.prefix(id))
        };
        self.say_state(&Point::LinkState, &line);
    }

    /// Takes the link away and says so.
    pub(crate) fn close_now(&mut self, id: usize) {
        let now = self.now;
        if let Some(link) = self.sockets.links.get_mut(id).and_then(Option::take) {
            self.network.close(now, link.socket);
            if !link.closed_told {
                let line = format!("{}CLOSED", self.prefix(id));
                self.say_state(&Point::LinkState, &line);
            }
        }
    }

    /// The peer of the link is gone; data that is in the module stays readable.
    pub(crate) fn lose_link(&mut self, id: u8) {
        let id = usize::from(id);
        if let Some(link) = self.sockets.get_mut(id) {
            link.ended = true;
            self.deliver(id);
        }
    }

    /// Like [`Self::lose_link`] with nothing said; for passthrough.
    pub(crate) fn lose_link_silently(&mut self, id: usize) {
        if let Some(link) = self.sockets.get_mut(id) {
            link.ended = true;
        }
    }

    /// The radio connection is gone.
    pub(crate) fn break_links(&mut self) {
        if !self.variant.closed_on_wifi_loss {
            return;
        }
        for id in 0..LINKS {
            if let Some(link) = self.sockets.get_mut(id)
                && link.kind == Kind::Tcp
            {
                link.ended = true;
                self.deliver(id);
            }
        }
    }

    /// Takes data from the network into the link's buffer.
    fn fill(&mut self, id: usize) -> bool {
        let now = self.now;
        if !self.has_network() {
            return false;
        }
        let window = self.variant.window;
        let room_in_output = self.outbound.len() < OUTPUT_LIMIT;
        let Some(link) = self.sockets.links.get_mut(id).and_then(Option::as_mut) else {
            return false;
        };
        if !link.usable() {
            return false;
        }
        if link.kind == Kind::Udp {
            return self.fill_udp(id);
        }
        let room = window.saturating_sub(link.buffer.len());
        if room == 0 || (!link.passive && !room_in_output && !link.buffer.is_empty()) {
            return false;
        }
        let mut chunk = [0; 4096];
        let size = room.min(chunk.len());
        match self.network.receive(now, link.socket, &mut chunk[..size]) {
            Received::Nothing => false,
            Received::Data(count) => {
                link.buffer.extend(&chunk[..count.min(size)]);
                link.active_at = now;
                true
            }
            Received::Closed => {
                link.ended = true;
                true
            }
        }
    }

    fn fill_udp(&mut self, id: usize) -> bool {
        let now = self.now;
        let window = self.variant.window;
        let room_in_output = self.outbound.len() < OUTPUT_LIMIT;
        let Some(link) = self.sockets.links.get_mut(id).and_then(Option::as_mut) else {
            return false;
        };
        if !link.passive && (!room_in_output || !link.buffer.is_empty()) {
            return false;
        }
        let mut datagram = [0; 4096];
        let received = self.network.receive_from(now, link.socket, &mut datagram);
        let Some((count, from)) = received else {
            return false;
        };
        let moves = match link.udp_mode {
            1 => !link.udp_moved && from != link.remote,
            2 => true,
            _ => false,
        };
        if moves {
            link.remote = from;
            link.udp_moved = true;
        }
        // Without room the datagram is lost.
        if count <= window.saturating_sub(link.buffer.len()) {
            link.sender = from;
            link.buffer.extend(&datagram[..count.min(4096)]);
        }
        true
    }

    /// Tells the host about data and the end of the link.
    fn deliver(&mut self, id: usize) -> bool {
        let mut moved = false;
        let active = self.sockets.get(id).is_some_and(|link| !link.passive);
        if active {
            while self.outbound.len() < OUTPUT_LIMIT && self.deliver_frame(id) {
                moved = true;
            }
        } else if let Some(link) = self.sockets.get_mut(id)
            && link.reported == 0
            && !link.buffer.is_empty()
            && !link.closed_told
        {
            link.reported = link.buffer.len();
            let len = link.reported;
            let line = format!("\r\n+IPD,{}{len}\r\n", self.prefix(id));
            self.emit(&Point::Notice, line.as_bytes());
            moved = true;
        }
        let withheld = self.variant.closed_withheld;
        match self.sockets.get_mut(id) {
            Some(link) if link.closed_told && link.buffer.is_empty() => {
                self.close_now(id);
                true
            }
            Some(link) if link.ended && link.buffer.is_empty() => {
                self.close_now(id);
                true
            }
            Some(link) if link.ended && !link.closed_told && link.passive && !withheld => {
                link.closed_told = true;
                let line = format!("{}CLOSED", self.prefix(id));
                self.say_state(&Point::LinkState, &line);
                true
            }
            _ => moved,
        }
    }

    /// `,"192.168.3.102",8080` if the host asked for it.
    fn peer_text(&self, sender: SocketAddr) -> String {
        if !self.sockets.peer_info {
            String::new()
        } else if self.variant.quoted_peer {
            format!(",\"{}\",{}", sender.ip(), sender.port())
        } else {
            format!(",{},{}", sender.ip(), sender.port())
        }
    }

    /// One `+IPD` with data.
    fn deliver_frame(&mut self, id: usize) -> bool {
        let limit = self.profile.limits.chunk;
        let Some(link) = self.sockets.get_mut(id) else {
            return false;
        };
        if link.buffer.is_empty() {
            return false;
        }
        let count = link.buffer.len().min(limit);
        let data: Vec<u8> = link.buffer.drain(..count).collect();
        link.reported = 0;
        let sender = link.sender;
        let (prefix, peer) = (self.prefix(id), self.peer_text(sender));
        let mut frame = format!("\r\n+IPD,{prefix}{count}{peer}:").into_bytes();
        let head = frame.len();
        frame.extend(data);
        self.emit_from(&Point::Data, &frame, head);
        true
    }

    /// The answer to `AT+CIPRECVDATA`, without its end. `false` if there is nothing to read.
    pub(crate) fn read_link(&mut self, id: usize, most: usize) -> bool {
        let Some(link) = self.sockets.get_mut(id) else {
            return false;
        };
        if link.buffer.is_empty() {
            return false;
        }
        let count = link.buffer.len().min(most);
        let data: Vec<u8> = link.buffer.drain(..count).collect();
        link.reported = link.reported.saturating_sub(count);
        let sender = link.sender;
        let peer = if self.variant.peer_in_receive_data { self.peer_text(sender) } else { String::new() };
        let (before, behind) = self.profile.wording.receive_data;
        let mut frame = format!("+CIPRECVDATA{before}{count}{peer}{behind}").into_bytes();
        let head = frame.len();
        frame.extend(data);
        self.emit_from(&Point::Data, &frame, head);
        true
    }

    pub(crate) fn touch(&mut self, id: usize) {
        let now = self.now;
        if let Some(link) = self.sockets.get_mut(id) {
            link.active_at = now;
        }
    }

    fn accept_clients(&mut self) -> bool {
        let now = self.now;
        let Some(server) = &self.sockets.server else {
            return false;
        };
        if !self.has_network() {
            return false;
        }
        let Some((socket, remote)) = self.network.accept(now, server.socket) else {
            return false;
        };
        let clients = self.sockets.open().filter(|(_, link)| link.server).count();
        let reserved = self.connecting_id();
        let free =
            (0..LINKS).find(|&id| reserved != Some(id) && self.sockets.get(id).is_none_or(|link| link.closed_told));
        match free {
            Some(id) if clients < self.sockets.max_clients => {
                self.close_now(id);
                self.open_link(id, Kind::Tcp, socket, remote, true);
                if let (Some(port), Some(link)) =
                    (self.sockets.server.as_ref().map(|server| server.port), self.sockets.get_mut(id))
                {
                    link.local_port = port;
                }
                self.announce_open(id);
            }
            _ => self.network.close(now, socket),
        }
        true
    }

    pub(crate) fn on_socket_timeout(&mut self) {
        let seconds = u64::try_from(self.sockets.client_timeout).unwrap_or(0);
        for id in 0..LINKS {
            let silent = self.sockets.get(id).is_some_and(|link| {
                let limit = link.active_at + Duration::from_secs(seconds);
                link.server && link.usable() && limit <= self.now
            });
            if silent {
                self.close_now(id);
            }
        }
    }
}
