//! Waking the module from light sleep before a command.
//!
//! A pin does it, if the driver has one, and stays at its level until nothing is sent any more.
//!
//! Without one: a module in light sleep loses what is sent until it is awake, or takes it for something else. So where the
//! line was idle, a command waits for CR LF, a pause, CR LF that ends what garbage there may be, another pause, and a
//! question with an unmistakable answer. The `ERROR` that an awake module says to CR LF stands before that answer, so that it cannot be
//! taken for the command's result.

use super::classify::FinalResult;
use super::exchange::{Owner, Phase};
use super::life::Life;
use super::schedule::{SILENCE, TRIES};
use super::{Core, Engine, Fact, Moment, Passthrough, Span, after};
use crate::at::after_name;
use crate::recovery::ResetCause;

/// A line that was idle for less than this finds the module awake.
const AWAKE: Span = Span::from_millis(20);

/// After CR LF. 5 ms are asked for (`NONOS 3.2.10`), and two characters at 9600 baud take 2 ms. Doubled with each try.
const PAUSE: u64 = 10;

/// How long the answer may take.
const ANSWER: Span = Span::from_millis(1000);

/// The same after an `ERROR`: that was the answer, if the question was not heard well. Enough for both at 2400 baud.
const ANSWER_AFTER_ERROR: Span = Span::from_millis(250);

const DUMMY: &[u8] = b"\r\n";
const QUESTION: &[u8] = b"AT+CIPMUX?\r\n";

/// How far the module is awake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// CR LF goes out.
    Dummy,
    /// It wakes up.
    Pause,
    /// Another CR LF goes out.
    Clear,
    /// It deals with that.
    Cleared,
    /// The question goes out.
    Ask,
    /// Its answer is to come.
    Answer,
}

