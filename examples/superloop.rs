//! A superloop: one loop that polls the module, blinks, and reports a temperature each minute; no executor, no waiting.
//!
//! The UART's receive interrupt fills a lock-free queue, here from a simulated module in virtual time. What the loop does
//! about the network is a small state machine over `embedded-nal`.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use embassy_time::Instant;
use embedded_io::{Read, ReadReady, Write};
use embedded_nal::{TcpClientStack, nb};
use heapless::spsc::{Producer, Queue};
use wifi_at::blocking::{Modem, Queued};
use wifi_at::wifi::JoinOptions;
use wifi_at::{Config, EspAt, Pins, Resources};
use wifi_at_simulator::blocking::{Port, port};
use wifi_at_simulator::{AccessPoint, Builder, Dialect, MemoryNetwork};

/// The interrupt found the queue full.
static OVERRUN: AtomicBool = AtomicBool::new(false);

/// What the UART's interrupt does on a microcontroller: one byte after the other into the queue.
fn receive_interrupt(uart: &mut Port, queue: &mut Producer<'_, u8>) {
    let mut byte = [0];
    while uart.read_ready() == Ok(true) && uart.read(&mut byte) == Ok(1) {
        if queue.enqueue(byte[0]).is_err() {
            OVERRUN.store(true, Ordering::Relaxed);
        }
    }
}

/// What is to be done about the report.
enum Report<S> {
    Due(Instant),
    Connecting(S),
    Sending(S),
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = "10.0.0.1:4000".parse()?;
    let memory = MemoryNetwork::new();
    memory.serve(server, || {
        |data: &[u8]| {
            print!("server: {}", String::from_utf8_lossy(data));
            Vec::new()
        }
    });
    let access_point = AccessPoint::new("home", "secret word");
    let mut uart = port(Builder::new(Dialect::EspAt).access_point(access_point).network(memory).build());

    let mut queue = Queue::<u8, 512>::new();
    let (mut producer, consumer) = queue.split();
    let time = uart.clone();
    let now = || Instant::from_micros(time.now().as_micros() as u64);
    let mut clock = {
        let (time, mut uart) = (uart.clone(), uart.clone());
        move || {
            time.advance(Duration::from_micros(100));
            receive_interrupt(&mut uart, &mut producer);
            Instant::from_micros(time.now().as_micros() as u64)
        }
    };
    let serial = Queued::new(consumer, &OVERRUN, uart.clone());
    let mut resources = Resources::<2, 512, 512>::new();
    let mut modem = Modem::<EspAt, _>::new(serial, Pins::none(), &mut resources, Config::default(), &mut clock);
    let wifi = modem.control().wifi();
    let limit = embassy_time::Duration::from_secs(40);
    modem.run(&mut clock, limit, wifi.join("home", JoinOptions::new("secret word")))??;
    uart.flush()?;

    let mut network = modem.network(clock);
    let mut report = Report::Due(now());
    let (mut blinks, mut reports, mut longest) = (0, 0, Duration::ZERO);
    let mut blink = now();
    while reports < 3 {
        let start = time.now();
        network.poll()?;
        if now() >= blink {
            blinks += 1;
            blink = now() + embassy_time::Duration::from_millis(250);
        }
        report = match report {
            Report::Due(at) if now() < at => Report::Due(at),
            Report::Due(_) => Report::Connecting(network.socket()?),
            Report::Connecting(mut socket) => match network.connect(&mut socket, server) {
                Ok(()) => Report::Sending(socket),
                Err(nb::Error::WouldBlock) => Report::Connecting(socket),
                Err(nb::Error::Other(error)) => return Err(error.into()),
            },
            Report::Sending(mut socket) => match network.send(&mut socket, b"t=21.3\n") {
                Err(nb::Error::WouldBlock) => Report::Sending(socket),
                Err(nb::Error::Other(error)) => return Err(error.into()),
                // Short enough to be taken whole.
                Ok(_) => {
                    network.close(socket)?;
                    reports += 1;
                    Report::Due(now() + embassy_time::Duration::from_secs(60))
                }
            },
        };
        longest = longest.max(time.now() - start);
    }
    for _ in 0..10_000 {
        network.poll()?;
    }
    println!("{blinks} blinks, {reports} reports; no turn of the loop took longer than {longest:?}");
    assert!(!OVERRUN.load(Ordering::Relaxed));
    Ok(())
}
