//! The serial port.

use wifi_at::command::Saved;
use wifi_at::command::basic::*;
use wifi_at::dialect::{Esp32V1, Esp8266Idf, Esp8266Nonos, EspAt, WizFi360};

use crate::Cases;

pub(super) fn cases(cases: &mut Cases) {
    let (data_bits, parity) = (DataBits::Eight, Parity::None);
    let (stop_bits, flow_control) = (StopBits::One, FlowControl::RtsAndCts);
    let set = SetUart { baud_rate: 115_200, data_bits, stop_bits, parity, flow_control };
    cases.wire::<EspAt, _>(set);
    cases.wire::<EspAt, _>(Saved(set));
    cases.wire::<Esp32V1, _>(set);
    cases.wire::<Esp32V1, _>(Saved(set));
    cases.wire::<Esp32V1, _>(SetUartForGood { baud_rate: 115_200, data_bits, stop_bits, parity, flow_control });
    cases.wire::<Esp8266Idf, _>(set);
    cases.wire::<Esp8266Idf, _>(Saved(set));
    let set = SetUartNonos { baud_rate: 115_200, data_bits, stop_bits, parity, flow_control };
    cases.wire::<Esp8266Nonos, _>(set);
    cases.wire::<Esp8266Nonos, _>(Saved(set));

    let current = ["+UART_CUR:115273,8,3,0,3"];
    let stored = ["+UART_DEF:115273,8,3,0,3"];
    let read = Ok(UartSettings { baud_rate: 115_273, data_bits, stop_bits: StopBits::Two, parity, flow_control });
    assert_eq!(cases.answer::<EspAt, QueryUart>(&current), read);
    assert_eq!(cases.answer::<EspAt, Saved<QueryUart>>(&stored), read);
    assert_eq!(cases.answer::<Esp8266Idf, QueryUart>(&current), read);
    assert_eq!(cases.answer::<Esp8266Idf, Saved<QueryUart>>(&stored), read);
    assert_eq!(cases.answer::<Esp8266Nonos, QueryUart>(&current), read);
    assert_eq!(cases.answer::<Esp8266Nonos, Saved<QueryUart>>(&stored), read);

    let (stop_bits, flow_control) = (WizFi360StopBits::One, WizFi360FlowControl::Off);
    let baud_rate = WizFi360BaudRate::Baud115200;
    let set = SetWizFi360Uart { baud_rate, data_bits, stop_bits, parity, flow_control };
    cases.wire::<WizFi360, _>(set);
    cases.wire::<WizFi360, _>(Saved(set));
    cases.wire::<WizFi360, _>(QueryWizFi360Uart);
    cases.wire::<WizFi360, _>(Saved(QueryWizFi360Uart));
    let read = WizFi360UartSettings { baud_rate: 115_200, data_bits, stop_bits, parity, flow_control };
    assert_eq!(cases.answer::<WizFi360, QueryWizFi360Uart>(&["+UART_CUR:115200,8,1,0,0"]), Ok(read.clone()));
    assert_eq!(cases.answer::<WizFi360, Saved<QueryWizFi360Uart>>(&["+UART_DEF:115200,8,1,0,0"]), Ok(read));
    let two = cases.answer::<WizFi360, QueryWizFi360Uart>(&["+UART_CUR:921600,8,2,2,1"]).unwrap();
    assert_eq!((two.stop_bits, two.flow_control), (WizFi360StopBits::Two, WizFi360FlowControl::RtsAndCts));
}
