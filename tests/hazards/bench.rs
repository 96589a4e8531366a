//! A day in the life of a driver, and what a fault may do to it.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use super::MODULE;
use super::common::*;
use embassy_futures::join::join as join_both;
use embassy_time::{Duration, Timer, with_timeout};
use wifi_at::Counters;
use wifi_at::command::tcpip::AddressKind;
use wifi_at::net::listener::TcpListener;
use wifi_at::net::tcp::TcpSocket;
use wifi_at::net::udp::UdpSocket;
use wifi_at::wifi::{JoinOptions, ScanOptions};
use wifi_at_simulator::{AccessPoint, Dialect, Fault, Hook, MemoryNetwork, PeerSocket, Simulator, When};
use wifi_at_support::virtual_time::Line;

/// Whether received data waits in the module until it is asked for.
pub(crate) const IS_PASSIVE: bool = !matches!(MODULE, Dialect::Esp32V1 | Dialect::WizFi360);

pub(crate) const REQUEST: &[u8] = b"GET / HTTP/1.0\r\nHost: \"x\"\r\n\r\n";
/// The port of the module's own server.
pub(crate) const PORT: u16 = 8080;
pub(crate) const PAGE: usize = 3000;
/// Longer than anything takes in which a module does what it should.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Sends back what it gets.
pub(crate) fn echo_server() -> SocketAddr {
    "10.0.0.1:81".parse().unwrap()
}

/// Sends datagrams back.
pub(crate) fn datagram_server() -> SocketAddr {
    "10.0.0.1:7".parse().unwrap()
}

pub(crate) fn client_address(number: u16) -> SocketAddr {
    SocketAddr::new([192, 0, 2, 7].into(), 40_000 + number)
}

/// Sends a page and closes when it has seen the end of a request.
#[derive(Clone)]
struct Page(Rc<Vec<u8>>);

impl wifi_at_simulator::Peer for Page {
    fn on_data(&mut self, socket: &mut PeerSocket, data: &[u8]) {
        if data.ends_with(b"\r\n\r\n") {
            socket.send(&self.0);
            socket.close();
        }
    }
}

/// A network with a server for pages, one that sends back what it gets, and one for datagrams.
pub(crate) fn world() -> MemoryNetwork {
    let network = network();
    let page = Page(Rc::new(nasty(PAGE)));
    network.serve(server(), move || page.clone());
    network.serve(echo_server(), || |data: &[u8]| data.to_vec());
    network.serve_udp(datagram_server(), |_, data| vec![data.to_vec()]);
    network
}

/// A module in that network.
pub(crate) struct Bench {
    pub(crate) network: MemoryNetwork,
    pub(crate) line: Line<Simulator>,
    /// Whether bytes of a payload may be wrong and nothing shows it.
    pub(crate) damaged: bool,
    pub(crate) next_client: RefCell<u16>,
}

/// What did not work, and how.
pub(crate) type Failed = String;

impl Bench {
    pub(crate) fn new() -> Self {
        let network = world();
        let other = AccessPoint::new("the neighbour's", "secret password").rssi(-80);
        Self::on(Line::new(builder(&network).access_point(other).build()), network)
    }

    pub(crate) const fn on(line: Line<Simulator>, network: MemoryNetwork) -> Self {
        Self { network, line, damaged: false, next_client: RefCell::new(0) }
    }

    pub(crate) fn with_fault(fault: Fault, when: When) -> Self {
        let bench = Self::new();
        bench.inject(fault, when);
        bench
    }

    pub(crate) fn inject(&self, fault: Fault, when: When) {
        self.line.with(|module, _| module.inject_fault(fault, when).unwrap());
    }

    pub(crate) fn hook(&self, hook: Hook) {
        self.line.with(|module, _| module.hook(hook));
    }

    /// Whether a fault has still not come.
    pub(crate) fn is_pending(&self) -> bool {
        self.line.with(|module, _| !module.pending_faults().is_empty() || !module.pending_hooks().is_empty())
    }

    /// How often the host has sent a command that begins so.
    pub(crate) fn count(&self, command: &str) -> usize {
        self.line.with(|module, _| module.commands().iter().filter(|sent| sent.line.starts_with(command)).count())
    }

