//! G: restarts, the serial port, power.

use super::bench::*;
use super::common::*;
use super::MODULE;
use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Instant, Timer};
use embedded_hal::digital::{ErrorType, OutputPin};
use embedded_io_async::{Read, Write};
use wifi_at::at::Encoder;
use wifi_at::command::{Command, CommandError, Kind, On};
use wifi_at::command::basic::Probe;
use wifi_at::command::tcpip::AddressKind;
use wifi_at::net::passthrough::Passthrough;
use wifi_at::net::tcp::{Error, TcpSocket};
use wifi_at::power::{Level, SleepMode, WakeGpio};
use wifi_at::serial::Split;
use wifi_at::{Config, Event, Pins, Resources};
use wifi_at_simulator::{Action, Dialect, Fault, Hook, Point, ResetMoment, Simulator, When};
use wifi_at_support::virtual_time::{Line, run};

#[test]
fn g1_a_restart_at_each_moment() {
    for fault in Fault::ALL.iter().copied().filter(|fault| matches!(fault, Fault::Reset(_))) {
        // Part of a payload may be made up by the boot log: row D18.
        let failures = recovers_from(fault, 2, fault == Fault::Reset(ResetMoment::Payload));
        assert!(!failures.is_empty(), "{fault}");
    }
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let mut socket = TcpSocket::connect(stack, echo_server()).await.unwrap();
        let mut events = control.events();
        let boot = b"\r\nwdt reset\r\n ets Jan  8 2013,rst cause:4, boot mode:(3,6)\r\n\r\n";
        bench.line.with(|module, now| module.restart(now, boot));
        assert_eq!(socket.read(&mut [0; 9]).await, Err(Error::ConnectionReset));
        assert_eq!(socket.read(&mut [0; 9]).await, Err(Error::NotConnected));
        assert_eq!((events.next().await, events.next().await), (Ok(Event::ModuleReset), Ok(Event::ModuleReady)));
        assert_eq!((control.wifi().is_connected(), control.counters().resets), (false, 1));
        assert_eq!(bench.attempt((control, stack)).await, Ok(()));
    });
}

#[test]
fn g2_boot_text_of_all_byte_values() {
    let bench = Bench::new();
    with_driver(&bench.line, async |handles| {
        assert_eq!(bench.attempt(handles).await, Ok(()));
        bench.inject(Fault::BootGarbage, When::Next);
        bench.line.with(|module, now| module.reset(now));
        Timer::after(Duration::from_secs(30)).await;
        assert_eq!((bench.attempt(handles).await, bench.is_pending()), (Ok(()), false));
    });
    // Also in mid-session, for each value as the last one before `ready`.
    for last in (0..=255).step_by(7) {
        let bench = Bench::new();
        with_driver(&bench.line, async |(control, stack)| {
            join(control).await;
            let mut text: Vec<u8> = (0..=255).collect();
            text.push(last);
            bench.line.with(|module, now| module.restart(now, &text));
            Timer::after(Duration::from_secs(30)).await;
            assert_eq!(bench.attempt((control, stack)).await, Ok(()), "{last}");
        });
    }
}

#[test]
fn g3_endless_zeros() {
    // Between lines they mean nothing; inside a payload they are data.
    let failures = recovers_from(Fault::NulFlood, 1, true);
    assert!(failures.iter().filter(|failures| failures.is_empty()).count() > failures.len() / 2, "{failures:?}");
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        bench.line.with(|module, now| module.inject(now, &vec![0; 300_000]));
        Timer::after(Duration::from_secs(60)).await;
        assert_eq!(bench.attempt((control, stack)).await, Ok(()));
        assert_eq!(control.counters().resets, 0);
    });
}

#[test]
fn g4_no_ready_or_one_that_is_glued_to_garbage() {
    for fault in [Fault::NoReady, Fault::ReadyGlued] {
        let bench = Bench::with_fault(fault, When::Next);
        bench.works();
        assert!(!bench.is_pending());
        // In mid-session.
        let bench = Bench::new();
        with_driver(&bench.line, async |(control, stack)| {
            assert_eq!(bench.attempt((control, stack)).await, Ok(()));
            bench.inject(fault, When::Next);
            bench.line.with(|module, now| module.reset(now));
            let mut tries = 0;
            while bench.attempt((control, stack)).await.is_err() {
                tries += 1;
                assert!(tries < 3, "{fault}");
            }
            assert!(!bench.is_pending());
            assert_eq!(control.counters().resets, 1, "{fault}: it was noticed");
        });
    }
    for text in [&b"Invalid\r\n"[..], b"\r\nvendor firmware 1.0\r\n", b""] {
        let bench = Bench::new();
        bench.hook(Hook::new(Point::Ready, Action::Replace(text.to_vec())));
        bench.works();
    }
}

