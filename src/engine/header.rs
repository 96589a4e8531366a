//! The headers after which a counted number of raw bytes follows.

use core::net::{IpAddr, SocketAddr};

use crate::at::{Fields, parse_address, parse_unsigned};

/// `+IPD,...:` complete up to its colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IpdHeader {
    /// `None` with `AT+CIPMUX=0`.
    pub(crate) link: Option<u8>,
    pub(crate) length: u32,
    pub(crate) remote: Option<SocketAddr>,
}

/// Reads the commonest forms, `+IPD,<link>,<length>:` and `+IPD,<length>:`, where they lie whole at the start of `bytes`.
/// Gives the header and its length. [`ipd`] reads all forms, `None` says nothing against that.
pub(crate) fn plain_ipd(bytes: &[u8]) -> Option<(IpdHeader, usize)> {
    // More cannot overflow, and no module sends as many.
    const MOST_DIGITS: u8 = 9;
    let head = b"+IPD,";
    let rest = bytes.strip_prefix(head)?;
    let (mut first, mut number, mut digits) = (None, 0, 0);
    for (at, &byte) in rest.iter().enumerate() {
        match byte {
            b'0'..=b'9' if digits < MOST_DIGITS => {
                number = number * 10 + u32::from(byte - b'0');
                digits += 1;
            }
            b',' if digits > 0 && first.is_none() => {
                first = Some(number);
                (number, digits) = (0, 0);
            }
            b':' if digits > 0 => {
                let link = first.map(|link| u8::try_from(link).unwrap_or(u8::MAX));
                return Some((IpdHeader { link, length: number, remote: None }, head.len() + at + 1));
            }
            _ => break,
        }
    }
    None
}

/// Reads `line`, which begins with `+IPD,` and ends in a colon. `None` if that colon belongs to an IPv6 address.
pub(crate) fn ipd(line: &[u8]) -> Option<IpdHeader> {
    let body = line.strip_prefix(b"+IPD,")?.strip_suffix(b":")?;
    // The last field is a number, whichever form it is.
    let last = body.rsplit(|&byte| byte == b',').next()?.trim_ascii();
    parse_unsigned(last)?;
    let mut fields = Fields::new(body);
    let first = fields.field().ok()?;
    let (second, third, fourth) = (fields.next(), fields.next(), fields.next());
    let (link, length, address, port) = match (second, third, fourth) {
        (None, ..) => (None, first, None, None),
        (Some(length), None, _) => (Some(first), length, None, None),
        (Some(address), Some(port), None) => {
            address.address().ok()?;
            (None, first, Some(address), Some(port))
        }
        (Some(length), Some(address), Some(port)) => (Some(first), length, Some(address), Some(port)),
    };
    let address = address.and_then(|field| field.address().ok());
    let port = port.and_then(|field| field.unsigned().ok()).and_then(|port| u16::try_from(port).ok());
    Some(IpdHeader {
        // An ID that no module gives leads nowhere, but its bytes are counted all the same.
        link: link.map(|field| field.unsigned().ok().and_then(|link| u8::try_from(link).ok()).unwrap_or(u8::MAX)),
        length: length.unsigned().ok()?,
        remote: address.zip(port).map(|(address, port)| SocketAddr::new(address, port)),
    })
}

/// What is known of a yes or no. Not 0, so that unknown is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Fact {
    No = 1,
    Yes = 2,
}

/// How far a `+CIPRECVDATA` header has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataHeader {
    /// More bytes belong to it.
    Partial,
    /// It is complete, and `0` bytes follow.
    Complete(u32),
    /// The count is there, but whether an address comes before the data cannot be told yet.
    Undecided(u32),
}

