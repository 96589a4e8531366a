//! Pins and the analog input of the NONOS firmware (`NONOS 3.2.14` to `3.2.19`).

use core::fmt;

use crate::at::{FieldError, Fields, after_name};
use crate::command::declare::{codes, commands, records};
use crate::command::{Answer, CommandError, Failure, Value};

codes! {
    /// Level of a pin.
    Level {
        /// Low.
        Low = 0,
        /// High.
        High = 1,
    }

    /// Direction of a pin.
    Direction {
        /// Input.
        Input = 0,
        /// Output.
        Output = 1,
    }
}

/// Why a pin was not set or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum GpioError {
    /// The pin does not work as a GPIO: [`ConfigurePin`] comes first.
    NotGpio,
    /// The pin is no output: [`SetGpioDirection`] comes first.
    NotOutput,
    /// The command itself failed.
    Command(CommandError),
}

impl fmt::Display for GpioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGpio => f.write_str("the pin does not work as a GPIO"),
            Self::NotOutput => f.write_str("the pin is no output"),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for GpioError {}

impl From<CommandError> for GpioError {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

/// What has been read of the answer of a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartialGpio {
    refusal: Option<GpioError>,
    state: Option<Result<GpioState, FieldError>>,
}

impl PartialGpio {
    fn line(&mut self, line: &[u8]) {
        match line.trim_ascii() {
            b"NOT GPIO MODE!" => self.refusal = Some(GpioError::NotGpio),
            b"NOT OUTPUT!" => self.refusal = Some(GpioError::NotOutput),
            line => {
                if let Some(value) = after_name(line, b"+SYSGPIOREAD") {
                    self.state = Some(GpioState::parse(&mut Fields::new(value)));
                }
            }
        }
    }
}

impl Failure<PartialGpio> for GpioError {
    fn from_answer(answer: &PartialGpio, error: CommandError) -> Self {
        match (error, answer.refusal) {
            (CommandError::Refused(_), Some(refusal)) => refusal,
            (error, _) => Self::Command(error),
        }
    }
}

/// A pin was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GpioSet;

impl Answer for GpioSet {
    type Partial = PartialGpio;

    fn line(partial: &mut PartialGpio, line: &[u8]) {
        partial.line(line);
    }

    fn finish(_: PartialGpio) -> Result<Self, FieldError> {
        Ok(Self)
    }
}

/// A pin that works as a GPIO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GpioState {
    /// Its number.
    pub pin: u8,
    /// Its direction.
    pub direction: Direction,
    /// Its level.
    pub level: Level,
}

impl GpioState {
    fn parse(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { pin: Value::take(fields)?, direction: Value::take(fields)?, level: Value::take(fields)? })
    }
}

impl Answer for GpioState {
    type Partial = PartialGpio;

    fn line(partial: &mut PartialGpio, line: &[u8]) {
        partial.line(line);
    }

    fn finish(partial: PartialGpio) -> Result<Self, FieldError> {
        partial.state.unwrap_or(Err(FieldError::Missing))
    }
}

records! {
    /// The analog input.
    "+SYSADC" AdcValue {
        /// In 1/1024 V.
        pub voltage: u16,
    }

    /// How a pin is configured.
    "+SYSIOGETCFG" PinConfig {
        /// Its number.
        pub pin: u8,
        /// Number of its function in Espressif's pin list; 3 makes pin 12 a GPIO.
        pub mode: u8,
        /// Whether it is pulled up.
        pub pull_up: bool,
    }
}

commands! {
    /// Measures the voltage at the analog input (`NONOS 3.2.14`).
    query QueryAdc -> AdcValue, within 5 s;
    on Esp8266Nonos "AT+SYSADC" "3.2.14";

    /// Configures a pin (`NONOS 3.2.15`).
    set ConfigurePin {
        /// Its number.
        pub pin: u8,
        /// Number of its function in Espressif's pin list; 3 makes pin 12 a GPIO.
        pub mode: u8,
        /// Whether it is pulled up.
        pub pull_up: bool,
    } -> (), within 5 s;
    on Esp8266Nonos "AT+SYSIOSETCFG" "3.2.15";

    /// Asks how a pin is configured (`NONOS 3.2.16`).
    set ReadPinConfig {
        /// Its number.
        pub pin: u8,
    } -> PinConfig, within 5 s;
    on Esp8266Nonos "AT+SYSIOGETCFG" "3.2.16";

    /// Sets the direction of a pin (`NONOS 3.2.17`), which must work as a GPIO ([`ConfigurePin`]).
    set SetGpioDirection {
        /// Its number.
        pub pin: u8,
        /// The direction.
        pub direction: Direction,
    } fails GpioError -> GpioSet, within 5 s;
    on Esp8266Nonos "AT+SYSGPIODIR" "3.2.17";

    /// Sets the level of a pin (`NONOS 3.2.18`), which must be an output ([`SetGpioDirection`]).
    set WriteGpio {
        /// Its number.
        pub pin: u8,
        /// The level.
        pub level: Level,
    } fails GpioError -> GpioSet, within 5 s;
    on Esp8266Nonos "AT+SYSGPIOWRITE" "3.2.18";

    /// Reads direction and level of a pin (`NONOS 3.2.19`), which must work as a GPIO ([`ConfigurePin`]).
    set ReadGpio {
        /// Its number.
        pub pin: u8,
    } fails GpioError -> GpioState, within 5 s;
    on Esp8266Nonos "AT+SYSGPIOREAD" "3.2.19";
}
