//! Commands, state and events.

use core::future::{Future, poll_fn};
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::at::Encoder;
use crate::command::{Command, CommandError, End, On, Record, ended_with_ok};
use crate::dialect::Dialect;
use crate::engine::{Counters, Event, EventMask, Next, Piece, Span};
use crate::exchange::{Request, Sink, Transaction};
use crate::firmware::Firmware;
use crate::power::Power;
use crate::recovery::ResetCause;
use crate::resources::AccessExt;
use crate::runner::Shared;
use crate::serial::LineError;
use crate::urc::counted::{Counter, count, counter_for};
use crate::wifi::Wifi;

/// The handle for everything but sockets. Copies are as good as the original.
#[derive(Debug, Clone, Copy)]
pub struct Control<'a, D> {
    pub(crate) shared: Shared<'a>,
    dialect: PhantomData<D>,
}

/// Why the module is not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum NotReady {
    /// The module does not answer. Check power, wiring (TX to RX) and baud rate. The driver goes on trying.
    Silent,
    /// The module runs other firmware than the dialect that was chosen. Commands can be sent all the same, and some
    /// may work.
    WrongFirmware {
        /// The firmware that the program was made for.
        chosen: &'static str,
        /// The dialects that suit the firmware which runs.
        suitable: &'static str,
    },
}

impl core::fmt::Display for NotReady {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Silent => f.write_str("the module does not answer: check power, wiring and baud rate"),
            Self::WrongFirmware { chosen, suitable } => {
                write!(f, "the driver was set up for {chosen}, but the module's firmware needs the dialect {suitable}")
            }
        }
    }
}

impl core::error::Error for NotReady {}

impl<'a, D: Dialect> Control<'a, D> {
    pub(crate) const fn new(shared: Shared<'a>) -> Self {
        Self { shared, dialect: PhantomData }
    }

