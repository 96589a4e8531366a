//! The command line of the module: input, the running command, output.

use crate::bluetooth::BluetoothJob;
use crate::bluetooth::tunnel::{Route, Tunnel};
use crate::command::Reply;
use crate::command::connect::{ConnectPlan, LookupUse};
use crate::fault::Fault;
use crate::net::{LookupId, PingId, SocketId};
use crate::passthrough::Passthrough;
use crate::raw::RawInput;
use crate::request::{Call, Code, Failure, Form, split_name};
use crate::script::{Action, Point};
use crate::send::{DataMode, SendJob};
use crate::settings::UartConfig;
use crate::simulator::Simulator;
use crate::station::Station;
use crate::uart::Rate;
use core::time::Duration;

/// What the module does with input.
#[derive(Debug)]
pub(crate) enum Mode {
    /// In deep sleep; wakes by its timer.
    Off,
    /// Starting; input is lost.
    Boot,
    Command,
    /// Behind the prompt of a send.
    Data(Box<DataMode>),
    /// Behind the prompt of a command that takes counted bytes.
    Raw(Box<RawInput>),
    Passthrough(Box<Passthrough>),
    /// Passthrough over Bluetooth.
    Tunnel(Box<Tunnel>),
}

impl Mode {
    /// Whether all that the module sends is data of the other end.
    pub(crate) const fn passes_through(&self) -> bool {
        matches!(self, Self::Passthrough(_) | Self::Tunnel(_))
    }
}

/// A command that has not ended.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) job: Job,
    /// When the job goes on by itself.
    pub(crate) at: Option<Duration>,
}

#[derive(Debug)]
pub(crate) enum Job {
    /// The line is in, the answer not begun.
    Execute(Vec<u8>),
    /// `OK` is out, the prompt comes next.
    Prompt(PromptFor),
    Send(Box<SendJob>),
    /// `AT+CWJAP` waits for the station; ends by its timer.
    Join(Call),
    Scan,
    Lookup {
        lookup: LookupId,
        not_before: Duration,
        then: LookupUse,
    },
    Connect {
        socket: SocketId,
        plan: Box<ConnectPlan>,
    },
    Ping(PingId),
    /// `AT+CIUPDATE`; the update itself stands in the simulator.
    Update,
    /// `OK` leaves at the old rate, then the rate changes.
    Baud(UartConfig),
    /// `OK` leaves, then the module sleeps so long.
    Sleep(Duration),
    /// `OK` leaves, then the module restarts.
    Restart,
    /// `OK` leaves, then the station disconnects.
    Leave,
    /// A command of MQTT, HTTP or WebSocket waits for the network.
    #[cfg(feature = "services")]
    Service(crate::services::Waiting),
    Bluetooth(BluetoothJob),
    /// No command, but the module is busy all the same.
    Occupied,
}

#[derive(Debug)]
pub(crate) enum PromptFor {
    Data(Box<DataMode>),
    Raw(Box<RawInput>),
    Passthrough,
    Tunnel(Route),
}

/// Bytes waiting in the module's UART queue at which it stops to take more from the network.
pub(crate) const OUTPUT_LIMIT: usize = 8192;

impl Simulator {
    /// Power-on and reset. `text` is what a module prints that restarts by itself.
    pub(crate) fn start(&mut self, text: Option<Vec<u8>>) {
        self.close_all_sockets();
        #[cfg(feature = "services")]
        self.stop_services();
        self.drop_update();
        self.update_state = 0;
        self.running = None;
        self.pending_restart = None;
        self.faults.restart();
        self.line.clear();
        self.line_too_long = false;
        self.busy_told = false;
        self.echo = true;
        self.syslog = false;
        self.store = true;
        self.sleep = self.profile.limits.sleep_at_start;
        self.settings = self.flash.clone();
        self.station = Station::default();
        self.scan = crate::station::Scan { fields: self.profile.limits.scan_fields, ..Default::default() };
        self.sockets = crate::link::Sockets {
            peer_info: self.variant.peer_info,
            hostname: (self.profile.hostname)(self.station_mac),
            ..Default::default()
        };
        self.drop_sntp_query();
        self.sntp.reset();
        self.system = crate::command::system::System::default();
        self.pins.restart();
        self.doze = crate::doze::Doze::default();
        self.stays_awake();
        self.peripherals.restart();
        self.user = crate::command::user::User::default();
        self.filters = crate::command::message_filter::Filters::default();
        self.world_restarts();
        self.restart_bluetooth();
        self.set_rate(self.settings.uart);
        self.mode = Mode::Boot;
        self.mode_at = Some(self.now + self.latency.boot);
        let boot_text = self.variant.boot_text.clone();
        self.put(&text.unwrap_or_default());
        self.put(&boot_text);
        if self.fault(Fault::BootGarbage) {
            let all: Vec<u8> = (0..=u8::MAX).collect();
            self.put(&all);
        }
    }

