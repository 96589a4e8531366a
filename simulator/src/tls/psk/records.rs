//! What encrypts the records of TLS 1.2 (RFC 5246, RFC 5288), and the function that makes its keys.

use ring::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::{digest, hmac};

/// A cipher suite of RFC 5487: a pre-shared key and no more, AES in GCM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suite {
    Aes128GcmSha256,
    Aes256GcmSha384,
}

impl Suite {
    pub(super) const ALL: [Self; 2] = [Self::Aes128GcmSha256, Self::Aes256GcmSha384];

    pub(super) const fn number(self) -> u16 {
        match self {
            Self::Aes128GcmSha256 => 0x00a8,
            Self::Aes256GcmSha384 => 0x00a9,
        }
    }

    fn cipher(self) -> &'static aead::Algorithm {
        match self {
            Self::Aes128GcmSha256 => &aead::AES_128_GCM,
            Self::Aes256GcmSha384 => &aead::AES_256_GCM,
        }
    }

    fn mac(self) -> hmac::Algorithm {
        match self {
            Self::Aes128GcmSha256 => hmac::HMAC_SHA256,
            Self::Aes256GcmSha384 => hmac::HMAC_SHA384,
        }
    }

    pub(super) fn hash(self, messages: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Aes128GcmSha256 => &digest::SHA256,
            Self::Aes256GcmSha384 => &digest::SHA384,
        };
        digest::digest(algorithm, messages).as_ref().to_vec()
    }

    /// The pseudo-random function (RFC 5246, section 5).
    pub(super) fn expand(self, secret: &[u8], label: &str, seed: &[u8], length: usize) -> Vec<u8> {
        let key = hmac::Key::new(self.mac(), secret);
        let seed = [label.as_bytes(), seed].concat();
        let mut out = Vec::new();
        let mut round = hmac::sign(&key, &seed);
        while out.len() < length {
            out.extend_from_slice(hmac::sign(&key, &[round.as_ref(), &seed].concat()).as_ref());
            round = hmac::sign(&key, round.as_ref());
        }
        out.truncate(length);
        out
    }
}

/// The keys of one direction.
pub(super) struct Protection {
    key: LessSafeKey,
    salt: [u8; 4],
    sequence: u64,
}

/// Bytes in front of the encrypted ones, and behind them.
const EXPLICIT_NONCE: usize = 8;
const TAG: usize = 16;

impl Protection {
    /// Those of the client and of the server.
    pub(super) fn pair(
        suite: Suite,
        master: &[u8],
        client_random: &[u8],
        server_random: &[u8],
    ) -> Option<(Self, Self)> {
        let size = suite.cipher().key_len();
        let block = suite.expand(master, "key expansion", &[server_random, client_random].concat(), 2 * (size + 4));
        let one = |key: usize, salt: usize| {
            let key = LessSafeKey::new(UnboundKey::new(suite.cipher(), block.get(key..key + size)?).ok()?);
            Some(Self { key, salt: block.get(salt..salt + 4)?.try_into().ok()?, sequence: 0 })
        };
        Some((one(0, 2 * size)?, one(size, 2 * size + 4)?))
    }

    fn nonce(&self, explicit: [u8; EXPLICIT_NONCE]) -> Nonce {
        let mut nonce = [0; 12];
        nonce[..4].copy_from_slice(&self.salt);
        nonce[4..].copy_from_slice(&explicit);
        Nonce::assume_unique_for_key(nonce)
    }

    fn additional(&mut self, kind: u8, length: usize) -> Aad<[u8; 13]> {
        let mut data = [0; 13];
        data[..8].copy_from_slice(&self.sequence.to_be_bytes());
        data[8..11].copy_from_slice(&[kind, 3, 3]);
        data[11..].copy_from_slice(&u16::try_from(length).unwrap_or(0).to_be_bytes());
        self.sequence += 1;
        Aad::from(data)
    }

    /// The body of a record.
    pub(super) fn seal(&mut self, kind: u8, plain: &[u8]) -> Vec<u8> {
        let explicit = self.sequence.to_be_bytes();
        let nonce = self.nonce(explicit);
        let additional = self.additional(kind, plain.len());
        let mut body = plain.to_vec();
        // It fails for lengths only that no record has.
        if self.key.seal_in_place_append_tag(nonce, additional, &mut body).is_err() {
            body.clear();
        }
        [explicit.to_vec(), body].concat()
    }

    /// What a record says; `None` if it is not whole.
    pub(super) fn open(&mut self, kind: u8, body: &[u8]) -> Option<Vec<u8>> {
        let (explicit, sealed) = body.split_first_chunk::<EXPLICIT_NONCE>()?;
        let length = sealed.len().checked_sub(TAG)?;
        let nonce = self.nonce(*explicit);
        let additional = self.additional(kind, length);
        let mut sealed = sealed.to_vec();
        self.key.open_in_place(nonce, additional, &mut sealed).ok().map(|plain| plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::{Protection, Suite};

    /// The test vector of the IETF's TLS list for the function with SHA-256.
    #[test]
    fn pseudo_random_function() {
        let secret = [0x9b, 0xbe, 0x43, 0x6b, 0xa9, 0x40, 0xf0, 0x17, 0xb1, 0x76, 0x52, 0x84, 0x9a, 0x71, 0xdb, 0x35];
        let seed = [0xa0, 0xba, 0x9f, 0x93, 0x6c, 0xda, 0x31, 0x18, 0x27, 0xa6, 0xf7, 0x96, 0xff, 0xd5, 0x19, 0x8c];
        let out = Suite::Aes128GcmSha256.expand(&secret, "test label", &seed, 100);
        assert_eq!(out.len(), 100);
        assert_eq!(out[..8], [0xe3, 0xf2, 0x29, 0xba, 0x72, 0x7b, 0xe1, 0x7b]);
        assert_eq!(out[96..], [0x87, 0x34, 0x7b, 0x66]);
    }

    #[test]
    fn records() {
        for suite in Suite::ALL {
            let pair = || Protection::pair(suite, b"master", b"client", b"server").unwrap();
            let (mut sender, _) = pair();
            let (mut receiver, mut other) = pair();
            let first = sender.seal(23, b"hello");
            let second = sender.seal(23, b"");
            assert!(!first.windows(5).any(|window| window == b"hello"));
            assert_eq!(receiver.open(23, &first).as_deref(), Some(&b"hello"[..]));
            assert_eq!(receiver.open(23, &second).as_deref(), Some(&b""[..]));
            assert_eq!(receiver.open(23, &first), None, "a record counts once");
            assert_eq!(other.open(23, &first), None, "the other direction has other keys");
            assert_eq!(pair().0.open(22, &first), None, "the kind is protected, too");
            assert_eq!(pair().0.open(23, &first[..20]), None);
        }
    }
}
