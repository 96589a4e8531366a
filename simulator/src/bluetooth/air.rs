//! What connects Bluetooth devices: who is there, what each says to all, and which links there are.

use super::classic::ClassicFace;
use super::gatt::{INDICATE, NOTIFY, Place, READ, Server, WRITE, WRITE_COMMAND};
use super::mind::Mind;
use super::pairing::{Features, Pairing, PairingStep};
use super::peer::{BlePeer, BleReceived, BtPeer, BtReceived};
use core::time::Duration;
use std::cell::{Ref, RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::Rc;

/// The address of a Bluetooth device.
pub(crate) type Address = [u8; 6];

/// `"24:0a:c4:d6:e4:46"`, with quotes.
pub(crate) fn quoted(address: Address) -> String {
    let [a, b, c, d, e, f] = address;
    format!("\"{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}\"")
}

/// The number of a device in the air.
pub(crate) type RadioId = usize;
/// The number of a link in the air; never used again.
pub(crate) type LinkId = u64;

/// The space in which Bluetooth devices hear each other. Modules that are built with clones of the same one
/// ([`Builder::air`](crate::Builder::air)) can find and connect each other; poll them in turns, with the same times.
///
/// ```
/// use core::time::Duration;
/// use wifi_at_simulator::{Air, BleAction, BlePeer, BleReceived, Builder, Dialect, Event, Latency};
///
/// let air = Air::new();
/// let mut phone = BlePeer::new("phone", [0x60, 0x51, 0x42, 0xfe, 0x98, 0xaa]);
/// phone.advertising = None; // It connects by itself.
/// air.add_ble_peer(phone);
/// let mut module = Builder::new(Dialect::EspAt).latency(Latency::none()).air(&air).build();
/// let now = Duration::from_secs(1);
/// module.receive(now, b"ATE0\r\nAT+BLEINIT=2\r\nAT+BLEGATTSSRVCRE\r\nAT+BLEGATTSSRVSTART\r\nAT+BLEADVSTART\r\n");
/// module.poll(now);
/// module.drain(now);
/// module.happen(now, Event::Ble("phone".into(), BleAction::Connect));
/// module.happen(now, Event::Ble("phone".into(), BleAction::Read { service: 1, characteristic: 1 }));
/// assert_eq!(
///     module.drain(now),
///     b"+BLECONN:0,\"60:51:42:fe:98:aa\"\r\n+READ:0,\"60:51:42:fe:98:aa\"\r\n"
/// );
/// assert_eq!(air.take_ble_received("phone"), [BleReceived::Connected, BleReceived::Value(b"0".to_vec())]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Air(Rc<RefCell<Medium>>);

impl Air {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a Bluetooth LE device.
    pub fn add_ble_peer(&self, peer: BlePeer) {
        self.lock().add_ble_peer(peer);
    }

    /// Adds a Classic Bluetooth device.
    pub fn add_bt_peer(&self, peer: BtPeer) {
        self.lock().add_bt_peer(peer);
    }

    /// How strongly the device with this public address is heard, in dBm; -47 without this.
    pub fn set_signal(&self, address: [u8; 6], rssi: i8) {
        for radio in self.lock().radios.iter_mut().filter(|radio| radio.public == address) {
            radio.rssi = rssi;
        }
    }

    /// What an inquiry hears of the device with this public address, if it can be discovered; without this once, after
    /// half a second, with all that it has.
    pub fn set_inquiry_responses(&self, address: [u8; 6], responses: Vec<super::InquiryResponse>) {
        for radio in self.lock().radios.iter_mut().filter(|radio| radio.public == address) {
            radio.classic.inquiry.clone_from(&responses);
        }
    }

    /// What the Bluetooth LE peer with this name got since this was last asked.
    pub fn take_ble_received(&self, name: &str) -> Vec<BleReceived> {
        self.lock().ble_mind(name).map(|peer| core::mem::take(&mut peer.received)).unwrap_or_default()
    }

    /// What the Classic Bluetooth peer with this name got since this was last asked.
    pub fn take_bt_received(&self, name: &str) -> Vec<BtReceived> {
        self.lock().bt_mind(name).map(|peer| core::mem::take(&mut peer.received)).unwrap_or_default()
    }

    /// The services of the Bluetooth LE peer with this name, with their values of now.
    #[must_use]
    pub fn ble_services(&self, name: &str) -> Vec<super::GattService> {
        let medium = self.look();
        let peer = medium.radios.iter().find(|radio| radio.is_ble_peer(name));
        peer.map(|radio| radio.server.services[super::gatt::STANDARD..].to_vec()).unwrap_or_default()
    }

    pub(crate) fn lock(&self) -> RefMut<'_, Medium> {
        self.0.borrow_mut()
    }

    pub(crate) fn look(&self) -> Ref<'_, Medium> {
        self.0.borrow()
    }
}

