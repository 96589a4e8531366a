//! TLS by the module: connections that the module encrypts.
//!
//! | Firmware | checks the server | shows a certificate | names, protocols, keys | links at a time |
//! |---|---|---|---|---|
//! | [`EspAt`](crate::dialect::EspAt) | yes | yes | yes | several, as memory goes |
//! | [`Esp8266Idf`](crate::dialect::Esp8266Idf) | yes | yes | no | 1 |
//! | [`Esp8266Nonos`](crate::dialect::Esp8266Nonos) | yes | yes | no | 1 |
//! | [`Esp32V1`](crate::dialect::Esp32V1) | no | no | no | 1 |
//! | [`WizFi360`](crate::dialect::WizFi360) | no | no | no | 1 |
//!
//! Certificates and keys are in the module's flash, put there with the firmware or, on ESP-AT, by `AT+SYSMFG`
//! (`ESP-AT 3.1.22`).
//!
//! TLS on this side of the module needs none of that: a [`TcpSocket`] is what embedded-tls and its like want. It costs
//! the host memory and time, and the serial line sees nothing but ciphertext.

use core::fmt;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::ops::{Deref, DerefMut};
use core::task::{Context, Poll};

use embassy_time::Duration;
use embedded_io_async::{ErrorType, Read, Write};

use super::Stack;
use super::handle::{Opening, Place, claim};
use super::tcp::{ConnectError, Error, TcpSocket, seconds};
use crate::at::Encoder;
use crate::command::basic::QueryTimestamp;
use crate::command::tcpip::{
    AlpnProtocols, LinkSslAuthentication, QueryTime, SecretHex, SetSslAuthenticationInFull, SetSslCertificates,
    SetSslCommonName, SetSslPreSharedKeyBytes, SetSslProtocols, SetSslServerName, SslAuthentication,
    SslCertificateSetting, SslCertificates,
};
use crate::command::{Command, CommandError, End, Link, Parameter, Record, ended_with_ok};
use crate::control::send;
use crate::dialect::{Tls, TlsAuthentication};
use crate::engine::{Engine, Kind, LinkId, MAX_LINKS, Piece, Reason, Refusal, Span};
use crate::exchange::{Request, Sink, exchange};
use crate::resources::AccessExt;
use crate::runner::Shared;

/// Largest buffer that firmware with such a setting has. Records of a server must fit into it.
const BUFFER: i64 = 4096;

/// A clock that shows less was not set: 2001-09-09.
const EARLIEST: u32 = 1_000_000_000;

/// Why a TLS connection could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TlsError {
    /// The module's clock is not set, so that no certificate is valid yet: turn SNTP on (`AT+CIPSNTPCFG`) and wait for
    /// it. Nothing was connected.
    ClockNotSet,
    /// The firmware cannot check a server's certificate, and
    /// [`without_verification`](TlsOptions::without_verification) was not chosen. Nothing was sent.
    CannotVerify,
    /// The firmware lacks an option that was chosen. Nothing was sent.
    Unsupported,
    /// The firmware can have one TLS connection at a time, and there is one. Nothing was sent.
    OneAtATime,
    /// The connection was made and closed again before it was open: the handshake has failed.
    HandshakeFailed,
    /// The module could not connect, for a reason that it does not tell beyond this: the host refused or cannot be
    /// reached, or the handshake has failed, be it the server's certificate, its name, its protocols, the module's own
    /// certificate, or a lack of memory.
    Failed(Refusal),
    /// As for TCP.
    Connect(ConnectError),
}

impl From<ConnectError> for TlsError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}

