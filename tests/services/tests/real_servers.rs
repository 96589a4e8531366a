//! MQTT, HTTP and WebSocket over the sockets of this machine, with servers that others wrote.
#![allow(missing_docs)]

use std::net::TcpListener;
use std::thread;
use tungstenite::Message;
use wifi_at_service_tests::{Host, Version, broker};

const OK: &str = "\r\nOK\r\n";

#[test]
fn two_modules_at_a_broker() {
    let port = broker(Version::V4).unwrap().port();
    let mut publisher = Host::joined().unwrap();
    let mut subscriber = Host::joined().unwrap();
    for (host, name) in [(&mut publisher, "publisher"), (&mut subscriber, "subscriber")] {
        host.ask(&format!("AT+MQTTUSERCFG=0,1,\"{name}\",\"espressif\",\"123456789\",0,0,\"\""), OK).unwrap();
        host.ask("AT+MQTTCONNCFG=0,60,0,\"last\",\"word\",0,0", OK).unwrap();
        let connected = host.ask(&format!("AT+MQTTCONN=0,\"127.0.0.1\",{port},1"), OK).unwrap();
        assert_eq!(connected, format!("+MQTTCONNECTED:0,1,\"127.0.0.1\",\"{port}\",\"\",1\r\n\r\nOK\r\n"));
    }
    assert_eq!(subscriber.ask("AT+MQTTSUB=0,\"topic/#\",2", OK).unwrap(), OK);
    for qos in 0..3 {
        assert_eq!(publisher.ask(&format!("AT+MQTTPUB=0,\"topic/{qos}\",\"test\",{qos},0"), OK).unwrap(), OK);
        let got = subscriber.wait("test\r\n").unwrap();
        assert_eq!(got, format!("+MQTTSUBRECV:0,\"topic/{qos}\",4,test\r\n"));
    }
    // Longer than the buffer, and with all kinds of bytes that text can hold.
    let data: String = (0..5000).map(|i| char::from(b'\t' + u8::try_from(i % 100).unwrap())).collect();
    publisher.ask(&format!("AT+MQTTPUBRAW=0,\"topic/x\",{},1,0", data.len()), ">").unwrap();
    publisher.send(data.as_bytes()).unwrap();
    publisher.wait("+MQTTPUB:OK\r\n").unwrap();
    let mut got = String::new();
    while got.len() < data.len() {
        subscriber.wait("+MQTTSUBRECV:0,\"topic/x\",").unwrap();
        let count: usize = subscriber.wait(",").unwrap().trim_end_matches(',').parse().unwrap();
        let mut piece = String::new();
        while piece.len() < count {
            piece += &subscriber.wait("\r\n").unwrap();
        }
        assert_eq!(piece.len(), count + 2);
        got += &piece[..count];
    }
    assert_eq!(got, data);
    // The will of a module that is restarted under way.
    assert_eq!(subscriber.ask("AT+MQTTSUB=0,\"last\",0", OK).unwrap(), OK);
    publisher.ask("AT+RST", "ready\r\n").unwrap();
    assert_eq!(subscriber.wait("word\r\n").unwrap(), "+MQTTSUBRECV:0,\"last\",4,word\r\n");
    assert_eq!(subscriber.ask("AT+MQTTUNSUB=0,\"last\"", OK).unwrap(), OK);
    assert_eq!(subscriber.ask("AT+MQTTCLEAN=0", OK).unwrap(), OK);
}

