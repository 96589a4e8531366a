use std::cell::Cell;
use std::rc::Rc;

use embassy_futures::select::{Either, select};
use embassy_time::Duration;
use embedded_io_async::{Read, Write};
use wifi_at::command::basic::FlowControl;
use wifi_at::serial::{Line as Rates, LineError, Split, UnsupportedRate, fixed_rate};
use wifi_at::{Config, Event, Pins, Resources};
use wifi_at_simulator::{Builder, Dialect, Fault, Simulator, When};
use wifi_at_support::virtual_time::{Line, now, run};

use super::MODULE;
use super::common::*;

const SLOW: u32 = 115_200;
const FAST: u32 = 921_600;
/// What no module of any dialect refuses, but the port below does.
const UNSUPPORTED: u32 = 1_500_000;

fn paced() -> Builder {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    builder(&network).baud(Some(SLOW))
}

fn line(builder: Builder) -> Line<Simulator> {
    Line::new(builder.build()).with_quantum(std::time::Duration::from_micros(200))
}

/// A port whose rate can be set.
fn set(port: &mut Line<Simulator>, rate: u32) -> Result<(), UnsupportedRate> {
    if rate == UNSUPPORTED {
        return Err(UnsupportedRate);
    }
    port.with(|module, now| module.set_host_baud(now, Some(rate)));
    Ok(())
}

fn module_rate(line: &Line<Simulator>) -> u32 {
    line.with(|module, _| module.baud())
}

