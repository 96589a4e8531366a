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
mod datagram;
mod dispatch;
mod events;
mod exchange;
pub(crate) mod header;
mod ingress;
mod life;
mod line_rate;
mod long_send;
mod message;
mod passthrough;
mod pieces;
mod receive_type;
mod restart;
mod ring;
mod schedule;
mod server;
mod socket;
mod suspects;
#[cfg(test)]
mod tests;

use embassy_sync::waitqueue::{MultiWakerRegistration, WakerRegistration};
use embassy_time::{Duration, Instant};

pub use classify::Reason;
pub use events::{Counters, Event, EventMask};
pub use exchange::Refusal;

pub(crate) use classify::Meaning;
pub(crate) use datagram::{DUTIES as DATAGRAM_DUTIES, Head};
pub(crate) use events::Next;
pub(crate) use exchange::{Outcome, UserState};
pub(crate) use passthrough::Passthrough;
pub(crate) use pieces::{MAX_LINE, Piece};
pub(crate) use server::{NOBODY, Server, ServerOptions, ServerState};
pub(crate) use socket::{End, Kind, LinkId, MAX_LINKS, Phase, Socket};

use crate::config::Config;
use crate::dialect::{ActiveReceive, Profile};
use crate::firmware::Firmware;
use crate::recovery::ResetCause;
use exchange::{Exchange, User};
use ingress::Ingress;
use life::Life;
use long_send::LongSends;

/// Everything that the engine knows, but for the bytes in the rings.
pub(crate) struct Core {
    profile: &'static Profile,
    config: Config,
    /// When the engine was last asked what to do.
    clock: Instant,
    /// When `waiters` are to be woken at the latest, so that those who wait for a limited time need no timer.
    alarm: Instant,
    pub(crate) sockets: [Socket; MAX_LINKS],
    /// How many of `sockets` have rings.
    socket_count: usize,
    ingress: Ingress,
    exchange: Exchange,
    pub(crate) user: User,
    pub(crate) messages: message::Messages,
    life: Life,
    pub(crate) server: Server,
    pub(crate) passthrough: Passthrough,
    /// There is, or was, a UDP socket.
    pub(crate) datagrams: Option<&'static datagram::Duties>,
    /// The port that the next UDP socket gets whose user does not care.
    pub(crate) next_port: u16,
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
    /// Bytes that a long send may have.
    longest_send: usize,
    settings: Settings,
    pub(crate) firmware: Option<Firmware>,
    pub(crate) station: Station,
    /// What the radio was told to be since the module's last restart: 1 station, 2 SoftAP.
    pub(crate) radio: u8,
    pub(crate) history: events::History,
    pub(crate) suspects: suspects::Suspects,
    /// Times that the user has left the access point.
    pub(crate) leaves: u8,
    pub(crate) counters: Counters,
    pub(crate) last_reset: Option<ResetCause>,
    pub(crate) runner: WakerRegistration,
    /// Whoever waits for a free socket, or for the station's or the module's state.
    pub(crate) waiters: MultiWakerRegistration<8>,
    /// A command of the bring-up was not answered in time, so that its answer may still come.
    unsure: bool,
    /// Steps of the bring-up that were repeated.
    step_repeats: u8,
    /// That the module is up has been told since it was brought up.
    announced: bool,
    line_rate: line_rate::LineRate,
}

/// What the module was told, and agreed to, since its last reset.
#[derive(Debug, Clone, Copy)]
struct Settings {
    passive: bool,
    /// How links are made to receive actively while the others are passive.
    active: ActiveReceive,
    /// Bit n: link n receives actively.
    active_links: u8,
    /// Bit n: link n has a server name, protocols or a key for TLS.
    tls_names: u8,
    /// Which of the profile's commands asks for the links.
    link_query: usize,
    long_sends: LongSends,
    /// Whether `+CIPRECVDATA` carries the address; learnt from the first ones.
    address_in_data: Option<bool>,
    /// One has come without it.
    address_missed: bool,
}

