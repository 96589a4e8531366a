//! An exchange of 200 kB with a server, both ways at once, every byte verified.
//!
//! When the module restarts in the middle, it joins again and does the exchange anew. `../host` is the other side. What
//! there is to tell goes to the debugger or emulator by semihosting: without one, the processor stops at the first line.
#![no_std]

use cortex_m_semihosting::hprintln;
use embassy_futures::join::join;
use embassy_time::{Instant, Timer};
use embedded_io_async::{Read, Write};
use wifi_at::net::tcp::{Error, TcpReader, TcpSocket, TcpWriter};
use wifi_at::net::{AddressKind, Stack};
use wifi_at::wifi::{JoinOptions, WifiDialect};
use wifi_at::{Control, Resources};

/// Bits per second of the module's serial line.
pub const BAUD: u32 = 921_600;
/// Bytes each way.
const AMOUNT: u32 = 200_000;
const PORT: u16 = 4000;
/// Exchanges that may fail before the firmware gives up.
const LIMIT: u32 = 5;

/// The driver's memory.
pub type Memory = Resources<2, 4096, 2048>;

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

/// Tells what happens to the module, for ever.
pub async fn tell_events<D: WifiDialect>(control: Control<'_, D>) -> ! {
    let mut events = control.events();
    loop {
        match events.next().await {
            Ok(event) => hprintln!("{} ms: {:?}", Instant::now().as_millis(), event),
            Err(missed) => hprintln!("{:?}", missed),
        }
    }
}

/// Joins and does the exchange, until one was not disturbed. Gives how often the module has restarted meanwhile.
///
/// # Panics
/// If it cannot join, if a byte is wrong, or if five exchanges have failed.
pub async fn run<D: WifiDialect>(control: Control<'_, D>, stack: Stack<'_>) -> u32 {
    let firmware = control.wait_until_ready().await.unwrap();
    hprintln!("firmware {:?}", firmware.at);
    let before = control.counters().resets;
    for failures in 1.. {
        if !control.wifi().is_connected() {
            control.wifi().join("emulated", JoinOptions::new("open sesame")).await.unwrap();
        }
        let start = Instant::now();
        match exchange(stack).await {
            Ok(()) => {
                hprintln!("{} bytes each way in {} ms", AMOUNT, start.elapsed().as_millis());
                break;
            }
            Err(reason) => hprintln!("{}, {}. time", reason, failures),
        }
        assert!(failures < LIMIT, "{failures} exchanges have failed");
        Timer::after_millis(500).await;
    }
    control.counters().resets - before
}

async fn exchange(stack: Stack<'_>) -> Result<(), &'static str> {
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

async fn receive(mut socket: TcpReader<'_>) -> Result<(), Error> {
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

async fn send(mut socket: TcpWriter<'_>) -> Result<(), Error> {
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
