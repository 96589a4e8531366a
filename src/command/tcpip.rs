//! TCP/IP commands (`ESP-AT 3.3`).

use core::net::{IpAddr, SocketAddr};

use embassy_time::Duration;

use super::{Command, CommandError, On};
use crate::at::{EncodeError, Encoder, FieldError, Fields, after_name};
use crate::dialect::EspAt;

/// Opens a TCP connection on a link of one's choice (`ESP-AT 3.3.6`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectTcp {
    /// The link's number, 0 to 4.
    pub link: u8,
    /// Where to. Port 0 is refused.
    pub remote: SocketAddr,
    /// Seconds between keep-alive probes, 1 to 7200.
    pub keep_alive: Option<u16>,
}

impl Command for ConnectTcp {
    type Response = ();
    type Error = CommandError;
    type Answer = ();

    // More than the module itself takes to give up: its late success would otherwise be nobody's.
    const TIMEOUT: Duration = Duration::from_secs(60);

    fn encode(&self, name: &str, line: &mut Encoder<'_>) {
        line.name(name).ranged(self.link.into(), 0, 4);
        line.string(if self.remote.is_ipv6() { "TCPv6" } else { "TCP" });
        line.address(self.remote.ip()).ranged(self.remote.port().into(), 1, 65535);
        if let Some(seconds) = self.keep_alive {
            line.ranged(seconds.into(), 1, 7200);
        }
    }

    fn finish((): (), result: Result<(), CommandError>) -> Result<(), CommandError> {
        result
    }
}

impl On<EspAt> for ConnectTcp {
    const NAME: &'static str = "AT+CIPSTART";
    const SECTION: &'static str = "3.3.6";
}

/// Which kind of address a name is to be resolved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AddressKind {
    /// IPv4 where there is one. This is the module's default, and is not written.
    #[default]
    PreferIpv4,
    /// IPv4 only.
    Ipv4,
    /// IPv6 only.
    Ipv6,
}

/// Resolves a host name (`ESP-AT 3.3.5`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolveName<'a> {
    /// The name; an empty one is refused.
    pub name: &'a str,
    /// The kind of address.
    pub kind: AddressKind,
}

impl Command for ResolveName<'_> {
    type Response = IpAddr;
    type Error = CommandError;
    type Answer = Option<Result<IpAddr, FieldError>>;

    const TIMEOUT: Duration = Duration::from_secs(20);

    fn encode(&self, name: &str, line: &mut Encoder<'_>) {
        if self.name.is_empty() {
            line.fail(EncodeError::OutOfRange);
        }
        line.name(name).string(self.name);
        match self.kind {
            AddressKind::PreferIpv4 => {}
            AddressKind::Ipv4 => drop(line.number(2)),
            AddressKind::Ipv6 => drop(line.number(3)),
        }
    }

    fn line(answer: &mut Self::Answer, line: &[u8]) {
        if let Some(value) = after_name(line, b"+CIPDOMAIN") {
            *answer = Some(Fields::new(value).field().and_then(|field| field.address()));
        }
    }

    fn finish(answer: Self::Answer, result: Result<(), CommandError>) -> Result<IpAddr, CommandError> {
        result?;
        Ok(answer.unwrap_or(Err(FieldError::Missing))?)
    }
}

impl On<EspAt> for ResolveName<'_> {
    const NAME: &'static str = "AT+CIPDOMAIN";
    const SECTION: &'static str = "3.3.5";
}
