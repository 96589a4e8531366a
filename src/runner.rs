//! The one task that reads and writes the serial port.

use core::convert::Infallible;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};

use embassy_time::{Duration, Instant, Timer};
use embedded_hal::digital::OutputPin;
use embedded_io_async::{Read, Write};

use crate::pins::{NoPin, Pins};
use crate::power::Level;
use crate::resources::{Access, AccessExt, Chunk, Working};
use crate::serial::{Serial, SetBaudRate};

/// Errors of the serial port in a row, without a byte in between, after which the runner gives up.
pub(crate) const SERIAL_ERROR_LIMIT: u32 = 64;

/// Why [`Runner::run`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RunError<E> {
    /// The serial port has failed: writing gave this error, or reading gave nothing but errors.
    Serial(E),
    /// The serial port has come to its end: a read gave 0 bytes, or a write took none.
    Closed,
}

impl<E: fmt::Debug> fmt::Display for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial(error) => write!(f, "the serial port has failed: {error:?}"),
            Self::Closed => f.write_str("the serial port is closed"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for RunError<E> {}

/// Drives the module: reads the serial port, writes to it, and keeps time.
///
/// Nothing happens unless [`run`](Self::run) is being polled, in a task of its own or joined with the user's futures.
#[derive(Debug)]
pub struct Runner<'a, S, R = NoPin, E = NoPin, W = NoPin> {
    working: Working<'a>,
    serial: S,
    pins: Pins<R, E, W>,
    /// The port's baud rate; 0 if it is nobody's business.
    baud_rate: u32,
}

#[derive(Clone, Copy)]
pub(crate) struct Shared<'a>(pub(crate) &'a dyn Access);

impl fmt::Debug for Shared<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

impl<'a, S, R, E> Runner<'a, S, R, E> {
    pub(crate) const fn new(working: Working<'a>, serial: S, pins: Pins<R, E>) -> Self {
        Self { working, serial, pins, baud_rate: 0 }
    }

    /// Has the driver wake the module from light sleep with this pin, which is wired to the GPIO that was named to
    /// [`Power::set_wake_gpio`](crate::power::Power::set_wake_gpio), with the level that was named there.
    ///
    /// Once light sleep is set with [`Power::set_sleep_mode`](crate::power::Power::set_sleep_mode), the pin has that level from
    /// 10 ms before a command until 20 ms after the module was heard last, and the other level else.
    pub fn with_wake_pin<P: OutputPin>(self, pin: P, level: Level) -> Runner<'a, S, R, E, P> {
        let Self { working, serial, pins, baud_rate } = self;
        working.access.0.get(|engine| engine.core.has_wake_pin = true);
        Runner { working, serial, pins: pins.with_wake(pin, level), baud_rate }
    }
}

impl<S: Serial, R: OutputPin, E: OutputPin, W: OutputPin> Runner<'_, S, R, E, W> {
    /// Runs the driver for ever.
    ///
    /// It is allowed to drop the future and to call this again later: what was read but not yet taken in is kept, and
    /// so is what was about to be written. Nothing moves in between, and a module that is not listened to for long
    /// may lose bytes if the line has no flow control. Dropping loses no byte if the serial port's own `read` and
    /// `write` lose none when they are dropped, as those of buffered UARTs do.
    ///
    /// # Errors
    /// When the serial port is unusable. Framing and overrun errors are not that: they are counted
    /// ([`Counters::serial_errors`](crate::Counters::serial_errors)), and the stream they hit is failed.
    pub async fn run(&mut self) -> Result<Infallible, RunError<S::Error>> {
        let Self { working: Working { access: Shared(access), input, output }, serial, pins, baud_rate } = self;
        let access = *access;
        pins.enable();
        pins.set_wake(false);
        if let Some(line) = serial.line()
            && *baud_rate == 0
        {
            *baud_rate = line.initial;
        }
        let (reader, writer) = serial.split();
        let receive = receive(access, reader, input);
        let transmit = transmit(access, writer, pins, output, baud_rate);
        let (mut receive, mut transmit) = (pin!(receive), pin!(transmit));
        poll_fn(|context| match receive.as_mut().poll(context) {
            Poll::Pending => transmit.as_mut().poll(context),
            ended => ended,
        })
        .await
    }
}

/// What is to be taken in, and how far that is.
struct Waiting<'i> {
    bytes: &'i [u8],
    start: &'i mut usize,
}

impl Waiting<'_> {
    /// Pending while a ring is full. Whoever makes room wakes the runner.
    fn take_in(&mut self, access: &dyn Access, context: &mut Context<'_>) -> Poll<()> {
        let (bytes, start) = (self.bytes, &mut *self.start);
        if *start == bytes.len() {
            return Poll::Ready(());
        }
        access.poll(|engine| {
            *start += engine.feed(Instant::now(), &bytes[*start..]);
            if *start == bytes.len() {
                return Poll::Ready(());
            }
            engine.core.runner.register(context.waker());
            Poll::Pending
        })
    }
}

/// The part that waits, and the room behind it.
fn parts<'c>(input: &'c mut Chunk<'_>) -> (Waiting<'c>, &'c mut [u8]) {
    if input.start == input.end {
        (input.start, input.end) = (0, 0);
    }
    let (bytes, room) = input.bytes.split_at_mut(input.end);
    (Waiting { bytes, start: &mut input.start }, room)
}

