//! The station: joining an access point, leaving it, and what is known of it.

use core::fmt;
use core::future::{Future, poll_fn};
use core::task::Poll;

use embassy_futures::select::{Either, select};
use embassy_time::Duration;

use super::dialect::{JoinForm, WifiDialect};
use super::{Wifi, radio};
use crate::at::Encoder;
use crate::command::wifi::{
    Certificates, EapCredentials, EnterpriseJoinError, JoinAccessPoint, JoinAccessPointRefusingOpen,
    JoinAccessPointWithOptions, JoinAccessPointWithReconnection, JoinEnterprise, JoinError, Joined, JoinedAccessPoint,
    LeaveAccessPoint, ManagementFrameProtection, QueryAccessPoint, QueryAutoConnect, QueryReconnection,
    QueryStationState, Reconnection, SetAutoConnect, SetReconnection, StationState, WhichMatch,
};
use crate::command::{Bytes, Command, CommandError, Failure, Kind, Mac, On, Secret};
use crate::control::send;
use crate::engine::{Moment, Span, Station};
use crate::resources::{Access, AccessExt};

/// How long after `OK` the address may still be announced.
const ADDRESS_LIMIT: Span = Span::from_millis(10_000);

/// How long after `OK` the module may still say that it has left. Not all firmware says it.
const LEAVE_LIMIT: Span = Span::from_millis(2000);

/// How to join an access point.
///
/// The module's defaults hold for what is not chosen. A choice that the firmware does not offer is refused with
/// [`CommandError::Unsupported`], before anything is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct JoinOptions<'a> {
    passphrase: Option<&'a str>,
    bssid: Option<[u8; 6]>,
    refuse_open_and_wep: Option<bool>,
    reconnect_interval_s: Option<u16>,
    listen_interval: Option<u8>,
    which: Option<WhichMatch>,
    timeout_s: Option<u16>,
    protection: Option<ManagementFrameProtection>,
}

impl fmt::Debug for JoinOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the passphrase.
        f.debug_struct("JoinOptions").field("bssid", &self.bssid).finish_non_exhaustive()
    }
}

impl<'a> JoinOptions<'a> {
    /// For a network with a passphrase of 8 to 64 bytes.
    #[must_use]
    pub const fn new(passphrase: &'a str) -> Self {
        Self { passphrase: Some(passphrase), ..Self::open() }
    }

    /// For an open network.
    #[must_use]
    pub const fn open() -> Self {
        Self {
            passphrase: None,
            bssid: None,
            refuse_open_and_wep: None,
            reconnect_interval_s: None,
            listen_interval: None,
            which: None,
            timeout_s: None,
            protection: None,
        }
    }

    /// Only the access point with this MAC address, where several have the same name.
    #[must_use]
    pub const fn bssid(mut self, bssid: [u8; 6]) -> Self {
        self.bssid = Some(bssid);
        self
    }

    /// Whether access points without encryption and with WEP are refused ("PCI"). ESP-AT, IDF and NONOS.
    #[must_use]
    pub const fn refuse_open_and_wep(mut self, refuse: bool) -> Self {
        self.refuse_open_and_wep = Some(refuse);
        self
    }

    /// Whether the station joins again by itself when it has lost the access point. ESP-AT, where it does by default,
    /// and IDF.
    #[must_use]
    pub const fn reconnect(self, reconnect: bool) -> Self {
        self.reconnect_interval(if reconnect { 1 } else { 0 })
    }

    /// The same with the seconds between two attempts, 1 to 7200, or 0 not to. More than 1 is for ESP-AT only.
    #[must_use]
    pub const fn reconnect_interval(mut self, seconds: u16) -> Self {
        self.reconnect_interval_s = Some(seconds);
        self
    }

    /// Beacons from one look for data to the next, 1 to 100. More save power and cost time. ESP-AT and IDF.
    #[must_use]
    pub const fn listen_interval(mut self, beacons: u8) -> Self {
        self.listen_interval = Some(beacons);
        self
    }

    /// Whether to look at all channels and take the strongest access point, or the first that is found. ESP-AT.
    #[must_use]
    pub const fn which(mut self, which: WhichMatch) -> Self {
        self.which = Some(which);
        self
    }

