//! The module's one TCP server, and the clients that wait to be accepted.
//!
//! A client gets a place in the socket table when the module announces it, so that its data is kept and it can be
//! accepted even after it has closed. With no place free its link is closed, and counted.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use embassy_sync::waitqueue::MultiWakerRegistration;

use super::classify::{LinkPeer, link_peer};
use super::exchange::Owner;
use super::socket::{Kind, LinkId, MAX_LINKS, Phase};
use super::{Core, Outcome, Socket};
use crate::at::after_name;
use crate::command::Record;
use crate::command::tcpip::LinkState;

/// Stands for an address that the module did not tell.
pub(crate) const NOBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// What a user asks of a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerOptions {
    pub(crate) port: u16,
    pub(crate) ipv6: bool,
    pub(crate) max_clients: Option<u8>,
    pub(crate) idle_timeout: Option<u16>,
}

/// What the server does, or what is asked of the module for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerState {
    Off,
    /// To tell the peer of a new link.
    Messages,
    /// How many clients it takes.
    Limit,
    /// To listen.
    Listen,
    /// How long it keeps silent clients; only a running server takes that.
    Timeout,
    On,
    Stopping,
}

/// What the engine does for a server only. It is reached through the first [`Core::claim_server`], so that programs
/// without a listener do not carry it.
pub(super) struct Duties {
    pub(super) begin: fn(&mut Core) -> bool,
    pub(super) started: fn(&mut Core, Option<bool>),
    pub(super) read_peer: fn(&[u8]) -> Option<LinkPeer>,
    pub(super) learn_peer: fn(&mut Core) -> bool,
    pub(super) peers_done: fn(&mut Core, Option<bool>),
    pub(super) client_arrives: fn(&mut Core, LinkId, Option<SocketAddr>),
    pub(super) hand_to_client: fn(&mut Core, usize),
}

static DUTIES: Duties = Duties {
    begin: |core| core.begin_server() || core.begin_peers(),
    started: Core::server_done,
    read_peer: link_peer,
    learn_peer: Core::learn_peer,
    peers_done: Core::peers_done,
    client_arrives: Core::client_arrives,
    hand_to_client: Core::hand_to_client,
};

pub(crate) struct Server {
    /// There is, or was, a listener.
    pub(super) duties: Option<&'static Duties>,
    pub(crate) state: ServerState,
    options: ServerOptions,
    /// A user has a listener.
    pub(crate) held: bool,
    /// Why it did not start, or runs no more; until the user has been told.
    pub(crate) failed: bool,
    outcome: Outcome,
    /// Clients that were sent away, as there was no place for them.
    pub(crate) rejected: u32,
    /// Numbers clients in the order of their arrival.
    arrivals: u32,
    /// Whoever waits for a client, or for the server to start.
    pub(crate) waker: MultiWakerRegistration<8>,
}

impl Server {
    pub(super) const fn new() -> Self {
        Self {
            duties: None,
            state: ServerState::Off,
            options: ServerOptions { port: 0, ipv6: false, max_clients: None, idle_timeout: None },
            held: false,
            failed: false,
            outcome: Outcome::NONE,
            rejected: 0,
            arrivals: 0,
            waker: MultiWakerRegistration::new(),
        }
    }

    /// It has stopped without being told to.
    pub(super) fn lose(&mut self) {
        self.fail(Outcome::Reset);
    }

    /// It does not run, for this reason.
    pub(super) fn fail(&mut self, outcome: Outcome) {
        if self.state != ServerState::Off && self.held {
            self.failed = true;
            self.outcome = outcome;
        }
        self.state = ServerState::Off;
        self.waker.wake();
    }

    /// Why it did not start, or runs no more; to be told once.
    pub(crate) fn take_failure(&mut self) -> Option<Outcome> {
        core::mem::take(&mut self.failed).then_some(self.outcome)
    }

    /// It does not run yet, or no more, and the user waits for it to start.
    pub(super) const fn is_starting(&self) -> bool {
        !matches!(self.state, ServerState::Off | ServerState::On | ServerState::Stopping)
    }

    /// Whether links of unknown origin are its clients'.
    pub(super) const fn is_listening(&self) -> bool {
        self.held && matches!(self.state, ServerState::On | ServerState::Listen | ServerState::Timeout)
    }
}

