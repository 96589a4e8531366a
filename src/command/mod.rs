//! Typed commands: one struct for each form of a command, one file for each chapter of the manuals.
//!
//! [`Control::send`](crate::Control::send) takes any of them. Whether a firmware has a command is checked when the
//! firmware of the user is compiled: [`On`] is implemented for the dialects that do. All of them: [`table`].
//!
//! A command that the firmware lacks does not compile:
//!
//! ```compile_fail,E0277
//! # use wifi_at::command::wifi::SetWifiMode;
//! # use wifi_at::{Control, dialect::WizFi360, wifi::WifiMode};
//! async fn send(control: Control<'_, WizFi360>) {
//!     // The WizFi360 has no `AT+SYSMSG`.
//!     let messages = wifi_at::command::basic::Messages::LINK_DETAILS;
//!     let _ = control.send(&wifi_at::command::basic::SetMessages { messages }).await;
//! }
//! ```
//!
//! Nor does a field of the wrong kind:
//!
//! ```compile_fail,E0308
//! let _ = wifi_at::command::wifi::SetWifiMode { mode: 1 };
//! ```
//!
//! # Answers
//!
//! [`Control::send`](crate::Control::send) gives the whole answer. Where it is a list, a [`List`] says how many records
//! did not fit; [`Control::send_each`](crate::Control::send_each) hands out each record as it comes, so that nothing
//! has to hold the list. Data that the module asks for with `>` goes along with
//! [`Control::send_with_data`](crate::Control::send_with_data); counted data in an answer comes out of
//! [`Control::send_and_receive`](crate::Control::send_and_receive). Without that it becomes a part of its line, as far as
//! 256 bytes go.

mod answer;
mod atat_bridge;
pub(crate) mod declare;
mod error_code;
mod parameter;

pub mod basic;
pub mod ble;
pub mod bluetooth;
pub mod driver;
pub mod ethernet;
pub mod filesystem;
pub mod http;
pub mod mqtt;
pub mod signaling;
pub mod tcpip;
pub mod user;
pub mod web_server;
pub mod websocket;
pub mod wifi;

use core::fmt;

use embassy_time::Duration;

use crate::at::{EncodeError, Encoder, FieldError};
use crate::dialect::Dialect;
use crate::engine::{Outcome, Refusal};

pub use answer::{Answer, Failure, List, Record, Value};
pub use atat_bridge::{AtatResponse, For};
pub use error_code::{Category, Cause, EapError, ErrorCode, Explained, HttpError, MqttError};
pub use parameter::{Bare, Bytes, Counted, Hex, HexNumber, Link, Mac, Parameter, Secret};

/// A form of an AT command with its parameters.
pub trait Command {
    /// What a successful answer says.
    type Response;
    /// How it fails.
    type Error: From<CommandError>;
    /// What has been read of the answer so far.
    type Answer: Default;

    /// How long the module may take for the final result, from the last byte of the command.
    const TIMEOUT: Duration;
    /// Which of the four forms of a command it is.
    const KIND: Kind;
    /// What ends it.
    const END: End = End::Ok;
    /// Whether CR LF follows it. `+++` is the one command that has none.
    const LINE_END: bool = true;

    /// Writes the command, but for its line end, under the name that the dialect has for it.
    fn encode(&self, name: &str, line: &mut Encoder<'_>);

    /// Takes in one line of the answer. Lines that mean nothing to the command are ignored.
    fn line(answer: &mut Self::Answer, line: &[u8]) {
        let _ = (answer, line);
    }

    /// Makes the result of the whole answer and of how it ended.
    ///
    /// # Errors
    /// The command's own.
    fn finish(answer: Self::Answer, result: Result<(), CommandError>) -> Result<Self::Response, Self::Error>;

    /// Bytes of data that the module asks for with `>`. `None` for a command without data.
    fn data_length(&self) -> Option<usize> {
        None
    }
}

/// The forms of a command (`ESP-AT 3.15`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// `AT+X=?`
    Test,
    /// `AT+X?`
    Query,
    /// `AT+X=...`
    Set,
    /// `AT+X`
    Execute,
}

