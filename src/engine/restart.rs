//! Restarts: why there was one, and those that the user's own commands bring about.

use super::life::Life;
use super::{Core, Engine, Event, Outcome, Span};
use crate::at::Fields;
use crate::recovery::ResetCause;

// After one of these has ended well, the module restarts.
const RESTART: &[u8] = b"AT+RST";
const RESTORE: &[u8] = b"AT+RESTORE";
const DEEP_SLEEP: &[u8] = b"AT+GSLP=";

/// The module may sleep longer than it was told to, by one part of so many.
const CLOCK_ERROR: u32 = 16;

impl Core {
    fn count_reset(&mut self, cause: ResetCause) {
        let counters = &mut self.counters;
        let number = match cause {
            ResetCause::Announced => &mut counters.resets,
            ResetCause::Unnoticed => {
                counters.resets = counters.resets.wrapping_add(1);
                &mut counters.unnoticed_resets
            }
            ResetCause::Silence => &mut counters.silences,
            ResetCause::Requested => &mut counters.requested_resets,
        };
        *number = number.wrapping_add(1);
        self.last_reset = Some(cause);
        self.history.publish(Event::ModuleReset);
    }
}

impl Engine<'_> {
    /// The module has forgotten everything, or will have. What it is to do next is for the caller to say.
    pub(super) fn lose_module(&mut self, cause: ResetCause) {
        warn!("module has restarted");
        let unsent = if cause == ResetCause::Silence { Outcome::Silent } else { Outcome::Reset };
        self.end_commands(unsent);
        self.core.count_reset(cause);
        self.lose_everything();
        self.core.resync = None;
        // The module is at the rate of its start, unless it has just been heard.
        let heard = matches!(cause, ResetCause::Announced | ResetCause::Unnoticed);
        self.core.line_rate.restarted(heard);
    }

    /// Brings the module up anew because the user wants it.
    pub(crate) fn recover(&mut self) {
        self.core.failed_attempts = 0;
        self.lose_module(ResetCause::Requested);
        self.start_life();
        self.core.runner.wake();
    }

    /// Wakes the module from deep sleep with the reset pin. Gives whether there is one that may be used.
    pub(crate) fn wake(&mut self) -> bool {
        if !self.core.can_reset() {
            return false;
        }
        if self.core.is_asleep() {
            self.core.failed_attempts = 0;
            self.start_life();
            self.core.runner.wake();
        }
        true
    }

    /// The user's command has ended well, and may be one that restarts the module.
    pub(super) fn note_restart(&mut self) {
        let command = self.core.user.command.trim_ascii_end();
        let restores = command == RESTORE;
        let sleep = if let Some(duration) = command.strip_prefix(DEEP_SLEEP) {
            Fields::new(duration).next().and_then(|field| field.unsigned().ok())
        } else if restores || command == RESTART {
            None
        } else {
            return;
        };
        self.lose_module(ResetCause::Requested);
        let core = &mut *self.core;
        if restores {
            core.line_rate.restored();
        }
        // `ready` ends it earlier: where a pin wakes the module, for example.
        let Some(sleep) = sleep.filter(|&sleep| sleep > 0) else {
            core.life = Life::Boot(core.after(core.config.boot_time));
            return;
        };
        // The clock that the module has then may be off by 5 %, and a probe would not help.
        let (sleep, late) = (Span::from_millis(sleep.into()), Span::from_millis((sleep / CLOCK_ERROR).into()));
        core.life = Life::Asleep(core.after(sleep.plus(late).plus(core.config.boot_time)));
        core.history.publish(Event::ModuleAsleep);
    }
}
