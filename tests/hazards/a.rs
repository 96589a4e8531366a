//! A: commands and their answers.

use std::time::Duration as StdDuration;

use super::bench::*;
use super::common::*;
use super::{MODULE, Subject};
use embassy_time::{Duration, Timer};
use wifi_at::at::{EncodeError, Encoder};
use wifi_at::command::basic::Probe;
use wifi_at::command::tcpip::AddressKind;
use wifi_at::command::wifi::JoinAccessPoint;
use wifi_at::command::{Command, CommandError, Kind, On};
use wifi_at::net::dns;
use wifi_at::net::listener::TcpListener;
use wifi_at::wifi::{JoinError, JoinOptions, ScanOptions};
use wifi_at::{Event, Reason};
use wifi_at_simulator::{
    AccessPoint, Action, Dialect, Fault, Hook, Point, ReceiveCommand, Simulator, When,
};
use wifi_at_support::device::Device;
use wifi_at_support::virtual_time::Line;

#[test]
fn a1_busy_before_the_answer() {
    let places = everywhere(Fault::BusyBeforeAnswer, |bench, place| {
        let counters = bench.works();
        // The escape from passthrough mode and the first probes are answered, too, before the driver counts.
        let shown = u32::from(!bench.is_pending());
        assert!(counters.busy == shown && counters.timeouts == 0, "{place}: {counters:?}");
        for (command, times) in [("AT+CWJAP", 1), ("AT+CIPDOMAIN", 1), ("AT+CIPSERVER=1", 1)] {
            assert_eq!(bench.count(command), times, "{place}: nothing is sent twice");
        }
    });
    assert!(places > 20, "{places}");
}

#[test]
fn a2_busy_for_15_s() {
    let places = everywhere(Fault::LongBusy, |bench, _| {
        let counters = bench.works();
        // Nobody asks the module anything while it is busy.
        assert_eq!((counters.busy, counters.timeouts), (0, 0));
    });
    assert!(places >= 5, "a join, a name, connects: {places}");
}

#[test]
fn a3_busy_to_everything_after_boot() {
    let bench = Bench::with_fault(Fault::BusyAfterBoot, When::Next);
    let counters = bench.works();
    assert!(counters.busy > 3 && !bench.is_pending(), "{counters:?}");
}

/// A module, and what it got.
struct Recorder {
    module: Simulator,
    received: Vec<u8>,
}

impl Device for Recorder {
    fn receive(&mut self, now: StdDuration, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
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

#[test]
fn a4_nothing_but_whole_commands_and_counted_data() {
    let network = world();
    let line = Line::new(Recorder { module: builder(&network).build(), received: Vec::new() });
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut socket = connect(stack).await;
        for length in [1, 2, 300] {
            write_all(&mut socket, &nasty(length)).await;
            socket.flush().await.unwrap();
        }
        socket.close().await.unwrap();
    });
    let received = line.with(|recorder, _| core::mem::take(&mut recorder.received));
    // The module has just started and said so, before the way out of passthrough mode was tried.
    let mut rest = &received[..];
    let mut sends = 0;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\r').expect("CR LF ends a command");
        let (command, behind) = rest.split_at(end);
        assert!(command.starts_with(b"AT") && command.iter().all(|byte| (b' '..=b'~').contains(byte)), "{command:?}");
        rest = behind.strip_prefix(b"\r\n").expect("CR LF ends a command");
        if let Some(arguments) = std::str::from_utf8(command).unwrap().strip_prefix("AT+CIPSEND=") {
            rest = &rest[arguments.rsplit(',').next().unwrap().parse::<usize>().unwrap()..];
            sends += 1;
        }
    }
    assert_eq!(sends, 3);
}

#[test]
fn a5_busy_between_the_data_and_send_ok() {
    for point in [Point::Received, Point::SendResult] {
        let bench = Bench::new();
        bench.hook(Hook::new(point, Action::Before(b"busy p...\r\n".to_vec())));
        assert_eq!((bench.works().timeouts, bench.is_pending()), (0, false));
    }
}

