//! The profiles against the manuals' catalogues.

use std::string::String;

use super::*;

const CATALOGUES: [(&Profile, &str); 5] = [
    (EspAt::PROFILE, include_str!("../../tests/data/commands/esp-at.core.json")),
    (Esp32V1::PROFILE, include_str!("../../tests/data/commands/esp32-v1.json")),
    (Esp8266Idf::PROFILE, include_str!("../../tests/data/commands/esp8266-idf.json")),
    (Esp8266Nonos::PROFILE, include_str!("../../tests/data/commands/esp8266-nonos.json")),
    (WizFi360::PROFILE, include_str!("../../tests/data/commands/wizfi360.json")),
];

/// Whether the manual has this command, by the name up to its parameters.
fn is_known(catalogue: &str, command: &str) -> bool {
    let name = command.split(['=', '?']).next().unwrap_or(command);
    let quoted = |name: &str| catalogue.contains(&std::format!("\"{name}\""));
    // The catalogues write them so.
    quoted(name) || quoted(name.trim_start_matches("AT")) || (name == "ATE0" && quoted("ATE"))
}

#[test]
fn every_command_of_a_profile_is_in_its_manual() {
    for (profile, catalogue) in CATALOGUES {
        let steps = profile.bring_up.iter().flat_map(|step| step.commands);
        let others = profile.link_queries.iter().chain(&profile.link_messages).chain(&profile.client_limit);
        let active = profile.active_receive.iter().filter_map(|way| match way {
            ActiveReceive::Fixed => None,
            ActiveReceive::Link(name) | ActiveReceive::Module(name) => Some(name),
        });
        let tls = profile.tls.authentication.map(|way| match way {
            TlsAuthentication::Link(name) | TlsAuthentication::Module(name) => name,
        });
        let names = ["AT+CIPSSLCCN", "AT+CIPSSLCSNI", "AT+CIPSSLCALPN", "AT+CIPSSLCPSK"];
        for name in names {
            assert_eq!(profile.tls.names, is_known(catalogue, name), "{} {name}", profile.name);
        }
        let tls = tls.iter().chain(&profile.tls.buffer).chain(&profile.tls.timestamp).chain(&["AT+CIPSNTPTIME"]);
        let mut unknown = String::new();
        for command in steps.chain(others).chain(active).chain(&profile.tcp_options).chain(tls) {
            assert!(command.len() < 60 && !command.contains(['\r', '\n']), "{command}");
            // The manual of ESP8266 is about 2.0; later releases have what ESP-AT's manual describes.
            let later = profile.family == Family::Esp8266Idf && is_known(CATALOGUES[0].1, command);
            let optional = profile.bring_up.iter().any(|step| !step.required && step.commands.contains(command));
            if !(is_known(catalogue, command) || later && optional) {
                unknown += command;
                unknown.push(' ');
            }
        }
        assert_eq!(unknown, "", "{}", profile.name);
    }
}

#[test]
fn every_profile_has_what_the_engine_relies_on() {
    for (index, (profile, _)) in CATALOGUES.iter().enumerate() {
        let required = |command| profile.bring_up.iter().any(|step| step.required && step.commands == [command]);
        assert!(required("ATE0") && required("AT+CIPMUX=1"), "{}", profile.name);
        assert_eq!(profile.bring_up.iter().filter(|step| step.sets == Sets::Firmware).count(), 1, "{}", profile.name);
        let passive = profile.bring_up.iter().filter(|step| step.sets == Sets::PassiveReceive);
        let wordings: usize = passive.map(|step| step.commands.len()).sum();
        assert!(profile.active_receive.len() <= wordings, "{}", profile.name);
        assert!((1..=2048).contains(&profile.send_limit) && (1..=8192).contains(&profile.receive_limit));
        let others = CATALOGUES.iter().enumerate().filter(|(other, _)| *other != index);
        for (_, (other, _)) in others {
            assert!(other.family != profile.family && other.name != profile.name, "{}", profile.name);
        }
    }
}
