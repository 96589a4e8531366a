//! The command line of the module: input, the running command, output.

use crate::command::Reply;
use crate::command::connect::{ConnectPlan, LookupUse};
use crate::net::{LookupId, SocketId};
use crate::request::{Call, Code, Failure, Form, split_name};
use crate::script::{Action, Point};
use crate::send::{DataMode, Passthrough, SendJob};
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
    Passthrough(Box<Passthrough>),
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
    Ping(Option<Duration>),
    /// `OK` leaves at the old rate, then the rate changes.
    Baud(UartConfig),
    /// `OK` leaves, then the module sleeps so long.
    Sleep(Duration),
    /// `OK` leaves, then the module restarts.
    Restart,
    /// `OK` leaves, then the station disconnects.
    Leave,
}

#[derive(Debug)]
pub(crate) enum PromptFor {
    Data(Box<DataMode>),
    Passthrough,
}

/// Bytes waiting in the module's UART queue at which it stops to take more from the network.
pub(crate) const OUTPUT_LIMIT: usize = 8192;

impl Simulator {
    /// Power-on and reset. `text` is what a module prints that restarts by itself.
    pub(crate) fn start(&mut self, text: Option<Vec<u8>>) {
        self.close_all_sockets();
        self.running = None;
        self.pending_restart = None;
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
        self.sntp.reset();
        self.set_rate(self.settings.uart);
        self.mode = Mode::Boot;
        self.mode_at = Some(self.now + self.latency.boot);
        let boot_text = self.variant.boot_text.clone();
        self.put(&text.unwrap_or_default());
        self.put(&boot_text);
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
    }

    /// Raw output, past all hooks.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        if self.pending_restart.is_none() && !bytes.is_empty() {
            let rate = self.line_rate();
            self.outbound.push(self.now, bytes, rate);
        }
    }

    /// Output through the hooks. `payload` is the offset from which [`Action::Inside`] counts.
    pub(crate) fn emit_from(&mut self, point: &Point, bytes: &[u8], payload: usize) {
        let actions = self.script.take(point);
        if actions.is_empty() {
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
        self.put(&body);
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
        self.emit(&Point::Final, b"\r\nOK\r\n");
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
            text += &format!("ERR CODE:0x{:08x}\r\n", failure.code.value());
        }
        text += &format!("\r\n{end}\r\n");
        self.emit(&Point::Final, text.as_bytes());
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
            _ => false,
        }
    }

    /// Takes what has come in, at least one byte.
    pub(crate) fn take_input(&mut self) {
        match self.mode {
            Mode::Off | Mode::Boot => {
                self.inbound.pop();
            }
            Mode::Command => {
                if let Some(byte) = self.inbound.pop() {
                    self.take_command_byte(byte);
                }
            }
            Mode::Data(_) => self.take_data(),
            Mode::Passthrough(_) => self.take_passthrough(),
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
            let delay = self.script.take_delay(&Self::answer_point(&line));
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
                self.auto_connect();
            }
            Mode::Command => {}
            Mode::Data(_) => self.on_data_timer(),
            Mode::Passthrough(_) => self.on_passthrough_timer(),
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
                    PromptFor::Data(_) => wording.prompt,
                    PromptFor::Passthrough => wording.passthrough_prompt,
                };
                let blank: &[u8] = if self.variant.blank_after_prompt { b" " } else { b"" };
                let prompt = [prompt, blank].concat();
                self.busy_told = false;
                self.mode = match what {
                    PromptFor::Data(data) => Mode::Data(data),
                    PromptFor::Passthrough => Mode::Passthrough(Box::new(Passthrough::new(self.profile))),
                };
                self.emit(&Point::Prompt, &prompt);
            }
            Job::Join(call) => {
                self.stop_join();
                self.finish_join(&call, Err(1));
            }
            Job::Scan => self.finish_scan(),
            Job::Ping(time) => self.finish_ping(time),
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
            Job::Connect { socket, plan } => {
                let now = self.now;
                self.network.close(now, socket);
                self.fail_connect_of(plan.id);
            }
            Job::Send(send) => self.on_send_timer(*send),
            // These wait for the network; their timer only makes the module look again.
            job @ Job::Lookup { .. } => self.running = Some(Running { job, at: None }),
        }
    }

    /// `OK` first, then the prompt after its time.
    pub(crate) fn prompt(&mut self, what: PromptFor) -> Reply {
        self.emit(&Point::Final, b"\r\nOK\r\n");
        let delay = self.script.take_delay(&Point::Prompt);
        let at = self.now + self.latency.prompt + delay;
        self.run(Job::Prompt(what), Some(at))
    }

    /// `OK` first; the job is done when the last byte has left.
    pub(crate) fn after_ok(&mut self, job: Job) -> Reply {
        self.emit(&Point::Final, b"\r\nOK\r\n");
        let at = self.outbound.drained_at(self.line_rate()).max(self.now);
        self.run(job, Some(at))
    }
}
