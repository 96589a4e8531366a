//! Links and servers with TLS: handshakes, certificates, the clock, and what the host sees of it.
#![allow(missing_docs)]
#![cfg(feature = "tls")]

mod common;
#[path = "common/tls.rs"]
mod tls;

use common::{Bench, builder_of, ms};
use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tls::{Authority, Identity, TlsPeer, client, store};
use wifi_at_simulator::{AccessPoint, Builder, CertificateStore, Dialect, HostNetwork, Latency, realtime};

const HOST: &str = "10.0.0.1:443";
/// 2026-05-28.
const NOW: u64 = 1_780_000_000;

fn quick(dialect: Dialect) -> Builder {
    builder_of(dialect).latency(Latency::none()).clock(NOW)
}

/// What a server saw: name, protocol, whether the client has a certificate.
type Seen = (Option<String>, Option<Vec<u8>>, bool);

/// A module in a network with a TLS server that echoes, and what that server saw.
fn bench(
    dialect: Dialect,
    server: &Identity,
    clients: Option<&Authority>,
    certificates: CertificateStore,
) -> (Bench, Rc<RefCell<Vec<Seen>>>) {
    let bench = Bench::online(quick(dialect).certificates(certificates));
    let config = server.server(clients, &["http/1.1", "h2"]);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&seen);
    bench.network.serve(HOST.parse().unwrap(), move || {
        let log = Rc::clone(&log);
        TlsPeer::new(&config, move |tls: &rustls::ServerConnection, data: &[u8]| {
            let name = tls.server_name().map(str::to_owned);
            log.borrow_mut().push((name, tls.alpn_protocol().map(<[u8]>::to_vec), tls.peer_certificates().is_some()));
            data.to_vec()
        })
    });
    (bench, seen)
}

const CONNECT: &str = "AT+CIPSTART=\"SSL\",\"10.0.0.1\",443";
const CONNECTED: &str = "CONNECT\r\n\r\nOK\r\n";

fn prompt(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::WizFi360 | Dialect::Esp8266Nonos => "\r\nOK\r\n> ",
        _ => "\r\nOK\r\n\r\n>",
    }
}

#[test]
fn every_dialect_talks_tls() {
    let authority = Authority::new("authority");
    let server = authority.issue("server", 2020..2040);
    for &dialect in Dialect::ALL {
        let (mut bench, seen) = bench(dialect, &server, None, CertificateStore::new());
        assert_eq!(bench.ask(CONNECT), CONNECTED, "{}", dialect.name());
        assert_eq!(bench.module.links()[0].kind, "SSL");
        assert_eq!(bench.ask("AT+CIPSEND=5"), prompt(dialect));
        let peer = if dialect == Dialect::WizFi360 { ",10.0.0.1,443" } else { "" };
        let echoed = format!("\r\nRecv 5 bytes\r\n\r\nSEND OK\r\n\r\n+IPD,5{peer}:hello");
        assert_eq!(bench.payload(b"hello"), echoed, "{}", dialect.name());
        assert_eq!(*seen.borrow(), [(None, None, false)]);
        assert_eq!(bench.ask("AT+CIPCLOSE"), "CLOSED\r\n\r\nOK\r\n");
        assert!(bench.network.connections().is_empty());
        // A server that does not speak TLS hangs up on it or not: the module does not wait for ever.
        bench.network.serve_bytes("10.0.0.1:80".parse().unwrap(), "SSH-2.0\r\n");
        let refused = bench.ask("AT+CIPSTART=\"SSL\",\"10.0.0.1\",80");
        assert!(refused.contains("ERROR") && !refused.contains("CONNECT\r\n"), "{refused}");
        bench.network.serve("10.0.0.1:81".parse().unwrap(), || |_: &[u8]| Vec::new());
        assert!(bench.ask("AT+CIPSTART=\"SSL\",\"10.0.0.1\",81").contains("ERROR"));
    }
}

