//! What tells the time.

use embassy_time::{Duration, Instant};
use embedded_hal::delay::DelayNs;

/// A clock that does not run backwards. Its start does not matter.
///
/// A closure is one: `|| Instant::from_millis(ticks.load(Ordering::Relaxed).into())`.
pub trait Clock {
    /// The time.
    fn now(&mut self) -> Instant;
}

impl<F: FnMut() -> Instant> Clock for F {
    fn now(&mut self) -> Instant {
        self()
    }
}

/// How long [`Delays`] waits each time.
const STEP: Duration = Duration::from_micros(100);

/// A clock for those who have none: each look at it waits 100 µs, and counts them.
///
/// It is slow by whatever happens between two looks, so that timeouts come late, never early. A UART must hold what
/// comes in 100 µs, which is 2 bytes at 115200 baud and 10 at 921600.
#[derive(Debug)]
pub struct Delays<T> {
    delay: T,
    now: Instant,
}

impl<T: DelayNs> Delays<T> {
    /// Begins at 0.
    pub const fn new(delay: T) -> Self {
        Self { delay, now: Instant::MIN }
    }
}

impl<T: DelayNs> Clock for Delays<T> {
    fn now(&mut self) -> Instant {
        self.delay.delay_us(STEP.as_micros() as u32);
        self.now += STEP;
        self.now
    }
}
