//! TLS and WebSocket below a server in memory.
#![allow(dead_code, unreachable_pub)]

use crate::broker::{Layer, Plain};
use rustls::{ServerConfig, ServerConnection};
use std::io::{Read, Write};
use std::sync::Arc;
use wifi_at_simulator::{Peer, PeerSocket};

/// TLS, and something above it.
pub struct Tls<L> {
    tls: ServerConnection,
    above: L,
}

impl<L: Layer> Tls<L> {
    pub fn new(config: &Arc<ServerConfig>, above: L) -> Self {
        Self { tls: ServerConnection::new(Arc::clone(config)).unwrap(), above }
    }

    fn records(&mut self, plain: &[u8]) -> Vec<u8> {
        self.tls.writer().write_all(plain).unwrap();
        let mut out = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut out).unwrap();
        }
        out
    }
}

impl<L: Layer> Layer for Tls<L> {
    fn incoming(&mut self, mut data: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let mut plain = Vec::new();
        while !data.is_empty() {
            self.tls.read_tls(&mut data).unwrap();
            let _ = self.tls.process_new_packets();
            let _ = self.tls.reader().read_to_end(&mut plain);
        }
        let (said, answer) = self.above.incoming(&plain);
        (said, self.records(&answer))
    }

    fn outgoing(&mut self, data: &[u8]) -> Vec<u8> {
        let inner = self.above.outgoing(data);
        self.records(&inner)
    }
}

/// The server's side of WebSocket, as far as clients that send whole messages need it.
#[derive(Default)]
pub struct Frames {
    buffer: Vec<u8>,
    open: bool,
}

fn frame(opcode: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    let head = match u8::try_from(length) {
        Ok(short) if short < 126 => vec![0x80 | opcode, short],
        _ => [&[0x80 | opcode, 126][..], &length.to_be_bytes()].concat(),
    };
    [head, data.to_vec()].concat()
}

impl Frames {
    /// Opcode and payload of the first frame.
    fn take(&mut self) -> Option<(u8, Vec<u8>)> {
        let short = usize::from(*self.buffer.get(1)? & 0x7f);
        let (at, length) = match short {
            126 => (4, usize::from(u16::from_be_bytes([*self.buffer.get(2)?, *self.buffer.get(3)?]))),
            short => (2, short),
        };
        let end = at + 4 + length;
        if self.buffer.len() < end {
            return None;
        }
        let (mask, data) = self.buffer[at..end].split_at(4);
        let data = data.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        let opcode = self.buffer[0] & 15;
        self.buffer.drain(..end);
        Some((opcode, data))
    }
}

impl Layer for Frames {
    fn incoming(&mut self, data: &[u8]) -> (Vec<u8>, Vec<u8>) {
        self.buffer.extend(data);
        let (mut said, mut answer) = (Vec::new(), Vec::new());
        if !self.open {
            let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
                return (said, answer);
            };
            let head = String::from_utf8(self.buffer.drain(..end + 4).collect()).unwrap();
            let field = |name: &str| {
                let mut lines = head.lines().filter_map(|line| line.split_once(": "));
                lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
            };
            let accept = tungstenite::handshake::derive_accept_key(field("Sec-WebSocket-Key").unwrap().as_bytes());
            let protocol = field("Sec-WebSocket-Protocol");
            let protocol = protocol.map_or(String::new(), |name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
            answer.extend(
                format!(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Accept: {accept}\r\n{protocol}\r\n"
                )
                .into_bytes(),
            );
            self.open = true;
        }
        while let Some((opcode, data)) = self.take() {
            match opcode {
                1 | 2 => said.extend(data),
                8 => answer.extend(frame(8, &data)),
                9 => answer.extend(frame(10, &data)),
                _ => {}
            }
        }
        (said, answer)
    }

    fn outgoing(&mut self, data: &[u8]) -> Vec<u8> {
        frame(2, data)
    }
}

/// A server that answers what `reply` makes of the data, below any layer.
pub struct Answering<L, F> {
    pub layer: L,
    pub reply: F,
}

impl<L: Layer, F: FnMut(&[u8]) -> Vec<u8>> Peer for Answering<L, F> {
    fn on_data(&mut self, socket: &mut PeerSocket, data: &[u8]) {
        let (said, answer) = self.layer.incoming(data);
        socket.send(&answer);
        let reply = if said.is_empty() { Vec::new() } else { (self.reply)(&said) };
        if !reply.is_empty() {
            socket.send(&self.layer.outgoing(&reply));
        }
    }
}

/// The bytes of the server itself.
pub const fn plain() -> Plain {
    Plain
}