/// What ends a command that has succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum End {
    /// `OK`. Where there is data, one `OK` before or after it, or both.
    Ok,
    /// `OK`, then `>` and the data, then a second `OK`.
    OkAfterData,
    /// `SEND OK`
    SendOk,
    /// `SET OK`
    SetOk,
    /// `+MQTTPUB:OK`
    Published,
    /// `OK`, then `>` and the data, then `WRITE OK`.
    WriteOk,
    /// `>`, with `OK` before it or without. From then on all is data.
    Prompt,
    /// Nothing: the module sends no final result.
    Nothing,
}

/// A command that the firmware `D` has.
pub trait On<D: Dialect> {
    /// The name on the wire.
    const NAME: &'static str;
    /// Where the firmware's manual describes it.
    const SECTION: &'static str;
}

/// A command that the firmware `D` has a second name for, under which its parameters are kept in flash.
pub trait OnSaved<D: Dialect> {
    /// The name on the wire.
    const NAME: &'static str;
    /// Where the firmware's manual describes it.
    const SECTION: &'static str;
}

/// A command under the name that keeps its parameters in flash, such as `AT+CWJAP_DEF`.
///
/// Each use wears the flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved<C>(pub C);

impl<C: Command> Command for Saved<C> {
    type Response = C::Response;
    type Error = C::Error;
    type Answer = C::Answer;

    const TIMEOUT: Duration = C::TIMEOUT;
    const KIND: Kind = C::KIND;
    const END: End = C::END;
    const LINE_END: bool = C::LINE_END;

    fn encode(&self, name: &str, line: &mut Encoder<'_>) {
        self.0.encode(name, line);
    }

    fn line(answer: &mut Self::Answer, line: &[u8]) {
        C::line(answer, line);
    }

    fn finish(answer: Self::Answer, result: Result<(), CommandError>) -> Result<Self::Response, Self::Error> {
        C::finish(answer, result)
    }

    fn data_length(&self) -> Option<usize> {
        self.0.data_length()
    }
}

impl<D: Dialect, C: OnSaved<D>> On<D> for Saved<C> {
    const NAME: &'static str = C::NAME;
    const SECTION: &'static str = C::SECTION;
}

/// A command that may take so many seconds, whatever its usual limit: `control.send(&Within::<60, _>(command))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within<const SECONDS: u32, C>(pub C);

impl<const SECONDS: u32, C: Command> Command for Within<SECONDS, C> {
    type Response = C::Response;
    type Error = C::Error;
    type Answer = C::Answer;

    const TIMEOUT: Duration = Duration::from_secs(SECONDS as u64);
    const KIND: Kind = C::KIND;
    const END: End = C::END;
    const LINE_END: bool = C::LINE_END;

    fn encode(&self, name: &str, line: &mut Encoder<'_>) {
        self.0.encode(name, line);
    }

    fn line(answer: &mut Self::Answer, line: &[u8]) {
        C::line(answer, line);
    }

    fn finish(answer: Self::Answer, result: Result<(), CommandError>) -> Result<Self::Response, Self::Error> {
        C::finish(answer, result)
    }

    fn data_length(&self) -> Option<usize> {
        self.0.data_length()
    }
}

impl<const SECONDS: u32, D: Dialect, C: On<D>> On<D> for Within<SECONDS, C> {
    const NAME: &'static str = C::NAME;
    const SECTION: &'static str = C::SECTION;
}

#[doc = include_str!("TABLE.md")]
pub mod table {}

/// One form of a command on one dialect, for tables.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// The name of the dialect's type.
    pub dialect: &'static str,
    /// The dialect's short name.
    pub dialect_name: &'static str,
    /// The name on the wire.
    pub name: &'static str,
    /// Which form it is.
    pub kind: Kind,
    /// The path of the Rust type.
    pub type_name: &'static str,
    /// Where the manual describes it.
    pub section: &'static str,
    /// Writes a valid example.
    #[doc(hidden)]
    pub sample: fn(&mut Encoder<'_>, &str),
    /// Reads lines as the answer, and shows what they are read as.
    #[doc(hidden)]
    pub read: fn(&[&[u8]], &mut dyn fmt::Write) -> fmt::Result,
}

