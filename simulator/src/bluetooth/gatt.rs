//! GATT servers: services, characteristics, descriptors and their values.

use core::fmt;

/// The characteristic can be read.
pub(crate) const READ: u8 = 0x02;
/// The characteristic can be written without an answer.
pub(crate) const WRITE_COMMAND: u8 = 0x04;
/// The characteristic can be written.
pub(crate) const WRITE: u8 = 0x08;
/// The characteristic notifies.
pub(crate) const NOTIFY: u8 = 0x10;
/// The characteristic indicates.
pub(crate) const INDICATE: u8 = 0x20;

/// The descriptor by which a client switches notifications (bit 0) and indications (bit 1) on.
const CLIENT_CONFIGURATION: Uuid = Uuid::Short(0x2902);

/// What a service, a characteristic or a descriptor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uuid {
    /// 16 bits.
    Short(u16),
    /// 128 bits, the first byte of its usual text first.
    Long([u8; 16]),
}

impl From<u16> for Uuid {
    fn from(short: u16) -> Self {
        Self::Short(short)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short(short) => write!(f, "0x{short:04X}"),
            Self::Long(long) => {
                f.write_str("0x")?;
                long.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
            }
        }
    }
}

/// A descriptor of a characteristic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GattDescriptor {
    /// What it is.
    pub uuid: Uuid,
    /// Its value; that of a client configuration (0x2902) counts per connection and stands elsewhere.
    pub value: Vec<u8>,
    /// Most bytes of its value.
    pub max_len: usize,
}

/// A characteristic of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GattCharacteristic {
    /// What it is.
    pub uuid: Uuid,
    /// The bits of the Bluetooth specification: 0x02 read, 0x04 write without answer, 0x08 write, 0x10 notify,
    /// 0x20 indicate.
    pub properties: u8,
    /// Its value.
    pub value: Vec<u8>,
    /// Most bytes of its value.
    pub max_len: usize,
    /// Its descriptors.
    pub descriptors: Vec<GattDescriptor>,
}

impl GattCharacteristic {
    /// One without descriptors, with the value `0` and room for 512 bytes.
    #[must_use]
    pub fn new(uuid: impl Into<Uuid>, properties: u8) -> Self {
        let value = b"0".to_vec();
        Self { uuid: uuid.into(), properties, value, max_len: 512, descriptors: Vec::new() }
    }

    /// With this value.
    #[must_use]
    pub fn value(mut self, value: impl AsRef<[u8]>) -> Self {
        self.value = value.as_ref().to_vec();
        self
    }

    /// With room for so many bytes.
    #[must_use]
    pub const fn max_len(mut self, bytes: usize) -> Self {
        self.max_len = bytes;
        self
    }

    /// With a descriptor whose value is `0`.
    #[must_use]
    pub fn descriptor(mut self, uuid: impl Into<Uuid>) -> Self {
        let descriptor = GattDescriptor { uuid: uuid.into(), value: b"0".to_vec(), max_len: 512 };
        self.descriptors.push(descriptor);
        self
    }

    pub(crate) const fn can(&self, properties: u8) -> bool {
        self.properties & properties != 0
    }
}

/// A service of a GATT server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GattService {
    /// What it is.
    pub uuid: Uuid,
    /// Whether it is a primary one.
    pub primary: bool,
    /// Whether clients see it. The services of the module start by `AT+BLEGATTSSRVSTART`.
    pub started: bool,
    /// The services that it includes: what each is, and whether it is a primary one.
    pub included: Vec<(Uuid, bool)>,
    /// Its characteristics.
    pub characteristics: Vec<GattCharacteristic>,
}

impl GattService {
    /// A primary service without characteristics, started.
    #[must_use]
    pub fn new(uuid: impl Into<Uuid>) -> Self {
        let (included, characteristics) = (Vec::new(), Vec::new());
        Self { uuid: uuid.into(), primary: true, started: true, included, characteristics }
    }

    /// With another characteristic.
    #[must_use]
    pub fn characteristic(mut self, characteristic: GattCharacteristic) -> Self {
        self.characteristics.push(characteristic);
        self
    }

    /// With an included service.
    #[must_use]
    pub fn include(mut self, uuid: impl Into<Uuid>, primary: bool) -> Self {
        self.included.push((uuid.into(), primary));
        self
    }
}