impl From<CommandError> for TlsError {
    fn from(error: CommandError) -> Self {
        Self::Connect(ConnectError::Command(error))
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClockNotSet => f.write_str("the module's clock is not set, so that no certificate can be checked"),
            Self::CannotVerify => f.write_str("the firmware cannot check a server's certificate"),
            Self::Unsupported => f.write_str("the firmware lacks an option of TLS that was chosen"),
            Self::OneAtATime => f.write_str("the firmware can have only one TLS connection at a time"),
            Self::HandshakeFailed => f.write_str("the TLS handshake has failed"),
            Self::Failed(refusal) => {
                f.write_str("the host cannot be reached or the TLS handshake has failed")?;
                match refusal.code {
                    Some(code) => write!(f, ", error code {code}"),
                    None => Ok(()),
                }
            }
            Self::Connect(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for TlsError {}

/// How a TLS connection is made, and who has to prove who he is.
///
/// Unless told otherwise, the server has to: its certificate must be signed by authority 0 in the module's flash.
///
/// ```
/// use wifi_at::net::tls::TlsOptions;
/// let options = TlsOptions::new().server_name("example.org").protocols(&["http/1.1"]);
/// # let _ = options;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TlsOptions<'a> {
    /// Number of the authority that the server's certificate is checked with.
    authority: Option<u8>,
    client_certificate: Option<u8>,
    server_name: &'a str,
    common_name: Option<&'a str>,
    protocols: &'a [&'a str],
    /// Key and hint.
    key: Option<(SecretHex<'a>, &'a str)>,
    keep_alive: Option<u16>,
}

impl Default for TlsOptions<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> TlsOptions<'a> {
    /// The server's certificate is checked with authority 0, and its name is not.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            authority: Some(0),
            client_certificate: None,
            server_name: "",
            common_name: None,
            protocols: &[],
            key: None,
            keep_alive: None,
        }
    }

    /// Which authority in the module's flash must have signed the server's certificate, from 0 on. Numbers other than 0
    /// need ESP-AT or ESP8266 IDF.
    #[must_use]
    pub const fn authority(mut self, number: u8) -> Self {
        self.authority = Some(number);
        self
    }

    /// Takes any server for the right one: what is sent is encrypted, but perhaps for somebody in between. Firmware that
    /// cannot check certificates has nothing else.
    #[must_use]
    pub const fn without_verification(mut self) -> Self {
        self.authority = None;
        self
    }

    /// Shows the server the module's own certificate with this number, from 0 on. Numbers other than 0 need ESP-AT or
    /// ESP8266 IDF.
    #[must_use]
    pub const fn client_certificate(mut self, number: u8) -> Self {
        self.client_certificate = Some(number);
        self
    }

    /// Asks for the server of this name (SNI), up to 64 bytes, and expects it in the certificate where that is checked.
    /// ESP-AT only.
    #[must_use]
    pub const fn server_name(mut self, name: &'a str) -> Self {
        self.server_name = name;
        self
    }

    /// Expects this name in the server's certificate, up to 64 bytes, if it is another than the
    /// [`server_name`](Self::server_name). Empty: any name. ESP-AT only.
    #[must_use]
    pub const fn common_name(mut self, name: &'a str) -> Self {
        self.common_name = Some(name);
        self
    }

    /// Offers these protocols (ALPN), up to five. ESP-AT only.
    #[must_use]
    pub const fn protocols(mut self, names: &'a [&'a str]) -> Self {
        self.protocols = names;
        self
    }

    /// A key that both sides know, 1 to 32 bytes, with a hint of which it is, up to 32 bytes. ESP-AT only.
    ///
    /// Where it takes the place of certificates, choose [`without_verification`](Self::without_verification), too.
    #[must_use]
    pub const fn pre_shared_key(mut self, key: &'a [u8], hint: &'a str) -> Self {
        self.key = Some((SecretHex(key), hint));
        self
    }

    /// As [`ConnectOptions::keep_alive`](super::tcp::ConnectOptions::keep_alive).
    #[must_use]
    pub fn keep_alive(mut self, silence: Duration) -> Self {
        self.keep_alive = Some(seconds(silence));
        self
    }

    /// Whether the firmware can do all this.
    fn check(&self, tls: &Tls, ipv6: bool) -> Result<(), TlsError> {
        if self.authority.is_some() && tls.authentication.is_none() {
            return Err(TlsError::CannotVerify);
        }
        let other = |number: Option<u8>| number.is_some_and(|number| number > 0);
        let numbers = other(self.authority) || other(self.client_certificate);
        let certificates = match tls.authentication {
            Some(TlsAuthentication::Link(_)) => true,
            Some(TlsAuthentication::Module(_)) => !numbers,
            None => self.client_certificate.is_none(),
        };
        let expects = self.common_name.is_some_and(|name| !name.is_empty());
        if !certificates || (self.has_names() || expects) && !tls.names || ipv6 && !tls.ipv6 {
            return Err(TlsError::Unsupported);
        }
        Ok(())
    }

    /// The name that the server's certificate must have.
    const fn expected_name(&self) -> &'a str {
        match self.common_name {
            _ if self.authority.is_none() => "",
            Some(name) => name,
            None => self.server_name,
        }
    }

    /// Whether the module's settings for a new link would not do.
    const fn has_names(&self) -> bool {
        !self.server_name.is_empty()
            || !self.expected_name().is_empty()
            || !self.protocols.is_empty()
            || self.key.is_some()
    }

    const fn authentication(&self) -> SslAuthentication {
        match (self.client_certificate, self.authority) {
            (None, None) => SslAuthentication::Nobody,
            (Some(_), None) => SslAuthentication::Client,
            (None, Some(_)) => SslAuthentication::Server,
            (Some(_), Some(_)) => SslAuthentication::Both,
        }
    }

    const fn certificates(&self) -> SslCertificates {
        // Both words are for the same bits.
        SslCertificates::from_bits(self.authentication() as u8)
    }
}

