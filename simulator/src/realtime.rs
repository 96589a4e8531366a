//! A module in real time: a thread of its own, and a byte stream to it.
//!
//! ```no_run
//! use std::io::{Read, Write};
//! use wifi_at_simulator::{AccessPoint, Builder, Dialect, HostNetwork, realtime};
//!
//! let (module, mut stream) = realtime::spawn(|| {
//!     Builder::new(Dialect::EspAt)
//!         .access_point(AccessPoint::new("home", "secret password"))
//!         .network(HostNetwork::new())
//!         .build()
//! })?;
//! let mut text = [0; 9];
//! stream.read_exact(&mut text)?;
//! assert_eq!(&text, b"\r\nready\r\n");
//! stream.write_all(b"AT\r\n")?;
//! module.with(|simulator, _now| println!("{:?}", simulator.commands()));
//! # Ok::<(), std::io::Error>(())
//! ```

use crate::simulator::Simulator;
use core::task::Waker;
use core::time::Duration;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// Bytes that wait in each direction between host and module before the writer has to wait.
const BUFFER: usize = 16 * 1024;
/// How often the module looks for room while the host does not read.
const FULL_WAIT: Duration = Duration::from_millis(20);

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the host to the module.
    ToModule,
    /// From the module to the host.
    ToHost,
}

type Call = Box<dyn FnOnce(&mut Simulator, Duration) + Send>;
/// Sees the bytes of both directions with the time since the start.
pub type Trace = Box<dyn FnMut(Direction, Duration, &[u8]) + Send>;

#[derive(Default)]
struct State {
    input: VecDeque<u8>,
    output: VecDeque<u8>,
    calls: Vec<Call>,
    /// The module is to end.
    stop: bool,
    /// The module has ended.
    ended: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// There is something for the module.
    module: Condvar,
    /// There is something for the host: bytes, room, the end.
    host: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic of a call leaves the queues whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_host(&self, state: &mut State) {
        self.host.notify_all();
        if let Some(waker) = state.reader.take() {
            waker.wake();
        }
        if let Some(waker) = state.writer.take() {
            waker.wake();
        }
    }
}

/// Starts a thread that makes a module and runs it in real time.
///
/// # Errors
/// If no thread can be started.
pub fn spawn<F>(make: F) -> io::Result<(Module, Stream)>
where
    F: FnOnce() -> Simulator + Send + 'static,
{
    spawn_traced(make, None)
}

/// Like [`spawn`], and shows all bytes to `trace`.
///
/// # Errors
/// If no thread can be started.
pub fn spawn_traced<F>(make: F, trace: Option<Trace>) -> io::Result<(Module, Stream)>
where
    F: FnOnce() -> Simulator + Send + 'static,
{
    let shared = Arc::new(Shared::default());
    let module = shared.clone();
    let body = move || {
        let ended = EndGuard(module.clone());
        run(make(), &module, trace);
        drop(ended);
    };
    let thread = thread::Builder::new().name("wifi module".into()).spawn(body)?;
    let module = Module { shared: shared.clone(), thread: Some(thread) };
    let reader = StreamReader { shared: shared.clone() };
    let writer = StreamWriter { shared };
    Ok((module, Stream { reader, writer }))
}

/// Tells the host's side that the module has ended, by a panic, too.
struct EndGuard(Arc<Shared>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended = true;
        state.calls.clear();
        self.0.tell_host(&mut state);
    }
}

fn run(mut simulator: Simulator, shared: &Shared, mut trace: Option<Trace>) {
    let start = Instant::now();
    let mut buffer = vec![0; BUFFER];
    let mut input = Vec::new();
    loop {
        let calls = {
            let mut state = shared.lock();
            if state.stop {
                return;
            }
            let room = BUFFER.saturating_sub(simulator.pending_input());
            let count = room.min(state.input.len());
            input.clear();
            input.extend(state.input.drain(..count));
            if count > 0 {
                shared.tell_host(&mut state);
            }
            core::mem::take(&mut state.calls)
        };
        let now = start.elapsed();
        if input.is_empty() {
            simulator.poll(now);
        } else {
            if let Some(trace) = &mut trace {
                trace(Direction::ToModule, now, &input);
            }
            simulator.receive(now, &input);
        }
        for call in calls {
            call(&mut simulator, now);
            simulator.poll(now);
        }
        let waiting = shared.lock().output.len();
        let room = BUFFER.saturating_sub(waiting);
        let count = simulator.transmit(now, &mut buffer[..room]);
        if count > 0 {
            if let Some(trace) = &mut trace {
                trace(Direction::ToHost, now, &buffer[..count]);
            }
            let mut state = shared.lock();
            state.output.extend(&buffer[..count]);
            shared.tell_host(&mut state);
        }
        let wake = if room == count { Some(now + FULL_WAIT) } else { simulator.next_wake() };
        let state = shared.lock();
        let takes_input = simulator.pending_input() < BUFFER && !state.input.is_empty();
        if state.stop || takes_input || !state.calls.is_empty() {
            continue;
        }
        match wake {
            None => drop(shared.module.wait(state)),
            Some(at) => {
                let time = at.saturating_sub(start.elapsed());
                if !time.is_zero() {
                    drop(shared.module.wait_timeout(state, time));
                }
            }
        }
    }
}

