//! Buffered sending: `AT+CIPSENDBUF` and what belongs to it.
//!
//! The module numbers what it is given, and says later what has become of each segment. Its answers are bare numbers
//! without a name.

use crate::at::{FieldError, Fields};
use crate::command::declare::commands;
use crate::command::{Link, Record, Value};

commands! {
    /// Writes a segment into the TCP send buffer, up to 2048 bytes (`NONOS 5.2.8`). Not for TLS.
    ///
    /// The command is over when the data is there; whether the peer got it is told later, by the line
    /// `[<link>,]<segment>,SEND OK` or `SEND FAIL`. The next segment need not wait for that. `+++` takes an unfinished
    /// segment back.
    set WriteSegment {
        /// The link, 0 to 4.
        pub link: Link [0..=4],
        /// Bytes that follow, 1 to 2048.
        pub length: u16 [1..=2048],
    } data length -> SegmentNumbers, within 15 s;
    on Esp8266Nonos "AT+CIPSENDBUF" "5.2.8";

    /// As [`WriteSegment`], up to the size of the send buffer, which is 21900 bytes (`WizFi360 3.2.3.10`).
    set WriteLongSegment {
        /// The link, 0 to 4.
        pub link: Link [0..=4],
        /// Bytes that follow, 1 to 21900.
        pub length: u16 [1..=21900],
    } data length -> SegmentNumbers, within 15 s;
    on WizFi360 "AT+CIPSENDBUF" "3.2.3.10";

    /// Numbers the segments of the only connection from 1 again (`NONOS 5.2.9`, `WizFi360 3.2.3.11`). Refused while
    /// data waits.
    execute ResetSegments -> (), within 5 s;
    on Esp8266Nonos "AT+CIPBUFRESET" "5.2.9";
    on WizFi360 "AT+CIPBUFRESET" "3.2.3.11";

    /// Numbers the segments of a link from 1 again (`NONOS 5.2.9`, `WizFi360 3.2.3.11`). Refused while data waits.
    set ResetLinkSegments {
        /// The link, 0 to 4.
        pub link: u8 [0..=4],
    } -> (), within 5 s;
    on Esp8266Nonos "AT+CIPBUFRESET" "5.2.9";
    on WizFi360 "AT+CIPBUFRESET" "3.2.3.11";

    /// Asks for the state of the only connection's send buffer (`NONOS 5.2.10`, `WizFi360 3.2.3.12`). Not for TLS.
    execute QuerySendBuffer -> SendBuffer, within 5 s;
    on Esp8266Nonos "AT+CIPBUFSTATUS" "5.2.10";
    on WizFi360 "AT+CIPBUFSTATUS" "3.2.3.12";

    /// Asks for the state of a link's send buffer (`NONOS 5.2.10`, `WizFi360 3.2.3.12`). Not for TLS.
    set QueryLinkSendBuffer {
        /// The link, 0 to 4.
        pub link: u8 [0..=4],
    } -> SendBuffer, within 5 s;
    on Esp8266Nonos "AT+CIPBUFSTATUS" "5.2.10";
    on WizFi360 "AT+CIPBUFSTATUS" "3.2.3.12";

    /// Asks whether a segment has been delivered (`NONOS 5.2.11`, `WizFi360 3.2.3.13`). The module remembers the last
    /// 32.
    set QuerySegment {
        /// The link, 0 to 4.
        pub link: Link [0..=4],
        /// The segment's number, from 1 on.
        pub segment: u32 [1..=4294967295],
    } -> SegmentState, within 5 s;
    on Esp8266Nonos "AT+CIPCHECKSEQ" "5.2.11";
    on WizFi360 "AT+CIPCHECKSEQ" "3.2.3.13";
}

/// Numbers of segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentNumbers {
    /// The one that is being written.
    pub current: u32,
    /// The last one that was delivered. `None` where the firmware prints only one number.
    pub delivered: Option<u32>,
}

/// The state of a send buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendBuffer {
    /// The number of the next segment.
    pub next: u32,
    /// The last segment that was sent, and perhaps delivered.
    pub sent: u32,
    /// The last segment that was delivered.
    pub delivered: u32,
    /// Free bytes.
    pub free: u32,
    /// Free places of the TCP queue. With 0, nothing can be sent.
    pub queue: u32,
}

/// What has become of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentState {
    /// The link, with `AT+CIPMUX=1`.
    pub link: Option<u8>,
    /// The segment's number.
    pub segment: u32,
    /// Whether it was delivered.
    pub delivered: bool,
}

/// The numbers of a line without a name, if there are as many of them as there should be. Other lines that begin with a
/// number, such as `19,SEND OK`, come at any time.
fn numbers(line: &[u8], least: usize, most: usize) -> Option<Fields<'_>> {
    let fields = Fields::new(line);
    let is_all_numbers = fields.clone().all(|field| field.unsigned().is_ok());
    (is_all_numbers && (least..=most).contains(&fields.clone().count())).then_some(fields)
}

impl Record for SegmentNumbers {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let mut fields = numbers(line, 1, 2)?;
        let mut read = || Ok(Self { current: u32::take(&mut fields)?, delivered: Value::take(&mut fields)? });
        Some(read())
    }
}

impl Record for SendBuffer {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let mut fields = numbers(line, 5, 6)?;
        let mut number = || u32::take(&mut fields);
        let mut read =
            || Ok(Self { next: number()?, sent: number()?, delivered: number()?, free: number()?, queue: number()? });
        Some(read())
    }
}

impl Record for SegmentState {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let comma = line.iter().rposition(|&byte| byte == b',')?;
        let word = line[comma + 1..].trim_ascii();
        let delivered = word.eq_ignore_ascii_case(b"TRUE");
        if !delivered && !word.eq_ignore_ascii_case(b"FALSE") {
            return None;
        }
        let mut fields = numbers(&line[..comma], 1, 2)?;
        let with_link = fields.clone().count() == 2;
        let mut read = || {
            let link = if with_link { Some(u8::take(&mut fields)?) } else { None };
            Ok(Self { link, segment: u32::take(&mut fields)?, delivered })
        };
        Some(read())
    }
}
