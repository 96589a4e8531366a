//! Scripted sessions with ESP-AT 2.0 on an ESP8266 (RTOS SDK), byte for byte.
#![allow(missing_docs)]

mod common;

use common::{Bench, CONTROL_WORDS, builder_of, bytes, ms};
use wifi_at_simulator::{Builder, Dialect};

fn builder() -> Builder {
    builder_of(Dialect::Esp8266Idf)
}

#[test]
fn boot_and_basics() {
    let mut bench = Bench::new(builder());
    assert_eq!(bench.run(ms(1000)), "\r\nready\r\n");
    assert_eq!(bench.ask("AT"), "AT\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("ATE0"), "ATE0\r\n\r\nOK\r\n");
    assert_eq!(
        bench.ask("AT+GMR"),
        "AT version:2.0.0.0(b9ba28d - Nov 15 2019 07:02:07)\r\nSDK version:v3.2-92-g8f2c1f9c\r\n\
         compile time(5b3ddb4):Nov 15 2019 15:27:14\r\n\r\nOK\r\n"
    );
    for unknown in ["AT+SYSSTORE?", "AT+CIPRECVTYPE=1", "AT+CIPSTATE?", "AT+CWMODE_CUR=1", "AT+CWMODE=?", "AT+SLEEP?"] {
        bench.error(unknown);
    }
    bench.ok("AT+SYSLOG=1");
    assert_eq!(bench.ask("AT+FAKE"), "ERR CODE:0x01090000\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CWMODE=1,0"), "ERR CODE:0x01060000\r\n\r\nERROR\r\n");
    bench.ok("AT+SYSLOG=0");
    assert_eq!(bench.ask("AT+CWMODE?"), "+CWMODE:0\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPSTATUS"), "STATUS:0\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+SYSRAM?"), "+SYSRAM:148408\r\n\r\nOK\r\n");
    bench.error("AT+SYSMSG=4");
    assert_eq!(bench.ask("AT+CWDHCP?"), "+CWDHCP:3\r\n\r\nOK\r\n");
    bench.ok("AT+CWDHCP=0,2");
    assert_eq!(bench.ask("AT+CWDHCP?"), "+CWDHCP:1\r\n\r\nOK\r\n");
    bench.ok("AT+CIPDNS=1,\"222.222.67.208\",\"114.114.114.114\",\"8.8.8.8\"");
    assert_eq!(bench.ask("AT+CIPDNS?"), "+CIPDNS:1,\"222.222.67.208\",\"114.114.114.114\",\"8.8.8.8\"\r\n\r\nOK\r\n");
}

#[test]
fn join() {
    let mut bench = Bench::new(builder());
    bench.run(ms(1000));
    bench.ask("ATE0");
    bench.ok("AT+CWMODE=1");
    assert_eq!(bench.ask("AT+CWJAP?"), "No AP\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWJAP=\"home\",\"wrong password\""), "+CWJAP:2\r\n\r\nERROR\r\n");
    bench.send(b"AT+CWJAP=\"nowhere\",\"12345678\"\r\nA");
    assert_eq!(bench.run(ms(100)), "busy p...\r\n");
    assert_eq!(bench.run(ms(20_000)), "+CWJAP:3\r\n\r\nERROR\r\n");
    let join = "AT+CWJAP=\"home\",\"secret password\"";
    assert_eq!(bench.ask(join), "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWJAP?"), "+CWJAP:\"home\",\"02:00:00:00:00:01\",6,-47,0,1,3\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWLAP=\"home\""), "+CWLAP:(3,\"home\",-47,\"02:00:00:00:00:01\",6)\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPDOMAIN=\"example.org\""), "+CIPDOMAIN:10.0.0.1\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+PING=\"10.0.0.1\""), "+timeout\r\n\r\nERROR\r\n");
    bench.network.add_ping("10.0.0.1".parse().unwrap(), ms(46));
    assert_eq!(bench.ask("AT+PING=\"10.0.0.1\""), "+PING:46\r\n\r\nOK\r\n");
    // The zone comes first; a switch in front of it is accepted.
    bench.ok("AT+CIPSNTPCFG=8,\"cn.ntp.org.cn\",\"ntp.sjtu.edu.cn\"");
    assert_eq!(bench.ask("AT+CIPSNTPCFG?"), "+CIPSNTPCFG:1,8,\"cn.ntp.org.cn\",\"ntp.sjtu.edu.cn\"\r\n\r\nOK\r\n");
    bench.ok("AT+CIPSNTPCFG=1,-11,\"ntp1.aliyun.com\"");
    assert_eq!(bench.ask("AT+CIPSNTPCFG?"), "+CIPSNTPCFG:1,-11,\"ntp1.aliyun.com\"\r\n\r\nOK\r\n");
    bench.ok("AT+CIPSNTPCFG");
    assert_eq!(bench.ask("AT+RST"), "\r\nOK\r\n\r\nready\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n");
    bench.ask("ATE0");
    assert_eq!(bench.ask("AT+CWQAP"), "WIFI DISCONNECT\r\n\r\nOK\r\n");
}

