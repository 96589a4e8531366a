//! The clock that SNTP servers set.

use super::{Entry, Reply, command};
use crate::request::{Call, Code, Failure};
use crate::script::Point;
use crate::simulator::Simulator;
use core::time::Duration;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+CIPSNTPCFG").query(config_query).set(config),
    command("+CIPSNTPTIME").query(time),
    command("+CIPSNTPINTV")
        .query(|module, call| {
            let interval = module.sntp.interval;
            module.tell(call, interval)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            module.sntp.interval = call.int(0, 15, 4_294_967)?;
            Ok(Reply::Ok)
        }),
];

/// Who has set the module's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Clock {
    /// It starts in 1970.
    #[default]
    Nobody,
    Servers,
    /// `AT+SYSTIMESTAMP`; what it would have shown at time 0.
    Host(i64),
}

#[derive(Debug)]
pub(crate) struct Sntp {
    pub(super) enabled: bool,
    /// As typed, with `hhmm` where it was so.
    pub(super) zone: i64,
    pub(super) servers: Vec<String>,
    interval: i64,
    clock: Clock,
    pub(crate) at: Option<Duration>,
}

impl Default for Sntp {
    fn default() -> Self {
        Self { enabled: false, zone: 0, servers: Vec::new(), interval: 3600, clock: Clock::Nobody, at: None }
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

pub(super) fn config_query(module: &mut Simulator, call: &Call) -> Answer {
    let sntp = &module.sntp;
    let servers: String = sntp.servers.iter().map(|name| format!(",\"{name}\"")).collect();
    let text = if sntp.enabled { format!("1,{}{servers}", sntp.zone) } else { "0".to_owned() };
    module.tell(call, text)
}

pub(super) fn config(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 5)?;
    let enabled = call.flag(0)?;
    let zone = call.opt_int(1, module.profile.limits.zones.0, module.profile.limits.zones.1)?.unwrap_or(0);
    if zone % 100 >= 60 || zone % 100 <= -60 {
        return Err(Code::Invalid.into());
    }
    if enabled && call.args.len() < 2 {
        return Err(Code::Count.into());
    }
    configure(module, call, enabled, zone, 2)
}

/// The servers' names begin at parameter `first`.
pub(super) fn configure(module: &mut Simulator, call: &Call, enabled: bool, zone: i64, first: usize) -> Answer {
    let mut servers = Vec::new();
    for index in first..call.args.len() {
        if let Some(name) = call.opt_text(index, 64)? {
            servers.push(name.to_owned());
        }
    }
    if servers.is_empty() {
        servers = ["cn.ntp.org.cn", "ntp.sjtu.edu.cn", "us.pool.ntp.org"].map(str::to_owned).to_vec();
    }
    module.sntp.enabled = enabled;
    module.sntp.zone = zone;
    module.sntp.servers = servers;
    module.sntp.at = None;
    module.start_sntp();
    Ok(Reply::Ok)
}

fn time(module: &mut Simulator, call: &Call) -> Answer {
    if !module.sntp.enabled {
        return Err(Code::Failed.into());
    }
    let unix = if module.sntp.clock != Clock::Nobody { module.unix_time() } else { 0 };
    let seconds = i64::try_from(unix).unwrap_or(0) + module.sntp.minutes() * 60;
    let time = asctime(seconds, module.profile.wording.zero_padded_day);
    module.tell(call, time)
}

/// `Tue Oct 19 17:47:56 2021`, with a blank or a zero in front of a single-digit day.
fn asctime(seconds: i64, zero_padded: bool) -> String {
    let days = seconds.div_euclid(86_400);
    let second = seconds.rem_euclid(86_400);
    // Days are counted from 1 March of year 0 in cycles of 400 years, so that leap days come last.
    let shifted = days + 719_468;
    let cycle = shifted.div_euclid(146_097);
    let day = shifted.rem_euclid(146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + cycle * 400 + i64::from(month <= 2);
    let weekday = (days + 4).rem_euclid(7);
    let date = if zero_padded { format!("{date:02}") } else { format!("{date:2}") };
    let name = |names: &'static str, index: i64| {
        let at = usize::try_from(index).unwrap_or(0) * 3;
        names.get(at..at + 3).unwrap_or("???")
    };
    format!(
        "{} {} {date} {:02}:{:02}:{:02} {year}",
        name("SunMonTueWedThuFriSat", weekday),
        name("JanFebMarAprMayJunJulAugSepOctNovDec", month - 1),
        second / 3600,
        second / 60 % 60,
        second % 60,
    )
}

impl Simulator {
    /// The module's clock: it starts in 1970 unless SNTP or a command has set it.
    pub(crate) fn unix_time(&self) -> u64 {
        let passed = self.now.as_secs();
        match self.sntp.clock {
            Clock::Nobody => passed,
            Clock::Servers => self.unix_at_zero.saturating_add(passed),
            Clock::Host(start) => passed.saturating_add_signed(start),
        }
    }

    pub(crate) fn set_unix_time(&mut self, unix: u64) {
        let signed = |seconds| i64::try_from(seconds).unwrap_or(i64::MAX);
        self.sntp.clock = Clock::Host(signed(unix).saturating_sub(signed(self.now.as_secs())));
    }

    /// Asks the servers if that is wanted and possible.
    pub(crate) fn start_sntp(&mut self) {
        if self.sntp.enabled && self.station.online() {
            self.sntp.at = Some(self.now + self.latency.sntp);
        }
    }

    pub(crate) fn on_sntp_timer(&mut self) {
        if !self.sntp.enabled || !self.station.online() {
            return;
        }
        self.sntp.clock = Clock::Servers;
        let interval = u64::try_from(self.sntp.interval).unwrap_or(3600);
        self.sntp.at = Some(self.now + Duration::from_secs(interval));
        if self.profile.wording.tells_clock_set {
            self.emit(&Point::Information, b"+TIME_UPDATED\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::asctime;

    #[test]
    fn dates() {
        assert_eq!(asctime(0, false), "Thu Jan  1 00:00:00 1970");
        assert_eq!(asctime(1_634_665_676, false), "Tue Oct 19 17:47:56 2021");
        assert_eq!(asctime(951_782_400, true), "Tue Feb 29 00:00:00 2000");
    }
}
