//! What every firmware does: encrypted links whose server nobody checks.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use embassy_futures::join::join as join_both;
use embassy_time::{Duration, with_timeout};
use embedded_io_async::{Read, Write};
use wifi_at::net::tcp::{ConnectError, Error, TcpSocket};
use wifi_at::net::tls::{TlsError, TlsOptions, TlsSocket};
use wifi_at_simulator::{CertificateStore, Dialect, MemoryNetwork, Peer, PeerSocket, Simulator};
use wifi_at_support::virtual_time::{Line, now};

use super::common::*;
use super::{CAN, MODULE};
use crate::certificates::{Authority, Identity, TlsPeer};

/// What a server saw of a client: name, protocol, whether it has a certificate.
pub(super) type Seen = (Option<String>, Option<Vec<u8>>, bool);
pub(super) type Log = Rc<RefCell<Vec<Seen>>>;

/// A module in a network with a TLS server that echoes, and what that server saw.
pub(super) fn bench(
    identity: &Identity,
    clients: Option<&Authority>,
    certificates: CertificateStore,
) -> (Line<Simulator>, MemoryNetwork, Log) {
    let network = network();
    let config = identity.server(clients, &["http/1.1", "h2"]);
    let seen = Log::default();
    let log = Rc::clone(&seen);
    network.serve(server(), move || {
        let log = Rc::clone(&log);
        let mut first = true;
        TlsPeer::new(&config, move |tls: &rustls::ServerConnection, data: &[u8]| {
            if core::mem::take(&mut first) {
                let name = tls.server_name().map(str::to_owned);
                let protocol = tls.alpn_protocol().map(<[u8]>::to_vec);
                log.borrow_mut().push((name, protocol, tls.peer_certificates().is_some()));
            }
            data.to_vec()
        })
    });
    let line = Line::new(builder(&network).certificates(certificates).build());
    (line, network, seen)
}

/// As [`bench`], with a server that anybody may talk to.
fn open_bench() -> (Line<Simulator>, MemoryNetwork) {
    let (line, network, _) =
        bench(&Authority::new("authority").issue("server", 2020..2040), None, CertificateStore::new());
    (line, network)
}

pub(super) const UNVERIFIED: TlsOptions<'static> = TlsOptions::new().without_verification();

pub(super) async fn echo(socket: &mut TlsSocket<'_>, data: &[u8]) {
    socket.write_all(data).await.unwrap();
    socket.flush().await.unwrap();
    let mut back = vec![0; data.len()];
    socket.read_exact(&mut back).await.unwrap();
    assert!(back == data);
}

/// The commands with this name that the module has got.
pub(super) fn commands(line: &Line<Simulator>, name: &str) -> Vec<String> {
    line.with(|module, _| {
        let all = module.commands().iter().map(|command| command.line.clone());
        all.filter(|command| command.starts_with(name)).collect()
    })
}

#[test]
fn plenty_both_ways() {
    let (line, _) = open_bench();
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut socket = TlsSocket::connect(stack, server(), &UNVERIFIED).await.unwrap();
        let sent = nasty(100_000);
        let mut back = vec![0; sent.len()];
        let (mut reader, mut writer) = socket.split();
        let (written, read) = join_both(writer.write_all(&sent), reader.read_exact(&mut back)).await;
        assert_eq!((written, read.is_ok()), (Ok(()), true));
        assert!(back == sent);
        // Many small ones as well, with an answer each.
        for length in 1..60 {
            echo(&mut socket, &sent[..length]).await;
        }
        socket.close().await.unwrap();
    });
    assert_eq!(line.with(|module, _| module.links().len()), 0);
    // Where the firmware's own buffer is too small for the records of most servers, it is made larger first.
    let sized = matches!(MODULE, Dialect::Esp8266Nonos | Dialect::WizFi360);
    let sizes = commands(&line, "AT+CIPSSLSIZE");
    assert_eq!(sizes.iter().map(String::as_str).eq(["AT+CIPSSLSIZE=4096"]), sized, "{sizes:?}");
    assert!(sized || sizes.is_empty(), "{sizes:?}");
}

#[test]
fn the_server_closes() {
    /// Closes behind its first answer.
    struct Once<P>(P, Rc<Cell<bool>>);
    impl<P: Peer> Peer for Once<P> {
        fn on_data(&mut self, socket: &mut PeerSocket, data: &[u8]) {
            self.0.on_data(socket, data);
            if self.1.get() {
                socket.close();
            }
        }
    }
    let network = network();
    let config = Authority::new("authority").issue("server", 2020..2040).server(None, &[]);
    network.serve(server(), move || {
        let answered = Rc::new(Cell::new(false));
        let told = Rc::clone(&answered);
        let peer = TlsPeer::new(&config, move |_: &rustls::ServerConnection, _: &[u8]| {
            told.set(true);
            nasty(5000)
        });
        Once(peer, answered)
    });
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut socket = TlsSocket::connect(stack, server(), &UNVERIFIED).await.unwrap();
        socket.write_all(b"give me all").await.unwrap();
        assert!(read_to_end(&mut socket).await == nasty(5000));
        assert_eq!(socket.read(&mut [0; 8]).await, Ok(0));
        assert_eq!(socket.write(b"x").await, Err(Error::ClosedByPeer));
        // The link is free for the next one.
        drop(socket);
        TlsSocket::connect(stack, server(), &UNVERIFIED).await.unwrap();
    });
}

