//! What the tests and examples of `wifi-at` share: executors for virtual and for real time (the clock itself is
//! `wifi-at-virtual-time`), devices to test against, and serial ports on a PC.

pub mod device;
pub mod real_time;
pub mod script;
pub mod trace;
pub mod virtual_time;
