//! minimq, an MQTT client over `embedded-nal`, and the broker rumqttd.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant as RealInstant;

use embassy_time::Instant;
use minimq::broker::IpBroker;
use minimq::embedded_time::{self, fraction::Fraction};
use minimq::{Broker, ConfigBuilder, Minimq, Publication, QoS};
use wifi_at::blocking::Modem;
use wifi_at::{Config, EspAt, Pins, Resources};
use wifi_at_service_tests::{Version, broker};
use wifi_at_simulator::{AccessPoint, Builder, Dialect, HostNetwork, Latency, blocking};

/// Milliseconds of this PC.
struct Milliseconds(RealInstant);

impl embedded_time::Clock for Milliseconds {
    type T = u32;
    const SCALING_FACTOR: Fraction = Fraction::new(1, 1000);

    fn try_now(&self) -> Result<embedded_time::Instant<Self>, embedded_time::clock::Error> {
        Ok(embedded_time::Instant::new(self.0.elapsed().as_millis() as u32))
    }
}

#[test]
fn publish_and_subscribe() {
    let address = broker(Version::V5).unwrap();
    let access_point = AccessPoint::new("home", "secret word");
    let module = Builder::new(Dialect::EspAt).access_point(access_point).latency(Latency::none());
    let port = blocking::port(module.network(HostNetwork::new()).build());
    let start = RealInstant::now();
    // The module lives in this PC's time, as its sockets do.
    let mut clock = {
        let port = port.clone();
        move || {
            port.advance(start.elapsed().saturating_sub(port.now()));
            Instant::from_micros(port.now().as_micros() as u64)
        }
    };
    let resources = &mut Resources::<2, 1024, 1024>::new();
    let mut modem = Modem::<EspAt, _>::new(port.clone(), Pins::none(), resources, Config::default(), &mut clock);
    let control = modem.control();
    let wifi = control.wifi();
    let limit = embassy_time::Duration::from_secs(60);
    let join = wifi.join("home", wifi_at::wifi::JoinOptions::new("secret word"));
    modem.run(&mut clock, limit, join).unwrap().unwrap();

    let mut buffer = [0; 4096];
    let mut ip_broker = IpBroker::new(IpAddr::V4(Ipv4Addr::LOCALHOST));
    ip_broker.set_port(address.port());
    let config = ConfigBuilder::new(ip_broker, &mut buffer).client_id("blocking").unwrap().keepalive_interval(60);
    let mut mqtt: Minimq<'_, _, _, IpBroker> = Minimq::new(modem.network(clock), Milliseconds(start), config);

    let messages: Vec<Vec<u8>> = [1, 100, 700].map(|size| (0..size).map(|at| (at * 7) as u8).collect()).into();
    let (mut subscribed, mut published) = (false, 0);
    let mut received: Vec<Vec<u8>> = Vec::new();
    while received.len() < messages.len() {
        assert!(start.elapsed().as_secs() < 120, "{} of {} messages came", received.len(), messages.len());
        mqtt.poll(|_, topic, message, _| {
            assert_eq!(topic, "sensor/1");
            received.push(message.to_vec());
        })
        .unwrap();
        let client = mqtt.client();
        if !client.is_connected() {
            continue;
        }
        if !subscribed {
            client.subscribe(&["sensor/1".into()], &[]).unwrap();
            subscribed = true;
        }
        // One after the other, each confirmed by the broker.
        let ready = !client.subscriptions_pending() && client.can_publish(QoS::AtLeastOnce);
        if let Some(message) = messages.get(published).filter(|_| ready && published == received.len()) {
            client.publish(Publication::new("sensor/1", &message[..]).qos(QoS::AtLeastOnce)).unwrap();
            published += 1;
        }
    }
    assert!(received == messages);
}
