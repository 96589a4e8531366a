//! The commands: one file per chapter, each with its part of the command table.

pub(crate) mod basic;
pub(crate) mod ble;
pub(crate) mod ble_gatt;
pub(crate) mod ble_profiles;
pub(crate) mod ble_security;
pub(crate) mod bt;
pub(crate) mod buffer;
pub(crate) mod connect;
pub(crate) mod driver;
pub(crate) mod enterprise;
pub(crate) mod ethernet;
pub(crate) mod flash;
#[cfg(feature = "services")]
pub(crate) mod http;
pub(crate) mod message_filter;
#[cfg(feature = "services")]
pub(crate) mod mqtt;
pub(crate) mod older;
pub(crate) mod pins;
pub(crate) mod provisioning;
pub(crate) mod radio;
pub(crate) mod receive;
pub(crate) mod server;
pub(crate) mod socket;
pub(crate) mod softap;
pub(crate) mod ssl;
pub(crate) mod stored;
pub(crate) mod system;
pub(crate) mod time;
pub(crate) mod transfer;
pub(crate) mod update;
pub(crate) mod user;
#[cfg(feature = "services")]
pub(crate) mod websocket;
pub(crate) mod wifi;

use crate::config::Variant;
use crate::profile::CommandForms;
use crate::request::{Call, Failure};
use crate::script::Point;
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

/// A command: its forms and what carries them out.
#[derive(Clone, Copy)]
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

/// All handlers that there are; where two have a name, the first one is the usual.
static CHAPTERS: &[&[Entry]] = &[
    basic::COMMANDS,
    wifi::COMMANDS,
    softap::COMMANDS,
    radio::COMMANDS,
    radio::DISCOVERY,
    provisioning::COMMANDS,
    provisioning::WEB,
    enterprise::COMMANDS,
    ethernet::COMMANDS,
    driver::COMMANDS,
    socket::COMMANDS,
    connect::COMMANDS,
    transfer::COMMANDS,
    receive::COMMANDS,
    server::COMMANDS,
    time::COMMANDS,
    ssl::COMMANDS,
    buffer::COMMANDS,
    stored::COMMANDS,
    update::COMMANDS,
    ble::COMMANDS,
    ble_gatt::SERVER,
    ble_gatt::CLIENT,
    ble_profiles::SPP,
    ble_security::COMMANDS,
    ble_profiles::INPUT,
    ble_profiles::BLUFI,
    bt::COMMANDS,
    older::COMMANDS,
    system::COMMANDS,
    system::FACTORY_TEST,
    pins::COMMANDS,
    user::COMMANDS,
    message_filter::COMMANDS,
    flash::COMMANDS,
];

/// A command of a firmware that has another name or fewer forms than the handlers' own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// The name under which its handlers stand.
    pub(crate) like: &'static str,
    /// Which of its forms there are: `t`est, `q`uery, `s`et, e`x`ecute.
    pub(crate) forms: &'static str,
}

/// A row for a command that stands under its own name.
pub(crate) const fn row(name: &'static str, forms: &'static str) -> Row {
    Row { name, like: name, forms }
}

impl Row {
    pub(crate) const fn like(mut self, like: &'static str) -> Self {
        self.like = like;
        self
    }

    pub(crate) fn entry(&self) -> Option<Entry> {
        let found = CHAPTERS.iter().flat_map(|chapter| chapter.iter()).find(|entry| entry.name == self.like)?;
        let pick = |form, handler: Option<Handler>| handler.filter(|_| self.forms.contains(form));
        Some(Entry {
            name: self.name,
            test: pick('t', found.test),
            query: pick('q', found.query),
            set: pick('s', found.set),
            execute: pick('x', found.execute),
            present: found.present,
        })
    }
}

impl Entry {
    pub(crate) const fn test(mut self, handler: Handler) -> Self {
        self.test = Some(handler);
        self
    }

    pub(crate) const fn query(mut self, handler: Handler) -> Self {
        self.query = Some(handler);
        self
    }

    pub(crate) const fn set(mut self, handler: Handler) -> Self {
        self.set = Some(handler);
        self
    }

    pub(crate) const fn execute(mut self, handler: Handler) -> Self {
        self.execute = Some(handler);
        self
    }

    const fn only(mut self, present: fn(&Variant) -> bool) -> Self {
        self.present = present;
        self
    }

    pub(crate) fn forms(self) -> CommandForms {
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
    pub(crate) fn tell(&mut self, call: &Call, value: impl core::fmt::Display) -> Result<Reply, Failure> {
        let end = self.line_end(call);
        let line = format!("{}:{value}{end}", call.name);
        self.emit(&Point::Information, line.as_bytes());
        Ok(Reply::Ok)
    }

    /// The end of the last information line; empty where only the line break in front of `OK` ends it.
    pub(crate) fn line_end(&self, call: &Call) -> &'static str {
        if self.profile.wording.unended.contains(&call.name.as_str()) { "" } else { "\r\n" }
    }
}

#[cfg(test)]
mod tests {
    use crate::profile::Dialect;

    #[test]
    fn every_row_has_its_handlers() {
        for dialect in Dialect::ALL {
            for row in dialect.profile().rows {
                let forms = row.entry().map(super::Entry::forms);
                let forms = forms.unwrap_or_else(|| panic!("{}: no handlers {}", dialect.name(), row.like));
                let there = [(forms.test, 't'), (forms.query, 'q'), (forms.set, 's'), (forms.execute, 'x')];
                let there: String = there.iter().filter(|(has, _)| *has).map(|(_, form)| form).collect();
                assert_eq!(there, row.forms, "{} {}", dialect.name(), row.name);
            }
        }
    }
}
