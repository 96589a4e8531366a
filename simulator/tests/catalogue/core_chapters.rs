//! What the examples of the chapters about the module itself, Wi-Fi and TCP/IP need.

use crate::common::{Bench, builder_of, ms};
use crate::tls;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use wifi_at_simulator::{
    AccessPoint, Builder, Client, Dialect, EnterpriseAccess, Ethernet, Event, Latency, Lease, World,
};

/// A line taken apart: name with `AT`, kind as the catalogue calls it, parameters without quotes.
pub(crate) fn split(line: &str) -> (&str, &'static str, Vec<(bool, String)>) {
    if let Some((name, rest)) = line.split_once('=') {
        return if rest == "?" { (name, "test", Vec::new()) } else { (name, "set", parameters(rest)) };
    }
    match line.strip_suffix('?') {
        Some(name) => (name, "query", Vec::new()),
        None => (line, "execute", Vec::new()),
    }
}

/// Whether each was in quotes, and its text.
fn parameters(text: &str) -> Vec<(bool, String)> {
    let mut all = vec![(false, String::new())];
    let mut characters = text.chars();
    let mut inside = false;
    while let Some(character) = characters.next() {
        let last = all.last_mut().unwrap();
        match character {
            '"' => {
                inside = !inside;
                last.0 = true;
            }
            '\\' if inside => last.1.extend(characters.next()),
            ',' if !inside => all.push((false, String::new())),
            character => last.1.push(character),
        }
    }
    all
}

fn one_is_in(values: &[(bool, String)], network: &str) -> bool {
    values.iter().any(|value| value.1.starts_with(network))
}

/// What is between the first and the second such quotation mark, and so on.
fn quoted(text: &str) -> Vec<&str> {
    text.split('"').skip(1).step_by(2).collect()
}

