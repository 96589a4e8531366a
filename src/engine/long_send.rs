//! `AT+CIPSENDL`: one send of more than the send ring holds (`ESP-AT 3.3.10`).
//!
//! The length has to be announced, so that only what a user's `write_all` has at hand is. If the user goes away in the
//! middle, or does not run for long, the rest is cancelled by `+++`, and what the module says it has sent decides
//! whether the connection lives on. The module is never ahead of the network by more than a window, so that it
//! needs no flow control to lose nothing.

use super::exchange::{Owner, Phase};
use super::socket::LinkId;
use super::{Core, Engine, Moment, Span, UserState, after};
use crate::at::{Fields, after_name};

/// The module tells how far it is each time it has sent so many bytes more.
const REPORT: usize = 1024;

/// Bytes that the module may have and not have sent. It sends 2920 at a time, so that fewer than that and a report more
/// would make it wait.
const WINDOW: usize = 4096;

/// Longest send while others wait for more than their turn to send, and the first one.
const SHORT: usize = 4096;

/// Longest send while others wait for the same. Each of them has as much to say, so that none gets less than its share.
const SHARED: usize = 4 * SHORT;

/// Longest send at all.
const LONGEST: LongSendLimit = LongSendLimit(5);

/// A send that takes less time than this may be twice as long the next time, and one of twice the time half as long.
const AIM: Span = Span::from_millis(250);

/// How long others wait for a user who has announced data and does not supply it.
const STALL: Span = Span::from_millis(200);

/// `+++` between two silences cancels, so that no piece of data is that short.
const SMALLEST_PIECE: usize = 4;

/// How long a send may be: [`SHORT`] doubled so often.
#[derive(Debug, Clone, Copy)]
pub(super) struct LongSendLimit(u8);

impl LongSendLimit {
    pub(super) const SHORT: Self = Self(0);

    const fn bytes(self) -> usize {
        SHORT << self.0
    }
}

/// Whether the module can do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LongSends {
    Unknown,
    Possible,
    Refused,
}

/// How far a long send is.
#[derive(Debug)]
pub(super) struct LongSend {
    /// When the module asked for the data.
    began: Moment,
    /// Bytes that were handed out.
    given: usize,
    /// Bytes that the module says it has sent.
    sent: usize,
    flow: Flow,
}

/// Whether a long send goes on. Not 0, so that none is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Flow {
    Flows = 1,
    /// Nothing was there to be handed out the last time.
    Dry = 2,
    Cancelled = 3,
}

impl LongSend {
    pub(super) const fn is_cancelled(&self) -> bool {
        matches!(self.flow, Flow::Cancelled)
    }

    /// The module has sent all that it got.
    pub(super) const fn is_whole(&self) -> bool {
        self.is_cancelled() && self.sent == self.given
    }

    /// It was refused before a byte of data.
    pub(super) const fn is_untouched(&self) -> bool {
        self.given == 0 && !self.is_cancelled()
    }

    /// The value of a report.
    pub(super) fn report(&mut self, value: &[u8]) {
        if let Ok(sent) = Fields::new(value).field().and_then(|field| field.unsigned())
            && sent as usize <= self.given
        {
            self.sent = self.sent.max(sent as usize);
        }
    }
}

/// What the engine does for long sends only. It is reached through the first `write_all`, so that programs without it
/// do not carry it.
pub(crate) struct Duties {
    pub(super) begin: fn(&mut Core, usize, LinkId) -> bool,
    pub(super) room: fn(&Core, usize, usize, usize) -> usize,
    pub(super) goes_on: fn(&mut Core, usize, usize, usize),
    pub(super) take_escape: fn(&mut Engine<'_>, bool, &mut [u8]) -> usize,
    pub(super) cancel: fn(&mut Core),
    pub(super) report: fn(&mut Core) -> bool,
    pub(super) is_refused: fn(&mut Core) -> bool,
    pub(super) set_up: fn(&mut Core, bool),
}

/// See [`Core::long_send_duties`].
pub(crate) static DUTIES: Duties = Duties {
    begin: Core::begin_long_send,
    room: Core::long_send_room,
    goes_on: Core::long_send_goes_on,
    take_escape: |engine, flushed, out| engine.take_escape(flushed, out),
    cancel: Core::cancel_long_send,
    report: Core::note_report,
    is_refused: Core::is_long_send_refused,
    set_up: Core::long_sends_done,
};

impl Core {
    /// A line that nobody has asked for may tell how far a long send is. Gives whether it does.
    fn note_report(&mut self) -> bool {
        if let Some(long) = &mut self.exchange.long
            && self.exchange.phase != Phase::Idle
            && let Some(value) = after_name(&self.ingress.line, b"+CIPSENDL")
        {
            long.report(value);
            return true;
        }
        false
    }

