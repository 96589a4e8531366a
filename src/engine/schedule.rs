//! Decides which command is next, and acts on how the engine's own commands ended.

use embassy_time::{Duration, Instant};

use super::exchange::{self, Owner, UserState};
use super::socket::{End, LinkId, MAX_LINKS, Phase};
use super::{Core, Engine, Outcome, after};
use crate::net::tcp;

/// The user's command, then for each socket: close, fetch, send.
const JOBS: usize = 1 + 3 * MAX_LINKS;

/// How long a send goes on after its link has closed, until the module has said so in its own words.
const CLOSED_SEND_LIMIT: Duration = Duration::from_secs(2);

impl Core {
    /// The module has a link that nobody wants.
    pub(super) fn disown(&mut self, link: LinkId) {
        if usize::from(link) < MAX_LINKS {
            self.orphans |= 1 << link;
        }
    }

    /// Whether the running command fetches data of this socket.
    pub(super) fn is_pulling(&self, index: usize) -> bool {
        self.exchange.phase != exchange::Phase::Idle && self.exchange.owner == Owner::Pull(index)
    }

    /// The link of a running send has closed: if the module does not even ask for the data, do not wait long.
    pub(super) fn shorten_send(&mut self, now: Instant, index: usize) {
        if self.exchange.owner == Owner::Send(index)
            && matches!(self.exchange.phase, exchange::Phase::Answer | exchange::Phase::Prompt)
        {
            self.exchange.deadline = self.exchange.deadline.min(after(now, CLOSED_SEND_LIMIT));
        }
    }

    /// A place and a link for a new connection: link IDs from the top, as a server's clients get them from the bottom.
    pub(crate) fn claim(&mut self, remote: Option<core::net::SocketAddr>) -> Option<(usize, u16, LinkId)> {
        // A command that runs for the last user of the place would act on the next one.
        let running = match self.exchange.owner {
            Owner::Send(index) | Owner::Pull(index) | Owner::Close(index) if !self.is_wire_idle() => Some(index),
            _ => None,
        };
        let free = |(index, socket): &(usize, &super::Socket)| socket.phase == Phase::Free && Some(*index) != running;
        let (index, _) = self.sockets[..self.socket_count].iter().enumerate().find(free)?;
        let taken = |link: LinkId| self.orphans & (1 << link) != 0 || self.socket_of(link).is_some();
        let link = (0..MAX_LINKS as LinkId).rev().find(|&link| !taken(link))?;
        let socket = &mut self.sockets[index];
        socket.claim(link, remote);
        Some((index, socket.generation, link))
    }

    /// Whether a place will become free without a user's doing.
    pub(crate) fn will_have_room(&self) -> bool {
        self.orphans != 0 || self.sockets[..self.socket_count].iter().any(|socket| !socket.held)
    }

    /// A connect has failed or was given up. The module may have the link all the same, now or soon.
    pub(crate) fn give_up_connect(&mut self, index: usize) {
        let socket = &mut self.sockets[index];
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

    /// Starts the one command that is due for a job, if any.
    fn start_job(&mut self, job: usize, capacity: usize) -> bool {
        if job == 0 {
            let queued = self.user.state == UserState::Queued;
            if queued {
                self.begin_user();
            }
            return queued;
        }
        let index = (job - 1) / 3;
        if index >= self.socket_count {
            return false;
        }
        let passive = self.settings.passive;
        let send_limit = self.profile.send_limit;
        let receive_limit = self.profile.receive_limit;
        let timeout = self.config.send_timeout;
        let socket = &mut self.sockets[index];
        let Some(link) = socket.link else { return false };
        if !matches!(socket.phase, Phase::Open | Phase::Draining) {
            return false;
        }
        let unsent = socket.to_send.len();
        match (job - 1) % 3 {
            0 if socket.aborting || (socket.closing && (unsent == 0 || !socket.up)) => {
                if socket.up {
                    self.begin_own(Owner::Close(index), "AT+CIPCLOSE", &[link.into()], timeout);
                    return true;
                }
                socket.finish(End::Local);
                self.waiters.wake();
                false
            }
            1 if passive && socket.pending && socket.wants_data() => {
                // Not for a few bytes at a time: wait until half the ring is free.
                let room = capacity - socket.received.len();
                if room == 0 || room * 2 < capacity {
                    return false;
                }
                socket.pending_again = false;
                self.begin_pull(index, link, room.min(receive_limit));
                true
            }
            2 if unsent > 0 && socket.up && !socket.aborting => {
                socket.sending = true;
                self.begin_send(index, link, unsent.min(send_limit));
                true
            }
            _ => false,
        }
    }

    fn is_length_poll_wanted(&self) -> bool {
        self.settings.passive
            && self.is_up()
            && self.sockets[..self.socket_count]
                .iter()
                .any(|socket| socket.phase == Phase::Open && socket.reading && !socket.pending)
    }
}

impl Engine<'_> {
    /// Puts the next command on the wire, if it is free.
    pub(super) fn start_next(&mut self, now: Instant) {
        let capacity = self.receive_capacity();
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
        if self.length_poll_deadline().is_some_and(|deadline| now >= deadline) {
            self.core.begin_own(Owner::Lengths, "AT+CIPRECVLEN?", &[], timeout);
            return;
        }
        let core = &mut *self.core;
        for turn in 0..JOBS {
            let job = (core.next_job + turn) % JOBS;
            if core.start_job(job, capacity) {
                core.next_job = (job + 1) % JOBS;
                return;
            }
        }
    }

