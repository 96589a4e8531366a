//! The one command that is on the wire, from its first byte to its final result.

use embassy_time::Instant;

use super::classify::{FinalResult, Reason};
use super::light_sleep::Stage;
use super::long_send::LongSend;
use super::socket::LinkId;
use super::text::Text;
use super::{Core, Engine, Fact, Moment, Span, UserState, after};
use crate::at::{EncodeError, Encoder};
use crate::command::{End, ErrorCode};

/// Longest command of the engine itself.
const OWN_COMMAND: usize = 80;

/// Bytes that any release gives in one answer, if it has them.
const SURE_PULL: usize = 2048;

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
    pub(super) const NONE: Self = Self { code: None, reason: None };
}

#[repr(C)]
pub(crate) struct Exchange {
    pub(super) phase: Phase,
    pub(super) owner: Owner,
    /// What ends it well.
    pub(super) end: End,
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
    pub(super) sent: usize,
    /// Bytes of data to send once the module asks for them; 0 for a command without data.
    pub(super) data: usize,
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
    pub(super) fn begin(&mut self, now: Moment, owner: Owner, timeout: Span) {
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

    /// Whether a pull got all that it asked for, or all that one command gives on some releases, so that there may be more.
    pub(super) fn was_filled(&self) -> bool {
        self.got.is_some_and(|got| got as usize >= self.asked.min(SURE_PULL))
    }
}

impl Core {
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
