//! What other devices do to the module, and what it says of that.

use super::air::{Blufi, LinkId, Signal, quoted};
use super::gatt::Place;
use super::mind::own_numbers;
use super::{BleAction, BtAction};
use crate::engine::Mode;
use crate::script::Point;
use crate::simulator::Simulator;

use super::pairing::PairingStep;

impl Simulator {
    /// The air that the module's Bluetooth is in.
    #[must_use]
    pub fn air(&self) -> super::Air {
        self.bluetooth.air.clone()
    }

    pub(crate) fn ble_peer_acts(&mut self, name: &str, action: BleAction) {
        let (now, radio) = (self.now, self.bluetooth.radio);
        self.bluetooth.lock().ble_acts(now, radio, name, action);
    }

    pub(crate) fn bt_peer_acts(&mut self, name: &str, action: BtAction) {
        let (now, radio) = (self.now, self.bluetooth.radio);
        self.bluetooth.lock().bt_acts(now, radio, name, action);
    }

    pub(crate) fn on_bluetooth_timer(&mut self) {
        let (now, radio) = (self.now, self.bluetooth.radio);
        loop {
            let signal = self.bluetooth.lock().take(now, radio);
            let Some(signal) = signal else {
                break;
            };
            self.on_signal(signal);
        }
        self.on_scan_timer();
    }

    fn on_signal(&mut self, signal: Signal) {
        match signal {
            Signal::Connected(link) => self.on_client(link),
            Signal::Disconnected(link) => self.on_disconnected(link),
            Signal::Times(link, times) => {
                if let Some(index) = self.bluetooth.index_of(link) {
                    self.say_state(&Point::LinkState, &format!("+BLECONNPARAM:{index},{times}"));
                }
            }
            Signal::Read(link) => {
                let connection = self.bluetooth.index_of(link);
                let address = connection.and_then(|index| Some((index, self.bluetooth.connection(index)?.address)));
                if let Some((index, address)) = address {
                    self.say_state(&Point::LinkState, &format!("+READ:{index},{}", quoted(address)));
                }
            }
            Signal::Written(link, place, value) => self.on_written(link, place, &value),
            Signal::Pushed(link, place, value, indication) => self.on_pushed(link, place, &value, indication),
            Signal::Pairing(link, step) => self.on_pairing(link, step),
            Signal::Blufi(Blufi::Data(data)) => {
                if self.bluetooth.blufi.is_some() {
                    self.say_bytes(&format!("+BLUFIDATA:{},", data.len()), &data);
                }
            }
            Signal::Blufi(Blufi::Credentials(ssid, password)) => {
                if let Some(floor) = self.bluetooth.blufi {
                    self.join_by_blufi(ssid, password, floor);
                }
            }
            Signal::Classic(signal) => self.on_classic(signal),
            Signal::Report(..) => {}
        }
    }

    /// A line that ends in raw bytes.
    pub(super) fn say_bytes(&mut self, head: &str, data: &[u8]) {
        if self.mode.passes_through() {
            return;
        }
        let line = [head.as_bytes(), data, b"\r\n"].concat();
        self.emit_from(&Point::Message, &line, head.len());
    }

    fn on_client(&mut self, link: LinkId) {
        let free = self.bluetooth.connections.iter().position(Option::is_none);
        let Some(index) = free.filter(|_| self.awake()) else {
            let now = self.now;
            return self.bluetooth.lock().disconnect(now, link);
        };
        if self.bluetooth.blufi.is_some() && self.bluetooth.role == 0 {
            // BluFi keeps its connection for itself.
            return;
        }
        self.add_connection(index, link, false);
        self.tunnel_connected(index);
    }

    fn on_disconnected(&mut self, link: LinkId) {
        let Some(index) = self.bluetooth.index_of(link) else {
            if let Some(name) = self.bluetooth.blufi.map(|_| self.bluetooth.blufi_name.clone()) {
                self.advertise_service(&name, 0xffff);
            }
            return;
        };
        if let Some(connection) = self.bluetooth.connections[index].take() {
            let address = connection.address;
            self.say_state(&Point::LinkState, &format!("+BLEDISCONN:{index},{}", quoted(address)));
            if self.bluetooth.hid {
                let name = self.settings.bluetooth.name.clone();
                self.advertise_service(&name, 0x1812);
            }
            self.tunnel_disconnected(&connection, index);
        }
    }

