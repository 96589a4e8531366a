//! Typed commands and raw data through the driver and the simulated module.

mod common;

pub(crate) use wifi_at::EspAt as Subject;
pub(crate) const MODULE: wifi_at_simulator::Dialect = wifi_at_simulator::Dialect::EspAt;

use common::*;
use embassy_time::{Duration, Timer};
use wifi_at::command::tcpip::{QueryLinks, ReceivedData};
use wifi_at::command::{CommandError, Link, basic, tcpip, wifi};
use wifi_at::{Message, Missed};
use wifi_at_simulator::{AccessPoint, Action, Point};
use wifi_at_support::virtual_time::{Line, drop_after};

/// A module in a crowded place.
fn crowded() -> Line<wifi_at_simulator::Simulator> {
    let mut builder = builder(&network());
    for number in 0..60 {
        builder = builder.access_point(AccessPoint::new(format!("network \"{number}\", the {number}th"), "password"));
    }
    Line::new(builder.build())
}

#[test]
fn a_long_list_is_cut_with_notice_or_taken_record_by_record() {
    with_driver(&crowded(), async |(control, _)| {
        control.send(&wifi::SetWifiMode { mode: wifi::WifiMode::Station }).await.unwrap();
        let list = control.send(&wifi::ListAccessPoints).await.unwrap();
        assert_eq!((list.records.len(), list.dropped, list.malformed), (16, 45, 0));
        let mut names = Vec::new();
        let each = |point: wifi::AccessPoint| {
            names.push(String::from_utf8_lossy(point.ssid.unwrap().as_bytes()).into_owned());
        };
        control.send_each(&wifi::ListAccessPoints, each).await.unwrap();
        assert_eq!(names.len(), 61);
        assert!(names.contains(&SSID.to_string()));
        assert!(names.contains(&"network \"7\", the 7th".to_string()), "{names:?}");
    });
}

#[test]
fn a_refused_command_tells_why() {
    with_driver(&module(&network()), async |(control, _)| {
        // Not joined, so there is nothing to ping.
        let command = wifi::SetHostName { name: "x\ny" };
        let error = control.send(&command).await.unwrap_err();
        assert!(matches!(error, CommandError::Encode(wifi_at::at::EncodeError::ForbiddenByte)));
        let error = control.send(&tcpip::ResolveName { name: "example.org", kind: None }).await.unwrap_err();
        let CommandError::Refused(refusal) = error else { panic!("{error:?}") };
        assert!(refusal.code.is_some(), "{refusal:?}");
    });
}

/// The user makes a link by commands of their own, sends raw data and reads it back.
#[test]
fn raw_data_both_ways_by_typed_commands() {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    with_driver(&module(&network), async |(control, _)| {
        join(control).await;
        let connect = tcpip::ConnectTcp {
            link: Link::Id(2),
            remote: tcpip::TcpRemote { address: host() },
            port: 80,
            keep_alive: None,
        };
        control.send(&connect).await.unwrap();
        let links = control.send(&QueryLinks).await.unwrap();
        assert_eq!(links.records.len(), 1);
        let data = nasty(1500);
        let send = tcpip::SendData { link: Link::Id(2), length: data.len() as u16 };
        assert_eq!(control.send_with_data(&send, &data[1..]).await, Err(CommandError::DataLength));
        control.send_with_data(&send, &data).await.unwrap();
        Timer::after(Duration::from_millis(100)).await;
        let fetch = tcpip::FetchData { link: Link::Id(2), length: 2000 };
        let mut back = Vec::new();
        control.send_and_receive(&fetch, |part| back.extend_from_slice(part)).await.unwrap();
        assert!(back == data);
        // A short answer fits into its line.
        let short = b"\r\nOK\r\n>";
        control.send_with_data(&tcpip::SendData { link: Link::Id(2), length: 7 }, short).await.unwrap();
        Timer::after(Duration::from_millis(100)).await;
        let ReceivedData { data, .. } = control.send(&fetch).await.unwrap();
        assert_eq!(data.as_slice(), short);
        assert_eq!(control.counters().dropped_bytes, 0);
    });
}

/// The driver looks at commands to see what they do to the module. Data is none, whatever it says.
#[test]
fn data_that_reads_like_a_command_is_data() {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    with_driver(&module(&network), async |(control, stack)| {
        join(control).await;
        let connect = tcpip::ConnectTcp {
            link: Link::Id(2),
            remote: tcpip::TcpRemote { address: host() },
            port: 80,
            keep_alive: None,
        };
        control.send(&connect).await.unwrap();
        for data in [&b"AT+RST"[..], b"AT+RST\r\n", b"AT+RESTORE\r\n", b"AT+GSLP=60000", b"AT+CWMODE=0\r\n"] {
            let send = tcpip::SendData { link: Link::Id(2), length: data.len() as u16 };
            control.send_with_data(&send, data).await.unwrap();
            assert!(control.wifi().is_connected(), "{}", data.escape_ascii());
            assert!(!control.power().is_asleep());
            assert_eq!(control.counters().requested_resets, 0, "{}", data.escape_ascii());
        }
        // The radio is still known to be a station, so that a SoftAP is added to it.
        control.wifi().start_soft_ap(wifi_at::wifi::SoftApOptions::open("net")).await.unwrap();
        assert_eq!(control.wifi().mode().await, Ok(wifi::WifiMode::StationAndSoftAp));
        echo(stack).await;
    });
}