    /// Seconds after which the module gives up, 3 to 600. ESP-AT; 15 by default.
    #[must_use]
    pub const fn timeout(mut self, seconds: u16) -> Self {
        self.timeout_s = Some(seconds);
        self
    }

    /// How management frames are protected (PMF). ESP-AT.
    #[must_use]
    pub const fn protection(mut self, protection: ManagementFrameProtection) -> Self {
        self.protection = Some(protection);
        self
    }

    /// The least form of the command that can say all that was chosen.
    fn form(&self) -> JoinForm {
        let reconnects = self.reconnect_interval_s.is_some_and(|seconds| seconds > 1);
        if reconnects || self.which.is_some() || self.timeout_s.is_some() || self.protection.is_some() {
            JoinForm::Everything
        } else if self.reconnect_interval_s.is_some() || self.listen_interval.is_some() {
            JoinForm::Reconnecting
        } else if self.refuse_open_and_wep.is_some() {
            JoinForm::RefusingOpen
        } else {
            JoinForm::Nothing
        }
    }
}

/// The command for joining, in whichever form the firmware has it. It fails, and takes as long, as the plain one.
struct Join<'j> {
    plain: JoinAccessPoint<'j>,
    options: &'j JoinOptions<'j>,
    form: JoinForm,
}

impl<'j> Join<'j> {
    fn with_options(&self) -> JoinAccessPointWithOptions<'j> {
        let JoinAccessPoint { ssid, passphrase, bssid } = self.plain;
        JoinAccessPointWithOptions {
            ssid: Some(Bytes(ssid.as_bytes())),
            passphrase: Some(passphrase),
            bssid,
            refuse_open_and_wep: self.options.refuse_open_and_wep,
            reconnect_interval_s: self.options.reconnect_interval_s,
            listen_interval: self.options.listen_interval,
            which: self.options.which,
            timeout_s: self.options.timeout_s,
            protection: self.options.protection,
        }
    }
}

impl Command for Join<'_> {
    type Response = Joined;
    type Error = JoinError;
    type Answer = <JoinAccessPoint<'static> as Command>::Answer;

    const TIMEOUT: Duration = <JoinAccessPoint<'static> as Command>::TIMEOUT;
    const KIND: Kind = Kind::Set;

    fn encode(&self, name: &str, line: &mut Encoder<'_>) {
        let JoinAccessPoint { ssid, passphrase, bssid } = self.plain;
        let JoinOptions { refuse_open_and_wep, reconnect_interval_s, listen_interval, .. } = *self.options;
        match self.form {
            JoinForm::Nothing => self.plain.encode(name, line),
            JoinForm::RefusingOpen => {
                let refuse_open_and_wep = refuse_open_and_wep.unwrap_or(false);
                JoinAccessPointRefusingOpen { ssid, passphrase, bssid, refuse_open_and_wep }.encode(name, line);
            }
            JoinForm::Reconnecting => {
                let reconnect = reconnect_interval_s.map(|seconds| seconds > 0);
                let command = JoinAccessPointWithReconnection {
                    ssid,
                    passphrase,
                    bssid,
                    refuse_open_and_wep,
                    reconnect,
                    listen_interval,
                };
                command.encode(name, line);
            }
            JoinForm::Everything => self.with_options().encode(name, line),
        }
    }

    fn line(answer: &mut Self::Answer, line: &[u8]) {
        JoinAccessPoint::line(answer, line);
    }

    fn finish(answer: Self::Answer, result: Result<(), CommandError>) -> Result<Joined, JoinError> {
        match result {
            Ok(()) => Ok(Joined),
            Err(error) => Err(JoinError::from_answer(&answer, error)),
        }
    }
}

