//! The user's command: its place, and its way to the wire.

use embassy_sync::waitqueue::MultiWakerRegistration;

use super::classify::{FinalResult, Reason};
use super::exchange::{Outcome, Owner, Phase, Refusal};
use super::pieces::{MAX_LINE, Pieces};
use super::text::Text;
use super::{Core, Span};
use crate::at::{EncodeError, Encoder, MAX_COMMAND};
use crate::command::End;
use crate::exchange::Request;

/// Room for one line of full length and a few short ones.
const ANSWER: usize = MAX_LINE + 64;

/// One command at a time has the place, others wait for it.
#[repr(C)]
pub(crate) struct User {
    pub(crate) state: UserState,
    end: End,
    /// The socket that the command connects.
    pub(super) connecting: Option<u8>,
    /// The future that sent it is gone: what comes back is thrown away.
    pub(crate) abandoned: bool,
    /// Counted data in the answer is the user's, too.
    takes_data: bool,
    /// Lines of the answer were dropped.
    pub(crate) cut: bool,
    /// Its lines are taken at the user's pace, and wait for longer than others.
    pub(crate) patient: bool,
    pub(crate) outcome: Outcome,
    /// Futures that wait for the place.
    pub(crate) waiting: u16,
    timeout: Span,
    /// Bytes of data that belong to the command, and have not been handed over yet.
    unsupplied: usize,
    pub(crate) wakers: MultiWakerRegistration<8>,
    pub(super) command: Text<MAX_COMMAND>,
    pub(crate) answer: Pieces<ANSWER>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserState {
    Free,
    /// Encoded, and waits for the wire.
    Queued,
    Running,
    /// Ended, as [`User::outcome`] says.
    Done,
}

impl User {
    pub(super) const fn new() -> Self {
        Self {
            state: UserState::Free,
            abandoned: false,
            command: Text::new(),
            timeout: Span::ZERO,
            connecting: None,
            end: End::Ok,
            takes_data: false,
            unsupplied: 0,
            answer: Pieces::new(),
            cut: false,
            patient: false,
            outcome: Outcome::NONE,
            waiting: 0,
            wakers: MultiWakerRegistration::new(),
        }
    }

    /// Whether counted data with this head belongs to the running command's answer.
    pub(super) fn takes_data(&self) -> bool {
        self.takes_data && self.is_listening()
    }

    /// Whether a line is named after the running command: `+CWLAP:...` while `AT+CWLAP` runs.
    pub(super) fn is_own_line(&self, line: &[u8]) -> bool {
        let name = self.command.strip_prefix(b"AT").unwrap_or(&self.command);
        let end = name.iter().position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'_')));
        let name = &name[..end.unwrap_or(name.len())];
        matches!(self.state, UserState::Running) && name.len() > 1 && line.starts_with(name)
    }

    pub(super) fn is_listening(&self) -> bool {
        matches!(self.state, UserState::Running) && !self.abandoned
    }

    pub(super) fn finish(&mut self, outcome: Outcome) {
        if self.abandoned {
            self.release();
        } else {
            self.state = UserState::Done;
            self.outcome = outcome;
            self.wakers.wake();
        }
    }

    /// Gives the place to whoever waits for it.
    pub(crate) fn release(&mut self) {
        self.state = UserState::Free;
        self.connecting = None;
        self.abandoned = false;
        self.answer.clear();
        self.wakers.wake();
    }
}

impl Core {
    /// Puts a user's command in its place. The caller has made sure that the place is free.
    pub(crate) fn queue(&mut self, request: &Request<'_>) -> Result<(), EncodeError> {
        let user = &mut self.user;
        let mut encoder = Encoder::new(user.command.buffer());
        request.encode.write(&mut encoder);
        let length = if request.line_end { encoder.finish() } else { encoder.finish_bare() }?;
        user.command.set_length(length);
        let chosen = match request.connecting {
            Some(_) => self.config.connect_timeout,
            None if user.command.starts_with(b"AT+CWJAP") && !user.command.ends_with(b"?\r\n") => {
                self.config.join_timeout
            }
            None => None,
        };
        user.timeout = chosen.unwrap_or(request.timeout);
        user.connecting = request.connecting.map(|index| index as u8);
        user.end = request.end;
        user.takes_data = request.takes_data;
        self.counter = request.counter.or(self.counter);
        user.unsupplied = request.data.len();
        user.answer.clear();
        user.cut = false;
        user.patient = false;
        user.abandoned = false;
        user.state = UserState::Queued;
        self.runner.wake();
        Ok(())
    }

    /// Hands over the next part of the data that the module waits for. Gives how many bytes were taken.
    pub(crate) fn supply(&mut self, data: &[u8]) -> usize {
        let wanted = matches!(self.exchange.phase, Phase::Data { .. }) && matches!(self.exchange.owner, Owner::User);
        let user = &mut self.user;
        if !wanted || self.exchange.sent < user.command.len() || user.unsupplied == 0 {
            return 0;
        }
        let start = data.len().saturating_sub(user.unsupplied);
        let count = user.command.copy(&data[start..]);
        self.exchange.sent = 0;
        user.unsupplied -= count;
        self.runner.wake();
        count
    }

    /// Data of the user's command for the module.
    pub(super) fn take_user_data(&mut self, out: &mut [u8]) -> usize {
        if self.user.abandoned {
            // The module counts, and would take the next command for data. Nobody will see what it gets.
            out.fill(0);
            return out.len();
        }
        let rest = &self.user.command[self.exchange.sent..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.exchange.sent += count;
        if count == rest.len() {
            self.user.wakers.wake();
        }
        count
    }

    /// The future that sent the user's command has been dropped.
    pub(crate) fn abandon(&mut self) {
        match self.user.state {
            UserState::Running => {
                self.user.abandoned = true;
                self.user.connecting = None;
                self.user.answer.clear();
                // The ingress may wait for room in the answer.
                self.runner.wake();
            }
            UserState::Queued | UserState::Done => self.user.release(),
            UserState::Free => {}
        }
    }

    /// Puts the user's command on the wire. Gives whether it did.
    pub(super) fn begin_user(&mut self) -> bool {
        const LINK_COMMANDS: [&[u8]; 4] = [b"AT+CIPSTART=", b"AT+CIPSTARTEX=", b"AT+CIPSERVER=", b"AT+CIPMUX="];
        if let Some(index) = self.user.connecting.map(usize::from) {
            if self.sockets[index].stolen {
                let refusal = Refusal { code: None, reason: Some(Reason::AlreadyConnected) };
                self.user.finish(Outcome::Final(FinalResult::Error, refusal));
                return false;
            }
            self.sockets[index].begun = true;
        }
        if self.user.connecting.is_none() {
            self.user_links |= LINK_COMMANDS.iter().any(|name| self.user.command.starts_with(name));
        }
        self.user.state = UserState::Running;
        self.exchange.begin(self.clock.now, Owner::User, self.user.timeout);
        self.exchange.data = self.user.unsupplied;
        self.exchange.end = self.user.end;
        true
    }

    /// Remembers what the radio does, if that is what the user's command has set.
    pub(super) fn note_mode(&mut self) {
        if let Some(rest) = self.user.command.strip_prefix(b"AT+CWMODE")
            && let Some(equals) = rest.iter().position(|&byte| byte == b'=')
            && let Some(mode @ b'0'..=b'3') = rest.get(equals + 1)
        {
            self.radio = mode - b'0';
        }
    }
}
