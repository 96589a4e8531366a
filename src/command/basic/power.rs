//! Sleep and transmit power (`ESP-AT 3.1.6`, `3.1.13`, `3.1.20`, `3.1.25`, `NONOS 3.2.9` to `3.2.12`).

use super::gpio::Level;
use crate::at::{Encoder, FieldError, Fields, after_name, parse_unsigned};
use crate::command::declare::{codes, commands, records};
use crate::command::{Parameter, Record, Value};

codes! {
    /// How a module saves power. The numbers are those of ESP-AT; [`Power`](crate::power::Power) knows the others'.
    SleepMode {
        /// Never sleeps. Not possible while Bluetooth LE is initialised, which it would end.
        Off = 0,
        /// Modem-sleep in the rhythm of the access point's DTIM, or of the Bluetooth LE interval.
        Modem = 1,
        /// Light-sleep: the processor sleeps too. Needs a source of wakeup, [`SetLightSleepWakeup`].
        Light = 2,
        /// Modem-sleep in the rhythm of the listen interval that the access point was joined with.
        ModemByListenInterval = 3,
    }

    /// How the first firmware for ESP32 and the IDF-style firmware for ESP8266 save power.
    ModemSleepMode {
        /// Never sleeps.
        Off = 0,
        /// Modem-sleep.
        Modem = 1,
    }

    /// How the NONOS firmware saves power. 1 and 2 are not what they are elsewhere.
    NonosSleepMode {
        /// Never sleeps.
        Off = 0,
        /// Light-sleep.
        Light = 1,
        /// Modem-sleep. The default.
        Modem = 2,
    }

    /// Transmit power of Bluetooth LE.
    BlePower {
        /// 7 dBm.
        Plus7 = 0,
        /// 4 dBm.
        Plus4 = 1,
        /// 1 dBm.
        Plus1 = 2,
        /// -2 dBm.
        Minus2 = 3,
        /// -5 dBm.
        Minus5 = 4,
        /// -8 dBm.
        Minus8 = 5,
        /// -11 dBm.
        Minus11 = 6,
        /// -14 dBm.
        Minus14 = 7,
    }
}

impl BlePower {
    /// The power in dBm.
    #[must_use]
    pub const fn dbm(self) -> i8 {
        7 - 3 * (self as i8)
    }
}

/// Transmit powers of Bluetooth LE. The module sets the other two to that of advertising where they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BlePowers {
    /// Of advertising.
    pub advertising: BlePower,
    /// Of scanning.
    pub scanning: BlePower,
    /// Of connections.
    pub connections: BlePower,
}

impl Parameter for BlePowers {
    fn encode(&self, line: &mut Encoder<'_>) {
        self.advertising.encode(line);
        self.scanning.encode(line);
        self.connections.encode(line);
    }

    fn sample(_: i64) -> Self {
        Self { advertising: BlePower::Plus7, scanning: BlePower::Plus7, connections: BlePower::Plus7 }
    }
}

/// Transmit powers in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RfPower {
    /// Of Wi-Fi, in 0.25 dBm: the step that is next to what was set, not above it, and possibly below the lowest that
    /// can be set.
    pub wifi: i16,
    /// Of Bluetooth LE. `None` on chips without it, and where the module gives no known number.
    pub ble: Option<BlePowers>,
}

impl Record for RfPower {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let fields = &mut Fields::new(after_name(line, b"+RFPOWER")?);
        let wifi = i16::take(fields);
        let mut ble = || BlePower::take(fields).ok();
        let ble = ble().zip(ble()).zip(ble());
        let ble = ble.map(|((advertising, scanning), connections)| BlePowers { advertising, scanning, connections });
        Some(wifi.map(|wifi| Self { wifi, ble }))
    }
}

/// How long the module is going to sleep: the number alone makes up the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DeepSleep {
    /// Milliseconds.
    pub duration: u32,
}

impl Record for DeepSleep {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        parse_unsigned(line.trim_ascii()).map(|duration| Ok(Self { duration }))
    }
}

/// What the module does with another GPIO after a GPIO has woken it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AwakeFlag {
    /// The GPIO, 0 to 15.
    pub gpio: u8,
    /// The level that it takes.
    pub level: Level,
}

impl Parameter for AwakeFlag {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.ranged(self.gpio.into(), 0, 15);
        self.level.encode(line);
    }

    fn sample(_: i64) -> Self {
        Self { gpio: 13, level: Level::High }
    }
}

records! {
    /// How ESP-AT saves power.
    "+SLEEP" SleepState {
        /// The mode.
        pub mode: SleepMode,
    }

    /// How the NONOS firmware saves power.
    "+SLEEP" NonosSleepState {
        /// The mode.
        pub mode: NonosSleepMode,
    }

    /// The supply voltage as the module measures it.
    "+RFVDD" SupplyVoltage {
        /// In 1/1024 V.
        pub voltage: u16,
    }
}

