//! A serial port whose receive interrupt fills a queue.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write};
use heapless::spsc::Consumer;

/// A serial port in two parts: a queue that the UART's receive interrupt fills, without a lock, and a writer.
///
/// ```
/// use core::sync::atomic::{AtomicBool, Ordering};
/// use embedded_io::{Read, ReadReady};
/// use heapless::spsc::Queue;
/// use wifi_at::blocking::{QueueError, Queued};
/// # struct Uart;
/// # impl embedded_io::ErrorType for Uart { type Error = core::convert::Infallible; }
/// # impl embedded_io::Write for Uart {
/// #     fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> { Ok(bytes.len()) }
/// #     fn flush(&mut self) -> Result<(), Self::Error> { Ok(()) }
/// # }
/// static OVERRUN: AtomicBool = AtomicBool::new(false);
/// let mut queue = Queue::<u8, 4>::new();
/// let (mut producer, consumer) = queue.split();
/// let mut serial = Queued::new(consumer, &OVERRUN, Uart);
/// // In the interrupt, for each byte:
/// let mut interrupt = |byte| {
///     if producer.enqueue(byte).is_err() {
///         OVERRUN.store(true, Ordering::Relaxed);
///     }
/// };
/// b"OK\r\n".map(&mut interrupt);
/// let mut buffer = [0; 8];
/// assert_eq!(serial.read(&mut buffer), Ok(3));
/// // The queue was one too small. The driver counts that, and fails the stream that it hit.
/// assert_eq!(serial.read_ready(), Ok(true));
/// assert_eq!(serial.read(&mut buffer), Err(QueueError::Overrun));
/// ```
pub struct Queued<'q, W> {
    received: Consumer<'q, u8>,
    overrun: &'q AtomicBool,
    writer: W,
}

/// An error of a [`Queued`] port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum QueueError<E> {
    /// The interrupt found the queue full, and bytes are lost. Told once for each time.
    Overrun,
    /// The writer's error.
    Write(E),
}

impl<'q, W: Write> Queued<'q, W> {
    /// Of a queue, a flag that the interrupt sets when it finds the queue full, and a writer.
    pub const fn new(received: Consumer<'q, u8>, overrun: &'q AtomicBool, writer: W) -> Self {
        Self { received, overrun, writer }
    }
}

impl<W> fmt::Debug for Queued<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queued").field("ready", &self.received.ready()).finish_non_exhaustive()
    }
}

impl<E: fmt::Debug> fmt::Display for QueueError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overrun => f.write_str("bytes were lost, as the queue was full"),
            Self::Write(error) => write!(f, "the serial port's writer: {error:?}"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for QueueError<E> {}

impl<E: embedded_io::Error> embedded_io::Error for QueueError<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Overrun => ErrorKind::Other,
            Self::Write(error) => error.kind(),
        }
    }
}

impl<W: Write> ErrorType for Queued<'_, W> {
    type Error = QueueError<W::Error>;
}

impl<W: Write> ReadReady for Queued<'_, W> {
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        Ok(self.received.ready() || self.overrun.load(Ordering::Relaxed))
    }
}

impl<W: Write> Read for Queued<'_, W> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let mut count = 0;
            while count < buffer.len()
                && let Some(byte) = self.received.dequeue()
            {
                buffer[count] = byte;
                count += 1;
            }
            // What was lost came after what the queue held.
            if count > 0 {
                return Ok(count);
            }
            if self.overrun.load(Ordering::Relaxed) {
                self.overrun.store(false, Ordering::Relaxed);
                return Err(QueueError::Overrun);
            }
            core::hint::spin_loop();
        }
    }
}

impl<W: Write> Write for Queued<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        self.writer.write(bytes).map_err(QueueError::Write)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.writer.flush().map_err(QueueError::Write)
    }
}
