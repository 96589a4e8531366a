//! What all kinds of sockets have in common: their place in the socket table, and how it is opened.

use core::future::poll_fn;
use core::net::SocketAddr;
use core::task::{Context, Poll};

use super::tcp::ConnectError;
use crate::at::Encoder;
use crate::command::tcpip::{ConnectSsl, ConnectTcp};
use crate::command::{Command, CommandError, End, ended_with_ok};
use crate::engine::{Engine, Kind, LinkId, MAX_LINKS, Moment, Phase, Piece, Reason, Refusal, Span};
use crate::exchange::{Request, Sink, Transaction};
use crate::resources::AccessExt;
use crate::runner::Shared;

const LIMIT: Span = Span::of(ConnectTcp::TIMEOUT);
const TLS_LIMIT: Span = Span::of(ConnectSsl::TIMEOUT);

/// How long after `OK` the module may still announce the link.
const LATE_CONNECT: Span = Span::from_millis(1000);

/// A place in the socket table, good for one connection only.
#[derive(Debug)]
pub(crate) struct Handle<'a> {
    pub(super) shared: Shared<'a>,
    pub(super) index: usize,
    pub(super) generation: u16,
}

/// Writes the command that opens a link.
pub(crate) trait Encode {
    fn write(&self, link: LinkId, line: &mut Encoder<'_>);
}

impl<F: Fn(LinkId, &mut Encoder<'_>)> Encode for F {
    fn write(&self, link: LinkId, line: &mut Encoder<'_>) {
        self(link, line);
    }
}

impl<'a> Handle<'a> {
    /// Takes a place in the socket table and opens its link.
    pub(super) async fn open(
        shared: Shared<'a>,
        kind: Kind,
        remote: Option<SocketAddr>,
        encode: &dyn Encode,
    ) -> Result<Self, ConnectError> {
        let mut opening = Opening::new(shared, kind, remote);
        poll_fn(|context| opening.poll(context, encode)).await
    }

    /// Looks at the socket, or gives `stale` if the place is somebody else's by now.
    pub(super) fn look<T, E: Copy>(
        &self,
        stale: E,
        mut f: impl FnMut(&mut Engine<'_>) -> Poll<Result<T, E>>,
    ) -> Poll<Result<T, E>> {
        self.shared.0.poll(|engine| {
            if engine.core.sockets[self.index].generation == self.generation {
                f(engine)
            } else {
                Poll::Ready(Err(stale))
            }
        })
    }

    /// The module's number for the link, while it has one.
    pub(super) fn link(&self) -> Option<LinkId> {
        self.shared.0.get(|engine| {
            let socket = &engine.core.sockets[self.index];
            socket.link.filter(|_| socket.generation == self.generation)
        })
    }
}

impl Drop for Handle<'_> {
    fn drop(&mut self) {
        self.shared.0.get(|engine| {
            let socket = &mut engine.core.sockets[self.index];
            if socket.generation == self.generation {
                socket.held = false;
                socket.closing = true;
                socket.release_if_unused();
            }
            engine.core.waiters.wake();
            engine.core.runner.wake();
        });
    }
}

/// A link that is being opened. Dropped before its end, it undoes what it did.
pub(crate) struct Opening<'a> {
    shared: Shared<'a>,
    kind: Kind,
    remote: Option<SocketAddr>,
    tries: usize,
    step: Step<'a>,
    /// Where it has one.
    place: Option<Place>,
    /// What the module said to the command that failed.
    pub(super) refusal: Option<Refusal>,
}

/// A place in the socket table with a link: index, generation, link.
pub(super) type Place = (usize, u16, LinkId);

impl core::fmt::Debug for Opening<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Opening").field("remote", &self.remote).finish_non_exhaustive()
    }
}

enum Step<'a> {
    Claim,
    /// The command runs.
    Command(Transaction<'a>),
    /// The module has agreed. Until then it may still announce the link.
    Agreed(Moment),
}

impl<'a> Opening<'a> {
    pub(crate) const fn new(shared: Shared<'a>, kind: Kind, remote: Option<SocketAddr>) -> Self {
        Self { shared, kind, remote, tries: MAX_LINKS, step: Step::Claim, place: None, refusal: None }
    }

