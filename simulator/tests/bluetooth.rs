//! Bluetooth LE: transcripts against peers and between two modules, in virtual time.
#![allow(missing_docs)]

mod common;

use common::{Bench, bytes, ms, quick};
use core::time::Duration;
use wifi_at_simulator::{
    Air, BleAction, BlePeer, BleReceived, Builder, Event, GattCharacteristic, GattService, IoCapability, PairingAnswer,
    Uuid,
};

const PHONE: [u8; 6] = [0x60, 0x51, 0x42, 0xfe, 0x98, 0xaa];
const SENSOR: [u8; 6] = [0x24, 0x12, 0x5f, 0x9d, 0x91, 0x98];

fn phone() -> BlePeer {
    let mut phone = BlePeer::new("phone", PHONE);
    phone.advertising = None;
    phone
}

/// A temperature that notifies, a switch that can be written.
fn sensor() -> BlePeer {
    let temperature = GattCharacteristic::new(0x2a6e, 0x12).value([0x0d, 0x0a]).descriptor(0x2902);
    let switch = GattCharacteristic::new(Uuid::Long([0x42; 16]), 0x08).max_len(4);
    let service = GattService::new(0x181a).characteristic(temperature).characteristic(switch).include(0x180f, false);
    BlePeer::new("sensor", SENSOR).rssi(-70).advertising([2, 1, 6, 4, 9, b'T', b'-', b'1']).service(service)
}

fn module(builder: Builder) -> Bench {
    Bench::booted(builder)
}

impl Doing for Bench {
    fn ble(&mut self, name: &str, action: BleAction) -> String {
        self.module.happen(self.now, Event::Ble(name.into(), action));
        self.run(ms(10))
    }

    fn received(&self, name: &str) -> Vec<BleReceived> {
        self.module.air().take_ble_received(name)
    }
}

trait Doing {
    /// A peer does something; what the module says to that.
    fn ble(&mut self, name: &str, action: BleAction) -> String;
    fn received(&self, name: &str) -> Vec<BleReceived>;
}

/// A server whose phone is connected.
fn server() -> Bench {
    let mut bench = module(quick().ble_peer(phone()));
    for line in ["AT+BLEINIT=2", "AT+BLEGATTSSRVCRE", "AT+BLEGATTSSRVSTART", "AT+BLEADVSTART"] {
        bench.ok(line);
    }
    assert_eq!(bench.ble("phone", BleAction::Connect), "+BLECONN:0,\"60:51:42:fe:98:aa\"\r\n");
    bench
}

/// A client that is connected with the sensor and knows it.
fn client() -> Bench {
    let mut bench = module(quick().ble_peer(sensor()));
    bench.ok("AT+BLEINIT=1");
    let answer = bench.ask("AT+BLECONN=0,\"24:12:5f:9d:91:98\"");
    assert_eq!(answer, "+BLECONN:0,\"24:12:5f:9d:91:98\"\r\n\r\nOK\r\n");
    let services =
        "+BLEGATTCPRIMSRV:0,1,0x1801,1\r\n+BLEGATTCPRIMSRV:0,2,0x1800,1\r\n+BLEGATTCPRIMSRV:0,3,0x181A,1\r\n";
    assert_eq!(bench.ask("AT+BLEGATTCPRIMSRV=0"), format!("{services}\r\nOK\r\n"));
    let long = "42".repeat(16);
    let lines = format!(
        "+BLEGATTCCHAR:\"char\",0,3,1,0x2A6E,0x12\r\n+BLEGATTCCHAR:\"desc\",0,3,1,1,0x2902\r\n\
         +BLEGATTCCHAR:\"char\",0,3,2,0x{long},0x08\r\n"
    );
    assert_eq!(bench.ask("AT+BLEGATTCCHAR=0,3"), format!("{lines}\r\nOK\r\n"));
    bench
}