/// A TCP connection with TLS by the module.
///
/// It is used as a [`TcpSocket`], which it gives access to: short reads, `Ok(0)` at the end, halves for two tasks,
/// closing. The driver sees and counts plain bytes only.
#[derive(Debug)]
pub struct TlsSocket<'a>(TcpSocket<'a>);

impl<'a> TlsSocket<'a> {
    /// Connects to `remote` and waits for the handshake: up to 90 s for a host that does not answer.
    ///
    /// What the module is told about the link is told before the connection is made, and nothing else of this driver can
    /// use that link meanwhile. Settings that firmware keeps in flash (ESP8266) are written only if they differ.
    ///
    /// Waits while all sockets are taken but one is about to become free. If the future is dropped, a connection that
    /// comes about all the same is closed.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub async fn connect(stack: Stack<'a>, remote: SocketAddr, options: &TlsOptions<'_>) -> Result<Self, TlsError> {
        if remote.port() == 0 || remote.ip().is_unspecified() {
            return Err(ConnectError::InvalidAddress.into());
        }
        let shared = stack.shared;
        let tls = shared.0.poll(|engine| Poll::Ready(&engine.core.profile().tls));
        // The driver exists as long as its handles.
        let Poll::Ready(tls) = tls else { return Err(TlsError::Unsupported) };
        options.check(tls, remote.is_ipv6())?;
        if options.authority.is_some() && !is_clock_set(shared, tls).await? {
            return Err(TlsError::ClockNotSet);
        }
        let encode = |link: LinkId, line: &mut Encoder<'_>| {
            let protocol = if remote.is_ipv6() { "SSLv6" } else { "SSL" };
            line.name("AT+CIPSTART").number(link.into()).string(protocol);
            line.address(remote.ip()).number(remote.port().into());
            if let Some(seconds) = options.keep_alive {
                line.ranged(seconds.into(), 0, 7200);
            }
        };
        let mut refusal = Refusal::default();
        for _ in 0..MAX_LINKS {
            let place = poll_fn(|context| shared.0.poll(|engine| place(engine, remote, context))).await?;
            let mut opening = Opening::at(shared, Kind::Tls, place);
            prepare(shared, place.2, options, tls).await?;
            match poll_fn(|context| opening.poll(context, &encode)).await {
                Ok(handle) => return Ok(Self(TcpSocket::new(handle))),
                Err(ConnectError::Failed) => refusal = opening.refusal.ok_or(TlsError::HandshakeFailed)?,
                Err(error) => return Err(error.into()),
            }
            // A client of the server may have been faster with the link.
            if refusal.reason != Some(Reason::AlreadyConnected) {
                break;
            }
        }
        Err(TlsError::Failed(refusal))
    }

    /// As [`TcpSocket::abort`].
    pub fn abort(self) {
        self.0.abort();
    }
}

impl<'a> Deref for TlsSocket<'a> {
    type Target = TcpSocket<'a>;

    fn deref(&self) -> &TcpSocket<'a> {
        &self.0
    }
}

impl<'a> DerefMut for TlsSocket<'a> {
    fn deref_mut(&mut self) -> &mut TcpSocket<'a> {
        &mut self.0
    }
}

impl ErrorType for TlsSocket<'_> {
    type Error = Error;
}

impl Read for TlsSocket<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.0.read(buffer).await
    }
}

impl Write for TlsSocket<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        self.0.write(bytes).await
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.0.flush().await
    }
}

/// A place for one more TLS link.
fn place(engine: &mut Engine<'_>, remote: SocketAddr, context: &mut Context<'_>) -> Poll<Result<Place, TlsError>> {
    if !engine.core.profile().tls.several {
        match engine.core.has_tls_link() {
            Poll::Ready(false) => {}
            Poll::Ready(true) => return Poll::Ready(Err(TlsError::OneAtATime)),
            Poll::Pending => {
                engine.core.waiters.register(context.waker());
                return Poll::Pending;
            }
        }
    }
    claim(engine, Kind::Tls, Some(remote), context).map_err(TlsError::Connect)
}

