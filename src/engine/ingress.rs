//! The byte machine: tells lines, prompts and counted payloads apart, at any split of the stream.

use core::net::SocketAddr;

use embassy_time::Instant;
use heapless::Vec;

use super::exchange::Owner;
use super::header::{self, AddressShape, DataHeader, Fact};
use super::pieces::MAX_LINE;
use super::socket::{Kind, Phase};
use super::{Engine, Moment, after};

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Line,
    /// Passthrough: all is data, but for a blank that comes first and before this moment.
    Raw(Moment),
    /// A `+CIPRECVDATA` header of `length` bytes whose end cannot be told yet; `from` is where the line buffer holds
    /// the first byte that may be an address or data.
    Undecided {
        length: u32,
        from: u16,
    },
    /// The line buffer holds a head for which there must be room before its payload is taken.
    Head {
        length: u32,
        target: Target,
    },
    Payload {
        left: u32,
        target: Target,
    },
}

/// Where payload goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// Nobody wants it.
    Nowhere,
    /// It belongs to the answer of the user's command, and is handed over as it comes.
    Answer,
    /// It belongs to that answer, too, but is wanted as a part of its line.
    Line,
    /// It belongs to a message that nobody asked for.
    Message,
    Socket {
        index: u8,
        generation: u16,
        /// The module was asked for these bytes, so that they must fit.
        asked: bool,
    },
}

#[derive(Debug)]
#[repr(C)]
pub(crate) struct Ingress {
    mode: Mode,
    /// The line was longer than the buffer.
    cut: bool,
    /// The subscriber to messages has the held line already.
    pub(super) announced: bool,
    /// A ring is full, and the serial port is not read until there is room.
    blocked: bool,
    /// Since when no byte could be taken, for the same reason.
    stuck: Moment,
    /// A complete line waits in `line` for room in the answer, since then.
    pub(super) held: Moment,
    /// Payload waits for the user's command or the subscriber, since then.
    pub(super) stalled: Moment,
    last_byte: Moment,
    pub(super) line: Vec<u8, MAX_LINE>,
    /// Bytes that were taken for something else, to be taken again.
    held_back: Vec<u8, 64>,
}

impl Ingress {
    pub(super) const fn new() -> Self {
        Self {
            mode: Mode::Line,
            line: Vec::new(),
            cut: false,
            held: Moment::NEVER,
            announced: false,
            blocked: false,
            stuck: Moment::NEVER,
            held_back: Vec::new(),
            stalled: Moment::NEVER,
            last_byte: Moment::NEVER,
        }
    }

    pub(super) fn reset(&mut self) {
        self.mode = Mode::Line;
        self.held_back.clear();
        self.stalled = Moment::NEVER;
        self.end_line();
    }

    /// All that comes is data from now on, until a [`reset`](Self::reset).
    ///
    /// A blank by then belongs to the prompt: firmware differs, and so do releases.
    pub(super) fn set_raw(&mut self, blank_until: Moment) {
        self.end_line();
        self.mode = Mode::Raw(blank_until);
    }

    /// Ready for the next line.
    pub(super) fn end_line(&mut self) {
        self.line.clear();
        self.cut = false;
        self.held = Moment::NEVER;
        self.announced = false;
    }

    /// The serial port is not being read, because a ring or an answer is full.
    pub(super) const fn is_blocked(&self) -> bool {
        self.blocked || !self.held.is_never() || !self.stalled.is_never()
    }

    /// When the module was heard last.
    pub(super) const fn last_byte(&self) -> Moment {
        self.last_byte
    }

    /// Something is left that needs room, but no further byte.
    pub(super) fn has_something_held(&self) -> bool {
        !self.held_back.is_empty() || matches!(self.mode, Mode::Head { .. })
    }

    pub(super) const fn is_at_payload(&self) -> bool {
        !matches!(self.mode, Mode::Line | Mode::Raw(_))
    }
}

