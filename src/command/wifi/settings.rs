//! What the radio does and how: modes, protocols, country, host name.

use heapless::String;

use super::text::without_parentheses;
use crate::at::{FieldError, Fields, after_name};
use crate::command::Record;
use crate::command::declare::{codes, commands, masks, records};

codes! {
    /// What the radio does.
    WifiMode {
        /// Off. Only ESP-AT and the IDF firmware have this.
        Off = 0,
        /// A station of an access point.
        Station = 1,
        /// An access point.
        SoftAp = 2,
        /// Both.
        StationAndSoftAp = 3,
    }

    /// Whose country code is in force while the station has joined an access point.
    CountryPolicy {
        /// That of the access point.
        FollowAccessPoint = 0,
        /// The one that was set.
        Keep = 1,
    }
}

masks! {
    /// Variants of 802.11.
    Protocols: u8 {
        /// 802.11b
        B = 0,
        /// 802.11g
        G = 1,
        /// 802.11n
        N = 2,
        /// Espressif's own long range mode. Only where it is set or asked for, never in a scan.
        LONG_RANGE = 3,
    }
}

records! {
    /// Whether the Wi-Fi driver of the module runs.
    "+CWINIT" DriverState {
        /// It does.
        pub initialized: bool,
    }

    /// What the radio does.
    "+CWMODE" WifiModeAnswer {
        /// The mode.
        pub mode: WifiMode,
    }

    /// 802.11 variants of the SoftAP.
    "+CWAPPROTO" SoftApProtocols {
        /// Those that it offers.
        pub protocols: Protocols,
    }

    /// 802.11 variants of the station.
    "+CWSTAPROTO" StationProtocols {
        /// Those that it uses.
        pub protocols: Protocols,
    }

    /// The country that the radio follows.
    "+CWCOUNTRY" Country {
        /// Whose code is in force.
        pub policy: CountryPolicy,
        /// ISO 3166-1 code of two letters. A third character that was set is not shown by all firmware.
        pub code: String<3>,
        /// The lowest channel.
        pub first_channel: u8,
        /// How many channels there are from that one on.
        pub channels: u8,
    }
}

/// The modes that the module knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct WifiModeRange {
    /// The first.
    pub lowest: WifiMode,
    /// The last.
    pub highest: WifiMode,
}

/// Manuals do not say how the range is written: `(0-3)`, `(1,2,3)` and a single number are taken.
impl Record for WifiModeRange {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let value = after_name(line, b"+CWMODE")?;
        let mut range: Option<Self> = None;
        for &byte in without_parentheses(value).unwrap_or_default() {
            let mode = match byte {
                b'0'..=b'9' => WifiMode::from_code((byte - b'0').into()),
                b'-' | b',' | b' ' => continue,
                _ => None,
            };
            let Some(mode) = mode else { return Some(Err(FieldError::Malformed)) };
            range.get_or_insert(Self { lowest: mode, highest: mode }).highest = mode;
        }
        Some(range.ok_or(FieldError::Malformed))
    }
}

/// The name that the station gives to the DHCP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName {
    /// The name. `None` while the module is no station.
    pub name: Option<String<32>>,
}

/// Bare, in quotes or in angle brackets; `<null>` where there is no station.
impl Record for HostName {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let value = match after_name(line, b"+CWHOSTNAME")? {
            [b'<', inner @ .., b'>'] if inner.eq_ignore_ascii_case(b"null") => b"",
            [b'<', inner @ .., b'>'] => inner,
            bare => bare,
        };
        Some(match Fields::new(value).next() {
            Some(field) if !field.is_empty() => field.text().map(|name| Self { name: Some(name) }),
            _ => Ok(Self { name: None }),
        })
    }
}

