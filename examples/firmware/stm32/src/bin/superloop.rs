//! The same board without an executor: one loop that blinks, and reports to a collector each minute over TCP.
//!
//! No call waits, but for joining at the start: the module is polled in each turn of the loop, and `embedded-nal`'s calls
//! say `WouldBlock` where there is nothing to do yet.
#![no_std]
#![no_main]

use core::net::{Ipv4Addr, SocketAddr};

use defmt::{Debug2Format, info, warn};
use defmt_rtt as _;
use embassy_stm32::gpio::{Level, Output, Speed};
use embassy_stm32::usart::{BufferedInterruptHandler, BufferedUart, Config as UartConfig};
use embassy_stm32::{bind_interrupts, peripherals};
use embassy_time::{Duration, Instant};
use embedded_nal::{TcpClientStack, nb};
use panic_probe as _;
use static_cell::StaticCell;
use wifi_at::blocking::Modem;
use wifi_at::wifi::JoinOptions;
use wifi_at::{Config, Pins, Resources};
use wifi_at_node::{Firmware, PASSWORD, SSID};

bind_interrupts!(struct Interrupts {
    USART1 => BufferedInterruptHandler<peripherals::USART1>;
});

/// Who gets the reports: one line each.
const COLLECTOR: SocketAddr = SocketAddr::new(core::net::IpAddr::V4(Ipv4Addr::new(192, 168, 1, 2)), 4000);
const PERIOD: Duration = Duration::from_secs(60);
/// So long a report may take.
const LIMIT: Duration = Duration::from_secs(20);

/// What is to be done about the report.
enum Report<S> {
    Due(Instant),
    Connecting(S, Instant),
    Sending(S, Instant),
}

#[cortex_m_rt::entry]
fn main() -> ! {
    let p = embassy_stm32::init(embassy_stm32::Config::default());
    let mut led = Output::new(p.PA5, Level::Low, Speed::Low);

    static TO_MODULE: StaticCell<[u8; 256]> = StaticCell::new();
    static FROM_MODULE: StaticCell<[u8; 2048]> = StaticCell::new();
    let (to, from) = (TO_MODULE.init([0; 256]), FROM_MODULE.init([0; 2048]));
    let uart = BufferedUart::new(p.USART1, p.PA10, p.PA9, to, from, Interrupts, UartConfig::default());
    let uart = defmt::unwrap!(uart);

    static MEMORY: StaticCell<Resources<2, 1024, 512>> = StaticCell::new();
    let memory = MEMORY.init(Resources::new());
    let pins = Pins::reset(Output::new(p.PC7, Level::High, Speed::Low));
    let mut clock = Instant::now;
    let mut modem = Modem::<Firmware, _, _>::new(uart, pins, memory, Config::default(), &mut clock);
    let wifi = modem.control().wifi();
    loop {
        match modem.run(&mut clock, Duration::from_secs(40), wifi.join(SSID, JoinOptions::new(PASSWORD))) {
            Ok(Ok(())) => break info!("joined {}", SSID),
            result => warn!("cannot join {}: {}", SSID, Debug2Format(&result)),
        }
    }

    let mut network = modem.network(clock);
    let (mut blink, mut report) = (Instant::now(), Report::Due(Instant::now()));
    loop {
        if let Err(error) = network.poll() {
            defmt::panic!("the UART: {}", Debug2Format(&error));
        }
        let now = Instant::now();
        if now >= blink {
            led.toggle();
            blink = now + Duration::from_millis(250);
        }
        report = match report {
            Report::Due(at) if now < at => Report::Due(at),
            Report::Due(_) => match network.socket() {
                Ok(socket) => Report::Connecting(socket, now + LIMIT),
                Err(_) => Report::Due(now + PERIOD),
            },
            Report::Connecting(mut socket, end) => match network.connect(&mut socket, COLLECTOR) {
                Ok(()) => Report::Sending(socket, end),
                Err(nb::Error::WouldBlock) if now < end => Report::Connecting(socket, end),
                Err(error) => {
                    warn!("{}: {}", Debug2Format(&COLLECTOR), Debug2Format(&error));
                    let _ = network.close(socket);
                    Report::Due(now + PERIOD)
                }
            },
            // Short enough to be taken whole.
            Report::Sending(mut socket, end) => match network.send(&mut socket, b"t=21.3\n") {
                Err(nb::Error::WouldBlock) if now < end => Report::Sending(socket, end),
                result => {
                    info!("reported: {}", Debug2Format(&result));
                    let _ = network.close(socket);
                    Report::Due(now + PERIOD)
                }
            },
        };
    }
}
