//! atat 0.25: its `Ingress` and its client as they are, and the best digester that goes with them.
//!
//! atat's own digester cannot take these frames: it ends an answer at the first `OK` line in the payload. This one counts
//! payload and puts it into a queue as it comes, so that the ingress's buffer need not hold a frame.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io::Read;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use atat::asynch::{AtatClient, Client};
use atat::{
    AtatCmd, AtatIngress, AtatResp, AtatUrc, Config, DigestResult, Digester, Error, Ingress, InternalError,
    ResponseSlot, UrcChannel,
};
use embassy_futures::select::{Either, select};
use embedded_io_async::ErrorType;
use wifi_at_virtual_time::run;

use super::port::Port;
use super::{FRAME, Mode, READ, RING};

/// What the user reads from.
struct Queue {
    bytes: VecDeque<u8>,
    user: Option<Waker>,
    reader: Option<Waker>,
}

/// The port, which is not read while the queue may have no room for what comes: the ingress itself would drop it.
struct Held {
    port: Port,
    queue: Rc<RefCell<Queue>>,
}

impl ErrorType for Held {
    type Error = Infallible;
}

impl embedded_io_async::Read for Held {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|context| {
            let mut queue = self.queue.borrow_mut();
            if queue.bytes.len() + READ <= RING {
                return Poll::Ready(());
            }
            queue.reader = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
        embedded_io_async::Read::read(&mut self.port, buffer).await
    }
}

/// Longest line that is told apart.
const LONGEST: usize = 64;

struct Counting {
    queue: Rc<RefCell<Queue>>,
    /// Bytes of payload still to come.
    left: usize,
}

/// The count at the end of the head of payload, and the head's length. `None` while it is not whole.
fn head(line: &[u8]) -> Option<(usize, usize)> {
    let end = if line.starts_with(b"+IPD,") { b':' } else { b',' };
    let from = line.iter().position(|&byte| byte == b':' || byte == b',')? + 1;
    let at = from + line[from..].iter().position(|&byte| byte == end)?;
    // Of `+IPD`, the link stands in front of the count.
    let digits = line[from..at].rsplit(|&byte| byte == b',').next()?;
    let count = digits.iter().fold(0, |count, digit| count * 10 + usize::from(digit - b'0'));
    Some((count, at + 1))
}

impl Digester for Counting {
    fn digest<'a>(&mut self, buffer: &'a [u8]) -> (DigestResult<'a>, usize) {
        if self.left > 0 {
            let count = self.left.min(buffer.len());
            self.left -= count;
            let mut queue = self.queue.borrow_mut();
            queue.bytes.extend(&buffer[..count]);
            if let Some(user) = queue.user.take() {
                user.wake();
            }
            return (DigestResult::None, count);
        }
        let start = buffer.iter().take_while(|&&byte| byte == b'\r' || byte == b'\n').count();
        if start > 0 {
            return (DigestResult::None, start);
        }
        let mark = buffer.iter().take(LONGEST).position(|&byte| byte == b':' || byte == b'\r');
        let Some(mark) = mark else { return (DigestResult::None, 0) };
        let counted = buffer[mark] == b':' && (buffer.starts_with(b"+IPD,") || buffer.starts_with(b"+CIPRECVDATA"));
        if counted {
            let Some((count, length)) = head(buffer) else { return (DigestResult::None, 0) };
            self.left = count;
            return (DigestResult::None, length);
        }
        if &buffer[..mark] == b"OK" {
            return (DigestResult::Response(Ok(&[])), mark);
        }
        (DigestResult::Urc(&buffer[..mark]), mark)
    }
}

#[derive(Clone)]
struct NoUrc;

impl AtatUrc for NoUrc {
    fn parse(_: &[u8]) -> Option<Self> {
        None
    }
}

/// A command of which only the end matters.
struct Line(&'static str);

struct Done;

impl AtatResp for Done {}

impl AtatCmd for Line {
    type Response = Done;

    fn write(&self, buffer: &mut [u8]) -> usize {
        buffer[..self.0.len()].copy_from_slice(self.0.as_bytes());
        self.0.len()
    }

    fn parse(&self, response: Result<&[u8], InternalError<'_>>) -> Result<Done, Error> {
        response.map(|_| Done).map_err(Error::from)
    }
}

pub(super) fn receive(mode: Mode, slice: usize, frames: usize, mut look: impl FnMut(&[u8])) -> Duration {
    let port = Port::new(mode, slice);
    let queue = Rc::new(RefCell::new(Queue { bytes: VecDeque::with_capacity(RING), user: None, reader: None }));
    let answers = ResponseSlot::<64>::new();
    let channel = UrcChannel::<NoUrc, 1, 1>::new();
    let mut buffer = vec![0; READ];
    let digester = Counting { queue: Rc::clone(&queue), left: 0 };
    let mut ingress = Ingress::new(digester, &mut buffer, &answers, &channel);
    let mut command = [0; 64];
    // Without its pause between commands: what counts is the work.
    let config = Config::new().cmd_cooldown(embassy_time::Duration::from_ticks(0));
    let mut client = Client::new(port.clone(), &answers, &mut command, config);
    let received = run(async {
        let user = async {
            let amount = frames * FRAME;
            let mut buffer = [0; READ];
            client.send(&Line("ATE0\r\n")).await.expect("an answer");
            let start = Instant::now();
            port.begin(frames);
            let mut received = 0;
            while received < amount {
                let waiting = queue.borrow().bytes.len();
                if waiting == 0 && mode == Mode::Passive {
                    client.send(&Line("AT+CIPRECVDATA=0,2048\r\n")).await.expect("an answer");
                }
                let count = read(&queue, &mut buffer).await.expect("no failure");
                look(&buffer[..count]);
                received += count;
            }
            start.elapsed()
        };
        match select(ingress.read_from(Held { port: port.clone(), queue: Rc::clone(&queue) }), user).await {
            Either::First(never) => never,
            Either::Second(time) => time,
        }
    });
    received.unwrap_or_else(|stalled| panic!("{stalled}"))
}

async fn read(queue: &RefCell<Queue>, buffer: &mut [u8]) -> Result<usize, Infallible> {
    poll_fn(|context| {
        let mut queue = queue.borrow_mut();
        match queue.bytes.read(buffer) {
            Ok(count) if count > 0 => {
                if let Some(reader) = queue.reader.take() {
                    reader.wake();
                }
                Poll::Ready(Ok(count))
            }
            _ => {
                queue.user = Some(context.waker().clone());
                Poll::Pending
            }
        }
    })
    .await
}
