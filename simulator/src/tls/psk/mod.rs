//! TLS 1.2 with a pre-shared key (RFC 4279), which rustls does not have: the client's side, as ESP-AT speaks it after
//! `AT+CIPSSLCPSK`. No certificates; the hint is the identity.

mod records;

use super::{ClientSettings, SharedKey};
use records::{Protection, Suite};
use ring::rand::{SecureRandom, SystemRandom};
use std::io::{self, ErrorKind, Read};

const CHANGE_CIPHER: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const SERVER_KEY_EXCHANGE: u8 = 12;
const SERVER_HELLO_DONE: u8 = 14;
const CLIENT_KEY_EXCHANGE: u8 = 16;
const FINISHED: u8 = 20;

/// Extensions that this client knows.
const SERVER_NAME: u16 = 0;
const PROTOCOLS: u16 = 16;
const EXTENDED_MASTER_SECRET: u16 = 23;
const RENEGOTIATION: u16 = 0xff01;

/// Most bytes of plain text in a record.
const RECORD: usize = 16 * 1024;
const VERSION: [u8; 2] = [3, 3];
const CLOSE_NOTIFY: [u8; 2] = [1, 0];
const HANDSHAKE_FAILURE: [u8; 2] = [2, 40];
const BAD_RECORD: [u8; 2] = [2, 20];

/// The peer does not keep to the protocol, has another key, or gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Waits for the server's hello, then for its end.
    Hello,
    HelloDone,
    /// Waits for the change to encryption, then for what ends the handshake.
    Change,
    Finished,
    Open,
}

pub(super) struct Connection {
    phase: Phase,
    shared: SharedKey,
    random: [u8; 32],
    server_random: [u8; 32],
    suite: Suite,
    extended: bool,
    /// All messages of the handshake so far.
    transcript: Vec<u8>,
    master: Vec<u8>,
    sends: Option<Protection>,
    /// Made with the keys, in use after the server's change.
    next: Option<Protection>,
    receives: Option<Protection>,
    incoming: Vec<u8>,
    /// Pieces of handshake messages.
    messages: Vec<u8>,
    outgoing: Vec<u8>,
    backlog: usize,
    plain: Vec<u8>,
    /// The peer has said that no more comes.
    closed: bool,
}

/// A value with its length in front, in so many bytes.
fn counted(bytes: usize, value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).unwrap_or(0).to_be_bytes();
    [&length[4 - bytes..], value].concat()
}

fn extension(kind: u16, value: &[u8]) -> Vec<u8> {
    [kind.to_be_bytes().to_vec(), counted(2, value)].concat()
}

/// Takes a value with its length in front.
fn take<'a>(bytes: usize, from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = from.split_at_checked(bytes)?;
    let length = length.iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
    let (value, rest) = rest.split_at_checked(length)?;
    *from = rest;
    Some(value)
}

impl Connection {
    /// Takes no more to send while `backlog` bytes wait. `None` without a source of random numbers.
    pub(super) fn new(settings: &ClientSettings, shared: SharedKey, backlog: usize) -> Option<Self> {
        let mut random = [0; 32];
        SystemRandom::new().fill(&mut random).ok()?;
        let mut connection = Self {
            phase: Phase::Hello,
            shared,
            random,
            server_random: [0; 32],
            suite: Suite::Aes128GcmSha256,
            extended: false,
            transcript: Vec::new(),
            master: Vec::new(),
            sends: None,
            next: None,
            receives: None,
            incoming: Vec::new(),
            messages: Vec::new(),
            outgoing: Vec::new(),
            backlog,
            plain: Vec::new(),
            closed: false,
        };
        connection.say_hello(settings);
        Some(connection)
    }

