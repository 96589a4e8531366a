//! Single answers of the bring-up that are lost or damaged: the session after them is right all the same.

use super::common::*;
use embassy_time::{Duration, with_timeout};
use wifi_at::net::tcp::TcpSocket;
use wifi_at_simulator::{Action, Hook, Point};

/// Brings the module up, joins, and has some bytes sent back. `false` if `hook` had nothing to act on.
fn session(hook: Hook) -> bool {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let line = module(&network);
    line.with(|module, _| module.hook(hook.clone()));
    with_driver(&line, async |(control, stack)| {
        let ready = async { while control.wait_until_ready().await.is_err() {} };
        assert!(with_timeout(Duration::from_secs(60), ready).await.is_ok(), "{hook:?}: never ready");
        if line.with(|module, _| !module.pending_hooks().is_empty()) {
            return false;
        }
        join(control).await;
        let mut socket = TcpSocket::connect(stack, server()).await.unwrap();
        for text in ["\"10.0.0.9\",80,", "hello", &"x".repeat(700)] {
            write_all(&mut socket, text.as_bytes()).await;
            let mut back = Vec::new();
            while back.len() < text.len() {
                let mut buffer = [0; 800];
                let count = with_timeout(Duration::from_secs(10), socket.read(&mut buffer)).await;
                let count = count.unwrap_or_else(|_| panic!("{hook:?}: {:?} came back", back.escape_ascii()));
                back.extend_from_slice(&buffer[..count.unwrap()]);
            }
            assert_eq!(String::from_utf8_lossy(&back), text, "{hook:?}");
        }
        true
    })
}

/// Applies `action` to one after the other of these, as many as there are until the module is up. Gives how many.
fn each(point: &Point, action: &Action) -> u32 {
    (0..).find(|&skip| !session(Hook::new(point.clone(), action.clone()).skip(skip))).unwrap()
}

#[test]
fn a_lost_ok() {
    assert!(each(&Point::Final, &Action::Drop) >= 5);
}

#[test]
fn noise_in_place_of_an_ok() {
    assert!(each(&Point::Final, &Action::Replace(b"\r\n\xff\x00K\r\n".to_vec())) >= 5);
}

#[test]
fn an_ok_that_looks_like_a_refusal() {
    assert!(each(&Point::Final, &Action::Replace(b"\r\nERROR\r\n".to_vec())) >= 5);
}

#[test]
fn versions_with_a_wrong_digit() {
    // As those of another firmware.
    for text in ["AT version:1.1.0.0(May 11 2016 18:09:56)\r\nSDK version:1.5.4(baaeaebb)\r\n", "AT vers"] {
        assert!(session(Hook::new(Point::Information, Action::Replace(text.into()))));
    }
}
