//! Sends one command of the user and collects its answer: the only future of this kind, generic over nothing.

use core::future::poll_fn;
use core::task::{Context, Poll};

use embassy_time::Duration;

use crate::at::{EncodeError, Encoder};
use crate::command::End;
use crate::engine::{Engine, Outcome, Piece, UserState};
use crate::resources::{Access, AccessExt};

/// One command to send.
pub(crate) struct Request<'r> {
    /// Writes the whole line but its end.
    pub(crate) encode: &'r dyn Fn(&mut Encoder<'_>),
    /// Whether CR LF follows.
    pub(crate) line_end: bool,
    /// From the command's last byte to its final result.
    pub(crate) timeout: Duration,
    /// The socket that it connects, if it does.
    pub(crate) connecting: Option<usize>,
    /// What ends it well.
    pub(crate) end: End,
    /// Counted data in the answer is to be handed over, too.
    pub(crate) takes_data: bool,
    /// The data that the module asks for with `>`.
    pub(crate) data: &'r [u8],
}

/// How a command ended, and whether lines of its answer were dropped because they were not taken in time.
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) cut: bool,
}

/// Sends `request` when its turn has come and hands each piece of the answer to `sink` as it arrives.
///
/// Dropping the future before the command was sent takes it back. Later the command runs on, and its answer is thrown
/// away.
pub(crate) async fn exchange(
    access: &dyn Access,
    request: &Request<'_>,
    sink: &mut dyn FnMut(Piece<'_>),
) -> Result<Ended, EncodeError> {
    let mut guard = Guard { access, stage: Stage::New };
    poll_fn(|context| access.poll(|engine| guard.stage.queue(engine, context, request))).await?;
    let ended = poll_fn(|context| access.poll(|engine| collect(engine, context, request.data, sink))).await;
    guard.stage = Stage::Over;
    Ok(ended)
}

enum Stage {
    New,
    /// Waits for the place of the user's command.
    Waiting,
    /// Has the place.
    Placed,
    Over,
}

impl Stage {
    fn queue(
        &mut self,
        engine: &mut Engine<'_>,
        context: &mut Context<'_>,
        request: &Request<'_>,
    ) -> Poll<Result<(), EncodeError>> {
        let core = &mut *engine.core;
        let free = core.user.state == UserState::Free;
        let first_come = matches!(self, Self::Waiting);
        // Whoever comes later lets those who wait go first.
        if !free || !(first_come || core.user.waiting == 0) {
            core.user.wakers.register(context.waker());
            if !first_come {
                *self = Self::Waiting;
                core.user.waiting += 1;
                if free {
                    context.waker().wake_by_ref();
                }
            }
            return Poll::Pending;
        }
        if first_come {
            core.user.waiting -= 1;
        }
        *self = Self::Over;
        let queued = core.queue(request);
        match queued {
            Ok(()) => *self = Self::Placed,
            Err(_) => core.user.release(),
        }
        Poll::Ready(queued)
    }
}

fn collect(
    engine: &mut Engine<'_>,
    context: &mut Context<'_>,
    data: &[u8],
    sink: &mut dyn FnMut(Piece<'_>),
) -> Poll<Ended> {
    let core = &mut *engine.core;
    let mut some = false;
    while let Some(piece) = core.user.answer.pop() {
        sink(piece);
        some = true;
    }
    core.supply(data);
    if some {
        // The ingress may wait for room.
        core.runner.wake();
    }
    if let UserState::Done(outcome) = core.user.state {
        let cut = core.user.cut;
        core.user.release();
        return Poll::Ready(Ended { outcome, cut });
    }
    core.user.wakers.register(context.waker());
    Poll::Pending
}

struct Guard<'a> {
    access: &'a dyn Access,
    stage: Stage,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        match self.stage {
            Stage::New | Stage::Over => {}
            Stage::Waiting => self.access.get(|engine| {
                engine.core.user.waiting -= 1;
                // A wake-up that was meant for this future may be lost for the others.
                engine.core.user.wakers.wake();
            }),
            Stage::Placed => self.access.get(|engine| engine.core.abandon()),
        }
    }
}