#[test]
fn single_link() {
    let mut bench = Bench::online(builder());
    bench.error("AT+CIPSTART=\"TCP\",\"10.0.0.1\",8");
    assert_eq!(bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7,,\"192.168.3.112\""), "CONNECT\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7"), "ALREADY CONNECTED\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPSEND=4"), "\r\nOK\r\n\r\n>");
    assert_eq!(bench.payload(b"test"), "\r\nRecv 4 bytes\r\n\r\n+IPD,4:test\r\nSEND OK\r\n");
    bench.ok("AT+CIPDINFO=1");
    bench.ask("AT+CIPSEND=4");
    assert_eq!(bench.payload(b"testm"), "\r\nRecv 4 bytes\r\nbusy p...\r\n\r\n+IPD,4,10.0.0.1,7:test\r\nSEND OK\r\n");
    bench.error("AT+CIPSEND=2049");
    bench.ask("AT+CIPSEND=4");
    let now = bench.now;
    bench.module.close_link(now, 0);
    assert_eq!(bench.run(ms(10)), "CLOSED\r\n");
    assert_eq!(bench.payload(b"test"), "\r\nRecv 4 bytes\r\n\r\nSEND FAIL\r\n");
    assert_eq!(bench.ask("AT+CIPSEND=4"), "link is not valid\r\n\r\nERROR\r\n");
    bench.ok("AT+CIPDINFO=0");
    bench.network.serve_bytes("10.0.0.3:1".parse().unwrap(), CONTROL_WORDS);
    bench.send(b"AT+CIPSTART=\"TCP\",\"10.0.0.3\",1\r\n");
    let head = format!("CONNECT\r\n\r\nOK\r\n\r\n+IPD,{}:", CONTROL_WORDS.len());
    assert_eq!(bench.run_bytes(ms(100)), bytes(&[head.as_bytes(), CONTROL_WORDS, b"CLOSED\r\n"]));
    bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
    assert_eq!(bench.ask("AT+CIPCLOSE"), "CLOSED\r\n\r\nOK\r\n");
}

#[test]
fn passive_receiving() {
    let mut bench = Bench::online(builder());
    bench.ok("AT+CIPMUX=1");
    bench.ok("AT+CIPRECVMODE=1");
    bench.network.serve_bytes("10.0.0.3:1".parse().unwrap(), CONTROL_WORDS);
    let len = CONTROL_WORDS.len();
    assert_eq!(
        bench.ask("AT+CIPSTARTEX=\"TCP\",\"10.0.0.3\",1"),
        format!("0,CONNECT\r\n\r\nOK\r\n\r\n+IPD,0,{len}\r\n")
    );
    assert_eq!(bench.ask("AT+CIPRECVLEN?"), format!("+CIPRECVLEN:{len},,,,\r\nOK\r\n"));
    bench.send(b"AT+CIPRECVDATA=0,10\r\n");
    let wanted = bytes(&[b"+CIPRECVDATA:10,", &CONTROL_WORDS[..10], b"\r\nOK\r\n"]);
    assert_eq!(bench.run_bytes(ms(10)), wanted);
    bench.ok("AT+CIPDINFO=1");
    bench.error("AT+CIPRECVDATA=0,2049");
    bench.send(b"AT+CIPRECVDATA=0,2048\r\n");
    let head = format!("+CIPRECVDATA:{},10.0.0.3,1,", len - 10);
    let wanted = bytes(&[head.as_bytes(), &CONTROL_WORDS[10..], b"\r\nOK\r\n0,CLOSED\r\n"]);
    assert_eq!(bench.run_bytes(ms(10)), wanted);
    bench.error("AT+CIPRECVDATA=0,1");
}
