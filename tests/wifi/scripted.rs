//! What the simulator lacks, by the manuals' bytes.

use core::net::IpAddr;

use embassy_futures::join::join;
use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Instant, Timer};
use wifi_at::command::wifi::{
    Certificates, EapCredentials, EnterpriseJoinError, MdnsService, SetCountry, SmartConfigKind,
};
use wifi_at::command::{CommandError, Mac, Secret, wifi::CountryPolicy};
use wifi_at::dialect::{Driven, Esp32V1, Esp8266Idf, Esp8266Nonos, WizFi360};
use wifi_at::mock::{Mock, Step, after, bring_up, expect};
use wifi_at::wifi::{Interface, JoinError, JoinOptions, Protocols, ProvisioningError, ScanOptions, SmartConfigOptions};
use wifi_at::{Config, Control, EspAt, Pins, Resources};

const OK: &str = "\r\nOK\r\n";

/// Runs `test` on a module that is brought up and then plays `steps`, all of them.
fn play<D: Driven, T>(steps: &[Step<'_>], test: impl AsyncFnOnce(Control<'_, D>) -> T) -> T {
    let mut script = vec![bring_up::<D>()];
    script.extend_from_slice(steps);
    let mock = Mock::new(&script);
    let resources = &mut Resources::<1, 64, 64>::new();
    let output = mock.run(async {
        let mut parts = wifi_at::new::<D, _, _, _>(mock.serial(), Pins::none(), resources, Config::default());
        match select(parts.runner.run(), test(parts.control)).await {
            Either::First(_) => {
                mock.check().unwrap_or_else(|failure| panic!("{failure}"));
                panic!("the runner ended")
            }
            Either::Second(output) => output,
        }
    });
    mock.assert_done();
    output
}

#[test]
fn every_option_of_a_join_on_the_wire() {
    let joined = "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n";
    let steps = [
        expect("AT+CWMODE=1\r\n").reply(OK),
        expect("AT+CWJAP=\"home\",\"12345678\",\"02:00:00:00:00:01\",1,60,10,1,30,2\r\n").reply(joined),
    ];
    play::<EspAt, _>(&steps, async |control| {
        let options = JoinOptions::new("12345678")
            .bssid([2, 0, 0, 0, 0, 1])
            .refuse_open_and_wep(true)
            .reconnect_interval(60)
            .listen_interval(10)
            .which(wifi_at::wifi::WhichMatch::Strongest)
            .timeout(30)
            .protection(wifi_at::wifi::ManagementFrameProtection::REQUIRED);
        control.wifi().join("home", options).await.unwrap();
    });
    let steps =
        [expect("AT+CWMODE=1\r\n").reply(OK), expect("AT+CWJAP=\"home\",\"12345678\",,1,0,10\r\n").reply(joined)];
    play::<Esp8266Idf, _>(&steps, async |control| {
        let options = JoinOptions::new("12345678").refuse_open_and_wep(true).reconnect(false).listen_interval(10);
        control.wifi().join("home", options).await.unwrap();
    });
}

/// Joins with an answer.
fn failure<D: Driven>(mode: &str, join: &str, answer: &str) -> JoinError {
    let (mode, join) = (format!("{mode}=1\r\n"), format!("{join}=\"home\",\"12345678\"\r\n"));
    let steps = [expect(&mode).reply(OK), expect(&join).reply(answer)];
    play::<D, _>(&steps, async |control| control.wifi().join("home", JoinOptions::new("12345678")).await.unwrap_err())
}

#[test]
fn why_a_join_failed_in_each_wording() {
    let reasons = [
        (1, JoinError::Timeout),
        (2, JoinError::WrongPassword),
        (3, JoinError::NoSuchAccessPoint),
        (4, JoinError::Failed(4)),
    ];
    for (code, error) in reasons {
        let ends_error = format!("+CWJAP:{code}\r\n\r\nERROR\r\n");
        let ends_fail = format!("+CWJAP:{code}\r\n\r\nFAIL\r\n");
        assert_eq!(failure::<EspAt>("AT+CWMODE", "AT+CWJAP", &ends_error), error);
        assert_eq!(failure::<Esp8266Idf>("AT+CWMODE", "AT+CWJAP", &ends_error), error);
        assert_eq!(failure::<Esp32V1>("AT+CWMODE", "AT+CWJAP", &ends_fail), error);
        assert_eq!(failure::<Esp8266Nonos>("AT+CWMODE_CUR", "AT+CWJAP_CUR", &ends_fail), error);
        assert_eq!(failure::<WizFi360>("AT+CWMODE_CUR", "AT+CWJAP_CUR", &ends_fail), error);
    }
}