commands! {
    /// Asks whether the Wi-Fi driver runs (`ESP-AT 3.2.2`).
    query QueryDriver -> DriverState, within 5 s;
    on EspAt "AT+CWINIT" "3.2.2";

    /// Starts or stops the Wi-Fi driver (`ESP-AT 3.2.2`).
    ///
    /// Without it there is more memory for other things. It runs again after a reset.
    set SetDriver {
        /// Whether it shall run.
        pub initialized: bool,
    } -> (), within 5 s;
    on EspAt "AT+CWINIT" "3.2.2";

    /// Asks which modes there are (`ESP32 v1 4.2.1`, `NONOS 4.2.1`).
    test TestWifiMode -> WifiModeRange, within 5 s;
    on Esp32V1 "AT+CWMODE" "4.2.1";
    on Esp8266Nonos "AT+CWMODE_CUR" "4.2.1";
    on Esp8266Nonos saved "AT+CWMODE_DEF" "4.2.2";

    /// Asks what the radio does (`ESP-AT 3.2.3`, `ESP32 v1 4.2.1`, `IDF 3.1`, `NONOS 4.2.1`, `WizFi360 3.2.2.1`).
    query QueryWifiMode -> WifiModeAnswer, within 5 s;
    on EspAt "AT+CWMODE" "3.2.3";
    on Esp32V1 "AT+CWMODE" "4.2.1";
    on Esp8266Idf "AT+CWMODE" "3.1";
    on Esp8266Nonos "AT+CWMODE_CUR" "4.2.1";
    on Esp8266Nonos saved "AT+CWMODE_DEF" "4.2.2";
    on WizFi360 "AT+CWMODE_CUR" "3.2.2.1";
    on WizFi360 saved "AT+CWMODE_DEF" "3.2.2.2";

    /// Sets what the radio does (`ESP-AT 3.2.3`, `ESP32 v1 4.2.1`, `IDF 3.1`, `NONOS 4.2.1`, `WizFi360 3.2.2.1`).
    ///
    /// ESP-AT joins the access point that it remembers when the station is switched on.
    set SetWifiMode {
        /// The mode from now on.
        pub mode: WifiMode,
    } -> (), within 5 s;
    on EspAt "AT+CWMODE" "3.2.3";
    on Esp32V1 "AT+CWMODE" "4.2.1";
    on Esp8266Idf "AT+CWMODE" "3.1";
    on Esp8266Nonos "AT+CWMODE_CUR" "4.2.1";
    on Esp8266Nonos saved "AT+CWMODE_DEF" "4.2.2";
    on WizFi360 "AT+CWMODE_CUR" "3.2.2.1";
    on WizFi360 saved "AT+CWMODE_DEF" "3.2.2.2";

    /// As [`SetWifiMode`], and says what the station does when it is switched on (`ESP-AT 3.2.3`).
    set SetWifiModeAndConnect {
        /// The mode from now on.
        pub mode: WifiMode,
        /// Whether to join the access point that is kept in flash. The module's default is that it does.
        pub auto_connect: bool,
    } -> (), within 5 s;
    on EspAt "AT+CWMODE" "3.2.3";

    /// [`SetWifiMode`] under the old name, which examples of the manual use but nothing describes (`NONOS 4.2.24`).
    /// The mode is kept in flash.
    set SetWifiModeDeprecated {
        /// The mode from now on.
        pub mode: WifiMode [1..=3],
    } -> (), within 5 s;
    on Esp8266Nonos "AT+CWMODE" "4.2.24";

    /// Asks for the SoftAP's 802.11 variants (`ESP-AT 3.2.16`).
    query QuerySoftApProtocols -> SoftApProtocols, within 5 s;
    on EspAt "AT+CWAPPROTO" "3.2.16";

    /// Sets the SoftAP's 802.11 variants (`ESP-AT 3.2.16`).
    set SetSoftApProtocols {
        /// B, G and N from the factory.
        pub protocols: Protocols [0..=15],
    } -> (), within 5 s;
    on EspAt "AT+CWAPPROTO" "3.2.16";

    /// Asks for the station's 802.11 variants (`ESP-AT 3.2.17`).
    query QueryStationProtocols -> StationProtocols, within 5 s;
    on EspAt "AT+CWSTAPROTO" "3.2.17";

    /// Sets the station's 802.11 variants (`ESP-AT 3.2.17`).
    set SetStationProtocols {
        /// B, G and N from the factory.
        pub protocols: Protocols [0..=15],
    } -> (), within 5 s;
    on EspAt "AT+CWSTAPROTO" "3.2.17";

    /// Asks for the country code (`ESP-AT 3.2.28`, `NONOS 4.2.31`). The one in use may be that of the access point.
    query QueryCountry -> Country, within 5 s;
    on EspAt "AT+CWCOUNTRY" "3.2.28";
    on Esp8266Nonos "AT+CWCOUNTRY_CUR" "4.2.31";
    on Esp8266Nonos saved "AT+CWCOUNTRY_DEF" "4.2.32";

    /// Sets the country code (`ESP-AT 3.2.28`, `NONOS 4.2.31`). ESP-AT does not keep it in flash.
    set SetCountry<'a> {
        /// Whose code is in force once an access point is joined.
        pub policy: CountryPolicy,
        /// ISO 3166-1 code of two letters, and one character more where needed.
        pub code: &'a str [2..=3],
        /// The lowest channel, 1 to 14.
        pub first_channel: u8 [1..=14],
        /// How many channels there are from that one on.
        pub channels: u8,
    } -> (), within 5 s;
    on EspAt "AT+CWCOUNTRY" "3.2.28";
    on Esp8266Nonos "AT+CWCOUNTRY_CUR" "4.2.31";
    on Esp8266Nonos saved "AT+CWCOUNTRY_DEF" "4.2.32";

    /// Asks for the station's host name (`ESP-AT 3.2.27`, `IDF 3.21`, `NONOS 4.2.30`, `WizFi360 3.2.2.26`).
    query QueryHostName -> HostName, within 5 s;
    on EspAt "AT+CWHOSTNAME" "3.2.27";
    on Esp8266Idf "AT+CWHOSTNAME" "3.21";
    on Esp8266Nonos "AT+CWHOSTNAME" "4.2.30";
    on WizFi360 "AT+CWHOSTNAME" "3.2.2.26";

    /// Sets the station's host name until the next reset
    /// (`ESP-AT 3.2.27`, `IDF 3.21`, `NONOS 4.2.30`, `WizFi360 3.2.2.26`).
    ///
    /// The module must be a station, or refuses.
    set SetHostName<'a> {
        /// 1 to 32 bytes.
        pub name: &'a str [1..=32],
    } -> (), within 5 s;
    on EspAt "AT+CWHOSTNAME" "3.2.27";
    on Esp8266Idf "AT+CWHOSTNAME" "3.21";
    on Esp8266Nonos "AT+CWHOSTNAME" "4.2.30";
    on WizFi360 "AT+CWHOSTNAME" "3.2.2.26";
}
