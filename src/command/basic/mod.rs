//! Basic commands (`ESP-AT 3.1`, `ESP32 v1 3.2`, `IDF 2`, `NONOS 3.2`, `WizFi360 3.2.1`).

pub mod flash;
pub mod gpio;
pub mod messages;
pub mod passthrough;
pub mod power;
pub mod uart;

use heapless::String;

use super::declare::{commands, records};
use super::{List, Parameter, Record};
use crate::at::{Encoder, Field, FieldError};
use crate::firmware::Firmware;

#[doc(no_inline)]
pub use {flash::*, gpio::*, messages::*, passthrough::*, power::*, uart::*};

/// Whether the module repeats what it receives. The digit follows the name of the command, without `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Echo {
    /// Nothing is repeated. The driver needs it so.
    Off,
    /// Every byte of a command comes back.
    On,
}

impl Parameter for Echo {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.name(match self {
            Self::Off => "0",
            Self::On => "1",
        });
    }

    fn sample(_: i64) -> Self {
        Self::Off
    }
}

records! {
    /// A command of the running firmware, and which of its forms there are.
    "+CMD" ListedCommand {
        /// Running number.
        pub index: u16,
        /// Name, such as `AT+CWJAP`.
        pub name: String<32>,
        /// Whether there is `AT+X=?`.
        pub test: bool,
        /// Whether there is `AT+X?`.
        pub query: bool,
        /// Whether there is `AT+X=...`.
        pub set: bool,
        /// Whether there is `AT+X`.
        pub execute: bool,
    }

    /// Free memory of the module.
    "+SYSRAM" FreeMemory {
        /// Free now, in bytes.
        pub free: u32,
        /// The least that was ever free since the start, in bytes. Only ESP-AT tells it. Wi-Fi and Bluetooth LE suffer
        /// when it comes near 10 KB.
        pub minimum: Option<u32>,
    }

    /// The module's clock.
    "+SYSTIMESTAMP" Timestamp {
        /// Seconds since 1970-01-01.
        pub seconds: u32,
    }

    /// Whether a set command keeps its parameters in flash.
    "+SYSSTORE" StoreMode {
        /// Whether it does. The factory default.
        pub stored: bool,
    }
}

/// A 32-bit register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RegisterValue(pub u32);

impl Record for RegisterValue {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let mut fields = crate::at::Fields::new(crate::at::after_name(line, b"+SYSREG")?);
        Some(fields.field().and_then(any_base).map(Self))
    }
}

/// Reads a number of which a manual does not say the base: hexadecimal behind `0x`, else decimal.
pub(crate) fn any_base(field: Field<'_>) -> Result<u32, FieldError> {
    match field.bytes {
        [b'0', b'x' | b'X', digits @ ..] => {
            let digits = core::str::from_utf8(digits).map_err(|_| FieldError::Malformed)?;
            u32::from_str_radix(digits, 16).map_err(|_| FieldError::Malformed)
        }
        _ => field.unsigned(),
    }
}

/// A line of an answer as it stands, where a manual leaves its form open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerLine {
    /// The line without its end.
    pub text: String<128>,
}

impl Record for AnswerLine {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let field = Field { bytes: line, quoted: false };
        (!line.is_empty()).then(|| Ok(Self { text: field.text()? }))
    }
}

