//! When faults are due, and what they leave behind.

use super::{Fault, Random};
use core::time::Duration;
use std::collections::VecDeque;

/// When a fault shows itself.
///
/// An opportunity is a place where the fault can be shown: for a lost prompt each prompt. For faults that need no place
/// (a lost Wi-Fi connection, silence, a restart while idle) it is each command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// Once, at the next opportunity; at once for faults that need no place.
    Next,
    /// Once, at the opportunity with this number, the next one being number 1.
    Nth(u32),
    /// Once, at the first opportunity at this time or later; at this time for faults that need no place.
    At(Duration),
    /// Again and again, at opportunities that the module's seed chooses: at so many of a million.
    Random(u32),
}

/// Text that is no [`When`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWhen(String);

impl core::fmt::Display for UnknownWhen {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self(text) = self;
        write!(f, "{text:?} is no moment; give 3 (third opportunity), 2.5s (time), 1% or random (chance), next")
    }
}

impl std::error::Error for UnknownWhen {}

impl core::str::FromStr for When {
    type Err = UnknownWhen;

    /// `next`, `3`, `2.5s`, `0.1%`, `random` (the same as `1%`).
    fn from_str(text: &str) -> Result<Self, UnknownWhen> {
        let when = match text {
            "next" => Some(Self::Next),
            "random" => Some(Self::Random(10_000)),
            _ => {
                if let Some(seconds) = text.strip_suffix('s') {
                    let seconds: Option<f64> = seconds.parse().ok();
                    seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).map(Self::At)
                } else if let Some(percent) = text.strip_suffix('%') {
                    let percent: Option<f64> = percent.parse().ok();
                    let percent = percent.filter(|percent| (0.0..=100.0).contains(percent));
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to a million")]
                    percent.map(|percent| Self::Random((percent * 10_000.0).round() as u32))
                } else {
                    text.parse().ok().filter(|&number| number > 0).map(Self::Nth)
                }
            }
        };
        when.ok_or_else(|| UnknownWhen(text.to_owned()))
    }
}

/// A fault that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownFault {
    /// When.
    pub at: Duration,
    /// Which.
    pub fault: Fault,
}

#[derive(Clone, Copy, Debug)]
struct Armed {
    fault: Fault,
    when: When,
    /// Opportunities so far.
    seen: u32,
}

/// What a link's host has to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// A second datagram.
    Datagram,
    /// The next client, before the end of this one is told.
    Close,
}

/// The faults to come, and the traces of those that were.
#[derive(Debug)]
pub(crate) struct Faults {
    armed: Vec<Armed>,
    random: Random,
    pub(crate) shown: Vec<ShownFault>,
    /// Output that goes byte by byte, and when the next one goes.
    pub(crate) trickle: VecDeque<u8>,
    pub(crate) trickle_at: Option<Duration>,
    /// When the module is to look at its links again.
    wakes: Vec<Duration>,
    /// A result that is late, and when it comes at the latest.
    pub(crate) late: Option<(Duration, Vec<u8>)>,
    /// A prompt or a `SEND OK` waits for data to the host.
    pub(crate) waits: bool,
    /// The next frame follows the prompt in its line.
    pub(crate) glued: bool,
    /// The next failure of a Bluetooth command is told twice.
    pub(crate) told_twice: bool,
    /// Nothing is received any more.
    pub(crate) deaf: bool,
    /// Nothing goes in or out.
    pub(crate) silent: bool,
}

impl Faults {
    pub(crate) const fn new(random: Random) -> Self {
        Self {
            armed: Vec::new(),
            random,
            shown: Vec::new(),
            trickle: VecDeque::new(),
            trickle_at: None,
            wakes: Vec::new(),
            late: None,
            waits: false,
            glued: false,
            told_twice: false,
            deaf: false,
            silent: false,
        }
    }

    /// Power is off and on again.
    pub(crate) fn restart(&mut self) {
        self.trickle.clear();
        self.trickle_at = None;
        self.wakes.clear();
        self.late = None;
        self.waits = false;
        self.glued = false;
        self.told_twice = false;
        self.deaf = false;
        self.silent = false;
    }

    pub(crate) fn arm(&mut self, fault: Fault, when: When) {
        self.armed.push(Armed { fault, when, seen: 0 });
    }

    pub(crate) fn clear(&mut self) {
        self.armed.clear();
    }

    pub(crate) const fn none_armed(&self) -> bool {
        self.armed.is_empty()
    }

    pub(crate) fn pending(&self) -> impl Iterator<Item = (Fault, When)> + '_ {
        self.armed.iter().map(|armed| (armed.fault, armed.when))
    }

    /// This is an opportunity for the fault. Whether it shows.
    pub(crate) fn due(&mut self, now: Duration, fault: Fault) -> bool {
        self.due_if(now, fault, true)
    }

    /// Without an opportunity only what has a time, or none at all, is due.
    pub(crate) fn due_if(&mut self, now: Duration, fault: Fault, opportunity: bool) -> bool {
        let mut due = false;
        let random = &mut self.random;
        self.armed.retain_mut(|armed| {
            if armed.fault != fault || due {
                return true;
            }
            armed.seen = armed.seen.saturating_add(u32::from(opportunity));
            due = match armed.when {
                When::Next => true,
                When::Nth(number) => opportunity && armed.seen >= number,
                When::At(at) => now >= at,
                When::Random(rate) => opportunity && random.chance(rate),
            };
            !due || matches!(armed.when, When::Random(_))
        });
        if due {
            self.shown.push(ShownFault { at: now, fault });
        }
        due
    }

    /// The armed faults that need no place, each once.
    pub(crate) fn spontaneous(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for armed in &self.armed {
            if armed.fault.spontaneous() && !faults.contains(&armed.fault) {
                faults.push(armed.fault);
            }
        }
        faults
    }

    pub(crate) fn wake_at(&mut self, at: Duration) {
        self.wakes.push(at);
    }

    /// Takes a wake that is due.
    pub(crate) fn take_wake(&mut self, now: Duration) -> bool {
        let before = self.wakes.len();
        self.wakes.retain(|at| *at > now);
        self.wakes.len() < before
    }

    /// When something is to be done that no other part of the module knows of.
    pub(crate) fn next_at(&self, now: Duration) -> Option<Duration> {
        let armed = self.armed.iter().filter_map(|armed| match armed.when {
            When::At(at) if at > now && armed.fault.spontaneous() => Some(at),
            _ => None,
        });
        armed.chain(self.wakes.iter().copied()).chain(self.trickle_at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        assert_eq!("3".parse(), Ok(When::Nth(3)));
        assert_eq!("2.5s".parse(), Ok(When::At(Duration::from_millis(2500))));
        assert_eq!("0.1%".parse(), Ok(When::Random(1000)));
        assert_eq!("random".parse(), Ok(When::Random(10_000)));
        assert_eq!("next".parse(), Ok(When::Next));
        for bad in ["", "0", "-1", "s", "-1s", "%", "101%", "nans", "soon"] {
            assert_eq!(bad.parse::<When>(), Err(UnknownWhen(bad.to_owned())));
        }
    }

    #[test]
    fn the_third_opportunity() {
        let mut faults = Faults::new(Random::new(0));
        faults.arm(Fault::LostPrompt, When::Nth(3));
        let seen: Vec<bool> = (0..5).map(|_| faults.due(Duration::ZERO, Fault::LostPrompt)).collect();
        assert_eq!(seen, [false, false, true, false, false]);
    }
}
