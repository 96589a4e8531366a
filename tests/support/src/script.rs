//! A device that plays a script: it waits for bytes and answers with others.

use std::collections::VecDeque;
use std::time::Duration;

use crate::device::Device;

/// One step of a [`Script`].
enum Step {
    /// The host sends exactly this.
    Expect(Vec<u8>),
    /// The device sends this.
    Send(Vec<u8>),
    /// The device does nothing for that long.
    Pause(Duration),
}

/// A scripted module.
#[derive(Default)]
pub struct Script {
    steps: VecDeque<Step>,
    received: Vec<u8>,
    sending: VecDeque<u8>,
    /// When the pause at the front began.
    since: Option<Duration>,
    /// When the first step was looked at.
    failure: Option<String>,
}

impl Script {
    /// An empty script.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The host must send exactly `bytes` next.
    #[must_use]
    pub fn expect(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.steps.push_back(Step::Expect(bytes.as_ref().into()));
        self
    }

    /// The device sends `bytes`.
    #[must_use]
    pub fn send(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.steps.push_back(Step::Send(bytes.as_ref().into()));
        self
    }

    /// The device waits.
    #[must_use]
    pub fn pause(mut self, duration: Duration) -> Self {
        self.steps.push_back(Step::Pause(duration));
        self
    }

    /// A command line and its answer.
    #[must_use]
    pub fn command(self, command: &str, answer: impl AsRef<[u8]>) -> Self {
        self.expect(format!("{command}\r\n")).send(answer)
    }

    /// Puts further steps behind the ones that are left.
    pub fn extend(&mut self, more: Self) {
        self.steps.extend(more.steps);
    }

    /// Whether all steps were played.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.failure.is_none() && self.steps.is_empty() && self.sending.is_empty() && self.received.is_empty()
    }

    /// What the host did wrong.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    fn advance(&mut self, now: Duration) {
        while self.failure.is_none() {
            match self.steps.front() {
                Some(Step::Expect(expected)) => {
                    let count = expected.len().min(self.received.len());
                    if expected[..count] != self.received[..count] {
                        let expected = expected.escape_ascii();
                        let received = self.received.escape_ascii();
                        self.failure = Some(format!("expected \"{expected}\", got \"{received}\""));
                        return;
                    }
                    if count < expected.len() {
                        return;
                    }
                    self.received.drain(..count);
                }
                Some(Step::Send(bytes)) => self.sending.extend(bytes),
                Some(Step::Pause(duration)) => {
                    let since = *self.since.get_or_insert(now);
                    if now < since + *duration {
                        return;
                    }
                    self.since = None;
                }
                None => return,
            }
            self.steps.pop_front();
        }
    }
}

impl Device for Script {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
        self.advance(now);
    }

    fn poll(&mut self, now: Duration) {
        self.advance(now);
    }

    fn transmit(&mut self, now: Duration, out: &mut [u8]) -> usize {
        self.advance(now);
        let count = out.len().min(self.sending.len());
        for (place, byte) in out.iter_mut().zip(self.sending.drain(..count)) {
            *place = byte;
        }
        count
    }

    fn next_wake(&self) -> Option<Duration> {
        if let Some(failure) = &self.failure {
            panic!("the script was not followed: {failure}");
        }
        match self.steps.front() {
            _ if !self.sending.is_empty() => Some(Duration::ZERO),
            Some(Step::Pause(duration)) => Some(self.since.unwrap_or_default() + *duration),
            Some(Step::Send(_)) => Some(Duration::ZERO),
            _ => None,
        }
    }
}
