//! Typed commands through `atat`'s own asynchronous client and ingress, with the digester of this crate.

mod common;

pub(crate) use wifi_at::EspAt as Subject;
pub(crate) const MODULE: wifi_at_simulator::Dialect = wifi_at_simulator::Dialect::EspAt;

use atat::asynch::{AtatClient, Client};
use atat::{AtatIngress, Config, DigestResult, Digester, Error, Ingress, InternalError, ResponseSlot, UrcChannel};
use common::{PASSWORD, SSID, module, network};
use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Timer};
use wifi_at::EspAt;
use wifi_at::command::mqtt::{MqttQos, SubscribeMqtt};
use wifi_at::command::wifi::{JoinAccessPoint, QueryStationAddress, SetWifiMode, WifiMode};
use wifi_at::command::{For, Secret};
use wifi_at::urc::{EspDigester, LinkUrc, OwnedUrc, StationUrc, SystemUrc, Urc};
use wifi_at_support::virtual_time::{drop_after, run};

#[test]
fn commands_reach_a_module_and_its_messages_reach_a_subscriber() {
    let line = module(&network());
    run(&line, async {
        let slot = ResponseSlot::<512>::new();
        let channel = UrcChannel::<OwnedUrc, 8, 1>::new();
        let (mut input, mut output) = ([0; 512], [0; 256]);
        let mut ingress = Ingress::new(EspDigester::new(), &mut input, &slot, &channel);
        let mut messages = channel.subscribe().unwrap();
        let mut client = Client::new(line.clone(), &slot, &mut output, Config::default());
        let session = async {
            let ready = messages.next_message_pure().await;
            assert_eq!(ready.urc(), Some(Urc::System(SystemUrc::Ready)));

            client.send(&SetWifiMode { mode: WifiMode::Station }).await.unwrap();
            let nowhere = client.send(&QueryStationAddress).await.unwrap().0;
            assert!(nowhere.address.is_unspecified());

            let join = JoinAccessPoint { ssid: SSID, passphrase: Secret(PASSWORD), bssid: None };
            client.send(&For::<EspAt, _>::new(join)).await.unwrap();
            let joined = messages.next_message_pure().await;
            assert_eq!(joined.urc(), Some(Urc::Station(StationUrc::Connected)));
            let address = messages.next_message_pure().await;
            assert_eq!(address.urc(), Some(Urc::Station(StationUrc::GotIpv4)));
            let config = client.send(&For::<EspAt, _>::new(QueryStationAddress)).await.unwrap().0;
            assert!(config.address.is_private(), "{config:?}");

            let wrong = JoinAccessPoint { passphrase: Secret("wrong password"), ..join };
            assert!(matches!(client.send(&wrong).await, Err(Error::Error)));
            Timer::after(Duration::from_secs(1)).await;
            let left = drop_after(1, messages.next_message_pure()).await.unwrap();
            assert_eq!(left.urc(), Some(Urc::Station(StationUrc::Disconnected)));
        };
        match select(ingress.read_from(line.clone()), session).await {
            Either::First(never) => never,
            Either::Second(()) => {}
        }
    });
}

/// What a digester makes of `bytes`, which come in pieces of `size`.
fn digest(bytes: &[u8], size: usize) -> Vec<String> {
    let mut digester = EspDigester::new();
    let (mut buffer, mut results) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(size) {
        buffer.extend_from_slice(piece);
        while !buffer.is_empty() {
            let (result, count) = digester.digest(&buffer);
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            match result {
                DigestResult::None => {}
                DigestResult::Urc(line) => results.push(format!("urc {}", text(line))),
                DigestResult::Prompt(prompt) => results.push(format!("prompt {}", char::from(prompt))),
                DigestResult::Response(Ok(lines)) => results.push(format!("ok {}", text(lines)).trim().into()),
                DigestResult::Response(Err(error)) => {
                    assert_eq!(error, InternalError::Error);
                    results.push("error".into());
                }
            }
            buffer.drain(..count);
            if count == 0 {
                break;
            }
        }
    }
    assert!(buffer.is_empty(), "{}", String::from_utf8_lossy(&buffer));
    results
}

