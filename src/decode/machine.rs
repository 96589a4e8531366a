//! The byte machine: tells lines, prompts and counted payloads apart.

use core::net::{IpAddr, SocketAddr};

use heapless::Vec;

use super::commands::Fit;
use super::{Data, Decoder, Item, MAX_LINE, Sink, counted, line as shape};
use crate::at::{Fields, parse_unsigned};
use crate::engine::classify::{Meaning, classify};
use crate::engine::header::{self, AddressShape, DataHeader};

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Line,
    /// A `+CIPRECVDATA` head whose end cannot be told yet; `from` is where an address or data begins.
    Undecided {
        len: u32,
        from: usize,
    },
    /// A payload of `len` bytes, before which a blank may stand that is not counted.
    Blank {
        len: u32,
    },
    Payload {
        left: u32,
    },
}

/// Noise since the last item that was none.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) active: bool,
    len: u64,
    /// Bytes of line ends after it so far.
    ends: u64,
    /// It looks like the text of a boot.
    pub(super) boot: bool,
    /// NUL bytes at the start of a line, not yet given out.
    nuls: u64,
}

impl Run {
    pub(super) const fn new() -> Self {
        Self { active: false, len: 0, ends: 0, boot: false, nuls: 0 }
    }
}

/// How much of a line that is too long is kept, to find a `ready` at its end.
const TAIL: usize = 8;

/// The CR LF that firmware prints before `ready`.
const BEFORE_READY: u64 = 2;

