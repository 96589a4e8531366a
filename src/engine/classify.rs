//! Says what a line means, without regard to what is going on.

use core::net::SocketAddr;

use crate::at::{Fields, after_name, parse_unsigned, starts_with_ignore_case};

/// A final result code: the line that ends a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub(crate) enum FinalResult {
    /// `OK`
    Ok,
    /// `ERROR`
    Error,
    /// `FAIL`
    Fail,
    /// `SEND OK`
    SendOk,
    /// `SEND FAIL`
    SendFail,
    /// `SET OK`
    SetOk,
    /// `WRITE OK`
    WriteOk,
    /// `+MQTTPUB:OK`
    Published,
    /// `+MQTTPUB:FAIL`
    PublishFailed,
    /// `SEND Canceled` or `SEND CANCELLED`
    SendCanceled,
}

impl FinalResult {
    pub(crate) const fn is_success(self) -> bool {
        matches!(self, Self::Ok | Self::SendOk | Self::SetOk | Self::WriteOk | Self::Published)
    }

    /// What a failure by another word than `ERROR` says.
    pub(crate) const fn reason(self) -> Option<Reason> {
        match self {
            Self::SendFail => Some(Reason::SendFailed),
            Self::SendCanceled => Some(Reason::SendCanceled),
            Self::PublishFailed => Some(Reason::PublishFailed),
            _ => None,
        }
    }
}

/// Why a command was refused: a line of words that firmware prints before `ERROR`, or instead of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[repr(u8)]
pub enum Reason {
    // Not 0, so that none is: memory that is all zero takes no code to make.
    /// `ALREADY CONNECTED`: the link ID is in use.
    AlreadyConnected = 1,
    /// `link is not valid` or `UNLINK`: there is no such link.
    NoLink,
    /// `DNS Fail`: the name could not be resolved.
    DnsFail,
    /// `no ip`: the station has no address.
    NoAddress,
    /// `ID ERROR`: a link ID out of range.
    LinkId,
    /// `IP ERROR`: a bad address.
    Address,
    /// `too long`, `wrong syntax`, `Link typ ERROR` and the like: the parameters do not suit.
    Parameters,
    /// `link is builded`: a setting that needs all links closed.
    LinksOpen,
    /// `MUX=0`: a command that needs `AT+CIPMUX=1`.
    SingleLink,
    /// `opmode mismatch when mdns`: the Wi-Fi mode does not suit the command.
    WifiMode,
    /// `SEND FAIL` instead of `ERROR`: the data could not be delivered.
    SendFailed,
    /// `SEND Canceled` instead of `ERROR`: the data were not sent, as the sender or a lost connection ended it.
    SendCanceled,
    /// `+MQTTPUB:FAIL` instead of `ERROR`: the message could not be published.
    PublishFailed,
}

/// What a line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    Final(FinalResult),
    /// `busy p...` and its kin: something was not taken, and the running command goes on.
    Busy,
    /// `ERR CODE:0x...`: see [`error_code`].
    ErrorCode,
    Reason(Reason),
    /// Firmware has started.
    Ready,
    /// A link has come up.
    Connect(Option<u8>),
    /// A link has gone, or was never made.
    Closed(Option<u8>),
    /// `+IPD,<link>,<length>` with the data kept in the module.
    Notice(u8),
    StationConnected,
    StationGotAddress,
    StationDisconnected,
    /// Known, and nothing follows from it.
    Noise,
    /// The module's echo of a command.
    Echo,
    /// Anything else: part of an answer, if a command runs.
    Information,
}

/// Declares words, and what they mean in the same order. A list of pairs would take half as much again.
macro_rules! words {
    ($($word:literal => $meaning:expr,)+) => {
        /// Each with a zero behind it.
        const WORDS: &[u8] = concat!($($word, "\0"),+).as_bytes();
        const MEANINGS: &[Meaning] = &[$($meaning),+];
    };
}

