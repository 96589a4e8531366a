//! Echo requests of the host (ICMP).

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, Protocol, RecvFlags, SendFlags, SocketType, connect, ipproto, recv, send, socket};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::process;
use std::time::{Duration, Instant};

/// The types of request and answer.
const fn types(remote: IpAddr) -> (u8, u8) {
    match remote {
        IpAddr::V4(_) => (8, 0),
        IpAddr::V6(_) => (128, 129),
    }
}

/// A socket that may send echo requests: one for everybody, where the machine lets this user have one, or a raw one.
fn open(remote: IpAddr) -> Result<OwnedFd, Errno> {
    let (family, protocol): (_, Protocol) = match remote {
        IpAddr::V4(_) => (AddressFamily::INET, ipproto::ICMP),
        IpAddr::V6(_) => (AddressFamily::INET6, ipproto::ICMPV6),
    };
    socket(family, SocketType::DGRAM, Some(protocol)).or_else(|_| socket(family, SocketType::RAW, Some(protocol)))
}

/// Of IPv4; the kernel makes that of IPv6.
fn checksum(message: &[u8]) -> u16 {
    let sum: u32 =
        message.chunks(2).map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |&low| low.into())).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap_or(0)
}

fn request(remote: IpAddr, token: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(process::id() & 0xffff).unwrap_or(0).to_be_bytes();
    let mut message = vec![types(remote).0, 0, 0, 0, high, low, 0, 1];
    message.extend_from_slice(token);
    if remote.is_ipv4() {
        let sum = checksum(&message).to_be_bytes();
        message[2..4].copy_from_slice(&sum);
    }
    message
}

/// Whether a message answers the request with this token. Raw sockets, and some systems, put the IP header in front.
fn answers(remote: IpAddr, message: &[u8], token: &[u8]) -> bool {
    let header = match message.first() {
        Some(first) if remote.is_ipv4() && first >> 4 == 4 => usize::from(first & 0xf) * 4,
        _ => 0,
    };
    let message = message.get(header..).unwrap_or_default();
    message.first() == Some(&types(remote).1) && message.get(8..) == Some(token)
}

/// Waits for the answer; `None` if there is none in time. An error says that this program may not ask, or that there is no
/// way to the host.
pub(super) fn echo(remote: IpAddr, limit: Duration) -> Result<Option<Duration>, Errno> {
    let socket = open(remote)?;
    connect(&socket, &SocketAddr::new(remote, 0))?;
    let start = Instant::now();
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let token = now.as_nanos().to_be_bytes();
    send(&socket, &request(remote, &token), SendFlags::empty())?;
    loop {
        let left = limit.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Ok(None);
        }
        set_socket_timeout(&socket, Timeout::Recv, Some(left))?;
        let mut buffer = [0; 1500];
        match recv(&socket, &mut buffer, RecvFlags::empty()) {
            Ok((_, count)) if answers(remote, &buffer[..count], &token) => return Ok(Some(start.elapsed())),
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{answers, checksum, request};
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    #[test]
    fn messages() {
        let (v4, v6): (IpAddr, IpAddr) = (Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into());
        let sent = request(v4, b"token");
        assert_eq!(checksum(&sent), 0, "a right sum adds up to nothing");
        assert!(!answers(v4, &sent, b"token"), "the request is no answer");
        let mut answer = sent;
        answer[0] = 0;
        assert!(answers(v4, &answer, b"token") && !answers(v4, &answer, b"other"));
        let with_header = [&[0x45; 20][..], &answer].concat();
        assert!(answers(v4, &with_header, b"token"));
        let mut answer = request(v6, b"token");
        assert!(!answers(v6, &answer, b"token"));
        answer[0] = 129;
        assert!(answers(v6, &answer, b"token") && !answers(v6, b"", b"token"));
    }
}
