//! Credentials that come from outside: `SmartConfig`, the WPS button, the page of the web server.

use super::{SmartConfig, SmartConfigKind};
use crate::script::Point;
use crate::settings::JoinConfig;
use crate::simulator::Simulator;
use core::time::Duration;

/// How long a WPS button, and a module that waits for one, stay active.
const WPS_TIME: Duration = Duration::from_secs(120);
/// How long a phone sends.
const PHONE_TIME: Duration = Duration::from_secs(60);
/// How long an upload to the web page takes.
const UPLOAD_TIME: Duration = Duration::from_secs(5);

/// Where the credentials of the running join come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    SmartConfig,
    Wps,
    Web,
    Blufi,
}

/// `AT+CWSTARTSMART`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SmartConfigRun {
    /// As the command codes it: 1 ESP-TOUCH, 2 `AirKiss`, 3 both, 4 ESP-TOUCH v2.
    pub(crate) kind: i64,
    /// The least encryption of an access point.
    pub(crate) floor: i64,
    pub(crate) key: Option<Vec<u8>>,
    /// A phone was heard.
    done: bool,
}

impl SmartConfigRun {
    pub(crate) const fn new(kind: i64, floor: i64, key: Option<Vec<u8>>) -> Self {
        Self { kind, floor, key, done: false }
    }

