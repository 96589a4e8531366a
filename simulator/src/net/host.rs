//! The network of the machine that the simulator runs on: real sockets, the real resolver.

use super::{ConnectState, Lookup, LookupId, Network, NetworkError, Ping, PingId, Received, SocketId};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

/// How long a connect may take before the host gives up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a host has to answer a ping; modules wait less.
#[cfg(all(feature = "program", unix))]
const PING_TIMEOUT: Duration = Duration::from_secs(10);

enum Socket {
    Connecting(Receiver<io::Result<TcpStream>>),
    Tcp(TcpStream),
    Listener(TcpListener),
    Udp(UdpSocket),
}

/// Real sockets of the host, used without blocking.
///
/// Names are looked up in the static table first, then by the host's resolver in a thread of its own; connects run in a
/// thread of their own, and so do pings. Those need a machine that lets this program send ICMP (Linux:
/// `net.ipv4.ping_group_range`, or root); on others only loopback addresses answer.
pub struct HostNetwork {
    sockets: BTreeMap<SocketId, Socket>,
    lookups: BTreeMap<LookupId, Receiver<Vec<IpAddr>>>,
    pings: BTreeMap<PingId, Receiver<Option<Duration>>>,
    hosts: BTreeMap<String, Vec<IpAddr>>,
    listen_address: IpAddr,
    next: u64,
    active: core::cell::Cell<Duration>,
    dead: BTreeSet<SocketId>,
}

impl Default for HostNetwork {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for HostNetwork {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("HostNetwork").finish_non_exhaustive()
    }
}

impl HostNetwork {
    /// A network without static names; servers of the module listen on 127.0.0.1.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            sockets: BTreeMap::new(),
            lookups: BTreeMap::new(),
            pings: BTreeMap::new(),
            hosts: BTreeMap::new(),
            listen_address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            next: 0,
            active: core::cell::Cell::new(Duration::ZERO),
            dead: BTreeSet::new(),
        }
    }

    /// Adds a name to the static table, which goes before the host's resolver.
    pub fn add_host(&mut self, name: &str, address: IpAddr) {
        let name = name.to_ascii_lowercase();
        self.hosts.entry(name).or_default().push(address);
    }

    /// The address on which servers of the module listen.
    pub const fn set_listen_address(&mut self, address: IpAddr) {
        self.listen_address = address;
    }

    const fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn add(&mut self, socket: Socket) -> SocketId {
        let id = SocketId(self.fresh());
        self.sockets.insert(id, socket);
        id
    }
}

/// One echo request, blocking; where this program may not send any, a loopback address answers all the same.
fn ping(remote: IpAddr) -> Option<Duration> {
    #[cfg(all(feature = "program", unix))]
    if let Ok(time) = super::ping::echo(remote, PING_TIMEOUT) {
        return time;
    }
    remote.is_loopback().then_some(Duration::from_millis(1))
}

fn error_of(error: &io::Error) -> NetworkError {
    match error.kind() {
        ErrorKind::ConnectionRefused => NetworkError::Refused,
        ErrorKind::TimedOut => NetworkError::TimedOut,
        ErrorKind::AddrInUse | ErrorKind::PermissionDenied | ErrorKind::AddrNotAvailable => {
            NetworkError::PortUnavailable
        }
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => NetworkError::Unreachable,
        _ => NetworkError::Closed,
    }
}

impl Network for HostNetwork {
    fn poll(&mut self, _now: Duration) {}

    fn next_wake(&self, now: Duration) -> Option<Duration> {
        if self.sockets.is_empty() && self.lookups.is_empty() && self.pings.is_empty() {
            return None;
        }
        // Shortly after traffic more of it is likely; later a slower pace saves the machine.
        let quiet = now.saturating_sub(self.active.get());
        let pace =
            if quiet < Duration::from_millis(20) { Duration::from_micros(200) } else { Duration::from_millis(1) };
        Some(now + pace)
    }

    fn connect(&mut self, now: Duration, remote: SocketAddr) -> Result<SocketId, NetworkError> {
        self.active.set(now);
        let (sender, receiver) = channel();
        let connect = move || {
            let stream = TcpStream::connect_timeout(&remote, CONNECT_TIMEOUT).and_then(|stream| {
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                Ok(stream)
            });
            let _ = sender.send(stream);
        };
        let thread = thread::Builder::new().name("connect".into()).spawn(connect);
        thread.map_err(|_| NetworkError::Unreachable)?;
        Ok(self.add(Socket::Connecting(receiver)))
    }

    fn connect_state(&mut self, now: Duration, socket: SocketId) -> ConnectState {
        let result = match self.sockets.get(&socket) {
            Some(Socket::Connecting(receiver)) => receiver.try_recv(),
            Some(_) => return ConnectState::Open,
            None => return ConnectState::Failed(NetworkError::Closed),
        };
        match result {
            Err(TryRecvError::Empty) => ConnectState::Pending,
            Ok(Ok(stream)) => {
                self.active.set(now);
                self.sockets.insert(socket, Socket::Tcp(stream));
                ConnectState::Open
            }
            Ok(Err(error)) => {
                self.sockets.remove(&socket);
                ConnectState::Failed(error_of(&error))
            }
            Err(TryRecvError::Disconnected) => {
                self.sockets.remove(&socket);
                ConnectState::Failed(NetworkError::Closed)
            }
        }
    }

