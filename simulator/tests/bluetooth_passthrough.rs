//! Passthrough over Bluetooth LE, between two modules in one air.
#![allow(missing_docs)]

mod common;

use common::{Bench, ms, quick};
use core::time::Duration;
use wifi_at_simulator::{Air, Builder};

fn module(builder: Builder) -> Bench {
    Bench::booted(builder)
}

/// Two modules in one air.
struct Pair {
    server: Bench,
    client: Bench,
}

impl Pair {
    fn new() -> Self {
        let air = Air::new();
        let server = module(quick().air(&air).bluetooth_address([0x24, 0x0a, 0xc4, 0xd6, 0xe4, 0x46]));
        let client = module(quick().air(&air).bluetooth_address([0x24, 0x0a, 0xc4, 0x03, 0xa7, 0x4e]));
        let mut pair = Self { server, client };
        for line in ["AT+BLEINIT=2", "AT+BLEGATTSSRVCRE", "AT+BLEGATTSSRVSTART", "AT+BLEADVSTART"] {
            pair.server.ok(line);
        }
        for line in [
            "AT+BLEINIT=1",
            "AT+BLECONN=0,\"24:0a:c4:d6:e4:46\"",
            "AT+BLEGATTCPRIMSRV=0",
            "AT+BLEGATTCCHAR=0,3",
            "AT+BLECFGMTU=0,103",
        ] {
            assert!(pair.client.ask(line).ends_with("\r\nOK\r\n"));
        }
        assert_eq!(pair.run(ms(200)).0, "+BLECONN:0,\"24:0a:c4:03:a7:4e\"\r\n");
        pair
    }

    /// Both go on; what the server and what the client say.
    fn run(&mut self, time: Duration) -> (String, String) {
        let end = self.server.now.max(self.client.now) + time;
        let mut said = (String::new(), String::new());
        while self.server.now.min(self.client.now) < end {
            let next = self.server.now.min(self.client.now) + ms(5);
            for (bench, said) in [(&mut self.server, &mut said.0), (&mut self.client, &mut said.1)] {
                if bench.now < next {
                    *said += &bench.run(next - bench.now);
                }
            }
        }
        said
    }

    fn tunnel(&mut self) {
        self.client.ok("AT+BLESPPCFG=1,3,5,3,7");
        assert_eq!(self.client.ask("AT+BLESPP"), "\r\nOK\r\n\r\n>");
        assert_eq!(self.run(ms(10)).0, "+WRITE:0,1,7,1,2,\x02\0\r\n");
        self.server.ok("AT+BLESPPCFG=1,1,7,1,5");
        assert_eq!(self.server.ask("AT+BLESPP"), "\r\nOK\r\n\r\n>");
    }
}

#[test]
fn passthrough_between_two_modules() {
    let mut pair = Pair::new();
    pair.server.error("AT+BLESPP");
    pair.client.error("AT+BLESPP");
    pair.server.ok("AT+BLESPPCFG=1,1,7,1,5");
    // Nobody listens to the server yet.
    pair.server.error("AT+BLESPP");
    pair.tunnel();
    assert!(pair.client.module.in_data_mode());
    pair.client.send(b"hello\r\nOK\r\n+++");
    pair.run(ms(100));
    let all: Vec<u8> = (0..=u8::MAX).cycle().take(1000).collect();
    pair.server.send(&all);
    let mut got = (String::new(), Vec::new());
    for _ in 0..40 {
        got.0 += &pair.server.run(ms(5));
        got.1.extend(pair.client.run_bytes(ms(5)));
    }
    assert_eq!(got, (String::new(), all));
    // Alone between two silences it ends passthrough, on this side only.
    pair.client.ok_after_escape();
    pair.client.ok("AT");
    pair.server.send(b"more");
    let (_, said) = pair.run(ms(100));
    assert_eq!(said, "+INDICATE:0,3,7,4,more\r\n");
    assert_eq!(pair.client.ask("AT+BLESPP"), "\r\nOK\r\n\r\n>");
}

