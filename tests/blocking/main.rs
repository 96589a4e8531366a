//! The blocking shell: the same sessions as with an executor, byte for byte, on every dialect; time limits; the traits of
//! `embedded-nal`, and clients that use them.
#![allow(clippy::duplicate_mod, reason = "each dialect has a copy of the sessions")]

#[path = "../common/mod.rs"]
mod common;
mod mqtt;

macro_rules! dialects {
    ($($module:ident $dialect:ident;)*) => {$(
        #[path = "."]
        mod $module {
            pub(crate) use wifi_at::dialect::$dialect as Subject;
            pub(crate) const MODULE: wifi_at_simulator::Dialect = wifi_at_simulator::Dialect::$dialect;

            #[path = "../common/mod.rs"]
            mod common;
            mod sessions;
        }
    )*};
}

dialects! {
    esp_at EspAt;
    esp32_v1 Esp32V1;
    esp8266_idf Esp8266Idf;
    esp8266_nonos Esp8266Nonos;
    wizfi360 WizFi360;
}

pub(crate) use wifi_at::EspAt as Subject;
pub(crate) const MODULE: wifi_at_simulator::Dialect = wifi_at_simulator::Dialect::EspAt;

use common::*;
use embassy_time::{Duration, Instant};
use wifi_at::blocking::{Clock, Delays, Modem, WaitError};
use wifi_at::mock::{Mock, bring_up, expect, expect_line};
use wifi_at::net::tcp::{Error, TcpSocket};
use wifi_at::wifi::JoinOptions;
use wifi_at::{Config, EspAt, NotReady, Pins, Resources};
use wifi_at_simulator::blocking::Port;

/// The port's time, which each look moves on.
fn clock(port: &Port) -> impl Clock + use<> {
    let port = port.clone();
    move || {
        port.advance(core::time::Duration::from_micros(100));
        Instant::from_micros(port.now().as_micros() as u64)
    }
}

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn poll_does_bounded_work() {
    use std::cell::Cell;
    /// Noise without end.
    struct Flood<'a>(&'a Cell<usize>, &'a Cell<usize>);
    impl embedded_io::ErrorType for Flood<'_> {
        type Error = core::convert::Infallible;
    }
    impl embedded_io::ReadReady for Flood<'_> {
        fn read_ready(&mut self) -> Result<bool, Self::Error> {
            Ok(true)
        }
    }
    impl embedded_io::Read for Flood<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
            buffer.fill(0xa5);
            self.0.set(self.0.get() + buffer.len());
            Ok(buffer.len())
        }
    }
    impl embedded_io::Write for Flood<'_> {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
            self.1.set(self.1.get() + bytes.len());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> Result<(), Self::Error> {
            Ok(())
        }
    }
    let (read, written) = (Cell::new(0), Cell::new(0));
    let mut now = 0;
    let mut clock = || {
        now += 1000;
        Instant::from_micros(now)
    };
    let resources = &mut Resources::<1, 64, 64>::new();
    let flood = Flood(&read, &written);
    let mut modem = Modem::<EspAt, _>::new(flood, Pins::none(), resources, Config::default(), &mut clock);
    for _ in 0..20_000 {
        let before = (read.get(), written.get());
        modem.poll(clock.now()).unwrap();
        assert!(read.get() - before.0 <= 256 && written.get() - before.1 <= 64);
    }
    assert!(read.get() > 1_000_000);
    // It was not taken for an answer, and the driver goes on trying.
    let control = modem.control();
    let ready = control.wait_until_ready();
    assert_eq!(modem.run(&mut clock, LIMIT, ready).unwrap(), Err(NotReady::Silent));
}

