//! Lines of the running command's answer, between the ingress and the future that sent the command.

/// Longest line that is kept whole, in bytes.
pub(crate) const MAX_LINE: usize = 256;

/// Room for one line of full length and a few short ones.
const CAPACITY: usize = MAX_LINE + 128;

/// A queue of lines. Each is stored behind its length, in two bytes.
#[derive(Debug)]
pub(crate) struct Answer {
    bytes: [u8; CAPACITY],
    start: usize,
    end: usize,
}

impl Answer {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; CAPACITY], start: 0, end: 0 }
    }

    pub(crate) const fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// Appends a line if there is room.
    pub(crate) fn push(&mut self, line: &[u8]) -> bool {
        let needed = line.len() + 2;
        if CAPACITY - self.end < needed && self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if CAPACITY - self.end < needed {
            return false;
        }
        self.bytes[self.end..self.end + 2].copy_from_slice(&(line.len() as u16).to_le_bytes());
        self.bytes[self.end + 2..self.end + needed].copy_from_slice(line);
        self.end += needed;
        true
    }

    /// The oldest line, which is taken out.
    pub(crate) fn pop(&mut self) -> Option<&[u8]> {
        if self.start == self.end {
            return None;
        }
        let at = self.start + 2;
        let length = usize::from(u16::from_le_bytes([self.bytes[self.start], self.bytes[self.start + 1]]));
        self.start = at + length;
        Some(&self.bytes[at..at + length])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_takes_a_full_line() {
        let mut answer = Answer::new();
        let long = [b'x'; MAX_LINE];
        assert!(answer.push(b"a") && answer.push(&long) && answer.push(b""));
        assert!(!answer.push(&long));
        assert_eq!(answer.pop(), Some(&b"a"[..]));
        assert_eq!(answer.pop(), Some(&long[..]));
        assert!(answer.push(&long));
        assert_eq!(answer.pop(), Some(&b""[..]));
        assert_eq!(answer.pop(), Some(&long[..]));
        assert_eq!(answer.pop(), None);
    }
}
