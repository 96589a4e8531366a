//! What surrounds the module: access points, stations that join its own one, people who press buttons, cables; and what
//! happens to all that in the course of time.

#[cfg(feature = "world")]
mod file;
#[cfg(feature = "world")]
mod file_bluetooth;
#[cfg(feature = "world")]
mod file_pins;
mod provisioning;
mod softap;
mod state;

#[cfg(feature = "world")]
pub use file::WorldError;
pub(crate) use provisioning::SmartConfigRun;
pub use softap::JoinedStation;
pub(crate) use softap::{Pool, same_network};
pub(crate) use state::State;

use crate::bluetooth::{BleAction, BlePeer, BtAction, BtPeer};
use crate::config::AccessPoint;
use crate::net::{HostNetwork, JointNetwork, MemoryNetwork};
use crate::peripherals::I2cDevice;
use core::time::Duration;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Everything around a module. Give it to [`Builder::world`](crate::Builder::world).
///
/// ```
/// use core::time::Duration;
/// use wifi_at_simulator::{AccessPoint, Builder, Client, Dialect, Event, World};
///
/// let world = World::new()
///     .access_point(AccessPoint::new("home", "12345678"))
///     .client(Client::new("phone", [0x3c, 0x22, 0xfb, 1, 2, 3]))
///     .at(Duration::from_secs(10), Event::AccessPointDown("home".into()))
///     .at(Duration::from_secs(15), Event::AccessPointUp("home".into()))
///     .at(Duration::from_secs(20), Event::ClientJoins("phone".into()));
/// let module = Builder::new(Dialect::EspAt).world(world).build();
/// assert!(module.joined_stations().is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    pub(crate) access_points: Vec<AccessPoint>,
    pub(crate) clients: Vec<Client>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) ble_peers: Vec<BlePeer>,
    pub(crate) bt_peers: Vec<BtPeer>,
    pub(crate) ethernet: Option<Ethernet>,
    pub(crate) lease: Option<Lease>,
    pub(crate) voltages: Vec<(u8, u16)>,
    pub(crate) i2c_devices: Vec<I2cDevice>,
    pub(crate) spi_memory: Option<Vec<u8>>,
    pub(crate) events: Vec<(Duration, Event)>,
}

impl World {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an access point.
    #[must_use]
    pub fn access_point(mut self, point: AccessPoint) -> Self {
        self.access_points.push(point);
        self
    }

    /// Adds a device that can join the module's own access point; it stays away until [`Event::ClientJoins`].
    #[must_use]
    pub fn client(mut self, client: Client) -> Self {
        self.clients.push(client);
        self
    }

    /// Adds a host of the network.
    #[must_use]
    pub fn host(mut self, host: Host) -> Self {
        self.hosts.push(host);
        self
    }

    /// Adds a Bluetooth LE device.
    #[must_use]
    pub fn ble_peer(mut self, peer: BlePeer) -> Self {
        self.ble_peers.push(peer);
        self
    }

    /// Adds a Classic Bluetooth device.
    #[must_use]
    pub fn bt_peer(mut self, peer: BtPeer) -> Self {
        self.bt_peers.push(peer);
        self
    }

    /// Gives the board an Ethernet port.
    #[must_use]
    pub fn ethernet(mut self, ethernet: Ethernet) -> Self {
        self.ethernet = Some(ethernet);
        self
    }

    /// Puts a voltage in mV on a channel of the ADC (`AT+DRVADC`); channel 0 is the input of `AT+SYSADC?`, too.
    #[must_use]
    pub fn voltage(mut self, channel: u8, millivolts: u16) -> Self {
        self.voltages.push((channel, millivolts));
        self
    }

    /// Connects an I2C device.
    #[must_use]
    pub fn i2c_device(mut self, device: I2cDevice) -> Self {
        self.i2c_devices.push(device);
        self
    }

    /// Connects an SPI device with this memory: commands do not matter to it, the address phase (0 if there is none) says
    /// where it is read or written; behind its end it gives 0xFF.
    #[must_use]
    pub fn spi_memory(mut self, memory: impl Into<Vec<u8>>) -> Self {
        self.spi_memory = Some(memory.into());
        self
    }

    /// What the access points' DHCP servers give to the module.
    #[must_use]
    pub const fn lease(mut self, lease: Lease) -> Self {
        self.lease = Some(lease);
        self
    }

    /// Lets something happen at a time, counted from the start of the simulation.
    #[must_use]
    pub fn at(mut self, time: Duration, event: Event) -> Self {
        self.events.push((time, event));
        self
    }

