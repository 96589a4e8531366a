//! Sessions of the smaller manuals, on their dialects. Many listings leave lines out: what they show has to come, in their
//! order, and the command has to end well.

use crate::Replay;
use crate::common::{Bench, ms};
use crate::service_world::{World, prepare, values};
use serde_json::Value;
use std::net::SocketAddr;
use wifi_at_simulator::{AccessPoint, Dialect, Lease};

/// A line that has lost two of its values in print, and the line that has them: its message is shown as received.
const DAMAGED: (&str, &str) = ("AT+MQTTPUB=0,\"topic\",1", "AT+MQTTPUB=0,\"topic\",\"test\",1,0");

/// Sun Dec 11 18:33:32 2016; the sessions' zone is 8.
const CLOCK: u64 = 1_481_481_212;

/// The rest of the first such line in the session.
fn tail<'a>(session: &'a Value, start: &str) -> Option<&'a str> {
    let lines = session["steps"].as_array().unwrap().iter();
    lines.filter_map(|step| step["tx"].as_str()).find_map(|line| line.strip_prefix(start))
}

/// The address that `AT+CIFSR` shows.
fn shown_address(session: &Value) -> Option<[u8; 4]> {
    let steps = session["steps"].as_array().unwrap().iter();
    let line = steps.filter(|step| step["tx"] == "AT+CIFSR").find_map(|step| step["rx"][0].as_str())?;
    let text = line.split('"').nth(1).unwrap_or(line);
    Some(text.parse::<std::net::Ipv4Addr>().unwrap().octets())
}

/// What goes before a session that begins in the middle.
fn preconditions(session: &Value, bench: &mut Bench) {
    match session["section"].as_str().unwrap() {
        // Buffered data on link 0.
        "4.24" => {
            bench.network.serve(([10, 0, 0, 9], 7).into(), || |_: &[u8]| Vec::new());
            bench.ok("AT+CIPMUX=1");
            let opened = bench.ask_for("AT+CIPSTART=0,\"TCP\",\"10.0.0.9\",7", ms(10));
            assert_eq!(opened, "0,CONNECT\r\n\r\nOK\r\n");
        }
        "5.2.2" | "4.2" => bench.network.add_host("iot.espressif.cn", [10, 0, 0, 8].into()),
        "8" => {
            bench.network.add_host("iot.espressif.cn", [10, 0, 0, 8].into());
            let answer = b"HTTP/1.0 200 OK\r\nContent-Length: 21\r\n\r\n{\"version\": \"v1.0.0\"}";
            bench.network.serve(([10, 0, 0, 8], 8000).into(), move || |_: &[u8]| answer.to_vec());
        }
        _ => {}
    }
}

/// Plays a session on a new module.
pub(crate) fn replay(session: &Value) -> Replay {
    let dialect: Dialect = session["dialect"].as_str().unwrap().parse().unwrap();
    let mut world = World::new();
    let provisions = tail(session, "AT+CWSTARTSMART").or(tail(session, "AT+WPS")).is_some();
    let joins = !provisions && tail(session, "AT+CWJAP").is_none();
    let lease = shown_address(session).map(|[a, b, c, d]| Lease {
        address: [a, b, c, d].into(),
        gateway: [a, b, c, 1].into(),
        netmask: [255, 255, 255, 0].into(),
    });
    let mut bench = world.module_with(dialect, joins, |builder| {
        let mut surroundings = wifi_at_simulator::World::new().access_point(AccessPoint::new("SSID", "password"));
        if let Some(lease) = lease {
            surroundings = surroundings.lease(lease);
        }
        let checks_certificates = tail(session, "AT+MQTTUSERCFG").is_some();
        let builder = if checks_certificates { builder } else { builder.clock(CLOCK) };
        builder.world(surroundings)
    });
    preconditions(session, &mut bench);
    let mut scheme = 1;
    let steps = session["steps"].as_array().unwrap();
    for (at, step) in steps.iter().enumerate() {
        if let Err(failure) = play(&mut world, &mut bench, step, &mut scheme) {
            return Replay { steps: at, failure: Some(failure) };
        }
    }
    Replay { steps: steps.len(), failure: None }
}

fn play(world: &mut World, bench: &mut Bench, step: &Value, scheme: &mut u8) -> Result<(), String> {
    let line = step["tx"].as_str().unwrap_or_default();
    let line = if line == DAMAGED.0 { DAMAGED.1 } else { line };
    let shown: Vec<&str> = step["rx"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let mut wanted: Vec<String> = shown.iter().map(|line| line.replace(",n:", ",10:")).collect();
    let values = values(line);
    let mut got = String::new();
    if line.is_empty() {
        peer_acts(bench, &shown);
        got += &bench.run(ms(10));
    } else if line == "+++" {
        bench.run(ms(1000));
        bench.send(b"+++");
        got += &bench.run(ms(1500));
        return if got.is_empty() && !bench.module.in_data_mode() { Ok(()) } else { Err(format!("+++: {got:?}")) };
    } else if step["payload_only"] == true {
        got += &bench.payload(line.as_bytes());
    } else {
        if line.starts_with("AT+MQTTUSERCFG") {
            *scheme = values[1].parse().unwrap();
        }
        if line.starts_with("AT+CIPSTART") {
            let kind = values.iter().position(|value| matches!(*value, "TCP" | "UDP")).unwrap();
            let remote: SocketAddr = format!("{}:{}", values[kind + 1], values[kind + 2]).parse().unwrap();
            bench.network.serve(remote, || |_: &[u8]| Vec::new());
        }
        prepare(world, line, &[], *scheme);
        got += &bench.ask_for(line, ms(100));
    }
    // The older listings show the bare address, the others the line as it is.
    if line == "AT+CIFSR" {
        for wanted in &mut wanted {
            *wanted = wanted.split('"').nth(1).unwrap_or(wanted).to_owned();
        }
    }
    let mut rest = &got[..];
    for wanted in wanted.iter().filter(|wanted| !wanted.is_empty()) {
        let (_, behind) =
            rest.split_once(wanted.as_str()).ok_or_else(|| format!("{line}: {got:?}, wanted {wanted}"))?;
        rest = behind;
    }
    let end = match (line, &shown[..]) {
        ("", _) => return Ok(()),
        (_, [.., "ERROR"]) => "\r\nERROR\r\n",
        (_, [.., "SEND OK"]) => "\r\nSEND OK\r\n",
        (_, [.., ">"]) => ">",
        _ => "\r\nOK\r\n",
    };
    // An update restarts the module behind its OK.
    let ended = got.trim_end_matches(' ').ends_with(end) || line == "AT+CIUPDATE" && got.contains(end);
    if ended { Ok(()) } else { Err(format!("{line}: {got:?} does not end with {end:?}")) }
}

/// What the line that the module prints by itself comes from.
fn peer_acts(bench: &mut Bench, shown: &[&str]) {
    match shown {
        // A client connects.
        [] => {
            bench.client(50_000, 333);
        }
        [line] => {
            let count = if line.contains("100") { 100 } else { 10 };
            let link = bench.module.links()[0].clone();
            if link.kind == "UDP" {
                bench.network.push_datagram(link.remote, link.local_port, &vec![b'x'; count]);
            } else {
                bench.network.push(link.socket, &vec![b'x'; count]);
            }
        }
        _ => unreachable!("one line at most"),
    }
}
