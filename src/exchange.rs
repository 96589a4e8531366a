//! Sends one command of the user and collects its answer: the only future of this kind, generic over nothing.

use core::future::poll_fn;
use core::task::{Context, Poll, Waker};

use crate::at::{EncodeError, Encoder};
use crate::command::End;
use crate::engine::{Core, Engine, MAX_LINE, Outcome, Piece, Span, UserState};
use crate::resources::{Access, AccessExt};
use crate::urc::counted::Counter;

/// Writes a command. As [`Sink`], what a closure is to those who do not know its type; `dyn Fn` would bring two functions
/// more for each.
pub(crate) trait Line {
    fn write(&self, line: &mut Encoder<'_>);
}

impl<F: Fn(&mut Encoder<'_>)> Line for F {
    fn write(&self, line: &mut Encoder<'_>) {
        self(line);
    }
}

/// What takes an answer.
pub(crate) trait Sink {
    fn take(&mut self, piece: Piece<'_>);
}

impl<F: FnMut(Piece<'_>)> Sink for F {
    fn take(&mut self, piece: Piece<'_>) {
        self(piece);
    }
}

/// One command to send.
pub(crate) struct Request<'r> {
    /// Writes the whole line but its end.
    pub(crate) encode: &'r dyn Line,
    /// Whether CR LF follows.
    pub(crate) line_end: bool,
    /// From the command's last byte to its final result.
    pub(crate) timeout: Span,
    /// The socket that it connects, if it does.
    pub(crate) connecting: Option<usize>,
    /// What ends it well.
    pub(crate) end: End,
    /// Counted data in the answer is to be handed over, too.
    pub(crate) takes_data: bool,
    /// It may bring counted data.
    pub(crate) counter: Option<Counter>,
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
    sink: &mut dyn Sink,
) -> Result<Ended, EncodeError> {
    let mut transaction = Transaction::new(access);
    poll_fn(|context| transaction.poll(context, request, sink)).await
}

/// The same as a state, for those who cannot await. Dropping it is dropping the future.
pub(crate) struct Transaction<'a> {
    access: &'a dyn Access,
    stage: Stage,
}

impl<'a> Transaction<'a> {
    pub(crate) const fn new(access: &'a dyn Access) -> Self {
        Self { access, stage: Stage::New }
    }

    /// `request` must be the same each time.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
        request: &Request<'_>,
        sink: &mut dyn Sink,
    ) -> Poll<Result<Ended, EncodeError>> {
        let Self { access, stage } = self;
        access.poll(|engine| {
            if !matches!(stage, Stage::Placed) {
                match stage.queue(engine, context, request) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => return Poll::Pending,
                }
            }
            let ended = collect(engine, context, request.data, sink);
            if ended.is_ready() {
                *stage = Stage::Over;
            }
            ended.map(Ok)
        })
    }
}

/// A command whose answer is taken one line at a time, at the caller's pace.
///
/// Dropping it does the same as dropping the future of [`exchange`].
pub(crate) struct Lines<'a> {
    transaction: Transaction<'a>,
    line: [u8; MAX_LINE],
}

impl<'a> Lines<'a> {
    /// Sends `request` when its turn has come.
    pub(crate) async fn begin(access: &'a dyn Access, request: &Request<'_>) -> Result<Self, EncodeError> {
        let mut transaction = Transaction::new(access);
        poll_fn(|context| {
            access.poll(|engine| {
                let queued = transaction.stage.queue(engine, context, request);
                engine.core.user.patient |= matches!(queued, Poll::Ready(Ok(())));
                queued
            })
        })
        .await?;
        Ok(Self { transaction, line: [0; MAX_LINE] })
    }

    /// Waits for the next line, or for the end. Dropping the future loses nothing. Not to be called after the end.
    pub(crate) async fn next(&mut self) -> Result<&[u8], Ended> {
        let Self { transaction, line } = self;
        let access = transaction.access;
        let taken = poll_fn(|context| access.poll(|engine| engine.core.next_line(context.waker(), line))).await;
        match taken {
            Ok(length) => Ok(&self.line[..length]),
            Err(ended) => {
                self.transaction.stage = Stage::Over;
                Err(ended)
            }
        }
    }
}

impl Core {
    fn next_line(&mut self, waker: &Waker, line: &mut [u8; MAX_LINE]) -> Poll<Result<usize, Ended>> {
        while let Some(piece) = self.user.answer.pop() {
            // The ingress may wait for room.
            self.runner.wake();
            if let Piece::Line(bytes) = piece {
                let length = bytes.len().min(MAX_LINE);
                line[..length].copy_from_slice(&bytes[..length]);
                return Poll::Ready(Ok(length));
            }
        }
        self.finished(waker).map(Err)
    }

    /// How the user's command ended, which frees its place.
    fn finished(&mut self, waker: &Waker) -> Poll<Ended> {
        if matches!(self.user.state, UserState::Done) {
            let outcome = self.user.outcome;
            let cut = self.user.cut;
            self.user.release();
            return Poll::Ready(Ended { outcome, cut });
        }
        self.user.wakers.register(waker);
        Poll::Pending
    }
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
        let free = matches!(core.user.state, UserState::Free);
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

fn collect(engine: &mut Engine<'_>, context: &mut Context<'_>, data: &[u8], sink: &mut dyn Sink) -> Poll<Ended> {
    let core = &mut *engine.core;
    let mut some = false;
    while let Some(piece) = core.user.answer.pop() {
        sink.take(piece);
        some = true;
    }
    core.supply(data);
    if some {
        // The ingress may wait for room.
        core.runner.wake();
    }
    core.finished(context.waker())
}

impl Drop for Transaction<'_> {
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
