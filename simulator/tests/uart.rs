//! The serial line when it is not perfect: full FIFOs, RTS and CTS, a host with another rate, noise.
#![allow(missing_docs)]

mod common;

use common::{Bench, builder, builder_of, ms, quick};
use core::time::Duration;
use std::cell::RefCell;
use std::rc::Rc;
use wifi_at_simulator::{Dialect, Fault, LineNoise, SocketId, When};

const SECOND: Duration = Duration::from_secs(1);

/// 1000 bytes a second.
const BAUD: Option<u32> = Some(10_000);

#[test]
fn a_host_that_does_not_read_loses_bytes() {
    let mut bench = Bench::new(quick().baud(BAUD).host_fifo(Some(4)));
    bench.module.poll(SECOND);
    assert_eq!(bench.module.drain(SECOND), b"\r\nre");
    assert_eq!(bench.module.counters().host_overrun, 5);
    // One that reads in time loses nothing.
    let mut bench = Bench::new(quick().baud(BAUD).host_fifo(Some(1)));
    assert_eq!(bench.run(SECOND), "\r\nready\r\n");
    assert_eq!(bench.module.counters().host_overrun, 0);
}

#[test]
fn with_flow_control_the_module_waits() {
    let mut bench = Bench::new(quick().baud(BAUD).host_fifo(Some(4)).flow_control(true));
    bench.module.poll(SECOND);
    assert_eq!(bench.module.available(SECOND), 4);
    let mut one = [0; 1];
    assert_eq!(bench.module.transmit(SECOND, &mut one), 1);
    assert_eq!(&one, b"\r");
    // There is room for one byte, which takes 1 ms.
    assert_eq!(bench.module.available(SECOND), 3);
    assert_eq!(bench.module.available(SECOND + ms(1)), 4);
    assert_eq!(bench.module.available(SECOND + ms(100)), 4);
    bench.now = SECOND + ms(100);
    assert_eq!(bench.run(SECOND), "\nready\r\n");
    assert_eq!(bench.module.counters().host_overrun, 0);
    assert_eq!(bench.module.counters().transmitted, 9);
}

#[test]
fn flow_control_is_a_setting() {
    for (dialect, query, on, off) in [
        (Dialect::EspAt, "AT+UART_CUR?", "+UART_CUR:10000,8,1,0,3\r\n\r\nOK\r\n", "AT+UART_CUR=10000,8,1,0,0"),
        (Dialect::WizFi360, "AT+UART_CUR?", "+UART_CUR:9600,8,1,0,1\r\nOK\r\n", "AT+UART_CUR=9600,8,1,0,0"),
    ] {
        let baud = if dialect == Dialect::EspAt { BAUD } else { Some(9600) };
        let mut bench = Bench::new(builder_of(dialect).baud(baud).flow_control(true).host_fifo(Some(8)));
        bench.run(SECOND);
        bench.ask("ATE0");
        assert_eq!(bench.ask(query), on, "{}", dialect.name());
        let held = bench.now;
        bench.module.set_host_ready(held, false);
        assert_eq!(bench.ask("AT"), "");
        let now = bench.now;
        bench.module.set_host_ready(now, true);
        assert_eq!(bench.run(SECOND), "\r\nOK\r\n");
        bench.ok(off);
        // Now the module does not look at the host's RTS, and the host loses bytes.
        let now = bench.now;
        bench.module.set_host_ready(now, false);
        bench.ok("AT");
        bench.send(b"AT+GMR\r\n");
        bench.now += SECOND;
        bench.module.poll(bench.now);
        assert_eq!(bench.module.drain(bench.now).len(), 8);
        assert!(bench.module.counters().host_overrun > 50);
    }
}

/// In passthrough to a peer that does not take anything for now.
fn stuck(flow_control: bool) -> (Bench, SocketId, Rc<RefCell<Vec<u8>>>) {
    let module = builder().baud(BAUD).module_fifo(Some(100)).flow_control(flow_control);
    let mut bench = Bench::online(module);
    let received = Rc::new(RefCell::new(Vec::new()));
    let peer = received.clone();
    bench.network.serve("10.0.0.5:5".parse().unwrap(), move || {
        let peer = peer.clone();
        move |data: &[u8]| {
            peer.borrow_mut().extend(data);
            Vec::new()
        }
    });
    bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.5\",5");
    bench.ok("AT+CIPMODE=1");
    let socket = bench.network.connections()[0];
    assert_eq!(bench.ask("AT+CIPSEND"), "\r\nOK\r\n\r\n>");
    bench.network.set_window(socket, Some(0));
    (bench, socket, received)
}

