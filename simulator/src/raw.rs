//! Counted bytes behind a prompt, for commands that take data of their own.

use crate::command::Reply;
use crate::engine::{Job, Mode, PromptFor};
use crate::script::Point;
use crate::simulator::Simulator;

type Finish = Box<dyn FnOnce(&mut Simulator, Vec<u8>)>;

/// What a command waits for behind its prompt.
pub(crate) struct RawInput {
    need: usize,
    data: Vec<u8>,
    finish: Finish,
}

impl core::fmt::Debug for RawInput {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RawInput").field("need", &self.need).field("have", &self.data.len()).finish_non_exhaustive()
    }
}

impl Simulator {
    /// `OK` and the prompt; once `need` bytes, at least 1, are in, `finish` gets them and ends the command.
    pub(crate) fn prompt_for(&mut self, need: usize, finish: impl FnOnce(&mut Self, Vec<u8>) + 'static) -> Reply {
        let input = RawInput { need: need.max(1), data: Vec::new(), finish: Box::new(finish) };
        self.prompt(PromptFor::Raw(Box::new(input)))
    }

    /// The prompt without `OK` in front; as [`Self::prompt_for`].
    pub(crate) fn prompt_alone(&mut self, need: usize, finish: impl FnOnce(&mut Self, Vec<u8>) + 'static) -> Reply {
        let input = RawInput { need: need.max(1), data: Vec::new(), finish: Box::new(finish) };
        let at = self.now + self.latency.prompt + self.script.take_delay(&Point::Prompt);
        self.run(Job::Prompt(PromptFor::Raw(Box::new(input))), Some(at))
    }

    pub(crate) fn take_raw(&mut self) {
        let rate = self.line_rate();
        let now = self.now;
        let Mode::Raw(raw) = &mut self.mode else {
            return;
        };
        let left = raw.need - raw.data.len();
        self.inbound.take(now, left, rate, &mut raw.data);
        if raw.data.len() < raw.need {
            return;
        }
        if let Mode::Raw(raw) = core::mem::replace(&mut self.mode, Mode::Command) {
            (raw.finish)(self, raw.data);
        }
    }
}
