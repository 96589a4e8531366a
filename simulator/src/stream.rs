//! Connections of the services: name, TCP and TLS on the way up, then a byte stream with [`std::io`] traits that never
//! blocks, as the protocol crates want one.
//!
//! A [`Stream`] only holds bytes; [`Stream::exchange`] carries them to and from the socket. TLS stays below it, at the
//! network: what is sent and received here is plain text in any case.

use crate::net::{ConnectState, Lookup, LookupId, Network, Received, SocketId};
use crate::simulator::Simulator;
use crate::tls::ClientSettings;
use core::time::Duration;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr};

/// Bytes taken from the network before somebody has read them.
const INBOX: usize = 4096;
/// Bytes that wait for the network; more are not taken.
const OUTBOX: usize = 64 * 1024;

/// An open connection.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) socket: SocketId,
    inbox: VecDeque<u8>,
    outbox: VecDeque<u8>,
    ended: bool,
    broken: bool,
}

impl Stream {
    pub(crate) const fn new(socket: SocketId) -> Self {
        Self { socket, inbox: VecDeque::new(), outbox: VecDeque::new(), ended: false, broken: false }
    }

    /// Sends what waits; `true` if something moved.
    pub(crate) fn flush_to(&mut self, now: Duration, network: &mut dyn Network) -> bool {
        let mut moved = false;
        while !self.outbox.is_empty() && !self.broken {
            let (first, _) = self.outbox.as_slices();
            match network.send(now, self.socket, first) {
                Ok(0) => break,
                Ok(count) => {
                    self.outbox.drain(..count);
                    moved = true;
                }
                Err(_) => {
                    self.broken = true;
                    moved = true;
                }
            }
        }
        moved
    }

    /// Moves bytes both ways; `true` if something moved.
    pub(crate) fn exchange(&mut self, now: Duration, network: &mut dyn Network) -> bool {
        let mut moved = self.flush_to(now, network);
        while self.inbox.len() < INBOX && !self.ended {
            let mut chunk = [0; INBOX];
            let room = INBOX - self.inbox.len();
            match network.receive(now, self.socket, &mut chunk[..room]) {
                Received::Nothing => break,
                Received::Data(count) => self.inbox.extend(&chunk[..count]),
                Received::Closed => self.ended = true,
            }
            moved = true;
        }
        moved
    }

    /// Whether nothing more can be sent.
    pub(crate) const fn is_broken(&self) -> bool {
        self.broken
    }

    pub(crate) fn has_output(&self) -> bool {
        !self.outbox.is_empty()
    }
}

impl Read for Stream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.inbox.read(out)? {
            0 if !self.ended && !out.is_empty() => Err(ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.broken {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        let count = data.len().min(OUTBOX.saturating_sub(self.outbox.len()));
        if count == 0 && !data.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.outbox.extend(&data[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
enum Step {
    Lookup(LookupId, Duration),
    Connect(SocketId),
    Failed,
}

/// A connection on its way up.
#[derive(Debug)]
pub(crate) struct Dial {
    port: u16,
    security: Option<ClientSettings>,
    step: Step,
    deadline: Duration,
}

/// How far a [`Dial`] is.
#[derive(Debug)]
pub(crate) enum Dialed {
    Pending,
    Open(Stream),
    Failed,
}

impl Dial {
    /// When it goes on by itself.
    pub(crate) fn next_wake(&self, now: Duration) -> Option<Duration> {
        match self.step {
            Step::Lookup(_, not_before) if not_before > now => Some(not_before),
            _ => Some(self.deadline),
        }
    }
}

impl Simulator {
    /// Starts to connect to a host, by name or address, with TLS if wanted.
    pub(crate) fn dial(&mut self, host: &str, port: u16, security: Option<ClientSettings>) -> Dial {
        let now = self.now;
        let deadline = now + self.latency.connect_timeout;
        let mut dial = Dial { port, security, step: Step::Failed, deadline };
        if !self.has_network() {
            return dial;
        }
        let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        match literal.parse::<IpAddr>() {
            Ok(address) => self.dial_address(&mut dial, address),
            Err(_) => {
                let lookup = self.network.resolve(now, host);
                dial.step = Step::Lookup(lookup, now + self.latency.dns);
            }
        }
        dial
    }

    fn dial_address(&mut self, dial: &mut Dial, address: IpAddr) {
        let now = self.now;
        dial.step = Step::Failed;
        if address.is_ipv6() && !self.settings.ipv6 {
            return;
        }
        if let Ok(socket) = self.network.connect(now, SocketAddr::new(address, dial.port)) {
            dial.step = Step::Connect(socket);
            if let Some(settings) = dial.security.take() {
                let unix = self.unix_time();
                self.network.secure_client(now, socket, &settings, &self.certificates, unix);
            }
        }
    }

    /// Lets a connection come up further.
    pub(crate) fn advance_dial(&mut self, dial: &mut Dial) -> Dialed {
        let now = self.now;
        if !self.has_network() || dial.deadline <= now {
            self.drop_dial(dial);
        }
        if let Step::Lookup(lookup, not_before) = dial.step {
            if not_before > now {
                return Dialed::Pending;
            }
            match self.network.lookup(now, lookup) {
                Lookup::Pending => return Dialed::Pending,
                Lookup::Failed => dial.step = Step::Failed,
                Lookup::Found(found) => {
                    let v4 = found.iter().copied().find(IpAddr::is_ipv4);
                    match v4.or(found.first().copied()) {
                        Some(address) => self.dial_address(dial, address),
                        None => dial.step = Step::Failed,
                    }
                }
            }
        }
        let Step::Connect(socket) = dial.step else {
            return Dialed::Failed;
        };
        match self.network.connect_state(now, socket) {
            ConnectState::Pending => Dialed::Pending,
            ConnectState::Open => Dialed::Open(Stream::new(socket)),
            ConnectState::Failed(_) => {
                // A handshake that failed leaves its TCP connection.
                self.drop_dial(dial);
                Dialed::Failed
            }
        }
    }

    /// Gives a connection up that is not open yet.
    pub(crate) fn drop_dial(&mut self, dial: &mut Dial) {
        if let Step::Connect(socket) = dial.step {
            let now = self.now;
            self.network.close(now, socket);
        }
        dial.step = Step::Failed;
    }
}
