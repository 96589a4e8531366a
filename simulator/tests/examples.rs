//! Every example of the manuals' catalogues whose command a profile has is sent to it and gets its documented final
//! result. `tests/data` holds the examples and the finals of the catalogues.
#![allow(missing_docs)]
#![cfg(all(feature = "tls", feature = "services"))]

mod common;
#[path = "common/tls.rs"]
mod tls;

use common::{Bench, builder_of, ms};
use core::time::Duration;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use wifi_at_simulator::{AccessPoint, Dialect, EnterpriseAccess, Latency};

/// A line taken apart: name with `AT`, kind as the catalogue calls it, parameters without quotes.
fn split(line: &str) -> (&str, &'static str, Vec<(bool, String)>) {
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

/// The world that an example needs, and what comes before it.
fn prepare(dialect: Dialect, name: &str, kind: &str, values: &[(bool, String)]) -> Bench {
    // A MAC address that no example uses.
    let mut builder = builder_of(dialect).latency(Latency::none()).station_mac([0, 0x0a, 0x0b, 1, 2, 3]);
    let neighbour = AccessPoint::new("WIZNETSZ", "12345678").bssid([0x00, 0x08, 0xdc, 0x9c, 0xef, 0xb6]);
    builder = builder.access_point(neighbour.channel(12));
    if name.starts_with("AT+CWJAP") && kind == "set" {
        let point = AccessPoint::new(&values[0].1, &values[1].1);
        let bssid: Vec<u8> = match values.get(2).filter(|value| !value.1.is_empty()) {
            Some((_, text)) => text.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect(),
            None => vec![2, 0, 0, 0, 0, 9],
        };
        builder = builder.access_point(point.bssid(bssid.try_into().unwrap()));
    }
    if name == "AT+CWJEAP" && kind == "set" {
        let text = |index: usize| values[index].1.clone();
        let access = EnterpriseAccess { identity: text(2), username: text(3), password: text(4) };
        builder = builder.access_point(AccessPoint::open(text(0)).enterprise(access));
    }
    let authority = tls::Authority::new("authority");
    let identity = authority.issue("module", 2020..2040);
    let mut bench = Bench::online(builder.certificates(tls::store(&authority, &identity)));
    // SmartConfig is for stations only.
    bench.ok(if name.contains("SMART") { "AT+CWMODE=1" } else { "AT+CWMODE=3" });
    if dialect == Dialect::EspAt {
        bench.ok("AT+CIPV6=1");
    }
    let host = Ipv4Addr::new(10, 0, 0, 77);
    let number =
        |index: usize| values.get(index).filter(|value| !value.0).and_then(|value| value.1.parse::<u16>().ok());
    let open = |bench: &mut Bench, link: Option<u16>, kind: &str| {
        if link.is_some() {
            bench.ok("AT+CIPMUX=1");
        }
        let id = link.map(|id| format!("{id},")).unwrap_or_default();
        bench.network.serve((host, 7).into(), || |_: &[u8]| Vec::new());
        let answer = bench.ask_for(&format!("AT+CIPSTART={id}\"{kind}\",\"{host}\",7"), ms(100));
        assert!(answer.ends_with("CONNECT\r\n\r\nOK\r\n"), "{answer}");
    };
    match name {
        "AT+CIPSTART" => {
            let first = usize::from(number(0).is_some());
            if first == 1 {
                bench.ok("AT+CIPMUX=1");
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
            bench.network.add_host(&values[0].1, host.into());
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
            bench.ok("AT+CIPMODE=1");
            if name == "+++" {
                assert!(bench.ask("AT+CIPSEND").contains('>'));
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
        "AT+CIUPDATE" => {
            bench.network.add_host("iot.espressif.cn", host.into());
            let answer = |_: &[u8]| b"HTTP/1.0 200 OK\r\nContent-Length: 21\r\n\r\n{\"version\": \"v1.0.0\"}".to_vec();
            bench.network.serve((host, 8000).into(), move || answer);
            let config = identity.server(None, &[]);
            bench.network.serve((host, 8443).into(), move || {
                tls::TlsPeer::new(&config, move |_: &rustls::ServerConnection, data: &[u8]| answer(data))
            });
        }
        "AT+SYSGPIODIR" | "AT+SYSGPIOREAD" => bench.ok("AT+SYSIOSETCFG=12,3,1"),
        "AT+SYSGPIOWRITE" => {
            bench.ok("AT+SYSIOSETCFG=12,3,1");
            bench.ok("AT+SYSGPIODIR=12,1");
        }
        "AT+FS" if matches!(values[1].1.as_str(), "0" | "2") => {
            assert!(bench.ask("AT+FS=0,1,\"filename\",0,10").contains('>'));
            assert_eq!(bench.payload(b"0123456789"), "\r\nOK\r\n");
        }
        "AT+USERRAM" if values[0].1 != "1" => bench.ok("AT+USERRAM=1,1024"),
        "AT+USERMCUSLEEP" => bench.ok("AT+USERWKMCUCFG=1,2,1,65,100"),
        "AT+CIPSSLCPSKHEX" if values.len() == 3 => bench.ok("AT+CIPMUX=1"),
        "AT+CIPCLOSE" => open(&mut bench, number(0), "TCP"),
        "AT+CIPRECVDATA" => {
            open(&mut bench, number(0).filter(|_| number(1).is_some()), "TCP");
            bench.ok("AT+CIPRECVMODE=1");
            let socket = bench.module.links()[0].socket;
            bench.network.push(socket, &[b'x'; 100]);
            bench.run(ms(10));
        }
        "AT+CIPSTATUS" => open(&mut bench, Some(1), "TCP"),
        "AT+CIPRECVMODE" => open(&mut bench, Some(0), "TCP"),
        "AT+CWDHCPS_CUR" | "AT+CWDHCPS_DEF" if kind == "set" => {
            let network = if one_is_in(values, "192.168.0.") { "192.168.0.1" } else { "192.168.4.1" };
            bench.ok(&format!("AT+CIPAP_CUR=\"{network}\""));
        }
        "AT+WEBSERVER" => bench.ok("AT+CIPMUX=1"),
        "AT+CIPSERVER" => bench.ok("AT+CIPMUX=1"),
        "AT+CIPSTO" => {
            bench.ok("AT+CIPMUX=1");
            bench.ok("AT+CIPSERVER=1,1001");
        }
        "AT+CIPSNTPTIME" => {
            let zone = if matches!(dialect, Dialect::Esp8266Idf | Dialect::Esp32V1) { "8" } else { "1,8" };
            let set = bench.ask(&format!("AT+CIPSNTPCFG={zone}"));
            assert!(set.starts_with("\r\nOK\r\n"), "{set}");
        }
        _ => {}
    }
    bench
}

/// The lines that an example gets.
fn answer(bench: &mut Bench, line: &str, values: &[(bool, String)]) -> String {
    if line == "+++" {
        bench.send(b"+++");
        bench.run(Duration::from_secs(2));
        return bench.ask("AT");
    }
    let mut got = bench.ask_for(line, Duration::from_secs(1));
    if line == "AT+CIPRECVMODE=1" {
        let socket = bench.module.links()[0].socket;
        bench.network.push(socket, &[b'x'; 100]);
        got += &bench.run(ms(10));
    }
    let written = ["AT+SYSFLASH=1", "AT+SYSMFG=2", "AT+FS=0,1", "AT+USERRAM=2"];
    if got.contains('>') && written.iter().any(|start| line.starts_with(start)) {
        let at = if line.starts_with("AT+USERRAM") { 1 } else { values.len() - 1 };
        let length = &values[at].1;
        let count = length.strip_prefix("0x").map_or_else(|| length.parse(), |hex| usize::from_str_radix(hex, 16));
        got += &bench.payload(&vec![b'x'; count.unwrap()]);
    }
    if line == "AT+USEROTA=36" {
        bench.network.serve("10.0.0.1:8070".parse().unwrap(), || {
            |_: &[u8]| b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n\xe9image".to_vec()
        });
        got += &bench.payload(b"http://example.org:8070/firmware.bin");
        assert!(got.contains("Recv 36 bytes\r\n\r\nOK\r\n"), "{got}");
    }
    if line.contains("CIPSEND") && !line.contains("BUF") && line.contains('=') && got.contains('>') {
        let count = values.iter().take(2).rfind(|value| !value.0).unwrap().1.parse().unwrap();
        got += &bench.payload(&vec![b'x'; count]);
    }
    got
}

/// Commands of the catalogues that a profile does not know, by the beginnings of their names, and why.
const NOT_THERE: [(&str, &str, &str); 2] = [
    ("esp8266-nonos", "AT+TEST", "a placeholder of the manual for those who build firmware"),
    ("esp8266-idf", "AT+SYSLSP", "two names in a list, without section; only the ESP32 had them"),
];

/// Where the examples of a chapter are if not here.
const ELSEWHERE: [(&str, &str); 6] = [
    ("ble", "bluetooth_examples.rs"),
    ("bt", "bluetooth_examples.rs"),
    ("mqtt", "service_examples.rs"),
    ("http", "service_examples.rs"),
    ("websocket", "service_examples.rs"),
    ("driver", "driver.rs"),
];

/// Examples that are no commands of the profile: data behind a prompt, a command that does not exist.
fn is_other(name: &str) -> bool {
    !name.starts_with("AT") && name != "+++" || name == "AT+FAKE"
}

/// The known commands of a chapter, and all of them; a command or form that is missing without a reason fails.
fn known_commands(dialect: Dialect, chapter: &Value) -> (usize, usize) {
    let has = dialect.commands();
    let mut known = 0;
    let all = chapter.as_array().unwrap();
    for command in all {
        let name = command["name"].as_str().unwrap();
        // `ATE` stands for its two commands; `+++` is no command.
        let own = if name == "ATE" { "ATE0" } else { name };
        let found = has.iter().find(|known| known.name == own);
        let excused = NOT_THERE.iter().any(|entry| entry.0 == dialect.name() && name.starts_with(entry.1));
        assert!(found.is_some() || excused || name == "+++", "{} does not know {name}", dialect.name());
        known += usize::from(found.is_some() || name == "+++");
        for form in command["forms"].as_array().unwrap() {
            let kind = form.as_str().unwrap();
            let there = found.is_none_or(|known| match kind {
                "test" => known.test,
                "query" => known.query,
                "set" => known.set,
                _ => known.execute,
            });
            assert!(there, "{} does not know the {kind} form of {name}", dialect.name());
        }
    }
    (known, all.len())
}

#[test]
fn examples() {
    let mut counts = std::collections::BTreeMap::<(&str, String), (usize, usize)>::new();
    for (dialect, text) in [
        (Dialect::EspAt, include_str!("data/esp-at-system.json")),
        (Dialect::EspAt, include_str!("data/esp-at-wifi.json")),
        (Dialect::EspAt, include_str!("data/esp-at-tcpip.json")),
        (Dialect::WizFi360, include_str!("data/wizfi360.json")),
        (Dialect::Esp8266Nonos, include_str!("data/esp8266-nonos.json")),
        (Dialect::Esp8266Idf, include_str!("data/esp8266-idf.json")),
        (Dialect::Esp32V1, include_str!("data/esp32-v1.json")),
    ] {
        let catalogue: Value = serde_json::from_str(text).unwrap();
        let commands = catalogue["commands"].as_array().unwrap();
        let has: Vec<String> = dialect.commands().into_iter().map(|command| command.name).collect();
        let in_groups = commands.iter().flat_map(|command| {
            let examples = command["examples"].as_array().unwrap().iter();
            examples.map(|example| (command["group"].as_str().unwrap(), example))
        });
        for (group, example) in in_groups {
            let count = counts.entry((dialect.name(), group.to_owned())).or_default();
            let line = example["tx"].as_str().unwrap();
            let (name, kind, values) = split(line);
            if is_other(name) || ELSEWHERE.iter().any(|(other, _)| *other == group) {
                continue;
            }
            count.1 += 1;
            if name != "+++" && !has.iter().any(|known| known == name) {
                continue;
            }
            // The last line of the example, or what its form ends with.
            let shown = example["rx"].as_array().unwrap().last().and_then(Value::as_str);
            let shown = shown.filter(|last| matches!(*last, "OK" | "SEND OK" | ">"));
            let of_form = || {
                let command = commands.iter().find(|command| command["name"] == name)?;
                let form = command["forms"].as_array()?.iter().find(|form| form["kind"] == kind)?;
                form["final_ok"].as_array()?.last()?.as_str().or(form["prompt"].as_str())
            };
            let wanted = shown.or_else(of_form).unwrap_or("OK");
            let mut bench = prepare(dialect, name, kind, &values);
            let got = answer(&mut bench, line, &values);
            let found = got.lines().any(|line| line.trim_end() == wanted);
            let failed = got.lines().any(|line| matches!(line, "ERROR" | "FAIL" | "SEND FAIL"));
            assert!(found && !failed, "{}: {line}: {wanted:?} wanted, got {got:?}", dialect.name());
            // Lines with a name come with that name.
            let names = example["rx"].as_array().unwrap().iter().filter_map(|line| line.as_str()?.split_once(':'));
            for (name, _) in names.filter(|(name, _)| name.starts_with('+')) {
                let there = got.lines().any(|line| line.split_once(':').is_some_and(|(label, _)| label == name));
                assert!(there, "{}: {line}: {name} wanted, got {got:?}", dialect.name());
            }
            count.0 += 1;
        }
    }
    let catalogue: Value = serde_json::from_str(include_str!("data/commands.json")).unwrap();
    for &dialect in Dialect::ALL {
        for (group, chapter) in catalogue[dialect.name()].as_object().unwrap() {
            let (known, all) = known_commands(dialect, chapter);
            let name = format!("{} {group}", dialect.name());
            if let Some((_, file)) = ELSEWHERE.iter().find(|(other, _)| other == group) {
                println!("{name}: {known}/{all} commands, examples in {file}");
                continue;
            }
            let (done, examples) = counts.get(&(dialect.name(), group.clone())).copied().unwrap_or_default();
            println!("{name}: {known}/{all} commands, examples {done}/{examples}");
            assert_eq!(done, examples, "{name}");
        }
    }
}
