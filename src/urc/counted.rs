//! Messages and answers that carry a counted number of raw bytes.
//!
//! They are no lines: the bytes may be anything, line ends included, and no line end needs to follow them. What stands
//! before them is the head. [`head`] reads it while it arrives.

use core::net::SocketAddr;

use crate::at::{Field, Fields, parse_unsigned, starts_with_ignore_case};

/// A head that is complete, so that the next byte is the first of its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedHead<'a> {
    /// What the bytes are.
    pub payload: Payload<'a>,
    /// How many there are.
    pub length: u32,
    /// Whether the sender's address may come before the bytes (`+CIPRECVDATA` with `AT+CIPDINFO=1`). The bytes could
    /// look like that, too: only who knows the module's settings can tell.
    pub address_may_follow: bool,
}

/// What raw bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload<'a> {
    /// `+IPD`: received data.
    Link {
        /// The number of the connection; `None` with `AT+CIPMUX=0`.
        link: Option<u8>,
        /// The sender, where firmware says so (`AT+CIPDINFO=1`).
        remote: Option<SocketAddr>,
    },
    /// `+CIPRECVDATA`: received data that were asked for.
    Received {
        /// The number of the connection, by early firmware.
        link: Option<u8>,
        /// The sender, where firmware says so (`AT+CIPDINFO=1`).
        remote: Option<SocketAddr>,
    },
    /// `+MQTTSUBRECV`: a message.
    MqttMessage {
        /// The client, 0.
        link: u8,
        /// Its topic. Firmware does not escape it.
        topic: &'a [u8],
    },
    /// `+HTTPCLIENT`: a block of a server's answer. A blank that the length does not count may come first where it is a
    /// header line.
    HttpRequest,
    /// `+HTTPCGET`: a block of a resource.
    HttpGet,
    /// `+HTTPCPOST`: a block of the answer to a POST.
    HttpPost,
    /// `+HTTPCPUT`: a block of the answer to a PUT.
    HttpPut,
    /// `+HTTPURLCFG`: the stored URL.
    HttpUrl,
    /// `+WS_DATA`: data of a WebSocket connection.
    WebSocket {
        /// The number of the connection.
        link: u8,
    },
    /// `+NOTIFY`: a notification of a peer's characteristic.
    BleNotification(Characteristic),
    /// `+INDICATE`: an indication of a peer's characteristic.
    BleIndication(Characteristic),
    /// `+WRITE`: the peer has written a characteristic of the module, or a descriptor of it.
    BleWrite {
        /// The characteristic.
        characteristic: Characteristic,
        /// The descriptor, if it was one.
        descriptor: Option<u16>,
    },
    /// `+BLEGATTCRD`: the value of a characteristic or descriptor.
    BleValue {
        /// The number of the connection.
        connection: u16,
    },
    /// `+BLUFIDATA`: data of a phone.
    BluFi,
    /// `+BTDATA`: data of a serial connection.
    Bluetooth,
    /// `+SCRD`: data that a phone sent with `SmartConfig`.
    SmartConfig,
    /// `+SYSFLASH`: bytes of the flash.
    Flash,
    /// `+SYSMFG`: a value of the manufacturer's data.
    Manufacturer {
        /// The name of the group of values.
        namespace: &'a [u8],
        /// The name of the value.
        key: &'a [u8],
        /// The kind of value.
        kind: u8,
    },
    /// `+USERRAM`: bytes of the user's memory.
    UserRam,
}

impl Payload<'_> {
    /// Whether the module sends it without being asked; otherwise it is part of an answer.
    #[must_use]
    pub const fn is_unsolicited(&self) -> bool {
        matches!(
            self,
            Self::Link { .. }
                | Self::MqttMessage { .. }
                | Self::WebSocket { .. }
                | Self::BleNotification(_)
                | Self::BleIndication(_)
                | Self::BleWrite { .. }
                | Self::BluFi
                | Self::Bluetooth
                | Self::SmartConfig
        )
    }
}

/// A characteristic of a Bluetooth LE service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Characteristic {
    /// The number of the connection.
    pub connection: u16,
    /// The number of the service.
    pub service: u16,
    /// The number of the characteristic.
    pub characteristic: u16,
}

/// How a head looks.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Its name.
    pub name: &'static str,
    /// What stands between the name and the fields: one of these bytes.
    pub separators: &'static [u8],
    /// How many fields there are.
    pub fields: usize,
    /// Which of them is the length, counted from 0.
    pub length: usize,
    /// Which of them is text that may hold anything, so that the others are to be looked for from both ends.
    pub text: Option<usize>,
    /// What ends the head.
    pub end: u8,
    payload: for<'a> fn(&[Field<'a>]) -> Option<Payload<'a>>,
}