#[test]
fn nothing_works_before_init_and_roles_do_not_change() {
    let mut bench = module(quick());
    assert_eq!(bench.ask("AT+BLEINIT?"), "+BLEINIT:0\r\n\r\nOK\r\n");
    for line in ["AT+BLENAME?", "AT+BLEADDR?", "AT+BLESCAN=1", "AT+BLEADVSTART", "AT+BLEGATTSSRVCRE", "AT+BLEENCDEV?"] {
        bench.error(line);
    }
    assert_eq!(bench.ask("AT+BLECONN?"), "\r\nOK\r\n");
    bench.ok("AT+BLEINIT=2");
    assert_eq!(bench.ask("AT+BLECONN?"), "+BLECONN:\r\n\r\nOK\r\n");
    // What only a client does.
    bench.error("AT+BLESCAN=1,3");
    bench.error("AT+BLESCANPARAM?");
    bench.error("AT+BLEINIT=1");
    bench.ok("AT+BLEINIT=0");
    bench.error("AT+BLEINIT=1");
    assert!(bench.ask("AT+RST").ends_with("ready\r\n"));
    bench.ask("ATE0");
    bench.ok("AT+BLEINIT=1");
    bench.error("AT+BLEADVSTART");
    bench.error("AT+BLEADVDATA=\"1122\"");
    // Passthrough and Bluetooth exclude each other.
    bench.error("AT+CIPMODE=1");
    bench.ok("AT+BLEINIT=0");
    bench.ok("AT+CIPMODE=1");
    bench.error("AT+BLEINIT=1");
}

#[test]
fn settings_survive_a_restart_as_sysstore_says() {
    let mut bench = module(quick());
    bench.ok("AT+BLEINIT=2");
    bench.ok("AT+BLENAME=\"kept\"");
    bench.ok("AT+BLEADVPARAM=50,60,0,0,7,0,1,\"12:34:45:78:66:88\"");
    bench.ok("AT+SYSSTORE=0");
    bench.ok("AT+BLENAME=\"lost\"");
    assert_eq!(bench.ask("AT+BLENAME?"), "+BLENAME:lost\r\n\r\nOK\r\n");
    bench.ask("AT+RST");
    bench.ask("ATE0");
    bench.ok("AT+BLEINIT=2");
    assert_eq!(bench.ask("AT+BLENAME?"), "+BLENAME:kept\r\n\r\nOK\r\n");
    let parameters = "+BLEADVPARAM:50,60,0,0,7,0,1,\"12:34:45:78:66:88\"\r\n\r\nOK\r\n";
    assert_eq!(bench.ask("AT+BLEADVPARAM?"), parameters);
    bench.ask("AT+RESTORE");
    bench.ask("ATE0");
    bench.ok("AT+BLEINIT=2");
    assert_eq!(bench.ask("AT+BLENAME?"), "+BLENAME:ESP-AT\r\n\r\nOK\r\n");
}

#[test]
fn parameters_out_of_range() {
    let mut bench = module(quick());
    bench.ok("AT+BLEINIT=2");
    for line in [
        "AT+BLEADVPARAM=31,64,0,0,7",
        "AT+BLEADVPARAM=64,32,0,0,7",
        "AT+BLEADVPARAM=32,64,0,0,3",
        "AT+BLEADVPARAM=32,64,0,0,7,0,1",
        "AT+BLEADVDATA=\"112\"",
        "AT+BLEADVDATA=\"11zz\"",
        &format!("AT+BLEADVDATA=\"{}\"", "11".repeat(32)),
        "AT+BLEADDR=1,\"38:7f:24:87:1c:7b\"",
        "AT+BLEADDR=1,\"ff:ff:ff:ff:ff:ff\"",
        "AT+BLESECPARAM=2,0,16,3,3",
        "AT+BLESECPARAM=1,0,17,3,3",
        "AT+BLESETKEY=1000000",
        "AT+BLEDISCONN=0",
        "AT+BLEDISCONN=3",
        "AT+BLENAME=\"a name that is longer than thirty-two\"",
    ] {
        bench.error(line);
    }
    bench.ok(&format!("AT+BLEADVDATA=\"{}\"", "11".repeat(31)));
    assert_eq!(bench.ask("AT+BLESETKEY?"), "+BLESETKEY:-1\r\n\r\nOK\r\n");
}

