//! What peers do by themselves, and how they take what is done to them.

use super::air::{Advert, Blufi, LinkId, Medium, RadioId, Signal, Times};
use super::classic::ClassicSignal;
use super::gatt::{INDICATE, Place, STANDARD, Server};
use super::pairing::{IoCapability, PairingStep};
use super::peer::{BleAction, BlePeer, BleReceived, BtAction, BtPeer, BtReceived, PairingAnswer};
use core::time::Duration;

/// What plays a device that is no module.
#[derive(Debug)]
pub(crate) enum Mind {
    Ble(Box<BleMind>),
    Bt(Box<BtMind>),
}

#[derive(Debug)]
pub(crate) struct BleMind {
    pub(crate) name: String,
    pub(crate) received: Vec<BleReceived>,
    peer: BlePeer,
    link: Option<LinkId>,
}

#[derive(Debug)]
pub(crate) struct BtMind {
    pub(crate) name: String,
    pub(crate) received: Vec<BtReceived>,
    /// The module that it is connected with.
    partner: Option<[u8; 6]>,
}

impl BlePeer {
    fn advert(&self) -> Option<Advert> {
        let data = self.advertising.clone()?;
        Some(Advert {
            address: self.address,
            address_type: u8::from(self.random_address),
            data,
            response: self.scan_response.clone(),
            connectable: self.connectable,
            only: None,
            scannable: true,
        })
    }
}

/// A place in the own services of a device, from numbers that count from 1.
pub(crate) const fn own_place(service: usize, characteristic: usize, descriptor: Option<usize>) -> Option<Place> {
    if service == 0 || characteristic == 0 || matches!(descriptor, Some(0)) {
        return None;
    }
    let descriptor = match descriptor {
        Some(number) => Some(number - 1),
        None => None,
    };
    Some(Place { service: service - 1 + STANDARD, characteristic: characteristic - 1, descriptor })
}

/// The numbers of a place, counted from 1; 0 for the standard services.
pub(crate) fn own_numbers(place: Place) -> (usize, usize, Option<usize>) {
    let service = (place.service + 1).saturating_sub(STANDARD);
    (service, place.characteristic + 1, place.descriptor.map(|index| index + 1))
}

impl Medium {
    pub(crate) fn add_ble_peer(&mut self, peer: BlePeer) {
        let server = Server::new(peer.name.as_bytes(), peer.services.clone());
        let (address, rssi, advert, mtu) = (peer.address, peer.rssi, peer.advert(), peer.largest_mtu);
        let features = super::pairing::Features {
            auth_req: peer.auth_req,
            io: peer.io,
            static_key: peer.shows,
            ..Default::default()
        };
        let (name, received) = (peer.name.clone(), Vec::new());
        let mind = Mind::Ble(Box::new(BleMind { name, received, peer, link: None }));
        let id = self.add(address, server, Some(mind));
        let radio = &mut self.radios[id];
        radio.rssi = rssi;
        radio.advert = advert;
        radio.largest_mtu = mtu.clamp(23, 517);
        radio.features = features;
    }

    pub(crate) fn add_bt_peer(&mut self, peer: BtPeer) {
        let mind = BtMind { name: peer.name, received: Vec::new(), partner: None };
        let id = self.add(peer.address, Server::default(), Some(Mind::Bt(Box::new(mind))));
        let face = &mut self.radios[id].classic;
        face.on = true;
        face.name = peer.device_name.into_bytes();
        face.class = peer.class;
        face.discoverable = !peer.inquiry.is_empty();
        face.connectable = true;
        face.inquiry = peer.inquiry;
        face.serial = peer.serial;
        face.audio = peer.audio;
        face.io = peer.io;
        face.legacy = peer.legacy;
        face.pin = peer.pin.map(String::into_bytes);
        face.passkey = peer.passkey;
    }

    pub(crate) fn ble_mind(&mut self, name: &str) -> Option<&mut BleMind> {
        self.radios.iter_mut().find_map(|radio| match &mut radio.mind {
            Some(Mind::Ble(mind)) if mind.name == name => Some(&mut **mind),
            _ => None,
        })
    }

    pub(crate) fn bt_mind(&mut self, name: &str) -> Option<&mut BtMind> {
        self.radios.iter_mut().find_map(|radio| match &mut radio.mind {
            Some(Mind::Bt(mind)) if mind.name == name => Some(&mut **mind),
            _ => None,
        })
    }

    fn ble_at(&mut self, radio: RadioId) -> Option<&mut BleMind> {
        match &mut self.radios[radio].mind {
            Some(Mind::Ble(mind)) => Some(mind),
            _ => None,
        }
    }

    /// A peer gets what was done to it.
    pub(crate) fn react(&mut self, now: Duration, id: RadioId, signal: &Signal) {
        match &self.radios[id].mind {
            Some(Mind::Ble(_)) => self.react_ble(now, id, signal),
            Some(Mind::Bt(_)) => {
                if let Signal::Classic(signal) = signal {
                    self.react_bt(now, id, signal);
                }
            }
            None => {}
        }
    }

