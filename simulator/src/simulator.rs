//! The module as a whole: its public face and the order in which things happen in time.

use crate::command::update::Update;
use crate::config::{AccessPoint, Builder, Latency, Variant};
use crate::engine::{Job, Mode, Running};
use crate::fault::{Faults, Random};
use crate::link::{LinkInfo, Sockets};
use crate::profile::{CommandForms, Profile};
use crate::request::Call;
use crate::script::{Action, Hook, Point, Script};
use crate::settings::{Ipv4Config, Settings};
use crate::station::{Scan, Station};
use crate::tls::{CertificateStore, Gateway, Secure};
use crate::uart::{Inbound, Outbound, Rate};
use core::time::Duration;

/// A command line as the module got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedCommand {
    /// When its line end was in.
    pub at: Duration,
    /// The line without CR LF; bytes that are not UTF-8 are replaced.
    pub line: String,
}

/// What a module is doing: see [`Simulator::activity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Activity {
    /// In deep sleep.
    Asleep,
    /// Starting.
    Booting,
    /// No command runs. It may still have output that is on its way.
    Idle,
    /// A command runs, other than the following.
    Busy,
    /// `AT+CWJAP` runs.
    Joining,
    /// `OK` is out, the prompt is not.
    BeforePrompt,
    /// Behind a prompt: it takes counted data.
    TakingData,
    /// The data is in, `SEND OK` is not out.
    Sending,
    /// It takes all input for data.
    Passthrough,
}

/// Bytes on the wire since power-on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// From the host.
    pub received: u64,
    /// To the host, as far as the host has taken them.
    pub transmitted: u64,
    /// `busy p...` and `busy s...` answers.
    pub busy: u64,
    /// Bytes that found no room in the module's receive FIFO; see [`Builder::module_fifo`].
    pub module_overrun: u64,
    /// Bytes that found no room in the host's receive FIFO; see [`Builder::host_fifo`].
    pub host_overrun: u64,
    /// Bytes that were lost on the line; see [`Builder::line_noise`].
    pub lost: u64,
    /// Bytes that were changed on the line.
    pub flipped: u64,
    /// Bytes that came while the module was in light sleep or woke up from it.
    pub slept_through: u64,
}

/// A simulated module, seen at its UART. See the [crate] documentation.
///
/// All times are measured from the start of the simulation and must not go back; an earlier time counts as the latest
/// one seen.
pub struct Simulator {
    pub(crate) profile: &'static Profile,
    pub(crate) variant: Variant,
    pub(crate) latency: Latency,
    pub(crate) access_points: Vec<AccessPoint>,
    pub(crate) network: Box<dyn Secure>,
    pub(crate) certificates: CertificateStore,
    pub(crate) lease: Ipv4Config,
    pub(crate) station_mac: [u8; 6],
    pub(crate) unix_at_zero: u64,

    pub(crate) now: Duration,
    pub(crate) inbound: Inbound,
    pub(crate) outbound: Outbound,
    pub(crate) wire: crate::line::Line,
    paced: bool,
    builder_baud: u32,
    pub(crate) rate: Rate,

    pub(crate) mode: Mode,
    pub(crate) mode_at: Option<Duration>,
    pub(crate) running: Option<Running>,
    pub(crate) line: Vec<u8>,
    pub(crate) line_too_long: bool,
    pub(crate) busy_told: bool,
    pub(crate) pending_restart: Option<Vec<u8>>,

    pub(crate) echo: bool,
    pub(crate) syslog: bool,
    pub(crate) store: bool,
    pub(crate) sleep: i64,
    pub(crate) settings: Settings,
    pub(crate) flash: Settings,
    pub(crate) station: Station,
    pub(crate) scan: Scan,
    pub(crate) sockets: Sockets,
    pub(crate) sntp: crate::sntp::Sntp,
    pub(crate) system: crate::command::system::System,
    pub(crate) peripherals: crate::peripherals::Peripherals,
    pub(crate) pins: crate::command::pins::Pins,
    pub(crate) doze: crate::doze::Doze,
    pub(crate) slept_through: u64,
    pub(crate) user: crate::command::user::User,
    pub(crate) filters: crate::command::message_filter::Filters,
    pub(crate) flash_memory: crate::command::flash::FlashMemory,
    /// Whether there is firmware to go back to.
    pub(crate) other_firmware: bool,
    #[cfg(feature = "services")]
    pub(crate) services: crate::services::Services,
    pub(crate) world: crate::world::State,
    pub(crate) bluetooth: crate::bluetooth::Bluetooth,

