//! What it costs to receive: instructions and nanoseconds for each byte of payload, from the serial port's read to the
//! user's buffer.
//!
//! A port in memory gives frames of 1460 bytes, or what is asked for, in slices of a fixed size, as a UART's FIFO or DMA does. A driver's reading
//! task takes them, and a user reads 2048 bytes at a time. All of that counts, the port and the executor included.

mod esp_at_nal;
mod plot;
mod port;
mod stock_atat;
mod wifi_at;

mod callgrind;
mod row;

use std::time::Duration;

pub use callgrind::instructions;
pub use plot::plot;
pub use row::{Row, markdown, reaches};

/// Bytes of payload in one frame: what one segment of TCP on Ethernet carries.
pub const FRAME: usize = 1460;

/// Most bytes of one read of the port.
pub const SLICES: [usize; 6] = [1, 16, 64, 256, 1460, 4096];

/// Room of what a user reads from, and of one read.
const RING: usize = 8192;
const READ: usize = 2048;

/// Who receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    /// The driver.
    WifiAt,
    /// The driver, with a larger read buffer.
    WifiAtLarge,
    /// atat's `Ingress`, with a digester that knows counted payload and puts it into a queue for the user.
    Atat,
    /// esp-at-nal's adapter.
    EspAtNal,
}

/// How data comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As it comes from the network: `+IPD`.
    Active,
    /// On request: `+CIPRECVDATA`.
    Passive,
}

impl Receiver {
    /// All, in the table's order.
    pub const ALL: [Self; 4] = [Self::WifiAt, Self::WifiAtLarge, Self::Atat, Self::EspAtNal];

    /// The name in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WifiAt => "wifi-at",
            Self::WifiAtLarge => "wifi-at, 4 kB reads",
            Self::Atat => "atat 0.25",
            Self::EspAtNal => "esp-at-nal 0.5",
        }
    }

    /// Whether it can receive like that: esp-at-nal never does unasked.
    #[must_use]
    pub fn can(self, mode: Mode) -> bool {
        self != Self::EspAtNal || mode == Mode::Passive
    }
}

impl Mode {
    /// All, in the table's order.
    pub const ALL: [Self; 2] = [Self::Active, Self::Passive];

    /// The name in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "+IPD",
            Self::Passive => "+CIPRECVDATA",
        }
    }
}

/// Receives so many frames, and gives the nanoseconds for each byte.
///
/// # Panics
/// When no more bytes come.
#[must_use]
pub fn receive(receiver: Receiver, mode: Mode, slice: usize, frames: usize) -> f64 {
    let time = receive_to(receiver, mode, slice, frames, |_| {});
    time.as_nanos() as f64 / (frames * FRAME) as f64
}

/// The same with a user who looks at what each read brings.
fn receive_to(receiver: Receiver, mode: Mode, slice: usize, frames: usize, user: impl FnMut(&[u8])) -> Duration {
    match receiver {
        Receiver::WifiAt => wifi_at::receive::<256>(mode, slice, frames, user),
        Receiver::WifiAtLarge => wifi_at::receive::<4096>(mode, slice, frames, user),
        Receiver::Atat => stock_atat::receive(mode, slice, frames, user),
        Receiver::EspAtNal => esp_at_nal::receive(slice, frames, user),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_get_the_bytes_that_were_sent() {
        const FRAMES: usize = 10;
        for (receiver, mode, slice) in Row::all() {
            let mut received = Vec::new();
            receive_to(receiver, mode, slice, FRAMES, |bytes| received.extend_from_slice(bytes));
            assert_eq!(received.len(), FRAMES * FRAME, "{receiver:?} {mode:?} {slice}");
            // Each frame begins anew, and what is asked for may be shorter than one.
            let begins = received.windows(2).filter(|pair| pair[1] != pair[0].wrapping_add(7)).count();
            assert!(begins < 2 * FRAMES, "{receiver:?} {mode:?} {slice}: {begins}");
        }
    }
}
