//! A network in memory: peers are callbacks, time is given, nothing depends on the machine.

mod wire;

use super::{LookupId, PingId, SocketId};
use core::time::Duration;
use std::cell::{RefCell, RefMut};
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

/// The far end of a TCP connection. All methods do nothing unless implemented.
///
/// Any `FnMut(&[u8]) -> Vec<u8>` is a peer that answers data with data.
pub trait Peer {
    /// The connection is open.
    fn on_connect(&mut self, socket: &mut PeerSocket) {
        let _ = socket;
    }

    /// Bytes from the module have come in.
    fn on_data(&mut self, socket: &mut PeerSocket, data: &[u8]) {
        let _ = (socket, data);
    }

    /// The module closed the connection.
    fn on_close(&mut self) {}
}

impl<F: FnMut(&[u8]) -> Vec<u8>> Peer for F {
    fn on_data(&mut self, socket: &mut PeerSocket, data: &[u8]) {
        let reply = self(data);
        socket.send(&reply);
    }
}

/// What a UDP handler does with a datagram: the sender, the data; the answers it returns go back to the sender.
pub type UdpHandler = Box<dyn FnMut(SocketAddr, &[u8]) -> Vec<Vec<u8>>>;

/// What a [`Peer`] can do with its end of the connection.
#[derive(Debug)]
pub struct PeerSocket {
    id: SocketId,
    module: SocketAddr,
    outgoing: Vec<u8>,
    close: bool,
    window: Option<usize>,
}

impl PeerSocket {
    /// Sends bytes to the module. The peer has no limit; the module takes them as fast as its window allows.
    pub fn send(&mut self, data: &[u8]) {
        self.outgoing.extend_from_slice(data);
    }

    /// Closes the connection behind the data sent so far.
    pub const fn close(&mut self) {
        self.close = true;
    }

    /// From now on takes at most so many bytes from the module at a time that were not yet read; `0` stops the module.
    /// What the peer gets is always read at once, so a window only matters when it is 0.
    pub const fn set_window(&mut self, bytes: usize) {
        self.window = Some(bytes);
    }

    /// The identifier with which [`MemoryNetwork::push`] and [`MemoryNetwork::close_peer`] reach this connection.
    #[must_use]
    pub const fn id(&self) -> SocketId {
        self.id
    }

    /// The module's address of this connection.
    #[must_use]
    pub const fn module(&self) -> SocketAddr {
        self.module
    }
}

type PeerFactory = Box<dyn FnMut() -> Box<dyn Peer>>;

enum Server {
    Accept(PeerFactory),
    Refuse,
    Silent,
}

#[derive(Default)]
struct Connection {
    peer: Option<Box<dyn Peer>>,
    remote: Option<SocketAddr>,
    local_port: u16,
    opens_at: Option<Duration>,
    refused: bool,
    open: bool,
    /// Bytes on the way to the module, with the time at which they arrive.
    incoming: VecDeque<(Duration, Vec<u8>)>,
    /// Bytes of the first entry that were read already.
    offset: usize,
    peer_closed: Option<Duration>,
    gone: bool,
    outgoing: VecDeque<(Duration, Vec<u8>)>,
    window: Option<usize>,
    /// For connections that a test opened to the module: what the module sent.
    record: Option<Vec<u8>>,
    module_closed: bool,
}

struct UdpSocket {
    port: u16,
    incoming: VecDeque<(Duration, SocketAddr, Vec<u8>)>,
}

struct Listener {
    port: u16,
    pending: VecDeque<SocketId>,
}

#[derive(Default)]
struct Inner {
    now: Duration,
    next: u64,
    next_port: u16,
    latency: Duration,
    servers: BTreeMap<SocketAddr, Server>,
    hosts: BTreeMap<String, Vec<IpAddr>>,
    pings: BTreeMap<IpAddr, Duration>,
    /// When the answer comes, and how long it took.
    answers: BTreeMap<PingId, (Duration, Duration)>,
    udp_handlers: BTreeMap<SocketAddr, UdpHandler>,
    udp_log: Vec<(SocketAddr, Vec<u8>)>,
    connections: BTreeMap<SocketId, Connection>,
    listeners: BTreeMap<SocketId, Listener>,
    udp: BTreeMap<SocketId, UdpSocket>,
    lookups: BTreeMap<LookupId, Vec<IpAddr>>,
    /// What the module had sent on connections that it has closed.
    finished: BTreeMap<SocketId, Vec<u8>>,
}

