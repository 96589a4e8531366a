//! Everything else that the driver offers, used one after the other as a firmware would use it.

use core::hint::black_box;
use core::net::{Ipv4Addr, SocketAddr};

use embassy_futures::select::select;
use embassy_time::{Duration, Timer, with_timeout};
use embedded_io_async::{Read, Write};
use wifi_at::command::mqtt::{self, MqttQos, MqttScheme};
use wifi_at::command::{Hex, Secret, ble, http, tcpip};
use wifi_at::net::Stack;
use wifi_at::net::passthrough::Passthrough;
use wifi_at::net::tls::{TlsOptions, TlsSocket};
use wifi_at::urc::{BleUrc, MqttUrc, Urc};
use wifi_at::wifi::{Ipv4Config, JoinOptions, RejoinPolicy, ScanOptions, SmartConfigOptions, SoftApOptions};
use wifi_at::{Control, EspAt, Message};

use crate::{done, is_done, read_all};

type Handle = Control<'static, EspAt>;

/// Each service in turn, staying joined all the while.
#[embassy_executor::task]
pub async fn services(control: Handle, stack: Stack<'static>) {
    control.wifi().wait_for_address().await;
    let all = async {
        look_around(control).await;
        access_point(control).await;
        addresses(control).await;
        time_and_ping(control).await;
        web(control).await;
        broker(control).await;
        tls(stack).await;
        bluetooth(control).await;
        provisioning(control).await;
    };
    let wifi = control.wifi();
    let joined =
        wifi.stay_joined(black_box("emulated"), JoinOptions::new(black_box("open sesame")), RejoinPolicy::new());
    select(joined, select(all, watch(control))).await;
    done(3);
}

/// The last one, as it wants the line for itself: tries until the others have ended.
#[embassy_executor::task]
pub async fn passthrough(control: Handle, stack: Stack<'static>) {
    let server: SocketAddr = ([127, 0, 0, 1], 80).into();
    loop {
        Timer::after_millis(100).await;
        // Provisioning has left the station without an access point.
        if is_done(3)
            && control.wifi().join(black_box("emulated"), JoinOptions::new(black_box("open sesame"))).await.is_ok()
            && let Ok(mut line) = Passthrough::enter(stack, black_box(server)).await
        {
            let (mut reader, mut writer) = line.split();
            let _ = writer.write(b"hello").await;
            let mut buffer = [0; 64];
            let read = reader.read(&mut buffer).await.is_ok();
            if line.leave().await.is_ok() && read {
                return done(4);
            }
        }
    }
}

async fn look_around(control: Handle) {
    if let Ok(mut scan) = control.wifi().scan(ScanOptions::new().minimum_signal(-90)).await {
        while let Ok(Some(found)) = scan.next().await {
            black_box(&found);
        }
    }
    black_box(control.wifi().rssi().await.is_ok());
    black_box(control.wifi().access_point().await.is_ok());
}

async fn access_point(control: Handle) {
    let wifi = control.wifi();
    if wifi.start_soft_ap(SoftApOptions::new(black_box("sensor"), black_box("open sesame"))).await.is_ok() {
        black_box(wifi.stations().await.is_ok());
        black_box(wifi.stop_soft_ap().await.is_ok());
    }
}

async fn addresses(control: Handle) {
    let wifi = control.wifi();
    if let Ok(Some(Ipv4Config { address, .. })) = wifi.address().await {
        black_box(address);
    }
    black_box(wifi.set_name_servers(&[black_box(Ipv4Addr::new(9, 9, 9, 9)).into()]).await.is_ok());
    black_box(wifi.set_host_name(black_box("sensor")).await.is_ok());
}