impl Socket {
    /// A client of whom nothing is known.
    pub(super) fn is_stranger(&self) -> bool {
        self.kind == Kind::Client && self.remote.is_none() && self.link.is_some()
    }
}

impl Core {
    /// Makes the caller the owner of the server. `false` while there is another, whose server may still have to be
    /// stopped.
    pub(crate) fn claim_server(&mut self, options: ServerOptions) -> bool {
        let server = &mut self.server;
        if server.held || server.state != ServerState::Off {
            return false;
        }
        server.duties = Some(&DUTIES);
        (server.options, server.held, server.failed, server.rejected) = (options, true, false, 0);
        server.state = ServerState::Messages;
        self.runner.wake();
        true
    }

    /// The listener is gone, and with it whoever waited to be accepted.
    pub(crate) fn release_server(&mut self) {
        self.server.held = false;
        self.server.failed = false;
        for socket in self.sockets.iter_mut() {
            if socket.arrival.take().is_some() {
                socket.held = false;
                socket.aborting = true;
                socket.release_if_unused();
            }
        }
        self.waiters.wake();
        self.runner.wake();
    }

    /// Puts the next command of the server on the wire.
    fn begin_server(&mut self) -> bool {
        let timeout = self.config.command_timeout;
        let options = self.server.options;
        if !self.server.held && self.server.state != ServerState::Off {
            self.server.state = ServerState::Stopping;
        }
        loop {
            let owner = Owner::Server;
            let limit = self.profile().client_limit;
            let next = match (self.server.state, options) {
                (ServerState::Off | ServerState::On, _) => return false,
                (ServerState::Messages, _) => match self.profile().link_messages {
                    Some(command) => {
                        self.begin_own(owner, command, &[], timeout);
                        return true;
                    }
                    None => ServerState::Limit,
                },
                (ServerState::Limit, ServerOptions { max_clients: Some(clients), .. }) => match limit {
                    Some(command) => {
                        self.begin_own(owner, command, &[clients.into()], timeout);
                        return true;
                    }
                    None => ServerState::Listen,
                },
                (ServerState::Limit, _) => ServerState::Listen,
                (ServerState::Listen, ServerOptions { port, ipv6, .. }) => {
                    self.begin_own_line(owner, timeout, |line| {
                        line.name("AT+CIPSERVER").flag(true).number(port.into());
                        if ipv6 {
                            line.string("TCPv6");
                        }
                    });
                    return true;
                }
                (ServerState::Timeout, ServerOptions { idle_timeout: Some(seconds), .. }) => {
                    self.begin_own(owner, "AT+CIPSTO", &[seconds.into()], timeout);
                    return true;
                }
                (ServerState::Timeout, _) => {
                    self.server.state = ServerState::On;
                    self.server.waker.wake();
                    return false;
                }
                (ServerState::Stopping, _) => {
                    // Its clients stay.
                    self.begin_own(owner, "AT+CIPSERVER", &[0], timeout);
                    return true;
                }
            };
            self.server.state = next;
        }
    }

    /// A command of the server has ended.
    fn server_done(&mut self, success: Option<bool>) {
        let outcome = self.exchange.failure(success.is_none());
        let server = &mut self.server;
        let failed = success != Some(true);
        server.state = match server.state {
            ServerState::Messages => ServerState::Limit,
            // What the module does not count, the driver does.
            ServerState::Limit => ServerState::Listen,
            ServerState::Listen if !failed => ServerState::Timeout,
            ServerState::Timeout if !failed => ServerState::On,
            state @ (ServerState::Listen | ServerState::Timeout) => {
                server.failed = server.held;
                server.outcome = outcome;
                // Without an answer it may run all the same.
                let runs = state == ServerState::Timeout || success.is_none();
                if runs { ServerState::Stopping } else { ServerState::Off }
            }
            ServerState::Stopping => ServerState::Off,
            state => state,
        };
        server.waker.wake();
        self.waiters.wake();
    }

    /// Says that a link which nobody here has asked for is a client's, if it is. `told` is what the module says, if it
    /// does.
    pub(super) fn admit(&mut self, link: LinkId, told: Option<LinkPeer>) -> bool {
        let Some(duties) = self.server.duties else { return false };
        if !self.server.is_listening() || usize::from(link) >= MAX_LINKS {
            return false;
        }
        // What was given up may still come about, and is closed then.
        let is_client = told.map_or(self.orphans >> link & 1 == 0, |peer| peer.is_client);
        if is_client {
            (duties.client_arrives)(self, link, told.and_then(|peer| peer.remote));
        }
        is_client
    }