/// A deterministic network in memory; a clone is a handle to the same network, so that a test keeps one.
///
/// Nothing is reachable until it is added: a connect to an address without a server is refused if another port of the
/// same host has one, and unreachable otherwise.
///
/// ```
/// use wifi_at_simulator::MemoryNetwork;
/// let network = MemoryNetwork::new();
/// network.add_host("example.org", "10.0.0.1".parse().unwrap());
/// network.serve("10.0.0.1:7".parse().unwrap(), || |data: &[u8]| data.to_vec());
/// ```
#[derive(Clone, Default)]
pub struct MemoryNetwork {
    inner: Rc<RefCell<Inner>>,
}

impl core::fmt::Debug for MemoryNetwork {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MemoryNetwork").finish_non_exhaustive()
    }
}

impl MemoryNetwork {
    /// An empty network without latency.
    #[must_use]
    pub fn new() -> Self {
        let network = Self::default();
        network.inner().next_port = 49152;
        network
    }

    fn inner(&self) -> RefMut<'_, Inner> {
        self.inner.borrow_mut()
    }

    /// The time that bytes, connects and closes take in each direction.
    pub fn set_latency(&self, latency: Duration) {
        self.inner().latency = latency;
    }

    /// Adds a name to the host table.
    pub fn add_host(&self, name: &str, address: IpAddr) {
        let mut inner = self.inner();
        inner.hosts.entry(name.to_ascii_lowercase()).or_default().push(address);
    }

    /// A TCP server: `peer` makes a new [`Peer`] for each connection.
    pub fn serve<P: Peer + 'static>(&self, address: SocketAddr, mut peer: impl FnMut() -> P + 'static) {
        let factory: PeerFactory = Box::new(move || Box::new(peer()));
        self.inner().servers.insert(address, Server::Accept(factory));
    }

    /// A TCP server that sends `data` to each client and closes.
    pub fn serve_bytes(&self, address: SocketAddr, data: impl Into<Vec<u8>>) {
        let data = data.into();
        self.serve(address, move || OneShot(data.clone()));
    }

    /// This address refuses connections.
    pub fn refuse(&self, address: SocketAddr) {
        self.inner().servers.insert(address, Server::Refuse);
    }

    /// This address never answers.
    pub fn ignore(&self, address: SocketAddr) {
        self.inner().servers.insert(address, Server::Silent);
    }

    /// A host that answers pings after `time`.
    pub fn add_ping(&self, address: IpAddr, time: Duration) {
        self.inner().pings.insert(address, time);
    }

    /// A UDP service: its answers go back to the sender. All datagrams also stand in [`datagrams`](Self::datagrams).
    pub fn serve_udp(&self, address: SocketAddr, handler: impl FnMut(SocketAddr, &[u8]) -> Vec<Vec<u8>> + 'static) {
        self.inner().udp_handlers.insert(address, Box::new(handler));
    }

    /// The datagrams that the module has sent, with their destination.
    #[must_use]
    pub fn datagrams(&self) -> Vec<(SocketAddr, Vec<u8>)> {
        self.inner().udp_log.clone()
    }

    /// Sends a datagram to a UDP port of the module; lost if the module has no such port.
    pub fn push_datagram(&self, from: SocketAddr, port: u16, data: &[u8]) {
        let mut inner = self.inner();
        let at = inner.now + inner.latency;
        if let Some(socket) = inner.udp.values_mut().find(|socket| socket.port == port) {
            socket.incoming.push_back((at, from, data.to_vec()));
        }
    }

    /// The connections that are open now.
    #[must_use]
    pub fn connections(&self) -> Vec<SocketId> {
        let inner = self.inner();
        let open =
            |(id, connection): (&SocketId, &Connection)| (connection.open && !connection.module_closed).then_some(*id);
        inner.connections.iter().filter_map(open).collect()
    }

    /// The peer of this connection sends bytes to the module.
    pub fn push(&self, socket: SocketId, data: &[u8]) {
        let mut inner = self.inner();
        let at = inner.now + inner.latency;
        if let Some(connection) = inner.connections.get_mut(&socket) {
            connection.incoming.push_back((at, data.to_vec()));
        }
    }

    /// The peer of this connection closes behind its data.
    pub fn close_peer(&self, socket: SocketId) {
        let mut inner = self.inner();
        let at = inner.now + inner.latency;
        if let Some(connection) = inner.connections.get_mut(&socket) {
            connection.peer_closed.get_or_insert(at);
        }
    }

    /// The peer takes at most so many bytes per call of the module from now on; 0 stops the module's sends.
    pub fn set_window(&self, socket: SocketId, bytes: Option<usize>) {
        if let Some(connection) = self.inner().connections.get_mut(&socket) {
            connection.window = bytes;
        }
    }

    /// A client connects to a server of the module. `None` if no server listens at that port.
    #[must_use]
    pub fn connect_to_module(&self, from: SocketAddr, port: u16) -> Option<SocketId> {
        let mut inner = self.inner();
        let id = inner.fresh();
        let listener = inner.listeners.values_mut().find(|listener| listener.port == port)?;
        listener.pending.push_back(id);
        let connection = Connection {
            remote: Some(from),
            local_port: port,
            open: true,
            record: Some(Vec::new()),
            ..Connection::default()
        };
        inner.connections.insert(id, connection);
        Some(id)
    }

    /// What the module has sent on a connection made by [`connect_to_module`](Self::connect_to_module) since the last
    /// call.
    #[must_use]
    pub fn take_received(&self, socket: SocketId) -> Vec<u8> {
        let mut inner = self.inner();
        let inner = &mut *inner;
        match inner.connections.get_mut(&socket) {
            Some(connection) => connection.record.as_mut().map(core::mem::take),
            None => inner.finished.remove(&socket),
        }
        .unwrap_or_default()
    }

    /// Whether the module has closed its end of this connection.
    #[must_use]
    pub fn is_closed_by_module(&self, socket: SocketId) -> bool {
        let inner = self.inner();
        inner.connections.get(&socket).is_none_or(|connection| connection.module_closed)
    }

    /// Runs a peer's callback with no borrow held, so that it may use this network, too.
    fn call(&self, id: SocketId, act: impl FnOnce(&mut dyn Peer, &mut PeerSocket)) {
        let (mut peer, mut socket) = {
            let mut inner = self.inner();
            let Some(connection) = inner.connections.get_mut(&id) else {
                return;
            };
            let Some(peer) = connection.peer.take() else {
                return;
            };
            let module = SocketAddr::from((Ipv4Addr::UNSPECIFIED, connection.local_port));
            let socket = PeerSocket { id, module, outgoing: Vec::new(), close: false, window: connection.window };
            (peer, socket)
        };
        act(peer.as_mut(), &mut socket);
        let mut inner = self.inner();
        let at = inner.now + inner.latency;
        if let Some(connection) = inner.connections.get_mut(&id) {
            connection.peer = Some(peer);
            connection.window = socket.window;
            if !socket.outgoing.is_empty() && connection.peer_closed.is_none() {
                connection.incoming.push_back((at, socket.outgoing));
            }
            if socket.close {
                connection.peer_closed.get_or_insert(at);
            }
        }
    }
}

struct OneShot(Vec<u8>);

impl Peer for OneShot {
    fn on_connect(&mut self, socket: &mut PeerSocket) {
        socket.send(&self.0);
        socket.close();
    }
}

impl Inner {
    fn fresh(&mut self) -> SocketId {
        self.next += 1;
        SocketId(self.next)
    }

    /// The module closes a connection. Bytes on their way to a peer still arrive.
    fn finish(&mut self, id: SocketId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.module_closed = true;
            if connection.outgoing.is_empty()
                && let Some(mut connection) = self.connections.remove(&id)
            {
                let record = connection.record.take();
                self.finished.extend(record.map(|record| (id, record)));
            }
        }
    }

    fn port(&mut self) -> u16 {
        let port = self.next_port.max(49152);
        self.next_port = port.checked_add(1).unwrap_or(49152);
        port
    }
}
