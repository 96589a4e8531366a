//! Whole sessions with the simulated ESP-AT module, in virtual time.

mod common;

use common::*;
use wifi_at::wifi::JoinOptions;

#[test]
fn fetches_a_page() {
    let page = nasty(20_000);
    let network = network();
    network.serve_bytes(server(), page.clone());
    let line = module(&network);
    let received = with_driver(&line, async |(control, stack)| {
        let firmware = control.wait_until_ready().await.unwrap();
        assert_eq!(firmware.at.major, 3);
        control.wifi().join(SSID, JoinOptions::new(PASSWORD)).await.unwrap();
        let address = control.wifi().address().await.unwrap().unwrap();
        assert_eq!(address.address.octets(), [192, 168, 3, 112]);
        assert_eq!(stack.resolve("example.org", Default::default()).await, Ok(host()));
        let mut socket = connect(stack).await;
        read_to_end(&mut socket).await
    });
    assert!(received == page);
}
