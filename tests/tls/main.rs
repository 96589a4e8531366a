//! TLS by the module, against rustls servers, in virtual time, on every dialect.
#![allow(clippy::duplicate_mod, reason = "each dialect has a copy of the scenarios")]

/// Certificates and servers, as the simulator's own tests make them.
#[path = "../../simulator/tests/common/tls.rs"]
mod certificates;

macro_rules! dialects {
    ($($module:ident $dialect:ident $can:expr, $sntp:expr;)*) => {$(
        #[path = "."]
        mod $module {
            use super::Can;
            pub(crate) use wifi_at::dialect::$dialect as Subject;
            pub(crate) const MODULE: wifi_at_simulator::Dialect = wifi_at_simulator::Dialect::$dialect;
            /// What the manual says that it can do.
            pub(crate) const CAN: Can = $can;

            /// Turns SNTP on, and waits until it has answered.
            pub(crate) async fn learn_time(control: wifi_at::Control<'_, Subject>) {
                control.send(&$sntp).await.unwrap();
                embassy_time::Timer::after_secs(5).await;
            }

            #[path = "../common/mod.rs"]
            mod common;
            #[path = "scenarios.rs"]
            mod scenarios;
            #[path = "verified.rs"]
            mod verified;
        }
    )*};
}

struct Can {
    verify: bool,
    names: bool,
    several: bool,
}

use wifi_at::command::tcpip::{EnableSntp, SetSntp, SetSntpServers, TimeZone, UpTo};

const NOTHING: Can = Can { verify: false, names: false, several: false };
const VERIFIES: Can = Can { verify: true, ..NOTHING };

dialects! {
    esp_at EspAt Can { verify: true, names: true, several: true },
        crate::SetSntp { enabled: true, time_zone: crate::TimeZone::Hours(0), servers: crate::UpTo(&[]) };
    esp32_v1 Esp32V1 crate::NOTHING, crate::SetSntpServers { time_zone: 0, servers: crate::UpTo(&[]) };
    esp8266_idf Esp8266Idf crate::VERIFIES, crate::EnableSntp { time_zone: 0, servers: crate::UpTo(&[]) };
    esp8266_nonos Esp8266Nonos crate::VERIFIES, crate::EnableSntp { time_zone: 0, servers: crate::UpTo(&[]) };
    wizfi360 WizFi360 crate::NOTHING, crate::EnableSntp { time_zone: 0, servers: crate::UpTo(&[]) };
}
