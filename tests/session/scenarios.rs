//! The sessions.

use std::cell::RefCell;
use std::rc::Rc;

use super::common::*;
use super::{MODULE, Subject};
use embassy_futures::join::{join as join_both, join_array};
use embassy_time::{Duration, Timer};
use wifi_at::command::{CommandError, On};
use wifi_at::command::tcpip::AddressKind;
use wifi_at::command::wifi::JoinAccessPoint;
use wifi_at::net::{dns, tcp};
use wifi_at::wifi::{JoinError, JoinOptions};
use wifi_at::{Config, Event, Resources};
use wifi_at_simulator::{Action, Dialect, Hook, PeerSocket, Point, ReceiveCommand};
use wifi_at_support::virtual_time::{Line, drop_after};

/// Whether received data waits in the module until it is asked for.
const IS_PASSIVE: bool = !matches!(MODULE, Dialect::Esp32V1 | Dialect::WizFi360);

/// A server that sends back what it gets.
fn echo(data: &[u8]) -> Vec<u8> {
    data.to_vec()
}

/// A server that sends `page` and closes when it has seen the end of a request.
#[derive(Clone)]
pub(crate) struct Page(pub(crate) Rc<Vec<u8>>);

impl wifi_at_simulator::Peer for Page {
    fn on_data(&mut self, socket: &mut PeerSocket, data: &[u8]) {
        if data.ends_with(b"\r\n\r\n") {
            socket.send(&self.0);
            socket.close();
        }
    }
}

pub(crate) const REQUEST: &[u8] = b"GET / HTTP/1.0\r\nHost: \"x\"\r\n\r\n";

/// What a session showed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) page: Vec<u8>,
    events: Vec<Event>,
}

pub(crate) async fn session((control, stack): Handles<'_>) -> Seen {
    let mut events = control.events();
    control.wait_until_ready().await.unwrap();
    join(control).await;
    assert_eq!(stack.resolve("example.org", AddressKind::PreferIpv4).await, Ok(host()));
    let mut socket = connect(stack).await;
    write_all(&mut socket, REQUEST).await;
    let page = read_to_end(&mut socket).await;
    drop(socket);
    let mut seen = Vec::new();
    while let Some(event) = drop_after(1, events.next()).await {
        seen.push(event.unwrap());
    }
    Seen { page, events: seen }
}

fn page_module(page: &[u8]) -> Line<wifi_at_simulator::Simulator> {
    let network = network();
    let page = Page(Rc::new(page.to_vec()));
    network.serve(server(), move || page.clone());
    module(&network)
}

#[test]
fn every_split_point_gives_the_same_session() {
    let page = nasty(1500);
    let line = page_module(&page);
    let whole = with_driver(&line, session);
    assert!(whole.page == page);
    assert_eq!(whole.events, [Event::ModuleReady, Event::StationConnected, Event::StationGotAddress]);
    let record = line.record();
    assert!(record.len() > page.len() + 300);
    for position in 1..record.len() {
        let line = page_module(&page).with_split(position);
        assert!(with_driver(&line, session) == whole, "split before byte {position}");
        assert!(line.record() == record, "split before byte {position}");
    }
}

#[test]
fn bytes_may_come_in_pieces_of_any_size() {
    let page = nasty(9000);
    for chunk in [1, 2, 3, 7, 64, 255, 4096] {
        let line = page_module(&page).with_chunk(chunk);
        assert!(with_driver(&line, session).page == page, "{chunk}");
    }
}

#[test]
fn a_port_in_one_piece_will_do() {
    let page = nasty(9000);
    assert!(with_whole_port(&page_module(&page), session).page == page);
}

