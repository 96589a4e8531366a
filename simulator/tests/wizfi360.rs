//! Scripted sessions with a WizFi360, byte for byte.
#![allow(missing_docs)]

mod common;

use common::{Bench, CONTROL_WORDS, builder_of, bytes, ms};
use core::time::Duration;
use wifi_at_simulator::{Builder, Dialect};

fn builder() -> Builder {
    builder_of(Dialect::WizFi360)
}

#[test]
fn boot_and_basics() {
    let mut bench = Bench::new(builder());
    assert_eq!(bench.run(ms(1000)), "\r\nready\r\n");
    assert_eq!(bench.ask("AT"), "AT\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("ATE0"), "ATE0\r\n\r\nOK\r\n");
    assert_eq!(
        bench.ask("AT+GMR"),
        "AT version:1.1.1.7(May  4 2021 15:13:14)\r\nSDK version:3.2.0(a0ffff9f)\r\n\
         compile time:May  4 2021 15:13:14\r\n\r\nOK\r\n"
    );
    // No error codes, no test forms but for the mode, no commands of ESP-AT.
    for unknown in ["AT+SYSLOG=1", "AT+SYSSTORE?", "AT+CIPRECVMODE=1", "AT+CWSTATE?", "AT+CIPMUX=?", "AT+CMD?", "hello"]
    {
        bench.error(unknown);
    }
    assert_eq!(bench.ask("AT+CWMODE_CUR=?"), "+CWMODE_CUR:(1-3)\r\n\r\nOK\r\n");
    bench.error("AT+CWMODE_CUR=0");
    // UART and DHCP lines have no line end of their own.
    assert_eq!(bench.ask("AT+UART_CUR?"), "+UART_CUR:115200,8,1,0,0\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWDHCP_CUR?"), "+CWDHCP_CUR:3\r\nOK\r\n");
    bench.ok("AT+CWDHCP_CUR=0,0");
    assert_eq!(bench.ask("AT+CWDHCP_CUR?"), "+CWDHCP_CUR:2\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWDHCP_DEF?"), "+CWDHCP_DEF:3\r\nOK\r\n");
    bench.error("AT+UART_CUR=115201,8,1,0,0");
    bench.error("AT+UART_CUR=115200,8,3,0,0");
    bench.error("AT+UART_CUR=115200,8,1,0,3");
    bench.ok("AT+UART_CUR=115200,8,2,0,1");
    assert_eq!(bench.ask("AT+CWHOSTNAME?"), "+CWHOSTNAME:WizFi360_111213\r\n\r\nOK\r\n");
    bench.ok("AT+CWMODE_CUR=2");
    assert_eq!(bench.ask("AT+CWHOSTNAME?"), "+CWHOSTNAME:<null>\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWSAP_CUR?"), "+CWSAP_CUR:\"WizFi360_111213\",\"\",1,0,4,0\r\n\r\nOK\r\n");
    bench.error("AT+CWSAP_CUR=\"WizFi360\",\"12345678\",5,4");
    bench.error("AT+CWSAP_CUR=\"WizFi360\",\"12345678\",5,3,5,0");
    bench.ok("AT+CWSAP_CUR=\"WizFi360\",\"12345678\",5,3");
    assert_eq!(
        bench.ask("AT+CIFSR"),
        "+CIFSR:APIP,\"192.168.4.1\"\r\n+CIFSR:APMAC,\"02:08:dc:11:12:13\"\r\n\r\nOK\r\n"
    );
}