/// What is linked only where light sleep is set. It is reached through [`Core::light_sleep`].
pub(crate) struct Duties {
    /// The mode's number on the wire.
    mode: u8,
    pub(super) note: fn(&mut Core, Option<bool>),
    pub(super) wake: fn(&mut Core),
    pub(super) live: fn(&mut Core),
    pub(super) deadline: fn(&Core) -> Moment,
    pub(super) give_out: fn(&mut Core, Stage, u8, &mut [u8]) -> usize,
    pub(super) answer: fn(&mut Core) -> bool,
    pub(super) final_result: fn(&mut Engine<'_>, FinalResult),
    pub(super) due: fn(&mut Engine<'_>, Stage, u8),
}

impl core::fmt::Debug for Duties {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Duties").field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl Duties {
    /// For firmware that calls light sleep so.
    pub(crate) const fn of(mode: u8) -> Self {
        Self {
            mode,
            note: Core::note_sleep_mode,
            wake: Core::wake_from_light_sleep,
            live: Core::live_light_sleep,
            deadline: Core::light_sleep_deadline,
            give_out: Core::give_out_wake,
            answer: Core::wake_answer,
            final_result: |engine, result| engine.wake_result(result),
            due: |engine, stage, tries| engine.wake_due(stage, tries),
        }
    }
}

const fn pause(tries: u8) -> Span {
    Span::from_millis(PAUSE << (tries / SILENCE))
}

impl Core {
    /// The user's command has ended, well or not; `None` if nobody knows. It may have set the mode.
    fn note_sleep_mode(&mut self, success: Option<bool>) {
        let (Some(duties), Some(mode)) = (self.light_sleep, self.user.command.strip_prefix(b"AT+SLEEP=")) else {
            return;
        };
        let light = mode.trim_ascii_end() == [b'0' + duties.mode];
        match success {
            Some(true) => self.settings.light_sleep = light,
            Some(false) => {}
            None => self.settings.light_sleep |= light,
        }
    }

    /// A command is about to go out.
    fn wake_from_light_sleep(&mut self) {
        let exchange = &self.exchange;
        let last = self.ingress.last_byte();
        let idle = last == Moment::NEVER || self.clock.now.since(last) >= AWAKE;
        // Nothing may stand before `+++`, and a module in passthrough does not sleep.
        let asleep = if self.has_wake_pin { !self.wake_asserted } else { idle } && self.life != Life::Escape;
        if self.settings.light_sleep && asleep && exchange.phase == Phase::Command && exchange.is_unsent() {
            self.begin_wake(0);
        }
    }

    fn begin_wake(&mut self, tries: u8) {
        let (stage, limit) = if self.has_wake_pin {
            self.wake_asserted = true;
            (Stage::Cleared, pause(tries))
        } else {
            (Stage::Dummy, ANSWER)
        };
        self.exchange.deadline = self.after(limit);
        self.exchange.begin_stage(stage, tries);
    }

    /// When the pin is let go.
    fn light_sleep_deadline(&self) -> Moment {
        let over = self.wake_asserted && self.is_wire_idle();
        if over { after(self.ingress.last_byte(), AWAKE) } else { Moment::NEVER }
    }

    /// The module may sleep again once nothing happens, or has forgotten to.
    fn live_light_sleep(&mut self) {
        if self.light_sleep_deadline().is_due(self.clock.now) || !self.settings.light_sleep {
            self.wake_asserted = false;
        }
    }

    fn give_out_wake(&mut self, stage: Stage, tries: u8, out: &mut [u8]) -> usize {
        let (bytes, next, limit) = match stage {
            Stage::Dummy => (DUMMY, Stage::Pause, pause(tries)),
            Stage::Clear => (DUMMY, Stage::Cleared, pause(tries)),
            Stage::Ask => (QUESTION, Stage::Answer, ANSWER),
            Stage::Pause | Stage::Cleared | Stage::Answer => return 0,
        };
        let (count, all) = self.exchange.give_stage(bytes, out);
        if all {
            self.exchange.deadline = self.after(limit);
            self.exchange.begin_stage(next, tries);
        }
        count
    }

    /// A line came. Gives whether it is the answer.
    fn wake_answer(&mut self) -> bool {
        if !matches!(self.exchange.phase, Phase::Wake { .. }) {
            return false;
        }
        let Some(value) = after_name(&self.ingress.line, b"+CIPMUX") else { return false };
        self.exchange.mux = Some(if value == b"1" { Fact::Yes } else { Fact::No });
        true
    }
}

impl Engine<'_> {
    /// A final result came before the command went out.
    fn wake_result(&mut self, result: FinalResult) {
        let core = &mut *self.core;
        match core.exchange.mux {
            // On the way into passthrough and out of it there are no several links.
            Some(Fact::No) if core.is_up() && core.passthrough == Passthrough::Off => {
                self.module_lost(ResetCause::Unnoticed);
            }
            Some(Fact::Yes | Fact::No) => {
                core.exchange.begin_command(core.clock.now);
                // Nobody wants it any more, and nothing of it was sent.
                if matches!(core.exchange.owner, Owner::User) && core.user.abandoned {
                    core.exchange.phase = Phase::Idle;
                    core.user.release();
                }
            }
            None if !result.is_success() && matches!(core.exchange.phase, Phase::Wake { stage: Stage::Answer, .. }) => {
                let limit = core.after(ANSWER_AFTER_ERROR);
                core.exchange.deadline = core.exchange.deadline.min(limit, core.clock.now);
            }
            None => {}
        }
    }

    /// The time of a stage is over.
    fn wake_due(&mut self, stage: Stage, tries: u8) {
        let core = &mut *self.core;
        let next = match stage {
            Stage::Pause => Some(Stage::Clear),
            Stage::Cleared => Some(Stage::Ask),
            // It was not answered, or the port takes nothing.
            Stage::Dummy | Stage::Clear | Stage::Ask | Stage::Answer => None,
        };
        if let Some(next) = next {
            core.exchange.deadline = core.after(ANSWER);
            core.exchange.begin_stage(next, tries);
            return;
        }
        let tries = tries + if core.exchange.busy { 1 } else { SILENCE };
        core.exchange.busy = false;
        if tries < TRIES {
            core.begin_wake(tries);
        } else {
            warn!("module does not wake up");
            self.lose_module(ResetCause::Silence);
            self.start_life();
        }
    }
}
