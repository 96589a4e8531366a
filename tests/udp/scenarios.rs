//! The scenarios.

use std::cell::RefCell;
use std::net::SocketAddr;

use super::MODULE;
use super::common::*;
use embassy_futures::join::join as join_both;
use embassy_time::{Duration, Timer, with_timeout};
use embedded_nal_async::{ConnectedUdp, UdpStack, UnconnectedUdp};
use wifi_at::net::tcp::{self, AddressError, ConnectError};
use wifi_at::net::udp::{Error, UdpSocket};
use wifi_at::{Config, Resources};
use wifi_at_simulator::{Action, Dialect, MemoryNetwork, Point, Simulator};
use wifi_at_support::virtual_time::{Line, drop_after};

fn peer() -> SocketAddr {
    "10.0.0.1:7".parse().unwrap()
}

fn other() -> SocketAddr {
    "10.0.0.2:9".parse().unwrap()
}

/// A network with two hosts that send back each datagram, and for `x<n>` as many datagrams of 100 bytes.
fn echo_network() -> MemoryNetwork {
    let network = network();
    for host in [peer(), other()] {
        network.serve_udp(host, |_, data| match data {
            [b'x', count] => (0..*count).map(|number| vec![number; 100]).collect(),
            data => vec![data.to_vec()],
        });
    }
    network
}

fn sends(line: &Line<Simulator>) -> Vec<String> {
    line.with(|module, _| {
        let lines = module.commands().iter().map(|command| command.line.clone());
        lines.filter(|line| line.starts_with("AT+CIPSEND")).collect()
    })
}

fn commands(line: &Line<Simulator>, name: &str) -> Vec<String> {
    line.with(|module, _| {
        let lines = module.commands().iter().map(|command| command.line.clone());
        lines.filter(|line| line.starts_with(name)).collect()
    })
}

/// The address of the simulated station.
async fn station((control, _): Handles<'_>) -> std::net::IpAddr {
    control.wifi().address().await.unwrap().unwrap().address.into()
}

#[test]
fn an_unconnected_socket_has_several_peers() {
    let network = echo_network();
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let socket = UdpSocket::bind(stack, 5000).await.unwrap();
        assert_eq!(socket.local_port(), 5000);
        assert_eq!(socket.remote_address(), None);
        assert_eq!(socket.send(b"x").await, Err(Error::NoPeer));
        let mut buffer = [0; 50];
        for round in 0..3 {
            for peer in [peer(), other()] {
                socket.send_to(&[round; 5], peer).await.unwrap();
                assert_eq!(socket.recv_from(&mut buffer).await, Ok((5, peer)));
                assert_eq!(buffer[..5], [round; 5]);
            }
        }
        // Nobody was asked.
        let stranger = "192.0.2.1:1234".parse().unwrap();
        network.push_datagram(stranger, 5000, b"hello");
        assert_eq!(socket.recv_from(&mut buffer).await, Ok((5, stranger)));
    });
    let first = "AT+CIPSEND=4,5,\"10.0.0.1\",7";
    assert_eq!(sends(&line)[..2], [first, "AT+CIPSEND=4,5,\"10.0.0.2\",9"]);
    assert_eq!(commands(&line, "AT+CIPSTART"), ["AT+CIPSTART=4,\"UDP\",\"0.0.0.0\",5000,5000,2"]);
}

