//! Which command a line is the answer to.

use heapless::Vec;

use super::known::{is_instant, is_transparent, prompts_at_once, restarts};
use super::{BusyRule, Sent};
use crate::at::MAX_COMMAND;

/// A command: one that the host is known to have sent, or one that was only seen as an echo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Sent(usize),
    Copy(usize),
}

/// What a final says, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ok,
    Error,
    /// `SEND OK` and the like, which only data can have.
    Send,
    Published,
}

/// How an echo fits what the host sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    Whole,
    Begin,
    No,
}

/// How far ahead an echo is looked for.
const WINDOW: usize = 16;

#[derive(Debug)]
pub(super) struct Commands<'t> {
    pub(super) sent: &'t [Sent<'t>],
    pub(super) busy_rule: BusyRule,
    pub(super) lost_on_restart: bool,
    /// The first of `sent` that has not had its end.
    cursor: usize,
    /// Later ones that were refused.
    refused: Vec<usize, 8>,
    running: Option<Which>,
    /// Echoed while `running` has no end: refused if a busy line follows, else the one that runs.
    candidate: Option<Which>,
    last: Option<Which>,
    /// `last` ended with a plain `OK`, after which a prompt may come.
    revivable: bool,
    /// The prompt that comes next is that of transparent mode, in which nothing has an end.
    transparent: bool,
    /// The running command has prompted for data after its `OK`.
    revived: bool,
    /// The running command has prompted.
    writing: bool,
    echoes: bool,
    copies: [Vec<u8, MAX_COMMAND>; 4],
    doubts: u32,
}

impl<'t> Commands<'t> {
    pub(super) const fn new() -> Self {
        Self {
            sent: &[],
            busy_rule: BusyRule::Next,
            lost_on_restart: false,
            cursor: 0,
            refused: Vec::new(),
            running: None,
            candidate: None,
            last: None,
            revivable: false,
            transparent: false,
            revived: false,
            writing: false,
            echoes: false,
            copies: [const { Vec::new() }; 4],
            doubts: 0,
        }
    }

    pub(super) fn doubts(&self) -> u32 {
        let open = self.sent[self.cursor.min(self.sent.len())..].iter().filter(|sent| matches!(sent, Sent::Command(_)));
        let open = open.count().saturating_sub(self.refused.len());
        self.doubts.saturating_add(u32::try_from(open).unwrap_or(u32::MAX))
    }

    pub(super) fn text(&self, which: Which) -> &[u8] {
        match which {
            Which::Sent(index) => match self.sent.get(index) {
                Some(Sent::Command(text)) => text,
                _ => &[],
            },
            Which::Copy(slot) => &self.copies[slot],
        }
    }

    /// Nothing says which command runs.
    pub(super) const fn is_blind(&self) -> bool {
        self.sent.is_empty() && !self.echoes
    }

    /// The data of the last command is still due.
    fn raw_is_due(&self) -> bool {
        matches!(self.sent.get(self.cursor), Some(Sent::Raw(_)))
    }

    /// The command that runs, or that runs if anything does.
    pub(super) fn current(&self) -> Option<Which> {
        if let Some(which) = self.candidate.or(self.running) {
            return Some(which);
        }
        if self.raw_is_due() {
            return self.last;
        }
        let next = matches!(self.sent.get(self.cursor), Some(Sent::Command(_)));
        (next && !self.echoes).then_some(Which::Sent(self.cursor))
    }

    pub(super) fn current_text(&self) -> Option<&[u8]> {
        self.current().map(|which| self.text(which))
    }

    /// A command is known to run.
    pub(super) const fn is_running(&self) -> bool {
        self.running.is_some() || self.candidate.is_some()
    }

