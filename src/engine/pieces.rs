//! A queue between the ingress and a future: of the running command's answer, or of messages.

/// Longest line that is kept whole, in bytes.
pub(crate) const MAX_LINE: usize = 256;

/// Set in the length of a piece of counted data.
const DATA: u16 = 1 << 15;

/// What an answer or a message consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// A line without its end.
    Line(&'a [u8]),
    /// A part of the counted data that follows a line.
    Data(&'a [u8]),
}

/// A queue of pieces. Each is stored behind its length, in two bytes.
#[derive(Debug)]
pub(crate) struct Pieces<const CAPACITY: usize> {
    bytes: [u8; CAPACITY],
    start: usize,
    end: usize,
}

impl<const CAPACITY: usize> Pieces<CAPACITY> {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; CAPACITY], start: 0, end: 0 }
    }

    pub(crate) const fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Appends a line if there is room.
    pub(crate) fn push_line(&mut self, line: &[u8]) -> bool {
        let room = self.make_room(line.len() + 2);
        if room {
            self.append(line, 0);
        }
        room
    }

    /// Appends as much of `data` as there is room for, and says how much that was.
    pub(crate) fn push_data(&mut self, data: &[u8]) -> usize {
        self.make_room(data.len() + 2);
        let count = data.len().min((CAPACITY - self.end).saturating_sub(2));
        if count > 0 {
            self.append(&data[..count], DATA);
        }
        count
    }

    /// The oldest piece, which is taken out.
    pub(crate) fn pop(&mut self) -> Option<Piece<'_>> {
        if self.start == self.end {
            return None;
        }
        let at = self.start + 2;
        let header = u16::from_le_bytes([self.bytes[self.start], self.bytes[self.start + 1]]);
        self.start = at + usize::from(header & !DATA);
        let bytes = &self.bytes[at..self.start];
        Some(if header & DATA == 0 { Piece::Line(bytes) } else { Piece::Data(bytes) })
    }

    fn make_room(&mut self, needed: usize) -> bool {
        if CAPACITY - self.end < needed && self.start > 0 {
            self.end -= self.start;
            for at in 0..self.end {
                // `copy_within` would bring `memmove` with it, which is larger than the whole queue.
                self.bytes.swap(at, self.start + at);
            }
            self.start = 0;
        }
        CAPACITY - self.end >= needed
    }

    fn append(&mut self, bytes: &[u8], flag: u16) {
        let header = bytes.len() as u16 | flag;
        self.bytes[self.end..self.end + 2].copy_from_slice(&header.to_le_bytes());
        self.bytes[self.end + 2..self.end + 2 + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len() + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_takes_a_full_line() {
        let mut answer = Pieces::<{ MAX_LINE + 128 }>::new();
        let long = [b'x'; MAX_LINE];
        assert!(answer.push_line(b"a") && answer.push_line(&long) && answer.push_line(b""));
        assert!(!answer.push_line(&long));
        assert_eq!(answer.pop(), Some(Piece::Line(b"a")));
        assert_eq!(answer.pop(), Some(Piece::Line(&long)));
        assert!(answer.push_line(&long));
        assert_eq!(answer.pop(), Some(Piece::Line(b"")));
        assert_eq!(answer.pop(), Some(Piece::Line(&long)));
        assert_eq!(answer.pop(), None);
    }

    #[test]
    fn data_is_taken_in_parts() {
        let mut answer = Pieces::<{ MAX_LINE + 128 }>::new();
        let data: std::vec::Vec<u8> = (0..=255).cycle().take(1000).collect();
        let (mut sent, mut received) = (0, std::vec::Vec::new());
        answer.push_line(b"+X:1000,");
        while received.len() < data.len() {
            sent += answer.push_data(&data[sent..]);
            while let Some(piece) = answer.pop() {
                if let Piece::Data(part) = piece {
                    received.extend_from_slice(part);
                }
            }
        }
        assert_eq!(received, data);
    }
}
