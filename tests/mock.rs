//! The scripted serial port: it plays what the script says, and a test that is wrong fails with a text that says how.

use std::panic::{AssertUnwindSafe, catch_unwind};

use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Instant, Timer};
use embedded_io_async::{Error as _, ErrorKind, Read, Write};
use wifi_at::command::CommandError;
use wifi_at::command::wifi::{JoinAccessPoint, SetWifiMode, WifiMode};
use wifi_at::mock::{Mock, PortError, after, bring_up, expect, expect_command, expect_line, send, write_error};
use wifi_at::net::tcp::{Error, TcpSocket};
use wifi_at::wifi::{JoinError, JoinOptions};
use wifi_at::{Config, Control, EspAt, Event, Pins, Resources, Stack};

const OK: &str = "\r\nOK\r\n";

/// Runs `test` beside the driver, on a module that plays the script.
fn with_driver<T>(mock: &Mock<'_>, test: impl AsyncFnOnce(Control<'_, EspAt>, Stack<'_>) -> T) -> T {
    let resources = &mut Resources::<2, 256, 256>::new();
    mock.run(async {
        let mut parts = wifi_at::new::<EspAt, _, _, _>(mock.serial(), Pins::none(), resources, Config::default());
        match select(parts.runner.run(), test(parts.control, parts.stack)).await {
            Either::First(_) => {
                mock.check().unwrap_or_else(|failure| panic!("{failure}"));
                panic!("the runner ended")
            }
            Either::Second(output) => output,
        }
    })
}

/// The text with which a test panics.
fn message<T>(test: impl FnOnce() -> T) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(test()))).unwrap_err();
    *panic.downcast::<String>().unwrap()
}

async fn join(control: Control<'_, EspAt>) -> Result<(), JoinError> {
    control.wifi().join("home", JoinOptions::new("secret word")).await
}

#[test]
fn a_session_with_the_driver() {
    let script = [
        bring_up::<EspAt>(),
        expect_command::<EspAt, _>(&SetWifiMode { mode: WifiMode::Station }).reply(OK),
        expect("AT+CWJAP=\"home\",\"secret word\"\r\n")
            .after(Duration::from_secs(3))
            .reply("WIFI CONNECTED\r\n")
            .after(Duration::from_secs(2))
            .reply("WIFI GOT IP\r\n\r\nOK\r\n")
            .in_chunks_of(1),
        expect_line("AT+CIPSTART=4,\"TCP\",\"10.0.0.1\",80").reply("4,CONNECT\r\n\r\nOK\r\n"),
        expect("AT+CIPSEND=4,5\r\n").reply("\r\nOK\r\n\r\n>"),
        expect("hello").reply("Recv 5 bytes\r\n\r\nSEND OK\r\n").reply("\r\n+IPD,4,5\r\n"),
        expect_line("AT+CIPRECVDATA=4,").reply("+CIPRECVDATA:5,world\r\n\r\nOK\r\n"),
        // Long enough for the driver's own questions, which need no step.
        after(Duration::from_secs(60)).reply("4,CLOSED\r\n"),
    ];
    let mock = Mock::new(&script);
    with_driver(&mock, async |control, stack| {
        control.wait_until_ready().await.unwrap();
        let start = Instant::now();
        join(control).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(5));
        let mut socket = TcpSocket::connect(stack, "10.0.0.1:80".parse().unwrap()).await.unwrap();
        socket.write_all(b"hello").await.unwrap();
        let mut buffer = [0; 5];
        socket.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"world");
        assert_eq!(socket.read(&mut buffer).await, Ok(0));
        assert_eq!(start.elapsed(), Duration::from_secs(65));
    });
    mock.assert_done();
}

#[test]
fn a_timeout_takes_no_time() {
    let script = [bring_up::<EspAt>(), expect("AT+CWMODE=1\r\n")];
    let mock = Mock::new(&script);
    let begin = std::time::Instant::now();
    with_driver(&mock, async |control, _| {
        let result = control.send(&SetWifiMode { mode: WifiMode::Station }).await;
        assert_eq!(result, Err(CommandError::Timeout));
    });
    mock.assert_done();
    assert!(begin.elapsed() < std::time::Duration::from_secs(3), "5 s of virtual time");
}

#[test]
fn the_module_restarts_and_is_brought_up_again() {
    let script = [bring_up::<EspAt>(), after(Duration::from_secs(7)).reply("\r\nready\r\n"), bring_up::<EspAt>()];
    let mock = Mock::new(&script);
    with_driver(&mock, async |control, _| {
        control.wait_until_ready().await.unwrap();
        let mut events = control.events();
        assert_eq!(events.next().await, Ok(Event::ModuleReset));
        assert_eq!(events.next().await, Ok(Event::ModuleReady));
    });
    mock.assert_done();
}