    fn react_ble(&mut self, now: Duration, id: RadioId, signal: &Signal) {
        let Some(mind) = self.ble_at(id) else {
            return;
        };
        match signal {
            Signal::Connected(link) => {
                mind.link = Some(*link);
                mind.received.push(BleReceived::Connected);
                for interval in mind.peer.intervals.clone() {
                    self.set_interval(now, *link, interval);
                }
            }
            Signal::Disconnected(_) => {
                mind.link = None;
                mind.received.push(BleReceived::Disconnected);
                self.radios[id].advert = self.ble_at(id).and_then(|mind| mind.peer.advert());
            }
            Signal::Written(_, place, value) => {
                let (service, characteristic, descriptor) = own_numbers(*place);
                let value = value.clone();
                mind.received.push(BleReceived::Written { service, characteristic, descriptor, value });
            }
            Signal::Pushed(_, place, value, indication) => {
                let (service, characteristic, _) = own_numbers(*place);
                let (value, indication) = (value.clone(), *indication);
                mind.received.push(BleReceived::Pushed { service, characteristic, value, indication });
            }
            Signal::Report(_, report) => mind.received.push(BleReceived::Report(report.clone())),
            Signal::Blufi(Blufi::Data(data)) => mind.received.push(BleReceived::Blufi(data.clone())),
            Signal::Pairing(link, step) => self.react_to_pairing(now, id, *link, *step),
            Signal::Blufi(Blufi::Credentials(..)) | Signal::Read(_) | Signal::Times(..) | Signal::Classic(_) => {}
        }
    }

    fn react_to_pairing(&mut self, now: Duration, id: RadioId, link: LinkId, step: PairingStep) {
        let Some(mind) = self.ble_at(id) else {
            return;
        };
        let (answer, types) = (mind.peer.pairing, mind.peer.types);
        match step {
            PairingStep::Asked => {
                mind.received.push(BleReceived::PairingRequest);
                if answer != PairingAnswer::Ask {
                    self.answer_pairing(now, link, id, answer == PairingAnswer::Accept);
                }
            }
            PairingStep::Show(key) => mind.received.push(BleReceived::Passkey(key)),
            PairingStep::Compare(number) => {
                mind.received.push(BleReceived::Passkey(number));
                if answer != PairingAnswer::Ask {
                    self.confirm_number(now, link, id, answer == PairingAnswer::Accept);
                }
            }
            PairingStep::Type(_) => {
                if let Some(key) = types {
                    self.type_passkey(now, link, id, key);
                }
            }
            PairingStep::Done { good, .. } => mind.received.push(BleReceived::Paired(good)),
        }
    }

    fn set_interval(&mut self, now: Duration, link: LinkId, interval: u16) {
        if let Some(times) = self.link(link).map(|link| link.times) {
            self.set_times(now, link, Times { current: interval.into(), ..times });
        }
    }

    /// A peer with this name does something to the module.
    pub(crate) fn ble_acts(&mut self, now: Duration, module: RadioId, name: &str, action: BleAction) {
        let named = |radio: &super::air::Radio| matches!(&radio.mind, Some(Mind::Ble(mind)) if mind.name == name);
        let Some(id) = self.radios.iter().position(named) else {
            return;
        };
        let Some(mind) = self.ble_at(id) else {
            return;
        };
        let (own, link) = (mind.peer.address, mind.link);
        match action {
            BleAction::Advertise(on) => {
                mind.peer.advertising = on.then(|| mind.peer.advertising.take().unwrap_or_default());
                let advert = mind.peer.advert().filter(|_| link.is_none());
                self.radios[id].advert = advert;
            }
            BleAction::Signal(rssi) => self.radios[id].rssi = rssi,
            BleAction::Connect => {
                let advert = self.radios[module].advert.as_ref().filter(|_| link.is_none());
                let takes = advert.is_some_and(|at| at.connectable && at.only.is_none_or(|only| only == own));
                if takes {
                    self.radios[id].advert = None;
                    self.connect(now, (id, own), module);
                }
            }
            _ => {
                if let Some(link) = link {
                    self.ble_acts_connected(now, (id, module), link, action);
                }
            }
        }
    }

