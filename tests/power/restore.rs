//! Factory settings, and the baud rate that they bring.

use super::common::*;
use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Timer};
use wifi_at::command::CommandError;
use wifi_at::command::wifi::QueryWifiMode;
use wifi_at::net::tcp;
use wifi_at::power::RestoreError;
use wifi_at::serial::{Line as Rates, Split, UnsupportedRate};
use wifi_at::wifi::{JoinOptions, RejoinPolicy};
use wifi_at::{Config, Event, EventMask, NotReady, Pins, ResetCause, Resources};
use wifi_at_simulator::{Action, Fault, Point, Simulator, When};
use wifi_at_support::virtual_time::{Line, drop_after, run};

fn echo_module() -> Line<Simulator> {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    module(&network)
}

#[test]
fn it_ends_when_the_module_is_up_again() {
    let line = echo_module();
    with_driver(&line, async |(control, stack)| {
        let wifi = control.wifi();
        let stay = wifi.stay_joined(SSID, JoinOptions::new(PASSWORD), RejoinPolicy::new());
        let test = async {
            wifi.wait_for_address().await;
            let mut socket = connect(stack).await;
            let mut events = control.events().only(EventMask::MODULE);
            control.power().restore().await.unwrap();
            assert_eq!(events.next().await, Ok(Event::ModuleReset));
            assert_eq!(events.next().await, Ok(Event::ModuleReady), "it is up when the future ends");
            assert_eq!(control.last_reset(), Some(ResetCause::Requested));
            assert_eq!(socket.read(&mut [0; 8]).await, Err(tcp::Error::ConnectionReset));
            assert_eq!(socket.read(&mut [0; 8]).await, Err(tcp::Error::NotConnected));
            wifi.wait_for_address().await;
            echo(stack).await;
        };
        match select(stay, test).await {
            Either::First(result) => panic!("it does not stay: {result:?}"),
            Either::Second(()) => {}
        }
        // What the driver has set does not come from the flash.
        let commands = line.with(|module, _| module.commands().to_vec());
        let after = commands.iter().rposition(|command| command.line == "AT+RESTORE").unwrap();
        assert!(commands[after..].iter().any(|command| command.line == "AT+CIPMUX=1"));
    });
}

#[test]
fn its_errors() {
    let line = echo_module();
    with_driver(&line, async |(control, stack)| {
        control.wait_until_ready().await.unwrap();
        let refuse = Action::Replace(b"\r\nERROR\r\n".to_vec());
        line.with(|module, _| module.on(Point::Answer("RESTORE".into()), refuse));
        let error = control.power().restore().await;
        assert!(matches!(error, Err(RestoreError::Command(CommandError::Refused(_)))), "{error:?}");
        assert_eq!(control.counters().requested_resets, 0);
        // It restarts, and is never seen again.
        let accept = Action::Replace(b"\r\nOK\r\n".to_vec());
        line.with(|module, _| module.on(Point::Answer("RESTORE".into()), accept));
        let silence = async {
            while control.counters().requested_resets == 0 {
                Timer::after(Duration::from_millis(1)).await;
            }
            line.with(|module, _| module.inject_fault(Fault::Silent, When::Next).unwrap());
        };
        let (error, ()) = embassy_futures::join::join(control.power().restore(), silence).await;
        assert_eq!(error, Err(RestoreError::NotReady(NotReady::Silent)));
        line.with(|module, now| module.reset(now));
        while control.send(&QueryWifiMode).await.is_err() {}
        join(control).await;
        echo(stack).await;
    });
}

const FACTORY: u32 = 115_200;
const FAST: u32 = 921_600;

/// A port whose rate can be set.
fn set(port: &mut Line<Simulator>, rate: u32) -> Result<(), UnsupportedRate> {
    port.with(|module, now| module.set_host_baud(now, Some(rate)));
    Ok(())
}

/// A module whose flash holds a rate of its own.
fn module_at(rate: u32) -> Line<Simulator> {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let mut module = builder(&network).baud(Some(FACTORY)).build();
    let mut time = core::time::Duration::ZERO;
    let mut pass = |module: &mut Simulator, bytes: &[u8]| {
        module.receive(time, bytes);
        for _ in 0..1000 {
            time += core::time::Duration::from_millis(1);
            module.poll(time);
        }
        module.drain(time);
    };
    pass(&mut module, b"");
    pass(&mut module, format!("AT+UART_DEF={rate},8,1,0,0\r\n").as_bytes());
    assert_eq!(module.baud(), rate);
    module.set_host_baud(time, Some(rate));
    Line::new(module).with_quantum(core::time::Duration::from_micros(200)).with_offset(time)
}

#[test]
fn the_rate_falls_and_is_found_and_raised() {
    for (kept, wanted) in [(FAST, FAST), (230_400, FAST), (FACTORY, FAST), (FAST, FACTORY)] {
        // Also where the firmware keeps its rate, as later ones of the WizFi360 do.
        for keeps in [false, true] {
            let line = module_at(kept);
            run(&line, async {
                let resources = &mut Resources::<2, 1024, 512>::new();
                let rates = Rates::new(kept).raised_to(wanted);
                let serial = Split::new(line.clone(), line.clone()).with_line(rates, set);
                let mut config = Config::default();
                config.retry_interval = Duration::from_millis(100);
                let mut parts = wifi_at::new::<super::Subject, _, _, _>(serial, Pins::none(), resources, config);
                let (control, stack) = (parts.control, parts.stack);
                let test = async {
                    control.wait_until_ready().await.unwrap();
                    assert_eq!(line.with(|module, _| module.baud()), wanted);
                    if keeps {
                        let restart = Action::Restart(0, Vec::new());
                        line.with(|module, _| {
                            module.on(Point::Answer("RESTORE".into()), Action::Before(b"\r\nOK\r\n".to_vec()));
                            module.on(Point::Answer("RESTORE".into()), restart);
                        });
                    }
                    for _ in 0..2 {
                        control.power().restore().await.unwrap();
                        assert_eq!(line.with(|module, _| module.baud()), wanted);
                        assert_eq!(control.baud_rate(), Some(wanted));
                        // The next restart finds it as well, and sooner.
                        control.recover();
                        control.wait_until_ready().await.unwrap();
                        join(control).await;
                        echo(stack).await;
                    }
                };
                match select(parts.runner.run(), test).await {
                    Either::First(_) => panic!("the runner ended"),
                    Either::Second(()) => {}
                }
            });
        }
    }
}

/// Wherever the future is dropped, the driver sets the module up.
#[test]
fn dropped_at_any_poll() {
    let (mut polls, mut finished, mut restored) = (1, false, 0);
    while !finished {
        let line = echo_module();
        with_driver(&line, async |(control, stack)| {
            join(control).await;
            finished = drop_after(polls, control.power().restore()).await.is_some();
            control.send(&QueryWifiMode).await.ok();
            control.send(&QueryWifiMode).await.unwrap();
            restored += control.counters().requested_resets;
            join(control).await;
            echo(stack).await;
        });
        polls += 1;
        assert!(polls < 100);
    }
    assert!(polls > 3 && restored > 1, "{polls} {restored}");
}
