//! UDP sockets.
//!
//! Datagrams keep their borders and their senders. Those that come in wait in the socket's receive ring, each behind
//! a head of 9 bytes (21 with IPv6); one that finds no room is dropped whole and counted ([`UdpSocket::dropped`]), so
//! that a slow reader holds up nobody else. Those that go out wait in the send ring, and become one
//! `AT+CIPSEND=<link>,<length>,"<address>",<port>` each, in the order in which they were written.
//!
//! # Limits
//! - A datagram has 1 byte at least, as no firmware sends an empty one, and 2048 at most (the limit of one
//!   `AT+CIPSEND`), and must fit into the send ring with its head: see [`UdpSocket::max_datagram`]. What is longer than
//!   the network's packets (1472 bytes, 1452 with IPv6) needs a firmware and a network that carry fragments.
//! - Firmware hands over at most 2920 bytes at once (`ESP-AT 3.3.33`): of a longer datagram each part looks like one.
//! - IPv6 works on ESP-AT only, after `AT+CIPV6=1`.
//! - No firmware joins multicast groups. Multicast and broadcast addresses can be sent to.
//!
//! # How datagrams are received
//! In passive receive mode, which TCP sockets use, some firmware runs datagrams together, cuts them, and forgets who
//! sent them. So a link of UDP is switched to active receive (`AT+CIPRECVTYPE=<link>,0`) before it is opened, and back
//! when it is closed. Firmware that has only one mode for all links (`AT+CIPRECVMODE=<mode>`) is switched to active
//! receive as a whole while there is a UDP socket: TCP data then comes unasked, and a TCP socket whose ring is full
//! stops the serial line (RTS/CTS is advised) until it is read. If the module refuses to switch, each answer to
//! `AT+CIPRECVDATA` is taken for one datagram, and borders are as good as the firmware's.

use core::fmt;
use core::future::poll_fn;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::task::{Context, Poll};

use embedded_io_async::ErrorKind;

use super::handle::Handle;
use super::links;
use super::tcp::{self, AddressError, ConnectError};
use crate::at::Encoder;
use crate::engine::{DATAGRAM_DUTIES, Engine, Head, Kind, LinkId, Phase};
use crate::net::Stack;
use crate::resources::AccessExt;

/// Why a datagram could not be sent or received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// The module restarted or lost the link. Reported once.
    ConnectionReset,
    /// The socket is closed, or its error has been reported before.
    NotConnected,
    /// Longer than [`UdpSocket::max_datagram`]. Nothing was sent.
    DatagramTooLong,
    /// No firmware sends a datagram without data. Nothing was sent.
    EmptyDatagram,
    /// Port 0, an address that no host has, or IPv6 on a socket of IPv4 or the other way round. Nothing was sent.
    InvalidAddress,
    /// The socket is not connected, and no peer was named. Nothing was sent.
    NoPeer,
    /// The module could not send a datagram since this was last reported: no route, no memory, or no answer.
    SendFailed,
    /// The buffer is too short for the datagram, of which the rest is lost.
    Truncated,
    /// The socket could not be opened. Only `embedded_nal_async` and `edge_nal` give this one, as they have one error
    /// for all.
    Open(ConnectError),
    /// The module's own address is not known. Only `embedded_nal_async` and `edge_nal` give this one.
    LocalAddress(AddressError),
    /// No firmware joins multicast groups. Only `edge_nal` gives this one.
    Unsupported,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConnectionReset => "the module lost the socket",
            Self::NotConnected => "the socket is closed",
            Self::DatagramTooLong => "the datagram is too long",
            Self::EmptyDatagram => "the datagram is empty",
            Self::InvalidAddress => "no datagram can be sent to or from this address",
            Self::NoPeer => "the socket has no peer",
            Self::SendFailed => "the module could not send",
            Self::Truncated => "the buffer is too short for the datagram",
            Self::Unsupported => "no firmware joins multicast groups",
            Self::Open(error) => return error.fmt(f),
            Self::LocalAddress(error) => return error.fmt(f),
        })
    }
}

impl core::error::Error for Error {}

