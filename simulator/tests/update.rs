//! Updates over the network, from a server in memory.
#![allow(missing_docs)]

mod common;
#[cfg(feature = "tls")]
#[path = "common/tls.rs"]
mod tls;

use common::{Bench, builder_of, ms};
use std::cell::RefCell;
use std::rc::Rc;
use wifi_at_simulator::{Dialect, Latency, PeerSocket};

type Requests = Rc<RefCell<Vec<String>>>;

fn reply(requests: &Requests, data: &[u8]) -> Vec<u8> {
    let request = String::from_utf8(data.to_vec()).unwrap();
    let line = request.lines().next().unwrap().to_owned();
    let body = if line.contains("download_rom") {
        "\u{e9}image".into()
    } else {
        String::from("{\"status\": 200, \"version\": \"v3.4.0.0\"}")
    };
    requests.borrow_mut().push(line);
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A module in the network; its update server is there if `served`.
fn bench(dialect: Dialect, served: bool) -> (Bench, Requests) {
    let bench = Bench::online(builder_of(dialect).latency(Latency::none()));
    let requests = Requests::default();
    bench.network.add_host("iot.espressif.cn", "10.0.0.9".parse().unwrap());
    let log = Rc::clone(&requests);
    if served {
        bench.network.serve("10.0.0.9:8000".parse().unwrap(), move || {
            let log = Rc::clone(&log);
            move |data: &[u8]| reply(&log, data)
        });
    }
    (bench, requests)
}

const NEWEST: &str = "GET /v1/device/rom/?is_formal_newest=true HTTP/1.0";

#[test]
fn every_dialect_updates_and_restarts() {
    for &dialect in Dialect::ALL {
        let (mut bench, requests) = bench(dialect, true);
        let got = bench.ask("AT+CIUPDATE");
        assert!(bench.module.update_image().is_some_and(|image| !image.is_empty()));
        let name = if dialect == Dialect::Esp8266Nonos { "CIUPDATE" } else { "CIPUPDATE" };
        let lines: String = (1..=4).map(|state| format!("+{name}:{state}\r\n")).collect();
        assert!(got.starts_with(&format!("{lines}\r\nOK\r\n")), "{}: {got}", dialect.name());
        assert!(got.contains("\r\nready\r\n"), "{got}");
        assert_eq!(got.contains("Will force to restart!!!"), dialect == Dialect::EspAt);
        let image = "GET /v1/device/rom/?action=download_rom&version=v3.4.0.0&filename=ota.bin HTTP/1.0";
        assert_eq!(*requests.borrow(), [NEWEST, image]);
        assert!(bench.network.connections().is_empty());
    }
}

#[test]
fn failures() {
    for &dialect in Dialect::ALL {
        let (mut bench, _) = bench(dialect, false);
        let name = if dialect == Dialect::Esp8266Nonos { "CIUPDATE" } else { "CIPUPDATE" };
        let refused = format!("+{name}:1\r\n\r\nERROR\r\n");
        assert_eq!(bench.ask("AT+CIUPDATE"), refused, "{}", dialect.name());
        let missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        bench.network.serve("10.0.0.9:8000".parse().unwrap(), move || move |_: &[u8]| missing.to_vec());
        assert_eq!(bench.ask("AT+CIUPDATE"), format!("+{name}:1\r\n+{name}:2\r\n\r\nERROR\r\n"));
        // A server that says nothing.
        bench.network.serve("10.0.0.9:8000".parse().unwrap(), || |_: &[u8]| Vec::new());
        assert_eq!(bench.ask_for("AT+CIUPDATE", ms(179_000)), format!("+{name}:1\r\n+{name}:2\r\n"));
        assert_eq!(bench.run(ms(2000)), "\r\nERROR\r\n");
        bench.ask("AT+CWQAP");
        bench.error("AT+CIUPDATE");
    }
}

#[test]
fn parts_of_it() {
    let (mut bench, requests) = bench(Dialect::EspAt, true);
    assert_eq!(bench.ask("AT+CIPFWVER?"), "+CIPFWVER:\"v3.4.0.0\"\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIUPDATE?"), "+CIPUPDATE:0\r\n\r\nOK\r\n");
    let background = "\r\nOK\r\n+CIPUPDATE:1\r\n+CIPUPDATE:2\r\n+CIPUPDATE:3\r\n+CIPUPDATE:4\r\n";
    assert_eq!(bench.ask("AT+CIUPDATE=0,\"v2.2.0.0\",\"mqtt_ca\",1"), background);
    // No restart by itself.
    assert_eq!(bench.ask("AT+CIUPDATE?"), "+CIPUPDATE:4\r\n\r\nOK\r\n");
    let image = "GET /v1/device/rom/?action=download_rom&version=v2.2.0.0&filename=mqtt_ca.bin HTTP/1.0";
    assert_eq!(*requests.borrow(), [NEWEST, NEWEST, image]);
    for wrong in ["AT+CIUPDATE=2", "AT+CIUPDATE=0,1", "AT+CIUPDATE=0,\"v1\",\"ota\",2", "AT+CIUPDATE=0,,,1,1"] {
        bench.error(wrong);
    }
    // In the background commands are answered, and a failure comes as -1.
    struct Silent;
    impl wifi_at_simulator::Peer for Silent {
        fn on_data(&mut self, _: &mut PeerSocket, _: &[u8]) {}
    }
    bench.network.serve("10.0.0.9:8000".parse().unwrap(), || Silent);
    let begun = bench.ask_for("AT+CIUPDATE=0,,,1", ms(100));
    assert_eq!(begun, "\r\nOK\r\n+CIPUPDATE:1\r\n+CIPUPDATE:2\r\n");
    assert_eq!(bench.ask_for("AT", ms(100)), "\r\nOK\r\n");
    assert_eq!(bench.ask_for("AT+CIUPDATE", ms(100)), "\r\nERROR\r\n");
    assert_eq!(bench.run(ms(200_000)), "+CIPUPDATE:-1\r\n");
}