    fn set_rate(&mut self, uart: UartConfig) {
        let rate = Rate::new(uart.baud, uart.data, self.profile.uart.half_stop_bits(uart.stop), uart.parity);
        if rate != self.rate {
            let before = self.line_rate();
            self.outbound.available(self.now, before);
            self.rate = rate;
            self.inbound.rebase(self.now);
            self.outbound.rebase(self.now);
        }
        self.outbound.flow = self.flow().1;
        if self.ignores_host() {
            let rate = self.line_rate();
            self.outbound.set_ready(self.now, true, rate);
        }
    }

    /// Raw output, past all hooks.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        if self.pending_restart.is_some() || bytes.is_empty() || self.faults.silent {
            return;
        }
        if self.faults.trickle.is_empty() {
            self.transmit_bytes(bytes);
        } else {
            self.faults.trickle.extend(bytes);
        }
    }

    /// To the wire, behind what is on it.
    pub(crate) fn transmit_bytes(&mut self, bytes: &[u8]) {
        self.stays_awake();
        let rate = self.line_rate();
        let arrived = self.carry_out(bytes);
        self.outbound.push(self.now, arrived.as_deref().unwrap_or(bytes), rate);
    }

    /// Bytes that the host has not got.
    pub(crate) fn waiting_output(&self) -> usize {
        self.outbound.len() + self.faults.trickle.len()
    }

    /// Output through the hooks. `payload` is the offset from which [`Action::Inside`] counts.
    pub(crate) fn emit_from(&mut self, point: &Point, bytes: &[u8], payload: usize) {
        let cut = self.filters.cut(bytes);
        let bytes = cut.as_deref().unwrap_or(bytes);
        if cut.as_ref().is_some_and(Vec::is_empty) || self.hold_for_host(point, bytes, payload) {
            return;
        }
        let mut actions = self.script.take(point);
        actions.extend(self.fault_actions(point, bytes, payload));
        let in_pieces = self.comes_in_pieces(point);
        if actions.is_empty() && !in_pieces {
            self.put(bytes);
            return;
        }
        let mut body = bytes.to_vec();
        let mut tail = Vec::new();
        for action in actions {
            let at = |offset: usize, len: usize| payload.saturating_add(offset).min(len);
            match action {
                Action::Before(bytes) => self.put(&bytes),
                Action::After(bytes) => tail.extend(bytes),
                Action::Inside(offset, bytes) => {
                    let at = at(offset, body.len());
                    body.splice(at..at, bytes);
                }
                Action::Replace(bytes) => body = bytes,
                Action::Drop => body.clear(),
                Action::Restart(offset, text) => {
                    let at = at(offset, body.len());
                    self.put(&body[..at]);
                    self.pending_restart.get_or_insert(text);
                }
                Action::CloseLink(link) => self.lose_link(link),
                Action::DropWifi => self.lose_wifi(),
                Action::Delay(_) => {}
            }
        }
        if in_pieces && self.pending_restart.is_none() {
            self.trickle(&body);
        } else {
            self.put(&body);
        }
        self.put(&tail);
    }

    pub(crate) fn emit(&mut self, point: &Point, bytes: &[u8]) {
        self.emit_from(point, bytes, 0);
    }

    /// Information lines, each with CR LF.
    pub(crate) fn info(&mut self, lines: &str) {
        let text = format!("{lines}\r\n");
        self.emit(&Point::Information, text.as_bytes());
    }

    pub(crate) fn finish_ok(&mut self) {
        self.running = None;
        self.say_result(b"\r\nOK\r\n");
        self.busy_told = false;
    }

    pub(crate) fn finish_error(&mut self, failure: impl Into<Failure>) {
        self.finish_failure(failure.into(), "ERROR");
    }

    /// Like [`Self::finish_error`] with another last line.
    pub(crate) fn finish_failure(&mut self, failure: Failure, end: &str) {
        self.running = None;
        let mut text = String::new();
        let reason = failure.reason.and_then(self.profile.wording.reason);
        if let Some(reason) = reason.filter(|_| self.variant.reasons) {
            text += reason;
            text += "\r\n";
        }
        if self.syslog {
            text += &format!("ERR CODE:0x{:08x}\r\n", failure.number());
        }
        text += &format!("\r\n{end}\r\n");
        self.say_result(text.as_bytes());
        self.busy_told = false;
    }

    pub(crate) fn run(&mut self, job: Job, at: Option<Duration>) -> Reply {
        self.running = Some(Running { job, at });
        Reply::Pending
    }

    /// Whether the module leaves input in its UART because it cannot get rid of data.
    pub(crate) fn input_blocked(&self) -> bool {
        match &self.mode {
            Mode::Data(data) => data.blocked(),
            Mode::Passthrough(passthrough) => passthrough.blocked(),
            Mode::Tunnel(tunnel) => tunnel.blocked(),
            _ => false,
        }
    }

    /// Takes what has come in, at least one byte.
    pub(crate) fn take_input(&mut self) {
        match self.mode {
            _ if self.faults.silent => {
                self.inbound.pop();
            }
            Mode::Off | Mode::Boot => {
                self.inbound.pop();
            }
            Mode::Command => {
                if let Some(byte) = self.inbound.pop()
                    && self.hears(byte)
                {
                    self.take_command_byte(byte);
                }
            }
            Mode::Data(_) => self.take_data(),
            Mode::Raw(_) => self.take_raw(),
            Mode::Passthrough(_) => self.take_passthrough(),
            Mode::Tunnel(_) => self.take_tunnel(),
        }
    }

    fn take_command_byte(&mut self, byte: u8) {
        if self.running.is_some() {
            // One answer for a burst of input: until its line ends, or the command does.
            let due = if self.profile.wording.busy.at_line_end { byte == b'\n' } else { !self.busy_told };
            if due {
                self.busy_told = true;
                self.tell_busy();
            }
            if byte == b'\n' {
                self.busy_told = false;
            }
            return;
        }
        if self.echo {
            let echoed = if byte == b'\n' { self.profile.wording.echoed_line_end } else { &[byte] };
            self.put(echoed);
            self.notice_in_echo();
        }
        if self.line.len() < self.profile.limits.line {
            self.line.push(byte);
        } else {
            self.line_too_long = true;
        }
        if byte == b'\n' {
            let mut line = core::mem::take(&mut self.line);
            if self.line_too_long {
                // Only the length is wrong, whatever the end looks like.
                self.line_too_long = false;
                self.log_command(&line);
                self.finish_error(Code::NoAt);
                return;
            }
            line.pop();
            let terminated = line.pop_if(|last| *last == b'\r').is_some();
            if self.profile.limits.noise_before_at
                && let Some(noise) = line.windows(2).position(|pair| pair == b"AT")
            {
                line.drain(..noise);
            }
            self.log_command(&line);
            if !terminated {
                self.finish_error(Code::NoTerminator);
                return;
            }
            self.show_spontaneous(true);
            if self.pending_restart.is_some() || self.faults.silent {
                return;
            }
            let delay = self.script.take_delay(&Self::answer_point(&line)) + self.busy_delay(&line);
            let at = self.now + self.latency.command + delay;
            self.run(Job::Execute(line), Some(at));
        }
    }

    pub(crate) fn tell_busy(&mut self) {
        self.busy_count += 1;
        let busy = &self.profile.wording.busy;
        let sending = matches!(self.running_job(), Some(Job::Send(_)));
        let mut text = if sending { busy.sending } else { busy.processing }.to_owned();
        if self.syslog {
            text.insert_str(0, &format!("ERR CODE:0x{:08x}\r\n", Code::Busy.value()));
        }
        self.emit(&Point::Busy, text.as_bytes());
    }

    fn answer_point(line: &[u8]) -> Point {
        let (name, _, _) = split_name(line);
        let name = name.strip_prefix(b"+").unwrap_or(name);
        Point::Answer(String::from_utf8_lossy(name).into_owned())
    }

    fn execute(&mut self, line: &[u8]) {
        self.release_late();
        if self.fault(Fault::BusyBeforeAnswer) {
            self.tell_busy();
        }
        if let Some(instead) = self.answer_hooks(line) {
            self.put(&instead);
            self.busy_told = false;
            return;
        }
        let call = match Call::parse(line) {
            Ok(call) => call,
            Err(code) => {
                // An unknown name is told before what is wrong with its parameters.
                let (name, _, _) = split_name(line);
                let name = String::from_utf8_lossy(name);
                let known = self.profile.find(&name, &self.variant).is_some();
                let unknown = line.starts_with(b"AT") && !known;
                return self.finish_error(if unknown { Code::Unsupported } else { code });
            }
        };
        let Some(entry) = self.profile.find(&call.name, &self.variant) else {
            return self.finish_error(Code::Unsupported);
        };
        let handler = match call.form {
            Form::Test => entry.test,
            Form::Query => entry.query,
            Form::Set => entry.set,
            Form::Execute => entry.execute,
        };
        let Some(handler) = handler else {
            return self.finish_error(Code::Operation);
        };
        match handler(self, &call) {
            Ok(Reply::Ok) => self.finish_ok(),
            Ok(Reply::Pending) => {}
            Err(failure) => self.finish_error(failure),
        }
    }

    /// Runs the hooks in front of an answer. `Some` if the command is not to run.
    fn answer_hooks(&mut self, line: &[u8]) -> Option<Vec<u8>> {
        let mut instead = None;
        for action in self.script.take(&Self::answer_point(line)) {
            match action {
                Action::Before(bytes) | Action::After(bytes) | Action::Inside(_, bytes) => {
                    self.put(&bytes);
                }
                Action::Replace(bytes) => instead = Some(bytes),
                Action::Drop => instead = Some(Vec::new()),
                Action::Restart(_, text) => {
                    self.pending_restart.get_or_insert(text);
                    instead = Some(Vec::new());
                }
                Action::CloseLink(link) => self.lose_link(link),
                Action::DropWifi => self.lose_wifi(),
                Action::Delay(_) => {}
            }
        }
        instead
    }

    pub(crate) fn on_mode_timer(&mut self) {
        match self.mode {
            Mode::Off => self.start(None),
            Mode::Boot => {
                self.mode = Mode::Command;
                self.emit(&Point::Ready, b"\r\nready\r\n");
                self.boot_busy();
                self.auto_connect();
                self.world_boots();
                self.enter_stored_link();
            }
            Mode::Command | Mode::Raw(_) => {}
            Mode::Data(_) => self.on_data_timer(),
            Mode::Passthrough(_) => self.on_passthrough_timer(),
            Mode::Tunnel(_) => self.on_tunnel_timer(),
        }
    }

    pub(crate) fn on_job_timer(&mut self) {
        let Some(Running { job, .. }) = self.running.take() else {
            return;
        };
        match job {
            Job::Execute(line) => self.execute(&line),
            Job::Prompt(what) => {
                let wording = &self.profile.wording;
                let prompt = match what {
                    PromptFor::Data(_) | PromptFor::Raw(_) => wording.prompt,
                    PromptFor::Passthrough | PromptFor::Tunnel(_) => wording.passthrough_prompt,
                };
                let blank: &[u8] = if self.variant.blank_after_prompt { b" " } else { b"" };
                let prompt = [prompt, blank].concat();
                self.busy_told = false;
                self.faults.waits = false;
                self.mode = match what {
                    PromptFor::Data(data) => Mode::Data(data),
                    PromptFor::Raw(raw) => Mode::Raw(raw),
                    PromptFor::Passthrough => {
                        Mode::Passthrough(Box::new(Passthrough::new(self.profile, self.send_interval())))
                    }
                    PromptFor::Tunnel(route) => {
                        Mode::Tunnel(Box::new(Tunnel::new(route, self.profile.limits.escape_silence)))
                    }
                };
                self.emit(&Point::Prompt, &prompt);
            }
            Job::Join(call) => {
                self.stop_join();
                self.finish_join(&call, Err(1));
            }
            Job::Scan => self.finish_scan(),
            Job::Ping(_) => self.finish_ping(None),
            Job::Baud(uart) => {
                self.running = None;
                self.settings.uart = uart;
                self.set_rate(uart);
                self.busy_told = false;
            }
            Job::Sleep(time) => {
                let until = self.now + time;
                self.start(None);
                self.mode = Mode::Off;
                self.mode_at = Some(until);
            }
            Job::Restart => {
                if self.profile.wording.restart_disconnects {
                    self.leave_wifi();
                }
                self.start(None);
            }
            Job::Leave => self.leave_wifi(),
            Job::Occupied => self.busy_told = false,
            Job::Connect { socket, plan } => {
                let now = self.now;
                self.network.close(now, socket);
                self.fail_connect_of(plan.id);
            }
            Job::Send(send) => self.on_send_timer(*send),
            Job::Bluetooth(job) => self.on_bluetooth_job(job),
            #[cfg(feature = "services")]
            Job::Service(waiting) => self.on_service_timeout(waiting),
            // These wait for the network; their timer only makes the module look again.
            job @ (Job::Lookup { .. } | Job::Update) => self.running = Some(Running { job, at: None }),
        }
    }

    /// `OK` first, then the prompt after its time.
    pub(crate) fn prompt(&mut self, what: PromptFor) -> Reply {
        if matches!(what, PromptFor::Data(_)) && self.fault(Fault::ErrorForSend) {
            self.finish_error(Code::Failed);
            return Reply::Pending;
        }
        self.emit(&Point::Final, b"\r\nOK\r\n");
        let delay = self.script.take_delay(&Point::Prompt) + self.wait_for_data(Fault::DataBeforePrompt);
        let at = self.now + self.latency.prompt + delay;
        self.run(Job::Prompt(what), Some(at))
    }

    /// `OK` first; the job is done when the last byte has left.
    pub(crate) fn after_ok(&mut self, job: Job) -> Reply {
        let cut = matches!(job, Job::Baud(_)) && self.fault(Fault::OkCut);
        self.emit(&Point::Final, if cut { b"\r\nO" } else { b"\r\nOK\r\n" });
        let at = self.outbound.drained_at(self.line_rate()).max(self.now) + self.trickle_time();
        self.run(job, Some(at))
    }
}
