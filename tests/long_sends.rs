//! Writes that are longer than one `AT+CIPSEND`: `AT+CIPSENDL`, and what can go wrong with it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use embassy_futures::join::join_array;
use embassy_futures::select::select;
use embassy_time::{Duration, Timer, with_timeout};
use embedded_io_async::Write;
use wifi_at::dialect::EspAt as Subject;
use wifi_at::net::tcp::{self, TcpSocket};
use wifi_at::{Config, Resources};
use wifi_at_simulator::{Action, Dialect, Hook, Latency, MemoryNetwork, Peer, PeerSocket, Point, Simulator};
use wifi_at_support::virtual_time::Line;

const MODULE: Dialect = Dialect::EspAt;

#[path = "common/mod.rs"]
mod common;

use common::*;

/// The link that the driver takes first.
const FIRST_LINK: u8 = 4;

type Seen = Rc<RefCell<Vec<Vec<u8>>>>;

/// Keeps what each connection gets.
struct Keeper(Seen, usize);

impl Peer for Keeper {
    fn on_data(&mut self, _: &mut PeerSocket, data: &[u8]) {
        self.0.borrow_mut()[self.1].extend_from_slice(data);
    }
}

fn keepers() -> (MemoryNetwork, Seen) {
    let network = network();
    let seen = Seen::default();
    let kept = Rc::clone(&seen);
    network.serve(server(), move || {
        kept.borrow_mut().push(Vec::new());
        Keeper(Rc::clone(&kept), kept.borrow().len() - 1)
    });
    (network, seen)
}

fn paced(network: &MemoryNetwork, rate: u32) -> Line<Simulator> {
    let module = builder(network).latency(Latency::none()).baud(Some(rate)).build();
    // Faster to compute than byte by byte.
    Line::new(module).with_quantum(core::time::Duration::from_micros(500))
}

/// The announced lengths, by command.
fn lengths(line: &Line<Simulator>, name: &str) -> Vec<usize> {
    line.with(|module, _| {
        let commands = module.commands();
        let own = commands.iter().filter_map(|command| command.line.strip_prefix(name));
        own.map(|rest| rest.rsplit(',').next().unwrap().parse().unwrap()).collect()
    })
}

async fn works(socket: &mut TcpSocket<'_>, seen: &Seen, number: usize) {
    let before = seen.borrow()[number].len();
    socket.write_all(b"still here").await.unwrap();
    socket.flush().await.unwrap();
    assert_eq!(&seen.borrow()[number][before..], b"still here");
}

#[test]
fn a_long_write_goes_out_in_few_commands() {
    for rate in [115_200, 3_000_000] {
        let (network, seen) = keepers();
        let line = paced(&network, rate);
        let data = nasty(100_000);
        with_driver(&line, async |(control, stack)| {
            join(control).await;
            let mut socket = connect(stack).await;
            socket.write_all(&data).await.unwrap();
            socket.flush().await.unwrap();
            assert!(seen.borrow()[0] == data);
            works(&mut socket, &seen, 0).await;
            let counters = control.counters();
            assert_eq!((counters.timeouts, counters.stray_results), (0, 0));
        });
        let long = lengths(&line, "AT+CIPSENDL=");
        let longest = if rate == 115_200 { 8192 } else { 65_536 };
        assert!(long.len() < 30 && long.iter().any(|&length| length >= 4096), "{rate}: {long:?}");
        assert!(long.iter().all(|&length| length <= longest), "{rate}: {long:?}");
        assert_eq!(long.iter().sum::<usize>() + lengths(&line, "AT+CIPSEND=").iter().sum::<usize>(), 100_010);
    }
}

#[test]
fn a_write_that_is_given_up_at_any_moment_loses_nothing() {
    let data = nasty(60_000);
    for moment in 0..14 {
        let (network, seen) = keepers();
        let line = paced(&network, 921_600);
        with_driver(&line, async |(control, stack)| {
            join(control).await;
            let mut socket = connect(stack).await;
            let mut other = connect(stack).await;
            let given_up = Duration::from_micros(500 + moment * 46_300);
            let written = with_timeout(given_up, socket.write_all(&data)).await;
            assert!(written.is_err(), "{given_up:?}");
            // What was taken before is sent, and what comes after it follows.
            works(&mut other, &seen, 1).await;
            let end = b"and that is all";
            socket.write_all(end).await.unwrap();
            socket.flush().await.unwrap();
            let seen = seen.borrow();
            let sent = seen[0].strip_suffix(end).unwrap_or_else(|| panic!("{given_up:?}: {}", seen[0].len()));
            assert!(data.starts_with(sent), "{given_up:?}");
            let counters = control.counters();
            assert_eq!((counters.timeouts, counters.resets), (0, 0), "{given_up:?}");
        });
    }
}

#[test]
fn a_writer_that_does_not_run_holds_up_nobody_for_long() {
    let (network, seen) = keepers();
    let line = paced(&network, 921_600);
    let data = nasty(20_000);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut socket = connect(stack).await;
        let mut other = connect(stack).await;
        {
            let mut write = std::pin::pin!(socket.write_all(&data));
            let started = embassy_futures::poll_once(write.as_mut());
            assert!(started.is_pending());
            // It is not polled again for ten seconds.
            let start = embassy_time::Instant::now();
            works(&mut other, &seen, 1).await;
            assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
            Timer::after(Duration::from_secs(10)).await;
            write.await.unwrap();
        }
        socket.flush().await.unwrap();
        assert!(seen.borrow()[0] == data);
    });
}

