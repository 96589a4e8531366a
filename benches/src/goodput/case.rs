//! What is measured: one place of the table.

use core::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use wifi_at_simulator::{Dialect, Latency};

/// Room of each ring of the driver, for each socket and direction.
pub(crate) const RING: usize = 4096;

/// Links that a module has, and thus sockets that the driver has memory for.
pub(crate) const LINKS: usize = 5;

/// Of the line. A WizFi360 cannot be set to the last one.
pub(crate) const RATES: [u32; 3] = [115_200, 921_600, 3_000_000];

/// Bytes of one write of the user, and room that one read has.
pub(crate) const SIZES: [usize; 5] = [1, 64, 512, 2048, 16_384];

/// One more, only for uploads with `AT+CIPSENDL`, whose commands carry what one write has.
pub(crate) const LONG_SIZE: usize = 131_072;

/// Where the payload goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// To the user.
    Download,
    /// From the user.
    Upload,
    /// As much each way at once.
    Both,
}

impl Direction {
    /// In the table's order.
    pub const ALL: [Self; 3] = [Self::Download, Self::Upload, Self::Both];

    /// The word in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::Upload => "upload",
            Self::Both => "both",
        }
    }

    pub(crate) fn receives(self) -> bool {
        self != Self::Upload
    }

    pub(crate) fn sends(self) -> bool {
        self != Self::Download
    }
}

/// How fast the module itself is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// As measured in the wild: 1 ms from `OK` to the prompt, 5 ms from the last byte of data to `SEND OK`.
    Wild,
    /// It answers at once.
    Ideal,
}

impl Pace {
    /// In the table's order.
    pub const ALL: [Self; 2] = [Self::Wild, Self::Ideal];

    /// The word in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wild => "1+5 ms",
            Self::Ideal => "0 ms",
        }
    }

    /// From `OK` to the prompt.
    pub(crate) const fn prompt(self) -> Duration {
        match self {
            Self::Wild => Duration::from_millis(1),
            Self::Ideal => Duration::ZERO,
        }
    }

    /// From the last byte of data to `SEND OK`.
    pub(crate) const fn send(self) -> Duration {
        match self {
            Self::Wild => Duration::from_millis(5),
            Self::Ideal => Duration::ZERO,
        }
    }

    pub(crate) fn latency(self) -> Latency {
        let mut latency = Latency::none();
        (latency.prompt, latency.send) = (self.prompt(), self.send());
        latency
    }
}

/// One place of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Case {
    /// The module's firmware.
    pub dialect: Dialect,
    /// Bits each second on the line.
    pub rate: u32,
    /// Where the payload goes.
    pub direction: Direction,
    /// Connections that share the line.
    pub links: usize,
    /// How fast the module answers.
    pub pace: Pace,
    /// Bytes of one write, and room that one read has.
    pub size: usize,
}

impl fmt::Display for Case {
    /// The first fields of its row in the snapshot.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dialect, rate, direction, links, pace, size } = self;
        write!(f, "{},{rate},{},{links},{},{size}", dialect.name(), direction.name(), pace.name())
    }
}

impl Case {
    /// The whole table, row by row.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut cases = Vec::new();
        for &dialect in Dialect::ALL {
            for rate in RATES {
                for direction in Direction::ALL {
                    for links in [1, LINKS] {
                        for pace in Pace::ALL {
                            let long = dialect == Dialect::EspAt && direction == Direction::Upload;
                            let sizes = SIZES.into_iter().chain(long.then_some(LONG_SIZE));
                            cases.extend(sizes.map(|size| Self { dialect, rate, direction, links, pace, size }));
                        }
                    }
                }
            }
        }
        cases
    }

    /// A part that takes seconds: one rate, one link, writes below and at what one `AT+CIPSEND` takes.
    #[must_use]
    pub fn some() -> Vec<Self> {
        let belongs = |case: &Self| case.rate == 921_600 && case.links == 1 && matches!(case.size, 64 | 2048);
        Self::all().into_iter().filter(belongs).collect()
    }

    /// Bytes that each link carries in each direction.
    ///
    /// Enough for what is the same over and over to stand out, and not more, as a long table is not looked at.
    #[must_use]
    pub fn amount(&self) -> usize {
        let least: usize = if self.links == 1 { 16_384 } else { 8192 };
        if self.direction == Direction::Download || self.size <= RING {
            return least.next_multiple_of(self.size.min(RING));
        }
        // The driver finds out by and by how long a long send may be.
        let writes = match (self.links, self.size) {
            (1, LONG_SIZE) => 8,
            (1, _) => 4,
            (_, LONG_SIZE) => 2,
            _ => 1,
        };
        writes * self.size
    }

    /// Bits each second to percent of the line's payload, for so many bytes of one direction.
    pub(crate) fn percent(&self, bytes: usize, time: Duration) -> f64 {
        self.line(bytes).as_secs_f64() / time.as_secs_f64() * 100.0
    }

    /// What so many bytes take on the line: ten bits each.
    pub(crate) fn line(&self, bytes: usize) -> Duration {
        Duration::from_nanos(bytes as u64 * 10_000_000_000 / u64::from(self.rate))
    }
}

/// Where all connections go.
pub(crate) fn server() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 1))
}

/// What the peers send: all values of a byte, in an order that shows what is missing.
pub(crate) fn payload(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 + at / 256) as u8).collect()
}