    /// Reads a world from the text of a TOML file (feature `world`); `simulator/worlds/flat.toml` shows all sections.
    ///
    /// # Errors
    ///
    /// What is wrong, with the number of its line.
    #[cfg(feature = "world")]
    pub fn from_toml(text: &str) -> Result<Self, WorldError> {
        file::parse(text)
    }

    /// The names that hosts have.
    pub fn names(&self) -> impl Iterator<Item = (&str, IpAddr)> {
        self.hosts.iter().filter_map(|host| Some((host.name.as_deref()?, host.address)))
    }

    /// The machine's network, in which the addresses of the hosts are these hosts.
    #[must_use]
    pub fn joint_network(&self, mut machine: HostNetwork) -> JointNetwork {
        for (name, address) in self.names() {
            machine.add_host(name, address);
        }
        let addresses = self.hosts.iter().map(|host| host.address);
        JointNetwork::new(addresses, self.memory_network(), machine)
    }

    /// A network in memory with the hosts: their names, pings and ports.
    #[must_use]
    pub fn memory_network(&self) -> MemoryNetwork {
        let network = MemoryNetwork::new();
        for (name, address) in self.names() {
            network.add_host(name, address);
        }
        for host in &self.hosts {
            let at = |port: u16| SocketAddr::new(host.address, port);
            if let Some(time) = host.ping {
                network.add_ping(host.address, time);
            }
            for &port in &host.echo {
                network.serve(at(port), || |data: &[u8]| data.to_vec());
            }
            for &port in &host.udp_echo {
                network.serve_udp(at(port), |_, data: &[u8]| vec![data.to_vec()]);
            }
            for &port in &host.refuse {
                network.refuse(at(port));
            }
            for &port in &host.silent {
                network.ignore(at(port));
            }
        }
        network
    }
}

/// A device that can join the module's own access point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// How [`Event`]s call it.
    pub name: String,
    /// Its MAC address.
    pub mac: [u8; 6],
    /// The password that it tries; `None`: it knows the right one.
    pub password: Option<Vec<u8>>,
    /// A fixed address; `None`: it asks the module's DHCP server.
    pub address: Option<Ipv4Addr>,
}

impl Client {
    /// A device that knows the password and asks for its address.
    #[must_use]
    pub fn new(name: impl Into<String>, mac: [u8; 6]) -> Self {
        Self { name: name.into(), mac, password: None, address: None }
    }

    /// Tries this password, right or wrong.
    #[must_use]
    pub fn password(mut self, password: impl AsRef<[u8]>) -> Self {
        self.password = Some(password.as_ref().to_vec());
        self
    }

    /// Has a fixed address.
    #[must_use]
    pub const fn address(mut self, address: Ipv4Addr) -> Self {
        self.address = Some(address);
        self
    }
}

/// A host of the network in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name in the DNS.
    pub name: Option<String>,
    /// Its address.
    pub address: IpAddr,
    /// The round trip time of its answers to pings; `None`: it does not answer.
    pub ping: Option<Duration>,
    /// TCP ports that send back what comes.
    pub echo: Vec<u16>,
    /// UDP ports that send back what comes.
    pub udp_echo: Vec<u16>,
    /// TCP ports that refuse connections (all others, too; but here it is said).
    pub refuse: Vec<u16>,
    /// TCP ports that never answer.
    pub silent: Vec<u16>,
}

impl Host {
    /// A host without a name that does nothing.
    #[must_use]
    pub const fn new(address: IpAddr) -> Self {
        Self {
            name: None,
            address,
            ping: None,
            echo: Vec::new(),
            udp_echo: Vec::new(),
            refuse: Vec::new(),
            silent: Vec::new(),
        }
    }

    /// With a name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// With a TCP port that sends back what comes.
    #[must_use]
    pub fn echo(mut self, port: u16) -> Self {
        self.echo.push(port);
        self
    }
}

/// An address with its gateway and netmask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The module's address.
    pub address: Ipv4Addr,
    /// The router.
    pub gateway: Ipv4Addr,
    /// The netmask.
    pub netmask: Ipv4Addr,
}

/// The Ethernet port of the module's board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ethernet {
    /// What the DHCP server in the cabled network gives.
    pub lease: Lease,
    /// Whether the cable is in at the start.
    pub plugged: bool,
}

/// Who may join a WPA2-Enterprise network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnterpriseAccess {
    /// Phase 1 identity.
    pub identity: String,
    /// Phase 2 user name, for PEAP and TTLS.
    pub username: String,
    /// Phase 2 password, for PEAP and TTLS.
    pub password: String,
}

