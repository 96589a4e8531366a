//! A sensor node on a Raspberry Pi Pico with an ESP-01 (or another module with ESP-AT), or on WIZnet's WizFi360-EVB-Pico.
//!
//! `README.md` beside it has the wiring; what the node does is in `../node`.
#![no_std]
#![no_main]

use defmt_rtt as _;
use embassy_executor::Spawner;
use embassy_rp::bind_interrupts;
use embassy_rp::gpio::{Level, Output};
use embassy_rp::uart::{BufferedInterruptHandler, BufferedUart, BufferedUartRx, BufferedUartTx, Config as UartConfig};
use panic_probe as _;
use static_cell::StaticCell;
use wifi_at::serial::Split;
use wifi_at::{Config, Control, Pins, Runner, Stack};
use wifi_at_node::{Firmware, Memory};

#[cfg(not(feature = "wizfi360"))]
type Uart = embassy_rp::peripherals::UART0;
#[cfg(feature = "wizfi360")]
type Uart = embassy_rp::peripherals::UART1;

bind_interrupts!(struct Interrupts {
    #[cfg(not(feature = "wizfi360"))]
    UART0_IRQ => BufferedInterruptHandler<Uart>;
    #[cfg(feature = "wizfi360")]
    UART1_IRQ => BufferedInterruptHandler<Uart>;
});

type Serial = Split<BufferedUartRx, BufferedUartTx>;

#[embassy_executor::task]
async fn drive(mut runner: Runner<'static, Serial, Output<'static>>) -> ! {
    let Err(error) = runner.run().await;
    defmt::panic!("the UART: {}", defmt::Debug2Format(&error));
}

#[embassy_executor::task]
async fn stay_joined(control: Control<'static, Firmware>) -> ! {
    wifi_at_node::stay_joined(control).await
}

#[embassy_executor::task]
async fn tell_events(control: Control<'static, Firmware>) -> ! {
    wifi_at_node::tell_events(control).await
}

#[embassy_executor::task]
async fn fetch_pages(control: Control<'static, Firmware>, stack: Stack<'static>) -> ! {
    wifi_at_node::fetch_pages(control, stack).await
}

#[embassy_executor::task]
async fn learn_time(control: Control<'static, Firmware>, stack: Stack<'static>) -> ! {
    wifi_at_node::learn_time(control, stack).await
}

#[embassy_executor::task]
async fn serve(control: Control<'static, Firmware>, stack: Stack<'static>) -> ! {
    wifi_at_node::serve(control, stack).await
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let p = embassy_rp::init(embassy_rp::config::Config::default());
    #[cfg(not(feature = "wizfi360"))]
    let (uart, tx, rx, reset) = (p.UART0, p.PIN_0, p.PIN_1, p.PIN_2);
    #[cfg(feature = "wizfi360")]
    let (uart, tx, rx, reset) = (p.UART1, p.PIN_4, p.PIN_5, p.PIN_20);

    // What the module sends while the runner's task is not polled waits here: 2 kB are 180 ms at 115200 baud.
    static TO_MODULE: StaticCell<[u8; 256]> = StaticCell::new();
    static FROM_MODULE: StaticCell<[u8; 2048]> = StaticCell::new();
    let mut settings = UartConfig::default();
    settings.baudrate = 115_200;
    let (to, from) = (TO_MODULE.init([0; 256]), FROM_MODULE.init([0; 2048]));
    let (tx, rx) = BufferedUart::new(uart, tx, rx, Interrupts, to, from, settings).split();

    static MEMORY: StaticCell<Memory> = StaticCell::new();
    let pins = Pins::reset(Output::new(reset, Level::High));
    let memory = MEMORY.init(Memory::new());
    let parts = wifi_at::new::<Firmware, _, _, _>(Split::new(rx, tx), pins, memory, Config::default());

    spawner.spawn(drive(parts.runner).unwrap());
    spawner.spawn(tell_events(parts.control).unwrap());
    spawner.spawn(stay_joined(parts.control).unwrap());
    spawner.spawn(fetch_pages(parts.control, parts.stack).unwrap());
    spawner.spawn(learn_time(parts.control, parts.stack).unwrap());
    spawner.spawn(serve(parts.control, parts.stack).unwrap());
}
