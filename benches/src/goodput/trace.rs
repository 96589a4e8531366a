//! What was on the wire, and when.

use core::fmt;
use std::time::Duration;

use super::case::Case;

/// Bytes without a pause between them.
#[derive(Debug)]
struct Burst {
    from_host: bool,
    start: Duration,
    end: Duration,
    bytes: Vec<u8>,
}

/// Both directions of the line, from the moment at which payload is on its way.
#[derive(Debug)]
pub struct Trace {
    case: Case,
    bursts: Vec<Burst>,
}

/// Most bytes that are shown of the begin and of the end of a burst.
const SHOWN: [usize; 2] = [48, 24];

impl Trace {
    pub(crate) const fn new(case: Case) -> Self {
        Self { case, bursts: Vec::new() }
    }

    /// The host has handed out bytes, which begin to go when those before are through.
    pub(crate) fn sent(&mut self, now: Duration, bytes: &[u8]) {
        let before = self.bursts.iter().rev().find(|burst| burst.from_host);
        let start = before.map_or(now, |burst| burst.end.max(now));
        self.add(true, start, start + self.case.line(bytes.len()), bytes);
    }

    /// The last of these bytes has just come.
    pub(crate) fn received(&mut self, now: Duration, bytes: &[u8]) {
        self.add(false, now.saturating_sub(self.case.line(bytes.len())), now, bytes);
    }

    fn add(&mut self, from_host: bool, start: Duration, end: Duration, bytes: &[u8]) {
        // The clock counts whole microseconds.
        let near = self.case.line(1).max(Duration::from_micros(2));
        let last = self.bursts.iter_mut().rev().take(2).find(|burst| burst.from_host == from_host);
        match last {
            Some(burst) if start <= burst.end + near => {
                burst.end = end;
                burst.bytes.extend_from_slice(bytes);
            }
            _ => self.bursts.push(Burst { from_host, start, end, bytes: bytes.to_vec() }),
        }
    }

    /// The time in which nothing moved in either direction, and all.
    fn idle(&self) -> (Duration, Duration) {
        let mut spans: Vec<_> = self.bursts.iter().map(|burst| (burst.start, burst.end)).collect();
        spans.sort_unstable();
        let Some(&(begin, mut busy_until)) = spans.first() else { return Default::default() };
        let mut idle = Duration::ZERO;
        for (start, end) in spans {
            idle += start.saturating_sub(busy_until);
            busy_until = busy_until.max(end);
        }
        (idle, busy_until - begin)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (idle, all) = self.idle();
        let millis = |time: Duration| time.as_secs_f64() * 1000.0;
        writeln!(f, "{}: {:.3} ms, of which both directions were idle {:.3} ms", self.case, millis(all), millis(idle))?;
        writeln!(f, "  from ms     to ms   bytes")?;
        let begin = self.bursts.first().map_or(Duration::ZERO, |burst| burst.start);
        for Burst { from_host, start, end, bytes } in &self.bursts {
            let arrow = if *from_host { "->" } else { "<-" };
            write!(f, "{:9.3} {:9.3} {:7} {arrow} ", millis(*start - begin), millis(*end - begin), bytes.len())?;
            let [head, tail] = SHOWN;
            if bytes.len() <= head + tail {
                writeln!(f, "{}", bytes.escape_ascii())?;
            } else {
                let rest = &bytes[bytes.len() - tail..];
                writeln!(f, "{} ... {}", bytes[..head].escape_ascii(), rest.escape_ascii())?;
            }
        }
        Ok(())
    }
}
