//! Addresses and DHCP.

use core::net::Ipv4Addr;

use wifi_at::at::FieldError;
use wifi_at::command::wifi::{
    DhcpInterface, DhcpInterfaces, DhcpState, DnsServers, InterfaceDhcpState, Ipv4Config, Ipv4Network, Ipv6Config,
    OwnMac, QueryDhcp, QueryDhcpByInterface, QueryDnsServers, QuerySoftApAddress, QuerySoftApIpv6, QuerySoftApMac,
    QueryStationAddress, QueryStationIpv6, QueryStationMac, SetDhcp, SetDhcpByInterface, SetDnsServers,
    SetSoftApAddress, SetSoftApMac, SetStationAddress, SetStationMac, SoftApMac, StationMac, UserDns,
};
use wifi_at::command::{Command, CommandError, Mac, On, Saved};
use wifi_at::dialect::{Dialect, Esp32V1, Esp8266Idf, Esp8266Nonos, EspAt, WizFi360};

use super::wires;
use crate::Cases;

const MASK: Ipv4Addr = Ipv4Addr::new(255, 255, 255, 0);

const fn station(address: [u8; 4], gateway: [u8; 4]) -> SetStationAddress {
    let network = Some(Ipv4Network { gateway: Ipv4Addr::from_octets(gateway), netmask: MASK });
    SetStationAddress { address: Ipv4Addr::from_octets(address), network }
}

const fn soft_ap(address: [u8; 4]) -> SetSoftApAddress {
    let address = Ipv4Addr::from_octets(address);
    SetSoftApAddress { address, network: Some(Ipv4Network { gateway: address, netmask: MASK }) }
}

const fn station_mac(bytes: [u8; 6]) -> SetStationMac {
    SetStationMac { mac: OwnMac(Mac(bytes)) }
}

const fn soft_ap_mac(bytes: [u8; 6]) -> SetSoftApMac {
    SetSoftApMac { mac: OwnMac(Mac(bytes)) }
}

pub(super) fn cases(cases: &mut Cases) {
    espressif(cases);
    nonos(cases);
    wiznet(cases);
    dhcp(cases);
    configurations(cases);
    macs(cases);
    servers(cases);
}

fn espressif(cases: &mut Cases) {
    let on = SetDhcp { enabled: true, interfaces: DhcpInterfaces::STATION };
    let off = SetDhcp { enabled: false, interfaces: DhcpInterfaces::SOFT_AP };
    let fixed = station([192, 168, 6, 100], [192, 168, 6, 1]);
    let alone = SetStationAddress { network: None, ..fixed };
    let own = soft_ap([192, 168, 5, 1]);
    let own_alone = SetSoftApAddress { network: None, ..own };
    let (a, b) = ([0x1a, 0xfe, 0x35, 0x98, 0xd3, 0x7b], [0x18, 0xfe, 0x35, 0x98, 0xd3, 0x7b]);
    wires!(cases EspAt: on, off, fixed, own, station_mac(a), soft_ap_mac(b));
    wires!(cases Esp8266Idf: on, off, fixed, own, station_mac(a), soft_ap_mac(b));
    let c = [0x1a, 0xfe, 0x36, 0x97, 0xd5, 0x7b];
    wires!(cases Esp32V1: on, off, fixed, alone, own, own_alone, station_mac(b), soft_ap_mac(c));
}

fn nonos(cases: &mut Cases) {
    let on = |interface| SetDhcpByInterface { interface, enabled: true };
    let fixed = station([192, 168, 6, 100], [192, 168, 6, 1]);
    let own = soft_ap([192, 168, 5, 1]);
    let station_mac = station_mac([0x18, 0xfe, 0x35, 0x98, 0xd3, 0x7b]);
    let soft_ap_mac = soft_ap_mac([0x1a, 0xfe, 0x36, 0x97, 0xd5, 0x7b]);
    wires!(cases Esp8266Nonos:
        on(DhcpInterface::SoftAp), Saved(on(DhcpInterface::SoftAp)), Saved(on(DhcpInterface::Station)),
        fixed, Saved(fixed), Saved(SetStationAddress { network: None, ..fixed }),
        own, Saved(own), Saved(SetSoftApAddress { network: None, ..own }),
        station_mac, Saved(station_mac), soft_ap_mac, Saved(soft_ap_mac),
        Saved(SetStationMac { mac: OwnMac(Mac([0x14, 0xcf, 0x11, 0x22, 0x33, 0x05])) }),
    );
}