#[test]
fn one_ssl_link_where_the_manual_says_so() {
    let authority = Authority::new("authority");
    let server = authority.issue("server", 2020..2040);
    for &dialect in Dialect::ALL {
        let (mut bench, _) = bench(dialect, &server, None, CertificateStore::new());
        bench.ok("AT+CIPMUX=1");
        assert_eq!(bench.ask("AT+CIPSTART=3,\"SSL\",\"10.0.0.1\",443"), "3,CONNECT\r\n\r\nOK\r\n");
        let second = bench.ask("AT+CIPSTART=1,\"SSL\",\"10.0.0.1\",443");
        let wanted = if dialect == Dialect::EspAt { "1,CONNECT\r\n\r\nOK\r\n" } else { "\r\nERROR\r\n" };
        assert_eq!(second, wanted, "{}", dialect.name());
        let links = bench.ask(if dialect == Dialect::EspAt { "AT+CIPSTATE?" } else { "AT+CIPSTATUS" });
        assert!(links.contains(":3,\"SSL\",\"10.0.0.1\",443,"), "{links}");
    }
}

#[test]
fn certificates_are_checked_with_the_modules_clock() {
    let authority = Authority::new("authority");
    let server = authority.issue("server", 2020..2040);
    let (mut bench, _) = bench(Dialect::EspAt, &server, None, store(&authority, &server));
    bench.ok("AT+CIPSSLCCONF=2,0,0");
    // Without SNTP it is 1970.
    bench.error(CONNECT);
    assert_eq!(bench.ask("AT+CIPSNTPCFG=1,0"), "\r\nOK\r\n+TIME_UPDATED\r\n");
    assert_eq!(bench.ask(CONNECT), CONNECTED);
    bench.ask("AT+CIPCLOSE");
    // No such authority in the flash.
    bench.ok("AT+CIPSSLCCONF=2,0,1");
    bench.error(CONNECT);
    // It comes there later, in DER.
    bench.module.certificates_mut().set("client_ca", 1, authority.der());
    assert_eq!(bench.ask(CONNECT), CONNECTED);
    bench.ask("AT+CIPCLOSE");
    bench.module.certificates_mut().set("client_ca", 1, Authority::new("another").pem());
    bench.error(CONNECT);
    // In 2041 the certificate has expired.
    bench.ok("AT+CIPSSLCCONF=2,0,0");
    let now = bench.now;
    bench.module.set_clock(now, 2_240_611_200);
    bench.error(CONNECT);
    // Nobody looks.
    bench.ok("AT+CIPSSLCCONF=0");
    assert_eq!(bench.ask(CONNECT), CONNECTED);
}

#[test]
fn names_and_protocols() {
    let authority = Authority::new("authority");
    let server = authority.issue("shop.example.org", 2020..2040);
    let (mut bench, seen) = bench(Dialect::EspAt, &server, None, store(&authority, &server));
    assert_eq!(bench.ask("AT+CIPSNTPCFG=1,0"), "\r\nOK\r\n+TIME_UPDATED\r\n");
    bench.ok("AT+CIPSSLCCONF=2");
    bench.ok("AT+CIPSSLCCN=\"bank.example.org\"");
    bench.error(CONNECT);
    bench.ok("AT+CIPSSLCCN=\"shop.example.org\"");
    bench.ok("AT+CIPSSLCSNI=\"front.example.org\"");
    bench.ok("AT+CIPSSLCALPN=2,\"spdy\",\"h2\"");
    assert_eq!(bench.ask(CONNECT), CONNECTED);
    bench.ask("AT+CIPSEND=1");
    bench.payload(b"x");
    assert_eq!(*seen.borrow(), [(Some("front.example.org".into()), Some(b"h2".to_vec()), false)]);
    bench.ask("AT+CIPCLOSE");
    bench.ok("AT+CIPSSLCALPN=1,\"spdy\"");
    bench.error(CONNECT);
    bench.ok("AT+CIPSSLCALPN=0");
    assert_eq!(bench.ask(CONNECT), CONNECTED);
}