impl EnterpriseAccess {
    /// TLS shows a certificate, which this simulation takes as good; the others a user name and a password.
    pub(crate) fn admits(&self, user: &crate::settings::Enterprise) -> bool {
        user.identity == self.identity.as_bytes()
            && (user.method == 0
                || user.username == self.username.as_bytes() && user.password == self.password.as_bytes())
    }
}

/// The protocol by which a phone sends credentials to a module that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmartConfigKind {
    /// ESP-TOUCH.
    #[default]
    EspTouch,
    /// `AirKiss` of `WeChat`.
    AirKiss,
    /// ESP-TOUCH v2.
    EspTouchV2,
}

/// What a phone sends by `SmartConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmartConfig {
    /// The access point to join.
    pub ssid: Vec<u8>,
    /// Its password.
    pub password: Vec<u8>,
    /// The protocol.
    pub kind: SmartConfigKind,
    /// Data for the host behind the module (ESP-TOUCH v2).
    pub reserved: Option<Vec<u8>>,
    /// The key of ESP-TOUCH v2; the module must have the same or none.
    pub key: Option<Vec<u8>>,
}

impl SmartConfig {
    /// Credentials by ESP-TOUCH.
    #[must_use]
    pub fn new(ssid: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> Self {
        Self {
            ssid: ssid.as_ref().to_vec(),
            password: password.as_ref().to_vec(),
            kind: SmartConfigKind::default(),
            reserved: None,
            key: None,
        }
    }

    /// By another protocol.
    #[must_use]
    pub const fn kind(mut self, kind: SmartConfigKind) -> Self {
        self.kind = kind;
        self
    }
}

/// Something that happens around the module. Names that nothing has are no error: nothing happens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// All access points with this SSID go off the air; a station on one loses its connection.
    AccessPointDown(Vec<u8>),
    /// They are back.
    AccessPointUp(Vec<u8>),
    /// The signal of the access points with this SSID now has this strength in dBm.
    Signal(Vec<u8>, i8),
    /// The module's station is thrown out; the access point stays.
    DropWifi,
    /// The [`Client`] with this name joins the module's access point as soon as that is on the air, and again after each
    /// restart of it, until [`Event::ClientLeaves`] or until the module throws it out.
    ClientJoins(String),
    /// It leaves.
    ClientLeaves(String),
    /// The WPS button of the access point with this SSID is pressed: it hands out its password for 120 s.
    WpsButton(Vec<u8>),
    /// A phone begins to send credentials by `SmartConfig`; it goes on for 60 s or until a module has taken them.
    SmartConfig(SmartConfig),
    /// Someone enters credentials in the page of `AT+WEBSERVER`.
    WebCredentials {
        /// The access point to join.
        ssid: Vec<u8>,
        /// Its password.
        password: Vec<u8>,
    },
    /// Someone uploads a firmware image there, which takes 5 s; `true`: it arrives whole.
    WebUpload(bool),
    /// The Ethernet cable is plugged in.
    EthernetPlugged,
    /// It is pulled.
    EthernetPulled,
    /// The voltage at a channel of the ADC, see [`World::voltage`].
    Voltage {
        /// 0 to 7.
        channel: u8,
        /// In mV.
        millivolts: u16,
    },
    /// The level that something puts on a GPIO of an ESP8266 (`AT+SYSGPIOREAD`).
    Pin {
        /// GPIO number.
        number: u8,
        /// `None`: it is open.
        level: Option<bool>,
    },
    /// A register of an [`I2cDevice`] changes by itself.
    I2cRegister {
        /// The port: 0 or 1.
        port: u8,
        /// As in [`I2cDevice::address`].
        address: u16,
        /// Which register.
        register: u8,
        /// Its new value.
        value: u8,
    },
    /// The memory of the SPI device changes by itself.
    SpiMemory {
        /// Where.
        start: usize,
        /// The new bytes.
        bytes: Vec<u8>,
    },
    /// The [`BlePeer`] with this name does something.
    Ble(String, BleAction),
    /// The [`BtPeer`] with this name does something.
    Bt(String, BtAction),
}

/// A service that the module announces by mDNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MdnsService {
    /// Host name, without `.local`.
    pub hostname: String,
    /// Service, as given to `AT+MDNS`.
    pub service: String,
    /// Port of the service.
    pub port: u16,
}

impl From<Lease> for crate::settings::Ipv4Config {
    fn from(lease: Lease) -> Self {
        Self { ip: lease.address, gateway: lease.gateway, netmask: lease.netmask }
    }
}
