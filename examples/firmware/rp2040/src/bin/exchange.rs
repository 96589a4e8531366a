//! The same board in a test: 200 kB each way with a server, through a restart of the module.
//!
//! `../../run` runs it in an emulator, against a simulated module. It ends by semihosting, with a status, and so do its
//! lines, which probe-rs shows as well.
#![no_std]
#![no_main]

use cortex_m_semihosting::{debug, hprintln};
use defmt_rtt as _;
use embassy_executor::Spawner;
use embassy_rp::gpio::{Level, Output};
use embassy_rp::peripherals::UART0;
use embassy_rp::uart::{BufferedInterruptHandler, BufferedUart, BufferedUartRx, BufferedUartTx, Config as UartConfig};
use embassy_rp::{bind_interrupts, clocks};
use panic_probe as _;
use static_cell::StaticCell;
use wifi_at::serial::Split;
use wifi_at::{Config, Control, EspAt, Pins, Runner};
use wifi_at_exchange::{BAUD, Memory};

bind_interrupts!(struct Interrupts {
    UART0_IRQ => BufferedInterruptHandler<UART0>;
});

type Serial = Split<BufferedUartRx, BufferedUartTx>;

#[embassy_executor::task]
async fn drive(mut runner: Runner<'static, Serial, Output<'static>>) -> ! {
    let Err(error) = runner.run().await;
    defmt::panic!("the UART: {}", defmt::Debug2Format(&error));
}

#[embassy_executor::task]
async fn tell_events(control: Control<'static, EspAt>) -> ! {
    wifi_at_exchange::tell_events(control).await
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let p = embassy_rp::init(embassy_rp::config::Config::default());
    hprintln!("RP2040 at {} MHz", clocks::clk_sys_freq() / 1_000_000);

    static TO_MODULE: StaticCell<[u8; 256]> = StaticCell::new();
    static FROM_MODULE: StaticCell<[u8; 4096]> = StaticCell::new();
    let mut settings = UartConfig::default();
    settings.baudrate = BAUD;
    let (to, from) = (TO_MODULE.init([0; 256]), FROM_MODULE.init([0; 4096]));
    let (tx, rx) = BufferedUart::new(p.UART0, p.PIN_0, p.PIN_1, Interrupts, to, from, settings).split();

    static MEMORY: StaticCell<Memory> = StaticCell::new();
    let pins = Pins::reset(Output::new(p.PIN_2, Level::High));
    let memory = MEMORY.init(Memory::new());
    let parts = wifi_at::new::<EspAt, _, _, _>(Split::new(rx, tx), pins, memory, Config::default());
    spawner.spawn(drive(parts.runner).unwrap());
    spawner.spawn(tell_events(parts.control).unwrap());

    let restarts = wifi_at_exchange::run(parts.control, parts.stack).await;
    let errors = parts.control.counters().serial_errors;
    hprintln!("{} restarts of the module, {} errors of the UART", restarts, errors);
    debug::exit(if restarts == 1 && errors == 0 { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
}
