//! Firmware on a Cortex-M4F that QEMU emulates: what the driver does on a microcontroller, from a UART's interrupts up.
//!
//! The exchange is in `../exchange`, the board in `../mps2`. `../run` builds it, gives it a simulated module, and checks
//! the server's side.
#![no_std]
#![no_main]

use cortex_m_semihosting::{debug, hprintln};
use embassy_executor::Spawner;
use panic_semihosting as _;
use static_cell::StaticCell;
use wifi_at::serial::Split;
use wifi_at::{Config, Control, EspAt, Pins, Runner};
use wifi_at_exchange::{BAUD, Memory};
use wifi_at_mps2::{time, uart};

type Serial = Split<uart::Receiver, uart::Transmitter>;

#[embassy_executor::task]
async fn drive(mut runner: Runner<'static, Serial>) -> ! {
    let error = runner.run().await.unwrap_err();
    panic!("the UART: {error}");
}

#[embassy_executor::task]
async fn tell_events(control: Control<'static, EspAt>) -> ! {
    wifi_at_exchange::tell_events(control).await
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let peripherals = cortex_m::Peripherals::take().unwrap();
    time::start(peripherals.SYST);
    let (receiver, transmitter) = uart::start(BAUD);

    static MEMORY: StaticCell<Memory> = StaticCell::new();
    let memory = MEMORY.init(Memory::new());
    let serial = Split::new(receiver, transmitter);
    let parts = wifi_at::new::<EspAt, _, _, _>(serial, Pins::none(), memory, Config::default());
    spawner.spawn(drive(parts.runner).unwrap());
    spawner.spawn(tell_events(parts.control).unwrap());

    let restarts = wifi_at_exchange::run(parts.control, parts.stack).await;
    hprintln!("{} restarts of the module, {} bytes lost by the UART", restarts, uart::lost());
    let well = restarts == 1 && uart::lost() == 0;
    debug::exit(if well { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
}
