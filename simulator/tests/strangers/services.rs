//! Servers and clients of others at the other end of the network: openssl, and mosquitto as an MQTT broker.

use crate::tls::Authority;
use crate::{Program, connect, free_port, works};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A host at the simulator's TCP port, joined, its echo off.
struct Host {
    line: TcpStream,
    _simulator: Program,
}

impl Host {
    fn new(arguments: &[&str]) -> Self {
        let (simulator, address) = Program::simulator(&[&["--tcp", "127.0.0.1:0"], arguments].concat());
        let line = TcpStream::connect(address.strip_prefix("listening on ").unwrap()).unwrap();
        line.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut host = Self { line, _simulator: simulator };
        // It may still be booting.
        std::thread::sleep(Duration::from_millis(300));
        host.send(b"ATE0\r\n");
        host.read_to(b"\r\nOK\r\n");
        host.ask("AT+CWMODE=1", "\r\nOK\r\n");
        host.ask("AT+CWJAP=\"home\",\"12345678\"", "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
        host
    }

    fn send(&mut self, bytes: &[u8]) {
        self.line.write_all(bytes).unwrap();
    }

    fn read_to(&mut self, end: &[u8]) -> String {
        let mut got = Vec::new();
        let mut byte = [0];
        while !got.ends_with(end) {
            assert!(
                self.line.read_exact(&mut byte).is_ok(),
                "{:?} wanted, got {}",
                end.escape_ascii(),
                got.escape_ascii()
            );
            got.push(byte[0]);
        }
        String::from_utf8_lossy(&got).into_owned()
    }

    /// Reads until it has these, in any order, and nothing else.
    fn read_all(&mut self, wanted: &[&str]) {
        let mut got = vec![0; wanted.iter().map(|text| text.len()).sum()];
        let _ = self.line.read_exact(&mut got);
        let got = String::from_utf8_lossy(&got);
        assert!(wanted.iter().all(|text| got.contains(text)), "{wanted:?} wanted, got {got:?}");
    }

    #[track_caller]
    fn expect(&mut self, wanted: &str) {
        let mut got = vec![0; wanted.len()];
        let _ = self.line.read_exact(&mut got);
        assert_eq!(String::from_utf8_lossy(&got), wanted);
    }

    #[track_caller]
    fn ask(&mut self, line: &str, wanted: &str) {
        self.send(format!("{line}\r\n").as_bytes());
        self.expect(wanted);
    }

    /// Sends a line and gets it back the other way round.
    fn talk(&mut self) {
        self.ask("AT+CIPSEND=6", "\r\nOK\r\n\r\n>");
        self.send(b"hello\n");
        self.expect("\r\nRecv 6 bytes\r\n\r\nSEND OK\r\n\r\n+IPD,6:olleh\n");
        self.ask("AT+CIPCLOSE", "CLOSED\r\n\r\nOK\r\n");
    }
}

/// Files for one test, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wifi-at-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A server program, once it lets itself be connected.
fn server(program: &str, port: u16, arguments: &[&str]) -> Program {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let server = Program(command.spawn().unwrap());
    drop(connect(port));
    server
}

/// `openssl s_server` that sends each line back the other way round.
fn s_server(port: u16, arguments: &[&str]) -> Program {
    let accept = port.to_string();
    let fixed = ["s_server", "-accept", &accept, "-rev", "-quiet"];
    server("openssl", port, &[&fixed, arguments].concat())
}

#[test]
fn openssl_with_a_pre_shared_key() {
    if !works("openssl", &["version"]) {
        return;
    }
    let mut host = Host::new(&[]);
    for (suite, own, other) in [("PSK-AES128-GCM-SHA256", "0a0b00ff", "0a0b"), ("PSK-AES256-GCM-SHA384", "01", "02")] {
        let port = free_port();
        let key = ["-psk", own, "-psk_identity", "module", "-nocert", "-tls1_2", "-cipher", suite];
        let _server = s_server(port, &key);
        let connect = format!("AT+CIPSTART=\"SSL\",\"web.test\",{port}");
        host.ask(&format!("AT+CIPSSLCPSKHEX=\"{own}\",\"module\""), "\r\nOK\r\n");
        host.ask(&connect, "CONNECT\r\n\r\nOK\r\n");
        host.talk();
        host.ask(&format!("AT+CIPSSLCPSKHEX=\"{other}\",\"module\""), "\r\nOK\r\n");
        host.ask(&connect, "\r\nERROR\r\n");
    }
}

#[test]
fn openssl_with_certificates() {
    if !works("openssl", &["version"]) {
        return;
    }
    let (authority, stranger) = (Authority::new("authority"), Authority::new("stranger"));
    let folder = Folder::new("certificates");
    let [ca, other] = [("ca", &authority), ("other", &stranger)].map(|(name, of)| folder.write(name, &of.pem()));
    let files = |name: &str| {
        let identity = authority.issue(name, 2020..2040);
        let key = folder.write(&format!("{name}.key"), &identity.key);
        (folder.write(&format!("{name}.pem"), &identity.certificate), key)
    };
    let ((certificate, key), (own, own_key)) = (files("web.test"), files("module"));
    let given: Vec<String> = [
        ("client_ca", &ca),
        ("client_ca.1", &other),
        ("client_cert", &own),
        ("client_key", &own_key),
        ("server_cert", &own),
        ("server_key", &own_key),
    ]
    .iter()
    .flat_map(|(place, file)| ["--certificate".into(), format!("{place}={file}")])
    .collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let mut host = Host::new(&given);
    // A check needs the time; this name has no address anywhere.
    host.ask("AT+CIPSNTPCFG=1,0,\"ntp.invalid\"", "\r\nOK\r\n");
    host.read_to(b"+TIME_UPDATED\r\n");

    // Both show a certificate.
    let port = free_port();
    let checks = ["-cert", &certificate, "-key", &key, "-Verify", "1", "-verify_return_error", "-CAfile", &ca];
    let _server = s_server(port, &checks);
    let connect_it = format!("AT+CIPSTART=\"SSL\",\"web.test\",{port}");
    host.ask("AT+CIPSSLCCONF=3,0,0", "\r\nOK\r\n");
    host.ask("AT+CIPSSLCCN=\"web.test\"", "\r\nOK\r\n");
    host.ask("AT+CIPSSLCSNI=\"web.test\"", "\r\nOK\r\n");
    host.ask(&connect_it, "CONNECT\r\n\r\nOK\r\n");
    host.talk();
    // Another name, another authority, no certificate of its own.
    for (line, back) in [
        ("AT+CIPSSLCCN=\"other.test\"", "AT+CIPSSLCCN=\"web.test\""),
        ("AT+CIPSSLCCONF=3,0,1", "AT+CIPSSLCCONF=3,0,0"),
        ("AT+CIPSSLCCONF=2,0,0", "AT+CIPSSLCCONF=3,0,0"),
    ] {
        host.ask(line, "\r\nOK\r\n");
        host.ask(&connect_it, "\r\nERROR\r\n");
        host.ask(back, "\r\nOK\r\n");
    }

    // The module is the server.
    let port = free_port();
    host.ask("AT+CIPMUX=1", "\r\nOK\r\n");
    host.ask(&format!("AT+CIPSERVER=1,{port},\"SSL\""), "\r\nOK\r\n");
    let mut command = Command::new("openssl");
    command.args(["s_client", "-quiet", "-verify_return_error", "-CAfile", &ca, "-connect"]);
    command.arg(format!("127.0.0.1:{port}"));
    let mut client =
        Program(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    host.expect("0,CONNECT\r\n");
    client.0.stdin.as_mut().unwrap().write_all(b"hello module").unwrap();
    host.expect("\r\n+IPD,0,12:hello module");
    host.ask("AT+CIPSEND=0,13", "\r\nOK\r\n\r\n>");
    host.send(b"hello openssl");
    host.expect("\r\nRecv 13 bytes\r\n\r\nSEND OK\r\n");
    let mut answer = [0; 13];
    client.0.stdout.as_mut().unwrap().read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"hello openssl");
    drop(client);
    host.expect("0,CLOSED\r\n");
}

#[test]
fn mosquitto() {
    // Debian puts it where only root looks.
    let program = if Path::new("/usr/sbin/mosquitto").exists() { "/usr/sbin/mosquitto" } else { "mosquitto" };
    // With this text in front of all others its help ends well.
    if !works("sh", &["-c", &format!("{program} -h | grep -q '^mosquitto version'")]) {
        return;
    }
    let port = free_port();
    let _broker = server(program, port, &["-p", &port.to_string()]);
    let mut host = Host::new(&[]);
    host.ask("AT+MQTTUSERCFG=0,1,\"module\",\"\",\"\",0,0,\"\"", "\r\nOK\r\n");
    let connected = format!("+MQTTCONNECTED:0,1,\"web.test\",\"{port}\",\"\",0\r\n\r\nOK\r\n");
    host.ask(&format!("AT+MQTTCONN=0,\"web.test\",{port},0"), &connected);
    host.ask("AT+MQTTSUB=0,\"flat/#\",2", "\r\nOK\r\n");
    for qos in 0..3 {
        host.send(format!("AT+MQTTPUB=0,\"flat/lamp\",\"on {qos}\",{qos},0\r\n").as_bytes());
        // The own message and the answer come in any order.
        host.read_all(&[&format!("+MQTTSUBRECV:0,\"flat/lamp\",4,on {qos}\r\n"), "\r\nOK\r\n"]);
    }
    host.ask("AT+MQTTPUBRAW=0,\"flat/lamp\",5,1,1", "\r\nOK\r\n\r\n>");
    host.send(b"a\r\n\0b");
    host.read_all(&["+MQTTSUBRECV:0,\"flat/lamp\",5,a\r\n\0b\r\n", "+MQTTPUB:OK\r\n"]);
    host.ask("AT+MQTTCLEAN=0", "\r\nOK\r\n");
}