#[test]
fn web_server() {
    let server = tiny_http::Server::http("127.0.0.1:0").unwrap();
    let port = server.server_addr().to_ip().unwrap().port();
    let big = "0123456789".repeat(3000);
    let body = big.clone();
    thread::spawn(move || {
        for mut request in server.incoming_requests() {
            let mut upload = String::new();
            request.as_reader().read_to_string(&mut upload).unwrap();
            let agent = request.headers().iter().find(|field| field.field.equiv("User-Agent")).unwrap().value.clone();
            let answer = match request.url() {
                // Without a length it goes out in chunks.
                "/chunks" => {
                    let data = std::io::Cursor::new(body.clone());
                    request.respond(tiny_http::Response::new(200.into(), Vec::new(), data, None, None))
                }
                "/big" => request.respond(tiny_http::Response::from_string(body.clone())),
                "/missing" => request.respond(tiny_http::Response::from_string("no").with_status_code(404)),
                _ => {
                    let text = format!("{} {agent} {upload}", request.method());
                    request.respond(tiny_http::Response::from_string(text))
                }
            };
            answer.unwrap();
        }
    });
    let mut host = Host::joined().unwrap();
    let url = format!("http://127.0.0.1:{port}");
    let got = host.ask(&format!("AT+HTTPCLIENT=2,0,\"{url}/x\",,,1"), OK).unwrap();
    assert_eq!(got, "+HTTPCLIENT:26,GET ESP32 HTTP Client/1.0 \r\n\r\nOK\r\n");
    let got = host.ask(&format!("AT+HTTPCLIENT=5,0,\"{url}/x\",,,1"), OK).unwrap();
    assert!(got.contains("DELETE ESP32 HTTP Client/1.0 "), "{got}");
    assert_eq!(host.ask(&format!("AT+HTTPGETSIZE=\"{url}/big\""), OK).unwrap(), "+HTTPGETSIZE:30000\r\n\r\nOK\r\n");
    for path in ["big", "chunks"] {
        let got = host.ask(&format!("AT+HTTPCGET=\"{url}/{path}\""), OK).unwrap();
        let mut rest = got.strip_suffix("\r\nOK\r\n").unwrap();
        let mut all = String::new();
        while let Some(tail) = rest.strip_prefix("+HTTPCGET:") {
            let (count, tail) = tail.split_once(',').unwrap();
            let (data, tail) = tail.split_at(count.parse().unwrap());
            all += data;
            rest = tail.strip_prefix("\r\n").unwrap();
        }
        assert!(all == big && rest.is_empty(), "{path}: {}", all.len());
    }
    host.ask(&format!("AT+HTTPCPOST=\"{url}/x\",5"), ">").unwrap();
    host.send(b"hello").unwrap();
    let got = host.wait("SEND OK\r\n").unwrap();
    assert!(got.contains("POST ESP32 HTTP Client/1.0 hello\r\n"), "{got}");
    let got = host.ask(&format!("AT+HTTPCLIENT=2,0,\"{url}/missing\",,,1"), "ERROR\r\n").unwrap();
    assert!(got.contains(":2,no\r\n"), "{got}");
}

#[test]
fn web_socket_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let mut socket = tungstenite::accept(listener.accept().unwrap().0).unwrap();
        let mut seen = Vec::new();
        loop {
            match socket.read() {
                Ok(message) if message.is_text() || message.is_binary() => {
                    seen.push(message.clone());
                    socket.send(message).unwrap();
                }
                Ok(_) => {}
                Err(_) => return seen,
            }
        }
    });
    let mut host = Host::joined().unwrap();
    let got = host.ask(&format!("AT+WSOPEN=0,\"ws://127.0.0.1:{port}/chat\""), OK).unwrap();
    assert_eq!(got, "+WS_CONNECTED:0\r\n\r\nOK\r\n");
    for (opcode, data) in [(1, &b"text"[..]), (2, b"\x01\x02\r\n")] {
        host.ask(&format!("AT+WSSEND=0,4,{opcode}"), ">").unwrap();
        host.send(data).unwrap();
        host.wait("\r\nSEND OK\r\n").unwrap();
        let text = String::from_utf8_lossy(data).into_owned() + "\r\n";
        assert_eq!(host.wait(&text).unwrap(), format!("+WS_DATA:0,4,{text}"));
    }
    assert_eq!(host.ask("AT+WSCLOSE=0", OK).unwrap(), "+WS_CLOSED:0\r\n\r\nOK\r\n");
    assert_eq!(server.join().unwrap(), [Message::text("text"), Message::binary(b"\x01\x02\r\n".to_vec())]);
}
