//! The module restarts at any moment of a session, with or without telling so.

use std::rc::Rc;

use super::common::*;
use super::scenarios::{Page, REQUEST, session};
use embassy_futures::join::join as join_both;
use embassy_time::{Duration, Timer, with_timeout};
use wifi_at::command::tcpip::AddressKind;
use wifi_at::net::tcp::TcpSocket;
use wifi_at::wifi::JoinOptions;
use wifi_at_simulator::{Action, Hook, Point, Simulator};
use wifi_at_support::virtual_time::Line;

const PAGE: usize = 3000;

fn page_module() -> Line<Simulator> {
    let network = network();
    let page = Rc::new(nasty(PAGE));
    network.serve(server(), move || Page(Rc::clone(&page)));
    module(&network)
}

/// A session that may fail anywhere. Gives what of the page came, and whether that was said to be all.
async fn attempt((control, stack): Handles<'_>) -> Option<(Vec<u8>, bool)> {
    control.wait_until_ready().await.ok()?;
    control.wifi().join(SSID, JoinOptions::new(PASSWORD)).await.ok()?;
    stack.resolve("example.org", AddressKind::PreferIpv4).await.ok()?;
    let mut socket = TcpSocket::connect(stack, server()).await.ok()?;
    let mut rest = REQUEST;
    while !rest.is_empty() {
        rest = &rest[socket.write(rest).await.ok()?..];
    }
    let mut page = Vec::new();
    let mut buffer = [0; 300];
    loop {
        match socket.read(&mut buffer).await {
            Ok(0) => return Some((page, true)),
            Ok(count) => page.extend_from_slice(&buffer[..count]),
            Err(_) => return Some((page, false)),
        }
        // The reader is slow, so that there is something to lose.
        Timer::after(Duration::from_millis(20)).await;
    }
}

/// How long a session lasts that nothing happens to, from the driver's start.
fn length() -> Duration {
    let line = page_module();
    with_driver(&line, async |handles| {
        let start = embassy_time::Instant::now();
        assert_eq!(attempt(handles).await, Some((nasty(PAGE), true)));
        start.elapsed()
    })
}

fn restarts(hooks: &[Hook]) {
    let page = nasty(PAGE);
    let length = length();
    const MOMENTS: u32 = 80;
    for moment in 0..MOMENTS {
        let at = length * moment / MOMENTS;
        let line = page_module();
        with_driver(&line, async |(control, stack)| {
            let restart = async {
                Timer::after(at).await;
                line.with(|module, now| {
                    hooks.iter().for_each(|hook| module.hook(hook.clone()));
                    module.reset(now);
                });
            };
            let both = join_both(attempt((control, stack)), restart);
            let (seen, ()) = with_timeout(Duration::from_secs(300), both).await.expect("it hangs");
            if let Some((part, complete)) = seen {
                assert!(page.starts_with(&part), "at {at:?}");
                assert!(!complete || part == page, "at {at:?}: a part was taken for all");
            }
            // Whatever the user was told, the next try of a patient one succeeds.
            let mut tries = 0;
            while attempt((control, stack)).await != Some((page.clone(), true)) {
                tries += 1;
                assert!(tries < 5, "at {at:?}: the driver has not recovered");
                Timer::after(Duration::from_secs(1)).await;
            }
            assert!(session((control, stack)).await.page == page);
            line.with(|module, _| assert!(module.pending_hooks().is_empty(), "the restart never came"));
        });
    }
}

#[test]
fn a_restart_at_any_moment() {
    restarts(&[]);
}

#[test]
fn a_restart_whose_ready_is_lost() {
    restarts(&[Hook::new(Point::Ready, Action::Drop)]);
}