#[test]
fn a6_busy_with_any_letter() {
    for word in ["busy p...\r\n", "busy s...\r\n", "busy x...\r\n", "\r\nbusy s...\r\r\n"] {
        for command in ["CIPSEND", "CIPDOMAIN", "CIPSTART"] {
            let bench = Bench::new();
            bench.hook(Hook::new(Point::Answer(command.into()), Action::Before(word.into())));
            assert_eq!(bench.works().busy, 1, "{word:?} {command}");
        }
    }
}

#[test]
fn a7_an_error_code_belongs_to_the_error_behind_it() {
    for code in ["ERR CODE:0x01090000\r\n", "+ERRNO:0x1090000\r\n"] {
        for between in ["", "\r\n", "WIFI GOT IPv6 LL\r\n"] {
            let bench = Bench::new();
            with_driver(&bench.line, async |(control, _)| {
                control.wait_until_ready().await.unwrap();
                let answer = format!("{code}{between}ERROR\r\n");
                bench.hook(Hook::new(Point::Answer("".into()), Action::Replace(answer.into())));
                match control.send(&Probe).await {
                    Err(CommandError::Refused(refusal)) => {
                        assert_eq!(refusal.code.map(|code| code.0), Some(0x0109_0000), "{code:?} {between:?}");
                    }
                    other => panic!("{other:?}"),
                }
                // It is not the next command's.
                bench.hook(Hook::new(Point::Answer("".into()), Action::Replace(b"\r\nERROR\r\n".to_vec())));
                match control.send(&Probe).await {
                    Err(CommandError::Refused(refusal)) => assert_eq!(refusal.code, None),
                    other => panic!("{other:?}"),
                }
                // Nor is it final.
                bench.hook(Hook::new(Point::Answer("".into()), Action::Replace(format!("{code}\r\nOK\r\n").into())));
                assert_eq!(control.send(&Probe).await, Ok(()));
            });
        }
    }
}

/// The next command, whichever it is, gets this answer.
fn answer_next(bench: &Bench, answer: &str) {
    bench.hook(Hook::new(Point::Answer("*".into()), Action::Replace(answer.into())));
}

/// The information lines of the next answer that has some are these.
fn inform_next(bench: &Bench, lines: &str) {
    bench.hook(Hook::new(Point::Information, Action::Replace(lines.into())));
}

/// Runs `test` on a module that has joined.
fn joined<T>(bench: &Bench, test: impl AsyncFnOnce(Handles<'_>) -> T) -> T {
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let output = test((control, stack)).await;
        assert!(!bench.is_pending(), "the fault never came");
        // What was odd has no effect on what follows.
        assert_eq!(bench.attempt((control, stack)).await, Ok(()));
        output
    })
}

#[test]
fn a8_reasons_stand_before_the_error_and_some_words_end_a_command() {
    let reasons = [
        ("ALREADY CONNECTED", Reason::AlreadyConnected),
        ("link is not valid", Reason::NoLink),
        ("UNLINK", Reason::NoLink),
        ("link is builded", Reason::LinksOpen),
        ("no ip", Reason::NoAddress),
        ("IP ERROR", Reason::Address),
        ("ID ERROR", Reason::LinkId),
        ("DNS Fail", Reason::DnsFail),
        ("Link typ ERROR", Reason::Parameters),
        ("too long", Reason::Parameters),
        ("wrong syntax", Reason::Parameters),
        ("MUX=0", Reason::SingleLink),
    ];
    let bench = Bench::new();
    joined(&bench, async |(control, _)| {
        for (words, reason) in reasons {
            for answer in [format!("{words}\r\n\r\nERROR\r\n"), format!("\r\n{words}\r\nERROR\r\n")] {
                answer_next(&bench, &answer);
                let Err(CommandError::Refused(refusal)) = control.send(&Probe).await else { panic!("{words}") };
                assert_eq!(refusal.reason, Some(reason), "{words}");
            }
        }
        for (words, success) in [("FAIL", false), ("no change\r\n\r\nOK", true)] {
            answer_next(&bench, &format!("{words}\r\n"));
            let result = control.send(&Probe).await;
            assert!(result.is_ok() == success && !matches!(result, Err(CommandError::Timeout)), "{words}: {result:?}");
        }
        assert_eq!(control.counters().stray_results, 0);
    });
}

