//! TCP sockets.
//!
//! A socket's data lies in two rings. What the module has received is fetched into one as room allows, and what is
//! written waits in the other until the module takes it, many small writes at once. Both go on without the user's
//! futures, which may be dropped at any time.
//!
//! The firmware can close a connection only as a whole: there is no half-close.

use core::fmt;
use core::future::{Future, poll_fn};
use core::net::SocketAddr;
use core::task::{Context, Poll};

use embassy_time::Duration;
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};

use super::handle::{Handle, Opening};
use super::links;
use super::listener::BindError;
use crate::at::Encoder;
use crate::command::tcpip::{ConnectTcp, SetTcpOptions, TcpOptions, TcpRemote};
use crate::command::{Command, CommandError, Link};
use crate::control::send;
use crate::engine::{End, Engine, Kind, LONG_SEND_DUTIES, LinkId, Phase};
use crate::net::Stack;
use crate::resources::AccessExt;

/// Why a socket can not be used further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// The module restarted or lost the connection. Reported once.
    ConnectionReset,
    /// The peer has closed, and nothing can be written any more.
    ClosedByPeer,
    /// The module could not send. How much of it the peer got is unknown, so that the connection was closed.
    /// Reported once.
    SendFailed,
    /// Received bytes were lost between module and driver, so that the connection was closed. Reported once.
    DataLost {
        /// So many bytes are known to be missing. After an overrun of the UART nobody can know how many it lost, and
        /// this is 1 for the connection whose data was coming in. It is 0 for all others whose data comes without being
        /// asked for: whole packets of theirs may have been lost with their heads.
        at_least: u32,
    },
    /// The socket is closed, or its error has been reported before.
    NotConnected,
    /// A connection could not be made. Only `embedded_nal_async` and `edge_nal` give this one, as they have one error for
    /// all.
    Connect(ConnectError),
    /// A server could not be started. Only `edge_nal` gives this one.
    Bind(BindError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DataLost { at_least } => return write!(f, "received bytes were lost, at least {at_least}"),
            Self::ConnectionReset => "the connection was reset",
            Self::ClosedByPeer => "the peer has closed the connection",
            Self::SendFailed => "the module could not send",
            Self::NotConnected => "the socket is not connected",
            Self::Connect(error) => return error.fmt(f),
            Self::Bind(error) => return error.fmt(f),
        })
    }
}

impl core::error::Error for Error {}

impl embedded_io_async::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::ConnectionReset => ErrorKind::ConnectionReset,
            Self::ClosedByPeer => ErrorKind::BrokenPipe,
            Self::SendFailed => ErrorKind::ConnectionAborted,
            Self::DataLost { .. } => ErrorKind::InvalidData,
            Self::NotConnected => ErrorKind::NotConnected,
            Self::Connect(error) => error.kind(),
            Self::Bind(error) => error.kind(),
        }
    }
}

/// Why a connection could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConnectError {
    /// Port 0, or an address that no host has.
    InvalidAddress,
    /// All sockets are in use: see the `LINKS` of [`Resources`](crate::Resources).
    NoFreeSocket,
    /// The module could not connect: the host refused, did not answer, or cannot be reached. The firmware does not
    /// say which.
    Failed,
    /// The firmware has no such option. Nothing was sent.
    Unsupported,
    /// The command itself failed.
    Command(CommandError),
}

impl ConnectError {
    pub(super) const fn kind(self) -> ErrorKind {
        match self {
            Self::InvalidAddress => ErrorKind::InvalidInput,
            Self::NoFreeSocket => ErrorKind::OutOfMemory,
            Self::Failed => ErrorKind::ConnectionRefused,
            Self::Unsupported => ErrorKind::Unsupported,
            Self::Command(error) => command_kind(error),
        }
    }
}

