//! What stands at the other end of a virtual serial line.

use std::time::Duration;

use wifi_at_simulator::Simulator;

/// A device that takes and gives bytes, in virtual time.
pub trait Device {
    /// The host has sent bytes.
    fn receive(&mut self, now: Duration, bytes: &[u8]);
    /// Makes progress.
    fn poll(&mut self, now: Duration);
    /// Takes what the device has sent by now, and says how many bytes.
    fn transmit(&mut self, now: Duration, out: &mut [u8]) -> usize;
    /// When there will be something to do or to take.
    fn next_wake(&self) -> Option<Duration>;
}

impl Device for Simulator {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        Self::receive(self, now, bytes);
    }

    fn poll(&mut self, now: Duration) {
        Self::poll(self, now);
    }

    fn transmit(&mut self, now: Duration, out: &mut [u8]) -> usize {
        Self::transmit(self, now, out)
    }

    fn next_wake(&self) -> Option<Duration> {
        Self::next_wake(self)
    }
}
