//! What happened, for whoever wants to know: a short history of payload-free events, and counters.

use embassy_sync::waitqueue::MultiWakerRegistration;

use crate::at::after_name;

/// Events that are kept for a slow subscriber.
const HISTORY: usize = 8;

/// Something that happened without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Event {
    /// The module has been set up and takes commands.
    ModuleReady,
    /// The module has restarted, or is made to: all sockets are gone; it is set up anew.
    /// [`Control::last_reset`](crate::Control::last_reset) tells why.
    ModuleReset,
    /// The module does not answer. The driver goes on trying.
    ModuleSilent,
    /// The module does not answer, and as many attempts have failed as the user allows.
    GaveUp,
    /// A socket was failed: without Wi-Fi its link was lost, and the module had not said so.
    LinkLost,
    /// One connect after the other was refused. Links that have no socket are closed.
    ConnectsFail,
    /// [`stay_joined`](crate::wifi::Wifi::stay_joined) has joined the access point again.
    Rejoined,
    /// [`stay_joined`](crate::wifi::Wifi::stay_joined) could not join, and tries again after a pause.
    JoinFailed,
    /// The module sleeps deeply, as it was told to, and starts anew when its time is up.
    ModuleAsleep,
    /// The station is associated with an access point.
    StationConnected,
    /// The station has an IPv4 address.
    StationGotAddress,
    /// The station has lost or left its access point.
    StationDisconnected,
    /// A station has joined the module's SoftAP. [`Wifi::stations`](crate::wifi::Wifi::stations) tells which there are.
    /// Not all firmware tells of this and the following two.
    SoftApStationJoined,
    /// The SoftAP has given an address to a station.
    SoftApStationGotAddress,
    /// A station has left the SoftAP.
    SoftApStationLeft,
    /// The line goes on at its old baud rate or flow control, as the module has refused the new one, or was not heard.
    BaudRateFailed,
}

/// A choice of events, for a subscriber who does not want all: see [`Events::only`](crate::Events::only).
///
/// ```
/// use wifi_at::{Event, EventMask};
/// let mask = EventMask::MODULE.with(Event::StationDisconnected);
/// assert!(mask.contains(Event::ModuleReset) && !mask.contains(Event::StationConnected));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EventMask(u32);

impl EventMask {
    /// No event; a start for [`with`](Self::with).
    pub const NONE: Self = Self(0);
    /// All events.
    pub const ALL: Self = Self(u32::MAX);
    /// The module itself: ready, reset, silent, given up, asleep, baud rate.
    pub const MODULE: Self = Self::NONE
        .with(Event::ModuleReady)
        .with(Event::ModuleReset)
        .with(Event::ModuleSilent)
        .with(Event::GaveUp)
        .with(Event::ModuleAsleep)
        .with(Event::BaudRateFailed);
    /// The station: connected, address, disconnected, joined again or not.
    pub const STATION: Self = Self::NONE
        .with(Event::StationConnected)
        .with(Event::StationGotAddress)
        .with(Event::StationDisconnected)
        .with(Event::Rejoined)
        .with(Event::JoinFailed);
    /// Stations of the SoftAP: joined, address, left.
    pub const SOFT_AP: Self =
        Self::NONE.with(Event::SoftApStationJoined).with(Event::SoftApStationGotAddress).with(Event::SoftApStationLeft);
    /// Links: lost without a word, connects that all fail.
    pub const LINKS: Self = Self::NONE.with(Event::LinkLost).with(Event::ConnectsFail);

    /// The same and one more event.
    #[must_use]
    pub const fn with(self, event: Event) -> Self {
        Self(self.0 | 1 << event as u8)
    }

    /// Either's events.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether an event is among them.
    #[must_use]
    pub const fn contains(self, event: Event) -> bool {
        self.0 >> event as u8 & 1 == 1
    }
}

