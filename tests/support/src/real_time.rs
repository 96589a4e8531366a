//! Runs a program in real time, with a real stream at the other end of the serial line.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use embedded_io_async::{ErrorType, Read, Write};

use wifi_at_virtual_time as clock;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs `future` to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        clock::fire();
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        match clock::next_timer() {
            Some(at) => thread::park_timeout(Duration::from_micros(at.saturating_sub(clock::now()))),
            None => thread::park(),
        }
    }
}

/// Most bytes that wait to be read; the thread that fills the queue waits then, and with it the sender.
const QUEUE: usize = 4096;

#[derive(Default)]
struct Queue {
    bytes: VecDeque<u8>,
    waker: Option<Waker>,
    /// The stream has ended, with an error if there was one.
    end: Option<Option<io::Error>>,
}

/// The reading half of a serial port, filled by a thread of its own.
pub struct Reader {
    queue: Arc<Mutex<Queue>>,
    thread: Thread,
}

/// The writing half of a serial port.
pub struct Writer<W>(W);

/// Whether it only means that it should be tried again.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

/// Makes the two halves of a serial port of a blocking stream.
pub fn serial<R: io::Read + Send + 'static, W: io::Write>(mut reader: R, writer: W) -> (Reader, Writer<W>) {
    let queue = Arc::<Mutex<Queue>>::default();
    let shared = Arc::clone(&queue);
    let handle = thread::spawn(move || {
        let mut buffer = [0; 1024];
        loop {
            let result = reader.read(&mut buffer);
            if result.as_ref().is_err_and(is_passing) {
                continue;
            }
            let mut queue = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let ended = match result {
                Ok(0) => queue.end.insert(None).is_none(),
                Ok(count) => {
                    queue.bytes.extend(&buffer[..count]);
                    false
                }
                Err(error) => queue.end.insert(Some(error)).is_some(),
            };
            let over = ended || queue.end.is_some();
            let full = queue.bytes.len() >= QUEUE;
            if let Some(waker) = queue.waker.take() {
                waker.wake();
            }
            drop(queue);
            if over {
                break;
            }
            if full {
                thread::park_timeout(Duration::from_millis(100));
            }
        }
    });
    (Reader { queue, thread: handle.thread().clone() }, Writer(writer))
}

impl ErrorType for Reader {
    type Error = io::Error;
}

impl Read for Reader {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        poll_fn(|context| {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            if queue.bytes.is_empty() {
                if let Some(end) = queue.end.take() {
                    queue.end = Some(None);
                    return Poll::Ready(end.map_or(Ok(0), Err));
                }
                queue.waker = Some(context.waker().clone());
                return Poll::Pending;
            }
            let count = io::Read::read(&mut queue.bytes, buffer);
            if queue.bytes.len() < QUEUE {
                self.thread.unpark();
            }
            Poll::Ready(count)
        })
        .await
    }
}

impl<W> ErrorType for Writer<W> {
    type Error = io::Error;
}

impl<W: io::Write> Write for Writer<W> {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A serial line takes what it is given soon enough: blocking here is a shortcut of these programs.
        loop {
            match self.0.write(bytes) {
                // The port's time limit is for reads. Nothing was written.
                Err(error) if is_passing(&error) => {}
                result => return result,
            }
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
