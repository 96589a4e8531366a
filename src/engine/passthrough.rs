//! Passthrough: the serial line carries the bytes of one connection, and nothing else.
//!
//! The user's future sends the commands that lead into it. From the prompt on the ingress takes all for data, until
//! `+++` between two silences has led out again and the settings of several links are back.

use core::net::SocketAddr;
use core::task::{Context, Poll};

use embassy_time::{Duration, Instant};

use super::life::Life;
use super::socket::{End, Kind, LinkId, Phase};
use super::{Core, Engine, NEVER, ServerState, after};
use crate::at::after_name;
use crate::net::tcp;
use crate::recovery::ResetCause;

/// Where the way into passthrough or out of it has got to. The number is that of the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passthrough {
    Off,
    /// A user's future makes its way in, or has got there.
    Wanted(usize),
    /// Nobody wants it any more. What was written is still sent until then.
    Unwanted(usize, Instant),
}

/// What leads back to commands. The first is there to end whatever the module has made of `+++`.
const WAY_BACK: [&str; 4] = ["AT", "AT+CIPMODE?", "AT+CIPMODE=0", "AT+CIPCLOSE"];
/// The first of them that is needed when there was no data yet.
const WITHOUT_DATA: usize = 2;

/// How soon a blank comes that belongs to the prompt.
const PROMPT_BLANK_LIMIT: Duration = Duration::from_millis(10);

impl Core {
    /// Takes a place in the socket table for passthrough, once no link is left. `None` while users have any, or a
    /// server.
    pub(crate) fn begin_passthrough(
        &mut self,
        remote: SocketAddr,
        context: &Context<'_>,
    ) -> Poll<Option<(usize, u16, LinkId)>> {
        let mut links = self.sockets.iter().filter(|socket| socket.is_live()).peekable();
        let going = links.peek().is_some() || self.orphans != 0 || self.server.state != ServerState::Off;
        let held = links.any(|socket| socket.held && !socket.closing) || self.server.held || self.user_links;
        let ready = self.is_up() && self.passthrough == Passthrough::Off;
        if ready && held {
            return Poll::Ready(None);
        }
        let Some(index) = self.free_place().filter(|_| ready && !going) else {
            self.waiters.register(context.waker());
            return Poll::Pending;
        };
        self.sockets[index].claim(Kind::Passthrough, 0, Some(remote));
        self.passthrough = Passthrough::Wanted(index);
        Poll::Ready(Some((index, self.sockets[index].generation, 0)))
    }

    /// The user is done with it, or has given up on the way.
    pub(crate) fn leave_passthrough(&mut self) {
        if let Passthrough::Wanted(index) = self.passthrough {
            self.passthrough = Passthrough::Unwanted(index, after(self.clock, self.config.send_timeout));
            self.runner.wake();
        }
    }

    /// Whether a link of several receives passively, and by which command this ends.
    pub(crate) fn passive_command(&self) -> Option<&'static str> {
        use super::ActiveReceive::{Fixed, Link, Module};
        self.settings.passive.then_some(match self.settings.active {
            Link(name) | Module(name) => name,
            Fixed => "AT+CIPRECVMODE",
        })
    }

    /// The module asks for data: is it all that it will ask for?
    pub(super) fn passthrough_begins(&mut self, now: Instant) {
        if self.passthrough != Passthrough::Off && self.user.command.starts_with(b"AT+CIPSEND\r") {
            self.life = Life::Passthrough;
            self.ingress.set_raw(after(now, PROMPT_BLANK_LIMIT));
        }
    }

    /// Puts the next command of the way back on the wire.
    pub(super) fn begin_way_back(&mut self, step: usize) {
        self.begin_step(WAY_BACK[step], self.config.command_timeout);
    }

    /// A line of the answer to it. Gives whether it was expected.
    pub(super) fn way_back_answer(&mut self) -> bool {
        let Some(mode) = after_name(&self.ingress.line, b"+CIPMODE") else { return false };
        if mode == b"0" {
            // It has restarted meanwhile, and nobody could tell.
            self.life = Life::Leave { step: WAY_BACK.len() };
        }
        true
    }

    fn end_passthrough(&mut self) {
        let before = core::mem::replace(&mut self.passthrough, Passthrough::Off);
        if let Passthrough::Wanted(index) | Passthrough::Unwanted(index, _) = before
            && self.sockets[index].kind == Kind::Passthrough
        {
            self.sockets[index].finish(End::Local);
        }
        self.orphans = 0;
        // Its own commands look like those that make links.
        self.user_links = false;
        self.waiters.wake();
    }
}

impl Engine<'_> {
    /// When data that nobody waits for is given up.
    pub(super) fn passthrough_deadline(&self) -> Instant {
        match self.core.passthrough {
            Passthrough::Unwanted(_, until) if self.core.life == Life::Passthrough => until,
            _ => NEVER,
        }
    }

    /// Begins the way back, once nobody wants passthrough and all data is out.
    pub(super) fn live_passthrough(&mut self, now: Instant) {
        let core = &mut *self.core;
        let Passthrough::Unwanted(index, until) = core.passthrough else { return };
        match core.life {
            Life::Passthrough if core.sockets[index].to_send.is_empty() || now >= until => {
                core.life = Life::Guard(after(now, core.profile.escape_guard[0]));
            }
            // Not there yet.
            Life::Up if core.is_wire_idle() => self.leave_data(WITHOUT_DATA),
            _ => {}
        }
    }

    /// The serial line is for commands again.
    pub(super) fn leave_data(&mut self, step: usize) {
        let core = &mut *self.core;
        core.ingress.reset();
        core.end_passthrough();
        core.life = Life::Leave { step };
    }

    /// A command of the way back has ended.
    pub(super) fn way_back_done(&mut self, step: usize) {
        self.core.life = match step + 1 {
            next if next < WAY_BACK.len() => Life::Leave { step: next },
            next if next == WAY_BACK.len() => Life::Steps { step: 0, choice: 0 },
            _ => return self.module_lost(ResetCause::Unnoticed),
        };
    }

    /// Data of the connection for the serial line.
    pub(super) fn take_raw(&mut self, out: &mut [u8]) -> usize {
        let (Passthrough::Wanted(index) | Passthrough::Unwanted(index, _)) = self.core.passthrough else { return 0 };
        if self.core.life != Life::Passthrough {
            return 0;
        }
        let (socket, _, ring) = self.socket(index);
        let count = socket.to_send.pop(ring, out);
        socket.write_waker.wake();
        count
    }

    /// Data of the connection from the serial line. Gives how much was taken.
    pub(super) fn feed_raw(&mut self, bytes: &[u8]) -> usize {
        let Passthrough::Wanted(index) = self.core.passthrough else { return bytes.len() };
        let (socket, ring, _) = self.socket(index);
        if socket.phase != Phase::Open {
            return bytes.len();
        }
        let count = socket.received.push(ring, bytes);
        socket.read_waker.wake();
        count
    }

    /// Bytes of it are missing.
    pub(super) fn raw_error(&mut self) {
        if let Passthrough::Wanted(index) = self.core.passthrough {
            self.core.sockets[index].finish(End::Failed(tcp::Error::DataLost { at_least: 1 }));
        }
    }
}