    /// The values of `+BLECONNPARAM`.
    pub(crate) fn times_text(&self, index: usize) -> Option<String> {
        let link = self.bluetooth.connection(index)?.link;
        let times = self.bluetooth.air.look().link(link)?.times;
        Some(format!("{index},{times}"))
    }

    /// In passthrough a value that belongs to it is all that the host sees.
    fn passes_through_tunnel(&mut self, index: usize, place: Place, value: &[u8]) -> bool {
        let Mode::Tunnel(tunnel) = &self.mode else {
            return false;
        };
        if tunnel.takes(index, place) {
            self.emit(&Point::Data, value);
        }
        true
    }

    fn on_written(&mut self, link: LinkId, place: Place, value: &[u8]) {
        let Some(index) = self.bluetooth.index_of(link) else {
            return;
        };
        if self.passes_through_tunnel(index, place, value) {
            return;
        }
        let (service, characteristic, descriptor) = own_numbers(place);
        let descriptor = descriptor.map(|index| index.to_string()).unwrap_or_default();
        let value = self.low_energy_value(value);
        let head = format!("+WRITE:{index},{service},{characteristic},{descriptor},{},", value.len());
        self.say_bytes(&head, &value);
    }

    fn on_pushed(&mut self, link: LinkId, place: Place, value: &[u8], indication: bool) {
        let Some(index) = self.bluetooth.index_of(link) else {
            return;
        };
        if self.passes_through_tunnel(index, place, value) {
            return;
        }
        let radio = self.bluetooth.radio;
        let medium = self.bluetooth.air.look();
        let number = medium.remote(link, radio).and_then(|server| server.number_of(place.service));
        drop(medium);
        if let Some(service) = number {
            let name = if indication { "INDICATE" } else { "NOTIFY" };
            let value = self.low_energy_value(value);
            let head = format!("+{name}:{index},{service},{},{},", place.characteristic + 1, value.len());
            self.say_bytes(&head, &value);
        }
    }

    fn on_pairing(&mut self, link: LinkId, step: PairingStep) {
        let Some(index) = self.bluetooth.index_of(link) else {
            return;
        };
        let mut say = |line: String| self.say_state(&Point::LinkState, &line);
        match step {
            PairingStep::Asked => say(format!("+BLESECREQ:{index}")),
            PairingStep::Show(key) | PairingStep::Compare(key) => say(format!("+BLESECNTFYKEY:{index},{key:06}")),
            PairingStep::Type(true) => say(format!("+BLESECKEYREQ:{index}")),
            // Who has accepted a pairing knows that a key will be asked for.
            PairingStep::Type(false) => {}
            PairingStep::Done { good, keys, bonded } => self.on_paired(index, good, keys, bonded),
        }
    }

    fn on_paired(&mut self, index: usize, good: bool, keys: bool, bonded: bool) {
        let Some((address, central)) = self.bluetooth.connection(index).map(|found| (found.address, found.central))
        else {
            return;
        };
        if good && keys {
            let security = self.bluetooth.security;
            let (own, other) = if central {
                (security.init_keys, security.response_keys)
            } else {
                (security.response_keys, security.init_keys)
            };
            // Bits 0 and 1 are the keys that are exchanged: the other's have the numbers 1 and 2, the own ones 16 and 32.
            let kinds = if central { [2, 16, 1, 32] } else { [16, 1, 32, 2] };
            for kind in kinds {
                let there = match kind {
                    1 | 2 => other & kind != 0,
                    _ => own & (kind >> 4) != 0,
                };
                if there {
                    self.say_state(&Point::LinkState, &format!("+BLESECKEYTYPE:{index},{kind}"));
                }
            }
        }
        if bonded {
            self.settings.bluetooth.bonds.add(address);
            self.flash.bluetooth.bonds.add(address);
            self.publish_features();
        }
        let result = u8::from(!good);
        self.say_state(&Point::LinkState, &format!("+BLEAUTHCMPL:{index},{result}"));
    }

    pub(crate) fn publish_features(&mut self) {
        self.bluetooth.publish_features(&self.settings.bluetooth.bonds);
    }
}
