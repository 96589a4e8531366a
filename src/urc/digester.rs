//! `atat`'s ingress on the modules' grammar.

use atat::{DigestResult, Digester, InternalError};

use super::counted::{Found, find};
use super::{MqttUrc, SystemUrc, Urc};
use crate::at::starts_with_ignore_case;

/// Takes the modules' output apart for `atat`'s stock ingress.
///
/// A command ends with `OK`, `ERROR`, `FAIL`, `SEND OK`, `SEND FAIL`, `SET OK`, `+MQTTPUB:OK` or `+MQTTPUB:FAIL`; `>`
/// is the prompt. Messages that come before the answer, or when there is none, are given out one by one, as
/// [`OwnedUrc`](super::OwnedUrc) reads them. Those that come between the lines of an answer stay part of it, where
/// typed commands do not mind them: `atat` has no way to take something out of the middle.
///
/// Payloads that nobody asked for, such as `+IPD` with data, are counted and thrown away. Echo should be off; the echo
/// of the command that turns it off is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EspDigester {
    /// Bytes of a payload that are still to be thrown away.
    payload: u32,
}

impl EspDigester {
    /// A digester that has not seen anything.
    #[must_use]
    pub const fn new() -> Self {
        Self { payload: 0 }
    }
}

/// Whether a line ends a command, and well.
fn final_result(line: &[u8], urc: Option<Urc<'_>>) -> Option<bool> {
    let is = |text: &str| line.eq_ignore_ascii_case(text.as_bytes());
    match urc {
        Some(Urc::Mqtt(MqttUrc::Published)) => Some(true),
        Some(Urc::Mqtt(MqttUrc::PublishFailed)) => Some(false),
        _ if ["OK", "SEND OK", "SET OK"].into_iter().any(is) => Some(true),
        _ if ["ERROR", "FAIL", "SEND FAIL", "SEND Canceled", "SEND CANCELLED"].into_iter().any(is) => Some(false),
        _ => None,
    }
}

fn is_echo(line: &[u8]) -> bool {
    starts_with_ignore_case(line, b"AT") && matches!(line.get(2), None | Some(b'+' | b'E' | b'e'))
}

impl Digester for EspDigester {
    fn digest<'a>(&mut self, buffer: &'a [u8]) -> (DigestResult<'a>, usize) {
        let more = (DigestResult::None, 0);
        if self.payload > 0 {
            let count = buffer.len().min(self.payload as usize);
            self.payload -= count as u32;
            return (DigestResult::None, count);
        }
        let blank = buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n' | b' ' | 0)).count();
        if blank > 0 {
            return (DigestResult::None, blank);
        }
        // Lines up to here belong to an answer that has not ended.
        let mut at = 0;
        loop {
            let rest = &buffer[at..];
            match rest.first() {
                None => return more,
                Some(b'>') => return (DigestResult::Prompt(b'>'), at + 1),
                Some(_) => {}
            }
            match find(rest) {
                Found::Nothing => {}
                Found::Incomplete => return more,
                Found::Head(head, length) if at == 0 && head.payload.is_unsolicited() => {
                    self.payload = head.length;
                    return (DigestResult::None, length);
                }
                Found::Head(head, length) => {
                    let Some(next) = length.checked_add(head.length as usize).filter(|&next| next <= rest.len()) else {
                        return more;
                    };
                    at += next;
                    continue;
                }
            }
            let Some(end) = rest.iter().position(|&byte| byte == b'\n') else { return more };
            let next = at + end + 1;
            let line = rest[..end].trim_ascii();
            let urc = Urc::parse(line);
            match final_result(line, urc) {
                Some(true) => return (DigestResult::Response(Ok(buffer[..at].trim_ascii())), next),
                Some(false) => return (DigestResult::Response(Err(InternalError::Error)), next),
                None => {}
            }
            match urc {
                // What came before a restart is of no use any more.
                Some(Urc::System(SystemUrc::Ready)) => return (DigestResult::Urc(line), next),
                Some(urc) if at == 0 && !urc.may_be_answer() => return (DigestResult::Urc(line), next),
                None if at == 0 && is_echo(line) => return (DigestResult::None, next),
                _ => at = next,
            }
        }
    }
}
