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

    /// The same character at another rate.
    pub(crate) const fn at(self, baud: u32) -> Self {
        Self { baud, ..self }
    }

    /// Whether a receiver of this rate understands a sender of that one: 3 % are allowed, as for real ones.
    pub(crate) fn understands(self, sender: Self) -> bool {
        let (ours, theirs) = (u64::from(self.baud), u64::from(sender.baud));
        ours.abs_diff(theirs) * 100 <= 3 * ours.max(theirs)
    }

    /// What a receiver of this rate makes of one character of 8 bits from a sender of another rate, with a quiet line
    /// around it. It begins a character at each falling edge that it sees and looks at the middle of its bits.
    pub(crate) fn hears(self, sender: Self, byte: u8) -> Vec<u8> {
        // Time in units of which a bit of the sender has `unit` and half a bit of the receiver `half`.
        let (unit, half) = (2 * u64::from(self.baud), u64::from(sender.baud));
        let frame = (u16::from(byte) << 1) | !0x1ff;
        let level = |time: u64| time >= 16 * unit || frame >> (time / unit) & 1 == 1;
        let mut heard = Vec::new();
        let mut edge = 0;
        loop {
            let mut after = edge + half;
            if !level(after) {
                let bits = (0..8).map(|bit| u8::from(level(edge + half * (3 + 2 * bit))) << bit);
                heard.push(bits.sum());
                after = edge + 19 * half;
            }
            // The next bit of the sender that is low behind one that is high.
            let next = (after / unit + 1..10).find(|&bit| !level(bit * unit) && level((bit - 1) * unit));
            match next {
                Some(bit) => edge = bit * unit,
                None => return heard,
            }
        }
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
    /// Bytes that found no room in the receive FIFO.
    pub(crate) overrun: u64,
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

    /// The module does not take bytes now, and does not stop the host: what is complete and has no room in its receive
    /// FIFO is lost.
    pub(crate) fn overrun(&mut self, now: Duration, depth: usize, rate: Option<Rate>) {
        let Some(rate) = rate else {
            return;
        };
        let complete = rate.fit(now.saturating_sub(self.origin)).saturating_sub(self.taken);
        let complete = usize::try_from(complete).unwrap_or(usize::MAX).min(self.queue.len());
        if complete > depth {
            self.queue.drain(depth..complete);
            let lost = (complete - depth) as u64;
            self.taken += lost;
            self.overrun += lost;
        }
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
    /// Room for bytes that the host has not read.
    pub(crate) depth: Option<usize>,
    /// The host stops the module when its room is used up.
    pub(crate) flow: bool,
    /// The host has stopped the module.
    stopped: bool,
    pub(crate) total: u64,
    /// Bytes that found no room in the host's receive FIFO.
    pub(crate) overrun: u64,
}

impl Outbound {
    pub(crate) const fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            done: VecDeque::new(),
            origin: Duration::ZERO,
            sent: 0,
            hold: None,
            depth: None,
            flow: false,
            stopped: false,
            total: 0,
            overrun: 0,
        }
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
        if self.stopped {
            return;
        }
        let complete = match rate {
            None => u64::MAX,
            Some(rate) => rate.fit(now.saturating_sub(self.origin)),
        };
        let limit = self.hold.map_or(complete, |hold| complete.min(hold));
        let count = usize::try_from(limit.saturating_sub(self.sent)).unwrap_or(usize::MAX);
        let count = count.min(self.queue.len());
        let depth = self.depth.filter(|_| rate.is_some());
        let room = depth.map_or(count, |depth| depth.saturating_sub(self.done.len()).min(count));
        self.done.extend(self.queue.drain(..room));
        self.sent += room as u64;
        if room < count && self.flow {
            self.stopped = true;
        } else if room < count {
            self.queue.drain(..count - room);
            self.sent += (count - room) as u64;
            self.overrun += (count - room) as u64;
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
        if self.stopped && count > 0 {
            self.stopped = false;
            self.origin = now;
            self.sent = 0;
            if self.hold.is_some() {
                self.hold = Some(0);
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn hears(ours: u32, theirs: u32, byte: u8) -> Vec<u8> {
        Rate::new(ours, 8, 2, 0).hears(Rate::new(theirs, 8, 2, 0), byte)
    }

    #[test]
    fn the_same_rate_is_heard_as_it_is() {
        for byte in 0..=255 {
            assert_eq!(hears(9600, 9600, byte), [byte]);
            // Within the tolerance of real receivers.
            assert_eq!(hears(9600, 9400, byte), [byte]);
        }
    }

    #[test]
    fn other_rates() {
        // A receiver of twice the rate sees each bit twice, a start bit first: 0b0000_0000 and then high.
        assert_eq!(hears(19_200, 9600, 0xff), [0xfe]);
        assert_eq!(hears(19_200, 9600, 0x00), [0x00]);
        // Every second bit of 0x55 is high: each low one begins a character.
        assert_eq!(hears(19_200, 9600, 0x55), [0x66, 0xe6]);
        // Half the rate: the start bit lasts half of what it should, every second bit is seen.
        assert_eq!(hears(4800, 9600, 0x00), [0xf8]);
        assert!(hears(4800, 9600, 0xff).is_empty());
        for byte in 0..=255 {
            assert!(hears(115_200, 300, byte).len() <= 5);
            assert!(hears(300, 115_200, byte).len() <= 1);
        }
    }
}
