//! The sweep on one dialect: a session without faults says when which state is; then comes one with each fault at each of
//! these moments.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration as Time;

use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Timer, with_timeout};
use wifi_at::net::listener::TcpListener;
use wifi_at::net::tcp::TcpSocket;
use wifi_at::serial::{Line as Rates, Split, UnsupportedRate};
use wifi_at::wifi::JoinOptions;
use wifi_at::{Config, Pins, Resources};
use wifi_at_simulator::{AccessPoint, Activity, Fault, ResetMoment, Simulator, When};
use wifi_at_support::virtual_time::{Line, run};

use super::MODULE;
use super::bench::*;
use super::common::*;
use crate::report::{ELSEWHERE, Report, State};

/// Of each state so many moments are tried.
const MOMENTS: usize = 2;

/// So many sessions may fail after a fault.
const TRIES: usize = 3;

const SLOW: u32 = 115_200;
const FAST: u32 = 460_800;

/// A module that takes its time, so that each state lasts, and that runs already, so that the driver has to restart it.
fn slow_bench(fault: Option<Fault>) -> Bench {
    let network = world();
    // Connects take their time, and answers come while the next data goes out.
    network.set_latency(Time::from_millis(12));
    let neighbours = (0..6).map(|number| AccessPoint::new(format!("neighbour {number}"), "secret password").rssi(-80));
    let builder = neighbours.fold(builder(&network), |builder, point| builder.access_point(point));
    let builder = builder.baud(Some(SLOW)).with_latency(|latency| {
        latency.command = Time::from_millis(4);
        latency.prompt = Time::from_millis(6);
        latency.send = Time::from_millis(10);
        latency.scan = Time::from_millis(300);
    });
    // Heads of the old form are older than the peer in them.
    let mut module = builder
        .with_variant(|variant| variant.peer_in_receive_data &= fault != Some(Fault::OldReadHeader))
        .build();
    let booted = Time::from_secs(2);
    module.poll(booted);
    module.drain(booted);
    Bench::on(Line::new(module).with_quantum(Time::from_millis(1)).with_offset(booted), network)
}

/// All that a driver can do, and what wants some of it at once.
async fn everything(bench: &Bench, (control, stack): Handles<'_>) -> Result<(), Failed> {
    let failed = |what: &str, error: &dyn core::fmt::Debug| format!("{what}: {error:?}");
    control.wait_until_ready().await.map_err(|error| failed("bring-up", &error))?;
    let join = control.wifi().join(SSID, JoinOptions::new(PASSWORD)).await;
    join.map_err(|error| failed("join", &error))?;
    duplex(bench, stack).await?;
    let listener = TcpListener::bind(stack, PORT).await.map_err(|error| failed("listen", &error))?;
    crossing(bench, stack, &listener).await?;
    drop(listener);
    bench.attempt((control, stack)).await
}

/// What is written comes back while more is written; and a reader waits while nothing happens.
async fn duplex(bench: &Bench, stack: wifi_at::Stack<'_>) -> Result<(), Failed> {
    let mut socket = TcpSocket::connect(stack, echo_server()).await.map_err(|error| format!("connect: {error:?}"))?;
    let data = nasty(900);
    for part in data.chunks(300) {
        bench.write("duplex", &mut socket, part).await?;
    }
    bench.read("duplex", &mut socket, &data).await?;
    match with_timeout(Duration::from_millis(2200), socket.read(&mut [0; 9])).await {
        Err(_) => {}
        Ok(Ok(_)) if bench.damaged => {}
        Ok(Ok(count)) if count > 0 => panic!("duplex: {count} bytes too many"),
        Ok(end) => return Err(format!("duplex: {end:?} while nothing happens")),
    }
    bench.write("duplex", &mut socket, b"again").await?;
    bench.read("duplex", &mut socket, b"again").await
}

