//! The sensor, its server and its bad luck.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::rc::Rc;

use super::common::*;
use super::{MODULE, Subject};
use embassy_futures::join::join as join_both;
use embassy_futures::select::{Either3, select3};
use embassy_time::{Duration, Instant, Timer, with_timeout};
use embedded_hal::digital::{ErrorType, OutputPin};
use wifi_at::net::tcp::TcpSocket;
use wifi_at::serial::Split;
use wifi_at::wifi::{JoinOptions, RejoinPolicy};
use wifi_at::{Config, Pins, Resources, Stack};
use wifi_at_simulator::{Action, Fault, Hook, Point, Simulator, When};
use wifi_at_support::virtual_time::{Line, run};

/// Once in so many minutes something happens.
const CALM: u64 = 20;
const MINUTE: Duration = Duration::from_secs(60);

/// Xorshift, apart from the simulator's own numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) % sides
    }
}

#[derive(Clone, Copy)]
enum Misfortune {
    AccessPointAway,
    WifiDropped,
    Restart,
    UnnoticedRestart,
    Fault(Fault),
}

use Misfortune::{AccessPointAway, Restart, UnnoticedRestart, WifiDropped};

const MISFORTUNES: [(&str, Misfortune); 17] = [
    ("access point away for 1 to 600 s, from its return", AccessPointAway),
    ("Wi-Fi dropped, links told", WifiDropped),
    ("Wi-Fi dropped, links not told", Misfortune::Fault(Fault::WifiDropSilent)),
    ("restart", Restart),
    ("restart without ready", UnnoticedRestart),
    ("restart on close", Misfortune::Fault(Fault::RestartOnClose)),
    ("silence until the reset pin is pulled", Misfortune::Fault(Fault::Silent)),
    ("lost prompt", Misfortune::Fault(Fault::LostPrompt)),
    ("lost SEND OK", Misfortune::Fault(Fault::LostSendOk)),
    ("ERROR for a send", Misfortune::Fault(Fault::ErrorForSend)),
    ("link closed before the prompt", Misfortune::Fault(Fault::ClosedBeforePrompt)),
    ("link lost without a word", Misfortune::Fault(Fault::LinkLost)),
    ("close unanswered", Misfortune::Fault(Fault::CloseUnanswered)),
    ("busy before an answer", Misfortune::Fault(Fault::BusyBeforeAnswer)),
    ("late result", Misfortune::Fault(Fault::LateResult)),
    ("lost byte of a payload", Misfortune::Fault(Fault::LostByte)),
    ("4096 NUL bytes", Misfortune::Fault(Fault::NulFlood)),
];

/// Resets the module on its falling edge.
struct ResetPin(Line<Simulator>, bool);

impl ErrorType for ResetPin {
    type Error = Infallible;
}

impl OutputPin for ResetPin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        if core::mem::replace(&mut self.1, true) {
            return Ok(());
        }
        self.0.with(|module, now| module.reset(now));
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.1 = false;
        Ok(())
    }
}

/// What the server has received, and how often.
type Arrived = Rc<RefCell<BTreeMap<u32, u32>>>;

/// Takes lines and sends them back.
fn serve(network: &wifi_at_simulator::MemoryNetwork) -> Arrived {
    let arrived = Arrived::default();
    let for_server = Rc::clone(&arrived);
    network.serve(server(), move || {
        let arrived = Rc::clone(&for_server);
        let mut rest = Vec::new();
        move |data: &[u8]| {
            rest.extend_from_slice(data);
            while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                let number = std::str::from_utf8(&line[..8]).unwrap().parse().expect("a damaged message arrived");
                *arrived.borrow_mut().entry(number).or_default() += 1;
            }
            data.to_vec()
        }
    });
    arrived
}

/// Sends one message and waits for its echo. `None` if the driver reported that something went wrong.
///
/// Where the line loses a byte inside a payload and the module sends nothing behind it, the byte after it takes its
/// place: the protocol has no sum to notice that by, and the sensor has to look by itself.
async fn publish(stack: Stack<'_>, number: u32, noisy: bool) -> Option<()> {
    let message = format!("{number:08} and a reading or two\n");
    let mut socket = TcpSocket::connect(stack, server()).await.ok()?;
    let mut rest = message.as_bytes();
    while !rest.is_empty() {
        rest = &rest[socket.write(rest).await.ok()?..];
    }
    socket.flush().await.ok()?;
    let mut echo = Vec::new();
    let mut buffer = [0; 64];
    while echo.len() < message.len() {
        match socket.read(&mut buffer).await {
            Ok(count @ 1..) => echo.extend_from_slice(&buffer[..count]),
            Ok(0) | Err(_) => return None,
        }
    }
    let same = echo == message.as_bytes();
    assert!(same || noisy, "{number}: a damaged echo was taken for a good one: {}", echo.escape_ascii());
    same.then_some(())
}

fn strike(line: &Line<Simulator>, misfortune: Misfortune) {
    line.with(|module, now| match misfortune {
        AccessPointAway => module.set_access_point_up(now, SSID, false),
        WifiDropped => module.drop_wifi(now),
        Restart => module.reset(now),
        UnnoticedRestart => {
            module.hook(Hook::new(Point::Ready, Action::Drop));
            module.reset(now);
        }
        // Those that this firmware does not know do nothing.
        Misfortune::Fault(fault) => drop(module.inject_fault(fault, When::Next)),
    });
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
}

