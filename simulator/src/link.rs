//! The links: data on its way to the host, and their end.

use crate::command::buffer::Segments;
use crate::engine::Mode;
use crate::fault::{Fault, Hold};
use crate::net::SocketId;
use crate::script::Point;
use crate::settings::TcpOptions;
use crate::simulator::Simulator;
use crate::tls::ClientSettings;
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
    /// As `AT+CIPSTATE?` names it: `TCP`, `TCPv6`, `UDP`, `UDPv6`, `SSL`, `SSLv6`.
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
    /// TCP with TLS.
    pub(crate) secure: bool,
    pub(crate) socket: SocketId,
    pub(crate) remote: SocketAddr,
    pub(crate) local_port: u16,
    pub(crate) server: bool,
    pub(crate) buffer: VecDeque<u8>,
    /// Sender of what is in the buffer.
    pub(crate) sender: SocketAddr,
    /// With TLS: by how much the buffered data was longer on the network. Firmwares announce the encrypted length.
    pub(crate) overhead: usize,
    /// Bytes announced by the last notice and not read since.
    pub(crate) reported: usize,
    /// The peer is gone.
    pub(crate) ended: bool,
    /// `CLOSED` was printed although data is left.
    pub(crate) closed_told: bool,
    pub(crate) passive: bool,
    pub(crate) udp_mode: i64,
    pub(crate) udp_moved: bool,
    pub(crate) active_at: Duration,
    /// No notices until the next read.
    pub(crate) muted: bool,
    /// What is kept from the host, and until when.
    pub(crate) hold: Option<(Hold, Duration)>,
    pub(crate) options: TcpOptions,
    pub(crate) segments: Segments,
}

impl Link {
    /// What `AT+CIPRECVLEN?` says.
    pub(crate) fn announced(&self) -> usize {
        self.buffer.len() + self.overhead
    }

    pub(crate) const fn usable(&self) -> bool {
        !self.ended && !self.closed_told
    }

    pub(crate) const fn kind_name(&self) -> &'static str {
        match (self.kind, self.remote) {
            (Kind::Tcp, SocketAddr::V4(_)) if self.secure => "SSL",
            (Kind::Tcp, SocketAddr::V6(_)) if self.secure => "SSLv6",
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
    /// With TLS: whether clients have to show a certificate.
    pub(crate) tls: Option<bool>,
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
    pub(crate) ssl: [ClientSettings; LINKS],
    /// `AT+CIPSSLSIZE`.
    pub(crate) ssl_size: i64,
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
            ssl: Default::default(),
            ssl_size: 2048,
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
        self.close_passthrough();
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
        moved |= self.pump_update();
        moved |= self.pump_sntp();
        moved |= self.pump_mode();
        moved |= self.accept_clients();
        #[cfg(feature = "services")]
        {
            moved |= self.pump_services();
        }
        if !self.mode.passes_through() {
            for id in 0..LINKS {
                moved |= self.pump_segments(id);
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
            secure: false,
            socket,
            remote,
            local_port: self.network.local_port(socket),
            server,
            buffer: VecDeque::new(),
            sender: remote,
            overhead: 0,
            reported: 0,
            ended: false,
            closed_told: false,
            passive: may_be_passive && self.sockets.passive.get(id).copied().unwrap_or(false),
            udp_mode: 0,
            udp_moved: false,
            active_at: self.now,
            muted: false,
            hold: None,
            options: self.settings.tcp,
            segments: Segments::default(),
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
        let asked = self.settings.message_bits & 2 != 0;
        let messages = asked || self.fault(Fault::LinkMessage);
        let Some(link) = self.sockets.get(id) else {
            return;
        };
        let line = if messages {
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
        let listener = server.socket;
        let unix = self.unix_time();
        self.network.set_unix_time(unix);
        let Some((socket, remote)) = self.network.accept(now, listener) else {
            return false;
        };
        let server = self.sockets.server.as_ref().map(|server| (server.port, server.tls.is_some()));
        let clients = self.sockets.open().filter(|(_, link)| link.server).count();
        let held = self.held_close();
        if let Some(id) = held {
            self.close_now(id);
        }
        let mut reserved = self.connecting_id();
        let room = clients < self.sockets.max_clients;
        let stolen = reserved.filter(|_| room && self.fault(Fault::StolenLink));
        if stolen.is_some() {
            reserved = None;
        }
        let free =
            (0..LINKS).find(|&id| reserved != Some(id) && self.sockets.get(id).is_none_or(|link| link.closed_told));
        match stolen.or(held).or(free) {
            Some(id) if room => {
                self.close_now(id);
                self.open_link(id, Kind::Tcp, socket, remote, true);
                if let (Some((port, secure)), Some(link)) = (server, self.sockets.get_mut(id)) {
                    link.local_port = port;
                    link.secure = secure;
                }
                let passive = self.sockets.get(id).is_some_and(|link| link.passive);
                if passive && self.fault(Fault::NoNoticeAfterConnect) {
                    self.mute(id);
                }
                self.announce_open(id);
                if stolen.is_some() {
                    self.give_up_connect();
                }
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
