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
mod light_sleep;
mod limits;
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
mod text;
mod time;
mod user;

use embassy_sync::waitqueue::{MultiWakerRegistration, WakerRegistration};
use embassy_time::Instant;

pub use classify::Reason;
pub use events::{Counters, Event, EventMask};
pub use exchange::Refusal;

pub(crate) use classify::Meaning;
pub(crate) use datagram::{DUTIES as DATAGRAM_DUTIES, Head};
pub(crate) use events::Next;
pub(crate) use exchange::Outcome;
pub(crate) use light_sleep::Duties as LightSleep;
pub(crate) use long_send::DUTIES as LONG_SEND_DUTIES;
pub(crate) use passthrough::Passthrough;
pub(crate) use pieces::{MAX_LINE, Piece};
pub(crate) use server::{NOBODY, Server, ServerOptions, ServerState};
pub(crate) use socket::{End, Kind, LinkId, MAX_LINKS, Phase, Socket, Sockets};
pub(crate) use time::{Moment, Span, after};
pub(crate) use user::UserState;

use crate::config::Config;
use crate::dialect::{ActiveReceive, Profile};
use crate::firmware::Firmware;
use crate::recovery::ResetCause;
use crate::urc::counted::Counter;
use exchange::Exchange;
use header::Fact;
use ingress::Ingress;
use life::Life;
use limits::Limits;
use long_send::{LongSendLimit, LongSends};
use time::Clock;
use user::User;

/// Everything that the engine knows, but for the bytes in the rings.
///
/// In this order: small processors reach what lies near the start with shorter instructions. So what is large comes last,
/// here and in what it consists of.
#[repr(C)]
pub(crate) struct Core {
    clock: Clock,
    /// There is one as soon as the driver has been started.
    profile: Option<&'static Profile>,
    life: Life,
    /// Bit n: link n has no socket any more and has to be closed.
    orphans: u8,
    reset_asserted: bool,
    has_reset_pin: bool,
    pub(crate) has_wake_pin: bool,
    /// The pin that wakes the module from light sleep is to do so now.
    pub(crate) wake_asserted: bool,
    /// How hard it was tried so far to get into step with the module again, while that is needed.
    resync: Option<u8>,
    /// The user has sent commands that make links: those without a socket are not the driver's to close.
    user_links: bool,
    /// A command of the bring-up was not answered in time, so that its answer may still come.
    unsure: bool,
    /// Steps of the bring-up that were repeated.
    step_repeats: u8,
    /// That the module is up has been told since it was brought up.
    announced: bool,
    line_rate: line_rate::LineRate,
    /// The module has told of its firmware.
    pub(crate) firmware_known: bool,
    next_job: u8,
    /// What the radio was told to be since the module's last restart: 1 station, 2 SoftAP.
    pub(crate) radio: u8,
    /// Times that the user has left the access point.
    pub(crate) leaves: u8,
    pub(crate) station: Station,
    pub(crate) last_reset: Option<ResetCause>,
    /// How long the next long send may be.
    long_sends: LongSendLimit,
    /// The port that the next UDP socket gets whose user does not care.
    pub(crate) next_port: u16,
    pub(crate) passthrough: Passthrough,
    /// There is, or was, passthrough.
    passthrough_duties: Option<&'static passthrough::Duties>,
    /// A user has, or had, more to write than a ring holds.
    pub(crate) long_send_duties: Option<&'static long_send::Duties>,
    /// The user has, or had, light sleep set.
    pub(crate) light_sleep: Option<&'static LightSleep>,
    /// There may be other counted data than that of links.
    pub(crate) counter: Option<Counter>,
    /// There is, or was, a UDP socket.
    pub(crate) datagrams: Option<&'static datagram::Duties>,
    /// When `waiters` are to be woken at the latest, so that those who wait for a limited time need no timer.
    alarm: Moment,
    next_length_poll: Moment,
    pub(crate) runner: WakerRegistration,
    settings: Settings,
    pub(crate) suspects: suspects::Suspects,
    exchange: Exchange,
    ingress: Ingress,
    pub(crate) server: Server,
    config: Limits,
    pub(crate) counters: Counters,
    /// How often an attempt to reach the module has failed.
    pub(crate) failed_attempts: u32,
    pub(crate) user: User,
    /// Whoever waits for a free socket, or for the station's or the module's state.
    pub(crate) waiters: MultiWakerRegistration<8>,
    pub(crate) history: events::History,
    pub(crate) sockets: Sockets,
    pub(crate) firmware: Firmware,
    pub(crate) messages: message::Messages,
}

/// What the module was told, and agreed to, since its last reset.
#[derive(Debug, Clone, Copy)]
struct Settings {
    passive: bool,
    /// The module sleeps lightly while nothing happens.
    light_sleep: bool,
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
    address_in_data: Option<Fact>,
    /// One has come without it.
    address_missed: bool,
}

