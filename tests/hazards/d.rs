//! D: receiving on demand, where data waits in the module until it is asked for.

use super::bench::*;
use super::common::*;
use super::MODULE;
use embassy_time::{Duration, Instant, Timer, with_timeout};
use embedded_io_async::Read;
use wifi_at::net::listener::TcpListener;
use wifi_at::net::tcp::{Error, TcpSocket};
use wifi_at::net::udp::UdpSocket;
use wifi_at::{Config, Event, Resources};
use wifi_at_simulator::{Action, Dialect, Fault, Hook, Point, ResetMoment, When};
use wifi_at_support::virtual_time::Line;

/// Runs `test` with a joined module and a connection to a server that sends back what it gets.
fn connected(bench: &Bench, test: impl AsyncFnOnce(Handles<'_>, &mut TcpSocket<'_>)) {
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let mut socket = TcpSocket::connect(stack, echo_server()).await.unwrap();
        test((control, stack), &mut socket).await;
    });
}

async fn read(socket: &mut TcpSocket<'_>, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    socket.read_exact(&mut bytes).await.unwrap();
    bytes
}

#[test]
fn d1_all_heads_of_answers_to_a_read() {
    for fault in [Fault::OldReadHeader, Fault::OtherReadHeader] {
        if !fault.applies_to(MODULE) {
            continue;
        }
        for often in [200_000, 500_000, 1_000_000] {
            // Only one form has the peer in it; the heads above are older than that.
            let network = world();
            let variant = builder(&network).with_variant(|variant| variant.peer_in_receive_data = false);
            let bench = Bench::on(Line::new(variant.build()), network);
            bench.inject(fault, When::Random(often));
            assert_eq!(bench.works().dropped_bytes, 0);
            let shown = bench.line.with(|module, _| module.shown_faults().len());
            assert!(shown > 3 || often < 1_000_000, "{shown}");
        }
    }
    // With the peer, too: in the one form that has it.
    for peer in [false, true] {
        if peer && MODULE == Dialect::Esp8266Nonos {
            continue;
        }
        let network = world();
        let variant = builder(&network).with_variant(|variant| variant.peer_in_receive_data = peer);
        assert_eq!(Bench::on(Line::new(variant.build()), network).works().dropped_bytes, 0);
    }
}

#[test]
fn d2_a_line_before_the_answer_to_a_read() {
    harmless(Fault::ToReadLine);
}

#[test]
fn d3_lengths_of_links_that_are_not_open() {
    if IS_PASSIVE {
        let bench = Bench::with_fault(Fault::OtherEmptyLength, When::Random(500_000));
        connected(&bench, async |(control, _), socket| {
            assert!(with_timeout(Duration::from_secs(9), socket.read(&mut [0; 9])).await.is_err());
            bench.line.with(|module, _| {
                // The IDF firmware tells nothing at all of such links.
                assert!(!module.shown_faults().is_empty() || MODULE == Dialect::Esp8266Idf);
                module.clear_faults();
            });
            // Four links, then six; numbers that mean nothing.
            for lengths in ["-1,-1,-1,-1,0", "0,0,0,0,0,7", "-1,-1,-1", "x,,,,", "99999999999,-1,-1,-1,3"] {
                let answer = format!("+CIPRECVLEN:{lengths}\r\n\r\nOK\r\n");
                bench.hook(Hook::new(Point::Answer("CIPRECVLEN".into()), Action::Replace(answer.into())));
                assert!(with_timeout(Duration::from_secs(3), socket.read(&mut [0; 9])).await.is_err(), "{lengths}");
                assert!(!bench.is_pending());
            }
            write_all(socket, b"hello").await;
            assert_eq!(read(socket, 5).await, b"hello");
            assert_eq!(control.counters().timeouts, 0);
        });
    }
}

#[test]
fn d4_no_notice_for_what_came_with_the_connect() {
    harmless(Fault::NoNoticeAfterConnect);
}

#[test]
fn d5_notices_stop() {
    harmless(Fault::NoticesStop);
}

#[test]
fn d6_a_notice_inside_the_answer_to_a_read() {
    harmless(Fault::NoticeInsideAnswer);
}

#[test]
fn d7_the_last_data_cannot_be_read() {
    if IS_PASSIVE {
        // A refusal and CLOSED: the end of the stream, or an error; never a hang, and what was read before is right.
        let failures = recovers(Fault::ErrorForRead, 1);
        assert!(failures.len() > 5, "{failures:?}");
    }
}

