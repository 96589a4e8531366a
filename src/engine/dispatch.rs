//! Acts on a complete line.

use super::classify::LinkPeer;
use super::events::about_soft_ap;
use super::exchange::Owner;
use super::socket::{LinkId, Phase};
use super::{Core, End, Engine, Event, Fact, Meaning, Moment, Span, after, classify};
use crate::at::{Fields, after_name};
use crate::command::ErrorCode;

/// How long a line or payload waits for its receiver before it is dropped, so that one idle future cannot stop all
/// sockets.
const HELD_LIMIT: Span = Span::from_millis(1000);

/// The same for the lines of a list that is taken at the user's pace.
const PATIENT_LIMIT: Span = Span::from_millis(30_000);

/// Whether a line without a name is a message all the same: SmartConfig's are like that.
fn is_provisioning(line: &[u8]) -> bool {
    const WORDS: [&[u8]; 4] = [b"smartconfig ", b"Smart get ", b"ssid:", b"password:"];
    WORDS.iter().any(|word| line.starts_with(word))
}

impl Core {
    /// The socket that has this link.
    pub(super) fn socket_of(&self, link: LinkId) -> Option<usize> {
        self.sockets.iter().position(|socket| socket.link == Some(link))
    }

    fn link_up(&mut self, link: LinkId, peer: Option<LinkPeer>) {
        let is_client = peer.map(|peer| peer.is_client);
        let known = self.socket_of(link);
        if let Some(index) = known
            && self.sockets[index].phase == Phase::Connecting
        {
            let theirs = is_client == Some(true) || (is_client.is_none() && !self.sockets[index].begun);
            if theirs && self.admit(link, peer) {
                // It was faster. Whoever connects takes another link.
                self.runner.wake();
            } else {
                let socket = &mut self.sockets[index];
                socket.up = true;
                socket.open_if_complete();
            }
            return;
        }
        // The old connection ended unnoticed, perhaps with data that nobody will get any more.
        if let Some(index) = known {
            self.sockets[index].finish(End::Reset);
        }
        if !self.admit(link, peer) && (known.is_some() || !self.user_links) {
            self.disown(link);
        }
    }

    fn publish(&mut self, event: Event) {
        self.history.publish(event);
        self.waiters.wake();
    }
}

