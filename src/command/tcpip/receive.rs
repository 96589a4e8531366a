//! Receiving: `AT+CIPRECVTYPE`, `AT+CIPRECVMODE`, `AT+CIPRECVDATA`, `AT+CIPRECVLEN`, `AT+CIPDINFO`.
//!
//! The driver's sockets receive in passive mode by themselves. These commands are for those who do without sockets.

use core::net::{IpAddr, SocketAddr};

use heapless::Vec;

use crate::at::{Field, FieldError, Fields, after_name};
use crate::command::declare::{codes, commands, records};
use crate::command::{Answer, Link, List, Record, Value};

/// Most bytes that [`ReceivedData`] holds.
pub const RECEIVED_DATA: usize = 2048;

codes! {
    /// Where received data waits.
    ReceiveMode {
        /// Nowhere: it comes at once, with `+IPD`.
        Active = 0,
        /// In the module, which only announces it, until it is asked for. When its buffer is full, TCP peers have to
        /// wait, and datagrams are lost.
        Passive = 1,
    }
}

records! {
    /// Where the received data of all connections waits.
    "+CIPRECVMODE" ReceiveModeSetting {
        /// The mode.
        pub mode: ReceiveMode,
    }

    /// Whether received data comes with the sender's address.
    "+CIPDINFO" SenderAddressSetting {
        /// Whether it does. Firmware prints a word here, and takes a number.
        pub shown: bool,
    }
}

commands! {
    /// Asks for the receive mode of each link (`ESP-AT 3.3.33`).
    query QueryReceiveTypes -> List<LinkReceiveMode, 5>, within 5 s;
    on EspAt "AT+CIPRECVTYPE" "3.3.33";

    /// Sets the receive mode of a link (`ESP-AT 3.3.33`). Not in passthrough.
    ///
    /// Firmware before 3.3 knows only [`SetLinkReceiveMode`], the older name of it.
    set SetReceiveType {
        /// The link, 0 to 4, or 5 for all.
        pub link: Link [0..=5],
        /// Its mode from now on.
        pub mode: ReceiveMode,
    } -> (), within 5 s;
    on EspAt "AT+CIPRECVTYPE" "3.3.33";

    /// Asks for the receive mode of each link, by the older name (`ESP-AT 3.3.33`).
    query QueryLinkReceiveModes -> List<LinkReceiveMode, 5>, within 5 s;
    on EspAt "AT+CIPRECVMODE" "3.3.33";

    /// Sets the receive mode, by the older name (`ESP-AT 3.3.33`). Not in passthrough.
    ///
    /// Older firmware takes no link here, whatever the manual says: [`Link::Only`] always works.
    set SetLinkReceiveMode {
        /// The link, 0 to 4, or 5 for all.
        pub link: Link [0..=5],
        /// Its mode from now on.
        pub mode: ReceiveMode,
    } -> (), within 5 s;
    on EspAt "AT+CIPRECVMODE" "3.3.33";

    /// Asks for the receive mode (`IDF 4.23`, `NONOS 5.2.25`).
    query QueryReceiveMode -> ReceiveModeSetting, within 5 s;
    on Esp8266Idf "AT+CIPRECVMODE" "4.23";
    on Esp8266Nonos "AT+CIPRECVMODE" "5.2.25";

    /// Sets the receive mode of all connections (`IDF 4.23`, `NONOS 5.2.25`). Not in passthrough.
    ///
    /// NONOS knows it for TCP only, IDF for TLS, too.
    set SetReceiveMode {
        /// The mode from now on.
        pub mode: ReceiveMode,
    } -> (), within 5 s;
    on Esp8266Idf "AT+CIPRECVMODE" "4.23";
    on Esp8266Nonos "AT+CIPRECVMODE" "5.2.25";

    /// Fetches data that waits in the module (`ESP-AT 3.3.34`). Needs passive receive mode.
    ///
    /// Ask for no more than [`RECEIVED_DATA`] bytes if the data is to be read by this type.
    set FetchData {
        /// The link, 0 to 4.
        pub link: Link [0..=4],
        /// Most bytes that are wanted, 1 to 2147483647.
        pub length: u32 [1..=2147483647],
    } -> ReceivedData, within 5 s;
    on EspAt "AT+CIPRECVDATA" "3.3.34";

    /// Fetches up to 2048 bytes of data that waits in the module (`IDF 4.24`, `NONOS 5.2.26`). Needs passive receive
    /// mode.
    set FetchShortData {
        /// The link, 0 to 4.
        pub link: Link [0..=4],
        /// Most bytes that are wanted, 1 to 2048.
        pub length: u16 [1..=2048],
    } -> ReceivedData, within 5 s;
    on Esp8266Idf "AT+CIPRECVDATA" "4.24";
    on Esp8266Nonos "AT+CIPRECVDATA" "5.2.26";

    /// Asks how much data waits for each link (`ESP-AT 3.3.35`, `IDF 4.25`, `NONOS 5.2.27`).
    ///
    /// For TLS the number may be wrong either way, as it counts what is still encrypted.
    query QueryReceivedLengths -> ReceivedLengths, within 5 s;
    on EspAt "AT+CIPRECVLEN" "3.3.35";
    on Esp8266Idf "AT+CIPRECVLEN" "4.25";
    on Esp8266Nonos "AT+CIPRECVLEN" "5.2.27";

    /// Asks whether received data comes with the sender's address (`ESP-AT 3.3.25`).
    query QuerySenderAddress -> SenderAddressSetting, within 5 s;
    on EspAt "AT+CIPDINFO" "3.3.25";

    /// Sets whether received data comes with the sender's address (`ESP-AT 3.3.25`, `ESP32 v1 5.2.16`, `IDF 4.18`,
    /// `NONOS 5.2.23`, `WizFi360 3.2.3.14`). On by default on the WizFi360.
    set SetSenderAddress {
        /// Whether it does.
        pub shown: bool,
    } -> (), within 5 s;
    on EspAt "AT+CIPDINFO" "3.3.25";
    on Esp32V1 "AT+CIPDINFO" "5.2.16";
    on Esp8266Idf "AT+CIPDINFO" "4.18";
    on Esp8266Nonos "AT+CIPDINFO" "5.2.23";
    on WizFi360 "AT+CIPDINFO" "3.2.3.14";
}

