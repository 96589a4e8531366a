//! Classic Bluetooth of the module: serial port and audio, and the pairing before them.

use super::BluetoothJob;
use super::air::{Address, quoted};
use super::classic::{ClassicSignal, Profile};
use super::pairing::IoCapability;
use crate::command::Reply;
use crate::engine::{Job, Mode};
use crate::request::Code;
use crate::script::Point;
use crate::simulator::Simulator;
use core::time::Duration;

/// After so long a device that does not answer is given up.
const PAGE_TIMEOUT: Duration = Duration::from_secs(5);

/// What the host has to say before a connection comes about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// `AT+BTKEYREPLY`
    Passkey(Option<u32>),
    /// `AT+BTPINREPLY`
    Pin(Option<Vec<u8>>),
    /// `AT+BTSECCFM`
    Confirm,
}

/// Classic Bluetooth until the module restarts.
#[derive(Debug, Default)]
pub(crate) struct Classic {
    /// `AT+BTINIT`
    pub(crate) on: bool,
    /// `AT+BTSPPINIT`
    pub(crate) serial_role: i64,
    /// `AT+BTSPPSTART`
    pub(crate) serial_started: bool,
    /// The other end of the serial port.
    pub(crate) serial: Option<Address>,
    /// `AT+BTA2DPINIT`
    pub(crate) audio_role: i64,
    /// The other end of the audio connection.
    pub(crate) audio: Option<Address>,
    /// `AT+BTA2DPSRC`
    pub(crate) source: Option<String>,
    /// `AT+BTSECPARAM`
    pub(crate) security: ClassicSecurity,
    /// Someone waits for an answer of the host.
    pub(crate) question: Option<(Profile, Address, Question)>,
    pub(crate) power: Option<(i64, i64)>,
}

/// `AT+BTSECPARAM`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClassicSecurity {
    pub(crate) io: i64,
    pub(crate) fixed_pin: bool,
    pub(crate) pin: Vec<u8>,
}

impl Default for ClassicSecurity {
    fn default() -> Self {
        Self { io: 3, fixed_pin: false, pin: Vec::new() }
    }
}

impl Simulator {
    /// Tells the air what the module's Classic Bluetooth is like.
    pub(crate) fn publish_classic(&mut self) {
        let stored = &self.settings.bluetooth;
        let classic = &self.bluetooth.classic;
        let mut medium = self.bluetooth.lock();
        let face = &mut medium.radios[self.bluetooth.radio].classic;
        face.on = classic.on;
        face.name.clone_from(&stored.classic_name);
        face.discoverable = matches!(stored.classic_mode, 2 | 3);
        face.connectable = matches!(stored.classic_mode, 1 | 2);
        face.serial = classic.serial_role == 2 && classic.serial_started;
        face.audio = classic.audio_role != 0;
        face.io = IoCapability::from_code(classic.security.io);
        face.pin = classic.security.fixed_pin.then(|| classic.security.pin.clone());
    }

    /// Asks another device for a connection; the answer ends the command.
    pub(crate) fn page(&mut self, profile: Profile, address: Address) -> Reply {
        let (now, radio) = (self.now, self.bluetooth.radio);
        let there = self.bluetooth.lock().page(now, radio, profile, address);
        let wait = if there { PAGE_TIMEOUT + self.latency.bluetooth } else { PAGE_TIMEOUT };
        self.run(Job::Bluetooth(BluetoothJob::Page(profile, address)), Some(now + wait))
    }

    pub(super) fn fail_page(&mut self, profile: Profile, address: Address) {
        let (now, own) = (self.now, self.bluetooth.public);
        self.bluetooth.lock().tell_classic(now, address, ClassicSignal::Disconnected(profile, own));
        let name = name_of(profile);
        self.emit(&Point::Information, format!("+BT{name}CONN:0,-1\r\n").as_bytes());
        self.finish_error(Code::Failed);
    }

    pub(super) fn on_classic(&mut self, signal: ClassicSignal) {
        if !self.bluetooth.classic.on {
            return;
        }
        match signal {
            ClassicSignal::Wants(profile, from) => self.on_wish(profile, from),
            ClassicSignal::Connected(profile, with, asked) => self.on_classic_connected(profile, with, asked),
            ClassicSignal::Refused(profile, from) => {
                if self.end_page(profile, from) {
                    self.fail_page(profile, from);
                }
            }
            ClassicSignal::Disconnected(profile, from) => {
                let waits = |question: &mut (Profile, Address, Question)| (question.0, question.1) == (profile, from);
                self.bluetooth.classic.question.take_if(waits);
                let end = self.end_of(profile);
                if end.take_if(|with| *with == from).is_some() {
                    self.say_classic_gone(profile, from);
                }
            }
            ClassicSignal::Data(data) => match &self.mode {
                Mode::Tunnel(tunnel) if tunnel.is_serial() => self.emit(&Point::Data, &data),
                _ => self.say_bytes(&format!("+BTDATA:{},", data.len()), &data),
            },
            ClassicSignal::Plays(_) | ClassicSignal::Control(_) => {}
        }
    }

