//! Decides which command is next, and acts on how the engine's own commands ended.

use core::net::SocketAddr;
use core::task::Poll;

use super::exchange::{self, Owner};
use super::socket::{End, Kind, LinkId, MAX_LINKS, Phase};
use super::{Core, Engine, Fact, Moment, Passthrough, Span, UserState};
use crate::recovery::ResetCause;

/// The user's command, then for each socket: close, fetch, send, and nothing, as a division by four is none.
const JOBS: u8 = 1 + 4 * MAX_LINKS as u8;

/// How long a send goes on after its link has closed, until the module has said so in its own words.
const CLOSED_SEND_LIMIT: Span = Span::from_millis(2000);

/// A question is asked again until it was met by three times silence, or so often by a module that is busy.
pub(super) const TRIES: u8 = 24;
pub(super) const SILENCE: u8 = TRIES / 3;

impl Core {
    /// The module has a link that nobody wants.
    pub(super) fn disown(&mut self, link: LinkId) {
        if usize::from(link) < MAX_LINKS {
            self.orphans |= 1 << link;
        }
    }

    /// Whether the running command fetches data of this socket.
    pub(super) fn is_pulling(&self, index: usize) -> bool {
        !matches!(self.exchange.phase, exchange::Phase::Idle) && self.exchange.owner == Owner::Pull(index as u8)
    }

    /// The last send of this socket is with the module, and its confirmation stands behind data for which there is no
    /// room.
    ///
    /// Whoever waits for the confirmation may be the one who is to read that data.
    pub(crate) fn is_confirmation_stuck(&self, index: usize) -> bool {
        self.ingress.is_blocked()
            && matches!(self.exchange.phase, exchange::Phase::Confirm)
            && self.exchange.owner == Owner::Send(index as u8)
    }

    /// The place of the socket whose command runs. It would act on the next connection with the link's ID, too.
    pub(crate) fn running_socket(&self) -> Option<usize> {
        match self.exchange.owner {
            Owner::Send(index) | Owner::Pull(index) | Owner::Close(index) if !self.is_wire_idle() => Some(index.into()),
            _ => None,
        }
    }

    /// The serial port is not read, as there is no room for what comes next.
    pub(crate) const fn is_held_up(&self) -> bool {
        self.ingress.is_blocked()
    }

    /// The serial port is not read any more: a flush must not wait for it, nor a listener.
    pub(super) fn release_flush(&mut self) {
        self.server.waker.wake();
        if let Owner::Send(index) = self.exchange.owner {
            self.sockets[usize::from(index)].write_waker.wake();
        }
    }

    /// The link of a running send has closed: if the module does not even ask for the data, do not wait long.
    pub(super) fn shorten_send(&mut self, index: usize) {
        if self.exchange.owner == Owner::Send(index as u8)
            && matches!(self.exchange.phase, exchange::Phase::Answer | exchange::Phase::Prompt)
        {
            let limit = self.after(CLOSED_SEND_LIMIT);
            self.exchange.deadline = self.exchange.deadline.min(limit, self.clock.now);
        }
    }

    /// A place in the socket table.
    pub(super) fn free_place(&self) -> Option<usize> {
        let running = self.running_socket();
        let free = |(index, socket): &(usize, &super::Socket)| socket.phase == Phase::Free && Some(*index) != running;
        self.sockets.iter().enumerate().find(free).map(|(index, _)| index)
    }

    /// A place and a link for a new socket: link IDs from the top, as a server's clients get them from the bottom.
    pub(crate) fn claim(&mut self, kind: Kind, remote: Option<SocketAddr>) -> Option<(usize, u16, LinkId)> {
        if self.passthrough != Passthrough::Off {
            return None;
        }
        let index = self.free_place()?;
        let taken = |link: LinkId| self.orphans & (1 << link) != 0 || self.socket_of(link).is_some();
        let link = (0..MAX_LINKS as LinkId).rev().find(|&link| !taken(link))?;
        let socket = &mut self.sockets[index];
        socket.claim(kind, link, remote);
        Some((index, socket.generation, link))
    }

    /// Whether a place will become free without a user's doing.
    pub(crate) fn will_have_room(&self) -> bool {
        self.orphans != 0 || self.passthrough != Passthrough::Off || self.sockets.iter().any(|socket| !socket.held)
    }

    /// Whether there is a TLS link. `Pending`: one that is about to go.
    pub(crate) fn has_tls_link(&self) -> Poll<bool> {
        let mut links = self.sockets.iter().filter(|socket| socket.kind == Kind::Tls && socket.is_live()).peekable();
        if links.peek().is_none() && self.orphans == 0 {
            return Poll::Ready(false);
        }
        if links.any(|socket| socket.held && !socket.closing) { Poll::Ready(true) } else { Poll::Pending }
    }

