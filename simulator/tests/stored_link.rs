//! A passthrough link that is stored for power-on, and segments in the TCP send buffer.
#![allow(missing_docs)]

mod common;

use common::{Bench, builder_of, ms};
use wifi_at_simulator::{Dialect, Latency};

fn online(dialect: Dialect) -> Bench {
    Bench::online(builder_of(dialect).latency(Latency::none()))
}

/// The module boots into passthrough, silently; nothing answers until `+++`.
#[test]
fn boots_into_passthrough() {
    for &dialect in Dialect::ALL {
        let mut bench = online(dialect);
        bench.ok("AT+SAVETRANSLINK=1,\"example.org\",7,\"TCP\"");
        // Nothing happens before the restart.
        assert!(bench.network.connections().is_empty());
        let restarted = bench.ask("AT+RST");
        assert!(restarted.contains("\r\nready\r\n"), "{restarted}");
        assert_eq!(bench.network.connections().len(), 1, "{}", dialect.name());
        bench.send(b"AT\r\n");
        assert_eq!(bench.run(ms(100)), "AT\r\n", "{}", dialect.name());
        // The peer goes and is found again.
        let socket = bench.module.links()[0].socket;
        bench.network.close_peer(socket);
        bench.run(ms(2000));
        bench.send(b"again");
        assert_eq!(bench.run(ms(100)), "again");
        bench.run(ms(2000));
        bench.send(b"+++");
        assert_eq!(bench.run(ms(2000)), "");
        bench.ask("ATE0");
        assert_eq!(bench.ask("AT+CIPMODE?"), "+CIPMODE:1\r\n\r\nOK\r\n");
        assert!(bench.ask("AT+CIPSEND").contains("\r\n>"));
        bench.run(ms(2000));
        bench.send(b"+++");
        bench.run(ms(2000));
        // Taken back: an ordinary start.
        bench.ok("AT+SAVETRANSLINK=0");
        bench.ask("AT+RST");
        assert_eq!(bench.network.connections(), []);
        bench.ask("ATE0");
        assert_eq!(bench.ask("AT"), "\r\nOK\r\n");
    }
}

#[test]
fn a_host_that_is_not_there_is_tried_again() {
    let mut bench = online(Dialect::Esp8266Nonos);
    bench.ok("AT+SAVETRANSLINK=1,\"late.example.org\",7");
    bench.ask("AT+RST");
    bench.send(b"early");
    assert_eq!(bench.run(ms(5000)), "");
    bench.network.add_host("late.example.org", "10.0.0.1".parse().unwrap());
    assert_eq!(bench.run(ms(5000)), "early");
    // AT+RESTORE forgets it.
    bench.send(b"+++");
    bench.run(ms(1000));
    bench.ask("AT+RESTORE");
    assert_eq!(bench.network.connections(), []);
}

#[test]
fn datagrams() {
    for &dialect in Dialect::ALL {
        let mut bench = online(dialect);
        bench.ok("AT+SAVETRANSLINK=1,\"10.0.0.9\",1002,\"UDP\",1005");
        bench.ask("AT+RST");
        bench.send(b"hello");
        bench.run(ms(100));
        assert_eq!(bench.network.datagrams(), [("10.0.0.9:1002".parse().unwrap(), b"hello".to_vec())]);
        bench.network.push_datagram("10.0.0.9:1002".parse().unwrap(), 1005, b"world");
        assert_eq!(bench.run(ms(100)), "world", "{}", dialect.name());
    }
}

#[test]
fn wrong_links() {
    for &dialect in Dialect::ALL {
        let mut bench = online(dialect);
        for wrong in [
            "AT+SAVETRANSLINK",
            "AT+SAVETRANSLINK=1",
            "AT+SAVETRANSLINK=3,\"10.0.0.9\",1002",
            "AT+SAVETRANSLINK=1,\"10.0.0.9\",0",
            "AT+SAVETRANSLINK=1,\"10.0.0.9\",1002,\"TCP\",7201",
        ] {
            bench.error(wrong);
        }
        let unknown = bench.ask("AT+SAVETRANSLINK=1,\"10.0.0.9\",1002,\"SCTP\"");
        assert!(unknown.ends_with("\r\nERROR\r\n"), "{unknown}");
    }
}

