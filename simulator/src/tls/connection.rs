//! One connection with TLS, whoever speaks it: rustls, or with a pre-shared key this crate.

use super::psk;
use std::io::{self, Read, Write};

pub(super) enum Connection {
    Rustls(Box<rustls::Connection>),
    SharedKey(Box<psk::Connection>),
}

/// The handshake or a record is wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broken;

impl Connection {
    pub(super) fn is_handshaking(&self) -> bool {
        match self {
            Self::Rustls(tls) => tls.is_handshaking(),
            Self::SharedKey(tls) => tls.is_handshaking(),
        }
    }

    pub(super) fn wants_read(&self) -> bool {
        match self {
            Self::Rustls(tls) => tls.wants_read(),
            Self::SharedKey(tls) => tls.wants_read(),
        }
    }

    pub(super) fn wants_write(&self) -> bool {
        match self {
            Self::Rustls(tls) => tls.wants_write(),
            Self::SharedKey(tls) => tls.wants_write(),
        }
    }

    /// Takes records from the wire.
    pub(super) fn read_tls(&mut self, wire: &mut impl Read) -> io::Result<usize> {
        match self {
            Self::Rustls(tls) => tls.read_tls(wire),
            Self::SharedKey(tls) => tls.read_tls(wire),
        }
    }

    /// Works on what came in. Gives how much plain text is there to read.
    pub(super) fn process(&mut self) -> Result<usize, Broken> {
        match self {
            Self::Rustls(tls) => {
                let state = tls.process_new_packets().map_err(|_| Broken)?;
                Ok(state.plaintext_bytes_to_read())
            }
            Self::SharedKey(tls) => tls.process().map_err(|psk::Broken| Broken),
        }
    }

    /// Puts records on the wire.
    pub(super) fn write_tls(&mut self, wire: &mut impl Write) -> io::Result<usize> {
        match self {
            Self::Rustls(tls) => tls.write_tls(wire),
            Self::SharedKey(tls) => tls.write_tls(wire),
        }
    }

    /// Gives plain text that has come in.
    pub(super) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Rustls(tls) => tls.reader().read(out),
            Self::SharedKey(tls) => tls.read(out),
        }
    }

    /// Takes plain text to send, as far as there is room.
    pub(super) fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Rustls(tls) => tls.writer().write(data),
            Self::SharedKey(tls) => Ok(tls.write(data)),
        }
    }

    pub(super) fn send_close_notify(&mut self) {
        match self {
            Self::Rustls(tls) => tls.send_close_notify(),
            Self::SharedKey(tls) => tls.send_close_notify(),
        }
    }
}