    /// The station: join, leave, addresses.
    #[must_use]
    pub const fn wifi(&self) -> Wifi<'a, D> {
        Wifi::new(*self)
    }

    /// Sleep modes, deep sleep, waking up, factory settings.
    #[must_use]
    pub const fn power(&self) -> Power<'a, D> {
        Power::new(*self)
    }

    /// Waits until the module is set up, and gives its firmware's versions.
    ///
    /// # Errors
    /// [`NotReady::Silent`] when the attempt that is under way, or the next one, fails: call again to wait for another.
    /// [`NotReady::WrongFirmware`] when the versions that the module tells are not those of the dialect `D`.
    pub async fn wait_until_ready(&self) -> Result<Firmware, NotReady> {
        let access = self.shared.0;
        let mut failed_before = None;
        poll_fn(|context| {
            access.poll(|engine| {
                let core = &mut *engine.core;
                if core.is_up() {
                    return Poll::Ready(core.checked_firmware());
                }
                if *failed_before.get_or_insert(core.counters.failed_attempts) != core.counters.failed_attempts
                    || core.has_given_up()
                {
                    return Poll::Ready(Err(NotReady::Silent));
                }
                core.waiters.register(context.waker());
                Poll::Pending
            })
        })
        .await
    }

    /// The versions of the firmware, once the module has told them.
    #[must_use]
    pub fn firmware(&self) -> Option<Firmware> {
        self.shared.0.get(|engine| engine.core.firmware_known.then(|| engine.core.firmware.clone()))
    }

    /// What went wrong so far, in numbers.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.0.get(|engine| engine.core.counters)
    }

    /// Why the module's state was lost the last time. `None` if it never was.
    #[must_use]
    pub fn last_reset(&self) -> Option<ResetCause> {
        self.shared.0.get(|engine| engine.core.last_reset)
    }

    /// Changes the baud rate of the line, now and each time that the module is brought up from now on. Flow control stays
    /// as the [`Line`](crate::serial::Line) says.
    ///
    /// Waits until the module has been told and was heard at the new rate, or both are back at the old one. Dropping the
    /// future does not take the wish back. Commands wait meanwhile.
    ///
    /// # Errors
    /// See [`LineError`]. After any of them the line is as it was before, but after
    /// [`ModuleSilent`](LineError::ModuleSilent) the wish stands.
    pub async fn set_baud_rate(&self, baud_rate: u32) -> Result<(), LineError> {
        let access = self.shared.0;
        access.get(|engine| Some(engine.core.request_line(baud_rate))).unwrap_or(Err(LineError::FixedLine))?;
        poll_fn(|context| {
            access.poll(|engine| match engine.core.line_outcome() {
                Some(outcome) => Poll::Ready(outcome),
                None => {
                    engine.core.waiters.register(context.waker());
                    Poll::Pending
                }
            })
        })
        .await
    }

    /// The baud rate at which the driver speaks now. `None` if it has no say in it.
    #[must_use]
    pub fn baud_rate(&self) -> Option<u32> {
        self.shared.0.get(|engine| engine.core.baud_rate())
    }

    /// Brings the module up anew, as at the start: by the reset pin if there is one, or with `AT+RST`. All sockets fail
    /// with `ConnectionReset`, the running command with `ModuleReset`.
    ///
    /// Wakes a module from deep sleep if there is a reset pin ([`Power::wake`] does so without a restart of one that is
    /// awake), and makes a driver that has given up
    /// ([`RecoveryPolicy::attempts`](crate::RecoveryPolicy::attempts)) try again. Does not wait:
    /// [`wait_until_ready`](Self::wait_until_ready) does.
    pub fn recover(&self) {
        self.shared.0.get(|engine| engine.recover());
    }

    /// Subscribes to the module's messages: those that begin with `+` and are not named after the running command,
    /// with their payload. For BLE, MQTT and whatever else the driver itself has no use for.
    ///
    /// There is one subscriber at a time: `None` while another exists.
    #[must_use]
    pub fn messages(&self) -> Option<Messages<'a>> {
        let subscribed = self.shared.0.get(|engine| {
            engine.core.counter = Some(count);
            engine.core.messages.subscribe()
        });
        subscribed.then(|| Messages { shared: self.shared })
    }

    /// Subscribes to what happens from now on.
    #[must_use]
    pub fn events(&self) -> Events<'a> {
        let cursor = self.shared.0.get(|engine| engine.core.history.cursor());
        Events { shared: self.shared, cursor, mask: EventMask::ALL }
    }

    /// Sends a command and gives what the module answered.
    ///
    /// Commands are sent one at a time, in turn with what the sockets need, and wait until the module is set up.
    /// Dropping the future takes the command back if it was not sent yet. If it was, the module carries it out, and
    /// the answer is thrown away; no other command gets it.
    ///
    /// # Errors
    /// The command's own error type, which tells apart what could not be encoded, what the module refused, and a
    /// module that restarted or does not answer.
    pub fn send<'s, C: Command + On<D>>(
        &self,
        command: &'s C,
    ) -> impl Future<Output = Result<C::Response, C::Error>> + use<'a, 's, C, D> {
        Send::new(self.shared, command, C::NAME, terms_on::<C, D>())
    }

    /// Sends a command that the module asks data for (`>`), and the data.
    ///
    /// Dropping the future while the data goes out fills it up with zeros, as the module would take what follows for
    /// data.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`CommandError::DataLength`] if `data` is not as long as the command says.
    pub async fn send_with_data<C: Command + On<D>>(&self, command: &C, data: &[u8]) -> Result<C::Response, C::Error> {
        let mut collected = Collect::<C>(C::Answer::default());
        let result = transact(self.shared, C::NAME, command, terms_on::<C, D>(), data, false, &mut collected).await;
        C::finish(collected.0, result)
    }

    /// Sends a command whose answer carries counted data, and hands the data to `receive` in pieces, as it comes.
    ///
    /// # Errors
    /// As [`send`](Self::send). What came before the error has been handed out.
    ///
    /// `receive` runs in the driver's critical section: it should copy and no more, and must not use the driver.
    pub async fn send_and_receive<C: Command + On<D>>(
        &self,
        command: &C,
        receive: impl FnMut(&[u8]),
    ) -> Result<C::Response, C::Error> {
        self.transfer(command, &[], receive).await
    }

    /// Both at once: sends data that the module asks for, and hands the counted data of the answer to `receive`, as for
    /// an HTTP POST.
    ///
    /// # Errors
    /// As [`send_with_data`](Self::send_with_data) and [`send_and_receive`](Self::send_and_receive).
    pub async fn transfer<C: Command + On<D>>(
        &self,
        command: &C,
        data: &[u8],
        mut receive: impl FnMut(&[u8]),
    ) -> Result<C::Response, C::Error> {
        let mut answer = C::Answer::default();
        let mut sink = |piece: Piece<'_>| match piece {
            Piece::Line(line) => C::line(&mut answer, line),
            Piece::Data(data) => receive(data),
        };
        let result = transact(self.shared, C::NAME, command, terms_on::<C, D>(), data, true, &mut sink).await;
        C::finish(answer, result)
    }

    /// Sends a command with a list for an answer, and hands each record to `each` as it comes: no buffer has to hold
    /// the list.
    ///
    /// # Errors
    /// As [`send`](Self::send). Records that came before the error have been handed out.
    ///
    /// `each` runs in the driver's critical section: it should copy and no more, and must not use the driver.
    pub async fn send_each<C: Command + On<D>, T: Record>(
        &self,
        command: &C,
        mut each: impl FnMut(T),
    ) -> Result<(), C::Error> {
        let mut answer = C::Answer::default();
        let mut sink = |piece: Piece<'_>| match piece {
            Piece::Line(line) => match T::parse_line(line) {
                Some(Ok(record)) => each(record),
                _ => C::line(&mut answer, line),
            },
            Piece::Data(_) => {}
        };
        let result = transact(self.shared, C::NAME, command, terms_on::<C, D>(), &[], false, &mut sink).await;
        C::finish(answer, result).map(drop)
    }
}