commands! {
    /// Sleeps deeply, and starts anew when the time is up (`ESP-AT 3.1.6`, `NONOS 3.2.4`).
    ///
    /// The module loses its connections and its settings as with a restart. On an ESP8266 the wakeup signal has to be
    /// wired to the reset pin, or it sleeps on.
    set StartDeepSleep {
        /// Milliseconds, not to the last one. 0 restarts at once.
        pub duration: u32,
    } -> Option<DeepSleep>, within 5 s;
    on EspAt "AT+GSLP" "3.1.6";
    on Esp32V1 "AT+GSLP" "3.2.4";
    on Esp8266Idf "AT+GSLP" "2.4";
    on Esp8266Nonos "AT+GSLP" "3.2.4";

    /// Asks for the sleep mode (`ESP-AT 3.1.13`).
    query QuerySleepMode -> SleepState, within 5 s;
    on EspAt "AT+SLEEP" "3.1.13";

    /// Sets the sleep mode (`ESP-AT 3.1.13`). With Wi-Fi, sleep needs the module to be a station only.
    set SetSleepMode {
        /// The mode.
        pub mode: SleepMode,
    } -> (), within 5 s;
    on EspAt "AT+SLEEP" "3.1.13";

    /// Sets the sleep mode (`ESP32 v1 3.2.10`, `IDF 2.9`).
    set SetModemSleepMode {
        /// The mode.
        pub mode: ModemSleepMode,
    } -> (), within 5 s;
    on Esp32V1 "AT+SLEEP" "3.2.10";
    on Esp8266Idf "AT+SLEEP" "2.9";

    /// Asks for the sleep mode (`NONOS 3.2.9`).
    query QueryNonosSleepMode -> NonosSleepState, within 5 s;
    on Esp8266Nonos "AT+SLEEP" "3.2.9";

    /// Sets the sleep mode (`NONOS 3.2.9`). Needs the module to be a station only.
    set SetNonosSleepMode {
        /// The mode.
        pub mode: NonosSleepMode,
    } -> (), within 5 s;
    on Esp8266Nonos "AT+SLEEP" "3.2.9";

    /// Sets the GPIO that wakes the module from Light-sleep (`ESP-AT 3.1.25`). It is the only source there is so far.
    set SetLightSleepWakeup with 2 {
        /// Number of the GPIO.
        pub gpio: u8,
        /// The level that wakes.
        pub level: Option<Level>,
    } -> (), within 5 s;
    on EspAt "AT+SLEEPWKCFG" "3.1.25";

    /// Sets the GPIO that wakes the module from Light-sleep (`NONOS 3.2.10`).
    ///
    /// Give the module 5 ms after it woke before the next command. Where the GPIO still has its level when the module
    /// goes back to sleep, that is Modem-sleep only.
    set SetWakeupGpio with 1 {
        /// Number of the GPIO, 0 to 15.
        pub gpio: u8 [0..=15],
        /// The level that wakes.
        pub level: Level,
        /// Another GPIO that shows that the module is awake.
        pub flag: Option<AwakeFlag>,
    } -> (), within 5 s;
    on Esp8266Nonos "AT+WAKEUPGPIO" "3.2.10";

    /// No GPIO wakes the module any more (`NONOS 3.2.10`).
    set DisableWakeupGpio with 0 -> (), within 5 s;
    on Esp8266Nonos "AT+WAKEUPGPIO" "3.2.10";

    /// Asks for the transmit power (`ESP-AT 3.1.20`, `IDF 2.14`). The radio has to be on.
    query QueryRfPower -> RfPower, within 5 s;
    on EspAt "AT+RFPOWER" "3.1.20";
    on Esp8266Idf "AT+RFPOWER" "2.14";

    /// Sets the transmit power (`ESP-AT 3.1.20`). Wi-Fi has to be on, and for the second field Bluetooth LE, too.
    set SetRfPower {
        /// Of Wi-Fi in 0.25 dBm, 40 to 84. The module takes the next step that is not above it: 34 (for 40 to 43), 44,
        /// 52, 56, 60, 66, 72 or 78.
        pub wifi: u8 [40..=84],
        /// Of Bluetooth LE.
        pub ble: Option<BlePowers>,
    } -> (), within 5 s;
    on EspAt "AT+RFPOWER" "3.1.20";

    /// Sets the transmit power (`IDF 2.14`). As [`SetRfPower`] but for the range.
    set SetRfPowerIdf {
        /// Of Wi-Fi in 0.25 dBm, 40 to 82. The module takes the next step that is not above it.
        pub wifi: u8 [40..=82],
        /// Of Bluetooth LE, which the manual has although the chip has not.
        pub ble: Option<BlePowers>,
    } -> (), within 5 s;
    on Esp8266Idf "AT+RFPOWER" "2.14";

    /// Limits the transmit power (`NONOS 3.2.11`).
    set LimitRfPower {
        /// In 0.25 dBm, 0 to 82. Not exact: the module may stay below it.
        pub limit: u8 [0..=82],
    } -> (), within 5 s;
    on Esp8266Nonos "AT+RFPOWER" "3.2.11";

    /// Measures the supply voltage (`NONOS 3.2.12`). The TOUT pin must not be connected.
    query QuerySupplyVoltage -> SupplyVoltage, within 5 s;
    on Esp8266Nonos "AT+RFVDD" "3.2.12";

    /// Adapts the transmit power to a supply voltage (`NONOS 3.2.12`).
    set SetSupplyVoltage {
        /// 1900 to 3300. The manual gives no unit; the range looks like millivolts.
        pub voltage: u16 [1900..=3300],
    } -> (), within 5 s;
    on Esp8266Nonos "AT+RFVDD" "3.2.12";

    /// Measures the supply voltage and adapts the transmit power to it (`NONOS 3.2.12`). The TOUT pin must not be
    /// connected.
    execute AdaptToSupplyVoltage -> (), within 5 s;
    on Esp8266Nonos "AT+RFVDD" "3.2.12";
}