impl Decoder<'_> {
    /// Takes the next bytes of the log.
    pub fn feed(&mut self, bytes: &[u8], sink: Sink<'_>) {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            at += match self.mode {
                Mode::Line => self.feed_line(rest, sink),
                Mode::Undecided { len, from } => {
                    self.feed_undecided(len, from, rest[0], sink);
                    1
                }
                Mode::Blank { len } => {
                    self.mode = Mode::Payload { left: len };
                    usize::from(rest[0] == b' ')
                }
                Mode::Payload { left } => {
                    let taken = rest.len().min(left as usize);
                    sink(Item::Payload(&rest[..taken]));
                    let left = left - taken as u32;
                    self.mode = if left == 0 { Mode::Line } else { Mode::Payload { left } };
                    taken
                }
            };
        }
    }

    /// The log ends here: gives out what waited for more. The decoder can then take another log of the same session.
    pub fn finish(&mut self, sink: Sink<'_>) {
        if let Mode::Undecided { len, from } = self.mode {
            self.decide_against(len, from, sink);
        }
        self.flush_nuls(false, sink);
        if !self.line.is_empty() {
            self.complete_line(0, sink);
        }
        self.flush_echo(sink);
        self.end_run(false, sink);
        self.mode = Mode::Line;
        self.tail = false;
    }

    fn feed_line(&mut self, bytes: &[u8], sink: Sink<'_>) -> usize {
        for (at, &byte) in bytes.iter().enumerate() {
            let start = self.line.is_empty() && !self.tail;
            match byte {
                b'\n' => {
                    self.flush_nuls(false, sink);
                    self.complete_line(1, sink);
                    return at + 1;
                }
                b'\r' | b' ' | b'\t' if start => {
                    self.flush_nuls(false, sink);
                    self.run.ends += 1;
                }
                0 if start => self.run.nuls += 1,
                // A token of its own: what follows in the same line is something else.
                b'>' if start && !self.run.boot && !self.booting => {
                    self.flush_nuls(false, sink);
                    self.flush_echo(sink);
                    self.emit(Item::Prompt, sink);
                    self.commands.prompt();
                }
                _ => {
                    self.flush_nuls(true, sink);
                    if self.line.is_full() {
                        self.shorten(sink);
                    }
                    // There is room now.
                    let _ = self.line.push(byte);
                    if matches!(byte, b':' | b',') && !self.tail && self.complete_head(sink) {
                        return at + 1;
                    }
                }
            }
        }
        bytes.len()
    }

    /// Gives out the begin of a line that is too long.
    fn shorten(&mut self, sink: Sink<'_>) {
        let line = core::mem::take(&mut self.line);
        if !self.tail && shape::name(&line).is_some() {
            self.information(&line, &line, sink);
            self.tail = true;
            return;
        }
        let (begin, end) = line.split_at(line.len() - TAIL);
        self.noise(begin, true, sink);
        self.line.extend_from_slice(end).unwrap_or_default();
        self.tail = true;
    }

    /// `end` is the size of the LF.
    fn complete_line(&mut self, end: u64, sink: Sink<'_>) {
        let raw = core::mem::take(&mut self.line);
        let kept = raw.iter().rposition(|byte| !matches!(byte, b'\r' | b' ' | b'\t' | 0)).map_or(0, |last| last + 1);
        let (text, trimmed) = raw.split_at(kept);
        if core::mem::take(&mut self.tail) {
            match text.strip_suffix(b"ready") {
                Some(_) if classify_or_none(text) == Some(Meaning::Ready) => self.ready(text, sink),
                _ if text.is_empty() => {}
                _ => self.noise(text, false, sink),
            }
        } else if text.contains(&b'\r') {
            let mut clean: Vec<u8, MAX_LINE> = Vec::new();
            // It is not longer than what it is made of.
            text.iter().filter(|byte| **byte != b'\r').for_each(|byte| clean.push(*byte).unwrap_or_default());
            self.whole_line(&clean, text, sink);
        } else if !text.is_empty() {
            self.whole_line(text, text, sink);
        }
        self.run.ends += trimmed.len() as u64 + end;
    }

    /// Looks whether the line so far is the head of a payload.
    fn complete_head(&mut self, sink: Sink<'_>) -> bool {
        if self.line[0] == b'+' {
            if self.line.starts_with(b"+CIPRECVDATA") {
                return self.receive_data(sink);
            }
            return self.counted_head(0, sink);
        }
        // Printed into an echo.
        if self.line.starts_with(b"AT")
            && let Some(plus) = self.line.iter().rposition(|&byte| byte == b'+').filter(|&plus| plus > 2)
            && counted::head(&self.line[plus..]).is_some()
            && self.commands_fit(plus)
        {
            self.keep_partial(plus);
            return self.counted_head(plus, sink);
        }
        false
    }

    fn commands_fit(&self, end: usize) -> bool {
        self.commands.sent.is_empty() || self.commands.fit(&self.line[..end]) != Fit::No
    }

    fn keep_partial(&mut self, end: usize) {
        self.partial.clear();
        let end = end.min(self.partial.capacity());
        self.partial.extend_from_slice(&self.line[..end]).unwrap_or_default();
    }

    fn counted_head(&mut self, from: usize, sink: Sink<'_>) -> bool {
        if counted::head(&self.line[from..]).is_none() {
            return false;
        }
        let line = core::mem::take(&mut self.line);
        let raw = &line[from..];
        if let Some(head) = counted::head(raw) {
            let counted::Head { via, link, len, remote, topic } = head;
            self.flush_echo_before(via, sink);
            if self.commands.current_text().is_some_and(|command| shape::answers(via, command)) {
                self.commands.promote();
            }
            self.begin_data(Data { via, link, len, remote, topic, raw }, sink);
            // The header lines that HEAD gets stand behind a blank.
            let other = |command: &[u8]| !command.starts_with(b"AT+HTTPCLIENT=1,");
            if via == b"+HTTPCLIENT" && len > 0 && !self.commands.current_text().is_some_and(other) {
                self.mode = Mode::Blank { len };
            }
        }
        true
    }

    fn begin_data(&mut self, data: Data<'_>, sink: Sink<'_>) {
        self.mode = if data.len == 0 { Mode::Line } else { Mode::Payload { left: data.len } };
        self.emit(Item::Data(data), sink);
    }

    fn receive_data(&mut self, sink: Sink<'_>) -> bool {
        // Where addresses are on, old firmware may still leave them out: the shape decides.
        let with_address = self.peer_address.and_then(|on| (!on).then_some(header::Fact::No));
        match header::receive_data(&self.line, with_address) {
            DataHeader::Partial => false,
            DataHeader::Complete(len) => {
                self.begin_receive_data(len, self.line.len(), sink);
                self.line.clear();
                true
            }
            DataHeader::Undecided(len) => {
                self.mode = Mode::Undecided { len, from: self.line.len() };
                true
            }
        }
    }

    /// `end` is where the head ends in the line buffer.
    fn begin_receive_data(&mut self, len: u32, end: usize, sink: Sink<'_>) {
        self.flush_echo(sink);
        self.commands.promote();
        let line = self.line.clone();
        let raw = &line[..end];
        let via = &b"+CIPRECVDATA"[..];
        let rest = &raw[via.len()..];
        let asked = self.commands.current_text().and_then(|command| {
            let mut fields = command.strip_prefix(b"AT+CIPRECVDATA=")?.split(|&byte| byte == b',');
            let link = fields.next().and_then(|field| parse_unsigned(field.trim_ascii()));
            fields.next().and(link)
        });
        let link = match rest {
            [b'=', fields @ ..] => Fields::new(fields).next().and_then(|field| field.unsigned().ok()),
            _ => asked,
        };
        let remote = rest.iter().position(|&byte| byte == b',').and_then(|comma| remote(&rest[comma + 1..]));
        self.begin_data(Data { via, link, len, remote, topic: None, raw }, sink);
    }

    fn feed_undecided(&mut self, len: u32, from: usize, byte: u8, sink: Sink<'_>) {
        let fits = self.line.push(byte).is_ok();
        let held = &self.line[from..];
        // Where addresses are on, one without quotes is one, too.
        let bare = held.split(|&byte| byte == b',').next().and_then(ip).filter(|_| self.peer_address == Some(true));
        let shape = if fits { header::address_shape(held, bare) } else { AddressShape::No };
        match shape {
            AddressShape::Perhaps => {}
            AddressShape::Yes => {
                self.begin_receive_data(len, self.line.len(), sink);
                self.line.clear();
            }
            AddressShape::No => self.decide_against(len, from, sink),
        }
    }

    /// What was taken for an address is data.
    fn decide_against(&mut self, len: u32, from: usize, sink: Sink<'_>) {
        let mut held: Vec<u8, 80> = Vec::new();
        // An address is shorter.
        held.extend_from_slice(&self.line[from..]).unwrap_or_default();
        self.begin_receive_data(len, from, sink);
        self.line.clear();
        self.feed(&held, sink);
    }

    pub(super) fn flush_nuls(&mut self, continues: bool, sink: Sink<'_>) {
        const ZEROS: [u8; 64] = [0; 64];
        while self.run.nuls > 0 {
            let count = self.run.nuls.min(ZEROS.len() as u64);
            self.run.nuls -= count;
            self.noise(&ZEROS[..count as usize], continues || self.run.nuls > 0, sink);
        }
    }

    pub(super) fn noise(&mut self, bytes: &[u8], continues: bool, sink: Sink<'_>) {
        let run = &mut self.run;
        run.len = if run.active { run.len + run.ends } else { 0 } + bytes.len() as u64;
        run.ends = 0;
        run.active = true;
        sink(Item::Noise { bytes, continues });
    }

    pub(super) fn end_run(&mut self, ready: bool, sink: Sink<'_>) {
        let run = core::mem::replace(&mut self.run, Run::new());
        self.run.nuls = run.nuls;
        if run.active {
            if ready {
                // The CR LF in front of `ready` is part of that line.
                sink(Item::Boot { len: run.len + run.ends.saturating_sub(BEFORE_READY) });
            } else if run.boot {
                sink(Item::Boot { len: run.len });
            } else {
                sink(Item::Unknown { len: run.len });
            }
        }
    }

    pub(super) fn emit(&mut self, item: Item<'_>, sink: Sink<'_>) {
        self.end_run(false, sink);
        sink(item);
    }
}

/// What [`classify`] says of a line that may be empty.
pub(super) fn classify_or_none(line: &[u8]) -> Option<Meaning> {
    (!line.is_empty()).then(|| classify(line))
}

fn ip(text: &[u8]) -> Option<IpAddr> {
    core::str::from_utf8(text).ok()?.parse().ok()
}

/// `"<address>",<port>,`, with or without quotes.
fn remote(text: &[u8]) -> Option<SocketAddr> {
    let mut fields = Fields::new(text.strip_suffix(b",")?);
    let address = fields.next()?.address().ok()?;
    let port = fields.next()?.unsigned().ok()?;
    Some(SocketAddr::new(address, u16::try_from(port).ok()?))
}
