#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(test)]
extern crate std;

#[macro_use]
mod fmt;

pub mod at;
mod atat_client;
#[cfg(feature = "blocking")]
pub mod blocking;
pub mod command;
mod config;
mod control;
pub mod decode;
pub mod dialect;
mod engine;
mod exchange;
mod firmware;
#[cfg(feature = "mock")]
pub mod mock;
pub mod net;
mod pins;
pub mod power;
mod recovery;
mod resources;
mod runner;
pub mod serial;
mod support;
#[doc = include_str!("testing.md")]
pub mod testing {}
#[doc = include_str!("troubles.md")]
pub mod troubles {}
pub mod urc;
pub mod wifi;

use embassy_time::Instant;
use embedded_hal::digital::OutputPin;

pub use atat_client::{AtatControl, CommandBuffer, CommandTooLong};
pub use config::Config;
pub use control::{Control, Events, Message, Messages, Missed, NotReady};
pub use dialect::{Esp32V1, Esp8266Idf, Esp8266Nonos, EspAt, WizFi360};
pub use engine::{Counters, Event, EventMask, Reason, Refusal};
pub use firmware::{Firmware, Version};
pub use net::Stack;
pub use pins::{NoPin, Pins};
pub use recovery::{RecoveryPolicy, ResetCause};
pub use resources::{Memory, Resources};
pub use runner::{RunError, Runner};
pub use support::Supported;

use dialect::Driven;
use resources::AccessExt;
use serial::Serial;

/// What [`new`] gives.
#[derive(Debug)]
pub struct Parts<'a, D, S, R = NoPin, E = NoPin> {
    /// Drives everything: its `run` must be polled, in a task of its own or joined with the user's futures.
    pub runner: Runner<'a, S, R, E>,
    /// Wi-Fi, commands, events.
    pub control: Control<'a, D>,
    /// Sockets and names.
    pub stack: Stack<'a>,
}

/// Takes the serial port of a module with firmware `D`, and gives the three handles of the driver:
/// `wifi_at::new::<EspAt, _, _, _>(serial, pins, resources, config)`.
///
/// Nothing is sent before [`Runner::run`] is polled. The module may be in any state: it is reset, by `pins` or by a
/// command, and set up.
pub fn new<'a, D: Driven, S: Serial, R: OutputPin, E: OutputPin>(
    serial: S,
    pins: Pins<R, E>,
    resources: &'a mut impl Memory,
    config: Config,
) -> Parts<'a, D, S, R, E> {
    let working = resources.start(D::PROFILE, config, pins.has_reset());
    let shared = working.access;
    let line = serial.line();
    shared.0.get(|engine| {
        if let Some(line) = line {
            engine.core.set_line(line);
        }
        engine.start(Instant::now());
    });
    Parts { runner: Runner::new(working, serial, pins), control: Control::new(shared), stack: Stack::new(shared) }
}
