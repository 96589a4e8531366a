//! Station and one TCP client, with the buffers of the other programs.
#![no_std]
#![no_main]

use core::hint::black_box;

use atat::blocking::Client;
use atat::{AtDigester, AtatIngress, Config, Ingress, ResponseSlot, UrcChannel};
use embedded_nal::{TcpClientStack, nb};
use esp_at_nal::urc::URCMessages;
use esp_at_nal::wifi::{Adapter, WifiAdapter};
use portable_atomic::{AtomicU32, Ordering};
use static_cell::ConstStaticCell;
use wifi_at_footprint_esp_at_nal::{Reader, Timer, board};

const RECEIVE: usize = 512;
const SEND: usize = 256;
/// The answer with the data in it.
const ANSWER: usize = RECEIVE + 64;
const URCS: usize = 8;

type Urcs = URCMessages<RECEIVE>;
type Feed = Ingress<'static, AtDigester<Urcs>, Urcs, ANSWER, URCS, 1>;

/// For the one who runs it: set when the answer has come.
#[unsafe(no_mangle)]
static DONE: AtomicU32 = AtomicU32::new(0);

#[embassy_executor::task]
async fn feed(mut ingress: Feed, reader: Reader) {
    ingress.read_from(reader).await;
}

#[cortex_m_rt::entry]
fn main() -> ! {
    static ANSWERS: ResponseSlot<ANSWER> = ResponseSlot::new();
    static CHANNEL: UrcChannel<Urcs, URCS, 1> = UrcChannel::new();
    static RECEIVED: ConstStaticCell<[u8; ANSWER]> = ConstStaticCell::new([0; ANSWER]);
    static COMMAND: ConstStaticCell<[u8; ANSWER]> = ConstStaticCell::new([0; ANSWER]);
    let (reader, writer, spawner) = board();
    let ingress = Ingress::new(AtDigester::<Urcs>::new(), RECEIVED.take(), &ANSWERS, &CHANNEL);
    if let Ok(task) = feed(ingress, reader) {
        spawner.spawn(task);
    }
    let client = Client::new(writer, &ANSWERS, COMMAND.take(), Config::default());
    if let Ok(urcs) = CHANNEL.subscribe() {
        use_network(Adapter::<_, _, 1_000_000, SEND, RECEIVE, URCS>::new(client, urcs, Timer::default()));
    }
    loop {}
}

fn use_network(mut network: impl TcpClientStack + WifiAdapter) {
    // The module may not have started yet.
    while network.join(black_box("emulated"), black_box("open sesame")).is_err() {}
    let Ok(mut socket) = network.socket() else { return };
    if network.connect(&mut socket, black_box(([127, 0, 0, 1], 80).into())).is_ok() {
        let _ = network.send(&mut socket, b"hello");
        let (mut buffer, mut all) = ([0; 64], 0);
        while let Ok(0..) | Err(nb::Error::WouldBlock) = network.receive(&mut socket, &mut buffer).inspect(|count| {
            black_box(&buffer);
            all += count;
        }) {
            if all >= 4000 {
                DONE.store(1, Ordering::Relaxed);
                break;
            }
        }
    }
    let _ = network.close(socket);
}