/// What a long write gives, and its connection's bytes, when `hooks` hit it.
fn with_fault(hooks: &[Hook]) -> (Result<(), tcp::Error>, usize, wifi_at::Counters, Line<Simulator>) {
    let (network, seen) = keepers();
    let line = paced(&network, 921_600);
    let data = nasty(30_000);
    let (result, counters) = with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut socket = connect(stack).await;
        let mut other = connect(stack).await;
        for hook in hooks {
            line.with(|module, _| module.hook(hook.clone()));
        }
        let written = async {
            socket.write_all(&data).await?;
            socket.flush().await
        };
        let result = with_timeout(Duration::from_secs(120), written).await.expect("it hangs");
        line.with(|module, _| assert!(module.pending_hooks().is_empty(), "the fault never came"));
        works(&mut other, &seen, 1).await;
        // And so does a new connection in the place of the one that was lost.
        drop(socket);
        let mut next = connect(stack).await;
        works(&mut next, &seen, 2).await;
        (result, control.counters())
    });
    assert!(data.starts_with(&seen.borrow()[0]));
    let length = seen.borrow()[0].len();
    (result, length, counters, line)
}

#[test]
fn firmware_without_long_sends() {
    let error = || Action::Replace(b"\r\nERROR\r\n".to_vec());
    for command in ["CIPSENDLCFG", "CIPSENDL"] {
        let (result, length, _, line) = with_fault(&[Hook::new(Point::Answer(command.into()), error())]);
        assert_eq!((result, length), (Ok(()), 30_000), "{command}");
        // It is not tried a second time.
        assert!(lengths(&line, "AT+CIPSENDL=").len() <= 1);
        assert!(lengths(&line, "AT+CIPSEND=").len() > 30);
    }
}

#[test]
fn a_lost_prompt() {
    // The one of the send: the first command sets the reports.
    let (result, length, counters, _) = with_fault(&[Hook::new(Point::Prompt, Action::Drop)]);
    assert_eq!((result, length, counters.timeouts), (Ok(()), 30_000, 0));
}

#[test]
fn a_send_that_fails() {
    for word in ["\r\nSEND FAIL\r\n", "\r\nSEND CANCELLED\r\n"] {
        let failed = Hook::new(Point::SendResult, Action::Replace(word.into()));
        let (result, _, counters, _) = with_fault(&[failed]);
        assert_eq!((result, counters.timeouts), (Err(tcp::Error::SendFailed), 0), "{word:?}");
    }
}

#[test]
fn the_link_closes_in_the_middle() {
    let (result, length, counters, _) = with_fault(&[Hook::new(Point::Prompt, Action::CloseLink(FIRST_LINK))]);
    assert!(result.is_err() && length < 30_000, "{result:?} {length}");
    assert_eq!((counters.timeouts, counters.resets), (0, 0));
}

#[test]
fn the_module_restarts_in_the_middle() {
    let data = nasty(60_000);
    for moment in 0..10 {
        let (network, seen) = keepers();
        let line = paced(&network, 921_600);
        with_driver(&line, async |(control, stack)| {
            join(control).await;
            let mut socket = connect(stack).await;
            let restart = async {
                Timer::after(Duration::from_micros(300 + moment * 60_300)).await;
                line.with(|module, now| module.reset(now));
                Timer::after(Duration::from_secs(60)).await;
            };
            let written = async {
                socket.write_all(&data).await?;
                socket.flush().await
            };
            let (result, ()) = embassy_futures::join::join(written, restart).await;
            assert_eq!(result, Err(tcp::Error::ConnectionReset), "moment {moment}");
            assert!(data.starts_with(&seen.borrow()[0]));
            drop(socket);
            control.wait_until_ready().await.unwrap();
            join(control).await;
            let mut next = connect(stack).await;
            works(&mut next, &seen, 1).await;
        });
    }
}

#[test]
fn a_long_write_starves_nobody() {
    let (network, _) = keepers();
    let line = paced(&network, 921_600);
    let mut resources = Box::new(Resources::<5, 512, 4096>::new());
    let written = [const { Cell::new(0_usize) }; 5];
    with_resources(&line, &mut resources, Config::default(), async |(control, stack)| {
        join(control).await;
        let mut sockets = Vec::new();
        for _ in 0..5 {
            sockets.push(connect(stack).await);
        }
        let mut sockets = sockets.into_iter();
        let writers = [0, 1, 2, 3, 4].map(|number| {
            let mut socket = sockets.next().unwrap();
            let written = &written[number];
            let piece = vec![0x55; if number == 0 { 16_384 } else { 2048 }];
            async move {
                loop {
                    socket.write_all(&piece).await.unwrap();
                    written.set(written.get() + piece.len());
                }
            }
        });
        select(join_array(writers), Timer::after(Duration::from_secs(3))).await;
    });
    let all: usize = written.iter().map(Cell::get).sum();
    assert!(all > 240_000, "{all}");
    for (number, written) in written.iter().enumerate() {
        let share = written.get() * 100 / all;
        assert!(share >= 15, "link {number} has {share} % of {all}");
    }
}
