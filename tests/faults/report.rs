//! What the sweeps have seen, and whether that is all.

use std::collections::{BTreeMap, BTreeSet};

use wifi_at_simulator::{Dialect, Fault};

/// What driver and module are at when a fault is injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    BringUp,
    Joining,
    /// A list is on its way to the host.
    List,
    Idle,
    /// The module works on a command.
    Command,
    /// Between `OK` and the prompt.
    Prompt,
    /// The data of a send goes out.
    Sending,
    /// The data is out, `SEND OK` is not.
    Confirm,
    /// Received data is on its way to the host.
    Receiving,
}

pub(crate) const STATES: [State; 9] = [
    State::BringUp,
    State::Joining,
    State::List,
    State::Idle,
    State::Command,
    State::Prompt,
    State::Sending,
    State::Confirm,
    State::Receiving,
];

/// Faults that need something which the session of this sweep has not, and where they are tested.
pub(crate) const ELSEWHERE: &[(Fault, &str)] = &[
    (Fault::MessageInPieces, "needs MQTT: h1 in tests/hazards/scripted.rs"),
    (Fault::MessageHeadCut, "needs MQTT: h1 in tests/hazards/scripted.rs"),
    (Fault::BleLostAtPrompt, "needs Bluetooth: h6 in tests/hazards/scripted.rs"),
    (Fault::BleControlWords, "needs Bluetooth: h7 in tests/hazards/scripted.rs"),
    (Fault::BleCutAtNul, "needs Bluetooth: h7 in tests/hazards/scripted.rs"),
];

/// Faults that a dialect could show, and the session does not lead to.
pub(crate) fn is_out_of_reach(fault: Fault, dialect: Dialect) -> bool {
    match fault {
        // Data of TCP links that comes unasked, which the driver does not let the module send where it can help it.
        Fault::LongFrame => !matches!(dialect, Dialect::Esp32V1 | Dialect::WizFi360),
        // Says nothing of links that are not open.
        Fault::OtherEmptyLength => matches!(dialect, Dialect::Esp8266Idf),
        _ => false,
    }
}

/// What one dialect's sweep has seen.
pub(crate) struct Report {
    pub(crate) dialect: Dialect,
    /// Sessions with a fault that was shown.
    pub(crate) runs: usize,
    /// Injections that would have led to a session that was run already: the same place of the same fault came first.
    pub(crate) same: usize,
    /// In how many states each fault was injected and shown.
    pub(crate) shown: BTreeMap<&'static str, BTreeSet<State>>,
    pub(crate) failures: Vec<String>,
}

pub(crate) fn check(reports: &[Report]) {
    let mut failures: Vec<&String> = reports.iter().flat_map(|report| &report.failures).collect();
    let (mut faults, mut runs, mut missing) = (BTreeSet::new(), 0, Vec::new());
    for report in reports {
        runs += report.runs;
        faults.extend(report.shown.keys().copied());
        let states: BTreeSet<_> = report.shown.values().flatten().collect();
        println!(
            "{:?}: {} faults, {} states, {} runs, {} more injections came to the same",
            report.dialect,
            report.shown.len(),
            states.len(),
            report.runs,
            report.same
        );
        for state in STATES {
            if !states.contains(&state) {
                missing.push(format!("{:?}: nothing was injected in the state {state:?}", report.dialect));
            }
        }
        // What can come at any time must have come in each state.
        for fault in [Fault::Silent, Fault::NulFlood] {
            let shown = report.shown.get(fault.name()).map_or(0, BTreeSet::len);
            if shown < STATES.len() {
                missing.push(format!("{:?}: {fault} came in {shown} states only", report.dialect));
            }
        }
        for fault in Fault::ALL.iter().filter(|fault| fault.applies_to(report.dialect)) {
            let elsewhere =
                ELSEWHERE.iter().any(|(other, _)| other == fault) || is_out_of_reach(*fault, report.dialect);
            if elsewhere == report.shown.contains_key(fault.name()) {
                missing.push(format!("{:?}: {fault} was shown: {}", report.dialect, elsewhere));
            }
        }
    }
    println!("faults {} x states {} x dialects {}: {runs} runs", faults.len(), STATES.len(), reports.len());
    for (fault, place) in ELSEWHERE {
        println!("elsewhere: {fault}: {place}");
    }
    failures.extend(&missing);
    for failure in &failures {
        println!("{failure}");
    }
    assert!(failures.is_empty(), "{} failures", failures.len());
}
