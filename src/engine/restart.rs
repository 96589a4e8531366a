//! Restarts: why there was one, and those that the user's own commands bring about.

use super::life::Life;
use super::{Core, Engine, Event, Outcome, Span};
use crate::at::Fields;
use crate::recovery::ResetCause;

/// After one of these has ended well, the module restarts.
const RESTARTING: [&[u8]; 2] = [b"AT+RST", b"AT+RESTORE"];

const DEEP_SLEEP: &[u8] = b"AT+GSLP=";

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

    /// The user's command has ended well, and may be one that restarts the module.
    pub(super) fn note_restart(&mut self) {
        let command = self.core.user.command.trim_ascii_end();
        let sleep = if let Some(duration) = command.strip_prefix(DEEP_SLEEP) {
            Fields::new(duration).next().and_then(|field| field.unsigned().ok())
        } else if RESTARTING.contains(&command) {
            None
        } else {
            return;
        };
        self.lose_module(ResetCause::Requested);
        let core = &mut *self.core;
        if sleep.is_some() {
            core.history.publish(Event::ModuleAsleep);
        }
        // `ready` ends it earlier: where a pin wakes the module, for example.
        let asleep = Span::from_millis(sleep.unwrap_or(0).into());
        core.life = Life::Boot(core.after(asleep.plus(core.config.boot_time)));
    }
}