    pub(crate) const fn end_of(&mut self, profile: Profile) -> &mut Option<Address> {
        match profile {
            Profile::Spp => &mut self.bluetooth.classic.serial,
            Profile::A2dp => &mut self.bluetooth.classic.audio,
        }
    }

    /// Someone wants to connect.
    fn on_wish(&mut self, profile: Profile, from: Address) {
        let taken = self.end_of(profile).is_some() || self.bluetooth.classic.question.is_some();
        let known = self.settings.bluetooth.classic_bonds.addresses().any(|(_, address)| address == from);
        let question = if known { None } else { self.question_for(from) };
        let (now, radio) = (self.now, self.bluetooth.radio);
        if taken {
            let own = self.bluetooth.public;
            self.bluetooth.lock().tell_classic(now, from, ClassicSignal::Refused(profile, own));
        } else if let Some(question) = question {
            self.bluetooth.classic.question = Some((profile, from, question));
        } else {
            self.bluetooth.lock().accept_classic(now, radio, profile, from);
            self.on_classic_connected(profile, from, true);
        }
    }

    /// What the host has to answer before this device may connect.
    fn question_for(&self, from: Address) -> Option<Question> {
        let medium = self.bluetooth.air.look();
        let own = self.bluetooth.radio;
        let other = medium.classic(from)?;
        if medium.pairs_by_itself(own, other) && !self.compares(medium.radios[other].classic.io) {
            return None;
        }
        let face = &medium.radios[other].classic;
        if face.legacy {
            return Some(Question::Pin(face.pin.clone()));
        }
        Some(if self.compares(face.io) { Question::Confirm } else { Question::Passkey(face.passkey) })
    }

    /// Both show a number and take yes or no.
    fn compares(&self, other: IoCapability) -> bool {
        let yes_no = |io: IoCapability| matches!(io, IoCapability::DisplayYesNo | IoCapability::KeyboardDisplay);
        yes_no(IoCapability::from_code(self.bluetooth.classic.security.io)) && yes_no(other)
    }

    /// The host has answered; `right` says whether that was the answer.
    pub(crate) fn answer_question(&mut self, right: bool) {
        let Some((profile, from, _)) = self.bluetooth.classic.question.take() else {
            return;
        };
        let (now, radio, own) = (self.now, self.bluetooth.radio, self.bluetooth.public);
        let mut medium = self.bluetooth.lock();
        if right {
            medium.accept_classic(now, radio, profile, from);
            drop(medium);
            self.on_classic_connected(profile, from, true);
        } else {
            medium.tell_classic(now, from, ClassicSignal::Refused(profile, own));
        }
    }

    fn on_classic_connected(&mut self, profile: Profile, with: Address, asked: bool) {
        let own = self.end_page(profile, with);
        if !own && !asked {
            // It comes too late; the other side knows that this one has given up.
            return;
        }
        *self.end_of(profile) = Some(with);
        self.settings.bluetooth.classic_bonds.add(with);
        self.flash.bluetooth.classic_bonds.add(with);
        let line = format!("+BT{}CONN:0,{}", name_of(profile), quoted(with));
        match profile {
            // ESP-AT 4.9.4 has the line in front of OK, 3.5.12 behind it.
            Profile::Spp => {
                self.say_state(&Point::LinkState, &line);
                if own {
                    self.finish_ok();
                }
            }
            Profile::A2dp => {
                if own {
                    self.finish_ok();
                }
                self.say_state(&Point::LinkState, &line);
            }
        }
    }

    /// Whether the running command has waited for this device.
    fn end_page(&mut self, profile: Profile, with: Address) -> bool {
        let job = self.running.take_if(|running| {
            matches!(&running.job, Job::Bluetooth(BluetoothJob::Page(kind, address)) if (*kind, *address) == (profile, with))
        });
        job.is_some()
    }

    /// Ends a connection; the other side is told.
    pub(crate) fn end_classic(&mut self, profile: Profile) -> Option<Address> {
        let with = self.end_of(profile).take()?;
        let (now, own) = (self.now, self.bluetooth.public);
        self.bluetooth.lock().tell_classic(now, with, ClassicSignal::Disconnected(profile, own));
        Some(with)
    }

    pub(crate) fn say_classic_gone(&mut self, profile: Profile, with: Address) {
        let line = format!("+BT{}DISCONN:0,{}", name_of(profile), quoted(with));
        self.say_state(&Point::LinkState, &line);
    }
}

/// In the names of commands.
pub(crate) const fn name_of(profile: Profile) -> &'static str {
    match profile {
        Profile::Spp => "SPP",
        Profile::A2dp => "A2DP",
    }
}
