//! E: the life of connections.

use super::bench::*;
use super::common::*;
use super::MODULE;
use embassy_time::{Duration, Instant, Timer, with_timeout};
use wifi_at::command::CommandError;
use wifi_at::command::tcpip::AddressKind;
use wifi_at::net::dns;
use wifi_at::net::listener::TcpListener;
use wifi_at::net::tcp::{ConnectError, Error, TcpSocket};
use wifi_at::net::udp::{self, UdpSocket};
use wifi_at::Event;
use wifi_at_simulator::{Action, Dialect, Fault, Hook, Point, When};

async fn echo(stack: wifi_at::Stack<'_>) -> Result<TcpSocket<'_>, ConnectError> {
    TcpSocket::connect(stack, echo_server()).await
}

/// How a connect ends that is answered so, and that the next one works.
fn connects_with(answer: Action) -> Result<(), ConnectError> {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        bench.hook(Hook::new(Point::Answer("CIPSTART".into()), answer));
        let result = echo(stack).await.map(drop);
        assert!(!bench.is_pending());
        for _ in 0..6 {
            assert_eq!(bench.echoes(stack).await, Ok(()));
        }
        Timer::after(Duration::from_secs(5)).await;
        assert!(bench.line.with(|module, _| module.links().is_empty()), "a link is left over");
        result
    })
}

fn replace(answer: &str) -> Action {
    Action::Replace(answer.into())
}

#[test]
fn e1_a_client_takes_the_link_of_a_connect() {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let listener = TcpListener::bind(stack, PORT).await.unwrap();
        for number in 0..3 {
            bench.inject(Fault::StolenLink, When::Next);
            let own = async {
                let mut socket = echo(stack).await.unwrap();
                write_all(&mut socket, b"own").await;
                let mut buffer = [0; 9];
                assert_eq!((socket.read(&mut buffer).await, &buffer[..3]), (Ok(3), &b"own"[..]));
            };
            let client = async {
                Timer::after(Duration::from_millis(1)).await;
                let client = bench.network.connect_to_module(client_address(number), PORT).unwrap();
                bench.network.push(client, b"theirs");
                let (mut socket, remote) = listener.accept().await.unwrap();
                let mut buffer = [0; 9];
                assert_eq!((socket.read(&mut buffer).await, &buffer[..6]), (Ok(6), &b"theirs"[..]));
                assert_eq!(remote, client_address(number));
            };
            with_timeout(Duration::from_secs(60), embassy_futures::join::join(own, client)).await.unwrap();
        }
        assert_eq!(listener.rejected(), 0);
    });
}

#[test]
fn e2_the_other_form_of_connect() {
    if Fault::LinkMessage.applies_to(MODULE) {
        let bench = Bench::with_fault(Fault::LinkMessage, When::Random(500_000));
        with_driver(&bench.line, async |(control, stack)| {
            join(control).await;
            for _ in 0..8 {
                assert_eq!(bench.echoes(stack).await, Ok(()));
                assert_eq!(bench.page(stack).await, Ok(()));
            }
            assert!(bench.line.with(|module, _| module.shown_faults().len()) > 3);
        });
        // With a server it is asked for, and all links are announced so.
        Bench::new().works();
    }
}

#[test]
fn e3_the_module_has_kept_a_link() {
    // The connect that meets it may fail or take another link; none after it does.
    let failures = recovers(Fault::LinkKept, 1);
    assert!(!failures.is_empty(), "{failures:?}");
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        bench.inject(Fault::LinkKept, When::Next);
        assert_eq!(bench.echoes(stack).await, Ok(()));
        assert!(!bench.is_pending());
        for _ in 0..7 {
            assert_eq!(bench.echoes(stack).await, Ok(()));
        }
    });
}

#[test]
fn e4_a_link_that_is_used_again_at_once() {
    harmless(Fault::LinkReused);
}

#[test]
fn e5_connects_that_succeed_or_fail_in_other_words() {
    // Only an error; CONNECT and then an error; refused with words.
    for answer in ["\r\nERROR\r\n", "4,CONNECT\r\n\r\nERROR\r\n", "DNS Fail\r\n\r\nERROR\r\n", "no ip\r\n\r\nERROR\r\n"] {
        assert_eq!(connects_with(replace(answer)), Err(ConnectError::Failed), "{answer:?}");
    }
    // CONNECT comes behind OK.
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        bench.hook(Hook::new(Point::LinkState, Action::Drop));
        bench.hook(Hook::new(Point::Final, Action::After(b"4,CONNECT\r\n".to_vec())));
        assert_eq!(bench.echoes(stack).await, Ok(()));
        assert!(!bench.is_pending());
        // It never comes: the link is not known to be open, and is closed to be safe.
        bench.hook(Hook::new(Point::LinkState, Action::Drop));
        assert_eq!(echo(stack).await.map(drop), Err(ConnectError::Failed));
        Timer::after(Duration::from_secs(5)).await;
        assert!(bench.line.with(|module, _| module.links().is_empty()));
        assert_eq!(bench.echoes(stack).await, Ok(()));
    });
}

