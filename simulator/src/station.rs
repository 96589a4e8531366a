//! The Wi-Fi station: joining, losing and finding access points.

use crate::config::AccessPoint;
use crate::engine::Job;
use crate::request::{Call, Code, Failure};
use crate::script::Point;
use crate::settings::{Ipv4Config, JoinConfig};
use crate::simulator::Simulator;
use core::time::Duration;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// No connection started yet.
    #[default]
    Idle,
    /// Looks for the access point; the outcome shows when the time is up.
    Joining(Result<usize, u8>),
    /// Connected to this access point, no address yet.
    Associated(usize),
    Online(usize),
    Lost,
}

#[derive(Debug, Default)]
pub(crate) struct Station {
    phase: Phase,
    target: Option<JoinConfig>,
    /// When the phase changes by itself or the next attempt begins.
    pub(crate) at: Option<Duration>,
    attempts: i64,
    /// `AT+CWINIT=0`
    pub(crate) off: bool,
}

impl Station {
    pub(crate) const fn online(&self) -> bool {
        matches!(self.phase, Phase::Online(_))
    }

    pub(crate) const fn access_point(&self) -> Option<usize> {
        match self.phase {
            Phase::Associated(index) | Phase::Online(index) => Some(index),
            _ => None,
        }
    }

    pub(crate) fn ssid<'a>(&self, points: &'a [AccessPoint]) -> Option<&'a [u8]> {
        let point = points.get(self.access_point()?)?;
        Some(&point.ssid)
    }

    pub(crate) const fn target(&self) -> Option<&JoinConfig> {
        self.target.as_ref()
    }

    /// As `AT+CWSTATE?` codes it.
    pub(crate) const fn state(&self) -> u8 {
        match self.phase {
            Phase::Idle => 0,
            Phase::Associated(_) => 1,
            Phase::Online(_) => 2,
            Phase::Joining(_) => 3,
            Phase::Lost => 4,
        }
    }
}

/// What a scan shows, and the running scan's filter.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) fields: i64,
    pub(crate) least_rssi: i64,
    pub(crate) encryptions: i64,
    pub(crate) ssid: Option<Vec<u8>>,
    pub(crate) bssid: Option<[u8; 6]>,
    pub(crate) channel: Option<i64>,
    pub(crate) sorted: bool,
}

impl Default for Scan {
    fn default() -> Self {
        Self {
            fields: 0x7ff,
            least_rssi: -100,
            encryptions: 0xffff,
            ssid: None,
            bssid: None,
            channel: None,
            sorted: false,
        }
    }
}

pub(crate) fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

impl Simulator {
    pub(crate) const fn station_off(&self) -> bool {
        self.station.off
    }

    pub(crate) const fn set_station_off(&mut self, off: bool) {
        self.station.off = off;
    }

    /// The IPv4 settings of the station now.
    pub(crate) fn station_ipv4(&self) -> Option<Ipv4Config> {
        if self.settings.station_dhcp {
            self.station.online().then_some(self.lease)
        } else {
            self.settings.station_static
        }
    }

    /// Whether a network can be reached: through an access point or a cable, or by the stations of the own one.
    pub(crate) const fn has_network(&self) -> bool {
        self.station.online() || self.settings.softap_on() || self.world.ethernet_address().is_some()
    }

    /// Starts to join. A connection that exists is given up.
    pub(crate) fn begin_join(&mut self, config: JoinConfig) {
        if self.station.access_point().is_some() {
            self.leave_wifi();
        }
        let outcome = self.find_access_point(&config);
        let time = match outcome {
            Ok(_) => self.latency.join,
            Err(2 | 4) => self.latency.wrong_password,
            Err(_) => self.latency.missing_access_point,
        };
        self.station.target = Some(config);
        self.station.phase = Phase::Joining(outcome);
        self.station.at = Some(self.now + time);
    }