/// What a line says about a station of the SoftAP. It is a message with a payload at the same time.
pub(super) fn about_soft_ap(line: &[u8]) -> Option<Event> {
    const LINES: [(&[u8], Event); 3] = [
        (b"+STA_CONNECTED", Event::SoftApStationJoined),
        (b"+DIST_STA_IP", Event::SoftApStationGotAddress),
        (b"+STA_DISCONNECTED", Event::SoftApStationLeft),
    ];
    LINES.iter().find(|(name, _)| after_name(line, name).is_some()).map(|(_, event)| *event)
}

/// What went wrong so far, in numbers since the start. Numbers wrap around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Counters {
    /// Restarts of the module that nobody asked for, told by it or found out.
    pub resets: u32,
    /// Those of them that were found out, as the module did not tell.
    pub unnoticed_resets: u32,
    /// Times that the module had fallen silent and was brought up anew.
    pub silences: u32,
    /// Restarts, factory resets and deep sleeps that the user has asked for.
    pub requested_resets: u32,
    /// Sockets that were failed because the module did not know their link any more, or without Wi-Fi for long.
    pub lost_links: u32,
    /// Times that [`stay_joined`](crate::wifi::Wifi::stay_joined) has joined again.
    pub rejoins: u32,
    /// Times that it could not join.
    pub failed_joins: u32,
    /// Attempts to reach the module that have failed.
    pub failed_attempts: u32,
    /// Commands that got no final result in time.
    pub timeouts: u32,
    /// Final results that belonged to no running command: late answers, thrown away.
    pub stray_results: u32,
    /// Times that the module said `busy`.
    pub busy: u32,
    /// Lines that nobody knows.
    pub unknown_lines: u32,
    /// Lines longer than the line buffer, cut.
    pub long_lines: u32,
    /// Lines of answers that were dropped because the caller did not take them in time.
    pub dropped_lines: u32,
    /// Received payload bytes that had no socket, or came in excess of what was asked for.
    pub dropped_bytes: u32,
    /// Counted payloads that stopped before their end.
    pub broken_payloads: u32,
    /// Errors of the serial port (overrun, framing, parity).
    pub serial_errors: u32,
}

impl Counters {
    pub(crate) const ZERO: Self = Self {
        resets: 0,
        unnoticed_resets: 0,
        silences: 0,
        requested_resets: 0,
        lost_links: 0,
        rejoins: 0,
        failed_joins: 0,
        failed_attempts: 0,
        timeouts: 0,
        stray_results: 0,
        busy: 0,
        unknown_lines: 0,
        long_lines: 0,
        dropped_lines: 0,
        dropped_bytes: 0,
        broken_payloads: 0,
        serial_errors: 0,
    };
}

pub(crate) struct History {
    events: [Event; HISTORY],
    /// Number of events ever published; the last `HISTORY` of them are kept.
    count: u32,
    wakers: MultiWakerRegistration<4>,
}

/// What a subscriber finds.
pub(crate) enum Next {
    Event(Event),
    Missed(u32),
    Nothing,
}

impl History {
    pub(crate) const fn new() -> Self {
        Self { events: [Event::ModuleReady; HISTORY], count: 0, wakers: MultiWakerRegistration::new() }
    }

    pub(crate) fn publish(&mut self, event: Event) {
        self.events[self.count as usize % HISTORY] = event;
        self.count = self.count.wrapping_add(1);
        self.wakers.wake();
    }

    /// Where a new subscriber starts.
    pub(crate) const fn cursor(&self) -> u32 {
        self.count
    }

    /// The next of `mask`'s events for the subscriber who has seen all before `cursor`.
    pub(crate) const fn take(&self, cursor: &mut u32, mask: EventMask) -> Next {
        let behind = self.count.wrapping_sub(*cursor);
        if behind == 0 {
            return Next::Nothing;
        }
        if behind > HISTORY as u32 {
            let missed = behind - HISTORY as u32;
            *cursor = cursor.wrapping_add(missed);
            return Next::Missed(missed);
        }
        while *cursor != self.count {
            let event = self.events[*cursor as usize % HISTORY];
            *cursor = cursor.wrapping_add(1);
            if mask.contains(event) {
                return Next::Event(event);
            }
        }
        Next::Nothing
    }

    pub(crate) fn register(&mut self, waker: &core::task::Waker) {
        self.wakers.register(waker);
    }
}
