//! Saving power: sleep modes, deep sleep and waking up. And factory settings, which end in a restart as well.
//!
//! Everything here is a method of [`Power`], which [`Control::power`](crate::Control::power) gives. It compiles for every
//! dialect, so that one program can sleep where the firmware lets it: what a firmware has no command for is refused with
//! [`CommandError::Unsupported`], and nothing is sent.
//!
//! | | `EspAt` | `Esp32V1` | `Esp8266Idf` | `Esp8266Nonos` | `WizFi360` |
//! |---|---|---|---|---|---|
//! | [`set_sleep_mode`](Power::set_sleep_mode) | all modes | off, modem | off, modem | off, modem, light | - |
//! | [`sleep_mode`](Power::sleep_mode) | yes | - | - | yes | - |
//! | [`set_wake_gpio`](Power::set_wake_gpio) | yes | - | - | yes | - |
//! | [`deep_sleep`](Power::deep_sleep) | yes | yes | yes | yes | - |
//! | [`restore`](Power::restore) | yes | yes | yes | yes | yes |
//!
//! ```
//! use embassy_time::Duration;
//! use wifi_at::command::CommandError;
//! use wifi_at::power::{Level, SleepMode, WakeGpio};
//! use wifi_at::{Control, EspAt};
//!
//! /// Between two measurements: lightly where something may come in, deeply at night.
//! async fn rest(control: Control<'_, EspAt>, night: bool) -> Result<(), CommandError> {
//!     if night {
//!         // The next command waits until the module is up again.
//!         return control.power().deep_sleep(Duration::from_secs(8 * 3600)).await;
//!     }
//!     control.power().set_wake_gpio(WakeGpio::new(4, Level::High)).await?;
//!     match control.power().set_sleep_mode(SleepMode::Light).await {
//!         Err(CommandError::Unsupported) => control.power().set_sleep_mode(SleepMode::Modem).await,
//!         result => result,
//!     }
//! }
//! # let _ = rest;
//! ```
//!
//! Sleep modes, and the pin that wakes, are forgotten with each restart of the module, and are not set again by the driver:
//! [`Event::ModuleReady`](crate::Event::ModuleReady) is the time to do so.

use core::fmt;

use embassy_time::Duration;

use crate::at::{EncodeError, Encoder, FieldError, Fields, after_name};
use crate::command::basic::RestoreFactorySettings;
use crate::command::{Command, CommandError, Kind};
use crate::control::{Control, NotReady, send};
use crate::dialect::{Dialect, Esp32V1, Esp8266Idf, Esp8266Nonos, EspAt, WizFi360};
use crate::engine::LightSleep;
use crate::resources::AccessExt;

pub use crate::command::basic::{AwakeFlag, Level, SleepMode};

/// What a firmware can do to save power.
///
/// Implemented by the types of [`dialect`](crate::dialect) only.
pub trait PowerDialect: Dialect {
    #[doc(hidden)]
    const POWER: &'static Forms;
    /// What is to be done where light sleep is set. Apart from the others, so that it is linked only there.
    #[doc(hidden)]
    #[allow(private_interfaces, reason = "nobody outside can implement it")]
    const LIGHT: Option<&'static LightSleep> = None;
}

/// The forms of the commands, and the numbers of the modes.
#[derive(Debug)]
pub struct Forms {
    /// Which modes there are. Their numbers on the wire are their places here.
    modes: &'static [SleepMode],
    /// Whether the module can be asked for its mode.
    asks: bool,
    wake: Wake,
    deep_sleep: bool,
}

/// How the pin is set that wakes from light sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wake {
    Nothing,
    /// `AT+SLEEPWKCFG`: a source, a pin, a level.
    Source,
    /// `AT+WAKEUPGPIO`: whether, a pin, a level, and another pin that shows it.
    Gpio,
}

impl PowerDialect for EspAt {
    const POWER: &'static Forms = &Forms {
        modes: &[SleepMode::Off, SleepMode::Modem, SleepMode::Light, SleepMode::ModemByListenInterval],
        asks: true,
        wake: Wake::Source,
        deep_sleep: true,
    };
    #[allow(private_interfaces, reason = "nobody outside can implement it")]
    const LIGHT: Option<&'static LightSleep> = Some(&LightSleep::of(2));
}

impl PowerDialect for Esp32V1 {
    const POWER: &'static Forms =
        &Forms { modes: &[SleepMode::Off, SleepMode::Modem], asks: false, wake: Wake::Nothing, deep_sleep: true };
}

impl PowerDialect for Esp8266Idf {
    const POWER: &'static Forms = Esp32V1::POWER;
}

