//! Firmware on a Cortex-M4F that QEMU emulates: what the driver does on a microcontroller, from a UART's interrupts up.
//!
//! It joins an access point and exchanges 200 kB with a server, both ways at once, and verifies every byte. When the
//! module restarts in the middle, it joins again and does the exchange anew. `../run` builds it, gives it a simulated
//! module, and checks the server's side.
#![no_std]
#![no_main]

mod time;
mod uart;

use cortex_m_semihosting::{debug, hprintln};
use embassy_executor::Spawner;
use embassy_futures::join::join;
use embassy_time::{Instant, Timer};
use embedded_io_async::{Read, Write};
use panic_semihosting as _;
use static_cell::StaticCell;
use wifi_at::net::tcp::{TcpReader, TcpSocket, TcpWriter};
use wifi_at::net::{AddressKind, Stack};
use wifi_at::serial::Split;
use wifi_at::wifi::JoinOptions;
use wifi_at::{Config, Control, EspAt, Pins, Resources, Runner};

const BAUD: u32 = 921_600;
/// Bytes each way.
const AMOUNT: u32 = 200_000;
const PORT: u16 = 4000;

type Serial = Split<uart::Receiver, uart::Transmitter>;

#[embassy_executor::task]
async fn drive(mut runner: Runner<'static, Serial>) -> ! {
    let error = runner.run().await.unwrap_err();
    panic!("the UART: {error}");
}

#[embassy_executor::task]
async fn report(control: Control<'static, EspAt>) -> ! {
    let mut events = control.events();
    loop {
        match events.next().await {
            Ok(event) => hprintln!("{} ms: {:?}", Instant::now().as_millis(), event),
            Err(missed) => hprintln!("{:?}", missed),
        }
    }
}

/// The same bytes on both sides, none of which is likely to be a command.
struct Pattern(u32);

impl Pattern {
    fn next(&mut self) -> u8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0.to_be_bytes()[0]
    }
}

async fn receive(mut socket: TcpReader<'_>) -> Result<(), wifi_at::net::tcp::Error> {
    let mut pattern = Pattern(1);
    let mut left = AMOUNT as usize;
    let mut buffer = [0; 512];
    while left > 0 {
        let count = socket.read(&mut buffer).await?;
        assert!(count > 0 && count <= left, "{count} bytes with {left} to come");
        for &byte in &buffer[..count] {
            assert_eq!(byte, pattern.next(), "with {left} bytes to come");
        }
        left -= count;
    }
    Ok(())
}

async fn send(mut socket: TcpWriter<'_>) -> Result<(), wifi_at::net::tcp::Error> {
    let mut pattern = Pattern(2);
    let mut left = AMOUNT as usize;
    let mut buffer = [0; 700];
    while left > 0 {
        let count = left.min(buffer.len());
        buffer[..count].fill_with(|| pattern.next());
        socket.write_all(&buffer[..count]).await?;
        left -= count;
    }
    socket.flush().await
}

async fn exchange(stack: Stack<'static>) -> Result<(), &'static str> {
    let address = stack.resolve("server.test", AddressKind::Ipv4).await.map_err(|_| "no such name")?;
    let mut socket = TcpSocket::connect(stack, (address, PORT).into()).await.map_err(|_| "not connected")?;
    socket.write_all(&AMOUNT.to_be_bytes()).await.map_err(|_| "lost at once")?;
    let (reader, writer) = socket.split();
    match join(receive(reader), send(writer)).await {
        (Ok(()), Ok(())) => {}
        (received, sent) => {
            hprintln!("received: {:?}, sent: {:?}", received, sent);
            return Err("lost in the middle");
        }
    }
    // The server closes when it has everything.
    match socket.read(&mut [0; 4]).await {
        Ok(0) => Ok(()),
        other => {
            hprintln!("{:?}", other);
            Err("not closed by the server")
        }
    }
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let peripherals = cortex_m::Peripherals::take().unwrap();
    time::start(peripherals.SYST);
    let (receiver, transmitter) = uart::start(BAUD);

    static RESOURCES: StaticCell<Resources<2, 4096, 2048>> = StaticCell::new();
    let resources = RESOURCES.init(Resources::new());
    let serial = Split::new(receiver, transmitter);
    let parts = wifi_at::new::<EspAt, _, _, _>(serial, Pins::none(), resources, Config::default());
    spawner.spawn(drive(parts.runner).unwrap());
    spawner.spawn(report(parts.control).unwrap());

    let firmware = parts.control.wait_until_ready().await.unwrap();
    hprintln!("firmware {:?}", firmware.at);
    let mut failures = 0;
    loop {
        if !parts.control.wifi().is_connected() {
            parts.control.wifi().join("emulated", JoinOptions::new("open sesame")).await.unwrap();
        }
        let start = Instant::now();
        match exchange(parts.stack).await {
            Ok(()) => {
                let time = start.elapsed().as_millis();
                hprintln!("{} bytes each way in {} ms, {} bytes lost by the UART", AMOUNT, time, uart::lost());
                break;
            }
            Err(reason) => {
                failures += 1;
                hprintln!("{}, {}. time", reason, failures);
                assert!(failures < 5);
                Timer::after_millis(500).await;
            }
        }
    }
    let resets = parts.control.counters().resets;
    hprintln!("{} restarts of the module", resets);
    debug::exit(if resets == 1 && uart::lost() == 0 { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
}