impl<D: WifiDialect> Wifi<'_, D> {
    /// Joins an access point and waits for an address.
    ///
    /// Takes 2 to 40 s, or as long as [`JoinOptions::timeout`] says. The module cannot be stopped on the way: if the
    /// future is dropped, it goes on, and may join. A SoftAP goes on, too, but moves to the access point's channel.
    ///
    /// # Errors
    /// See [`JoinError`].
    pub async fn join(&self, ssid: &str, options: JoinOptions<'_>) -> Result<(), JoinError> {
        if options.passphrase == Some("") {
            return Err(JoinError::InvalidPassphrase);
        }
        let passphrase = Secret(options.passphrase.unwrap_or(""));
        let plain = JoinAccessPoint { ssid, passphrase, bssid: options.bssid.map(Mac) };
        plain.check()?;
        let needed = options.form();
        if needed > D::FORMS.join {
            return Err(JoinError::Command(CommandError::Unsupported));
        }
        // What the firmware has in one form only is said in that.
        let form = if needed == JoinForm::Nothing { needed } else { D::FORMS.join };
        let join = Join { plain, options: &options, form };
        self.set_radio(radio::STATION).await?;
        let (shared, name) = (self.control.shared, D::FORMS.join_name);
        let joining = send(shared, &join, name);
        // With a time limit of the user's it may take longer.
        let limited = form == JoinForm::Everything && options.timeout_s.is_some();
        let joining = if limited { joining.limited_like::<JoinAccessPointWithOptions<'_>>() } else { joining };
        joining.await?;
        // Most firmware says GOT IP before OK, some after it.
        self.address_within(ADDRESS_LIMIT).await.ok_or(JoinError::NoAddress)
    }
}

