//! Sockets and names with the traits of `embedded-nal`.

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embassy_time::Duration;
use embedded_hal::digital::OutputPin;
use embedded_io::{ErrorKind, Read, ReadReady, Write};
use embedded_nal::{
    AddrType, Dns, TcpClientStack, TcpError, TcpErrorKind, TcpFullStack, UdpClientStack, UdpFullStack, nb,
};

use super::{Clock, Modem, WaitError};
use crate::at::Encoder;
use crate::dialect::Driven;
use crate::engine::{Kind, LinkId};
use crate::net::handle::Opening;
use crate::net::{AddressKind, dns, listener, tcp, udp};
use crate::pins::NoPin;
use crate::resources::AccessExt;
use crate::runner::RunError;
use crate::serial::{FixedLine, PortLine};

/// How long what cannot say `WouldBlock` may take: a name, a server's start, a UDP socket.
const LIMIT: Duration = Duration::from_secs(30);

/// A [`Modem`] and a clock, with the traits of `embedded-nal`.
///
/// Each call polls the modem first, so that a program which does nothing but use its sockets makes progress; call
/// [`poll`](Self::poll) in a loop that has nothing else to do. `WouldBlock` means that there is nothing to do yet, in
/// [`connect`](TcpClientStack::connect), `send`, `receive` and `accept`. What the traits do not let say so waits for the
/// module: names (up to 20 s), UDP's `connect` and `bind`, and `listen` (all well under a second as a rule).
///
/// Several clients can share it as an `embedded_nal::SharableStack`.
///
/// A TCP socket that is dropped or closed sends what was written before, then closes, while the modem is polled.
/// `receive` tells the peer's close as an error of the kind `PipeClosed`, once all its data was read.
#[derive(Debug)]
pub struct Network<'a, D, S, C, R = NoPin, E = NoPin, L = FixedLine> {
    modem: Modem<'a, D, S, R, E, L>,
    clock: C,
}

/// An error of a [`Network`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// A connection's.
    Tcp(tcp::Error),
    /// The connection could not be made.
    Connect(tcp::ConnectError),
    /// The server could not be started.
    Bind(listener::BindError),
    /// A UDP socket's.
    Udp(udp::Error),
    /// The name has no address.
    Dns(dns::Error),
    /// The serial port is unusable.
    Serial(#[cfg_attr(feature = "defmt", defmt(Debug2Format))] ErrorKind),
    /// The serial port is closed.
    Closed,
    /// The module took too long.
    Timeout,
    /// The socket is not in the state for this: not connected, or connected already.
    WrongState,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(error) => error.fmt(f),
            Self::Connect(error) => error.fmt(f),
            Self::Bind(error) => error.fmt(f),
            Self::Udp(error) => error.fmt(f),
            Self::Dns(error) => error.fmt(f),
            Self::Serial(kind) => write!(f, "the serial port has failed: {kind:?}"),
            Self::Closed => f.write_str("the serial port is closed"),
            Self::Timeout => f.write_str("the module took too long"),
            Self::WrongState => f.write_str("the socket is not in the state for this"),
        }
    }
}

impl core::error::Error for Error {}

impl TcpError for Error {
    fn kind(&self) -> TcpErrorKind {
        match self {
            Self::Tcp(tcp::Error::ClosedByPeer | tcp::Error::NotConnected) => TcpErrorKind::PipeClosed,
            _ => TcpErrorKind::Other,
        }
    }
}

impl<E: embedded_io::Error> From<RunError<E>> for Error {
    fn from(error: RunError<E>) -> Self {
        match error {
            RunError::Serial(error) => Self::Serial(error.kind()),
            RunError::Closed => Self::Closed,
        }
    }
}

impl<E: embedded_io::Error> From<WaitError<E>> for Error {
    fn from(error: WaitError<E>) -> Self {
        match error {
            WaitError::Timeout => Self::Timeout,
            WaitError::Serial(error) => error.into(),
        }
    }
}

/// A TCP socket of a [`Network`]. Dropping it closes it, while the modem is polled.
#[derive(Debug)]
pub struct TcpSocket<'a>(TcpState<'a>);

#[derive(Debug)]
enum TcpState<'a> {
    New,
    Connecting(SocketAddr, Opening<'a>),
    Open(tcp::TcpSocket<'a>),
    Bound(u16),
    Listening(listener::TcpListener<'a>),
}

/// A UDP socket of a [`Network`]. Dropping it closes it, while the modem is polled.
#[derive(Debug)]
pub struct UdpSocket<'a>(Option<udp::UdpSocket<'a>>);

impl<'a> UdpSocket<'a> {
    fn open(&self) -> Result<&udp::UdpSocket<'a>, nb::Error<Error>> {
        self.0.as_ref().ok_or(nb::Error::Other(Error::WrongState))
    }
}

/// Polls a future once. Those used here lose nothing when they are dropped unfinished.
fn once<T, E>(future: impl Future<Output = Result<T, E>>, error: impl FnOnce(E) -> Error) -> nb::Result<T, Error> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result.map_err(|inner| nb::Error::Other(error(inner))),
        Poll::Pending => Err(nb::Error::WouldBlock),
    }
}

