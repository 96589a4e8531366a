//! The machine's network with hosts of a world in it.

use super::{
    ConnectState, HostNetwork, Lookup, LookupId, MemoryNetwork, Network, NetworkError, Ping, PingId, Received, SocketId,
};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// Numbers of the network in memory have this bit here.
const MEMORY: u64 = 1 << 63;

/// Some addresses are hosts in memory, all others are reached through the machine. Servers of the module are on the
/// machine.
#[derive(Debug)]
pub struct JointNetwork {
    addresses: BTreeSet<IpAddr>,
    memory: MemoryNetwork,
    machine: HostNetwork,
    /// For sockets of the machine that have sent to a host in memory: their counterparts there.
    udp: BTreeMap<SocketId, SocketId>,
}

/// A socket in memory by its number there, `None` for one of the machine.
fn in_memory(socket: SocketId) -> Option<SocketId> {
    (socket.0 & MEMORY != 0).then_some(SocketId(socket.0 & !MEMORY))
}

impl JointNetwork {
    /// `memory` has the hosts with these addresses. Names are those that `machine` knows.
    #[must_use]
    pub fn new(addresses: impl IntoIterator<Item = IpAddr>, memory: MemoryNetwork, machine: HostNetwork) -> Self {
        Self { addresses: addresses.into_iter().collect(), memory, machine, udp: BTreeMap::new() }
    }

    fn part(&mut self, socket: SocketId) -> (&mut dyn Network, SocketId) {
        match in_memory(socket) {
            Some(socket) => (&mut self.memory, socket),
            None => (&mut self.machine, socket),
        }
    }
}

impl Network for JointNetwork {
    fn poll(&mut self, now: Duration) {
        self.memory.poll(now);
        self.machine.poll(now);
    }

    fn next_wake(&self, now: Duration) -> Option<Duration> {
        [self.memory.next_wake(now), self.machine.next_wake(now)].into_iter().flatten().min()
    }

    fn connect(&mut self, now: Duration, remote: SocketAddr) -> Result<SocketId, NetworkError> {
        if self.addresses.contains(&remote.ip()) {
            let socket = self.memory.connect(now, remote)?;
            return Ok(SocketId(socket.0 | MEMORY));
        }
        self.machine.connect(now, remote)
    }

    fn connect_state(&mut self, now: Duration, socket: SocketId) -> ConnectState {
        let (part, socket) = self.part(socket);
        part.connect_state(now, socket)
    }

    fn send(&mut self, now: Duration, socket: SocketId, data: &[u8]) -> Result<usize, NetworkError> {
        let (part, socket) = self.part(socket);
        part.send(now, socket, data)
    }

    fn receive(&mut self, now: Duration, socket: SocketId, out: &mut [u8]) -> Received {
        let (part, socket) = self.part(socket);
        part.receive(now, socket, out)
    }

    fn close(&mut self, now: Duration, socket: SocketId) {
        if let Some(counterpart) = self.udp.remove(&socket) {
            self.memory.close(now, counterpart);
        }
        let (part, socket) = self.part(socket);
        part.close(now, socket);
    }

    fn listen(&mut self, now: Duration, port: u16) -> Result<SocketId, NetworkError> {
        self.machine.listen(now, port)
    }

    fn accept(&mut self, now: Duration, listener: SocketId) -> Option<(SocketId, SocketAddr)> {
        self.machine.accept(now, listener)
    }

    fn bind_udp(&mut self, now: Duration, port: u16, v6: bool) -> Result<SocketId, NetworkError> {
        self.machine.bind_udp(now, port, v6)
    }

    fn send_to(
        &mut self,
        now: Duration,
        socket: SocketId,
        remote: SocketAddr,
        data: &[u8],
    ) -> Result<(), NetworkError> {
        if !self.addresses.contains(&remote.ip()) {
            return self.machine.send_to(now, socket, remote, data);
        }
        let counterpart = match self.udp.get(&socket) {
            Some(&counterpart) => counterpart,
            None => {
                let port = self.machine.local_port(socket);
                let counterpart = self.memory.bind_udp(now, port, remote.is_ipv6())?;
                self.udp.insert(socket, counterpart);
                counterpart
            }
        };
        self.memory.send_to(now, counterpart, remote, data)
    }

    fn receive_from(&mut self, now: Duration, socket: SocketId, out: &mut [u8]) -> Option<(usize, SocketAddr)> {
        let counterpart = self.udp.get(&socket).copied();
        let received = counterpart.and_then(|counterpart| self.memory.receive_from(now, counterpart, out));
        received.or_else(|| self.machine.receive_from(now, socket, out))
    }

    fn local_port(&self, socket: SocketId) -> u16 {
        match in_memory(socket) {
            Some(socket) => self.memory.local_port(socket),
            None => self.machine.local_port(socket),
        }
    }

    fn resolve(&mut self, now: Duration, name: &str) -> LookupId {
        self.machine.resolve(now, name)
    }

    fn lookup(&mut self, now: Duration, lookup: LookupId) -> Lookup {
        self.machine.lookup(now, lookup)
    }

    fn ping(&mut self, now: Duration, remote: IpAddr) -> PingId {
        if self.addresses.contains(&remote) {
            return PingId(self.memory.ping(now, remote).0 | MEMORY);
        }
        self.machine.ping(now, remote)
    }

    fn pinged(&mut self, now: Duration, ping: PingId) -> Ping {
        if ping.0 & MEMORY != 0 {
            return self.memory.pinged(now, PingId(ping.0 & !MEMORY));
        }
        self.machine.pinged(now, ping)
    }
}
