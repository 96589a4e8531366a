use core::net::IpAddr;

use wifi_at::command::Link;
use wifi_at::command::tcpip::*;
use wifi_at::dialect::WizFi360;

use super::{ONLY, host, v4};
use crate::Cases;

pub(super) fn cases(cases: &mut Cases) {
    connections(cases);
    sending(cases);
    settings(cases);
    others(cases);
}

fn connections(cases: &mut Cases) {
    let tcp = |link, name, keep_alive| ConnectTcpHost { link, remote: TcpHost(host(name)), port: 5000, keep_alive };
    cases.wire::<WizFi360, _>(tcp(ONLY, "192.168.1.99", None));
    cases.wire::<WizFi360, _>(tcp(Link::Id(1), "www.iwiznet.cn", Some(10)));
    let udp = |link, name, local| ConnectUdp { link, remote: UdpHost(host(name)), port: 5000, local };
    cases.wire::<WizFi360, _>(udp(ONLY, "192.168.1.99", UdpLocal::Any));
    cases.wire::<WizFi360, _>(udp(Link::Id(1), "www.iwiznet.cn", UdpLocal::PortAndMode(6000, UdpPeerMode::Follows)));
    let remote = SslHost(host("www.iwiznet.cn"));
    cases.wire::<WizFi360, _>(ConnectSsl { link: ONLY, remote, port: 5000, keep_alive: None });
    cases.wire::<WizFi360, _>(SetSslBuffer { bytes: 4096 });
    cases.wire::<WizFi360, _>(CloseConnection);
    cases.wire::<WizFi360, _>(CloseLink { link: 0 });

    cases.wire::<WizFi360, _>(QueryStatus);
    let status = cases.answer::<WizFi360, QueryStatus>(&["STATUS:2"]).unwrap();
    assert_eq!((status.station, status.links.records.len()), (StationStatus::Ready, 0));
    let expected = LinkState {
        link: Some(1),
        protocol: LinkProtocol::Tcp,
        remote_address: IpAddr::V4(v4("192.168.4.2")),
        remote_port: 5000,
        local_port: 6000,
        is_server: true,
    };
    for (line, link) in [
        ("+CIPSTATUS:1,\"TCP\",\"192.168.4.2\",5000,6000,1", Some(1)),
        ("+CIPSTATUS:\"TCP\",\"192.168.4.2\",5000,6000,1", None),
    ] {
        let status = cases.answer::<WizFi360, QueryStatus>(&["STATUS:3", line]).unwrap();
        assert_eq!(status.links.records, [LinkState { link, ..expected.clone() }]);
    }

    cases.wire::<WizFi360, _>(QueryLocalAddresses);
    let addresses = cases
        .answer::<WizFi360, QueryLocalAddresses>(&[
            "+CIFSR:APIP, 192.168.4.1",
            "+CIFSR:APMAC,\"02:08:dc:11:12:13\"",
            "+CIFSR:STAIP,\"192.168.1.88\"",
            "+CIFSR:STAMAC,\"00:08:dc:11:12:13\"",
        ])
        .unwrap();
    assert_eq!(addresses.soft_ap.ipv4, Some(v4("192.168.4.1")));
    assert_eq!(addresses.soft_ap.mac.map(|mac| mac.0), Some([2, 8, 0xdc, 0x11, 0x12, 0x13]));
    assert_eq!(addresses.station.ipv4, Some(v4("192.168.1.88")));
}

fn sending(cases: &mut Cases) {
    let (link, host) = (Link::Id(0), host("192.168.0.10"));
    cases.wire::<WizFi360, _>(EnterPassthrough);
    cases.wire::<WizFi360, _>(SendShortData { link: ONLY, length: 1220 });
    cases.wire::<WizFi360, _>(SendShortDataTo { link, length: 1220, host, port: 50000 });
    cases.wire::<WizFi360, _>(SendShortEscapedData { link: ONLY, length: 1220 });
    cases.wire::<WizFi360, _>(SendShortEscapedDataTo { link, length: 1220, host, port: 50000 });

    for link in [ONLY, Link::Id(0)] {
        cases.wire::<WizFi360, _>(WriteLongSegment { link, length: 1024 });
    }
    assert_eq!(cases.answer::<WizFi360, WriteLongSegment>(&["0"]), Ok(SegmentNumbers { current: 0, delivered: None }));
    assert_eq!(
        cases.answer::<WizFi360, WriteLongSegment>(&["0,0"]),
        Ok(SegmentNumbers { current: 0, delivered: Some(0) })
    );
    cases.wire::<WizFi360, _>(ResetSegments);
    cases.wire::<WizFi360, _>(ResetLinkSegments { link: 1 });
    cases.wire::<WizFi360, _>(QuerySendBuffer);
    let buffer = SendBuffer { next: 20, sent: 15, delivered: 10, free: 200, queue: 7 };
    assert_eq!(cases.answer::<WizFi360, QuerySendBuffer>(&["20,15,10,200,7"]), Ok(buffer));
    assert_eq!(cases.answer::<WizFi360, QueryLinkSendBuffer>(&["20,15,10,200,7"]), Ok(buffer));
    for link in [ONLY, Link::Id(1)] {
        cases.wire::<WizFi360, _>(QuerySegment { link, segment: 20 });
    }
    for (line, link) in [("20,TRUE", None), ("1,20,TRUE", Some(1))] {
        let state = SegmentState { link, segment: 20, delivered: true };
        assert_eq!(cases.answer::<WizFi360, QuerySegment>(&[line]), Ok(state));
    }
}

