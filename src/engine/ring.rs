//! A byte ring that does not own its bytes.

/// Positions in a ring; the bytes lie in a slice that is handed in with each call, always the same one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ring {
    start: usize,
    length: usize,
}

impl Ring {
    pub(crate) const fn new() -> Self {
        Self { start: 0, length: 0 }
    }

    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(crate) const fn clear(&mut self) {
        *self = Self::new();
    }

    /// Appends as much of `data` as there is room for, and says how much that was.
    pub(crate) fn push(&mut self, storage: &mut [u8], data: &[u8]) -> usize {
        let mut done = 0;
        // Twice at most: up to the end of the storage and from its start.
        while done < data.len() && self.length < storage.len() {
            let at = self.wrap(self.start + self.length, storage.len());
            let end = if at < self.start { self.start } else { storage.len() };
            let count = (end - at).min(data.len() - done);
            storage[at..at + count].copy_from_slice(&data[done..done + count]);
            self.length += count;
            done += count;
        }
        done
    }

    /// The oldest bytes that lie in one piece.
    pub(crate) fn front<'a>(&self, storage: &'a [u8]) -> &'a [u8] {
        let end = (self.start + self.length).min(storage.len());
        &storage[self.start..end]
    }

    /// Forgets the oldest `count` bytes.
    pub(crate) fn consume(&mut self, storage: &[u8], count: usize) {
        let count = count.min(self.length);
        self.length -= count;
        // An empty ring starts afresh, so that the next write and read are one copy each.
        self.start = if self.length == 0 { 0 } else { self.wrap(self.start + count, storage.len()) };
    }

    /// Moves up to `out.len()` of the oldest bytes to `out`, and says how many.
    pub(crate) fn pop(&mut self, storage: &[u8], out: &mut [u8]) -> usize {
        let mut done = 0;
        while done < out.len() && self.length > 0 {
            let front = self.front(storage);
            let count = front.len().min(out.len() - done);
            out[done..done + count].copy_from_slice(&front[..count]);
            self.consume(storage, count);
            done += count;
        }
        done
    }

    /// Copies as many of the oldest bytes as `out` takes, and leaves them where they are. Gives how many.
    pub(crate) fn peek(&self, storage: &[u8], out: &mut [u8]) -> usize {
        let mut copy = *self;
        copy.pop(storage, out)
    }

    /// Forgets the newest `count` bytes.
    pub(crate) const fn retract(&mut self, count: usize) {
        self.length = self.length.saturating_sub(count);
    }

    const fn wrap(&self, at: usize, capacity: usize) -> usize {
        if at >= capacity { at - capacity } else { at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    #[test]
    fn behaves_as_a_queue_at_every_offset() {
        let mut storage = [0; 7];
        let mut ring = Ring::new();
        let mut model = VecDeque::new();
        let mut next = 0u8;
        for round in 0..2000usize {
            let data: std::vec::Vec<u8> = (0..round * 7 % 11).map(|at| next.wrapping_add(at as u8)).collect();
            let taken = ring.push(&mut storage, &data);
            assert_eq!(taken, data.len().min(7 - model.len()));
            model.extend(&data[..taken]);
            next = next.wrapping_add(taken as u8);
            let mut out = [0; 16];
            let count = ring.pop(&storage, &mut out[..round * 5 % 9]);
            let expected: std::vec::Vec<u8> = model.drain(..count).collect();
            assert_eq!(out[..count], expected);
            assert_eq!(ring.len(), model.len());
        }
    }

    #[test]
    fn a_ring_without_storage_takes_nothing() {
        let mut ring = Ring::new();
        assert_eq!(ring.push(&mut [], b"x"), 0);
        assert_eq!(ring.pop(&[], &mut [0; 4]), 0);
    }
}
