//! The TCP server.
//!
//! A module has one, and each of its clients takes one of the five links. A client gets a place in the socket table as
//! soon as the module announces it: its data is kept from then on, and [`TcpListener::accept`] gives it even if it has
//! closed again. With no place free (the `LINKS` of [`Resources`](crate::Resources)) its link is closed and counted
//! ([`TcpListener::rejected`]).
//!
//! # Which links are clients
//! The module numbers clients from the bottom, the driver its own connections from the top. Where they meet, the driver
//! tries another number. ESP-AT is told to announce links in detail (`AT+SYSMSG=2`, as long as it is not told
//! otherwise): its `+LINK_CONN` says who connected to whom, and the client's address. For other firmware, and where that
//! line is refused, a link that nobody here has asked for is a client; the driver asks the module for its address
//! (`AT+CIPSTATE?`, `AT+CIPSTATUS`), and closes what turns out to be none. The first data may tell the address, too.
//!
//! # Clients that come and go
//! When a client has closed, the module gives its link to the next one at once. A client that comes while a command for
//! the last one is on the line is sent away if it could get data that is not its own, and may be closed in place of
//! the last one. Once [`TcpSocket::close`] has returned, there is no such command any more. A server that lets its
//! clients keep their connection has the least of this.

use core::fmt;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::task::{Context, Poll};

use embassy_time::Duration;
use embedded_io_async::ErrorKind;

use super::handle::Handle;
use super::tcp::{Error, TcpSocket, command_kind};
use crate::command::{CommandError, ended_with_ok};
use crate::engine::{Engine, NOBODY, Outcome, ServerOptions, ServerState};
use crate::net::Stack;
use crate::resources::AccessExt;
use crate::runner::Shared;

/// Why a server could not be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum BindError {
    /// Port 0, or a setting out of its range.
    InvalidOption,
    /// There is a listener already, and a module has only one server.
    InUse,
    /// The firmware has no server for IPv6.
    Unsupported,
    /// A command failed: the module refused it, restarted, or does not answer.
    Command(CommandError),
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidOption => f.write_str("the port or another setting is out of its range"),
            Self::InUse => f.write_str("the module has only one server, and there is a listener already"),
            Self::Unsupported => f.write_str("the firmware has no server for IPv6"),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for BindError {}

impl BindError {
    pub(super) const fn kind(self) -> ErrorKind {
        match self {
            Self::InvalidOption => ErrorKind::InvalidInput,
            Self::InUse => ErrorKind::AddrInUse,
            Self::Unsupported => ErrorKind::Unsupported,
            Self::Command(error) => command_kind(error),
        }
    }
}

/// Settings of a server.
///
/// ```
/// use embassy_time::Duration;
/// use wifi_at::net::listener::ListenOptions;
/// let options = ListenOptions::new(80).max_clients(2).idle_timeout(Duration::from_secs(30));
/// # let _ = options;
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ListenOptions(ServerOptions);

impl ListenOptions {
    /// A server of IPv4 at this port, 1 to 65535, for as many clients as there are links and sockets.
    #[must_use]
    pub const fn new(port: u16) -> Self {
        Self(ServerOptions { port, ipv6: false, max_clients: None, idle_timeout: None })
    }

    /// Takes clients over IPv6, and no others (ESP-AT only, after `AT+CIPV6=1`).
    #[must_use]
    pub const fn ipv6(mut self) -> Self {
        self.0.ipv6 = true;
        self
    }

    /// Takes so many clients at once, 1 to 5 (`AT+CIPSERVERMAXCONN`, and by the driver where the firmware does not
    /// know that). Others are sent away. Leaves links for connections of one's own.
    #[must_use]
    pub const fn max_clients(mut self, clients: u8) -> Self {
        self.0.max_clients = Some(clients);
        self
    }

    /// The module closes a client that has been silent for so long (`AT+CIPSTO`): up to 7200 s in whole seconds; zero
    /// for never, by which dead clients may take all links. Without this it is the firmware's 180 s.
    #[must_use]
    pub fn idle_timeout(mut self, silence: Duration) -> Self {
        self.0.idle_timeout = Some(u16::try_from(silence.as_secs()).unwrap_or(u16::MAX));
        self
    }

    const fn are_valid(&self) -> bool {
        let ServerOptions { port, max_clients, idle_timeout, .. } = self.0;
        port != 0 && matches!(max_clients, None | Some(1..=5)) && matches!(idle_timeout, None | Some(0..=7200))
    }
}

impl From<u16> for ListenOptions {
    fn from(port: u16) -> Self {
        Self::new(port)
    }
}

