//! Runs a test in virtual time, with a device at the other end of a serial line.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use embedded_io_async::{ErrorType, Read, Write};

use wifi_at_virtual_time::{self as clock, World};

use crate::device::Device;

/// A serial line to a device. Clones are the same line: take one to look at the device while the driver has another.
pub struct Line<D> {
    state: Rc<State<D>>,
}

impl<D> Clone for Line<D> {
    fn clone(&self) -> Self {
        Self { state: Rc::clone(&self.state) }
    }
}

struct State<D> {
    device: RefCell<D>,
    /// Most bytes of one read or write.
    chunk: Cell<usize>,
    /// No read crosses this position of the stream.
    split: Cell<usize>,
    quantum: Cell<u64>,
    /// The device takes nothing, and the host's writes wait.
    stuck: Cell<bool>,
    writer: RefCell<Option<Waker>>,
    /// What the device's clock is ahead of the tests'.
    offset: Cell<Duration>,
    reader: RefCell<Option<Waker>>,
    record: RefCell<Vec<u8>>,
}

impl<D: Device> State<D> {
    /// The device's time.
    fn now(&self) -> Duration {
        now() + self.offset.get()
    }

    fn poll(&self) {
        self.device.borrow_mut().poll(self.now());
    }
}

impl<D: Device> Line<D> {
    /// A line to `device` without limits.
    pub fn new(device: D) -> Self {
        let state = State {
            device: RefCell::new(device),
            chunk: Cell::new(usize::MAX),
            split: Cell::new(usize::MAX),
            quantum: Cell::new(1),
            stuck: Cell::new(false),
            writer: RefCell::new(None),
            offset: Cell::new(Duration::ZERO),
            reader: RefCell::new(None),
            record: RefCell::default(),
        };
        Self { state: Rc::new(state) }
    }

    /// At most `bytes` come with one read, and go with one write.
    #[must_use]
    pub fn with_chunk(self, bytes: usize) -> Self {
        self.state.chunk.set(bytes);
        self
    }

    /// The read that would cross byte number `position` ends before it.
    #[must_use]
    pub fn with_split(self, position: usize) -> Self {
        self.state.split.set(position);
        self
    }

    /// The device takes nothing from now on (CTS), or again.
    pub fn set_stuck(&self, stuck: bool) {
        self.state.stuck.set(stuck);
        if let Some(waker) = self.state.writer.borrow_mut().take() {
            waker.wake();
        }
    }

    /// The device has lived for so long before the test starts.
    #[must_use]
    pub fn with_offset(self, time: Duration) -> Self {
        self.state.offset.set(time);
        self
    }

    /// Bytes from the device are noticed at whole multiples of this time, as by a UART with a FIFO or DMA.
    #[must_use]
    pub fn with_quantum(self, time: Duration) -> Self {
        self.state.quantum.set(time.as_micros().max(1) as u64);
        self
    }

    /// Looks at the device, or does something to it.
    pub fn with<T>(&self, f: impl FnOnce(&mut D, Duration) -> T) -> T {
        let out = f(&mut self.state.device.borrow_mut(), self.state.now());
        self.wake();
        out
    }

    /// All bytes that the host has read so far.
    #[must_use]
    pub fn record(&self) -> Vec<u8> {
        self.state.record.borrow().clone()
    }

    fn wake(&self) {
        if let Some(waker) = self.state.reader.borrow_mut().take() {
            waker.wake();
        }
    }
}

/// Virtual time.
#[must_use]
pub fn now() -> Duration {
    Duration::from_micros(clock::now())
}

impl<D> ErrorType for Line<D> {
    type Error = Infallible;
}

impl<D: Device> Read for Line<D> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|context| {
            let to_split = self.state.split.get().checked_sub(self.state.record.borrow().len());
            let to_split = to_split.filter(|left| *left > 0).unwrap_or(usize::MAX);
            let limit = buffer.len().min(self.state.chunk.get()).min(to_split);
            let count = self.state.device.borrow_mut().transmit(self.state.now(), &mut buffer[..limit]);
            if count == 0 {
                *self.state.reader.borrow_mut() = Some(context.waker().clone());
                return Poll::Pending;
            }
            self.state.record.borrow_mut().extend_from_slice(&buffer[..count]);
            Poll::Ready(Ok(count))
        })
        .await
    }
}

impl<D: Device> Write for Line<D> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        poll_fn(|context| {
            if self.state.stuck.get() {
                *self.state.writer.borrow_mut() = Some(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        let count = bytes.len().min(self.state.chunk.get());
        self.state.device.borrow_mut().receive(self.state.now(), &bytes[..count]);
        Ok(count)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Polls `future` at most `polls` times, then drops it.
pub async fn drop_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// More virtual time than any test takes.
const LIMIT: Duration = Duration::from_secs(3600 * 24 * 40);

impl<D: Device> World for Line<D> {
    fn next_event(&self) -> Option<u64> {
        let next = self.state.device.borrow().next_wake()?.saturating_sub(self.state.offset.get());
        let quantum = self.state.quantum.get();
        let next = (next.as_nanos().div_ceil(1000) as u64).div_ceil(quantum) * quantum;
        // A device that has bytes for nobody does not stop time.
        (next > clock::now() || self.state.reader.borrow().is_some()).then_some(next)
    }

    fn advance(&self, now: u64) {
        assert!(now < LIMIT.as_micros() as u64, "the test takes more than {LIMIT:?}");
        self.state.poll();
        let available = self.state.device.borrow().next_wake().is_some_and(|at| at <= self.state.now());
        if available {
            self.wake();
        }
    }
}

/// Runs `future` in virtual time, which starts at 1 s and goes on whenever nothing else can be done.
///
/// # Panics
/// When nothing will ever happen any more and the future is not done.
pub fn run<D: Device, F: Future>(line: &Line<D>, future: F) -> F::Output {
    clock::run_with(line, future).unwrap_or_else(|stalled| panic!("{stalled}"))
}