/// The kind of a failed command.
pub(super) const fn command_kind(error: CommandError) -> ErrorKind {
    match error {
        CommandError::Timeout | CommandError::ModuleSilent => ErrorKind::TimedOut,
        CommandError::ModuleReset => ErrorKind::ConnectionReset,
        _ => ErrorKind::Other,
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidAddress => f.write_str("no host can have this address and port"),
            Self::NoFreeSocket => f.write_str("all sockets are in use"),
            Self::Failed => f.write_str("the host refused the connection or cannot be reached"),
            Self::Unsupported => f.write_str("the firmware has no such option"),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ConnectError {}

/// Why the module's own address is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum AddressError {
    /// The socket has no link any more.
    NotConnected,
    /// The module has no address of this kind: IPv4 or IPv6.
    NoAddress,
    /// The command itself failed.
    Command(CommandError),
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected => f.write_str("the socket is not connected"),
            Self::NoAddress => f.write_str("the module has no address"),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for AddressError {}

/// Settings of a connection. What is not set is as the firmware likes it.
///
/// ```
/// use embassy_time::Duration;
/// use wifi_at::net::tcp::ConnectOptions;
/// let options = ConnectOptions::new().keep_alive(Duration::from_secs(60)).no_delay(true);
/// # let _ = options;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConnectOptions {
    keep_alive: Option<u16>,
    rest: TcpOptions,
}

/// Whole seconds, at least 1.
pub(super) fn seconds(duration: Duration) -> u16 {
    u16::try_from(duration.as_secs().max(1)).unwrap_or(u16::MAX)
}

impl ConnectOptions {
    /// No setting at all.
    #[must_use]
    pub const fn new() -> Self {
        let rest = TcpOptions { linger: None, no_delay: None, send_timeout: None, keep_alive: None };
        Self { keep_alive: None, rest }
    }

    /// Probes the peer after so much silence: 1 s to 7200 s, in whole seconds. Better not below 60 s. A peer that does
    /// not answer three probes is gone. All firmware has this.
    #[must_use]
    pub fn keep_alive(mut self, silence: Duration) -> Self {
        self.keep_alive = Some(seconds(silence));
        self
    }

    /// Whether small pieces are sent at once, rather than collected until the peer has acknowledged what was sent
    /// before (`AT+CIPTCPOPT`: ESP-AT only).
    #[must_use]
    pub const fn no_delay(mut self, on: bool) -> Self {
        self.rest.no_delay = Some(on);
        self
    }

    /// How long the module tries to send before it fails the socket, in milliseconds (`AT+CIPTCPOPT`: ESP-AT only).
    /// 5 s to 10 s suit where keep-alive is off. [`Config::send_timeout`](crate::Config::send_timeout) must be longer.
    #[must_use]
    pub fn send_timeout(mut self, timeout: Duration) -> Self {
        self.rest.send_timeout = Some(u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX));
        self
    }

    /// How long closing waits for data to be sent, in whole seconds (`AT+CIPTCPOPT`: ESP-AT only). The module answers
    /// no command in this time.
    #[must_use]
    pub fn linger(mut self, time: Duration) -> Self {
        self.rest.linger = Some(i16::try_from(seconds(time)).unwrap_or(i16::MAX));
        self
    }
}

/// Writes the command that connects.
pub(crate) fn connect_line(link: LinkId, remote: SocketAddr, keep_alive: Option<u16>, line: &mut Encoder<'_>) {
    let host = TcpRemote { address: remote.ip() };
    let command = ConnectTcp { link: Link::Id(link), remote: host, port: remote.port(), keep_alive };
    command.encode("AT+CIPSTART", line);
}

/// A TCP connection.
///
/// Dropping it closes the connection, later, by the runner: what was written before is still sent. See
/// [`abort`](Self::abort) for the other way.
#[derive(Debug)]
pub struct TcpSocket<'a> {
    handle: Handle<'a>,
}

/// The receiving half of a [`TcpSocket`].
#[derive(Debug)]
pub struct TcpReader<'s> {
    handle: &'s Handle<'s>,
}

/// The sending half of a [`TcpSocket`].
#[derive(Debug)]
pub struct TcpWriter<'s> {
    handle: &'s Handle<'s>,
}

impl TcpReader<'_> {
    /// As [`TcpSocket::readable`].
    pub async fn readable(&mut self) {
        self.handle.readable().await;
    }
}

impl<'a> TcpSocket<'a> {
    pub(crate) const fn new(handle: Handle<'a>) -> Self {
        Self { handle }
    }