#[test]
fn e6_a_connect_that_succeeds_too_late() {
    let late = std::time::Duration::from_secs(100);
    assert_eq!(connects_with(Action::Delay(late)), Err(ConnectError::Command(CommandError::Timeout)));
}

#[test]
fn e7_closed_and_ok() {
    let failures = recovers(Fault::ClosedWithOk, 1);
    assert!(failures.len() >= 2 && failures.iter().all(|failures| failures == &["connect: Failed"]), "{failures:?}");
}

#[test]
fn e8_a_close_of_what_is_closed() {
    harmless(Fault::AlreadyClosed);
    for answer in ["UNLINK\r\n\r\nERROR\r\n", "link is not valid\r\n\r\nERROR\r\n", "4,CLOSED\r\nUNLINK\r\n\r\nERROR\r\n"] {
        let bench = Bench::new();
        with_driver(&bench.line, async |(control, stack)| {
            join(control).await;
            let mut socket = echo(stack).await.unwrap();
            bench.hook(Hook::new(Point::Answer("CIPCLOSE".into()), replace(answer)));
            assert_eq!(socket.close().await, Ok(()), "{answer:?}");
        });
    }
}

#[test]
fn e9_a_close_that_is_not_answered() {
    let failures = recovers(Fault::CloseUnanswered, 1);
    assert!(!failures.is_empty(), "{failures:?}");
}

#[test]
fn e10_a_close_restarts_the_module() {
    let failures = recovers(Fault::RestartOnClose, 1);
    assert!(!failures.is_empty(), "{failures:?}");
}

#[test]
fn e11_the_module_gives_up_closing_and_restarts() {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let mut socket = echo(stack).await.unwrap();
        let mut events = control.events();
        bench.hook(Hook::new(
            Point::Answer("CIPCLOSE".into()),
            Action::Restart(0, b"close() reach to max timeout: 10s, esp_restart() now!\r\n".to_vec()),
        ));
        let before = Instant::now();
        let closed = socket.close().await;
        assert!(matches!(closed, Ok(()) | Err(Error::ConnectionReset)), "{closed:?}");
        assert_eq!(events.next().await, Ok(Event::ModuleReset));
        assert_eq!(events.next().await, Ok(Event::ModuleReady));
        assert!(before.elapsed() < Duration::from_secs(30), "{:?}", before.elapsed());
        assert_eq!(bench.attempt((control, stack)).await, Ok(()));
    });
}

#[test]
fn e13_wifi_goes_with_and_without_notices() {
    for fault in [Fault::WifiDrop, Fault::WifiDropSilent] {
        let failures = recovers(fault, 2);
        assert!(failures.len() > 20, "{failures:?}");
    }
    // A TCP link that the module says nothing of fails when it is used at the latest; so does one of UDP.
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let mut socket = echo(stack).await.unwrap();
        let datagrams = UdpSocket::connect(stack, datagram_server()).await.unwrap();
        bench.inject(Fault::WifiDropSilent, When::Next);
        Timer::after(Duration::from_secs(1)).await;
        write_all(&mut socket, b"x").await;
        assert!(with_timeout(Duration::from_secs(60), socket.flush()).await.unwrap().is_err());
        if datagrams.send(b"x").await.is_ok() {
            let sent = with_timeout(Duration::from_secs(60), datagrams.flush()).await.unwrap();
            assert!(matches!(sent, Err(udp::Error::SendFailed | udp::Error::ConnectionReset) | Ok(())), "{sent:?}");
        }
    });
}

#[test]
fn e14_connects_fail_again_and_again() {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        for number in 0..12 {
            let answer = replace("\r\nERROR\r\n4,CLOSED\r\n3,CLOSED\r\n");
            bench.hook(Hook::new(Point::Answer("CIPSTART".into()), answer));
            assert_eq!(echo(stack).await.map(drop), Err(ConnectError::Failed), "{number}");
            assert_eq!(control.wifi().address().await.unwrap().map(drop), Some(()));
        }
        assert_eq!((control.counters().timeouts, control.counters().resets), (0, 0));
        assert_eq!(bench.echoes(stack).await, Ok(()));
    });
}

