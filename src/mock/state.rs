//! Plays a script: compares what is written, and gives out what is due.

use embassy_sync::waitqueue::WakerRegistration;
use embedded_io_async::ErrorKind;
use heapless::Deque;

use super::failure::{Failure, Problem, Written};
use super::step::{Content, Expected, Step};
use crate::dialect::{Family, Profile, Sets};

/// What the driver asks on its own account, while a socket waits for data and after an answer that did not come, and
/// what an idle module says to it. A script need not know of it.
const HOUSEKEEPING: [(&[u8], &[u8]); 4] = [
    (b"AT+CIPRECVLEN?\r\n", b"+CIPRECVLEN:0,0,0,0,0\r\n\r\nOK\r\n"),
    (b"AT+CIPMUX?\r\n", b"+CIPMUX:1\r\n\r\nOK\r\n"),
    // Which links it has the mock does not know, and firmware without the command says no more.
    (b"AT+CIPSTATE?\r\n", b"\r\nERROR\r\n"),
    (b"AT+CIPSTATUS\r\n", b"\r\nERROR\r\n"),
];

const OK: &[u8] = b"\r\nOK\r\n";
const RESTARTED: &[u8] = b"\r\nOK\r\n\r\nready\r\n";

/// What a read brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Bytes(usize),
    Error(ErrorKind),
    /// Nothing before that time, in microseconds; `None`: nothing until something is written.
    Nothing(Option<u64>),
    /// The script has failed.
    Failed,
}

/// Where the next byte comes from.
enum Next {
    /// What is answered without the script.
    Own,
    Injected,
    Piece,
    Nothing(Option<u64>),
    Failed,
}

pub(super) struct State<'s> {
    script: &'s [Step<'s>],
    /// The first step whose expectation is not met.
    step: usize,
    /// Bytes of that expectation that were written.
    written: Written,
    problem: Option<Problem>,
    /// The next byte to give out: its step, piece and position.
    output: (usize, usize, usize),
    /// What the delay of the next piece counts from, in microseconds.
    since: u64,
    /// Sent by the test itself, between two pieces.
    injected: Deque<&'s [u8], 8>,
    /// The rest of an answer that is not in the script.
    own: &'s [u8],
    /// Where virtual time of a blocking test stands, in microseconds.
    pub(super) clock: u64,
    pub(super) reader: WakerRegistration,
}

