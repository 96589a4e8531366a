//! The program, used as a program.
#![cfg(all(feature = "program", unix))]
#![allow(missing_docs)]

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

struct Program(Child);

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wifi-at-simulator"));
        command.args(arguments).args(["--fast", "--ap", "home:12345678"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    fn first_line(&mut self) -> String {
        let mut line = String::new();
        let output = self.0.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn exchange(line: &mut (impl Read + Write), command: &str, wanted: &str) {
    line.write_all(command.as_bytes()).unwrap();
    let mut seen = vec![0; wanted.len()];
    line.read_exact(&mut seen).unwrap();
    assert_eq!(String::from_utf8(seen).unwrap(), wanted);
}

#[test]
fn at_a_tcp_port() {
    let mut program = Program::start(&["--tcp", "127.0.0.1:0"]);
    let line = program.first_line();
    let address = line.strip_prefix("listening on ").unwrap().to_owned();
    // What the module says while it boots goes into the void.
    thread::sleep(Duration::from_millis(300));
    for state in ["0", "1"] {
        let mut host = TcpStream::connect(&address).unwrap();
        exchange(&mut host, "AT+CWMODE?\r\n", &format!("AT+CWMODE?\r\n+CWMODE:{state}\r\n\r\nOK\r\n"));
        exchange(&mut host, "AT+CWMODE=1\r\n", "AT+CWMODE=1\r\n\r\nOK\r\n");
    }
}

#[test]
fn at_a_pseudo_terminal() {
    let mut program = Program::start(&["--pty", "--baud", "921600"]);
    let path = program.first_line();
    let mut line = OpenOptions::new().read(true).write(true).open(path).unwrap();
    exchange(&mut line, "", "\r\nready\r\n");
    exchange(&mut line, "ATE0\r\n", "ATE0\r\n\r\nOK\r\n");
    exchange(&mut line, "AT+CWMODE=1\r\n", "\r\nOK\r\n");
    let joined = "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n";
    exchange(&mut line, "AT+CWJAP=\"home\",\"12345678\"\r\n", joined);
}

/// A host at a pseudo-terminal whose line has a rate talks to the module at the rate that it sets there.
#[test]
fn the_rate_of_a_pseudo_terminal_counts() {
    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
    let mut program = Program::start(&["--pty", "--baud", "115200"]);
    let path = program.first_line();
    let mut line = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let set = |line: &std::fs::File, rate: u32| {
        let mut settings = tcgetattr(line).unwrap();
        settings.set_speed(rate).unwrap();
        tcsetattr(line, OptionalActions::Now, &settings).unwrap();
        // The program looks at it every few milliseconds.
        thread::sleep(Duration::from_millis(100));
    };
    exchange(&mut line, "", "\r\nready\r\n");
    exchange(&mut line, "ATE0\r\n", "ATE0\r\n\r\nOK\r\n");
    exchange(&mut line, "AT+UART_CUR=921600,8,1,0,0\r\n", "\r\nOK\r\n");
    // Still the old rate: what the module hears is no command.
    line.write_all(b"AT+CWMODE?\r\n").unwrap();
    thread::sleep(Duration::from_millis(200));
    set(&line, 921_600);
    line.write_all(b"\r\n").unwrap();
    thread::sleep(Duration::from_millis(200));
    let mut seen = vec![0; 1000];
    let count = line.read(&mut seen).unwrap();
    let seen = String::from_utf8_lossy(&seen[..count]).into_owned();
    assert!(seen.contains("ERROR") && !seen.contains("CWMODE"), "{seen:?}");
    exchange(&mut line, "AT+CWMODE?\r\n", "+CWMODE:0\r\n\r\nOK\r\n");
}

#[test]
fn files_and_certificates() {
    let folder = std::env::temp_dir().join(format!("wifi-at-program-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("ca.pem");
    std::fs::write(&file, "no certificate").unwrap();
    let (folder_text, file_text) = (folder.to_str().unwrap(), file.to_str().unwrap());
    let mut arguments = vec!["--tcp".into(), "127.0.0.1:0".into(), "--files".into(), folder_text.to_owned()];
    for place in ["client_ca.1", "server_key", "mqtt_ca", "https_cert", "wss_key"] {
        arguments.extend(["--certificate".into(), format!("{place}={file_text}")]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut program = Program::start(&arguments);
    let line = program.first_line();
    thread::sleep(Duration::from_millis(300));
    let mut host = TcpStream::connect(line.strip_prefix("listening on ").unwrap()).unwrap();
    exchange(&mut host, "ATE0\r\n", "ATE0\r\n\r\nOK\r\n");
    exchange(&mut host, "AT+FS=0,2,\"ca.pem\",3,4\r\n", "+FS:READ,4,cert\r\n\r\nOK\r\n");
    let pair = "AT+SYSMFG=1,\"mqtt_ca\",\"mqtt_ca.0\"\r\n";
    exchange(&mut host, pair, "+SYSMFG:\"mqtt_ca\",\"mqtt_ca.0\",8,14,no certificate\r\nOK\r\n");
    for (option, value, reason) in [
        ("--certificate", format!("mqtt={file_text}"), "is not one of"),
        ("--certificate", format!("wifi_ca={file_text}"), "is not one of"),
        ("--certificate", "client_ca=missing.pem".into(), "missing.pem"),
        ("--files", file_text.to_owned(), "it is no folder"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wifi-at-simulator"));
        let output = command.args(["--stdio", option, &value]).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && text.contains(reason), "{text}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn at_standard_input() {
    let mut program = Program::start(&["--stdio"]);
    let mut input = program.0.stdin.take().unwrap();
    input.write_all(b"AT\r\nATE0\r\nAT\r\n").unwrap();
    drop(input);
    let mut output = String::new();
    program.0.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    assert_eq!(output, "\r\nready\r\nAT\r\n\r\nOK\r\nATE0\r\n\r\nOK\r\n\r\nOK\r\n");
    assert!(program.0.wait().unwrap().success());
}

#[test]
fn every_dialect() {
    for (dialect, version, commands) in [
        ("esp-at", "AT version:3.4", "AT+CIPSENDL=..."),
        ("wizfi360", "AT version:1.1.1.7(", "AT+CWJAP_CUR?  AT+CWJAP_CUR=..."),
        ("esp8266-nonos", "AT version:1.7.4.0(", "AT+CWMODE_DEF=?  AT+CWMODE_DEF?  AT+CWMODE_DEF=..."),
        ("esp8266-idf", "AT version:2.0.0.0(", "AT+CIPRECVMODE?  AT+CIPRECVMODE=..."),
        ("esp32-v1", "AT version:1.0.0.0(", "AT+UART=..."),
    ] {
        let mut program = Program::start(&["--stdio", "--dialect", dialect]);
        let mut input = program.0.stdin.take().unwrap();
        input.write_all(b"AT+GMR\r\n").unwrap();
        drop(input);
        let mut output = Vec::new();
        program.0.stdout.take().unwrap().read_to_end(&mut output).unwrap();
        let output = String::from_utf8_lossy(&output);
        assert!(output.contains(version) && output.ends_with("\r\nOK\r\n"), "{dialect}: {output}");
        let listed = Command::new(env!("CARGO_BIN_EXE_wifi-at-simulator"))
            .args(["--list-commands", "--dialect", dialect])
            .output()
            .unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.lines().any(|line| line == commands), "{dialect}: {listed}");
    }
}

#[test]
fn sigint_ends_it() {
    let mut program = Program::start(&["--tcp", "127.0.0.1:0"]);
    program.first_line();
    let id = program.0.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert!(program.0.wait().unwrap().success());
}

#[test]
fn errors_are_told() {
    let program = env!("CARGO_BIN_EXE_wifi-at-simulator");
    for (arguments, text) in [
        (&["--stdio", "--ap", "x:short"][..], "a password has 8 to 63 bytes"),
        (&["--stdio", "--dialect", "hayes"], "unknown dialect; known are: esp-at"),
        (&["--stdio", "--host", "x=y"], "y is no IP address"),
        (&["--tcp", "192.0.2.1:1"], "cannot listen on 192.0.2.1:1"),
        (&["--tcp", "127.0.0.1:0", "--pty"], "cannot be used with"),
    ] {
        let output = Command::new(program).args(arguments).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(told.contains(text), "{told}");
    }
}

/// What the program prints to standard output and error, and whether it succeeds.
fn outcome(arguments: &[&str], input: &[u8]) -> (String, String, bool) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wifi-at-simulator"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = command.spawn().unwrap();
    program.stdin.take().unwrap().write_all(input).unwrap();
    let output = program.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.success())
}

#[test]
fn faults_by_name() {
    let faults = ["--stdio", "--fast", "--fault", "unknown-line@2", "--fault", "no-ready", "--seed", "5"];
    let (out, _, success) = outcome(&faults, b"ATE0\r\n");
    assert!(success);
    assert_eq!(out, "ATE0\r\n\r\nOK\r\n");
    let (out, ..) = outcome(&["--stdio", "--fast", "--fault", "unknown-line"], b"AT\r\n");
    assert_eq!(out, "\r\nready\r\nAT\r\n+FOO:1\r\nOK\r\n");
    let (out, ..) = outcome(&["--stdio", "--fast", "--rtscts"], b"AT+UART_CUR?\r\n");
    assert_eq!(out, "\r\nready\r\nAT+UART_CUR?\r\n+UART_CUR:115200,8,1,0,3\r\n\r\nOK\r\n");
}

#[test]
fn bad_faults() {
    for (fault, complaint) in [
        ("lost", "unknown fault \"lost\"; --list-faults shows all"),
        ("lost-prompt@0", "\"0\" is no moment; give 3 (third opportunity), 2.5s (time), 1% or random (chance), next"),
        ("header-ipv6", "wifi-at-simulator: wizfi360 cannot show the fault header-ipv6"),
    ] {
        let (_, error, success) = outcome(&["--stdio", "--dialect", "wizfi360", "--fault", fault], b"");
        assert!(!success && error.contains(complaint), "{error}");
    }
}

#[test]
fn a_list_of_faults() {
    let (all, ..) = outcome(&["--list-faults"], b"");
    assert!(
        all.contains("\nlost-prompt              The prompt is missing; the module waits for the data (B8)\n"),
        "{all}"
    );
    assert!(!all.contains("double-carriage-return"));
    let (older, ..) = outcome(&["--list-faults", "--dialect", "esp8266-nonos"], b"");
    assert!(older.contains("double-carriage-return"));
}

/// They are there beside this machine.
#[test]
fn hosts_of_a_world() {
    let flat = concat!(env!("CARGO_MANIFEST_DIR"), "/worlds/flat.toml");
    let mut program = Program::start(&["--tcp", "127.0.0.1:0", "--world", flat]);
    let line = program.first_line();
    let machine = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = machine.local_addr().unwrap().port();
    thread::sleep(Duration::from_millis(300));
    let mut host = TcpStream::connect(line.strip_prefix("listening on ").unwrap()).unwrap();
    let recv = |count: usize| format!("\r\nRecv {count} bytes\r\n\r\nSEND OK\r\n");
    let prompt = "\r\nOK\r\n\r\n>";
    for (line, wanted) in [
        ("ATE0\r\n", "ATE0\r\n\r\nOK\r\n"),
        ("AT+CWMODE=1\r\n", "\r\nOK\r\n"),
        ("AT+CWJAP=\"home\",\"12345678\"\r\n", "+CWJAP:2\r\n\r\nERROR\r\n"),
        ("AT+CWJAP=\"home\",\"secret password\"\r\n", "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n"),
        ("AT+CIPMUX=1\r\n", "\r\nOK\r\n"),
        ("AT+PING=\"printer.home\"\r\n", "+PING:3\r\n\r\nOK\r\n"),
        ("AT+CIPSTART=0,\"TCP\",\"printer.home\",9100\r\n", "0,CONNECT\r\n\r\nOK\r\n"),
        ("AT+CIPSTART=1,\"TCP\",\"192.168.3.20\",80\r\n", "\r\nERROR\r\n"),
        ("AT+CIPSTART=2,\"UDP\",\"printer.home\",7\r\n", "2,CONNECT\r\n\r\nOK\r\n"),
        (&format!("AT+CIPSTART=3,\"TCP\",\"127.0.0.1\",{port}\r\n"), "3,CONNECT\r\n\r\nOK\r\n"),
        ("AT+CIPSEND=0,4\r\n", prompt),
        ("page", &(recv(4) + "\r\n+IPD,0,4:page")),
        ("AT+CIPSEND=2,2\r\n", prompt),
        ("hi", &(recv(2) + "\r\n+IPD,2,2:hi")),
        ("AT+CIPCLOSE=5\r\n", "0,CLOSED\r\n2,CLOSED\r\n3,CLOSED\r\n\r\nOK\r\n"),
    ] {
        exchange(&mut host, line, wanted);
    }
    drop(machine.accept().unwrap());
}

#[test]
fn a_world_from_a_file() {
    let flat = concat!(env!("CARGO_MANIFEST_DIR"), "/worlds/flat.toml");
    let input = b"ATE0\r\nAT+CWMODE=1\r\nAT+CWLAP=\"office\"\r\n";
    let (out, ..) = outcome(&["--stdio", "--fast", "--world", flat], input);
    assert!(out.contains("+CWLAP:(5,\"office\",-70,\"02:00:00:00:00:03\",1,-1,-1,4,4,7,0)\r\n"), "{out}");
    let bad = concat!(env!("CARGO_TARGET_TMPDIR"), "/bad-world.toml");
    std::fs::write(bad, "[[access_point]]\nssid = 'home'\npasswort = '12345678'\n").unwrap();
    let (_, error, success) = outcome(&["--stdio", "--world", bad], b"");
    assert!(!success && error.contains("line 3: unknown field `passwort`"), "{error}");
}
