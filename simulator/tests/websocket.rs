//! The WebSocket commands, and MQTT over WebSocket, against servers in memory: exact transcripts in virtual time.
#![allow(missing_docs)]

mod common;
#[path = "common/ws_server.rs"]
mod ws_server;

use common::{Bench, ms, quick};
use core::time::Duration;
use tungstenite::Message;
use wifi_at_simulator::{Action, Point};
use ws_server::WsServer;

fn bench() -> (Bench, WsServer) {
    let bench = Bench::online(quick());
    bench.network.add_host("ws.example", "10.0.0.7".parse().unwrap());
    let server = WsServer::serve(&bench.network, "10.0.0.7:80".parse().unwrap());
    (bench, server)
}

const OPEN: &str = r#"AT+WSOPEN=0,"ws://ws.example/chat?x=1""#;

fn opened() -> (Bench, WsServer) {
    let (mut bench, server) = bench();
    assert_eq!(bench.ask_for(OPEN, ms(10)), "+WS_CONNECTED:0\r\n\r\nOK\r\n");
    (bench, server)
}

fn send(bench: &mut Bench, arguments: &str, data: &[u8]) -> String {
    assert_eq!(bench.ask_for(&format!("AT+WSSEND={arguments}"), ms(10)), "\r\nOK\r\n\r\n>");
    bench.send(data);
    bench.run(ms(10))
}

#[test]
fn life_of_a_link() {
    let (mut bench, server) = bench();
    assert_eq!(bench.ask("AT+WSOPEN?"), "\r\nOK\r\n");
    assert_eq!(bench.ask("AT+WSHEAD?"), "\r\nOK\r\n");
    assert_eq!(bench.ask_for("AT+WSHEAD=49", ms(10)), "\r\nOK\r\n\r\n>");
    assert_eq!(bench.payload(b"AUTHORIZATION: Basic QTIzMzIyMDE5OTk6MTIzNDU2Nzg="), "\r\nOK\r\n");
    assert_eq!(
        bench.ask("AT+WSHEAD?"),
        "+WSHEAD:0,\"AUTHORIZATION: Basic QTIzMzIyMDE5OTk6MTIzNDU2Nzg=\"\r\n\r\nOK\r\n"
    );
    assert_eq!(bench.ask_for(&format!("{OPEN},\"chat\",5000"), ms(10)), "+WS_CONNECTED:0\r\n\r\nOK\r\n");
    let request = server.log.borrow().requests[0].clone();
    let has = |name: &str, value: &str| request.iter().any(|(k, v)| k == name && v == value);
    assert!(has("authorization", "Basic QTIzMzIyMDE5OTk6MTIzNDU2Nzg=") && has("sec-websocket-protocol", "chat"));
    assert_eq!(server.log.borrow().paths, ["/chat?x=1"]);
    assert_eq!(bench.ask_for("AT+WSOPEN?", ms(10)), "+WSOPEN:0,2,\"ws://ws.example/chat?x=1\"\r\n\r\nOK\r\n");
    bench.error(OPEN);
    server.log.borrow_mut().echo = true;
    assert_eq!(send(&mut bench, "0,4", b"test"), "\r\nSEND OK\r\n+WS_DATA:0,4,test\r\n");
    assert_eq!(send(&mut bench, "0,4,2", b"\0\r\n\xc3"), "\r\nSEND OK\r\n+WS_DATA:0,4,\0\r\n\u{fffd}\r\n");
    assert_eq!(send(&mut bench, "0,2,9,1000", b"hi"), "\r\nSEND OK\r\n");
    assert!(server.log.borrow().messages.contains(&Message::Ping(b"hi".to_vec().into())));
    assert_eq!(bench.ask_for("AT+WSCLOSE=0", ms(10)), "+WS_CLOSED:0\r\n\r\nOK\r\n");
    assert!(matches!(server.log.borrow().messages.last(), Some(Message::Close(_))));
    bench.error("AT+WSCLOSE=0");
    bench.error("AT+WSSEND=0,4");
    assert_eq!(bench.ask("AT+WSOPEN?"), "\r\nOK\r\n");
    bench.ok("AT+WSHEAD=0");
    let with = |text: &str| format!("AT+WSOPEN=1,\"ws://ws.example\",,,\"{text}\"");
    assert_eq!(bench.ask_for(&with("Bearer x"), ms(10)), "+WS_CONNECTED:1\r\n\r\nOK\r\n");
    let request = server.log.borrow().requests[1].clone();
    assert!(request.contains(&("authorization".into(), "Bearer x".into())));
}

