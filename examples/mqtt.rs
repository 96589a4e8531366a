//! MQTT over a Wi-Fi module with AT firmware: publishes readings to a broker, and hears them from there.
//!
//! The MQTT client runs on this side of the module, which only sees TCP. `cargo run --example mqtt` needs no hardware
//! and no broker: the module is simulated, and a real broker runs in this process. `cargo run --example mqtt -- --help`
//! tells how to use others.

mod common;

use std::num::NonZero;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use common::{HOST, Line, LineOptions, Steps, start};
use embassy_futures::select::{Either, select};
use embassy_time::{Duration, with_timeout};
use rust_mqtt::Bytes;
use rust_mqtt::buffer::AllocBuffer;
use rust_mqtt::client::event::Event;
use rust_mqtt::client::options::{
    ConnectOptions, DisconnectOptions, PublicationOptions, SubscriptionOptions, TopicReference,
};
use rust_mqtt::client::{Client as MqttClient, MqttError};
use rust_mqtt::config::KeepAlive;
use rust_mqtt::types::{MqttString, TopicFilter, TopicName};
use wifi_at::command::tcpip::AddressKind;
use wifi_at::net::tcp::TcpSocket;
use wifi_at::serial::Split;
use wifi_at::{Config, Control, EspAt, Parts, Pins, Resources, Stack};
use wifi_at_service_tests::{Version, broker};
use wifi_at_support::real_time;

/// How long the broker may take for one step.
const LIMIT: Duration = Duration::from_secs(20);
const KEEP_ALIVE: NonZero<u16> = NonZero::new(60).unwrap();

/// One subscription and one publication under way at a time. A subscription identifier and aliases for topics are not
/// needed, and of what else a broker may say about a packet, 16 entries are kept.
type Client<'b, 's> = MqttClient<'b, 'b, TcpSocket<'s>, AllocBuffer, 1, 1, 1, 0, 16, 0, 0>;

/// Publishes readings over a Wi-Fi module with AT firmware, and hears them from the broker (MQTT 5).
///
/// Without arguments the module is simulated and the broker is in this program.
#[derive(Parser)]
#[command(
    max_term_width = 100,
    after_help = "Examples:
  mqtt --messages 100
  mqtt --broker 127.0.0.1:1883
  mqtt --broker broker.example.org:1883 --serial /dev/ttyUSB0 --ssid home --password 'my password'"
)]
struct Options {
    /// Broker that knows MQTT 5; needed with --serial
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    broker: Option<(String, u16)>,

    /// Publish and subscribe here
    #[arg(long, value_name = "TEXT", default_value = "wifi-at/example/temperature")]
    topic: String,

    /// Publish so many readings
    #[arg(long, value_name = "N", default_value_t = 20)]
    messages: u32,

    #[command(flatten)]
    line: LineOptions,
}

fn host_and_port(text: &str) -> Result<(String, u16), &'static str> {
    let parts = text.rsplit_once(':').and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
    parts.ok_or("give HOST:PORT")
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let steps = Steps::start();
    let broker = match &options.broker {
        Some(broker) => broker.clone(),
        None if options.line.port.serial.is_some() => return Err("with --serial a broker is needed: see --help".into()),
        None => {
            let address = broker(Version::V5).map_err(|error| format!("cannot start the broker: {error}"))?;
            (HOST.to_owned(), address.port())
        }
    };
    let name = options.line.name();
    let Line { reader, writer, module: _module } = options.line.open()?;
    steps.done(format_args!("opened {name}"));
    let mut resources = Resources::<1, 2048, 1024>::new();
    let (reader, writer) = real_time::serial(reader, writer);
    let Parts { mut runner, control, stack }: Parts<'_, EspAt, _> =
        wifi_at::new(Split::new(reader, writer), Pins::none(), &mut resources, Config::default());
    let application = application(options, &broker, &steps, control, stack);
    match real_time::block_on(select(runner.run(), application)) {
        Either::First(Err(error)) => Err(format!("{error}. Check the other end of {name}")),
        Either::Second(result) => result,
    }
}