    pub(crate) update: Option<Box<Update>>,
    /// What `AT+CIUPDATE?` says.
    pub(crate) update_state: i64,
    pub(crate) update_server: (String, u16, u16),
    pub(crate) update_image: Option<Vec<u8>>,

    pub(crate) script: Script,
    pub(crate) faults: Faults,
    pub(crate) scheduled: Vec<(Duration, Vec<u8>)>,
    log: Vec<LoggedCommand>,
    pub(crate) busy_count: u64,
}

impl core::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Simulator")
            .field("now", &self.now)
            .field("mode", &self.mode)
            .field("running", &self.running)
            .finish_non_exhaustive()
    }
}

impl Simulator {
    pub(crate) fn new(builder: Builder) -> Self {
        let profile = builder.dialect.profile();
        let baud = builder.baud.unwrap_or(profile.baud).max(1);
        let factory = Settings::factory(profile, baud, builder.station_mac);
        let mut bluetooth_address = builder.station_mac;
        bluetooth_address[5] = bluetooth_address[5].wrapping_add(2);
        let bluetooth_address = builder.bluetooth_address.unwrap_or(bluetooth_address);
        let mut simulator = Self {
            profile,
            variant: builder.variant,
            latency: builder.latency,
            access_points: builder.access_points,
            network: Box::new(Gateway::new(builder.network.0)),
            certificates: builder.certificates,
            lease: Ipv4Config { ip: builder.station_ip, gateway: builder.gateway, netmask: builder.netmask },
            station_mac: builder.station_mac,
            unix_at_zero: builder.clock,
            now: Duration::ZERO,
            inbound: Inbound::default(),
            outbound: Outbound::new(),
            wire: crate::line::Line::new(builder.wiring, builder.seed),
            paced: builder.baud.is_some(),
            builder_baud: baud,
            rate: Rate::new(baud, 8, 2, 0),
            mode: Mode::Boot,
            mode_at: None,
            running: None,
            line: Vec::new(),
            line_too_long: false,
            busy_told: false,
            pending_restart: None,
            echo: true,
            syslog: false,
            store: true,
            sleep: 0,
            settings: factory.clone(),
            flash: factory,
            station: Station::default(),
            scan: Scan::default(),
            sockets: Sockets::default(),
            sntp: crate::sntp::Sntp::default(),
            system: crate::command::system::System::default(),
            peripherals: crate::peripherals::Peripherals::new(&builder.world),
            pins: crate::command::pins::Pins::default(),
            doze: crate::doze::Doze::default(),
            slept_through: 0,
            user: crate::command::user::User::default(),
            filters: crate::command::message_filter::Filters::default(),
            flash_memory: crate::command::flash::FlashMemory::new(builder.files),
            other_firmware: false,
            #[cfg(feature = "services")]
            services: crate::services::Services::default(),
            world: crate::world::State::new(&builder.world),
            bluetooth: crate::bluetooth::Bluetooth::new(builder.air, bluetooth_address, builder.gatt_services),
            update: None,
            update_state: 0,
            update_server: builder.update_server,
            update_image: None,
            script: Script::default(),
            faults: Faults::new(Random::new(builder.seed)),
            scheduled: Vec::new(),
            log: Vec::new(),
            busy_count: 0,
        };
        for &(channel, millivolts) in &builder.world.voltages {
            simulator.set_voltage(channel, millivolts);
        }
        simulator.outbound.depth = simulator.wire.wiring.host_fifo;
        simulator.restore_flash();
        simulator.start(None);
        simulator
    }

