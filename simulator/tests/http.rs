//! The HTTP commands against servers in memory: exact transcripts in virtual time.
#![allow(missing_docs)]

mod common;

use common::{Bench, ms, quick};
use core::time::Duration;
use std::cell::RefCell;
use std::rc::Rc;
use wifi_at_simulator::{Action, MemoryNetwork, Peer, PeerSocket, Point};

type Log = Rc<RefCell<Vec<String>>>;

/// A server that gives the same bytes to every request, in these pieces, and maybe closes.
struct Server {
    log: Log,
    got: String,
    answer: Vec<Vec<u8>>,
    close: bool,
}

impl Peer for Server {
    fn on_data(&mut self, socket: &mut PeerSocket, data: &[u8]) {
        self.got += std::str::from_utf8(data).unwrap();
        let Some((head, body)) = self.got.split_once("\r\n\r\n") else { return };
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        if body.len() < length.map_or(0, |length| length.parse().unwrap()) {
            return;
        }
        self.log.borrow_mut().push(core::mem::take(&mut self.got));
        for piece in &self.answer {
            socket.send(piece);
        }
        if self.close {
            socket.close();
        }
    }
}

fn serve(network: &MemoryNetwork, address: &str, answer: &[&[u8]], close: bool) -> Log {
    let log = Log::default();
    let answer: Vec<Vec<u8>> = answer.iter().map(|piece| piece.to_vec()).collect();
    let given = log.clone();
    network.serve(address.parse().unwrap(), move || Server {
        log: given.clone(),
        got: String::new(),
        answer: answer.clone(),
        close,
    });
    log
}

fn bench(answer: &[&[u8]], close: bool) -> (Bench, Log) {
    let bench = Bench::online(quick());
    bench.network.add_host("web.example", "10.0.0.8".parse().unwrap());
    let log = serve(&bench.network, "10.0.0.8:80", answer, close);
    (bench, log)
}

fn ask(bench: &mut Bench, command: &str) -> String {
    bench.ask_for(command, ms(100))
}

const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\nX-Y:z\r\n\r\nhello";