impl<D: WifiDialect> Wifi<'_, D> {
    /// Joins an access point with an authentication server (WPA2 Enterprise), and waits for an address.
    ///
    /// Certificates must be in the module's flash. Takes up to 40 s; dropping the future does not stop the module.
    ///
    /// # Errors
    /// See [`EnterpriseJoinError`]. Without an address, it is [`EnterpriseJoinError::Timeout`].
    pub async fn join_enterprise<'c>(
        &self,
        ssid: &'c [u8],
        credentials: EapCredentials<'c>,
        certificates: Certificates,
    ) -> Result<(), EnterpriseJoinError>
    where
        JoinEnterprise<'c>: On<D>,
    {
        self.set_radio(radio::STATION).await?;
        self.control.send(&JoinEnterprise { ssid: Bytes(ssid), credentials, certificates }).await?;
        self.address_within(ADDRESS_LIMIT).await.ok_or(EnterpriseJoinError::Timeout)
    }

    /// Leaves the access point, and stays away until the next [`join`](Self::join) or restart of the module. Waits up
    /// to 2 s until the station has gone; sockets end then.
    ///
    /// ESP-AT would join again by itself, so that this is switched off first. What happens after a restart is for
    /// [`set_auto_connect`](Self::set_auto_connect) to say, as that wears the flash.
    ///
    /// # Errors
    /// The command's.
    pub async fn leave(&self) -> Result<(), CommandError>
    where
        LeaveAccessPoint: On<D>,
    {
        let (shared, forms) = (self.control.shared, D::FORMS);
        shared.0.get(|engine| {
            engine.core.leaves = engine.core.leaves.wrapping_add(1);
            engine.core.waiters.wake();
        });
        if forms.join == JoinForm::Everything {
            // Old releases have no such command, and need none.
            match send(shared, &SetReconnection { interval_s: 0, attempts: 0 }, "AT+CWRECONNCFG").await {
                Ok(()) | Err(CommandError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        self.control.send(&LeaveAccessPoint).await?;
        within(shared.0, LEAVE_LIMIT, wait_for(shared.0, |station| !station.associated)).await;
        Ok(())
    }

    /// Whether the station joins the access point that is kept in flash when the module starts. From the factory it
    /// does.
    ///
    /// Kept in flash: each call wears it.
    ///
    /// # Errors
    /// The command's. Some firmware refuses while the radio is off.
    pub async fn set_auto_connect(&self, enabled: bool) -> Result<(), CommandError>
    where
        SetAutoConnect: On<D>,
    {
        self.control.send(&SetAutoConnect { enabled }).await
    }

    /// What [`set_auto_connect`](Self::set_auto_connect) has set.
    ///
    /// # Errors
    /// The command's.
    pub async fn auto_connect(&self) -> Result<bool, CommandError>
    where
        QueryAutoConnect: On<D>,
    {
        Ok(self.control.send(&QueryAutoConnect).await?.enabled)
    }

    /// What the station does when it loses the access point, from now on.
    ///
    /// # Errors
    /// The command's.
    pub async fn set_reconnection(&self, reconnection: Reconnection) -> Result<(), CommandError>
    where
        SetReconnection: On<D>,
    {
        let Reconnection { interval_s, attempts } = reconnection;
        self.control.send(&SetReconnection { interval_s, attempts }).await
    }

    /// What the station does when it loses the access point.
    ///
    /// # Errors
    /// The command's.
    pub async fn reconnection(&self) -> Result<Reconnection, CommandError>
    where
        QueryReconnection: On<D>,
    {
        self.control.send(&QueryReconnection).await
    }

    /// The access point that the station has joined: name, MAC address, channel, signal. `None` if none.
    ///
    /// # Errors
    /// The command's.
    pub async fn access_point(&self) -> Result<Option<JoinedAccessPoint>, CommandError>
    where
        QueryAccessPoint: On<D>,
    {
        self.control.send(&QueryAccessPoint).await
    }

    /// How strong the access point is here, in dBm. `None` while none is joined.
    ///
    /// # Errors
    /// The command's.
    pub async fn rssi(&self) -> Result<Option<i8>, CommandError>
    where
        QueryAccessPoint: On<D>,
    {
        Ok(self.access_point().await?.map(|point| point.signal_dbm))
    }

    /// What the station is doing, as the module sees it. [`status`](Self::status) tells without asking.
    ///
    /// # Errors
    /// The command's.
    pub async fn station_state(&self) -> Result<StationState, CommandError>
    where
        QueryStationState: On<D>,
    {
        self.control.send(&QueryStationState).await
    }

    /// How far the station has come, as far as the module has said. Asks nothing.
    #[must_use]
    pub fn status(&self) -> LinkStatus {
        match self.control.shared.0.get(|engine| engine.core.station) {
            Station { has_address: true, .. } => LinkStatus::Up,
            Station { associated: true, .. } => LinkStatus::NoAddress,
            Station { .. } => LinkStatus::Down,
        }
    }

    /// Whether the station is associated with an access point, as far as the module has said.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.status() != LinkStatus::Down
    }

    /// Waits until the station is associated with an access point.
    pub async fn wait_for_link(&self) {
        self.wait_for(|station| station.associated).await;
    }

    /// Waits until the station has an IPv4 address.
    pub async fn wait_for_address(&self) {
        self.wait_for(|station| station.has_address).await;
    }

    /// Waits until the station has no access point.
    pub async fn wait_for_disconnection(&self) {
        self.wait_for(|station| !station.associated).await;
    }

    async fn wait_for(&self, wanted: fn(&Station) -> bool) {
        wait_for(self.control.shared.0, wanted).await;
    }

    fn address_within(&self, limit: Span) -> impl Future<Output = Option<()>> {
        let access = self.control.shared.0;
        let mut until = Moment::NEVER;
        poll_fn(move |context| {
            access.poll(|engine| {
                let core = &mut *engine.core;
                if core.station.has_address {
                    return Poll::Ready(Some(()));
                }
                if until == Moment::NEVER {
                    until = core.after(limit);
                }
                if core.wait_until(until, context) { Poll::Pending } else { Poll::Ready(None) }
            })
        })
    }
}

/// How far the station has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LinkStatus {
    /// No access point is joined.
    Down,
    /// An access point is joined, and there is no IPv4 address yet.
    NoAddress,
    /// There is an IPv4 address.
    Up,
}

/// What `future` gives, if it does within `limit`. By the engine's clock, as there may be no other.
pub(super) async fn within<T>(access: &dyn Access, limit: Span, future: impl Future<Output = T>) -> Option<T> {
    match select(future, elapse(access, limit)).await {
        Either::First(output) => Some(output),
        Either::Second(()) => None,
    }
}

/// Waits for a while, which begins at the first poll.
pub(super) async fn elapse(access: &dyn Access, time: Span) {
    let mut until = None;
    poll_fn(|context| {
        access.poll(|engine| {
            let core = &mut *engine.core;
            let until = *until.get_or_insert(core.after(time));
            if core.wait_until(until, context) { Poll::Pending } else { Poll::Ready(()) }
        })
    })
    .await;
}

async fn wait_for(access: &dyn Access, wanted: fn(&Station) -> bool) {
    poll_fn(|context| {
        access.poll(|engine| {
            if wanted(&engine.core.station) {
                return Poll::Ready(());
            }
            engine.core.waiters.register(context.waker());
            Poll::Pending
        })
    })
    .await;
}
