use core::net::IpAddr;

use wifi_at::command::tcpip::*;
use wifi_at::command::{CommandError, Link, Saved};
use wifi_at::dialect::{Dialect, Esp8266Nonos};

use super::{ONLY, host, v4};
use crate::Cases;

pub(super) fn cases(cases: &mut Cases) {
    connections(cases);
    sending(cases);
    settings(cases);
    names(cases);
    for line in [
        "AT+CWMODE=1",
        "AT+CWJAP=\"SSID\",\"password\"",
        "AT+CWJAP=\"SSID\",\"PASSWORD\"",
        "AT+CWJAP=\"DemoAP\",\"password\"",
    ] {
        cases.impossible(
            Esp8266Nonos::NAME,
            line,
            "the manual defines no such command, only the names with _CUR and _DEF",
        );
    }
}

fn connections(cases: &mut Cases) {
    let tcp = |link, name, port| ConnectTcpHost { link, remote: TcpHost(host(name)), port, keep_alive: None };
    cases.wire::<Esp8266Nonos, _>(tcp(ONLY, "iot.espressif.cn", 8000));
    cases.wire::<Esp8266Nonos, _>(tcp(ONLY, "192.168.101.110", 1000));
    cases.wire::<Esp8266Nonos, _>(tcp(Link::Id(0), "192.168.3.60", 3400));
    cases.wire::<Esp8266Nonos, _>(ConnectUdp {
        link: ONLY,
        remote: UdpHost(host("192.168.101.110")),
        port: 1000,
        local: UdpLocal::PortAndMode(1002, UdpPeerMode::Follows),
    });
    for name in ["iot.espressif.cn", "192.168.3.38"] {
        let remote = SslHost(host(name));
        cases.wire::<Esp8266Nonos, _>(ConnectSsl { link: ONLY, remote, port: 8443, keep_alive: None });
    }
    cases.wire::<Esp8266Nonos, _>(SetSslBuffer { bytes: 4096 });
    cases.wire::<Esp8266Nonos, _>(SetSslCertificates { certificates: SslCertificates::AUTHORITY });
    assert_eq!(
        cases.answer::<Esp8266Nonos, QuerySslCertificates>(&["+CIPSSLCONF:3"]),
        Ok(SslCertificateSetting { certificates: SslCertificates::ALL })
    );
    cases.wire::<Esp8266Nonos, _>(SetCloseMode { link: Link::Id(0), abort: true });
    cases.wire::<Esp8266Nonos, _>(CloseLink { link: 0 });

    let lines = ["STATUS:4", "+CIPSTATUS:0,\"TCP\",\"192.168.4.2\",5000,6000,0"];
    let status = cases.answer::<Esp8266Nonos, QueryStatus>(&lines).unwrap();
    assert_eq!((status.station, status.links.records.len()), (StationStatus::Disconnected, 1));
    let addresses = cases
        .answer::<Esp8266Nonos, QueryLocalAddresses>(&[
            "+CIFSR:APIP,192.168.4.1",
            "+CIFSR:APMAC,1a:fe:34:a5:8d:c6",
            "+CIFSR:STAIP,192.168.3.133",
            "+CIFSR:STAMAC,18:fe:34:a5:8d:c6",
        ])
        .unwrap();
    assert_eq!(addresses.soft_ap.ipv4, Some(v4("192.168.4.1")));
    assert_eq!(addresses.station.ipv4, Some(v4("192.168.3.133")));
    assert_eq!(addresses.station.mac.map(|mac| mac.0), Some([0x18, 0xfe, 0x34, 0xa5, 0x8d, 0xc6]));
}

fn sending(cases: &mut Cases) {
    // A result of an earlier segment may come in between.
    assert_eq!(
        cases.answer::<Esp8266Nonos, WriteSegment>(&["18,SEND OK", "20,17"]),
        Ok(SegmentNumbers { current: 20, delivered: Some(17) })
    );
    cases.wire::<Esp8266Nonos, _>(QuerySendBuffer);
    let buffer = SendBuffer { next: 20, sent: 15, delivered: 10, free: 200, queue: 7 };
    assert_eq!(cases.answer::<Esp8266Nonos, QuerySendBuffer>(&["20,15,10,200,7"]), Ok(buffer));
    assert_eq!(cases.answer::<Esp8266Nonos, QueryLinkSendBuffer>(&["20,15,10,200,7"]), Ok(buffer));
    assert_eq!(
        cases.answer::<Esp8266Nonos, QuerySegment>(&["4,20,FALSE"]),
        Ok(SegmentState { link: Some(4), segment: 20, delivered: false })
    );
}