/// What a device says to all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Advert {
    pub(crate) address: Address,
    pub(crate) address_type: u8,
    pub(crate) data: Vec<u8>,
    pub(crate) response: Vec<u8>,
    pub(crate) connectable: bool,
    /// Only this one may connect.
    pub(crate) only: Option<Address>,
    /// Answers scanners that want more.
    pub(crate) scannable: bool,
}

/// The times of a connection, in the units of `AT+BLECONNPARAM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) least: i64,
    pub(crate) most: i64,
    pub(crate) current: i64,
    pub(crate) latency: i64,
    pub(crate) timeout: i64,
}

impl core::fmt::Display for Times {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { least, most, current, latency, timeout } = self;
        write!(f, "{least},{most},{current},{latency},{timeout}")
    }
}

/// Those of a new connection.
const FIRST_TIMES: Times = Times { least: 0, most: 0, current: 6, latency: 0, timeout: 500 };

/// What one device does to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Connected(LinkId),
    Disconnected(LinkId),
    Times(LinkId, Times),
    Read(LinkId),
    /// Only such writes come that were possible.
    Written(LinkId, Place, Vec<u8>),
    /// A notification or, with `true`, an indication.
    Pushed(LinkId, Place, Vec<u8>, bool),
    /// A report of an input device.
    Report(LinkId, Vec<u8>),
    Pairing(LinkId, PairingStep),
    Blufi(Blufi),
    Classic(super::classic::ClassicSignal),
}

/// What a phone does by `BluFi`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Blufi {
    Credentials(Vec<u8>, Vec<u8>),
    Data(Vec<u8>),
}

/// A link between two devices.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: LinkId,
    pub(crate) central: RadioId,
    pub(crate) peripheral: RadioId,
    /// The addresses by which they know each other.
    pub(crate) central_address: Address,
    pub(crate) peripheral_address: Address,
    pub(crate) times: Times,
    pub(crate) mtu: usize,
    /// What clients have switched on, by server.
    subscriptions: Vec<(RadioId, Place, Vec<u8>)>,
    pub(crate) pairing: Option<Pairing>,
    pub(crate) encrypted: bool,
}

impl Link {
    pub(crate) const fn other(&self, radio: RadioId) -> RadioId {
        if self.central == radio { self.peripheral } else { self.central }
    }

    pub(crate) const fn other_address(&self, radio: RadioId) -> Address {
        if self.central == radio { self.peripheral_address } else { self.central_address }
    }
}

/// A device.
#[derive(Debug)]
pub(crate) struct Radio {
    pub(crate) public: Address,
    pub(crate) rssi: i8,
    pub(crate) advert: Option<Advert>,
    pub(crate) server: Server,
    pub(crate) largest_mtu: usize,
    pub(crate) features: Features,
    pub(crate) classic: ClassicFace,
    /// What has been done to it and when.
    pub(crate) inbox: VecDeque<(Duration, Signal)>,
    /// A peer that is played here; a module plays itself.
    pub(crate) mind: Option<Mind>,
}