    /// The host put these bytes on the wire, the first one beginning at `now`.
    ///
    /// With a paced line they reach the module as fast as the line allows; bytes given earlier go first.
    pub fn receive(&mut self, now: Duration, bytes: &[u8]) {
        self.poll(now);
        let rate = self.host_rate();
        let arrived = self.carry_in(bytes);
        self.inbound.push(self.now, arrived.as_deref().unwrap_or(bytes), rate);
        self.poll(now);
    }

    /// Lets the module act on everything that is due until `now`: received bytes, timers, network.
    pub fn poll(&mut self, now: Duration) {
        let now = now.max(self.now);
        // The bound only guards against a network that claims to have news for ever.
        for _ in 0..10_000_000 {
            match self.next_event(now) {
                Some(at) if at <= now => {
                    self.now = self.now.max(at);
                    self.step();
                }
                _ => {
                    self.now = now;
                    self.check_overrun();
                    self.network.poll(now);
                    let moved = self.pump();
                    // A handshake moves without a sign of it here; its next message is due at once.
                    if !moved && self.next_event(now).is_none_or(|at| at > now) {
                        break;
                    }
                }
            }
        }
    }

    /// Takes bytes that the module has put on the wire completely until `now`. Gives their count.
    ///
    /// Does not let the module act; call [`poll`](Self::poll) first.
    pub fn transmit(&mut self, now: Duration, out: &mut [u8]) -> usize {
        let now = now.max(self.now);
        let rate = self.line_rate();
        self.outbound.take(now, rate, out)
    }

