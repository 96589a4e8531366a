//! Light sleep: a module with nothing to do hears nothing until something wakes it, and loses what comes meanwhile.

use crate::engine::Mode;
use crate::simulator::Simulator;
use core::time::Duration;

/// A restart resets what commands have set.
#[derive(Debug, Default)]
pub(crate) struct Doze {
    /// The pin that wakes, and its level.
    source: Option<(usize, bool)>,
    /// When there was something to do last.
    last: Duration,
    /// When a module that wakes up begins to hear.
    awake_at: Option<Duration>,
}

impl Simulator {
    /// Whether the module is in light sleep now: that is its mode (`AT+SLEEP`), nothing holds it awake, and it had nothing to
    /// do for [`Latency::doze`](crate::Latency::doze).
    #[must_use]
    pub fn is_dozing(&self) -> bool {
        let idle_since = self.doze.last.max(self.outbound.drained_at(self.line_rate()));
        self.is_light_sleeper()
            && matches!(self.mode, Mode::Command)
            && self.running.is_none()
            && self.waiting_output() == 0
            && self.doze.awake_at.is_none()
            && !self.is_held_awake()
            && self.now >= idle_since + self.latency.doze
    }

    fn is_light_sleeper(&self) -> bool {
        self.profile.limits.light_sleep == Some(self.sleep)
    }

    fn is_held_awake(&self) -> bool {
        self.doze.source.is_some_and(|(pin, level)| self.pins.connected(pin) == Some(level))
    }

    pub(crate) const fn set_wake_source(&mut self, source: Option<(usize, bool)>) {
        self.doze.source = source;
    }

    /// The level of a pin has changed.
    pub(crate) fn pin_changed(&mut self, slept: bool) {
        if slept && self.is_held_awake() {
            self.doze.awake_at = Some(self.now + self.latency.wake);
        }
        self.doze.last = self.now;
    }

    pub(crate) const fn stays_awake(&mut self) {
        self.doze.last = self.now;
    }

    /// A byte comes for a module that takes commands. Whether it hears it.
    pub(crate) fn hears(&mut self, byte: u8) -> bool {
        if !self.is_light_sleeper() {
            return true;
        }
        if let Some(at) = self.doze.awake_at {
            if self.now < at {
                self.slept_through += 1;
                if self.variant.garbage_on_wake {
                    self.line.push(byte | 0x80);
                }
                return false;
            }
            self.doze.awake_at = None;
            self.doze.last = at;
        }
        if self.is_dozing() {
            // The line is low from the first bit on.
            if self.doze.source == Some((self.profile.limits.rx_pin, false)) {
                self.doze.awake_at = Some(self.now + self.latency.wake);
            }
            self.slept_through += 1;
            return false;
        }
        self.doze.last = self.now;
        true
    }
}
