//! Looking for other devices.

use super::BluetoothJob;
use super::air::{Address, quoted};
use super::classic::InquiryResponse;
use crate::command::Reply;
use crate::engine::Job;
use crate::script::Point;
use crate::simulator::Simulator;
use core::time::Duration;
use std::fmt::Write as _;

/// How often the module looks whether there is something new.
const TICK: Duration = Duration::from_millis(100);

/// Which devices are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    All,
    Address(Address),
    Name(Vec<u8>),
}

/// `AT+BLESCAN`
#[derive(Debug)]
pub(crate) struct Scan {
    filter: Filter,
    end: Option<Duration>,
    look: Duration,
    /// The last line of each device: it is shown again when something has changed.
    shown: Vec<String>,
}

impl Scan {
    pub(crate) fn next_at(&self) -> Duration {
        self.end.map_or(self.look, |end| end.min(self.look))
    }
}

/// The digits of these bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether the complete or the shortened name in this payload is that one.
fn has_name(mut payload: &[u8], name: &[u8]) -> bool {
    while let [length, rest @ ..] = payload {
        let (field, tail) = rest.split_at(rest.len().min(usize::from(*length)));
        if matches!(field, [8 | 9, text @ ..] if text == name) {
            return true;
        }
        payload = tail;
    }
    false
}

/// `AT+BTSTARTDISC`
#[derive(Debug)]
pub(crate) struct Inquiry {
    started: Duration,
    end: Duration,
    /// Most devices.
    most: Option<usize>,
    /// Who answered and how often.
    heard: Vec<(Address, usize)>,
}

impl Simulator {
    pub(crate) fn start_scan(&mut self, filter: Filter, duration: Option<Duration>) {
        let look = self.now + self.latency.bluetooth;
        let end = duration.map(|time| self.now + time);
        self.bluetooth.scan = Some(Scan { filter, end, look, shown: Vec::new() });
    }

    pub(super) fn on_scan_timer(&mut self) {
        let now = self.now;
        let Some(mut scan) = self.bluetooth.scan.take_if(|scan| scan.next_at() <= now) else {
            return;
        };
        if scan.end.is_some_and(|end| end <= now) {
            self.say_state(&Point::LinkState, "+BLESCANDONE");
            return;
        }
        scan.look = now + TICK;
        for line in self.sightings(&scan.filter) {
            if !scan.shown.contains(&line) {
                // Up to the signal strength.
                let address = line.split(',').next().unwrap_or_default().to_owned();
                scan.shown.retain(|shown| !shown.starts_with(&address));
                self.say_state(&Point::LinkState, &line);
                scan.shown.push(line);
            }
        }
        self.bluetooth.scan = Some(scan);
    }

    fn sightings(&self, filter: &Filter) -> Vec<String> {
        let parameters = self.settings.bluetooth.scan;
        // No command fills the white list.
        if matches!(parameters.filter, 1 | 3) {
            return Vec::new();
        }
        let own = self.bluetooth.radio;
        let medium = self.bluetooth.air.look();
        let others = medium.radios.iter().enumerate().filter(|(id, _)| *id != own);
        let adverts = others.filter_map(|(_, radio)| Some((radio.rssi, radio.advert.as_ref()?)));
        let wanted = adverts.filter(|(_, advert)| match filter {
            Filter::All => true,
            Filter::Address(address) => advert.address == *address,
            Filter::Name(name) => has_name(&advert.data, name) || has_name(&advert.response, name),
        });
        let lines = wanted.map(|(rssi, advert)| {
            let more = parameters.active && advert.scannable;
            let response = if more { hex(&advert.response) } else { String::new() };
            let (address, data) = (quoted(advert.address), hex(&advert.data));
            format!("+BLESCAN:{address},{rssi},{data},{response},{}", advert.address_type)
        });
        lines.collect()
    }

    pub(crate) fn start_inquiry(&mut self, time: Duration, most: Option<usize>) -> Reply {
        let started = self.now;
        let inquiry = Inquiry { started, end: started + time, most, heard: Vec::new() };
        let job = BluetoothJob::Inquiry(Box::new(inquiry));
        self.run(Job::Bluetooth(job), Some(started))
    }

    pub(super) fn go_on_with_inquiry(&mut self, mut inquiry: Box<Inquiry>) {
        let now = self.now;
        loop {
            let next = self.next_response(&inquiry);
            let later = next.as_ref().map_or(inquiry.end, |(at, ..)| (*at).min(inquiry.end));
            let Some((_, address, line)) = next.filter(|(at, ..)| *at <= now && *at <= inquiry.end) else {
                if now >= inquiry.end {
                    return self.finish_ok();
                }
                // Devices come and go, so it looks again soon.
                let at = later.min(now + TICK);
                self.run(Job::Bluetooth(BluetoothJob::Inquiry(inquiry)), Some(at));
                return;
            };
            match inquiry.heard.iter_mut().find(|(known, _)| *known == address) {
                Some((_, count)) => *count += 1,
                None => inquiry.heard.push((address, 1)),
            }
            self.emit(&Point::Information, format!("{line}\r\n").as_bytes());
        }
    }

    /// The next device that answers: when, who, with what line.
    fn next_response(&self, inquiry: &Inquiry) -> Option<(Duration, Address, String)> {
        let own = self.bluetooth.radio;
        let full = inquiry.most.is_some_and(|most| inquiry.heard.len() >= most);
        let medium = self.bluetooth.air.look();
        let mut next: Option<(Duration, Address, String)> = None;
        for (_, radio) in medium.radios.iter().enumerate().filter(|(id, _)| *id != own) {
            let face = &radio.classic;
            let known = inquiry.heard.iter().find(|(address, _)| *address == radio.public);
            if !face.on || !face.discoverable || known.is_none() && full {
                continue;
            }
            let always = [InquiryResponse::HEARD];
            let responses = if face.inquiry.is_empty() { &always[..] } else { &face.inquiry };
            let Some(response) = responses.get(known.map_or(0, |(_, count)| *count)) else {
                continue;
            };
            let at = inquiry.started + response.after;
            if next.as_ref().is_some_and(|(earliest, ..)| *earliest <= at) {
                continue;
            }
            let mut line = format!("+BTSTARTDISC:{}", quoted(radio.public));
            if let Some(rssi) = response.rssi {
                let name = if response.name { String::from_utf8_lossy(&face.name).into_owned() } else { String::new() };
                let class = face.class.filter(|_| response.class).map_or_else(
                    || ",,".to_owned(),
                    |class| format!("{:#x},{:#x},{:#x}", class.major, class.minor, class.service),
                );
                line += &format!(",{name},{class},{rssi}");
            }
            next = Some((at, radio.public, line));
        }
        next
    }
}
