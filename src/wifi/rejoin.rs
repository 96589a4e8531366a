//! Staying joined: the station joins again whenever the access point or the module is lost.

use core::future::poll_fn;
use core::task::Poll;

use embassy_futures::select::select;
use embassy_time::Duration;

use super::station::{JoinOptions, elapse};
use super::{Wifi, WifiDialect, radio};
use crate::command::CommandError;
use crate::command::wifi::JoinError;
use crate::engine::{Core, Event, Span};
use crate::resources::{Access, AccessExt};

/// When to join again, and how often to try: see [`Wifi::stay_joined`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RejoinPolicy {
    /// How long the station may be without an address before the driver joins again. Most modules look for their access
    /// point by themselves in this time. After a restart of the module nothing is waited for. Default 10 s.
    pub lost_for: Duration,
    /// The pause after the first attempt that has failed. Each further one doubles it. Default 1 s.
    pub first_pause: Duration,
    /// The longest pause. Default 60 s.
    pub longest_pause: Duration,
    /// Attempts in a row after which to give up, at least 1. Default `None`: never.
    pub attempts: Option<u32>,
    /// Whether to join again when one connect after the other is refused
    /// ([`RecoveryPolicy::failed_connects`](crate::RecoveryPolicy::failed_connects)) and no socket is open: some modules
    /// lose Wi-Fi without noticing. Default `true`.
    pub after_failed_connects: bool,
}

impl RejoinPolicy {
    /// The default policy, in a constant.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            lost_for: Duration::from_secs(10),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            attempts: None,
            after_failed_connects: true,
        }
    }
}

impl Default for RejoinPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// What ends the wait of a station that has joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// The user has left the access point.
    Left,
    /// The module has restarted, or Wi-Fi does not work although it seems to.
    NeedsJoin,
    /// There is no address, for now.
    NoAddress,
}

impl Core {
    fn station_lost(&self, leaves: u8, stale: bool) -> Option<Lost> {
        if self.leaves != leaves {
            Some(Lost::Left)
        } else if self.radio & radio::STATION == 0 || (stale && self.suspects.stale) {
            Some(Lost::NeedsJoin)
        } else {
            (!self.station.has_address).then_some(Lost::NoAddress)
        }
    }

    fn note_join(&mut self, again: bool, joined: bool) {
        let number = match (joined, again) {
            (true, false) => return,
            (true, true) => &mut self.counters.rejoins,
            (false, _) => &mut self.counters.failed_joins,
        };
        *number = number.wrapping_add(1);
        self.history.publish(if joined { Event::Rejoined } else { Event::JoinFailed });
    }
}

impl<D: WifiDialect> Wifi<'_, D> {
    /// Joins an access point and joins it again whenever the module has restarted or Wi-Fi was lost for longer than
    /// `policy` says, with growing pauses between the attempts.
    ///
    /// Runs for ever, beside the rest of the program: in a task of its own, or joined with other futures. The name and
    /// the passphrase stay where the caller has them: the driver keeps no copy. Dropping the future leaves the station
    /// as it is. Attempts are told as [`Event::Rejoined`] and [`Event::JoinFailed`], and counted.
    ///
    /// Gives `Ok` once the user has [left](Self::leave) the access point.
    ///
    /// # Errors
    /// The last attempt's, once `policy` allows no more; at once if no attempt can succeed: a name or passphrase of the
    /// wrong length, an option that the firmware does not have.
    pub async fn stay_joined(
        &self,
        ssid: &str,
        options: JoinOptions<'_>,
        policy: RejoinPolicy,
    ) -> Result<(), JoinError> {
        let access = self.control.shared.0;
        let leaves = access.get(|engine| engine.core.leaves);
        let mut again = false;
        loop {
            self.join_patiently(ssid, options, policy, leaves, again).await?;
            again = true;
            loop {
                let lost = watch(access, leaves, policy.after_failed_connects, true).await;
                if lost == Lost::NoAddress {
                    let back = watch(access, leaves, policy.after_failed_connects, false);
                    select(back, elapse(access, Span::of(policy.lost_for))).await;
                }
                let lost = access.get(|engine| engine.core.station_lost(leaves, policy.after_failed_connects));
                match lost {
                    Some(Lost::Left) => return Ok(()),
                    Some(_) => break,
                    None => {}
                }
            }
        }
    }

    /// Tries until it has joined, or the user has left.
    async fn join_patiently(
        &self,
        ssid: &str,
        options: JoinOptions<'_>,
        policy: RejoinPolicy,
        leaves: u8,
        again: bool,
    ) -> Result<(), JoinError> {
        let access = self.control.shared.0;
        let mut pause = policy.first_pause;
        let mut left = policy.attempts.map(|attempts| attempts.max(1));
        loop {
            let joined = self.join(ssid, options).await;
            access.get(|engine| {
                engine.core.suspects.stale = false;
                engine.core.note_join(again, joined.is_ok());
            });
            let Err(error) = joined else { return Ok(()) };
            use CommandError::{Encode, Unsupported};
            use JoinError::{Command, InvalidPassphrase, InvalidSsid};
            if matches!(error, InvalidSsid | InvalidPassphrase | Command(Encode(_) | Unsupported)) {
                return Err(error);
            }
            if let Some(left) = &mut left {
                *left -= 1;
                if *left == 0 {
                    return Err(error);
                }
            }
            // The module may have joined all the same.
            let over = poll_fn(|context| {
                access.poll(|engine| {
                    let lost = engine.core.station_lost(leaves, false);
                    if matches!(lost, None | Some(Lost::Left)) {
                        return Poll::Ready(());
                    }
                    engine.core.waiters.register(context.waker());
                    Poll::Pending
                })
            });
            if select(over, elapse(access, Span::of(pause))).await.is_first() {
                return Ok(());
            }
            pause = (pause * 2).min(policy.longest_pause);
        }
    }
}

/// Waits until the station is lost, or until it is anything but without an address.
async fn watch(access: &dyn Access, leaves: u8, stale: bool, lose: bool) -> Lost {
    poll_fn(|context| {
        access.poll(|engine| {
            match engine.core.station_lost(leaves, stale) {
                Some(lost) if lose || lost != Lost::NoAddress => return Poll::Ready(lost),
                None if !lose => return Poll::Ready(Lost::NoAddress),
                _ => {}
            }
            engine.core.waiters.register(context.waker());
            Poll::Pending
        })
    })
    .await
}