#[test]
fn all_receive_modes_and_header_forms() {
    let page = nasty(7000);
    for receive_command in [ReceiveCommand::Both, ReceiveCommand::Type, ReceiveCommand::Mode, ReceiveCommand::Neither] {
        for peer_in_receive_data in [false, true] {
            // No NONOS firmware has the peer there.
            if peer_in_receive_data && MODULE == Dialect::Esp8266Nonos {
                continue;
            }
            for quoted_peer in [false, true] {
                let network = network();
                let peer = Page(Rc::new(page.clone()));
                network.serve(server(), move || peer.clone());
                let line = Line::new(
                    builder(&network)
                        .with_variant(|variant| {
                            variant.receive_command = receive_command;
                            variant.peer_in_receive_data = peer_in_receive_data;
                            variant.quoted_peer = quoted_peer;
                            variant.blank_after_prompt = quoted_peer;
                            variant.closed_withheld = !quoted_peer;
                        })
                        .build(),
                );
                assert!(with_driver(&line, session).page == page, "{receive_command:?} {peer_in_receive_data}");
            }
        }
    }
}

#[test]
fn wrong_password_and_unknown_access_point() {
    let line = module(&network());
    with_driver(&line, async |(control, _)| {
        let wifi = control.wifi();
        assert_eq!(wifi.join(SSID, JoinOptions::new("not the one")).await, Err(JoinError::WrongPassword));
        assert_eq!(wifi.join("elsewhere", JoinOptions::open()).await, Err(JoinError::NoSuchAccessPoint));
        assert_eq!(wifi.join("", JoinOptions::open()).await, Err(JoinError::InvalidSsid));
        assert_eq!(wifi.join(&"x".repeat(33), JoinOptions::open()).await, Err(JoinError::InvalidSsid));
        assert_eq!(wifi.join(SSID, JoinOptions::new("short")).await, Err(JoinError::WrongPassword), "a WEP length");
        assert_eq!(wifi.join(SSID, JoinOptions::new("1234567")).await, Err(JoinError::InvalidPassphrase));
        let injected = wifi.join("x\r\nAT+RESTORE", JoinOptions::open()).await;
        assert!(matches!(injected, Err(JoinError::Command(wifi_at::command::CommandError::Encode(_)))));
        assert!(!wifi.is_connected());
        join(control).await;
        assert!(wifi.is_connected());
        wifi.leave().await.unwrap();
        assert!(!wifi.is_connected());
        assert_eq!(wifi.address().await.unwrap(), None);
    });
    assert!(line.with(|module, _| !module.commands().iter().any(|command| format!("{command:?}").contains("RESTORE"))));
}

#[test]
fn names_that_have_no_address() {
    let line = module(&network());
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        assert_eq!(stack.resolve("nowhere.example", AddressKind::PreferIpv4).await, Err(dns::Error::NotFound));
        assert_eq!(stack.resolve("", AddressKind::PreferIpv4).await, Err(dns::Error::InvalidName));
        assert_eq!(stack.resolve("a\nb", AddressKind::PreferIpv4).await, Err(dns::Error::InvalidName));
        assert_eq!(stack.resolve(&"x".repeat(300), AddressKind::PreferIpv4).await, Err(dns::Error::InvalidName));
        assert_eq!(stack.resolve("10.9.8.7", AddressKind::PreferIpv4).await, Ok("10.9.8.7".parse().unwrap()));
        let short_names = matches!(MODULE, Dialect::Esp8266Nonos | Dialect::WizFi360);
        let long = stack.resolve(&"x".repeat(64), AddressKind::PreferIpv4).await;
        assert_eq!(long, Err(if short_names { dns::Error::InvalidName } else { dns::Error::NotFound }));
        let has_ipv6 = MODULE == Dialect::EspAt;
        let ipv6 = stack.resolve("example.org", AddressKind::Ipv6).await;
        assert_eq!(ipv6, Err(if has_ipv6 { dns::Error::NotFound } else { dns::Error::Unsupported }));
    });
}