#[test]
fn every_dialect_is_brought_up() {
    use wifi_at::dialect::{Driven, Esp32V1, Esp8266Idf, Esp8266Nonos, WizFi360};
    fn ready<D: Driven>() {
        let script = [bring_up::<D>()];
        let mock = Mock::new(&script);
        let resources = &mut Resources::<1, 64, 64>::new();
        mock.run(async {
            let mut parts = wifi_at::new::<D, _, _, _>(mock.serial(), Pins::none(), resources, Config::default());
            let ready = parts.control.wait_until_ready();
            match select(parts.runner.run(), ready).await {
                Either::First(_) => panic!("the runner ended"),
                Either::Second(firmware) => assert!(firmware.unwrap().at.major > 0),
            }
        });
        mock.assert_done();
    }
    ready::<EspAt>();
    ready::<Esp32V1>();
    ready::<Esp8266Idf>();
    ready::<Esp8266Nonos>();
    ready::<WizFi360>();
}

#[test]
fn messages_come_when_the_test_says_so() {
    let script = [bring_up::<EspAt>()];
    let mock = Mock::new(&script);
    with_driver(&mock, async |control, _| {
        control.wait_until_ready().await.unwrap();
        let mut events = control.events();
        assert!(mock.send("WIFI CONNECTED\r\n"));
        assert!(mock.send("WIFI GOT IP\r\n"));
        assert_eq!(events.next().await, Ok(Event::StationConnected));
        assert_eq!(events.next().await, Ok(Event::StationGotAddress));
        for _ in 0..8 {
            assert!(mock.send("noise\r\n"));
        }
        assert!(!mock.send("one too many"));
    });
}

#[test]
fn errors_of_the_port() {
    let script = [
        bring_up::<EspAt>(),
        expect_line("AT+CIPSTART=4").reply("4,CONNECT\r\n\r\nOK\r\n"),
        after(Duration::from_secs(1)).reply("\r\n+IPD,4,5:he").read_error(ErrorKind::Other).reply("o"),
        expect_line("AT"),
    ];
    let mock = Mock::new(&script);
    with_driver(&mock, async |control, stack| {
        let mut socket = TcpSocket::connect(stack, "10.0.0.1:80".parse().unwrap()).await.unwrap();
        let mut buffer = [0; 5];
        let mut all = Vec::new();
        let error = loop {
            match socket.read(&mut buffer).await {
                Ok(count) => all.extend_from_slice(&buffer[..count]),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::DataLost { .. }), "{error:?}");
        assert_eq!(control.counters().serial_errors, 1);
    });

    let script = [bring_up::<EspAt>(), write_error(ErrorKind::BrokenPipe)];
    let mock = Mock::new(&script);
    let resources = &mut Resources::<1, 64, 64>::new();
    let error = mock.run(async {
        let mut parts = wifi_at::new::<EspAt, _, _, _>(mock.serial(), Pins::none(), resources, Config::default());
        let command = async {
            let _ = parts.control.send(&SetWifiMode { mode: WifiMode::Station }).await;
            core::future::pending::<()>().await;
        };
        match select(parts.runner.run(), command).await {
            Either::First(result) => result.unwrap_err(),
            Either::Second(()) => unreachable!(),
        }
    });
    assert_eq!(error, wifi_at::RunError::Serial(PortError::Scripted(ErrorKind::BrokenPipe)));
    mock.assert_done();
}

#[test]
fn other_bytes() {
    let script = [expect("AT+CWMODE=1\r\n").reply(OK), expect("AT+CWJAP=\"home\",\"secret word\"\r\n")];
    let line = line!() - 1;
    let mock = Mock::new(&script);
    let text = message(|| {
        mock.run(async {
            mock.port().write_all(b"AT+CWMODE=1\r\nAT+CWJ").await.unwrap();
            let error = mock.port().write_all(b"AP=\"home\",\"secretword\"\r\nAT\r\n").await.unwrap_err();
            assert_eq!(error, PortError::Departed);
            // Everything fails from now on, so that the firmware does not hang.
            assert_eq!(mock.port().read(&mut [0; 8]).await, Err(PortError::Departed));
        });
    });
    let lines: Vec<&str> = text.lines().collect();
    let place = format!("step 2 of 2 (tests/mock.rs:{line}:56): the firmware wrote something else");
    assert_eq!(
        lines,
        [
            &place[..],
            r#"  expected: AT+CWJAP="home","secret word"\r\n"#,
            r#"  written:  AT+CWJAP="home","secretword"\r\n"#,
            r"                                   ^ byte 23",
        ]
    );
}

