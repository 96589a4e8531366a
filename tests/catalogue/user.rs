//! user: every example and every answer of the manuals.

use crate::Cases;

pub(crate) fn cases(_: &mut Cases) {}