/// Runs `test` beside the driver, whose port begins at the low rate and can be set by `set`.
async fn drive<T>(
    line: &Line<Simulator>,
    rates: Rates,
    set: impl FnMut(&mut Line<Simulator>, u32) -> Result<(), UnsupportedRate>,
    test: impl AsyncFnOnce(Handles<'_>) -> T,
) -> T {
    line.with(|module, now| module.set_host_baud(now, Some(SLOW)));
    let resources = &mut Resources::<2, 1024, 512>::new();
    let serial = Split::new(line.clone(), line.clone()).with_line(rates, set);
    let mut config = Config::default();
    config.retry_interval = Duration::from_millis(100);
    let mut parts = wifi_at::new::<super::Subject, _, _, _>(serial, Pins::none(), resources, config);
    match select(parts.runner.run(), test((parts.control, parts.stack))).await {
        Either::First(error) => panic!("the runner ended: {error:?}"),
        Either::Second(output) => output,
    }
}

fn with_rates<T>(
    line: &Line<Simulator>,
    rates: Rates,
    set: impl FnMut(&mut Line<Simulator>, u32) -> Result<(), UnsupportedRate>,
    test: impl AsyncFnOnce(Handles<'_>) -> T,
) -> T {
    run(line, drive(line, rates, set, test))
}

/// Echoes so many bytes, and gives how long that took.
async fn echo((control, stack): Handles<'_>, bytes: usize) -> std::time::Duration {
    join(control).await;
    let mut socket = connect(stack).await;
    let data = nasty(bytes);
    let start = now();
    let (mut reader, mut writer) = socket.split();
    let send = async {
        let mut rest = &data[..];
        while !rest.is_empty() {
            rest = &rest[writer.write(rest).await.unwrap()..];
        }
    };
    let receive = async {
        let mut got = Vec::new();
        let mut buffer = [0; 500];
        while got.len() < data.len() {
            let count = reader.read(&mut buffer).await.unwrap();
            got.extend_from_slice(&buffer[..count]);
        }
        assert!(got == data, "the data is damaged");
    };
    embassy_futures::join::join(send, receive).await;
    now() - start
}

#[test]
fn the_rate_is_raised_before_the_module_is_ready() {
    let line = line(paced());
    with_rates(&line, Rates::new(SLOW).raised_to(FAST), set, async |handles| {
        handles.0.wait_until_ready().await.unwrap();
        assert_eq!((module_rate(&line), handles.0.baud_rate()), (FAST, Some(FAST)));
        let time = echo(handles, 6000).await;
        // The payload alone would take 0.52 s at the old rate.
        assert!(time < std::time::Duration::from_millis(450), "{time:?}");
        assert_eq!(handles.0.counters().broken_payloads, 0);
    });
}

#[test]
fn another_rate_at_run_time_and_back() {
    let line = line(paced());
    with_rates(&line, Rates::new(SLOW), set, async |handles| {
        let control = handles.0;
        // Asked for before the module is up, it is part of the bring-up.
        control.set_baud_rate(FAST).await.unwrap();
        assert_eq!(module_rate(&line), FAST);
        control.set_baud_rate(230_400).await.unwrap();
        assert_eq!(module_rate(&line), 230_400);
        echo(handles, 2000).await;
        // The same once more is told, and does no harm.
        control.set_baud_rate(230_400).await.unwrap();
        echo(handles, 2000).await;
    });
}

#[test]
fn what_cannot_be_is_said_and_nothing_changes() {
    let module = line(paced());
    with_rates(&module, Rates::new(SLOW), set, async |handles| {
        let (control, stack) = handles;
        control.wait_until_ready().await.unwrap();
        let mut events = control.events();
        for rate in [0, 79, 5_000_001, u32::MAX] {
            assert_eq!(control.set_baud_rate(rate).await, Err(LineError::Invalid));
        }
        let told = |module: &Line<Simulator>| module.with(|module, _| module.commands().len());
        let before = told(&module);
        assert_eq!(control.set_baud_rate(UNSUPPORTED).await, Err(LineError::UnsupportedByPort));
        assert_eq!(told(&module), before, "the module was told before the port was asked");
        assert_eq!(events.next().await, Ok(Event::BaudRateFailed));
        if MODULE == Dialect::WizFi360 {
            // Not one of its list.
            assert_eq!(control.set_baud_rate(500_000).await, Err(LineError::Refused));
            assert_eq!(module_rate(&module), SLOW);
        }
        join(control).await;
        let socket = connect(stack).await;
        assert_eq!(control.set_baud_rate(FAST).await, Err(LineError::SocketsOpen));
        drop(socket);
        echo(handles, 500).await;
    });
    let line = Line::new(paced().build());
    with_driver(&line, async |(control, _)| {
        assert_eq!(control.set_baud_rate(FAST).await, Err(LineError::FixedLine));
        assert_eq!(control.baud_rate(), None);
    });
}

#[test]
fn a_module_that_restarts_is_found_at_its_first_rate_and_raised_again() {
    let module = line(paced());
    with_rates(&module, Rates::new(SLOW).raised_to(FAST), set, async |handles| {
        let control = handles.0;
        echo(handles, 2000).await;
        module.with(|module, _| module.inject_fault(Fault::BaudLost, When::Next).unwrap());
        let mut events = control.events().only(wifi_at::EventMask::MODULE);
        // Whatever is under way fails, in time; nothing hangs.
        let _ = control.wifi().address().await;
        while events.next().await != Ok(Event::ModuleReady) {}
        assert_eq!(module_rate(&module), FAST);
        echo(handles, 2000).await;
        let counters = control.counters();
        assert_eq!(counters.silences + counters.resets, 1, "{counters:?}");
    });
}

#[test]
fn a_restart_that_the_user_asks_for_leads_back_to_the_high_rate() {
    let module = line(paced());
    with_rates(&module, Rates::new(SLOW).raised_to(FAST), set, async |handles| {
        let control = handles.0;
        control.wait_until_ready().await.unwrap();
        control.send(&wifi_at::command::basic::Restart).await.unwrap();
        control.wait_until_ready().await.unwrap();
        assert_eq!(module_rate(&module), FAST);
        echo(handles, 2000).await;
        control.recover();
        control.wait_until_ready().await.unwrap();
        echo(handles, 2000).await;
    });
}

/// Only the host restarts: the module is still where it was put.
#[test]
fn a_module_at_the_high_rate_is_found() {
    let module = line(paced());
    run(&module, async {
        for _ in 0..3 {
            let rates = Rates::new(SLOW).raised_to(FAST);
            drive(&module, rates, set, async |handles| {
                handles.0.wait_until_ready().await.unwrap();
                echo(handles, 500).await;
            })
            .await;
            assert_eq!(module_rate(&module), FAST);
        }
    });
}

/// Its flash holds the high rate, so that a restart does not lead back to the low one.
#[test]
fn a_module_whose_flash_holds_the_high_rate_is_found() {
    let module = line(paced().baud(Some(FAST)));
    with_rates(&module, Rates::new(SLOW).raised_to(FAST), set, async |handles| {
        handles.0.wait_until_ready().await.unwrap();
        assert_eq!(module_rate(&module), FAST);
        echo(handles, 2000).await;
    });
}

#[test]
fn flow_control_is_told_in_the_firmwares_own_number() {
    let whole = if MODULE == Dialect::WizFi360 { 1 } else { 3 };
    for (flow_control, number) in [(FlowControl::RtsAndCts, Some(whole)), (FlowControl::Cts, (whole > 1).then_some(2))] {
        let module = line(paced().flow_control(true));
        let rates = Rates::new(SLOW).flow_control(flow_control);
        with_rates(&module, rates, fixed_rate, async |handles| {
            handles.0.wait_until_ready().await.unwrap();
            echo(handles, 2000).await;
        });
        let sent = module.with(|module, _| {
            let commands = module.commands();
            commands.iter().rev().find_map(|sent| sent.line.strip_prefix("AT+UART_CUR=").map(String::from))
        });
        assert_eq!(sent, number.map(|number| format!("{SLOW},8,1,0,{number}")), "{flow_control:?}");
    }
}

/// The future that asked is dropped at any point: the line is at one of the two rates, and works.
#[test]
fn a_dropped_request_leaves_no_line_in_between() {
    for polls in 1..8 {
        let module = line(paced());
        let calls = Rc::new(Cell::new(0));
        let counted = {
            let calls = Rc::clone(&calls);
            move |port: &mut Line<Simulator>, rate| {
                calls.set(calls.get() + 1);
                set(port, rate)
            }
        };
        with_rates(&module, Rates::new(SLOW), counted, async |handles| {
            handles.0.wait_until_ready().await.unwrap();
            let request = handles.0.set_baud_rate(FAST);
            let _ = wifi_at_support::virtual_time::drop_after(polls, request).await;
            echo(handles, 200).await;
            assert_eq!(module_rate(&module), FAST, "the wish is not taken back");
        });
        // The trial, back, and for good.
        assert_eq!(calls.get(), 3);
    }
}