#[test]
fn e15_the_servers_time_limit_is_set_while_it_runs() {
    use wifi_at::net::listener::ListenOptions;
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let options = ListenOptions::new(PORT).idle_timeout(Duration::from_secs(100));
        let listener = TcpListener::bind(stack, options).await.unwrap();
        assert_eq!(bench.serve(&listener).await, Ok(()));
    });
    let position = |start: &str| {
        bench.line.with(|module, _| module.commands().iter().position(|sent| sent.line.starts_with(start)))
    };
    assert!(position("AT+CIPSERVER=1").unwrap() < position("AT+CIPSTO=100").unwrap());
}

#[test]
fn e16_whoever_waits_for_a_closed_socket_is_woken() {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let mut socket = echo(stack).await.unwrap();
        let (mut reader, mut writer) = socket.split();
        let read = async {
            let mut buffer = [0; 9];
            embedded_io_async::Read::read(&mut reader, &mut buffer).await
        };
        let close = async {
            Timer::after(Duration::from_secs(2)).await;
            bench.line.with(|module, now| module.close_link(now, 4));
        };
        let (read, ()) = with_timeout(Duration::from_secs(9), embassy_futures::join::join(read, close)).await.unwrap();
        assert_eq!(read, Ok(0));
        let written = with_timeout(Duration::from_secs(9), embedded_io_async::Write::write(&mut writer, b"x")).await;
        assert_eq!(written.unwrap(), Err(Error::ClosedByPeer));
        drop(socket);
        // Nothing of it is left at the next use of its place and link.
        assert_eq!(bench.echoes(stack).await, Ok(()));
    });
}

#[test]
fn e17_closed_while_data_arrives() {
    // The socket is dropped at every moment of a transfer; another one goes on.
    for milliseconds in (0..60).step_by(3) {
        let bench = Bench::new();
        with_driver(&bench.line, async |(control, stack)| {
            join(control).await;
            let mut socket = TcpSocket::connect(stack, server()).await.unwrap();
            write_all(&mut socket, REQUEST).await;
            let page = bench.page(stack);
            let closer = async {
                Timer::after(Duration::from_millis(milliseconds)).await;
                drop(socket);
            };
            assert_eq!(embassy_futures::join::join(page, closer).await.0, Ok(()));
            Timer::after(Duration::from_secs(2)).await;
            assert!(bench.line.with(|module, _| module.links().is_empty()));
        });
    }
}

#[test]
fn e18_closed_inside_other_text() {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let mut socket = echo(stack).await.unwrap();
        for text in [",CLOSED\r\n", "x4,CLOSED\r\n", "14,CLOSED\r\n", "4,CLOSED?\r\n", "+X:4,CLOSED\r\n", "-4,CLOSED\r\n", "4,CLOSE\r\n"] {
            bench.line.with(|module, now| module.inject(now, text.as_bytes()));
            write_all(&mut socket, b"hello").await;
            let mut buffer = [0; 9];
            assert_eq!(socket.read(&mut buffer).await, Ok(5), "{text:?}");
        }
    });
}

#[test]
fn e19_a_name_that_is_found_to_be_unknown_late() {
    let explains = matches!(MODULE, Dialect::Esp8266Nonos | Dialect::WizFi360);
    let words = if explains { "DNS Fail\r\n\r\nERROR\r\n" } else { "\r\nERROR\r\n" };
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let point = || Point::Answer("CIPDOMAIN".into());
        bench.hook(Hook::new(point(), Action::Delay(std::time::Duration::from_secs(12))));
        bench.hook(Hook::new(point(), replace(words)));
        let found = stack.resolve("example.org", AddressKind::PreferIpv4).await;
        assert_eq!(found, Err(dns::Error::NotFound));
        assert_eq!(control.counters().timeouts, 0);
        assert_eq!(stack.resolve("example.org", AddressKind::PreferIpv4).await, Ok(host()));
    });
}

#[test]
fn e20_a_blank_before_connect_and_closed() {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        bench.hook(Hook::new(Point::LinkState, replace("4, CONNECT\r\n")));
        let mut socket = echo(stack).await.unwrap();
        assert!(!bench.is_pending());
        bench.hook(Hook::new(Point::LinkState, replace("4, CLOSED\r\n")));
        bench.line.with(|module, now| module.close_link(now, 4));
        assert_eq!(socket.read(&mut [0; 9]).await, Ok(0));
    });
}
