//! What only ESP-AT has: IPv6, and receive modes of single links.

use std::net::SocketAddr;

use super::common::*;
use embassy_futures::join::join as join_both;
use embassy_time::{Duration, Timer};
use wifi_at::net::tcp::ConnectError;
use wifi_at::net::udp::{Error, UdpSocket};
use wifi_at_simulator::{MemoryNetwork, ReceiveCommand, Simulator};
use wifi_at_support::virtual_time::Line;

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

#[test]
fn datagrams_keep_their_borders_both_ways() {
    for receive_command in [ReceiveCommand::Both, ReceiveCommand::Type, ReceiveCommand::Mode, ReceiveCommand::Neither] {
        for quoted_peer in [false, true] {
            let network = echo_network();
            let builder = builder(&network).with_variant(|variant| {
                variant.receive_command = receive_command;
                variant.quoted_peer = quoted_peer;
            });
            let line = Line::new(builder.build());
            with_driver(&line, async |(control, stack)| {
                join(control).await;
                let socket = UdpSocket::connect(stack, peer()).await.unwrap();
                let mut buffer = [0; 500];
                for length in [1, 2, 9, 100, 499, 500, 3] {
                    let data = nasty(length);
                    socket.send(&data).await.unwrap();
                    assert_eq!(socket.recv(&mut buffer).await, Ok(length), "{receive_command:?}");
                    assert!(buffer[..length] == data);
                }
                // Several at once.
                for number in 0..20 {
                    socket.send(&[number; 20]).await.unwrap();
                }
                for number in 0..20 {
                    assert_eq!(socket.recv_from(&mut buffer).await, Ok((20, peer())));
                    assert_eq!(buffer[..20], [number; 20]);
                }
                assert_eq!((socket.dropped(), socket.flush().await), (0, Ok(())));
                socket.close().await.unwrap();
                assert_eq!(control.counters().dropped_bytes, 0);
            });
            assert_eq!(network.datagrams().len(), 27);
            line.with(|module, _| assert!(module.links().is_empty()));
        }
    }
}

#[test]
fn a_link_of_udp_is_active_and_one_of_tcp_passive() {
    let network = echo_network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let modes =
            || line.with(|module, _| module.links().iter().map(|link| (link.id, link.passive)).collect::<Vec<_>>());
        let mut stream = connect(stack).await;
        let socket = UdpSocket::connect(stack, peer()).await.unwrap();
        assert_eq!(modes(), [(3, false), (4, true)]);
        socket.close().await.unwrap();
        // The next one gets the same link.
        let mut second = connect(stack).await;
        assert_eq!(modes(), [(3, true), (4, true)]);
        for stream in [&mut stream, &mut second] {
            write_all(stream, b"hello").await;
            assert_eq!(stream.read(&mut [0; 9]).await, Ok(5));
        }
    });
    assert_eq!(commands(&line, "AT+CIPRECVTYPE"), ["AT+CIPRECVTYPE=5,1", "AT+CIPRECVTYPE=3,0", "AT+CIPRECVTYPE=3,1"]);
}

#[test]
fn firmware_with_one_mode_for_all_links() {
    let network = echo_network();
    let page = nasty(5000);
    network.serve_bytes(server(), page.clone());
    let builder = builder(&network).with_variant(|variant| variant.receive_command = ReceiveCommand::Mode);
    let line = Line::new(builder.build());
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        // Data of both kinds at once, with data unread when the mode changes.
        let mut stream = connect(stack).await;
        Timer::after(Duration::from_millis(100)).await;
        let receive = async {
            let socket = UdpSocket::connect(stack, peer()).await.unwrap();
            socket.send(b"x\x05").await.unwrap();
            let mut buffer = [0; 200];
            for number in 0..5 {
                assert_eq!(socket.recv(&mut buffer).await, Ok(100));
                assert_eq!(buffer[..100], [number; 100]);
            }
        };
        let (read, ()) = join_both(read_to_end(&mut stream), receive).await;
        assert!(read == page);
        drop(stream);
        Timer::after(Duration::from_secs(1)).await;
        let mut stream = connect(stack).await;
        assert!(read_to_end(&mut stream).await == page);
    });
    let modes = ["AT+CIPRECVMODE=5,1", "AT+CIPRECVMODE=1", "AT+CIPRECVMODE=0", "AT+CIPRECVMODE=1"];
    assert_eq!(commands(&line, "AT+CIPRECVMODE"), modes);
}

#[test]
fn ipv6() {
    let network = network();
    let (host, far): (SocketAddr, SocketAddr) = ("[fd00::1]:7".parse().unwrap(), "[fd00::2:3]:65535".parse().unwrap());
    for host in [host, far] {
        network.serve_udp(host, |_, data| vec![data.to_vec()]);
    }
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        // It is off.
        assert_eq!(UdpSocket::connect(stack, host).await.map(drop), Err(ConnectError::Failed));
        control.send(&wifi_at::command::tcpip::SetIpv6 { enabled: true }).await.unwrap();
        let socket = UdpSocket::connect(stack, host).await.unwrap();
        let mut buffer = [0; 500];
        let data = nasty(300);
        socket.send(&data).await.unwrap();
        assert_eq!(socket.recv_from(&mut buffer).await, Ok((300, host)));
        assert!(buffer[..300] == data);
        let bound = UdpSocket::bind_ipv6(stack, 0).await.unwrap();
        assert!(bound.local_port() >= 49152 && bound.local_port() != socket.local_port());
        for peer in [host, far] {
            bound.send_to(b"hello", peer).await.unwrap();
            assert_eq!(bound.recv_from(&mut buffer).await, Ok((5, peer)));
        }
        assert_eq!(bound.send_to(b"x", peer()).await, Err(Error::InvalidAddress));
        assert_eq!(bound.max_datagram(), 512 - 21);
    });
    assert!(sends(&line).contains(&"AT+CIPSEND=3,5,\"fd00::2:3\",65535".to_owned()));
}
