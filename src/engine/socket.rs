//! What the engine knows of one socket, and of the link that the module keeps for it.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use embassy_sync::waitqueue::WakerRegistration;

use super::ring::Ring;
use crate::net::tcp;

/// Links that any of the modules has at most, and with it sockets.
pub(crate) const MAX_LINKS: usize = 5;

/// A number that the module gives to a connection.
pub(crate) type LinkId = u8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nobody uses it.
    Free,
    /// A connect is under way.
    Connecting,
    /// Data may flow both ways.
    Open,
    /// The peer has closed, but the module may still hold data.
    Draining,
    /// The module has no link for it any more. What was received can still be read.
    Ended,
}

/// Why a socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// An error that the user knows.
    Reported,
    /// The peer closed, and all its data was received.
    Peer,
    /// This side closed.
    Local,
    /// The connection was lost, and the user has not been told.
    Reset,
    /// A send has failed, likewise.
    SendFailed,
    /// So many bytes are missing at least, likewise.
    DataLost(u32),
}

/// What a socket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A TCP connection that this side makes.
    Stream,
    /// A TCP connection that a client has made to the module's server.
    Client,
    /// A TCP connection that this side makes, with TLS by the module.
    Tls,
    /// The connection of passthrough, which has the serial line for itself.
    Passthrough,
    /// UDP: the rings hold datagrams with heads.
    Datagram,
}

#[derive(Debug)]
pub(crate) struct Socket {
    /// Told apart from its predecessors in the same place by this number.
    pub(crate) generation: u16,
    pub(crate) kind: Kind,
    pub(crate) phase: Phase,
    pub(crate) end: End,
    /// The module's number for the link, while it has one.
    pub(crate) link: Option<LinkId>,
    /// The module has said `CONNECT` and not yet `CLOSED`.
    pub(crate) up: bool,
    /// The command that connects it has been sent, at least in part.
    pub(crate) begun: bool,
    /// The command that connects it has ended well.
    pub(crate) accepted: bool,
    /// A user has a handle to it.
    pub(crate) held: bool,
    /// To be closed as soon as what was written is sent.
    pub(crate) closing: bool,
    /// To be closed at once.
    pub(crate) aborting: bool,
    /// The module may hold data for it.
    pub(crate) pending: bool,
    /// The module said so while the data before was being fetched.
    pub(crate) pending_again: bool,
    /// A send is out that the module has not confirmed.
    pub(crate) sending: bool,
    /// It ended before all that was written was sent.
    pub(crate) unsent: bool,
    /// Bytes that a writer has at hand and will write as soon as there is room for them.
    pub(crate) promised: usize,
    /// A reader waits for data.
    pub(crate) reading: bool,
    pub(crate) received: Ring,
    pub(crate) to_send: Ring,
    pub(crate) remote: Remote,
    /// A client's place in the queue of those that were not accepted yet.
    pub(crate) arrival: Option<u32>,
    /// The module has been asked who the peer is.
    pub(super) asked: bool,
    /// The link that was claimed has a client of the server.
    pub(crate) stolen: bool,
    /// The user will write no more.
    pub(crate) write_closed: bool,
    /// Bytes in `received` of a datagram that is not whole yet, its head included.
    pub(super) partial: usize,
    /// Bytes of `to_send` that belong to the datagram that is being sent.
    pub(super) outgoing: usize,
    /// Datagrams that were lost on this side of the module.
    pub(crate) dropped: u32,
    /// A datagram could not be sent, and the user has not been told.
    pub(crate) send_failed: bool,
    pub(crate) read_waker: WakerRegistration,
    pub(crate) write_waker: WakerRegistration,
}

/// An address and a port, or none, in less room than the library's types, and in zeros for none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remote {
    address: [u8; 16],
    port: u16,
    /// 4 or 6; 0 for none.
    version: u8,
}

impl Remote {
    const NONE: Self = Self { address: [0; 16], port: 0, version: 0 };

    pub(crate) const fn is_none(&self) -> bool {
        self.version == 0
    }

    pub(crate) fn set(&mut self, remote: Option<SocketAddr>) {
        *self = Self::NONE;
        let Some(remote) = remote else { return };
        self.port = remote.port();
        match remote.ip() {
            IpAddr::V4(address) => {
                self.version = 4;
                self.address[..4].copy_from_slice(&address.octets());
            }
            IpAddr::V6(address) => {
                self.version = 6;
                self.address = address.octets();
            }
        }
    }

    pub(crate) fn get(&self) -> Option<SocketAddr> {
        let [a, b, c, d, ..] = self.address;
        let address = match self.version {
            0 => return None,
            4 => IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            _ => IpAddr::V6(Ipv6Addr::from(self.address)),
        };
        Some(SocketAddr::new(address, self.port))
    }
}

/// The sockets that there are.
#[derive(Debug)]
pub(crate) struct Sockets {
    all: [Socket; MAX_LINKS],
    /// How many of them have rings.
    count: usize,
}

impl Sockets {
    pub(super) const fn new() -> Self {
        Self { all: [const { Socket::new() }; MAX_LINKS], count: 0 }
    }

