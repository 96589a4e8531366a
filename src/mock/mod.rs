//! A serial port that plays a script, for unit tests of firmware (feature `mock`).
//!
//! The script says what the firmware writes and what the module answers, as data. The port implements the traits of
//! `embedded-io-async` and `embedded-io`, so it stands in for the UART of firmware that uses this crate, and of code
//! that does not. It needs neither `std` nor a heap. When the firmware writes something else, everything it does on
//! the port fails from then on, and [`Mock::check`] says what was expected and what came.
//!
//! With the feature `mock-time` (on a PC) [`Mock::run`] runs a test in virtual time, in which waiting takes none:
//!
//! ```
//! # #[cfg(feature = "mock-time")] {
//! use embassy_futures::select::select;
//! use wifi_at::command::{CommandError, wifi::{QueryStationAddress, SetWifiMode, WifiMode}};
//! use wifi_at::mock::{Mock, bring_up, expect, expect_command};
//! use wifi_at::{Config, Control, EspAt, Pins, Resources};
//!
//! // The code under test.
//! async fn be_a_station(control: Control<'_, EspAt>) -> Result<(), CommandError> {
//!     control.send(&SetWifiMode { mode: WifiMode::Station }).await
//! }
//!
//! let script = [
//!     bring_up::<EspAt>(),
//!     expect("AT+CWMODE=1\r\n").reply("\r\nOK\r\n"),
//!     // The same as a type; this time the module says nothing.
//!     expect_command::<EspAt, _>(&SetWifiMode { mode: WifiMode::Station }),
//! ];
//! let mock = Mock::new(&script);
//! let mut resources = Resources::<1, 256, 256>::new();
//! mock.run(async {
//!     let mut parts = wifi_at::new::<EspAt, _, _, _>(mock.serial(), Pins::none(), &mut resources, Config::default());
//!     let test = async {
//!         be_a_station(parts.control).await.unwrap();
//!         // Five seconds that take no time.
//!         assert_eq!(be_a_station(parts.control).await, Err(CommandError::Timeout));
//!     };
//!     select(parts.runner.run(), test).await;
//! });
//! mock.assert_done();
//! # }
//! ```
//!
//! - [`bring_up`] stands for all that the driver does before it is ready; then come [`expect`], [`expect_line`] and
//!   [`expect_command`], each with its [`reply`](Step::reply).
//! - [`send`] and [`after`] are messages that nobody asked for; [`Mock::send`] is one at a moment that the test chooses.
//! - [`Step::after`], [`Step::in_chunks_of`], [`Step::read_error`] and [`write_error`] are the line's bad days.
//! - While a socket waits for data the driver asks an idle module now and then (`AT+CIPRECVLEN?`, and after half a minute
//!   `AT+CIPSTATE?` or `AT+CIPSTATUS`), and after an answer that did not come whether the module is there (`AT+CIPMUX?`);
//!   the mock answers that by itself where the script does not have it.
//!
//! To test against a module that behaves by itself, with real sockets, see the package `wifi-at-simulator`.

#![allow(clippy::result_large_err, reason = "a failure carries what was written, without a heap")]

mod failure;
mod port;
mod state;
mod step;

use core::cell::RefCell;
use core::fmt;

use embassy_time::Duration;

pub use failure::Failure;
pub use port::{MockDelay, Port, PortError};
pub use step::{MAX_PIECES, Step, after, bring_up, expect, expect_command, expect_line, send, write_error};

use crate::serial::Split;
use state::State;

/// A serial line with a scripted module at its other end. See the [module](self).
pub struct Mock<'s> {
    state: RefCell<State<'s>>,
}

impl fmt::Debug for Mock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mock").field("check", &self.check()).finish()
    }
}

impl<'s> Mock<'s> {
    /// A module that will play this script, once.
    #[must_use]
    pub fn new(script: &'s [Step<'s>]) -> Self {
        Self { state: RefCell::new(State::new(script)) }
    }

    /// The port, for code that takes a serial port itself. One may be read while another is written.
    #[must_use]
    pub const fn port(&self) -> Port<'_, 's> {
        Port(self)
    }

    /// The port for [`wifi_at::new`](crate::new).
    #[must_use]
    pub const fn serial(&self) -> Split<Port<'_, 's>, Port<'_, 's>> {
        Split::new(self.port(), self.port())
    }

    /// The module sends these bytes now, or after the reply that it is giving.
    ///
    /// Up to eight such messages wait to be read. Gives `false` when this is one too many.
    pub fn send<B: AsRef<[u8]> + ?Sized>(&self, bytes: &'s B) -> bool {
        self.state.borrow_mut().inject(bytes.as_ref())
    }

    /// Whether the firmware has kept to the script so far.
    ///
    /// # Errors
    /// What it did instead.
    pub fn check(&self) -> Result<(), Failure<'s>> {
        self.state.borrow().failure().map_or(Ok(()), Err)
    }

    /// Whether the firmware has done all that the script has, and has read all.
    ///
    /// # Errors
    /// What it did instead, or what is left to do.
    pub fn check_done(&self) -> Result<(), Failure<'s>> {
        self.state.borrow().left().map_or(Ok(()), Err)
    }

    /// Fails the test unless [`check_done`](Self::check_done) is satisfied.
    ///
    /// # Panics
    /// With the text of the [`Failure`].
    #[track_caller]
    pub fn assert_done(&self) {
        if let Err(failure) = self.check_done() {
            panic!("{failure}");
        }
    }

    /// The time of blocking tests: what reads and [`delay`](Self::delay) have taken so far.
    #[must_use]
    pub fn now(&self) -> Duration {
        Duration::from_micros(self.state.borrow().clock)
    }

    /// Lets time pass for a blocking test.
    pub fn advance(&self, time: Duration) {
        self.state.borrow_mut().clock += time.as_micros();
    }

    /// A delay for blocking code, which takes no time.
    #[must_use]
    pub const fn delay(&self) -> MockDelay<'_, 's> {
        MockDelay(self)
    }

    /// Runs a test on this thread in virtual time: whenever nothing else can be done, time moves on to where something
    /// can. It begins at 1 s. Other tests, in other threads, have their own time.
    ///
    /// # Panics
    /// When the firmware has departed from the script, and when nothing will ever happen any more.
    #[cfg(feature = "mock-time")]
    #[track_caller]
    pub fn run<F: Future>(&self, test: F) -> F::Output {
        let result = wifi_at_virtual_time::run(test);
        if let Err(failure) = self.check() {
            panic!("{failure}");
        }
        result.unwrap_or_else(|stalled| match self.check_done() {
            Err(failure) => panic!("{stalled}\n{failure}"),
            Ok(()) => panic!("{stalled}: the script is over"),
        })
    }
}
