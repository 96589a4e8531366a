//! Scans.

use super::common::*;
use super::MODULE;
use embassy_time::{Duration, Timer};
use wifi_at::Control;
use wifi_at::at::EncodeError;
use wifi_at::command::{CommandError, Mac};
use wifi_at::wifi::{AccessPoint, JoinOptions, ScanKind, ScanOptions, WifiMode};
use wifi_at_simulator::{AccessPoint as Simulated, Builder, Dialect, Simulator};
use wifi_at_support::virtual_time::{Line, drop_after};

use super::Subject;

/// Whether the firmware takes times and channels without a name.
const HAS_OPTIONS: bool = !matches!(MODULE, Dialect::Esp32V1 | Dialect::WizFi360);

/// Names that could be taken for the fields around them, or for answers.
const ODD: [&[u8]; 12] = [
    b"a,b",
    b"\"",
    b"\"\"",
    b",",
    b"\",\"",
    br"1\1",
    b"-1,2",
    b"OK",
    b"",
    b"\xff\xfe",
    b"aa:bb:cc:dd:ee:ff",
    "caf\u{e9} \u{1f980}".as_bytes(),
];

fn module_with(points: impl IntoIterator<Item = Simulated>) -> Line<Simulator> {
    let builder = points.into_iter().fold(Builder::new(MODULE), Builder::access_point);
    Line::new(builder.build())
}

/// So many access points, all different.
fn crowd(count: u8) -> impl Iterator<Item = Simulated> {
    (0..count).map(|index| {
        let name = format!("network number {index}, \"quoted\"");
        Simulated::new(name, "password").bssid([2, 0, 0, 0, 0, index]).channel(1 + index % 13).rssi(-30 - (index % 60) as i8)
    })
}

async fn collect(control: Control<'_, Subject>, options: ScanOptions<'_>) -> Vec<AccessPoint> {
    let mut scan = control.wifi().scan(options).await.unwrap();
    let mut found = Vec::new();
    while let Some(point) = scan.next().await.unwrap() {
        found.push(point);
    }
    assert_eq!(scan.malformed(), 0);
    assert_eq!(scan.next().await, Ok(None), "the end stays the end");
    found
}

fn last_byte(point: &AccessPoint) -> u8 {
    point.bssid.unwrap().0[5]
}

#[test]
fn odd_names_are_told_as_they_are() {
    let points = ODD.iter().enumerate().map(|(at, name)| Simulated::open(name).bssid([2, 0, 0, 0, 0, at as u8]));
    let line = module_with(points);
    with_driver(&line, async |(control, _)| {
        let found = collect(control, ScanOptions::new()).await;
        let names: Vec<&[u8]> = found.iter().map(|point| point.ssid.as_ref().unwrap().as_bytes()).collect();
        assert_eq!(names, ODD);
        assert!(found.iter().all(|point| point.signal_dbm == Some(-47) && point.channel == Some(6)));
    });
}

#[test]
fn a_long_list_that_is_read_slowly_is_whole() {
    for pause in [Duration::MIN, Duration::from_millis(700), Duration::from_secs(5)] {
        let line = module_with(crowd(60));
        with_driver(&line, async |(control, _)| {
            let mut scan = control.wifi().scan(ScanOptions::new()).await.unwrap();
            let mut found = Vec::new();
            while let Some(point) = scan.next().await.unwrap() {
                found.push(last_byte(&point));
                Timer::after(pause).await;
            }
            assert_eq!(found, (0..60).collect::<Vec<u8>>(), "{pause:?}");
            assert_eq!(control.counters().dropped_lines, 0);
            // The driver is in step.
            assert_eq!(control.wifi().mode().await, Ok(WifiMode::Station));
        });
    }
}

#[test]
fn a_list_that_is_not_read_at_all_ends_by_itself() {
    let line = module_with(crowd(60));
    with_driver(&line, async |(control, _)| {
        let mut scan = control.wifi().scan(ScanOptions::new()).await.unwrap();
        assert!(scan.next().await.unwrap().is_some());
        Timer::after(Duration::from_secs(3600)).await;
        let mut rest = 0;
        let end = loop {
            match scan.next().await {
                Ok(Some(_)) => rest += 1,
                end => break end,
            }
        };
        assert_eq!(end, Err(CommandError::Overrun));
        assert!(rest < 59, "{rest}");
        assert_eq!(scan.next().await, Ok(None));
        assert_eq!(control.wifi().mode().await, Ok(WifiMode::Station));
    });
}