impl<'a, D, S, R, E, L> Modem<'a, D, S, R, E, L>
where
    D: Driven,
    S: Read + ReadReady + Write,
    R: OutputPin,
    E: OutputPin,
    L: PortLine<S>,
{
    /// Sockets and names with the traits of `embedded-nal`.
    #[must_use]
    pub const fn network<C: Clock>(self, clock: C) -> Network<'a, D, S, C, R, E, L> {
        Network { modem: self, clock }
    }
}

impl<'a, D, S, C, R, E, L> Network<'a, D, S, C, R, E, L>
where
    D: Driven,
    S: Read + ReadReady + Write,
    C: Clock,
    R: OutputPin,
    E: OutputPin,
    L: PortLine<S>,
{
    /// Lets the modem make progress. See [`Modem::poll`].
    ///
    /// # Errors
    /// When the serial port is unusable.
    pub fn poll(&mut self) -> Result<(), Error> {
        let now = self.clock.now();
        self.modem.poll(now)?;
        Ok(())
    }

    /// Runs a future of this crate to its end, with a limit. See [`Modem::run`].
    ///
    /// # Errors
    /// [`Error::Timeout`], and when the serial port is unusable.
    pub fn run<F: Future>(&mut self, limit: Duration, future: F) -> Result<F::Output, Error> {
        Ok(self.modem.run(&mut self.clock, limit, future)?)
    }

    /// The modem, for its handles.
    #[must_use]
    pub const fn modem(&self) -> &Modem<'a, D, S, R, E, L> {
        &self.modem
    }
}

impl<'a, D, S, C, R, E, L> TcpClientStack for Network<'a, D, S, C, R, E, L>
where
    D: Driven,
    S: Read + ReadReady + Write,
    C: Clock,
    R: OutputPin,
    E: OutputPin,
    L: PortLine<S>,
{
    type TcpSocket = TcpSocket<'a>;
    type Error = Error;

    fn socket(&mut self) -> Result<TcpSocket<'a>, Error> {
        Ok(TcpSocket(TcpState::New))
    }

    fn connect(&mut self, socket: &mut TcpSocket<'a>, remote: SocketAddr) -> nb::Result<(), Error> {
        self.poll()?;
        let (asked, opening) = match &mut socket.0 {
            TcpState::Connecting(asked, opening) => (asked, opening),
            TcpState::Open(_) | TcpState::Bound(_) | TcpState::Listening(_) => {
                return Err(nb::Error::Other(Error::WrongState));
            }
            TcpState::New => {
                if remote.port() == 0 || remote.ip().is_unspecified() {
                    return Err(nb::Error::Other(Error::Connect(tcp::ConnectError::InvalidAddress)));
                }
                let opening = Opening::new(self.modem.working.access, Kind::Stream, Some(remote));
                socket.0 = TcpState::Connecting(remote, opening);
                return TcpClientStack::connect(self, socket, remote);
            }
        };
        if *asked != remote {
            return Err(nb::Error::Other(Error::WrongState));
        }
        let mut context = Context::from_waker(Waker::noop());
        let encode = |link: LinkId, line: &mut Encoder<'_>| tcp::connect_line(link, remote, None, line);
        match opening.poll(&mut context, &encode) {
            Poll::Pending => Err(nb::Error::WouldBlock),
            Poll::Ready(Ok(handle)) => {
                socket.0 = TcpState::Open(tcp::TcpSocket::new(handle));
                Ok(())
            }
            Poll::Ready(Err(error)) => {
                socket.0 = TcpState::New;
                Err(nb::Error::Other(Error::Connect(error)))
            }
        }
    }

    fn send(&mut self, socket: &mut TcpSocket<'a>, buffer: &[u8]) -> nb::Result<usize, Error> {
        self.poll()?;
        let TcpState::Open(socket) = &mut socket.0 else { return Err(nb::Error::Other(Error::WrongState)) };
        once(socket.write(buffer), Error::Tcp)
    }

    fn receive(&mut self, socket: &mut TcpSocket<'a>, buffer: &mut [u8]) -> nb::Result<usize, Error> {
        self.poll()?;
        let TcpState::Open(socket) = &mut socket.0 else { return Err(nb::Error::Other(Error::WrongState)) };
        let room = buffer.len();
        match once(socket.read(buffer), Error::Tcp)? {
            0 if room > 0 => Err(nb::Error::Other(Error::Tcp(tcp::Error::ClosedByPeer))),
            count => Ok(count),
        }
    }

    fn close(&mut self, socket: TcpSocket<'a>) -> Result<(), Error> {
        drop(socket);
        self.poll()
    }
}

