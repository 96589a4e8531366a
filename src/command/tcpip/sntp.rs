//! The time: `AT+CIPSNTPCFG`, `AT+CIPSNTPTIME`, `AT+CIPSNTPINTV`.

use core::fmt::Write;

use heapless::String;

use super::UpTo;
use crate::at::{EncodeError, Encoder, Field, FieldError, after_name};
use crate::command::declare::{commands, records};
use crate::command::{Parameter, Record, Value};

/// A time zone, ahead of UTC (east) where it is positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum TimeZone {
    /// Whole hours, -12 to 14.
    Hours(i8),
    /// Hours and minutes. On the wire they are one number, by which the module tells it from whole hours; no firmware
    /// but ESP-AT knows it.
    HoursAndMinutes {
        /// Whether it is behind UTC (west).
        west: bool,
        /// 0 to 14, or 12 to the west.
        hours: u8,
        /// 0 to 59. With no hours it has to be 15 or more, as smaller numbers are whole hours.
        minutes: u8,
    },
}

impl Parameter for TimeZone {
    fn encode(&self, line: &mut Encoder<'_>) {
        match *self {
            Self::Hours(hours) => {
                line.ranged(hours.into(), -12, 14);
            }
            Self::HoursAndMinutes { west, hours, minutes } => {
                let most = if west { 12 } else { 14 };
                if hours > most || minutes > 59 || (hours == 0 && minutes < 15) {
                    line.fail(EncodeError::OutOfRange);
                }
                let mut text = String::<8>::new();
                // Too long only if it was refused above.
                let _ = write!(text, "{}{hours}{minutes:02}", if west { "-" } else { "" });
                line.bare(&text);
            }
        }
    }

    fn sample(_: i64) -> Self {
        Self::Hours(8)
    }
}

impl Value for TimeZone {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        let number = field.signed()?;
        if let -12..=14 = number {
            return Ok(Self::Hours(number as i8));
        }
        let (hours, minutes) = (number.unsigned_abs() / 100, number.unsigned_abs() % 100);
        if hours > 14 || minutes > 59 {
            return Err(FieldError::Malformed);
        }
        Ok(Self::HoursAndMinutes { west: number < 0, hours: hours as u8, minutes: minutes as u8 })
    }
}

records! {
    /// How the module learns the time.
    "+CIPSNTPCFG" SntpConfig {
        /// Whether it does.
        pub enabled: bool,
        /// The time zone in which it tells the time.
        pub time_zone: Option<TimeZone>,
        /// The first server.
        pub server_1: Option<String<64>>,
        /// The second server.
        pub server_2: Option<String<64>>,
        /// The third server.
        pub server_3: Option<String<64>>,
    }

    /// How often the module asks for the time.
    "+CIPSNTPINTV" SntpInterval {
        /// Seconds.
        pub seconds: u32,
    }
}

