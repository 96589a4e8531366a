//! Classic Bluetooth: transcripts against peers and between two modules, in virtual time.
#![allow(missing_docs)]

mod common;

use common::{Bench, bytes, ms, quick};
use core::time::Duration;
use wifi_at_simulator::{
    Air, BtAction, BtClass, BtPeer, BtProfile, BtReceived, Builder, Event, InquiryResponse, IoCapability,
};

const PHONE: [u8; 6] = [0xe0, 0x24, 0x81, 0x47, 0x90, 0xbc];

fn phone() -> BtPeer {
    BtPeer::new("phone", PHONE)
}

fn act(bench: &mut Bench, action: BtAction) -> String {
    bench.module.happen(bench.now, Event::Bt("phone".into(), action));
    bench.run(ms(10))
}

/// A serial port that waits for connections.
fn slave(builder: Builder, security: &str) -> Bench {
    let mut bench = Bench::booted(builder);
    for line in ["AT+BTINIT=1", "AT+BTSPPINIT=2", "AT+BTSCANMODE=2", security, "AT+BTSPPSTART"] {
        bench.ok(line);
    }
    bench
}

const CONNECTED: &str = "+BTSPPCONN:0,\"e0:24:81:47:90:bc\"\r\n";
const OK: &str = "\r\nOK\r\n";

#[test]
fn nothing_works_before_init() {
    let mut bench = Bench::booted(quick());
    assert_eq!(bench.ask("AT+BTINIT?"), "+BTINIT:0\r\n\r\nOK\r\n");
    for line in ["AT+BTNAME?", "AT+BTSCANMODE=2", "AT+BTSPPINIT=1", "AT+BTSPPSTART", "AT+BTENCDEV?", "AT+BTPOWER=5,6"] {
        bench.error(line);
    }
    bench.ok("AT+BTINIT=1");
    assert_eq!(bench.ask("AT+BTINIT?"), "+BTINIT:1\r\n\r\nOK\r\n");
    bench.error("AT+CIPMODE=1");
    assert_eq!(bench.ask("AT+BTSPPCONN?"), "+BTSPPCONN:-1\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+BTA2DPCONN?"), "+BTA2DPCONN:\r\n\r\nOK\r\n");
    // Neither started nor a slave.
    bench.error("AT+BTSPPSTART");
    bench.ok("AT+BTSPPINIT=2");
    assert_eq!(bench.ask("AT+BTSPPINIT?"), "+BTSPPINIT:1\r\n\r\nOK\r\n");
    bench.error("AT+BTSPPCONN=0,0,\"e0:24:81:47:90:bc\"");
    assert_eq!(bench.ask("AT+BTSPPDISCONN=0"), "+BTSPPDISCONN:-1\r\n\r\nERROR\r\n");
    bench.error("AT+BTSPPSEND=0,4");
    bench.error("AT+BTSPPSEND");
    bench.ok("AT+BTPOWER=5,6");
    assert_eq!(bench.ask("AT+BTPOWER?"), "+BTPOWER:5,6\r\n\r\nOK\r\n");
    bench.error("AT+BTPOWER=6,5");
    bench.error("AT+BTCOD=6,64,32");
}

#[test]
fn firmware_as_downloaded_has_none() {
    let mut bench = Bench::booted(quick().with_variant(|variant| variant.classic_bluetooth = false));
    assert!(!bench.ask("AT+CMD?").contains("AT+BT"));
    bench.ok("AT+SYSLOG=1");
    assert_eq!(bench.ask("AT+BTINIT=1"), "ERR CODE:0x01090000\r\n\r\nERROR\r\n");
    bench.ok("AT+BLEINIT=1");
}

#[test]
fn the_name_is_kept() {
    let mut bench = Bench::booted(quick());
    bench.ok("AT+BTINIT=1");
    assert_eq!(bench.ask("AT+BTNAME?"), "+BTNAME:ESP32_AT\r\n\r\nOK\r\n");
    bench.ok("AT+BTNAME=\"EXAMPLE\"");
    bench.ask("AT+RST");
    bench.ask("ATE0");
    bench.ok("AT+BTINIT=1");
    assert_eq!(bench.ask("AT+BTNAME?"), "+BTNAME:EXAMPLE\r\n\r\nOK\r\n");
}

