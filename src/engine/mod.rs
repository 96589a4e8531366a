//! The sans-io machine: bytes and time go in, bytes and wake-ups come out.
//!
//! It never waits, never reads a clock and never touches a serial port. The async [`Runner`](crate::Runner) is a thin
//! shell around it. What comes in goes three ways: payload straight into the ring of its socket, lines of an answer
//! to whoever sent the command, and everything else to the dispatcher.
//!
//! One command is on the wire at a time ([`exchange`]). Which is next is decided by [`schedule`]: the user's
//! commands, sockets with data to send, sockets with room for data, and links to close take turns. [`life`] brings the
//! module up and notices when it has to be brought up again.

pub(crate) mod classify;
mod dispatch;
mod events;
mod exchange;
pub(crate) mod header;
mod ingress;
mod life;
mod message;
mod pieces;
mod ring;
mod schedule;
mod socket;
#[cfg(test)]
mod tests;

use embassy_sync::waitqueue::{MultiWakerRegistration, WakerRegistration};
use embassy_time::{Duration, Instant};

pub use classify::Reason;
pub use events::{Counters, Event};
pub use exchange::Refusal;

pub(crate) use classify::Meaning;
pub(crate) use events::Next;
pub(crate) use exchange::{Outcome, UserState};
pub(crate) use pieces::Piece;
pub(crate) use socket::{End, LinkId, MAX_LINKS, Phase, Socket};

use crate::config::Config;
use crate::dialect::Profile;
use crate::firmware::Firmware;
use exchange::{Exchange, User};
use ingress::Ingress;
use life::Life;

/// Everything that the engine knows, but for the bytes in the rings.
pub(crate) struct Core {
    profile: &'static Profile,
    config: Config,
    /// When the engine was last asked what to do.
    clock: Instant,
    pub(crate) sockets: [Socket; MAX_LINKS],
    /// How many of `sockets` have rings.
    socket_count: usize,
    ingress: Ingress,
    exchange: Exchange,
    pub(crate) user: User,
    pub(crate) messages: message::Messages,
    life: Life,
    /// How often an attempt to reach the module has failed.
    pub(crate) failed_attempts: u32,
    has_reset_pin: bool,
    reset_asserted: bool,
    /// How hard it was tried so far to get into step with the module again, while that is needed.
    resync: Option<u8>,
    /// The user has sent commands that make links: those without a socket are not the driver's to close.
    user_links: bool,
    /// Bit n: link n has no socket any more and has to be closed.
    orphans: u8,
    next_job: usize,
    next_length_poll: Instant,
    settings: Settings,
    pub(crate) firmware: Option<Firmware>,
    pub(crate) station: Station,
    pub(crate) history: events::History,
    pub(crate) counters: Counters,
    pub(crate) runner: WakerRegistration,
    /// Whoever waits for a free socket, or for the station's or the module's state.
    pub(crate) waiters: MultiWakerRegistration<8>,
    /// A command of the bring-up was not answered in time, so that its answer may still come.
    unsure: bool,
}

/// What the module was told, and agreed to, since its last reset.
#[derive(Debug, Clone, Copy, Default)]
struct Settings {
    passive: bool,
    peer_address: bool,
    /// Whether `+CIPRECVDATA` carries the address; learnt from the first one.
    address_in_data: Option<bool>,
}

/// The state of the station as the module reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Station {
    pub(crate) associated: bool,
    pub(crate) has_address: bool,
}

/// The engine's state together with the bytes of its rings, for the time of one call.
pub(crate) struct Engine<'a> {
    pub(crate) core: &'a mut Core,
    /// The receive rings of all sockets, one after the other.
    received: &'a mut [u8],
    /// The send rings likewise.
    to_send: &'a mut [u8],
}

impl core::fmt::Debug for Engine<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Engine").field("life", &self.core.life).finish_non_exhaustive()
    }
}

impl Core {
    /// A driver that has not begun, with a user's choices.
    pub(crate) const fn new(profile: &'static Profile, config: Config, sockets: usize, has_reset_pin: bool) -> Self {
        Self {
            profile,
            config,
            clock: Instant::MIN,
            sockets: [const { Socket::new() }; MAX_LINKS],
            socket_count: if sockets < MAX_LINKS { sockets } else { MAX_LINKS },
            ingress: Ingress::new(),
            exchange: Exchange::new(),
            user: User::new(),
            messages: message::Messages::new(),
            life: Life::Off,
            failed_attempts: 0,
            has_reset_pin,
            reset_asserted: false,
            resync: None,
            user_links: false,
            orphans: 0,
            next_job: 0,
            next_length_poll: Instant::MIN,
            settings: Settings { passive: false, peer_address: false, address_in_data: None },
            firmware: None,
            station: Station { associated: false, has_address: false },
            history: events::History::new(),
            counters: Counters::ZERO,
            runner: WakerRegistration::new(),
            waiters: MultiWakerRegistration::new(),
            unsure: false,
        }
    }

    /// The firmware is set up and takes the user's commands.
    pub(crate) const fn is_up(&self) -> bool {
        matches!(self.life, Life::Up)
    }

    /// Whether the reset pin is to be held low now.
    pub(crate) const fn reset_asserted(&self) -> bool {
        self.reset_asserted
    }
}

impl<'a> Engine<'a> {
    pub(crate) const fn new(core: &'a mut Core, received: &'a mut [u8], to_send: &'a mut [u8]) -> Self {
        Self { core, received, to_send }
    }

    /// Splits off one socket and its rings: received, to send.
    pub(crate) fn socket(&mut self, index: usize) -> (&mut Socket, &mut [u8], &mut [u8]) {
        let count = self.core.socket_count.max(1);
        let received = self.received.len() / count;
        let to_send = self.to_send.len() / count;
        (
            &mut self.core.sockets[index],
            &mut self.received[index * received..(index + 1) * received],
            &mut self.to_send[index * to_send..(index + 1) * to_send],
        )
    }

    /// Bytes that the receive ring of one socket holds at most.
    fn receive_capacity(&self) -> usize {
        self.received.len() / self.core.socket_count.max(1)
    }

    /// Lets time pass: ends what is overdue and starts what is due. Gives the moment at which to call again, if no
    /// byte comes before that.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Instant> {
        self.core.clock = now;
        self.check_payload(now);
        self.check_held(now);
        self.check_exchange(now);
        self.live(now);
        self.start_next(now);
        self.next_deadline()
    }

    fn next_deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.exchange_deadline(),
            self.life_deadline(),
            self.payload_deadline(),
            self.held_deadline(),
            self.length_poll_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// All links are gone: every socket fails with `error`, and so does the user's command.
    fn lose_everything(&mut self, error: crate::net::tcp::Error) {
        let core = &mut *self.core;
        for socket in &mut core.sockets[..core.socket_count] {
            if !matches!(socket.phase, Phase::Free | Phase::Ended) {
                socket.finish(End::Failed(error));
            }
            if socket.sending {
                socket.sent(false);
                socket.wake();
            }
        }
        core.orphans = 0;
        core.user_links = false;
        core.settings = Settings::default();
        core.station = Station::default();
        core.waiters.wake();
    }
}

/// A deadline that is not before the next tick, so that a zero duration still lets time pass.
fn after(now: Instant, duration: Duration) -> Instant {
    now.saturating_add(duration.max(Duration::from_ticks(1)))
}