async fn receive<P: Read>(
    access: &dyn Access,
    mut port: P,
    input: &mut Chunk<'_>,
) -> Result<Infallible, RunError<P::Error>> {
    let (mut errors, mut failed) = (0, false);
    loop {
        let result = {
            let (mut waiting, room) = parts(input);
            if failed || room.is_empty() {
                poll_fn(|context| waiting.take_in(access, context)).await;
                // What came before the error has been taken in now.
                if core::mem::take(&mut failed) {
                    access.get(|engine| engine.serial_error());
                }
                continue;
            }
            let mut read = pin!(port.read(room));
            // A port that has more gives it at once, and it goes to the engine in one piece: each has its price.
            poll_fn(|context| {
                let result = read.as_mut().poll(context);
                if result.is_pending() {
                    let _ = waiting.take_in(access, context);
                }
                result
            })
            .await
        };
        match result {
            Ok(0) => return Err(RunError::Closed),
            Ok(count) => {
                errors = 0;
                input.end += count;
            }
            Err(error) => {
                errors += 1;
                if errors > SERIAL_ERROR_LIMIT {
                    return Err(RunError::Serial(error));
                }
                failed = true;
            }
        }
    }
}

async fn transmit<P: Write + SetBaudRate, R: OutputPin, E: OutputPin, W: OutputPin>(
    access: &dyn Access,
    mut port: P,
    pins: &mut Pins<R, E, W>,
    output: &mut Chunk<'_>,
    baud_rate: &mut u32,
) -> Result<Infallible, RunError<P::Error>> {
    let mut deadline = None;
    let mut reset = false;
    let mut wake = false;
    let mut unflushed = false;
    loop {
        // Nothing to write stands for a flush. The two are one future, as each would have the engine's clock beside it.
        while output.start < output.end || (unflushed && output.end == 0) {
            let rest = output.rest();
            let flush = rest.is_empty();
            let out = async { if flush { port.flush().await.map(|()| 0) } else { port.write(rest).await } };
            match while_time_passes(out, access, pins, &mut deadline, &mut reset).await {
                Some(Ok(0)) if !flush => return Err(RunError::Closed),
                Some(Ok(count)) => {
                    output.start += count;
                    unflushed = !flush;
                }
                Some(Err(error)) => return Err(RunError::Serial(error)),
                None => {
                    // Nobody wants the rest any more.
                    output.start = output.end;
                    unflushed &= !flush;
                }
            }
        }
        let mut alarm = Alarm::at(deadline);
        // Everything is looked at again at each wake-up, in one step with the registration of the waker.
        poll_fn(|context| {
            let work = access.poll(|engine| {
                engine.core.runner.register(context.waker());
                let now = Instant::now();
                let next = engine.poll(now);
                (output.start, output.end) = (0, engine.take_output(now, output.bytes));
                let reset_before = core::mem::replace(&mut reset, engine.core.reset_asserted());
                let wake_before = core::mem::replace(&mut wake, engine.core.wake_asserted);
                let asked = P::ADJUSTABLE && engine.core.port_rates().0 != 0;
                let idle = output.end == 0
                    && next == deadline
                    && reset == reset_before
                    && wake == wake_before
                    && !unflushed
                    && !asked;
                deadline = next;
                if idle { Poll::Pending } else { Poll::Ready(()) }
            });
            if work.is_ready() { work } else { alarm.poll(context) }
        })
        .await;
        pins.set_reset(reset);
        pins.set_wake(wake);
        adjust(access, &mut port, baud_rate);
    }
}

/// Sets the port's rate, before anything goes out at it, and tries one if that is wanted. Then the engine goes on at once:
/// gives whether it does.
pub(crate) fn adjust<P: SetBaudRate>(access: &dyn Access, port: &mut P, current: &mut u32) -> bool {
    if !P::ADJUSTABLE {
        return false;
    }
    let (trial, rate) = access.get(|engine| engine.core.port_rates());
    if trial != 0 {
        let success = port.set_baud_rate(trial).is_ok() && port.set_baud_rate(*current).is_ok();
        access.get(|engine| engine.port_tried(success));
    }
    if rate != *current && port.set_baud_rate(rate).is_ok() {
        *current = rate;
    }
    trial != 0
}

/// A timer, if there is anything to wait for.
struct Alarm(Option<Timer>);

impl Alarm {
    fn at(deadline: Option<Instant>) -> Self {
        Self(deadline.map(Timer::at))
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Some(timer) => Pin::new(timer).poll(context),
            None => Poll::Pending,
        }
    }
}

/// Waits for `future`, and lets time pass for the engine meanwhile: a module that holds up the line can be given up, and
/// reset. `None` once it is being reset.
async fn while_time_passes<F: Future, R: OutputPin, E: OutputPin, W: OutputPin>(
    future: F,
    access: &dyn Access,
    pins: &mut Pins<R, E, W>,
    deadline: &mut Option<Instant>,
    reset: &mut bool,
) -> Option<F::Output> {
    let mut future = pin!(future);
    loop {
        let mut alarm = Alarm::at(*deadline);
        let output = poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => alarm.poll(context).map(|()| None),
        });
        match output.await {
            Some(output) => return Some(output),
            None => {
                let now = Instant::now();
                access.get(|engine| {
                    // Nothing new can go out, so that some of what is due stays due.
                    *deadline = engine.poll(now).map(|at| at.max(now + Duration::from_millis(1)));
                    *reset = engine.core.reset_asserted();
                });
                pins.set_reset(*reset);
                if *reset {
                    return None;
                }
            }
        }
    }
}