    /// Commands that may be echoed next.
    fn upcoming(&self) -> impl Iterator<Item = (usize, &'t [u8])> + use<'t> {
        let end = self.sent.len().min(self.cursor + WINDOW);
        let sent = self.sent;
        (self.cursor.min(end)..end).filter_map(move |index| match sent[index] {
            Sent::Command(text) => Some((index, text)),
            Sent::Raw(_) => None,
        })
    }

    pub(super) fn fit(&self, text: &[u8]) -> Fit {
        if self.upcoming().any(|(_, command)| command == text) {
            Fit::Whole
        } else if self.upcoming().any(|(_, command)| command.starts_with(text)) {
            Fit::Begin
        } else {
            Fit::No
        }
    }

    /// The module has repeated a command.
    pub(super) fn echo(&mut self, text: &[u8]) {
        self.echoes = true;
        self.revivable = false;
        self.promote();
        let busy = self.running.or(self.candidate);
        let taken = |index| busy == Some(Which::Sent(index));
        let found = self.upcoming().find(|&(index, command)| command == text && !taken(index));
        let which = match found {
            Some((index, _)) => {
                if let Some(place) = self.refused.iter().position(|&refused| refused == index) {
                    // A refused command that is sent again stands there twice: prefer the second.
                    let again = self
                        .upcoming()
                        .find(|&(later, command)| command == text && later > index && !self.refused.contains(&later));
                    match again {
                        Some((later, _)) => Which::Sent(later),
                        None => {
                            self.refused.swap_remove(place);
                            self.doubts += 1;
                            Which::Sent(index)
                        }
                    }
                } else {
                    Which::Sent(index)
                }
            }
            None => self.copy(text),
        };
        if self.running.is_some() {
            self.candidate = Some(which);
        } else {
            self.start(which);
        }
    }

    fn copy(&mut self, text: &[u8]) -> Which {
        let used = [self.running, self.candidate, self.last];
        let slot = (0..self.copies.len()).find(|&slot| !used.contains(&Some(Which::Copy(slot)))).unwrap_or(0);
        self.copies[slot].clear();
        // A longer one is no command, and is known by its begin.
        let _ = self.copies[slot].extend_from_slice(&text[..text.len().min(MAX_COMMAND)]);
        Which::Copy(slot)
    }

    fn start(&mut self, which: Which) {
        self.running = Some(which);
        self.writing = false;
        self.revived = false;
        if let Which::Sent(index) = which
            && index > self.cursor
        {
            // What lies between has no end in the log.
            self.cursor = index;
        }
    }

    /// The command that was echoed last is the one that runs: what comes now is not a refusal.
    pub(super) fn promote(&mut self) {
        if let Some(which) = self.candidate.take() {
            self.start(which);
        }
    }

    /// A line with this name is an answer to a command some places on: the ends of those before are missing.
    pub(super) fn resync(&mut self, fits: impl Fn(&[u8]) -> bool) {
        if self.echoes || self.writing && !self.revived {
            return;
        }
        if let Some((index, _)) = self.upcoming().take(3).find(|(_, command)| fits(command)) {
            self.start(Which::Sent(index));
            self.running = None;
            self.doubts += 1;
        }
    }

    /// The module waits for data.
    pub(super) fn prompt(&mut self) {
        self.promote();
        if core::mem::take(&mut self.transparent) {
            return;
        }
        if self.running.is_none() {
            let head = self.current();
            let alone = head.is_some_and(|which| {
                let text = self.text(which);
                prompts_at_once(text) || matches!(which, Which::Sent(index) if self.raw_follows(index))
            });
            if self.raw_is_due() || self.revivable && !alone {
                self.running = self.last;
                self.revived = true;
            } else {
                self.running = head;
            }
        }
        self.revivable = false;
        self.writing = self.running.is_some();
        // Old firmware enters transparent mode with the prompt alone.
        if let Some(which) = self.running.filter(|&which| is_transparent(self.text(which))) {
            self.finish(Some(which), Kind::Error);
        }
    }

    fn raw_follows(&self, index: usize) -> bool {
        matches!(self.sent.get(index + 1), Some(Sent::Raw(_)))
    }

    /// The command that a final belongs to.
    pub(super) fn closing(&mut self, kind: Kind) -> Option<Which> {
        self.promote();
        let current = self.current();
        let sends = |which: Which| {
            let text = self.text(which);
            let contains = |word: &[u8]| text.windows(word.len()).any(|part| part == word);
            contains(b"SEND") || contains(b"HTTPCP") || contains(b"MQTTPUBRAW")
        };
        match kind {
            Kind::Send | Kind::Published => {
                if let Some(which) = current.filter(|&which| self.writing || self.raw_is_due() || sends(which)) {
                    return Some(which);
                }
                // Its prompt is missing, or nobody listed its data.
                if self.revivable {
                    return self.last.filter(|&which| sends(which));
                }
                None
            }
            Kind::Ok if self.revived && current.is_some_and(|which| self.text(which).starts_with(b"AT+CIPSEND")) => {
                // It has had its OK: its SEND OK is missing.
                self.end_data();
                self.current()
            }
            Kind::Ok | Kind::Error => current,
        }
    }

    fn end_data(&mut self) {
        self.running = None;
        self.writing = false;
        self.revived = false;
        self.skip_raw();
    }

    /// `which` has had its final.
    pub(super) fn finish(&mut self, which: Option<Which>, kind: Kind) {
        let Some(which) = which else {
            self.doubts += u32::from(!self.sent.is_empty());
            return;
        };
        let text = self.text(which);
        let echo_off = kind == Kind::Ok && text == b"ATE0";
        let transparent = is_transparent(text);
        let plain = kind == Kind::Ok && !self.writing && !self.raw_is_due();
        if let Which::Sent(index) = which
            && index >= self.cursor
        {
            self.cursor = index + 1;
        }
        if !plain || transparent {
            self.skip_raw();
        }
        self.skip_refused();
        self.running = None;
        self.writing = false;
        self.revived = false;
        self.revivable = plain && !transparent;
        self.transparent = plain && transparent;
        self.last = Some(which);
        if echo_off {
            self.echoes = false;
        }
    }

    fn skip_raw(&mut self) {
        while self.raw_is_due() {
            self.cursor += 1;
        }
    }

    fn skip_refused(&mut self) {
        while let Some(place) = self.refused.iter().position(|&refused| refused <= self.cursor) {
            let index = self.refused.swap_remove(place);
            if index == self.cursor {
                self.cursor += 1;
                self.skip_raw();
            }
        }
    }

    /// The command that a busy line refuses.
    pub(super) fn refuse(&mut self) -> Option<Which> {
        if let Some(which) = self.candidate.take() {
            if let Which::Sent(index) = which {
                self.refuse_sent(index);
            }
            return Some(which);
        }
        if self.writing && (self.sent.is_empty() || self.busy_rule != BusyRule::Next) {
            // More data than announced.
            return self.running;
        }
        let current = self.current();
        if self.sent.is_empty() {
            return current;
        }
        match self.busy_rule {
            BusyRule::Nothing => current,
            BusyRule::Running => {
                self.running = None;
                if let Some(Which::Sent(index)) = current
                    && index >= self.cursor
                {
                    self.cursor = index + 1;
                    self.skip_raw();
                    self.skip_refused();
                }
                current
            }
            BusyRule::Next => {
                let running = match current {
                    Some(Which::Sent(index)) => Some(index),
                    _ => None,
                };
                let next = self.upcoming().map(|(index, _)| index);
                let next = next.into_iter().find(|index| Some(*index) != running && !self.refused.contains(index));
                match next {
                    Some(index) => {
                        // A command that is answered at once cannot be in the way of another one.
                        let instant = current.is_some_and(|which| is_instant(self.text(which)));
                        self.doubts += u32::from(instant);
                        self.refuse_sent(index);
                        Some(Which::Sent(index))
                    }
                    None => current,
                }
            }
        }
    }

    fn refuse_sent(&mut self, index: usize) {
        if self.refused.push(index).is_err() {
            self.doubts += 1;
        }
        if self.running.is_none() {
            return;
        }
        self.skip_refused();
    }

    /// The module has started: nothing runs, and echoes are on.
    pub(super) fn restarted(&mut self) {
        let before = self.last.is_some() || self.running.is_some();
        self.candidate = None;
        self.end_data();
        self.revivable = false;
        self.transparent = false;
        if let Some(which @ Which::Sent(index)) = self.current() {
            // Its OK got lost in the restart.
            let asked = restarts(self.text(which));
            let expected = self.last.is_some_and(|last| restarts(self.text(last)));
            if asked || self.lost_on_restart && before && !expected {
                self.cursor = index + 1;
                self.skip_raw();
                self.skip_refused();
            }
        }
    }
}
