//! The module's way into the network: sockets as they are, or with TLS on them.

use crate::net::{ConnectState, Lookup, LookupId, Network, NetworkError, Ping, PingId, Received, SocketId};
use crate::tls::{CertificateStore, ClientSettings};
use core::time::Duration;
use std::net::{IpAddr, SocketAddr};

#[cfg(feature = "tls")]
use crate::tls::session::Sessions;

/// A [`Network`] whose TCP sockets can carry TLS. To its user a secured socket is a socket: it is open once the
/// handshake is done, and what it sends and receives is the plain text.
pub(crate) trait Secure: Network {
    /// Puts TLS on a connection that has just been started.
    fn secure_client(
        &mut self,
        now: Duration,
        socket: SocketId,
        settings: &ClientSettings,
        certificates: &CertificateStore,
        unix: u64,
    );

    /// Puts TLS on all clients of a listener, with a check of theirs if `checks_clients`. An error if the certificates
    /// for that are not there.
    fn secure_listener(
        &mut self,
        socket: SocketId,
        certificates: &CertificateStore,
        checks_clients: bool,
    ) -> Result<(), NetworkError>;

    /// The module's clock, for the certificates of clients.
    fn set_unix_time(&mut self, unix: u64);

    /// By how much what came in since the last call was longer with its encryption; 0 for plain sockets.
    fn take_overhead(&mut self, socket: SocketId) -> usize;
}

/// Every network with TLS on top.
pub(crate) struct Gateway {
    network: Box<dyn Network>,
    #[cfg(feature = "tls")]
    sessions: Sessions,
}

impl Gateway {
    pub(crate) fn new(network: Box<dyn Network>) -> Self {
        Self {
            network,
            #[cfg(feature = "tls")]
            sessions: Sessions::default(),
        }
    }
}

/// Without the feature no socket is ever secured: a link with TLS fails like a handshake that fails.
#[cfg(not(feature = "tls"))]
impl Secure for Gateway {
    fn secure_client(&mut self, now: Duration, socket: SocketId, _: &ClientSettings, _: &CertificateStore, _: u64) {
        self.network.close(now, socket);
    }

    fn secure_listener(&mut self, _: SocketId, _: &CertificateStore, _: bool) -> Result<(), NetworkError> {
        Err(NetworkError::Closed)
    }

    fn set_unix_time(&mut self, _: u64) {}

    fn take_overhead(&mut self, _: SocketId) -> usize {
        0
    }
}

#[cfg(feature = "tls")]
impl Secure for Gateway {
    fn secure_client(
        &mut self,
        now: Duration,
        socket: SocketId,
        settings: &ClientSettings,
        certificates: &CertificateStore,
        unix: u64,
    ) {
        self.sessions.set_unix_time(unix);
        self.sessions.add_client(now, socket, settings, certificates);
    }

    fn secure_listener(
        &mut self,
        socket: SocketId,
        certificates: &CertificateStore,
        checks_clients: bool,
    ) -> Result<(), NetworkError> {
        let added = self.sessions.add_listener(socket, certificates, checks_clients);
        added.ok_or(NetworkError::Closed)
    }

    fn set_unix_time(&mut self, unix: u64) {
        self.sessions.set_unix_time(unix);
    }

    fn take_overhead(&mut self, socket: SocketId) -> usize {
        self.sessions.take_overhead(socket)
    }
}

impl Network for Gateway {
    fn poll(&mut self, now: Duration) {
        self.network.poll(now);
        #[cfg(feature = "tls")]
        self.sessions.drive(now, self.network.as_mut());
    }

    fn next_wake(&self, now: Duration) -> Option<Duration> {
        let wake = self.network.next_wake(now);
        #[cfg(feature = "tls")]
        let wake = [wake, self.sessions.next_deadline()].into_iter().flatten().min();
        wake
    }

    fn connect(&mut self, now: Duration, remote: SocketAddr) -> Result<SocketId, NetworkError> {
        self.network.connect(now, remote)
    }

    fn connect_state(&mut self, now: Duration, socket: SocketId) -> ConnectState {
        #[cfg(feature = "tls")]
        if let Some(state) = self.sessions.connect_state(now, socket, self.network.as_mut()) {
            return state;
        }
        self.network.connect_state(now, socket)
    }

    fn send(&mut self, now: Duration, socket: SocketId, data: &[u8]) -> Result<usize, NetworkError> {
        #[cfg(feature = "tls")]
        if let Some(sent) = self.sessions.send(now, socket, data, self.network.as_mut()) {
            return sent;
        }
        self.network.send(now, socket, data)
    }

    fn receive(&mut self, now: Duration, socket: SocketId, out: &mut [u8]) -> Received {
        #[cfg(feature = "tls")]
        if let Some(received) = self.sessions.receive(now, socket, out, self.network.as_mut()) {
            return received;
        }
        self.network.receive(now, socket, out)
    }

    fn close(&mut self, now: Duration, socket: SocketId) {
        #[cfg(feature = "tls")]
        self.sessions.close(now, socket, self.network.as_mut());
        self.network.close(now, socket);
    }

    fn listen(&mut self, now: Duration, port: u16) -> Result<SocketId, NetworkError> {
        self.network.listen(now, port)
    }

    fn accept(&mut self, now: Duration, listener: SocketId) -> Option<(SocketId, SocketAddr)> {
        #[cfg(feature = "tls")]
        if self.sessions.is_listener(listener) {
            return self.sessions.accept(now, listener, self.network.as_mut());
        }
        self.network.accept(now, listener)
    }

    fn bind_udp(&mut self, now: Duration, port: u16, v6: bool) -> Result<SocketId, NetworkError> {
        self.network.bind_udp(now, port, v6)
    }

    fn send_to(&mut self, now: Duration, socket: SocketId, to: SocketAddr, data: &[u8]) -> Result<(), NetworkError> {
        self.network.send_to(now, socket, to, data)
    }

    fn receive_from(&mut self, now: Duration, socket: SocketId, out: &mut [u8]) -> Option<(usize, SocketAddr)> {
        self.network.receive_from(now, socket, out)
    }

    fn local_port(&self, socket: SocketId) -> u16 {
        self.network.local_port(socket)
    }

    fn resolve(&mut self, now: Duration, name: &str) -> LookupId {
        self.network.resolve(now, name)
    }

    fn lookup(&mut self, now: Duration, lookup: LookupId) -> Lookup {
        self.network.lookup(now, lookup)
    }

    fn ping(&mut self, now: Duration, remote: IpAddr) -> PingId {
        self.network.ping(now, remote)
    }

    fn pinged(&mut self, now: Duration, ping: PingId) -> Ping {
        self.network.pinged(now, ping)
    }
}
