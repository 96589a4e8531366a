//! Looking for access points, one record at a time.

use super::dialect::{ScanForm, WifiDialect};
use super::{Wifi, radio};
use crate::at::{EncodeError, Encoder};
use crate::command::wifi::{
    AccessPoint, FindAccessPoints, FindAccessPointsWithOptions, ListAccessPoints, ScanKind, ScanTimes,
};
use crate::command::{Bytes, Command, CommandError, End, Mac, Record, ended_with_ok};
use crate::engine::Span;
use crate::exchange::{Ended, Lines, Request};

/// Which access points to look for, and how.
///
/// All of them by default, in the module's own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScanOptions<'a> {
    ssid: Option<&'a [u8]>,
    bssid: Option<Mac>,
    channel: Option<u8>,
    minimum_signal_dbm: Option<i8>,
    kind: Option<ScanKind>,
    minimum_ms: Option<u16>,
    maximum_ms: Option<u16>,
}

impl<'a> ScanOptions<'a> {
    /// All access points.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ssid: None,
            bssid: None,
            channel: None,
            minimum_signal_dbm: None,
            kind: None,
            minimum_ms: None,
            maximum_ms: None,
        }
    }

    /// Only those of this network: 1 to 32 bytes, not necessarily UTF-8. An active scan sees them even if they hide
    /// the name.
    #[must_use]
    pub const fn ssid(mut self, ssid: &'a [u8]) -> Self {
        self.ssid = Some(ssid);
        self
    }

    /// Only the one with this MAC address.
    #[must_use]
    pub const fn bssid(mut self, bssid: Mac) -> Self {
        self.bssid = Some(bssid);
        self
    }

    /// Only those on this channel, 1 to 14.
    ///
    /// The ESP32 v1 and WizFi360 firmware look at all channels all the same, unless name and MAC address are given,
    /// too; then the driver leaves out the others.
    #[must_use]
    pub const fn channel(mut self, channel: u8) -> Self {
        self.channel = Some(channel);
        self
    }

    /// Only those that are at least so strong here, in dBm. The driver leaves out the others.
    #[must_use]
    pub const fn minimum_signal(mut self, dbm: i8) -> Self {
        self.minimum_signal_dbm = Some(dbm);
        self
    }

    /// Whether to ask or to listen. The ESP32 v1 and WizFi360 firmware can only ask.
    #[must_use]
    pub const fn kind(mut self, kind: ScanKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// How long to stay on each channel at least, in milliseconds up to 1500; of use in an active scan. Not with the
    /// ESP32 v1 and WizFi360 firmware.
    #[must_use]
    pub const fn minimum_time(mut self, milliseconds: u16) -> Self {
        self.minimum_ms = Some(milliseconds);
        self
    }

    /// How long to stay on each channel at most, in milliseconds up to 1500; 0 for the module's default, 120 ms for an
    /// active scan and 360 ms for a passive one. Not with the ESP32 v1 and WizFi360 firmware.
    #[must_use]
    pub const fn maximum_time(mut self, milliseconds: u16) -> Self {
        self.maximum_ms = Some(milliseconds);
        self
    }

    fn check(&self, form: ScanForm) -> Result<(), CommandError> {
        let out_of_range = CommandError::Encode(EncodeError::OutOfRange);
        let bad_name = self.ssid.is_some_and(|ssid| !(1..=32).contains(&ssid.len()));
        let bad_channel = self.channel.is_some_and(|channel| !(1..=14).contains(&channel));
        if bad_name || bad_channel {
            return Err(out_of_range);
        }
        let listens = self.kind == Some(ScanKind::Passive);
        let has_times = self.minimum_ms.is_some() || self.maximum_ms.is_some();
        if form == ScanForm::Filter && (listens || has_times) {
            return Err(CommandError::Unsupported);
        }
        Ok(())
    }

    /// Firmware that takes no filter, or knows better than to obey it, lists more than was asked for.
    fn suits(&self, point: &AccessPoint) -> bool {
        fn agrees<T: PartialEq>(wanted: Option<T>, told: Option<T>) -> bool {
            wanted.is_none() || told.is_none() || wanted == told
        }
        let told = point.ssid.as_ref().filter(|ssid| !ssid.is_hidden()).map(|ssid| ssid.as_bytes());
        agrees(self.ssid, told)
            && agrees(self.bssid, point.bssid)
            && agrees(self.channel, point.channel)
            && self.minimum_signal_dbm.is_none_or(|least| point.signal_dbm.is_none_or(|signal| signal >= least))
    }

    fn encode(&self, form: ScanForm, name: &str, line: &mut Encoder<'_>) {
        let Self { ssid, bssid, channel, kind, .. } = *self;
        match form {
            _ if *self == (Self { minimum_signal_dbm: self.minimum_signal_dbm, ..Self::new() }) => {
                ListAccessPoints.encode(name, line);
            }
            ScanForm::Filter => match ssid.and_then(|ssid| core::str::from_utf8(ssid).ok()) {
                // The channel goes with the address only.
                Some(ssid) => FindAccessPoints { ssid, bssid, channel: bssid.and(channel) }.encode(name, line),
                None => ListAccessPoints.encode(name, line),
            },
            ScanForm::Options => {
                let times = match (self.minimum_ms, self.maximum_ms) {
                    (None, None) => ScanTimes::LeftOut,
                    (minimum, maximum) => ScanTimes::Milliseconds { minimum, maximum: maximum.unwrap_or(0) },
                };
                FindAccessPointsWithOptions { ssid: ssid.map(Bytes), bssid, channel, kind, times }.encode(name, line);
            }
        }
    }
}

