//! The heads after which a counted number of raw bytes follows, but for `+CIPRECVDATA`, which depends on settings.

use core::net::SocketAddr;

use crate::engine::header;
use crate::urc::counted::{self, CountedHead, Payload};

/// A complete head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head<'a> {
    pub(super) via: &'a [u8],
    pub(super) link: Option<u32>,
    pub(super) len: u32,
    pub(super) remote: Option<SocketAddr>,
    pub(super) topic: Option<&'a [u8]>,
}

/// Reads the begin of a line that ends in a comma or colon. `None` if it is no head, or not yet.
pub(super) fn head(line: &[u8]) -> Option<Head<'_>> {
    if line.starts_with(b"+IPD,") {
        // As the driver's receiver does: the bytes are counted whatever the address looks like.
        let head = header::ipd(line)?;
        let link = head.link.map(u32::from);
        return Some(Head { via: b"+IPD", link, len: head.length, remote: head.remote, topic: None });
    }
    let CountedHead { payload, length: len, .. } = counted::head(line)?;
    let end = line.iter().position(|byte| matches!(byte, b':' | b'=' | b','))?;
    let (mut link, mut topic) = (None, None);
    match payload {
        Payload::MqttMessage { link: from, topic: of } => {
            link = Some(from.into());
            topic = Some(of);
        }
        Payload::WebSocket { link: from } => link = Some(from.into()),
        Payload::BleNotification(of) | Payload::BleIndication(of) => link = Some(of.connection.into()),
        Payload::BleWrite { characteristic, .. } => link = Some(characteristic.connection.into()),
        Payload::BleValue { connection } => link = Some(connection.into()),
        _ => {}
    }
    Some(Head { via: &line[..end], link, len, remote: None, topic })
}