/// As [`Control::send`], for those that know the name without a dialect.
pub(crate) fn send<'a, 'c, C: Command>(shared: Shared<'a>, command: &'c C, name: &'static str) -> Send<'a, 'c, C> {
    Send::new(shared, command, name, terms::<C>())
}

/// A command without data on its way.
///
/// By hand, as the state machines that the compiler makes of `async` would be most of what a command costs.
pub(crate) struct Send<'a, 'c, C: Command> {
    sending: Sending<'a, 'c>,
    command: &'c C,
    collected: Collect<C>,
}

impl<'a, 'c, C: Command> Send<'a, 'c, C> {
    fn new(shared: Shared<'a>, command: &'c C, name: &'static str, terms: &'static Terms) -> Self {
        let collected = Collect(C::Answer::default());
        Self { sending: Sending::new(shared, command, name, terms), command, collected }
    }

    /// The command may take as long as `Other`, and ends like it.
    pub(crate) const fn limited_like<Other: Command>(mut self) -> Self {
        self.sending.terms = terms::<Other>();
        self
    }
}

// Nothing in it is ever pinned.
impl<C: Command> Unpin for Send<'_, '_, C> {}

impl<C: Command> Future for Send<'_, '_, C> {
    type Output = Result<C::Response, C::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { sending, command, collected } = self.get_mut();
        let result = if command.data_length().is_some_and(|length| length > 0) {
            Err(CommandError::DataLength)
        } else {
            match sending.poll(context, collected) {
                Poll::Ready(result) => result,
                Poll::Pending => return Poll::Pending,
            }
        };
        Poll::Ready(C::finish(core::mem::take(&mut collected.0), result))
    }
}

/// What a command is to the one function that sends them all: generic code for each would be most of a firmware.
trait AnyCommand {
    fn encode(&self, name: &str, line: &mut Encoder<'_>);
}

impl<C: Command> AnyCommand for C {
    fn encode(&self, name: &str, line: &mut Encoder<'_>) {
        Command::encode(self, name, line);
    }
}

/// How a command is to be sent. Many commands have the same.
pub(crate) struct Terms {
    line_end: bool,
    timeout: Span,
    end: End,
    counter: Option<Counter>,
}

pub(crate) const fn terms<C: Command>() -> &'static Terms {
    const { &Terms { line_end: C::LINE_END, timeout: Span::of(C::TIMEOUT), end: C::END, counter: None } }
}

/// The same for a user who may be about to get counted data.
const fn terms_on<C: Command + On<D>, D: Dialect>() -> &'static Terms {
    const { &Terms { counter: counter_for(C::NAME), ..*terms::<C>() } }
}

/// Collects the lines of a command's answer.
struct Collect<C: Command>(C::Answer);

impl<C: Command> Sink for Collect<C> {
    fn take(&mut self, piece: Piece<'_>) {
        if let Piece::Line(line) = piece {
            C::line(&mut self.0, line);
        }
    }
}

/// Any command on its way, its data and what becomes of the answer's.
struct Sending<'a, 'c> {
    transaction: Transaction<'a>,
    name: &'static str,
    command: &'c dyn AnyCommand,
    terms: &'static Terms,
    data: &'c [u8],
    takes_data: bool,
}

impl<'a, 'c> Sending<'a, 'c> {
    const fn new(shared: Shared<'a>, command: &'c dyn AnyCommand, name: &'static str, terms: &'static Terms) -> Self {
        Self { transaction: Transaction::new(shared.0), name, command, terms, data: &[], takes_data: false }
    }

