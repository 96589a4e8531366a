//! A line's worth of bytes.

use core::ops::Deref;

/// Bytes in a buffer of fixed size, written in place.
pub(crate) struct Text<const CAPACITY: usize> {
    length: u16,
    bytes: [u8; CAPACITY],
}

impl<const CAPACITY: usize> Text<CAPACITY> {
    pub(super) const fn new() -> Self {
        const { assert!(CAPACITY <= u16::MAX as usize) };
        Self { length: 0, bytes: [0; CAPACITY] }
    }

    pub(super) const fn clear(&mut self) {
        self.length = 0;
    }

    /// All of the buffer, to be written to; so many bytes of it count after [`set_length`](Self::set_length).
    pub(super) const fn buffer(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    pub(super) const fn set_length(&mut self, length: usize) {
        self.length = if length < CAPACITY { length } else { CAPACITY } as u16;
    }

    /// Becomes a copy of as much of `bytes` as fits. Gives how many that are.
    pub(super) fn copy(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(CAPACITY);
        self.bytes[..count].copy_from_slice(&bytes[..count]);
        self.length = count as u16;
        count
    }
}

impl<const CAPACITY: usize> Deref for Text<CAPACITY> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.length.into()).unwrap_or_default()
    }
}