/// Reads a `+CIPRECVDATA` header that ends in a comma or colon. `with_address` says whether firmware puts the
/// sender's address into it, where that is known.
///
/// The forms are `,<length>:` (NONOS), `=<link>,<length>,` (early ESP-AT), `:<length>,` and, with `AT+CIPDINFO=1`,
/// `:<length>,"<address>",<port>,`.
pub(crate) fn receive_data(line: &[u8], with_address: Option<Fact>) -> DataHeader {
    let Some(rest) = line.strip_prefix(b"+CIPRECVDATA") else { return DataHeader::Partial };
    let complete = |number: &[u8]| parse_unsigned(number.trim_ascii()).map(DataHeader::Complete);
    let header = match rest {
        [b',', body @ .., b':'] => complete(body),
        [b'=', body @ .., b','] => {
            body.iter().position(|&byte| byte == b',').and_then(|comma| complete(&body[comma + 1..]))
        }
        [b':', body @ .., b','] => match body.iter().position(|&byte| byte == b',') {
            None => match (with_address, parse_unsigned(body.trim_ascii())) {
                (Some(Fact::No), Some(length)) => Some(DataHeader::Complete(length)),
                (None, Some(length)) => Some(DataHeader::Undecided(length)),
                _ => None,
            },
            Some(comma) if body[comma + 1..].contains(&b',') => complete(&body[..comma]),
            Some(_) => None,
        },
        _ => None,
    };
    header.unwrap_or(DataHeader::Partial)
}

/// The sender in a complete `+CIPRECVDATA` header: `:<length>,"<address>",<port>,`.
pub(crate) fn receive_data_sender(line: &[u8]) -> Option<SocketAddr> {
    let body = line.strip_prefix(b"+CIPRECVDATA:")?.strip_suffix(b",")?;
    let mut fields = Fields::new(body);
    let address = fields.nth(1)?.address().ok()?;
    let port = u16::try_from(fields.next()?.unsigned().ok()?).ok()?;
    Some(SocketAddr::new(address, port))
}

/// Whether a text is, or may still become, `"<address>",<port>,`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressShape {
    No,
    Perhaps,
    Yes,
}

