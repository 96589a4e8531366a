//! The access point goes away and comes back, and what becomes of sockets meanwhile.

use super::common::*;
use embassy_futures::join::join as join_both;
use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Instant, Timer, with_timeout};
use wifi_at::Event;
use wifi_at::net::tcp::{self, TcpSocket};
use wifi_at::net::udp::{self, UdpSocket};
use wifi_at::wifi::{JoinError, JoinOptions, RejoinPolicy};
use wifi_at_simulator::{Action, Fault, Hook, Point, Simulator, When};
use wifi_at_support::virtual_time::Line;

fn echo_module(told: bool) -> Line<Simulator> {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    network.serve_udp(server(), |_, data| vec![data.to_vec()]);
    Line::new(builder(&network).with_variant(|variant| variant.closed_on_wifi_loss = told).build())
}

fn set_up(line: &Line<Simulator>, up: bool) {
    line.with(|module, now| module.set_access_point_up(now, SSID, up));
}

/// The module ends its TCP link, and says nothing.
fn forget_link(line: &Line<Simulator>) {
    line.with(|module, _| module.inject_fault(Fault::LinkLost, When::Next).unwrap());
}

/// Runs `test` while the driver stays joined.
async fn staying(control: wifi_at::Control<'_, super::Subject>, policy: RejoinPolicy, test: impl Future<Output = ()>) {
    let wifi = control.wifi();
    let stay = wifi.stay_joined(SSID, JoinOptions::new(PASSWORD), policy);
    match select(stay, test).await {
        Either::First(result) => panic!("it does not stay: {result:?}"),
        Either::Second(()) => {}
    }
}

#[test]
fn it_joins_again_after_each_restart() {
    let line = echo_module(true);
    with_driver(&line, async |(control, stack)| {
        staying(control, RejoinPolicy::new(), async {
            for round in 0..4 {
                control.wifi().wait_for_address().await;
                let mut socket = connect(stack).await;
                write_all(&mut socket, b"hello").await;
                line.with(|module, now| module.reset(now));
                let start = Instant::now();
                let mut buffer = [0; 8];
                let error = loop {
                    match socket.read(&mut buffer).await {
                        Ok(count) => assert_eq!(&buffer[..count], b"hello"),
                        Err(error) => break error,
                    }
                };
                assert_eq!(error, tcp::Error::ConnectionReset);
                assert_eq!(socket.read(&mut buffer).await, Err(tcp::Error::NotConnected));
                control.wifi().wait_for_address().await;
                assert!(start.elapsed() < Duration::from_secs(20), "{round}: {:?}", start.elapsed());
            }
            // The driver has counted it once it has seen the end of the join.
            Timer::after(Duration::from_secs(1)).await;
            let counters = control.counters();
            assert_eq!((counters.resets, counters.rejoins, counters.failed_joins), (4, 4, 0));
        })
        .await;
    });
}

#[test]
fn an_access_point_that_is_away_for_long_is_joined_when_it_is_back() {
    let line = echo_module(true);
    with_driver(&line, async |(control, stack)| {
        staying(control, RejoinPolicy::new(), async {
            for _ in 0..3 {
                control.wifi().wait_for_address().await;
                let socket = connect(stack).await;
                set_up(&line, false);
                control.wifi().wait_for_disconnection().await;
                Timer::after(Duration::from_secs(600)).await;
                assert!(!control.wifi().is_connected());
                set_up(&line, true);
                let start = Instant::now();
                let back = with_timeout(Duration::from_secs(120), control.wifi().wait_for_address()).await;
                back.expect("it does not come back");
                assert!(start.elapsed() < Duration::from_secs(90), "{:?}", start.elapsed());
                drop(socket);
                let mut socket = connect(stack).await;
                write_all(&mut socket, b"hello").await;
                let mut buffer = [0; 8];
                assert_eq!(socket.read(&mut buffer).await, Ok(5));
            }
            assert!(control.counters().failed_joins > 3, "{:?}", control.counters());
        })
        .await;
    });
}

#[test]
fn it_gives_up_or_ends_as_the_user_wishes() {
    let line = echo_module(true);
    with_driver(&line, async |(control, _)| {
        let wifi = control.wifi();
        set_up(&line, false);
        let mut policy = RejoinPolicy::new();
        policy.attempts = Some(3);
        let start = Instant::now();
        wifi.stay_joined(SSID, JoinOptions::new(PASSWORD), policy).await.unwrap_err();
        assert!(start.elapsed() > Duration::from_secs(3), "pauses of 1 and 2 s");
        assert_eq!(control.counters().failed_joins, 3);
        let short = wifi.stay_joined(SSID, JoinOptions::new("shorter"), policy).await;
        assert_eq!(short, Err(JoinError::InvalidPassphrase));

        set_up(&line, true);
        let stay = wifi.stay_joined(SSID, JoinOptions::new(PASSWORD), RejoinPolicy::new());
        let leave = async {
            wifi.wait_for_address().await;
            Timer::after(Duration::from_secs(5)).await;
            wifi.leave().await.unwrap();
        };
        let (stayed, ()) = embassy_futures::join::join(stay, leave).await;
        assert_eq!(stayed, Ok(()));
        Timer::after(Duration::from_secs(100)).await;
        assert!(line.with(|module, _| !module.is_joined()), "it stays away");
    });
}