#[test]
fn a_scan_shows_who_advertises() {
    let tag = BlePeer::new("tag", [0xc0, 0, 0, 0, 0, 1]).random().rssi(-90).scan_response([3, 9, b'T', b'2']);
    let mut bench = module(quick().ble_peer(sensor()).ble_peer(tag));
    bench.ok("AT+BLEINIT=1");
    let sensor = "+BLESCAN:\"24:12:5f:9d:91:98\",-70,0201060409542d31,,0\r\n";
    let tag = "+BLESCAN:\"c0:00:00:00:00:01\",-90,,,1\r\n";
    assert_eq!(bench.ask("AT+BLESCAN=1,3"), format!("\r\nOK\r\n{sensor}{tag}+BLESCANDONE\r\n"));
    let one = bench.ask("AT+BLESCAN=1,3,1,\"C0:00:00:00:00:01\"");
    assert_eq!(one, format!("\r\nOK\r\n{tag}+BLESCANDONE\r\n"));
    assert_eq!(bench.ask("AT+BLESCAN=1,3,2,\"T-1\""), format!("\r\nOK\r\n{sensor}+BLESCANDONE\r\n"));
    // An active scan asks for more, and names are looked for there, too.
    bench.ok("AT+BLESCANPARAM=1,0,0,100,50");
    let answer = bench.ask("AT+BLESCAN=1,3,2,\"T2\"");
    assert_eq!(answer, "\r\nOK\r\n+BLESCAN:\"c0:00:00:00:00:01\",-90,,03095432,1\r\n+BLESCANDONE\r\n");
    bench.error("AT+BLESCANPARAM=1,0,0,50,100");
    // Without end: what is new comes as it comes, nothing at the stop.
    assert!(bench.ask_for("AT+BLESCAN=1", ms(500)).starts_with("\r\nOK\r\n+BLESCAN:"));
    bench.error("AT+BLESCAN=1,3");
    bench.ble("sensor", BleAction::Signal(-30));
    assert_eq!(bench.run(ms(500)), "+BLESCAN:\"24:12:5f:9d:91:98\",-30,0201060409542d31,,0\r\n");
    bench.error("AT+BLESCAN=0,3");
    bench.ok("AT+BLESCAN=0");
    bench.ble("sensor", BleAction::Signal(-20));
    assert_eq!(bench.run(ms(500)), "");
}

#[test]
fn a_client_reads_writes_and_is_notified() {
    let mut bench = client();
    // CR LF and NUL are values like others.
    bench.send(b"AT+BLEGATTCRD=0,3,1\r\n");
    assert_eq!(bench.run_bytes(ms(10)), b"+BLEGATTCRD:0,2,\r\n\r\n\r\nOK\r\n");
    bench.error("AT+BLEGATTCRD=0,3,2");
    bench.error("AT+BLEGATTCRD=0,3,3");
    bench.error("AT+BLEGATTCRD=0,2,1");
    assert_eq!(bench.ask("AT+BLEGATTCWR=0,3,2,,3"), "\r\n>");
    assert_eq!(bench.payload(b"a\0\n"), "\r\nOK\r\n");
    let written = BleReceived::Written { service: 1, characteristic: 2, descriptor: None, value: b"a\0\n".to_vec() };
    assert_eq!(bench.received("sensor"), [BleReceived::Connected, written]);
    assert_eq!(bench.module.air().ble_services("sensor")[0].characteristics[1].value, b"a\0\n");
    // More than there is room for, and what cannot be written.
    assert_eq!(bench.ask("AT+BLEGATTCWR=0,3,2,,5"), "\r\n>");
    assert_eq!(bench.payload(b"12345"), "\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+BLEGATTCWR=0,3,1,,1"), "\r\n>");
    assert_eq!(bench.payload(b"x"), "\r\nERROR\r\n");
    let notify = |value: &[u8]| BleAction::Notify { service: 1, characteristic: 1, value: value.to_vec() };
    assert_eq!(bench.ble("sensor", notify(b"cold")), "");
    assert_eq!(bench.ask("AT+BLEGATTCWR=0,3,1,1,2"), "\r\n>");
    assert_eq!(bench.payload(&[1, 0]), "\r\nOK\r\n");
    bench.module.happen(bench.now, Event::Ble("sensor".into(), notify(common::CONTROL_WORDS)));
    let head = format!("+NOTIFY:0,3,1,{},", common::CONTROL_WORDS.len());
    assert_eq!(bench.run_bytes(ms(10)), bytes(&[head.as_bytes(), common::CONTROL_WORDS, b"\r\n"]));
    let included = "+BLEGATTCINCLSRV:0,3,0x181A,1,0x180F,0\r\n\r\nOK\r\n";
    assert_eq!(bench.ask("AT+BLEGATTCINCLSRV=0,3"), included);
}

