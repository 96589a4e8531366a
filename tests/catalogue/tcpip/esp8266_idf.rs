use core::net::IpAddr;

use wifi_at::command::Link;
use wifi_at::command::tcpip::*;
use wifi_at::dialect::Esp8266Idf;

use super::{ONLY, host, v4};
use crate::Cases;

pub(super) fn cases(cases: &mut Cases) {
    connections(cases);
    settings(cases);
    receiving(cases);
}

fn connections(cases: &mut Cases) {
    for (name, port) in [("iot.espressif.cn", 8000), ("192.168.101.110", 1000)] {
        cases.wire::<Esp8266Idf, _>(ConnectTcpHost { link: ONLY, remote: TcpHost(host(name)), port, keep_alive: None });
    }
    let (address, local_address) = (host("192.168.101.110"), v4("192.168.101.100"));
    cases.wire::<Esp8266Idf, _>(ConnectTcpHostFrom {
        link: ONLY,
        remote: TcpHost(address),
        port: 1000,
        keep_alive: None,
        local_address,
    });
    cases.wire::<Esp8266Idf, _>(ConnectUdp {
        link: ONLY,
        remote: UdpHost(address),
        port: 1000,
        local: UdpLocal::PortAndMode(1002, UdpPeerMode::Follows),
    });
    cases.wire::<Esp8266Idf, _>(ConnectUdpFrom {
        link: ONLY,
        remote: UdpHost(address),
        port: 1000,
        local: UdpLocal::Any,
        local_address,
    });
    let remote = SslHost(host("iot.espressif.cn"));
    cases.wire::<Esp8266Idf, _>(ConnectSsl { link: ONLY, remote, port: 8443, keep_alive: None });
    cases.wire::<Esp8266Idf, _>(ConnectSslFrom {
        link: ONLY,
        remote: SslHost(address),
        port: 1000,
        keep_alive: None,
        local_address,
    });

    let lines = ["STATUS:3", "+CIPSTATUS:1,\"UDP\",\"192.168.4.2\",5000,6000,1"];
    let status = cases.answer::<Esp8266Idf, QueryStatus>(&lines).unwrap();
    assert_eq!(status.station, StationStatus::Connected);
    assert_eq!(status.links.records[0].protocol, LinkProtocol::Udp);
    let addresses = cases.answer::<Esp8266Idf, QueryLocalAddresses>(&["+CIFSR:192.168.4.1"]).unwrap();
    assert_eq!(addresses.unnamed, [IpAddr::V4(v4("192.168.4.1"))]);
}

