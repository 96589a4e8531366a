//! Datagrams in rings: each stands behind a head with its length and the address of its peer.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::exchange::Owner;
use super::header::receive_data_sender;
use super::ring::Ring;
use super::{Core, End, Engine, LinkId, Socket};
use crate::net::udp;

/// Longest head: two bytes of length, one of the kind of address, two of port, and an IPv6 address.
const MAX_HEAD: usize = 5 + 16;

/// A datagram at the front of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) length: usize,
    /// Whom it is from, or for whom it is.
    pub(crate) peer: Option<SocketAddr>,
}

impl Head {
    /// Bytes of a ring that the head takes.
    pub(crate) const fn size(&self) -> usize {
        match self.peer {
            None => 3,
            Some(SocketAddr::V4(_)) => 5 + 4,
            Some(SocketAddr::V6(_)) => MAX_HEAD,
        }
    }

    /// Appends the head if there is room for it and for the datagram behind it.
    fn push(&self, ring: &mut Ring, storage: &mut [u8]) -> bool {
        if self.length > usize::from(u16::MAX) || self.size() + self.length > storage.len() - ring.len() {
            return false;
        }
        let mut bytes = [0; MAX_HEAD];
        bytes[..2].copy_from_slice(&(self.length as u16).to_le_bytes());
        if let Some(peer) = self.peer {
            bytes[3..5].copy_from_slice(&peer.port().to_le_bytes());
            match peer.ip() {
                IpAddr::V4(address) => {
                    bytes[2] = 4;
                    bytes[5..9].copy_from_slice(&address.octets());
                }
                IpAddr::V6(address) => {
                    bytes[2] = 6;
                    bytes[5..].copy_from_slice(&address.octets());
                }
            }
        }
        ring.push(storage, &bytes[..self.size()]);
        true
    }

    /// The head at the front of a ring.
    fn peek(ring: &Ring, storage: &[u8]) -> Option<Self> {
        let mut bytes = [0; MAX_HEAD];
        let count = ring.peek(storage, &mut bytes);
        if count < 3 {
            return None;
        }
        let length = u16::from_le_bytes([bytes[0], bytes[1]]).into();
        let port = u16::from_le_bytes([bytes[3], bytes[4]]);
        let [.., a, b, c, d] = bytes[..9] else { return None };
        let address = match bytes[2] {
            4 => Some(IpAddr::V4(Ipv4Addr::new(a, b, c, d))),
            6 => <[u8; 16]>::try_from(&bytes[5..]).ok().map(|octets| IpAddr::V6(Ipv6Addr::from(octets))),
            _ => None,
        };
        Some(Self { length, peer: address.map(|address| SocketAddr::new(address, port)) })
    }

    /// Takes the head at the front of a ring out.
    pub(super) fn pop(ring: &mut Ring, storage: &[u8]) -> Option<Self> {
        let head = Self::peek(ring, storage)?;
        ring.consume(storage, head.size());
        Some(head)
    }
}

impl Socket {
    /// The datagram that comes in will not be whole. It is as if it had never come.
    pub(super) const fn retract_datagram(&mut self) {
        self.received.retract(self.partial);
        self.partial = 0;
    }

    /// A datagram was lost on this side of the module.
    pub(super) const fn miss_datagram(&mut self) {
        self.dropped = self.dropped.wrapping_add(1);
    }

    /// Whether a connected socket has to hide what comes from here.
    fn is_foreign(&self, from: Option<SocketAddr>) -> bool {
        let (Some(remote), Some(from)) = (self.remote.get(), from) else { return false };
        let to_many = match remote.ip() {
            IpAddr::V4(address) => address.is_broadcast() || address.is_multicast(),
            IpAddr::V6(address) => address.is_multicast(),
        };
        // Some firmware does not know the sender.
        !(to_many || from.ip().is_unspecified() || (from.ip(), from.port()) == (remote.ip(), remote.port()))
    }
}