#[test]
fn from_an_address_of_the_hosts() {
    let (mut bench, requests) = bench(Dialect::EspAt, true);
    let url = "http://iot.espressif.cn:8000/images/download_rom.bin";
    let update = |bench: &mut Bench, url: &str| {
        assert_eq!(bench.ask(&format!("AT+USEROTA={}", url.len())), "\r\nOK\r\n\r\n>");
        bench.payload(url.as_bytes())
    };
    let len = url.len();
    let restart = "Will force to restart!!!\r\n\r\nready\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n";
    assert_eq!(update(&mut bench, url), format!("\r\nRecv {len} bytes\r\n\r\nOK\r\n{restart}"));
    assert_eq!(*requests.borrow(), ["GET /images/download_rom.bin HTTP/1.0"]);
    bench.ask("ATE0");
    for wrong in ["ftp://iot.espressif.cn/image", "http://nowhere.example.org/image", "image", "http://10.0.0.9:81/"] {
        let answer = format!("\r\nRecv {} bytes\r\n\r\nERROR\r\n", wrong.len());
        assert_eq!(update(&mut bench, wrong), answer);
    }
    bench.error("AT+USEROTA=0");
    bench.error("AT+USEROTA=8193");
}

#[cfg(feature = "tls")]
#[test]
fn over_tls() {
    let authority = tls::Authority::new("authority");
    let config = authority.issue("server", 2020..2040).server(None, &[]);
    for dialect in [Dialect::EspAt, Dialect::Esp8266Idf] {
        let (mut bench, requests) = bench(dialect, false);
        let (config, log) = (config.clone(), Rc::clone(&requests));
        bench.network.serve("10.0.0.9:8443".parse().unwrap(), move || {
            let log = Rc::clone(&log);
            tls::TlsPeer::new(&config, move |_, data: &[u8]| reply(&log, data))
        });
        let got = bench.ask("AT+CIUPDATE=1,\"v1.2.0.0\"");
        assert!(got.contains("+CIPUPDATE:4\r\n\r\nOK\r\n"), "{got}");
        assert_eq!(requests.borrow().len(), 2);
    }
}