    /// How much this socket's writer may send in one go.
    fn longest_send(&self, index: usize) -> usize {
        let longest = self.long_sends.bytes();
        let mut others = self.sockets.iter().enumerate().filter(|(other, _)| *other != index);
        if self.user.state == UserState::Queued || self.sockets.iter().any(|socket| socket.pending) {
            SHORT
        } else if others.any(|(_, socket)| socket.up && !socket.to_send.is_empty()) {
            longest.min(SHARED)
        } else {
            longest
        }
    }

    /// Sends what is in the ring together with what its writer has promised. Gives whether a command went out.
    fn begin_long_send(&mut self, index: usize, link: LinkId) -> bool {
        let Some(set_report) = self.profile().long_send else { return false };
        let socket = &self.sockets[index];
        let (ready, promised) = (socket.to_send.len(), socket.promised);
        if self.settings.long_sends == LongSends::Refused {
            return false;
        }
        let length = (ready + promised).min(self.longest_send(index));
        if length <= ready.min(self.profile().send_limit) {
            return false;
        }
        if self.settings.long_sends == LongSends::Unknown {
            self.begin_own(Owner::LongSends, set_report, &[REPORT], self.config.command_timeout);
            return true;
        }
        self.sockets[index].sending = true;
        self.begin_own(Owner::Send(index as u8), "AT+CIPSENDL", &[link.into(), length], self.config.command_timeout);
        self.expect_data(link, length);
        self.exchange.long = Some(LongSend { began: self.clock.now, given: 0, sent: 0, flow: Flow::Flows });
        true
    }

    /// The module can send like this, or not.
    fn long_sends_done(&mut self, success: bool) {
        self.settings.long_sends = if success { LongSends::Possible } else { LongSends::Refused };
    }

    /// A send was refused before its data. Gives whether it can be tried the other way.
    fn is_long_send_refused(&mut self) -> bool {
        let refused = self.exchange.long.as_ref().is_some_and(LongSend::is_untouched) && !self.exchange.link_is_gone();
        if refused {
            self.settings.long_sends = LongSends::Refused;
        }
        refused
    }

    /// How many of the socket's bytes may go out now, of `left` that were announced.
    fn long_send_room(&self, index: usize, left: usize, room: usize) -> usize {
        let socket = &self.sockets[index];
        let Some(long) = &self.exchange.long else { return left.min(room) };
        if !socket.up || socket.aborting {
            return 0;
        }
        let window = WINDOW.saturating_sub(long.given - long.sent);
        let ready = socket.to_send.len().min(left).min(window);
        let mut count = ready.min(room);
        if room >= 2 * SMALLEST_PIECE {
            // Nor may such a piece be left over for the end.
            if (1..SMALLEST_PIECE).contains(&(left - count)) {
                count = left.saturating_sub(SMALLEST_PIECE).min(count);
            }
            if count < SMALLEST_PIECE && count < left {
                count = 0;
            }
        }
        count
    }

    /// So many bytes have gone out, and all of them if nothing is left.
    fn long_send_goes_on(&mut self, index: usize, count: usize, left: usize) {
        let now = self.clock.now;
        let Some(long) = &mut self.exchange.long else { return };
        if long.given == 0 {
            long.began = now;
        }
        long.given += count;
        if left == 0 {
            let time = now.since(long.began);
            // Those that were shorter than they might have been say nothing.
            if time < AIM && long.given >= self.long_sends.bytes() {
                self.long_sends.0 += u8::from(self.long_sends.0 < LONGEST.0);
            } else if time > AIM.plus(AIM) {
                self.long_sends.0 = self.long_sends.0.saturating_sub(1);
            }
            return;
        }
        if count > 0 {
            long.flow = Flow::Flows;
            return;
        }
        let socket = &self.sockets[index];
        let told = long.given - long.sent;
        let useless = !socket.up || socket.aborting;
        if useless || (socket.promised == 0 && told < REPORT) {
            self.cancel_long_send();
        } else if long.flow != Flow::Dry && told < WINDOW - SMALLEST_PIECE {
            long.flow = Flow::Dry;
            self.exchange.deadline = after(now, STALL);
            self.runner.wake();
        }
    }

    /// Ends the send before all that was announced is there. What the module has it still sends.
    fn cancel_long_send(&mut self) {
        // The silence before `+++` begins when all before it has left the serial port. The next call after this one
        // comes after that.
        self.exchange.phase = Phase::Quiet { flushed: false };
        self.exchange.deadline = self.clock.now;
        self.runner.wake();
    }
}

impl Engine<'_> {
    /// Waits for the silence before `+++`, and hands that out. Gives how many bytes.
    fn take_escape(&mut self, flushed: bool, out: &mut [u8]) -> usize {
        let core = &mut *self.core;
        if !flushed {
            core.exchange.phase = Phase::Quiet { flushed: true };
            core.exchange.deadline = core.after(core.profile().escape_guard[0]);
            core.runner.wake();
            return 0;
        }
        if !core.exchange.deadline.is_due(core.clock.now) {
            return 0;
        }
        if let Some(long) = &mut core.exchange.long {
            long.flow = Flow::Cancelled;
        }
        core.exchange.replace_command(b"+++");
        self.give_out(out)
    }
}