    pub(super) fn length_poll_deadline(&self) -> Option<Instant> {
        (self.core.is_wire_idle() && self.core.is_length_poll_wanted()).then_some(self.core.next_length_poll)
    }

    /// A command for a link has ended: `success` is `None` when there was no answer at all.
    pub(super) fn link_done(&mut self, now: Instant, owner: Owner, success: Option<bool>) {
        let core = &mut *self.core;
        match owner {
            Owner::Send(index) => {
                let socket = &mut core.sockets[index];
                socket.sent(success == Some(true));
                if success == Some(true) {
                    socket.write_waker.wake();
                } else {
                    // How much went out is unknown: a second try could send a part twice.
                    socket.write_waker.wake();
                    let generation = socket.generation;
                    self.fail_link(index, generation, tcp::Error::SendFailed);
                }
            }
            Owner::Pull(index) => {
                let more = success != Some(false) && core.exchange.was_filled();
                let socket = &mut core.sockets[index];
                // Without an answer it is unknown whether the data was fetched.
                socket.pending = more || socket.pending_again || success.is_none();
                if socket.phase == Phase::Draining && !socket.pending {
                    socket.finish(End::Peer);
                }
            }
            Owner::Close(index) => core.sockets[index].finish(End::Local),
            Owner::Orphan(link) => core.orphans &= !(1 << link),
            Owner::Lengths => core.next_length_poll = after(now, core.config.poll_interval),
            Owner::User | Owner::BringUp | Owner::Resync => {}
        }
        self.core.waiters.wake();
    }

    /// The bytes of a socket's stream are not all there.
    pub(super) fn fail_stream(&mut self, index: usize, generation: u16) {
        self.fail_link(index, generation, tcp::Error::DataLost);
    }

    fn fail_link(&mut self, index: usize, generation: u16, error: tcp::Error) {
        let core = &mut *self.core;
        let socket = &mut core.sockets[index];
        if socket.generation != generation || matches!(socket.phase, Phase::Free | Phase::Ended) {
            return;
        }
        let link = socket.link;
        let up = socket.up;
        socket.finish(End::Failed(error));
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
    pub(super) fn resynced(&mut self, now: Instant, answered: bool) {
        // Three times silence, or two minutes of a module that is busy.
        const LIMIT: u8 = 24;
        const SILENCE: u8 = 8;
        let core = &mut *self.core;
        match (answered, core.exchange.mux) {
            (true, Some(true)) => core.resync = None,
            (true, Some(false)) => {
                core.resync = None;
                self.module_lost();
            }
            // The final result of an earlier command: the answer is still to come.
            (true, None) => {}
            (false, _) => {
                let weight = if core.exchange.busy { 1 } else { SILENCE };
                let tries = core.resync.unwrap_or(0).saturating_add(weight);
                core.resync = Some(tries);
                if tries >= LIMIT {
                    core.resync = None;
                    self.end_commands(Outcome::Silent);
                    self.lose_everything(tcp::Error::ConnectionReset);
                    self.start_life(now);
                }
            }
        }
    }
}