    /// Connects to `remote`, with the module's own settings.
    ///
    /// Waits while all sockets are taken but one is about to become free, then for the module: up to 60 s for a host
    /// that does not answer. If the future is dropped, a connection that comes about all the same is closed.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(stack: Stack<'a>, remote: SocketAddr) -> Result<Self, ConnectError> {
        Self::open(stack, remote, None).await
    }

    /// Connects to `remote` with these settings. Otherwise as [`connect`](Self::connect).
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect_with(
        stack: Stack<'a>,
        remote: SocketAddr,
        options: ConnectOptions,
    ) -> Result<Self, ConnectError> {
        let rest = options.rest;
        if remote.port() == 0 || remote.ip().is_unspecified() {
            return Err(ConnectError::InvalidAddress);
        }
        if rest == TcpOptions::default() {
            return Self::open(stack, remote, options.keep_alive).await;
        }
        let Some(command) = stack.shared.0.get(|engine| engine.core.profile().tcp_options) else {
            return Err(ConnectError::Unsupported);
        };
        let socket = Self::open(stack, remote, options.keep_alive).await?;
        let link = socket.handle.link().ok_or(ConnectError::Failed)?;
        let options = SetTcpOptions { link: Link::Id(link), options: rest };
        send(stack.shared, &options, command).await.map_err(ConnectError::Command)?;
        Ok(socket)
    }

    /// One future for all of it: each `async` around it would have its own state.
    fn open(
        stack: Stack<'a>,
        remote: SocketAddr,
        keep_alive: Option<u16>,
    ) -> impl Future<Output = Result<Self, ConnectError>> {
        let mut opening = Opening::new(stack.shared, Kind::Stream, Some(remote));
        poll_fn(move |context| {
            if remote.port() == 0 || remote.ip().is_unspecified() {
                return Poll::Ready(Err(ConnectError::InvalidAddress));
            }
            let encode = |link: LinkId, line: &mut Encoder<'_>| connect_line(link, remote, keep_alive, line);
            opening.poll(context, &encode).map_ok(|handle| Self { handle })
        })
    }

    /// Splits the socket, so that one task can read while another writes.
    #[must_use]
    pub fn split(&mut self) -> (TcpReader<'_>, TcpWriter<'_>) {
        (TcpReader { handle: &self.handle }, TcpWriter { handle: &self.handle })
    }

    /// Reads what is there, and waits if nothing is. `Ok(0)` means that the peer has closed and all its data was read.
    ///
    /// Never times out by itself. Dropping the future loses no byte.
    ///
    /// # Errors
    /// The cause once, then [`Error::NotConnected`]. Data that arrived before the error is given first.
    pub async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.handle.read(buffer).await
    }

    /// Writes as much as the send ring takes, and waits if it is full. The bytes are sent without [`flush`](Self::flush).
    ///
    /// Dropping the future before it is ready has written nothing.
    ///
    /// # Errors
    /// The cause once, then [`Error::NotConnected`].
    pub async fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        self.handle.write(bytes).await
    }

    /// Waits until the module has taken all bytes (`SEND OK`). The peer need not have received them yet.
    ///
    /// On firmware that hands over received data at once it does not wait for a confirmation that stands behind data
    /// for which no ring has room: the same task may have to read that data first.
    ///
    /// # Errors
    /// The cause once, then [`Error::NotConnected`].
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.handle.flush().await
    }

    /// Waits until [`read`](Self::read) would give something at once: data, the end, or an error. Reads nothing.
    ///
    /// Never times out by itself. Dropping the future loses nothing.
    pub async fn readable(&mut self) {
        self.handle.readable().await;
    }

    /// Declares that nothing more will be written, and waits until the module has taken what was. Reading goes on.
    ///
    /// The firmware can close a connection only as a whole: the peer is not told before [`close`](Self::close) or the
    /// socket's end. Dropping the future leaves the socket closed for writing.
    ///
    /// # Errors
    /// As [`flush`](Self::flush). Later writes fail with [`Error::NotConnected`].
    pub async fn shutdown(&mut self) -> Result<(), Error> {
        self.handle.shared.0.get(|engine| engine.core.sockets[self.handle.index].write_closed = true);
        self.handle.flush().await
    }

    /// Sends what was written, closes the connection and waits until the module has done so.
    ///
    /// What comes from the peer meanwhile, or waits in the module, is thrown away; what the driver has can be read. If
    /// the future is dropped, the runner goes on with it.
    ///
    /// # Errors
    /// If not all bytes could be sent. The socket is closed all the same.
    pub async fn close(&mut self) -> Result<(), Error> {
        self.handle.shared.0.get(|engine| {
            engine.core.sockets[self.handle.index].closing = true;
            engine.core.runner.wake();
        });
        let flushed = self.handle.flush().await;
        self.handle.ended().await;
        match flushed {
            // Whatever it was, the peer closed first: nothing is lost on this side.
            Err(Error::ClosedByPeer) => Ok(()),
            flushed => flushed,
        }
    }

    /// Closes at once: what was written and not sent is thrown away.
    pub fn abort(self) {
        self.handle.shared.0.get(|engine| engine.core.sockets[self.handle.index].aborting = true);
    }

    /// As [`abort`](Self::abort), and waits until the module has closed.
    #[cfg(feature = "edge-nal")]
    pub(super) async fn abort_and_wait(&mut self) {
        self.handle.shared.0.get(|engine| {
            let socket = &mut engine.core.sockets[self.handle.index];
            (socket.aborting, socket.closing) = (true, true);
            engine.core.runner.wake();
        });
        self.handle.ended().await;
    }

    /// Where the connection goes.
    ///
    /// For a client of a [`TcpListener`](super::listener::TcpListener) it is what the module said, `None` if it said
    /// nothing.
    #[must_use]
    pub fn remote_address(&self) -> Option<SocketAddr> {
        let remote = self.handle.shared.0.get(|engine| engine.core.sockets[self.handle.index].remote.get());
        remote.filter(|remote| !remote.ip().is_unspecified())
    }

    /// Asks the module for its own end of the connection. Dropping the future is safe.
    ///
    /// # Errors
    /// See [`AddressError`].
    pub async fn local_address(&self) -> Result<SocketAddr, AddressError> {
        let link = self.handle.link().ok_or(AddressError::NotConnected)?;
        links::local_address(self.handle.shared, link).await
    }
}