#[test]
fn clients_show_their_certificate() {
    let authority = Authority::new("authority");
    let server = authority.issue("server", 2020..2040);
    let own = authority.issue("module", 2020..2040);
    for (dialect, none, shown) in [
        (Dialect::EspAt, "AT+CIPSSLCCONF=0", "AT+CIPSSLCCONF=1,0,0"),
        (Dialect::Esp8266Idf, "AT+CIPSSLCCONF=0,0,0", "AT+CIPSSLCCONF=1,0,0"),
        (Dialect::Esp8266Nonos, "AT+CIPSSLCONF=0", "AT+CIPSSLCONF=1"),
    ] {
        let (mut bench, seen) = bench(dialect, &server, Some(&authority), store(&authority, &own));
        let refused = bench.ask(CONNECT);
        assert!(refused.contains("ERROR") && !refused.contains("CONNECT\r\n"), "{refused}");
        bench.ok(shown);
        assert_eq!(bench.ask(CONNECT), CONNECTED);
        bench.ask("AT+CIPSEND=1");
        bench.payload(b"x");
        assert_eq!(*seen.borrow(), [(None, None, true)]);
        bench.ask("AT+CIPCLOSE");
        // One that the server does not know.
        let stranger = Authority::new("stranger").issue("module", 2020..2040);
        bench.module.certificates_mut().set("client_cert", 0, &stranger.certificate);
        bench.module.certificates_mut().set("client_key", 0, &stranger.key);
        assert!(bench.ask(CONNECT).contains("ERROR"));
        // A certificate without its key.
        bench.module.certificates_mut().remove("client_key", 0);
        assert!(bench.ask(CONNECT).contains("ERROR"));
        bench.ok(none);
    }
}

#[test]
fn settings_of_links() {
    let mut bench = Bench::online(quick(Dialect::EspAt));
    bench.ok("AT+CIPMUX=1");
    bench.ok("AT+CIPSSLCCONF=5,2,0,1");
    bench.ok("AT+CIPSSLCCONF=1,3,2,0");
    let lines = "+CIPSSLCCONF:0,2,0,1\r\n+CIPSSLCCONF:1,3,2,0\r\n+CIPSSLCCONF:2,2,0,1\r\n\
                 +CIPSSLCCONF:3,2,0,1\r\n+CIPSSLCCONF:4,2,0,1\r\n\r\nOK\r\n";
    assert_eq!(bench.ask("AT+CIPSSLCCONF?"), lines);
    bench.ok("AT+CIPSSLCCN=2,\"name\"");
    bench.ok("AT+CIPSSLCSNI=5,\"sni\"");
    bench.ok("AT+CIPSSLCALPN=3,2,\"h2\",\"http/1.1\"");
    bench.ok("AT+CIPSSLCPSKHEX=0,\"70736b\",\"myhint\"");
    assert_eq!(
        bench.ask("AT+CIPSSLCCN?"),
        "+CIPSSLCCN:0,\"\"\r\n+CIPSSLCCN:1,\"\"\r\n+CIPSSLCCN:2,\"name\"\r\n+CIPSSLCCN:3,\"\"\r\n\
         +CIPSSLCCN:4,\"\"\r\n\r\nOK\r\n"
    );
    assert_eq!(
        bench.ask("AT+CIPSSLCALPN?"),
        "+CIPSSLCALPN:0\r\n+CIPSSLCALPN:1\r\n+CIPSSLCALPN:2\r\n+CIPSSLCALPN:3,\"h2\",\"http/1.1\"\r\n\
         +CIPSSLCALPN:4\r\n\r\nOK\r\n"
    );
    assert!(bench.ask("AT+CIPSSLCPSK?").starts_with("+CIPSSLCPSK:0,\"psk\",\"myhint\"\r\n+CIPSSLCPSK:1,\"\",\"\"\r\n"));
    assert!(bench.ask("AT+CIPSSLCPSKHEX?").starts_with("+CIPSSLCPSKHEX:0,\"70736b\",\"myhint\"\r\n"));
    for wrong in [
        "AT+CIPSSLCCONF=6,0,0,0",
        "AT+CIPSSLCCONF=0,4,0,0",
        "AT+CIPSSLCCN=0",
        "AT+CIPSSLCSNI=\"name\"",
        "AT+CIPSSLCALPN=0,2,\"h2\"",
        "AT+CIPSSLCALPN=0,6",
        "AT+CIPSSLCPSKHEX=0,\"7\",\"h\"",
        "AT+CIPSSLCPSKHEX=0,\"zz\",\"h\"",
        "AT+CIPSSLCPSK=0,\"k\"",
    ] {
        bench.error(wrong);
    }
    // The names are forgotten by a reset, the certificates are not.
    bench.ask("AT+RST");
    bench.ask("ATE0");
    assert_eq!(bench.ask("AT+CIPSSLCCONF?"), lines);
    assert!(!bench.ask("AT+CIPSSLCSNI?").contains("sni\""));
}

