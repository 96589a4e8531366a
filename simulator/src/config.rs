//! What a simulated module is made of: firmware, radio surroundings, times.

use crate::bluetooth::{Air, BlePeer, BtPeer, GattService};
use crate::files::Files;
use crate::net::{MemoryNetwork, Network};
use crate::profile::Dialect;
use crate::simulator::Simulator;
use crate::tls::CertificateStore;
use crate::world::{EnterpriseAccess, World};
use core::time::Duration;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

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
    /// Encryption as `AT+CWLAP` prints it: 0 open, 2 WPA, 3 WPA2, 4 WPA/WPA2,
    /// 5 WPA2-Enterprise, 6 WPA3, 7 WPA2/WPA3.
    pub encryption: u8,
    /// Whether it is on the air.
    pub up: bool,
    /// Whether it gives addresses by DHCP. Without, a join ends after `WIFI CONNECTED` by the time limit.
    pub dhcp: bool,
    /// Whom a WPA2-Enterprise network lets in.
    pub enterprise: Option<EnterpriseAccess>,
    /// The country that it announces, two letters.
    pub country: Option<[u8; 2]>,
    /// The IPv6 network that its router announces; of it the first 64 bits count. `None`: there is none.
    pub ipv6: Option<Ipv6Addr>,
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
            enterprise: None,
            country: None,
            ipv6: None,
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

    /// With WPA2-Enterprise for this user; joined by `AT+CWJEAP`.
    #[must_use]
    pub fn enterprise(mut self, access: EnterpriseAccess) -> Self {
        self.encryption = 5;
        self.password = None;
        self.enterprise = Some(access);
        self
    }

    /// Announces this country.
    #[must_use]
    pub const fn country(mut self, code: [u8; 2]) -> Self {
        self.country = Some(code);
        self
    }

    /// With a router that announces this IPv6 network, of which the first 64 bits count.
    #[must_use]
    pub const fn ipv6(mut self, network: Ipv6Addr) -> Self {
        self.ipv6 = Some(network);
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
    /// After so long without anything to do a module sleeps whose mode is light sleep.
    pub doze: Duration,
    /// From what wakes it to the first byte that it hears.
    pub wake: Duration,
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
    /// Until a Bluetooth device is found or connected.
    pub bluetooth: Duration,
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
            doze: Duration::from_millis(20),
            wake: Duration::from_millis(5),
            join: Duration::from_millis(1500),
            dhcp: Duration::from_millis(500),
            wrong_password: Duration::from_secs(4),
            missing_access_point: Duration::from_secs(15),
            scan: Duration::from_millis(2000),
            dns: Duration::from_millis(30),
            connect_timeout: Duration::from_secs(18),
            sntp: Duration::from_millis(400),
            bluetooth: Duration::from_millis(200),
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
            doze: Duration::from_millis(20),
            wake: Duration::ZERO,
            join: Duration::ZERO,
            dhcp: Duration::ZERO,
            wrong_password: Duration::ZERO,
            missing_access_point: Duration::ZERO,
            scan: Duration::ZERO,
            dns: Duration::ZERO,
            connect_timeout: Duration::from_secs(18),
            sntp: Duration::ZERO,
            bluetooth: Duration::ZERO,
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
    /// Whether the firmware was built with Classic Bluetooth. Espressif's own downloads are not; here it is there unless a
    /// test says otherwise.
    pub classic_bluetooth: bool,
    /// Whether the firmware was built with the file commands (`AT+FS`). Espressif's own downloads are not; here they are
    /// there unless a test says otherwise.
    pub file_system: bool,
    /// Whether a module that wakes from light sleep takes what comes meanwhile for other characters. Otherwise it is lost.
    pub garbage_on_wake: bool,
    /// Bytes that the module prints as soon as it starts, long before `ready`.
    pub boot_text: Vec<u8>,
    /// Whether `AT+CIPDINFO` is 1 at the start.
    pub peer_info: bool,
    /// The lines of `AT+GMR`.
    pub version: Vec<String>,
    /// Bytes that a TCP link or a UDP port buffers in the module.
    pub window: usize,
    /// Bytes of the MQTT client's buffer: a message that does not fit with the head of its packet is reported in pieces.
    pub mqtt_buffer: usize,
}