/// What the engine does for UDP only. It is reached through the first socket, so that programs without one do not carry
/// it.
pub(crate) struct Duties {
    pub(super) begin: fn(&mut Engine<'_>, usize, bool, u32, Option<SocketAddr>) -> bool,
    pub(super) begin_receive_type: fn(&mut Core) -> bool,
    pub(super) begin_send: fn(&mut Engine<'_>, usize, LinkId) -> bool,
    pub(super) sent: fn(&mut Engine<'_>, usize, Option<bool>),
}

/// See [`Core::datagrams`].
pub(crate) static DUTIES: Duties = Duties {
    begin: |engine, index, asked, length, from| engine.begin_datagram(index, asked, length, from),
    begin_receive_type: Core::begin_receive_type,
    begin_send: |engine, index, link| engine.begin_datagram_send(index, link),
    sent: |engine, index, success| engine.datagram_sent(index, success),
};

impl Engine<'_> {
    fn begin_datagram_send(&mut self, index: usize, link: LinkId) -> bool {
        let (socket, _, ring) = self.socket(index);
        let Some(head) = Head::pop(&mut socket.to_send, ring) else {
            // Nothing but whole datagrams is ever there.
            socket.sending = false;
            socket.to_send.clear();
            return false;
        };
        socket.outgoing = head.length;
        let Head { length, peer } = head;
        self.core.begin_own_line(Owner::Send(index as u8), self.core.config.command_timeout, |line| {
            line.name("AT+CIPSEND").number(link.into()).number(length as i64);
            if let Some(peer) = peer {
                line.address(peer.ip()).number(peer.port().into());
            }
        });
        self.core.expect_data(link, length);
        true
    }

    /// The command that sends a datagram has ended: `success` is `None` when there was no answer at all.
    fn datagram_sent(&mut self, index: usize, success: Option<bool>) {
        let gone = success == Some(false) && self.core.exchange.link_is_gone();
        let (socket, _, ring) = self.socket(index);
        // What the module did not want of it.
        socket.to_send.consume(ring, core::mem::take(&mut socket.outgoing));
        socket.sent(success == Some(true));
        socket.send_failed |= success != Some(true);
        socket.write_waker.wake();
        let generation = socket.generation;
        if gone {
            self.fail_link(index, generation, End::Reset);
        }
    }

    /// A datagram begins for this socket. Makes its record, or says that it has to be thrown away.
    ///
    /// Of one that was asked for, the line buffer may hold the sender.
    fn begin_datagram(&mut self, index: usize, asked: bool, length: u32, told: Option<SocketAddr>) -> bool {
        let from = if asked { receive_data_sender(&self.core.ingress.line) } else { told };
        let (socket, ring, _) = self.socket(index);
        if !socket.wants_data() || socket.is_foreign(from) {
            return false;
        }
        let head = Head { length: length as usize, peer: from };
        if !head.push(&mut socket.received, ring) {
            socket.miss_datagram();
            // It may have become readable that one was missed.
            socket.read_waker.wake();
            return false;
        }
        socket.partial = head.size();
        if length == 0 {
            self.end_datagram(index);
        }
        true
    }

    /// The datagram that came in is whole.
    pub(super) fn end_datagram(&mut self, index: usize) {
        let socket = &mut self.core.sockets[index];
        socket.partial = 0;
        socket.reading = false;
        socket.read_waker.wake();
    }

    /// The oldest datagram of a socket: as much as `buffer` takes of it. Gives its head.
    pub(crate) fn pop_datagram(&mut self, index: usize, buffer: &mut [u8]) -> Option<Head> {
        let (socket, ring, _) = self.socket(index);
        if socket.received.len() <= socket.partial {
            return None;
        }
        let head = Head::pop(&mut socket.received, ring)?;
        let wanted = head.length.min(buffer.len());
        socket.received.pop(ring, &mut buffer[..wanted]);
        socket.received.consume(ring, head.length - wanted);
        Some(head)
    }

    /// Bytes of the longest datagram that a socket can send to such a peer.
    pub(crate) fn datagram_limit(&mut self, index: usize, peer: Option<SocketAddr>) -> usize {
        let limit = self.core.profile().send_limit;
        let (_, _, ring) = self.socket(index);
        ring.len().saturating_sub(Head { length: 0, peer }.size()).min(limit)
    }

    /// Puts a datagram into the send ring, whole or not at all.
    pub(crate) fn push_datagram(
        &mut self,
        index: usize,
        data: &[u8],
        peer: Option<SocketAddr>,
    ) -> Result<bool, udp::Error> {
        if data.is_empty() {
            return Err(udp::Error::EmptyDatagram);
        }
        if data.len() > self.datagram_limit(index, peer) {
            return Err(udp::Error::DatagramTooLong);
        }
        let (socket, _, ring) = self.socket(index);
        let pushed = Head { length: data.len(), peer }.push(&mut socket.to_send, ring);
        if pushed {
            socket.to_send.push(ring, data);
            self.core.runner.wake();
        }
        Ok(pushed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_come_out_as_they_went_in() {
        let mut storage = [0; 64];
        let mut ring = Ring::new();
        let peers = [None, Some("1.2.3.4:65535".parse().unwrap()), Some("[fe80::1:2]:7".parse().unwrap())];
        for round in 0..300usize {
            let head = Head { length: round % 20, peer: peers[round % 3] };
            assert!(head.push(&mut ring, &mut storage));
            let data = [round as u8; 20];
            ring.push(&mut storage, &data[..head.length]);
            assert_eq!(Head::pop(&mut ring, &storage), Some(head));
            let mut out = [0; 20];
            assert_eq!(ring.pop(&storage, &mut out), head.length);
            assert_eq!(out[..head.length], data[..head.length]);
        }
        assert_eq!(Head::pop(&mut ring, &storage), None);
    }

    #[test]
    fn a_head_needs_room_for_its_datagram() {
        let mut storage = [0; 16];
        let mut ring = Ring::new();
        let peer = Some("1.2.3.4:5".parse().unwrap());
        assert!(!Head { length: 8, peer }.push(&mut ring, &mut storage));
        assert!(ring.is_empty());
        assert!(Head { length: 7, peer }.push(&mut ring, &mut storage));
        assert!(!Head { length: usize::from(u16::MAX) + 1, peer }.push(&mut Ring::new(), &mut [0; 70_000]));
    }
}