commands! {
    /// Does nothing. The module answers if it takes commands at all (`ESP-AT 3.1.2`).
    execute Probe -> (), within 2 s;
    on EspAt "AT" "3.1.2";
    on Esp32V1 "AT" "3.2.1";
    on Esp8266Idf "AT" "2.1";
    on Esp8266Nonos "AT" "3.2.1";
    on WizFi360 "AT" "3.2.1.1";

    /// Restarts the module (`ESP-AT 3.1.3`).
    ///
    /// `OK` comes first, then boot messages, then `ready`. What was not kept in flash is lost; the driver sets the
    /// module up again.
    execute Restart -> (), within 5 s;
    on EspAt "AT+RST" "3.1.3";
    on Esp32V1 "AT+RST" "3.2.2";
    on Esp8266Idf "AT+RST" "2.2";
    on Esp8266Nonos "AT+RST" "3.2.2";
    on WizFi360 "AT+RST" "3.2.1.3";

    /// Asks for the versions of the firmware (`ESP-AT 3.1.4`, `WizFi360 3.2.4.1`).
    execute QueryFirmware -> Firmware, within 5 s;
    on EspAt "AT+GMR" "3.1.4";
    on Esp32V1 "AT+GMR" "3.2.3";
    on Esp8266Idf "AT+GMR" "2.3";
    on Esp8266Nonos "AT+GMR" "3.2.3";
    on WizFi360 "AT+GMR" "3.2.4.1";

    /// Asks which commands the firmware has (`ESP-AT 3.1.5`).
    ///
    /// There are some two hundred. The response holds the first 16 and counts the others.
    query QueryCommands -> List<ListedCommand, 16>, within 10 s;
    on EspAt "AT+CMD" "3.1.5";

    /// Switches the echo of commands (`ESP-AT 3.1.7`). It is on again after a restart.
    ///
    /// The driver switches it off when it sets the module up. It does no harm if it is on, but every command then
    /// crosses the line twice.
    execute SetEcho {
        /// Off or on.
        pub echo: Echo,
    } -> (), within 5 s;
    on EspAt "ATE" "3.1.7";
    on Esp32V1 "ATE" "3.2.5";
    on Esp8266Idf "ATE" "2.5";
    on Esp8266Nonos "ATE" "3.2.5";
    on WizFi360 "ATE" "3.2.1.2";

    /// `ATE` without a digit (`ESP32 v1 3.2.5`, `IDF 2.5`, `NONOS 3.2.5`). These manuals name it and do not say what it
    /// does; [`SetEcho`] is what is wanted.
    execute EchoWithoutDigit -> (), within 5 s;
    on Esp32V1 "ATE" "3.2.5";
    on Esp8266Idf "ATE" "2.5";
    on Esp8266Nonos "ATE" "3.2.5";

    /// Puts all that is kept in flash back to factory settings, and restarts (`ESP-AT 3.1.8`).
    execute RestoreFactorySettings -> (), within 15 s;
    on EspAt "AT+RESTORE" "3.1.8";
    on Esp32V1 "AT+RESTORE" "3.2.6";
    on Esp8266Idf "AT+RESTORE" "2.6";
    on Esp8266Nonos "AT+RESTORE" "3.2.6";
    on WizFi360 "AT+RESTORE" "3.2.1.4";

    /// Asks how much memory is free (`ESP-AT 3.1.14`).
    query QueryFreeMemory -> FreeMemory, within 5 s;
    on EspAt "AT+SYSRAM" "3.1.14";
    on Esp32V1 "AT+SYSRAM" "3.2.11";
    on Esp8266Idf "AT+SYSRAM" "2.10";
    on Esp8266Nonos "AT+SYSRAM" "3.2.13";

    /// Goes back to the firmware in the other OTA partition (`ESP-AT 3.1.22`, `IDF 2.15`). Nothing is downloaded.
    execute RollBackFirmware -> (), within 15 s;
    on EspAt "AT+SYSROLLBACK" "3.1.22";
    on Esp8266Idf "AT+SYSROLLBACK" "2.15";

    /// Asks for the module's clock (`ESP-AT 3.1.23`, `IDF 2.16`).
    query QueryTimestamp -> Timestamp, within 5 s;
    on EspAt "AT+SYSTIMESTAMP" "3.1.23";
    on Esp8266Idf "AT+SYSTIMESTAMP" "2.16";

    /// Sets the module's clock (`ESP-AT 3.1.23`, `IDF 2.16`). SNTP, where it is on, sets it again.
    set SetTimestamp {
        /// Seconds since 1970-01-01.
        pub seconds: u32,
    } -> (), within 5 s;
    on EspAt "AT+SYSTIMESTAMP" "3.1.23";
    on Esp8266Idf "AT+SYSTIMESTAMP" "2.16";

    /// Asks whether set commands keep their parameters in flash (`ESP-AT 3.1.26`).
    query QueryStoreMode -> StoreMode, within 5 s;
    on EspAt "AT+SYSSTORE" "3.1.26";

    /// Sets whether set commands keep their parameters in flash (`ESP-AT 3.1.26`).
    ///
    /// Concerns the commands whose description says so, such as those of the station, the SoftAP and DHCP. Each of them
    /// wears the flash while it is on; queries always give what is in force.
    set SetStoreMode {
        /// Whether they do. The factory default.
        pub stored: bool,
    } -> (), within 5 s;
    on EspAt "AT+SYSSTORE" "3.1.26";

    /// Reads a register of the chip (`ESP-AT 3.1.27`).
    set ReadRegister with 0 {
        /// Its address, which the module does not check.
        pub address: u32,
    } -> RegisterValue, within 5 s;
    on EspAt "AT+SYSREG" "3.1.27";

    /// Writes a register of the chip (`ESP-AT 3.1.27`).
    set WriteRegister with 1 {
        /// Its address, which the module does not check.
        pub address: u32,
        /// All 32 bits.
        pub value: u32,
    } -> (), within 5 s;
    on EspAt "AT+SYSREG" "3.1.27";
}
