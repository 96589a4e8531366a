//! Messages that outlive the buffer they came in.

use atat::AtatUrc;
use heapless::Vec;

use super::Urc;

/// A message with the line that it came as, up to `N` bytes, for `atat`'s channels.
///
/// The default has room for every message of the manuals; the longest are those of brokers and of scans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedUrc<const N: usize = 224> {
    line: Vec<u8, N>,
}

impl<const N: usize> OwnedUrc<N> {
    /// Of a line. `None` if it is no message that is known, or too long.
    #[must_use]
    pub fn new(line: &[u8]) -> Option<Self> {
        let line = line.trim_ascii();
        Urc::parse(line)?;
        Vec::from_slice(line).ok().map(|line| Self { line })
    }

    /// The line, without line end.
    #[must_use]
    pub fn line(&self) -> &[u8] {
        &self.line
    }

    /// What it says. Always `Some`, as only known messages are kept.
    #[must_use]
    pub fn urc(&self) -> Option<Urc<'_>> {
        Urc::parse(&self.line)
    }
}

impl<const N: usize> AtatUrc for OwnedUrc<N> {
    fn parse(line: &[u8]) -> Option<Self> {
        Self::new(line)
    }
}
