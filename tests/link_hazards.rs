//! How links of real modules go wrong, byte by byte: clients and connects that want the same link, links that close and
//! are taken again at once, closes that fail, datagrams that run together.

mod common;

pub(crate) use wifi_at::EspAt as Subject;
pub(crate) const MODULE: wifi_at_simulator::Dialect = wifi_at_simulator::Dialect::EspAt;

use std::net::SocketAddr;
use std::time::Duration as StdDuration;

use common::*;
use embassy_futures::join::join as join_both;
use embassy_time::{Duration, Timer};
use wifi_at::net::listener::TcpListener;
use wifi_at::net::tcp::{ConnectError, Error, TcpSocket};
use wifi_at::net::udp::{self, UdpSocket};
use wifi_at_support::script::Script;
use wifi_at_support::virtual_time::Line;

const OK: &str = "\r\nOK\r\n";
const ERROR: &str = "\r\nERROR\r\n";

/// A module that has been set up, and is associated.
fn module() -> Script {
    Script::new()
        .expect("+++")
        .command("AT", OK)
        .command("AT+RST", OK)
        .send("\r\nready\r\n")
        .command("AT", OK)
        .command("ATE0", OK)
        .command("AT+GMR", OK)
        .command("AT+SYSLOG=1", OK)
        .command("AT+SYSSTORE=0", OK)
        .command("AT+CIPMUX=1", OK)
        .command("AT+CIPDINFO=1", OK)
        .command("AT+CIPRECVTYPE=5,1", OK)
}

/// With a server that tells who its clients are, or not.
fn with_server(detailed: bool) -> Script {
    let messages = if detailed { OK } else { ERROR };
    module().command("AT+SYSMSG=2", messages).command("AT+CIPSERVER=1,8080", OK)
}

const CONNECT: &str = "AT+CIPSTART=4,\"TCP\",\"10.0.0.1\",80";
const CONNECT_3: &str = "AT+CIPSTART=3,\"TCP\",\"10.0.0.1\",80";

fn somebody() -> SocketAddr {
    "192.0.2.7:40000".parse().unwrap()
}

fn announced(link: u8) -> String {
    format!("+LINK_CONN:0,{link},\"TCP\",1,\"192.0.2.7\",40000,8080\r\n")
}