commands! {
    /// Asks how the module learns the time (`ESP-AT 3.3.20`, `ESP32 v1 5.2.13`, `IDF 4.15`, `NONOS 5.2.28`,
    /// `WizFi360 3.2.4.5`).
    query QuerySntp -> SntpConfig, within 5 s;
    on EspAt "AT+CIPSNTPCFG" "3.3.20";
    on Esp32V1 "AT+CIPSNTPCFG" "5.2.13";
    on Esp8266Idf "AT+CIPSNTPCFG" "4.15";
    on Esp8266Nonos "AT+CIPSNTPCFG" "5.2.28";
    on WizFi360 "AT+CIPSNTPCFG" "3.2.4.5";

    /// Sets how the module learns the time (`ESP-AT 3.3.20`). It is right only once `+TIME_UPDATED` has come.
    set SetSntp<'a> {
        /// Whether it does.
        pub enabled: bool,
        /// The time zone in which it tells the time.
        pub time_zone: TimeZone,
        /// Up to three servers. Without any, the firmware uses its own choice.
        pub servers: UpTo<'a, &'a str, 3> [1..=64],
    } -> (), within 5 s;
    on EspAt "AT+CIPSNTPCFG" "3.3.20";

    /// Makes the module learn the time (`IDF 4.15`, `NONOS 5.2.28`, `WizFi360 3.2.4.5`).
    ///
    /// The manual of IDF has this form in a session only, and [`SetSntpServers`] in its place elsewhere; which one
    /// it is depends on the version of the firmware.
    set EnableSntp<'a> with 1 {
        /// Hours ahead of UTC, -11 to 13.
        pub time_zone: i8 [-11..=13],
        /// Up to three servers. The default is cn.ntp.org.cn, ntp.sjtu.edu.cn and us.pool.ntp.org.
        pub servers: UpTo<'a, &'a str, 3> [1..=64],
    } -> (), within 5 s;
    on Esp8266Idf "AT+CIPSNTPCFG" "4.15";
    on Esp8266Nonos "AT+CIPSNTPCFG" "5.2.28";
    on WizFi360 "AT+CIPSNTPCFG" "3.2.4.5";

    /// Stops the module from asking for the time (`NONOS 5.2.28`, `WizFi360 3.2.4.5`).
    set DisableSntp with 0 -> (), within 5 s;
    on Esp8266Nonos "AT+CIPSNTPCFG" "5.2.28";
    on WizFi360 "AT+CIPSNTPCFG" "3.2.4.5";

    /// Makes the module learn the time (`ESP32 v1 5.2.13`, `IDF 4.15`).
    set SetSntpServers<'a> {
        /// Hours ahead of UTC, -11 to 13.
        pub time_zone: i8 [-11..=13],
        /// Up to three servers. The default is cn.ntp.org.cn, ntp.sjtu.edu.cn and us.pool.ntp.org.
        pub servers: UpTo<'a, &'a str, 3> [1..=64],
    } -> (), within 5 s;
    on Esp32V1 "AT+CIPSNTPCFG" "5.2.13";
    on Esp8266Idf "AT+CIPSNTPCFG" "4.15";

    /// Makes the module forget the time servers (`ESP32 v1 5.2.13`, `IDF 4.15`).
    execute ClearSntpServers -> (), within 5 s;
    on Esp32V1 "AT+CIPSNTPCFG" "5.2.13";
    on Esp8266Idf "AT+CIPSNTPCFG" "4.15";

    /// Asks for the time (`ESP-AT 3.3.21`, `ESP32 v1 5.2.14`, `IDF 4.16`, `NONOS 5.2.29`, `WizFi360 3.2.4.6`).
    ///
    /// It may be wrong after sleep. See [`DateTime::is_synchronized`].
    query QueryTime -> DateTime, within 5 s;
    on EspAt "AT+CIPSNTPTIME" "3.3.21";
    on Esp32V1 "AT+CIPSNTPTIME" "5.2.14";
    on Esp8266Idf "AT+CIPSNTPTIME" "4.16";
    on Esp8266Nonos "AT+CIPSNTPTIME" "5.2.29";
    on WizFi360 "AT+CIPSNTPTIME" "3.2.4.6";

    /// Asks how often the module asks for the time (`ESP-AT 3.3.22`).
    query QuerySntpInterval -> SntpInterval, within 5 s;
    on EspAt "AT+CIPSNTPINTV" "3.3.22";

    /// Sets how often the module asks for the time (`ESP-AT 3.3.22`).
    set SetSntpInterval {
        /// Seconds, 15 to 4294967.
        pub seconds: u32 [15..=4294967],
    } -> (), within 5 s;
    on EspAt "AT+CIPSNTPINTV" "3.3.22";
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Date and time in the time zone that was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DateTime {
    /// For example 2026.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// The day of the week.
    pub weekday: Weekday,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 60: there are leap seconds.
    pub second: u8,
}

impl DateTime {
    /// Whether the module has learnt the time. Before, it counts from 1970 on.
    #[must_use]
    pub const fn is_synchronized(&self) -> bool {
        // West of Greenwich, time begins in 1969.
        self.year > 1970
    }

    /// Reads what C's `asctime` prints: `Thu Aug  4 14:48:05 2016`.
    fn read(text: &[u8]) -> Result<Self, FieldError> {
        const DAYS: [(&[u8], Weekday); 7] = [
            (b"Mon", Weekday::Monday),
            (b"Tue", Weekday::Tuesday),
            (b"Wed", Weekday::Wednesday),
            (b"Thu", Weekday::Thursday),
            (b"Fri", Weekday::Friday),
            (b"Sat", Weekday::Saturday),
            (b"Sun", Weekday::Sunday),
        ];
        const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";

        fn number(bytes: Option<&[u8]>, low: u16, high: u16) -> Result<u16, FieldError> {
            let value = Field { bytes: bytes.ok_or(FieldError::Missing)?, quoted: false }.unsigned()?;
            let value = u16::try_from(value).map_err(|_| FieldError::Malformed)?;
            if (low..=high).contains(&value) { Ok(value) } else { Err(FieldError::Malformed) }
        }

        let text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
        // Days below 10 have a second blank before them.
        let mut words = text.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
        let weekday = words.next().ok_or(FieldError::Missing)?;
        let month = words.next().ok_or(FieldError::Missing)?;
        let day = number(words.next(), 1, 31)?;
        let mut time = words.next().ok_or(FieldError::Missing)?.split(|&byte| byte == b':');
        let year = number(words.next(), 1900, 9999)?;
        let weekday = DAYS.iter().find(|(name, _)| weekday.eq_ignore_ascii_case(name));
        let month = MONTHS.chunks(3).position(|name| month.eq_ignore_ascii_case(name));
        Ok(Self {
            year,
            month: month.ok_or(FieldError::Malformed)? as u8 + 1,
            day: day as u8,
            weekday: weekday.ok_or(FieldError::Malformed)?.1,
            hour: number(time.next(), 0, 23)? as u8,
            minute: number(time.next(), 0, 59)? as u8,
            second: number(time.next(), 0, 60)? as u8,
        })
    }
}

impl Record for DateTime {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        after_name(line, b"+CIPSNTPTIME").map(Self::read)
    }
}
