//! Which commands the firmware has, as it tells itself.

mod common;

pub(crate) use wifi_at::EspAt as Subject;
pub(crate) const MODULE: wifi_at_simulator::Dialect = wifi_at_simulator::Dialect::EspAt;

use common::*;
use embassy_futures::join::join as join_both;
use embassy_time::{Duration, Instant, Timer};
use wifi_at::at::{EncodeError, FieldError};
use wifi_at::command::CommandError;
use wifi_at::dialect::Driven;
use wifi_at::serial::Split;
use wifi_at::wifi::WifiMode;
use wifi_at::{Config, Esp32V1, Esp8266Idf, Esp8266Nonos, Pins, Resources, WizFi360};
use wifi_at_simulator::{Action, Builder, Dialect, Point, Simulator};
use wifi_at_support::virtual_time::{Line, drop_after, run};

/// The first and the last of the list, with `AT` and without, what only some firmware has, and what none has.
const NAMES: [&str; 10] =
    ["AT", "+GMR", "AT+CIPSTATE", "AT+CIPSTATUS", "AT+FS", "AT+BTINIT", "AT+CIPSEND", "AT+CIPSEN", "AT+CIPSENDX", ""];

fn line(builder: Builder) -> Line<Simulator> {
    Line::new(builder.build())
}

#[test]
fn one_pass_tells_of_all() {
    for (lacks, expected) in [("nothing", 0b0_0111_1111), ("some", 0b0_0100_1011), ("others", 0b0_0111_0111)] {
        let builder = builder(&network()).with_variant(|variant| match lacks {
            "some" => (variant.has_cipstate, variant.file_system, variant.classic_bluetooth) = (false, false, false),
            "others" => variant.has_cipstatus = false,
            _ => {}
        });
        let line = line(builder);
        let list = line.with(|module, _| module.command_list());
        let has =
            |name: &str| list.iter().any(|forms| forms.name.trim_start_matches("AT") == name.trim_start_matches("AT"));
        with_driver(&line, async |(control, _)| {
            let supported = control.supports(&NAMES).await.unwrap();
            for (index, name) in NAMES.iter().enumerate() {
                assert_eq!(supported.has(index), has(name) && !name.is_empty(), "{lacks}: {name}");
            }
            assert_eq!(supported.bits(), expected, "{lacks}");
            assert!(!supported.has(10) && !supported.has(32) && !supported.has(usize::MAX));
            assert_eq!(control.supports(&[]).await.map(|supported| supported.bits()), Ok(0));
            assert_eq!(control.counters().dropped_lines, 0);
        });
        assert_eq!(line.with(|module, _| module.commands().iter().filter(|sent| sent.line == "AT+CMD?").count()), 2);
    }
}

#[test]
fn it_takes_a_while_at_115200_baud_and_sockets_go_on() {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let builder = builder(&network).baud(Some(115_200));
    let line = Line::new(builder.build()).with_quantum(core::time::Duration::from_micros(200));
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let start = Instant::now();
        control.supports(&NAMES).await.unwrap();
        let took = start.elapsed().as_millis();
        println!(
            "AT+CMD? of {} commands at 115200 baud: {took} ms",
            line.with(|module, _| module.command_list().len())
        );
        assert!((300..2000).contains(&took), "{took} ms");
        let (supported, ()) = join_both(control.supports(&NAMES), async {
            Timer::after(Duration::from_millis(100)).await;
            echo(stack).await;
        })
        .await;
        assert_eq!(supported.unwrap().bits(), 0b0_0111_1111);
    });
}

