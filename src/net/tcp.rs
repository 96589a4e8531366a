//! TCP sockets.
//!
//! A socket's data lies in two rings. What the module has received is fetched into one as room allows, and what is
//! written waits in the other until the module takes it, many small writes at once. Both go on without the user's
//! futures, which may be dropped at any time.
//!
//! The firmware can close a connection only as a whole: there is no half-close.

use core::fmt;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::task::{Context, Poll};

use embassy_time::{Duration, WithTimeout};
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};

use crate::at::Encoder;
use crate::command::tcpip::{ConnectTcp, TcpRemote};
use crate::command::{Command, CommandError, End as CommandEnd, Link, ended_with_ok};
use crate::engine::{End, Engine, LinkId, Phase, Reason, Socket};
use crate::exchange::{Request, exchange};
use crate::net::Stack;
use crate::resources::AccessExt;
use crate::runner::Shared;

/// How long after `OK` the module may still announce the link.
const LATE_CONNECT: Duration = Duration::from_secs(1);

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
    DataLost,
    /// The socket is closed, or its error has been reported before.
    NotConnected,
    /// A connection could not be made. Only `embedded_nal_async` gives this one, as it has one error for all.
    Connect(ConnectError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConnectionReset => "the connection was reset",
            Self::ClosedByPeer => "the peer has closed the connection",
            Self::SendFailed => "the module could not send",
            Self::DataLost => "received bytes were lost",
            Self::NotConnected => "the socket is not connected",
            Self::Connect(error) => return error.fmt(f),
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
            Self::DataLost => ErrorKind::InvalidData,
            Self::NotConnected => ErrorKind::NotConnected,
            Self::Connect(error) => error.kind(),
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
    /// The command itself failed.
    Command(CommandError),
}

impl ConnectError {
    const fn kind(self) -> ErrorKind {
        match self {
            Self::InvalidAddress => ErrorKind::InvalidInput,
            Self::NoFreeSocket => ErrorKind::OutOfMemory,
            Self::Failed => ErrorKind::ConnectionRefused,
            Self::Command(CommandError::Timeout | CommandError::ModuleSilent) => ErrorKind::TimedOut,
            Self::Command(CommandError::ModuleReset) => ErrorKind::ConnectionReset,
            Self::Command(_) => ErrorKind::Other,
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidAddress => f.write_str("no host can have this address and port"),
            Self::NoFreeSocket => f.write_str("all sockets are in use"),
            Self::Failed => f.write_str("the host refused the connection or cannot be reached"),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ConnectError {}

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

/// A place in the socket table, good for one connection only.
#[derive(Debug)]
struct Handle<'a> {
    shared: Shared<'a>,
    index: usize,
    generation: u16,
}

impl<'a> TcpSocket<'a> {
    /// Connects to `remote`.
    ///
    /// Waits while all sockets are taken but one is about to become free, then for the module: up to 60 s for a host
    /// that does not answer. If the future is dropped, a connection that comes about all the same is closed.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(stack: Stack<'a>, remote: SocketAddr) -> Result<Self, ConnectError> {
        if remote.port() == 0 || remote.ip().is_unspecified() {
            return Err(ConnectError::InvalidAddress);
        }
        // The module may still have a link that the driver knows nothing of; once that is closed there is a second try.
        match Self::try_connect(stack, remote).await {
            Err(ConnectError::Command(CommandError::Refused(refusal)))
                if refusal.reason == Some(Reason::AlreadyConnected) =>
            {
                Self::try_connect(stack, remote).await
            }
            result => result,
        }
        .map_err(|error| match error {
            ConnectError::Command(CommandError::Refused(_)) => ConnectError::Failed,
            error => error,
        })
    }

    async fn try_connect(stack: Stack<'a>, remote: SocketAddr) -> Result<Self, ConnectError> {
        let access = stack.shared.0;
        let claim = |engine: &mut Engine<'_>, context: &mut Context<'_>| match engine.core.claim(Some(remote)) {
            Some(place) => Poll::Ready(Ok(place)),
            None if engine.core.will_have_room() => {
                engine.core.waiters.register(context.waker());
                Poll::Pending
            }
            None => Poll::Ready(Err(ConnectError::NoFreeSocket)),
        };
        let (index, generation, link) = poll_fn(|context| access.poll(|engine| claim(engine, context))).await?;
        let mut attempt = Attempt { shared: stack.shared, index, over: false };
        let result = attempt.run(link, remote).await;
        if result.is_ok() {
            attempt.over = true;
        }
        result.map(|()| TcpSocket { handle: Handle { shared: stack.shared, index, generation } })
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
    /// # Errors
    /// The cause once, then [`Error::NotConnected`].
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.handle.flush().await
    }

    /// Sends what was written, closes the connection and waits until the module has done so.
    ///
    /// If the future is dropped, the runner goes on with it.
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

    /// Where the connection goes.
    #[must_use]
    pub fn remote_address(&self) -> Option<SocketAddr> {
        self.handle.shared.0.get(|engine| engine.core.sockets[self.handle.index].remote)
    }
}

/// A connect under way. Dropped before its end, it undoes what it did.
struct Attempt<'a> {
    shared: Shared<'a>,
    index: usize,
    over: bool,
}

