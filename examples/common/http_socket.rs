//! The driver's sockets and embassy-time's clock for picoserve.

use embassy_time::Timer;
use embedded_io_async::{ErrorType, Write};
use picoserve::io::{Socket, Write as LendingWrite};
use picoserve::mem::{BorrowedBuffer, BorrowedCursor};
use picoserve::time::Duration;
use picoserve::{Error, Timeouts};
use wifi_at::net::tcp::{self, TcpReader, TcpSocket, TcpWriter};

/// Bytes that picoserve formats at a time.
const CHUNK: usize = 256;

/// Names the pair of this socket and this clock.
pub(crate) struct Runtime;

/// A connection that picoserve can serve.
pub(crate) struct HttpSocket<'a>(pub(crate) TcpSocket<'a>);

/// Its sending half.
pub(crate) struct HttpWriter<'s>(TcpWriter<'s>);

impl ErrorType for HttpWriter<'_> {
    type Error = tcp::Error;
}

impl Write for HttpWriter<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, tcp::Error> {
        self.0.write(bytes).await
    }

    async fn flush(&mut self) -> Result<(), tcp::Error> {
        self.0.flush().await
    }
}

impl LendingWrite for HttpWriter<'_> {
    async fn write_with<F: FnOnce(BorrowedCursor<'_>) -> R, R>(&mut self, fill: F) -> Result<R, tcp::Error> {
        let mut chunk = [0; CHUNK];
        let mut chunk = BorrowedBuffer::new(&mut chunk);
        let output = fill(chunk.unfilled());
        self.0.write_all(chunk.filled()).await?;
        Ok(output)
    }
}

impl<'a> Socket<Runtime> for HttpSocket<'a> {
    type Error = tcp::Error;
    type ReadHalf<'s>
        = TcpReader<'s>
    where
        Self: 's;
    type WriteHalf<'s>
        = HttpWriter<'s>
    where
        Self: 's;

    fn split(&mut self) -> (TcpReader<'_>, HttpWriter<'_>) {
        let (reader, writer) = self.0.split();
        (reader, HttpWriter(writer))
    }

    async fn abort<T: picoserve::Timer<Runtime>>(self, _: &Timeouts, _: &T) -> Result<(), Error<tcp::Error>> {
        self.0.abort();
        Ok(())
    }

    async fn shutdown<T: picoserve::Timer<Runtime>>(
        mut self,
        timeouts: &Timeouts,
        timer: &T,
    ) -> Result<(), Error<tcp::Error>> {
        let closed = timer.run_with_timeout(timeouts.write, self.0.close()).await;
        closed.map_err(Error::WriteTimeout)?.map_err(Error::Write)
    }
}

/// The clock.
pub(crate) struct Clock;

impl picoserve::Timer<Runtime> for Clock {
    async fn delay(&self, duration: Duration) {
        Timer::after_millis(duration.as_millis()).await;
    }
}
