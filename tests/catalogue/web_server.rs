//! Web server: every example and every answer of the manuals.

use wifi_at::command::web_server::*;
use wifi_at::dialect::EspAt;

use crate::Cases;

pub(crate) fn cases(cases: &mut Cases) {
    for connection_timeout in [25, 40, 50] {
        cases.wire::<EspAt, _>(StartWebServer { port: 80, connection_timeout });
    }
    cases.wire::<EspAt, _>(StopWebServer);
}
