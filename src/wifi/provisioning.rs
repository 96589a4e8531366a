//! Getting the access point from a telephone, a push button or a browser.

use core::fmt;

use embassy_time::Duration;
use heapless::String;

use super::dialect::WifiDialect;
use super::station::{elapse, within};
use super::{Wifi, radio};
use crate::command::web_server::{StartWebServer, StopWebServer};
use crate::command::wifi::{
    JoinedAccessPoint, QueryAccessPoint, SecretString, SetWifiMode, SetWps, SmartConfigKind, Ssid, StartSmartConfig,
    StartSmartConfigKind, StartSmartConfigWithOptions, StopSmartConfig, WifiMode,
};
use crate::command::{CommandError, On, Secret};
use crate::control::{Events, Message, Messages, Missed, send};
use crate::engine::{Event, Span};
use crate::urc::{StationUrc, SystemUrc, Urc, WebServerStep};

/// How long the module goes on telling the telephone that it has worked (`ESP-AT 3.2.23`).
const FAREWELL: Span = Span::from_millis(6500);

/// Longest line of SmartConfig, with room to spare.
const LINE: usize = 96;

/// What a telephone has sent. `Debug` does not show the passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The network's name.
    pub ssid: Ssid,
    /// Its passphrase, empty if it is open.
    pub passphrase: SecretString<64>,
}

/// Why no access point was joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ProvisioningError {
    /// Nobody came in time.
    Timeout,
    /// The access point could not be joined with what was sent.
    JoinFailed,
    /// What was sent cannot be read, or was lost on the way.
    Malformed,
    /// The module's messages have another subscriber ([`Control::messages`](crate::Control::messages)).
    MessagesTaken,
    /// A command failed.
    Command(CommandError),
}

impl fmt::Display for ProvisioningError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("nobody sent an access point in time"),
            Self::JoinFailed => f.write_str("the access point that was sent could not be joined"),
            Self::Malformed => f.write_str("what was sent cannot be read"),
            Self::MessagesTaken => f.write_str("another task has subscribed to the module's messages"),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ProvisioningError {}

impl From<CommandError> for ProvisioningError {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

/// How SmartConfig works. Either kind by default, for two minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmartConfigOptions<'a> {
    kind: Option<SmartConfigKind>,
    key: Option<Secret<'a>>,
    timeout: Duration,
}

