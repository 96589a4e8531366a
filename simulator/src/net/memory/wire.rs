//! The network in memory as the module sees it.

use super::{Connection, Listener, MemoryNetwork, Server, UdpSocket};
use crate::net::{ConnectState, Lookup, LookupId, Network, NetworkError, Ping, PingId, Received, SocketId};
use core::time::Duration;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

impl Network for MemoryNetwork {
    fn poll(&mut self, now: Duration) {
        self.inner().now = now;
        let opened: Vec<SocketId> = {
            let mut inner = self.inner();
            let due = |connection: &Connection| connection.opens_at.is_some_and(|at| at <= now);
            let opened =
                inner.connections.iter_mut().filter(|(_, connection)| due(connection)).map(|(id, connection)| {
                    connection.opens_at = None;
                    connection.open = true;
                    *id
                });
            opened.collect()
        };
        for id in opened {
            self.call(id, |peer, socket| peer.on_connect(socket));
        }
        loop {
            let next = self.inner().connections.iter_mut().find_map(|(id, connection)| {
                let (at, _) = connection.outgoing.front()?;
                if *at > now {
                    return None;
                }
                let (_, data) = connection.outgoing.pop_front()?;
                Some((*id, data))
            });
            let Some((id, data)) = next else { break };
            self.call(id, |peer, socket| peer.on_data(socket, &data));
            let ended = |tcp: &Connection| tcp.module_closed && tcp.outgoing.is_empty();
            let ended = self.inner().connections.get(&id).is_some_and(ended);
            if ended {
                self.call(id, |peer, _| peer.on_close());
                self.inner().finish(id);
            }
        }
    }

    fn next_wake(&self, _now: Duration) -> Option<Duration> {
        let inner = self.inner.borrow();
        let seen = inner.now;
        let times = inner.connections.values().flat_map(|connection| {
            let arrival = connection.incoming.front().map(|(at, _)| *at);
            let close = connection.peer_closed.filter(|_| !connection.gone);
            [
                connection.opens_at,
                connection.outgoing.front().map(|(at, _)| *at),
                arrival.filter(|&at| at > seen),
                close.filter(|&at| at > seen),
            ]
        });
        let datagrams = inner.udp.values().map(|socket| {
            let arrival = socket.incoming.front().map(|(at, _, _)| *at);
            arrival.filter(|&at| at > seen)
        });
        let answers = inner.answers.values().map(|&(at, _)| Some(at).filter(|&at| at > seen));
        times.chain(datagrams).chain(answers).flatten().min()
    }

    fn connect(&mut self, now: Duration, remote: SocketAddr) -> Result<SocketId, NetworkError> {
        let mut inner = self.inner();
        inner.now = inner.now.max(now);
        let id = inner.fresh();
        let local_port = inner.port();
        let same_host = inner.servers.keys().any(|known| known.ip() == remote.ip());
        let mut connection = Connection { remote: Some(remote), local_port, ..Connection::default() };
        let opens_at = now + inner.latency * 2;
        match inner.servers.get_mut(&remote) {
            Some(Server::Accept(factory)) => {
                connection.peer = Some(factory());
                connection.opens_at = Some(opens_at);
            }
            Some(Server::Refuse) => connection.refused = true,
            Some(Server::Silent) => {}
            None if same_host => connection.refused = true,
            None => return Err(NetworkError::Unreachable),
        }
        inner.connections.insert(id, connection);
        Ok(id)
    }

    fn connect_state(&mut self, _now: Duration, socket: SocketId) -> ConnectState {
        let mut inner = self.inner();
        match inner.connections.get(&socket) {
            None => ConnectState::Failed(NetworkError::Closed),
            Some(connection) if connection.open => ConnectState::Open,
            Some(connection) if connection.refused => {
                inner.connections.remove(&socket);
                ConnectState::Failed(NetworkError::Refused)
            }
            Some(_) => ConnectState::Pending,
        }
    }

    fn send(&mut self, now: Duration, socket: SocketId, data: &[u8]) -> Result<usize, NetworkError> {
        let mut inner = self.inner();
        let at = now.max(inner.now) + inner.latency;
        let Some(connection) = inner.connections.get_mut(&socket) else {
            return Err(NetworkError::Closed);
        };
        if connection.peer_closed.is_some_and(|closed| closed <= now) || !connection.open {
            return Err(NetworkError::Closed);
        }
        let count = data.len().min(connection.window.unwrap_or(usize::MAX));
        if count > 0 {
            if let Some(record) = &mut connection.record {
                record.extend_from_slice(&data[..count]);
            } else {
                connection.outgoing.push_back((at, data[..count].to_vec()));
            }
        }
        Ok(count)
    }

    fn receive(&mut self, now: Duration, socket: SocketId, out: &mut [u8]) -> Received {
        let mut inner = self.inner();
        let Some(connection) = inner.connections.get_mut(&socket) else {
            return Received::Closed;
        };
        let mut filled = 0;
        while filled < out.len() {
            let Some((at, data)) = connection.incoming.front() else {
                break;
            };
            if *at > now {
                break;
            }
            let rest = &data[connection.offset..];
            let count = rest.len().min(out.len() - filled);
            out[filled..filled + count].copy_from_slice(&rest[..count]);
            filled += count;
            connection.offset += count;
            if connection.offset == data.len() {
                connection.incoming.pop_front();
                connection.offset = 0;
            }
        }
        if filled > 0 {
            Received::Data(filled)
        } else if connection.incoming.is_empty() && connection.peer_closed.is_some_and(|at| at <= now) {
            connection.gone = true;
            Received::Closed
        } else {
            Received::Nothing
        }
    }