#[test]
fn a_limit_is_kept_and_what_was_begun_does_no_harm() {
    let script = [
        bring_up::<EspAt>(),
        expect("AT+CWMODE=1\r\n").reply("\r\nOK\r\n"),
        expect("AT+CWJAP=\"home\",\"secret word\"\r\n")
            .after(Duration::from_secs(20))
            .reply("WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n"),
        expect_line("AT+CIPSTART=4").reply("4,CONNECT\r\n\r\nOK\r\n"),
        expect("AT+CIPSEND=4,2\r\n").reply("\r\nOK\r\n\r\n>"),
        expect("hi").reply("Recv 2 bytes\r\n\r\nSEND OK\r\n\r\n+IPD,4,2\r\n"),
        expect_line("AT+CIPRECVDATA=4,").reply("+CIPRECVDATA:2,ho\r\n\r\nOK\r\n4,CLOSED\r\n"),
    ];
    let mock = Mock::new(&script);
    let mut clock = Delays::new(mock.delay());
    let resources = &mut Resources::<2, 256, 256>::new();
    let mut modem = Modem::<EspAt, _>::new(mock.port(), Pins::none(), resources, Config::default(), &mut clock);
    let wifi = modem.control().wifi();
    let join = wifi.join("home", JoinOptions::new("secret word"));
    assert_eq!(modem.run(&mut clock, Duration::from_secs(10), join), Err(WaitError::Timeout));
    // It goes on; the next command waits for its end.
    let connect = TcpSocket::connect(modem.stack(), server());
    let mut socket = modem.run(&mut clock, LIMIT, connect).unwrap().unwrap();
    assert!(wifi.is_connected());
    assert_eq!(modem.run(&mut clock, LIMIT, socket.write(b"hi")).unwrap(), Ok(2));
    let mut buffer = [0; 9];
    assert_eq!(modem.run(&mut clock, LIMIT, socket.read(&mut buffer)).unwrap(), Ok(2));
    assert_eq!(modem.run(&mut clock, LIMIT, socket.read(&mut buffer)).unwrap(), Ok(0));
    assert_eq!(modem.run(&mut clock, LIMIT, socket.write(b"x")).unwrap(), Err(Error::ClosedByPeer));
    mock.assert_done();
}

mod nal {
    use std::cell::RefCell;
    use std::net::{IpAddr, SocketAddr};

    use embassy_time::Instant;
    use embedded_nal::{AddrType, Dns, SharableStack, TcpClientStack, TcpError, TcpErrorKind, TcpFullStack, nb};
    use embedded_nal::{UdpClientStack, UdpFullStack};
    use wifi_at::blocking::{Clock, Error, Modem, Network};
    use wifi_at::net::{dns, tcp, udp};
    use wifi_at::{Config, EspAt, Pins, Resources};
    use wifi_at_simulator::blocking::{Port, port};

    use super::*;

