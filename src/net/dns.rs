//! Names.

use core::fmt;
use core::net::IpAddr;

use embedded_io_async::ErrorKind;

use super::tcp::command_kind;
use crate::at::parse_address;
use crate::command::CommandError;
use crate::command::tcpip::{AddressKind, ResolveName};
use crate::control::send;
use crate::dialect::Resolver;
use crate::net::Stack;
use crate::resources::AccessExt;
use crate::{Reason, Refusal};

/// Why a name has no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// The name does not exist, has no address of the kind asked for, or no name server answered. The firmware does
    /// not say which. ESP-AT and ESP32 AT 1.x also say no more than this to a station without an address.
    NotFound,
    /// The name is empty, longer than the firmware takes (63 bytes on [`Esp8266Nonos`](crate::dialect::Esp8266Nonos)
    /// and [`WizFi360`](crate::dialect::WizFi360), 255 elsewhere), or holds bytes that no name has.
    InvalidName,
    /// The firmware does not resolve names, or not to IPv6 addresses. The other way round, from an address to a name,
    /// is possible with none.
    Unsupported,
    /// The command itself failed. Where the refusal's reason is [`Reason::NoAddress`], the station has no address yet.
    Command(CommandError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("the name could not be resolved"),
            Self::InvalidName => f.write_str("the name is not a host name"),
            Self::Unsupported => f.write_str("the firmware cannot resolve this"),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}

impl embedded_io_async::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::InvalidName => ErrorKind::InvalidInput,
            Self::Unsupported => ErrorKind::Unsupported,
            Self::Command(error) => command_kind(*error),
        }
    }
}

impl Stack<'_> {
    /// Resolves a host name by the module's resolver. An address written out is taken as it is.
    ///
    /// Takes up to 20 s. Dropping the future is safe; the module's late answer is thrown away.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn resolve(&self, name: &str, kind: AddressKind) -> Result<IpAddr, Error> {
        if let Some(address) = parse_address(name.as_bytes()) {
            return suits(address, kind);
        }
        let Some(resolver) = self.shared.0.get(|engine| Some(&engine.core.profile().resolver)) else {
            return Err(Error::Unsupported);
        };
        if name.len() > resolver.longest_name {
            return Err(Error::InvalidName);
        }
        if kind == AddressKind::Ipv6 && !resolver.ipv6 {
            return Err(Error::Unsupported);
        }
        // Firmware before 2.3 does not know the second parameter, and gives IPv4 without it.
        let kind_asked = (kind == AddressKind::Ipv6).then_some(kind);
        match send(self.shared, &ResolveName { name, kind: kind_asked }, "AT+CIPDOMAIN").await {
            Ok(answer) => suits(answer.address, kind),
            Err(CommandError::Refused(refusal)) => Err(refused(refusal, resolver)),
            Err(CommandError::Encode(_)) => Err(Error::InvalidName),
            Err(error) => Err(Error::Command(error)),
        }
    }
}

/// What a refusal means where all parameters were good.
fn refused(refusal: Refusal, resolver: &Resolver) -> Error {
    match refusal {
        Refusal { code: Some(code), .. } if code.is_unsupported() => Error::Unsupported,
        Refusal { reason: Some(Reason::NoAddress), .. } => Error::Command(CommandError::Refused(refusal)),
        Refusal { code: None, reason: None } if resolver.explains => Error::Unsupported,
        _ => Error::NotFound,
    }
}

fn suits(address: IpAddr, kind: AddressKind) -> Result<IpAddr, Error> {
    let wrong = match kind {
        AddressKind::PreferIpv4 => false,
        AddressKind::Ipv4 => address.is_ipv6(),
        AddressKind::Ipv6 => address.is_ipv4(),
    };
    if wrong || address.is_unspecified() { Err(Error::NotFound) } else { Ok(address) }
}