#[test]
fn an_inquiry_ends_when_its_time_is_over() {
    let mut speaker = BtPeer::new("speaker", [1, 2, 3, 4, 5, 6]);
    speaker.class = Some(BtClass { major: 4, minor: 5, service: 0x120 });
    let heard = |after: u64, rssi| InquiryResponse { after: ms(after), rssi: Some(rssi), name: true, class: true };
    speaker.inquiry = vec![heard(100, -40), heard(2000, -41)];
    let mut bench = Bench::booted(quick().bt_peer(phone()).bt_peer(speaker));
    bench.ok("AT+BTINIT=1");
    bench.send(b"AT+BTSTARTDISC=0,3,0\r\n");
    let first = "+BTSTARTDISC:\"01:02:03:04:05:06\",speaker,0x4,0x5,0x120,-40\r\n";
    let second = "+BTSTARTDISC:\"e0:24:81:47:90:bc\",phone,,,,-60\r\n";
    assert_eq!(bench.run(ms(1000)), format!("{first}{second}"));
    let third = first.replace("-40", "-41");
    assert_eq!(bench.run(ms(2100)), format!("{third}{OK}"));
    // One device only, however often.
    assert_eq!(bench.ask("AT+BTSTARTDISC=0,3,1"), format!("{first}{third}{OK}"));
    bench.error("AT+BTSTARTDISC=0,49,0");
}

#[test]
fn data_both_ways() {
    let mut bench = slave(quick().bt_peer(phone()), "AT+BTSECPARAM=3,1,\"9527\"");
    assert_eq!(act(&mut bench, BtAction::Connect(BtProfile::Spp)), CONNECTED);
    assert_eq!(bench.ask("AT+BTSPPCONN?"), format!("{CONNECTED}{OK}"));
    bench.module.happen(bench.now, Event::Bt("phone".into(), BtAction::Send(common::CONTROL_WORDS.to_vec())));
    let head = format!("+BTDATA:{},", common::CONTROL_WORDS.len());
    assert_eq!(bench.run_bytes(ms(10)), bytes(&[head.as_bytes(), common::CONTROL_WORDS, b"\r\n"]));
    assert_eq!(bench.ask("AT+BTSPPSEND=0,4"), "\r\n>");
    assert_eq!(bench.payload(b"\r\n\0+"), OK);
    // Passthrough.
    assert_eq!(bench.ask("AT+BTSPPSEND"), "\r\nOK\r\n\r\n>");
    bench.send(b"raw");
    bench.run(ms(100));
    bench.module.happen(bench.now, Event::Bt("phone".into(), BtAction::Send(b"back".to_vec())));
    assert_eq!(bench.run(ms(50)), "back");
    let sent = [b"\r\n\0+".to_vec(), b"raw".to_vec()].map(BtReceived::Data);
    let connected = [BtReceived::Connected(BtProfile::Spp)];
    assert_eq!(bench.module.air().take_bt_received("phone"), [&connected[..], &sent].concat());
    bench.send(b"+++");
    assert_eq!(bench.run(Duration::from_secs(1)), "");
    let gone = "+BTSPPDISCONN:0,\"e0:24:81:47:90:bc\"\r\n";
    assert_eq!(bench.ask("AT+BTSPPDISCONN=0"), format!("{gone}{OK}"));
    assert_eq!(act(&mut bench, BtAction::Connect(BtProfile::Spp)), CONNECTED);
    assert_eq!(act(&mut bench, BtAction::Disconnect(BtProfile::Spp)), gone);
    // It is bonded, over a restart, until that is cleared.
    bench.ask("AT+RST");
    bench.ask("ATE0");
    bench.ok("AT+BTINIT=1");
    assert_eq!(bench.ask("AT+BTENCDEV?"), format!("+BTENCDEV:0,\"e0:24:81:47:90:bc\"\r\n{OK}"));
    bench.error("AT+BTENCCLEAR=3");
    bench.ok("AT+BTENCCLEAR");
    bench.ok("AT+BTENCDEV?");
}

/// Connects a phone to a module that has to answer; what comes then.
fn asked(phone: BtPeer, security: &str, answer: &str) -> (String, Vec<BtReceived>) {
    let mut bench = slave(quick().bt_peer(phone), security);
    assert_eq!(act(&mut bench, BtAction::Connect(BtProfile::Spp)), "");
    let said = bench.ask(answer);
    (said, bench.module.air().take_bt_received("phone"))
}

