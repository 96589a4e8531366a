//! Sessions of Bluetooth, byte for byte: two boards are two modules
//! in one air, phones are peers in it.
use crate::Replay;
use crate::common::ms;
use core::time::Duration;
use serde_json::Value;
use wifi_at_simulator::{
    Air, BleAction, BlePeer, BtAction, BtClass, BtPeer, BtProfile, Builder, Dialect, Event, InquiryResponse,
    IoCapability, Latency, PairingAnswer, Simulator,
};

/// Lines that a board prints although the session does not show them: section, board, line.
const UNSHOWN: [(&str, usize, &str); 4] = [
    // The module that is read says so (4.3.2).
    ("4.3.3", 1, "+READ:0,\"24:0a:c4:d6:e4:46\"\r\n"),
    // AT+BLESPP of the client switches the indications on, the phone does it by itself.
    ("4.3.5", 0, "+WRITE:0,1,7,1,2,\x02\x00\r\n"),
    ("4.3.6", 0, "+WRITE:0,1,7,1,2,\x02\x00\r\n"),
    // The board that advertises (`AT+BLEADVDATA`) is found with its data; the guide has copied the line of 4.3.2.
    ("4.3.3", 1, "+BLESCAN:\"24:0a:c4:d6:e4:46\",-29,0201060a09457370726573736966030302a0,,0\r\n"),
];

/// A line of the guide that cannot be.
const IMPOSSIBLE: [(&str, &str); 1] = [("4.3.3", "+BLESCAN:\"24:0a:c4:d6:e4:46\",-29,,,0")];