    /// With a place that was taken before, and no other if somebody else is faster with its link.
    pub(super) const fn at(shared: Shared<'a>, kind: Kind, place: Place) -> Self {
        let step = Step::Command(Transaction::new(shared.0));
        Self { shared, kind, remote: None, tries: 1, step, place: Some(place), refusal: None }
    }

    /// `encode` must write the same each time.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
        encode: &dyn Encode,
    ) -> Poll<Result<Handle<'a>, ConnectError>> {
        let access = self.shared.0;
        loop {
            let (index, generation, link) = self.place.unwrap_or_default();
            match &mut self.step {
                Step::Claim => {
                    let (kind, remote) = (self.kind, self.remote);
                    let Poll::Ready(place) = access.poll(|engine| claim(engine, kind, remote, context)) else {
                        return Poll::Pending;
                    };
                    self.place = Some(place?);
                    self.step = Step::Command(Transaction::new(access));
                }
                Step::Command(transaction) => {
                    let encode = |line: &mut Encoder<'_>| encode.write(link, line);
                    let request = Request {
                        encode: &encode,
                        line_end: true,
                        timeout: if self.kind == Kind::Tls { TLS_LIMIT } else { LIMIT },
                        connecting: Some(index),
                        end: End::Ok,
                        data: &[],
                        takes_data: false,
                        counter: None,
                    };
                    let Poll::Ready(ended) = transaction.poll(context, &request, &mut Nobody) else {
                        return Poll::Pending;
                    };
                    match ended.map_err(CommandError::from).and_then(|ended| ended_with_ok(ended.outcome)) {
                        Ok(()) => {
                            let until = access.get(|engine| engine.core.after(LATE_CONNECT));
                            self.step = Step::Agreed(until);
                        }
                        Err(error) => {
                            self.give_up();
                            self.tries -= 1;
                            match error {
                                // A client of the server was faster, or the module has a link that the driver knew
                                // nothing of and closes now.
                                CommandError::Refused(refusal)
                                    if refusal.reason == Some(Reason::AlreadyConnected) && self.tries > 0 => {}
                                CommandError::Refused(refusal) => {
                                    self.refusal = Some(refusal);
                                    return Poll::Ready(Err(ConnectError::Failed));
                                }
                                error => return Poll::Ready(Err(ConnectError::Command(error))),
                            }
                        }
                    }
                }
                Step::Agreed(until) => {
                    let until = *until;
                    let Poll::Ready(open) = access.poll(|engine| announced(engine, index, until, context)) else {
                        return Poll::Pending;
                    };
                    if !open {
                        self.give_up();
                        return Poll::Ready(Err(ConnectError::Failed));
                    }
                    self.place = None;
                    return Poll::Ready(Ok(Handle { shared: self.shared, index, generation }));
                }
            }
        }
    }

    /// Back to the start.
    fn give_up(&mut self) {
        // The command first, which may not have been sent yet.
        self.step = Step::Claim;
        if let Some((index, generation, _)) = self.place.take() {
            self.shared.0.get(|engine| engine.core.give_up_connect(index, generation));
        }
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// Takes a place, and waits while there is none but one is about to become free.
pub(super) fn claim(
    engine: &mut Engine<'_>,
    kind: Kind,
    remote: Option<SocketAddr>,
    context: &mut Context<'_>,
) -> Poll<Result<Place, ConnectError>> {
    match engine.core.claim(kind, remote) {
        Some(place) => Poll::Ready(Ok(place)),
        None if engine.core.will_have_room() => {
            engine.core.waiters.register(context.waker());
            Poll::Pending
        }
        None => Poll::Ready(Err(ConnectError::NoFreeSocket)),
    }
}

struct Nobody;

impl Sink for Nobody {
    fn take(&mut self, _: Piece<'_>) {}
}

/// Whether the link is there, once that is sure.
fn announced(engine: &mut Engine<'_>, index: usize, until: Moment, context: &mut Context<'_>) -> Poll<bool> {
    let socket = &mut engine.core.sockets[index];
    match socket.phase {
        Phase::Connecting => {
            socket.write_waker.register(context.waker());
            if engine.core.wait_until(until, context) { Poll::Pending } else { Poll::Ready(false) }
        }
        // Closed before it was ever open, though accepted: a failed handshake.
        Phase::Ended if !socket.accepted => Poll::Ready(false),
        // It may have been closed again by now; what was received can be read.
        _ => Poll::Ready(true),
    }
}
