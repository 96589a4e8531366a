//! C: receiving with `+IPD`, where data comes as soon as it is there.

use super::bench::*;
use super::common::*;
use super::MODULE;
use embassy_time::{Duration, Timer};
use embedded_io_async::Read;
use wifi_at::net::tcp::{self, TcpSocket};
use wifi_at::{Config, Resources};
use wifi_at_simulator::{Action, Fault, Hook, Point, ReceiveCommand, When};
use wifi_at_support::virtual_time::Line;

/// A module that does not keep received data.
fn active() -> Bench {
    let network = world();
    let variant = builder(&network).with_variant(|variant| variant.receive_command = ReceiveCommand::Neither);
    Bench::on(Line::new(variant.build()), network)
}

#[test]
fn c2_all_heads_of_frames() {
    for fault in [Fault::HeaderQuotes, Fault::HeaderPeer, Fault::HeaderIpv6] {
        if !fault.applies_to(MODULE) {
            continue;
        }
        let bench = active();
        bench.inject(fault, When::Random(500_000));
        with_driver(&bench.line, async |(control, stack)| {
            join(control).await;
            for _ in 0..5 {
                assert_eq!(bench.echoes(stack).await, Ok(()), "{fault}");
                assert_eq!(bench.page(stack).await, Ok(()), "{fault}");
            }
            let shown = bench.line.with(|module, _| module.shown_faults().len());
            assert!(shown > 3 || fault == Fault::HeaderQuotes, "{fault} {shown}");
            assert_eq!((control.counters().dropped_bytes, control.counters().resets), (0, 0));
        });
    }
}

#[test]
fn c3_frames_byte_by_byte() {
    harmless(Fault::SplitFrame);
    for position in 0..12 {
        let bench = active();
        bench.inject(Fault::SplitFrame, When::Nth(position + 1));
        assert_eq!(bench.works().dropped_bytes, 0);
    }
}

#[test]
fn c4_payload_full_of_control_words() {
    // All data of the bench is; this is what the peer adds. It goes where the data goes.
    for bench in [Bench::new(), active()] {
        with_driver(&bench.line, async |(control, stack)| {
            join(control).await;
            let mut socket = TcpSocket::connect(stack, echo_server()).await.unwrap();
            for number in 0..5 {
                bench.inject(Fault::ControlWords, When::Next);
                write_all(&mut socket, &[b'a' + number; 10]).await;
                let mut back = [0; 10];
                let words = b"\r\nOK\r\n\r\nERROR\r\n\r\n+IPD,0,5:0,CLOSED\r\n\r\n> SEND OK\r\nready\r\n\0\xff";
                let mut more = [0; 58];
                socket.read_exact(&mut back).await.unwrap();
                socket.read_exact(&mut more).await.unwrap();
                assert_eq!((back, &more), ([b'a' + number; 10], words));
            }
            assert_eq!((control.counters().resets, control.counters().stray_results), (0, 0));
        });
    }
}

#[test]
fn c5_a_length_of_five_digits() {
    let bench = active();
    let data = nasty(12_345);
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let mut socket = TcpSocket::connect(stack, echo_server()).await.unwrap();
        let frame = [format!("\r\n+IPD,4,{}:", data.len()).as_bytes(), &data, b"\r\n+IPD,4,000005:hello"].concat();
        bench.line.with(|module, now| module.inject(now, &frame));
        let mut back = vec![0; data.len() + 5];
        socket.read_exact(&mut back).await.unwrap();
        assert!(back == [&data[..], b"hello"].concat());
    });
}

#[test]
fn c6_a_frame_for_a_link_that_cannot_be() {
    harmless(Fault::UnknownLink);
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let mut socket = TcpSocket::connect(stack, echo_server()).await.unwrap();
        let frame = b"\r\n246,CONNECT\r\n+IPD,246,12:\r\n4,CLOSED\r\n\r\n246,CLOSED\r\n+IPD,99999999999,4:1234\r\n";
        bench.line.with(|module, now| module.inject(now, frame));
        write_all(&mut socket, b"hello").await;
        let mut back = [0; 5];
        socket.read_exact(&mut back).await.unwrap();
        assert_eq!((&back, control.counters().dropped_bytes >= 12), (b"hello", true));
    });
}

#[test]
fn c7_data_of_a_link_of_the_last_session() {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        control.wait_until_ready().await.unwrap();
        bench.line.with(|module, now| module.inject(now, b"+IPD,3,6:\r\nOK\r\n2,CLOSED\r\n"));
        Timer::after(Duration::from_millis(50)).await;
        assert_eq!(control.counters().dropped_bytes, 6);
        assert_eq!(bench.attempt((control, stack)).await, Ok(()));
    });
}

/// Reads slowly what comes fast, with a small ring.
fn slow_reader(bench: &Bench, fault: Option<Fault>) {
    let mut resources = Resources::<2, 100, 100>::new();
    with_resources(&bench.line, &mut resources, Config::default(), async |(control, stack)| {
        join(control).await;
        if let Some(fault) = fault {
            bench.inject(fault, When::Next);
        }
        let mut socket = TcpSocket::connect(stack, server()).await.unwrap();
        write_all(&mut socket, REQUEST).await;
        let mut page = Vec::new();
        let mut buffer = [0; 64];
        loop {
            Timer::after(Duration::from_millis(30)).await;
            match socket.read(&mut buffer).await.unwrap() {
                0 => break,
                count => page.extend_from_slice(&buffer[..count]),
            }
        }
        assert!(page == nasty(PAGE) && !bench.is_pending());
        assert_eq!((control.counters().dropped_bytes, control.counters().timeouts), (0, 0));
    });
}