/// The module's TCP server.
///
/// Dropping it stops the server, later, by the runner (`AT+CIPSERVER=0`). Clients that were accepted stay connected;
/// those that were not are closed.
#[derive(Debug)]
pub struct TcpListener<'a> {
    shared: Shared<'a>,
}

impl<'a> TcpListener<'a> {
    /// Starts the server at a port (`80`), or with [`ListenOptions`].
    ///
    /// Waits until the module is set up, and until the last server is stopped if its listener has just been dropped.
    /// Dropping the future stops what was started.
    ///
    /// # Errors
    /// See [`BindError`].
    pub async fn bind(stack: Stack<'a>, options: impl Into<ListenOptions>) -> Result<Self, BindError> {
        Self::start(stack.shared, options.into()).await
    }

    async fn start(shared: Shared<'a>, options: ListenOptions) -> Result<Self, BindError> {
        if !options.are_valid() {
            return Err(BindError::InvalidOption);
        }
        let access = shared.0;
        poll_fn(|context| access.poll(|engine| claim(engine, options.0, context))).await?;
        // From here on a dropped future stops the server.
        let listener = Self { shared };
        poll_fn(|context| access.poll(|engine| started(engine, context))).await?;
        Ok(listener)
    }

    /// Waits for a client, and gives its connection and its address, in the order of arrival.
    ///
    /// The address is `0.0.0.0:0` where the firmware did not tell it before the client had closed again, or where data
    /// that no ring has room for stands before the answer (on firmware that hands over data at once). Never times out by
    /// itself. If the future is dropped, no client is lost.
    ///
    /// # Errors
    /// [`Error::ConnectionReset`] once when the module has restarted, [`Error::NotConnected`] from then on: drop the
    /// listener and bind anew. Clients that were not accepted are gone then, and accepted ones have their own error.
    pub async fn accept(&self) -> Result<(TcpSocket<'a>, SocketAddr), Error> {
        let access = self.shared.0;
        let client = poll_fn(|context| access.poll(|engine| next_client(engine, context))).await?;
        let handle = Handle { shared: self.shared, index: client.index, generation: client.generation };
        Ok((TcpSocket::new(handle), client.remote))
    }

    /// Clients that were sent away since the start: there was no place for them, or a command for the last client of
    /// their link was still on the line. The number wraps around.
    #[must_use]
    pub fn rejected(&self) -> u32 {
        self.shared.0.get(|engine| engine.core.server.rejected)
    }
}

impl Drop for TcpListener<'_> {
    fn drop(&mut self) {
        self.shared.0.get(|engine| engine.core.release_server());
    }
}

fn claim(engine: &mut Engine<'_>, options: ServerOptions, context: &mut Context<'_>) -> Poll<Result<(), BindError>> {
    let core = &mut *engine.core;
    if options.ipv6 && !core.profile().ipv6_server {
        return Poll::Ready(Err(BindError::Unsupported));
    }
    if core.claim_server(options) {
        return Poll::Ready(Ok(()));
    }
    if core.server.held {
        return Poll::Ready(Err(BindError::InUse));
    }
    // The last one is being stopped.
    core.server.waker.register(context.waker());
    Poll::Pending
}

fn started(engine: &mut Engine<'_>, context: &mut Context<'_>) -> Poll<Result<(), BindError>> {
    let server = &mut engine.core.server;
    if let Some(outcome) = server.take_failure() {
        let error = ended_with_ok(outcome).err().unwrap_or(CommandError::Timeout);
        return Poll::Ready(Err(BindError::Command(error)));
    }
    if server.state == ServerState::On {
        return Poll::Ready(Ok(()));
    }
    server.waker.register(context.waker());
    Poll::Pending
}

struct Client {
    index: usize,
    generation: u16,
    remote: SocketAddr,
}

fn next_client(engine: &mut Engine<'_>, context: &mut Context<'_>) -> Poll<Result<Client, Error>> {
    let core = &mut *engine.core;
    if core.server.state != ServerState::On {
        let reset = matches!(core.server.take_failure(), Some(Outcome::Reset | Outcome::Silent));
        return Poll::Ready(Err(if reset { Error::ConnectionReset } else { Error::NotConnected }));
    }
    // Where data without room stands before the answer to the question who it is, only an accepted client can be read.
    let held_up = core.is_held_up();
    if let Some(index) = core.next_client() {
        let socket = &mut core.sockets[index];
        if !socket.remote.is_none() || socket.link.is_none() || held_up {
            socket.arrival = None;
            let remote = socket.remote.get().unwrap_or(NOBODY);
            return Poll::Ready(Ok(Client { index, generation: socket.generation, remote }));
        }
    }
    core.server.waker.register(context.waker());
    Poll::Pending
}
