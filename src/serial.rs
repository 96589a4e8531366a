//! What the driver needs of a serial port: that it reads and writes at the same time.

use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use embedded_io_async::{ErrorType, Read, Write};

/// A serial port that can be read and written at the same time.
///
/// [`Split`] makes one of the two halves that most HALs give; [`Whole`] makes one of a port that comes in one piece.
pub trait Serial {
    /// The port's error.
    type Error: embedded_io_async::Error;

    /// The two halves, for as long as the runner runs.
    fn split(&mut self) -> (impl Read<Error = Self::Error>, impl Write<Error = Self::Error>);
}

/// A serial port in two halves.
#[derive(Debug)]
pub struct Split<R, W> {
    reader: R,
    writer: W,
}

impl<R, W> Split<R, W> {
    /// Of a reader and a writer, in this order.
    pub const fn new(reader: R, writer: W) -> Self {
        Self { reader, writer }
    }
}

impl<R: Read, W: Write<Error = R::Error>> Serial for Split<R, W> {
    type Error = R::Error;

    fn split(&mut self) -> (impl Read<Error = R::Error>, impl Write<Error = R::Error>) {
        (&mut self.reader, &mut self.writer)
    }
}

/// A serial port in one piece, such as a buffered UART that is not split.
///
/// While it waits, a `read` or `write` is begun anew at each poll. So the port must not lose a byte when such a future
/// is dropped unfinished. Buffered UARTs do not; a bare DMA read does.
#[derive(Debug)]
pub struct Whole<T>(RefCell<T>);

impl<T> Whole<T> {
    /// Of a port that implements both traits.
    pub const fn new(port: T) -> Self {
        Self(RefCell::new(port))
    }
}

impl<T: Read + Write> Serial for Whole<T> {
    type Error = T::Error;

    fn split(&mut self) -> (impl Read<Error = T::Error>, impl Write<Error = T::Error>) {
        (Half(&self.0), Half(&self.0))
    }
}

struct Half<'a, T>(&'a RefCell<T>);

impl<T> Half<'_, T> {
    /// Polls what `operation` makes of the port, once each time, and lets go of the port in between.
    async fn poll<O>(&self, mut operation: impl AsyncFnMut(&mut T) -> O) -> O {
        poll_fn(|context| match self.0.try_borrow_mut() {
            Ok(mut port) => pin!(operation(&mut port)).poll(context),
            // Both halves are polled by one task, one after the other, so this does not happen.
            Err(_) => Poll::Pending,
        })
        .await
    }
}

impl<T: ErrorType> ErrorType for Half<'_, T> {
    type Error = T::Error;
}

impl<T: Read> Read for Half<'_, T> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, T::Error> {
        self.poll(async |port| port.read(buffer).await).await
    }
}

impl<T: Write> Write for Half<'_, T> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, T::Error> {
        self.poll(async |port| port.write(bytes).await).await
    }

    async fn flush(&mut self) -> Result<(), T::Error> {
        self.poll(async |port| port.flush().await).await
    }
}
