//! Connections and the stream of bytes.

use wifi_at::at::FieldError;
use wifi_at::command::CommandError;
use wifi_at::command::ble::*;
use wifi_at::dialect::EspAt;

use super::mac;
use crate::Cases;

pub(super) fn cases(cases: &mut Cases) {
    connections(cases);
    parameters(cases);
    stream(cases);
}

fn connections(cases: &mut Cases) {
    for peer in ["24:0a:c4:d6:e4:46", "24:0a:c4:03:a7:4e", "24:0a:c4:09:34:23", "24:12:5f:9d:91:98"] {
        cases.wire::<EspAt, _>(Connect { connection: 0, peer: mac(peer), options: None });
    }
    let options = Some(ConnectOptions { address_type: AddressType::Public, timeout_s: 10 });
    cases.wire::<EspAt, _>(Connect { connection: 0, peer: mac("24:0a:c4:09:34:23"), options });

    let connection = Connection { connection: 0, peer: mac("24:0a:c4:d6:e4:46") };
    let answer = cases.answer::<EspAt, Connect>(&[r#"+BLECONN:0,"24:0a:c4:d6:e4:46""#]);
    assert_eq!(answer, Ok(Some(connection)));
    assert_eq!(cases.answer::<EspAt, Connect>(&[]), Ok(None));
    for line in ["+BLECONN:0,-1", "+BLECONN:0, -1", "+BLECONN:0,65535"] {
        assert_eq!(cases.failure::<EspAt, Connect>(&[line]), Some(ConnectionError::Failed), "{line}");
        assert_eq!(cases.answer::<EspAt, Connect>(&[line]), Err(ConnectionError::Failed), "{line}");
    }
    // A wrong parameter gives ERROR alone.
    let refused = ConnectionError::Command(CommandError::Refused(Default::default()));
    assert_eq!(cases.failure::<EspAt, Connect>(&[]), Some(refused));

    let other = Connection { connection: 2, peer: mac("60:51:42:fe:98:aa") };
    let lines = [r#"+BLECONN:0,"24:0a:c4:d6:e4:46""#, r#"+BLECONN:2,"60:51:42:fe:98:aa""#];
    let answer = cases.answer::<EspAt, QueryConnections>(&lines).unwrap();
    assert_eq!(answer.records, [connection, other]);
    for lines in [&[][..], &["+BLECONN:"], &["+BLECONN:,"]] {
        let answer = cases.answer::<EspAt, QueryConnections>(lines).unwrap();
        assert!(answer.records.is_empty() && answer.malformed == 0);
    }

    cases.wire::<EspAt, _>(Disconnect { connection: 0 });
}

fn parameters(cases: &mut Cases) {
    let update = UpdateConnection {
        connection: 0,
        interval: Interval { min: 12, max: 14 },
        latency: 1,
        supervision_timeout: 500,
    };
    cases.wire::<EspAt, _>(update);
    cases.wire::<EspAt, _>(UpdateConnection { interval: Interval { min: 800, max: 800 }, latency: 0, ..update });
    let agreed = ConnectionParameters {
        connection: 0,
        interval_min: 800,
        interval_max: 800,
        interval: 800,
        latency: 0,
        supervision_timeout: 500,
    };
    let line = "+BLECONNPARAM:0,800,800,800,0,500";
    assert_eq!(cases.answer::<EspAt, UpdateConnection>(&[line]), Ok(Some(agreed.clone())));
    assert_eq!(cases.answer::<EspAt, UpdateConnection>(&[]), Ok(None));
    for line in ["+BLECONNPARAM: 0,-1", "+BLECONNPARAM:0,-1"] {
        assert_eq!(cases.failure::<EspAt, UpdateConnection>(&[line]), Some(ConnectionError::Failed));
        assert_eq!(cases.answer::<EspAt, UpdateConnection>(&[line]), Err(ConnectionError::Failed));
    }
    let answer = cases.answer::<EspAt, QueryConnectionParameters>(&[line, "+BLECONNPARAM:1,0,0,6,0,500"]).unwrap();
    let new = ConnectionParameters { connection: 1, interval_min: 0, interval_max: 0, interval: 6, ..agreed };
    assert_eq!(answer.records, [agreed, new]);

    cases.wire::<EspAt, _>(SetPacketLength { connection: 0, length: 30 });
    cases.wire::<EspAt, _>(SetMtu { connection: 0, mtu: 300 });
    let answer = cases.answer::<EspAt, QueryMtu>(&["+BLECFGMTU:0,300", "+BLECFGMTU:1"]).unwrap();
    assert_eq!(answer.records, [ConnectionMtu { connection: 0, mtu: 300 }]);
    assert_eq!(answer.malformed, 1);
}

fn stream(cases: &mut Cases) {
    cases.wire::<EspAt, _>(ResetStream);
    for (service, transmit, receive) in [(3, 5, 7), (1, 7, 5)] {
        let index = |characteristic| CharacteristicIndex { service, characteristic };
        cases.wire::<EspAt, _>(SetStream { transmit: index(transmit), receive: index(receive), reconnect: None });
    }
    cases.wire::<EspAt, _>(QueryStream);
    let configuration = StreamConfiguration {
        transmit_service: 3,
        transmit_characteristic: 5,
        receive_service: 3,
        receive_characteristic: 7,
        reconnect: Some(true),
    };
    assert_eq!(cases.answer::<EspAt, QueryStream>(&["+BLESPPCFG:3,5,3,7,1"]), Ok(configuration.clone()));
    let old = StreamConfiguration { reconnect: None, ..configuration };
    assert_eq!(cases.answer::<EspAt, QueryStream>(&["+BLESPPCFG:3,5,3,7"]), Ok(old));
    let missing = Err(CommandError::Answer(FieldError::Missing));
    assert_eq!(cases.answer::<EspAt, QueryStream>(&["+BLESPPCFG:3,5,3"]), missing);
    cases.wire::<EspAt, _>(StartStream);
}