/// Most fields of a head.
const MAX_FIELDS: usize = 5;

const fn shape(
    name: &'static str,
    fields: usize,
    length: usize,
    payload: for<'a> fn(&[Field<'a>]) -> Option<Payload<'a>>,
) -> Shape {
    Shape { name, separators: b":=", fields, length, text: None, end: b',', payload }
}

const fn ipd(fields: usize, length: usize) -> Shape {
    Shape { separators: b",", end: b':', ..shape("+IPD", fields, length, link) }
}

/// All heads. Those of one name differ in what separates or ends them, or in the number of fields.
pub const SHAPES: &[Shape] = &[
    ipd(1, 0),
    ipd(2, 1),
    ipd(3, 0),
    ipd(4, 1),
    Shape { separators: b",", end: b':', ..shape("+CIPRECVDATA", 1, 0, received) },
    Shape { separators: b"=", ..shape("+CIPRECVDATA", 2, 1, received) },
    Shape { separators: b":", ..shape("+CIPRECVDATA", 1, 0, received) },
    Shape { separators: b":", ..shape("+CIPRECVDATA", 3, 0, received) },
    Shape { text: Some(1), ..shape("+MQTTSUBRECV", 3, 2, mqtt_message) },
    shape("+HTTPCLIENT", 1, 0, |_| Some(Payload::HttpRequest)),
    shape("+HTTPCGET", 1, 0, |_| Some(Payload::HttpGet)),
    shape("+HTTPCPOST", 1, 0, |_| Some(Payload::HttpPost)),
    shape("+HTTPCPUT", 1, 0, |_| Some(Payload::HttpPut)),
    shape("+HTTPURLCFG", 1, 0, |_| Some(Payload::HttpUrl)),
    shape("+WS_DATA", 2, 1, |fields| Some(Payload::WebSocket { link: small(fields[0])? })),
    shape("+NOTIFY", 4, 3, |fields| characteristic(fields).map(Payload::BleNotification)),
    shape("+INDICATE", 4, 3, |fields| characteristic(fields).map(Payload::BleIndication)),
    shape("+WRITE", 5, 4, ble_write),
    shape("+BLEGATTCRD", 2, 1, |fields| Some(Payload::BleValue { connection: medium(fields[0])? })),
    shape("+BLUFIDATA", 1, 0, |_| Some(Payload::BluFi)),
    shape("+BTDATA", 1, 0, |_| Some(Payload::Bluetooth)),
    shape("+SCRD", 1, 0, |_| Some(Payload::SmartConfig)),
    shape("+SYSFLASH", 1, 0, |_| Some(Payload::Flash)),
    shape("+SYSMFG", 4, 3, manufacturer),
    shape("+USERRAM", 1, 0, |_| Some(Payload::UserRam)),
];

fn small(field: Field<'_>) -> Option<u8> {
    field.unsigned().ok()?.try_into().ok()
}

fn medium(field: Field<'_>) -> Option<u16> {
    field.unsigned().ok()?.try_into().ok()
}

/// A number that no module gives leads to no connection, but its bytes are counted all the same.
fn link_number(field: Field<'_>) -> u8 {
    small(field).unwrap_or(u8::MAX)
}

fn remote(address: Field<'_>, port: Field<'_>) -> Option<SocketAddr> {
    Some(SocketAddr::new(address.address().ok()?, medium(port)?))
}

fn link<'a>(fields: &[Field<'a>]) -> Option<Payload<'a>> {
    let (link, remote) = match *fields {
        [_] => (None, None),
        [link, _] => (Some(link_number(link)), None),
        // An IPv6 address without quotes has colons, at each of which the head seems to end.
        [_, address, port] => (None, Some(remote(address, port)?)),
        [link, _, address, port] => (Some(link_number(link)), Some(remote(address, port)?)),
        _ => return None,
    };
    Some(Payload::Link { link, remote })
}

fn received<'a>(fields: &[Field<'a>]) -> Option<Payload<'a>> {
    match *fields {
        [_] => Some(Payload::Received { link: None, remote: None }),
        [link, _] => Some(Payload::Received { link: Some(link_number(link)), remote: None }),
        [_, address, port] => Some(Payload::Received { link: None, remote: Some(remote(address, port)?) }),
        _ => None,
    }
}

fn mqtt_message<'a>(fields: &[Field<'a>]) -> Option<Payload<'a>> {
    Some(Payload::MqttMessage { link: small(fields[0])?, topic: fields[1].bytes })
}

