//! What the tests and examples of `wifi-at` share: a clock that is real or virtual, an executor for each, and serial
//! ports on a PC.
//!
//! A program links one time driver for all its tests, so this one keeps a clock for each thread: real until
//! [`virtual_time::run`] makes it virtual for the time of one test, in which waiting takes no time.

pub mod clock;
pub mod device;
pub mod real_time;
pub mod script;
pub mod trace;
pub mod virtual_time;
