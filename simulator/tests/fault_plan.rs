//! Names of faults, which firmware shows which, and when they come.
#![allow(missing_docs)]

mod common;

use common::{Bench, builder, builder_of, ms};
use core::time::Duration;
use wifi_at_simulator::{Dialect, Fault, When};

const SECOND: Duration = Duration::from_secs(1);
const OK: &str = "\r\nOK\r\n";
const PROMPT: &str = "\r\nOK\r\n\r\n>";
const DONE: &str = "\r\nRecv 4 bytes\r\n\r\n+IPD,0,4:test\r\nSEND OK\r\n";

/// Joined, with link 0 to a peer that sends back what it gets.
fn open_link() -> Bench {
    let mut bench = Bench::joined(builder());
    assert_eq!(bench.ask("AT+CIPSTART=0,\"TCP\",\"10.0.0.1\",7"), "0,CONNECT\r\n\r\nOK\r\n");
    bench
}

/// A send of 4 bytes: the answer to the command, the answer to the data.
fn send(bench: &mut Bench) -> (String, String) {
    let answer = bench.ask_for("AT+CIPSEND=0,4", ms(100));
    (answer, bench.payload(b"test"))
}

#[test]
fn names() {
    for &fault in Fault::ALL {
        assert_eq!(fault.name().parse(), Ok(fault));
        assert!(fault.name().bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        assert!(fault.describe().ends_with(')'), "{}", fault.describe());
    }
    let names: std::collections::BTreeSet<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
    assert_eq!(names.len(), Fault::ALL.len());
    let unknown = "lost".parse::<Fault>().unwrap_err();
    assert_eq!(unknown.to_string(), "unknown fault \"lost\"; --list-faults shows all");
}

#[test]
fn a_firmware_refuses_what_it_cannot_show() {
    let mut refused = Vec::new();
    for &dialect in Dialect::ALL {
        let mut module = builder_of(dialect).build();
        for &fault in Fault::ALL {
            let result = module.inject_fault(fault, When::Nth(1000));
            assert_eq!(result.is_ok(), fault.applies_to(dialect));
            if let Err(error) = result {
                assert_eq!(error.fault, fault);
                refused.push(error.to_string());
            }
        }
    }
    assert!(refused.contains(&"wizfi360 cannot show the fault notices-stop".to_owned()), "{refused:?}");
    assert!(refused.contains(&"esp-at cannot show the fault double-carriage-return".to_owned()));
    assert!(refused.contains(&"esp8266-nonos cannot show the fault header-ipv6".to_owned()));
    assert!(refused.contains(&"wizfi360 cannot show the fault link-message".to_owned()));
    assert!(!refused.iter().any(|text| text.contains("lost-prompt")));
}

#[test]
fn the_third_opportunity() {
    let mut bench = open_link();
    bench.module.inject_fault(Fault::LostPrompt, When::Nth(3)).unwrap();
    for expected in [PROMPT, PROMPT, OK, PROMPT] {
        assert_eq!(send(&mut bench), (expected.to_owned(), DONE.to_owned()));
    }
}

#[test]
fn a_certain_time() {
    let mut bench = open_link();
    let at = bench.now + SECOND;
    bench.module.inject_fault(Fault::WifiDrop, When::At(at)).unwrap();
    bench.module.inject_fault(Fault::LostPrompt, When::At(at)).unwrap();
    assert_eq!(send(&mut bench), (PROMPT.into(), DONE.into()));
    assert_eq!(bench.run(ms(799)), "");
    assert_eq!(bench.module.next_wake(), Some(at));
    assert_eq!(bench.run(ms(1)), "WIFI DISCONNECT\r\n0,CLOSED\r\n");
    assert_eq!(bench.module.shown_faults().last().map(|shown| (shown.at, shown.fault)), Some((at, Fault::WifiDrop)));
    assert_eq!(bench.module.pending_faults(), [(Fault::LostPrompt, When::At(at))]);
    // A time that is over: at the next opportunity.
    bench.run(SECOND * 10);
    bench.ask("AT+CIPSTART=0,\"TCP\",\"10.0.0.1\",7");
    assert_eq!(send(&mut bench), (OK.into(), DONE.into()));
}

/// How many of 1000 `AT` get a busy first, and which.
fn busy_answers(seed: u64, rate: u32) -> Vec<usize> {
    let mut bench = Bench::booted(builder().seed(seed));
    bench.module.inject_fault(Fault::BusyBeforeAnswer, When::Random(rate)).unwrap();
    (0..1000).filter(|_| bench.ask_for("AT", ms(10)) == "busy p...\r\n\r\nOK\r\n").collect()
}

#[test]
fn random_moments_follow_the_seed() {
    let first = busy_answers(1, 100_000);
    assert!((70..130).contains(&first.len()), "{}", first.len());
    assert_eq!(busy_answers(1, 100_000), first);
    assert_ne!(busy_answers(2, 100_000), first);
    assert!(busy_answers(1, 0).is_empty());
    assert_eq!(busy_answers(1, 1_000_000).len(), 1000);
}

#[test]
fn faults_are_forgotten() {
    let mut bench = open_link();
    bench.module.inject_fault(Fault::LostPrompt, When::Next).unwrap();
    bench.module.clear_faults();
    assert_eq!(send(&mut bench), (PROMPT.into(), DONE.into()));
    assert_eq!(bench.module.shown_faults(), []);
}

/// The rows of the list of hazards that a simulator is to show.
const ROWS: &[&str] = &[
    "A1", "A2", "A3", "A12", "A13", "A15", "A17", "A31", "A32", "B1", "B2", "B3", "B4", "B5", "B8", "B9", "B10", "B11",
    "B20", "C2", "C3", "C4", "C6", "C9", "C10", "D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D10", "D13", "D14",
    "D18", "E1", "E2", "E3", "E4", "E7", "E8", "E9", "E10", "E11", "E13", "G1", "G2", "G3", "G4", "G5", "G7", "G8",
    "G18", "H1", "H6", "H7",
];

#[test]
fn every_hazard_has_its_fault() {
    let shown = |row: &&&str| {
        Fault::ALL.iter().any(|fault| {
            let (_, rows) = fault.describe().rsplit_once('(').unwrap();
            rows.trim_end_matches(')').split(", ").any(|named| named == **row)
        })
    };
    let missing: Vec<&&str> = ROWS.iter().filter(|row| !shown(row)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