/// What a server says to it is in `strangers`, with openssl.
#[test]
fn a_pre_shared_key_is_nothing_to_a_server_with_a_certificate() {
    let authority = Authority::new("authority");
    let server = authority.issue("server", 2020..2040);
    let (mut bench, _) = bench(Dialect::EspAt, &server, None, CertificateStore::new());
    bench.ok("AT+CIPSSLCPSK=\"key\",\"hint\"");
    bench.error(CONNECT);
    bench.ok("AT+CIPSSLCPSK=\"\",\"\"");
    assert_eq!(bench.ask(CONNECT), CONNECTED);
}

#[test]
fn passive_receiving_announces_the_encrypted_length() {
    let authority = Authority::new("authority");
    let server = authority.issue("server", 2020..2040);
    let (mut bench, _) = bench(Dialect::EspAt, &server, None, CertificateStore::new());
    bench.ok("AT+CIPRECVTYPE=1");
    assert_eq!(bench.ask(CONNECT), CONNECTED);
    bench.ask("AT+CIPSEND=494");
    // 29 bytes around each record.
    assert_eq!(bench.payload(&[b'x'; 494]), "\r\nRecv 494 bytes\r\n\r\nSEND OK\r\n\r\n+IPD,523\r\n");
    assert_eq!(bench.ask("AT+CIPRECVLEN?"), "+CIPRECVLEN:523\r\nOK\r\n");
    let data = bench.ask("AT+CIPRECVDATA=523");
    assert_eq!(data, format!("+CIPRECVDATA:494,{}\r\nOK\r\n", "x".repeat(494)));
    bench.error("AT+CIPRECVDATA=29");
    assert_eq!(bench.ask("AT+CIPRECVLEN?"), "+CIPRECVLEN:0\r\nOK\r\n");
}

#[test]
fn passthrough_with_tls() {
    let authority = Authority::new("authority");
    let server = authority.issue("server", 2020..2040);
    let (mut bench, _) = bench(Dialect::EspAt, &server, None, CertificateStore::new());
    assert_eq!(bench.ask(CONNECT), CONNECTED);
    bench.ok("AT+CIPMODE=1");
    bench.ask("AT+CIPSEND");
    bench.send(b"hello");
    assert_eq!(bench.run(ms(100)), "hello");
    let socket = bench.module.links()[0].socket;
    bench.network.close_peer(socket);
    bench.run(ms(1000));
    bench.send(b"again");
    assert_eq!(bench.run(ms(100)), "again");
    assert_eq!(bench.module.links()[0].kind, "SSL");
}

/// A rustls client at the far end of a connection to the module's server.
struct Client {
    tls: rustls::ClientConnection,
    socket: wifi_at_simulator::SocketId,
}

impl Client {
    fn new(bench: &Bench, port: u16, config: &Arc<rustls::ClientConfig>) -> Self {
        let name = "module".try_into().unwrap();
        let tls = rustls::ClientConnection::new(Arc::clone(config), name).unwrap();
        Self { tls, socket: bench.client(port, 443) }
    }

