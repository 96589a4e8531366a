//! Echoes, into which the module may print something else.

use heapless::Vec;

use super::commands::Fit;
use super::machine::classify_or_none;
use super::{Decoder, Item, Sink, line as shape};
use crate::at::MAX_COMMAND;
use crate::engine::classify::Meaning;

impl Decoder<'_> {
    pub(super) fn echo(&mut self, text: &[u8], sink: Sink<'_>) {
        self.emit(Item::Echo(text), sink);
        self.booting = false;
        self.commands.echo(text);
    }

    /// Gives out an echo whose rest has not come.
    pub(super) fn flush_echo(&mut self, sink: Sink<'_>) {
        if !self.partial.is_empty() {
            let partial = core::mem::take(&mut self.partial);
            self.echo(&partial, sink);
        }
    }

    /// The echo was whole, if an answer of this name is one to it.
    pub(super) fn flush_echo_before(&mut self, name: &[u8], sink: Sink<'_>) {
        if shape::answers(name, &self.partial) {
            self.flush_echo(sink);
        }
    }

    pub(super) fn echo_line(&mut self, line: &[u8], sink: Sink<'_>) -> bool {
        if classify_or_none(line) != Some(Meaning::Echo) {
            return false;
        }
        self.flush_echo(sink);
        let listed = !self.commands.sent.is_empty();
        let fit = if listed { self.commands.fit(line) } else { Fit::No };
        let broken = fit == Fit::Begin || !listed && seems_broken(line);
        if fit != Fit::Whole
            && let Some((begin, message)) = self.split_echo(&[], line)
        {
            // Before the echo is kept, so that it is not taken for its next part.
            self.whole_line(message, message, sink);
            self.set_partial(begin);
            if listed && self.commands.fit(begin) == Fit::Whole {
                self.flush_echo(sink);
            }
        } else if broken && line.len() <= self.partial.capacity() {
            self.set_partial(line);
        } else {
            self.echo(line, sink);
        }
        true
    }

    fn set_partial(&mut self, text: &[u8]) {
        self.partial.clear();
        self.partial.extend_from_slice(&text[..text.len().min(self.partial.capacity())]).unwrap_or_default();
    }

    /// Whether `line` is the next part of the echo that was broken off.
    pub(super) fn continue_echo(&mut self, line: &[u8], sink: Sink<'_>) -> bool {
        if self.partial.is_empty() {
            return false;
        }
        let mut joined = self.partial.clone();
        if joined.extend_from_slice(line).is_err() {
            return false;
        }
        if self.commands.sent.is_empty() {
            let plain = classify_or_none(line) == Some(Meaning::Information) && shape::name(line).is_none();
            if plain && shape::is_text(line) {
                self.partial.clear();
                self.echo(&joined, sink);
                return true;
            }
            return false;
        }
        match self.commands.fit(&joined) {
            Fit::Whole => {
                self.partial.clear();
                self.echo(&joined, sink);
                true
            }
            Fit::Begin => {
                self.partial = joined;
                true
            }
            Fit::No => {
                let partial = self.partial.clone();
                let Some((begin, message)) = self.split_echo(&partial, line) else { return false };
                let whole = partial.len() + begin.len();
                // The message must not be taken for the next part.
                self.partial.clear();
                self.whole_line(message, message, sink);
                self.set_partial(&joined[..whole]);
                true
            }
        }
    }

    /// Cuts a line into a part of an echo, which follows `before`, and a message that was printed after it.
    fn split_echo<'l>(&self, before: &[u8], line: &'l [u8]) -> Option<(&'l [u8], &'l [u8])> {
        // After `AT+`, which begins an echo as whole as a shorter one.
        let from = if before.is_empty() { 3 } else { 1 };
        let fits = |begin: &[u8]| {
            let mut text: Vec<u8, { MAX_COMMAND }> = Vec::new();
            text.extend_from_slice(before).is_ok()
                && text.extend_from_slice(begin).is_ok()
                && self.commands.fit(&text) != Fit::No
        };
        (from..line.len().min(MAX_COMMAND))
            .map(|at| line.split_at(at))
            .find(|(begin, message)| is_message(message) && (self.commands.sent.is_empty() || fits(begin)))
    }
}

/// A line that is a message beyond doubt.
fn is_message(line: &[u8]) -> bool {
    match classify_or_none(line) {
        // A link ID of two digits is one digit of the command and one of the link.
        Some(Meaning::Connect(link) | Meaning::Closed(link)) => link.is_none_or(|link| link < 5),
        Some(Meaning::StationConnected | Meaning::StationGotAddress | Meaning::StationDisconnected) => true,
        Some(Meaning::Notice(_)) => true,
        Some(Meaning::Noise) => line.starts_with(b"WIFI "),
        Some(Meaning::Information) => shape::name(line).is_some_and(shape::is_event),
        _ => false,
    }
}

/// A command line that cannot be whole.
fn seems_broken(line: &[u8]) -> bool {
    let quotes = line.iter().filter(|byte| **byte == b'"').count();
    line == b"AT+" || matches!(line.last(), Some(b',' | b'=')) || quotes % 2 == 1 && !line.contains(&b'\\')
}