#[test]
fn join() {
    let mut bench = Bench::new(builder());
    bench.run(ms(1000));
    bench.ask("ATE0");
    assert_eq!(bench.ask("AT+CWMODE_CUR?"), "+CWMODE_CUR:1\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWJAP_CUR?"), "No AP\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPSTATUS"), "STATUS:5\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7"), "no ip\r\n\r\nERROR\r\n");
    // The code's name has no suffix.
    assert_eq!(bench.ask("AT+CWJAP_CUR=\"home\",\"wrong password\""), "+CWJAP:2\r\n\r\nFAIL\r\n");
    assert_eq!(bench.ask("AT+CWJAP_DEF=\"nowhere\",\"12345678\""), "+CWJAP:3\r\n\r\nFAIL\r\n");
    bench.send(b"AT+CWJAP_CUR=\"home\",\"secret password\"\r\n");
    bench.run(ms(100));
    bench.send(b"AT");
    assert_eq!(bench.run(ms(100)), "");
    bench.send(b"\r\n");
    assert_eq!(bench.run(ms(100)), "\r\nbusy p...\r\n");
    assert_eq!(bench.run(ms(3000)), "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWJAP_CUR?"), "+CWJAP_CUR:\"home\",\"02:00:00:00:00:01\",6,-47\r\n\r\nOK\r\n");
    assert_eq!(
        bench.ask("AT+CIPSTA_CUR?"),
        "+CIPSTA_CUR:ip:\"192.168.3.112\"\r\n+CIPSTA_CUR:gateway:\"192.168.3.1\"\r\n\
         +CIPSTA_CUR:netmask:\"255.255.255.0\"\r\n\r\nOK\r\n"
    );
    assert_eq!(
        bench.ask("AT+CWLAP"),
        "+CWLAP:(3,\"home\",-47,\"02:00:00:00:00:01\",6)\r\n\
         +CWLAP:(0,\"cafe\",-80,\"02:00:00:00:00:02\",11)\r\n\r\nOK\r\n"
    );
    assert_eq!(bench.ask("AT+CIPSTATUS"), "STATUS:2\r\n\r\nOK\r\n");
    // Another one, and away: OK first.
    assert_eq!(
        bench.ask("AT+CWJAP_CUR=\"cafe\",\"\""),
        "WIFI DISCONNECT\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n"
    );
    assert_eq!(bench.ask("AT+CWQAP"), "\r\nOK\r\nWIFI DISCONNECT\r\n");
    // _CUR is not stored, _DEF is, and so are the names without suffix.
    assert_eq!(bench.ask("AT+RST"), "\r\nOK\r\n\r\nready\r\n");
    bench.ask("ATE0");
    bench.ask("AT+CWJAP_DEF=\"home\",\"secret password\"");
    assert_eq!(bench.ask("AT+RST"), "\r\nOK\r\n\r\nready\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n");
    bench.ask("ATE0");
    bench.ok("AT+CWAUTOCONN=0");
    bench.ok("AT+CWMODE=3");
    bench.ok("AT+CWMODE_CUR=1");
    assert_eq!(bench.ask("AT+CWMODE_DEF?"), "+CWMODE_DEF:3\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+RST"), "\r\nOK\r\n\r\nready\r\n");
    bench.ask("ATE0");
    assert_eq!(bench.ask("AT+CWMODE?"), "+CWMODE:3\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+RESTORE=1"), "\r\nOK\r\n\r\nready\r\n");
    bench.ask("ATE0");
    assert_eq!(bench.ask("AT+CWMODE?"), "+CWMODE:1\r\n\r\nOK\r\n");
}

#[test]
fn names() {
    let mut bench = Bench::online(builder());
    assert_eq!(bench.ask("AT+CIPDOMAIN=\"example.org\""), "+CIPDOMAIN:\"10.0.0.1\"\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPDOMAIN=\"nobody.example\""), "DNS Fail\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+PING=\"example.org\""), "+timeout\r\n\r\nERROR\r\n");
    bench.network.add_ping("10.0.0.1".parse().unwrap(), ms(46));
    assert_eq!(bench.ask("AT+PING=\"example.org\""), "+46\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPDNS_CUR?"), "+CIPDNS_CUR:192.168.3.1\r\n\r\nOK\r\n");
    bench.ok("AT+CIPDNS_DEF=1,\"114.114.114.114\",\"8.8.8.8\"");
    assert_eq!(bench.ask("AT+CIPDNS_CUR?"), "+CIPDNS_CUR:114.114.114.114\r\n+CIPDNS_CUR:8.8.8.8\r\n\r\nOK\r\n");
    bench.error("AT+CIPDNS_CUR=0,\"114.114.114.114\",\"8.8.8.8\"");
    bench.error("AT+CIPDNS_CUR=1,\"114.114.114.114\"");
    bench.ok("AT+CIPDNS_CUR=0");
    bench.ok("AT+CIPSNTPCFG=1,8");
    let now = bench.now;
    bench.module.set_clock(now, 1_470_293_285);
    let time = bench.ask_for("AT+CIPSNTPTIME?", ms(100));
    assert_eq!(time, "+CIPSNTPTIME:Thu Aug 04 14:48:05 2016\r\nOK\r\n");
}