/// What happens to bytes on the serial line, in both directions; see [`Builder::line_noise`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineNoise {
    /// So many bytes of a million are lost.
    pub lost: u32,
    /// So many of a million have one wrong bit.
    pub flipped: u32,
}

/// Makes a [`Simulator`].
#[derive(Debug)]
pub struct Builder {
    pub(crate) dialect: Dialect,
    pub(crate) variant: Variant,
    pub(crate) access_points: Vec<AccessPoint>,
    pub(crate) world: World,
    pub(crate) station_mac: [u8; 6],
    pub(crate) station_ip: Ipv4Addr,
    pub(crate) gateway: Ipv4Addr,
    pub(crate) netmask: Ipv4Addr,
    pub(crate) network: NetworkBox,
    pub(crate) baud: Option<u32>,
    pub(crate) latency: Latency,
    pub(crate) clock: u64,
    pub(crate) certificates: CertificateStore,
    pub(crate) update_server: (String, u16, u16),
    pub(crate) seed: u64,
    pub(crate) wiring: Wiring,
    pub(crate) air: Air,
    pub(crate) bluetooth_address: Option<[u8; 6]>,
    pub(crate) gatt_services: Option<Vec<GattService>>,
    pub(crate) files: Files,
}

/// How the serial line is made.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wiring {
    pub(crate) flow_control: bool,
    pub(crate) module_fifo: Option<usize>,
    pub(crate) host_fifo: Option<usize>,
    pub(crate) noise: LineNoise,
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
            world: World::default(),
            station_mac: dialect.profile().mac,
            station_ip: Ipv4Addr::new(192, 168, 3, 112),
            gateway: Ipv4Addr::new(192, 168, 3, 1),
            netmask: Ipv4Addr::new(255, 255, 255, 0),
            network: NetworkBox(Box::new(MemoryNetwork::new())),
            baud: None,
            latency: Latency::default(),
            clock: 1_780_000_000,
            certificates: CertificateStore::new(),
            update_server: ("iot.espressif.cn".into(), 8000, 8443),
            seed: 0,
            wiring: Wiring::default(),
            air: Air::new(),
            bluetooth_address: None,
            gatt_services: None,
            files: Files::default(),
        }
    }

    /// Adds an access point.
    #[must_use]
    pub fn access_point(mut self, point: AccessPoint) -> Self {
        self.access_points.push(point);
        self
    }

    /// What surrounds the module, and what happens there in the course of time. Its access points come behind those of
    /// [`access_point`](Self::access_point), its lease is that of [`station_ip`](Self::station_ip); its hosts are only
    /// in the network that [`World::memory_network`] makes.
    #[must_use]
    pub fn world(mut self, mut world: World) -> Self {
        self.access_points.append(&mut world.access_points);
        for peer in world.ble_peers.drain(..) {
            self.air.add_ble_peer(peer);
        }
        for peer in world.bt_peers.drain(..) {
            self.air.add_bt_peer(peer);
        }
        if let Some(lease) = world.lease {
            self = self.station_ip(lease.address, lease.gateway, lease.netmask);
        }
        self.world = world;
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

    /// The time at the start of the simulation, in seconds since 1970, for SNTP servers that the network does not have: if
    /// none of the module's servers has an address, they are taken to be somewhere and right. Servers with an address are
    /// asked, at UDP port 123.
    #[must_use]
    pub const fn clock(mut self, unix_seconds: u64) -> Self {
        self.clock = unix_seconds;
        self
    }

    /// The server that `AT+CIUPDATE` and `AT+CIPFWVER` ask, with its ports for HTTP and for HTTPS; without this
    /// `iot.espressif.cn`, 8000 and 8443.
    ///
    /// It answers `GET /v1/device/rom/?is_formal_newest=true` with JSON in which `"version"` stands, and
    /// `GET /v1/device/rom/?action=download_rom&version=...&filename=...` with the image.
    #[must_use]
    pub fn update_server(mut self, host: &str, http: u16, https: u16) -> Self {
        self.update_server = (host.to_owned(), http, https);
        self
    }

    /// The certificates in the module's flash; none without this.
    #[must_use]
    pub fn certificates(mut self, certificates: CertificateStore) -> Self {
        self.certificates = certificates;
        self
    }

    /// Where faults and line noise that come at random take their chances from: the same seed, the same moments.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// RTS and CTS are wired, and the module uses them from the start: its flow control setting (the last value of
    /// `AT+UART_CUR?`) is on, and `AT+UART_CUR` can change it.
    ///
    /// With them a receive FIFO that is full stops the sender and nothing is lost. Without, [`Simulator::set_host_ready`]
    /// still holds the module, so that a test need not care for the setting.
    #[must_use]
    pub const fn flow_control(mut self, wired: bool) -> Self {
        self.wiring.flow_control = wired;
        self
    }

    /// So many bytes wait in the module while it cannot take them (in passthrough and long sends that the network does
    /// not take); more are lost without flow control. `None`, the default: as many as come. Needs [`Self::baud`].
    #[must_use]
    pub const fn module_fifo(mut self, bytes: Option<usize>) -> Self {
        self.wiring.module_fifo = bytes;
        self
    }

    /// So many bytes (at least 1) wait at the host until it reads them by [`Simulator::transmit`]; more are lost without
    /// flow control. `None`, the default: as many as come. Needs [`Self::baud`]. For tests in virtual time; the thread of
    /// [`realtime`](crate::realtime) reads as soon as it runs, which is no time to rely on.
    #[must_use]
    pub const fn host_fifo(mut self, bytes: Option<usize>) -> Self {
        self.wiring.host_fifo = match bytes {
            Some(0) => Some(1),
            bytes => bytes,
        };
        self
    }

    /// Bytes that are lost or changed on the line, at moments that [`Self::seed`] chooses.
    #[must_use]
    pub const fn line_noise(mut self, noise: LineNoise) -> Self {
        self.wiring.noise = noise;
        self
    }

    /// The air that the module's Bluetooth is in; one of its own without this. Peers that were added before are left in
    /// the air where they were.
    #[must_use]
    pub fn air(mut self, air: &Air) -> Self {
        self.air = air.clone();
        self
    }

    /// Adds a Bluetooth LE device to the module's air.
    #[must_use]
    pub fn ble_peer(self, peer: BlePeer) -> Self {
        self.air.add_ble_peer(peer);
        self
    }

    /// Adds a Classic Bluetooth device to the module's air.
    #[must_use]
    pub fn bt_peer(self, peer: BtPeer) -> Self {
        self.air.add_bt_peer(peer);
        self
    }

    /// The module's public Bluetooth address; without this the station's MAC address plus 2.
    #[must_use]
    pub const fn bluetooth_address(mut self, address: [u8; 6]) -> Self {
        self.bluetooth_address = Some(address);
        self
    }

    /// The services in the module's flash that `AT+BLEGATTSSRVCRE` creates (`gatts_data.csv`); without this those of
    /// the firmware as it comes.
    #[must_use]
    pub fn gatt_services(mut self, services: Vec<GattService>) -> Self {
        self.gatt_services = Some(services);
        self
    }

    /// The files of `AT+FS` stand in this folder of the machine, which has to be there: those that are in it are the
    /// module's at once, and what commands write is seen by everybody. Folders in it are not seen. Without, the module
    /// has a memory of its own for them, empty at first.
    #[must_use]
    pub fn files(mut self, folder: impl Into<PathBuf>) -> Self {
        self.files = Files::Folder(folder.into());
        self
    }

    /// The module, powered on at time 0.
    #[must_use]
    pub fn build(self) -> Simulator {
        Simulator::new(self)
    }
}