fn mac(text: &str) -> [u8; 6] {
    let bytes: Vec<u8> = text.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

/// An access point from the fields of an answer: SSID, strength, MAC address, channel.
fn access_point(ssid: &str, rssi: &str, bssid: &str, channel: &str) -> AccessPoint {
    let point = AccessPoint::new(ssid, "12345678").bssid(mac(bssid));
    point.rssi(rssi.parse().unwrap()).channel(channel.parse().unwrap())
}

/// Seconds since 1970 of a time as `Thu Aug 04 14:48:05 2016`.
fn seconds(asctime: &str) -> u64 {
    let fields: Vec<&str> = asctime.split_whitespace().collect();
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let lengths =
        |year: u64| [31, if year.is_multiple_of(4) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31_u64];
    let month = months.iter().position(|month| *month == fields[1]).unwrap();
    let year: u64 = fields[4].parse().unwrap();
    let years: u64 = (1970..year).map(|year| lengths(year).iter().sum::<u64>()).sum();
    let days = years + lengths(year)[..month].iter().sum::<u64>() + fields[2].parse::<u64>().unwrap() - 1;
    let of_day = fields[3].split(':').fold(0, |sum, part| sum * 60 + part.parse::<u64>().unwrap());
    days * 86_400 + of_day
}

/// The module and its surroundings as the answer of an example shows them.
fn surroundings(dialect: Dialect, name: &str, kind: &str, values: &[(bool, String)], rx: &[String]) -> Builder {
    // A MAC address that no example uses.
    let scans = rx.iter().any(|line| line.starts_with("+CWLAP"));
    let joins_another = rx.iter().any(|line| line.starts_with("+CWJAP"));
    let builder = if scans || joins_another { Builder::new(dialect) } else { builder_of(dialect) };
    let mut builder = builder.latency(Latency::none()).station_mac([0, 0x0a, 0x0b, 1, 2, 3]);
    // Boot garbage is no part of an answer.
    builder = builder.with_variant(|variant| variant.boot_text.clear());
    let first = rx.first().map_or("", String::as_str);
    if name.starts_with("AT+CWJAP") && kind == "set" {
        let point = AccessPoint::new(&values[0].1, &values[1].1);
        let bssid = values.get(2).filter(|value| !value.1.is_empty());
        let bssid = bssid.map_or([2, 0, 0, 0, 0, 9], |(_, text)| mac(text));
        builder = builder.access_point(point.bssid(bssid));
    }
    if name == "AT+CWJEAP" && kind == "query" {
        let access =
            EnterpriseAccess { identity: "ann@example.org".into(), username: "ann".into(), password: "phase 2".into() };
        builder = builder.access_point(AccessPoint::open("office").enterprise(access));
    }
    if name == "AT+CWJEAP" && kind == "set" {
        let text = |index: usize| values[index].1.clone();
        let access = EnterpriseAccess { identity: text(2), username: text(3), password: text(4) };
        builder = builder.access_point(AccessPoint::open(text(0)).enterprise(access));
    }
    for line in rx {
        if let Some(fields) = line.strip_prefix("+CWLAP:(") {
            let fields: Vec<&str> = fields.trim_end_matches(')').split(',').collect();
            let mut point =
                access_point(fields[1].trim_matches('"'), fields[2], fields[3].trim_matches('"'), fields[4]);
            point.encryption = fields[0].parse().unwrap();
            builder = builder.access_point(point);
        } else if line.starts_with("+CWJAP") {
            let (strings, fields) = (quoted(line), line.rsplit(',').collect::<Vec<_>>());
            builder = builder.access_point(access_point(strings[0], fields[0], strings[1], fields[1]));
        } else if let Some(time) = line.strip_prefix("+CIPSNTPTIME:") {
            let zone = if line.contains("15:17:56") { 19_800 } else { 28_800 };
            builder = builder.clock(seconds(time).saturating_sub(zone + 1));
        }
    }
    match name {
        "AT+GMR" if !rx.is_empty() => {
            let lines = rx.iter().filter(|line| !line.is_empty() && *line != "OK");
            builder = builder.with_variant(|variant| variant.version = lines.cloned().collect());
        }
        "AT+CIFSR" => {
            let of = |mark: &str| rx.iter().find(|line| line.contains(mark)).map(|line| quoted(line)[0]);
            if let Some(station) = of("STAMAC") {
                builder = builder.station_mac(mac(station));
            }
            let bare = Some(first).filter(|line| line.parse::<Ipv4Addr>().is_ok());
            if let Some(address) = of("STAIP").or(bare) {
                let address: Ipv4Addr = address.parse().unwrap();
                let [a, b, c, _] = address.octets();
                builder = builder.station_ip(address, [a, b, c, 1].into(), [255, 255, 255, 0].into());
            }
        }
        "AT+CWLIF" | "AT+CWQIF" => {
            let client = Client::new("phone", [0x18, 0xcf, 0x5e, 0xc5, 0xce, 0x76]);
            builder = builder.world(World::new().client(client));
        }
        "AT+CIPETH" => {
            let address = |last| Ipv4Addr::new(192, 168, 105, last);
            let lease = Lease { address: address(24), gateway: address(1), netmask: [255, 255, 255, 0].into() };
            builder = builder.world(World::new().ethernet(Ethernet { lease, plugged: true }));
        }
        _ => {}
    }
    builder
}

/// A step of preparation, which may take no time.
#[track_caller]
fn ok(bench: &mut Bench, line: &str) {
    assert_eq!(bench.ask_for(line, ms(10)), "\r\nOK\r\n", "{line}");
}

/// Sets what a query is to show.
fn remember(bench: &mut Bench, name: &str, kind: &str, rx: &[String]) {
    let lines = rx.iter().filter_map(|line| line.split_once(':')).filter(|(label, _)| label[1..] == name[3..]);
    let values: Vec<&str> = lines.map(|(_, value)| value).collect();
    if kind != "query" || values.is_empty() {
        return;
    }
    let value = values.join(",");
    match &name[3..] {
        own if own.starts_with("CWDHCPS") => {
            let suffix = &own[7..];
            ok(bench, &format!("AT+CIPAP{suffix}=\"192.168.0.1\""));
            ok(bench, &format!("AT+CWDHCPS{suffix}=1,{value}"));
        }
        // The station's bit is the other one.
        own if own.starts_with("CWDHCP") => ok(bench, &format!("{name}=1,0")),
        own if own.starts_with("CIPDNS") => ok(bench, &format!("{name}=1,\"{}\",\"{}\"", values[0], values[1])),
        own if own.starts_with("CIPSTA_") || own.starts_with("CIPAP_") => {
            let fields: Vec<&str> = values.iter().filter_map(|value| Some(value.split_once(':')?.1)).collect();
            ok(bench, &format!("{name}={}", fields.join(",")));
        }
        "CWHOSTNAME" if value.contains("null") => {
            bench.ask_for("AT+CWMODE=2", ms(10));
        }
        "CWHOSTNAME" => ok(bench, &format!("{name}=\"{}\"", value.trim_matches(['"', '<', '>']))),
        "CWMODE_CUR" | "CWMODE_DEF" | "CWSAP_CUR" | "CWSAP_DEF" | "CIPMODE" | "CIPMUX" | "CIPSTAMAC_CUR"
        | "CIPSTAMAC_DEF" | "CIPAPMAC_CUR" | "CIPAPMAC_DEF" | "CIPSNTPCFG" => {
            let answer = bench.ask_for(&format!("{name}={value}"), ms(10));
            assert!(answer.contains("\r\nOK\r\n"), "{name}={value}: {answer}");
        }
        _ => {}
    }
}

/// A module in the world that a line needs, after what comes before it.
pub(crate) fn bench(dialect: Dialect, line: &str, rx: &[String]) -> Bench {
    let (name, kind, values) = split(line);
    let values = &values[..];
    let builder = surroundings(dialect, name, kind, values, rx);
    let authority = tls::Authority::new("authority");
    let identity = authority.issue("module", 2020..2040);
    let mut bench = Bench::new(builder.certificates(tls::store(&authority, &identity)));
    bench.run(ms(1000));
    bench.ask_for("ATE0", ms(10));
    // SmartConfig is for stations only.
    let station_only = name.contains("SMART") || rx.len() == 1 && name == "AT+CIFSR";
    ok(&mut bench, if station_only { "AT+CWMODE=1" } else { "AT+CWMODE=3" });
    if dialect == Dialect::EspAt {
        ok(&mut bench, "AT+CIPV6=1");
    }
    let shown = rx.iter().find_map(|line| line.strip_prefix("+CWJAP").map(quoted));
    let ssid = shown.map_or("home", |strings| strings[0]);
    let password = if ssid == "home" { "secret password" } else { "12345678" };
    // Before it has a network the clock stands.
    if !rx.iter().any(|line| line.contains("00:00:00 1970")) {
        bench.ask_for(&format!("AT+CWJAP=\"{ssid}\",\"{password}\""), ms(10));
    }
    remember(&mut bench, name, kind, rx);
    let host = Ipv4Addr::new(10, 0, 0, 77);
    let number =
        |index: usize| values.get(index).filter(|value| !value.0).and_then(|value| value.1.parse::<u16>().ok());
    let open = |bench: &mut Bench, link: Option<u16>, kind: &str| {
        if link.is_some() {
            ok(bench, "AT+CIPMUX=1");
        }
        let id = link.map(|id| format!("{id},")).unwrap_or_default();
        bench.network.serve((host, 7).into(), || |_: &[u8]| Vec::new());
        let answer = bench.ask_for(&format!("AT+CIPSTART={id}\"{kind}\",\"{host}\",7"), ms(100));
        assert!(answer.ends_with("CONNECT\r\n\r\nOK\r\n"), "{answer}");
    };
    match name {
        "AT+CIPSTART" | "AT+CIPSTARTEX" if kind == "set" => {
            if name == "AT+CIPSTARTEX" {
                ok(&mut bench, "AT+CIPMUX=1");
            }
            let first = usize::from(number(0).is_some());
            if first == 1 {
                ok(&mut bench, "AT+CIPMUX=1");
            }
            let address = values[first + 1].1.parse::<IpAddr>();
            if address.is_err() {
                bench.network.add_host(&values[first + 1].1, host.into());
            }
            let port = number(first + 2).unwrap();
            if values[first].1.ends_with("v6") && address.is_err() {
                bench.network.add_host(&values[first + 1].1, Ipv6Addr::LOCALHOST.into());
                bench.network.serve((Ipv6Addr::LOCALHOST, port).into(), || |_: &[u8]| Vec::new());
            }
            let remote = (address.unwrap_or(host.into()), port).into();
            if values[first].1.starts_with("SSL") {
                let config = identity.server(None, &[]);
                bench.network.serve(remote, move || {
                    tls::TlsPeer::new(&config, |_: &rustls::ServerConnection, _: &[u8]| Vec::new())
                });
            } else {
                bench.network.serve(remote, || |_: &[u8]| Vec::new());
            }
        }
        "AT+CIPDOMAIN" => {
            let shown = rx.iter().find_map(|line| line.strip_prefix("+CIPDOMAIN:"));
            let shown = shown.map(|address| address.trim_matches('"').parse().unwrap());
            bench.network.add_host(&values[0].1, shown.unwrap_or(host.into()));
            bench.network.add_host(&values[0].1, Ipv6Addr::LOCALHOST.into());
        }
        "AT+PING" => {
            bench.network.add_host(&values[0].1, host.into());
            let address = values[0].1.parse().unwrap_or(host.into());
            bench.network.add_ping(address, ms(46));
        }
        "AT+CIPSEND" | "AT+CIPSENDEX" if kind == "set" => {
            let link = number(0).filter(|_| number(1).is_some());
            let other = values.iter().any(|value| value.0);
            open(&mut bench, link, if other { "UDP" } else { "TCP" });
        }
        "AT+CIPSEND" | "+++" => {
            open(&mut bench, None, "TCP");
            ok(&mut bench, "AT+CIPMODE=1");
            if name == "+++" {
                assert!(bench.ask_for("AT+CIPSEND", ms(10)).contains('>'));
            }
        }
        "AT+CIPSENDL" => open(&mut bench, number(0).filter(|_| number(1).is_some()), "TCP"),
        "AT+CIPRECVTYPE" => open(&mut bench, (values.len() == 2).then_some(0), "TCP"),
        "AT+CIPSENDBUF" | "AT+CIPCHECKSEQ" | "AT+CIPCLOSEMODE" | "AT+CIPBUFRESET" | "AT+CIPBUFSTATUS" => {
            let only = matches!(name, "AT+CIPBUFRESET" | "AT+CIPBUFSTATUS");
            let link = number(0).filter(|_| only || number(1).is_some());
            open(&mut bench, link, "TCP");
            let id = link.map(|id| format!("{id},")).unwrap_or_default();
            for _ in 0..if name == "AT+CIPCHECKSEQ" { 20 } else { 0 } {
                bench.ask_for(&format!("AT+CIPSENDBUF={id}1"), ms(10));
                bench.send(b"x");
                assert!(bench.run(ms(10)).ends_with(",SEND OK\r\n"));
            }
        }
        "AT+CIUPDATE" | "AT+CIPFWVER" | "AT+SYSROLLBACK" => {
            bench.network.add_host("iot.espressif.cn", host.into());
            let answer = |_: &[u8]| b"HTTP/1.0 200 OK\r\nContent-Length: 21\r\n\r\n{\"version\": \"v1.0.0\"}".to_vec();
            bench.network.serve((host, 8000).into(), move || answer);
            let config = identity.server(None, &[]);
            bench.network.serve((host, 8443).into(), move || {
                tls::TlsPeer::new(&config, move |_: &rustls::ServerConnection, data: &[u8]| answer(data))
            });
            if name == "AT+SYSROLLBACK" {
                bench.ask_for("AT+CIUPDATE", ms(100));
                bench.ask_for("ATE0", ms(10));
            }
        }
        "AT+SYSGPIODIR" | "AT+SYSGPIOREAD" => ok(&mut bench, "AT+SYSIOSETCFG=12,3,1"),
        "AT+SYSGPIOWRITE" => {
            ok(&mut bench, "AT+SYSIOSETCFG=12,3,1");
            ok(&mut bench, "AT+SYSGPIODIR=12,1");
        }
        "AT+FS" if matches!(values.get(1).map_or("", |value| &value.1), "0" | "2") => {
            assert!(bench.ask_for("AT+FS=0,1,\"filename\",0,10", ms(10)).contains('>'));
            assert_eq!(bench.payload(b"0123456789"), "\r\nOK\r\n");
        }
        "AT+USERRAM" if values.first().is_none_or(|value| value.1 != "1") => ok(&mut bench, "AT+USERRAM=1,1024"),
        "AT+USERMCUSLEEP" => ok(&mut bench, "AT+USERWKMCUCFG=1,2,1,65,100"),
        "AT+CIPSSLCPSKHEX" if values.len() == 3 => ok(&mut bench, "AT+CIPMUX=1"),
        "AT+CWQIF" => {
            bench.module.happen(bench.now, Event::ClientJoins("phone".into()));
            bench.run(ms(10));
        }
        "AT+SYSMSGFILTERCFG" if values.first().is_some_and(|value| value.1 == "2") => {
            assert!(bench.ask_for("AT+SYSMSGFILTERCFG=1,17,0", ms(10)).ends_with("\r\n>"));
            assert_eq!(bench.payload(b"^WIFI CONNECTED\r\n"), "\r\nOK\r\n");
        }
        "AT+CIPTCPOPT" if values.len() == 5 => open(&mut bench, Some(0), "TCP"),
        "AT+CIPSSLCCONF" if values.len() == 4 => ok(&mut bench, "AT+CIPMUX=1"),
        "AT+CIPSSLCCN" | "AT+CIPSSLCSNI" if values.len() == 2 => ok(&mut bench, "AT+CIPMUX=1"),
        "AT+CIPSSLCALPN" if line.starts_with("AT+CIPSSLCALPN=0,") => ok(&mut bench, "AT+CIPMUX=1"),
        "AT+CIPSSLCPSK" if values.len() == 3 => ok(&mut bench, "AT+CIPMUX=1"),
        "AT+CWJEAP" if kind == "query" => {
            let join = "AT+CWJEAP=\"office\",1,\"ann@example.org\",\"ann\",\"phase 2\",0";
            let answer = bench.ask_for(join, ms(10));
            assert!(answer.contains("\r\nOK\r\n"), "{answer}");
        }
        "AT+CIPSNTPCFG" if kind == "query" && rx.is_empty() => {
            let zone = if matches!(dialect, Dialect::Esp8266Idf | Dialect::Esp32V1) { "8" } else { "1,8" };
            let set = bench.ask_for(
                &format!("AT+CIPSNTPCFG={zone},\"a.ntp.example\",\"b.ntp.example\",\"c.ntp.example\""),
                ms(10),
            );
            assert!(set.starts_with("\r\nOK\r\n"), "{set}");
        }
        "AT+FAKE" if rx.len() > 1 => ok(&mut bench, "AT+SYSLOG=1"),
        "AT+CIPCLOSE" => open(&mut bench, number(0), "TCP"),
        "AT+CIPRECVDATA" => {
            open(&mut bench, number(0).filter(|_| number(1).is_some()), "TCP");
            ok(&mut bench, "AT+CIPRECVMODE=1");
            let socket = bench.module.links()[0].socket;
            bench.network.push(socket, &[b'x'; 100]);
            bench.run(ms(10));
        }
        "AT+CWLIF" => {
            bench.module.happen(bench.now, Event::ClientJoins("phone".into()));
            bench.run(ms(10));
        }
        "AT+CIPSTATUS" if rx.iter().any(|line| line.starts_with("+CIPSTATUS")) => {
            // A client of the module's server at link 1.
            ok(&mut bench, "AT+CIPMUX=1");
            ok(&mut bench, "AT+CIPSERVER=1,6000");
            let first = bench.client(5001, 6000);
            let from = std::net::SocketAddr::from(([192, 168, 4, 2], 5000));
            bench.network.connect_to_module(from, 6000).unwrap();
            bench.run(ms(10));
            bench.network.close_peer(first);
            bench.run(ms(10));
        }
        "AT+CIPSTATUS" if rx.iter().any(|line| line == "STATUS:2") => {}
        "AT+CIPSTATUS" => open(&mut bench, Some(1), "TCP"),
        "AT+CIPRECVLEN" => {
            open(&mut bench, Some(0), "TCP");
            ok(&mut bench, "AT+CIPRECVMODE=1");
            let socket = bench.module.links()[0].socket;
            bench.network.push(socket, &[b'x'; 100]);
            bench.run(ms(10));
        }
        "AT+CIPRECVMODE" => open(&mut bench, Some(0), "TCP"),
        "AT+CWDHCPS_CUR" | "AT+CWDHCPS_DEF" if kind == "set" => {
            let network = if one_is_in(values, "192.168.0.") { "192.168.0.1" } else { "192.168.4.1" };
            ok(&mut bench, &format!("AT+CIPAP_CUR=\"{network}\""));
        }
        "AT+WEBSERVER" => ok(&mut bench, "AT+CIPMUX=1"),
        "AT+CIPSERVER" => ok(&mut bench, "AT+CIPMUX=1"),
        "AT+CIPSTO" => {
            ok(&mut bench, "AT+CIPMUX=1");
            ok(&mut bench, "AT+CIPSERVER=1,1001");
        }
        "AT+CIPSNTPTIME" => {
            let zone = if matches!(dialect, Dialect::Esp8266Idf | Dialect::Esp32V1) { "8" } else { "1,8" };
            let zone = if rx.iter().any(|line| line.contains("15:17:56")) { "1,530" } else { zone };
            let set = bench.ask_for(&format!("AT+CIPSNTPCFG={zone}"), ms(10));
            assert!(set.starts_with("\r\nOK\r\n"), "{set}");
        }
        _ => {}
    }
    bench
}
