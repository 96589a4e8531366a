//! Sending: `AT+CIPSEND` and its kin, and `+++`.
//!
//! All of them ask for the data with a prompt. The length limits differ: ESP-AT takes 8192 bytes at once, the other
//! firmware 2048, hence two types each.

use super::{AnyHost, Host};
use crate::at::FieldError;
use crate::command::declare::{commands, records};
use crate::command::{Answer, CommandError, Failure, Link, Record};

records! {
    /// How far a [`SendLong`] has come.
    "+CIPSENDL" SendProgress {
        /// Bytes that the network stack has taken.
        pub sent: u32,
        /// Bytes that have come from the host.
        pub received: u32,
    }

    /// In which blocks [`SendLong`] works.
    "+CIPSENDLCFG" SendLongConfig {
        /// Bytes between two progress lines.
        pub report_size: u32,
        /// Bytes that go to the network stack at once.
        pub transmit_size: u16,
    }
}

commands! {
    /// Sends data (`ESP-AT 3.3.9`). The module takes exactly `length` bytes as they are, without escapes.
    ///
    /// Success means that the module's network stack has the data, not that the peer has.
    set SendData {
        /// The link, 0 to 4.
        pub link: Link [0..=4],
        /// Bytes that follow, 1 to 8192.
        pub length: u16 [1..=8192],
    } data length ends SendOk -> (), within 30 s;
    on EspAt "AT+CIPSEND" "3.3.9";

    /// Sends a datagram to another peer than the link's (`ESP-AT 3.3.9`).
    set SendDataTo<'a> {
        /// The UDP link, 0 to 4.
        pub link: Link [0..=4],
        /// Bytes that follow, 1 to 8192. More than 1460 need a firmware that reassembles fragments.
        pub length: u16 [1..=8192],
        /// Whom to; a name has 1 to 64 bytes.
        pub host: AnyHost<'a> [1..=64],
        /// That one's port.
        pub port: u16 [1..=65535],
    } data length ends SendOk -> (), within 30 s;
    on EspAt "AT+CIPSEND" "3.3.9";

    /// Sends up to 2048 bytes (`ESP32 v1 5.2.4`, `IDF 4.5`, `NONOS 5.2.6`, `WizFi360 3.2.3.8`). The module takes
    /// exactly `length` bytes as they are, without escapes.
    ///
    /// Success means that the module's network stack has the data, not that the peer has.
    set SendShortData {
        /// The link, 0 to 4.
        pub link: Link [0..=4],
        /// Bytes that follow, 1 to 2048.
        pub length: u16 [1..=2048],
    } data length ends SendOk -> (), within 30 s;
    on Esp32V1 "AT+CIPSEND" "5.2.4";
    on Esp8266Idf "AT+CIPSEND" "4.5";
    on Esp8266Nonos "AT+CIPSEND" "5.2.6";
    on WizFi360 "AT+CIPSEND" "3.2.3.8";

    /// Sends a datagram of up to 2048 bytes to another peer than the link's (`ESP32 v1 5.2.4`, `IDF 4.5`,
    /// `NONOS 5.2.6`, `WizFi360 3.2.3.8`).
    set SendShortDataTo<'a> {
        /// The UDP link, 0 to 4.
        pub link: Link [0..=4],
        /// Bytes that follow, 1 to 2048.
        pub length: u16 [1..=2048],
        /// Whom to; a name has 1 to 64 bytes. The manual of the WizFi360 speaks of addresses only.
        pub host: Host<'a> [1..=64],
        /// That one's port.
        pub port: u16 [1..=65535],
    } data length ends SendOk -> (), within 30 s;
    on Esp32V1 "AT+CIPSEND" "5.2.4";
    on Esp8266Idf "AT+CIPSEND" "4.5";
    on Esp8266Nonos "AT+CIPSEND" "5.2.6";
    on WizFi360 "AT+CIPSEND" "3.2.3.8";

    /// Enters passthrough (`ESP-AT 3.3.9`, `ESP32 v1 5.2.4`, `IDF 4.5`, `NONOS 5.2.6`, `WizFi360 3.2.3.8`): from the
    /// prompt on all bytes are data, both ways, until [`LeaveDataMode`].
    ///
    /// Needs `AT+CIPMODE=1` and a single connection; UDP only with a fixed peer. Only some firmware says `OK` before
    /// the prompt.
    execute EnterPassthrough ends Prompt -> (), within 5 s;
    on EspAt "AT+CIPSEND" "3.3.9";
    on Esp32V1 "AT+CIPSEND" "5.2.4";
    on Esp8266Idf "AT+CIPSEND" "4.5";
    on Esp8266Nonos "AT+CIPSEND" "5.2.6";
    on WizFi360 "AT+CIPSEND" "3.2.3.8";

    /// Leaves passthrough or another data mode: `+++` without a line end (`ESP-AT 3.3.8`, `ESP32 v1 5.2.4`,
    /// `IDF 4.5`, `NONOS 5.2.6`, `WizFi360 2.4`).
    ///
    /// The module takes it for data unless it is alone: silence of more than 20 ms before and after (1 s for the
    /// WizFi360). The next command has to wait 1 s. There is no answer, but `+QUITT` where `AT+SYSMSG` asks for it.
    bare LeaveDataMode ends Nothing -> (), within 1 s;
    on EspAt "+++" "3.3.8";
    on Esp32V1 "+++" "5.2.4";
    on Esp8266Idf "+++" "4.5";
    on Esp8266Nonos "+++" "5.2.6";
    on WizFi360 "+++" "2.4";

    /// Sends much data, that goes out while it still comes in (`ESP-AT 3.3.10`).
    ///
    /// The serial line is in data mode until all bytes are there or `+++` comes, even when the connection breaks.
    /// Flow control is advised. The module reports progress as [`SetSendLongConfig`] says.
    set SendLong {
        /// The link, 0 to 4.
        pub link: Link [0..=4],
        /// Bytes that follow, 1 to 2147483647.
        pub length: u32 [1..=2147483647],
    } data length ends SendOk fails SendLongError -> LongSent, within 300 s;
    on EspAt "AT+CIPSENDL" "3.3.10";

    /// As [`SendLong`], by UDP to another peer than the link's (`ESP-AT 3.3.10`).
    set SendLongTo<'a> {
        /// The UDP link, 0 to 4.
        pub link: Link [0..=4],
        /// Bytes that follow, 1 to 2147483647.
        pub length: u32 [1..=2147483647],
        /// Whom to; a name has 1 to 64 bytes.
        pub host: AnyHost<'a> [1..=64],
        /// That one's port.
        pub port: u16 [1..=65535],
    } data length ends SendOk fails SendLongError -> LongSent, within 300 s;
    on EspAt "AT+CIPSENDL" "3.3.10";

    /// Asks in which blocks [`SendLong`] works (`ESP-AT 3.3.11`).
    query QuerySendLongConfig -> SendLongConfig, within 5 s;
    on EspAt "AT+CIPSENDLCFG" "3.3.11";

    /// Sets in which blocks [`SendLong`] works (`ESP-AT 3.3.11`).
    set SetSendLongConfig {
        /// Bytes between two progress lines, 100 to 1048576. The default is 1024.
        pub report_size: u32 [100..=1048576],
        /// Bytes that go to the network stack at once, 100 to 2920. The default is 2920; less waits for 20 ms.
        pub transmit_size: Option<u16> [100..=2920],
    } -> (), within 5 s;
    on EspAt "AT+CIPSENDLCFG" "3.3.11";

    /// Sends data up to a length or up to `\0` (`ESP-AT 3.3.12`).
    ///
    /// The data ends at the two bytes `\` and `0`, or at `length` if that is first. This is the one place where data
    /// after a prompt has escapes: `\` and another byte stand for that byte, so that `\0` itself is written `\\0`.
    /// No manual says whether `length` counts escapes once or twice; data that holds a `\` is better sent with
    /// [`SendData`].
    set SendEscapedData {
        /// The link, 0 to 4.
        pub link: Link [0..=4],
        /// Bytes that follow at most, 1 to 8192.
        pub length: u16 [1..=8192],
    } data length ends SendOk -> (), within 30 s;
    on EspAt "AT+CIPSENDEX" "3.3.12";

    /// As [`SendEscapedData`], by UDP to another peer than the link's (`ESP-AT 3.3.12`).
    set SendEscapedDataTo<'a> {
        /// The UDP link, 0 to 4.
        pub link: Link [0..=4],
        /// Bytes that follow at most, 1 to 8192.
        pub length: u16 [1..=8192],
        /// Whom to; a name has 1 to 64 bytes.
        pub host: AnyHost<'a> [1..=64],
        /// That one's port.
        pub port: u16 [1..=65535],
    } data length ends SendOk -> (), within 30 s;
    on EspAt "AT+CIPSENDEX" "3.3.12";

    /// Sends data up to a length of at most 2048 bytes or up to `\0` (`ESP32 v1 5.2.5`, `IDF 4.6`, `NONOS 5.2.7`,
    /// `WizFi360 3.2.3.9`). See [`SendEscapedData`] for the escapes in the data.
    set SendShortEscapedData {
        /// The link, 0 to 4.
        pub link: Link [0..=4],
        /// Bytes that follow at most, 1 to 2048.
        pub length: u16 [1..=2048],
    } data length ends SendOk -> (), within 30 s;
    on Esp32V1 "AT+CIPSENDEX" "5.2.5";
    on Esp8266Idf "AT+CIPSENDEX" "4.6";
    on Esp8266Nonos "AT+CIPSENDEX" "5.2.7";
    on WizFi360 "AT+CIPSENDEX" "3.2.3.9";

    /// As [`SendShortEscapedData`], by UDP to another peer than the link's (`ESP32 v1 5.2.5`, `IDF 4.6`,
    /// `NONOS 5.2.7`, `WizFi360 3.2.3.9`).
    set SendShortEscapedDataTo<'a> {
        /// The UDP link, 0 to 4.
        pub link: Link [0..=4],
        /// Bytes that follow at most, 1 to 2048.
        pub length: u16 [1..=2048],
        /// Whom to; a name has 1 to 64 bytes. The manual of the WizFi360 speaks of addresses only.
        pub host: Host<'a> [1..=64],
        /// That one's port.
        pub port: u16 [1..=65535],
    } data length ends SendOk -> (), within 30 s;
    on Esp32V1 "AT+CIPSENDEX" "5.2.5";
    on Esp8266Idf "AT+CIPSENDEX" "4.6";
    on Esp8266Nonos "AT+CIPSENDEX" "5.2.7";
    on WizFi360 "AT+CIPSENDEX" "3.2.3.9";
}