impl Handle<'_> {
    /// As [`Handle::look`], with the error of a stale handle.
    fn poll<T>(&self, f: impl FnMut(&mut Engine<'_>) -> Poll<Result<T, Error>>) -> Poll<Result<T, Error>> {
        self.look(Error::NotConnected, f)
    }

    async fn read(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        if buffer.is_empty() {
            return Ok(0);
        }
        poll_fn(|context| self.poll(|engine| read(engine, self.index, buffer, context))).await
    }

    pub(super) async fn readable(&self) {
        let readable = |engine: &mut Engine<'_>, context: &mut Context<'_>| {
            let socket = &mut engine.core.sockets[self.index];
            if socket.closing || socket.phase == Phase::Ended || !socket.received.is_empty() {
                return Poll::Ready(Ok(()));
            }
            engine.wait_for_data(self.index, context);
            Poll::Pending
        };
        // A stale handle's error is there at once.
        let _ = poll_fn(|context| self.poll(|engine| readable(engine, context))).await;
    }

    async fn write(&self, bytes: &[u8]) -> Result<usize, Error> {
        if bytes.is_empty() {
            return Ok(0);
        }
        poll_fn(|context| self.poll(|engine| write(engine, self.index, bytes, false, context))).await
    }

    /// Lets the module know how much is to come, where it can make use of that.
    async fn write_all(&self, mut bytes: &[u8]) -> Result<(), Error> {
        self.shared.0.get(|engine| engine.core.long_send_duties = Some(&LONG_SEND_DUTIES));
        let promise = Promise(self);
        while !bytes.is_empty() {
            let written =
                poll_fn(|context| self.poll(|engine| write(engine, self.index, bytes, true, context))).await?;
            bytes = &bytes[written..];
        }
        // All of it is kept.
        core::mem::forget(promise);
        Ok(())
    }

    async fn flush(&self) -> Result<(), Error> {
        poll_fn(|context| {
            self.poll(|engine| {
                let stuck = engine.core.is_confirmation_stuck(self.index);
                let socket = &mut engine.core.sockets[self.index];
                // A peer that closes after it was sent everything has not stopped anything.
                let sent = socket.to_send.is_empty() && (!socket.sending || stuck);
                match (socket.phase, socket.end) {
                    (Phase::Ended, End::Peer | End::Local) if socket.sending => {}
                    (Phase::Ended, End::Local) if !socket.unsent && socket.closing => return Poll::Ready(Ok(())),
                    (Phase::Ended, End::Peer) if !socket.unsent => return Poll::Ready(Ok(())),
                    (Phase::Ended, _) => return Poll::Ready(Err(socket.ended_error())),
                    _ if sent => return Poll::Ready(Ok(())),
                    // The peer takes nothing any more.
                    (Phase::Draining, _) if !socket.sending => return Poll::Ready(Err(Error::ClosedByPeer)),
                    _ => {}
                }
                socket.write_waker.register(context.waker());
                Poll::Pending
            })
        })
        .await
    }

    /// Waits until the module has no link for the socket any more, and no command runs that could act on the next one
    /// with its ID.
    async fn ended(&self) {
        // A stale handle's connection has ended long ago.
        let _ = poll_fn(|context| {
            self.poll(|engine| {
                let runs = engine.core.running_socket() == Some(self.index);
                let socket = &mut engine.core.sockets[self.index];
                if matches!(socket.phase, Phase::Ended | Phase::Free) && !runs {
                    return Poll::Ready(Ok(()));
                }
                socket.write_waker.register(context.waker());
                Poll::Pending
            })
        })
        .await;
    }
}