#[test]
fn a_connection_has_parameters_and_an_end() {
    let mut bench = client();
    assert_eq!(bench.ask("AT+BLECONN?"), "+BLECONN:0,\"24:12:5f:9d:91:98\"\r\n\r\nOK\r\n");
    bench.error("AT+BLECONN=0,\"24:12:5f:9d:91:98\"");
    assert_eq!(bench.ask("AT+BLECFGMTU?"), "+BLECFGMTU:0,23\r\n\r\nOK\r\n");
    bench.ok("AT+BLECFGMTU=0,300");
    assert_eq!(bench.ask("AT+BLECFGMTU?"), "+BLECFGMTU:0,300\r\n\r\nOK\r\n");
    bench.error("AT+BLECFGMTU=0,518");
    bench.error("AT+BLEDATALEN=0,26");
    assert_eq!(bench.ask("AT+BLECONNPARAM=0,12,14,1,500"), "\r\nOK\r\n+BLECONNPARAM:0,12,14,14,1,500\r\n");
    assert_eq!(bench.ask("AT+BLECONNPARAM?"), "+BLECONNPARAM:0,12,14,14,1,500\r\n\r\nOK\r\n");
    bench.error("AT+BLECONNPARAM=0,14,12,1,500");
    assert_eq!(bench.ask("AT+BLEDISCONN=0"), "\r\nOK\r\n+BLEDISCONN:0,\"24:12:5f:9d:91:98\"\r\n");
    bench.error("AT+BLEGATTCPRIMSRV=0");
    // The sensor is away; after its time the attempt is given up.
    bench.ble("sensor", BleAction::Advertise(false));
    let begun = bench.now;
    bench.send(b"AT+BLECONN=1,\"24:12:5f:9d:91:98\",0,3\r\n");
    assert_eq!(bench.run(ms(2900)), "");
    assert_eq!(bench.run(ms(200)), "+BLECONN:1,-1\r\n\r\nERROR\r\n");
    assert_eq!(bench.now - begun, ms(3100));
    // It comes while the module looks for it.
    bench.send(b"AT+BLECONN=1,\"24:12:5f:9d:91:98\",0,3\r\n");
    bench.run(ms(1000));
    bench.ble("sensor", BleAction::Advertise(true));
    assert_eq!(bench.run(ms(200)), "+BLECONN:1,\"24:12:5f:9d:91:98\"\r\n\r\nOK\r\n");
    assert_eq!(bench.ble("sensor", BleAction::Disconnect), "+BLEDISCONN:1,\"24:12:5f:9d:91:98\"\r\n");
    // A wrong kind of address is another address.
    bench.send(b"AT+BLECONN=1,\"24:12:5f:9d:91:98\",1,3\r\n");
    assert_eq!(bench.run(ms(3100)), "+BLECONN:1,-1\r\n\r\nERROR\r\n");
}

