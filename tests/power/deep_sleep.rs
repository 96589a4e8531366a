//! Deep sleep: what it ends, who waits for its end, and what ends it.

use super::MODULE;
use super::common::*;
use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Instant, Timer, with_timeout};
use wifi_at::at::EncodeError;
use wifi_at::command::CommandError;
use wifi_at::command::wifi::QueryWifiMode;
use wifi_at::net::tcp::{self, TcpSocket};
use wifi_at::power::NoResetPin;
use wifi_at::wifi::{JoinOptions, RejoinPolicy};
use wifi_at::{Config, Event, EventMask, ResetCause};
use wifi_at_simulator::{Dialect, Fault, Simulator, When};
use wifi_at_support::virtual_time::{Line, drop_after};

/// The WizFi360's manual has no such command.
const CAN: bool = !matches!(MODULE, Dialect::WizFi360);

const SLEEP: Duration = Duration::from_secs(600);

fn echo_module() -> Line<Simulator> {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    module(&network)
}

fn is_asleep(line: &Line<Simulator>) -> bool {
    line.with(|module, _| !module.is_ready())
}

/// What ends the sleep.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Time,
    /// Its time, but nobody hears `ready`.
    TimeUntold,
    /// Somebody else's pin.
    Pin,
    Wake,
}

#[test]
fn each_end_of_it() {
    if !CAN {
        return;
    }
    let line = echo_module();
    with_reset_pin(&line, Config::default(), async |(control, stack)| {
        let power = control.power();
        let mut slept = 0;
        for end in [End::Time, End::Pin, End::Wake, End::TimeUntold, End::Time] {
            join(control).await;
            let mut socket = connect(stack).await;
            let mut idle = TcpSocket::connect(stack, server()).await.unwrap();
            let mut events = control.events().only(EventMask::MODULE);
            let start = Instant::now();
            assert!(!power.is_asleep());
            power.deep_sleep(SLEEP).await.unwrap();
            assert!(start.elapsed() < Duration::from_secs(1), "it ends when the module has accepted it");
            assert!(power.is_asleep());
            assert_eq!(events.next().await, Ok(Event::ModuleReset));
            assert_eq!(events.next().await, Ok(Event::ModuleAsleep));
            for socket in [&mut socket, &mut idle] {
                assert_eq!(socket.read(&mut [0; 8]).await, Err(tcp::Error::ConnectionReset));
                assert_eq!(socket.read(&mut [0; 8]).await, Err(tcp::Error::NotConnected));
            }
            assert!(!control.wifi().is_connected());
            // Commands and connects wait, and can be taken back.
            for _ in 0..2 {
                let waiting = with_timeout(Duration::from_secs(30), control.send(&QueryWifiMode)).await;
                assert!(waiting.is_err(), "{waiting:?}");
                let waiting = with_timeout(Duration::from_secs(30), TcpSocket::connect(stack, server())).await;
                assert!(waiting.is_err());
            }
            assert!(is_asleep(&line), "nothing that was sent has woken it");
            match end {
                End::Time => {}
                End::TimeUntold => line.with(|module, _| module.inject_fault(Fault::NoReady, When::Next).unwrap()),
                End::Pin => line.with(|module, now| module.reset(now)),
                End::Wake => assert_eq!(power.wake(), Ok(())),
            }
            control.send(&QueryWifiMode).await.unwrap();
            let took = start.elapsed().as_secs();
            let expected = match end {
                End::Time => 600..605,
                // Its clock may be slow by one part in 16.
                End::TimeUntold => 637..645,
                End::Pin | End::Wake => 120..125,
            };
            assert!(expected.contains(&took), "{end:?}: {took} s");
            assert!(!power.is_asleep());
            assert_eq!(events.next().await, Ok(Event::ModuleReady));
            assert_eq!(control.last_reset(), Some(ResetCause::Requested));
            slept += 1;
            let counters = control.counters();
            let others = counters.resets + counters.silences + counters.failed_attempts + counters.timeouts;
            assert_eq!((counters.requested_resets, others), (slept, 0));
        }
        join(control).await;
        echo(stack).await;
    });
}

#[test]
fn wake_leaves_alone_what_is_awake_and_needs_a_pin() {
    let line = echo_module();
    with_reset_pin(&line, Config::default(), async |(control, stack)| {
        join(control).await;
        let mut socket = connect(stack).await;
        assert_eq!(control.power().wake(), Ok(()));
        write_all(&mut socket, b"hello").await;
        assert_eq!(socket.read(&mut [0; 8]).await, Ok(5));
        assert_eq!(control.counters().requested_resets, 0);
    });
    let mut config = Config::default();
    config.recovery.reset_pin = false;
    let line = echo_module();
    with_reset_pin(&line, config, async |(control, _)| {
        control.wait_until_ready().await.unwrap();
        assert_eq!(control.power().wake(), Err(NoResetPin));
    });
    let line = echo_module();
    with_driver(&line, async |(control, _)| {
        control.wait_until_ready().await.unwrap();
        if CAN {
            control.power().deep_sleep(SLEEP).await.unwrap();
            assert_eq!(control.power().wake(), Err(NoResetPin));
            assert!(control.power().is_asleep());
        }
    });
}

