//! The figure of esp-at-nal 0.5, with 20 ms between commands, as its client has it unless told otherwise. It never looks
//! at the prompt: without that pause its data would meet a module that is not ready for it.
//!
//! It has no rings: what the user writes is one command, and so is what the user has room for, up to 2048 bytes. It
//! receives passively. Where it fails, a word says at what.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use embedded_nal::{TcpClientStack, nb};
use esp_at_nal::wifi::WifiAdapter;
use wifi_at_simulator::Simulator;
use wifi_at_virtual_time as clock;

use super::case::{Case, payload, server};
use super::measure;
use crate::esp_at_nal::{Device, start, turn};

/// Microseconds between commands.
const COOLDOWN: u64 = 20_000;

/// Most reads or writes of each link, and most bytes: it does the same over and over.
const TURNS: usize = 32;
const AMOUNT: usize = 8192;

/// Without any progress for so long, it is over.
const PATIENCE: u64 = 30_000_000;

#[derive(Clone)]
struct Module(Rc<RefCell<Simulator>>);

fn now() -> Duration {
    Duration::from_micros(clock::now())
}

impl Device for Module {
    fn write(&self, bytes: &[u8]) {
        self.0.borrow_mut().receive(now(), bytes);
    }

    fn read(&self, buffer: &mut [u8]) -> usize {
        let mut module = self.0.borrow_mut();
        module.poll(now());
        module.transmit(now(), buffer)
    }

    fn wait(&self, limit: u64) {
        let now = clock::now();
        let next = self.0.borrow().next_wake().map_or(limit, |at| at.as_nanos().div_ceil(1000) as u64);
        clock::set(Some(next.min(limit).max(now + 1)));
        self.0.borrow_mut().poll(Duration::from_micros(clock::now()));
    }
}

/// Runs a case, with fewer bytes.
///
/// # Errors
/// In what it fails.
pub(crate) fn measure(case: &Case) -> Result<f64, &'static str> {
    catch_unwind(AssertUnwindSafe(|| run(case))).unwrap_or(Err("panics"))
}

fn run(case: &Case) -> Result<f64, &'static str> {
    let amount = case.amount().min(TURNS * case.size).min(AMOUNT);
    let (module, network, taken) = measure::site(case);
    let module = Module(Rc::new(RefCell::new(module)));
    let (_session, mut adapter) = start(&module, 1_000_000, COOLDOWN);
    adapter.join("home", "secret word").map_err(|_| "no join")?;
    let mut sockets = Vec::new();
    for _ in 0..case.links {
        let mut socket = adapter.socket().map_err(|_| "no socket")?;
        adapter.connect(&mut socket, server()).map_err(|_| "no connect")?;
        sockets.push(socket);
    }
    // The pause after the last command of before is none of the transfer's.
    let rested = clock::now() + COOLDOWN;
    while clock::now() < rested {
        turn();
    }
    let data = payload(amount);
    let mut buffer = vec![0; case.size];
    let begun = clock::now();
    if case.direction.receives() {
        for connection in network.connections() {
            network.push(connection, &data);
        }
    }
    let whole = [case.direction.receives(), case.direction.sends()].map(|used| if used { &data[..] } else { &[] });
    let mut rest = vec![whole; case.links];
    let mut progress = clock::now();
    while rest.iter().flatten().any(|rest| !rest.is_empty()) {
        let mut moved = false;
        for (socket, [to_receive, to_send]) in sockets.iter_mut().zip(&mut rest) {
            if !to_send.is_empty() {
                let count = case.size.min(to_send.len());
                adapter.send(socket, &to_send[..count]).map_err(|_| "send fails")?;
                *to_send = &to_send[count..];
                moved = true;
            }
            if !to_receive.is_empty() {
                match adapter.receive(socket, &mut buffer) {
                    Ok(count) if to_receive.starts_with(&buffer[..count]) => {
                        *to_receive = &to_receive[count..];
                        moved |= count > 0;
                    }
                    Ok(_) => return Err("wrong data"),
                    Err(nb::Error::WouldBlock) => {}
                    Err(nb::Error::Other(_)) => return Err("receive fails"),
                }
            }
        }
        if moved {
            progress = clock::now();
        } else if clock::now() > progress + PATIENCE {
            return Err("stalls");
        } else {
            turn();
        }
    }
    let time = Duration::from_micros(clock::now() - begun);
    if taken.get() != (if case.direction.sends() { amount * case.links } else { 0 }) {
        return Err("lost data");
    }
    Ok(case.percent(amount * case.links, time))
}
