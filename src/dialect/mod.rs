//! Firmware families, one type each.
//!
//! A dialect is a type, so that a command which a firmware lacks does not compile for it. What the engine needs to
//! know of a firmware stands in its [`Profile`].

mod esp_at;

pub use esp_at::EspAt;

use embassy_time::Duration;

/// A firmware family.
///
/// Implemented by the types of this module only.
pub trait Dialect: sealed::Sealed + Copy + 'static {
    /// What the engine needs to know of the firmware.
    const PROFILE: &'static Profile;
}

mod sealed {
    pub trait Sealed {}
}

/// What differs between firmwares and is not the business of a single command.
#[derive(Debug)]
pub struct Profile {
    /// The firmware's usual name, for messages to people.
    pub name: &'static str,
    pub(crate) bring_up: &'static [Step],
    /// Most bytes of one `AT+CIPSEND`.
    pub(crate) send_limit: usize,
    /// Most bytes of one `AT+CIPRECVDATA`.
    pub(crate) receive_limit: usize,
    /// Silence that `+++` needs before and after it.
    pub(crate) escape_guard: Duration,
}

/// One thing to set after a reset: the first of `commands` that the module accepts.
#[derive(Debug)]
pub(crate) struct Step {
    /// Without CR LF, in order of preference.
    pub(crate) commands: &'static [&'static str],
    /// Whether the module cannot be used when all are refused.
    pub(crate) required: bool,
    /// What the driver then knows.
    pub(crate) sets: Sets,
}

/// What the acceptance or the answer of a [`Step`] tells the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sets {
    Nothing,
    /// The answer is the text of `AT+GMR`.
    Firmware,
    /// Received data waits in the module until it is asked for.
    PassiveReceive,
    /// Headers of received data may carry the sender's address.
    PeerAddress,
}
