//! rust-mqtt against the broker rumqttd.

use std::num::NonZero;

use embassy_futures::join::join;
use rust_mqtt::Bytes;
use rust_mqtt::buffer::AllocBuffer;
use rust_mqtt::client::Client;
use rust_mqtt::client::event::Event;
use rust_mqtt::client::options::{
    ConnectOptions, DisconnectOptions, PublicationOptions, SubscriptionOptions, TopicReference,
};
use rust_mqtt::config::KeepAlive;
use rust_mqtt::types::{MqttString, TopicFilter, TopicName};
use wifi_at::net::tcp::TcpSocket;
use wifi_at_service_tests::{Version, broker};

use super::{bytes, with_module};

#[test]
fn publish_and_subscribe() {
    let broker = broker(Version::V5).unwrap();
    with_module(async |_, stack| {
        let (mut one, mut two) = (AllocBuffer, AllocBuffer);
        let mut subscriber = Client::<'_, '_, _, _, 1, 1, 1, 1, 16, 0, 1>::new(&mut one);
        let mut publisher = Client::<'_, '_, _, _, 1, 1, 1, 1, 16, 0, 1>::new(&mut two);
        // This broker turns away clients without.
        let keep_alive = KeepAlive::Seconds(NonZero::new(60).unwrap());
        let options = ConnectOptions::new().clean_start().keep_alive(keep_alive);
        let socket = TcpSocket::connect(stack, broker).await.unwrap();
        subscriber.connect(socket, &options, Some(MqttString::from_str("reader").unwrap())).await.unwrap();
        let socket = TcpSocket::connect(stack, broker).await.unwrap();
        publisher.connect(socket, &options, Some(MqttString::from_str("writer").unwrap())).await.unwrap();

        let topic = MqttString::from_str("sensor/1").unwrap();
        let filter = TopicFilter::new(topic.as_borrowed()).unwrap();
        subscriber.subscribe(filter, &SubscriptionOptions::new().exactly_once()).await.unwrap();
        assert!(matches!(subscriber.poll().await.unwrap(), Event::Suback(_)));

        let topic = TopicName::new(topic.as_borrowed()).unwrap();
        for size in [1, 300, 5000] {
            let message = bytes(size);
            let options = PublicationOptions::new(TopicReference::Name(topic.as_borrowed())).at_least_once();
            publisher.publish(&options, Bytes::from(&message[..])).await.unwrap();
            // At once: where data comes unasked, the acknowledgement may stand behind a message for which the subscriber's
            // ring has no room before that is read.
            let acknowledged = async {
                loop {
                    if let Event::PublishAcknowledged(_) | Event::PublishComplete(_) = publisher.poll().await.unwrap() {
                        break;
                    }
                }
            };
            let receive = async {
                loop {
                    if let Event::Publish(received) = subscriber.poll().await.unwrap() {
                        let message: &[u8] = received.message.as_ref();
                        break message.to_vec();
                    }
                }
            };
            let ((), received) = join(acknowledged, receive).await;
            assert!(received == message, "{size}: {} bytes", received.len());
        }
        publisher.ping().await.unwrap();
        assert!(matches!(publisher.poll().await.unwrap(), Event::Pingresp));
        publisher.disconnect(&DisconnectOptions::new()).await.unwrap();
    });
}