    fn send(&mut self, now: Duration, socket: SocketId, data: &[u8]) -> Result<usize, NetworkError> {
        let Some(Socket::Tcp(stream)) = self.sockets.get_mut(&socket) else {
            return Err(NetworkError::Closed);
        };
        match stream.write(data) {
            Ok(count) => {
                self.active.set(now);
                Ok(count)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(0),
            Err(error) => Err(error_of(&error)),
        }
    }

    fn receive(&mut self, now: Duration, socket: SocketId, out: &mut [u8]) -> Received {
        if self.dead.contains(&socket) {
            return Received::Closed;
        }
        let Some(Socket::Tcp(stream)) = self.sockets.get_mut(&socket) else {
            return Received::Closed;
        };
        if out.is_empty() {
            return Received::Nothing;
        }
        match stream.read(out) {
            Ok(0) => {
                self.dead.insert(socket);
                Received::Closed
            }
            Ok(count) => {
                self.active.set(now);
                Received::Data(count)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Received::Nothing,
            Err(_) => {
                self.dead.insert(socket);
                Received::Closed
            }
        }
    }

    fn close(&mut self, _now: Duration, socket: SocketId) {
        self.sockets.remove(&socket);
        self.dead.remove(&socket);
    }

    fn listen(&mut self, _now: Duration, port: u16) -> Result<SocketId, NetworkError> {
        let listener = TcpListener::bind((self.listen_address, port)).map_err(|error| error_of(&error))?;
        listener.set_nonblocking(true).map_err(|error| error_of(&error))?;
        Ok(self.add(Socket::Listener(listener)))
    }

    fn accept(&mut self, now: Duration, listener: SocketId) -> Option<(SocketId, SocketAddr)> {
        let Some(Socket::Listener(listener)) = self.sockets.get(&listener) else {
            return None;
        };
        let (stream, remote) = listener.accept().ok()?;
        stream.set_nonblocking(true).ok()?;
        let _ = stream.set_nodelay(true);
        self.active.set(now);
        Some((self.add(Socket::Tcp(stream)), remote))
    }

    fn bind_udp(&mut self, _now: Duration, port: u16, v6: bool) -> Result<SocketId, NetworkError> {
        let address: IpAddr = if v6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((address, port)).map_err(|error| error_of(&error))?;
        socket.set_nonblocking(true).map_err(|error| error_of(&error))?;
        let _ = socket.set_broadcast(true);
        Ok(self.add(Socket::Udp(socket)))
    }

    fn send_to(
        &mut self,
        now: Duration,
        socket: SocketId,
        remote: SocketAddr,
        data: &[u8],
    ) -> Result<(), NetworkError> {
        let Some(Socket::Udp(socket)) = self.sockets.get(&socket) else {
            return Err(NetworkError::Closed);
        };
        self.active.set(now);
        match socket.send_to(data, remote) {
            Ok(_) => Ok(()),
            // Nobody listens there, or the host's queue is full: the datagram is lost, as on a real network.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionRefused) => Ok(()),
            Err(error) => Err(error_of(&error)),
        }
    }

    fn receive_from(&mut self, now: Duration, socket: SocketId, out: &mut [u8]) -> Option<(usize, SocketAddr)> {
        let Some(Socket::Udp(socket)) = self.sockets.get(&socket) else {
            return None;
        };
        let received = socket.recv_from(out).ok()?;
        self.active.set(now);
        Some(received)
    }

    fn local_port(&self, socket: SocketId) -> u16 {
        let address = match self.sockets.get(&socket) {
            Some(Socket::Tcp(stream)) => stream.local_addr(),
            Some(Socket::Listener(listener)) => listener.local_addr(),
            Some(Socket::Udp(socket)) => socket.local_addr(),
            _ => return 0,
        };
        address.map_or(0, |address| address.port())
    }

    fn resolve(&mut self, _now: Duration, name: &str) -> LookupId {
        let id = LookupId(self.fresh());
        let (sender, receiver) = channel();
        if let Some(found) = self.hosts.get(&name.to_ascii_lowercase()) {
            let _ = sender.send(found.clone());
        } else {
            let name = name.to_owned();
            let lookup = move || {
                let found = (name.as_str(), 0).to_socket_addrs();
                let found = found.map(|found| found.map(|address| address.ip()).collect());
                let _ = sender.send(found.unwrap_or_default());
            };
            // Without a thread the sender is dropped and the query fails.
            let _ = thread::Builder::new().name("resolve".into()).spawn(lookup);
        }
        self.lookups.insert(id, receiver);
        id
    }

    fn lookup(&mut self, now: Duration, lookup: LookupId) -> Lookup {
        let Some(receiver) = self.lookups.get(&lookup) else {
            return Lookup::Failed;
        };
        let answer = match receiver.try_recv() {
            Err(TryRecvError::Empty) => return Lookup::Pending,
            Ok(found) if !found.is_empty() => Lookup::Found(found),
            _ => Lookup::Failed,
        };
        self.active.set(now);
        self.lookups.remove(&lookup);
        answer
    }

    fn ping(&mut self, _now: Duration, remote: IpAddr) -> PingId {
        let id = PingId(self.fresh());
        let (sender, receiver) = channel();
        // Without a thread the sender is dropped and the ping is lost.
        let _ = thread::Builder::new().name("ping".into()).spawn(move || sender.send(ping(remote)));
        self.pings.insert(id, receiver);
        id
    }

    fn pinged(&mut self, now: Duration, ping: PingId) -> Ping {
        let answer = match self.pings.get(&ping).map(Receiver::try_recv) {
            Some(Err(TryRecvError::Empty)) => return Ping::Pending,
            Some(Ok(time)) => time,
            Some(Err(TryRecvError::Disconnected)) | None => None,
        };
        self.active.set(now);
        self.pings.remove(&ping);
        answer.map_or(Ping::Lost, Ping::Answered)
    }
}
