//! `atat`'s traits on the typed commands.

use core::marker::PhantomData;

use atat::{AtatCmd, AtatResp, InternalError};

use super::{Command, CommandError, On};
use crate::at::Encoder;
use crate::dialect::Dialect;
use crate::engine::Refusal;

/// What a command is answered with, as `atat` wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtatResponse<R>(pub R);

impl<R> AtatResp for AtatResponse<R> {}

/// A command under the name that the dialect `D` has for it, for `atat`'s clients.
///
/// Commands are `AtatCmd`s by themselves, too, under the name of the first dialect that has them.
#[derive(Debug, Clone, Copy)]
pub struct For<D, C> {
    command: C,
    dialect: PhantomData<D>,
}

impl<D: Dialect, C: Command + On<D>> For<D, C> {
    /// Of a command.
    pub const fn new(command: C) -> Self {
        Self { command, dialect: PhantomData }
    }
}

impl<D: Dialect, C: Command + On<D>> AtatCmd for For<D, C> {
    type Response = AtatResponse<C::Response>;

    const MAX_TIMEOUT_MS: u32 = C::TIMEOUT.as_millis() as u32;

    fn write(&self, buffer: &mut [u8]) -> usize {
        write(&self.command, C::NAME, buffer)
    }

    fn parse(&self, answer: Result<&[u8], InternalError<'_>>) -> Result<Self::Response, atat::Error> {
        parse::<C>(answer)
    }
}

/// Writes a command with its line end. `atat` has no way to refuse one: nothing is written then.
pub(crate) fn write<C: Command>(command: &C, name: &str, buffer: &mut [u8]) -> usize {
    let mut line = Encoder::new(buffer);
    command.encode(name, &mut line);
    if C::LINE_END { line.finish() } else { line.finish_bare() }.unwrap_or(0)
}

/// Reads an answer that was collected as a whole.
pub(crate) fn parse<C: Command>(
    answer: Result<&[u8], InternalError<'_>>,
) -> Result<AtatResponse<C::Response>, atat::Error> {
    let bytes = match answer {
        Ok(bytes) => bytes,
        Err(InternalError::Error) => &[],
        Err(error) => return Err(error.into()),
    };
    let mut collected = C::Answer::default();
    for line in bytes.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
        C::line(&mut collected, line);
    }
    let result = match answer {
        Ok(_) => Ok(()),
        Err(_) => Err(CommandError::Refused(Refusal::default())),
    };
    match C::finish(collected, result) {
        Ok(response) => Ok(AtatResponse(response)),
        Err(_) if answer.is_err() => Err(atat::Error::Error),
        Err(_) => Err(atat::Error::Parse),
    }
}