#[test]
fn the_station_joins_again() {
    if !CAN {
        return;
    }
    let line = echo_module();
    with_driver(&line, async |(control, stack)| {
        let wifi = control.wifi();
        let stay = wifi.stay_joined(SSID, JoinOptions::new(PASSWORD), RejoinPolicy::new());
        let test = async {
            for round in 1..=3 {
                wifi.wait_for_address().await;
                echo(stack).await;
                control.power().deep_sleep(Duration::from_secs(60)).await.unwrap();
                assert!(!wifi.is_connected());
                let start = Instant::now();
                wifi.wait_for_address().await;
                assert!((60..70).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
                echo(stack).await;
                // The driver has counted it once it has seen the end of the join.
                Timer::after(Duration::from_secs(1)).await;
                assert_eq!((control.counters().rejoins, control.counters().failed_joins), (round, 0));
            }
        };
        match select(stay, test).await {
            Either::First(result) => panic!("it does not stay: {result:?}"),
            Either::Second(()) => {}
        }
    });
}

#[test]
fn a_module_that_does_not_wake_is_told_and_found_later() {
    if !CAN {
        return;
    }
    let line = echo_module();
    with_driver(&line, async |(control, stack)| {
        control.wait_until_ready().await.unwrap();
        let mut events = control.events().only(EventMask::MODULE);
        // The module takes it for longer than the driver: nobody wired its clock to its reset pin, for example.
        let answer = wifi_at_simulator::Action::Replace(b"1000\r\n\r\nOK\r\n".to_vec());
        line.with(|module, _| module.on(wifi_at_simulator::Point::Answer("GSLP".into()), answer));
        control.power().deep_sleep(Duration::from_secs(1)).await.unwrap();
        line.with(|module, _| module.inject_fault(Fault::Silent, When::Next).unwrap());
        assert_eq!(events.next().await, Ok(Event::ModuleReset));
        assert_eq!(events.next().await, Ok(Event::ModuleAsleep));
        assert_eq!(events.next().await, Ok(Event::ModuleSilent));
        assert_eq!(control.send(&QueryWifiMode).await, Err(CommandError::ModuleSilent));
        line.with(|module, now| module.reset(now));
        while events.next().await != Ok(Event::ModuleReady) {}
        join(control).await;
        echo(stack).await;
    });
}

#[test]
fn durations() {
    let line = echo_module();
    with_driver(&line, async |(control, _)| {
        control.wait_until_ready().await.unwrap();
        let power = control.power();
        let before = line.with(|module, _| module.commands().len());
        let out_of_range = Err(CommandError::Encode(EncodeError::OutOfRange));
        let refused = if CAN { out_of_range } else { Err(CommandError::Unsupported) };
        for wrong in [Duration::MIN, Duration::from_millis((1 << 30) + 1), Duration::MAX] {
            assert_eq!(power.deep_sleep(wrong).await, refused, "{wrong:?}");
        }
        if !CAN {
            assert_eq!(power.deep_sleep(SLEEP).await, Err(CommandError::Unsupported));
        }
        assert_eq!(line.with(|module, _| module.commands().len()), before, "nothing was sent");
        if CAN {
            // Up to whole milliseconds.
            for (duration, millis) in [(Duration::from_micros(1), 1), (Duration::from_micros(1001), 2)] {
                power.deep_sleep(duration).await.unwrap();
                control.wait_until_ready().await.unwrap();
                let told = format!("AT+GSLP={millis}");
                assert!(line.with(|module, _| module.commands().iter().any(|command| command.line == told)), "{told}");
            }
            let longest = Duration::from_millis(1 << 30);
            power.deep_sleep(longest).await.unwrap();
            let start = Instant::now();
            control.wait_until_ready().await.unwrap();
            assert_eq!(start.elapsed().as_secs() / 86_400, 12);
            assert_eq!(control.counters().failed_attempts, 0);
        }
    });
}

/// Wherever the future is dropped, the session goes on: at once, or after the sleep.
#[test]
fn dropped_at_any_poll() {
    if !CAN {
        return;
    }
    let (mut polls, mut finished, mut sleeps) = (1, false, 0);
    while !finished {
        let line = echo_module();
        with_driver(&line, async |(control, stack)| {
            join(control).await;
            finished = drop_after(polls, control.power().deep_sleep(SLEEP)).await.is_some();
            let start = Instant::now();
            // Queued behind the command, if that was sent.
            control.send(&QueryWifiMode).await.ok();
            control.send(&QueryWifiMode).await.unwrap();
            let slept = start.elapsed() > Duration::from_secs(500);
            sleeps += u32::from(slept);
            assert_eq!(control.counters().requested_resets, u32::from(slept));
            if slept {
                join(control).await;
            }
            echo(stack).await;
        });
        polls += 1;
        assert!(polls < 100);
    }
    assert!(polls > 2 && sleeps > 0, "{polls} {sleeps}");
}