/// Early firmware leaves the quotes out. As data may well begin like that, only the address of `peer` will do then, if
/// it is known.
pub(crate) fn address_shape(text: &[u8], peer: Option<IpAddr>) -> AddressShape {
    let (inner, delimiter) = match text {
        [b'"', inner @ ..] => (inner, b'"'),
        bare => (bare, b','),
    };
    let Some(end) = inner.iter().position(|&byte| byte == delimiter) else {
        let like = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
        let perhaps = inner.len() <= 45 && inner.iter().all(like);
        return if perhaps { AddressShape::Perhaps } else { AddressShape::No };
    };
    let address = parse_address(&inner[..end]);
    let rest = if delimiter == b'"' { &inner[end + 1..] } else { &inner[end..] };
    match (address, rest) {
        (None, _) => AddressShape::No,
        (address, _) if delimiter != b'"' && peer.is_some() && address != peer => AddressShape::No,
        (_, [] | [b',']) => AddressShape::Perhaps,
        (_, [b',', port @ .., b',']) if parse_unsigned(port).is_some() => AddressShape::Yes,
        (_, [b',', port @ ..]) if port.len() <= 5 && parse_unsigned(port).is_some() => AddressShape::Perhaps,
        _ => AddressShape::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipd_forms() {
        let remote = |text: &str| Some(text.parse().unwrap());
        for (line, link, length, from) in [
            ("+IPD,5:", None, 5, None),
            ("+IPD,0,1460:", Some(0), 1460, None),
            ("+IPD,246,6:", Some(246), 6, None),
            ("+IPD,-10,6:", Some(255), 6, None),
            ("+IPD,5,1.2.3.4,80:", None, 5, remote("1.2.3.4:80")),
            ("+IPD,0,5,1.2.3.4,80:", Some(0), 5, remote("1.2.3.4:80")),
            ("+IPD,0,5,\"1.2.3.4\",80:", Some(0), 5, remote("1.2.3.4:80")),
            ("+IPD,0,5,fe80::1,80:", Some(0), 5, remote("[fe80::1]:80")),
            ("+IPD,0,100000,\"fe80::1\",80:", Some(0), 100_000, remote("[fe80::1]:80")),
        ] {
            assert_eq!(ipd(line.as_bytes()), Some(IpdHeader { link, length, remote: from }), "{line}");
        }
        for (bytes, plain) in [
            ("+IPD,0,1460:x", Some((Some(0), 1460, 12))),
            ("+IPD,5::", Some((None, 5, 7))),
            ("+IPD,256,6:", Some((Some(255), 6, 11))),
            ("+IPD,0,5", None),
            ("+IPD,0,5,1.2.3.4,80:", None),
            ("+IPD,:", None),
            ("+IPD,0,:", None),
            ("+IPD,0, 5:", None),
            ("+IPD,0,1234567890:", None),
        ] {
            let found = plain_ipd(bytes.as_bytes());
            assert_eq!(found.map(|(header, end)| (header.link, header.length, end)), plain, "{bytes}");
            if let Some((header, end)) = found {
                assert_eq!(ipd(&bytes.as_bytes()[..end]), Some(header), "{bytes}");
            }
        }
        for line in ["+IPD,0,5,fe80:", "+IPD,0,5,fe80::", "+IPD,0,5,2001:", "+IPD,0,5,\"2001:", "+IPD,:", "+IPD:"] {
            assert_eq!(ipd(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn receive_data_forms() {
        use DataHeader::{Complete, Partial, Undecided};
        for (line, with_address, header) in [
            ("+CIPRECVDATA,12:", None, Complete(12)),
            ("+CIPRECVDATA,", None, Partial),
            ("+CIPRECVDATA=1,", None, Partial),
            ("+CIPRECVDATA=1,12,", None, Complete(12)),
            ("+CIPRECVDATA:12,", Some(Fact::No), Complete(12)),
            ("+CIPRECVDATA:12,", None, Undecided(12)),
            ("+CIPRECVDATA:12,", Some(Fact::Yes), Partial),
            ("+CIPRECVDATA:12,\"1.2.3.4\",", Some(Fact::Yes), Partial),
            ("+CIPRECVDATA:12,\"1.2.3.4\",80,", Some(Fact::Yes), Complete(12)),
            ("+CIPRECVDATA:12,\"fe80:", Some(Fact::Yes), Partial),
        ] {
            assert_eq!(receive_data(line.as_bytes(), with_address), header, "{line}");
        }
    }

    #[test]
    fn senders_of_receive_data() {
        for (line, sender) in [
            ("+CIPRECVDATA:12,\"1.2.3.4\",80,", Some("1.2.3.4:80")),
            ("+CIPRECVDATA:12,1.2.3.4,80,", Some("1.2.3.4:80")),
            ("+CIPRECVDATA:12,\"fe80::1\",80,", Some("[fe80::1]:80")),
            ("+CIPRECVDATA:12,", None),
            ("+CIPRECVDATA=1,12,", None),
            ("+CIPRECVDATA,12:", None),
        ] {
            let sender = sender.map(|sender| sender.parse().unwrap());
            assert_eq!(receive_data_sender(line.as_bytes()), sender, "{line}");
        }
    }

    #[test]
    fn an_address_is_told_from_data() {
        let peer = Some(IpAddr::from([10, 0, 0, 1]));
        for whole in ["\"10.0.0.1\",8080,", "10.0.0.1,8080,"] {
            for end in 1..whole.len() {
                let shape = address_shape(&whole.as_bytes()[..end], peer);
                assert_eq!(shape, AddressShape::Perhaps, "{}", &whole[..end]);
            }
            assert_eq!(address_shape(whole.as_bytes(), peer), AddressShape::Yes);
        }
        for data in [
            "HTTP",
            "\"x",
            "\"10.0.0\"",
            "\"10.0.0.1\";",
            "\"10.0.0.1\",x",
            "\"1\r",
            "\"10.0.0.1\",123456",
            "10.0.0.2,",
            "10.0.0.1,8\r",
        ] {
            assert_eq!(address_shape(data.as_bytes(), peer), AddressShape::No, "{data}");
        }
    }
}
