//! User commands (`ESP-AT 3.14`), and those of self-made firmware (`NONOS 1.1.3`).

use heapless::{String, Vec};

use super::basic::flash::{after_colon, counted};
use super::basic::{AnswerLine, Level};
use super::declare::{codes, commands, masks, records};
use super::{Bare, List, Parameter, Record};
use crate::at::{Encoder, FieldError};

codes! {
    /// Whether the host sleeps.
    HostState {
        /// It is awake.
        Awake = 0,
        /// It sleeps: the module wakes it before it sends a message.
        Asleep = 1,
    }
}

masks! {
    /// How the module finds out whether the host is awake.
    AwakeChecks: u8 {
        /// The host says so with [`SetHostState`]. The default.
        HOST_STATE = 0,
        /// By the module's own sleep mode: the host sleeps while the module may.
        SLEEP_MODE = 1,
        /// The host is taken to be awake once the delay is over. Otherwise it is taken to be asleep still.
        AWAKE_AFTER_DELAY = 2,
        /// By a GPIO. Not implemented in the firmware.
        GPIO = 3,
    }
}

/// How the module wakes the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WakeSignal {
    /// A GPIO has a level for the time of the delay.
    Gpio {
        /// Number of the GPIO.
        gpio: u8,
        /// The level that wakes.
        level: Level,
    },
    /// A byte is sent to the host.
    Uart {
        /// The byte.
        byte: u8,
    },
}

/// The mode, the number of the GPIO or of the UART, and the level or the byte.
impl Parameter for WakeSignal {
    fn encode(&self, line: &mut Encoder<'_>) {
        match *self {
            Self::Gpio { gpio, level } => line.number(1).number(gpio.into()).number(level as i64),
            Self::Uart { byte } => line.number(2).number(1).number(byte.into()),
        };
    }

    fn sample(_: i64) -> Self {
        Self::Gpio { gpio: 18, level: Level::High }
    }
}

/// Data of the user memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserMemoryData {
    /// The bytes.
    pub data: Vec<u8, 240>,
}

impl Record for UserMemoryData {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        Some(counted(after_colon(line, b"+USERRAM")?).map(|data| Self { data }))
    }
}

records! {
    /// The user memory.
    "+USERRAM" UserMemory {
        /// Its size in bytes.
        pub size: u32,
    }

    /// An address on the internet of the user guide for the running firmware.
    "+USERDOCS" UserGuide {
        /// The URL.
        pub url: String<128>,
    }
}

commands! {
    /// Asks for the size of the user memory (`ESP-AT 3.14.2`).
    query QueryUserMemory -> UserMemory, within 5 s;
    on EspAt "AT+USERRAM" "3.14.2";

    /// Gives the user memory back (`ESP-AT 3.14.2`).
    set ReleaseUserMemory with 0 -> (), within 5 s;
    on EspAt "AT+USERRAM" "3.14.2";

    /// Allocates the user memory, before anything is done with it (`ESP-AT 3.14.2`).
    set AllocateUserMemory with 1 {
        /// Its size in bytes.
        pub size: u32 [1..=0xffff_ffff],
    } -> (), within 5 s;
    on EspAt "AT+USERRAM" "3.14.2";

    /// Writes into the user memory (`ESP-AT 3.14.2`).
    ///
    /// The manual does not say what follows the data; the firmware's source prints `WRITE OK`.
    set WriteUserMemory with 2 {
        /// Bytes of data.
        pub length: u32 [1..=0xffff_ffff],
        /// Where to begin, in bytes. 0 if left out.
        pub offset: Option<u32>,
    } data length ends WriteOk -> (), within 15 s;
    on EspAt "AT+USERRAM" "3.14.2";

    /// Reads from the user memory (`ESP-AT 3.14.2`). See [`flash`](super::basic::flash) for what can be read.
    set ReadUserMemory with 3 {
        /// Bytes to read. The module would give more than 240, the driver has no room for them.
        pub length: u32 [1..=240],
        /// Where to begin, in bytes. 0 if left out.
        pub offset: Option<u32>,
    } -> UserMemoryData, within 5 s;
    on EspAt "AT+USERRAM" "3.14.2";

    /// Fills the user memory with zeros (`ESP-AT 3.14.2`).
    set ClearUserMemory with 4 -> (), within 5 s;
    on EspAt "AT+USERRAM" "3.14.2";

    /// Fetches new firmware from a URL, and restarts with it (`ESP-AT 3.14.3`). The data is the URL as it is.
    ///
    /// The second `OK` comes after the download, which takes as long as the network needs. Certificates are not checked.
    /// [`RestoreFactorySettings`](super::basic::RestoreFactorySettings) is advised afterwards.
    set UpgradeFirmware {
        /// Bytes of the URL, 1 to 8192.
        pub url_length: u16 [1..=8192],
    } data url_length ends OkAfterData -> (), within 300 s;
    on EspAt "AT+USEROTA" "3.14.3";

    /// Sets how the module wakes a host that sleeps (`ESP-AT 3.14.4`).
    ///
    /// Each message to a sleeping host is preceded by the signal and waits for the delay, or until the host says that it
    /// is awake.
    set SetHostWakeup with 1 {
        /// The signal.
        pub signal: WakeSignal,
        /// The longest wait in milliseconds, 0 to 60000. A GPIO has its level for as long.
        pub delay: u16 [0..=60000],
        /// How the module finds out whether the host is awake. By [`AwakeChecks::HOST_STATE`] if left out.
        pub checks: Option<AwakeChecks> [0..=15],
    } -> (), within 5 s;
    on EspAt "AT+USERWKMCUCFG" "3.14.4";

    /// The module takes the host to be awake always (`ESP-AT 3.14.4`).
    set DisableHostWakeup with 0 -> (), within 5 s;
    on EspAt "AT+USERWKMCUCFG" "3.14.4";

    /// Says whether the host sleeps (`ESP-AT 3.14.5`). Needs [`AwakeChecks::HOST_STATE`].
    set SetHostState {
        /// Awake or asleep.
        pub state: HostState,
    } -> (), within 5 s;
    on EspAt "AT+USERMCUSLEEP" "3.14.5";

    /// Asks where the user guide for the running firmware is (`ESP-AT 3.14.6`): in English, then in Chinese.
    query QueryUserGuides -> List<UserGuide, 2>, within 5 s;
    on EspAt "AT+USERDOCS" "3.14.6";

    /// Test form of the example of a command in self-made firmware (`NONOS 1.1.3`). No firmware has it as it comes.
    test TestUserCommand -> List<AnswerLine, 4>, within 10 s;
    on Esp8266Nonos "AT+TEST" "1.1.3";

    /// Query form of the example of a command in self-made firmware (`NONOS 1.1.3`).
    query QueryUserCommand -> List<AnswerLine, 4>, within 10 s;
    on Esp8266Nonos "AT+TEST" "1.1.3";

    /// Set form of the example of a command in self-made firmware (`NONOS 1.1.3`).
    ///
    /// Without parameters it is the same as [`ExecuteUserCommand`].
    set SetUserCommand<'a> {
        /// What the maker of the firmware has it take.
        pub parameters: &'a [Bare<'a>],
    } -> List<AnswerLine, 4>, within 10 s;
    on Esp8266Nonos "AT+TEST" "1.1.3";

    /// Execute form of the example of a command in self-made firmware (`NONOS 1.1.3`).
    execute ExecuteUserCommand -> List<AnswerLine, 4>, within 10 s;
    on Esp8266Nonos "AT+TEST" "1.1.3";
}