#[test]
fn a_module_that_does_not_take_bytes() {
    let data: Vec<u8> = (0..10_000_u32).map(|number| b'a' + u8::try_from(number % 26).unwrap()).collect();
    for flow_control in [false, true] {
        let (mut bench, socket, received) = stuck(flow_control);
        assert!(bench.module.is_clear_to_send());
        bench.send(&data);
        bench.run(SECOND * 20);
        let counters = bench.module.counters();
        // 8192 are in the module, 100 in its FIFO.
        let lost = 10_000 - 8192 - 100;
        assert_eq!(counters.module_overrun, if flow_control { 0 } else { lost });
        assert_eq!(bench.module.is_clear_to_send(), !flow_control);
        bench.network.set_window(socket, None);
        bench.run(SECOND * 20);
        assert!(bench.module.is_clear_to_send());
        let expected = if flow_control { &data[..] } else { &data[..8292] };
        assert!(*received.borrow() == expected, "{} bytes", received.borrow().len());
    }
}

#[test]
fn a_host_with_another_rate_is_not_understood() {
    let mut bench = Bench::booted(builder().baud(Some(115_200)));
    let now = bench.now;
    bench.module.set_host_baud(now, Some(9600));
    // The host hears next to nothing of what is twelve times too fast, and the module answers to nothing.
    let answer = {
        bench.send(b"AT\r\n");
        bench.run_bytes(SECOND)
    };
    assert_ne!(answer, b"\r\nOK\r\n");
    assert!(!bench.module.commands().iter().any(|command| command.line == "AT"));
    let now = bench.now;
    bench.module.set_host_baud(now, Some(115_200));
    // What has come in is garbage in front of the next line.
    bench.ask("");
    bench.ok("AT");
    // 2 % off is good enough.
    let now = bench.now;
    bench.module.set_host_baud(now, Some(117_400));
    bench.ok("AT");
    // All byte values, and back.
    let now = bench.now;
    bench.module.set_host_baud(now, Some(57_600));
    bench.module.inject(now, &[0x00, 0xff, 0x55]);
    assert_eq!(bench.run_bytes(SECOND), [0xf8]);
    let now = bench.now;
    bench.module.set_host_baud(now, None);
    bench.ask("");
    bench.ok("AT");
}

#[test]
fn bytes_of_the_host_come_at_its_rate() {
    let mut bench = Bench::booted(builder().baud(Some(10_000)));
    let now = bench.now;
    bench.module.set_host_baud(now, Some(9800));
    bench.send(b"AT\r\n");
    // 4 characters of 10 bits at 9800, 1 ms of thought, 6 characters at 10000.
    let span = Duration::from_nanos(4_081_633 + 1_000_000 + 6_000_000);
    assert_eq!(bench.run(span - Duration::from_nanos(1)), "\r\nOK\r");
    assert_eq!(bench.run(Duration::from_nanos(1)), "\n");
}

#[test]
fn a_lost_rate_is_found_again() {
    let mut bench = Bench::booted(builder().baud(Some(115_200)));
    bench.ok("AT+UART_CUR=921600,8,1,0,0");
    let now = bench.now;
    bench.module.set_host_baud(now, Some(921_600));
    bench.ok("AT");
    bench.module.inject_fault(Fault::BaudLost, When::Next).unwrap();
    let seen = bench.run_bytes(SECOND);
    assert!(!seen.windows(5).any(|window| window == b"ready"), "{}", seen.escape_ascii());
    assert!(!bench.ask("AT").contains("OK"));
    let now = bench.now;
    bench.module.set_host_baud(now, Some(115_200));
    bench.ask("");
    assert_eq!(bench.ask("AT"), "AT\r\n\r\nOK\r\n");
}

/// What comes of 200 times `AT`.
fn noisy(seed: u64, noise: LineNoise) -> (Vec<u8>, u64, u64) {
    let mut bench = Bench::new(quick().seed(seed).line_noise(noise));
    let mut seen = bench.run_bytes(SECOND);
    for _ in 0..200 {
        bench.send(b"AT\r\n");
        seen.extend(bench.run_bytes(ms(10)));
    }
    let counters = bench.module.counters();
    (seen, counters.lost, counters.flipped)
}

#[test]
fn noise_follows_the_seed() {
    let noise = LineNoise { lost: 10_000, flipped: 20_000 };
    let (seen, lost, flipped) = noisy(1, noise);
    // About 2800 bytes went over the line.
    assert!((10..60).contains(&lost) && (25..100).contains(&flipped), "{lost} {flipped}");
    assert_eq!(noisy(1, noise), (seen.clone(), lost, flipped));
    assert_ne!(noisy(2, noise).0, seen);
    let (clean, lost, flipped) = noisy(1, LineNoise::default());
    assert_eq!((lost, flipped), (0, 0));
    assert_eq!(clean, [b"\r\nready\r\n".to_vec(), b"AT\r\n\r\nOK\r\n".repeat(200)].concat());
}