#[test]
fn names_without_a_network_or_without_a_resolver() {
    let explains = matches!(MODULE, Dialect::Esp8266Nonos | Dialect::WizFi360);
    let line = module(&network());
    with_driver(&line, async |(control, stack)| {
        control.wait_until_ready().await.unwrap();
        let resolve = async || stack.resolve("example.org", AddressKind::PreferIpv4).await;
        match resolve().await {
            Err(dns::Error::Command(CommandError::Refused(refusal))) if explains => {
                assert_eq!(refusal.reason, Some(wifi_at::Reason::NoAddress));
            }
            other => assert_eq!((other, explains), (Err(dns::Error::NotFound), false)),
        }
        join(control).await;
        // As firmware says it that does not know the command.
        let unknown: &[u8] = if explains { b"\r\nERROR\r\n" } else { b"ERR CODE:0x01090000\r\n\r\nERROR\r\n" };
        line.with(|module, _| module.on(Point::Answer("CIPDOMAIN".into()), Action::Replace(unknown.to_vec())));
        assert_eq!(resolve().await, Err(dns::Error::Unsupported));
        assert_eq!(resolve().await, Ok(host()));
    });
}

#[test]
fn refused_unreachable_and_senseless_connects() {
    let network = network();
    network.refuse(server());
    let silent = "10.0.0.1:81".parse().unwrap();
    network.ignore(silent);
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let connect = async |remote: &str| tcp::TcpSocket::connect(stack, remote.parse().unwrap()).await.map(drop);
        assert_eq!(connect("10.0.0.1:80").await, Err(tcp::ConnectError::Failed));
        assert_eq!(connect("10.0.0.1:81").await, Err(tcp::ConnectError::Failed));
        assert_eq!(connect("10.0.0.1:0").await, Err(tcp::ConnectError::InvalidAddress));
        assert_eq!(connect("0.0.0.0:80").await, Err(tcp::ConnectError::InvalidAddress));
        network.serve(server(), || echo);
        // All places are free again.
        let sockets = join_array([(); 5].map(|()| super::common::connect(stack))).await;
        assert_eq!(connect("10.0.0.1:80").await, Err(tcp::ConnectError::NoFreeSocket));
        drop(sockets);
        assert_eq!(connect("10.0.0.1:80").await, Ok(()));
    });
    assert!(line.with(|module, _| module.commands().len()) > 0);
}

#[test]
fn a_peer_that_closes_at_once_or_with_data_unread() {
    for withheld in [false, true] {
        for length in [0, 1, 4, 20_000] {
            let data = nasty(length);
            let network = network();
            network.serve_bytes(server(), data.clone());
            let line = Line::new(builder(&network).with_variant(|variant| variant.closed_withheld = withheld).build());
            with_driver(&line, async |(control, stack)| {
                join(control).await;
                let mut socket = connect(stack).await;
                Timer::after(Duration::from_secs(3)).await;
                assert!(read_to_end(&mut socket).await == data, "{length} {withheld}");
                assert_eq!(socket.read(&mut [0; 9]).await, Ok(0));
                assert_eq!(socket.write(b"x").await, Err(tcp::Error::ClosedByPeer));
                assert_eq!(socket.close().await, Ok(()));
            });
        }
    }
}

#[test]
fn a_peer_that_closes_after_the_last_byte_was_sent() {
    #[derive(Clone)]
    struct CloseOnData;
    impl wifi_at_simulator::Peer for CloseOnData {
        fn on_data(&mut self, socket: &mut PeerSocket, _: &[u8]) {
            socket.close();
        }
    }
    let network = network();
    network.serve(server(), || CloseOnData);
    with_driver(&module(&network), async |(control, stack)| {
        join(control).await;
        for pause in [0, 1000] {
            let mut socket = connect(stack).await;
            write_all(&mut socket, b"hello").await;
            Timer::after(Duration::from_millis(pause)).await;
            assert_eq!(socket.flush().await, Ok(()));
            assert_eq!(socket.read(&mut [0; 9]).await, Ok(0));
            assert_eq!(socket.write(b"x").await, Err(tcp::Error::ClosedByPeer));
        }
    });
}

