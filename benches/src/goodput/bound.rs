//! What the protocol leaves of the line: the goodput of a host that never waits for anything but the module.
//!
//! `line(n)` is what `n` bytes take, `p` the module's time from `OK` to the prompt, `s` from the last byte of data to
//! `SEND OK`. Lengths are those of the dialect's own lines, without echo and without the peer's address.
//!
//! **Upload.** Commands exclude each other, also those of different links. One `AT+CIPSEND` of `c` bytes takes
//!
//! ```text
//! line(command) + max(line(OK), p) + line(prompt) + line(c) + max(line(Recv), s) + line(SEND OK)
//! ```
//!
//! with `c` of 2048 bytes at most: what all releases take. Small writes can share a command, so that their size does not
//! count. Firmware with `AT+CIPSENDL` sends all that is known of in advance as one: what a ring holds together with the
//! rest of the write that does not fit into it, which ends with a write. `Recv` is a report then. The better of the two
//! counts.
//!
//! **Download, passive.** After one notice, each `AT+CIPRECVDATA` asks for as much as the ring, the module's own window and
//! the command's limit allow, and takes
//!
//! ```text
//! line(command) + line(head) + line(c) + line(OK)
//! ```
//!
//! The next one goes out when the answer is there. Behind the last byte of payload, nobody waits for the last `OK`.
//!
//! **Download, active.** The line is always busy with frames of the firmware's greatest size: `line(head + c)` each.
//!
//! **Both, passive.** A fetch is a command, too: the times of both directions add up. Notices come meanwhile.
//!
//! **Both, active.** The line is full duplex, and frames come while the host sends. But the module has [`BACKLOG`] bytes of
//! frames in its output before it leaves the rest in the network, and each of its answers stands behind them, or behind as
//! many as are left: what says `line(OK)` above is `line(backlog + OK)` then. One send follows the other, the first one at
//! the download's begin.

use std::time::Duration;

use wifi_at_simulator::Dialect;

use super::case::{Case, Direction, RING};

/// Bytes of one `AT+CIPSEND`.
const SEND: usize = 2048;

/// Bytes in the module's output at which it takes no more from the network.
const BACKLOG: usize = 8192;

/// How a firmware hands over what it receives.
enum Receive {
    /// On request, of so many bytes at most, from a window of the other size.
    Passive { limit: usize, window: usize },
    /// At once, in frames of so many bytes.
    Active { frame: usize },
}

impl Receive {
    const fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::EspAt => Self::Passive { limit: usize::MAX, window: 5760 },
            Dialect::Esp8266Idf => Self::Passive { limit: 2048, window: 5840 },
            Dialect::Esp8266Nonos => Self::Passive { limit: 2048, window: 2920 },
            Dialect::Esp32V1 => Self::Active { frame: 2920 },
            Dialect::WizFi360 => Self::Active { frame: 1460 },
            _ => panic!("a dialect whose protocol is not described here"),
        }
    }
}

/// The least that one send takes.
struct Send {
    command: usize,
    ok: usize,
    prompt: usize,
    data: usize,
    taken: usize,
    done: usize,
}

impl Send {
    fn counted(dialect: Dialect, data: usize) -> Self {
        Self {
            command: format!("AT+CIPSEND=4,{data}\r\n").len(),
            taken: format!("\r\nRecv {data} bytes\r\n").len(),
            ..Self::any(dialect, data)
        }
    }

    fn long(dialect: Dialect, data: usize) -> Self {
        Self {
            command: format!("AT+CIPSENDL=4,{data}\r\n").len(),
            taken: format!("+CIPSENDL:{data},{data}\r\n").len(),
            ..Self::any(dialect, data)
        }
    }

    fn any(dialect: Dialect, data: usize) -> Self {
        let prompt = match dialect {
            Dialect::Esp8266Nonos | Dialect::WizFi360 => ">",
            _ => "\r\n>",
        };
        Self { command: 0, ok: "\r\nOK\r\n".len(), prompt: prompt.len(), data, taken: 0, done: "\r\nSEND OK\r\n".len() }
    }

    /// With the line to the host free.
    fn time(&self, case: &Case) -> Duration {
        Answers::new(case, 0).end_of(self, Duration::ZERO)
    }
}

/// The line to the host, with frames on it and the answers to one send after the other.
struct Answers<'a> {
    case: &'a Case,
    /// Bytes of frames, all there from the begin.
    frames: usize,
    /// Bytes of answers that are through.
    answered: usize,
}

impl<'a> Answers<'a> {
    const fn new(case: &'a Case, frames: usize) -> Self {
        Self { case, frames, answered: 0 }
    }

    /// Bytes of frames that are in the module's output in front of what it says now, at least.
    fn backlog(&self, now: Duration) -> usize {
        let through = now.as_nanos() * u128::from(self.case.rate) / 10_000_000_000;
        let through = usize::try_from(through).unwrap_or(usize::MAX).saturating_sub(self.answered);
        self.frames.saturating_sub(through).min(BACKLOG)
    }

    /// When the last one of two answers is through, of which the module gives the first one now and the other one later.
    fn both(&mut self, now: Duration, first: usize, later: Duration, second: usize) -> Duration {
        let line = |bytes| self.case.line(bytes);
        let one = now + line(self.backlog(now) + first);
        let end = (one + line(second)).max(now + later + line(self.backlog(now + later) + second));
        self.answered += first + second;
        end
    }