impl Attempt<'_> {
    async fn run(&self, link: LinkId, remote: SocketAddr) -> Result<(), ConnectError> {
        let access = self.shared.0;
        let command = ConnectTcp {
            link: Link::Id(link),
            remote: TcpRemote { address: remote.ip() },
            port: remote.port(),
            keep_alive: None,
        };
        let encode = |line: &mut Encoder<'_>| command.encode("AT+CIPSTART", line);
        let request = Request {
            encode: &encode,
            line_end: true,
            timeout: ConnectTcp::TIMEOUT,
            connecting: Some(self.index),
            end: CommandEnd::Ok,
            data: &[],
            takes_data: false,
        };
        let ended = match exchange(access, &request, &mut |_| {}).await {
            Ok(ended) => ended,
            Err(error) => return Err(ConnectError::Command(error.into())),
        };
        ended_with_ok(ended.outcome).map_err(ConnectError::Command)?;
        let index = self.index;
        let open = poll_fn(|context| {
            access.poll(|engine| {
                let socket = &mut engine.core.sockets[index];
                match socket.phase {
                    Phase::Connecting => {
                        socket.write_waker.register(context.waker());
                        Poll::Pending
                    }
                    // Closed before it was ever open, though accepted: a failed handshake.
                    Phase::Ended if !socket.accepted => Poll::Ready(false),
                    // It may have been closed again by now; what was received can be read.
                    _ => Poll::Ready(true),
                }
            })
        });
        match open.with_timeout(LATE_CONNECT).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(ConnectError::Failed),
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.shared.0.get(|engine| engine.core.give_up_connect(self.index));
        }
    }
}

impl Handle<'_> {
    /// Looks at the socket, or fails if the handle is stale.
    fn poll<T>(&self, f: impl FnOnce(&mut Engine<'_>) -> Poll<Result<T, Error>>) -> Poll<Result<T, Error>> {
        self.shared.0.poll(|engine| {
            if engine.core.sockets[self.index].generation == self.generation {
                f(engine)
            } else {
                Poll::Ready(Err(Error::NotConnected))
            }
        })
    }

    async fn read(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        if buffer.is_empty() {
            return Ok(0);
        }
        poll_fn(|context| self.poll(|engine| read(engine, self.index, buffer, context))).await
    }

    async fn write(&self, bytes: &[u8]) -> Result<usize, Error> {
        if bytes.is_empty() {
            return Ok(0);
        }
        poll_fn(|context| self.poll(|engine| write(engine, self.index, bytes, context))).await
    }

    async fn flush(&self) -> Result<(), Error> {
        poll_fn(|context| {
            self.poll(|engine| {
                let socket = &mut engine.core.sockets[self.index];
                // A peer that closes after it was sent everything has not stopped anything.
                let sent = socket.to_send.is_empty() && !socket.sending;
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

    /// Waits until the module has no link for the socket any more.
    async fn ended(&self) {
        // A stale handle's connection has ended long ago.
        let _ = poll_fn(|context| {
            self.poll(|engine| {
                let socket = &mut engine.core.sockets[self.index];
                if matches!(socket.phase, Phase::Ended | Phase::Free) {
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
    socket.read_waker.register(context.waker());
    if !socket.reading {
        socket.reading = true;
        engine.core.runner.wake();
    }
    Poll::Pending
}

fn write(engine: &mut Engine<'_>, index: usize, bytes: &[u8], context: &mut Context<'_>) -> Poll<Result<usize, Error>> {
    let (socket, _, ring) = engine.socket(index);
    match socket.phase {
        Phase::Ended => return Poll::Ready(Err(socket.ended_error())),
        Phase::Draining => return Poll::Ready(Err(Error::ClosedByPeer)),
        _ if socket.closing => return Poll::Ready(Err(Error::NotConnected)),
        _ => {}
    }
    let count = socket.to_send.push(ring, bytes);
    if count > 0 {
        engine.core.runner.wake();
        return Poll::Ready(Ok(count));
    }
    socket.write_waker.register(context.waker());
    Poll::Pending
}

impl Drop for Handle<'_> {
    fn drop(&mut self) {
        self.shared.0.get(|engine| {
            let socket: &mut Socket = &mut engine.core.sockets[self.index];
            if socket.generation == self.generation {
                socket.held = false;
                socket.closing = true;
                socket.release_if_unused();
            }
            engine.core.waiters.wake();
            engine.core.runner.wake();
        });
    }
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
