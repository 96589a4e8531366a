//! Brings the module up, and again whenever it has restarted or fallen silent.
//!
//! With a reset pin: pulse, wait for `ready`, probe, settings. Without: silence, `+++`, silence (it may be in
//! passthrough mode), probe, `AT+RST`, wait for `ready`, probe, settings. `ready` is never required, as it may be lost
//! in boot noise.

use embassy_time::{Duration, Instant};

use super::exchange::Owner;
use super::{Core, Engine, Event, Outcome, after};
use crate::dialect::Sets;
use crate::net::tcp;

/// Silence before `+++`: twice what the manuals ask for.
const GUARD_BEFORE: Duration = Duration::from_millis(40);
const PROBE_TIMEOUT: Duration = Duration::from_millis(500);
/// Probes without any answer before the attempt has failed.
const PROBES: u8 = 8;
/// Probes that found the module busy, with its join at start-up for example, before the attempt has failed.
const BUSY_PROBES: u8 = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// The driver has not been started.
    Off,
    /// The reset pin is low until then.
    Pulse(Instant),
    /// The module boots, until then at most.
    Boot(Instant),
    /// Silence before `+++` until then.
    Guard(Instant),
    /// `+++` is going out.
    Escape,
    /// Silence after `+++` until then.
    Escaped(Instant),
    /// `AT` is sent until it is answered.
    Probe { silent: u8, busy: u8, restart: bool },
    /// `AT+RST` was sent.
    Restart,
    /// Step `step` of the dialect's list, in its wording number `choice`.
    Steps { step: usize, choice: usize },
    /// The user's turn.
    Up,
    /// The module was not reached; the next attempt is then.
    Wait(Instant),
}

impl Core {
    fn begin_step(&mut self, command: &str, timeout: Duration) {
        self.begin_own(Owner::BringUp, command, &[], timeout);
    }

    /// A line of the answer to a bring-up command. Gives whether it was expected.
    pub(super) fn step_answer(&mut self) -> bool {
        let Life::Steps { step, .. } = self.life else { return false };
        if self.profile.bring_up[step].sets != Sets::Firmware {
            return false;
        }
        self.firmware.get_or_insert_default().parse_line(&self.ingress.line);
        true
    }

    const fn probe(&mut self, restart: bool) {
        self.life = Life::Probe { silent: 0, busy: 0, restart };
    }

    fn boot(&mut self, now: Instant) {
        self.life = Life::Boot(after(now, self.config.boot_time));
    }
}

