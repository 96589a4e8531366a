//! The time driver.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::task::Waker;
use std::time::Instant;

use embassy_time_driver::Driver;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

#[derive(Default)]
struct Clock {
    /// Microseconds, if time is virtual on this thread.
    fixed: Option<u64>,
    timers: BTreeMap<(u64, u64), Waker>,
    next: u64,
}

thread_local! {
    static CLOCK: RefCell<Clock> = RefCell::default();
}

struct ThreadClock;

embassy_time_driver::time_driver_impl!(static DRIVER: ThreadClock = ThreadClock);

impl Driver for ThreadClock {
    fn now(&self) -> u64 {
        now()
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        CLOCK.with_borrow_mut(|clock| {
            // Timers of dropped futures stay until they are due, thousands in a download: no search through all.
            if clock.timers.range((at, 0)..=(at, u64::MAX)).any(|(_, other)| other.will_wake(waker)) {
                return;
            }
            clock.next += 1;
            let key = (at, clock.next);
            clock.timers.insert(key, waker.clone());
        });
    }
}

/// Microseconds since the start of the program, or of virtual time.
#[must_use]
pub fn now() -> u64 {
    CLOCK.with_borrow(|clock| clock.fixed).unwrap_or_else(|| START.elapsed().as_micros() as u64)
}

/// Makes time on this thread virtual, at `now` microseconds, or real again.
pub fn set(now: Option<u64>) {
    CLOCK.with_borrow_mut(|clock| clock.fixed = now);
}

/// Forgets all timers of this thread.
pub fn clear() {
    CLOCK.with_borrow_mut(|clock| clock.timers.clear());
}

/// When the next timer of this thread is due.
#[must_use]
pub fn next_timer() -> Option<u64> {
    CLOCK.with_borrow(|clock| clock.timers.keys().next().map(|(at, _)| *at))
}

/// Wakes what is due by now.
pub fn fire() {
    let now = now();
    loop {
        let waker = CLOCK.with_borrow_mut(|clock| match clock.timers.first_entry() {
            Some(first) if first.key().0 <= now => Some(first.remove()),
            _ => None,
        });
        match waker {
            Some(waker) => waker.wake(),
            None => break,
        }
    }
}
