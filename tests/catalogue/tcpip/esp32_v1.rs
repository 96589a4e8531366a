use core::net::IpAddr;

use wifi_at::command::Link;
use wifi_at::command::tcpip::*;
use wifi_at::dialect::Esp32V1;

use super::{ONLY, host, v4};
use crate::Cases;

pub(super) fn cases(cases: &mut Cases) {
    for (name, port) in
        [("iot.espressif.cn", 8000), ("192.168.101.110", 1000), ("192.168.3.116", 8080), ("192.168.101.110", 8080)]
    {
        cases.wire::<Esp32V1, _>(ConnectTcpHost { link: ONLY, remote: TcpHost(host(name)), port, keep_alive: None });
    }
    let remote = SslHost(host("iot.espressif.cn"));
    cases.wire::<Esp32V1, _>(ConnectSsl { link: ONLY, remote, port: 8443, keep_alive: None });
    for (link, name, port, local_port, mode) in [
        (Link::Id(4), "192.168.101.110", 8080, 1112, UdpPeerMode::Fixed),
        (ONLY, "192.168.101.110", 8080, 1112, UdpPeerMode::Follows),
        (ONLY, "192.168.4.2", 1001, 2233, UdpPeerMode::Fixed),
    ] {
        let local = UdpLocal::PortAndMode(local_port, mode);
        cases.wire::<Esp32V1, _>(ConnectUdp { link, remote: UdpHost(host(name)), port, local });
    }
    cases.wire::<Esp32V1, _>(CloseConnection);
    for link in [0, 4] {
        cases.wire::<Esp32V1, _>(CloseLink { link });
    }

    for (link, length) in [(ONLY, 4), (Link::Id(4), 5), (ONLY, 5), (Link::Id(0), 4)] {
        cases.wire::<Esp32V1, _>(SendShortData { link, length });
    }
    cases.wire::<Esp32V1, _>(SendShortDataTo { link: ONLY, length: 6, host: host("192.168.101.111"), port: 1000 });
    cases.wire::<Esp32V1, _>(EnterPassthrough);
    cases.wire::<Esp32V1, _>(LeaveDataMode);

    cases.wire::<Esp32V1, _>(QueryLocalAddresses);
    let addresses = cases.answer::<Esp32V1, QueryLocalAddresses>(&["192.168.3.106"]).unwrap();
    assert_eq!(addresses.unnamed, [IpAddr::V4(v4("192.168.3.106"))]);
    let addresses = cases.answer::<Esp32V1, QueryLocalAddresses>(&["+CIFSR:STAIP,\"192.168.101.104\""]).unwrap();
    assert_eq!(addresses.station.ipv4, Some(v4("192.168.101.104")));
    let addresses = cases.answer::<Esp32V1, QueryLocalAddresses>(&["+CIFSR:192.168.4.1", "+CIFSR:192.168.3.106"]);
    assert_eq!(addresses.unwrap().unnamed, [IpAddr::V4(v4("192.168.4.1")), IpAddr::V4(v4("192.168.3.106"))]);
    let status = cases.answer::<Esp32V1, QueryStatus>(&["STATUS:5"]).unwrap();
    assert_eq!((status.station, status.links.records.len()), (StationStatus::NotJoined, 0));

    cases.wire::<Esp32V1, _>(ResolveIpv4Name { name: "iot.espressif.cn" });
    assert_eq!(
        cases.answer::<Esp32V1, ResolveIpv4Name<'_>>(&["+CIPDOMAIN:1.2.3.4"]),
        Ok(ResolvedName { address: IpAddr::V4(v4("1.2.3.4")) })
    );

    for enabled in [true, false] {
        cases.wire::<Esp32V1, _>(SetMultipleConnections { enabled });
        let answer = cases.answer::<Esp32V1, QueryMultipleConnections>(&[&format!("+CIPMUX:{}", u8::from(enabled))]);
        assert_eq!(answer, Ok(MultipleConnections { enabled }));
    }
    for (mode, line) in [(TransmissionMode::Passthrough, "+CIPMODE:1"), (TransmissionMode::Normal, "+CIPMODE:0")] {
        cases.wire::<Esp32V1, _>(SetTransmissionMode { mode });
        assert_eq!(cases.answer::<Esp32V1, QueryTransmissionMode>(&[line]), Ok(TransmissionModeSetting { mode }));
    }
    let tcp = Some(SavedTcp { keep_alive: None });
    cases.wire::<Esp32V1, _>(SaveTcpPassthrough { host: host("192.168.6.110"), port: 1002, tcp });
    cases.wire::<Esp32V1, _>(SaveTcpPassthrough { host: host("192.168.6.10"), port: 1001, tcp: None });
    let udp = SavedUdp { local_port: Some(1005) };
    cases.wire::<Esp32V1, _>(SaveUdpPassthrough { host: host("192.168.6.110"), port: 1002, udp });

    cases.wire::<Esp32V1, _>(StopServer);
    for port in [Some(1001), None] {
        cases.wire::<Esp32V1, _>(StartTcpServer { port });
    }
    for seconds in [10, 0] {
        cases.wire::<Esp32V1, _>(SetServerTimeout { seconds });
    }
    assert_eq!(cases.answer::<Esp32V1, QueryServerTimeout>(&["+CIPSTO:180"]), Ok(ServerTimeout { seconds: 180 }));

    cases.wire::<Esp32V1, _>(SetSntpServers { time_zone: 8, servers: UpTo(&["cn.ntp.org.cn", "ntp.sjtu.edu.cn"]) });
    let config = cases.answer::<Esp32V1, QuerySntp>(&["+CIPSNTPCFG:1,8,\"cn.ntp.org.cn\",\"a.b\",\"c.d\""]).unwrap();
    assert_eq!((config.time_zone, config.server_3.as_deref()), (Some(TimeZone::Hours(8)), Some("c.d")));
    cases.wire::<Esp32V1, _>(QueryTime);
    let now = cases.answer::<Esp32V1, QueryTime>(&["+CIPSNTPTIME:Mon Dec 12 02:33:32 2016"]).unwrap();
    assert_eq!((now.weekday, now.month, now.hour, now.year), (Weekday::Monday, 12, 2, 2016));

    cases.wire::<Esp32V1, _>(UpdateFirmware);
    assert_eq!(
        cases.answer::<Esp32V1, UpdateFirmware>(&["+CIPUPDATE:1", "+CIPUPDATE:2"]),
        Ok(UpdateProgress { step: Some(UpdateStep::Connected) })
    );
    cases.wire::<Esp32V1, _>(SetSenderAddress { shown: true });
}
