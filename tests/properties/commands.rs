//! All commands that carry strings.

use wifi_at::at::Encoder;
use wifi_at::command::*;
use wifi_at::dialect::*;

use crate::strings::{ANY, Make, Source};

/// A command with strings from a [`Source`].
pub(crate) struct Entry {
    /// Its path below `wifi_at::command`, and its fields with strings.
    pub(crate) path: &'static str,
    pub(crate) fields: &'static [&'static str],
    /// Its name on the wire.
    pub(crate) name: &'static str,
    pub(crate) encode: for<'a> fn(&mut Source<'a>, &mut Encoder<'_>),
}

macro_rules! commands {
    ($(
        $($part:ident)::+ as $dialect:ident {
            $($field:ident: $low:literal..=$high:expr),+ $(; $($other:ident: $least:literal),+)?
        }
    )*) => {
        pub(crate) const COMMANDS: &[Entry] = &[$(Entry {
            path: stringify!($($part)::+),
            fields: &[$(stringify!($field)),+],
            name: <$($part)::+ as On<$dialect>>::NAME,
            encode: |source, line| {
                let command = $($part)::+ {
                    $($field: Make::make(source, $low, $high),)+
                    $($($other: Parameter::sample($least),)+)?
                };
                command.encode(<$($part)::+ as On<$dialect>>::NAME, line);
            },
        }),*];
    };
}

