//! The user's settings in the engine's own measure.

use super::Span;
use crate::config::Config;

/// What the engine has to know of a [`Config`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(super) reset_pulse: Span,
    pub(super) boot_time: Span,
    pub(super) command_timeout: Span,
    pub(super) prompt_timeout: Span,
    pub(super) send_timeout: Span,
    pub(super) payload_timeout: Span,
    pub(super) reader_limit: Span,
    pub(super) poll_interval: Span,
    pub(super) retry_interval: Span,
    pub(super) address_limit: Span,
    pub(super) link_check: Span,
    pub(super) join_timeout: Option<Span>,
    pub(super) connect_timeout: Option<Span>,
    pub(super) attempts: Option<u32>,
    pub(super) probes: u8,
    pub(super) busy_probes: u8,
    pub(super) failed_connects: u8,
    pub(super) restart: bool,
    pub(super) reset_pin: bool,
}

impl Limits {
    pub(super) const NONE: Self = Self {
        reset_pulse: Span::ZERO,
        boot_time: Span::ZERO,
        command_timeout: Span::ZERO,
        prompt_timeout: Span::ZERO,
        send_timeout: Span::ZERO,
        payload_timeout: Span::ZERO,
        reader_limit: Span::ZERO,
        poll_interval: Span::ZERO,
        retry_interval: Span::ZERO,
        address_limit: Span::ZERO,
        link_check: Span::ZERO,
        join_timeout: None,
        connect_timeout: None,
        attempts: None,
        probes: 0,
        busy_probes: 0,
        failed_connects: 0,
        restart: false,
        reset_pin: false,
    };

    pub(super) fn of(config: &Config) -> Self {
        let recovery = &config.recovery;
        Self {
            reset_pulse: Span::of(config.reset_pulse),
            boot_time: Span::of(config.boot_time),
            command_timeout: Span::of(config.command_timeout),
            prompt_timeout: Span::of(config.prompt_timeout),
            send_timeout: Span::of(config.send_timeout),
            payload_timeout: Span::of(config.payload_timeout),
            reader_limit: Span::of(config.reader_limit),
            poll_interval: Span::of(config.poll_interval),
            retry_interval: Span::of(config.retry_interval),
            address_limit: Span::of(recovery.address_limit),
            link_check: Span::of(recovery.link_check),
            join_timeout: config.join_timeout.map(Span::of),
            connect_timeout: config.connect_timeout.map(Span::of),
            attempts: recovery.attempts,
            probes: recovery.probes,
            busy_probes: recovery.busy_probes,
            failed_connects: recovery.failed_connects,
            restart: recovery.restart,
            reset_pin: recovery.reset_pin,
        }
    }
}
