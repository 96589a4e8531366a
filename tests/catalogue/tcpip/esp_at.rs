use core::net::{IpAddr, Ipv6Addr};

use wifi_at::at::FieldError;
use wifi_at::command::tcpip::*;
use wifi_at::command::wifi::{JoinAccessPoint, SetWifiMode, WifiMode};
use wifi_at::command::{CommandError, Link, Secret};
use wifi_at::dialect::EspAt;

use super::{ONLY, host, v4};
use crate::Cases;

fn v6(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

fn host6(text: &str) -> Ipv6Host<'_> {
    // The manual has one address in upper case; as a name it stays so.
    match text.parse::<Ipv6Addr>() {
        Ok(address) if address.to_string() == text => Ipv6Host::Address(address),
        _ => Ipv6Host::Name(text),
    }
}

fn tcp<'a>(name: &'a str, port: u16) -> ConnectTcpHost<'a> {
    ConnectTcpHost { link: ONLY, remote: TcpHost(host(name)), port, keep_alive: None }
}

pub(super) fn cases(cases: &mut Cases) {
    connections(cases);
    sending(cases);
    receiving(cases);
    servers(cases);
    settings(cases);
    names(cases);
    time(cases);
    tls(cases);
    updates(cases);
}

fn join<'a>(ssid: &'a str, passphrase: &'a str) -> JoinAccessPoint<'a> {
    JoinAccessPoint { ssid, passphrase: Secret(passphrase), bssid: None }
}

