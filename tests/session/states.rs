//! The module may be in any state when the driver starts, and may not be the one that was thought of.

use std::time::Duration;

use wifi_at::dialect::{Esp32V1, Esp8266Idf, Esp8266Nonos, EspAt, WizFi360};
use wifi_at::NotReady;
use wifi_at::serial::Split;
use wifi_at::{Config, Pins, Resources};
use wifi_at_simulator::Dialect;
use wifi_at_support::virtual_time::{Line, run};

use super::common::*;
use super::{MODULE, Subject};

/// Does something to a simulated module before the driver starts.
fn prepared(commands: &[&str]) -> Line<wifi_at_simulator::Simulator> {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let mut module = builder(&network).build();
    let mut time = Duration::from_millis(600);
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
            super::common::join(control).await;
            let mut socket = connect(stack).await;
            write_all(&mut socket, b"hello").await;
            let mut buffer = [0; 9];
            assert_eq!(socket.read(&mut buffer).await, Ok(5), "{state:?}");
        });
    }
}

#[test]
fn other_firmware_than_the_program_was_made_for() {
    /// What a driver for `D` says to this module.
    fn said<D: wifi_at::dialect::Driven>() -> Option<(&'static str, &'static str)> {
        let line = module(&network());
        let resources = &mut Resources::<1, 64, 64>::new();
        run(&line, async {
            let serial = Split::new(line.clone(), line.clone());
            let mut parts = wifi_at::new::<D, _, _, _>(serial, Pins::none(), resources, Config::default());
            let ready = parts.control.wait_until_ready();
            match embassy_futures::select::select(parts.runner.run(), ready).await {
                embassy_futures::select::Either::Second(Ok(_)) => None,
                embassy_futures::select::Either::Second(Err(NotReady::WrongFirmware { chosen, suitable })) => {
                    Some((chosen, suitable))
                }
                other => panic!("{other:?}"),
            }
        })
    }
    let (suitable, others) = match MODULE {
        Dialect::EspAt => ("EspAt", 4),
        // The versions do not tell the chip.
        Dialect::Esp8266Idf => ("EspAt or Esp8266Idf", 3),
        Dialect::Esp32V1 => ("Esp32V1", 4),
        Dialect::Esp8266Nonos => ("Esp8266Nonos", 4),
        Dialect::WizFi360 => ("WizFi360", 4),
        other => panic!("{other:?}"),
    };
    assert_eq!(said::<Subject>(), None);
    let told = [
        (said::<EspAt>(), "ESP-AT"),
        (said::<Esp32V1>(), "ESP32 AT 1.x"),
        (said::<Esp8266Idf>(), "ESP8266 ESP-AT"),
        (said::<Esp8266Nonos>(), "ESP8266 AT (NONOS)"),
        (said::<WizFi360>(), "WizFi360"),
    ];
    let wrong: Vec<_> = told.iter().filter_map(|(said, name)| said.map(|said| (said, *name))).collect();
    assert_eq!(wrong.len(), others, "{wrong:?}");
    assert!(wrong.iter().all(|(said, name)| *said == (*name, suitable)), "{wrong:?}");
}