#[test]
fn a_lost_connection_comes_back_under_passthrough() {
    let mut pair = Pair::new();
    pair.client.ok("AT+SYSMSG=5");
    pair.tunnel();
    pair.server.ok_after_escape();
    assert_eq!(pair.server.ask_for("AT+BLEDISCONN=0", ms(50)), "\r\nOK\r\n+BLEDISCONN:0,\"24:0a:c4:03:a7:4e\"\r\n");
    pair.server.ok("AT+BLEADVSTART");
    let (server, client) = pair.run(Duration::from_secs(40));
    assert_eq!(server, "+BLECONN:0,\"24:0a:c4:03:a7:4e\"\r\n+WRITE:0,1,7,1,2,\x02\0\r\n");
    // Bit 2 of AT+SYSMSG shows it on this side.
    assert_eq!(client, "+BLEDISCONN:0,\"24:0a:c4:d6:e4:46\"\r\n+BLECONN:0,\"24:0a:c4:d6:e4:46\"\r\n");
    pair.client.send(b"again");
    assert_eq!(pair.run(ms(100)).0, "+WRITE:0,1,5,,5,again\r\n");
    pair.client.run(ms(50));
    pair.client.send(b"+++");
    // Bit 0 shows the end.
    assert_eq!(pair.client.run(Duration::from_secs(1)), "+QUITT\r\n");
}

/// Both boards begin with passthrough, each in its time.
#[test]
fn passthrough_from_power_on() {
    let mut pair = Pair::new();
    pair.server.error("AT+SAVETRANSLINK=2,3,1,7,1,5,\"24:0a:c4:03:a7:4e\"");
    pair.server.error("AT+SAVETRANSLINK=2,2,1,7,1,5");
    pair.server.ok("AT+SAVETRANSLINK=2,2,1,7,1,5,\"24:0a:c4:03:a7:4e\"");
    pair.client.ok("AT+SAVETRANSLINK=2,1,3,5,3,7,\"24:0a:c4:d6:e4:46\"");
    assert!(pair.client.ask_for("AT+RST", ms(5000)).contains("ready\r\n"));
    assert!(pair.client.module.in_data_mode());
    let client = "+BLEDISCONN:0,\"24:0a:c4:03:a7:4e\"\r\n";
    assert_eq!(pair.run(ms(10)).0, client);
    assert!(pair.server.ask_for("AT+RST", ms(100)).ends_with("ready\r\n"));
    // The client finds its server and switches its indications on.
    assert_eq!(pair.run(ms(10_000)), (String::new(), String::new()));
    pair.client.send(b"from the client");
    pair.server.send(b"from the server");
    assert_eq!(pair.run(ms(500)), ("from the client".into(), "from the server".into()));
    // Both can leave it, and do not come back to it when they are told so.
    pair.server.run(ms(50));
    pair.server.send(b"+++");
    assert_eq!(pair.server.run(Duration::from_secs(1)), "");
    assert_eq!(pair.server.ask("ATE0"), "ATE0\r\n\r\nOK\r\n");
    pair.server.ok("AT+SAVETRANSLINK=0");
    assert!(pair.server.ask_for("AT+RST", ms(100)).ends_with("ready\r\n"));
    assert!(!pair.server.module.in_data_mode());
    // A firmware without Bluetooth has only the passthrough of Wi-Fi.
    let mut other = Bench::new(common::builder_of(wifi_at_simulator::Dialect::Esp8266Idf));
    other.run(ms(1000));
    other.ask("ATE0");
    other.error("AT+SAVETRANSLINK=2,2,1,7,1,5,\"24:0a:c4:03:a7:4e\"");
}

trait Escape {
    /// `+++`, and a second later a command.
    fn ok_after_escape(&mut self);
}

impl Escape for Bench {
    fn ok_after_escape(&mut self) {
        self.run(ms(50));
        self.send(b"+++");
        assert_eq!(self.run(Duration::from_secs(1)), "");
        self.ok("AT");
    }
}