fn settings(cases: &mut Cases) {
    cases.wire::<Esp8266Idf, _>(ResolveIpv4Name { name: "iot.espressif.cn" });
    assert_eq!(
        cases.answer::<Esp8266Idf, ResolveIpv4Name<'_>>(&["+CIPDOMAIN:\"1.2.3.4\""]),
        Ok(ResolvedName { address: IpAddr::V4(v4("1.2.3.4")) })
    );
    for enabled in [true, false] {
        cases.wire::<Esp8266Idf, _>(SetMultipleConnections { enabled });
    }
    assert_eq!(
        cases.answer::<Esp8266Idf, QueryMultipleConnections>(&["+CIPMUX:1"]),
        Ok(MultipleConnections { enabled: true })
    );
    cases.wire::<Esp8266Idf, _>(StopServer);
    for port in [80, 1001] {
        cases.wire::<Esp8266Idf, _>(StartTcpServer { port: Some(port) });
    }
    cases.wire::<Esp8266Idf, _>(SetClientLimit { clients: 2 });
    assert_eq!(cases.answer::<Esp8266Idf, QueryClientLimit>(&["+CIPSERVERMAXCONN:2"]), Ok(ClientLimit { clients: 2 }));
    for (mode, line) in [(TransmissionMode::Passthrough, "+CIPMODE:1"), (TransmissionMode::Normal, "+CIPMODE:0")] {
        cases.wire::<Esp8266Idf, _>(SetTransmissionMode { mode });
        assert_eq!(cases.answer::<Esp8266Idf, QueryTransmissionMode>(&[line]), Ok(TransmissionModeSetting { mode }));
    }
    let tcp = Some(SavedTcp { keep_alive: None });
    cases.wire::<Esp8266Idf, _>(SaveTcpPassthrough { host: host("192.168.6.110"), port: 1002, tcp });
    let udp = SavedUdp { local_port: Some(1005) };
    cases.wire::<Esp8266Idf, _>(SaveUdpPassthrough { host: host("192.168.6.110"), port: 1002, udp });
    for seconds in [0, 10] {
        cases.wire::<Esp8266Idf, _>(SetServerTimeout { seconds });
    }
    assert_eq!(cases.answer::<Esp8266Idf, QueryServerTimeout>(&["+CIPSTO:7200"]), Ok(ServerTimeout { seconds: 7200 }));
    cases.wire::<Esp8266Idf, _>(SetReconnectInterval { interval_100ms: 10 });

    cases.wire::<Esp8266Idf, _>(SetSntpServers { time_zone: 8, servers: UpTo(&["cn.ntp.org.cn", "ntp.sjtu.edu.cn"]) });
    cases.wire::<Esp8266Idf, _>(EnableSntp { time_zone: 8, servers: UpTo(&["ntp1.aliyun.com"]) });
    let config = cases.answer::<Esp8266Idf, QuerySntp>(&["+CIPSNTPCFG:1,-11,\"cn.ntp.org.cn\""]).unwrap();
    assert_eq!((config.time_zone, config.server_2), (Some(TimeZone::Hours(-11)), None));
    cases.wire::<Esp8266Idf, _>(QueryTime);
    let now = cases.answer::<Esp8266Idf, QueryTime>(&["+CIPSNTPTIME:Mon Dec 12 02:33:32 2016"]).unwrap();
    assert_eq!((now.day, now.minute, now.second), (12, 33, 32));

    cases.wire::<Esp8266Idf, _>(UpdateFirmware);
    let version = Some("v1.2.0.0");
    cases.wire::<Esp8266Idf, _>(UpdateFirmwareTo { transport: UpdateTransport::Https, version });
    let begun = Ok(UpdateProgress { step: Some(UpdateStep::Updated) });
    assert_eq!(cases.answer::<Esp8266Idf, UpdateFirmware>(&["+CIPUPDATE:4"]), begun);
    assert_eq!(cases.answer::<Esp8266Idf, UpdateFirmwareTo<'_>>(&["+CIPUPDATE:3", "+CIPUPDATE:4"]), begun);

    let answer = cases.answer::<Esp8266Idf, QuerySslAuthentication>(&["+CIPSSLCCONF:0,2,0,0"]).unwrap();
    assert_eq!(answer.records[0].authentication, SslAuthentication::Server);

    for name in ["192.168.1.1", "www.baidu.com"] {
        cases.wire::<Esp8266Idf, _>(Ping { host: host(name) });
    }
    assert_eq!(cases.answer::<Esp8266Idf, Ping<'_>>(&["+PING:7"]), Ok(PingTime { milliseconds: 7 }));
    assert_eq!(cases.failure::<Esp8266Idf, Ping<'_>>(&["+timeout"]), Some(PingError::NoAnswer));

    cases.wire::<Esp8266Idf, _>(UseAutomaticNameServers);
    let servers = ["222.222.67.208", "114.114.114.114", "8.8.8.8"].map(v4);
    cases.wire::<Esp8266Idf, _>(SetIpv4NameServers { servers: NameServers(&servers) });
    let config = cases.answer::<Esp8266Idf, QueryNameServers>(&["+CIPDNS:0,\"222.222.67.208\""]).unwrap();
    assert_eq!((config.manual, &config.servers[..]), (Some(false), &[IpAddr::V4(servers[0])][..]));
}

fn receiving(cases: &mut Cases) {
    cases.wire::<Esp8266Idf, _>(SetSenderAddress { shown: true });
    let mode = ReceiveMode::Passive;
    cases.wire::<Esp8266Idf, _>(SetReceiveMode { mode });
    assert_eq!(cases.answer::<Esp8266Idf, QueryReceiveMode>(&["+CIPRECVMODE:1"]), Ok(ReceiveModeSetting { mode }));
    cases.wire::<Esp8266Idf, _>(FetchShortData { link: Link::Id(0), length: 100 });
    let data = cases.answer::<Esp8266Idf, FetchShortData>(&["+CIPRECVDATA:3,192.168.1.2,80,a,b"]).unwrap();
    assert_eq!((data.remote, &data.data[..]), (Some("192.168.1.2:80".parse().unwrap()), &b"a,b"[..]));
    cases.wire::<Esp8266Idf, _>(QueryReceivedLengths);
    let lengths = cases.answer::<Esp8266Idf, QueryReceivedLengths>(&["+CIPRECVLEN:100,,,,,"]).unwrap();
    assert_eq!(lengths.links, [Some(100), None, None, None, None]);
}