    fn say_hello(&mut self, settings: &ClientSettings) {
        let mut extensions = extension(EXTENDED_MASTER_SECRET, &[]);
        extensions.extend(extension(RENEGOTIATION, &[0]));
        if let Some(name) = &settings.server_name {
            let entry = [vec![0], counted(2, name.as_bytes())].concat();
            extensions.extend(extension(SERVER_NAME, &counted(2, &entry)));
        }
        if !settings.protocols.is_empty() {
            let names: Vec<u8> = settings.protocols.iter().flat_map(|name| counted(1, name)).collect();
            extensions.extend(extension(PROTOCOLS, &counted(2, &names)));
        }
        let suites: Vec<u8> = Suite::ALL.iter().flat_map(|suite| suite.number().to_be_bytes()).collect();
        let hello = [
            &VERSION[..],
            &self.random,
            // No session is taken up again, nothing is compressed.
            &[0],
            &counted(2, &suites),
            &[1, 0],
            &counted(2, &extensions),
        ];
        self.say(CLIENT_HELLO, &hello.concat());
    }

    /// Sends a message of the handshake.
    fn say(&mut self, kind: u8, body: &[u8]) {
        let message = [vec![kind], counted(3, body)].concat();
        self.transcript.extend_from_slice(&message);
        self.send_record(HANDSHAKE, &message);
    }

    fn send_record(&mut self, kind: u8, plain: &[u8]) {
        let body = match &mut self.sends {
            Some(protection) => protection.seal(kind, plain),
            None => plain.to_vec(),
        };
        self.outgoing.extend([kind, VERSION[0], VERSION[1]]);
        self.outgoing.extend(counted(2, &body));
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.phase != Phase::Open
    }

    pub(super) const fn wants_read(&self) -> bool {
        // As rustls: not before what is there was taken.
        self.plain.is_empty() && !self.closed
    }

    pub(super) const fn wants_write(&self) -> bool {
        !self.outgoing.is_empty()
    }

    pub(super) fn read_tls(&mut self, wire: &mut impl Read) -> io::Result<usize> {
        let mut chunk = [0; 4096];
        let count = wire.read(&mut chunk)?;
        self.incoming.extend_from_slice(&chunk[..count]);
        Ok(count)
    }

    pub(super) fn write_tls(&mut self, wire: &mut impl io::Write) -> io::Result<usize> {
        let count = wire.write(&self.outgoing)?;
        self.outgoing.drain(..count);
        Ok(count)
    }

    /// Works on what has come in. Gives how much plain text is there.
    pub(super) fn process(&mut self) -> Result<usize, Broken> {
        while let Some(record) = self.next_record()? {
            self.take_record(record.0, record.1)?;
        }
        Ok(self.plain.len())
    }

    fn next_record(&mut self) -> Result<Option<(u8, Vec<u8>)>, Broken> {
        let Some(&[kind, major, _, high, low]) = self.incoming.first_chunk::<5>() else {
            return Ok(None);
        };
        let length = usize::from(high) << 8 | usize::from(low);
        // Ciphers may add some.
        if major != 3 || length > RECORD + 2048 {
            return Err(self.fail(HANDSHAKE_FAILURE));
        }
        if self.incoming.len() < 5 + length {
            return Ok(None);
        }
        let body = self.incoming[5..5 + length].to_vec();
        self.incoming.drain(..5 + length);
        let body = match &mut self.receives {
            Some(protection) => protection.open(kind, &body),
            None => Some(body),
        };
        match body {
            Some(body) => Ok(Some((kind, body))),
            None => Err(self.fail(BAD_RECORD)),
        }
    }

    /// Says so and gives up.
    fn fail(&mut self, alert: [u8; 2]) -> Broken {
        self.send_record(ALERT, &alert);
        Broken
    }

    fn take_record(&mut self, kind: u8, body: Vec<u8>) -> Result<(), Broken> {
        match (kind, self.phase) {
            (DATA, Phase::Open) => self.plain.extend(body),
            (ALERT, _) if body == CLOSE_NOTIFY => self.closed = true,
            // A warning, for example that there is no such name.
            (ALERT, _) if body.first() == Some(&1) => {}
            (ALERT, _) => return Err(Broken),
            (CHANGE_CIPHER, Phase::Change) => {
                self.receives = self.next.take();
                self.phase = Phase::Finished;
            }
            (HANDSHAKE, _) => {
                self.messages.extend(body);
                while let Some((kind, message)) = self.next_message() {
                    self.take_message(kind, &message)?;
                }
            }
            _ => return Err(self.fail(HANDSHAKE_FAILURE)),
        }
        Ok(())
    }