#[test]
fn pairing_by_every_method() {
    let connected = (format!("{OK}{CONNECTED}"), vec![BtReceived::Connected(BtProfile::Spp)]);
    let refused = (OK.to_owned(), vec![BtReceived::Refused(BtProfile::Spp)]);
    let mut display = phone();
    display.io = IoCapability::DisplayYesNo;
    display.passkey = Some(676_572);
    let keyboard = "AT+BTSECPARAM=2,0,\"\"";
    assert_eq!(asked(display.clone(), keyboard, "AT+BTKEYREPLY=0,676572"), connected);
    assert_eq!(asked(display.clone(), keyboard, "AT+BTKEYREPLY=0,676573"), refused);
    assert_eq!(asked(display.clone(), keyboard, "AT+BTSECCFM=0,1").0, "\r\nERROR\r\n");
    let yes_no = "AT+BTSECPARAM=1,0,\"\"";
    assert_eq!(asked(display.clone(), yes_no, "AT+BTSECCFM=0,1"), connected);
    assert_eq!(asked(display, yes_no, "AT+BTSECCFM=0,0"), refused);
    let mut old = phone();
    old.legacy = true;
    old.pin = Some("6688".into());
    assert_eq!(asked(old.clone(), keyboard, "AT+BTPINREPLY=0,\"6688\""), connected);
    assert_eq!(asked(old.clone(), keyboard, "AT+BTPINREPLY=0,\"6689\""), refused);
    // A fixed PIN answers by itself.
    let mut bench = slave(quick().bt_peer(old), "AT+BTSECPARAM=3,1,\"6688\"");
    assert_eq!(act(&mut bench, BtAction::Connect(BtProfile::Spp)), CONNECTED);
    bench.error("AT+BTPINREPLY=0,\"6688\"");
}

#[test]
fn who_is_not_connectable_gets_no_connection() {
    let mut bench = slave(quick().bt_peer(phone()), "AT+BTSCANMODE=3");
    assert_eq!(act(&mut bench, BtAction::Connect(BtProfile::Spp)), "");
    bench.ok("AT+BTSCANMODE=1");
    assert_eq!(act(&mut bench, BtAction::Connect(BtProfile::Spp)), CONNECTED);
    assert_eq!(act(&mut bench, BtAction::Connect(BtProfile::A2dp)), "");
}

#[test]
fn a_master_connects() {
    let mut deaf = phone();
    deaf.serial = false;
    let mut other = BtPeer::new("other", [1, 2, 3, 4, 5, 6]);
    other.legacy = true;
    other.pin = Some("1".into());
    let mut bench = Bench::booted(quick().bt_peer(deaf).bt_peer(other));
    bench.ok("AT+BTINIT=1");
    bench.ok("AT+BTSPPINIT=1");
    bench.error("AT+BTSPPCONN=1,0,\"e0:24:81:47:90:bc\"");
    bench.error("AT+BTSPPCONN=0,2,\"e0:24:81:47:90:bc\"");
    bench.send(b"AT+BTSPPCONN=0,0x3000,\"e0:24:81:47:90:bc\"\r\n");
    assert_eq!(bench.run(ms(4900)), "");
    assert_eq!(bench.run(ms(200)), "+BTSPPCONN:0,-1\r\n\r\nERROR\r\n");
    // A wrong PIN is refused at once.
    let refused = bench.ask_for("AT+BTSPPCONN=0,0,\"01:02:03:04:05:06\"", ms(100));
    assert_eq!(refused, "+BTSPPCONN:0,-1\r\n\r\nERROR\r\n");
    bench.ok("AT+BTSECPARAM=3,1,\"1\"");
    let connected = bench.ask("AT+BTSPPCONN=0,0,\"01:02:03:04:05:06\"");
    assert_eq!(connected, "+BTSPPCONN:0,\"01:02:03:04:05:06\"\r\n\r\nOK\r\n");
    bench.error("AT+BTSPPINIT=2");
}

#[test]
fn two_modules() {
    let air = Air::new();
    let mut master = Bench::booted(quick().air(&air).bluetooth_address([1; 6]));
    let mut slave = slave(quick().air(&air).bluetooth_address([2; 6]), "AT+BTSECPARAM=3,1,\"9527\"");
    slave.ok("AT+BTNAME=\"EXAMPLE\"");
    slave.ok("AT+BTCOD=6,32,32");
    master.ok("AT+BTINIT=1");
    master.ok("AT+BTSPPINIT=1");
    let line = "+BTSTARTDISC:\"02:02:02:02:02:02\",EXAMPLE,0x6,0x20,0x20,-60\r\n";
    assert_eq!(master.ask_for("AT+BTSTARTDISC=0,1,0", ms(1500)), format!("{line}{OK}"));
    master.now = master.now.max(slave.now);
    master.send(b"AT+BTSPPCONN=0,0,\"02:02:02:02:02:02\"\r\n");
    assert_eq!(master.run(ms(10)), "");
    slave.now = slave.now.max(master.now);
    assert_eq!(slave.run(ms(10)), "+BTSPPCONN:0,\"01:01:01:01:01:01\"\r\n");
    master.now = master.now.max(slave.now);
    assert_eq!(master.run(ms(10)), "+BTSPPCONN:0,\"02:02:02:02:02:02\"\r\n\r\nOK\r\n");
    assert_eq!(master.ask_for("AT+BTSPPSEND=0,2", ms(10)), "\r\n>");
    assert_eq!(master.payload(b"hi"), OK);
    slave.now = slave.now.max(master.now);
    assert_eq!(slave.run(ms(10)), "+BTDATA:2,hi\r\n");
    // One that is switched off is gone.
    assert!(slave.ask_for("AT+RST", ms(10)).starts_with(OK));
    master.now = master.now.max(slave.now);
    assert_eq!(master.run(ms(10)), "+BTSPPDISCONN:0,\"02:02:02:02:02:02\"\r\n");
}