fn characteristic(fields: &[Field<'_>]) -> Option<Characteristic> {
    let [connection, service, characteristic, ..] = *fields else { return None };
    let (connection, service) = (medium(connection)?, medium(service)?);
    Some(Characteristic { connection, service, characteristic: medium(characteristic)? })
}

fn ble_write<'a>(fields: &[Field<'a>]) -> Option<Payload<'a>> {
    let descriptor = if fields[3].is_empty() { None } else { Some(medium(fields[3])?) };
    Some(Payload::BleWrite { characteristic: characteristic(fields)?, descriptor })
}

fn manufacturer<'a>(fields: &[Field<'a>]) -> Option<Payload<'a>> {
    Some(Payload::Manufacturer { namespace: fields[0].bytes, key: fields[1].bytes, kind: small(fields[2])? })
}

impl Shape {
    fn read<'a>(&self, line: &'a [u8]) -> Option<CountedHead<'a>> {
        let (&end, rest) = line.split_last()?;
        if end != self.end || !starts_with_ignore_case(rest, self.name.as_bytes()) {
            return None;
        }
        let (separator, body) = rest[self.name.len()..].split_first()?;
        if !self.separators.contains(separator) {
            return None;
        }
        let mut fields = [Field { bytes: &[], quoted: false }; MAX_FIELDS];
        let fields = fields.get_mut(..self.fields)?;
        match self.text {
            Some(text) => split_around(body, text, fields)?,
            None => {
                let mut found = Fields::new(body);
                for field in &mut *fields {
                    *field = found.next()?;
                }
                if found.next().is_some() {
                    return None;
                }
            }
        }
        let length = fields[self.length].unsigned().ok()?;
        let payload = (self.payload)(fields)?;
        let address_may_follow = self.end == b',' && matches!(payload, Payload::Received { link: None, remote: None });
        Some(CountedHead { payload, length, address_may_follow })
    }
}

/// Splits at commas, from both ends towards the field `text`, which gets the rest.
fn split_around<'a>(body: &'a [u8], text: usize, fields: &mut [Field<'a>]) -> Option<()> {
    let bare = |bytes: &'a [u8]| Field { bytes: bytes.trim_ascii(), quoted: false };
    let mut body = body;
    for field in &mut fields[..text] {
        let comma = body.iter().position(|&byte| byte == b',')?;
        *field = bare(&body[..comma]);
        body = &body[comma + 1..];
    }
    for field in fields[text + 1..].iter_mut().rev() {
        let comma = body.iter().rposition(|&byte| byte == b',')?;
        *field = bare(&body[comma + 1..]);
        body = &body[..comma];
    }
    let whole = body.trim_ascii();
    fields[text] = match whole {
        [b'"', inner @ .., b'"'] => Field { bytes: inner, quoted: true },
        [b'"', ..] => return None,
        whole => Field { bytes: whole, quoted: false },
    };
    Some(())
}

/// Reads the head of a counted message that `line` is so far, from its first byte on.
///
/// `None` if it is not complete: the head ends in a comma or colon, so only there is it worth asking. Nothing can be
/// told of a name that is not known; that is [`may_become`]'s business.
///
/// ```
/// use wifi_at::urc::counted::{Payload, head};
/// assert_eq!(head(b"+MQTTSUBRECV:0,\"a,b\","), None);
/// let head = head(b"+MQTTSUBRECV:0,\"a,b\",4,").unwrap();
/// assert_eq!(head.length, 4);
/// assert_eq!(head.payload, Payload::MqttMessage { link: 0, topic: b"a,b" });
/// ```
#[must_use]
pub fn head(line: &[u8]) -> Option<CountedHead<'_>> {
    SHAPES.iter().find_map(|shape| shape.read(line))
}

/// What the driver has to know of a shape. [`Shape`] says more, in ten times the flash.
struct Count {
    name: &'static str,
    /// How many fields there are, of which the last is the length.
    fields: u8,
    /// One of them is text that may hold commas.
    text: bool,
    unsolicited: bool,
}

/// Those of [`SHAPES`] that are not data of a link.
const COUNTS: &[Count] = &[
    Count { text: true, ..unsolicited("+MQTTSUBRECV", 3) },
    answer("+HTTPCLIENT", 1),
    answer("+HTTPCGET", 1),
    answer("+HTTPCPOST", 1),
    answer("+HTTPCPUT", 1),
    answer("+HTTPURLCFG", 1),
    unsolicited("+WS_DATA", 2),
    unsolicited("+NOTIFY", 4),
    unsolicited("+INDICATE", 4),
    unsolicited("+WRITE", 5),
    answer("+BLEGATTCRD", 2),
    unsolicited("+BLUFIDATA", 1),
    unsolicited("+BTDATA", 1),
    unsolicited("+SCRD", 1),
    answer("+SYSFLASH", 1),
    answer("+SYSMFG", 4),
    answer("+USERRAM", 1),
];