/// A client comes while a connect is under way.
async fn crossing(bench: &Bench, stack: wifi_at::Stack<'_>, listener: &TcpListener<'_>) -> Result<(), Failed> {
    let own = async {
        let mut socket = TcpSocket::connect(stack, echo_server()).await.map_err(|error| format!("connect: {error:?}"))?;
        bench.write("own", &mut socket, b"own").await?;
        bench.read("own", &mut socket, b"own").await
    };
    let client = async {
        // Once the command is in the module; or not at all, for some faults.
        let connects = |module: &mut Simulator| {
            let last = module.commands().last().is_some_and(|command| command.line.starts_with("AT+CIPSTART"));
            last && module.activity() == Activity::Busy
        };
        for _ in 0..3000 {
            if bench.line.with(|module, _| connects(module)) {
                break;
            }
            Timer::after(Duration::from_millis(1)).await;
        }
        // The module has begun to connect.
        Timer::after(Duration::from_millis(8)).await;
        let number = 1000 + *bench.next_client.borrow();
        *bench.next_client.borrow_mut() += 1;
        let client = bench.network.connect_to_module(client_address(number), PORT).ok_or("server: not reached")?;
        bench.network.push(client, b"theirs");
        let accepted = with_timeout(PATIENCE, listener.accept()).await;
        let accepted = accepted.map_err(|_| "accept: nobody came".to_string())?;
        let (mut socket, _) = accepted.map_err(|error| format!("accept: {error:?}"))?;
        bench.read("theirs", &mut socket, b"theirs").await
    };
    let both = with_timeout(Duration::from_secs(300), embassy_futures::join::join(own, client)).await;
    let (own, client): (Result<(), Failed>, Result<(), Failed>) = both.unwrap_or_else(|_| panic!("it hangs"));
    own.and(client)
}

fn state(module: &Simulator) -> State {
    let last = module.commands().last().map_or("", |command| command.line.as_str());
    let is_up = module.commands().iter().any(|command| command.line.starts_with("AT+CWMODE"));
    let output = module.pending_output();
    match module.activity() {
        _ if !is_up => State::BringUp,
        Activity::Joining => State::Joining,
        Activity::BeforePrompt => State::Prompt,
        Activity::TakingData => State::Sending,
        Activity::Sending => State::Confirm,
        Activity::Idle if last.starts_with("AT+CWLAP") && output > 0 => State::List,
        Activity::Idle if output > 60 => State::Receiving,
        Activity::Idle => State::Idle,
        _ => State::Command,
    }
}

/// A port whose rate can be set.
fn set(port: &mut Line<Simulator>, rate: u32) -> Result<(), UnsupportedRate> {
    port.with(|module, now| module.set_host_baud(now, Some(rate)));
    Ok(())
}

