//! Bluetooth devices of a world from a TOML file.

use super::Event;
use super::file::{Reader, WorldError};
use crate::bluetooth::{
    BleAction, BlePeer, BtAction, BtClass, BtPeer, BtProfile, GattCharacteristic, GattService, IoCapability,
    PairingAnswer, Uuid,
};
use core::ops::Range;
use serde::Deserialize;
use toml::Spanned;

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum IoFile {
    DisplayOnly,
    DisplayYesNo,
    KeyboardOnly,
    NoInputNoOutput,
    KeyboardDisplay,
}

impl From<IoFile> for IoCapability {
    fn from(file: IoFile) -> Self {
        match file {
            IoFile::DisplayOnly => Self::DisplayOnly,
            IoFile::DisplayYesNo => Self::DisplayYesNo,
            IoFile::KeyboardOnly => Self::KeyboardOnly,
            IoFile::NoInputNoOutput => Self::NoInputNoOutput,
            IoFile::KeyboardDisplay => Self::KeyboardDisplay,
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AnswerFile {
    Accept,
    Refuse,
    Ask,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PropertyFile {
    Read,
    WriteCommand,
    Write,
    Notify,
    Indicate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CharacteristicFile {
    uuid: String,
    properties: Vec<PropertyFile>,
    /// Hex digits.
    value: Option<String>,
    max_len: Option<usize>,
    #[serde(default)]
    descriptors: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceFile {
    uuid: String,
    #[serde(default)]
    characteristic: Vec<CharacteristicFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BleFile {
    name: String,
    address: String,
    #[serde(default)]
    random: bool,
    #[serde(default = "super::file::yes")]
    advertises: bool,
    #[serde(default = "super::file::yes")]
    connectable: bool,
    /// Hex digits.
    advertising: Option<String>,
    scan_response: Option<String>,
    rssi: Option<i8>,
    io: Option<IoFile>,
    auth_req: Option<u8>,
    pairing: Option<AnswerFile>,
    shows: Option<u32>,
    types: Option<u32>,
    #[serde(default)]
    intervals: Vec<u16>,
    #[serde(default)]
    service: Vec<ServiceFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassFile {
    major: u8,
    minor: u8,
    service: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BtFile {
    name: String,
    address: String,
    device_name: Option<String>,
    class: Option<ClassFile>,
    #[serde(default = "super::file::yes")]
    discoverable: bool,
    io: Option<IoFile>,
    #[serde(default)]
    legacy: bool,
    pin: Option<String>,
    passkey: Option<u32>,
}

/// What a Bluetooth LE device does.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum BleDoes {
    Advertise(bool),
    Signal(i8),
    Connect,
    Disconnect,
    Read { service: usize, characteristic: usize },
    Write { service: usize, characteristic: usize, descriptor: Option<usize>, value: String },
    Subscribe { service: usize, characteristic: usize },
    Notify { service: usize, characteristic: usize, value: String },
    Pair { mitm: bool },
    AnswerPairing(bool),
    TypePasskey(u32),
    ConfirmNumber(bool),
    BlufiCredentials { ssid: String, password: String },
    BlufiData(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BleEventFile {
    peer: String,
    does: BleDoes,
}

/// What a Classic Bluetooth device does.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum BtDoes {
    ConnectSpp,
    ConnectA2dp,
    DisconnectSpp,
    DisconnectA2dp,
    Send(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BtEventFile {
    peer: String,
    does: BtDoes,
}

impl Reader<'_> {
    pub(super) fn hex(&self, place: &Range<usize>, digits: &str) -> Result<Vec<u8>, WorldError> {
        let pairs = digits.as_bytes().chunks(2);
        let byte = |pair: &[u8]| match pair {
            [high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()
            }
            _ => None,
        };
        let bytes: Option<Vec<u8>> = pairs.map(byte).collect();
        bytes.ok_or_else(|| self.error(place.clone(), format!("{digits:?} is no row of bytes in hex digits")))
    }

    fn uuid(&self, place: &Range<usize>, text: &str) -> Result<Uuid, WorldError> {
        let bytes = self.hex(place, &text.replace('-', ""))?;
        match bytes[..] {
            [high, low] => Ok(Uuid::Short(u16::from_be_bytes([high, low]))),
            _ => {
                let wrong = |_| self.error(place.clone(), format!("{text:?} is no UUID of 16 or 128 bits"));
                Ok(Uuid::Long(bytes.try_into().map_err(wrong)?))
            }
        }
    }

    fn characteristic(&self, place: &Range<usize>, file: CharacteristicFile) -> Result<GattCharacteristic, WorldError> {
        let bits = file.properties.iter().map(|property| match property {
            PropertyFile::Read => 0x02,
            PropertyFile::WriteCommand => 0x04,
            PropertyFile::Write => 0x08,
            PropertyFile::Notify => 0x10,
            PropertyFile::Indicate => 0x20,
        });
        let properties = bits.fold(0, |all, bit| all | bit);
        let mut characteristic = GattCharacteristic::new(self.uuid(place, &file.uuid)?, properties);
        if let Some(value) = file.value {
            characteristic.value = self.hex(place, &value)?;
        }
        characteristic.max_len = file.max_len.unwrap_or(characteristic.max_len);
        for descriptor in file.descriptors {
            characteristic = characteristic.descriptor(self.uuid(place, &descriptor)?);
        }
        Ok(characteristic)
    }

    pub(super) fn ble_peer(&self, file: Spanned<BleFile>) -> Result<BlePeer, WorldError> {
        let place = file.span();
        let file = file.into_inner();
        let mut peer = BlePeer::new(file.name, self.mac(place.clone(), &file.address)?);
        let bytes = |digits: Option<String>| self.hex(&place, &digits.unwrap_or_default());
        let payload = bytes(file.advertising)?;
        peer.advertising = file.advertises.then_some(payload);
        peer.scan_response = bytes(file.scan_response)?;
        peer.random_address = file.random;
        peer.connectable = file.connectable;
        peer.rssi = file.rssi.unwrap_or(peer.rssi);
        peer.io = file.io.map_or(peer.io, IoCapability::from);
        peer.auth_req = file.auth_req.unwrap_or(peer.auth_req);
        peer.pairing = match file.pairing {
            None | Some(AnswerFile::Accept) => PairingAnswer::Accept,
            Some(AnswerFile::Refuse) => PairingAnswer::Refuse,
            Some(AnswerFile::Ask) => PairingAnswer::Ask,
        };
        peer.shows = file.shows;
        peer.types = file.types;
        peer.intervals = file.intervals;
        for service in file.service {
            let mut own = GattService::new(self.uuid(&place, &service.uuid)?);
            for characteristic in service.characteristic {
                own = own.characteristic(self.characteristic(&place, characteristic)?);
            }
            peer.services.push(own);
        }
        Ok(peer)
    }

    pub(super) fn bt_peer(&self, file: Spanned<BtFile>) -> Result<BtPeer, WorldError> {
        let place = file.span();
        let file = file.into_inner();
        let mut peer = BtPeer::new(file.name, self.mac(place, &file.address)?);
        peer.device_name = file.device_name.unwrap_or(peer.device_name);
        peer.class = file.class.map(|ClassFile { major, minor, service }| BtClass { major, minor, service });
        if !file.discoverable {
            peer.inquiry.clear();
        }
        peer.io = file.io.map_or(peer.io, IoCapability::from);
        peer.legacy = file.legacy;
        peer.pin = file.pin;
        peer.passkey = file.passkey;
        Ok(peer)
    }

    pub(super) fn ble_event(&self, place: &Range<usize>, file: BleEventFile) -> Result<Event, WorldError> {
        let action = match file.does {
            BleDoes::Advertise(on) => BleAction::Advertise(on),
            BleDoes::Signal(rssi) => BleAction::Signal(rssi),
            BleDoes::Connect => BleAction::Connect,
            BleDoes::Disconnect => BleAction::Disconnect,
            BleDoes::Read { service, characteristic } => BleAction::Read { service, characteristic },
            BleDoes::Write { service, characteristic, descriptor, value } => {
                BleAction::Write { service, characteristic, descriptor, value: self.hex(place, &value)? }
            }
            BleDoes::Subscribe { service, characteristic } => BleAction::Subscribe { service, characteristic },
            BleDoes::Notify { service, characteristic, value } => {
                BleAction::Notify { service, characteristic, value: self.hex(place, &value)? }
            }
            BleDoes::Pair { mitm } => BleAction::Pair(mitm),
            BleDoes::AnswerPairing(accept) => BleAction::AnswerPairing(accept),
            BleDoes::TypePasskey(key) => BleAction::TypePasskey(key),
            BleDoes::ConfirmNumber(same) => BleAction::ConfirmNumber(same),
            BleDoes::BlufiCredentials { ssid, password } => {
                BleAction::BlufiCredentials { ssid: ssid.into_bytes(), password: password.into_bytes() }
            }
            BleDoes::BlufiData(data) => BleAction::BlufiData(self.hex(place, &data)?),
        };
        Ok(Event::Ble(file.peer, action))
    }

    pub(super) fn bt_event(&self, place: &Range<usize>, file: BtEventFile) -> Result<Event, WorldError> {
        let action = match file.does {
            BtDoes::ConnectSpp => BtAction::Connect(BtProfile::Spp),
            BtDoes::ConnectA2dp => BtAction::Connect(BtProfile::A2dp),
            BtDoes::DisconnectSpp => BtAction::Disconnect(BtProfile::Spp),
            BtDoes::DisconnectA2dp => BtAction::Disconnect(BtProfile::A2dp),
            BtDoes::Send(data) => BtAction::Send(self.hex(place, &data)?),
        };
        Ok(Event::Bt(file.peer, action))
    }
}