#[test]
fn enterprise() {
    let command = "AT+CWJEAP=\"corp\",1,\"me\",\"user\",\"secret\",0\r\n";
    let steps = [
        expect("AT+CWMODE=1\r\n").reply(OK),
        expect(command).reply("+CWJEAP:Timeout\r\n\r\nERROR\r\n"),
        expect("AT+CWMODE=1\r\n").reply(OK),
        expect(command).reply("WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n"),
    ];
    play::<EspAt, _>(&steps, async |control| {
        let who = EapCredentials::Peap { identity: "me", username: "user", password: Secret("secret") };
        let join = async || control.wifi().join_enterprise(b"corp", who, Certificates::from_bits(0)).await;
        assert_eq!(join().await, Err(EnterpriseJoinError::Timeout));
        assert_eq!(join().await, Ok(()));
        assert!(!format!("{who:?}").contains("secret"));
    });
}

#[test]
fn a_busy_module_and_hidden_and_broken_records() {
    let steps = [
        expect("AT+CWMODE=1\r\n").reply(OK),
        expect("AT+CWLAP\r\n")
            .reply("busy p...\r\n")
            .after(Duration::from_secs(2))
            .reply("+CWLAP:(3,\"\",-70,\"02:00:00:00:00:01\",1)\r\nWIFI DISCONNECT\r\n")
            .reply("+CWLAP:(3,\"1\\1\"1,2\\\\2\"\"2,,\",-40,\"02:00:00:00:00:02\",6)\r\n+CWLAP:(3,\"lost\",-4\r\n")
            .reply(OK)
            .in_chunks_of(3),
        expect("AT+CWLAP\r\n").reply("+CWLAP:(0,\"x\",-1,\"02:00:00:00:00:03\",6)\r\n\r\nERROR\r\n"),
    ];
    play::<EspAt, _>(&steps, async |control| {
        let mut scan = control.wifi().scan(ScanOptions::new()).await.unwrap();
        let hidden = scan.next().await.unwrap().unwrap();
        assert!(hidden.ssid.unwrap().is_hidden());
        let odd = scan.next().await.unwrap().unwrap();
        assert_eq!(odd.ssid.unwrap().as_bytes(), br#"1\1"1,2\\2""2,,"#);
        assert_eq!(scan.next().await, Ok(None));
        assert_eq!(scan.malformed(), 1);
        assert_eq!(control.counters().busy, 1);
        let mut scan = control.wifi().scan(ScanOptions::new()).await.unwrap();
        assert!(scan.next().await.unwrap().is_some());
        assert!(matches!(scan.next().await, Err(CommandError::Refused(_))));
        assert_eq!(scan.next().await, Ok(None));
    });
}

#[test]
fn stations_of_the_soft_ap() {
    let steps = [
        expect("AT+CWLIF\r\n").reply("+CWLIF:192.168.4.2,02:00:00:00:00:01\r\n\r\nOK\r\n"),
        expect("AT+CWQIF=\"02:00:00:00:00:01\"\r\n").reply(OK),
        expect("AT+CWQIF\r\n").reply(OK),
        expect("AT+CWDHCPS=1,60,\"192.168.4.10\",\"192.168.4.20\"\r\n").reply(OK),
        expect("AT+CWDHCPS?\r\n").reply("+CWDHCPS:60,192.168.4.10,192.168.4.20\r\n\r\nOK\r\n"),
        expect("AT+CWDHCPS=0\r\n").reply(OK),
    ];
    play::<EspAt, _>(&steps, async |control| {
        let wifi = control.wifi();
        let mac = Mac([2, 0, 0, 0, 0, 1]);
        let stations = wifi.stations().await.unwrap();
        assert_eq!(stations.records.len(), 1);
        assert_eq!((stations.records[0].address, stations.records[0].mac), ([192, 168, 4, 2].into(), mac));
        wifi.kick(mac).await.unwrap();
        wifi.kick_all().await.unwrap();
        let (first, last) = ([192, 168, 4, 10].into(), [192, 168, 4, 20].into());
        wifi.set_dhcp_pool(first, last, 60).await.unwrap();
        let pool = wifi.dhcp_pool().await.unwrap();
        assert_eq!((pool.first, pool.last, pool.lease_minutes), (first, last, 60));
        wifi.reset_dhcp_pool().await.unwrap();
        assert!(matches!(wifi.set_dhcp_pool(last, first, 60).await, Err(CommandError::Encode(_))));
        assert!(matches!(wifi.set_dhcp_pool(first, last, 0).await, Err(CommandError::Encode(_))));
    });
}

#[test]
fn settings_of_esp_at() {
    let steps = [
        expect("AT+CWMODE=1\r\n").reply(OK),
        expect("AT+CWHOSTNAME=\"thing\"\r\n").reply(OK),
        expect("AT+CWHOSTNAME?\r\n").reply("+CWHOSTNAME:thing\r\n\r\nOK\r\n"),
        expect("AT+CWSTAPROTO=7\r\n").reply(OK),
        expect("AT+CWAPPROTO?\r\n").reply("+CWAPPROTO:3\r\n\r\nOK\r\n"),
        expect("AT+CWCOUNTRY=0,\"CN\",1,13\r\n").reply(OK),
        expect("AT+MDNS=1,\"thing\",\"_iot\",8080\r\n").reply(OK),
        expect("AT+MDNS=0\r\n").reply(OK),
        expect("AT+CWAUTOCONN?\r\n").reply("+CWAUTOCONN:1\r\n\r\nOK\r\n"),
    ];
    play::<EspAt, _>(&steps, async |control| {
        let wifi = control.wifi();
        wifi.set_host_name("thing").await.unwrap();
        assert_eq!(wifi.host_name().await.unwrap().name.as_deref(), Some("thing"));
        assert!(matches!(wifi.set_host_name(&"x".repeat(33)).await, Err(CommandError::Encode(_))));
        wifi.set_protocols(Interface::Station, Protocols::from_bits(7)).await.unwrap();
        assert_eq!(wifi.protocols(Interface::SoftAp).await, Ok(Protocols::from_bits(3)));
        let country =
            SetCountry { policy: CountryPolicy::FollowAccessPoint, code: "CN", first_channel: 1, channels: 13 };
        wifi.set_country(country).await.unwrap();
        wifi.start_mdns(MdnsService { host_name: "thing", service: "_iot", port: 8080 }).await.unwrap();
        wifi.stop_mdns().await.unwrap();
        assert_eq!(wifi.auto_connect().await, Ok(true));
    });
}

#[test]
fn name_servers_of_each_firmware() {
    let [a, b, v6]: [IpAddr; 3] = ["1.1.1.1", "8.8.8.8", "2001:db8::1"].map(|text| text.parse().unwrap());
    let steps = [
        expect("AT+CIPDNS=1,\"1.1.1.1\",\"2001:db8::1\"\r\n").reply(OK),
        expect("AT+CIPDNS=0\r\n").reply(OK),
        expect("AT+CIPDNS?\r\n").reply("+CIPDNS:1,\"1.1.1.1\",\"8.8.8.8\"\r\n\r\nOK\r\n"),
    ];
    play::<EspAt, _>(&steps, async |control| {
        control.wifi().set_name_servers(&[a, v6]).await.unwrap();
        control.wifi().set_name_servers(&[]).await.unwrap();
        assert_eq!(control.wifi().name_servers().await.unwrap()[..], [a, b]);
    });
    let steps = [expect("AT+CIPDNS_CUR=1,\"1.1.1.1\",\"8.8.8.8\"\r\n").reply(OK)];
    play::<Esp8266Nonos, _>(&steps, async |control| {
        control.wifi().set_name_servers(&[a, b]).await.unwrap();
        assert_eq!(control.wifi().set_name_servers(&[v6]).await, Err(CommandError::Unsupported));
        let three = [a, b, "9.9.9.9".parse().unwrap()];
        assert!(matches!(control.wifi().set_name_servers(&three).await, Err(CommandError::Encode(_))));
    });
    let steps = [expect("AT+CIPDNS=1,\"1.1.1.1\"\r\n").reply(OK), expect("AT+CIPDNS=0\r\n").reply(OK)];
    play::<Esp8266Idf, _>(&steps, async |control| {
        control.wifi().set_name_servers(&[a]).await.unwrap();
        control.wifi().set_name_servers(&[]).await.unwrap();
    });
    let steps = [expect("AT+CIPDNS_CUR=1,\"1.1.1.1\",\"8.8.8.8\"\r\n").reply(OK)];
    play::<WizFi360, _>(&steps, async |control| {
        control.wifi().set_name_servers(&[a, b]).await.unwrap();
        assert!(matches!(control.wifi().set_name_servers(&[a]).await, Err(CommandError::Encode(_))));
    });
}

#[test]
fn smart_config_gives_the_credentials() {
    let steps = [
        expect("AT+CWMODE=1\r\n").reply(OK),
        expect("AT+CWSTARTSMART\r\n")
            .reply(OK)
            .after(Duration::from_secs(20))
            .reply("smartconfig type:ESPTOUCH\r\nSmart get wifi info\r\nssid:home, 2\r\npassword: se\"cret,\r\n")
            .reply("WIFI CONNECTED\r\nWIFI GOT IP\r\nsmartconfig connected wifi\r\n")
            .in_chunks_of(5),
        expect("AT+CWSTOPSMART\r\n").reply(OK),
    ];
    play::<EspAt, _>(&steps, async |control| {
        control.wait_until_ready().await.unwrap();
        let start = Instant::now();
        let told = control.wifi().smart_config(SmartConfigOptions::new()).await.unwrap();
        assert!(told.ssid == "home, 2");
        assert_eq!(told.passphrase.as_str(), " se\"cret,");
        assert!(!format!("{told:?}").contains("cret"));
        assert!(start.elapsed() > Duration::from_secs(26), "the telephone has to get to know");
        assert!(control.wifi().is_connected());
    });
}

#[test]
fn smart_config_fails_or_nobody_comes() {
    let steps = [
        expect("AT+CWMODE=1\r\n").reply(OK),
        expect("AT+CWSTARTSMART=2\r\n").reply(OK).reply("ssid:x\r\npassword:y\r\nsmartconfig connect fail\r\n"),
        expect("AT+CWSTOPSMART\r\n").reply(OK),
        expect("AT+CWMODE=1\r\n").reply(OK),
        expect("AT+CWSTARTSMART=4,,\"0123456789abcdef\"\r\n").reply(OK),
        expect("AT+CWSTOPSMART\r\n").reply(OK),
    ];
    play::<EspAt, _>(&steps, async |control| {
        let wifi = control.wifi();
        let options = SmartConfigOptions::new().kind(SmartConfigKind::AirKiss);
        assert_eq!(wifi.smart_config(options).await, Err(ProvisioningError::JoinFailed));
        let options = SmartConfigOptions::new().key("0123456789abcdef").timeout(Duration::from_secs(30));
        assert_eq!(wifi.smart_config(options).await, Err(ProvisioningError::Timeout));
        assert!(!format!("{options:?}").contains("0123456789"));
        let _messages = control.messages().unwrap();
        assert_eq!(wifi.smart_config(options).await, Err(ProvisioningError::MessagesTaken));
    });
}

#[test]
fn wps_and_a_web_page() {
    let point = "+CWJAP:\"home\",\"02:00:00:00:00:01\",6,-40,0,1,3,0,1\r\n\r\nOK\r\n";
    let steps = [
        expect("AT+CWMODE=1\r\n").reply(OK),
        expect("AT+WPS=1\r\n").reply(OK).after(Duration::from_secs(9)).reply("WIFI CONNECTED\r\nWIFI GOT IP\r\n"),
        expect("AT+CWJAP?\r\n").reply(point),
        expect("AT+CWMODE=1\r\n").reply(OK),
        expect("AT+WPS=1\r\n").reply(OK),
        expect("AT+WPS=0\r\n").reply(OK),
        expect("AT+CWMODE=3\r\n").reply(OK),
        expect("AT+WEBSERVER=1,80,60\r\n")
            .reply(OK)
            .after(Duration::from_secs(9))
            .reply("+WEBSERVERRSP:1\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n+WEBSERVERRSP:2\r\n"),
        expect("AT+WEBSERVER=0\r\n").reply(OK),
        expect("AT+CWJAP?\r\n").reply(point),
    ];
    play::<EspAt, _>(&steps, async |control| {
        let wifi = control.wifi();
        let minute = Duration::from_secs(60);
        assert!(wifi.wps(minute).await.unwrap().ssid == "home");
        // The address of before is not the one of this time.
        assert_eq!(wifi.wps(minute).await, Err(ProvisioningError::Timeout));
        assert!(wifi.web_provisioning(80, minute).await.unwrap().ssid == "home");
    });
}

#[test]
fn leaving_stays_left() {
    let steps = [
        expect("AT+CWRECONNCFG=0,0\r\n").reply("\r\nERROR\r\n"),
        expect("AT+CWQAP\r\n").reply(OK).after(Duration::from_millis(300)).reply("WIFI DISCONNECT\r\n"),
        after(Duration::from_secs(1)).reply("WIFI CONNECTED\r\nWIFI GOT IP\r\n"),
        after(Duration::from_secs(1)).reply("WIFI DISCONNECT\r\n"),
    ];
    play::<EspAt, _>(&steps, async |control| {
        control.wifi().leave().await.unwrap();
        let wifi = control.wifi();
        join(wifi.wait_for_link(), wifi.wait_for_address()).await;
        wifi.wait_for_disconnection().await;
        Timer::after(Duration::from_secs(1)).await;
        assert!(!wifi.is_connected());
    });
}