    fn find_access_point(&self, config: &JoinConfig) -> Result<usize, u8> {
        let points = self.access_points.iter().enumerate();
        let matching = points.filter(|(_, point)| {
            point.up
                && point.ssid == config.ssid
                && config.bssid.is_none_or(|bssid| bssid == point.bssid)
                && !(config.refuse_open && point.encryption < 2)
                && i64::from(point.encryption) >= config.floor
                && (config.enterprise.is_none() || point.enterprise.is_some())
                && self.settings.country.allows(point.channel)
        });
        // The fast scan takes the first one, the full scan the strongest.
        let best = if config.scan_mode == 1 {
            matching.max_by_key(|(index, point)| (point.rssi, core::cmp::Reverse(*index)))
        } else {
            matching.min_by_key(|(index, _)| *index)
        };
        let (index, point) = best.ok_or(3)?;
        if let Some(access) = &point.enterprise {
            return match &config.enterprise {
                Some(user) if access.admits(user) => Ok(index),
                Some(_) => Err(2),
                // Without a user the handshake comes to nothing.
                None => Err(4),
            };
        }
        match &point.password {
            Some(password) if *password != config.password => Err(2),
            _ => Ok(index),
        }
    }

    pub(crate) fn on_station_timer(&mut self) {
        match self.station.phase {
            Phase::Joining(Ok(index)) => {
                if !self.access_points.get(index).is_some_and(|point| point.up) {
                    self.station.phase = Phase::Joining(Err(3));
                    self.station.at = Some(self.now);
                    return;
                }
                self.station.phase = Phase::Associated(index);
                self.emit(&Point::WifiState, b"WIFI CONNECTED\r\n");
                let point = &self.access_points[index];
                if point.dhcp || !self.settings.station_dhcp {
                    self.station.at = Some(self.now + self.latency.dhcp);
                }
            }
            Phase::Joining(Err(code)) => {
                self.station.phase = Phase::Lost;
                if let Some(call) = self.join_call() {
                    // AT+CWJEAP knows only the end of its time.
                    if call.name != "+CWJEAP" {
                        self.finish_join(&call, Err(code));
                    }
                } else if !self.finish_provisioning(false) {
                    self.plan_reconnect();
                }
            }
            Phase::Associated(index) => {
                self.station.phase = Phase::Online(index);
                self.station.attempts = 0;
                self.emit(&Point::WifiState, b"WIFI GOT IP\r\n");
                self.start_sntp();
                if let Some(call) = self.join_call() {
                    self.finish_join(&call, Ok(()));
                } else {
                    self.finish_provisioning(true);
                }
                self.tell_ipv6();
            }
            Phase::Lost => {
                if let Some(config) = self.station.target.clone() {
                    self.station.attempts += 1;
                    self.begin_join(config);
                }
            }
            Phase::Idle | Phase::Online(_) => {}
        }
    }

    pub(crate) fn running_job(&self) -> Option<&Job> {
        self.running.as_ref().map(|running| &running.job)
    }

    /// The `AT+CWJAP` that is running.
    fn join_call(&self) -> Option<Call> {
        match self.running_job() {
            Some(Job::Join(call)) => Some(call.clone()),
            _ => None,
        }
    }

    pub(crate) fn finish_join(&mut self, call: &Call, result: Result<(), u8>) {
        match result {
            Ok(()) => {
                let target = self.station.target.clone();
                self.keep(call, |settings| settings.join.clone_from(&target));
                self.finish_ok();
            }
            Err(_) if call.name == "+CWJEAP" => crate::command::enterprise::time_out(self),
            Err(code) => {
                let failure = &self.profile.wording.join_failure;
                let label = failure.label.unwrap_or(&call.name);
                self.info(&format!("{label}:{code}"));
                self.finish_failure(Code::Failed.into(), failure.end);
            }
        }
    }

    /// Ends an attempt without a line.
    pub(crate) fn stop_join(&mut self) {
        if !self.station.online() {
            self.station.phase = Phase::Lost;
            self.station.at = None;
        }
    }

    fn plan_reconnect(&mut self) {
        let interval = u64::try_from(self.settings.reconnect_interval).unwrap_or(0);
        let limit = self.settings.reconnect_count;
        let more = limit == 0 || self.station.attempts < limit;
        self.station.at = (interval > 0 && more).then(|| self.now + Duration::from_secs(interval));
    }

