//! embassy-time on the MPS2 boards.
//!
//! Time is read from a counter that runs freely, so that no tick is lost however busy the emulator is. SysTick only
//! looks, once a millisecond, for timers that are due.

use core::cell::RefCell;
use core::task::Waker;

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use critical_section::Mutex;
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;

/// FPGAIO: the counter, and what the 25 MHz clock is divided by for it, less one.
const COUNTER: *mut u32 = 0x4002_8018 as *mut u32;
const PRESCALER: *mut u32 = 0x4002_801c as *mut u32;
const CLOCK_MHZ: u32 = 25;

struct Clock(Mutex<RefCell<State>>);

struct State {
    /// Microseconds at the time of the last look; its lower half is what the counter showed.
    last: u64,
    timers: Queue,
}

embassy_time_driver::time_driver_impl!(
    static CLOCK: Clock = Clock(Mutex::new(RefCell::new(State { last: 0, timers: Queue::new() })))
);

impl State {
    /// Looked at each millisecond, so the 71 minutes in which the counter wraps pass no more than once.
    fn now(&mut self) -> u64 {
        // Safety: a read of a counter, without side effects.
        let counter = unsafe { COUNTER.read_volatile() };
        self.last += u64::from(counter.wrapping_sub(self.last as u32));
        self.last
    }
}

impl Clock {
    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        critical_section::with(|section| f(&mut self.0.borrow_ref_mut(section)))
    }
}

impl Driver for Clock {
    fn now(&self) -> u64 {
        self.with(State::now)
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        // SysTick finds it.
        self.with(|state| state.timers.schedule_wake(at, waker));
    }
}

/// Starts the counter and SysTick.
pub fn start(mut systick: SYST) {
    // Safety: nobody else uses these registers, and time has not begun.
    unsafe {
        PRESCALER.write_volatile(CLOCK_MHZ - 1);
        COUNTER.write_volatile(0);
    }
    systick.set_clock_source(SystClkSource::Core);
    systick.set_reload(CLOCK_MHZ * 1000 - 1);
    systick.clear_current();
    systick.enable_interrupt();
    systick.enable_counter();
}

#[cortex_m_rt::exception]
fn SysTick() {
    CLOCK.with(|state| {
        let now = state.now();
        // It wakes what is due; when the next one will be does not matter here.
        state.timers.next_expiration(now);
    });
}