#[test]
fn a9_no_reason_is_given() {
    let network = world();
    let line = Line::new(builder(&network).with_variant(|variant| variant.reasons = false).build());
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let resolve = async |name| stack.resolve(name, AddressKind::PreferIpv4).await;
        // The same error as of firmware that explains it; that of NONOS always does where it knows the command.
        let explains = matches!(MODULE, Dialect::Esp8266Nonos | Dialect::WizFi360);
        let unknown = if explains { dns::Error::Unsupported } else { dns::Error::NotFound };
        assert_eq!(resolve("nowhere.example").await, Err(unknown));
        assert_eq!(resolve("example.org").await, Ok(host()));
        let mut socket = connect(stack).await;
        line.with(|module, now| module.close_link(now, 4));
        // Half a command later the driver knows.
        while socket.write(b"x").await.is_ok() {}
        assert_eq!(connect(stack).await.close().await, Ok(()));
        assert_eq!(control.counters().timeouts, 0);
    });
}

#[test]
fn a10_a_command_that_is_too_long_is_not_sent() {
    let bench = Bench::new();
    joined(&bench, async |(control, _)| {
        let before = bench.count("AT");
        // Short enough, but for what has to be escaped.
        let (ssid, password) = ("\"".repeat(32), "\\".repeat(63));
        let result = control.wifi().join(&ssid, JoinOptions::new(&password)).await;
        assert!(!matches!(result, Err(JoinError::Command(CommandError::Encode(_)))), "{result:?}");
        let longest = &bench.line.with(|module, _| module.commands().iter().map(|sent| sent.line.len()).max());
        assert!(longest.is_some_and(|length| length > 190 && length + 2 <= 256), "{longest:?}");
        let sent = bench.count("AT");
        assert!(sent > before);
        let command = RawLine("x".repeat(255));
        assert_eq!(control.send(&command).await, Err(CommandError::Encode(EncodeError::TooLong)));
        let command = RawLine("\"".repeat(130));
        assert_eq!(control.send(&command).await, Err(CommandError::Encode(EncodeError::TooLong)));
        assert_eq!(bench.count("AT"), sent);
        join(control).await;
    });
}

/// A command of a user's own, with a string that may be too long.
struct RawLine(String);

impl Command for RawLine {
    type Response = ();
    type Error = CommandError;
    type Answer = ();

    const TIMEOUT: Duration = Duration::from_secs(2);
    const KIND: Kind = Kind::Set;

    fn encode(&self, name: &str, line: &mut Encoder<'_>) {
        line.name(name).string(&self.0);
    }

    fn finish((): (), result: Result<(), CommandError>) -> Result<(), CommandError> {
        result
    }
}

impl On<Subject> for RawLine {
    const NAME: &'static str = "AT+X";
    const SECTION: &'static str = "";
}

#[test]
fn a11_strings_are_escaped_or_refused() {
    // The names of the bench have commas, quotes and backslashes in them.
    let bench = Bench::new();
    joined(&bench, async |(control, stack)| {
        for evil in ["x\r\nAT+RST", "x\nAT+RST", "x\0", "\r"] {
            let join = control.wifi().join(evil, JoinOptions::open()).await;
            assert_eq!(join, Err(JoinError::Command(CommandError::Encode(EncodeError::ForbiddenByte))), "{evil:?}");
            let join = control.wifi().join(SSID, JoinOptions::new(&format!("12345678{evil}"))).await;
            assert_eq!(join, Err(JoinError::Command(CommandError::Encode(EncodeError::ForbiddenByte))), "{evil:?}");
            let name = stack.resolve(evil, AddressKind::PreferIpv4).await;
            assert_eq!(name, Err(dns::Error::InvalidName), "{evil:?}");
        }
        assert_eq!((control.counters().resets, bench.count("AT+RST")), (0, 0));
    });
}