#[test]
fn dropped_anywhere_it_shifts_nothing() {
    for taken in [0, 1, 7, 59] {
        let line = module_with(crowd(60));
        with_driver(&line, async |(control, _)| {
            let mut scan = control.wifi().scan(ScanOptions::new()).await.unwrap();
            for _ in 0..taken {
                assert!(scan.next().await.unwrap().is_some());
            }
            drop(scan);
            assert_eq!(control.wifi().mode().await, Ok(WifiMode::Station));
            assert_eq!(collect(control, ScanOptions::new()).await.len(), 60);
        });
    }
}

#[test]
fn a_future_that_is_dropped_loses_no_record() {
    let line = module_with(crowd(20));
    with_driver(&line, async |(control, _)| {
        for polls in 1..12 {
            // The beginning: it was sent or it was not.
            drop(drop_after(polls, control.wifi().scan(ScanOptions::new())).await);
            let mut scan = control.wifi().scan(ScanOptions::new()).await.unwrap();
            let mut found = 0;
            loop {
                match drop_after(1, scan.next()).await {
                    Some(Ok(Some(point))) => {
                        assert_eq!(last_byte(&point), found);
                        found += 1;
                    }
                    Some(end) => break assert_eq!(end, Ok(None)),
                    None => Timer::after(Duration::from_millis(1)).await,
                }
            }
            assert_eq!(found, 20, "{polls}");
        }
    });
}

#[test]
fn filters() {
    let line = module_with(crowd(40));
    with_driver(&line, async |(control, _)| {
        let names = async |options| collect(control, options).await.iter().map(last_byte).collect::<Vec<u8>>();
        let ssid = "network number 7, \"quoted\"".as_bytes();
        assert_eq!(names(ScanOptions::new().ssid(ssid)).await, [7]);
        assert_eq!(names(ScanOptions::new().bssid(Mac([2, 0, 0, 0, 0, 9]))).await, [9]);
        assert_eq!(names(ScanOptions::new().channel(3)).await, [2, 15, 28]);
        assert_eq!(names(ScanOptions::new().minimum_signal(-32)).await, [0, 1, 2]);
        assert!(names(ScanOptions::new().ssid(ssid).bssid(Mac([2, 0, 0, 0, 0, 9]))).await.is_empty());
        assert!(names(ScanOptions::new().ssid(b"elsewhere")).await.is_empty());
        let slow = ScanOptions::new().kind(ScanKind::Passive).maximum_time(300);
        let result = control.wifi().scan(slow).await;
        if HAS_OPTIONS {
            drop(result.unwrap());
            assert_eq!(names(slow).await.len(), 40);
        } else {
            assert_eq!(result.unwrap_err(), CommandError::Unsupported);
        }
    });
}

#[test]
fn what_cannot_be_asked_for_is_not_sent() {
    let line = module_with([]);
    with_driver(&line, async |(control, _)| {
        let error = async |options| control.wifi().scan(options).await.unwrap_err();
        let out_of_range = CommandError::Encode(EncodeError::OutOfRange);
        assert_eq!(error(ScanOptions::new().ssid(&[b'x'; 33])).await, out_of_range);
        assert_eq!(error(ScanOptions::new().ssid(b"")).await, out_of_range);
        assert_eq!(error(ScanOptions::new().channel(15)).await, out_of_range);
        let injected = error(ScanOptions::new().ssid(b"x\r\nAT+RESTORE")).await;
        assert_eq!(injected, CommandError::Encode(EncodeError::ForbiddenByte));
        assert_eq!(collect(control, ScanOptions::new()).await, []);
    });
    assert!(line.with(|module, _| !module.commands().iter().any(|command| format!("{command:?}").contains("RESTORE"))));
}

#[test]
fn the_network_that_was_found_is_joined() {
    let line = module(&network());
    with_driver(&line, async |(control, _)| {
        let found = collect(control, ScanOptions::new().ssid(SSID.as_bytes())).await;
        let [point] = &found[..] else { panic!("{found:?}") };
        let options = JoinOptions::new(PASSWORD).bssid(point.bssid.unwrap().0);
        control.wifi().join(point.ssid.as_ref().unwrap().as_str().unwrap(), options).await.unwrap();
        // Nor is the station lost by looking further.
        assert_eq!(collect(control, ScanOptions::new()).await.len(), 1);
        assert!(control.wifi().is_connected());
    });
}

#[test]
fn a_socket_goes_on_after_a_scan() {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let line = Line::new(crowd(60).fold(builder(&network), Builder::access_point).build());
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut socket = connect(stack).await;
        let mut scan = control.wifi().scan(ScanOptions::new()).await.unwrap();
        write_all(&mut socket, b"meanwhile").await;
        let mut found = 0;
        while scan.next().await.unwrap().is_some() {
            found += 1;
            Timer::after(Duration::from_millis(100)).await;
        }
        assert_eq!(found, 61);
        let mut buffer = [0; 32];
        let count = socket.read(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..count], b"meanwhile");
    });
}
