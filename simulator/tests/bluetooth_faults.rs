//! What goes wrong with Bluetooth LE, by name, as a host sees it (H6, H7).
#![allow(missing_docs)]

mod common;

use common::{Bench, ms, quick};
use wifi_at_simulator::{BleAction, BlePeer, Dialect, Event, Fault, GattCharacteristic, GattService, When};

const WORDS: &[u8] = b"\r\nOK\r\n\r\nERROR\r\n\r\n+IPD,0,5:0,CLOSED\r\n\r\n> SEND OK\r\nready\r\n\0\xff";

/// Connected to a sensor that has a value which it tells, and one that can be written.
fn client(fault: Fault) -> Bench {
    let value = GattCharacteristic::new(0x2a6e, 0x12).descriptor(0x2902);
    let switch = GattCharacteristic::new(0x2a6f, 0x08);
    let service = GattService::new(0x181a).characteristic(value).characteristic(switch);
    let sensor = BlePeer::new("sensor", [0x24, 0x12, 0x5f, 0x9d, 0x91, 0x98]).service(service);
    let mut bench = Bench::booted(quick().ble_peer(sensor));
    bench.ok("AT+BLEINIT=1");
    let connected = bench.ask("AT+BLECONN=0,\"24:12:5f:9d:91:98\"");
    assert!(connected.contains("+BLECONN:0,"), "{connected}");
    let services = bench.ask("AT+BLEGATTCPRIMSRV=0");
    let number = services.lines().filter(|line| line.starts_with("+BLEGATTCPRIMSRV:")).count();
    bench.ask(&format!("AT+BLEGATTCCHAR=0,{number}"));
    bench.ask(&format!("AT+BLEGATTCWR=0,{number},1,1,2"));
    assert_eq!(bench.payload(b"\x01\0"), "\r\nOK\r\n");
    bench.module.inject_fault(fault, When::Next).unwrap();
    bench
}

fn number(bench: &mut Bench) -> usize {
    let services = bench.ask("AT+BLEGATTCPRIMSRV=0");
    services.lines().filter(|line| line.starts_with("+BLEGATTCPRIMSRV:")).count()
}

fn notify(bench: &mut Bench, value: &[u8]) -> Vec<u8> {
    let action = BleAction::Notify { service: 1, characteristic: 1, value: value.to_vec() };
    bench.module.happen(bench.now, Event::Ble("sensor".into(), action));
    bench.run_bytes(ms(10))
}

fn shown(bench: &Bench, fault: Fault) {
    assert_eq!(bench.module.pending_faults(), []);
    assert_eq!(bench.module.shown_faults()[0].fault, fault);
}

#[test]
fn control_words_in_a_value() {
    let mut bench = client(Fault::BleControlWords);
    let number = number(&mut bench);
    let head = format!("+NOTIFY:0,{number},1,{},", WORDS.len());
    assert_eq!(notify(&mut bench, b"21"), [head.as_bytes(), WORDS, b"\r\n"].concat());
    assert_eq!(notify(&mut bench, b"21"), format!("+NOTIFY:0,{number},1,2,21\r\n").into_bytes());
    shown(&bench, Fault::BleControlWords);
}

#[test]
fn a_value_that_is_cut() {
    let mut bench = client(Fault::BleCutAtNul);
    let number = number(&mut bench);
    // Only where there is something to cut.
    assert_eq!(notify(&mut bench, b"21"), format!("+NOTIFY:0,{number},1,2,21\r\n").into_bytes());
    assert_eq!(notify(&mut bench, b"1\x002\x00"), format!("+NOTIFY:0,{number},1,4,1\r\n").into_bytes());
    assert_eq!(notify(&mut bench, b"1\x002\x00"), format!("+NOTIFY:0,{number},1,4,1\x002\x00\r\n").into_bytes());
    shown(&bench, Fault::BleCutAtNul);
}

#[test]
fn a_connection_that_ends_at_the_prompt() {
    let mut bench = client(Fault::BleLostAtPrompt);
    let number = number(&mut bench);
    let got = bench.ask(&format!("AT+BLEGATTCWR=0,{number},2,,2"));
    assert_eq!(got, "\r\n>+BLEDISCONN:0,\"24:12:5f:9d:91:98\"\r\n");
    assert_eq!(bench.payload(b"on"), "\r\nERROR\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT"), "\r\nOK\r\n");
    shown(&bench, Fault::BleLostAtPrompt);
    // The module has forgotten it, too.
    bench.error(&format!("AT+BLEGATTCRD=0,{number},1"));
}

#[test]
fn only_where_there_is_bluetooth() {
    for fault in [Fault::BleControlWords, Fault::BleCutAtNul, Fault::BleLostAtPrompt] {
        for &dialect in Dialect::ALL {
            assert_eq!(fault.applies_to(dialect), dialect == Dialect::EspAt, "{fault}");
        }
    }
}
