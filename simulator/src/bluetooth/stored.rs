//! What the flash keeps of Bluetooth.

use super::air::Address;

/// `AT+BLESCANPARAM`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScanParameters {
    /// Asks for scan responses.
    pub(crate) active: bool,
    pub(crate) own_address: i64,
    pub(crate) filter: i64,
    pub(crate) interval: i64,
    pub(crate) window: i64,
}

/// `AT+BLEADVPARAM`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AdvertParameters {
    pub(crate) least: i64,
    pub(crate) most: i64,
    pub(crate) kind: i64,
    pub(crate) own_address: i64,
    pub(crate) channels: i64,
    pub(crate) filter: i64,
    pub(crate) peer_type: i64,
    pub(crate) peer: Address,
}

/// `AT+BLEADVDATAEX`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExtendedData {
    pub(crate) name: Vec<u8>,
    /// As it was given, in hex digits.
    pub(crate) uuid: Vec<u8>,
    pub(crate) manufacturer: Vec<u8>,
    pub(crate) power: bool,
}

/// The passthrough over Bluetooth LE that begins at power-on (`AT+SAVETRANSLINK=2`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredTunnel {
    pub(crate) client: bool,
    /// Service and characteristic, as for `AT+BLESPPCFG`.
    pub(crate) transmit: (usize, usize),
    pub(crate) receive: (usize, usize),
    /// Whom a client connects.
    pub(crate) peer: Address,
}

/// The devices that the module is bonded with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bonds {
    slots: Vec<Option<Address>>,
    next: usize,
}

/// Most bonds (ESP-AT 3.4.38).
const BONDS: usize = 15;

impl Bonds {
    /// Takes the next slot, as soon as all were used that of the oldest.
    pub(crate) fn add(&mut self, address: Address) {
        if self.addresses().any(|(_, known)| known == address) {
            return;
        }
        self.slots.resize(BONDS, None);
        let free = self.slots.iter().position(Option::is_none);
        let slot = free.unwrap_or(self.next);
        self.slots[slot] = Some(address);
        self.next = (slot + 1) % BONDS;
    }

    /// `false` if there is none in this slot.
    pub(crate) fn remove(&mut self, slot: usize) -> bool {
        self.slots.get_mut(slot).is_some_and(|slot| slot.take().is_some())
    }

    /// Those that are taken, with their slots.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (usize, Address)> {
        self.slots.iter().enumerate().filter_map(|(index, address)| Some((index, (*address)?)))
    }
}

/// Settings of Bluetooth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) name: Vec<u8>,
    /// `AT+BLEADDR=1`: the address to be used then.
    pub(crate) random: Option<Address>,
    pub(crate) scan: ScanParameters,
    pub(crate) advert: AdvertParameters,
    pub(crate) data: Vec<u8>,
    pub(crate) extended: ExtendedData,
    pub(crate) response: Vec<u8>,
    pub(crate) bonds: Bonds,
    pub(crate) classic_name: Vec<u8>,
    pub(crate) classic_mode: i64,
    pub(crate) classic_bonds: Bonds,
}

impl Default for Stored {
    fn default() -> Self {
        Self {
            name: b"ESP-AT".to_vec(),
            random: None,
            scan: ScanParameters { active: false, own_address: 0, filter: 0, interval: 80, window: 48 },
            advert: AdvertParameters {
                least: 32,
                most: 64,
                kind: 0,
                own_address: 0,
                channels: 7,
                filter: 0,
                peer_type: 0,
                peer: [0; 6],
            },
            data: Vec::new(),
            extended: ExtendedData::default(),
            response: Vec::new(),
            bonds: Bonds::default(),
            classic_name: b"ESP32_AT".to_vec(),
            classic_mode: 0,
            classic_bonds: Bonds::default(),
        }
    }
}
