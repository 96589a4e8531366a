//! Wi-Fi: every example and every answer of the manuals.

mod addresses;
mod answers;
mod provisioning;
mod scan;
mod soft_ap;
mod station;

use crate::Cases;

/// Several examples of one dialect.
macro_rules! wires {
    ($cases:ident $dialect:ident: $($command:expr),+ $(,)?) => {
        $($cases.wire::<$dialect, _>($command);)+
    };
}

use wires;

pub(crate) fn cases(cases: &mut Cases) {
    addresses::cases(cases);
    answers::cases(cases);
    provisioning::cases(cases);
    scan::cases(cases);
    soft_ap::cases(cases);
    station::cases(cases);
}