    /// What the module said at last, but for the answers to questions that the driver asks by itself.
    fn last_lines(&self) -> String {
        let record = self.line.record();
        let lines = record.split(|byte| *byte == b'\n').filter(|line| line.len() > 3 && !line.starts_with(b"+CIPRECVLEN"));
        let lines: Vec<_> = lines.map(|line| line.escape_ascii().to_string()).collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    fn client_number(&self) -> u16 {
        *self.next_client.borrow_mut() += 1;
        *self.next_client.borrow()
    }

    /// All that a driver can do, once. Wrong data is never an option; an operation that fails ends it.
    pub(crate) async fn attempt(&self, handles: Handles<'_>) -> Result<(), Failed> {
        let everything = self.everything(handles);
        let result = with_timeout(Duration::from_secs(900), everything).await;
        result.unwrap_or_else(|_| panic!("it hangs, after {}", self.last_lines()))
    }

    async fn everything(&self, (control, stack): Handles<'_>) -> Result<(), Failed> {
        let failed = |what: &str, error: &dyn core::fmt::Debug| format!("{what}: {error:?}");
        control.wait_until_ready().await.map_err(|error| failed("bring-up", &error))?;
        let wifi = control.wifi();
        let join = wifi.join(SSID, JoinOptions::new(PASSWORD)).await;
        join.map_err(|error| failed("join", &error))?;
        self.scan(control).await?;
        let found = stack.resolve("example.org", AddressKind::PreferIpv4).await;
        assert_eq!(found.map_err(|error| failed("resolve", &error))?, host());
        let listener = TcpListener::bind(stack, PORT).await.map_err(|error| failed("listen", &error))?;
        self.serve(&listener).await?;
        self.echoes(stack).await?;
        self.page(stack).await?;
        self.serve(&listener).await?;
        drop(listener);
        self.datagrams(stack).await?;
        let address = wifi.address().await.map_err(|error| failed("address", &error))?;
        address.map(drop).ok_or_else(|| failed("address", &"none"))
    }

    async fn scan(&self, control: wifi_at::Control<'_, super::Subject>) -> Result<(), Failed> {
        let mut scan = control.wifi().scan(ScanOptions::new()).await.map_err(|error| format!("scan: {error:?}"))?;
        let mut names = Vec::new();
        loop {
            match scan.next().await {
                Ok(Some(point)) => names.push(point.ssid.unwrap().as_bytes().to_vec()),
                Ok(None) => break,
                Err(error) => return Err(format!("scan: {error:?}")),
            }
        }
        assert_eq!(scan.malformed(), 0);
        assert!(names.iter().any(|known| known == SSID.as_bytes()), "{names:?}");
        Ok(())
    }

    /// What came is the beginning of what was sent, and all of it if that is what the socket said.
    fn check(&self, what: &str, received: &[u8], sent: &[u8]) {
        let same = sent.starts_with(received);
        assert!(same || self.damaged, "{what}: wrong data, {} bytes: {}", received.len(), received.escape_ascii());
    }

    /// Reads so many bytes.
    pub(crate) async fn read(&self, what: &str, socket: &mut TcpSocket<'_>, expected: &[u8]) -> Result<(), Failed> {
        let mut received = Vec::new();
        let mut buffer = [0; 300];
        let mut result = Ok(());
        while received.len() < expected.len() {
            match with_timeout(PATIENCE, socket.read(&mut buffer)).await {
                Ok(Ok(0)) => result = Err(format!("{what}: the end after {} bytes", received.len())),
                Ok(Ok(count)) => received.extend_from_slice(&buffer[..count]),
                Ok(Err(error)) => result = Err(format!("{what}: {error:?}")),
                Err(_) => result = Err(format!("{what}: no more data")),
            }
            if result.is_err() {
                break;
            }
        }
        self.check(what, &received, expected);
        result
    }

    pub(crate) async fn write(&self, what: &str, socket: &mut TcpSocket<'_>, mut bytes: &[u8]) -> Result<(), Failed> {
        while !bytes.is_empty() {
            bytes = &bytes[socket.write(bytes).await.map_err(|error| format!("{what}: {error:?}"))?..];
        }
        socket.flush().await.map_err(|error| format!("{what}: {error:?}"))
    }

    /// Four writes to a server that sends them back.
    pub(crate) async fn echoes(&self, stack: wifi_at::Stack<'_>) -> Result<(), Failed> {
        let mut socket = TcpSocket::connect(stack, echo_server()).await.map_err(|error| format!("connect: {error:?}"))?;
        for length in [1, 40, 700, 333] {
            let data = nasty(length);
            self.write("echo", &mut socket, &data).await?;
            self.read("echo", &mut socket, &data).await?;
        }
        socket.close().await.map_err(|error| format!("close: {error:?}"))
    }

    /// A page that ends with the connection.
    pub(crate) async fn page(&self, stack: wifi_at::Stack<'_>) -> Result<(), Failed> {
        let mut socket = TcpSocket::connect(stack, server()).await.map_err(|error| format!("connect: {error:?}"))?;
        self.write("page", &mut socket, REQUEST).await?;
        let page = nasty(PAGE);
        self.read("page", &mut socket, &page).await?;
        match with_timeout(PATIENCE, socket.read(&mut [0; 9])).await {
            Ok(Ok(0)) => Ok(()),
            Ok(Ok(count)) if !self.damaged => panic!("page: {count} bytes too many"),
            other => Err(format!("page: {other:?} for its end")),
        }
    }

    /// Two clients in turn; the second comes as soon as the first has gone.
    pub(crate) async fn serve(&self, listener: &TcpListener<'_>) -> Result<(), Failed> {
        for length in [5, 900] {
            let number = self.client_number();
            let client = self.network.connect_to_module(client_address(number), PORT);
            let client = client.ok_or("server: not reached")?;
            let data = nasty(length);
            self.network.push(client, &data);
            let accepted = with_timeout(PATIENCE, listener.accept()).await;
            let accepted = accepted.map_err(|_| "accept: nobody came".to_string())?;
            let (mut socket, remote) = accepted.map_err(|error| format!("accept: {error:?}"))?;
            if remote != client_address(number) {
                return Err(format!("accept: {remote}"));
            }
            self.read("server", &mut socket, &data).await?;
            self.write("server", &mut socket, &data).await?;
            // A link may be lost without a word: nobody would wait for its end for ever.
            let (closed, ()) = join_both(with_timeout(PATIENCE, socket.read(&mut [0; 9])), async {
                Timer::after(Duration::from_millis(50)).await;
                let received = self.network.take_received(client);
                assert!(received == data || self.damaged, "the client got something else");
                self.network.close_peer(client);
            })
            .await;
            if closed != Ok(Ok(0)) {
                return Err(format!("server: {closed:?} for the end"));
            }
        }
        Ok(())
    }

    /// Three datagrams that come back.
    pub(crate) async fn datagrams(&self, stack: wifi_at::Stack<'_>) -> Result<(), Failed> {
        let socket = UdpSocket::connect(stack, datagram_server()).await.map_err(|error| format!("udp: {error:?}"))?;
        let mut buffer = [0; 300];
        for length in [1, 200, 80] {
            let data = nasty(length);
            socket.send(&data).await.map_err(|error| format!("udp: {error:?}"))?;
            socket.flush().await.map_err(|error| format!("udp: {error:?}"))?;
            match with_timeout(PATIENCE, socket.recv(&mut buffer)).await {
                Ok(Ok(count)) if buffer[..count] == data => {}
                Ok(Ok(_)) if !self.damaged => panic!("udp: wrong data"),
                other => return Err(format!("udp: {other:?}")),
            }
        }
        Ok(())
    }

    /// An attempt that must succeed.
    pub(crate) fn works(&self) -> Counters {
        with_driver(&self.line, async |handles| {
            assert_eq!(self.attempt(handles).await, Ok(()));
            handles.0.counters()
        })
    }
}

/// At how many places of one attempt a fault is tried, at most.
const PLACES: u32 = 60;

/// Shows the fault at each place where it can come, one after the other, and gives `test` a module with it. `test` is to
/// make an attempt. Gives at how many places the fault came.
pub(crate) fn everywhere(fault: Fault, test: impl Fn(&Bench, u32)) -> u32 {
    if !fault.applies_to(MODULE) {
        return 0;
    }
    for place in 1..=PLACES {
        let bench = Bench::with_fault(fault, When::Nth(place));
        test(&bench, place);
        if bench.is_pending() {
            assert!(place > 1, "{fault} never came");
            return place - 1;
        }
    }
    PLACES
}

/// A fault that nobody must notice, wherever it comes.
pub(crate) fn harmless(fault: Fault) {
    everywhere(fault, |bench, place| {
        with_driver(&bench.line, async |handles| {
            let result = bench.attempt(handles).await;
            assert_eq!(result, Ok(()), "{fault} number {place}");
            assert_eq!(handles.0.counters().resets, 0, "{fault} number {place}");
        });
    });
}

/// A fault that may fail the operation that it hits, and no later one once the driver is in step again. `tries` says how
/// many attempts may fail. Gives what failed at each place.
pub(crate) fn recovers(fault: Fault, tries: usize) -> Vec<Vec<Failed>> {
    recovers_from(fault, tries, false)
}

/// As [`recovers`]; `damaged` says whether the fault may change data without anybody being able to notice.
pub(crate) fn recovers_from(fault: Fault, tries: usize, damaged: bool) -> Vec<Vec<Failed>> {
    let all = RefCell::new(Vec::new());
    let places = everywhere(fault, |bench, place| {
        let bench = Bench { damaged, ..Bench::on(bench.line.clone(), bench.network.clone()) };
        with_driver(&bench.line, async |handles| {
            let mut failures = Vec::new();
            while let Err(failed) = bench.attempt(handles).await {
                failures.push(failed);
                assert!(failures.len() <= tries, "{fault} number {place}: {failures:?}");
                Timer::after(Duration::from_secs(1)).await;
            }
            all.borrow_mut().push(failures);
        });
    });
    let mut all = all.into_inner();
    all.truncate(places as usize);
    all
}
