//! What the examples of the chapters Bluetooth LE and Classic Bluetooth need.

use crate::common::{Bench, builder, ms};
use wifi_at_simulator::{
    BleAction, BlePeer, BtAction, BtPeer, BtProfile, Builder, Event, GattCharacteristic, GattService, IoCapability,
    Latency, PairingAnswer,
};

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
        "AT+BLECONN" if line.ends_with('?') => visit(bench),
        "AT+BLEENCCLEAR" if line.ends_with("=0") => {
            serve(bench);
            ble(bench, BleAction::Pair(true));
            bench.ask_for("AT+BLEENCRSP=0,1", ms(100));
        }
        "AT+BTSPPCONN" if line.ends_with('?') => serial(bench),
        "AT+BTA2DPCONN" if line.ends_with('?') => audio(bench, "AT+BTA2DPINIT=2"),
        "AT+BTA2DPSRC" if line.ends_with('?') => {
            audio(bench, "AT+BTA2DPINIT=1");
            all_ok(bench, &["AT+BTA2DPSRC=0,\"http://example.org/a.mp3\""]);
        }
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

/// A module in the world that a line needs, after what comes before it.
pub(crate) fn bench(line: &str, rx: &[String]) -> Bench {
    let table = if line == "AT+BLEGATTSSRV?" { 2 } else { 3 };
    let mut bench = Bench::booted(world(line, rx).gatt_services(services(table)));
    prepare(&mut bench, line);
    bench
}
