//! What each fault does, asked for by the module at the places where it can be shown.

use super::{Fault, FaultNotApplicable, Hold, ResetMoment, ShownFault, When};
use crate::command::Reply;
use crate::config::AccessPoint;
use crate::engine::{Job, Mode, Running};
use crate::link::Kind;
use crate::request::{Failure, Reason};
use crate::script::{Action, Point};
use crate::simulator::Simulator;
use core::time::Duration;
use std::net::SocketAddr;

/// Between two bytes of a frame that comes in pieces.
const TRICKLE: Duration = Duration::from_millis(1);
/// How long a prompt or a result waits for data.
const DATA_WAIT: Duration = Duration::from_secs(1);
/// How long a datagram waits for a second one, and `CLOSED` for the next client.
const HOLD: Duration = Duration::from_secs(5);
/// What a busy module's command takes longer.
pub(crate) const LONG_BUSY: Duration = Duration::from_secs(15);
/// How long a module is busy after its boot.
const BUSY_BOOT: Duration = Duration::from_secs(10);
/// When a late result comes at the latest.
const LATE: Duration = Duration::from_secs(20);
/// The greatest frame.
const LONG_FRAME: usize = 16 * 1024;
/// What a TLS record adds to its data.
const RECORD: usize = 29;
/// What a peer sends to confuse parsers.
const WORDS: &[u8] = b"\r\nOK\r\n\r\nERROR\r\n\r\n+IPD,0,5:0,CLOSED\r\n\r\n> SEND OK\r\nready\r\n\0\xff";

/// The public side.
impl Simulator {
    /// Lets the module do something wrong at a certain moment, or at random ones; see [`Fault`] and [`When`].
    ///
    /// # Errors
    /// If this firmware cannot show the fault.
    pub fn inject_fault(&mut self, fault: Fault, when: When) -> Result<(), FaultNotApplicable> {
        fault.check(self.profile)?;
        self.faults.arm(fault, when);
        self.show_spontaneous(false);
        self.restart_if_due();
        Ok(())
    }

    /// Faults that have not been shown, and those that come at random.
    #[must_use]
    pub fn pending_faults(&self) -> Vec<(Fault, When)> {
        self.faults.pending().collect()
    }

    /// Forgets all faults to come. What has been shown goes on (a silent module stays silent until its reset).
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// The faults that have been shown, in order.
    #[must_use]
    pub fn shown_faults(&self) -> &[ShownFault] {
        &self.faults.shown
    }
}

/// Places and states.
impl Simulator {
    /// This is an opportunity for the fault. Whether to show it.
    pub(crate) fn fault(&mut self, fault: Fault) -> bool {
        !self.faults.none_armed() && self.faults.due(self.now, fault)
    }

