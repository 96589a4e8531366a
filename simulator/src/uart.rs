//! The two directions of the serial line: queues that release a byte when its last bit has passed.

use std::collections::VecDeque;
use std::time::Duration;

/// Line rate and the length of one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) baud: u32,
    /// Length of a character in half bits (a stop bit can be 1.5 bits long).
    pub(crate) half_bits: u32,
}

impl Rate {
    pub(crate) const fn new(baud: u32, data: u8, half_stop_bits: u8, parity: u8) -> Self {
        let parity = if parity == 0 { 0 } else { 2 };
        Self { baud, half_bits: 2 + 2 * data as u32 + parity + half_stop_bits as u32 }
    }

    /// The time that `count` characters take, rounded up to whole nanoseconds.
    fn span(self, count: u64) -> Duration {
        let bits = u128::from(count) * u128::from(self.half_bits) * 1_000_000_000;
        let nanos = bits.div_ceil(2 * u128::from(self.baud));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many whole characters fit into `span`.
    fn fit(self, span: Duration) -> u64 {
        let count = span.as_nanos() * 2 * u128::from(self.baud) / (u128::from(self.half_bits) * 1_000_000_000);
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}

/// Host to module.
#[derive(Debug, Default)]
pub(crate) struct Inbound {
    queue: VecDeque<u8>,
    origin: Duration,
    taken: u64,
    pub(crate) total: u64,
}

impl Inbound {
    /// The host starts to send `bytes` at `now`, or as soon as what it sent before is through.
    pub(crate) fn push(&mut self, now: Duration, bytes: &[u8], rate: Option<Rate>) {
        if self.queue.is_empty() {
            let end = rate.map_or(self.origin, |rate| self.origin + rate.span(self.taken));
            self.origin = end.max(now);
            self.taken = 0;
        }
        self.queue.extend(bytes);
        self.total += bytes.len() as u64;
    }

    /// When the next byte is complete.
    pub(crate) fn next_at(&self, rate: Option<Rate>) -> Option<Duration> {
        if self.queue.is_empty() {
            return None;
        }
        Some(rate.map_or(self.origin, |rate| self.origin + rate.span(self.taken + 1)))
    }

    pub(crate) fn pop(&mut self) -> Option<u8> {
        let byte = self.queue.pop_front()?;
        self.taken += 1;
        Some(byte)
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Takes up to `limit` bytes that are complete at `now`.
    pub(crate) fn take(&mut self, now: Duration, limit: usize, rate: Option<Rate>, out: &mut Vec<u8>) -> usize {
        let complete = match rate {
            None => self.queue.len(),
            Some(rate) => {
                let fit = rate.fit(now.saturating_sub(self.origin));
                usize::try_from(fit.saturating_sub(self.taken)).unwrap_or(usize::MAX)
            }
        };
        let count = complete.min(limit).min(self.queue.len());
        out.extend(self.queue.drain(..count));
        self.taken += count as u64;
        count
    }

    /// The rate changes: what is still to come starts anew at `now`.
    pub(crate) fn rebase(&mut self, now: Duration) {
        self.origin = now;
        self.taken = 0;
    }
}

/// Module to host.
#[derive(Debug)]
pub(crate) struct Outbound {
    queue: VecDeque<u8>,
    done: VecDeque<u8>,
    origin: Duration,
    sent: u64,
    /// With the host not ready: the count of bytes since `origin` after which the line is held.
    hold: Option<u64>,
    pub(crate) total: u64,
}

impl Outbound {
    pub(crate) const fn new() -> Self {
        Self { queue: VecDeque::new(), done: VecDeque::new(), origin: Duration::ZERO, sent: 0, hold: None, total: 0 }
    }

    pub(crate) fn push(&mut self, now: Duration, bytes: &[u8], rate: Option<Rate>) {
        self.settle(now, rate);
        if self.queue.is_empty() {
            let end = rate.map_or(self.origin, |rate| self.origin + rate.span(self.sent));
            self.origin = end.max(now);
            self.sent = 0;
            if self.hold.is_some() {
                self.hold = Some(0);
            }
        }
        self.queue.extend(bytes);
        self.settle(now, rate);
    }

    /// Moves the bytes that are complete at `now` to the host's side.
    fn settle(&mut self, now: Duration, rate: Option<Rate>) {
        let complete = match rate {
            None => u64::MAX,
            Some(rate) => rate.fit(now.saturating_sub(self.origin)),
        };
        let limit = self.hold.map_or(complete, |hold| complete.min(hold));
        let count = usize::try_from(limit.saturating_sub(self.sent)).unwrap_or(usize::MAX);
        let count = count.min(self.queue.len());
        if count > 0 {
            self.done.extend(self.queue.drain(..count));
            self.sent += count as u64;
        }
    }

    pub(crate) fn take(&mut self, now: Duration, rate: Option<Rate>, out: &mut [u8]) -> usize {
        self.settle(now, rate);
        let count = out.len().min(self.done.len());
        let (first, second) = self.done.as_slices();
        let head = count.min(first.len());
        out[..head].copy_from_slice(&first[..head]);
        out[head..count].copy_from_slice(&second[..count - head]);
        self.done.drain(..count);
        self.total += count as u64;
        count
    }

    pub(crate) fn available(&mut self, now: Duration, rate: Option<Rate>) -> usize {
        self.settle(now, rate);
        self.done.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len() + self.done.len()
    }

    /// When the host can read a byte, [`Duration::ZERO`] for at once.
    pub(crate) fn next_at(&self, rate: Option<Rate>) -> Option<Duration> {
        if !self.done.is_empty() {
            return Some(Duration::ZERO);
        }
        if self.queue.is_empty() || self.hold.is_some_and(|hold| self.sent >= hold) {
            return None;
        }
        Some(rate.map_or(Duration::ZERO, |rate| self.origin + rate.span(self.sent + 1)))
    }

    /// When the last byte leaves, if nothing holds the line.
    pub(crate) fn drained_at(&self, rate: Option<Rate>) -> Duration {
        rate.map_or(Duration::ZERO, |rate| self.origin + rate.span(self.sent + self.queue.len() as u64))
    }

    /// The host raises or drops its RTS. A byte that has begun is finished.
    pub(crate) fn set_ready(&mut self, now: Duration, ready: bool, rate: Option<Rate>) {
        self.settle(now, rate);
        if ready {
            if self.hold.take().is_some() {
                let end = rate.map_or(now, |rate| self.origin + rate.span(self.sent));
                self.origin = end.max(now);
                self.sent = 0;
            }
        } else if self.hold.is_none() {
            let begun = rate.is_some_and(|rate| now > self.origin + rate.span(self.sent));
            self.hold = Some(self.sent + u64::from(begun && !self.queue.is_empty()));
        }
    }

    /// The rate changes: what is still to go starts anew at `now`.
    pub(crate) fn rebase(&mut self, now: Duration) {
        self.origin = now;
        self.sent = 0;
        if self.hold.is_some() {
            self.hold = Some(0);
        }
    }
}