    /// The server has a client.
    fn client_arrives(&mut self, link: LinkId, remote: Option<SocketAddr>) {
        if let Some(index) = self.socket_of(link) {
            // Whoever connects was slower, and takes another link.
            let socket = &mut self.sockets[index];
            socket.stolen = true;
            socket.link = None;
        }
        // Data of the link's last connection must not be taken for this one's, nor go to it.
        let running = self.exchange.may_act_on(link);
        let clients = self.sockets.iter();
        let clients = clients.filter(|socket| socket.kind == Kind::Client && socket.is_live()).count();
        let full = self.server.options.max_clients.is_some_and(|most| clients >= most.into());
        let place = if running || full { None } else { self.free_place() };
        let Some(index) = place else {
            self.server.rejected = self.server.rejected.wrapping_add(1);
            self.disown(link);
            return;
        };
        self.orphans &= !(1 << link);
        self.sockets[index].claim(Kind::Client, link, remote);
        self.queue_client(index);
    }

    /// A connect was refused, as a client has its link: what was taken for the new connection is the client's.
    fn hand_to_client(&mut self, index: usize) {
        let socket = &mut self.sockets[index];
        socket.generation = socket.generation.wrapping_add(1);
        socket.kind = Kind::Client;
        socket.remote.set(None);
        self.queue_client(index);
    }

    fn queue_client(&mut self, index: usize) {
        let pending = self.sockets[index].link.is_some_and(|link| !self.receives_actively(link));
        let socket = &mut self.sockets[index];
        (socket.phase, socket.up, socket.begun, socket.accepted) = (Phase::Open, true, true, true);
        // Of data that came together with the client some firmware says nothing.
        socket.pending |= pending;
        socket.arrival = Some(self.server.arrivals);
        self.server.arrivals = self.server.arrivals.wrapping_add(1);
        self.server.waker.wake();
    }

    /// The client that has waited longest to be accepted.
    pub(crate) fn next_client(&self) -> Option<usize> {
        let now = self.server.arrivals;
        let waiting = self.sockets.iter().enumerate();
        let waiting =
            waiting.filter_map(|(index, socket)| socket.arrival.map(|number| (now.wrapping_sub(number), index)));
        waiting.max().map(|(_, index)| index)
    }

    /// Asks who the clients are that the module has said nothing of.
    fn begin_peers(&mut self) -> bool {
        let queries = self.profile().link_queries;
        let Some(query) = queries.get(self.settings.link_query) else { return false };
        let strangers = self.sockets.iter_mut().filter(|socket| socket.is_stranger());
        if strangers.map(|socket| socket.asked = true).count() == 0 {
            return false;
        }
        self.begin_own(Owner::Peers, query, &[], self.config.command_timeout);
        true
    }

    /// A line of the answer. Gives whether it was expected.
    fn learn_peer(&mut self) -> bool {
        let line = &self.ingress.line[..];
        let Some(Ok(state)) = LinkState::parse_line(line) else { return after_name(line, b"STATUS").is_some() };
        if let Some(index) = state.link.and_then(|link| self.socket_of(link))
            && self.sockets[index].is_stranger()
        {
            if state.is_server {
                self.sockets[index].remote.set(Some(SocketAddr::new(state.remote_address, state.remote_port)));
                self.server.waker.wake();
            } else {
                // A connect of this side, given up and late.
                self.refuse_client(index);
            }
        }
        true
    }

    /// The answer is over. Whoever is not known now will never be.
    fn peers_done(&mut self, success: Option<bool>) {
        // Which of the commands the firmware has is its own secret.
        if success == Some(false) && self.settings.link_query + 1 < self.profile().link_queries.len() {
            self.settings.link_query += 1;
            return;
        }
        for socket in self.sockets.iter_mut() {
            if socket.asked && socket.is_stranger() {
                socket.remote.set(Some(NOBODY));
            }
        }
        self.server.waker.wake();
    }

    /// A waiting client turns out to be none. Closes its link.
    fn refuse_client(&mut self, index: usize) {
        let socket = &mut self.sockets[index];
        socket.arrival = None;
        socket.held = false;
        socket.aborting = true;
        socket.release_if_unused();
        self.runner.wake();
    }
}