#[test]
fn a_connected_socket_hears_its_peer_only() {
    let network = echo_network();
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let socket = UdpSocket::connect_from(stack, 6000, peer()).await.unwrap();
        let mut buffer = [0; 50];
        network.push_datagram(other(), 6000, b"not for you");
        socket.send_to(b"neither", other()).await.unwrap();
        network.push_datagram(peer(), 6000, b"for you");
        assert_eq!(socket.recv_from(&mut buffer).await, Ok((7, peer())));
        assert_eq!(with_timeout(Duration::from_secs(5), socket.recv(&mut buffer)).await.ok(), None);
        assert_eq!(socket.dropped(), 0);
        // One that speaks to many hears many.
        let all = UdpSocket::connect_from(stack, 6001, "255.255.255.255:6001".parse().unwrap()).await.unwrap();
        network.push_datagram(other(), 6001, b"hello");
        assert_eq!(all.recv_from(&mut buffer).await, Ok((5, other())));
    });
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let line = module(&echo_network());
    let mut resources = Resources::<2, 1024, 4096>::new();
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let socket = UdpSocket::connect(stack, peer()).await.unwrap();
        // The ring's limit, of 512 bytes.
        assert_eq!(socket.max_datagram(), 503);
        assert_eq!(socket.send_to(&[1; 504], peer()).await, Err(Error::DatagramTooLong));
        assert_eq!(socket.send_to(&[1; 503], peer()).await, Ok(()));
        assert_eq!(socket.send(&[1; 510]).await, Err(Error::DatagramTooLong));
        assert_eq!(socket.send(&[1; 509]).await, Ok(()));
        assert_eq!(socket.send(&[]).await, Err(Error::EmptyDatagram));
        for address in ["10.0.0.1:0", "0.0.0.0:7", "[fd00::1]:7"] {
            assert_eq!(socket.send_to(b"x", address.parse().unwrap()).await, Err(Error::InvalidAddress));
        }
        assert_eq!(socket.flush().await, Ok(()));
        let nowhere = UdpSocket::connect(stack, "0.0.0.0:7".parse().unwrap()).await;
        assert_eq!(nowhere.map(drop), Err(ConnectError::InvalidAddress));
        // Taken.
        let _bound = UdpSocket::bind(stack, 5000).await.unwrap();
        assert_eq!(UdpSocket::bind(stack, 5000).await.map(drop), Err(ConnectError::Failed));
    });
    // The firmware's limit.
    let line = module(&echo_network());
    with_resources(&line, &mut resources, Config::default(), async |(control, stack)| {
        join(control).await;
        let socket = UdpSocket::connect(stack, peer()).await.unwrap();
        assert_eq!(socket.max_datagram(), 2048);
        assert_eq!(socket.send(&[1; 2049]).await, Err(Error::DatagramTooLong));
        assert_eq!(socket.send(&[1; 2048]).await, Ok(()));
        assert_eq!(socket.flush().await, Ok(()));
    });
}

#[test]
fn a_burst_with_a_stalled_reader_is_dropped_in_whole_datagrams_and_counted() {
    let network = echo_network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let socket = UdpSocket::connect(stack, peer()).await.unwrap();
        let mut stream = connect(stack).await;
        socket.send(b"x\x64").await.unwrap();
        // Nobody reads them, and nobody else is held up.
        let data = nasty(4000);
        let before = embassy_time::Instant::now();
        let (mut reader, mut writer) = stream.split();
        let read = async {
            use embedded_io_async::Read;
            let mut back = vec![0; data.len()];
            reader.read_exact(&mut back).await.unwrap();
            back
        };
        let write = async {
            use embedded_io_async::Write;
            writer.write_all(&data).await.unwrap();
        };
        let (back, ()) = join_both(read, write).await;
        assert!(back == data);
        assert!(before.elapsed() < Duration::from_secs(2));
        // 9 bytes of head each, in a ring of 1024.
        let kept = 1024 / 109;
        assert_eq!(socket.dropped(), 100 - kept);
        let mut buffer = [0; 200];
        for number in 0..kept {
            assert_eq!(socket.recv(&mut buffer).await, Ok(100));
            assert_eq!(buffer[..100], [number as u8; 100]);
        }
        socket.send(b"again").await.unwrap();
        assert_eq!(socket.recv(&mut buffer).await, Ok(5));
        assert_eq!(socket.dropped(), 100 - kept);
        // Longer than the whole ring.
        network.push_datagram(peer(), socket.local_port(), &[0; 1100]);
        network.push_datagram(peer(), socket.local_port(), b"short");
        assert_eq!(socket.recv(&mut buffer).await, Ok(5));
        assert_eq!(socket.dropped(), 101 - kept);
    });
}

