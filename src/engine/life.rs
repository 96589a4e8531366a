//! Brings the module up, and again whenever it has restarted or fallen silent.
//!
//! With a reset pin: pulse, wait for `ready`, probe, settings. Without: silence, `+++`, silence (it may be in
//! passthrough mode), probe, `AT+RST`, wait for `ready`, probe, settings. `ready` is never required, as it may be lost
//! in boot noise.

use embassy_time::Instant;

use super::exchange::Owner;
use super::line_rate::Change;
use super::{Core, Engine, Event, MAX_LINKS, Moment, Outcome, Passthrough, Span};
use crate::control::NotReady;
use crate::dialect::{Sets, Suitable};
use crate::firmware::Firmware;
use crate::recovery::ResetCause;

pub(super) const PROBE_TIMEOUT: Span = Span::from_millis(500);
/// How soon a probe follows another one that may just have woken the module: before it falls asleep again.
const WAKING_PROBE: Span = Span::from_millis(15);
/// Times that a step is repeated, or all of them, because the answer was missing or not to be believed.
const STEP_REPEATS: u8 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
// With a number of its own, so that `Off` is 0: else it would be what `Change` does not use, and memory that is not all
// zero at its start takes as much flash.
#[repr(u8)]
pub(super) enum Life {
    /// The driver has not been started.
    Off,
    /// The reset pin is low until then.
    Pulse(Moment),
    /// The module boots, until then at most.
    Boot(Moment),
    /// The module sleeps deeply, until then at most.
    Asleep(Moment),
    /// Silence before `+++` until then.
    Guard(Moment),
    /// `+++` is going out.
    Escape,
    /// Silence after `+++` until then.
    Escaped(Moment),
    /// `AT` is sent until it is answered.
    Probe { silent: u8, busy: u8, restart: bool },
    /// `AT+RST` was sent.
    Restart,
    /// Step `step` of the dialect's list, in its wording number `choice`.
    Steps { step: u8, choice: u8 },
    /// The baud rate changes.
    Line(Change),
    /// The user's turn.
    Up,
    /// The serial line carries data only.
    Passthrough,
    /// Out of it again: this command of the way back.
    Leave { step: u8 },
    /// The module was not reached; the next attempt is then.
    Wait(Moment),
    /// The module was not reached, and will not be tried again.
    GivenUp,
}

impl Core {
    pub(super) fn begin_step(&mut self, command: &str, timeout: Span) {
        self.begin_own(Owner::BringUp, command, &[], timeout);
    }

    /// A line of the answer to a bring-up command. Gives whether it was expected.
    pub(super) fn step_answer(&mut self) -> bool {
        if let Life::Leave { .. } = self.life {
            return self.passthrough_duties.is_some_and(|duties| (duties.way_back_answer)(self));
        }
        let Life::Steps { step, .. } = self.life else { return false };
        if self.profile().bring_up[usize::from(step)].sets != Sets::Firmware {
            return false;
        }
        self.firmware_known = true;
        self.firmware.parse_line(&self.ingress.line);
        true
    }

    /// What the module has told of its firmware, if that is what the driver was made for.
    pub(crate) fn checked_firmware(&self) -> Result<Firmware, NotReady> {
        match self.contradiction() {
            Some(suitable) => Err(NotReady::WrongFirmware { chosen: self.profile().name, suitable: suitable.names }),
            None => Ok(self.firmware.clone()),
        }
    }

    fn forget_firmware(&mut self) {
        self.firmware_known = false;
        self.firmware = Firmware::NONE;
    }

    /// The module is not tried any more.
    pub(crate) fn has_given_up(&self) -> bool {
        matches!(self.life, Life::GivenUp)
    }

    /// The module is in deep sleep.
    pub(crate) const fn is_asleep(&self) -> bool {
        matches!(self.life, Life::Asleep(_))
    }

    /// The driver may pull the reset pin.
    pub(super) const fn can_reset(&self) -> bool {
        self.has_reset_pin && self.config.reset_pin
    }

    /// The dialects that suit the firmware, where the one that was chosen does not.
    fn contradiction(&self) -> Option<&'static Suitable> {
        let suitable = self.firmware.suitable()?;
        let suits = suitable.families.iter().any(|&family| family as u8 == self.profile().family as u8);
        (!suits).then_some(suitable)
    }

    const fn probe(&mut self, restart: bool) {
        self.life = Life::Probe { silent: 0, busy: 0, restart };
    }

    fn boot(&mut self) {
        self.life = Life::Boot(self.after(self.config.boot_time));
    }
}

