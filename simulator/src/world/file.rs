//! A world from a TOML file.

use super::file_bluetooth::{BleEventFile, BleFile, BtEventFile, BtFile};
use super::file_pins::{I2cFile, I2cRegisterFile, PinFile, SpiFile, SpiMemoryFile, VoltageFile};
use super::{Client, EnterpriseAccess, Ethernet, Event, Host, Lease, SmartConfig, SmartConfigKind, World};
use crate::config::AccessPoint;
use crate::request::parse_mac;
use core::ops::Range;
use core::time::Duration;
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use toml::Spanned;

/// What is wrong with a world file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldError {
    /// The line, counted from 1; 0 if unknown.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl core::fmt::Display for WorldError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for WorldError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorldFile {
    lease: Option<LeaseFile>,
    ethernet: Option<EthernetFile>,
    #[serde(default)]
    access_point: Vec<Spanned<AccessPointFile>>,
    #[serde(default)]
    client: Vec<Spanned<ClientFile>>,
    #[serde(default)]
    host: Vec<HostFile>,
    #[serde(default)]
    ble: Vec<Spanned<BleFile>>,
    #[serde(default)]
    bt: Vec<Spanned<BtFile>>,
    #[serde(default)]
    voltage: Vec<Spanned<VoltageFile>>,
    #[serde(default)]
    i2c: Vec<Spanned<I2cFile>>,
    spi: Option<Spanned<SpiFile>>,
    #[serde(default)]
    event: Vec<Spanned<EventFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeaseFile {
    address: Ipv4Addr,
    gateway: Ipv4Addr,
    netmask: Ipv4Addr,
}

