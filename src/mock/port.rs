//! The serial port's traits.

use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use embassy_time::{Instant, Timer};
use embedded_io_async::{ErrorKind, ErrorType};

use super::Mock;
use super::state::Given;

/// An end of a [`Mock`] serial line, for the firmware. Copies are the same port.
///
/// The traits of `embedded-io-async` live in the time of `embassy-time`, those of `embedded-io` in the mock's own
/// ([`Mock::now`]), which a read moves on.
#[derive(Debug, Clone, Copy)]
pub struct Port<'m, 's>(pub(super) &'m Mock<'s>);

/// An error of a [`Port`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PortError {
    /// One that the script asks for.
    Scripted(ErrorKind),
    /// The firmware has departed from the script: see [`Mock::check`].
    Departed,
    /// A blocking read for which no byte will ever come, as nothing was written that the script answers.
    Starved,
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scripted(_) => "the script asks for this error",
            Self::Departed => "the firmware has departed from the script",
            Self::Starved => "a read that would block for ever",
        })
    }
}

impl core::error::Error for PortError {}

impl embedded_io_async::Error for PortError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Scripted(kind) => *kind,
            Self::Departed => ErrorKind::Other,
            Self::Starved => ErrorKind::TimedOut,
        }
    }
}

impl ErrorType for Port<'_, '_> {
    type Error = PortError;
}

impl Port<'_, '_> {
    fn write_at(self, now: u64, bytes: &[u8]) -> Result<usize, PortError> {
        match self.0.state.borrow_mut().write(now, bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(Some(kind)) => Err(PortError::Scripted(kind)),
            Err(None) => Err(PortError::Departed),
        }
    }
}

impl embedded_io_async::Read for Port<'_, '_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, PortError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        poll_fn(|context| {
            let mut state = self.0.state.borrow_mut();
            Poll::Ready(match state.read(Instant::now().as_micros(), buffer) {
                Given::Bytes(count) => Ok(count),
                Given::Error(kind) => Err(PortError::Scripted(kind)),
                Given::Failed => Err(PortError::Departed),
                Given::Nothing(due) => {
                    state.reader.register(context.waker());
                    if let Some(due) = due {
                        // A timer that was polled once wakes the task, though it is gone by then.
                        let _ = pin!(Timer::at(Instant::from_micros(due))).poll(context);
                    }
                    return Poll::Pending;
                }
            })
        })
        .await
    }
}

impl embedded_io_async::Write for Port<'_, '_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, PortError> {
        self.write_at(Instant::now().as_micros(), bytes)
    }

    async fn flush(&mut self) -> Result<(), PortError> {
        Ok(())
    }
}

impl embedded_io::Read for Port<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, PortError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let mut state = self.0.state.borrow_mut();
        loop {
            let now = state.clock;
            match state.read(now, buffer) {
                Given::Bytes(count) => return Ok(count),
                Given::Error(kind) => return Err(PortError::Scripted(kind)),
                Given::Failed => return Err(PortError::Departed),
                Given::Nothing(Some(due)) => state.clock = due,
                Given::Nothing(None) => return Err(PortError::Starved),
            }
        }
    }
}

impl embedded_io::ReadReady for Port<'_, '_> {
    fn read_ready(&mut self) -> Result<bool, PortError> {
        let mut state = self.0.state.borrow_mut();
        let now = state.clock;
        Ok(state.is_ready(now))
    }
}

impl embedded_io::Write for Port<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, PortError> {
        let now = self.0.state.borrow().clock;
        self.write_at(now, bytes)
    }

    fn flush(&mut self) -> Result<(), PortError> {
        Ok(())
    }
}

/// A delay that takes no time: it moves the clock of a [`Mock`].
#[derive(Debug, Clone, Copy)]
pub struct MockDelay<'m, 's>(pub(super) &'m Mock<'s>);

impl embedded_hal::delay::DelayNs for MockDelay<'_, '_> {
    fn delay_ns(&mut self, nanoseconds: u32) {
        self.0.state.borrow_mut().clock += u64::from(nanoseconds.div_ceil(1000));
    }
}