#[test]
fn answers_prompts_and_messages_are_told_apart_wherever_the_bytes_are_split() {
    for (bytes, expected) in [
        ("\r\nOK\r\n", &["ok"][..]),
        ("ERROR\r\n", &["error"]),
        ("+CWJAP:3\r\nFAIL\r\n", &["error"]),
        ("\r\nSEND OK\r\nSEND FAIL\r\nSEND Canceled\r\n", &["ok", "error", "error"]),
        ("SET OK\r\n+MQTTPUB:OK\r\n+MQTTPUB:FAIL\r\n", &["ok", "ok", "error"]),
        ("ATE0\r\r\n\r\nOK\r\n", &["ok"]),
        ("AT+CWMODE?\r\r\n+CWMODE:1\r\n\r\nOK\r\n", &["ok +CWMODE:1"]),
        ("+CIPMUX:0\r\n+CIPMODE:1\r\n\r\nOK\r\n", &["ok +CIPMUX:0\r\n+CIPMODE:1"]),
        ("\r\nOK\r\n\r\n> Recv 5 bytes\r\n\r\nSEND OK\r\n", &["ok", "prompt >", "ok Recv 5 bytes"]),
        (">+BLEDISCONN:0,\"60:51:42:fe:98:aa\"\r\n", &["prompt >", "urc +BLEDISCONN:0,\"60:51:42:fe:98:aa\""]),
        ("WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n", &["urc WIFI CONNECTED", "urc WIFI GOT IP", "ok"]),
        ("0,CONNECT\r\n1,SEND OK\r\nOK\r\n", &["urc 0,CONNECT", "urc 1,SEND OK", "ok"]),
        ("busy p...\r\nOK\r\n", &["urc busy p...", "ok"]),
        // Within an answer there is nothing that could take a message out.
        ("+A:1\r\n0,CLOSED\r\n+A:2\r\nOK\r\n", &["ok +A:1\r\n0,CLOSED\r\n+A:2"]),
        ("noise\r\n\u{fffd}\r\nready\r\nOK\r\n", &["urc ready", "ok"]),
        ("+IPD,0,100\r\nOK\r\n", &["urc +IPD,0,100", "ok"]),
        // Nothing in a payload is a line.
        ("\r\n+IPD,0,13:a\r\nOK\r\nready>OK\r\n", &["ok"]),
        ("+MQTTSUBRECV:0,\"a,1\",4,OK\r\n\r\nOK\r\n", &["ok"]),
        ("+IPD,9,0:OK\r\n", &["ok"]),
        ("+CIPRECVDATA:6,\r\nOK\r\n\r\nOK\r\n", &["ok +CIPRECVDATA:6,\r\nOK"]),
        ("+CIPRECVDATA:4,\"1.2.3.4\",80,OK\r\n\r\nOK\r\n", &["ok +CIPRECVDATA:4,\"1.2.3.4\",80,OK"]),
        ("+HTTPCGET:5,a\r\nOK\r\n+HTTPCGET:2,OK\r\nOK\r\n", &["ok +HTTPCGET:5,a\r\nOK\r\n+HTTPCGET:2,OK"]),
        ("ALREADY SUBSCRIBE\r\nOK\r\n", &["ok ALREADY SUBSCRIBE"]),
    ] {
        for size in 1..=bytes.len() {
            assert_eq!(digest(bytes.as_bytes(), size), expected, "{bytes:?} in pieces of {size}");
        }
    }
}

#[test]
fn a_typed_answer_without_a_name_is_read() {
    use atat::AtatCmd;

    let subscribe = SubscribeMqtt { topic: "topic", qos: MqttQos::AtLeastOnce };
    assert!(subscribe.parse(Ok(b"ALREADY SUBSCRIBE")).unwrap().0.was_subscribed);
    let closed = OwnedUrc::<16>::new(b"0,CLOSED\r\n").unwrap();
    assert_eq!(closed.urc(), Some(Urc::Link(LinkUrc::Closed { link: Some(0) })));
    assert_eq!(closed.line(), b"0,CLOSED");
    assert_eq!(OwnedUrc::<4>::new(b"0,CLOSED\r\n"), None);
}