async fn scanned(bench: &Bench, (control, _): Handles<'_>) -> Vec<String> {
    let mut scan = control.wifi().scan(ScanOptions::new()).await.unwrap();
    let mut names = Vec::new();
    while let Some(point) = scan.next().await.unwrap() {
        assert!(point.signal_dbm.is_some_and(|rssi| rssi < 0));
        names.push(String::from_utf8(point.ssid.unwrap().as_bytes().to_vec()).unwrap());
    }
    assert!(scan.malformed() == 0 && !bench.is_pending());
    names.sort();
    names
}

#[test]
fn a12_names_that_are_not_escaped_in_a_scan() {
    let bench = Bench::with_fault(Fault::OddScanNames, When::Next);
    let mut odd = ["1\"1\"1,2\\2\"\"2,,", "a\",-40,\"b", "", SSID, "the neighbour's"];
    odd.sort_unstable();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        assert_eq!(scanned(&bench, (control, stack)).await, odd);
    });
}

#[test]
fn a13_hidden_networks_do_not_stop_a_scan() {
    let network = world();
    let hidden = || AccessPoint::open("").rssi(-33);
    let line = Line::new(builder(&network).access_point(hidden()).access_point(hidden()).build());
    with_driver(&line, async |(control, _)| {
        let mut scan = control.wifi().scan(ScanOptions::new()).await.unwrap();
        let mut names = Vec::new();
        while let Some(point) = scan.next().await.unwrap() {
            names.push(point.ssid.unwrap().as_bytes().len());
        }
        names.sort_unstable();
        assert_eq!(names, [0, 0, SSID.len()]);
    });
}

#[test]
fn a14_a_scan_whose_end_is_lost_gives_what_came() {
    let bench = Bench::new();
    joined(&bench, async |(control, _)| {
        let before = bench.count("AT");
        // Part of a record, without its end.
        bench.hook(Hook::new(Point::Information, Action::Before(b"+CWLAP:(4,\"cut off\",-40,\"02:".to_vec())));
        let mut scan = control.wifi().scan(ScanOptions::new()).await.unwrap();
        let mut found = 0;
        while let Some(_point) = scan.next().await.unwrap() {
            found += 1;
        }
        assert!(found >= 1 && found + scan.malformed() >= 2, "{found} {}", scan.malformed());
        // A setting may come before the scan itself.
        let settings = u32::try_from(bench.count("AT") - before - 1).unwrap();
        for end in [Action::Replace(b"\r\nERROR\r\n".to_vec()), Action::Drop] {
            bench.hook(Hook::new(Point::Final, end).skip(settings));
            let mut scan = control.wifi().scan(ScanOptions::new()).await.unwrap();
            let mut found = 0;
            let error = loop {
                match scan.next().await {
                    Ok(Some(_)) => found += 1,
                    Ok(None) => panic!("the scan ended well after {found}"),
                    Err(error) => break error,
                }
            };
            assert!(matches!(error, CommandError::Refused(_) | CommandError::Timeout), "{error:?}");
            assert!(found >= 2, "{found}");
        }
    });
}

#[test]
fn a15_a_message_inside_the_echo() {
    harmless(Fault::NoticeInsideEcho);
}

#[test]
fn a16_a_reset_turns_the_echo_on_again() {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        assert_eq!(bench.attempt((control, stack)).await, Ok(()));
        let before = bench.count("ATE0");
        bench.line.with(|module, now| module.restart(now, b""));
        Timer::after(Duration::from_secs(2)).await;
        assert_eq!((bench.count("ATE0"), control.counters().resets), (before + 1, 1));
        assert_eq!(bench.attempt((control, stack)).await, Ok(()));
        let echoed = bench.line.record().windows(9).filter(|window| *window == b"AT+CIPMUX").count();
        assert_eq!(echoed, 0, "the echo was off when more was said");
    });
}

#[test]
fn a17_line_ends_and_prompts_of_all_kinds() {
    harmless(Fault::DoubleCarriageReturn);
    harmless(Fault::PromptBlank);
}