impl Settings {
    const NEW: Self = Self {
        passive: false,
        active: ActiveReceive::Fixed,
        active_links: 0,
        tls_names: 0,
        link_query: 0,
        long_sends: LongSends::Unknown,
        address_in_data: None,
        address_missed: false,
    };
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
    /// Bytes of one receive ring, and of one send ring.
    ring_sizes: [usize; 2],
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
            alarm: Instant::MAX,
            sockets: [const { Socket::new() }; MAX_LINKS],
            socket_count: if sockets < MAX_LINKS { sockets } else { MAX_LINKS },
            ingress: Ingress::new(),
            exchange: Exchange::new(),
            user: User::new(),
            messages: message::Messages::new(),
            life: Life::Off,
            server: Server::new(),
            passthrough: Passthrough::Off,
            datagrams: None,
            next_port: 0,
            failed_attempts: 0,
            has_reset_pin,
            reset_asserted: false,
            resync: None,
            user_links: false,
            orphans: 0,
            next_job: 0,
            next_length_poll: Instant::MIN,
            longest_send: long_send::SHORT,
            settings: Settings::NEW,
            firmware: None,
            station: Station { associated: false, has_address: false },
            radio: 0,
            history: events::History::new(),
            suspects: suspects::Suspects::new(),
            leaves: 0,
            counters: Counters::ZERO,
            last_reset: None,
            runner: WakerRegistration::new(),
            waiters: MultiWakerRegistration::new(),
            unsure: false,
            step_repeats: 0,
            announced: false,
            line_rate: line_rate::LineRate::new(),
        }
    }

    /// When the engine was last asked what to do: the time, if a command has just ended.
    pub(crate) const fn clock(&self) -> Instant {
        self.clock
    }

    /// Wakes `context` by `until` at the latest. Gives whether that time is still to come.
    pub(crate) fn wait_until(&mut self, until: Instant, context: &core::task::Context<'_>) -> bool {
        if self.clock >= until {
            return false;
        }
        if until < self.alarm {
            // Only once: the runner may be polled by the same task, which would then never rest.
            self.alarm = until;
            self.runner.wake();
        }
        self.waiters.register(context.waker());
        true
    }

    /// The firmware is set up and takes the user's commands.
    pub(crate) const fn is_up(&self) -> bool {
        matches!(self.life, Life::Up)
    }

    /// What the firmware family is like.
    pub(crate) const fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// A port for a UDP socket whose user does not care: 49152 to 65535 in turn, so that late answers to the last
    /// socket do not reach the next one.
    pub(crate) fn ephemeral_port(&mut self) -> u16 {
        const FIRST: u16 = 0xC000;
        if self.next_port < FIRST {
            // Not the same after each restart of the host.
            self.next_port = FIRST | self.clock.as_ticks() as u16;
        }
        let port = self.next_port;
        self.next_port = port.wrapping_add(1).max(FIRST);
        port
    }

    /// Whether the reset pin is to be held low now.
    pub(crate) const fn reset_asserted(&self) -> bool {
        self.reset_asserted
    }
}

impl<'a> Engine<'a> {
    pub(crate) const fn new<const RX: usize, const TX: usize>(
        core: &'a mut Core,
        received: &'a mut [[u8; RX]],
        to_send: &'a mut [[u8; TX]],
    ) -> Self {
        let (received, to_send) = (received.as_flattened_mut(), to_send.as_flattened_mut());
        Self { core, received, to_send, ring_sizes: [RX, TX] }
    }

    /// Splits off one socket and its rings: received, to send.
    pub(crate) fn socket(&mut self, index: usize) -> (&mut Socket, &mut [u8], &mut [u8]) {
        let [received, to_send] = self.ring_sizes;
        (
            &mut self.core.sockets[index],
            &mut self.received[index * received..(index + 1) * received],
            &mut self.to_send[index * to_send..(index + 1) * to_send],
        )
    }

    /// Bytes that the receive ring of one socket holds at most.
    const fn receive_capacity(&self) -> usize {
        self.ring_sizes[0]
    }

    /// Somebody waits for data of a socket.
    pub(crate) fn wait_for_data(&mut self, index: usize, context: &core::task::Context<'_>) {
        let socket = &mut self.core.sockets[index];
        socket.read_waker.register(context.waker());
        if !socket.reading {
            socket.reading = true;
            self.core.runner.wake();
        }
    }

    /// Lets time pass: ends what is overdue and starts what is due. Gives the moment at which to call again, if no
    /// byte comes before that.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Instant> {
        self.core.clock = now;
        if now >= self.core.alarm {
            self.core.alarm = Instant::MAX;
            self.core.waiters.wake();
        }
        self.check_payload(now);
        self.check_held(now);
        self.check_exchange(now);
        self.live(now);
        self.start_next(now);
        self.next_deadline()
    }

    fn next_deadline(&self) -> Option<Instant> {
        let mut first = self.core.alarm;
        let deadlines: [fn(&Self) -> Instant; 7] = [
            Self::exchange_deadline,
            Self::life_deadline,
            Self::payload_deadline,
            Self::held_deadline,
            Self::length_poll_deadline,
            Self::link_check_deadline,
            Self::passthrough_deadline,
        ];
        for deadline in deadlines {
            first = first.min(deadline(self));
        }
        (first != NEVER).then_some(first)
    }

    /// All links are gone: every socket fails with `error`, and so does the user's command.
    fn lose_everything(&mut self, error: crate::net::tcp::Error) {
        let core = &mut *self.core;
        for socket in &mut core.sockets[..core.socket_count] {
            // The listener is told instead.
            socket.held &= socket.arrival.take().is_none();
            if !matches!(socket.phase, Phase::Free | Phase::Ended) {
                socket.finish(End::Failed(error));
            }
            socket.release_if_unused();
            if socket.sending {
                socket.sent(false);
            }
            // Some wait for a command that will not be answered any more.
            socket.wake();
        }
        core.orphans = 0;
        core.user_links = false;
        core.settings = Settings::NEW;
        core.server.lose();
        core.station = Station::default();
        core.radio = 0;
        core.suspects = suspects::Suspects::new();
        core.waiters.wake();
    }
}

/// The deadline of what has none. An instant takes half the code that an optional one does.
const NEVER: Instant = Instant::MAX;

/// A deadline that is not before the next tick, so that a zero duration still lets time pass.
#[inline(never)]
fn after(now: Instant, duration: Duration) -> Instant {
    now.saturating_add(duration.max(Duration::from_ticks(1)))
}
