//! Why the module was lost, what that does to whoever uses it, and how long it is tried.

use super::common::*;
use embassy_time::{Duration, Instant, Timer, with_timeout};
use wifi_at::command::CommandError;
use wifi_at::command::basic::{Restart, RestoreFactorySettings};
use wifi_at::command::wifi::QueryWifiMode;
use wifi_at::net::tcp;
use wifi_at::{Config, Event, NotReady, ResetCause, Resources};
use wifi_at_simulator::{Action, Hook, Point};
use wifi_at_support::script::Script;
use wifi_at_support::virtual_time::Line;

#[test]
fn causes_are_told_and_counted() {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        let mut events = control.events();
        control.wait_until_ready().await.unwrap();
        assert_eq!(control.last_reset(), None);
        assert_eq!(events.next().await, Ok(Event::ModuleReady));

        line.with(|module, now| module.reset(now));
        assert_eq!(events.next().await, Ok(Event::ModuleReset));
        assert_eq!(control.last_reset(), Some(ResetCause::Announced));
        assert_eq!(events.next().await, Ok(Event::ModuleReady));

        line.with(|module, now| {
            module.hook(Hook::new(Point::Ready, Action::Drop));
            module.reset(now);
        });
        Timer::after(Duration::from_secs(3)).await;
        // The driver learns of it by something that does not work any more.
        // NONOS says so only with the second command: before the echo of the first stands its boot noise.
        for _ in 0..2 {
            let _ = control.send(&QueryWifiMode).await;
        }
        while events.next().await != Ok(Event::ModuleReset) {}
        assert_eq!(control.last_reset(), Some(ResetCause::Unnoticed));
        control.wait_until_ready().await.unwrap();

        join(control).await;
        let mut socket = connect(stack).await;
        control.send(&Restart).await.unwrap();
        assert_eq!(control.last_reset(), Some(ResetCause::Requested));
        let mut buffer = [0; 8];
        assert_eq!(socket.read(&mut buffer).await, Err(tcp::Error::ConnectionReset));
        assert_eq!(socket.read(&mut buffer).await, Err(tcp::Error::NotConnected));
        assert!(!control.wifi().is_connected());
        control.wait_until_ready().await.unwrap();

        control.send(&RestoreFactorySettings).await.unwrap();
        control.send(&QueryWifiMode).await.unwrap();
        control.recover();
        control.send(&QueryWifiMode).await.unwrap();

        let counters = control.counters();
        assert_eq!((counters.resets, counters.unnoticed_resets), (2, 1));
        assert_eq!((counters.requested_resets, counters.silences, counters.failed_attempts), (3, 0, 0));
    });
}

/// Answers nothing.
fn dead() -> Line<Script> {
    let mut script = Script::new();
    for _ in 0..3 {
        script = script.expect("+++");
        for _ in 0..2 {
            script = script.expect("AT\r\n");
        }
    }
    Line::new(script)
}

#[test]
fn it_gives_up_when_it_is_told_to() {
    let line = dead();
    let mut config = Config::default();
    config.recovery.probes = 2;
    config.recovery.attempts = Some(3);
    with_resources(&line, &mut Resources::<1, 64, 64>::new(), config, async |(control, _)| {
        let mut events = control.events();
        for _ in 0..3 {
            assert_eq!(events.next().await, Ok(Event::ModuleSilent));
        }
        assert_eq!(events.next().await, Ok(Event::GaveUp));
        let start = Instant::now();
        assert_eq!(control.wait_until_ready().await, Err(NotReady::Silent));
        assert_eq!(control.send(&QueryWifiMode).await, Err(CommandError::ModuleSilent));
        assert_eq!(start.elapsed(), Duration::MIN, "nobody waits for what will not come");
        assert_eq!(control.counters().failed_attempts, 3);
        // For hours nothing is sent: the script would notice.
        Timer::after(Duration::from_secs(10_000)).await;
        assert!(line.with(|script, _| script.is_done()));
        line.with(|script, _| script.extend(Script::new().expect("+++").expect("AT\r\n").expect("AT\r\n")));
        control.recover();
        Timer::after(Duration::from_millis(3500)).await;
        assert!(line.with(|script, _| script.is_done()), "it tries again");
    });
}

#[test]
fn a_silent_module_is_found_again_and_the_silence_counted() {
    let line = module(&network());
    with_driver(&line, async |(control, _)| {
        control.wait_until_ready().await.unwrap();
        // It hears nothing for a minute.
        line.set_stuck(true);
        assert_eq!(control.send(&QueryWifiMode).await, Err(CommandError::Timeout));
        Timer::after(Duration::from_secs(60)).await;
        line.set_stuck(false);
        with_timeout(Duration::from_secs(30), async {
            while control.send(&QueryWifiMode).await.is_err() {}
        })
        .await
        .expect("it is not found again");
        assert_eq!((control.counters().silences, control.last_reset()), (1, Some(ResetCause::Silence)));
        assert!(control.counters().failed_attempts > 0);
    });
}

#[test]
fn without_leave_to_restart_it_is_set_up_as_it_is() {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        // The program ends without a word.
        std::mem::forget(connect(stack).await);
    });
    let line = line.with_offset(core::time::Duration::from_secs(100));
    line.with(|module, _| module.clear_commands());
    let mut config = Config::default();
    config.recovery.restart = false;
    with_resources(&line, &mut Resources::<1, 64, 64>::new(), config, async |(control, _)| {
        control.wait_until_ready().await.unwrap();
        control.send(&QueryWifiMode).await.unwrap();
        Timer::after(Duration::from_secs(1)).await;
    });
    line.with(|module, _| {
        let lines: Vec<_> = module.commands().iter().map(|command| command.line.clone()).collect();
        assert!(!lines.iter().any(|line| line.contains("RST")), "{lines:?}");
        assert!(module.links().is_empty(), "{lines:?}");
        assert!(module.is_joined());
    });
}
