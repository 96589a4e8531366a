//! The ways up, and what each firmware is told on them.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use super::common::*;
use super::{MODULE, Subject};
use embedded_hal::digital::{ErrorType, OutputPin};
use wifi_at::serial::Split;
use wifi_at::{Config, Event, NotReady, Pins, Resources, Version};
use wifi_at_simulator::Dialect;
use wifi_at_support::script::Script;
use wifi_at_support::virtual_time::{self, Line, now, run};

const OK: &str = "\r\nOK\r\n";
const ERROR: &str = "\r\nERROR\r\n";
const UNKNOWN: &str = "ERR CODE:0x01090000\r\n\r\nERROR\r\n";

/// What the firmware says of itself, and its AT version and SDK.
const fn version() -> (&'static str, [u16; 4], &'static str) {
    match MODULE {
        Dialect::EspAt => (
            "AT version:2.2.0.0-dev(ca41ec4 - ESP32 - Sep 16 2020 11:28:17)\r\nSDK version:v4.0.1-193-ge7ac221b4\r\n\
             compile time(98b95fc):Oct 29 2020 11:23:25\r\nBin version:2.1.0(MINI-1)\r\n\r\nOK\r\n",
            [2, 2, 0, 0],
            "v4.0.1-193-ge7ac221b4",
        ),
        Dialect::Esp32V1 => (
            "AT version:1.1.3.0(df5fcd6 - May 29 2018 21:21:13)\r\nSDK version:v3.0.7\r\ncompile time:x\r\n\r\nOK\r\n",
            [1, 1, 3, 0],
            "v3.0.7",
        ),
        Dialect::Esp8266Idf => (
            "AT version:2.2.1.0(3f4a1c2 - ESP8266 - Jul 23 2021 11:56:48)\r\nSDK version:v3.4-22-g967752e2\r\n\r\nOK\r\n",
            [2, 2, 1, 0],
            "v3.4-22-g967752e2",
        ),
        Dialect::Esp8266Nonos => (
            "AT version:1.1.0.0(May 11 2016 18:09:56)\r\nSDK version:1.5.4(baaeaebb)\r\ncompile time:x\r\nOK\r\n",
            [1, 1, 0, 0],
            "1.5.4(baaeaebb)",
        ),
        _ => (
            "AT version: 1.0.1.0 (Jun 6 2019 17:49:31)\r\nSDK version: 3.0.0 (a0ffff9f)\r\n\r\nOK\r\n",
            [1, 0, 1, 0],
            "3.0.0 (a0ffff9f)",
        ),
    }
}

/// The settings after a reset. What can be done without is refused, and of two names the older one is known.
fn settings(script: Script) -> Script {
    let script = script.command("AT", OK).command("ATE0", format!("ATE0\r\n{OK}")).command("AT+GMR", version().0);
    let multiple = |script: Script| script.command("AT+CIPMUX=1", OK);
    match MODULE {
        Dialect::EspAt => multiple(script.command("AT+SYSLOG=1", OK).command("AT+SYSSTORE=0", ERROR))
            .command("AT+CIPDINFO=1", OK)
            .command("AT+CIPRECVTYPE=5,1", UNKNOWN)
            .command("AT+CIPRECVMODE=5,1", "ERR CODE:0x01050000\r\n\r\nERROR\r\n")
            .command("AT+CIPRECVMODE=1", OK),
        Dialect::Esp8266Idf => multiple(script.command("AT+SYSSTORE=0", OK))
            .command("AT+CIPDINFO=1", ERROR)
            .command("AT+CIPRECVMODE=1", OK),
        // Before 1.7 it has no passive receive.
        Dialect::Esp8266Nonos => multiple(script).command("AT+CIPDINFO=1", OK).command("AT+CIPRECVMODE=1", ERROR),
        _ => multiple(script).command("AT+CIPDINFO=1", ERROR),
    }
}

#[test]
fn without_a_reset_pin_every_byte_is_known() {
    let script = Script::new()
        .expect("+++")
        .command("AT", "\r\nERROR\r\n")
        .command("AT", OK)
        .command("AT+RST", OK)
        .pause(Duration::from_millis(200))
        .send(b"\xff\xfe\0 ets Jan  8 2013,rst cause:1\r\n\x80\x81garbage\r\n\r\nready\r\n");
    let line = Line::new(settings(script));
    with_driver(&line, async |(control, _)| {
        let firmware = control.wait_until_ready().await.unwrap();
        let (_, [major, minor, patch, build], sdk) = version();
        assert_eq!(firmware.at, Version { major, minor, patch, build });
        assert_eq!(firmware.sdk, sdk);
        assert_eq!(control.counters().resets, 0);
    });
    assert!(line.with(|script, _| script.is_done()));
}

#[test]
fn ready_may_be_lost_and_a_restart_refused() {
    let script = Script::new().expect("+++").command("AT", OK).command("AT+RST", "\r\nERROR\r\n");
    let line = Line::new(settings(script));
    with_driver(&line, async |(control, _)| {
        control.wait_until_ready().await.unwrap();
        assert!(now() > Duration::from_secs(3));
    });
}

