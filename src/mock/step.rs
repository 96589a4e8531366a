//! The script as data.

use core::panic::Location;

use embassy_time::Duration;
use embedded_io_async::ErrorKind;
use heapless::Vec;

use crate::at::{EncodeError, Encoder, MAX_COMMAND};
use crate::command::{Command, On};
use crate::dialect::{Driven, Profile};

/// Most pieces that one [`Step`] puts on the wire.
pub const MAX_PIECES: usize = 6;

/// What the firmware has to write.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "there is no heap to put it on")]
pub(super) enum Expected<'s> {
    /// Nothing: the step begins as soon as it is its turn.
    Nothing,
    Bytes(&'s [u8]),
    Encoded(Vec<u8, MAX_COMMAND>),
    /// A command that cannot be written.
    Invalid(EncodeError),
    /// Anything up to CR LF that begins like this.
    Line(&'s [u8]),
    /// Anything: the write fails with this error.
    Error(ErrorKind),
    /// All that the driver does until the module is set up.
    BringUp(&'static Profile),
}

/// What the module puts on the wire, so long after what came before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'s> {
    pub(super) delay: Duration,
    pub(super) content: Content<'s>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'s> {
    Bytes(&'s [u8]),
    Error(ErrorKind),
}

/// One step of a script: what the firmware must write, and what the module answers.
///
/// Made by [`expect`], [`send`] and the other functions of this module.
#[derive(Debug, Clone)]
pub struct Step<'s> {
    pub(super) expected: Expected<'s>,
    pub(super) pieces: Vec<Piece<'s>, MAX_PIECES>,
    /// Pieces that were one too many.
    pub(super) overfull: bool,
    pub(super) chunk: usize,
    pub(super) location: &'static Location<'static>,
    delay: Duration,
}

impl<'s> Step<'s> {
    #[track_caller]
    fn new(expected: Expected<'s>) -> Self {
        Self {
            expected,
            pieces: Vec::new(),
            overfull: false,
            chunk: usize::MAX,
            location: Location::caller(),
            delay: Duration::MIN,
        }
    }

    fn piece(mut self, content: Content<'s>) -> Self {
        let delay = core::mem::replace(&mut self.delay, Duration::MIN);
        self.overfull |= self.pieces.push(Piece { delay, content }).is_err();
        self
    }

    /// The module answers with these bytes. Further replies follow the ones before; a step has room for [`MAX_PIECES`].
    #[must_use]
    pub fn reply<B: AsRef<[u8]> + ?Sized>(self, bytes: &'s B) -> Self {
        let bytes = bytes.as_ref();
        if bytes.is_empty() { self } else { self.piece(Content::Bytes(bytes)) }
    }

    /// The module waits this long before what is added next.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay += delay;
        self
    }

    /// A read fails here with this error, once, as on an overrun of the UART.
    #[must_use]
    pub fn read_error(self, kind: ErrorKind) -> Self {
        self.piece(Content::Error(kind))
    }

    /// At most this many bytes of the step's replies come with one read. At least 1.
    #[must_use]
    pub fn in_chunks_of(mut self, bytes: usize) -> Self {
        self.chunk = bytes.max(1);
        self
    }
}

/// The firmware writes exactly these bytes: a command line with its CR LF, or data after a prompt.
#[must_use]
#[track_caller]
pub fn expect<'s, B: AsRef<[u8]> + ?Sized>(bytes: &'s B) -> Step<'s> {
    Step::new(Expected::Bytes(bytes.as_ref()))
}

/// The firmware sends this typed command, as it is written for the dialect `D`.
///
/// ```
/// use wifi_at::EspAt;
/// use wifi_at::command::wifi::{SetWifiMode, WifiMode};
/// use wifi_at::mock::expect_command;
/// let step = expect_command::<EspAt, _>(&SetWifiMode { mode: WifiMode::Station }).reply("\r\nOK\r\n");
/// # let _ = step;
/// ```
#[must_use]
#[track_caller]
pub fn expect_command<'s, D: Driven, C: Command + On<D>>(command: &C) -> Step<'s> {
    let mut buffer = [0; MAX_COMMAND];
    let mut encoder = Encoder::new(&mut buffer);
    command.encode(C::NAME, &mut encoder);
    let length = if C::LINE_END { encoder.finish() } else { encoder.finish_bare() };
    Step::new(match length.map(|length| Vec::from_slice(&buffer[..length])) {
        Ok(Ok(line)) => Expected::Encoded(line),
        // The encoder has the same limit.
        Ok(Err(_)) => Expected::Invalid(EncodeError::TooLong),
        Err(error) => Expected::Invalid(error),
    })
}

/// The firmware writes a line that begins like this, whatever follows up to CR LF.
#[must_use]
#[track_caller]
pub fn expect_line<'s, B: AsRef<[u8]> + ?Sized>(start: &'s B) -> Step<'s> {
    Step::new(Expected::Line(start.as_ref()))
}

/// The module sends these bytes without being asked, once the steps before are done.
#[must_use]
#[track_caller]
pub fn send<'s, B: AsRef<[u8]> + ?Sized>(bytes: &'s B) -> Step<'s> {
    Step::new(Expected::Nothing).reply(bytes)
}

/// The module does something without being asked, this long after what came before: add a
/// [`reply`](Step::reply) or a [`read_error`](Step::read_error).
#[must_use]
#[track_caller]
pub fn after<'s>(delay: Duration) -> Step<'s> {
    Step::new(Expected::Nothing).after(delay)
}

/// The firmware's next write fails with this error, whatever it is.
#[must_use]
#[track_caller]
pub fn write_error<'s>(kind: ErrorKind) -> Step<'s> {
    Step::new(Expected::Error(kind))
}

/// The module is there, restarts when told to, and agrees to all that the driver sets up: whatever that takes in this
/// version of the driver is not the test's concern. Ends when the driver is ready for the first command.
///
/// It comes again in a script wherever the module restarts.
#[must_use]
#[track_caller]
pub fn bring_up<'s, D: Driven>() -> Step<'s> {
    Step::new(Expected::BringUp(D::PROFILE))
}