/// The receive mode of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkReceiveMode {
    /// The link. `None` where older firmware has one mode for all.
    pub link: Option<u8>,
    /// Its mode.
    pub mode: ReceiveMode,
}

impl Record for LinkReceiveMode {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let value = after_name(line, b"+CIPRECVTYPE").or_else(|| after_name(line, b"+CIPRECVMODE"))?;
        let mut fields = Fields::new(value);
        let mut read = || {
            let first = fields.field()?;
            match fields.next() {
                Some(mode) => Ok(Self { link: Some(u8::parse(first)?), mode: ReceiveMode::parse(mode)? }),
                None => Ok(Self { link: None, mode: ReceiveMode::parse(first)? }),
            }
        };
        Some(read())
    }
}

/// Bytes that wait in the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedLengths {
    /// By link. `None` for a link that is not open. There is only one with `AT+CIPMUX=0`.
    pub links: Vec<Option<u32>, 5>,
}

impl Record for ReceivedLengths {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        // Some manuals, and who knows which firmware, print the name without its V.
        let value = after_name(line, b"+CIPRECVLEN").or_else(|| after_name(line, b"+CIPRECLEN"))?;
        let length = |field: Field<'_>| match field.bytes {
            b"" | b"-1" => Ok(None),
            _ => field.unsigned().map(Some),
        };
        // The examples have a comma too many.
        let links = Fields::new(value).take(5).map(length).collect::<Result<_, _>>();
        Some(links.map(|links| Self { links }))
    }
}

/// Data that waited in the module.
///
/// Its `line` takes the header and all of the data as one slice, whatever bytes are in it: the count in the header,
/// not a line end, says where the data is over. Nothing but a count that agrees with the slice is accepted, or the
/// header alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReceivedData {
    /// Who sent it, with `AT+CIPDINFO=1`.
    pub remote: Option<SocketAddr>,
    /// The data, up to [`RECEIVED_DATA`] bytes. Empty where none was there, and where it was handed out as it came
    /// ([`Control::send_and_receive`](crate::Control::send_and_receive)).
    pub data: Vec<u8, RECEIVED_DATA>,
}

impl ReceivedData {
    /// Reads what follows the name: `:<length>,<data>`, `:<length>,"<address>",<port>,<data>`, and, of early firmware,
    /// `=<link>,<length>,<data>` and `,<length>:<data>`.
    fn read(header: &[u8]) -> Result<Self, FieldError> {
        let (count, rest) = match header {
            [b',', header @ ..] => split(header, b':')?,
            [b'=', header @ ..] => split(split(header, b',')?.1, b',')?,
            [_, header @ ..] => split(header, b',')?,
            [] => return Err(FieldError::Missing),
        };
        let count = count.unsigned()? as usize;
        // The header does not say whether an address is in it; the count does.
        let bare = rest.len() == count || rest.is_empty();
        let (remote, data) = if bare { (None, rest) } else { Self::with_address(rest)? };
        // A header alone stands for data that is handed out apart.
        if data.len() != count && !data.is_empty() {
            return Err(FieldError::Malformed);
        }
        Vec::from_slice(data).map(|data| Self { remote, data }).map_err(|_| FieldError::TooLong)
    }

    fn with_address(rest: &[u8]) -> Result<(Option<SocketAddr>, &[u8]), FieldError> {
        let address_and_port = || {
            let (address, rest) = split(rest, b',')?;
            let (port, data) = split(rest, b',')?;
            Ok((Some(SocketAddr::new(IpAddr::parse(address)?, u16::parse(port)?)), data))
        };
        // Too few bytes look like an address that is none.
        address_and_port().map_err(|_: FieldError| FieldError::Malformed)
    }
}

/// The field before `end`, and what follows that, untrimmed, as it may be data.
fn split(text: &[u8], end: u8) -> Result<(Field<'_>, &[u8]), FieldError> {
    let at = text.iter().position(|&byte| byte == end).unwrap_or(text.len());
    Ok((Fields::new(&text[..at]).field()?, text.get(at + 1..).unwrap_or_default()))
}

impl Answer for ReceivedData {
    type Partial = Option<Result<Self, FieldError>>;

    fn line(partial: &mut Self::Partial, line: &[u8]) {
        // Not `after_name`, which trims what may be data.
        if partial.is_none()
            && let Some(rest) = line.strip_prefix(b"+CIPRECVDATA")
            && let [b':' | b'=' | b',', ..] = rest
        {
            *partial = Some(Self::read(rest));
        }
    }

    fn finish(partial: Self::Partial) -> Result<Self, FieldError> {
        // Firmware answers with `OK` alone when nothing is there.
        partial.unwrap_or_else(|| Ok(Self::default()))
    }
}
