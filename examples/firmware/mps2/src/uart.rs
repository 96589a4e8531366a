//! UART 0 of the MPS2 boards (Arm's CMSDK APB UART): no FIFO, one interrupt for a byte received, one for a byte sent.
//!
//! Two pipes stand between interrupts and tasks. A byte for which the receive pipe has no room is lost and reported by
//! the next read, as a UART without flow control does it.

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::pipe::Pipe;
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use portable_atomic::{AtomicBool, AtomicU32, Ordering};

/// Enough for all that comes while the executor is busy elsewhere for 40 ms at 921600 baud.
const BUFFER: usize = 4096;

static RECEIVED: Pipe<CriticalSectionRawMutex, BUFFER> = Pipe::new();
static TO_SEND: Pipe<CriticalSectionRawMutex, 512> = Pipe::new();
static SENDING: AtomicBool = AtomicBool::new(false);
static OVERRUN: AtomicBool = AtomicBool::new(false);
static LOST: AtomicU32 = AtomicU32::new(0);

/// The registers, by their offsets.
mod register {
    const BASE: usize = 0x4000_4000;
    pub const DATA: *mut u32 = BASE as *mut u32;
    /// Bit 0: the transmit buffer is full, bit 1: so is the receive buffer.
    pub const STATE: *mut u32 = (BASE + 4) as *mut u32;
    /// Bits 0 and 1: transmitter and receiver on, bits 2 and 3: their interrupts.
    pub const CONTROL: *mut u32 = (BASE + 8) as *mut u32;
    /// Bits 0 and 1: a byte was sent, received. A one clears it.
    pub const INTERRUPT: *mut u32 = (BASE + 12) as *mut u32;
    pub const BAUD_DIVIDER: *mut u32 = (BASE + 16) as *mut u32;
}

const RECEIVE_FULL: u32 = 1 << 1;
const SENT: u32 = 1;
const RECEIVED_ONE: u32 = 1 << 1;
const CLOCK: u32 = 25_000_000;

/// The lines of the interrupt controller.
#[derive(Clone, Copy)]
pub enum Line {
    /// A byte was received.
    Receive = 0,
    /// A byte was sent.
    Transmit = 1,
    /// Nobody's.
    Spare = 20,
}

// Safety: these are the numbers of the board's manual.
unsafe impl InterruptNumber for Line {
    fn number(self) -> u16 {
        self as u16
    }
}

unsafe extern "C" {
    fn UART0_RECEIVE();
    fn UART0_TRANSMIT();
    fn SPARE();
    fn DefaultHandler();
}

#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [unsafe extern "C" fn(); 32] = {
    let mut vectors = [DefaultHandler as unsafe extern "C" fn(); 32];
    vectors[Line::Receive as usize] = UART0_RECEIVE;
    vectors[Line::Transmit as usize] = UART0_TRANSMIT;
    vectors[Line::Spare as usize] = SPARE;
    vectors
};

#[unsafe(export_name = "UART0_RECEIVE")]
extern "C" fn receive() {
    // Safety: only this handler reads received bytes.
    unsafe {
        register::INTERRUPT.write_volatile(RECEIVED_ONE);
        while register::STATE.read_volatile() & RECEIVE_FULL != 0 {
            let byte = register::DATA.read_volatile() as u8;
            if RECEIVED.try_write(&[byte]).is_err() {
                OVERRUN.store(true, Ordering::Relaxed);
                LOST.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

#[unsafe(export_name = "UART0_TRANSMIT")]
extern "C" fn transmit() {
    // Safety: only this handler and `kick`, which keeps it out, write bytes to send.
    unsafe { register::INTERRUPT.write_volatile(SENT) };
    send_next();
}

/// Puts the next byte into the transmitter, which is empty.
fn send_next() {
    let mut byte = [0];
    let more = TO_SEND.try_read(&mut byte).is_ok();
    SENDING.store(more, Ordering::Relaxed);
    if more {
        // Safety: the transmitter is empty, and this runs with its interrupt kept out.
        unsafe { register::DATA.write_volatile(byte[0].into()) };
    }
}

/// The receiving half.
pub struct Receiver(());

/// The sending half.
pub struct Transmitter(());

/// Bytes were lost, as nobody read for too long.
#[derive(Debug)]
pub struct Overrun;

impl core::fmt::Display for Overrun {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("overrun")
    }
}

impl core::error::Error for Overrun {}

impl embedded_io_async::Error for Overrun {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// How many bytes were lost so far.
pub fn lost() -> u32 {
    LOST.load(Ordering::Relaxed)
}

/// Starts the UART. To be called once.
pub fn start(baud: u32) -> (Receiver, Transmitter) {
    // Safety: nobody uses the UART yet, and the handlers are in place.
    unsafe {
        register::BAUD_DIVIDER.write_volatile(CLOCK / baud);
        register::CONTROL.write_volatile(0b1111);
        NVIC::unmask(Line::Receive);
        NVIC::unmask(Line::Transmit);
    }
    (Receiver(()), Transmitter(()))
}

impl ErrorType for Receiver {
    type Error = Overrun;
}

impl ErrorType for Transmitter {
    type Error = Overrun;
}

impl Read for Receiver {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Overrun> {
        if OVERRUN.swap(false, Ordering::Relaxed) {
            return Err(Overrun);
        }
        Ok(RECEIVED.read(buffer).await)
    }
}

impl Write for Transmitter {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Overrun> {
        let count = TO_SEND.write(bytes).await;
        critical_section::with(|_| {
            if !SENDING.load(Ordering::Relaxed) {
                send_next();
            }
        });
        Ok(count)
    }

    async fn flush(&mut self) -> Result<(), Overrun> {
        while SENDING.load(Ordering::Relaxed) {
            embassy_time::Timer::after_millis(1).await;
        }
        Ok(())
    }
}
