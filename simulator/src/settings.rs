//! Settings of the module that its flash can keep.

use crate::link::LINKS;
use crate::profile::Profile;
use std::net::{IpAddr, Ipv4Addr};

/// What `AT+CWJAP` was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JoinConfig {
    pub(crate) ssid: Vec<u8>,
    pub(crate) password: Vec<u8>,
    pub(crate) bssid: Option<[u8; 6]>,
    pub(crate) refuse_open: bool,
    pub(crate) listen_interval: i64,
    pub(crate) scan_mode: i64,
    pub(crate) timeout: u64,
    pub(crate) pmf: i64,
    /// The least encryption that is good enough, for credentials that a phone or a button gave.
    pub(crate) floor: i64,
    /// What `AT+CWJEAP` was told.
    pub(crate) enterprise: Option<Enterprise>,
}

impl JoinConfig {
    /// With the usual options.
    pub(crate) const fn new(ssid: Vec<u8>, password: Vec<u8>) -> Self {
        Self {
            ssid,
            password,
            bssid: None,
            refuse_open: false,
            listen_interval: 3,
            scan_mode: 0,
            timeout: 15,
            pmf: 1,
            floor: 0,
            enterprise: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Enterprise {
    /// 0 TLS, 1 PEAP, 2 TTLS.
    pub(crate) method: i64,
    pub(crate) identity: Vec<u8>,
    pub(crate) username: Vec<u8>,
    pub(crate) password: Vec<u8>,
    /// Bit 0 client certificate, bit 1 server certificate.
    pub(crate) security: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Country {
    /// Does not take over that of the access point.
    pub(crate) fixed: bool,
    pub(crate) code: Vec<u8>,
    pub(crate) first_channel: i64,
    pub(crate) channels: i64,
}

impl Country {
    /// Whether the radio listens there.
    pub(crate) fn allows(&self, channel: u8) -> bool {
        (self.first_channel..self.first_channel + self.channels).contains(&i64::from(channel))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ipv4Config {
    pub(crate) ip: Ipv4Addr,
    pub(crate) gateway: Ipv4Addr,
    pub(crate) netmask: Ipv4Addr,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SoftAp {
    pub(crate) ssid: Vec<u8>,
    pub(crate) password: Vec<u8>,
    pub(crate) channel: i64,
    pub(crate) encryption: i64,
    pub(crate) max_stations: i64,
    pub(crate) hidden: bool,
}

/// Line settings as `AT+UART_CUR` codes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UartConfig {
    pub(crate) baud: u32,
    pub(crate) data: u8,
    pub(crate) stop: u8,
    pub(crate) parity: u8,
    pub(crate) flow: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TcpOptions {
    pub(crate) linger: i64,
    pub(crate) no_delay: bool,
    pub(crate) send_timeout: i64,
    pub(crate) keep_alive: i64,
}

impl Default for TcpOptions {
    fn default() -> Self {
        Self { linger: -1, no_delay: false, send_timeout: 0, keep_alive: 0 }
    }
}

/// `AT+CIPSSLCCONF` of one link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SslAuthentication {
    /// Bit 0: the module shows its certificate. Bit 1: it checks the server's.
    pub(crate) mode: i64,
    pub(crate) certificate: i64,
    pub(crate) authority: i64,
}

/// `AT+SAVETRANSLINK`: the link that is opened at power-on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredLink {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) udp: bool,
    pub(crate) secure: bool,
    pub(crate) v6: bool,
    pub(crate) local_port: u16,
    pub(crate) keep_alive: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) uart: UartConfig,
    pub(crate) message_bits: i64,
    pub(crate) wifi_mode: i64,
    pub(crate) join: Option<JoinConfig>,
    pub(crate) reconnect_interval: i64,
    pub(crate) reconnect_count: i64,
    pub(crate) auto_connect: bool,
    pub(crate) station_mac: [u8; 6],
    pub(crate) station_dhcp: bool,
    pub(crate) station_static: Option<Ipv4Config>,
    pub(crate) station_protocols: i64,
    pub(crate) dns: Option<Vec<IpAddr>>,
    pub(crate) softap: SoftAp,
    pub(crate) softap_mac: [u8; 6],
    pub(crate) softap_dhcp: bool,
    pub(crate) softap_ip: Ipv4Config,
    pub(crate) softap_protocols: i64,
    pub(crate) dhcp_pool: Option<crate::world::Pool>,
    pub(crate) country: Country,
    pub(crate) ethernet_mac: [u8; 6],
    pub(crate) ethernet_static: Option<Ipv4Config>,
    pub(crate) ipv6: bool,
    pub(crate) tcp: TcpOptions,
    pub(crate) passthrough_reconnect: i64,
    pub(crate) ssl: [SslAuthentication; LINKS],
    pub(crate) stored_link: Option<StoredLink>,
    pub(crate) stored_tunnel: Option<crate::bluetooth::stored::StoredTunnel>,
    pub(crate) bluetooth: crate::bluetooth::stored::Stored,
}

impl Settings {
    pub(crate) fn factory(profile: &Profile, baud: u32, mac: [u8; 6]) -> Self {
        let mut softap_mac = mac;
        softap_mac[5] = softap_mac[5].wrapping_add(1);
        let mut ethernet_mac = mac;
        ethernet_mac[5] = ethernet_mac[5].wrapping_add(3);
        let softap_address = Ipv4Addr::new(192, 168, 4, 1);
        let mut settings = Self {
            uart: UartConfig { baud, data: 8, stop: 1, parity: 0, flow: 0 },
            message_bits: 0,
            wifi_mode: 0,
            join: None,
            reconnect_interval: 0,
            reconnect_count: 0,
            auto_connect: true,
            station_mac: mac,
            station_dhcp: true,
            station_static: None,
            station_protocols: 7,
            dns: None,
            softap: SoftAp {
                ssid: format!("ESP_{:02X}{:02X}{:02X}", mac[3], mac[4], mac[5]).into_bytes(),
                password: Vec::new(),
                channel: 1,
                encryption: 0,
                max_stations: 4,
                hidden: false,
            },
            softap_mac,
            softap_dhcp: true,
            softap_ip: Ipv4Config {
                ip: softap_address,
                gateway: softap_address,
                netmask: Ipv4Addr::new(255, 255, 255, 0),
            },
            softap_protocols: 7,
            dhcp_pool: None,
            country: Country { fixed: false, code: b"CN".to_vec(), first_channel: 1, channels: 13 },
            ethernet_mac,
            ethernet_static: None,
            ipv6: false,
            tcp: TcpOptions::default(),
            passthrough_reconnect: 1,
            ssl: [SslAuthentication::default(); LINKS],
            stored_link: None,
            stored_tunnel: None,
            bluetooth: crate::bluetooth::stored::Stored::default(),
        };
        (profile.factory)(&mut settings);
        settings
    }

    pub(crate) const fn station(&self) -> bool {
        matches!(self.wifi_mode, 1 | 3)
    }

    pub(crate) const fn softap_on(&self) -> bool {
        matches!(self.wifi_mode, 2 | 3)
    }
}
