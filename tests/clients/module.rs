//! The module.

use embassy_futures::select::{Either, select};
use wifi_at::serial::Split;
use wifi_at::wifi::JoinOptions;
use wifi_at::{Config, Control, Pins, Resources, Stack};
use wifi_at_simulator::{AccessPoint, Builder, HostNetwork, Latency, realtime};
use wifi_at_support::real_time;

use super::{HOST, LOOPBACK, MODULE, Subject};

/// Runs `test` with a driver on a module that has joined an access point. What it connects to is real.
pub(super) fn with_module<T>(test: impl AsyncFnOnce(Control<'_, Subject>, Stack<'_>) -> T) -> T {
    let (_module, stream) = realtime::spawn(|| {
        let mut network = HostNetwork::new();
        network.add_host(HOST, LOOPBACK);
        let access_point = AccessPoint::new("home", "secret word");
        Builder::new(MODULE).access_point(access_point).latency(Latency::none()).network(network).build()
    })
    .unwrap();
    let (reader, writer) = stream.split();
    let (reader, writer) = real_time::serial(reader, writer);
    let mut resources = Resources::<5, 2048, 2048>::new();
    real_time::block_on(async {
        let serial = Split::new(reader, writer);
        let mut parts = wifi_at::new::<Subject, _, _, _>(serial, Pins::none(), &mut resources, Config::default());
        let test = async {
            parts.control.wifi().join("home", JoinOptions::new("secret word")).await.unwrap();
            test(parts.control, parts.stack).await
        };
        match select(parts.runner.run(), test).await {
            Either::First(error) => panic!("the runner ended: {error:?}"),
            Either::Second(output) => output,
        }
    })
}
