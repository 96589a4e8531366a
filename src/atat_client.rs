//! `atat`'s client trait on the driver, for commands that users have declared with `atat` themselves.

use atat::asynch::AtatClient;
use atat::{AtatCmd, InternalError};
use embedded_io_async::{ErrorKind, ErrorType, Write};
use heapless::Vec;

use crate::at::{Encoder, MAX_COMMAND};
use crate::command::{CommandError, End, ended_with_ok};
use crate::control::Control;
use crate::dialect::Dialect;
use crate::engine::{Piece, Span};
use crate::exchange::{Request, exchange};
use crate::runner::Shared;
use crate::urc::counted::count;

/// Longest answer of a user's own command: its lines with CR LF between them.
const ANSWER: usize = 512;

/// An `atat` client over the driver: see [`Control::atat`].
///
/// Commands take turns with all others. What `atat` calls the writer is a buffer here, as only the runner has the
/// serial port.
#[derive(Debug)]
pub struct AtatControl<'a> {
    shared: Shared<'a>,
    line: CommandBuffer,
}

impl<'a, D: Dialect> Control<'a, D> {
    /// A client for commands that implement `atat::AtatCmd`, such as a user's own for what this crate does not have.
    ///
    /// The answer may have 512 bytes. Commands that prompt for data are not for it.
    #[must_use]
    pub const fn atat(&self) -> AtatControl<'a> {
        AtatControl { shared: self.shared, line: CommandBuffer(Vec::new()) }
    }
}

/// Takes the bytes of one command.
#[derive(Debug, Default)]
pub struct CommandBuffer(Vec<u8, MAX_COMMAND>);

/// The command is longer than a module takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CommandTooLong;

impl core::fmt::Display for CommandTooLong {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the command is longer than the module takes")
    }
}

impl core::error::Error for CommandTooLong {}

impl embedded_io_async::Error for CommandTooLong {
    fn kind(&self) -> ErrorKind {
        ErrorKind::OutOfMemory
    }
}

impl ErrorType for CommandBuffer {
    type Error = CommandTooLong;
}

impl Write for CommandBuffer {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, CommandTooLong> {
        self.0.extend_from_slice(bytes).map(|()| bytes.len()).map_err(|_| CommandTooLong)
    }

    async fn flush(&mut self) -> Result<(), CommandTooLong> {
        Ok(())
    }
}

impl AtatControl<'_> {
    /// Sends what is in the buffer.
    async fn transact<C: AtatCmd>(&mut self, command: &C) -> Result<C::Response, atat::Error> {
        let mut answer = Vec::<u8, ANSWER>::new();
        let mut complete = true;
        let line = core::str::from_utf8(self.line.0.trim_ascii_end()).map_err(|_| atat::Error::Write)?;
        if line.is_empty() || line.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err(atat::Error::Write);
        }
        let request = Request {
            encode: &|encoder: &mut Encoder<'_>| _ = encoder.name(line),
            line_end: true,
            timeout: Span::from_millis(C::MAX_TIMEOUT_MS.into()),
            connecting: None,
            end: if C::EXPECTS_RESPONSE_CODE { End::Ok } else { End::Nothing },
            takes_data: false,
            counter: Some(count),
            data: &[],
        };
        let mut sink = |piece: Piece<'_>| {
            if let Piece::Line(line) = piece {
                let separator: &[u8] = if answer.is_empty() { b"" } else { b"\r\n" };
                complete &= answer.len() + separator.len() + line.len() <= answer.capacity();
                if complete {
                    // It fits.
                    let _ = answer.extend_from_slice(separator);
                    let _ = answer.extend_from_slice(line);
                }
            }
        };
        let ended = exchange(self.shared.0, &request, &mut sink).await.map_err(|_| atat::Error::Write)?;
        match ended_with_ok(ended.outcome) {
            Ok(()) if complete && !ended.cut => command.parse(Ok(&answer)),
            Ok(()) => Err(atat::Error::Parse),
            Err(CommandError::Refused(_)) => command.parse(Err(InternalError::Error)),
            Err(CommandError::ModuleReset) => Err(atat::Error::Aborted),
            Err(_) => Err(atat::Error::Timeout),
        }
    }
}

impl AtatClient for AtatControl<'_> {
    type Writer = CommandBuffer;

    fn inner(&mut self) -> &mut CommandBuffer {
        &mut self.line
    }

    async fn send_with<C: AtatCmd>(
        &mut self,
        command: &C,
        write: impl AsyncFnOnce(&mut CommandBuffer) -> Result<(), CommandTooLong>,
    ) -> Result<C::Response, atat::Error> {
        self.line.0.clear();
        write(&mut self.line).await.map_err(|_| atat::Error::Write)?;
        self.transact(command).await
    }

    async fn send<C: AtatCmd>(&mut self, command: &C) -> Result<C::Response, atat::Error> {
        let mut buffer = [0; MAX_COMMAND];
        let length = command.write(&mut buffer).min(MAX_COMMAND);
        self.line.0.clear();
        // It fits: the buffer is no longer.
        let _ = self.line.0.extend_from_slice(&buffer[..length]);
        self.transact(command).await
    }
}