/// All of a [`SendLong`] is with the network stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongSent;

impl Answer for LongSent {
    type Partial = Option<SendProgress>;

    fn line(partial: &mut Option<SendProgress>, line: &[u8]) {
        // The last line that can be read counts.
        if let Some(Ok(progress)) = SendProgress::parse_line(line) {
            *partial = Some(progress);
        }
    }

    fn finish(_: Option<SendProgress>) -> Result<Self, FieldError> {
        Ok(Self)
    }
}

/// Why a [`SendLong`] was not finished, and how far it had come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendLongError {
    /// What ended it.
    pub error: CommandError,
    /// The last progress that the module reported.
    pub progress: Option<SendProgress>,
}

impl core::fmt::Display for SendLongError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.error.fmt(f)?;
        match &self.progress {
            Some(progress) => write!(f, ", after {} bytes", progress.sent),
            None => Ok(()),
        }
    }
}

impl core::error::Error for SendLongError {}

impl From<CommandError> for SendLongError {
    fn from(error: CommandError) -> Self {
        Self { error, progress: None }
    }
}

impl Failure<Option<SendProgress>> for SendLongError {
    fn from_answer(progress: &Option<SendProgress>, error: CommandError) -> Self {
        Self { error, progress: progress.clone() }
    }
}