impl<'s> State<'s> {
    pub(super) fn new(script: &'s [Step<'s>]) -> Self {
        let mut state = Self {
            script,
            step: 0,
            written: Written::new(),
            problem: None,
            output: (0, 0, 0),
            since: 0,
            injected: Deque::new(),
            own: &[],
            clock: 0,
            reader: WakerRegistration::new(),
        };
        if let Some(wrong) = script.iter().position(|step| step.overfull) {
            state.fail(Problem::Overfull { step: wrong });
        }
        state
    }

    /// What the firmware did wrong.
    pub(super) fn failure(&self) -> Option<Failure<'s>> {
        Some(self.tell(self.problem.clone()?))
    }

    const fn tell(&self, problem: Problem) -> Failure<'s> {
        Failure { script: self.script, problem }
    }

    fn fail(&mut self, problem: Problem) {
        self.problem.get_or_insert(problem);
        self.reader.wake();
    }

    /// What is left to write or to read, or what was done wrong.
    pub(super) fn left(&self) -> Option<Failure<'s>> {
        let waits = |step: &Step<'_>| !matches!(step.expected, Expected::Nothing);
        let missing = self.script.iter().skip(self.step).position(waits);
        let missing =
            missing.map(|skipped| Problem::Missing { step: self.step + skipped, written: self.written.clone() });
        self.failure().or_else(|| missing.or_else(|| self.unread()).map(|problem| self.tell(problem)))
    }

    /// The first step of whose replies something was not read.
    fn unread(&self) -> Option<Problem> {
        let (current, piece, _) = self.output;
        let mut steps = self.script.iter().enumerate().skip(current);
        let unread = steps.find(|(index, step)| step.pieces.len() > if *index == current { piece } else { 0 });
        unread.map(|(step, _)| Problem::Unread { step })
    }

    pub(super) fn inject(&mut self, bytes: &'s [u8]) -> bool {
        let result = self.injected.push_back(bytes).is_ok();
        self.reader.wake();
        result
    }

    /// The firmware writes. Gives the error of the port, if the script has one here.
    pub(super) fn write(&mut self, now: u64, bytes: &[u8]) -> Result<(), Option<ErrorKind>> {
        if self.problem.is_some() {
            return Err(None);
        }
        for (index, &byte) in bytes.iter().enumerate() {
            self.skip_unexpecting(now);
            if let Some(Step { expected: Expected::Error(kind), .. }) = self.script.get(self.step) {
                self.next_step(now);
                // A write that fails has written nothing, so this is its first byte or its last.
                return Err(Some(*kind));
            }
            self.written.push(byte);
            self.compare(now);
            if self.problem.is_some() {
                self.complete_problem(&bytes[index + 1..]);
                return Err(None);
            }
        }
        self.skip_unexpecting(now);
        self.reader.wake();
        Ok(())
    }

    /// The steps that expect nothing begin by themselves.
    fn skip_unexpecting(&mut self, now: u64) {
        while let Some(Step { expected: Expected::Nothing, .. }) = self.script.get(self.step) {
            self.next_step(now);
        }
    }

    /// An expectation is met: what the step gives out is due.
    fn next_step(&mut self, now: u64) {
        self.written.clear();
        // What is still to be given out comes first, and this after it.
        if self.output == (self.step, 0, 0) {
            self.since = now;
        }
        self.step += 1;
    }

    /// Compares what was written for the current step with what is expected.
    fn compare(&mut self, now: u64) {
        let written = self.written.bytes();
        let Some(step) = self.script.get(self.step) else {
            if !self.keep_house() {
                let written = self.written.clone();
                self.fail(Problem::Unexpected { written });
            }
            return;
        };
        let expected = match &step.expected {
            Expected::Bytes(bytes) => bytes,
            Expected::Encoded(line) => &line[..],
            Expected::Line(start) => {
                let common = start.len().min(written.len());
                if written[..common] == start[..common] {
                    if written.len() >= start.len() && written.ends_with(b"\r\n") {
                        self.next_step(now);
                    }
                    return;
                }
                // Another line: told as any difference.
                start
            }
            Expected::BringUp(profile) => return self.bring_up(now, profile),
            &Expected::Invalid(error) => return self.fail(Problem::Invalid { step: self.step, error }),
            // Both have been dealt with.
            Expected::Nothing | Expected::Error(_) => return,
        };
        if expected.starts_with(written) {
            if expected.len() == written.len() {
                self.next_step(now);
            }
        } else if !self.keep_house() {
            let written = self.written.clone();
            self.fail(Problem::Different { step: self.step, written });
        }
    }

    /// Whether what was written is the driver's own business, so that it is answered without the script.
    fn keep_house(&mut self) -> bool {
        let written = self.written.bytes();
        let Some((command, answer)) = HOUSEKEEPING.iter().find(|(command, _)| command.starts_with(written)) else {
            return false;
        };
        if written.len() == command.len() {
            self.own = answer;
            self.written.clear();
        }
        true
    }

    fn bring_up(&mut self, now: u64, profile: &'static Profile) {
        let written = self.written.bytes();
        if written == b"+++" {
            self.written.clear();
            return;
        }
        let Some(line) = written.strip_suffix(b"\r\n") else { return };
        let sets = |line: &[u8]| profile.bring_up.iter().position(|step| step.commands[0].as_bytes() == line);
        match line {
            b"AT" => self.own = OK,
            b"AT+RST" => self.own = RESTARTED,
            line => match sets(line) {
                Some(index) => {
                    self.own =
                        if profile.bring_up[index].sets == Sets::Firmware { version(profile.family) } else { OK };
                    if index + 1 == profile.bring_up.len() {
                        self.next_step(now);
                    }
                }
                None => {
                    let written = self.written.clone();
                    return self.fail(Problem::Different { step: self.step, written });
                }
            },
        }
        self.written.clear();
    }

    /// The rest of the line that was wrong, so that one sees the whole of it.
    fn complete_problem(&mut self, rest: &[u8]) {
        if let Some(Problem::Different { written, .. } | Problem::Unexpected { written }) = &mut self.problem {
            for &byte in rest {
                written.push(byte);
                if written.bytes().ends_with(b"\r\n") {
                    break;
                }
            }
        }
    }

    /// What a read at `now` would bring.
    fn next(&mut self, now: u64) -> Next {
        self.skip_unexpecting(now);
        if self.problem.is_some() {
            return Next::Failed;
        }
        if !self.own.is_empty() {
            return Next::Own;
        }
        loop {
            let (step, piece, position) = self.output;
            if position == 0 && !self.injected.is_empty() {
                return Next::Injected;
            }
            if step >= self.step {
                return Next::Nothing(None);
            }
            match self.script[step].pieces.get(piece) {
                None => self.output = (step + 1, 0, 0),
                Some(current) => {
                    let due = self.since + current.delay.as_micros();
                    let waits = position == 0 && now < due;
                    return if waits { Next::Nothing(Some(due)) } else { Next::Piece };
                }
            }
        }
    }

    /// Whether a read at `now` brings something, be it an error.
    pub(super) fn is_ready(&mut self, now: u64) -> bool {
        !matches!(self.next(now), Next::Nothing(_))
    }

    /// The firmware reads into a buffer that is not empty.
    pub(super) fn read(&mut self, now: u64, buffer: &mut [u8]) -> Given {
        match self.next(now) {
            Next::Failed => Given::Failed,
            Next::Nothing(due) => Given::Nothing(due),
            Next::Own => Given::Bytes(take(&mut self.own, buffer)),
            Next::Injected => {
                let count = self.injected.front_mut().map_or(0, |bytes| take(bytes, buffer));
                if self.injected.front().is_some_and(|bytes| bytes.is_empty()) {
                    self.injected.pop_front();
                }
                Given::Bytes(count)
            }
            Next::Piece => self.read_piece(buffer),
        }
    }

    fn read_piece(&mut self, buffer: &mut [u8]) -> Given {
        let (step, piece, position) = self.output;
        let current = self.script[step].pieces[piece];
        // The next delay counts from when this piece was due, however late it is read.
        let due = if position == 0 { self.since + current.delay.as_micros() } else { self.since };
        let bytes = match current.content {
            Content::Error(kind) => {
                self.next_piece(due);
                return Given::Error(kind);
            }
            Content::Bytes(bytes) => bytes,
        };
        let mut rest = &bytes[position..];
        let limit = buffer.len().min(self.script[step].chunk);
        let count = take(&mut rest, &mut buffer[..limit]);
        self.since = due;
        self.output.2 += count;
        if rest.is_empty() {
            self.next_piece(due);
        }
        Given::Bytes(count)
    }

    const fn next_piece(&mut self, due: u64) {
        self.since = due;
        self.output = (self.output.0, self.output.1 + 1, 0);
    }
}

/// What a module of this kind says to `AT+GMR`.
const fn version(family: Family) -> &'static [u8] {
    match family {
        Family::EspAt => b"AT version:3.4.0.0(mock)\r\nSDK version:v5.0\r\nBin version:3.4.0(mock)\r\n\r\nOK\r\n",
        Family::Esp8266Idf => b"AT version:2.2.1.0(mock - ESP8266)\r\nSDK version:v3.4\r\n\r\nOK\r\n",
        Family::Esp32V1 => b"AT version:1.1.2.0(mock)\r\nSDK version:v3.0.7\r\n\r\nOK\r\n",
        Family::Esp8266Nonos => b"AT version:1.7.4.0(mock)\r\nSDK version:3.0.4(mock)\r\n\r\nOK\r\n",
        Family::WizFi360 => b"AT version:1.1.1.7(mock)\r\nSDK version:3.2.0(a0ffff9f)\r\n\r\nOK\r\n",
    }
}

/// Moves bytes from the front of `from` to `buffer`.
fn take(from: &mut &[u8], buffer: &mut [u8]) -> usize {
    let count = from.len().min(buffer.len());
    let (first, rest) = from.split_at(count);
    buffer[..count].copy_from_slice(first);
    *from = rest;
    count
}