#[test]
fn the_module_restarts() {
    let (line, _) = open_bench();
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut socket = TlsSocket::connect(stack, server(), &UNVERIFIED).await.unwrap();
        echo(&mut socket, b"before").await;
        line.with(|module, now| module.restart(now, b"rst cause:4"));
        let mut buffer = [0; 8];
        assert_eq!(socket.read(&mut buffer).await, Err(Error::ConnectionReset));
        assert_eq!(socket.read(&mut buffer).await, Err(Error::NotConnected));
        control.wait_until_ready().await.unwrap();
        join(control).await;
        let mut socket = TlsSocket::connect(stack, server(), &UNVERIFIED).await.unwrap();
        echo(&mut socket, b"after").await;
    });
}

#[test]
fn one_at_a_time_where_the_manual_says_so() {
    let (line, _) = open_bench();
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut first = TlsSocket::connect(stack, server(), &UNVERIFIED).await.unwrap();
        let second = TlsSocket::connect(stack, server(), &UNVERIFIED).await;
        if CAN.several {
            echo(&mut second.unwrap(), b"second").await;
        } else {
            assert_eq!(second.unwrap_err(), TlsError::OneAtATime);
        }
        // It is not the first one's business.
        echo(&mut first, b"first").await;
        // One that is being closed is waited for.
        drop(first);
        echo(&mut TlsSocket::connect(stack, server(), &UNVERIFIED).await.unwrap(), b"third").await;
        // Of two at the same moment, one comes through.
        let connect = || TlsSocket::connect(stack, server(), &UNVERIFIED);
        let (one, other) = join_both(connect(), connect()).await;
        let failed = [one.err(), other.err()].into_iter().flatten().collect::<Vec<_>>();
        assert_eq!(failed, if CAN.several { vec![] } else { vec![TlsError::OneAtATime] });
    });
}

#[test]
fn what_does_not_answer_with_tls() {
    let (line, network) = open_bench();
    let address = |port| core::net::SocketAddr::new(host(), port);
    network.serve_bytes(address(22), "SSH-2.0\r\n");
    network.refuse(address(23));
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        for port in [22, 23] {
            let failed = TlsSocket::connect(stack, address(port), &UNVERIFIED).await;
            assert!(matches!(failed, Err(TlsError::Failed(_))), "{failed:?}");
        }
        let none = TlsSocket::connect(stack, address(0), &UNVERIFIED).await;
        assert_eq!(none.unwrap_err(), TlsError::Connect(ConnectError::InvalidAddress));
        echo(&mut TlsSocket::connect(stack, server(), &UNVERIFIED).await.unwrap(), b"fine").await;
        // TCP beside TLS.
        let mut plain = TcpSocket::connect(stack, address(22)).await.unwrap();
        let mut banner = [0; 9];
        plain.read_exact(&mut banner).await.unwrap();
        assert_eq!(&banner, b"SSH-2.0\r\n");
    });
}

#[test]
fn given_up_at_any_moment() {
    let (line, _) = open_bench();
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        for millis in [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89] {
            let connect = TlsSocket::connect(stack, server(), &UNVERIFIED);
            if let Ok(socket) = with_timeout(Duration::from_millis(millis), connect).await {
                socket.unwrap().abort();
            }
            let start = now();
            let mut socket = TlsSocket::connect(stack, server(), &UNVERIFIED).await.unwrap();
            echo(&mut socket, b"all is well").await;
            assert!(now() - start < core::time::Duration::from_secs(5));
            socket.close().await.unwrap();
        }
        assert_eq!(control.counters().timeouts, 0);
    });
}

#[test]
fn nobody_is_trusted_unseen() {
    let (line, _) = open_bench();
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let expected = if CAN.verify { TlsError::ClockNotSet } else { TlsError::CannotVerify };
        assert_eq!(TlsSocket::connect(stack, server(), &TlsOptions::new()).await.unwrap_err(), expected);
        if !CAN.names {
            for options in [
                UNVERIFIED.server_name("server"),
                UNVERIFIED.protocols(&["h2"]),
                UNVERIFIED.pre_shared_key(b"key", "hint"),
            ] {
                let refused = TlsSocket::connect(stack, server(), &options).await;
                assert_eq!(refused.unwrap_err(), TlsError::Unsupported);
            }
        }
    });
    assert_eq!(commands(&line, "AT+CIPSTART"), [""; 0]);
}
