//! `edge_nal`'s traits, by programs that know nothing else of the sockets, and real sockets at the other end.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;

use edge_nal::{
    AddrType, Close, Dns, MulticastV4, MulticastV6, Readable, TcpAccept, TcpBind, TcpConnect, TcpShutdown, TcpSplit,
    UdpBind, UdpConnect, UdpReceive, UdpSend, UdpSplit, UdpSplitMulticast,
};
use embassy_futures::join::join;
use embassy_time::{Duration, with_timeout};
use embedded_io_async::{Error, ErrorKind, Read, Write};

use super::{HOST, LOOPBACK, bytes, free_port, free_udp_port, on_thread, with_module};

const ANY: Ipv4Addr = Ipv4Addr::UNSPECIFIED;

/// Sends back what it gets, and closes when its client does.
fn tcp_echo() -> SocketAddr {
    let listener = TcpListener::bind((LOOPBACK, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut buffer = [0; 2000];
            while let Ok(count @ 1..) = client.read(&mut buffer) {
                client.write_all(&buffer[..count]).unwrap();
            }
        }
    });
    address
}

/// Sends each datagram back from where it came to.
fn udp_echo() -> SocketAddr {
    let socket = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 2000];
        loop {
            let (length, sender) = socket.recv_from(&mut buffer).unwrap();
            socket.send_to(&buffer[..length], sender).unwrap();
        }
    });
    address
}

/// Writes and reads at once.
async fn both_ways(socket: &mut impl TcpSplit) {
    let sent = bytes(10_000);
    let mut received = vec![0; sent.len()];
    let (mut reader, mut writer) = socket.split();
    let write = async {
        writer.write_all(&sent).await.unwrap();
        writer.flush().await.unwrap();
    };
    let read = async {
        reader.readable().await.unwrap();
        reader.read_exact(&mut received).await.unwrap();
    };
    join(write, read).await;
    assert!(received == sent);
}

async fn tcp_client(stack: &impl TcpConnect, server: SocketAddr) {
    let mut socket = stack.connect(server).await.unwrap();
    both_ways(&mut socket).await;
    socket.write_all(b"the end").await.unwrap();
    socket.close(Close::Write).await.unwrap();
    assert_eq!(socket.write(b"more").await.map_err(|error| error.kind()), Err(ErrorKind::NotConnected));
    let mut end = [0; 7];
    socket.read_exact(&mut end).await.unwrap();
    assert_eq!(&end, b"the end");
    // The server does not know yet.
    assert!(with_timeout(Duration::from_millis(50), socket.readable()).await.is_err());
    socket.close(Close::Both).await.unwrap();
    assert!(socket.read(&mut end).await.is_err());

    let mut socket = stack.connect(server).await.unwrap();
    socket.abort().await.unwrap();
    assert!(socket.write(b"more").await.is_err());
    // Nobody listens there.
    let refused = stack.connect(free_port()).await.map(drop);
    assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::ConnectionRefused));
}

#[test]
fn connects() {
    let server = tcp_echo();
    with_module(async |_, stack| tcp_client(&stack, server).await);
}

async fn tcp_server(stack: &impl TcpBind, port: u16) {
    let acceptor = stack.bind((ANY, port).into()).await.unwrap();
    let in_use = stack.bind((ANY, port).into()).await.map(drop);
    assert_eq!(in_use.map_err(|error| error.kind()), Err(ErrorKind::AddrInUse));
    let client = on_thread(move || {
        let mut client = TcpStream::connect((LOOPBACK, port)).unwrap();
        client.write_all(&bytes(5000)).unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        (client.local_addr().unwrap(), answer)
    });
    let serve = async {
        let (remote, mut socket) = acceptor.accept().await.unwrap();
        let mut request = vec![0; 5000];
        socket.read_exact(&mut request).await.unwrap();
        socket.write_all(&request[1000..]).await.unwrap();
        socket.close(Close::Both).await.unwrap();
        remote
    };
    let ((local, answer), remote) = join(client, serve).await;
    assert_eq!(local, remote);
    assert!(answer == bytes(5000)[1000..]);
    // A peer that closes ends the reading half.
    let client = on_thread(move || drop(TcpStream::connect((LOOPBACK, port)).unwrap().write_all(&[1; 100])));
    let ((), accepted) = join(client, acceptor.accept()).await;
    accepted.unwrap().1.close(Close::Read).await.unwrap();
}

