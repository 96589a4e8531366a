//! F: settings, passthrough mode, addresses.

use std::time::Duration as StdDuration;

use super::MODULE;
use super::bench::*;
use super::common::*;
use wifi_at::wifi::WifiMode;
use wifi_at_simulator::{Dialect, Simulator};
use wifi_at_support::device::Device;
use wifi_at_support::virtual_time::Line;

#[test]
fn f4_nothing_is_written_to_flash() {
    let bench = Bench::new();
    bench.works();
    let lines: Vec<String> =
        bench.line.with(|module, _| module.commands().iter().map(|sent| sent.line.clone()).collect());
    let kept = |line: &&String| line.contains("_DEF") || line.starts_with("AT+SAVE") || line.contains("SYSSTORE=1");
    assert_eq!(lines.iter().find(kept), None);
    // Where one command serves for both, the module is told not to keep anything before anything is set.
    if matches!(MODULE, Dialect::EspAt | Dialect::Esp8266Idf) {
        let position = |start: &str| lines.iter().position(|line| line.starts_with(start));
        assert!(position("AT+SYSSTORE=0").unwrap() < position("AT+CWMODE").unwrap());
        assert!(position("AT+SYSSTORE=0").unwrap() < position("AT+CWJAP").unwrap());
    }
}

/// A module that has been running for long, and when it got what.
struct Timed {
    module: Simulator,
    received: Vec<(StdDuration, Vec<u8>)>,
}

impl Device for Timed {
    fn receive(&mut self, now: StdDuration, bytes: &[u8]) {
        self.received.push((now, bytes.to_vec()));
        self.module.receive(now, bytes);
    }

    fn poll(&mut self, now: StdDuration) {
        self.module.poll(now);
    }

    fn transmit(&mut self, now: StdDuration, out: &mut [u8]) -> usize {
        self.module.transmit(now, out)
    }

    fn next_wake(&self) -> Option<StdDuration> {
        self.module.next_wake()
    }
}

/// A module that got these commands before the driver starts, and when that is by its clock.
fn running(commands: &[&str]) -> (Line<Timed>, StdDuration) {
    let network = world();
    let mut module = builder(&network).build();
    let mut time = StdDuration::ZERO;
    for command in [&[""], commands].concat() {
        module.receive(time, command.as_bytes());
        for _ in 0..4000 {
            time += StdDuration::from_millis(1);
            module.poll(time);
        }
    }
    module.drain(time);
    // The tests' clock starts at 1 s.
    (Line::new(Timed { module, received: Vec::new() }).with_offset(time), time + StdDuration::from_secs(1))
}

const PASSTHROUGH: [&str; 5] = [
    "AT+CWMODE=1\r\n",
    "AT+CWJAP=\"home\\, \\\"sweet\\\" home\\\\\",\"correct\\, \\\"horse\\\"\"\r\n",
    "AT+CIPMODE=1\r\n",
    "AT+CIPSTART=\"TCP\",\"10.0.0.1\",81\r\n",
    "AT+CIPSEND\r\n",
];

#[test]
fn f5_a_module_in_passthrough_mode() {
    let (line, _) = running(&PASSTHROUGH);
    with_driver(&line, async |(control, stack)| {
        control.wait_until_ready().await.unwrap();
        assert_eq!(control.counters().resets, 0);
        join(control).await;
        connect(stack).await.close().await.unwrap();
    });
}

#[test]
fn f6_the_way_out_of_passthrough_mode_stands_alone() {
    let (line, start) = running(&PASSTHROUGH);
    with_driver(&line, async |(control, _)| control.wait_until_ready().await.map(drop).unwrap());
    let received = line.with(|module, _| core::mem::take(&mut module.received));
    let (at, escape) = &received[0];
    assert_eq!(escape, b"+++", "in one piece");
    assert!(*at - start >= StdDuration::from_millis(20), "silence before it");
    assert!(received[1].0 - *at >= StdDuration::from_secs(1), "silence after it");
}

#[test]
fn f7_passthrough_mode_is_not_used() {
    let bench = Bench::new();
    bench.works();
    assert_eq!((bench.count("AT+CIPMODE"), bench.count("AT+SAVETRANSLINK")), (0, 0));
    // Each send says how much comes.
    let bare = bench.line.with(|module, _| module.commands().iter().any(|sent| sent.line == "AT+CIPSEND"));
    assert!(!bare);
}

#[test]
fn f8_there_is_no_address_before_a_join() {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, _)| {
        control.wait_until_ready().await.unwrap();
        let wifi = control.wifi();
        // Some firmware has the radio off at first, and no address to tell of.
        wifi.set_mode(WifiMode::Station).await.unwrap();
        assert_eq!(wifi.address().await, Ok(None));
        assert!(!wifi.is_connected());
        join(control).await;
        assert!(wifi.address().await.unwrap().is_some());
        wifi.leave().await.unwrap();
        assert_eq!(wifi.address().await, Ok(None));
    });
}
