//! The MQTT commands against a broker in memory: exact transcripts in virtual time.
#![allow(missing_docs)]

#[path = "common/broker.rs"]
mod broker;
mod common;

use broker::{Broker, Message};
use common::{Bench, builder_of, ms};
use core::time::Duration;
use wifi_at_simulator::{Action, Dialect, Fault, Latency, Point, When};

const USER: &str = r#"AT+MQTTUSERCFG=0,1,"ESP32","espressif","1234567890",0,0,"""#;
const CONNECT: &str = r#"AT+MQTTCONN=0,"broker.example",1883,"#;
const CONNECTED: &str = "+MQTTCONNECTED:0,1,\"broker.example\",\"1883\",\"\",";

fn online(dialect: Dialect) -> (Bench, Broker) {
    let bench = Bench::online(builder_of(dialect).latency(Latency::none()));
    bench.network.add_host("broker.example", "10.0.0.9".parse().unwrap());
    let broker = Broker::serve(&bench.network, "10.0.0.9:1883".parse().unwrap());
    (bench, broker)
}

/// With a connection to the broker.
fn connected(reconnect: u8) -> (Bench, Broker) {
    let (mut bench, broker) = online(Dialect::EspAt);
    bench.ok(USER);
    assert_eq!(
        bench.ask_for(&format!("{CONNECT}{reconnect}"), ms(10)),
        format!("{CONNECTED}{reconnect}\r\n\r\nOK\r\n")
    );
    (bench, broker)
}

#[track_caller]
fn ok(bench: &mut Bench, command: &str) {
    assert_eq!(bench.ask_for(command, ms(10)), "\r\nOK\r\n", "{command}");
}