impl Settings {
    const NEW: Self = Self {
        passive: false,
        light_sleep: false,
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
    /// A driver that has not begun. All of it is zero, so that it takes neither code to make nor room in flash.
    pub(crate) const fn new() -> Self {
        Self {
            profile: None,
            config: Limits::NONE,
            clock: Clock::new(),
            alarm: Moment::NEVER,
            sockets: Sockets::new(),
            ingress: Ingress::new(),
            exchange: Exchange::new(),
            user: User::new(),
            messages: message::Messages::new(),
            life: Life::Off,
            server: Server::new(),
            passthrough: Passthrough::Off,
            passthrough_duties: None,
            long_send_duties: None,
            light_sleep: None,
            counter: None,
            datagrams: None,
            next_port: 0,
            failed_attempts: 0,
            has_reset_pin: false,
            has_wake_pin: false,
            wake_asserted: false,
            reset_asserted: false,
            resync: None,
            user_links: false,
            orphans: 0,
            next_job: 0,
            next_length_poll: Moment::NEVER,
            long_sends: LongSendLimit::SHORT,
            settings: Settings::NEW,
            firmware_known: false,
            firmware: Firmware::NONE,
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

    /// When `span` is over, as of the last time that the engine was asked what to do.
    pub(crate) fn after(&self, span: Span) -> Moment {
        after(self.clock.now, span)
    }

    /// Wakes `context` by `until` at the latest. Gives whether that time is still to come.
    pub(crate) fn wait_until(&mut self, until: Moment, context: &core::task::Context<'_>) -> bool {
        let now = self.clock.now;
        if until.is_due(now) {
            return false;
        }
        if until.left(now) < self.alarm.left(now) {
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

    /// Begins anew, with a user's choices.
    pub(crate) fn start(&mut self, profile: &'static Profile, config: &Config, sockets: usize, has_reset_pin: bool) {
        *self = const { Self::new() };
        self.profile = Some(profile);
        self.config = Limits::of(config);
        self.sockets.set_count(sockets);
        self.has_reset_pin = has_reset_pin;
    }

    pub(crate) const fn is_started(&self) -> bool {
        self.profile.is_some()
    }

    /// What the firmware family is like.
    #[inline(never)]
    pub(crate) const fn profile(&self) -> &'static Profile {
        match self.profile {
            Some(profile) => profile,
            None => &Profile::NONE,
        }
    }

    /// A port for a UDP socket whose user does not care: 49152 to 65535 in turn, so that late answers to the last
    /// socket do not reach the next one.
    pub(crate) fn ephemeral_port(&mut self) -> u16 {
        const FIRST: u16 = 0xC000;
        if self.next_port < FIRST {
            // Not the same after each restart of the host.
            self.next_port = FIRST | self.clock.units() as u16;
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
            self.core.watch_links();
            self.core.runner.wake();
        }
    }

    /// Lets time pass: ends what is overdue and starts what is due. Gives the moment at which to call again, if no
    /// byte comes before that.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Instant> {
        let core = &mut *self.core;
        core.clock.set(now);
        // It may be asked for again after a time in which the past becomes the future.
        if core.next_length_poll.is_due(core.clock.now) {
            core.next_length_poll = core.clock.now;
        }
        if self.core.alarm.is_due(self.core.clock.now) {
            self.core.alarm = Moment::NEVER;
            self.core.waiters.wake();
        }
        self.check_payload();
        self.check_held();
        self.check_reader();
        self.check_exchange();
        self.live();
        self.start_next();
        if let Some(duties) = self.core.light_sleep {
            (duties.live)(self.core);
        }
        self.next_deadline()
    }

    fn next_deadline(&self) -> Option<Instant> {
        let clock = &self.core.clock;
        let mut first = self.core.alarm.left(clock.now);
        if let Some(duties) = self.core.passthrough_duties {
            first = first.min((duties.deadline)(self.core).left(clock.now));
        }
        if let Some(duties) = self.core.light_sleep {
            first = first.min((duties.deadline)(self.core).left(clock.now));
        }
        let deadlines: [fn(&Self) -> Moment; 7] = [
            Self::reader_deadline,
            Self::exchange_deadline,
            Self::life_deadline,
            Self::payload_deadline,
            Self::held_deadline,
            Self::length_poll_deadline,
            Self::link_check_deadline,
        ];
        for deadline in deadlines {
            first = first.min(deadline(self).left(clock.now));
        }
        (first != u32::MAX).then(|| clock.instant(first))
    }

    /// All links are gone: every socket fails, and so does the user's command.
    fn lose_everything(&mut self) {
        let core = &mut *self.core;
        for socket in core.sockets.iter_mut() {
            // The listener is told instead.
            socket.held &= socket.arrival.take().is_none();
            if !matches!(socket.phase, Phase::Free | Phase::Ended) {
                socket.finish(End::Reset);
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
