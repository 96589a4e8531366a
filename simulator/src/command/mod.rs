//! The commands: one file per chapter, each with its part of the command table.

pub(crate) mod basic;
pub(crate) mod connect;
pub(crate) mod receive;
pub(crate) mod server;
pub(crate) mod socket;
pub(crate) mod softap;
pub(crate) mod time;
pub(crate) mod transfer;
pub(crate) mod wifi;

use crate::config::Variant;
use crate::profile::CommandForms;
use crate::request::{Call, Failure};
use crate::simulator::Simulator;

/// How a command that did not fail goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// `OK` now.
    Ok,
    /// A job runs and ends the command later.
    Pending,
}

pub(crate) type Handler = fn(&mut Simulator, &Call) -> Result<Reply, Failure>;

/// A row of the command table.
pub(crate) struct Entry {
    /// Without `AT`.
    pub(crate) name: &'static str,
    pub(crate) test: Option<Handler>,
    pub(crate) query: Option<Handler>,
    pub(crate) set: Option<Handler>,
    pub(crate) execute: Option<Handler>,
    /// Whether this variant of the firmware has the command.
    pub(crate) present: fn(&Variant) -> bool,
}

pub(crate) const fn command(name: &'static str) -> Entry {
    Entry { name, test: None, query: None, set: None, execute: None, present: |_| true }
}

impl Entry {
    const fn query(mut self, handler: Handler) -> Self {
        self.query = Some(handler);
        self
    }

    const fn set(mut self, handler: Handler) -> Self {
        self.set = Some(handler);
        self
    }

    const fn execute(mut self, handler: Handler) -> Self {
        self.execute = Some(handler);
        self
    }

    const fn only(mut self, present: fn(&Variant) -> bool) -> Self {
        self.present = present;
        self
    }

    pub(crate) fn forms(&self) -> CommandForms {
        CommandForms {
            name: format!("AT{}", self.name),
            test: self.test.is_some(),
            query: self.query.is_some(),
            set: self.set.is_some(),
            execute: self.execute.is_some(),
        }
    }
}

impl Simulator {
    /// One information line `+NAME:<value>`, then `OK`.
    pub(crate) fn tell(&mut self, name: &str, value: impl core::fmt::Display) -> Result<Reply, Failure> {
        self.info(&format!("+{name}:{value}"));
        Ok(Reply::Ok)
    }
}
