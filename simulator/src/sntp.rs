//! The module's clock, and the SNTP servers that set it.

use crate::net::{Lookup, LookupId, SocketId};
use crate::script::Point;
use crate::simulator::Simulator;
use core::time::Duration;
use std::net::{IpAddr, SocketAddr};

const PORT: u16 = 123;
/// How long a server has to answer.
const LIMIT: Duration = Duration::from_secs(3);
/// After so long servers that have not answered are asked again.
const RETRY: Duration = Duration::from_secs(15);
/// From 1900, where NTP begins to count, to 1970.
const EPOCH: u64 = 2_208_988_800;
/// Bytes of a message.
const MESSAGE: usize = 48;

/// Who has set the module's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Clock {
    /// It starts in 1970.
    #[default]
    Nobody,
    /// A server of the world ([`crate::Builder::clock`]).
    World,
    /// A server of the network, or `AT+SYSTIMESTAMP`: what it would have shown at time 0.
    Set(i64),
}

/// Servers that are being asked, one after the other.
#[derive(Debug)]
struct Query {
    /// The server that is asked.
    server: usize,
    stage: Stage,
    /// Whether one of the names so far has an address.
    found: bool,
}

#[derive(Debug)]
enum Stage {
    Lookup(LookupId),
    /// With what marks the answer as ours.
    Answer(SocketId, SocketAddr, [u8; 8]),
}

#[derive(Debug)]
pub(crate) struct Sntp {
    pub(crate) enabled: bool,
    /// As typed, with `hhmm` where it was so.
    pub(crate) zone: i64,
    pub(crate) servers: Vec<String>,
    /// Seconds from one question to the next.
    pub(crate) interval: i64,
    clock: Clock,
    /// When it asks the next time, or gives up waiting.
    pub(crate) at: Option<Duration>,
    query: Option<Query>,
}

impl Default for Sntp {
    fn default() -> Self {
        let clock = Clock::Nobody;
        Self { enabled: false, zone: 0, servers: Vec::new(), interval: 3600, clock, at: None, query: None }
    }
}

impl Sntp {
    /// A restart keeps the time.
    pub(crate) fn reset(&mut self) {
        *self = Self { clock: self.clock, ..Self::default() };
    }

    /// The zone in minutes: whole hours, or `hhmm`.
    const fn minutes(&self) -> i64 {
        if self.zone >= -12 && self.zone <= 14 { self.zone * 60 } else { self.zone / 100 * 60 + self.zone % 100 }
    }
}

/// A question, marked with a time of our own.
fn question(mark: [u8; 8]) -> [u8; MESSAGE] {
    let mut message = [0; MESSAGE];
    // Version 4, client.
    message[0] = 4 << 3 | 3;
    message[40..].copy_from_slice(&mark);
    message
}

/// Seconds since 1970 of an answer to the question with this mark.
fn answered(message: &[u8], mark: [u8; 8]) -> Option<u64> {
    let head = message.get(..MESSAGE)?;
    let from_server = head[0] & 7 == 4;
    let in_step = head[0] >> 6 != 3 && (1..16).contains(&head[1]);
    if !from_server || !in_step || head[24..32] != mark {
        return None;
    }
    let seconds = u64::from(u32::from_be_bytes(head[40..44].try_into().ok()?));
    // Its 32 bits began anew in 2036.
    Some(if seconds < EPOCH { seconds + (1 << 32) - EPOCH } else { seconds - EPOCH })
}

