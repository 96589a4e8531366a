//! Who hears of what, sleep, and limits that the user sets.

use super::MODULE;
use super::common::*;
use embassy_time::{Duration, Instant, Timer};
use wifi_at::at::Encoder;
use wifi_at::command::{Command, CommandError, Kind, On, Within};
use wifi_at::command::wifi::QueryWifiMode;
use wifi_at::net::tcp::{self, TcpSocket};
use wifi_at::wifi::{JoinError, JoinOptions};
use wifi_at::{Config, Event, EventMask, Missed, ResetCause, Resources};
use wifi_at_simulator::Dialect;

#[test]
fn subscribers_hear_what_they_chose_and_how_much_they_missed() {
    let line = module(&network());
    with_driver(&line, async |(control, _)| {
        control.wait_until_ready().await.unwrap();
        let mut all = control.events();
        let mut station = control.events().only(EventMask::NONE.with(Event::StationGotAddress));
        let mut late = control.events().only(EventMask::MODULE);
        let mut late_station = control.events().only(EventMask::STATION);
        join(control).await;
        assert_eq!(station.next().await, Ok(Event::StationGotAddress));
        line.with(|module, now| module.reset(now));
        assert_eq!(late.next().await, Ok(Event::ModuleReset));
        while all.next().await != Ok(Event::ModuleReady) {}
        let mut came = Vec::new();
        for _ in 0..4 {
            join(control).await;
            line.with(|module, now| module.reset(now));
            for _ in 0..4 {
                came.push(all.next().await.unwrap());
            }
        }
        // 8 are kept of what came since.
        let behind = 3 + came.len() as u32;
        assert_eq!(late_station.next().await, Err(Missed(behind + 1 - 8)), "{came:?}");
        assert_eq!(late_station.next().await, Ok(Event::StationConnected));
        assert!(matches!(late.next().await, Err(Missed(_))));
        assert_eq!(late.next().await, Ok(Event::ModuleReset));
    });
}

#[test]
fn limits_are_the_users() {
    let network = network();
    network.ignore(server());
    let line = module(&network);
    let mut config = Config::default();
    config.connect_timeout = Some(Duration::from_secs(3));
    config.join_timeout = Some(Duration::from_millis(50));
    with_resources(&line, &mut Resources::<2, 64, 64>::new(), config, async |(control, stack)| {
        control.send(&Within::<7, _>(QueryWifiMode)).await.unwrap();
        let start = Instant::now();
        let error = control.wifi().join(SSID, JoinOptions::new(PASSWORD)).await;
        assert_eq!(error, Err(JoinError::Command(CommandError::Timeout)));
        // It joins all the same.
        control.wifi().wait_for_address().await;
        assert!(start.elapsed() > Duration::from_secs(1));
        Timer::after(Duration::from_secs(5)).await;
        let start = Instant::now();
        let error = TcpSocket::connect(stack, server()).await.unwrap_err();
        assert_eq!(error, tcp::ConnectError::Command(CommandError::Timeout));
        assert_eq!(start.elapsed().as_secs(), 3);
        // The module ends its connect in its own time.
        while control.send(&QueryWifiMode).await.is_err() {}
        // Nobody answers for as long as the command may take, and no longer.
        line.set_stuck(true);
        let start = Instant::now();
        assert_eq!(control.send(&Within::<77, _>(QueryWifiMode)).await, Err(CommandError::Timeout));
        assert!(start.elapsed() >= Duration::from_secs(77) && start.elapsed() < Duration::from_secs(110));
    });
}

#[test]
fn deep_sleep_ends_with_its_time_or_by_a_pin() {
    if MODULE == Dialect::WizFi360 {
        // Its firmware has no such command.
        return;
    }
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        for woken in [false, true] {
            join(control).await;
            let mut socket = connect(stack).await;
            let mut events = control.events().only(EventMask::MODULE);
            let start = Instant::now();
            control.send(&Sleep(20_000)).await.unwrap();
            assert_eq!(events.next().await, Ok(Event::ModuleReset));
            assert_eq!(events.next().await, Ok(Event::ModuleAsleep));
            assert_eq!(socket.read(&mut [0; 8]).await, Err(tcp::Error::ConnectionReset));
            if woken {
                Timer::after(Duration::from_secs(5)).await;
                line.with(|module, now| module.reset(now));
            }
            // A command waits until the module is awake and set up.
            control.send(&QueryWifiMode).await.unwrap();
            let slept = start.elapsed().as_secs();
            assert!(if woken { slept < 10 } else { (20..25).contains(&slept) }, "{slept}");
            assert_eq!(events.next().await, Ok(Event::ModuleReady));
            assert_eq!(control.last_reset(), Some(ResetCause::Requested));
        }
        assert_eq!((control.counters().requested_resets, control.counters().resets), (2, 0));
    });
}

/// `AT+GSLP` for all dialects, of which one does not have it.
struct Sleep(u32);

impl Command for Sleep {
    type Response = ();
    type Error = CommandError;
    type Answer = ();

    const TIMEOUT: Duration = Duration::from_secs(5);
    const KIND: Kind = Kind::Set;

    fn encode(&self, name: &str, line: &mut Encoder<'_>) {
        line.name(name).number(self.0.into());
    }

    fn finish((): (), result: Result<(), CommandError>) -> Result<(), CommandError> {
        result
    }
}

impl On<super::Subject> for Sleep {
    const NAME: &'static str = "AT+GSLP";
    const SECTION: &'static str = "3.1.6";
}
