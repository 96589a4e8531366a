//! Sockets and names.

pub mod dns;
mod nal;
pub mod tcp;

use crate::runner::Shared;

/// The handle for sockets and names. Copies are as good as the original.
///
/// Implements `embedded_nal_async`'s `TcpConnect` and `Dns`.
#[derive(Debug, Clone, Copy)]
pub struct Stack<'a> {
    pub(crate) shared: Shared<'a>,
}

impl<'a> Stack<'a> {
    pub(crate) const fn new(shared: Shared<'a>) -> Self {
        Self { shared }
    }
}