    /// Moves bytes until nothing moves. Gives what the module's line shows.
    fn drive(&mut self, bench: &mut Bench) -> (String, Result<(), rustls::Error>) {
        let mut shown = String::new();
        for _ in 0..10 {
            let mut out = Vec::new();
            while self.tls.wants_write() {
                self.tls.write_tls(&mut out).unwrap();
            }
            bench.network.push(self.socket, &out);
            shown += &bench.run(ms(1));
            let bytes = bench.network.take_received(self.socket);
            let mut bytes = bytes.as_slice();
            while !bytes.is_empty() {
                self.tls.read_tls(&mut bytes).unwrap();
                if let Err(error) = self.tls.process_new_packets() {
                    return (shown, Err(error));
                }
            }
        }
        (shown, Ok(()))
    }
}

#[test]
fn the_modules_server() {
    let authority = Authority::new("authority");
    let own = authority.issue("module", 2020..2040);
    let mut bench = Bench::online(quick(Dialect::EspAt).certificates(store(&authority, &own)));
    bench.ok("AT+CIPMUX=1");
    bench.ok("AT+CIPSERVER=1,443,\"SSL\",0");
    assert_eq!(bench.ask("AT+CIPSERVER?"), "+CIPSERVER:1,443,\"SSL\",0\r\n\r\nOK\r\n");
    let config = client(&authority, None);
    let mut peer = Client::new(&bench, 1000, &config);
    assert_eq!(peer.drive(&mut bench), ("0,CONNECT\r\n".into(), Ok(())));
    peer.tls.writer().write_all(b"question").unwrap();
    assert_eq!(peer.drive(&mut bench).0, "\r\n+IPD,0,8:question");
    bench.ask_for("AT+CIPSEND=0,6", ms(10));
    bench.send(b"answer");
    assert_eq!(bench.run(ms(10)), "\r\nRecv 6 bytes\r\n\r\nSEND OK\r\n");
    assert_eq!(peer.drive(&mut bench).1, Ok(()));
    let mut answer = [0; 6];
    peer.tls.reader().read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"answer");
    assert!(bench.ask_for("AT+CIPSTATE?", ms(10)).starts_with("+CIPSTATE:0,\"SSL\",\"192.168.3.50\",1000,443,1\r\n"));
    peer.tls.send_close_notify();
    assert_eq!(peer.drive(&mut bench).0, "0,CLOSED\r\n");
    // A client that never starts its handshake gets no link.
    let silent = bench.client(1001, 443);
    assert_eq!(bench.run(Duration::from_secs(11)), "");
    assert!(bench.network.is_closed_by_module(silent));
    bench.ok("AT+CIPSERVER=0,1");
}

#[test]
fn the_modules_server_checks_clients() {
    let authority = Authority::new("authority");
    let own = authority.issue("module", 2020..2040);
    let visitor = authority.issue("visitor", 2020..2040);
    let stranger = Authority::new("stranger").issue("visitor", 2020..2040);
    let mut bench = Bench::online(quick(Dialect::EspAt).certificates(store(&authority, &own)));
    bench.ok("AT+CIPMUX=1");
    bench.ok("AT+CIPSERVER=1,443,\"SSL\",1");
    for (when, identity, welcome) in [
        ("1970", Some(&visitor), false),
        ("today", Some(&visitor), true),
        ("today", Some(&stranger), false),
        ("today", None, false),
    ] {
        if when == "today" {
            bench.ask("AT+CIPSNTPCFG=1,0");
        }
        let mut peer = Client::new(&bench, 1000, &client(&authority, identity));
        let (shown, result) = peer.drive(&mut bench);
        assert_eq!(shown, if welcome { "0,CONNECT\r\n" } else { "" }, "{when}");
        assert_eq!(result.is_ok(), welcome, "{when}: {result:?}");
        bench.ask("AT+CIPCLOSE=0");
    }
    // Without its own certificate there is no server.
    bench.ok("AT+CIPSERVER=0");
    bench.module.certificates_mut().remove("server_key", 0);
    bench.error("AT+CIPSERVER=1,443,\"SSL\",0");
    bench.ok("AT+CIPSERVER=1,443");
}

