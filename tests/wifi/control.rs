//! Station, SoftAP, addresses and settings.

use super::common::*;
use super::MODULE;
use embassy_futures::join::join as join_both;
use embassy_time::{Duration, Timer};
use wifi_at::Event;
use wifi_at::at::EncodeError;
use wifi_at::command::{CommandError, Mac};
use wifi_at::wifi::{
    Dhcp, Interface, Ipv4Config, JoinError, JoinOptions, LinkStatus, SoftApOptions, SoftApSecurity, WhichMatch, WifiMode,
};
use wifi_at_simulator::Dialect;
use wifi_at_support::virtual_time::drop_after;

const OUT_OF_RANGE: CommandError = CommandError::Encode(EncodeError::OutOfRange);

#[test]
fn options_of_a_join() {
    let line = module(&network());
    with_driver(&line, async |(control, _)| {
        let wifi = control.wifi();
        let options = [
            (JoinOptions::new(PASSWORD).refuse_open_and_wep(true), 1),
            (JoinOptions::new(PASSWORD).reconnect(false), 2),
            (JoinOptions::new(PASSWORD).listen_interval(10).refuse_open_and_wep(true), 2),
            (JoinOptions::new(PASSWORD).reconnect_interval(60), 3),
            (JoinOptions::new(PASSWORD).which(WhichMatch::Strongest).timeout(60), 3),
        ];
        let level = match MODULE {
            Dialect::EspAt => 3,
            Dialect::Esp8266Idf => 2,
            Dialect::Esp8266Nonos => 1,
            _ => 0,
        };
        for (options, needs) in options {
            let result = wifi.join(SSID, options).await;
            if needs <= level {
                assert_eq!(result, Ok(()), "{needs}");
            } else {
                assert_eq!(result, Err(JoinError::Command(CommandError::Unsupported)), "{needs}");
            }
        }
        assert!(!format!("{:?}", JoinOptions::new(PASSWORD)).contains("horse"));
    });
}

#[test]
fn the_station_and_its_access_point() {
    let line = module(&network());
    with_driver(&line, async |(control, _)| {
        let wifi = control.wifi();
        control.wait_until_ready().await.unwrap();
        assert_eq!(wifi.status(), LinkStatus::Down);
        let (_, ()) = join_both(join(control), async {
            wifi.wait_for_link().await;
            assert_ne!(wifi.status(), LinkStatus::Down);
            wifi.wait_for_address().await;
            assert_eq!(wifi.status(), LinkStatus::Up);
        })
        .await;
        let point = wifi.access_point().await.unwrap().unwrap();
        assert_eq!((point.ssid, point.channel, point.signal_dbm), (wifi_at::wifi::Ssid::new(SSID.as_bytes()).unwrap(), 6, -47));
        assert_eq!(wifi.rssi().await, Ok(Some(-47)));
        assert_eq!(wifi.mode().await, Ok(WifiMode::Station));
        wifi.leave().await.unwrap();
        assert_eq!(wifi.status(), LinkStatus::Down);
        assert_eq!(wifi.rssi().await, Ok(None));
        // It stays away.
        Timer::after(Duration::from_secs(300)).await;
        assert_eq!(wifi.status(), LinkStatus::Down);
        assert!(line.with(|module, _| !module.is_joined()));
        wifi.set_auto_connect(false).await.unwrap();
    });
}

#[test]
fn station_and_soft_ap_at_once() {
    let line = module(&network());
    with_driver(&line, async |(control, _)| {
        let wifi = control.wifi();
        join(control).await;
        let options = SoftApOptions::new("mine, \"own\"", "password \"1\"").channel(6).max_stations(3).hidden(true);
        wifi.start_soft_ap(options).await.unwrap();
        assert_eq!(wifi.mode().await, Ok(WifiMode::StationAndSoftAp));
        assert!(wifi.is_connected(), "the station stays");
        let config = wifi.soft_ap().await.unwrap();
        assert_eq!(config.passphrase.as_str(), "password \"1\"");
        assert_eq!((config.channel, config.security), (6, SoftApSecurity::Wpa2Psk));
        assert_eq!((config.max_stations, config.hidden), (Some(3), Some(true)));
        assert!(config.ssid == "mine, \"own\"");
        assert!(wifi.stations().await.unwrap().records.is_empty());
        // Joining again does not end the SoftAP.
        join(control).await;
        assert_eq!(wifi.mode().await, Ok(WifiMode::StationAndSoftAp));
        wifi.stop_soft_ap().await.unwrap();
        assert_eq!(wifi.mode().await, Ok(WifiMode::Station));
        assert!(wifi.is_connected());
    });
}