#[test]
fn a_server_is_read_and_written_and_notifies() {
    let mut bench = server();
    assert_eq!(
        bench.ble("phone", BleAction::Read { service: 1, characteristic: 1 }),
        "+READ:0,\"60:51:42:fe:98:aa\"\r\n"
    );
    assert_eq!(bench.received("phone"), [BleReceived::Connected, BleReceived::Value(b"0".to_vec())]);
    let write = BleAction::Write { service: 1, characteristic: 3, descriptor: None, value: b"\r\n\0".to_vec() };
    assert_eq!(bench.ble("phone", write), "+WRITE:0,1,3,,3,\r\n\0\r\n");
    // Nobody listens yet, then somebody does.
    bench.error("AT+BLEGATTSNTFY=0,1,6,4");
    let subscribed = bench.ble("phone", BleAction::Subscribe { service: 1, characteristic: 6 });
    assert_eq!(subscribed, "+WRITE:0,1,6,1,2,\x01\0\r\n");
    bench.error("AT+BLEGATTSIND=0,1,6,4");
    bench.error("AT+BLEGATTSNTFY=0,1,6,21");
    assert_eq!(bench.ask("AT+BLEGATTSNTFY=0,1,6,4"), "\r\n>");
    assert_eq!(bench.payload(b"+++\0"), "\r\nOK\r\n");
    let value = b"+++\0".to_vec();
    let pushed = BleReceived::Pushed { service: 1, characteristic: 6, value, indication: false };
    assert_eq!(bench.received("phone"), [pushed]);
    bench.ble("phone", BleAction::Mtu(100));
    assert_eq!(bench.ask("AT+BLEGATTSNTFY=0,1,6,97"), "\r\n>");
    // The phone goes while the module waits for data: the line stands behind the prompt.
    assert_eq!(bench.ble("phone", BleAction::Disconnect), "+BLEDISCONN:0,\"60:51:42:fe:98:aa\"\r\n");
    assert_eq!(bench.payload(&[b'x'; 97]), "\r\nERROR\r\n");
    // Advertising had ended with the connection.
    assert_eq!(bench.ble("phone", BleAction::Connect), "");
    // Values and their room.
    assert_eq!(bench.ask("AT+BLEGATTSSETATTR=1,8,,1"), "\r\n>");
    assert_eq!(bench.payload(b"9"), "\r\nOK\r\n");
    bench.error("AT+BLEGATTSSETATTR=1,1,,2");
    bench.error("AT+BLEGATTSSETATTR=1,9,,1");
    bench.error("AT+BLEGATTSSRVCRE");
    bench.ok("AT+BLEGATTSSRVSTOP=1");
    assert_eq!(bench.ask("AT+BLEGATTSSRV?"), "+BLEGATTSSRV:1,0,0xA002,1\r\n+BLEGATTSSRV:2,1,0xA003,1\r\n\r\nOK\r\n");
}

#[test]
fn more_than_the_announced_bytes_meet_a_busy_module() {
    let mut bench = module(quick().with_latency(|latency| latency.send = ms(5)).ble_peer(sensor()));
    for line in ["AT+BLEINIT=1", "AT+BLECONN=0,\"24:12:5f:9d:91:98\"", "AT+BLEGATTCPRIMSRV=0", "AT+BLEGATTCCHAR=0,3"] {
        assert!(bench.ask(line).ends_with("\r\nOK\r\n"));
    }
    assert_eq!(bench.ask("AT+BLEGATTCWR=0,3,2,,2"), "\r\n>");
    assert_eq!(bench.payload(b"1234\r\n"), "busy p...\r\n\r\nOK\r\n");
}

/// The way that a pairing takes, for what both sides can do: what the module says until it has ended.
fn paired(own: &str, io: IoCapability, types: Option<u32>, then: &[&str]) -> (String, Vec<BleReceived>) {
    let mut bench = module(quick().ble_peer({
        let mut phone = phone().pairing(io, 13, PairingAnswer::Accept);
        phone.shows = Some(231_518);
        phone.types = types;
        phone
    }));
    for line in ["AT+BLEINIT=2", own, "AT+BLESETKEY=654321", "AT+BLEADVSTART"] {
        bench.ok(line);
    }
    bench.ble("phone", BleAction::Connect);
    let mut said = bench.ask("AT+BLEENC=0,3");
    for line in then {
        said += &bench.ask(line);
    }
    let mut received = bench.received("phone");
    received.retain(|step| matches!(step, BleReceived::Passkey(_) | BleReceived::Paired(_)));
    (said, received)
}