words! {
    "OK" => Meaning::Final(FinalResult::Ok),
    "ERROR" => Meaning::Final(FinalResult::Error),
    "FAIL" => Meaning::Final(FinalResult::Fail),
    "SEND OK" => Meaning::Final(FinalResult::SendOk),
    "SEND FAIL" => Meaning::Final(FinalResult::SendFail),
    "SEND CANCELED" => Meaning::Final(FinalResult::SendCanceled),
    "SEND CANCELLED" => Meaning::Final(FinalResult::SendCanceled),
    "WRITE OK" => Meaning::Final(FinalResult::WriteOk),
    "SET OK" => Meaning::Final(FinalResult::SetOk),
    "ready" => Meaning::Ready,
    "CONNECT" => Meaning::Connect(None),
    "CLOSED" => Meaning::Closed(None),
    "CONNECT FAIL" => Meaning::Closed(None),
    "WIFI CONNECTED" => Meaning::StationConnected,
    "WIFI GOT IP" => Meaning::StationGotAddress,
    "WIFI DISCONNECT" => Meaning::StationDisconnected,
    "WIFI DISCONNECTED" => Meaning::StationDisconnected,
    "WIFI GOT IPv6 LL" => Meaning::Noise,
    "WIFI GOT IPv6 GL" => Meaning::Noise,
    "Will force to restart!!!" => Meaning::Noise,
    "no change" => Meaning::Noise,
    "ALREADY CONNECTED" => Meaning::Reason(Reason::AlreadyConnected),
    "ALREADY CONNECTTED" => Meaning::Reason(Reason::AlreadyConnected),
    "ALREADY CONNECT" => Meaning::Reason(Reason::AlreadyConnected),
    "link is not valid" => Meaning::Reason(Reason::NoLink),
    "UNLINK" => Meaning::Reason(Reason::NoLink),
    "DNS Fail" => Meaning::Reason(Reason::DnsFail),
    "no ip" => Meaning::Reason(Reason::NoAddress),
    "ID ERROR" => Meaning::Reason(Reason::LinkId),
    "IP ERROR" => Meaning::Reason(Reason::Address),
    "too long" => Meaning::Reason(Reason::Parameters),
    "Link typ ERROR" => Meaning::Reason(Reason::Parameters),
    "Link type ERROR" => Meaning::Reason(Reason::Parameters),
    "wrong syntax" => Meaning::Reason(Reason::Parameters),
    "link is builded" => Meaning::Reason(Reason::LinksOpen),
    "MUX=0" => Meaning::Reason(Reason::SingleLink),
    "opmode mismatch when mdns" => Meaning::Reason(Reason::WifiMode),
    // After `AT+CIPSENDBUF`: more came than was told.
    "busy" => Meaning::Busy,
}

/// `line` is trimmed and not empty.
pub(crate) fn classify(line: &[u8]) -> Meaning {
    let first = line[0];
    if first == b'+' {
        return named(line);
    }
    if first.is_ascii_digit()
        && let Some(meaning) = numbered(line)
    {
        return meaning;
    }
    if let Some(meaning) = meaning_of(line) {
        return meaning;
    }
    if starts_with_ignore_case(line, b"busy ") && line.ends_with(b"...") {
        return Meaning::Busy;
    }
    if error_code(line).is_some() {
        return Meaning::ErrorCode;
    }
    if starts_with_ignore_case(line, b"Recv") && line.ends_with(b"bytes") {
        return Meaning::Noise;
    }
    if line.starts_with(b"AT") && matches!(line.get(2), None | Some(b'+' | b'E')) {
        return Meaning::Echo;
    }
    // At a wrong baud rate or after boot noise the word may be glued to garbage, never to text.
    if let Some(garbage) = line.strip_suffix(b"ready")
        && garbage.last().is_some_and(|byte| !(b' '..=b'~').contains(byte))
    {
        return Meaning::Ready;
    }
    Meaning::Information
}

/// Of a whole line that is a known word.
#[inline(never)]
fn meaning_of(line: &[u8]) -> Option<Meaning> {
    for (word, meaning) in WORDS.split(|&byte| byte == 0).zip(MEANINGS) {
        if line.eq_ignore_ascii_case(word) {
            return Some(*meaning);
        }
    }
    None
}

/// Lines that begin with `+`.
fn named(line: &[u8]) -> Meaning {
    if let Some(rest) = line.strip_prefix(b"+IPD,") {
        return match two_numbers(rest) {
            Some((link, _)) => Meaning::Notice(u8::try_from(link).unwrap_or(u8::MAX)),
            None => Meaning::Noise,
        };
    }
    if let Some(rest) = after_name(line, b"+LINK_CONN") {
        // <status>,<link>,... stands for `<link>,CONNECT` when AT+SYSMSG says so; status 0 is success.
        if let Some((status, link @ 0..=4)) = two_numbers(rest) {
            let link = Some(link as u8);
            return if status == 0 { Meaning::Connect(link) } else { Meaning::Closed(link) };
        }
    }
    match after_name(line, b"+MQTTPUB") {
        Some(b"OK") => return Meaning::Final(FinalResult::Published),
        Some(b"FAIL") => return Meaning::Final(FinalResult::PublishFailed),
        _ => {}
    }
    if error_code(line).is_some() {
        return Meaning::ErrorCode;
    }
    Meaning::Information
}

fn two_numbers(value: &[u8]) -> Option<(u32, u32)> {
    let mut fields = Fields::new(value);
    Some((fields.next()?.unsigned().ok()?, fields.next()?.unsigned().ok()?))
}

/// What the module tells of a new link's other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LinkPeer {
    /// It has connected to the module's server.
    pub(crate) is_client: bool,
    pub(crate) remote: Option<SocketAddr>,
}

/// Reads the rest of `+LINK_CONN:<status>,<link>,"TCP",<role>,"<address>",<port>,<local port>`.
pub(crate) fn link_peer(line: &[u8]) -> Option<LinkPeer> {
    let mut fields = Fields::new(after_name(line, b"+LINK_CONN")?);
    let role = fields.nth(3)?.unsigned().ok()?;
    let address = fields.next().and_then(|field| field.address().ok());
    let port = fields.next().and_then(|field| field.unsigned().ok()).and_then(|port| u16::try_from(port).ok());
    Some(LinkPeer { is_client: role == 1, remote: address.zip(port).map(|(ip, port)| SocketAddr::new(ip, port)) })
}

