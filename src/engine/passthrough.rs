//! Passthrough: the serial line carries the bytes of one connection, and nothing else.
//!
//! The user's future sends the commands that lead into it. From the prompt on the ingress takes all for data, until
//! `+++` between two silences has led out again and the settings of several links are back.

use core::net::SocketAddr;
use core::task::{Context, Poll};

use super::life::Life;
use super::socket::{End, Kind, LinkId, Phase};
use super::{Core, Engine, Moment, ServerState, Span};
use crate::at::after_name;
use crate::recovery::ResetCause;

/// Where the way into passthrough or out of it has got to. The number is that of the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passthrough {
    Off,
    /// A user's future makes its way in, or has got there.
    Wanted(u8),
    /// Nobody wants it any more. What was written is still sent until then.
    Unwanted(u8, Moment),
}

/// What leads back to commands. The first is there to end whatever the module has made of `+++`.
const WAY_BACK: [&str; 4] = ["AT", "AT+CIPMODE?", "AT+CIPMODE=0", "AT+CIPCLOSE"];
/// The first of them that is needed when there was no data yet.
const WITHOUT_DATA: u8 = 2;
const WAY_BACK_END: u8 = WAY_BACK.len() as u8;

/// How soon a blank comes that belongs to the prompt.
const PROMPT_BLANK_LIMIT: Span = Span::from_millis(10);

/// What the engine does for passthrough only. It is reached through the first [`Core::begin_passthrough`], so that
/// programs without it do not carry it.
pub(super) struct Duties {
    pub(super) deadline: fn(&Core) -> Moment,
    pub(super) live: fn(&mut Engine<'_>),
    pub(super) begins: fn(&mut Core),
    pub(super) leave_data: fn(&mut Engine<'_>),
    pub(super) begin_way_back: fn(&mut Core, u8),
    pub(super) way_back_answer: fn(&mut Core) -> bool,
    pub(super) way_back_done: fn(&mut Engine<'_>, u8),
    pub(super) take_raw: fn(&mut Engine<'_>, &mut [u8]) -> usize,
    pub(super) feed_raw: fn(&mut Engine<'_>, &[u8], Moment) -> usize,
    pub(super) raw_error: fn(&mut Engine<'_>),
}

static DUTIES: Duties = Duties {
    deadline: Core::passthrough_deadline,
    live: |engine| engine.live_passthrough(),
    begins: Core::passthrough_begins,
    leave_data: |engine| engine.leave_data(0),
    begin_way_back: Core::begin_way_back,
    way_back_answer: Core::way_back_answer,
    way_back_done: |engine, step| engine.way_back_done(step),
    take_raw: |engine, out| engine.take_raw(out),
    feed_raw: |engine, bytes, blank_until| engine.feed_raw(bytes, blank_until),
    raw_error: |engine| engine.raw_error(),
};

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
        self.passthrough = Passthrough::Wanted(index as u8);
        self.passthrough_duties = Some(&DUTIES);
        Poll::Ready(Some((index, self.sockets[index].generation, 0)))
    }

    /// The user is done with it, or has given up on the way.
    pub(crate) fn leave_passthrough(&mut self) {
        if let Passthrough::Wanted(index) = self.passthrough {
            self.passthrough = Passthrough::Unwanted(index, self.after(self.config.send_timeout));
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
    fn passthrough_begins(&mut self) {
        if self.passthrough != Passthrough::Off && self.user.command.starts_with(b"AT+CIPSEND\r") {
            self.life = Life::Passthrough;
            self.ingress.set_raw(self.after(PROMPT_BLANK_LIMIT));
        }
    }

    /// Puts the next command of the way back on the wire.
    fn begin_way_back(&mut self, step: u8) {
        self.begin_step(WAY_BACK[usize::from(step)], self.config.command_timeout);
    }

    /// A line of the answer to it. Gives whether it was expected.
    fn way_back_answer(&mut self) -> bool {
        let Some(mode) = after_name(&self.ingress.line, b"+CIPMODE") else { return false };
        if mode == b"0" {
            // It has restarted meanwhile, and nobody could tell.
            self.life = Life::Leave { step: WAY_BACK_END };
        }
        true
    }

    /// When data that nobody waits for is given up.
    fn passthrough_deadline(&self) -> Moment {
        match self.passthrough {
            Passthrough::Unwanted(_, until) if self.life == Life::Passthrough => until,
            _ => Moment::NEVER,
        }
    }

    fn end_passthrough(&mut self) {
        let before = core::mem::replace(&mut self.passthrough, Passthrough::Off);
        if let Passthrough::Wanted(index) | Passthrough::Unwanted(index, _) = before
            && self.sockets[usize::from(index)].kind == Kind::Passthrough
        {
            self.sockets[usize::from(index)].finish(End::Local);
        }
        self.orphans = 0;
        // Its own commands look like those that make links.
        self.user_links = false;
        self.waiters.wake();
    }
}

impl Engine<'_> {
    /// Begins the way back, once nobody wants passthrough and all data is out.
    fn live_passthrough(&mut self) {
        let core = &mut *self.core;
        let Passthrough::Unwanted(index, until) = core.passthrough else { return };
        match core.life {
            Life::Passthrough
                if core.sockets[usize::from(index)].to_send.is_empty() || until.is_due(core.clock.now) =>
            {
                core.life = Life::Guard(core.after(core.profile().escape_guard[0]));
            }
            // Not there yet.
            Life::Up if core.is_wire_idle() => self.leave_data(WITHOUT_DATA),
            _ => {}
        }
    }

    /// The serial line is for commands again.
    fn leave_data(&mut self, step: u8) {
        let core = &mut *self.core;
        core.ingress.reset();
        core.end_passthrough();
        core.life = Life::Leave { step };
    }

    /// A command of the way back has ended.
    fn way_back_done(&mut self, step: u8) {
        self.core.life = match step + 1 {
            next if next < WAY_BACK_END => Life::Leave { step: next },
            next if next == WAY_BACK_END => Life::Steps { step: 0, choice: 0 },
            _ => return self.module_lost(ResetCause::Unnoticed),
        };
    }

    /// Data of the connection for the serial line.
    fn take_raw(&mut self, out: &mut [u8]) -> usize {
        let (Passthrough::Wanted(index) | Passthrough::Unwanted(index, _)) = self.core.passthrough else { return 0 };
        if self.core.life != Life::Passthrough {
            return 0;
        }
        let (socket, _, ring) = self.socket(index.into());
        let count = socket.to_send.pop(ring, out);
        socket.write_waker.wake();
        count
    }

    /// Data of the connection from the serial line. Gives how much was taken.
    fn feed_raw(&mut self, bytes: &[u8], blank_until: Moment) -> usize {
        let is_blank = !blank_until.is_never() && !blank_until.is_due(self.core.clock.now);
        if is_blank && bytes.first() == Some(&b' ') {
            return 1;
        }
        let Passthrough::Wanted(index) = self.core.passthrough else { return bytes.len() };
        let (socket, ring, _) = self.socket(index.into());
        if socket.phase != Phase::Open {
            return bytes.len();
        }
        let count = socket.received.push(ring, bytes);
        socket.read_waker.wake();
        count
    }

    /// Bytes of it are missing.
    fn raw_error(&mut self) {
        if let Passthrough::Wanted(index) = self.core.passthrough {
            self.core.sockets[usize::from(index)].finish(End::DataLost(1));
        }
    }
}
