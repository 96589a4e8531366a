//! What a simulated module is made of: firmware, radio surroundings, times.

use crate::net::{MemoryNetwork, Network};
use crate::profile::Dialect;
use crate::simulator::Simulator;
use core::time::Duration;
use std::net::Ipv4Addr;

/// An access point in reach of the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPoint {
    /// Network name, up to 32 bytes; need not be UTF-8. Empty for a hidden one.
    pub ssid: Vec<u8>,
    /// `None` for an open network.
    pub password: Option<Vec<u8>>,
    /// MAC address of the access point.
    pub bssid: [u8; 6],
    /// Radio channel, 1 to 13.
    pub channel: u8,
    /// Signal strength at the module in dBm.
    pub rssi: i8,
    /// Encryption as `AT+CWLAP` prints it: 0 open, 2 WPA, 3 WPA2, 4 WPA/WPA2, 6 WPA3, 7 WPA2/WPA3.
    pub encryption: u8,
    /// Whether it is on the air.
    pub up: bool,
    /// Whether it gives addresses by DHCP. Without, a join ends after `WIFI CONNECTED` by the time limit.
    pub dhcp: bool,
}

impl AccessPoint {
    /// An access point with WPA2 and a password.
    #[must_use]
    pub fn new(ssid: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> Self {
        let mut point = Self::open(ssid);
        point.password = Some(password.as_ref().to_vec());
        point.encryption = 3;
        point
    }

    /// An access point without encryption.
    #[must_use]
    pub fn open(ssid: impl AsRef<[u8]>) -> Self {
        let ssid = ssid.as_ref().to_vec();
        // Derived from the name, so that several access points differ and runs do not.
        let sum = ssid.iter().fold(0x811c_u16, |sum, &byte| (sum ^ u16::from(byte)).wrapping_mul(0x0193));
        let [high, low] = sum.to_be_bytes();
        Self {
            ssid,
            password: None,
            bssid: [0xc2, 0x5b, 0x34, 0x10, high, low],
            channel: 6,
            rssi: -47,
            encryption: 0,
            up: true,
            dhcp: true,
        }
    }

    /// With this MAC address.
    #[must_use]
    pub const fn bssid(mut self, bssid: [u8; 6]) -> Self {
        self.bssid = bssid;
        self
    }

    /// On this channel.
    #[must_use]
    pub const fn channel(mut self, channel: u8) -> Self {
        self.channel = channel;
        self
    }

    /// With this signal strength in dBm.
    #[must_use]
    pub const fn rssi(mut self, rssi: i8) -> Self {
        self.rssi = rssi;
        self
    }

    /// Not on the air at first; see [`Simulator::set_access_point_up`].
    #[must_use]
    pub const fn down(mut self) -> Self {
        self.up = false;
        self
    }
}

/// How long the module takes for what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Latency {
    /// From the line end of a command to the first byte of its answer.
    pub command: Duration,
    /// From `OK` to the prompt `>`.
    pub prompt: Duration,
    /// Shortest time from `Recv <n> bytes` to `SEND OK`.
    pub send: Duration,
    /// From power-on or reset to `ready`.
    pub boot: Duration,
    /// From the start of a join to `WIFI CONNECTED`.
    pub join: Duration,
    /// From `WIFI CONNECTED` to `WIFI GOT IP`.
    pub dhcp: Duration,
    /// Until a wrong password is noticed.
    pub wrong_password: Duration,
    /// Until the module gives up to look for an access point.
    pub missing_access_point: Duration,
    /// Duration of a scan.
    pub scan: Duration,
    /// Shortest duration of a name query.
    pub dns: Duration,
    /// After so long the module gives up a TCP connect that is not answered.
    pub connect_timeout: Duration,
    /// From `AT+CIPSNTPCFG` to `+TIME_UPDATED`.
    pub sntp: Duration,
}

impl Latency {
    /// Times like those of a real module: 2 s for a join, 15 s for a missing access point, 0.3 s to boot.
    #[must_use]
    pub const fn realistic() -> Self {
        Self {
            command: Duration::from_millis(1),
            prompt: Duration::from_millis(1),
            send: Duration::from_millis(5),
            boot: Duration::from_millis(300),
            join: Duration::from_millis(1500),
            dhcp: Duration::from_millis(500),
            wrong_password: Duration::from_secs(4),
            missing_access_point: Duration::from_secs(15),
            scan: Duration::from_millis(2000),
            dns: Duration::from_millis(30),
            connect_timeout: Duration::from_secs(18),
            sntp: Duration::from_millis(400),
        }
    }

    /// Everything at once, except for the time limits of waiting for something that never comes.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            command: Duration::ZERO,
            prompt: Duration::ZERO,
            send: Duration::ZERO,
            boot: Duration::ZERO,
            join: Duration::ZERO,
            dhcp: Duration::ZERO,
            wrong_password: Duration::ZERO,
            missing_access_point: Duration::ZERO,
            scan: Duration::ZERO,
            dns: Duration::ZERO,
            connect_timeout: Duration::from_secs(18),
            sntp: Duration::ZERO,
        }
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::realistic()
    }
}

/// Names of the commands for the receive mode that a firmware has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiveCommand {
    /// Only `AT+CIPRECVTYPE`, per link.
    Type,
    /// Only `AT+CIPRECVMODE`, for all links at once.
    Mode,
    /// Both.
    Both,
    /// Neither: the module can only receive actively.
    Neither,
}

