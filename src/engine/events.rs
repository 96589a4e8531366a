//! What happened, for whoever wants to know: a short history of payload-free events, and counters.

use embassy_sync::waitqueue::MultiWakerRegistration;

/// Events that are kept for a slow subscriber.
const HISTORY: usize = 8;

/// Something that happened without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Event {
    /// The module has been set up and takes commands.
    ModuleReady,
    /// The module restarted by itself, or lost its settings. All sockets are gone; it is set up anew.
    ModuleReset,
    /// The module does not answer. The driver goes on trying.
    ModuleSilent,
    /// The station is associated with an access point.
    StationConnected,
    /// The station has an IPv4 address.
    StationGotAddress,
    /// The station has lost or left its access point.
    StationDisconnected,
}

/// What went wrong so far, in numbers since the start. Numbers wrap around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Counters {
    /// Restarts of the module that nobody asked for.
    pub resets: u32,
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

    pub(crate) const fn take(&self, cursor: &mut u32) -> Next {
        let behind = self.count.wrapping_sub(*cursor);
        if behind == 0 {
            return Next::Nothing;
        }
        if behind > HISTORY as u32 {
            let missed = behind - HISTORY as u32;
            *cursor = cursor.wrapping_add(missed);
            return Next::Missed(missed);
        }
        let event = self.events[*cursor as usize % HISTORY];
        *cursor = cursor.wrapping_add(1);
        Next::Event(event)
    }

    pub(crate) fn register(&mut self, waker: &core::task::Waker) {
        self.wakers.register(waker);
    }
}