fn address(text: &str) -> [u8; 6] {
    let bytes: Vec<u8> = text.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

fn unhex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

struct Boards {
    section: String,
    air: Air,
    boards: Vec<Simulator>,
    /// What each has printed and no step has claimed.
    printed: Vec<String>,
    now: Duration,
}

impl Boards {
    fn new(session: &Value) -> Self {
        let section = session["section"].as_str().unwrap().to_owned();
        let steps = session["steps"].as_array().unwrap();
        let addresses = match section.as_str() {
            "4.3.2" => ["24:0a:c4:d6:e4:46", "7c:df:a1:b3:8d:de"],
            "4.9.4" => ["30:ae:a4:80:06:8e", "24:0a:c4:d6:e4:46"],
            _ => ["24:0a:c4:d6:e4:46", "24:0a:c4:03:a7:4e"],
        };
        let air = Air::new();
        let board = |index: usize| {
            let builder = Builder::new(Dialect::EspAt).latency(Latency::none()).air(&air);
            builder.bluetooth_address(address(addresses[index])).build()
        };
        let mut boards = Vec::new();
        // The neighbours are those of the listing, in its order.
        let sightings = steps.iter().flat_map(|step| step["urc"].as_array().into_iter().flatten());
        let sightings = sightings.filter_map(|line| line.as_str()?.strip_prefix("+BLESCAN:"));
        for line in sightings {
            let fields: Vec<&str> = line.split(',').collect();
            let who = fields[0].trim_matches('"');
            if who == addresses[0] {
                if boards.is_empty() {
                    boards.push(board(0));
                    air.set_signal(address(who), fields[1].parse().unwrap());
                }
                continue;
            }
            let mut peer =
                BlePeer::new(who, address(who)).advertising(unhex(fields[2])).scan_response(unhex(fields[3]));
            peer.random_address = fields[4] == "1";
            air.add_ble_peer(peer.rssi(fields[1].parse().unwrap()));
        }
        for index in boards.len()..2 {
            boards.push(board(index));
        }
        let mut boards = Self { section, air, boards, printed: vec![String::new(); 2], now: Duration::ZERO };
        boards.add_phones();
        boards.add_inquiry(steps, addresses[1]);
        boards.run(ms(10));
        for board in 0..2 {
            boards.printed[board].clear();
            boards.prepare(board, "ATE0");
            boards.printed[board].clear();
        }
        if boards.section == "8.2.16" {
            for (board, line) in [
                (0, "AT+BLEINIT=2"),
                (1, "AT+BLEINIT=1"),
                (0, "AT+BLEGATTSSRVCRE"),
                (0, "AT+BLEGATTSSRVSTART"),
                (0, "AT+BLEADVSTART"),
                (1, "AT+BLECONN=0,\"24:0a:c4:d6:e4:46\""),
                (1, "AT+BLEGATTCPRIMSRV=0"),
                (1, "AT+BLEGATTCCHAR=0,3"),
            ] {
                boards.prepare(board, line);
            }
        }
        if boards.section == "4.9.6" {
            for line in ["AT+BTINIT=1", "AT+BTSPPINIT=2", "AT+BTSCANMODE=2", "AT+BTSPPSTART"] {
                boards.prepare(0, line);
            }
            boards.bt(BtAction::Connect(BtProfile::Spp));
            boards.run(ms(10));
            boards.printed[0].clear();
        }
        boards
    }

    fn add_phones(&mut self) {
        let sleeper = self.section.starts_with("4.10");
        let mac = address(if sleeper { "47:3f:86:dc:e4:7d" } else { "60:51:42:fe:98:aa" });
        let mut phone = BlePeer::new("phone", mac).pairing(IoCapability::KeyboardDisplay, 13, PairingAnswer::Ask);
        phone.advertising = None;
        phone.shows = Some(231_518);
        if sleeper {
            phone.intervals = vec![6, 24];
        }
        self.air.add_ble_peer(phone);
        let mut phone = BtPeer::new("phone", address("e0:24:81:47:90:bc"));
        phone.inquiry.clear();
        phone.io = IoCapability::DisplayYesNo;
        phone.passkey = Some(676_572);
        self.air.add_bt_peer(phone);
    }

    /// Everybody that the inquiry of the session hears, each as often and as well as it says.
    fn add_inquiry(&mut self, steps: &[Value], board: &str) {
        let lines = steps.iter().flat_map(|step| step["rx"].as_array().into_iter().flatten());
        let lines: Vec<&str> = lines.filter_map(|line| line.as_str()?.strip_prefix("+BTSTARTDISC:")).collect();
        let mut peers: Vec<(String, BtPeer)> = Vec::new();
        for (index, line) in (0..).zip(lines) {
            let fields: Vec<&str> = line.split(',').collect();
            let who = fields[0].trim_matches('"').to_owned();
            let field = |at: usize| fields.get(at).copied().unwrap_or_default();
            let response = InquiryResponse {
                after: ms(300 * (index + 1)),
                rssi: field(5).parse().ok(),
                name: !field(1).is_empty(),
                class: !field(2).is_empty(),
            };
            if !peers.iter().any(|(known, _)| *known == who) {
                let mut peer = BtPeer::new(who.clone(), address(&who));
                peer.inquiry.clear();
                peers.push((who.clone(), peer));
            }
            let (_, peer) = peers.iter_mut().find(|(known, _)| *known == who).unwrap();
            peer.inquiry.push(response);
            if response.name {
                field(1).clone_into(&mut peer.device_name);
            }
            if response.class {
                let number = |at| u16::from_str_radix(field(at).trim_start_matches("0x"), 16).unwrap();
                let small = |at| u8::try_from(number(at)).unwrap();
                peer.class = Some(BtClass { major: small(2), minor: small(3), service: number(4) });
            }
        }
        for (who, peer) in peers {
            if who == board {
                self.air.set_inquiry_responses(address(board), peer.inquiry);
            } else {
                self.air.add_bt_peer(peer);
            }
        }
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now = end.min(self.now + ms(5));
            for (board, printed) in self.boards.iter_mut().zip(&mut self.printed) {
                board.poll(self.now);
                printed.extend(board.drain(self.now).into_iter().map(char::from));
            }
        }
    }

    fn send(&mut self, board: usize, bytes: &[u8]) {
        self.boards[board].receive(self.now, bytes);
    }

    fn prepare(&mut self, board: usize, line: &str) {
        self.send(board, format!("{line}\r\n").as_bytes());
        self.run(ms(20));
        assert!(self.printed[board].ends_with("\r\nOK\r\n"), "{line}: {:?}", self.printed[board]);
        self.printed.iter_mut().for_each(String::clear);
    }

    fn ble(&mut self, action: BleAction) {
        self.boards[0].happen(self.now, Event::Ble("phone".into(), action));
    }

    fn bt(&mut self, action: BtAction) {
        self.boards[0].happen(self.now, Event::Bt("phone".into(), action));
    }

    /// What a phone and its user do.
    fn act(&mut self, event: &str) -> Result<(), String> {
        let has = |part: &str| event.contains(part);
        if has("finds EXAMPLE and connects") || has("shows the PIN") {
            self.bt(BtAction::Connect(BtProfile::Spp));
        } else if has("connects as audio source") {
            self.bt(BtAction::Connect(BtProfile::A2dp));
        } else if has("sends 4 bytes, test") {
            self.bt(BtAction::Send(b"test".to_vec()));
        } else if has("finds the address and connects") || has("the phone connects") || has("a client connects") {
            self.ble(BleAction::Connect);
        } else if has("subscribes") {
            self.ble(BleAction::Subscribe { service: 1, characteristic: 7 });
        } else if has("writes test to characteristic 0xC304") {
            self.ble(BleAction::Write { service: 1, characteristic: 5, descriptor: None, value: b"test".to_vec() });
        } else if has("accepts pairing") {
            self.ble(BleAction::AnswerPairing(true));
        } else if !has("runs a Bluetooth LE debugging app") && !has("the connection is up") {
            return Err(format!("nobody knows how: {event}"));
        }
        Ok(())
    }

    fn play(&mut self, step: &Value) -> Result<(), String> {
        let board = usize::from(step["module"] == "B");
        let actor = step["actor"].as_str().unwrap();
        let event = step["event"].as_str().unwrap_or_default();
        if let Some(line) = step["tx"].as_str() {
            if self.section == "4.3.4" && line.starts_with("AT+BLEENC=") {
                // So that the passkey of this run is that of the listing.
                self.prepare(1, "AT+BLESETKEY=793718");
            }
            self.send(board, format!("{line}\r\n").as_bytes());
            if line.starts_with("AT+BLESCAN") {
                self.run(ms(1000));
                if self.section == "4.3.5" {
                    // It is heard better, which makes the third line.
                    self.air.set_signal(address("24:0a:c4:d6:e4:46"), -26);
                }
                self.run(ms(2100));
            } else if line.starts_with("AT+BTSTARTDISC") {
                self.run(ms(10_000));
            }
        } else if let Some(raw) = step["tx_raw"].as_str() {
            self.run(ms(50));
            let bytes: Vec<u8> = raw.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
            self.send(board, &bytes);
            self.run(ms(if raw == "+++" { 1000 } else { 50 }));
            if event.contains("phone gets test") || event.contains("go to the phone") {
                self.phone_has_test()?;
            }
        } else if actor != "module" {
            self.act(event)?;
        }
        self.run(ms(20));
        self.claim_unshown(board, step);
        let alternatives = step["alt_rx"].as_array().into_iter().flatten();
        let mut wanted = Vec::new();
        for rx in core::iter::once(&step["rx"]).chain(alternatives) {
            let text = expected(rx, &self.section) + &expected(&step["urc"], &self.section);
            if let Some(rest) = self.printed[board].strip_prefix(&text) {
                self.printed[board] = rest.to_owned();
                return Ok(());
            }
            wanted.push(text);
        }
        Err(format!("{} {event}: one of {wanted:?} wanted, got {:?}", step["tx"], self.printed[board]))
    }

    /// Takes out the lines that the session leaves out.
    fn claim_unshown(&mut self, board: usize, step: &Value) {
        for (section, place, line) in UNSHOWN {
            if section == self.section {
                self.printed[place] = self.printed[place].replacen(line, "", 1);
            }
        }
        let patterns = step["urc_not_shown"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for pattern in patterns {
            let start = pattern.split('<').next().unwrap();
            if let Some(at) = self.printed[board].find(start) {
                let end = at + self.printed[board][at..].find("\r\n").unwrap() + 2;
                self.printed[board].replace_range(at..end, "");
            }
        }
    }

    fn phone_has_test(&self) -> Result<(), String> {
        let (ble, bt) = (self.air.take_ble_received("phone"), self.air.take_bt_received("phone"));
        let texts = [format!("{ble:?}"), format!("{bt:?}")];
        let got = texts.iter().any(|text| text.contains(&format!("{:?}", b"test")));
        if got { Ok(()) } else { Err(format!("the phone got {texts:?}")) }
    }
}

/// The bytes of these lines.
fn expected(lines: &Value, section: &str) -> String {
    let line = |entry: &Value| match entry.as_str() {
        Some(line) if IMPOSSIBLE.contains(&(section, line)) => String::new(),
        Some(line @ ("OK" | "ERROR")) => format!("\r\n{line}\r\n"),
        Some(">") => "\r\n>".to_owned(),
        Some(line) => format!("{line}\r\n"),
        // In passthrough nothing stands around the data.
        None if entry["head"] == "" => entry["raw"].as_str().unwrap().to_owned(),
        None => format!("{}{}\r\n", entry["head"].as_str().unwrap(), entry["raw"].as_str().unwrap()),
    };
    lines.as_array().into_iter().flatten().map(line).collect()
}

/// Plays a session on two new boards.
pub(crate) fn replay(session: &Value) -> Replay {
    let mut boards = Boards::new(session);
    let mut steps = 0;
    for step in session["steps"].as_array().unwrap() {
        if let Err(failure) = boards.play(step) {
            return Replay { steps, failure: Some(failure) };
        }
        steps += 1;
    }
    boards.run(ms(500));
    let quiet = boards.printed.iter().all(String::is_empty);
    Replay { steps, failure: (!quiet).then(|| format!("then came {:?}", boards.printed)) }
}
