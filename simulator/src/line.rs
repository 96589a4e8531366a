//! The serial line between host and module: rates that differ, noise, RTS and CTS.

use crate::config::{LineNoise, Wiring};
use crate::fault::Random;
use crate::simulator::Simulator;
use crate::uart::Rate;
use core::time::Duration;

/// What happens to bytes on their way.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) wiring: Wiring,
    /// The host's rate if it is not always the module's.
    host_baud: Option<u32>,
    random: Random,
    pub(crate) lost: u64,
    pub(crate) flipped: u64,
}

impl Line {
    pub(crate) const fn new(wiring: Wiring, seed: u64) -> Self {
        // Apart from the numbers that faults use, so that noise does not move them.
        let random = Random::new(!seed);
        Self { wiring, host_baud: None, random, lost: 0, flipped: 0 }
    }

    /// What arrives of `bytes`.
    fn carry(&mut self, bytes: &[u8], sender: Rate, receiver: Rate) -> Option<Vec<u8>> {
        let LineNoise { lost, flipped } = self.wiring.noise;
        let understood = receiver.understands(sender);
        if understood && lost == 0 && flipped == 0 {
            return None;
        }
        let mut arrived = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            if self.random.chance(lost) {
                self.lost += 1;
                continue;
            }
            let mut byte = byte;
            if self.random.chance(flipped) {
                self.flipped += 1;
                byte ^= 1 << (self.random.next() >> 61);
            }
            if understood {
                arrived.push(byte);
            } else {
                arrived.extend(receiver.hears(sender, byte));
            }
        }
        Some(arrived)
    }
}

impl Simulator {
    /// The host uses this rate from now on, whatever the module uses: at a rate that differs by more than 3 % each side
    /// takes the other's bytes for others. `None`, as at the start: the host always has the module's rate.
    pub fn set_host_baud(&mut self, now: Duration, baud: Option<u32>) {
        self.poll(now);
        let before = self.host_rate();
        self.wire.host_baud = baud.map(|baud| baud.max(1));
        if self.host_rate() != before {
            self.inbound.rebase(self.now);
        }
        self.poll(now);
    }

    /// Whether the host may send: the module's RTS. It drops while the module cannot take bytes, if flow control is
    /// wired ([`Builder::flow_control`](crate::Builder::flow_control)) and on.
    #[must_use]
    pub fn is_clear_to_send(&self) -> bool {
        !(self.flow().0 && self.input_blocked())
    }

    /// The module stops the host, the host stops the module.
    pub(crate) fn flow(&self) -> (bool, bool) {
        let flow = self.settings.uart.flow;
        let both = self.profile.uart.flow_controls == 1 && flow == 1;
        let wired = self.wire.wiring.flow_control;
        (wired && (both || flow & 1 != 0), wired && (both || flow & 2 != 0))
    }

    /// Whether the module ignores the host's RTS: wired, but switched off.
    pub(crate) fn ignores_host(&self) -> bool {
        self.wire.wiring.flow_control && !self.flow().1
    }

    /// What the flow control setting is when nothing was set.
    pub(crate) const fn factory_flow(&self) -> u8 {
        match (self.wire.wiring.flow_control, self.profile.uart.flow_controls) {
            (false, _) => 0,
            (true, 1) => 1,
            (true, _) => 3,
        }
    }

    /// The rate at which bytes of the host come in.
    pub(crate) fn host_rate(&self) -> Option<Rate> {
        self.line_rate().map(|rate| self.wire.host_baud.map_or(rate, |baud| rate.at(baud)))
    }

    fn host_speed(&self) -> Rate {
        self.wire.host_baud.map_or(self.rate, |baud| self.rate.at(baud))
    }

    /// What the module gets of what the host sends.
    pub(crate) fn carry_in(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let (host, module) = (self.host_speed(), self.rate);
        self.wire.carry(bytes, host, module)
    }

    /// What the host gets of what the module sends.
    pub(crate) fn carry_out(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let (host, module) = (self.host_speed(), self.rate);
        self.wire.carry(bytes, module, host)
    }

    /// While the module does not take bytes its receive FIFO runs over.
    pub(crate) fn check_overrun(&mut self) {
        if let Some(depth) = self.wire.wiring.module_fifo
            && self.input_blocked()
            && !self.flow().0
        {
            let rate = self.host_rate();
            self.inbound.overrun(self.now, depth, rate);
        }
    }
}
