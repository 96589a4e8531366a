//! Firmware over the air: `AT+CIUPDATE`, `AT+CIPFWVER`.
//!
//! The settings should be restored with `AT+RESTORE` after an update.

use heapless::String;

use crate::at::{FieldError, after_name};
use crate::command::declare::{codes, commands, records};
use crate::command::{Answer, CommandError, Failure, Value};

codes! {
    /// How far an update has come.
    UpdateStep {
        /// It has failed. Only an update in the background says so.
        Failed = -1,
        /// The server was found.
        ServerFound = 1,
        /// The server was reached.
        Connected = 2,
        /// The server's version is known.
        VersionRead = 3,
        /// The update is done, or, in the words of older manuals, under way.
        Updated = 4,
    }

    /// How the firmware is fetched.
    UpdateTransport {
        /// By HTTP.
        Http = 0,
        /// By HTTPS, where the firmware was built for it.
        Https = 1,
    }
}

records! {
    /// The version that the server has.
    "+CIPFWVER" ServerVersion {
        /// Such as `v2.2.0.0`.
        pub version: String<32>,
    }
}

commands! {
    /// Asks which version the server has (`ESP-AT 3.3.23`). Needs access to the internet.
    query QueryServerVersion -> ServerVersion, within 30 s;
    on EspAt "AT+CIPFWVER" "3.3.23";

    /// Asks how far the update has come (`ESP-AT 3.3.24`).
    query QueryUpdate -> UpdateProgress, within 5 s;
    on EspAt "AT+CIUPDATE" "3.3.24";

    /// Updates the firmware from the vendor's server to the newest version (`ESP-AT 3.3.24`, `ESP32 v1 5.2.15`,
    /// `IDF 4.17`, `NONOS 5.2.22`, `WizFi360 3.2.4.2`). No other command is taken meanwhile, and the module restarts.
    execute UpdateFirmware fails UpdateError -> UpdateProgress, within 200 s;
    on EspAt "AT+CIUPDATE" "3.3.24";
    on Esp32V1 "AT+CIUPDATE" "5.2.15";
    on Esp8266Idf "AT+CIUPDATE" "4.17";
    on Esp8266Nonos "AT+CIUPDATE" "5.2.22";
    on WizFi360 "AT+CIUPDATE" "3.2.4.2";

    /// Updates the firmware or another partition (`ESP-AT 3.3.24`).
    ///
    /// In the background, success means that the update was begun. Its steps follow as `+CIPUPDATE:<step>`, which
    /// [`QueryUpdate`] asks for, too, and the module has to be restarted afterwards.
    set UpdatePartition<'a> {
        /// How it is fetched.
        pub transport: UpdateTransport,
        /// Such as `v2.2.0.0`; the newest without it.
        pub version: Option<&'a str> [1..=32],
        /// Such as `ota` or `mqtt_ca`; the firmware without it.
        pub partition: Option<&'a str> [1..=32],
        /// Whether other commands are taken meanwhile.
        pub in_background: Option<bool>,
    } fails UpdateError -> UpdateProgress, within 200 s;
    on EspAt "AT+CIUPDATE" "3.3.24";

    /// Updates the firmware to a version (`IDF 4.17`).
    set UpdateFirmwareTo<'a> {
        /// How it is fetched.
        pub transport: UpdateTransport,
        /// Such as `v1.2.0.0`; the newest without it.
        pub version: Option<&'a str> [1..=32],
    } fails UpdateError -> UpdateProgress, within 200 s;
    on Esp8266Idf "AT+CIUPDATE" "4.17";
}

/// How far an update has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct UpdateProgress {
    /// The last step that the module told, if it told one that is known.
    pub step: Option<UpdateStep>,
}

impl Answer for UpdateProgress {
    type Partial = Option<UpdateStep>;

    fn line(partial: &mut Option<UpdateStep>, line: &[u8]) {
        // The manuals leave the P out at times; firmware prints it.
        let value = after_name(line, b"+CIPUPDATE").or_else(|| after_name(line, b"+CIUPDATE"));
        let field = value.and_then(|value| crate::at::Fields::new(value).next());
        *partial = field.and_then(|field| UpdateStep::parse(field).ok()).or(*partial);
    }

    fn finish(step: Option<UpdateStep>) -> Result<Self, FieldError> {
        Ok(Self { step })
    }
}

/// Why the firmware was not updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum UpdateError {
    /// The server was not found: check the connection.
    NoServer,
    /// The update came as far as this step. Wait before the next attempt.
    FailedAfter(UpdateStep),
    /// The command itself failed.
    Command(CommandError),
}

impl core::fmt::Display for UpdateError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoServer => f.write_str("no server for updates was found"),
            Self::FailedAfter(step) => write!(f, "the update failed after the step {step:?}"),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for UpdateError {}

impl From<CommandError> for UpdateError {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

impl Failure<Option<UpdateStep>> for UpdateError {
    fn from_answer(step: &Option<UpdateStep>, error: CommandError) -> Self {
        match (error, step) {
            (CommandError::Refused(_), Some(step)) => Self::FailedAfter(*step),
            (CommandError::Refused(_), None) => Self::NoServer,
            (error, _) => Self::Command(error),
        }
    }
}
