//! The worked sessions of the manuals, from the catalogue, step by step. Second boards are second modules; phones, routers,
//! brokers, web servers and users are played by the world and by servers in memory. The sessions stand in `tests/data/commands` of the
//! workspace.
#![allow(missing_docs)]

mod bluetooth;
#[path = "../common/broker.rs"]
mod broker;
#[path = "../common/catalogues.rs"]
mod catalogues;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/layers.rs"]
mod layers;
#[path = "../common/service_world.rs"]
mod service_world;
mod services;
mod small;
#[path = "../common/tls.rs"]
mod tls;
mod wifi;

use serde_json::Value;

/// What became of a session.
struct Replay {
    /// Steps that went as the manual says.
    steps: usize,
    /// What went wrong first.
    failure: Option<String>,
}

/// Who plays a session, by its commands.
fn player(session: &Value) -> fn(&Value) -> Replay {
    let lines = || session["steps"].as_array().unwrap().iter().filter_map(|step| step["tx"].as_str());
    let has = |marks: &[&str]| lines().any(|line| marks.iter().any(|mark| line.starts_with(mark)));
    if session["dialect"].is_string() {
        small::replay
    } else if has(&["AT+BLE", "AT+BT", "AT+BLUFI"]) {
        bluetooth::replay
    } else if has(&["AT+MQTT", "AT+HTTP", "AT+WS"]) {
        services::replay
    } else {
        wifi::replay
    }
}

/// The sessions of a manual.
fn sessions(file: &str) -> Vec<Value> {
    catalogues::read(file)["sessions"].as_array().unwrap().clone()
}

/// Plays all sessions: how many there are and how many went through, steps of those and all.
fn replay_all(name: &str, sessions: &[Value]) -> [usize; 4] {
    let (mut done, mut steps_done, mut steps) = (0, 0, 0);
    let mut failures = Vec::new();
    for session in sessions {
        let (section, title) = (session["section"].as_str().unwrap(), session["title"].as_str().unwrap());
        steps += session["steps"].as_array().unwrap().len();
        let replay = player(session)(session);
        steps_done += replay.steps;
        match replay.failure {
            None => done += 1,
            Some(failure) => failures.push(format!("{section} {title}: {failure}")),
        }
    }
    println!("{name}: sessions {done}/{}, steps {steps_done}/{steps}", sessions.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    [done, sessions.len(), steps_done, steps]
}

#[test]
fn sessions_of_esp_at() {
    assert_eq!(replay_all("esp-at", &sessions("esp-at.sessions")), [60, 60, 501, 501]);
}

#[test]
fn sessions_of_the_small_manuals() {
    for (dialect, steps) in [("esp32-v1", [13, 13, 60, 60]), ("esp8266-idf", [15, 15, 51, 51])] {
        let mut sessions = sessions(dialect);
        sessions.iter_mut().for_each(|session| session["dialect"] = dialect.into());
        assert_eq!(replay_all(dialect, &sessions), steps);
    }
}
