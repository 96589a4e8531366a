use super::*;
use crate::at::MAX_COMMAND;
use crate::command::{Command, Link, Secret};

fn encode(command: &impl Command) -> Result<std::string::String, EncodeError> {
    let mut buffer = [0; MAX_COMMAND];
    let mut line = Encoder::new(&mut buffer);
    command.encode("AT+X", &mut line);
    let length = line.finish()?;
    Ok(std::str::from_utf8(&buffer[..length - 2]).unwrap().into())
}

#[test]
fn samples_are_valid() {
    let chapters = [
        connect::FORMS,
        dns::FORMS,
        passthrough::FORMS,
        ping::FORMS,
        receive::FORMS,
        segments::FORMS,
        send::FORMS,
        server::FORMS,
        settings::FORMS,
        sntp::FORMS,
        status::FORMS,
        tls::FORMS,
        update::FORMS,
    ];
    for form in chapters.into_iter().flatten() {
        let mut buffer = [0; MAX_COMMAND];
        let mut line = Encoder::new(&mut buffer);
        (form.sample)(&mut line, form.name);
        assert!(line.finish().is_ok(), "{form:?}");
    }
}

#[test]
fn hosts_and_ports() {
    let connect = |name, port| {
        encode(&ConnectTcpHost { link: Link::Only, remote: TcpHost(Host::Name(name)), port, keep_alive: None })
    };
    let name = "a".repeat(65);
    assert!(connect(&name[..64], 1).is_ok());
    assert_eq!(connect(&name, 1), Err(EncodeError::OutOfRange));
    assert_eq!(connect("", 1), Err(EncodeError::OutOfRange));
    assert_eq!(connect("a\r\nAT+RST", 1), Err(EncodeError::ForbiddenByte));
    assert_eq!(connect("a", 0), Err(EncodeError::OutOfRange));
    let udp = ConnectUdp {
        link: Link::Id(5),
        remote: UdpHost(Host::Address(Ipv4Addr::BROADCAST)),
        port: 1,
        local: UdpLocal::Any,
    };
    assert_eq!(encode(&udp), Err(EncodeError::OutOfRange));
    assert_eq!(
        encode(&ConnectUdp { link: Link::Id(4), local: UdpLocal::Port(0), ..udp }),
        Err(EncodeError::OutOfRange)
    );
    assert_eq!(
        encode(&ConnectUdp { link: Link::Id(4), local: UdpLocal::Port(9), ..udp }).unwrap(),
        "AT+X=4,\"UDP\",\"255.255.255.255\",1,9"
    );
}

#[test]
fn lengths_of_data() {
    let send = SendData { link: Link::Id(0), length: 8192 };
    assert_eq!(encode(&send).unwrap(), "AT+X=0,8192");
    assert_eq!(send.data_length(), Some(8192));
    assert_eq!(encode(&SendData { length: 8193, ..send }), Err(EncodeError::OutOfRange));
    assert_eq!(encode(&SendData { length: 0, ..send }), Err(EncodeError::OutOfRange));
    assert_eq!(encode(&SendShortData { link: Link::Only, length: 2049 }), Err(EncodeError::OutOfRange));
}

#[test]
fn left_out_tcp_options_keep_their_commas() {
    let set = |link, options| encode(&SetTcpOptions { link, options }).unwrap();
    assert_eq!(set(Link::Only, TcpOptions::default()), "AT+X=,,");
    assert_eq!(set(Link::Id(0), TcpOptions { linger: Some(-1), ..TcpOptions::default() }), "AT+X=0,-1,,");
    assert_eq!(set(Link::Id(5), TcpOptions { keep_alive: Some(60), ..TcpOptions::default() }), "AT+X=5,,,,60");
    let all = TcpOptions { linger: Some(5), no_delay: Some(true), send_timeout: Some(9000), keep_alive: Some(0) };
    assert_eq!(set(Link::Only, all), "AT+X=5,1,9000,0");
}

#[test]
fn lists_have_limits() {
    let address = |last| IpAddr::from([10, 0, 0, last]);
    let set = |servers: &[IpAddr]| encode(&SetNameServers { servers: NameServers(servers) });
    assert_eq!(set(&[address(1), address(2), address(1)]), Err(EncodeError::OutOfRange));
    assert_eq!(set(&[1, 2, 3, 4].map(address)), Err(EncodeError::OutOfRange));
    assert_eq!(set(&[]).unwrap(), "AT+X=1");
    let protocols = |names| encode(&SetSslProtocols { link: Link::Only, protocols: AlpnProtocols(names) });
    assert_eq!(protocols(&["a", "b", "c", "d", "e", "f"]), Err(EncodeError::OutOfRange));
    assert_eq!(protocols(&["h2", ""]), Err(EncodeError::OutOfRange));
    assert_eq!(protocols(&["h2", "http/1.1"]).unwrap(), "AT+X=2,\"h2\",\"http/1.1\"");
    assert_eq!(protocols(&[]).unwrap(), "AT+X=0");
}

#[test]
fn keys() {
    let set = |key| encode(&SetSslPreSharedKey { link: Link::Only, key: Secret(key), hint: "" });
    assert_eq!(set("a,b\"c\\").unwrap(), "AT+X=\"a\\,b\\\"c\\\\\",\"\"");
    assert_eq!(set(""), Err(EncodeError::OutOfRange));
    assert_eq!(set("a\0"), Err(EncodeError::ForbiddenByte));
    let bytes = |key| encode(&SetSslPreSharedKeyBytes { link: Link::Id(0), key: SecretHex(key), hint: "h" });
    assert_eq!(bytes(&[0, 0xaf]).unwrap(), "AT+X=0,\"00af\",\"h\"");
    assert_eq!(bytes(&[1; 33]), Err(EncodeError::OutOfRange));
    assert_eq!(bytes(&[1; 65]), Err(EncodeError::OutOfRange));
    assert_eq!(std::format!("{:?}", SecretHex(&[7])), "***");
}

#[test]
fn time_zones() {
    let set = |time_zone| encode(&SetSntp { enabled: true, time_zone, servers: UpTo(&[]) });
    let minutes = |west, hours, minutes| TimeZone::HoursAndMinutes { west, hours, minutes };
    assert_eq!(set(TimeZone::Hours(-12)).unwrap(), "AT+X=1,-12");
    assert_eq!(set(minutes(true, 9, 30)).unwrap(), "AT+X=1,-930");
    for zone in [TimeZone::Hours(15), TimeZone::Hours(-13), minutes(false, 15, 0), minutes(true, 13, 0)] {
        assert_eq!(set(zone), Err(EncodeError::OutOfRange), "{zone:?}");
    }
    for zone in [minutes(false, 0, 14), minutes(false, 1, 60), minutes(false, 255, 255)] {
        assert_eq!(set(zone), Err(EncodeError::OutOfRange), "{zone:?}");
    }
}

#[test]
fn the_escape_sequence_has_no_line_end() {
    const { assert!(!LeaveDataMode::LINE_END) };
    let mut buffer = [0; 8];
    let length = atat::AtatCmd::write(&LeaveDataMode, &mut buffer);
    assert_eq!(&buffer[..length], b"+++");
}