fn connections(cases: &mut Cases) {
    cases.wire::<EspAt, _>(tcp("iot.espressif.cn", 8000));
    cases.wire::<EspAt, _>(ConnectTcp {
        link: ONLY,
        remote: TcpRemote { address: IpAddr::V4(v4("192.168.101.110")) },
        port: 1000,
        keep_alive: None,
    });
    cases.wire::<EspAt, _>(ConnectTcpHost { keep_alive: Some(60), ..tcp("192.168.101.110", 2500) });
    cases.wire::<EspAt, _>(ConnectTcpHostFrom {
        link: ONLY,
        remote: TcpHost(host("192.168.101.110")),
        port: 1000,
        keep_alive: None,
        local_address: v4("192.168.101.100"),
    });
    for (remote, port, local) in [
        ("test-ipv6.com", 80, None),
        ("fe80::860d:8eff:fe9d:cd90", 1000, Some("fe80::411c:1fdb:22a6:4d24")),
        ("2404:6800:4005:80b::2004", 80, Some("240e:3a1:2070:11c0:32ae:a4ff:fe80:65ac")),
    ] {
        cases.wire::<EspAt, _>(ConnectTcpIpv6 {
            link: ONLY,
            remote: TcpIpv6Host(host6(remote)),
            port,
            keep_alive: None,
            local_address: local.map(v6),
        });
    }
    let udp = ConnectUdp {
        link: ONLY,
        remote: UdpHost(host("192.168.101.110")),
        port: 1000,
        local: UdpLocal::PortAndMode(1002, UdpPeerMode::Follows),
    };
    cases.wire::<EspAt, _>(udp);
    cases.wire::<EspAt, _>(ConnectUdpFrom {
        link: ONLY,
        remote: udp.remote,
        port: 1000,
        local: UdpLocal::Any,
        local_address: v4("192.168.101.100"),
    });
    let udp6 = ConnectUdpIpv6 {
        link: ONLY,
        remote: UdpIpv6Host(host6("fe80::32ae:a4ff:fe80:65ac")),
        port: 1000,
        local: UdpLocal::Any,
        local_address: Some(v6("fe80::5512:f37f:bb03:5d9b")),
    };
    cases.wire::<EspAt, _>(udp6);
    cases.wire::<EspAt, _>(ConnectUdpIpv6 {
        remote: UdpIpv6Host(host6("FF02::FC")),
        local: UdpLocal::PortAndMode(1002, UdpPeerMode::Fixed),
        local_address: None,
        ..udp6
    });
    cases.wire::<EspAt, _>(ConnectSsl {
        link: ONLY,
        remote: SslHost(host("iot.espressif.cn")),
        port: 8443,
        keep_alive: None,
    });
    cases.wire::<EspAt, _>(ConnectSslFrom {
        link: ONLY,
        remote: SslHost(host("192.168.101.110")),
        port: 1000,
        keep_alive: None,
        local_address: v4("192.168.101.100"),
    });
    cases.wire::<EspAt, _>(ConnectSslIpv6 {
        link: ONLY,
        remote: SslIpv6Host(host6("240e:3a1:2070:11c0:6972:6f96:9147:d66d")),
        port: 1000,
        keep_alive: None,
        local_address: Some(v6("240e:3a1:2070:11c0:55ce:4e19:9649:b75")),
    });
    assert_eq!(cases.answer::<EspAt, ConnectTcp>(&["0,CONNECT"]), Ok(()));
    assert_eq!(cases.answer::<EspAt, ConnectUdpIpv6>(&["CONNECT"]), Ok(()));

    let opened = |link| Ok(OpenedLink { link });
    assert_eq!(cases.answer::<EspAt, ConnectTcpOnFreeLink<'_>>(&["3,CONNECT"]), opened(Some(3)));
    assert_eq!(cases.answer::<EspAt, ConnectUdpOnFreeLink<'_>>(&["1, CONNECT"]), opened(Some(1)));
    assert_eq!(
        cases.answer::<EspAt, ConnectSslIpv6OnFreeLink<'_>>(&["+LINK_CONN:0,2,\"SSLv6\",0,\"fe80::1\",443,50"]),
        opened(Some(2))
    );
    assert_eq!(cases.answer::<EspAt, ConnectTcpIpv6OnFreeLink<'_>>(&["0,CLOSED"]), opened(None));

    assert_eq!(cases.answer::<EspAt, CloseConnection>(&["CLOSED"]), Ok(()));
    assert_eq!(cases.answer::<EspAt, CloseLink>(&["0,CLOSED"]), Ok(()));

    let links = cases
        .answer::<EspAt, QueryLinks>(&[
            "+CIPSTATE:0,\"TCP\",\"192.168.1.9\",80,51000,0",
            "+CIPSTATE:4,\"UDPv6\",\"fe80::1\",53,1002,1",
            "+CIPSTATE:nonsense",
        ])
        .unwrap();
    let first = LinkState {
        link: Some(0),
        protocol: LinkProtocol::Tcp,
        remote_address: IpAddr::V4(v4("192.168.1.9")),
        remote_port: 80,
        local_port: 51000,
        is_server: false,
    };
    let second = LinkState {
        link: Some(4),
        protocol: LinkProtocol::UdpIpv6,
        remote_address: IpAddr::V6(v6("fe80::1")),
        remote_port: 53,
        local_port: 1002,
        is_server: true,
    };
    assert_eq!(links.records, [first.clone(), second]);
    assert_eq!(links.malformed, 1);
    assert!(cases.answer::<EspAt, QueryLinks>(&[]).unwrap().records.is_empty());

    let status = cases.answer::<EspAt, QueryStatus>(&["STATUS:3", "+CIPSTATUS:0,\"TCP\",\"192.168.1.9\",80,51000,0"]);
    let status = status.unwrap();
    assert_eq!(status.station, StationStatus::Connected);
    assert_eq!(status.links.records, [first]);
    assert_eq!(cases.answer::<EspAt, QueryStatus>(&[]), Err(CommandError::Answer(FieldError::Missing)));

    let addresses = cases
        .answer::<EspAt, QueryLocalAddresses>(&[
            "+CIFSR:APIP,\"192.168.4.1\"",
            "+CIFSR:APIP6LL,\"fe80::2\"",
            "+CIFSR:APMAC,\"1a:fe:34:a5:8d:c6\"",
            "+CIFSR:STAIP,\"0.0.0.0\"",
            "+CIFSR:STAIP6GL,\"240c::6666\"",
            "+CIFSR:STAMAC,\"18:fe:34:a5:8d:c6\"",
            "+CIFSR:ETHIP,\"10.0.0.2\"",
            "+CIFSR:FUTURE,\"1\"",
        ])
        .unwrap();
    assert_eq!(addresses.soft_ap.ipv4, Some(v4("192.168.4.1")));
    assert_eq!(addresses.soft_ap.ipv6_link_local, Some(v6("fe80::2")));
    assert_eq!(addresses.soft_ap.mac.map(|mac| mac.0[0]), Some(0x1a));
    assert_eq!(addresses.station.ipv4, None);
    assert_eq!(addresses.station.ipv6_global, Some(v6("240c::6666")));
    assert_eq!(addresses.ethernet.ipv4, Some(v4("10.0.0.2")));
    assert_eq!(addresses.ethernet.mac, None);
}

fn sending(cases: &mut Cases) {
    cases.wire::<EspAt, _>(LeaveDataMode);
    cases.answer::<EspAt, SendLong>(&["+CIPSENDL:1024,2048", "+CIPSENDL:4096,4096"]).unwrap();
    let failure = cases.failure::<EspAt, SendLongTo<'_>>(&["+CIPSENDL:1024,2048", "+CIPSENDL:3000,4096"]).unwrap();
    assert_eq!(failure.progress, Some(SendProgress { sent: 3000, received: 4096 }));
    assert_eq!(
        cases.answer::<EspAt, QuerySendLongConfig>(&["+CIPSENDLCFG:1024,2920"]),
        Ok(SendLongConfig { report_size: 1024, transmit_size: 2920 })
    );
}

fn receiving(cases: &mut Cases) {
    let passive = ReceiveMode::Passive;
    cases.wire::<EspAt, _>(SetReceiveType { link: ONLY, mode: passive });
    cases.wire::<EspAt, _>(SetReceiveType { link: Link::Id(5), mode: passive });
    cases.wire::<EspAt, _>(SetLinkReceiveMode { link: ONLY, mode: passive });
    cases.wire::<EspAt, _>(SetLinkReceiveMode { link: Link::Id(5), mode: passive });
    let mode = |link, mode| LinkReceiveMode { link, mode };
    let modes = cases.answer::<EspAt, QueryReceiveTypes>(&["+CIPRECVTYPE:0,1", "+CIPRECVTYPE:1,0"]).unwrap();
    assert_eq!(modes.records, [mode(Some(0), passive), mode(Some(1), ReceiveMode::Active)]);
    let modes = cases.answer::<EspAt, QueryLinkReceiveModes>(&["+CIPRECVMODE:1"]).unwrap();
    assert_eq!(modes.records, [mode(None, passive)]);

    cases.wire::<EspAt, _>(FetchData { link: Link::Id(0), length: 100 });
    let data = cases.answer::<EspAt, FetchData>(&["+CIPRECVDATA:5, a,b "]).unwrap();
    assert_eq!((data.remote, &data.data[..]), (None, &b" a,b "[..]));
    let data = cases.answer::<EspAt, FetchData>(&["+CIPRECVDATA:4,\"192.168.1.2\",80,OK\r\n"]).unwrap();
    assert_eq!((data.remote, &data.data[..]), (Some("192.168.1.2:80".parse().unwrap()), &b"OK\r\n"[..]));
    assert!(cases.answer::<EspAt, FetchData>(&[]).unwrap().data.is_empty());
    assert_eq!(
        cases.answer::<EspAt, FetchData>(&["+CIPRECVDATA:5,abc"]),
        Err(CommandError::Answer(FieldError::Malformed))
    );

    cases.wire::<EspAt, _>(QueryReceivedLengths);
    let lengths = cases.answer::<EspAt, QueryReceivedLengths>(&["+CIPRECVLEN:100,,,,,"]).unwrap();
    assert_eq!(lengths.links, [Some(100), None, None, None, None]);
    let lengths = cases.answer::<EspAt, QueryReceivedLengths>(&["+CIPRECVLEN:0,-1,7,-1,-1"]).unwrap();
    assert_eq!(lengths.links, [Some(0), None, Some(7), None, None]);
    let lengths = cases.answer::<EspAt, QueryReceivedLengths>(&["+CIPRECVLEN:4"]).unwrap();
    assert_eq!(lengths.links, [Some(4)]);

    cases.wire::<EspAt, _>(SetSenderAddress { shown: true });
    for (line, shown) in [("+CIPDINFO:true", true), ("+CIPDINFO:false", false), ("+CIPDINFO:1", true)] {
        assert_eq!(cases.answer::<EspAt, QuerySenderAddress>(&[line]), Ok(SenderAddressSetting { shown }));
    }
}

fn servers(cases: &mut Cases) {
    cases.wire::<EspAt, _>(StartTcpServer { port: Some(80) });
    cases.wire::<EspAt, _>(StartTcpServer { port: Some(1001) });
    for (protocol, checks_clients) in [(ServerProtocol::Ssl, true), (ServerProtocol::SslIpv6, false)] {
        cases.wire::<EspAt, _>(StartServer {
            port: Some(443),
            protocol: Some(protocol),
            checks_clients: Some(checks_clients),
        });
    }
    cases.wire::<EspAt, _>(StopServerAndClients { close_connections: true });
    assert_eq!(
        cases.answer::<EspAt, QueryServer>(&["+CIPSERVER:1,443,\"SSLv6\",0"]),
        Ok(ServerState {
            running: true,
            port: Some(443),
            protocol: Some(ServerProtocol::SslIpv6),
            checks_clients: Some(false)
        })
    );
    assert_eq!(
        cases.answer::<EspAt, QueryServer>(&["+CIPSERVER:0"]),
        Ok(ServerState { running: false, port: None, protocol: None, checks_clients: None })
    );
    cases.wire::<EspAt, _>(SetClientLimit { clients: 2 });
    assert_eq!(cases.answer::<EspAt, QueryClientLimit>(&["+CIPSERVERMAXCONN:5"]), Ok(ClientLimit { clients: 5 }));
    cases.wire::<EspAt, _>(SetServerTimeout { seconds: 10 });
    assert_eq!(cases.answer::<EspAt, QueryServerTimeout>(&["+CIPSTO:180"]), Ok(ServerTimeout { seconds: 180 }));
}

fn settings(cases: &mut Cases) {
    assert_eq!(cases.answer::<EspAt, QueryIpv6>(&["+CIPV6:1"]), Ok(Ipv6Setting { enabled: true }));
    cases.wire::<EspAt, _>(SetMultipleConnections { enabled: true });
    assert_eq!(
        cases.answer::<EspAt, QueryMultipleConnections>(&["+CIPMUX:0"]),
        Ok(MultipleConnections { enabled: false })
    );
    cases.wire::<EspAt, _>(SetTransmissionMode { mode: TransmissionMode::Passthrough });
    assert_eq!(
        cases.answer::<EspAt, QueryTransmissionMode>(&["+CIPMODE:0"]),
        Ok(TransmissionModeSetting { mode: TransmissionMode::Normal })
    );
    cases.wire::<EspAt, _>(SetReconnectInterval { interval_100ms: 10 });
    assert_eq!(
        cases.answer::<EspAt, QueryReconnectInterval>(&["+CIPRECONNINTV:1"]),
        Ok(ReconnectInterval { interval_100ms: 1 })
    );
    let options = cases.answer::<EspAt, QueryTcpOptions>(&["+CIPTCPOPT:0,-1,0,0,60", "+CIPTCPOPT:1,5,1,9000"]);
    let expected = LinkTcpOptions {
        link: 0,
        linger: Some(-1),
        no_delay: Some(false),
        send_timeout: Some(0),
        keep_alive: Some(60),
    };
    let options = options.unwrap().records;
    assert_eq!(options[0], expected);
    assert_eq!(options[1].keep_alive, None);
}

fn names(cases: &mut Cases) {
    cases.wire::<EspAt, _>(SetWifiMode { mode: WifiMode::Station });
    cases.wire::<EspAt, _>(join("SSID", "password"));
    for (name, kind) in [
        ("iot.espressif.cn", None),
        ("iot.espressif.cn", Some(AddressKind::Ipv4)),
        ("ipv6.test-ipv6.com", Some(AddressKind::Ipv6)),
        ("ds.test-ipv6.com", Some(AddressKind::PreferIpv4)),
    ] {
        cases.wire::<EspAt, _>(ResolveName { name, kind });
    }
    for line in ["+CIPDOMAIN:\"1.2.3.4\"", "+CIPDOMAIN:1.2.3.4"] {
        let address = IpAddr::V4(v4("1.2.3.4"));
        assert_eq!(cases.answer::<EspAt, ResolveName<'_>>(&[line]), Ok(ResolvedName { address }));
    }

    cases.wire::<EspAt, _>(UseAutomaticNameServers);
    for servers in
        [["208.67.222.222", "114.114.114.114", "8.8.8.8"], ["240c::6666", "2001:4860:4860::8888", "240e:5a::6666"]]
    {
        let servers = servers.map(|server| server.parse().unwrap());
        cases.wire::<EspAt, _>(SetNameServers { servers: NameServers(&servers) });
    }
    let config = cases.answer::<EspAt, QueryNameServers>(&["+CIPDNS:1,\"8.8.8.8\",\"240c::6666\""]).unwrap();
    assert_eq!(config.manual, Some(true));
    assert_eq!(config.servers, [IpAddr::V4(v4("8.8.8.8")), IpAddr::V6(v6("240c::6666"))]);
    let config = cases.answer::<EspAt, QueryNameServers>(&["+CIPDNS:0"]).unwrap();
    assert_eq!((config.manual, config.servers.len()), (Some(false), 0));

    for name in ["192.168.1.1", "www.baidu.com"] {
        cases.wire::<EspAt, _>(Ping { host: host(name) });
    }
    cases.wire::<EspAt, _>(PingIpv6 { address: v6("240c::6666") });
    for line in ["+PING:23", "+23"] {
        assert_eq!(cases.answer::<EspAt, Ping<'_>>(&[line]), Ok(PingTime { milliseconds: 23 }));
    }
    assert_eq!(cases.failure::<EspAt, Ping<'_>>(&["+PING:TIMEOUT"]), Some(PingError::NoAnswer));
    assert!(matches!(cases.failure::<EspAt, PingIpv6>(&[]), Some(PingError::Command(CommandError::Refused(_)))));
}

fn time(cases: &mut Cases) {
    let minutes = |west, hours, minutes| TimeZone::HoursAndMinutes { west, hours, minutes };
    let china: &[&str] = &["cn.ntp.org.cn", "ntp.sjtu.edu.cn"];
    let world: &[&str] = &["0.pool.ntp.org", "time.google.com"];
    for (time_zone, servers) in [
        (TimeZone::Hours(8), china),
        (minutes(false, 8, 0), china),
        (TimeZone::Hours(-5), world),
        (minutes(true, 5, 0), world),
        (minutes(false, 12, 45), world),
        (minutes(false, 0, 15), &[]),
        (minutes(false, 5, 30), &[]),
    ] {
        cases.wire::<EspAt, _>(SetSntp { enabled: true, time_zone, servers: UpTo(servers) });
    }
    let config =
        cases.answer::<EspAt, QuerySntp>(&["+CIPSNTPCFG:1,-530,\"cn.ntp.org.cn\",\"ntp.sjtu.edu.cn\""]).unwrap();
    assert_eq!(config.time_zone, Some(minutes(true, 5, 30)));
    assert_eq!(config.server_2.as_deref(), Some("ntp.sjtu.edu.cn"));
    assert_eq!(config.server_3, None);
    assert!(!cases.answer::<EspAt, QuerySntp>(&["+CIPSNTPCFG:0"]).unwrap().enabled);

    cases.wire::<EspAt, _>(join("1234567890", "1234567890"));
    cases.wire::<EspAt, _>(QueryTime);
    let expected =
        DateTime { year: 2021, month: 10, day: 19, weekday: Weekday::Tuesday, hour: 17, minute: 47, second: 56 };
    let now = cases.answer::<EspAt, QueryTime>(&["+CIPSNTPTIME:Tue Oct 19 17:47:56 2021"]).unwrap();
    assert_eq!(now, expected);
    assert!(now.is_synchronized());
    let now = cases.answer::<EspAt, QueryTime>(&["+CIPSNTPTIME:Thu Jan  1 00:00:00 1970"]).unwrap();
    assert_eq!((now.day, now.is_synchronized()), (1, false));
    for line in ["Tue Oct 32 17:47:56 2021", "Tue Okt 19 17:47:56 2021", "Tue Oct 19 24:47:56 2021"] {
        let answer = cases.answer::<EspAt, QueryTime>(&[&format!("+CIPSNTPTIME:{line}")]);
        assert_eq!(answer, Err(CommandError::Answer(FieldError::Malformed)), "{line}");
    }

    cases.wire::<EspAt, _>(SetSntpInterval { seconds: 3600 });
    assert_eq!(cases.answer::<EspAt, QuerySntpInterval>(&["+CIPSNTPINTV:3600"]), Ok(SntpInterval { seconds: 3600 }));
}

fn tls(cases: &mut Cases) {
    let answer = cases.answer::<EspAt, QuerySslAuthentication>(&["+CIPSSLCCONF:0,3,0,1", "+CIPSSLCCONF:1,0"]).unwrap();
    let expected = LinkSslAuthentication {
        link: 0,
        authentication: SslAuthentication::Both,
        client_certificate: Some(0),
        authority_certificate: Some(1),
    };
    assert_eq!(answer.records[0], expected);
    assert_eq!(answer.records[1].authority_certificate, None);
    let answer = cases.answer::<EspAt, QuerySslCommonNames>(&["+CIPSSLCCN:0,\"example.com\""]).unwrap();
    assert_eq!(answer.records[0].common_name.as_deref(), Some("example.com"));
    let answer = cases.answer::<EspAt, QuerySslServerNames>(&["+CIPSSLCSNI:4,\"example.com\"", "+CIPSSLCSNI:1,\"\""]);
    let answer = answer.unwrap();
    assert_eq!((answer.records[0].link, answer.records[0].server_name.as_deref()), (4, Some("example.com")));
    assert_eq!(answer.records[1].server_name, None);
    let answer = cases.answer::<EspAt, QuerySslProtocols>(&["+CIPSSLCALPN:0,\"h2\",\"http/1.1\"", "+CIPSSLCALPN:1"]);
    let answer = answer.unwrap();
    assert_eq!(answer.records[0].protocols, ["h2", "http/1.1"]);
    assert!(answer.records[1].protocols.is_empty());
    let answer = cases.answer::<EspAt, QuerySslPreSharedKeys>(&["+CIPSSLCPSK:0,\"psk\",\"myhint\""]).unwrap();
    assert_eq!(answer.records[0].key.as_ref().map(|key| key.0.as_str()), Some("psk"));
    assert!(!format!("{answer:?}").contains("\"psk\""));

    for link in [ONLY, Link::Id(0)] {
        cases.wire::<EspAt, _>(SetSslPreSharedKeyBytes { link, key: SecretHex(b"psk"), hint: "myhint" });
    }
    let answer =
        cases.answer::<EspAt, QuerySslPreSharedKeyDigits>(&["+CIPSSLCPSKHEX:0,\"70736b\",\"myhint\""]).unwrap();
    assert_eq!(answer.records[0].hint.as_deref(), Some("myhint"));
    assert_eq!(answer.records[0].key.as_ref().map(|key| key.0.as_str()), Some("70736b"));
}

fn updates(cases: &mut Cases) {
    cases.wire::<EspAt, _>(UpdateFirmware);
    for (version, partition, in_background) in [
        (None, None, None),
        (Some("v1.2.0.0"), None, None),
        (Some("v2.2.0.0"), Some("mqtt_ca"), None),
        (Some("v2.2.0.0"), Some("ota"), Some(true)),
        (None, None, Some(true)),
        (None, Some("ota"), Some(true)),
        (Some("v2.2.0.0"), None, Some(true)),
    ] {
        let transport = UpdateTransport::Https;
        cases.wire::<EspAt, _>(UpdatePartition { transport, version, partition, in_background });
    }
    let steps = ["+CIPUPDATE:1", "+CIPUPDATE:2", "+CIPUPDATE:3", "+CIPUPDATE:4"];
    let done = Ok(UpdateProgress { step: Some(UpdateStep::Updated) });
    assert_eq!(cases.answer::<EspAt, UpdateFirmware>(&steps), done);
    assert_eq!(cases.answer::<EspAt, UpdatePartition<'_>>(&steps), done);
    assert_eq!(
        cases.failure::<EspAt, UpdateFirmware>(&steps[..2]),
        Some(UpdateError::FailedAfter(UpdateStep::Connected))
    );
    assert_eq!(cases.failure::<EspAt, UpdateFirmware>(&[]), Some(UpdateError::NoServer));
    assert_eq!(
        cases.answer::<EspAt, QueryUpdate>(&["+CIPUPDATE:-1"]),
        Ok(UpdateProgress { step: Some(UpdateStep::Failed) })
    );
    let version = cases.answer::<EspAt, QueryServerVersion>(&["+CIPFWVER:\"v2.2.0.0\""]).unwrap().version;
    assert_eq!(version, "v2.2.0.0");
}