const KEYS: &str = "+BLESECKEYTYPE:0,16\r\n+BLESECKEYTYPE:0,1\r\n+BLESECKEYTYPE:0,32\r\n+BLESECKEYTYPE:0,2\r\n";

#[test]
fn pairing_by_every_method() {
    let ok = "\r\nOK\r\n";
    let good = format!("{KEYS}+BLEAUTHCMPL:0,0\r\n");
    // Nothing to show, nothing to type.
    let (said, received) = paired("AT+BLESECPARAM=13,3,16,3,3", IoCapability::KeyboardDisplay, None, &[]);
    assert_eq!((said, received), (format!("{ok}{good}"), vec![BleReceived::Paired(true)]));
    // The module shows, the phone's user types.
    let shows = "AT+BLESECPARAM=13,0,16,3,3";
    let (said, received) = paired(shows, IoCapability::KeyboardDisplay, Some(654_321), &[]);
    assert_eq!((said, received), (format!("{ok}+BLESECNTFYKEY:0,654321\r\n{good}"), vec![BleReceived::Paired(true)]));
    let (said, received) = paired(shows, IoCapability::KeyboardOnly, Some(111_111), &[]);
    let bad = "+BLEAUTHCMPL:0,1\r\n";
    assert_eq!((said, received), (format!("{ok}+BLESECNTFYKEY:0,654321\r\n{bad}"), vec![BleReceived::Paired(false)]));
    // The phone shows, the host types.
    let types = "AT+BLESECPARAM=13,2,16,3,3";
    let asked = format!("{ok}+BLESECKEYREQ:0\r\n");
    let right = paired(types, IoCapability::DisplayOnly, None, &["AT+BLEKEYREPLY=0,231518"]);
    let steps = vec![BleReceived::Passkey(231_518), BleReceived::Paired(true)];
    assert_eq!(right, (format!("{asked}{ok}{good}"), steps));
    let (said, _) = paired(types, IoCapability::DisplayOnly, None, &["AT+BLEKEYREPLY=0,231519"]);
    assert_eq!(said, format!("{asked}{ok}{bad}"));
    // Both show the same number.
    let compares = "AT+BLESECPARAM=13,1,16,3,3";
    let (said, _) = paired(compares, IoCapability::DisplayYesNo, None, &["AT+BLECONFREPLY=0,1"]);
    let (first, rest) = said.split_once(',').unwrap();
    assert_eq!(first, "\r\nOK\r\n+BLESECNTFYKEY:0");
    assert_eq!(&rest[6..], format!("\r\n{ok}{good}"));
    let (said, _) = paired(compares, IoCapability::DisplayYesNo, None, &["AT+BLECONFREPLY=0,0"]);
    assert!(said.ends_with(bad));
    // Protection is demanded and not to be had: the connection ends.
    let (said, _) = paired("AT+BLESECPARAM=13,3,16,3,3,1", IoCapability::DisplayYesNo, None, &[]);
    assert_eq!(said, format!("{ok}{bad}+BLEDISCONN:0,\"60:51:42:fe:98:aa\"\r\n"));
    // The passkey of another pairing is none of this one.
    let (said, _) = paired(shows, IoCapability::KeyboardOnly, None, &["AT+BLEKEYREPLY=0,654321"]);
    assert!(said.ends_with("\r\nERROR\r\n"));
}

