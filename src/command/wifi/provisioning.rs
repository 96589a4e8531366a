//! Getting the access point from a telephone or a push button, and being found: SmartConfig, WPS, mDNS, `WeChat`.

use super::Security;
use crate::at::Encoder;
use crate::command::declare::{codes, commands};
use crate::command::parameter::put;
use crate::command::{Parameter, Secret};

codes! {
    /// How a telephone tells which access point to join.
    SmartConfigKind {
        /// ESP-TOUCH
        EspTouch = 1,
        /// `AirKiss`
        AirKiss = 2,
        /// Either of both.
        EspTouchAndAirKiss = 3,
        /// ESP-TOUCH version 2. Only with ESP-AT.
        EspTouchV2 = 4,
    }
}

/// Whether the module tells of a service by mDNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mdns<'a> {
    /// No more.
    Off,
    /// It does.
    On(MdnsService<'a>),
}

/// A service that is found by mDNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MdnsService<'a> {
    /// The host's name, without dots.
    pub host_name: &'a str,
    /// What it serves, such as `_iot`.
    pub service: &'a str,
    /// The port.
    pub port: u16,
}

impl Parameter for Mdns<'_> {
    fn encode(&self, line: &mut Encoder<'_>) {
        match self {
            Self::Off => {
                line.flag(false);
            }
            Self::On(service) => {
                line.flag(true);
                put(&service.host_name, line, 1, i64::MAX);
                put(&service.service, line, 1, i64::MAX);
                put(&service.port, line, 1, 65535);
            }
        }
    }

    fn sample(low: i64) -> Self {
        Self::On(MdnsService { host_name: <&str>::sample(low), service: <&str>::sample(low), port: 80 })
    }
}

commands! {
    /// Starts SmartConfig of either kind (`ESP-AT 3.2.22`, `ESP32 v1 4.2.15`, `IDF 3.16`, `NONOS 4.2.24`).
    ///
    /// The module must be a station only, and takes no other command until [`StopSmartConfig`]. Send that more than
    /// 6 s after it has said that it is connected, so that the telephone gets to know.
    execute StartSmartConfig -> (), within 5 s;
    on EspAt "AT+CWSTARTSMART" "3.2.22";
    on Esp32V1 "AT+CWSTARTSMART" "4.2.15";
    on Esp8266Idf "AT+CWSTARTSMART" "3.16";
    on Esp8266Nonos "AT+CWSTARTSMART" "4.2.24";

    /// Starts SmartConfig of one kind (`ESP-AT 3.2.22`, `ESP32 v1 4.2.15`, `IDF 3.16`, `NONOS 4.2.24`). See
    /// [`StartSmartConfig`].
    set StartSmartConfigKind {
        /// Any but ESP-TOUCH version 2.
        pub kind: SmartConfigKind [1..=3],
    } -> (), within 5 s;
    on EspAt "AT+CWSTARTSMART" "3.2.22";
    on Esp32V1 "AT+CWSTARTSMART" "4.2.15";
    on Esp8266Idf "AT+CWSTARTSMART" "3.16";
    on Esp8266Nonos "AT+CWSTARTSMART" "4.2.24";

    /// Starts SmartConfig with all that ESP-AT lets one say about it (`ESP-AT 3.2.22`). See [`StartSmartConfig`].
    set StartSmartConfigWithOptions<'a> {
        /// The kind.
        pub kind: SmartConfigKind,
        /// Access points that are less secure are not used, up to [`Security::Wpa2Wpa3Psk`]. All are if left out.
        pub security_floor: Option<Security> [0..=7],
        /// The key of ESP-TOUCH version 2, 16 bytes.
        pub key: Option<Secret<'a>> [16..=16],
    } -> (), within 5 s;
    on EspAt "AT+CWSTARTSMART" "3.2.22";

    /// Ends SmartConfig, and must be sent after it in any case
    /// (`ESP-AT 3.2.23`, `ESP32 v1 4.2.16`, `IDF 3.17`, `NONOS 4.2.25`).
    execute StopSmartConfig -> (), within 5 s;
    on EspAt "AT+CWSTOPSMART" "3.2.23";
    on Esp32V1 "AT+CWSTOPSMART" "4.2.16";
    on Esp8266Idf "AT+CWSTOPSMART" "3.17";
    on Esp8266Nonos "AT+CWSTOPSMART" "4.2.25";

    /// Starts or stops WPS by push button (`ESP-AT 3.2.24`, `ESP32 v1 4.2.17`, `IDF 3.18`, `NONOS 4.2.28`).
    ///
    /// The module must be a station. WPS does not know WEP.
    set SetWps {
        /// Whether it shall run.
        pub enabled: bool,
    } -> (), within 5 s;
    on EspAt "AT+WPS" "3.2.24";
    on Esp32V1 "AT+WPS" "4.2.17";
    on Esp8266Idf "AT+WPS" "3.18";
    on Esp8266Nonos "AT+WPS" "4.2.28";

    /// As [`SetWps`], with access points that are secure enough only (`ESP-AT 3.2.24`).
    set SetWpsWithSecurityFloor {
        /// Whether it shall run.
        pub enabled: bool,
        /// Access points that are less secure are not used, up to [`Security::Wpa2Wpa3Psk`].
        pub security_floor: Security [0..=7],
    } -> (), within 5 s;
    on EspAt "AT+WPS" "3.2.24";

    /// Starts or stops telling of a service by mDNS (`ESP-AT 3.2.25`, `IDF 3.19`, `NONOS 4.2.29`).
    ///
    /// The station needs an address. The NONOS firmware refuses while the module is only a SoftAP.
    set SetMdns<'a> {
        /// The service, or none.
        pub service: Mdns<'a>,
    } -> (), within 5 s;
    on EspAt "AT+MDNS" "3.2.25";
    on Esp8266Idf "AT+MDNS" "3.19";
    on Esp8266Nonos "AT+MDNS" "4.2.29";

    /// Lets `WeChat` find the module in the local network (`NONOS 4.2.26`). The station needs an address.
    set StartWeChatDiscovery<'a> {
        /// The official account, as `WeChat` gave it.
        pub account: &'a str,
        /// The kind of device, as `WeChat` gave it.
        pub device_type: &'a str,
        /// Seconds from one packet to the next, up to 86400; 0 to answer queries only.
        pub interval_s: u32 [0..=86400],
    } -> (), within 5 s;
    on Esp8266Nonos "AT+CWSTARTDISCOVER" "4.2.26";

    /// Ends [`StartWeChatDiscovery`] (`NONOS 4.2.27`).
    execute StopWeChatDiscovery -> (), within 5 s;
    on Esp8266Nonos "AT+CWSTOPDISCOVER" "4.2.27";
}
