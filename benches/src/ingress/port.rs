//! A module in memory, at the other end of a port that gives slices of a fixed size.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use embedded_io_async::{ErrorType, Read, Write};

use super::{FRAME, Mode};

/// A module that agrees to all, opens what it is told to, and has as much data as anybody wants.
pub(super) struct Module {
    mode: Mode,
    slice: usize,
    /// Text that goes out before frames do.
    text: Vec<u8>,
    /// One frame, its position, and how many are still to come.
    frame: Vec<u8>,
    at: usize,
    frames: usize,
    /// Bytes of payload in the frame, and how many more wait to be asked for.
    count: usize,
    waiting: usize,
    line: Vec<u8>,
    /// Commands come back, as they do until `ATE0`.
    echo: bool,
    /// The link that was opened.
    link: u8,
    reader: Option<Waker>,
}

/// What is in a frame.
fn payload(count: usize) -> impl Iterator<Item = u8> {
    (0..count).map(|at| (at * 7) as u8)
}

impl Module {
    fn new(mode: Mode, slice: usize) -> Self {
        let (text, line, reader) = (Vec::new(), Vec::new(), None);
        let (frame, count, waiting) = (Vec::new(), 0, 0);
        Self { mode, slice, text, frame, at: 0, frames: 0, count, waiting, line, echo: true, link: b'0', reader }
    }

    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let limit = buffer.len().min(self.slice);
        if !self.text.is_empty() {
            let count = limit.min(self.text.len());
            buffer[..count].copy_from_slice(&self.text[..count]);
            self.text.drain(..count);
            return count;
        }
        let mut count = 0;
        while count < limit && self.frames > 0 {
            let part = (limit - count).min(self.frame.len() - self.at);
            buffer[count..count + part].copy_from_slice(&self.frame[self.at..self.at + part]);
            count += part;
            self.at += part;
            if self.at == self.frame.len() {
                self.at = 0;
                self.frames -= 1;
            }
        }
        count
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        self.line.extend_from_slice(bytes);
        while let Some(end) = self.line.windows(2).position(|pair| pair == b"\r\n") {
            let line: Vec<u8> = self.line.drain(..end + 2).collect();
            if self.echo {
                self.text.extend_from_slice(&line);
            }
            self.echo &= !line.starts_with(b"ATE0");
            match line.strip_prefix(b"AT+CIPRECVDATA=") {
                Some(values) => self.give(values),
                None => self.answer(&line),
            }
        }
    }

    fn answer(&mut self, line: &[u8]) {
        if line.starts_with(b"AT+CIPRECV") && self.mode == Mode::Active {
            self.text.extend_from_slice(b"\r\nERROR\r\n");
            return;
        }
        if let Some(values) = line.strip_prefix(b"AT+CIPSTART=") {
            self.link = values[0];
            self.text.extend_from_slice(&[self.link]);
            self.text.extend_from_slice(b",CONNECT\r\n");
        }
        self.text.extend_from_slice(b"\r\nOK\r\n");
        if line.starts_with(b"AT+RST") {
            self.text.extend_from_slice(b"\r\nready\r\n");
        }
    }

    /// Answers with what was asked for, after the link.
    fn give(&mut self, values: &[u8]) {
        let digits = values[2..].iter().take_while(|byte| byte.is_ascii_digit());
        let asked = digits.fold(0, |asked, digit| asked * 10 + usize::from(digit - b'0'));
        let count = asked.min(self.waiting);
        self.waiting -= count;
        self.set_frame(count);
        self.frames = 1;
    }

    fn set_frame(&mut self, count: usize) {
        if self.count == count {
            return;
        }
        self.count = count;
        let link = char::from(self.link);
        let (head, tail) = match self.mode {
            Mode::Active => (format!("\r\n+IPD,{link},{count}:"), ""),
            Mode::Passive => (format!("+CIPRECVDATA:{count},"), "\r\nOK\r\n"),
        };
        self.frame = head.bytes().chain(payload(count)).chain(tail.bytes()).collect();
    }

    /// So many frames are there for the host.
    fn begin(&mut self, frames: usize) {
        match self.mode {
            Mode::Active => {
                self.set_frame(FRAME);
                self.frames = frames;
            }
            Mode::Passive => {
                self.waiting = frames * FRAME;
                let notice = format!("\r\n+IPD,{},{}\r\n", char::from(self.link), self.waiting);
                self.text.extend_from_slice(notice.as_bytes());
            }
        }
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// The host's port. A clone is the same one.
#[derive(Clone)]
pub(super) struct Port(Rc<RefCell<Module>>);

impl Port {
    pub(super) fn new(mode: Mode, slice: usize) -> Self {
        Self(Rc::new(RefCell::new(Module::new(mode, slice))))
    }

    pub(super) fn begin(&self, frames: usize) {
        self.0.borrow_mut().begin(frames);
    }

    /// Takes what is there, without waiting.
    pub(super) fn take(&self, buffer: &mut [u8]) -> usize {
        self.0.borrow_mut().read(buffer)
    }

    pub(super) fn put(&self, bytes: &[u8]) {
        self.0.borrow_mut().write(bytes);
    }
}

impl ErrorType for Port {
    type Error = Infallible;
}

impl Read for Port {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|context| {
            let mut module = self.0.borrow_mut();
            match module.read(buffer) {
                0 => {
                    module.reader = Some(context.waker().clone());
                    Poll::Pending
                }
                count => Poll::Ready(Ok(count)),
            }
        })
        .await
    }
}

impl Write for Port {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.put(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