#[test]
fn g5_a_restart_that_does_not_happen() {
    // The module runs already when the driver starts, so that it is told to restart.
    let network = world();
    let mut module = builder(&network).build();
    let mut time = std::time::Duration::ZERO;
    for _ in 0..2000 {
        time += std::time::Duration::from_millis(1);
        module.poll(time);
    }
    module.drain(time);
    let bench = Bench::on(Line::new(module).with_offset(time), network);
    bench.inject(Fault::RestartIgnored, When::Next);
    bench.works();
    assert!(!bench.is_pending());
}

#[test]
fn g6_nothing_is_sent_while_the_module_boots() {
    for boot in [100, 900, 1900] {
        let network = world();
        let boot = std::time::Duration::from_millis(boot);
        let line = Line::new(builder(&network).with_latency(|latency| latency.boot = boot).build());
        with_reset_pin(&line, Config::default(), async |(control, _)| control.wait_until_ready().await.map(drop).unwrap());
        let first = line.with(|module, _| module.commands()[0].clone());
        // The tests' clock starts at 1 s.
        assert!(first.at >= std::time::Duration::from_secs(1) + boot, "{first:?} {boot:?}");
    }
}

#[test]
fn g12_a_module_that_falls_silent_for_good() {
    let bench = Bench::new();
    with_reset_pin(&bench.line, Config::default(), async |(control, stack)| {
        assert_eq!(bench.attempt((control, stack)).await, Ok(()));
        for _ in 0..3 {
            bench.inject(Fault::Silent, When::Next);
            let before = Instant::now();
            let mut tries = 0;
            while let Err(failed) = bench.attempt((control, stack)).await {
                tries += 1;
                assert!(tries < 4, "{failed}");
            }
            assert!(tries > 0 && before.elapsed() < Duration::from_secs(300), "{:?}", before.elapsed());
        }
    });
}

/// The GPIO that the module receives its commands with.
const RX_PIN: u8 = if matches!(MODULE, Dialect::EspAt) { 16 } else { 3 };

const HAS_LIGHT_SLEEP: bool = matches!(MODULE, Dialect::EspAt | Dialect::Esp8266Nonos);

/// A module that sleeps lightly and takes so long to wake up.
fn light_sleeper(garbage: bool, wake_ms: u64, baud: Option<u32>) -> Bench {
    let network = world();
    let builder = builder(&network).baud(baud).with_variant(|variant| variant.garbage_on_wake = garbage);
    let module = builder.with_latency(|latency| latency.wake = std::time::Duration::from_millis(wake_ms)).build();
    Bench::on(Line::new(module).with_quantum(std::time::Duration::from_micros(100)), network)
}

impl Bench {
    fn is_dozing(&self) -> bool {
        self.line.with(|module, now| {
            module.poll(now);
            module.is_dozing()
        })
    }

    fn slept_through(&self) -> u64 {
        self.line.with(|module, _| module.counters().slept_through)
    }
}

async fn sleep_lightly(control: wifi_at::Control<'_, super::Subject>) {
    control.power().set_wake_gpio(WakeGpio::new(RX_PIN, Level::Low)).await.unwrap();
    control.power().set_sleep_mode(SleepMode::Light).await.unwrap();
}