    fn close(&mut self, _now: Duration, socket: SocketId) {
        // The peer reads what is on the way before it sees the end.
        let waits = self.inner().connections.get(&socket).is_some_and(|connection| !connection.outgoing.is_empty());
        if !waits {
            self.call(socket, |peer, _| peer.on_close());
        }
        let mut inner = self.inner();
        inner.udp.remove(&socket);
        let waiting = inner.listeners.remove(&socket);
        let waiting = waiting.map_or(VecDeque::new(), |listener| listener.pending);
        for id in waiting.into_iter().chain([socket]) {
            inner.finish(id);
        }
    }

    fn listen(&mut self, _now: Duration, port: u16) -> Result<SocketId, NetworkError> {
        let mut inner = self.inner();
        if inner.listeners.values().any(|known| known.port == port) {
            return Err(NetworkError::PortUnavailable);
        }
        let id = inner.fresh();
        let pending = VecDeque::new();
        inner.listeners.insert(id, Listener { port, pending });
        Ok(id)
    }

    fn accept(&mut self, _now: Duration, listener: SocketId) -> Option<(SocketId, SocketAddr)> {
        let mut inner = self.inner();
        let id = inner.listeners.get_mut(&listener)?.pending.pop_front()?;
        let remote = inner.connections.get(&id)?.remote?;
        Some((id, remote))
    }

    fn bind_udp(&mut self, _now: Duration, port: u16, _v6: bool) -> Result<SocketId, NetworkError> {
        let mut inner = self.inner();
        let port = if port == 0 { inner.port() } else { port };
        if inner.udp.values().any(|known| known.port == port) {
            return Err(NetworkError::PortUnavailable);
        }
        let id = inner.fresh();
        let incoming = VecDeque::new();
        inner.udp.insert(id, UdpSocket { port, incoming });
        Ok(id)
    }

    fn send_to(
        &mut self,
        now: Duration,
        socket: SocketId,
        remote: SocketAddr,
        data: &[u8],
    ) -> Result<(), NetworkError> {
        let (handler, from) = {
            let mut inner = self.inner();
            let port = inner.udp.get(&socket).map(|socket| socket.port).ok_or(NetworkError::Closed)?;
            inner.udp_log.push((remote, data.to_vec()));
            let from = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
            (inner.udp_handlers.remove(&remote), from)
        };
        if let Some(mut handler) = handler {
            let answers = handler(from, data);
            let mut inner = self.inner();
            inner.udp_handlers.entry(remote).or_insert(handler);
            let at = now + inner.latency * 2;
            if let Some(socket) = inner.udp.get_mut(&socket) {
                let answers = answers.into_iter().map(|answer| (at, remote, answer));
                socket.incoming.extend(answers);
            }
        }
        Ok(())
    }

    fn receive_from(&mut self, now: Duration, socket: SocketId, out: &mut [u8]) -> Option<(usize, SocketAddr)> {
        let mut inner = self.inner();
        let socket = inner.udp.get_mut(&socket)?;
        if socket.incoming.front()?.0 > now {
            return None;
        }
        let (_, from, data) = socket.incoming.pop_front()?;
        let count = data.len().min(out.len());
        out[..count].copy_from_slice(&data[..count]);
        Some((count, from))
    }

    fn local_port(&self, socket: SocketId) -> u16 {
        let inner = self.inner.borrow();
        let tcp = inner.connections.get(&socket).map(|tcp| tcp.local_port);
        tcp.or_else(|| inner.udp.get(&socket).map(|udp| udp.port)).unwrap_or(0)
    }

    fn resolve(&mut self, _now: Duration, name: &str) -> LookupId {
        let mut inner = self.inner();
        let id = LookupId(inner.fresh().0);
        let found = inner.hosts.get(&name.to_ascii_lowercase()).cloned();
        inner.lookups.insert(id, found.unwrap_or_default());
        id
    }

    fn lookup(&mut self, _now: Duration, lookup: LookupId) -> Lookup {
        match self.inner().lookups.remove(&lookup) {
            Some(found) if !found.is_empty() => Lookup::Found(found),
            _ => Lookup::Failed,
        }
    }

    fn ping(&mut self, now: Duration, remote: IpAddr) -> PingId {
        let mut inner = self.inner();
        let id = PingId(inner.fresh().0);
        if let Some(&time) = inner.pings.get(&remote) {
            inner.answers.insert(id, (now + time, time));
        }
        id
    }

    fn pinged(&mut self, now: Duration, ping: PingId) -> Ping {
        let mut inner = self.inner();
        match inner.answers.get(&ping) {
            None => Ping::Lost,
            Some(&(at, _)) if at > now => Ping::Pending,
            Some(&(_, time)) => {
                inner.answers.remove(&ping);
                Ping::Answered(time)
            }
        }
    }
}
