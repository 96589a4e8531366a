//! The way in, the data, and every way out.

use std::cell::RefCell;
use std::rc::Rc;

use core::net::SocketAddr;
use embassy_futures::join::join as join_both;
use embassy_time::{Duration, Instant, Timer, with_timeout};
use embedded_io_async::{Read, Write};
use wifi_at::command::CommandError;
use wifi_at::net::listener::TcpListener;
use wifi_at::net::passthrough::{Passthrough, PassthroughError};
use wifi_at::net::tcp::ConnectError;
use wifi_at_simulator::{MemoryNetwork, Simulator};
use wifi_at_support::virtual_time::Line;

use super::common::*;

/// All that the server has got.
type Got = Rc<RefCell<Vec<u8>>>;

/// A module in a network with a server that echoes.
fn bench() -> (Line<Simulator>, MemoryNetwork, Got) {
    let network = network();
    let got = Got::default();
    let log = Rc::clone(&got);
    network.serve(server(), move || {
        let log = Rc::clone(&log);
        move |data: &[u8]| {
            log.borrow_mut().extend_from_slice(data);
            data.to_vec()
        }
    });
    (module(&network), network, got)
}

async fn echo(connection: &mut (impl Read + Write), data: &[u8]) {
    let mut back = vec![0; data.len()];
    for (data, back) in data.chunks(300).zip(back.chunks_mut(300)) {
        connection.write_all(data).await.unwrap();
        connection.flush().await.unwrap();
        connection.read_exact(back).await.unwrap();
    }
    assert!(back == data, "{:?} ...", String::from_utf8_lossy(&back[..back.len().min(99)]));
}

/// The driver is as it was before: several links at once, each with its data.
async fn all_is_normal(stack: wifi_at::Stack<'_>) {
    let mut first = connect(stack).await;
    let mut second = connect(stack).await;
    echo(&mut first, &nasty(1500)).await;
    echo(&mut second, &nasty(1500)).await;
    first.close().await.unwrap();
    second.close().await.unwrap();
}

#[test]
fn there_and_back_again() {
    let (line, _, got) = bench();
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        for _ in 0..2 {
            let mut passthrough = Passthrough::enter(stack, server()).await.unwrap();
            got.borrow_mut().clear();
            echo(&mut passthrough, &nasty(20_000)).await;
            assert!(*got.borrow() == nasty(20_000));
            // What is written last is sent before it is left.
            passthrough.write_all(b"the end").await.unwrap();
            let start = Instant::now();
            passthrough.leave().await.unwrap();
            assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
            assert!(got.borrow().ends_with(b"the end"));
            all_is_normal(stack).await;
        }
        assert_eq!(control.counters().resets, 0);
        assert_eq!(control.counters().timeouts, 0);
    });
    // Never left the access point.
    assert!(line.with(|module, _| module.is_joined()));
}

#[test]
fn plenty_at_once() {
    let (line, _, _) = bench();
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut passthrough = Passthrough::enter(stack, server()).await.unwrap();
        let sent = nasty(50_000);
        let mut back = vec![0; sent.len()];
        let (mut reader, mut writer) = passthrough.split();
        let read = async {
            for back in back.chunks_mut(5000) {
                reader.read_exact(back).await.unwrap();
                // The module has to wait, or the driver for room.
                Timer::after(Duration::from_millis(100)).await;
            }
        };
        let (written, ()) = join_both(writer.write_all(&sent), read).await;
        written.unwrap();
        assert!(back == sent);
        passthrough.leave().await.unwrap();
    });
}

#[test]
fn not_beside_sockets() {
    let (line, _, _) = bench();
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let socket = connect(stack).await;
        assert_eq!(Passthrough::enter(stack, server()).await.unwrap_err(), PassthroughError::InUse);
        drop(socket);
        let listener = TcpListener::bind(stack, 8080).await.unwrap();
        assert_eq!(Passthrough::enter(stack, server()).await.unwrap_err(), PassthroughError::InUse);
        drop(listener);
        // What is being closed is waited for.
        let mut passthrough = Passthrough::enter(stack, server()).await.unwrap();
        echo(&mut passthrough, b"alone").await;
        // And the other way round: sockets and commands wait.
        let leave = async {
            Timer::after(Duration::from_secs(10)).await;
            passthrough.leave().await.unwrap();
            Instant::now()
        };
        let other = async {
            let socket = connect(stack).await;
            (socket, Instant::now())
        };
        let (left, (mut socket, connected)) = join_both(leave, other).await;
        assert!(connected >= left - Duration::from_secs(1));
        echo(&mut socket, b"normal").await;
    });
}

#[test]
fn a_host_that_is_not_there() {
    let (line, network, _) = bench();
    let nobody: SocketAddr = "10.0.0.1:81".parse().unwrap();
    network.refuse(nobody);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let refused = Passthrough::enter(stack, nobody).await;
        assert_eq!(refused.unwrap_err(), PassthroughError::Connect(ConnectError::Failed));
        all_is_normal(stack).await;
        assert_eq!(control.counters().resets, 0);
    });
}

#[test]
fn given_up_at_any_moment() {
    let (line, _, _) = bench();
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let start = Instant::now();
        drop(Passthrough::enter(stack, server()).await.unwrap());
        let length = start.elapsed().as_micros();
        for moment in 0..40 {
            let enter = Passthrough::enter(stack, server());
            let entered = with_timeout(Duration::from_micros(length * moment / 36), enter).await;
            drop(entered.map(Result::unwrap));
            all_is_normal(stack).await;
        }
        assert_eq!((control.counters().resets, control.counters().timeouts), (0, 0));
    });
}

#[test]
fn dropped_with_data_on_the_way() {
    let (line, _, got) = bench();
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut passthrough = Passthrough::enter(stack, server()).await.unwrap();
        passthrough.write_all(&nasty(400)).await.unwrap();
        drop(passthrough);
        all_is_normal(stack).await;
    });
    assert!(got.borrow().starts_with(&nasty(400)));
}

#[test]
fn the_module_restarts() {
    let (line, _, _) = bench();
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut passthrough = Passthrough::enter(stack, server()).await.unwrap();
        echo(&mut passthrough, b"before").await;
        line.with(|module, now| module.restart(now, b"rst cause:4"));
        // Its start-up text is among the data.
        let mut text = [0; 11];
        passthrough.read_exact(&mut text).await.unwrap();
        assert_eq!(&text, b"rst cause:4");
        Timer::after(Duration::from_secs(3)).await;
        let left = passthrough.leave().await;
        assert_eq!(left.unwrap_err(), PassthroughError::Connect(ConnectError::Command(CommandError::ModuleReset)));
        control.wait_until_ready().await.unwrap();
        join(control).await;
        all_is_normal(stack).await;
        let mut passthrough = Passthrough::enter(stack, server()).await.unwrap();
        echo(&mut passthrough, b"after").await;
    });
}