/// Where firmwares of one dialect differ.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variant {
    /// Which command sets the receive mode.
    pub receive_command: ReceiveCommand,
    /// With `AT+CIPDINFO=1`: whether `+CIPRECVDATA` shows the peer's address.
    pub peer_in_receive_data: bool,
    /// With `AT+CIPDINFO=1`: whether `+IPD` shows the peer's IP address in quotes.
    pub quoted_peer: bool,
    /// Whether a blank follows the prompt.
    pub blank_after_prompt: bool,
    /// In passive receiving: whether `CLOSED` waits until all data was read.
    pub closed_withheld: bool,
    /// Whether lines such as `link is not valid` and `DNS Fail` are printed before `ERROR`.
    pub reasons: bool,
    /// Whether `CLOSED` is printed before the `ERROR` of a connect that failed. (What the dialect always prints there
    /// comes in any case.)
    pub closed_after_failed_connect: bool,
    /// Whether TCP links report `CLOSED` when the Wi-Fi connection is lost. If not they stay listed until used.
    pub closed_on_wifi_loss: bool,
    /// Whether `AT+CIPRECVLEN?` prints nothing for a link that is not open, in place of `-1` (NONOS: `0`).
    pub empty_receive_length: bool,
    /// Whether the module has `AT+CIPSTATE`.
    pub has_cipstate: bool,
    /// Whether the module has `AT+CIPSTATUS`.
    pub has_cipstatus: bool,
    /// Bytes that the module prints as soon as it starts, long before `ready`.
    pub boot_text: Vec<u8>,
    /// Whether `AT+CIPDINFO` is 1 at the start.
    pub peer_info: bool,
    /// The lines of `AT+GMR`.
    pub version: Vec<String>,
    /// Bytes that a TCP link or a UDP port buffers in the module.
    pub window: usize,
}

/// Makes a [`Simulator`].
#[derive(Debug)]
pub struct Builder {
    pub(crate) dialect: Dialect,
    pub(crate) variant: Variant,
    pub(crate) access_points: Vec<AccessPoint>,
    pub(crate) station_mac: [u8; 6],
    pub(crate) station_ip: Ipv4Addr,
    pub(crate) gateway: Ipv4Addr,
    pub(crate) netmask: Ipv4Addr,
    pub(crate) network: NetworkBox,
    pub(crate) baud: Option<u32>,
    pub(crate) latency: Latency,
    pub(crate) clock: u64,
}

pub(crate) struct NetworkBox(pub(crate) Box<dyn Network>);

impl core::fmt::Debug for NetworkBox {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Network")
    }
}

impl Builder {
    /// A module with this firmware, no access point, an empty [`MemoryNetwork`], an unpaced line and
    /// [realistic](Latency::realistic) times.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            variant: dialect.profile().variant(),
            access_points: Vec::new(),
            station_mac: dialect.profile().mac,
            station_ip: Ipv4Addr::new(192, 168, 3, 112),
            gateway: Ipv4Addr::new(192, 168, 3, 1),
            netmask: Ipv4Addr::new(255, 255, 255, 0),
            network: NetworkBox(Box::new(MemoryNetwork::new())),
            baud: None,
            latency: Latency::default(),
            clock: 1_780_000_000,
        }
    }

    /// Adds an access point.
    #[must_use]
    pub fn access_point(mut self, point: AccessPoint) -> Self {
        self.access_points.push(point);
        self
    }

    /// The network behind the access points.
    #[must_use]
    pub fn network(mut self, network: impl Network + 'static) -> Self {
        self.network = NetworkBox(Box::new(network));
        self
    }

    /// Paces both directions of the line at this rate (and at the module's own rate once `AT+UART_CUR` changed it).
    /// `None`, the default: bytes take no time.
    #[must_use]
    pub const fn baud(mut self, baud: Option<u32>) -> Self {
        self.baud = baud;
        self
    }

    /// The times that the module takes.
    #[must_use]
    pub const fn latency(mut self, latency: Latency) -> Self {
        self.latency = latency;
        self
    }

    /// Changes single times.
    #[must_use]
    pub fn with_latency(mut self, change: impl FnOnce(&mut Latency)) -> Self {
        change(&mut self.latency);
        self
    }

    /// Changes where the firmware differs from the dialect's usual one.
    #[must_use]
    pub fn with_variant(mut self, change: impl FnOnce(&mut Variant)) -> Self {
        change(&mut self.variant);
        self
    }

    /// MAC address of the station; that of the `SoftAP` is one higher.
    #[must_use]
    pub const fn station_mac(mut self, mac: [u8; 6]) -> Self {
        self.station_mac = mac;
        self
    }

    /// The address that the module gets by DHCP, the gateway and the netmask.
    #[must_use]
    pub const fn station_ip(mut self, ip: Ipv4Addr, gateway: Ipv4Addr, netmask: Ipv4Addr) -> Self {
        self.station_ip = ip;
        self.gateway = gateway;
        self.netmask = netmask;
        self
    }

    /// What the SNTP servers say at the start of the simulation, in seconds since 1970.
    #[must_use]
    pub const fn clock(mut self, unix_seconds: u64) -> Self {
        self.clock = unix_seconds;
        self
    }

    /// The module, powered on at time 0.
    #[must_use]
    pub fn build(self) -> Simulator {
        Simulator::new(self)
    }
}