fn play(script: Script, test: impl AsyncFnOnce(Handles<'_>)) {
    let line = Line::new(script);
    with_driver(&line, test);
    assert!(line.with(|script, _| script.is_done()), "the script has steps left");
}

async fn read_some(socket: &mut TcpSocket<'_>) -> Vec<u8> {
    let mut buffer = [0; 100];
    let count = socket.read(&mut buffer).await.unwrap();
    buffer[..count].to_vec()
}

#[test]
fn e1_a_client_takes_the_link_that_was_asked_for() {
    // With and without a reason, with data of the client before the refusal.
    for reason in ["\r\nALREADY CONNECTED\r\n", ""] {
        let script = with_server(false)
            .command(CONNECT, format!("4,CONNECT\r\n+IPD,4,5:hello{reason}{ERROR}"))
            .command("AT+CIPSTATE?", format!("+CIPSTATE:4,\"TCP\",\"192.0.2.7\",40000,8080,1\r\n{OK}"))
            .command("AT+CIPRECVDATA=4,1019", ERROR)
            .command(CONNECT_3, format!("3,CONNECT\r\n{OK}"));
        play(script, async |(_, stack)| {
            let listener = TcpListener::bind(stack, 8080).await.unwrap();
            let own = TcpSocket::connect(stack, server()).await.unwrap();
            let (mut client, remote) = listener.accept().await.unwrap();
            assert_eq!((remote, own.remote_address()), (somebody(), Some(server())));
            assert_eq!(read_some(&mut client).await, b"hello");
        });
    }
}

#[test]
fn e2_the_module_says_whose_the_link_is() {
    let script = with_server(true)
        .command(CONNECT, format!("{}\r\nALREADY CONNECTED\r\n{ERROR}", announced(4)))
        .command("AT+CIPRECVDATA=4,1024", format!("+CIPRECVDATA:2,\"192.0.2.7\",40000,hi{OK}"))
        .command(CONNECT_3, format!("+LINK_CONN:0,3,\"TCP\",0,\"10.0.0.1\",80,5000\r\n{OK}"));
    play(script, async |(_, stack)| {
        let listener = TcpListener::bind(stack, 8080).await.unwrap();
        let own = TcpSocket::connect(stack, server()).await.unwrap();
        assert_eq!(own.remote_address(), Some(server()));
        let (mut client, remote) = listener.accept().await.unwrap();
        assert_eq!(remote, somebody());
        assert_eq!(read_some(&mut client).await, b"hi");
    });
    // A link of this side that nobody wants any more is none of the server's, and is closed.
    let script = with_server(true)
        .send("+LINK_CONN:0,2,\"TCP\",0,\"10.0.0.1\",80,5000\r\n")
        .command("AT+CIPCLOSE=2", format!("2,CLOSED\r\n{OK}"))
        .send(announced(0))
        .command("AT+CIPRECVDATA=0,1024", ERROR);
    play(script, async |(_, stack)| {
        let listener = TcpListener::bind(stack, 8080).await.unwrap();
        let (_socket, remote) = listener.accept().await.unwrap();
        assert_eq!(remote, somebody());
        Timer::after(Duration::from_millis(10)).await;
    });
}

#[test]
fn e2_a_client_comes_while_the_connect_waits_for_its_turn() {
    let script = with_server(true)
        .command("AT+CIFSR", "")
        .pause(StdDuration::from_millis(100))
        .send(format!("{}{OK}", announced(4)))
        .command("AT+CIPRECVDATA=4,1024", ERROR)
        .command(CONNECT_3, format!("+LINK_CONN:0,3,\"TCP\",0,\"10.0.0.1\",80,5000\r\n{OK}"));
    play(script, async |(control, stack)| {
        let listener = TcpListener::bind(stack, 8080).await.unwrap();
        let first = control.send(&wifi_at::command::tcpip::QueryLocalAddresses);
        let (_, own) = join_both(first, TcpSocket::connect(stack, server())).await;
        assert_eq!(own.unwrap().remote_address(), Some(server()));
        assert_eq!(listener.accept().await.unwrap().1, somebody());
    });
}

#[test]
fn e3_a_link_that_the_driver_has_forgotten() {
    let script = module()
        .command(CONNECT, format!("\r\nALREADY CONNECTED\r\n{ERROR}"))
        .command("AT+CIPCLOSE=4", format!("4,CLOSED\r\n{OK}"))
        .command(CONNECT_3, format!("3,CONNECT\r\n{OK}"));
    play(script, async |(_, stack)| {
        TcpSocket::connect(stack, server()).await.unwrap();
    });
}

#[test]
fn e4_a_client_goes_and_the_next_takes_its_id_in_one_read() {
    let script = with_server(true)
        .send(announced(0))
        .command("AT+CIPRECVDATA=0,1024", ERROR)
        .send(format!("+IPD,0,3:one0,CLOSED\r\n{}+IPD,0,3:two0,CLOSED\r\n{}", announced(0), announced(0)))
        .command("AT+CIPRECVDATA=0,1024", format!("+CIPRECVDATA:5,\"192.0.2.7\",40000,three{OK}"));
    play(script, async |(_, stack)| {
        let listener = TcpListener::bind(stack, 8080).await.unwrap();
        let mut first = listener.accept().await.unwrap().0;
        assert_eq!(read_some(&mut first).await, b"one");
        assert_eq!(first.read(&mut [0; 9]).await, Ok(0));
        for data in ["two", "three"] {
            let (mut socket, remote) = listener.accept().await.unwrap();
            assert_eq!(remote, somebody());
            assert_eq!(read_some(&mut socket).await, data.as_bytes());
        }
    });
}

#[test]
fn e4_data_that_was_asked_for_is_not_given_to_the_next_client() {
    // The answer comes after the next client: it is the old one's data, or none.
    let script = with_server(true)
        .send(announced(0))
        .expect("AT+CIPRECVDATA=0,1024\r\n")
        .send(format!("0,CLOSED\r\n{}+CIPRECVDATA:3,\"192.0.2.7\",40000,old{OK}", announced(0)))
        .command("AT+CIPCLOSE=0", format!("0,CLOSED\r\n{OK}"))
        .send(announced(0))
        .command("AT+CIPRECVDATA=0,1024", format!("+CIPRECVDATA:3,\"192.0.2.7\",40000,new{OK}"));
    play(script, async |(_, stack)| {
        let listener = TcpListener::bind(stack, 8080).await.unwrap();
        let mut first = listener.accept().await.unwrap().0;
        assert_eq!(first.read(&mut [0; 9]).await, Err(Error::ConnectionReset));
        let mut next = listener.accept().await.unwrap().0;
        assert_eq!(read_some(&mut next).await, b"new");
        assert_eq!(listener.rejected(), 1);
    });
}

#[test]
fn e4_a_client_comes_while_a_send_for_the_last_one_ends() {
    // The data is the module's already, so that it cannot go to the next client.
    let script = with_server(true)
        .send(announced(0))
        .command("AT+CIPRECVDATA=0,1024", ERROR)
        .command("AT+CIPSEND=0,3", format!("{OK}>"))
        .expect("bye")
        .send(format!("\r\nRecv 3 bytes\r\n0,CLOSED\r\n{}\r\nSEND OK\r\n", announced(0)))
        .command("AT+CIPRECVDATA=0,1024", format!("+CIPRECVDATA:3,\"192.0.2.7\",40000,new{OK}"))
        // It is not: the next client must not live to see it.
        .command("AT+CIPSEND=0,6", format!("0,CLOSED\r\n{}{OK}>", announced(0)))
        .expect("secret")
        .send("\r\nSEND OK\r\n")
        .command("AT+CIPCLOSE=0", format!("0,CLOSED\r\n{OK}"));
    play(script, async |(_, stack)| {
        let listener = TcpListener::bind(stack, 8080).await.unwrap();
        let mut first = listener.accept().await.unwrap().0;
        Timer::after(Duration::from_millis(10)).await;
        write_all(&mut first, b"bye").await;
        assert_eq!(first.flush().await, Ok(()));
        assert_eq!(first.read(&mut [0; 9]).await, Ok(0));
        let mut next = listener.accept().await.unwrap().0;
        assert_eq!((read_some(&mut next).await, listener.rejected()), (b"new".to_vec(), 0));
        write_all(&mut next, b"secret").await;
        Timer::after(Duration::from_millis(10)).await;
        assert_eq!(listener.rejected(), 1);
    });
}

#[test]
fn e7_a_link_that_is_closed_before_it_was_open() {
    for answer in ["4,CLOSED\r\n\r\nOK\r\n", "4,CONNECT\r\n4,CLOSED\r\n\r\nOK\r\n", "4,CONNECT FAIL\r\n\r\nERROR\r\n"] {
        let connected = answer.contains("CONNECT\r");
        let mut script = module().command(CONNECT, answer);
        if !connected {
            script = script.command("AT+CIPCLOSE=4", format!("\r\nUNLINK\r\n{ERROR}"));
        }
        let line = Line::new(script);
        with_driver(&line, async |(_, stack)| {
            let result = TcpSocket::connect(stack, server()).await.map(drop);
            assert_eq!(result, Err(ConnectError::Failed), "{answer:?}");
            Timer::after(Duration::from_secs(1)).await;
        });
        assert!(line.with(|script, _| script.is_done()), "{answer:?}");
    }
}

#[test]
fn e8_and_e9_a_close_that_is_refused_or_not_answered() {
    for answer in ["\r\nUNLINK\r\n\r\nERROR\r\n", "\r\nlink is not valid\r\n\r\nERROR\r\n", ERROR, ""] {
        let mut script = module().command(CONNECT, format!("4,CONNECT\r\n{OK}")).command("AT+CIPCLOSE=4", answer);
        if answer.is_empty() {
            // The driver does not rely on what it knows any more.
            script = script.command("AT+CIPMUX?", format!("+CIPMUX:1\r\n{OK}"));
        }
        let script = script.command(CONNECT, format!("4,CONNECT\r\n{OK}"));
        play(script, async |(control, stack)| {
            let mut socket = TcpSocket::connect(stack, server()).await.unwrap();
            assert_eq!(socket.close().await, Ok(()));
            assert_eq!(socket.read(&mut [0; 9]).await, Err(Error::NotConnected));
            TcpSocket::connect(stack, server()).await.unwrap();
            assert_eq!(control.counters().timeouts, u32::from(answer.is_empty()));
        });
    }
}

const DATAGRAMS: &str = "AT+CIPSTART=4,\"UDP\",\"10.0.0.1\",7,5000,0";

fn peer() -> SocketAddr {
    "10.0.0.1:7".parse().unwrap()
}

#[test]
fn d13_datagrams_of_a_module_that_refuses_active_receive() {
    // Each answer is one datagram, and is asked for in full until there is none. What the module ran together stays so.
    let merged = [b'm'; 306];
    let script = module()
        .command("AT+CIPRECVTYPE=4,0", ERROR)
        .command(DATAGRAMS, format!("4,CONNECT\r\n{OK}"))
        .send("+IPD,4,306\r\n")
        .command("AT+CIPRECVDATA=4,8192", [b"+CIPRECVDATA:306,\"10.0.0.1\",7,", &merged[..], OK.as_bytes()].concat())
        .command("AT+CIPRECVDATA=4,8192", format!("+CIPRECVDATA:3,\"10.0.0.1\",7,abc{OK}"))
        .command("AT+CIPRECVDATA=4,8192", format!("+CIPRECVDATA:3,\"10.0.0.9\",7,xyz{OK}"))
        .command("AT+CIPRECVDATA=4,8192", ERROR)
        .send("+IPD,4,2\r\n")
        .command("AT+CIPRECVDATA=4,8192", format!("+CIPRECVDATA:2,\"0.0.0.0\",0,hi{OK}"))
        .command("AT+CIPRECVDATA=4,8192", ERROR);
    play(script, async |(control, stack)| {
        let socket = UdpSocket::connect_from(stack, 5000, peer()).await.unwrap();
        let mut buffer = [0; 400];
        for length in [306, 3, 2] {
            assert_eq!(socket.recv_from(&mut buffer).await, Ok((length, peer())));
        }
        assert_eq!(&buffer[..2], b"hi");
        Timer::after(Duration::from_millis(10)).await;
        assert_eq!((socket.dropped(), control.counters().dropped_bytes), (0, 3), "the stranger's");
    });
}

#[test]
fn heads_of_datagrams_in_all_forms() {
    let forms = [
        ("+IPD,4,3,\"10.0.0.1\",7:", peer()),
        ("+IPD,4,3,10.0.0.1,7:", peer()),
        ("+IPD,4,3,\"192.0.2.7\",40000:", somebody()),
        ("+IPD,4,3:", "0.0.0.0:0".parse().unwrap()),
        ("+IPD,4,3,\"0.0.0.0\",9:", "0.0.0.0:0".parse().unwrap()),
        ("+IPD,4,0,\"10.0.0.1\",7:", peer()),
    ];
    let mut script = module()
        .command("AT+CIPRECVTYPE=4,0", OK)
        .command("AT+CIPSTART=4,\"UDP\",\"0.0.0.0\",5000,5000,2", format!("4,CONNECT\r\n{OK}"));
    for (head, _) in forms {
        let data = if head.contains(",0,\"10") { "" } else { "\r\n>" };
        script = script.send(format!("\r\n{head}{data}"));
    }
    play(script, async |(_, stack)| {
        let socket = UdpSocket::bind(stack, 5000).await.unwrap();
        let mut buffer = [0; 9];
        for (head, sender) in forms {
            let length = if head.contains(",0,\"10") { 0 } else { 3 };
            assert_eq!(socket.recv_from(&mut buffer).await, Ok((length, sender)), "{head}");
            assert_eq!(buffer[..length], b"\r\n>"[..length]);
        }
    });
}

#[test]
fn sends_of_datagrams_that_go_wrong() {
    let script = module()
        .command("AT+CIPRECVTYPE=4,0", OK)
        .command(DATAGRAMS, format!("4,CONNECT\r\n{OK}"))
        // The prompt is lost.
        .command("AT+CIPSEND=4,3", OK)
        .expect("one")
        .send("\r\nRecv 3 bytes\r\n\r\nSEND OK\r\n")
        // Fails, then succeeds (B4).
        .command("AT+CIPSEND=4,3", format!("{OK}> "))
        .expect("two")
        .send("\r\nRecv 3 bytes\r\n\r\nSEND FAIL\r\n\r\nSEND OK\r\n")
        // A datagram comes in between, and one between the data and its confirmation (B1, B2).
        .command("AT+CIPSEND=4,5", format!("{OK}+IPD,4,1,\"10.0.0.1\",7:a\r\n>"))
        .expect("three")
        .send("+IPD,4,1,\"10.0.0.1\",7:b\r\nSEND OK\r\n")
        // The link is gone, though nobody said so (E13).
        .command("AT+CIPSEND=4,4", format!("\r\nlink is not valid\r\n{ERROR}"))
        .command("AT+CIPCLOSE=4", format!("\r\nUNLINK\r\n{ERROR}"))
        .command("AT+CIPRECVTYPE=4,1", OK);
    play(script, async |(control, stack)| {
        let socket = UdpSocket::connect_from(stack, 5000, peer()).await.unwrap();
        socket.send(b"one").await.unwrap();
        assert_eq!(socket.flush().await, Ok(()));
        socket.send(b"two").await.unwrap();
        assert_eq!(socket.flush().await, Err(udp::Error::SendFailed));
        socket.send(b"three").await.unwrap();
        assert_eq!(socket.flush().await, Ok(()));
        let mut buffer = [0; 9];
        for data in [b"a", b"b"] {
            assert_eq!(socket.recv(&mut buffer).await, Ok(1));
            assert_eq!(buffer[..1], *data);
        }
        socket.send(b"four").await.unwrap();
        assert_eq!(socket.recv(&mut buffer).await, Err(udp::Error::ConnectionReset));
        Timer::after(Duration::from_millis(10)).await;
        assert_eq!(control.counters().timeouts, 0);
    });
}
