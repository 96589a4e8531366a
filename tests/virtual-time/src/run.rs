//! Runs a future until nothing is left to do now, then moves the clock to where something is.

use core::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::clock;

/// Where virtual time starts, in microseconds.
pub const START: u64 = 1_000_000;

/// Nothing will ever happen any more, and the future is not done: it waits, but for no timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stalled {
    /// The virtual time at which it came to this, in microseconds since the start.
    pub after: u64,
}

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing will ever happen any more, {} ms after the start", self.after / 1000)
    }
}

impl std::error::Error for Stalled {}

/// Makes this thread's time virtual for as long as it lives; real again also when a test fails.
#[derive(Debug)]
struct Virtual(());

impl Virtual {
    /// Starts at [`START`], without timers.
    fn start() -> Self {
        clock::clear();
        clock::set(Some(START));
        Self(())
    }
}

impl Drop for Virtual {
    fn drop(&mut self) {
        clock::clear();
        clock::set(None);
    }
}

/// Whether a future has been woken.
#[derive(Debug)]
struct Flag(AtomicBool);

impl Flag {
    /// One that is woken, and its waker.
    fn new() -> (Arc<Self>, Waker) {
        let flag = Arc::new(Self(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        (flag, waker)
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether it was woken since this was asked last.
    fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Something that lives beside the future and acts at times of its own, such as a device at the other end of a line.
pub trait World {
    /// When it will act next, in microseconds; `None` if it waits for the future.
    fn next_event(&self) -> Option<u64>;

    /// Lets it act on what is due, and wake the future.
    fn advance(&self, now: u64);
}

/// Polls in a row, at one moment, after which a future is taken to wake itself for ever.
const ROUNDS: u32 = 100_000;

/// Runs `future` on this thread in virtual time, which moves on whenever nothing else can be done.
///
/// # Errors
/// When the future waits for something that no timer will bring.
///
/// # Panics
/// When the future wakes itself for ever, so that time stands still.
pub fn run<F: Future>(future: F) -> Result<F::Output, Stalled> {
    struct Nothing;
    impl World for Nothing {
        fn next_event(&self) -> Option<u64> {
            None
        }

        fn advance(&self, _: u64) {}
    }
    run_with(&Nothing, future)
}

/// As [`run`], beside a `world`.
///
/// # Errors
/// When the future waits for something that neither a timer nor the world will bring.
///
/// # Panics
/// When the future wakes itself for ever, so that time stands still.
pub fn run_with<F: Future>(world: &impl World, future: F) -> Result<F::Output, Stalled> {
    let _virtual = Virtual::start();
    let mut future = pin!(future);
    let (flag, waker) = Flag::new();
    let mut context = Context::from_waker(&waker);
    world.advance(START);
    loop {
        let now = clock::now();
        let mut rounds = 0;
        while flag.take() {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return Ok(output);
            }
            rounds += 1;
            assert!(rounds < ROUNDS, "the future wakes itself for ever, {} ms after the start", (now - START) / 1000);
        }
        world.advance(now);
        if flag.is_set() {
            continue;
        }
        let next = clock::next_timer().into_iter().chain(world.next_event()).min();
        let next = next.ok_or(Stalled { after: now - START })?.max(now);
        clock::set(Some(next));
        clock::fire();
        world.advance(next);
    }
}