#[test]
fn a_buffer_that_is_too_short() {
    let line = module(&echo_network());
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut socket = UdpSocket::connect(stack, peer()).await.unwrap();
        let mut buffer = [0; 4];
        for length in [4, 5, 100] {
            socket.send(&vec![length; length.into()]).await.unwrap();
            socket.send(b"next").await.unwrap();
            let result = socket.recv_from(&mut buffer).await;
            assert_eq!(result, if length == 4 { Ok((4, peer())) } else { Err(Error::Truncated) });
            assert_eq!(buffer, [length; 4]);
            assert_eq!(socket.recv_from(&mut buffer).await, Ok((4, peer())));
            assert_eq!(buffer, *b"next");
        }
        // embedded_nal_async's contract: the full length.
        ConnectedUdp::send(&mut socket, &[7; 100]).await.unwrap();
        assert_eq!(ConnectedUdp::receive_into(&mut socket, &mut buffer).await, Ok(100));
        assert_eq!(buffer, [7; 4]);
    });
}

#[test]
fn the_traits_of_embedded_nal_async() {
    let network = echo_network();
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let station = station((control, stack)).await;
        let any: SocketAddr = "0.0.0.0:0".parse().unwrap();
        let mut buffer = [0; 50];

        let (local, mut socket) = UdpStack::connect(&stack, peer()).await.unwrap();
        assert_eq!(local.ip(), station);
        assert!(local.port() >= 49152);
        ConnectedUdp::send(&mut socket, b"hello").await.unwrap();
        assert_eq!(ConnectedUdp::receive_into(&mut socket, &mut buffer).await, Ok(5));

        let (from, _) = stack.connect_from(SocketAddr::new(station, 7000), peer()).await.unwrap();
        assert_eq!(from, SocketAddr::new(station, 7000));
        let wrong = stack.connect_from("1.2.3.4:0".parse().unwrap(), peer()).await;
        assert_eq!(wrong.map(drop), Err(Error::InvalidAddress));
        let wrong = stack.connect_from("[::]:0".parse().unwrap(), peer()).await;
        assert_eq!(wrong.map(drop), Err(Error::InvalidAddress));

        let (local, mut single) = stack.bind_single(any).await.unwrap();
        assert_eq!(local.ip(), station);
        for source in [local, any] {
            UnconnectedUdp::send(&mut single, source, other(), b"hello").await.unwrap();
            let received = UnconnectedUdp::receive_into(&mut single, &mut buffer).await;
            assert_eq!(received, Ok((5, local, other())));
        }
        let wrong = UnconnectedUdp::send(&mut single, SocketAddr::new(station, 1), other(), b"hello").await;
        assert_eq!(wrong, Err(Error::InvalidAddress));
        assert_eq!(single.local_address().await, Ok(local));

        let mut multiple = stack.bind_multiple("0.0.0.0:5683".parse().unwrap()).await.unwrap();
        UnconnectedUdp::send(&mut multiple, any, peer(), b"hello").await.unwrap();
        let (length, local, remote) = UnconnectedUdp::receive_into(&mut multiple, &mut buffer[..2]).await.unwrap();
        assert_eq!((length, local.port(), remote), (5, 5683, peer()));
        assert_eq!(
            stack.bind_single("[::]:0".parse().unwrap()).await.map(drop),
            Err(Error::Open(ConnectError::Failed))
        );
    });
    // Nothing was left open by those that failed.
    with_driver(&module(&network), async |(control, stack)| {
        control.wait_until_ready().await.unwrap();
        if MODULE == Dialect::Esp8266Nonos {
            // It has an access point of its own.
            return;
        }
        assert_eq!(UdpSocket::connect(stack, peer()).await.map(drop), Err(ConnectError::Failed), "not joined");
        let error = stack.connect_from("0.0.0.0:0".parse().unwrap(), peer()).await.map(drop);
        assert_eq!(error, Err(Error::Open(ConnectError::Failed)));
        assert_ne!(error, Err(Error::LocalAddress(AddressError::NoAddress)));
    });
}

#[test]
fn a_datagram_that_cannot_be_sent_is_reported_and_the_next_goes_out() {
    let network = echo_network();
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let socket = UdpSocket::connect(stack, peer()).await.unwrap();
        let mut buffer = [0; 50];
        let results: [(Point, Action); 3] = [
            (Point::SendResult, Action::Replace(b"\r\nSEND FAIL\r\n".to_vec())),
            (Point::SendResult, Action::Drop),
            (Point::Answer("CIPSEND".into()), Action::Replace(b"\r\nERROR\r\n".to_vec())),
        ];
        for (point, action) in results {
            let answers = !matches!(point, Point::Answer(_));
            line.with(|module, _| module.on(point, action));
            socket.send(b"one").await.unwrap();
            socket.send(b"three").await.unwrap();
            assert_eq!(socket.flush().await, Err(Error::SendFailed));
            assert_eq!(socket.flush().await, Ok(()));
            if answers {
                assert_eq!(socket.recv(&mut buffer).await, Ok(3));
            }
            assert_eq!(socket.recv(&mut buffer).await, Ok(5));
        }
    });
}