async fn time_and_ping(control: Handle) {
    let servers = ["pool.ntp.org"];
    let time_zone = tcpip::TimeZone::Hours(0);
    let sntp = tcpip::SetSntp { enabled: true, time_zone, servers: tcpip::UpTo(&servers) };
    black_box(control.send(&sntp).await.is_ok());
    if let Ok(time) = control.send(&tcpip::QueryTime).await {
        black_box(&time);
    }
    black_box(control.send(&tcpip::Ping { host: tcpip::Host::Name(black_box("udp.test")) }).await.is_ok());
}

async fn web(control: Handle) {
    let url = black_box("http://127.0.0.1/");
    let get = http::FetchHttp { url, send_buffer: None, receive_buffer: None, timeout_ms: None };
    let mut length = 0;
    black_box(control.send_and_receive(&get, |bytes| length += bytes.len()).await.is_ok());
    let post = http::PostHttp { url, length: 6, headers: None };
    black_box(control.transfer(&post, b"t=21.3", |bytes| length += bytes.len()).await.is_ok());
    black_box(length);
}

async fn broker(control: Handle) {
    let user = mqtt::SetMqttUser {
        scheme: MqttScheme::Tcp,
        client_id: black_box("sensor"),
        user_name: black_box("sensor"),
        password: Secret(black_box("secret")),
        certificate: 0,
        ca: 0,
        path: "",
    };
    black_box(control.send(&user).await.is_ok());
    let connect = mqtt::ConnectMqtt { host: black_box("127.0.0.1"), port: 1883, reconnect: true };
    black_box(control.send(&connect).await.is_ok());
    let subscribe = mqtt::SubscribeMqtt { topic: black_box("set"), qos: MqttQos::AtLeastOnce };
    black_box(control.send(&subscribe).await.is_ok());
    let publish =
        mqtt::PublishMqttData { topic: black_box("temperature"), length: 4, qos: MqttQos::AtLeastOnce, retain: false };
    black_box(control.send_with_data(&publish, b"21.3").await.is_ok());
}

async fn tls(stack: Stack<'static>) {
    let server: SocketAddr = ([127, 0, 0, 1], 443).into();
    let options = TlsOptions::new().server_name(black_box("example.org"));
    if let Ok(mut socket) = TlsSocket::connect(stack, black_box(server), &options).await {
        let _ = socket.write(b"hello").await;
        black_box(read_all(&mut socket).await);
    }
}

async fn bluetooth(control: Handle) {
    black_box(control.send(&ble::SetRole { role: ble::Role::Server }).await.is_ok());
    black_box(control.send(&ble::SetDeviceName { name: black_box("sensor") }).await.is_ok());
    let advertising = ble::SetAdvertisingData { data: Hex(black_box(&[2, 1, 6])) };
    black_box(control.send(&advertising).await.is_ok());
    black_box(control.send(&ble::StartAdvertising).await.is_ok());
    black_box(control.send(&ble::SetRole { role: ble::Role::Off }).await.is_ok());
}

async fn provisioning(control: Handle) {
    let wifi = control.wifi();
    let limit = Duration::from_millis(500);
    if let Ok(credentials) = wifi.smart_config(SmartConfigOptions::new().timeout(limit)).await {
        black_box(&credentials);
    }
    black_box(wifi.wps(limit).await.is_ok());
    black_box(wifi.web_provisioning(80, limit).await.is_ok());
}

/// What comes unasked.
async fn watch(control: Handle) {
    let events = async {
        let mut events = control.events();
        loop {
            black_box(events.next().await.is_ok());
            black_box(control.counters());
        }
    };
    let messages = async {
        let Some(mut messages) = control.messages() else { return };
        let mut buffer = [0; 256];
        loop {
            if let Ok(Message::Line(line)) = messages.next(&mut buffer).await {
                match Urc::parse(line) {
                    Some(Urc::Mqtt(MqttUrc::Disconnected { link })) => _ = black_box(link),
                    Some(Urc::Ble(BleUrc::Connected { .. })) => _ = black_box(1),
                    _ => {}
                }
            }
        }
    };
    let _ = with_timeout(Duration::from_secs(3600), select(events, messages)).await;
}