    /// Notes whether a link has names or keys for TLS in the module. Gives whether it had.
    pub(crate) fn note_tls_names(&mut self, link: LinkId, some: bool) -> bool {
        let before = self.settings.tls_names;
        let bit = 1 << link;
        self.settings.tls_names = if some { before | bit } else { before & !bit };
        before & bit != 0
    }

    /// A connect has failed or was given up. The module may have the link all the same, now or soon.
    pub(crate) fn give_up_connect(&mut self, index: usize, generation: u16) {
        let socket = &mut self.sockets[index];
        if socket.generation != generation {
            return;
        }
        let link = socket.link;
        let begun = socket.begun;
        socket.held = false;
        socket.finish(End::Local);
        // Where the user makes links, too, the ID may have been one of theirs.
        if let Some(link) = link
            && begun
            && !self.user_links
        {
            self.disown(link);
        }
        self.waiters.wake();
        self.runner.wake();
    }

    fn is_length_poll_wanted(&self) -> bool {
        self.settings.passive
            && self.is_up()
            && self.sockets.iter().any(|socket| {
                let passive = socket.link.is_some_and(|link| !self.receives_actively(link));
                socket.phase == Phase::Open && socket.reading && !socket.pending && passive
            })
    }
}

impl Engine<'_> {
    /// Starts the one command that is due for a job, if any.
    fn start_job(&mut self, job: u8) -> bool {
        let core = &mut *self.core;
        if job == 0 {
            return matches!(core.user.state, UserState::Queued) && core.begin_user();
        }
        let index = usize::from((job - 1) / 4);
        let capacity = self.receive_capacity();
        let core = &mut *self.core;
        let send_limit = core.profile().send_limit;
        let receive_limit = core.profile().receive_limit;
        let timeout = core.config.send_timeout;
        let socket = &mut core.sockets[index];
        let Some(link) = socket.link else { return false };
        if !matches!(socket.phase, Phase::Open | Phase::Draining) || socket.kind == Kind::Passthrough {
            return false;
        }
        let unsent = socket.to_send.len();
        match (job - 1) % 4 {
            0 if socket.aborting || (socket.closing && (unsent == 0 || !socket.up)) => {
                if socket.up {
                    core.begin_own(Owner::Close(index as u8), "AT+CIPCLOSE", &[link.into()], timeout);
                    return true;
                }
                socket.finish(End::Local);
                core.waiters.wake();
                false
            }
            // One answer is one datagram: the less waits in the module, the less can run together.
            1 if socket.pending && socket.wants_data() && socket.is_datagram() => {
                socket.pending_again = false;
                core.begin_pull(index, link, receive_limit);
                true
            }
            // How the address of an unknown peer would look in the answer is not known.
            1 if socket.pending && socket.wants_data() && !socket.is_stranger() => {
                // Not for a few bytes at a time: wait until half the ring is free.
                let room = capacity - socket.received.len();
                if room == 0 || room * 2 < capacity {
                    return false;
                }
                socket.pending_again = false;
                core.begin_pull(index, link, room.min(receive_limit));
                true
            }
            2 if unsent > 0 && socket.up && !socket.aborting => {
                if socket.is_datagram() {
                    socket.sending = true;
                    return core.datagrams.is_some_and(|duties| (duties.begin_send)(self, index, link));
                }
                if core.long_send_duties.is_some_and(|duties| (duties.begin)(core, index, link)) {
                    return true;
                }
                core.sockets[index].sending = true;
                core.begin_send(index, link, unsent.min(send_limit));
                true
            }
            _ => false,
        }
    }

    /// Puts the next command on the wire, if it is free.
    pub(super) fn start_next(&mut self) {
        let core = &mut *self.core;
        if !core.is_up() || !core.is_wire_idle() {
            return;
        }
        let timeout = core.config.command_timeout;
        if core.resync.is_some() {
            // A question whose answer cannot be mistaken for a late one.
            core.begin_own(Owner::Resync, "AT+CIPMUX?", &[], timeout);
            return;
        }
        if core.orphans != 0 {
            let link = core.orphans.trailing_zeros() as LinkId;
            core.begin_own(Owner::Orphan(link), "AT+CIPCLOSE", &[link.into()], timeout);
            return;
        }
        if core.begin_link_check()
            || core.datagrams.is_some_and(|duties| (duties.begin_receive_type)(core))
            || core.server.duties.is_some_and(|duties| (duties.begin)(core))
        {
            return;
        }
        if self.length_poll_deadline().is_due(self.core.clock.now) {
            self.core.begin_own(Owner::Lengths, "AT+CIPRECVLEN?", &[], timeout);
            return;
        }
        for turn in 0..JOBS {
            let job = self.core.next_job + turn;
            let job = if job < JOBS { job } else { job - JOBS };
            if self.start_job(job) {
                self.core.next_job = if job + 1 < JOBS { job + 1 } else { 0 };
                return;
            }
        }
    }

    pub(super) fn length_poll_deadline(&self) -> Moment {
        let wanted = self.core.is_wire_idle() && self.core.is_length_poll_wanted();
        if wanted { self.core.next_length_poll } else { Moment::NEVER }
    }

    /// A command for a link has ended: `success` is `None` when there was no answer at all.
    pub(super) fn link_done(&mut self, owner: Owner, success: Option<bool>) {
        let core = &mut *self.core;
        match owner {
            Owner::Send(index) if core.sockets[usize::from(index)].is_datagram() => {
                if let Some(duties) = core.datagrams {
                    (duties.sent)(self, index.into(), success);
                }
            }
            Owner::Send(index) => {
                let refused =
                    success == Some(false) && core.long_send_duties.is_some_and(|duties| (duties.is_refused)(core));
                let success = if refused { Some(true) } else { success };
                let socket = &mut core.sockets[usize::from(index)];
                socket.sent(success == Some(true));
                if success == Some(true) {
                    socket.write_waker.wake();
                } else {
                    // How much went out is unknown: a second try could send a part twice.
                    socket.write_waker.wake();
                    let generation = socket.generation;
                    self.fail_link(index.into(), generation, End::SendFailed);
                }
            }
            Owner::Pull(index) => {
                let (filled, answered) = (core.exchange.was_filled(), core.exchange.was_answered());
                let socket = &mut core.sockets[usize::from(index)];
                let more = success != Some(false) && (filled || (answered && socket.is_read_in_parts()));
                // Without an answer it is unknown whether the data was fetched.
                socket.pending = more || socket.pending_again || success.is_none();
                if socket.phase == Phase::Draining && !socket.pending {
                    socket.finish(End::Peer);
                }
                // Somebody may wait until no command runs for it any more.
                socket.write_waker.wake();
            }
            Owner::Close(index) => core.sockets[usize::from(index)].finish(End::Local),
            Owner::Orphan(link) => core.orphans &= !(1 << link),
            Owner::Lengths => {
                // Each question wakes a module that sleeps.
                let limits = &core.config;
                let pause = if core.settings.light_sleep { limits.link_check } else { limits.poll_interval };
                core.next_length_poll = core.after(pause);
            }
            Owner::ReceiveType(links) => core.receive_type_done(links, success == Some(true)),
            Owner::LongSends => {
                if let Some(duties) = core.long_send_duties {
                    (duties.set_up)(core, success == Some(true));
                }
            }
            Owner::Server | Owner::Peers => {
                if let Some(duties) = core.server.duties {
                    let done = if matches!(owner, Owner::Server) { duties.started } else { duties.peers_done };
                    done(core, success);
                }
            }
            Owner::Links => core.link_check_done(success),
            Owner::User | Owner::BringUp | Owner::Resync => {}
        }
        self.core.waiters.wake();
    }

    /// The bytes of a socket's stream are not all there: so many are missing, at least.
    pub(super) fn fail_stream(&mut self, index: usize, generation: u16, at_least: u32) {
        let socket = &mut self.core.sockets[index];
        if socket.is_datagram() {
            // The others are whole.
            if socket.generation == generation {
                socket.retract_datagram();
                socket.miss_datagram();
            }
            return;
        }
        self.fail_link(index, generation, End::DataLost(at_least));
    }

    pub(super) fn fail_link(&mut self, index: usize, generation: u16, end: End) {
        let core = &mut *self.core;
        let socket = &mut core.sockets[index];
        if socket.generation != generation || matches!(socket.phase, Phase::Free | Phase::Ended) {
            return;
        }
        let link = socket.link;
        let up = socket.up;
        socket.finish(end);
        if let Some(link) = link
            && up
        {
            core.disown(link);
        }
        core.waiters.wake();
    }

    /// The driver and the module may no longer agree on which answer belongs to what: nothing is sent until they do.
    ///
    /// A command that runs keeps its deadline, as its answer may still come.
    pub(super) fn lose_step(&mut self) {
        if self.core.is_up() && self.core.resync.is_none() {
            self.core.resync = Some(0);
        }
    }

    /// The question that brings both into step was answered, or not.
    pub(super) fn resynced(&mut self, answered: bool) {
        let core = &mut *self.core;
        match (answered, core.exchange.mux) {
            (true, Some(Fact::Yes)) => core.resync = None,
            (true, Some(Fact::No)) => {
                core.resync = None;
                self.module_lost(ResetCause::Unnoticed);
            }
            // The final result of an earlier command: the answer is still to come.
            (true, None) => {}
            (false, _) => {
                let weight = if core.exchange.busy { 1 } else { SILENCE };
                let tries = core.resync.unwrap_or(0).saturating_add(weight);
                core.resync = Some(tries);
                if tries >= TRIES {
                    self.lose_module(ResetCause::Silence);
                    self.start_life();
                }
            }
        }
    }
}
