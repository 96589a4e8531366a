//! Pairing of two Bluetooth LE devices: who shows a passkey, who types it, when they are bonded.

use super::air::{Address, LinkId, Medium, RadioId, Signal};
use core::time::Duration;

/// Bonding is wanted.
const BOND: u8 = 1;
/// Protection against a man in the middle is wanted.
const MITM: u8 = 4;
/// Secure connections.
const SECURE: u8 = 8;

/// What a device can show and take in, as `AT+BLESECPARAM` codes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IoCapability {
    /// It shows a key.
    DisplayOnly,
    /// It shows a key, and takes yes or no.
    DisplayYesNo,
    /// A key can be typed.
    KeyboardOnly,
    /// Neither.
    #[default]
    NoInputNoOutput,
    /// Both.
    KeyboardDisplay,
}

impl IoCapability {
    /// The capability with this number; `NoInputNoOutput` for others.
    pub(crate) const fn from_code(code: i64) -> Self {
        match code {
            0 => Self::DisplayOnly,
            1 => Self::DisplayYesNo,
            2 => Self::KeyboardOnly,
            4 => Self::KeyboardDisplay,
            _ => Self::NoInputNoOutput,
        }
    }

    const fn shows(self) -> bool {
        matches!(self, Self::DisplayOnly | Self::DisplayYesNo | Self::KeyboardDisplay)
    }

    const fn types(self) -> bool {
        matches!(self, Self::KeyboardOnly | Self::KeyboardDisplay)
    }

    const fn compares(self) -> bool {
        matches!(self, Self::DisplayYesNo | Self::KeyboardDisplay)
    }
}

/// What a device brings to a pairing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Features {
    pub(crate) auth_req: u8,
    pub(crate) io: IoCapability,
    /// A pairing that is weaker than wanted ends the connection.
    pub(crate) strict: bool,
    /// The passkey that it shows.
    pub(crate) static_key: Option<u32>,
    pub(crate) bonds: Vec<Address>,
}

/// What a device learns of a pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PairingStep {
    /// The other one asks for it.
    Asked,
    /// Show this passkey.
    Show(u32),
    /// Show this number, and ask whether it is the same on the other device.
    Compare(u32),
    /// The passkey is to be typed; `true`: this device had asked for the pairing.
    Type(bool),
    Done {
        good: bool,
        /// Keys went from one to the other.
        keys: bool,
        /// There is a bond now.
        bonded: bool,
    },
}

/// A pairing that goes on.
#[derive(Debug)]
pub(crate) struct Pairing {
    asker: RadioId,
    mitm: bool,
    passkey: Option<u32>,
    /// They still have to type, or to say yes.
    waiting: Vec<RadioId>,
    accepted: bool,
}

enum Method {
    JustWorks,
    Compare,
    /// Who shows; who types.
    Passkey(Option<RadioId>, Vec<RadioId>),
}

impl Medium {
    /// A device asks for encryption; `action` as in `AT+BLEENC`. `false` if a pairing goes on.
    pub(crate) fn ask_for_pairing(&mut self, now: Duration, id: LinkId, asker: RadioId, action: i64) -> bool {
        let Some(link) = self.link(id).filter(|link| link.pairing.is_none()) else {
            return false;
        };
        let other = link.other(asker);
        let knows = |a: RadioId, b: RadioId| self.radios[a].features.bonds.contains(&link.other_address(a)) && a != b;
        let bonded = knows(asker, other) && knows(other, asker);
        let mitm = action == 3;
        let pairing = Pairing { asker, mitm, passkey: None, waiting: Vec::new(), accepted: false };
        if let Some(link) = self.link_mut(id) {
            link.pairing = Some(pairing);
        }
        if bonded {
            self.end_pairing(now, id, true, false);
        } else {
            self.deliver(now, other, Signal::Pairing(id, PairingStep::Asked));
        }
        true
    }

    /// The answer to [`PairingStep::Asked`]; `false` if nobody asked.
    pub(crate) fn answer_pairing(&mut self, now: Duration, id: LinkId, by: RadioId, accept: bool) -> bool {
        let Some(link) = self.link_mut(id) else {
            return false;
        };
        let (central, peripheral) = (link.central, link.peripheral);
        let Some(pairing) = link.pairing.as_mut().filter(|pairing| pairing.asker != by && !pairing.accepted) else {
            return false;
        };
        pairing.accepted = true;
        let asker = pairing.asker;
        if !accept {
            self.end_pairing(now, id, false, false);
            return true;
        }
        match self.method(id, central, peripheral) {
            Method::JustWorks => self.end_pairing(now, id, true, true),
            Method::Compare => {
                let number = self.new_passkey(None);
                self.wait_for(id, Some(number), vec![central, peripheral]);
                for radio in [central, peripheral] {
                    self.deliver(now, radio, Signal::Pairing(id, PairingStep::Compare(number)));
                }
            }
            Method::Passkey(shower, typers) => {
                let key = shower.map(|radio| self.new_passkey(Some(radio)));
                self.wait_for(id, key, typers.clone());
                if let (Some(shower), Some(key)) = (shower, key) {
                    self.deliver(now, shower, Signal::Pairing(id, PairingStep::Show(key)));
                }
                for typer in typers {
                    self.deliver(now, typer, Signal::Pairing(id, PairingStep::Type(typer == asker)));
                }
            }
        }
        true
    }