#[test]
fn segments() {
    for dialect in [Dialect::Esp8266Nonos, Dialect::WizFi360] {
        let capacity = if dialect == Dialect::WizFi360 { 21_900 } else { 5840 };
        let mut bench = online(dialect);
        let refused = bench.ask("AT+CIPSENDBUF=5");
        assert_eq!(refused, "link is not valid\r\n\r\nERROR\r\n");
        bench.network.serve("10.0.0.1:9".parse().unwrap(), || |_: &[u8]| Vec::new());
        assert_eq!(bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",9"), "CONNECT\r\n\r\nOK\r\n");
        assert_eq!(bench.ask("AT+CIPBUFSTATUS"), format!("1,0,0,{capacity},8\r\n\r\nOK\r\n"));
        assert_eq!(bench.ask("AT+CIPSENDBUF=5"), "1,0\r\n\r\nOK\r\n> ");
        assert_eq!(bench.payload(b"hello"), "1,SEND OK\r\n");
        // The peer takes nothing for a while: the module takes more and tells later.
        let socket = bench.module.links()[0].socket;
        bench.network.set_window(socket, Some(0));
        assert_eq!(bench.ask("AT+CIPSENDBUF=2000"), "2,1\r\n\r\nOK\r\n> ");
        assert_eq!(bench.payload(&[b'x'; 2000]), "");
        assert_eq!(bench.ask("AT+CIPSENDBUF=4"), "3,1\r\n\r\nOK\r\n> ");
        assert_eq!(bench.payload(b"more"), "");
        assert_eq!(bench.ask("AT+CIPBUFSTATUS"), format!("4,1,1,{},6\r\n\r\nOK\r\n", capacity - 2004));
        assert_eq!(bench.ask("AT+CIPCHECKSEQ=1"), "1,TRUE\r\n\r\nOK\r\n");
        assert_eq!(bench.ask("AT+CIPCHECKSEQ=3"), "3,FALSE\r\n\r\nOK\r\n");
        bench.error("AT+CIPCHECKSEQ=4");
        bench.error("AT+CIPBUFRESET");
        bench.network.set_window(socket, None);
        assert_eq!(bench.run(ms(10)), "2,SEND OK\r\n3,SEND OK\r\n");
        assert_eq!(bench.ask("AT+CIPBUFSTATUS"), format!("4,3,3,{capacity},8\r\n\r\nOK\r\n"));
        bench.ok("AT+CIPBUFRESET");
        assert_eq!(bench.ask("AT+CIPBUFSTATUS"), format!("1,0,0,{capacity},8\r\n\r\nOK\r\n"));
        // +++ gives up what was typed so far.
        bench.ask("AT+CIPSENDBUF=10");
        bench.send(b"half");
        bench.run(ms(2000));
        bench.send(b"+++");
        assert_eq!(bench.run(ms(2000)), "");
        assert_eq!(bench.ask("AT+CIPSENDBUF=1"), "1,0\r\n\r\nOK\r\n> ");
        // The peer goes under a segment.
        bench.network.set_window(socket, Some(0));
        bench.payload(b"x");
        bench.network.close_peer(socket);
        assert_eq!(bench.run(ms(10)), "SEND FAIL\r\nCLOSED\r\n");
        bench.ok("AT+CIPMUX=1");
        assert_eq!(bench.ask("AT+CIPSTART=2,\"TCP\",\"10.0.0.1\",9"), "2,CONNECT\r\n\r\nOK\r\n");
        assert_eq!(bench.ask("AT+CIPSENDBUF=2,1"), "1,0\r\n\r\nOK\r\n> ");
        assert_eq!(bench.payload(b"x"), "2,1,SEND OK\r\n");
        assert_eq!(bench.ask("AT+CIPCHECKSEQ=2,1"), "2,1,TRUE\r\n\r\nOK\r\n");
        assert_eq!(bench.ask("AT+CIPBUFSTATUS=2"), format!("2,1,1,{capacity},8\r\n\r\nOK\r\n"));
        bench.ok("AT+CIPBUFRESET=2");
        assert_eq!(bench.ask("AT+CIPSTART=3,\"UDP\",\"10.0.0.1\",9"), "3,CONNECT\r\n\r\nOK\r\n");
        bench.error("AT+CIPSENDBUF=3,1");
    }
}

#[test]
fn close_mode() {
    let mut bench = online(Dialect::Esp8266Nonos);
    assert_eq!(bench.ask("AT+CIPCLOSEMODE=1"), "link is not valid\r\n\r\nERROR\r\n");
    bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
    bench.ok("AT+CIPCLOSEMODE=1");
    bench.error("AT+CIPCLOSEMODE=2");
    assert_eq!(bench.ask("AT+CIPCLOSE"), "CLOSED\r\n\r\nOK\r\n");
}
