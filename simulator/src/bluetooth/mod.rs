//! Bluetooth LE and Classic Bluetooth: the air with its devices, and the module as one of them.

pub(crate) mod air;
mod audio_and_serial;
pub(crate) mod classic;
mod connect;
mod events;
pub(crate) mod gatt;
mod mind;
mod pairing;
mod peer;
pub(crate) mod scan;
pub(crate) mod stored;
pub(crate) mod tunnel;

pub use air::Air;
pub use classic::{BtClass, InquiryResponse, Profile as BtProfile};
pub use gatt::{GattCharacteristic, GattDescriptor, GattService, Uuid};
pub(crate) use mind::own_place;
pub(crate) use pairing::Features;
pub use pairing::IoCapability;
pub use peer::{BleAction, BlePeer, BleReceived, BtAction, BtPeer, BtReceived, PairingAnswer};

use crate::request::{Call, Code, Failure};
use crate::simulator::Simulator;
pub(crate) use air::Address;
use air::{LinkId, Medium, RadioId};
use audio_and_serial::Classic;
pub(crate) use audio_and_serial::{ClassicSecurity, Question};
pub(crate) use connect::{FLAGS, field};
use core::time::Duration;
use gatt::Server;
use std::cell::RefMut;

/// Most Bluetooth LE connections.
pub(crate) const CONNECTIONS: usize = 3;

/// A Bluetooth command that has not ended.
#[derive(Debug)]
pub(crate) enum BluetoothJob {
    /// `AT+BLECONN`
    Connect { index: usize, address: Address, address_type: u8, deadline: Duration },
    /// The data behind a prompt are on their way.
    Sent,
    /// `AT+BTSTARTDISC`
    Inquiry(Box<scan::Inquiry>),
    /// `AT+BTSPPCONN` and `AT+BTA2DPCONN`
    Page(classic::Profile, Address),
}

/// A Bluetooth LE connection of the module.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) link: LinkId,
    pub(crate) address: Address,
    pub(crate) central: bool,
    /// `AT+BLECONN` allows the commands of a client.
    pub(crate) client: bool,
    /// The services of the other side are known.
    pub(crate) discovered: bool,
    /// The services whose characteristics are known.
    pub(crate) explored: Vec<usize>,
}

/// `AT+BLESECPARAM`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SecurityParameters {
    pub(crate) auth_req: i64,
    pub(crate) io: i64,
    pub(crate) key_size: i64,
    pub(crate) init_keys: i64,
    pub(crate) response_keys: i64,
    pub(crate) option: i64,
}

impl Default for SecurityParameters {
    fn default() -> Self {
        Self { auth_req: 1, io: 3, key_size: 16, init_keys: 3, response_keys: 3, option: 0 }
    }
}

/// `AT+BLESPPCFG`, numbers as given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SppChannels {
    /// Service and characteristic.
    pub(crate) transmit: (usize, usize),
    pub(crate) receive: (usize, usize),
    pub(crate) reconnect: bool,
}

/// What the module knows of Bluetooth until it restarts.
#[derive(Debug)]
pub(crate) struct Bluetooth {
    pub(crate) air: Air,
    pub(crate) radio: RadioId,
    pub(crate) public: Address,
    table: Vec<GattService>,
    /// `AT+BLEINIT`
    pub(crate) role: i64,
    /// The role of the first `AT+BLEINIT`.
    pub(crate) first_role: Option<i64>,
    /// `AT+BLEGATTSSRVCRE`
    pub(crate) created: bool,
    pub(crate) connections: [Option<Connection>; CONNECTIONS],
    pub(crate) scan: Option<scan::Scan>,
    pub(crate) security: SecurityParameters,
    pub(crate) static_key: Option<u32>,
    pub(crate) spp: Option<SppChannels>,
    pub(crate) hid: bool,
    /// The least encryption of an access point that `AT+BLUFI=1` takes.
    pub(crate) blufi: Option<i64>,
    pub(crate) blufi_name: Vec<u8>,
    pub(crate) classic: Classic,
}

impl Bluetooth {
    pub(crate) fn new(air: Air, public: Address, table: Option<Vec<GattService>>) -> Self {
        let radio = air.lock().add(public, Server::default(), None);
        Self {
            air,
            radio,
            public,
            table: table.unwrap_or_else(gatt::module_services),
            role: 0,
            first_role: None,
            created: false,
            connections: Default::default(),
            scan: None,
            security: SecurityParameters::default(),
            static_key: None,
            spp: None,
            hid: false,
            blufi: None,
            blufi_name: b"BLUFI_DEVICE".to_vec(),
            classic: Classic::default(),
        }
    }

