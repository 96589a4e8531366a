//! Sockets and names.
//!
//! # Traits
//! | | |
//! |---|---|
//! | `embedded_io_async` | `Read` and `Write` of a [`TcpSocket`](tcp::TcpSocket) and of its halves |
//! | `embedded_nal_async` | `TcpConnect`, `UdpStack` with its kinds of sockets, `Dns` |
//! | `edge_nal` (feature `edge-nal`) | `TcpConnect`, `TcpBind` and `TcpAccept`, `TcpSplit`, `TcpShutdown`, `UdpConnect`, `UdpBind`, `UdpSplit`, `Readable`, `Dns` |
//!
//! What these traits promise and no firmware can do:
//! - A connection is closed only as a whole. `edge_nal`'s `Close::Write` waits until the module has taken what was
//!   written and refuses more, but the peer is not told before `Close::Both`: one that waits for the end of a request
//!   waits on. `Close::Read` reads and throws away until the peer has closed. Whether aborting sends an RST is the
//!   firmware's choice.
//! - There is one server. A second bind fails while there is a listener
//!   ([`BindError::InUse`](listener::BindError::InUse)). It listens on all of the module's addresses: the address to
//!   bind to only chooses between IPv4 and IPv6, and has to be the unspecified one or the module's own.
//! - A UDP socket has the module's address, and an empty datagram cannot be sent ([more](udp#limits)).
//! - No multicast group is joined ([`udp::Error::Unsupported`]), and no address is resolved to a name
//!   ([`dns::Error::Unsupported`]).
//!
//! Clients and servers that do not know this crate run over it in `tests/clients`, on every dialect: `reqwless`,
//! `edge-http`, `picoserve`, `rust-mqtt`, `embedded-tls`, `sntpc`.

pub mod dns;
#[cfg(feature = "edge-nal")]
mod edge;
pub(crate) mod handle;
mod links;
pub mod listener;
mod nal;
mod nal_udp;
pub mod passthrough;
pub mod tcp;
pub mod tls;
pub mod udp;

pub use crate::command::tcpip::AddressKind;

use crate::runner::Shared;

/// The handle for sockets and names. Copies are as good as the original.
///
/// Implements `embedded_nal_async`'s `TcpConnect`, `UdpStack` and `Dns`, and with the feature `edge-nal`
/// `edge_nal`'s `TcpConnect`, `TcpBind`, `UdpConnect`, `UdpBind` and `Dns`.
#[derive(Debug, Clone, Copy)]
pub struct Stack<'a> {
    pub(crate) shared: Shared<'a>,
}

impl<'a> Stack<'a> {
    pub(crate) const fn new(shared: Shared<'a>) -> Self {
        Self { shared }
    }
}