#[test]
fn a18_fields_that_are_missing_or_new() {
    let name = "\"home\",\"02:00:00:00:00:07\",6,-40";
    for more in ["", ",1", ",0,0,0,0,1,1,1,1,77"] {
        let bench = Bench::new();
        joined(&bench, async |(control, _)| {
            let key = if MODULE == Dialect::Esp8266Nonos || MODULE == Dialect::WizFi360 { "+CWJAP_CUR" } else { "+CWJAP" };
            inform_next(&bench, &format!("{key}:{name}{more}\r\n"));
            let point = control.wifi().access_point().await.unwrap_or_else(|error| panic!("{more}: {error:?}")).unwrap();
            assert_eq!((point.ssid.as_bytes(), point.channel), (&b"home"[..], 6), "{more}");
        });
    }
}

#[test]
fn a19_a_comma_in_place_of_the_colon() {
    for separator in [":", ","] {
        let bench = Bench::new();
        joined(&bench, async |(control, _)| {
            let key = if MODULE == Dialect::Esp8266Nonos || MODULE == Dialect::WizFi360 { "+CIPSTA_CUR" } else { "+CIPSTA" };
            let line = |name: &str, value: &str| format!("{key}:{name}{separator}\"{value}\"\r\n");
            let lines = line("ip", "1.2.3.4") + &line("gateway", "1.2.3.1") + &line("netmask", "255.255.255.0");
            let lines = lines + &line("ip6ll", "fe80::1") + &line("unknown", "x");
            inform_next(&bench, &lines);
            let config = control.wifi().address().await.unwrap().unwrap();
            assert_eq!(config.address.octets(), [1, 2, 3, 4]);
        });
    }
}

#[test]
fn a20_an_address_with_and_without_quotes() {
    for address in ["10.0.0.1", "\"10.0.0.1\"", "10.0.0.1\r", "\"10.0.0.1\"\r\r"] {
        let bench = Bench::new();
        joined(&bench, async |(_, stack)| {
            inform_next(&bench, &format!("+CIPDOMAIN:{address}\r\n"));
            assert_eq!(stack.resolve("example.org", AddressKind::PreferIpv4).await, Ok(host()), "{address}");
        });
    }
}

#[test]
fn a22_the_older_and_the_newer_question_for_links() {
    for (state, status) in [(true, true), (true, false), (false, true)] {
        let network = world();
        let variant = builder(&network).with_variant(|variant| {
            variant.has_cipstate = state;
            variant.has_cipstatus = status;
        });
        let bench = Bench::on(Line::new(variant.build()), network);
        // A server that does not say who its clients are, so that the links are asked for.
        bench.hook(Hook::new(Point::Answer("SYSMSG".into()), Action::Replace(b"\r\nERROR\r\n".to_vec())));
        let counters = with_driver(&bench.line, async |handles| {
            if MODULE == Dialect::EspAt || status {
                assert_eq!(bench.attempt(handles).await, Ok(()), "{state} {status}");
            }
            handles.0.counters()
        });
        assert_eq!(counters.timeouts, 0);
        // The choice is remembered.
        assert!(state || bench.count("AT+CIPSTATE") <= 1);
        assert!(status || bench.count("AT+CIPSTATUS") <= 1);
    }
}

#[test]
fn a23_the_older_and_the_newer_receive_mode() {
    for command in [ReceiveCommand::Both, ReceiveCommand::Type, ReceiveCommand::Mode, ReceiveCommand::Neither] {
        let network = world();
        let variant = builder(&network).with_variant(|variant| variant.receive_command = command);
        let bench = Bench::on(Line::new(variant.build()), network);
        assert_eq!(bench.works().timeouts, 0, "{command:?}");
    }
}

#[test]
fn a24_the_mode_is_set_before_what_needs_it() {
    let bench = Bench::new();
    bench.works();
    let position = |start: &str| {
        bench.line.with(|module, _| module.commands().iter().position(|sent| sent.line.starts_with(start)))
    };
    assert!(position("AT+CWMODE").unwrap() < position("AT+CWJAP").unwrap());
    assert_eq!(position("AT+CWMODE=0"), None);
    assert_eq!(position("AT+CWMODE_CUR=0"), None);
}

#[test]
fn a25_what_is_off_already_may_be_turned_off() {
    let bench = Bench::new();
    joined(&bench, async |(_, stack)| {
        let listener = TcpListener::bind(stack, PORT).await.unwrap();
        bench.hook(Hook::new(Point::Answer("CIPSERVER".into()), Action::Replace(b"no change\r\n\r\nOK\r\n".to_vec())));
        drop(listener);
        Timer::after(Duration::from_secs(1)).await;
    });
}

