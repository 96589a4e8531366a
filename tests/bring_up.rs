//! The module is brought up from whatever state it is in.

mod common;

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use common::*;
use embedded_hal::digital::{ErrorType, OutputPin};
use wifi_at::serial::Split;
use wifi_at::{Config, EspAt, Event, ModuleSilent, Pins, Resources, Version};
use wifi_at_support::script::Script;
use wifi_at_support::virtual_time::{self, Line, now, run};

const OK: &str = "\r\nOK\r\n";
const VERSION: &str = "AT version:2.2.0.0-dev(ca41ec4 - ESP32 - Sep 16 2020 11:28:17)\r\nSDK version:v4.0.1-193-ge7ac221b4\r\n\
                       compile time(98b95fc):Oct 29 2020 11:23:25\r\nBin version:2.1.0(MINI-1)\r\n\r\nOK\r\n";

/// The settings after a reset, with firmware that has only the older of two names.
fn settings(script: Script) -> Script {
    script
        .command("AT", OK)
        .command("ATE0", format!("ATE0\r\n{OK}"))
        .command("AT+GMR", VERSION)
        .command("AT+SYSLOG=1", OK)
        .command("AT+SYSSTORE=0", "\r\nERROR\r\n")
        .command("AT+CIPMUX=1", OK)
        .command("AT+CIPDINFO=1", OK)
        .command("AT+CIPRECVTYPE=5,1", "ERR CODE:0x01090000\r\n\r\nERROR\r\n")
        .command("AT+CIPRECVMODE=1", OK)
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
        assert_eq!(firmware.at, Version { major: 2, minor: 2, patch: 0, build: 0 });
        assert_eq!(firmware.sdk, "v4.0.1-193-ge7ac221b4");
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
        let mut parts = wifi_at::new::<EspAt, _, _, _>(serial, pins, resources, Config::default());
        let ready = parts.control.wait_until_ready();
        assert!(embassy_futures::select::select(parts.runner.run(), ready).await.is_second());
    });
    let levels = reset.0.borrow();
    let [(false, low), (true, high)] = levels[..] else { panic!("{levels:?}") };
    assert_eq!(high - low, Duration::from_millis(10));
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
        assert_eq!(control.wait_until_ready().await, Err(ModuleSilent));
        assert_eq!(events.next().await, Ok(Event::ModuleSilent));
        control.wait_until_ready().await.unwrap();
        assert_eq!(events.next().await, Ok(Event::ModuleReady));
    });
}

/// Does something to a simulated module before the driver starts.
fn prepared(commands: &[&str]) -> Line<wifi_at_simulator::Simulator> {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let mut module = builder(&network).build();
    let mut time = Duration::from_millis(400);
    let ready = time;
    module.poll(ready);
    for command in commands {
        module.receive(time, command.as_bytes());
        for _ in 0..3000 {
            time += Duration::from_millis(1);
            module.poll(time);
        }
    }
    module.drain(time);
    // The tests' clock starts at 1 s; the module's must not run backwards.
    Line::new(module).with_offset(time)
}

#[test]
fn a_module_in_any_state() {
    let join = "AT+CWMODE=1\r\n";
    let joined = "AT+CWJAP=\"home\\, \\\"sweet\\\" home\\\\\",\"correct\\, \\\"horse\\\"\"\r\n";
    let states: [&[&str]; 6] = [
        &["ATE0\r\n", "AT+CIPMUX=1\r\n"],
        &[join, joined, "AT+CIPMUX=1\r\n", "AT+CIPSTART=0,\"TCP\",\"10.0.0.1\",80\r\n"],
        // Half a command.
        &["AT+CIPST"],
        // Passthrough mode.
        &[join, joined, "AT+CIPMODE=1\r\n", "AT+CIPSTART=\"TCP\",\"10.0.0.1\",80\r\n", "AT+CIPSEND\r\n"],
        // Some bytes of a send are missing: the probes make them up.
        &[join, joined, "AT+CIPSTART=\"TCP\",\"10.0.0.1\",80\r\n", "AT+CIPSEND=9\r\n", "12"],
        &["ATE0\r\n", "AT+UNKNOWN\r\n", "\r\n"],
    ];
    for state in states {
        let line = prepared(state);
        with_driver(&line, async |(control, stack)| {
            control.wait_until_ready().await.unwrap();
            common::join(control).await;
            let mut socket = connect(stack).await;
            write_all(&mut socket, b"hello").await;
            let mut buffer = [0; 9];
            assert_eq!(socket.read(&mut buffer).await, Ok(5), "{state:?}");
        });
    }
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
        let mut parts = wifi_at::new::<EspAt, _, _, _>(serial, pins, resources, Config::default());
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
