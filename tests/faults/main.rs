//! Every fault of the simulator, injected in every state of a session, on every dialect that can show it.
//!
//! `tests/hazards` asks of each fault what exactly becomes of it; here is the sweep over states: whatever comes when, the
//! bytes are right or their loss is told, nothing hangs, and the session works afterwards.
#![allow(clippy::duplicate_mod, reason = "each dialect has a copy of the sweep")]

macro_rules! dialects {
    ($($module:ident $dialect:ident;)*) => {
        $(
            #[path = "."]
            mod $module {
                pub(crate) use wifi_at::dialect::$dialect as Subject;
                pub(crate) const MODULE: wifi_at_simulator::Dialect = wifi_at_simulator::Dialect::$dialect;

                #[path = "../common/mod.rs"]
                mod common;
                #[path = "../hazards/bench.rs"]
                #[allow(dead_code, reason = "hazards need more of it")]
                mod bench;
                #[path = "sweep.rs"]
                pub(crate) mod sweep;
            }
        )*

        /// A sweep for each dialect.
        const SWEEPS: &[fn() -> report::Report] = &[$($module::sweep::sweep),*];
    };
}

mod report;

dialects! {
    esp_at EspAt;
    esp32_v1 Esp32V1;
    esp8266_idf Esp8266Idf;
    esp8266_nonos Esp8266Nonos;
    wizfi360 WizFi360;
}

#[test]
fn every_fault_in_every_state_on_every_dialect() {
    // Each thread has its own clock.
    let reports: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = SWEEPS.iter().map(|sweep| scope.spawn(sweep)).collect();
        threads.into_iter().map(|thread| thread.join().expect("the sweep itself does not panic")).collect()
    });
    report::check(&reports);
}
