//! The end of passthrough: `+++`.

use core::time::Duration;

/// Silence that ends a packet in passthrough, and `+++` on most firmwares.
pub(crate) const SILENCE: Duration = Duration::from_millis(20);

/// Finds a `+++` that stands alone between two silences.
#[derive(Debug)]
pub(crate) struct Escape {
    silence: Duration,
    /// Data waits so long for more of it.
    interval: Duration,
    held: usize,
    quiet: bool,
    last: Option<Duration>,
}

impl Escape {
    pub(crate) const fn new(silence: Duration) -> Self {
        Self { silence, interval: SILENCE, held: 0, quiet: false, last: None }
    }

    /// With this time for more data.
    pub(crate) const fn collecting(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How many bytes may be the beginning of `+++`.
    pub(crate) const fn held(&self) -> usize {
        self.held
    }

    /// Adds the byte to `data`, or holds it back while it may be part of `+++`.
    pub(crate) fn feed(&mut self, now: Duration, byte: u8, data: &mut Vec<u8>) {
        let silent = self.last.is_none_or(|last| now > last + self.silence);
        if self.held == 0 {
            self.quiet = silent;
        }
        self.last = Some(now);
        if self.quiet && byte == b'+' && self.held < 3 {
            self.held += 1;
        } else {
            self.release(data);
            data.push(byte);
            self.quiet = false;
        }
    }

    pub(crate) fn release(&mut self, data: &mut Vec<u8>) {
        data.extend(core::iter::repeat_n(b'+', self.held));
        self.held = 0;
    }

    /// Whether `+++` is held back.
    pub(crate) const fn is_whole(&self) -> bool {
        self.held == 3
    }

    pub(crate) fn timer(&self) -> Option<Duration> {
        let silence = if self.held == 0 { self.interval } else { self.silence };
        self.last.map(|last| last + silence)
    }
}
