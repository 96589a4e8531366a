//! Messages, their filter, error codes.

use wifi_at::command::Saved;
use wifi_at::command::basic::*;
use wifi_at::dialect::{Esp8266Idf, Esp8266Nonos, EspAt};

use crate::Cases;

pub(super) fn cases(cases: &mut Cases) {
    cases.wire::<EspAt, _>(SetMessages { messages: Messages::LINK_DETAILS });
    cases.wire::<EspAt, _>(SetMessages { messages: Messages::STATE_IN_PASSTHROUGH });
    cases.wire::<Esp8266Idf, _>(SetEsp8266Messages { messages: Messages::LINK_DETAILS });
    let both = SetEsp8266Messages { messages: Messages::QUIT_PASSTHROUGH | Messages::LINK_DETAILS };
    cases.wire::<Esp8266Nonos, _>(both);
    cases.wire::<Esp8266Nonos, _>(Saved(both));
    let messages = Messages::STATE_IN_PASSTHROUGH | Messages::QUIT_PASSTHROUGH;
    assert_eq!(cases.answer::<EspAt, QueryMessages>(&["+SYSMSG:5"]), Ok(MessageState { messages }));
    let messages = Messages::NONE;
    assert_eq!(cases.answer::<Esp8266Idf, QueryMessages>(&["+SYSMSG:0"]), Ok(MessageState { messages }));

    cases.wire::<EspAt, _>(SetMessageFilter { enabled: true });
    let enabled = cases.answer::<EspAt, QueryMessageFilter>(&["+SYSMSGFILTER:0"]);
    assert_eq!(enabled, Ok(MessageFilterState { enabled: false }));
    cases.wire::<EspAt, _>(ClearMessageFilters);
    cases.wire::<EspAt, _>(AddMessageFilter { lengths: FilterLengths { head: 17, tail: 0 } });
    cases.wire::<EspAt, _>(RemoveMessageFilter { lengths: FilterLengths { head: 17, tail: 0 } });
    cases.impossible("esp-at", "^WIFI CONNECTED\r\n", "the data behind the prompt");
    filters(cases);

    cases.wire::<EspAt, _>(SetErrorCodes { enabled: true });
    cases.wire::<EspAt, _>(SetErrorCodes { enabled: false });
    cases.wire::<Esp8266Idf, _>(SetErrorCodes { enabled: true });
    cases.wire::<Esp8266Idf, _>(SetErrorCodes { enabled: false });
    cases.impossible("esp-at", "AT+FAKE", "the manual's example of a command that does not exist");
    assert_eq!(cases.answer::<EspAt, QueryErrorCodes>(&["+SYSLOG:1"]), Ok(ErrorCodeState { enabled: true }));
    assert_eq!(cases.answer::<Esp8266Idf, QueryErrorCodes>(&["+SYSLOG:0"]), Ok(ErrorCodeState { enabled: false }));
}

fn filters(cases: &mut Cases) {
    // The first one ends with CR LF, which splits it; the second one holds a quote and a comma.
    let filters = cases.answer::<EspAt, QueryMessageFilters>(&[
        "+SYSMSGFILTERCFG:0,\"^WIFI CONNECTED",
        "\",\"\"",
        "+SYSMSGFILTERCFG:1,\"^+IPD,\"0\"\",\"x$\"",
    ]);
    let list = filters.unwrap().list;
    assert_eq!((list.records.len(), list.dropped, list.malformed), (2, 0, 0));
    assert_eq!((list.records[0].index, &list.records[0].head[..]), (0, &b"^WIFI CONNECTED\r\n"[..]));
    assert_eq!(list.records[0].tail, b"");
    assert_eq!((list.records[1].index, &list.records[1].tail[..]), (1, &b"x$"[..]));
    assert_eq!(list.records[1].head, b"^+IPD,\"0\"");
}
