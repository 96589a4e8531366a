//! What links receive: from the network into the module, and from there to the host.

use crate::engine::OUTPUT_LIMIT;
use crate::fault::{Fault, Hold};
use crate::link::Kind;
use crate::net::Received;
use crate::script::Point;
use crate::simulator::Simulator;
use std::net::SocketAddr;

impl Simulator {
    /// Takes data from the network into the link's buffer.
    pub(crate) fn fill(&mut self, id: usize) -> bool {
        let now = self.now;
        if !self.has_network() || self.faults.deaf {
            return false;
        }
        let window = self.variant.window;
        let room_in_output = self.waiting_output() < OUTPUT_LIMIT;
        let Some(link) = self.sockets.links.get_mut(id).and_then(Option::as_mut) else {
            return false;
        };
        if !link.usable() {
            return false;
        }
        if link.kind == Kind::Udp {
            return self.fill_udp(id);
        }
        let room = window.saturating_sub(link.buffer.len());
        if room == 0 || (!link.passive && !room_in_output && !link.buffer.is_empty()) {
            return false;
        }
        let mut chunk = [0; 4096];
        let size = room.min(chunk.len());
        match self.network.receive(now, link.socket, &mut chunk[..size]) {
            Received::Nothing => false,
            Received::Data(count) => {
                link.buffer.extend(&chunk[..count.min(size)]);
                link.active_at = now;
                if link.secure {
                    link.overhead += self.network.take_overhead(link.socket);
                }
                let words = self.peer_words();
                if let Some(link) = self.sockets.get_mut(id) {
                    link.buffer.extend(words);
                }
                true
            }
            Received::Closed => {
                link.ended = true;
                true
            }
        }
    }

    fn fill_udp(&mut self, id: usize) -> bool {
        let now = self.now;
        let window = self.variant.window;
        let room_in_output = self.waiting_output() < OUTPUT_LIMIT;
        let Some(link) = self.sockets.links.get_mut(id).and_then(Option::as_mut) else {
            return false;
        };
        let held = link.hold.is_some_and(|(_, until)| until > now);
        if !link.passive && (!room_in_output || !link.buffer.is_empty() && !held) {
            return false;
        }
        let mut datagram = [0; 4096];
        let received = self.network.receive_from(now, link.socket, &mut datagram);
        let Some((count, from)) = received else {
            return false;
        };
        let moves = match link.udp_mode {
            1 => !link.udp_moved && from != link.remote,
            2 => true,
            _ => false,
        };
        if moves {
            link.remote = from;
            link.udp_moved = true;
        }
        // Without room the datagram is lost.
        if count <= window.saturating_sub(link.buffer.len()) {
            link.sender = from;
            link.buffer.extend(&datagram[..count.min(4096)]);
            let active = !link.passive;
            // The second one lets both go.
            link.hold = None;
            if active && !held && self.fault(Fault::MergedDatagrams) {
                self.hold_link(id, Hold::Datagram);
            }
        }
        true
    }

    /// Tells the host about data and the end of the link.
    pub(crate) fn deliver(&mut self, id: usize) -> bool {
        let mut moved = false;
        let now = self.now;
        let Some(link) = self.sockets.get(id) else {
            return false;
        };
        let active = !link.passive;
        if self.faults.deaf || link.hold.is_some_and(|(_, until)| until > now) {
            return false;
        }
        if active {
            while self.waiting_output() < OUTPUT_LIMIT && self.deliver_frame(id) {
                moved = true;
            }
        } else if let Some(link) = self.sockets.get_mut(id)
            && link.reported == 0
            && !link.buffer.is_empty()
            && !link.closed_told
        {
            link.reported = link.buffer.len();
            let (len, muted) = (link.announced(), link.muted);
            if self.goes_deaf() {
                return false;
            }
            if !muted && self.fault(Fault::NoticesStop) {
                self.mute(id);
            } else if !muted {
                self.notify(id, len);
                if self.fault(Fault::ClosedBeforeRead)
                    && let Some(link) = self.sockets.get_mut(id)
                {
                    link.ended = true;
                    self.tell_closed(id);
                }
            }
            moved = true;
        }
        let waits = self.sockets.get(id).is_some_and(|link| {
            link.server && link.ended && !link.closed_told && link.buffer.is_empty() && link.hold.is_none()
        });
        if waits && self.fault(Fault::LinkReused) {
            self.hold_link(id, Hold::Close);
            return true;
        }
        let withheld = self.variant.closed_withheld;
        match self.sockets.get_mut(id) {
            Some(link) if link.closed_told && link.buffer.is_empty() => {
                self.close_now(id);
                true
            }
            Some(link) if link.ended && link.buffer.is_empty() => {
                self.close_now(id);
                true
            }
            Some(link) if link.ended && !link.closed_told && link.passive && !withheld => {
                self.tell_closed(id);
                true
            }
            _ => moved,
        }
    }