#[test]
fn methods_and_what_the_server_gets() {
    let (mut bench, log) = bench(&[HELLO], false);
    let head = ask(&mut bench, r#"AT+HTTPCLIENT=1,0,"http://web.example/get",,,1"#);
    // The blank behind the comma is not counted (4.8.1).
    let lines = "+HTTPCLIENT:9, Date: now\r\n+HTTPCLIENT:17, Content-Length: 5\r\n+HTTPCLIENT:6, X-Y: z\r\n\r\nOK\r\n";
    assert_eq!(head, lines);
    let body = "+HTTPCLIENT:5,hello\r\n\r\nOK\r\n";
    assert_eq!(ask(&mut bench, r#"AT+HTTPCLIENT=2,1,"","web.example","get?a=b",1"#), body);
    let post = r#"AT+HTTPCLIENT=3,1,"http://web.example:80/post",,,1,"{\"form\":{\"purpose\":\"test\"}}","a: b","User-Agent: me""#;
    assert_eq!(ask(&mut bench, post), body);
    assert_eq!(ask(&mut bench, r#"AT+HTTPCLIENT=4,2,"http://web.example/put?user=foo",,,1"#), body);
    assert_eq!(ask(&mut bench, r#"AT+HTTPCLIENT=5,3,"http://web.example",,,1"#), body);
    let agent = "User-Agent: ESP32 HTTP Client/1.0\r\nHost: web.example\r\nContent-Type: ";
    let form = "application/x-www-form-urlencoded\r\n";
    let wanted = [
        format!("HEAD /get HTTP/1.1\r\n{agent}{form}\r\n"),
        format!("GET /get?a=b HTTP/1.1\r\n{agent}application/json\r\n\r\n"),
        "POST /post HTTP/1.1\r\nUser-Agent: me\r\nHost: web.example\r\nContent-Type: application/json\r\na: b\r\n\
         Content-Length: 27\r\n\r\n{\"form\":{\"purpose\":\"test\"}}"
            .to_owned(),
        format!("PUT /put?user=foo HTTP/1.1\r\n{agent}multipart/form-data\r\nContent-Length: 0\r\n\r\n"),
        format!("DELETE / HTTP/1.1\r\n{agent}text/xml\r\nContent-Length: 0\r\n\r\n"),
    ];
    assert_eq!(*log.borrow(), wanted);
    assert_eq!(bench.network.connections(), []);
}

#[test]
fn size_and_download_in_pieces() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n";
    let data: Vec<u8> = (0..5000_u32).map(|i| b'a' + u8::try_from(i % 26).unwrap()).collect();
    let (mut bench, log) = bench(&[head, &data], false);
    assert_eq!(ask(&mut bench, r#"AT+HTTPGETSIZE="http://web.example/img""#), "+HTTPGETSIZE:5000\r\n\r\nOK\r\n");
    assert!(log.borrow()[0].starts_with("HEAD /img HTTP/1.1\r\n"));
    let blocks = |command: &str, sizes: &[usize]| {
        let mut text = String::new();
        let mut at = 0;
        for size in sizes {
            text += &format!("+{command}:{size},{}\r\n", String::from_utf8_lossy(&data[at..at + size]));
            at += size;
        }
        text + "\r\nOK\r\n"
    };
    // The first read holds the head, too.
    let first = 2048 - head.len();
    let got = ask(&mut bench, r#"AT+HTTPCGET="http://web.example/img""#);
    assert_eq!(got, blocks("HTTPCGET", &[first, 2048, 5000 - 2048 - first]));
    let got = ask(&mut bench, r#"AT+HTTPCGET="http://web.example/img",512,4096,9000"#);
    assert_eq!(got, blocks("HTTPCGET", &[4096 - head.len(), 904 + head.len()]));
    let got = ask(&mut bench, r#"AT+HTTPCLIENT=2,0,"http://web.example/img",,,1"#);
    let first = 512 - head.len();
    let mut sizes = vec![first];
    sizes.extend([512; 8]);
    sizes.push(5000 - first - 8 * 512);
    assert_eq!(got, blocks("HTTPCLIENT", &sizes));
    bench.module.on(Point::HttpBlock, Action::Inside(1, b"<>".to_vec()));
    let got = ask(&mut bench, r#"AT+HTTPCGET="http://web.example/img",,8000"#);
    assert!(got.starts_with("+HTTPCGET:5000,a<>bc") || got.starts_with(&format!("+HTTPCGET:{},a<>bc", 5000)), "{got}");
}

#[test]
fn uploads() {
    let (mut bench, log) = bench(&[HELLO], false);
    for (command, method) in [("HTTPCPOST", "POST"), ("HTTPCPUT", "PUT")] {
        let line = format!(
            r#"AT+{command}="http://web.example/x",12,2,"connection: keep-alive","content-type: application/json""#
        );
        assert_eq!(ask(&mut bench, &line), "\r\nOK\r\n\r\n>");
        assert_eq!(bench.payload(b"{\"a\": 12345}"), format!("+{command}:5,hello\r\n\r\nSEND OK\r\n"));
        let request = log.borrow().last().unwrap().clone();
        let wanted = format!(
            "{method} /x HTTP/1.1\r\nUser-Agent: ESP32 HTTP Client/1.0\r\nHost: web.example\r\n\
             Content-Type: application/json\r\nconnection: keep-alive\r\nContent-Length: 12\r\n\r\n{{\"a\": 12345}}"
        );
        assert_eq!(request, wanted);
    }
    // Large: more than a stream takes at once.
    assert_eq!(ask(&mut bench, r#"AT+HTTPCPOST="http://web.example/",100000"#), "\r\nOK\r\n\r\n>");
    assert_eq!(bench.payload(&[b'x'; 100_000]), "+HTTPCPOST:5,hello\r\n\r\nSEND OK\r\n");
    assert!(log.borrow()[2].ends_with(&"x".repeat(100_000)));
    bench.error(r#"AT+HTTPCPOST="http://web.example/",0"#);
    bench.error(r#"AT+HTTPCPOST="http://web.example/",5,2,"a: b""#);
    bench.error(r#"AT+HTTPCPOST="http://web.example/",5,1,"no header""#);
    assert_eq!(ask(&mut bench, r#"AT+HTTPCPUT="http://10.0.0.8:81/",3"#), "\r\nOK\r\n\r\n>");
    assert_eq!(bench.payload(b"abc"), "\r\nSEND FAIL\r\n");
}

#[test]
fn stored_url_and_headers() {
    let (mut bench, log) = bench(&[HELLO], false);
    bench.error(r#"AT+HTTPCGET="""#);
    assert_eq!(bench.ask("AT+HTTPURLCFG?"), "\r\nOK\r\n");
    bench.error("AT+HTTPURLCFG=7");
    bench.error("AT+HTTPURLCFG=8193");
    let url = format!("http://web.example/{}", "long".repeat(500));
    assert_eq!(ask(&mut bench, &format!("AT+HTTPURLCFG={}", url.len())), "\r\nOK\r\n\r\n>");
    assert_eq!(bench.payload(url.as_bytes()), "\r\nSET OK\r\n");
    assert_eq!(bench.ask("AT+HTTPURLCFG?"), format!("+HTTPURLCFG:{},{url}\r\n\r\nOK\r\n", url.len()));
    assert_eq!(ask(&mut bench, "AT+HTTPCHEAD=18"), "\r\nOK\r\n\r\n>");
    assert_eq!(bench.payload(b"Range: bytes=0-255"), "\r\nOK\r\n");
    assert_eq!(ask(&mut bench, "AT+HTTPCHEAD=12"), "\r\nOK\r\n\r\n>");
    assert_eq!(bench.payload(b"content-type"), "\r\nERROR\r\n");
    assert_eq!(ask(&mut bench, "AT+HTTPCHEAD=15"), "\r\nOK\r\n\r\n>");
    assert_eq!(bench.payload(b"Content-Type: x"), "\r\nOK\r\n");
    assert_eq!(
        bench.ask("AT+HTTPCHEAD?"),
        "+HTTPCHEAD:0,\"Range: bytes=0-255\"\r\n+HTTPCHEAD:1,\"Content-Type: x\"\r\n\r\nOK\r\n"
    );
    assert_eq!(ask(&mut bench, r#"AT+HTTPCLIENT=2,0,"",,,1"#), "+HTTPCLIENT:5,hello\r\n\r\nOK\r\n");
    let request = log.borrow()[0].clone();
    assert!(request.starts_with(&format!("GET /{} HTTP/1.1\r\n", "long".repeat(500))));
    // The stored header wins over the command's own.
    assert!(request.contains("\r\nContent-Type: x\r\n") && request.contains("\r\nRange: bytes=0-255\r\n"), "{request}");
    bench.ok("AT+HTTPCHEAD=0");
    bench.ok("AT+HTTPURLCFG=0");
    assert_eq!(bench.ask("AT+HTTPCHEAD?"), "\r\nOK\r\n");
    bench.error(r#"AT+HTTPCGET="""#);
}

#[test]
fn chunks_and_answers_without_length() {
    let chunked: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab\r\n\r\n3\r\ncde\r\n0\r\n\r\n";
    let (mut bench, _) = bench(&[chunked], false);
    serve(&bench.network, "10.0.0.8:81", &[b"HTTP/1.0 200 OK\r\n\r\nuntil ", b"the end"], true);
    serve(&bench.network, "10.0.0.8:82", &[b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"], false);
    serve(&bench.network, "10.0.0.8:83", &[b"HTTP/1.1 204 No Content\r\n\r\n"], false);
    serve(&bench.network, "10.0.0.8:84", &[b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"], true);
    serve(&bench.network, "10.0.0.8:85", &[b"no HTTP at all\r\n\r\n"], false);
    let got = ask(&mut bench, r#"AT+HTTPCGET="http://web.example/""#);
    assert_eq!(got, "+HTTPCGET:4,ab\r\n\r\n+HTTPCGET:3,cde\r\n\r\nOK\r\n");
    let got = ask(&mut bench, r#"AT+HTTPCGET="http://web.example:81/""#);
    assert_eq!(got, "+HTTPCGET:13,until the end\r\n\r\nOK\r\n");
    // No redirection; the host has to ask for the new URL.
    assert_eq!(ask(&mut bench, r#"AT+HTTPCLIENT=2,0,"http://web.example:82/",,,1"#), "\r\nOK\r\n");
    assert_eq!(ask(&mut bench, r#"AT+HTTPCGET="http://web.example:83/""#), "\r\nOK\r\n");
    assert_eq!(ask(&mut bench, r#"AT+HTTPCGET="http://web.example:84/""#), "+HTTPCGET:4,half\r\n\r\nERROR\r\n");
    assert_eq!(ask(&mut bench, r#"AT+HTTPCGET="http://web.example:85/""#), "\r\nERROR\r\n");
}

#[test]
fn errors_with_codes() {
    let (mut bench, _) = bench(&[b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone"], false);
    bench.ok("AT+SYSLOG=1");
    let got = ask(&mut bench, r#"AT+HTTPCLIENT=2,0,"http://web.example/",,,1"#);
    assert_eq!(got, "+HTTPCLIENT:4,gone\r\nERR CODE:0x00007194\r\n\r\nERROR\r\n");
    let got = ask(&mut bench, r#"AT+HTTPGETSIZE="http://web.example/""#);
    assert_eq!(got, "ERR CODE:0x00007194\r\n\r\nERROR\r\n");
    for url in ["http://web.example:81/", "http://nowhere.example/", "http://10.9.9.9/"] {
        let got = ask(&mut bench, &format!(r#"AT+HTTPCGET="{url}""#));
        assert_eq!(got, "ERR CODE:0x00007000\r\n\r\nERROR\r\n", "{url}");
    }
    for bad in [
        r#"AT+HTTPCLIENT=6,0,"http://web.example/",,,1"#,
        r#"AT+HTTPCLIENT=2,4,"http://web.example/",,,1"#,
        r#"AT+HTTPCLIENT=2,0,"http://web.example/",,,3"#,
        r#"AT+HTTPCLIENT=2,0,"ftp://web.example/",,,1"#,
        r#"AT+HTTPCGET="http://web.example/",10241"#,
        r#"AT+HTTPCGET="http://web.example/",1,1,180001"#,
        r#"AT+HTTPCGET=http"#,
    ] {
        let got = ask(&mut bench, bad);
        assert!(got.starts_with("ERR CODE:0x0105") || got.starts_with("ERR CODE:0x0107"), "{bad}: {got}");
    }
}

#[test]
fn silence_of_the_network() {
    let (mut bench, _) = bench(&[b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"], false);
    bench.network.ignore("10.0.0.8:81".parse().unwrap());
    assert_eq!(bench.ask_for(r#"AT+HTTPCGET="http://web.example/",,,2000"#, ms(1990)), "+HTTPCGET:4,half\r\n");
    assert_eq!(bench.run(ms(20)), "\r\nERROR\r\n");
    // Slow but steady data keep the command running.
    assert_eq!(bench.ask_for(r#"AT+HTTPCGET="http://web.example/""#, ms(4000)), "+HTTPCGET:4,half\r\n");
    let socket = bench.network.connections()[0];
    bench.network.push(socket, b" and ");
    assert_eq!(bench.run(ms(4500)), "+HTTPCGET:5, and \r\n");
    assert_eq!(bench.ask_for("AT", ms(10)), "busy p...\r\n");
    bench.network.push(socket, b"!");
    assert_eq!(bench.run(ms(10)), "+HTTPCGET:1,!\r\n\r\nOK\r\n");
    // A connect that nobody answers.
    assert_eq!(bench.ask_for(r#"AT+HTTPCGET="http://web.example:81/""#, ms(17_900)), "");
    assert_eq!(bench.run(Duration::from_secs(1)), "\r\nERROR\r\n");
    // The radio goes away under the request, and so does the module.
    bench.ask_for(r#"AT+HTTPCGET="http://web.example/",,,180000"#, ms(10));
    let now = bench.now;
    bench.module.drop_wifi(now);
    assert!(bench.run(ms(10)).contains("\r\nERROR\r\n"));
    bench.run(Duration::from_secs(5));
    bench.ask_for(r#"AT+HTTPCGET="http://web.example/",,,180000"#, ms(10));
    let now = bench.now;
    bench.module.reset(now);
    assert!(bench.run(ms(1000)).contains("ready"));
    assert_eq!(bench.network.connections(), []);
}