/// The module says that it takes the rate, and is not heard at it: both go back.
#[test]
fn a_rate_at_which_the_module_is_not_heard_is_taken_back() {
    let script = Script::new().expect("+++").command("AT", OK).command("AT+RST", OK).send(b"\r\nready\r\n");
    let script = settings(script).command("AT+UART_CUR=921600,8,1,0,0", OK);
    let script = script.expect("AT\r\n").expect("AT\r\n").expect("AT\r\n");
    // Its `OK` may be lost as well.
    let script = script.command("AT", OK).expect("AT+UART_CUR=230400,8,1,0,0\r\n").command("AT", OK);
    let line = Line::new(script);
    let resources = &mut Resources::<1, 512, 512>::new();
    let rates = RefCell::new(Vec::new());
    run(&line, async {
        let wanted = wifi_at::serial::Line::new(115_200).raised_to(921_600);
        let serial = Split::new(line.clone(), line.clone()).with_line(wanted, |_, rate| {
            rates.borrow_mut().push(rate);
            Ok(())
        });
        let mut parts = wifi_at::new::<Subject, _, _, _>(serial, Pins::none(), resources, Config::default());
        let control = parts.control;
        let mut events = control.events();
        let test = async {
            control.wait_until_ready().await.unwrap();
            assert_eq!(events.next().await, Ok(Event::BaudRateFailed));
            assert_eq!(events.next().await, Ok(Event::ModuleReady));
            assert_eq!(control.baud_rate(), Some(115_200));
            assert_eq!(*rates.borrow(), [921_600, 115_200, 921_600, 115_200]);
            control.set_baud_rate(230_400).await.unwrap();
            assert_eq!(control.baud_rate(), Some(230_400));
        };
        embassy_futures::select::select(parts.runner.run(), test).await;
    });
    assert!(line.with(|script, _| script.is_done()));
}

/// Remembers its levels, with the times.
#[derive(Clone, Default)]
struct Pin(Rc<RefCell<Vec<(bool, Duration)>>>);

impl ErrorType for Pin {
    type Error = Infallible;
}

impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.set(false)
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.set(true)
    }
}

impl Pin {
    fn set(&self, high: bool) -> Result<(), Infallible> {
        let mut levels = self.0.borrow_mut();
        if levels.last().is_none_or(|(last, _)| *last != high) {
            levels.push((high, virtual_time::now()));
        }
        Ok(())
    }
}

#[test]
fn a_reset_pin_is_pulsed_and_nothing_is_sent_before_ready() {
    let script = Script::new().pause(Duration::from_millis(400)).send("\r\nready\r\n");
    let line = Line::new(settings(script));
    let (reset, enable) = (Pin::default(), Pin::default());
    let resources = &mut Resources::<1, 64, 64>::new();
    run(&line, async {
        let serial = Split::new(line.clone(), line.clone());
        let pins = Pins::reset(reset.clone()).with_enable(enable.clone());
        let mut parts = wifi_at::new::<Subject, _, _, _>(serial, pins, resources, Config::default());
        let ready = parts.control.wait_until_ready();
        assert!(embassy_futures::select::select(parts.runner.run(), ready).await.is_second());
    });
    let levels = reset.0.borrow();
    let [(false, low), (true, high)] = levels[..] else { panic!("{levels:?}") };
    // The engine's time has steps of up to a millisecond, and no deadline comes early.
    assert!((10_000..=12_000).contains(&(high - low).as_micros()), "{:?}", high - low);
    assert!(matches!(enable.0.borrow()[..], [(true, _)]));
}

#[test]
fn a_busy_module_is_waited_for_and_a_silent_one_tried_again() {
    let mut script = Script::new().expect("+++");
    for _ in 0..20 {
        script = script.command("AT", "busy p...\r\n");
    }
    script = script.command("AT", OK).command("AT+RST", OK).send("\r\nready\r\n");
    let line = Line::new(settings(script));
    with_driver(&line, async |(control, _)| {
        control.wait_until_ready().await.unwrap();
        assert_eq!(control.counters().busy, 20);
    });

    let mut script = Script::new().expect("+++");
    for _ in 0..8 {
        script = script.expect("AT\r\n");
    }
    script = script.expect("+++").command("AT", OK).command("AT+RST", OK).send("\r\nready\r\n");
    let line = Line::new(settings(script));
    with_driver(&line, async |(control, _)| {
        let mut events = control.events();
        assert_eq!(control.wait_until_ready().await, Err(NotReady::Silent));
        assert_eq!(events.next().await, Ok(Event::ModuleSilent));
        control.wait_until_ready().await.unwrap();
        assert_eq!(events.next().await, Ok(Event::ModuleReady));
    });
}

/// Resets a simulated module, which then takes bytes again.
struct ModuleReset(Line<wifi_at_simulator::Simulator>);

impl ErrorType for ModuleReset {
    type Error = Infallible;
}

impl OutputPin for ModuleReset {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.with(|module, now| module.reset(now));
        self.0.set_stuck(false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[test]
fn a_module_that_takes_no_bytes_is_reset_in_the_end() {
    let line = module(&network());
    let resources = &mut Resources::<1, 64, 64>::new();
    run(&line, async {
        let serial = Split::new(line.clone(), line.clone());
        let pins = Pins::reset(ModuleReset(line.clone()));
        let mut parts = wifi_at::new::<Subject, _, _, _>(serial, pins, resources, Config::default());
        let control = parts.control;
        let user = async {
            control.wait_until_ready().await.unwrap();
            let mut events = control.events();
            line.set_stuck(true);
            let error = control.send(&wifi_at::command::wifi::QueryWifiMode).await.unwrap_err();
            assert_eq!(error, wifi_at::command::CommandError::Timeout);
            while events.next().await != Ok(Event::ModuleReady) {}
            control.send(&wifi_at::command::wifi::QueryWifiMode).await.unwrap();
        };
        assert!(embassy_futures::select::select(parts.runner.run(), user).await.is_second());
    });
}
