//! A device behind a line that loses, changes and invents bytes.

use std::collections::VecDeque;
use std::time::Duration;

use wifi_at_support::device::Device;

/// What modules say, so that a fuzzer need not find it byte by byte.
const WORDS: [&[u8]; 24] = [
    b"\r\n",
    b"\r\nOK\r\n",
    b"\r\nERROR\r\n",
    b"FAIL\r\n",
    b">",
    b"> ",
    b"busy p...\r\n",
    b"\r\nready\r\n",
    b"SEND OK\r\n",
    b"SEND FAIL\r\n",
    b"Recv 5 bytes\r\n",
    b"0,CONNECT\r\n",
    b"0,CLOSED\r\n",
    b"1,CLOSED\r\n",
    b"+IPD,0,5\r\n",
    b"+IPD,0,5:",
    b"+IPD,1,2000:",
    b"+CIPRECVDATA:9,\"10.0.0.1\",80,",
    b"+CIPRECVLEN:5,0,-1,0,0\r\n",
    b"+CIPSTATE:0,\"TCP\",\"10.0.0.1\",80,1,0\r\n",
    b"WIFI DISCONNECT\r\n",
    b"WIFI GOT IP\r\n",
    b"+LINK_CONN:0,0,\"TCP\",0,\"10.0.0.1\",80,1\r\n",
    b"ets Jan  8 2013,rst cause:4, boot mode:(3,6)\r\n\xf8\x00",
];

/// Reads the noise: after so many good bytes, one disturbance.
struct Plan<'d> {
    data: &'d [u8],
    /// Bytes are only lost. A command that became another one by a changed digit would be right for the module, and no
    /// driver can know.
    only_losses: bool,
    /// Good bytes until the next one.
    good: usize,
}

enum Disturbance<'d> {
    Drop(usize),
    Flip(u8),
    Insert(&'d [u8]),
}

impl<'d> Plan<'d> {
    fn new(data: &'d [u8], only_losses: bool) -> Self {
        let mut plan = Self { data, only_losses, good: 0 };
        plan.good = plan.byte().map_or(usize::MAX, usize::from);
        plan
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.data.split_first()?;
        self.data = rest;
        Some(first)
    }

    fn next(&mut self) -> Option<Disturbance<'d>> {
        let disturbance = match self.byte()? {
            kind if self.only_losses => Disturbance::Drop(1 + usize::from(kind % 16)),
            kind @ 0..64 => Disturbance::Drop(1 + usize::from(kind % 16)),
            kind @ 64..96 => Disturbance::Flip(1 << (kind % 8)),
            kind @ 96..192 => Disturbance::Insert(WORDS[usize::from(kind - 96) % WORDS.len()]),
            kind => {
                let (bytes, rest) = self.data.split_at(usize::from(kind - 191).min(self.data.len()));
                self.data = rest;
                Disturbance::Insert(bytes)
            }
        };
        self.good = self.byte().map_or(usize::MAX, usize::from);
        Some(disturbance)
    }

    /// Passes `bytes` on, disturbed.
    fn apply(&mut self, bytes: &[u8], out: &mut VecDeque<u8>) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let good = self.good.min(rest.len());
            out.extend(&rest[..good]);
            rest = &rest[good..];
            self.good -= if self.good == usize::MAX { 0 } else { good };
            if rest.is_empty() {
                break;
            }
            match self.next() {
                None => self.good = usize::MAX,
                Some(Disturbance::Drop(count)) => rest = &rest[count.min(rest.len())..],
                Some(Disturbance::Flip(bits)) => {
                    out.push_back(rest[0] ^ bits);
                    rest = &rest[1..];
                }
                Some(Disturbance::Insert(bytes)) => out.extend(bytes),
            }
        }
    }
}

/// With `WIFI_AT_FUZZ_TRACE` set, what was sent and what arrived is shown.
fn trace(now: Duration, mark: &str, sent: &[u8], arrived: &[u8]) {
    if std::env::var_os("WIFI_AT_FUZZ_TRACE").is_none() {
        return;
    }
    let became = if sent == arrived { String::new() } else { format!("  =>  {}", arrived.escape_ascii()) };
    eprintln!("{:10.3} {mark} {}{became}", now.as_secs_f64(), sent.escape_ascii());
}

/// A device behind a line with noise on both of its wires. There is as much of it as the data gives, then silence.
pub(crate) struct Noisy<'d, D> {
    pub(crate) device: D,
    to_host: Plan<'d>,
    from_host: Plan<'d>,
    waiting: VecDeque<u8>,
}

impl<'d, D> Noisy<'d, D> {
    /// Three quarters of the noise are on the way to the host, whose driver is what is tested.
    pub(crate) fn new(device: D, data: &'d [u8]) -> Self {
        let (to_host, from_host) = data.split_at(data.len() - data.len() / 4);
        let (to_host, from_host) = (Plan::new(to_host, false), Plan::new(from_host, true));
        Self { device, to_host, from_host, waiting: VecDeque::new() }
    }

    /// From now on the line is good.
    pub(crate) fn end(&mut self) {
        (self.to_host, self.from_host) = (Plan::new(&[], false), Plan::new(&[], true));
    }
}

impl<D: Device> Device for Noisy<'_, D> {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        let mut disturbed = VecDeque::new();
        self.from_host.apply(bytes, &mut disturbed);
        trace(now, ">>", bytes, disturbed.make_contiguous());
        self.device.receive(now, disturbed.make_contiguous());
    }

    fn poll(&mut self, now: Duration) {
        self.device.poll(now);
    }

    fn transmit(&mut self, now: Duration, out: &mut [u8]) -> usize {
        let mut good = [0; 64];
        while self.waiting.is_empty() {
            let limit = out.len().min(good.len());
            match self.device.transmit(now, &mut good[..limit]) {
                0 => return 0,
                count => {
                    self.to_host.apply(&good[..count], &mut self.waiting);
                    trace(now, "<<", &good[..count], self.waiting.make_contiguous());
                }
            }
        }
        let count = out.len().min(self.waiting.len());
        for (place, byte) in out.iter_mut().zip(self.waiting.drain(..count)) {
            *place = byte;
        }
        count
    }

    fn next_wake(&self) -> Option<Duration> {
        if self.waiting.is_empty() { self.device.next_wake() } else { Some(Duration::ZERO) }
    }
}
