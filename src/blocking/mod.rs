//! The driver without an executor (feature `blocking`): for a superloop, RTIC, or a timer interrupt.
//!
//! [`Modem`] stands in the place of the [`Runner`](crate::Runner): call [`Modem::poll`] often, with the time. It takes
//! in what the serial port has, gives out what is due, and comes back: no call waits for the module. It drives the
//! same engine as the runner, and the same handles work on it.
//!
//! - [`Modem::run`] runs any future of this crate to its end, with a limit: `modem.run(&mut clock, limit,
//!   control.wifi().join(..))`. No executor, no wakers, no driver for `embassy-time`.
//! - [`Modem::network`] gives sockets and names with the traits of `embedded-nal`, which say `WouldBlock` where there is
//!   nothing to do yet.
//!
//! Time is an argument, as an [`Instant`] of any start: `Instant::from_millis(my_tick_count)`. The type comes from
//! `embassy-time`, but none of its clocks does.
//!
//! ```
//! # #[cfg(feature = "mock-time")] {
//! use embassy_time::Duration;
//! use wifi_at::blocking::{Delays, Modem};
//! use wifi_at::mock::{Mock, bring_up, expect};
//! use wifi_at::wifi::JoinOptions;
//! use wifi_at::{Config, EspAt, Pins, Resources};
//!
//! # let script = [
//! #     bring_up::<EspAt>(),
//! #     expect("AT+CWMODE=1\r\n").reply("\r\nOK\r\n"),
//! #     expect("AT+CWJAP=\"home\",\"secret word\"\r\n").reply("WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n"),
//! # ];
//! # let mock = Mock::new(&script);
//! # let (uart, delay) = (mock.port(), mock.delay());
//! // A UART with `Read`, `ReadReady` and `Write` of embedded-io, and a delay of the HAL as a clock.
//! let mut clock = Delays::new(delay);
//! let mut resources = Resources::<2, 1024, 512>::new();
//! let mut modem = Modem::<EspAt, _>::new(uart, Pins::none(), &mut resources, Config::default(), &mut clock);
//! let wifi = modem.control().wifi();
//! let join = wifi.join("home", JoinOptions::new("secret word"));
//! modem.run(&mut clock, Duration::from_secs(30), join).unwrap().unwrap();
//! # }
//! ```

mod clock;
mod network;
mod queue;

use core::fmt;
use core::marker::PhantomData;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embassy_time::{Duration, Instant};
use embedded_hal::digital::OutputPin;
use embedded_io::{Read, ReadReady, Write};

pub use clock::{Clock, Delays};
pub use network::{Error, Network, TcpSocket, UdpSocket};
pub use queue::{QueueError, Queued};

use crate::control::Control;
use crate::dialect::Driven;
use crate::net::Stack;
use crate::pins::{NoPin, Pins};
use crate::resources::{AccessExt, Memory, Working};
use crate::runner::{RunError, SERIAL_ERROR_LIMIT, Shared, adjust};
use crate::serial::{Adjustable, FixedLine, Line, PortLine, SetBaudRate, UnsupportedRate};

/// Most bytes that one [`Modem::poll`] writes. A UART without a buffer takes 5.6 ms for them at 115200 baud.
const WRITE_LIMIT: usize = 64;

/// Drives the module whenever it is polled.
#[derive(Debug)]
pub struct Modem<'a, D, S, R = NoPin, E = NoPin, L = FixedLine> {
    working: Working<'a>,
    serial: S,
    line: L,
    /// The port's baud rate; 0 if it is nobody's business.
    baud_rate: u32,
    pins: Pins<R, E>,
    /// Errors of the serial port in a row.
    errors: u32,
    dialect: PhantomData<D>,
}

/// Why [`Modem::run`] has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum WaitError<E> {
    /// The limit has passed. What was begun is taken back or goes on, as if its future were dropped: the method that
    /// made it says which.
    Timeout,
    /// The serial port is unusable.
    Serial(RunError<E>),
}

impl<E: fmt::Debug> fmt::Display for WaitError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("the time limit has passed"),
            Self::Serial(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for WaitError<E> {}

impl<'a, D, S, R, E> Modem<'a, D, S, R, E>
where
    D: Driven,
    S: Read + ReadReady + Write,
    R: OutputPin,
    E: OutputPin,
{
    /// Takes the serial port of a module with firmware `D`. Nothing is sent before the first [`poll`](Self::poll).
    pub fn new(
        serial: S,
        mut pins: Pins<R, E>,
        resources: &'a mut impl Memory,
        config: crate::Config,
        clock: &mut impl Clock,
    ) -> Self {
        let working = resources.start(D::PROFILE, config, pins.has_reset());
        let now = clock.now();
        working.access.0.get(|engine| engine.start(now));
        pins.enable();
        Self { working, serial, line: FixedLine, baud_rate: 0, pins, errors: 0, dialect: PhantomData }
    }

    /// Lets the driver set the module's baud rate and flow control: see [`Line`]. `set` changes the rate of the port;
    /// [`fixed_rate`](crate::serial::fixed_rate) stands for one that cannot.
    pub fn with_line<F>(self, line: Line, set: F) -> Modem<'a, D, S, R, E, Adjustable<F>>
    where
        F: FnMut(&mut S, u32) -> Result<(), UnsupportedRate>,
    {
        let Self { working, serial, pins, errors, dialect, .. } = self;
        working.access.0.get(|engine| engine.core.set_line(line));
        let (baud_rate, line) = (line.initial, Adjustable::new(line, set));
        Modem { working, serial, line, baud_rate, pins, errors, dialect }
    }
}

/// The port, and what sets its rate.
struct Rated<'a, S, L>(&'a mut S, &'a mut L);

impl<S, L: PortLine<S>> SetBaudRate for Rated<'_, S, L> {
    const ADJUSTABLE: bool = L::ADJUSTABLE;

    fn set_baud_rate(&mut self, baud_rate: u32) -> Result<(), UnsupportedRate> {
        self.1.set(self.0, baud_rate)
    }
}

