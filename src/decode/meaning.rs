//! What a whole line is, given what runs.

use super::commands::Kind;
use super::known::{is_instant, restarts};
use super::machine::classify_or_none;
use super::{Decoder, Family, Item, Sink, Urc, line as shape};
use crate::at::starts_with_ignore_case;
use crate::engine::classify::{FinalResult, Meaning};

impl Decoder<'_> {
    /// `raw` is `line` with the CRs in its middle.
    pub(super) fn whole_line(&mut self, line: &[u8], raw: &[u8], sink: Sink<'_>) {
        if self.continue_echo(line, sink) || line.starts_with(b"AT") && self.echo_line(line, sink) {
            return;
        }
        match classify_or_none(line).unwrap_or(Meaning::Noise) {
            Meaning::Final(result) => self.final_result(result, line, sink),
            Meaning::Busy => {
                self.flush_echo(sink);
                let refused = self.commands.refuse();
                self.end_run(false, sink);
                sink(Item::Final { result: line, command: refused.map(|which| self.commands.text(which)) });
            }
            Meaning::ErrorCode => {
                let name = shape::name(line).unwrap_or(b"ERR CODE");
                self.emit(Item::Urc(Urc { name, raw: line, link: None, avail: None }), sink);
            }
            Meaning::Ready => self.ready(line, sink),
            Meaning::Connect(_) | Meaning::Closed(_) => self.emit(Item::Urc(shape::link_event(line)), sink),
            Meaning::StationConnected | Meaning::StationGotAddress | Meaning::StationDisconnected => {
                self.emit(Item::Urc(Urc { name: line, raw: line, link: None, avail: None }), sink);
            }
            Meaning::Notice(_) | Meaning::Noise => self.known_noise(line, raw, sink),
            Meaning::Echo | Meaning::Reason(_) | Meaning::Information => self.information(line, raw, sink),
        }
    }

    /// Lines that the driver's receiver knows and drops.
    fn known_noise(&mut self, line: &[u8], raw: &[u8], sink: Sink<'_>) {
        if line.starts_with(b"+IPD") {
            match shape::notice(line) {
                Some(urc) => self.emit(Item::Urc(urc), sink),
                None => self.noise(raw, false, sink),
            }
        } else if starts_with_ignore_case(line, b"Recv") {
            if self.commands.current().is_some() || self.commands.is_blind() {
                self.response(line, sink);
            } else {
                self.emit(Item::Urc(Urc { name: &line[..4], raw: line, link: None, avail: None }), sink);
            }
        } else if starts_with_ignore_case(line, b"WIFI ") || starts_with_ignore_case(line, b"Will ") {
            self.emit(Item::Urc(Urc { name: line, raw: line, link: None, avail: None }), sink);
        } else {
            self.information(line, raw, sink);
        }
    }

    fn final_result(&mut self, result: FinalResult, line: &[u8], sink: Sink<'_>) {
        self.flush_echo(sink);
        let kind = match result {
            FinalResult::Ok | FinalResult::SetOk | FinalResult::WriteOk => Kind::Ok,
            FinalResult::Error | FinalResult::Fail => Kind::Error,
            FinalResult::SendOk | FinalResult::SendFail | FinalResult::SendCanceled => Kind::Send,
            FinalResult::Published | FinalResult::PublishFailed => Kind::Published,
        };
        let which = self.commands.closing(kind);
        if kind == Kind::Published && which.is_none() && !self.commands.is_blind() {
            let name = shape::name(line).unwrap_or(line);
            self.emit(Item::Urc(shape::event(name, line)), sink);
            return;
        }
        self.end_run(false, sink);
        self.booting = false;
        let command = which.map(|which| self.commands.text(which));
        sink(Item::Final { result: line, command });
        if result == FinalResult::Ok
            && let Some(command) = command
        {
            match command.strip_prefix(b"AT+CIPDINFO=") {
                Some(b"0") => self.peer_address = Some(false),
                Some(_) => self.peer_address = Some(true),
                None => {}
            }
            self.booting = restarts(command);
        }
        self.commands.finish(which, kind);
    }

    /// The module has started; `line` may hold noise in front of the word.
    pub(super) fn ready(&mut self, line: &[u8], sink: Sink<'_>) {
        self.flush_echo(sink);
        let (garbage, word) = line.split_at(line.len().saturating_sub(b"ready".len()));
        if !garbage.is_empty() {
            self.noise(garbage, false, sink);
        }
        self.end_run(true, sink);
        self.booting = false;
        self.peer_address = None;
        self.commands.restarted();
        sink(Item::Urc(Urc { name: word, raw: word, link: None, avail: None }));
    }

    /// A line that may be an answer, a message that is only known by its look, or nothing known.
    pub(super) fn information(&mut self, line: &[u8], raw: &[u8], sink: Sink<'_>) {
        if let Some(urc) = shape::segment(line).or_else(|| shape::words(line)) {
            return self.emit(Item::Urc(urc), sink);
        }
        let Some(name) = shape::name(line).filter(|_| !shape::is_ping(line)) else {
            return self.text(line, raw, sink);
        };
        self.flush_echo_before(name, sink);
        let answers = |command: &[u8]| shape::answers(name, command);
        let mut fits = self.commands.current_text().is_some_and(answers);
        let event = shape::is_event(name);
        if !fits && !event && self.commands.current().is_some() {
            self.commands.resync(answers);
            fits = self.commands.current_text().is_some_and(answers);
            self.doubts += u32::from(!fits);
        }
        if fits || !event && self.commands.is_blind() {
            self.response(line, sink);
        } else {
            self.emit(Item::Urc(shape::event(name, line)), sink);
        }
    }

    /// A line without a name.
    fn text(&mut self, line: &[u8], raw: &[u8], sink: Sink<'_>) {
        self.run.boot |= shape::is_boot_text(line);
        if self.run.boot || self.booting || !shape::is_text(line) {
            return self.noise(raw, false, sink);
        }
        let arrow = line.windows(4).position(|part| part == b" -> ");
        if let Some(at) = arrow.filter(|_| self.family == Family::WizFi360) {
            // A received MQTT message: `<topic> -> <payload>`.
            return self.emit(Item::Urc(Urc { name: &line[at + 1..at + 3], raw: line, link: None, avail: None }), sink);
        }
        let running = self.commands.is_running();
        // Without echoes, a command that runs may not have been sent yet.
        let fits = |command: &[u8]| shape::answers_in_words(command) || shape::is_reason(line);
        let fits = self.commands.current_text().map_or(self.commands.is_blind(), fits);
        if running || !self.run.active && fits {
            self.doubts += u32::from(self.commands.current_text().is_some_and(is_instant));
            self.response(line, sink);
        } else {
            self.noise(raw, false, sink);
        }
    }

    fn response(&mut self, line: &[u8], sink: Sink<'_>) {
        self.flush_echo(sink);
        self.commands.promote();
        self.end_run(false, sink);
        sink(Item::ResponseLine { command: self.commands.current_text(), line });
    }
}