    /// An emission is about to be made; what the faults make of it.
    pub(crate) fn fault_actions(&mut self, point: &Point, bytes: &[u8], payload: usize) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.faults.none_armed() {
            return actions;
        }
        match point {
            Point::Prompt => self.prompt_faults(bytes, &mut actions),
            Point::SendResult if bytes.windows(7).any(|window| window == b"SEND OK") => {
                let fail = || b"\r\nSEND FAIL\r\n".to_vec();
                if self.fault(Fault::FailThenOk) {
                    actions.push(Action::Before(fail()));
                }
                if self.fault(Fault::OkThenFail) {
                    actions.push(Action::After(fail()));
                }
                if self.fault(Fault::LostSendOk) {
                    actions.push(Action::Drop);
                }
            }
            Point::Received if self.fault(Fault::Reset(ResetMoment::Sending)) => actions.push(self.crash(usize::MAX)),
            Point::Message => {
                let data = &bytes[payload..];
                let low_energy =
                    [b"+NOTIFY", b"+INDICA", b"+WRITE:", b"+BLEGAT"].iter().any(|head| bytes.starts_with(*head));
                let nul = data.iter().position(|byte| *byte == 0).filter(|_| low_energy);
                if let Some(nul) = nul
                    && self.fault(Fault::BleCutAtNul)
                {
                    actions.push(Action::Replace([&bytes[..payload + nul], b"\r\n"].concat()));
                }
            }
            Point::Final | Point::Information => self.answer_faults(point, bytes, &mut actions),
            Point::Data | Point::Notice if !self.mode.passes_through() => {
                self.frame_faults(point, bytes, payload, &mut actions);
            }
            Point::WifiState => {
                let joining = matches!(self.running_job(), Some(Job::Join(_)));
                if joining && bytes.starts_with(b"WIFI CONNECTED") && self.fault(Fault::Reset(ResetMoment::Joining)) {
                    actions.push(self.crash(usize::MAX));
                }
            }
            Point::Ready => {
                if self.fault(Fault::ReadyGlued) {
                    actions.push(Action::Replace(b"\x8c\x0c\xf8\x00ready\r\n".to_vec()));
                }
                if self.fault(Fault::NoReady) {
                    actions.push(Action::Drop);
                }
            }
            _ => {}
        }
        actions
    }

    fn prompt_faults(&mut self, prompt: &[u8], actions: &mut Vec<Action>) {
        if let Mode::Data(data) = &self.mode {
            let link = u8::try_from(data.link).unwrap_or(0);
            if self.fault(Fault::ClosedBeforePrompt) {
                actions.push(Action::CloseLink(link));
            }
            if self.fault(Fault::PromptGlued) {
                self.faults.glued = true;
            }
        }
        let connection = self.bluetooth.open().next().map(|(_, connection)| connection.link);
        if let Some(link) = connection.filter(|_| matches!(self.mode, Mode::Raw(_)))
            && self.fault(Fault::BleLostAtPrompt)
        {
            let now = self.now;
            self.bluetooth.lock().disconnect(now, link);
            self.faults.told_twice = true;
        }
        if self.fault(Fault::PromptBlank) {
            actions.push(match prompt.strip_suffix(b" ") {
                Some(plain) => Action::Replace(plain.to_vec()),
                None => Action::After(b" ".to_vec()),
            });
        }
        if self.fault(Fault::LostPrompt) {
            actions.push(Action::Drop);
        }
        if self.fault(Fault::Reset(ResetMoment::Prompt)) {
            actions.push(self.crash(0));
        }
    }

    fn answer_faults(&mut self, point: &Point, bytes: &[u8], actions: &mut Vec<Action>) {
        if *point == Point::Final {
            if self.fault(Fault::LongLine) {
                actions.push(Action::Before([b"+LONG:", [b'x'; 292].as_slice(), b"\r\n"].concat()));
            }
            if self.fault(Fault::UnknownLine) {
                let result = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
                actions.push(Action::Replace([b"+FOO:1\r\n", result].concat()));
            }
        }
        if self.fault(Fault::DoubleCarriageReturn) {
            let mut text = Vec::new();
            for &byte in bytes {
                text.extend(core::iter::repeat_n(byte, 1 + usize::from(byte == b'\r')));
            }
            actions.push(Action::Replace(text));
        }
        if self.fault(Fault::Reset(ResetMoment::Answer)) {
            actions.push(self.crash(bytes.len() / 2));
        }
    }

    fn frame_faults(&mut self, point: &Point, frame: &[u8], payload: usize, actions: &mut Vec<Action>) {
        let read = frame.starts_with(b"+CIPRECVDATA");
        if !read && self.sockets.mux && self.fault(Fault::UnknownLink) {
            let data: &[u8] = if *point == Point::Data { b":aaaaaa" } else { b"\r\n" };
            actions.push(Action::Before([b"\r\n+IPD,246,6", data].concat()));
        }
        if *point == Point::Notice {
            return;
        }
        if read && self.fault(Fault::ToReadLine) {
            let line = format!("to read {} bytes\r\n", frame.len() - payload);
            actions.push(Action::Before(line.into_bytes()));
        }
        let middle = (payload + frame.len()) / 2;
        if middle < frame.len() {
            let mut changed = frame.to_vec();
            if self.fault(Fault::FlippedByte) {
                changed[middle] ^= 0x10;
            }
            if self.fault(Fault::LostByte) {
                changed.remove(middle);
            }
            if changed != frame {
                actions.push(Action::Replace(changed));
            }
        }
        if self.fault(Fault::Reset(ResetMoment::Payload)) {
            actions.push(self.crash(middle - payload));
        }
    }

    /// The module stops inside an emission and restarts.
    fn crash(&self, offset: usize) -> Action {
        Action::Restart(offset, self.crash_text())
    }

    /// What a module that restarts by itself prints first; ESP-AT says why on its log port only.
    fn crash_text(&self) -> Vec<u8> {
        let text: &[u8] = if self.variant.boot_text.is_empty() { b"" } else { b"\r\nwdt reset\r\n" };
        text.to_vec()
    }

    /// The module restarts here and now.
    pub(crate) fn crash_now(&mut self) {
        let text = self.crash_text();
        self.pending_restart.get_or_insert(text);
    }

    /// Faults that need no place: with an opportunity (a command line), or because their time has come.
    pub(crate) fn show_spontaneous(&mut self, opportunity: bool) {
        if self.faults.none_armed() || self.pending_restart.is_some() {
            return;
        }
        for fault in self.faults.spontaneous() {
            if self.has_place_for(fault) && self.faults.due_if(self.now, fault, opportunity) {
                self.show(fault);
                if self.pending_restart.is_some() {
                    return;
                }
            }
        }
    }

    fn lowest_tcp(&self) -> Option<usize> {
        let mut links = self.sockets.open().filter(|(_, link)| link.kind == Kind::Tcp && link.usable());
        links.next().map(|(id, _)| id)
    }

    fn has_place_for(&self, fault: Fault) -> bool {
        match fault {
            Fault::WifiDrop | Fault::WifiDropSilent => self.station.access_point().is_some(),
            Fault::LinkLost => self.lowest_tcp().is_some(),
            Fault::BaudLost => self.is_ready() && self.settings.uart.baud != self.flash.uart.baud,
            Fault::Reset(_) => matches!(self.mode, Mode::Command) && self.running.is_none(),
            _ => self.is_ready(),
        }
    }

    fn show(&mut self, fault: Fault) {
        match fault {
            Fault::WifiDrop | Fault::WifiDropSilent => {
                let told = core::mem::replace(&mut self.variant.closed_on_wifi_loss, fault == Fault::WifiDrop);
                self.lose_wifi();
                self.variant.closed_on_wifi_loss = told;
            }
            Fault::LinkLost => {
                let id = self.lowest_tcp();
                let link = id.and_then(|id| self.sockets.links.get_mut(id)).and_then(Option::take);
                if let Some(link) = link {
                    let now = self.now;
                    self.network.close(now, link.socket);
                }
            }
            Fault::NulFlood => self.put(&[0; 4096]),
            Fault::Silent => self.faults.silent = true,
            _ => self.crash_now(),
        }
    }

    /// What is due by time: bytes of a frame in pieces, a late result.
    pub(crate) fn on_fault_timer(&mut self) {
        let now = self.now;
        if self.faults.trickle_at.is_some_and(|at| at <= now) {
            let byte = self.faults.trickle.pop_front();
            self.faults.trickle_at = (!self.faults.trickle.is_empty()).then_some(now + TRICKLE);
            if let Some(byte) = byte {
                self.transmit_bytes(&[byte]);
            }
        }
        if self.faults.take_wake(now) {
            if self.faults.late.as_ref().is_some_and(|(at, _)| *at <= now) {
                self.release_late();
            }
            self.pump();
        }
    }

    /// Whether this frame or notice is torn into bytes.
    pub(crate) fn comes_in_pieces(&mut self, point: &Point) -> bool {
        matches!(point, Point::Data | Point::Notice)
            && !self.mode.passes_through()
            && self.faults.trickle.is_empty()
            && self.fault(Fault::SplitFrame)
    }

    /// How long the output in pieces still takes.
    pub(crate) fn trickle_time(&self) -> Duration {
        TRICKLE * u32::try_from(self.faults.trickle.len()).unwrap_or(u32::MAX)
    }

    /// From here on the output goes byte by byte, until all that is there has gone.
    pub(crate) fn trickle(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.faults.trickle.extend(bytes);
            self.faults.trickle_at.get_or_insert(self.now);
        }
    }
}