#[test]
fn g13_light_sleep_and_the_first_bytes() {
    if !HAS_LIGHT_SLEEP {
        let bench = Bench::new();
        with_driver(&bench.line, async |(control, _)| {
            let result = control.power().set_sleep_mode(SleepMode::Light).await;
            assert_eq!(result, Err(CommandError::Unsupported));
        });
        return;
    }
    for (garbage, wake_ms, baud) in
        [(false, 5, None), (true, 5, None), (false, 0, Some(115_200)), (true, 5, Some(115_200)), (true, 1, Some(9600))]
    {
        let bench = light_sleeper(garbage, wake_ms, baud);
        with_driver(&bench.line, async |(control, stack)| {
            join(control).await;
            sleep_lightly(control).await;
            let mut socket = TcpSocket::connect(stack, echo_server()).await.unwrap();
            for round in 1..=20 {
                let before = bench.slept_through();
                Timer::after(Duration::from_millis(50 * round)).await;
                assert!(bench.is_dozing());
                // Each kind of command may be the first one.
                match round % 4 {
                    0 => control.send(&Probe).await.unwrap(),
                    1 => bench.write("after a sleep", &mut socket, b"hello").await.unwrap(),
                    2 => drop(stack.resolve("example.org", AddressKind::PreferIpv4).await.unwrap()),
                    _ => drop(TcpSocket::connect(stack, server()).await.unwrap()),
                }
                assert!(bench.slept_through() > before, "the module has lost nothing, so this shows nothing");
                if round % 4 == 1 {
                    let mut buffer = [0; 5];
                    let mut count = 0;
                    while count < 5 {
                        count += socket.read(&mut buffer[count..]).await.unwrap();
                    }
                    assert_eq!(&buffer, b"hello");
                }
            }
            drop(socket);
            for _ in 0..2 {
                assert_eq!(bench.attempt((control, stack)).await, Ok(()));
                Timer::after(Duration::from_secs(100)).await;
            }
            let counters = control.counters();
            let lost = [counters.resets, counters.silences, counters.timeouts, counters.stray_results, counters.busy];
            assert_eq!(lost, [0; 5]);
            // Awake for good, nothing is sent before a command.
            control.power().set_sleep_mode(SleepMode::Off).await.unwrap();
            let questions = bench.count("AT+CIPMUX?");
            assert!(questions > 20);
            Timer::after(Duration::from_secs(10)).await;
            control.send(&Probe).await.unwrap();
            assert_eq!(bench.count("AT+CIPMUX?"), questions);
        });
    }
}

/// A pin of the host, wired to the module's GPIO 12.
struct Gpio(Line<Simulator>);

impl ErrorType for Gpio {
    type Error = core::convert::Infallible;
}

impl OutputPin for Gpio {
    fn set_low(&mut self) -> Result<(), Self::Error> {
        self.0.with(|module, now| {
            module.poll(now);
            module.set_pin(12, Some(false));
        });
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Self::Error> {
        self.0.with(|module, now| {
            module.poll(now);
            module.set_pin(12, Some(true));
        });
        Ok(())
    }
}

#[test]
fn g13_a_reader_lets_the_module_sleep() {
    if !HAS_LIGHT_SLEEP {
        return;
    }
    let bench = light_sleeper(false, 5, None);
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        sleep_lightly(control).await;
        let mut socket = TcpSocket::connect(stack, echo_server()).await.unwrap();
        let before = bench.slept_through();
        let mut buffer = [0; 5];
        let read = embassy_time::with_timeout(Duration::from_secs(300), socket.read(&mut buffer)).await;
        assert!(read.is_err(), "{read:?}");
        assert!(bench.is_dozing());
        // One question for what was not announced, and one for the link, each half minute.
        let questions = bench.count("AT+CIPRECVLEN?") + bench.count("AT+CIPSTAT");
        assert!((10..=24).contains(&questions), "{questions} questions");
        assert!(bench.slept_through() - before < 200, "{} bytes to wake it", bench.slept_through() - before);
        bench.write("after the sleep", &mut socket, b"hello").await.unwrap();
        bench.read("after the sleep", &mut socket, b"hello").await.unwrap();
        // A module that does not sleep is asked as often as ever.
        control.power().set_sleep_mode(SleepMode::Off).await.unwrap();
        let before = bench.count("AT+CIPRECVLEN?");
        let read = embassy_time::with_timeout(Duration::from_secs(60), socket.read(&mut buffer)).await;
        assert!(read.is_err(), "{read:?}");
        assert!(bench.count("AT+CIPRECVLEN?") > before + 25);
    });
}