    /// When a send is over that begins now.
    fn end_of(&mut self, send: &Send, now: Duration) -> Duration {
        let pace = self.case.pace;
        let asked = self.both(now + self.case.line(send.command), send.ok, pace.prompt(), send.prompt);
        self.both(asked + self.case.line(send.data), send.taken, pace.send(), send.done)
    }
}

/// Sizes of the pieces of an amount.
fn pieces(amount: usize, most: usize) -> impl Iterator<Item = usize> {
    (0..amount.div_ceil(most)).map(move |index| most.min(amount - index * most))
}

/// All sends of one link, in the better of two ways.
fn sends(case: &Case) -> Vec<Send> {
    let amount = case.amount();
    let counted = || pieces(amount, SEND).map(|data| Send::counted(case.dialect, data)).collect::<Vec<_>>();
    if case.dialect != Dialect::EspAt {
        return counted();
    }
    let most = (RING / case.size + 1) * case.size;
    let long: Vec<_> = pieces(amount, most).map(|data| Send::long(case.dialect, data)).collect();
    let time = |sends: &[Send]| sends.iter().map(|send| send.time(case)).sum::<Duration>();
    let counted = counted();
    if time(&long) < time(&counted) { long } else { counted }
}

fn passive_download(case: &Case, limit: usize, window: usize) -> Duration {
    let most = RING.min(window).min(limit);
    let end = "\r\nOK\r\n".len();
    let fetches = pieces(case.amount(), most)
        .map(|data| format!("AT+CIPRECVDATA=4,{data}\r\n").len() + format!("+CIPRECVDATA:{data},").len() + data + end);
    case.line(fetches.sum::<usize>() * case.links - end)
}

fn active_frames(case: &Case, frame: usize) -> usize {
    let frames = pieces(case.amount(), frame).map(|data| format!("\r\n+IPD,4,{data}:").len() + data);
    frames.sum::<usize>() * case.links
}

/// The shortest time in which the protocol lets a case be done.
fn shortest(case: &Case) -> Duration {
    let receive = Receive::of(case.dialect);
    let download = match receive {
        Receive::Passive { limit, window } => passive_download(case, limit, window),
        Receive::Active { frame } => case.line(active_frames(case, frame)),
    };
    let sends = sends(case);
    let upload = sends.iter().map(|send| send.time(case)).sum::<Duration>() * case.links as u32;
    match (case.direction, receive) {
        (Direction::Download, Receive::Passive { window, .. }) => {
            let notice = format!("\r\n+IPD,4,{}\r\n", window.min(case.amount()));
            case.line(notice.len()) + download
        }
        (Direction::Download, Receive::Active { .. }) => download,
        (Direction::Upload, _) => upload,
        (Direction::Both, Receive::Passive { .. }) => download + upload,
        (Direction::Both, Receive::Active { frame }) => {
            let mut answers = Answers::new(case, active_frames(case, frame));
            let sends = (0..case.links).flat_map(|_| &sends);
            sends.fold(Duration::ZERO, |now, send| answers.end_of(send, now)).max(download)
        }
    }
}

/// The most that the protocol lets through, in percent of the line's rate.
#[must_use]
pub fn bound(case: &Case) -> f64 {
    case.percent(case.amount() * case.links, shortest(case))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goodput::Pace;

    fn case(dialect: Dialect, direction: Direction, pace: Pace) -> Case {
        Case { dialect, rate: 1_000_000, direction, links: 1, pace, size: 2048 }
    }

    /// Percent of the line for so many bytes of payload in so many microseconds, at ten of them for each byte.
    fn percent(bytes: f64, micros: f64) -> f64 {
        bytes * 10.0 / micros * 100.0
    }

    fn assert_near(left: f64, right: f64) {
        assert!((left - right).abs() < 0.01, "{left} and {right}");
    }

    #[test]
    fn counted_by_hand() {
        let upload = case(Dialect::Esp8266Nonos, Direction::Upload, Pace::Ideal);
        // Command, OK, prompt, data, `Recv 2048 bytes`, `SEND OK`.
        let bytes = 19.0 + 6.0 + 1.0 + 2048.0 + 19.0 + 11.0;
        assert_near(bound(&upload), percent(2048.0, bytes * 10.0));
        // OK and Recv go out while the module takes its time.
        let upload = Case { pace: Pace::Wild, ..upload };
        assert_near(bound(&upload), percent(2048.0, (bytes - 6.0 - 19.0) * 10.0 + 1000.0 + 5000.0));
        let download = case(Dialect::Esp8266Nonos, Direction::Download, Pace::Wild);
        // Notice, then 8 times command, head, data, OK, the last without.
        let bytes = 15.0 + 8.0 * (23.0 + 18.0 + 2048.0 + 6.0) - 6.0;
        assert_near(bound(&download), percent(16_384.0, bytes * 10.0));
        let download = case(Dialect::WizFi360, Direction::Download, Pace::Wild);
        // 11 frames of 1460 bytes, and one of 324.
        assert_near(bound(&download), percent(16_384.0, (16_384.0 + 11.0 * 14.0 + 13.0) * 10.0));
    }

    #[test]
    fn long_sends_count_where_they_are_better() {
        let with = case(Dialect::EspAt, Direction::Upload, Pace::Wild);
        let without = Case { dialect: Dialect::Esp8266Idf, ..with };
        assert!(bound(&with) > bound(&without) + 1.0);
    }

    #[test]
    fn what_comes_at_once_comes_while_the_host_sends() {
        let both = |dialect| bound(&case(dialect, Direction::Both, Pace::Ideal));
        assert!(both(Dialect::Esp32V1) > 50.0);
        assert!(both(Dialect::Esp8266Nonos) < 50.0);
    }
}