impl<'a, D, S, C, R, E, L> TcpFullStack for Network<'a, D, S, C, R, E, L>
where
    D: Driven,
    S: Read + ReadReady + Write,
    C: Clock,
    R: OutputPin,
    E: OutputPin,
    L: PortLine<S>,
{
    fn bind(&mut self, socket: &mut TcpSocket<'a>, local_port: u16) -> Result<(), Error> {
        if !matches!(socket.0, TcpState::New) {
            return Err(Error::WrongState);
        }
        socket.0 = TcpState::Bound(local_port);
        Ok(())
    }

    fn listen(&mut self, socket: &mut TcpSocket<'a>) -> Result<(), Error> {
        let TcpState::Bound(port) = socket.0 else { return Err(Error::WrongState) };
        let stack = self.modem.stack();
        let listener = self.run(LIMIT, listener::TcpListener::bind(stack, port))?.map_err(Error::Bind)?;
        socket.0 = TcpState::Listening(listener);
        Ok(())
    }

    fn accept(&mut self, socket: &mut TcpSocket<'a>) -> nb::Result<(TcpSocket<'a>, SocketAddr), Error> {
        self.poll()?;
        let TcpState::Listening(listener) = &socket.0 else { return Err(nb::Error::Other(Error::WrongState)) };
        let accepted = match once(listener.accept(), Error::Tcp) {
            // There is one, but the module has to be asked who it is.
            Err(nb::Error::WouldBlock)
                if self.modem.working.access.0.get(|engine| engine.core.next_client().is_some()) =>
            {
                self.run(LIMIT, listener.accept())?.map_err(|error| nb::Error::Other(Error::Tcp(error)))
            }
            accepted => accepted,
        };
        accepted.map(|(client, remote)| (TcpSocket(TcpState::Open(client)), remote))
    }
}

impl<'a, D, S, C, R, E, L> UdpClientStack for Network<'a, D, S, C, R, E, L>
where
    D: Driven,
    S: Read + ReadReady + Write,
    C: Clock,
    R: OutputPin,
    E: OutputPin,
    L: PortLine<S>,
{
    type UdpSocket = UdpSocket<'a>;
    type Error = Error;

    fn socket(&mut self) -> Result<UdpSocket<'a>, Error> {
        Ok(UdpSocket(None))
    }

    fn connect(&mut self, socket: &mut UdpSocket<'a>, remote: SocketAddr) -> Result<(), Error> {
        let stack = self.modem.stack();
        let opened = self.run(LIMIT, udp::UdpSocket::connect(stack, remote))?;
        socket.0 = Some(opened.map_err(Error::Connect)?);
        Ok(())
    }

    fn send(&mut self, socket: &mut UdpSocket<'a>, buffer: &[u8]) -> nb::Result<(), Error> {
        self.poll()?;
        once(socket.open()?.send(buffer), Error::Udp)
    }

    fn receive(&mut self, socket: &mut UdpSocket<'a>, buffer: &mut [u8]) -> nb::Result<(usize, SocketAddr), Error> {
        self.poll()?;
        once(socket.open()?.recv_from(buffer), Error::Udp)
    }

    fn close(&mut self, socket: UdpSocket<'a>) -> Result<(), Error> {
        drop(socket);
        self.poll()
    }
}

impl<'a, D, S, C, R, E, L> UdpFullStack for Network<'a, D, S, C, R, E, L>
where
    D: Driven,
    S: Read + ReadReady + Write,
    C: Clock,
    R: OutputPin,
    E: OutputPin,
    L: PortLine<S>,
{
    fn bind(&mut self, socket: &mut UdpSocket<'a>, local_port: u16) -> Result<(), Error> {
        let stack = self.modem.stack();
        let opened = self.run(LIMIT, udp::UdpSocket::bind(stack, local_port))?;
        socket.0 = Some(opened.map_err(Error::Connect)?);
        Ok(())
    }

    fn send_to(&mut self, socket: &mut UdpSocket<'a>, remote: SocketAddr, buffer: &[u8]) -> nb::Result<(), Error> {
        self.poll()?;
        once(socket.open()?.send_to(buffer, remote), Error::Udp)
    }
}

impl<D, S, C, R, E, L> Dns for Network<'_, D, S, C, R, E, L>
where
    D: Driven,
    S: Read + ReadReady + Write,
    C: Clock,
    R: OutputPin,
    E: OutputPin,
    L: PortLine<S>,
{
    type Error = Error;

    fn get_host_by_name(&mut self, hostname: &str, addr_type: AddrType) -> nb::Result<IpAddr, Error> {
        let kind = match addr_type {
            AddrType::IPv4 => AddressKind::Ipv4,
            AddrType::IPv6 => AddressKind::Ipv6,
            AddrType::Either => AddressKind::PreferIpv4,
        };
        let stack = self.modem.stack();
        let address = self.run(LIMIT, stack.resolve(hostname, kind))?;
        address.map_err(|error| nb::Error::Other(Error::Dns(error)))
    }

    fn get_host_by_address(&mut self, _: IpAddr, _: &mut [u8]) -> nb::Result<usize, Error> {
        Err(nb::Error::Other(Error::Dns(dns::Error::Unsupported)))
    }
}