const fn answer(name: &'static str, fields: u8) -> Count {
    Count { name, fields, text: false, unsolicited: false }
}

const fn unsolicited(name: &'static str, fields: u8) -> Count {
    Count { unsolicited: true, ..answer(name, fields) }
}

/// What [`count`] is to those who only need it if there is such a thing.
pub(crate) type Counter = fn(&[u8]) -> Option<(u32, bool)>;

/// [`count`] for a program that sends this command, if it or what it starts may bring counted data.
pub(crate) const fn counter_for(name: &str) -> Option<Counter> {
    const GROUPS: [&str; 8] =
        ["AT+MQTT", "AT+HTTP", "AT+WS", "AT+BL", "AT+BT", "AT+SYSFLASH", "AT+SYSMFG", "AT+USERRAM"];
    let name = name.as_bytes();
    let mut group = 0;
    while group < GROUPS.len() {
        if let Some((head, _)) = name.split_at_checked(GROUPS[group].len())
            && is_same(head, GROUPS[group].as_bytes())
        {
            return Some(count);
        }
        group += 1;
    }
    None
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// How many bytes follow the head that `line` is so far, and whether nobody has asked for them. `None` if it is no
/// complete head, or that of a link's data.
pub(crate) fn count(line: &[u8]) -> Option<(u32, bool)> {
    let line = line.strip_suffix(b",")?;
    let end = line.iter().position(|byte| matches!(byte, b':' | b'='))?;
    let (name, body) = (&line[..end], &line[end + 1..]);
    let known = COUNTS.iter().find(|known| known.name.as_bytes().eq_ignore_ascii_case(name))?;
    let commas = body.iter().filter(|&&byte| byte == b',').count();
    let wanted = usize::from(known.fields) - 1;
    if commas < wanted || (commas > wanted && !known.text) {
        return None;
    }
    let mut parts = body.rsplitn(2, |&byte| byte == b',');
    let length = parts.next()?;
    if known.text {
        // Inside of the text this is not its end.
        let text = parts.next()?.splitn(2, |&byte| byte == b',').nth(1)?.trim_ascii();
        if text.first() == Some(&b'"') && (text.len() < 2 || text.last() != Some(&b'"')) {
            return None;
        }
    }
    Some((parse_unsigned(length.trim_ascii())?, known.unsolicited))
}

/// Whether a line that begins like `line` may be a counted message.
#[must_use]
pub fn may_become(line: &[u8]) -> bool {
    SHAPES.iter().any(|shape| {
        let name = shape.name.as_bytes();
        let common = name.len().min(line.len());
        line[..common].eq_ignore_ascii_case(&name[..common])
            && line.get(name.len()).is_none_or(|byte| shape.separators.contains(byte))
    })
}

/// What [`find`] has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// No counted message begins here.
    Nothing,
    /// One may begin here.
    Incomplete,
    /// A head of this many bytes stands here.
    Head(CountedHead<'a>, usize),
}

/// Looks for a head at the beginning of `buffer`.
pub(super) fn find(buffer: &[u8]) -> Found<'_> {
    if !may_become(buffer) {
        return Found::Nothing;
    }
    let end = buffer.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    let line = &buffer[..end.unwrap_or(buffer.len())];
    let ends = || line.iter().enumerate().filter(|(_, byte)| matches!(byte, b',' | b':')).map(|(at, _)| at + 1);
    let heads = || ends().filter_map(|length| head(&line[..length]).map(|head| (head, length)));
    let Some((first, length)) = heads().next() else {
        return if end.is_some() { Found::Nothing } else { Found::Incomplete };
    };
    // Bytes that begin with a quote are taken for an address if they turn out to be one.
    if first.address_may_follow && buffer.get(length).is_none_or(|&byte| byte == b'"') {
        if let Some((head, length)) = heads().nth(1) {
            return Found::Head(head, length);
        }
        let address = 2 + 39 + 1 + 5 + 1;
        if first.length > 0 && end.is_none() && buffer.len() < length + address {
            return Found::Incomplete;
        }
    }
    Found::Head(first, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_complete_at_its_last_byte_and_nowhere_else() {
        let peer = Some("[fe80::1]:80".parse().unwrap());
        let characteristic = Characteristic { connection: 0, service: 3, characteristic: 6 };
        for (line, length, payload) in [
            ("+IPD,5:", 5, Payload::Link { link: None, remote: None }),
            ("+IPD,0,1460:", 1460, Payload::Link { link: Some(0), remote: None }),
            ("+IPD,246,6:", 6, Payload::Link { link: Some(246), remote: None }),
            ("+IPD,-10,6:", 6, Payload::Link { link: Some(255), remote: None }),
            ("+IPD,0,5,fe80::1,80:", 5, Payload::Link { link: Some(0), remote: peer }),
            ("+IPD,5,\"fe80::1\",80:", 5, Payload::Link { link: None, remote: peer }),
            ("+CIPRECVDATA,12:", 12, Payload::Received { link: None, remote: None }),
            ("+CIPRECVDATA=1,12,", 12, Payload::Received { link: Some(1), remote: None }),
            ("+CIPRECVDATA:12,", 12, Payload::Received { link: None, remote: None }),
            ("+MQTTSUBRECV:0,\"a\",b\",4,", 4, Payload::MqttMessage { link: 0, topic: b"a\",b" }),
            ("+mqttsubrecv= 0, topic, 4,", 4, Payload::MqttMessage { link: 0, topic: b"topic" }),
            ("+NOTIFY:0,3,6,10,", 10, Payload::BleNotification(characteristic)),
            ("+WRITE:0,3,6,,2,", 2, Payload::BleWrite { characteristic, descriptor: None }),
            ("+WRITE:0,3,6,1,2,", 2, Payload::BleWrite { characteristic, descriptor: Some(1) }),
            (
                "+SYSMFG:\"client_cert\",\"client_cert.0\",8,1164,",
                1164,
                Payload::Manufacturer { namespace: b"client_cert", key: b"client_cert.0", kind: 8 },
            ),
        ] {
            let complete = head(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((complete.length, complete.payload), (length, payload), "{line}");
            for end in 0..line.len() {
                assert_eq!(head(&line.as_bytes()[..end]), None, "{}", &line[..end]);
                assert!(may_become(&line.as_bytes()[..end]), "{}", &line[..end]);
            }
        }
        let remote = Some("1.2.3.4:80".parse().unwrap());
        let late = head(b"+CIPRECVDATA:12,\"1.2.3.4\",80,").unwrap();
        assert_eq!((late.payload, late.address_may_follow), (Payload::Received { link: None, remote }, false));
        assert!(head(b"+CIPRECVDATA:12,").unwrap().address_may_follow);
    }

    #[test]
    fn the_driver_counts_the_same() {
        let data = |shape: &&Shape| !matches!(shape.name, "+IPD" | "+CIPRECVDATA");
        assert_eq!(SHAPES.iter().filter(data).count(), COUNTS.len());
        for shape in SHAPES.iter().filter(data) {
            for separator in shape.separators {
                let mut line = std::format!("{}{}", shape.name, char::from(*separator));
                for field in 0..shape.fields {
                    let text = if shape.text == Some(field) { "\"a,b\"" } else { "7" };
                    line += &std::format!("{}{text}", if field > 0 { "," } else { "" });
                    if field + 1 < shape.fields {
                        assert_eq!(count(std::format!("{line},").as_bytes()), None, "{line},");
                    }
                }
                line.push(char::from(shape.end));
                let complete = head(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
                assert_eq!(count(line.as_bytes()), Some((7, complete.payload.is_unsolicited())), "{line}");
                assert_eq!(count(std::format!("{line}1,").as_bytes()), None, "{line}1,");
            }
        }
        for line in ["+MQTTSUBRECV:0,\"a,4,", "+MQTTSUBRECV:0,\"a,4,5,", "+MQTTSUBRECV:0,\",4,", "+IPD,5:"] {
            assert_eq!(count(line.as_bytes()), None, "{line}");
        }
        assert_eq!(count(b"+MQTTSUBRECV:0,\"a,4,\",5,"), Some((5, true)));
        assert_eq!(count(b"+HTTPCGET:x,"), None);
    }

    #[test]
    fn what_is_no_head() {
        for line in
            ["", ":", "+IPD:", "+IPD,:", "+IPD,x:", "+IPDX,5:", "+HTTPCGET:x,", "+MQTTSUBRECV:0,4,", "+WS_DATA:1,"]
        {
            assert_eq!(head(line.as_bytes()), None, "{line}");
        }
        assert!(!may_become(b"+CIPSTA:"));
        assert!(!may_become(b"+HTTPCGETX"));
    }
}
