//! What a whole line is by its shape.

use super::Urc;
use crate::at::{Fields, parse_unsigned, starts_with_ignore_case};

/// Messages that begin with `+`, and whether the first field is a link.
const EVENTS: &[(&[u8], bool)] = &[
    (b"+STA_CONNECTED", false),
    (b"+STA_DISCONNECTED", false),
    (b"+DIST_STA_IP", false),
    (b"+QUITT", false),
    (b"+TIME_UPDATED", false),
    (b"+ETH_CONNECTED", false),
    (b"+ETH_DISCONNECTED", false),
    (b"+ETH_GOT_IP", false),
    (b"+CIPUPDATE", false),
    (b"+WEBSERVERRSP", false),
    (b"+MQTTPUB", false),
    (b"+MQTTCONNECTED", true),
    (b"+MQTTDISCONNECTED", true),
    (b"+WS_CONNECTED", true),
    (b"+WS_DISCONNECTED", true),
    (b"+WS_CLOSED", true),
    (b"+BLECONN", true),
    (b"+BLEDISCONN", true),
    (b"+BLECONNPARAM", true),
    (b"+BLESCAN", false),
    (b"+BLESCANDONE", false),
    (b"+READ", true),
    (b"+BLESECREQ", true),
    (b"+BLESECNTFYKEY", true),
    (b"+BLESECKEYREQ", true),
    (b"+BLESECKEYTYPE", true),
    (b"+BLEAUTHCMPL", true),
    (b"+BTSPPCONN", true),
    (b"+BTSPPDISCONN", true),
    (b"+BTA2DPCONN", true),
    (b"+BTA2DPDISCONN", true),
];

/// Commands whose `=` form brings the message of the same name about, which is no line of its answer.
const CAUSES: &[&[u8]] = &[
    b"+BLECONN",
    b"+BLEDISCONN",
    b"+BLECONNPARAM",
    b"+BTSPPCONN",
    b"+BTSPPDISCONN",
    b"+BTA2DPCONN",
    b"+BTA2DPDISCONN",
];

/// Messages in words, by how they begin; the name is what stands here.
const WORDS: &[&[u8]] = &[
    b"smartconfig type",
    b"smart get wifi info",
    b"smart get wi-fi info",
    b"smartconfig connected wifi",
    b"smartconfig connected wi-fi",
    b"smartconfig connect fail",
    b"NO CERT FOUND",
    b"NO PRVT_KEY FOUND",
    b"NO CA FOUND",
];

/// How the text of a ROM, a boot loader or a crash begins.
const BOOT: &[&[u8]] = &[
    b"ets ",
    b"rst:0x",
    b"ESP-ROM:",
    b"Build:",
    b"configsip:",
    b"clk_drv:",
    b"mode:DIO",
    b"mode:QIO",
    b"mode:DOUT",
    b"load:0x",
    b"load 0x",
    b"entry 0x",
    b"chksum 0x",
    b"csum 0x",
    b"SPIWP:",
    b"boot:",
    b"2nd boot",
    b"Fatal exception",
    b"Exception (",
    b"epc1=",
    b">>>stack>>>",
    b"Guru Meditation",
    b"Backtrace:",
    b"abort() was called",
    b"wdt reset",
    b"Soft WDT reset",
    b"rf cal sector",
    b"rf[",
    b"SDK ver:",
    b"I (",
    b"E (",
    b"W (",
];

/// `+NAME` of a line that begins so, if what follows can follow a name.
pub(super) fn name(line: &[u8]) -> Option<&[u8]> {
    let body = line.strip_prefix(b"+")?;
    if !body.first()?.is_ascii_alphabetic() {
        return None;
    }
    let end = body.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').unwrap_or(body.len());
    matches!(body.get(end), None | Some(b':' | b'=' | b',' | b' ')).then_some(&line[..=end])
}

/// `+CWJAP` of `AT+CWJAP_CUR="x"`.
fn command_name(command: &[u8]) -> &[u8] {
    let body = command.strip_prefix(b"AT").unwrap_or(command);
    let end = body.iter().position(|byte| matches!(byte, b'=' | b'?' | b':')).unwrap_or(body.len());
    base(&body[..end])
}

fn base(name: &[u8]) -> &[u8] {
    name.strip_suffix(b"_CUR").or_else(|| name.strip_suffix(b"_DEF")).unwrap_or(name)
}

/// Whether a line with `name` is part of the answer to `command`.
pub(super) fn answers(name: &[u8], command: &[u8]) -> bool {
    let asked = command_name(command);
    if name == b"+CIPUPDATE" && asked == b"+CIUPDATE" {
        return true;
    }
    base(name).eq_ignore_ascii_case(asked) && (command.ends_with(b"?") || !CAUSES.contains(&name))
}

/// A message that is known by its name.
pub(super) fn is_event(name: &[u8]) -> bool {
    EVENTS.iter().any(|(event, _)| *event == name)
}