#[test]
fn a_connect_that_was_given_up_stays_so() {
    let air = Air::new();
    let mut master = Bench::booted(quick().air(&air).bluetooth_address([1; 6]));
    let mut slave = slave(quick().air(&air).bluetooth_address([2; 6]), "AT+BTSECPARAM=3,1,\"9527\"");
    master.ok("AT+BTINIT=1");
    master.ok("AT+BTSPPINIT=1");
    master.now = master.now.max(slave.now);
    // The other one does nothing for so long.
    let given_up = master.ask("AT+BTSPPCONN=0,0,\"02:02:02:02:02:02\"");
    assert_eq!(given_up, "+BTSPPCONN:0,-1\r\n\r\nERROR\r\n");
    slave.now = slave.now.max(master.now);
    let (own, gone) = ("+BTSPPCONN:0,\"01:01:01:01:01:01\"\r\n", "+BTSPPDISCONN:0,\"01:01:01:01:01:01\"\r\n");
    assert_eq!(slave.run(ms(10)), format!("{own}{gone}"));
    master.now = master.now.max(slave.now);
    assert_eq!(master.run(ms(10)), "");
    assert_eq!(master.ask("AT+BTSPPCONN?"), "+BTSPPCONN:-1\r\n\r\nOK\r\n");
}

#[test]
fn audio_to_and_from() {
    let mut bench = Bench::booted(quick().bt_peer(phone()));
    bench.ok("AT+BTINIT=1");
    bench.ok("AT+BTA2DPINIT=1");
    bench.error("AT+BTA2DPCTRL=0,1");
    let connected = "\r\nOK\r\n+BTA2DPCONN:0,\"e0:24:81:47:90:bc\"\r\n";
    assert_eq!(bench.ask("AT+BTA2DPCONN=0,\"e0:24:81:47:90:bc\""), connected);
    bench.error("AT+BTA2DPSRC?");
    bench.error("AT+BTA2DPSRC=0,\"flash://spiffs/zhifubao.wav\"");
    bench.ok("AT+BTA2DPSRC=0,\"flash://spiffs/zhifubao.mp3\"");
    assert_eq!(bench.ask("AT+BTA2DPSRC?"), "+BTA2DPSRC:\"flash://spiffs/zhifubao.mp3\",\"mp3\"\r\n\r\nOK\r\n");
    bench.ok("AT+BTA2DPCTRL=0,2");
    // A source has fewer controls than a sink.
    bench.error("AT+BTA2DPCTRL=0,3");
    let gone = "+BTA2DPDISCONN:0,\"e0:24:81:47:90:bc\"\r\n";
    assert_eq!(bench.ask("AT+BTA2DPDISCONN=0"), format!("{OK}{gone}"));
    bench.error("AT+BTA2DPDISCONN=0");
    let wanted = [
        BtReceived::Connected(BtProfile::A2dp),
        BtReceived::Plays("flash://spiffs/zhifubao.mp3".into()),
        BtReceived::Control(2),
        BtReceived::Disconnected(BtProfile::A2dp),
    ];
    assert_eq!(bench.module.air().take_bt_received("phone"), wanted);
    bench.ok("AT+BTA2DPINIT=2");
    bench.ok("AT+BTSCANMODE=1");
    let connected = "+BTA2DPCONN:0,\"e0:24:81:47:90:bc\"\r\n";
    assert_eq!(act(&mut bench, BtAction::Connect(BtProfile::A2dp)), connected);
    bench.ok("AT+BTA2DPCTRL=0,5");
    bench.error("AT+BTA2DPSRC=0,\"flash://spiffs/zhifubao.mp3\"");
    assert_eq!(bench.ask("AT+BTINIT=0"), format!("{gone}{OK}"));
}
