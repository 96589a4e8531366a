//! Names.

use core::fmt;
use core::net::IpAddr;

use crate::at::parse_address;
use crate::command::CommandError;
use crate::command::tcpip::{AddressKind, ResolveName};
use crate::control::send;
use crate::net::Stack;

/// Why a name has no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// The name does not exist, has no address of the kind asked for, or no name server answered. The firmware does
    /// not say which.
    NotFound,
    /// The name is empty, too long for a command, or holds bytes that no name has.
    InvalidName,
    /// The other way round, from an address to a name, is not possible.
    Unsupported,
    /// The command itself failed.
    Command(CommandError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("the name could not be resolved"),
            Self::InvalidName => f.write_str("the name is not a host name"),
            Self::Unsupported => f.write_str("addresses cannot be resolved to names"),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}

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
        // Firmware before 2.3 does not know the second parameter, and gives IPv4 without it.
        let kind_asked = (kind == AddressKind::Ipv6).then_some(kind);
        match send(self.shared, &ResolveName { name, kind: kind_asked }, "AT+CIPDOMAIN").await {
            Ok(answer) => suits(answer.address, kind),
            Err(CommandError::Refused(_)) => Err(Error::NotFound),
            Err(CommandError::Encode(_)) => Err(Error::InvalidName),
            Err(error) => Err(Error::Command(error)),
        }
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