#[test]
fn single_link() {
    let mut bench = Bench::online(builder());
    assert_eq!(bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",8"), "CONNECT FAIL\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPSTART=\"tcp\",\"10.0.0.1\",7"), "Link type ERROR\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7"), "CONNECT\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7"), "ALREADY CONNECTED\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPMUX=1"), "link is builded\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPSTATUS"), "STATUS:3\r\n+CIPSTATUS:0,\"TCP\",\"10.0.0.1\",7,49153,0\r\n\r\nOK\r\n");
    // The peer is shown from the start, its address bare.
    assert_eq!(bench.ask("AT+CIPSEND=4"), "\r\nOK\r\n> ");
    assert_eq!(bench.payload(b"test"), "\r\nRecv 4 bytes\r\n\r\n+IPD,4,10.0.0.1,7:test\r\nSEND OK\r\n");
    bench.ok("AT+CIPDINFO=0");
    bench.ask("AT+CIPSEND=4");
    assert_eq!(bench.payload(b"test"), "\r\nRecv 4 bytes\r\n\r\n+IPD,4:test\r\nSEND OK\r\n");
    // More bytes than announced.
    bench.ask("AT+CIPSEND=4");
    assert_eq!(bench.payload(b"testmore\r\n"), "\r\nRecv 4 bytes\r\n\r\nbusy s...\r\n\r\n+IPD,4:test\r\nSEND OK\r\n");
    assert_eq!(bench.ask("AT+CIPSEND=2049"), "too long\r\n\r\nERROR\r\n");
    bench.error("AT+CIPSEND=0");
    // The peer goes under a send.
    bench.ask("AT+CIPSEND=4");
    let now = bench.now;
    bench.module.close_link(now, 0);
    assert_eq!(bench.run(ms(10)), "CLOSED\r\n");
    assert_eq!(bench.payload(b"test"), "\r\nRecv 4 bytes\r\n\r\nSEND Canceled\r\n");
    assert_eq!(bench.ask("AT+CIPSEND=4"), "link is not valid\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPCLOSE"), "UNLINK\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPCLOSE=0"), "MUX=0\r\n\r\nERROR\r\n");
    // The peer closes behind its data.
    bench.network.serve_bytes("10.0.0.3:1".parse().unwrap(), CONTROL_WORDS);
    bench.send(b"AT+CIPSTART=\"TCP\",\"10.0.0.3\",1\r\n");
    let head = format!("CONNECT\r\n\r\nOK\r\n\r\n+IPD,{}:", CONTROL_WORDS.len());
    assert_eq!(bench.run_bytes(ms(100)), bytes(&[head.as_bytes(), CONTROL_WORDS, b"CLOSED\r\n"]));
    bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
    assert_eq!(bench.ask("AT+CIPCLOSE"), "CLOSED\r\n\r\nOK\r\n");
}

#[test]
fn udp() {
    let mut bench = Bench::online(builder());
    bench.ok("AT+CIPMUX=1");
    assert_eq!(bench.ask("AT+CIPSTART=4,\"UDP\",\"10.0.0.5\",9000,1112,2"), "4,CONNECT\r\n\r\nOK\r\n");
    bench.network.push_datagram("10.0.0.7:1".parse().unwrap(), 1112, b"one");
    bench.network.push_datagram("10.0.0.7:1".parse().unwrap(), 1112, b"two");
    assert_eq!(bench.run(ms(10)), "\r\n+IPD,4,3,10.0.0.7,1:one\r\n+IPD,4,3,10.0.0.7,1:two");
    assert_eq!(bench.ask("AT+CIPSEND=4,2,\"10.0.0.6\",7777"), "\r\nOK\r\n> ");
    assert_eq!(bench.payload(b"hi"), "\r\nRecv 2 bytes\r\n\r\nSEND OK\r\n");
    assert_eq!(bench.network.datagrams().last(), Some(&("10.0.0.6:7777".parse().unwrap(), b"hi".to_vec())));
    assert_eq!(bench.ask("AT+CIPCLOSE=4"), "4,CLOSED\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPCLOSE=4"), "UNLINK\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPSTART=5,\"TCP\",\"10.0.0.1\",7"), "ID ERROR\r\n\r\nERROR\r\n");
}