#[test]
fn sockets_that_wifi_took_with_it_fail_once() {
    for told in [true, false] {
        let line = echo_module(told);
        with_driver(&line, async |(control, stack)| {
            join(control).await;
            let mut stream = connect(stack).await;
            let datagrams = UdpSocket::connect(stack, server()).await.unwrap();
            let mut events = control.events();
            set_up(&line, false);
            if !told {
                forget_link(&line);
            }
            let mut buffer = [0; 8];
            let start = Instant::now();
            let ended = stream.read(&mut buffer).await;
            if told {
                assert_eq!(ended, Ok(0));
            } else {
                assert_eq!(ended, Err(tcp::Error::ConnectionReset));
                assert_eq!(stream.read(&mut buffer).await, Err(tcp::Error::NotConnected));
            }
            assert_eq!(datagrams.recv(&mut buffer).await, Err(udp::Error::ConnectionReset));
            assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
            assert_eq!(control.counters().lost_links, if told { 1 } else { 2 });
            while events.next().await != Ok(Event::LinkLost) {}
            // The UDP link is closed, too.
            Timer::after(Duration::from_secs(1)).await;
            assert!(line.with(|module, _| module.links().is_empty()));
        });
    }
}

#[test]
fn a_short_loss_costs_what_the_module_has_lost() {
    let line = echo_module(false);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut stream = connect(stack).await;
        line.with(|module, now| module.drop_wifi(now));
        forget_link(&line);
        let mut buffer = [0; 8];
        let start = Instant::now();
        assert_eq!(stream.read(&mut buffer).await, Err(tcp::Error::ConnectionReset));
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    });
}

#[test]
fn connects_that_all_fail_end_in_a_new_join() {
    let network = network();
    network.refuse(server());
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        staying(control, RejoinPolicy::new(), async {
            control.wifi().wait_for_address().await;
            Timer::after(Duration::from_secs(5)).await;
            let mut events = control.events();
            let joins = || {
                line.with(|module, _| {
                    module.commands().iter().filter(|command| command.line.starts_with("AT+CWJAP")).count()
                })
            };
            assert_eq!(joins(), 1);
            for _ in 0..5 {
                assert!(TcpSocket::connect(stack, server()).await.is_err());
            }
            while events.next().await != Ok(Event::ConnectsFail) {}
            while events.next().await != Ok(Event::Rejoined) {}
            assert_eq!(joins(), 2);
            // Where something else works, Wi-Fi is not to blame.
            network.serve("10.0.0.1:81".parse().unwrap(), || |data: &[u8]| data.to_vec());
            let _other = TcpSocket::connect(stack, "10.0.0.1:81".parse().unwrap()).await.unwrap();
            for _ in 0..12 {
                assert!(TcpSocket::connect(stack, server()).await.is_err());
            }
            Timer::after(Duration::from_secs(30)).await;
            assert_eq!(joins(), 2);
        })
        .await;
    });
}

#[test]
fn a_reader_learns_that_its_link_is_gone() {
    let line = echo_module(true);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut socket = connect(stack).await;
        write_all(&mut socket, b"hello").await;
        let mut buffer = [0; 8];
        assert_eq!(socket.read(&mut buffer).await, Ok(5));
        // The peer is silent for long, and the module knows of the link.
        assert!(with_timeout(Duration::from_secs(300), socket.read(&mut buffer)).await.is_err());
        assert_eq!(control.counters().lost_links, 0);
        forget_link(&line);
        let start = Instant::now();
        assert_eq!(socket.read(&mut buffer).await, Err(tcp::Error::ConnectionReset));
        assert!(start.elapsed() < Duration::from_secs(35), "{:?}", start.elapsed());
        assert_eq!(control.counters().lost_links, 1);
        // One question for each half minute.
        let asked = line.with(|module, _| {
            let commands = module.commands().iter();
            commands.filter(|command| command.line.starts_with("AT+CIPSTAT")).count()
        });
        assert!((9..=16).contains(&asked), "{asked} questions");
    });
}

#[test]
fn a_damaged_answer_about_links_costs_none() {
    let line = echo_module(true);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut socket = connect(stack).await;
        let mut buffer = [0; 8];
        let read = with_timeout(Duration::from_secs(100), socket.read(&mut buffer));
        let damage = async {
            Timer::after(Duration::from_secs(20)).await;
            // Both wordings of the question, and one answer.
            for command in ["CIPSTATE", "CIPSTATUS"] {
                line.with(|module, _| {
                    let answer = Action::Replace(b"STATUS:3\r\n\r\nOK\r\n".to_vec());
                    module.hook(Hook::new(Point::Answer(command.to_owned()), answer));
                });
            }
        };
        let (read, ()) = join_both(read, damage).await;
        assert!(read.is_err(), "{read:?}");
        assert_eq!(control.counters().lost_links, 0);
        write_all(&mut socket, b"hello").await;
        assert_eq!(socket.read(&mut buffer).await, Ok(5));
    });
}
