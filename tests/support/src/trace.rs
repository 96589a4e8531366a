//! Shows what goes over a serial line.

use std::io::{self, Read, Write};
use std::time::Instant;

/// Longest piece that is shown in one line.
const LIMIT: usize = 512;

/// Shows both directions of a line on standard error, but for passwords of access points.
pub fn traced(reader: impl Read + Send + 'static, writer: impl Write + Send + 'static) -> Halves {
    let start = Instant::now();
    (Box::new(Traced::new(reader, "<<", start)), Box::new(Traced::new(writer, ">>", start)))
}

/// The reading and the writing half of a line.
pub type Halves = (Box<dyn Read + Send>, Box<dyn Write + Send>);

struct Traced<T> {
    inner: T,
    mark: &'static str,
    start: Instant,
    line: Vec<u8>,
}

impl<T> Traced<T> {
    const fn new(inner: T, mark: &'static str, start: Instant) -> Self {
        Self { inner, mark, start, line: Vec::new() }
    }

    /// Whole lines only, so that a password is recognized wherever the reads and writes cut it.
    fn show(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.line.push(byte);
            if byte != b'\n' && self.line.len() < LIMIT {
                continue;
            }
            let secret = self.line.windows(6).position(|part| part == b"CWJAP=");
            let shown = &self.line[..secret.map_or(self.line.len(), |at| at + 6)];
            let hidden = if secret.is_some() { "(hidden)" } else { "" };
            let time = self.start.elapsed().as_secs_f64();
            eprintln!("{time:9.3} {} {}{hidden}", self.mark, shown.escape_ascii());
            self.line.clear();
        }
    }
}

impl<R: Read> Read for Traced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.show(&buffer[..count]);
        Ok(count)
    }
}

impl<W: Write> Write for Traced<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.show(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