/// `0,CONNECT` and the like, with or without a blank after the comma.
fn numbered(line: &[u8]) -> Option<Meaning> {
    let comma = line.iter().position(|&byte| byte == b',')?;
    let link = Some(u8::try_from(parse_unsigned(&line[..comma])?).unwrap_or(u8::MAX));
    match meaning_of(line.get(comma + 1..)?.trim_ascii_start())? {
        Meaning::Connect(_) => Some(Meaning::Connect(link)),
        Meaning::Closed(_) => Some(Meaning::Closed(link)),
        _ => None,
    }
}

/// The number in a line that means [`Meaning::ErrorCode`]; 0 if it is none.
pub(crate) fn error_code(line: &[u8]) -> Option<u32> {
    let code = after_name(line, b"ERR CODE").or_else(|| after_name(line, b"+ERRNO"))?;
    Some(hexadecimal(code).unwrap_or(0))
}

fn hexadecimal(text: &[u8]) -> Option<u32> {
    let text = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X")).unwrap_or(text);
    let mut value = 0u32;
    for &digit in text {
        let digit = char::from(digit).to_digit(16).filter(|_| value >> 28 == 0)?;
        value = value << 4 | digit;
    }
    (!text.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_only() {
        for (line, meaning) in [
            ("OK", Meaning::Final(FinalResult::Ok)),
            ("SEND Canceled", Meaning::Final(FinalResult::SendCanceled)),
            ("0,CONNECT", Meaning::Connect(Some(0))),
            ("4, CLOSED", Meaning::Closed(Some(4))),
            ("246,CONNECT", Meaning::Connect(Some(246))),
            (",CLOSED", Meaning::Information),
            ("x0,CLOSED", Meaning::Information),
            ("0,CLOSED!", Meaning::Information),
            ("OKAY", Meaning::Information),
            ("busy p...", Meaning::Busy),
            ("busy s...", Meaning::Busy),
            ("busy", Meaning::Busy),
            ("busybody", Meaning::Information),
            ("Opmode mismatch when mDNS", Meaning::Reason(Reason::WifiMode)),
            ("opmode mismatch when mdns!", Meaning::Information),
            ("ERR CODE: 0x00006001", Meaning::ErrorCode),
            ("ERR CODE:0x010b0000", Meaning::ErrorCode),
            ("+ERRNO:0x1090000", Meaning::ErrorCode),
            ("WIFI DISCONNECTED", Meaning::StationDisconnected),
            ("+IPD,0,450", Meaning::Notice(0)),
            ("+IPD, 3, 1", Meaning::Notice(3)),
            ("+IPD,4", Meaning::Noise),
            ("+LINK_CONN:0,2,\"TCP\",0,\"1.2.3.4\",80,50", Meaning::Connect(Some(2))),
            ("Recv 12 bytes", Meaning::Noise),
            ("Recv9 bytes", Meaning::Noise),
            ("AT+CWMODE=1", Meaning::Echo),
            ("ATE0", Meaning::Echo),
            ("AT", Meaning::Echo),
            ("AT version:2.2.0.0", Meaning::Information),
            ("not ready", Meaning::Information),
        ] {
            assert_eq!(classify(line.as_bytes()), meaning, "{line}");
        }
        assert_eq!(classify(b"\xfe\x00\xf8ready"), Meaning::Ready);
    }

    #[test]
    fn numbers_of_errors() {
        for (line, code) in [
            ("ERR CODE: 0x00006001", Some(0x6001)),
            ("ERR CODE:0x010b0000", Some(0x010b_0000)),
            ("+ERRNO:0x1090000", Some(0x0109_0000)),
            ("ERR CODE:?", Some(0)),
            ("ERROR", None),
        ] {
            assert_eq!(error_code(line.as_bytes()), code, "{line}");
        }
    }

    #[test]
    fn peers_of_links() {
        let remote = Some("1.2.3.4:80".parse().unwrap());
        for (line, peer) in [
            ("+LINK_CONN:0,2,\"TCP\",0,\"1.2.3.4\",80,50", Some(LinkPeer { is_client: false, remote })),
            ("+LINK_CONN:0,2,\"TCP\",1,\"1.2.3.4\",80,50", Some(LinkPeer { is_client: true, remote })),
            ("+LINK_CONN:0,2,TCP,1,1.2.3.4,80,50", Some(LinkPeer { is_client: true, remote })),
            ("+LINK_CONN:0,2,\"TCP\",1", Some(LinkPeer { is_client: true, remote: None })),
            ("+LINK_CONN:0,2", None),
            ("2,CONNECT", None),
        ] {
            assert_eq!(link_peer(line.as_bytes()), peer, "{line}");
        }
    }
}
