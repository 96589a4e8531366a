//! No password, key or PIN reaches a log: neither what the driver logs in a session full of trouble, nor what a user's own
//! `{:?}` of the crate's types shows. (`defmt` gets the same lines; the macros of `src/fmt.rs` serve both.)

use std::cell::RefCell;
use std::fmt::Debug;

use embassy_time::{Duration, with_timeout};
use embedded_io_async::Write;
use log::{LevelFilter, Log, Metadata, Record};
use wifi_at::Control;
use wifi_at::command::mqtt::{MqttScheme, SetMqttUser};
use wifi_at::command::tcpip::SetSslPreSharedKey;
use wifi_at::command::wifi::{EapCredentials, JoinAccessPoint, Passphrase, SecretString};
use wifi_at::command::{Link, Secret};
use wifi_at::dialect::EspAt as Subject;
use wifi_at::net::tcp::TcpSocket;
use wifi_at::wifi::{JoinOptions, SmartConfigOptions, SoftApOptions};
use wifi_at_simulator::{Action, Dialect, Hook, Point};
use wifi_at_support::virtual_time::now;

const MODULE: Dialect = Dialect::EspAt;

mod common;
use common::{PASSWORD, SSID, connect, module, network, server, with_driver};

const SECRETS: [&str; 6] = [PASSWORD, "wr0ng-s3cret", "s0ft-ap-key!", "mqtt-pa55", "psk-5ecret", "correct, "];

thread_local! { static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) }; }

/// Keeps what each thread logs.
struct Capture;

impl Log for Capture {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        LINES.with_borrow_mut(|lines| {
            lines.push(format!("{} {} {}", now().as_millis(), record.target(), record.args()))
        });
    }

    fn flush(&self) {}
}

async fn session(control: Control<'_, Subject>) {
    let wifi = control.wifi();
    // Refused by the access point, refused before it is sent, and right.
    assert!(wifi.join(SSID, JoinOptions::new(SECRETS[1])).await.is_err());
    assert!(wifi.join(SSID, JoinOptions::new(&SECRETS[1].repeat(8))).await.is_err());
    wifi.join(SSID, JoinOptions::new(PASSWORD)).await.unwrap();
    wifi.start_soft_ap(SoftApOptions::new("node", SECRETS[2])).await.unwrap();
    let user = SetMqttUser {
        scheme: MqttScheme::Tcp,
        client_id: "node",
        user_name: "user",
        password: Secret(SECRETS[3]),
        certificate: 0,
        ca: 0,
        path: "",
    };
    let _ = control.send(&user).await;
    let _ = control.send(&SetSslPreSharedKey { link: Link::Id(0), key: Secret(SECRETS[4]), hint: "" }).await;
}

#[test]
fn nothing_in_the_log() {
    log::set_logger(&Capture).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        session(control).await;
        // A lost prompt, a payload that breaks off, an answer that is damaged, and commands that nobody answers.
        let mut socket = connect(stack).await;
        line.with(|module, _| module.hook(Hook::new(Point::Prompt, Action::Drop)));
        socket.write_all(b"some data").await.unwrap();
        socket.flush().await.unwrap();
        line.with(|module, _| {
            module.hook(Hook::new(Point::Data, Action::Replace(b"+CIPRECVDATA:9,\"10.0.0.1\",80,so".into())))
        });
        let _ = with_timeout(Duration::from_secs(5), socket.read(&mut [0; 20])).await;
        drop(socket);
        line.with(|module, _| module.hook(Hook::new(Point::Answer("*".into()), Action::Drop)));
        let _ = with_timeout(Duration::from_secs(60), control.wifi().rssi()).await;
        // And it restarts with the echo of a command with a password in the middle of the boot text.
        let boot =
            format!("AT+CWJAP=\"{SSID}\",\"{PASSWORD}\"\r\n\r\nets Jan  8 2013,rst cause:4, boot mode:(3,6)\r\n");
        line.with(|module, now| module.restart(now, boot.as_bytes()));
        while TcpSocket::connect(stack, server()).await.is_err() {
            let _ = control.wifi().join(SSID, JoinOptions::new(PASSWORD)).await;
        }
        session(control).await;
    });
    let lines = LINES.take();
    for expected in ["module is up", "prompt lost", "payload broke off", "module has restarted"] {
        assert!(lines.iter().any(|line| line.contains(expected)), "{expected:?} is not in {lines:#?}");
    }
    for line in &lines {
        assert!(SECRETS.iter().all(|secret| !line.contains(secret)), "{line}");
    }
}

#[test]
fn nothing_in_what_users_log() {
    let word = "pa55phrase-here!";
    let shown = |what: &dyn Debug| {
        let shown = format!("{what:?} {what:#?}");
        assert!(!shown.contains("pa55"), "{shown}");
        assert!(shown.len() > 6);
    };
    shown(&JoinOptions::new(word).bssid([1; 6]));
    shown(&SoftApOptions::new("node", word));
    shown(&SmartConfigOptions::new().key(word));
    shown(&Secret(word));
    shown(&SecretString::<64>(word.try_into().unwrap()));
    shown(&Passphrase(Secret(word)));
    shown(&JoinAccessPoint { ssid: SSID, passphrase: Secret(word), bssid: None });
    shown(&EapCredentials::Peap { identity: "i", username: "u", password: Secret(word) });
    shown(&SetSslPreSharedKey { link: Link::Id(0), key: Secret(word), hint: "" });
}