#[test]
fn its_errors() {
    let line = line(builder(&network()));
    with_driver(&line, async |(control, _)| {
        let many = ["AT"; 33];
        assert_eq!(control.supports(&many).await, Err(CommandError::Encode(EncodeError::OutOfRange)));
        assert_eq!(control.supports(&many[..32]).await.unwrap().bits(), u32::MAX);
        // A list that is none, or has a line that cannot be read.
        let answers: [(&[u8], CommandError); 4] = [
            (b"\r\nOK\r\n", CommandError::Answer(FieldError::Missing)),
            (b"+CMD:0,\"AT\",0,0,0,1\r\n+CMD:\xff\r\n\r\nOK\r\n", CommandError::Answer(FieldError::Malformed)),
            (b"+CMD:\xff\r\n+CMD:1,\"AT\",0,0,0,1\r\n\r\nOK\r\n", CommandError::Answer(FieldError::Malformed)),
            (b"+CMD:0\r\n\r\nOK\r\n", CommandError::Answer(FieldError::Malformed)),
        ];
        for (answer, error) in answers {
            line.with(|module, _| module.on(Point::Answer("CMD".into()), Action::Replace(answer.to_vec())));
            assert_eq!(control.supports(&["AT"]).await, Err(error), "{}", answer.escape_ascii());
        }
        // Names without quotes, as the manual shows them, and without flags.
        let bare = b"+CMD:0,AT,0,0,0,1\r\n+CMD:1,AT+GMR\r\n\r\nOK\r\n";
        line.with(|module, _| module.on(Point::Answer("CMD".into()), Action::Replace(bare.to_vec())));
        assert_eq!(control.supports(&["AT+GMR", "AT+X", "AT"]).await.map(|supported| supported.bits()), Ok(0b101));
        // Firmware that is older than the command.
        line.with(|module, _| module.on(Point::Answer("CMD".into()), Action::Replace(b"\r\nERROR\r\n".to_vec())));
        assert!(matches!(control.supports(&NAMES).await, Err(CommandError::Refused(_))));
    });
}

fn refused_by<D: Driven>(dialect: Dialect) {
    let line = line(Builder::new(dialect));
    let error = run(&line, async {
        let resources = &mut Resources::<1, 64, 64>::new();
        let serial = Split::new(line.clone(), line.clone());
        let mut parts = wifi_at::new::<D, _, _, _>(serial, Pins::none(), resources, Config::default());
        let test = async {
            parts.control.wait_until_ready().await.unwrap();
            parts.control.supports(&NAMES).await
        };
        match embassy_futures::select::select(parts.runner.run(), test).await {
            embassy_futures::select::Either::First(_) => panic!("the runner ended"),
            embassy_futures::select::Either::Second(result) => result,
        }
    });
    assert_eq!(error, Err(CommandError::Unsupported));
    assert!(!line.with(|module, _| module.commands().iter().any(|sent| sent.line.contains("CMD"))));
}

#[test]
fn other_firmware_has_no_such_list() {
    refused_by::<Esp32V1>(Dialect::Esp32V1);
    refused_by::<Esp8266Idf>(Dialect::Esp8266Idf);
    refused_by::<Esp8266Nonos>(Dialect::Esp8266Nonos);
    refused_by::<WizFi360>(Dialect::WizFi360);
}

/// Wherever the future is dropped: the rest of the list is no part of any other answer.
#[test]
fn dropped_at_any_poll() {
    let (mut polls, mut finished) = (1, false);
    while !finished {
        let builder = builder(&network()).baud(Some(115_200));
        let line = Line::new(builder.build()).with_quantum(core::time::Duration::from_millis(2));
        with_driver(&line, async |(control, _)| {
            join(control).await;
            finished = drop_after(polls, control.supports(&NAMES)).await.is_some();
            assert_eq!(control.wifi().mode().await, Ok(WifiMode::Station));
            assert_eq!(control.supports(&["AT+GMR", "AT+NOT"]).await.map(|supported| supported.bits()), Ok(1));
            assert_eq!((control.counters().timeouts, control.counters().stray_results), (0, 0));
        });
        polls += if polls < 10 { 1 } else { 17 };
    }
    assert!(polls > 30, "{polls}");
}