impl<'a, D, S, R, E, L> Modem<'a, D, S, R, E, L>
where
    D: Driven,
    S: Read + ReadReady + Write,
    R: OutputPin,
    E: OutputPin,
    L: PortLine<S>,
{
    /// The handle for Wi-Fi, commands and events. Its futures are for [`run`](Self::run).
    #[must_use]
    pub const fn control(&self) -> Control<'a, D> {
        Control::new(self.working.access)
    }

    /// The handle for asynchronous sockets, whose futures are for [`run`](Self::run).
    #[must_use]
    pub const fn stack(&self) -> Stack<'a> {
        Stack::new(self.working.access)
    }

    /// Makes progress, and comes back: takes in as many bytes that the serial port has ready as the read buffer holds at
    /// most (`READ` of [`Resources`](crate::Resources)), and writes at most 64 that are due. Gives the moment by which to call again if no byte comes before; `None` if only a byte or a
    /// request of the user brings something new.
    ///
    /// It waits for nothing but the serial port's own `write`: a port with a transmit buffer takes the bytes at once, one
    /// without takes as long as they take on the wire, and one whose flow control holds it up as long as that lasts.
    ///
    /// # Errors
    /// When the serial port is unusable. Framing and overrun errors are not that: they are counted, and the stream
    /// they hit is failed.
    pub fn poll(&mut self, now: Instant) -> Result<Option<Instant>, RunError<S::Error>> {
        self.receive(now)?;
        let next = self.transmit(now)?;
        Ok(if self.working.output.rest().is_empty() { next } else { Some(now) })
    }

    /// One bufferful at most, so that a flood cannot keep the caller.
    fn receive(&mut self, now: Instant) -> Result<(), RunError<S::Error>> {
        let Self { working: Working { access: Shared(access), input, .. }, serial, errors, .. } = self;
        if input.rest().is_empty() {
            let mut count = 0;
            while count < input.bytes.len() && serial.read_ready().map_err(RunError::Serial)? {
                match serial.read(&mut input.bytes[count..]) {
                    Ok(0) => return Err(RunError::Closed),
                    Ok(more) => {
                        *errors = 0;
                        count += more;
                    }
                    Err(error) => {
                        *errors += 1;
                        if *errors > SERIAL_ERROR_LIMIT {
                            return Err(RunError::Serial(error));
                        }
                        // What came before the error is taken in before it is told, as far as there is room.
                        access.get(|engine| {
                            input.start = engine.feed(now, &input.bytes[..count]);
                            engine.serial_error();
                        });
                        input.end = count;
                        return Ok(());
                    }
                }
            }
            (input.start, input.end) = (0, count);
        }
        let taken = access.get(|engine| engine.feed(now, input.rest()));
        input.start += taken;
        Ok(())
    }

    fn transmit(&mut self, now: Instant) -> Result<Option<Instant>, RunError<S::Error>> {
        let Self { working: Working { access: Shared(access), output, .. }, serial, line, baud_rate, pins, .. } = self;
        let mut next = None;
        let mut reset = false;
        access.get(|engine| {
            next = engine.poll(now);
            reset = engine.core.reset_asserted();
            if output.rest().is_empty() {
                (output.start, output.end) = (0, engine.take_output(now, &mut output.bytes[..WRITE_LIMIT]));
                // Once all of a command is out, another time may count.
                if output.end > 0 {
                    next = Some(now);
                }
            }
        });
        pins.set_reset(reset);
        if adjust(*access, &mut Rated(serial, line), baud_rate) {
            next = Some(now);
        }
        if reset {
            // Nobody wants the rest any more.
            output.start = output.end;
        }
        let rest = output.rest();
        if !rest.is_empty() {
            match serial.write(&rest[..rest.len().min(WRITE_LIMIT)]) {
                Ok(0) => return Err(RunError::Closed),
                Ok(count) => output.start += count,
                Err(error) => return Err(RunError::Serial(error)),
            }
        }
        Ok(next)
    }

    /// Runs `future` to its end, and the module beside it. The future must be one of this crate, or wait for nothing
    /// else: nobody wakes it, it is polled again and again.
    ///
    /// # Errors
    /// [`WaitError::Timeout`] after `limit`; the future is dropped then.
    pub fn run<F: Future>(
        &mut self,
        clock: &mut impl Clock,
        limit: Duration,
        future: F,
    ) -> Result<F::Output, WaitError<S::Error>> {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        let end = clock.now().saturating_add(limit);
        loop {
            let now = clock.now();
            self.poll(now).map_err(WaitError::Serial)?;
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return Ok(output);
            }
            if now >= end {
                return Err(WaitError::Timeout);
            }
        }
    }
}