impl PowerDialect for Esp8266Nonos {
    const POWER: &'static Forms = &Forms {
        modes: &[SleepMode::Off, SleepMode::Light, SleepMode::Modem],
        asks: true,
        wake: Wake::Gpio,
        deep_sleep: true,
    };
    #[allow(private_interfaces, reason = "nobody outside can implement it")]
    const LIGHT: Option<&'static LightSleep> = Some(&LightSleep::of(1));
}

impl PowerDialect for WizFi360 {
    const POWER: &'static Forms = &Forms { modes: &[], asks: false, wake: Wake::Nothing, deep_sleep: false };
}

/// The longest deep sleep. The manuals give no limit; the engine's clock cannot wait for longer.
const LONGEST_SLEEP_MS: u64 = 1 << 30;

/// What wakes the module from light sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct WakeGpio {
    gpio: u8,
    level: Level,
    flag: Option<AwakeFlag>,
}

impl WakeGpio {
    /// The module's GPIO with this number, while it has this level. 0 to 15 on an ESP8266.
    #[must_use]
    pub const fn new(gpio: u8, level: Level) -> Self {
        Self { gpio, level, flag: None }
    }

    /// The module also sets another of its GPIOs when it has woken up. NONOS only.
    #[must_use]
    pub const fn with_flag(mut self, flag: AwakeFlag) -> Self {
        self.flag = Some(flag);
        self
    }
}

/// There is no reset pin, or [`RecoveryPolicy::reset_pin`](crate::RecoveryPolicy::reset_pin) forbids its use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoResetPin;

impl fmt::Display for NoResetPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no reset pin to wake the module with")
    }
}

impl core::error::Error for NoResetPin {}

