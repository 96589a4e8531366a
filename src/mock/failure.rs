//! What went wrong, in words for whoever wrote the test.

use core::fmt::{self, Write as _};

use heapless::Vec;

use super::step::{Content, Expected, Step};
use crate::at::EncodeError;

/// Bytes that the firmware wrote, as many as are worth showing.
#[derive(Debug, Clone)]
pub(super) struct Written {
    bytes: Vec<u8, 600>,
}

impl Written {
    pub(super) const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    pub(super) fn push(&mut self, byte: u8) {
        // Longer than any expectation that was not yet met.
        let _ = self.bytes.push(byte);
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Bytes as one writes them in a script, but for the quotes, which need no `\` here.
struct Shown<'a>(&'a [u8]);

fn shown(byte: u8) -> core::ascii::EscapeDefault {
    core::ascii::escape_default(if matches!(byte, b'"' | b'\'') { b'_' } else { byte })
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|&byte| match byte {
            b'"' | b'\'' => f.write_char(byte.into()),
            byte => shown(byte).fmt(f),
        })
    }
}

/// Which step was not followed, and how.
#[derive(Debug, Clone)]
pub(super) enum Problem {
    /// Something else was written.
    Different { step: usize, written: Written },
    /// Something was written after the end of the script.
    Unexpected { written: Written },
    /// The script is not over, and the firmware writes nothing any more.
    Missing { step: usize, written: Written },
    /// The firmware did not read what the step gives.
    Unread { step: usize },
    /// The expected command cannot be written.
    Invalid { step: usize, error: EncodeError },
    /// The step has more pieces than fit.
    Overfull { step: usize },
}

/// How the firmware departed from the script. Its [`Display`](fmt::Display) text is meant for people: it names the step,
/// the line of the test's source, what was expected and what was written.
#[derive(Clone)]
pub struct Failure<'s> {
    pub(super) script: &'s [Step<'s>],
    pub(super) problem: Problem,
}

impl fmt::Debug for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Failure<'_> {}

impl fmt::Display for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::Different { step, written } => {
                self.place(f, *step)?;
                f.write_str(" the firmware wrote something else\n  expected: ")?;
                self.expected(f, *step)?;
                write!(f, "\n  written:  {}", Shown(written.bytes()))?;
                let Some(expected) = self.script[*step].bytes() else { return Ok(()) };
                let pairs = expected.iter().zip(written.bytes());
                let common = pairs.take_while(|(expected, written)| expected == written).count();
                let indent = expected[..common].iter().map(|&byte| shown(byte).len()).sum::<usize>();
                write!(f, "\n            {:indent$}^ byte {common}", "")
            }
            Problem::Unexpected { written } => {
                let steps = self.script.len();
                write!(
                    f,
                    "after the last of {steps} steps: the firmware wrote more than the script has\n  written:  "
                )?;
                write!(f, "{}", Shown(written.bytes()))
            }
            Problem::Missing { step, written } => {
                self.place(f, *step)?;
                f.write_str(" the firmware did not write it\n  expected: ")?;
                self.expected(f, *step)?;
                match written.bytes() {
                    [] => f.write_str("\n  written:  nothing"),
                    written => write!(f, "\n  written:  {} (and no more)", Shown(written)),
                }
            }
            Problem::Unread { step } => {
                self.place(f, *step)?;
                f.write_str(" the firmware has not read what the module sends\n  module:   ")?;
                for piece in &self.script[*step].pieces {
                    match piece.content {
                        Content::Bytes(bytes) => write!(f, "{}", Shown(bytes))?,
                        Content::Error(kind) => write!(f, "({kind:?} error)")?,
                    }
                }
                Ok(())
            }
            Problem::Invalid { step, error } => {
                self.place(f, *step)?;
                write!(f, " the expected command cannot be sent at all: {error}")
            }
            Problem::Overfull { step } => {
                self.place(f, *step)?;
                write!(f, " more than {} replies: put them into one, or into further steps", super::MAX_PIECES)
            }
        }
    }
}

impl Failure<'_> {
    fn place(&self, f: &mut fmt::Formatter<'_>, step: usize) -> fmt::Result {
        write!(f, "step {} of {} ({}):", step + 1, self.script.len(), self.script[step].location)
    }

    fn expected(&self, f: &mut fmt::Formatter<'_>, step: usize) -> fmt::Result {
        match &self.script[step].expected {
            Expected::Line(start) => write!(f, "{}...\\r\\n", Shown(start)),
            Expected::BringUp(profile) => write!(f, "the driver sets up {}", profile.name),
            Expected::Error(kind) => write!(f, "any write, to fail with {kind:?}"),
            Expected::Nothing => f.write_str("nothing"),
            Expected::Invalid(error) => write!(f, "{error}"),
            Expected::Bytes(bytes) => write!(f, "{}", Shown(bytes)),
            Expected::Encoded(line) => write!(f, "{}", Shown(line)),
        }
    }
}

impl Step<'_> {
    /// What is expected, if it is to the byte.
    fn bytes(&self) -> Option<&[u8]> {
        match &self.expected {
            Expected::Bytes(bytes) => Some(bytes),
            Expected::Encoded(line) => Some(line),
            Expected::Line(start) => Some(start),
            _ => None,
        }
    }
}
