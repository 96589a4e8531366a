//! What all firmwares have in common, and what those with `_CUR` and `_DEF` store.
#![allow(missing_docs)]

mod common;

use common::{Bench, builder_of, ms};
use core::time::Duration;
use wifi_at_simulator::{Dialect, Latency};

#[test]
fn names() {
    for &dialect in Dialect::ALL {
        assert_eq!(dialect.name().parse(), Ok(dialect));
        let commands = dialect.commands();
        let names: std::collections::BTreeSet<&str> = commands.iter().map(|command| command.name.as_str()).collect();
        assert_eq!(names.len(), commands.len(), "{}: a command stands twice", dialect.name());
        let none = commands.iter().find(|form| !(form.test || form.query || form.set || form.execute));
        assert_eq!(none, None);
    }
    assert!("ESP-AT".parse::<Dialect>().is_err());
}

#[test]
fn longest_line_and_longest_send() {
    for &dialect in Dialect::ALL {
        let mut bench = Bench::online(builder_of(dialect));
        bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
        // 256 bytes with the line end; the number is right however many zeros it has.
        let line = |len: usize| format!("AT+CIPSEND={:0width$}", 1, width = len - 2 - 11);
        assert!(bench.ask(&line(256)).contains('>'), "{}", dialect.name());
        bench.payload(b"x");
        bench.error(&line(257));
        let most = if dialect == Dialect::EspAt { 8192 } else { 2048 };
        assert!(bench.ask(&format!("AT+CIPSEND={most}")).contains('>'));
        let answer = bench.payload(&vec![b'x'; most]);
        assert!(answer.starts_with(&format!("\r\nRecv {most} bytes\r\n")), "{}: {answer}", dialect.name());
        let answer = bench.ask(&format!("AT+CIPSEND={}", most + 1));
        assert!(answer.ends_with("\r\nERROR\r\n") && !answer.contains('>'), "{}: {answer}", dialect.name());
    }
}

#[test]
fn the_access_point_goes_and_comes_back() {
    for &dialect in Dialect::ALL {
        let mut bench = Bench::online(builder_of(dialect));
        bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
        let now = bench.now;
        bench.module.set_access_point_up(now, "home", false);
        assert_eq!(bench.run(ms(10)), "WIFI DISCONNECT\r\nCLOSED\r\n", "{}", dialect.name());
        assert_eq!(bench.run(Duration::from_secs(30)), "");
        let now = bench.now;
        bench.module.set_access_point_up(now, "home", true);
        assert_eq!(bench.run(Duration::from_secs(40)), "WIFI CONNECTED\r\nWIFI GOT IP\r\n", "{}", dialect.name());
    }
}

/// Restarts, and stays where the flash says.
fn restart(bench: &mut Bench) {
    let answer = bench.ask("AT+RST");
    assert!(answer.contains("\r\nready\r\n"), "{answer}");
    bench.ask("ATE0");
}

#[test]
fn what_is_stored() {
    for dialect in [Dialect::WizFi360, Dialect::Esp8266Nonos] {
        // Command, two settings, and what their lines show.
        for (name, first, second) in [
            ("CWMODE", ("1", "1"), ("3", "3")),
            ("CWDHCP", ("2,1", "3"), ("0,0", "2")),
            (
                "CIPSTAMAC",
                ("\"18:fe:35:98:d3:7b\"", "\"18:fe:35:98:d3:7b\""),
                ("\"18:FE:35:98:D3:7C\"", "\"18:fe:35:98:d3:7c\""),
            ),
            (
                "CIPAPMAC",
                ("\"1a:fe:36:97:d5:7b\"", "\"1a:fe:36:97:d5:7b\""),
                ("\"1a:fe:36:97:d5:7c\"", "\"1a:fe:36:97:d5:7c\""),
            ),
            ("CIPSTA", ("\"192.168.6.100\"", "ip:\"192.168.6.100\""), ("\"192.168.6.101\"", "ip:\"192.168.6.101\"")),
            ("CIPAP", ("\"192.168.5.1\"", "ip:\"192.168.5.1\""), ("\"192.168.5.2\"", "ip:\"192.168.5.2\"")),
            ("CIPDNS", ("1", "208.67.222.222"), ("1,\"8.8.8.8\",\"1.1.1.1\"", "8.8.8.8\r\n+CIPDNS_CUR:1.1.1.1")),
            (
                "CWSAP",
                ("\"one\",\"12345678\",5,3", "\"one\",\"12345678\",5,3,4,0"),
                ("\"two\",\"\",1,0,1,1", "\"two\",\"\",1,0,1,1"),
            ),
        ] {
            let mut bench = Bench::online(builder_of(dialect).latency(Latency::none()));
            bench.ok("AT+CWMODE_DEF=3");
            let shows = |bench: &mut Bench, suffix: &str, value: &str| {
                let answer = bench.ask(&format!("AT+{name}_{suffix}?"));
                let wanted = format!("+{name}_{suffix}:{}\r\n", value.replace("_CUR", &format!("_{suffix}")));
                assert!(answer.starts_with(&wanted), "{} {name}_{suffix}: {answer}", dialect.name());
            };
            bench.ok(&format!("AT+{name}_DEF={}", first.0));
            bench.ok(&format!("AT+{name}_CUR={}", second.0));
            shows(&mut bench, "CUR", second.1);
            shows(&mut bench, "DEF", first.1);
            restart(&mut bench);
            shows(&mut bench, "CUR", first.1);
            bench.ok(&format!("AT+{name}_DEF={}", second.0));
            shows(&mut bench, "CUR", second.1);
            restart(&mut bench);
            shows(&mut bench, "DEF", second.1);
        }
    }
}

#[test]
fn factory_settings() {
    for (dialect, mode) in [
        (Dialect::EspAt, 0),
        (Dialect::WizFi360, 1),
        (Dialect::Esp8266Nonos, 2),
        (Dialect::Esp8266Idf, 0),
        (Dialect::Esp32V1, 1),
    ] {
        let mut bench = Bench::online(builder_of(dialect));
        bench.ok("AT+CWMODE=3");
        restart(&mut bench);
        assert_eq!(bench.ask("AT+CWMODE?"), "+CWMODE:3\r\n\r\nOK\r\n", "{}", dialect.name());
        assert!(bench.ask("AT+RESTORE").ends_with("\r\nready\r\n"));
        bench.ask("ATE0");
        assert_eq!(bench.ask("AT+CWMODE?"), format!("+CWMODE:{mode}\r\n\r\nOK\r\n"), "{}", dialect.name());
        bench.ok("AT+CWMODE=1");
        assert_eq!(bench.ask("AT+CWJAP?"), "No AP\r\n\r\nOK\r\n");
    }
}