#[test]
fn five_links_both_ways_at_once_with_slow_readers() {
    let network = network();
    network.serve(server(), || echo);
    let line = Line::new(builder(&network).baud(Some(921_600)).build()).with_quantum(Duration::from_micros(500).into());
    let mut resources = Resources::<5, 600, 300>::new();
    with_resources(&line, &mut resources, Config::default(), async |(control, stack)| {
        join(control).await;
        let client = async |number: usize| {
            let mut socket = connect(stack).await;
            let data = nasty(20_000 + 1000 * number);
            let (mut reader, mut writer) = socket.split();
            let send = async {
                use embedded_io_async::Write;
                for piece in data.chunks(1 + 97 * number) {
                    writer.write_all(piece).await.unwrap();
                }
                writer.flush().await.unwrap();
            };
            let receive = async {
                use embedded_io_async::Read;
                let mut back = vec![0; data.len()];
                let mut at = 0;
                while at < back.len() {
                    let end = back.len().min(at + 11 + 200 * number);
                    at += reader.read(&mut back[at..end]).await.unwrap();
                    if at % 7 == 0 {
                        Timer::after(Duration::from_millis(5)).await;
                    }
                }
                back
            };
            let ((), back) = join_both(send, receive).await;
            assert!(back == data, "link {number}");
            socket.close().await.unwrap();
        };
        join_array([0, 1, 2, 3, 4].map(client)).await;
        let counters = control.counters();
        assert_eq!((counters.dropped_bytes, counters.stray_results, counters.timeouts), (0, 0, 0));
    });
}

#[test]
fn dropping_any_future_at_any_point_shifts_no_answer() {
    let page = nasty(3000);
    // The operation that is dropped, then how often it is polled before.
    for operation in 0..8 {
        for polls in 0.. {
            let line = page_module(&page);
            let finished = with_driver(&line, async |(control, stack)| {
                control.wait_until_ready().await.unwrap();
                let mut finished = true;
                macro_rules! attempt {
                    ($number:literal, $future:expr) => {
                        if operation == $number {
                            finished = drop_after(polls, $future).await.is_some();
                        }
                    };
                }
                attempt!(0, control.wifi().join(SSID, JoinOptions::new(PASSWORD)));
                join(control).await;
                attempt!(1, control.wifi().address());
                assert!(control.wifi().address().await.unwrap().is_some());
                attempt!(2, stack.resolve("nowhere.example", AddressKind::PreferIpv4));
                assert_eq!(stack.resolve("example.org", AddressKind::PreferIpv4).await, Ok(host()));
                attempt!(3, tcp::TcpSocket::connect(stack, server()));
                let mut socket = connect(stack).await;
                attempt!(4, socket.flush());
                let mut sent = 0;
                if operation == 5 {
                    match drop_after(polls, socket.write(REQUEST)).await {
                        Some(count) => sent = count.unwrap(),
                        None => finished = false,
                    }
                }
                write_all(&mut socket, &REQUEST[sent..]).await;
                attempt!(6, socket.flush());
                socket.flush().await.unwrap();
                let mut start = Vec::new();
                if operation == 7 {
                    let mut buffer = [0; 50];
                    match drop_after(polls, socket.read(&mut buffer)).await {
                        Some(count) => start.extend_from_slice(&buffer[..count.unwrap()]),
                        None => finished = false,
                    }
                }
                start.extend(read_to_end(&mut socket).await);
                assert!(start == page, "operation {operation}, dropped after {polls} polls");
                assert_eq!(control.wifi().address().await.unwrap().unwrap().address.octets()[0], 192);
                // Nothing is left open.
                drop(socket);
                Timer::after(Duration::from_secs(2)).await;
                finished
            });
            line.with(|module, _| {
                assert!(module.links().is_empty(), "operation {operation}, {polls} polls: {:?}", module.links());
            });
            if finished {
                assert!(polls > 0 || operation == 4 || operation == 5 || operation == 6);
                break;
            }
        }
    }
}

