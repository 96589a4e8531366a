//! Typed commands: one struct for each form of a command, one file for each chapter of the manuals.
//!
//! [`Control::send`](crate::Control::send) takes any of them. Whether a firmware has a command is checked when the
//! firmware of the user is compiled: [`On`] is implemented for the dialects that do.

pub mod basic;
pub mod tcpip;
pub mod wifi;

use core::fmt;

use embassy_time::Duration;

use crate::at::{EncodeError, Encoder, FieldError};
use crate::dialect::Dialect;
use crate::engine::{FinalResult, Outcome, Refusal};

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
}

/// A command that the firmware `D` has.
pub trait On<D: Dialect> {
    /// The name on the wire.
    const NAME: &'static str;
    /// Where the firmware's manual describes it.
    const SECTION: &'static str;
}

/// Why a command has no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CommandError {
    /// The command cannot be written; nothing was sent.
    Encode(EncodeError),
    /// The module said `ERROR` or `FAIL`, and perhaps why.
    Refused(Refusal),
    /// The module gave no final result in time. It may have carried the command out all the same.
    Timeout,
    /// The module restarted. It may have carried the command out before.
    ModuleReset,
    /// The module does not answer; the command was not sent. The driver goes on trying to reach it.
    ModuleSilent,
    /// The answer lacks something or is garbled.
    Answer(FieldError),
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
                    Some(code) => write!(f, ", error code {code:#010x}"),
                    None => Ok(()),
                }
            }
            Self::Timeout => f.write_str("the module did not answer the command in time"),
            Self::ModuleReset => f.write_str("the module restarted"),
            Self::ModuleSilent => f.write_str("the module does not answer at all"),
            Self::Answer(_) => f.write_str("the module's answer cannot be read"),
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
        Outcome::Final(FinalResult::Ok | FinalResult::SendOk, _) => Ok(()),
        Outcome::Final(_, refusal) => Err(CommandError::Refused(refusal)),
        Outcome::Timeout => Err(CommandError::Timeout),
        Outcome::Reset => Err(CommandError::ModuleReset),
        Outcome::Silent => Err(CommandError::ModuleSilent),
    }
}