#[test]
fn g13_with_a_pin_of_the_drivers_own_nothing_is_lost() {
    if !HAS_LIGHT_SLEEP {
        return;
    }
    for (level, baud) in [(Level::High, None), (Level::Low, None), (Level::Low, Some(115_200)), (Level::High, Some(9600))] {
        let bench = light_sleeper(true, 5, baud);
        let (line, resources) = (bench.line.clone(), &mut Resources::<5, 1024, 512>::new());
        run(&bench.line, async {
            let serial = Split::new(line.clone(), line.clone());
            let parts = wifi_at::new::<super::Subject, _, _, _>(serial, Pins::none(), resources, Config::default());
            let (control, stack) = (parts.control, parts.stack);
            let mut runner = parts.runner.with_wake_pin(Gpio(line.clone()), level);
            let test = async {
                join(control).await;
                control.power().set_wake_gpio(WakeGpio::new(12, level)).await.unwrap();
                control.power().set_sleep_mode(SleepMode::Light).await.unwrap();
                for round in 1..=20 {
                    Timer::after(Duration::from_millis(50 * round)).await;
                    assert!(bench.is_dozing(), "{level:?} {baud:?}: the pin keeps it awake");
                    match round % 3 {
                        0 => control.send(&Probe).await.unwrap(),
                        1 => drop(stack.resolve("example.org", AddressKind::PreferIpv4).await.unwrap()),
                        _ => drop(TcpSocket::connect(stack, server()).await.unwrap()),
                    }
                }
                for _ in 0..2 {
                    assert_eq!(bench.attempt((control, stack)).await, Ok(()));
                    Timer::after(Duration::from_secs(100)).await;
                }
                // A future that is dropped while the module wakes up.
                for milliseconds in 0..15 {
                    Timer::after(Duration::from_secs(1)).await;
                    let dropped = Timer::after(Duration::from_millis(milliseconds));
                    select(control.send(&Probe), dropped).await;
                    assert_eq!(stack.resolve("example.org", AddressKind::PreferIpv4).await, Ok(host()));
                }
                let counters = control.counters();
                let lost = [counters.resets, counters.silences, counters.timeouts, counters.stray_results, counters.busy];
                assert_eq!((bench.slept_through(), lost), (0, [0; 5]));
                let empty = bench.line.with(|module, _| module.commands().iter().any(|sent| sent.line.is_empty()));
                assert!(!empty, "the pin needs no CR LF");
                // A restart of the module ends its sleep mode, and the driver's care.
                bench.line.with(|module, now| module.reset(now));
                Timer::after(Duration::from_secs(5)).await;
                let questions = bench.count("AT+CIPMUX?");
                control.send(&Probe).await.unwrap();
                assert_eq!(bench.count("AT+CIPMUX?"), questions);
            };
            match select(runner.run(), test).await {
                Either::First(_) => panic!("the runner ended"),
                Either::Second(()) => {}
            }
        });
    }
}

/// What the driver would do without: it is worth the trouble.
#[test]
fn g13_without_the_drivers_help_a_command_is_lost() {
    if !HAS_LIGHT_SLEEP {
        return;
    }
    let bench = light_sleeper(false, 5, None);
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        control.power().set_wake_gpio(WakeGpio::new(RX_PIN, Level::Low)).await.unwrap();
        control.send(&Sleep).await.unwrap();
        Timer::after(Duration::from_millis(50)).await;
        assert_eq!(control.send(&Probe).await, Err(CommandError::Timeout));
        // It gets over that, too, at the cost of a restart.
        let mut tries = 0;
        while bench.attempt((control, stack)).await.is_err() {
            tries += 1;
            assert!(tries < 3);
        }
    });
}

/// Light sleep in this firmware's number, without a word to the driver.
struct Sleep;

impl Command for Sleep {
    type Response = ();
    type Error = CommandError;
    type Answer = ();

    const TIMEOUT: Duration = Duration::from_secs(5);
    const KIND: Kind = Kind::Set;

    fn encode(&self, name: &str, line: &mut Encoder<'_>) {
        line.name(name).number(if MODULE == Dialect::EspAt { 2 } else { 1 });
    }

    fn finish((): (), result: Result<(), CommandError>) -> Result<(), CommandError> {
        result
    }
}

impl On<super::Subject> for Sleep {
    const NAME: &'static str = "AT+SLEEP";
    const SECTION: &'static str = "3.1.13";
}