impl Engine<'_> {
    /// Acts on the line in the line buffer, and empties the buffer unless the line has to wait.
    pub(super) fn dispatch_line(&mut self) {
        let meaning = classify::classify(&self.core.ingress.line);
        if meaning == Meaning::Information {
            self.information();
            return;
        }
        let code = if meaning == Meaning::ErrorCode { classify::error_code(&self.core.ingress.line) } else { None };
        let peer = self.core.server.duties.and_then(|duties| (duties.read_peer)(&self.core.ingress.line));
        // Some messages are at the same time the answer to a command that makes or ends a link.
        let is_answer = matches!(meaning, Meaning::Connect(_) | Meaning::Closed(_))
            && self.core.user.is_listening()
            && matches!(self.core.exchange.owner, Owner::User);
        if !is_answer {
            self.core.ingress.end_line();
        }
        match meaning {
            Meaning::Final(result) => self.final_result(result),
            Meaning::Busy => {
                self.core.counters.busy = self.core.counters.busy.wrapping_add(1);
                self.core.exchange.busy = true;
                // A code before it is about what was refused, not about the command that runs.
                self.core.exchange.forget_code();
            }
            Meaning::ErrorCode => self.note_refusal(code.map(ErrorCode), None),
            Meaning::Reason(reason) => self.note_refusal(None, Some(reason)),
            Meaning::Ready => self.module_started(),
            Meaning::Connect(link) => self.core.link_up(link.unwrap_or(0), peer),
            Meaning::Closed(link) => self.link_down(link.unwrap_or(0)),
            Meaning::Notice(link) => self.data_waits(link),
            Meaning::StationConnected => {
                self.core.station.associated = true;
                self.core.publish(Event::StationConnected);
            }
            Meaning::StationGotAddress => {
                self.core.station.associated = true;
                self.core.station.has_address = true;
                self.core.hear_suspects();
                self.core.publish(Event::StationGotAddress);
            }
            Meaning::StationDisconnected => {
                self.core.station = super::Station::default();
                self.core.suspect_links();
                self.core.publish(Event::StationDisconnected);
            }
            // Echo is off, unless the module has restarted unnoticed.
            Meaning::Echo if self.core.is_up() => self.lose_step(),
            Meaning::Noise | Meaning::Echo | Meaning::Information => {}
        }
        if is_answer {
            self.core.ingress.held = self.core.clock.now;
            self.deliver_held_line();
        }
    }

    /// A line that means something to the running command only.
    fn information(&mut self) {
        let core = &mut *self.core;
        if let Some(event) = about_soft_ap(&core.ingress.line) {
            core.publish(event);
        }
        if core.long_send_duties.is_some_and(|duties| (duties.report)(core))
            || core.light_sleep.is_some_and(|duties| (duties.answer)(core))
        {
            core.ingress.end_line();
            return;
        }
        let line = &core.ingress.line[..];
        let known = match core.exchange.owner {
            _ if !matches!(core.exchange.phase, super::exchange::Phase::Answer) => false,
            Owner::User => {
                core.ingress.held = core.clock.now;
                self.deliver_held_line();
                return;
            }
            Owner::BringUp => core.step_answer(),
            Owner::Resync => match after_name(line, b"+CIPMUX") {
                Some(value) => {
                    core.exchange.mux = Some(if value == b"1" { Fact::Yes } else { Fact::No });
                    true
                }
                None => false,
            },
            Owner::Peers => core.server.duties.is_some_and(|duties| (duties.learn_peer)(core)),
            Owner::Links => core.note_link(),
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
            core.ingress.held = core.clock.now;
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
        let answering =
            matches!(core.exchange.owner, Owner::User) && matches!(core.exchange.phase, super::exchange::Phase::Answer);
        let is_message =
            (line.starts_with(b"+") || is_provisioning(line)) && !(answering && core.user.is_own_line(line));
        if is_message && !core.ingress.announced {
            if !core.messages.push_line(line) {
                return false;
            }
            core.ingress.announced = true;
        }
        if core.user.is_listening() && matches!(core.exchange.owner, Owner::User) {
            if !core.user.answer.push_line(&core.ingress.line) {
                return false;
            }
            core.user.wakers.wake();
        }
        core.ingress.end_line();
        true
    }

    pub(super) fn held_deadline(&self) -> Moment {
        let Core { ingress, user, .. } = &*self.core;
        let limit = if user.patient && user.is_listening() { PATIENT_LIMIT } else { HELD_LIMIT };
        let since = ingress.held.or(ingress.stalled);
        if since.is_never() { since } else { after(since, limit) }
    }

    /// Whoever does not take what is theirs does not stop everybody else.
    pub(super) fn check_held(&mut self) {
        if self.core.ingress.held != Moment::NEVER && self.deliver_held_line() {
            self.core.runner.wake();
        }
        if self.core.ingress.has_something_held() {
            self.take_in(&[]);
        }
        if !self.held_deadline().is_due(self.core.clock.now) {
            return;
        }
        // The ingress can go on.
        self.core.runner.wake();
        if self.core.ingress.stalled != Moment::NEVER {
            self.give_up_payload();
        } else {
            let core = &mut *self.core;
            if (core.ingress.line.starts_with(b"+") || is_provisioning(&core.ingress.line)) && !core.ingress.announced {
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

    fn link_down(&mut self, link: LinkId) {
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
            Phase::Connecting => socket.finish(End::Reset),
            // Only the module itself ends a UDP link.
            Phase::Open if socket.is_datagram() && socket.held => {
                socket.finish(End::Reset);
            }
            Phase::Open if socket.wants_data() && (socket.pending || pulling) => {
                socket.phase = Phase::Draining;
                // Whoever writes need not wait any more.
                socket.wake();
            }
            Phase::Open => socket.finish(End::Peer),
            Phase::Free | Phase::Draining | Phase::Ended => {}
        }
        self.core.shorten_send(index);
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
