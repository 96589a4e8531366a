//! A sensor node on an ST Nucleo-F446RE with a Wi-Fi module at USART1.
//!
//! `README.md` beside it has the wiring; what the node does is in `../node`.
#![no_std]
#![no_main]

use defmt_rtt as _;
use embassy_executor::Spawner;
use embassy_stm32::gpio::{Level, Output, Speed};
use embassy_stm32::usart::{
    BufferedInterruptHandler, BufferedUart, BufferedUartRx, BufferedUartTx, Config as UartConfig,
};
use embassy_stm32::{bind_interrupts, peripherals};
use panic_probe as _;
use static_cell::StaticCell;
use wifi_at::serial::Split;
use wifi_at::{Config, Control, Pins, Runner, Stack};
use wifi_at_node::{Firmware, Memory};

bind_interrupts!(struct Interrupts {
    USART1 => BufferedInterruptHandler<peripherals::USART1>;
});

type Serial = Split<BufferedUartRx<'static>, BufferedUartTx<'static>>;

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
    let p = embassy_stm32::init(embassy_stm32::Config::default());

    // What the module sends while the runner's task is not polled waits here: 2 kB are 180 ms at 115200 baud.
    static TO_MODULE: StaticCell<[u8; 256]> = StaticCell::new();
    static FROM_MODULE: StaticCell<[u8; 2048]> = StaticCell::new();
    let mut settings = UartConfig::default();
    settings.baudrate = 115_200;
    let (to, from) = (TO_MODULE.init([0; 256]), FROM_MODULE.init([0; 2048]));
    #[cfg(not(feature = "flow-control"))]
    let uart = BufferedUart::new(p.USART1, p.PA10, p.PA9, to, from, Interrupts, settings);
    #[cfg(feature = "flow-control")]
    let uart = BufferedUart::new_with_rtscts(p.USART1, p.PA10, p.PA9, p.PA12, p.PA11, Interrupts, to, from, settings);
    let (tx, rx) = defmt::unwrap!(uart).split();

    static MEMORY: StaticCell<Memory> = StaticCell::new();
    let pins = Pins::reset(Output::new(p.PC7, Level::High, Speed::Low));
    let memory = MEMORY.init(Memory::new());
    let parts = wifi_at::new::<Firmware, _, _, _>(Split::new(rx, tx), pins, memory, Config::default());

    spawner.spawn(drive(parts.runner).unwrap());
    spawner.spawn(tell_events(parts.control).unwrap());
    spawner.spawn(stay_joined(parts.control).unwrap());
    spawner.spawn(fetch_pages(parts.control, parts.stack).unwrap());
    spawner.spawn(learn_time(parts.control, parts.stack).unwrap());
    spawner.spawn(serve(parts.control, parts.stack).unwrap());
}