impl Engine<'_> {
    /// Begins to bring the module up from whatever state it is in.
    pub(crate) fn start_life(&mut self, now: Instant) {
        self.core.exchange.phase = super::exchange::Phase::Idle;
        self.core.resync = None;
        self.core.unsure = false;
        self.core.ingress.reset();
        self.core.life = if self.core.has_reset_pin {
            self.core.reset_asserted = true;
            Life::Pulse(after(now, self.core.config.reset_pulse))
        } else {
            Life::Guard(after(now, GUARD_BEFORE))
        };
    }

    pub(super) fn life_deadline(&self) -> Option<Instant> {
        match self.core.life {
            Life::Pulse(at) | Life::Boot(at) | Life::Guard(at) | Life::Escaped(at) | Life::Wait(at) => Some(at),
            _ => None,
        }
    }

    /// Goes on with bringing the module up, where it is time.
    pub(super) fn live(&mut self, now: Instant) {
        let due = self.life_deadline().is_some_and(|deadline| now >= deadline);
        let core = &mut *self.core;
        match core.life {
            Life::Pulse(_) if due => {
                core.reset_asserted = false;
                core.boot(now);
            }
            Life::Boot(_) if due => core.probe(false),
            Life::Guard(_) if due => {
                core.life = Life::Escape;
                core.begin_step("+++", PROBE_TIMEOUT);
            }
            Life::Escaped(_) if due => core.probe(true),
            Life::Wait(_) if due => self.start_life(now),
            _ => {}
        }
        let core = &mut *self.core;
        if !core.is_wire_idle() {
            return;
        }
        match core.life {
            Life::Probe { .. } => core.begin_step("AT", PROBE_TIMEOUT),
            Life::Steps { step, choice } => {
                let command = core.profile.bring_up[step].commands[choice];
                core.begin_step(command, core.config.command_timeout);
            }
            _ => {}
        }
    }

    /// All of `+++` is out.
    pub(super) fn escape_sent(&mut self, now: Instant) {
        if self.core.life == Life::Escape {
            self.core.life = Life::Escaped(after(now, self.core.profile.escape_guard));
        }
    }

    /// A command of the bring-up has ended.
    pub(super) fn brought_up(&mut self, now: Instant, success: bool) {
        let core = &mut *self.core;
        match core.life {
            Life::Probe { restart, .. } if success => {
                if restart {
                    core.life = Life::Restart;
                    core.begin_step("AT+RST", core.config.command_timeout);
                } else {
                    core.life = Life::Steps { step: 0, choice: 0 };
                }
            }
            Life::Probe { silent, busy, restart } => {
                let (silent, busy) = if core.exchange.busy { (0, busy + 1) } else { (silent + 1, busy) };
                core.life = Life::Probe { silent, busy, restart };
                if silent >= PROBES || busy >= BUSY_PROBES {
                    self.attempt_failed(now);
                }
            }
            // It did not even go out.
            Life::Escape => self.escape_sent(now),
            // Where the module refuses to restart, its settings can still be made.
            Life::Restart => core.boot(now),
            Life::Steps { step, choice } => self.step_done(now, step, choice, success),
            _ => {}
        }
    }

    fn step_done(&mut self, now: Instant, step: usize, choice: usize, success: bool) {
        let core = &mut *self.core;
        let current = &core.profile.bring_up[step];
        if success {
            match current.sets {
                Sets::PassiveReceive => core.settings.passive = true,
                Sets::PeerAddress => core.settings.peer_address = true,
                Sets::Firmware | Sets::Nothing => {}
            }
        } else if choice + 1 < current.commands.len() {
            core.life = Life::Steps { step, choice: choice + 1 };
            return;
        } else if current.required {
            self.attempt_failed(now);
            return;
        }
        if step + 1 < core.profile.bring_up.len() {
            core.life = Life::Steps { step: step + 1, choice: 0 };
        } else {
            info!("module is up");
            core.life = Life::Up;
            core.resync = core::mem::take(&mut core.unsure).then_some(0);
            core.next_length_poll = after(now, core.config.poll_interval);
            core.history.publish(Event::ModuleReady);
            core.waiters.wake();
        }
    }

    fn attempt_failed(&mut self, now: Instant) {
        warn!("module does not answer");
        let core = &mut *self.core;
        core.life = Life::Wait(after(now, core.config.retry_interval));
        core.failed_attempts = core.failed_attempts.wrapping_add(1);
        core.history.publish(Event::ModuleSilent);
        self.end_commands(Outcome::Silent);
        self.core.waiters.wake();
    }

    /// The module has said `ready`.
    pub(super) fn module_started(&mut self) {
        match self.core.life {
            Life::Off | Life::Pulse(_) => {}
            Life::Boot(_) | Life::Guard(_) | Life::Escape | Life::Escaped(_) | Life::Restart | Life::Wait(_) => {
                self.core.exchange.phase = super::exchange::Phase::Idle;
                self.core.settings = super::Settings::default();
                self.core.probe(false);
            }
            Life::Probe { .. } => self.core.probe(false),
            Life::Steps { .. } | Life::Up => self.module_lost(),
        }
    }

    /// The module has restarted without being told to, and forgotten everything.
    pub(super) fn module_lost(&mut self) {
        warn!("module has restarted");
        self.end_commands(Outcome::Reset);
        self.lose_everything(tcp::Error::ConnectionReset);
        let core = &mut *self.core;
        core.resync = None;
        core.counters.resets = core.counters.resets.wrapping_add(1);
        core.history.publish(Event::ModuleReset);
        core.probe(false);
    }
}
