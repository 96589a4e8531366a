//! `AT+SYSMSGFILTER` and its expressions, byte for byte.
#![allow(missing_docs)]

mod common;

use common::{Bench, ms, quick};

const JOIN: &str = "AT+CWJAP=\"home\",\"secret password\"";

fn filter(bench: &mut Bench, operation: u8, head: &str, tail: &str) -> String {
    let line = format!("AT+SYSMSGFILTERCFG={operation},{},{}", head.len(), tail.len());
    assert_eq!(bench.ask(&line), "\r\nOK\r\n\r\n>");
    bench.send(format!("{head}{tail}").as_bytes());
    bench.run(ms(100))
}

#[test]
fn the_example_of_the_manual() {
    let mut bench = Bench::booted(quick());
    bench.ok("AT+SYSMSGFILTERCFG=0");
    assert_eq!(filter(&mut bench, 1, "^WIFI CONNECTED\r\n", ""), "\r\nOK\r\n");
    bench.ok("AT+CWMODE=1");
    assert_eq!(bench.ask("AT+SYSMSGFILTER?"), "+SYSMSGFILTER:0\r\n\r\nOK\r\n");
    assert_eq!(bench.ask(JOIN), "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
    bench.ok("AT+SYSMSGFILTER=1");
    assert_eq!(bench.ask("AT+SYSMSGFILTER?"), "+SYSMSGFILTER:1\r\n\r\nOK\r\n");
    assert_eq!(bench.ask(JOIN), "WIFI DISCONNECT\r\nWIFI GOT IP\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+SYSMSGFILTERCFG?"), "+SYSMSGFILTERCFG:0,\"^WIFI CONNECTED\r\n\",\"\"\r\n\r\nOK\r\n");
    assert_eq!(filter(&mut bench, 2, "^WIFI CONNECTED\r\n", ""), "\r\nOK\r\n");
    assert_eq!(bench.ask(JOIN), "WIFI DISCONNECT\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
}

#[test]
fn both_ends_have_to_match() {
    let mut bench = Bench::joined(quick());
    bench.ok("AT+SYSMSGFILTER=1");
    assert_eq!(filter(&mut bench, 1, "^[0-9],C", "OSED\r\n$"), "\r\nOK\r\n");
    assert_eq!(filter(&mut bench, 1, "", "IP\r\n$"), "\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPSTART=0,\"TCP\",\"10.0.0.1\",7"), "0,CONNECT\r\n\r\nOK\r\n");
    // What stands between them stays.
    assert_eq!(bench.ask("AT+CIPCLOSE=0"), "L\r\nOK\r\n");
    // Answers are messages, too.
    assert_eq!(filter(&mut bench, 1, "^+CWMODE", ""), "\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWMODE?"), ":1\r\n\r\nOK\r\n");
    bench.ok("AT+SYSMSGFILTER=0");
    assert_eq!(bench.ask("AT+CWMODE?"), "+CWMODE:1\r\n\r\nOK\r\n");
    // A restart forgets all.
    assert!(bench.ask("AT+RST").contains("\r\nready\r\n"));
    bench.ask("ATE0");
    bench.ok("AT+SYSMSGFILTERCFG?");
}

#[test]
fn what_is_refused() {
    let mut bench = Bench::booted(quick());
    for wrong in ["1", "1,0,0", "1,65,0", "1,0,65", "1,-1,4", "2,0,0", "3", "0,1", "1,1"] {
        bench.error(&format!("AT+SYSMSGFILTERCFG={wrong}"));
    }
    assert_eq!(filter(&mut bench, 1, "[a", ""), "\r\nERROR\r\n");
    assert_eq!(filter(&mut bench, 1, "a", "\\("), "\r\nERROR\r\n");
    assert_eq!(filter(&mut bench, 1, "a", "b"), "\r\nOK\r\n");
    // Deleting needs exactly what was added.
    assert_eq!(filter(&mut bench, 2, "ab", ""), "\r\nERROR\r\n");
    assert_eq!(filter(&mut bench, 2, "a", "b"), "\r\nOK\r\n");
    bench.error("AT+SYSMSGFILTER=2");
}