#[test]
fn a_reset_is_reported_once() {
    let network = echo_network();
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let socket = UdpSocket::connect(stack, peer()).await.unwrap();
        let other = UdpSocket::bind(stack, 5000).await.unwrap();
        let mut buffer = [0; 9];
        socket.send(b"hello").await.unwrap();
        // What has arrived can be read.
        Timer::after(Duration::from_secs(1)).await;
        line.with(|module, now| module.restart(now, b"\r\nets Jan  8 2013\r\n"));
        assert_eq!(other.recv(&mut buffer).await, Err(Error::ConnectionReset));
        assert_eq!(other.recv(&mut buffer).await, Err(Error::NotConnected));
        assert_eq!(other.send_to(b"x", peer()).await, Err(Error::NotConnected));
        assert_eq!(socket.recv(&mut buffer).await, Ok(5));
        assert_eq!(socket.send(b"x").await, Err(Error::ConnectionReset));
        assert_eq!(socket.recv(&mut buffer).await, Err(Error::NotConnected));
        assert_eq!(socket.close().await, Err(Error::NotConnected));
        while control.wait_until_ready().await.is_err() {}
        join(control).await;
        let socket = UdpSocket::connect(stack, peer()).await.unwrap();
        socket.send(b"again").await.unwrap();
        assert_eq!(socket.recv(&mut buffer).await, Ok(5));
    });
}

#[test]
fn a_datagram_that_breaks_off_is_not_given() {
    let network = echo_network();
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let socket = UdpSocket::bind(stack, 5000).await.unwrap();
        let mut buffer = [0; 200];
        network.push_datagram(peer(), 5000, b"whole");
        Timer::after(Duration::from_millis(100)).await;
        line.with(|module, _| module.on(Point::Data, Action::Restart(50, b"\r\nready?\r\n".to_vec())));
        // More is missing than a module prints when it starts.
        network.push_datagram(peer(), 5000, &[9; 900]);
        assert_eq!(socket.recv(&mut buffer).await, Ok(5));
        assert_eq!(socket.recv(&mut buffer).await, Err(Error::ConnectionReset));
        assert_eq!(socket.dropped(), 1);
    });
}

/// What a session with UDP gave.
async fn session((control, stack): Handles<'_>) -> Vec<Vec<u8>> {
    join(control).await;
    let socket = UdpSocket::connect_from(stack, 4000, peer()).await.unwrap();
    let mut seen = Vec::new();
    let mut buffer = [0; 600];
    for length in [1, 300, 17] {
        socket.send(&nasty(length)).await.unwrap();
        socket.send(b"x\x02").await.unwrap();
        for _ in 0..3 {
            let (length, sender) = socket.recv_from(&mut buffer).await.unwrap();
            assert_eq!(sender, peer());
            seen.push(buffer[..length].to_vec());
        }
    }
    socket.close().await.unwrap();
    assert_eq!(control.counters().dropped_bytes, 0);
    seen
}

#[test]
fn every_split_point_gives_the_same_session() {
    let line = module(&echo_network());
    let whole = with_driver(&line, session);
    let lengths: Vec<usize> = whole.iter().map(Vec::len).collect();
    assert_eq!(lengths, [1, 100, 100, 300, 100, 100, 17, 100, 100]);
    let record = line.record();
    for position in 1..record.len() {
        let line = module(&echo_network()).with_split(position);
        assert!(with_driver(&line, session) == whole, "split before byte {position}");
        assert!(line.record() == record, "split before byte {position}");
    }
    for chunk in [1, 2, 3, 7, 64] {
        assert!(with_driver(&module(&echo_network()).with_chunk(chunk), session) == whole, "{chunk}");
    }
}

