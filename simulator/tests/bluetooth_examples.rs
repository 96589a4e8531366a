//! Every example of the chapters Bluetooth LE and Classic Bluetooth is sent to a module whose world has what it needs,
//! and gets its documented answer.
#![allow(missing_docs)]

mod common;

use common::{Bench, builder, ms};
use core::time::Duration;
use serde_json::Value;
use wifi_at_simulator::{
    BleAction, BlePeer, BtAction, BtPeer, BtProfile, Builder, Event, GattCharacteristic, GattService, IoCapability,
    Latency, PairingAnswer,
};

/// Lines of examples that this world does not give, and why; the rest of their answers it gives.
const OTHER_LINES: [(&str, &str); 4] = [
    ("AT+BLESCAN=1,3", "the neighbours of the sessions in chapter 4, see worked_sessions"),
    ("AT+BTSTARTDISC=0,10,10", "the same"),
    ("AT+BLEGATTSCHAR?", "a table of two services, here are three; see worked_sessions"),
    ("AT+BTENCDEV?", "the guide shows a line of another command"),
];

fn address(text: &str) -> [u8; 6] {
    let bytes: Vec<u8> = text.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

/// The address in quotes, if there is one.
fn quoted_address(text: &str) -> Option<[u8; 6]> {
    let inside = text.split('"').find(|part| part.len() == 17 && part.matches(':').count() == 5)?;
    Some(address(inside))
}

/// The table that the firmware has, with values.
fn services(count: u16) -> Vec<GattService> {
    let large = |at: u16| {
        let plain = |number: u16, properties: u8| GattCharacteristic::new(0xc300 + 256 * at + number, properties);
        GattService::new(0xa002 + at)
            .characteristic(plain(0, 2).descriptor(0x2901))
            .characteristic(plain(1, 2).descriptor(0x2901))
            .characteristic(plain(2, 8).descriptor(0x2901))
            .characteristic(plain(3, 4).descriptor(0x2901))
            .characteristic(plain(4, 8))
            .characteristic(plain(5, 16).descriptor(0x2902))
            .characteristic(plain(6, 32).descriptor(0x2902))
            .characteristic(plain(7, 2).descriptor(0x2901))
    };
    (0..count).map(large).collect()
}

/// A value of one digit as the example shows it.
fn shown_value(rx: &[String]) -> Option<u8> {
    rx.iter().find_map(|line| line.strip_prefix("+BLEGATTCRD:0,1,")?.bytes().next())
}

fn world(line: &str, rx: &[String]) -> Builder {
    let mut builder = builder().latency(Latency::none()).gatt_services(services(3));
    let asks_for_own = line == "AT+BLEADDR?";
    if let Some(own) = rx.first().filter(|_| asks_for_own).and_then(|line| quoted_address(line)) {
        builder = builder.bluetooth_address(own);
    }
    let wanted = quoted_address(line).filter(|_| line.contains("CONN="));
    let server = wanted.unwrap_or(address("24:12:5f:9d:91:98"));
    // Two services as the module itself has them.
    let mut peer = BlePeer::new("server", server).pairing(IoCapability::KeyboardDisplay, 13, PairingAnswer::Ask);
    for mut service in services(2) {
        if let Some(value) = shown_value(rx) {
            service.characteristics.iter_mut().for_each(|characteristic| characteristic.value = vec![value]);
        }
        peer = peer.service(service);
    }
    let mut phone = BlePeer::new("phone", address("60:51:42:fe:98:aa"));
    phone = phone.pairing(IoCapability::KeyboardDisplay, 13, PairingAnswer::Ask);
    phone.advertising = None;
    phone.shows = line.rsplit(',').next().and_then(|key| key.parse().ok()).filter(|_| line.contains("KEYREPLY"));
    let shown = rx.iter().find_map(|line| quoted_address(line)).filter(|_| line.starts_with("AT+BT"));
    let partner = wanted.or(shown).unwrap_or(address("e0:24:81:47:90:bc"));
    let mut headset = BtPeer::new("headset", partner);
    headset.io = IoCapability::DisplayYesNo;
    headset.passkey = phone.shows;
    headset.legacy = line.starts_with("AT+BTPINREPLY");
    headset.pin = Some("6688".into());
    builder.ble_peer(peer).ble_peer(phone).bt_peer(headset)
}

fn ble(bench: &mut Bench, action: BleAction) {
    bench.module.happen(bench.now, Event::Ble("phone".into(), action));
    bench.run(ms(10));
}

fn bt(bench: &mut Bench, action: BtAction) {
    bench.module.happen(bench.now, Event::Bt("headset".into(), action));
    bench.run(ms(10));
}

fn all_ok(bench: &mut Bench, lines: &[&str]) {
    for line in lines {
        let answer = bench.ask_for(line, ms(100));
        assert!(answer.ends_with("\r\nOK\r\n") || answer.ends_with('>'), "{line}: {answer}");
    }
}

/// A server with a phone that listens to everything.
fn serve(bench: &mut Bench) {
    all_ok(bench, &["AT+BLEINIT=2", "AT+BLEGATTSSRVCRE", "AT+BLEGATTSSRVSTART", "AT+BLEADVSTART"]);
    ble(bench, BleAction::Connect);
    for service in 1..=3 {
        for characteristic in [6, 7] {
            ble(bench, BleAction::Subscribe { service, characteristic });
        }
    }
}

/// A client that knows what the server has.
fn visit(bench: &mut Bench) {
    let connect = "AT+BLECONN=0,\"24:12:5f:9d:91:98\"";
    all_ok(bench, &["AT+BLEINIT=1", connect, "AT+BLEGATTCPRIMSRV=0", "AT+BLEGATTCCHAR=0,3"]);
}

/// A serial port that the other side has connected with.
fn serial(bench: &mut Bench) {
    all_ok(bench, &["AT+BTINIT=1", "AT+BTSPPINIT=2", "AT+BTSCANMODE=2", "AT+BTSPPSTART"]);
    bt(bench, BtAction::Connect(BtProfile::Spp));
}

/// An audio connection with another device.
fn audio(bench: &mut Bench, role: &str) {
    all_ok(bench, &["AT+BTINIT=1", role, "AT+BTSCANMODE=2"]);
    bt(bench, BtAction::Connect(BtProfile::A2dp));
}

/// What has to be done before.
fn prepare(bench: &mut Bench, line: &str) {
    let name = line.split(['=', '?']).next().unwrap();
    match name {
        "AT+BLEINIT" | "AT+BTINIT" | "AT+BLEHIDINIT" | "AT+BLUFI" | "AT+BLUFINAME" | "AT+RESTORE" => {}
        "AT+BLESCAN" | "AT+BLESCANPARAM" | "AT+BLECONN" => all_ok(bench, &["AT+BLEINIT=1"]),
        "AT+BLECONNPARAM" | "AT+BLEDISCONN" | "AT+BLEDATALEN" | "AT+BLECFGMTU" => visit(bench),
        "AT+BLEGATTSSRVCRE" => all_ok(bench, &["AT+BLEINIT=2"]),
        "AT+BLEGATTSNTFY" | "AT+BLEGATTSIND" | "AT+BLEGATTSSETATTR" => serve(bench),
        "AT+BLEGATTSSRV" => {
            // The module of the example has two services.
            all_ok(bench, &["AT+BLEINIT=2", "AT+BLEGATTSSRVCRE", "AT+BLEGATTSSRVSTART"]);
        }
        "AT+BLEGATTSCHAR" | "AT+BLEGATTSSRVSTART" | "AT+BLEGATTSSRVSTOP" => {
            all_ok(bench, &["AT+BLEINIT=2", "AT+BLEGATTSSRVCRE"]);
        }
        "AT+BLEGATTCINCLSRV" => {
            visit(bench);
        }
        "AT+BLEGATTCPRIMSRV" | "AT+BLEGATTCCHAR" | "AT+BLEGATTCRD" | "AT+BLEGATTCWR" => visit(bench),
        "AT+BLESPP" => {
            visit(bench);
            all_ok(bench, &["AT+BLESPPCFG=1,3,5,3,7"]);
        }
        "AT+BLEENC" => {
            serve(bench);
            all_ok(bench, &["AT+BLESECPARAM=1,0,16,3,3", "AT+BLESETKEY=123456"]);
        }
        "AT+BLEENCRSP" => {
            serve(bench);
            ble(bench, BleAction::Pair(true));
        }
        "AT+BLEKEYREPLY" => {
            serve(bench);
            all_ok(bench, &["AT+BLESECPARAM=13,2,16,3,3", "AT+BLEENC=0,3"]);
            ble(bench, BleAction::AnswerPairing(true));
        }
        "AT+BLECONFREPLY" => {
            serve(bench);
            all_ok(bench, &["AT+BLESECPARAM=13,1,16,3,3", "AT+BLEENC=0,3"]);
            ble(bench, BleAction::AnswerPairing(true));
        }
        "AT+BLEHIDKB" | "AT+BLEHIDMUS" | "AT+BLEHIDCONSUMER" => {
            all_ok(bench, &["AT+BLEHIDINIT=1"]);
            ble(bench, BleAction::Connect);
        }
        "AT+BLUFISEND" => {
            all_ok(bench, &["AT+BLUFI=1"]);
            ble(bench, BleAction::Connect);
        }
        "AT+BTSPPINIT" | "AT+BTA2DPINIT" => all_ok(bench, &["AT+BTINIT=1"]),
        "AT+BTSPPCONN" => all_ok(bench, &["AT+BTINIT=1", "AT+BTSPPINIT=1"]),
        "AT+BTSPPSTART" => all_ok(bench, &["AT+BTINIT=1", "AT+BTSPPINIT=2"]),
        "AT+BTSPPSEND" | "AT+BTSPPDISCONN" | "AT+BTENCCLEAR" | "AT+BTENCDEV" => serial(bench),
        "AT+BTA2DPCONN" => all_ok(bench, &["AT+BTINIT=1", "AT+BTA2DPINIT=2"]),
        "AT+BTA2DPSRC" => audio(bench, "AT+BTA2DPINIT=1"),
        "AT+BTA2DPCTRL" | "AT+BTA2DPDISCONN" => audio(bench, "AT+BTA2DPINIT=2"),
        "AT+BTKEYREPLY" | "AT+BTPINREPLY" | "AT+BTSECCFM" => {
            let io = match name {
                "AT+BTKEYREPLY" => "AT+BTSECPARAM=2,0,\"9527\"",
                "AT+BTPINREPLY" => "AT+BTSECPARAM=3,0,\"9527\"",
                _ => "AT+BTSECPARAM=1,0,\"9527\"",
            };
            all_ok(bench, &["AT+BTINIT=1", io]);
            all_ok(bench, &["AT+BTSPPINIT=2", "AT+BTSCANMODE=2", "AT+BTSPPSTART"]);
            bt(bench, BtAction::Connect(BtProfile::Spp));
        }
        _ if name.starts_with("AT+BT") => all_ok(bench, &["AT+BTINIT=1"]),
        _ => all_ok(bench, &["AT+BLEINIT=2"]),
    }
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

/// The final line or prompt of the command's form.
fn documented_end(command: &Value, line: &str) -> String {
    let kind = match line {
        _ if line.ends_with('?') => "query",
        _ if line.contains('=') => "set",
        _ => "execute",
    };
    let named = line.split(['=', '?']).next().unwrap();
    let forms = command["forms"].as_array().unwrap();
    // A line of preparation is another command.
    let form = forms.iter().find(|form| form["kind"] == kind && command["name"] == named);
    let prompt = form.and_then(|form| form["prompt"].as_str());
    prompt.unwrap_or("OK").to_owned()
}

#[test]
fn examples() {
    let catalogue: Value = serde_json::from_str(include_str!("data/esp-at-bluetooth.json")).unwrap();
    let commands = catalogue["commands"].as_array().unwrap();
    let (mut done, mut all) = (0, 0);
    let mut failures = Vec::new();
    for command in commands {
        let mut before: Option<Bench> = None;
        for example in command["examples"].as_array().unwrap() {
            all += 1;
            let (line, rx) = (example["tx"].as_str().unwrap(), texts(&example["rx"]));
            let (got, end) = if line.starts_with("AT") {
                let table = if line == "AT+BLEGATTSSRV?" { 2 } else { 3 };
                let builder = world(line, &rx).gatt_services(services(table));
                let mut bench = Bench::booted(builder);
                prepare(&mut bench, line);
                bench.send(format!("{line}\r\n").as_bytes());
                let got = bench.run(Duration::from_secs(12));
                before = Some(bench);
                let shown = rx.iter().rfind(|line| matches!(line.as_str(), "OK" | ">")).cloned();
                (got, shown.unwrap_or_else(|| documented_end(command, line)))
            } else {
                // The data of the example before.
                (before.as_mut().expect("a command").payload(line.as_bytes()), "OK".to_owned())
            };
            let end = if end == ">" { "\r\n>".to_owned() } else { format!("\r\n{end}\r\n") };
            let excused = OTHER_LINES.iter().any(|(excused, _)| *excused == line);
            let lines = rx.iter().filter(|line| !matches!(line.as_str(), "OK" | ">") && !excused);
            let missing: Vec<&String> = lines.filter(|line| !got.contains(&format!("{line}\r\n"))).collect();
            if got.contains(&end) && !got.contains("ERROR") && missing.is_empty() {
                done += 1;
            } else {
                failures.push(format!("{line}: {end:?} and {missing:?} wanted, got {got:?}"));
            }
        }
    }
    println!("Bluetooth examples {done} of {all}");
    assert_eq!(failures, Vec::<String>::new());
    assert_eq!((done, all), (216, 216));
}
