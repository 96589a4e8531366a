//! What only ESP-AT has: a server for IPv6, options of a link.

use std::net::SocketAddr;

use super::common::*;
use embassy_time::{Duration, Timer, with_timeout};
use wifi_at::command::CommandError;
use wifi_at::net::listener::{BindError, ListenOptions, TcpListener};
use wifi_at::net::tcp::{ConnectError, ConnectOptions, Error, TcpSocket};
use wifi_at_simulator::{MemoryNetwork, Simulator, SocketId};
use wifi_at_support::virtual_time::Line;

const PORT: u16 = 8080;

fn from(number: u16) -> SocketAddr {
    SocketAddr::new([192, 0, 2, 7].into(), 40_000 + number)
}

fn client(network: &MemoryNetwork, number: u16) -> SocketId {
    network.connect_to_module(from(number), PORT).expect("the server runs")
}

fn commands(line: &Line<Simulator>, name: &str) -> Vec<String> {
    line.with(|module, _| {
        let lines = module.commands().iter().map(|command| command.line.clone());
        lines.filter(|line| line.starts_with(name)).collect()
    })
}

async fn pause() {
    Timer::after(Duration::from_millis(200)).await;
}

/// Reads so many bytes.
async fn read(socket: &mut TcpSocket<'_>, count: usize) -> Vec<u8> {
    use embedded_io_async::Read;
    let mut bytes = vec![0; count];
    socket.read_exact(&mut bytes).await.unwrap();
    bytes
}

#[test]
fn options_and_their_limits() {
    let network = network();
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        for options in
            [ListenOptions::new(0), ListenOptions::new(1).max_clients(0), ListenOptions::new(1).max_clients(6)]
        {
            assert_eq!(TcpListener::bind(stack, options).await.map(drop), Err(BindError::InvalidOption));
        }
        let ipv6 = ListenOptions::new(PORT).ipv6();
        let error = TcpListener::bind(stack, ipv6).await.map(drop);
        assert!(matches!(error, Err(BindError::Command(CommandError::Refused(_)))), "{error:?}");
        control.send(&wifi_at::command::tcpip::SetIpv6 { enabled: true }).await.unwrap();
        drop(TcpListener::bind(stack, ipv6).await.unwrap());

        let options = ListenOptions::new(PORT).max_clients(2).idle_timeout(Duration::from_secs(30));
        let listener = TcpListener::bind(stack, options).await.unwrap();
        assert_eq!(TcpListener::bind(stack, 81).await.map(drop), Err(BindError::InUse));
        let clients = [client(&network, 0), client(&network, 1), client(&network, 2)];
        pause().await;
        assert!(network.is_closed_by_module(clients[2]));
        let (mut first, _) = listener.accept().await.unwrap();
        let (mut second, _) = listener.accept().await.unwrap();
        Timer::after(Duration::from_secs(20)).await;
        write_all(&mut second, b"x").await;
        // The silent one is closed by the module.
        assert_eq!(with_timeout(Duration::from_secs(15), first.read(&mut [0; 9])).await, Ok(Ok(0)));
        assert!(with_timeout(Duration::from_secs(5), second.readable()).await.is_err());
    });
    let started = commands(&line, "AT+CIPS");
    let started = &started[started.len() - 6..];
    let expected = [
        "AT+CIPSERVER=1,8080,\"TCPv6\"",
        "AT+CIPSERVER=0",
        "AT+CIPSERVERMAXCONN=2",
        "AT+CIPSERVER=1,8080",
        "AT+CIPSTO=30",
        "AT+CIPSEND=1,1",
    ];
    assert_eq!(started, expected);
}

#[test]
fn options_of_a_connection_and_shutdown() {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let seconds = Duration::from_secs;
        let options =
            ConnectOptions::new().keep_alive(seconds(60)).no_delay(true).send_timeout(seconds(8)).linger(seconds(2));
        let mut socket = TcpSocket::connect_with(stack, server(), options).await.unwrap();
        assert_eq!(socket.remote_address(), Some(server()));
        let local = socket.local_address().await.unwrap();
        assert!(local.is_ipv4() && local.port() != 0);
        write_all(&mut socket, b"hello").await;
        socket.shutdown().await.unwrap();
        assert_eq!(socket.write(b"more").await, Err(Error::NotConnected));
        socket.readable().await;
        assert_eq!(read(&mut socket, 5).await, b"hello");
        socket.close().await.unwrap();
        assert!(socket.local_address().await.is_err());
        // Only with keep-alive, and with what is refused.
        drop(TcpSocket::connect_with(stack, server(), ConnectOptions::new().keep_alive(seconds(7200))).await.unwrap());
        let refused = ConnectOptions::new().send_timeout(seconds(601));
        let error = TcpSocket::connect_with(stack, server(), refused).await.map(drop);
        assert!(matches!(error, Err(ConnectError::Command(CommandError::Refused(_)))), "{error:?}");
        let senseless = ConnectOptions::new().keep_alive(seconds(7201));
        let error = TcpSocket::connect_with(stack, server(), senseless).await.map(drop);
        assert!(matches!(error, Err(ConnectError::Command(CommandError::Encode(_)))), "{error:?}");
        pause().await;
        line.with(|module, _| assert!(module.links().is_empty()));
    });
    let starts = commands(&line, "AT+CIPSTART");
    assert_eq!(starts[0], "AT+CIPSTART=4,\"TCP\",\"10.0.0.1\",80,60");
    assert_eq!(commands(&line, "AT+CIPTCPOPT")[0], "AT+CIPTCPOPT=4,2,1,8000");
}