    /// A network that has joined.
    fn network<'a>(
        port: &Port,
        resources: &'a mut Resources<4, 512, 512>,
    ) -> Network<'a, EspAt, Port, impl Clock + use<>> {
        let mut clock = clock(port);
        let modem = Modem::<EspAt, _>::new(port.clone(), Pins::none(), resources, Config::default(), &mut clock);
        let control = modem.control();
        let mut network = modem.network(clock);
        network.run(LIMIT, join(control)).unwrap();
        network
    }

    /// Ends with `nb`'s answer, and counts how often there was none.
    fn block<T>(mut operation: impl FnMut() -> nb::Result<T, Error>) -> (Result<T, Error>, usize) {
        for polls in 0..1_000_000 {
            match operation() {
                Ok(value) => return (Ok(value), polls),
                Err(nb::Error::Other(error)) => return (Err(error), polls),
                Err(nb::Error::WouldBlock) => {}
            }
        }
        panic!("it never ended")
    }

    #[test]
    fn two_clients_on_one_stack() {
        let memory = super::network();
        memory.serve(server(), || |data: &[u8]| data.to_vec());
        let silent: SocketAddr = "10.0.0.1:81".parse().unwrap();
        memory.ignore(silent);
        let port = port(builder(&memory).build());
        let resources = &mut Resources::new();
        let mut network = network(&port, resources);
        assert_eq!(network.get_host_by_name("example.org", AddrType::IPv4), Ok(host()));
        let missing = network.get_host_by_name("nowhere.example", AddrType::Either);
        assert_eq!(missing, Err(nb::Error::Other(Error::Dns(dns::Error::NotFound))));

        let shared = SharableStack::new(network);
        let (mut one, mut two) = (shared.acquire(), shared.acquire());
        let (mut a, mut b) = (TcpClientStack::socket(&mut one).unwrap(), TcpClientStack::socket(&mut two).unwrap());
        assert_eq!(TcpClientStack::send(&mut one, &mut a, b"x"), Err(nb::Error::Other(Error::WrongState)));
        // Nobody waits inside: the first looks say that it takes time.
        let (connected, polls) = block(|| TcpClientStack::connect(&mut one, &mut a, server()));
        assert_eq!(connected, Ok(()));
        assert!(polls > 3, "{polls}");
        assert_eq!(block(|| TcpClientStack::connect(&mut two, &mut b, server())).0, Ok(()));
        let data = nasty(3000);
        for (stack, socket) in [(&mut one, &mut a), (&mut two, &mut b)] {
            let mut back = Vec::new();
            let mut sent = 0;
            let mut buffer = [0; 200];
            while back.len() < data.len() {
                match TcpClientStack::send(stack, socket, &data[sent..]) {
                    Ok(count) => sent += count,
                    Err(error) => assert!(sent == data.len() || error == nb::Error::WouldBlock),
                }
                match TcpClientStack::receive(stack, socket, &mut buffer) {
                    Ok(count) => back.extend_from_slice(&buffer[..count]),
                    Err(error) => assert_eq!(error, nb::Error::WouldBlock),
                }
            }
            assert!(back == data);
        }
        let connection = memory.connections()[0];
        memory.close_peer(connection);
        let (end, _) = block(|| TcpClientStack::receive(&mut one, &mut a, &mut [0; 9]));
        assert_eq!(end.unwrap_err().kind(), TcpErrorKind::PipeClosed);
        TcpClientStack::close(&mut one, a).unwrap();
        TcpClientStack::close(&mut two, b).unwrap();

        // A connect that is dropped half-way leaves nothing behind.
        let mut c = TcpClientStack::socket(&mut one).unwrap();
        for _ in 0..100 {
            assert_eq!(TcpClientStack::connect(&mut one, &mut c, silent), Err(nb::Error::WouldBlock));
        }
        drop(c);
        let mut d = TcpClientStack::socket(&mut one).unwrap();
        let invalid = Err(nb::Error::Other(Error::Connect(tcp::ConnectError::InvalidAddress)));
        assert_eq!(TcpClientStack::connect(&mut one, &mut d, "10.0.0.1:0".parse().unwrap()), invalid);
        assert_eq!(block(|| TcpClientStack::connect(&mut one, &mut d, server())).0, Ok(()));
        TcpClientStack::close(&mut one, d).unwrap();
        for _ in 0..20_000 {
            port.advance(core::time::Duration::from_micros(100));
            let _ = TcpClientStack::socket(&mut two).map(|socket| TcpClientStack::close(&mut two, socket));
        }
        assert!(port.with(|module, _| module.links().is_empty()));
    }

    #[test]
    fn a_server() {
        let memory = super::network();
        let port = port(builder(&memory).build());
        let resources = &mut Resources::new();
        let mut network = network(&port, resources);
        let mut listener = TcpClientStack::socket(&mut network).unwrap();
        assert_eq!(network.listen(&mut listener), Err(Error::WrongState));
        TcpFullStack::bind(&mut network, &mut listener, 80).unwrap();
        network.listen(&mut listener).unwrap();
        assert!(matches!(network.accept(&mut listener), Err(nb::Error::WouldBlock)));
        let from: SocketAddr = "192.168.4.9:50000".parse().unwrap();
        let peer = memory.connect_to_module(from, 80).unwrap();
        memory.push(peer, b"GET /");
        let (mut client, remote) = block(|| network.accept(&mut listener)).0.unwrap();
        assert_eq!(remote, from);
        let mut buffer = [0; 9];
        assert_eq!(block(|| TcpClientStack::receive(&mut network, &mut client, &mut buffer)).0, Ok(5));
        assert_eq!(block(|| TcpClientStack::send(&mut network, &mut client, b"200 OK")).0, Ok(6));
        TcpClientStack::close(&mut network, client).unwrap();
        for _ in 0..10_000 {
            network.poll().unwrap();
        }
        assert_eq!(memory.take_received(peer), b"200 OK");
        assert!(memory.is_closed_by_module(peer));
    }

    #[test]
    fn datagrams() {
        let memory = super::network();
        let peer: SocketAddr = "10.0.0.1:5000".parse().unwrap();
        memory.serve_udp(peer, |_, data| vec![data.iter().rev().copied().collect()]);
        let port = port(builder(&memory).build());
        let resources = &mut Resources::new();
        let mut network = network(&port, resources);
        let mut socket = UdpClientStack::socket(&mut network).unwrap();
        let mut buffer = [0; 9];
        let early = UdpClientStack::receive(&mut network, &mut socket, &mut buffer);
        assert_eq!(early, Err(nb::Error::Other(Error::WrongState)));
        UdpFullStack::bind(&mut network, &mut socket, 7000).unwrap();
        assert!(matches!(UdpClientStack::receive(&mut network, &mut socket, &mut buffer), Err(nb::Error::WouldBlock)));
        assert_eq!(block(|| network.send_to(&mut socket, peer, b"abc")).0, Ok(()));
        let received = block(|| UdpClientStack::receive(&mut network, &mut socket, &mut buffer)).0;
        assert_eq!((received, &buffer[..3]), (Ok((3, peer)), &b"cba"[..]));
        let unconnected = UdpClientStack::send(&mut network, &mut socket, b"x");
        assert_eq!(unconnected, Err(nb::Error::Other(Error::Udp(udp::Error::NoPeer))));
        UdpClientStack::close(&mut network, socket).unwrap();
        let mut socket = UdpClientStack::socket(&mut network).unwrap();
        UdpClientStack::connect(&mut network, &mut socket, peer).unwrap();
        assert_eq!(block(|| UdpClientStack::send(&mut network, &mut socket, b"hi")).0, Ok(()));
        assert_eq!(block(|| UdpClientStack::receive(&mut network, &mut socket, &mut buffer)).0, Ok((2, peer)));
    }

    /// sntpc, which knows nothing of this crate, over the blocking stack.
    #[test]
    fn sntp() {
        struct Socket<'n, N: UdpFullStack>(RefCell<(&'n mut N, N::UdpSocket)>);
        impl<N: UdpFullStack<Error = Error>> sntpc::NtpUdpSocket for Socket<'_, N> {
            async fn send_to(&self, data: &[u8], address: SocketAddr) -> sntpc::Result<usize> {
                let (network, socket) = &mut *self.0.borrow_mut();
                let sent = block(|| network.send_to(socket, address, data)).0;
                sent.map(|()| data.len()).map_err(|_| sntpc::Error::Network)
            }

            async fn recv_from(&self, buffer: &mut [u8]) -> sntpc::Result<(usize, SocketAddr)> {
                let (network, socket) = &mut *self.0.borrow_mut();
                block(|| network.receive(socket, buffer)).0.map_err(|_| sntpc::Error::Network)
            }
        }
        #[derive(Clone, Copy)]
        struct Stamp(Instant);
        impl sntpc::NtpTimestampGenerator for Stamp {
            fn init(&mut self) {}

            fn timestamp_sec(&self) -> u64 {
                self.0.as_secs()
            }

            fn timestamp_subsec_micros(&self) -> u32 {
                0
            }
        }
        let memory = super::network();
        let server: SocketAddr = "10.0.0.1:123".parse().unwrap();
        // 1 January 2027, as a server of stratum 1 says it.
        let seconds: u32 = 1_798_761_600 + 2_208_988_800_u64 as u32;
        memory.serve_udp(server, move |_, request| {
            let mut answer = vec![0; 48];
            answer[..3].copy_from_slice(&[0x24, 1, 6]);
            answer[24..32].copy_from_slice(&request[40..48]);
            for at in [16, 32, 40] {
                answer[at..at + 4].copy_from_slice(&seconds.to_be_bytes());
            }
            vec![answer]
        });
        let port = port(builder(&memory).build());
        let resources = &mut Resources::new();
        let mut network = network(&port, resources);
        let mut socket = UdpClientStack::socket(&mut network).unwrap();
        UdpFullStack::bind(&mut network, &mut socket, 0).unwrap();
        let socket = Socket(RefCell::new((&mut network, socket)));
        let context = sntpc::NtpContext::new(Stamp(Instant::from_secs(1_700_000_000)));
        let time = embassy_futures::block_on(sntpc::get_time(server, &socket, context)).unwrap();
        assert_eq!(time.sec(), 1_798_761_600);
        let _: IpAddr = server.ip();
    }
}
