//! Every unsolicited message of the five manuals has a sample, which is read as what it says.

use std::collections::BTreeMap;

use serde_json::Value;
use wifi_at::command::Mac;
use wifi_at::command::mqtt::MqttScheme;
use wifi_at::urc::counted::{Characteristic, Payload, head};
use wifi_at::urc::{
    BleAddressKind, BleUrc, BluetoothUrc, BootUrc, Busy, EthernetUrc, Hidden, LinkDetails, LinkProtocol, LinkUrc,
    MqttBroker, MqttUrc, OwnedUrc, SoftApUrc, StationUrc, SystemUrc, UpdateStep, Urc, WebServerStep, WebSocketUrc,
};

/// What a sample is to be read as.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Expected {
    /// A whole line.
    Line(Urc<'static>),
    /// A head and its length, then this payload.
    Counted(Payload<'static>, &'static str),
    /// Data of the passthrough mode: nothing tells them from anything else.
    Raw,
}

const ESP_AT: &str = "esp-at";
const ESP32: &str = "esp32-v1";
const IDF: &str = "esp8266-idf";
const NONOS: &str = "esp8266-nonos";
const WIZ: &str = "wizfi360";

const PEER: Mac = Mac([0x60, 0x51, 0x42, 0xfe, 0x98, 0xaa]);