impl Engine<'_> {
    /// The driver has been started.
    pub(crate) fn start(&mut self, now: Instant) {
        self.core.clock.set(now);
        self.start_life();
    }

    /// Begins to bring the module up from whatever state it is in.
    pub(super) fn start_life(&mut self) {
        self.core.exchange.phase = super::exchange::Phase::Idle;
        self.core.resync = None;
        self.core.unsure = false;
        self.core.ingress.reset();
        // What its links are for is over.
        self.core.passthrough = Passthrough::Off;
        self.core.line_rate.restarted(false);
        if self.core.failed_attempts & 1 == 1 {
            self.core.line_rate.try_other();
        }
        self.core.life = if self.core.can_reset() {
            self.core.reset_asserted = true;
            Life::Pulse(self.core.after(self.core.config.reset_pulse))
        } else {
            Life::Guard(self.core.after(self.core.profile().escape_guard[0]))
        };
    }

    pub(super) const fn life_deadline(&self) -> Moment {
        match self.core.life {
            Life::Pulse(at)
            | Life::Boot(at)
            | Life::Asleep(at)
            | Life::Guard(at)
            | Life::Escaped(at)
            | Life::Wait(at)
            | Life::Line(Change::Settle(at)) => at,
            _ => Moment::NEVER,
        }
    }

    /// Goes on with bringing the module up, where it is time.
    pub(super) fn live(&mut self) {
        let due = self.life_deadline().is_due(self.core.clock.now);
        let core = &mut *self.core;
        match core.life {
            Life::Pulse(_) if due => {
                core.reset_asserted = false;
                core.boot();
            }
            Life::Boot(_) | Life::Asleep(_) if due => core.probe(false),
            Life::Guard(_) if due => {
                core.life = Life::Escape;
                core.begin_step("+++", PROBE_TIMEOUT);
            }
            Life::Escaped(_) if due => match core.passthrough_duties {
                Some(duties) if core.passthrough != Passthrough::Off => (duties.leave_data)(self),
                _ => core.probe(true),
            },
            Life::Wait(_) if due => self.start_life(),
            Life::GivenUp => self.end_commands(Outcome::Silent),
            _ => {}
        }
        if let Some(duties) = self.core.passthrough_duties {
            (duties.live)(self);
        }
        let core = &mut *self.core;
        if !core.is_wire_idle() {
            return;
        }
        match core.life {
            Life::Probe { silent, restart, .. } => {
                // A module in light sleep hears the second of two only. Where the answer to the first is late, the next
                // command is `AT+RST`, which needs none.
                let first_of_two = restart && core.config.restart && silent >= 2 && silent & 1 == 0;
                core.begin_step("AT", if first_of_two { WAKING_PROBE } else { PROBE_TIMEOUT });
            }
            Life::Leave { step } => {
                if let Some(duties) = core.passthrough_duties {
                    (duties.begin_way_back)(core, step);
                }
            }
            Life::Steps { step, choice } => {
                let command = core.profile().bring_up[usize::from(step)].commands[usize::from(choice)];
                core.begin_step(command, core.config.command_timeout);
            }
            Life::Line(change) => self.live_change(change),
            Life::Up => _ = self.begin_line_change(),
            _ => {}
        }
    }

    /// All of `+++` is out.
    pub(super) fn escape_sent(&mut self) {
        if matches!(self.core.life, Life::Escape) {
            self.core.life = Life::Escaped(self.core.after(self.core.profile().escape_guard[1]));
        }
    }

    /// A command of the bring-up was not answered in time. Which settings the module has now nobody knows, so that
    /// all are made again; a command that is never answered is as good as refused.
    pub(super) fn step_timed_out(&mut self) {
        if let Life::Line(change) = self.core.life {
            return self.change_done(change, None);
        }
        self.core.unsure = true;
        if let Life::Leave { step: 1.. } = self.core.life {
            // Whatever it does, it is no longer what was set up.
            self.lose_module(ResetCause::Silence);
            self.start_life();
            return;
        }
        if matches!(self.core.life, Life::Steps { .. }) && self.core.step_repeats < STEP_REPEATS {
            self.core.step_repeats += 1;
            self.core.life = Life::Steps { step: 0, choice: 0 };
        } else {
            self.brought_up(false);
        }
    }

    /// A command of the bring-up has ended.
    pub(super) fn brought_up(&mut self, success: bool) {
        let core = &mut *self.core;
        match core.life {
            Life::Probe { restart, .. } if success => {
                if restart && core.config.restart {
                    core.life = Life::Restart;
                    core.begin_step("AT+RST", core.config.command_timeout);
                } else {
                    if restart {
                        // It may have links from before.
                        core.orphans = (1 << MAX_LINKS) - 1;
                    }
                    core.life = Life::Steps { step: 0, choice: 0 };
                }
            }
            Life::Probe { silent, busy, restart } => {
                let (silent, busy) = if core.exchange.busy { (0, busy + 1) } else { (silent + 1, busy) };
                core.life = Life::Probe { silent, busy, restart };
                if silent != 0 && silent & 1 == 0 {
                    core.line_rate.try_other();
                }
                let recovery = &core.config;
                if silent >= recovery.probes || busy >= recovery.busy_probes {
                    self.attempt_failed();
                }
            }
            // It did not even go out.
            Life::Escape => self.escape_sent(),
            // Where the module refuses to restart, its settings can still be made.
            Life::Restart => {
                core.line_rate.restarted(false);
                core.boot();
            }
            Life::Steps { step, choice } => self.step_done(step, choice, success),
            Life::Leave { step } => {
                if let Some(duties) = core.passthrough_duties {
                    (duties.way_back_done)(self, step);
                }
            }
            Life::Line(change) => self.change_done(change, Some(success)),
            _ => {}
        }
    }

    fn step_done(&mut self, step: u8, choice: u8, success: bool) {
        let core = &mut *self.core;
        let current = &core.profile().bring_up[usize::from(step)];
        if success {
            match current.sets {
                Sets::PassiveReceive => {
                    core.settings.passive = true;
                    core.settings.active =
                        core.profile().active_receive.get(usize::from(choice)).copied().unwrap_or_default();
                }
                // A byte of it may have been damaged, and a wrong dialect is the end of most programs.
                Sets::Firmware if core.contradiction().is_some() && core.step_repeats < STEP_REPEATS => {
                    core.step_repeats += 1;
                    core.forget_firmware();
                    return;
                }
                Sets::Firmware | Sets::Nothing => {}
            }
        } else if usize::from(choice) + 1 < current.commands.len() {
            core.life = Life::Steps { step, choice: choice + 1 };
            return;
        } else if current.required {
            self.attempt_failed();
            return;
        }
        if usize::from(step) + 1 < core.profile().bring_up.len() {
            core.life = Life::Steps { step: step + 1, choice: 0 };
        } else {
            core.step_repeats = 0;
            core.resync = core::mem::take(&mut core.unsure).then_some(0);
            core.next_length_poll = core.after(core.config.poll_interval);
            core.announced = false;
            if !self.begin_line_change() {
                self.module_is_up();
            }
        }
    }

    /// All is set up, or was already.
    pub(super) fn module_is_up(&mut self) {
        let core = &mut *self.core;
        core.life = Life::Up;
        if !core::mem::replace(&mut core.announced, true) {
            info!("module is up");
            core.history.publish(Event::ModuleReady);
        }
        core.waiters.wake();
    }

    pub(super) fn attempt_failed(&mut self) {
        warn!("module does not answer");
        let core = &mut *self.core;
        core.line_rate.silent();
        core.life = Life::Wait(core.after(core.config.retry_interval));
        core.failed_attempts = core.failed_attempts.wrapping_add(1);
        core.counters.failed_attempts = core.counters.failed_attempts.wrapping_add(1);
        core.history.publish(Event::ModuleSilent);
        if core.config.attempts.is_some_and(|limit| core.failed_attempts >= limit) {
            core.life = Life::GivenUp;
            core.history.publish(Event::GaveUp);
        }
        self.end_commands(Outcome::Silent);
        self.core.waiters.wake();
    }

    /// The module has said `ready`.
    pub(super) fn module_started(&mut self) {
        match self.core.life {
            Life::Off | Life::Pulse(_) => {}
            Life::Boot(_)
            | Life::Asleep(_)
            | Life::Guard(_)
            | Life::Escape
            | Life::Escaped(_)
            | Life::Restart
            | Life::Wait(_)
            | Life::GivenUp => {
                self.core.exchange.phase = super::exchange::Phase::Idle;
                self.core.settings = super::Settings::NEW;
                self.core.line_rate.restarted(true);
                self.core.probe(false);
            }
            Life::Probe { .. } => {
                self.core.line_rate.restarted(true);
                self.core.probe(false);
            }
            Life::Steps { .. } | Life::Line(_) | Life::Leave { .. } | Life::Up => {
                self.module_lost(ResetCause::Announced)
            }
            // Data.
            Life::Passthrough => {}
        }
    }

    /// The module has restarted without being told to, and forgotten everything.
    pub(super) fn module_lost(&mut self, cause: ResetCause) {
        self.lose_module(cause);
        self.core.probe(false);
    }
}
