//! The baud rate of the serial line: told to the module, set at the port, probed, and taken back if need be.

use super::exchange::Owner;
use super::life::{Life, PROBE_TIMEOUT};
use super::{Core, Engine, Event, Moment, Span};
use crate::command::basic::FlowControl;
use crate::serial::{Line, LineError};

/// How long after its `OK` the module may go on at the old rate, and how soon after that it hears at the new one.
const SETTLE: Span = Span::from_millis(50);

/// Probes at a rate, until it is given up.
const PROBES: u8 = 3;

/// What a rate must be for any module to have it.
const RATES: core::ops::RangeInclusive<u32> = 80..=5_000_000;

/// The rate of a module with factory settings.
const FACTORY: u32 = 115_200;

/// Where a change of the rate has got to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// The port is asked whether it has the rate.
    Trial,
    /// The module is told.
    Tell,
    /// Until then the port keeps the old rate, or both are given time.
    Settle(Moment),
    /// So many probes at the new rate were not answered.
    Probe(u8),
    /// The same at the old rate, as nobody answered at the new one.
    ProbeOld(u8),
}

/// What is linked only where the port's rate can be set.
pub(super) struct Duties {
    begin: fn(&mut Engine<'_>) -> bool,
    live: fn(&mut Engine<'_>, Change),
    done: fn(&mut Engine<'_>, Change, Option<bool>),
    request: fn(&mut Core, u32) -> Result<(), LineError>,
}

static DUTIES: Duties = Duties {
    begin: |engine| engine.begin_line(),
    live: |engine, change| engine.live_line(change),
    done: |engine, change, success| engine.line_done(change, success),
    request: Core::request_rate,
};

pub(crate) struct LineRate {
    duties: Option<&'static Duties>,
    line: Line,
    /// What the port is to have.
    port: u32,
    /// A rate that the port is asked about, if not 0.
    trial: u32,
    /// What the port had before the change.
    before: u32,
    /// What was wanted before the user's last request, which may fail.
    proven: u32,
    /// Another rate at which the module may start, if not 0: that of before a reset to factory settings.
    former: u32,
    /// The module has to be told, since its last restart or the user's request.
    due: bool,
    /// The last change has ended, for who has asked for it: with this failure, if it has failed.
    ended: bool,
    failed: bool,
    failure: LineError,
}

impl LineRate {
    pub(super) const fn new() -> Self {
        let failure = LineError::FixedLine;
        let (port, trial, before, proven, former) = (0, 0, 0, 0, 0);
        let (due, ended, failed) = (false, false, false);
        Self { duties: None, line: Line::new(0), port, trial, before, proven, former, due, ended, failed, failure }
    }

    /// The module has restarted, and is at the rate of its start unless it was heard at another.
    pub(super) const fn restarted(&mut self, heard: bool) {
        if self.duties.is_some() {
            self.due = true;
            if !heard {
                self.port = self.line.initial;
            }
        }
    }

    /// Nobody is heard at this rate.
    pub(super) const fn try_other(&mut self) {
        let Line { initial, baud_rate, .. } = self.line;
        self.port = if self.former != 0 && self.port == baud_rate && self.port != self.former {
            self.former
        } else if self.port == initial {
            baud_rate
        } else {
            initial
        };
    }

    /// The module has factory settings, and starts with their rate from now on; but some firmware keeps its rate.
    pub(super) const fn restored(&mut self) {
        if self.duties.is_some() && self.line.initial != FACTORY {
            self.former = self.line.initial;
            self.line.initial = FACTORY;
            self.port = FACTORY;
        }
    }

    /// Nobody is heard at all.
    pub(super) const fn silent(&mut self) {
        if self.due && !self.ended {
            self.end(Err(LineError::ModuleSilent));
        }
    }

    const fn end(&mut self, outcome: Result<(), LineError>) {
        (self.ended, self.failed) = (true, outcome.is_err());
        if let Err(failure) = outcome {
            self.failure = failure;
        }
    }
}

impl Core {
    /// The driver has a say in the rate.
    pub(crate) fn set_line(&mut self, line: Line) {
        let rate = &mut self.line_rate;
        (rate.duties, rate.line, rate.due) = (Some(&DUTIES), line, true);
        (rate.port, rate.proven) = (line.initial, line.baud_rate);
    }

    /// A rate that the port is to be asked about, if not 0, and the one that it is to have. 0: whatever it has.
    pub(crate) const fn port_rates(&self) -> (u32, u32) {
        (self.line_rate.trial, self.line_rate.port)
    }

    /// The baud rate of the line, if the driver has a say in it.
    pub(crate) fn baud_rate(&self) -> Option<u32> {
        self.line_rate.duties.map(|_| self.line_rate.port)
    }

    /// Asks for another rate. How it ends is for [`line_outcome`](Self::line_outcome).
    pub(crate) fn request_line(&mut self, baud_rate: u32) -> Result<(), LineError> {
        self.line_rate.duties.map_or(Err(LineError::FixedLine), |duties| (duties.request)(self, baud_rate))
    }

    fn request_rate(&mut self, baud_rate: u32) -> Result<(), LineError> {
        if !RATES.contains(&baud_rate) {
            return Err(LineError::Invalid);
        }
        self.line_rate.line.baud_rate = baud_rate;
        (self.line_rate.due, self.line_rate.ended) = (true, false);
        self.runner.wake();
        Ok(())
    }

    /// How the last change ended.
    pub(crate) const fn line_outcome(&self) -> Option<Result<(), LineError>> {
        match &self.line_rate {
            LineRate { ended: false, .. } => None,
            LineRate { failed: true, failure, .. } => Some(Err(*failure)),
            _ => Some(Ok(())),
        }
    }

    /// The number by which this firmware knows the flow control.
    fn flow_control(&self) -> Option<u8> {
        match self.line_rate.line.flow_control {
            FlowControl::Off => Some(0),
            FlowControl::RtsAndCts => Some(self.profile().full_flow_control),
            one if self.profile().full_flow_control > 1 => Some(one as u8),
            _ => None,
        }
    }

    fn has_live_socket(&self) -> bool {
        self.sockets.iter().any(super::Socket::is_live)
    }

    /// The line is as it will be for now.
    fn end_line_change(&mut self, outcome: Result<(), LineError>) {
        let rate = &mut self.line_rate;
        rate.due = false;
        rate.end(outcome);
        if outcome.is_ok() {
            rate.proven = rate.line.baud_rate;
        } else {
            rate.line.baud_rate = rate.proven;
            warn!("baud rate not changed");
            self.history.publish(Event::BaudRateFailed);
        }
        self.waiters.wake();
    }
}

impl Engine<'_> {
    /// Begins to change the line if it is not as it should be. Gives whether it has.
    pub(super) fn begin_line_change(&mut self) -> bool {
        match self.core.line_rate.duties {
            Some(duties) if self.core.line_rate.due => (duties.begin)(self),
            _ => false,
        }
    }

    fn begin_line(&mut self) -> bool {
        let core = &mut *self.core;
        let Line { baud_rate, flow_control, .. } = core.line_rate.line;
        if !RATES.contains(&baud_rate) || core.flow_control().is_none() {
            core.end_line_change(Err(LineError::Invalid));
        } else if core.line_rate.port == baud_rate && flow_control == FlowControl::Off {
            core.end_line_change(Ok(()));
        } else if core.has_live_socket() {
            core.end_line_change(Err(LineError::SocketsOpen));
        } else {
            let another = core.line_rate.port != baud_rate;
            core.line_rate.trial = if another { baud_rate } else { 0 };
            core.life = Life::Line(if another { Change::Trial } else { Change::Tell });
            return true;
        }
        false
    }

    /// Whether the port has the rate that it was asked about.
    pub(crate) fn port_tried(&mut self, success: bool) {
        self.core.line_rate.trial = 0;
        if self.core.life == Life::Line(Change::Trial) {
            if success {
                self.core.life = Life::Line(Change::Tell);
            } else {
                self.core.end_line_change(Err(LineError::UnsupportedByPort));
                self.module_is_up();
            }
        }
    }

    /// Goes on with a change, where the wire is idle.
    pub(super) fn live_change(&mut self, change: Change) {
        if let Some(duties) = self.core.line_rate.duties {
            (duties.live)(self, change);
        }
    }

    /// A command of a change has ended; `None` if it was not answered.
    pub(super) fn change_done(&mut self, change: Change, success: Option<bool>) {
        if let Some(duties) = self.core.line_rate.duties {
            (duties.done)(self, change, success);
        }
    }

    fn live_line(&mut self, change: Change) {
        let core = &mut *self.core;
        match change {
            Change::Trial => {}
            Change::Tell => {
                let flow_control = core.flow_control().unwrap_or(0);
                let rate = core.line_rate.line.baud_rate as usize;
                let timeout = core.config.command_timeout;
                let parameters = [rate, 8, 1, 0, flow_control.into()];
                core.begin_own(Owner::BringUp, "AT+UART_CUR", &parameters, timeout);
            }
            Change::Settle(until) if until.is_due(core.clock.now) => {
                core.line_rate.before = core.line_rate.port;
                core.line_rate.port = core.line_rate.line.baud_rate;
                core.life = Life::Line(Change::Probe(0));
                // It goes out once the port has the rate.
                self.live_line(Change::Probe(0));
            }
            Change::Settle(_) => {}
            Change::Probe(_) | Change::ProbeOld(_) => core.begin_step("AT", PROBE_TIMEOUT),
        }
    }

    fn line_done(&mut self, change: Change, success: Option<bool>) {
        let core = &mut *self.core;
        match (change, success) {
            (Change::Tell, Some(false)) => {
                core.end_line_change(Err(LineError::Refused));
                self.module_is_up();
            }
            // Its `OK` may have come at the new rate already.
            (Change::Tell, _) => core.life = Life::Line(Change::Settle(core.after(SETTLE))),
            (Change::Probe(_), Some(true)) => {
                core.end_line_change(Ok(()));
                self.module_is_up();
            }
            (Change::Probe(failed), _) if failed + 1 < PROBES => core.life = Life::Line(Change::Probe(failed + 1)),
            (Change::Probe(_), _) => {
                core.line_rate.port = core.line_rate.before;
                core.life = Life::Line(Change::ProbeOld(0));
            }
            (Change::ProbeOld(_), Some(true)) => {
                core.end_line_change(Err(LineError::NotHeard));
                self.module_is_up();
            }
            (Change::ProbeOld(failed), _) if failed + 1 < PROBES => {
                core.life = Life::Line(Change::ProbeOld(failed + 1));
            }
            _ => self.attempt_failed(),
        }
    }
}