#[test]
fn three_links_and_bad_parameters() {
    let (mut bench, server) = bench();
    for id in 0..3 {
        let got = bench.ask_for(&format!("AT+WSOPEN={id},\"ws://ws.example/{id}\""), ms(10));
        assert_eq!(got, format!("+WS_CONNECTED:{id}\r\n\r\nOK\r\n"));
    }
    for bad in [
        "AT+WSOPEN=3,\"ws://ws.example\"",
        "AT+WSOPEN=0,\"http://ws.example\"",
        "AT+WSCFG=0,0,60",
        "AT+WSCFG=0,10,7201",
        "AT+WSCFG=0,10,60,8193",
        "AT+WSSEND=0,0",
        "AT+WSSEND=0,1015",
        "AT+WSSEND=0,10,16",
        "AT+WSCLOSE=3",
    ] {
        assert_eq!(bench.ask_for(bad, ms(10)), "\r\nERROR\r\n", "{bad}");
    }
    let sockets = bench.network.connections();
    server.push_frame(sockets[2], 2, true, b"two");
    server.push_frame(sockets[0], 1, true, b"zero");
    assert_eq!(bench.run(ms(10)), "+WS_DATA:0,4,zero\r\n+WS_DATA:2,3,two\r\n");
}

#[test]
fn fragments_pieces_and_hooks() {
    let (mut bench, server) = bench();
    bench.ok("AT+WSCFG=0,30,60,64");
    assert_eq!(bench.ask_for(OPEN, ms(10)), "+WS_CONNECTED:0\r\n\r\nOK\r\n");
    bench.error("AT+WSSEND=0,55");
    let socket = bench.network.connections()[0];
    server.push_frame(socket, 1, false, b"first ");
    assert_eq!(bench.run(ms(10)), "");
    server.push_frame(socket, 0, true, b"second");
    assert_eq!(bench.run(ms(10)), "+WS_DATA:0,12,first second\r\n");
    server.push_frame(socket, 2, true, &[b'x'; 150]);
    let piece = |n: usize| format!("+WS_DATA:0,{n},{}\r\n", "x".repeat(n));
    assert_eq!(bench.run(ms(10)), piece(64) + &piece(64) + &piece(22));
    // A message that is split over two frames by the host.
    assert_eq!(send(&mut bench, "0,3,1", b"one"), "\r\nSEND OK\r\n");
    assert!(server.log.borrow().messages.contains(&Message::text("one")));
    // Prompt and message glued together, as H6 has it.
    bench.ask_for("AT+WSSEND=0,3", ms(10));
    server.push_frame(socket, 1, true, b"now");
    assert_eq!(bench.run(ms(10)), "+WS_DATA:0,3,now\r\n");
    assert_eq!(bench.payload(b"abc"), "\r\nSEND OK\r\n");
    bench.module.on(Point::Message, Action::Drop);
    server.push_frame(socket, 1, true, b"lost");
    assert_eq!(bench.run(ms(10)), "");
}

#[test]
fn pings_are_answered_and_missed() {
    let (mut bench, server) = opened();
    bench.run(Duration::from_secs(60));
    let pings = server.log.borrow().messages.iter().filter(|message| message.is_ping()).count();
    assert_eq!(pings, 6);
    let socket = bench.network.connections()[0];
    server.push_frame(socket, 9, true, b"alive?");
    bench.run(ms(10));
    assert!(server.log.borrow().messages.contains(&Message::Pong(b"alive?".to_vec().into())));
    server.log.borrow_mut().deaf = true;
    assert_eq!(bench.run(Duration::from_secs(119)), "");
    assert_eq!(bench.run(Duration::from_secs(12)), "+WS_DISCONNECTED:0\r\n");
    server.log.borrow_mut().deaf = false;
    assert_eq!(bench.ask_for("AT+WSOPEN?", ms(10)), "+WSOPEN:0,3,\"ws://ws.example/chat?x=1\"\r\n\r\nOK\r\n");
    // It comes back by itself.
    assert_eq!(bench.run(Duration::from_secs(10)), "+WS_CONNECTED:0\r\n");
}