impl From<LeaseFile> for Lease {
    fn from(file: LeaseFile) -> Self {
        Self { address: file.address, gateway: file.gateway, netmask: file.netmask }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EthernetFile {
    address: Ipv4Addr,
    gateway: Ipv4Addr,
    netmask: Ipv4Addr,
    #[serde(default = "yes")]
    plugged: bool,
}

pub(super) const fn yes() -> bool {
    true
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Security {
    Open,
    Wep,
    Wpa,
    Wpa2,
    WpaWpa2,
    Wpa2Enterprise,
    Wpa3,
    Wpa2Wpa3,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessPointFile {
    ssid: String,
    password: Option<String>,
    security: Option<Security>,
    bssid: Option<String>,
    channel: Option<u8>,
    rssi: Option<i8>,
    country: Option<String>,
    ipv6: Option<Ipv6Addr>,
    #[serde(default = "yes")]
    up: bool,
    #[serde(default = "yes")]
    dhcp: bool,
    enterprise: Option<EnterpriseFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnterpriseFile {
    identity: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientFile {
    name: String,
    mac: String,
    password: Option<String>,
    address: Option<Ipv4Addr>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostFile {
    name: Option<String>,
    address: IpAddr,
    /// Milliseconds.
    ping: Option<u64>,
    #[serde(default)]
    echo: Vec<u16>,
    #[serde(default)]
    udp_echo: Vec<u16>,
    #[serde(default)]
    refuse: Vec<u16>,
    #[serde(default)]
    silent: Vec<u16>,
}

/// A time and one of the rest.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventFile {
    /// Seconds from the start of the simulation.
    at: f64,
    access_point_down: Option<String>,
    access_point_up: Option<String>,
    signal: Option<SignalFile>,
    drop_wifi: Option<bool>,
    client_joins: Option<String>,
    client_leaves: Option<String>,
    wps_button: Option<String>,
    smartconfig: Option<SmartConfigFile>,
    web_credentials: Option<CredentialsFile>,
    web_upload: Option<bool>,
    ethernet_plugged: Option<bool>,
    voltage: Option<VoltageFile>,
    pin: Option<PinFile>,
    i2c_register: Option<I2cRegisterFile>,
    spi_memory: Option<SpiMemoryFile>,
    ble: Option<BleEventFile>,
    bt: Option<BtEventFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignalFile {
    ssid: String,
    rssi: i8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialsFile {
    ssid: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SmartConfigFile {
    ssid: String,
    password: String,
    #[serde(default)]
    kind: KindFile,
    reserved: Option<String>,
    key: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindFile {
    #[default]
    Esptouch,
    Airkiss,
    EsptouchV2,
}

/// Knows the line of a place in the text.
pub(super) struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    pub(super) fn error(&self, place: Range<usize>, message: impl Into<String>) -> WorldError {
        let before = self.text.get(..place.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        WorldError { line, message: message.into() }
    }

    pub(super) fn mac(&self, place: Range<usize>, text: &str) -> Result<[u8; 6], WorldError> {
        parse_mac(text)
            .ok_or_else(|| self.error(place, format!("{text:?} is no MAC address such as 02:00:00:00:00:01")))
    }

    fn access_point(&self, file: Spanned<AccessPointFile>) -> Result<AccessPoint, WorldError> {
        let place = file.span();
        let error = |message: &str| self.error(place.clone(), message);
        let file = file.into_inner();
        if file.ssid.len() > 32 {
            return Err(error("an SSID has at most 32 bytes"));
        }
        let mut point = match &file.password {
            Some(password) if !(5..=64).contains(&password.len()) => {
                return Err(error("a password has 8 to 63 characters (WEP: 5 or more)"));
            }
            Some(password) => AccessPoint::new(&file.ssid, password),
            None => AccessPoint::open(&file.ssid),
        };
        if let Some(enterprise) = file.enterprise {
            let EnterpriseFile { identity, username, password } = enterprise;
            point = point.enterprise(EnterpriseAccess { identity, username, password });
        }
        if let Some(security) = file.security {
            point.encryption = match security {
                Security::Open => 0,
                Security::Wep => 1,
                Security::Wpa => 2,
                Security::Wpa2 => 3,
                Security::WpaWpa2 => 4,
                Security::Wpa2Enterprise => 5,
                Security::Wpa3 => 6,
                Security::Wpa2Wpa3 => 7,
            };
            if (point.encryption == 5) != point.enterprise.is_some() {
                return Err(error("security \"wpa2-enterprise\" and the enterprise table belong together"));
            }
            if point.encryption != 5 && (point.encryption == 0) != point.password.is_none() {
                return Err(error("an open access point has no password, every other one has"));
            }
        }
        if let Some(bssid) = file.bssid {
            point.bssid = self.mac(place.clone(), &bssid)?;
        }
        if let Some(channel) = file.channel {
            if !(1..=14).contains(&channel) {
                return Err(error("channels are 1 to 14"));
            }
            point.channel = channel;
        }
        if let Some(country) = file.country {
            let code: [u8; 2] = country.as_bytes().try_into().map_err(|_| error("a country has two letters"))?;
            point.country = Some(code);
        }
        point.rssi = file.rssi.unwrap_or(point.rssi);
        point.up = file.up;
        point.dhcp = file.dhcp;
        point.ipv6 = file.ipv6;
        Ok(point)
    }

    fn event(&self, file: Spanned<EventFile>) -> Result<(Duration, Event), WorldError> {
        let place = file.span();
        let error = |message: &str| self.error(place.clone(), message);
        let file = file.into_inner();
        let at = Duration::try_from_secs_f64(file.at).map_err(|_| error("at is a time in seconds, 0 or more"))?;
        let web_credentials = |file: CredentialsFile| Event::WebCredentials {
            ssid: file.ssid.into_bytes(),
            password: file.password.into_bytes(),
        };
        let ble = file.ble.map(|file| self.ble_event(&place, file)).transpose()?;
        let bt = file.bt.map(|file| self.bt_event(&place, file)).transpose()?;
        let voltage = file.voltage.map(|file| self.voltage_event(&place, &file)).transpose()?;
        let spi_memory = file.spi_memory.map(|file| self.spi_event(&place, &file)).transpose()?;
        let all = [
            ble,
            bt,
            voltage,
            spi_memory,
            file.pin.map(Event::from),
            file.i2c_register.map(Event::from),
            file.access_point_down.map(|ssid| Event::AccessPointDown(ssid.into_bytes())),
            file.access_point_up.map(|ssid| Event::AccessPointUp(ssid.into_bytes())),
            file.signal.map(|signal| Event::Signal(signal.ssid.into_bytes(), signal.rssi)),
            file.drop_wifi.filter(|drop| *drop).map(|_| Event::DropWifi),
            file.client_joins.map(Event::ClientJoins),
            file.client_leaves.map(Event::ClientLeaves),
            file.wps_button.map(|ssid| Event::WpsButton(ssid.into_bytes())),
            file.smartconfig.map(|phone| Event::SmartConfig(phone.into())),
            file.web_credentials.map(web_credentials),
            file.web_upload.map(Event::WebUpload),
            file.ethernet_plugged.map(|plugged| if plugged { Event::EthernetPlugged } else { Event::EthernetPulled }),
        ];
        let mut given = all.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(event), None) => Ok((at, event)),
            (None, _) => Err(error("nothing happens in this event")),
            (Some(_), Some(_)) => Err(error("one event is one thing that happens")),
        }
    }

    fn check(&self, world: &World, events: &[Range<usize>]) -> Result<(), WorldError> {
        for ((_, event), place) in world.events.iter().zip(events) {
            let unknown = match event {
                Event::AccessPointDown(ssid) | Event::AccessPointUp(ssid) | Event::WpsButton(ssid)
                    if world.access_points.iter().all(|point| point.ssid != *ssid) =>
                {
                    format!("there is no access point {:?}", String::from_utf8_lossy(ssid))
                }
                Event::ClientJoins(name) | Event::ClientLeaves(name)
                    if world.clients.iter().all(|client| client.name != *name) =>
                {
                    format!("there is no client {name:?}")
                }
                Event::Ble(name, _) if world.ble_peers.iter().all(|peer| peer.name != *name) => {
                    format!("there is no ble device {name:?}")
                }
                Event::Bt(name, _) if world.bt_peers.iter().all(|peer| peer.name != *name) => {
                    format!("there is no bt device {name:?}")
                }
                Event::EthernetPlugged | Event::EthernetPulled if world.ethernet.is_none() => {
                    "there is no [ethernet]".to_owned()
                }
                _ => continue,
            };
            return Err(self.error(place.clone(), unknown));
        }
        Ok(())
    }
}

impl From<SmartConfigFile> for SmartConfig {
    fn from(file: SmartConfigFile) -> Self {
        Self {
            ssid: file.ssid.into_bytes(),
            password: file.password.into_bytes(),
            kind: match file.kind {
                KindFile::Esptouch => SmartConfigKind::EspTouch,
                KindFile::Airkiss => SmartConfigKind::AirKiss,
                KindFile::EsptouchV2 => SmartConfigKind::EspTouchV2,
            },
            reserved: file.reserved.map(String::into_bytes),
            key: file.key.map(String::into_bytes),
        }
    }
}

impl From<HostFile> for Host {
    fn from(file: HostFile) -> Self {
        Self {
            name: file.name,
            address: file.address,
            ping: file.ping.map(Duration::from_millis),
            echo: file.echo,
            udp_echo: file.udp_echo,
            refuse: file.refuse,
            silent: file.silent,
        }
    }
}

pub(super) fn parse(text: &str) -> Result<World, WorldError> {
    let reader = Reader { text };
    let file: WorldFile =
        toml::from_str(text).map_err(|error| reader.error(error.span().unwrap_or_default(), error.message()))?;
    let mut world = World::new();
    world.lease = file.lease.map(Lease::from);
    world.ethernet = file.ethernet.map(|file| Ethernet {
        lease: Lease { address: file.address, gateway: file.gateway, netmask: file.netmask },
        plugged: file.plugged,
    });
    for point in file.access_point {
        world.access_points.push(reader.access_point(point)?);
    }
    for client in file.client {
        let place = client.span();
        let ClientFile { name, mac, password, address } = client.into_inner();
        let mac = reader.mac(place.clone(), &mac)?;
        if world.clients.iter().any(|other| other.name == name || other.mac == mac) {
            return Err(reader.error(place, "two clients have this name or this MAC address"));
        }
        let password = password.map(String::into_bytes);
        world.clients.push(Client { name, mac, password, address });
    }
    for peer in file.ble {
        world.ble_peers.push(reader.ble_peer(peer)?);
    }
    for peer in file.bt {
        world.bt_peers.push(reader.bt_peer(peer)?);
    }
    for voltage in file.voltage {
        let place = voltage.span();
        world.voltages.push(reader.voltage(&place, &voltage.into_inner())?);
    }
    for device in file.i2c {
        world.i2c_devices.push(reader.i2c_device(device)?);
    }
    if let Some(device) = file.spi {
        let place = device.span();
        world.spi_memory = Some(reader.hex(&place, &device.into_inner().memory)?);
    }
    world.hosts = file.host.into_iter().map(Host::from).collect();
    let places: Vec<Range<usize>> = file.event.iter().map(Spanned::span).collect();
    for event in file.event {
        world.events.push(reader.event(event)?);
    }
    reader.check(&world, &places)?;
    Ok(world)
}
