//! The clock that SNTP servers set.

use super::{Entry, Reply, command};
use crate::request::{Call, Code, Failure};
use crate::simulator::Simulator;

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
    module.configure_sntp(enabled, zone, servers);
    Ok(Reply::Ok)
}

fn time(module: &mut Simulator, call: &Call) -> Answer {
    if !module.sntp.enabled {
        return Err(Code::Failed.into());
    }
    let zero_padded = module.profile.wording.zero_padded_day;
    let time = asctime(module.shown_seconds(), zero_padded);
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