fn signed(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

impl Simulator {
    /// The module's clock: it starts in 1970 unless SNTP or a command has set it.
    pub(crate) fn unix_time(&self) -> u64 {
        let passed = self.now.as_secs();
        match self.sntp.clock {
            Clock::Nobody => passed,
            Clock::World => self.unix_at_zero.saturating_add(passed),
            Clock::Set(start) => passed.saturating_add_signed(start),
        }
    }

    pub(crate) fn set_unix_time(&mut self, unix: u64) {
        self.sntp.clock = Clock::Set(signed(unix).saturating_sub(signed(self.now.as_secs())));
    }

    /// The time of `AT+CIPSNTPTIME?`.
    pub(crate) fn shown_seconds(&self) -> i64 {
        let zone = self.sntp.minutes() * 60;
        match self.sntp.clock {
            Clock::Nobody if !self.profile.wording.zone_before_sync => 0,
            Clock::Nobody => zone,
            _ => signed(self.unix_time()) + zone,
        }
    }

    pub(crate) fn configure_sntp(&mut self, enabled: bool, zone: i64, servers: Vec<String>) {
        self.drop_sntp_query();
        self.sntp.enabled = enabled;
        self.sntp.zone = zone;
        self.sntp.servers = servers;
        self.sntp.at = None;
        self.start_sntp();
    }

    /// Asks the servers if that is wanted and possible.
    pub(crate) fn start_sntp(&mut self) {
        if self.sntp.enabled && self.station.online() {
            self.sntp.at = Some(self.now + self.latency.sntp);
        }
    }

    pub(crate) fn drop_sntp_query(&mut self) {
        if let Some(Query { stage: Stage::Answer(socket, ..), .. }) = self.sntp.query.take() {
            self.network.close(self.now, socket);
        }
    }

    pub(crate) fn on_sntp_timer(&mut self) {
        let asked = self.sntp.query.as_ref().map(|query| (query.server, query.found));
        self.drop_sntp_query();
        if !self.sntp.enabled || !self.station.online() {
            return;
        }
        match asked {
            None => self.ask_server(0, false),
            // The one that was asked has said nothing.
            Some((server, found)) => self.ask_server(server + 1, found),
        }
    }

    /// Begins with a server; behind the last one the world has the time if it has none of the servers.
    fn ask_server(&mut self, server: usize, found: bool) {
        let now = self.now;
        let Some(name) = self.sntp.servers.get(server).cloned() else {
            if found {
                self.sntp.at = Some(now + RETRY);
            } else {
                self.sntp.clock = Clock::World;
                self.tell_clock_set();
            }
            return;
        };
        match name.parse::<IpAddr>() {
            Ok(address) => self.question_server(server, address),
            Err(_) => {
                let stage = Stage::Lookup(self.network.resolve(now, &name));
                self.sntp.query = Some(Query { server, stage, found });
            }
        }
    }

    fn question_server(&mut self, server: usize, address: IpAddr) {
        let now = self.now;
        let remote = SocketAddr::new(address, PORT);
        // No two questions have the same.
        let mark = (now.as_nanos() as u64 ^ server as u64).wrapping_add(1).to_be_bytes();
        let socket = self.network.bind_udp(now, 0, address.is_ipv6()).ok();
        let sent = socket.filter(|&socket| self.network.send_to(now, socket, remote, &question(mark)).is_ok());
        match sent {
            Some(socket) => {
                let stage = Stage::Answer(socket, remote, mark);
                self.sntp.query = Some(Query { server, stage, found: true });
                self.sntp.at = Some(now + LIMIT);
            }
            None => {
                if let Some(socket) = socket {
                    self.network.close(now, socket);
                }
                self.ask_server(server + 1, true);
            }
        }
    }

    /// Goes on with the servers; `true` if something moved.
    pub(crate) fn pump_sntp(&mut self) -> bool {
        let now = self.now;
        let Some(Query { server, stage, found }) = &self.sntp.query else {
            return false;
        };
        let (server, found) = (*server, *found);
        match *stage {
            Stage::Lookup(lookup) => match self.network.lookup(now, lookup) {
                Lookup::Pending => return false,
                Lookup::Failed => {
                    self.sntp.query = None;
                    self.ask_server(server + 1, found);
                }
                Lookup::Found(addresses) => {
                    self.sntp.query = None;
                    let v6 = self.settings.ipv6;
                    match addresses.into_iter().find(|address| address.is_ipv4() || v6) {
                        Some(address) => self.question_server(server, address),
                        None => self.ask_server(server + 1, found),
                    }
                }
            },
            Stage::Answer(socket, remote, mark) => {
                let mut buffer = [0; 512];
                let Some((count, from)) = self.network.receive_from(now, socket, &mut buffer) else {
                    return false;
                };
                if let Some(unix) = answered(&buffer[..count], mark).filter(|_| from == remote) {
                    self.drop_sntp_query();
                    self.set_unix_time(unix);
                    self.tell_clock_set();
                }
            }
        }
        true
    }

    fn tell_clock_set(&mut self) {
        let interval = u64::try_from(self.sntp.interval).unwrap_or(3600);
        self.sntp.at = Some(self.now + Duration::from_secs(interval));
        if self.profile.wording.tells_clock_set {
            self.emit(&Point::Information, b"+TIME_UPDATED\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{answered, question};

    #[test]
    fn answers() {
        let mark = *b"our mark";
        let mut message = question(mark);
        assert_eq!(answered(&message, mark), None, "the question is no answer");
        message[0] = 4 << 3 | 4;
        message[1] = 2;
        message[24..32].copy_from_slice(&mark);
        message[40..44].copy_from_slice(&3_843_654_476_u32.to_be_bytes());
        assert_eq!(answered(&message, mark), Some(1_634_666_000 - 324));
        assert_eq!(answered(&message, *b"another "), None);
        assert_eq!(answered(&message[..47], mark), None);
        // After 2036.
        message[40..44].copy_from_slice(&100_u32.to_be_bytes());
        assert_eq!(answered(&message, mark), Some(2_085_978_496 + 100));
        // Out of step, and a kiss of death.
        message[0] |= 3 << 6;
        assert_eq!(answered(&message, mark), None);
        message[0] = 4 << 3 | 4;
        message[1] = 0;
        assert_eq!(answered(&message, mark), None);
    }
}
