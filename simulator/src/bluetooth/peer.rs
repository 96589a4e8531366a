//! Bluetooth devices that tests write down: phones, sensors, headsets.

use super::classic::{BtClass, InquiryResponse, Profile};
use super::gatt::GattService;
use super::pairing::IoCapability;

/// What a peer does when it is asked for pairing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PairingAnswer {
    /// It agrees at once, and says yes to numbers that are to be compared.
    #[default]
    Accept,
    /// It refuses.
    Refuse,
    /// Its user decides: [`BleAction::AnswerPairing`], [`BleAction::ConfirmNumber`].
    Ask,
}

/// A Bluetooth LE device. It advertises from the start; it takes one connection at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlePeer {
    /// How [`Event`](crate::Event)s call it.
    pub name: String,
    /// Its address.
    pub address: [u8; 6],
    /// Whether that is a random one.
    pub random_address: bool,
    /// What it advertises; `None`: nothing, it is there all the same.
    pub advertising: Option<Vec<u8>>,
    /// What it answers to active scanners.
    pub scan_response: Vec<u8>,
    /// Whether it takes connections.
    pub connectable: bool,
    /// Signal strength at the module in dBm.
    pub rssi: i8,
    /// Its services behind 0x1801 and 0x1800, which every device has.
    pub services: Vec<GattService>,
    /// The longest MTU that it agrees to, 23 to 517.
    pub largest_mtu: usize,
    /// What it can show and take in.
    pub io: IoCapability,
    /// What it wants of a pairing: bits as in `AT+BLESECPARAM`.
    pub auth_req: u8,
    /// What it does when it is asked.
    pub pairing: PairingAnswer,
    /// The passkey that it shows; without it one is made up.
    pub shows: Option<u32>,
    /// The passkey that its user types at once; without it [`BleAction::TypePasskey`] does.
    pub types: Option<u32>,
    /// Connection intervals, in 1.25 ms, that it sets as soon as it is connected.
    pub intervals: Vec<u16>,
    /// What it got; [`Air::take_ble_received`](crate::Air::take_ble_received) takes it.
    pub received: Vec<BleReceived>,
}

impl BlePeer {
    /// A connectable device with a public address that advertises nothing but itself and has no services.
    #[must_use]
    pub fn new(name: impl Into<String>, address: [u8; 6]) -> Self {
        Self {
            name: name.into(),
            address,
            random_address: false,
            advertising: Some(Vec::new()),
            scan_response: Vec::new(),
            connectable: true,
            rssi: -60,
            services: Vec::new(),
            largest_mtu: 517,
            io: IoCapability::default(),
            auth_req: 1,
            pairing: PairingAnswer::default(),
            shows: None,
            types: None,
            intervals: Vec::new(),
            received: Vec::new(),
        }
    }

    /// Its address is a random one.
    #[must_use]
    pub const fn random(mut self) -> Self {
        self.random_address = true;
        self
    }

    /// With this payload; at most 31 bytes are sent by real devices.
    #[must_use]
    pub fn advertising(mut self, payload: impl AsRef<[u8]>) -> Self {
        self.advertising = Some(payload.as_ref().to_vec());
        self
    }

    /// With this scan response.
    #[must_use]
    pub fn scan_response(mut self, payload: impl AsRef<[u8]>) -> Self {
        self.scan_response = payload.as_ref().to_vec();
        self
    }

    /// Heard with this strength in dBm.
    #[must_use]
    pub const fn rssi(mut self, rssi: i8) -> Self {
        self.rssi = rssi;
        self
    }

    /// With another service.
    #[must_use]
    pub fn service(mut self, service: GattService) -> Self {
        self.services.push(service);
        self
    }

    /// Pairs so.
    #[must_use]
    pub const fn pairing(mut self, io: IoCapability, auth_req: u8, answer: PairingAnswer) -> Self {
        self.io = io;
        self.auth_req = auth_req;
        self.pairing = answer;
        self
    }
}