    #[inline(never)]
    fn poll(&mut self, context: &mut Context<'_>, sink: &mut dyn Sink) -> Poll<Result<(), CommandError>> {
        let Self { transaction, name, command, terms, data, takes_data } = self;
        let Terms { line_end, timeout, end, counter } = **terms;
        let encode = |line: &mut Encoder<'_>| command.encode(name, line);
        let (takes_data, connecting) = (*takes_data, None);
        let request = Request { encode: &encode, line_end, timeout, connecting, end, takes_data, counter, data };
        let Poll::Ready(ended) = transaction.poll(context, &request, sink) else {
            return Poll::Pending;
        };
        Poll::Ready(ended.map_err(CommandError::from).and_then(|ended| {
            ended_with_ok(ended.outcome)?;
            if ended.cut { Err(CommandError::Overrun) } else { Ok(()) }
        }))
    }
}

/// Sends a command with its data.
pub(crate) async fn transact<C: Command>(
    shared: Shared<'_>,
    name: &'static str,
    command: &C,
    terms: &'static Terms,
    data: &[u8],
    takes_data: bool,
    sink: &mut dyn Sink,
) -> Result<(), CommandError> {
    if command.data_length().unwrap_or(0) != data.len() {
        return Err(CommandError::DataLength);
    }
    let mut sending = Sending { data, takes_data, ..Sending::new(shared, command, name, terms) };
    poll_fn(|context| sending.poll(context, sink)).await
}

/// A subscription to [`Event`]s.
///
/// There may be several, each for the events of its choice. The last 8 events are kept. A slower subscriber is told how many it missed; it holds nobody up.
#[derive(Debug)]
pub struct Events<'a> {
    shared: Shared<'a>,
    cursor: u32,
    mask: EventMask,
}

/// A subscriber was too slow: so many events are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Missed(pub u32);

impl Events<'_> {
    /// The same for some events only. The others are passed over; they count, however, as missed when they were.
    #[must_use]
    pub const fn only(mut self, mask: EventMask) -> Self {
        self.mask = mask;
        self
    }

    /// Waits for the next event. Dropping the future loses none.
    ///
    /// # Errors
    /// [`Missed`] with the number of events that came and went since the last call. The next call goes on behind them.
    pub async fn next(&mut self) -> Result<Event, Missed> {
        let access = self.shared.0;
        poll_fn(|context| {
            access.poll(|engine| {
                let history = &mut engine.core.history;
                match history.take(&mut self.cursor, self.mask) {
                    Next::Event(event) => Poll::Ready(Ok(event)),
                    Next::Missed(count) => Poll::Ready(Err(Missed(count))),
                    Next::Nothing => {
                        history.register(context.waker());
                        Poll::Pending
                    }
                }
            })
        })
        .await
    }
}

/// The subscription to the module's messages.
///
/// Lines and payload pass through a small queue. What finds it full waits for at most 1 s, so that nobody is held up
/// for long; then it is lost, and reported as [`Missed`].
#[derive(Debug)]
pub struct Messages<'a> {
    shared: Shared<'a>,
}

/// A part of the module's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'b> {
    /// A whole line, or the head of a message up to its payload.
    Line(&'b [u8]),
    /// The next part of the payload of the head before.
    Data(&'b [u8]),
}

impl Messages<'_> {
    /// Waits for the next part and copies it into `buffer`; 256 bytes are always enough. Dropping the future loses
    /// none.
    ///
    /// # Errors
    /// [`Missed`] with the number of parts that were lost before the next one.
    pub async fn next<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Message<'b>, Missed> {
        let access = self.shared.0;
        let (count, data) = poll_fn(|context| {
            access.poll(|engine| {
                let core = &mut *engine.core;
                let (bytes, data) = match core.messages.pop() {
                    Err(missed) => return Poll::Ready(Err(Missed(missed))),
                    Ok(Some(Piece::Line(line))) => (line, false),
                    Ok(Some(Piece::Data(bytes))) => (bytes, true),
                    Ok(None) => {
                        core.messages.register(context.waker());
                        return Poll::Pending;
                    }
                };
                let count = bytes.len().min(buffer.len());
                buffer[..count].copy_from_slice(&bytes[..count]);
                core.runner.wake();
                Poll::Ready(Ok((count, data)))
            })
        })
        .await?;
        let bytes = &buffer[..count];
        Ok(if data { Message::Data(bytes) } else { Message::Line(bytes) })
    }
}

impl Drop for Messages<'_> {
    fn drop(&mut self) {
        self.shared.0.get(|engine| {
            engine.core.messages.unsubscribe();
            engine.core.runner.wake();
        });
    }
}
