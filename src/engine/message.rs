//! Messages that nobody asked for, for the one who wants them whole.

use core::task::Waker;

use embassy_sync::waitqueue::WakerRegistration;

use super::pieces::{MAX_LINE, Piece, Pieces};

/// Room for one line of full length and a few short ones, or for the same of payload.
const CAPACITY: usize = MAX_LINE + 64;

/// The queue to the subscriber.
#[derive(Debug)]
pub(crate) struct Messages {
    queue: Pieces<CAPACITY>,
    subscribed: bool,
    /// The subscriber did not keep up: nothing waits for it until it has emptied the queue.
    lagging: bool,
    missed: u32,
    waker: WakerRegistration,
}

impl Messages {
    pub(super) const fn new() -> Self {
        Self { queue: Pieces::new(), subscribed: false, lagging: false, missed: 0, waker: WakerRegistration::new() }
    }

    /// Makes the caller the subscriber, unless there is one.
    pub(crate) fn subscribe(&mut self) -> bool {
        !core::mem::replace(&mut self.subscribed, true)
    }

    pub(crate) fn unsubscribe(&mut self) {
        *self = Self::new();
    }

    pub(super) const fn is_subscribed(&self) -> bool {
        self.subscribed
    }

    /// Takes a line. `false` if it has to wait for room.
    pub(super) fn push_line(&mut self, line: &[u8]) -> bool {
        if !self.subscribed {
            return true;
        }
        if self.lagging {
            self.miss();
            return true;
        }
        if !self.queue.push_line(line) {
            return false;
        }
        self.waker.wake();
        true
    }

    /// Takes payload, and says how much.
    pub(super) fn push_data(&mut self, data: &[u8]) -> usize {
        if !self.subscribed {
            return data.len();
        }
        if self.lagging {
            self.miss();
            return data.len();
        }
        self.waker.wake();
        self.queue.push_data(data)
    }

    /// The subscriber has been waited for long enough.
    pub(super) fn give_up(&mut self) {
        self.lagging = true;
        self.miss();
    }

    const fn miss(&mut self) {
        self.missed = self.missed.wrapping_add(1);
    }

    /// The next piece, after the number of those that were lost before it.
    pub(crate) fn pop(&mut self) -> Result<Option<Piece<'_>>, u32> {
        if self.queue.is_empty() {
            self.lagging = false;
            if self.missed > 0 {
                return Err(core::mem::take(&mut self.missed));
            }
        }
        Ok(self.queue.pop())
    }

    pub(crate) fn register(&mut self, waker: &Waker) {
        self.waker.register(waker);
    }
}
