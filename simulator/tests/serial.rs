//! The asynchronous port.
#![cfg(feature = "embedded-io-async")]
#![allow(missing_docs)]

use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use embedded_io_async::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;
use wifi_at_simulator::serial::{self, Pump};
use wifi_at_simulator::{Builder, Dialect, Fault, LineNoise, When, realtime};

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Runs a future in virtual time; each poll must have been asked for by a wake.
fn block_on<F: Future>(pump: &Pump, future: F) -> F::Output {
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    count.0.store(1, Ordering::Relaxed);
    loop {
        if count.0.swap(0, Ordering::Relaxed) > 0
            && let Poll::Ready(output) = future.as_mut().poll(&mut context)
        {
            return output;
        }
        if count.0.load(Ordering::Relaxed) == 0 {
            pump.pump(pump.next_wake().expect("nothing will ever happen"));
        }
    }
}

#[test]
fn both_halves_in_virtual_time() {
    let simulator = Builder::new(Dialect::EspAt).baud(Some(115_200)).build();
    let (pump, port) = serial::port(simulator);
    let (mut reader, mut writer) = port.split();
    pump.set_read_limit(1);
    pump.set_write_limit(4);
    block_on(&pump, async {
        let mut text = [0; 9];
        reader.read_exact(&mut text).await.unwrap();
        assert_eq!(&text, b"\r\nready\r\n");
        let start = pump.now();
        writer.write_all(b"ATE0\r\n").await.unwrap();
        writer.flush().await.unwrap();
        let bit = Duration::from_nanos(1_000_000_000 / 115_200);
        let took = pump.now() - start;
        assert!(took >= bit * 59 && took <= bit * 61, "{took:?}");
        let mut text = [0; 12];
        reader.read_exact(&mut text).await.unwrap();
        assert_eq!(&text, b"ATE0\r\n\r\nOK\r\n");
    });
    let commands = pump.with(|simulator, _| simulator.commands().to_vec());
    assert_eq!(commands[0].line, "ATE0");
}

#[test]
fn a_real_time_stream_wakes_tasks() {
    let (_module, mut stream) = realtime::spawn(|| Builder::new(Dialect::EspAt).build()).unwrap();
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut session = pin!(async {
        let mut text = [0; 9];
        Read::read_exact(&mut stream, &mut text).await.unwrap();
        Write::write_all(&mut stream, b"AT\r\n").await.unwrap();
        let mut text = [0; 10];
        Read::read_exact(&mut stream, &mut text).await.unwrap();
        text
    });
    let text = loop {
        match session.as_mut().poll(&mut context) {
            Poll::Ready(text) => break text,
            Poll::Pending => std::thread::park_timeout(Duration::from_secs(10)),
        }
    };
    assert_eq!(&text, b"AT\r\n\r\nOK\r\n");
}

#[test]
fn a_slow_reader_with_and_without_flow_control() {
    for flow_control in [false, true] {
        let simulator = Builder::new(Dialect::EspAt).baud(Some(115_200)).host_fifo(Some(8)).flow_control(flow_control);
        let (pump, mut port) = serial::port(simulator.build());
        // Nobody reads while the module boots and answers.
        pump.pump(Duration::from_secs(1));
        block_on(&pump, port.write_all(b"AT\r\n")).unwrap();
        pump.pump(Duration::from_secs(2));
        assert_eq!(pump.with(|module, _| module.counters().host_overrun), if flow_control { 0 } else { 11 });
        let expected: &[u8] = if flow_control { b"\r\nready\r\nAT\r\n\r\nOK\r\n" } else { b"\r\nready\r" };
        let mut text = vec![0; expected.len()];
        block_on(&pump, port.read_exact(&mut text)).unwrap();
        assert_eq!(text, expected);
    }
}

#[test]
fn faults_and_noise_at_a_port() {
    let builder = Builder::new(Dialect::EspAt).baud(Some(115_200)).seed(3);
    let (pump, mut port) = serial::port(builder.line_noise(LineNoise { lost: 1_000_000, flipped: 0 }).build());
    pump.pump(Duration::from_secs(1));
    assert_eq!(pump.with(|module, now| (module.available(now), module.counters().lost)), (0, 9));
    let (pump, mut other) = serial::port(Builder::new(Dialect::EspAt).build());
    pump.with(|module, _| module.inject_fault(Fault::ReadyGlued, When::Next)).unwrap();
    let mut text = [0; 11];
    block_on(&pump, other.read_exact(&mut text)).unwrap();
    assert_eq!(&text, b"\x8c\x0c\xf8\x00ready\r\n");
    // A line that loses everything takes everything all the same.
    block_on(&pump, port.write_all(b"AT\r\n")).unwrap();
}