#[test]
fn dropping_any_future_at_any_point_loses_no_datagram() {
    for operation in 0..6 {
        for polls in 0.. {
            let network = echo_network();
            let line = module(&network);
            let finished = with_driver(&line, async |(control, stack)| {
                join(control).await;
                let finished = RefCell::new(true);
                let mut buffer = [0; 200];
                if operation == 0 {
                    *finished.borrow_mut() = drop_after(polls, UdpSocket::connect(stack, peer())).await.is_some();
                }
                if operation == 1 {
                    *finished.borrow_mut() = drop_after(polls, UdpStack::connect(&stack, peer())).await.is_some();
                }
                let socket = UdpSocket::connect(stack, peer()).await.unwrap();
                // A full ring, so that the next send has to wait.
                socket.send(&[1; 500]).await.unwrap();
                let mut sent = false;
                if operation == 2 {
                    sent = drop_after(polls, socket.send(&[2; 100])).await.is_some();
                    *finished.borrow_mut() = sent;
                }
                if !sent {
                    socket.send(&[2; 100]).await.unwrap();
                }
                if operation == 3 {
                    *finished.borrow_mut() = drop_after(polls, socket.flush()).await.is_some();
                }
                assert_eq!(socket.recv(&mut buffer).await, Err(Error::Truncated));
                let mut received = false;
                if operation == 4 {
                    received = drop_after(polls, socket.recv(&mut buffer)).await.is_some();
                    *finished.borrow_mut() = received;
                }
                if !received {
                    assert_eq!(socket.recv(&mut buffer).await, Ok(100), "operation {operation}, {polls} polls");
                }
                assert_eq!(buffer[..100], [2; 100]);
                if operation == 5 {
                    *finished.borrow_mut() = drop_after(polls, socket.close()).await.is_some();
                } else {
                    drop(socket);
                }
                Timer::after(Duration::from_secs(2)).await;
                assert_eq!(control.counters().stray_results, 0);
                finished.into_inner()
            });
            line.with(|module, _| assert!(module.links().is_empty(), "operation {operation}, {polls} polls"));
            assert_eq!(network.datagrams().len(), 2, "operation {operation}, {polls} polls");
            if finished {
                break;
            }
        }
    }
}

#[test]
fn five_sockets_of_both_kinds() {
    let network = echo_network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let line = Line::new(builder(&network).baud(Some(921_600)).build()).with_quantum(Duration::from_micros(500).into());
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let datagrams = async |number: u8| {
            let socket = UdpSocket::bind(stack, 0).await.unwrap();
            let mut buffer = [0; 400];
            for round in 0..100 {
                let data = vec![number ^ round; 1 + usize::from(round) * 3];
                let to = if round % 2 == 0 { peer() } else { other() };
                socket.send_to(&data, to).await.unwrap();
                assert_eq!(socket.recv_from(&mut buffer).await, Ok((data.len(), to)));
                assert!(buffer[..data.len()] == data);
            }
            socket.dropped()
        };
        let stream = async || {
            let mut socket = connect(stack).await;
            for length in [1000, 5000, 300] {
                let data = nasty(length);
                let (mut reader, mut writer) = socket.split();
                use embedded_io_async::{Read, Write};
                let mut back = vec![0; length];
                let (read, write) = join_both(reader.read_exact(&mut back), writer.write_all(&data)).await;
                read.unwrap();
                write.unwrap();
                assert!(back == data);
            }
        };
        let all = join_both(
            embassy_futures::join::join3(datagrams(1), datagrams(2), datagrams(3)),
            join_both(stream(), stream()),
        );
        assert_eq!(all.await.0, (0, 0, 0));
        let counters = control.counters();
        assert_eq!((counters.dropped_bytes, counters.stray_results, counters.timeouts), (0, 0, 0));
    });
}

#[test]
fn a_link_that_the_module_has_lost() {
    let line = module(&echo_network());
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let socket = UdpSocket::connect(stack, peer()).await.unwrap();
        // By a user's own doing.
        control.send(&wifi_at::command::tcpip::CloseLink { link: 4 }).await.unwrap();
        assert_eq!(socket.recv(&mut [0; 9]).await, Err(Error::ConnectionReset));
        assert_eq!(socket.recv(&mut [0; 9]).await, Err(Error::NotConnected));
        assert_eq!(tcp::TcpSocket::connect(stack, peer()).await.map(drop), Err(ConnectError::Failed));
    });
}