    /// All bytes that [`transmit`](Self::transmit) would give at `now`.
    pub fn drain(&mut self, now: Duration) -> Vec<u8> {
        let mut all = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            match self.transmit(now, &mut chunk) {
                0 => return all,
                count => all.extend_from_slice(&chunk[..count]),
            }
        }
    }

    /// How many bytes [`transmit`](Self::transmit) can give at `now`.
    #[must_use]
    pub fn available(&mut self, now: Duration) -> usize {
        let now = now.max(self.now);
        let rate = self.line_rate();
        self.outbound.available(now, rate)
    }

    /// Bytes that the host has sent and the module has not taken: still on a paced line, or held because the module
    /// cannot get rid of data (where a real one drops its RTS).
    #[must_use]
    pub fn pending_input(&self) -> usize {
        self.inbound.len()
    }

    /// The earliest time at which [`poll`](Self::poll) or [`transmit`](Self::transmit) would make progress without new
    /// input; at or before the latest time seen if there is something to take at once, `None` if only input helps.
    #[must_use]
    pub fn next_wake(&self) -> Option<Duration> {
        let out = self.outbound.next_at(self.line_rate());
        let out = out.map(|at| at.max(self.now));
        [out, self.next_poll()].into_iter().flatten().min()
    }

    /// The earliest time at which [`poll`](Self::poll) would make progress without new input, whether or not there is
    /// something to transmit: for a host that does not read now.
    #[must_use]
    pub fn next_poll(&self) -> Option<Duration> {
        self.next_event(self.now).map(|at| at.max(self.now))
    }

    /// The reset pin is pulled and released at `now`. Bytes on their way to the module are lost.
    pub fn reset(&mut self, now: Duration) {
        self.poll(now);
        self.start(None);
    }

    /// The module restarts by itself: it prints `text` at once (for example a watchdog message), and `ready` after the
    /// boot time.
    pub fn restart(&mut self, now: Duration, text: &[u8]) {
        self.poll(now);
        self.start(Some(text.to_vec()));
    }

    /// The host's RTS line: while it is not ready the module holds its output. A byte that has begun is finished.
    pub fn set_host_ready(&mut self, now: Duration, ready: bool) {
        self.poll(now);
        if self.ignores_host() && !ready {
            return;
        }
        let rate = self.line_rate();
        self.outbound.set_ready(self.now, ready, rate);
        self.poll(now);
    }

    /// The rate that the module uses now (see [`Builder::baud`]).
    #[must_use]
    pub const fn baud(&self) -> u32 {
        self.rate.baud
    }

    /// Switches all access points with this name on or off. A station on one that goes off loses its connection.
    pub fn set_access_point_up(&mut self, now: Duration, ssid: impl AsRef<[u8]>, up: bool) {
        self.poll(now);
        self.switch_access_point(ssid.as_ref(), up);
        self.poll(now);
    }

    /// The station loses its access point now; it joins again as `AT+CWRECONNCFG` says.
    pub fn drop_wifi(&mut self, now: Duration) {
        self.poll(now);
        self.lose_wifi();
        self.poll(now);
    }

    /// The peer of a link is gone now, as if it had closed the connection.
    pub fn close_link(&mut self, now: Duration, link: u8) {
        self.poll(now);
        self.lose_link(link);
        self.poll(now);
    }

    /// Puts raw bytes behind what the module has put on the wire so far.
    pub fn inject(&mut self, now: Duration, bytes: &[u8]) {
        self.poll(now);
        self.put(bytes);
    }

    /// Puts raw bytes on the wire at a later time.
    pub fn inject_at(&mut self, at: Duration, bytes: &[u8]) {
        self.scheduled.push((at, bytes.to_vec()));
        self.scheduled.sort_by_key(|(at, _)| *at);
    }

    /// Adds a hook; see [`Hook`].
    pub fn hook(&mut self, hook: Hook) {
        self.script.hooks.push(hook);
    }

    /// Adds a hook for the next emission at `point`.
    pub fn on(&mut self, point: Point, action: Action) {
        self.hook(Hook::new(point, action));
    }

    /// Hooks that have not acted yet.
    #[must_use]
    pub fn pending_hooks(&self) -> &[Hook] {
        &self.script.hooks
    }

    /// Forgets all hooks.
    pub fn clear_hooks(&mut self) {
        self.script.hooks.clear();
    }

    /// The command lines that the module has accepted or refused, without those that it answered by `busy p...`.
    #[must_use]
    pub fn commands(&self) -> &[LoggedCommand] {
        &self.log
    }

    /// Empties the log of commands.
    pub fn clear_commands(&mut self) {
        self.log.clear();
    }

    /// The open links, lowest number first.
    #[must_use]
    pub fn links(&self) -> Vec<LinkInfo> {
        self.sockets.infos()
    }

    /// Whether the station has joined and has an IP address.
    #[must_use]
    pub fn is_joined(&self) -> bool {
        self.station.online()
    }

    /// What the module is doing.
    #[must_use]
    pub fn activity(&self) -> Activity {
        match self.mode {
            Mode::Off => Activity::Asleep,
            Mode::Boot => Activity::Booting,
            Mode::Data(_) | Mode::Raw(_) => Activity::TakingData,
            Mode::Passthrough(_) | Mode::Tunnel(_) => Activity::Passthrough,
            Mode::Command => match self.running_job() {
                None => Activity::Idle,
                Some(Job::Prompt(_)) => Activity::BeforePrompt,
                Some(Job::Send(_)) => Activity::Sending,
                Some(Job::Join(_)) => Activity::Joining,
                Some(_) => Activity::Busy,
            },
        }
    }

    /// Bytes that the module has said and the host has not read.
    #[must_use]
    pub fn pending_output(&self) -> usize {
        self.waiting_output()
    }

    /// Whether the module takes input: it has booted and does not sleep.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        !matches!(self.mode, Mode::Boot | Mode::Off)
    }

    /// Whether a command is running, so that input would be answered by `busy p...`.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        self.running.is_some()
    }

    /// Whether the module takes input as data: after the prompt of a send, and in passthrough.
    #[must_use]
    pub const fn in_data_mode(&self) -> bool {
        matches!(self.mode, Mode::Data(_) | Mode::Raw(_) | Mode::Passthrough(_) | Mode::Tunnel(_))
    }

    /// Bytes on the wire.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        Counters {
            received: self.inbound.total,
            transmitted: self.outbound.total,
            busy: self.busy_count,
            module_overrun: self.inbound.overrun,
            host_overrun: self.outbound.overrun,
            lost: self.wire.lost,
            flipped: self.wire.flipped,
            slept_through: self.slept_through,
        }
    }

    /// The commands of this module, in the order of `AT+CMD?`.
    #[must_use]
    pub fn command_list(&self) -> Vec<CommandForms> {
        let entries = self.profile.entries(&self.variant);
        entries.map(crate::command::Entry::forms).collect()
    }

    /// The time at this time of the simulation, in seconds since 1970, as [`Builder::clock`] has it at the start.
    pub fn set_clock(&mut self, now: Duration, unix_seconds: u64) {
        self.unix_at_zero = unix_seconds.saturating_sub(now.as_secs());
    }

    /// What the last update over the network has brought, before the restart and after it.
    #[must_use]
    pub fn update_image(&self) -> Option<&[u8]> {
        self.update_image.as_deref()
    }

    /// The certificates in the module's flash; a change counts for links and servers that are opened later.
    pub const fn certificates_mut(&mut self) -> &mut CertificateStore {
        &mut self.certificates
    }

    pub(crate) fn line_rate(&self) -> Option<Rate> {
        self.paced.then_some(self.rate)
    }

    pub(crate) fn log_command(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line).into_owned();
        let at = self.now;
        self.log.push(LoggedCommand { at, line });
    }

    /// Changes settings in RAM, and in flash: always for names with `_DEF`, never for those with `_CUR`, for the others
    /// as `AT+SYSSTORE` says.
    pub(crate) fn keep(&mut self, call: &Call, change: impl Fn(&mut Settings)) {
        change(&mut self.settings);
        if call.stored().unwrap_or(self.store) {
            change(&mut self.flash);
        }
    }

    /// The settings that a query is about: what the flash holds for names with `_DEF`.
    pub(crate) fn settings_of(&self, call: &Call) -> &Settings {
        if call.stored() == Some(true) { &self.flash } else { &self.settings }
    }

    pub(crate) fn restore_flash(&mut self) {
        self.flash = Settings::factory(self.profile, self.builder_baud, self.station_mac);
        self.flash.uart.flow = self.factory_flow();
    }

    /// When the module has something to do by itself. The network counts only up to `now`.
    fn next_event(&self, now: Duration) -> Option<Duration> {
        let input = if self.input_blocked() { None } else { self.inbound.next_at(self.host_rate()) };
        let times = [
            input,
            self.network.next_wake(now),
            self.mode_at,
            self.running.as_ref().and_then(|running| running.at),
            self.station.at,
            self.sntp.at,
            self.world.next_at(),
            self.bluetooth.next_at(),
            self.sockets.next_timeout(),
            #[cfg(feature = "services")]
            self.services.next_wake(now),
            self.update.as_ref().map(|update| update.deadline),
            self.scheduled.first().map(|(at, _)| *at),
            self.faults.next_at(self.now),
            self.user.at,
        ];
        times.into_iter().flatten().min()
    }

    /// Does what is due at `self.now`.
    fn step(&mut self) {
        self.check_overrun();
        let now = self.now;
        let due = |at: Option<Duration>| at.is_some_and(|at| at <= now);
        if due(self.scheduled.first().map(|(at, _)| *at)) {
            let (_, bytes) = self.scheduled.remove(0);
            self.put(&bytes);
        } else if due(self.faults.next_at(now)) {
            self.on_fault_timer();
        } else if due(self.user.at) {
            self.on_host_wake_timer();
        } else if due(self.mode_at) {
            self.mode_at = None;
            self.on_mode_timer();
        } else if due(self.running.as_ref().and_then(|running| running.at)) {
            self.on_job_timer();
            self.pump();
        } else if due(self.station.at) {
            self.station.at = None;
            self.on_station_timer();
            self.pump();
        } else if due(self.sntp.at) {
            self.sntp.at = None;
            self.on_sntp_timer();
        } else if due(self.world.next_at()) {
            self.on_world_timer();
            self.pump();
        } else if due(self.bluetooth.next_at()) {
            self.on_bluetooth_timer();
        } else if due(self.sockets.next_timeout()) {
            self.on_socket_timeout();
        } else if !self.input_blocked() && due(self.inbound.next_at(self.host_rate())) {
            self.take_input();
        } else {
            self.network.poll(now);
            self.pump();
        }
        self.show_spontaneous(false);
        self.restart_if_due();
    }

    pub(crate) fn restart_if_due(&mut self) {
        if let Some(text) = self.pending_restart.take() {
            self.start(Some(text));
        }
    }
}