/// A running module. It ends when this is dropped.
pub struct Module {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl core::fmt::Debug for Module {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Module").finish_non_exhaustive()
    }
}

impl Module {
    /// Runs a closure in the module's thread and waits for its result; the second argument is the time now. `None` if
    /// the module has ended.
    pub fn with<R: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Simulator, Duration) -> R + Send + 'static,
    ) -> Option<R> {
        let (sender, receiver) = channel();
        let call: Call = Box::new(move |simulator, now| {
            let _ = sender.send(act(simulator, now));
        });
        let mut state = self.shared.lock();
        if state.ended {
            return None;
        }
        state.calls.push(call);
        drop(state);
        self.shared.module.notify_all();
        receiver.recv().ok()
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.module.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The host's end of the line. Reads and writes block.
#[derive(Debug)]
pub struct Stream {
    reader: StreamReader,
    writer: StreamWriter,
}

impl Stream {
    /// Takes reading and writing apart, for two threads or tasks.
    #[must_use]
    pub fn split(self) -> (StreamReader, StreamWriter) {
        (self.reader, self.writer)
    }
}

/// The reading half of a [`Stream`].
pub struct StreamReader {
    shared: Arc<Shared>,
}

/// The writing half of a [`Stream`].
pub struct StreamWriter {
    shared: Arc<Shared>,
}

impl core::fmt::Debug for StreamReader {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StreamReader").finish_non_exhaustive()
    }
}

impl core::fmt::Debug for StreamWriter {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StreamWriter").finish_non_exhaustive()
    }
}

impl StreamReader {
    /// Takes what is there; `None` if that is nothing and the module runs.
    fn take_output(&self, state: &mut State, buffer: &mut [u8]) -> Option<usize> {
        let was_full = state.output.len() >= BUFFER;
        let count = state.output.read(buffer).unwrap_or(0);
        if count > 0 && was_full {
            self.shared.module.notify_all();
        }
        (count > 0 || state.ended || buffer.is_empty()).then_some(count)
    }

    /// Waits for bytes, at most so long.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] if none came.
    pub fn read_timeout(&mut self, buffer: &mut [u8], time: Duration) -> io::Result<usize> {
        let end = Instant::now() + time;
        let mut state = self.shared.lock();
        loop {
            if let Some(count) = self.take_output(&mut state, buffer) {
                return Ok(count);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            let waited = self.shared.host.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Read for StreamReader {
    /// Waits for bytes; 0 when the module has ended.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.shared.lock();
        loop {
            if let Some(count) = self.take_output(&mut state, buffer) {
                return Ok(count);
            }
            let waited = self.shared.host.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl StreamWriter {
    /// Gives what there is room for; `None` if that is nothing.
    fn put(&self, state: &mut State, data: &[u8]) -> Option<io::Result<usize>> {
        if state.ended {
            return Some(Err(ErrorKind::BrokenPipe.into()));
        }
        let count = BUFFER.saturating_sub(state.input.len()).min(data.len());
        if count == 0 && !data.is_empty() {
            return None;
        }
        state.input.extend(&data[..count]);
        self.shared.module.notify_all();
        Some(Ok(count))
    }
}

impl Write for StreamWriter {
    /// Gives bytes to the line; waits while too many have not reached the module.
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let mut state = self.shared.lock();
        loop {
            if let Some(result) = self.put(&mut state, data) {
                return result;
            }
            let waited = self.shared.host.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl Write for Stream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.writer.write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The same stream for asynchronous hosts; the module's thread wakes the tasks.
#[cfg(feature = "embedded-io-async")]
mod asynchronous {
    use super::{Stream, StreamReader, StreamWriter};
    use core::future::poll_fn;
    use core::task::Poll;
    use embedded_io_async::{ErrorType, Read, Write};
    use std::io;

    impl ErrorType for Stream {
        type Error = io::Error;
    }

    impl ErrorType for StreamReader {
        type Error = io::Error;
    }

    impl ErrorType for StreamWriter {
        type Error = io::Error;
    }

    impl Read for StreamReader {
        async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            poll_fn(|context| {
                let mut state = self.shared.lock();
                match self.take_output(&mut state, buffer) {
                    Some(count) => Poll::Ready(Ok(count)),
                    None => {
                        state.reader = Some(context.waker().clone());
                        Poll::Pending
                    }
                }
            })
            .await
        }
    }

    impl Write for StreamWriter {
        async fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            poll_fn(|context| {
                let mut state = self.shared.lock();
                match self.put(&mut state, data) {
                    Some(result) => Poll::Ready(result),
                    None => {
                        state.writer = Some(context.waker().clone());
                        Poll::Pending
                    }
                }
            })
            .await
        }

        async fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Read for Stream {
        async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            Read::read(&mut self.reader, buffer).await
        }
    }

    impl Write for Stream {
        async fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            Write::write(&mut self.writer, data).await
        }

        async fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
