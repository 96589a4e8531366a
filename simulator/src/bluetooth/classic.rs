//! Classic Bluetooth in the air: inquiry, serial ports, audio.

use super::air::{Address, Medium, RadioId, Signal};
use super::pairing::IoCapability;
use core::time::Duration;

/// What an inquiry hears of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InquiryResponse {
    /// Counted from the start of the inquiry.
    pub after: Duration,
    /// Signal strength in dBm; `None`: only the address was heard.
    pub rssi: Option<i8>,
    /// Whether the name was heard.
    pub name: bool,
    /// Whether the class was heard.
    pub class: bool,
}

impl InquiryResponse {
    /// Everything, after half a second.
    pub(crate) const HEARD: Self = Self { after: Duration::from_millis(500), rssi: Some(-60), name: true, class: true };
}

/// The class of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BtClass {
    /// Major device class: 2 a phone.
    pub major: u8,
    /// Minor device class.
    pub minor: u8,
    /// Bits of the service classes.
    pub service: u16,
}

/// The kind of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Serial port.
    Spp,
    /// Audio.
    A2dp,
}

/// Classic Bluetooth of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClassicFace {
    pub(crate) on: bool,
    pub(crate) name: Vec<u8>,
    pub(crate) class: Option<BtClass>,
    pub(crate) discoverable: bool,
    pub(crate) connectable: bool,
    /// Takes connections of a serial port.
    pub(crate) serial: bool,
    /// Takes connections for audio.
    pub(crate) audio: bool,
    pub(crate) inquiry: Vec<InquiryResponse>,
    pub(crate) io: IoCapability,
    /// Pairs by a PIN only, as devices older than Bluetooth 2.1.
    pub(crate) legacy: bool,
    /// The PIN that it takes without asking anybody.
    pub(crate) pin: Option<Vec<u8>>,
    /// The key that it shows.
    pub(crate) passkey: Option<u32>,
}

/// What one device does to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClassicSignal {
    /// It wants to connect; the other one has to agree by [`Medium::accept_classic`].
    Wants(Profile, Address),
    /// The connection is up; with this device. `true`: that one had asked for it.
    Connected(Profile, Address, bool),
    /// It was refused.
    Refused(Profile, Address),
    Disconnected(Profile, Address),
    Data(Vec<u8>),
    /// The module plays an address (`AT+BTA2DPSRC`).
    Plays(String),
    /// `AT+BTA2DPCTRL`
    Control(i64),
}

impl Medium {
    /// The device with this address whose Classic Bluetooth is on.
    pub(crate) fn classic(&self, address: Address) -> Option<RadioId> {
        self.radios.iter().position(|radio| radio.classic.on && radio.public == address)
    }

    /// Something that `from` does to the device with this address; `false` if there is none.
    pub(crate) fn tell_classic(&mut self, now: Duration, address: Address, signal: ClassicSignal) -> bool {
        let Some(to) = self.classic(address) else {
            return false;
        };
        self.deliver(now, to, Signal::Classic(signal));
        true
    }

    /// Asks the device with this address for a connection; `false` if it takes none.
    pub(crate) fn page(&mut self, now: Duration, from: RadioId, profile: Profile, address: Address) -> bool {
        let takes = self.classic(address).is_some_and(|radio| {
            let face = &self.radios[radio].classic;
            face.connectable && if profile == Profile::Spp { face.serial } else { face.audio }
        });
        let own = self.radios[from].public;
        takes && self.tell_classic(now, address, ClassicSignal::Wants(profile, own))
    }

    /// The connection is up on both sides.
    pub(crate) fn accept_classic(&mut self, now: Duration, by: RadioId, profile: Profile, address: Address) {
        let own = self.radios[by].public;
        // A module knows what it has just done.
        if self.radios[by].mind.is_some() {
            self.tell_classic(now, own, ClassicSignal::Connected(profile, address, true));
        }
        self.tell_classic(now, address, ClassicSignal::Connected(profile, own, false));
    }

    /// Whoever was connected to this device learns that it is gone.
    pub(super) fn drop_classic(&mut self, now: Duration, radio: RadioId) {
        if !self.radios[radio].classic.on {
            return;
        }
        let own = self.radios[radio].public;
        self.radios[radio].classic.on = false;
        for other in 0..self.radios.len() {
            for profile in [Profile::Spp, Profile::A2dp] {
                if other != radio {
                    let signal = ClassicSignal::Disconnected(profile, own);
                    self.deliver(now, other, Signal::Classic(signal));
                }
            }
        }
    }
}