    fn ble_acts_connected(&mut self, now: Duration, (id, module): (RadioId, RadioId), link: LinkId, action: BleAction) {
        match action {
            BleAction::Disconnect => self.disconnect(now, link),
            BleAction::Read { service, characteristic } => {
                let place = own_place(service, characteristic, None);
                if let Some(value) = place.and_then(|place| self.read(now, link, id, place))
                    && let Some(mind) = self.ble_at(id)
                {
                    mind.received.push(BleReceived::Value(value));
                }
            }
            BleAction::Write { service, characteristic, descriptor, value } => {
                if let Some(place) = own_place(service, characteristic, descriptor) {
                    self.write(now, link, id, place, &value);
                }
            }
            BleAction::Subscribe { service, characteristic } => {
                let Some(place) = own_place(service, characteristic, None) else {
                    return;
                };
                let server = &self.radios[module].server;
                let indicates = server.characteristic(place).is_some_and(|found| found.can(INDICATE));
                if let Some(place) = server.configuration(place) {
                    self.write(now, link, id, place, if indicates { &[2, 0] } else { &[1, 0] });
                }
            }
            BleAction::Notify { service, characteristic, value } => {
                let Some(place) = own_place(service, characteristic, None) else {
                    return;
                };
                let found = self.radios[id].server.characteristic(place);
                let indication = found.is_some_and(|found| found.can(INDICATE));
                self.push(now, link, id, place, &value, indication);
            }
            BleAction::Interval(interval) => self.set_interval(now, link, interval),
            BleAction::Mtu(mtu) => {
                let most = self.radios[id].largest_mtu;
                if let Some(link) = self.link_mut(link) {
                    link.mtu = mtu.clamp(23, most);
                }
            }
            BleAction::Pair(mitm) => {
                self.ask_for_pairing(now, link, id, if mitm { 3 } else { 2 });
            }
            BleAction::AnswerPairing(accept) => {
                self.answer_pairing(now, link, id, accept);
            }
            BleAction::TypePasskey(key) => {
                self.type_passkey(now, link, id, key);
            }
            BleAction::ConfirmNumber(same) => {
                self.confirm_number(now, link, id, same);
            }
            BleAction::BlufiCredentials { ssid, password } => {
                self.deliver(now, module, Signal::Blufi(Blufi::Credentials(ssid, password)));
            }
            BleAction::BlufiData(data) => self.deliver(now, module, Signal::Blufi(Blufi::Data(data))),
            BleAction::Advertise(_) | BleAction::Signal(_) | BleAction::Connect => {}
        }
    }

    fn react_bt(&mut self, now: Duration, id: RadioId, signal: &ClassicSignal) {
        if let ClassicSignal::Wants(profile, from) = signal {
            let module = self.classic(*from);
            let agrees = module.is_some_and(|module| self.pairs_by_itself(id, module));
            if agrees {
                self.accept_classic(now, id, *profile, *from);
            } else {
                let own = self.radios[id].public;
                self.tell_classic(now, *from, ClassicSignal::Refused(*profile, own));
            }
            return;
        }
        let Some(Mind::Bt(mind)) = &mut self.radios[id].mind else {
            return;
        };
        let received = match signal {
            ClassicSignal::Connected(profile, with, _) => {
                mind.partner = Some(*with);
                BtReceived::Connected(*profile)
            }
            ClassicSignal::Disconnected(profile, from) if mind.partner == Some(*from) => {
                mind.partner = None;
                BtReceived::Disconnected(*profile)
            }
            ClassicSignal::Refused(profile, _) => BtReceived::Refused(*profile),
            ClassicSignal::Data(data) => BtReceived::Data(data.clone()),
            ClassicSignal::Plays(url) => BtReceived::Plays(url.clone()),
            ClassicSignal::Control(code) => BtReceived::Control(*code),
            ClassicSignal::Wants(..) | ClassicSignal::Disconnected(..) => return,
        };
        mind.received.push(received);
    }

    /// Whether two devices come together without anybody who types.
    pub(crate) fn pairs_by_itself(&self, first: RadioId, second: RadioId) -> bool {
        let (a, b) = (&self.radios[first].classic, &self.radios[second].classic);
        if a.legacy || b.legacy {
            return a.pin.is_some() && a.pin == b.pin;
        }
        !matches!(a.io, IoCapability::KeyboardOnly) && !matches!(b.io, IoCapability::KeyboardOnly)
            || matches!(a.io, IoCapability::NoInputNoOutput)
            || matches!(b.io, IoCapability::NoInputNoOutput)
    }

    /// A peer with this name does something to the module.
    pub(crate) fn bt_acts(&mut self, now: Duration, module: RadioId, name: &str, action: BtAction) {
        let named = |radio: &super::air::Radio| matches!(&radio.mind, Some(Mind::Bt(mind)) if mind.name == name);
        let Some(id) = self.radios.iter().position(named) else {
            return;
        };
        let (own, to) = (self.radios[id].public, self.radios[module].public);
        match action {
            BtAction::Connect(profile) => {
                self.page(now, id, profile, to);
            }
            BtAction::Disconnect(profile) => {
                let connected =
                    self.bt_mind(name).is_some_and(|mind| mind.partner.take_if(|with| *with == to).is_some());
                if connected {
                    self.tell_classic(now, to, ClassicSignal::Disconnected(profile, own));
                }
            }
            BtAction::Send(data) => {
                if self.bt_mind(name).is_some_and(|mind| mind.partner == Some(to)) {
                    self.tell_classic(now, to, ClassicSignal::Data(data));
                }
            }
        }
    }
}
