//! Passthrough: the whole serial line for one TCP connection.
//!
//! Without counted sends and without messages, it is the fastest way for one stream, at the price of everything else:
//! as long as it lasts, no command can be sent, and the module tells nothing. All firmware has it.

use core::fmt;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::task::Poll;

use embedded_io_async::{ErrorType, Read, Write};

use super::Stack;
use super::handle::Opening;
use super::tcp::{ConnectError, Error, TcpReader, TcpSocket, TcpWriter};
use crate::at::Encoder;
use crate::command::tcpip::{ConnectTcp, TcpRemote};
use crate::command::{Command, CommandError, End, Parameter, ended_with_ok};
use crate::engine::{Kind, LinkId, Passthrough as State, Piece, Span};
use crate::exchange::{Request, exchange};
use crate::resources::AccessExt;
use crate::runner::Shared;

/// Why passthrough could not be entered or left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PassthroughError {
    /// There are sockets or a server, or the user has sent commands that make links: close them first, as passthrough
    /// needs the module for itself. Nothing was sent.
    InUse,
    /// The connection could not be made, or a command of the way in or out has failed.
    Connect(ConnectError),
}

impl From<CommandError> for PassthroughError {
    fn from(error: CommandError) -> Self {
        Self::Connect(ConnectError::Command(error))
    }
}

impl fmt::Display for PassthroughError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse => f.write_str("sockets or a server are open, and passthrough needs the module for itself"),
            Self::Connect(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for PassthroughError {}

/// A TCP connection that has the serial line for itself.
///
/// - Sockets that are opened and commands that are sent meanwhile wait until it is left.
/// - The module does not tell that the peer has closed: it tries to connect again by itself, in silence. There is no end
///   of the data, so that a protocol on it needs one of its own.
/// - A module that restarts prints its start-up text among the data. [`leave`](Self::leave) notices it.
/// - Data goes out as it is. Three `+` that are written alone, with silence around them, would end passthrough behind the
///   driver's back: do not write them so.
/// - Without RTS/CTS both sides must be as fast as the line, or bytes are lost unnoticed.
///
/// Dropping it leaves passthrough, later, by the runner: what was written before is still sent, and what was received
/// and not read is thrown away.
#[derive(Debug)]
pub struct Passthrough<'a> {
    socket: TcpSocket<'a>,
    way_back: WayBack<'a>,
}

/// Leaves passthrough, from wherever on the way it is dropped.
#[derive(Debug)]
struct WayBack<'a>(Shared<'a>);

impl Drop for WayBack<'_> {
    fn drop(&mut self) {
        self.0.0.get(|engine| engine.core.leave_passthrough());
    }
}

impl<'a> Passthrough<'a> {
    /// Connects to `remote` over TCP and enters passthrough.
    ///
    /// Waits for sockets that are being closed, and for the module: up to 60 s for a host that does not answer. If the
    /// future is dropped, the module is led back to commands.
    ///
    /// # Errors
    /// [`PassthroughError::InUse`] while there are sockets, a listener, or links of the user's own making.
    pub async fn enter(stack: Stack<'a>, remote: SocketAddr) -> Result<Self, PassthroughError> {
        if remote.port() == 0 || remote.ip().is_unspecified() {
            return Err(PassthroughError::Connect(ConnectError::InvalidAddress));
        }
        let shared = stack.shared;
        let access = shared.0;
        let place = poll_fn(|context| access.poll(|engine| engine.core.begin_passthrough(remote, context))).await;
        let place = place.ok_or(PassthroughError::InUse)?;
        let way_back = WayBack(shared);
        let mut opening = Opening::at(shared, Kind::Passthrough, place);
        tell(shared, End::Ok, &|line| _ = line.name("AT+CIPMUX").number(0)).await?;
        // What has arrived before the last command would wait for ever otherwise.
        if let Some(name) = access.get(|engine| engine.core.passive_command()) {
            tell(shared, End::Ok, &|line| _ = line.name(name).number(0)).await?;
        }
        let encode = |_: LinkId, line: &mut Encoder<'_>| {
            TcpRemote { address: remote.ip() }.encode(line.name("AT+CIPSTART"));
            line.number(remote.port().into());
        };
        let opened = poll_fn(|context| opening.poll(context, &encode)).await;
        let socket = TcpSocket::new(opened.map_err(PassthroughError::Connect)?);
        tell(shared, End::Ok, &|line| _ = line.name("AT+CIPMODE").number(1)).await?;
        tell(shared, End::Prompt, &|line| _ = line.name("AT+CIPSEND")).await?;
        Ok(Self { socket, way_back })
    }

    /// Splits the connection, so that one task can read while another writes.
    #[must_use]
    pub fn split(&mut self) -> (TcpReader<'_>, TcpWriter<'_>) {
        self.socket.split()
    }

    /// Sends what was written, leaves passthrough, closes the connection and waits until commands can be sent again.
    ///
    /// What was received and not read is thrown away. It takes the silences that the firmware needs around `+++`: a bit
    /// over 1 s, 2 s with the WizFi360. If the future is dropped, the runner goes on with it.
    ///
    /// # Errors
    /// If the module has restarted meanwhile, or does not answer. The driver sets it up again in both cases.
    pub async fn leave(self) -> Result<(), PassthroughError> {
        let Self { socket, way_back } = self;
        let access = way_back.0.0;
        drop(way_back);
        drop(socket);
        let troubles = || {
            access.get(|engine| {
                let core = &*engine.core;
                let silences = core.counters.silences.wrapping_add(core.failed_attempts);
                (core.counters.resets.wrapping_add(core.counters.requested_resets), silences)
            })
        };
        let before = troubles();
        let back = |context: &mut core::task::Context<'_>| {
            access.poll(|engine| {
                let core = &mut *engine.core;
                let silences = core.counters.silences.wrapping_add(core.failed_attempts);
                if (core.is_up() && core.passthrough == State::Off) || silences != before.1 {
                    return Poll::Ready(());
                }
                core.waiters.register(context.waker());
                Poll::Pending
            })
        };
        poll_fn(back).await;
        match troubles() {
            (resets, _) if resets != before.0 => Err(CommandError::ModuleReset.into()),
            (_, silences) if silences != before.1 => Err(CommandError::ModuleSilent.into()),
            _ => Ok(()),
        }
    }
}

impl ErrorType for Passthrough<'_> {
    type Error = Error;
}

impl Read for Passthrough<'_> {
    /// Reads what is there, and waits if nothing is. There is no end of the data. Dropping the future loses no byte.
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.socket.read(buffer).await
    }
}

impl Write for Passthrough<'_> {
    /// Writes as much as the send ring takes, and waits if it is full. Dropping the future before it is ready has written
    /// nothing.
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        self.socket.write(bytes).await
    }

    /// Waits until all bytes have gone to the serial port. What becomes of them the module does not tell.
    async fn flush(&mut self) -> Result<(), Error> {
        self.socket.flush().await
    }
}

async fn tell(shared: Shared<'_>, end: End, encode: &dyn Fn(&mut Encoder<'_>)) -> Result<(), CommandError> {
    let timeout = const { Span::of(ConnectTcp::TIMEOUT) };
    let request = Request {
        encode: &encode,
        line_end: true,
        timeout,
        connecting: None,
        end,
        takes_data: false,
        counter: None,
        data: &[],
    };
    let ended = exchange(shared.0, &request, &mut |_: Piece<'_>| {}).await?;
    ended_with_ok(ended.outcome)
}