    pub(crate) fn lock(&self) -> RefMut<'_, Medium> {
        self.air.lock()
    }

    /// Whether any of it is on.
    pub(crate) const fn on(&self) -> bool {
        self.role != 0 || self.hid || self.blufi.is_some() || self.classic.on
    }

    /// When something is due.
    pub(crate) fn next_at(&self) -> Option<Duration> {
        let scan = self.scan.as_ref().map(scan::Scan::next_at);
        let inbox = self.air.look().next_at(self.radio);
        [scan, inbox].into_iter().flatten().min()
    }

    pub(crate) fn connection(&self, index: usize) -> Option<&Connection> {
        self.connections.get(index).and_then(Option::as_ref)
    }

    pub(crate) fn index_of(&self, link: LinkId) -> Option<usize> {
        let is = |slot: &Option<Connection>| slot.as_ref().is_some_and(|connection| connection.link == link);
        self.connections.iter().position(is)
    }

    /// The open ones with their numbers.
    pub(crate) fn open(&self) -> impl Iterator<Item = (usize, &Connection)> {
        self.connections.iter().enumerate().filter_map(|(index, slot)| Some((index, slot.as_ref()?)))
    }

    /// The services that were created, not started.
    pub(crate) fn create_services(&mut self, name: &[u8]) {
        let mut own = self.table.clone();
        for service in &mut own {
            service.started = false;
        }
        self.created = true;
        let mut medium = self.lock();
        medium.radios[self.radio].server = Server::new(name, own);
    }

    /// Tells the air what the module brings to a pairing.
    pub(crate) fn publish_features(&self, bonds: &stored::Bonds) {
        let security = self.security;
        let mut medium = self.lock();
        medium.radios[self.radio].features = Features {
            auth_req: u8::try_from(security.auth_req).unwrap_or(0),
            io: IoCapability::from_code(security.io),
            strict: security.option == 1,
            static_key: self.static_key,
            bonds: bonds.addresses().map(|(_, address)| address).collect(),
        };
    }
}

impl Simulator {
    /// Bluetooth is as after power-on.
    pub(crate) fn restart_bluetooth(&mut self) {
        let now = self.now;
        let old = &self.bluetooth;
        let mut medium = old.lock();
        medium.drop_links_of(now, old.radio);
        medium.drop_classic(now, old.radio);
        let radio = &mut medium.radios[old.radio];
        radio.inbox.clear();
        radio.server = Server::default();
        radio.classic.serial = false;
        radio.classic.audio = false;
        drop(medium);
        let bluetooth = &mut self.bluetooth;
        bluetooth.role = 0;
        bluetooth.first_role = None;
        bluetooth.stop_low_energy();
        bluetooth.security = SecurityParameters::default();
        bluetooth.static_key = None;
        bluetooth.spp = None;
        bluetooth.hid = false;
        bluetooth.blufi = None;
        bluetooth.blufi_name = b"BLUFI_DEVICE".to_vec();
        bluetooth.classic = Classic::default();
    }

    /// The connection that the first value of a command names.
    pub(crate) fn le_connection(&self, call: &Call) -> Result<(usize, &Connection), Failure> {
        self.needs_low_energy()?;
        let index = usize::try_from(call.int(0, 0, 2)?).map_err(|_| Code::Invalid)?;
        let connection = self.bluetooth.connection(index).ok_or(Code::Failed)?;
        Ok((index, connection))
    }

    /// Most commands work after `AT+BLEINIT` only.
    pub(crate) fn needs_low_energy(&self) -> Result<(), Code> {
        if self.bluetooth.role == 0 { Err(Code::Failed) } else { Ok(()) }
    }

    /// 1 a client, 2 a server.
    pub(crate) fn needs_role(&self, role: i64) -> Result<(), Code> {
        if self.bluetooth.role == role { Ok(()) } else { Err(Code::Failed) }
    }

    /// Pairing also works for an input device.
    pub(crate) fn needs_pairing(&self) -> Result<(), Code> {
        if self.bluetooth.hid { Ok(()) } else { self.needs_low_energy() }
    }
}

impl Bluetooth {
    /// Scans, services and connections are forgotten; the other sides are told elsewhere.
    pub(crate) fn stop_low_energy(&mut self) {
        self.created = false;
        self.connections = Default::default();
        self.scan = None;
    }
}