#[test]
fn the_runner_may_be_dropped_and_run_again() {
    use embassy_futures::select::{Either, select};
    let page = nasty(3000);
    for polls in [1, 2, 3, 5, 8, 13] {
        let line = page_module(&page);
        let resources = &mut Resources::<2, 600, 300>::new();
        let seen = wifi_at_support::virtual_time::run(&line, async {
            let serial = wifi_at::serial::Split::new(line.clone(), line.clone());
            let pins = wifi_at::Pins::none();
            let parts = wifi_at::new::<Subject, _, _, _>(serial, pins, resources, Config::default());
            let mut runner = parts.runner;
            let interrupted = async {
                loop {
                    assert!(drop_after(polls, runner.run()).await.is_none());
                    Timer::after(Duration::from_millis(1)).await;
                }
            };
            match select(interrupted, session((parts.control, parts.stack))).await {
                Either::First(()) => unreachable!(),
                Either::Second(seen) => seen,
            }
        });
        assert!(seen.page == page, "{polls}");
    }
}

#[test]
fn a_reset_fails_sockets_once_and_the_driver_recovers() {
    let network = network();
    network.serve(server(), || echo);
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut socket = connect(stack).await;
        let mut other = connect(stack).await;
        write_all(&mut socket, b"hello").await;
        let mut buffer = [0; 9];
        assert_eq!(socket.read(&mut buffer).await, Ok(5));
        let mut events = control.events();
        line.with(|module, now| module.restart(now, b"\r\n ets Jan  8 2013,rst cause:4\xff\0\r\n"));
        assert_eq!(socket.read(&mut buffer).await, Err(tcp::Error::ConnectionReset));
        assert_eq!(socket.read(&mut buffer).await, Err(tcp::Error::NotConnected));
        assert_eq!(other.write(b"x").await, Err(tcp::Error::ConnectionReset));
        assert_eq!(other.write(b"x").await, Err(tcp::Error::NotConnected));
        assert_eq!(events.next().await, Ok(Event::ModuleReset));
        assert_eq!(events.next().await, Ok(Event::ModuleReady));
        assert!(!control.wifi().is_connected());
        assert_eq!(control.counters().resets, 1);
        join(control).await;
        let mut socket = connect(stack).await;
        write_all(&mut socket, b"again").await;
        assert_eq!(socket.read(&mut buffer).await, Ok(5));
    });
}

/// A session during which something goes wrong that must not be noticed.
fn survives(hook: Hook) -> wifi_at::Counters {
    let page = nasty(3000);
    let line = page_module(&page);
    let hook = RefCell::new(Some(hook));
    with_driver(&line, async |(control, stack)| {
        control.wait_until_ready().await.unwrap();
        if let Some(hook) = hook.take() {
            line.with(|module, _| module.hook(hook));
        }
        assert!(session((control, stack)).await.page == page);
        // A confirmation may come after the data that it made the peer send.
        Timer::after(Duration::from_millis(100)).await;
        line.with(|module, _| assert!(module.pending_hooks().is_empty(), "the fault never came"));
        control.counters()
    })
}

#[test]
fn busy_before_the_answer() {
    for command in [<JoinAccessPoint<'_> as On<Subject>>::NAME, "AT+CIPSTART", "AT+CIPSEND", "AT+CIPRECVDATA", "AT+CIPDOMAIN"] {
        if command == "AT+CIPRECVDATA" && !IS_PASSIVE {
            continue;
        }
        let noise = b"ERR CODE:0x010b0000\r\n\r\nbusy p...\r\n".to_vec();
        let counters = survives(Hook::new(Point::Answer(command[3..].into()), Action::Before(noise)));
        assert_eq!(counters.busy, 1, "{command}");
    }
}

#[test]
fn messages_between_ok_and_prompt_and_before_send_ok() {
    for point in [Point::Prompt, Point::SendResult, Point::Final, Point::Data, Point::Notice] {
        if point == Point::Notice && !IS_PASSIVE {
            continue;
        }
        let noise = b"\r\n+STA_CONNECTED:\"1a:2b:3c:4d:5e:6f\"\r\nWIFI GOT IPv6 LL\r\n+UNKNOWN:1,\"x\"\r\n".to_vec();
        survives(Hook::new(point, Action::Before(noise)));
    }
}

#[test]
fn a_lost_prompt() {
    survives(Hook::new(Point::Prompt, Action::Drop));
}

#[test]
fn a_lost_receive_notice() {
    if !IS_PASSIVE {
        return;
    }
    survives(Hook::new(Point::Notice, Action::Drop));
}

