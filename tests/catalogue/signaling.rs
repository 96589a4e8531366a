//! signaling: every example and every answer of the manuals.

use wifi_at::command::signaling::*;
use wifi_at::dialect::EspAt;

use crate::Cases;

pub(crate) fn cases(cases: &mut Cases) {
    cases.wire::<EspAt, _>(SetPreamble { manual: true, preamble: Preamble::Long });
    assert_eq!(cases.answer::<EspAt, SetPreamble>(&[]), Ok(()));
}
