//! A serial port with the traits of `embedded-io-async`, for single-threaded tests in virtual time.
//!
//! [`port`] takes a [`Simulator`] and gives a [`Pump`] for the test's executor and a [`Port`] for the driver. The port
//! knows no time of its own: it lives at the time of the last [`Pump::pump`]. An executor runs its tasks until none is
//! woken, then moves the time to the earliest of [`Pump::next_wake`] and its own timers, and pumps.
//!
//! ```
//! # use core::time::Duration;
//! # use wifi_at_simulator::{Builder, Dialect, Latency, serial};
//! # use embedded_io_async::{Read, Write};
//! # fn block_on<F: Future>(pump: &serial::Pump, future: F) -> F::Output {
//! #     let mut future = core::pin::pin!(future);
//! #     let mut context = core::task::Context::from_waker(core::task::Waker::noop());
//! #     loop {
//! #         if let core::task::Poll::Ready(output) = future.as_mut().poll(&mut context) { return output; }
//! #         pump.pump(pump.next_wake().expect("waits for ever"));
//! #     }
//! # }
//! let simulator = Builder::new(Dialect::EspAt).baud(Some(115_200)).build();
//! let (pump, mut port) = serial::port(simulator);
//! let mut text = [0; 9];
//! block_on(&pump, async {
//!     port.read_exact(&mut text).await.unwrap();
//! });
//! assert_eq!(&text, b"\r\nready\r\n");
//! // 300 ms to boot and 9 characters of 10 bits.
//! assert_eq!(pump.now(), Duration::from_nanos(300_781_250));
//! ```

use crate::simulator::Simulator;
use core::convert::Infallible;
use core::future::poll_fn;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use embedded_io_async::{ErrorType, Read, Write};
use std::cell::RefCell;
use std::rc::Rc;

/// Bytes that a port takes before the first of them has reached the module, unless [`Pump::set_write_limit`] says
/// otherwise.
pub const WRITE_LIMIT: usize = 1024;

struct Shared {
    simulator: Simulator,
    now: Duration,
    read_limit: usize,
    write_limit: usize,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Shared {
    /// Wakes who can go on.
    fn wake(&mut self) {
        if self.simulator.available(self.now) > 0
            && let Some(waker) = self.reader.take()
        {
            waker.wake();
        }
        if let Some(waker) = self.writer.take() {
            waker.wake();
        }
    }

    fn poll_read(&mut self, buffer: &mut [u8], context: &Context<'_>) -> Poll<usize> {
        let limit = buffer.len().min(self.read_limit);
        if limit == 0 {
            return Poll::Ready(0);
        }
        match self.simulator.transmit(self.now, &mut buffer[..limit]) {
            0 => {
                self.reader = Some(context.waker().clone());
                Poll::Pending
            }
            count => Poll::Ready(count),
        }
    }

    fn poll_write(&mut self, data: &[u8], context: &Context<'_>) -> Poll<usize> {
        let room = self.write_limit.saturating_sub(self.simulator.pending_input());
        let count = room.min(data.len());
        if count == 0 && !data.is_empty() {
            self.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        self.simulator.receive(self.now, &data[..count]);
        self.wake();
        Poll::Ready(count)
    }

    fn poll_flush(&mut self, context: &Context<'_>) -> Poll<()> {
        if self.simulator.pending_input() == 0 {
            return Poll::Ready(());
        }
        self.writer = Some(context.waker().clone());
        Poll::Pending
    }
}

/// Puts a module behind a port.
#[must_use]
pub fn port(simulator: Simulator) -> (Pump, Port) {
    let shared = Rc::new(RefCell::new(Shared {
        simulator,
        now: Duration::ZERO,
        read_limit: usize::MAX,
        write_limit: WRITE_LIMIT,
        reader: None,
        writer: None,
    }));
    let pump = Pump { shared: shared.clone() };
    let port = Port { reader: PortReader { shared: shared.clone() }, writer: PortWriter { shared } };
    (pump, port)
}

/// The test's hand on time and module. A clone moves the same module.
#[derive(Clone)]
pub struct Pump {
    shared: Rc<RefCell<Shared>>,
}

impl core::fmt::Debug for Pump {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Pump").finish_non_exhaustive()
    }
}

impl Pump {
    /// Moves the time to `now` (never back), lets the module act, and wakes readers and writers that can go on.
    pub fn pump(&self, now: Duration) {
        let mut shared = self.shared.borrow_mut();
        shared.now = shared.now.max(now);
        let now = shared.now;
        shared.simulator.poll(now);
        shared.wake();
    }

    /// The time of the last [`pump`](Self::pump).
    #[must_use]
    pub fn now(&self) -> Duration {
        self.shared.borrow().now
    }

    /// When the next pump brings something new. Bytes from the module count only while a reader waits for them, so that
    /// time goes on for a host that does not read.
    #[must_use]
    pub fn next_wake(&self) -> Option<Duration> {
        let shared = self.shared.borrow();
        match shared.reader {
            Some(_) => shared.simulator.next_wake(),
            None => shared.simulator.next_poll(),
        }
    }

    /// Uses the module: hooks, access points, what it has seen. The second argument is the time now.
    pub fn with<R>(&self, act: impl FnOnce(&mut Simulator, Duration) -> R) -> R {
        let mut shared = self.shared.borrow_mut();
        let now = shared.now;
        let result = act(&mut shared.simulator, now);
        shared.simulator.poll(now);
        shared.wake();
        result
    }

    /// A read gives at most so many bytes, at least 1.
    pub fn set_read_limit(&self, bytes: usize) {
        self.shared.borrow_mut().read_limit = bytes.max(1);
    }

    /// A write waits while so many bytes (at least 1) have not reached the module.
    pub fn set_write_limit(&self, bytes: usize) {
        self.shared.borrow_mut().write_limit = bytes.max(1);
    }
}

/// The host's serial port.
#[derive(Debug)]
pub struct Port {
    reader: PortReader,
    writer: PortWriter,
}

impl Port {
    /// Takes reading and writing apart.
    #[must_use]
    pub fn split(self) -> (PortReader, PortWriter) {
        (self.reader, self.writer)
    }
}

/// The reading half of a [`Port`].
pub struct PortReader {
    shared: Rc<RefCell<Shared>>,
}

/// The writing half of a [`Port`].
pub struct PortWriter {
    shared: Rc<RefCell<Shared>>,
}

impl core::fmt::Debug for PortReader {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PortReader").finish_non_exhaustive()
    }
}

impl core::fmt::Debug for PortWriter {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PortWriter").finish_non_exhaustive()
    }
}

impl ErrorType for Port {
    type Error = Infallible;
}

impl ErrorType for PortReader {
    type Error = Infallible;
}

impl ErrorType for PortWriter {
    type Error = Infallible;
}

impl Read for PortReader {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        Ok(poll_fn(|context| self.shared.borrow_mut().poll_read(buffer, context)).await)
    }
}

impl Write for PortWriter {
    async fn write(&mut self, data: &[u8]) -> Result<usize, Infallible> {
        Ok(poll_fn(|context| self.shared.borrow_mut().poll_write(data, context)).await)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        poll_fn(|context| self.shared.borrow_mut().poll_flush(context)).await;
        Ok(())
    }
}

impl Read for Port {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        self.reader.read(buffer).await
    }
}

impl Write for Port {
    async fn write(&mut self, data: &[u8]) -> Result<usize, Infallible> {
        self.writer.write(data).await
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        self.writer.flush().await
    }
}