#[test]
fn a_soft_ap_alone_and_what_it_cannot_be() {
    let line = module(&network());
    with_driver(&line, async |(control, _)| {
        let wifi = control.wifi();
        let long = "x".repeat(65);
        for (options, what) in [
            (SoftApOptions::new("", "password"), "no name"),
            (SoftApOptions::new("net", "short"), "short"),
            (SoftApOptions::new("net", &long), "long"),
            (SoftApOptions::new("net", ""), "none"),
            (SoftApOptions::new(&long[..33], "password"), "long name"),
            (SoftApOptions::open("net").channel(15), "channel"),
            (SoftApOptions::new("net", "password").security(SoftApSecurity::Open), "open with a passphrase"),
        ] {
            assert_eq!(wifi.start_soft_ap(options).await, Err(OUT_OF_RANGE), "{what}");
        }
        assert!(!format!("{:?}", SoftApOptions::new("net", "password")).contains("password"));
        wifi.start_soft_ap(SoftApOptions::open("net")).await.unwrap();
        assert_eq!(wifi.mode().await, Ok(WifiMode::SoftAp));
        let config = wifi.soft_ap().await.unwrap();
        assert_eq!((config.security, config.passphrase.as_str()), (SoftApSecurity::Open, ""));
        let address = wifi.soft_ap_address().await.unwrap();
        assert!(!address.address.is_unspecified());
        let new = Ipv4Config { address: [192, 168, 77, 1].into(), gateway: [192, 168, 77, 1].into(), netmask: [255, 255, 255, 0].into() };
        wifi.set_soft_ap_address(new).await.unwrap();
        assert_eq!(wifi.soft_ap_address().await, Ok(new));
    });
}

#[test]
fn stations_of_the_soft_ap_are_events() {
    let line = module(&network());
    with_driver(&line, async |(control, _)| {
        control.wifi().start_soft_ap(SoftApOptions::open("net")).await.unwrap();
        let mut events = control.events();
        for text in [
            "+STA_CONNECTED:\"02:00:00:00:00:01\"\r\n",
            "+DIST_STA_IP:\"02:00:00:00:00:01\",\"192.168.4.2\"\r\n",
            "+STA_DISCONNECTED:\"02:00:00:00:00:01\"\r\n",
        ] {
            line.with(|module, now| module.inject(now, text.as_bytes()));
        }
        assert_eq!(events.next().await, Ok(Event::SoftApStationJoined));
        assert_eq!(events.next().await, Ok(Event::SoftApStationGotAddress));
        assert_eq!(events.next().await, Ok(Event::SoftApStationLeft));
    });
}

/// Whatever is dropped, and when: the answers that come later are those to what was asked later.
#[test]
fn dropped_at_any_poll() {
    for operation in 0..7 {
        let mut finished = false;
        let mut polls = 1;
        while !finished {
            let line = module(&network());
            with_driver(&line, async |(control, _)| {
                let wifi = control.wifi();
                macro_rules! attempt {
                    ($number:literal, $future:expr) => {
                        if operation == $number {
                            finished = drop_after(polls, $future).await.is_some();
                        }
                    };
                }
                control.wait_until_ready().await.unwrap();
                attempt!(0, wifi.join(SSID, JoinOptions::new(PASSWORD)));
                attempt!(1, wifi.start_soft_ap(SoftApOptions::open("net")));
                wifi.start_soft_ap(SoftApOptions::new("mine", "password").channel(3)).await.unwrap();
                join(control).await;
                attempt!(2, wifi.access_point());
                attempt!(3, wifi.soft_ap());
                attempt!(4, wifi.set_dhcp(Interface::SoftAp, false));
                attempt!(5, wifi.mac(Interface::SoftAp));
                attempt!(6, wifi.leave());
                assert_eq!(wifi.soft_ap().await.unwrap().channel, 3);
                assert_eq!(wifi.mode().await, Ok(WifiMode::StationAndSoftAp));
                assert!(wifi.dhcp().await.is_ok());
            });
            polls += 1;
            assert!(polls < 300, "operation {operation} does not end");
        }
        assert!(polls > 2, "operation {operation} was never dropped");
    }
}

#[test]
fn addresses_and_names() {
    let line = module(&network());
    with_driver(&line, async |(control, _)| {
        let wifi = control.wifi();
        let mac = Mac([2, 1, 2, 3, 4, 5]);
        wifi.set_mode(WifiMode::StationAndSoftAp).await.unwrap();
        wifi.set_mac(Interface::Station, mac).await.unwrap();
        assert_eq!(wifi.mac(Interface::Station).await, Ok(mac));
        assert_eq!(wifi.set_mac(Interface::SoftAp, Mac([1, 0, 0, 0, 0, 0])).await, Err(OUT_OF_RANGE), "of a group");
        assert_ne!(wifi.mac(Interface::SoftAp).await, Ok(mac));
        join(control).await;
        assert_eq!(wifi.dhcp().await, Ok(Dhcp { station: true, soft_ap: true }));
        let config = Ipv4Config { address: [10, 0, 0, 9].into(), gateway: [10, 0, 0, 1].into(), netmask: [255, 0, 0, 0].into() };
        wifi.set_static_address(config).await.unwrap();
        assert_eq!(wifi.address().await, Ok(Some(config)));
        assert_eq!(wifi.dhcp().await, Ok(Dhcp { station: false, soft_ap: true }));
        wifi.set_dhcp(Interface::Station, true).await.unwrap();
        wifi.set_dhcp(Interface::SoftAp, false).await.unwrap();
        assert_eq!(wifi.dhcp().await, Ok(Dhcp { station: true, soft_ap: false }));
    });
}