#[test]
fn g13_a_module_that_nothing_wakes_is_brought_up_anew() {
    if !HAS_LIGHT_SLEEP {
        return;
    }
    let bench = light_sleeper(false, 5, None);
    with_reset_pin(&bench.line, Config::default(), async |(control, stack)| {
        assert_eq!(bench.attempt((control, stack)).await, Ok(()));
        let mut socket = TcpSocket::connect(stack, echo_server()).await.unwrap();
        // No pin was chosen.
        control.power().set_sleep_mode(SleepMode::Light).await.unwrap();
        Timer::after(Duration::from_millis(50)).await;
        let start = Instant::now();
        assert_eq!(control.send(&Probe).await, Err(CommandError::ModuleSilent));
        assert!((3..5).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
        assert_eq!(socket.read(&mut [0; 8]).await, Err(Error::ConnectionReset));
        control.wait_until_ready().await.unwrap();
        assert_eq!(bench.attempt((control, stack)).await, Ok(()));
        assert_eq!(control.counters().silences, 1);
        // Somebody else's hand holds it awake.
        control.power().set_wake_gpio(WakeGpio::new(12, Level::High)).await.unwrap();
        control.power().set_sleep_mode(SleepMode::Light).await.unwrap();
        Timer::after(Duration::from_secs(10)).await;
        assert!(bench.is_dozing());
        bench.line.with(|module, _| module.set_pin(12, Some(true)));
        for _ in 0..10 {
            Timer::after(Duration::from_secs(10)).await;
            assert!(!bench.is_dozing());
            control.send(&Probe).await.unwrap();
        }
        assert_eq!((control.counters().silences, control.counters().timeouts), (1, 0));
    });
}

/// The host restarts, and nothing tells it that the module sleeps.
#[test]
fn g13_a_host_that_restarts_finds_the_module_asleep() {
    if !HAS_LIGHT_SLEEP {
        return;
    }
    for (garbage, baud) in [(false, None), (true, None), (false, Some(115_200)), (true, Some(9600))] {
        let bench = light_sleeper(garbage, 5, baud);
        let mut slept = std::time::Duration::ZERO;
        with_driver(&bench.line, async |(control, _)| {
            join(control).await;
            sleep_lightly(control).await;
            Timer::after(Duration::from_secs(1)).await;
            assert!(bench.is_dozing());
            bench.line.with(|_, now| slept = now);
        });
        let line = bench.line.clone().with_offset(slept);
        let bench = Bench::on(line, bench.network.clone());
        with_driver(&bench.line, async |(control, stack)| {
            control.wait_until_ready().await.unwrap();
            assert_eq!(bench.attempt((control, stack)).await, Ok(()));
        });
    }
}

/// On the way into passthrough and out of it the module has no several links, and has not restarted all the same.
#[test]
fn g13_passthrough_in_light_sleep() {
    if !HAS_LIGHT_SLEEP {
        return;
    }
    let bench = light_sleeper(false, 5, None);
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        sleep_lightly(control).await;
        for _ in 0..3 {
            Timer::after(Duration::from_secs(1)).await;
            let mut connection = Passthrough::enter(stack, echo_server()).await.unwrap();
            connection.write_all(b"hello").await.unwrap();
            let mut buffer = [0; 5];
            connection.read_exact(&mut buffer).await.unwrap();
            assert_eq!(&buffer, b"hello");
            drop(connection);
            control.send(&Probe).await.unwrap();
            Timer::after(Duration::from_secs(1)).await;
            assert_eq!(bench.echoes(stack).await, Ok(()));
        }
        let counters = control.counters();
        assert_eq!((counters.resets, counters.silences, counters.timeouts), (0, 0, 0));
    });
}

/// The module has restarted while it seemed to sleep, and nobody heard it.
#[test]
fn g13_a_restart_in_light_sleep() {
    if !HAS_LIGHT_SLEEP {
        return;
    }
    let bench = light_sleeper(false, 5, None);
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        sleep_lightly(control).await;
        bench.inject(Fault::NoReady, When::Next);
        bench.line.with(|module, now| module.reset(now));
        Timer::after(Duration::from_secs(3)).await;
        let mut tries = 0;
        while bench.attempt((control, stack)).await.is_err() {
            tries += 1;
            assert!(tries < 3);
        }
        assert_eq!(control.counters().unnoticed_resets, 1);
    });
}