fn read(
    engine: &mut Engine<'_>,
    index: usize,
    buffer: &mut [u8],
    context: &mut Context<'_>,
) -> Poll<Result<usize, Error>> {
    let (socket, ring, _) = engine.socket(index);
    let count = socket.received.pop(ring, buffer);
    if count > 0 {
        // There is room now: for data that waits in the module, or for the ingress.
        engine.core.runner.wake();
        return Poll::Ready(Ok(count));
    }
    if socket.phase == Phase::Ended {
        return Poll::Ready(match socket.end {
            End::Peer => Ok(0),
            _ => Err(socket.ended_error()),
        });
    }
    if socket.closing {
        return Poll::Ready(Err(Error::NotConnected));
    }
    engine.wait_for_data(index, context);
    Poll::Pending
}

/// That a writer has more to write. Dropped, it has not.
struct Promise<'h>(&'h Handle<'h>);

impl Drop for Promise<'_> {
    fn drop(&mut self) {
        let _ = self.0.poll(|engine| {
            engine.core.sockets[self.0.index].promised = 0;
            engine.core.runner.wake();
            Poll::Ready(Ok(()))
        });
    }
}

/// `whole`: what there is no room for now will be written as soon as there is.
fn write(
    engine: &mut Engine<'_>,
    index: usize,
    bytes: &[u8],
    whole: bool,
    context: &mut Context<'_>,
) -> Poll<Result<usize, Error>> {
    let (socket, _, ring) = engine.socket(index);
    match socket.phase {
        Phase::Ended => return Poll::Ready(Err(socket.ended_error())),
        Phase::Draining => return Poll::Ready(Err(Error::ClosedByPeer)),
        _ if socket.closing || socket.write_closed => return Poll::Ready(Err(Error::NotConnected)),
        _ => {}
    }
    let count = socket.to_send.push(ring, bytes);
    socket.promised = if whole { bytes.len() - count } else { 0 };
    if count > 0 {
        engine.core.runner.wake();
        return Poll::Ready(Ok(count));
    }
    socket.write_waker.register(context.waker());
    Poll::Pending
}

macro_rules! io_traits {
    (read $type:ident, $life:lifetime) => {
        impl<$life> Read for $type<$life> {
            async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
                self.handle.read(buffer).await
            }
        }
    };
    (write $type:ident, $life:lifetime) => {
        impl<$life> Write for $type<$life> {
            async fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
                self.handle.write(bytes).await
            }

            async fn write_all(&mut self, bytes: &[u8]) -> Result<(), Error> {
                self.handle.write_all(bytes).await
            }

            async fn flush(&mut self) -> Result<(), Error> {
                self.handle.flush().await
            }
        }
    };
    ($type:ident: $($kind:ident)+) => {
        impl ErrorType for $type<'_> {
            type Error = Error;
        }
        $(io_traits!($kind $type, 'a);)+
    };
}

io_traits!(TcpSocket: read write);
io_traits!(TcpReader: read);
io_traits!(TcpWriter: write);