impl embedded_io_async::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::ConnectionReset => ErrorKind::ConnectionReset,
            Self::NotConnected | Self::NoPeer => ErrorKind::NotConnected,
            Self::DatagramTooLong | Self::EmptyDatagram | Self::InvalidAddress => ErrorKind::InvalidInput,
            Self::Truncated => ErrorKind::InvalidData,
            Self::Unsupported => ErrorKind::Unsupported,
            Self::Open(error) => error.kind(),
            Self::SendFailed | Self::LocalAddress(_) => ErrorKind::Other,
        }
    }
}

/// A UDP socket.
///
/// Dropping it closes it, later, by the runner: datagrams that were written before are still sent. What was received
/// and not read is lost.
///
/// A socket outlives the loss of the access point, as the module says nothing of it: what is sent meanwhile fails
/// ([`Error::SendFailed`]). It fails when the module says that there is no such link.
///
/// A connected socket sends to its peer, and hears nobody else. A peer that is a multicast or broadcast
/// (255.255.255.255) address stands for many: then the socket hears all that the module gives.
#[derive(Debug)]
pub struct UdpSocket<'a> {
    handle: Handle<'a>,
    local: SocketAddr,
}

impl<'a> UdpSocket<'a> {
    /// Opens a socket that sends to `remote` and receives from there, with a port of the driver's choice (49152 to
    /// 65535).
    ///
    /// Waits while all sockets are taken but one is about to become free, then for the module: up to 5 s or so. If the
    /// future is dropped, a link that comes about all the same is closed.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(stack: Stack<'a>, remote: SocketAddr) -> Result<Self, ConnectError> {
        Self::connect_from(stack, 0, remote).await
    }

    /// As [`connect`](Self::connect), from a certain port; 0 leaves the choice to the driver.
    ///
    /// # Errors
    /// See [`ConnectError`]. [`ConnectError::Failed`] also means that another socket has the port.
    pub async fn connect_from(stack: Stack<'a>, local_port: u16, remote: SocketAddr) -> Result<Self, ConnectError> {
        if remote.port() == 0 || remote.ip().is_unspecified() {
            return Err(ConnectError::InvalidAddress);
        }
        Self::open(stack, local_port, remote.is_ipv6(), Some(remote)).await
    }

    /// Opens a socket without a peer at a port of IPv4; 0 leaves the choice to the driver (49152 to 65535).
    ///
    /// Otherwise as [`connect`](Self::connect).
    ///
    /// # Errors
    /// See [`ConnectError`]. [`ConnectError::Failed`] also means that another socket has the port.
    pub async fn bind(stack: Stack<'a>, local_port: u16) -> Result<Self, ConnectError> {
        Self::open(stack, local_port, false, None).await
    }

    /// As [`bind`](Self::bind), at a port of IPv6 (ESP-AT only, after `AT+CIPV6=1`).
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub async fn bind_ipv6(stack: Stack<'a>, local_port: u16) -> Result<Self, ConnectError> {
        Self::open(stack, local_port, true, None).await
    }

    async fn open(
        stack: Stack<'a>,
        local_port: u16,
        ipv6: bool,
        remote: Option<SocketAddr>,
    ) -> Result<Self, ConnectError> {
        let port = match local_port {
            0 => stack.shared.0.get(|engine| engine.core.ephemeral_port()),
            port => port,
        };
        stack.shared.0.get(|engine| engine.core.datagrams = Some(&DATAGRAM_DUTIES));
        let anybody = if ipv6 { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
        // A peer that stays, or whoever has sent last.
        let (peer, mode) = remote.map_or((SocketAddr::new(anybody, port), 2), |remote| (remote, 0));
        let encode = |link: LinkId, line: &mut Encoder<'_>| {
            line.name("AT+CIPSTART").number(link.into()).string(if ipv6 { "UDPv6" } else { "UDP" });
            line.address(peer.ip()).number(peer.port().into()).number(port.into()).number(mode);
        };
        let handle = Handle::open(stack.shared, Kind::Datagram, remote, &encode).await?;
        Ok(Self { handle, local: SocketAddr::new(anybody, port) })
    }

    /// Sends a datagram to the peer of a connected socket: waits for room in the send ring, and has then taken it
    /// whole. That the module has sent it is what [`flush`](Self::flush) waits for; whether it arrives nobody knows.
    ///
    /// Dropping the future before it is ready has sent nothing.
    ///
    /// # Errors
    /// See [`Error`]. [`Error::NoPeer`] on a socket that is not connected.
    pub async fn send(&self, data: &[u8]) -> Result<(), Error> {
        self.send_record(data, None).await
    }

    /// Sends a datagram to any peer. Otherwise as [`send`](Self::send).
    ///
    /// A connected socket can do this, too, but will not hear the answer.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn send_to(&self, data: &[u8], remote: SocketAddr) -> Result<(), Error> {
        if remote.port() == 0 || remote.ip().is_unspecified() || remote.is_ipv6() != self.local.is_ipv6() {
            return Err(Error::InvalidAddress);
        }
        self.send_record(data, Some(remote)).await
    }

    async fn send_record(&self, data: &[u8], peer: Option<SocketAddr>) -> Result<(), Error> {
        poll_fn(|context| self.poll(|engine| send(engine, self.handle.index, data, peer, context))).await
    }

    /// Waits until the module has sent all datagrams, or could not.
    ///
    /// # Errors
    /// [`Error::SendFailed`] if a datagram could not be sent since this was last asked; which one is not known.
    pub async fn flush(&self) -> Result<(), Error> {
        poll_fn(|context| self.poll(|engine| flush(engine, self.handle.index, context))).await
    }

    /// Waits for a datagram. Gives its length.
    ///
    /// Never times out by itself. Dropping the future loses none.
    ///
    /// # Errors
    /// See [`Error`]. With [`Error::Truncated`] as much as fits is in `buffer`, and the rest is lost.
    pub async fn recv(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.recv_from(buffer).await.map(|(length, _)| length)
    }

    /// Waits for a datagram. Gives its length and its sender.
    ///
    /// Where the firmware does not tell the sender, it is the peer of a connected socket, and `0.0.0.0:0` or `[::]:0`
    /// otherwise. Never times out by itself. Dropping the future loses none.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub async fn recv_from(&self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), Error> {
        let (length, sender) = self.receive(buffer).await?;
        if length > buffer.len() { Err(Error::Truncated) } else { Ok((length, sender)) }
    }

    /// The same, with the true length of a datagram that was cut.
    pub(super) async fn receive(&self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), Error> {
        let nobody = SocketAddr::new(self.local.ip(), 0);
        let (head, remote) =
            poll_fn(|context| self.poll(|engine| receive(engine, self.handle.index, buffer, context))).await?;
        let sender = head.peer.filter(|peer| !peer.ip().is_unspecified());
        Ok((head.length, sender.or(remote).unwrap_or(nobody)))
    }

    /// Waits until [`recv`](Self::recv) would give something at once: a datagram or an error. Reads nothing.
    ///
    /// Never times out by itself. Dropping the future loses nothing.
    pub async fn readable(&self) {
        self.handle.readable().await;
    }

    /// Sends what was written, closes the socket and waits until the module has done so.
    ///
    /// If the future is dropped, the runner goes on with it.
    ///
    /// # Errors
    /// As [`flush`](Self::flush). The socket is closed all the same.
    pub async fn close(self) -> Result<(), Error> {
        let result = self.flush().await;
        self.handle.shared.0.get(|engine| {
            engine.core.sockets[self.handle.index].closing = true;
            engine.core.runner.wake();
        });
        let ended = |engine: &mut Engine<'_>, context: &mut Context<'_>| {
            let socket = &mut engine.core.sockets[self.handle.index];
            if !socket.is_live() {
                return Poll::Ready(Ok(()));
            }
            socket.write_waker.register(context.waker());
            Poll::Pending
        };
        // A stale handle's link has ended long ago.
        let _ = poll_fn(|context| self.poll(|engine| ended(engine, context))).await;
        result
    }

    /// Datagrams that came for this socket and are lost, since it was opened: there was no room in the receive ring, or
    /// the serial line lost a part of them. The number wraps around. What the module itself loses it does not tell.
    #[must_use]
    pub fn dropped(&self) -> u32 {
        self.handle.shared.0.get(|engine| engine.core.sockets[self.handle.index].dropped)
    }

    /// Bytes of the longest datagram that can be sent with [`send_to`](Self::send_to): as much as the send ring and one
    /// command of the firmware take. [`send`](Self::send) may take a few bytes more.
    #[must_use]
    pub fn max_datagram(&self) -> usize {
        self.handle.shared.0.get(|engine| engine.datagram_limit(self.handle.index, Some(self.local)))
    }

    /// The module's port.
    #[must_use]
    pub const fn local_port(&self) -> u16 {
        self.local.port()
    }

    /// The peer of a connected socket.
    #[must_use]
    pub fn remote_address(&self) -> Option<SocketAddr> {
        self.handle.shared.0.get(|engine| engine.core.sockets[self.handle.index].remote.get())
    }

    /// Asks the module for its address. Dropping the future is safe.
    ///
    /// # Errors
    /// See [`AddressError`].
    pub async fn local_address(&self) -> Result<SocketAddr, AddressError> {
        let address = links::own_address(self.handle.shared, self.local.is_ipv6()).await?;
        Ok(SocketAddr::new(address, self.local.port()))
    }

    /// The module's end as far as the socket knows it.
    pub(super) const fn local(&self) -> SocketAddr {
        self.local
    }

    pub(super) const fn set_local(&mut self, local: SocketAddr) {
        self.local = local;
    }

    fn poll<T>(&self, f: impl FnMut(&mut Engine<'_>) -> Poll<Result<T, Error>>) -> Poll<Result<T, Error>> {
        self.handle.look(Error::NotConnected, f)
    }
}

