//! The TLS sessions of the module's sockets, without threads and clocks: bytes go through rustls on their way.

use super::config::{self, Clock};
use super::connection::Connection;
use super::psk;
use super::{CertificateStore, ClientSettings};
use crate::net::{ConnectState, Network, NetworkError, Received, SocketId};
use core::time::Duration;
use rustls::{ClientConnection, ServerConfig, ServerConnection};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

/// A client of the module that has not ended its handshake by then is sent away.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Plain text and records that wait for the network; more than that is not taken.
const BACKLOG: usize = 16 * 1024;

/// A socket of the network as rustls reads and writes it.
struct Wire<'a> {
    network: &'a mut dyn Network,
    socket: SocketId,
    now: Duration,
}

impl Read for Wire<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.network.receive(self.now, self.socket, out) {
            Received::Nothing => Err(ErrorKind::WouldBlock.into()),
            Received::Data(count) => Ok(count),
            Received::Closed => Ok(0),
        }
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self.network.send(self.now, self.socket, data) {
            Ok(0) if !data.is_empty() => Err(ErrorKind::WouldBlock.into()),
            Ok(count) => Ok(count),
            Err(_) => Err(ErrorKind::ConnectionAborted.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Session {
    /// `None` where the settings allow no handshake.
    tls: Option<Connection>,
    /// The end of the peer's stream was seen, or the session is broken.
    ended: bool,
    failed: bool,
    /// Encrypted bytes that came in after the handshake and have not become plain text.
    ciphered: usize,
    overhead: usize,
}

impl Session {
    const fn new(tls: Option<Connection>) -> Self {
        Self { tls, ended: false, failed: false, ciphered: 0, overhead: 0 }
    }

    fn handshaking(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_handshaking())
    }

    /// Moves records between the network and rustls as far as they go.
    fn drive(&mut self, now: Duration, socket: SocketId, network: &mut dyn Network) {
        let Some(tls) = &mut self.tls else {
            return;
        };
        let mut wire = Wire { network, socket, now };
        loop {
            while tls.wants_read() && !self.ended {
                let established = !tls.is_handshaking();
                match tls.read_tls(&mut wire) {
                    Ok(0) => self.ended = true,
                    Ok(count) => match tls.process() {
                        Ok(plain) if established => {
                            self.ciphered += count;
                            if plain > 0 {
                                self.overhead += self.ciphered.saturating_sub(plain);
                                self.ciphered = 0;
                            }
                        }
                        Ok(_) => {}
                        Err(_) => {
                            self.ended = true;
                            self.failed = true;
                        }
                    },
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(_) => {
                        self.ended = true;
                        self.failed = true;
                    }
                }
            }
            let mut wrote = false;
            while tls.wants_write() {
                match tls.write_tls(&mut wire) {
                    Ok(_) => wrote = true,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                    Err(_) => {
                        self.ended = true;
                        return;
                    }
                }
            }
            if !wrote {
                return;
            }
        }
    }

    fn receive(&mut self, out: &mut [u8]) -> Received {
        let Some(tls) = &mut self.tls else {
            return Received::Closed;
        };
        match tls.read(out) {
            Ok(0) if out.is_empty() => Received::Nothing,
            Ok(0) => Received::Closed,
            Ok(count) => Received::Data(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock && !self.ended => Received::Nothing,
            Err(_) => Received::Closed,
        }
    }
}

/// By rustls.
fn secured(mut tls: rustls::Connection) -> Connection {
    tls.set_buffer_limit(Some(BACKLOG));
    Connection::Rustls(Box::new(tls))
}

struct Listener {
    config: Arc<ServerConfig>,
    /// Clients in their handshake, and when it has to be done.
    waiting: Vec<(SocketId, SocketAddr, Duration)>,
}

#[derive(Default)]
pub(super) struct Sessions {
    clock: Clock,
    sessions: BTreeMap<SocketId, Session>,
    listeners: BTreeMap<SocketId, Listener>,
}

impl Sessions {
    pub(super) fn set_unix_time(&self, unix: u64) {
        self.clock.set(unix);
    }

    pub(super) fn add_client(
        &mut self,
        _now: Duration,
        socket: SocketId,
        settings: &ClientSettings,
        certificates: &CertificateStore,
    ) {
        let tls = match &settings.shared_key {
            Some(key) => {
                let tls = psk::Connection::new(settings, key.clone(), BACKLOG);
                tls.map(|tls| Connection::SharedKey(Box::new(tls)))
            }
            None => {
                let made = config::client(settings, certificates, &self.clock);
                let tls = made.and_then(|(config, name)| ClientConnection::new(config, name).ok());
                tls.map(|tls| secured(tls.into()))
            }
        };
        self.sessions.insert(socket, Session::new(tls));
    }

    pub(super) fn add_listener(
        &mut self,
        socket: SocketId,
        certificates: &CertificateStore,
        checks_clients: bool,
    ) -> Option<()> {
        let config = config::server(certificates, checks_clients, &self.clock)?;
        self.listeners.insert(socket, Listener { config, waiting: Vec::new() });
        Some(())
    }

    pub(super) fn is_listener(&self, socket: SocketId) -> bool {
        self.listeners.contains_key(&socket)
    }

    pub(super) fn next_deadline(&self) -> Option<Duration> {
        let waiting = self.listeners.values().flat_map(|listener| &listener.waiting);
        waiting.map(|(_, _, deadline)| *deadline).min()
    }

    /// Records that could not be sent at once go on, and clients that take too long are sent away.
    pub(super) fn drive(&mut self, now: Duration, network: &mut dyn Network) {
        for listener in self.listeners.values_mut() {
            listener.waiting.retain(|&(socket, _, deadline)| {
                if deadline <= now {
                    self.sessions.remove(&socket);
                    network.close(now, socket);
                }
                deadline > now
            });
        }
        for (socket, session) in &mut self.sessions {
            if session.tls.as_ref().is_some_and(|tls| !tls.is_handshaking() && tls.wants_write()) {
                session.drive(now, *socket, network);
            }
        }
    }

    /// `None` for a socket without TLS.
    pub(super) fn connect_state(
        &mut self,
        now: Duration,
        socket: SocketId,
        network: &mut dyn Network,
    ) -> Option<ConnectState> {
        let session = self.sessions.get_mut(&socket)?;
        let state = network.connect_state(now, socket);
        if state == ConnectState::Open && session.tls.is_some() {
            session.drive(now, socket, network);
            if !session.handshaking() && !session.failed {
                return Some(ConnectState::Open);
            }
            if !session.ended {
                return Some(ConnectState::Pending);
            }
        } else if state == ConnectState::Pending {
            return Some(state);
        }
        self.sessions.remove(&socket);
        network.close(now, socket);
        Some(ConnectState::Failed(NetworkError::Closed))
    }

    pub(super) fn send(
        &mut self,
        now: Duration,
        socket: SocketId,
        data: &[u8],
        network: &mut dyn Network,
    ) -> Option<Result<usize, NetworkError>> {
        let session = self.sessions.get_mut(&socket)?;
        session.drive(now, socket, network);
        let result = match &mut session.tls {
            Some(tls) if !session.ended => tls.write(data).map_err(|_| NetworkError::Closed),
            _ => Err(NetworkError::Closed),
        };
        session.drive(now, socket, network);
        Some(result)
    }

    pub(super) fn receive(
        &mut self,
        now: Duration,
        socket: SocketId,
        out: &mut [u8],
        network: &mut dyn Network,
    ) -> Option<Received> {
        let session = self.sessions.get_mut(&socket)?;
        session.drive(now, socket, network);
        Some(session.receive(out))
    }

    pub(super) fn take_overhead(&mut self, socket: SocketId) -> usize {
        self.sessions.get_mut(&socket).map_or(0, |session| core::mem::take(&mut session.overhead))
    }

    pub(super) fn close(&mut self, now: Duration, socket: SocketId, network: &mut dyn Network) {
        if let Some(mut session) = self.sessions.remove(&socket)
            && let Some(tls) = &mut session.tls
        {
            tls.send_close_notify();
            // Nothing more is read: only the notice goes out.
            session.ended = true;
            session.drive(now, socket, network);
        }
        for (client, _, _) in self.listeners.remove(&socket).into_iter().flat_map(|listener| listener.waiting) {
            self.sessions.remove(&client);
            network.close(now, client);
        }
    }

    /// The next client that has ended its handshake.
    pub(super) fn accept(
        &mut self,
        now: Duration,
        listener: SocketId,
        network: &mut dyn Network,
    ) -> Option<(SocketId, SocketAddr)> {
        let server = self.listeners.get_mut(&listener)?;
        while let Some((socket, remote)) = network.accept(now, listener) {
            let tls = ServerConnection::new(Arc::clone(&server.config)).ok().map(|tls| secured(tls.into()));
            self.sessions.insert(socket, Session::new(tls));
            server.waiting.push((socket, remote, now + HANDSHAKE_TIMEOUT));
        }
        let mut done = None;
        server.waiting.retain(|&(socket, remote, _)| {
            let Some(session) = self.sessions.get_mut(&socket) else {
                return false;
            };
            session.drive(now, socket, network);
            let open = session.tls.is_some() && !session.handshaking() && !session.failed;
            if open && done.is_none() {
                done = Some((socket, remote));
                return false;
            }
            let lost = !open && (session.tls.is_none() || session.ended);
            if lost {
                self.sessions.remove(&socket);
                network.close(now, socket);
            }
            !lost
        });
        done
    }
}
