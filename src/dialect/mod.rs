//! Firmware families, one type each.
//!
//! A dialect is a type, so that a command which a firmware lacks does not compile for it. What the engine needs to
//! know of a firmware stands in its [`Profile`].

mod esp_at;

use embassy_time::Duration;

/// A firmware family, by which commands are chosen.
///
/// Implemented by the types of this module only.
pub trait Dialect: sealed::Sealed + Copy + 'static {
    /// A short name in lower case, such as `esp-at`.
    const NAME: &'static str;
}

/// A firmware family that the driver can bring up and use.
pub trait Driven: Dialect {
    /// What the engine needs to know of the firmware.
    const PROFILE: &'static Profile;
}

macro_rules! dialects {
    ($($(#[$meta:meta])* $type:ident $name:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub struct $type;

        impl sealed::Sealed for $type {}

        impl Dialect for $type {
            const NAME: &'static str = $name;
        }
    )*};
}

dialects! {
    /// Espressif's ESP-AT firmware, version 2.0 and later, for the ESP32 family and ESP8266.
    EspAt "esp-at";
    /// Espressif's first AT firmware for ESP32, version 1.x. So far for its commands only.
    Esp32V1 "esp32-v1";
    /// Espressif's AT firmware for ESP8266 on the IDF-style SDK. So far for its commands only.
    Esp8266Idf "esp8266-idf";
    /// Espressif's AT firmware for ESP8266 on the NONOS SDK, version 1.7 and earlier. So far for its commands only.
    Esp8266Nonos "esp8266-nonos";
    /// WIZnet's firmware for the WizFi360. So far for its commands only.
    WizFi360 "wizfi360";
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