/// Wherever the future of a command is dropped that wakes the module, the next one is answered, and is the one that is
/// answered.
#[test]
fn g13_dropped_at_any_poll() {
    if !HAS_LIGHT_SLEEP {
        return;
    }
    for milliseconds in 0..25 {
        let bench = light_sleeper(milliseconds % 2 == 0, 5, None);
        with_driver(&bench.line, async |(control, stack)| {
            join(control).await;
            sleep_lightly(control).await;
            Timer::after(Duration::from_secs(1)).await;
            let sent = bench.count("AT+CIPDOMAIN");
            let dropped = Timer::after(Duration::from_millis(milliseconds));
            select(stack.resolve("nowhere.example", AddressKind::PreferIpv4), dropped).await;
            assert_eq!(stack.resolve("example.org", AddressKind::PreferIpv4).await, Ok(host()));
            if milliseconds < 10 {
                assert_eq!(bench.count("AT+CIPDOMAIN"), sent + 1, "what nobody wants is not sent");
            }
            assert_eq!(control.counters().timeouts, 0);
            assert_eq!(bench.attempt((control, stack)).await, Ok(()));
        });
    }
}

#[test]
fn g14_garbage_for_long() {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let mut state = 1u32;
        let noise: Vec<u8> = core::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // A line that floats has no such luck as to say `+IPD,4,99999:`.
            (state >> 24) as u8 | 0x80
        })
        .take(200_000)
        .collect();
        bench.line.with(|module, now| module.inject(now, &noise));
        bench.line.with(|module, now| module.inject(now, b"\r\n"));
        Timer::after(Duration::from_secs(60)).await;
        assert_eq!(bench.attempt((control, stack)).await, Ok(()));
        assert_eq!((control.counters().resets, control.counters().long_lines > 0), (0, true));
    });
}

#[test]
fn g16_the_host_restarts_in_the_middle_of_anything() {
    // The driver is dropped after so many milliseconds of a session, and another one starts with the same module.
    for milliseconds in (0..4000).step_by(170).chain((4000..4600).step_by(13)) {
        let bench = Bench::new();
        with_driver(&bench.line, async |handles| {
            let dropped = Timer::after(Duration::from_millis(milliseconds));
            select(bench.attempt(handles), dropped).await;
        });
        with_driver(&bench.line, async |handles| {
            // A module that waits for the data of a send takes the questions for data, until it has enough of them.
            let limit = Instant::now() + Duration::from_secs(400);
            while handles.0.wait_until_ready().await.is_err() {
                assert!(Instant::now() < limit, "after {milliseconds} ms");
            }
            let mut tries = 0;
            while let Err(failed) = bench.attempt(handles).await {
                tries += 1;
                assert!(tries < 3, "after {milliseconds} ms: {failed}");
            }
        });
    }
}

#[test]
fn g17_notices_in_pieces_and_glued_together() {
    let whole = Bench::new().works();
    for chunk in [1, 2, 5] {
        let network = world();
        let bench = Bench::on(module(&network).with_chunk(chunk), network);
        assert_eq!(bench.works().unknown_lines, whole.unknown_lines, "{chunk}");
    }
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, _)| {
        join(control).await;
        // Not whole lines.
        for text in ["xWIFI DISCONNECT\r\n", "WIFI DISCONNECT!\r\n", "WIFI DISCON\r\nNECT\r\n"] {
            bench.line.with(|module, now| module.inject(now, text.as_bytes()));
            Timer::after(Duration::from_millis(50)).await;
            assert!(control.wifi().is_connected(), "{text:?}");
        }
    });
}

#[test]
fn g18_a_result_that_comes_late() {
    let failures = recovers(Fault::LateResult, 1);
    assert!(failures.len() > 10, "{}", failures.len());
    // The answer of the command before is not that of the next.
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let late = Action::Delay(std::time::Duration::from_secs(25));
        bench.hook(Hook::new(Point::Answer("CIPDOMAIN".into()), late));
        assert!(stack.resolve("example.org", AddressKind::PreferIpv4).await.is_err());
        for _ in 0..20 {
            assert!(control.wifi().address().await.unwrap().is_some());
            assert!(stack.resolve("nowhere.example", AddressKind::PreferIpv4).await.is_err());
        }
    });
}

#[test]
fn g19_ready_in_place_of_an_answer() {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let mut socket = TcpSocket::connect(stack, echo_server()).await.unwrap();
        bench.hook(Hook::new(Point::Answer("".into()), Action::Restart(0, Vec::new())));
        assert_eq!(control.send(&Probe).await, Err(CommandError::ModuleReset), "{MODULE:?}");
        assert_eq!(socket.read(&mut [0; 9]).await, Err(Error::ConnectionReset));
        assert_eq!(bench.attempt((control, stack)).await, Ok(()));
    });
}