// Fields with strings, with the documented lengths in bytes; behind `;` the others, with the least value.
commands! {
    basic::flash::EraseFlashPartition as EspAt { partition: 1..=16 }
    basic::flash::EraseFlash as EspAt { partition: 1..=16; offset: 0, length: 1 }
    basic::flash::WriteFlash as EspAt { partition: 1..=16; offset: 0, length: 1 }
    basic::flash::ReadFlash as EspAt { partition: 1..=16; offset: 0, length: 1 }
    basic::flash::EraseManufacturingNamespace as EspAt { namespace: 1..=15 }
    basic::flash::EraseManufacturingKey as EspAt { namespace: 1..=15, key: 1..=15 }
    basic::flash::ListManufacturingKeys as EspAt { namespace: 1..=15 }
    basic::flash::ReadManufacturingValue as EspAt { namespace: 1..=15, key: 1..=15 }
    basic::flash::ReadManufacturingData as EspAt { namespace: 1..=15, key: 1..=15; offset: 0, length: 1 }
    basic::flash::WriteManufacturingNumber as EspAt { namespace: 1..=15, key: 1..=15; value: 0 }
    basic::flash::WriteManufacturingData as EspAt { namespace: 1..=15, key: 1..=15; kind: 0, length: 1 }
    basic::passthrough::SaveStreamPassthrough as EspAt { host: 1..=64; port: 1, transport: 0, keep_alive: 0 }
    basic::passthrough::SaveDatagramPassthrough as EspAt { host: 1..=64; port: 1, transport: 0, local_port: 1 }
    ble::advertising::SetAdvertisingData as EspAt { data: 0..=31 }
    ble::advertising::SetScanResponse as EspAt { data: 0..=31 }
    ble::advertising::SetAdvertisingFields as EspAt { name: 0..=29, manufacturer_data: 0..=29; uuid: 0, with_power: 0 }
    ble::base::SetDeviceName as EspAt { name: 0..=32 }
    ble::blufi::SetBlufiName as EspAt { name: 0..=26 }
    ble::scan::StartScan as EspAt { filter: 0..=ANY; duration_s: 0 }
    bluetooth::a2dp::SetA2dpSource as EspAt { url: 1..=240; connection: 0 }
    bluetooth::base::SetDeviceName as EspAt { name: 0..=32 }
    bluetooth::security::SetSecurity as EspAt { pin: 0..=16; io_capability: 0, pin_type: 0 }
    bluetooth::security::EnterPin as EspAt { pin: 1..=16; connection: 0 }
    filesystem::DeleteFile as EspAt { name: 1..=255 }
    filesystem::WriteFile as EspAt { name: 1..=255; offset: 0, length: 1 }
    filesystem::ReadFile as EspAt { name: 1..=255; offset: 0, length: 1 }
    filesystem::QueryFileSize as EspAt { name: 1..=255 }
    filesystem::ListFiles as EspAt { directory: 1..=255 }
    http::RequestHttpHead as EspAt { url: 0..=ANY, host: 1..=255, path: 0..=ANY, headers: 0..=ANY; content: 0, transport: 0 }
    http::RequestHttpGet as EspAt { url: 0..=ANY, host: 1..=255, path: 0..=ANY, headers: 0..=ANY; content: 0, transport: 0 }
    http::RequestHttpPost as EspAt { url: 0..=ANY, host: 1..=255, path: 0..=ANY, body: 0..=ANY, headers: 0..=ANY; content: 0, transport: 0 }
    http::RequestHttpPut as EspAt { url: 0..=ANY, host: 1..=255, path: 0..=ANY, headers: 0..=ANY; content: 0, transport: 0 }
    http::RequestHttpDelete as EspAt { url: 0..=ANY, host: 1..=255, path: 0..=ANY, headers: 0..=ANY; content: 0, transport: 0 }
    http::QueryHttpSize as EspAt { url: 0..=ANY; send_buffer: 0, receive_buffer: 0, timeout_ms: 0 }
    http::FetchHttp as EspAt { url: 0..=ANY; send_buffer: 0, receive_buffer: 0, timeout_ms: 0 }
    http::PostHttp as EspAt { url: 0..=ANY, headers: 0..=ANY; length: 1 }
    http::PutHttp as EspAt { url: 0..=ANY, headers: 0..=ANY; length: 1 }
    mqtt::SetMqttUser as EspAt { client_id: 0..=256, user_name: 0..=64, password: 0..=64, path: 0..=32; scheme: 0, certificate: 0, ca: 0 }
    mqtt::SetMqttClientId as Esp8266Idf { client_id: 1..=256 }
    mqtt::SetMqttUserName as Esp8266Idf { user_name: 1..=256 }
    mqtt::SetMqttPassword as Esp8266Idf { password: 1..=256 }
    mqtt::SetMqttConnection as EspAt { will_topic: 0..=128, will_message: 0..=128; keep_alive: 0, keep_session: 0, will_qos: 0, will_retain: 0 }
    mqtt::SetMqttAlpn as EspAt { protocols: 0..=ANY }
    mqtt::SetMqttServerName as EspAt { name: 1..=255 }
    mqtt::ConnectMqtt as EspAt { host: 1..=128; port: 1, reconnect: 0 }
    mqtt::PublishMqtt as EspAt { topic: 1..=128, message: 0..=ANY; qos: 0, retain: 0 }
    mqtt::PublishMqttData as EspAt { topic: 1..=128; length: 1, qos: 0, retain: 0 }
    mqtt::SubscribeMqtt as EspAt { topic: 1..=128; qos: 0 }
    mqtt::UnsubscribeMqtt as EspAt { topic: 1..=128 }
    tcpip::connect::ConnectTcpHost as EspAt { remote: 1..=64; link: 0, port: 1, keep_alive: 0 }
    tcpip::connect::ConnectTcpHostFrom as EspAt { remote: 1..=64; link: 0, port: 1, keep_alive: 0, local_address: 0 }
    tcpip::connect::ConnectTcpIpv6 as EspAt { remote: 1..=64; link: 0, port: 1, keep_alive: 0, local_address: 0 }
    tcpip::connect::ConnectUdp as EspAt { remote: 1..=64; link: 0, port: 1, local: 0 }
    tcpip::connect::ConnectUdpFrom as EspAt { remote: 1..=64; link: 0, port: 1, local: 0, local_address: 0 }
    tcpip::connect::ConnectUdpIpv6 as EspAt { remote: 1..=64; link: 0, port: 1, local: 0, local_address: 0 }
    tcpip::connect::ConnectSsl as EspAt { remote: 1..=64; link: 0, port: 1, keep_alive: 0 }
    tcpip::connect::ConnectSslFrom as EspAt { remote: 1..=64; link: 0, port: 1, keep_alive: 0, local_address: 0 }
    tcpip::connect::ConnectSslIpv6 as EspAt { remote: 1..=64; link: 0, port: 1, keep_alive: 0, local_address: 0 }
    tcpip::connect::ConnectTcpOnFreeLink as EspAt { remote: 1..=64; port: 1, keep_alive: 0, local_address: 0 }
    tcpip::connect::ConnectTcpIpv6OnFreeLink as EspAt { remote: 1..=64; port: 1, keep_alive: 0, local_address: 0 }
    tcpip::connect::ConnectUdpOnFreeLink as EspAt { remote: 1..=64; port: 1, local: 0, local_address: 0 }
    tcpip::connect::ConnectUdpIpv6OnFreeLink as EspAt { remote: 1..=64; port: 1, local: 0, local_address: 0 }
    tcpip::connect::ConnectSslOnFreeLink as EspAt { remote: 1..=64; port: 1, keep_alive: 0, local_address: 0 }
    tcpip::connect::ConnectSslIpv6OnFreeLink as EspAt { remote: 1..=64; port: 1, keep_alive: 0, local_address: 0 }
    tcpip::dns::ResolveName as EspAt { name: 1..=255; kind: 0 }
    tcpip::dns::ResolveIpv4Name as Esp32V1 { name: 1..=255 }
    tcpip::dns::ResolveShortName as Esp8266Nonos { name: 1..=63 }
    tcpip::passthrough::SaveTcpPassthrough as Esp32V1 { host: 1..=64; port: 1, tcp: 0 }
    tcpip::passthrough::SaveUdpPassthrough as Esp32V1 { host: 1..=64; port: 1, udp: 0 }
    tcpip::ping::Ping as EspAt { host: 1..=64 }
    tcpip::send::SendDataTo as EspAt { host: 1..=64; link: 0, length: 1, port: 1 }
    tcpip::send::SendShortDataTo as Esp32V1 { host: 1..=64; link: 0, length: 1, port: 1 }
    tcpip::send::SendLongTo as EspAt { host: 1..=64; link: 0, length: 1, port: 1 }
    tcpip::send::SendEscapedDataTo as EspAt { host: 1..=64; link: 0, length: 1, port: 1 }
    tcpip::send::SendShortEscapedDataTo as Esp32V1 { host: 1..=64; link: 0, length: 1, port: 1 }
    tcpip::sntp::SetSntp as EspAt { servers: 1..=64; enabled: 0, time_zone: 0 }
    tcpip::sntp::EnableSntp as Esp8266Idf { servers: 1..=64; time_zone: -11 }
    tcpip::sntp::SetSntpServers as Esp32V1 { servers: 1..=64; time_zone: -11 }
    tcpip::tls::SetSslCommonName as EspAt { common_name: 0..=64; link: 0 }
    tcpip::tls::SetSslServerName as EspAt { server_name: 0..=64; link: 0 }
    tcpip::tls::SetSslProtocols as EspAt { protocols: 1..=ANY; link: 0 }
    tcpip::tls::SetSslPreSharedKey as EspAt { key: 1..=32, hint: 0..=32; link: 0 }
    tcpip::tls::SetSslPreSharedKeyBytes as EspAt { key: 1..=32, hint: 0..=32; link: 0 }
    tcpip::update::UpdatePartition as EspAt { version: 1..=32, partition: 1..=32; transport: 0, in_background: 0 }
    tcpip::update::UpdateFirmwareTo as Esp8266Idf { version: 1..=32; transport: 0 }
    user::SetUserCommand as Esp8266Nonos { parameters: 0..=ANY }
    websocket::OpenWebSocket as EspAt { uri: 1..=255, subprotocol: 0..=ANY, authorization: 0..=ANY; link: 0, timeout_ms: 0 }
    wifi::enterprise::JoinEnterprise as EspAt { ssid: 1..=32, credentials: 1..=32; certificates: 0 }
    wifi::enterprise::JoinEnterpriseWithTimeout as EspAt { ssid: 1..=32, credentials: 1..=32; certificates: 0, timeout_s: 3 }
    wifi::provisioning::StartSmartConfigWithOptions as EspAt { key: 16..=16; kind: 0, security_floor: 0 }
    wifi::provisioning::SetMdns as EspAt { service: 1..=ANY }
    wifi::provisioning::StartWeChatDiscovery as Esp8266Nonos { account: 0..=ANY, device_type: 0..=ANY; interval_s: 0 }
    wifi::scan::FindAccessPoints as EspAt { ssid: 1..=32; bssid: 0, channel: 0 }
    wifi::scan::FindAccessPointsWithOptions as EspAt { ssid: 1..=32; bssid: 0, channel: 0, kind: 0, times: 0 }
    wifi::settings::SetCountry as EspAt { code: 2..=3; policy: 0, first_channel: 1, channels: 0 }
    wifi::settings::SetHostName as EspAt { name: 1..=32 }
    wifi::soft_ap::SetSoftAp as EspAt { ssid: 1..=32, passphrase: 8..=64; channel: 1, security: 0, max_stations: 1, hidden: 0 }
    wifi::soft_ap::SetSoftApDeprecated as Esp8266Nonos { ssid: 1..=32, passphrase: 8..=64; channel: 1, security: 0 }
    wifi::station::JoinAccessPoint as EspAt { ssid: 1..=32, passphrase: 0..=64; bssid: 0 }
    wifi::station::JoinAccessPointWithOptions as EspAt { ssid: 1..=32, passphrase: 0..=63; bssid: 0, refuse_open_and_wep: 0, reconnect_interval_s: 0, listen_interval: 1, which: 0, timeout_s: 3, protection: 0 }
    wifi::station::JoinAccessPointWithReconnection as Esp8266Idf { ssid: 1..=32, passphrase: 0..=64; bssid: 0, refuse_open_and_wep: 0, reconnect: 0, listen_interval: 1 }
    wifi::station::JoinAccessPointRefusingOpen as Esp8266Nonos { ssid: 1..=32, passphrase: 0..=64; bssid: 0, refuse_open_and_wep: 0 }
    wifi::station::JoinAccessPointDeprecated as Esp8266Nonos { ssid: 1..=32, passphrase: 0..=64; bssid: 0 }
}