    pub(super) fn set_count(&mut self, count: usize) {
        self.count = count.min(MAX_LINKS);
    }

    pub(crate) fn iter(&self) -> core::slice::Iter<'_, Socket> {
        self.all.get(..self.count).unwrap_or_default().iter()
    }

    pub(super) fn iter_mut(&mut self) -> core::slice::IterMut<'_, Socket> {
        self.all.get_mut(..self.count).unwrap_or_default().iter_mut()
    }
}

// Out of line, as what it takes to find an element is more than a call. Numbers of sockets are never out of range.
impl core::ops::Index<usize> for Sockets {
    type Output = Socket;

    #[inline(never)]
    fn index(&self, index: usize) -> &Socket {
        &self.all[if index < MAX_LINKS { index } else { 0 }]
    }
}

impl core::ops::IndexMut<usize> for Sockets {
    #[inline(never)]
    fn index_mut(&mut self, index: usize) -> &mut Socket {
        &mut self.all[if index < MAX_LINKS { index } else { 0 }]
    }
}

impl Socket {
    pub(crate) const fn new() -> Self {
        Self {
            generation: 0,
            kind: Kind::Stream,
            phase: Phase::Free,
            end: End::Reported,
            link: None,
            up: false,
            begun: false,
            accepted: false,
            held: false,
            closing: false,
            aborting: false,
            pending: false,
            pending_again: false,
            sending: false,
            unsent: false,
            promised: 0,
            reading: false,
            received: Ring::new(),
            to_send: Ring::new(),
            remote: Remote::NONE,
            arrival: None,
            asked: false,
            stolen: false,
            write_closed: false,
            partial: 0,
            outgoing: 0,
            dropped: 0,
            send_failed: false,
            read_waker: WakerRegistration::new(),
            write_waker: WakerRegistration::new(),
        }
    }

    /// Takes the free place for a new connection.
    pub(crate) fn claim(&mut self, kind: Kind, link: LinkId, remote: Option<SocketAddr>) {
        let generation = self.generation.wrapping_add(1);
        let phase = Phase::Connecting;
        *self = Self { generation, kind, phase, link: Some(link), held: true, ..Self::new() };
        self.remote.set(remote);
    }

    /// Whether it is UDP.
    pub(crate) fn is_datagram(&self) -> bool {
        self.kind == Kind::Datagram
    }

    /// Whether an answer with less data than was asked for may be one of several: a datagram or a TLS record.
    pub(super) fn is_read_in_parts(&self) -> bool {
        matches!(self.kind, Kind::Datagram | Kind::Tls)
    }

    /// Whether it exists in the module, or will.
    pub(crate) const fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Connecting | Phase::Open | Phase::Draining)
    }

    pub(crate) fn wake(&mut self) {
        self.read_waker.wake();
        self.write_waker.wake();
    }

    /// The module's link is gone. Gives the place back when no user has it.
    pub(crate) fn finish(&mut self, end: End) {
        if self.phase == Phase::Free {
            return;
        }
        self.retract_datagram();
        self.unsent = !self.to_send.is_empty();
        self.phase = Phase::Ended;
        self.end = end;
        self.link = None;
        self.up = false;
        self.pending = false;
        if !self.sending {
            self.clear_unsent();
        }
        self.release_if_unused();
        self.wake();
    }

    /// No bytes of it are on their way to the module any more.
    ///
    /// Until then they are kept, even if the socket has ended: the module counts them, and would take what comes
    /// instead for data.
    pub(crate) fn sent(&mut self, confirmed: bool) {
        self.sending = false;
        self.unsent = !confirmed || !self.to_send.is_empty();
        if matches!(self.phase, Phase::Ended | Phase::Free) {
            self.clear_unsent();
        }
    }

    const fn clear_unsent(&mut self) {
        self.to_send.clear();
        self.outgoing = 0;
    }

    /// A connect has succeeded once the link is up and the command has ended well, in either order.
    pub(crate) fn open_if_complete(&mut self) {
        if self.phase == Phase::Connecting && self.up && self.accepted {
            self.phase = Phase::Open;
        }
        self.wake();
    }

    /// The user's handle is gone.
    pub(crate) fn release_if_unused(&mut self) {
        if self.phase == Phase::Ended && !self.held {
            self.phase = Phase::Free;
            self.received.clear();
        }
    }

    /// Whether data from the module still has somebody who wants it.
    pub(crate) const fn wants_data(&self) -> bool {
        self.held && !self.closing && !self.aborting && self.is_live()
    }

    /// The error of an operation on a socket that has ended: the cause once, then `NotConnected`.
    pub(crate) const fn ended_error(&mut self) -> tcp::Error {
        let error = match self.end {
            End::Reset => tcp::Error::ConnectionReset,
            End::SendFailed => tcp::Error::SendFailed,
            End::DataLost(at_least) => tcp::Error::DataLost { at_least },
            End::Peer => return tcp::Error::ClosedByPeer,
            End::Local | End::Reported => return tcp::Error::NotConnected,
        };
        self.end = End::Reported;
        error
    }
}
