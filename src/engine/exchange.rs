//! The one command that is on the wire, from its first byte to its final result.

use embassy_sync::waitqueue::MultiWakerRegistration;
use embassy_time::Instant;

use super::classify::{FinalResult, Reason};
use super::light_sleep::Stage;
use super::long_send::LongSend;
use super::pieces::{MAX_LINE, Pieces};
use super::socket::LinkId;
use super::text::Text;
use super::{Core, Engine, Fact, Moment, Span, after};
use crate::at::{EncodeError, Encoder, MAX_COMMAND};
use crate::command::{End, ErrorCode};
use crate::exchange::Request;

/// Room for one line of full length and a few short ones.
const ANSWER: usize = MAX_LINE + 64;

/// Longest command of the engine itself.
const OWN_COMMAND: usize = 80;

/// How long after the data a second `OK` may come, where manuals show but one.
const SECOND_OK_LIMIT: Span = Span::from_millis(1000);

/// Who sent the command, and thus who is told how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    User,
    BringUp,
    Resync,
    Send(u8),
    Pull(u8),
    Close(u8),
    /// Closes a link that has no socket.
    Orphan(LinkId),
    /// Asks how much data waits in the module.
    Lengths,
    /// Sets how a link receives; these links receive actively then.
    ReceiveType(u8),
    /// Asks for reports on long sends.
    LongSends,
    /// Starts or stops the server.
    Server,
    /// Asks who the clients are.
    Peers,
    /// Asks which links there are.
    Links,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing runs.
    Idle,
    /// The module is woken up before the command goes out, which was tried so hard.
    Wake { stage: Stage, tries: u8 },
    /// The command's bytes go out.
    Command,
    /// The module works on it.
    Answer,
    /// It has accepted the command and will ask for data.
    Prompt,
    /// `left` bytes of data go out.
    Data { left: usize },
    /// Silence before a long send is cancelled, once all before it has left the serial port.
    Quiet { flushed: bool },
    /// All data is out, and the module has yet to say what became of it.
    Confirm,
}

/// How a command ended, for its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Final(FinalResult, Refusal),
    /// No final result in time.
    Timeout,
    /// The module restarted.
    Reset,
    /// The module cannot be reached, so that the command was not sent.
    Silent,
}

impl Outcome {
    pub(crate) const NONE: Self = Self::Final(FinalResult::Ok, Refusal::NONE);
}

/// What the module said about why it refused a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Refusal {
    /// The number of `ERR CODE:0x...` (`ESP-AT 3.1.24`), where the firmware printed one.
    pub code: Option<ErrorCode>,
    /// The line of words before or instead of `ERROR`, where there was a known one.
    pub reason: Option<Reason>,
}

impl Refusal {
    const NONE: Self = Self { code: None, reason: None };
}

#[repr(C)]
pub(crate) struct Exchange {
    pub(super) phase: Phase,
    pub(super) owner: Owner,
    /// What ends it well.
    end: End,
    /// `OK` came before the data that it may also follow.
    accepted: bool,
    pub(super) busy: bool,
    /// The answer to `AT+CIPMUX?`.
    pub(super) mux: Option<Fact>,
    /// The link that data goes to or comes from.
    link: Option<LinkId>,
    pub(super) deadline: Moment,
    timeout: Span,
    /// Bytes of the command that have been handed out.
    sent: usize,
    /// Bytes of data to send once the module asks for them; 0 for a command without data.
    data: usize,
    /// Bytes that were asked for, and whether and how many the module announced.
    asked: usize,
    got: Option<u32>,
    refusal: Refusal,
    /// It is an `AT+CIPSENDL`.
    pub(super) long: Option<LongSend>,
    /// The engine's own command. The user's is in [`User`].
    own: Text<OWN_COMMAND>,
}

impl Exchange {
    pub(super) const fn new() -> Self {
        Self {
            owner: Owner::User,
            phase: Phase::Idle,
            link: None,
            own: Text::new(),
            sent: 0,
            data: 0,
            long: None,
            end: End::Ok,
            accepted: false,
            asked: 0,
            got: None,
            timeout: Span::ZERO,
            deadline: Moment::NEVER,
            refusal: Refusal::NONE,
            mux: None,
            busy: false,
        }
    }