/// Samples by dialect and pattern. A pattern may have several.
#[derive(Default)]
struct Samples(BTreeMap<(&'static str, &'static str), Vec<(&'static str, Expected)>>);

impl Samples {
    fn add(&mut self, dialects: &[&'static str], pattern: &'static str, sample: &'static str, expected: Expected) {
        for dialect in dialects {
            self.0.entry((dialect, pattern)).or_default().push((sample, expected));
        }
    }

    fn line(&mut self, dialects: &[&'static str], pattern: &'static str, sample: &'static str, urc: Urc<'static>) {
        self.add(dialects, pattern, sample, Expected::Line(urc));
    }

    fn counted(&mut self, dialects: &[&'static str], pattern: &'static str, sample: &'static str, rest: Expected) {
        self.add(dialects, pattern, sample, rest);
    }
}

fn samples() -> Samples {
    let mut samples = Samples::default();
    system(&mut samples);
    wifi(&mut samples);
    links(&mut samples);
    services(&mut samples);
    ble(&mut samples);
    bluetooth(&mut samples);
    boot(&mut samples);
    samples
}

fn system(samples: &mut Samples) {
    use SystemUrc::{
        ClockSet, ErrorCode, NoCa, NoCertificate, NoPrivateKey, PassthroughLeft, Prompt, Ready, Received, Restarting,
        Update, WebServer,
    };

    let esp = &[ESP_AT][..];
    let mut line =
        |dialects: &[&'static str], pattern, sample, urc| samples.line(dialects, pattern, sample, Urc::System(urc));
    line(&[ESP_AT, NONOS, WIZ], "ready", "ready", Ready);
    line(esp, "ERR CODE:<0x%08x>", "ERR CODE:0x010b0000", ErrorCode(wifi_at::command::ErrorCode(0x010b_0000)));
    line(esp, "ERR CODE:0x<%08x>", "ERR CODE:0x01090000", ErrorCode(wifi_at::command::ErrorCode(0x0109_0000)));
    line(esp, "Will force to restart!!!", "Will force to restart!!!", Restarting);
    line(esp, ">", ">", Prompt);
    line(esp, "Recv <xxx> bytes", "Recv 1460 bytes", Received { bytes: 1460 });
    line(esp, "Recv <xxx> bytes", "Recv9 bytes", Received { bytes: 9 });
    line(esp, "Recv <url len> bytes", "Recv 36 bytes", Received { bytes: 36 });
    line(&[ESP_AT, IDF, NONOS], "+QUITT", "+QUITT", PassthroughLeft);
    line(esp, "+QUITT", "+QUIT", PassthroughLeft);
    line(esp, "NO CERT FOUND", "NO CERT FOUND", NoCertificate);
    line(esp, "NO PRVT_KEY FOUND", "NO PRVT_KEY FOUND", NoPrivateKey);
    line(esp, "NO CA FOUND", "NO CA FOUND", NoCa);
    line(esp, "+TIME_UPDATED", "+TIME_UPDATED", ClockSet);
    line(esp, "+CIPUPDATE:<state>", "+CIPUPDATE:3", Update(UpdateStep::VersionKnown));
    line(esp, "+CIPUPDATE:<state>", "+CIPUPDATE:-1", Update(UpdateStep::Failed));
    line(&[ESP32, IDF], "+CIPUPDATE:<n>", "+CIPUPDATE:4", Update(UpdateStep::Started));
    line(esp, "+WEBSERVERRSP:<event>", "+WEBSERVERRSP:2", WebServer(WebServerStep::ResultFetched));
    line(&[ESP_AT, WIZ], "busy p...", "busy p...", SystemUrc::Busy(Busy::Processing));
    line(&[WIZ], "busy p...", "busy p ...", SystemUrc::Busy(Busy::Processing));
    line(&[WIZ], "busy s...", "busy s...", SystemUrc::Busy(Busy::Sending));
    samples.add(esp, "<raw data>", "any bytes\0,", Expected::Raw);
}

fn wifi(samples: &mut Samples) {
    use StationUrc::{
        Connected, Disconnected, GotIpv4, GotIpv6Global, GotIpv6LinkLocal, SmartConfigConnected, SmartConfigFailed,
        SmartConfigKind, SmartConfigPassphrase, SmartConfigReceived, SmartConfigSsid,
    };

    let mut line =
        |dialects: &[&'static str], pattern, sample, urc| samples.line(dialects, pattern, sample, Urc::Station(urc));
    line(&[ESP_AT, NONOS, WIZ], "WIFI CONNECTED", "WIFI CONNECTED", Connected);
    line(&[ESP_AT, NONOS, WIZ], "WIFI GOT IP", "WIFI GOT IP", GotIpv4);
    line(&[ESP_AT], "WIFI GOT IPv6 LL", "WIFI GOT IPv6 LL", GotIpv6LinkLocal);
    line(&[ESP_AT], "WIFI GOT IPv6 GL", "WIFI GOT IPv6 GL", GotIpv6Global);
    line(&[ESP_AT, NONOS], "WIFI DISCONNECT", "WIFI DISCONNECT", Disconnected);
    line(&[WIZ], "WIFI DISCONNECTED", "WIFI DISCONNECTED", Disconnected);
    line(&[WIZ], "WIFI DISCONNECTED", "WIFI DISCONNECT", Disconnected);
    line(&[ESP_AT], "smartconfig type:<xxx>", "smartconfig type:ESPTOUCH", SmartConfigKind(b"ESPTOUCH"));
    line(&[NONOS], "smartconfig type: <type>", "smartconfig type: AIRKISS", SmartConfigKind(b"AIRKISS"));
    line(&[ESP_AT], "Smart get wifi info", "Smart get wifi info", SmartConfigReceived);
    line(&[NONOS], "smart get wifi info", "smart get wifi info", SmartConfigReceived);
    line(&[ESP32, IDF], "Smart get Wi-Fi info", "Smart get Wi-Fi info", SmartConfigReceived);
    line(&[ESP_AT, NONOS], "smartconfig connected wifi", "smartconfig connected wifi", SmartConfigConnected);
    line(&[ESP32, IDF], "Smartconfig connected Wi-Fi", "Smartconfig connected Wi-Fi", SmartConfigConnected);
    line(&[NONOS], "smartconfig connect fail", "smartconfig connect fail", SmartConfigFailed);
    line(&[NONOS], "ssid:<AP's SSID>", "ssid:my net", SmartConfigSsid(b"my net"));
    let secret = SmartConfigPassphrase(Hidden(b"0123456789"));
    line(&[NONOS], "password:<AP's password>", "password:0123456789", secret);
    assert!(!format!("{secret:?}").contains("0123456789"));

    let address = SoftApUrc::StationAddress { station: PEER, address: [192, 168, 4, 2].into() };
    let mut line =
        |dialects: &[&'static str], pattern, sample, urc| samples.line(dialects, pattern, sample, Urc::SoftAp(urc));
    let (joined, left) = (SoftApUrc::StationConnected(PEER), SoftApUrc::StationDisconnected(PEER));
    line(&[ESP_AT], "+STA_CONNECTED: <sta_mac>", "+STA_CONNECTED: \"60:51:42:fe:98:aa\"", joined);
    line(&[NONOS], "+STA_CONNECTED:<sta_mac>", "+STA_CONNECTED:\"60:51:42:fe:98:aa\"", joined);
    line(&[WIZ], "+STA_CONNECTED:<mac>", "+STA_CONNECTED: 60:51:42:FE:98:AA", joined);
    let sample = "+DIST_STA_IP: \"60:51:42:fe:98:aa\",\"192.168.4.2\"";
    line(&[ESP_AT], "+DIST_STA_IP: <sta_mac>,<sta_ip>", sample, address);
    line(&[NONOS], "+DIST_STA_IP:<sta_mac>,<sta_ip>", "+DIST_STA_IP:\"60:51:42:fe:98:aa\",\"192.168.4.2\"", address);
    line(&[WIZ], "+DIST_STA_IP:<mac>,<ip addr>", "+DIST_STA_IP: 60:51:42:fe:98:aa, 192.168.4.2", address);
    line(&[ESP_AT], "+STA_DISCONNECTED: <sta_mac>", "+STA_DISCONNECTED: \"60:51:42:fe:98:aa\"", left);
    line(&[NONOS], "+STA_DISCONNECTED:<sta_mac>", "+STA_DISCONNECTED:\"60:51:42:fe:98:aa\"", left);
    line(&[WIZ], "+STA_DISCONNECTED:<smac>", "+STA_DISCONNECTED: 60:51:42:fe:98:aa", left);

    let mut line = |pattern, sample, urc| samples.line(&[ESP_AT], pattern, sample, Urc::Ethernet(urc));
    line("+ETH_CONNECTED", "+ETH_CONNECTED", EthernetUrc::Connected);
    line("+ETH_GOT_IP", "+ETH_GOT_IP", EthernetUrc::GotIpv4(None));
    line("+ETH_GOT_IP:<ip>", "+ETH_GOT_IP:192.168.1.7", EthernetUrc::GotIpv4(Some([192, 168, 1, 7].into())));
    line("+ETH_DISCONNECTED", "+ETH_DISCONNECTED", EthernetUrc::Disconnected);
}

fn links(samples: &mut Samples) {
    use LinkUrc::{Closed, Details, Notice, Opened, SegmentSent, SendProgress, ServerFull};

    let all = &[ESP_AT, ESP32, IDF, NONOS, WIZ][..];
    let mut line =
        |dialects: &[&'static str], pattern, sample, urc| samples.line(dialects, pattern, sample, Urc::Link(urc));
    let (one, none) = (Some(1), None);
    line(&[ESP_AT], "[<conn_id>,]CONNECT", "CONNECT", Opened { link: none });
    line(&[ESP_AT], "[<conn_id>,]CONNECT", "1,CONNECT", Opened { link: one });
    line(&[ESP_AT], "[<conn_id>,]CLOSED", "CLOSED", Closed { link: none });
    line(&[ESP_AT], "[<conn_id>,]CLOSED", "1,CLOSED", Closed { link: one });
    line(&[ESP32], "CONNECT", "CONNECT", Opened { link: none });
    line(&[ESP32], "CLOSED", "CLOSED", Closed { link: none });
    line(&[ESP32, IDF], "<link ID>,CONNECT", "1,CONNECT", Opened { link: one });
    line(&[ESP32], "<link ID>,CLOSED", "1,CLOSED", Closed { link: one });
    line(&[NONOS], "<conn_id>,CONNECT", "1,CONNECT", Opened { link: one });
    line(&[NONOS], "<conn_id>,CONNECT", "1,CONNECT FAIL", LinkUrc::Failed { link: one });
    line(&[NONOS], "<conn_id>,CLOSED", "1,CLOSED", Closed { link: one });
    line(&[WIZ], "<Link ID>,CONNECT", "1, CONNECT", Opened { link: one });
    line(&[WIZ], "<Link ID>,CLOSED", "1, CLOSED", Closed { link: one });

    let details = LinkDetails {
        is_open: true,
        link: 0,
        protocol: LinkProtocol::Tcp,
        is_server: false,
        remote: ([192, 168, 1, 110], 80).into(),
        local_port: 50000,
    };
    line(
        &[ESP_AT, IDF],
        "+LINK_CONN:<status_type>,<link_id>,<ip_type>,<terminal_type>,<remote_ip>,<remote_port>,<local_port>",
        "+LINK_CONN:0,0,\"TCP\",0,\"192.168.1.110\",80,50000",
        Details(details),
    );
    line(
        &[IDF],
        "+LINK_CONN:<status_type>,<link_id>,<ip_type>,<terminal_type>,<remote_ip>,<remote_port>,<local_port>",
        "+LINK_CONN : 0,0,TCP,0,192.168.1.110,80,50000",
        Details(details),
    );
    line(
        &[NONOS],
        "+LINK_CONN:<status_type>,<link_id>,\"UDP/TCP/SSL\",<c/s>,<remote_ip>,<remote_port>,<local_port>",
        "+LINK_CONN:1,3,\"SSL\",1,192.168.1.110,80,50000",
        Details(LinkDetails { is_open: false, link: 3, protocol: LinkProtocol::Tls, is_server: true, ..details }),
    );

    line(&[ESP_AT], "+IPD,<length>", "+IPD,100", Notice { link: none, length: 100 });
    line(&[ESP_AT], "+IPD,<link_id>,<length>", "+IPD,1,100", Notice { link: one, length: 100 });
    line(&[IDF, NONOS], "+IPD,<len>", "+IPD,100", Notice { link: none, length: 100 });
    line(&[IDF, NONOS], "+IPD,<link ID>,<len>", "+IPD, 1, 100", Notice { link: one, length: 100 });
    line(&[ESP_AT], "Have <xxx> Connections", "Have 5 Connections", ServerFull { connections: 5 });
    line(&[NONOS, WIZ], "<segment ID>,SEND OK", "7,SEND OK", SegmentSent { link: none, segment: 7 });
    line(&[NONOS], "<link ID>,<segment ID>,SEND OK", "1,7,SEND OK", SegmentSent { link: one, segment: 7 });
    line(&[WIZ], "<ID>,<segment ID>,SEND OK", "1, 7, SEND OK", SegmentSent { link: one, segment: 7 });
    let sample = "+CIPSENDL:4096,8192";
    line(&[ESP_AT], "+CIPSENDL:<had sent len>,<port recv len>", sample, SendProgress { sent: 4096, taken: 8192 });

    let remote = Some(([192, 168, 1, 110], 8080).into());
    let data = |link, remote| Expected::Counted(Payload::Link { link, remote }, "a\r\nOK");
    samples.counted(&[ESP_AT], "+IPD,<length>:<data>", "+IPD,5:", data(None, None));
    samples.counted(&[ESP_AT], "+IPD,<link_id>,<length>:<data>", "+IPD,1,5:", data(one, None));
    let pattern = "+IPD,<length>,<\"remote_ip\">,<remote_port>:<data>";
    samples.counted(&[ESP_AT], pattern, "+IPD,5,\"192.168.1.110\",8080:", data(None, remote));
    let pattern = "+IPD,<link_id>,<length>,<\"remote_ip\">,<remote_port>:<data>";
    samples.counted(&[ESP_AT], pattern, "+IPD,1,5,\"192.168.1.110\",8080:", data(one, remote));
    let pattern = "+IPD,<len>[,<remote IP>,<remote port>]:<data>";
    samples.counted(&all[1..4], pattern, "+IPD,5:", data(None, None));
    samples.counted(&all[1..4], pattern, "+IPD,5,192.168.1.110,8080:", data(None, remote));
    let pattern = "+IPD,<link ID>,<len>[,<remote IP>,<remote port>]:<data>";
    samples.counted(&all[1..4], pattern, "+IPD,1,5:", data(one, None));
    samples.counted(&all[1..4], pattern, "+IPD,1,5,192.168.1.110,8080:", data(one, remote));
    samples.counted(&[WIZ], "+IPD", "+IPD,5:", data(None, None));
    samples.counted(&[WIZ], "+IPD", "+IPD,1,5,192.168.1.110,8080:", data(one, remote));
}

fn services(samples: &mut Samples) {
    let both = &[ESP_AT, IDF][..];
    let mut line =
        |dialects: &[&'static str], pattern, sample, urc| samples.line(dialects, pattern, sample, Urc::Mqtt(urc));
    let pattern = "+MQTTCONNECTED:<LinkID>,<scheme>,<\"host\">,<port>,<\"path\">,<reconnect>";
    let broker =
        MqttBroker { link: 0, scheme: MqttScheme::Tcp, host: b"192.168.3.102", port: 8883, path: b"", reconnect: true };
    let sample = "+MQTTCONNECTED:0,1,\"192.168.3.102\",\"8883\",\"\",1";
    line(&[ESP_AT], "+MQTTCONNECTED", sample, MqttUrc::Connected(broker));
    line(both, pattern, sample, MqttUrc::Connected(broker));
    line(both, pattern, "+MQTTCONNECTED: 0,1,192.168.3.102,8883,,1", MqttUrc::Connected(broker));
    line(&[ESP_AT], "+MQTTDISCONNECTED", "+MQTTDISCONNECTED:0", MqttUrc::Disconnected { link: 0 });
    line(both, "+MQTTDISCONNECTED:<LinkID>", "+MQTTDISCONNECTED:0", MqttUrc::Disconnected { link: 0 });
    line(&[ESP_AT], "+MQTTPUB:OK", "+MQTTPUB:OK", MqttUrc::Published);
    line(&[ESP_AT], "+MQTTPUB:FAIL", "+MQTTPUB:FAIL", MqttUrc::PublishFailed);
    line(&[ESP_AT], "ALREADY SUBSCRIBE", "ALREADY SUBSCRIBE", MqttUrc::AlreadySubscribed);
    line(&[ESP_AT], "NO UNSUBSCRIBE", "NO UNSUBSCRIBE", MqttUrc::NotSubscribed);
    let message = Expected::Counted(Payload::MqttMessage { link: 0, topic: b"topic" }, "test");
    let pattern = "+MQTTSUBRECV:<LinkID>,<\"topic\">,<data_length>,<data>";
    samples.counted(both, pattern, "+MQTTSUBRECV:0,\"topic\",4,", message);
    samples.counted(&[ESP_AT], "+MQTTSUBRECV", "+MQTTSUBRECV:0,\"topic\",4,", message);

    let mut line = |pattern, sample, urc| samples.line(&[ESP_AT], pattern, sample, Urc::WebSocket(urc));
    line("+WS_CONNECTED:<link_id>", "+WS_CONNECTED:2", WebSocketUrc::Connected { link: 2 });
    line("+WS_DISCONNECTED:<link_id>", "+WS_DISCONNECTED:1", WebSocketUrc::Disconnected { link: 1 });
    line("+WS_CLOSED:<link_id>", "+WS_CLOSED:0", WebSocketUrc::Closed { link: 0 });
    let data = Expected::Counted(Payload::WebSocket { link: 1 }, "\0\r\n");
    samples.counted(&[ESP_AT], "+WS_DATA:<link_id>,<data_len>,<data>", "+WS_DATA:1,3,", data);
    let reserved = Expected::Counted(Payload::SmartConfig, "abc");
    samples.counted(&[ESP_AT], "+SCRD:<length>,<reserved data>", "+SCRD:3,", reserved);
}

fn ble(samples: &mut Samples) {
    let connection = 0;
    let mut line = |pattern, sample, urc| samples.line(&[ESP_AT], pattern, sample, Urc::Ble(urc));
    let connected = BleUrc::Connected { connection, peer: PEER };
    line("+BLECONN", "+BLECONN:0,\"60:51:42:fe:98:aa\"", connected);
    line("+BLECONN:<conn_index>,<remote_address>", "+BLECONN:0,\"60:51:42:fe:98:aa\"", connected);
    line("+BLECONN:<conn_index>,-1", "+BLECONN:0,-1", BleUrc::ConnectFailed { connection });
    line("+BLECONN:<conn_index>,-1", "+BLECONN:65535,-1", BleUrc::ConnectFailed { connection: 65535 });
    let disconnected = BleUrc::Disconnected { connection, peer: PEER };
    line("+BLEDISCONN", "+BLEDISCONN:0,\"60:51:42:fe:98:aa\"", disconnected);
    line("+BLEDISCONN:<conn_index>,<remote_address>", "+BLEDISCONN:0,\"60:51:42:fe:98:aa\"", disconnected);
    line(
        "+BLECONNPARAM:<conn_index>,<min_interval>,<max_interval>,<cur_interval>,<latency>,<timeout>",
        "+BLECONNPARAM:0,0,0,24,0,500",
        BleUrc::Parameters {
            connection,
            minimum_interval: 0,
            maximum_interval: 0,
            interval: 24,
            latency: 0,
            timeout: 500,
        },
    );
    line("+BLECONNPARAM: <conn_index>,-1", "+BLECONNPARAM: 0,-1", BleUrc::ParametersRefused { connection });
    line(
        "+BLESCAN:<addr>,<rssi>,<adv_data>,<scan_rsp_data>,<addr_type>",
        "+BLESCAN:\"60:51:42:fe:98:aa\",-87,02011a020a0c0aff4c001005071c3024dc,,1",
        BleUrc::Scanned {
            device: PEER,
            rssi: -87,
            advertisement: b"02011a020a0c0aff4c001005071c3024dc",
            scan_response: b"",
            address_kind: BleAddressKind::Random,
        },
    );
    line("+BLESCANDONE", "+BLESCANDONE", BleUrc::ScanDone);
    let read = BleUrc::Read { connection, peer: PEER };
    line("+READ", "+READ:0,\"60:51:42:fe:98:aa\"", read);
    line("+READ:<conn_index>,<remote_address>", "+READ:0,\"60:51:42:fe:98:aa\"", read);
    let key = BleUrc::PassKey { connection, key: 793_718 };
    line("+BLESECNTFYKEY", "+BLESECNTFYKEY:0,793718", key);
    line("+BLESECNTFYKEY:<conn_index>,<key>", "+BLESECNTFYKEY:0,793718", key);
    line("+BLESECREQ:<conn_index>", "+BLESECREQ:0", BleUrc::EncryptionRequest { connection });
    line("+BLESECKEYREQ:<conn_index>", "+BLESECKEYREQ:0", BleUrc::PassKeyRequest { connection });
    let exchanged = BleUrc::KeyExchanged { connection, kind: 16 };
    line("+BLESECKEYTYPE:<conn_index>,<key_type>", "+BLESECKEYTYPE:0,16", exchanged);
    let done = |encrypted| BleUrc::PairingDone { connection, encrypted };
    line("+BLEAUTHCMPL:<conn_index>,<enc_result>", "+BLEAUTHCMPL:0,0", done(true));
    line("+BLEAUTHCMPL:<conn_index>,<enc_result>", "+BLEAUTHCMPL:0,1", done(false));

    let characteristic = |service, characteristic| Characteristic { connection, service, characteristic };
    let mut counted = |pattern, head, payload, data| {
        samples.counted(&[ESP_AT], pattern, head, Expected::Counted(payload, data));
    };
    let write = Payload::BleWrite { characteristic: characteristic(1, 6), descriptor: Some(1) };
    let pattern = "+WRITE:<conn_index>,<srv_index>,<char_index>,[<desc_index>],<len>,<value>";
    counted("+WRITE", "+WRITE:0,1,6,1,2,", write, "12");
    counted(pattern, "+WRITE:0,1,6,1,2,", write, "12");
    let write = Payload::BleWrite { characteristic: characteristic(1, 6), descriptor: None };
    counted(pattern, "+WRITE:0,1,6,,2,", write, "12");
    let notification = Payload::BleNotification(characteristic(3, 6));
    counted("+NOTIFY", "+NOTIFY:0,3,6,10,", notification, "1234567890");
    let pattern = "+NOTIFY:<conn_index>,<srv_index>,<char_index>,<len>,<value>";
    counted(pattern, "+NOTIFY:0,3,6,10,", notification, "1234567890");
    let indication = Payload::BleIndication(characteristic(3, 7));
    counted("+INDICATE", "+INDICATE:0,3,7,4,", indication, "a\0\r\n");
    let pattern = "+INDICATE:<conn_index>,<srv_index>,<char_index>,<len>,<value>";
    counted(pattern, "+INDICATE:0,3,7,4,", indication, "a\0\r\n");
    counted("+BLUFIDATA:<len>,<data>", "+BLUFIDATA:5,", Payload::BluFi, "a,b:c");
}

fn bluetooth(samples: &mut Samples) {
    let (connection, peer) = (0, PEER);
    let mut line = |pattern, sample, urc| samples.line(&[ESP_AT], pattern, sample, Urc::Bluetooth(urc));
    line(
        "+BTSPPCONN:<conn_index>,<remote_address>",
        "+BTSPPCONN:0,\"60:51:42:fe:98:aa\"",
        BluetoothUrc::SerialConnected { connection, peer },
    );
    line("+BTSPPCONN:<conn_index>,-1", "+BTSPPCONN:0,-1", BluetoothUrc::SerialConnectFailed { connection });
    line(
        "+BTSPPDISCONN:<conn_index>,<remote_address>",
        "+BTSPPDISCONN:0,\"60:51:42:fe:98:aa\"",
        BluetoothUrc::SerialDisconnected { connection, peer },
    );
    line("+BTSPPDISCONN:-1", "+BTSPPDISCONN:-1", BluetoothUrc::SerialDisconnectFailed);
    line(
        "+BTA2DPCONN:<conn_index>,<remote_address>",
        "+BTA2DPCONN:0,\"60:51:42:fe:98:aa\"",
        BluetoothUrc::AudioConnected { connection, peer },
    );
    line("+BTA2DPCONN:<conn_index>,-1", "+BTA2DPCONN:0,-1", BluetoothUrc::AudioConnectFailed { connection });
    line(
        "+BTA2DPDISCONN:<conn_index>,<remote_address>",
        "+BTA2DPDISCONN:0,\"60:51:42:fe:98:aa\"",
        BluetoothUrc::AudioDisconnected { connection, peer },
    );
    let data = Expected::Counted(Payload::Bluetooth, "test");
    samples.counted(&[ESP_AT], "+BTDATA:<len>,<data>", "+BTDATA:4,", data);
}

fn boot(samples: &mut Samples) {
    let mut line = |pattern, sample, urc| samples.line(&[NONOS], pattern, sample, Urc::Boot(urc));
    line(
        "ets <date>,rst cause: <cause>, boot mode: (<mode>)",
        "ets Jan 8 2013,rst cause: 1, boot mode: (3,6)",
        BootUrc::ResetCause { cause: 1, mode: (3, 6) },
    );
    line(
        "load <address>, len <len>, room <room>",
        "load 0x40100000, len 26336, room 16",
        BootUrc::Load { address: 0x4010_0000, length: 26336, room: 16 },
    );
    line("tail <n>", "tail 4", BootUrc::Tail(4));
    line("chksum <hex>", "chksum 0xde", BootUrc::Checksum(0xde));
    line("csum <hex>", "csum 0xcb", BootUrc::Checksum(0xcb));
    line("SDK version: <version>", "SDK version: 0.9.1", BootUrc::SdkVersion(b"0.9.1"));
    line("addr not ack when tx write cmd", "addr not ack when tx write cmd", BootUrc::NotAcknowledged);
    let mac = |first| Some(Mac([first, 0xfe, 0x34, 0x97, 0xd5, 0x7b]));
    let addresses = BootUrc::Addresses { station: mac(0x18), soft_ap: mac(0x1a) };
    let pattern = "mode : sta(<mac>) + softAP(<mac>)";
    line(pattern, "mode : sta(18: fe: 34: 97: d5: 7b) + softAP(1a: fe: 34: 97: d5: 7b)", addresses);
    line(pattern, "mode : sta(18:fe:34:97:d5:7b) + softAP(1a:fe:34:97:d5:7b)", addresses);
}

/// Reads a sample, in the ways in which real modules write it.
fn check(sample: &str, expected: Expected) {
    match expected {
        Expected::Line(urc) => {
            assert_eq!(Urc::parse(sample.as_bytes()), Some(urc), "{sample:?}");
            let line = format!("{sample} \r\n");
            assert_eq!(Urc::parse(line.as_bytes()), Some(urc), "{line:?}");
            let owned: OwnedUrc = OwnedUrc::new(line.as_bytes()).unwrap();
            assert_eq!(owned.urc(), Some(urc), "{sample:?}");
            assert_eq!(head(sample.as_bytes()), None, "{sample:?}");
            if let Some((name, value)) = sample.split_once(':').filter(|_| sample.starts_with('+')) {
                let line = format!("{name}={value}");
                assert_eq!(Urc::parse(line.as_bytes()), Some(urc), "{line:?}");
                let line = format!("{}: {value}", name.to_ascii_lowercase());
                assert_eq!(Urc::parse(line.as_bytes()), Some(urc), "{line:?}");
            }
        }
        Expected::Counted(payload, data) => {
            let head = head(sample.as_bytes()).unwrap_or_else(|| panic!("{sample:?}"));
            assert_eq!((head.payload, head.length as usize), (payload, data.len()), "{sample:?}");
            assert!(head.payload.is_unsolicited(), "{sample:?}");
            for end in 0..sample.len() {
                let part = &sample.as_bytes()[..end];
                assert_eq!(wifi_at::urc::counted::head(part), None, "{sample:?}, {end}");
            }
        }
        Expected::Raw => {
            assert_eq!(Urc::parse(sample.as_bytes()), None, "{sample:?}");
            assert_eq!(head(sample.as_bytes()), None, "{sample:?}");
        }
    }
}

#[test]
fn every_message_of_the_manuals_is_read() {
    let samples = samples().0;
    for (sample, expected) in samples.values().flatten() {
        check(sample, *expected);
    }
    let (mut known, mut total) = (0, 0);
    let mut used = BTreeMap::new();
    for file in ["esp-at.core", "esp-at.services", "esp32-v1", "esp8266-idf", "esp8266-nonos", "wizfi360"] {
        let path = format!("{}/tests/data/commands/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let dialect = document["dialect"].as_str().unwrap();
        for message in document["urcs"].as_array().unwrap() {
            let pattern = message["pattern"].as_str().unwrap();
            total += 1;
            if samples.keys().any(|&key| key == (dialect, pattern)) {
                known += 1;
                used.insert((dialect.to_string(), pattern.to_string()), ());
            } else {
                println!("missing {dialect}: {pattern}");
            }
        }
    }
    for (dialect, pattern) in samples.keys() {
        let key = (dialect.to_string(), pattern.to_string());
        assert!(used.contains_key(&key), "no manual has {dialect}: {pattern}");
    }
    println!("urcs {known}/{total}");
    assert_eq!(known, total);
}

#[test]
fn what_is_no_message() {
    for line in [
        "",
        "OK",
        "ERROR",
        "SEND OK",
        "+CWJAP:\"net\",\"60:51:42:fe:98:aa\",1,-40",
        "+IPD,0,5:hello",
        "WIFI GOT IPX",
        "0,CLOSED!",
        "x0,CLOSED",
        "+STA_CONNECTED:\"60:51:42:fe:98\"",
        "+LINK_CONN:0,0,\"TCP\"",
        "+BLECONN:0",
        "Have x Connections",
        "Recv bytes",
        "busy p",
        "ets ",
        "load ",
        "mode : sta(",
    ] {
        assert_eq!(Urc::parse(line.as_bytes()), None, "{line:?}");
    }
    // Anything may come at a wrong baud rate.
    for first in 0..=255u8 {
        for second in 0..=255u8 {
            for line in [&[first, second][..], &[b'+', first, second], &[b'1', b',', first, second]] {
                let _ = (Urc::parse(line), head(line));
            }
        }
    }
}
