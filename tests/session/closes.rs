//! Connections that close while something else happens to them.

use super::common::*;
use embassy_futures::join::join as join_both;
use embassy_time::{Duration, Timer, with_timeout};
use wifi_at::net::tcp::{Error, TcpSocket};
use wifi_at_support::virtual_time::Line;

fn echo(data: &[u8]) -> Vec<u8> {
    data.to_vec()
}

/// Everything that is asked comes back.
async fn echoes(socket: &mut TcpSocket<'_>) {
    use embedded_io_async::Read;
    write_all(socket, b"still here").await;
    let mut back = [0; 10];
    socket.read_exact(&mut back).await.unwrap();
    assert_eq!(&back, b"still here");
}

#[test]
fn both_close_at_once_and_the_next_connection_takes_the_id() {
    // What the module has from the peer when both close, and when the peer does, in steps of 50 us after this side.
    for (unread, delays) in [(0, 30), (20_000, 5)] {
        for delay in 0..delays {
            let network = network();
            network.serve(server(), || echo);
            let line = Line::new(builder(&network).baud(Some(921_600)).build());
            let line = line.with_quantum(Duration::from_micros(50).into());
            with_driver(&line, async |(control, stack)| {
                join(control).await;
                let mut socket = connect(stack).await;
                let peer = network.connections()[0];
                network.push(peer, &nasty(unread));
                Timer::after(Duration::from_secs(1)).await;
                write_all(&mut socket, b"bye").await;
                let close = async {
                    Timer::after(Duration::from_micros(50 * delay)).await;
                    network.close_peer(peer);
                };
                let (closed, ()) = join_both(socket.close(), close).await;
                assert!(matches!(closed, Ok(()) | Err(Error::SendFailed)), "{unread} {delay}: {closed:?}");
                // The old handle is still there, and means nothing any more.
                let mut next = connect(stack).await;
                let written = socket.write(b"x").await;
                assert!(matches!(written, Err(Error::NotConnected | Error::ClosedByPeer)), "{written:?}");
                drop(socket);
                echoes(&mut next).await;
                // No late word or command ends it.
                assert!(with_timeout(Duration::from_secs(5), next.readable()).await.is_err(), "{unread} {delay}");
                echoes(&mut next).await;
                next.close().await.unwrap();
                line.with(|module, _| assert!(module.links().is_empty(), "{unread} {delay}"));
                assert_eq!(control.counters().timeouts, 0, "{unread} {delay}");
            });
        }
    }
}

#[test]
fn a_connect_that_is_dropped_half_way_leaves_no_connection() {
    for milliseconds in [1, 100, 400, 499, 500, 501, 520] {
        let network = network();
        network.set_latency(std::time::Duration::from_millis(500));
        network.serve(server(), || echo);
        let line = Line::new(builder(&network).baud(Some(115_200)).build());
        with_driver(&line, async |(control, stack)| {
            join(control).await;
            let dropped = with_timeout(Duration::from_millis(milliseconds), TcpSocket::connect(stack, server())).await;
            assert!(dropped.is_err(), "{milliseconds}");
            // The next one does not get it, though the module may still be connecting.
            let mut next = connect(stack).await;
            echoes(&mut next).await;
            Timer::after(Duration::from_secs(3)).await;
            line.with(|module, _| assert_eq!(module.links().len(), 1, "{milliseconds}"));
            echoes(&mut next).await;
            next.close().await.unwrap();
            assert_eq!(control.counters().stray_results, 0, "{milliseconds}");
        });
        line.with(|module, _| {
            let connects = module.commands().iter().filter(|command| command.line.starts_with("AT+CIPSTART")).count();
            assert_eq!(connects, 2, "{milliseconds}");
            assert!(module.links().is_empty());
        });
    }
}
