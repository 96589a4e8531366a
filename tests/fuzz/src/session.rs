//! Whole sessions over a line with noise: whatever it does, once it is over the driver works again.

use std::net::SocketAddr;

use embassy_futures::join::join;
use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Timer, with_timeout};
use embedded_io_async::{Read, Write};
use wifi_at::dialect::{Driven, Esp32V1, Esp8266Idf, Esp8266Nonos, WizFi360};
use wifi_at::net::tcp::TcpSocket;
use wifi_at::net::udp::UdpSocket;
use wifi_at::net::{AddressKind, Stack};
use wifi_at::serial::Split;
use wifi_at::wifi::JoinOptions;
use wifi_at::{Config, Control, EspAt, Pins, Resources};
use wifi_at_simulator::{AccessPoint, Builder, Dialect, MemoryNetwork};
use wifi_at_support::virtual_time::{Line, run};

use crate::noise::Noisy;

/// More than the driver's own limits add up to in the worst state that a module can be in without a reset pin.
const RECOVERY: Duration = Duration::from_secs(300);
/// For one operation while there is noise. It may fail, and is dropped when it takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The first byte chooses the firmware, and how many bytes come with one read; the others are noise on the line (see
/// `noise.rs`) while somebody joins, resolves, talks over TCP and UDP, and reads.
///
/// # Panics
/// When the driver panics, its runner ends, or it does not work again five minutes after the noise is over.
pub fn session(data: &[u8]) {
    let Some((&first, noise)) = data.split_first() else { return };
    let chunk = [1, 7, 64, 4096][usize::from(first / 5 % 4)];
    match first % 5 {
        0 => with::<EspAt>(Dialect::EspAt, chunk, noise),
        1 => with::<Esp32V1>(Dialect::Esp32V1, chunk, noise),
        2 => with::<Esp8266Idf>(Dialect::Esp8266Idf, chunk, noise),
        3 => with::<Esp8266Nonos>(Dialect::Esp8266Nonos, chunk, noise),
        _ => with::<WizFi360>(Dialect::WizFi360, chunk, noise),
    }
}

fn with<D: Driven>(module: Dialect, chunk: usize, noise: &[u8]) {
    let server: SocketAddr = SocketAddr::from(([10, 0, 0, 1], 80));
    let network = MemoryNetwork::new();
    network.add_host("example.org", server.ip());
    network.serve(server, || |data: &[u8]| data.to_vec());
    network.serve_udp(server, |_, data| vec![data.to_vec()]);
    let access_point = AccessPoint::new("home", "secret word");
    let simulator = Builder::new(module).access_point(access_point).network(network).build();
    let line = Line::new(Noisy::new(simulator, noise)).with_chunk(chunk);
    let mut resources = Resources::<3, 512, 256>::new();
    run(&line, async {
        let serial = Split::new(line.clone(), line.clone());
        let mut parts = wifi_at::new::<D, _, _, _>(serial, Pins::none(), &mut resources, Config::default());
        let user = async {
            for _ in 0..2 {
                disturbed(parts.control, parts.stack, server).await;
            }
            line.with(|line, _| line.end());
            let recovered = with_timeout(RECOVERY, good(parts.control, parts.stack, server)).await;
            assert!(recovered.is_ok(), "does not work again: {:?}", parts.control.counters());
        };
        match select(parts.runner.run(), user).await {
            Either::First(Err(error)) => panic!("the runner ended: {error}"),
            Either::First(Ok(never)) => match never {},
            Either::Second(()) => {}
        }
    });
}

/// All of it may fail.
async fn disturbed<D: Driven>(control: Control<'_, D>, stack: Stack<'_>, server: SocketAddr) {
    let _ = with_timeout(PATIENCE, control.wait_until_ready()).await;
    let _ = with_timeout(PATIENCE, control.wifi().join("home", JoinOptions::new("secret word"))).await;
    let _ = with_timeout(PATIENCE, stack.resolve("example.org", AddressKind::Ipv4)).await;
    let tcp = async {
        let mut socket = TcpSocket::connect(stack, server).await.ok()?;
        let (mut reader, mut writer) = socket.split();
        let write = async {
            for _ in 0..4 {
                writer.write(&[b'x'; 300]).await.ok()?;
            }
            writer.flush().await.ok()
        };
        let read = async {
            let mut buffer = [0; 200];
            for _ in 0..8 {
                let count = reader.read(&mut buffer).await.ok()?;
                assert!(count <= buffer.len());
            }
            Some(())
        };
        join(write, read).await;
        socket.close().await.ok()
    };
    let udp = async {
        let socket = UdpSocket::connect(stack, server).await.ok()?;
        let mut buffer = [0; 100];
        for _ in 0..3 {
            socket.send(b"a datagram").await.ok()?;
            let count = with_timeout(Duration::from_secs(1), socket.recv(&mut buffer)).await.ok()?.ok()?;
            assert!(count <= buffer.len());
        }
        Some(())
    };
    let _ = join(with_timeout(PATIENCE, tcp), with_timeout(PATIENCE, udp)).await;
}

/// Until all has been right once.
async fn good<D: Driven>(control: Control<'_, D>, stack: Stack<'_>, server: SocketAddr) {
    while exchange(control, stack, server).await.is_none() {
        Timer::after_secs(1).await;
    }
}

async fn exchange<D: Driven>(control: Control<'_, D>, stack: Stack<'_>, server: SocketAddr) -> Option<()> {
    control.wait_until_ready().await.ok()?;
    control.wifi().join("home", JoinOptions::new("secret word")).await.ok()?;
    let address = stack.resolve("example.org", AddressKind::Ipv4).await.ok()?;
    if address != server.ip() {
        return None;
    }
    let mut socket = TcpSocket::connect(stack, server).await.ok()?;
    let text = *b"all is well again, and this comes back as it was";
    socket.write(&text).await.ok()?;
    let mut back = [0; 48];
    let mut count = 0;
    while count < back.len() {
        match socket.read(&mut back[count..]).await.ok()? {
            0 => return None,
            more => count += more,
        }
    }
    // A socket that was opened on a good line has no excuse.
    assert_eq!(back, text, "wrong bytes on a good line");
    socket.close().await.ok()
}
