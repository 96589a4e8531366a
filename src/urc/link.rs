//! Messages about connections.

use core::net::{IpAddr, SocketAddr};

use super::{after, is, read};
use crate::at::{Field, FieldError, Fields, after_name, parse_unsigned, starts_with_ignore_case};
use crate::command::Value;

/// About connections. `link` is `None` with `AT+CIPMUX=0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkUrc {
    /// `0,CONNECT`: a connection is open.
    Opened {
        /// Its number.
        link: Option<u8>,
    },
    /// `0,CLOSED`: a connection has ended.
    Closed {
        /// Its number.
        link: Option<u8>,
    },
    /// `0,CONNECT FAIL`: a connection was not made.
    Failed {
        /// Its number.
        link: Option<u8>,
    },
    /// `+LINK_CONN:...`: a connection is open or was not made, with details. Instead of [`Opened`](Self::Opened),
    /// where `AT+SYSMSG` says so.
    Details(LinkDetails),
    /// `+IPD,0,100`: the module has received data and keeps them.
    Notice {
        /// The number of the connection.
        link: Option<u8>,
        /// Bytes that are there.
        length: u32,
    },
    /// `Have 5 Connections`: the server has as many connections as it may.
    ServerFull {
        /// How many these are.
        connections: u32,
    },
    /// `0,1,SEND OK`: data of a buffered send have been delivered.
    SegmentSent {
        /// The number of the connection.
        link: Option<u8>,
        /// The number that the module gave the data.
        segment: u32,
    },
    /// `+CIPSENDL:...`: how far a long send is.
    SendProgress {
        /// Bytes that the module has sent.
        sent: u32,
        /// Bytes that it has got from the host.
        taken: u32,
    },
}

/// Details of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkDetails {
    /// Whether it is open; otherwise it was not made.
    pub is_open: bool,
    /// Its number.
    pub link: u8,
    /// What it runs over.
    pub protocol: LinkProtocol,
    /// Whether the module is the server.
    pub is_server: bool,
    /// The peer.
    pub remote: SocketAddr,
    /// The module's own port; 0 where firmware does not say.
    pub local_port: u16,
}

/// What a connection runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LinkProtocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// TLS over TCP.
    Tls,
}

impl Value for LinkProtocol {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        // IPv6 gives `TCPv6` and so on; the address tells that.
        [(&b"TCP"[..], Self::Tcp), (b"UDP", Self::Udp), (b"SSL", Self::Tls)]
            .into_iter()
            .find(|(start, _)| starts_with_ignore_case(field.bytes, start))
            .map(|(_, protocol)| protocol)
            .ok_or(FieldError::Malformed)
    }
}

impl LinkUrc {
    pub(super) fn named(line: &[u8]) -> Option<Self> {
        if starts_with_ignore_case(line, b"+IPD,") {
            return notice(&line[5..]);
        }
        // The colon stands after a blank in some manuals, and the port last may be missing.
        let details = |fields: &mut Fields<'_>| {
            Ok(LinkDetails {
                is_open: u32::take(fields)? == 0,
                link: u8::take(fields)?,
                protocol: LinkProtocol::take(fields)?,
                is_server: bool::take(fields)?,
                remote: SocketAddr::new(IpAddr::take(fields)?, u16::take(fields)?),
                local_port: <Option<u16> as Value>::take(fields)?.unwrap_or(0),
            })
        };
        if after_name(line, b"+LINK_CONN").is_some() {
            return read(line, "+LINK_CONN", details).map(Self::Details);
        }
        read(line, "+CIPSENDL", |fields| Ok(Self::SendProgress { sent: u32::take(fields)?, taken: u32::take(fields)? }))
    }

    /// Lines that begin with the number of a connection.
    pub(super) fn numbered(line: &[u8]) -> Option<Self> {
        let (first, rest) = number(line)?;
        // A number that no module gives leads to no connection.
        let link = Some(u8::try_from(first).unwrap_or(u8::MAX));
        if is(rest, "SEND OK") {
            return Some(Self::SegmentSent { link: None, segment: first });
        }
        if let Some((segment, rest)) = number(rest) {
            return is(rest, "SEND OK").then_some(Self::SegmentSent { link, segment });
        }
        Self::state(rest, link)
    }

    pub(super) fn words(line: &[u8]) -> Option<Self> {
        if let Some(rest) = after(line, "Have ") {
            let end = rest.iter().position(|&byte| byte == b' ')?;
            let connections = parse_unsigned(&rest[..end])?;
            return after(&rest[end + 1..], "Connection").map(|_| Self::ServerFull { connections });
        }
        Self::state(line, None)
    }

    fn state(word: &[u8], link: Option<u8>) -> Option<Self> {
        match word {
            _ if is(word, "CONNECT") => Some(Self::Opened { link }),
            _ if is(word, "CLOSED") => Some(Self::Closed { link }),
            _ if is(word, "CONNECT FAIL") => Some(Self::Failed { link }),
            _ => None,
        }
    }
}

/// The number before a comma, and what follows it.
fn number(line: &[u8]) -> Option<(u32, &[u8])> {
    let comma = line.iter().position(|&byte| byte == b',')?;
    Some((parse_unsigned(line[..comma].trim_ascii())?, line[comma + 1..].trim_ascii()))
}

/// `<length>` or `<link>,<length>`.
fn notice(value: &[u8]) -> Option<LinkUrc> {
    let fields = &mut Fields::new(value);
    let first = fields.next()?.unsigned().ok()?;
    match (fields.next(), fields.next()) {
        (None, _) => Some(LinkUrc::Notice { link: None, length: first }),
        (Some(length), None) => {
            let link = Some(u8::try_from(first).unwrap_or(u8::MAX));
            Some(LinkUrc::Notice { link, length: length.unsigned().ok()? })
        }
        _ => None,
    }
}
