//! The board for esp-at-nal: it wants an interrupt that feeds it, a timer to ask, and the traits of embedded-io 0.6.
#![no_std]

use core::convert::Infallible;

use embassy_executor::{InterruptExecutor, SendSpawner};
use embassy_futures::block_on;
use embassy_time::{Duration, Instant};
use embedded_io_async::{Read, Write};
use embedded_nal::nb;
use fugit::{TimerDurationU32, TimerInstantU32};
use wifi_at_mps2::{SPARE_LINE, time, uart};

const BAUD: u32 = 921_600;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

static EXECUTOR: InterruptExecutor = InterruptExecutor::new();

#[unsafe(export_name = "SPARE")]
extern "C" fn spare() {
    // Safety: this is the interrupt with which it was started.
    unsafe { EXECUTOR.on_interrupt() };
}

/// Starts the board, and an executor that interrupts the program.
#[must_use]
pub fn board() -> (Reader, Writer, SendSpawner) {
    if let Some(peripherals) = cortex_m::Peripherals::take() {
        time::start(peripherals.SYST);
    }
    let (receiver, transmitter) = uart::start(BAUD);
    (Reader(receiver), Writer(transmitter), EXECUTOR.start(SPARE_LINE))
}

/// The receiving half.
pub struct Reader(uart::Receiver);

/// The sending half, which waits.
pub struct Writer(uart::Transmitter);

impl embedded_io_06::ErrorType for Reader {
    type Error = Infallible;
}

impl embedded_io_06::ErrorType for Writer {
    type Error = Infallible;
}

impl embedded_io_async_06::Read for Reader {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        Ok(self.0.read(buffer).await.unwrap_or(0))
    }
}

impl embedded_io_06::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(block_on(self.0.write(bytes)).unwrap_or(0))
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        let _ = block_on(self.0.flush());
        Ok(())
    }
}

/// A timer to ask.
#[derive(Default)]
pub struct Timer(Option<Instant>);

impl fugit_timer::Timer<1_000_000> for Timer {
    type Error = Infallible;

    fn now(&mut self) -> TimerInstantU32<1_000_000> {
        TimerInstantU32::from_ticks(Instant::now().as_micros() as u32)
    }

    fn start(&mut self, duration: TimerDurationU32<1_000_000>) -> Result<(), Infallible> {
        self.0 = Some(Instant::now() + Duration::from_micros(duration.to_micros().into()));
        Ok(())
    }

    fn cancel(&mut self) -> Result<(), Infallible> {
        self.0 = None;
        Ok(())
    }

    fn wait(&mut self) -> nb::Result<(), Infallible> {
        match self.0 {
            Some(end) if Instant::now() < end => Err(nb::Error::WouldBlock),
            _ => Ok(()),
        }
    }
}