/// Answers, prompts and sends.
impl Simulator {
    /// How much longer a command takes.
    pub(crate) fn busy_delay(&mut self, line: &[u8]) -> Duration {
        let slow = [&b"AT+CWJAP"[..], b"AT+CIPSTART", b"AT+CIPDOMAIN"];
        let slow = slow.iter().any(|name| line.starts_with(name));
        if slow && self.fault(Fault::LongBusy) { LONG_BUSY } else { Duration::ZERO }
    }

    /// `ready` is out.
    pub(crate) fn boot_busy(&mut self) {
        if self.fault(Fault::BusyAfterBoot) {
            let at = self.now + BUSY_BOOT;
            self.run(Job::Occupied, Some(at));
        }
    }

    /// A Wi-Fi notice that is true.
    pub(crate) fn notice_in_echo(&mut self) {
        if self.line.len() == 4 && self.fault(Fault::NoticeInsideEcho) {
            let notice: &[u8] = if self.station.online() { b"WIFI GOT IP\r\n" } else { b"WIFI DISCONNECT\r\n" };
            self.put(notice);
        }
    }

    /// The result of a command, unless it is late.
    pub(crate) fn say_result(&mut self, text: &[u8]) {
        if self.faults.late.is_none() && self.fault(Fault::LateResult) {
            let at = self.now + LATE;
            self.faults.late = Some((at, text.to_vec()));
            self.faults.wake_at(at);
            // What was said so far is a whole line, also where its end is printed with the result.
            self.put(b"\r\n");
        } else {
            self.emit(&Point::Final, text);
        }
    }