impl Default for SmartConfigOptions<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> SmartConfigOptions<'a> {
    /// ESP-TOUCH or `AirKiss`, for two minutes.
    #[must_use]
    pub const fn new() -> Self {
        Self { kind: None, key: None, timeout: Duration::from_secs(120) }
    }

    /// One kind only. ESP-TOUCH version 2 is for ESP-AT.
    #[must_use]
    pub const fn kind(mut self, kind: SmartConfigKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// ESP-TOUCH version 2 with a key of 16 bytes, which the telephone has to have, too. ESP-AT.
    #[must_use]
    pub const fn key(mut self, key: &'a str) -> Self {
        self.kind = Some(SmartConfigKind::EspTouchV2);
        self.key = Some(Secret(key));
        self
    }

    /// How long to wait for the telephone.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

/// What SmartConfig has told so far.
#[derive(Default)]
struct Told {
    ssid: Option<Ssid>,
    passphrase: Option<SecretString<64>>,
}

impl Told {
    /// Takes in a line. Gives the result when it is there.
    fn take(&mut self, line: &[u8]) -> Option<Result<Credentials, ProvisioningError>> {
        // Blanks are a part of both.
        if let Some(ssid) = line.strip_prefix(b"ssid:") {
            self.ssid = Ssid::new(ssid);
            return None;
        }
        if let Some(passphrase) = line.strip_prefix(b"password:") {
            let text = core::str::from_utf8(passphrase).ok();
            self.passphrase = text.and_then(|text| String::try_from(text).ok()).map(SecretString);
            return None;
        }
        match Urc::parse(line)? {
            Urc::Station(StationUrc::SmartConfigFailed) => return Some(Err(ProvisioningError::JoinFailed)),
            Urc::Station(StationUrc::SmartConfigConnected) => {
                let (ssid, passphrase) = (self.ssid.take(), self.passphrase.take());
                let both = ssid.zip(passphrase).ok_or(ProvisioningError::Malformed);
                return Some(both.map(|(ssid, passphrase)| Credentials { ssid, passphrase }));
            }
            _ => {}
        }
        None
    }
}

async fn credentials_from(messages: &mut Messages<'_>) -> Result<Credentials, ProvisioningError> {
    let mut told = Told::default();
    let mut buffer = [0; LINE];
    loop {
        match messages.next(&mut buffer).await {
            Ok(Message::Line(line)) => {
                if let Some(result) = told.take(line) {
                    return result;
                }
            }
            Ok(Message::Data(_)) => {}
            Err(Missed(_)) => return Err(ProvisioningError::Malformed),
        }
    }
}

async fn got_address(events: &mut Events<'_>) {
    while events.next().await != Ok(Event::StationGotAddress) {}
}

async fn web_step(messages: &mut Messages<'_>, wanted: WebServerStep) {
    let mut buffer = [0; LINE];
    loop {
        if let Ok(Message::Line(line)) = messages.next(&mut buffer).await
            && Urc::parse(line) == Some(Urc::System(SystemUrc::WebServer(wanted)))
        {
            return;
        }
    }
}

impl<D: WifiDialect> Wifi<'_, D> {
    /// Lets a telephone tell the access point, and joins that.
    ///
    /// The module is a station only meanwhile, and takes no other command well: let other tasks rest. If the future is
    /// dropped, SmartConfig goes on: call [`stop_smart_config`](Self::stop_smart_config) before anything else.
    ///
    /// # Errors
    /// See [`ProvisioningError`]. SmartConfig is over after an error, too.
    pub async fn smart_config<'c>(&self, options: SmartConfigOptions<'c>) -> Result<Credentials, ProvisioningError>
    where
        StartSmartConfig: On<D>,
        StopSmartConfig: On<D>,
    {
        let shared = self.control.shared;
        let name = <StartSmartConfig as On<D>>::NAME;
        let is_esp_at = D::FORMS.join == super::dialect::JoinForm::Everything;
        if !is_esp_at && options.kind == Some(SmartConfigKind::EspTouchV2) {
            return Err(CommandError::Unsupported.into());
        }
        let mut messages = self.control.messages().ok_or(ProvisioningError::MessagesTaken)?;
        send(shared, &SetWifiMode { mode: WifiMode::Station }, D::FORMS.mode_name).await?;
        match options {
            SmartConfigOptions { kind: None, .. } => send(shared, &StartSmartConfig, name).await?,
            SmartConfigOptions { kind: Some(kind @ SmartConfigKind::EspTouchV2), key, .. } => {
                send(shared, &StartSmartConfigWithOptions { kind, security_floor: None, key }, name).await?;
            }
            SmartConfigOptions { kind: Some(kind), .. } => {
                send(shared, &StartSmartConfigKind { kind }, name).await?;
            }
        }
        let result = within(shared.0, Span::of(options.timeout), credentials_from(&mut messages)).await;
        drop(messages);
        if matches!(result, Some(Ok(_))) {
            elapse(shared.0, FAREWELL).await;
        }
        self.stop_smart_config().await?;
        result.unwrap_or(Err(ProvisioningError::Timeout))
    }

    /// Ends SmartConfig, for when the future of [`smart_config`](Self::smart_config) was dropped.
    ///
    /// # Errors
    /// The command's.
    pub async fn stop_smart_config(&self) -> Result<(), CommandError>
    where
        StopSmartConfig: On<D>,
    {
        self.control.send(&StopSmartConfig).await
    }

    /// Joins the access point whose WPS button is pressed within `timeout`, and waits for an address. No firmware
    /// tells the passphrase.
    ///
    /// If the future is dropped, the module goes on, until it is told otherwise by [`SetWps`].
    ///
    /// # Errors
    /// See [`ProvisioningError`]. WPS is switched off after an error, too.
    pub async fn wps(&self, timeout: Duration) -> Result<JoinedAccessPoint, ProvisioningError>
    where
        SetWps: On<D>,
        QueryAccessPoint: On<D>,
    {
        self.set_radio(radio::STATION).await?;
        // It may have an access point, which it leaves for the new one.
        let mut events = self.control.events();
        self.control.send(&SetWps { enabled: true }).await?;
        if within(self.control.shared.0, Span::of(timeout), got_address(&mut events)).await.is_none() {
            self.control.send(&SetWps { enabled: false }).await?;
            return Err(ProvisioningError::Timeout);
        }
        self.access_point().await?.ok_or(ProvisioningError::JoinFailed)
    }

    /// Serves a web page on `port` of the SoftAP, on which a browser chooses the access point, until the station has
    /// joined that and the browser knows. Switches SoftAP and station on; [`start_soft_ap`](Self::start_soft_ap)
    /// before gives the SoftAP its name.
    ///
    /// ESP-AT has this only in firmware that was built for it. No firmware tells the passphrase.
    ///
    /// # Errors
    /// See [`ProvisioningError`]. The server is stopped after an error, too, but not when the future is dropped: then
    /// [`StopWebServer`] does that.
    pub async fn web_provisioning(&self, port: u16, timeout: Duration) -> Result<JoinedAccessPoint, ProvisioningError>
    where
        StartWebServer: On<D>,
        StopWebServer: On<D>,
        QueryAccessPoint: On<D>,
    {
        let mut messages = self.control.messages().ok_or(ProvisioningError::MessagesTaken)?;
        self.set_radio(radio::STATION | radio::SOFT_AP).await?;
        self.control.send(&StartWebServer { port, connection_timeout: 60 }).await?;
        let step = web_step(&mut messages, WebServerStep::ResultFetched);
        let fetched = within(self.control.shared.0, Span::of(timeout), step).await;
        self.control.send(&StopWebServer).await?;
        fetched.ok_or(ProvisioningError::Timeout)?;
        self.access_point().await?.ok_or(ProvisioningError::JoinFailed)
    }
}
