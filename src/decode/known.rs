//! What is known of some commands.

use crate::at::starts_with_ignore_case;

/// Commands that answer with the prompt alone.
pub(super) fn prompts_at_once(command: &[u8]) -> bool {
    command.starts_with(b"AT+BLEGATT") || command.starts_with(b"AT+BTSPPSEND=")
}

/// Commands that enter transparent mode.
pub(super) fn is_transparent(command: &[u8]) -> bool {
    matches!(command, b"AT+CIPSEND" | b"AT+BTSPPSEND" | b"AT+BLESPP")
}

/// Commands that are answered at once, by `OK` alone.
pub(super) fn is_instant(command: &[u8]) -> bool {
    matches!(command, b"AT" | b"ATE0" | b"ATE1")
}

/// Commands after which the module starts anew.
pub(super) fn restarts(command: &[u8]) -> bool {
    [&b"AT+RST"[..], b"AT+RESTORE", b"AT+GSLP"].iter().any(|name| starts_with_ignore_case(command, name))
}