    pub(crate) fn release_late(&mut self) {
        if let Some((_, text)) = self.faults.late.take() {
            self.emit(&Point::Final, &text);
        }
    }

    /// How much later than usual the next step of a send comes, because it waits for data.
    pub(crate) fn wait_for_data(&mut self, fault: Fault) -> Duration {
        if self.fault(fault) {
            self.faults.waits = true;
            DATA_WAIT
        } else {
            Duration::ZERO
        }
    }

    /// Data for the host went out: what waited for it comes now.
    pub(crate) fn data_told(&mut self) {
        if core::mem::take(&mut self.faults.waits) {
            let now = self.now;
            if let Some(running) = &mut self.running {
                match &mut running.job {
                    Job::Prompt(_) => running.at = Some(now),
                    Job::Send(send) => {
                        send.finish_from(now);
                        running.at = Some(now);
                    }
                    _ => {}
                }
            }
        }
    }

    /// What follows a prompt in its line has no line break of its own.
    pub(crate) fn unglue(&mut self, frame: &mut Vec<u8>) -> usize {
        if core::mem::take(&mut self.faults.glued) && frame.starts_with(b"\r\n") {
            frame.drain(..2);
            return 2;
        }
        0
    }

    /// Names that are hard to parse.
    pub(crate) fn odd_names(&mut self) -> Vec<AccessPoint> {
        if !self.fault(Fault::OddScanNames) {
            return Vec::new();
        }
        let names = ["1\"1\"1,2\\2\"\"2,,", "a\",-40,\"b", ""];
        names.map(|name| AccessPoint::open(name).rssi(-70)).to_vec()
    }
}

/// Links.
impl Simulator {
    /// Data comes while the module takes data for a send. Whether it stays deaf from now on.
    pub(crate) fn goes_deaf(&mut self) -> bool {
        if matches!(self.mode, Mode::Data(_)) && self.fault(Fault::DeafWhileSending) {
            self.faults.deaf = true;
        }
        self.faults.deaf
    }

