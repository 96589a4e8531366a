//! Sleep modes and the pin that wakes: what is sent on which dialect, and what is not.

use super::MODULE;
use super::common::*;
use wifi_at::at::EncodeError;
use wifi_at::command::CommandError::{self, Encode, Unsupported};
use wifi_at::{Event, EventMask};
use wifi_at::power::{AwakeFlag, Level, SleepMode, WakeGpio};
use wifi_at_simulator::{Dialect, Simulator};
use wifi_at_support::virtual_time::{Line, drop_after};

const MODES: [SleepMode; 4] = [SleepMode::Off, SleepMode::Modem, SleepMode::ModemByListenInterval, SleepMode::Light];

/// The numbers of the manuals, in the order of [`MODES`].
const NUMBERS: [Option<u8>; 4] = match MODULE {
    Dialect::EspAt => [Some(0), Some(1), Some(3), Some(2)],
    Dialect::Esp8266Nonos => [Some(0), Some(2), None, Some(1)],
    Dialect::WizFi360 => [None; 4],
    _ => [Some(0), Some(1), None, None],
};

/// Whether the firmware tells its mode, and has a pin that wakes it.
const TELLS: bool = matches!(MODULE, Dialect::EspAt | Dialect::Esp8266Nonos);

/// What the module was sent about power.
fn sent(line: &Line<Simulator>) -> Vec<String> {
    line.with(|module, _| {
        let lines = module.commands().iter().map(|command| command.line.clone());
        lines.filter(|line| ["AT+SLEEP", "AT+WAKEUP", "AT+GSLP"].iter().any(|name| line.starts_with(name))).collect()
    })
}

#[test]
fn each_mode_has_the_number_of_its_firmware() {
    let line = module(&network());
    with_driver(&line, async |(control, _)| {
        let power = control.power();
        join(control).await;
        if TELLS {
            let first = if MODULE == Dialect::EspAt { SleepMode::Off } else { SleepMode::Modem };
            assert_eq!(power.sleep_mode().await, Ok(first), "after a restart");
        }
        let mut expected = sent(&line);
        for (mode, number) in MODES.into_iter().zip(NUMBERS) {
            let result = power.set_sleep_mode(mode).await;
            let Some(number) = number else {
                assert_eq!(result, Err(Unsupported), "{mode:?}");
                continue;
            };
            assert_eq!(result, Ok(()), "{mode:?}");
            expected.push(format!("AT+SLEEP={number}"));
            if TELLS {
                assert_eq!(power.sleep_mode().await, Ok(mode));
                expected.push("AT+SLEEP?".into());
            } else {
                assert_eq!(power.sleep_mode().await, Err(Unsupported));
            }
        }
        assert_eq!(sent(&line), expected);
        // A restart of the module ends it.
        if TELLS {
            let mut events = control.events().only(EventMask::MODULE);
            line.with(|module, now| module.reset(now));
            while events.next().await != Ok(Event::ModuleReady) {}
            let first = if MODULE == Dialect::EspAt { SleepMode::Off } else { SleepMode::Modem };
            assert_eq!(power.sleep_mode().await, Ok(first));
        }
    });
}

#[test]
fn an_answer_that_is_no_mode_is_no_mode() {
    if !TELLS {
        return;
    }
    let line = module(&network());
    with_driver(&line, async |(control, _)| {
        control.wait_until_ready().await.unwrap();
        for answer in ["+SLEEP:9\r\n\r\nOK\r\n", "+SLEEP:-1\r\n\r\nOK\r\n", "+SLEEP:on\r\n\r\nOK\r\n", "\r\nOK\r\n"] {
            let replace = wifi_at_simulator::Action::Replace(answer.into());
            line.with(|module, _| module.on(wifi_at_simulator::Point::Answer("SLEEP".into()), replace));
            let result = control.power().sleep_mode().await;
            assert!(matches!(result, Err(CommandError::Answer(_))), "{answer:?}: {result:?}");
        }
        assert!(control.power().sleep_mode().await.is_ok());
    });
}

#[test]
fn the_pin_that_wakes() {
    let line = module(&network());
    with_driver(&line, async |(control, _)| {
        let power = control.power();
        control.wait_until_ready().await.unwrap();
        let flag = |gpio| AwakeFlag { gpio, level: Level::High };
        let plain = WakeGpio::new(3, Level::Low);
        let results = [
            power.set_wake_gpio(plain).await,
            power.set_wake_gpio(WakeGpio::new(0, Level::High).with_flag(flag(13))).await,
            power.set_wake_gpio(WakeGpio::new(16, Level::Low)).await,
            power.set_wake_gpio(plain.with_flag(flag(3))).await,
            power.set_wake_gpio(plain.with_flag(flag(16))).await,
            power.clear_wake_gpio().await,
        ];
        let out_of_range = Err(Encode(EncodeError::OutOfRange));
        let (expected, lines): (_, &[&str]) = match MODULE {
            Dialect::EspAt => (
                [Ok(()), Err(Unsupported), Ok(()), Err(Unsupported), Err(Unsupported), Err(Unsupported)],
                &["AT+SLEEPWKCFG=2,3,0", "AT+SLEEPWKCFG=2,16,0"],
            ),
            Dialect::Esp8266Nonos => (
                [Ok(()), Ok(()), out_of_range, out_of_range, out_of_range, Ok(())],
                &["AT+WAKEUPGPIO=1,3,0", "AT+WAKEUPGPIO=1,0,1,13,1", "AT+WAKEUPGPIO=0"],
            ),
            _ => ([Err(Unsupported); 6], &[]),
        };
        assert_eq!(results, expected);
        assert_eq!(sent(&line), lines);
    });
}

/// Wherever the future is dropped, the session goes on, and the mode is the old one or the new one.
#[test]
fn dropped_at_any_poll() {
    for operation in 0..3 {
        let (mut polls, mut finished) = (1, false);
        while !finished {
            let network = network();
            network.serve(server(), || |data: &[u8]| data.to_vec());
            let line = module(&network);
            with_driver(&line, async |(control, stack)| {
                let power = control.power();
                join(control).await;
                let mut socket = connect(stack).await;
                finished = match operation {
                    0 => drop_after(polls, power.set_sleep_mode(SleepMode::Modem)).await.is_some(),
                    1 => drop_after(polls, power.sleep_mode()).await.is_some(),
                    _ => drop_after(polls, power.set_wake_gpio(WakeGpio::new(4, Level::Low))).await.is_some(),
                };
                if TELLS {
                    assert!(matches!(power.sleep_mode().await, Ok(SleepMode::Off | SleepMode::Modem)));
                }
                write_all(&mut socket, b"hello").await;
                assert_eq!(socket.read(&mut [0; 8]).await, Ok(5));
                assert_eq!(control.counters().timeouts, 0);
            });
            polls += 1;
            assert!(polls < 100);
        }
        let supported = if operation == 0 { MODULE != Dialect::WizFi360 } else { TELLS };
        assert!(!supported || polls > 2, "operation {operation} was never dropped");
    }
}