fn settings(cases: &mut Cases) {
    let mode = TransmissionMode::Passthrough;
    cases.wire::<WizFi360, _>(SetTransmissionMode { mode });
    cases.wire::<WizFi360, _>(QueryTransmissionMode);
    assert_eq!(cases.answer::<WizFi360, QueryTransmissionMode>(&["+CIPMODE:1"]), Ok(TransmissionModeSetting { mode }));
    let tcp = Some(SavedTcp { keep_alive: Some(5) });
    cases.wire::<WizFi360, _>(SaveTcpPassthrough { host: host("192.168.2.2"), port: 5000, tcp });
    let udp = SavedUdp { local_port: Some(6000) };
    cases.wire::<WizFi360, _>(SaveUdpPassthrough { host: host("192.168.2.2"), port: 5000, udp });
    cases.wire::<WizFi360, _>(SetMultipleConnections { enabled: true });
    cases.wire::<WizFi360, _>(QueryMultipleConnections);
    assert_eq!(
        cases.answer::<WizFi360, QueryMultipleConnections>(&["+CIPMUX:1"]),
        Ok(MultipleConnections { enabled: true })
    );
    for port in [5000, 1001] {
        cases.wire::<WizFi360, _>(StartTcpServer { port: Some(port) });
    }
    cases.wire::<WizFi360, _>(SetServerTimeout { seconds: 10 });
    cases.wire::<WizFi360, _>(QueryServerTimeout);
    assert_eq!(cases.answer::<WizFi360, QueryServerTimeout>(&["+CIPSTO:180"]), Ok(ServerTimeout { seconds: 180 }));
    cases.wire::<WizFi360, _>(SetSenderAddress { shown: true });
}

fn others(cases: &mut Cases) {
    cases.wire::<WizFi360, _>(UpdateFirmware);
    for line in ["+CIUPDATE:1", "+CIPUPDATE:1"] {
        let begun = UpdateProgress { step: Some(UpdateStep::ServerFound) };
        assert_eq!(cases.answer::<WizFi360, UpdateFirmware>(&[line]), Ok(begun));
    }
    cases.wire::<WizFi360, _>(ResolveShortName { name: "www.iwiznet.cn" });
    assert_eq!(
        cases.answer::<WizFi360, ResolveShortName<'_>>(&["+CIPDOMAIN:\"104.24.105.177\""]),
        Ok(ResolvedName { address: IpAddr::V4(v4("104.24.105.177")) })
    );
    cases.wire::<WizFi360, _>(Ping { host: host("www.google.com") });
    assert_eq!(cases.answer::<WizFi360, Ping<'_>>(&["+46"]), Ok(PingTime { milliseconds: 46 }));

    let servers = UpTo(&["cn.ntp.org.cn", "ntp.sjtu.edu.cn", "us.pool.ntp.org"][..]);
    cases.wire::<WizFi360, _>(EnableSntp { time_zone: 8, servers });
    cases.wire::<WizFi360, _>(QuerySntp);
    let config = cases.answer::<WizFi360, QuerySntp>(&["+CIPSNTPCFG:1,8,\"cn.ntp.org.cn\""]).unwrap();
    assert_eq!((config.time_zone, config.server_1.as_deref()), (Some(TimeZone::Hours(8)), Some("cn.ntp.org.cn")));
    cases.wire::<WizFi360, _>(QueryTime);
    let now = cases.answer::<WizFi360, QueryTime>(&["+CIPSNTPTIME: Thu Jan 01 00:00:00 1970"]).unwrap();
    assert_eq!((now.year, now.is_synchronized()), (1970, false));
}
