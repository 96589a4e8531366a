//! The heads after which a counted number of raw bytes follows, but for `+CIPRECVDATA`, which depends on settings.

use core::net::SocketAddr;

use crate::at::parse_unsigned;
use crate::engine::header;

/// A complete head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head<'a> {
    pub(super) via: &'a [u8],
    pub(super) link: Option<u32>,
    pub(super) len: u32,
    pub(super) remote: Option<SocketAddr>,
    pub(super) topic: Option<&'a [u8]>,
}

/// Name, fields up to and including the length, whether the first is a link.
const FORMS: &[(&[u8], usize, bool)] = &[
    (b"+HTTPCLIENT", 1, false),
    (b"+HTTPCGET", 1, false),
    (b"+HTTPCPOST", 1, false),
    (b"+HTTPCPUT", 1, false),
    (b"+HTTPCHEAD", 1, false),
    (b"+HTTPURLCFG", 1, false),
    (b"+NOTIFY", 4, true),
    (b"+INDICATE", 4, true),
    (b"+WRITE", 5, true),
    (b"+BLEGATTCRD", 2, true),
    (b"+WS_DATA", 2, true),
    (b"+BTDATA", 1, false),
    (b"+BLUFIDATA", 1, false),
    (b"+SCRD", 1, false),
    (b"+SYSFLASH", 1, false),
    (b"+USERRAM", 1, false),
];

/// Reads the begin of a line that ends in a comma or colon. `None` if it is no head, or not yet.
pub(super) fn head(line: &[u8]) -> Option<Head<'_>> {
    if line.starts_with(b"+IPD,") {
        let head = header::ipd(line)?;
        let link = head.link.map(u32::from);
        return Some(Head { via: b"+IPD", link, len: head.length, remote: head.remote, topic: None });
    }
    let body = line.strip_suffix(b",")?;
    let colon = body.iter().position(|&byte| byte == b':')?;
    let (via, body) = (&body[..colon], &body[colon + 1..]);
    if via == b"+MQTTSUBRECV" {
        return message(via, body);
    }
    if via == b"+SYSMFG" {
        return manufacturing(via, body);
    }
    let &(_, count, linked) = FORMS.iter().find(|(name, ..)| *name == via)?;
    let mut fields = body.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    let first = fields.clone().next().and_then(parse_unsigned)?;
    let len = fields.by_ref().nth(count - 1).and_then(parse_unsigned)?;
    if fields.next().is_some() {
        return None;
    }
    Some(Head { via, link: linked.then_some(first), len, remote: None, topic: None })
}

/// `<link>,"<topic>",<length>`, where the topic may hold anything.
fn message<'a>(via: &'a [u8], body: &'a [u8]) -> Option<Head<'a>> {
    let comma = body.iter().position(|&byte| byte == b',')?;
    let link = parse_unsigned(body[..comma].trim_ascii())?;
    let rest = body[comma + 1..].trim_ascii_start().strip_prefix(b"\"")?;
    let comma = rest.iter().rposition(|&byte| byte == b',')?;
    let topic = rest[..comma].trim_ascii_end().strip_suffix(b"\"")?;
    let len = parse_unsigned(rest[comma + 1..].trim_ascii())?;
    Some(Head { via, link: Some(link), len, remote: None, topic: Some(topic) })
}

/// `"<namespace>","<key>",<type>,<length>` with the types string and binary, which come raw.
fn manufacturing<'a>(via: &'a [u8], body: &'a [u8]) -> Option<Head<'a>> {
    let mut fields = body.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    let (_, _, kind) = (fields.next()?, fields.next()?, fields.next().and_then(parse_unsigned)?);
    let len = fields.next().and_then(parse_unsigned)?;
    (fields.next().is_none() && matches!(kind, 7 | 8)).then_some(Head {
        via,
        link: None,
        len,
        remote: None,
        topic: None,
    })
}
