//! The network behind the module: a trait without blocking calls, one implementation with real sockets, one in memory.

mod host;
mod joint;
mod memory;
#[cfg(all(feature = "program", unix))]
mod ping;

pub use host::HostNetwork;
pub use joint::JointNetwork;
pub use memory::{MemoryNetwork, Peer, PeerSocket, UdpHandler};

use core::time::Duration;
use std::net::{IpAddr, SocketAddr};

/// A socket of a [`Network`], unique for the life of that network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u64);

/// A running name query of a [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LookupId(pub u64);

/// A running ping of a [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PingId(pub u64);

/// Why a network operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkError {
    /// The peer refused the connection.
    Refused,
    /// There is no way to the peer.
    Unreachable,
    /// The peer did not answer in time.
    TimedOut,
    /// The connection is gone.
    Closed,
    /// The local port is taken or not allowed.
    PortUnavailable,
}

/// How far a TCP connect is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectState {
    /// No answer of the peer yet.
    Pending,
    /// The connection is open.
    Open,
    /// It failed; the socket is gone.
    Failed(NetworkError),
}

/// What a TCP receive brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Nothing now.
    Nothing,
    /// This many bytes, at least 1.
    Data(usize),
    /// The peer closed or reset the connection and all its data was read.
    Closed,
}

/// How far a name query is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// No answer yet.
    Pending,
    /// The addresses of the name, at least one.
    Found(Vec<IpAddr>),
    /// There is no such name, or no answer.
    Failed,
}

/// How far a ping is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ping {
    /// No answer yet.
    Pending,
    /// The host has answered after this time.
    Answered(Duration),
    /// There is no answer, and will be none.
    Lost,
}

/// The network that a simulated module is connected to.
///
/// No call blocks. `now` is the time since the start of the simulation and never goes back. Calls with the identifier of
/// a socket that is closed or never was give an error, [`Received::Closed`] or nothing.
pub trait Network {
    /// Delivers what is due at `now`.
    fn poll(&mut self, now: Duration);

    /// The earliest time at which a poll can bring something new without a call from here; `None` if never. A network
    /// that must be asked again and again names a time shortly after `now`.
    fn next_wake(&self, now: Duration) -> Option<Duration>;

    /// Starts to connect. The answer of the peer shows in [`connect_state`](Self::connect_state).
    fn connect(&mut self, now: Duration, remote: SocketAddr) -> Result<SocketId, NetworkError>;

    /// How far the connect is.
    fn connect_state(&mut self, now: Duration, socket: SocketId) -> ConnectState;

    /// Takes as many of the bytes as there is room for, maybe none.
    fn send(&mut self, now: Duration, socket: SocketId, data: &[u8]) -> Result<usize, NetworkError>;

    /// Gives bytes that have come in.
    fn receive(&mut self, now: Duration, socket: SocketId, out: &mut [u8]) -> Received;

    /// Closes a connection, a listener or a UDP socket.
    fn close(&mut self, now: Duration, socket: SocketId);

    /// Waits for clients at a TCP port.
    fn listen(&mut self, now: Duration, port: u16) -> Result<SocketId, NetworkError>;

    /// The next client of a listener with its address.
    fn accept(&mut self, now: Duration, listener: SocketId) -> Option<(SocketId, SocketAddr)>;

    /// Opens a UDP socket; port 0 takes any free one.
    fn bind_udp(&mut self, now: Duration, port: u16, v6: bool) -> Result<SocketId, NetworkError>;

    /// Sends one datagram.
    fn send_to(&mut self, now: Duration, socket: SocketId, remote: SocketAddr, data: &[u8])
    -> Result<(), NetworkError>;

    /// Gives one datagram: its size, cut to the size of `out`, and its sender.
    fn receive_from(&mut self, now: Duration, socket: SocketId, out: &mut [u8]) -> Option<(usize, SocketAddr)>;

    /// The own port of a socket; 0 if unknown.
    fn local_port(&self, socket: SocketId) -> u16;

    /// Starts to look up a name.
    fn resolve(&mut self, now: Duration, name: &str) -> LookupId;

    /// How far the query is. After an answer the query is forgotten.
    fn lookup(&mut self, now: Duration, lookup: LookupId) -> Lookup;

    /// Asks a host for a sign of life.
    fn ping(&mut self, now: Duration, remote: IpAddr) -> PingId;

    /// How far the ping is. After an answer it is forgotten.
    fn pinged(&mut self, now: Duration, ping: PingId) -> Ping;
}
