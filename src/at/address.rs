//! IP addresses as text.
//!
//! The standard library's own conversions bring all of its formatting with them: 6 kB of a small firmware.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::line::parse_unsigned;

/// Reads an IPv4 or IPv6 address that makes up the whole of `text`.
#[must_use]
pub fn parse_address(text: &[u8]) -> Option<IpAddr> {
    if text.contains(&b':') { parse_ipv6(text).map(IpAddr::V6) } else { parse_ipv4(text).map(IpAddr::V4) }
}

/// Reads an IPv4 address that makes up the whole of `text`.
#[must_use]
pub fn parse_ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut parts = text.split(|&byte| byte == b'.');
    for octet in &mut octets {
        let part = parts.next()?;
        *octet = u8::try_from(parse_unsigned(part).filter(|_| part.len() <= 3)?).ok()?;
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

fn parse_ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    // Two parts around `::`, or one.
    let gap = text.windows(2).position(|pair| pair == b"::");
    let (head, tail) = match gap {
        Some(at) => (&text[..at], Some(&text[at + 2..])),
        None => (text, None),
    };
    let mut groups = [0; 8];
    let before = parse_groups(head, &mut groups)?;
    match tail {
        None => (before == 8).then(|| Ipv6Addr::from(groups)),
        Some(tail) => {
            let mut behind = [0; 8];
            let count = parse_groups(tail, &mut behind)?;
            // `::` stands for at least one group.
            let room = groups.get_mut(before..).filter(|room| room.len() > count)?;
            let start = room.len() - count;
            room[start..].copy_from_slice(&behind[..count]);
            Some(Ipv6Addr::from(groups))
        }
    }
}

/// Reads groups separated by colons, and gives how many there are.
fn parse_groups(text: &[u8], groups: &mut [u16; 8]) -> Option<usize> {
    if text.is_empty() {
        return Some(0);
    }
    let mut count = 0;
    for part in text.split(|&byte| byte == b':') {
        if let Some([a, b, c, d]) = parse_ipv4(part).map(|address| address.octets()) {
            // An IPv4 address may stand for the last two.
            *groups.get_mut(count)? = u16::from_be_bytes([a, b]);
            *groups.get_mut(count + 1)? = u16::from_be_bytes([c, d]);
            count += 2;
            continue;
        }
        if part.is_empty() || part.len() > 4 {
            return None;
        }
        let mut group = 0;
        for &digit in part {
            group = group << 4 | char::from(digit).to_digit(16)? as u16;
        }
        *groups.get_mut(count)? = group;
        count += 1;
    }
    Some(count)
}

/// The run of zero groups that `::` stands for in the usual way of writing: the first of the longest, if longer than
/// one. From its first group to the one after it; of no length, and at the start, if there is none.
pub(super) fn longest_gap(groups: &[u16; 8]) -> (usize, usize) {
    let mut best = (0, 0);
    let mut start = 0;
    for (at, &group) in groups.iter().enumerate() {
        let end = at + 1;
        if group != 0 {
            start = end;
        } else if end - start > (best.1 - best.0).max(1) {
            best = (start, end);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::Encoder;
    use std::format;
    use std::string::ToString;

    /// As the standard library writes it.
    fn written(address: IpAddr) -> std::string::String {
        let mut buffer = [0; 64];
        let mut line = Encoder::new(&mut buffer);
        line.address(address);
        let length = line.finish().unwrap();
        std::str::from_utf8(&buffer[2..length - 3]).unwrap().into()
    }

    #[test]
    fn the_same_as_the_standard_library() {
        for text in [
            "0.0.0.0",
            "255.255.255.255",
            "192.168.1.20",
            "::",
            "::1",
            "1::",
            "fe80::1",
            "2001:db8:0:1:0:0:0:1",
            "1:2:3:4:5:6:7:8",
            "1:0:0:4:5:0:0:8",
            "0:0:3:4:5:6:7:0",
            "ff02::fc",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
        ] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(parse_address(text.as_bytes()), Some(address), "{text}");
            assert_eq!(written(address), address.to_string(), "{text}");
        }
        assert_eq!(parse_address(b"::FFFF:1.2.3.4"), Some("::ffff:1.2.3.4".parse().unwrap()));
        for text in [
            "",
            "1.2.3",
            "1.2.3.4.5",
            "256.1.1.1",
            "1.2.3.0004",
            "a.b.c.d",
            "1.2.3.4 ",
            ":",
            ":::",
            "1:2",
            "1::2::3",
            "12345::",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7:8::",
            "g::",
            "1:",
            ":1",
        ] {
            assert_eq!(parse_address(text.as_bytes()), None, "{text}");
            assert!(text.parse::<IpAddr>().is_err());
        }
        let mut state = 1u32;
        for _ in 0..2000 {
            let mut groups = [0u16; 8];
            for group in &mut groups {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *group = if state >> 30 == 0 { (state >> 8) as u16 } else { 0 };
            }
            let address = IpAddr::from(groups);
            if format!("{address}").contains('.') {
                continue;
            }
            assert_eq!(written(address), address.to_string());
            assert_eq!(parse_address(address.to_string().as_bytes()), Some(address));
        }
    }
}
