//! What a firmware can do with the driver, in steps, each a task of its own: the programs in `bin` are made of them.
//!
//! They are measured and, for their stack, run in an emulator. Text that would be the user's is hidden from the compiler,
//! so that nothing is worked out beforehand.
#![no_std]

mod commands;
mod services;
pub mod stack;

use core::arch::global_asm;
use core::hint::black_box;
use core::net::SocketAddr;

use embassy_executor::Spawner;
use portable_atomic::{AtomicU32, Ordering};
use static_cell::ConstStaticCell;
use wifi_at::net::listener::TcpListener;
use wifi_at::net::tcp::TcpSocket;
use wifi_at::net::udp::UdpSocket;
use wifi_at::net::{AddressKind, Stack};
use wifi_at::serial::Split;
use wifi_at::wifi::JoinOptions;
use wifi_at::{Config, Control, EspAt, Pins, Resources, Runner};
use wifi_at_mps2::{time, uart};

pub use commands::{one_command, ten_commands, twenty_commands};
pub use services::{passthrough, services};

const BAUD: u32 = 921_600;
/// Of each socket.
const RECEIVE_RING: usize = 512;
const SEND_RING: usize = 256;
/// All that a module has.
const SOCKETS: usize = 5;

const RINGS: usize = SOCKETS * (RECEIVE_RING + SEND_RING);

type Memory = Resources<SOCKETS, RECEIVE_RING, SEND_RING>;
type Serial = Split<uart::Receiver, uart::Transmitter>;

// Sizes, for the one who reads the ELF file: symbols that take no room.
global_asm!(
    ".global FOOTPRINT_RINGS",
    ".set FOOTPRINT_RINGS, {rings}",
    ".global FOOTPRINT_SOCKETS",
    ".set FOOTPRINT_SOCKETS, {sockets}",
    ".global FOOTPRINT_STATE",
    ".set FOOTPRINT_STATE, {state}",
    ".global FOOTPRINT_RUNNER",
    ".set FOOTPRINT_RUNNER, {runner}",
    rings = const RINGS,
    sockets = const SOCKETS,
    state = const size_of::<Memory>() - RINGS,
    runner = const size_of::<Runner<'static, Serial>>(),
);

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

/// Bits of the tasks that have come to their end, for the one who runs it.
#[unsafe(no_mangle)]
static DONE: AtomicU32 = AtomicU32::new(0);

/// Says that a task has come to its end. The tasks do not interrupt each other.
fn done(bit: u32) {
    DONE.store(DONE.load(Ordering::Relaxed) | 1 << bit, Ordering::Relaxed);
}

fn is_done(bit: u32) -> bool {
    DONE.load(Ordering::Relaxed) & 1 << bit != 0
}

/// Starts the board.
#[must_use]
pub fn board() -> (uart::Receiver, uart::Transmitter) {
    if let Some(peripherals) = cortex_m::Peripherals::take() {
        time::start(peripherals.SYST);
    }
    uart::start(BAUD)
}

/// Starts the driver.
pub fn start(spawner: Spawner) -> (Control<'static, EspAt>, Stack<'static>) {
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    let (receiver, transmitter) = board();
    let serial = Split::new(receiver, transmitter);
    let parts = wifi_at::new::<EspAt, _, _, _>(serial, Pins::none(), MEMORY.take(), Config::default());
    if let Ok(task) = drive(parts.runner) {
        spawner.spawn(task);
    }
    (parts.control, parts.stack)
}

#[embassy_executor::task]
async fn drive(mut runner: Runner<'static, Serial>) {
    let _ = runner.run().await;
}

/// Joins, and asks a server.
#[embassy_executor::task]
pub async fn client(control: Control<'static, EspAt>, stack: Stack<'static>) {
    let _ = control.wifi().join(black_box("emulated"), JoinOptions::new(black_box("open sesame"))).await;
    let server: SocketAddr = ([127, 0, 0, 1], 80).into();
    if let Ok(mut socket) = TcpSocket::connect(stack, black_box(server)).await {
        let _ = socket.write(b"hello").await;
        if read_all(&mut socket).await > 0 {
            done(0);
        }
    }
}

/// Reads until the peer closes. Gives the number of bytes.
async fn read_all(socket: &mut TcpSocket<'_>) -> usize {
    let (mut buffer, mut all) = ([0; 64], 0);
    while let Ok(count @ 1..) = socket.read(&mut buffer).await {
        black_box(&buffer);
        all += count;
    }
    all
}

/// Asks a host by name over UDP.
#[embassy_executor::task]
pub async fn udp(control: Control<'static, EspAt>, stack: Stack<'static>) {
    control.wifi().wait_for_address().await;
    let address = stack.resolve(black_box("udp.test"), AddressKind::PreferIpv4).await;
    if let Ok(address) = address
        && let Ok(socket) = UdpSocket::bind(stack, 0).await
    {
        let mut buffer = [0; 64];
        let _ = socket.send_to(b"hello", (address, 123).into()).await;
        if socket.recv_from(&mut buffer).await.is_ok() {
            done(1);
        }
        black_box(&buffer);
    }
}

/// Serves a client, and then no more: passthrough wants no server beside it.
#[embassy_executor::task]
pub async fn server(control: Control<'static, EspAt>, stack: Stack<'static>) {
    control.wifi().wait_for_address().await;
    if let Ok(listener) = TcpListener::bind(stack, 8080).await {
        if let Ok((mut socket, peer)) = listener.accept().await {
            black_box(peer);
            let _ = socket.write(b"hello").await;
            if read_all(&mut socket).await > 0 {
                done(2);
            }
        }
    }
}
