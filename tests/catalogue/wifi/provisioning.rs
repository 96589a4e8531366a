//! SmartConfig, WPS, mDNS, discovery, and the settings of the radio.

use wifi_at::command::wifi::{
    CountryPolicy, Mdns, MdnsService, Protocols, QueryHostName, QueryWifiMode, Security, SetCountry, SetDriver,
    SetHostName, SetMdns, SetSoftApProtocols, SetStationProtocols, SetWifiMode, SetWifiModeAndConnect,
    SetWifiModeDeprecated, SetWps, SetWpsWithSecurityFloor, SmartConfigKind, StartSmartConfig, StartSmartConfigKind,
    StartSmartConfigWithOptions, StartWeChatDiscovery, StopSmartConfig, StopWeChatDiscovery, WifiMode,
};
use wifi_at::command::{Saved, Secret};
use wifi_at::dialect::{Esp32V1, Esp8266Idf, Esp8266Nonos, EspAt, WizFi360};

use super::wires;
use crate::Cases;

pub(super) fn cases(cases: &mut Cases) {
    let station = SetWifiMode { mode: WifiMode::Station };
    let soft_ap = SetWifiMode { mode: WifiMode::SoftAp };
    let both = SetWifiMode { mode: WifiMode::StationAndSoftAp };
    let service = |service| SetMdns { service: Mdns::On(MdnsService { host_name: "espressif", service, port: 8080 }) };
    let no_service = SetMdns { service: Mdns::Off };
    let host_name = SetHostName { name: "my_test" };
    let country = SetCountry { policy: CountryPolicy::Keep, code: "CN", first_channel: 1, channels: 13 };
    let wps = SetWps { enabled: true };
    wires!(cases EspAt:
        SetDriver { initialized: false },
        station,
        both,
        SetWifiModeAndConnect { mode: WifiMode::Station, auto_connect: false },
        StartSmartConfig,
        StartSmartConfigKind { kind: SmartConfigKind::AirKiss },
        StartSmartConfigWithOptions {
            kind: SmartConfigKind::EspTouchV2, security_floor: None, key: Some(Secret("0123456789abcdef")),
        },
        StopSmartConfig,
        wps,
        SetWpsWithSecurityFloor { enabled: true, security_floor: Security::Wpa2Psk },
        service("_iot"),
        no_service,
        host_name,
        country,
        SetSoftApProtocols { protocols: Protocols::B | Protocols::G },
        SetStationProtocols { protocols: Protocols::ALL },
    );
    wires!(cases Esp32V1: station, both, StartSmartConfig, StopSmartConfig, wps);
    wires!(cases Esp8266Idf:
        station, both, StartSmartConfig, StopSmartConfig, wps, service("_iot"), no_service, host_name,
    );
    wires!(cases Esp8266Nonos:
        station,
        both,
        Saved(both),
        SetWifiModeDeprecated { mode: WifiMode::Station },
        SetWifiModeDeprecated { mode: WifiMode::StationAndSoftAp },
        StartSmartConfig,
        StopSmartConfig,
        StartWeChatDiscovery { account: "gh_9e2cff3dfa51", device_type: "122475", interval_s: 10 },
        StopWeChatDiscovery,
        wps,
        service("iot"),
        host_name,
        QueryHostName,
        country,
        Saved(country),
    );
    wires!(cases WizFi360:
        station, soft_ap, Saved(station), Saved(soft_ap), QueryWifiMode, Saved(QueryWifiMode),
        SetHostName { name: "WizFi360_1234" }, QueryHostName,
    );
}