#[test]
fn a26_no_access_point_is_no_error() {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, _)| {
        control.wait_until_ready().await.unwrap();
        answer_next(&bench, "No AP\r\n\r\nOK\r\n");
        assert_eq!(control.wifi().access_point().await, Ok(None));
        answer_next(&bench, "No AP\r\nOK\r\n");
        assert_eq!(control.wifi().access_point().await, Ok(None));
    });
}

#[test]
fn a27_a_join_fails_with_a_code_and_either_word() {
    let codes = [
        (1, JoinError::Timeout),
        (2, JoinError::WrongPassword),
        (3, JoinError::NoSuchAccessPoint),
        (4, JoinError::Failed(4)),
    ];
    let bench = Bench::new();
    joined(&bench, async |(control, _)| {
        let name = <JoinAccessPoint<'_> as On<Subject>>::NAME.strip_prefix("AT+").unwrap();
        for (code, error) in codes {
            for word in ["FAIL", "ERROR"] {
                let answer = format!("+CWJAP:{code}\r\n\r\n{word}\r\n");
                bench.hook(Hook::new(Point::Answer(name.into()), Action::Replace(answer.into())));
                let result = control.wifi().join(SSID, JoinOptions::new(PASSWORD)).await;
                assert_eq!(result, Err(error), "{code} {word}");
            }
        }
    });
}

#[test]
fn a28_who_leaves_is_not_joined_again() {
    let bench = Bench::new();
    joined(&bench, async |(control, _)| {
        control.wifi().leave().await.unwrap();
        assert!(!control.wifi().is_connected());
        // Firmware that joins again all the same, and the notice that comes late.
        for (notice, connected) in [
            ("WIFI DISCONNECT\r\n", false),
            ("WIFI CONNECTED\r\nWIFI GOT IP\r\n", true),
            ("WIFI DISCONNECT\r\n", false),
        ] {
            bench.line.with(|module, now| module.inject(now, notice.as_bytes()));
            Timer::after(Duration::from_millis(100)).await;
            assert_eq!(control.wifi().is_connected(), connected, "{notice:?}");
        }
    });
}

#[test]
fn a29_notices_before_inside_and_after_the_answer_of_a_join() {
    let name = <JoinAccessPoint<'_> as On<Subject>>::NAME.strip_prefix("AT+").unwrap();
    let answers = [
        "WIFI DISCONNECT\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n",
        "WIFI CONNECTED\r\n\r\nOK\r\nWIFI GOT IP\r\n",
        "\r\nOK\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n",
        "WIFI GOT IP\r\n\r\nOK\r\n",
    ];
    for answer in answers {
        let bench = Bench::new();
        joined(&bench, async |(control, _)| {
            bench.hook(Hook::new(Point::Answer(name.into()), Action::Replace(answer.into())));
            control.wifi().join(SSID, JoinOptions::new(PASSWORD)).await.unwrap_or_else(|error| panic!("{answer:?}: {error:?}"));
            assert!(control.wifi().is_connected(), "{answer:?}");
        });
    }
}

#[test]
fn a30_disconnect_and_disconnected() {
    for word in ["WIFI DISCONNECT\r\n", "WIFI DISCONNECTED\r\n"] {
        let bench = Bench::new();
        joined(&bench, async |(control, _)| {
            let mut events = control.events();
            bench.line.with(|module, now| module.inject(now, word.as_bytes()));
            assert_eq!(events.next().await, Ok(Event::StationDisconnected), "{word:?}");
            assert!(!control.wifi().is_connected());
        });
    }
}

#[test]
fn a31_an_unknown_line_directly_before_the_end() {
    harmless(Fault::UnknownLine);
    // An error code directly before ERROR is row A7.
}

#[test]
fn a32_a_line_that_is_too_long() {
    let shown = everywhere(Fault::LongLine, |bench, place| {
        let counters = bench.works();
        assert!(counters.long_lines > 0 || bench.is_pending(), "{place}: {counters:?}");
    });
    assert!(shown > 20, "{shown}");
}