#[test]
fn a_wrong_command_of_the_firmware() {
    let script = [bring_up::<EspAt>(), expect("AT+CWMODE=2\r\n").reply(OK)];
    let mock = Mock::new(&script);
    let text = message(|| with_driver(&mock, async |control, _| join(control).await));
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("step 2 of 2 (tests/mock.rs:"), "{text}");
    assert!(lines[0].ends_with("): the firmware wrote something else"), "{text}");
    assert_eq!(
        lines[1..],
        ["  expected: AT+CWMODE=2\\r\\n", "  written:  AT+CWMODE=1\\r\\n", "                      ^ byte 10",]
    );
}

#[test]
fn too_much_too_little_and_unread() {
    let script = [expect("AT\r\n").reply(OK)];
    let mock = Mock::new(&script);
    let text = message(|| {
        mock.run(async {
            mock.port().write_all(b"AT\r\nAT+RST\r\n").await.unwrap_err();
        });
    });
    assert_eq!(
        text,
        "after the last of 1 steps: the firmware wrote more than the script has\n  written:  AT+RST\\r\\n"
    );

    let mock = Mock::new(&script);
    mock.run(async { mock.port().write_all(b"AT").await.unwrap() });
    let text = message(|| mock.assert_done());
    assert!(
        text.ends_with("the firmware did not write it\n  expected: AT\\r\\n\n  written:  AT (and no more)"),
        "{text}"
    );

    let mock = Mock::new(&script);
    mock.run(async { mock.port().write_all(b"AT\r\n").await.unwrap() });
    let text = message(|| mock.assert_done());
    assert!(text.ends_with("has not read what the module sends\n  module:   \\r\\nOK\\r\\n"), "{text}");
    let mut buffer = [0; 6];
    mock.run(async { mock.port().read_exact(&mut buffer).await.unwrap() });
    mock.assert_done();
}

#[test]
fn a_test_that_hangs() {
    let script = [expect("AT\r\n").reply(OK)];
    let mock = Mock::new(&script);
    let text = message(|| {
        mock.run(async {
            Timer::after_secs(2).await;
            mock.port().read(&mut [0; 8]).await.unwrap()
        })
    });
    assert!(text.starts_with("nothing will ever happen any more, 2000 ms after the start\nstep 1 of 1 ("), "{text}");
    assert!(text.ends_with("  expected: AT\\r\\n\n  written:  nothing"), "{text}");
}

#[test]
fn scripts_that_cannot_be() {
    let join = JoinAccessPoint { ssid: "two\r\nlines", passphrase: wifi_at::command::Secret(""), bssid: None };
    let script = [expect_command::<EspAt, _>(&join)];
    let mock = Mock::new(&script);
    let text = message(|| mock.run(async { mock.port().write_all(b"AT+CWJAP").await.is_ok() }));
    assert!(text.contains("the expected command cannot be sent at all: a string holds CR, LF or NUL"), "{text}");

    let script = [expect("AT\r\n").reply("1").reply("2").reply("3").reply("4").reply("5").reply("6").reply("7")];
    let mock = Mock::new(&script);
    let text = message(|| mock.assert_done());
    assert!(text.contains("more than 6 replies"), "{text}");
}

#[test]
fn blocking_code() {
    use embedded_hal::delay::DelayNs as _;
    use embedded_io::ReadReady as _;
    let script =
        [send("boot\r\n"), expect("AT\r\n").after(Duration::from_millis(30)).reply(OK).read_error(ErrorKind::Other)];
    let mock = Mock::new(&script);
    let mut port = mock.port();
    let mut buffer = [0; 16];
    assert_eq!(embedded_io::Read::read(&mut port, &mut buffer), Ok(6));
    assert_eq!(port.read_ready(), Ok(false));
    // Nothing was written that would be answered.
    assert_eq!(embedded_io::Read::read(&mut port, &mut buffer), Err(PortError::Starved));
    assert_eq!(embedded_io::Write::write(&mut port, b"AT\r\n"), Ok(4));
    mock.delay().delay_ms(29);
    assert_eq!(port.read_ready(), Ok(false));
    assert_eq!(embedded_io::Read::read(&mut port, &mut buffer), Ok(6));
    assert_eq!(mock.now(), Duration::from_millis(30));
    let error = embedded_io::Read::read(&mut port, &mut buffer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    mock.assert_done();
}
