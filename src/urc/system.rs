//! Messages about the module itself, and the log of its start.

use super::{after, is, read};
use crate::at::{Field, after_name, parse_unsigned, starts_with_ignore_case};
use crate::command::declare::codes;
use crate::command::{ErrorCode, Mac, Value};

codes! {
    /// How far an update of the firmware is (`+CIPUPDATE`).
    UpdateStep {
        /// It failed.
        Failed = -1,
        /// The server has been found.
        ServerFound = 1,
        /// The server is connected.
        Connected = 2,
        /// The version is known.
        VersionKnown = 3,
        /// The update is being fetched.
        Started = 4,
    }

    /// What the module's web server has come to (`+WEBSERVERRSP`).
    WebServerStep {
        /// Name and passphrase of an access point have come.
        CredentialsReceived = 1,
        /// The browser has fetched the result.
        ResultFetched = 2,
        /// Firmware begins to come.
        UpdateStarted = 3,
        /// All of the firmware has come.
        UpdateReceived = 4,
        /// The firmware did not come whole.
        UpdateFailed = 5,
    }
}

/// Why input was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Busy {
    /// `busy p...`: a command is being carried out.
    Processing,
    /// `busy s...`: data are being sent.
    Sending,
    /// `busy` and no more. After `AT+CIPSENDBUF`: more bytes came than it told, and the rest was dropped.
    Unspecified,
}

/// About the module itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SystemUrc {
    /// `ready`: it has started and takes commands.
    Ready,
    /// `Will force to restart!!!`: it restarts.
    Restarting,
    /// `ERR CODE:0x...`: why the command was refused that `ERROR` will follow for.
    ErrorCode(ErrorCode),
    /// `busy p...`, `busy s...`, `busy`: input was not taken.
    Busy(Busy),
    /// `>`: it waits for data.
    Prompt,
    /// `Recv 5 bytes`: it has got the data that it waited for.
    Received {
        /// Their number.
        bytes: u32,
    },
    /// `+QUITT`: passthrough mode has been left.
    PassthroughLeft,
    /// `+TIME_UPDATED`: the clock has been set from a time server.
    ClockSet,
    /// `NO CERT FOUND`: there is no valid certificate for clients.
    NoCertificate,
    /// `NO PRVT_KEY FOUND`: there is no valid private key.
    NoPrivateKey,
    /// `NO CA FOUND`: there is no valid certificate of an authority.
    NoCa,
    /// `+CIPUPDATE:...`: how far an update of the firmware is.
    Update(UpdateStep),
    /// `+WEBSERVERRSP:...`: what the module's web server has come to.
    WebServer(WebServerStep),
}

impl SystemUrc {
    pub(super) fn named(line: &[u8]) -> Option<Self> {
        match line {
            _ if is(line, "+QUITT") || is(line, "+QUIT") => Some(Self::PassthroughLeft),
            _ if is(line, "+TIME_UPDATED") => Some(Self::ClockSet),
            // Later firmware has the code in a line of this name.
            _ if after_name(line, b"+ERRNO").is_some() => {
                hexadecimal(after_name(line, b"+ERRNO")?).map(ErrorCode).map(Self::ErrorCode)
            }
            _ => read(line, "+CIPUPDATE", UpdateStep::take)
                .or_else(|| read(line, "+CIUPDATE", UpdateStep::take))
                .map(Self::Update)
                .or_else(|| read(line, "+WEBSERVERRSP", WebServerStep::take).map(Self::WebServer)),
        }
    }

    pub(super) fn words(line: &[u8]) -> Option<Self> {
        let words = [
            ("ready", Self::Ready),
            ("Will force to restart!!!", Self::Restarting),
            (">", Self::Prompt),
            ("NO CERT FOUND", Self::NoCertificate),
            ("NO PRVT_KEY FOUND", Self::NoPrivateKey),
            ("NO CA FOUND", Self::NoCa),
        ];
        if let Some((_, urc)) = words.into_iter().find(|(word, _)| is(line, word)) {
            return Some(urc);
        }
        if is(line, "busy") {
            return Some(Self::Busy(Busy::Unspecified));
        }
        if let Some(rest) = after(line, "busy ").filter(|rest| rest.ends_with(b"...")) {
            let sending = rest.first().is_some_and(|letter| letter.eq_ignore_ascii_case(&b's'));
            return Some(Self::Busy(if sending { Busy::Sending } else { Busy::Processing }));
        }
        if let Some(code) = after_name(line, b"ERR CODE") {
            return hexadecimal(code).map(ErrorCode).map(Self::ErrorCode);
        }
        // The blank before the number gets lost now and then.
        let count = after(line, "Recv")?;
        let bytes = parse_unsigned(count.strip_suffix(b"bytes")?.trim_ascii())?;
        Some(Self::Received { bytes })
    }
}