#[test]
fn d8_closed_before_the_data_was_read() {
    // What was announced can be read to its end, though nothing more can be written.
    let failures = recovers(Fault::ClosedBeforeRead, 1);
    // The page comes in two parts, and this end comes behind the first.
    let mut page = failures.iter().flatten().filter(|failed| failed.starts_with("page"));
    assert!(page.all(|failed| failed == "page: the end after 2920 bytes"), "{failures:?}");
    if IS_PASSIVE {
        let bench = Bench::new();
        let mut resources = Resources::<1, 100, 300>::new();
        with_resources(&bench.line, &mut resources, Config::default(), async |(control, stack)| {
            join(control).await;
            let mut socket = TcpSocket::connect(stack, echo_server()).await.unwrap();
            bench.inject(Fault::ClosedBeforeRead, When::Next);
            write_all(&mut socket, &[b'x'; 300]).await;
            assert_eq!(read(&mut socket, 300).await, [b'x'; 300]);
            assert_eq!(socket.read(&mut [0; 9]).await, Ok(0));
            assert_eq!(socket.write(b"x").await, Err(Error::ClosedByPeer));
            assert!(!bench.is_pending());
        });
    }
}

#[test]
fn d9_data_of_the_last_client_is_not_the_next_ones() {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let listener = TcpListener::bind(stack, PORT).await.unwrap();
        // The first one's data is not read in time, and the link goes to the second.
        let first = bench.network.connect_to_module(client_address(1), PORT).unwrap();
        bench.network.push(first, &[b'1'; 3000]);
        let (mut one, _) = listener.accept().await.unwrap();
        Timer::after(Duration::from_millis(500)).await;
        bench.network.close_peer(first);
        bench.line.with(|module, now| module.inject(now, b"0,CLOSED\r\n0,CONNECT\r\n"));
        let second = bench.network.connect_to_module(client_address(2), PORT).unwrap();
        bench.network.push(second, &[b'2'; 3000]);
        let mut buffer = [0; 100];
        let mut seen = 0;
        while let Ok(count @ 1..) = one.read(&mut buffer).await {
            assert!(buffer[..count].iter().all(|byte| *byte == b'1'));
            seen += count;
        }
        assert!(seen <= 3000, "{MODULE:?}");
    });
}

#[test]
fn d10_more_is_announced_than_there_is() {
    harmless(Fault::LessThanAnnounced);
}

#[test]
fn d11_data_that_appears_minutes_late_without_a_notice() {
    if IS_PASSIVE {
        let bench = Bench::new();
        connected(&bench, async |(control, _), socket| {
            write_all(socket, b"hello").await;
            bench.hook(Hook::new(Point::Notice, Action::Drop));
            // As if nothing were there, for two minutes.
            for second in 0..120 {
                let nothing = Action::Replace(b"+CIPRECVLEN:-1,-1,-1,-1,0\r\n\r\nOK\r\n".to_vec());
                bench.hook(Hook::new(Point::Answer("CIPRECVLEN".into()), nothing).skip(second));
            }
            let before = Instant::now();
            assert_eq!(read(socket, 5).await, b"hello");
            let left = bench.line.with(|module, _| module.pending_hooks().len());
            assert!(before.elapsed() >= Duration::from_secs(115) && left == 0, "{:?} {left}", before.elapsed());
            assert_eq!(control.counters().timeouts, 0);
        });
    }
}

#[test]
fn d12_a_read_without_data_is_refused() {
    if IS_PASSIVE {
        let bench = Bench::new();
        connected(&bench, async |(control, _), socket| {
            for _ in 0..5 {
                // A notice for nothing; the module answers ERROR.
                bench.line.with(|module, now| module.inject(now, b"+IPD,4,10\r\n"));
                assert!(with_timeout(Duration::from_secs(1), socket.read(&mut [0; 9])).await.is_err());
            }
            write_all(socket, b"hello").await;
            assert_eq!(read(socket, 5).await, b"hello");
            assert_eq!((control.counters().timeouts, control.counters().resets), (0, 0));
        });
    }
}

#[test]
fn d13_datagrams_that_run_together() {
    let bench = Bench::with_fault(Fault::MergedDatagrams, When::Next);
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let socket = UdpSocket::connect(stack, datagram_server()).await.unwrap();
        for byte in [b'1', b'2', b'3'] {
            socket.send(&[byte; 153]).await.unwrap();
        }
        socket.flush().await.unwrap();
        // What ran together in the module cannot be told apart, but it is one frame, and the next is itself again.
        let mut all = Vec::new();
        let mut buffer = [0; 400];
        while all.len() < 3 * 153 {
            let count = socket.recv(&mut buffer).await.unwrap();
            assert_eq!(count % 153, 0);
            all.extend_from_slice(&buffer[..count]);
        }
        assert!(all == [[b'1'; 153], [b'2'; 153], [b'3'; 153]].concat());
        assert!(!bench.is_pending());
    });
}