/// All forms of all commands on all dialects, a chapter at a time.
#[must_use]
pub const fn forms() -> &'static [&'static [Form]] {
    &[
        basic::FORMS,
        basic::flash::FORMS,
        basic::gpio::FORMS,
        basic::messages::FORMS,
        basic::passthrough::FORMS,
        basic::power::FORMS,
        basic::uart::FORMS,
        ble::advertising::FORMS,
        ble::base::FORMS,
        ble::blufi::FORMS,
        ble::connection::FORMS,
        ble::gatt_client::FORMS,
        ble::gatt_server::FORMS,
        ble::hid::FORMS,
        ble::scan::FORMS,
        ble::security::FORMS,
        ble::spp::FORMS,
        bluetooth::a2dp::FORMS,
        bluetooth::base::FORMS,
        bluetooth::security::FORMS,
        bluetooth::spp::FORMS,
        driver::FORMS,
        driver::i2c::FORMS,
        driver::spi::FORMS,
        ethernet::FORMS,
        filesystem::FORMS,
        http::FORMS,
        mqtt::FORMS,
        signaling::FORMS,
        tcpip::connect::FORMS,
        tcpip::dns::FORMS,
        tcpip::passthrough::FORMS,
        tcpip::ping::FORMS,
        tcpip::receive::FORMS,
        tcpip::segments::FORMS,
        tcpip::send::FORMS,
        tcpip::server::FORMS,
        tcpip::settings::FORMS,
        tcpip::sntp::FORMS,
        tcpip::status::FORMS,
        tcpip::tls::FORMS,
        tcpip::update::FORMS,
        user::FORMS,
        web_server::FORMS,
        websocket::FORMS,
        wifi::addresses::FORMS,
        wifi::enterprise::FORMS,
        wifi::provisioning::FORMS,
        wifi::scan::FORMS,
        wifi::settings::FORMS,
        wifi::soft_ap::FORMS,
        wifi::station::FORMS,
    ]
}

/// Why a command has no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CommandError {
    /// The command cannot be written; nothing was sent.
    Encode(EncodeError),
    /// The module said `ERROR`, `FAIL`, `SEND FAIL` or the like, and perhaps why.
    Refused(Refusal),
    /// The module gave no final result in time. It may have carried the command out all the same.
    Timeout,
    /// The module restarted. It may have carried the command out before.
    ModuleReset,
    /// The module does not answer; the command was not sent. The driver goes on trying to reach it.
    ModuleSilent,
    /// The answer lacks something or is garbled.
    Answer(FieldError),
    /// The data is not as long as the command says; nothing was sent.
    DataLength,
    /// The firmware lacks an option that was chosen; nothing was sent.
    Unsupported,
    /// Lines of the answer were lost, as the future was not polled for long while they came.
    Overrun,
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode(error) => error.fmt(f),
            Self::Refused(refusal) => {
                f.write_str("the module refused the command")?;
                if let Some(reason) = refusal.reason {
                    write!(f, " ({reason:?})")?;
                }
                match refusal.code {
                    Some(code) => write!(f, ", error code {code}"),
                    None => Ok(()),
                }
            }
            Self::Timeout => f.write_str("the module did not answer the command in time"),
            Self::ModuleReset => f.write_str("the module restarted"),
            Self::ModuleSilent => f.write_str("the module does not answer at all"),
            Self::Answer(_) => f.write_str("the module's answer cannot be read"),
            Self::DataLength => f.write_str("the data is not as long as the command says"),
            Self::Unsupported => f.write_str("the module's firmware lacks an option that was chosen"),
            Self::Overrun => f.write_str("lines of the answer were lost"),
        }
    }
}

impl core::error::Error for CommandError {}

impl From<EncodeError> for CommandError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl From<FieldError> for CommandError {
    fn from(error: FieldError) -> Self {
        Self::Answer(error)
    }
}

/// Success or the reason of failure, for a command that ends with `OK`.
pub(crate) const fn ended_with_ok(outcome: Outcome) -> Result<(), CommandError> {
    match outcome {
        Outcome::Final(result, _) if result.is_success() => Ok(()),
        Outcome::Final(result, mut refusal) => {
            if refusal.reason.is_none() {
                refusal.reason = result.reason();
            }
            Err(CommandError::Refused(refusal))
        }
        Outcome::Timeout => Err(CommandError::Timeout),
        Outcome::Reset => Err(CommandError::ModuleReset),
        Outcome::Silent => Err(CommandError::ModuleSilent),
    }
}