impl Engine<'_> {
    /// Takes bytes that the module sent, and says how many.
    ///
    /// Fewer than all means that a ring or the caller of a command has to make room first: hand the rest in again
    /// after a wake-up. Bytes may come one at a time or thousands at once, with the same result.
    pub(crate) fn feed(&mut self, now: Instant, bytes: &[u8]) -> usize {
        self.core.clock.set(now);
        self.take_in(bytes)
    }

    pub(super) fn take_in(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        let was_blocked = core::mem::replace(&mut self.core.ingress.blocked, false);
        if !bytes.is_empty() {
            self.core.ingress.last_byte = self.core.clock.now;
        }
        loop {
            if self.core.ingress.held != Moment::NEVER && !self.deliver_held_line() {
                break;
            }
            if let Mode::Head { length, target } = self.core.ingress.mode {
                if self.deliver_head(length, target) {
                    continue;
                }
                self.core.ingress.blocked = true;
                break;
            }
            // What was held back comes before what is new.
            let taken = if self.core.ingress.held_back.is_empty() {
                let rest = bytes.get(at..).unwrap_or_default();
                if rest.is_empty() {
                    break;
                }
                let taken = self.take_some(rest);
                at += taken;
                taken
            } else {
                self.take_held_back()
            };
            if taken == 0 {
                self.core.ingress.blocked = true;
                let now = self.core.clock.now;
                self.core.ingress.stuck = self.core.ingress.stuck.or(now);
                if !was_blocked {
                    self.core.release_flush();
                }
                break;
            }
            self.core.ingress.stuck = Moment::NEVER;
        }
        at
    }

    #[inline(never)]
    fn take_held_back(&mut self) -> usize {
        let bytes = core::mem::take(&mut self.core.ingress.held_back);
        let taken = self.take_some(&bytes);
        // It fits: it is a part of what was there.
        let _ = self.core.ingress.held_back.extend_from_slice(bytes.get(taken..).unwrap_or_default());
        taken
    }

    /// Takes the first of these bytes, of which there must be one, for what is due. Gives how many.
    #[inline(never)]
    fn take_some(&mut self, rest: &[u8]) -> usize {
        let Some(&first) = rest.first() else { return 0 };
        match self.core.ingress.mode {
            Mode::Line => self.feed_line(rest),
            Mode::Raw(blank_until) => {
                self.core.ingress.mode = Mode::Raw(Moment::NEVER);
                match self.core.passthrough_duties {
                    Some(duties) => (duties.feed_raw)(self, rest, blank_until),
                    None => rest.len(),
                }
            }
            Mode::Undecided { length, from } => {
                self.feed_undecided(length, from.into(), first);
                1
            }
            Mode::Payload { left, target: Target::Line } => self.feed_rest_of_line(left, rest),
            Mode::Payload { left, target: target @ (Target::Answer | Target::Message) } => {
                self.feed_piece(left, target, rest)
            }
            Mode::Payload { left, target } => self.feed_payload(left, target, rest),
            // It has been dealt with.
            Mode::Head { .. } => 0,
        }
    }

    /// The serial port reported an error: bytes are missing, and where is unknown.
    pub(crate) fn serial_error(&mut self) {
        self.core.counters.serial_errors = self.core.counters.serial_errors.wrapping_add(1);
        if let Mode::Payload { left, target: Target::Socket { index, generation, .. } } = self.core.ingress.mode {
            self.fail_stream(index.into(), generation, 1);
            self.core.ingress.mode = Mode::Payload { left, target: Target::Nowhere };
        }
        if let (Mode::Raw(_), Some(duties)) = (self.core.ingress.mode, self.core.passthrough_duties) {
            (duties.raw_error)(self);
        }
        // Whole heads may be among what was lost, and whose they were nobody knows.
        for index in 0..self.core.sockets.iter().len() {
            let socket = &self.core.sockets[index];
            let actively = socket.link.is_some_and(|link| self.core.receives_actively(link));
            if actively && socket.phase == Phase::Open && !socket.is_datagram() && socket.kind != Kind::Passthrough {
                self.fail_stream(index, socket.generation, 0);
            }
        }
        // The header of what is being fetched may be among what was lost.
        if let Some(index) = self.core.exchange.pulled() {
            let generation = self.core.sockets[index].generation;
            self.fail_stream(index, generation, 1);
            self.lose_step();
        }
    }

    fn feed_line(&mut self, bytes: &[u8]) -> usize {
        let mut from = 0;
        if self.core.ingress.line.is_empty() && !self.core.ingress.cut {
            // Nothing of the line is there yet: it can be read where it lies, if it is the header of a socket's data.
            from = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
            if let Some((header, length)) = header::plain_ipd(&bytes[from..])
                && let Some(index) = header.link.and_then(|link| self.core.socket_of(link))
            {
                self.begin_ipd(&header, Some(index));
                return from + length;
            }
        }
        for (at, &byte) in bytes.iter().enumerate().skip(from) {
            let ingress = &mut self.core.ingress;
            match byte {
                b'\n' => {
                    self.complete_line();
                    return at + 1;
                }
                b'\r' => {}
                b' ' | b'\t' | 0 if ingress.line.is_empty() => {}
                // A token of its own: what follows in the same line is something else.
                b'>' if ingress.line.is_empty() => {
                    self.prompt();
                    if self.core.ingress.mode != Mode::Line {
                        return at + 1;
                    }
                }
                _ => {
                    if ingress.line.push(byte).is_err() {
                        ingress.cut = true;
                    } else if matches!(byte, b':' | b',') && ingress.line[0] == b'+' && self.complete_header(byte) {
                        return at + 1;
                    }
                }
            }
        }
        bytes.len()
    }

    fn complete_line(&mut self) {
        let ingress = &mut self.core.ingress;
        while matches!(ingress.line.last(), Some(b' ' | b'\t' | 0)) {
            ingress.line.pop();
        }
        if ingress.cut {
            self.core.counters.long_lines = self.core.counters.long_lines.wrapping_add(1);
        }
        if ingress.line.is_empty() {
            ingress.end_line();
        } else {
            self.dispatch_line();
        }
    }

    /// Looks whether the line so far, which ends in `byte`, is the header of a payload.
    fn complete_header(&mut self, byte: u8) -> bool {
        let line = &self.core.ingress.line;
        if byte == b':' && line.starts_with(b"+IPD,") {
            let Some(header) = header::ipd(line) else { return false };
            let index = header.link.and_then(|link| self.core.socket_of(link));
            self.begin_ipd(&header, index);
            return true;
        }
        if line.starts_with(b"+CIPRECVDATA") {
            match header::receive_data(line, self.core.settings.address_in_data) {
                DataHeader::Partial => {}
                DataHeader::Complete(length) => {
                    self.begin_data(length);
                    return true;
                }
                DataHeader::Undecided(length) => {
                    self.core.ingress.mode = Mode::Undecided { length, from: line.len() as u16 };
                    return true;
                }
            }
            return false;
        }
        match self.core.counter.and_then(|counter| counter(line)) {
            Some((length, unsolicited)) => {
                let target = if unsolicited { self.message_target() } else { self.answer_target() };
                self.begin_payload(length, target);
                true
            }
            None => false,
        }
    }

    fn begin_ipd(&mut self, header: &header::IpdHeader, index: Option<usize>) {
        let target = match index {
            Some(index) => {
                if self.core.sockets[index].kind == Kind::Client && self.core.sockets[index].remote.is_none() {
                    self.core.sockets[index].remote.set(header.remote);
                    self.core.server.waker.wake();
                }
                self.target(index, false, header.length, header.remote)
            }
            // Perhaps a link of the user's own making.
            None => self.message_target(),
        };
        self.begin_payload(header.length, target);
    }

    /// Payload of a message that nobody asked for goes to the subscriber, behind its head.
    fn message_target(&self) -> Target {
        let core = &*self.core;
        if core.messages.is_subscribed() { Target::Message } else { Target::Nowhere }
    }

    /// Payload of an answer goes to the user's command, behind its head.
    fn answer_target(&self) -> Target {
        let core = &*self.core;
        if !matches!(core.exchange.owner, Owner::User) || !core.user.is_listening() {
            return Target::Nowhere;
        }
        if core.user.takes_data() { Target::Answer } else { Target::Line }
    }

    /// Hands over the head of a payload. `false` while there is no room.
    fn deliver_head(&mut self, length: u32, target: Target) -> bool {
        let core = &mut *self.core;
        let delivered = match target {
            Target::Message => core.messages.push_line(&core.ingress.line),
            _ if core.user.takes_data() => {
                core.user.wakers.wake();
                core.user.answer.push_line(&core.ingress.line)
            }
            _ => true,
        };
        let now = self.core.clock.now;
        let ingress = &mut self.core.ingress;
        if delivered {
            ingress.stalled = Moment::NEVER;
            ingress.end_line();
            ingress.mode = if length == 0 { Mode::Line } else { Mode::Payload { left: length, target } };
        } else {
            ingress.stalled = ingress.stalled.or(now);
        }
        delivered
    }

    /// The first answers with data show whether this firmware puts the address before the data. What it said to
    /// `AT+CIPDINFO=1` does not: firmware differs, and a refusal may be noise in place of an `OK`.
    fn feed_undecided(&mut self, length: u32, from: usize, byte: u8) {
        let peer = self.core.exchange.pulled().and_then(|index| self.core.sockets[index].remote.get());
        let peer = peer.map(|remote| remote.ip()).filter(|peer| !peer.is_unspecified());
        let ingress = &mut self.core.ingress;
        let fits = ingress.line.push(byte).is_ok();
        let shape = if fits { header::address_shape(&ingress.line[from..], peer) } else { AddressShape::No };
        match shape {
            AddressShape::Perhaps => {}
            AddressShape::Yes => {
                // A peer of whom nothing is known may have written it, and is believed only for its own data.
                let sure = peer.is_some() || self.core.ingress.line[from] == b'"';
                self.core.settings.address_in_data = sure.then_some(Fact::Yes);
                self.begin_data(length);
            }
            AddressShape::No => {
                // A single one may have been damaged.
                let settings = &mut self.core.settings;
                settings.address_in_data = settings.address_missed.then_some(Fact::No);
                settings.address_missed = true;
                // What was taken for an address is data, and perhaps the line end after it. It is shorter than any
                // address can be.
                let (head, data) = ingress.line.split_at(from);
                ingress.held_back.clear();
                let _ = ingress.held_back.extend_from_slice(data);
                let head = head.len();
                ingress.line.truncate(head);
                self.begin_data(length);
            }
        }
    }

    /// A `+CIPRECVDATA` header is complete.
    fn begin_data(&mut self, length: u32) {
        let target = match self.core.exchange.data_arrives(length) {
            Some(index) => self.target(index, true, length, None),
            None => self.answer_target(),
        };
        self.begin_payload(length, target);
    }

    fn target(&mut self, index: usize, asked: bool, length: u32, sender: Option<SocketAddr>) -> Target {
        if self.core.sockets[index].is_datagram()
            && !self.core.datagrams.is_some_and(|duties| (duties.begin)(self, index, asked, length, sender))
        {
            return Target::Nowhere;
        }
        Target::Socket { index: index as u8, generation: self.core.sockets[index].generation, asked }
    }

    fn begin_payload(&mut self, length: u32, target: Target) {
        let ingress = &mut self.core.ingress;
        if matches!(target, Target::Line) && length > 0 {
            ingress.mode = Mode::Payload { left: length, target };
            return;
        }
        if matches!(target, Target::Answer | Target::Message) {
            ingress.mode = Mode::Head { length, target };
            return;
        }
        ingress.end_line();
        ingress.mode = if length == 0 { Mode::Line } else { Mode::Payload { left: length, target } };
    }

    fn feed_payload(&mut self, left: u32, target: Target, bytes: &[u8]) -> usize {
        let offered = &bytes[..bytes.len().min(left as usize)];
        let taken = match target {
            Target::Socket { index, generation, asked } => {
                let index = index.into();
                let (socket, ring, _) = self.socket(index);
                if socket.generation == generation && socket.wants_data() {
                    let pushed = socket.received.push(ring, offered);
                    if socket.is_datagram() {
                        // There was room for all of it at its head.
                        socket.partial += pushed;
                        if pushed == left as usize {
                            self.end_datagram(index);
                        }
                        pushed
                    } else {
                        if pushed > 0 {
                            socket.reading = false;
                            socket.read_waker.wake();
                        }
                        if asked && pushed < offered.len() {
                            // More than was asked for: it cannot wait, as nobody may ever make room.
                            let lost = offered.len() - pushed;
                            self.drop_bytes(lost);
                            self.fail_stream(index, generation, lost as u32);
                            offered.len()
                        } else {
                            pushed
                        }
                    }
                } else {
                    self.drop_bytes(offered.len());
                    offered.len()
                }
            }
            Target::Nowhere | Target::Answer | Target::Line | Target::Message => {
                self.drop_bytes(offered.len());
                offered.len()
            }
        };
        let left = left - taken as u32;
        self.core.ingress.mode = if left == 0 { Mode::Line } else { Mode::Payload { left, target } };
        taken
    }

    /// Payload that completes the line it follows.
    fn feed_rest_of_line(&mut self, left: u32, bytes: &[u8]) -> usize {
        let offered = &bytes[..bytes.len().min(left as usize)];
        let ingress = &mut self.core.ingress;
        let room = ingress.line.capacity() - ingress.line.len();
        let fits = offered.len().min(room);
        // It fits.
        let _ = ingress.line.extend_from_slice(&offered[..fits]);
        if fits < offered.len() {
            self.core.user.cut = true;
            self.drop_bytes(offered.len() - fits);
        }
        let now = self.core.clock.now;
        let ingress = &mut self.core.ingress;
        let left = left - offered.len() as u32;
        if left > 0 {
            ingress.mode = Mode::Payload { left, target: Target::Line };
        } else {
            ingress.mode = Mode::Line;
            ingress.held = now;
            self.deliver_held_line();
        }
        offered.len()
    }

    /// Payload for a future that takes it in pieces.
    fn feed_piece(&mut self, left: u32, target: Target, bytes: &[u8]) -> usize {
        let offered = &bytes[..bytes.len().min(left as usize)];
        let core = &mut *self.core;
        let taken = match target {
            Target::Message => core.messages.push_data(offered),
            _ if core.user.takes_data() => {
                let taken = core.user.answer.push_data(offered);
                core.user.wakers.wake();
                taken
            }
            _ => {
                self.drop_bytes(offered.len());
                offered.len()
            }
        };
        let now = self.core.clock.now;
        let ingress = &mut self.core.ingress;
        ingress.stalled = if taken == 0 { ingress.stalled.or(now) } else { Moment::NEVER };
        let left = left - taken as u32;
        ingress.mode = if left == 0 { Mode::Line } else { Mode::Payload { left, target } };
        taken
    }

    /// The rest of the payload has nobody who takes it in time.
    pub(super) fn give_up_payload(&mut self) {
        let now = self.core.clock.now;
        let ingress = &mut self.core.ingress;
        ingress.stalled = Moment::NEVER;
        ingress.blocked = false;
        // The module was not silent: it was not listened to.
        ingress.last_byte = now;
        if let Mode::Head { length: left, target } | Mode::Payload { left, target } = ingress.mode {
            ingress.end_line();
            ingress.mode = if left == 0 { Mode::Line } else { Mode::Payload { left, target: Target::Nowhere } };
            if matches!(target, Target::Message) {
                self.core.messages.give_up();
            } else {
                self.core.user.cut = true;
            }
        }
    }

    /// Until when a command has to wait for an answer behind data for which a socket has no room.
    pub(super) fn reader_deadline(&self) -> Moment {
        let ingress = &self.core.ingress;
        let blocks = matches!(ingress.mode, Mode::Payload { target: Target::Socket { .. }, .. });
        if blocks && !ingress.stuck.is_never() && !self.core.is_wire_idle() {
            after(ingress.stuck, self.core.config.reader_limit)
        } else {
            Moment::NEVER
        }
    }

    /// Fails the socket that has held up a command for too long.
    pub(super) fn check_reader(&mut self) {
        let now = self.core.clock.now;
        // Only the time counts in which somebody has to wait.
        if self.core.is_wire_idle() && !self.core.ingress.stuck.is_never() {
            self.core.ingress.stuck = now;
        }
        if !self.reader_deadline().is_due(now) {
            return;
        }
        if let Mode::Payload { left, target: Target::Socket { index, generation, .. } } = self.core.ingress.mode {
            warn!("a reader has held up the module for too long");
            self.fail_stream(index.into(), generation, left);
            let ingress = &mut self.core.ingress;
            ingress.mode = Mode::Payload { left, target: Target::Nowhere };
            // The module was not silent: it was not listened to.
            (ingress.blocked, ingress.stuck, ingress.last_byte) = (false, Moment::NEVER, now);
            self.core.runner.wake();
        }
    }

    fn drop_bytes(&mut self, count: usize) {
        self.core.counters.dropped_bytes = self.core.counters.dropped_bytes.wrapping_add(count as u32);
    }

    pub(super) fn payload_deadline(&self) -> Moment {
        let ingress = &self.core.ingress;
        let waiting = ingress.is_at_payload() && !ingress.blocked;
        if waiting { after(ingress.last_byte, self.core.config.payload_timeout) } else { Moment::NEVER }
    }

    /// A counted payload has no end mark: if its rest does not come, the module has restarted or bytes were lost.
    pub(super) fn check_payload(&mut self) {
        if !self.payload_deadline().is_due(self.core.clock.now) {
            return;
        }
        warn!("payload broke off");
        self.core.counters.broken_payloads = self.core.counters.broken_payloads.wrapping_add(1);
        if let Mode::Payload { left, target: Target::Socket { index, generation, .. } } = self.core.ingress.mode {
            self.fail_stream(index.into(), generation, left);
        }
        self.core.ingress.reset();
        self.lose_step();
    }
}