#[test]
fn a_sensor_for_days() {
    let days = std::env::var("WIFI_AT_SOAK_DAYS").map_or(0.5, |days| days.parse().expect("WIFI_AT_SOAK_DAYS is a number"));
    let minutes = (days * 1440.0) as usize;
    let network = network();
    let arrived = serve(&network);
    let line = module(&network);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut recoveries: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    let (mut published, mut reported) = (BTreeSet::new(), BTreeSet::new());
    let resources = &mut Resources::<3, 256, 128>::new();
    run(&line, async {
        let serial = Split::new(line.clone(), line.clone());
        let pins = Pins::reset(ResetPin(line.clone(), false));
        let mut parts = wifi_at::new::<Subject, _, _, _>(serial, pins, resources, Config::default());
        let (control, stack) = (parts.control, parts.stack);
        let wifi = control.wifi();
        let stay = wifi.stay_joined(SSID, JoinOptions::new(PASSWORD), RejoinPolicy::new());
        let sensor = async {
            let mut number = 0;
            for _ in 0..minutes {
                let start = Instant::now();
                let trouble = (dice.roll(CALM) == 0).then(|| {
                    let (name, misfortune) = MISFORTUNES[dice.roll(MISFORTUNES.len() as u64) as usize];
                    (name, misfortune, Duration::from_millis(dice.roll(300)), Duration::from_secs(1 + dice.roll(600)))
                });
                let mut since = start;
                let noisy = matches!(trouble, Some((_, Misfortune::Fault(Fault::LostByte), ..)));
                let mut attempt = async || {
                    number += 1;
                    let seen = publish(stack, number, noisy).await.is_some();
                    (if seen { &mut published } else { &mut reported }).insert(number);
                    seen
                };
                let mut done = if let Some((_, misfortune, delay, away)) = trouble {
                    let strike = async {
                        Timer::after(delay).await;
                        strike(&line, misfortune);
                        since = Instant::now();
                        if matches!(misfortune, AccessPointAway) {
                            Timer::after(away).await;
                            line.with(|module, now| module.set_access_point_up(now, SSID, true));
                            since = Instant::now();
                        }
                    };
                    let both = join_both(attempt(), strike);
                    if with_timeout(Duration::from_secs(1800), both).await.is_err() {
                        let commands = line.with(|module, _| module.commands().to_vec());
                        panic!("it hangs after {:?}: {commands:?}, {:?}", trouble.map(|trouble| trouble.0), control.counters());
                    }
                    // What it cost shows in the next one.
                    false
                } else {
                    false
                };
                let recover = async {
                    while !done {
                        done = attempt().await;
                        if !done {
                            Timer::after(Duration::from_secs(1)).await;
                        }
                    }
                };
                if with_timeout(Duration::from_secs(1800), recover).await.is_err() {
                    panic!("it does not recover from {:?}: {:?}", trouble.map(|trouble| trouble.0), control.counters());
                }
                if let Some((name, ..)) = trouble {
                    recoveries.entry(name).or_default().push(since.elapsed());
                    // What found no occasion does not spoil the next one's figures.
                    line.with(|module, _| module.clear_faults());
                }
                line.with(|module, _| module.clear_commands());
                let next = start + MINUTE * (1 + (start.elapsed().as_secs() / 60) as u32);
                Timer::at(next).await;
            }
            // All places are free again, in the driver and in the module.
            assert!(line.with(|module, _| module.links().is_empty()), "links are left over");
            let mut sockets = Vec::new();
            for _ in 0..3 {
                sockets.push(TcpSocket::connect(stack, server()).await.expect("a place was lost"));
            }
            control.counters()
        };
        match select3(parts.runner.run(), stay, sensor).await {
            Either3::First(_) => panic!("the runner ended"),
            Either3::Second(result) => panic!("it does not stay joined: {result:?}"),
            Either3::Third(counters) => println!("{counters:?}"),
        }
    });
    let arrived = arrived.borrow();
    for number in &published {
        assert!(arrived.contains_key(number), "message {number} was lost, and nobody was told");
    }
    for (number, times) in arrived.iter() {
        assert_eq!(*times, 1, "message {number} was sent {times} times");
        assert!(published.contains(number) || reported.contains(number));
    }
    assert!(published.len() >= minutes / 12, "{} messages in {days} days", published.len());
    println!("{MODULE:?}, {days} days: {} published, {} reported as lost", published.len(), reported.len());
    println!("{:<50} {:>6} {:>10} {:>10}", "cause", "times", "p50", "p99");
    for (name, times) in &mut recoveries {
        times.sort_unstable();
        let [p50, p99] = [50, 99].map(|percent| percentile(times, percent).as_millis() as f64 / 1000.0);
        println!("{name:<50} {:>6} {p50:>9.2}s {p99:>9.2}s", times.len());
        assert!(p99 < 180.0, "{name}: {p99} s");
    }
}
