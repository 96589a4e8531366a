//! ethernet: every example and every answer of the manuals.

use core::net::Ipv4Addr;

use wifi_at::command::Mac;
use wifi_at::command::ethernet::*;
use wifi_at::dialect::EspAt;

use crate::Cases;

pub(crate) fn cases(cases: &mut Cases) {
    let mac = Mac([0x1a, 0xfe, 0x35, 0x98, 0xd4, 0x7b]);
    cases.wire::<EspAt, _>(SetEthernetMac { mac: InterfaceMac(mac) });
    for line in ["+CIPETHMAC:\"1a:fe:35:98:d4:7b\"", "+CIPETHMAC:1a:fe:35:98:d4:7b"] {
        assert_eq!(cases.answer::<EspAt, QueryEthernetMac>(&[line]), Ok(EthernetMac { mac }));
    }

    let gateway = Ipv4Addr::new(192, 168, 6, 1);
    let router = Some(Router { gateway, netmask: Ipv4Addr::new(255, 255, 255, 0) });
    cases.wire::<EspAt, _>(SetEthernetAddress { address: Ipv4Addr::new(192, 168, 6, 100), router });
    cases.wire::<EspAt, _>(SetEthernetAddress { address: Ipv4Addr::new(192, 168, 6, 100), router: None });
    cases.wire::<EspAt, _>(QueryEthernetAddress);
    let config = EthernetConfig {
        address: Ipv4Addr::new(192, 168, 105, 24),
        gateway: Ipv4Addr::new(192, 168, 105, 1),
        netmask: Ipv4Addr::new(255, 255, 255, 0),
    };
    let bare =
        ["+CIPETH:ip:192.168.105.24", "+CIPETH:gateway:192.168.105.1", "+CIPETH:netmask:255.255.255.0", "+CIPETH:x:1"];
    let quoted = ["+CIPETH:ip:\"192.168.105.24\"", "+CIPETH:gateway,\"192.168.105.1\"", bare[2], ""];
    for lines in [bare, quoted] {
        assert_eq!(cases.answer::<EspAt, QueryEthernetAddress>(&lines), Ok(config));
    }
    assert!(cases.answer::<EspAt, QueryEthernetAddress>(&bare[..2]).is_err());
}