fn wiznet(cases: &mut Cases) {
    let on = |interface| SetDhcpByInterface { interface, enabled: true };
    let fixed = station([192, 168, 1, 88], [192, 168, 1, 1]);
    let alone = SetStationAddress { network: None, ..fixed };
    let own = soft_ap([192, 168, 0, 1]);
    let own_alone = SetSoftApAddress { network: None, ..own };
    let mac = [0x00, 0x08, 0xdc, 0x11, 0x12, 0x13];
    let servers = UserDns::Servers { first: Ipv4Addr::new(114, 114, 114, 114), second: Ipv4Addr::new(8, 8, 8, 8) };
    let (servers, default) = (SetDnsServers { servers }, SetDnsServers { servers: UserDns::Default });
    wires!(cases WizFi360:
        on(DhcpInterface::SoftAp), Saved(on(DhcpInterface::SoftAp)),
        on(DhcpInterface::Station), Saved(on(DhcpInterface::Station)),
        QueryDhcpByInterface, Saved(QueryDhcpByInterface),
        servers, Saved(servers), default, Saved(default), QueryDnsServers, Saved(QueryDnsServers),
        fixed, Saved(fixed), alone, Saved(alone), QueryStationAddress, Saved(QueryStationAddress),
        own, Saved(own), own_alone, Saved(own_alone), QuerySoftApAddress, Saved(QuerySoftApAddress),
        station_mac(mac), Saved(station_mac(mac)), QueryStationMac, Saved(QueryStationMac),
        soft_ap_mac(mac), Saved(soft_ap_mac(mac)), QuerySoftApMac, Saved(QuerySoftApMac),
    );
}

fn dhcp(cases: &mut Cases) {
    let state = |station, soft_ap, ethernet| DhcpState { station, soft_ap, ethernet };
    assert_eq!(cases.answer::<EspAt, QueryDhcp>(&["+CWDHCP:5"]), Ok(state(true, false, true)));
    assert_eq!(cases.answer::<Esp32V1, QueryDhcp>(&["2"]), Ok(state(false, true, false)));
    assert_eq!(cases.answer::<Esp32V1, QueryDhcp>(&["+CWDHCP:3"]), Ok(state(true, true, false)));
    assert_eq!(cases.answer::<Esp8266Idf, QueryDhcp>(&["1"]), Ok(state(true, false, false)));
    let state = |soft_ap, station| InterfaceDhcpState { soft_ap, station };
    assert_eq!(cases.answer::<Esp8266Nonos, QueryDhcpByInterface>(&["+CWDHCP_CUR:1"]), Ok(state(true, false)));
    assert_eq!(cases.answer::<Esp8266Nonos, Saved<QueryDhcpByInterface>>(&["+CWDHCP_DEF:2"]), Ok(state(false, true)));
    assert_eq!(cases.answer::<WizFi360, QueryDhcpByInterface>(&["+CWDHCP_CUR:1", ""]), Ok(state(true, false)));
    assert_eq!(cases.answer::<WizFi360, Saved<QueryDhcpByInterface>>(&["+CWDHCP_DEF: 3"]), Ok(state(true, true)));
}

fn config<D: Dialect, C>(cases: &mut Cases, lines: [&str; 3])
where
    C: Command<Response = Ipv4Config, Error = CommandError> + On<D>,
{
    let expected =
        Ipv4Config { address: Ipv4Addr::new(192, 168, 1, 88), gateway: Ipv4Addr::new(192, 168, 1, 1), netmask: MASK };
    assert_eq!(cases.answer::<D, C>(&lines), Ok(expected));
}