/// Whether the module knows what day it is.
async fn is_clock_set(shared: Shared<'_>, tls: &Tls) -> Result<bool, CommandError> {
    if let Some(name) = tls.timestamp {
        match send(shared, &QueryTimestamp, name).await {
            Ok(timestamp) => return Ok(timestamp.seconds >= EARLIEST),
            // Not all releases have it.
            Err(CommandError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    match send(shared, &QueryTime, "AT+CIPSNTPTIME").await {
        Ok(time) => Ok(time.is_synchronized()),
        // SNTP is off.
        Err(CommandError::Refused(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Tells the module all about a link that is to be opened.
async fn prepare(shared: Shared<'_>, link: LinkId, options: &TlsOptions<'_>, tls: &Tls) -> Result<(), CommandError> {
    if let Some(name) = tls.buffer {
        tell(shared, &|line| _ = line.name(name).number(BUFFER)).await?;
    }
    if let Some(way) = tls.authentication
        && !is_authentication_set(shared, link, options, way).await?
    {
        let encode = |line: &mut Encoder<'_>| match way {
            TlsAuthentication::Link(name) => {
                let authentication = options.authentication();
                let client_certificate = options.client_certificate.unwrap_or(0);
                let authority_certificate = options.authority.unwrap_or(0);
                let link = Link::Id(link);
                SetSslAuthenticationInFull { link, authentication, client_certificate, authority_certificate }
                    .encode(name, line);
            }
            TlsAuthentication::Module(name) => {
                SetSslCertificates { certificates: options.certificates() }.encode(name, line);
            }
        };
        tell(shared, &encode).await?;
    }
    let some = options.has_names();
    let had = tls.names && shared.0.get(|engine| engine.core.note_tls_names(link, true));
    // A setting of the link's last user would hold for this one, too.
    if some || had {
        tell_names(shared, link, options, had).await?;
    }
    shared.0.get(|engine| engine.core.note_tls_names(link, some));
    Ok(())
}

/// Sets what is wanted, and takes back what is not, if anything was set before.
async fn tell_names(shared: Shared<'_>, link: LinkId, options: &TlsOptions<'_>, had: bool) -> Result<(), CommandError> {
    let TlsOptions { server_name, protocols, key, .. } = *options;
    let link = Link::Id(link);
    let common_name = options.expected_name();
    if had || !common_name.is_empty() {
        tell(shared, &|line| SetSslCommonName { link, common_name }.encode("AT+CIPSSLCCN", line)).await?;
    }
    if had || !server_name.is_empty() {
        tell(shared, &|line| SetSslServerName { link, server_name }.encode("AT+CIPSSLCSNI", line)).await?;
    }
    if had || !protocols.is_empty() {
        let protocols = AlpnProtocols(protocols);
        tell(shared, &|line| SetSslProtocols { link, protocols }.encode("AT+CIPSSLCALPN", line)).await?;
    }
    match key {
        Some((key, hint)) => {
            tell(shared, &|line| SetSslPreSharedKeyBytes { link, key, hint }.encode("AT+CIPSSLCPSKHEX", line)).await
        }
        None if had => {
            let encode = |line: &mut Encoder<'_>| {
                line.name("AT+CIPSSLCPSKHEX");
                link.encode(line);
                line.string("").string("");
            };
            tell(shared, &encode).await
        }
        None => Ok(()),
    }
}

/// Whether the module's certificates are set as wanted already: some firmware keeps each change in flash.
async fn is_authentication_set(
    shared: Shared<'_>,
    link: LinkId,
    options: &TlsOptions<'_>,
    way: TlsAuthentication,
) -> Result<bool, CommandError> {
    let (TlsAuthentication::Link(name) | TlsAuthentication::Module(name)) = way;
    let mut set = false;
    let mut look = |piece: Piece<'_>| {
        let Piece::Line(line) = piece else { return };
        if let Some(Ok(found)) = LinkSslAuthentication::parse_line(line) {
            set |= found.link == link
                && found.authentication == options.authentication()
                && found.client_certificate.unwrap_or(0) == options.client_certificate.unwrap_or(0)
                && found.authority_certificate.unwrap_or(0) == options.authority.unwrap_or(0);
        } else if let Some(Ok(found)) = SslCertificateSetting::parse_line(line) {
            set |= found.certificates == options.certificates();
        }
    };
    match command(shared, &|line| _ = line.name(name).query(), &mut look).await {
        // What cannot be asked for can still be set.
        Ok(()) | Err(CommandError::Refused(_)) => Ok(set),
        Err(error) => Err(error),
    }
}

/// Sends a setting.
async fn tell(shared: Shared<'_>, encode: &dyn Fn(&mut Encoder<'_>)) -> Result<(), CommandError> {
    command(shared, encode, &mut |_: Piece<'_>| {}).await
}

async fn command(
    shared: Shared<'_>,
    encode: &dyn Fn(&mut Encoder<'_>),
    sink: &mut dyn Sink,
) -> Result<(), CommandError> {
    let timeout = const { Span::of(QueryTime::TIMEOUT) };
    let request = Request {
        encode: &encode,
        line_end: true,
        timeout,
        connecting: None,
        end: End::Ok,
        takes_data: false,
        counter: None,
        data: &[],
    };
    let ended = exchange(shared.0, &request, sink).await?;
    ended_with_ok(ended.outcome)
}