    /// The next whole message with its head.
    fn next_message(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut rest = self.messages.get(1..)?;
        let length = take(3, &mut rest)?.len();
        let message: Vec<u8> = self.messages.drain(..4 + length).collect();
        Some((message[0], message))
    }

    fn take_message(&mut self, kind: u8, message: &[u8]) -> Result<(), Broken> {
        let body = &message[4..];
        let wanted = match (kind, self.phase) {
            (SERVER_HELLO, Phase::Hello) => self.take_hello(body).map(|()| Phase::HelloDone),
            // A hint which of several keys is meant; there is one here.
            (SERVER_KEY_EXCHANGE, Phase::HelloDone) => Some(Phase::HelloDone),
            (SERVER_HELLO_DONE, Phase::HelloDone) => Some(Phase::Change),
            (FINISHED, Phase::Finished) => (body == self.proof("server finished")).then_some(Phase::Open),
            // Another handshake is not wanted; nobody has to answer.
            (0, Phase::Open) => return Ok(()),
            _ => None,
        };
        let Some(phase) = wanted else {
            return Err(self.fail(HANDSHAKE_FAILURE));
        };
        self.transcript.extend_from_slice(message);
        self.phase = phase;
        if kind == SERVER_HELLO_DONE && self.answer().is_none() {
            return Err(self.fail(HANDSHAKE_FAILURE));
        }
        Ok(())
    }

    fn take_hello(&mut self, mut body: &[u8]) -> Option<()> {
        let (version, rest) = body.split_first_chunk::<2>()?;
        let (random, rest) = rest.split_first_chunk::<32>()?;
        body = rest;
        take(1, &mut body)?;
        let (&[high, low, compression], mut rest) = body.split_first_chunk::<3>()?;
        let number = u16::from(high) << 8 | u16::from(low);
        self.suite = Suite::ALL.into_iter().find(|suite| suite.number() == number)?;
        self.server_random = *random;
        let mut extensions = if rest.is_empty() { rest } else { take(2, &mut rest)? };
        while let Some((kind, rest)) = extensions.split_first_chunk::<2>() {
            extensions = rest;
            take(2, &mut extensions)?;
            self.extended |= u16::from_be_bytes(*kind) == EXTENDED_MASTER_SECRET;
        }
        (*version == VERSION && compression == 0).then_some(())
    }

    /// Identity, keys, and the proof that they are right.
    fn answer(&mut self) -> Option<()> {
        let identity = counted(2, self.shared.hint.as_bytes());
        self.say(CLIENT_KEY_EXCHANGE, &identity);
        let zeros = vec![0; self.shared.key.len()];
        let premaster = [counted(2, &zeros), counted(2, &self.shared.key)].concat();
        let (label, seed) = if self.extended {
            ("extended master secret", self.suite.hash(&self.transcript))
        } else {
            ("master secret", [self.random, self.server_random].concat())
        };
        self.master = self.suite.expand(&premaster, label, &seed, 48);
        let (own, other) = Protection::pair(self.suite, &self.master, &self.random, &self.server_random)?;
        self.send_record(CHANGE_CIPHER, &[1]);
        self.sends = Some(own);
        self.next = Some(other);
        let proof = self.proof("client finished");
        self.say(FINISHED, &proof);
        Some(())
    }

    fn proof(&self, label: &str) -> Vec<u8> {
        self.suite.expand(&self.master, label, &self.suite.hash(&self.transcript), 12)
    }

    /// Takes plain text to send.
    pub(super) fn write(&mut self, data: &[u8]) -> usize {
        if self.is_handshaking() {
            return 0;
        }
        let count = data.len().min(self.backlog.saturating_sub(self.outgoing.len()));
        for part in data[..count].chunks(RECORD) {
            self.send_record(DATA, part);
        }
        count
    }

    /// Gives plain text that has come in.
    pub(super) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.plain.is_empty() && !self.closed {
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = out.len().min(self.plain.len());
        out[..count].copy_from_slice(&self.plain[..count]);
        self.plain.drain(..count);
        Ok(count)
    }

    pub(super) fn send_close_notify(&mut self) {
        self.send_record(ALERT, &CLOSE_NOTIFY);
    }
}

#[cfg(test)]
mod tests;