#[test]
fn d14_more_comes_than_was_asked_for() {
    if IS_PASSIVE {
        // With room for it, or an error that says how much is lost; never a hole that nobody tells of.
        recovers(Fault::MoreThanAsked, 1);
        let bench = Bench::new();
        let mut resources = Resources::<1, 64, 64>::new();
        with_resources(&bench.line, &mut resources, Config::default(), async |(control, stack)| {
            join(control).await;
            let mut socket = TcpSocket::connect(stack, server()).await.unwrap();
            bench.inject(Fault::MoreThanAsked, When::Next);
            write_all(&mut socket, REQUEST).await;
            let page = nasty(PAGE);
            let mut seen = Vec::new();
            let mut buffer = [0; 30];
            let end = loop {
                match socket.read(&mut buffer).await {
                    Ok(0) => break Ok(()),
                    Ok(count) => seen.extend_from_slice(&buffer[..count]),
                    Err(error) => break Err(error),
                }
            };
            assert!(page.starts_with(&seen) && !bench.is_pending());
            assert!(matches!(end, Err(Error::DataLost { at_least: 1.. })), "{end:?}");
            assert!(control.counters().dropped_bytes > 0);
        });
    }
}

#[test]
fn d15_no_more_is_asked_for_than_there_is_room() {
    if IS_PASSIVE {
        let bench = Bench::new();
        let mut resources = Resources::<1, 200, 64>::new();
        with_resources(&bench.line, &mut resources, Config::default(), async |(control, stack)| {
            join(control).await;
            assert_eq!(bench.page(stack).await, Ok(()));
            assert_eq!(control.counters().dropped_bytes, 0);
        });
        bench.line.with(|module, _| {
            let asked = module.commands().iter().filter_map(|sent| sent.line.strip_prefix("AT+CIPRECVDATA=4,"));
            let asked: Vec<usize> = asked.map(|length| length.parse().unwrap()).collect();
            assert!(asked.len() > 10 && asked.iter().all(|length| *length <= 200), "{asked:?}");
        });
    }
}

#[test]
fn d16_a_large_read_is_refused() {
    if IS_PASSIVE {
        let bench = Bench::new();
        connected(&bench, async |(control, _), socket| {
            for number in 0..3 {
                let refused = Action::Replace(b"\r\nERROR\r\n".to_vec());
                bench.hook(Hook::new(Point::Answer("CIPRECVDATA".into()), refused).skip(number));
            }
            write_all(socket, b"hello").await;
            // It asks again by itself.
            assert_eq!(read(socket, 5).await, b"hello");
            assert_eq!((bench.is_pending(), control.counters().timeouts), (false, 0));
        });
    }
}

#[test]
fn d17_no_read_is_longer_than_the_firmware_takes() {
    if IS_PASSIVE {
        let bench = Bench::new();
        let mut resources = Resources::<1, 20_000, 64>::new();
        with_resources(&bench.line, &mut resources, Config::default(), async |(control, stack)| {
            join(control).await;
            assert_eq!(bench.page(stack).await, Ok(()));
            assert_eq!(control.counters().dropped_bytes, 0);
        });
        let most = if MODULE == Dialect::Esp8266Nonos { 2048 } else { 8192 };
        bench.line.with(|module, _| {
            let asked = module.commands().iter().filter_map(|sent| sent.line.strip_prefix("AT+CIPRECVDATA=4,"));
            let asked: Vec<usize> = asked.map(|length| length.parse().unwrap()).collect();
            assert!(!asked.is_empty() && asked.iter().all(|length| (2048..=most).contains(length)), "{asked:?}");
        });
    }
}

#[test]
fn d18_a_restart_inside_a_payload() {
    let fault = Fault::Reset(ResetMoment::Payload);
    // What follows the broken payload is a boot log. Where it is long enough it is taken for the rest, and nobody can
    // know better.
    let failures = recovers_from(fault, 2, true);
    assert!(failures.len() > 5 && failures.iter().all(|failures| !failures.is_empty()), "{failures:?}");
    let bench = Bench::new();
    connected(&bench, async |(control, _), socket| {
        let mut events = control.events();
        write_all(socket, &[b'x'; 400]).await;
        bench.inject(fault, When::Next);
        let mut buffer = [0; 100];
        let error = loop {
            match socket.read(&mut buffer).await {
                Ok(0) => panic!("the end of the stream"),
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::ConnectionReset | Error::DataLost { .. }), "{error:?}");
        let before = Instant::now();
        while events.next().await != Ok(Event::ModuleReady) {}
        assert!(before.elapsed() < Duration::from_secs(20), "it was up again soon");
    });
}

#[test]
fn d19_a_peer_that_is_missing_or_wrong() {
    for fault in [Fault::HeaderPeer, Fault::HeaderQuotes] {
        everywhere(fault, |bench, place| {
            with_driver(&bench.line, async |handles| {
                // The sender of a datagram may be unknown then, but no byte is.
                assert_eq!(bench.attempt(handles).await, Ok(()), "{fault} number {place}");
            });
        });
    }
}