#[test]
fn accepts() {
    let port = free_port().port();
    with_module(async |control, stack| {
        let own = control.wifi().address().await.unwrap().unwrap().address;
        let foreign = TcpBind::bind(&stack, (Ipv4Addr::new(192, 0, 2, 1), port).into()).await.map(drop);
        assert_eq!(foreign.map_err(|error| error.kind()), Err(ErrorKind::InvalidInput));
        drop(TcpBind::bind(&stack, (own, port).into()).await.unwrap());
        tcp_server(&stack, port).await;
    });
}

/// Asks in one half and hears in the other.
async fn ask(socket: &mut (impl UdpSplit + Readable), server: SocketAddr) {
    let mut buffer = [0; 1500];
    for length in [1, 700, 1400] {
        let sent = bytes(length);
        let (mut receiver, mut sender) = socket.split();
        let receive = async {
            receiver.readable().await.unwrap();
            receiver.receive(&mut buffer).await.unwrap()
        };
        let (received, ()) = join(receive, async { sender.send(server, &sent).await.unwrap() }).await;
        assert_eq!(received, (length, server));
        assert!(buffer[..length] == sent);
    }
    assert!(with_timeout(Duration::from_millis(50), socket.readable()).await.is_err());
}

async fn udp<S: UdpBind + UdpConnect>(stack: &S, server: SocketAddr) {
    let mut bound = UdpBind::bind(stack, (ANY, free_udp_port()).into()).await.unwrap();
    bound.send(server, b"longer than the buffer").await.unwrap();
    let mut short = [0; 6];
    assert_eq!(bound.receive(&mut short).await.unwrap(), (22, server));
    assert_eq!(&short, b"longer");

    let mut connected = UdpConnect::connect(stack, (ANY, free_udp_port()).into(), server).await.unwrap();
    // The address is not looked at.
    connected.send((ANY, 0).into(), b"hello").await.unwrap();
    assert_eq!(connected.receive(&mut short).await.unwrap(), (5, server));
    assert_eq!(&short[..5], b"hello");

    let group = (Ipv4Addr::new(224, 0, 0, 251), Ipv6Addr::from_bits(0xff02 << 112 | 0xfb));
    let (_, _, mut v4, mut v6) = connected.split_multicast();
    assert_eq!(v4.join_v4(group.0, ANY).await.map_err(|error| error.kind()), Err(ErrorKind::Unsupported));
    assert_eq!(v6.join_v6(group.1, 0).await.map_err(|error| error.kind()), Err(ErrorKind::Unsupported));
}

#[test]
fn datagrams() {
    let server = udp_echo();
    with_module(async |control, stack| {
        udp(&stack, server).await;
        ask(&mut UdpBind::bind(&stack, (ANY, free_udp_port()).into()).await.unwrap(), server).await;
        ask(&mut UdpConnect::connect(&stack, (ANY, free_udp_port()).into(), server).await.unwrap(), server).await;
        let own = control.wifi().address().await.unwrap().unwrap().address;
        ask(&mut UdpBind::bind(&stack, (own, free_udp_port()).into()).await.unwrap(), server).await;
        let foreign = UdpBind::bind(&stack, (Ipv4Addr::new(192, 0, 2, 1), 0).into()).await.map(drop);
        assert_eq!(foreign.map_err(|error| error.kind()), Err(ErrorKind::InvalidInput));
    });
}

async fn names(stack: &impl Dns) {
    assert_eq!(stack.get_host_by_name(HOST, AddrType::IPv4).await.unwrap(), LOOPBACK);
    assert_eq!(stack.get_host_by_name(HOST, AddrType::Either).await.unwrap(), LOOPBACK);
    assert_eq!(stack.get_host_by_name("127.0.0.1", AddrType::IPv4).await.unwrap(), LOOPBACK);
    assert!(stack.get_host_by_name(HOST, AddrType::IPv6).await.is_err());
    // No firmware has this.
    let reverse = stack.get_host_by_address(LOOPBACK, &mut [0; 64]).await;
    assert_eq!(reverse.map_err(|error| error.kind()), Err(ErrorKind::Unsupported));
}

#[test]
fn resolves() {
    with_module(async |_, stack| names(&stack).await);
}