/// Why there is no module with factory settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RestoreError {
    /// The command failed. After `Timeout` and `ModuleReset` the module may have carried it out all the same.
    Command(CommandError),
    /// The module has factory settings, and is not up again. The driver goes on trying.
    NotReady(NotReady),
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(error) => error.fmt(f),
            Self::NotReady(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for RestoreError {}

impl From<CommandError> for RestoreError {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

/// A command with numbers, answered by `OK`. One type for all of them, as each would be code of its own.
struct Numbers<const N: usize>([i64; N]);

impl<const N: usize> Command for Numbers<N> {
    type Response = ();
    type Error = CommandError;
    type Answer = ();

    const TIMEOUT: Duration = Duration::from_secs(5);
    const KIND: Kind = Kind::Set;

    fn encode(&self, name: &str, line: &mut Encoder<'_>) {
        line.name(name);
        for &number in &self.0 {
            line.number(number);
        }
    }

    fn finish((): (), result: Result<(), CommandError>) -> Result<(), CommandError> {
        result
    }
}

/// `AT+SLEEP?`, whatever the number means.
struct AskMode;

impl Command for AskMode {
    type Response = usize;
    type Error = CommandError;
    type Answer = Option<u8>;

    const TIMEOUT: Duration = Duration::from_secs(5);
    const KIND: Kind = Kind::Query;

    fn encode(&self, name: &str, line: &mut Encoder<'_>) {
        line.name(name).query();
    }

    fn line(answer: &mut Option<u8>, line: &[u8]) {
        if let Some(value) = after_name(line, b"+SLEEP") {
            // A number that is none is none of the modes.
            let number = Fields::new(value).next().and_then(|field| field.unsigned().ok()?.try_into().ok());
            *answer = Some(number.unwrap_or(u8::MAX));
        }
    }

    fn finish(answer: Option<u8>, result: Result<(), CommandError>) -> Result<usize, CommandError> {
        result?;
        answer.map(usize::from).ok_or(CommandError::Answer(FieldError::Missing))
    }
}

/// The handle for saving power. Copies are as good as the original.
#[derive(Debug, Clone, Copy)]
pub struct Power<'a, D> {
    control: Control<'a, D>,
}

impl<'a, D> Power<'a, D> {
    pub(crate) const fn new(control: Control<'a, D>) -> Self {
        Self { control }
    }
}

impl<D: PowerDialect> Power<'_, D> {
    async fn set<const N: usize>(&self, name: &'static str, numbers: [i64; N]) -> Result<(), CommandError> {
        send(self.control.shared, &Numbers(numbers), name).await
    }

    /// How the module is to save power while nothing happens, until its next restart (`ESP-AT 3.1.13`,
    /// `ESP32 v1 3.2.10`, `IDF 2.9`, `NONOS 3.2.9`). Links stay open in all modes.
    ///
    /// The module has to be a station only, and joined where the mode follows the listen interval
    /// ([`JoinOptions::listen_interval`](crate::wifi::JoinOptions::listen_interval)). [`SleepMode::Light`] needs something
    /// that wakes the module before the driver can speak to it again: [`set_wake_gpio`](Self::set_wake_gpio) comes first.
    ///
    /// A module in light sleep loses the first bytes that it is sent. So from then on, and until another mode is set, a
    /// command waits until the module is awake. With a pin of the driver's
    /// ([`Runner::with_wake_pin`](crate::Runner::with_wake_pin)): 10 ms, a question and its answer, 15 ms in all, and the module is
    /// held awake until 20 ms after it was heard last. Without: where the line was idle for 20 ms or more, twice CR LF and
    /// 10 ms, a question and its answer, 25 ms in all. A module that does not wake up is brought up anew after 3 s, as one that has fallen silent.
    /// While a reader waits, the driver's own questions wake the module each
    /// [`RecoveryPolicy::link_check`](crate::RecoveryPolicy::link_check): 30 s if nothing else is said.
    /// In passthrough nothing can stand before the data, so that its first bytes may be lost. Where the mode is set by
    /// [`Control::send`](crate::Control::send) alone, the driver does none of this.
    ///
    /// Dropping the future takes the command back if it was not sent yet; if it was, the mode is set.
    ///
    /// # Errors
    /// [`Unsupported`](CommandError::Unsupported) where the firmware lacks the mode; the command's others. ESP-AT refuses
    /// [`SleepMode::Off`] while Bluetooth LE is initialised.
    pub async fn set_sleep_mode(&self, mode: SleepMode) -> Result<(), CommandError> {
        let number = D::POWER.modes.iter().position(|&known| known == mode).ok_or(CommandError::Unsupported)?;
        if mode == SleepMode::Light {
            // Before it is sent: the future may be dropped as soon as it is.
            self.control.shared.0.get(|engine| engine.core.light_sleep = D::LIGHT);
        }
        self.set("AT+SLEEP", [number as i64]).await
    }

    /// The mode that the module says it is in (`ESP-AT 3.1.13`, `NONOS 3.2.9`).
    ///
    /// # Errors
    /// [`Unsupported`](CommandError::Unsupported) where the firmware does not tell; the command's others.
    pub async fn sleep_mode(&self) -> Result<SleepMode, CommandError> {
        if !D::POWER.asks {
            return Err(CommandError::Unsupported);
        }
        let number = send(self.control.shared, &AskMode, "AT+SLEEP").await?;
        D::POWER.modes.get(number).copied().ok_or(CommandError::Answer(FieldError::Malformed))
    }

    /// Which pin wakes the module from [`SleepMode::Light`], until the module's next restart (`ESP-AT 3.1.25`,
    /// `NONOS 3.2.10`).
    ///
    /// It may be wired to a pin of the driver's ([`Runner::with_wake_pin`](crate::Runner::with_wake_pin)). The module's own RX
    /// pin will do, too, with [`Level::Low`], as it is low while the driver sends; Espressif says that ESP-AT does not wake by
    /// UART, so try that first. Where the pin still has
    /// that level when a NONOS module goes back to sleep, that is Modem-sleep only.
    ///
    /// # Errors
    /// [`Unsupported`](CommandError::Unsupported) where the firmware has no such pin, or not the flag;
    /// [`OutOfRange`](EncodeError::OutOfRange) for a pin that there is not, or a flag on the same pin; the command's
    /// others.
    pub async fn set_wake_gpio(&self, wake: WakeGpio) -> Result<(), CommandError> {
        let WakeGpio { gpio, level, flag } = wake;
        let (gpio, level) = (i64::from(gpio), level as i64);
        match (D::POWER.wake, flag) {
            (Wake::Source, None) => self.set("AT+SLEEPWKCFG", [2, gpio, level]).await,
            (Wake::Gpio, None) if gpio <= 15 => self.set("AT+WAKEUPGPIO", [1, gpio, level]).await,
            (Wake::Gpio, Some(flag)) if gpio <= 15 && flag.gpio <= 15 && gpio != i64::from(flag.gpio) => {
                self.set("AT+WAKEUPGPIO", [1, gpio, level, flag.gpio.into(), flag.level as i64]).await
            }
            (Wake::Gpio, _) => Err(CommandError::Encode(EncodeError::OutOfRange)),
            (Wake::Source | Wake::Nothing, _) => Err(CommandError::Unsupported),
        }
    }

    /// No pin wakes the module any more (`NONOS 3.2.10`).
    ///
    /// # Errors
    /// [`Unsupported`](CommandError::Unsupported) where the firmware has no such command, and ESP-AT has none; the
    /// command's others.
    pub async fn clear_wake_gpio(&self) -> Result<(), CommandError> {
        if D::POWER.wake != Wake::Gpio {
            return Err(CommandError::Unsupported);
        }
        self.set("AT+WAKEUPGPIO", [0]).await
    }

    /// Switches all of the module off but its clock, for so long (`ESP-AT 3.1.6`, `ESP32 v1 3.2.4`, `IDF 2.4`,
    /// `NONOS 3.2.4`). Ends when the module has accepted it.
    ///
    /// The module forgets everything, as with a restart: each open socket fails with `ConnectionReset` once, what was not
    /// sent is lost, [`ModuleReset`](crate::Event::ModuleReset) and [`ModuleAsleep`](crate::Event::ModuleAsleep) are told.
    /// [`stay_joined`](crate::wifi::Wifi::stay_joined) joins again afterwards.
    ///
    /// It wakes up when its time is up, or earlier by [`wake`](Self::wake) or by a pin that somebody else holds; the driver
    /// notices its `ready`, and sets it up. Commands, connects and
    /// [`wait_until_ready`](crate::Control::wait_until_ready) wait until then, which may be days; dropping one takes it
    /// back. An ESP8266 cannot wake up by itself unless its GPIO16 (`XPD_DCDC`) is wired to its reset pin.
    ///
    /// `duration` is 1 ms to 2^30 ms (12 days), rounded up to milliseconds; the chip may allow less, and its clock is off
    /// by some per cent. No manual has a time that stands for ever.
    ///
    /// Dropping the future takes the command back if it was not sent yet; if it was, the module sleeps.
    ///
    /// # Errors
    /// [`Unsupported`](CommandError::Unsupported) where the firmware cannot, [`OutOfRange`](EncodeError::OutOfRange) for
    /// another duration; the command's others. After [`Timeout`](CommandError::Timeout) the module may sleep all the same:
    /// the driver finds it once it is awake.
    pub async fn deep_sleep(&self, duration: Duration) -> Result<(), CommandError> {
        if !D::POWER.deep_sleep {
            return Err(CommandError::Unsupported);
        }
        let millis = duration.as_millis();
        let millis = if Duration::from_millis(millis) < duration { millis + 1 } else { millis };
        if !(1..=LONGEST_SLEEP_MS).contains(&millis) {
            return Err(CommandError::Encode(EncodeError::OutOfRange));
        }
        self.set("AT+GSLP", [millis as i64]).await
    }

    /// Whether the module is in deep sleep, as far as the driver knows.
    #[must_use]
    pub fn is_asleep(&self) -> bool {
        self.control.shared.0.get(|engine| engine.core.is_asleep())
    }

    /// Wakes the module from deep sleep with the reset pin; a module that is awake is left alone. Does not wait:
    /// [`wait_until_ready`](crate::Control::wait_until_ready) does.
    ///
    /// # Errors
    /// [`NoResetPin`] if the driver has none. The module wakes up by its own time then, or by a pin that somebody else
    /// holds.
    pub fn wake(&self) -> Result<(), NoResetPin> {
        let mut woken = Err(NoResetPin);
        self.control.shared.0.get(|engine| {
            if engine.wake() {
                woken = Ok(());
            }
        });
        woken
    }

    /// Puts all that the module keeps in flash back to factory settings, and waits until it is up again
    /// (`ESP-AT 3.1.8`, `ESP32 v1 3.2.6`, `IDF 2.6`, `NONOS 3.2.6`, `WizFi360 3.2.1.4`). Takes some seconds.
    ///
    /// The module restarts: sockets fail and events are told as with [`deep_sleep`](Self::deep_sleep), but for
    /// `ModuleAsleep`. Where the driver has a say in the [baud rate](crate::serial::Line), the module is looked for at
    /// 115200 baud, its default, and brought to the rate that is wanted; where it has not, the port has to have 115200 baud
    /// already. Later firmware of the WizFi360 restores the station's MAC address only.
    ///
    /// Dropping the future takes the command back if it was not sent yet; if it was, it is carried out, and the driver sets
    /// the module up all the same.
    ///
    /// # Errors
    /// See [`RestoreError`].
    pub async fn restore(&self) -> Result<(), RestoreError> {
        send(self.control.shared, &RestoreFactorySettings, "AT+RESTORE").await?;
        self.control.wait_until_ready().await.map(drop).map_err(RestoreError::NotReady)
    }
}