/// A `+NAME` line as a message.
pub(super) fn event<'a>(name: &'a [u8], line: &'a [u8]) -> Urc<'a> {
    let linked = EVENTS.iter().any(|(event, linked)| *linked && *event == name);
    let value = line[name.len()..].strip_prefix(b":").unwrap_or_default();
    let link = if linked { Fields::new(value).next().and_then(|field| field.unsigned().ok()) } else { None };
    Urc { name, raw: line, link, avail: None }
}

/// `CONNECT`, `0,CLOSED`, `+LINK_CONN:0,2,...`.
pub(super) fn link_event(line: &[u8]) -> Urc<'_> {
    if let Some(name) = name(line) {
        let link = Fields::new(line[name.len()..].strip_prefix(b":").unwrap_or_default()).nth(1);
        return Urc { name, raw: line, link: link.and_then(|field| field.unsigned().ok()), avail: None };
    }
    match line.iter().position(|&byte| byte == b',') {
        Some(comma) => {
            let name = line[comma + 1..].trim_ascii_start();
            Urc { name, raw: line, link: parse_unsigned(&line[..comma]), avail: None }
        }
        None => Urc { name: line, raw: line, link: None, avail: None },
    }
}

/// `+IPD,0,450` or `+IPD,450` as a whole line: data waits in the module.
pub(super) fn notice(line: &[u8]) -> Option<Urc<'_>> {
    let mut fields = line.strip_prefix(b"+IPD,")?.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    let first = fields.next().and_then(parse_unsigned)?;
    let (link, avail) = match fields.next() {
        Some(second) => (Some(first), parse_unsigned(second)?),
        None => (None, first),
    };
    Some(Urc { name: b"+IPD", raw: line, link, avail: Some(avail) })
}

/// `<segment>,SEND OK` and `<link>,<segment>,SEND OK` of a buffered send.
pub(super) fn segment(line: &[u8]) -> Option<Urc<'_>> {
    let name = [&b"SEND OK"[..], b"SEND FAIL"].into_iter().find(|word| line.ends_with(word))?;
    let mut numbers = line[..line.len() - name.len()].strip_suffix(b",")?.split(|&byte| byte == b',');
    let first = parse_unsigned(numbers.next()?)?;
    let link = match numbers.next() {
        Some(second) => {
            parse_unsigned(second)?;
            Some(first)
        }
        None => None,
    };
    numbers.next().is_none().then_some(Urc { name, raw: line, link, avail: None })
}

/// A message in words.
pub(super) fn words(line: &[u8]) -> Option<Urc<'_>> {
    let word = WORDS.iter().find(|word| starts_with_ignore_case(line, word));
    if let Some(word) = word {
        return Some(Urc { name: &line[..word.len()], raw: line, link: None, avail: None });
    }
    let count = line.strip_prefix(b"Have ")?.strip_suffix(b" Connections")?;
    parse_unsigned(count).map(|_| Urc { name: b"Have", raw: line, link: None, avail: None })
}

/// Commands whose answers have lines without a name.
pub(super) fn answers_in_words(command: &[u8]) -> bool {
    const NAMES: &[&[u8]] = &[
        b"+GMR",
        b"+CIFSR",
        b"+CIPSTATUS",
        b"+CWLIF",
        b"+CIPBUFSTATUS",
        b"+CIPBUFRESET",
        b"+CIPCHECKSEQ",
        b"+CIPSENDBUF",
        b"+GSLP",
        b"+PING",
        b"+CWLAP",
        b"+CMD",
        b"+FS",
        b"+SYSMFG",
        b"+SYSTIMESTAMP",
        b"+CIPDNS",
        b"+CIUPDATE",
        b"+USEROTA",
    ];
    NAMES.contains(&command_name(command))
}

/// Words that say why a command fails, or has nothing to say: `link is not valid`, `no change`, `No AP`, `MUX=0`, ...
pub(super) fn is_reason(line: &[u8]) -> bool {
    const WORDS: &[&[u8]] = &[
        b"error",
        b"fail",
        b"invalid",
        b"not ",
        b"no ",
        b"must",
        b"already",
        b"exist",
        b"too ",
        b"unlink",
        b"mux=",
        b"mode=",
        b"timeout",
        b"builded",
        b"reach",
        b"miss",
        b"wrong",
        b"to read ",
        b"recv",
    ];
    WORDS.iter().any(|word| line.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word)))
}

pub(super) fn is_boot_text(line: &[u8]) -> bool {
    BOOT.iter().any(|begin| line.starts_with(begin))
}

/// Text that a person can read: wrong-baud noise is not.
pub(super) fn is_text(line: &[u8]) -> bool {
    line.iter().all(|byte| !byte.is_ascii_control() || *byte == b'\t') && core::str::from_utf8(line).is_ok()
}

/// `+12` and `+timeout`, which `AT+PING` answers.
pub(super) fn is_ping(line: &[u8]) -> bool {
    line.strip_prefix(b"+").is_some_and(|value| value == b"timeout" || parse_unsigned(value).is_some())
}