fn configurations(cases: &mut Cases) {
    const STATION: [&str; 3] =
        [r#"+CIPSTA:ip:"192.168.1.88""#, r#"+CIPSTA:gateway:"192.168.1.1""#, r#"+CIPSTA:netmask:"255.255.255.0""#];
    const SOFT_AP: [&str; 3] =
        [r#"+CIPAP:ip:"192.168.1.88""#, r#"+CIPAP:gateway:"192.168.1.1""#, r#"+CIPAP:netmask:"255.255.255.0""#];
    config::<EspAt, QueryStationAddress>(cases, STATION);
    config::<EspAt, QuerySoftApAddress>(cases, SOFT_AP);
    config::<Esp32V1, QueryStationAddress>(cases, STATION);
    config::<Esp8266Idf, QueryStationAddress>(cases, STATION);
    config::<Esp32V1, QuerySoftApAddress>(cases, SOFT_AP);
    let station = ["+CIPSTA_CUR:192.168.1.88", "+CIPSTA_CUR:192.168.1.1", "+CIPSTA_CUR:255.255.255.0"];
    config::<Esp8266Nonos, QueryStationAddress>(cases, station);
    config::<Esp8266Nonos, QueryStationAddress>(cases, STATION);
    let station = ["+CIPSTA_DEF:\"192.168.1.88\"", "+CIPSTA_DEF:\"192.168.1.1\"", "+CIPSTA_DEF:\"255.255.255.0\""];
    config::<Esp8266Nonos, Saved<QueryStationAddress>>(cases, station);
    let soft_ap = ["+CIPAP_CUR:192.168.1.88", "+CIPAP_CUR:192.168.1.1", "+CIPAP_CUR:255.255.255.0"];
    config::<Esp8266Nonos, QuerySoftApAddress>(cases, soft_ap);
    config::<Esp8266Nonos, Saved<QuerySoftApAddress>>(cases, soft_ap);
    let station = [
        r#"+CIPSTA_CUR:ip:"192.168.1.88""#,
        r#"+CIPSTA_CUR:gateway:"192.168.1.1""#,
        r#"+CIPSTA_CUR:netmask:"255.255.255.0""#,
    ];
    config::<WizFi360, QueryStationAddress>(cases, station);
    config::<WizFi360, Saved<QueryStationAddress>>(cases, station);
    let soft_ap = station.map(|line| line.replace("STA", "AP"));
    let soft_ap = [&*soft_ap[0], &*soft_ap[1], &*soft_ap[2]];
    config::<WizFi360, QuerySoftApAddress>(cases, soft_ap);
    config::<WizFi360, Saved<QuerySoftApAddress>>(cases, soft_ap);
    // A comma behind the key.
    config::<EspAt, QueryStationAddress>(
        cases,
        ["+CIPSTA:ip,\"192.168.1.88\"", "+CIPSTA:gateway,\"192.168.1.1\"", "+CIPSTA:netmask,\"255.255.255.0\""],
    );

    let alone = Ipv4Config {
        address: Ipv4Addr::new(192, 168, 6, 100),
        gateway: Ipv4Addr::UNSPECIFIED,
        netmask: Ipv4Addr::UNSPECIFIED,
    };
    assert_eq!(cases.answer::<Esp32V1, QueryStationAddress>(&["+CIPSTA:192.168.6.100"]), Ok(alone));
    assert_eq!(cases.answer::<Esp8266Idf, QueryStationAddress>(&["+CIPSTA:\"192.168.6.100\""]), Ok(alone));
    let own = Ipv4Config { gateway: alone.address, netmask: MASK, ..alone };
    let line = "+CIPAP:\"192.168.6.100\",\"192.168.6.100\",\"255.255.255.0\"";
    assert_eq!(cases.answer::<Esp32V1, QuerySoftApAddress>(&[line]), Ok(own));
    assert_eq!(cases.answer::<Esp8266Idf, QuerySoftApAddress>(&[line]), Ok(own));
    let error = |error| Err(CommandError::Answer(error));
    assert_eq!(cases.answer::<EspAt, QueryStationAddress>(&[]), error(FieldError::Missing));
    assert_eq!(cases.answer::<EspAt, QueryStationAddress>(&["+CIPSTA:ip:\"1.2\""]), error(FieldError::Malformed));

    let lines = [
        r#"+CIPSTA:ip:"192.168.1.88""#,
        r#"+CIPSTA:ip6ll:"fe80::1afe:35ff:fe98:d37b""#,
        r#"+CIPSTA:ip6gl,"2001:db8::1""#,
    ];
    let expected = Ipv6Config {
        link_local: Some("fe80::1afe:35ff:fe98:d37b".parse().unwrap()),
        global: Some("2001:db8::1".parse().unwrap()),
    };
    assert_eq!(cases.answer::<EspAt, QueryStationIpv6>(&lines), Ok(expected));
    assert_eq!(cases.answer::<EspAt, QueryStationIpv6>(&STATION), Ok(Ipv6Config::default()));
    let line = r#"+CIPAP:ip6ll:"fe80::1afe:35ff:fe98:d37b""#;
    assert_eq!(cases.answer::<EspAt, QuerySoftApIpv6>(&[line]), Ok(Ipv6Config { global: None, ..expected }));
}

fn macs(cases: &mut Cases) {
    let mac = Mac([0x00, 0x08, 0xdc, 0x11, 0x12, 0x13]);
    let (station, soft_ap) = (Ok(StationMac { mac }), Ok(SoftApMac { mac }));
    let value = "\"00:08:dc:11:12:13\"";
    let (plain, current, default) =
        (format!("+CIPSTAMAC:{value}"), format!("+CIPSTAMAC_CUR:{value}"), format!("+CIPSTAMAC_DEF:{value}"));
    assert_eq!(cases.answer::<EspAt, QueryStationMac>(&[&plain]), station);
    assert_eq!(cases.answer::<Esp32V1, QueryStationMac>(&["+CIPSTAMAC:00:08:DC:11:12:13"]), station);
    assert_eq!(cases.answer::<Esp8266Idf, QueryStationMac>(&[&plain]), station);
    assert_eq!(cases.answer::<Esp8266Nonos, QueryStationMac>(&[&current]), station);
    assert_eq!(cases.answer::<Esp8266Nonos, Saved<QueryStationMac>>(&[&default]), station);
    assert_eq!(cases.answer::<WizFi360, QueryStationMac>(&[&current, ""]), station);
    assert_eq!(cases.answer::<WizFi360, Saved<QueryStationMac>>(&[&default, ""]), station);
    let (plain, current, default) =
        (format!("+CIPAPMAC:{value}"), format!("+CIPAPMAC_CUR:{value}"), format!("+CIPAPMAC_DEF:{value}"));
    assert_eq!(cases.answer::<EspAt, QuerySoftApMac>(&[&plain]), soft_ap);
    assert_eq!(cases.answer::<Esp32V1, QuerySoftApMac>(&["+CIPAPMAC:00:08:dc:11:12:13"]), soft_ap);
    assert_eq!(cases.answer::<Esp8266Idf, QuerySoftApMac>(&[&plain]), soft_ap);
    assert_eq!(cases.answer::<Esp8266Nonos, QuerySoftApMac>(&[&current]), soft_ap);
    assert_eq!(cases.answer::<Esp8266Nonos, Saved<QuerySoftApMac>>(&[&default]), soft_ap);
    assert_eq!(cases.answer::<WizFi360, QuerySoftApMac>(&[&current]), soft_ap);
    assert_eq!(cases.answer::<WizFi360, Saved<QuerySoftApMac>>(&[&default]), soft_ap);
}

fn servers(cases: &mut Cases) {
    let both = DnsServers { first: Ipv4Addr::new(114, 114, 114, 114), second: Some(Ipv4Addr::new(8, 8, 8, 8)) };
    let lines = ["+CIPDNS_CUR: 114.114.114.114", "+CIPDNS_CUR: 8.8.8.8", ""];
    assert_eq!(cases.answer::<WizFi360, QueryDnsServers>(&lines), Ok(both));
    let lines = ["+CIPDNS_DEF:114.114.114.114", "+CIPDNS_DEF:8.8.8.8", ""];
    assert_eq!(cases.answer::<WizFi360, Saved<QueryDnsServers>>(&lines), Ok(both));
    let first = DnsServers { second: None, ..both };
    assert_eq!(cases.answer::<WizFi360, QueryDnsServers>(&lines[..1]), Ok(first));
    assert_eq!(cases.answer::<WizFi360, QueryDnsServers>(&[]), Err(CommandError::Answer(FieldError::Missing)));
}