#[test]
fn ends_of_a_connection() {
    let (mut bench, server) = opened();
    let socket = bench.network.connections()[0];
    bench.network.close_peer(socket);
    assert_eq!(bench.run(ms(10)), "+WS_DISCONNECTED:0\r\n");
    assert_eq!(bench.run(Duration::from_secs(10)), "+WS_CONNECTED:0\r\n");
    let socket = bench.network.connections()[0];
    server.push_frame(socket, 8, true, &1000_u16.to_be_bytes());
    assert_eq!(bench.run(ms(10)), "+WS_CLOSED:0\r\n");
    assert_eq!(bench.run(Duration::from_secs(60)), "");
    assert_eq!(bench.ask_for(OPEN, ms(10)), "+WS_CONNECTED:0\r\n\r\nOK\r\n");
    // A server that does not answer the close frame.
    server.log.borrow_mut().deaf = true;
    assert_eq!(bench.ask_for("AT+WSCLOSE=0", ms(9_900)), "");
    assert_eq!(bench.run(ms(200)), "+WS_CLOSED:0\r\n\r\nOK\r\n");
    assert_eq!(bench.network.connections(), []);
    // The end in the middle of a send.
    server.log.borrow_mut().deaf = false;
    assert_eq!(bench.ask_for(OPEN, ms(10)), "+WS_CONNECTED:0\r\n\r\nOK\r\n");
    bench.ask_for("AT+WSSEND=0,3", ms(10));
    bench.network.close_peer(bench.network.connections()[0]);
    assert_eq!(bench.run(ms(10)), "+WS_DISCONNECTED:0\r\n");
    assert_eq!(bench.payload(b"abc"), "\r\nERROR\r\n");
}

#[test]
fn handshakes_that_fail() {
    let (mut bench, _) = bench();
    bench.network.serve_bytes("10.0.0.7:81".parse().unwrap(), "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    bench.network.ignore("10.0.0.7:82".parse().unwrap());
    bench.network.serve("10.0.0.7:83".parse().unwrap(), || |_: &[u8]| Vec::new());
    assert_eq!(bench.ask_for("AT+WSOPEN=0,\"ws://ws.example:81/\"", ms(10)), "\r\nERROR\r\n");
    assert_eq!(bench.ask_for("AT+WSOPEN=0,\"ws://ws.example:84/\"", ms(10)), "\r\nERROR\r\n");
    assert_eq!(bench.ask_for("AT+WSOPEN=0,\"ws://nowhere.example/\"", ms(10)), "\r\nERROR\r\n");
    for port in [82, 83] {
        let line = format!("AT+WSOPEN=0,\"ws://ws.example:{port}/\",,2000");
        assert_eq!(bench.ask_for(&line, ms(1_990)), "");
        assert_eq!(bench.run(ms(20)), "\r\nERROR\r\n");
    }
    assert_eq!(bench.ask("AT+WSOPEN?"), "\r\nOK\r\n");
    assert_eq!(bench.network.connections(), []);
}

/// The answers of a broker to a client that connects, subscribes and publishes.
fn broker(data: &[u8]) -> Vec<u8> {
    match data[0] {
        0x10 => vec![0x20, 2, 0, 0],
        0x82 => vec![0x90, 3, data[2], data[3], 0],
        // The publication, of quality 0, and the acknowledgement, in one frame.
        0x32 => {
            let (head, rest) = (&data[..9], &data[11..]);
            let mut answer = vec![0x30, head[1] - 2];
            answer.extend(&head[2..]);
            answer.extend(rest);
            answer.extend([0x40, 2, data[9], data[10]]);
            answer
        }
        _ => Vec::new(),
    }
}

#[test]
fn mqtt_over_web_socket() {
    let mut bench = Bench::online(quick());
    bench.network.add_host("mqtt.example", "10.0.0.9".parse().unwrap());
    let address = "10.0.0.9:8080".parse().unwrap();
    let server = WsServer::serve_with(&bench.network, address, || Some(Box::new(broker)));
    bench.ok(r#"AT+MQTTUSERCFG=0,6,"publisher","espressif","1234567890",0,0,"mqtt""#);
    let connected = bench.ask_for("AT+MQTTCONN=0,\"mqtt.example\",8080,1", ms(10));
    assert_eq!(connected, "+MQTTCONNECTED:0,6,\"mqtt.example\",\"8080\",\"/mqtt\",1\r\n\r\nOK\r\n");
    assert_eq!(server.log.borrow().paths, ["/mqtt"]);
    let request = server.log.borrow().requests[0].clone();
    assert!(request.contains(&("sec-websocket-protocol".into(), "mqtt".into())));
    assert_eq!(bench.ask_for("AT+MQTTSUB=0,\"topic\",0", ms(10)), "\r\nOK\r\n");
    let own = bench.ask_for("AT+MQTTPUB=0,\"topic\",\"test\",1,0", ms(10));
    assert_eq!(own, "+MQTTSUBRECV:0,\"topic\",4,test\r\n\r\nOK\r\n");
    bench.network.close_peer(bench.network.connections()[0]);
    assert_eq!(bench.run(ms(10)), "+MQTTDISCONNECTED:0\r\n");
    assert_eq!(bench.run(ms(10_000)), "+MQTTCONNECTED:0,6,\"mqtt.example\",\"8080\",\"/mqtt\",1\r\n");
    assert_eq!(bench.ask_for("AT+MQTTCLEAN=0", ms(10)), "\r\nOK\r\n");
}
