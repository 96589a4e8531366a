//! Bytes that both sides know.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// The bytes that the firmware makes of the same seed, none of which are likely to be a command.
#[must_use]
pub fn pattern(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

/// Their SHA-256.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads so many bytes, and tells how many there are each time some have come.
///
/// # Errors
/// Those of the reader; `UnexpectedEof` if it ends before.
pub fn read_amount(reader: &mut impl Read, amount: usize, mut progress: impl FnMut(usize)) -> io::Result<Vec<u8>> {
    let mut received = Vec::with_capacity(amount);
    let mut buffer = [0; 4096];
    while received.len() < amount {
        let room = buffer.len().min(amount - received.len());
        let count = reader.read(&mut buffer[..room])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        received.extend_from_slice(&buffer[..count]);
        progress(received.len());
    }
    Ok(received)
}