    fn understands(&self, phone: &SmartConfig) -> bool {
        match phone.kind {
            SmartConfigKind::EspTouch => matches!(self.kind, 1 | 3),
            SmartConfigKind::AirKiss => matches!(self.kind, 2 | 3),
            SmartConfigKind::EspTouchV2 => self.kind == 4 && (phone.key.is_none() || self.key == phone.key),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Provisioning {
    pub(crate) smart: Option<SmartConfigRun>,
    /// The least encryption, and until when the module waits.
    pub(crate) wps: Option<(i64, Duration)>,
    /// The port of the web server.
    pub(crate) web: Option<u16>,
    pub(crate) joining: Option<Source>,
    /// An upload that runs: whether it arrives whole, and when it ends.
    upload: Option<(bool, Duration)>,
    /// A phone that sends, until then.
    phone: Option<(SmartConfig, Duration)>,
    /// The access point whose button was pressed, until then.
    button: Option<(Vec<u8>, Duration)>,
}

impl Provisioning {
    pub(super) fn next_at(&self) -> Option<Duration> {
        let wps = self.wps.map(|(_, until)| until);
        let phone = self.phone.as_ref().map(|(_, until)| *until);
        let button = self.button.as_ref().map(|(_, until)| *until);
        let upload = self.upload.map(|(_, at)| at);
        [wps, phone, button, upload].into_iter().flatten().min()
    }

    pub(super) fn restart(&mut self) {
        self.smart = None;
        self.wps = None;
        self.web = None;
        self.upload = None;
        self.joining = None;
    }
}

impl Simulator {
    pub(super) fn on_provisioning_timer(&mut self) {
        let now = self.now;
        let provisioning = &mut self.world.provisioning;
        provisioning.wps = provisioning.wps.filter(|(_, until)| *until > now);
        provisioning.phone = provisioning.phone.take().filter(|(_, until)| *until > now);
        provisioning.button = provisioning.button.take().filter(|(_, until)| *until > now);
        if let Some((whole, _)) = provisioning.upload.take_if(|(_, at)| *at <= now)
            && provisioning.web.is_some()
        {
            self.tell_web_event(if whole { 4 } else { 5 });
        }
    }

    pub(super) fn hear_phone(&mut self, phone: SmartConfig) {
        self.world.provisioning.phone = Some((phone, self.now + PHONE_TIME));
        self.try_smart_config();
    }

    pub(super) fn press_wps_button(&mut self, ssid: Vec<u8>) {
        self.world.provisioning.button = Some((ssid, self.now + WPS_TIME));
        self.try_wps();
    }

    /// `AT+WPS=1`
    pub(crate) fn start_wps(&mut self, floor: i64) {
        self.world.provisioning.wps = Some((floor, self.now + WPS_TIME));
    }

    /// Takes the credentials if the module listens and a phone sends.
    pub(crate) fn try_smart_config(&mut self) {
        let provisioning = &mut self.world.provisioning;
        let Some(run) = provisioning.smart.as_mut().filter(|run| !run.done) else {
            return;
        };
        let Some((phone, _)) = provisioning.phone.take_if(|(phone, _)| run.understands(phone)) else {
            return;
        };
        run.done = true;
        let floor = run.floor;
        let words = &self.profile.wording.smart_config;
        let (got, credentials) = (words.got, words.tells_credentials);
        let kind = match phone.kind {
            SmartConfigKind::EspTouch => "ESPTOUCH",
            SmartConfigKind::AirKiss => "AIRKISS",
            SmartConfigKind::EspTouchV2 => "ESPTOUCH_V2",
        };
        if let Some(label) = words.kind {
            self.emit(&Point::WifiState, format!("{label}{kind}\r\n").as_bytes());
        }
        self.emit(&Point::WifiState, format!("{got}\r\n").as_bytes());
        if credentials {
            let lines = [b"ssid:", &phone.ssid[..], b"\r\npassword:", &phone.password, b"\r\n"].concat();
            self.emit(&Point::WifiState, &lines);
        }
        if let Some(data) = &phone.reserved {
            let mut line = format!("+SCRD:{},", data.len()).into_bytes();
            line.extend(data);
            line.extend(b"\r\n");
            self.emit(&Point::WifiState, &line);
        }
        self.provision(Source::SmartConfig, JoinConfig::new(phone.ssid, phone.password), floor);
    }

    pub(crate) fn try_wps(&mut self) {
        let provisioning = &mut self.world.provisioning;
        let (Some((floor, _)), Some((ssid, _))) = (provisioning.wps, &provisioning.button) else {
            return;
        };
        let points = self.access_points.iter();
        // WPS knows no WEP.
        let mut usable = points.filter(|point| point.up && point.ssid == *ssid && point.encryption != 1);
        let Some(point) = usable.find(|point| i64::from(point.encryption) >= floor) else {
            return;
        };
        let password = point.password.clone().unwrap_or_default();
        let config = JoinConfig::new(point.ssid.clone(), password);
        provisioning.button = None;
        provisioning.wps = None;
        self.provision(Source::Wps, config, floor);
    }

    pub(super) fn web_credentials(&mut self, ssid: Vec<u8>, password: Vec<u8>) {
        if self.world.provisioning.web.is_some() && self.awake() {
            self.tell_web_event(1);
            self.provision(Source::Web, JoinConfig::new(ssid, password), 0);
        }
    }

    pub(super) fn web_upload(&mut self, whole: bool) {
        if self.world.provisioning.web.is_some() && self.awake() {
            self.tell_web_event(3);
            self.world.provisioning.upload = Some((whole, self.now + UPLOAD_TIME));
        }
    }

    /// A phone has sent credentials by `BluFi`.
    pub(crate) fn join_by_blufi(&mut self, ssid: Vec<u8>, password: Vec<u8>, floor: i64) {
        self.provision(Source::Blufi, JoinConfig::new(ssid, password), floor);
    }

    fn tell_web_event(&mut self, event: u8) {
        self.emit(&Point::WifiState, format!("+WEBSERVERRSP:{event}\r\n").as_bytes());
    }

    /// Joins with credentials from outside.
    fn provision(&mut self, source: Source, mut config: JoinConfig, floor: i64) {
        config.floor = floor;
        self.begin_join(config);
        self.world.provisioning.joining = Some(source);
    }

    /// The join with such credentials has ended. `false` if there was none.
    pub(crate) fn finish_provisioning(&mut self, joined: bool) -> bool {
        let Some(source) = self.world.provisioning.joining.take() else {
            return false;
        };
        if joined {
            let target = self.station.target().cloned();
            self.settings.join.clone_from(&target);
            if self.store {
                self.flash.join = target;
            }
        }
        let words = &self.profile.wording.smart_config;
        let line = match (source, joined) {
            (Source::SmartConfig, true) => Some(words.connected),
            (Source::SmartConfig, false) => words.failed,
            (Source::Web, true) => {
                self.tell_web_event(2);
                None
            }
            (Source::Web, false) | (Source::Wps | Source::Blufi, _) => None,
        };
        if let Some(line) = line {
            self.emit(&Point::WifiState, format!("{line}\r\n").as_bytes());
        }
        true
    }
}