/// The services of the firmware's own table (`gatts_data.csv`).
pub(crate) fn module_services() -> Vec<GattService> {
    let plain = |uuid: u16, properties: u8| GattCharacteristic::new(uuid, properties);
    let described = |uuid: u16, properties: u8| plain(uuid, properties).descriptor(0x2901);
    let first = GattService::new(0xa002)
        .characteristic(described(0xc300, READ).max_len(1))
        .characteristic(described(0xc301, READ))
        .characteristic(described(0xc302, WRITE))
        .characteristic(described(0xc303, WRITE_COMMAND))
        .characteristic(plain(0xc304, WRITE))
        .characteristic(plain(0xc305, NOTIFY).descriptor(0x2902))
        .characteristic(plain(0xc306, INDICATE).descriptor(0x2902))
        .characteristic(described(0xc307, READ));
    let second =
        GattService::new(0xa003).characteristic(described(0xc400, READ)).characteristic(described(0xc401, READ));
    vec![first, second]
}

/// Those that every device has in front of its own.
fn standard_services(name: &[u8]) -> [GattService; 2] {
    let changed = GattCharacteristic::new(0x2a05, INDICATE).value([1, 0, 255, 255]).descriptor(0x2902);
    let attributes = GattService::new(0x1801).characteristic(changed);
    let access = GattService::new(0x1800)
        .characteristic(GattCharacteristic::new(0x2a00, READ).value(name))
        .characteristic(GattCharacteristic::new(0x2a01, READ).value([0, 0]));
    [attributes, access]
}

/// A place in a GATT server, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) service: usize,
    pub(crate) characteristic: usize,
    pub(crate) descriptor: Option<usize>,
}

/// The services of one device, the [standard ones](standard_services) first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) services: Vec<GattService>,
}

/// How many standard services stand in front of a device's own.
pub(crate) const STANDARD: usize = 2;

impl Server {
    pub(crate) fn new(name: &[u8], own: Vec<GattService>) -> Self {
        let mut services = standard_services(name).to_vec();
        services.extend(own);
        Self { services }
    }

    /// What clients read as the device's name.
    pub(crate) fn rename(&mut self, name: &[u8]) {
        if let Some(access) = self.services.get_mut(1) {
            access.characteristics[0].value = name.to_vec();
        }
    }

    pub(crate) fn characteristic(&self, place: Place) -> Option<&GattCharacteristic> {
        self.services.get(place.service)?.characteristics.get(place.characteristic)
    }

    pub(crate) fn characteristic_mut(&mut self, place: Place) -> Option<&mut GattCharacteristic> {
        self.services.get_mut(place.service)?.characteristics.get_mut(place.characteristic)
    }

    /// Whether the place is the client configuration of its characteristic.
    pub(crate) fn is_configuration(&self, place: Place) -> bool {
        let descriptor = place.descriptor.and_then(|index| self.characteristic(place)?.descriptors.get(index));
        descriptor.is_some_and(|descriptor| descriptor.uuid == CLIENT_CONFIGURATION)
    }

    /// The place of the client configuration of a characteristic.
    pub(crate) fn configuration(&self, place: Place) -> Option<Place> {
        let descriptors = &self.characteristic(place)?.descriptors;
        let index = descriptors.iter().position(|descriptor| descriptor.uuid == CLIENT_CONFIGURATION)?;
        Some(Place { descriptor: Some(index), ..place })
    }

    /// The number of bytes that a value can have.
    pub(crate) fn room(&self, place: Place) -> Option<usize> {
        let characteristic = self.characteristic(place)?;
        match place.descriptor {
            None => Some(characteristic.max_len),
            Some(index) => characteristic.descriptors.get(index).map(|descriptor| descriptor.max_len),
        }
    }

    pub(crate) fn value(&self, place: Place) -> Option<&[u8]> {
        let characteristic = self.characteristic(place)?;
        match place.descriptor {
            None => Some(&characteristic.value),
            Some(index) => characteristic.descriptors.get(index).map(|descriptor| &descriptor.value[..]),
        }
    }

    /// `false` if there is no such place or no room.
    pub(crate) fn set(&mut self, place: Place, value: &[u8]) -> bool {
        if self.room(place).is_none_or(|room| value.len() > room) {
            return false;
        }
        let Some(characteristic) = self.characteristic_mut(place) else {
            return false;
        };
        match place.descriptor {
            None => characteristic.value = value.to_vec(),
            Some(index) => characteristic.descriptors[index].value = value.to_vec(),
        }
        true
    }

    /// Where the services that clients see stand, in their order.
    pub(crate) fn visible(&self) -> impl Iterator<Item = usize> {
        self.services.iter().enumerate().filter(|(_, service)| service.started).map(|(index, _)| index)
    }

    /// The number under which clients see a service, counted from 1.
    pub(crate) fn number_of(&self, service: usize) -> Option<usize> {
        self.visible().position(|index| index == service).map(|position| position + 1)
    }
}
