//! user: every example and every answer of the manuals.

use wifi_at::command::Bare;
use wifi_at::command::basic::Level;
use wifi_at::command::user::*;
use wifi_at::dialect::{Esp8266Nonos, EspAt};

use crate::Cases;

pub(crate) fn cases(cases: &mut Cases) {
    cases.wire::<EspAt, _>(AllocateUserMemory { size: 1024 });
    cases.wire::<EspAt, _>(WriteUserMemory { length: 500, offset: None });
    cases.wire::<EspAt, _>(ReadUserMemory { length: 64, offset: Some(100) });
    cases.wire::<EspAt, _>(ReleaseUserMemory);
    cases.wire::<EspAt, _>(ClearUserMemory);
    assert_eq!(cases.answer::<EspAt, QueryUserMemory>(&["+USERRAM:1024"]), Ok(UserMemory { size: 1024 }));
    let read = cases.answer::<EspAt, ReadUserMemory>(&["+USERRAM:5,ab,=c"]).unwrap();
    assert_eq!(read.data, b"ab,=c");
    assert!(cases.answer::<EspAt, ReadUserMemory>(&["+USERRAM:5,ab"]).is_err());

    cases.wire::<EspAt, _>(UpgradeFirmware { url_length: 36 });
    assert_eq!(cases.answer::<EspAt, UpgradeFirmware>(&["Recv 36 bytes"]), Ok(()));

    let signal = WakeSignal::Gpio { gpio: 18, level: Level::High };
    let checks = Some(AwakeChecks::HOST_STATE | AwakeChecks::SLEEP_MODE);
    cases.wire::<EspAt, _>(SetHostWakeup { signal, delay: 10_000, checks });
    cases.wire::<EspAt, _>(SetHostWakeup { signal: WakeSignal::Uart { byte: 0x55 }, delay: 100, checks: None });
    cases.wire::<EspAt, _>(DisableHostWakeup);
    cases.wire::<EspAt, _>(SetHostState { state: HostState::Awake });

    cases.wire::<EspAt, _>(QueryUserGuides);
    let guides = cases.answer::<EspAt, QueryUserGuides>(&[
        "+USERDOCS:\"https://docs.espressif.com/projects/esp-at/en/latest/esp32/index.html\"",
        "+USERDOCS:\"https://docs.espressif.com/projects/esp-at/zh_CN/latest/esp32/index.html\"",
    ]);
    let guides = guides.unwrap();
    assert_eq!(guides.records[0].url, "https://docs.espressif.com/projects/esp-at/en/latest/esp32/index.html");
    assert!(guides.records[1].url.contains("zh_CN"));

    cases.wire::<Esp8266Nonos, _>(SetUserCommand { parameters: &[Bare("parameter1"), Bare("2")] });
    let lines = cases.answer::<Esp8266Nonos, TestUserCommand>(&["", "+TEST:(0-3)"]).unwrap();
    assert_eq!((lines.records.len(), lines.records[0].text.as_str()), (1, "+TEST:(0-3)"));
}