    /// The peer in the head of a frame.
    pub(crate) fn frame_peer(&mut self, sender: SocketAddr) -> String {
        if self.faults.none_armed() {
            return self.peer_text(sender);
        }
        let (shown, quoted) = (self.sockets.peer_info, self.variant.quoted_peer);
        self.sockets.peer_info ^= self.fault(Fault::HeaderPeer);
        let mut sender = sender;
        if self.sockets.peer_info {
            self.variant.quoted_peer ^= self.fault(Fault::HeaderQuotes);
            if let SocketAddr::V4(v4) = sender
                && self.fault(Fault::HeaderIpv6)
            {
                sender = SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port());
            }
        }
        let text = self.peer_text(sender);
        self.sockets.peer_info = shown;
        self.variant.quoted_peer = quoted;
        text
    }

    /// Head of an answer to a read.
    pub(crate) fn read_head(&mut self, id: usize, count: usize, peer: &str) -> String {
        if self.fault(Fault::OldReadHeader) {
            return format!("+CIPRECVDATA={id},{count}{peer},");
        }
        let (mut before, mut behind) = self.profile.wording.receive_data;
        if self.fault(Fault::OtherReadHeader) {
            (before, behind) = (behind, before);
        }
        format!("+CIPRECVDATA{before}{count}{peer}{behind}")
    }

    /// What a Bluetooth LE value is in place of this one.
    pub(crate) fn low_energy_value(&mut self, value: &[u8]) -> Vec<u8> {
        if self.fault(Fault::BleControlWords) { WORDS.to_vec() } else { value.to_vec() }
    }

    /// The peer has sent something; what it adds.
    pub(crate) fn peer_words(&mut self) -> &'static [u8] {
        if self.fault(Fault::ControlWords) { WORDS } else { b"" }
    }

    /// The most bytes of the next frame, for which more is taken from the network if it is a long one.
    pub(crate) fn frame_limit(&mut self, id: usize) -> usize {
        let tcp = self.sockets.get(id).is_some_and(|link| link.kind == Kind::Tcp && link.usable());
        if !tcp || !self.fault(Fault::LongFrame) {
            return self.profile.limits.chunk;
        }
        let now = self.now;
        let mut chunk = [0; 1024];
        while let Some(link) = self.sockets.get_mut(id)
            && link.buffer.len() < LONG_FRAME
            && let crate::net::Received::Data(count) = self.network.receive(now, link.socket, &mut chunk)
        {
            link.buffer.extend(&chunk[..count]);
        }
        LONG_FRAME
    }

    /// How much a notice announces.
    pub(crate) fn announced(&mut self, len: usize) -> usize {
        len + if self.fault(Fault::LessThanAnnounced) { RECORD } else { 0 }
    }

    /// A link waits before it tells the host more.
    pub(crate) fn hold_link(&mut self, id: usize, hold: Hold) {
        let until = self.now + HOLD;
        self.faults.wake_at(until);
        if let Some(link) = self.sockets.get_mut(id) {
            link.hold = Some((hold, until));
        }
    }

    /// No notices until the next read.
    pub(crate) fn mute(&mut self, id: usize) {
        if let Some(link) = self.sockets.get_mut(id) {
            link.muted = true;
        }
    }

    /// A read has left data: another notice before the result.
    pub(crate) fn notice_in_answer(&mut self, id: usize) {
        let left = self.sockets.get(id).map_or(0, |link| link.buffer.len());
        if left > 0 && self.fault(Fault::NoticeInsideAnswer) {
            if let Some(link) = self.sockets.get_mut(id) {
                link.reported = left;
            }
            self.notify(id, left);
        }
    }

    /// A link whose end is told when the next client has come.
    pub(crate) fn held_close(&self) -> Option<usize> {
        let mut links = self.sockets.links.iter();
        links.position(|link| link.as_ref().is_some_and(|link| link.hold.is_some_and(|(hold, _)| hold == Hold::Close)))
    }

    /// The link that a connect was to use is taken.
    pub(crate) fn give_up_connect(&mut self) {
        if let Some(Running { job: Job::Connect { socket, .. }, .. }) = self.running.take() {
            let now = self.now;
            self.network.close(now, socket);
        }
        self.finish_error(Failure::because(Reason::AlreadyConnected));
    }

    /// What `AT+CIPCLOSE` of an open link does in place of closing it.
    pub(crate) fn close_faults(&mut self, id: usize) -> Option<Result<Reply, Failure>> {
        if self.faults.none_armed() || !self.sockets.get(id).is_some_and(crate::link::Link::usable) {
            return None;
        }
        if self.fault(Fault::AlreadyClosed) {
            self.close_now(id);
            return Some(Err(Failure::because(Reason::Unlinked)));
        }
        if self.fault(Fault::LinkKept) {
            let line = format!("{}CLOSED", self.prefix(id));
            self.say_state(&Point::LinkState, &line);
            return Some(Ok(Reply::Ok));
        }
        if self.fault(Fault::CloseUnanswered) {
            return Some(Ok(Reply::Pending));
        }
        if self.fault(Fault::RestartOnClose) {
            let mut text = self.crash_text();
            if text.is_empty() && self.profile.limits.ipv6 {
                text = b"close() reach to max timeout: 5s, esp_restart() now!\r\n".to_vec();
            }
            self.pending_restart.get_or_insert(text);
            return Some(Ok(Reply::Pending));
        }
        None
    }
}
