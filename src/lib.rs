//! Asynchronous `no_std` driver for Wi-Fi modules that speak AT commands.
#![no_std]

#[cfg(test)]
extern crate std;

#[macro_use]
mod fmt;

pub mod at;
pub mod command;
mod config;
mod control;
pub mod dialect;
mod engine;
mod exchange;
mod firmware;
pub mod net;
mod pins;
mod resources;
mod runner;
pub mod serial;
pub mod urc;
pub mod wifi;

use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_time::Instant;
use embedded_hal::digital::OutputPin;

pub use config::Config;
pub use control::{Control, Events, Missed, ModuleSilent};
pub use dialect::EspAt;
pub use engine::{Counters, Event, Reason, Refusal};
pub use firmware::{Firmware, Version};
pub use net::Stack;
pub use pins::{NoPin, Pins};
pub use resources::Resources;
pub use runner::{RunError, Runner};

use dialect::Driven;
use runner::Shared;
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

/// Takes the serial port of a module with firmware `D`, and gives the three handles of the driver.
///
/// Nothing is sent before [`Runner::run`] is polled. The module may be in any state: it is reset, by `pins` or by a
/// command, and set up.
pub fn new<'a, D, S, R, E, const LINKS: usize, const RX: usize, const TX: usize, M>(
    serial: S,
    pins: Pins<R, E>,
    resources: &'a mut Resources<LINKS, RX, TX, M>,
    config: Config,
) -> Parts<'a, D, S, R, E>
where
    D: Driven,
    S: Serial,
    R: OutputPin,
    E: OutputPin,
    M: RawMutex + Sync,
{
    let access: &'a dyn resources::Access = &*resources;
    access.with(&mut |engine| {
        engine.core.start(D::PROFILE, config, LINKS, pins.has_reset());
        engine.start_life(Instant::now());
    });
    let shared = Shared(access);
    Parts { runner: Runner::new(access, serial, pins), control: Control::new(shared), stack: Stack::new(shared) }
}
