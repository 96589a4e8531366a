//! Links that may be gone although the module has not said so: after the loss of Wi-Fi, when no connect succeeds, and when
//! a reader waits for long.
//!
//! While Wi-Fi is away TCP links may end with `CLOSED` or without, and UDP links never do. So the module is asked which
//! links it has, and whatever it does not know has failed.

use super::exchange::Owner;
use super::socket::{LinkId, MAX_LINKS, Phase};
use super::{Core, End, Engine, Event, Moment};
use crate::at::{Fields, after_name};

/// What is known of links that may be gone.
#[derive(Debug)]
pub(crate) struct Suspects {
    /// When the module is asked next.
    check: Moment,
    /// That is because readers wait, and for no other reason.
    silent: bool,
    /// Bit n: the module did not know of link n the last time that it was asked for that reason.
    missing: u8,
    /// Bit n: link n was open when the module was asked.
    asked: u8,
    /// Bit n: the module has told of link n.
    known: u8,
    /// Connects in a row that the module has refused.
    refused: u8,
    /// No connect succeeds, and nothing else shows that Wi-Fi works.
    pub(crate) stale: bool,
}

impl Suspects {
    pub(super) const fn new() -> Self {
        Self { check: Moment::NEVER, silent: false, missing: 0, asked: 0, known: 0, refused: 0, stale: false }
    }
}

impl Core {
    fn has_open_socket(&self) -> bool {
        self.sockets.iter().any(|socket| socket.phase == Phase::Open && socket.up)
    }

    /// The station has lost its access point.
    pub(super) fn suspect_links(&mut self) {
        if self.has_open_socket() && (self.suspects.check == Moment::NEVER || self.suspects.silent) {
            (self.suspects.silent, self.suspects.missing) = (false, 0);
            self.suspects.check = self.after(self.config.address_limit);
        }
    }

    /// A reader waits. Nobody else would notice that its link is gone.
    pub(super) fn watch_links(&mut self) {
        if self.suspects.check == Moment::NEVER {
            self.suspects.silent = true;
            self.suspects.check = self.after(self.config.link_check);
        }
    }

    /// The station has an address.
    pub(super) fn hear_suspects(&mut self) {
        if self.suspects.check != Moment::NEVER && !self.suspects.silent {
            self.suspects.check = self.clock.now;
        }
    }

    /// Asks which links there are, if it is time.
    pub(super) fn begin_link_check(&mut self) -> bool {
        if !self.suspects.check.is_due(self.clock.now) {
            return false;
        }
        self.suspects.check = Moment::NEVER;
        let mut asked = 0;
        for socket in self.sockets.iter_mut() {
            let Some(link) = socket.link else { continue };
            if socket.phase != Phase::Open || !socket.up {
                continue;
            }
            if !socket.is_datagram() {
                asked |= 1u8 << link;
            } else if !self.suspects.silent && !self.station.has_address && self.radio & 2 == 0 {
                // The module would keep it for ever.
                socket.finish(End::Reset);
                self.orphans |= 1 << link;
                self.counters.lost_links = self.counters.lost_links.wrapping_add(1);
                self.history.publish(Event::LinkLost);
            }
        }
        (self.suspects.asked, self.suspects.known) = (asked, 0);
        let Some(query) = self.profile().link_queries.get(self.settings.link_query) else { return false };
        if asked == 0 {
            return false;
        }
        self.begin_own(Owner::Links, query, &[], self.config.command_timeout);
        true
    }

    /// A line of the answer. Gives whether it was expected.
    pub(super) fn note_link(&mut self) -> bool {
        let line = &self.ingress.line[..];
        let links = after_name(line, b"+CIPSTATE").or_else(|| after_name(line, b"+CIPSTATUS"));
        let link = links.and_then(|value| Fields::new(value).next()?.unsigned().ok());
        if let Some(link) = link.filter(|&link| link < MAX_LINKS as u32) {
            self.suspects.known |= 1 << link;
        }
        link.is_some() || after_name(line, b"STATUS").is_some()
    }

    /// The answer is over, or there was none.
    pub(super) fn link_check_done(&mut self, success: Option<bool>) {
        match success {
            Some(true) => self.lose_unknown_links(),
            // Which of the commands the firmware has is its own secret.
            Some(false) if self.settings.link_query + 1 < self.profile().link_queries.len() => {
                self.settings.link_query += 1;
                self.suspects.check = self.clock.now;
                return;
            }
            Some(false) => return,
            None => {}
        }
        if self.suspects.silent {
            if success.is_some() && self.suspects.missing != 0 {
                self.suspects.check = self.after(self.config.poll_interval);
            } else if self.sockets.iter().any(|socket| socket.phase == Phase::Open && socket.reading) {
                self.watch_links();
            }
        } else if self.has_open_socket() && (success.is_none() || !self.station.has_address) {
            self.suspects.check = self.after(self.config.address_limit);
        }
    }

    fn lose_unknown_links(&mut self) {
        let mut lost = self.suspects.asked & !self.suspects.known;
        if self.suspects.silent {
            // A line of the answer may have been damaged.
            let missing = lost;
            lost &= self.suspects.missing;
            self.suspects.missing = missing & !lost;
        }
        for link in 0..MAX_LINKS as LinkId {
            if lost >> link & 1 == 0 {
                continue;
            }
            if let Some(index) = self.socket_of(link)
                && self.sockets[index].phase == Phase::Open
            {
                self.sockets[index].finish(End::Reset);
                self.counters.lost_links = self.counters.lost_links.wrapping_add(1);
                self.history.publish(Event::LinkLost);
            }
        }
    }

    /// A connect has ended.
    pub(super) fn note_connect(&mut self, success: bool) {
        if success {
            (self.suspects.refused, self.suspects.stale) = (0, false);
            return;
        }
        self.suspects.refused += 1;
        if self.suspects.refused < self.config.failed_connects.max(1) {
            return;
        }
        self.suspects.refused = 0;
        // The module may have sockets that it has forgotten to end.
        for link in 0..MAX_LINKS as LinkId {
            if self.socket_of(link).is_none() && !self.user_links {
                self.disown(link);
            }
        }
        self.suspects.stale = !self.has_open_socket();
        self.history.publish(Event::ConnectsFail);
        self.waiters.wake();
    }
}

impl Engine<'_> {
    pub(super) fn link_check_deadline(&self) -> Moment {
        let core = &*self.core;
        if core.is_up() && core.is_wire_idle() { core.suspects.check } else { Moment::NEVER }
    }
}