    /// The access point is gone.
    pub(crate) fn lose_wifi(&mut self) {
        if self.station.access_point().is_some() {
            self.leave_wifi();
            self.station.attempts = 0;
            if let Some(call) = self.join_call() {
                self.station.at = None;
                self.finish_join(&call, Err(4));
            } else {
                self.plan_reconnect();
            }
        }
    }

    /// Disconnects; links break, UDP links do not notice.
    pub(crate) fn leave_wifi(&mut self) {
        let connected = self.station.access_point().is_some();
        self.station.phase = Phase::Lost;
        self.station.at = None;
        if connected {
            self.say_state(&Point::WifiState, "WIFI DISCONNECT");
            self.break_links();
        }
    }

    /// A state line, kept back in passthrough unless the host wants it.
    pub(crate) fn say_state(&mut self, point: &Point, line: &str) {
        let passthrough = self.mode.passes_through();
        if !passthrough || self.settings.message_bits & 4 != 0 {
            self.emit(point, format!("{line}\r\n").as_bytes());
        }
    }

    /// At power-on, and when the station mode is switched on.
    pub(crate) fn auto_connect(&mut self) {
        if self.settings.station()
            && self.settings.auto_connect
            && let Some(config) = self.settings.join.clone()
        {
            self.begin_join(config);
        }
    }

    pub(crate) fn begin_scan(&mut self) -> Result<crate::command::Reply, Failure> {
        if self.world.provisioning.smart.is_some() {
            return Err(Code::Failed.into());
        }
        let at = self.now + self.latency.scan;
        Ok(self.run(Job::Scan, Some(at)))
    }

    pub(crate) fn finish_scan(&mut self) {
        let odd = self.odd_names();
        let mut found: Vec<&AccessPoint> = self.access_points.iter().collect();
        found.retain(|point| self.shows(point));
        if self.scan.sorted {
            found.sort_by_key(|point| core::cmp::Reverse(point.rssi));
        }
        let mut text = Vec::new();
        for point in found.into_iter().chain(&odd) {
            text.extend(scan_line(point, self.scan.fields));
        }
        if !text.is_empty() {
            self.emit(&Point::Information, &text);
        }
        self.finish_ok();
    }

    fn shows(&self, point: &AccessPoint) -> bool {
        let scan = &self.scan;
        point.up
            && self.settings.country.allows(point.channel)
            && i64::from(point.rssi) >= scan.least_rssi
            && scan.encryptions >> point.encryption.min(62) & 1 == 1
            && scan.ssid.as_ref().is_none_or(|ssid| *ssid == point.ssid)
            && scan.bssid.is_none_or(|bssid| bssid == point.bssid)
            && scan.channel.is_none_or(|channel| channel == 0 || channel == i64::from(point.channel))
    }
}

/// The name stands as it is between its quotes, even if it holds quotes itself.
fn scan_line(point: &AccessPoint, fields: i64) -> Vec<u8> {
    let cipher = if point.encryption == 0 { 0 } else { 4 };
    let quoted = |text: &[u8]| [b"\"", text, b"\""].concat();
    let values: [Vec<u8>; 11] = [
        point.encryption.to_string().into_bytes(),
        quoted(&point.ssid),
        point.rssi.to_string().into_bytes(),
        quoted(mac_text(point.bssid).as_bytes()),
        point.channel.to_string().into_bytes(),
        b"-1".to_vec(),
        b"-1".to_vec(),
        cipher.to_string().into_bytes(),
        cipher.to_string().into_bytes(),
        b"7".to_vec(),
        b"0".to_vec(),
    ];
    let shown = values.into_iter().enumerate();
    let shown = shown.filter(|(bit, _)| fields >> bit & 1 == 1);
    let shown: Vec<Vec<u8>> = shown.map(|(_, value)| value).collect();
    [b"+CWLAP:(", shown.join(&b","[..]).as_slice(), b")\r\n"].concat()
}