impl Radio {
    fn is_ble_peer(&self, name: &str) -> bool {
        matches!(&self.mind, Some(Mind::Ble(peer)) if peer.name == name)
    }
}

/// All devices and links.
#[derive(Debug, Default)]
pub(crate) struct Medium {
    pub(crate) radios: Vec<Radio>,
    pub(crate) links: Vec<Link>,
    next_link: LinkId,
    /// What the next passkey is made from.
    pub(crate) passkeys: u32,
}

impl Medium {
    pub(crate) fn add(&mut self, public: Address, server: Server, mind: Option<Mind>) -> RadioId {
        self.radios.push(Radio {
            public,
            rssi: -47,
            advert: None,
            server,
            largest_mtu: 517,
            features: Features::default(),
            classic: ClassicFace::default(),
            inbox: VecDeque::new(),
            mind,
        });
        self.radios.len() - 1
    }

    pub(crate) fn link(&self, id: LinkId) -> Option<&Link> {
        self.links.iter().find(|link| link.id == id)
    }

    pub(crate) fn link_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.id == id)
    }

    /// A peer acts at once, a module when it is polled.
    pub(crate) fn deliver(&mut self, now: Duration, to: RadioId, signal: Signal) {
        if self.radios[to].mind.is_some() {
            self.react(now, to, &signal);
        } else {
            self.radios[to].inbox.push_back((now, signal));
        }
    }

    /// The next thing that was done to a device until now.
    pub(crate) fn take(&mut self, now: Duration, radio: RadioId) -> Option<Signal> {
        let inbox = &mut self.radios[radio].inbox;
        if inbox.front().is_none_or(|(at, _)| *at > now) {
            return None;
        }
        inbox.pop_front().map(|(_, signal)| signal)
    }

    pub(crate) fn next_at(&self, radio: RadioId) -> Option<Duration> {
        self.radios[radio].inbox.front().map(|(at, _)| *at)
    }

    /// Who advertises under this address and takes this device's connections.
    pub(crate) fn connectable(&self, by: Address, address: Address, address_type: u8) -> Option<RadioId> {
        self.radios.iter().position(|radio| {
            radio.advert.as_ref().is_some_and(|advert| {
                advert.connectable
                    && advert.address == address
                    && advert.address_type == address_type
                    && advert.only.is_none_or(|only| only == by)
            })
        })
    }

    /// Connects two devices; tells both. Advertising ends by that.
    pub(crate) fn connect(
        &mut self,
        now: Duration,
        central: (RadioId, Address),
        peripheral: RadioId,
    ) -> Option<LinkId> {
        let advert = self.radios[peripheral].advert.take()?;
        self.next_link += 1;
        let id = self.next_link;
        self.links.push(Link {
            id,
            central: central.0,
            peripheral,
            central_address: central.1,
            peripheral_address: advert.address,
            times: FIRST_TIMES,
            mtu: 23,
            subscriptions: Vec::new(),
            pairing: None,
            encrypted: false,
        });
        self.deliver(now, peripheral, Signal::Connected(id));
        // A module knows what it has just done.
        if self.radios[central.0].mind.is_some() {
            self.deliver(now, central.0, Signal::Connected(id));
        }
        Some(id)
    }

    /// Ends a link; tells both.
    pub(crate) fn disconnect(&mut self, now: Duration, id: LinkId) {
        if let Some(index) = self.links.iter().position(|link| link.id == id) {
            let link = self.links.remove(index);
            self.deliver(now, link.central, Signal::Disconnected(id));
            self.deliver(now, link.peripheral, Signal::Disconnected(id));
        }
    }

    /// Bluetooth LE of a device is gone without a word to itself.
    pub(crate) fn drop_links_of(&mut self, now: Duration, radio: RadioId) {
        while let Some(link) = self.links.iter().find(|link| link.central == radio || link.peripheral == radio) {
            let id = link.id;
            self.disconnect(now, id);
        }
        let radio = &mut self.radios[radio];
        radio.advert = None;
        radio.inbox.retain(|(_, signal)| matches!(signal, Signal::Classic(_)));
    }

    pub(crate) fn set_times(&mut self, now: Duration, id: LinkId, times: Times) {
        if let Some(link) = self.link_mut(id) {
            link.times = times;
            let (central, peripheral) = (link.central, link.peripheral);
            self.deliver(now, central, Signal::Times(id, times));
            self.deliver(now, peripheral, Signal::Times(id, times));
        }
    }

    /// The server at the other end.
    pub(crate) fn remote(&self, id: LinkId, radio: RadioId) -> Option<&Server> {
        self.link(id).map(|link| &self.radios[link.other(radio)].server)
    }

    /// A client reads; `None` if that cannot be read.
    pub(crate) fn read(&mut self, now: Duration, id: LinkId, client: RadioId, place: Place) -> Option<Vec<u8>> {
        let server = self.link(id)?.other(client);
        let table = &self.radios[server].server;
        if place.descriptor.is_none() && !table.characteristic(place)?.can(READ) {
            return None;
        }
        let value = if table.is_configuration(place) {
            self.configuration(id, server, place).to_le_bytes().to_vec()
        } else {
            table.value(place)?.to_vec()
        };
        self.deliver(now, server, Signal::Read(id));
        Some(value)
    }

    /// A client writes; `false` if that cannot be written.
    pub(crate) fn write(&mut self, now: Duration, id: LinkId, client: RadioId, place: Place, value: &[u8]) -> bool {
        let Some(server) = self.link(id).map(|link| link.other(client)) else {
            return false;
        };
        let table = &mut self.radios[server].server;
        let writable = |table: &Server| {
            table
                .characteristic(place)
                .is_some_and(|found| place.descriptor.is_some() || found.can(WRITE | WRITE_COMMAND))
        };
        if table.is_configuration(place) {
            if value.is_empty() || value.len() > 2 {
                return false;
            }
            if let Some(link) = self.link_mut(id) {
                link.subscriptions.retain(|(at, other, _)| (*at, *other) != (server, place));
                link.subscriptions.push((server, place, value.to_vec()));
            }
        } else if !writable(table) || !table.set(place, value) {
            return false;
        }
        self.deliver(now, server, Signal::Written(id, place, value.to_vec()));
        true
    }

    /// What the client of this server has written to a client configuration.
    pub(crate) fn configuration(&self, id: LinkId, server: RadioId, place: Place) -> u16 {
        let subscriptions = self.link(id).map(|link| &link.subscriptions[..]).unwrap_or_default();
        let found = subscriptions.iter().find(|(at, other, _)| (*at, *other) == (server, place));
        let value = found.map(|(_, _, value)| &value[..]).unwrap_or_default();
        u16::from_le_bytes([value.first().copied().unwrap_or(0), value.get(1).copied().unwrap_or(0)])
    }

    /// Whether the client listens to this characteristic: to notifications or to indications.
    pub(crate) fn listens(&self, id: LinkId, server: RadioId, place: Place, indication: bool) -> bool {
        let table = &self.radios[server].server;
        let property = if indication { INDICATE } else { NOTIFY };
        let possible = table.characteristic(place).is_some_and(|found| found.can(property));
        let bit = if indication { 2 } else { 1 };
        let configuration = table.configuration(place);
        possible && configuration.is_some_and(|place| self.configuration(id, server, place) & bit != 0)
    }

    /// A server sends a value to its client; `false` if that does not listen.
    pub(crate) fn push(
        &mut self,
        now: Duration,
        id: LinkId,
        server: RadioId,
        place: Place,
        value: &[u8],
        indication: bool,
    ) -> bool {
        if !self.listens(id, server, place, indication) {
            return false;
        }
        let Some(client) = self.link(id).map(|link| link.other(server)) else {
            return false;
        };
        self.deliver(now, client, Signal::Pushed(id, place, value.to_vec(), indication));
        true
    }
}
