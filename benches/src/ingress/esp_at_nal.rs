//! esp-at-nal.

use std::time::{Duration, Instant};

use embedded_nal::{TcpClientStack, nb};

use super::port::Port;
use super::{FRAME, Mode, READ};
use crate::esp_at_nal::{Device, start, turn};

impl Device for Port {
    fn write(&self, bytes: &[u8]) {
        self.put(bytes);
    }

    fn read(&self, buffer: &mut [u8]) -> usize {
        self.take(buffer)
    }

    /// What comes is there at once.
    fn wait(&self, _: u64) {}
}

pub(super) fn receive(slice: usize, frames: usize, mut look: impl FnMut(&[u8])) -> Duration {
    let port = Port::new(Mode::Passive, slice);
    // Without its pause between commands: what counts is the work.
    let (_session, mut adapter) = start(&port, 0, 0);
    let mut socket = adapter.socket().expect("a socket");
    adapter.connect(&mut socket, "10.0.0.1:80".parse().expect("an address")).expect("a link");
    let amount = frames * FRAME;
    let mut buffer = [0; READ];
    let start = Instant::now();
    port.begin(frames);
    let mut received = 0;
    while received < amount {
        match adapter.receive(&mut socket, &mut buffer) {
            Ok(count) => {
                look(&buffer[..count]);
                received += count;
            }
            Err(nb::Error::WouldBlock) => turn(),
            Err(nb::Error::Other(error)) => panic!("{error:?}"),
        }
    }
    start.elapsed()
}