/// Runs `test` beside the driver with what the fault needs: the reset pin where nothing else helps, another baud rate where
/// it is about that.
fn drive<T>(bench: &Bench, fault: Option<Fault>, test: impl AsyncFnOnce(Handles<'_>) -> T) -> T {
    let line = &bench.line;
    let resources = &mut Resources::<5, 1024, 512>::new();
    match fault {
        Some(Fault::Silent) => with_reset_pin(line, Config::default(), test),
        Some(Fault::BaudLost | Fault::OkCut) => run(line, async {
            line.with(|module, now| module.set_host_baud(now, Some(SLOW)));
            let rates = Rates::new(SLOW).raised_to(FAST);
            let serial = Split::new(line.clone(), line.clone()).with_line(rates, set);
            let mut parts = wifi_at::new::<super::Subject, _, _, _>(serial, Pins::none(), resources, Config::default());
            match select(parts.runner.run(), test((parts.control, parts.stack))).await {
                Either::First(_) => panic!("the runner ended"),
                Either::Second(output) => output,
            }
        }),
        _ => with_driver(line, test),
    }
}

/// When a state lasted, from and to, each time.
type Spans = BTreeMap<State, Vec<(Time, Time)>>;

fn note(spans: &mut Spans, last: Option<State>, state: State, now: Time) {
    let spans = spans.entry(state).or_default();
    match spans.last_mut() {
        Some((_, end)) if last == Some(state) => *end = now,
        _ => spans.push((now, now)),
    }
}

/// Up to [`MOMENTS`] moments of each state in a session, in the middle of where it lasts, in order of time.
fn moments(fault: Option<Fault>) -> Vec<Time> {
    let bench = slow_bench(fault);
    let spans = RefCell::new(Spans::new());
    let watch = async {
        let mut last = None;
        loop {
            let (now, state) = bench.line.with(|module, now| {
                module.poll(now);
                (now, state(module))
            });
            note(&mut spans.borrow_mut(), last.replace(state), state, now);
            Timer::after(Duration::from_millis(1)).await;
        }
    };
    drive(&bench, fault, async |handles| match select(everything(&bench, handles), watch).await {
        Either::First(result) => assert_eq!(result, Ok(()), "without a fault"),
        Either::Second(()) => {}
    });
    let mut moments = Vec::new();
    for spans in spans.into_inner().into_values() {
        let count = spans.len().min(MOMENTS);
        for number in 0..count {
            // The first, the last, and some between them.
            let (start, end) = spans[number * (spans.len() - 1) / (count.max(2) - 1)];
            moments.push(start + (end - start) / 2);
        }
        // What lasts for long once is looked at more often.
        if let [(start, end)] = spans[..] {
            let parts = MOMENTS as u32 + 1;
            moments.extend((1..parts).map(|part| start + (end - start) / parts * part));
        }
    }
    moments.sort();
    moments.dedup();
    moments
}

/// Whether the fault may change what a socket reads without anybody being able to tell.
fn damages(fault: Fault) -> bool {
    let inside = Fault::Reset(ResetMoment::Payload);
    matches!(fault, Fault::LostByte | Fault::FlippedByte | Fault::NulFlood | Fault::ControlWords) || fault == inside
}

/// What one session has shown.
struct Outcome {
    state: State,
    /// When the fault came, if it did.
    shown: Option<Time>,
}

/// A session with a fault that is due from `at` on, and others until it works.
fn session(fault: Fault, at: Time) -> Outcome {
    let bench = Bench { damaged: damages(fault), ..slow_bench(Some(fault)) };
    let found = Cell::new(None);
    let shown = drive(&bench, Some(fault), async |handles| {
        let inject = async {
            let now = bench.line.with(|_, now| now);
            Timer::after(Duration::from_micros(at.saturating_sub(now).as_micros() as u64)).await;
            found.set(Some(bench.line.with(|module, now| {
                module.poll(now);
                state(module)
            })));
            bench.inject(fault, When::Next);
            core::future::pending::<()>().await;
        };
        let sessions = async {
            let mut failures = Vec::new();
            while let Err(failed) = everything(&bench, handles).await {
                failures.push(failed);
                if fault == Fault::DeafWhileSending {
                    // Nothing tells a module that receives nothing from peers that send nothing: row B10.
                    handles.0.recover();
                }
                assert!(failures.len() <= TRIES, "{failures:?}");
                Timer::after(Duration::from_secs(1)).await;
            }
            // A fault at the very end of the session.
            let mut again = Ok(());
            for _ in 0..=TRIES {
                again = bench.echoes(handles.1).await;
                if again.is_ok() {
                    break;
                }
                failures.push(again.clone().unwrap_err());
                if fault == Fault::DeafWhileSending {
                    handles.0.recover();
                }
                let joined = handles.0.wifi().is_connected();
                if !joined {
                    again = bench.attempt(handles).await;
                }
            }
            assert_eq!(again, Ok(()), "after {failures:?}");
        };
        match select(sessions, inject).await {
            Either::First(()) | Either::Second(()) => {}
        }
        bench.line.with(|module, _| module.shown_faults().first().map(|shown| shown.at))
    });
    Outcome { state: found.get().unwrap_or(State::Idle), shown }
}

/// Every fault that this dialect can show.
pub(crate) fn sweep() -> Report {
    let mut report =
        Report { dialect: MODULE, runs: 0, same: 0, shown: BTreeMap::new(), failures: Vec::new() };
    let plain = moments(None);
    for &fault in Fault::ALL {
        if !fault.applies_to(MODULE) || ELSEWHERE.iter().any(|(other, _)| *other == fault) {
            continue;
        }
        let own = matches!(fault, Fault::Silent | Fault::BaudLost | Fault::OkCut).then(|| moments(Some(fault)));
        let mut last_shown = Time::ZERO;
        for &at in own.as_ref().unwrap_or(&plain) {
            // Until the fault came, that session was the same as this one would be.
            if at <= last_shown {
                report.same += 1;
                continue;
            }
            match catch_unwind(AssertUnwindSafe(|| session(fault, at))) {
                Ok(Outcome { state, shown: Some(shown) }) => {
                    report.runs += 1;
                    last_shown = shown;
                    report.shown.entry(fault.name()).or_default().insert(state);
                }
                // Nor will it come later.
                Ok(Outcome { shown: None, .. }) => break,
                Err(panic) => {
                    let text = panic.downcast_ref::<String>().map_or("?", String::as_str);
                    report.failures.push(format!("{MODULE:?}: {fault} at {at:?}: {text}"));
                }
            }
        }
    }
    report
}