#[test]
fn bonds_are_kept_and_used() {
    let mut bench = module(quick().ble_peer(phone()));
    for line in ["AT+BLEINIT=2", "AT+BLESECPARAM=9,3,16,3,3", "AT+BLEADVSTART"] {
        bench.ok(line);
    }
    bench.ble("phone", BleAction::Connect);
    assert_eq!(bench.ask("AT+BLEENCDEV?"), "\r\nOK\r\n");
    // The phone asks this time.
    assert_eq!(bench.ble("phone", BleAction::Pair(false)), "+BLESECREQ:0\r\n");
    assert_eq!(bench.ask("AT+BLEENCRSP=0,0"), "\r\nOK\r\n+BLEAUTHCMPL:0,1\r\n");
    bench.error("AT+BLEENCRSP=0,1");
    assert_eq!(bench.ble("phone", BleAction::Pair(false)), "+BLESECREQ:0\r\n");
    assert_eq!(bench.ask("AT+BLEENCRSP=0,1"), format!("\r\nOK\r\n{KEYS}+BLEAUTHCMPL:0,0\r\n"));
    assert_eq!(bench.ask("AT+BLEENCDEV?"), "+BLEENCDEV:0,\"60:51:42:fe:98:aa\"\r\n\r\nOK\r\n");
    bench.ask("AT+RST");
    bench.ask("ATE0");
    bench.ok("AT+BLEINIT=2");
    assert_eq!(bench.ask("AT+BLEENCDEV?"), "+BLEENCDEV:0,\"60:51:42:fe:98:aa\"\r\n\r\nOK\r\n");
    bench.ok("AT+BLEADVSTART");
    bench.ble("phone", BleAction::Connect);
    // They know each other: no keys, no questions.
    assert_eq!(bench.ask("AT+BLEENC=0,1"), "\r\nOK\r\n+BLEAUTHCMPL:0,0\r\n");
    bench.error("AT+BLEENCCLEAR=1");
    bench.ok("AT+BLEENCCLEAR=0");
    assert_eq!(bench.ask("AT+BLEENCDEV?"), "\r\nOK\r\n");
}

#[test]
fn a_random_address_and_extended_data_are_seen_by_a_scanner() {
    let air = Air::new();
    let mut server = module(quick().air(&air));
    let mut client = module(quick().air(&air));
    client.ok("AT+BLEINIT=1");
    for line in [
        "AT+BLEINIT=2",
        "AT+BLEADDR=1,\"c2:34:45:78:66:89\"",
        "AT+BLEADVPARAM=50,50,0,1,4,0,1,\"12:34:45:78:66:88\"",
        "AT+BLEADVDATAEX=\"ESP-AT\",\"A002\",\"0102030405\",1",
    ] {
        server.ok(line);
    }
    assert_eq!(server.ask("AT+BLEADVDATAEX?"), "+BLEADVDATAEX:\"ESP-AT\",\"A002\",\"0102030405\",1\r\n\r\nOK\r\n");
    let data = "020106020a0407094553502d4154030302a006ff0102030405";
    let seen = format!("+BLESCAN:\"c2:34:45:78:66:89\",-47,{data},,1\r\n");
    assert_eq!(client.ask("AT+BLESCAN=1,1,2,\"ESP-AT\""), format!("\r\nOK\r\n{seen}+BLESCANDONE\r\n"));
    let connected = client.ask("AT+BLECONN=2,\"c2:34:45:78:66:89\",1,3");
    assert_eq!(connected, "+BLECONN:2,\"c2:34:45:78:66:89\"\r\n\r\nOK\r\n");
    // A module that restarts is gone for the other one.
    server.ask("AT+RST");
    client.now = client.now.max(server.now);
    assert_eq!(client.run(ms(10)), "+BLEDISCONN:2,\"c2:34:45:78:66:89\"\r\n");
}