    /// Makes the wire the owner's. The command's bytes must be in place.
    ///
    /// It has to go out within the time that it may take to be answered.
    fn begin(&mut self, now: Moment, owner: Owner, timeout: Span) {
        self.deadline = after(now, timeout);
        self.owner = owner;
        self.phase = Phase::Command;
        self.link = None;
        self.sent = 0;
        self.data = 0;
        self.long = None;
        self.end = End::Ok;
        self.accepted = false;
        self.asked = 0;
        self.got = None;
        self.timeout = timeout;
        self.refusal = Refusal::NONE;
        self.mux = None;
        self.busy = false;
    }

    /// Nothing of the command has been handed out.
    pub(super) const fn is_unsent(&self) -> bool {
        self.sent == 0
    }

    /// Bytes that wake the module, which go out before those of the command. Gives how many, and whether that is all.
    pub(super) fn give_stage(&mut self, bytes: &[u8], out: &mut [u8]) -> (usize, bool) {
        let rest = &bytes[self.sent.min(bytes.len())..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.sent += count;
        (count, count == rest.len())
    }

    pub(super) const fn begin_stage(&mut self, stage: Stage, tries: u8) {
        self.sent = 0;
        self.phase = Phase::Wake { stage, tries };
    }

    /// The module is awake: the command goes out.
    pub(super) fn begin_command(&mut self, now: Moment) {
        self.sent = 0;
        self.phase = Phase::Command;
        self.mux = None;
        self.busy = false;
        self.refusal = Refusal::NONE;
        self.deadline = after(now, self.timeout);
    }

    /// Goes on with other bytes than those of the command.
    pub(super) fn replace_command(&mut self, bytes: &[u8]) {
        self.own.copy(bytes);
        self.sent = 0;
        self.phase = Phase::Command;
    }

    /// The socket whose data is being fetched.
    pub(super) fn pulled(&self) -> Option<usize> {
        match (self.phase, self.owner) {
            (Phase::Answer, Owner::Pull(index)) => Some(index.into()),
            _ => None,
        }
    }

    /// A `+CIPRECVDATA` header came. Gives the socket whose data follows, if anybody asked.
    pub(super) fn data_arrives(&mut self, length: u32) -> Option<usize> {
        let index = self.pulled().filter(|_| self.got.is_none())?;
        self.got = Some(length);
        Some(index)
    }

    /// How the command ended, which has failed.
    pub(super) const fn failure(&self, timeout: bool) -> Outcome {
        if timeout { Outcome::Timeout } else { Outcome::Final(FinalResult::Error, self.refusal) }
    }

    /// Whether a pull got anything at all.
    pub(super) const fn was_answered(&self) -> bool {
        self.got.is_some()
    }

    /// Whether a command for this link may still take effect on a new connection with the same number.
    pub(super) fn may_act_on(&self, link: LinkId) -> bool {
        let undone = match self.owner {
            Owner::Pull(_) => self.got.is_none(),
            Owner::Send(_) => !matches!(self.phase, Phase::Confirm),
            _ => false,
        };
        !matches!(self.phase, Phase::Idle) && self.link == Some(link) && undone
    }

    /// The module has said that there is no such link.
    pub(super) fn link_is_gone(&self) -> bool {
        self.refusal.reason == Some(Reason::NoLink)
    }

    /// The code that came last belongs to something else.
    pub(super) const fn forget_code(&mut self) {
        self.refusal.code = None;
    }

    /// Whether a pull got all that it asked for, so that there may be more.
    pub(super) fn was_filled(&self) -> bool {
        self.got.is_some_and(|got| got as usize >= self.asked)
    }
}

/// The user's command: one at a time has the place, others wait for it.
#[repr(C)]
pub(crate) struct User {
    pub(crate) state: UserState,
    end: End,
    /// The socket that the command connects.
    connecting: Option<u8>,
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
    fn take_user_data(&mut self, out: &mut [u8]) -> usize {
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
    fn note_mode(&mut self) {
        if let Some(rest) = self.user.command.strip_prefix(b"AT+CWMODE")
            && let Some(equals) = rest.iter().position(|&byte| byte == b'=')
            && let Some(mode @ b'0'..=b'3') = rest.get(equals + 1)
        {
            self.radio = mode - b'0';
        }
    }

    /// Puts a command of the engine on the wire. `name` may be a whole command; `parameters` are numbers.
    pub(super) fn begin_own(&mut self, owner: Owner, name: &str, parameters: &[usize], timeout: Span) {
        let mut line = Encoder::new(self.exchange.own.buffer());
        line.name(name);
        for &parameter in parameters {
            line.unsigned(parameter as u32);
        }
        // `+++` is the one command without a line end.
        let length = if name.starts_with('+') { line.finish_bare() } else { line.finish() };
        self.begin_written(owner, timeout, length);
    }

    /// The same with any parameters.
    pub(super) fn begin_own_line(&mut self, owner: Owner, timeout: Span, encode: impl Fn(&mut Encoder<'_>)) {
        let mut line = Encoder::new(self.exchange.own.buffer());
        encode(&mut line);
        let length = line.finish();
        self.begin_written(owner, timeout, length);
    }

    fn begin_written(&mut self, owner: Owner, timeout: Span, length: Result<usize, EncodeError>) {
        self.exchange.own.set_length(length.unwrap_or(0));
        self.exchange.begin(self.clock.now, owner, timeout);
    }

    /// Sends data of a socket.
    pub(super) fn begin_send(&mut self, index: usize, link: LinkId, count: usize) {
        self.begin_own(Owner::Send(index as u8), "AT+CIPSEND", &[link.into(), count], self.config.command_timeout);
        self.expect_data(link, count);
    }

    /// The command that begins sends so much data to a link.
    pub(super) fn expect_data(&mut self, link: LinkId, count: usize) {
        self.exchange.link = Some(link);
        self.exchange.data = count;
        self.exchange.end = End::SendOk;
    }

    pub(super) fn begin_pull(&mut self, index: usize, link: LinkId, count: usize) {
        self.begin_own(Owner::Pull(index as u8), "AT+CIPRECVDATA", &[link.into(), count], self.config.command_timeout);
        self.exchange.link = Some(link);
        self.exchange.asked = count;
    }

    pub(super) fn is_wire_idle(&self) -> bool {
        matches!(self.exchange.phase, Phase::Idle)
    }
}

impl Engine<'_> {
    /// Copies what is to be sent to the module into `out`, and says how many bytes. They count as sent.
    pub(crate) fn take_output(&mut self, now: Instant, out: &mut [u8]) -> usize {
        self.core.clock.set(now);
        self.give_out(out)
    }

    pub(super) fn give_out(&mut self, out: &mut [u8]) -> usize {
        let now = self.core.clock.now;
        if let Some(duties) = self.core.light_sleep {
            (duties.wake)(self.core);
        }
        let exchange = &mut self.core.exchange;
        match exchange.phase {
            Phase::Command => {
                let command: &[u8] = match exchange.owner {
                    Owner::User => &self.core.user.command,
                    _ => &exchange.own,
                };
                let rest = &command[exchange.sent..];
                let count = rest.len().min(out.len());
                out[..count].copy_from_slice(&rest[..count]);
                exchange.sent += count;
                if count == rest.len() {
                    exchange.phase = Phase::Answer;
                    exchange.deadline = after(now, exchange.timeout);
                    if exchange.long.as_ref().is_some_and(|long| long.is_cancelled()) {
                        exchange.phase = Phase::Confirm;
                    } else if *command == *b"+++" && matches!(exchange.owner, Owner::BringUp) {
                        exchange.phase = Phase::Idle;
                        self.escape_sent();
                    } else if exchange.end == End::Nothing && exchange.data == 0 {
                        self.complete(FinalResult::Ok);
                    }
                }
                count
            }
            Phase::Data { left } => {
                let limit = left.min(out.len());
                let exchange_is_long = exchange.long.is_some();
                let count = match exchange.owner {
                    Owner::Send(index) => {
                        let index = index.into();
                        let limit = match self.core.long_send_duties {
                            Some(duties) if exchange_is_long => (duties.room)(self.core, index, left, out.len()),
                            _ => limit,
                        };
                        let (socket, _, ring) = self.socket(index);
                        let count = socket.to_send.pop(ring, &mut out[..limit]);
                        socket.outgoing = socket.outgoing.saturating_sub(count);
                        // Only then, as writer and runner may be one task, which would never rest.
                        if count > 0 {
                            socket.write_waker.wake();
                        }
                        count
                    }
                    _ => self.core.take_user_data(&mut out[..limit]),
                };
                let exchange = &mut self.core.exchange;
                exchange.phase = Phase::Data { left: left - count };
                if count > 0 {
                    // A slow line may take longer for the data than the peer for its acknowledgement.
                    exchange.deadline = after(now, self.core.config.send_timeout.max(exchange.timeout));
                }
                if let (Owner::Send(index), Some(duties)) = (exchange.owner, self.core.long_send_duties) {
                    (duties.goes_on)(self.core, index.into(), count, left - count);
                }
                if left == count {
                    self.data_sent();
                }
                count
            }
            Phase::Quiet { flushed } => {
                self.core.long_send_duties.map_or(0, |duties| (duties.take_escape)(self, flushed, out))
            }
            Phase::Wake { stage, tries } => {
                self.core.light_sleep.map_or(0, |duties| (duties.give_out)(self.core, stage, tries, out))
            }
            Phase::Idle => self.core.passthrough_duties.map_or(0, |duties| (duties.take_raw)(self, out)),
            _ => 0,
        }
    }

    /// The module asks for data.
    pub(super) fn prompt(&mut self) {
        let now = self.core.clock.now;
        let exchange = &mut self.core.exchange;
        if !matches!(exchange.phase, Phase::Answer | Phase::Prompt) {
            return;
        }
        if exchange.data > 0 {
            exchange.phase = Phase::Data { left: exchange.data };
            exchange.deadline = after(now, self.core.config.send_timeout);
            if matches!(exchange.owner, Owner::User) {
                self.core.user.command.clear();
                exchange.sent = 0;
                self.core.user.wakers.wake();
            }
        } else if exchange.end == End::Prompt {
            self.complete(FinalResult::Ok);
            if let Some(duties) = self.core.passthrough_duties {
                (duties.begins)(self.core);
            }
        }
    }

    /// All data is out.
    fn data_sent(&mut self) {
        let now = self.core.clock.now;
        let exchange = &mut self.core.exchange;
        exchange.phase = Phase::Confirm;
        match exchange.end {
            End::Nothing => self.complete(FinalResult::Ok),
            End::Ok if exchange.accepted => exchange.deadline = after(now, SECOND_OK_LIMIT),
            _ => self.core.release_flush(),
        }
    }

    /// A final result code came.
    pub(super) fn final_result(&mut self, result: FinalResult) {
        use FinalResult::{Error, Fail, Ok, PublishFailed, Published, SendCanceled, SendFail, SendOk, SetOk, WriteOk};
        let prompt_limit = self.core.after(self.core.config.prompt_timeout);
        let exchange = &mut self.core.exchange;
        let failed = matches!(result, Error | Fail);
        let failed_late = failed || matches!(result, SendFail | SendCanceled | PublishFailed);
        if matches!(exchange.owner, Owner::Resync) && exchange.mux.is_none() && matches!(exchange.phase, Phase::Answer)
        {
            // The end of an earlier command. That of the question comes after its line.
            self.core.counters.stray_results = self.core.counters.stray_results.wrapping_add(1);
            return;
        }
        let wanted = match exchange.end {
            End::Ok | End::OkAfterData | End::Prompt | End::Nothing => Ok,
            End::SendOk => SendOk,
            End::SetOk => SetOk,
            End::Published => Published,
            End::WriteOk => WriteOk,
        };
        match exchange.phase {
            Phase::Answer if result == Ok && exchange.data > 0 => {
                exchange.accepted = true;
                exchange.phase = Phase::Prompt;
                exchange.deadline = prompt_limit;
            }
            // Accepted, and more is to come: the prompt of an endless transfer, or the end in other words.
            Phase::Answer if result == Ok && exchange.end != End::Ok => exchange.accepted = true,
            // A late word about an earlier send is none about this command.
            Phase::Answer if result == wanted || failed || (failed_late && exchange.end == End::Published) => {
                self.complete(result);
            }
            Phase::Wake { .. } => {
                if let Some(duties) = self.core.light_sleep {
                    (duties.final_result)(self, result);
                }
            }
            Phase::Prompt if failed => self.complete(result),
            Phase::Confirm if result == wanted || failed_late => self.complete(result),
            Phase::Data { .. } if failed_late => {
                // Whether the module still takes data is unknown now, so nothing may follow that it could take for
                // a command.
                self.complete(result);
                self.lose_step();
            }
            _ => {
                self.core.counters.stray_results = self.core.counters.stray_results.wrapping_add(1);
            }
        }
    }

    /// Something to attach to the `ERROR` that follows.
    pub(super) fn note_refusal(&mut self, code: Option<ErrorCode>, reason: Option<Reason>) {
        let refusal = &mut self.core.exchange.refusal;
        refusal.code = code.or(refusal.code);
        refusal.reason = reason.or(refusal.reason);
    }

    fn complete(&mut self, result: FinalResult) {
        let exchange = &mut self.core.exchange;
        exchange.phase = Phase::Idle;
        let mut refusal = exchange.refusal;
        let data_length = exchange.data;
        let whole = exchange.long.as_ref().is_some_and(LongSend::is_whole);
        let success = result.is_success() || (result == FinalResult::SendCanceled && whole);
        match exchange.owner {
            Owner::User => {
                if let Some(index) = self.core.user.connecting.map(usize::from)
                    && self.core.sockets[index].phase == super::Phase::Connecting
                {
                    let socket = &mut self.core.sockets[index];
                    if success {
                        socket.accepted = true;
                        socket.open_if_complete();
                    } else {
                        let mut taken = socket.stolen;
                        if let Some(duties) = self.core.server.duties
                            && socket.up
                            && !taken
                            && self.core.server.is_listening()
                        {
                            (duties.hand_to_client)(&mut *self.core, index);
                            taken = true;
                        }
                        if taken {
                            // Some firmware does not say so.
                            refusal.reason = Some(Reason::AlreadyConnected);
                        }
                    }
                    self.core.note_connect(success || refusal.reason == Some(Reason::AlreadyConnected));
                }
                // Where there was data, it stands in the command's place, and may look like one.
                let is_plain = success && data_length == 0;
                if is_plain {
                    self.core.note_mode();
                }
                if let Some(duties) = self.core.light_sleep.filter(|_| data_length == 0) {
                    (duties.note)(self.core, Some(success));
                }
                self.core.user.finish(Outcome::Final(result, refusal));
                if is_plain {
                    self.note_restart();
                }
            }
            Owner::BringUp => self.brought_up(success),
            Owner::Resync => self.resynced(success),
            owner => self.link_done(owner, Some(success)),
        }
    }

    pub(super) fn exchange_deadline(&self) -> Moment {
        if matches!(self.core.exchange.phase, Phase::Idle) { Moment::NEVER } else { self.core.exchange.deadline }
    }

    /// Ends the command that has been waited for too long.
    pub(super) fn check_exchange(&mut self) {
        if !self.exchange_deadline().is_due(self.core.clock.now) {
            return;
        }
        // While the serial port is not read, the answer cannot come.
        if self.core.ingress.is_blocked() {
            self.core.exchange.deadline = self.core.after(self.core.exchange.timeout);
            return;
        }
        let lost_prompt = match self.core.exchange.owner {
            // If its link has closed, the module may have given up the send: the data could be taken for commands.
            Owner::Send(index) => {
                matches!(self.core.exchange.phase, Phase::Prompt) && self.core.sockets[usize::from(index)].up
            }
            _ => false,
        };
        if lost_prompt {
            // The module has accepted the command and waits for exactly these bytes; only its `>` was lost.
            warn!("prompt lost");
            self.prompt();
            return;
        }
        if matches!(self.core.exchange.phase, Phase::Confirm)
            && self.core.exchange.end == End::Ok
            && self.core.exchange.accepted
        {
            // The `OK` before the data was the only one, as far as one can tell.
            self.complete(FinalResult::Ok);
            self.lose_step();
            return;
        }
        match self.core.exchange.phase {
            // When it is over is seen where bytes are handed out.
            Phase::Quiet { .. } => return,
            Phase::Wake { stage, tries } => {
                if let Some(duties) = self.core.light_sleep {
                    (duties.due)(self, stage, tries);
                }
                return;
            }
            Phase::Data { .. } if self.core.exchange.long.is_some() => {
                if let Some(duties) = self.core.long_send_duties {
                    (duties.cancel)(self.core);
                }
                return;
            }
            _ => {}
        }
        let owner = self.core.exchange.owner;
        self.core.exchange.phase = Phase::Idle;
        match owner {
            // Its answer may still come.
            Owner::BringUp => self.step_timed_out(),
            Owner::Resync => self.resynced(false),
            owner => {
                self.core.counters.timeouts = self.core.counters.timeouts.wrapping_add(1);
                if let (Owner::User, Some(duties)) = (owner, self.core.light_sleep) {
                    (duties.note)(self.core, None);
                }
                match owner {
                    Owner::User => self.core.user.finish(Outcome::Timeout),
                    owner => self.link_done(owner, None),
                }
                self.lose_step();
            }
        }
    }

    /// Ends what runs and what waits, as the module can do neither.
    pub(super) fn end_commands(&mut self, outcome: Outcome) {
        self.core.exchange.phase = Phase::Idle;
        if self.core.server.is_starting() {
            self.core.server.fail(outcome);
        }
        if matches!(self.core.user.state, UserState::Queued | UserState::Running) {
            self.core.user.finish(outcome);
        }
    }
}
