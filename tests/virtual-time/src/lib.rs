//! A driver for `embassy-time` in tests on a PC, in which waiting takes no time.
//!
//! A program links one time driver for all its tests, and tests run side by side in threads. So this one keeps a clock
//! for each thread: real, until [`run`] makes it virtual for the time of one test. As no other thread moves that clock,
//! a test does the same thing each time.
//!
//! ```
//! # use std::future::poll_fn;
//! # use std::task::Poll;
//! // As embassy-time's timers do it.
//! async fn wait(micros: u64) {
//!     let end = wifi_at_virtual_time::now() + micros;
//!     poll_fn(|context| {
//!         if wifi_at_virtual_time::now() >= end {
//!             return Poll::Ready(());
//!         }
//!         embassy_time_driver::schedule_wake(end, context.waker());
//!         Poll::Pending
//!     })
//!     .await;
//! }
//! // A day, and no time.
//! assert!(wifi_at_virtual_time::run(wait(86_400_000_000)).is_ok());
//! ```

mod clock;
mod run;

pub use clock::{clear, fire, next_timer, now, set};
pub use run::{START, Stalled, World, run, run_with};
