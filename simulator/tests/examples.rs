//! Every example of the manuals' catalogues whose command a profile has is sent to it and gets its documented final
//! result. `tests/data` holds the examples and the finals of the catalogues.
#![allow(missing_docs)]

mod common;

use common::{Bench, builder_of, ms};
use core::time::Duration;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};
use wifi_at_simulator::{AccessPoint, Dialect, Latency};

/// What the simulator does not do.
const WITHOUT: [&str; 1] = ["\"SSL\""];

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

/// The world that an example needs, and what comes before it.
fn prepare(dialect: Dialect, name: &str, kind: &str, values: &[(bool, String)]) -> Bench {
    // A MAC address that no example uses.
    let mut builder = builder_of(dialect).latency(Latency::none()).station_mac([0, 0x0a, 0x0b, 1, 2, 3]);
    let neighbour = AccessPoint::new("WIZNETSZ", "12345678").bssid([0x00, 0x08, 0xdc, 0x9c, 0xef, 0xb6]);
    builder = builder.access_point(neighbour.channel(12));
    if name.starts_with("AT+CWJAP") && kind == "set" {
        let point = AccessPoint::new(&values[0].1, &values[1].1);
        let bssid: Vec<u8> = match values.get(2) {
            Some((_, text)) => text.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect(),
            None => vec![2, 0, 0, 0, 0, 9],
        };
        builder = builder.access_point(point.bssid(bssid.try_into().unwrap()));
    }
    let mut bench = Bench::online(builder);
    bench.ok("AT+CWMODE=3");
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
            bench.network.serve((address.unwrap_or(host.into()), port).into(), || |_: &[u8]| Vec::new());
        }
        "AT+CIPDOMAIN" => bench.network.add_host(&values[0].1, host.into()),
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
        "AT+CIPSERVER" => bench.ok("AT+CIPMUX=1"),
        "AT+CIPSTO" => {
            bench.ok("AT+CIPMUX=1");
            bench.ok("AT+CIPSERVER=1,1001");
        }
        "AT+CIPSNTPTIME" => {
            let zone = if matches!(dialect, Dialect::Esp8266Idf | Dialect::Esp32V1) { "8" } else { "1,8" };
            bench.ok(&format!("AT+CIPSNTPCFG={zone}"));
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
    if line.contains("CIPSEND") && line.contains('=') && got.contains('>') {
        let count = values.iter().take(2).rfind(|value| !value.0).unwrap().1.parse().unwrap();
        got += &bench.payload(&vec![b'x'; count]);
    }
    got
}

#[test]
fn examples() {
    let mut printed = Vec::new();
    for (dialect, text) in [
        (Dialect::WizFi360, include_str!("data/wizfi360.json")),
        (Dialect::Esp8266Nonos, include_str!("data/esp8266-nonos.json")),
        (Dialect::Esp8266Idf, include_str!("data/esp8266-idf.json")),
        (Dialect::Esp32V1, include_str!("data/esp32-v1.json")),
    ] {
        let catalogue: Value = serde_json::from_str(text).unwrap();
        let commands = catalogue["commands"].as_array().unwrap();
        let has: Vec<String> = dialect.commands().into_iter().map(|command| command.name).collect();
        let (mut done, mut known, mut all) = (0, 0, 0);
        for example in commands.iter().flat_map(|command| command["examples"].as_array().unwrap()) {
            all += 1;
            let line = example["tx"].as_str().unwrap();
            let (name, kind, values) = split(line);
            if name != "+++" && !has.iter().any(|known| known == name) {
                continue;
            }
            known += 1;
            if WITHOUT.iter().any(|part| line.contains(part)) {
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
            done += 1;
        }
        printed.push((dialect.name(), done, known));
        println!("{}: examples {done} of {known} (the catalogue has {all})", dialect.name());
    }
    // Missing are only links with TLS.
    assert_eq!(
        printed,
        [("wizfi360", 110, 111), ("esp8266-nonos", 102, 104), ("esp8266-idf", 53, 55), ("esp32-v1", 66, 67)]
    );
}
