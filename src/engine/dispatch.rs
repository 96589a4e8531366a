//! Acts on a complete line.

use embassy_time::{Duration, Instant};

use super::exchange::Owner;
use super::socket::{LinkId, Phase};
use super::{Core, End, Engine, Event, Meaning, after, classify};
use crate::at::{Fields, after_name};
use crate::command::ErrorCode;
use crate::net::tcp;

/// How long a line or payload waits for its receiver before it is dropped, so that one idle future cannot stop all
/// sockets.
const HELD_LIMIT: Duration = Duration::from_secs(1);

impl Core {
    /// The socket that has this link.
    pub(super) fn socket_of(&self, link: LinkId) -> Option<usize> {
        self.sockets[..self.socket_count].iter().position(|socket| socket.link == Some(link))
    }

    fn publish(&mut self, event: Event) {
        self.history.publish(event);
        self.waiters.wake();
    }
}

impl Engine<'_> {
    /// Acts on the line in the line buffer, and empties the buffer unless the line has to wait.
    pub(super) fn dispatch_line(&mut self, now: Instant) {
        let meaning = classify::classify(&self.core.ingress.line);
        if meaning == Meaning::Information {
            self.information(now);
            return;
        }
        // Some messages are at the same time the answer to a command that makes or ends a link.
        let is_answer = matches!(meaning, Meaning::Connect(_) | Meaning::Closed(_))
            && self.core.user.is_listening()
            && self.core.exchange.owner == Owner::User;
        if !is_answer {
            self.core.ingress.end_line();
        }
        match meaning {
            Meaning::Final(result) => self.final_result(now, result),
            Meaning::Busy => {
                self.core.counters.busy = self.core.counters.busy.wrapping_add(1);
                self.core.exchange.busy = true;
                // A code before it is about what was refused, not about the command that runs.
                self.core.exchange.forget_code();
            }
            Meaning::ErrorCode(code) => self.note_refusal(Some(ErrorCode(code)), None),
            Meaning::Reason(reason) => self.note_refusal(None, Some(reason)),
            Meaning::Ready => self.module_started(),
            Meaning::Connect(link) => self.link_up(link.unwrap_or(0)),
            Meaning::Closed(link) => self.link_down(now, link.unwrap_or(0)),
            Meaning::Notice(link) => self.data_waits(link),
            Meaning::StationConnected => {
                self.core.station.associated = true;
                self.core.publish(Event::StationConnected);
            }
            Meaning::StationGotAddress => {
                self.core.station.associated = true;
                self.core.station.has_address = true;
                self.core.publish(Event::StationGotAddress);
            }
            Meaning::StationDisconnected => {
                self.core.station = super::Station::default();
                self.core.publish(Event::StationDisconnected);
            }
            // Echo is off, unless the module has restarted unnoticed.
            Meaning::Echo if self.core.is_up() => self.lose_step(),
            Meaning::Noise | Meaning::Echo | Meaning::Information => {}
        }
        if is_answer {
            self.core.ingress.held = Some(now);
            self.deliver_held_line();
        }
    }

    /// A line that means something to the running command only.
    fn information(&mut self, now: Instant) {
        let core = &mut *self.core;
        let line = &core.ingress.line[..];
        let known = match core.exchange.owner {
            _ if core.exchange.phase != super::exchange::Phase::Answer => false,
            Owner::User => {
                core.ingress.held = Some(now);
                self.deliver_held_line();
                return;
            }
            Owner::BringUp => core.step_answer(),
            Owner::Resync => match after_name(line, b"+CIPMUX") {
                Some(value) => {
                    core.exchange.mux = Some(value == b"1");
                    true
                }
                None => false,
            },
            Owner::Lengths => match after_name(line, b"+CIPRECVLEN") {
                Some(value) => {
                    for (link, field) in Fields::new(value).enumerate() {
                        // -1 stands for no link; for TLS the number is not exact.
                        if field.signed().is_ok_and(|length| length > 0)
                            && let Some(index) = core.socket_of(link as LinkId)
                        {
                            core.sockets[index].pending = true;
                        }
                    }
                    true
                }
                None => false,
            },
            _ => false,
        };
        if !known {
            core.counters.unknown_lines = core.counters.unknown_lines.wrapping_add(1);
            core.ingress.held = Some(now);
            self.deliver_held_line();
            return;
        }
        core.ingress.end_line();
    }

    /// Hands the waiting line to whom it concerns: to the user's command, and to the subscriber if it is not named
    /// after that command. Gives whether the ingress may go on.
    pub(super) fn deliver_held_line(&mut self) -> bool {
        let core = &mut *self.core;
        let line = &core.ingress.line[..];
        let answering = core.exchange.owner == Owner::User && core.exchange.phase == super::exchange::Phase::Answer;
        let is_message = line.starts_with(b"+") && !(answering && core.user.is_own_line(line));
        if is_message && !core.ingress.announced {
            if !core.messages.push_line(line) {
                return false;
            }
            core.ingress.announced = true;
        }
        if core.user.is_listening() && core.exchange.owner == Owner::User {
            if !core.user.answer.push_line(&core.ingress.line) {
                return false;
            }
            core.user.wakers.wake();
        }
        core.ingress.end_line();
        true
    }

    pub(super) fn held_deadline(&self) -> Option<Instant> {
        let ingress = &self.core.ingress;
        ingress.held.or(ingress.stalled).map(|since| after(since, HELD_LIMIT))
    }

    /// Whoever does not take what is theirs does not stop everybody else.
    pub(super) fn check_held(&mut self, now: Instant) {
        if self.core.ingress.held.is_some() && self.deliver_held_line() {
            self.core.runner.wake();
        }
        if self.core.ingress.has_something_held() {
            self.feed(now, &[]);
        }
        if self.held_deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        // The ingress can go on.
        self.core.runner.wake();
        if self.core.ingress.stalled.is_some() {
            self.give_up_payload(now);
        } else {
            let core = &mut *self.core;
            if core.ingress.line.starts_with(b"+") && !core.ingress.announced {
                core.messages.give_up();
                core.ingress.announced = true;
                if self.deliver_held_line() {
                    return;
                }
            }
            self.core.user.cut = true;
            self.core.counters.dropped_lines = self.core.counters.dropped_lines.wrapping_add(1);
            self.core.ingress.end_line();
        }
    }

    fn link_up(&mut self, link: LinkId) {
        match self.core.socket_of(link) {
            Some(index) if self.core.sockets[index].phase == Phase::Connecting => {
                self.core.sockets[index].up = true;
                self.core.sockets[index].open_if_complete();
            }
            // The old connection ended unnoticed. The new one has no owner.
            Some(index) => {
                self.core.sockets[index].finish(End::Failed(tcp::Error::ConnectionReset));
                self.core.disown(link);
            }
            None if self.core.user_links => {}
            None => self.core.disown(link),
        }
    }

    fn link_down(&mut self, now: Instant, link: LinkId) {
        if link < 8 {
            self.core.orphans &= !(1 << link);
        }
        self.core.waiters.wake();
        let Some(index) = self.core.socket_of(link) else { return };
        let pulling = self.core.is_pulling(index);
        let socket = &mut self.core.sockets[index];
        let was_up = core::mem::take(&mut socket.up);
        match socket.phase {
            // A second notice about the link's last connection has no meaning for the next one.
            Phase::Connecting if !was_up => {}
            Phase::Connecting => socket.finish(End::Failed(tcp::Error::ConnectionReset)),
            Phase::Open if socket.wants_data() && (socket.pending || pulling) => {
                socket.phase = Phase::Draining;
                // Whoever writes need not wait any more.
                socket.wake();
            }
            Phase::Open => socket.finish(End::Peer),
            Phase::Free | Phase::Draining | Phase::Ended => {}
        }
        self.core.shorten_send(now, index);
        self.core.waiters.wake();
    }

    fn data_waits(&mut self, link: LinkId) {
        if let Some(index) = self.core.socket_of(link) {
            let socket = &mut self.core.sockets[index];
            socket.pending = true;
            socket.pending_again = true;
        }
    }
}