    /// `CLOSED` while data is left that can still be read.
    fn tell_closed(&mut self, id: usize) {
        if let Some(link) = self.sockets.get_mut(id) {
            link.closed_told = true;
        }
        let line = format!("{}CLOSED", self.prefix(id));
        self.say_state(&Point::LinkState, &line);
    }

    /// A notice that so much can be read.
    pub(crate) fn notify(&mut self, id: usize, len: usize) {
        let len = self.announced(len);
        let mut line = format!("\r\n+IPD,{}{len}\r\n", self.prefix(id)).into_bytes();
        self.unglue(&mut line);
        self.emit(&Point::Notice, &line);
        self.data_told();
    }

    /// `,"192.168.3.102",8080` if the host asked for it.
    pub(crate) fn peer_text(&self, sender: SocketAddr) -> String {
        if !self.sockets.peer_info {
            String::new()
        } else if self.variant.quoted_peer {
            format!(",\"{}\",{}", sender.ip(), sender.port())
        } else {
            format!(",{},{}", sender.ip(), sender.port())
        }
    }

    /// One `+IPD` with data.
    fn deliver_frame(&mut self, id: usize) -> bool {
        if self.sockets.get(id).is_none_or(|link| link.buffer.is_empty()) || self.goes_deaf() {
            return false;
        }
        let limit = self.frame_limit(id);
        let Some(link) = self.sockets.get_mut(id) else {
            return false;
        };
        let count = link.buffer.len().min(limit);
        let data: Vec<u8> = link.buffer.drain(..count).collect();
        link.overhead = 0;
        link.reported = 0;
        let sender = link.sender;
        let (prefix, peer) = (self.prefix(id), self.frame_peer(sender));
        let mut frame = format!("\r\n+IPD,{prefix}{count}{peer}:").into_bytes();
        self.unglue(&mut frame);
        let head = frame.len();
        frame.extend(data);
        self.emit_from(&Point::Data, &frame, head);
        self.data_told();
        true
    }

    /// The answer to `AT+CIPRECVDATA`, without its end. `false` if there is nothing to read.
    pub(crate) fn read_link(&mut self, id: usize, most: usize) -> bool {
        let Some(link) = self.sockets.get_mut(id) else {
            return false;
        };
        if link.buffer.is_empty() {
            return false;
        }
        let more = link.buffer.len() > most;
        let most = if more && self.fault(Fault::MoreThanAsked) { most.saturating_mul(2) } else { most };
        let Some(link) = self.sockets.get_mut(id) else {
            return false;
        };
        let count = link.buffer.len().min(most);
        let data: Vec<u8> = link.buffer.drain(..count).collect();
        link.overhead = 0;
        link.reported = if link.muted { 0 } else { link.reported.saturating_sub(count) };
        link.muted = false;
        let sender = link.sender;
        let peer = if self.variant.peer_in_receive_data { self.peer_text(sender) } else { String::new() };
        let mut frame = self.read_head(id, count, &peer).into_bytes();
        let head = frame.len();
        frame.extend(data);
        self.emit_from(&Point::Data, &frame, head);
        true
    }
}