    /// A passkey was typed; `false` if none is waited for.
    pub(crate) fn type_passkey(&mut self, now: Duration, id: LinkId, by: RadioId, key: u32) -> bool {
        let Some(pairing) = self.link_mut(id).and_then(|link| link.pairing.as_mut()) else {
            return false;
        };
        if !pairing.waiting.contains(&by) {
            return false;
        }
        let right = *pairing.passkey.get_or_insert(key) == key;
        self.one_has_answered(now, id, by, right);
        true
    }

    /// Whether the numbers are the same; `false` if that was not asked.
    pub(crate) fn confirm_number(&mut self, now: Duration, id: LinkId, by: RadioId, same: bool) -> bool {
        let pairing = self.link(id).and_then(|link| link.pairing.as_ref());
        let asked = pairing.is_some_and(|pairing| pairing.waiting.contains(&by));
        if asked {
            self.one_has_answered(now, id, by, same);
        }
        asked
    }

    fn one_has_answered(&mut self, now: Duration, id: LinkId, by: RadioId, good: bool) {
        let Some(pairing) = self.link_mut(id).and_then(|link| link.pairing.as_mut()) else {
            return;
        };
        pairing.waiting.retain(|radio| *radio != by);
        if !good || pairing.waiting.is_empty() {
            self.end_pairing(now, id, good, true);
        }
    }

    fn wait_for(&mut self, id: LinkId, passkey: Option<u32>, waiting: Vec<RadioId>) {
        if let Some(pairing) = self.link_mut(id).and_then(|link| link.pairing.as_mut()) {
            pairing.passkey = passkey;
            pairing.waiting = waiting;
        }
    }

    /// Six digits, the first one not 0.
    pub(crate) fn new_passkey(&mut self, shower: Option<RadioId>) -> u32 {
        let fixed = shower.and_then(|radio| self.radios[radio].features.static_key);
        fixed.unwrap_or_else(|| {
            self.passkeys = self.passkeys.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            100_000 + (self.passkeys >> 8) % 900_000
        })
    }

    fn method(&self, id: LinkId, central: RadioId, peripheral: RadioId) -> Method {
        let features = |radio: RadioId| &self.radios[radio].features;
        let (first, second) = (features(central), features(peripheral));
        let demanded = self.link(id).and_then(|link| link.pairing.as_ref()).is_some_and(|pairing| pairing.mitm);
        if !demanded && (first.auth_req | second.auth_req) & MITM == 0 {
            return Method::JustWorks;
        }
        let secure = first.auth_req & second.auth_req & SECURE != 0;
        let (a, b) = (first.io, second.io);
        if secure && a.compares() && b.compares() {
            Method::Compare
        } else if a.types() && b.types() && !a.shows() && !b.shows() {
            Method::Passkey(None, vec![central, peripheral])
        } else if a.shows() && b.types() {
            Method::Passkey(Some(central), vec![peripheral])
        } else if b.shows() && a.types() {
            Method::Passkey(Some(peripheral), vec![central])
        } else {
            Method::JustWorks
        }
    }

    fn end_pairing(&mut self, now: Duration, id: LinkId, good: bool, keys: bool) {
        let Some(link) = self.link_mut(id) else {
            return;
        };
        let Some(pairing) = link.pairing.take() else {
            return;
        };
        link.encrypted |= good;
        let protected = pairing.passkey.is_some() || !keys;
        let both = [link.central, link.peripheral];
        let addresses = both.map(|radio| link.other_address(radio));
        let wants = |radio: RadioId| self.radios[radio].features.auth_req & BOND != 0;
        let bonded = good && keys && both.into_iter().all(wants);
        let too_weak = |radio: RadioId| {
            let features = &self.radios[radio].features;
            features.strict && !protected && (features.auth_req & MITM != 0 || pairing.mitm && pairing.asker == radio)
        };
        let weak = good && both.into_iter().any(too_weak);
        for (radio, address) in both.into_iter().zip(addresses) {
            let known = self.radios[radio].features.bonds.contains(&address);
            // A module keeps its bonds in flash.
            if bonded && !weak && self.radios[radio].mind.is_some() && !known {
                self.radios[radio].features.bonds.push(address);
            }
            let step = PairingStep::Done { good: good && !weak, keys, bonded: bonded && !weak };
            self.deliver(now, radio, Signal::Pairing(id, step));
        }
        if weak {
            self.disconnect(now, id);
        }
    }
}