/// Reads the module's line until `end` has come.
fn until(line: &mut realtime::StreamReader, end: &str) -> String {
    let mut got = Vec::new();
    while !got.ends_with(end.as_bytes()) {
        let mut byte = [0];
        let count = line.read_timeout(&mut byte, Duration::from_secs(20));
        assert_eq!(count.ok(), Some(1), "{end:?}: {:?}", String::from_utf8_lossy(&got));
        got.push(byte[0]);
    }
    String::from_utf8_lossy(&got).into_owned()
}

#[test]
fn real_sockets() {
    let authority = Authority::new("authority");
    let identity = authority.issue("localhost", 2020..2040);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = identity.server(Some(&authority), &[]);
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut tls = rustls::ServerConnection::new(config).unwrap();
        let mut stream = rustls::Stream::new(&mut tls, &mut stream);
        let mut data = [0; 5];
        stream.read_exact(&mut data).unwrap();
        data.reverse();
        stream.write_all(&data).unwrap();
        // The module closes.
        stream.read(&mut data).unwrap()
    });
    let certificates = store(&authority, &identity);
    let (module, line) = realtime::spawn(move || {
        Builder::new(Dialect::EspAt)
            .access_point(AccessPoint::open("home"))
            .latency(Latency::none())
            .clock(NOW)
            .certificates(certificates)
            .network(HostNetwork::new())
            .build()
    })
    .unwrap();
    let (mut reader, mut writer) = line.split();
    until(&mut reader, "\r\nready\r\n");
    let mut ask = |command: &str, end: &str| {
        writer.write_all(command.as_bytes()).unwrap();
        until(&mut reader, end)
    };
    for command in ["ATE0", "AT+CWMODE=1", "AT+CWJAP=\"home\",\"\"", "AT+CIPMUX=1", "AT+CIPSSLCCONF=0,3,0,0"] {
        ask(&format!("{command}\r\n"), "OK\r\n");
    }
    ask("AT+CIPSNTPCFG=1,0\r\n", "+TIME_UPDATED\r\n");
    ask("AT+CIPSSLCCN=0,\"localhost\"\r\n", "OK\r\n");
    let connected = ask(&format!("AT+CIPSTART=0,\"SSL\",\"127.0.0.1\",{port}\r\n"), "OK\r\n");
    assert_eq!(connected, "0,CONNECT\r\n\r\nOK\r\n");
    ask("AT+CIPSEND=0,5\r\n", ">");
    assert!(ask("hello", "olleh").ends_with("\r\n+IPD,0,5:olleh"));
    assert_eq!(ask("AT+CIPCLOSE=0\r\n", "OK\r\n"), "0,CLOSED\r\n\r\nOK\r\n");
    assert_eq!(server.join().unwrap(), 0);

    // The other way round: the module serves, a client of this machine connects.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    ask(&format!("AT+CIPSERVER=1,{},\"SSL\",1\r\n", free.port()), "OK\r\n");
    let config = client(&authority, Some(&identity));
    let talk = std::thread::spawn(move || {
        let mut tcp = TcpStream::connect(free).unwrap();
        let mut tls = rustls::ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap();
        let mut stream = rustls::Stream::new(&mut tls, &mut tcp);
        stream.write_all(b"question").unwrap();
        let mut answer = [0; 6];
        stream.read_exact(&mut answer).unwrap();
        answer
    });
    assert_eq!(until(&mut reader, ":question"), "0,CONNECT\r\n\r\n+IPD,0,8:question");
    writer.write_all(b"AT+CIPSEND=0,6\r\n").unwrap();
    until(&mut reader, ">");
    writer.write_all(b"answer").unwrap();
    until(&mut reader, "SEND OK\r\n");
    assert_eq!(&talk.join().unwrap(), b"answer");
    drop(module);
}