async fn application(
    options: &Options,
    (host, port): &(String, u16),
    steps: &Steps,
    control: Control<'_, EspAt>,
    stack: Stack<'_>,
) -> Result<(), String> {
    start(control, &options.line, steps).await?;
    let address = stack.resolve(host, AddressKind::PreferIpv4).await.map_err(|error| format!("{host}: {error}"))?;
    let socket = TcpSocket::connect(stack, (address, *port).into()).await;
    let socket = socket.map_err(|error| format!("{host}:{port}: {error}. Check that a broker listens there"))?;
    steps.done(format_args!("connected to {host}:{port} at {address}"));

    // On a microcontroller the packets would come to lie in rust-mqtt's `BumpBuffer`.
    let mut buffer = AllocBuffer;
    let mut client = Client::new(&mut buffer);
    let session = ConnectOptions::new().clean_start().keep_alive(KeepAlive::Seconds(KEEP_ALIVE));
    let id = format!("wifi-at-{}", std::process::id());
    let id = MqttString::from_str(&id).map_err(|_| "the client ID is too long")?;
    in_time("open a session", client.connect(socket, &session, Some(id))).await?;

    let topic = MqttString::from_str(&options.topic).ok().and_then(TopicName::new);
    let topic = topic.ok_or("--topic is too long or has a wildcard")?;
    let filter = TopicFilter::new(topic.as_ref().as_borrowed()).ok_or("nobody can subscribe to --topic")?;
    in_time("subscribe", client.subscribe(filter, &SubscriptionOptions::new().at_least_once())).await?;
    loop {
        match in_time("confirm the subscription", client.poll()).await? {
            Event::Suback(answer) if answer.reason_code.is_success() => break,
            Event::Suback(answer) => return Err(format!("the broker refuses the topic: {:?}", answer.reason_code)),
            _ => {}
        }
    }
    steps.done(format_args!("subscribed to {}", options.topic));

    let begin = Instant::now();
    let options_of_message = PublicationOptions::new(TopicReference::Name(topic)).at_least_once();
    for number in 0..options.messages {
        let reading = reading(number);
        let sent = Instant::now();
        in_time("publish", client.publish(&options_of_message, Bytes::from(reading.as_bytes()))).await?;
        round(&mut client, &reading).await?;
        if number < 3 {
            let milliseconds = sent.elapsed().as_secs_f64() * 1e3;
            steps.done(format_args!("{reading} was confirmed and came back after {milliseconds:.1} ms"));
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    let mut socket = in_time("end the session", client.disconnect(&DisconnectOptions::new())).await?;
    socket.close().await.map_err(|error| format!("cannot close the connection: {error}"))?;
    println!("{} readings went to the broker and came back in {seconds:.3} s", options.messages);
    Ok(())
}

/// A room that gets warm.
fn reading(number: u32) -> String {
    format!("{}.{} °C", 20 + number / 10, number % 10)
}

/// Waits until the broker has confirmed a reading and has sent it back, in either order.
async fn round(client: &mut Client<'_, '_>, reading: &str) -> Result<(), String> {
    let (mut confirmed, mut received) = (false, false);
    while !confirmed || !received {
        match in_time("answer", client.poll()).await? {
            Event::PublishAcknowledged(_) => confirmed = true,
            Event::PublishRejected(rejected) => {
                return Err(format!("the broker takes no readings: {:?}", rejected.reason_code));
            }
            // Somebody else may publish here, too.
            Event::Publish(message) => received |= message.message.as_bytes() == reading.as_bytes(),
            _ => {}
        }
    }
    Ok(())
}

/// The result of a step of the client, as far as the broker can be waited for.
async fn in_time<T, const N: usize>(
    what: &str,
    step: impl Future<Output = Result<T, MqttError<'_, N>>>,
) -> Result<T, String> {
    match with_timeout(LIMIT, step).await {
        Ok(result) => {
            result.map_err(|error| format!("cannot {what}: {error:?}. Check the broker, and that it knows MQTT 5"))
        }
        Err(_) => Err(format!("cannot {what}: the broker has been silent for {} s", LIMIT.as_secs())),
    }
}