/// The error of a socket that has ended.
fn ended(engine: &mut Engine<'_>, index: usize) -> Option<Error> {
    let socket = &mut engine.core.sockets[index];
    if socket.is_live() {
        return socket.closing.then_some(Error::NotConnected);
    }
    Some(match socket.ended_error() {
        tcp::Error::ConnectionReset => Error::ConnectionReset,
        _ => Error::NotConnected,
    })
}

fn send(
    engine: &mut Engine<'_>,
    index: usize,
    data: &[u8],
    peer: Option<SocketAddr>,
    context: &mut Context<'_>,
) -> Poll<Result<(), Error>> {
    if let Some(error) = ended(engine, index) {
        return Poll::Ready(Err(error));
    }
    if peer.is_none() && engine.core.sockets[index].remote.is_none() {
        return Poll::Ready(Err(Error::NoPeer));
    }
    match engine.push_datagram(index, data, peer) {
        Err(error) => Poll::Ready(Err(error)),
        Ok(true) => Poll::Ready(Ok(())),
        Ok(false) => {
            engine.core.sockets[index].write_waker.register(context.waker());
            Poll::Pending
        }
    }
}

fn flush(engine: &mut Engine<'_>, index: usize, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
    let socket = &mut engine.core.sockets[index];
    if socket.phase == Phase::Ended {
        return Poll::Ready(ended(engine, index).map_or(Ok(()), Err));
    }
    if socket.sending || !socket.to_send.is_empty() {
        socket.write_waker.register(context.waker());
        return Poll::Pending;
    }
    let failed = core::mem::take(&mut socket.send_failed);
    Poll::Ready(if failed { Err(Error::SendFailed) } else { Ok(()) })
}

fn receive(
    engine: &mut Engine<'_>,
    index: usize,
    buffer: &mut [u8],
    context: &mut Context<'_>,
) -> Poll<Result<(Head, Option<SocketAddr>), Error>> {
    if let Some(head) = engine.pop_datagram(index, buffer) {
        return Poll::Ready(Ok((head, engine.core.sockets[index].remote.get())));
    }
    if let Some(error) = ended(engine, index) {
        return Poll::Ready(Err(error));
    }
    engine.wait_for_data(index, context);
    Poll::Pending
}