#[test]
fn server() {
    let mut bench = Bench::online(builder());
    bench.error("AT+CIPSERVER=1,8080");
    bench.ok("AT+CIPMUX=1");
    assert_eq!(bench.ask("AT+CIPSERVER=0"), "no change\r\n\r\nOK\r\n");
    bench.ok("AT+CIPSERVER=1,8080");
    assert_eq!(bench.ask("AT+CIPSERVER=1,8080"), "no change\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPSTO?"), "+CIPSTO:180\r\n\r\nOK\r\n");
    let first = bench.client(1000, 8080);
    let second = bench.client(1001, 8080);
    assert_eq!(bench.run(ms(10)), "0,CONNECT\r\n1,CONNECT\r\n");
    bench.network.push(second, b"hello");
    assert_eq!(bench.run(ms(10)), "\r\n+IPD,1,5,192.168.3.50,1001:hello");
    assert_eq!(bench.ask_for("AT+CIPSEND=0,3", ms(10)), "\r\nOK\r\n> ");
    assert_eq!(bench.payload(b"abc"), "\r\nRecv 3 bytes\r\n\r\nSEND OK\r\n");
    assert_eq!(bench.network.take_received(first), b"abc");
    assert_eq!(
        bench.ask_for("AT+CIPSTATUS", ms(10)),
        "STATUS:3\r\n+CIPSTATUS:0,\"TCP\",\"192.168.3.50\",1000,8080,1\r\n\
         +CIPSTATUS:1,\"TCP\",\"192.168.3.50\",1001,8080,1\r\n\r\nOK\r\n"
    );
    assert_eq!(bench.ask_for("AT+CIPCLOSE=5", ms(10)), "\r\nERROR\r\n");
    assert_eq!(bench.ask_for("AT+CIPCLOSE=0", ms(10)), "0,CLOSED\r\n\r\nOK\r\n");
    bench.network.close_peer(second);
    assert_eq!(bench.run(ms(10)), "1,CLOSED\r\n");
    assert_eq!(bench.ask("AT+CIPMUX=0"), "CIPSERVER must be 0\r\n\r\nERROR\r\n");
    bench.ok("AT+CIPSERVER=0");
    bench.ok("AT+CIPMUX=0");
}

#[test]
fn passthrough() {
    let mut bench = Bench::online(builder());
    bench.ok("AT+CIPMUX=1");
    assert_eq!(bench.ask("AT+CIPMODE=1"), "CIPMUX and CIPSERVER must be 0\r\n\r\nERROR\r\n");
    bench.ok("AT+CIPMUX=0");
    bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
    bench.ok("AT+CIPMODE=1");
    assert_eq!(bench.ask("AT+CIPSEND"), "\r\nOK\r\n\r\n> ");
    bench.send(b"AT\r\n+++");
    assert_eq!(bench.run(ms(19)), "");
    assert_eq!(bench.run(ms(500)), "AT\r\n+++");
    // +++ stands alone only with 1 s of silence on both sides.
    bench.send(b"+++");
    assert_eq!(bench.run(Duration::from_secs(2)), "+++");
    bench.send(b"+++");
    assert_eq!(bench.run(ms(999)), "");
    bench.send(b"x");
    assert_eq!(bench.run(Duration::from_secs(2)), "+++x");
    bench.send(b"+++");
    assert_eq!(bench.run(Duration::from_secs(2)), "");
    bench.ok("AT+CIPMODE=0");
    assert_eq!(bench.ask("AT+CIPCLOSE"), "CLOSED\r\n\r\nOK\r\n");
}
