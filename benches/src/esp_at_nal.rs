//! What esp-at-nal 0.5 needs to run beside a device that is polled: `atat` 0.24 and its client as they are.
//!
//! Its client is blocking: it asks the clock in a loop until an interrupt has fed the answer to the ingress. Here the
//! [`Stage`] is that interrupt. It gets its turn where the client asks how long it may wait, and where the adapter asks its
//! timer: each turn lets the world go on a little and polls the ingress.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use atat_024::blocking::{AtatClient, Client};
use atat_024::{AtDigester, AtatCmd, AtatIngress, Config, Error, Ingress, ResponseSlot, UrcChannel};
use embedded_nal::nb;
use esp_at_nal::urc::URCMessages;
use esp_at_nal::wifi::Adapter;
use fugit::{TimerDurationU32, TimerInstantU32};
use wifi_at_virtual_time as clock;

/// Bytes of one `AT+CIPSEND`, and of one `AT+CIPRECVDATA`.
pub(crate) const CHUNK: usize = 2048;

/// An answer with data and some lines.
const ANSWER: usize = CHUNK + 256;
const URCS: usize = 8;

type Urcs = URCMessages<CHUNK>;
type Feed = Ingress<'static, AtDigester<Urcs>, Urcs, ANSWER, URCS, 1>;

/// The adapter over a device.
pub(crate) type Network<D> = Adapter<'static, Waiting<D>, Timer, 1_000_000, CHUNK, CHUNK, URCS>;

/// A device at the other end of the line, and time.
pub(crate) trait Device: Clone + 'static {
    /// The host sends bytes.
    fn write(&self, bytes: &[u8]);
    /// Takes what has come by now.
    fn read(&self, buffer: &mut [u8]) -> usize;
    /// Lets time pass until something happens, at most until `limit` microseconds.
    fn wait(&self, limit: u64);
}

/// What the host's interrupt does.
struct Stage {
    feed: Pin<Box<dyn Future<Output = ()>>>,
    wait: Box<dyn Fn(u64)>,
}

thread_local! {
    static STAGE: RefCell<Option<Stage>> = const { RefCell::new(None) };
}

/// Longest time that a turn takes when nothing happens at all, in microseconds.
const TURN: u64 = 1000;

/// Lets the world go on until something happens, and the ingress take what has come.
pub(crate) fn turn() {
    turn_until(clock::now() + TURN);
}

fn turn_until(limit: u64) {
    STAGE.with_borrow_mut(|stage| {
        let Some(stage) = stage else { return };
        (stage.wait)(limit);
        let mut context = Context::from_waker(Waker::noop());
        let _ = stage.feed.as_mut().poll(&mut context);
    });
}

/// The reading end.
struct Reader<D>(D);

impl<D> embedded_io_06::ErrorType for Reader<D> {
    type Error = Infallible;
}

impl<D: Device> embedded_io_async_06::Read for Reader<D> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|_| match self.0.read(buffer) {
            0 => Poll::Pending,
            count => Poll::Ready(Ok(count)),
        })
        .await
    }
}

/// The writing end.
pub(crate) struct Writer<D> {
    device: D,
    /// When the last byte went out, in microseconds.
    last: Rc<RefCell<u64>>,
}

impl<D> embedded_io_06::ErrorType for Writer<D> {
    type Error = Infallible;
}

impl<D: Device> embedded_io_06::Write for Writer<D> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.device.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        *self.last.borrow_mut() = clock::now();
        Ok(())
    }
}

/// The client, with its pause between commands spent in turns: it would wait for a clock that stands still.
pub(crate) struct Waiting<D: Device> {
    client: Client<'static, Writer<D>, ANSWER>,
    last: Rc<RefCell<u64>>,
    cooldown: u64,
}

impl<D: Device> AtatClient for Waiting<D> {
    fn send<Cmd: AtatCmd>(&mut self, command: &Cmd) -> Result<Cmd::Response, Error> {
        let end = *self.last.borrow() + self.cooldown;
        while clock::now() < end {
            turn_until(end);
        }
        self.client.send(command)
    }
}

/// A timer to ask.
#[derive(Default)]
pub(crate) struct Timer(Option<u64>);

impl fugit_timer::Timer<1_000_000> for Timer {
    type Error = Infallible;

    fn now(&mut self) -> TimerInstantU32<1_000_000> {
        TimerInstantU32::from_ticks(clock::now() as u32)
    }

    fn start(&mut self, duration: TimerDurationU32<1_000_000>) -> Result<(), Infallible> {
        self.0 = Some(clock::now() + u64::from(duration.ticks()));
        Ok(())
    }

    fn cancel(&mut self) -> Result<(), Infallible> {
        self.0 = None;
        Ok(())
    }

    fn wait(&mut self) -> nb::Result<(), Infallible> {
        turn();
        match self.0 {
            Some(end) if clock::now() < end => Err(nb::Error::WouldBlock),
            _ => Ok(()),
        }
    }
}

/// Makes time virtual on this thread for as long as it lives, and drops the stage with it.
pub(crate) struct Session(());

impl Drop for Session {
    fn drop(&mut self) {
        STAGE.with_borrow_mut(|stage| *stage = None);
        clock::set(None);
    }
}

/// Sets the stage, with `cooldown` microseconds between commands. Time starts at `start` microseconds.
///
/// The memory that firmware has in statics is leaked.
#[must_use]
pub(crate) fn start<D: Device>(device: &D, start: u64, cooldown: u64) -> (Session, Network<D>) {
    clock::set(Some(start));
    let session = Session(());
    let answers: &'static ResponseSlot<ANSWER> = Box::leak(Box::new(ResponseSlot::new()));
    let channel: &'static UrcChannel<Urcs, URCS, 1> = Box::leak(Box::new(UrcChannel::new()));
    let mut feed = Feed::new(AtDigester::new(), Box::leak(Box::new([0; ANSWER])), answers, channel);
    let reader = Reader(device.clone());
    let waiting = device.clone();
    let stage = Stage {
        feed: Box::pin(async move { feed.read_from(reader).await }),
        wait: Box::new(move |limit| waiting.wait(limit)),
    };
    STAGE.with_borrow_mut(|place| *place = Some(stage));
    let last = Rc::default();
    let writer = Writer { device: device.clone(), last: Rc::clone(&last) };
    let config = Config::new().cmd_cooldown(embassy_time_04::Duration::from_micros(cooldown)).get_response_timeout(
        |start, timeout| {
            turn();
            start + timeout
        },
    );
    let client = Client::new(writer, answers, Box::leak(Box::new([0; ANSWER])), config);
    let client = Waiting { client, last, cooldown };
    let urcs = channel.subscribe().expect("the one subscriber");
    (session, Adapter::new(client, urcs, Timer::default()))
}
