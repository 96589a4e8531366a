//! `AT+SYSMSGFILTER`: messages that the host does not want.

use super::{Entry, Reply, command};
use crate::regular_expression::Expression;
use crate::request::{Call, Code, Failure};
use crate::script::Point;
use crate::simulator::Simulator;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+SYSMSGFILTER")
        .query(|module, call| {
            let on = u8::from(module.filters.on);
            module.tell(call, on)
        })
        .set(|module, call| {
            call.count(1, 1)?;
            module.filters.on = call.flag(0)?;
            Ok(Reply::Ok)
        }),
    command("+SYSMSGFILTERCFG").query(list).set(configure),
];

/// Longest expression.
const LENGTH: i64 = 64;

/// What a restart forgets.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    on: bool,
    all: Vec<Filter>,
}

#[derive(Debug)]
struct Filter {
    /// As they were given; an empty one is not looked at.
    texts: [Vec<u8>; 2],
    expressions: [Option<Expression>; 2],
}

impl Filter {
    fn new(head: &[u8], tail: &[u8]) -> Option<Self> {
        let compile = |text: &[u8]| match text {
            [] => Some(None),
            text => Expression::new(text).map(Some),
        };
        Some(Self { texts: [head.to_vec(), tail.to_vec()], expressions: [compile(head)?, compile(tail)?] })
    }

    /// What is left of a message: all but what head and tail match; `None` if not both are in it.
    fn cut(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut left = message.to_vec();
        // The tail is what stands behind the head.
        let mut from = 0;
        for expression in self.expressions.iter().flatten() {
            let found = expression.find_from(&left, from)?;
            from = found.start;
            left.drain(found);
        }
        Some(left)
    }
}

impl Filters {
    /// What the host gets of this message, if that is not all: the first filter that fits takes its parts out.
    pub(crate) fn cut(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.all.iter().filter(|_| self.on).find_map(|filter| filter.cut(message))
    }
}

fn list(module: &mut Simulator, call: &Call) -> Answer {
    let mut lines = Vec::new();
    for (index, filter) in module.filters.all.iter().enumerate() {
        let [head, tail] = &filter.texts;
        lines.extend(format!("{}:{index},\"", call.name).bytes());
        lines.extend([head.as_slice(), b"\",\"", tail, b"\"\r\n"].concat());
    }
    module.emit(&Point::Information, &lines);
    Ok(Reply::Ok)
}

fn configure(module: &mut Simulator, call: &Call) -> Answer {
    let operation = call.int(0, 0, 2)?;
    if operation == 0 {
        call.count(1, 1)?;
        module.filters.all.clear();
        return Ok(Reply::Ok);
    }
    call.count(3, 3)?;
    let length = |index| {
        let length = call.int(index, 0, LENGTH)?;
        usize::try_from(length).map_err(|_| Code::Invalid)
    };
    let (head, tail) = (length(1)?, length(2)?);
    if head + tail == 0 {
        return Err(Code::Invalid.into());
    }
    Ok(module.prompt_for(head + tail, move |module, data| {
        let (head, tail) = data.split_at(head);
        let filters = &mut module.filters.all;
        let done = if operation == 1 {
            Filter::new(head, tail).map(|filter| filters.push(filter)).is_some()
        } else {
            let found = filters.iter().position(|filter| filter.texts[0] == head && filter.texts[1] == tail);
            found.map(|index| filters.remove(index)).is_some()
        };
        if done { module.finish_ok() } else { module.finish_error(Code::Failed) }
    }))
}