#[test]
fn data_whose_future_is_dropped_is_filled_up() {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    for polls in 1..12 {
        with_driver(&module(&network), async |(control, stack)| {
            join(control).await;
            let connect = tcpip::ConnectTcp {
                link: Link::Id(0),
                remote: tcpip::TcpRemote { address: host() },
                port: 80,
                keep_alive: None,
            };
            control.send(&connect).await.unwrap();
            let data = nasty(700);
            let send = tcpip::SendData { link: Link::Id(0), length: 700 };
            drop_after(polls, control.send_with_data(&send, &data)).await;
            // Whatever was half done, the next command gets its own answer.
            assert_eq!(control.send(&basic::QueryStoreMode).await.map(|mode| mode.stored), Ok(false), "{polls}");
            let mut socket = common::connect(stack).await;
            write_all(&mut socket, b"hello").await;
            let mut buffer = [0; 9];
            assert_eq!(socket.read(&mut buffer).await, Ok(5));
        });
    }
}

#[test]
fn messages_with_payload_are_streamed() {
    let line = module(&network());
    with_driver(&line, async |(control, _)| {
        control.wait_until_ready().await.unwrap();
        let mut messages = control.messages().unwrap();
        assert!(control.messages().is_none());
        let payload = nasty(2000);
        let mut bytes = b"+MQTTSUBRECV:0,\"a,b\",2000,".to_vec();
        bytes.extend(&payload);
        bytes.extend(b"\r\n+STA_CONNECTED:\"1a:2b:3c:4d:5e:6f\"\r\n+SOMETHING:new\r\n");
        line.with(|module, now| module.inject(now, &bytes));
        let mut buffer = [0; 256];
        assert_eq!(messages.next(&mut buffer).await, Ok(Message::Line(b"+MQTTSUBRECV:0,\"a,b\",2000,")));
        let mut received = Vec::new();
        while received.len() < payload.len() {
            let Ok(Message::Data(part)) = messages.next(&mut buffer).await else { panic!("data is missing") };
            received.extend_from_slice(part);
        }
        assert!(received == payload);
        assert_eq!(messages.next(&mut buffer).await, Ok(Message::Line(b"+STA_CONNECTED:\"1a:2b:3c:4d:5e:6f\"")));
        assert_eq!(messages.next(&mut buffer).await, Ok(Message::Line(b"+SOMETHING:new")));
        // A subscriber that sleeps holds nobody up for long, and is told.
        line.with(|module, now| module.inject(now, &[&bytes[..], &bytes[..]].concat()));
        Timer::after(Duration::from_secs(5)).await;
        assert!(control.send(&wifi::QueryWifiMode).await.is_ok());
        let mut missed = 0;
        while let Some(next) = drop_after(1, messages.next(&mut buffer)).await {
            if let Err(Missed(count)) = next {
                missed += count;
            }
        }
        assert!(missed > 0);
        drop(messages);
        assert!(control.messages().is_some());
    });
}

#[test]
fn an_answer_that_nobody_takes_does_not_stop_the_others() {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let mut builder = builder(&network);
    for number in 0..60 {
        builder = builder.access_point(AccessPoint::new(format!("network {number}"), "password"));
    }
    let line = Line::new(builder.build());
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut socket = common::connect(stack).await;
        let mut scan = Box::pin(control.send(&wifi::ListAccessPoints));
        // Sent, and then forgotten, but not dropped.
        assert!(drop_after(2, &mut scan).await.is_none());
        write_all(&mut socket, b"hello").await;
        let mut buffer = [0; 9];
        assert_eq!(socket.read(&mut buffer).await, Ok(5));
        assert_eq!(scan.await, Err(CommandError::Overrun));
        assert!(control.counters().dropped_lines > 0);
        assert!(control.wifi().address().await.unwrap().is_some());
    });
}

#[test]
fn a_command_during_which_the_module_restarts() {
    let line = module(&network());
    with_driver(&line, async |(control, _)| {
        control.wait_until_ready().await.unwrap();
        line.with(|module, _| module.on(Point::Information, Action::Restart(5, b"\r\nwdt reset\r\n".to_vec())));
        assert_eq!(control.send(&wifi::QueryWifiMode).await, Err(CommandError::ModuleReset));
        assert_eq!(control.counters().resets, 1);
        assert!(control.send(&wifi::QueryWifiMode).await.is_ok());
    });
}

/// A user's own command, declared with `atat`.
struct Own;

impl atat::AtatCmd for Own {
    type Response = OwnAnswer;

    fn write(&self, buffer: &mut [u8]) -> usize {
        let line = b"AT+CWMODE?\r\n";
        buffer[..line.len()].copy_from_slice(line);
        line.len()
    }

    fn parse(&self, answer: Result<&[u8], atat::InternalError<'_>>) -> Result<OwnAnswer, atat::Error> {
        Ok(OwnAnswer(answer?.to_vec()))
    }
}

#[derive(Debug, PartialEq, Eq)]
struct OwnAnswer(Vec<u8>);

impl atat::AtatResp for OwnAnswer {}

#[test]
fn commands_of_a_users_own_go_through_atats_trait() {
    use atat::asynch::AtatClient;
    with_driver(&module(&network()), async |(control, _)| {
        let mut client = control.atat();
        assert_eq!(client.send(&Own).await, Ok(OwnAnswer(b"+CWMODE:0".to_vec())));
        let typed = client.send(&wifi::QueryWifiMode).await.unwrap();
        assert_eq!(typed.0.mode, wifi::WifiMode::Off);
        let refused = client.send(&tcpip::ResolveName { name: "example.org", kind: None }).await;
        assert_eq!(refused.unwrap_err(), atat::Error::Error);
        let written = client
            .send_with(&Own, async |buffer| {
                use embedded_io_async::Write;
                buffer.write_all(b"AT+CIPSTA?\r\nAT+RESTORE\r\n").await
            })
            .await;
        assert_eq!(written, Err(atat::Error::Write));
    });
}
