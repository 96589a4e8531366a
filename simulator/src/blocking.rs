//! A serial port with the traits of `embedded-io`, for tests of code without an executor (feature `embedded-io`).
//!
//! ```
//! use core::time::Duration;
//! use embedded_io::{Read, ReadReady, Write};
//! use wifi_at_simulator::{Builder, Dialect, blocking};
//!
//! let mut port = blocking::port(Builder::new(Dialect::EspAt).build());
//! let mut text = [0; 9];
//! // A read waits, and takes as long as the module needs to boot: 300 ms that take no time.
//! port.read_exact(&mut text).unwrap();
//! assert_eq!(&text, b"\r\nready\r\n");
//! assert_eq!(port.now(), Duration::from_millis(300));
//! port.write_all(b"ATE0\r\n").unwrap();
//! assert_eq!(port.read_ready(), Ok(true));
//! ```

use core::cell::RefCell;
use core::time::Duration;
use std::rc::Rc;

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write};

use crate::simulator::Simulator;

/// Puts a module behind a blocking port.
#[must_use]
pub fn port(simulator: Simulator) -> Port {
    Port { shared: Rc::new(RefCell::new((simulator, Duration::ZERO))) }
}

/// The host's serial port, and its hand on the time. A clone is the same port.
///
/// Time moves on when the host lets it ([`advance`](Self::advance)), and when it waits in a read.
#[derive(Clone)]
pub struct Port {
    shared: Rc<RefCell<(Simulator, Duration)>>,
}

/// A read that would wait for ever: the module has nothing to say unless it is told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silent;

impl core::fmt::Display for Silent {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the module will never say anything")
    }
}

impl core::error::Error for Silent {}

impl embedded_io::Error for Silent {
    fn kind(&self) -> ErrorKind {
        ErrorKind::TimedOut
    }
}

impl core::fmt::Debug for Port {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Port").field("now", &self.now()).finish_non_exhaustive()
    }
}

impl Port {
    /// The time, from the start of the simulation.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.shared.borrow().1
    }

    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        let (simulator, now) = &mut *self.shared.borrow_mut();
        *now += time;
        simulator.poll(*now);
    }

    /// Uses the module: faults, access points, what it has seen. The second argument is the time now.
    pub fn with<R>(&self, act: impl FnOnce(&mut Simulator, Duration) -> R) -> R {
        let (simulator, now) = &mut *self.shared.borrow_mut();
        act(simulator, *now)
    }
}

impl ErrorType for Port {
    type Error = Silent;
}

impl ReadReady for Port {
    fn read_ready(&mut self) -> Result<bool, Silent> {
        Ok(self.with(|simulator, now| {
            simulator.poll(now);
            simulator.available(now) > 0
        }))
    }
}

impl Read for Port {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Silent> {
        let (simulator, now) = &mut *self.shared.borrow_mut();
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            simulator.poll(*now);
            match simulator.transmit(*now, buffer) {
                0 => *now = simulator.next_wake().ok_or(Silent)?.max(*now),
                count => return Ok(count),
            }
        }
    }
}

impl Write for Port {
    fn write(&mut self, data: &[u8]) -> Result<usize, Silent> {
        self.with(|simulator, now| simulator.receive(now, data));
        Ok(data.len())
    }

    fn flush(&mut self) -> Result<(), Silent> {
        Ok(())
    }
}
