//! What the driver needs of a serial port: that it reads and writes at the same time, and, if the module is to use
//! another baud rate than at its start, that its rate can be changed.
//!
//! ```
//! use wifi_at::command::basic::FlowControl;
//! use wifi_at::serial::{Line, Split, UnsupportedRate};
//! # fn example<R, W: Uart>(rx: R, tx: W) {
//! # trait Uart { fn set_baudrate(&mut self, rate: u32) -> Result<(), ()>; }
//! // The port was opened at 115200 baud, which is what the module has after a reset.
//! let line = Line::new(115_200).raised_to(921_600).flow_control(FlowControl::RtsAndCts);
//! let serial = Split::new(rx, tx).with_line(line, |tx: &mut W, rate| {
//!     tx.set_baudrate(rate).map_err(|_| UnsupportedRate)
//! });
//! # }
//! # trait Uart { fn set_baudrate(&mut self, rate: u32) -> Result<(), ()>; }
//! ```

mod line;

use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use embedded_io_async::{ErrorType, Read, Write};

pub use line::{Adjustable, FixedLine, Line, LineError, PortLine, SetBaudRate, UnsupportedRate, fixed_rate};

/// A serial port that can be read and written at the same time.
///
/// [`Split`] makes one of the two halves that most HALs give; [`Whole`] makes one of a port that comes in one piece.
pub trait Serial {
    /// The port's error.
    type Error: embedded_io_async::Error;

    /// How the module is to use the line, where the driver has a say in it.
    fn line(&self) -> Option<Line> {
        None
    }

    /// The two halves, for as long as the runner runs.
    fn split(&mut self) -> (impl Read<Error = Self::Error>, impl Write<Error = Self::Error> + SetBaudRate);
}

/// A serial port in two halves.
#[derive(Debug)]
pub struct Split<R, W, L = FixedLine> {
    reader: R,
    writer: W,
    line: L,
}

impl<R, W> Split<R, W> {
    /// Of a reader and a writer, in this order.
    pub const fn new(reader: R, writer: W) -> Self {
        Self { reader, writer, line: FixedLine }
    }

    /// Lets the driver set the module's baud rate and flow control: see [`Line`]. `set` changes the rate of the port, for
    /// both directions; [`fixed_rate`] stands for one that cannot.
    pub fn with_line<F>(self, line: Line, set: F) -> Split<R, W, Adjustable<F>>
    where
        F: FnMut(&mut W, u32) -> Result<(), UnsupportedRate>,
    {
        Split { reader: self.reader, writer: self.writer, line: Adjustable::new(line, set) }
    }
}

impl<R: Read, W: Write<Error = R::Error>, L: PortLine<W>> Serial for Split<R, W, L> {
    type Error = R::Error;

    fn line(&self) -> Option<Line> {
        self.line.line()
    }

    fn split(&mut self) -> (impl Read<Error = R::Error>, impl Write<Error = R::Error> + SetBaudRate) {
        (&mut self.reader, Writer { port: &mut self.writer, line: &mut self.line })
    }
}

/// The writing half together with what sets the rate of both.
struct Writer<'a, W, L> {
    port: &'a mut W,
    line: &'a mut L,
}

impl<W: ErrorType, L> ErrorType for Writer<'_, W, L> {
    type Error = W::Error;
}

impl<W: Write, L> Write for Writer<'_, W, L> {
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = Result<usize, W::Error>> {
        self.port.write(bytes)
    }

    fn flush(&mut self) -> impl Future<Output = Result<(), W::Error>> {
        self.port.flush()
    }
}

impl<W, L: PortLine<W>> SetBaudRate for Writer<'_, W, L> {
    const ADJUSTABLE: bool = L::ADJUSTABLE;

    fn set_baud_rate(&mut self, baud_rate: u32) -> Result<(), UnsupportedRate> {
        self.line.set(self.port, baud_rate)
    }
}

/// A serial port in one piece, such as a buffered UART that is not split.
///
/// While it waits, a `read` or `write` is begun anew at each poll. So the port must not lose a byte when such a future
/// is dropped unfinished. Buffered UARTs do not; a bare DMA read does.
#[derive(Debug)]
pub struct Whole<T, L = FixedLine> {
    port: RefCell<T>,
    line: L,
}

impl<T> Whole<T> {
    /// Of a port that implements both traits.
    pub const fn new(port: T) -> Self {
        Self { port: RefCell::new(port), line: FixedLine }
    }

    /// As [`Split::with_line`].
    pub fn with_line<F>(self, line: Line, set: F) -> Whole<T, Adjustable<F>>
    where
        F: FnMut(&mut T, u32) -> Result<(), UnsupportedRate>,
    {
        Whole { port: self.port, line: Adjustable::new(line, set) }
    }
}

impl<T: Read + Write, L: PortLine<T>> Serial for Whole<T, L> {
    type Error = T::Error;

    fn line(&self) -> Option<Line> {
        self.line.line()
    }

    fn split(&mut self) -> (impl Read<Error = T::Error>, impl Write<Error = T::Error> + SetBaudRate) {
        (Half { port: &self.port, line: () }, Half { port: &self.port, line: &mut self.line })
    }
}

struct Half<'a, T, L> {
    port: &'a RefCell<T>,
    line: L,
}

impl<T, L> Half<'_, T, L> {
    /// Polls what `operation` makes of the port, once each time, and lets go of the port in between.
    async fn poll<O>(&self, mut operation: impl AsyncFnMut(&mut T) -> O) -> O {
        poll_fn(|context| match self.port.try_borrow_mut() {
            Ok(mut port) => pin!(operation(&mut port)).poll(context),
            // Both halves are polled by one task, one after the other, so this does not happen.
            Err(_) => Poll::Pending,
        })
        .await
    }
}

impl<T: ErrorType, L> ErrorType for Half<'_, T, L> {
    type Error = T::Error;
}

impl<T: Read, L> Read for Half<'_, T, L> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, T::Error> {
        self.poll(async |port| port.read(buffer).await).await
    }
}

impl<T: Write, L> Write for Half<'_, T, L> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, T::Error> {
        self.poll(async |port| port.write(bytes).await).await
    }

    async fn flush(&mut self) -> Result<(), T::Error> {
        self.poll(async |port| port.flush().await).await
    }
}

impl<T, L: PortLine<T>> SetBaudRate for Half<'_, T, &mut L> {
    const ADJUSTABLE: bool = L::ADJUSTABLE;

    fn set_baud_rate(&mut self, baud_rate: u32) -> Result<(), UnsupportedRate> {
        let mut port = self.port.try_borrow_mut().map_err(|_| UnsupportedRate)?;
        self.line.set(&mut port, baud_rate)
    }
}
