//! The module asks SNTP servers of its network.
#![allow(missing_docs)]

mod common;

use common::{Bench, builder, builder_of, ms};
use core::time::Duration;
use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use wifi_at_simulator::Dialect;

/// Tue Oct 19 09:47:56 2021
const TIME: u32 = 1_634_636_876;

fn server() -> SocketAddr {
    "10.0.0.3:123".parse().unwrap()
}

/// An answer as a server gives it.
fn answer(question: &[u8], unix: u32, stratum: u8) -> Vec<u8> {
    assert_eq!((question.len(), question[0] & 7), (48, 3), "a client's message");
    let mut message = vec![0; 48];
    message[0] = 4 << 3 | 4;
    message[1] = stratum;
    message[24..32].copy_from_slice(&question[40..]);
    message[40..44].copy_from_slice(&(unix.wrapping_add(2_208_988_800_u64 as u32)).to_be_bytes());
    message
}

fn time(bench: &mut Bench) -> String {
    bench.ask_for("AT+CIPSNTPTIME?", ms(100))
}

#[test]
fn a_server_says_what_time_it_is() {
    for &dialect in Dialect::ALL {
        let mut bench = Bench::online(builder_of(dialect));
        bench.network.add_host("ntp.example", server().ip());
        bench.network.serve_udp(server(), |_, question| vec![answer(question, TIME, 2)]);
        let zone = if matches!(dialect, Dialect::Esp8266Idf | Dialect::Esp32V1) { "8" } else { "1,8" };
        let set = bench.ask_for(&format!("AT+CIPSNTPCFG={zone},\"ntp.example\""), ms(500));
        assert!(set.starts_with("\r\nOK\r\n"), "{set}");
        assert_eq!(time(&mut bench), "+CIPSNTPTIME:Tue Oct 19 17:47:56 2021\r\nOK\r\n", "{}", dialect.name());
        // It goes on by itself.
        bench.run(Duration::from_secs(60));
        assert_eq!(time(&mut bench), "+CIPSNTPTIME:Tue Oct 19 17:48:56 2021\r\nOK\r\n", "{}", dialect.name());
    }
}

#[test]
fn the_next_server_is_asked_if_one_is_silent_or_wrong() {
    let mut bench = Bench::online(builder());
    bench.network.add_host("silent.example", "10.0.0.1".parse().unwrap());
    bench.network.add_host("wrong.example", "10.0.0.2".parse().unwrap());
    // A server that is not in step with anybody says so by its stratum.
    bench.network.serve_udp("10.0.0.2:123".parse().unwrap(), |_, question| vec![answer(question, 7, 0)]);
    bench.network.serve_udp(server(), |_, question| vec![b"nonsense".to_vec(), answer(question, TIME, 1)]);
    let line = "AT+CIPSNTPCFG=1,0,\"silent.example\",\"wrong.example\",\"10.0.0.3\"";
    // Each of the first two has 3 s.
    assert_eq!(bench.ask_for(line, ms(6300)), "\r\nOK\r\n");
    assert_eq!(bench.run(ms(200)), "+TIME_UPDATED\r\n");
    assert_eq!(time(&mut bench), "+CIPSNTPTIME:Tue Oct 19 09:47:56 2021\r\nOK\r\n");
}

#[test]
fn who_has_no_time_is_asked_again() {
    let mut bench = Bench::online(builder());
    let (asked, up) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let (count, answers) = (asked.clone(), up.clone());
    bench.network.serve_udp(server(), move |_, question| {
        count.set(count.get() + 1);
        if answers.get() { vec![answer(question, TIME, 2)] } else { Vec::new() }
    });
    assert_eq!(bench.ask_for("AT+CIPSNTPCFG=1,0,\"10.0.0.3\"", Duration::from_secs(40)), "\r\nOK\r\n");
    assert_eq!(asked.get(), 3);
    assert_eq!(time(&mut bench), "+CIPSNTPTIME:Thu Jan  1 00:00:00 1970\r\nOK\r\n");
    up.set(true);
    assert_eq!(bench.run(Duration::from_secs(20)), "+TIME_UPDATED\r\n");
    // From now on once in the interval.
    bench.ok("AT+CIPSNTPINTV=60");
    asked.set(0);
    let updates = bench.run(Duration::from_secs(3600 + 60 * 10));
    assert_eq!(updates, "+TIME_UPDATED\r\n".repeat(asked.get()));
    assert!((10..12).contains(&asked.get()), "{}", asked.get());
    // Without a network nobody is asked.
    bench.ask_for("AT+CWQAP", ms(100));
    asked.set(0);
    bench.run(Duration::from_secs(600));
    assert_eq!(asked.get(), 0);
}

#[test]
fn servers_that_the_network_does_not_have_are_right() {
    let mut bench = Bench::online(builder().clock(u64::from(TIME)));
    assert_eq!(bench.ask_for("AT+CIPSNTPCFG=1,0", ms(500)), "\r\nOK\r\n+TIME_UPDATED\r\n");
    assert!(time(&mut bench).starts_with("+CIPSNTPTIME:Tue Oct 19 09:"));
    // Older firmwares show no zone before that.
    for (dialect, shown) in [
        (Dialect::WizFi360, "+CIPSNTPTIME:Thu Jan 01 00:00:00 1970\r\nOK\r\n"),
        (Dialect::Esp32V1, "+CIPSNTPTIME:Thu Jan  1 08:00:00 1970\r\nOK\r\n"),
    ] {
        let mut bench = Bench::new(builder_of(dialect));
        bench.run(ms(1000));
        bench.ask_for("ATE0", ms(10));
        bench.ask_for(if dialect == Dialect::WizFi360 { "AT+CIPSNTPCFG=1,8" } else { "AT+CIPSNTPCFG=8" }, ms(10));
        assert_eq!(time(&mut bench), shown, "{}", dialect.name());
    }
}
