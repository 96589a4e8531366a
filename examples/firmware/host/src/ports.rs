//! A module's network on this machine, with other port numbers: firmware uses those that its protocols have, which are
//! not free here, or not for everybody.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use wifi_at_simulator::{
    ConnectState, HostNetwork, Lookup, LookupId, Network, NetworkError, Ping, PingId, Received, SocketId,
};

/// The sockets of this machine; ports that are in the table stand for others.
#[derive(Debug, Default)]
pub struct MappedNetwork {
    host: HostNetwork,
    /// Ours by the firmware's.
    ports: BTreeMap<u16, u16>,
}

impl MappedNetwork {
    /// One that reaches the server of this machine at `ours` when the firmware asks for port `theirs` of `name`, or
    /// that serves there when the firmware wants to serve at `theirs`.
    #[must_use]
    pub fn with(mut self, name: &str, theirs: u16, ours: u16) -> Self {
        self.host.add_host(name, IpAddr::from([127, 0, 0, 1]));
        self.ports.insert(theirs, ours);
        self
    }

    fn ours(&self, port: u16) -> u16 {
        self.ports.get(&port).copied().unwrap_or(port)
    }

    fn out(&self, mut remote: SocketAddr) -> SocketAddr {
        remote.set_port(self.ours(remote.port()));
        remote
    }

    fn back(&self, mut remote: SocketAddr) -> SocketAddr {
        if let Some((theirs, _)) = self.ports.iter().find(|(_, ours)| **ours == remote.port()) {
            remote.set_port(*theirs);
        }
        remote
    }
}

impl Network for MappedNetwork {
    fn poll(&mut self, now: Duration) {
        self.host.poll(now);
    }

    fn next_wake(&self, now: Duration) -> Option<Duration> {
        self.host.next_wake(now)
    }

    fn connect(&mut self, now: Duration, remote: SocketAddr) -> Result<SocketId, NetworkError> {
        self.host.connect(now, self.out(remote))
    }

    fn connect_state(&mut self, now: Duration, socket: SocketId) -> ConnectState {
        self.host.connect_state(now, socket)
    }

    fn send(&mut self, now: Duration, socket: SocketId, data: &[u8]) -> Result<usize, NetworkError> {
        self.host.send(now, socket, data)
    }

    fn receive(&mut self, now: Duration, socket: SocketId, out: &mut [u8]) -> Received {
        self.host.receive(now, socket, out)
    }

    fn close(&mut self, now: Duration, socket: SocketId) {
        self.host.close(now, socket);
    }

    fn listen(&mut self, now: Duration, port: u16) -> Result<SocketId, NetworkError> {
        self.host.listen(now, self.ours(port))
    }

    fn accept(&mut self, now: Duration, listener: SocketId) -> Option<(SocketId, SocketAddr)> {
        self.host.accept(now, listener)
    }

    fn bind_udp(&mut self, now: Duration, port: u16, v6: bool) -> Result<SocketId, NetworkError> {
        self.host.bind_udp(now, self.ours(port), v6)
    }

    fn send_to(
        &mut self,
        now: Duration,
        socket: SocketId,
        remote: SocketAddr,
        data: &[u8],
    ) -> Result<(), NetworkError> {
        self.host.send_to(now, socket, self.out(remote), data)
    }

    fn receive_from(&mut self, now: Duration, socket: SocketId, out: &mut [u8]) -> Option<(usize, SocketAddr)> {
        let (count, from) = self.host.receive_from(now, socket, out)?;
        Some((count, self.back(from)))
    }

    fn local_port(&self, socket: SocketId) -> u16 {
        self.host.local_port(socket)
    }

    fn resolve(&mut self, now: Duration, name: &str) -> LookupId {
        self.host.resolve(now, name)
    }

    fn lookup(&mut self, now: Duration, lookup: LookupId) -> Lookup {
        self.host.lookup(now, lookup)
    }

    fn ping(&mut self, now: Duration, remote: IpAddr) -> PingId {
        self.host.ping(now, remote)
    }

    fn pinged(&mut self, now: Duration, ping: PingId) -> Ping {
        self.host.pinged(now, ping)
    }
}