#[test]
fn long_lines_and_lines_glued_to_the_final_result() {
    let long = [&[b'x'; 700][..], b"\r\n"].concat();
    let counters = survives(Hook::new(Point::Final, Action::Before(long)));
    // What some modules print at their start has no line ends either.
    let boot = survives(Hook::new(Point::Final, Action::Before(Vec::new()))).long_lines;
    assert_eq!(counters.long_lines, 1 + boot);
    survives(Hook::new(Point::Final, Action::Before(b"+FOO:1\r\n".to_vec())));
}

#[test]
fn a_missing_send_ok_fails_the_socket_and_nothing_else() {
    let network = network();
    network.serve(server(), || echo);
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut socket = connect(stack).await;
        let mut other = connect(stack).await;
        line.with(|module, _| module.on(Point::SendResult, Action::Drop));
        write_all(&mut socket, b"hello").await;
        assert_eq!(socket.flush().await, Err(tcp::Error::SendFailed));
        write_all(&mut other, b"hello").await;
        let mut buffer = [0; 9];
        assert_eq!(other.flush().await, Ok(()));
        assert_eq!(other.read(&mut buffer).await, Ok(5));
        assert_eq!(control.counters().timeouts, 1);
        assert_eq!(control.counters().resets, 0);
    });
}

#[test]
fn an_answer_that_comes_too_late_is_nobodys() {
    let line = module(&network());
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let late = embassy_time::Duration::from_secs(30);
        line.with(|module, _| module.on(Point::Answer("CIPDOMAIN".into()), Action::Delay(late.into())));
        let gone = stack.resolve("nowhere.example", AddressKind::PreferIpv4).await;
        assert_eq!(gone, Err(dns::Error::Command(wifi_at::command::CommandError::Timeout)));
        assert_eq!(stack.resolve("example.org", AddressKind::PreferIpv4).await, Ok(host()));
        assert!(control.wifi().address().await.unwrap().is_some());
    });
}

#[test]
fn a_payload_that_breaks_off() {
    let page = nasty(3000);
    let line = page_module(&page);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut socket = connect(stack).await;
        let mut events = control.events();
        let boot = b"\r\n ets Jan  8 2013,rst cause:4, boot mode:(3,6)\r\n".to_vec();
        line.with(|module, _| module.on(Point::Data, Action::Restart(70, boot)));
        write_all(&mut socket, REQUEST).await;
        let mut received = Vec::new();
        let mut buffer = [0; 100];
        let error = loop {
            match socket.read(&mut buffer).await {
                Ok(count) => received.extend_from_slice(&buffer[..count]),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, tcp::Error::DataLost { .. } | tcp::Error::ConnectionReset), "{error:?}");
        assert!(received.starts_with(&page[..70]));
        while events.next().await != Ok(Event::ModuleReady) {}
        assert!(session((control, stack)).await.page == page);
    });
}

#[test]
fn an_aborted_socket_sends_nothing_more() {
    let network = network();
    network.serve(server(), || echo);
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut socket = connect(stack).await;
        write_all(&mut socket, &nasty(400)).await;
        let mut other = connect(stack).await;
        write_all(&mut other, b"unsent").await;
        other.abort();
        socket.close().await.unwrap();
        Timer::after(Duration::from_secs(1)).await;
    });
    line.with(|module, _| {
        assert!(module.links().is_empty());
        let sends: Vec<_> = module.commands().iter().filter(|command| command.line.starts_with("AT+CIPSEND")).collect();
        assert!(sends.iter().all(|command| command.line.starts_with("AT+CIPSEND=4,")), "{sends:?}");
    });
}

#[test]
fn no_module_at_all() {
    let line = Line::new(wifi_at_support::script::Script::new());
    with_driver(&line, async |(control, _)| {
        assert_eq!(control.wait_until_ready().await, Err(wifi_at::NotReady::Silent));
        let error = control.wifi().address().await.unwrap_err();
        assert_eq!(error, wifi_at::command::CommandError::ModuleSilent);
    });
}