/// A scan that is under way. [`next`](Self::next) hands out what it finds.
///
/// Access points that were not asked for yet wait in the module or on the serial line, which takes RTS/CTS where the
/// list is long; nothing else is received meanwhile. One that waits for more than 30 s is lost, and the scan ends with
/// [`CommandError::Overrun`]. The records themselves take no memory of the driver.
///
/// Dropping it half-way is safe: the module carries the scan out, what it still finds is thrown away, and the next
/// command waits for that.
#[must_use = "a scan does nothing unless its records are taken"]
pub struct Scan<'a, 'o> {
    options: ScanOptions<'o>,
    /// None once it has ended.
    lines: Option<Lines<'a>>,
    malformed: u32,
}

impl core::fmt::Debug for Scan<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Scan")
            .field("options", &self.options)
            .field("malformed", &self.malformed)
            .finish_non_exhaustive()
    }
}

impl Scan<'_, '_> {
    /// Waits for the next access point. `None` when there are no more, and ever after.
    ///
    /// Dropping the future loses none.
    ///
    /// # Errors
    /// When the module refuses to scan or ends it in another way. What came before was handed out; afterwards there
    /// are no more.
    pub async fn next(&mut self) -> Result<Option<AccessPoint>, CommandError> {
        loop {
            let Some(lines) = &mut self.lines else { return Ok(None) };
            match lines.next().await {
                Ok(line) => match AccessPoint::parse_line(line) {
                    Some(Ok(point)) if self.options.suits(&point) => return Ok(Some(point)),
                    Some(Err(_)) => self.malformed = self.malformed.wrapping_add(1),
                    Some(Ok(_)) | None => {}
                },
                Err(Ended { outcome, cut }) => {
                    self.lines = None;
                    ended_with_ok(outcome)?;
                    return if cut { Err(CommandError::Overrun) } else { Ok(None) };
                }
            }
        }
    }

    /// Lines about access points that could not be read so far. 0 unless bytes were lost on the serial line.
    #[must_use]
    pub const fn malformed(&self) -> u32 {
        self.malformed
    }
}

impl<'a, D: WifiDialect> Wifi<'a, D> {
    /// Looks for access points, with the radio as a station.
    ///
    /// Takes about 2 s, or up to 20 s with long times; sockets rest meanwhile. If the module is a SoftAP, it is a
    /// station, too, from now on, and stations of the SoftAP may lose sight of it for the time of the scan.
    ///
    /// # Errors
    /// [`CommandError::Encode`] and [`CommandError::Unsupported`] for options that cannot be, before anything is sent.
    pub async fn scan<'o>(&self, options: ScanOptions<'o>) -> Result<Scan<'a, 'o>, CommandError> {
        let forms = D::FORMS;
        options.check(forms.scan)?;
        self.switch_on(radio::STATION).await?;
        let encode = |line: &mut Encoder<'_>| options.encode(forms.scan, forms.scan_name, line);
        let request = Request {
            encode: &encode,
            line_end: true,
            timeout: Self::SCAN_LIMIT,
            connecting: None,
            end: End::Ok,
            takes_data: false,
            counter: None,
            data: &[],
        };
        let lines = Lines::begin(self.control.shared.0, &request).await?;
        Ok(Scan { options, lines: Some(lines), malformed: 0 })
    }

    /// With the longest times on all channels.
    const SCAN_LIMIT: Span = Span::of(<FindAccessPointsWithOptions<'_> as Command>::TIMEOUT);
}