#[track_caller]
fn code(bench: &mut Bench, command: &str, code: &str) {
    let wanted = format!("ERR CODE:0x0000{code}\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask_for(command, ms(10)), wanted, "{command}");
}

#[test]
fn life_of_a_connection() {
    let (mut bench, broker) = online(Dialect::EspAt);
    assert_eq!(bench.ask("AT+MQTTCONN?"), "+MQTTCONN:0,0,0,\"\",\"\",\"\",0\r\n\r\nOK\r\n");
    bench.ok(USER);
    assert!(bench.ask("AT+MQTTCONN?").starts_with("+MQTTCONN:0,1,1,"));
    bench.ok(r#"AT+MQTTCONNCFG=0,60,1,"last","wo\"rd",1,1"#);
    assert!(bench.ask("AT+MQTTCONN?").starts_with("+MQTTCONN:0,2,1,"));
    assert_eq!(bench.ask_for(&format!("{CONNECT}0"), ms(10)), format!("{CONNECTED}0\r\n\r\nOK\r\n"));
    let connect = broker.state.borrow().connects[0].clone();
    assert_eq!((connect.client_id.as_str(), connect.keep_alive, connect.clean), ("ESP32", 60, false));
    assert_eq!(connect.user.as_deref(), Some("espressif"));
    assert_eq!(connect.password.as_deref(), Some(&b"1234567890"[..]));
    let will = Message { topic: "last".into(), payload: b"wo\"rd".into(), qos: 1, retain: true };
    assert_eq!(connect.will, Some(will.clone()));
    let state = |bench: &mut Bench| bench.ask_for("AT+MQTTCONN?", ms(10));
    let described = "1,\"broker.example\",\"1883\",\"\",0\r\n\r\nOK\r\n";
    assert_eq!(state(&mut bench), format!("+MQTTCONN:0,4,{described}"));
    ok(&mut bench, "AT+MQTTSUB=0,\"topic\",1");
    assert_eq!(state(&mut bench), format!("+MQTTCONN:0,6,{described}"));
    assert_eq!(bench.ask_for("AT+MQTTSUB?", ms(10)), "+MQTTSUB:0,6,\"topic\",1\r\n\r\nOK\r\n");
    assert_eq!(bench.ask_for("AT+MQTTSUB=0,\"topic\",0", ms(10)), "ALREADY SUBSCRIBE\r\n\r\nOK\r\n");
    // The own message comes before the OK (4.5.2).
    let own = bench.ask_for("AT+MQTTPUB=0,\"topic\",\"hello aws!\",1,0", ms(10));
    assert_eq!(own, "+MQTTSUBRECV:0,\"topic\",10,hello aws!\r\n\r\nOK\r\n");
    assert_eq!(bench.ask_for("AT+MQTTUNSUB=0,\"other\"", ms(10)), "NO UNSUBSCRIBE\r\n\r\nOK\r\n");
    ok(&mut bench, "AT+MQTTUNSUB=0,\"topic\"");
    assert_eq!(state(&mut bench), format!("+MQTTCONN:0,5,{described}"));
    assert_eq!(bench.ask_for("AT+MQTTSUB?", ms(10)), "\r\nOK\r\n");
    ok(&mut bench, "AT+MQTTCLEAN=0");
    assert_eq!(broker.state.borrow().goodbyes, 1);
    assert!(!broker.state.borrow().published.contains(&will));
    assert_eq!(state(&mut bench), "+MQTTCONN:0,0,0,\"\",\"\",\"\",0\r\n\r\nOK\r\n");
    bench.error("AT+MQTTCLEAN=0");
}

#[test]
fn all_qualities_of_service_and_retained_messages() {
    let (mut bench, broker) = connected(0);
    for qos in 0..3_u8 {
        ok(&mut bench, &format!("AT+MQTTPUB=0,\"a/{qos}\",\"{qos}\",{qos},1"));
    }
    let sent: Vec<(String, u8, bool)> =
        broker.state.borrow().published.iter().map(|m| (m.topic.clone(), m.qos, m.retain)).collect();
    assert_eq!(sent, [("a/0".into(), 0, true), ("a/1".into(), 1, true), ("a/2".into(), 2, true)]);
    for qos in 0..3_u8 {
        let got = bench.ask_for(&format!("AT+MQTTSUB=0,\"a/{qos}\",{qos}"), ms(10));
        // A retained message may come before or behind the OK; the broker sends it behind its answer.
        assert_eq!(got, format!("\r\nOK\r\n+MQTTSUBRECV:0,\"a/{qos}\",1,{qos}\r\n"));
        broker.publish(&format!("a/{qos}"), b"x\r\ny\0", qos);
        assert_eq!(bench.run(ms(10)), format!("+MQTTSUBRECV:0,\"a/{qos}\",5,x\r\ny\0\r\n"));
    }
    ok(&mut bench, "AT+MQTTSUB=0,\"b/#\",2");
    broker.publish("b/c/d", b"", 2);
    assert_eq!(bench.run(ms(10)), "+MQTTSUBRECV:0,\"b/c/d\",0,\r\n");
}

#[test]
fn raw_messages() {
    let (mut bench, broker) = connected(0);
    let data = common::CONTROL_WORDS;
    for qos in 0..3_u8 {
        let prompt = bench.ask_for(&format!("AT+MQTTPUBRAW=0,\"t\",{},{qos},0", data.len()), ms(10));
        assert_eq!(prompt, "\r\nOK\r\n\r\n>");
        assert_eq!(bench.payload(data), "+MQTTPUB:OK\r\n");
        assert_eq!(broker.state.borrow().published[usize::from(qos)].payload, data);
    }
    // A message between prompt and data is glued to the prompt (H6), one at the prompt's place comes in between (H2).
    ok(&mut bench, "AT+MQTTSUB=0,\"s\",0");
    bench.ask_for("AT+MQTTPUBRAW=0,\"t\",3,1,0", ms(10));
    broker.publish("s", b"now", 0);
    assert_eq!(bench.run(ms(10)), "+MQTTSUBRECV:0,\"s\",3,now\r\n");
    assert_eq!(bench.payload(b"abc"), "+MQTTPUB:OK\r\n");
    bench.module.on(Point::Prompt, Action::After(b"+MQTTDISCONNECTED:0\r\n".to_vec()));
    let glued = bench.ask_for("AT+MQTTPUBRAW=0,\"t\",3,1,0", ms(10));
    assert_eq!(glued, "\r\nOK\r\n\r\n>+MQTTDISCONNECTED:0\r\n");
    // The broker goes away under the data.
    bench.network.close_peer(bench.network.connections()[0]);
    assert_eq!(bench.run(ms(10)), "+MQTTDISCONNECTED:0\r\n");
    assert_eq!(bench.payload(b"abc"), "+MQTTPUB:FAIL\r\n");
}

#[test]
fn long_messages_come_in_pieces() {
    let (mut bench, broker) = connected(0);
    ok(&mut bench, "AT+MQTTSUB=0,\"topic\",0");
    let data: Vec<u8> = (0..3000_u32).map(|i| b'a' + u8::try_from(i % 26).unwrap()).collect();
    broker.publish("topic", &data, 0);
    // Head of the packet: 1 and 2 bytes of length, 2 and 5 of topic.
    let first = 1024 - 10;
    let text = |range: core::ops::Range<usize>| String::from_utf8_lossy(&data[range]).into_owned();
    let piece =
        |range: core::ops::Range<usize>| format!("+MQTTSUBRECV:0,\"topic\",{},{}\r\n", range.len(), text(range));
    let all = [piece(0..first), piece(first..first + 1024), piece(first + 1024..3000)].concat();
    assert_eq!(bench.run(ms(10)), all);
    // As a firmware prints it that loses the heads of later pieces (H1).
    bench.module.hook(wifi_at_simulator::Hook::new(Point::Message, Action::Inside(0, b":".to_vec())).skip(1));
    broker.publish("topic", &data[..1100], 0);
    let got = bench.run(ms(10));
    assert_eq!(got, [piece(0..first), format!("+MQTTSUBRECV:0,\"topic\",86,:{}\r\n", text(first..1100))].concat());
}

#[test]
fn pieces_by_name() {
    let (mut bench, broker) = connected(0);
    ok(&mut bench, "AT+MQTTSUB=0,\"topic\",0");
    bench.module.inject_fault(Fault::MessageInPieces, When::Next).unwrap();
    broker.publish("topic", b"123456789", 0);
    assert_eq!(bench.run(ms(10)), "+MQTTSUBRECV:0,\"topic\",4,1234\r\n+MQTTSUBRECV:0,\"topic\",5,56789\r\n");
    bench.module.inject_fault(Fault::MessageHeadCut, When::Next).unwrap();
    broker.publish("topic", b"123456789", 0);
    assert_eq!(bench.run(ms(10)), "+MQTTSUBRECV:0,\"topic\",4,1234\r\npic\",5,56789\r\n");
    assert_eq!(bench.module.pending_faults(), []);
    broker.publish("topic", b"123456789", 0);
    assert_eq!(bench.run(ms(10)), "+MQTTSUBRECV:0,\"topic\",9,123456789\r\n");
    assert!(
        Fault::MessageInPieces.applies_to(Dialect::Esp8266Idf) && !Fault::MessageHeadCut.applies_to(Dialect::WizFi360)
    );
}

#[test]
fn errors_with_codes() {
    let (mut bench, broker) = online(Dialect::EspAt);
    bench.ok("AT+SYSLOG=1");
    code(&mut bench, "AT+MQTTCLEAN=0", "6003");
    code(&mut bench, "AT+MQTTPUB=0,\"t\",\"d\",0,0", "6003");
    code(&mut bench, r#"AT+MQTTCONNCFG=0,0,0,"","",0,0"#, "6001");
    code(&mut bench, &format!("{CONNECT}0"), "6001");
    code(&mut bench, "AT+MQTTLONGUSERNAME=0,5", "6001");
    code(&mut bench, r#"AT+MQTTUSERCFG=0,1,"a","b","c",0,0"#, "6008");
    code(&mut bench, r#"AT+MQTTUSERCFG=1,1,"a","b","c",0,0,"""#, "6011");
    code(&mut bench, r#"AT+MQTTUSERCFG=,1,"a","b","c",0,0,"""#, "6010");
    code(&mut bench, r#"AT+MQTTUSERCFG=0,11,"a","b","c",0,0,"""#, "6013");
    code(&mut bench, r#"AT+MQTTUSERCFG=0,1,a,"b","c",0,0,"""#, "6014");
    code(&mut bench, &format!(r#"AT+MQTTUSERCFG=0,1,"a","{}","c",0,0,"""#, "x".repeat(65)), "6019");
    code(&mut bench, r#"AT+MQTTUSERCFG=0,1,"a","b","c",1,0,"""#, "601e");
    code(&mut bench, &format!(r#"AT+MQTTUSERCFG=0,1,"a","b","c",0,0,"{}""#, "x".repeat(33)), "6029");
    bench.ok(USER);
    code(&mut bench, r#"AT+MQTTCONNCFG=0,7201,0,"","",0,0"#, "602d");
    code(&mut bench, r#"AT+MQTTCONNCFG=0,0,0,"","",3,0"#, "6037");
    code(&mut bench, "AT+MQTTPUB=0,\"t\",\"d\",0,0", "6051");
    code(&mut bench, "AT+MQTTCONN=0,\"\",1883,0", "603b");
    code(&mut bench, "AT+MQTTCONN=0,\"h\",65536,0", "603e");
    code(&mut bench, "AT+MQTTCONN=0,\"nowhere.example\",1883,0", "600b");
    code(&mut bench, "AT+MQTTCONN=0,\"10.0.0.9\",1884,1", "600b");
    broker.state.borrow_mut().refuse = 5;
    code(&mut bench, &format!("{CONNECT}1"), "600b");
    broker.state.borrow_mut().refuse = 0;
    assert_eq!(bench.ask_for(&format!("{CONNECT}0"), ms(10)), format!("{CONNECTED}0\r\n\r\nOK\r\n"));
    code(&mut bench, &format!("{CONNECT}0"), "6004");
    code(&mut bench, USER, "6004");
    code(&mut bench, "AT+MQTTPUB=0,\"\",\"d\",0,0", "6042");
    code(&mut bench, "AT+MQTTPUB=0,\"t\",\"d\",3,0", "6048");
    code(&mut bench, "AT+MQTTPUBRAW=0,\"t\",0,0,0", "604c");
    broker.state.borrow_mut().no_subscriptions = true;
    code(&mut bench, "AT+MQTTSUB=0,\"t\",0", "600d");
    // Without an answer the commands end after 10 s, and take no other meanwhile.
    broker.state.borrow_mut().deaf = true;
    assert_eq!(bench.ask_for("AT+MQTTPUB=0,\"t\",\"d\",1,0", ms(9_900)), "");
    assert_eq!(bench.ask_for("AT", ms(50)), "ERR CODE:0x010b0000\r\nbusy p...\r\n");
    assert_eq!(bench.run(ms(100)), "ERR CODE:0x0000600c\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask_for("AT+MQTTSUB=0,\"u\",0", ms(10_000)), "ERR CODE:0x0000600d\r\n\r\nERROR\r\n");
}

#[test]
fn keep_alive_and_silence() {
    let (mut bench, broker) = online(Dialect::EspAt);
    bench.ok(USER);
    bench.ok(r#"AT+MQTTCONNCFG=0,60,0,"","",0,0"#);
    assert_eq!(bench.ask_for(&format!("{CONNECT}0"), ms(10)), format!("{CONNECTED}0\r\n\r\nOK\r\n"));
    assert_eq!(bench.run(Duration::from_secs(600)), "");
    assert_eq!(broker.state.borrow().pings, 20);
    broker.state.borrow_mut().deaf = true;
    assert_eq!(bench.run(Duration::from_secs(70)), "+MQTTDISCONNECTED:0\r\n");
    assert!(bench.ask("AT+MQTTCONN?").starts_with("+MQTTCONN:0,3,1,"));
    // Without reconnection the configuration has to be made again.
    bench.error(&format!("{CONNECT}0"));
    bench.error(USER);
    bench.ok("AT+MQTTCLEAN=0");
    bench.ok(USER);
}

#[test]
fn reconnection_subscribes_again() {
    let (mut bench, broker) = connected(1);
    ok(&mut bench, "AT+MQTTSUB=0,\"topic\",1");
    bench.network.close_peer(bench.network.connections()[0]);
    assert_eq!(bench.run(ms(9_000)), "+MQTTDISCONNECTED:0\r\n");
    assert!(bench.ask_for("AT+MQTTCONN?", ms(10)).starts_with("+MQTTCONN:0,3,1,"));
    assert_eq!(bench.run(ms(1_000)), format!("{CONNECTED}1\r\n"));
    broker.publish("topic", b"again", 1);
    assert_eq!(bench.run(ms(10)), "+MQTTSUBRECV:0,\"topic\",5,again\r\n");
    // The end in the middle of a packet.
    let socket = bench.network.connections()[0];
    bench.network.push(socket, &[0x30, 20, 0, 5]);
    bench.network.close_peer(socket);
    assert_eq!(bench.run(ms(9_000)), "+MQTTDISCONNECTED:0\r\n");
    assert_eq!(bench.run(ms(1_000)), format!("{CONNECTED}1\r\n"));
    // The radio goes and comes back.
    let now = bench.now;
    bench.module.set_access_point_up(now, "home", false);
    let got = bench.run(Duration::from_secs(25));
    assert!(got.contains("WIFI DISCONNECT\r\n") && got.contains("+MQTTDISCONNECTED:0\r\n"), "{got}");
    let now = bench.now;
    bench.module.set_access_point_up(now, "home", true);
    let got = bench.run(Duration::from_secs(60));
    let joined = bench.ask_for("AT+CWJAP=\"home\",\"secret password\"", Duration::from_secs(30));
    assert!((got + &joined).contains(&format!("{CONNECTED}1\r\n")), "{joined}");
}

#[test]
fn long_values_and_names_for_tls() {
    let (mut bench, broker) = online(Dialect::EspAt);
    bench.ok(USER);
    for (name, value) in [("CLIENTID", "i"), ("USERNAME", "u"), ("PASSWORD", "p")] {
        bench.error(&format!("AT+MQTTLONG{name}=0,1025"));
        bench.error(&format!("AT+MQTTLONG{name}=0,0"));
        assert_eq!(bench.ask(&format!("AT+MQTTLONG{name}=0,1000")), "\r\nOK\r\n\r\n>");
        assert_eq!(bench.payload(value.repeat(1000).as_bytes()), "\r\nOK\r\n");
    }
    bench.ok("AT+MQTTALPN=0,2,\"mqtt-ca.cn\",\"mqtt-ca.us\"");
    bench.ok("AT+MQTTALPN=0,0");
    bench.error("AT+MQTTALPN=0,2,\"one\"");
    bench.ok("AT+MQTTSNI=0,\"my_specific_prefix.iot.my_aws_region.amazonaws.com\"");
    assert_eq!(bench.ask_for(&format!("{CONNECT}0"), ms(10)), format!("{CONNECTED}0\r\n\r\nOK\r\n"));
    let connect = broker.state.borrow().connects[0].clone();
    assert_eq!(connect.client_id, "i".repeat(1000));
    assert_eq!(connect.user, Some("u".repeat(1000)));
    assert_eq!(connect.password, Some("p".repeat(1000).into_bytes()));
    assert_eq!((connect.keep_alive, connect.clean, connect.will), (120, true, None));
    bench.error("AT+MQTTLONGPASSWORD=0,5");
}

#[test]
fn last_will_and_restart() {
    let (mut bench, broker) = online(Dialect::EspAt);
    bench.ok(USER);
    bench.ok(r#"AT+MQTTCONNCFG=0,0,0,"lwtt","lwtm",0,0"#);
    assert_eq!(bench.ask_for(&format!("{CONNECT}1"), ms(10)), format!("{CONNECTED}1\r\n\r\nOK\r\n"));
    let got = bench.ask_for("AT+RST", ms(1000));
    assert!(got.contains("ready"), "{got}");
    let will = broker.state.borrow().published.clone();
    assert_eq!(will, [Message { topic: "lwtt".into(), payload: b"lwtm".into(), qos: 0, retain: false }]);
    assert!(bench.ask("AT+MQTTCONN?").contains("+MQTTCONN:0,0,0,\"\",\"\",\"\",0"));
}

#[test]
fn messages_wait_for_the_end_of_passthrough() {
    let (mut bench, broker) = connected(0);
    ok(&mut bench, "AT+MQTTSUB=0,\"topic\",0");
    assert_eq!(bench.ask_for("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7", ms(10)), "CONNECT\r\n\r\nOK\r\n");
    ok(&mut bench, "AT+CIPMODE=1");
    assert_eq!(bench.ask_for("AT+CIPSEND", ms(10)), "\r\nOK\r\n\r\n>");
    broker.publish("topic", b"later", 0);
    assert_eq!(bench.payload(b"echo"), "echo");
    bench.run(ms(1000));
    bench.send(b"+++");
    assert_eq!(bench.run(ms(1000)), "+MQTTSUBRECV:0,\"topic\",5,later\r\n");
}

#[test]
fn esp8266_with_rtos_sdk() {
    let (mut bench, broker) = online(Dialect::Esp8266Idf);
    bench.error("AT+MQTTCLIENTID=0,\"x\"");
    bench.ok(r#"AT+MQTTUSERCFG=0,1,"ESP","espressif","1234567890",0,0,"""#);
    bench.ok("AT+MQTTCLIENTID=0,\"other\"");
    bench.ok("AT+MQTTUSERNAME=0,\"name\"");
    bench.ok("AT+MQTTPASSWORD=0,\"word\"");
    bench.error("AT+MQTTALPN=0,0");
    bench.error("AT+HTTPCGET=\"http://broker.example/\"");
    assert_eq!(bench.ask_for(&format!("{CONNECT}0"), ms(10)), format!("{CONNECTED}0\r\n\r\nOK\r\n"));
    let connect = broker.state.borrow().connects[0].clone();
    assert_eq!((connect.client_id.as_str(), connect.user.as_deref()), ("other", Some("name")));
    assert_eq!(connect.password.as_deref(), Some(&b"word"[..]));
    bench.error(&format!("AT+MQTTSUB=0,\"{}\",1", "t".repeat(65)));
    ok(&mut bench, "AT+MQTTSUB=0,\"topic\",1");
    bench.error("AT+MQTTPUBRAW=0,\"topic\",1025,0,0");
    assert_eq!(bench.ask_for("AT+MQTTPUBRAW=0,\"topic\",4,2,0", ms(10)), "\r\nOK\r\n\r\n>");
    // Quality 2 arrives when it is released, 1 is what was subscribed to.
    assert_eq!(bench.payload(b"test"), "+MQTTSUBRECV:0,\"topic\",4,test\r\n+MQTTPUB:OK\r\n");
    ok(&mut bench, "AT+MQTTCLEAN=0");
}

#[test]
fn kept_session_sends_again() {
    let (mut bench, broker) = online(Dialect::EspAt);
    bench.ok(USER);
    bench.ok(r#"AT+MQTTCONNCFG=0,0,1,"","",0,0"#);
    assert_eq!(bench.ask_for(&format!("{CONNECT}1"), ms(10)), format!("{CONNECTED}1\r\n\r\nOK\r\n"));
    broker.state.borrow_mut().deaf = true;
    broker.state.borrow_mut().session_present = true;
    bench.send(b"AT+MQTTPUB=0,\"t\",\"d\",1,0\r\n");
    bench.run(ms(10));
    bench.network.close_peer(bench.network.connections()[0]);
    assert_eq!(bench.run(ms(10)), "+MQTTDISCONNECTED:0\r\n\r\nERROR\r\n");
    broker.state.borrow_mut().deaf = false;
    assert_eq!(bench.run(ms(10_000)), format!("{CONNECTED}1\r\n"));
    // The message without acknowledgement came again.
    assert_eq!(broker.state.borrow().published.len(), 2);
}