/// A line of the log that is printed while the module starts, as far as it is legible at the port's baud rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BootUrc<'a> {
    /// `ets Jan 8 2013,rst cause: 1, boot mode: (3,3)`
    ResetCause {
        /// The number of the cause.
        cause: u32,
        /// The two numbers of the mode.
        mode: (u32, u32),
    },
    /// `load 0x40100000, len 26336, room 16`
    Load {
        /// Where a part of the firmware is put.
        address: u32,
        /// Its bytes.
        length: u32,
        /// What the line calls room.
        room: u32,
    },
    /// `tail 4`
    Tail(u32),
    /// `chksum 0xde` and `csum 0xcb`
    Checksum(u32),
    /// `SDK version: 0.9.1`. The command for versions has such a line, too.
    SdkVersion(&'a [u8]),
    /// `addr not ack when tx write cmd`
    NotAcknowledged,
    /// `mode : sta(18:fe:34:97:d5:7b) + softAP(1a:fe:34:97:d5:7b)`
    Addresses {
        /// The address of the station.
        station: Option<Mac>,
        /// The address of the module's own access point.
        soft_ap: Option<Mac>,
    },
}

impl<'a> BootUrc<'a> {
    pub(super) fn words(line: &'a [u8]) -> Option<Self> {
        if is(line, "addr not ack when tx write cmd") {
            return Some(Self::NotAcknowledged);
        }
        if starts_with_ignore_case(line, b"ets ") {
            let mode = numbers_after(line, b"boot mode:")?;
            let [cause] = numbers_after(line, b"rst cause:")?;
            return Some(Self::ResetCause { cause, mode: mode.into() });
        }
        if starts_with_ignore_case(line, b"load ") {
            let end = line.iter().position(|&byte| byte == b',')?;
            let address = hexadecimal(line[5..end].trim_ascii())?;
            let ([length], [room]) = (numbers_after(line, b"len ")?, numbers_after(line, b"room ")?);
            return Some(Self::Load { address, length, room });
        }
        if let Some(mode) = after(line, "mode :").or_else(|| after(line, "mode:")) {
            let (station, soft_ap) = (mac_after(mode, b"sta("), mac_after(mode, b"softAP("));
            return (station.is_some() || soft_ap.is_some()).then_some(Self::Addresses { station, soft_ap });
        }
        after(line, "tail ")
            .and_then(parse_unsigned)
            .map(Self::Tail)
            .or_else(|| {
                after(line, "chksum ").or_else(|| after(line, "csum ")).and_then(hexadecimal).map(Self::Checksum)
            })
            .or_else(|| after_name(line, b"SDK version").map(Self::SdkVersion))
    }
}

/// What stands after `key`.
fn find<'a>(line: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let at = line.windows(key.len()).position(|window| window.eq_ignore_ascii_case(key))?;
    Some(&line[at + key.len()..])
}

/// The next decimal numbers after `key`.
fn numbers_after<const N: usize>(line: &[u8], key: &[u8]) -> Option<[u32; N]> {
    let mut rest = find(line, key)?;
    let mut numbers = [0; N];
    for number in &mut numbers {
        let start = rest.iter().position(u8::is_ascii_digit)?;
        let end = rest[start..].iter().position(|byte| !byte.is_ascii_digit()).map_or(rest.len(), |end| start + end);
        *number = parse_unsigned(&rest[start..end])?;
        rest = &rest[end..];
    }
    Some(numbers)
}

/// The MAC address between `key` and a parenthesis.
fn mac_after(line: &[u8], key: &[u8]) -> Option<Mac> {
    let rest = find(line, key)?;
    let end = rest.iter().position(|&byte| byte == b')')?;
    let mut digits = heapless::Vec::<u8, 17>::new();
    for &byte in rest[..end].iter().filter(|&&byte| byte != b' ') {
        digits.push(byte).ok()?;
    }
    Mac::parse(Field { bytes: &digits, quoted: false }).ok()
}

fn hexadecimal(text: &[u8]) -> Option<u32> {
    let text = core::str::from_utf8(text.trim_ascii()).ok()?;
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    u32::from_str_radix(digits, 16).ok()
}
