//! Runs a test beside a simulated module in virtual time (feature `virtual-time`).
//!
//! The time is that of `embassy-time`: this brings the driver `wifi-at-virtual-time`, which must be the only one in the
//! program. Tests in other threads have clocks of their own.
//!
//! ```
//! use core::time::Duration;
//! use embedded_io_async::{Read, Write};
//! use wifi_at_simulator::{Builder, Dialect, serial, virtual_time};
//!
//! let (module, mut port) = serial::port(Builder::new(Dialect::EspAt).build());
//! virtual_time::run(&module, async {
//!     port.write_all(b"ATE0\r\n").await.unwrap();
//!     let mut text = [0; 21];
//!     port.read_exact(&mut text).await.unwrap();
//!     assert_eq!(&text, b"\r\nready\r\nATE0\r\n\r\nOK\r\n");
//! });
//! ```

use core::time::Duration;

use wifi_at_virtual_time::World;

use crate::serial::Pump;

impl World for Pump {
    fn next_event(&self) -> Option<u64> {
        self.next_wake().map(|at| at.as_nanos().div_ceil(1000) as u64)
    }

    fn advance(&self, now: u64) {
        self.pump(Duration::from_micros(now));
    }
}

/// Runs `test` on this thread; time moves on whenever nothing else can be done. It starts at 1 s, when the module has
/// just been switched on for that long.
///
/// # Panics
/// When nothing will ever happen any more and the test is not over, and when it wakes itself for ever.
#[track_caller]
pub fn run<F: Future>(module: &Pump, test: F) -> F::Output {
    match wifi_at_virtual_time::run_with(module, test) {
        Ok(output) => output,
        Err(stalled) => panic!("{stalled}"),
    }
}