#[test]
fn an_input_device() {
    let mut bench = module(quick().ble_peer(phone()));
    bench.error("AT+BLEHIDKB=0,4,0,0,0,0,0");
    bench.ok("AT+BLEHIDINIT=1");
    assert_eq!(bench.ask("AT+BLEHIDINIT?"), "+BLEHIDINIT:1\r\n\r\nOK\r\n");
    // One excludes the other.
    bench.error("AT+BLEINIT=2");
    bench.error("AT+BLUFI=1");
    assert_eq!(bench.ble("phone", BleAction::Connect), "+BLECONN:0,\"60:51:42:fe:98:aa\"\r\n");
    bench.ok("AT+BLEHIDKB=2,4,5,0,0,0,0");
    bench.ok("AT+BLEHIDMUS=1,10,-10,0");
    bench.ok("AT+BLEHIDCONSUMER=233");
    bench.error("AT+BLEHIDMUS=1,128,0,0");
    let reports = [vec![1, 2, 0, 4, 5, 0, 0, 0, 0], vec![2, 1, 10, 246, 0], vec![3, 233, 0]];
    let mut wanted = vec![BleReceived::Connected];
    wanted.extend(reports.map(BleReceived::Report));
    assert_eq!(bench.received("phone"), wanted);
    assert_eq!(bench.ask("AT+BLEHIDINIT=0"), "+BLEDISCONN:0,\"60:51:42:fe:98:aa\"\r\n\r\nOK\r\n");
}

#[test]
fn blufi_takes_credentials_from_a_phone() {
    let mut bench = module(quick().ble_peer(phone()));
    assert_eq!(bench.ask("AT+BLUFINAME?"), "+BLUFINAME:BLUFI_DEVICE\r\n\r\nOK\r\n");
    bench.ok("AT+BLUFINAME=\"BLUFI_DEV\"");
    bench.ok("AT+CWMODE=1");
    bench.ok("AT+BLUFI=1,3");
    assert_eq!(bench.ask("AT+BLUFI?"), "+BLUFI:1\r\n\r\nOK\r\n");
    bench.error("AT+BLEINIT=1");
    bench.error("AT+BLUFISEND=4");
    assert_eq!(bench.ble("phone", BleAction::Connect), "");
    assert_eq!(bench.ble("phone", BleAction::BlufiData(b"\r\n\0".to_vec())), "+BLUFIDATA:3,\r\n\0\r\n");
    assert_eq!(bench.ask("AT+BLUFISEND=4"), "\r\n>");
    assert_eq!(bench.payload(b"1234"), "\r\nOK\r\n");
    assert_eq!(bench.received("phone"), [BleReceived::Connected, BleReceived::Blufi(b"1234".to_vec())]);
    bench.error("AT+BLUFISEND=601");
    let send =
        |ssid: &str, password: &str| BleAction::BlufiCredentials { ssid: ssid.into(), password: password.into() };
    // An open access point is below the floor.
    bench.ble("phone", send("cafe", ""));
    bench.run(Duration::from_secs(20));
    assert!(!bench.module.is_joined());
    bench.ble("phone", send("home", "secret password"));
    bench.run(Duration::from_secs(20));
    assert!(bench.module.is_joined());
    bench.ok("AT+BLUFI=0");
    assert_eq!(bench.ask("AT+BLUFI?"), "+BLUFI:0\r\n\r\nOK\r\n");
}

#[test]
fn three_connections_and_no_more() {
    let mut builder = quick();
    for number in 1..=4 {
        let mut peer = phone();
        peer.name = format!("phone {number}");
        peer.address[5] = number;
        builder = builder.ble_peer(peer);
    }
    let mut bench = module(builder);
    bench.ok("AT+BLEINIT=2");
    for number in 1..=3 {
        bench.ok("AT+BLEADVSTART");
        let said = bench.ble(&format!("phone {number}"), BleAction::Connect);
        assert_eq!(said, format!("+BLECONN:{},\"60:51:42:fe:98:0{number}\"\r\n", number - 1));
    }
    bench.error("AT+BLEADVSTART");
    assert_eq!(bench.ble("phone 4", BleAction::Connect), "");
    bench.ble("phone 2", BleAction::Disconnect);
    bench.ok("AT+BLEADVSTART");
    assert_eq!(bench.ble("phone 4", BleAction::Connect), "+BLECONN:1,\"60:51:42:fe:98:04\"\r\n");
    let lines = bench.ask("AT+BLECONN?");
    assert_eq!(lines.matches("+BLECONN:").count(), 3, "{lines}");
    let gone = bench.ask("AT+BLEINIT=0");
    assert_eq!(gone.matches("+BLEDISCONN:").count(), 3, "{gone}");
}