#[test]
fn c8_a_ring_that_is_full_holds_the_module_back() {
    slow_reader(&Bench::new(), None);
    slow_reader(&active(), None);
}

#[test]
fn c9_a_frame_longer_than_the_ring() {
    slow_reader(&active(), Some(Fault::LongFrame));
}

#[test]
fn c10_a_byte_is_lost_or_changed_on_the_line() {
    for fault in [Fault::LostByte, Fault::FlippedByte] {
        everywhere(fault, |bench, place| {
            let bench = Bench { damaged: true, ..Bench::on(bench.line.clone(), bench.network.clone()) };
            with_driver(&bench.line, async |handles| {
                // Nobody can see it in the data; the driver must be in step again.
                let mut failures = Vec::new();
                while let Err(failed) = bench.attempt(handles).await {
                    failures.push(failed);
                    assert!(failures.len() < 3, "{fault} number {place}: {failures:?}");
                }
                if !bench.is_pending() {
                    assert_eq!(bench.attempt(handles).await, Ok(()), "{fault} number {place}");
                }
            });
        });
    }
}

#[test]
fn c11_nothing_between_a_payload_and_the_next_line() {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let mut socket = TcpSocket::connect(stack, echo_server()).await.unwrap();
        let answer = b"+IPD,4,5:12345+IPD,4,1:6\r\nOK\r\n+IPD,4,3:7894,CLOSED\r\n";
        bench.hook(Hook::new(Point::Answer("CIFSR".into()), Action::Replace(answer.to_vec())));
        assert_eq!(control.send(&wifi_at::command::tcpip::QueryLocalAddresses).await.map(drop), Ok(()));
        let mut back = [0; 9];
        socket.read_exact(&mut back).await.unwrap();
        assert_eq!((&back, socket.read(&mut [0; 9]).await), (b"123456789", Ok(0)));
    });
}

#[test]
fn c12_frames_of_several_clients_in_any_order() {
    let bench = active();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let mut first = TcpSocket::connect(stack, echo_server()).await.unwrap();
        let mut second = TcpSocket::connect(stack, echo_server()).await.unwrap();
        let mut sent = [Vec::new(), Vec::new()];
        for number in 0..200u8 {
            let which = usize::from(number % 7 % 2);
            let data = nasty(1 + usize::from(number % 5));
            let frame = [format!("+IPD,{},{}:", 4 - which, data.len()).as_bytes(), &data].concat();
            bench.line.with(|module, now| module.inject(now, &frame));
            sent[which].extend(data);
        }
        for (socket, sent) in [&mut first, &mut second].into_iter().zip(&sent) {
            let mut back = vec![0; sent.len()];
            socket.read_exact(&mut back).await.unwrap();
            assert!(back == *sent);
        }
    });
}

#[test]
fn c13_frames_of_any_size() {
    let bench = active();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let mut socket = TcpSocket::connect(stack, echo_server()).await.unwrap();
        let lengths = [1, 2, 535, 1460, 2920, 2921, 16_384, 0, 7];
        let mut sent = Vec::new();
        for length in lengths {
            let data = nasty(length);
            bench.line.with(|module, now| module.inject(now, &[format!("+IPD,4,{length}:").as_bytes(), &data].concat()));
            sent.extend(data);
        }
        let mut back = vec![0; sent.len()];
        socket.read_exact(&mut back).await.unwrap();
        assert!(back == sent);
        assert_eq!(control.counters().dropped_bytes, 0);
    });
}

#[test]
fn c14_many_frames_in_one_burst() {
    // 136 frames, and nobody reads before all are on their way.
    let bench = active();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let mut socket = TcpSocket::connect(stack, echo_server()).await.unwrap();
        let mut sent = Vec::new();
        for number in 0..136 {
            let data = vec![number; 146];
            bench.line.with(|module, now| module.inject(now, &[b"+IPD,4,146:", &data[..]].concat()));
            sent.extend(data);
        }
        Timer::after(Duration::from_secs(10)).await;
        let mut back = vec![0; sent.len()];
        socket.read_exact(&mut back).await.unwrap();
        assert!(back == sent);
        assert_eq!(control.counters().dropped_bytes, 0);
    });
}

#[test]
fn c15_a_frame_that_finds_no_room_is_never_dropped() {
    // Another socket's reader is slow; the line waits for it, and nobody loses anything.
    let bench = active();
    let mut resources = Resources::<2, 64, 64>::new();
    with_resources(&bench.line, &mut resources, Config::default(), async |(control, stack)| {
        join(control).await;
        let mut slow = TcpSocket::connect(stack, echo_server()).await.unwrap();
        let mut quick = TcpSocket::connect(stack, echo_server()).await.unwrap();
        let data = nasty(300);
        for link in [4, 3] {
            let frame = [format!("+IPD,{link},300:").as_bytes(), &data].concat();
            bench.line.with(|module, now| module.inject(now, &frame));
        }
        Timer::after(Duration::from_secs(5)).await;
        let both = async |socket: &mut TcpSocket<'_>| {
            let mut back = vec![0; 300];
            socket.read_exact(&mut back).await.unwrap();
            assert!(back == data);
        };
        embassy_futures::join::join(both(&mut quick), async {
            Timer::after(Duration::from_secs(2)).await;
            both(&mut slow).await;
        })
        .await;
        assert!(!matches!(quick.flush().await, Err(tcp::Error::DataLost { .. })), "{MODULE:?}");
        assert_eq!(control.counters().dropped_bytes, 0);
    });
}