/// Something that a Bluetooth LE peer does by itself. Services, characteristics and descriptors are counted from 1; those
/// of the module as `AT+BLEGATTSCHAR?` counts them. What is not possible does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BleAction {
    /// It begins to advertise, or ends it.
    Advertise(bool),
    /// It is heard with this strength now, in dBm.
    Signal(i8),
    /// It connects to the module, which has to advertise.
    Connect,
    /// It ends the connection.
    Disconnect,
    /// It reads a characteristic of the module.
    Read {
        /// The service.
        service: usize,
        /// The characteristic.
        characteristic: usize,
    },
    /// It writes to the module.
    Write {
        /// The service.
        service: usize,
        /// The characteristic.
        characteristic: usize,
        /// The descriptor; `None`: the characteristic itself.
        descriptor: Option<usize>,
        /// The bytes.
        value: Vec<u8>,
    },
    /// It switches the indications, or else the notifications, of a characteristic of the module on.
    Subscribe {
        /// The service.
        service: usize,
        /// The characteristic.
        characteristic: usize,
    },
    /// It sends the value of an own characteristic: an indication if that indicates, or else a notification.
    Notify {
        /// The service, its own ones counted.
        service: usize,
        /// The characteristic.
        characteristic: usize,
        /// The bytes.
        value: Vec<u8>,
    },
    /// It sets the connection interval, in 1.25 ms.
    Interval(u16),
    /// It agrees on an MTU with the module.
    Mtu(usize),
    /// It asks for pairing with protection against a man in the middle (`true`) or without.
    Pair(bool),
    /// Its user agrees to pairing, or refuses.
    AnswerPairing(bool),
    /// Its user types a passkey.
    TypePasskey(u32),
    /// Its user says whether the numbers are the same.
    ConfirmNumber(bool),
    /// Its app sends Wi-Fi credentials by `BluFi`.
    BlufiCredentials {
        /// The access point.
        ssid: Vec<u8>,
        /// Its password.
        password: Vec<u8>,
    },
    /// Its app sends data by `BluFi`.
    BlufiData(Vec<u8>),
}

/// What a Bluetooth LE peer got. Its own services are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BleReceived {
    /// A connection.
    Connected,
    /// Its end.
    Disconnected,
    /// A value that the module wrote.
    Written {
        /// The service.
        service: usize,
        /// The characteristic.
        characteristic: usize,
        /// The descriptor, if one was written.
        descriptor: Option<usize>,
        /// The bytes.
        value: Vec<u8>,
    },
    /// A value that the module notified or indicated; the module's services are counted from 1.
    Pushed {
        /// The service.
        service: usize,
        /// The characteristic.
        characteristic: usize,
        /// The bytes.
        value: Vec<u8>,
        /// Whether it was an indication.
        indication: bool,
    },
    /// What the peer read.
    Value(Vec<u8>),
    /// A report of the module as an input device: a keyboard's begins with 1, a mouse's with 2, that of media keys with 3.
    Report(Vec<u8>),
    /// The module wants to pair.
    PairingRequest,
    /// A passkey is shown.
    Passkey(u32),
    /// The pairing has ended, well or not.
    Paired(bool),
    /// Data by `BluFi`.
    Blufi(Vec<u8>),
}

/// A Classic Bluetooth device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BtPeer {
    /// How [`Event`](crate::Event)s call it.
    pub name: String,
    /// Its address.
    pub address: [u8; 6],
    /// The name that it tells others; empty for none.
    pub device_name: String,
    /// Its class.
    pub class: Option<BtClass>,
    /// What an inquiry hears of it; empty: it cannot be discovered.
    pub inquiry: Vec<InquiryResponse>,
    /// Whether it has a serial port that takes connections.
    pub serial: bool,
    /// Whether it takes connections for audio.
    pub audio: bool,
    /// What it can show and take in.
    pub io: IoCapability,
    /// Whether it pairs by a PIN only.
    pub legacy: bool,
    /// Its PIN.
    pub pin: Option<String>,
    /// The passkey that it shows.
    pub passkey: Option<u32>,
    /// What it got; [`Air::take_bt_received`](crate::Air::take_bt_received) takes it.
    pub received: Vec<BtReceived>,
}

impl BtPeer {
    /// A device that can be discovered (heard once, after half a second, with -60 dBm), takes all connections and pairs
    /// without questions.
    #[must_use]
    pub fn new(name: impl Into<String>, address: [u8; 6]) -> Self {
        let name = name.into();
        Self {
            device_name: name.clone(),
            name,
            address,
            class: None,
            inquiry: vec![InquiryResponse::HEARD],
            serial: true,
            audio: true,
            io: IoCapability::default(),
            legacy: false,
            pin: None,
            passkey: None,
            received: Vec::new(),
        }
    }
}

/// Something that a Classic Bluetooth peer does by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BtAction {
    /// It connects to the module.
    Connect(Profile),
    /// It ends the connection.
    Disconnect(Profile),
    /// It sends bytes by the serial port.
    Send(Vec<u8>),
}

/// What a Classic Bluetooth peer got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BtReceived {
    /// A connection.
    Connected(Profile),
    /// Its end.
    Disconnected(Profile),
    /// The module refused its connection.
    Refused(Profile),
    /// Bytes by the serial port.
    Data(Vec<u8>),
    /// The module plays this address.
    Plays(String),
    /// A command for the player: `AT+BTA2DPCTRL`.
    Control(i64),
}