fn settings(cases: &mut Cases) {
    for enabled in [true, false] {
        cases.wire::<Esp8266Nonos, _>(SetMultipleConnections { enabled });
    }
    assert_eq!(
        cases.answer::<Esp8266Nonos, QueryMultipleConnections>(&["+CIPMUX:1"]),
        Ok(MultipleConnections { enabled: true })
    );
    cases.wire::<Esp8266Nonos, _>(StopServer);
    for port in [80, 1001] {
        cases.wire::<Esp8266Nonos, _>(StartTcpServer { port: Some(port) });
    }
    cases.wire::<Esp8266Nonos, _>(SetClientLimit { clients: 2 });
    assert_eq!(
        cases.answer::<Esp8266Nonos, QueryClientLimit>(&["+CIPSERVERMAXCONN:2"]),
        Ok(ClientLimit { clients: 2 })
    );
    for (mode, line) in [(TransmissionMode::Passthrough, "+CIPMODE:1"), (TransmissionMode::Normal, "+CIPMODE:0")] {
        cases.wire::<Esp8266Nonos, _>(SetTransmissionMode { mode });
        assert_eq!(cases.answer::<Esp8266Nonos, QueryTransmissionMode>(&[line]), Ok(TransmissionModeSetting { mode }));
    }
    let tcp = Some(SavedTcp { keep_alive: None });
    cases.wire::<Esp8266Nonos, _>(SaveTcpPassthrough { host: host("192.168.6.110"), port: 1002, tcp });
    cases.wire::<Esp8266Nonos, _>(SaveTcpPassthrough { host: host("192.168.6.10"), port: 1001, tcp: None });
    let udp = SavedUdp { local_port: Some(1005) };
    cases.wire::<Esp8266Nonos, _>(SaveUdpPassthrough { host: host("192.168.6.110"), port: 1002, udp });
    for seconds in [10, 0] {
        cases.wire::<Esp8266Nonos, _>(SetServerTimeout { seconds });
    }
    assert_eq!(cases.answer::<Esp8266Nonos, QueryServerTimeout>(&["+CIPSTO:10"]), Ok(ServerTimeout { seconds: 10 }));

    cases.wire::<Esp8266Nonos, _>(SetSenderAddress { shown: true });
    let mode = ReceiveMode::Passive;
    cases.wire::<Esp8266Nonos, _>(SetReceiveMode { mode });
    assert_eq!(cases.answer::<Esp8266Nonos, QueryReceiveMode>(&["+CIPRECVMODE:1"]), Ok(ReceiveModeSetting { mode }));
    cases.wire::<Esp8266Nonos, _>(FetchShortData { link: Link::Id(0), length: 100 });
    // What the manual prints, what firmware prints, and what early ESP-AT prints.
    for header in ["+CIPRECVDATA:4,", "+CIPRECVDATA,4:", "+CIPRECVDATA=0,4,"] {
        let data = cases.answer::<Esp8266Nonos, FetchShortData>(&[&format!("{header}a\r\nb")]).unwrap();
        assert_eq!(data.data, b"a\r\nb", "{header}");
    }
    cases.wire::<Esp8266Nonos, _>(QueryReceivedLengths);
    let lengths = cases.answer::<Esp8266Nonos, QueryReceivedLengths>(&["+CIPRECLEN:100,,,,,"]).unwrap();
    assert_eq!(lengths.links, [Some(100), None, None, None, None]);
}

fn names(cases: &mut Cases) {
    cases.wire::<Esp8266Nonos, _>(ResolveShortName { name: "iot.espressif.cn" });
    assert_eq!(
        cases.answer::<Esp8266Nonos, ResolveShortName<'_>>(&["+CIPDOMAIN:1.2.3.4"]),
        Ok(ResolvedName { address: IpAddr::V4(v4("1.2.3.4")) })
    );
    assert!(matches!(
        cases.failure::<Esp8266Nonos, ResolveShortName<'_>>(&["DNS Fail"]),
        Some(CommandError::Refused(_))
    ));

    for name in ["192.168.1.1", "www.baidu.com"] {
        cases.wire::<Esp8266Nonos, _>(Ping { host: host(name) });
    }
    assert_eq!(cases.answer::<Esp8266Nonos, Ping<'_>>(&["+12"]), Ok(PingTime { milliseconds: 12 }));
    assert_eq!(cases.failure::<Esp8266Nonos, Ping<'_>>(&["+timeout"]), Some(PingError::NoAnswer));
    assert_eq!(
        cases.answer::<Esp8266Nonos, UpdateFirmware>(&["+CIUPDATE:1", "+CIUPDATE:2"]),
        Ok(UpdateProgress { step: Some(UpdateStep::Connected) })
    );

    let servers = &["cn.ntp.org.cn", "ntp.sjtu.edu.cn", "us.pool.ntp.org"][..];
    for servers in [servers, &[]] {
        cases.wire::<Esp8266Nonos, _>(EnableSntp { time_zone: 8, servers: UpTo(servers) });
    }
    let config = cases.answer::<Esp8266Nonos, QuerySntp>(&["+CIPSNTPCFG:0"]).unwrap();
    assert_eq!((config.enabled, config.time_zone), (false, None));
    cases.wire::<Esp8266Nonos, _>(QueryTime);
    let now = cases.answer::<Esp8266Nonos, QueryTime>(&["+CIPSNTPTIME:Thu Aug 04 14:48:05 2016"]).unwrap();
    assert_eq!((now.month, now.day, now.weekday), (8, 4, Weekday::Thursday));

    let servers = [v4("208.67.220.220")];
    for servers in [&servers[..], &[]] {
        let command = SetTwoNameServers { servers: NameServers(servers) };
        cases.wire::<Esp8266Nonos, _>(command);
        cases.wire::<Esp8266Nonos, _>(Saved(command));
    }
    cases.wire::<Esp8266Nonos, _>(UseAutomaticNameServers);
    cases.wire::<Esp8266Nonos, _>(Saved(UseAutomaticNameServers));
    let lines = ["+CIPDNS_CUR:208.67.220.220", "+CIPDNS_CUR:8.8.8.8"];
    let config = cases.answer::<Esp8266Nonos, QueryNameServers>(&lines).unwrap();
    assert_eq!(config.manual, None);
    assert_eq!(config.servers, [IpAddr::V4(servers[0]), IpAddr::V4(v4("8.8.8.8"))]);
    let config = cases.answer::<Esp8266Nonos, Saved<QueryNameServers>>(&["+CIPDNS_DEF:208.67.220.220"]).unwrap();
    assert_eq!(config.servers.len(), 1);
}
