//! Wi-Fi commands (`ESP-AT 3.2`, `ESP32 v1 4.2`, `IDF 3`, `NONOS 4.2`, `WizFi360 3.2.2`).
//!
//! The firmware for ESP8266 on the NONOS SDK and that of the WizFi360 have most settings under two names. The types
//! here stand for the one that ends in `_CUR` and lasts until the next reset; within [`Saved`](super::Saved) they
//! stand for the one that ends in `_DEF` and is kept in flash. Espressif's other firmware keeps what it is told in
//! flash at once, ESP-AT unless `AT+SYSSTORE=0` was sent before.

mod text;

pub mod addresses;
pub mod enterprise;
pub mod provisioning;
pub mod scan;
pub mod settings;
pub mod soft_ap;
pub mod station;

#[cfg(test)]
mod tests;

pub use addresses::{
    DhcpInterface, DhcpInterfaces, DhcpState, DnsServers, InterfaceDhcpState, Ipv4Config, Ipv4Network, Ipv6Config,
    OwnMac, PartialDnsServers, PartialIpv4Config, QueryDhcp, QueryDhcpByInterface, QueryDnsServers, QuerySoftApAddress,
    QuerySoftApIpv6, QuerySoftApMac, QueryStationAddress, QueryStationIpv6, QueryStationMac, SetDhcp,
    SetDhcpByInterface, SetDnsServers, SetSoftApAddress, SetSoftApMac, SetStationAddress, SetStationMac, SoftApMac,
    StationMac, UserDns,
};
pub use enterprise::{
    Certificates, EapCredentials, EapMethod, EnterpriseAccessPoint, EnterpriseJoinError, EnterpriseJoined,
    JoinEnterprise, JoinEnterpriseWithTimeout, QueryEnterprise,
};
pub use provisioning::{
    Mdns, MdnsService, SetMdns, SetWps, SetWpsWithSecurityFloor, SmartConfigKind, StartSmartConfig,
    StartSmartConfigKind, StartSmartConfigWithOptions, StartWeChatDiscovery, StopSmartConfig, StopWeChatDiscovery,
};
pub use scan::{
    AccessPoint, Cipher, FindAccessPoints, FindAccessPointsWithOptions, ListAccessPoints, ScanFields, ScanKind,
    ScanTimes, SecurityFilter, SetScanFields, SetScanFilter,
};
pub use settings::{
    Country, CountryPolicy, DriverState, HostName, Protocols, QueryCountry, QueryDriver, QueryHostName,
    QuerySoftApProtocols, QueryStationProtocols, QueryWifiMode, SetCountry, SetDriver, SetHostName, SetSoftApProtocols,
    SetStationProtocols, SetWifiMode, SetWifiModeAndConnect, SetWifiModeDeprecated, SoftApProtocols, StationProtocols,
    TestWifiMode, WifiMode, WifiModeAnswer, WifiModeRange,
};
pub use soft_ap::{
    DhcpPool, DhcpPoolAnswer, DisconnectAllStations, DisconnectStation, JoinedStation, ListJoinedStations, Passphrase,
    QueryDhcpPool, QuerySoftAp, SetDhcpPool, SetSoftAp, SetSoftApDeprecated, SoftApConfig, SoftApSecurity,
};
pub use station::{
    AutoConnect, JoinAccessPoint, JoinAccessPointDeprecated, JoinAccessPointRefusingOpen, JoinAccessPointWithOptions,
    JoinAccessPointWithReconnection, JoinError, JoinLastAccessPoint, Joined, JoinedAccessPoint, LeaveAccessPoint,
    ManagementFrameProtection, QueryAccessPoint, QueryAutoConnect, QueryReconnection, QueryStationState, Reconnection,
    SetAutoConnect, SetReconnection, StationPhase, StationState, WhichMatch,
};
pub use text::{SecretString, Ssid};

use super::declare::codes;

codes! {
    /// How an access point secures its network.
    Security {
        /// Not at all.
        Open = 0,
        /// WEP, which is easily broken.
        Wep = 1,
        /// WPA with a passphrase.
        WpaPsk = 2,
        /// WPA2 with a passphrase.
        Wpa2Psk = 3,
        /// WPA or WPA2 with a passphrase.
        WpaWpa2Psk = 4,
        /// WPA2 with an authentication server.
        Wpa2Enterprise = 5,
        /// WPA3 with a passphrase.
        Wpa3Psk = 6,
        /// WPA2 or WPA3 with a passphrase.
        Wpa2Wpa3Psk = 7,
        /// WAPI with a passphrase. No firmware here can join it.
        WapiPsk = 8,
        /// Open, but encrypted (OWE).
        Owe = 9,
    }
}
